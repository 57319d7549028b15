"""Is the relay well, how long do its certificates hold, is its clock right?  Asked by hand, never by the poller.

A channel names up to three addresses: where this desktop polls, where links lead and where pictures are.  A mail that
was sent depends on the latter two, so all are asked.
"""

import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from desktop.accounts.channel import Channel
from desktop.accounts.tls import client_context
from desktop.core.errors import Trouble, Unreachable
from desktop.tracking.requesting import check_health

ANSWER_S: Final = 10.0
_NO_DIFFERENCE: Final = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One address that answers.

    `certificate_days` are the whole days its certificate still holds, None without TLS; `ahead` is how far its clock is
    ahead of this computer's, to a second or two.
    """

    address: str
    certificate_days: int | None
    ahead: timedelta


def health(channel: Channel, *, clock: Callable[[], datetime], ca_file: Path | None = None) -> tuple[Health, ...]:
    """Ask each address of a channel how it is; raises Unreachable, Refused and Malformed as every call to a relay.

    A trouble of an address that mails carry and this desktop does not poll names it.
    """
    found = [_health(channel.relay_url, clock=clock, ca_file=ca_file)]
    for address, holds in ((channel.link_base, "links lead to"), (channel.picture_base, "pictures come from")):
        if any(address == each.address for each in found):
            continue
        try:
            found.append(_health(address, clock=clock, ca_file=ca_file))
        except Trouble as trouble:
            sentence = f"{address}, which {holds}: {trouble.sentence}"
            raise type(trouble)(sentence, trouble.cure) from trouble
    return tuple(found)


def _health(address: str, *, clock: Callable[[], datetime], ca_file: Path | None) -> Health:
    asked_at = clock()
    dated = check_health(address, ca_file=ca_file)
    ahead = _ahead(dated, asked_at, clock())
    parts = urlsplit(address)
    if parts.scheme != "https" or parts.hostname is None:
        return Health(address=address, certificate_days=None, ahead=ahead)
    ends_at = _certificate_end(parts.hostname, parts.port or 443, ca_file)
    return Health(address=address, certificate_days=(ends_at - clock()).days, ahead=ahead)


def _ahead(dated: str, asked_at: datetime, answered_at: datetime) -> timedelta:
    """Return how far off the answer's date is from the time between which it was given; nothing without one."""
    try:
        at = parsedate_to_datetime(dated)
    except ValueError:
        return _NO_DIFFERENCE
    if at.tzinfo is None:
        return _NO_DIFFERENCE
    if at > answered_at:
        return at - answered_at
    return min(at + timedelta(seconds=1) - asked_at, _NO_DIFFERENCE)


def _certificate_end(host: str, port: int, ca_file: Path | None) -> datetime:
    try:
        with (
            socket.create_connection((host, port), ANSWER_S) as plain,
            closing(client_context(ca_file).wrap_socket(plain, server_hostname=host)) as secured,
        ):
            certificate = secured.getpeercert() or {}
    except OSError as error:
        raise Unreachable("The relay does not answer.", "Try again; its operator can say whether it is up.") from error
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
