"""What a mail in Sent is to a message of ours that bears the same Message-ID; its octets alone decide.

Only a copy that is provably a tracked one of this very message may ever be taken away, and only for one that provably
says all it says: whatever else is found is somebody's, and stays.
"""

import hashlib
from collections import Counter
from enum import StrEnum

from desktop.core import transfer
from desktop.core.mime import MalformedMimeError, Part, read_message
from desktop.core.ownmarks import OwnMarks, tokens_in, without_own_marks
from desktop.core.parse import content_hash, message_facts


class Kind(StrEnum):
    """EXACT is the original to the octet, CLEAN says the same in a mail program's own spelling, both without marks.

    MARKED has a mark of this message and is not its tracked copy as it left: the user altered it, and it stays.
    """

    EXACT = "exact"
    CLEAN = "clean"
    TRACKED = "tracked"
    MARKED = "marked"
    OTHER = "other"


def kind_of(octets: bytes, original: bytes, random_ids: frozenset[bytes], own: OwnMarks) -> Kind:
    """Return what a mail is to an original whose tracked copies hold tokens with these ids.

    Marks of other messages of ours do not matter: a mail program's own copy quotes them, and the original, as it left,
    does not.
    """
    if octets == original:
        return Kind.EXACT
    if tokens_in(octets, own.bases) & random_ids:
        return Kind.TRACKED if _leaves_alike(octets, original) else Kind.MARKED
    is_same = content_hash(without_own_marks(octets, own)) == content_hash(original)
    return Kind.CLEAN if is_same else Kind.OTHER


def _leaves_alike(octets: bytes, original: bytes) -> bool:
    """Return whether all that tracking never alters is the same: who wrote what about, and every attachment.

    So a copy whose attachments the user has taken out since stays as it is.
    """
    ours, theirs = message_facts(original), message_facts(octets)
    if (ours.from_, ours.subject, ours.date) != (theirs.from_, theirs.subject, theirs.date):
        return False
    try:
        return _attachments(octets) == _attachments(original)
    except MalformedMimeError:
        return False


def _attachments(raw: bytes) -> Counter[tuple[str, bytes]]:
    leaves = [part for part in read_message(raw).walk() if not part.children]
    kept = [part for part in leaves if part.is_attachment or not part.media_type.startswith("text/")]
    return Counter((part.media_type, _digest(raw, part)) for part in kept)


def _digest(raw: bytes, part: Part) -> bytes:
    content = transfer.read_body(raw[part.body_start : part.body_end], part.transfer_encoding).content
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).digest()
