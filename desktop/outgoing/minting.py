"""One recipient's marks: tokens with fresh random ids, the URLs they make, and the line that says so.

Nothing here asks the relay: the channel's keys mint, and the relay verifies by itself.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from desktop.accounts.channel import Channel
from desktop.core.disclosure import tracked_line
from desktop.core.permission import Permission
from desktop.core.rewrite import Additions
from desktop.core.wordings import WordingKind, default_wording
from desktop.store.mail import NewToken
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.token import RANDOM_ID_BYTES, SECONDS_PER_DAY, Token, TokenType, mint, recipient_tag
from relay.wire.urls import click_url, open_url, stop_url

_NO_LINKS: Final[Mapping[bytes, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What one copy gets and what the store keeps of it."""

    additions: Additions
    tokens: tuple[NewToken, ...]


def tag_of(channel: Channel, permission: Permission) -> bytes:
    """Return the tag that stands for a person's permission: what a stop names."""
    return recipient_tag(channel.tag_key, permission.address, permission.generation)


def mint_marks(
    channel: Channel,
    permission: Permission,
    *,
    tag: bytes,
    purposes: frozenset[Purpose],
    links: tuple[bytes, ...],
    sender: str,
    now: datetime,
) -> Marks:
    """Mint a stop token, and for each purpose that is on a picture's token or one for each of `links`."""
    issue_day = int(now.timestamp()) // SECONDS_PER_DAY
    tokens: list[NewToken] = []

    def minted(kind: TokenType, destination: bytes = b"") -> str:
        random_id = os.urandom(RANDOM_ID_BYTES)
        tokens.append(NewToken(random_id=random_id, type=kind, destination=destination.decode("ascii") or None))
        fields = Token(
            type=kind,
            key_id=channel.key_id,
            channel_id=channel.channel_id,
            recipient_tag=tag,
            issue_day=issue_day,
            random_id=random_id,
        )
        return mint(channel.minting_keys[kind], fields, bound=destination)

    picture = open_url(channel.picture_base, minted(TokenType.OPEN)) if Purpose.OPENS in purposes else None
    tracked = (
        {link: click_url(channel.link_base, minted(TokenType.CLICK, link), link) for link in links}
        if Purpose.CLICKS in purposes
        else _NO_LINKS
    )
    line = tracked_line(
        default_wording(WordingKind.AGREED, Language.ENGLISH),
        language=Language.ENGLISH,
        sender=sender,
        purposes=purposes,
        stop_url=stop_url(channel.link_base, minted(TokenType.STOP)),
        agreed_on=None if permission.granted_at is None else permission.granted_at.date(),
        today=now.date(),
    )
    additions = Additions(picture_url=picture, link_urls=tracked, line=line, purposes=purposes)
    return Marks(additions=additions, tokens=tuple(tokens))
