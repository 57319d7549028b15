"""Whether one recipient's copy is tracked: only a standing permission allows anything."""

from datetime import UTC, datetime

import pytest

from desktop.core.permission import Permission, Standing
from desktop.core.policy import Decision, WhyNot, decide
from relay.wire.purpose import Purpose

AT = datetime(2026, 5, 3, tzinfo=UTC)
BOTH = frozenset({Purpose.OPENS, Purpose.CLICKS})
PLACE = frozenset({Purpose.PLACE})


def permission(standing: Standing, purposes: frozenset[Purpose] = frozenset()) -> Permission:
    """Return what stands for one person."""
    return Permission(address="bob@example.test", standing=standing, purposes=purposes, granted_at=AT)


@pytest.mark.parametrize(
    "purposes",
    [
        BOTH,
        frozenset({Purpose.OPENS}),
        frozenset({Purpose.CLICKS}),
        BOTH | PLACE,
        frozenset({Purpose.OPENS}) | PLACE,
        frozenset({Purpose.CLICKS}) | PLACE,
    ],
)
def test_granted_purposes_are_tracked_and_no_others(purposes: frozenset[Purpose]) -> None:
    """A copy is tracked for exactly what the person allowed."""
    assert Decision(track=purposes) == decide(permission(Standing.GRANTED, purposes), has_relay=True)


@pytest.mark.parametrize(
    ("standing", "why"),
    [
        (Standing.UNKNOWN, WhyNot.NO_PERMISSION),
        (Standing.WITHDRAWN, WhyNot.WITHDRAWN),
        (Standing.STOPPED, WhyNot.STOPPED),
    ],
)
@pytest.mark.parametrize("has_relay", [True, False])
def test_without_a_standing_grant_nothing_is_tracked(standing: Standing, why: WhyNot, has_relay: bool) -> None:
    """Unknown, withdrawn and stopped give their own reason, with a relay or without, whatever purposes are left."""
    assert Decision(why_not=why) == decide(permission(standing, BOTH), has_relay=has_relay)


@pytest.mark.parametrize("purposes", [frozenset(), PLACE])
def test_a_grant_of_nothing_is_no_permission(purposes: frozenset[Purpose]) -> None:
    """A grant without a purpose tracks nothing, and one for place alone neither."""
    assert Decision(why_not=WhyNot.NO_PERMISSION) == decide(permission(Standing.GRANTED, purposes), has_relay=True)


def test_without_a_relay_a_grant_tracks_nothing() -> None:
    """A permission cannot be used while there is no relay to point at."""
    assert Decision(why_not=WhyNot.NO_RELAY) == decide(permission(Standing.GRANTED, BOTH), has_relay=False)


def test_reason_codes_are_what_the_store_holds() -> None:
    """The codes are their names in lower case; the store keeps them for years."""
    assert [code.name.lower() for code in WhyNot] == [code.value for code in WhyNot]
    assert len(WhyNot) == 26
