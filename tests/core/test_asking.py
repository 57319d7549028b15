"""Questions: what they are for, and which generation a yes to them would begin."""

import pytest

from desktop.core.asking import OFFERED, generation_of_yes
from desktop.core.permission import REFUSING, Permission, Standing
from relay.wire.purpose import Purpose


def test_every_purpose_is_offered() -> None:
    """Item 2, "need boxes and words of their own": opens, clicks, reading time and place are each asked for."""
    assert set(Purpose) == OFFERED


@pytest.mark.parametrize("standing", list(Standing))
def test_a_yes_after_a_no_begins_a_new_generation(standing: Standing) -> None:
    """After each kind of no the tag of the question is a new one; before, it is the one in force."""
    permission = Permission(address="bob@example.test", standing=standing, generation=4)
    assert generation_of_yes(permission) == (5 if standing in REFUSING else 4)
