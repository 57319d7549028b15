"""Which addresses are accepted, and under which spelling a person is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.address import MAX_ADDRESS_BYTES, MAX_LOCAL_BYTES, Mailbox, check_address, normalised
from desktop.core.errors import Malformed


@pytest.mark.parametrize(
    "address",
    [
        "a@b",
        "anna.becker+offer@becker-architekten.example",
        "o'neil@example.com",
        "tomás@vidal.example",
        "anna@bücher.example",
        "x" * MAX_LOCAL_BYTES + "@example.com",
    ],
)
def test_dot_atom_addresses_are_accepted_as_they_are(address: str) -> None:
    """ASCII and international addresses pass unaltered."""
    assert check_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "@example.com",
        "anna@",
        ".anna@example.com",
        "anna.@example.com",
        "an..na@example.com",
        '"anna becker"@example.com',
        "anna@[192.0.2.1]",
        "anna@-example.com",
        "anna@example-.com",
        "anna@example..com",
        "anna@exa_mple.com",
        "anna becker@example.com",
        "anna@example.com\r\nRCPT TO:<eve@example.com>",
        "anna@example.com\n",
        "anna\x00@example.com",
        "anna<eve@example.com",
        "anna\u200b@example.com",
        "anna\ud800@example.com",
        "x" * (MAX_LOCAL_BYTES + 1) + "@example.com",
        "ü" * (MAX_LOCAL_BYTES // 2 + 1) + "@example.com",
        "anna@" + "x" * 64 + ".com",
        "anna@" + ".".join(["x" * 50] * 5),
    ],
)
def test_what_is_no_plain_address_is_refused(address: str) -> None:
    """Quoting, literals, controls, empty and overlong parts are refused, never repaired."""
    with pytest.raises(Malformed) as caught:
        check_address(address)
    assert (caught.value.sentence, caught.value.cure) == (
        "This is not a mail address.",
        "Write it as name@example.com.",
    )


def test_the_longest_address_is_accepted_and_one_octet_more_is_not() -> None:
    """RFC 5321's 254 octets are the limit."""
    longest = "anna@" + ".".join(["x" * 61] * 4) + "y"
    longest += "y" * (MAX_ADDRESS_BYTES - len(longest))
    assert check_address(longest) == longest
    with pytest.raises(Malformed):
        check_address(longest + "y")


def test_a_person_is_known_in_lower_case() -> None:
    """Case and surrounding space do not make another person."""
    assert normalised(" Anna@Becker.Example ") == "anna@becker.example"


def test_a_mailbox_keeps_what_was_written() -> None:
    """The display name and the written case stay."""
    assert Mailbox("Anna", "Anna@Becker.example").address == "Anna@Becker.example"


@given(st.text(max_size=80))
def test_checking_accepts_or_raises_malformed(text: str) -> None:
    """No text brings anything but itself or Malformed, and what passes holds no control, space or bracket."""
    try:
        accepted = check_address(text)
    except Malformed:
        return
    assert accepted == text
    assert not set(text) & set(' \r\n\t\x00<>"(),;:\\[]')
