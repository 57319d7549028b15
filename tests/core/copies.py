"""Messages and additions that the tests of rewriting share, and an HTML reader that owes nothing to ours."""

import csv
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

from desktop.core.disclosure import AddedLine
from desktop.core.ownmarks import OwnMarks
from desktop.core.permission import SEEING
from desktop.core.rewrite import Additions, Refusal, Survey, splice, survey
from relay.wire.token import Token, TokenType, mint
from relay.wire.urls import click_url, open_url, stop_url

DATA = Path(__file__).parents[1] / "data"
BASE = "https://read.example.net"
CHANNEL_ID = b"tests' chan."
OWN = OwnMarks(bases=frozenset({BASE}), channel_ids=frozenset({CHANNEL_ID}))


def token(
    kind: TokenType, *, channel_id: bytes = CHANNEL_ID, random_id: bytes = b"this copy's.", destination: bytes = b""
) -> str:
    """Return a token of a channel; nobody here holds its key."""
    fields = Token(
        type=kind, key_id=1, channel_id=channel_id, recipient_tag=b"8 octets", issue_day=20_000, random_id=random_id
    )
    return mint(b"k" * 32, fields, bound=destination)


PICTURE = open_url(BASE, token(TokenType.OPEN))
STOP = stop_url(BASE, token(TokenType.STOP))
SENTENCE = "As agreed on 3 May, I (Alice) can see when you open this mail or use its links, to time my follow-up."
LINE = AddedLine(before=SENTENCE, link_text="See or stop", url=STOP)


def line_saying(sentence: str) -> AddedLine:
    """Return a line of tracked mail with other words."""
    return replace(LINE, before=sentence)


_HEADER = re.compile(rb"Readback-Tracking: [a-z, ]+;(\r?\n) stop=<https://[^>\r\n]+/stop/[^>\r\n]+/me>\1")


def without_header(copy: bytes) -> bytes:
    """Return a tracked copy without the header that says so, which has to stand first."""
    header = _HEADER.match(copy)
    assert header is not None
    return copy[header.end() :]


def expected() -> list[dict[str, str]]:
    """Return the rows of the table that says which client messages are tracked."""
    with (DATA / "expected.csv").open(newline="") as table:
        return list(csv.DictReader(table))


def client_message(name: str) -> bytes:
    """Return a message as a real mail program sent it."""
    return (DATA / "clients" / name).read_bytes()


def surveyed(raw: bytes, *, convert_flowed: bool = True) -> Survey:
    """Return the survey of a message that can be tracked."""
    found = survey(raw, own_bases=frozenset({BASE}), convert_flowed=convert_flowed)
    assert isinstance(found, Survey), found
    return found


def refused(raw: bytes, *, convert_flowed: bool = True) -> Refusal:
    """Return the refusal of a message that cannot be tracked."""
    found = survey(raw, own_bases=frozenset({BASE}), convert_flowed=convert_flowed)
    assert isinstance(found, Refusal), found
    return found


def everything(found: Survey, *, picture: bool = True, links: bool = True, line: AddedLine = LINE) -> Additions:
    """Return additions of the kinds asked for, with a tracked URL for every link found."""
    return Additions(
        picture_url=PICTURE if picture else None,
        link_urls={link: tracked(link) for link in found.links} if links else {},
        line=line,
        purposes=SEEING,
    )


def tracked(destination: bytes) -> str:
    """Return the tracked URL that the tests use for a destination."""
    return click_url(BASE, token(TokenType.CLICK, destination=destination), destination)


def copy_of(raw: bytes, *, picture: bool = True, links: bool = True, line: AddedLine = LINE) -> bytes:
    """Return the copy of a trackable message."""
    found = surveyed(raw)
    return splice(found, everything(found, picture=picture, links=links, line=line))


def html_message(body: bytes, *, encoding: bytes = b"8bit", charset: bytes = b"utf-8") -> bytes:
    """Return a message that is one HTML part."""
    return (
        b"From: alice@example.test\r\nTo: bob@example.test\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/html; charset="
        + charset
        + b"\r\nContent-Transfer-Encoding: "
        + encoding
        + b"\r\n\r\n"
        + body
    )


def flowed_message(body: bytes, *, parameters: bytes = b"", encoding: bytes = b"8bit") -> bytes:
    """Return a message that is one flowed text."""
    return (
        b"From: alice@example.test\r\nTo: bob@example.test\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=utf-8; format=flowed" + parameters + b"\r\n"
        b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + body
    )


@dataclass
class Seen:
    """What a reader of an HTML part sees: pictures, links with their texts, and words in order."""

    pictures: list[dict[str, str]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    words: str = ""
    # For each of our pictures, whether it stands inside a paragraph, a quote.
    own_picture_places: list[list[str]] = field(default_factory=list)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = Seen()
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "img":
            self.seen.pictures.append(found)
            if found.get("src", "").startswith(f"{BASE}/open/"):
                self.seen.own_picture_places.append(list(self._open))
        elif tag not in {"br", "hr", "meta", "link", "input"}:
            self._open.append(tag)
        if tag == "a":
            self.seen.links.append((found.get("href", ""), ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                continue

    def handle_data(self, data: str) -> None:
        self.seen.words += data
        if "a" in self._open:
            href, text = self.seen.links[-1]
            self.seen.links[-1] = (href, text + data)


def seen_in(page: str) -> Seen:
    """Read an HTML page with the standard library's parser."""
    reader = _Page()
    reader.feed(page)
    reader.close()
    return reader.seen


def own_pictures(seen: Seen) -> list[str]:
    """Return the addresses of our pictures in a page."""
    return [picture["src"] for picture in seen.pictures if picture.get("src", "").startswith(f"{BASE}/open/")]
