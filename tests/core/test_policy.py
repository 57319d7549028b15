"""Whether one recipient's copy is tracked, on what ground, and whether it asks: the person first, then the policy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from desktop.core.asking import OFFERED, SILENCE
from desktop.core.grounds import AskWhen, Grounds, Policy
from desktop.core.permission import REFUSING, SEEING, Permission, Standing
from desktop.core.policy import Decision, Ground, WhyNot, decide, is_let_alone
from relay.wire.purpose import Purpose

AT = datetime(2026, 5, 3, tzinfo=UTC)
NOW = AT + timedelta(days=30)
PLACE = frozenset({Purpose.PLACE})
OPENS, CLICKS = frozenset({Purpose.OPENS}), frozenset({Purpose.CLICKS})
AGREED = Ground.AGREED


def grounds_of(
    standing: Standing,
    purposes: frozenset[Purpose] = frozenset(),
    *,
    address: str = "bob@example.test",
    asked_at: datetime | None = None,
) -> Grounds:
    """Return grounds on which nothing but the permission speaks; whoever was asked was asked a month ago."""
    was_asked = asked_at or (AT if standing is Standing.ASKED else None)
    permission = Permission(address=address, standing=standing, purposes=purposes, granted_at=AT, asked_at=was_asked)
    return Grounds(permission=permission, ask_when=AskWhen.NEVER, asked_at=was_asked)


def decided(grounds: Grounds, *, has_relay: bool = True, now: datetime = NOW) -> Decision:
    """Return what is decided."""
    return decide(grounds, has_relay=has_relay, now=now)


TOLD = replace(grounds_of(Standing.UNKNOWN), policy=Policy.TELL, country="US", own_country="CA")


@pytest.mark.parametrize("policy", [Policy.ASK, Policy.TELL])
@pytest.mark.parametrize("purposes", [SEEING, OPENS, CLICKS, SEEING | PLACE, OPENS | PLACE, CLICKS | PLACE])
def test_granted_purposes_are_tracked_and_no_others(purposes: frozenset[Purpose], policy: Policy) -> None:
    """A copy is tracked for exactly what the person allowed, also where others are only told."""
    grounds = replace(grounds_of(Standing.GRANTED, purposes), policy=policy, country="US", own_country="US")
    assert Decision(track=purposes, ground=AGREED) == decided(grounds)


@pytest.mark.parametrize(
    ("standing", "why"),
    [
        (Standing.UNKNOWN, WhyNot.NO_PERMISSION),
        (Standing.ASKED, WhyNot.ASKED),
        (Standing.DENIED, WhyNot.DENIED),
        (Standing.WITHDRAWN, WhyNot.WITHDRAWN),
        (Standing.STOPPED, WhyNot.STOPPED),
    ],
)
@pytest.mark.parametrize("has_relay", [True, False])
def test_without_a_standing_grant_nothing_is_tracked(standing: Standing, why: WhyNot, has_relay: bool) -> None:
    """Each other standing gives its own reason, with a relay or without, whatever purposes are left."""
    assert Decision(why_not=why) == decided(grounds_of(standing, SEEING), has_relay=has_relay)


@pytest.mark.parametrize("purposes", [frozenset(), PLACE])
def test_a_grant_of_nothing_is_no_permission(purposes: frozenset[Purpose]) -> None:
    """A grant without a purpose tracks nothing, and one for place alone neither."""
    assert Decision(why_not=WhyNot.NO_PERMISSION) == decided(grounds_of(Standing.GRANTED, purposes))


@pytest.mark.parametrize("grounds", [grounds_of(Standing.GRANTED, SEEING), TOLD], ids=["agreed", "told"])
def test_without_a_relay_nothing_can_be_tracked(grounds: Grounds) -> None:
    """What stands cannot be used while there is no relay to point at."""
    assert Decision(why_not=WhyNot.NO_RELAY) == decided(grounds, has_relay=False)


@pytest.mark.parametrize("policy", list(Policy))
def test_a_broken_ledger_tracks_and_asks_nobody(policy: Policy) -> None:
    """Item 1, "ledger unreadable": not even a yes in it counts, and no question is put."""
    grounds = replace(TOLD, policy=policy, is_asking_wanted=True, ask_when=AskWhen.FIRST)
    for each in (grounds, replace(grounds, permission=grounds_of(Standing.GRANTED, SEEING).permission)):
        assert Decision(why_not=WhyNot.LEDGER_BROKEN) == decided(replace(each, is_ledger_sound=False))
        assert decided(each).why_not is not WhyNot.LEDGER_BROKEN


@pytest.mark.parametrize("standing", [Standing.UNKNOWN, Standing.ASKED, Standing.GRANTED])
def test_a_do_not_track_list_goes_before_all_but_the_persons_no(standing: Standing) -> None:
    """Item 11: whoever a list names is not tracked, told or asked, even after a yes."""
    grounds = replace(grounds_of(standing, SEEING), is_listed=True, is_asking_wanted=True, ask_when=AskWhen.FIRST)
    assert Decision(why_not=WhyNot.LISTED) == decided(grounds)
    assert Decision(why_not=WhyNot.LISTED) == decided(replace(grounds, policy=Policy.TELL, country="US"))


@pytest.mark.parametrize("standing", [Standing.UNKNOWN, Standing.ASKED, Standing.GRANTED])
def test_off_is_off(standing: Standing) -> None:
    """With the policy off nobody is tracked or asked, whatever was allowed and whatever is wanted."""
    grounds = replace(grounds_of(standing, SEEING), policy=Policy.OFF, is_asking_wanted=True, ask_when=AskWhen.FIRST)
    assert Decision(why_not=WhyNot.POLICY_OFF) == decided(grounds)


def test_a_no_is_shown_before_lists_and_policies() -> None:
    """A person's own no is the reason, and no question goes with it where a list or the policy forbids one."""
    denied = replace(grounds_of(Standing.DENIED), is_asking_wanted=True)
    assert Decision(why_not=WhyNot.DENIED) == decided(replace(denied, is_listed=True))
    assert Decision(why_not=WhyNot.DENIED) == decided(replace(denied, policy=Policy.OFF))
    assert Decision(why_not=WhyNot.DENIED, ask=OFFERED) == decided(denied)


def test_told_is_tracked_for_opens_and_links_alone() -> None:
    """Who is told in a country where that is offered is tracked for what is seen, never for place or reading time."""
    assert Decision(track=SEEING, ground=Ground.TOLD) == decided(TOLD)


@pytest.mark.parametrize(
    ("country", "own_country", "why"),
    [
        ("", "US", WhyNot.COUNTRY_UNKNOWN),
        ("US", "", WhyNot.COUNTRY_UNKNOWN),
        ("DE", "US", WhyNot.COUNTRY_NOT_OFFERED),
        ("US", "DE", WhyNot.COUNTRY_NOT_OFFERED),
        ("GB", "US", WhyNot.COUNTRY_NOT_OFFERED),
        ("US", "CH", WhyNot.COUNTRY_NOT_OFFERED),
        ("NO", "NO", WhyNot.COUNTRY_NOT_OFFERED),
    ],
)
def test_telling_is_not_offered_everywhere(country: str, own_country: str, why: WhyNot) -> None:
    """In the EU, the EEA, the United Kingdom, Switzerland and nobody knows where, for either side, it is ask first."""
    grounds = replace(TOLD, country=country, own_country=own_country)
    assert Decision(why_not=why) == decided(grounds)
    assert Decision(why_not=why, ask=OFFERED) == decided(replace(grounds, ask_when=AskWhen.FIRST))


def test_a_country_domain_says_where_somebody_is() -> None:
    """Where no country is entered the address's domain tells; gmail.com does not."""
    grounds = replace(TOLD, country="")
    for address, ground in (("bob@x.co.nz", Ground.TOLD), ("bob@gmail.com", None), ("bob@x.fr", None)):
        there = replace(grounds, permission=replace(grounds.permission, address=address))
        assert decided(there).ground is ground


@pytest.mark.parametrize("standing", [Standing.ASKED, *sorted(REFUSING)])
def test_telling_is_for_those_who_were_never_asked_and_never_said_no(standing: Standing) -> None:
    """Silence after a question, and each kind of no, hold where others are told."""
    told = replace(grounds_of(standing), policy=Policy.TELL, country="US", own_country="US")
    assert (decided(told).track, decided(told).why_not) == (frozenset(), WhyNot(standing.value))


def test_the_users_word_to_ask_goes_before_telling() -> None:
    """Who is to be asked by hand is not tracked in that very mail."""
    assert Decision(ask=OFFERED, why_not=WhyNot.NO_PERMISSION) == decided(replace(TOLD, is_asking_wanted=True))
    assert decided(replace(TOLD, ask_when=AskWhen.FIRST)).ground is Ground.TOLD


@pytest.mark.parametrize(("when", "has_answered"), list(product(AskWhen, [True, False])))
def test_a_stranger_is_asked_when_the_user_chose(when: AskWhen, has_answered: bool) -> None:
    """In the first mail, once they have answered, or never; and not without a relay, where nobody could answer."""
    grounds = replace(grounds_of(Standing.UNKNOWN), ask_when=when, has_answered=has_answered)
    asks = when is AskWhen.FIRST or (when is AskWhen.ANSWERED and has_answered)
    assert Decision(why_not=WhyNot.NO_PERMISSION, ask=OFFERED if asks else frozenset()) == decided(grounds)
    assert decided(grounds, has_relay=False).ask == frozenset()


@pytest.mark.parametrize("standing", list(Standing))
def test_nobody_is_asked_twice_by_itself(standing: Standing) -> None:
    """Item 5, "Silence means no": once asked, however long ago, the app never asks again on its own."""
    long_ago = NOW - 10 * SILENCE
    grounds = replace(grounds_of(standing, SEEING, asked_at=long_ago), ask_when=AskWhen.FIRST, has_answered=True)
    assert decided(grounds).ask == frozenset()
    never = replace(grounds_of(Standing.UNKNOWN), ask_when=AskWhen.FIRST)
    assert decided(never).ask == OFFERED


@pytest.mark.parametrize("standing", [each for each in Standing if each is not Standing.GRANTED])
@pytest.mark.parametrize(("days", "asks"), [(0, False), (179, False), (180, True)])
def test_by_hand_a_person_is_asked_again_after_180_days(standing: Standing, days: int, asks: bool) -> None:
    """Item 5, "not asked again for 180 days": the user's own word does not shorten them; after a no it counts."""
    grounds = replace(grounds_of(standing, asked_at=NOW - timedelta(days=days)), is_asking_wanted=True)
    assert decided(grounds).ask == (OFFERED if asks else frozenset())
    assert decided(grounds).track == frozenset()


def test_whoever_allowed_it_is_not_asked() -> None:
    """A yes for opens alone is not met with a question for more."""
    assert decided(replace(grounds_of(Standing.GRANTED, OPENS), is_asking_wanted=True)).ask == frozenset()


@pytest.mark.parametrize("grounds", [replace(TOLD, is_listed=True), replace(TOLD, is_ledger_sound=False)])
def test_nothing_at_all_is_minted_for_whoever_is_let_alone(grounds: Grounds) -> None:
    """Lists, a broken ledger and each no leave no link of any kind; others may get one of their own choosing."""
    assert is_let_alone(grounds)
    assert all(is_let_alone(grounds_of(standing)) is (standing in REFUSING) for standing in Standing)


def test_reason_codes_are_what_the_store_holds() -> None:
    """The codes are their names in lower case; the store keeps them for years."""
    assert [code.name.lower() for code in WhyNot] == [code.value for code in WhyNot]
    assert len(WhyNot) == 34


@pytest.mark.parametrize(
    "change", [{"can_answer": False}, {"permission": replace(TOLD.permission, is_uncertain=True)}], ids=["reader", "no"]
)
def test_whoever_cannot_answer_or_may_have_said_no_is_neither_told_nor_asked(change: dict[str, Any]) -> None:
    """A machine, the user themselves, and whoever a repair of the ledger left uncertain; others are told, or asked."""
    told, asked = TOLD, replace(TOLD, policy=Policy.ASK, ask_when=AskWhen.FIRST)
    assert Decision(track=SEEING, ground=Ground.TOLD) == decided(told)
    assert Decision(why_not=WhyNot.NO_PERMISSION, ask=OFFERED) == decided(asked)
    for each in (told, asked):
        assert Decision(why_not=WhyNot.NO_PERMISSION) == decided(replace(each, **change))


def test_an_uncertain_person_can_be_asked_by_hand() -> None:
    """The user's own word that they wish it counts; at an address that nobody reads it does not."""
    uncertain = replace(TOLD, permission=replace(TOLD.permission, is_uncertain=True), is_asking_wanted=True)
    assert Decision(why_not=WhyNot.NO_PERMISSION, ask=OFFERED) == decided(uncertain)
    assert Decision(why_not=WhyNot.NO_PERMISSION) == decided(replace(uncertain, can_answer=False))


@pytest.mark.parametrize("address", ["bob@firm.de", "bob@firm.re", "bob@firm.eu", "bob@firm.co.uk"])
def test_a_country_that_was_entered_does_not_outweigh_the_domain(address: str) -> None:
    """Nobody at a domain of where telling is not offered is told, wherever the user says that they are."""
    elsewhere = replace(TOLD, permission=replace(TOLD.permission, address=address))
    assert Decision(why_not=WhyNot.COUNTRY_NOT_OFFERED) == decided(elsewhere)
    entered = replace(TOLD, permission=replace(TOLD.permission, address="bob@firm.us"), country="DE")
    assert Decision(why_not=WhyNot.COUNTRY_NOT_OFFERED) == decided(entered)
    assert Decision(track=SEEING, ground=Ground.TOLD) == decided(replace(entered, country="US"))
