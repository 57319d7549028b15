"""Is the relay well, and how long does its certificate hold?  Asked by hand, never by the poller."""

import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from desktop.accounts.channel import Channel
from desktop.accounts.tls import client_context
from desktop.core.errors import Unreachable
from desktop.tracking.client import check_health

ANSWER_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A relay that answers; `certificate_days` are the whole days its certificate still holds, None without TLS."""

    certificate_days: int | None


def health(channel: Channel, *, clock: Callable[[], datetime], ca_file: Path | None = None) -> Health:
    """Ask the relay how it is; raises Unreachable, Refused and Malformed as every call to it."""
    check_health(channel.relay_url, ca_file=ca_file)
    parts = urlsplit(channel.relay_url)
    if parts.scheme != "https" or parts.hostname is None:
        return Health(certificate_days=None)
    ends_at = _certificate_end(parts.hostname, parts.port or 443, ca_file)
    return Health(certificate_days=(ends_at - clock()).days)


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
