"""The words of consent outside a person's card: the timeline, the notifications, what is left of hits that went."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pytestqt.qtbot import QtBot

from desktop.core.notice import Notice, NoticeKind
from desktop.core.permission import Permission, Standing
from desktop.core.readingtime import ReadingTime
from desktop.core.status import Aside, CopyStatus, Evidence, EvidenceKind, Rung
from desktop.store.database import Store
from desktop.store.known import Question, questions_of
from desktop.store.mail import CopyRow
from desktop.ui import consent_words, evidence_words, notice_words, words
from desktop.ui.copy_card import CopyCard, inferred_words
from desktop.ui.evidence_list import glyph_of_evidence
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import PlainLabel
from desktop.ui.rungs import Proof, ladder_of
from desktop.ui.theme import Themes
from relay.wire.purpose import Purpose
from tests.ui.sample_asks import ANSWERED_AT, ASKED_AT, ask, press
from tests.ui.sample_data import NOW

ALL = frozenset(Purpose)
NOTICE = Notice(
    kind=NoticeKind.AGREED,
    conversation_id=1,
    copy_id=1,
    person="Anna Berg",
    address="anna@fjord.example",
    subject="Offer",
    at=NOW,
    purposes=frozenset({Purpose.OPENS}),
)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (NoticeKind.AGREED, ("Anna Berg agreed", "From now on you may see opens")),
        (NoticeKind.DENIED, ("Anna Berg said no", "Nothing is recorded, and they are not asked again")),
        (
            NoticeKind.DELETED,
            ("Anna Berg asked you to delete what was recorded", "It is done; it cannot be brought back"),
        ),
    ],
)
def test_answers_are_told(kind: NoticeKind, said: tuple[str, str]) -> None:
    """A yes names what it is for, a no and a deletion what follows."""
    assert notice_words.notice_texts(replace(NOTICE, kind=kind), UTC) == said


def test_a_question_in_the_timeline(store: Store) -> None:
    """Each mail says what it asked, and what came of it: nothing yet, a yes with its purposes, or a no."""
    copies = {name: ask(store, f"{name}@fjord.example", name) for name in ("anna", "ben", "clara")}
    press(store, "anna@fjord.example", {Purpose.CLICKS})
    press(store, "ben@fjord.example", ())
    found = questions_of(store, [(copy_id, f"{name}@fjord.example") for name, copy_id in copies.items()])
    said = {name: consent_words.question_lines(found[copy_id]) for name, copy_id in copies.items()}
    asked = "This mail asked whether you may see opens and clicks with reading time, place and device."
    assert said == {
        "anna": ((ANSWERED_AT, "They agreed on the page: you may see clicks."), (ASKED_AT, asked)),
        "ben": ((ANSWERED_AT, "They said no on the page."), (ASKED_AT, asked)),
        "clara": ((ASKED_AT, f"{asked} No answer yet."),),
    }


def test_an_answer_that_allows_nothing_is_no_yes() -> None:
    """One that came too late, or in other words than were asked, is said to allow nothing."""
    question = Question(at=ASKED_AT, purposes=ALL, answered_at=ANSWERED_AT)
    assert consent_words.question_lines(question)[0] == (ANSWERED_AT, "An answer came that allows nothing.")


def test_a_mail_that_asked_nothing_has_no_such_line(filled: Store) -> None:
    """Ordinary mail asks nothing."""
    assert questions_of(filled, [(1, "bookkeeping@kontor-nord.example")]) == {}


def status(*evidence: Evidence, rung: Rung = Rung.SENT, asides: tuple[Aside, ...] = ()) -> CopyStatus:
    """Return a status with this evidence."""
    return CopyStatus(rung=rung, asides=asides, evidence=evidence, why_not=None, opened_at=None, clicked_at=None)


SENT = Evidence(at=ASKED_AT, kind=EvidenceKind.SENT, detail="250 ok")


def test_the_card_of_a_copy_tells_question_and_reading_time(themes: Themes) -> None:
    """Both stand on the card where they are known, and neither where they are not."""
    copy = CopyRow(
        id=1, address="anna@fjord.example", name="Anna", role="to", shared=False, status=status(SENT), purposes=ALL
    )
    question = Question(at=ASKED_AT, purposes=frozenset({Purpose.OPENS}))
    read_for = ReadingTime(minutes=4, opened_at=ASKED_AT, clicked_at=ASKED_AT + timedelta(minutes=6))
    texts = []
    for time, asked in ((read_for, question), (None, None)):
        card = CopyCard(copy, themes, lambda: NOW, set(), readings={}, read_for=time, question=asked, has_relay=True)
        texts.append("\n".join(label.text() for label in card.findChildren(PlainLabel)))
    assert "Read for at least 4 minutes" in texts[0]
    assert "This mail asked whether you may see opens. No answer yet." in texts[0]
    assert "Read for" not in texts[1]
    assert "asked" not in texts[1]


def test_confirmed_by_a_press_is_a_step_of_its_own() -> None:
    """The rung has its instant, the line its words and shape, and an opening is inferred from it."""
    line = Evidence(at=NOW, kind=EvidenceKind.CONFIRMATION, counted=True)
    confirmed = replace(status(line, SENT, rung=Rung.CONFIRMED), is_open_inferred=True)
    step = next(step for step in ladder_of(confirmed) if step.rung is Rung.CONFIRMED)
    assert (step.proof, step.at) == (Proof.PROVEN, NOW)
    assert evidence_words.evidence_words(line).sentence == "Somebody who has the mail pressed “I have read it”."
    assert glyph_of_evidence(line) is Glyph.CONFIRMED
    assert inferred_words(confirmed) == "Opened, inferred from what they pressed."


@pytest.mark.parametrize(
    ("rung", "said", "glyph"),
    [
        (Rung.PROBABLY_OPENED, "Its picture was fetched, as usually on opening.", Glyph.PROBABLY),
        (Rung.OPENED, "A person opened it.", Glyph.OPENED),
        (Rung.CLICKED, "A person used a link in it.", Glyph.CLICKED),
    ],
)
def test_14_what_is_left_of_hits_says_the_rung_and_the_day(rung: Rung, said: str, glyph: Glyph) -> None:
    """No time of day is told of them, in whatever zone; the details are said to be gone."""
    day = datetime(2025, 5, 3, tzinfo=UTC)
    line = Evidence(at=day, kind=EvidenceKind.EARLIER, rung=rung, counted=True, is_day_only=True)
    text = evidence_words.evidence_words(line)
    assert (text.sentence, text.why, text.counted) == (said, "The details are not kept any more.", "")
    assert evidence_words.when_text(line, NOW) == "3 May 2025"
    assert glyph_of_evidence(line) is glyph


def test_a_day_alone_is_the_same_day_in_the_ladder() -> None:
    """An opening of which only the day is kept proves its step, in the middle of that day."""
    day = datetime(2026, 5, 3, tzinfo=UTC)
    line = Evidence(at=day, kind=EvidenceKind.EARLIER, rung=Rung.OPENED, counted=True, is_day_only=True)
    step = next(step for step in ladder_of(status(line, SENT, rung=Rung.OPENED)) if step.rung is Rung.OPENED)
    assert (step.proof, step.at) == (Proof.PROVEN, day.replace(hour=12))


def test_whoever_was_asked_stands_as_asked() -> None:
    """Where a permission is one line, an open question has its day."""
    asked = Permission(address="a@b.example", standing=Standing.ASKED, asked_at=ASKED_AT)
    assert words.permission_line(asked, UTC) == "Asked on 4 May; no answer yet"


def test_every_kind_of_evidence_has_words_and_a_shape(qtbot: QtBot) -> None:
    """No line of a timeline can be without a sentence or a glyph."""
    for kind in EvidenceKind:
        line = Evidence(at=NOW, kind=kind)
        assert evidence_words.evidence_words(line).sentence
        assert glyph_of_evidence(line) in Glyph
