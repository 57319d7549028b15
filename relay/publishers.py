"""Who publishes which list, where, and how what they publish is read: one parser each, which doubts everything.

The addresses are the ones that the publishers' own pages name.  Lists without an entry here have no publisher who
offers them to machines at a lasting address; they come with each version of the relay.
"""

import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from relay.lists import WIDEST_BITS
from relay.wire.labels import Label, PublishedList, published
from relay.wire.ranges import Range, parse_network

_MEGABYTE: Final = 1_000_000


class BadAnswerError(ValueError):
    """What a publisher sent is not its list; the text is a plain sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """A list's own place: every one of `urls` is fetched, and `read` gets the answers in order, and today's date."""

    name: str
    urls: tuple[str, ...]
    read: Callable[[Sequence[bytes], dt.date], tuple[str, Iterable[tuple[int, Range]]]]
    widest_bits: Mapping[int, int]
    max_bytes: int = 8 * _MEGABYTE

    def list_of(self, answers: Sequence[bytes], today: dt.date) -> PublishedList:
        """Return the list in the answers; raises BadAnswerError."""
        date, ranges = self.read(answers, today)
        return published(Label(self.name, date), " ".join(self.urls), ranges)


def request_of(url: str) -> str:
    """Return the URL to fetch: Microsoft wants a GUID with each request, and each time gets a new one."""
    return f"{url}?clientrequestid={uuid.uuid4()}" if url.startswith(_MICROSOFT) else url


def _apple(answers: Sequence[bytes], today: dt.date) -> tuple[str, list[tuple[int, Range]]]:
    """Read `network,country,region,city,` a line; the file bears no date, so it is of the day it was fetched."""
    [answer] = answers
    if not answer.endswith(b"\n"):
        raise BadAnswerError("The list ends in the middle of a line.")
    ranges = []
    for number, line in enumerate(answer.splitlines(), start=1):
        try:
            ranges.append(parse_network(line.partition(b",")[0].decode("ascii")))
        except ValueError as error:
            raise BadAnswerError(f"Line {number} of the list begins with no network.") from error
    return today.isoformat(), ranges


def _google(answers: Sequence[bytes], _today: dt.date) -> tuple[str, list[tuple[int, Range]]]:
    """Read `creationTime` and `prefixes`; of several files the oldest date counts."""
    dates, ranges = [], []
    for answer in answers:
        fields = _object(answer)
        dates.append(_day(fields.get("creationTime"), "%Y-%m-%d"))
        ranges += _networks(
            entry.get("ipv4Prefix", entry.get("ipv6Prefix")) for entry in _objects(fields.get("prefixes"))
        )
    return min(dates), ranges


def _amazon(answers: Sequence[bytes], _today: dt.date) -> tuple[str, list[tuple[int, Range]]]:
    """Read `createDate`, `prefixes` and `ipv6_prefixes`, of all services."""
    [answer] = answers
    fields = _object(answer)
    texts = [entry.get("ip_prefix") for entry in _objects(fields.get("prefixes"))]
    texts += [entry.get("ipv6_prefix") for entry in _objects(fields.get("ipv6_prefixes"))]
    return _day(fields.get("createDate"), "%Y-%m-%d"), _networks(texts)


def _microsoft(answers: Sequence[bytes], _today: dt.date) -> tuple[str, list[tuple[int, Range]]]:
    """Read the version, and the networks of every endpoint set that serves *.protection.outlook.com."""
    version, sets = answers
    latest = _object(version).get("latest")
    texts = [
        text
        for entry in _objects(_json(sets))
        if any(str(url).endswith("protection.outlook.com") for url in _array(entry.get("urls", [])))
        for text in _array(entry.get("ips", []))
    ]
    return _day(latest, "%Y%m%d"), _networks(texts)


def _json(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise BadAnswerError("The answer is no JSON.") from error


def _object(answer: bytes) -> dict[str, Any]:
    fields = _json(answer)
    if not isinstance(fields, dict):
        raise BadAnswerError("The answer is not of the form that this publisher uses.")
    return fields


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise BadAnswerError("The answer is not of the form that this publisher uses.")
    return value


def _objects(value: Any) -> list[dict[str, Any]]:
    if not all(isinstance(entry, dict) for entry in _array(value)):
        raise BadAnswerError("The answer is not of the form that this publisher uses.")
    return list(value)


def _networks(texts: Iterable[Any]) -> list[tuple[int, Range]]:
    try:
        return [parse_network(text) for text in texts]
    except (ValueError, AttributeError) as error:
        raise BadAnswerError("The answer names something that is no network.") from error


def _day(value: Any, form: str) -> str:
    """Return the day that a value begins with, ISO 8601."""
    text = value[: len(dt.date.max.strftime(form))] if isinstance(value, str) else ""
    try:
        return dt.datetime.strptime(text, form).replace(tzinfo=dt.UTC).date().isoformat()
    except ValueError as error:
        raise BadAnswerError("The answer does not say of which day it is.") from error


_MICROSOFT: Final = "https://endpoints.office.com/"
PUBLISHERS: Final = {
    each.name: each
    for each in (
        Publisher(
            name="apple-egress",
            urls=("https://mask-api.icloud.com/egress-ip-ranges.csv",),
            read=_apple,
            widest_bits={4: 16, 6: 30},  # widest seen: /22 and /34
            max_bytes=64 * _MEGABYTE,  # a line for every /31 and city
        ),
        Publisher(
            name="google-fetchers",
            urls=("https://developers.google.com/static/crawling/ipranges/user-triggered-fetchers-google.json",),
            read=_google,
            widest_bits={4: 18, 6: 48},  # widest seen: /22 and /59
        ),
        Publisher(
            name="exchange-protection",
            urls=(f"{_MICROSOFT}version/worldwide", f"{_MICROSOFT}endpoints/worldwide"),
            read=_microsoft,
            widest_bits={4: 12, 6: 36},  # widest seen: /14 and /48
        ),
        Publisher(
            name="google-cloud",
            urls=("https://www.gstatic.com/ipranges/goog.json", "https://www.gstatic.com/ipranges/cloud.json"),
            read=_google,
            widest_bits=WIDEST_BITS,
        ),
        Publisher(
            name="amazon-cloud",
            urls=("https://ip-ranges.amazonaws.com/ip-ranges.json",),
            read=_amazon,
            widest_bits=WIDEST_BITS,
            max_bytes=32 * _MEGABYTE,
        ),
    )
}
