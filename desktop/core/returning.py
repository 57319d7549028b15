"""The day on which an absent person is back, where an automatic answer states it beyond doubt."""

from datetime import date


def return_date(subject: str, text: str, *, received_on: date) -> date | None:
    """Return the first day they are back, or None where the words leave a doubt."""
    return None
