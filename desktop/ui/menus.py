"""The menu bar: every place and every act by name, with its key."""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar


class Window(Protocol):
    """What the menus ask of the window."""

    def show_today(self) -> None:
        """Go to what is due now."""
        ...

    def show_conversations(self) -> None:
        """Go to the conversations."""
        ...

    def show_follow_ups(self) -> None:
        """Go to the whole list of what is due."""
        ...

    def show_people(self) -> None:
        """Go to the people."""
        ...

    def show_rates(self) -> None:
        """Go to the rates."""
        ...

    def go_back(self) -> None:
        """Go to the place before."""
        ...

    def start_search(self) -> None:
        """Search where one is."""
        ...

    def refresh(self) -> None:
        """Look for new mail and read everything anew."""
        ...

    def act_here(self, action: str) -> None:
        """Do something about the line or conversation the keyboard is on."""
        ...

    def undo(self) -> None:
        """Take the latest deed back."""
        ...

    def add_account(self) -> None:
        """Add an account."""
        ...

    def ask_permission(self) -> None:
        """Record a permission."""
        ...

    def show_legend(self) -> None:
        """Say what the shapes mean."""
        ...

    def quit(self) -> None:
        """End the program."""
        ...


def fill(bar: QMenuBar, window: Window, open_settings: Callable[[], None]) -> QMenu:
    """Put all menus into a bar; return the one on what is shown, for what practice adds to it."""
    keys = QKeySequence.StandardKey
    readback = bar.addMenu("Read&back")
    _add(readback, "&Add an account…", window.add_account)
    _add(readback, "&Settings…", open_settings, "Ctrl+,")
    readback.addSeparator()
    _add(readback, "&Quit", window.quit, keys.Quit)
    view = bar.addMenu("&View")
    _add(view, "&Today", window.show_today, "Ctrl+1")
    _add(view, "&Conversations", window.show_conversations, "Ctrl+2")
    _add(view, "Follow-&ups", window.show_follow_ups, "Ctrl+3")
    _add(view, "&People", window.show_people, "Ctrl+4")
    _add(view, "&Rates", window.show_rates, "Ctrl+5")
    _add(view, "&Back", window.go_back, keys.Back)
    view.addSeparator()
    _add(view, "F&ind", window.start_search, keys.Find)
    _add(view, "Re&fresh", window.refresh, keys.Refresh)
    mail = bar.addMenu("&Mail")
    _add(mail, "&Undo", window.undo, keys.Undo)
    mail.addSeparator()
    _add(mail, "&Done", _Acting(window, "done"), "Ctrl+D")
    _add(mail, "&Snooze…", _Acting(window, "snooze"), "Ctrl+Shift+S")
    _add(mail, "Days to &wait…", _Acting(window, "wait"), "Ctrl+Shift+W")
    people = bar.addMenu("P&ermission")
    _add(people, "&Record a permission…", window.ask_permission, "Ctrl+Shift+P")
    help_menu = bar.addMenu("&Help")
    _add(help_menu, "What the &shapes mean", window.show_legend, keys.HelpContents)
    return view


def _add(
    menu: QMenu, text: str, slot: Callable[[], None], key: str | QKeySequence.StandardKey | None = None
) -> QAction:
    action = menu.addAction(text)
    if key is not None:
        action.setShortcut(QKeySequence(key))
    action.triggered.connect(slot)
    return action


class _Acting:
    def __init__(self, window: Window, action: str) -> None:
        self._window, self._action = window, action

    def __call__(self) -> None:
        self._window.act_here(self._action)
