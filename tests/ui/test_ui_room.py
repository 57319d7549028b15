"""What is longer or wider than the room there is: cut, with the whole at hand, or made to fit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop.core.arrival import ArrivalKind
from desktop.core.status import Rung
from desktop.store.accounts import save_account
from desktop.store.database import Store
from desktop.ui import frame, screen_room, words
from desktop.ui.clamped import ClampedLabel
from desktop.ui.labels import Role, plain
from desktop.ui.ladder import Ladder
from desktop.ui.main_window import MainWindow
from desktop.ui.rungs import LadderStep, Proof
from desktop.ui.theme import Themes
from tests.ui.sample_arrivals import ANNA, LENA, MARCO, READ_ACCOUNT, Mailboxes
from tests.ui.sample_data import NOW, FakeApp, FakePractice

Open = Callable[[], MainWindow]
LONG = "Quarterly figures, the corrected appendix and what we said about the delivery dates " * 12


def tooltip_of(widget: QWidget) -> str:
    """Return the tooltip a pointer on the widget brings up."""
    at = widget.rect().center()
    QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, at, widget.mapToGlobal(at)))
    return widget.toolTip()


def height_of(lines: int, role: Role) -> int:
    """Return how high so many lines are in an ordinary label."""
    return plain("\n".join("x" * lines), role, wraps=True).heightForWidth(500)


@pytest.mark.parametrize("lines", [1, 2, 3])
@pytest.mark.parametrize("width", [180, 320, 700])
def test_a_long_text_takes_so_many_lines(qtbot: QtBot, lines: int, width: int) -> None:
    """It ends in an ellipsis where its lines end; the whole is its tooltip and what a screen reader says."""
    label = ClampedLabel(LONG, Role.TITLE, lines=lines)
    qtbot.addWidget(label)
    label.resize(width, label.heightForWidth(width))
    label.show()
    assert label.text().endswith("…")
    assert label.heightForWidth(width) == height_of(lines, Role.TITLE)
    assert (tooltip_of(label), label.accessibleName(), label.whole_text()) == (LONG, LONG, LONG)


def test_a_short_text_is_shown_whole(qtbot: QtBot) -> None:
    """What has room is not cut and has no tooltip; made wide enough, a cut text is whole again."""
    label = ClampedLabel("Quarterly figures of the north", Role.TITLE, lines=1)
    qtbot.addWidget(label)
    label.resize(90, 30)
    label.show()
    assert label.is_cut()
    label.resize(900, 30)
    assert not label.is_cut()
    assert (label.text(), tooltip_of(label)) == ("Quarterly figures of the north", "")


@pytest.mark.parametrize("name", ["<b>x</b> & co. " * 40, "x" * 900, "a\u202eb " * 300])
def test_a_stranger_s_text_is_cut_as_text(qtbot: QtBot, name: str) -> None:
    """Markup stays characters, and a word without end is cut as well."""
    label = ClampedLabel(name, Role.STRONG, lines=2)
    qtbot.addWidget(label)
    label.resize(300, label.heightForWidth(300))
    label.show()
    assert label.heightForWidth(300) == height_of(2, Role.STRONG)
    assert "<b>" not in tooltip_of(label)


def test_a_long_subject_leaves_room_for_the_conversation(store: Store, open_window: Open, qtbot: QtBot) -> None:
    """The subject at the head of a conversation takes three lines; what became of the mail stands in sight below."""
    Mailboxes(store).sent(LONG, NOW - timedelta(hours=2), ANNA)
    window = open_window()
    window.show_conversations()
    qtbot.waitUntil(lambda: window.ops.is_idle and window.view.shown is not None)
    title = window.view.findChild(ClampedLabel)
    assert isinstance(title, ClampedLabel)
    assert title.height() == height_of(3, Role.TITLE)
    assert title.whole_text() == LONG.strip()


def test_a_long_notice_keeps_to_its_corner(store: Store, open_window: Open) -> None:
    """A pop-up's title takes two lines, and all of it can still be read."""
    window = open_window()
    window.toast.show_notice(f"Anna Berg opened “{LONG}”", "11:42, Outlook, first time", button="Show")
    short = window.toast.height()
    window.toast.show_notice(f"Anna Berg opened “{LONG * 4}”", "11:42, Outlook, first time", button="Show")
    assert window.toast.height() == short
    assert window.toast.texts()[0] == f"Anna Berg opened “{LONG * 4}”"
    assert window.rect().contains(window.toast.geometry())


@pytest.mark.parametrize(("room", "size"), [(QSize(853, 493), QSize(853, 493)), (QSize(1920, 1040), QSize(1100, 720))])
def test_the_window_fits_the_screen_it_opens_on(
    app: FakeApp, open_window: Open, monkeypatch: pytest.MonkeyPatch, room: QSize, size: QSize
) -> None:
    """A small screen makes a smaller window, with the practice dock too; a large one leaves it as it is meant."""
    for module in (frame, screen_room):
        monkeypatch.setattr(module, "screen_room", lambda _: room)
    app.practice = FakePractice()
    window = open_window()
    assert window.size() == size
    assert window.minimumSize().boundedTo(room) == window.minimumSize()


def test_the_room_of_a_screen_leaves_the_title_bar_in_sight(qtbot: QtBot) -> None:
    """What a window may take is the screen without the bar above it."""
    widget = QWidget()
    qtbot.addWidget(widget)
    whole = widget.screen().availableGeometry().size()
    assert screen_room.screen_room(widget) == QSize(whole.width(), whole.height() - 40)


def test_what_is_due_names_whom_it_is_about(store: Store, open_window: Open, qtbot: QtBot) -> None:
    """Of several recipients the one it is about is named; where there is one, nobody need be."""
    save_account(store, replace(READ_ACCOUNT, id=0))
    mail = Mailboxes(store)
    mail.sent("Lamps", NOW - timedelta(days=9), MARCO)
    offer = mail.sent("Offer", NOW - timedelta(days=8), ANNA, LENA)
    mail.came(ArrivalKind.MAIL, "Re: Offer", ANNA, NOW - timedelta(days=7), offer)
    window = open_window()
    window.show_conversations()
    said = {}
    for row in range(window.threads.model.rowCount()):
        card = window.threads.model.card_at(row)
        window.threads.list.select_key(card.key)
        qtbot.waitUntil(lambda: window.ops.is_idle and window.view.strip is not None)
        assert window.view.strip is not None
        said[card.middle] = window.view.strip.text()
    assert said["Offer"].startswith("Lena Hoch: No answer")
    assert said["Lamps"].startswith("No answer")


def steps(highest: Rung) -> tuple[LadderStep, ...]:
    """Return a ladder that is proven up to a step."""
    reached = (Proof.PROVEN if rung <= highest else Proof.OPEN for rung in Rung)
    return tuple(LadderStep(rung=rung, proof=proof, at=None) for rung, proof in zip(Rung, reached, strict=True))


@pytest.mark.parametrize("width", [160, 240, 330])
@pytest.mark.parametrize("highest", list(Rung))
def test_a_narrow_ladder_names_where_it_is_and_what_comes_next(
    themes: Themes, qtbot: QtBot, width: int, highest: Rung
) -> None:
    """Two labels, beside each other and inside; the tooltip says all steps."""
    ladder = Ladder(steps(highest), themes, lambda: NOW)
    qtbot.addWidget(ladder)
    ladder.resize(width, ladder.sizeHint().height())
    rooms = ladder.label_rooms()
    at = list(Rung).index(highest)
    assert list(rooms) == [index for index in (at, at + 1) if index < len(Rung)]
    assert all(room.left() >= 0 and room.right() <= width for room in rooms.values())
    assert all(one.right() < other.left() for one, other in pairwise(rooms.values()))
    assert [part.partition(":")[0] for part in tooltip_of(ladder).split(", ")] == [words.RUNGS[rung] for rung in Rung]


def test_a_wide_ladder_names_every_step(themes: Themes, qtbot: QtBot) -> None:
    """Where all labels have room, all are there, and the tooltip repeats none."""
    ladder = Ladder(steps(Rung.OPENED), themes, lambda: NOW)
    qtbot.addWidget(ladder)
    ladder.resize(900, ladder.sizeHint().height())
    assert len(ladder.label_rooms()) == len(Rung)
    assert tooltip_of(ladder) == ""
