"""Do-not-track entries: what a line says, and whom an entry names."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.address import normalised
from desktop.core.donottrack import Entry, Kind, fits, names, parse_line, read_list
from desktop.core.errors import Malformed

ENTRIES = tuple(parse_line(each) for each in ("anna@becker.example", "lund.example", "info@*", "*.gov.example"))

NOBODY = (
    "",
    "  ",
    "anna",
    "anna becker",
    "anna@",
    "@",
    "a@b@c",
    "a..b@x.example",
    "-x.example",
    "a*,b*",
    "<a*@x>",
    "a* b",
)
EVERYBODY = ("*", "*@*", "**.*", "@*")
NO_PATTERN = ("*@*@x", "*" + "x" * 254, "*\u202e", "a@" + "x" * 260 + ".example")


@pytest.mark.parametrize(
    ("line", "kind", "value"),
    [
        (" Anna@Becker.Example ", Kind.ADDRESS, "anna@becker.example"),
        ("becker.example", Kind.DOMAIN, "becker.example"),
        ("@Becker.example", Kind.DOMAIN, "becker.example"),
        ("@localhost", Kind.DOMAIN, "localhost"),
        ("m\u00fcller.example", Kind.DOMAIN, "xn--mller-kva.example"),
        ("a@m\u00fcller.example", Kind.ADDRESS, "a@xn--mller-kva.example"),
        ("**@*.example", Kind.PATTERN, "*@*.example"),
        ("*.gov.example", Kind.PATTERN, "*.gov.example"),
        ("no-reply*", Kind.PATTERN, "no-reply*"),
    ],
)
def test_a_line_says_what_it_names(line: str, kind: Kind, value: str) -> None:
    """An address, a domain or a pattern, in one spelling."""
    assert parse_line(line) == Entry(kind=kind, value=value)


@pytest.mark.parametrize("line", [*NOBODY, *EVERYBODY, *NO_PATTERN])
def test_a_line_that_names_nobody_or_everybody_is_refused_in_words(line: str) -> None:
    """Each bad line has a sentence and a cure, and no text of the line in it."""
    with pytest.raises(Malformed) as told:
        parse_line(line)
    assert told.value.sentence.endswith(".")
    assert told.value.cure.endswith(".")


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("anna@becker.example", "anna@becker.example"),
        ("bob@lund.example", "lund.example"),
        ("bob@mail.lund.example", "lund.example"),
        ("info@x.example", "info@*"),
        ("x@tax.gov.example", "*.gov.example"),
        ("bob@becker.example", None),
        ("xinfo@x.example", None),
        ("x@gov.example", None),
        ("x@lund.example.org", None),
        ("lund.example@x.org", None),
    ],
)
def test_an_entry_names_whom_it_names(address: str, value: str | None) -> None:
    """A domain covers what is below it and nothing beside it; a pattern fits the whole."""
    found = names(ENTRIES, address)
    assert (found and found.value) == value


def test_a_pattern_fits_either_spelling_of_an_international_domain() -> None:
    """The user may have written the letters or their ASCII form."""
    assert fits("*@m\u00fcller.*", "x@m\u00fcller.example")
    assert names([parse_line("*@m\u00fcller.*")], normalised("x@m\u00fcller.example")) is not None
    assert names([parse_line("*@xn--mller-*")], normalised("x@m\u00fcller.example")) is not None


def test_a_domain_without_an_ascii_spelling_is_compared_with_itself() -> None:
    """What IDNA refuses, as an overlong label, is no reason to fail."""
    domain = "\u00fc" * 30 + "\ufdfa" * 3 + ".example"
    assert names([Entry(kind=Kind.DOMAIN, value=domain)], f"x@{domain}") is not None


@given(st.text("ab.*@", max_size=8), st.text("ab.@", max_size=10))
def test_a_pattern_means_what_the_same_regular_expression_means(pattern: str, address: str) -> None:
    """The star is any text and all else is itself, against the domain alone where the pattern has no sign."""
    text = address if "@" in pattern else address.rpartition("@")[2]
    meant = ".*".join(re.escape(piece) for piece in pattern.split("*"))
    if "*" in pattern:
        assert fits(pattern, address) == (re.fullmatch(meant, text) is not None)


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_list_is_read_in_whatever_charset_programs_save_it(charset: str) -> None:
    """A spreadsheet's and an editor's file say the same."""
    assert read_list("m\u00fcller.example\n".encode(charset)) == "m\u00fcller.example\n"


def test_letters_that_cannot_be_read_name_nobody() -> None:
    """A line of lost letters is told, not kept as a domain that nobody has."""
    with pytest.raises(Malformed, match="cannot be read"):
        parse_line(read_list(b"m\x81ller.example"))
