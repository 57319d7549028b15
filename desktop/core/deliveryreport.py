"""Delivery reports in the form made for them (RFC 3464, RFC 6533): one line of facts for each recipient.

"Relayed" is not "delivered", and what an Action field does not say is taken from the status only where it is a failure
or a delay.
"""

import re
from collections.abc import Sequence
from typing import Final

from desktop.core.arrival import DeliveryAction, DeliveryReport
from desktop.core.failure import ENHANCED, failure_reason
from desktop.core.reportfields import groups, named_ids, returned_ids, typed_address
from desktop.core.skim import Head, Leaf
from desktop.core.stranger import plain

STATUS_TYPES: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RECIPIENT_FIELDS: Final = ("final-recipient", "original-recipient", "x-actual-recipient")
_WORD: Final = re.compile(r"\s*([a-z]+)")
_TYPE: Final = re.compile(r"\s*(?:smtp|x-[\w-]+|x\.\d+|unix)\s*;\s*", re.IGNORECASE)
# "550-5.1.1 …" at the head of every line of a long answer; the first says it.
_CONTINUED: Final = re.compile(r"(?<=\S)\s+\d{3}-(?:\d\.\d{1,3}\.\d{1,3}\s)?")
_ZERO: Final = re.compile(r"[245]\.0\.0\Z")
_INFERRED: Final = {"5": DeliveryAction.FAILED, "4": DeliveryAction.DELAYED}


def read_deliveries(leaves: Sequence[Leaf]) -> tuple[DeliveryReport, ...]:
    """Return what the reports among the parts say of each recipient, in their order."""
    found = [
        report
        for leaf in leaves
        if leaf.media_type in STATUS_TYPES
        for group in groups(leaf)
        if (report := _report(group)) is not None
    ]
    return tuple(dict.fromkeys(found))


def reported_ids(leaves: Sequence[Leaf]) -> tuple[str, ...]:
    """Return the Message-IDs of the mail that the report is about: the returned mail's, then those the fields name."""
    named = [
        name
        for leaf in leaves
        if leaf.media_type in STATUS_TYPES
        for group in groups(leaf)
        for name in named_ids(group)
    ]
    return tuple(dict.fromkeys((*returned_ids(leaves), *named)))


def _report(group: Head) -> DeliveryReport | None:
    if not any(map(group.has, _RECIPIENT_FIELDS)):
        return None
    given = ENHANCED.search(group.first("status"))
    diagnostic = group.words("diagnostic-code")
    said = ENHANCED.search(diagnostic)
    status = given[1] if given else ""
    if said and (not status or _ZERO.match(status)):
        status = said[1]
    action = _action(group.first("action").lower(), status)
    if action is None:
        return None
    final = typed_address(group.first("final-recipient")) or typed_address(group.first("x-actual-recipient"))
    original = typed_address(group.first("original-recipient"))
    is_failure = action in {DeliveryAction.FAILED, DeliveryAction.DELAYED}
    return DeliveryReport(
        recipient=final or original,
        original="" if original == final or not final else original,
        action=action,
        status=status,
        reason=failure_reason(status, diagnostic, is_final=action is DeliveryAction.FAILED) if is_failure else None,
        diagnostic=diagnostic_text(diagnostic),
    )


def _action(value: str, status: str) -> DeliveryAction | None:
    match = _WORD.match(value)
    try:
        return DeliveryAction("" if match is None else match[1])
    except ValueError:
        return _INFERRED.get(status[:1])


def diagnostic_text(value: str) -> str:
    """Return a server's answer as plain text, without the type before it and the codes its later lines repeat."""
    match = _TYPE.match(value)
    return plain(_CONTINUED.sub(" ", value[match.end() :] if match else value))
