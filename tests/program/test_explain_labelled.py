"""Hits with known makers, read by `readback explain`: how often the app is right, and how it errs.

The cases of `tests/data/labelled_hits.jsonl` are composed for these tests; `also` are verdicts that are not wrong.
203.0.113.0/24 stands for an ordinary access network, the others are what their publishers list.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from desktop.core.verdict import MACHINES
from desktop.explain import explain

LINES = (Path(__file__).resolve().parents[1] / "data" / "labelled_hits.jsonl").read_bytes().splitlines()
CASES: list[dict[str, Any]] = [json.loads(line) for line in LINES]


def verdict(case: dict[str, Any]) -> str:
    (found,) = explain([json.dumps(case).encode()])
    return str(json.loads(found.answer)["verdict"])


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_labelled_hit_is_judged_right(case: dict[str, Any]) -> None:
    """The verdict is the label or one that is not wrong."""
    assert verdict(case) in {case["label"], *case["also"]}


def test_no_machine_is_called_a_person_and_no_person_a_machine() -> None:
    """The two errors that matter do not happen here; most labels are hit exactly, and each verdict is among them."""
    found = [(case["label"], verdict(case)) for case in CASES]
    assert [pair for pair in found if pair[0] in MACHINES and pair[1] == "person"] == []
    assert [pair for pair in found if pair[0] == "person" and pair[1] in MACHINES] == []
    assert sum(label == judged for label, judged in found) >= 0.95 * len(found)
    assert len({label for label, _ in found}) == 7
