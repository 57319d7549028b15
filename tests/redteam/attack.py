"""What somebody does who holds every file of a relay and looks for what they suspect: names, addresses, subjects.

They know what they look for, which is more than a thief knows: a dictionary of all addresses could not do better.
Every file is unwrapped as far as it goes (archives, compression, tables, base64, hex, percent), and in each layer every
suspicion is looked for in every spelling and under every hash, also those keyed with the secrets that lie beside it.
"""

import base64
import binascii
import bz2
import codecs
import hashlib
import hmac
import io
import ipaddress
import itertools
import json
import lzma
import re
import sqlite3
import tarfile
import urllib.parse
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Final

from relay.wire.seal import BadSealError, Opener
from relay.wire.token import CHANNEL_ID_BYTES, TokenType, minting_key

_DEEPEST: Final = 3
_SHORTEST: Final = 8  # Octets of a hash that are looked for; what is shorter than six is everywhere by chance.
_BY_CHANCE: Final = 6
_HASHES: Final = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s")
_BASE64_RUN: Final = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
# 32 octets as base64, of either alphabet, with or without its padding.
_KEY: Final = re.compile(rb"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")
_URLSAFE: Final = bytes.maketrans(b"+/", b"-_")
_HEX_RUN: Final = re.compile(rb"(?:[0-9a-fA-F]{2}){12,}")
_PERCENT_RUN: Final = re.compile(rb"(?:[^%\x00-\x1f]{0,200}%[0-9A-Fa-f]{2}){4,}")
_COMPRESSED: Final[Mapping[bytes, Callable[[bytes], bytes]]] = {
    b"\x1f\x8b\x08": lambda octets: zlib.decompressobj(31).decompress(octets),
    b"\x78\x9c": lambda octets: zlib.decompressobj().decompress(octets),
    b"\x78\x01": lambda octets: zlib.decompressobj().decompress(octets),
    b"\x78\xda": lambda octets: zlib.decompressobj().decompress(octets),
    b"BZh": lambda octets: bz2.BZ2Decompressor().decompress(octets),
    b"\xfd7zXZ": lambda octets: lzma.LZMADecompressor().decompress(octets),
}
_SQLITE: Final = b"SQLite format 3\x00"


def spellings(mark: str) -> Iterator[bytes]:
    """Return a suspicion as octets: as it is, in other letters, its parts, in other character sets."""
    texts = {mark, mark.lower(), mark.upper(), codecs.encode(mark, "rot13")}
    for text in texts:
        for charset in ("utf-8", "utf-16-le", "utf-16-be"):
            yield text.encode(charset)
    try:
        packed = ipaddress.ip_address(mark).packed
    except ValueError:
        return
    yield packed


@cache
def needles(mark: str, keys: frozenset[bytes]) -> tuple[tuple[str, bytes], ...]:
    """Return (how, what) of everything that betrays a suspicion when it is found in a file."""
    return tuple((how, needle) for how, needle in _needles(mark, keys) if len(needle) >= _BY_CHANCE)


def _needles(mark: str, keys: frozenset[bytes]) -> Iterator[tuple[str, bytes]]:
    for octets in spellings(mark):
        yield "as it is", octets
        yield "reversed", octets[::-1]
        yield from _coded(octets)
        for name in _HASHES:
            yield from _digest(f"under {name}", hashlib.new(name, octets).digest())
    for key, text in itertools.product(keys, (mark.encode(), mark.lower().encode())):
        yield from _digest("under a secret that lies there", hmac.digest(key, text, "sha256"))


def _coded(octets: bytes) -> Iterator[tuple[str, bytes]]:
    yield "in hex", octets.hex().encode("ascii")
    yield "in hex", octets.hex().upper().encode("ascii")
    yield "percent-escaped", urllib.parse.quote(octets, safe="").encode("ascii")
    for offset in range(3):  # Where in a group of three octets it begins; the groups at its ends are of others too.
        middle = base64.b64encode(b"\x00" * offset + octets)[4 if offset else 0 : -4]
        yield "in base64", middle
        yield "in base64url", middle.replace(b"+", b"-").replace(b"/", b"_")


def _digest(how: str, digest: bytes) -> Iterator[tuple[str, bytes]]:
    short = digest[:_SHORTEST]
    yield how, short
    yield how, short.hex().encode("ascii")
    yield how, short.hex().upper().encode("ascii")
    yield how, base64.b64encode(digest)[:10]
    yield how, base64.urlsafe_b64encode(digest)[:10]


def layers(octets: bytes, depth: int = 0) -> Iterator[bytes]:
    """Return a file's content and everything that can be unwrapped from it."""
    yield octets
    if depth >= _DEEPEST:
        return
    for inner in itertools.chain(_archived(octets), _tables(octets), _inflated(octets), _decoded(octets)):
        if inner and inner != octets:
            yield from layers(inner, depth + 1)


def _archived(octets: bytes) -> Iterator[bytes]:
    if octets[257:262] != b"ustar":
        return
    with tarfile.open(fileobj=io.BytesIO(octets)) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                yield file.read()


def _tables(octets: bytes) -> Iterator[bytes]:
    if not octets.startswith(_SQLITE):
        return
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(_out_of_wal(octets))
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            for row in database.execute(f'SELECT * FROM "{name}"'):
                yield from (value for value in row if isinstance(value, bytes))
                yield json.dumps([value for value in row if isinstance(value, str)]).encode()


def _out_of_wal(octets: bytes) -> bytes:
    """Return a database as one that can be opened without its log: octets 18 and 19 say that it has one."""
    return octets[:18] + b"\x01\x01" + octets[20:]


def _inflated(octets: bytes) -> Iterator[bytes]:
    for magic, inflate in _COMPRESSED.items():
        start = octets.find(magic)
        while start >= 0:
            try:
                yield inflate(octets[start:])
            except (zlib.error, OSError, lzma.LZMAError, EOFError):
                yield b""
            start = octets.find(magic, start + 1)


def _decoded(octets: bytes) -> Iterator[bytes]:
    for run in _BASE64_RUN.findall(octets):
        yield _unbased(run)
    for run in _HEX_RUN.findall(octets):
        yield binascii.unhexlify(run)
    for run in _PERCENT_RUN.findall(octets):
        yield urllib.parse.unquote_to_bytes(run)


def _unbased(run: bytes) -> bytes:
    plain = run.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    return base64.b64decode(plain[: len(plain) // 4 * 4])


def secrets_in(files: Iterable[bytes]) -> set[bytes]:
    """Return everything of 32 octets that might be a key, and what is derived from it as a relay derives it."""
    found: set[bytes] = set()
    channels: set[bytes] = set()
    for octets in files:
        found |= {base64.b64decode(run + b"=", altchars=b"-_") for run in _KEY.findall(octets.translate(_URLSAFE))}
        for inner in _tables(octets):
            if len(inner) == 32:
                found.add(inner)
            if len(inner) == CHANNEL_ID_BYTES:
                channels.add(inner)
    return found | {minting_key(key, channel, kind) for key in found for channel in channels for kind in TokenType}


def opened_with(keys: Iterable[bytes], files: Iterable[bytes]) -> list[bytes]:
    """Return every sealed row that one of the keys opens."""
    keys = tuple(keys)
    rows = [row for octets in files for row in sealed_rows(octets)]
    found = []
    for key, (channel_id, sealed) in itertools.product(keys, rows):
        try:
            found.append(Opener(key, channel_id).open(sealed))
        except BadSealError:
            continue
    return found


def sealed_rows(octets: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Return (channel id, sealed) of every row in a relay's database."""
    if not octets.startswith(_SQLITE):
        return
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(_out_of_wal(octets))
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in tables & {"hits", "answers"}:
            yield from database.execute(f"SELECT channel_id, sealed FROM {table}")


def contents_of(files: Iterable[Path]) -> list[bytes]:
    """Return what is in the files, and in the archives among them."""
    contents = [file.read_bytes() for file in files]
    return contents + [inner for octets in contents for inner in _archived(octets)]


def recovered(files: Iterable[Path], marks: Mapping[str, str]) -> dict[str, set[str]]:
    """Return which suspicions the files betray, by their names, each with how it was found."""
    contents = contents_of(files)
    keys = frozenset(secrets_in(contents))
    looked_into = [layer for octets in contents for layer in layers(octets)]
    looked_into += opened_with(keys, contents)
    haystack = b"\x00\x00".join(looked_into)
    found: dict[str, set[str]] = {}
    for name, mark in marks.items():
        for how, needle in needles(mark, keys):
            if needle in haystack:
                found.setdefault(name, set()).add(how)
    return found
