"""Rates are ranges with their counts: never more exact than they are, never a machine's, read by keyboard too."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from desktop.core.errors import StoreTrouble
from desktop.core.report import Rate, Report
from desktop.store.database import Store
from desktop.ui import rates_words
from desktop.ui.collecting import destroy
from desktop.ui.glyphs import Glyph
from desktop.ui.going import RATES
from desktop.ui.main_window import MainWindow
from desktop.ui.ops import Ops
from desktop.ui.rate_bar import RateBar
from desktop.ui.rates_page import RatesPage
from desktop.ui.theme import DARK, LIGHT, Theme, Themes, contrast
from tests.ui.sample_data import ACCOUNT, NOW

Open = Callable[[], MainWindow]
NONE = Rate(of=0, proven=0, possible=0)
REPORT = Report(
    sent=1_240,
    not_delivered=3,
    opened=Rate(of=40, proven=12, possible=19),
    clicked=Rate(of=40, proven=5, possible=5),
    replied=Rate(of=1_237, proven=1_236, possible=1_236),
)
NOTHING = Report(sent=0, not_delivered=0, opened=NONE, clicked=NONE, replied=NONE)


@dataclass
class Reader:
    """Answers with one report, and notes what was asked."""

    report: Report = REPORT
    trouble: StoreTrouble | None = None
    asked: list[tuple[datetime, datetime, int | None]] = field(default_factory=list)

    def __call__(self, start: datetime, end: datetime, account_id: int | None) -> Report:
        """Note it."""
        self.asked.append((start, end, account_id))
        if self.trouble is not None:
            raise self.trouble
        return self.report


@pytest.fixture
def reader() -> Reader:
    """Return what the page reads from."""
    return Reader()


@pytest.fixture
def page(reader: Reader, ops: Ops, themes: Themes, qtbot: QtBot) -> Iterator[RatesPage]:
    """Return the page, shown and read."""
    page = RatesPage(reader, ops, themes, lambda: NOW)
    page.resize(800, 600)
    page.show()
    qtbot.waitUntil(lambda: ops.is_idle)
    yield page
    page.hide()
    destroy(page)


def said(page: RatesPage) -> list[str]:
    """Return what a screen reader is told of each rate."""
    return [row.accessibleName() for row in page.figures.rows]


def test_each_rate_is_a_range_with_its_counts(page: RatesPage) -> None:
    """From proven to possible, or one number where nothing is merely possible."""
    assert said(page) == [
        "Opened: 12 to 19 of 40 opened. 30 to 48 % · Out of 40 copies that could show it",
        "Used a link: 5 of 40 used a link. 12 % · Out of 40 copies that could show it",
        "Replied: 1,236 of 1,237 replied. 99 % · Out of 1,237 copies that did not come back",
    ]
    assert page.figures.sent.text() == "Last 30 days: 1,240 copies sent, 3 not delivered."


@pytest.mark.parametrize(
    ("rate", "share"),
    [
        (Rate(of=1_000, proven=1, possible=1), "under 1 %"),
        (Rate(of=1_000, proven=0, possible=999), "0 to 99 %"),
        (Rate(of=50, proven=50, possible=50), "100 %"),
        (Rate(of=9, proven=3, possible=6), ""),
    ],
)
def test_a_share_claims_no_more_than_is_counted(rate: Rate, share: str) -> None:
    """One of a thousand is not none, all but one is not all, and of a handful there is no share."""
    assert share == rates_words.percent_text(rate)


def test_what_could_not_be_known_has_no_rate(page: RatesPage, reader: Reader, ops: Ops, qtbot: QtBot) -> None:
    """Where no copy could show it, the page says so and what to do, instead of 0 %."""
    reader.report = replace(REPORT, opened=NONE)
    page.reload()
    qtbot.waitUntil(lambda: ops.is_idle)
    assert said(page)[0].startswith("Opened: Not known. No mail of this time could show it")
    assert [row.bar.isVisible() for row in page.figures.rows] == [False, True, True]


def test_nothing_sent_says_what_to_do(page: RatesPage, reader: Reader, ops: Ops, qtbot: QtBot) -> None:
    """An empty time offers a longer one; the longest says where the figures will come from."""
    reader.report = NOTHING
    page.reload()
    qtbot.waitUntil(lambda: ops.is_idle)
    assert page.nothing.isVisible()
    assert rates_words.nothing_text(30)[0] == "Nothing sent in the last 30 days"
    assert rates_words.nothing_text(365)[0] == "Nothing sent yet"


def test_without_an_account_the_page_says_how_to_start(page: RatesPage, reader: Reader, ops: Ops, qtbot: QtBot) -> None:
    """Where there is none, no longer time is offered but the account; with one, and with figures, all is as usual."""
    reader.report = NOTHING
    page.set_accounts([])
    qtbot.waitUntil(lambda: ops.is_idle)
    assert page.start.isVisible()
    page.focus_first()
    with qtbot.waitSignal(page.account_asked):
        QTest.keyClick(page.start.button, Qt.Key.Key_Space)
    page.set_accounts([replace(ACCOUNT, id=1)])
    qtbot.waitUntil(lambda: ops.is_idle)
    assert (page.nothing.isVisible(), page.start.isVisible()) == (True, False)
    reader.report = REPORT
    page.set_accounts([])
    qtbot.waitUntil(lambda: ops.is_idle)
    assert page.figures.isVisible()


def test_the_arrows_choose_another_time(page: RatesPage, reader: Reader, ops: Ops, qtbot: QtBot) -> None:
    """By keyboard alone the next time is chosen, and read."""
    page.focus_first()
    QTest.keyClick(page.periods[30], Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: ops.is_idle)
    assert page.periods[90].isChecked()
    assert page.periods[90].hasFocus() or not page.isActiveWindow()
    assert reader.asked[-1] == (NOW - timedelta(days=90), NOW, None)
    assert page.figures.sent.text().startswith("Last 90 days")


def test_one_of_several_accounts_can_be_chosen(page: RatesPage, reader: Reader, ops: Ops, qtbot: QtBot) -> None:
    """The choice stands only where there is one; an account that was removed gives way to all."""
    mine, second = replace(ACCOUNT, id=1), replace(ACCOUNT, id=2, label="Second")
    page.set_accounts([mine])
    assert not page.account.isVisible()
    page.set_accounts([mine, second])
    assert page.account.isVisible()
    QTest.keyClick(page.account, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: ops.is_idle)
    assert reader.asked[-1][2] == 2
    page.set_accounts([mine])
    qtbot.waitUntil(lambda: ops.is_idle)
    assert reader.asked[-1][2] is None


def test_a_page_that_nobody_sees_reads_nothing(page: RatesPage, reader: Reader, ops: Ops, qtbot: QtBot) -> None:
    """A change while something else is shown is read when the page comes back, once."""
    page.hide()
    before = len(reader.asked)
    page.reload()
    page.reload()
    assert len(reader.asked) == before
    page.show()
    qtbot.waitUntil(lambda: ops.is_idle)
    assert len(reader.asked) == before + 1


def test_what_cannot_be_read_is_said(page: RatesPage, reader: Reader, qtbot: QtBot) -> None:
    """Old figures do not stand there as if they were of now, and the trouble is handed on."""
    reader.trouble = StoreTrouble("The disk is full.", "Make room.")
    with qtbot.waitSignal(page.failed) as failed:
        page.reload()
    assert failed.args == [reader.trouble]
    assert page.stack.currentWidget() is page.waiting
    assert page.waiting.text() == "This could not be read."


def test_a_slow_reading_says_that_it_reads(page: RatesPage) -> None:
    """After a moment the page says that it reads."""
    page._on_moment_over()
    assert (page.waiting.text(), page.waiting.isVisible()) == ("Reading…", True)


def painted(bar: RateBar) -> QImage:
    """Return the bar as it is painted."""
    return bar.grab().toImage()


def test_proven_is_solid_and_possible_is_hatched(themes: Themes) -> None:
    """Without colour the three parts of a bar differ: full, half, empty."""
    bar = RateBar(Glyph.OPENED, themes)
    bar.resize(201, 18)
    bar.set_rate(Rate(of=100, proven=30, possible=60))
    image, ink = painted(bar), QColor(bar.ink()).rgb()

    def full(start: int, end: int) -> float:
        dots = [image.pixel(x, y) == ink for x in range(start, end) for y in range(4, 14)]
        return sum(dots) / len(dots)

    assert full(6, 55) == 1.0
    assert 0.05 < full(65, 115) < 0.6
    assert full(130, 195) == 0.0
    destroy(bar)


def test_a_single_one_of_many_can_be_seen(themes: Themes) -> None:
    """One proven of ten thousand takes some pixels; nothing takes none."""
    bar = RateBar(Glyph.CLICKED, themes)
    bar.resize(201, 18)
    bar.set_rate(Rate(of=10_000, proven=1, possible=2))
    proven, possible = bar.ends()
    assert 2 < proven < possible < 10
    bar.set_rate(NONE)
    assert bar.ends() == (0.0, 0.0)
    destroy(bar)


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
def test_bars_read_in_both_themes(page: RatesPage, themes: Themes, theme: Theme) -> None:
    """Each bar's ink keeps 4.5:1 on the card it stands on, and is one of the checked inks."""
    themes.choose(theme)
    colours = DARK if theme is Theme.DARK else LIGHT
    inks = [row.bar.ink() for row in page.figures.rows]
    assert set(inks) <= set(colours.inks())
    assert min(contrast(ink, colours.raised) for ink in inks) >= 4.5


def test_the_window_leads_there_by_keyboard(filled: Store, open_window: Open, qtbot: QtBot) -> None:
    """Ctrl+5 shows the rates of the store, keyboard on the time."""
    window = open_window()
    QTest.keyClick(window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.ops.is_idle)
    assert window.places.currentIndex() == RATES
    assert window.focusWidget() is window.rates.periods[30]
    assert window.rates.figures.isVisible()
    assert said(window.rates)[0].startswith("Opened: ")
