"""Why it is not known: folded under a question, opened by keyboard, with the cures that the window can do itself."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from desktop.core.policy import WhyNot
from desktop.core.unknown import Cure, Unknown, WhyUnknown
from desktop.store.accounts import save_account
from desktop.store.database import Store
from desktop.ui import unknown_words, words
from desktop.ui.collecting import destroy
from desktop.ui.grant_dialog import GrantDialog
from desktop.ui.main_window import MainWindow
from desktop.ui.settings_dialog import ACCOUNTS, RELAY
from desktop.ui.unknown_section import UnknownSection
from tests.ui.sample_data import ACCOUNT, NOW, Sample, To

ASK = Unknown(why=WhyUnknown.NO_PERMISSION, cures=(Cure.ASK_PERMISSION, Cure.ASK_FOR_REPLY))
EARLY = Unknown(why=WhyUnknown.NOT_YET, cures=(Cure.WAIT, Cure.ASK_FOR_REPLY))
PLAIN = Unknown(why=WhyUnknown.NOT_TRACKED, cures=(Cure.CONNECT_RELAY,))


@pytest.fixture
def section(qtbot: QtBot) -> Iterator[UnknownSection]:
    """Return a section with three reasons, folded."""
    section = UnknownSection((ASK, EARLY, PLAIN), WhyNot.NO_RELAY, who="Anna Berg", is_open=False)
    section.show()
    yield section
    section.hide()
    destroy(section)


def told(section: UnknownSection) -> list[str]:
    """Return the sentences that can be seen."""
    return [each.text().replace("\u200b", "") for each in section.findChildren(QLabel) if each.isVisible()]


def test_the_reasons_open_by_keyboard(section: UnknownSection, qtbot: QtBot) -> None:
    """Folded there is only the question; Space opens the reasons in their order and closes them again."""
    assert (section.question.text(), told(section)) == ("Why is this not known?", [])
    with qtbot.waitSignal(section.toggled):
        QTest.keyClick(section.question, Qt.Key.Key_Space)
    shown = told(section)
    assert shown[0] == unknown_words.REASONS[WhyUnknown.NO_PERMISSION]
    assert shown.index(unknown_words.REASONS[WhyUnknown.NOT_YET]) > 1
    assert section.question.accessibleName() == "Hide why it is not known Anna Berg"
    QTest.keyClick(section.question, Qt.Key.Key_Space)
    assert told(section) == []


def test_a_cure_is_said_once(section: UnknownSection) -> None:
    """What helps with two reasons stands with the first."""
    section.question.click()
    assert told(section).count(unknown_words.CURES[Cure.ASK_FOR_REPLY]) == 1


def test_only_what_the_window_can_do_has_a_button(section: UnknownSection, qtbot: QtBot) -> None:
    """Recording a permission and connecting a relay lead there by keyboard; waiting is words."""
    section.question.click()
    assert set(section.buttons) == {Cure.ASK_PERMISSION, Cure.CONNECT_RELAY}
    for cure, button in section.buttons.items():
        with qtbot.waitSignal(section.cured) as cured:
            QTest.keyClick(button, Qt.Key.Key_Space)
        assert cured.args == [cure]
    assert section.buttons[Cure.ASK_PERMISSION].accessibleName() == "Record permission: Anna Berg"


def test_a_copy_to_which_nothing_was_added_says_why() -> None:
    """The very cause of an untracked copy is named; other reasons stand alone."""
    assert words.WHY_NOT[WhyNot.SIGNED] in unknown_words.reason_text(PLAIN, WhyNot.SIGNED)
    assert unknown_words.REASONS[EARLY.why] == unknown_words.reason_text(EARLY, WhyNot.SIGNED)
    stopped = Unknown(why=WhyUnknown.STOPPED)
    assert unknown_words.reason_text(stopped, WhyNot.WITHDRAWN).startswith("Their permission was withdrawn.")
    assert unknown_words.reason_text(stopped, WhyNot.STOPPED).startswith("They said no to tracking.")


def test_of_mail_that_never_passed_readback_only_that_is_said() -> None:
    """What was merely found in Sent is not said to have gone out in any way; of our own it is said what was added."""
    assert unknown_words.reason_text(PLAIN, WhyNot.ELSEWHERE) == words.WHY_NOT[WhyNot.ELSEWHERE]
    assert words.WHY_NOT[WhyNot.ELSEWHERE].startswith("Readback only saw it in Sent")
    assert unknown_words.reason_text(PLAIN, WhyNot.SIGNED).startswith("Readback added nothing to it")


def cures_of(*unknowns: Unknown) -> list[str]:
    """Return what could be done, in the order told."""
    return [text for _, cures in unknown_words.cures_told(unknowns) for _, text in cures]


WAIT = (Cure.WAIT, Cure.ASK_FOR_REPLY)
REPLY = unknown_words.CURES[Cure.ASK_FOR_REPLY]


def test_nothing_is_to_be_waited_for_after_a_no() -> None:
    """Of a stopped copy no sign comes any more, nor would a link in later mail tell; a reply is all that can be had."""
    stopped = Unknown(why=WhyUnknown.STOPPED, cures=(Cure.ASK_FOR_REPLY,))
    early = Unknown(why=WhyUnknown.TOO_EARLY, cures=(Cure.WAIT,))
    proxy = Unknown(why=WhyUnknown.PROXY, cures=(Cure.ADD_LINK,))
    assert cures_of(stopped, proxy, early) == [REPLY]
    assert cures_of(proxy, early) == [unknown_words.CURES[Cure.ADD_LINK], "Wait: a sign may still come."]


def test_under_apple_s_preload_only_a_link_can_still_tell() -> None:
    """Where every picture is loaded by itself, waiting is for a used link alone, and for nothing without one."""
    with_link = Unknown(why=WhyUnknown.PRELOADED, cures=WAIT)
    without = Unknown(why=WhyUnknown.PRELOADED, cures=(Cure.ASK_FOR_REPLY,))
    early = Unknown(why=WhyUnknown.TOO_EARLY, cures=(Cure.WAIT,))
    assert cures_of(with_link, early) == ["Wait: a used link can still tell.", REPLY]
    assert cures_of(without, early) == [REPLY]
    assert cures_of(Unknown(why=WhyUnknown.NOT_YET, cures=WAIT)) == ["Wait: a sign may still come.", REPLY]


@pytest.mark.parametrize(
    ("why", "text"),
    [
        (WhyUnknown.NOT_SENT, "Wait until it has left."),
        (WhyUnknown.NOT_DELIVERED, "Wait a while, and send it again."),
    ],
)
def test_waiting_says_for_what(why: WhyUnknown, text: str) -> None:
    """Of mail that did not leave, or did not arrive, no sign is promised."""
    assert cures_of(Unknown(why=why, cures=(Cure.WAIT,))) == [text]


def test_a_clean_sent_folder_has_words_and_a_button() -> None:
    """Where the own Sent may have been looked at, what helps is said and can be pressed."""
    own = Unknown(why=WhyUnknown.MAYBE_YOU, cures=(Cure.KEEP_SENT_CLEAN,))
    assert cures_of(own) == [unknown_words.CURES[Cure.KEEP_SENT_CLEAN]]
    assert Cure.KEEP_SENT_CLEAN in unknown_words.BUTTONS


@pytest.mark.parametrize("text", [*unknown_words.REASONS.values(), *unknown_words.CURES.values()])
def test_no_reason_says_that_it_was_not_read(text: str) -> None:
    """Silence is a missing sign: no sentence says unread, and each is a sentence."""
    assert "unread" not in text.lower()
    assert "not read" not in text.lower()
    assert text.endswith(".")


def test_every_button_is_of_a_cure_with_words() -> None:
    """No button stands without the sentence that says what it is for."""
    assert set(unknown_words.BUTTONS) <= set(unknown_words.CURES)


def test_the_cures_lead_where_they_say(store: Store, open_window: Callable[[], MainWindow], qtbot: QtBot) -> None:
    """By keyboard from the question to the form of a permission, and to the page of the relay; unfolded stays so."""
    save_account(store, ACCOUNT)
    people = [To("ann@b.example", "Ann", why_not=WhyNot.NO_PERMISSION), To("ben@b.example", why_not=WhyNot.NO_RELAY)]
    Sample(store).message("First", people, NOW)
    window = open_window()
    window.show_conversations()
    qtbot.waitUntil(lambda: len(window.view.findChildren(UnknownSection)) == 2)
    for each in window.view.findChildren(UnknownSection):
        QTest.keyClick(each.question, Qt.Key.Key_Return)
    window.reload()
    qtbot.waitUntil(lambda: window.ops.is_idle)
    ann, ben = window.view.findChildren(UnknownSection)
    assert (ann.question.text(), ben.question.text()) == (unknown_words.HIDE, unknown_words.HIDE)
    QTest.keyClick(ben.buttons[Cure.CONNECT_RELAY], Qt.Key.Key_Return)
    assert window.settings.isVisible()
    assert window.settings.pages.currentIndex() == RELAY
    ann.cured.emit(Cure.KEEP_SENT_CLEAN)
    assert window.settings.pages.currentIndex() == ACCOUNTS
    QTest.keyClick(ann.buttons[Cure.ASK_PERMISSION], Qt.Key.Key_Return)
    form = next(each for each in window.findChildren(GrantDialog) if each.isVisible())
    assert form._address.text() == "ann@b.example"
