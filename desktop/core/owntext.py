"""The words a mail's writer wrote: its plain text, or its HTML read as text, without what is quoted from earlier mail.

Nothing of it is kept or shown; rules search it, so it is also offered folded: small letters, no accents, one space.
"""

import html
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from desktop.core.plaintext import line_index, lines_of
from desktop.core.skim import Leaf

MAX_TEXT: Final = 40_000
# "From: … Subject: …" over a quoted mail, as Outlook writes it in the languages read here.
_QUOTED_FROM: Final = re.compile(r"[*>\s]*(?:from|von|de|da|van|od|fran|fra|lahettaja)\s?:\s?\*?\s*\S", re.IGNORECASE)
_QUOTED_SUBJECT: Final = re.compile(
    r"[*>\s]*(?:subject|betreff|objet|asunto|oggetto|assunto|onderwerp|temat|amne|emne|aihe)\s?:", re.IGNORECASE
)
_HEADER_LINES: Final = 6
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)([^>]*)>")
_HIDDEN: Final = frozenset({"script", "style", "head", "title", "textarea", "noframes", "xmp"})
_LINE_BREAKERS: Final = frozenset(
    {"br", "p", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "hr", "pre", "td", "blockquote"}
)
_QUOTE_MARKS: Final = re.compile(
    r"moz-cite-prefix|moz-forward-container|gmail_quote|gmail_extra|protonmail_quote|yahoo_quoted|zmail_extra"
    r"|appendonsend|divRplyFwdMsg|type\s*=\s*[\"']?cite|border-top:\s*solid\s#(?:e1e1e1|b5c4df)",
    re.IGNORECASE,
)
_SPACES: Final = re.compile(r"[ \t\r\f\v\xa0\u200b\u202f]+")
_PARAGRAPH: Final = re.compile(r"\n\s*\n")
_PLAIN_LETTERS: Final = str.maketrans(
    {
        "ß": "ss",
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
        "ł": "l",
        "đ": "d",
        "’": "'",
        "‘": "'",
        "´": "'",
        "“": '"',
        "”": '"',
        "–": "-",
        "—": "-",
        "\u2011": "-",
        "…": "...",
    }
)


def body_text(leaves: Sequence[Leaf]) -> str:
    """Return the mail's text: that of the first plain part which says something, else of the first HTML part."""
    for media_type, read in (("text/plain", str), ("text/html", text_of_html)):
        for leaf in leaves:
            if leaf.media_type == media_type and not leaf.is_attachment:
                text = read(leaf.text[: 4 * MAX_TEXT])
                if text.strip():
                    return text[:MAX_TEXT]
    return ""


def text_of_html(page: str) -> str:
    """Return what a page says, in lines, up to where it begins to quote; what is not shown is left out."""
    pieces: list[str] = []
    position, tag_end = 0, -1
    while (start := page.find("<", position)) >= 0:
        pieces.append(page[position:start])
        if page.startswith("<!--", start):
            position = _after(page, "-->", start)
            continue
        if tag_end < start:
            tag_end = page.find(">", start)
        if tag_end < 0:
            # Cut off inside a tag.
            position = len(page)
            break
        match = _TAG.match(page, start)
        if match is None:
            # A declaration, or a sign that is no tag.
            is_markup = page.startswith(("<!", "<?", "</"), start)
            position = tag_end + 1 if is_markup else start + 1
            pieces.append("" if is_markup else "<")
            continue
        name, position = match[2].lower(), match.end()
        if not match[1] and _QUOTE_MARKS.search(match[3]):
            position = len(page)
            break
        if name in _HIDDEN and not match[1]:
            position = _after_hidden(page, name, position)
        pieces.append("\n" if name in _LINE_BREAKERS else "")
    pieces.append(page[position:])
    return html.unescape("".join(pieces))


def _after(page: str, sign: str, start: int) -> int:
    found = page.find(sign, start)
    return len(page) if found < 0 else found + len(sign)


def _after_hidden(page: str, name: str, position: int) -> int:
    closing = re.compile(rf"</{name}", re.IGNORECASE).search(page, position)
    return len(page) if closing is None else _after(page, ">", closing.end())


def own_words(text: str) -> str:
    """Return the text without quoted lines, their introductions and forwarded mail."""
    content = text.replace("\r\n", "\n").encode("utf-8", "replace")
    lines = lines_of(content)
    kept = [line.text.decode("utf-8") for line in lines[: line_index(lines)]]
    for index, line in enumerate(kept):
        if _QUOTED_FROM.match(line) and any(map(_QUOTED_SUBJECT.match, kept[index + 1 : index + _HEADER_LINES])):
            del kept[index:]
            break
    return "\n".join(line for line in kept if not line.lstrip().startswith(">"))


def quotes(text: str) -> bool:
    """Return whether the text quotes earlier mail."""
    return len(own_words(text).split()) < len(text.split())


def folded(text: str) -> str:
    """Return the text in small letters without accents; a line end is a space, and a paragraph's end a full stop."""
    joined = text
    if "\n" in text:
        joined = _PARAGRAPH.sub(" . ", text.replace("\r\n", "\n")).replace("\n", " ")
    if joined.isascii():
        return _SPACES.sub(" ", joined.lower()).strip()
    decomposed = unicodedata.normalize("NFKD", joined.lower().translate(_PLAIN_LETTERS))
    return _SPACES.sub(" ", "".join(sign for sign in decomposed if not unicodedata.combining(sign))).strip()
