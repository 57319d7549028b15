"""Values that tests of judging and storing begin from: a hit, a message's facts, a copy; each field can be replaced."""

import ipaddress
import itertools
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from desktop.core.address import Mailbox
from desktop.core.parse import MessageFacts
from desktop.store.mail import NewCopy, NewToken
from relay.wire.hit import Hit, HitKind
from relay.wire.labels import Label
from relay.wire.purpose import Purpose
from relay.wire.token import RANDOM_ID_BYTES, RECIPIENT_TAG_BYTES, TokenType

SENT_AT: Final = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
THUNDERBIRD: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0"
OUTLOOK: Final = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)"
FIREFOX: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
CHROME: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36"
)
SAFARI: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
GMAIL_PROXY: Final = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
GMAIL_PREFETCH: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
)
HOME: Final = b"\x01" * 8
_numbers = itertools.count(1)


def hit(
    *,
    after_s: float = 3600.0,
    kind: HitKind = HitKind.OPEN,
    agent: str = THUNDERBIRD,
    labels: tuple[str, ...] = (),
    headers: Mapping[str, str] | None = None,
    token_id: bytes = b"t" * RANDOM_ID_BYTES,
    same_source: bytes = HOME,
) -> Hit:
    """Return a hit with a fresh id, so many seconds after `SENT_AT`; by default a person's open in Thunderbird."""
    return Hit(
        id=next(_numbers).to_bytes(16, "big"),
        kind=kind,
        token_id=token_id,
        at_ms=round((SENT_AT + timedelta(seconds=after_s)).timestamp() * 1000),
        labels=tuple(Label(name, "2026-08-22") for name in labels),
        network=ipaddress.ip_network("198.51.100.0/24"),
        same_source=same_source,
        agent=agent,
        headers=headers or {},
    )


def click(
    *,
    after_s: float = 3600.0,
    agent: str = FIREFOX,
    labels: tuple[str, ...] = (),
    headers: Mapping[str, str] | None = None,
    token_id: bytes = b"c" * RANDOM_ID_BYTES,
    same_source: bytes = HOME,
) -> Hit:
    """Return a click, by default a person's in Firefox with the headers a navigation has."""
    return hit(
        after_s=after_s,
        kind=HitKind.CLICK,
        agent=agent,
        labels=labels,
        headers={"sec-fetch-dest": "document"} if headers is None else headers,
        token_id=token_id,
        same_source=same_source,
    )


def facts(
    *,
    subject: str = "Offer",
    message_id: str = "<first@sender.example>",
    in_reply_to: str = "",
    references: tuple[str, ...] = (),
) -> MessageFacts:
    """Return what a message from Kim says of itself."""
    return MessageFacts(
        subject=subject,
        from_=Mailbox("Kim Larsen", "kim@sender.example"),
        to=(Mailbox("Anna Becker", "anna@becker.example"),),
        cc=(),
        message_id=message_id,
        in_reply_to=in_reply_to,
        references=references,
        date=SENT_AT,
    )


def tracked_copy(
    address: str = "anna@becker.example", *, name: str = "Anna Becker", links: int = 1, tag: bytes | None = None
) -> NewCopy:
    """Return a copy with a picture and so many links, every token fresh."""
    destinations = [f"https://example.com/{number}" for number in range(links)]
    return NewCopy(
        address=address,
        name=name,
        purposes=frozenset(Purpose),
        tag=os.urandom(RECIPIENT_TAG_BYTES) if tag is None else tag,
        tokens=(
            NewToken(random_id=os.urandom(RANDOM_ID_BYTES), type=TokenType.OPEN),
            *(
                NewToken(random_id=os.urandom(RANDOM_ID_BYTES), type=TokenType.CLICK, destination=destination)
                for destination in destinations
            ),
        ),
    )
