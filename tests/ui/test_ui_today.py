"""Today: what is to be done, done and undone, asked and answered; the first of all places, never claiming more."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.core.arrival import ArrivalKind
from desktop.core.errors import NotAuthorised, StoreTrouble
from desktop.core.followup import Due
from desktop.core.status import Rung
from desktop.store.accounts import save_account
from desktop.store.arrivals import Batch, record_batch
from desktop.store.database import Store
from desktop.store.folders import FolderRole, FolderRow
from desktop.store.mail import cards
from desktop.store.questions import answer_question, questions
from desktop.store.reminders import due_list, mark_done, reminder
from desktop.ui import deeds, due_feed, mail_words
from desktop.ui.actions import MailState
from desktop.ui.due_feed import DueFeed
from desktop.ui.due_lines import DueReading
from desktop.ui.due_list import DueList
from desktop.ui.going import CONVERSATIONS, FOLLOW_UPS, TODAY
from desktop.ui.main_window import MainWindow
from desktop.ui.ops import Ops
from desktop.ui.setup_dialog import SetUpDialog
from desktop.ui.snooze_menu import DateDialog
from desktop.ui.wait_dialog import WaitDialog
from tests.ui.sample_arrivals import ANNA, MARCO, READ_ACCOUNT, SINEAD, TOMAS, Mailboxes, fill_incoming
from tests.ui.sample_data import NOW, STATIONS, WATCHING, FakeApp

Open = Callable[..., MainWindow]


@pytest.fixture
def window(store: Store, open_window: Open, qtbot: QtBot) -> MainWindow:
    """Open a window on two weeks of mail."""
    fill_incoming(store)
    window = open_window()
    qtbot.waitUntil(lambda: bool(window.today.model.lines()) and window.ops.is_idle)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.show_today()
    return window


def people(listed: DueList) -> list[str]:
    """Return whom the lines are about, in their order."""
    model = listed.model()
    rows = [model.data(model.index(row, 0), Qt.ItemDataRole.UserRole) for row in range(model.rowCount())]
    return [row.person for row in rows if not isinstance(row, str)]


def go_to(listed: DueList, person: str) -> None:
    """Put the keyboard on a person's line."""
    model = listed.model()
    for row in range(model.rowCount()):
        line = model.data(model.index(row, 0), Qt.ItemDataRole.UserRole)
        if not isinstance(line, str) and line.person == person:
            listed.select_row(row)
            return
    raise AssertionError(f"nobody called {person} in {people(listed)}")


def texts(widget: QWidget) -> list[str]:
    """Return the texts of all labels that are shown."""
    return [each.text().replace("\u200b", "") for each in widget.findChildren(QLabel) if each.isVisible()]


def test_it_opens_on_today(window: MainWindow) -> None:
    """The first place says who was not reached, who has not answered and who is back, and asks what is in doubt."""
    assert window.places.currentIndex() == TODAY
    said = {line.person: line.reason for line in window.today.model.lines()}
    assert said["Petr Novák"] == "Not delivered: no such address. Fix the address."
    assert said["Marco Rossi"] == "No answer for 4 working days"
    assert said["Lena Hoch"] == "Back on Monday 11 May"
    assert said["Tomás Alves"] == "Is this Tomás Alves' reply? It came from T. Alves (t.alves@home.example)"
    assert said["Inês Prado"].startswith("Looks like a bounce")
    assert "Anna Berg" not in said


def test_done_takes_a_line_away_and_undo_brings_it_back(window: MainWindow, qtbot: QtBot) -> None:
    """D is done; the bar says so; Ctrl+Z takes it back, once."""
    go_to(window.today.list, "Yuki Tanaka")
    QTest.keyClick(window.today.list, Qt.Key.Key_D)
    qtbot.waitUntil(window.undo_bar.isVisible)
    assert "Yuki Tanaka" not in people(window.today.list)
    assert window.undo_bar.text() == "Done: Yuki Tanaka, “Lamps for the reading corner”"
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "Yuki Tanaka" in people(window.today.list))
    assert window.undo_bar.text() == "Taken back · Done: Yuki Tanaka, “Lamps for the reading corner”"
    assert not window.undo_bar.button.isVisible()
    assert window.undo_bar.is_empty
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.ops.is_idle)
    assert "Yuki Tanaka" in people(window.today.list)


def test_what_was_taken_back_goes_with_the_page(window: MainWindow, qtbot: QtBot) -> None:
    """Another page is not told of it; an undo that is still offered stays for its time."""
    go_to(window.today.list, "Yuki Tanaka")
    QTest.keyClick(window.today.list, Qt.Key.Key_D)
    qtbot.waitUntil(window.undo_bar.isVisible)
    window.show_follow_ups()
    assert window.undo_bar.isVisible()
    assert window.undo_bar.button.isVisible()
    window.undo()
    assert window.undo_bar.isVisible()
    window.show_people()
    assert not window.undo_bar.isVisible()


def test_a_tab_leads_the_keyboard_into_its_list(window: MainWindow, qtbot: QtBot) -> None:
    """After a press on a tab the arrows move in the list that came up, and nothing is focused on the tab before."""
    tabs = {each.accessibleName(): each for each in window.head.findChildren(QToolButton)}
    for name, listed in (
        ("Follow-ups", window.follow_ups.list),
        ("Conversations", window.threads.list),
        ("People", window.people.list),
        ("Today", window.today.list),
    ):
        tabs["Today"].setFocus()
        QTest.mouseClick(tabs[name], Qt.MouseButton.LeftButton)
        assert listed.hasFocus()


def test_as_the_window_comes_up_the_keyboard_is_in_the_list(store: Store, open_window: Open, qtbot: QtBot) -> None:
    """The first reading that finds something takes the keyboard from the tabs, and from nothing else."""
    fill_incoming(store)
    window = open_window()
    window.activateWindow()
    qtbot.waitUntil(lambda: window.today.list.isVisible() and window.focusWidget() is window.today.list)


def test_the_first_line_is_chosen_until_the_user_chooses(
    window: MainWindow,
) -> None:
    """What a first reading puts above the first line takes its place; a line the user went to is kept."""
    whole = window.feed.latest
    assert whole is not None
    part = replace(whole, questions=(), follow_ups=tuple(each for each in whole.follow_ups if each.due is Due.OVERDUE))
    page = window.today
    page.list.is_used = False
    for reading in (part.with_lists(), whole):
        page.show_reading(reading)
        assert page.list.currentIndex().row() == 1
    page.show_reading(part.with_lists())
    QTest.keyClick(page.list, Qt.Key.Key_Down)
    kept = page.list.current_line()
    page.show_reading(whole)
    assert page.list.currentIndex().row() > 1
    assert page.list.current_line() == kept


def test_after_done_the_keyboard_is_on_the_next_line(window: MainWindow, qtbot: QtBot) -> None:
    """Whoever works through the list presses D again and again."""
    go_to(window.today.list, "Marco Rossi")
    window.today.list.setFocus()
    QTest.keyClick(window.today.list, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: window.undo_bar.isVisible() and window.ops.is_idle)
    qtbot.waitUntil(window.today.list.hasFocus)
    current = window.today.list.current_line()
    assert current is not None
    assert current.key != ("due", 0)


@pytest.mark.parametrize("refuses", [False, True])
def test_a_line_goes_at_once_and_comes_back_if_the_store_refuses(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, *, refuses: bool
) -> None:
    """It is gone before the store answers, from both lists, also for readings begun before that; a refusal is told."""
    answered = threading.Event()

    def slow(*given: object) -> object:
        assert answered.wait(20)
        if refuses:
            raise StoreTrouble("The store is full.", "Make room.")
        return mark_done(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(deeds, "mark_done", slow)
    go_to(window.today.list, "Yuki Tanaka")
    QTest.keyClick(window.today.list, Qt.Key.Key_D)
    for page in (window.today, window.follow_ups):
        assert "Yuki Tanaka" not in people(page.list)
    next_one = window.today.list.current_line()
    assert next_one is not None
    assert next_one.person != "Yuki Tanaka"
    with qtbot.waitSignal(window.feed.read):
        window.feed.ask()
    assert "Yuki Tanaka" not in people(window.today.list)
    answered.set()
    if refuses:
        qtbot.waitUntil(lambda: "Yuki Tanaka" in people(window.today.list))
        assert "The store is full." in window.banner.text()
        return
    qtbot.waitUntil(lambda: not window.undo_bar.is_empty and window.ops.is_idle)
    assert "Yuki Tanaka" not in people(window.today.list)
    window.undo()
    qtbot.waitUntil(lambda: "Yuki Tanaka" in people(window.today.list))


def test_an_answered_question_goes_at_once(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second key cannot answer it again; taken back, it is asked again."""
    answered = threading.Event()

    def slow(*given: object) -> object:
        assert answered.wait(20)
        return answer_question(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(deeds, "answer_question", slow)
    go_to(window.today.list, TOMAS.name)
    QTest.keyClick(window.today.list, Qt.Key.Key_N)
    assert TOMAS.name not in people(window.today.list)
    answered.set()
    qtbot.waitUntil(lambda: not window.undo_bar.is_empty and window.ops.is_idle)
    window.undo()
    qtbot.waitUntil(lambda: TOMAS.name in people(window.today.list))


def test_a_line_is_put_off_from_a_menu(window: MainWindow, qtbot: QtBot, store: Store) -> None:
    """Each choice says until when; the one taken is kept, the line is gone from Today and stands last in the list."""
    go_to(window.today.list, "Yuki Tanaka")
    line = window.today.list.current_line()
    assert line is not None
    menu = window.acts.ask_snooze(line.conversation_id, line.person)
    texts_of_menu = [action.text() for action in menu.actions() if action.text()]
    assert texts_of_menu == [
        "&Later today  ·  17:20",
        "&Tomorrow  ·  Thu 7 May 9:00",
        "&Next week  ·  Mon 11 May 9:00",
        "A &date…",
    ]
    menu.actions()[1].trigger()
    assert "Yuki Tanaka" not in people(window.today.list)
    qtbot.waitUntil(lambda: people(window.follow_ups.list)[-1] == "Yuki Tanaka" and window.ops.is_idle)
    until = reminder(store, line.conversation_id).snoozed_until
    assert until == datetime(2026, 5, 7, 9, tzinfo=NOW.tzinfo)
    menu.close()


def test_any_other_day_is_chosen_from_a_calendar(window: MainWindow, qtbot: QtBot) -> None:
    """A day to come is taken as its morning; days gone by cannot be chosen."""
    dialog = DateDialog(window, NOW)
    dialog.show()
    assert dialog.calendar.minimumDate().toString(Qt.DateFormat.ISODate) == "2026-05-07"
    dialog.calendar.setSelectedDate(dialog.calendar.minimumDate().addDays(5))
    with qtbot.waitSignal(dialog.chosen) as chosen:
        dialog._on_taken()
    assert chosen.args == [datetime(2026, 5, 12, 9, tzinfo=NOW.tzinfo)]


def test_another_wait_is_kept_and_can_be_taken_back(window: MainWindow, qtbot: QtBot, store: Store) -> None:
    """W opens what holds now; a longer wait takes the line from Today, undo puts it back."""
    go_to(window.today.list, "Yuki Tanaka")
    line = window.today.list.current_line()
    assert line is not None
    QTest.keyClick(window.today.list, Qt.Key.Key_W)
    qtbot.waitUntil(lambda: window.findChild(WaitDialog) is not None)
    dialog = window.findChild(WaitDialog)
    assert isinstance(dialog, WaitDialog)
    assert dialog.days.value() == 3
    assert not dialog.message_line.isVisible()
    dialog.days.field.clear()
    QTest.keyClicks(dialog.days.field, "500")
    assert dialog.message_line.text() == "At most 90 working days."
    dialog.days.set_value(20)
    dialog._on_kept()
    qtbot.waitUntil(lambda: "Yuki Tanaka" not in people(window.today.list))
    said = "Wait for an answer 20 working days: Yuki Tanaka, “Lamps for the reading corner”"
    qtbot.waitUntil(lambda: window.undo_bar.text() == said)
    assert reminder(store, line.conversation_id).wait_days == 20
    window.undo()
    qtbot.waitUntil(lambda: "Yuki Tanaka" in people(window.today.list))
    assert reminder(store, line.conversation_id).wait_days is None


def asked_wait(window: MainWindow, qtbot: QtBot, person: str) -> WaitDialog:
    """Press W on somebody's line and return the dialog."""
    go_to(window.follow_ups.list, person)
    QTest.keyClick(window.follow_ups.list, Qt.Key.Key_W)
    qtbot.waitUntil(lambda: window.findChild(WaitDialog) is not None)
    dialog = window.findChild(WaitDialog)
    assert isinstance(dialog, WaitDialog)
    return dialog


def test_a_wait_for_the_newest_mail_alone_is_shown_as_such(window: MainWindow, qtbot: QtBot, store: Store) -> None:
    """It can be set from a line of the list; asked again, the dialog shows it, and the conversation's own beside it."""
    window.show_follow_ups()
    dialog = asked_wait(window, qtbot, "Yuki Tanaka")
    assert (dialog.conversation.isChecked(), dialog.usual.text()) == (True, "&As the account says")
    dialog.message.click()
    dialog.days.set_value(15)
    dialog._on_kept()
    qtbot.waitUntil(lambda: window.findChild(WaitDialog) is None)
    qtbot.waitUntil(lambda: "Yuki Tanaka" not in people(window.today.list))
    dialog = asked_wait(window, qtbot, "Yuki Tanaka")
    assert (dialog.message.isChecked(), dialog.days.value()) == (True, 15)
    assert dialog.usual.text() == "&As the conversation says"
    dialog.conversation.click()
    assert dialog.days.value() == 3
    dialog.days.set_value(8)
    dialog.message.click()
    assert dialog.days.value() == 8
    dialog._on_default()
    qtbot.waitUntil(lambda: "Yuki Tanaka" in people(window.today.list))


@pytest.mark.parametrize(("key", "rung"), [(Qt.Key.Key_Y, Rung.REPLIED), (Qt.Key.Key_N, Rung.SENT)])
def test_a_question_is_answered_with_a_key(
    window: MainWindow, qtbot: QtBot, store: Store, key: Qt.Key, rung: Rung
) -> None:
    """Yes makes it a reply, no leaves the copy as it was; either way nothing is asked any more, until undone."""
    go_to(window.today.list, TOMAS.name)
    QTest.keyClick(window.today.list, key)
    qtbot.waitUntil(lambda: len(questions(store, None)) == 1)
    assert next(card.rung for card in cards(store) if card.subject == "Samples") is rung
    qtbot.waitUntil(lambda: not window.undo_bar.is_empty)
    window.undo()
    qtbot.waitUntil(lambda: len(questions(store, None)) == 2)
    qtbot.waitUntil(lambda: TOMAS.name in people(window.today.list))


def test_enter_opens_the_conversation_and_back_leads_back(window: MainWindow, qtbot: QtBot) -> None:
    """From Today and from the list, to the conversation and back again."""
    for show, listed, place in (
        (window.show_today, window.today.list, TODAY),
        (window.show_follow_ups, window.follow_ups.list, FOLLOW_UPS),
    ):
        show()
        go_to(listed, "Petr Novák")
        QTest.keyClick(listed, Qt.Key.Key_Return)
        assert window.places.currentIndex() == CONVERSATIONS
        qtbot.waitUntil(lambda: "Delivery on Friday" in texts(window.view))
        window.go_back()
        assert window.places.currentIndex() == place


def test_what_comes_in_is_seen_without_asking(window: MainWindow, qtbot: QtBot, store: Store) -> None:
    """A reply takes its line from Today; an automatic answer does not."""
    mail = Mailboxes(store)
    about = "<meeting-room,-second-draft@phone.example>"
    marco = next(line for line in window.today.model.lines() if line.person == "Marco Rossi")
    assert marco.note == "Your last two messages to them went unanswered · 1 more conversation with them"
    mail.came(ArrivalKind.AUTO_REPLY, "Thank you for your mail", SINEAD, NOW, "<thursday@phone.example>")
    qtbot.waitUntil(lambda: window.ops.is_idle)
    assert "Marco Rossi" in people(window.today.list)
    mail.came(ArrivalKind.MAIL, "Re: Meeting room, second draft", MARCO, NOW, about)
    qtbot.waitUntil(lambda: all(line.note == "" for line in window.today.model.lines()))


# Nothing to do.


def read_through(store: Store) -> None:
    """Let the account's incoming mail be read to its end."""
    inbox = FolderRow(account_id=1, name="INBOX", role=FolderRole.INBOX, uid_validity=7, next_uid=9)
    record_batch(store, Batch(account_id=1, folder=inbox), now=NOW)


def test_an_unread_mailbox_claims_nothing(store: Store, open_window: Open, qtbot: QtBot) -> None:
    """Before the first reading Today says that nobody is listed for want of it; read through, that nothing is to do."""
    save_account(store, READ_ACCOUNT)
    window = open_window()
    qtbot.waitUntil(lambda: "Your mail has not been read yet" in texts(window))
    assert "Nothing to do today" not in texts(window)
    read_through(store)
    window.feed.ask()
    qtbot.waitUntil(lambda: "Nothing to do today" in texts(window))


def test_an_empty_today_says_what_comes_next(store: Store, open_window: Open, qtbot: QtBot) -> None:
    """Nothing is due, and the next one is named with the day."""
    save_account(store, READ_ACCOUNT)
    read_through(store)
    Mailboxes(store).sent("Thursday", NOW - timedelta(hours=2), ANNA)
    window = open_window()
    qtbot.waitUntil(lambda: "Next: Anna Berg on Monday 11 May." in texts(window))
    assert "Nothing to do today" in texts(window)


@pytest.mark.parametrize(
    ("account", "said"),
    [
        (READ_ACCOUNT, "Nobody's answer is awaited. What you send from now on is watched for you."),
        (replace(READ_ACCOUNT, imap_host=""), mail_words.NO_INCOMING),
    ],
)
def test_an_empty_today_claims_no_more_than_is_so(
    store: Store, open_window: Open, qtbot: QtBot, account: object, said: str
) -> None:
    """Where no incoming mail is read, silence says nothing, and Today says that."""
    save_account(store, account)  # type: ignore[arg-type]
    read_through(store)
    window = open_window()
    qtbot.waitUntil(lambda: said in texts(window))


def test_without_an_account_it_says_where_to_start(open_window: Open, qtbot: QtBot, store: Store) -> None:
    """An empty program begins with the account; with one, it has nothing to do."""
    window = open_window()
    qtbot.waitUntil(window.today.start.isVisible)
    read_through(store)
    save_account(store, READ_ACCOUNT)
    qtbot.waitUntil(lambda: "Nothing to do today" in texts(window))
    assert not window.today.start.isVisible()


def test_follow_ups_without_an_account_say_where_to_start(open_window: Open, qtbot: QtBot, store: Store) -> None:
    """The whole list begins with the account as Today does; with one, nobody is to be followed up with."""
    read_through(store)
    window = open_window()
    page = window.follow_ups
    window.show_follow_ups()
    qtbot.waitUntil(page.start.isVisible)
    page.focus_first()
    assert window.focusWidget() is page.start.button
    QTest.keyClick(page.start.button, Qt.Key.Key_Space)
    next(each for each in window.findChildren(SetUpDialog) if each.isVisible()).close()
    save_account(store, READ_ACCOUNT)
    qtbot.waitUntil(lambda: "Nobody to follow up with" in texts(window))
    assert not page.start.isVisible()


def test_a_long_reading_says_that_it_reads(
    store: Store, open_window: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the list is read both places claim nothing; after a moment they say what they do; then it stands there."""
    fill_incoming(store)
    going_on = threading.Event()

    def slow(*given: object, **more: object) -> object:
        assert going_on.wait(20)
        return due_list(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(due_feed, "due_list", slow)
    window = open_window(is_idle=False)
    for page, show in ((window.today, window.show_today), (window.follow_ups, window.show_follow_ups)):
        show()
        qtbot.waitUntil(lambda: page.waiting.isVisible() and page.waiting.text() == "Reading…")  # noqa: B023
        assert not window.today.start.isVisible()
    going_on.set()
    qtbot.waitUntil(window.follow_ups.list.isVisible)


def test_what_could_not_be_read_says_so(
    store: Store, open_window: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that fails at the first reading leaves no page that waits for ever."""

    def failing(*_given: object, **_more: object) -> object:
        raise StoreTrouble("The store is damaged.", "")

    monkeypatch.setattr(due_feed, "due_list", failing)
    window = open_window()
    assert window.today.waiting.text() == "This could not be read."
    assert window.today.waiting.isVisible()
    assert "damaged" in window.banner.text()


# The first reading of a mailbox.

READING = replace(WATCHING, state=MailState.READING, folder="sent", done=1240, total=3900)


def test_a_first_reading_shows_how_far_it_is(open_window: Open, qtbot: QtBot, app: FakeApp, store: Store) -> None:
    """Today says how much is read, does not claim to be whole, and can cancel; the rest goes on working."""
    save_account(store, READ_ACCOUNT)
    app.stations = replace(STATIONS, mail=(READING,))
    window = open_window()
    qtbot.waitUntil(lambda: "Nothing to do so far" in texts(window))
    (strip,) = window.today.strips()
    assert strip.text() == "Reading your Sent mail: 1,240 of 3,900 in all"
    assert window.status_line.mail[1].text() == "Mail: reading kim@larsen-office.example, 31 %"
    QTest.mouseClick(strip.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ("cancel_reading", 1) in app.calls)
    window.show_people()
    assert window.people.isVisible()


def test_a_cancelled_reading_can_be_taken_up_again(open_window: Open, qtbot: QtBot, app: FakeApp) -> None:
    """What was cancelled says so until it is read on; what is done says nothing."""
    app.stations = replace(STATIONS, mail=(replace(READING, state=MailState.CANCELLED, done=0, total=0),))
    window = open_window()
    qtbot.waitUntil(lambda: bool(window.today.strips()))
    (strip,) = window.today.strips()
    assert strip.text() == "Older mail is not read; new mail is"
    QTest.mouseClick(strip.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ("resume_reading", 1) in app.calls)
    window.on_stations(STATIONS)
    assert window.today.strips() == ()


def test_of_several_accounts_each_is_named(open_window: Open, qtbot: QtBot, app: FakeApp) -> None:
    """With two accounts a strip says whose mail it reads, and the foot has a line for each."""
    second = replace(READING, account_id=2, address="k@home.example")
    app.stations = replace(STATIONS, mail=(READING, second))
    window = open_window()
    qtbot.waitUntil(lambda: len(window.today.strips()) == 2)
    assert "of k@home.example" in window.today.strips()[1].text()
    assert set(window.status_line.mail) == {1, 2}
    window.on_stations(STATIONS)
    assert set(window.status_line.mail) == {1}


def test_the_foot_is_never_cut_within_a_letter(open_window: Open, qtbot: QtBot, app: FakeApp) -> None:
    """In a narrow window each line ends in an ellipsis and says all in its tooltip; in a wide one it stands whole."""
    second = replace(WATCHING, account_id=2, address="a.long.address.of.somebody@home-and-garden.example")
    app.stations = replace(STATIONS, mail=(WATCHING, second))
    window = open_window()
    qtbot.waitUntil(lambda: set(window.status_line.mail) == {1, 2})
    button = window.status_line.mail[2]
    for width, is_cut in ((800, True), (2400, False)):
        window.resize(width, 500)
        qtbot.waitUntil(lambda: (button.shown_text() != button.text()) is is_cut)  # noqa: B023
        assert button.shown_text().endswith("…") is is_cut
        place = button.rect().center()
        QApplication.sendEvent(button, QHelpEvent(QEvent.Type.ToolTip, place, button.mapToGlobal(place)))
        assert button.toolTip() == (
            "Mail: watching a.long.address.of.somebody@home-and-garden.example" if is_cut else ""
        )
        assert window.status_line.width() <= window.width()


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("inbox", "Reading your inbox: 1,240 of 3,900 in all"),
        ("junk", "Reading your spam folder: 1,240 of 3,900 in all"),
        ("", "Reading your older mail: 1,240 of 3,900 in all"),
    ],
)
def test_a_reading_names_what_it_reads(folder: str, said: str) -> None:
    """The folder is called what it is for; where none is known it is older mail."""
    assert mail_words.reading_line(replace(READING, folder=folder), is_only=True) == said


# Signing in again.


def test_a_refused_sign_in_offers_to_sign_in_again(window: MainWindow, qtbot: QtBot, app: FakeApp) -> None:
    """The banner says why and leads to the account; nothing of the list is lost; it goes once all is well."""
    before = people(window.today.list)
    trouble = NotAuthorised("Google does not accept the sign-in any more.", "Sign in again; nothing is lost.")
    window.on_stations(replace(STATIONS, mail=(replace(WATCHING, state=MailState.SIGN_IN, trouble=trouble),)))
    assert window.banner.text() == f"{trouble.sentence} {trouble.cure}"
    assert people(window.today.list) == before
    assert window.status_line.mail[1].text() == "Mail: sign in to kim@larsen-office.example again"
    QTest.mouseClick(window.banner.button, Qt.MouseButton.LeftButton)
    page = window.settings.account
    qtbot.waitUntil(lambda: page.password.isVisible() and page.label.text() == "Larsen Office")
    window.on_stations(STATIONS)
    assert not window.banner.isVisible()


def test_mail_that_is_only_out_of_reach_raises_no_banner(window: MainWindow) -> None:
    """A provider that does not answer is tried again by itself: the foot says so, and that is enough."""
    trouble = NotAuthorised("No answer.", "")
    window.on_stations(replace(STATIONS, mail=(replace(WATCHING, state=MailState.AWAY, trouble=trouble),)))
    assert not window.banner.isVisible()
    assert "trying again" in window.status_line.mail[1].text()


# Time passes.


def test_the_list_is_read_anew_when_the_clock_says_so(store: Store, ops: Ops, qtbot: QtBot) -> None:
    """At midnight, and when something put off comes back, a look reads anew; before that it does not."""
    fill_incoming(store)
    now = [NOW]
    feed = DueFeed(store, ops, lambda: now[0], ops)
    read: list[DueReading] = []
    feed.read.connect(read.append)
    feed.ask()
    qtbot.waitUntil(lambda: len(read) == 1)
    now[0] = NOW + timedelta(hours=9)
    feed.look()
    qtbot.waitUntil(lambda: ops.is_idle)
    assert len(read) == 1
    now[0] = NOW + timedelta(hours=10)
    feed.look()
    qtbot.waitUntil(lambda: len(read) == 2)
    assert read[1].now.date() > read[0].now.date()
    now[0] = NOW - timedelta(days=1)
    feed.look()
    qtbot.waitUntil(lambda: len(read) == 3)


def test_many_changes_ask_for_few_readings(store: Store, ops: Ops, qtbot: QtBot) -> None:
    """Fifty changes while a reading is under way lead to one more, not to fifty."""
    feed = DueFeed(store, ops, lambda: NOW, ops)
    read: list[DueReading] = []
    feed.read.connect(read.append)
    for _ in range(50):
        feed.ask()
    qtbot.waitUntil(lambda: len(read) == 2)
    qtbot.waitUntil(lambda: ops.is_idle)
    assert len(read) == 2


def test_every_shown_button_of_today_has_a_name(window: MainWindow) -> None:
    """A screen reader can name what can be pressed."""
    shown = [each for each in window.today.findChildren(QPushButton) if each.isVisible()]
    assert len(shown) > 2
    assert [each.text() for each in shown if not each.accessibleName()] == []
