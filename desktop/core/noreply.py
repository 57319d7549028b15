"""Addresses from which no answer can be expected: nobody reads them, or many do.

Told by their spelling alone, and only by spellings that people do not have: to wait for a machine is a nuisance, to
forget a person a loss.
"""

import re
from typing import Final

from desktop.core.address import known_as, without_detail

# Spelled without dots, dashes and underscores; what follows may be a number or a tag.
_NO_REPLY: Final = re.compile(
    r"(?:noreply|noreplies|donotreply|dontreply|noanswer|unattended|mailerdaemon|nobody|bounces?|notifications?"
    r"|keineantwort|nichtantworten|bittenichtantworten|nepasrepondre|noresponder|norespondas?|nonrispondere"
    r"|naoresponda|naoresponder|nietbeantwoorden|nieodpowiadac|svarainte|ingensvar)(?![a-z])"
)
_LIST_LOCAL: Final = re.compile(r"(?:listserv|majordomo|(?:.+-)?(?:un)?subscribe|.+-request)\Z")
_LIST_HOST: Final = re.compile(r"(?:lists?\.|googlegroups\.com\Z|groups\.io\Z|(?:.+\.)groups\.io\Z)")


def expects_answer(address: str, own: frozenset[str]) -> bool:
    """Return whether a person may answer there: not oneself, a list, or an address that says nobody reads it."""
    person = known_as(address)
    local, _, host = person.rpartition("@")
    if not own.isdisjoint({person, without_detail(person)}) or _LIST_HOST.match(host) or _LIST_LOCAL.match(local):
        return False
    return _NO_REPLY.match(re.sub(r"[._-]", "", local)) is None
