"""Adding an account by its address: found, signed in, tested, and only then saved; by hand at any time."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QRadioButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.core.errors import Unreachable
from desktop.store.accounts import Auth, accounts
from desktop.store.database import Store
from desktop.ui.actions import AccountDraft, OAuthClient
from desktop.ui.going import TODAY
from desktop.ui.main_window import MainWindow
from desktop.ui.setup_dialog import SetUpDialog
from tests.ui.sample_data import FOUND, GOOGLE, HOSTILE, FakeApp

Open = Callable[[], MainWindow]
ADDRESS = "kim@larsen-office.example"


@pytest.fixture
def dialog(open_window: Open, qtbot: QtBot) -> SetUpDialog:
    """Open the dialog from the first page, as a new user does."""
    window = open_window()
    qtbot.waitUntil(window.today.start.isVisible)
    QTest.mouseClick(window.today.start.button, Qt.MouseButton.LeftButton)
    found = window.findChild(SetUpDialog)
    assert isinstance(found, SetUpDialog)
    qtbot.waitUntil(lambda: window.ops.is_idle)
    return found


def texts(widget: QWidget) -> str:
    """Return all texts that are shown, as one."""
    shown = [each.text() for each in widget.findChildren(QLabel) if each.isVisible()]
    shown += [each.text() for each in widget.findChildren(QRadioButton) if each.isVisible()]
    return "\n".join(shown).replace("\u200b", "")


def give_address(dialog: SetUpDialog, address: str = ADDRESS) -> None:
    """Type name and address, and go on with Enter."""
    QTest.keyClicks(dialog.person.name, "Kim Larsen")
    QTest.keyClicks(dialog.person.address, address)
    QTest.keyClick(dialog.person.address, Qt.Key.Key_Return)


def go_to_sign_in(dialog: SetUpDialog, qtbot: QtBot) -> None:
    """Take the first finding."""
    give_address(dialog)
    qtbot.waitUntil(lambda: dialog.found.chosen is not None)
    dialog.next_button.click()
    qtbot.waitUntil(dialog.connect_page.isVisible)


def test_an_address_alone_is_enough(dialog: SetUpDialog, qtbot: QtBot, app: FakeApp, store: Store) -> None:
    """Address, finding, password: tested, saved, and Today is shown."""
    window = dialog.parentWidget()
    assert isinstance(window, MainWindow)
    go_to_sign_in(dialog, qtbot)
    QTest.keyClicks(dialog.connect_page.sign_in.password, "secret")
    QTest.keyClick(dialog.connect_page.sign_in.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(accounts(store)))
    (row,) = accounts(store)
    assert (row.host, row.imap_host) == (FOUND.row.host, FOUND.row.imap_host)
    assert (row.identities[0].name, row.identities[0].address) == ("Kim Larsen", ADDRESS)
    names = [name for name, _ in app.calls]
    assert names.index("test_account") < names.index("save_account")
    qtbot.waitUntil(
        lambda: window.places.currentIndex() == TODAY and "Your mail has not been read yet" in texts(window)
    )


def test_nothing_is_saved_before_the_test_passes(dialog: SetUpDialog, qtbot: QtBot, app: FakeApp, store: Store) -> None:
    """A wrong password is said with its cure, and nothing is kept; the right one then is."""
    go_to_sign_in(dialog, qtbot)
    page = dialog.connect_page
    page.sign_in.password.setText("wrong")
    dialog.next_button.click()
    qtbot.waitUntil(lambda: "app password" in page.message.text())
    assert accounts(store) == ()
    assert dialog.save_anyway.isVisible()
    page.sign_in.password.setText("secret")
    dialog.next_button.click()
    qtbot.waitUntil(lambda: len(accounts(store)) == 1)


def test_what_is_known_to_be_right_can_be_saved_on_a_train(
    dialog: SetUpDialog, qtbot: QtBot, app: FakeApp, store: Store
) -> None:
    """Only after a test that failed, and only by the user's own press, it is saved untested."""
    go_to_sign_in(dialog, qtbot)
    assert not dialog.save_anyway.isVisible()
    dialog.connect_page.sign_in.password.setText("wrong")
    dialog.next_button.click()
    qtbot.waitUntil(dialog.save_anyway.isVisible)
    dialog.save_anyway.click()
    qtbot.waitUntil(lambda: len(accounts(store)) == 1)


def test_a_password_that_is_missing_is_said(dialog: SetUpDialog, qtbot: QtBot, app: FakeApp) -> None:
    """Without a password nothing is asked of the provider."""
    go_to_sign_in(dialog, qtbot)
    dialog.next_button.click()
    assert dialog.connect_page.message.text().startswith("The password is missing.")
    assert [name for name, _ in app.calls] == ["discover"]


@pytest.mark.parametrize(("address", "said"), [("", "The address is missing."), ("nobody", "This is not a mail addr")])
def test_what_is_no_address_is_not_looked_for(
    dialog: SetUpDialog, qtbot: QtBot, app: FakeApp, address: str, said: str
) -> None:
    """It is said on the page, which stays; a good one is looked for."""
    give_address(dialog, address)
    assert dialog.person.message.text().startswith(said)
    assert dialog.step == 0
    assert app.calls == []
    dialog.person.address.setText(ADDRESS)
    dialog.next_button.click()
    qtbot.waitUntil(lambda: ("discover", (ADDRESS, False)) in app.calls)


def test_the_search_says_what_it_asks(dialog: SetUpDialog, qtbot: QtBot, app: FakeApp) -> None:
    """Each source stands there with its state while the search runs; nothing can be taken before it ended."""
    app.going_on.clear()
    give_address(dialog)
    qtbot.waitUntil(lambda: "Mozilla's list: looking…" in texts(dialog.found))
    assert "Known providers: nothing there" in texts(dialog.found)
    assert not dialog.next_button.isEnabled()
    app.going_on.set()
    qtbot.waitUntil(dialog.next_button.isEnabled)
    qtbot.waitUntil(lambda: "Mozilla's list: found" in texts(dialog.found))
    server = "Mail is read from imap.larsen-office.example, port 993, encrypted from the start"
    qtbot.waitUntil(lambda: server in texts(dialog.found))


def test_the_form_by_hand_is_there_while_the_search_runs(dialog: SetUpDialog, qtbot: QtBot, app: FakeApp) -> None:
    """One press leads to it; a finding that comes later takes nothing away from what is being typed."""
    app.going_on.clear()
    give_address(dialog)
    qtbot.waitUntil(dialog.found.isVisible)
    dialog.by_hand.click()
    servers = dialog.servers.servers
    assert (servers.incoming.host.text(), servers.outgoing.host.text()) == (
        "imap.larsen-office.example",
        "smtp.larsen-office.example",
    )
    servers.outgoing.host.setText("post.larsen-office.example")
    app.going_on.set()
    window = dialog.parentWidget()
    assert isinstance(window, MainWindow)
    qtbot.waitUntil(lambda: window.ops.is_idle)
    assert dialog.servers.isVisible()
    dialog.next_button.click()
    assert "post.larsen-office.example" in texts(dialog.connect_page)


def test_nothing_found_leads_to_the_form(dialog: SetUpDialog, qtbot: QtBot, app: FakeApp) -> None:
    """It is said plainly, and what helps is named."""
    app.findings = ()
    give_address(dialog)
    qtbot.waitUntil(lambda: "Nothing found for larsen-office.example" in texts(dialog.found))
    assert "enter them by hand" in dialog.found.message.text()
    assert not dialog.next_button.isEnabled()
    assert dialog.by_hand.isVisible()


def test_another_finding_can_be_chosen(dialog: SetUpDialog, qtbot: QtBot, app: FakeApp) -> None:
    """The best stands chosen; another one is a press away, with its doubts said; further sources can be asked."""
    app.findings = (GOOGLE, replace(FOUND, must_confirm=True))
    give_address(dialog)
    qtbot.waitUntil(lambda: dialog.found.chosen == GOOGLE)
    assert "could be forged, or is a guess" in texts(dialog.found)
    second = dialog.found.findChildren(QRadioButton)[1]
    second.click()
    assert dialog.found.chosen == app.findings[1]
    dialog.found.further.click()
    qtbot.waitUntil(lambda: ("discover", (ADDRESS, True)) in app.calls)


def test_signing_in_at_the_provider_s_page(dialog: SetUpDialog, qtbot: QtBot, app: FakeApp, store: Store) -> None:
    """The page opens in the user's browser, no password is asked for, and what was granted is saved."""
    app.findings = (GOOGLE,)
    go_to_sign_in(dialog, qtbot)
    assert not dialog.connect_page.sign_in.password.isVisible()
    dialog.next_button.click()
    assert dialog.connect_page.message.text().startswith("You have not signed in yet.")
    dialog.connect_page.sign_in.sign_in_button.click()
    qtbot.waitUntil(lambda: len(accounts(store)) == 1)
    assert [name for name, _ in app.calls if name == "open_url"] == ["open_url"]
    saved = next(value for name, value in app.calls if name == "save_account")
    assert isinstance(saved, AccountDraft)
    assert (saved.grant, saved.password, saved.row.auth, saved.row.oauth_provider) == (
        "grant",
        "",
        Auth.OAUTH2,
        "google",
    )


def test_waiting_for_the_browser_can_be_ended(dialog: SetUpDialog, qtbot: QtBot, app: FakeApp) -> None:
    """Where no browser opens the address can be copied; stopping leaves no account and can be begun again."""
    app.findings, app.has_browser = (GOOGLE,), False
    go_to_sign_in(dialog, qtbot)
    app.going_on.clear()
    sign_in = dialog.connect_page.sign_in
    sign_in.sign_in_button.click()
    qtbot.waitUntil(sign_in.url.isVisible)
    assert sign_in.message.text().startswith("No browser opened.")
    assert sign_in.url.field.text().startswith("https://accounts.google.example/")
    sign_in.cancel_button.click()
    assert sign_in.message.text() == "Not signed in."
    window = dialog.parentWidget()
    assert isinstance(window, MainWindow)
    qtbot.waitUntil(lambda: window.ops.is_idle)
    assert sign_in.message.text() == "Not signed in."
    app.going_on.set()
    sign_in.sign_in_button.click()
    qtbot.waitUntil(lambda: sign_in.grant == "grant")


def test_a_missing_client_id_is_said_and_can_be_entered(dialog: SetUpDialog, qtbot: QtBot, app: FakeApp) -> None:
    """Without one signing in cannot begin, and the page says where it comes from; entered, it can."""
    app.findings = (GOOGLE,)
    app.client = OAuthClient(missing="Signing in at Google needs a client id for Readback. Get one at Google.")
    go_to_sign_in(dialog, qtbot)
    sign_in = dialog.connect_page.sign_in
    qtbot.waitUntil(sign_in.client_id.isVisible)
    assert not sign_in.sign_in_button.isEnabled()
    assert "needs a client id" in texts(dialog.connect_page)
    QTest.keyClicks(sign_in.client_id, "abc.apps.example")
    sign_in.client_button.click()
    qtbot.waitUntil(sign_in.sign_in_button.isEnabled)
    assert ("save_client", ("google", OAuthClient(client_id="abc.apps.example"))) in app.calls
    assert not sign_in.client_id.isVisible()


def test_an_app_password_is_said_with_its_page(dialog: SetUpDialog, qtbot: QtBot, app: FakeApp) -> None:
    """Whoever takes the password instead is told which, and where it comes from."""
    app.findings = (GOOGLE,)
    go_to_sign_in(dialog, qtbot)
    sign_in = dialog.connect_page.sign_in
    assert not sign_in.page_button.isVisible()
    sign_in.by_password.click()
    assert "app password" in sign_in.hint.text()
    sign_in.page_button.click()
    assert ("open_url", GOOGLE.app_password_page) in app.calls
    assert sign_in.password.echoMode() is QLineEdit.EchoMode.Password


def test_a_search_that_fails_is_said(dialog: SetUpDialog, qtbot: QtBot, app: FakeApp) -> None:
    """No network is no dead end: the sentence stands there, and the form by hand."""
    app.refuses = Unreachable("There is no network.", "Connect, or enter the settings by hand.")
    give_address(dialog)
    qtbot.waitUntil(lambda: dialog.found.message.text().startswith("There is no network."))
    assert dialog.by_hand.isVisible()


def test_what_a_stranger_s_file_says_is_plain_text(dialog: SetUpDialog, qtbot: QtBot, app: FakeApp) -> None:
    """A label and a note out of a stranger's file are letters, no markup."""
    app.findings = (replace(FOUND, label=HOSTILE, note=HOSTILE),)
    go_to_sign_in(dialog, qtbot)
    rich = [each for each in dialog.findChildren(QLabel) if each.textFormat() is not Qt.TextFormat.PlainText]
    assert rich == []
    assert "<b>Ann</b>" in texts(dialog.connect_page)


def test_leaving_forgets_the_password(dialog: SetUpDialog, qtbot: QtBot, app: FakeApp, store: Store) -> None:
    """Closing in the middle of it saves nothing and keeps nothing typed."""
    go_to_sign_in(dialog, qtbot)
    dialog.connect_page.sign_in.password.setText("secret")
    dialog.reject()
    assert dialog.connect_page.sign_in.password.text() == ""
    assert accounts(store) == ()


def test_servers_can_be_changed_at_the_sign_in(dialog: SetUpDialog, qtbot: QtBot, app: FakeApp) -> None:
    """Another port and a certificate authority are a press away; the password and what the provider asks stay."""
    app.findings = (
        replace(FOUND, app_password_note="Bridge shows the password.", app_password_page="https://x.example"),
    )
    go_to_sign_in(dialog, qtbot)
    sign_in = dialog.connect_page.sign_in
    sign_in.password.setText("secret")
    dialog.by_hand.click()
    servers = dialog.servers.servers
    servers.incoming.port.setText("1144")
    servers.authority.path.setText("/home/kim/bridge.pem")
    dialog.next_button.click()
    assert "port 1144" in texts(dialog.connect_page)
    assert (sign_in.password.text(), sign_in.hint.text()) == ("secret", "Bridge shows the password.")
    assert "app passwords" not in sign_in.page_button.text()
    dialog.next_button.click()
    qtbot.waitUntil(lambda: any(name == "save_account" for name, _ in app.calls))
    saved = next(value for name, value in app.calls if name == "save_account")
    assert isinstance(saved, AccountDraft)
    assert (saved.row.imap_port, saved.row.ca_file) == (1144, "/home/kim/bridge.pem")


def test_without_a_network_the_search_can_be_tried_again(dialog: SetUpDialog, qtbot: QtBot, app: FakeApp) -> None:
    """A search that failed offers another; one that ends well does not."""
    app.refuses = Unreachable("You seem to be offline: no source answered.", "Try again.")
    give_address(dialog)
    qtbot.waitUntil(dialog.found.again.isVisible)
    assert dialog.found.message.text().startswith("You seem to be offline")
    app.refuses = None
    dialog.found.again.click()
    qtbot.waitUntil(lambda: dialog.found.chosen is not None)
    assert not dialog.found.again.isVisible()


def test_going_back_keeps_what_was_typed(dialog: SetUpDialog, qtbot: QtBot) -> None:
    """Back leads to the findings and to the address, which stands there still."""
    go_to_sign_in(dialog, qtbot)
    dialog.connect_page.sign_in.password.setText("secret")
    dialog.back_button.click()
    assert dialog.found.isVisible()
    dialog.next_button.click()
    assert dialog.connect_page.sign_in.password.text() == "secret"
    dialog.back_button.click()
    dialog.back_button.click()
    assert dialog.person.address.text() == ADDRESS
