"""Light and dark: the colours, the Fusion palettes made from them and the few rules a palette cannot say.

The palettes are our own because Qt follows a system's scheme only on some platforms; `colorSchemeChanged` is used to
follow it where there is one.  Which theme stands is a setting: light, dark or system.
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

_ASSETS: Final = Path(__file__).parent / "assets"
# Without a platform theme Qt falls back to 9 points, which is small for reading; a system's own larger size stands.
_LEAST_POINTS: Final = 10


class Theme(StrEnum):
    """What the user chose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """Every colour a window may use, as #rrggbb; `grey` to `violet` are the glyphs' and pass 4.5:1 on each ground."""

    is_dark: bool
    window: str
    base: str
    raised: str
    selected: str
    text: str
    grey: str
    faint: str
    line: str
    accent: str
    on_accent: str
    amber: str
    green: str
    blue: str
    red: str
    violet: str

    def grounds(self) -> tuple[str, ...]:
        """Return the colours that text and glyphs stand on."""
        return (self.window, self.base, self.raised, self.selected)

    def inks(self) -> tuple[str, ...]:
        """Return the colours that text and glyphs are painted in."""
        return (self.text, self.grey, self.accent, self.amber, self.green, self.blue, self.red, self.violet)


LIGHT: Final = Colours(
    is_dark=False,
    window="#f7f8fa",
    base="#ffffff",
    raised="#ffffff",
    selected="#eef5fd",
    text="#1c2128",
    grey="#5f6672",
    faint="#c3c9d2",
    line="#e1e5ea",
    accent="#0b5cad",
    on_accent="#ffffff",
    amber="#8a5a00",
    green="#1a7f37",
    blue="#0b5cad",
    red="#b42318",
    violet="#6f42c1",
)
DARK: Final = Colours(
    is_dark=True,
    window="#15181c",
    base="#1a1e23",
    raised="#20252b",
    selected="#22334a",
    text="#e6e9ee",
    grey="#a3abb8",
    faint="#4d5561",
    line="#2e343c",
    accent="#79b8ff",
    on_accent="#0c1b2c",
    amber="#e3b341",
    green="#56d364",
    blue="#79b8ff",
    red="#ff8a80",
    violet="#c4a7f5",
)


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb (WCAG 2.2, relative luminance)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2, contrast ratio)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def palette_of(colours: Colours) -> QPalette:
    """Return the Fusion palette of these colours."""
    palette = QPalette()
    role = QPalette.ColorRole
    for place, colour in (
        (role.Window, colours.window),
        (role.WindowText, colours.text),
        (role.Base, colours.base),
        (role.AlternateBase, colours.window),
        (role.Text, colours.text),
        (role.Button, colours.raised),
        (role.ButtonText, colours.text),
        (role.BrightText, colours.red),
        (role.ToolTipBase, colours.raised),
        (role.ToolTipText, colours.text),
        (role.PlaceholderText, colours.grey),
        (role.Link, colours.blue),
        (role.LinkVisited, colours.violet),
        (role.Highlight, colours.accent),
        (role.HighlightedText, colours.on_accent),
        (role.Accent, colours.accent),
        (role.Light, colours.raised),
        (role.Midlight, colours.line),
        (role.Mid, colours.faint),
        (role.Dark, colours.faint),
        (role.Shadow, "#000000"),
    ):
        palette.setColor(place, QColor(colour))
    for place in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, place, QColor(colours.faint if colours.is_dark else "#9aa1ac"))
    return palette


def style_sheet(colours: Colours) -> str:
    """Return the rules a palette cannot say: rounded fields, quiet buttons, hairlines."""
    sheet = (_ASSETS / "window.qss").read_text(encoding="utf-8")
    for entry in fields(colours):
        sheet = sheet.replace(f"@{entry.name}@", str(getattr(colours, entry.name)))
    hover = "#eef1f4" if not colours.is_dark else "#2a3038"
    sheet = sheet.replace("@tone@", "dark" if colours.is_dark else "light")
    return sheet.replace("@hover@", hover).replace("@assets@", _ASSETS.as_posix())


class Themes(QObject):
    """Holds which theme stands and dresses the application in it; `changed` says that windows must repaint."""

    changed = Signal()

    def __init__(self, app: QApplication, choice: Theme = Theme.SYSTEM, parent: QObject | None = None) -> None:
        """Dress the application at once and follow the system's scheme from then on."""
        super().__init__(parent)
        self._app = app
        self._choice = choice
        self.colours = LIGHT
        app.setStyle(QStyleFactory.create("Fusion"))
        font = app.font()
        if 0 < font.pointSize() < _LEAST_POINTS:
            font.setPointSize(_LEAST_POINTS)
            app.setFont(font)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)
        self._dress()

    @property
    def choice(self) -> Theme:
        """Return what the user chose."""
        return self._choice

    def choose(self, choice: Theme) -> None:
        """Let this theme stand from now on."""
        self._choice = choice
        self._dress()

    @Slot()
    def _on_scheme_changed(self) -> None:
        self._dress()

    def _dress(self) -> None:
        is_dark = self._choice is Theme.DARK or (
            self._choice is Theme.SYSTEM and QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        )
        self.colours = DARK if is_dark else LIGHT
        self._app.setPalette(palette_of(self.colours))
        self._app.setStyleSheet(style_sheet(self.colours))
        self.changed.emit()
