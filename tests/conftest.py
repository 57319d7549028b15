"""What every test may rely on: no display, no stray log record, a fixed Hypothesis profile."""

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
settings.register_profile("readback", deadline=None, derandomize=True, print_blob=False, max_examples=50)
settings.load_profile("readback")


@pytest.fixture(autouse=True)
def _no_stray_records(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test that leaves a log record at WARNING or above; one that expects it calls `caplog.clear()`."""
    caplog.set_level(logging.WARNING)
    yield
    stray = caplog.get_records("setup") + caplog.get_records("call")
    loud = [f"{record.name}: {record.getMessage()}" for record in stray if record.levelno >= logging.WARNING]
    assert not loud, loud
