"""A terminal of 80 columns, or a pipe, that may not know a single sign beyond ASCII.

Signs it lacks are replaced by ASCII that means the same; nothing is coloured, nothing moves, each line is flushed.
"""

import os
import textwrap
from collections.abc import Mapping
from typing import Final, TextIO

COLUMNS: Final = 80
_ASCII: Final = str.maketrans(
    {
        "○": "o",
        "◔": "d",
        "◐": "~",
        "●": "*",
        "✓": "v",
        "↗": ">",
        "↩": "<",
        "✕": "x",
        "⊘": "#",
        "‖": "=",
        "–": "-",
        "—": "-",
        "·": "|",
        "…": "...",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "→": "->",
        "á": "a",
        "ß": "ss",
    },
)
# What Python itself puts into LC_CTYPE when it finds the C locale (PEP 538): it says nothing about the terminal.
_COERCED: Final = frozenset({"c.utf-8", "c.utf8", "utf-8"})


def shows_unicode(encoding: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether the terminal is set to UTF-8; under LANG=C it is not, whatever Python's own streams say."""
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
        return False
    if os.name == "nt":
        return True
    ctype = environment.get("LC_CTYPE", "")
    language = environment.get("LANG", "")
    if ctype.lower() in _COERCED and language.partition(".")[0] in ("", "C", "POSIX") and "." not in language:
        ctype = ""
    locale = environment.get("LC_ALL") or ctype or language
    return "utf-8" in locale.lower().replace("utf8", "utf-8")


class Screen:
    """Prints lines of at most 80 columns."""

    def __init__(self, out: TextIO, *, is_unicode: bool) -> None:
        """Print to `out`, with ASCII alone unless `is_unicode`."""
        self._out = out
        self._is_unicode = is_unicode

    def say(self, text: str = "", *, indent: str = "") -> None:
        """Print `text`, wrapped where it is too long; raises BrokenPipeError when nobody reads any more."""
        shown = text if self._is_unicode else _to_ascii(text)
        if len(indent) + len(shown) <= COLUMNS:
            lines = [f"{indent}{shown}".rstrip()]
        else:
            lines = textwrap.wrap(
                shown,
                COLUMNS,
                initial_indent=indent,
                subsequent_indent=f"{indent}  ",
                break_on_hyphens=False,
            )
        self._out.write("\n".join(lines) + "\n")
        self._out.flush()

    def say_whole(self, text: str) -> None:
        """Print `text` as one line wherever lines have no end, as in a pipe; a terminal breaks it after a sentence."""
        if self._out.isatty() and len(text) > COLUMNS:
            for sentence in text.replace(". ", ".\n").splitlines():
                self.say(sentence)
        else:
            shown = text if self._is_unicode else _to_ascii(text)
            self._out.write(f"{shown}\n")
            self._out.flush()


def _to_ascii(text: str) -> str:
    return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
