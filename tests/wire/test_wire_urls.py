"""The URLs a mail carries, and the one reading of each."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.wire.urls import (
    MAX_DESTINATION_BYTES,
    BadUrlError,
    check_destination,
    click_url,
    confirm_url,
    consent_url,
    open_url,
    page_url,
    read_click_path,
    read_confirm_path,
    read_consent_url,
    read_open_path,
    read_page_path,
    read_stop_path,
    stop_url,
)

TEXT = "A" * 71 + "-"
DESTINATION = b"https://example.org/a?b=c"
SPELLED = "aHR0cHM6Ly9leGFtcGxlLm9yZy9hP2I9Yw"
texts = st.from_regex(r"[A-Za-z0-9_-]{72}", fullmatch=True)
destinations = st.builds(
    lambda scheme, rest: scheme + rest.encode(),
    st.sampled_from([b"http://", b"https://", b"HTTPS://"]),
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=200),
)


def test_the_spelling_is_pinned() -> None:
    """Each URL ends in its fixed suffix, so that a trailing hyphen is never the end."""
    assert open_url("https://t.example", TEXT) == f"https://t.example/open/{TEXT}.gif"
    assert stop_url("https://t.example", TEXT) == f"https://t.example/stop/{TEXT}/me"
    assert confirm_url("https://t.example", TEXT) == f"https://t.example/confirm/{TEXT}/read"
    assert page_url("https://t.example", TEXT) == f"https://t.example/page/{TEXT}/me"
    assert consent_url("https://t.example", TEXT, b"claims") == f"https://t.example/consent/{TEXT}/me?by=Y2xhaW1z.me"
    assert click_url("https://t.example", TEXT, DESTINATION) == f"https://t.example/click/{TEXT}/{SPELLED}/go"


@given(texts, destinations)
def test_what_is_written_is_read(text: str, destination: bytes) -> None:
    """Token and destination come back as they went in."""
    assert read_open_path(open_url("", text)) == text
    assert read_stop_path(stop_url("", text)) == text
    assert read_confirm_path(confirm_url("", text)) == text
    assert read_page_path(page_url("", text)) == text
    assert read_click_path(click_url("", text, destination)) == (text, destination)


@given(texts, st.binary(min_size=1, max_size=124))
def test_a_question_s_claims_are_read_from_its_query(text: str, octets: bytes) -> None:
    """Token and claims come back as they went in."""
    path, _, query = consent_url("", text, octets).partition("?")
    assert read_consent_url(path, query) == (text, octets)


@pytest.mark.parametrize(
    "query", ["", "by=Y2xhaW1z", "by=Y2xhaW1z.me&x=1", "x=1&by=Y2xhaW1z.me", "by=.me", "by=Y2xhaW1y.m"]
)
def test_another_query_is_no_question(query: str) -> None:
    """A question's query is its claims with their suffix, and nothing else."""
    with pytest.raises(BadUrlError):
        read_consent_url(f"/consent/{TEXT}/me", query)


@given(st.text(max_size=200))
def test_no_path_makes_reading_fail_in_another_way(path: str) -> None:
    """Any text is one of ours or raises BadUrlError."""
    for reader in (read_open_path, read_stop_path, read_confirm_path, read_page_path, read_click_path):
        with pytest.raises(BadUrlError):
            reader(path)
    with pytest.raises(BadUrlError):
        read_consent_url(path, path)


@pytest.mark.parametrize(
    "path",
    [
        f"/open/{TEXT}.gif?",
        f"/open/{TEXT}.gif\n",
        f"//open/{TEXT}.gif",
        f"/open/{TEXT}.png",
        f"/open/{TEXT[1:]}.gif",
        f"/open/{TEXT}a.gif",
        f"/OPEN/{TEXT}.gif",
        f"/x/open/{TEXT}.gif",
    ],
)
def test_another_spelling_of_a_picture_is_none(path: str) -> None:
    """Queries, slashes, suffixes and lengths other than ours are refused."""
    with pytest.raises(BadUrlError, match="no URL of ours"):
        read_open_path(path)


@pytest.mark.parametrize("path", [f"/stop/{TEXT}/me/", f"/stop/{TEXT}", f"/stop/{TEXT}/me?x", f"/stop/{TEXT}/go"])
def test_another_spelling_of_a_stop_is_none(path: str) -> None:
    """A stop link that lost or gained something is refused."""
    with pytest.raises(BadUrlError, match="no URL of ours"):
        read_stop_path(path)


@pytest.mark.parametrize(
    ("spelled", "why"),
    [
        (SPELLED[:-1] + "x", "another spelling"),
        (SPELLED + "=", "no URL of ours"),
        ("A", "not base64url"),
        ("", "no URL of ours"),
        ("A" * 2_001, "no URL of ours"),
        (base64.urlsafe_b64encode(b"javascript:alert(1)").rstrip(b"=").decode(), "not an http"),
    ],
)
def test_a_destination_has_one_spelling(spelled: str, why: str) -> None:
    """Padding, free bits, no destination and other schemes are refused."""
    with pytest.raises(BadUrlError, match=why):
        read_click_path(f"/click/{TEXT}/{spelled}/go")


@pytest.mark.parametrize(
    "destination",
    [
        b"",
        b"ftp://example.org",
        b"mailto:a@example.org",
        b"https://",
        b"https:example.org",
        b"//example.org",
        b"https://example.org/a b",
        b"https://example.org/\r\nSet-Cookie: x",
        b"https://example.org\n",
        "https://example.org/é".encode(),
        b"https://e" + b"x" * (MAX_DESTINATION_BYTES - 8),
        b"x https://example.org",
    ],
)
def test_what_a_location_header_cannot_carry_is_refused(destination: bytes) -> None:
    """Other schemes, spaces, line ends, other octets and 1,501 of them are no destination."""
    with pytest.raises(BadUrlError):
        check_destination(destination)
    with pytest.raises(BadUrlError):
        click_url("", TEXT, destination)


@pytest.mark.parametrize("destination", [b"http://x", b"HtTpS://x/%C3%A9#a", b"https://e" + b"x" * 1_491])
def test_what_it_can_carry_passes(destination: bytes) -> None:
    """Any printable http URL of up to 1,500 octets."""
    check_destination(destination)
    assert len(destination) <= MAX_DESTINATION_BYTES
