"""What a mail program makes of a copy: its bodies, its pictures and links; and of a page: its form.

Everything is read from the octets the provider holds, so that a recipient acts only on what was really delivered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from relay.wire.urls import BadUrlError, read_click_path, read_open_path, read_stop_path

_PARSER = BytesParser(_class=EmailMessage, policy=policy.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """The decoded text and HTML of a message, lines ending in LF; empty where there is none."""

    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A link as it is shown: what it reads and where it leads."""

    reads: str
    leads_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A page's first POST form; `action` is absolute."""

    action: str
    fields: tuple[tuple[str, str], ...]


def bodies_of(raw: bytes) -> Bodies:
    """Return the decoded bodies of a message, whatever its transfer encodings and charsets."""
    message = _PARSER.parsebytes(raw)
    return Bodies(text=_decoded(message, "plain"), html=_decoded(message, "html"))


def _decoded(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


def headers_of(raw: bytes) -> tuple[tuple[str, str], ...]:
    """Return the header fields, decoded, in order."""
    return tuple((name, str(value)) for name, value in _PARSER.parsebytes(raw, headersonly=True).items())


def header_lines_of(raw: bytes) -> tuple[str, ...]:
    """Return the lines of the header as they stand."""
    return tuple(raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").split("\r\n"))


def message_id_of(raw: bytes) -> str:
    """Return the Message-ID without its brackets, empty when there is none."""
    return dict(headers_of(raw)).get("Message-ID", "").strip().strip("<>")


def pictures_in(html: str) -> tuple[str, ...]:
    """Return the addresses of all remote pictures, in order."""
    return tuple(url for url in _read(html).pictures if urlsplit(url).scheme in ("http", "https"))


def anchors_in(html: str) -> tuple[Anchor, ...]:
    """Return all links to the web, in order."""
    return tuple(a for a in _read(html).anchors if urlsplit(a.leads_to).scheme in ("http", "https"))


def is_picture(url: str) -> bool:
    """Return whether this is the picture of a tracked copy."""
    return _is_read_by(read_open_path, url)


def is_click(url: str) -> bool:
    """Return whether this is a tracked link."""
    return _is_read_by(read_click_path, url)


def is_stop(url: str) -> bool:
    """Return whether this leads to a stop page."""
    return _is_read_by(read_stop_path, url)


def _is_read_by(read: Callable[[str], object], url: str) -> bool:
    try:
        read(urlsplit(url).path)
    except BadUrlError:
        return False
    return True


def destination_of(url: str) -> str:
    """Return where a tracked link leads; raise BadUrlError when it is none."""
    return read_click_path(urlsplit(url).path)[1].decode("ascii")


def form_in(html: str, page_url: str) -> Form | None:
    """Return the first form of a page that is sent by POST, or None."""
    reader = _read(html)
    if reader.action is None:
        return None
    return Form(action=urljoin(page_url, reader.action), fields=tuple(reader.fields))


def _read(html: str) -> "_Reader":
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


class _Reader(HTMLParser):
    """Collects pictures, links and the first POST form."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pictures: list[str] = []
        self.anchors: list[Anchor] = []
        self.action: str | None = None
        self.fields: list[tuple[str, str]] = []
        self._href: str | None = None
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag brings in."""
        named = {name: value or "" for name, value in attrs}
        if tag == "img" and "src" in named:
            self.pictures.append(named["src"])
        elif tag == "a" and "href" in named:
            self._href, self._words = named["href"], []
        elif tag == "form" and self.action is None and named.get("method", "").lower() == "post":
            self.action = named.get("action", "")
        elif tag in ("input", "button") and self.action is not None and "name" in named:
            self.fields.append((named["name"], named.get("value", "")))

    def handle_data(self, data: str) -> None:
        """Collect the words of an open link."""
        if self._href is not None:
            self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Close a link."""
        if tag == "a" and self._href is not None:
            self.anchors.append(Anchor(reads=" ".join("".join(self._words).split()), leads_to=self._href))
            self._href = None
