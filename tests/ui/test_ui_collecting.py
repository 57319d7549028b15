"""Where QObjects die: with their window, on the main thread, and never by a collector that runs on a worker."""

import gc
import threading
import weakref
from collections.abc import Callable, Iterator

import pytest
import shiboken6
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.store.database import Store
from desktop.ui.collecting import Collecting, destroy
from desktop.ui.main_window import MainWindow
from desktop.ui.settings_dialog import ACCOUNTS
from tests.ui.sample_data import NOW, FakeApp, FakePractice

Recorded = list[threading.Thread]


class Ring(QObject):
    """An object with a running timer that holds itself, so that only the collector can end it."""

    def __init__(self) -> None:
        super().__init__()
        self.itself = self
        self.timer = QTimer(self)
        self.timer.start(60_000)


@pytest.fixture
def collections() -> Iterator[Recorded]:
    """Record which thread each collection runs on."""
    threads: Recorded = []

    def record(phase: str, _info: object) -> None:
        if phase == "start":
            threads.append(threading.current_thread())

    gc.callbacks.append(record)
    yield threads
    gc.callbacks.remove(record)


@pytest.fixture
def collecting(qapp: QApplication) -> Iterator[Collecting]:
    """Lend what the program does, and leave the collector to the tests' own rule afterwards."""
    parent = QObject()
    made = Collecting(parent)
    yield made
    made.stop()
    gc.disable()


def on_worker(work: Callable[[], object]) -> threading.Thread:
    """Do something on a thread of its own, and wait for its end."""
    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    return worker


def make_many() -> None:
    """Make as many objects as let Python collect by itself."""
    held: list[list[object]] = []
    for _ in range(5_000):
        held.append([held])


def live_rings() -> list[str]:
    """Return which QObjects only the collector could still end."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        return [type(each).__name__ for each in gc.garbage if isinstance(each, QObject) and shiboken6.isValid(each)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


def test_no_worker_collects_while_there_is_a_window(collecting: Collecting, collections: Recorded) -> None:
    """A worker that makes thousands of objects starts no collection; the main thread's next look does."""
    on_worker(make_many)
    assert collections == []
    collecting.look()
    assert collections == [threading.main_thread()]


def test_without_the_rule_a_worker_would(collecting: Collecting, collections: Recorded) -> None:
    """Once it is stopped, Python collects where it happens to be: what the rule is there for."""
    collecting.stop()
    worker = on_worker(make_many)
    gc.disable()
    assert worker in collections


def test_what_lies_in_a_cycle_dies_on_the_main_thread(collecting: Collecting, qtbot: QtBot) -> None:
    """An object with a running timer outlives a worker's making of objects, and is gone after the timer's looks."""
    gone = weakref.ref(Ring())
    on_worker(make_many)
    assert gone() is not None
    collecting._timer.setInterval(0)
    qtbot.waitUntil(lambda: on_worker(make_many) is not None and gone() is None)


def test_a_look_without_need_collects_nothing(collecting: Collecting, collections: Recorded) -> None:
    """Right after a collection there is nothing to do."""
    gc.collect()
    collections.clear()
    collecting.look()
    assert collections == []


def used(window: MainWindow, qtbot: QtBot) -> None:
    """Go everywhere and open what can be opened."""
    for show in (window.show_today, window.show_conversations, window.show_follow_ups, window.show_people):
        show()
    window.settings.open_page(ACCOUNTS)
    window.settings.close()
    window.show_legend()
    window.add_account()
    window.ask_permission()
    window.act_here("wait")
    window.telling.tell_sample(window._clock())
    qtbot.waitUntil(lambda: window.ops.is_idle)


@pytest.mark.parametrize("is_practice", [False, True])
def test_a_window_leaves_nothing_to_the_collector(
    filled: Store, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, is_practice: bool
) -> None:
    """Whatever was opened goes with the window; so a collection on a worker afterwards finds no live QObject."""
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    gc.collect()
    app = FakeApp(filled, practice=FakePractice() if is_practice else None)
    window = MainWindow(filled, app.actions(), lambda: NOW)
    window.show()
    used(window, qtbot)
    window.leave()
    destroy(window)
    assert live_rings() == []
    on_worker(gc.collect)
    assert [each for each in QApplication.topLevelWidgets() if isinstance(each, MainWindow)] == []


def test_a_ring_would_be_found(qapp: QApplication) -> None:
    """The look for live rings sees one that is there, and it can still be collected."""
    gone = weakref.ref(Ring())
    assert "Ring" in live_rings()
    gc.collect()
    assert gone() is None
