"""`readback explain`: what the app would make of hits that stand in a file, one JSON object a line.

Each line becomes a real hit, labelled, truncated and cut as the relay does it, and is judged by the app's own
classifier.  What a relay would store no hit for (HEAD, a prefetch, an altered token) is told to the classifier beside
the hit.  Readback ships no hidden links; files of others may know of some.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from desktop.core.agents import program_shape
from desktop.core.burst import BURST_MS
from desktop.core.circumstances import DEFAULT_WINDOW_S, HitContext, Telltale
from desktop.core.classify import judge
from desktop.core.verdict import Confidence, Judgement, Verdict
from relay.wire.hit import KEPT_HEADERS, MAX_LABELS, Hit, HitKind, decode, encode, same_source_mark
from relay.wire.labels import labels_of, parse_address, truncated

KEYS: Final = """\
A line holds: id, kind (pixel or click), method, ua (null: not known; empty:
blank), ip (null: not known), headers, signals, seconds_after_send (negative:
before; null: not known). Other fields are ignored. Signals: token_sent,
token_known, token_altered, sender_cookie_valid, ip_ua_equal_sender; links_hit
and links_total with span_ms; unsubscribe_hit, honeypot_hit,
same_ip_honeypot_ms, same_ip_other_ua_ms, same_ip_pixel_before_ms; others are
ignored.

Printed for each: id, verdict (person, image_proxy, prefetch, scanner, preview,
self, unknown), rule, confidence (high, medium, low), reason, notifies, counts.

Exit status 65 when a line could not be read; the others are judged all the
same, and standard error names the line."""

_SENT_AT: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
_LATE: Final = timedelta(days=1)
_MAX_SECONDS: Final = 10 * 366 * 86_400
_MAX_LINKS: Final = 500
_KINDS: Final = {"pixel": HitKind.OPEN, "open": HitKind.OPEN, "click": HitKind.CLICK}
_PREFETCH_HEADERS: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_PREFETCH_WORDS: Final = ("prefetch", "prerender", "preview")
_DAILY_KEY: Final = bytes(32)
_CHANNEL: Final = bytes(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What became of one line: `answer` as a line of JSON, or `complaint` where it could not be read."""

    number: int
    answer: str = ""
    complaint: str = ""


class BadLineError(ValueError):
    """The line is no hit; the message says why, in words for the user."""


def explain(lines: Iterable[bytes]) -> Iterator[Explained]:
    """Judge line by line; an empty line is passed over."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield Explained(number=number, answer=_answer(_fields(line), number))
        except BadLineError as error:
            yield Explained(number=number, complaint=str(error))


def _fields(line: bytes) -> Mapping[str, Any]:
    try:
        fields = json.loads(line.rstrip(b"\r\n").decode("utf-8-sig"), parse_constant=_no_number)
    except UnicodeDecodeError:
        raise BadLineError("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise BadLineError(f"it is not JSON: {error.msg} at column {error.colno}") from None
    except (ValueError, RecursionError):
        raise BadLineError("it is not JSON that can be read") from None
    if not isinstance(fields, dict):
        raise BadLineError("it is not a JSON object")
    return fields


def _no_number(text: str) -> None:
    raise ValueError(text)


def _answer(fields: Mapping[str, Any], number: int) -> str:
    judgement = judgement_of(fields)
    return json.dumps(
        {
            "id": fields.get("id", number),
            "verdict": judgement.verdict,
            "rule": judgement.rule,
            "confidence": judgement.confidence,
            "reason": judgement.reason,
            "notifies": judgement.notifies,
            "counts": judgement.counts,
        }
    )


def judgement_of(fields: Mapping[str, Any]) -> Judgement:
    """Return the app's judgement on a decoded line; raise BadLineError where a field cannot be what it says.

    Where the time is not known only what is true early and late alike is said.
    """
    seconds = _number(fields, "seconds_after_send", limit=_MAX_SECONDS)
    if seconds is not None:
        return _judged(fields, timedelta(seconds=seconds))
    early, late = _judged(fields, timedelta()), _judged(fields, _LATE)
    if early.verdict is late.verdict:
        return late
    return Judgement(
        verdict=Verdict.UNKNOWN,
        rule="time-not-known",
        confidence=Confidence.LOW,
        reason="when it came is not known, and that would decide",
    )


def _judged(fields: Mapping[str, Any], after: timedelta) -> Judgement:
    signals = _object(fields, "signals")
    hit = _hit(fields, after)
    links = _number(signals, "links_total", limit=_MAX_LINKS)
    is_own = _flag(signals, "ip_ua_equal_sender") is True
    context = HitContext(
        sent_at=None if _flag(signals, "token_sent") is False else _SENT_AT,
        known=_flag(signals, "token_known") is not False,
        link_count=0 if links is None else int(links),
        siblings=_siblings(hit, signals),
        own_sources=frozenset({hit.same_source} if is_own else ()),
        own_programs=frozenset({program_shape(hit.agent)} if is_own else ()),
        telltales={hit.id: frozenset(_telltales(fields, signals))},
        window_s=DEFAULT_WINDOW_S,
    )
    return judge(hit, context)


def _hit(fields: Mapping[str, Any], after: timedelta) -> Hit:
    """Return the hit as it would reach the desktop."""
    address = parse_address("0.0.0.0")  # noqa: S104 - stands for an address that is not known
    text = _text(fields, "ip")
    if text is not None:
        try:
            address = parse_address(text)
        except ValueError:
            raise BadLineError(f"{text!r} is not an IP address") from None
    kind = _KINDS.get(_text(fields, "kind") or "")
    if kind is None:
        raise BadLineError("its kind is neither pixel nor click")
    headers = _headers(fields)
    hit = Hit(
        id=_bytes_of(0, 16),
        kind=kind,
        token_id=_bytes_of(0, 12),
        at_ms=round((_SENT_AT + after).timestamp() * 1000),
        labels=() if text is None else labels_of(address)[:MAX_LABELS],
        network=truncated(address),
        same_source=same_source_mark(_DAILY_KEY, address, _CHANNEL),
        agent=_text(fields, "ua") or "",
        headers={name: headers[name] for name in KEPT_HEADERS if name in headers},
    )
    return decode(encode(hit))


def _bytes_of(number: int, size: int) -> bytes:
    return number.to_bytes(size, "big")


def _siblings(hit: Hit, signals: Mapping[str, Any]) -> tuple[Hit, ...]:
    """Return the copy's other hits that the signals tell of, all from the same address."""
    made = []
    before_ms = _number(signals, "same_ip_pixel_before_ms", limit=_MAX_SECONDS * 1000)
    if before_ms is not None:
        made.append(replace(hit, kind=HitKind.OPEN, at_ms=hit.at_ms - round(before_ms)))
    other_ms = _number(signals, "same_ip_other_ua_ms", limit=_MAX_SECONDS * 1000)
    if other_ms is not None:
        made.append(replace(hit, agent="another program", at_ms=hit.at_ms - round(other_ms)))
    count = _number(signals, "links_hit", limit=_MAX_LINKS)
    span_ms = _number(signals, "span_ms", limit=_MAX_SECONDS * 1000)
    if count is not None and span_ms is not None:
        # The hit itself is the first of them, if it is a click.
        first = 1 if hit.kind is HitKind.CLICK else 0
        last = max(int(count) - 1, 1)
        made += [
            replace(
                hit,
                kind=HitKind.CLICK,
                token_id=_bytes_of(link, 12),
                at_ms=hit.at_ms + round(span_ms * link / last),
            )
            for link in range(first, int(count))
        ]
    return tuple(replace(each, id=_bytes_of(number, 16)) for number, each in enumerate(made, start=1))


def _telltales(fields: Mapping[str, Any], signals: Mapping[str, Any]) -> Iterator[Telltale]:
    method = (_text(fields, "method") or "GET").upper()
    if method != "GET":
        yield Telltale.HEAD if method == "HEAD" else Telltale.OTHER_METHOD
    headers = _headers(fields)
    purposes = " ".join(headers.get(name, "") for name in _PREFETCH_HEADERS).lower()
    if any(word in purposes for word in _PREFETCH_WORDS):
        yield Telltale.PREFETCH
    hidden_ms = _number(signals, "same_ip_honeypot_ms", limit=_MAX_SECONDS * 1000)
    if hidden_ms is not None and abs(hidden_ms) <= BURST_MS:
        yield Telltale.HIDDEN_LINK
    if _text(fields, "ua") is None:
        yield Telltale.AGENT_NOT_KNOWN
    if _text(fields, "ip") is None:
        yield Telltale.NETWORK_NOT_KNOWN
    yield from (telltale for name, telltale in _TELLING_SIGNALS.items() if _flag(signals, name) is True)


_TELLING_SIGNALS: Final = {
    "sender_cookie_valid": Telltale.OWN_MARK,
    "token_altered": Telltale.ALTERED_TOKEN,
    "honeypot_hit": Telltale.HIDDEN_LINK,
    "unsubscribe_hit": Telltale.STOP_LINK,
}


def _object(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = fields.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadLineError(f"its {name} are not an object")
    return found


def _headers(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers by lower-case name; those whose value is no text are passed over."""
    found = _object(fields, "headers")
    return {name.lower(): value for name, value in found.items() if isinstance(value, str)}


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    found = fields.get(name)
    if found is not None and not isinstance(found, str):
        raise BadLineError(f"its {name} is not text")
    return found


def _number(fields: Mapping[str, Any], name: str, *, limit: float) -> float | None:
    found = fields.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or abs(found) > limit:
        raise BadLineError(f"its {name} is not a number that can be")
    return float(found)


def _flag(fields: Mapping[str, Any], name: str) -> bool | None:
    found = fields.get(name)
    if found is not None and not isinstance(found, bool):
        raise BadLineError(f"its {name} is neither true nor false")
    return found
