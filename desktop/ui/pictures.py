"""Every screen as a picture, light and dark, taken from the live window with whatever data it holds."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QMenu, QMessageBox, QPushButton, QWidget

from desktop.core.correction import Who
from desktop.core.permission import Method, Standing
from desktop.ui import correction_words, rates_words, words
from desktop.ui.forms import bring_into_view
from desktop.ui.grant_dialog import GrantDialog
from desktop.ui.labels import PlainLabel
from desktop.ui.legend import Legend
from desktop.ui.person_view import Deed
from desktop.ui.settings_dialog import ACCOUNTS, CORRECTIONS, TRUST, WORDING
from desktop.ui.theme import Theme

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

_W = TypeVar("_W", bound=QWidget)
_LOOK_MS: Final = 12
_PATIENCE: Final = 200
# In so many conversations what a picture needs is looked for.
_LOOKED_AT: Final = 12
_ROOM_BELOW: Final = 220
_PAGES: Final = (
    "accounts",
    "mail-program",
    "relay",
    "trust",
    "privacy",
    "do-not-track",
    "wording",
    "follow-ups",
    "notifications",
    "corrections",
    "places",
    "appearance",
)


def settle(window: "MainWindow") -> None:
    """Let the window's readings come in and its layouts come to rest; at most six seconds."""
    loop = QEventLoop()
    timer = QTimer()
    looks = iter(range(_PATIENCE))
    calm: list[bool] = []

    def look() -> None:
        calm.append(window.ops.is_idle)
        if calm[-3:] == [True, True, True] or next(looks, None) is None:
            loop.quit()

    timer.timeout.connect(look)
    timer.start(_LOOK_MS)
    loop.exec()
    timer.stop()


def take(window: "MainWindow", folder: Path) -> list[Path]:
    """Save each screen in both themes; the window is as it was afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    before, size, place = window.themes.choice, window.size(), window.places.currentIndex()
    window.show()
    saved: list[Path] = []
    standing = Theme.DARK if window.themes.colours.is_dark else Theme.LIGHT
    # The theme that stands comes first and is not put on again: a screen must be right at its first showing.
    for theme in (standing, Theme.LIGHT if standing is Theme.DARK else Theme.DARK):
        if theme is not standing:
            window.themes.choose(theme)
        saved += _screens(window, folder, theme.value)
    window.themes.choose(before)
    window.resize(size)
    window.go(place)
    return saved


def _screens(window: "MainWindow", folder: Path, theme: str) -> list[Path]:
    saved: list[Path] = []

    def save(widget: QWidget, name: str) -> None:
        settle(window)
        # What comes in meanwhile is told, which would stand in the picture of something else.
        window.toast.setVisible(name == "toast")
        path = folder / f"{name}-{theme}.png"
        widget.grab().save(str(path))
        saved.append(path)

    window.toast.hide()
    window.resize(1100, 720)
    _due_screens(window, save)
    window.show_conversations()
    save(window, "conversations")
    window.resize(800, 500)
    save(window, "conversations-small")
    window.resize(1100, 720)
    _toast_screen(window, save)
    _people_screens(window, save)
    _rates_screens(window, save)
    _empty_screens(window, save)
    window.show_conversations()
    is_said = _truth_screens(window, save)
    for number, name in enumerate(_PAGES):
        window.settings.open_page(number)
        save(window.settings, f"settings-{name}")
    if is_said:
        window.undo()
        window.undo_bar.hide()
        window.settings.names.setCurrentRow(CORRECTIONS)
        save(window.settings, "empty-corrections")
    _sent_screen(window, save)
    _settings_details(window, save)
    window.settings.close()
    _dialog_screens(window, save)
    _recipient_screens(window, save)
    return saved


def _due_screens(window: "MainWindow", save: Callable[[QWidget, str], None]) -> None:
    window.show_today()
    save(window, "today")
    window.resize(800, 500)
    save(window, "today-small")
    window.resize(1100, 720)
    window.show_follow_ups()
    save(window, "follow-ups")


def _truth_screens(window: "MainWindow", save: Callable[[QWidget, str], None]) -> bool:
    """Unfold why something is not known, open the menu at a line, and say who it was; return whether that stands."""
    first = window.threads.model.card_at(0).key if window.threads.model.rowCount() else None
    why = _found(window, "why-", QPushButton)
    if why is not None:
        why.click()
        _save_at(window, why, save, "not-known")
        why.click()
    wrong = _found(window, "hit-", QPushButton)
    if wrong is not None:
        wrong.click()
        menu = next(each for each in window.findChildren(QMenu) if each.isVisible())
        save(menu, "wrong")
        menu.close()
        name = wrong.objectName()
        window.correcting.say(bytes.fromhex(name.removeprefix("hit-")), Who.COLLEAGUE)
        settle(window)
        said = window.view.findChild(QPushButton, name)
        if said is not None:
            _save_at(window, said, save, "said")
    asked = _found(window, "asked-", PlainLabel)
    if asked is not None:
        _save_at(window, asked, save, "asked")
    if first is not None:
        window.threads.list.select_key(first)
        settle(window)
    return window.undo_bar.text().startswith(correction_words.noted(Who.COLLEAGUE, 0))


def _found(window: "MainWindow", prefix: str, kind: type[_W]) -> _W | None:
    """Show the first conversation with a widget of that name; return the widget, None where there is none."""
    model = window.threads.model
    for row in range(min(model.rowCount(), _LOOKED_AT)):
        window.threads.list.select_key(model.card_at(row).key)
        settle(window)
        parts = window.view.findChildren(kind)
        found = next((each for each in parts if each.objectName().startswith(prefix) and each.isVisible()), None)
        if found is not None:
            return found
    return None


def _save_at(window: "MainWindow", button: QWidget, save: Callable[[QWidget, str], None], name: str) -> None:
    settle(window)
    window.view.ensureWidgetVisible(button, 0, _ROOM_BELOW)
    save(window, name)


def _people_screens(window: "MainWindow", save: Callable[[QWidget, str], None]) -> None:
    """Show one person of each standing there is, the whole of the first one's card, and the box before erasing."""
    window.show_people()
    save(window, "people")
    shown: set[object] = set()
    for row in window.people.rows:
        if row.permission.standing not in shown:
            shown.add(row.permission.standing)
            window.people.list.select_key(row.address)
            save(window, f"person-{row.permission.standing.value}")
    window.resize(1100, 1500)
    granted = [row for row in window.people.rows if row.permission.standing is Standing.GRANTED]
    # Who agreed on the page was shown a text, which stands with the ledger's row.
    for row in sorted(granted, key=lambda row: row.permission.method is not Method.PAGE)[:1]:
        window.people.list.select_key(row.address)
    settle(window)
    for each in window.people.view.history.rows:
        if each.button is not None:
            each.button.click()
            break
    save(window, "person-whole")
    window.resize(1100, 720)
    window.people.view.ask(Deed.ERASE)
    for box in window.findChildren(QMessageBox):
        if box.isVisible():
            save(box, "person-erase")
            box.close()


def _rates_screens(window: "MainWindow", save: Callable[[QWidget, str], None]) -> None:
    window.show_rates()
    save(window, "rates")
    window.resize(800, 500)
    save(window, "rates-small")
    window.resize(1100, 720)
    _show_dock(window, is_shown=False)
    shown: QWidget | None = window.rates.stack.currentWidget()
    window.rates.nothing.say(*rates_words.nothing_text(rates_words.PERIODS[0]))
    window.rates.stack.setCurrentWidget(window.rates.nothing)
    save(window, "empty-rates")
    if shown is not None:
        window.rates.stack.setCurrentWidget(shown)
    _show_dock(window, is_shown=True)


def _sent_screen(window: "MainWindow", save: Callable[[QWidget, str], None]) -> None:
    """Show what keeping Sent clean means, at the foot of the account."""
    window.settings.open_page(0)
    settle(window)
    bring_into_view(window.settings.account.sent, 60)
    save(window.settings, "settings-sent-folder")


def _settings_details(window: "MainWindow", save: Callable[[QWidget, str], None]) -> None:
    """Show what the user would like to know, the relay looked at, and a wording that cannot be saved."""
    window.settings.open_page(ACCOUNTS)
    settle(window)
    bring_into_view(window.settings.account.knowing, 400)
    save(window.settings, "settings-knowing")
    window.settings.open_page(TRUST)
    window.settings.trust.look()
    save(window.settings, "settings-trust-looked")
    window.settings.open_page(WORDING)
    settle(window)
    window.settings.wording.text.setPlainText("I can see when you open this mail.")
    save(window.settings, "settings-wording-refused")


def _empty_screens(window: "MainWindow", save: Callable[[QWidget, str], None]) -> None:
    _show_dock(window, is_shown=False)
    window.people.set_empty_shown(True)
    save(window, "empty-people")
    window.people.set_empty_shown(False)
    window.go(0)
    shown: QWidget | None = window.today.stack.currentWidget()
    for name, page in (("empty-today", window.today.nothing), ("empty-start", window.today.start)):
        window.today.stack.setCurrentWidget(page)
        save(window, name)
    if shown is not None:
        window.today.stack.setCurrentWidget(shown)
    window.go(1)
    for name, page in (("empty-account", window.mail.no_account), ("empty-mail", window.mail.no_mail)):
        window.mail.show_page(page)
        save(window, name)
    window.mail.show_page(None)
    _show_dock(window, is_shown=True)


def _dialog_screens(window: "MainWindow", save: Callable[[QWidget, str], None]) -> None:
    last = window.new_set_up()
    last.show_last()
    for name, dialog in (
        ("permission", GrantDialog(window)),
        ("shapes", Legend(window, window.themes)),
        ("add-account", window.new_set_up()),
        ("what-to-know", last),
    ):
        dialog.show()
        save(dialog, name)
        dialog.close()
        dialog.deleteLater()


def _show_dock(window: "MainWindow", *, is_shown: bool) -> None:
    if window.practice is not None:
        window.dock.setVisible(is_shown)


def _toast_screen(window: "MainWindow", save: Callable[[QWidget, str], None]) -> None:
    """Show a notice on the first conversation there is, named after its first recipient."""
    if not window.threads.model.rowCount():
        return
    card = window.threads.model.card_at(0)
    title = f"{card.title.partition(',')[0]} opened {words.quoted(card.middle)}"
    window.toast.show_notice(title, f"{card.corner}, first time", button="Show")
    save(window, "toast")
    window.toast.hide()


def _recipient_screens(window: "MainWindow", save: Callable[[QWidget, str], None]) -> None:
    recipient = window.practice.first_with_picture() if window.practice is not None else None
    view = window.show_recipient(recipient) if recipient is not None else None
    if view is None:
        return
    for number, name in enumerate(("recipient-mail", "recipient-stop")):
        view.tabs.setCurrentIndex(number)
        save(view, name)
    view.close()
