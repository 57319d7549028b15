"""Permissions, verdicts and troubles as values."""

from dataclasses import FrozenInstanceError

import pytest

from desktop.core.errors import Malformed, NotAuthorised, Refused, StoreTrouble, Trouble, Unreachable
from desktop.core.permission import SEEING, Permission, Standing, usable
from desktop.core.verdict import MACHINES, Confidence, Judgement, Verdict
from relay.wire.purpose import Purpose


def test_an_unknown_person_allows_nothing() -> None:
    """Unless something was recorded the permission is empty."""
    unknown = Permission(address="anna@becker.example", standing=Standing.UNKNOWN)
    assert (unknown.purposes, unknown.generation, unknown.granted_at) == (frozenset(), 0, None)


def test_a_permission_cannot_be_altered_on_its_way() -> None:
    """Values that travel are frozen."""
    unknown = Permission(address="anna@becker.example", standing=Standing.UNKNOWN)
    with pytest.raises(FrozenInstanceError):
        unknown.purposes = frozenset(Purpose)  # type: ignore[misc]


@pytest.mark.parametrize("seen", [SEEING, frozenset({Purpose.OPENS}), frozenset({Purpose.CLICKS})])
def test_place_is_usable_only_beside_what_is_seen(seen: frozenset[Purpose]) -> None:
    """Place alone comes to nothing; with opens or clicks all stand as they were."""
    place = frozenset({Purpose.PLACE})
    assert (usable(place), usable(frozenset())) == (frozenset(), frozenset())
    assert (usable(seen), usable(seen | place)) == (seen, seen | place)


@pytest.mark.parametrize("verdict", Verdict)
def test_only_people_count_and_only_people_and_proxies_notify(verdict: Verdict) -> None:
    """A verdict's two consequences, for each verdict; a machine has neither."""
    judgement = Judgement(verdict=verdict, rule="r", confidence=Confidence.LOW, reason="because")
    assert judgement.counts is (verdict is Verdict.PERSON)
    assert judgement.notifies is (verdict in {Verdict.PERSON, Verdict.IMAGE_PROXY})
    assert not (judgement.notifies and verdict in MACHINES)


@pytest.mark.parametrize("kind", [Unreachable, Refused, NotAuthorised, Malformed, StoreTrouble])
def test_every_known_failure_is_a_trouble_with_sentence_and_cure(kind: type[Trouble]) -> None:
    """One except clause catches them all, and each can be shown."""
    with pytest.raises(Trouble, match="It failed") as caught:
        raise kind("It failed.", "Mend it.")
    assert (caught.value.sentence, caught.value.cure) == ("It failed.", "Mend it.")


def test_a_trouble_may_have_no_cure() -> None:
    """Where there is nothing to do, nothing is advised."""
    assert Trouble("It failed.").cure == ""


def test_not_authorised_is_a_refusal() -> None:
    """Whoever handles refusals handles a wrong password too."""
    assert issubclass(NotAuthorised, Refused)
