"""The practice dock plays the sandbox and lets the user be each recipient; what they see loads nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop.core.errors import Unreachable
from desktop.store.database import Store
from desktop.ui.main_window import MainWindow
from desktop.ui.practice_panel import PracticePanel
from desktop.ui.recipient_view import RecipientView, SealedBrowser, is_own_picture
from tests.ui.sample_data import MAIL_HTML, STOP_HTML, FakeApp, FakePractice

Open = Callable[[], MainWindow]


@pytest.fixture
def practice(app: FakeApp) -> FakePractice:
    """Return the sandbox that the window is given."""
    app.practice = FakePractice()
    return app.practice


@pytest.fixture
def panel(practice: FakePractice, filled: Store, open_window: Open) -> PracticePanel:
    """Return the dock of an open window."""
    panel = open_window().practice
    assert panel is not None
    return panel


def button(panel: PracticePanel, name: str) -> QPushButton:
    """Return the shown button with an accessible name or text."""
    return next(
        each
        for each in panel.findChildren(QPushButton)
        if each.isVisible() and name in (each.accessibleName(), each.text())
    )


def shown(panel: PracticePanel) -> list[str]:
    """Return all shown texts."""
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]


def test_the_story_stands_with_its_figures(panel: PracticePanel) -> None:
    """Steps and what was read back stand in the dock."""
    assert "A scanner takes all links" in shown(panel)
    assert "3 links in 2 s, not counted" in shown(panel)


def test_pause_step_resume_and_take_over(panel: PracticePanel, practice: FakePractice, qtbot: QtBot) -> None:
    """The story can be held, stepped, let go and ended; stepping is offered only while it is held."""
    assert not panel.next.isEnabled()
    panel.play.click()
    qtbot.waitUntil(lambda: panel.play.text() == "P&lay")
    assert panel.next.isEnabled()
    panel.next.click()
    qtbot.waitUntil(lambda: practice.done == 6)
    panel.play.click()
    qtbot.waitUntil(lambda: panel.play.text() == "Pa&use")
    panel.take_over.click()
    qtbot.waitUntil(lambda: not panel.take_over.isVisible())
    assert [name for name, _ in practice.calls] == ["pause", "step", "resume", "take_over"]


def test_the_recipients_come_first_once_the_story_is_over(
    panel: PracticePanel, practice: FakePractice, qtbot: QtBot
) -> None:
    """While the story plays it stands above the recipients, afterwards below them."""

    def tops() -> tuple[int, int]:
        return panel._story.geometry().top(), panel._people.geometry().top()

    qtbot.waitUntil(lambda: tops()[0] < tops()[1])
    panel.take_over.click()
    qtbot.waitUntil(lambda: tops()[0] > tops()[1])


def test_taking_over_a_held_story_shows_the_recipients(panel: PracticePanel, qtbot: QtBot) -> None:
    """Taken over while it is held, the dock shows the recipients at its top and says that they are the user's."""
    panel.play.click()
    qtbot.waitUntil(lambda: panel.play.text() == "P&lay")
    panel._area.verticalScrollBar().setValue(50)
    panel.take_over.click()
    qtbot.waitUntil(lambda: panel._people.geometry().top() == 0 or panel._sections.indexOf(panel._people) == 0)
    qtbot.waitUntil(lambda: panel.message.text() == "The recipients are yours now.")
    assert panel._area.verticalScrollBar().value() == 0
    assert not panel._buttons.isVisible()


def test_the_buttons_stay_while_the_steps_scroll(panel: PracticePanel) -> None:
    """Pause, Step and Take over stand above what scrolls, not in it."""
    for fixed in (panel.play, panel.next, panel.take_over, panel.message):
        assert not panel._area.isAncestorOf(fixed)
    assert panel._area.isAncestorOf(panel._story)


def test_an_answer_moves_no_button(panel: PracticePanel, practice: FakePractice, qtbot: QtBot) -> None:
    """Feedback has a place of its own: the pressed button stays under the mouse."""
    opener = button(panel, "Open: Anna Berg")
    before = opener.mapTo(panel, opener.rect().center())
    opener.click()
    qtbot.waitUntil(lambda: panel.message.text() == "Anna Berg opened it.")
    practice.refuses = Unreachable("The practice round has ended, and nothing of it is left.", "Start it anew.")
    opener.click()
    qtbot.waitUntil(lambda: panel.message.text().startswith("The practice round has ended"))
    panel.grab()
    assert before == opener.mapTo(panel, opener.rect().center())


def test_a_notice_covers_no_button_of_the_dock(panel: PracticePanel) -> None:
    """The toast stands over the conversation; where the dock is hidden it moves to the window's corner."""
    window = panel.window()
    assert isinstance(window, MainWindow)
    window.toast.show_notice("Anna Berg opened “Offer”")
    assert window.toast.geometry().right() < window.dock.geometry().left()
    before = window.toast.geometry().right()
    window.dock.close()
    QApplication.processEvents()
    assert window.toast.geometry().right() > before


def test_opening_without_a_picture_says_that_nothing_is_seen(
    panel: PracticePanel, practice: FakePractice, qtbot: QtBot
) -> None:
    """An untracked copy can be opened, and the sender hears nothing: the dock says so."""
    practice.people = tuple(replace(one, has_picture=bool(one.name)) for one in practice.people)
    panel.reload()
    qtbot.waitUntil(lambda: panel._shown is not None and not panel._shown.recipients[2].has_picture)
    button(panel, "Open: office@fjord.example").click()
    assert panel.message.text() == "This copy carries no picture: opening it shows nothing to the sender."
    assert practice.calls == []


def test_what_the_sandbox_says_from_its_own_thread_is_shown(
    panel: PracticePanel, practice: FakePractice, qtbot: QtBot
) -> None:
    """A change told on another thread reaches the dock."""
    practice.people = practice.people[:1]
    practice.step()
    qtbot.waitUntil(lambda: "Marco Rossi" not in shown(panel) and "Anna Berg" in shown(panel))


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("Open", "open"),
        ("Links", "click"),
        ("Stop", "stop"),
        ("Reply", "reply"),
        ("Away", "go_away"),
        ("Bounce", "bounce"),
    ],
)
def test_each_recipient_can_be_played(
    panel: PracticePanel, practice: FakePractice, qtbot: QtBot, text: str, call: str
) -> None:
    """The buttons beside a recipient let that recipient act."""
    button(panel, f"{text}: Anna Berg").click()
    qtbot.waitUntil(lambda: (call, "anna.berg@fjord.example") in practice.calls)


def test_who_has_nothing_to_press_cannot(panel: PracticePanel) -> None:
    """An untracked copy has no links and no stop page to press."""
    assert not button(panel, "Links: office@fjord.example").isEnabled()
    assert button(panel, "Links: Anna Berg").isEnabled()


def test_the_clock_moves(panel: PracticePanel, practice: FakePractice, qtbot: QtBot) -> None:
    """The sandbox's clock is moved by what the button says."""
    button(panel, "+40 min").click()
    qtbot.waitUntil(lambda: ("advance", timedelta(minutes=40)) in practice.calls)


def test_a_sandbox_in_trouble_says_so(panel: PracticePanel, practice: FakePractice, qtbot: QtBot) -> None:
    """A sandbox that has ended is told in words."""
    practice.refuses = Unreachable("The practice round has ended.", "Start it anew.")
    button(panel, "Open: Anna Berg").click()
    qtbot.waitUntil(lambda: panel.message.text() == "The practice round has ended. Start it anew.")


def test_what_the_recipient_sees(panel: PracticePanel, qtbot: QtBot) -> None:
    """Mail and stop page are shown; a link is named, not followed."""
    button(panel, "What Anna Berg sees").click()
    view = panel.window().findChild(RecipientView)
    assert isinstance(view, RecipientView)
    qtbot.waitUntil(lambda: "As agreed on 3 May" in view.mail.toPlainText())
    qtbot.waitUntil(lambda: "Stop it, for mail already sent too" in view.page.toPlainText())
    view.tabs.setCurrentIndex(1)
    assert view._where.text() == "Shown as a browser shows it. Nothing is sent from here."
    view.tabs.setCurrentIndex(0)
    assert view._where.text().startswith("Shown as a mail program shows it.")
    view.mail.anchorClicked.emit(QUrl("http://relay.example/stop/abc/me"))
    assert view._where.text().replace("\u200b", "").startswith("Leads to relay.example")
    assert "As agreed on 3 May" in view.mail.toPlainText()
    view.close()


def test_nothing_is_loaded_but_the_marker(qtbot: QtBot) -> None:
    """Local files and hosts are refused; Readback's own picture is drawn as a marker that can be seen."""
    browser = SealedBrowser()
    qtbot.addWidget(browser)
    browser.show_html(MAIL_HTML)
    browser.show()
    browser.grab()
    assert {"file:///etc/hostname", "//host/share/x.png"} <= set(browser.refused)
    kind = QTextDocument.ResourceType.ImageResource.value
    assert browser.loadResource(kind, QUrl("http://relay.example/open/abc.gif")).width() > 50
    assert browser.loadResource(kind, QUrl("file:///etc/hostname")).width() == 1
    assert browser.loadResource(QTextDocument.ResourceType.StyleSheetResource.value, QUrl("file:///x.css")) == b""


def test_the_marker_is_large_enough_to_see(qtbot: QtBot) -> None:
    """The picture's 1 by 1 pixel is enlarged in the shown document."""
    browser = SealedBrowser()
    qtbot.addWidget(browser)
    browser.show()
    browser.show_html('<p>x<img width="1" height="1" src="http://relay.example/open/abc.gif"></p>')
    small = browser.document().size().height()
    browser.show_html("<p>x</p>")
    assert small > browser.document().size().height()


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        ("http://relay.example/open/abc.gif", True),
        ("http://relay.example/logo.gif", False),
        ("file:///open/abc.png", False),
    ],
)
def test_only_the_own_path_is_the_own_picture(url: str, is_own: bool) -> None:
    """The marker stands for Readback's picture and nothing else."""
    assert is_own_picture(url) is is_own


def test_the_stop_page_keeps_its_button(qtbot: QtBot) -> None:
    """The one button of the stop page is shown, though the browser knows no buttons."""
    browser = SealedBrowser()
    qtbot.addWidget(browser)
    browser.show_html(STOP_HTML)
    assert "Stop it, for mail already sent too" in browser.toPlainText()
    assert browser.textInteractionFlags() & Qt.TextInteractionFlag.LinksAccessibleByMouse


def test_without_practice_there_is_no_dock(filled: Store, open_window: Open) -> None:
    """An ordinary start shows no practice."""
    assert open_window().practice is None
