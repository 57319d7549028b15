"""However verdicts came to be what they are, they are what judging everything from scratch gives, and told once."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from desktop.core.agents import program_shape
from desktop.core.correction import Who
from desktop.core.notice import Sign
from desktop.core.status import CopyState
from desktop.core.workdays import WorkCalendar
from desktop.store.change import Change
from desktop.store.corrections import correct_hit, corrections, undo_correction
from desktop.store.database import Store
from desktop.store.hits import age_hits, record_hits
from desktop.store.mail import cards, conversation, record_message, record_outcome
from desktop.store.own_views import record_own_program, record_own_source
from desktop.store.reminders import cases, due_list
from desktop.store.settle import settle_copies
from relay.wire.hit import Hit, HitKind
from tests.fakes.mailbox_world import arrival, mail_facts, record
from tests.fakes.samples import CHROME, FIREFOX, GMAIL_PROXY, HOME, SENT_AT, THUNDERBIRD, hit, tracked_copy
from tests.store.fresh import CHECKED, fresh_store

PEOPLE = ("anna@becker.example", "anna@becker.example", "bob@lund.example")
NETWORKS = ("198.51.100.0/24", "203.0.113.0/24")
MARKS = (HOME, b"\x02" * 8, b"\x03" * 8)
AGENTS = (THUNDERBIRD, FIREFOX, CHROME, GMAIL_PROXY, "Some Mail")
NOW = SENT_AT + timedelta(days=1)
Op = Callable[["World"], Change]


@dataclass
class World:
    """A store in which three copies were sent, hits not yet come home, and what the user may take back."""

    store: Store
    hits: list[Hit]
    kept: list[bytes] = field(default_factory=list)
    said: list[int] = field(default_factory=list)


def sent(store: Store) -> list[tuple[bytes, ...]]:
    """Record the copies; return each one's random ids, those of the picture first."""
    found = []
    for number, address in enumerate(PEOPLE):
        copy = tracked_copy(address, links=2, tag=bytes([number]) * 8)
        tokens = tuple(replace(token, random_id=bytes([number, place]) * 6) for place, token in enumerate(copy.tokens))
        _, (copy_id,) = record_message(
            store,
            account_id=1,
            facts=mail_facts(message_id=f"<{number}@x>", to=(address,)),
            at=SENT_AT,
            copies=(replace(copy, tokens=tokens),),
        )
        record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT)
        found.append(tuple(token.random_id for token in tokens))
    return found


TOKENS = [tuple(bytes([number, place]) * 6 for place in range(3)) for number in range(len(PEOPLE))]


@st.composite
def all_hits(draw: st.DrawFn) -> list[Hit]:
    """Return up to eight hits of few shapes, some within seconds of others."""
    found = []
    for number in range(draw(st.integers(2, 8))):
        copy, place = draw(st.integers(0, len(PEOPLE) - 1)), draw(st.integers(0, 2))
        agent = draw(st.sampled_from(AGENTS))
        one = hit(
            after_s=3_600 * draw(st.integers(0, 8)) + draw(st.sampled_from((5, 600, 601))),
            kind=HitKind.OPEN if place == 0 else HitKind.CLICK,
            agent=agent,
            labels=("google-fetchers",) if agent == GMAIL_PROXY else (),
            headers={"sec-fetch-dest": "image" if place == 0 else "document"},
            token_id=TOKENS[copy][place],
            same_source=draw(st.sampled_from(MARKS)),
        )
        found.append(
            replace(one, id=bytes([number]) * 16, network=ipaddress.ip_network(draw(st.sampled_from(NETWORKS))))
        )
    return found


def bring(count: int) -> Op:
    """Let some of the hits that are left come home, the last of them once more."""

    def work(world: World) -> Change:
        batch, world.hits = world.hits[:count], world.hits[count:]
        world.kept += [each.id for each in batch]
        return record_hits(world.store, [*batch, *batch[-1:]], now=NOW)

    return work


def correct(choice: int, who: Who) -> Op:
    """Say of one of the hits that came who it was."""

    def work(world: World) -> Change:
        if not world.kept:
            return Change()
        change, id_ = correct_hit(world.store, world.kept[choice % len(world.kept)], who, now=NOW)
        world.said.append(id_)
        return change

    return work


def undo(choice: int) -> Op:
    """Take back one of the corrections."""

    def work(world: World) -> Change:
        if not world.said:
            return Change()
        return undo_correction(world.store, world.said.pop(choice % len(world.said)))

    return work


def reply(number: int) -> Op:
    """Let the reply to one of the copies come in, between the hours."""
    return lambda world: record(
        world.store, arrival(f"<r{number}@x>", f"<{number}@x>", sender=PEOPLE[number], after_h=3.5), is_news=True
    )


def learn(mark: bytes, network: str, days: int) -> Op:
    """Learn a mark of the desktop's own."""
    return lambda world: record_own_source(world.store, mark=mark, network=network, now=SENT_AT + timedelta(days=days))


def own(agent: str) -> Op:
    """Learn a program of the user's own."""
    return lambda world: record_own_program(world.store, program=program_shape(agent), how="submitted", now=NOW)


def corrections_and_undos() -> st.SearchStrategy[Op]:
    """Return what the user may say."""
    choices = st.integers(0, 7)
    return st.one_of(st.builds(correct, choices, st.sampled_from(Who)), st.builds(undo, choices))


def operations() -> st.SearchStrategy[Op]:
    """Return anything that may alter a verdict."""
    return st.one_of(
        st.builds(bring, st.integers(1, 3)),
        corrections_and_undos(),
        st.builds(reply, st.integers(0, 2)),
        st.builds(learn, st.sampled_from(MARKS), st.sampled_from(NETWORKS), st.integers(-1, 0)),
        st.builds(own, st.sampled_from((THUNDERBIRD, FIREFOX))),
    )


def rows(store: Store) -> dict[str, Any]:
    """Return all that judging writes, and the list of follow-ups that is read from it."""
    queries = {
        "hit": "SELECT * FROM hit ORDER BY id",
        "told": "SELECT * FROM told ORDER BY copy_id, sign",
        "copy": "SELECT * FROM copy ORDER BY id",
        "conversation": "SELECT * FROM conversation ORDER BY id",
    }
    with store.read() as connection:
        found: dict[str, Any] = {name: connection.execute(sql).fetchall() for name, sql in queries.items()}
    local = SENT_AT + timedelta(days=9)
    return found | {"cases": cases(store), "due": due_list(store, local, WorkCalendar(), cap=9)}


def judge_from_scratch(store: Store) -> None:
    """Forget every verdict and all that follows from it, then judge all anew at once."""

    def work(connection: Any) -> tuple[Change, None]:
        connection.execute("UPDATE hit SET verdict = 'unknown', rule = '', correction_id = NULL, ruled = NULL")
        connection.execute("DELETE FROM told WHERE sign IN ('open', 'click')")
        connection.execute("UPDATE copy SET rung = 0, asides = '[]'")
        copies = [each for (each,) in connection.execute("SELECT id FROM copy ORDER BY id DESC")]
        return settle_copies(connection, copies, notifies=False), None

    store.write(work)


def borne_out(store: Store) -> set[tuple[int, Sign]]:
    """Return which signs of which copies a hit bears out."""
    with store.read() as connection:
        found = connection.execute(
            "SELECT copy_id, kind FROM hit WHERE copy_id IS NOT NULL AND verdict IN ('person', 'image_proxy')"
        ).fetchall()
    return {(copy_id, Sign(kind)) for copy_id, kind in found}


@CHECKED
@given(all_hits(), st.lists(operations(), max_size=12))
def test_every_path_ends_where_judging_from_scratch_does(hits: list[Hit], operations_: list[Op]) -> None:
    """Hits, own views, replies, corrections and undos in any order: rows, cards and follow-ups are as from scratch."""
    with fresh_store() as store:
        sent(store)
        world = World(store=store, hits=hits)
        for each in operations_:
            each(world)
        expected = rows(store)
        judge_from_scratch(store)
        event(f"corrections {len(corrections(store))}")
        assert expected == rows(store)


@CHECKED
@given(all_hits(), st.lists(operations(), max_size=12))
def test_each_sign_rings_once_and_each_hit_is_shown_once(hits: list[Hit], operations_: list[Op]) -> None:
    """A sign rings only once while something bears it out, and an old one only for a click that fell.

    The user's own word rings never.
    """
    with fresh_store() as store:
        sent(store)
        world = World(store=store, hits=hits)
        rung_so_far = set[tuple[int | None, Sign | None]]()
        for each in operations_:
            before, said = borne_out(store), list(world.said)
            notices = each(world).notices
            rung = [(one.copy_id, one.sign) for one in notices if one.sign in (Sign.OPEN, Sign.CLICK)]
            after = borne_out(store)
            assert len(set(rung)) == len(rung)
            assert rung_so_far.isdisjoint(rung)
            for copy_id, sign in before.intersection(rung):
                assert (sign, (copy_id, Sign.CLICK) in before - after) == (Sign.OPEN, True)
            assert after.issuperset(rung)
            assert not rung or said == world.said
            event(f"rings for a click that fell: {bool(before.intersection(rung))}")
            rung_so_far = (rung_so_far | set(rung)) & after
        details = [detail for card in cards(store) if (detail := conversation(store, card.id)) is not None]
    lines = [
        line.hit.id
        for each in details
        for message in each.messages
        for copy in message.copies
        for line in copy.status.evidence
        if line.hit is not None
    ]
    assert sorted(lines) == sorted(world.kept)


@CHECKED
@given(st.data(), all_hits(), st.lists(operations(), max_size=6), st.booleans())
def test_a_correction_undone_leaves_no_trace(
    data: st.DataObject, hits: list[Hit], operations_: list[Op], is_aged: bool
) -> None:
    """Several corrections, taken back in any order, with hits aged or not: every row is as it was."""
    with fresh_store() as store:
        sent(store)
        world = World(store=store, hits=hits)
        for each in (*operations_, bring(8)):
            each(world)
        if is_aged:
            age_hits(store, SENT_AT + timedelta(days=2, hours=4))
            judge_all(store)
        expected, said = rows(store), [each.correction.id for each in corrections(store)]
        world.said = []
        for each in data.draw(st.lists(st.builds(correct, st.integers(0, 7), st.sampled_from(Who)), max_size=4)):
            each(world)
        for id_ in data.draw(st.permutations(world.said)):
            undo_correction(store, id_)
        assert expected == rows(store)
        assert said == [each.correction.id for each in corrections(store)]


def judge_all(store: Store) -> None:
    """Judge everything anew, as any news of a copy does."""
    store.write(
        lambda connection: (
            settle_copies(connection, [each for (each,) in connection.execute("SELECT id FROM copy")]),
            None,
        )
    )
