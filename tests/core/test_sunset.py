"""A mail's sunset: the relay, which accepts 90 days from a token's day, stops when the user wished."""

from datetime import UTC, datetime, timedelta

import pytest

from desktop.core.sunset import LONGEST_DAYS, is_over, issue_day
from relay.hits import ACCEPTED_DAYS

SENT = datetime(2026, 5, 4, 23, 30, tzinfo=UTC)
TODAY = int(SENT.timestamp()) // 86_400


@pytest.mark.parametrize("sunset_days", [1, 30, 89, 90])
def test_14_tokens_are_accepted_by_the_day_inside_them_until_the_sunset(sunset_days: int) -> None:
    """Item 14: with the day that a mail's tokens bear, the relay's own limit ends at the mail's sunset, to the day."""
    day = issue_day(TODAY, sunset_days)
    assert LONGEST_DAYS == ACCEPTED_DAYS
    assert TODAY + sunset_days - day == ACCEPTED_DAYS
    last = SENT.replace(hour=0, minute=0) + timedelta(days=sunset_days + 1) - timedelta(seconds=1)
    assert not is_over(SENT, last, sunset_days)
    assert is_over(SENT, last + timedelta(seconds=1), sunset_days)


@pytest.mark.parametrize("sunset_days", [-1, 0, 91])
def test_no_sunset_lies_beyond_what_the_relay_accepts(sunset_days: int) -> None:
    """A longer one could not be kept, and one of no day would track nothing."""
    with pytest.raises(ValueError, match="1 to 90"):
        issue_day(TODAY, sunset_days)
