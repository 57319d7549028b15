"""The settings: an account is tested and saved, a mail program pointed here, a relay connected, all in plain words."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from desktop.core.errors import Malformed, NotAuthorised, Unreachable
from desktop.core.keep import Keep
from desktop.core.notice import NoticeKind
from desktop.store import settings
from desktop.store.accounts import Security, accounts, save_account
from desktop.store.database import Store
from desktop.store.hits import record_gaps
from desktop.ui.actions import AccountDraft, CheckLine, CheckState, ListenerState
from desktop.ui.main_window import MainWindow
from desktop.ui.settings_dialog import notice_key
from desktop.ui.theme import Theme
from tests.ui.sample_data import ACCOUNT, STATIONS, FakeApp

Open = Callable[[], MainWindow]


def press(qtbot: QtBot, button: QWidget) -> None:
    """Press a button with the keyboard."""
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)


@pytest.fixture
def window(open_window: Open, qtbot: QtBot) -> MainWindow:
    """Return a window with its settings open on the account."""
    window = open_window()
    window.settings.open_page(0)
    qtbot.waitUntil(lambda: window.ops.is_idle)
    return window


def type_account(qtbot: QtBot, window: MainWindow, password: str = "secret") -> None:
    """Fill in the form as a user does."""
    page = window.settings.account
    QTest.keyClicks(page.name, "Kim Larsen")
    QTest.keyClicks(page.address, "kim@larsen-office.example")
    QTest.keyClicks(page.password, password)


def test_the_page_names_stand_one_below_the_other(window: MainWindow) -> None:
    """At the first showing each row is laid out as high as it is painted, and its text has room in it."""
    names = window.settings.names
    boxes = [names.visualItemRect(names.item(row)) for row in range(names.count())]
    assert [box.bottom() + 1 for box in boxes[:-1]] == [box.top() for box in boxes[1:]]
    assert min(box.height() for box in boxes) >= names.fontMetrics().height() + 16
    assert [names.indexAt(box.center()).row() for box in boxes] == list(range(names.count()))


def test_the_address_suggests_server_and_user(window: MainWindow, qtbot: QtBot) -> None:
    """Server and user follow the address until the user wrote their own."""
    page = window.settings.account
    type_account(qtbot, window)
    assert (page.host.text(), page.user.text()) == ("smtp.larsen-office.example", "kim@larsen-office.example")
    page.host.clear()
    QTest.keyClicks(page.host, "mail.larsen.example")
    QTest.keyClicks(page.address, ".org")
    assert page.host.text() == "mail.larsen.example"


def test_a_draft_is_what_was_typed(window: MainWindow, qtbot: QtBot) -> None:
    """The form hands over an account with its identity, and where the password is to be kept."""
    type_account(qtbot, window)
    window.settings.account.session.click()
    draft = window.settings.account.draft()
    assert (draft.row.port, draft.row.security) == (465, Security.TLS)
    assert draft.row.identities[0].name == "Kim Larsen"
    assert (draft.password, draft.keep) == ("secret", Keep.SESSION)


def test_the_port_follows_the_security(window: MainWindow, qtbot: QtBot) -> None:
    """The usual ports change with the security; a port of one's own stays."""
    page = window.settings.account
    page.security.setCurrentIndex(page.security.findData(Security.STARTTLS))
    assert page.port.value() == 587
    page.port.setText("2525")
    page.security.setCurrentIndex(page.security.findData(Security.TLS))
    assert page.port.value() == 2525


@pytest.mark.parametrize("field", ["address", "host", "password", "port"])
def test_what_is_missing_is_said(window: MainWindow, qtbot: QtBot, app: FakeApp, field: str) -> None:
    """A missing field is named, and nothing is saved."""
    type_account(qtbot, window)
    getattr(window.settings.account, field).clear()
    press(qtbot, window.settings.account.save_button)
    assert window.settings.account.message.isVisible()
    assert app.calls == []
    with pytest.raises(Malformed):
        window.settings.account.draft()


def test_a_test_says_each_line(window: MainWindow, qtbot: QtBot) -> None:
    """A good account shows three passed lines and says so."""
    type_account(qtbot, window)
    press(qtbot, window.settings.account.test_button)
    page = window.settings.account
    qtbot.waitUntil(lambda: page.message.text() == "The provider will take your mail.")
    assert [line.state for line in page.checks.lines()] == [CheckState.PASSED] * 3
    assert page.test_button.isEnabled()


def test_a_wrong_password_is_said_with_a_cure(window: MainWindow, qtbot: QtBot) -> None:
    """The line that failed stands with the provider's words, and below it what helps."""
    type_account(qtbot, window, "wrong")
    press(qtbot, window.settings.account.test_button)
    page = window.settings.account
    qtbot.waitUntil(lambda: "app password" in page.message.text())
    assert [line.state for line in page.checks.lines()][-1] is CheckState.FAILED

    def shown() -> list[str]:
        return [label.text() for label in page.checks.findChildren(QLabel) if label.isVisible()]

    qtbot.waitUntil(lambda: "Signed in: 535 5.7.8 authentication failed" in shown())


@pytest.mark.parametrize(
    ("detail", "said"),
    [("No such server.", "Look at its name."), ("[Errno -2]", "No such server. Look at its name.")],
)
def test_what_a_line_says_is_not_said_again_below(window: MainWindow, detail: str, said: str) -> None:
    """Under a line that holds the failure's sentence stands the cure alone; under another, both."""
    page = window.settings.account
    page.checks.put(CheckLine(what="Reach x.example:465", state=CheckState.FAILED, detail=detail))
    page._on_test_failed(Unreachable("No such server.", "Look at its name."))
    assert page.message.text() == said


def test_saving_keeps_the_account_and_forgets_the_password(
    window: MainWindow, qtbot: QtBot, store: Store, app: FakeApp
) -> None:
    """A saved account stands in the store; the typed password stays in no field."""
    type_account(qtbot, window)
    press(qtbot, window.settings.account.save_button)
    page = window.settings.account
    qtbot.waitUntil(lambda: page.message.text() == "Saved.")
    assert [row.host for row in accounts(store)] == ["smtp.larsen-office.example"]
    assert page.password.text() == ""
    saved = next(value for name, value in app.calls if name == "save_account")
    assert isinstance(saved, AccountDraft)
    assert saved.password == "secret"


def test_an_existing_account_needs_no_new_password(store: Store, open_window: Open, qtbot: QtBot) -> None:
    """Changing the label alone hands over an empty password, which means: keep it."""
    save_account(store, ACCOUNT)
    window = open_window()
    window.settings.open_page(0)
    qtbot.waitUntil(lambda: window.settings.account.label.text() == "Larsen Office")
    window.settings.account.label.setText("Desk")
    draft = window.settings.account.draft()
    assert (draft.row.id, draft.row.label, draft.password) == (1, "Desk", "")


def test_a_password_kept_for_a_session_only_is_asked_for_again(
    store: Store, app: FakeApp, open_window: Open, qtbot: QtBot
) -> None:
    """Where no password is held the field says so, and nothing is tested or saved without one; with one it is."""
    save_account(store, ACCOUNT)
    app.holds_passwords = False
    window = open_window()
    window.settings.open_page(0)
    page = window.settings.account
    qtbot.waitUntil(lambda: page.password.placeholderText() == "enter it again")
    for button in (page.save_button, page.test_button):
        press(qtbot, button)
        assert page.message.text().startswith("The password is missing.")
    assert app.calls == []
    QTest.keyClicks(page.password, "secret")
    press(qtbot, page.save_button)
    qtbot.waitUntil(lambda: page.message.text() == "Saved.")
    qtbot.waitUntil(lambda: page.password.placeholderText() == "unchanged")


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("address", "", "The address is missing."),
        ("address", "nobody", "This is not a mail address."),
        ("host", "", "The server's name is missing."),
        ("host", "bad server!", "This is not a server's name."),
    ],
)
def test_what_is_wrong_in_a_field_is_called_what_it_is(window: MainWindow, field: str, text: str, said: str) -> None:
    """Missing is said of an empty field only; a wrong text is said to be wrong."""
    page = window.settings.account
    page.address.setText("kim@larsen-office.example")
    page.host.setText("smtp.larsen-office.example")
    page.password.setText("secret")
    assert page.draft().row.host == "smtp.larsen-office.example"
    getattr(page, field).setText(text)
    with pytest.raises(Malformed, match=said):
        page.draft()


def test_what_was_said_goes_with_the_page(window: MainWindow, qtbot: QtBot) -> None:
    """A message does not wait for whoever comes back to its page, nor stand beside a new try."""
    window.settings.open_page(1)
    page = window.settings.listener
    qtbot.waitUntil(lambda: page.port.field.text() == "4190")
    page.own_port.setText("80")
    press(qtbot, page.apply)
    assert "no port" in page.message.text()
    page.own_port.setText("4191")
    press(qtbot, page.apply)
    assert "no port" not in page.message.text()
    qtbot.waitUntil(lambda: page.message.text().startswith("Listening there now."))
    window.settings.names.setCurrentRow(0)
    window.settings.names.setCurrentRow(1)
    assert page.message.text() == ""


def test_a_station_s_trouble_stands_on_its_page_while_it_lasts(window: MainWindow) -> None:
    """The page of a failed listener says why, and says nothing once it listens."""
    trouble = Unreachable("Port 4190 is taken.", "Choose another one.")
    failed = replace(STATIONS, listener=ListenerState.FAILED, trouble=trouble)
    window.on_stations(failed)
    window.settings.names.setCurrentRow(1)
    assert window.settings.listener.trouble.text() == "Port 4190 is taken. Choose another one."
    window.on_stations(STATIONS)
    assert window.settings.listener.trouble.text() == ""


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
    app: FakeApp, open_window: Open, qtbot: QtBot, *, works: bool, kept_in: Keep, chosen: Keep, hint: str
) -> None:
    """The choice made stands; where no keyring answers, none is offered and the page says so."""
    app.has_keyring, app.kept_in = works, kept_in
    window = open_window()
    window.settings.open_page(0)
    qtbot.waitUntil(lambda: window.ops.is_idle)
    page = window.settings.account
    assert page.keyring.isEnabled() is works
    type_account(qtbot, window)
    assert page.draft().keep is chosen
    assert page.keep_hint.text().startswith(hint)
    assert bool(page.keep_hint.text()) is bool(hint)


def test_a_password_is_never_shown(window: MainWindow) -> None:
    """Password fields show dots."""
    assert window.settings.account.password.echoMode() is QLineEdit.EchoMode.Password
    assert window.settings.listener.password.field.echoMode() is QLineEdit.EchoMode.Password


def test_the_listener_s_values_can_be_copied(window: MainWindow, qtbot: QtBot) -> None:
    """Each value for the mail program goes to the clipboard with one press."""
    window.settings.open_page(1)
    page = window.settings.listener
    qtbot.waitUntil(lambda: page.port.field.text() == "4190")
    for field, value in (
        (page.host, "127.0.0.1"),
        (page.port, "4190"),
        (page.user, "readback"),
        (page.password, "tRq8-Lmx2-9fWd"),
    ):
        press(qtbot, field.button)
        assert QGuiApplication.clipboard().text() == value


def test_a_bad_port_is_refused(window: MainWindow, qtbot: QtBot, app: FakeApp) -> None:
    """A number that is no port is said; a good one is handed on."""
    window.settings.open_page(1)
    page = window.settings.listener
    qtbot.waitUntil(lambda: page.port.field.text() == "4190")
    page.own_port.setText("80")
    press(qtbot, page.apply)
    assert "no port" in page.message.text()
    page.own_port.setText("4191")
    press(qtbot, page.apply)
    qtbot.waitUntil(lambda: ("restart_listener", 4191) in app.calls)


def test_a_relay_is_connected_by_address_and_invite(window: MainWindow, qtbot: QtBot, app: FakeApp) -> None:
    """Address and invite are handed over, and the result is said; the invite is forgotten."""
    window.settings.open_page(2)
    page = window.settings.relay
    page.url.setText("https://relay.example.com")
    page.invite.setText("abc")
    QTest.keyClick(page.invite, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.message.text().startswith("Connected."))
    assert ("connect_relay", ("https://relay.example.com", "abc")) in app.calls
    assert page.invite.text() == ""


@pytest.mark.parametrize(
    "trouble",
    [
        NotAuthorised("The relay does not know this invite.", "Ask whoever runs it."),
        Unreachable("No answer.", "Try later."),
    ],
)
def test_a_relay_that_refuses_is_said(
    window: MainWindow, qtbot: QtBot, app: FakeApp, trouble: NotAuthorised | Unreachable
) -> None:
    """A refusal is shown with its cure and the button works again."""
    app.refuses = trouble
    window.settings.open_page(2)
    page = window.settings.relay
    page.url.setText("https://relay.example.com")
    press(qtbot, page.connect_button)
    qtbot.waitUntil(lambda: page.message.text() == f"{trouble.sentence} {trouble.cure}")
    assert page.connect_button.isEnabled()


def test_ticks_hold_at_once(window: MainWindow, qtbot: QtBot, store: Store) -> None:
    """Unticking a notification is kept, ticking it again too."""
    window.settings.open_page(3)
    qtbot.waitUntil(lambda: window.ops.is_idle)
    box = window.settings.notifications.boxes[NoticeKind.CLICKED]
    for wanted in (False, True):
        press(qtbot, box)
        qtbot.waitUntil(lambda wanted=wanted: settings.get(store, notice_key(NoticeKind.CLICKED), None) is wanted)  # type: ignore[misc]


def test_a_theme_is_kept(window: MainWindow, qtbot: QtBot, store: Store) -> None:
    """The chosen theme stands at once and at the next start."""
    window.settings.open_page(4)
    press(qtbot, window.settings.appearance.buttons[Theme.DARK])
    assert window.themes.choice is Theme.DARK
    qtbot.waitUntil(lambda: settings.get(store, "theme", "") == "dark")


def test_the_window_seconds_are_not_for_users(window: MainWindow) -> None:
    """No page offers the seconds after sending in which it is too early to tell."""
    assert [each.text() for each in window.settings.findChildren(QLabel) if "window" in each.text().lower()] == []


def test_what_expired_unread_is_shown_by_day(store: Store, open_window: Open, qtbot: QtBot) -> None:
    """Hits that the relay dropped because nobody fetched them leave a day and a number, no more."""
    record_gaps(store, {"2026-05-03": 4})
    window = open_window()
    window.settings.open_page(2)
    qtbot.waitUntil(
        lambda: (
            window.settings.relay.gaps.text().replace("\u200b", "") == "3 May: 4 requests expired at the relay unread"
        )
    )


def test_a_sample_is_shown_and_leads_nowhere_else(window: MainWindow, qtbot: QtBot) -> None:
    """The sample notification falls to the toast here, and taking it changes no place."""
    window.settings.test_asked.emit()
    assert window.toast.texts()[0] == "Somebody opened “A sample”"
    window.toast.choose()
    assert window.places.currentIndex() == 0
