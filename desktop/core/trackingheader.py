"""The header field by which tracked mail says so to programs: which tracker, for what, and how to stop it.

`Readback-Tracking: opens, clicks; stop=<https://…/stop/…/me>`, folded before `stop=` (RFC 5322 2.2.3): the purposes
that are on, in a fixed order, and then the stop link in angle brackets.  A filter needs no more than the field's name.
"""

from typing import Final

from relay.wire.purpose import Purpose

NAME: Final = "Readback-Tracking"


def tracking_field(purposes: frozenset[Purpose], stop_url: str, newline: bytes) -> bytes:
    """Return the whole field, its line end included, for a copy tracked for `purposes`."""
    named = ", ".join(purpose.value for purpose in Purpose if purpose in purposes)
    return f"{NAME}: {named};".encode("ascii") + newline + f" stop=<{stop_url}>".encode("ascii") + newline
