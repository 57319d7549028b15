"""Permission per person: recorded with its ground, withdrawn, and never taken back from someone who said no."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from desktop.core.permission import Method, Standing
from desktop.store.database import Store
from desktop.store.people import permission_of, record_grant
from desktop.ui import words
from desktop.ui.grant_dialog import GrantDialog
from desktop.ui.main_window import MainWindow
from relay.wire.purpose import Purpose
from tests.ui.sample_data import NOW

Open = Callable[[], MainWindow]


def form_of(window: MainWindow) -> GrantDialog:
    """Return the open form."""
    return next(each for each in window.findChildren(GrantDialog) if each.isVisible())


def test_a_permission_is_recorded_by_keyboard(store: Store, open_window: Open, qtbot: QtBot) -> None:
    """Who, what, how and evidence typed into the form stand in the ledger, and the person is shown."""
    window = open_window()
    window.show_people()
    window.ask_permission()
    form = form_of(window)
    QTest.keyClicks(form._address, "Anna@Fjord.example")
    QTest.keyClicks(form._name, "Anna Berg")
    QTest.keyClicks(form._evidence, "On the phone")
    assert (form._opens.isChecked(), form._clicks.isChecked()) == (False, False)
    QTest.keyClick(form._opens, Qt.Key.Key_Space)
    QTest.keyClick(form._record, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: permission_of(store, "anna@fjord.example").standing is Standing.GRANTED)
    kept = permission_of(store, "anna@fjord.example")
    assert (kept.purposes, kept.method, kept.evidence) == (frozenset({Purpose.OPENS}), Method.SPOKEN, "On the phone")
    qtbot.waitUntil(lambda: window.people.list.current_key() == "anna@fjord.example")
    assert window.toast.texts()[0] == "Recorded: you may see opens of Anna Berg"
    window.toast.choose()
    qtbot.waitUntil(lambda: permission_of(store, "anna@fjord.example").standing is Standing.UNKNOWN)
    qtbot.waitUntil(lambda: window.toast.texts()[0] == "Taken back: it is as it was before")


@pytest.mark.parametrize(
    ("address", "is_ticked", "evidence", "said"),
    [
        ("no address", True, "yes", "not a mail address"),
        ("", True, "yes", "The address is missing."),
        ("a@b.example", False, "yes", "at least one"),
        ("a@b.example", True, "  ", "how you know"),
    ],
)
def test_half_a_permission_is_none(
    store: Store, open_window: Open, *, address: str, is_ticked: bool, evidence: str, said: str
) -> None:
    """Without an address, a purpose or evidence nothing is recorded and the form says what is missing."""
    window = open_window()
    window.ask_permission()
    form = form_of(window)
    form._address.setText(address)
    form._opens.setChecked(is_ticked)
    form._evidence.setPlainText(evidence)
    QTest.keyClick(form._record, Qt.Key.Key_Space)
    assert form.isVisible()
    assert said in form._message.text()
    assert permission_of(store, "a@b.example").standing is Standing.UNKNOWN


def test_a_withdrawal_is_asked_for_and_kept(filled: Store, open_window: Open, qtbot: QtBot) -> None:
    """Withdrawing asks first; kept as it is where the user keeps it, withdrawn where they say so."""
    window = open_window()
    window.show_people()
    window.people.list.select_key("anna.berg@fjord.example")
    for wanted, standing in (("&Keep", Standing.GRANTED), ("&Withdraw", Standing.WITHDRAWN)):
        window.people.view._withdraw.click()
        box = next(each for each in window.findChildren(QMessageBox) if each.isVisible())
        assert "not even about mail they already have" in box.informativeText()
        next(button for button in box.buttons() if button.text() == wanted).click()
        qtbot.waitUntil(lambda: window.ops.is_idle)
        assert permission_of(filled, "anna.berg@fjord.example").standing is standing


@pytest.mark.parametrize(
    ("address", "can_record", "can_withdraw"),
    [
        ("anna.berg@fjord.example", True, True),
        ("office@fjord.example", True, True),
        ("p.novak@novak-sons.example", False, False),
    ],
)
def test_only_what_may_be_done_is_offered(
    filled: Store, open_window: Open, address: str, can_record: bool, can_withdraw: bool
) -> None:
    """Someone who stopped has no button at all; others have what fits."""
    window = open_window()
    window.show_people()
    assert window.people.list.select_key(address)
    assert window.people.view._record.isVisible() is can_record
    assert window.people.view._withdraw.isVisible() is can_withdraw


def test_a_stopped_person_cannot_be_granted_by_the_form(filled: Store, open_window: Open, qtbot: QtBot) -> None:
    """Even typed in as somebody new, a person who stopped stays stopped; the form says why and keeps what was typed."""
    window = open_window()
    window.ask_permission()
    form = form_of(window)
    form._address.setText("p.novak@novak-sons.example")
    form._clicks.setChecked(True)
    form._evidence.setPlainText("He said so")
    QTest.keyClick(form._record, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "only they" in form._message.text().lower())
    assert permission_of(filled, "p.novak@novak-sons.example").standing is Standing.STOPPED
    assert form.isVisible()
    assert form._record.isEnabled()
    assert (form._evidence.toPlainText(), form._clicks.isChecked()) == ("He said so", True)


@pytest.mark.parametrize(
    ("purposes", "carried"),
    [
        (frozenset(Purpose), "a picture and tracked links,"),
        (frozenset({Purpose.OPENS}), "a picture,"),
        (frozenset({Purpose.CLICKS}), "tracked links,"),
    ],
)
def test_what_mail_carries_is_what_was_allowed(purposes: frozenset[Purpose], carried: str) -> None:
    """The page names the picture and the links as far as they were allowed, and no further."""
    assert words.carries_line(purposes) == f"Mail to them carries {carried} and a line that says so."


def test_nobody_yet_says_what_to_do(open_window: Open) -> None:
    """An empty list of people explains how tracking starts and offers the form."""
    window = open_window()
    window.show_people()
    assert window.people._empty.isVisible()
    window.people._empty.button.click()
    assert form_of(window).isVisible()


def test_the_conversation_leads_to_the_form(filled: Store, open_window: Open, qtbot: QtBot) -> None:
    """Beside an untracked copy stands the button that records its person's permission."""
    window = open_window()
    window.view.permission_asked.emit("office@fjord.example")
    assert form_of(window)._address.text() == "office@fjord.example"
    assert form_of(window)._address.isReadOnly()


def test_people_can_be_searched(filled: Store, open_window: Open) -> None:
    """The list keeps those whose name or address holds all words."""
    window = open_window()
    window.show_people()
    window.people.search.setText("fjord anna")
    assert [window.people.model.card_at(row).title for row in range(window.people.model.rowCount())] == ["Anna Berg"]
    window.people.search.setText("no such person")
    assert window.people._nobody.isVisible()
    window.people.search.clear()
    assert window.people.list.isVisible()


def test_a_change_opens_with_what_stands(store: Store, open_window: Open, qtbot: QtBot) -> None:
    """Boxes, ground and evidence are as recorded, so that recording one more purpose loses nothing."""
    purposes = frozenset({Purpose.CLICKS, Purpose.PLACE})
    record_grant(
        store,
        address="anna@fjord.example",
        name="Anna Berg",
        purposes=purposes,
        method=Method.CONTRACT,
        evidence="Contract of 3 May",
        at=NOW,
    )
    window = open_window()
    window.show_people()
    qtbot.waitUntil(lambda: window.people.list.current_key() == "anna@fjord.example")
    QTest.keyClick(window.people.view._record, Qt.Key.Key_Space)
    form = form_of(window)
    assert form.windowTitle() == "Change permission"
    ticked = [box.isChecked() for box in (form._opens, form._clicks, form._reading, form._place)]
    assert ticked == [False, True, False, True]
    QTest.keyClick(form._opens, Qt.Key.Key_Space)
    # What was known of links alone is no evidence of more.
    assert form._evidence.toPlainText() == ""
    form._evidence.setPlainText("On the phone again")
    QTest.keyClick(form._record, Qt.Key.Key_Space)
    wanted = frozenset({Purpose.OPENS, Purpose.CLICKS, Purpose.PLACE})
    qtbot.waitUntil(lambda: permission_of(store, "anna@fjord.example").purposes == wanted)
    kept = permission_of(store, "anna@fjord.example")
    assert (kept.method, kept.evidence) == (Method.CONTRACT, "On the phone again")


def test_somebody_without_a_permission_gets_an_empty_form(filled: Store, open_window: Open, qtbot: QtBot) -> None:
    """Where nothing stands, nothing is ticked and no evidence stands there."""
    window = open_window()
    window.people.ask_permission("office@fjord.example")
    form = form_of(window)
    ticked = [box.isChecked() for box in (form._opens, form._clicks, form._place)]
    assert (form.windowTitle(), ticked, form._evidence.toPlainText()) == ("Record permission", [False] * 3, "")
