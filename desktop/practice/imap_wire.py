"""IMAP4rev1 on the wire (RFC 3501 9): a command read with its literals, taken apart; strings put together.

Only what the practice server understands is read; anything else is BadCommandError, which the session answers with BAD.
"""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

MAX_LINE_BYTES: Final = 1_048_576
MAX_LITERAL_BYTES: Final = 36_700_160
# An atom may hold a section with spaces in brackets: BODY.PEEK[HEADER.FIELDS (FROM TO)]<0.512>.
_TOKEN: Final = re.compile(rb'\s*(?:([()])|"((?:[^"\\]|\\.)*)"|([^\s()"\[\]]*\[[^\]]*\][^\s()"]*|[^\s()"]+))')
_LITERAL: Final = re.compile(rb"\{(\d+)(\+?)\}$")

Token: TypeAlias = "str | bytes | list[Token]"


class BadCommandError(Exception):
    """The client's command is not understood; the text is for the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: its tag, its name in capitals (with "UID " before where it has it), its arguments.

    A quoted string or literal is bytes, an atom is text, a list in parentheses is a list.
    """

    tag: str
    name: str
    arguments: tuple[Token, ...]


async def read_command(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Command | None:
    """Read one command, asking for its literals; None at the end of the connection.  Raises BadCommandError."""
    pieces: list[bytes | Literal] = []
    while True:
        line = await reader.readline()
        if not line.endswith(b"\n"):
            return None
        line = line.rstrip(b"\r\n")
        announced = _LITERAL.search(line)
        if announced is None:
            pieces.append(line)
            return _command(pieces)
        size = int(announced[1])
        if size > MAX_LITERAL_BYTES:
            raise BadCommandError("literal too large")
        if not announced[2]:
            writer.write(b"+ Ready for literal data\r\n")
            await writer.drain()
        pieces += [line[: announced.start()], Literal(octets=await reader.readexactly(size))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """Octets that were announced by their number."""

    octets: bytes


def _command(pieces: Iterable[bytes | Literal]) -> Command:
    tokens = _tokens(pieces)
    words = [token for token in tokens[:3] if isinstance(token, str)]
    if len(words) < 2 or not isinstance(tokens[0], str):
        raise BadCommandError("no command")
    tag, name, rest = words[0], words[1].upper(), tokens[2:]
    if name == "UID" and len(words) > 2:
        name, rest = f"UID {words[2].upper()}", tokens[3:]
    return Command(tag=tag, name=name, arguments=tuple(rest))


def _tokens(pieces: Iterable[bytes | Literal]) -> list[Token]:
    stack: list[list[Token]] = [[]]
    for piece in pieces:
        if isinstance(piece, Literal):
            stack[-1].append(piece.octets)
            continue
        place = 0
        while place < len(piece.rstrip()):
            found = _TOKEN.match(piece, place)
            if found is None:
                raise BadCommandError("unreadable arguments")
            place = found.end()
            _take(stack, found)
    if len(stack) != 1:
        raise BadCommandError("a parenthesis is open")
    return stack[0]


def _take(stack: list[list[Token]], found: re.Match[bytes]) -> None:
    parenthesis, quoted, atom = found.groups()
    if parenthesis == b"(":
        stack.append([])
    elif parenthesis == b")":
        if len(stack) == 1:
            raise BadCommandError("a parenthesis too many")
        closed = stack.pop()
        stack[-1].append(closed)
    elif atom is not None:
        stack[-1].append(atom.decode("ascii", "replace"))
    else:
        stack[-1].append(re.sub(rb"\\(.)", rb"\1", quoted))


def text_of(token: Token) -> str:
    """Return an argument that may be an atom, a quoted string or a literal as text."""
    if isinstance(token, list):
        raise BadCommandError("a list where a string belongs")
    return token.decode("utf-8", "replace") if isinstance(token, bytes) else token


def quoted(text: str) -> bytes:
    """Return a quoted string; the texts of this server hold neither line ends nor 8-bit."""
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode("ascii") + b'"'


def literal(octets: bytes) -> bytes:
    """Return octets as a literal."""
    return b"{%d}\r\n" % len(octets) + octets
