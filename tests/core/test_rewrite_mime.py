"""The tree of parts as byte ranges: one reading, or none."""

import pytest

from desktop.core.mime import MAX_DEPTH, MAX_PARTS, MalformedMimeError, read_content_type, read_message

HEAD = b"From: a@example.test\r\nMIME-Version: 1.0\r\n"


def multipart(body: bytes, boundary: bytes = b"b", subtype: bytes = b"mixed") -> bytes:
    """Return a multipart message with the given body."""
    return HEAD + b"Content-Type: multipart/" + subtype + b'; boundary="' + boundary + b'"\r\n\r\n' + body


def bodies(raw: bytes) -> list[bytes]:
    """Return the bodies of all leaves."""
    return [raw[part.body_start : part.body_end] for part in read_message(raw).walk() if not part.children]


def test_parts_are_found_between_their_delimiters() -> None:
    """Preamble and epilogue are no parts; the line end before a delimiter is its own."""
    raw = multipart(b"preamble\r\n--b\r\n\r\none\r\n--b \t\r\nA: 1\r\n\r\ntwo\r\n\r\n--b--\r\nepilogue --b\r\n")
    assert bodies(raw) == [b"one", b"two\r\n"]


def test_parts_with_bare_line_feeds_are_found() -> None:
    """A message with bare line feeds has the same parts."""
    assert bodies(multipart(b"--b\r\n\r\none\r\n--b--\r\n").replace(b"\r\n", b"\n")) == [b"one"]


def test_lines_that_only_begin_like_a_delimiter_are_text() -> None:
    """`--bc` and `x--b` are no delimiters of the boundary b."""
    assert bodies(multipart(b"--b\r\n\r\n--bc\r\nx--b\r\n--b--c\r\n--b--")) == [b"--bc\r\nx--b\r\n--b--c"]


def test_empty_parts_have_empty_bodies() -> None:
    """A part may have no headers, no body, or neither."""
    raw = multipart(b"--b\r\n--b\r\n\r\n--b\r\nA: 1\r\n--b\r\n\n--b--\r\n")
    assert bodies(raw) == [b"", b"", b"", b""]


def test_boundary_of_one_sign_is_read_as_mpack_writes_it() -> None:
    """The boundary `-` makes delimiters of dashes alone."""
    assert bodies(multipart(b"---\r\n\r\none\r\n-----\r\n", b"-")) == [b"one"]


def test_multipart_inside_a_multipart_keeps_its_own_delimiters() -> None:
    """An inner boundary that ends in the outer one does not end the outer part."""
    inner = b"Content-Type: multipart/alternative; boundary==-=-=\r\n\r\n--=-=-=\r\n\r\nin\r\n--=-=-=--\r\n"
    raw = multipart(b"--b\r\n" + inner.replace(b"boundary==-=-=", b'boundary="=-=-="') + b"\r\n--b\r\n\r\nout\r\n--b--")
    assert bodies(raw) == [b"in", b"out"]


def test_embedded_message_is_a_leaf() -> None:
    """A message inside the message is not opened, whatever it says of itself."""
    raw = multipart(b"--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed\r\n\r\nx\r\n--b--")
    assert [part.media_type for part in read_message(raw).walk()] == ["multipart/mixed", "message/rfc822"]


def test_parts_of_a_digest_are_messages() -> None:
    """RFC 2046 5.1.5: without a Content-Type they are message/rfc822, elsewhere text/plain."""
    body = b"--b\r\n\r\nSubject: x\r\n\r\ny\r\n--b--"
    assert [part.media_type for part in read_message(multipart(body, subtype=b"digest")).walk()][1] == "message/rfc822"
    assert [part.media_type for part in read_message(multipart(body)).walk()][1] == "text/plain"


@pytest.mark.parametrize(
    ("fields", "is_attachment"),
    [
        (b"Content-Disposition: inline", False),
        (b"Content-Disposition: ATTACHMENT", True),
        (b"Content-Disposition: attachment; filename=a", True),
        (b'Content-Disposition: inline; FileName="a"', True),
        (b"Content-Type: text/html; name=a", True),
        (b"Content-Type: text/html", False),
    ],
)
def test_named_parts_are_attachments(fields: bytes, is_attachment: bool) -> None:
    """A part that says so or bears a name is a file; an inline one without a name is not."""
    assert is_attachment == read_message(HEAD + fields + b"\r\n\r\nx").is_attachment


@pytest.mark.parametrize(
    ("value", "parameters"),
    [
        ("text/plain", {}),
        ("Text/Plain; CHARSET=utf-8", {"charset": "utf-8"}),
        ('text/plain;charset="a \\"b\\" c"; format=flowed', {"charset": 'a "b" c', "format": "flowed"}),
        ("text/plain (plain text); charset=us-ascii (ASCII)", {"charset": "us-ascii"}),
        ('text/plain; name="=?utf-8?Q?a;b?="; x', {"name": "=?utf-8?Q?a;b?="}),
        ('text/plain; charset=""', {"charset": ""}),
        ("text/plain;", {}),
    ],
)
def test_content_types_are_read(value: str, parameters: dict[str, str]) -> None:
    """Types and names are without case, quoted values lose their quotes, comments say nothing."""
    assert ("text/plain", parameters) == read_content_type(value)


@pytest.mark.parametrize("value", ["text", "", "text/", "text plain/x", "text/plain charset=x", "text/plain; a=1; A=2"])
def test_content_types_of_two_readings_are_malformed(value: str) -> None:
    """What is no type, or says a parameter twice, is not guessed at."""
    with pytest.raises(MalformedMimeError):
        read_content_type(value)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\nbody",
        b"just text\r\n",
        HEAD + b"no field\r\n\r\nx",
        HEAD + b"Subject: a\rBcc: b\r\n\r\nx",
        HEAD + b"Subject: a\x00\r\n\r\nx",
        HEAD + b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx",
        HEAD + b"Content-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: 7bit\r\n\r\nx",
        HEAD + b"Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\n--b--",
        multipart(b"--b\r\n\r\nnever ends\r\n"),
        multipart(b"--b--\r\n"),
        multipart(b""),
        multipart(b"--b\r\nContent-Type: broken\r\n\r\n\r\n--b--"),
        multipart(b"--b\r\n\r\n\r\n--b--").replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n", 1),
    ],
)
def test_structures_of_two_readings_are_malformed(raw: bytes) -> None:
    """Missing headers, stray lines, doubled fields, bad boundaries and open ends are refused."""
    with pytest.raises(MalformedMimeError):
        read_message(raw)


def nested(depth: int) -> bytes:
    """Return a multipart inside a multipart, `depth` times."""
    raw = b"\r\nx"
    for number in range(depth):
        name = b"n%d" % number
        raw = b'Content-Type: multipart/mixed; boundary="%s"\r\n\r\n--%s\r\n%s\r\n--%s--' % (name, name, raw, name)
    return raw


def test_nesting_has_a_limit() -> None:
    """Twenty levels are read, one more is malformed, so that no message exhausts the stack."""
    assert sum(1 for _ in read_message(nested(MAX_DEPTH)).walk()) == MAX_DEPTH + 1
    with pytest.raises(MalformedMimeError, match="deeply"):
        read_message(nested(MAX_DEPTH + 1))


def test_number_of_parts_has_a_limit() -> None:
    """499 leaves are read, 500 are malformed."""
    leaf = b"--b\r\n\r\nx\r\n"
    assert sum(1 for _ in read_message(multipart(leaf * (MAX_PARTS - 1) + b"--b--")).walk()) == MAX_PARTS
    with pytest.raises(MalformedMimeError, match="many"):
        read_message(multipart(leaf * MAX_PARTS + b"--b--"))


def test_encoding_and_disposition_are_their_first_word() -> None:
    """Case and comments say nothing; without a field the encoding is 7bit."""
    part = read_message(HEAD + b"Content-Transfer-Encoding: BASE64 (b)\r\nContent-Disposition: Inline; x=y\r\n\r\n")
    assert (part.transfer_encoding, part.disposition) == ("base64", "inline")
    assert read_message(HEAD + b"\r\n").transfer_encoding == "7bit"
