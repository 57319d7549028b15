"""Work leaves the main thread and comes back on it; a Trouble is told, a bug reaches sys.excepthook."""

import threading

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from desktop.core.errors import Trouble, Unreachable
from desktop.ui.ops import Ops


def test_work_runs_elsewhere_and_returns_here(ops: Ops, qtbot: QtBot) -> None:
    """The work is on another thread, its outcome on the one that asked."""
    came: list[tuple[int, int]] = []
    ops.run(ops, threading.get_ident, lambda there: came.append((there, threading.get_ident())))
    qtbot.waitUntil(lambda: bool(came))
    there, here = came[0]
    assert here == threading.get_ident()
    assert there != here


def test_an_outcome_never_comes_inside_the_call(ops: Ops, qtbot: QtBot) -> None:
    """Whoever asks has returned to the event loop before the answer comes."""
    came: list[int] = []
    finished = threading.Event()

    def work() -> int:
        finished.set()
        return 1

    ops.run(ops, work, came.append)
    assert finished.wait(5)
    assert came == []
    qtbot.waitUntil(lambda: came == [1])


def test_a_trouble_goes_to_the_asker(ops: Ops, qtbot: QtBot) -> None:
    """A known failure is handed over whole, on the main thread."""
    came: list[tuple[Trouble, int]] = []

    def work() -> None:
        raise Unreachable("No answer.", "Check the name.")

    ops.run(ops, work, None, lambda trouble: came.append((trouble, threading.get_ident())))
    qtbot.waitUntil(lambda: bool(came))
    assert came[0][0].cure == "Check the name."
    assert came[0][1] == threading.get_ident()


@pytest.mark.parametrize("failure", [ValueError("a bug"), Unreachable("a trouble nobody takes")])
def test_a_bug_reaches_the_crash_handler(ops: Ops, qtbot: QtBot, failure: Exception) -> None:
    """What nobody expected is raised on the main thread, where sys.excepthook hears it."""

    def work() -> None:
        raise failure

    with qtbot.captureExceptions() as caught:
        ops.run(ops, work)
        qtbot.waitUntil(lambda: bool(caught))
    assert caught[0][1] is failure


def test_nothing_is_delivered_to_the_dead(ops: Ops, qtbot: QtBot) -> None:
    """A window that is gone is not called; one that is there is."""
    came: list[str] = []
    gone, alive = QObject(), QObject()
    gate = threading.Event()

    def work() -> bool:
        return gate.wait(5)

    ops.run(gone, work, lambda _: came.append("gone"))
    ops.run(alive, work, lambda _: came.append("alive"))
    with qtbot.waitSignal(gone.destroyed):
        gone.deleteLater()
    gate.set()
    qtbot.waitUntil(lambda: ops.is_idle)
    assert came == ["alive"]


def test_reports_come_in_order_from_any_thread(ops: Ops, qtbot: QtBot) -> None:
    """Progress reported by a worker arrives on the main thread, all of it, in order."""
    came: list[tuple[int, int]] = []

    def note(number: int) -> None:
        came.append((number, threading.get_ident()))

    report = ops.on_main(ops, note)

    def work() -> None:
        for number in range(100):
            report(number)

    ops.run(ops, work)
    qtbot.waitUntil(lambda: len(came) == 100)
    assert [(number, threading.get_ident()) for number in range(100)] == came


def test_quitting_does_not_wait_for_a_stuck_worker(qtbot: QtBot) -> None:
    """Closing returns within its second though a worker hangs, and what the worker says later is dropped."""
    ops = Ops()
    came: list[bool] = []
    gate = threading.Event()
    ops.run(ops, lambda: gate.wait(30), came.append)
    closing = threading.Thread(target=ops.close)
    closing.start()
    closing.join(10)
    assert not closing.is_alive()
    gate.set()
    ops.run(ops, lambda: True, came.append)
    assert came == []
