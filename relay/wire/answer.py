"""What a recipient pressed, as the relay tells the sender's desktop: a choice, "I have read it", or "delete".

Padded and sealed like a hit, so that neither size nor form tells them apart.  It holds nothing of whoever pressed but
the choice: no network, no program, no header.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from relay.wire.hit import HIT_BYTES, HIT_ID_BYTES
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.token import RANDOM_ID_BYTES, RECIPIENT_TAG_BYTES

WORDING_HASH_BYTES: Final = 32
_FORMAT: Final = 1


class AnswerKind(StrEnum):
    """What was pressed."""

    CONSENT = "consent"
    CONFIRM = "confirm"
    DELETE = "delete"


class BadAnswerError(ValueError):
    """The octets are no answer of this format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One press; `token_id` is the random id of the link's token, `tag` its recipient tag, `at_ms` as in a hit.

    `purposes`, `language` and `wording` (SHA-256 of the exact text shown) belong to CONSENT; a CONSENT without a
    purpose is a no.
    """

    id: bytes
    kind: AnswerKind
    token_id: bytes
    tag: bytes
    at_ms: int
    purposes: frozenset[Purpose] = frozenset()
    language: Language | None = None
    wording: bytes = b""


def spell_answer(answer: Answer) -> bytes:
    """Return the answer as exactly 1,024 octets; raise ValueError for fields that do not belong together."""
    if not _is_sound(answer):
        raise ValueError("fields that make no answer")
    fields: dict[str, Any] = {
        "v": _FORMAT,
        "id": answer.id.hex(),
        "k": answer.kind.value,
        "t": answer.token_id.hex(),
        "r": answer.tag.hex(),
        "at": answer.at_ms,
    }
    if answer.language is not None:
        fields |= {"p": sorted(answer.purposes), "l": answer.language.value, "w": answer.wording.hex()}
    return json.dumps(fields, separators=(",", ":")).encode("ascii").ljust(HIT_BYTES, b" ")


def read_answer(octets: bytes) -> Answer:
    """Return the answer in 1,024 octets; raise BadAnswerError for anything else, another spelling included."""
    if len(octets) != HIT_BYTES:
        raise BadAnswerError(f"{len(octets)} octets instead of {HIT_BYTES}")
    try:
        answer = _from_fields(json.loads(octets))
        canonical = spell_answer(answer)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadAnswerError("not an answer") from error
    if canonical != octets:
        raise BadAnswerError("another spelling of an answer")
    return answer


def _from_fields(fields: Any) -> Answer:
    if fields["v"] != _FORMAT:
        raise BadAnswerError("unknown format")
    return Answer(
        id=bytes.fromhex(fields["id"]),
        kind=AnswerKind(fields["k"]),
        token_id=bytes.fromhex(fields["t"]),
        tag=bytes.fromhex(fields["r"]),
        at_ms=fields["at"],
        purposes=frozenset(Purpose(name) for name in fields.get("p", ())),
        language=Language(fields["l"]) if "l" in fields else None,
        wording=bytes.fromhex(fields.get("w", "")),
    )


def _is_sound(answer: Answer) -> bool:
    sizes = (len(answer.id), len(answer.token_id), len(answer.tag))
    is_choice = answer.kind is AnswerKind.CONSENT
    has_choice = answer.language is not None and len(answer.wording) == WORDING_HASH_BYTES
    has_none = answer.language is None and not answer.wording and not answer.purposes
    return (
        sizes == (HIT_ID_BYTES, RANDOM_ID_BYTES, RECIPIENT_TAG_BYTES)
        and type(answer.at_ms) is int
        and answer.at_ms >= 0
        and (has_choice if is_choice else has_none)
    )
