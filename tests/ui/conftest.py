"""What the window's tests share: a filled store, the stand-in for the app, a window with its readings come in."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.store.database import Store
from desktop.ui.collecting import destroy
from desktop.ui.main_window import MainWindow
from desktop.ui.ops import Ops
from desktop.ui.theme import Theme, Themes, palette_of
from tests.ui.sample_data import NOW, FakeApp, fill, open_store


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the offscreen platform say what it cannot do; every other Qt warning fails a test.

    None is traced: `ui` is held to no floor, and what stands below it has tests of its own.
    """
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.no_cover)
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


@pytest.fixture(autouse=True, scope="module")
def _collected_on_the_main_thread() -> Iterator[None]:
    """Let no worker collect what a test left behind, as the program does; what is left goes here."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(scope="module")
def _dressed(qapp: QApplication) -> Iterator[Themes]:
    """Dress the application once a module: each dressing polishes every widget there is."""
    themes = Themes(qapp, Theme.LIGHT)
    yield themes
    destroy(themes)


@pytest.fixture
def themes(qapp: QApplication, _dressed: Themes) -> Themes:
    """Return the light theme, put on again where a test before put on another."""
    is_light = qapp.palette().window() == palette_of(_dressed.colours).window()
    if _dressed.choice is not Theme.LIGHT or not is_light:
        _dressed.choose(Theme.LIGHT)
    return _dressed


@pytest.fixture
def ops(qapp: QApplication) -> Iterator[Ops]:
    """Workers that end with the test."""
    ops = Ops()
    yield ops
    ops.close()
    destroy(ops)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open an empty store."""
    store = open_store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def filled(store: Store) -> Store:
    """Return a store after an ordinary week."""
    fill(store)
    return store


@pytest.fixture
def app(store: Store) -> FakeApp:
    """Return the stand-in for what the app does."""
    return FakeApp(store)


@pytest.fixture
def open_window(
    qtbot: QtBot, store: Store, app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., MainWindow]]:
    """Open a window on the store as it stands, without a desktop to notify; its readings have come in."""
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    windows: list[MainWindow] = []

    def opened(*, is_idle: bool = True) -> MainWindow:
        window = MainWindow(store, app.actions(), lambda: NOW)
        windows.append(window)
        store.subscribe(window.ops.on_main(window, window.on_change))
        window.show()
        if is_idle:
            qtbot.waitUntil(lambda: window.ops.is_idle)
        return window

    yield opened
    for window in windows:
        window.leave()
        window.hide()
        destroy(window)
