"""What a mail program makes of a copy: its bodies, its pictures and links; and of a page: its links and forms.

Everything is read from the octets the provider holds, so that a recipient acts only on what was really delivered.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from relay.wire.urls import (
    BadUrlError,
    read_click_path,
    read_confirm_path,
    read_consent_url,
    read_open_path,
    read_page_path,
    read_stop_path,
)

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
    """A page's POST form; `action` is absolute, `boxes` may be ticked, and of the named `buttons` one is pressed."""

    action: str
    fields: tuple[tuple[str, str], ...] = ()
    boxes: tuple[tuple[str, str], ...] = ()
    buttons: tuple[tuple[str, str], ...] = ()

    def pressed(self, button: str = "", ticked: Collection[str] = ()) -> tuple[tuple[str, str], ...]:
        """Return what a browser sends when the button with this value is pressed, and these boxes are ticked."""
        boxes = tuple(box for box in self.boxes if box[1] in ticked)
        return (*self.fields, *boxes, *(each for each in self.buttons if each[1] == button))


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


def anchors_in(html: str, page_url: str = "") -> tuple[Anchor, ...]:
    """Return all links to the web, in order; those of a page are taken from where it is."""
    anchors = (Anchor(reads=a.reads, leads_to=urljoin(page_url, a.leads_to)) for a in _read(html).anchors)
    return tuple(a for a in anchors if urlsplit(a.leads_to).scheme in ("http", "https"))


def is_picture(url: str) -> bool:
    """Return whether this is the picture of a tracked copy."""
    return _is_read_by(read_open_path, url)


def is_click(url: str) -> bool:
    """Return whether this is a tracked link."""
    return _is_read_by(read_click_path, url)


def is_stop(url: str) -> bool:
    """Return whether this leads to a stop page."""
    return _is_read_by(read_stop_path, url)


def is_question(url: str) -> bool:
    """Return whether this leads to a page that asks."""
    parts = urlsplit(url)
    return _is_read_by(lambda path: read_consent_url(path, parts.query), url)


def is_confirm(url: str) -> bool:
    """Return whether this leads to the page behind "tell me you've read this"."""
    return _is_read_by(read_confirm_path, url)


def is_own_page(url: str) -> bool:
    """Return whether this leads to a recipient's own page, which says what is recorded."""
    return _is_read_by(read_page_path, url)


def _is_read_by(read: Callable[[str], object], url: str) -> bool:
    try:
        read(urlsplit(url).path)
    except BadUrlError:
        return False
    return True


def destination_of(url: str) -> str:
    """Return where a tracked link leads; raise BadUrlError when it is none."""
    return read_click_path(urlsplit(url).path)[1].decode("ascii")


def forms_in(html: str, page_url: str) -> tuple[Form, ...]:
    """Return the forms of a page that are sent by POST, in order."""
    return tuple(replace(form, action=urljoin(page_url, form.action)) for form in _read(html).forms)


def _read(html: str) -> "_Reader":
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


class _Reader(HTMLParser):
    """Collects pictures, links and POST forms."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pictures: list[str] = []
        self.anchors: list[Anchor] = []
        self.forms: list[Form] = []
        self._is_in_form = False
        self._href: str | None = None
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag brings in."""
        named = {name: value or "" for name, value in attrs}
        if tag == "img" and "src" in named:
            self.pictures.append(named["src"])
        elif tag == "a" and "href" in named:
            self._href, self._words = named["href"], []
        elif tag == "form" and named.get("method", "").lower() == "post":
            self._is_in_form = True
            self.forms.append(Form(action=named.get("action", "")))
        elif tag in ("input", "button") and self._is_in_form and "name" in named:
            self.forms[-1] = _with(self.forms[-1], tag, named)

    def handle_data(self, data: str) -> None:
        """Collect the words of an open link."""
        if self._href is not None:
            self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Close a link, or a form."""
        if tag == "form":
            self._is_in_form = False
        if tag == "a" and self._href is not None:
            self.anchors.append(Anchor(reads=" ".join("".join(self._words).split()), leads_to=self._href))
            self._href = None


def _with(form: Form, tag: str, named: Mapping[str, str]) -> Form:
    field = (named["name"], named.get("value", ""))
    if tag == "button":
        return replace(form, buttons=(*form.buttons, field))
    if named.get("type") == "checkbox":
        return replace(form, boxes=(*form.boxes, field))
    return replace(form, fields=(*form.fields, field))
