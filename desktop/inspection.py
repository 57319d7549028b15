"""`readback inspect`: what would be added to a message, for whom, and which rule leaves it alone."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from desktop.core.errors import StoreTrouble
from desktop.core.permission import Purpose
from desktop.outgoing.inspect import InspectedCopy, Inspection, inspect
from desktop.ui import words

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9@._+-]")


def report(raw: bytes, *, to: Sequence[str], permit: Sequence[str], out: Path | None, now: datetime) -> Iterator[str]:
    """Yield the report's lines, writing the copies to `out` on the way; raise Malformed, StoreTrouble.

    Who is not among `permit` gave no permission here: the store is not asked, so that the answer is the same anywhere.
    """
    found = inspect(raw, to, permit, now=now)
    yield f"{len(found.raw):,} octets, SHA-256 {found.sha256}"
    if not found.is_accepted:
        yield "The listener would refuse it: it holds a bare CR or a NUL, which no mail may."
    for number, copy in enumerate(found.copies, 1):
        yield ""
        yield from _lines(copy, found)
        if out is not None:
            yield f"  written to {_write(out, number, copy)}"


def _lines(copy: InspectedCopy, found: Inspection) -> Iterator[str]:
    yield copy.address
    if copy.why_not is not None:
        same = "byte for byte as it came" if copy.sha256 == found.sha256 else "altered, which must not be"
        yield f"  untracked, {same}"
        yield f"  rule {copy.why_not.value}: {words.why_not_sentence(copy.why_not)}"
        if copy.detail:
            yield f"  {copy.detail}"
        return
    yield f"  tracked for {words.purposes_line(copy.purposes)}, {len(copy.octets) - len(found.raw):+,} octets"
    added = ["the visible line with a stop link"]
    added += ["a picture"] if Purpose.OPENS in copy.purposes else []
    added += [words.count(copy.links, "tracked link", "tracked links")] if copy.links else []
    yield f"  added: {', '.join(added)}"


def _write(folder: Path, number: int, copy: InspectedCopy) -> Path:
    path = folder / f"{number}-{_UNSAFE.sub('_', copy.address)}.eml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(copy.octets)
    except OSError as error:
        raise StoreTrouble(f"{path} cannot be written: {error.strerror}.", "Choose another folder.") from error
    return path
