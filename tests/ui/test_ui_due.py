"""What is due as lines: which group each stands in, what is said, and what keys and buttons ask for."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from time import thread_time

import pytest
from PySide6.QtCore import QAbstractItemModel, QCoreApplication, QModelIndex, Qt
from PySide6.QtGui import QAccessible, QFont
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from desktop.core.address import Mailbox
from desktop.core.arrival import FailureReason
from desktop.core.followup import Awaited, Due, FollowUp, FollowUpKind
from desktop.core.status import Rung
from desktop.core.workdays import WorkCalendar
from desktop.store.folders import AccountReading, Incoming
from desktop.store.questions import Candidate, Question, QuestionKind
from desktop.ui import question_words
from desktop.ui.due_feed import kept
from desktop.ui.due_lines import OLD_AFTER_DAYS, DueReading, due_groups, is_nothing, next_sentence, today_groups
from desktop.ui.due_list import DueList
from desktop.ui.due_model import LINE_ROLE, DueGroup, DueLine, DueModel
from desktop.ui.glyphs import Glyph
from desktop.ui.theme import Themes
from tests.ui.sample_data import HOSTILE

Grouping = Callable[[DueReading], tuple[DueGroup, ...]]
NOW = datetime(2026, 5, 6, 14, 20, tzinfo=UTC)
TODAY = NOW.date()


def person(name: str = "Anna Berg", **more: object) -> Awaited:
    """Return somebody awaited."""
    return Awaited(address="anna@fjord.example", name=name, rung=Rung.SENT, **more)  # type: ignore[arg-type]


def follow_up(
    kind: FollowUpKind, due: Due = Due.TODAY, *, number: int = 1, due_on: date = TODAY, **more: object
) -> FollowUp:
    """Return one line of the list."""
    people = (person(returns_on=due_on if kind is FollowUpKind.AWAY else None),)
    values: dict[str, object] = {"people": people, "subject": "Offer", "sent_at": NOW - timedelta(days=5)} | more
    return FollowUp(conversation_id=number, account_id=1, kind=kind, due=due, due_on=due_on, waited_days=3, **values)  # type: ignore[arg-type]


def question(kind: QuestionKind, *people: str) -> Question:
    """Return a question about a mail from another address."""
    return Question(
        arrival_id=9,
        kind=kind,
        conversation_id=1,
        candidates=tuple(
            Candidate(copy_id=at, address=f"{name.lower()}@x.example", name=name)
            for at, name in enumerate(people or ("Anna",))
        ),
        sender=Mailbox("A. B.", "ab@home.example"),
        subject="Re: Offer",
        at=NOW,
    )


def reading(*found: FollowUp, questions: tuple[Question, ...] = ()) -> DueReading:
    """Return a reading of the moment."""
    return DueReading(now=NOW, calendar=WorkCalendar(), follow_ups=found, questions=questions)


def titles(groups: tuple[DueGroup, ...]) -> list[str]:
    """Return the titles that are shown."""
    return [group.title for group in groups if group.lines]


@pytest.mark.parametrize(
    ("kind", "title", "glyph"),
    [
        (FollowUpKind.NOT_DELIVERED, "Not delivered", Glyph.NOT_DELIVERED),
        (FollowUpKind.WARM, "Opened, and no reply", Glyph.OPENED),
        (FollowUpKind.CLICKED_NO_REPLY, "Opened, and no reply", Glyph.CLICKED),
        (FollowUpKind.OPENED_NO_REPLY, "Opened, and no reply", Glyph.SENT),
        (FollowUpKind.NO_ANSWER, "Waiting for an answer", Glyph.SENT),
        (FollowUpKind.AWAY, "Back, or back within a week", Glyph.AWAY),
        (FollowUpKind.POSSIBLE_BOUNCE, "Look at it yourself", Glyph.UNCERTAIN),
        (FollowUpKind.POSSIBLE_REPLY, "Look at it yourself", Glyph.UNCERTAIN),
    ],
)
def test_today_says_what_is_to_be_done(kind: FollowUpKind, title: str, glyph: Glyph) -> None:
    """Each reason has its group and shape; none is lost."""
    groups = today_groups(reading(follow_up(kind)))
    assert titles(groups) == [title]
    assert [line.glyph for group in groups for line in group.lines] == [glyph]


def test_a_question_stands_for_the_reason_that_asks_the_same() -> None:
    """The user is asked once; a reason in another conversation stands beside it."""
    asked = question(QuestionKind.REPLY)
    alone = today_groups(reading(follow_up(FollowUpKind.POSSIBLE_REPLY), questions=(asked,)))
    assert titles(alone) == ["A question"]
    other = follow_up(FollowUpKind.POSSIBLE_REPLY, number=2)
    assert titles(today_groups(reading(other, questions=(asked,)))) == ["A question", "Look at it yourself"]


def test_what_is_due_later_is_not_for_today() -> None:
    """Silence that is due on Friday waits for Friday, in the list under Next."""
    later = reading(follow_up(FollowUpKind.NO_ANSWER, Due.NEXT, due_on=TODAY + timedelta(days=2)))
    assert is_nothing(today_groups(later))
    assert titles(due_groups(later)) == ["Next"]
    assert next_sentence(later) == "Next: Anna Berg on Friday 8 May."


@pytest.mark.parametrize(("days", "is_shown"), [(5, True), (7, True), (8, False)])
def test_who_comes_back_soon_is_named_today(days: int, is_shown: bool) -> None:
    """Somebody who is back within a week is named before they are due, with the day."""
    away = follow_up(FollowUpKind.AWAY, Due.NEXT, due_on=TODAY + timedelta(days=days))
    groups = today_groups(reading(away))
    assert is_nothing(groups) is not is_shown
    if is_shown:
        (line,) = next(group.lines for group in groups if group.lines)
        assert line.reason.startswith("Back on ")


def test_what_was_put_off_is_out_of_today_and_last_in_the_list() -> None:
    """It says until when; and the reading is out of date then."""
    until = NOW + timedelta(hours=3)
    put_off = reading(follow_up(FollowUpKind.AWAY, Due.NEXT, snoozed_until=until))
    assert is_nothing(today_groups(put_off))
    (line,) = next(group.lines for group in due_groups(put_off) if group.lines)
    assert line.note == "Put off until 17:20"
    assert put_off.next_at() == until
    assert next_sentence(put_off) == ""


def test_a_day_ends_the_reading_at_midnight() -> None:
    """Without anything put off it is the next midnight in the user's zone."""
    assert reading().next_at() == datetime(2026, 5, 7, tzinfo=UTC)


def test_the_quiet_warning_and_the_fold_are_said_beside_the_reason() -> None:
    """Two unanswered messages and further conversations are said, quietly; a single one is not."""
    plain, warned = follow_up(FollowUpKind.NO_ANSWER), follow_up(FollowUpKind.NO_ANSWER, is_insistent=True, folded=2)
    groups = [today_groups(reading(each)) for each in (plain, warned)]
    notes = [next(group.lines[0].note for group in found if group.lines) for found in groups]
    assert notes == ["", "Your last two messages to them went unanswered · 2 more conversations with them"]


def test_what_a_stranger_wrote_stays_on_one_line() -> None:
    """Direction marks and line breaks of a subject and a name do not reach a line."""
    hostile = follow_up(FollowUpKind.NO_ANSWER, subject=f"a\n{HOSTILE}", people=(person(f"Eve\r\n{HOSTILE}"),))
    (line,) = next(group.lines for group in today_groups(reading(hostile)) if group.lines)
    assert "\n" not in line.spoken()
    assert "\u202e" not in line.spoken()


@pytest.mark.parametrize(
    ("kind", "people", "said"),
    [
        (QuestionKind.REPLY, ("Anna",), "Is this Anna's reply? It came from A. B. (ab@home.example)"),
        (QuestionKind.REPLY, ("Jonas",), "Is this Jonas' reply? It came from A. B. (ab@home.example)"),
        (QuestionKind.REPLY, ("Anna", "Ben"), "Is this Anna or Ben's reply? It came from A. B. (ab@home.example)"),
        (
            QuestionKind.BOUNCE,
            ("Anna",),
            "Looks like a bounce, from A. B. (ab@home.example). Was your mail not delivered?",
        ),
    ],
)
def test_questions_are_asked_in_words(kind: QuestionKind, people: tuple[str, ...], said: str) -> None:
    """A question names whom it is about and where the mail came from."""
    assert question_words.asked(question(kind, *people)) == said


@pytest.mark.parametrize("reason", FailureReason)
def test_every_failure_says_so_first(reason: FailureReason) -> None:
    """A mail that was not delivered says that before it says why."""
    failed = follow_up(FollowUpKind.NOT_DELIVERED, people=(person(is_undelivered=True, failure=reason),))
    (line,) = next(group.lines for group in today_groups(reading(failed)) if group.lines)
    assert line.reason.startswith("Not delivered")


def older(days: int, kind: FollowUpKind = FollowUpKind.NO_ANSWER, *, number: int = 1) -> FollowUp:
    """Return what has been due for so many working days."""
    calendar = WorkCalendar()
    due_on = next(day for back in range(400) if calendar.between(day := TODAY - timedelta(days=back), TODAY) == days)
    return follow_up(kind, Due.OVERDUE, number=number, due_on=due_on)


@pytest.mark.parametrize(("days", "is_folded"), [(1, False), (OLD_AFTER_DAYS, False), (OLD_AFTER_DAYS + 1, True)])
@pytest.mark.parametrize("groups_of", [today_groups, due_groups])
def test_old_silence_is_folded_into_one_line(groups_of: Grouping, days: int, is_folded: bool) -> None:
    """What has been due for more than twenty working days stands behind a line that counts it; nothing is lost."""
    groups = groups_of(reading(older(days), older(days, number=2)))
    (group,) = [each for each in groups if each.lines]
    assert bool(group.fold_text) is is_folded
    assert [line.conversation_id for line in group.lines] == [1, 2]
    if is_folded:
        assert group.fold_text == "Older: 2 with no answer"


@pytest.mark.parametrize(
    "kind", [FollowUpKind.NOT_DELIVERED, FollowUpKind.POSSIBLE_REPLY, FollowUpKind.POSSIBLE_BOUNCE]
)
def test_what_is_to_be_mended_is_never_folded(kind: FollowUpKind) -> None:
    """A mail that never arrived, or a question, stands in the open however old it is; mere silence does not."""
    for groups in (today_groups(reading(older(200, kind))), due_groups(reading(older(200, kind)))):
        assert [group.fold_text for group in groups if group.lines] == [""]
    assert [group.fold_text for group in today_groups(reading(older(200))) if group.lines] != [""]


def test_a_long_wait_that_ends_today_is_not_old() -> None:
    """Old is what has been due for long, not what was sent long ago."""
    waited = follow_up(FollowUpKind.NO_ANSWER, sent_at=NOW - timedelta(days=200))
    assert titles(today_groups(reading(waited))) == ["Waiting for an answer"]


def test_lines_made_on_one_day_are_equal() -> None:
    """A reading that finds the same an hour later changes nothing on the screen; one on the next day does."""
    found = follow_up(FollowUpKind.NO_ANSWER)
    today, later = reading(found), replace(reading(found), now=NOW + timedelta(hours=1))
    assert today_groups(today) == today_groups(later)
    assert [line for group in due_groups(today) for line in group.lines] == [
        line for group in due_groups(later) for line in group.lines
    ]
    assert today_groups(today) != today_groups(replace(today, now=NOW + timedelta(days=1)))


def test_what_did_not_change_is_kept_as_it_was() -> None:
    """A later reading holds the earlier one's own values where they are equal, and only there."""
    before = reading(follow_up(FollowUpKind.NO_ANSWER), follow_up(FollowUpKind.NO_ANSWER, number=2))
    found = (follow_up(FollowUpKind.WARM), follow_up(FollowUpKind.NO_ANSWER, number=2), older(3, number=3))
    got = kept(found, before)
    assert found == got
    assert [each is known for each, known in zip(got, before.follow_ups, strict=False)] == [False, True]
    assert kept(found, None) is found


# The model and the list.


def line(number: int, *, asked: Question | None = None) -> DueLine:
    """Return a line to be shown."""
    return DueLine(
        key=number,
        conversation_id=number,
        glyph=Glyph.SENT,
        person=f"Person {number}",
        subject="Offer",
        reason="No answer for 3 working days",
        age="Mon",
        question=asked,
        follow_up=None if asked else follow_up(FollowUpKind.NO_ANSWER, number=number),
    )


@pytest.fixture
def model(qtbot: QtBot) -> Iterator[DueModel]:
    """Return a model with two groups, watched by Qt's own tester."""
    made = DueModel()
    tester = QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)
    made.replace((DueGroup(title="Today", lines=(line(1), line(2))), DueGroup(title="Next", lines=(line(3),))))
    yield made
    del tester


@pytest.fixture
def due_list(qtbot: QtBot, model: DueModel, themes: Themes) -> DueList:
    """Return a shown list."""
    shown = DueList(model, themes)
    qtbot.addWidget(shown)
    shown.resize(700, 400)
    shown.show()
    shown.select_row(0)
    return shown


def test_a_heading_cannot_be_chosen(model: DueModel) -> None:
    """Headings are neither selectable nor enabled; lines are both."""
    enabled = [bool(model.flags(model.index(row, 0)) & Qt.ItemFlag.ItemIsEnabled) for row in range(model.rowCount())]
    assert enabled == [False, True, True, False, True]
    assert model.low_rows() == (0, 3)
    assert model.line_at(0) is None


FOLDED = (
    DueGroup(title="Today", lines=(line(1), line(2))),
    DueGroup(title="Older", lines=(line(3), line(4)), fold_text="Older: 2 with no answer"),
)


def spoken(model: DueModel) -> list[str]:
    """Return what a screen reader hears, row by row."""
    return [str(model.data(model.index(row, 0))) for row in range(model.rowCount())]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_a_fold_is_opened_and_closed_with_a_key(due_list: DueList, model: DueModel, key: Qt.Key) -> None:
    """The keyboard reaches it, a key shows its lines and hides them again, and stays where it is."""
    model.replace(FOLDED)
    assert len(spoken(model)) == 4
    assert model.row_of(3) is None
    due_list.select_row(3)
    QTest.keyClick(due_list, key)
    assert [each.key for each in model.lines()] == [1, 2, 3, 4]
    assert model.row_of(3) == 4
    assert due_list.currentIndex().row() == 3
    assert spoken(model)[3] == "Older: 2 with no answer. Shown below; Enter hides them"
    QTest.keyClick(due_list, key)
    assert spoken(model)[3] == "Older: 2 with no answer. Enter shows them"
    assert [each.key for each in model.lines()] == [1, 2]


def test_a_fold_is_opened_with_the_mouse(due_list: DueList, model: DueModel) -> None:
    """A press on the fold shows its lines; a press on a line does not fold it."""
    model.replace(FOLDED)
    for row, count in ((3, 6), (4, 6), (3, 4)):
        place = due_list.visualRect(model.index(row, 0)).center()
        QTest.mouseClick(due_list.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert model.rowCount() == count


def test_what_a_fold_shows_comes_into_sight(due_list: DueList, model: DueModel) -> None:
    """A fold at the foot of the window moves up with its first lines when it is opened."""
    model.replace((replace(FOLDED[0], lines=tuple(line(number) for number in range(10, 30))), FOLDED[1]))
    due_list.select_row(21)
    QTest.keyClick(due_list, Qt.Key.Key_Return)
    for row in (21, 22, 23):
        assert due_list.viewport().rect().contains(due_list.visualRect(model.index(row, 0)))


def test_letters_do_nothing_on_a_fold(due_list: DueList, model: DueModel, qtbot: QtBot) -> None:
    """Nobody is done with thirty conversations by one key; and the buttons of a line are not there."""
    model.replace(FOLDED)
    due_list.select_row(3)
    with qtbot.assertNotEmitted(due_list.acted):
        for key in (Qt.Key.Key_D, Qt.Key.Key_S, Qt.Key.Key_W):
            QTest.keyClick(due_list, key)
    assert not due_list.actions_bar.isVisible()
    due_list.select_row(2)
    with qtbot.waitSignal(due_list.acted):
        QTest.keyClick(due_list, Qt.Key.Key_D)


def test_an_open_fold_stays_open_when_the_list_is_read_anew(model: DueModel) -> None:
    """What the user is working through does not fold itself up after each line."""
    model.replace(FOLDED)
    model.toggle(3)
    assert model.replace((FOLDED[0], replace(FOLDED[1], lines=(line(4),), fold_text="Older: 1 with no answer")))
    assert [each.key for each in model.lines()] == [1, 2, 4]


def test_replacing_by_the_same_changes_nothing(model: DueModel, qtbot: QtBot) -> None:
    """A reading that found nothing new resets nothing, so that hand and eye stay; a new one does."""
    groups = (DueGroup(title="Today", lines=(line(1), line(2))), DueGroup(title="Next", lines=(line(3),)))
    with qtbot.assertNotEmitted(model.modelReset):
        assert not model.replace(groups)
    with qtbot.waitSignal(model.modelReset):
        assert model.replace(groups[:1])


def test_an_empty_group_has_no_heading(model: DueModel) -> None:
    """Nothing is said of what is not there."""
    model.replace((DueGroup(title="Today", lines=()), DueGroup(title="Next", lines=(line(3),))))
    assert model.data(model.index(0, 0)) == "Next · 1"


def test_data_reads_nothing(model: DueModel) -> None:
    """What a row says was made when it was read."""
    index = model.index(1, 0)
    assert model.data(index) == "Person 1. Offer. No answer for 3 working days. Mon"
    assert model.data(index, Qt.ItemDataRole.DecorationRole) is None
    assert model.data(QModelIndex()) is None
    assert isinstance(model, QAbstractItemModel)


def test_arrows_pass_over_headings(due_list: DueList) -> None:
    """The keyboard goes from line to line, and never stands on a heading."""
    keys = []
    for _ in range(4):
        current = due_list.current_line()
        assert current is not None
        keys.append(current.key)
        QTest.keyClick(due_list, Qt.Key.Key_Down)
    assert keys == [1, 2, 3, 3]


@pytest.mark.parametrize(("key", "action"), [(Qt.Key.Key_D, "done"), (Qt.Key.Key_S, "snooze"), (Qt.Key.Key_W, "wait")])
def test_letters_act_on_the_current_line(due_list: DueList, qtbot: QtBot, key: Qt.Key, action: str) -> None:
    """A letter asks for its act; with a modifier it does not."""
    with qtbot.assertNotEmitted(due_list.acted):
        QTest.keyClick(due_list, key, Qt.KeyboardModifier.AltModifier)
    with qtbot.waitSignal(due_list.acted) as acted:
        QTest.keyClick(due_list, key)
    assert [acted.args[0].key, acted.args[1]] == [1, action]


def test_a_question_is_answered_and_not_done(due_list: DueList, model: DueModel, qtbot: QtBot) -> None:
    """Yes and no are for questions, done is for the rest."""
    with qtbot.assertNotEmitted(due_list.acted):
        QTest.keyClick(due_list, Qt.Key.Key_Y)
    model.replace((DueGroup(title="A question", lines=(line(1, asked=question(QuestionKind.REPLY)),)),))
    due_list.select_row(0)
    with qtbot.assertNotEmitted(due_list.acted):
        QTest.keyClick(due_list, Qt.Key.Key_D)
    with qtbot.waitSignal(due_list.acted) as acted:
        QTest.keyClick(due_list, Qt.Key.Key_Y)
    assert acted.args[1] == "yes"


def test_enter_opens(due_list: DueList, qtbot: QtBot) -> None:
    """Enter opens the line the keyboard is on."""
    with qtbot.waitSignal(due_list.opened) as opened:
        QTest.keyClick(due_list, Qt.Key.Key_Return)
    assert opened.args[0].key == 1


def test_the_buttons_stand_in_the_line_under_the_pointer(due_list: DueList, qtbot: QtBot) -> None:
    """They follow the pointer, go back to the current line, and act on the line they stand in."""
    assert due_list.actions_bar.isVisible()
    box = due_list.visualRect(due_list.model().index(4, 0))
    QTest.mouseMove(due_list.viewport(), box.center())
    due_list._hover(4)
    assert box.contains(due_list.actions_bar.geometry().center())
    with qtbot.waitSignal(due_list.acted) as acted:
        QTest.mouseClick(due_list.actions_bar.buttons["done"], Qt.MouseButton.LeftButton)
    assert acted.args[0].key == 3
    due_list._hover(None)
    assert due_list.visualRect(due_list.currentIndex()).contains(due_list.actions_bar.geometry().center())


def test_every_button_says_whom_it_is_about(due_list: DueList) -> None:
    """A screen reader hears the act and the person; the buttons of a question are not there for a follow-up."""
    shown = [each for each in due_list.actions_bar.buttons.values() if each.isVisible()]
    names = [QAccessible.queryAccessibleInterface(each).text(QAccessible.Text.Name) for each in shown]
    assert len(names) == 4
    assert all(name.endswith(": Person 1") for name in names)


def test_a_hundred_thousand_lines_are_shown_at_once(themes: Themes, qtbot: QtBot) -> None:
    """A list of that length is replaced, gone into and painted within two seconds of work."""
    # Without Qt's own tester, which looks at every row.
    model = DueModel()
    due_list = DueList(model, themes)
    qtbot.addWidget(due_list)
    due_list.show()
    lines = tuple(line(number) for number in range(100_000))
    began_s = thread_time()
    model.replace((DueGroup(title="Next", lines=lines),))
    due_list.select_row(50_000)
    assert due_list.grab().width() > 0
    assert thread_time() - began_s < 2


@pytest.mark.parametrize("points", [8, 10, 14, 22])
def test_every_row_has_the_height_of_what_stands_in_it(
    qtbot: QtBot, themes: Themes, qapp: QApplication, points: int
) -> None:
    """Whatever stood in its place before, at any width and size of letters: no line is cut, no heading stretched."""
    usual = qapp.font()
    font = QFont(usual)
    font.setPointSize(points)
    qapp.setFont(font)
    try:
        model = DueModel()
        shown = DueList(model, themes)
    finally:
        qapp.setFont(usual)
    qtbot.addWidget(shown)
    shown.show()
    random = Random(points)
    for width in (320, 560, 900, 1400):
        for _ in range(5):
            model.replace(tuple(some_group(random, number) for number in range(random.randint(1, 4))))
            model.toggle(random.randrange(9))
            shown.resize(width, 420)
            QCoreApplication.processEvents()
            rows = [model.data(model.index(row, 0), LINE_ROLE) for row in range(model.rowCount())]
            needed = [
                shown.itemDelegate().sizeHint(QStyleOptionViewItem(), model.index(at, 0)) for at in range(len(rows))
            ]
            assert [size.height() for size in needed] == [shown.rowHeight(at) for at in range(len(rows))]
            assert sum(size.height() for size in needed) == shown.verticalHeader().length()


def some_group(random: Random, number: int) -> DueGroup:
    """Return a group with a few lines or none, folded now and then."""
    lines = tuple(line(100 * number + at) for at in range(random.randint(0, 4)))
    fold = "Older" if number == 3 or random.random() < 0.2 else ""
    return DueGroup(title=f"Group {number}", lines=lines, fold_text=fold)


def test_enter_presses_the_button_the_keyboard_is_on(due_list: DueList, qtbot: QtBot) -> None:
    """On Done it is done, on Snooze it is put off, and nothing is opened; on the line itself it opens."""
    due_list.activateWindow()
    qtbot.waitUntil(due_list.isActiveWindow)
    for name in ("done", "snooze", "wait"):
        due_list.actions_bar.buttons[name].setFocus()
        with qtbot.assertNotEmitted(due_list.opened), qtbot.waitSignal(due_list.acted) as acted:
            QTest.keyClick(due_list.actions_bar.buttons[name], Qt.Key.Key_Return)
        assert acted.args[1] == name
    due_list.setFocus()
    with qtbot.waitSignal(due_list.opened):
        QTest.keyClick(due_list, Qt.Key.Key_Return)


@pytest.mark.parametrize("kind", [FollowUpKind.NOT_DELIVERED, FollowUpKind.POSSIBLE_BOUNCE])
def test_nobody_is_asked_to_wait_for_an_answer_to_what_did_not_arrive(
    due_list: DueList, model: DueModel, qtbot: QtBot, kind: FollowUpKind
) -> None:
    """Neither a button nor the key is there; a line of silence has both."""
    failed = replace(line(5), follow_up=follow_up(kind, number=5))
    model.replace((DueGroup(title="Today", lines=(failed, line(6))),))
    due_list.select_row(1)
    wait = due_list.actions_bar.buttons["wait"]
    assert not wait.isVisible()
    with qtbot.assertNotEmitted(due_list.acted):
        QTest.keyClick(due_list, Qt.Key.Key_W)
    due_list.select_row(2)
    assert wait.isVisible()
    with qtbot.waitSignal(due_list.acted):
        QTest.keyClick(due_list, Qt.Key.Key_W)


@pytest.mark.parametrize(
    ("states", "title"),
    [
        ((Incoming.READ, Incoming.NOT_READ), "Your mail has not been read yet"),
        ((Incoming.OLDER_TO_COME,), "Your older mail is not read yet"),
        ((Incoming.READ, Incoming.NONE), None),
        ((), None),
    ],
)
def test_an_empty_list_knows_whether_it_means_anything(states: tuple[Incoming, ...], title: str | None) -> None:
    """Only where an account's mail was read to the end nobody is awaited."""
    readings = tuple(AccountReading(account_id=1, address="kim@x.example", incoming=each) for each in states)
    said = DueReading(now=NOW, calendar=WorkCalendar(), follow_ups=(), readings=readings).unknown_words()
    assert (None if said is None else said[0]) == title
