"""The threat model in the relay's README: every claim that names a test names one that exists."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`(test_\w+)`")
DEFINED = re.compile(r"^def (test_\w+)", re.MULTILINE)


def _section() -> str:
    text = (ROOT / "relay" / "README.md").read_text("utf-8")
    return text.partition("\n## Who can do what\n")[2].partition("\n## ")[0]


def _tests() -> set[str]:
    """Return the name of every test in the tree, read and not run."""
    files = (ROOT / "tests").rglob("test_*.py")
    return {name for path in files for name in DEFINED.findall(path.read_text("utf-8"))}


def test_each_claim_of_the_threat_model_names_a_test_that_exists() -> None:
    """No test that the page points at is missing, and it points at one for each of the six who may mean ill."""
    named = set(NAMED.findall(_section()))
    assert named - _tests() == set()
    parts = _section().split("\n### ")[1:]
    assert [bool(NAMED.findall(part)) for part in parts] == [True] * 6


def test_a_claim_without_its_test_would_be_seen() -> None:
    """A name that no test has is none of the tests."""
    assert "test_of_nothing_at_all" not in _tests()
    assert "test_a_claim_without_its_test_would_be_seen" in _tests()
