"""One recipient's marks: tokens with fresh random ids, and the URLs they make.

Nothing here asks the relay: the channel's keys mint, and the relay verifies by itself.  Pictures and links bear a day
that their sunset follows from; a stop link, a question and "I have read this" bear the true one.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from desktop.accounts.channel import Channel
from desktop.core.sunset import issue_day
from desktop.store.asks import NewAsk
from desktop.store.mail import NewToken
from relay.wire.claims import Claims, spell_claims
from relay.wire.purpose import Purpose
from relay.wire.token import RANDOM_ID_BYTES, SECONDS_PER_DAY, Token, TokenType, mint, recipient_tag
from relay.wire.urls import click_url, confirm_url, consent_url, open_url, stop_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What one tracked copy gets, and what the store keeps of it."""

    picture_url: str | None
    link_urls: Mapping[bytes, str]
    stop_url: str
    tokens: tuple[NewToken, ...]


def tag_of(channel: Channel, address: str, generation: int) -> bytes:
    """Return the tag that stands for a normalised address and a generation of its permission: what a stop names."""
    return recipient_tag(channel.tag_key, address, generation)


def mint_marks(
    channel: Channel,
    *,
    tag: bytes,
    purposes: frozenset[Purpose],
    links: tuple[bytes, ...],
    now: datetime,
    sunset_days: int,
) -> Marks:
    """Mint a stop token, and for each purpose that is on a picture's token or one for each of `links`."""
    day = issue_day(_day(now), sunset_days)
    tokens: list[NewToken] = []

    def minted(kind: TokenType, issued: int, destination: bytes = b"") -> str:
        token, text = _mint(channel, kind, tag, issued, bound=destination)
        tokens.append(NewToken(random_id=token, type=kind, destination=destination.decode("ascii") or None))
        return text

    picture = open_url(channel.picture_base, minted(TokenType.OPEN, day)) if Purpose.OPENS in purposes else None
    tracked = links if Purpose.CLICKS in purposes else ()
    urls = {link: click_url(channel.link_base, minted(TokenType.CLICK, day, link), link) for link in tracked}
    stop = stop_url(channel.link_base, minted(TokenType.STOP, _day(now)))
    return Marks(picture_url=picture, link_urls=urls, stop_url=stop, tokens=tuple(tokens))


def mint_question(
    channel: Channel, *, tag: bytes, generation: int, claims: Claims, now: datetime
) -> tuple[str, NewAsk]:
    """Return the link of a question that nobody can put in another's name, and what the store keeps of it."""
    octets = spell_claims(claims)
    random_id, text = _mint(channel, TokenType.CONSENT, tag, _day(now), bound=octets)
    asked = NewAsk(token_id=random_id, tag=tag, generation=generation, claims=claims)
    return consent_url(channel.link_base, text, octets), asked


def mint_confirm(channel: Channel, *, tag: bytes, now: datetime) -> tuple[str, NewToken]:
    """Return the link by which the recipient says that they have read it, and what the store keeps of it."""
    random_id, text = _mint(channel, TokenType.CONFIRM, tag, _day(now))
    return confirm_url(channel.link_base, text), NewToken(random_id=random_id, type=TokenType.CONFIRM)


def _mint(channel: Channel, kind: TokenType, tag: bytes, day: int, *, bound: bytes = b"") -> tuple[bytes, str]:
    random_id = os.urandom(RANDOM_ID_BYTES)
    fields = Token(
        type=kind,
        key_id=channel.key_id,
        channel_id=channel.channel_id,
        recipient_tag=tag,
        issue_day=day,
        random_id=random_id,
    )
    return random_id, mint(channel.minting_keys[kind], fields, bound=bound)


def _day(now: datetime) -> int:
    return int(now.timestamp()) // SECONDS_PER_DAY
