"""Which mail program wrote a mail, by the name that its requests for pictures would bear too.

Mails name their programs otherwise than requests do ("Mozilla Thunderbird"), so such a name is read as the agent that
the program's requests begin with.  Webmail, libraries and what shows no pictures have no name here.
"""

import re
from typing import Final

from desktop.core.agents import Family, read_agent
from desktop.core.parse import headers_of

_FIELDS: Final = frozenset({"user-agent", "x-mailer"})
_APPLE: Final = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_AS_REQUESTED: Final = (
    (re.compile(r"(?:mozilla )?thunderbird\b|betterbird\b", re.IGNORECASE), "Thunderbird/1"),
    (re.compile(r"(?:apple|iphone|ipad) mail\b", re.IGNORECASE), _APPLE),
    (re.compile(r"em_client/", re.IGNORECASE), "eMClient/1"),
    (re.compile(r"(evolution|kmail|kontact|geary|bluemail|mailspring) \d", re.IGNORECASE), r"\1/1"),
)


def mail_program(raw: bytes) -> str:
    """Return the short name of the mail client that a message says it was written with, empty where it is none."""
    for field in headers_of(raw):
        if field.name.lower() in _FIELDS:
            name = _name_of(field.value)
            if name:
                return name
    return ""


def _name_of(value: str) -> str:
    matches = ((pattern.match(value), requested) for pattern, requested in _AS_REQUESTED)
    agent = next((match.expand(requested) for match, requested in matches if match is not None), value)
    found = read_agent(agent)
    return found.name if found.family is Family.MAIL_CLIENT else ""
