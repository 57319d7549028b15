"""Bodies in their transfer encoding, edited without touching what the edit does not concern."""

import base64
import binascii
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.mime import MalformedMimeError
from desktop.core.transfer import Edit, apply, encode_quoted_printable, read_body, write_body

CRLF = b"\r\n"
TEXT = st.text(alphabet="ab =.<>ü\t\n", max_size=200).map(lambda text: text.encode().replace(b"\n", CRLF))


def quoted(content: bytes) -> bytes:
    """Return the content in quoted-printable, by the standard library."""
    return quopri.encodestring(content.replace(CRLF, b"\n")).replace(b"\n", CRLF)


@pytest.mark.parametrize("encoding", ["7bit", "8bit", "binary"])
def test_identity_encodings_are_the_bytes_themselves(encoding: str) -> None:
    """The content is the body; an edit changes its own place alone."""
    body = read_body(b"abc\xff", encoding)
    assert (body.content, body.is_identity) == (b"abc\xff", True)
    assert write_body(body, [Edit(1, 2, b"XY")], newline=CRLF) == b"aXYc\xff"


@pytest.mark.parametrize("encoding", ["x-uuencode", "", "base-64"])
def test_unknown_encodings_are_malformed(encoding: str) -> None:
    """A body in an encoding not known here is not read."""
    with pytest.raises(MalformedMimeError):
        read_body(b"abc", encoding)


@pytest.mark.parametrize("encoded", [b"YWJj$", b"YWJ", b"YQ==YQ==", b"YWJj\r\n-- \r\nlist footer"])
def test_broken_base64_is_malformed(encoded: bytes) -> None:
    """Other signs, a missing end and text after the end are refused."""
    with pytest.raises(MalformedMimeError):
        read_body(encoded, "base64")


@pytest.mark.parametrize("encoded", [b"", b"YWJj", b"YW Jj\r\n", b"YQ==\r\n\r\n", b"YQ=\r\n=\r\n", b"Y\r\nQ=="])
def test_base64_is_read_with_its_white_space(encoded: bytes) -> None:
    """Line ends and blanks say nothing."""
    assert binascii.a2b_base64(encoded) == read_body(encoded, "base64").content


def test_base64_keeps_the_width_of_its_lines_and_its_end() -> None:
    """Lines of 60 stay lines of 60; the blank line at the end stays; so does a bare line feed."""
    content = bytes(range(256))
    encoded = CRLF.join(base64.b64encode(content)[at : at + 60] for at in range(0, 344, 60)) + CRLF + CRLF
    result = write_body(read_body(encoded, "base64"), [Edit(0, 0, b"new")], newline=CRLF)
    assert b"new" + content == base64.b64decode(result)
    assert [len(line) for line in result.split(CRLF)] == [60, 60, 60, 60, 60, 48, 0, 0]
    assert (
        write_body(read_body(b"YWJj\nZGVm\n", "base64"), [Edit(6, 6, b"ghi")], newline=b"\n") == b"YWJj\nZGVm\nZ2hp\n"
    )


@pytest.mark.parametrize("encoded", [b"YWJj", b"YWJj\r\n", b"YWJ\r\njZGVm", b"YWJj" * 20 + b"\r\nYWJj", b"\r\nYWJj"])
def test_base64_without_a_usable_width_gets_lines_of_76(encoded: bytes) -> None:
    """One short line, an odd one or an overlong one sets no width."""
    body = read_body(encoded, "base64")
    result = write_body(body, [Edit(0, 0, b"x" * 200)], newline=CRLF)
    assert b"x" * 200 + body.content == base64.b64decode(result)
    assert len(result.split(CRLF)[0]) == 76


@pytest.mark.parametrize(
    ("encoded", "content"),
    [
        (b"a=3Db=c3=BC", b"a=b\xc3\xbc"),
        (b"soft=\r\nbreak= \t\r\nand=\nlf", b"softbreakandlf"),
        (b"end=", b"end"),
        (b"end=\r\n", b"end"),
        (b"a=XYb=4", b"a=XYb=4"),
        (b"", b""),
    ],
)
def test_quoted_printable_is_read(encoded: bytes, content: bytes) -> None:
    """Octets, soft breaks with transport padding and a last lone sign; what is no escape stays."""
    assert content == read_body(encoded, "quoted-printable").content


def test_quoted_printable_lines_beside_an_edit_stay() -> None:
    """Only the edited line is cut; odd spellings elsewhere are kept."""
    encoded = b"=61 first\r\nsecond =C3=BC line\r\nlast=20\r\n"
    body = read_body(encoded, "quoted-printable")
    at = body.content.index(b"\xc3")
    result = write_body(body, [Edit(at, at + 2, b"=")], newline=CRLF)
    assert result == b"=61 first\r\nsecond =\r\n=3D=\r\n line\r\nlast=20\r\n"


def test_quoted_printable_edit_at_the_edges_needs_no_soft_break() -> None:
    """At a line's start, before a line end, at the body's end, and with line ends of its own."""
    body = read_body(b"one\r\ntwo", "quoted-printable")
    assert write_body(body, [Edit(5, 5, b"X")], newline=CRLF) == b"one\r\nX=\r\ntwo"
    assert write_body(body, [Edit(3, 3, b"X")], newline=CRLF) == b"one=\r\nX\r\ntwo"
    assert write_body(body, [Edit(8, 8, b"X")], newline=CRLF) == b"one\r\ntwo=\r\nX"
    assert write_body(body, [Edit(8, 8, b"\r\nX\r\n")], newline=CRLF) == b"one\r\ntwo\r\nX\r\n"
    assert write_body(body, [Edit(5, 5, b"X\r\n")], newline=CRLF) == b"one\r\nX\r\ntwo"


def test_quoted_printable_edit_after_a_space_protects_the_space() -> None:
    """A space at a line's end could be lost on the way, so a line end after one comes behind a soft break."""
    body = read_body(b"one two", "quoted-printable")
    assert write_body(body, [Edit(4, 4, b"\r\nX\r\n")], newline=CRLF) == b"one =\r\n\r\nX\r\ntwo"


@pytest.mark.parametrize("tail", [b"x", b"=3D", b"x=3D", b"=3Dx", b"=3Dxx"])
def test_quoted_printable_full_line_moves_its_last_signs_down(tail: bytes) -> None:
    """A line of 76 octets has no room for a soft break: its end moves to a line of its own, no escape cut."""
    encoded = b"a" * (76 - len(tail)) + tail
    body = read_body(encoded, "quoted-printable")
    result = write_body(body, [Edit(len(body.content), len(body.content), b"X")], newline=CRLF)
    assert body.content + b"X" == quopri.decodestring(result)
    assert max(len(line) for line in result.split(CRLF)) <= 76


def test_no_edit_is_the_body_as_it_came() -> None:
    """Even a body that nobody would encode so is given back untouched."""
    for encoding, encoded in [("base64", b"Y W J j"), ("quoted-printable", b"=61= \r\n="), ("8bit", b"\xff")]:
        assert encoded == write_body(read_body(encoded, encoding), [], newline=CRLF)


def test_spelling_protects_white_space_at_line_ends() -> None:
    """RFC 2045 6.7 (3): a space or tab before a line end is escaped; inside a line it is not."""
    assert encode_quoted_printable(b"a b \r\nc\t\nd ", newline=CRLF) == b"a b=20\r\nc=09\r\nd=20"


@given(st.binary(max_size=400))
def test_spelling_is_read_back_by_the_standard_library(content: bytes) -> None:
    """Any octets but line ends come back, in lines of at most 76."""
    content = content.replace(b"\n", b"").replace(b"\r", b"")
    result = encode_quoted_printable(content, newline=CRLF)
    assert content == quopri.decodestring(result)
    assert max(len(line) for line in result.split(CRLF)) <= 76


@st.composite
def edited(draw: st.DrawFn) -> tuple[bytes, list[Edit]]:
    """Draw a content and edits in order that do not overlap."""
    content = draw(TEXT)
    edges = sorted(draw(st.lists(st.integers(0, len(content)), max_size=6)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return content, [Edit(start, end, draw(TEXT)) for start, end in pairs]


def same_words(content: bytes) -> bytes:
    """Return the content as a decoder sees it: line ends alike, white space at line ends not counted."""
    return b"\n".join(line.rstrip(b" \t") for line in content.replace(CRLF, b"\n").replace(b"\r", b"\n").split(b"\n"))


@given(edited(), st.sampled_from(["8bit", "base64", "quoted-printable"]))
def test_edits_mean_the_same_in_every_encoding(case: tuple[bytes, list[Edit]], encoding: str) -> None:
    """Decoded by the standard library, the edited body is the edited content."""
    content, edits = case
    encoded = {"8bit": content, "base64": base64.encodebytes(content), "quoted-printable": quoted(content)}[encoding]
    body = read_body(encoded, encoding)
    assert same_words(content) == same_words(body.content)
    result = write_body(body, edits, newline=CRLF)
    if encoding == "base64":
        decoded = base64.b64decode(result)
    else:
        decoded = result if encoding == "8bit" else quopri.decodestring(result)
    assert same_words(apply(body.content, edits)) == same_words(decoded)
    if encoding == "quoted-printable":
        assert max(len(line) for line in result.split(CRLF)) <= 76
