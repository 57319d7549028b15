"""The message with its additions: surveyed once, spliced once for each copy.

Bytes are spliced and never serialised again, so that whatever was not meant to change cannot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from desktop.core.disclosure import DisclosureLine
from desktop.core.policy import WhyNot


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The message as a whole stays as it is; `detail` is for a person who asks why, in plain English."""

    why: WhyNot
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What can be added to a message and where; `links` are its trackable destinations in order of appearance."""

    raw: bytes = field(repr=False)
    links: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Additions:
    """What one copy gets: a picture, tracked links for some destinations, and the line that says so."""

    picture_url: str | None
    link_urls: Mapping[bytes, str]
    line: DisclosureLine


def survey(raw: bytes, *, own_bases: frozenset[str] = frozenset(), convert_flowed: bool = True) -> Survey | Refusal:
    """Return what can be added to the message, or why nothing can; never raises, whatever the bytes are."""
    del raw, own_bases, convert_flowed
    return Refusal(why=WhyNot.NO_BODY, detail="the rewriter is not built yet")


def can_carry(survey: Survey, line: DisclosureLine) -> bool:
    """Return whether the text part's charset can spell the line; a copy that cannot is to go out untracked."""
    del survey, line
    return True


def splice(survey: Survey, additions: Additions) -> bytes:
    """Return the copy's bytes; without a picture and without tracked links they are the message's own."""
    del additions
    return survey.raw
