"""What IMAP asks of mails: which of them (SEARCH, sequence sets) and what of each (FETCH), RFC 3501 6.4.

Parts of a message below its header are not told apart: a client may fetch the header, the text, or all, cut off or not.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias

from desktop.practice.imap_wire import BadCommandError, Token, literal, text_of
from desktop.practice.mailboxes import SEEN, Held

_Test: TypeAlias = Callable[[int, Held], bool]
# strftime's month names depend on the locale; these do not.
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE: Final = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})")
_SECTION: Final = re.compile(r"BODY(\.PEEK)?\[([A-Z.]*)(?: \(([^)]*)\))?\](?:<(\d+)\.(\d+)>)?", re.IGNORECASE)
_FLAGS: Final = {
    "SEEN": SEEN,
    "ANSWERED": "\\Answered",
    "FLAGGED": "\\Flagged",
    "DELETED": "\\Deleted",
    "DRAFT": "\\Draft",
}
_MACROS: Final = {"FAST": ["FLAGS", "INTERNALDATE", "RFC822.SIZE"]}


def numbers_in(spelled: str, largest: int) -> Callable[[int], bool]:
    """Return whether a number is in a set such as "1:3,7,10:*"; `*` is `largest`, and a range goes either way."""
    ranges = []
    for part in spelled.split(","):
        first, _, last = part.partition(":")
        ends = [largest if end == "*" else _number(end) for end in (first, last or first)]
        ranges.append((min(ends), max(ends)))
    return lambda number: any(low <= number <= high for low, high in ranges)


def _number(spelled: str) -> int:
    if not spelled.isdigit():
        raise BadCommandError(f"no number: {spelled}")
    return int(spelled)


def spelled_date(at: datetime) -> str:
    """Return an instant as INTERNALDATE spells it, in UTC."""
    utc = at.astimezone(UTC)
    return f"{utc.day:2}-{_MONTHS[utc.month - 1]}-{utc.year} {utc:%H:%M:%S} +0000"


def search(mails: Sequence[Held], keys: Sequence[Token]) -> Iterator[int]:
    """Yield the places, counted from one, of the mails that every key holds for."""
    tests = list(_tests(list(keys), mails))
    for place, held in enumerate(mails, 1):
        if all(holds(place, held) for holds in tests):
            yield place


def _tests(keys: list[Token], mails: Sequence[Held]) -> Iterator[_Test]:
    while keys:
        key = text_of(keys.pop(0)).upper()
        if key == "CHARSET":
            _argument(keys)
        elif key in ("SINCE", "BEFORE"):
            yield _dated(key, _argument(keys))
        elif key == "UID":
            yield _with_uid(numbers_in(_argument(keys), mails[-1].uid if mails else 0))
        elif key == "HEADER":
            yield _bearing(_argument(keys), _argument(keys))
        elif key.removeprefix("UN") in _FLAGS:
            yield _flagged(_FLAGS[key.removeprefix("UN")], is_set=not key.startswith("UN"))
        elif key != "ALL":
            yield _at_place(numbers_in(key, len(mails)))


def _with_uid(is_in: Callable[[int], bool]) -> _Test:
    return lambda _place, held: is_in(held.uid)


def _at_place(is_in: Callable[[int], bool]) -> _Test:
    return lambda place, _held: is_in(place)


def _flagged(flag: str, *, is_set: bool) -> _Test:
    return lambda _place, held: (flag in held.flags) == is_set


def _bearing(name: str, value: str) -> _Test:
    """Return whether a header field holds `value`, or is there at all where that is empty."""
    wanted = value.lower().encode()
    return lambda _place, held: wanted in _fields(held.raw, [name], wanted=True).lower() != b""


def _argument(keys: list[Token]) -> str:
    if not keys:
        raise BadCommandError("a search key without its argument")
    return text_of(keys.pop(0))


def _dated(key: str, spelled: str) -> _Test:
    found = _DATE.fullmatch(spelled)
    if found is None or found[2].title() not in _MONTHS:
        raise BadCommandError(f"no date: {spelled}")
    day = datetime(int(found[3]), _MONTHS.index(found[2].title()) + 1, int(found[1]), tzinfo=UTC).date()
    if key == "SINCE":
        return lambda _place, held: held.at.astimezone(UTC).date() >= day
    return lambda _place, held: held.at.astimezone(UTC).date() < day


def items_in(asked: Token) -> list[str]:
    """Return the items of a FETCH, macros resolved; raise BadCommandError for one that is not known."""
    items = [text_of(item) for item in asked] if isinstance(asked, list) else [text_of(asked)]
    return [each for item in items for each in _MACROS.get(item.upper(), [item])]


def fetched(held: Held, item: str) -> bytes:
    """Return one item of a mail as FETCH answers it; raise BadCommandError for one that is not known."""
    match item.upper():
        case "UID":
            return b"UID %d" % held.uid
        case "FLAGS":
            return b"FLAGS (%s)" % " ".join(sorted(held.flags)).encode("ascii")
        case "INTERNALDATE":
            return f'INTERNALDATE "{spelled_date(held.at)}"'.encode("ascii")
        case "RFC822.SIZE":
            return b"RFC822.SIZE %d" % len(held.raw)
    section = _SECTION.fullmatch(item)
    if section is None:
        raise BadCommandError(f"cannot fetch {item}")
    return _part(held.raw, section)


def marks_seen(item: str) -> bool:
    """Return whether fetching this marks a mail as seen, as BODY without PEEK does."""
    section = _SECTION.fullmatch(item)
    return section is not None and section[1] is None


def _part(raw: bytes, section: re.Match[str]) -> bytes:
    _, kind, names, start, size = section.groups()
    header, body = _split(raw)
    match kind.upper():
        case "":
            octets = raw
        case "HEADER":
            octets = header
        case "TEXT":
            octets = body
        case "HEADER.FIELDS" if names:
            octets = _fields(raw, names.replace('"', "").split(), wanted=True) + b"\r\n"
        case "HEADER.FIELDS.NOT" if names:
            octets = _fields(raw, names.replace('"', "").split(), wanted=False) + b"\r\n"
        case _:
            raise BadCommandError(f"no such section: {kind}")
    label = f"BODY[{kind.upper()}{f' ({names})' if names else ''}]"
    if start is not None:
        octets = octets[int(start) : int(start) + int(size)]
        label += f"<{start}>"
    return label.encode("ascii") + b" " + literal(octets)


def _split(raw: bytes) -> tuple[bytes, bytes]:
    """Return the header with the empty line that ends it, and what follows."""
    if raw.startswith(b"\r\n"):
        return raw[:2], raw[2:]
    header, end, body = raw.partition(b"\r\n\r\n")
    return header + end, body


def _fields(raw: bytes, names: Sequence[str], *, wanted: bool) -> bytes:
    """Return the header's fields that are, or are not, among `names`, folded as they stand."""
    header = _split(raw)[0].removesuffix(b"\r\n")
    known = {name.lower().encode("utf-8", "replace") for name in names}
    fields = re.findall(rb"[^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*", header)
    return b"".join(field for field in fields if (field.partition(b":")[0].strip().lower() in known) == wanted)
