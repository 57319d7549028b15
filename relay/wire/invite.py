"""The line that admits one desktop to a relay: where the relay is, and the secret that it asks for, in one piece.

The secret stands in the fragment, which no browser sends anywhere, should somebody click on the line.
"""

import re
from typing import Final

_LINE: Final = re.compile(r"(https?://[^\s#]+)#invite=([A-Za-z0-9_-]{20,100})")


def spell_invite(base: str, secret: str) -> str:
    """Return the line; `base` is scheme and host with no slash at its end."""
    return f"{base}#invite={secret}"


def read_invite(text: str) -> tuple[str, str] | None:
    """Return base and secret of the line in a text that was pasted, or None where there is none."""
    match = _LINE.fullmatch(text.strip().strip("<>\"'`"))
    return None if match is None else (match[1].rstrip("/"), match[2])
