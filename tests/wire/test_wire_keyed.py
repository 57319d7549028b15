"""The keyed hash and the random octets that tokens, marks and seals are made of."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.wire.keyed import hmac_sha256
from relay.wire.randomness import Randomness


@given(st.binary(max_size=64), st.binary(max_size=300))
def test_the_keyed_hash_is_hmac(key: bytes, message: bytes) -> None:
    """It agrees with the standard library for every key and message, twice in a row."""
    expected = hmac.new(key, message, "sha256").digest()
    assert expected == hmac_sha256(key, message) == hmac_sha256(key, message)


def test_a_key_longer_than_a_block_is_refused() -> None:
    """RFC 2104 would hash it first; we have no such keys."""
    with pytest.raises(ValueError, match="longer than a block"):
        hmac_sha256(bytes(65), b"")


def test_random_octets_are_handed_out_once() -> None:
    """Ten thousand ids across many pages are all different and of the size asked for."""
    randomness = Randomness()
    ids = [randomness.take(16) for _ in range(10_000)]
    assert len(set(ids)) == 10_000
    assert {len(one) for one in ids} == {16}
    assert len(randomness.take(12)) == 12
