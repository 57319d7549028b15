"""What the user says hits were: followed at once everywhere, never ringing, undone without a trace."""

import ipaddress
from dataclasses import replace
from datetime import timedelta

import pytest

from desktop.core.correction import Correction, Shape, Who
from desktop.core.notice import NoticeKind
from desktop.core.status import CopyState, CopyStatus, Evidence, EvidenceKind, Rung
from desktop.core.verdict import Verdict
from desktop.store.change import Change
from desktop.store.corrections import CorrectionRow, correct_hit, corrections, undo_correction
from desktop.store.database import Store
from desktop.store.hits import age_hits, record_hits, still_stands
from desktop.store.mail import CopyRow, cards, conversation, record_message, record_outcome
from desktop.store.reminders import cases
from relay.wire.hit import Hit, HitKind
from tests.fakes.samples import GMAIL_PROXY, OUTLOOK, SENT_AT, THUNDERBIRD, click, facts, hit, tracked_copy

LATER = SENT_AT + timedelta(hours=3)
UPDATED = THUNDERBIRD.replace("153", "154")
BOB = "bob@lund.example"


def sent(store: Store, address: str = "anna@becker.example", *, links: int = 1) -> tuple[int, bytes, bytes]:
    """Record a sent copy; return its id, its picture's and its first link's."""
    copy = tracked_copy(address, name="", links=links)
    message = facts(message_id=f"<{copy.tokens[0].random_id.hex()}@sender.example>")
    _, (copy_id,) = record_message(store, account_id=1, facts=message, at=SENT_AT, copies=(copy,))
    record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT)
    return copy_id, copy.tokens[0].random_id, copy.tokens[-1].random_id


def copies(store: Store) -> dict[int, CopyRow]:
    details = [conversation(store, card.id) for card in cards(store)]
    return {copy.id: copy for each in details if each is not None for one in each.messages for copy in one.copies}


def lines(status: CopyStatus) -> list[Evidence]:
    return [line for line in status.evidence if line.kind is EvidenceKind.HIT]


def verdicts(store: Store, copy_id: int) -> list[Verdict]:
    return [line.judgement.verdict for line in lines(copies(store)[copy_id].status) if line.judgement is not None]


def correct(store: Store, found: Hit, who: Who, *, after_h: int = 0) -> int:
    """Correct a hit, which must not ring; return the correction's id."""
    change, id_ = correct_hit(store, found.id, who, now=LATER + timedelta(hours=after_h))
    assert change.notices == ()
    return id_


@pytest.mark.parametrize(
    ("who", "verdict", "rung"),
    [
        (Who.ME, Verdict.SELF, Rung.SENT),
        (Who.COLLEAGUE, Verdict.SELF, Rung.SENT),
        (Who.MACHINE, Verdict.SCANNER, Rung.SENT),
        (Who.RECIPIENT, Verdict.PERSON, Rung.OPENED),
    ],
)
def test_a_correction_changes_status_card_and_follow_up_at_once(
    store: Store, who: Who, verdict: Verdict, rung: Rung
) -> None:
    """One transaction moves the verdict, the rung, the card and the reason to follow up; it says what altered."""
    copy_id, picture, _ = sent(store)
    opened = hit(token_id=picture)
    record_hits(store, [opened], now=LATER)
    change, id_ = correct_hit(store, opened.id, who, now=LATER)
    (card,) = cards(store)
    assert change == Change(copies=frozenset({copy_id}), conversations=frozenset({card.id}))
    assert (card.rung, copies(store)[copy_id].status.rung) == (rung, rung)
    (line,) = lines(copies(store)[copy_id].status)
    assert line.judgement is not None
    assert line.correction is not None
    assert (line.judgement.verdict, line.correction.id, line.correction.who) == (verdict, id_, who)
    assert line.counted == (rung is Rung.OPENED)
    (case,) = cases(store)
    assert [(each.rung, each.opens) for each in case.awaited] == [(rung, int(rung is Rung.OPENED))]


def test_hits_of_the_same_shape_follow_on_every_copy(store: Store) -> None:
    """The same program, also updated, in the same network follows; another program, network or kind does not."""
    (first, one, _), (second, two, link) = sent(store), sent(store, BOB)
    opened = hit(token_id=one)
    same, updated = hit(token_id=two), hit(token_id=two, agent=UPDATED, after_s=4_000)
    elsewhere = replace(hit(token_id=two, after_s=5_000), network=ipaddress.ip_network("203.0.113.0/24"))
    other = hit(token_id=two, agent=OUTLOOK, after_s=6_000)
    used = click(token_id=link, agent=THUNDERBIRD, after_s=7_000)
    record_hits(store, [opened, same, updated, elsewhere, other, used], now=LATER)
    change, _ = correct_hit(store, opened.id, Who.ME, now=LATER)
    assert change.copies == frozenset({first, second})
    assert verdicts(store, first) == [Verdict.SELF]
    assert verdicts(store, second)[-2:] == [Verdict.SELF, Verdict.SELF]
    assert verdicts(store, second)[:-2] == [Verdict.PERSON, Verdict.PERSON, Verdict.PERSON]
    (row,) = corrections(store)
    assert row.decides == 3


def test_later_hits_of_the_shape_follow_and_do_not_ring(store: Store) -> None:
    """What comes after a correction is judged by it; one from elsewhere rings as ever."""
    copy_id, picture, _ = sent(store)
    opened = hit(token_id=picture)
    record_hits(store, [opened], now=LATER)
    correct(store, opened, Who.COLLEAGUE)
    assert record_hits(store, [hit(token_id=picture, after_s=4_000)], now=LATER).notices == ()
    assert verdicts(store, copy_id) == [Verdict.SELF, Verdict.SELF]
    change = record_hits(store, [hit(token_id=picture, after_s=5_000, agent=OUTLOOK)], now=LATER)
    assert [each.kind for each in change.notices] == [NoticeKind.OPENED]


def test_what_holds_for_one_hit_alone_is_not_followed(store: Store) -> None:
    """Behind a proxy everybody looks the same: the next fetch is judged by the rules."""
    copy_id, picture, _ = sent(store)
    fetched = hit(token_id=picture, agent=GMAIL_PROXY, labels=("google-fetchers",))
    record_hits(store, [fetched], now=LATER)
    correct(store, fetched, Who.ME)
    record_hits(store, [replace(fetched, id=bytes(16), at_ms=fetched.at_ms + 60_000)], now=LATER)
    assert verdicts(store, copy_id) == [Verdict.IMAGE_PROXY, Verdict.SELF]
    (row,) = corrections(store)
    assert (row.correction.shape, row.decides) == (None, 1)


def test_the_recipient_is_learnt_for_that_address_alone(store: Store) -> None:
    """Anna's webmail in a network is hers on her other mail too; on Bob's it proves nothing."""
    (first, one, _), (second, two, _), (third, three, _) = sent(store), sent(store), sent(store, BOB)
    hits = [hit(token_id=each, agent="Some Mail", after_s=4_000) for each in (one, two, three)]
    record_hits(store, hits, now=LATER)
    correct(store, hits[0], Who.RECIPIENT)
    assert [verdicts(store, each)[0] for each in (first, second)] == [Verdict.PERSON, Verdict.PERSON]
    assert verdicts(store, third) == [Verdict.UNKNOWN]


def test_a_told_open_is_taken_back_and_the_true_one_rings(store: Store) -> None:
    """What rang was the user: the notice stands no more, and the recipient's own open is news again."""
    _, picture, _ = sent(store)
    opened = hit(token_id=picture)
    (notice,) = record_hits(store, [opened], now=LATER).notices
    id_ = correct(store, opened, Who.ME)
    assert not still_stands(store, notice)
    true_one = hit(token_id=picture, agent=OUTLOOK, after_s=5_000)
    assert [each.kind for each in record_hits(store, [true_one], now=LATER).notices] == [NoticeKind.OPENED]
    assert undo_correction(store, id_).notices == ()
    assert still_stands(store, notice)


def test_the_users_own_word_counts_as_told(store: Store) -> None:
    """Whoever says that the recipient opened it needs no bell when they do it again; undone, they do."""
    _, picture, _ = sent(store)
    early = hit(token_id=picture, after_s=5)
    assert record_hits(store, [early], now=LATER).notices == ()
    id_ = correct(store, early, Who.RECIPIENT)
    assert record_hits(store, [hit(token_id=picture, after_s=4_000, agent=OUTLOOK)], now=LATER).notices == ()
    copy_id, other, _ = sent(store)
    early = hit(token_id=other, after_s=5, agent="Some Mail")
    record_hits(store, [early], now=LATER)
    undo_correction(store, id_)
    undo_correction(store, correct(store, early, Who.RECIPIENT))
    assert verdicts(store, copy_id) == [Verdict.UNKNOWN]
    change = record_hits(store, [hit(token_id=other, after_s=4_000, agent=OUTLOOK)], now=LATER)
    assert [each.kind for each in change.notices] == [NoticeKind.OPENED]


def test_another_word_on_the_same_hit_replaces_the_first_and_undo_brings_it_back(store: Store) -> None:
    """The newest stands and is listed; its undo is the word before it, and that one's is the rules' own."""
    (first, one, _), (second, two, _) = sent(store), sent(store)
    opened, like = hit(token_id=one), hit(token_id=two)
    record_hits(store, [opened, like], now=LATER)
    earlier = correct(store, opened, Who.MACHINE)
    later = correct(store, opened, Who.RECIPIENT, after_h=1)
    assert later != earlier
    assert [row.correction.id for row in corrections(store)] == [later]
    assert [verdicts(store, each) for each in (first, second)] == [[Verdict.PERSON], [Verdict.PERSON]]
    undo_correction(store, later)
    assert [verdicts(store, each) for each in (first, second)] == [[Verdict.SCANNER], [Verdict.SCANNER]]
    assert [(row.correction.id, row.decides) for row in corrections(store)] == [(earlier, 2)]
    undo_correction(store, earlier)
    assert [verdicts(store, each) for each in (first, second)] == [[Verdict.PERSON], [Verdict.PERSON]]
    assert corrections(store) == ()


def test_of_several_like_it_the_newest_word_decides_and_its_own_first(store: Store) -> None:
    """Said of one and then otherwise of another, the third follows the newer; each keeps what was said of itself."""
    copy_id, picture, _ = sent(store)
    first, second, third = (hit(token_id=picture, after_s=after_s) for after_s in (4_000, 5_000, 6_000))
    record_hits(store, [first, second, third], now=LATER)
    correct(store, first, Who.MACHINE)
    correct(store, second, Who.ME, after_h=1)
    assert verdicts(store, copy_id) == [Verdict.SELF, Verdict.SELF, Verdict.SCANNER]
    assert [row.decides for row in corrections(store)] == [2, 1]


def test_an_aged_hit_is_corrected_and_goes_back_to_what_the_rules_said(store: Store) -> None:
    """Cut to the minute, it keeps the verdict it had; a correction holds all the same, and so does its undo."""
    copy_id, picture, _ = sent(store)
    old, young = hit(token_id=picture, after_s=3_601), hit(token_id=picture, after_s=5)
    record_hits(store, [old, young], now=LATER)
    age_hits(store, SENT_AT + timedelta(days=3))
    before = copies(store)[copy_id]
    id_ = correct(store, old, Who.ME)
    assert verdicts(store, copy_id) == [Verdict.SELF, Verdict.SELF]
    undo_correction(store, id_)
    assert copies(store)[copy_id] == before
    assert verdicts(store, copy_id) == [Verdict.PERSON, Verdict.UNKNOWN]


def test_what_is_listed_names_person_mail_time_and_program(store: Store) -> None:
    """A line of the list says all that is needed to recognise it, the newest correction first."""
    copy_id, picture, link = sent(store)
    opened, used = hit(token_id=picture), click(token_id=link)
    record_hits(store, [opened, used], now=LATER)
    first = correct(store, opened, Who.ME)
    second = correct(store, used, Who.RECIPIENT, after_h=1)
    newest, oldest = corrections(store)
    assert newest.correction.id == second
    assert oldest == CorrectionRow(
        correction=Correction(
            id=first,
            hit_id=opened.id,
            who=Who.ME,
            at=LATER,
            shape=Shape(
                kind=HitKind.OPEN,
                program="mozilla (x11; linux x86_64; rv:) gecko thunderbird",
                network="198.51.100.0/24",
            ),
        ),
        person="anna@becker.example",
        subject="Offer",
        at=SENT_AT + timedelta(hours=1),
        client="Thunderbird",
        decides=1,
        copy_id=copy_id,
        conversation_id=cards(store)[0].id,
    )


def test_a_hit_that_belongs_to_nobody_cannot_be_corrected(store: Store) -> None:
    """Unknown, or of a token without record: nothing is kept."""
    stray = hit(token_id=b"nobody's tok")
    record_hits(store, [stray], now=LATER)
    for hit_id in (stray.id, bytes(16)):
        with pytest.raises(LookupError, match=hit_id.hex()):
            correct_hit(store, hit_id, Who.ME, now=LATER)
    assert corrections(store) == ()


def test_an_undo_that_comes_twice_alters_nothing(store: Store) -> None:
    """Its id is never given to another correction, so that the second press of a button meets none."""
    _, picture, _ = sent(store)
    opened = hit(token_id=picture)
    record_hits(store, [opened], now=LATER)
    id_ = correct(store, opened, Who.ME)
    undo_correction(store, id_)
    assert correct(store, opened, Who.MACHINE) != id_
    assert undo_correction(store, id_) == Change()
    assert len(corrections(store)) == 1
