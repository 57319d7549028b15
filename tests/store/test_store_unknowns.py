"""What each copy is shown with: what it was tracked for, and why a person's reading of it is not known."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from desktop.core.policy import WhyNot
from desktop.core.status import CopyState
from desktop.core.unknown import WhyUnknown
from desktop.store.database import Store
from desktop.store.hits import record_hits
from desktop.store.mail import CopyRow, NewCopy, cards, conversation, record_message, record_outcome
from relay.wire.purpose import Purpose
from tests.fakes.samples import GMAIL_PREFETCH, SENT_AT, click, facts, hit, tracked_copy

ANNA, BOB = "anna@becker.example", "bob@lund.example"
BLOCKED = [WhyUnknown.IMAGES_BLOCKED, WhyUnknown.NOT_YET]


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = SENT_AT + timedelta(hours=5)

    def __call__(self) -> datetime:
        """Return the instant it is set to."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def later(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """Return a store whose clock goes on."""
    opened = Store(tmp_path / "later.sqlite", clock=clock)
    yield opened
    opened.close()


def send(store: Store, copy: NewCopy) -> int:
    message = facts(message_id=f"<{len(cards(store))}@sender.example>")
    _, (copy_id,) = record_message(store, account_id=1, facts=message, at=SENT_AT, copies=(copy,))
    record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT)
    return copy_id


def row(store: Store, copy_id: int) -> CopyRow:
    details = [conversation(store, card.id) for card in cards(store)]
    rows = [copy for each in details if each is not None for one in each.messages for copy in one.copies]
    return next(each for each in rows if each.id == copy_id)


def reasons(store: Store, copy_id: int) -> list[WhyUnknown]:
    return [each.why for each in row(store, copy_id).unknowns]


def test_a_copy_says_what_it_was_tracked_for_and_why_nothing_is_known(later: Store, clock: Clock) -> None:
    """The purposes as recorded; the reasons go with the time."""
    tracked = send(later, replace(tracked_copy(), purposes=frozenset({Purpose.OPENS})))
    untracked = send(later, NewCopy(address=BOB, why_not=WhyNot.NO_PERMISSION))
    assert row(later, tracked).purposes == frozenset({Purpose.OPENS})
    assert row(later, untracked).purposes == frozenset()
    assert reasons(later, tracked) == [WhyUnknown.NOT_YET]
    assert reasons(later, untracked) == [WhyUnknown.NO_PERMISSION]
    clock.now += timedelta(days=1)
    assert reasons(later, tracked) == [WhyUnknown.IMAGES_MAYBE_BLOCKED, WhyUnknown.NOT_YET]


def test_a_persons_sign_leaves_no_reason(later: Store, clock: Clock) -> None:
    """Where it is known there is nothing to explain."""
    copy = tracked_copy()
    copy_id = send(later, copy)
    record_hits(later, [hit(token_id=copy.tokens[0].random_id)], now=clock.now)
    assert row(later, copy_id).unknowns == ()


def test_links_used_without_pictures_show_that_they_are_blocked_there(later: Store, clock: Clock) -> None:
    """What one mail showed holds for that address's next mail, and for nobody else's."""
    first = tracked_copy(ANNA)
    send(later, first)
    second, bobs = send(later, tracked_copy(ANNA)), send(later, tracked_copy(BOB))
    assert reasons(later, second) == [WhyUnknown.NOT_YET]
    record_hits(later, [click(token_id=first.tokens[1].random_id)], now=clock.now)
    assert (reasons(later, second), reasons(later, bobs)) == (BLOCKED, [WhyUnknown.NOT_YET])


@pytest.mark.parametrize("is_preload", [False, True])
def test_pictures_that_ever_came_are_not_blocked(later: Store, clock: Clock, is_preload: bool) -> None:
    """One opening with pictures, or a preload, on any mail to the address is enough; a day later too."""
    first, other = tracked_copy(ANNA), tracked_copy(ANNA)
    send(later, first)
    send(later, other)
    copy_id = send(later, tracked_copy(ANNA))
    record_hits(later, [click(token_id=first.tokens[1].random_id)], now=clock.now)
    assert reasons(later, copy_id) == BLOCKED
    agent = {"agent": GMAIL_PREFETCH, "labels": ("google-fetchers",)} if is_preload else {}
    record_hits(later, [hit(token_id=other.tokens[0].random_id, **agent)], now=clock.now)  # type: ignore[arg-type]
    clock.now += timedelta(days=3)
    assert reasons(later, copy_id) == [WhyUnknown.NOT_YET]


def test_a_click_in_mail_without_a_picture_shows_nothing_of_pictures(later: Store, clock: Clock) -> None:
    """Who allowed links alone got no picture that could have been blocked; nor does a group's copy speak for one."""
    links_only = replace(tracked_copy(ANNA), purposes=frozenset({Purpose.CLICKS}))
    shared = replace(tracked_copy(ANNA), shared=True)
    for copy in (links_only, shared):
        send(later, copy)
        record_hits(later, [click(token_id=copy.tokens[1].random_id)], now=clock.now)
    assert reasons(later, send(later, tracked_copy(ANNA))) == [WhyUnknown.NOT_YET]
