"""What a message says of itself: header fields, facts and the hash that recognises a second attempt."""

import base64
import quopri
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.address import Mailbox
from desktop.core.parse import HeaderField, content_hash, decode_words, headers_of, message_facts
from tests.core.copies import client_message

PLAIN = (
    b"From: Alice <alice@example.test>\r\nTo: bob@example.test\r\nSubject: Offer\r\n"
    b"Message-ID: <1@example.test>\r\nDate: Sat, 21 Nov 2026 21:51:42 +0100\r\n\r\nHello\r\n"
)


def test_headers_are_unfolded_and_decoded_with_their_places() -> None:
    """A folded field with encoded words reads as people read it; its place covers all its lines."""
    raw = b"Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\n =?UTF-8?Q?_an_Bob?=\r\nX-A:  1 \r\n\r\nFrom: body\r\n"
    first, second = headers_of(raw)
    assert HeaderField(name="Subject", value="Grüße an Bob", start=0, end=raw.index(b"X-A")) == first
    assert HeaderField(name="X-A", value="1", start=first.end, end=raw.index(b"\r\nFrom")) == second


def test_bare_line_feeds_end_the_headers_too() -> None:
    """A message with bare line feeds has the same fields."""
    assert [each.name for each in headers_of(b"A: 1\nB: 2\n\nC: 3\n")] == ["A", "B"]


def test_lines_that_are_no_fields_are_passed_over() -> None:
    """A stray line hides neither the fields before it nor those after it."""
    assert [each.name for each in headers_of(b"A: 1\r\nno field\r\nB: 2\r\nlast")] == ["A", "B"]
    assert headers_of(b"") == ()


def test_undecodable_words_stay_as_they_are() -> None:
    """An unknown charset or broken base64 leaves the value readable as it came."""
    assert decode_words("=?x-none?Q?a?=") == "=?x-none?Q?a?="
    assert decode_words("=?utf-8?B?a?=") == "=?utf-8?B?a?="
    assert decode_words("=?utf-8?Q?=FF?=") != ""


def test_facts_of_a_real_message() -> None:
    """Names are decoded, addresses are those of the header, the subject is one line."""
    facts = message_facts(client_message("002-thunderbird153-plain-utf8.eml"))
    assert Mailbox("Alice", "alice@example.test") == facts.from_
    assert facts.to == (Mailbox("Bøb", "bob@example.test"), Mailbox("日本", "carol@example.test"))
    assert facts.subject.startswith("Zażółć gęślą jaźń 日本語 – a long subject")
    assert facts.message_id == "<b81eb66e-a242-4635-8555-93c17cdcf19c@example.test>"
    assert datetime(2026, 11, 21, 21, 51, 42, tzinfo=UTC) == facts.date


def test_facts_of_a_reply_name_what_it_answers() -> None:
    """In-Reply-To and References are lists of message ids, comments left out; copies go to Cc."""
    facts = message_facts(
        b"From: a@example.test\r\nCc: Carol <c@example.test>, broken@\r\n"
        b"In-Reply-To: your mail <2@x> of today\r\nReferences: <1@x>\r\n <2@x>\r\n\r\n"
    )
    assert facts.in_reply_to == "<2@x>"
    assert facts.references == ("<1@x>", "<2@x>")
    assert facts.cc == (Mailbox("Carol", "c@example.test"),)


def test_missing_facts_are_empty() -> None:
    """A message that says nothing has no facts, and reading it fails at nothing."""
    facts = message_facts(b"Hello\r\n")
    assert (facts.subject, facts.from_, facts.to, facts.cc) == ("", None, (), ())
    assert (facts.message_id, facts.in_reply_to, facts.references, facts.date) == ("", "", (), None)


@pytest.mark.parametrize(
    ("value", "date"),
    [
        (b"Sat, 21 Nov 2026 21:51:42 +0100", datetime(2026, 11, 21, 20, 51, 42, tzinfo=UTC)),
        (b"Sat, 21 Nov 2026 21:51:42 -0000", datetime(2026, 11, 21, 21, 51, 42, tzinfo=UTC)),
        (b"yesterday", None),
        (b"Sat, 21 Nov 2026 21:51:42 +99999999999", None),
        (b"Fri, 31 Dec 9999 23:59:59 -2359", None),
    ],
)
def test_dates_are_utc_or_missing(value: bytes, date: datetime | None) -> None:
    """A date keeps its instant in UTC; one that is none is None."""
    assert date == message_facts(b"Date: " + value + b"\r\n\r\n").date


def test_hash_is_equal_for_a_second_attempt() -> None:
    """New Message-ID, Date and recipients leave the hash as it was."""
    again = PLAIN.replace(b"<1@", b"<2@").replace(b"21:51", b"21:55").replace(b"To: bob@", b"To: carol@")
    assert content_hash(PLAIN) == content_hash(again)
    assert len(content_hash(PLAIN)) == 32


def test_hash_is_equal_for_new_boundaries() -> None:
    """A mail program makes new boundaries on every attempt."""
    raw = client_message("005-thunderbird153-html-attachments.eml")
    again = raw.replace(b"abcIP6Aehr5kJYow4v2Fe0AO", b"zzzIP6Aehr5kJYow4v2Fe0AO").replace(b"WrrfF", b"Wxxf")
    assert raw != again
    assert content_hash(raw) == content_hash(again)


def test_hash_is_equal_for_a_new_signature_of_the_same_mail() -> None:
    """A signature holds the time of signing; what it signs decides."""
    raw = client_message("011-thunderbird153-smime-signed.eml")
    assert content_hash(raw) == content_hash(raw.replace(b"MIAGCSqGSIb3DQEHAqCA", b"MIAGCSqGSIb3DQEHAqCB"))
    assert content_hash(raw) != content_hash(raw.replace(b"SGkgKkJvYiosDQo", b"SGkgKkJvYiosDQp", 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Hello", b"Hullo"),
        (b"Subject: Offer", b"Subject: Other"),
        (b"From: Alice", b"From: Carol"),
        (b"Hello\r\n", b"Hello\r\n\r\n"),
    ],
)
def test_hash_differs_for_another_mail(old: bytes, new: bytes) -> None:
    """Another sender, subject or text is another mail."""
    assert old in PLAIN
    assert content_hash(PLAIN) != content_hash(PLAIN.replace(old, new))


def test_hash_differs_for_another_attachment() -> None:
    """Content and name of an attachment count."""
    raw = client_message("006-thunderbird153-plain-attachment.eml")
    assert content_hash(raw) != content_hash(raw.replace(b"YSxiCjEsMgo=", b"YSxiCjEsMwo="))
    assert content_hash(raw) != content_hash(raw.replace(b'name="data.csv"', b'name="date.csv"'))


def test_hash_reads_through_the_transfer_encoding() -> None:
    """The same words in quoted-printable, base64 and 8bit are one mail, with CRLF or LF."""
    words = "Grüße\r\n".encode()
    head = b"From: a@example.test\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
    hashes = {
        content_hash(head + b"8bit\r\n\r\n" + words),
        content_hash(head + b"base64\r\n\r\n" + base64.encodebytes(words)),
        content_hash(head + b"quoted-printable\r\n\r\n" + quopri.encodestring(words)),
        content_hash((head + b"8bit\r\n\r\n" + words).replace(b"\r\n", b"\n")),
    }
    assert len(hashes) == 1


def test_hash_of_malformed_mail_covers_its_bytes() -> None:
    """Where there is no structure to read, the rest of the message decides, recipients still left out."""
    head = b"To: bob@example.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    assert content_hash(head + b"--b\r\n\r\nx") != content_hash(head + b"--b\r\n\r\ny")
    assert content_hash(head + b"--b") == content_hash(head.replace(b"bob@", b"carol@") + b"--b")
    assert content_hash(b"just text") != content_hash(b"just other text")


def test_hash_of_broken_base64_covers_its_bytes() -> None:
    """A body that does not decode counts as it is."""
    head = b"From: a@example.test\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    assert content_hash(head + b"%%%") != content_hash(head + b"%%")


@given(st.binary(max_size=300) | st.text(alphabet='FromTDate:=? \r\n<>@-;,"b/', max_size=300).map(str.encode))
def test_reading_never_fails(raw: bytes) -> None:
    """Whatever the bytes are, there are headers, facts and a hash of 32 octets."""
    assert all(raw[each.start : each.end].startswith(each.name.encode()) for each in headers_of(raw))
    assert message_facts(raw).subject is not None
    assert len(content_hash(raw)) == 32


@given(st.text(max_size=60))
def test_facts_of_any_header_value_are_readable(value: str) -> None:
    """Any value in any of the fields leaves the facts readable."""
    line = value.encode("utf-8", "surrogateescape").replace(b"\r", b"").replace(b"\n", b"")
    names = (b"From", b"To", b"Date", b"Subject", b"References", b"Message-ID")
    facts = message_facts(b"".join(name + b": " + line + b"\r\n" for name in names))
    assert facts.date is None or facts.date.tzinfo is UTC


def test_comments_nested_without_end_name_nobody_and_stop_nothing() -> None:
    """A field that only an attacker writes is as one that cannot be read; the others are read."""
    raw = b"From: " + b"(" * 50_000 + b"\r\nSubject: still here\r\n\r\n"
    facts = message_facts(raw)
    assert (facts.from_, facts.subject) == (None, "still here")


def test_a_comment_within_a_comment_is_read() -> None:
    """What a person's mail program writes is understood."""
    facts = message_facts(b"From: (Sales (north)) kim@office.example\r\n\r\n")
    assert facts.from_ is not None
    assert facts.from_.address == "kim@office.example"
