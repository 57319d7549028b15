"""Rates as ranges: at the lower end what is proven, at the upper what is possible, with the counts behind them.

A prefetch, a scanner and a preview count at neither end.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Of `of` copies `proven` and at most `possible` had it; `possible` is never below `proven`."""

    of: int
    proven: int
    possible: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of one stretch of time; opened and clicked are out of the copies that could show it.

    `sent` counts the copies that left, `not_delivered` those among them that came back.
    """

    sent: int
    not_delivered: int
    opened: Rate
    clicked: Rate
    replied: Rate
