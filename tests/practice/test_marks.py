"""The search for marks: what it must find, in every spelling, and what it must not."""

import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.practice.marks import search, spellings

MARK = "Tomás Vidal"


@pytest.mark.parametrize(
    "octets",
    [
        MARK.encode(),
        b"TOM\xc3\xa1S VIDAL",
        MARK.encode("utf-16-le"),
        MARK.encode().hex().encode(),
        MARK.encode().hex().upper().encode(),
        base64.b64encode(MARK.encode()),
        base64.urlsafe_b64encode(b"?" + MARK.encode() + b"!"),
        hashlib.sha256(MARK.lower().encode()).digest(),
        hashlib.sha1(MARK.lower().encode()).hexdigest().encode(),
        base64.b64encode(hashlib.md5(MARK.lower().encode()).digest()),
        b"Tom%C3%A1s%20Vidal",
    ],
)
def test_a_mark_is_found_in_each_spelling(tmp_path: Path, octets: bytes) -> None:
    """A file that holds a mark in any of the spellings is found."""
    hiding = tmp_path / "file"
    hiding.write_bytes(b"\x00\xffsome" + octets + b"more")
    assert {MARK} == {each.mark for each in search([hiding], [MARK, "Anna Becker"]).found}


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    """A file without any mark yields nothing, and its octets are counted."""
    clean = tmp_path / "file"
    clean.write_bytes(bytes(range(256)))
    result = search([clean], [MARK])
    assert (result.files, result.octets, result.found) == (1, 256, ())


@given(before=st.binary(max_size=4), mark=st.text("abcäß @.-", min_size=6, max_size=24), after=st.binary(max_size=4))
def test_base64_is_found_at_every_alignment(before: bytes, mark: str, after: bytes) -> None:
    """Wherever a mark begins and ends within base64, one of its spellings stands there."""
    spelled = base64.b64encode(before + mark.encode() + after)
    assert any(octets in spelled for name, octets in spellings(mark) if name == "base64")
