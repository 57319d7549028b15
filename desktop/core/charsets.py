"""Charsets in which ASCII can be spliced into the bytes, and how a sentence is spelled in one of them.

Only charsets whose every ASCII octet outside a longer sign means itself, where markup is concerned, are known here;
ISO-2022, UTF-7, HZ and UTF-16 shift their meaning and are refused.
"""

import codecs
import re
import unicodedata
from typing import Final

_KNOWN: Final = re.compile(
    r"(?:us-?ascii|ascii|ansi_x3\.4-1968|utf-?8|latin-?1|(?:iso-?)?8859-?\d{1,2}|iso[-_]8859[-_]\d{1,2}|(?:windows|cp)-?125[0-8]"
    r"|koi8-[rut]|gb2312|gbk|gb18030|cp936|big5(?:-?hkscs)?|shift[-_]?jis|sjis|cp932|euc-?jp|euc-?kr|ks_c_5601-1987|cp949"
    r"|tis-?620|macintosh|mac-?roman)\Z",
    re.IGNORECASE,
)
# Programs write the one and mean the other, as browsers read it.
_READ_AS: Final = {"gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "shift_jis": "cp932"}
# Letters that no decomposition takes to ASCII.
_LETTERS: Final = str.maketrans("øØłŁđĐðÐı’‘“”–—", "oOlLdDdDi''\"\"--") | str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "þ": "th", "Þ": "Th"}
)


def codec_of(charset: str) -> str | None:
    """Return the codec for a charset's name, US-ASCII for an empty one (RFC 2045 5.2); None for one not known here."""
    name = charset.strip() or "us-ascii"
    if not _KNOWN.match(name):
        return None
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def read(content: bytes, codec: str) -> str | None:
    """Return the text of `content`, or None when an octet of it has no meaning in the codec."""
    try:
        return content.decode(_READ_AS.get(codec, codec))
    except UnicodeDecodeError:
        return None


def spelled(text: str, codec: str) -> bytes | None:
    """Return `text` in the codec, signs that it lacks written with plain letters; None where that cannot be done."""
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
        plain = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    try:
        return plain.encode(codec)
    except UnicodeEncodeError:
        return None
