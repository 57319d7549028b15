"""The token's spelling, its MAC and its types, pinned by golden vectors."""

import base64
import hmac
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.wire.token import (
    TOKEN_BYTES,
    TOKEN_CHARS,
    BadTokenError,
    Token,
    TokenType,
    mint,
    minting_key,
    read,
    recipient_tag,
    verify,
)

MASTER = bytes(range(32))
CHANNEL = bytes(range(12))
TOKEN = Token(
    type=TokenType.OPEN,
    key_id=0x0102,
    channel_id=CHANNEL,
    recipient_tag=b"recipie1",
    issue_day=0x5012,
    random_id=b"random-id-12",
)
DESTINATION = b"https://example.org/a?b=c"
GOLDEN_OPEN = "AQEBAgABAgMEBQYHCAkKC3JlY2lwaWUxUBJyYW5kb20taWQtMTKze1xKemSZmSFHx3bwPVdr"
GOLDEN_CLICK = "AQIBAgABAgMEBQYHCAkKC3JlY2lwaWUxUBJyYW5kb20taWQtMTLesPgZN0dUrf7rUAZiiCp9"
GOLDEN_KEYS = {
    TokenType.OPEN: "b31e1af5b282ec7674172c429c1ea2f58287ce664a67e0dd315109b9e5e5ee6a",
    TokenType.CLICK: "3e4b7c87e47a6c1a4fff3362a36b778efe0f51674a42d6c2ff8608b270d280f9",
    TokenType.STOP: "1df91b4e99ab30be6398f738540c247ad751c242ae382a9da46ee5e8c0cfa133",
    TokenType.CONSENT: "87729804c70ea3548036fbb2424e2e5e6413f7ed8e2286e219060610aaf19bab",
    TokenType.CONFIRM: "e465664b4bda9462bfcf71b7a47348e756c9b8578c2b636201190336ad5ddded",
    TokenType.PAGE: "35c234b286e7058d1eb1eae0eeed3e34c6d56a9fe24f101e489d0eb5e3f1c67b",
}

tokens = st.builds(
    Token,
    type=st.sampled_from(TokenType),
    key_id=st.integers(0, 0xFFFF),
    channel_id=st.binary(min_size=12, max_size=12),
    recipient_tag=st.binary(min_size=8, max_size=8),
    issue_day=st.integers(0, 0xFFFF),
    random_id=st.binary(min_size=12, max_size=12),
)
keys = st.binary(min_size=32, max_size=32)


def key_of(token: Token) -> bytes:
    return minting_key(MASTER, token.channel_id, token.type)


def bound_of(token: Token) -> bytes:
    return DESTINATION if token.type in (TokenType.CLICK, TokenType.CONSENT) else b""


def spelled(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode()


def octets_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text)


def test_the_format_is_pinned() -> None:
    """The golden tokens are spelled exactly so; a change here needs a new version."""
    click = replace(TOKEN, type=TokenType.CLICK)
    assert mint(key_of(TOKEN), TOKEN) == GOLDEN_OPEN
    assert mint(key_of(click), click, bound=DESTINATION) == GOLDEN_CLICK
    assert (len(GOLDEN_OPEN), len(octets_of(GOLDEN_OPEN))) == (TOKEN_CHARS, TOKEN_BYTES) == (72, 54)


def test_the_fields_stand_where_the_architecture_says() -> None:
    """Version, type, key id, channel, tag, day, random id, then 128 bits of HMAC-SHA-256, computed here by hand."""
    fields = b"\x01\x01" + b"\x01\x02" + CHANNEL + b"recipie1" + struct.pack(">H", 0x5012) + b"random-id-12"
    mac = hmac.new(bytes.fromhex(GOLDEN_KEYS[TokenType.OPEN]), fields, "sha256").digest()[:16]
    assert octets_of(GOLDEN_OPEN) == fields + mac


@pytest.mark.parametrize("token_type", list(TokenType))
def test_minting_keys_are_pinned_and_are_hkdf(token_type: TokenType) -> None:
    """Each type's key is RFC 5869 over channel and type, computed here by hand."""
    extracted = hmac.new(bytes(32), MASTER, "sha256").digest()
    info = b"readback token" + CHANNEL + bytes([token_type]) + b"\x01"
    by_hand = hmac.new(extracted, info, "sha256").hexdigest()
    assert minting_key(MASTER, CHANNEL, token_type).hex() == GOLDEN_KEYS[token_type] == by_hand


def test_type_numbers_are_pinned() -> None:
    """A number on the wire never changes its meaning."""
    assert {one.name: one.value for one in TokenType} == {
        "OPEN": 1,
        "CLICK": 2,
        "STOP": 3,
        "CONSENT": 4,
        "CONFIRM": 5,
        "PAGE": 6,
    }


@given(tokens)
def test_what_is_minted_is_read_and_verified(token: Token) -> None:
    """Every token survives its spelling, and its MAC holds for type and destination."""
    text = mint(key_of(token), token, bound=bound_of(token))
    assert read(text) == token
    assert verify(text, token.type, key_of, bound=bound_of(token)) == token


@given(tokens, st.integers(0, TOKEN_BYTES * 8 - 1))
def test_one_flipped_bit_fails(token: Token, bit: int) -> None:
    """No bit of a token is free."""
    octets = bytearray(octets_of(mint(key_of(token), token, bound=bound_of(token))))
    octets[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadTokenError):
        verify(spelled(bytes(octets)), token.type, key_of, bound=bound_of(token))


@given(tokens, keys)
def test_another_key_fails(token: Token, key: bytes) -> None:
    """Only the channel's own key for the type mints."""
    text = mint(key, token, bound=bound_of(token))
    with pytest.raises(BadTokenError, match="the MAC does not hold"):
        verify(text, token.type, key_of, bound=bound_of(token))


@given(tokens, st.sampled_from(TokenType))
def test_a_token_of_one_type_is_never_taken_for_another(token: Token, other: TokenType) -> None:
    """The type asked for must be the type inside, before any key is looked at."""
    text = mint(key_of(token), token, bound=bound_of(token))
    if other is token.type:
        assert verify(text, other, key_of, bound=bound_of(token)) == token
    else:
        with pytest.raises(BadTokenError, match="a token of another type"):
            verify(text, other, key_of, bound=bound_of(token))


def test_a_click_holds_for_its_destination_only() -> None:
    """Another destination, or none, fails: the relay is no open redirect."""
    for other in (b"https://evil.test/", DESTINATION + b"x", b""):
        with pytest.raises(BadTokenError, match="the MAC does not hold"):
            verify(GOLDEN_CLICK, TokenType.CLICK, key_of, bound=other)
    assert verify(GOLDEN_CLICK, TokenType.CLICK, key_of, bound=DESTINATION).type is TokenType.CLICK


@given(tokens)
def test_what_is_bound_belongs_to_click_and_consent_tokens_and_to_each_of_them(token: Token) -> None:
    """Minting a click or a question with nothing bound, or another type with something, is refused."""
    wrong = b"" if bound_of(token) else DESTINATION
    with pytest.raises(ValueError, match="what is bound belongs to click and consent tokens, and to each of them"):
        mint(key_of(token), token, bound=wrong)


@given(st.text(max_size=80) | st.from_regex(r"[A-Za-z0-9_-]{70,74}", fullmatch=True))
def test_no_text_makes_reading_fail_in_another_way(text: str) -> None:
    """Anything at all either is the one spelling of a token or raises BadTokenError."""
    try:
        token = read(text)
    except BadTokenError:
        return
    assert spelled(octets_of(text)) == text
    assert token.pack() == octets_of(text)[:38]


@pytest.mark.parametrize(
    "text",
    [
        GOLDEN_OPEN + "=",
        GOLDEN_OPEN + "\n",
        " " + GOLDEN_OPEN[1:],
        GOLDEN_OPEN[:-1],
        GOLDEN_OPEN + "A",
        GOLDEN_OPEN[:-1] + "+",
        GOLDEN_OPEN[:-1] + "/",
        GOLDEN_OPEN[:-1] + "é",
        "\uff21" + GOLDEN_OPEN[1:],
        "",
    ],
)
def test_other_spellings_are_refused(text: str) -> None:
    """Padding, line ends, the other alphabet and look-alikes are no token."""
    with pytest.raises(BadTokenError, match="not 72 base64url characters"):
        read(text)


def test_unknown_versions_and_types_are_refused() -> None:
    """Version 0 and 2, type 0 and 7 say what is wrong with them."""
    octets = octets_of(GOLDEN_OPEN)
    for version in (0, 2):
        with pytest.raises(BadTokenError, match="unknown version"):
            read(spelled(bytes([version]) + octets[1:]))
    for number in (0, 7):
        with pytest.raises(BadTokenError, match="unknown type"):
            read(spelled(octets[:1] + bytes([number]) + octets[2:]))


def test_without_a_master_nothing_verifies() -> None:
    """A key id that no master has is refused; the key is asked for with the token's own fields."""
    asked: list[Token] = []

    def none_for(token: Token) -> None:
        asked.append(token)

    with pytest.raises(BadTokenError, match="no such key"):
        verify(GOLDEN_OPEN, TokenType.OPEN, none_for)
    assert asked == [TOKEN]


def test_the_recipient_tag_is_pinned_and_keyed() -> None:
    """One address, generation and key give one tag; another of either gives another."""
    tag = recipient_tag(b"k" * 32, "anna@example.org", 1)
    message = b"readback tag\x00anna@example.org\x00" + (1).to_bytes(8, "big")
    assert tag.hex() == "87fdb771f41a86bc" == hmac.new(b"k" * 32, message, "sha256").hexdigest()[:16]
    others = {
        recipient_tag(b"k" * 32, "anna@example.org", 2),
        recipient_tag(b"k" * 32, "anne@example.org", 1),
        recipient_tag(b"l" * 32, "anna@example.org", 1),
    }
    assert len(others | {tag}) == 4
