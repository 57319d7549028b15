"""A stranger's text made fit to be kept and shown: one line, no control characters, no marks that turn it around, cut.

Markup is left as it stands: the windows show it as plain text.
"""

import re
import unicodedata
from typing import Final

MAX_LINE: Final = 300
_SPACE: Final = re.compile(r"\s+")
# Marks that join or separate letters belong to Persian, Indic scripts and emoji; all other format characters may lie.
_JOINERS: Final = frozenset("\u200c\u200d")
_UNFIT: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: str, limit: int = MAX_LINE) -> str:
    """Return the text in one line of at most `limit` characters, every unfit character left out."""
    spaced = _SPACE.sub(" ", text[: 4 * limit])
    # Most text is; what is printable ASCII holds no unfit character.
    is_fit = spaced.isascii() and spaced.isprintable()
    fit = spaced if is_fit else "".join(filter(_is_fit, spaced))
    line = _SPACE.sub(" ", fit).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _is_fit(sign: str) -> bool:
    return sign in _JOINERS or unicodedata.category(sign) not in _UNFIT
