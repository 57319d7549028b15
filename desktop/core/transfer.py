"""Bodies in their transfer encoding: what they say, and the same bytes with edits spliced in.

Quoted-printable is edited in its encoded form, so that every line the edit does not touch stays as it was; base64 has
to be encoded anew from end to end, in lines of the length it came with.
"""

import binascii
import re
from typing import Final

from desktop.core.mime import MalformedMimeError

_BASE64: Final = re.compile(rb"[A-Za-z0-9+/\s]*+={0,2}\s*+\Z")
_IDENTITY: Final = frozenset({"7bit", "8bit", "binary"})


def decode(body: bytes, encoding: str) -> bytes:
    """Return what the body says; raise MalformedMimeError for an unknown encoding or broken base64."""
    if encoding in _IDENTITY:
        return body
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding == "base64":
        return _decode_base64(body)
    raise MalformedMimeError("an unknown transfer encoding")


def _decode_base64(body: bytes) -> bytes:
    if not _BASE64.match(body):
        raise MalformedMimeError("base64 with other signs in it")
    try:
        return binascii.a2b_base64(body)
    except binascii.Error as error:
        raise MalformedMimeError("base64 that ends early") from error
