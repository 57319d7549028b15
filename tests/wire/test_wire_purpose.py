"""What can be allowed, and in which languages people are spoken to: both pinned, as they are on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.wire.language import Language
from relay.wire.purpose import Purpose, purpose_bits, purposes_of


def test_bits_and_codes_are_pinned() -> None:
    """A bit or a code on the wire never changes its meaning."""
    assert {purpose.value: purpose_bits({purpose}) for purpose in Purpose} == {
        "opens": 1,
        "clicks": 2,
        "reading": 4,
        "place": 8,
    }
    assert {language.name: language.value for language in Language} == {
        "ENGLISH": "en",
        "GERMAN": "de",
        "FRENCH": "fr",
        "SPANISH": "es",
    }


@given(st.lists(st.sampled_from(Purpose)))
def test_purposes_come_back_from_their_bits(purposes: list[Purpose]) -> None:
    """Every set of purposes is one number and back, however often one is named."""
    assert purposes_of(purpose_bits(purposes)) == frozenset(purposes)


@pytest.mark.parametrize("bits", [-1, 16, 255])
def test_a_bit_that_stands_for_nothing_is_refused(bits: int) -> None:
    """A purpose of a later version is not taken for one of this."""
    with pytest.raises(ValueError, match="no purpose"):
        purposes_of(bits)
