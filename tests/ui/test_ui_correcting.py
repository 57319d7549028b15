"""Corrections: said at a line by mouse or keyboard, told with what follows, undone there, by the bar, by the list."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from desktop.core.correction import Who
from desktop.core.errors import StoreTrouble
from desktop.core.status import Evidence, Rung
from desktop.store.accounts import save_account
from desktop.store.corrections import corrections
from desktop.store.database import Store
from desktop.store.mail import cards
from desktop.ui import correction_words
from desktop.ui.correction_words import FOLLOW
from desktop.ui.going import CONVERSATIONS
from desktop.ui.main_window import MainWindow
from desktop.ui.settings_dialog import CORRECTIONS
from tests.ui.sample_data import ACCOUNT, FIREFOX, NOW, THUNDERBIRD, FakeApp, Sample, To

Open = Callable[[], MainWindow]
ANNA = "anna.berg@fjord.example"
ELSEWHERE = "198.51.100.7"
LINKS = ("https://larsen.example/a", "https://larsen.example/b", "https://larsen.example/c")


@pytest.fixture
def opened(store: Store) -> Store:
    """Return a store with a mail that a scanner took, and a newer one opened four times from one place."""
    save_account(store, ACCOUNT)
    sample, at = Sample(store), NOW - timedelta(minutes=90)
    sample.message("Offer", [To(ANNA, "Anna Berg", links=LINKS)], at)
    for seconds, link in enumerate(LINKS):
        sample.hit(ANNA, at + timedelta(seconds=2 + seconds / 3), agent=FIREFOX, source="40.107.4.7", link=link)
    at = NOW - timedelta(minutes=50)
    sample.message("Offer II", [To(ANNA, "Anna Berg", links=LINKS[:1])], at)
    for minutes in (3, 9, 14, 21):
        sample.hit(ANNA, at + timedelta(minutes=minutes), agent=THUNDERBIRD)
    sample.hit(ANNA, at + timedelta(minutes=30), agent=FIREFOX, source=ELSEWHERE, link=LINKS[0])
    return store


@pytest.fixture
def window(opened: Store, open_window: Open, qtbot: QtBot) -> MainWindow:
    """Return a window that shows that mail."""
    window = open_window()
    window.show_conversations()
    window.activateWindow()
    qtbot.waitUntil(lambda: window.ops.is_idle and bool(buttons(window)))
    return window


def buttons(window: MainWindow, text: str = correction_words.WRONG) -> list[QPushButton]:
    """Return the buttons of this name at the lines of hits, the newest line's first."""
    found = window.view.findChildren(QPushButton)
    return [each for each in found if each.objectName().startswith("hit-") and each.text() == text]


def said(window: MainWindow) -> list[str]:
    """Return the sentences of the conversation."""
    return [each.text().replace("\u200b", "") for each in window.view.findChildren(QLabel)]


def menu_of(window: MainWindow) -> QMenu:
    """Return the menu that stands open."""
    return next(each for each in window.findChildren(QMenu) if each.isVisible())


def texts_of(menu: QMenu) -> list[str]:
    """Return what a menu offers and says."""
    return [action.text().replace("&", "") for action in menu.actions() if not action.isSeparator()]


def rest(window: MainWindow, qtbot: QtBot) -> None:
    """Let what was asked for come in and be shown."""
    qtbot.waitUntil(lambda: window.ops.is_idle)


def rung(store: Store) -> Rung:
    """Return how far the newest mail is."""
    return cards(store)[0].rung


def test_by_keyboard_alone_a_line_is_corrected(opened: Store, window: MainWindow, qtbot: QtBot) -> None:
    """Enter opens the menu, the arrows choose; line, list and bar say it, and the keyboard is on that line's Undo."""
    assert len(buttons(window)) == 5
    newest = buttons(window)[0].accessibleName()
    assert newest.startswith("Wrong? Say who it was: A person used the link larsen.example/a in Firefox.")
    button = buttons(window)[-1]
    name = button.objectName()
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Return)
    menu = menu_of(window)
    assert texts_of(menu) == ["That was me", "A colleague of mine", "A machine", "The recipient", FOLLOW]
    assert not menu.actions()[-1].isEnabled()
    QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(buttons(window, "Undo")) == 1)
    rest(window, qtbot)
    assert "You said: a colleague of mine. Not counted." in said(window)
    assert said(window).count("You said of one like it: a colleague of mine. Not counted.") == 3
    assert window.undo_bar.text() == f"Noted: that was a colleague of yours, and 3 like it. {FOLLOW}"
    focused = window.focusWidget()
    assert focused is not None
    assert (focused.objectName(), focused.accessibleName()) == (name, "Undo what you said: a colleague of mine")
    assert rung(opened) is Rung.CLICKED
    QTest.keyClick(focused, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(buttons(window)) == 5)
    assert corrections(opened) == ()


def test_the_undo_bar_takes_it_back(opened: Store, window: MainWindow, qtbot: QtBot) -> None:
    """Ctrl+Z after a correction restores what the rules say; the status follows both ways."""
    window.correcting.say(hit_of(buttons(window)[0]), Who.MACHINE)
    qtbot.waitUntil(lambda: "You said: a machine. Not counted." in said(window))
    assert rung(opened) is Rung.OPENED
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(buttons(window)) == 5)
    assert rung(opened) is Rung.CLICKED
    assert window.undo_bar.text().startswith("Taken back · Noted: that was a machine")


def hit_of(button: QPushButton) -> bytes:
    """Return the id of the hit that a button is about."""
    return bytes.fromhex(button.objectName().removeprefix("hit-"))


def test_a_line_that_follows_can_undo_all(opened: Store, window: MainWindow, qtbot: QtBot) -> None:
    """A line decided by a word about another one offers to be said otherwise, and to undo that word for all."""
    window.correcting.say(hit_of(buttons(window)[-1]), Who.ME)
    qtbot.waitUntil(lambda: len(buttons(window, "Undo")) == 1)
    rest(window, qtbot)
    follower = buttons(window)[1]
    QTest.mouseClick(follower, Qt.MouseButton.LeftButton)
    assert texts_of(menu_of(window))[-2:] == ["Undo what I said, for all like it", FOLLOW]
    QTest.keyClick(menu_of(window), Qt.Key.Key_Up)
    QTest.keyClick(menu_of(window), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: corrections(opened) == ())
    rest(window, qtbot)
    wanted = "Undone: it is taken again for what it was before you said “that was me”"
    assert window.undo_bar.text() == wanted
    window.undo_bar.button.click()
    qtbot.waitUntil(lambda: len(corrections(opened)) == 1)


def test_a_machine_s_line_can_be_corrected_too(opened: Store, window: MainWindow, qtbot: QtBot) -> None:
    """Behind a fold each fetch has its button, and "the recipient" counts."""
    window.mail.show_conversation(cards(opened)[1].id)
    qtbot.waitUntil(lambda: any("scanner" in text for text in said(window)))
    folded = [each for each in buttons(window) if "Microsoft scanner" in each.accessibleName()]
    assert len(folded) == 3
    window.correcting.say(hit_of(folded[0]), Who.RECIPIENT)
    qtbot.waitUntil(lambda: "You said: the recipient." in said(window))
    assert len(corrections(opened)) == 1


def test_where_nobody_can_be_told_apart_nothing_is_promised(window: MainWindow, opened: Store, qtbot: QtBot) -> None:
    """From a listed network no later one follows: menu and bar say nothing of the kind."""
    window.mail.show_conversation(cards(opened)[1].id)
    qtbot.waitUntil(lambda: any("scanner" in text for text in said(window)))
    folded = [each for each in buttons(window) if "Microsoft scanner" in each.accessibleName()]
    menu = window.correcting.ask(line_of(window, folded[0]), QPoint())
    assert texts_of(menu)[-1] == "It holds for this one alone"
    menu.close()
    window.correcting.say(hit_of(folded[0]), Who.RECIPIENT)
    qtbot.waitUntil(lambda: not window.undo_bar.is_empty)
    assert window.undo_bar.text() == "Noted: that was the recipient"


def line_of(window: MainWindow, button: QPushButton) -> Evidence:
    """Return the line that a button is about."""
    shown = window.view.shown
    assert shown is not None
    copies = [copy for message in shown.conversation.messages for copy in message.copies]
    lines = (line for copy in copies for line in copy.status.evidence)
    return next(line for line in lines if line.hit is not None and line.hit.id == hit_of(button))


def test_a_menu_outlives_a_new_reading(window: MainWindow, qtbot: QtBot) -> None:
    """What comes in while the menu is open neither closes it nor loses what is chosen."""
    QTest.mouseClick(buttons(window)[0], Qt.MouseButton.LeftButton)
    menu = menu_of(window)
    window.reload()
    rest(window, qtbot)
    assert menu.isVisible()
    QTest.keyClick(menu, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(buttons(window, "Undo")) == 1)


def test_a_refusal_is_said_and_changes_nothing(window: MainWindow, app: FakeApp, qtbot: QtBot) -> None:
    """Where the store refuses, the banner says so, and nothing is offered to be undone."""
    app.refuses = StoreTrouble("The disk is full.", "Make room.")
    window.correcting.say(hit_of(buttons(window)[0]), Who.ME)
    rest(window, qtbot)
    assert window.banner.text() == "The disk is full. Make room."
    assert window.undo_bar.is_empty


def test_the_list_of_corrections_undoes_by_keyboard(opened: Store, window: MainWindow, qtbot: QtBot) -> None:
    """Settings list what was said with what it decides; after an undo the keyboard is on the next one."""
    for button, who in ((buttons(window)[0], Who.RECIPIENT), (buttons(window)[-1], Who.ME)):
        window.correcting.say(hit_of(button), who)
    qtbot.waitUntil(lambda: len(corrections(opened)) == 2)
    window.settings.open_page(CORRECTIONS)
    page = window.settings.corrections
    qtbot.waitUntil(lambda: len(page.buttons) == 2)
    names = [button.accessibleName() for button in page.buttons]
    assert sorted(names) == ["Undo: That was me: Anna Berg, “Offer II”", "Undo: The recipient: Anna Berg, “Offer II”"]
    assert any("and 3 like it." in each.text() for each in page.findChildren(QLabel))
    window.settings.activateWindow()
    page.buttons[0].setFocus()
    QTest.keyClick(page.buttons[0], Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(page.buttons) == 1)
    rest(window, qtbot)
    assert page.message.text().startswith("Undone: it is taken again for what it was before you said ")
    assert page.buttons[0] is window.settings.focusWidget()
    QTest.keyClick(page.buttons[0], Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.buttons == [])
    rest(window, qtbot)
    assert page.text() == correction_words.NONE_YET
    assert corrections(opened) == ()


def test_what_is_said_meanwhile_comes_into_the_list(window: MainWindow, qtbot: QtBot) -> None:
    """An open list follows what is said at a line."""
    window.settings.open_page(CORRECTIONS)
    page = window.settings.corrections
    rest(window, qtbot)
    assert (page.buttons, page.text()) == ([], correction_words.NONE_YET)
    window.correcting.say(hit_of(buttons(window)[0]), Who.COLLEAGUE)
    qtbot.waitUntil(lambda: len(page.buttons) == 1)
    assert window.places.currentIndex() == CONVERSATIONS


def test_a_long_list_names_its_newest_part() -> None:
    """Beyond what is listed the page says so; a short list is whole."""
    assert correction_words.list_text(201, 200).endswith("Only the newest 200 are listed.")
    assert correction_words.list_text(200, 200) == correction_words.ABOUT
