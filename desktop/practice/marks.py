"""Marks that must not be found: what names a person or a mail, in every spelling a file might hide it in.

A search that finds nothing proves nothing until it has found something, so the story plants marks first.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

_DIGESTS: Final = ("md5", "sha1", "sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A mark that a file holds, and how it is spelled there."""

    mark: str
    spelling: str
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was searched and what was found."""

    files: int
    octets: int
    found: tuple[Found, ...]


def search(files: Iterable[Path], marks: Iterable[str]) -> Search:
    """Look for every mark in every spelling in every file; raises OSError when one cannot be read."""
    spelled = [(mark, name, octets) for mark in marks for name, octets in spellings(mark)]
    found: list[Found] = []
    count = size = 0
    for path in files:
        content = path.read_bytes()
        lowered = content.lower()
        count, size = count + 1, size + len(content)
        for mark, name, octets in spelled:
            if octets in (lowered if name in _CASELESS else content):
                found.append(Found(mark=mark, spelling=name, file=path))
    return Search(files=count, octets=size, found=tuple(found))


_CASELESS: Final = frozenset({"plain", "UTF-16", "hex", "percent", *(f"{name} in hex" for name in _DIGESTS)})


def spellings(mark: str) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the octets of each spelling; caseless ones are in lower case."""
    plain = mark.encode()
    yield "plain", plain.lower()
    yield "UTF-16", mark.lower().encode("utf-16-le")
    yield "percent", quote(mark, safe="").lower().encode("ascii")
    yield "hex", plain.hex().encode("ascii")
    yield "hex", mark.lower().encode().hex().encode("ascii")
    for start in range(3):
        yield "base64", _base64_core(plain, start)
        yield "base64", _base64_core(plain, start).translate(bytes.maketrans(b"+/", b"-_"))
    for name in _DIGESTS:
        digest = hashlib.new(name, mark.lower().encode(), usedforsecurity=False).digest()
        yield name, digest
        yield f"{name} in hex", digest.hex().encode("ascii")
        yield f"{name} in base64", base64.b64encode(digest).rstrip(b"=")


def _base64_core(octets: bytes, start: int) -> bytes:
    """Return the characters that `octets` alone decide when they begin at `start` of a group of three."""
    spelled = base64.b64encode(b"\0" * start + octets)
    first = -(-start * 4 // 3)
    last = (start + len(octets)) * 8 // 6
    return spelled[first:last]
