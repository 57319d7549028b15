"""Which addresses are accepted, and under which spelling a person is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.address import (
    MAX_ADDRESS_BYTES,
    MAX_LOCAL_BYTES,
    Mailbox,
    check_address,
    known_as,
    normalised,
    shown,
    without_detail,
)
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


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("Anna@M\u00fcller.example", "anna@xn--mller-kva.example"),
        ("anna@XN--MLLER-KVA.example", "anna@xn--mller-kva.example"),
        # IDNA 2008, and no longer 2003: the two are different domains, with different owners.
        ("anna@stra\u00dfe.example", "anna@xn--strae-oqa.example"),
        ("anna@strasse.example", "anna@strasse.example"),
        ("anna@\uff4d\u3002example", "anna@m.example"),
        ("anna@mu\u0308ller.example", "anna@xn--mller-kva.example"),
        # What IDNA 2008 has no place for is one person in both spellings too.
        ("anna@i\u2764.example", "anna@xn--i-7iq.example"),
        # What would be no address any more stays as it is.
        ("anna@a\u3002\u3002example", "anna@a\u3002\u3002example"),
        ("anna@\u2ff0.Example", "anna@xn--85j.example"),
        ("Tom\u00c1s@vidal.example", "tom\u00e1s@vidal.example"),
    ],
)
def test_an_international_domain_has_one_spelling(written: str, known: str) -> None:
    """Both spellings of a domain name the same person; the local part is in lower case and else as it was."""
    assert known == normalised(written)


@given(st.text("a\u00fc\u00df\u3002.-x\u0130\u2764\u2ff0n", min_size=1, max_size=12))
def test_what_is_normalised_is_normalised_already(domain: str) -> None:
    """However a domain is spelled, its spelling has itself as its spelling, and as it is shown too."""
    try:
        person = normalised(f"anna@{domain}")
    except Malformed:
        return
    assert (person, person) == (normalised(person), normalised(shown(person)))


@pytest.mark.parametrize(
    ("known", "written"),
    [
        ("anna@xn--mller-kva.example", "anna@m\u00fcller.example"),
        ("anna@xn--i-7iq.example", "anna@i\u2764.example"),
        ("anna@mueller.example", "anna@mueller.example"),
        ("xn--anna@mueller.example", "xn--anna@mueller.example"),
        ("anna@xn--zzzzzzzzzzzzzz.example", "anna@xn--zzzzzzzzzzzzzz.example"),
        ("anna@xn--strasse-.example", "anna@xn--strasse-.example"),
        ("anna@xn--MLLER-\u00fc.example", "anna@xn--MLLER-\u00fc.example"),
    ],
)
def test_a_domain_is_shown_as_people_write_it(known: str, written: str) -> None:
    """What stands for letters is shown as those, where they lead back to it; the rest as it is."""
    assert written == shown(known)


def test_what_is_no_address_is_known_in_lower_case() -> None:
    """A header may hold anything; an address in it is known as everywhere."""
    assert (known_as(" Undisclosed "), known_as("Anna@M\u00fcller.example")) == (
        "undisclosed",
        "anna@xn--mller-kva.example",
    )


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("anna+offer@x.example", "anna@x.example"),
        ("anna+a+b@x.example", "anna@x.example"),
        ("anna@x.example", "anna@x.example"),
        ("+anna@x.example", "+anna@x.example"),
        ("anna+@x.example", "anna@x.example"),
    ],
)
def test_a_detail_is_what_follows_a_plus(address: str, plain: str) -> None:
    """What stands before it is whose it is; nothing before it is nobody's."""
    assert plain == without_detail(address)
