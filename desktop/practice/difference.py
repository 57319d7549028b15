"""What the recipient got against what was sent, to be read by a person in 80 columns.

The bodies are compared as they read, decoded; long addresses are shortened in their middle, for they say nothing.
"""

import difflib
import re
import textwrap
from collections.abc import Iterator
from typing import Final

from desktop.practice.reading import bodies_of

WIDTH: Final = 76
_LONG: Final = re.compile(r"[A-Za-z0-9_-]{24,}")


def difference(sent: bytes, received: bytes) -> Iterator[str]:
    """Yield the lines of a unified diff of both bodies, the text before the HTML, none wider than `WIDTH`."""
    before, after = bodies_of(sent), bodies_of(received)
    for kind, old, new in (("text", before.text, after.text), ("HTML", before.html, after.html)):
        lines = difflib.unified_diff(
            old.splitlines(),
            new.splitlines(),
            f"{kind} as sent",
            f"{kind} as received",
            n=1,
            lineterm="",
        )
        for line in lines:
            yield from _fitted(line)


def shortened(text: str) -> str:
    """Return `text` with every run of 24 and more token characters cut in its middle."""
    return _LONG.sub(lambda run: f"{run[0][:4]}..{run[0][-2:]}", text)


def _fitted(line: str) -> Iterator[str]:
    sign, rest = line[:1], shortened(line[1:])
    if sign not in "+- " or line.startswith(("+++", "---")):
        yield line.rstrip()
        return
    wrapped = textwrap.wrap(
        rest,
        WIDTH - 1,
        subsequent_indent="    ",
        break_on_hyphens=False,
        drop_whitespace=True,
        replace_whitespace=False,
    )
    yield from (f"{sign}{piece}" for piece in wrapped or [""])
