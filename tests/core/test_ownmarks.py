"""Own marks of earlier copies: found in any text and wrapping, taken out, and nothing else is changed."""

import base64
import email
import email.policy
import html
import quopri
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.mime import read_message
from desktop.core.ownmarks import OwnMarks, tokens_in, without_own_marks
from relay.wire.claims import Claims, spell_claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.token import BadTokenError, TokenType, read
from relay.wire.urls import click_url, confirm_url, consent_url, open_url, stop_url
from tests.core.copies import BASE, CHANNEL_ID, OWN, client_message, expected, flowed_message, html_message, token

# Reasons for which nothing is added and quoted marks go all the same.
TOUCHED = {"", "fixed_layout", "no_body", "undecodable_html", "undecodable_text", "too_large"}
UNTOUCHABLE = [row["message"] for row in expected() if row["reason"] not in TOUCHED]
BOB = b"to Bob, once"
THEIRS = b"another's ch"
PLACE = b"https://example.test/a?b=1&c='2'"
PICTURE = open_url(BASE, token(TokenType.OPEN, random_id=BOB)).encode()
LINK = click_url(BASE, token(TokenType.CLICK, random_id=BOB, destination=PLACE), PLACE).encode()
STOP = stop_url(BASE, token(TokenType.STOP, random_id=BOB)).encode()
CONFIRM = confirm_url(BASE, token(TokenType.CONFIRM, random_id=BOB)).encode()
CLAIMS = spell_claims(Claims(sender="Alice", language=Language.ENGLISH, purposes=frozenset(Purpose)))
QUESTION = consent_url(BASE, token(TokenType.CONSENT, random_id=BOB, destination=CLAIMS), CLAIMS).encode()
IMAGE = b'<img src="' + PICTURE + b'" width="1" height="1" alt="">'
THEIR_PICTURE = open_url(BASE, token(TokenType.OPEN, channel_id=THEIRS)).encode()
THEIR_QUESTION = consent_url(BASE, token(TokenType.CONSENT, channel_id=THEIRS, destination=CLAIMS), CLAIMS).encode()
THEIR_LINK = click_url(BASE, token(TokenType.CLICK, channel_id=THEIRS, destination=PLACE), PLACE).encode()
QUOTED = quote(LINK.decode(), safe="").encode()
SAFELINKS = b"https://eur01.safelinks.protection.outlook.com/?url=%s&data=05%%7C02&reserved=0"
PROOFPOINT_2 = (
    b"https://urldefense.proofpoint.com/v2/url?u="
    + LINK.replace(b"-", b"-2D").replace(b"_", b"-5F").replace(b":", b"-3A").replace(b"/", b"_")
    + b"&d=DwMF"
)
PROOFPOINT_3 = b"https://urldefense.com/v3/__" + LINK + b"__;!!LQk!x$"
WRAPPED = [
    LINK,
    LINK.replace(BASE.encode(), BASE.upper().encode()),
    SAFELINKS % QUOTED,
    SAFELINKS % quote(QUOTED.decode(), safe="").encode(),
    SAFELINKS % quote((b"https://urldefense.com/v3/__" + LINK + b"__;!!x").decode(), safe="").encode(),
    PROOFPOINT_2,
    PROOFPOINT_3,
    b"https://p.test/?u=" + LINK + b"&x=1",
    b"https://linkprotect.cudasvc.com/url?a=" + QUOTED.replace(b"%3A", b"%3a") + b"&c=E,1",
]


def cleaned(raw: bytes, own: OwnMarks = OWN) -> bytes:
    """Return what goes out."""
    return without_own_marks(raw, own)


def text_message(body: bytes, *, charset: bytes = b"utf-8", encoding: bytes = b"8bit") -> bytes:
    """Return a message that is one text of fixed layout."""
    return html_message(body, charset=charset, encoding=encoding).replace(b"text/html", b"text/plain")


def contents(raw: bytes) -> list[bytes]:
    """Return every leaf's content as the standard library decodes it."""
    found = email.message_from_bytes(raw, policy=email.policy.compat32)
    payloads = [part.get_payload(decode=True) for part in found.walk() if not part.is_multipart()]
    return [payload for payload in payloads if isinstance(payload, bytes)]


def counting_tokens(raw: bytes) -> Iterator[bytes]:
    """Yield every open or click token of our channel in a message, found by trying each run of 72 characters."""
    for content in contents(raw):
        for match in re.finditer(rb"(?=([\w-]{72}))", content):
            try:
                found = read(match[1].decode())
            except BadTokenError:
                continue
            if found.channel_id == CHANNEL_ID and found.type in {TokenType.OPEN, TokenType.CLICK}:
                yield match[1]


def test_a_quoted_picture_goes_and_others_stay() -> None:
    """Ours is taken out, tag and all; a logo, and another user's picture at the same relay, stay."""
    page = b"<p>Hi</p><blockquote>%s<img src='https://logo.test/l.png'><img src=%s>%s</blockquote>"
    assert cleaned(html_message(page % (IMAGE, THEIR_PICTURE, IMAGE))) == html_message(page % (b"", THEIR_PICTURE, b""))


def test_a_quoted_link_leads_to_its_destination() -> None:
    """Ours leads where it always led, spelled for its place; another user's stays as it is."""
    page = b"<a href=\"%s\">%s</a> <a href='%s'>x</a> <a href=%s>y</a> <a href=%s>z</a>"
    place = html.escape(PLACE.decode()).encode()
    assert cleaned(html_message(page % (LINK, LINK, LINK, LINK, THEIR_LINK))) == html_message(
        page % (place, place, place, place, THEIR_LINK)
    )
    text = b"> see <%s>, [1] %s.\r\n> (%s)\r\n%s\r\n"
    assert cleaned(text_message(text % (LINK, LINK, LINK, THEIR_LINK))) == text_message(
        text % (PLACE, PLACE, PLACE, THEIR_LINK)
    )


@pytest.mark.parametrize("wrapped", WRAPPED)
@pytest.mark.parametrize("around", [b"<%s>", b"%s", b"see %s, and %s.", b'"%s"', b"(%s)"])
def test_what_leads_to_an_own_link_is_replaced_as_a_whole(wrapped: bytes, around: bytes) -> None:
    """SafeLinks, urldefense and others only lead to our link: the destination stands in their place."""
    count = around.count(b"%s")
    shown = html.escape(around.decode(), quote=True).encode()
    assert cleaned(text_message(around % ((wrapped,) * count))) == text_message(around % ((PLACE,) * count))
    page = b"<a href='%s'>x</a> " + shown
    spelled, place = wrapped.replace(b"&", b"&amp;"), html.escape(PLACE.decode()).encode()
    assert cleaned(html_message(page % ((spelled,) * (count + 1)))) == html_message(page % ((place,) * (count + 1)))


def test_a_proxied_picture_goes_too() -> None:
    """Gmail's picture proxy names the picture behind a hash; percent-encoded it is found as well."""
    for source in (
        b"https://ci3.test/x=s0-d-e1-ft#" + PICTURE,
        b"https://p.test/?u=" + quote(PICTURE, safe="").encode(),
    ):
        page = b"<p>a<IMG alt='>' SRC='%s'/>b</p>"
        assert cleaned(html_message(page % source)) == html_message(b"<p>ab</p>")


def test_addresses_beside_an_own_one_stay() -> None:
    """Only what leads to a mark is replaced with it; addresses in a row keep theirs."""
    text = b"https://a.test/1,%s,https://a.test/2|%s/\r\nhttps://a.test/?x=1 %s="
    assert cleaned(text_message(text % (LINK, LINK, LINK))) == text_message(text % (PLACE, PLACE, PLACE))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<table background='%s'>x", b"<table background='about:blank'>x"),
        (b'<td style="background:url(%s)">x', b'<td style="background:url(about:blank)">x'),
        (b"<a href=%s>picture</a>", b"<a href=about:blank>picture</a>"),
        (b"<p>a<!-- <v:fill src='%s'> -->b", b"<p>a<!-- <v:fill src='about:blank'> -->b"),
        (b"<p>a<img src='%s'", b"<p>a<img src='about:blank'"),
        (b"%s", b"about:blank"),
        (b"a <img srcset='%s 1x, %s 2x' src='%s'> b", b"a  b"),
        (b"a < b <p><img src=x><img src=%s>c", b"a < b <p><img src=x>c"),
        (b"<img src=x>%s", b"<img src=x>about:blank"),
    ],
)
def test_a_picture_in_another_place_loads_nothing(before: bytes, after: bytes) -> None:
    """In a background, a style, a link, a comment or a page cut off, its address is one that loads nothing."""
    assert cleaned(html_message(before.replace(b"%s", PICTURE))) == html_message(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"> a <%s> b\r\n", b"> a  b\r\n"),
        (b"> a [%s]\r\nb\r\n", b"> a\r\nb\r\n"),
        (b"> a %s \r\nb\r\n", b"> a  \r\nb\r\n"),
        (b"> [%s>\r\n", b"> [>\r\n"),
        (b"> a (%s)\t\r\n", b"> a \t\r\n"),
        (b"> a \t(%s)\r\n", b"> a\r\n"),
        (b"> a %s\n", b"> a\n"),
        (b"%s", b""),
        (b"<%s", b"<"),
    ],
)
def test_a_picture_in_a_text_goes_with_its_brackets(before: bytes, after: bytes) -> None:
    """No brackets stay empty, and no line that did not flow on begins to."""
    assert cleaned(text_message(before % PICTURE)) == text_message(after)


def test_absurd_tags_and_addresses_are_not_searched_without_end() -> None:
    """A tag longer than any program writes keeps all but the address; an address no browser takes is not unwrapped."""
    page = b"<p><img src='%s' alt='" + b"x" * 20_000 + b"'></p>"
    assert cleaned(html_message(page % PICTURE)) == html_message(page % b"about:blank")
    wrapped = SAFELINKS % QUOTED
    assert cleaned(text_message(wrapped + b"x" * 10_000)) == text_message(PLACE)
    long = text_message(wrapped + b"x" * 20_000)
    assert cleaned(long) is long


@pytest.mark.parametrize("link", [QUESTION, CONFIRM], ids=["question", "confirm"])
def test_what_only_its_recipient_may_press_leads_nowhere(link: bytes) -> None:
    """A quoted question or "I have read this" would answer for the first recipient; in a text it goes, brackets too."""
    page = html_message(
        b'<p>Hi</p><blockquote><a href="' + html.escape(link.decode()).encode() + b'">x</a></blockquote>'
    )
    assert cleaned(page) == html_message(b'<p>Hi</p><blockquote><a href="about:blank">x</a></blockquote>')
    wrapped = b'<a href="' + SAFELINKS.replace(b"&", b"&amp;") % quote(link.decode(), safe="").encode() + b'">x</a>'
    assert cleaned(html_message(wrapped)) == html_message(b'<a href="about:blank">x</a>')
    assert cleaned(text_message(b"> Choose here: <" + link + b">\r\n> Bye\r\n")) == (
        text_message(b"> Choose here:\r\n> Bye\r\n")
    )


def spelled_out(link: bytes, sign: bytes, reference: bytes) -> bytes:
    """Return a link as an attribute spells it, with every such sign as a character reference."""
    return link.replace(b"&", b"&amp;").replace(sign, reference)


REFERENCES = [
    (b"/", b"&#x2F;"),
    (b"/", b"&#47"),
    (b"/", b"&sol;"),
    (b"=", b"&#61;"),
    (b"?", b"&quest;"),
    (b":", b"&colon;"),
    (b".", b"&#0046;"),
    (b"_", b"&lowbar;"),
    (b"e", b"&#x65;"),
    (b"h", b"&#X68;"),
    (b"-", b"&#45;"),
]


@pytest.mark.parametrize(("sign", "reference"), REFERENCES, ids=[each.decode() for _, each in REFERENCES])
@pytest.mark.parametrize("mark", [QUESTION, CONFIRM, PICTURE, LINK], ids=["question", "confirm", "picture", "link"])
def test_character_references_hide_no_mark(mark: bytes, sign: bytes, reference: bytes) -> None:
    """A page may spell any sign of an address as a reference, and programs follow it all the same; so it goes."""
    spelled = spelled_out(mark, sign, reference)
    left = html.escape(PLACE.decode()).encode() if mark is LINK else b"about:blank"
    assert cleaned(html_message(b'<a href="%s">x</a> y' % spelled)) == html_message(b'<a href="%s">x</a> y' % left)
    if mark is PICTURE:
        assert cleaned(html_message(b"<p>a<img src='%s'>b</p>" % spelled)) == html_message(b"<p>ab</p>")
    theirs = html_message(b'<a href="%s">x</a>' % spelled_out(THEIR_QUESTION, sign, reference))
    assert cleaned(theirs) is theirs


@pytest.mark.parametrize("broken", [b"\r\n", b"\n", b"\t", b"\r\n   ", b"&#10;", b"&Tab;"])
@pytest.mark.parametrize("at", [30, 45, 60, 110])
def test_line_ends_inside_an_attribute_hide_no_mark(broken: bytes, at: int) -> None:
    """Browsers drop them from an address, wherever they stand; words in a row stay words in a row."""
    for mark, left in ((QUESTION, b"about:blank"), (LINK, html.escape(PLACE.decode()).encode())):
        page = b"<a\r\nHREF = '%s' title='a\r\nb'>x\r\ny</a>"
        assert cleaned(html_message(page % (mark[:at] + broken + mark[at:]))) == html_message(page % left)
    page = b"<p>a<img alt='a\r\nb' src=\"%s\"></p>"
    assert cleaned(html_message(page % (PICTURE[:at] + broken + PICTURE[at:]))) == html_message(b"<p>a</p>")


def test_a_page_is_otherwise_as_it_was() -> None:
    """References and line ends beside a mark keep their spelling; a reference that ends an address ends it."""
    page = (
        b"<p title='x&#47;y\r\nz'>&lt;&sol;&nbsp;%s&gt;&hellip;&nosuch;&#x110000; <a href='https://a.test/&#47;\r\n1'>"
    )
    assert cleaned(html_message(page % LINK)) == html_message(page % html.escape(PLACE.decode()).encode())
    row = b"<p>%s,https://p.test/?u=%s&#38;x=1 %s</p>"
    assert cleaned(html_message(row % (LINK, LINK, LINK))) == html_message(
        b"<p>%s,%s %s</p>" % ((html.escape(PLACE.decode()).encode(),) * 3)
    )


@pytest.mark.parametrize("break_", [b"\r\n", b"\r\n> ", b" \r\n>> ", b"\n> > ", b"\r\n   | "])
@pytest.mark.parametrize("wrapped", [QUESTION, CONFIRM, PICTURE, LINK, SAFELINKS % QUOTED])
def test_an_address_that_goes_on_in_the_next_line_is_found(wrapped: bytes, break_: bytes) -> None:
    """A quote cuts long addresses at the line's end, once or more often: the mark goes with all its pieces."""
    left = PLACE if wrapped in {LINK, SAFELINKS % QUOTED} else b""
    for width in (60, 76, 90):
        pieces = [wrapped[start : start + width] for start in range(0, len(wrapped), width)]
        for around in (b"> a <%s>\r\n> b\r\n", b"> %s b\r\nc\r\n"):
            result = contents(cleaned(text_message(around % break_.join(pieces))))[0]
            assert left in result
            assert b"b" in result
            assert list(counting_tokens(text_message(re.sub(rb"[\s>|]+", b"", result)))) == []
            assert b"/me" not in result
            assert b"/read" not in result.replace(b"read.example", b"")


def test_lines_that_do_not_belong_together_stay() -> None:
    """What stands in the next line is taken for a piece of an address only where it makes an own one of it."""
    for raw in (
        text_message(b"> https://a.test/x\r\n> words\r\n"),
        text_message(b"%s\r\n\r\n%s" % (QUESTION[:80], QUESTION[80:])),
        text_message(THEIR_QUESTION[:80] + b"\r\n" + THEIR_QUESTION[80:]),
        text_message(QUESTION[:20] + b"\r\n" + QUESTION[20:]),
        text_message(QUESTION[:80] + b"\r\n\xc3\xbc" + QUESTION[80:]),
        text_message(
            b"https://a.test/"
            + b"x" * 20
            + (b"\r\n" + b"x" * 24) * 200
            + b" "
            + base64.urlsafe_b64encode(CHANNEL_ID[2:11])
        ),
    ):
        assert cleaned(raw) is raw
    assert cleaned(text_message(b"https://long.example.test/\r\n?u=%s b" % LINK)) == text_message(PLACE + b" b")
    listed = b"https://a.test/1\r\n%s\r\nhttps://a.test/2\r\nwords\r\n"
    assert cleaned(text_message(listed % LINK)) == text_message(listed % PLACE)


def test_a_mark_is_found_under_either_scheme() -> None:
    """A relay's front may lead from http to https, and a page may name no scheme: both reach it as well."""
    for scheme in (b"http:", b"", b"HTTPS:"):
        other = QUESTION.replace(b"https:", scheme)
        assert cleaned(html_message(b'<a href="%s">x</a>' % other)) == html_message(b'<a href="about:blank">x</a>')
        assert cleaned(text_message(b"<" + other + b">")) == text_message(b"")


@pytest.mark.parametrize("link", [THEIR_QUESTION, QUESTION.replace(b".me", b".you"), QUESTION.split(b"?")[0]])
def test_a_question_of_somebody_elses_stays(link: bytes) -> None:
    """Another channel's question, and what is none as it is spelled, are left alone."""
    raw = html_message(b'<a href="' + link + b'">x</a>')
    assert cleaned(raw) is raw


def test_stop_links_stay() -> None:
    """The quoted line keeps its link: it counts nothing, and a right is not taken from whoever reads it."""
    raw = html_message(b"<p>I can see. <a href='%s'>See or stop</a></p>" % STOP)
    assert cleaned(raw) is raw


@pytest.mark.parametrize(
    "near", [b"/open/", b"/click/", b"/stop/", BASE.encode(), THEIR_PICTURE, PICTURE[:-1], LINK[:-1]]
)
def test_what_only_looks_like_a_mark_stays(near: bytes) -> None:
    """Pieces of an address, other hosts and other channels are handed back as they came."""
    for raw in (html_message(b"<img src='%s'>" % near), text_message(near), text_message(b"https://other.test" + near)):
        assert cleaned(raw) is raw
    other = html_message(b"<img src='%s'>" % PICTURE.replace(b"read.", b"dear."))
    assert cleaned(other) is other


def test_a_token_in_another_kinds_place_or_with_a_bad_destination_stays() -> None:
    """A stop token in a picture's path, or a destination that is none, is nothing the relay would count."""
    stop = STOP.replace(b"/stop/", b"/open/").replace(b"/me", b".gif")
    bad = LINK.rsplit(b"/", 2)[0] + b"/bm8/go"
    raw = text_message(stop + b" " + bad)
    assert cleaned(raw) is raw


def test_earlier_channels_marks_go_as_well() -> None:
    """Whatever channel is known, now or from before, its marks are recognised; without any, nothing is."""
    raw = html_message(b"<p>a<img src='%s'></p>" % THEIR_PICTURE)
    earlier = OwnMarks(bases=frozenset({BASE}), channel_ids=frozenset({THEIRS}))
    assert cleaned(raw, OWN | earlier) == html_message(b"<p>a</p>")
    assert cleaned(raw, OwnMarks()) is raw
    assert cleaned(raw, OwnMarks(channel_ids=frozenset({THEIRS}))) is raw


@pytest.mark.parametrize("channel_id", [b"--------chan", bytes([255] * 12), bytes([251, 239, 190] * 4)])
def test_every_channel_is_found_however_its_token_is_spelled(channel_id: bytes) -> None:
    """Dashes and underscores in the channel's own characters, plain or as Proofpoint writes them; of any known base."""
    base = "https://another.example.org:8443"
    own = OwnMarks(bases=frozenset({BASE, base}), channel_ids=frozenset({channel_id}))
    link = click_url(base, token(TokenType.CLICK, channel_id=channel_id, destination=PLACE), PLACE).encode()
    spelled = link.replace(b"-", b"-2D").replace(b"_", b"-5F").replace(b":", b"-3A").replace(b"/", b"_")
    for leading in (link, b"https://urldefense.proofpoint.com/v2/url?u=" + spelled + b"&d=x"):
        assert cleaned(text_message(leading), own) == text_message(PLACE)


@pytest.mark.parametrize("name", UNTOUCHABLE)
def test_untouchable_messages_stay(name: str) -> None:
    """A mark inside a signed, enciphered or otherwise vouched-for message of a real client stays where it is."""
    raw = client_message(name)
    marked = raw.replace(b"\r\n\r\n", b"\r\n\r\n" + PICTURE + b"\r\n", 2)
    assert cleaned(marked) is marked


def test_inline_pgp_embedded_messages_and_files_stay() -> None:
    """An armoured text, a mail that is passed on as a file, and a page that is a file are not ours to alter."""
    armoured = text_message(b"-----BEGIN PGP MESSAGE-----\r\n%s\r\n" % PICTURE)
    assert cleaned(armoured) is armoured
    head = b"From: a@example.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    embedded = b"--b\r\nContent-Type: message/rfc822\r\n\r\n%s\r\n" % html_message(IMAGE)
    kept = embedded + b"--b\r\nContent-Type: text/html; name=a.html\r\n\r\n%s\r\n--b--\r\n" % IMAGE
    first = b"--b\r\nContent-Type: text/html\r\n\r\n<p>%s\r\n"
    assert cleaned(head + first % IMAGE + kept) == head + first % b"" + kept


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        PICTURE,
        b"Subject: x\r\nno header " + PICTURE + b"\r\n\r\n",
        html_message(PICTURE, encoding=b"x-uuencode"),
        html_message(base64.b64encode(PICTURE) + b"%", encoding=b"base64"),
        html_message(base64.b64encode(PICTURE)[:-3], encoding=b"base64"),
    ],
)
def test_what_cannot_be_read_in_one_way_stays(raw: bytes) -> None:
    """Broken structure or encoding: not a byte changes."""
    assert cleaned(raw) is raw


@pytest.mark.parametrize("charset", ["iso-2022-jp", "utf-8", "shift_jis", "gb18030", "x-unknown"])
def test_marks_go_in_every_charset_that_spells_ascii_as_it_is(charset: str) -> None:
    """Charsets in which nothing is ever added lose their marks all the same."""
    words = "日本語" if charset != "x-unknown" else "?"
    around = words.encode(charset if charset != "x-unknown" else "ascii")
    page = around + b"<p>%s" + around + b"<a href='%s'>" + around + b"</a>"
    raw = html_message(page % (IMAGE, LINK), charset=charset.encode())
    assert cleaned(raw) == html_message(page % (b"", html.escape(PLACE.decode()).encode()), charset=charset.encode())


def test_padded_soft_breaks_hide_nothing() -> None:
    """Quoted-printable whose soft breaks were padded on the way is searched as it reads."""
    body = b"<p>" + IMAGE[:60].replace(b"=", b"=3D") + b"=  \r\n" + IMAGE[60:].replace(b"=", b"=3D") + b"</p>"
    assert contents(cleaned(html_message(body, encoding=b"quoted-printable"))) == [b"<p></p>"]


def test_bare_line_feeds_are_kept() -> None:
    """A message whose lines end in LF alone keeps them."""
    raw = html_message(b"<p>%s</p>\r\n" % IMAGE).replace(b"\r\n", b"\n")
    assert cleaned(raw) == html_message(b"<p></p>\r\n").replace(b"\r\n", b"\n")
    body = quopri.encodestring(b"<p>\xc3\xbc" + IMAGE + b"</p>\n")
    for newline in (b"\n", b"\r\n"):
        raw = html_message(body, encoding=b"quoted-printable").replace(b"\r\n", b"\n").replace(b"\n", newline)
        result = cleaned(raw)
        assert contents(result) == [b"<p>\xc3\xbc</p>" + newline]
        assert result.count(b"\n") == result.count(newline)
        assert result.count(b"\r\n") == (0 if newline == b"\n" else result.count(b"\n"))


def test_tokens_in_a_mail_are_found_in_all_its_texts() -> None:
    """Random ids of every kind, in any text and encoding; none in a file, in other hosts or in what cannot be read."""
    page, text = base64.encodebytes(IMAGE + LINK), b"See or stop: " + STOP
    head = b"From: a@example.test\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
    raw = head + b"--b\r\nContent-Type: text/plain\r\n\r\n%s\r\n--b\r\nContent-Type: text/html\r\n" % text
    raw += b"Content-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--\r\n" % page
    bases = frozenset({BASE})
    assert tokens_in(raw, bases) == {BOB}
    assert tokens_in(text_message(THEIR_PICTURE.replace(b"read.", b"dear.")), bases) == frozenset()
    assert tokens_in(text_message(STOP), frozenset()) == frozenset()
    assert tokens_in(text_message(STOP.replace(b"/stop/", b"/open/").replace(b"/me", b".gif")), bases) == frozenset()
    assert tokens_in(text_message(STOP).replace(b"text/plain", b"text/plain; name=a.txt"), bases) == frozenset()
    assert tokens_in(b"no header", bases) == frozenset()


# Pieces of a text, each with what is left of it.
_TEXT = st.sampled_from(
    [
        *[(words, words) for words in (b"words ", b"\r\n", b"> ", b"gr\xc3\xbc\xc3\x9fe", b"=3D", b"-- ", b"a=b")],
        *[
            (kept, kept)
            for kept in (b"<" + STOP + b">", b"https://a.test/x?y=1&z ", THEIR_LINK + b" ", THEIR_PICTURE + b" ")
        ],
        *[(b"<" + wrapped + b">", b"<" + PLACE + b">") for wrapped in WRAPPED],
        (b"x <" + PICTURE + b"> x", b"x  x"),
    ]
)
_PLACE = html.escape(PLACE.decode()).encode()
_HTML = st.sampled_from(
    [
        *[
            (words, words)
            for words in (b"<p>words</p>", b"\r\n", b"<blockquote type=cite>", b"gr\xc3\xbc\xc3\x9fe", b"</div>")
        ],
        *[
            (kept, kept)
            for kept in (b"<a href='%s'>stop</a>" % STOP, b"<img src=%s>" % THEIR_PICTURE, b"<img src=cid:x>")
        ],
        *[
            (b"<a href='%s'>x</a>" % wrapped.replace(b"&", b"&amp;"), b"<a href='%s'>x</a>" % _PLACE)
            for wrapped in WRAPPED
        ],
        (IMAGE, b""),
        (b"<div background='%s'>" % PICTURE, b"<div background='about:blank'>"),
    ]
)
_ENCODINGS = st.sampled_from(["7bit", "quoted-printable", "base64"])


def encoded(content: bytes, encoding: str) -> bytes:
    """Return a content in a transfer encoding, by the standard library."""
    if encoding == "base64":
        return base64.encodebytes(content).replace(b"\n", b"\r\n")
    if encoding == "7bit":
        return content
    return quopri.encodestring(content.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")


@st.composite
def _marked(draw: st.DrawFn) -> tuple[bytes, bytes, bool]:
    """Draw a message, what it is to become (but for its encoding), and whether it is compared byte for byte."""
    parts, cleaned_parts, is_exact = [], [], True
    for kind, pieces in draw(st.lists(st.sampled_from([("plain", _TEXT), ("html", _HTML)]), min_size=1, max_size=3)):
        drawn = draw(st.lists(pieces, max_size=8))
        before, after = b"".join(piece[0] for piece in drawn), b"".join(piece[1] for piece in drawn)
        encoding = draw(_ENCODINGS)
        is_exact = is_exact and encoding == "7bit"
        head = (
            f"--b\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
        )
        parts.append(head + encoded(before, encoding) + b"\r\n")
        cleaned_parts.append(head + encoded(after, encoding) + b"\r\n")
    head = b"From: a@example.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    return head + b"".join(parts) + b"--b--\r\n", head + b"".join(cleaned_parts) + b"--b--\r\n", is_exact


@given(_marked())
def test_no_mark_that_counts_is_left_and_nothing_else_changes(drawn: tuple[bytes, bytes, bool]) -> None:
    """Whatever is quoted in whatever encoding: no open or click token of ours is left, all else reads as before."""
    raw, wanted, is_exact = drawn
    result = cleaned(raw)
    assert list(counting_tokens(result)) == []
    assert contents(result) == contents(wanted)
    kinds = [[part.media_type for part in read_message(each).walk()] for each in (raw, result)]
    assert kinds[0] == kinds[1]
    if is_exact:
        assert result == wanted
    if raw == wanted:
        assert result is raw
    assert cleaned(result) is result


@given(_marked(), st.data())
def test_damaged_messages_never_raise(drawn: tuple[bytes, bytes, bool], data: st.DataObject) -> None:
    """A piece cut out or put in anywhere: cleaning returns something, and twice is as good as once."""
    raw = drawn[0]
    start = data.draw(st.integers(0, len(raw)))
    damaged = raw[:start] + data.draw(st.binary(max_size=6)) + raw[data.draw(st.integers(start, len(raw))) :]
    once = cleaned(damaged)
    assert cleaned(once) == once


def test_a_flowed_reply_keeps_its_flow() -> None:
    """A quote that a mail program made of HTML: destinations in place, soft breaks as they were."""
    body = b"Yes, \r\nI do.\r\n\r\n> see the offer <%s> \r\n> again\r\n"
    assert cleaned(flowed_message(body % LINK)) == flowed_message(body % PLACE)
