"""The list of cards keeps Qt's contract, whatever rows come, and keeps its selection while they move."""

import random
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from desktop.ui.card_list import CardList
from desktop.ui.card_model import CARD_ROLE, CardModel, CardText, Column
from desktop.ui.glyphs import Glyph
from desktop.ui.theme import Themes


def card(key: int, status: str = "Sent") -> CardText:
    """Return a card."""
    return CardText(key=key, glyph=Glyph.SENT, title=f"Person {key}", corner="11:42", middle="Offer", status=status)


@pytest.fixture
def model(qtbot: QtBot) -> Iterator[CardModel]:
    """Yield a model under Qt's own tester, which ends the test at the first broken promise."""
    model = CardModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    yield model
    tester.deleteLater()


def test_any_replacement_keeps_the_contract(model: CardModel) -> None:
    """After any sequence of replacements the model holds exactly the cards it was given."""
    dice = random.Random(7)
    for _ in range(200):
        keys = dice.sample(range(30), dice.randrange(20))
        wanted = [card(key, dice.choice(["Sent", "Opened"])) for key in keys]
        model.replace(wanted)
        assert wanted == [model.card_at(row) for row in range(model.rowCount())]


def test_an_unchanged_list_says_nothing(model: CardModel, qtbot: QtBot) -> None:
    """Reading the same rows again repaints nothing; one changed row is announced alone."""
    model.replace([card(1), card(2), card(3)])
    told: list[int] = []
    model.dataChanged.connect(lambda first, last: told.extend((first.row(), last.row())))
    with qtbot.assertNotEmitted(model.rowsInserted), qtbot.assertNotEmitted(model.rowsMoved):
        model.replace([card(1), card(2), card(3)])
        assert told == []
        model.replace([card(1), card(2, "Opened"), card(3)])
    assert told == [1, 1]


def test_a_card_is_spoken(model: CardModel) -> None:
    """A screen reader hears name, subject, status and time."""
    model.replace([card(1)])
    index = model.index(0, Column.CARD)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Person 1. Offer. Sent. 11:42"
    assert index.data(CARD_ROLE) == card(1)


def test_selection_follows_a_moving_row(model: CardModel, themes: Themes, qtbot: QtBot) -> None:
    """A conversation that comes to the top stays the selected one."""
    shown = CardList(model, themes)
    qtbot.addWidget(shown)
    model.replace([card(key) for key in range(20)])
    shown.select_key(15)
    model.replace([card(15, "Opened"), *(card(key) for key in range(20) if key != 15)])
    assert shown.current_key() == 15
    assert shown.currentIndex().row() == 0


def test_arrows_choose_and_enter_opens(model: CardModel, themes: Themes, qtbot: QtBot) -> None:
    """The keyboard alone reaches every card and its detail."""
    shown = CardList(model, themes)
    qtbot.addWidget(shown)
    model.replace([card(1), card(2)])
    shown.show()
    shown.select_key(1)
    with qtbot.waitSignal(shown.chosen) as chosen:
        QTest.keyClick(shown, Qt.Key.Key_Down)
    assert chosen.args == [2]
    with qtbot.waitSignal(shown.opened):
        QTest.keyClick(shown, Qt.Key.Key_Return)
