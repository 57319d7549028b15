"""No order of arrival matters: any permutation and split of the same mail gives the same conversations and statuses."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import event, given
from hypothesis import strategies as st

from desktop.core.status import CopyState
from desktop.store.arrivals import SentMail
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.hits import record_hits
from desktop.store.mail import cards, conversation, record_message, record_outcome
from desktop.store.people import record_stops
from relay.wire.hit import Hit
from tests.fakes.mailbox_world import NOW, OWN, Mail, Step, mails, picture, play, record, ways
from tests.fakes.samples import click, hit, tracked_copy
from tests.store.fresh import CHECKED, fresh_store


@CHECKED
@given(st.data(), mails())
def test_no_order_and_no_split_makes_a_difference(data: st.DataObject, sample: tuple[Mail, ...]) -> None:
    """All at once, or in any order and any batches: cards, details, statuses and questions are the same."""
    with fresh_store() as store:
        record(store, *sample)
        expected = picture(store)
        event(f"conversations {len(cards(store))}")
    with fresh_store() as store:
        play(store, sample, data.draw(ways(len(sample))))
        assert expected == picture(store)


@CHECKED
@given(mails())
def test_keeping_mail_again_alters_nothing(sample: tuple[Mail, ...]) -> None:
    """After the folder was numbered anew the same mail is read again, and no window has anything to redraw."""
    with fresh_store() as store:
        record(store, *sample)
        expected = picture(store)
        assert Change() == record(store, *reversed(sample))
        assert [Change()] * len(sample) == [record(store, each) for each in sample]
        assert expected == picture(store)


@CHECKED
@given(mails())
def test_no_mail_is_lost_and_none_is_shown_twice(sample: tuple[Mail, ...]) -> None:
    """Every mail to others stands in one conversation, once; no arrival stands in two."""
    with fresh_store() as store:
        record(store, *sample)
        details = [detail for card in cards(store) if (detail := conversation(store, card.id)) is not None]
    shown = sorted(message.message_id for detail in details for message in detail.messages)
    to_others = [
        each.facts.message_id
        for each in sample
        if isinstance(each, SentMail) and any(one.address != OWN for one in each.recipients)
    ]
    assert sorted(to_others) == shown
    arrived = [row.id for detail in details for row in detail.arrivals]
    assert len(set(arrived)) == len(arrived)


@CHECKED
@given(st.data(), mails())
def test_hits_stops_and_outcomes_come_in_any_order_too(data: st.DataObject, sample: tuple[Mail, ...]) -> None:
    """Of mail that the listener recorded, all that follows may come in any order, its Sent copy under another name."""
    listened = [each for each in sample if isinstance(each, SentMail)][:2]
    rest = [each for each in sample if each not in listened]
    copies = {each.facts.message_id: tracked_copy(each.recipients[0].address, tag=bytes(8)) for each in listened}
    chosen = [data.draw(st.sampled_from(["none", "own", "renamed"])) for _ in listened]
    hits: dict[str, tuple[Hit, ...]] = {
        each.facts.message_id: (
            hit(after_s=86_400, token_id=copies[each.facts.message_id].tokens[0].random_id),
            click(after_s=90_000, token_id=copies[each.facts.message_id].tokens[1].random_id),
        )
        for each in listened
    }

    def fill(store: Store, *, way_of: bool) -> None:
        steps: list[Step] = list(rest)
        for each, found_as in zip(listened, chosen, strict=True):
            name = each.facts.message_id
            _, (copy_id,) = record_message(store, account_id=1, facts=each.facts, at=each.at, copies=(copies[name],))
            steps += _later(each, name, copy_id, found_as, hits)
        if way_of:
            play(store, steps, data.draw(ways(len(steps))))
            return
        record(store, *(step for step in steps if not callable(step)))
        for step in steps:
            if callable(step):
                step(store)

    with fresh_store() as store:
        fill(store, way_of=False)
        expected = picture(store)
    with fresh_store() as store:
        fill(store, way_of=True)
        assert expected == picture(store)


def _later(each: SentMail, name: str, copy_id: int, found_as: str, hits: dict[str, tuple[Hit, ...]]) -> list[Step]:
    """Return what becomes known of a mail after it was handed in."""
    steps: list[Step] = [
        lambda store: record_outcome(store, copy_id, CopyState.SENT, at=each.at),
        lambda store: record_stops(store, [bytes(8)], NOW),
        *(lambda store, one=one: record_hits(store, [one], now=NOW) for one in hits[name]),
    ]
    if found_as == "own":
        steps.append(each)
    if found_as == "renamed":
        assert each.facts.date is not None
        date = each.facts.date + timedelta(seconds=1)
        steps.append(replace(each, facts=replace(each.facts, message_id=f"<given{name[1:]}", date=date)))
    return steps
