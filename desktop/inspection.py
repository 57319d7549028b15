"""`readback inspect`: what would be added to a message, for whom, and which rule leaves it alone."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from desktop.core import trackingheader
from desktop.core.address import normalised
from desktop.core.errors import StoreTrouble
from desktop.core.parse import headers_of
from desktop.core.policy import WhyNot
from desktop.outgoing.inspect import Inspected, inspect, permitted, sample_channel, to_be_asked
from desktop.outgoing.transparency import has_forbidden
from desktop.ui import words
from relay.wire.purpose import Purpose

_NOT_NAMED: Final = "--permit does not name them, and what you recorded of them is not looked up here."
_NO_QUESTION: Final = "It is plain text with a layout of its own, which takes no question; only flowing text does."
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9@._+-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """Who is supposed to have given permission, who is to be asked, and whether the "got it" marker is switched on."""

    permit: Sequence[str] = ()
    ask: Sequence[str] = ()
    adds_confirm: bool = False


def report(raw: bytes, *, to: Sequence[str], supposed: Supposed, out: Path | None, now: datetime) -> Iterator[str]:
    """Yield the report's lines, writing the copies to `out` on the way; raise Malformed, StoreTrouble.

    Who is not supposed to have given permission gave none here: the store is not asked, so that the answer is the same
    anywhere.
    """
    grounds = {normalised(each): to_be_asked(each) for each in supposed.ask}
    grounds |= {normalised(each): permitted(each, now) for each in supposed.permit}
    found = inspect(
        raw, recipients=to, grounds=grounds, channel=sample_channel(), now=now, adds_confirm=supposed.adds_confirm
    )
    yield f"{len(raw):,} octets, SHA-256 {hashlib.sha256(raw).hexdigest()}"
    yield "Permission is supposed for whoever --permit names, a question for whoever --ask names."
    if not {field.name.lower() for field in headers_of(raw)} & {"from", "to", "subject", "date"}:
        yield "This names no sender, recipient, subject or date, so it is hardly a mail."
    if has_forbidden(raw):
        yield "The listener would refuse it: it holds a bare CR or a NUL, which no mail may."
    for number, copy in enumerate(found, 1):
        yield ""
        yield from _lines(copy, raw)
        if out is not None:
            yield f"  written to {_write(out, number, copy)}"


def _lines(copy: Inspected, raw: bytes) -> Iterator[str]:
    yield copy.address
    growth = f"{len(copy.octets) - len(raw):+,} octets"
    if copy.why_not is not None:
        yield f"  untracked, {_sameness(copy, raw)}"
        why = _NOT_NAMED if copy.why_not is WhyNot.NO_PERMISSION else words.why_not_sentence(copy.why_not)
        yield f"  rule {copy.why_not.value}: {why}"
        if copy.not_asked is not None:
            fixed = copy.not_asked is WhyNot.FIXED_LAYOUT
            said = _NO_QUESTION if fixed else words.why_not_sentence(copy.not_asked)
            yield f"  not asked, rule {copy.not_asked.value}: {said}"
        if copy.detail:
            yield f"  {copy.detail}"
    else:
        yield f"  tracked for {words.purposes_line(copy.purposes)}, {growth}"
        yield "  added: the visible line with a stop link" + (", a picture" if Purpose.OPENS in copy.purposes else "")
        yield f"  added: the header {trackingheader.NAME}, before all others"
    for link in copy.links:
        yield f"  tracked link: {link}"
    if copy.asked:
        yield f"  added: the question, for {words.purposes_line(copy.asked)}"
    if copy.confirms:
        yield "  added: the link by which they say that they have read it"
    if copy.language is not None:
        yield f"  language of what was added: {copy.language.value}"


def _sameness(copy: Inspected, raw: bytes) -> str:
    if copy.octets == raw:
        return "byte for byte as it came"
    if copy.asked or copy.confirms or copy.why_not is WhyNot.NO_GOT_IT:
        return f"{len(copy.octets) - len(raw):+,} octets"
    return "altered, which must not be"


def _write(folder: Path, number: int, copy: Inspected) -> Path:
    path = folder / f"{number}-{_UNSAFE.sub('_', copy.address)}.eml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(copy.octets)
    except OSError as error:
        raise StoreTrouble(f"{path} cannot be written: {error.strerror}.", "Choose another folder.") from error
    return path
