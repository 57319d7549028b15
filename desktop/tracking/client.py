"""The relay as the desktop sees it: poll, acknowledge, fetch answers, exchange stops.

A poll that waits can be woken from another thread: the relay sends its headers at once, so there is a response whose
socket can be shut down.
"""

import base64
import binascii
import ipaddress
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import requests

from desktop.core.errors import Unreachable
from desktop.tracking.requesting import (
    ANSWER_S,
    SystemTrust,
    body_of,
    check,
    do_nothing,
    fetch,
    post,
    session_of,
    shut_down,
    told_as_trouble,
    unreadable,
)
from relay.wire.hit import SAME_SOURCE_BYTES
from relay.wire.token import RECIPIENT_TAG_BYTES

WAIT_S: Final = 25
# 256 sealed hits are about 400 kB.
MAX_POLL_BYTES: Final = 4 * 1_048_576
YEAR_9999_MS: Final = 253_370_764_800_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRow:
    """A row that waits: the key that acknowledges it and the sealed octets, empty when they cannot be read."""

    key: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """How the relay saw this desktop: a hit from here would come from this network and bear this mark."""

    network: str
    same_source: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(Source):
    """One poll's answer: rows, the oldest first, the relay's time, and how it saw this desktop.

    `answers` is how many of what recipients pressed wait, which `RelayClient.answers` fetches.
    """

    now_ms: int
    stops_digest: str
    rows: tuple[SealedRow, ...]
    gaps: Mapping[str, int]
    answers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A recipient's wish that what was recorded of them be deleted; `key` tells the relay that it was carried out."""

    key: bytes
    tag: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """What an exchange of stops brought: every stop known to either side.

    `wishes` came by a channel that was deleted; `is_retired` says that this one was.
    """

    tags: frozenset[bytes]
    wishes: tuple[Wish, ...] = ()
    is_retired: bool = False


class Family(StrEnum):
    """An address family, by the address that any of its sockets can be bound to."""

    IPV4 = "0.0.0.0"  # noqa: S104 - nothing listens there
    IPV6 = "::"


class _OneFamily(SystemTrust):
    """Connects over one address family: a socket of the other cannot be bound to this one's address."""

    def __init__(self, family: Family) -> None:
        self._family = family
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Have every socket bound first."""
        super().init_poolmanager(*arguments, source_address=(self._family.value, 0), **options)


class RelayClient:
    """One channel's connection to its relay; used by one thread, woken by any."""

    def __init__(self, *, relay_url: str, bearer: str, ca_file: Path | None = None, answer_s: float = ANSWER_S) -> None:
        """Make no connection yet; `ca_file` names the authority of a relay with a certificate of its own."""
        self._url = relay_url.rstrip("/")
        self._answer_s = answer_s
        self._session = session_of(self._url, bearer, ca_file)
        self._lock = threading.Lock()
        self._waiting: requests.Response | None = None
        self._is_woken = False

    def poll(
        self,
        lease: bytes,
        *,
        wait_s: float = WAIT_S,
        on_admitted: Callable[[], None] = do_nothing,
        on_arriving: Callable[[], None] = do_nothing,
    ) -> Batch | None:
        """Wait for news, at most `wait_s`; return None when woken.

        `on_admitted` is called when we may wait, `on_arriving` when the first octets of the answer are there.
        Raises LeaseHeld while another program polls, NotAuthorised for an unknown bearer, Unreachable, Malformed.
        """
        parameters: dict[str, str | float] = {"lease": lease.hex(), "wait_s": wait_s}
        try:
            with told_as_trouble():
                response = self._session.get(
                    f"{self._url}/feed",
                    params=parameters,
                    stream=True,
                    timeout=(self._answer_s, wait_s + self._answer_s),
                    allow_redirects=False,
                )
            with closing(response):
                check(response, 200)
                self._hold(response)
                on_admitted()
                with told_as_trouble():
                    body = body_of(response, MAX_POLL_BYTES, on_arriving)
        except Unreachable:
            if self._was_woken():
                return None
            raise
        finally:
            self._hold(None)
        return None if self._was_woken() else _batch(body)

    def _hold(self, response: requests.Response | None) -> None:
        with self._lock:
            self._waiting = response
            if response is not None and self._is_woken:
                shut_down(response)

    def _was_woken(self) -> bool:
        with self._lock:
            return self._is_woken

    def wake(self) -> None:
        """End the poll under way and every later one at once; called from any thread, never waits."""
        with self._lock:
            self._is_woken = True
            if self._waiting is not None:
                shut_down(self._waiting)

    def acknowledge(self, keys: Iterable[bytes]) -> None:
        """Let the relay delete rows that are stored here; raises Unreachable, Refused."""
        self._post("/feed/acknowledge", {"keys": [key.hex() for key in keys]}, 204)

    def answers(self) -> tuple[SealedRow, ...]:
        """Return what recipients pressed that waits, the oldest first, some hundred at most.

        Raises Unreachable, NotAuthorised, Refused, Malformed.
        """
        body = fetch(self._session, f"{self._url}/answers", timeout_s=self._answer_s)
        try:
            return sealed_rows(json.loads(body)["rows"])
        except (ValueError, KeyError, TypeError) as error:
            raise unreadable() from error

    def acknowledge_answers(self, keys: Iterable[bytes]) -> None:
        """Let the relay delete answers that are stored here; raises Unreachable, Refused."""
        self._post("/answers/acknowledge", {"keys": [key.hex() for key in keys]}, 204)

    def exchange_stops(self, tags: Iterable[bytes], *, done: Iterable[bytes] = ()) -> Exchanged:
        """Give every stop known here and return every stop known to either side.

        `done` are the keys of wishes to delete that were carried out.  Raises Unreachable, NotAuthorised, Refused,
        Malformed.
        """
        carried_out = {"done": [key.hex() for key in done]} if done else {}
        body = self._post("/stops", {"tags": sorted(tag.hex() for tag in tags), **carried_out}, 200)
        try:
            return _exchanged(json.loads(body))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise unreadable() from error

    def _post(self, path: str, value: Mapping[str, Any], expected: int) -> bytes:
        return post(self._session, f"{self._url}{path}", value, expected, timeout_s=self._answer_s)

    def close(self) -> None:
        """Close the connections; call it once no poll is under way."""
        self._session.close()


def ask_source(
    *, relay_url: str, bearer: str, family: Family, ca_file: Path | None = None, answer_s: float = ANSWER_S
) -> Source:
    """Ask, on a connection of its own over one address family, how the relay sees this desktop.

    Raises Unreachable where either side lacks the family, Refused by a relay that does not tell, Malformed.
    """
    base = relay_url.rstrip("/")
    with closing(session_of(base, bearer, ca_file)) as session:
        session.mount(base.partition("://")[0] + "://", _OneFamily(family))
        body = fetch(session, f"{base}/source", timeout_s=answer_s)
    try:
        return Source(**_source_in(json.loads(body)))
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable() from error


def _batch(body: bytes) -> Batch:
    try:
        fields = json.loads(body)
        return Batch(
            **_source_in(fields),
            now_ms=_instant(fields["now_ms"]),
            stops_digest=str(fields["stops_digest"]),
            rows=sealed_rows(fields["rows"]),
            gaps={str(gap["day"]): int(gap["count"]) for gap in fields["gaps"]},
            answers=int(fields["answers"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable() from error


def _exchanged(fields: Mapping[str, Any]) -> Exchanged:
    """Return what an exchange brought; a relay of before wishes came by it tells of none."""
    wishes = tuple(
        Wish(key=bytes.fromhex(each["key"]), tag=bytes.fromhex(each["tag"])) for each in fields.get("wishes", ())
    )
    tags = frozenset(bytes.fromhex(each) for each in fields["tags"])
    if any(len(tag) != RECIPIENT_TAG_BYTES for tag in (*tags, *(wish.tag for wish in wishes))):
        raise ValueError("a tag of another length")
    return Exchanged(tags=tags, wishes=wishes, is_retired=fields.get("retired") is True)


def _source_in(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a Source; raise ValueError, KeyError or TypeError where they are not what they should be."""
    mark = bytes.fromhex(fields["same_source"])
    if len(mark) != SAME_SOURCE_BYTES:
        raise ValueError("a mark of another length")
    return {"network": str(ipaddress.ip_network(fields["network"])), "same_source": mark}


def _instant(value: object) -> int:
    """Return milliseconds since 1970 UTC; raise ValueError for what is no time before the year 9999."""
    if type(value) is not int or not 0 <= value < YEAR_9999_MS:
        raise ValueError("no time")
    return value


def sealed_rows(listed: Any) -> tuple[SealedRow, ...]:
    """Return the rows of a decoded answer; raise ValueError, KeyError or TypeError where they are none."""
    return tuple(SealedRow(key=bytes.fromhex(row["key"]), sealed=_sealed(row["sealed"])) for row in listed)


def _sealed(text: str) -> bytes:
    """Return the sealed octets; a row that cannot be read must not block those behind it, so it comes out empty."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
