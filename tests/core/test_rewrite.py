"""The message with its additions: what refuses it, what each copy gets, and that nothing else changes."""

import base64
import email
import email.policy
import html
import quopri
import re
from dataclasses import replace

import pytest

from desktop.core import textpart
from desktop.core.policy import WhyNot
from desktop.core.rewrite import MAX_WORDS_BYTES, Additions, Refusal, can_carry, language_in, splice, survey
from relay.wire.language import Language
from tests.core.copies import (
    BASE,
    LINE,
    PICTURE,
    SENTENCE,
    STOP,
    copy_of,
    everything,
    flowed_message,
    html_message,
    line_saying,
    own_pictures,
    refused,
    seen_in,
    surveyed,
    tracked,
    without_header,
)

PAGE = b'<html><body><p>Hello <a href="https://example.test/a">offer</a></p></body></html>\r\n'
LINK = b"https://example.test/a"
TEXT_PART = b"--b\r\nContent-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: %s\r\n\r\n%s\r\n"
HTML_PART = b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + PAGE + b"\r\n"


def alternative(text: bytes, *, charset: bytes = b"utf-8", encoding: bytes = b"8bit") -> bytes:
    """Return a text with its HTML."""
    return message(b"multipart/alternative", TEXT_PART % (charset, encoding, text) + HTML_PART)


def message(media_type: bytes, parts: bytes, *, fields: bytes = b"") -> bytes:
    """Return a multipart message with the boundary b."""
    head = b"From: a@example.test\r\nMIME-Version: 1.0\r\n" + fields
    return head + b"Content-Type: " + media_type + b"; boundary=b\r\n\r\n" + parts + b"--b--\r\n"


def with_fields(fields: bytes) -> bytes:
    """Return a trackable message with further header fields."""
    return fields + html_message(PAGE)


def page_of(raw: bytes) -> str:
    """Return the HTML of a message, decoded by the standard library."""
    body = email.message_from_bytes(raw, policy=email.policy.default).get_body(("html",))
    assert body is not None
    content = body.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode(body.get_content_charset("ascii"))


def text_of(raw: bytes) -> str:
    """Return the text of a message, decoded by the standard library."""
    body = email.message_from_bytes(raw, policy=email.policy.default).get_body(("plain",))
    assert body is not None
    content = body.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode(body.get_content_charset("ascii"))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (b"DKIM-Signature: v=1\r\n", WhyNot.DKIM),
        (b"DomainKey-Signature: a=1\r\n", WhyNot.DKIM),
        (b"ARC-Seal: i=1\r\n", WhyNot.ARC),
        (b"arc-message-signature: i=1\r\n", WhyNot.ARC),
        (b"Resent-From: a@example.test\r\n", WhyNot.RESENT),
        (b"List-Id: <x>\r\n", WhyNot.LIST_MAIL),
        (b"List-Unsubscribe: <https://example.test/u>\r\n", WhyNot.LIST_MAIL),
        (b"Auto-Submitted: auto-generated\r\n", WhyNot.AUTOMATIC),
        (b"Auto-Submitted: auto-replied; x=y\r\n", WhyNot.AUTOMATIC),
        (b"Auto-Submitted: \r\n", WhyNot.AUTOMATIC),
    ],
)
def test_fields_that_vouch_for_the_bytes_refuse(fields: bytes, why: WhyNot) -> None:
    """A signature over the message, a resending, a list and a program's mail stay as they are."""
    assert why == refused(with_fields(fields)).why


@pytest.mark.parametrize(
    "fields",
    [
        b"Auto-Submitted: no\r\n",
        b"auto-submitted: No (a person)\r\n",
        b"Auto-Submitted: no; x=y\r\n",
        b"X-DKIM-Signature: v=1\r\n",
        b"X-List-Id: x\r\n",
        b"Archived-At: <x>\r\n",
        b"Listing: x\r\n",
        b"Present-From: x\r\n",
        b"",
    ],
)
def test_other_fields_do_not_refuse(fields: bytes) -> None:
    """Fields that only look alike, and a person's `no`, leave the message trackable."""
    assert surveyed(with_fields(fields)).links == (LINK,)


@pytest.mark.parametrize(
    ("media_type", "part", "why"),
    [
        (b"multipart/signed", HTML_PART, WhyNot.SIGNED),
        (b"multipart/encrypted", HTML_PART, WhyNot.ENCRYPTED),
        (b"multipart/report", HTML_PART, WhyNot.REPORT),
        (b"multipart/mixed", b"--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n", WhyNot.SIGNED),
        (b"multipart/mixed", b"--b\r\nContent-Type: application/x-pkcs7-signature\r\n\r\nx\r\n", WhyNot.SIGNED),
        (b"multipart/mixed", b"--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nx\r\n", WhyNot.ENCRYPTED),
        (b"multipart/mixed", b"--b\r\nContent-Type: application/pkcs7-mime\r\n\r\nx\r\n", WhyNot.ENCRYPTED),
        (
            b"multipart/mixed",
            b"--b\r\nContent-Type: application/x-pkcs7-mime; smime-type=signed-data\r\n\r\nx\r\n",
            WhyNot.SIGNED,
        ),
        (b"multipart/mixed", b"--b\r\nContent-Type: Text/Calendar\r\n\r\nx\r\n", WhyNot.CALENDAR),
        (b"multipart/mixed", b"--b\r\nContent-Type: application/ics; name=i.ics\r\n\r\nx\r\n", WhyNot.CALENDAR),
    ],
)
def test_parts_that_vouch_for_the_bytes_refuse(media_type: bytes, part: bytes, why: WhyNot) -> None:
    """A signed, enciphered, calendar or report part anywhere refuses the whole message; without it all is well."""
    assert why == refused(message(media_type, HTML_PART + part)).why
    assert surveyed(message(b"multipart/mixed", HTML_PART)).links == (LINK,)


def test_signed_message_inside_is_somebody_elses() -> None:
    """What an embedded message holds does not refuse the one that carries it."""
    embedded = b"--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/signed; boundary=c\r\n\r\nx\r\n"
    assert surveyed(message(b"multipart/mixed", HTML_PART + embedded)).links == (LINK,)


@pytest.mark.parametrize(
    "text",
    [
        b"-----BEGIN PGP MESSAGE-----\r\n\r\nx\r\n-----END PGP MESSAGE-----\r\n",
        b"Hello\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n",
    ],
)
@pytest.mark.parametrize("encoding", [b"8bit", b"base64"])
def test_inline_pgp_refuses(text: bytes, encoding: bytes) -> None:
    """An armoured text in any encoding stays; the same lines quoted, or a public key, do not matter."""
    encode = base64.encodebytes if encoding == b"base64" else bytes
    assert refused(alternative(encode(text), encoding=encoding)).why is WhyNot.INLINE_PGP
    assert refused(flowed_message(encode(text), encoding=encoding)).why is WhyNot.INLINE_PGP
    assert refused(html_message(encode(b"<pre>" + text + b"</pre>"), encoding=encoding)).why is WhyNot.INLINE_PGP
    quoted = b"".join(b"> " + line for line in text.splitlines(keepends=True))
    assert surveyed(alternative(encode(quoted), encoding=encoding)).links == (LINK,)
    key = text.replace(b"SIGNED MESSAGE", b"PUBLIC KEY BLOCK").replace(b"MESSAGE", b"PUBLIC KEY BLOCK")
    assert surveyed(alternative(encode(key), encoding=encoding)).links == (LINK,)


@pytest.mark.parametrize(
    ("charset", "body"),
    [(b"us-ascii", b"<p>\xfc"), (b"utf-8", b"<p>\xfc"), (b"utf-16", b"<p>"), (b"x-none", b"<p>"), (b"utf-7", b"<p>")],
)
def test_html_that_does_not_decode_refuses(charset: bytes, body: bytes) -> None:
    """Wrong octets and unknown or shifting charsets refuse; the same octets in a fitting charset are tracked."""
    assert refused(html_message(body, charset=charset)).why is WhyNot.UNDECODABLE_HTML
    assert surveyed(html_message(body, charset=b"iso-8859-1")).links == ()


@pytest.mark.parametrize(("charset", "text"), [(b"us-ascii", b"\xfc"), (b"x-none", b"x")])
def test_text_that_does_not_decode_refuses(charset: bytes, text: bytes) -> None:
    """A line in an unreadable text could not be trusted to be seen."""
    assert refused(alternative(text, charset=charset)).why is WhyNot.UNDECODABLE_TEXT
    assert surveyed(alternative(text, charset=b"iso-8859-1")).links == (LINK,)
    flowed = flowed_message(text).replace(b"charset=utf-8", b"charset=" + charset)
    assert refused(flowed).why is WhyNot.UNDECODABLE_TEXT


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@example.test\r\n\r\nplain\r\n",
        flowed_message(b"x").replace(b"flowed", b"fixed"),
        message(b"multipart/mixed", TEXT_PART % (b"utf-8", b"8bit", b"x") + HTML_PART),
        message(b"multipart/alternative", TEXT_PART.replace(b";", b"; format=flowed;") % (b"utf-8", b"8bit", b"x")),
        message(b"multipart/related", TEXT_PART.replace(b";", b"; format=flowed;") % (b"utf-8", b"8bit", b"x")),
    ],
)
def test_plain_text_out_of_place_is_a_fixed_layout(raw: bytes) -> None:
    """Only flowed text that is the message or leads a multipart/mixed can become an alternative."""
    assert refused(raw).why is WhyNot.FIXED_LAYOUT


@pytest.mark.parametrize(
    "raw",
    [
        html_message(PAGE).replace(b"text/html", b"text/html; name=page.html"),
        flowed_message(b" \r\n"),
        message(b"multipart/mixed", b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n"),
        message(b"multipart/related", b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n" + HTML_PART),
        message(b"multipart/alternative", b"--b\r\nContent-Type: text/x-amp-html\r\n\r\nx\r\n"),
        b"From: a@example.test\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n<p>x\r\n",
    ],
)
def test_messages_without_words_have_no_body(raw: bytes) -> None:
    """Files, pictures, an empty text and a bare embedded message hold nothing to add to."""
    assert refused(raw).why is WhyNot.NO_BODY


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no header\r\n\r\n",
        html_message(b"<p>x<!-- open"),
        html_message(b"PHA+%", encoding=b"base64"),
        html_message(b"x", encoding=b"x-uuencode"),
        message(b"multipart/alternative", HTML_PART + HTML_PART),
    ],
)
def test_malformed_messages_are_refused(raw: bytes) -> None:
    """No headers, an open comment, a broken encoding, two HTML parts to choose from: the reason says which."""
    found = refused(raw)
    assert found.why is WhyNot.MALFORMED
    assert found.detail


def test_very_long_words_are_refused() -> None:
    """300,000 octets of text are read, one more is not; an attachment of that size does not matter."""
    assert surveyed(html_message(b"x" * MAX_WORDS_BYTES)).links == ()
    assert refused(html_message(b"x" * (MAX_WORDS_BYTES + 1))).why is WhyNot.TOO_LARGE
    file = b"--b\r\nContent-Type: text/plain; name=log.txt\r\n\r\n" + b"x" * (MAX_WORDS_BYTES + 1) + b"\r\n"
    assert surveyed(message(b"multipart/mixed", HTML_PART + file)).links == (LINK,)


@pytest.mark.parametrize("raw", [html_message(PAGE), alternative(b"Hello"), flowed_message(b"Hello " + LINK)])
def test_permission_matrix(raw: bytes) -> None:
    """Both, opens alone, clicks alone, neither: the picture and the links come and go each for itself."""
    both, opens = copy_of(raw), copy_of(raw, links=False)
    clicks, neither = copy_of(raw, picture=False), copy_of(raw, picture=False, links=False)
    assert [own_pictures(seen_in(page_of(each))) for each in (both, opens, clicks)] == [[PICTURE], [PICTURE], []]
    link, plain = tracked(LINK), LINK.decode()
    assert [link, plain, link] == [seen_in(page_of(each)).links[0][0] for each in (both, opens, clicks)]
    assert all(SENTENCE in " ".join(seen_in(page_of(each)).words.split()) for each in (both, opens, clicks))
    assert raw == neither


def test_clicks_alone_add_nothing_where_no_link_is() -> None:
    """Without a link to track there is nothing to disclose: the message goes out as it came."""
    raw = html_message(b"<p>no link")
    assert raw == copy_of(raw, picture=False)
    assert raw != copy_of(raw, picture=True)


def test_links_of_another_message_add_nothing() -> None:
    """Only destinations that the survey found are replaced."""
    found = surveyed(html_message(PAGE))
    additions = everything(found, picture=False, links=False)
    other = replace(additions, link_urls={b"https://example.test/b": tracked(LINK)})
    assert found.raw == splice(found, other)


def test_the_same_destination_twice_is_one_link() -> None:
    """Links are named once, in order of appearance, and replaced everywhere."""
    raw = html_message(b"<a href='https://b.test/'>x</a><a href=https://a.test/>y</a><a href='https://b.test/'>z</a>")
    assert surveyed(raw).links == (b"https://b.test/", b"https://a.test/")
    links = [href for href, _ in seen_in(page_of(copy_of(raw))).links]
    assert [tracked(b"https://b.test/"), tracked(b"https://a.test/"), tracked(b"https://b.test/"), STOP] == links


def test_links_left_alone_stay_byte_for_byte() -> None:
    """Mail, in-page, reset, own and misleading links, and one with an ambiguous reference, keep their spelling."""
    page = (
        b"<a HREF='mailto:b@example.test'>m</a><a href=#x>i</a><a href='https://a.test/reset/1'>r</a>"
        b"<a href='https://a.test/'>https://b.test/</a><a href='https://a.test/?a&copy'>c</a><a href='"
        + BASE.encode()
        + b"/click/x/y/go'>o</a><a href=''>e</a><a>n</a>"
    )
    raw = html_message(page)
    assert surveyed(raw).links == ()
    assert page in copy_of(raw)


def test_shown_text_is_read_in_the_parts_charset() -> None:
    """An opt-out in words of another charset, or spelled with references, is one."""
    link = "<a href='https://a.test/1'>d{}sabonner</a>"
    for charset, sign in [("iso-8859-1", "é"), ("utf-8", "é"), ("us-ascii", "&eacute;")]:
        raw = html_message(link.format(sign).encode(charset), charset=charset.encode())
        assert surveyed(raw).links == ()
    assert surveyed(html_message(link.format("o").encode())).links == (b"https://a.test/1",)


@pytest.mark.parametrize("encoding", [b"8bit", b"base64", b"quoted-printable"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "gb2312", "shift_jis", "us-ascii"])
def test_html_is_edited_in_its_own_charset_and_encoding(encoding: bytes, charset: str) -> None:
    """Header and encoding stay; decoded, the page has its old words and the new line."""
    words = {"utf-8": "Grüße ☃", "iso-8859-1": "Grüße", "gb2312": "你好", "shift_jis": "ソ表日本"}.get(charset, "Hello")
    content = f'<p>{words} <a href="https://example.test/a">x</a></p>\r\n'.encode(charset)
    if encoding == b"base64":
        body = base64.encodebytes(content).replace(b"\n", b"\r\n")
    else:
        body = content if encoding == b"8bit" else quopri.encodestring(content.replace(b"\r\n", b"\n"))
    body = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    raw = html_message(body, encoding=encoding, charset=charset.encode())
    line = line_saying("As agreed, I (Åsa 日) can see")
    result = without_header(copy_of(raw, line=line))
    seen = seen_in(page_of(result))
    assert " ".join(seen.words.split()) == f"{words} x As agreed, I (Åsa 日) can see See or stop"
    assert [tracked(LINK), STOP] == [href for href, _ in seen.links]
    assert raw[: raw.index(b"\r\n\r\n")] == result[: result.index(b"\r\n\r\n")]


def test_the_line_is_as_legible_as_the_mail_around_it() -> None:
    """Item 7, "contrast at least 4.5:1": words and link have the body's own colour and background, whatever it is."""
    added = page_of(copy_of(html_message(b"<p>Hello</p>"), line=LINE)).partition("</p>")[2]
    styles = [dict(each.split(":") for each in found.split(";")) for found in re.findall(r"style=\"([^\"]*)\"", added)]
    assert len(styles) == 2
    for style in styles:
        assert [style[name] for name in ("color", "background", "font-size", "opacity")] == [
            f"{value}!important" for value in ("inherit", "none", "12px", "1")
        ]
    assert not re.search(r"#[0-9a-f]{3}|rgb|none;display|<font", added, re.IGNORECASE)
    # Where nobody styled it a page is black on white.
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, 1.4.3)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_senders_name_cannot_become_markup() -> None:
    """A name with brackets is shown as it is."""
    line = line_saying('I (<img src=x> & "A") can')
    seen = seen_in(page_of(copy_of(html_message(PAGE), line=line)))
    assert '(<img src=x> & "A") can' in " ".join(seen.words.split())
    assert [picture["src"] for picture in seen.pictures] == [PICTURE]


def test_visible_line_is_a_plain_paragraph() -> None:
    """12 px, no colour, no box, nothing hidden; the picture stands in it, 1 by 1, with an empty alternative."""
    added = page_of(copy_of(html_message(PAGE))).split("<p style")[1].split("</p>")[0]
    assert added.startswith('="font-size:12px;')
    assert '">\r\nAs agreed on 3 May' in added
    link = rf'<a href="{re.escape(STOP)}"\r\nstyle="[^"<>]+">See or stop</a>'
    assert re.search(rf'{link}<img\r\nsrc="{re.escape(PICTURE)}" width="1" height="1" alt="" class="/o/">\Z', added)
    assert not re.search("border|padding|hidden|display:none", added)
    without = page_of(copy_of(html_message(PAGE), picture=False)).split("<p style")[1].split("</p>")[0]
    assert re.search(rf"{link}\Z", without)


def test_no_style_sheet_has_a_say_in_the_line() -> None:
    """Whatever a sheet could say of the paragraph or its link, they say themselves, and theirs is important."""
    added = page_of(copy_of(html_message(b"<style>p,a{display:none!important}</style><p>Hello</p>"))).partition("</p>")[
        2
    ]
    for style, display in zip(re.findall(r"style=\"([^\"]*)\"", added), ("block", "inline"), strict=True):
        declared = style.removeprefix("font-size:12px;").split(";")
        assert declared[0] == "all:revert!important"
        assert all(each.endswith("!important") for each in declared)
        assert f"display:{display}!important" in declared
        names = {each.partition(":")[0] for each in declared}
        assert names >= {"visibility", "opacity", "font-size", "height", "max-height", "overflow", "position", "color"}


@pytest.mark.parametrize(
    "around", [b"<div style='display:none'>%s</div>", b"<style>div{opacity:0}</style><div>%s</div>"]
)
def test_a_hidden_place_takes_no_line(around: bytes) -> None:
    """Item 7, "a visible line": where the mail's own style would hide it, nothing is added, and why is said."""
    found = refused(html_message(around % b"<p>Hello</p><blockquote type=cite>x</blockquote>"))
    assert found.why is WhyNot.LINE_NOT_WRITABLE
    assert re.match(r"the line could not be seen: \w+(:\w+)? on <div>", found.detail)
    closed = (around % b"hidden words").replace(b"<div", b"<em").replace(b"/div", b"/em").replace(b"div{", b"em{")
    assert b"/open/" in copy_of(html_message(closed + b"<p>Hello</p><blockquote type=cite>x</blockquote>"))


@pytest.mark.parametrize(("count", "length"), [(1, 600), (9, 60), (7, 100)])
def test_unencoded_lines_stay_within_998_octets(count: int, length: int) -> None:
    """A long destination, or many links in one line, are broken inside their tags, where white space says nothing."""
    places = [f"https://example.test/{number}/".ljust(length, "y") for number in range(count)]
    raw = html_message("".join(f'<a class=x href="{place}">{place[-1]}</a>' for place in places).encode())
    result = copy_of(raw)
    assert max(len(line) for line in result.split(b"\r\n")) <= 998
    assert [tracked(place.encode()) for place in places] == [href for href, _ in seen_in(page_of(result)).links[:-1]]


def test_short_lines_are_not_broken() -> None:
    """A link whose line has room for it stays in its line."""
    assert b'<p>Hello <a href="' + tracked(LINK).encode() + b'">offer</a></p>' in copy_of(html_message(PAGE))


@pytest.mark.parametrize(("newline", "line_end"), [(b"\r\n", 1), (b"\n", 0)])
@pytest.mark.parametrize(("room", "is_broken"), [(0, False), (-1, True)])
def test_only_the_links_own_line_counts(newline: bytes, line_end: int, room: int, is_broken: bool) -> None:
    """A line that could reach 999 octets is broken, one of 998 is not, however long its neighbours are."""
    link = b'<a href="' + LINK + b'">x</a>'
    size = len(b'href=""' + tracked(LINK).encode())
    filling = b"x" * (998 - size - len(link) - line_end - room)
    neighbour = link + b"y" * 600 + newline
    raw = html_message(neighbour + filling + link + newline + neighbour).replace(b"\r\n", b"\n").replace(b"\n", newline)
    line = next(line for line in copy_of(raw).split(newline) if filling in line)
    assert is_broken == line.endswith(b"<a ")


def test_a_last_line_without_its_end_counts_to_the_end() -> None:
    """The last line has no line feed, and a first line none before it."""
    link = b'<a href="' + LINK + b'">x</a>'
    assert b'<a href="' + tracked(LINK).encode() in copy_of(html_message(link + b"y" * 600))
    assert b"<a \r\nhref=" in copy_of(html_message(link + b"y" * 900))
    assert b"<a \r\nhref=" in copy_of(html_message(b"y" * 1_200 + link))


@pytest.mark.parametrize(("length", "is_tracked"), [(600, True), (601, False)])
def test_unencoded_bodies_take_destinations_up_to_600_octets(length: int, is_tracked: bool) -> None:
    """A longer one would not fit into a line of 998; an encoded body takes up to 1,500."""
    link = b"https://example.test/".ljust(length, b"x")
    page = b"<p><a href='" + link + b"'>x</a>"
    assert is_tracked == (surveyed(html_message(page)).links == (link,))
    assert surveyed(html_message(base64.b64encode(page), encoding=b"base64")).links == (link,)


def test_line_stands_before_the_quote_in_both_parts() -> None:
    """In the text and in the HTML it comes after the signature and before the introduction of the quote."""
    text = b"Hello\r\n-- \r\nAlice\r\n\r\nOn Friday, Bob wrote:\r\n> quoted\r\n"
    page = b"<p>Hello</p><div>On Friday, Bob wrote:</div><blockquote type=cite>quoted</blockquote>"
    raw = message(b"multipart/alternative", TEXT_PART % (b"utf-8", b"8bit", text) + HTML_PART.replace(PAGE, page))
    result = copy_of(raw)
    for content in (text_of(result), page_of(result)):
        positions = [content.index(words) for words in ("Hello", "As agreed", STOP, "On Friday", "quoted")]
        assert sorted(positions) == positions


def test_text_line_is_written_in_the_texts_charset() -> None:
    """Latin-1 text gets the name in Latin-1; ASCII text gets it without its marks."""
    line = line_saying("As agreed, I (Jürgen Müßig) can see")
    for charset, name in [(b"iso-8859-1", "Jürgen Müßig"), (b"us-ascii", "Jurgen Mussig"), (b"utf-8", "Jürgen Müßig")]:
        raw = alternative(b"Hello\r\n", charset=charset)
        assert can_carry(surveyed(raw), line)
        assert f"As agreed, I ({name}) can see" in text_of(copy_of(raw, line=line))
        assert "Jürgen Müßig" in seen_in(page_of(copy_of(raw, line=line))).words


def test_text_line_in_a_7bit_body_is_ascii() -> None:
    """Thunderbird says UTF-8 and 7bit where the words are ASCII: our line must not make the 7bit a lie."""
    line = line_saying("As agreed, I (J\u00fcrgen) can see")
    for raw in (alternative(b"Hello\r\n", encoding=b"7bit"), flowed_message(b"Hello\r\n", encoding=b"7bit")):
        assert "As agreed, I (Jurgen) can see" in text_of(copy_of(raw, line=line))
        assert copy_of(raw, line=line).isascii()
        assert not can_carry(surveyed(raw), line_saying("I (\u65e5) can see"))


def test_line_that_the_text_cannot_spell_leaves_the_copy_untracked() -> None:
    """A name in another writing does not fit into Latin-1: no line, so no picture and no link either."""
    line = line_saying("As agreed, I (日本) can see")
    latin, unicode = alternative(b"Hello", charset=b"iso-8859-1"), alternative(b"Hello", charset=b"utf-8")
    assert not can_carry(surveyed(latin), line)
    assert latin == copy_of(latin, line=line)
    assert can_carry(surveyed(unicode), line)
    assert own_pictures(seen_in(page_of(copy_of(unicode, line=line)))) == [PICTURE]
    assert can_carry(surveyed(html_message(PAGE, charset=b"iso-8859-1")), line)
    flowed = flowed_message(b"Hello").replace(b"utf-8", b"us-ascii")
    assert not can_carry(surveyed(flowed), line)
    assert flowed == copy_of(flowed, line=line)


def test_flowed_line_is_stuffed_and_flows() -> None:
    """In a flowed text the line's own lines are soft-broken, and one that begins with From is stuffed."""
    line = line_saying("From Alice: " + "words " * 20)
    added = text_of(copy_of(flowed_message(b"Hello\r\n"), line=line)).split("\r\n\r\n")[1].split("\r\n")
    assert added[0].startswith(" From Alice: words")
    assert [each.endswith("words ") for each in added[:2]] == [True, False]
    assert added[2:] == [f"See or stop: {STOP}", ""]
    doubled = text_of(copy_of(flowed_message(b"Hello\r\n", parameters=b"; DelSp=Yes"), line=line))
    assert "words  \r\n" in doubled
    fixed = text_of(copy_of(alternative(b"Hello\r\n"), line=line))
    assert "\r\n\r\nFrom Alice: words" in fixed
    assert " \r\n" not in fixed


@pytest.mark.parametrize(
    ("content", "result"),
    [
        (b"a\nb\n", b"a\nb\n\nAs"),
        (b"a\r\nb\r\n", b"a\r\nb\r\n\r\nAs"),
        (b"a", b"a\r\n\r\nAs"),
    ],
)
def test_base64_text_keeps_its_own_line_ends(content: bytes, result: bytes) -> None:
    """Inside base64 the text's own line ends count; a text without any takes the message's."""
    raw = alternative(base64.encodebytes(content).strip(), encoding=b"base64")
    assert text_of(copy_of(raw)).encode().startswith(result)


def test_bare_line_feeds_stay_bare() -> None:
    """A message with bare line feeds gets none with a carriage return, and the other way round."""
    for raw in (html_message(PAGE), alternative(b"Hello\r\n"), flowed_message(b"Hello\r\n")):
        assert b"\r" not in copy_of(raw.replace(b"\r\n", b"\n"))
        assert b"\n" not in copy_of(raw).replace(b"\r\n", b"")


def test_conversion_moves_the_content_fields_inside() -> None:
    """Other fields keep their bytes and order; the new type stands where the first Content-* field stood."""
    raw = flowed_message(b"Hello\r\n").replace(b"Subject: s\r\n", b"Content-Language: en,\r\n\tde\r\nSubject:  s \r\n")
    result = without_header(copy_of(raw))
    head, _, rest = result.partition(b"\r\n\r\n")
    assert re.fullmatch(
        rb"From: alice@example.test\r\nTo: bob@example.test\r\nContent-Type: multipart/alternative;\r\n"
        rb' boundary="[0-9a-f]{32}"\r\nContent-Transfer-Encoding: 8bit\r\nSubject:  s \r\nMIME-Version: 1.0',
        head,
    )
    inner = rest.split(b"\r\n", 1)[1].partition(b"\r\n\r\n")[0]
    assert inner == (
        b"Content-Language: en,\r\n\tde\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\n"
        b"Content-Transfer-Encoding: 8bit"
    )
    assert b"MIME-Version: 1.0\r\n\r\n" in copy_of(raw.replace(b"MIME-Version: 1.0\r\n", b""))
    assert b"Content-Transfer-Encoding: 8bit\r\nSubject" not in copy_of(raw.replace(b": 8bit", b": 7bit"))


def test_conversion_of_a_part_leaves_the_message_alone() -> None:
    """The first part of a multipart/mixed becomes the alternative; no field is added to it but its type."""
    part = b"--b\r\nContent-Type: text/plain; format=flowed\r\nX-Own: 1\r\n\r\nHello\r\n"
    file = b"--b\r\nContent-Type: text/csv; name=a.csv\r\n\r\na,b\r\n"
    raw = message(b"multipart/mixed", part + file)
    result = without_header(copy_of(raw))
    assert result.startswith(raw[: raw.index(b"--b\r\n")] + b"--b\r\nContent-Type: multipart/alternative;\r\n bound")
    assert re.search(rb'boundary="[0-9a-f]{32}"\r\nX-Own: 1\r\n\r\n--', result)
    assert result.endswith(b"--\r\n\r\n" + file + b"--b--\r\n")


def test_conversion_of_a_part_without_a_body_is_whole() -> None:
    """A part that ends with its headers still becomes a well-formed alternative."""
    part = b"--b\r\nContent-Type: text/plain; format=flowed\r\n"
    result = copy_of(message(b"multipart/mixed", part + b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n"))
    assert SENTENCE in " ".join(text_of(result).split())
    assert own_pictures(seen_in(page_of(result))) == [PICTURE]


def test_boundary_is_the_texts_own_and_no_others() -> None:
    """The same text gives the same boundary; one that another begins with, or the other way round, is passed over."""
    plain = flowed_message(b"Hello\r\n", encoding=b"7bit")
    first = re.findall(rb'boundary="([0-9a-f]{32})"', copy_of(plain))[0]
    assert re.findall(rb'boundary="([0-9a-f]{32})"', copy_of(plain)) == [first]
    part = b"Content-Type: text/plain; format=flowed\r\n\r\nHello\r\n"
    for outer in (first[:1], first + b"x"):
        raw = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n%s\r\n--%s--\r\n"
        inner = re.findall(rb'boundary="([0-9a-f]{32})"', copy_of(raw % (outer, outer, part, outer)))[0]
        assert not inner.startswith(outer)
        assert not outer.startswith(inner)


def test_flowed_rendering_that_would_be_clipped_has_its_line_on_top() -> None:
    """In a long flowed text the HTML's line comes first, the text's stays at the end."""
    raw = flowed_message(b"words and more words \r\nand an end\r\n" * 3_000)
    result = copy_of(raw)
    assert page_of(result).index("As agreed") < page_of(result).index("words and more")
    assert text_of(result).index("As agreed") > text_of(result).rindex("words and more")


def test_flowed_addresses_are_tracked_and_stay_in_the_text() -> None:
    """In the HTML the address leads by way of the relay and reads as before; the text keeps it as it was."""
    result = copy_of(flowed_message(b"See https://example.test/a?b=1&c=2.\r\n"))
    address = "https://example.test/a?b=1&c=2"
    assert seen_in(page_of(result)).links[0] == (tracked(address.encode()), address)
    assert f"See {address}.\r\n" in text_of(result)
    assert "/click/" not in text_of(result)


def test_flowed_conversion_can_be_switched_off() -> None:
    """The account's choice leaves plain text alone and HTML trackable."""
    found = survey(flowed_message(b"Hello"), convert_flowed=False)
    assert isinstance(found, Refusal)
    assert found.why is WhyNot.FIXED_LAYOUT
    assert surveyed(html_message(PAGE), convert_flowed=False).links == (LINK,)


def test_text_outside_the_alternative_stays() -> None:
    """A footer after the HTML in a multipart/mixed is no text alternative and is not touched."""
    footer = TEXT_PART % (b"utf-8", b"8bit", b"-- \r\nfooter")
    result = copy_of(message(b"multipart/mixed", HTML_PART + footer))
    assert footer in result
    assert own_pictures(seen_in(page_of(result))) == [PICTURE]


def test_html_inside_an_alternative_may_be_wrapped() -> None:
    """Apple Mail wraps HTML and pictures into a multipart/mixed inside the alternative."""
    inner = b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" + HTML_PART.replace(b"--b", b"--c")
    file = b"--c\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nx\r\n--c--\r\n"
    raw = message(b"multipart/alternative", TEXT_PART % (b"utf-8", b"8bit", b"Hello") + inner + file)
    result = copy_of(raw)
    assert file in result
    assert SENTENCE in " ".join(text_of(result).split())
    assert result.count(PICTURE.encode()) == 1


def test_line_that_cannot_be_spelled_is_never_written() -> None:
    """Whoever does not ask `can_carry` first gets a failure and no line of question marks."""
    found = surveyed(alternative(b"Hello", charset=b"us-ascii"))
    assert found.text is not None
    with pytest.raises(ValueError, match="charset"):
        textpart.edits_of(found.text[1], line_saying("\u65e5"), newline=b"\n")


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (with_fields(b"List-Id: <x>\r\n"), "it bears list-id"),
        (with_fields(b"Auto-Submitted: auto-replied\r\n"), "Auto-Submitted says that a program wrote it"),
        (message(b"multipart/signed", HTML_PART), "it holds multipart/signed"),
        (html_message(b"\xfc"), "the HTML does not decode in the charset it names"),
        (alternative(b"\xfc"), "the text does not decode in the charset it names"),
        (html_message(b"x" * (MAX_WORDS_BYTES + 1)), "a text of more than 300,000 octets"),
        (flowed_message(b""), "there is no text in it"),
        (b"From: a@example.test\r\n\r\nplain", "plain text goes out as it is"),
        (flowed_message(b"-----BEGIN PGP MESSAGE-----"), "it holds an OpenPGP message in its text"),
        (html_message(b"<p"), "the HTML ends inside a tag, a comment or a script"),
        (html_message(b"x", encoding=b"x"), "an unknown transfer encoding"),
    ],
)
def test_refusals_say_why_in_plain_words(raw: bytes, detail: str) -> None:
    """Who asks `readback inspect` reads what was found."""
    assert detail == refused(raw).detail


GERMAN = "Guten Tag Herr Müller, vielen Dank für das Gespräch. Anbei das Angebot, über das wir gesprochen haben."
DE = Language.GERMAN
ENGLISH = "Thanks for the call. Please let me know what you think of the offer that we have talked about."


@pytest.mark.parametrize(
    ("raw", "language"),
    [
        (html_message(f"<p>{GERMAN}</p>".encode()), DE),
        (flowed_message(GERMAN.encode() + b"\r\n"), DE),
        (alternative(GERMAN.encode()), DE),
        (html_message(f"<p>{GERMAN}</p><blockquote type=cite>{ENGLISH * 3}</blockquote>".encode()), DE),
        (flowed_message(f"{GERMAN}\r\n> {ENGLISH}\r\n> {ENGLISH}\r\n".encode()), DE),
        (html_message(f"<style>{ENGLISH}</style><!-- {ENGLISH} --><p title='{ENGLISH}'>{GERMAN}</p>".encode()), DE),
        (html_message(html.escape(GERMAN).encode("ascii", "xmlcharrefreplace")), DE),
        (html_message(b"<html lang='es-MX'><p>OK</p></html>"), Language.SPANISH),
        (with_fields(b"Content-Language: fr\r\n"), Language.FRENCH),
        (html_message(PAGE), None),
    ],
)
def test_the_language_is_that_of_the_users_own_words(raw: bytes, language: Language | None) -> None:
    """Neither quotes nor markup count; without words that tell, what the message declares does."""
    assert language_in(surveyed(raw)) is language


def test_a_page_with_its_line_on_top_has_a_language() -> None:
    """Where the line stands before all words, the words after it are looked at."""
    assert language_in(surveyed(html_message(f"<p>{GERMAN * 1000}</p>".encode()))) is DE


@pytest.mark.parametrize("convert_flowed", [True, False])
def test_a_question_leaves_flowed_text_a_text(convert_flowed: bool) -> None:
    """Only a picture or a tracked link needs HTML; where flowed text stays as it is, nothing is asked in it either."""
    raw = flowed_message(b"Hello\r\n")
    if not convert_flowed:
        assert refused(raw, convert_flowed=False).why is WhyNot.FIXED_LAYOUT
        return
    asking = splice(surveyed(raw), Additions(line=LINE))
    assert asking.startswith(raw)
    assert joined_lines(asking.removeprefix(raw)) == f"{SENTENCE} See or stop: {STOP}"


def joined_lines(text: bytes) -> str:
    """Return a text's words with one space between them."""
    return " ".join(text.decode().split())
