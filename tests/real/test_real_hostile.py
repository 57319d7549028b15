"""A million hostile requests to a relay of its own process: it answers each, leaks nothing, and grows no more.

About two minutes on an idle machine; `READBACK_HOSTILE_REQUESTS` chooses another number.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from tests.bench.hostile import A_CONNECTION, CONNECTIONS, run

WANTED = int(os.environ.get("READBACK_HOSTILE_REQUESTS", "1000000"))


def test_a_million_hostile_requests_move_nothing(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """10^6 requests from a seeded grammar: one answer each, no 5xx, no echo, no mark in a file, no growth of memory."""
    report = asyncio.run(run(WANTED, 20_261_122, tmp_path))
    answered = sum(count for status, count in report.statuses.items() if status != "1xx")
    assert report.faults == [], (tmp_path / "first-bad").read_bytes()[:4_000]
    assert WANTED <= answered == report.requests < WANTED + 10 * CONNECTIONS * A_CONNECTION
    record_property("figures", report)
