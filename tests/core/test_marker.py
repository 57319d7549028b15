"""The `[got it]` marker: where it counts, what takes its place, and that all else stays."""

import base64
import quopri
from collections.abc import Callable

import pytest

from desktop.core.disclosure import AddedLine
from desktop.core.marker import Marked, find_marker, language_in_marked, with_line, without_marker
from desktop.core.rewrite import MAX_WORDS_BYTES
from relay.wire.language import Language
from tests.core.copies import client_message, expected, flowed_message, html_message, seen_in

URL = f"https://read.example.net/confirm/{'t' * 72}/read"
LINE = AddedLine(before="No reply needed: ", link_text="tell me you've read this", url=URL, after=".")
HEAD = b"From: a@example.test\r\nSubject: s\r\nMIME-Version: 1.0\r\n"


def plain(body: bytes, *, charset: bytes = b"utf-8", encoding: bytes = b"8bit") -> bytes:
    """Return a plain text with a layout of its own."""
    fields = b"Content-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: %s\r\n\r\n" % (charset, encoding)
    return HEAD + fields + body


def marked(raw: bytes) -> Marked:
    """Return where the marker is in a message that has one."""
    found = find_marker(raw)
    assert found is not None
    return found


def filled(raw: bytes) -> bytes:
    """Return the message with the line in the marker's place."""
    octets = with_line(marked(raw), LINE)
    assert octets is not None
    return octets


@pytest.mark.parametrize("spelled", [b"[got it]", b"[Got It]", b"  [GOT IT]\t"])
@pytest.mark.parametrize("make", [plain, flowed_message])
def test_a_line_of_a_text_becomes_the_sentence_and_its_link(make: Callable[[bytes], bytes], spelled: bytes) -> None:
    """Any case, spaces around; every other line stays."""
    raw = make(b"Hello\r\n\r\n" + spelled + b"\r\n\r\nAlice\r\n")
    assert filled(raw) == make(
        b"Hello\r\n\r\nNo reply needed:\r\ntell me you've read this: " + URL.encode() + b"\r\n\r\nAlice\r\n"
    )
    assert without_marker(marked(raw)) == make(b"Hello\r\n\r\n\r\n\r\nAlice\r\n")


@pytest.mark.parametrize(
    "block",
    [
        b"<p>[got it]</p>",
        b"<div>[Got it]<br></div>",
        b"Hello<br>\r\n [got it] <br>Bye",
        b'<p class="MsoNormal"><span lang="EN">[GOT IT]<o:p></o:p></span></p>',
        b"<div><b><i>[got it]</i></b>&nbsp;</div>",
        b"<!-- x --><div><!-- y -->[got it]</div>",
        b"[got it]",
        b"<td>[got it]</td>",
    ],
)
def test_a_block_or_line_of_html_becomes_the_sentence_and_its_link(block: bytes) -> None:
    """Whatever the mail program put around it; the words look as the user's own."""
    raw = html_message(block + b"\r\n")
    seen = seen_in(filled(raw).partition(b"\r\n\r\n")[2].decode())
    assert "No reply needed: tell me you've read this." in " ".join(seen.words.split())
    assert seen.links == [(URL, "tell me you've read this")]
    assert seen.pictures == []
    start, literal = raw.lower().index(b"[got it]"), len(b"[got it]")
    assert without_marker(marked(raw)) == raw[:start] + raw[start + literal :]


@pytest.mark.parametrize(
    "raw",
    [
        html_message(b"<p>Press [got it]</p>"),
        html_message(b"<p>[got it]!</p>"),
        html_message(b"<p><a href=https://x.test/>[got it]</a></p>"),
        html_message(b"<p><img src=x.png>[got it]</p>"),
        html_message(b"<p>[got  it]</p>"),
        html_message(b"<style>[got it]</style><p>x</p>"),
        html_message(b"<p>Hello</p><blockquote type=cite><p>[got it]</p></blockquote>"),
        html_message(b"<p>[got it]</p>\xff"),
        html_message(b"<p>[got it]</p>", charset=b"utf-7"),
        html_message(b"<p>[got it]</p><!-- open"),
        plain(b"Press [got it]\r\n"),
        plain(b"Hello\r\n> [got it]\r\n"),
        plain(b"Hello\r\n\r\n-------- Forwarded Message --------\r\n[got it]\r\n"),
        plain(b"[got it]\r\n", charset=b"utf-16"),
        plain(b"[got it]\r\n-----BEGIN PGP MESSAGE-----\r\n"),
        plain(b"[got it]\r\n" + b"x" * MAX_WORDS_BYTES),
        flowed_message(b"Hello \r\n[got it]\r\n"),
        flowed_message(b"[got it] \r\nHello\r\n"),
        b"DKIM-Signature: v=1\r\n" + plain(b"[got it]\r\n"),
        b"no mail [got it]",
    ],
)
def test_elsewhere_it_is_words_like_others(raw: bytes) -> None:
    """Among words, in a link, in a quote, in what cannot be read or may not be touched nothing is done."""
    assert find_marker(raw) is None


def test_a_line_after_a_signature_mark_is_a_line() -> None:
    """RFC 3676 4.3: "-- " ends in a space and does not flow."""
    assert filled(flowed_message(b"Hello\r\n-- \r\n[got it]\r\n")).endswith(URL.encode() + b"\r\n")


def test_own_words_below_a_quote_count() -> None:
    """Who answers below may put it there."""
    assert URL.encode() in filled(plain(b"> quoted\r\n\r\n[got it]\r\n"))
    assert URL.encode() in filled(html_message(b"<blockquote type=cite>q</blockquote><p>[got it]</p>\r\n"))


def test_a_long_page_has_it_anywhere() -> None:
    """Where the line of tracked mail would stand on top, the marker counts all the same."""
    assert URL.encode() in filled(html_message(b"<p>" + b"word " * 20_000 + b"</p><p>[got it]</p>\r\n"))


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_it_is_found_in_every_encoding(encoding: str) -> None:
    """Encoded bodies are edited as the others are."""
    body = "Grüße\r\n\r\n[got it]\r\n".encode()
    encode = base64.encodebytes if encoding == "base64" else quopri.encodestring
    raw = plain(encode(body).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), encoding=encoding.encode())
    changed = filled(raw).partition(b"\r\n\r\n")[2]
    decode = base64.decodebytes if encoding == "base64" else quopri.decodestring
    assert URL.encode() in decode(changed)
    assert "Grüße".encode() in decode(changed)


def test_both_alternatives_change() -> None:
    """The text and the HTML of one message say the same."""
    text = b"--b\r\nContent-Type: text/plain\r\n\r\nHi\r\n[got it]\r\n"
    page = b"--b\r\nContent-Type: text/html\r\n\r\n<p>Hi</p><p>[got it]</p>\r\n"
    raw = HEAD + b"Content-Type: multipart/alternative; boundary=b\r\n\r\n" + text + page + b"--b--\r\n"
    assert filled(raw).count(URL.encode()) == 2
    assert b"got it" not in without_marker(marked(raw))


def test_a_sentence_that_cannot_be_written_is_not() -> None:
    """Where the text's charset lacks the sender's letters nothing is put in; plain letters are."""
    raw = plain(b"[got it]\r\n", charset=b"iso-8859-1")
    line = AddedLine(before="日本: ", link_text="x", url=URL)
    assert with_line(marked(raw), line) is None
    assert with_line(marked(raw), LINE) is not None


def test_the_language_of_a_text_with_a_layout_is_told() -> None:
    """Plain text that cannot be tracked has a language all the same; HTML tells its own by the survey."""
    words = "Guten Tag Herr Müller, vielen Dank für das Gespräch. Anbei das Angebot.\r\n[got it]\r\n"
    assert language_in_marked(marked(plain(words.encode()))) is Language.GERMAN
    assert language_in_marked(marked(html_message(b"<p>[got it]</p>"))) is None


def test_line_feeds_alone_stay_so() -> None:
    """A message with bare LF gains no CR."""
    raw = plain(b"Hello\r\n[got it]\r\n").replace(b"\r\n", b"\n")
    assert b"\r" not in filled(raw)


@pytest.mark.parametrize("row", expected(), ids=lambda row: row["message"])
def test_no_clients_mail_holds_it_by_chance(row: dict[str, str]) -> None:
    """Real mail programs' messages have no marker, and looking for one raises nothing."""
    assert find_marker(client_message(row["message"])) is None
