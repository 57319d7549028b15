"""The chain: what it shows to be altered, what may be erased from it, and where a person stands by their rows."""

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.core.ledger import (
    BEGINNING,
    Break,
    Event,
    Flaw,
    LedgerHead,
    LedgerRow,
    row_hash,
    spell_erased,
    standing_of,
    verify,
)
from desktop.core.permission import Method, Permission, Standing
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from tests.core.ledgers import AT_MS, WORDING, Chain, of_three, pairs

ANNA = "anna@becker.example"


def flaw(chain: Chain) -> Break | None:
    return verify(chain.rows, chain.details, chain.head, wordings={WORDING})


def test_an_untouched_chain_holds() -> None:
    """Neither an empty chain nor one of several people breaks, whole or from the middle on."""
    chain = of_three()
    since = LedgerHead(rows=2, hash=chain.rows[1].hash)
    assert verify((), {}, BEGINNING) is None
    assert flaw(chain) is None
    assert verify(chain.rows[2:], chain.details, chain.head, since=since) is None


def test_the_first_row_is_hashed_as_described() -> None:
    """The formula of the module's docstring, computed apart from this code, gives these hashes."""
    chain = Chain()
    chain.add("granted", method="spoken")
    assert chain.rows[0].detail_hash.hex() == "b5d330201158d44d4dc683fe4fece59f06e4977067345eec94f517a99ec7041c"
    assert chain.rows[0].hash.hex() == "a25b8e40b256734096311d37711ca01515db3c2923e681298356e1193c25ff6b"


ALTERED = {
    "event": "withdrawn",
    "purposes": '["clicks"]',
    "generation": 1,
    "method": "spoken",
    "language": "fr",
    "wording": b"",
    "at_ms": AT_MS,
    "detail_hash": bytes(32),
    "previous": bytes(32),
    "hash": bytes(32),
    "whose": b"else",
}


@pytest.mark.parametrize("name", sorted(ALTERED))
def test_6_an_altered_field_breaks_the_chain_at_its_row(name: str) -> None:
    """Who, purpose, wording, method, time: each field of a row is covered."""
    chain = of_three()
    chain.alter(2, **{name: ALTERED[name]})
    assert flaw(chain) == Break(where=2, why=Flaw.ALTERED)


def test_every_field_of_a_row_is_tried() -> None:
    """The altered fields above are all that a row has but its number."""
    assert ALTERED.keys() == {each.name for each in fields(LedgerRow)} - {"id"}


@pytest.mark.parametrize("altered", [{"address": "anne@becker.example"}, {"evidence": "x"}, {"salt": bytes(32)}])
def test_6_an_altered_detail_breaks_the_chain_at_its_row(altered: dict[str, object]) -> None:
    """Whom a row concerns and its evidence are covered too."""
    chain = of_three()
    chain.alter_detail(3, **altered)
    assert flaw(chain) == Break(where=3, why=Flaw.DETAIL_ALTERED)


@pytest.mark.parametrize(("number", "position", "bit"), [(1, 0, 0), (2, 31, 7), (4, 16, 3)])
def test_6_one_flipped_bit_of_a_hash_breaks_the_chain(number: int, position: int, bit: int) -> None:
    """Any bit of any hash will do."""
    chain = of_three()
    octets = bytearray(chain.rows[number - 1].hash)
    octets[position] ^= 1 << bit
    chain.alter(number, hash=bytes(octets))
    assert flaw(chain) == Break(where=number, why=Flaw.ALTERED)


def test_a_row_rewritten_with_a_hash_that_fits_breaks_the_next() -> None:
    """What follows names the hash that was."""
    chain = of_three()
    forged = replace(chain.rows[1], purposes='["opens","clicks"]')
    chain.rows[1] = replace(forged, hash=row_hash(forged))
    assert flaw(chain) == Break(where=3, why=Flaw.UNLINKED)


@pytest.mark.parametrize(("cut", "where", "why"), [(0, 1, Flaw.GAP), (2, 3, Flaw.GAP), (3, 4, Flaw.HEAD)])
def test_a_row_taken_out_is_missed(cut: int, where: int, why: Flaw) -> None:
    """At the beginning, in the middle, and at the end, where only the head knows."""
    chain = of_three()
    del chain.rows[cut]
    assert flaw(chain) == Break(where=where, why=why)


def test_rows_that_the_head_does_not_know_are_not_believed() -> None:
    """A chain that is longer than its head, or has none, breaks."""
    chain = of_three()
    shorter = LedgerHead(rows=3, hash=chain.rows[2].hash)
    assert verify(chain.rows, chain.details, shorter, wordings={WORDING}) == Break(where=4, why=Flaw.HEAD)
    assert verify(chain.rows, chain.details, None, wordings={WORDING}) == Break(where=5, why=Flaw.HEAD)


def test_a_lost_wording_breaks_the_first_row_that_was_shown_it() -> None:
    """Without the exact text nobody can say what was agreed to."""
    chain = of_three()
    assert verify(chain.rows, chain.details, chain.head) == Break(where=1, why=Flaw.WORDING)


def test_16_a_detail_may_go_once_a_row_says_so() -> None:
    """A detail taken away breaks the chain where it was; with an erased row that names it the chain holds."""
    chain = of_three()
    del chain.details[3]
    assert flaw(chain) == Break(where=3, why=Flaw.DETAIL_GONE)
    chain.add("erased", "", evidence=spell_erased([3]))
    assert flaw(chain) is None


def test_an_erasure_covers_what_it_names_and_what_came_before_it_alone() -> None:
    """Neither another row's detail nor a later one's may go with it, and an altered row erases nothing."""
    chain = of_three()
    chain.add("erased", "", evidence=spell_erased([3, 6]))
    chain.add("granted", "ben@becker.example")
    for gone in (2, 6):
        details = {number: each for number, each in chain.details.items() if number != gone}
        assert verify(chain.rows, details, chain.head, wordings={WORDING}) == Break(where=gone, why=Flaw.DETAIL_GONE)
    del chain.details[3]
    chain.alter(5, at_ms=0)
    assert flaw(chain) == Break(where=3, why=Flaw.DETAIL_GONE)


def test_an_erasure_still_covers_its_rows_beyond_a_break() -> None:
    """Damage between the two is found where it is, not at the person who was erased."""
    chain = of_three()
    chain.add("erased", "", evidence=spell_erased([1, 2]))
    del chain.details[1], chain.details[2]
    chain.alter(3, at_ms=0)
    assert flaw(chain) == Break(where=3, why=Flaw.ALTERED)


@settings(max_examples=25)
@given(st.lists(st.sampled_from(list(Event)), min_size=1, max_size=8), st.data())
def test_what_is_damaged_never_verifies(events: list[Event], data: st.DataObject) -> None:
    """Whatever a chain records, one altered field of one row breaks it at that row."""
    chain = Chain()
    for event in events:
        chain.add(event, evidence="[]")
    number = data.draw(st.integers(1, len(events)))
    name = data.draw(st.sampled_from(["generation", "at_ms"]))
    chain.alter(number, **{name: getattr(chain.rows[number - 1], name) ^ (1 << data.draw(st.integers(0, 40)))})
    assert flaw(chain) == Break(where=number, why=Flaw.ALTERED)


def stands(*events: str) -> Permission:
    chain = Chain()
    for each in events:
        event, _, generation = each.partition(" ")
        chain.add(event, generation=int(generation or 0))
    return standing_of(ANNA, pairs(chain))


@pytest.mark.parametrize(
    ("events", "standing", "generation"),
    [
        ([], Standing.UNKNOWN, 0),
        (["asked"], Standing.ASKED, 0),
        (["granted"], Standing.GRANTED, 0),
        (["asked", "granted"], Standing.GRANTED, 0),
        (["asked", "denied"], Standing.DENIED, 0),
        (["granted", "withdrawn"], Standing.WITHDRAWN, 0),
        (["granted", "stopped"], Standing.STOPPED, 0),
        (["granted", "retracted"], Standing.UNKNOWN, 0),
        (["asked", "granted", "retracted"], Standing.ASKED, 0),
        (["granted", "granted", "retracted"], Standing.GRANTED, 0),
        (["granted", "granted", "retracted", "retracted"], Standing.UNKNOWN, 0),
        (["granted", "stopped", "asked 1"], Standing.STOPPED, 0),
        (["granted", "stopped", "asked 1", "granted 1"], Standing.GRANTED, 1),
        (["stopped", "asked 1", "denied 1"], Standing.DENIED, 1),
        (["stopped", "granted 1", "carried 1"], Standing.STOPPED, 1),
        (["granted", "carried"], Standing.UNKNOWN, 0),
    ],
)
def test_where_a_person_stands_follows_from_their_rows(events: list[str], standing: Standing, generation: int) -> None:
    """The last no or yes decides; a question changes neither, and what is taken back was not there."""
    found = stands(*events)
    assert (found.standing, found.generation) == (standing, generation)


def test_a_question_whose_mail_did_not_leave_was_not_put() -> None:
    """A row that names the same link takes it back, and no other question nor a yes with it."""
    chain = Chain()
    chain.add("granted")
    chain.add("asked", evidence="link 01")
    chain.add("asked", evidence="link 02")
    first = datetime.fromtimestamp((AT_MS + 2) / 1000, UTC)
    chain.add("retracted", evidence="link 02")
    assert (stands_in(chain).standing, stands_in(chain).asked_at) == (Standing.GRANTED, first)
    chain.add("retracted", evidence="link 01")
    assert (stands_in(chain).standing, stands_in(chain).asked_at) == (Standing.GRANTED, None)


def stands_in(chain: Chain) -> Permission:
    """Return where the one person of a chain stands."""
    return standing_of(ANNA, pairs(chain))


def test_a_grant_is_told_with_all_that_is_known_of_it() -> None:
    """Purposes, method, evidence, time, language and wording come from the row itself, the question from its own."""
    chain = of_three()
    assert standing_of(ANNA, pairs(chain)[:2]) == Permission(
        address=ANNA,
        standing=Standing.GRANTED,
        purposes=frozenset({Purpose.OPENS}),
        method=Method.PAGE,
        evidence="link 00, answer 01",
        granted_at=datetime.fromtimestamp((AT_MS + 2) / 1000, UTC),
        asked_at=datetime.fromtimestamp((AT_MS + 1) / 1000, UTC),
        language=Language.GERMAN,
        wording=WORDING,
    )
