"""The keyboard goes through the window as one reads, and is never lost where something is made anew or taken back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.core.arrival import ArrivalKind
from desktop.core.correction import Who
from desktop.store.accounts import save_account
from desktop.store.corrections import correct_hit
from desktop.store.database import Store
from desktop.store.mail import cards, conversation
from desktop.ui.main_window import MainWindow
from tests.ui.sample_arrivals import READ_ACCOUNT, YUKI, Mailboxes
from tests.ui.sample_data import FIREFOX, NOW, THUNDERBIRD, FakeApp, FakePractice, Sample, To

Open = Callable[[], MainWindow]
ANNA, BEN = "anna.berg@fjord.example", "ben.olsen@fjord.example"
STRIP = ["Done: take it off the list", "Snooze: bring it back later", "Days to wait for an answer"]
UNDO = "Undo what you said: a colleague of mine"


@pytest.fixture
def offered(store: Store) -> Store:
    """Return a store with an offer to two: one opened it twice, one of these by a colleague; the other is silent."""
    save_account(store, READ_ACCOUNT)
    mail = Mailboxes(store)
    asked = mail.sent("Lamps", NOW - timedelta(days=20), YUKI)
    mail.came(ArrivalKind.MAIL, "Re: Lamps", YUKI, NOW - timedelta(days=19), asked)
    sample, at = Sample(store), NOW - timedelta(days=8)
    sample.message("Offer", [To(ANNA, "Anna Berg"), To(BEN, "Ben Olsen")], at)
    sample.hit(ANNA, at + timedelta(hours=1), agent=THUNDERBIRD)
    sample.hit(ANNA, at + timedelta(hours=9), agent=FIREFOX, source="198.51.100.7")
    newest = newest_hit(store)
    correct_hit(store, newest, Who.COLLEAGUE, now=NOW)
    return store


def newest_hit(store: Store) -> bytes:
    """Return the id of Anna's newest hit."""
    shown = conversation(store, cards(store)[0].id)
    assert shown is not None
    lines = shown.messages[0].copies[0].status.evidence
    return next(line.hit.id for line in lines if line.hit is not None)


@pytest.fixture
def window(offered: Store, app: FakeApp, open_window: Open, qtbot: QtBot) -> MainWindow:
    """Return a window with the practice dock that shows the offer, keyboard on the list."""
    app.practice = FakePractice()
    window = open_window()
    window.show_conversations()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.waitUntil(lambda: window.ops.is_idle and window.view.strip is not None and window.view.strip.isVisible())
    return window


def on(window: MainWindow) -> QWidget:
    """Return what the keyboard is on."""
    focused = window.focusWidget()
    assert focused is not None
    return focused


def walked(window: MainWindow, steps: int, key: Qt.Key = Qt.Key.Key_Tab) -> list[str]:
    """Press a key so often; return the names of what it came to."""
    names = []
    for _ in range(steps):
        QTest.keyClick(on(window), key)
        names.append(on(window).accessibleName())
    return names


def expected(window: MainWindow) -> list[str]:
    """Return what Tab is to come to from the list on, to the first button of the practice dock."""
    wrong = next(
        each.accessibleName()
        for each in window.view.findChildren(QPushButton)
        if each.text() == "Wrong?" and each.isVisible()
    )
    return ["Conversation", *STRIP, UNDO, wrong, "Why is this not known? Ben Olsen", "Hide Practice"]


def test_tab_goes_through_the_conversation_as_it_is_read(window: MainWindow) -> None:
    """From the list come Done, Snooze, Wait, Undo, Wrong? and Why, then the practice dock; Shift+Tab goes back."""
    order = expected(window)
    assert walked(window, len(order)) == order
    back = walked(window, len(order), Qt.Key.Key_Backtab)
    assert back == [*reversed(order[:-1]), "Conversations"]


def test_the_order_outlives_a_new_reading(window: MainWindow, qtbot: QtBot) -> None:
    """A conversation and a dock that were read anew hold their places; the foot comes after both."""
    order = expected(window)
    assert window.practice is not None
    for again in (window.mail.reload_current, window.practice.reload):
        again()
        qtbot.waitUntil(lambda: window.ops.is_idle)
    assert walked(window, len(order)) == order
    names = walked(window, 40)
    foot = [window.status_line.mail[1], window.status_line.listener, window.status_line.relay]
    first = names.index(foot[0].accessibleName())
    assert names[first - 1] == "Move the practice clock by +1 day"
    assert names[first : first + 3] == [each.accessibleName() for each in foot]
    assert names[first + 3] == "Today"


@pytest.mark.parametrize("steps", range(2, 8))
def test_a_new_reading_leaves_the_keyboard_where_it_is(window: MainWindow, qtbot: QtBot, steps: int) -> None:
    """Each button of the conversation that is made anew under the keyboard keeps it."""
    name = walked(window, steps)[-1]
    before = on(window)
    window.mail.reload_current()
    qtbot.waitUntil(lambda: window.focusWidget() not in (before, None))
    assert on(window).accessibleName() == name


def test_a_dock_that_is_read_anew_leaves_the_keyboard_where_it_is(
    window: MainWindow, app: FakeApp, qtbot: QtBot
) -> None:
    """Who plays a recipient by keyboard stays on the button, though its card is made anew."""
    assert window.practice is not None
    assert app.practice is not None
    button = next(each for each in window.practice.findChildren(QPushButton) if each.text() == "Links")
    name = button.accessibleName()
    button.setFocus()
    app.practice.people = tuple(replace(each, has_picture=not each.has_picture) for each in app.practice.people)
    window.practice.reload()
    qtbot.waitUntil(lambda: window.ops.is_idle)
    assert on(window) is not button
    assert on(window).accessibleName() == name


def test_what_tab_comes_back_to_is_in_sight(window: MainWindow) -> None:
    """Shift+Tab from the dock into a long conversation scrolls to the last button of it."""
    window.resize(1100, 420)
    assert window.practice is not None
    order = expected(window)
    walked(window, len(order))
    window.view.verticalScrollBar().setValue(0)
    walked(window, 1, Qt.Key.Key_Backtab)
    assert on(window).accessibleName() == order[-2]
    assert not on(window).visibleRegion().isEmpty()


def undo_by_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    """Walk with Tab to the bar's Undo and press it."""
    qtbot.waitUntil(window.undo_bar.button.isVisible)
    qtbot.waitUntil(lambda: window.ops.is_idle)
    for _ in range(60):
        if on(window) is window.undo_bar.button:
            break
        QTest.keyClick(on(window), Qt.Key.Key_Tab)
    assert on(window) is window.undo_bar.button
    QTest.keyClick(on(window), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.ops.is_idle)


@pytest.mark.parametrize("place", ["show_today", "show_follow_ups"])
def test_after_undo_the_keyboard_is_on_the_list_again(window: MainWindow, qtbot: QtBot, place: str) -> None:
    """Done by a letter, taken back in the bar: the next letter acts on a line, though the list was empty between."""
    getattr(window, place)()
    page = {"show_today": window.today, "show_follow_ups": window.follow_ups}[place]
    qtbot.waitUntil(page.list.isVisible)
    page.list.setFocus()
    QTest.keyClick(page.list, Qt.Key.Key_D)
    undo_by_keyboard(window, qtbot)
    qtbot.waitUntil(page.list.isVisible)
    qtbot.waitUntil(lambda: on(window) is page.list)
    line = page.list.current_line()
    assert line is not None
    assert line.subject == "Offer"


def test_after_undo_the_keyboard_is_on_the_button_again(window: MainWindow, qtbot: QtBot) -> None:
    """What was done with a button of the conversation leads back to it; the same key does it once more."""
    walked(window, 2)
    QTest.keyClick(on(window), Qt.Key.Key_Return)
    qtbot.waitUntil(window.undo_bar.button.isVisible)
    qtbot.waitUntil(lambda: on(window).accessibleName() == "Bring it back onto the list")
    undo_by_keyboard(window, qtbot)
    qtbot.waitUntil(lambda: on(window).accessibleName() == STRIP[0])


def test_after_undo_of_a_correction_the_keyboard_is_on_its_line_again(
    offered: Store, window: MainWindow, qtbot: QtBot
) -> None:
    """The line's button is another one by then, of the same line."""
    walked(window, 5)
    button = on(window)
    assert button.accessibleName() == UNDO
    QTest.keyClick(button, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: on(window).accessibleName().startswith("Wrong?"))
    undo_by_keyboard(window, qtbot)
    qtbot.waitUntil(lambda: on(window).accessibleName() == UNDO)
    assert on(window).objectName() == f"hit-{newest_hit(offered).hex()}"


def test_after_undo_the_keyboard_is_on_the_cards_again(window: MainWindow, qtbot: QtBot) -> None:
    """What was done from the list of conversations leads back to the list, not into the conversation."""
    QTest.keyClick(window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    undo_by_keyboard(window, qtbot)
    assert on(window) is window.threads.list


def test_undo_by_its_key_leaves_the_keyboard_alone(window: MainWindow, qtbot: QtBot) -> None:
    """Ctrl+Z takes back without a way to the bar, so there is no way back from it."""
    QTest.keyClick(window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(window.undo_bar.button.isVisible)
    window.status_line.relay.setFocus()
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.ops.is_idle)
    assert window.undo_bar.text().startswith("Taken back")
    assert on(window) is window.status_line.relay


@pytest.mark.parametrize(("is_on_it", "is_there"), [(True, True), (False, False)])
def test_the_bar_stays_under_the_keyboard(window: MainWindow, is_on_it: bool, is_there: bool) -> None:
    """When its time is over the bar goes, unless the keyboard has come to its button."""
    window.undo_bar.offer("Done: somebody", lambda: None)
    (window.undo_bar.button if is_on_it else window.threads.list).setFocus()
    window.undo_bar.time_over()
    assert window.undo_bar.isVisible() is is_there


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_a_notice_that_goes_gives_the_keyboard_back(window: MainWindow, key: Qt.Key) -> None:
    """Taken or put away, a notice leaves the keyboard on the list of the place."""
    window.toast.show_notice("Noted", button="Undo", chosen=lambda: None)
    window.toast.setFocus()
    QTest.keyClick(window.toast, key)
    assert not window.toast.isVisible()
    assert on(window) is window.threads.list
