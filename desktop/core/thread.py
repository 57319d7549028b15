"""Which messages belong to one conversation.

References and In-Reply-To decide, as RFC 5322 3.6.4 means them; an equal subject alone never joins two conversations.
"""

import re
from typing import Final

from desktop.core.parse import MessageFacts

MAX_REFERENCES: Final = 50
# "Re:", "Fwd:" and what mail clients write instead in German, Dutch, the Nordic languages, French, Spanish, Italian,
# Portuguese and Polish, also numbered as in "Re[2]:".
_PREFIX: Final = re.compile(
    r"\s*(?:re|aw|antw|sv|vs|ref|rv|res|odp|r|fwd?|wg|doorst|vb|tr|enc|pd)(?:\s*\[\d+\])?\s*[:：]\s*",
    re.IGNORECASE,
)


def subject_base(subject: str) -> str:
    """Return the subject without reply and forward prefixes and with single spaces; may be empty."""
    text = " ".join(subject.split())
    while (match := _PREFIX.match(text)) is not None:
        text = text[match.end() :]
    return text


def related_ids(facts: MessageFacts) -> tuple[str, ...]:
    """Return the Message-IDs a message names, nearest first: its parent, its ancestors, and last its own.

    The first of them that belongs to a known conversation decides; at most the 50 nearest ancestors are asked.
    """
    ancestors = (facts.in_reply_to or "", *reversed(facts.references[-MAX_REFERENCES:]), facts.message_id or "")
    return tuple(dict.fromkeys(each for each in ancestors if each))
