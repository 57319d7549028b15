"""Delivery reports and receipts as columns hold them: JSON lists, whose order of values never changes."""

from collections.abc import Iterable

from desktop.core.arrival import DeliveryAction, DeliveryReport, FailureReason, Receipt, ReceiptAnswer
from desktop.store.columns import from_json, to_json


def write_deliveries(reports: Iterable[DeliveryReport]) -> str:
    """Return reports as their column holds them."""
    return to_json(
        [[each.recipient, each.action, each.original, each.status, each.reason, each.diagnostic] for each in reports]
    )


def read_deliveries(column: str) -> tuple[DeliveryReport, ...]:
    """Return the reports that a column holds."""
    return tuple(
        DeliveryReport(
            recipient=recipient,
            action=DeliveryAction(action),
            original=original,
            status=status,
            reason=None if reason is None else FailureReason(reason),
            diagnostic=diagnostic,
        )
        for recipient, action, original, status, reason, diagnostic in from_json(column)
    )


def write_receipt(receipt: Receipt | None) -> str | None:
    """Return a receipt as its column holds it."""
    return None if receipt is None else to_json([receipt.recipient, receipt.answer, receipt.is_automatic])


def read_receipt(column: str | None) -> Receipt | None:
    """Return the receipt that a column holds."""
    if column is None:
        return None
    recipient, answer, is_automatic = from_json(column)
    return Receipt(recipient=recipient, answer=ReceiptAnswer(answer), is_automatic=is_automatic)
