"""The ladder as text: within the width, one sign a copy."""

import pytest

from desktop.core.policy import WhyNot
from desktop.core.status import Aside, CopyStatus, Rung
from desktop.practice.desk import CopyView
from desktop.practice.table import sign_of, table


def status(rung: Rung, *asides: Aside, why_not: WhyNot | None = None) -> CopyStatus:
    return CopyStatus(rung=rung, asides=asides, evidence=(), why_not=why_not, opened_at=None, clicked_at=None)


@pytest.mark.parametrize(
    ("shown", "sign"),
    [
        (status(Rung.SENT, Aside.NO_SIGN_YET), "○"),
        (status(Rung.SENT, Aside.NOT_TRACKED, why_not=WhyNot.SIGNED), "–"),
        (status(Rung.QUEUED, Aside.NOT_DELIVERED), "✕"),
        (status(Rung.SENT, Aside.STOPPED), "⊘"),
        (status(Rung.SENT, Aside.AWAY, Aside.NOT_TRACKED), "‖"),
        (status(Rung.CLICKED, Aside.STOPPED), "↗"),
        (status(Rung.REPLIED, Aside.NOT_TRACKED), "↩"),
        (status(Rung.PROBABLY_OPENED), "◐"),
    ],
)
def test_a_status_has_one_sign(shown: CopyStatus, sign: str) -> None:
    """What was proven comes before what stands beside the ladder; below that, the aside does."""
    assert sign == sign_of(shown)


def test_no_row_is_wider_than_the_screen_allows() -> None:
    """Long names, subjects and words are cut; a copy without a name goes by its address."""
    views = [
        CopyView(copy_id=1, address="a@x.example", name="N" * 99, subject="S" * 99, status=status(Rung.SENT)),
        CopyView(copy_id=2, address="a@x.example", name="", subject="Offer", status=status(Rung.OPENED)),
    ]
    lines = list(table(views, lambda _status: "W" * 99))
    assert max(len(line) for line in lines) <= 78
    assert lines[2].startswith("●  a@x.example     Offer")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Sent · Away, back on Mon 30 Nov", "Sent · Away, back on Mon 30 Nov"),
        ("Sent · Away, back on Mon 30 Nov · Not tracked", "Sent · Away, back on Mon 30 Nov ..."),
        ("Delayed " * 9, "Delayed Delayed Delayed Delayed ..."),
    ],
)
def test_a_long_status_loses_whole_parts(words: str, shown: str) -> None:
    """What does not fit is left out from the end, and seen to be."""
    view = CopyView(copy_id=1, address="a@x.example", name="A", subject="Offer", status=status(Rung.SENT))
    assert list(table([view], lambda _status: words))[1].endswith(f"Offer{' ' * 19}{shown}")
