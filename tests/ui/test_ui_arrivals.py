"""A conversation shows what came in: replies, absences, reports and receipts, in words and as plain text alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.core.arrival import ArrivalKind, DeliveryAction, DeliveryReport, FailureReason
from desktop.core.notice import Notice, NoticeKind
from desktop.core.policy import WhyNot
from desktop.core.status import Aside, Rung
from desktop.store.accounts import save_account
from desktop.store.database import Store
from desktop.store.mail import cards, conversation
from desktop.store.questions import questions
from desktop.ui import notice_words, words
from desktop.ui.actions import RelayState
from desktop.ui.arrival_card import ArrivalCard, glyph_of_arrival
from desktop.ui.copy_card import CopyCard
from desktop.ui.glyphs import Glyph
from desktop.ui.main_window import MainWindow
from desktop.ui.thread_list import card_text
from tests.ui.sample_arrivals import ANNA, DAEMON, LENA, READ_ACCOUNT, Mailboxes, fill_incoming, hostile
from tests.ui.sample_data import NOW, STATIONS, FakeApp, Sample, To

Open = Callable[[], MainWindow]
Show = Callable[[str], MainWindow]


@pytest.fixture
def show(store: Store, open_window: Open, qtbot: QtBot) -> Show:
    """Open a window on two weeks of mail, at the conversation with a subject."""
    fill_incoming(store)
    window = open_window()

    def shown(subject: str) -> MainWindow:
        wanted = next(card.id for card in cards(store) if card.subject == subject)
        window.open_conversation(wanted)
        qtbot.waitUntil(lambda: window.view.shown is not None and window.view.shown.conversation.id == wanted)
        qtbot.waitUntil(lambda: window.ops.is_idle)
        return window

    return shown


def texts(widget: QWidget) -> list[str]:
    """Return the texts of all labels that are shown."""
    return [each.text().replace("\u200b", "") for each in widget.findChildren(QLabel) if each.isVisible()]


@pytest.mark.parametrize(
    ("subject", "status", "came"),
    [
        ("Quote for the office chairs", "Replied", "Anna Berg replied"),
        ("Contract renewal", "Sent · Away, back on Mon 11 May", "Automatic answer from Lena Hoch"),
        ("Delivery on Friday", "Not delivered: no such address", "Delivery report from Mail Delivery System"),
        ("Terms and conditions", "Confirmed", "Read receipt from Jonas Weber"),
        ("Samples", "Sent", "Mail from T. Alves"),
    ],
)
def test_each_kind_of_answer_is_said(show: Show, subject: str, status: str, came: str) -> None:
    """The status of the copy and the mail that it follows from stand in the conversation."""
    said = texts(show(subject).view)
    assert status in said
    assert came in said


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("Quote for the office chairs", "Opened, inferred from the reply."),
        ("Terms and conditions", "Opened, inferred from the read receipt."),
    ],
)
def test_an_open_that_was_not_seen_says_from_what_it_is_known(show: Show, subject: str, said: str) -> None:
    """Who replied or confirmed has read it, and the card says that this is inferred."""
    assert said in texts(show(subject).view)


def test_an_open_that_was_seen_is_not_called_inferred(filled: Store, open_window: Open, qtbot: QtBot) -> None:
    """Where a person's open was recorded, nothing is inferred."""
    window = open_window()
    window.show_conversations()
    qtbot.waitUntil(lambda: "Offer" in texts(window.view))
    assert not any("inferred" in text for text in texts(window.view))


def test_the_report_s_own_words_are_quoted(show: Show) -> None:
    """Below the plain reason stands what the server wrote."""
    said = texts(show("Delivery on Friday").view)
    assert "No such address." in said
    assert any(text.startswith("“550 5.1.1 <p.novak@novak-sons.example>") for text in said)


def test_markup_that_came_in_stays_text(store: Store, open_window: Open, qtbot: QtBot) -> None:
    """A hostile name, subject and diagnostic are letters on every screen, and no label would render them."""
    save_account(store, READ_ACCOUNT)
    hostile(store)
    window = open_window()
    window.show_conversations()
    qtbot.waitUntil(lambda: any("<img" in text for text in texts(window.view)))
    rich = [each for each in window.findChildren(QLabel) if each.textFormat() is not Qt.TextFormat.PlainText]
    assert rich == []
    (line,) = window.today.model.lines()
    assert "<b>Ann</b>" in line.person
    assert "\u202e" not in line.spoken()


@pytest.mark.parametrize(("press", "rung"), [("Yes", Rung.REPLIED), ("No", Rung.SENT)])
def test_a_question_is_answered_where_the_mail_stands(
    show: Show, qtbot: QtBot, store: Store, press: str, rung: Rung
) -> None:
    """The card of the mail asks, takes the answer, and offers to ask again."""
    window = show("Samples")
    button = next(each for each in window.view.findChildren(QPushButton) if each.text() == press)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(questions(store, None)) == 1)
    assert next(card.rung for card in cards(store) if card.subject == "Samples") is rung

    def again() -> list[QPushButton]:
        return [each for each in window.view.findChildren(QPushButton) if each.text().startswith("You said:")]

    qtbot.waitUntil(lambda: bool(again()))
    QTest.mouseClick(again()[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(questions(store, None)) == 2)


def test_what_is_due_stands_above_the_mail(show: Show, qtbot: QtBot) -> None:
    """The reason and what can be done stand in the conversation; done, it says so and can be brought back."""
    window = show("Lamps for the reading corner")
    strip = window.view.strip
    assert strip is not None
    assert strip.text() == "No answer for 7 working days."
    window.act_here("done")
    qtbot.waitUntil(lambda: window.view.strip is not None and window.view.strip.text().startswith("Done:"))
    strip = window.view.strip
    assert strip is not None
    QTest.mouseClick(strip.buttons["wake"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.view.strip is not None and window.view.strip.text().startswith("No answer"))


@pytest.mark.parametrize(("width", "is_below"), [(1100, False), (640, True)])
def test_what_is_due_fits_a_narrow_window(show: Show, qtbot: QtBot, width: int, is_below: bool) -> None:
    """Where there is no room beside the reason its buttons stand below it; nothing is cut off at the right."""
    window = show("Lamps for the reading corner")
    window.resize(width, 500)
    strip = window.view.strip
    assert strip is not None
    done = strip.buttons["done"]
    qtbot.waitUntil(lambda: (done.y() > strip._said.geometry().bottom()) is is_below)
    last = strip.buttons["wait"]
    assert last.mapTo(window.view, last.rect().topRight()).x() <= window.view.viewport().width()


def test_nothing_is_due_where_they_answered(show: Show) -> None:
    """A conversation with a reply has no strip; one that waits has."""
    window = show("Quote for the office chairs")
    assert window.view.strip is not None
    assert not window.view.strip.isVisible()
    window = show("Thursday")
    assert window.view.strip is not None
    assert window.view.strip.text() == "No answer yet. On your list on Monday 11 May."


# No relay yet is a normal state.


def test_without_a_relay_no_conversation_speaks_of_tracking(
    show: Show, app: FakeApp, qtbot: QtBot, store: Store
) -> None:
    """The foot says it once; cards and conversations say "Sent" and no more."""
    window = show("Thursday")
    window.on_stations(replace(STATIONS, relay=RelayState.NONE))
    said = [*texts(window.view), *(window.threads.model.card_at(row).status for row in range(5))]
    assert not any("tracked" in text or "unknown" in text for text in said)
    assert "No relay yet" in window.status_line.relay.text()


def test_with_a_relay_mail_from_a_phone_has_a_quiet_line(show: Show) -> None:
    """It says how it was sent, without the sign of a fault and without "Not tracked" beside it."""
    window = show("Thursday")
    said = texts(window.view)
    assert words.WHY_NOT[WhyNot.ELSEWHERE] in said
    assert "Sent" in said
    assert not any(text.startswith("Not tracked.") for text in said)


def test_with_a_relay_a_missing_permission_is_still_said(store: Store, open_window: Open, qtbot: QtBot) -> None:
    """Where tracking could be, what is missing for it is named with what helps."""
    save_account(store, READ_ACCOUNT)
    Sample(store).message("First", [To("a@b.example", why_not=WhyNot.NO_PERMISSION)], NOW)
    window = open_window()
    window.show_conversations()
    qtbot.waitUntil(lambda: any(text.startswith("Not tracked.") for text in texts(window.view)))
    assert any(each.text() == "Record permission…" for each in window.view.findChildren(QPushButton))


# Words.


@pytest.mark.parametrize(
    ("rung", "asides", "more", "said"),
    [
        (Rung.REPLIED, (Aside.NOT_TRACKED,), {}, "Replied"),
        (Rung.CONFIRMED, (Aside.NOT_TRACKED,), {}, "Confirmed"),
        (Rung.DELIVERED, (Aside.NO_SIGN_YET,), {}, "Delivered · No sign yet"),
        (Rung.SENT, (Aside.DELAYED,), {}, "Sent · Delayed"),
        (Rung.SENT, (Aside.NOT_DELIVERED,), {"failure": FailureReason.FULL}, "Not delivered: mailbox full"),
        (Rung.SENT, (Aside.NOT_DELIVERED,), {}, "Not delivered"),
        (Rung.SENT, (Aside.AWAY,), {"returns_on": date(2026, 11, 30)}, "Sent · Away, back on Mon 30 Nov"),
        (Rung.SENT, (Aside.AWAY,), {}, "Sent · Away"),
    ],
)
def test_status_words(rung: Rung, asides: tuple[Aside, ...], more: dict[str, object], said: str) -> None:
    """Each status is said as shortly as it can be, with the day or the reason where it is known."""
    assert said == words.status_line(rung, asides, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        (NoticeKind.REPLIED, {}, ("Anna replied", "11:42, “Offer”")),
        (NoticeKind.AWAY, {"returns_on": date(2026, 11, 30)}, ("Anna is away", "back on Mon 30 Nov, “Offer”")),
        (NoticeKind.AWAY, {}, ("Anna is away", "11:42, “Offer”")),
        (NoticeKind.CONFIRMED, {}, ("Anna confirmed that they read it", "11:42, “Offer”")),
        (
            NoticeKind.NOT_DELIVERED,
            {"failure": FailureReason.UNKNOWN_USER},
            ("Not delivered to anna@fjord.example", "No such address"),
        ),
    ],
)
def test_notices_of_mail_that_came_in(kind: NoticeKind, more: dict[str, object], said: tuple[str, str]) -> None:
    """A notification names the person and the subject, the day of return and the plain reason where they are known."""
    notice = Notice(
        kind=kind,
        conversation_id=1,
        copy_id=1,
        person="Anna",
        address="anna@fjord.example",
        subject="Offer",
        at=NOW.replace(hour=11, minute=42),
        **more,  # type: ignore[arg-type]
    )
    assert said == notice_words.notice_texts(notice, NOW.tzinfo)


def test_a_question_stands_on_its_card_in_the_list(store: Store) -> None:
    """The list says where an answer is wanted, and nowhere else."""
    fill_incoming(store)
    asked = [card_text(card, NOW).middle for card in cards(store) if "question" in card_text(card, NOW).status]
    assert sorted(asked) == ["Price list", "Samples"]


def test_a_delay_that_is_over_is_not_said_any_more(store: Store, open_window: Open, qtbot: QtBot) -> None:
    """While a server keeps trying the card says "Delayed"; once it was delivered it says so."""
    save_account(store, READ_ACCOUNT)
    mail = Mailboxes(store)
    sent = mail.sent("Plans", NOW - timedelta(hours=9), ANNA)

    def report(action: DeliveryAction) -> tuple[DeliveryReport, ...]:
        return (DeliveryReport(recipient=ANNA.address, action=action),)

    at = NOW - timedelta(hours=5)
    mail.came(ArrivalKind.BOUNCE, "Delayed", LENA, at, sent, deliveries=report(DeliveryAction.DELAYED))
    window = open_window()
    window.show_conversations()
    qtbot.waitUntil(lambda: "Sent · Delayed" in texts(window.view))
    at = NOW - timedelta(hours=4)
    mail.came(ArrivalKind.BOUNCE, "Delivered", LENA, at, sent, deliveries=report(DeliveryAction.DELIVERED))
    qtbot.waitUntil(lambda: "Delivered" in [each.accessibleName().rpartition(": ")[2] for each in copy_cards(window)])
    assert len(window.view.findChildren(ArrivalCard)) == 2


def copy_cards(window: MainWindow) -> list[CopyCard]:
    """Return the cards of the copies that are shown."""
    return [each for each in window.view.findChildren(CopyCard) if each.isVisible()]


@pytest.mark.parametrize(
    ("actions", "glyph"),
    [
        ((DeliveryAction.DELAYED,), Glyph.DELAYED),
        ((DeliveryAction.DELIVERED,), Glyph.DELIVERED),
        ((DeliveryAction.RELAYED,), Glyph.SENT),
        ((DeliveryAction.DELAYED, DeliveryAction.FAILED), Glyph.NOT_DELIVERED),
    ],
)
def test_a_report_wears_the_shape_of_the_worst_it_says(
    store: Store, actions: tuple[DeliveryAction, ...], glyph: Glyph
) -> None:
    """Only a failure is red: a mail that is late is late, and one that arrived arrived."""
    save_account(store, READ_ACCOUNT)
    mail = Mailboxes(store)
    people = (LENA, ANNA)[: len(actions)]
    about = mail.sent("Report", NOW - timedelta(days=1), *people)
    deliveries = tuple(
        DeliveryReport(recipient=each.address, action=action) for each, action in zip(people, actions, strict=True)
    )
    mail.came(ArrivalKind.BOUNCE, "Report", DAEMON, NOW, about, deliveries=deliveries)
    (card,) = cards(store)
    shown = conversation(store, card.id)
    assert shown is not None
    assert [glyph_of_arrival(row) for row in shown.arrivals] == [glyph]


def test_enter_answers_a_question_where_the_keyboard_is_on_the_button(show: Show, qtbot: QtBot, store: Store) -> None:
    """Enter on No is no, as Space is; Enter on Undo takes it back."""
    window = show("Samples")
    (card,) = [each for each in window.view.findChildren(ArrivalCard) if each.findChildren(QPushButton)]
    no = next(each for each in card.findChildren(QPushButton) if each.text() == "No")
    QTest.keyClick(no, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(questions(store, None)) == 1)
    qtbot.waitUntil(lambda: not window.undo_bar.is_empty)
    QTest.keyClick(window.undo_bar.button, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(questions(store, None)) == 2)
