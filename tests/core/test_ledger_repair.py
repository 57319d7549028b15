"""What goes on after a break: every no, and no yes that may not have been one."""

from dataclasses import replace

import pytest

from desktop.core.ledger import Event, Flaw, row_hash, spell_erased, verify
from desktop.core.ledger_repair import Broken, Carried, carried, seemed_granted
from desktop.core.permission import Method
from relay.wire.language import Language
from tests.core.ledgers import WORDING, Chain, of_three

ANNA, BEN, CLEO = "anna@becker.example", "ben@becker.example", "cleo@becker.example"


def broken(chain: Chain, wordings: frozenset[bytes] = frozenset({WORDING})) -> Broken:
    at = verify(chain.rows, chain.details, chain.head, wordings=wordings)
    assert at is not None
    return Broken(rows=chain.rows, details=chain.details, head=chain.head, wordings=wordings, at=at)


def told(found: tuple[Carried, ...]) -> list[tuple[str, Event, int]]:
    return [(each.address, each.event, each.generation) for each in found]


def test_refusals_after_the_break_are_carried_over_and_grants_are_not() -> None:
    """Behind an altered row a no goes on and a yes does not; the yes before it stands."""
    chain = Chain()
    chain.add("granted", ANNA)
    altered = chain.add("asked", "dan@becker.example")
    chain.add("granted", BEN)
    chain.add("stopped", CLEO, evidence="")
    chain.alter(altered, at_ms=0)
    found = carried(broken(chain), {})
    dan = ("dan@becker.example", Event.ASKED, 0)
    assert told(found) == [(BEN, Event.CARRIED, 0), (CLEO, Event.STOPPED, 0), dan]
    assert found[2].at is None
    assert seemed_granted(broken(chain)) == {ANNA, BEN}


def test_a_question_after_the_break_goes_on_with_its_words() -> None:
    """The person is not asked again sooner because of a repair; a text that is lost is not named any more."""
    chain = of_three()
    chain.alter_detail(1, salt=b"x")
    chain.add("asked", BEN, language="de", wording=WORDING)
    chain.add("denied", BEN, language="de", wording=WORDING, method="page", evidence="link 02")
    asked, denied = (each for each in carried(broken(chain), {}) if each.address == BEN)
    assert (asked.event, asked.wording, asked.language) == (Event.ASKED, WORDING, Language.GERMAN)
    assert (denied.event, denied.method, denied.evidence) == (Event.DENIED, Method.PAGE, "link 02")
    lost = carried(broken(chain, wordings=frozenset()), {})
    assert {each.wording for each in lost} == {b""}


def test_whoever_is_named_after_the_break_begins_anew() -> None:
    """A wider yes from before does not come back because the narrower one after it is not carried over."""
    chain = Chain()
    chain.add("granted", ANNA)
    chain.add("granted", BEN)
    narrower = chain.add("granted", ANNA, purposes="[]")
    chain.alter(narrower, at_ms=0)
    assert told(carried(broken(chain), {})) == [(ANNA, Event.CARRIED, 0)]


@pytest.mark.parametrize("number", [3, 4])
def test_a_row_that_may_be_anybodys_no_ends_every_yes_before_it(number: int) -> None:
    """Where nobody can tell whose refusal a row was nobody is tracked on; where it was a yes, the others stand."""
    chain = Chain()
    chain.add("granted", ANNA)
    chain.add("granted", BEN)
    chain.add("granted", CLEO)
    chain.add("withdrawn", ANNA)
    del chain.details[number]
    expected = {3: [(ANNA, Event.WITHDRAWN, 0)], 4: [(each, Event.CARRIED, 0) for each in (ANNA, BEN, CLEO)]}
    assert told(carried(broken(chain), {})) == expected[number]


@pytest.mark.parametrize("is_named", [True, False])
def test_an_altered_row_is_anybodys_where_its_person_is_altered_too(*, is_named: bool) -> None:
    """It may have been a no; where only its own fields are, it still says whose it was."""
    chain = Chain()
    chain.add("granted", ANNA)
    chain.add("withdrawn", BEN)
    chain.alter(2, event="granted")
    if not is_named:
        chain.alter_detail(2, address=CLEO)
    expected = [BEN] if is_named else [ANNA, CLEO]
    assert told(carried(broken(chain), {})) == [(each, Event.CARRIED, 0) for each in expected]


def test_whoever_was_written_to_may_have_said_the_no_that_is_lost() -> None:
    """Mail told them of tracking, say: only where a no may be lost, and only of who did not say it again since."""
    chain = Chain()
    chain.add("granted", ANNA)
    chain.add("withdrawn", BEN)
    chain.add("withdrawn", CLEO)
    written_to = {ANNA, BEN, CLEO, "dan@becker.example"}
    chain.alter(2, at_ms=0)
    assert told(carried(broken(chain), {}, written_to)) == [(BEN, Event.WITHDRAWN, 0), (CLEO, Event.WITHDRAWN, 0)]
    del chain.details[2]
    found = told(carried(broken(chain), {}, written_to))
    assert found == [
        (ANNA, Event.CARRIED, 0),
        (BEN, Event.CARRIED, 0),
        (CLEO, Event.WITHDRAWN, 0),
        ("dan@becker.example", Event.CARRIED, 0),
    ]


def test_without_a_head_rows_may_be_missing_at_the_end() -> None:
    """Then no yes stands, though a row is altered besides."""
    chain = Chain()
    chain.add("granted", ANNA)
    chain.add("granted", BEN)
    chain.alter(2, at_ms=0)
    ben = (BEN, Event.CARRIED, 0)
    assert told(carried(broken(chain), {})) == [ben]
    assert told(carried(replace(broken(chain), head=None), {})) == [(ANNA, Event.CARRIED, 0), ben]


@pytest.mark.parametrize("why", [Flaw.GAP, Flaw.UNLINKED, Flaw.HEAD])
def test_rows_that_can_have_been_rewritten_end_every_yes(why: Flaw) -> None:
    """A row that was taken out, replaced or cut off may have been anybody's no; refusals stand all the same."""
    chain = Chain()
    chain.add("granted", ANNA)
    chain.add("stopped", BEN)
    chain.add("granted", CLEO)
    chain.add("asked", BEN)
    if why is Flaw.GAP:
        del chain.rows[1]
    elif why is Flaw.HEAD:
        del chain.rows[3]
    else:
        forged = replace(chain.rows[1], at_ms=5)
        chain.rows[1] = replace(forged, hash=row_hash(forged))
    found = broken(chain)
    ended = {(address, event) for address, event, _ in told(carried(found, {BEN: 0})) if event != Event.ASKED}
    assert found.at.why is why
    assert (ANNA, Event.CARRIED) in ended
    assert ((BEN, Event.STOPPED) in ended) == (why is Flaw.GAP)


def test_a_no_whose_row_is_altered_still_holds() -> None:
    """Its generation is not believed; what stood before gives it, and the stops that are kept apart."""
    chain = Chain()
    chain.add("granted", ANNA, generation=1)
    chain.add("withdrawn", ANNA, generation=1)
    chain.alter(2, generation=9)
    assert told(carried(broken(chain), {})) == [(ANNA, Event.WITHDRAWN, 1)]
    assert told(carried(broken(chain), {ANNA: 2})) == [(ANNA, Event.WITHDRAWN, 2)]


def test_a_stop_kept_apart_stands_for_a_refusal_that_is_lost() -> None:
    """Whose tag was stopped has refused, unless they granted anew since; who is known to have is not told twice."""
    chain = Chain()
    chain.add("granted", ANNA)
    chain.add("granted", BEN, generation=1)
    chain.add("stopped", CLEO, generation=1)
    last = chain.add("withdrawn", ANNA)
    chain.alter(last, event="granted")
    found = carried(broken(chain), {ANNA: 0, BEN: 0, CLEO: 1})
    assert told(found) == [(ANNA, Event.CARRIED, 0), (ANNA, Event.STOPPED, 0)]
    assert told(carried(broken(chain), {CLEO: 2}))[-1] == (CLEO, Event.STOPPED, 2)


def test_somebody_who_was_erased_hinders_nobody() -> None:
    """A detail that was erased by a row is not taken for a lost refusal, wherever the break is."""
    chain = Chain()
    chain.add("granted", ANNA)
    chain.add("stopped", BEN)
    chain.add("granted", CLEO)
    chain.add("stopped", "dan@becker.example")
    chain.add("erased", "", evidence=spell_erased([4]))
    del chain.details[4]
    chain.alter(3, at_ms=0)
    assert told(carried(broken(chain), {})) == [(CLEO, Event.CARRIED, 0)]
    chain.alter(5, at_ms=0)
    assert (ANNA, Event.CARRIED, 0) in told(carried(broken(chain), {}))
