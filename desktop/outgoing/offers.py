"""What a provider's server offers in its EHLO, and what the listener may therefore offer to mail clients.

The listener promises only what every account's server kept last time: a promise is made before the sender, and with it
the account, is known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from desktop.store import settings
from desktop.store.database import Store

OFFERS_SETTING: Final = "outgoing.offers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One server's extensions; `size_bytes` is 0 where it names no limit, None where it offers no SIZE (RFC 1870)."""

    size_bytes: int | None = None
    eight_bit: bool = False
    smtputf8: bool = False
    dsn: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the value that is kept."""
        return {"size": self.size_bytes, "eight_bit": self.eight_bit, "smtputf8": self.smtputf8, "dsn": self.dsn}

    def fits(self, size_bytes: int) -> bool:
        """Say whether a message of this size is within the server's limit."""
        return not self.size_bytes or size_bytes <= self.size_bytes


def offer_of(features: Mapping[str, str]) -> Offer:
    """Return the offer in smtplib's `esmtp_features` (lower-case names)."""
    size = features.get("size")
    return Offer(
        size_bytes=None if size is None else int(size) if size.isdigit() else 0,
        eight_bit="8bitmime" in features,
        smtputf8="smtputf8" in features,
        dsn="dsn" in features,
    )


def intersection(offers: Iterable[Offer]) -> Offer:
    """Return what all of `offers` keep; nothing when there are none."""
    all_of_them = tuple(offers)
    if not all_of_them:
        return Offer()
    sizes = [offer.size_bytes for offer in all_of_them if offer.size_bytes is not None]
    limits = [size for size in sizes if size]
    return Offer(
        size_bytes=None if len(sizes) < len(all_of_them) else min(limits, default=0),
        eight_bit=all(offer.eight_bit for offer in all_of_them),
        smtputf8=all(offer.smtputf8 for offer in all_of_them),
        dsn=all(offer.dsn for offer in all_of_them),
    )


def remembered(store: Store) -> dict[int, Offer]:
    """Return each account's last offer, by account id; raise StoreTrouble."""
    kept: dict[str, Any] = settings.get(store, OFFERS_SETTING, {})
    return {
        int(account_id): Offer(
            size_bytes=value["size"], eight_bit=value["eight_bit"], smtputf8=value["smtputf8"], dsn=value["dsn"]
        )
        for account_id, value in kept.items()
    }


def remember(store: Store, offers: Mapping[int, Offer]) -> None:
    """Keep the offers of all accounts; raise StoreTrouble."""
    settings.put(store, OFFERS_SETTING, {str(account_id): offer.to_json() for account_id, offer in offers.items()})
