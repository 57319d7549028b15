"""How values are spelled in columns: instants as milliseconds, sets and tuples as JSON."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000


def to_ms(at: datetime) -> int:
    """Return milliseconds since 1970-01-01 UTC of an aware instant; raise ValueError for a naive one."""
    if at.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return round(at.timestamp() * 1000)


def from_ms(at_ms: int) -> datetime:
    """Return the aware UTC instant."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def plain(text: str) -> str:
    """Return text that can be kept: a lone surrogate, which a stranger's charset may give, is replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def to_json(value: Any) -> str:
    """Return compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def set_to_json(values: Iterable[str]) -> str:
    """Return a set of words as a sorted JSON list, so that equal sets are spelled equally."""
    return to_json(sorted(values))


def from_json(text: str) -> Any:
    """Return the value a JSON column holds."""
    return json.loads(text)
