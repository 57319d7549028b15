"""What a question's link says of who asks: pinned, one spelling each, and never another's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.wire.claims import MAX_SENDER_BYTES, BadClaimsError, Claims, fit_name, read_claims, spell_claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.token import BadTokenError, Token, TokenType, mint, minting_key, verify

KIM = Claims(sender="Kim Larsen", language=Language.GERMAN, purposes=frozenset({Purpose.OPENS, Purpose.PLACE}))
names = st.text(min_size=1, max_size=60).map(fit_name).filter(bool)
claims = st.builds(
    Claims,
    sender=names,
    language=st.sampled_from(Language),
    purposes=st.frozensets(st.sampled_from(Purpose), min_size=1),
)


def test_the_format_is_pinned() -> None:
    """Version, language, the sum of the purposes' bits, the name in UTF-8."""
    assert spell_claims(KIM) == b"\x01de\x09Kim Larsen"


@given(claims)
def test_what_is_spelled_is_read(one: Claims) -> None:
    """Claims come back as they went in."""
    assert read_claims(spell_claims(one)) == one


@given(st.binary(max_size=140))
def test_octets_are_claims_in_one_spelling_or_none(octets: bytes) -> None:
    """Any octets are refused in one way, or spelled again as they came."""
    try:
        found = read_claims(octets)
    except BadClaimsError:
        return
    assert spell_claims(found) == octets


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x02de\x09Kim",
        b"\x01",
        b"\x01de",
        b"\x01de\x00Kim",
        b"\x01de\x10Kim",
        b"\x01nl\x09Kim",
        b"\x01de\x09",
        b"\x01de\x09Kim\nLarsen",
        b"\x01de\x09 Kim",
        b"\x01de\x09\xff",
        b"\x01de\x09" + b"x" * (MAX_SENDER_BYTES + 1),
        "\x01de\x09Kim\u202egro.knab".encode(),
    ],
)
def test_what_cannot_be_claimed_is_refused(octets: bytes) -> None:
    """Another format, language or bit, no purpose, and a name of none, two lines, hidden signs or too many octets."""
    with pytest.raises(BadClaimsError):
        read_claims(octets)


@pytest.mark.parametrize("sender", ["", " ", "Kim\tLarsen", "Kim  Larsen", "x" * 121, "ä" * 61])
def test_a_name_that_the_page_could_not_show_is_not_spelled(sender: str) -> None:
    """What is no single printable line of 120 octets raises, though everything else is right."""
    with pytest.raises(ValueError, match="no name"):
        spell_claims(Claims(sender=sender, language=Language.ENGLISH, purposes=frozenset({Purpose.OPENS})))


def test_a_question_for_nothing_is_not_spelled() -> None:
    """Without a purpose there is nothing to ask."""
    with pytest.raises(ValueError, match="nothing"):
        spell_claims(Claims(sender="Kim", language=Language.ENGLISH, purposes=frozenset()))


@pytest.mark.parametrize(
    ("name", "fitted"),
    [
        ("Kim Larsen", "Kim Larsen"),
        ("  Kim \n Larsen\x00 ", "Kim Larsen"),
        ("Kim\u202eLarsen", "Kim Larsen"),
        ("ä" * 61, "ä" * 60),
        ("x" * 119 + " y", "x" * 119),
        ("\ud800Kim", "Kim"),
        ("\t", ""),
    ],
)
def test_a_name_is_fitted_to_what_can_be_claimed(name: str, fitted: str) -> None:
    """Line ends and hidden signs become spaces, what is too long is cut between letters."""
    assert fit_name(name) == fitted


def test_the_sender_s_name_cannot_be_forged() -> None:
    """A question's token holds for its own claims alone: another name, language or purpose, and the MAC breaks."""
    key = minting_key(bytes(32), b"channel-id-1", TokenType.CONSENT)
    token = Token(
        type=TokenType.CONSENT,
        key_id=1,
        channel_id=b"channel-id-1",
        recipient_tag=b"recipie1",
        issue_day=20_000,
        random_id=b"random-id-12",
    )
    text = mint(key, token, bound=spell_claims(KIM))
    assert verify(text, TokenType.CONSENT, lambda _token: key, bound=spell_claims(KIM)) == token
    for forged in (b"\x01de\x09Kim Larsem", b"\x01en\x09Kim Larsen", b"\x01de\x0bKim Larsen"):
        with pytest.raises(BadTokenError, match="MAC"):
            verify(text, TokenType.CONSENT, lambda _token: key, bound=forged)
