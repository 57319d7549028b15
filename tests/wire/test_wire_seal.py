"""The seal: who may open, what an altered octet does, and the format, pinned."""

import hashlib
from unittest import mock

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from relay.wire.hit import HIT_BYTES
from relay.wire.seal import (
    SEALED_BYTES,
    BadSealError,
    Opener,
    Sealer,
    is_usable_public_key,
    key_id,
    new_private_key,
    public_key_of,
)

PRIVATE = bytes(range(1, 33))
PUBLIC = public_key_of(PRIVATE)
CHANNEL = bytes(range(12))
PLAIN = b"hit".ljust(HIT_BYTES)
GOLDEN_DIGEST = "78eaa6a04f1268e33daf2bc8d9d2b3df52ac2ab70452316ccd2cb1c05e78a07e"
# The points of small order on curve25519, each of which gives a zero secret (RFC 7748 section 6.1).
ZERO_POINTS = (
    bytes(32),
    b"\x01" + bytes(31),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
)


def sealed(plain: bytes = PLAIN, *, channel_id: bytes = CHANNEL, recipient: bytes = PUBLIC) -> bytes:
    return Sealer().seal(plain, channel_id=channel_id, recipient=recipient)


def golden() -> bytes:
    """Seal with a known ephemeral key and nonce."""
    known = X25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
    with (
        mock.patch("relay.wire.seal.X25519PrivateKey.generate", return_value=known),
        mock.patch("os.urandom", bytes_up_to),
    ):
        return sealed()


def bytes_up_to(size: int) -> bytes:
    return bytes(number % 256 for number in range(size))


def test_the_format_is_pinned() -> None:
    """The golden seal is these octets; a change here needs a new version."""
    octets = golden()
    assert octets[:1] == b"\x01"
    assert octets[1:5] == key_id(PUBLIC) == bytes.fromhex("1fcd88f4")
    assert octets[5:37] == public_key_of(bytes(range(32, 64)))
    assert octets[37:49] == bytes(range(12))
    assert hashlib.sha256(octets).hexdigest() == GOLDEN_DIGEST
    assert len(octets) == SEALED_BYTES == 1_089
    assert Opener(PRIVATE, CHANNEL).open(octets) == PLAIN


@given(st.binary(min_size=HIT_BYTES, max_size=HIT_BYTES))
def test_what_is_sealed_is_opened(plain: bytes) -> None:
    """Any padded hit comes back."""
    assert Opener(PRIVATE, CHANNEL).open(sealed(plain)) == plain


@given(st.integers(0, SEALED_BYTES * 8 - 1))
def test_one_flipped_bit_fails(bit: int) -> None:
    """No bit of a seal is free."""
    octets = bytearray(golden())
    octets[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadSealError):
        Opener(PRIVATE, CHANNEL).open(bytes(octets))


def test_only_the_owner_opens() -> None:
    """Another key and another channel do not open; the owner does, many seals and sealers in a row."""
    octets = sealed()
    with pytest.raises(BadSealError, match="another version or another key"):
        Opener(new_private_key(), CHANNEL).open(octets)
    with pytest.raises(BadSealError, match="the seal does not hold"):
        Opener(PRIVATE, b"other-channe").open(octets)
    opener, sealer = Opener(PRIVATE, CHANNEL), Sealer()
    assert [opener.open(sealer.seal(PLAIN, channel_id=CHANNEL, recipient=PUBLIC)) for _ in range(3)] == [PLAIN] * 3
    assert opener.open(octets) == PLAIN


def test_two_seals_of_one_hit_differ_throughout() -> None:
    """Nonces are fresh, and so are ephemeral keys of two sealers."""
    sealer = Sealer()
    first = sealer.seal(PLAIN, channel_id=CHANNEL, recipient=PUBLIC)
    second = sealer.seal(PLAIN, channel_id=CHANNEL, recipient=PUBLIC)
    assert first[5:37] == second[5:37]
    assert first[37:] != second[37:]
    assert sealed()[5:37] != first[5:37]


@pytest.mark.parametrize("size", [0, HIT_BYTES - 1, HIT_BYTES + 1])
def test_only_a_padded_hit_is_sealed(size: int) -> None:
    """Another length would tell something."""
    with pytest.raises(ValueError, match="only a padded hit"):
        sealed(bytes(size))


@pytest.mark.parametrize("size", [0, SEALED_BYTES - 1, SEALED_BYTES + 1])
def test_another_length_is_no_seal(size: int) -> None:
    """Cut or lengthened octets are refused before any key is used."""
    with pytest.raises(BadSealError, match="octets instead of"):
        Opener(PRIVATE, CHANNEL).open(bytes(size))


@pytest.mark.parametrize("point", ZERO_POINTS)
def test_a_zero_exchange_is_refused_on_both_sides(point: bytes) -> None:
    """No hit is sealed to such a key, none opened from such an ephemeral one, and registration can tell."""
    octets = golden()
    assert not is_usable_public_key(point)
    with pytest.raises(ValueError, match="computing shared key"):
        sealed(recipient=point)
    with pytest.raises(BadSealError, match="a zero key exchange"):
        Opener(PRIVATE, CHANNEL).open(octets[:5] + point + octets[37:])


def test_a_public_key_is_usable_and_another_length_is_not() -> None:
    """Thirty-two octets of a real key pass; 31 do not."""
    assert is_usable_public_key(PUBLIC)
    assert not is_usable_public_key(PUBLIC[:-1])
    assert len(new_private_key()) == 32
    assert new_private_key() != new_private_key()
