"""What crosses between the practice process and the program: deliveries and the relay's answers, as JSON fields.

The octets of a mail travel as base64, so that what is compared is what the provider holds.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One mail in one mailbox: `raw` is what came after DATA, dots unstuffed, nothing else altered."""

    raw: bytes
    sender: str
    recipients: tuple[str, ...]
    arrived_at: datetime

    def fields(self) -> dict[str, Any]:
        """Return the delivery as JSON fields."""
        return {
            "raw": base64.b64encode(self.raw).decode("ascii"),
            "sender": self.sender,
            "recipients": list(self.recipients),
            "arrived_at": self.arrived_at.isoformat(),
        }

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """Return the delivery that `fields` spell."""
        return cls(
            raw=base64.b64decode(fields["raw"]),
            sender=fields["sender"],
            recipients=tuple(fields["recipients"]),
            arrived_at=datetime.fromisoformat(fields["arrived_at"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxMail:
    """One mail in the user's INBOX; `is_seen` is its mark as read, which only the user's own mail program may set."""

    raw: bytes
    is_seen: bool

    def fields(self) -> dict[str, Any]:
        """Return the mail as JSON fields."""
        return {"raw": base64.b64encode(self.raw).decode("ascii"), "is_seen": self.is_seen}

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """Return the mail that `fields` spell."""
        return cls(raw=base64.b64decode(fields["raw"]), is_seen=fields["is_seen"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the relay answered a recipient: the status, where it redirects to ("" for nowhere), the body."""

    url: str
    status: int
    location: str
    body: bytes

    def fields(self) -> dict[str, Any]:
        """Return the answer as JSON fields."""
        return {
            "url": self.url,
            "status": self.status,
            "location": self.location,
            "body": base64.b64encode(self.body).decode("ascii"),
        }

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """Return the answer that `fields` spell."""
        return cls(
            url=fields["url"],
            status=fields["status"],
            location=fields["location"],
            body=base64.b64decode(fields["body"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAccess:
    """How to reach the practice provider: `ca_file` holds the authority its certificate hangs on."""

    host: str
    starttls_port: int
    tls_port: int
    imap_port: int
    user: str
    password: str
    ca_file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundAccess:
    """Where an opened practice round is found."""

    relay_url: str
    provider: ProviderAccess
