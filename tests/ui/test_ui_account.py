"""The form of an account: tested and saved, its servers, addresses and days, and where its secret is kept."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from desktop.core.address import Mailbox
from desktop.core.errors import Malformed, NoKeyring, Refused, Unreachable
from desktop.core.keep import Keep
from desktop.store.accounts import Auth, Security, accounts, save_account
from desktop.store.database import Store
from desktop.ui import identities, sent_words
from desktop.ui.account_page import AccountPage, unsaid
from desktop.ui.actions import AccountDraft, CheckLine, CheckState, ListenerState, OAuthClient
from desktop.ui.main_window import MainWindow
from desktop.ui.setup_dialog import SetUpDialog
from tests.ui.sample_arrivals import READ_ACCOUNT
from tests.ui.sample_data import GOOGLE, STATIONS, FakeApp

Open = Callable[[], MainWindow]


def press(button: QWidget) -> None:
    """Press a button with the keyboard."""
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)


@pytest.fixture
def window(store: Store, open_window: Open, qtbot: QtBot) -> MainWindow:
    """Return a window with its settings open on a saved account."""
    save_account(store, READ_ACCOUNT)
    window = open_window()
    window.settings.open_page(0)
    qtbot.waitUntil(lambda: window.settings.account.label.text() == "Larsen Office")
    qtbot.waitUntil(lambda: window.ops.is_idle)
    return window


@pytest.fixture
def page(window: MainWindow) -> AccountPage:
    """Return the page of the account."""
    return window.settings.account


def test_a_form_left_alone_is_the_account_as_it_was(page: AccountPage) -> None:
    """Nothing is altered by looking at an account, and its password stays."""
    draft = page.draft()
    assert replace(READ_ACCOUNT, id=1) == draft.row
    assert (draft.password, draft.keep, draft.grant) == ("", Keep.KEYRING, None)


def test_all_fields_begin_at_one_edge(page: AccountPage) -> None:
    """The groups of the form line up, whatever their labels say."""
    QCoreApplication.processEvents()
    servers = page.servers
    person: tuple[QWidget, ...] = (page.which, page.label, page.others)
    hosts = (servers.incoming.host, servers.incoming.security, servers.outgoing.user)
    fields = (*person, *hosts, page.password, page.keep)
    assert len({field.mapTo(page, QPoint(0, 0)).x() for field in fields}) == 1


def test_what_is_altered_is_in_the_draft(page: AccountPage) -> None:
    """Further addresses, days and the incoming server are the account's own."""
    page.others.setPlainText("Kim at the desk <desk@larsen-office.example>\nsales@larsen-office.example\n")
    page.wait_days.set_value(5)
    page.history_days.set_value(30)
    page.servers.incoming.host.setText("mail.larsen-office.example")
    page.servers.incoming.user.setText("kim")
    row = page.draft().row
    expected = (
        Mailbox("Kim Larsen", "kim@larsen-office.example"),
        Mailbox("Kim at the desk", "desk@larsen-office.example"),
        Mailbox("", "sales@larsen-office.example"),
    )
    assert row.identities == expected
    assert (row.wait_days, row.history_days) == (5, 30)
    assert (row.imap_host, row.imap_user, row.user) == (
        "mail.larsen-office.example",
        "kim",
        "kim@larsen-office.example",
    )


def test_addresses_are_the_same_after_being_shown() -> None:
    """What stands in the field for further addresses is read back as what it was."""
    mailboxes = (Mailbox("Kim, at the desk", "desk@x.example"), Mailbox("", "sales@x.example"))
    assert identities.from_text(identities.as_text(mailboxes)) == mailboxes


def test_a_line_that_is_no_address_is_named() -> None:
    """The one line that is wrong is quoted; the others are taken."""
    with pytest.raises(Malformed, match="nobody at all"):
        identities.from_text("desk@x.example\nnobody at all")
    assert len(identities.from_text("desk@x.example\n\n  desk@x.example")) == 1


def test_mail_that_is_not_to_be_read_needs_no_server(page: AccountPage) -> None:
    """Without incoming mail its fields are gone and nothing is asked for; with it, a server is."""
    page.servers.incoming.host.clear()
    with pytest.raises(Malformed, match="incoming server"):
        page.draft()
    page.servers.reads.setChecked(False)
    assert not page.servers.incoming.host.isVisible()
    assert page.draft().row.imap_host == ""


def test_the_port_follows_the_security(page: AccountPage) -> None:
    """The usual ports change with the security; a port of one's own stays."""
    fields = page.servers.outgoing
    fields.security.setCurrentIndex(fields.security.findData(Security.STARTTLS))
    assert fields.port.value() == 587
    fields.port.setText("2525")
    fields.security.setCurrentIndex(fields.security.findData(Security.TLS))
    assert fields.port.value() == 2525
    incoming = page.servers.incoming
    incoming.security.setCurrentIndex(incoming.security.findData(Security.STARTTLS))
    assert incoming.port.value() == 143


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("address", "", "The address is missing."),
        ("address", "nobody", "This is not a mail address."),
        ("host", "", "The outgoing server's name is missing."),
        ("host", "bad server!", "This is not a server's name."),
        ("port", "", "This is no port."),
    ],
)
def test_what_is_wrong_in_a_field_is_called_what_it_is(
    page: AccountPage, app: FakeApp, field: str, text: str, said: str
) -> None:
    """Missing is said of an empty field only, a wrong text is said to be wrong, and nothing is saved."""
    assert page.draft().row.host == READ_ACCOUNT.host
    place = page if field == "address" else page.servers.outgoing
    getattr(place, field).setText(text)
    press(page.save_button)
    assert page.message.text().startswith(said)
    assert app.calls == []


def test_the_wheel_scrolls_past_a_choice(page: AccountPage) -> None:
    """A choice under the pointer stays as it is; one that has the keyboard is turned."""
    security = page.servers.outgoing.security
    page.label.setFocus()
    before = security.currentIndex()
    assert not turned(security)
    assert before == security.currentIndex()
    security.setFocus()
    assert turned(security)
    assert before != security.currentIndex()


def turned(widget: QWidget) -> bool:
    """Turn the wheel over a widget; return whether it took that."""
    at = QPointF(widget.rect().center())
    event = QWheelEvent(
        at,
        QPointF(widget.mapToGlobal(at.toPoint())),
        QPoint(0, 0),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QCoreApplication.sendEvent(widget, event)
    return event.isAccepted()


def test_a_certificate_authority_is_chosen_and_taken_away(page: AccountPage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that is chosen is the account's; without one the system's authorities alone are trusted."""
    field = page.servers.authority
    assert page.draft().row.ca_file is None
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: ("/etc/company-ca.pem", ""))
    press(field.choose_button)
    assert page.draft().row.ca_file == "/etc/company-ca.pem"
    press(field.clear_button)
    assert page.draft().row.ca_file is None


def test_what_is_said_below_the_fold_is_scrolled_to(page: AccountPage, qtbot: QtBot) -> None:
    """The explanation of a second press can be seen when it is said; so can the password field that is asked for."""
    press(page.remove_button)
    qtbot.waitUntil(lambda: page.message.visibleRegion().boundingRect().height() >= page.message.height())
    page.reload_choosing(1)
    qtbot.waitUntil(page.password.hasFocus)
    qtbot.waitUntil(lambda: page.password.visibleRegion().boundingRect().height() >= page.password.height())


def test_a_client_id_of_one_s_own_can_be_entered_later(
    store: Store, app: FakeApp, open_window: Open, qtbot: QtBot
) -> None:
    """Only an account that signs in by the browser has the field; what is entered is kept."""
    save_account(store, replace(GOOGLE.row, id=0))
    window = open_window()
    window.settings.open_page(0)
    sign_in = window.settings.account.sign_in
    qtbot.waitUntil(lambda: sign_in.own_client_button.isVisible() and window.ops.is_idle)
    assert not sign_in.client_id.isVisible()
    press(sign_in.own_client_button)
    sign_in.client_id.setText("mine.apps.example")
    press(sign_in.client_button)
    qtbot.waitUntil(lambda: ("save_client", ("google", OAuthClient(client_id="mine.apps.example"))) in app.calls)
    qtbot.waitUntil(lambda: not sign_in.client_id.isVisible())


def test_a_test_says_each_line(page: AccountPage, qtbot: QtBot) -> None:
    """A good account shows three passed lines and says so."""
    press(page.test_button)
    qtbot.waitUntil(lambda: page.message.text() == "All of it works.")
    assert [line.state for line in page.checks.lines()] == [CheckState.PASSED] * 3
    assert page.test_button.isEnabled()


def test_a_wrong_password_is_said_with_a_cure(page: AccountPage, qtbot: QtBot) -> None:
    """The line that failed stands with the provider's words, and below it what helps."""
    page.password.setText("wrong")
    press(page.test_button)
    qtbot.waitUntil(lambda: "app password" in page.message.text())
    assert [line.state for line in page.checks.lines()][-1] is CheckState.FAILED

    def shown() -> list[str]:
        return [label.text() for label in page.checks.findChildren(QLabel) if label.isVisible()]

    qtbot.waitUntil(lambda: "Signed in: 535 5.7.8 authentication failed" in shown())


@pytest.mark.parametrize(
    ("detail", "said"),
    [("No such server.", "Look at its name."), ("[Errno -2]", "No such server. Look at its name.")],
)
def test_what_a_line_says_is_not_said_again_below(page: AccountPage, detail: str, said: str) -> None:
    """Under a line that holds the failure's sentence stands the cure alone; under another, both."""
    page.checks.put(CheckLine(what="Reach x.example:465", state=CheckState.FAILED, detail=detail))
    assert unsaid(Unreachable("No such server.", "Look at its name."), page.checks) == said


def test_saving_keeps_the_account_and_forgets_the_password(
    page: AccountPage, qtbot: QtBot, store: Store, app: FakeApp
) -> None:
    """A saved account stands in the store; the typed password stays in no field."""
    page.label.setText("Desk")
    page.password.setText("secret")
    press(page.save_button)
    qtbot.waitUntil(lambda: page.message.text() == "Saved.")
    assert [row.label for row in accounts(store)] == ["Desk"]
    assert page.password.text() == ""
    saved = next(value for name, value in app.calls if name == "save_account")
    assert isinstance(saved, AccountDraft)
    assert saved.password == "secret"


def test_a_password_that_is_not_held_is_asked_for_again(
    store: Store, app: FakeApp, open_window: Open, qtbot: QtBot
) -> None:
    """Where no password is held the field says so, and nothing is tested or saved without one; with one it is."""
    save_account(store, READ_ACCOUNT)
    app.holds_passwords = False
    window = open_window()
    window.settings.open_page(0)
    page = window.settings.account
    qtbot.waitUntil(lambda: page.password.placeholderText() == "enter it again")
    for button in (page.save_button, page.test_button):
        press(button)
        assert page.message.text().startswith("The password is missing.")
    assert app.calls == []
    QTest.keyClicks(page.password, "secret")
    press(page.save_button)
    qtbot.waitUntil(lambda: page.message.text() == "Saved.")
    qtbot.waitUntil(lambda: page.password.placeholderText() == "unchanged")


def test_an_account_of_a_provider_s_page_signs_in_again_there(
    store: Store, app: FakeApp, open_window: Open, qtbot: QtBot
) -> None:
    """No password is asked for; what the page granted is handed over with the account, which is otherwise as it was."""
    save_account(store, replace(GOOGLE.row, id=0))
    window = open_window()
    window.settings.open_page(0)
    page = window.settings.account
    qtbot.waitUntil(lambda: page.sign_in.sign_in_button.isVisible() and window.ops.is_idle)
    assert not page.password.isVisible()
    press(page.sign_in.sign_in_button)
    qtbot.waitUntil(lambda: page.sign_in.grant == "grant")
    assert ("sign_in", ("google", GOOGLE.row.user)) in app.calls
    draft = page.draft()
    assert (draft.grant, draft.row.auth, draft.row.oauth_provider) == ("grant", Auth.OAUTH2, "google")


def test_several_accounts_are_chosen_from(store: Store, open_window: Open, qtbot: QtBot) -> None:
    """Each account has its own form, and another one is a choice away."""
    save_account(store, READ_ACCOUNT)
    save_account(store, replace(READ_ACCOUNT, label="Second", host="smtp.second.example"))
    window = open_window()
    window.opening.open_account(2)
    page = window.settings.account
    qtbot.waitUntil(lambda: page.label.text() == "Second")
    page.choose(1)
    assert page.servers.outgoing.host.text() == READ_ACCOUNT.host


def test_removing_asks_once_more(page: AccountPage, app: FakeApp, qtbot: QtBot) -> None:
    """The first press only asks; the second removes."""
    press(page.remove_button)
    assert "Its conversations stay." in page.message.text()
    assert app.calls == []
    press(page.remove_button)
    qtbot.waitUntil(lambda: ("delete_account", 1) in app.calls)


def test_without_an_account_the_page_only_adds_one(open_window: Open, qtbot: QtBot) -> None:
    """There is no empty form to be misunderstood: the button opens the dialog that asks for the address."""
    window = open_window()
    window.settings.open_page(0)
    page = window.settings.account
    qtbot.waitUntil(lambda: window.ops.is_idle)
    assert not page.label.isVisible()
    assert not page.save_button.isVisible()
    press(page.add_button)
    dialog = window.findChild(SetUpDialog)
    assert isinstance(dialog, SetUpDialog)
    dialog.reject()


def test_without_a_keyring_the_banner_leads_to_the_choice(app: FakeApp, open_window: Open, qtbot: QtBot) -> None:
    """No account is needed to choose where passwords are kept, and the words of the cure are those of the page."""
    app.has_keyring = False
    missing = NoKeyring("This system has no keyring.", "Choose another place.")
    app.stations = replace(STATIONS, listener=ListenerState.FAILED, trouble=missing)
    window = open_window()
    qtbot.waitUntil(window.banner.button.isVisible)
    press(window.banner.button)
    page = window.settings.account
    qtbot.waitUntil(lambda: page.keep_button.isVisible() and window.ops.is_idle)
    assert "Keep passwords in" in [label.text() for label in page.findChildren(QLabel) if label.isVisible()]
    page.keep.file.setChecked(True)
    press(page.keep_button)
    qtbot.waitUntil(lambda: "kept there from now on" in page.message.text())
    assert ("keep_in", Keep.FILE) in app.calls


@pytest.mark.parametrize(
    ("works", "kept_in", "chosen", "hint"),
    [
        (True, Keep.KEYRING, Keep.KEYRING, ""),
        (True, Keep.FILE, Keep.FILE, "The file is not encrypted"),
        (False, Keep.FILE, Keep.FILE, "No keyring can be used here. The file"),
        (False, Keep.KEYRING, Keep.SESSION, "No keyring can be used here. You enter it again"),
        (False, Keep.SESSION, Keep.SESSION, "No keyring can be used here. You enter it again"),
    ],
)
def test_where_secrets_are_kept_is_a_choice_that_says_what_it_means(
    page: AccountPage, *, works: bool, kept_in: Keep, chosen: Keep, hint: str
) -> None:
    """The choice made stands; where no keyring answers, none is offered and the page says so."""
    page.keep.set_places(has_keyring=works, kept_in=kept_in)
    assert page.keep.keyring.isEnabled() is works
    assert page.draft().keep is chosen
    assert page.keep.hint.text().startswith(hint)
    assert bool(page.keep.hint.text()) is bool(hint)


# Sent.


def test_sent_is_cleaned_only_once_it_is_ticked(page: AccountPage, store: Store, qtbot: QtBot) -> None:
    """Off at first; a tick by keyboard and Save keep it for this account."""
    assert (page.sent.box.isChecked(), page.draft().row.keeps_sent_clean) == (False, False)
    press(page.sent.box)
    press(page.save_button)
    qtbot.waitUntil(lambda: page.message.text() == "Saved.")
    assert accounts(store)[0].keeps_sent_clean
    assert page.sent.box.isChecked()


def test_what_cleaning_means_stands_beside_the_tick(page: AccountPage) -> None:
    """What is done, what is deleted and for whom it changes nothing can be read before it is ticked."""
    said = " ".join(each.text() for each in page.sent.findChildren(QLabel))
    for part in ("deletes the tracked copies", "It deletes nothing else", "for them this changes nothing", "14 days"):
        assert part in said
    assert "14 days" in page.sent.box.accessibleDescription()


def test_without_an_incoming_server_it_can_only_be_switched_off(page: AccountPage) -> None:
    """Nothing can be cleaned where no mailbox is read; what is on can still be taken off."""
    page.sent.fill(is_on=False, has_imap=False)
    assert not page.sent.box.isEnabled()
    assert page.sent.message.text() == sent_words.NEEDS_IMAP
    page.sent.fill(is_on=True, has_imap=False)
    assert page.sent.box.isEnabled()
    page.sent.fill(is_on=False, has_imap=True)
    assert (page.sent.box.isEnabled(), page.sent.message.text()) == (True, "")


def test_a_server_that_cannot_do_it_is_said_at_its_account(window: MainWindow, page: AccountPage) -> None:
    """The reason stands at the switch of that account, with what was done so far, until it is over."""
    trouble = Refused("The server cannot delete one mail alone.", "Clean Sent by hand.")
    other = replace(STATIONS.mail[0], account_id=7, sent_trouble=trouble)
    mine = replace(STATIONS.mail[0], sent_trouble=trouble, sent_cleaned=12)
    window.on_stations(replace(STATIONS, mail=(other,)))
    assert page.sent.message.text() == ""
    window.on_stations(replace(STATIONS, mail=(other, mine)))
    assert page.sent.message.text() == "The server cannot delete one mail alone. Clean Sent by hand."
    assert "12 mails in Sent replaced so far." in [each.text() for each in page.sent.findChildren(QLabel)]
    window.on_stations(STATIONS)
    assert page.sent.message.text() == ""
