"""An opening that does not ring since a used link has told more: it rings where that link's use was a machine's."""

from datetime import timedelta

import pytest

from desktop.core.correction import Who
from desktop.core.notice import NoticeKind
from desktop.core.status import CopyState, Rung
from desktop.store.change import Change
from desktop.store.corrections import correct_hit, undo_correction
from desktop.store.database import Store
from desktop.store.hits import record_hits, still_stands
from desktop.store.mail import cards, record_message, record_outcome
from desktop.store.own_views import record_own_source
from relay.wire.hit import Hit
from tests.fakes.mailbox_world import arrival, mail_facts, record
from tests.fakes.samples import CHROME, HOME, OUTLOOK, SENT_AT, click, hit, tracked_copy

LATER = SENT_AT + timedelta(hours=1)
OTHER = b"\x02" * 8
MINE = b"\x03" * 8
# Seconds after sending, past the window in which everything is too early to tell.
AT = 60.0


def sent(store: Store) -> tuple[bytes, ...]:
    """Record a sent copy; return the ids of its picture and of its three links."""
    copy = tracked_copy(links=3)
    message = mail_facts(message_id="<1@x>", to=("anna@becker.example",))
    _, (copy_id,) = record_message(store, account_id=1, facts=message, at=SENT_AT, copies=(copy,))
    record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT)
    return tuple(token.random_id for token in copy.tokens)


def opening(picture: bytes, *, after_s: float = AT + 1) -> Hit:
    return hit(token_id=picture, agent=OUTLOOK, same_source=OTHER, after_s=after_s)


def come(store: Store, *hits: Hit) -> list[NoticeKind]:
    """Let hits come home; return what rings."""
    return kinds(record_hits(store, hits, now=LATER))


def kinds(change: Change) -> list[NoticeKind]:
    return [each.kind for each in change.notices]


def rest_of_the_burst(links: tuple[bytes, ...]) -> list[Hit]:
    return [click(token_id=each, after_s=AT + 1.5) for each in links]


@pytest.mark.parametrize("is_one_batch", [False, True])
def test_an_opening_beside_a_burst_rings_once_the_burst_is_one(store: Store, is_one_batch: bool) -> None:
    """The first click rang, though not yet aloud, and the opening did not; then the click is a scanner's."""
    picture, first, *rest = sent(store)
    early = [click(token_id=first, after_s=AT), opening(picture)]
    if is_one_batch:
        assert come(store, *early) == [NoticeKind.CLICKED]
    else:
        assert come(store, early[0]) == [NoticeKind.CLICKED]
        assert come(store, early[1]) == []
    change = record_hits(store, rest_of_the_burst(tuple(rest)), now=LATER)
    (notice,) = change.notices
    assert (notice.kind, notice.at) == (NoticeKind.OPENED, SENT_AT + timedelta(seconds=AT + 1))
    assert (still_stands(store, notice), cards(store)[0].rung) == (True, Rung.OPENED)


def test_an_opening_beside_a_persons_click_does_not_ring(store: Store) -> None:
    """Where the click stands it has told more; a later opening is no news either."""
    picture, first, *_ = sent(store)
    assert come(store, click(token_id=first, after_s=AT)) == [NoticeKind.CLICKED]
    assert come(store, opening(picture)) == []
    assert come(store, opening(picture, after_s=600)) == []


def test_an_opening_that_rang_does_not_ring_again(store: Store) -> None:
    """It was told before the click came; that the click fell makes nothing new of it."""
    picture, first, *rest = sent(store)
    assert come(store, opening(picture, after_s=AT - 5)) == [NoticeKind.OPENED]
    assert come(store, click(token_id=first, after_s=AT)) == [NoticeKind.CLICKED]
    assert come(store, *rest_of_the_burst(tuple(rest))) == []


def test_it_rings_once_however_often_a_click_falls(store: Store) -> None:
    """A second click that falls later does not ring the opening anew."""
    picture, first, *rest = sent(store)
    come(store, click(token_id=first, after_s=AT), opening(picture))
    assert come(store, *rest_of_the_burst(tuple(rest))) == [NoticeKind.OPENED]
    assert come(store, click(token_id=first, agent=CHROME, same_source=MINE, after_s=600)) == [NoticeKind.CLICKED]
    record_own_source(store, mark=MINE, network="198.51.100.0/24", now=LATER)
    assert cards(store)[0].rung is Rung.OPENED
    assert come(store, opening(picture, after_s=700)) == []


def test_an_own_mark_learnt_late_rings_the_opening_too(store: Store) -> None:
    """The click was perhaps the user's own: what is left is the recipient's opening, of which nobody was told."""
    picture, first, *_ = sent(store)
    come(store, click(token_id=first, after_s=AT), opening(picture))
    change = record_own_source(store, mark=HOME, network="198.51.100.0/24", now=LATER)
    assert kinds(change) == [NoticeKind.OPENED]


def test_the_users_own_word_rings_nothing_and_hides_nothing(store: Store) -> None:
    """Who says that the click was theirs sees the opening; the word taken back, all is as before."""
    picture, first, *rest = sent(store)
    one = click(token_id=first, after_s=AT)
    come(store, one, opening(picture))
    change, correction_id = correct_hit(store, one.id, Who.ME, now=LATER)
    assert (kinds(change), cards(store)[0].rung) == ([], Rung.OPENED)
    assert come(store, opening(picture, after_s=600)) == []
    assert kinds(undo_correction(store, correction_id)) == []
    assert come(store, *rest_of_the_burst(tuple(rest))) == [NoticeKind.OPENED]


def test_after_the_reply_it_rings_no_more(store: Store) -> None:
    """Who has answered has read it: there is nothing left to tell."""
    picture, first, *rest = sent(store)
    come(store, click(token_id=first, after_s=AT), opening(picture))
    record(store, arrival("<r@x>", "<1@x>", after_h=0.5))
    assert come(store, *rest_of_the_burst(tuple(rest))) == []
