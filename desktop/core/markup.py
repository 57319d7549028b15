"""An HTML part as mail programs write it: its links, and where the visible line stands.

The line stands after the user's own words and signature and before what is quoted; when own words follow the quote it
stands at the end, and at the top of a part that a provider would clip.
"""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from desktop.core.tags import Attribute, Tag, attributes_of, tags

# Gmail clips a message whose HTML exceeds about 100 KB; what stands below is not loaded.
CLIPPED_ABOVE_BYTES: Final = 90_000
_BLANK: Final = re.compile(
    rb"(?:\s|&nbsp;?|&#160;|&#xa0;|&zwnj;|\xc2\xa0|\xe2\x80\x8b|\xef\xbb\xbf)*+\Z", re.IGNORECASE
)
_BLOCKS: Final = frozenset({b"p", b"div"})
_QUOTABLE: Final = frozenset({b"blockquote", b"div", b"p", b"table", b"span"})
# What mail programs put around the mail they answer or forward: Thunderbird, Gmail, Proton, Yahoo, Zoho, Roundcube,
# Evolution; by class or id.
_QUOTE_NAMES: Final = re.compile(
    rb"(?:^|\s)(?:moz-cite-prefix|moz-forward-container|gmail_quote(?:_container)?|gmail_extra|protonmail_quote"
    rb"|(?:ydp\w+)?yahoo_quoted|zmail_extra|reply-intro|-x-evo-cite|AppleOriginalContents)(?:\s|\Z)",
    re.IGNORECASE,
)
# Outlook and others mark only where the earlier mail begins: all that follows is quoted.
_QUOTE_BEGINS: Final = re.compile(
    rb"(?:x_)?(?:appendonsend|divRplyFwdMsg|mail-editor-reference-message-container|ms-outlook-mobile-reference)\Z"
)
_OUTLOOK_RULE: Final = re.compile(rb"border:\s*none;\s*border-top:\s*solid\s#(?:e1e1e1|b5c4df)\s1\.0pt", re.IGNORECASE)
# "On Friday, Bob wrote:", whatever the language: the last words before a quote, and they end in a colon.
_ATTRIBUTION_MAX: Final = 400
_TO_THE_END: Final = b""


class Anchor(NamedTuple):
    """A link: the place of its `href` attribute, where it leads, and its text, both still as the part spells them."""

    start: int
    end: int
    href: bytes
    shown: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What was found in an HTML part: its links and the place of the visible line."""

    anchors: tuple[Anchor, ...]
    line_at: int


def read_page(content: bytes) -> Page:
    """Return what is found in the HTML; raise UnclosedError when it ends where nothing can be added."""
    reader = _Reader()
    position = 0
    for tag in tags(content):
        reader.on_text(content, position, tag.start)
        position = tag.end
        if tag.is_end:
            reader.on_end(tag)
        else:
            reader.on_start(tag)
    reader.on_text(content, position, len(content))
    reader.close_link()
    return Page(anchors=tuple(reader.anchors), line_at=reader.line_at(content))


class _Reader:
    """Keeps where the reading stands: an open link, an open quote, and what may turn out to introduce a quote."""

    def __init__(self) -> None:
        self.anchors: list[Anchor] = []
        self._link: Attribute | None = None
        self._link_text: list[bytes] = []
        self._top = 0
        self._top_is_known = False
        self._body_end: int | None = None
        # The element that an open quote began with, and how many of its kind are open inside.
        self._quote: bytes | None = None
        self._depth = 0
        # Where the quotes begin that no own words have followed yet.
        self._quotes_at: int | None = None
        # The last block of own words, in case they introduce a quote; None while words stand in no block.
        self._words_at: int | None = None
        self._words = b""
        self._in_block = False
        self._line_is_broken = False

    def line_at(self, content: bytes) -> int:
        if len(content) > CLIPPED_ABOVE_BYTES:
            return self._top
        if self._quotes_at is not None:
            return self._quotes_at
        return len(content.rstrip()) if self._body_end is None else self._body_end

    def on_text(self, content: bytes, start: int, end: int) -> None:
        text = content[start:end]
        if self._link is not None:
            self._link_text.append(text)
        if not _BLANK.match(text):
            self._top_is_known = True
            if self._quote is None:
                self._on_own_words(text, start)

    def _on_own_words(self, text: bytes, start: int) -> None:
        self._quotes_at = None
        if not self._in_block:
            self._words_at = None
        elif self._line_is_broken:
            self._words_at, self._words = start, b""
        self._line_is_broken = False
        if len(self._words) <= _ATTRIBUTION_MAX:
            self._words += text

    def on_start(self, tag: Tag) -> None:
        name = tag.name
        if name in {b"", b"html", b"body"} and not self._top_is_known:
            self._top = tag.end
        elif name == b"a":
            self.close_link()
            self._link = attributes_of(tag).get(b"href")
        elif name == b"img":
            self._on_picture()
        elif self._quote is not None:
            self._depth += name == self._quote
        elif name == b"br":
            self._line_is_broken = True
        elif name in _QUOTABLE:
            self._on_block(tag)

    def _on_picture(self) -> None:
        if self._quote is None:
            self._quotes_at = None

    def _on_block(self, tag: Tag) -> None:
        quote = _quote_of(tag)
        if quote is not None:
            self._quote, self._depth = quote, 1
            if self._quotes_at is None:
                introduces = len(self._words) <= _ATTRIBUTION_MAX and self._words.rstrip().endswith(b":")
                self._quotes_at = tag.start if self._words_at is None or not introduces else self._words_at
        elif tag.name in _BLOCKS:
            self._words_at, self._words, self._in_block, self._line_is_broken = tag.start, b"", True, False

    def on_end(self, tag: Tag) -> None:
        if tag.name == b"a":
            self.close_link()
        elif tag.name == b"head" and not self._top_is_known:
            self._top = tag.end
        elif tag.name == b"body" or (tag.name == b"html" and self._body_end is None):
            self._body_end = tag.start
        elif self._quote is None:
            self._in_block = self._in_block and tag.name not in _BLOCKS
        elif tag.name == self._quote:
            self._depth -= 1
            if self._depth == 0:
                self._quote = None

    def close_link(self) -> None:
        if self._link is not None:
            value, start, end = self._link
            self.anchors.append(Anchor(start, end, value, b"".join(self._link_text)))
        self._link, self._link_text = None, []


def _quote_of(tag: Tag) -> bytes | None:
    """Return the element that ends the quote this tag begins, or None when it begins none."""
    found = attributes_of(tag)
    named = [found[key].value for key in (b"class", b"id") if key in found]
    if any(_QUOTE_BEGINS.match(name) for name in named):
        return _TO_THE_END
    if b"style" in found and _OUTLOOK_RULE.search(found[b"style"].value):
        return _TO_THE_END
    is_cited = tag.name == b"blockquote" and b"type" in found and found[b"type"].value.lower() == b"cite"
    return tag.name if is_cited or any(_QUOTE_NAMES.search(name) for name in named) else None
