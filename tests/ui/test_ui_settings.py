"""The settings: an account is tested and saved, a mail program pointed here, a relay connected, all in plain words."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from desktop.core.errors import NotAuthorised, Unreachable
from desktop.core.notice import NoticeKind
from desktop.settings import COUNTRY_SETTING
from desktop.store import settings
from desktop.store.database import Store
from desktop.store.hits import record_gaps
from desktop.ui import station_words
from desktop.ui.actions import ListenerState, RelayState
from desktop.ui.main_window import MainWindow
from desktop.ui.settings_dialog import APPEARANCE, FOLLOW_UPS, NOTIFICATIONS, SettingsDialog
from desktop.ui.telling import notice_key
from desktop.ui.theme import Theme
from tests.ui.sample_data import STATIONS, FakeApp

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


def test_the_page_names_stand_one_below_the_other(window: MainWindow) -> None:
    """At the first showing each row is laid out as high as it is painted, and its text has room in it."""
    names = window.settings.names
    boxes = [names.visualItemRect(names.item(row)) for row in range(names.count())]
    assert [box.bottom() + 1 for box in boxes[:-1]] == [box.top() for box in boxes[1:]]
    assert min(box.height() for box in boxes) >= names.fontMetrics().height() + 16
    assert [names.indexAt(box.center()).row() for box in boxes] == list(range(names.count()))


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


def test_the_line_of_a_relays_operator_is_taken_by_paste(window: MainWindow, qtbot: QtBot, app: FakeApp) -> None:
    """The whole line goes into the address alone; once it worked, its secret is no longer on the screen."""
    window.settings.open_page(2)
    page = window.settings.relay
    line = "https://relay.example.com#invite=" + "a" * 43
    page.invite.clear()
    page.url.setText(line)
    QTest.keyClick(page.url, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: ("connect_relay", (line, "")) in app.calls)
    qtbot.waitUntil(lambda: page.url.text() == "https://relay.example.com")


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
    window.settings.open_page(NOTIFICATIONS)
    qtbot.waitUntil(lambda: window.ops.is_idle)
    box = window.settings.notifications.boxes[NoticeKind.CLICKED]
    for wanted in (False, True):
        press(qtbot, box)
        qtbot.waitUntil(lambda wanted=wanted: settings.get(store, notice_key(NoticeKind.CLICKED), None) is wanted)  # type: ignore[misc]


def test_a_theme_is_kept(window: MainWindow, qtbot: QtBot, store: Store) -> None:
    """The chosen theme stands at once and at the next start."""
    window.settings.open_page(APPEARANCE)
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


@pytest.mark.parametrize(
    ("kind", "is_on"), [(NoticeKind.REPLIED, False), (NoticeKind.AWAY, False), (NoticeKind.NOT_DELIVERED, True)]
)
def test_what_the_mail_program_rings_for_is_off_at_first(
    window: MainWindow, qtbot: QtBot, kind: NoticeKind, is_on: bool
) -> None:
    """Replies and absences are ticked only by the user; what nobody else tells is ticked from the start."""
    window.settings.open_page(NOTIFICATIONS)
    qtbot.waitUntil(lambda: window.ops.is_idle)
    assert window.settings.notifications.boxes[kind].isChecked() is is_on
    assert (kind not in window.telling.switched_off) is is_on


def test_the_country_of_the_holidays_is_kept(window: MainWindow, qtbot: QtBot, store: Store) -> None:
    """A country that is chosen stands in the store, and is shown at the next opening."""
    window.settings.open_page(FOLLOW_UPS)
    page = window.settings.follow_ups
    qtbot.waitUntil(lambda: page.country.findData("NO") > 0)
    page.country.setCurrentIndex(page.country.findData("NO"))
    page.country.activated.emit(page.country.currentIndex())
    qtbot.waitUntil(lambda: settings.get(store, COUNTRY_SETTING, "") == "NO")
    page.country.setCurrentIndex(0)
    page.reload()
    qtbot.waitUntil(lambda: page.country.currentText() == "Norway")


def test_a_part_of_a_country_that_was_set_elsewhere_stays(window: MainWindow, qtbot: QtBot, store: Store) -> None:
    """A setting the list does not name is shown as it is, not replaced."""
    settings.put(store, COUNTRY_SETTING, "DE-BY")
    window.settings.open_page(FOLLOW_UPS)
    page = window.settings.follow_ups
    qtbot.waitUntil(lambda: page.country.currentData() == "DE-BY")
    assert settings.get(store, COUNTRY_SETTING, "") == "DE-BY"


def test_settings_are_made_when_asked_for_and_know_how_all_stands(
    filled: Store, open_window: Open, qtbot: QtBot
) -> None:
    """A window is made without them; once opened they say what was known before."""
    window = open_window()
    assert window.findChild(SettingsDialog) is None
    window.on_stations(replace(STATIONS, relay=RelayState.FAILED))
    window.opening.open_relay()
    said = [each.text().replace("\u200b", "") for each in window.settings.relay.findChildren(QLabel)]
    assert station_words.relay_line(replace(STATIONS, relay=RelayState.FAILED)) in said
    assert window.findChild(SettingsDialog) is window.settings
