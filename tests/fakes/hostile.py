"""Requests that nobody in good faith sends, from a seeded grammar: the same seed gives the same octets.

A batch is what one connection sends: requests that are HTTP, whatever they ask for, and at the end one that closes the
connection or is no HTTP at all.  Wherever a request has room for a mark, it may bear the mark, so that an echo is seen.
"""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

_METHODS: Final = ("GET",) * 8 + ("HEAD", "POST", "POST", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE")
_PLACES: Final = (
    "/", "//", "/*", "/open", "/open/", "/click/", "/stop/", "/consent/", "/confirm/", "/page/", "/feed", "/source",
    "/feed/acknowledge", "/stops", "/channels", "/answers", "/answers/acknowledge", "/channel", "/held", "/health",
    "/metrics", "/robots.txt", "/.well-known/gpc.json", "/.well-known/security.txt", "/.well-known/{mark}",
    "/../{mark}", "/%2e%2e/{mark}", "/open/..;/{mark}.gif", "/open/{mark}.gif", "/stop/{mark}/me", "/{mark}",
    "/consent/{mark}/me?by={mark}.me", "/click/{mark}/{mark}/go", "/feed?lease={mark}&wait_s=99999",
    "/feed?lease=00000000000000000000000000000000&wait_s=0", "/health?{mark}", "/stop/%00{mark}/me", "/%ff%fe{mark}",
    "/open/{mark}%0d%0aX-Injected:%20{mark}.gif", "/secrets.json", "/relay.sqlite3", "/blocked.txt", "/.git/config",
    "/%63hannels", "/STOP/{mark}/me", "/open/" + "A" * 72 + ".gif", "http://{mark}/health", "http://{mark}@x/stop/",
)  # fmt: skip
_HEADERS: Final = (
    "User-Agent: {mark}", "User-Agent: {mark}\xff\xfe\x80", "Referer: https://mail.example/{mark}", "Cookie: s={mark}",
    "X-Forwarded-For: {mark}", "X-Forwarded-For: 198.51.100.{octet}, {mark}", "X-Forwarded-For: 203.0.113.{octet}",
    "X-Forwarded-For: 2001:db8:{octet}::7", "X-Forwarded-For: 999.1.1.1,,,", "Forwarded: for={mark}", "Host: {mark}",
    "Authorization: Bearer {mark}", "Authorization: Basic {mark}", "Authorization: {mark}", "Accept-Language: {mark}",
    "Accept-Language: de;q=2, fr;q=x, ,;;", "Sec-GPC: 1", "DNT: 1", "Purpose: prefetch", "Range: bytes=0-{octet}",
    "If-None-Match: *", "Accept-Encoding: {mark}", "X-HTTP-Method-Override: DELETE", "Content-Type: {mark}/{mark}",
    "X-Original-URL: /{mark}", "Sec-Fetch-Dest: {mark}", "Via: {mark}", "X-{mark}: {mark}", "Expect: 100-continue",
    "Accept: " + "{mark}," * 60, "Trailer: {mark}", "TE: trailers", "From: {mark}@recipient.example",
)  # fmt: skip
_BODIES: Final = (
    b"", b"{", b"[]", b"null", b'"{mark}"', b"[" * 3_000, b'{"a":' * 500, b"\xff\xfe\x00", b"\x00" * 300, b"{mark}",
    b"opens=on&clicks=on&answer=yes&x={mark}", b"answer={mark}", b"answer=%ff%fe&=&&=", b"delete=1", b"a=b;" * 400,
    b'{"invite":"\\ud800","public_key":"AAAA"}', b'{"invite":"{mark}","public_key":"{key}"}', b'{"keys":["{mark}"]}',
    b'{"invite":null,"public_key":' + b"9" * 3_000 + b"}", b'{"tags":["\xc3\xa9"]}', b'{"invite":{},"public_key":[]}',
    b'{"invite":"\xc3\xa9\xe2\x82\xac","public_key":"{key}"}', b'{"public_key":1e999}',
    b'{"public_key":"{key}","a":NaN}',
)  # fmt: skip
# What may stand at a connection's end: no HTTP, or HTTP that two readers may read as different requests.
_BROKEN: Final = (
    b"{mark}\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03{mark}",
    b"GET /{mark} HTTP/9.9\r\n\r\n",
    b"GET /\xff{mark} HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\x00{mark} HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost: x\r\nX: {mark}\x00\r\n\r\n",
    b"GET /health HTTP/1.1\r\nX-\x80{mark}: 1\r\n\r\n",
    b"GET /health HTTP/1.1\r\nX : {mark}\r\n\r\n",
    b"GET /health HTTP/1.1\r\nX: a\r\n {mark}: folded\r\n\r\n",
    b"GET /health HTTP/1.1\nHost: {mark}\n\n",
    b"GET /health HTTP/1.1\rHost: {mark}\r\r",
    b"GET /{long} HTTP/1.1\r\nHost: {mark}\r\n\r\n",
    b"GET /health HTTP/1.1\r\nX: {long}{long}{long}{long}\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{mark}",
    b"CONNECT {mark}:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /channels HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /{mark} HTTP/1.1\r\n\r\n",  # noqa: E501
    b"POST /channels HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /{mark} HTTP/1.1\r\n\r\n",  # noqa: E501
    b"POST /channels HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{mark}",
    b"POST /channels HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n{mark}",
    b"POST /channels HTTP/1.1\r\nContent-Length: +5\r\n\r\n{mark}",
    b"POST /channels HTTP/1.1\r\nContent-Length: -1\r\n\r\n{mark}",
    b"POST /channels HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n{mark}",
    b"POST /channels HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n{mark}",
    b"POST /channels HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\nGET /{mark} HTTP/1.1\r\n\r\n",
    b"POST /channels HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\nGET /{mark} HTTP/1.1\r\n\r\n",
    b"POST /channels HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\nGET /{mark} HTTP/1.1\r\n\r\n",
    b"POST /channels HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{mark}",
    b"POST /channels HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\n{mark}\r\n0\r\n\r\n",
    b"POST /channels HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;{mark}\nabcde\n0\n\n",
    b"GET /health HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: {mark}\r\n\r\nGET /{mark} HTTP/1.1\r\n\r\n",
    b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\nGET /{mark} HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /health HTTP/1.0\r\n\r\nGET /{mark} HTTP/1.0\r\n\r\n",
    b"GET /{mark}\r\n\r\n",
)  # fmt: skip
_LAST: Final = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one connection sends, and how many requests stand in it."""

    octets: bytes
    requests: int


class Hostile:
    """An endless source of batches; `good` are paths that a relay knows, `key` a public key that it would take."""

    def __init__(self, seed: int, *, mark: str, good: Sequence[str], key: str) -> None:
        self._random = random.Random(seed)  # The same again for the same seed.
        self._mark = mark
        self._good = tuple(good)
        self._key = key

    def batch(self, requests: int) -> Batch:
        """Return so many requests for one connection, the last of which ends it."""
        parts = [self._request() for _ in range(requests - 1)]
        is_broken = self._random.random() < 0.4
        last = self._filled(self._random.choice(_BROKEN)) if is_broken else _LAST
        return Batch(octets=b"".join([*parts, last]), requests=requests)

    def _request(self) -> bytes:
        chance = self._random
        lines = [f"{chance.choice(_METHODS)} {self._target()} HTTP/1.1", "Host: t.example.com"]
        lines += [self._text(chance.choice(_HEADERS)) for _ in range(chance.randrange(4))]
        head = "\r\n".join(lines).encode("latin-1")
        if chance.random() < 0.3:
            return head + self._body()
        return head + b"\r\n\r\n"

    def _target(self) -> str:
        chance = self._random
        if chance.random() < 0.45:
            return self._text(chance.choice(_PLACES))
        good = chance.choice(self._good)
        return good if chance.random() < 0.4 else chance.choice(_MUTATIONS)(good, chance, self._mark)

    def _body(self) -> bytes:
        chance = self._random
        body = self._filled(chance.choice(_BODIES))
        if chance.random() < 0.7:
            return b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        middle = chance.randrange(len(body) + 1)
        chunks = b"".join(b"%x;%s\r\n%s\r\n" % (len(c), b"x=y", c) for c in (body[:middle], body[middle:]) if c)
        return b"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"

    def _text(self, template: str) -> str:
        return template.replace("{mark}", self._mark).replace("{octet}", str(self._random.randrange(256)))

    def _filled(self, template: bytes) -> bytes:
        filled = template.replace(b"{mark}", self._mark.encode()).replace(b"{key}", self._key.encode())
        return filled.replace(b"{long}", b"a" * 4_200)


def _with_one_changed(good: str, chance: random.Random, _mark: str) -> str:
    position = chance.randrange(1, len(good))
    return good[:position] + chance.choice("AZaz09-_/.%~!") + good[position + 1 :]


def _with_one_escaped(good: str, chance: random.Random, _mark: str) -> str:
    position = chance.randrange(1, len(good))
    return f"{good[:position]}%{ord(good[position]):02x}{good[position + 1 :]}"


_MUTATIONS: Final[tuple[Callable[[str, random.Random, str], str], ...]] = (
    _with_one_changed,
    _with_one_escaped,
    lambda good, chance, _mark: good[: chance.randrange(1, len(good))],
    lambda good, _chance, mark: f"{good}/{mark}",
    lambda good, _chance, mark: f"{good}{'&' if '?' in good else '?'}{mark}=1",
    lambda good, _chance, mark: f"/{mark}{good}",
    lambda good, _chance, mark: f"http://{mark}{good}",
    lambda good, _chance, _mark: good.upper(),
    lambda good, _chance, _mark: good.replace("/", "//"),
    lambda good, _chance, _mark: json.dumps(good)[1:-1] + "/..",
)
