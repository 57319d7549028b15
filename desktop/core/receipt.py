"""Read receipts (RFC 8098): whether the mail was shown to the person, and whether the program asked before saying so.

"Dispatched" and "processed" say neither, and an answer with an error modifier is no answer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from desktop.core.arrival import Receipt, ReceiptAnswer
from desktop.core.owntext import folded
from desktop.core.reportfields import groups, message_ids, returned_ids, typed_address
from desktop.core.skim import Head, Leaf

NOTIFICATION_TYPES: Final = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
_ANSWERS: Final = {
    "displayed": ReceiptAnswer.DISPLAYED,
    "deleted": ReceiptAnswer.DENIED,
    "denied": ReceiptAnswer.DENIED,
}
_DISPOSITION: Final = re.compile(r"\s*([\w-]*)\s*/\s*([\w-]*)\s*;\s*([\w-]+)\s*(?:/\s*([\w,\s-]*))?")
_COMMENT: Final = re.compile(r"\([^()]*\)")
# Receipts of old Exchange servers in words alone: title and sentence, in the languages of `awaywords`.
_SUBJECT: Final = re.compile(
    r"(?:(?:not )?read|(?:nicht |un)?gelesen|(?:non )?lu|(?:no )?leido|(?:non )?letto|(?:nao )?lid[ao]"
    r"|(?:niet )?gelezen|(?:nie )?przeczytan[oea]"
    r"|(?:inte |ej )?last|(?:ikke )?laest|(?:ikke )?lest|luettu)\s?:"
)
_SENTENCE: Final = re.compile(
    r"was (?:read|deleted without being read) on|wurde am .{0,80}(?:gelesen|geloscht)"
    r"|(?:a ete lu|fue leido|e stato letto|foi lid[ao]|is gelezen op"
    r"|zostala przeczytana|lastes|blev laest|ble lest)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReceipt:
    """A receipt, None where it answers neither way, and the Message-IDs that it is about."""

    receipt: Receipt | None
    about_ids: tuple[str, ...]


def read_receipt(leaves: Sequence[Leaf], *, sender: str) -> ReadReceipt:
    """Return what the notification among the parts says; a receipt that names nobody is its sender's."""
    receipt: Receipt | None = None
    about: list[str] = []
    for leaf in leaves:
        if leaf.media_type in NOTIFICATION_TYPES:
            for group in groups(leaf):
                receipt = receipt or _receipt(group, sender)
                about += message_ids((group.first("original-message-id"),))
    return ReadReceipt(receipt=receipt, about_ids=tuple(dict.fromkeys((*about, *returned_ids(leaves)))))


def _receipt(group: Head, sender: str) -> Receipt | None:
    match = _DISPOSITION.match(_COMMENT.sub(" ", group.first("disposition").lower()))
    if match is None or "error" in (match[4] or "") or match[3] not in _ANSWERS:
        return None
    recipient = typed_address(group.first("original-recipient")) or typed_address(group.first("final-recipient"))
    return Receipt(
        recipient=recipient or sender,
        answer=_ANSWERS[match[3]],
        is_automatic=match[2] != "mdn-sent-manually",
    )


def is_titled_receipt(subject: str) -> bool:
    """Return whether a subject is that of a receipt, for which the words must be looked at."""
    return _SUBJECT.match(folded(subject)) is not None


def is_told_receipt(subject: str, text: str) -> bool:
    """Return whether a mail is a receipt in words: it is no reply, and too little to confirm anything."""
    return is_titled_receipt(subject) and _SENTENCE.search(folded(text[:4_000])) is not None
