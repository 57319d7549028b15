"""Which messages stay untouched as a whole, and which parts of the others hold the words.

A signature, a cipher, an invitation or a mark that somebody else vouched for the bytes: any change would break it or
mislead, so these come out byte for byte.
"""

import re
from typing import Final, NamedTuple

from desktop.core.mime import MalformedMimeError, Part
from desktop.core.policy import WhyNot

_SIGNATURES: Final = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature", "multipart/signed"}
)
_CIPHERS: Final = frozenset({"application/pgp-encrypted", "multipart/encrypted"})
# RFC 8551 3.2.2: the parameter smime-type says which of the two it is.
_SMIME: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_CALENDARS: Final = frozenset({"text/calendar", "application/ics", "text/x-vcalendar"})
_FIELD_RULES: Final = (
    (re.compile(r"(?:dkim|domainkey)-signature\Z"), WhyNot.DKIM),
    (re.compile(r"arc-"), WhyNot.ARC),
    (re.compile(r"resent-"), WhyNot.RESENT),
    (re.compile(r"list-"), WhyNot.LIST_MAIL),
)
_INLINE_PGP: Final = re.compile(rb"^-----BEGIN PGP (?:SIGNED )?MESSAGE-----", re.MULTILINE)
_INLINE_PGP_IN_HTML: Final = re.compile(rb"-----BEGIN PGP (?:SIGNED )?MESSAGE-----")


class Words(NamedTuple):
    """The parts that hold what the user wrote; either may be missing."""

    html: Part | None = None
    text: Part | None = None


def untouchable(root: Part) -> tuple[WhyNot, str] | None:
    """Return why the whole message must stay as it is and what shows it, or None."""
    for field in root.fields:
        for pattern, why in _FIELD_RULES:
            if pattern.match(field.name):
                return why, f"it bears {field.name}"
        # RFC 3834 5.1: everything but "no" says that a program wrote it; a comment may follow.
        if field.name == "auto-submitted" and field.value.split("(")[0].split(";")[0].strip().lower() != "no":
            return WhyNot.AUTOMATIC, "Auto-Submitted says that a program wrote it"
    for part in root.walk():
        why_not = _why_not(part)
        if why_not is not None:
            return why_not, f"it holds {part.media_type}"
    return None


def _why_not(part: Part) -> WhyNot | None:
    if part.media_type in _SMIME:
        is_signed = part.parameters.get("smime-type", "").lower() in {"signed-data", "certs-only"}
        return WhyNot.SIGNED if is_signed else WhyNot.ENCRYPTED
    if part.media_type in _SIGNATURES:
        return WhyNot.SIGNED
    if part.media_type in _CIPHERS:
        return WhyNot.ENCRYPTED
    if part.media_type in _CALENDARS:
        return WhyNot.CALENDAR
    return WhyNot.REPORT if part.media_type == "multipart/report" else None


def texts_of(root: Part) -> list[Part]:
    """Return the plain and HTML texts that are shown as the message's own words, not as files."""
    return [part for part in root.walk() if part.media_type in {"text/plain", "text/html"} and not part.is_attachment]


def holds_inline_pgp(content: bytes, media_type: str) -> bool:
    """Return whether a text is enciphered or clear-signed in its own words (RFC 9580 7); a quoted one is not."""
    pattern = _INLINE_PGP_IN_HTML if media_type == "text/html" else _INLINE_PGP
    return pattern.search(content) is not None


def words_of(part: Part) -> Words:
    """Return the parts in which the user's words stand; raise MalformedMimeError for two HTML parts in one choice.

    Of a multipart/mixed it is the first part with words, of a multipart/related the root (RFC 2387 3.2).
    """
    if not part.media_type.startswith("multipart/"):
        if part.is_attachment:
            return Words()
        return Words(
            html=part if part.media_type == "text/html" else None,
            text=part if part.media_type == "text/plain" else None,
        )
    if part.media_type == "multipart/alternative":
        return _alternatives(part)
    children = part.children[:1] if part.media_type == "multipart/related" else part.children
    found = (words_of(child) for child in children)
    return next((words for words in found if words != Words()), Words())


def _alternatives(part: Part) -> Words:
    html, text = None, None
    for child in part.children:
        words = words_of(child)
        if words.html is not None and html is not None:
            raise MalformedMimeError("two HTML parts to choose from")
        html = html or words.html
        text = text or words.text
    return Words(html=html, text=text)
