"""The Trust page: what the relay holds, beside what it means; and the end of a channel."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from desktop.core.errors import Unreachable
from desktop.store.database import Store
from desktop.store.known import known_tags, known_tokens
from desktop.ui import trust_words
from desktop.ui.actions import RelayState
from desktop.ui.holding import HeldRow
from desktop.ui.ops import Ops
from desktop.ui.theme import Themes
from desktop.ui.trust_page import TrustPage
from relay.wire.answer import Answer, AnswerKind
from relay.wire.purpose import Purpose
from tests.ui.sample_data import HELD, STATIONS, FakeApp, octets


@pytest.fixture
def page(filled: Store, ops: Ops, themes: Themes, app: FakeApp) -> TrustPage:
    """Return the page with a relay connected."""
    page = TrustPage(filled, ops, app.actions().trust)
    page.show_stations(STATIONS)
    return page


def test_19_what_the_relay_holds_is_fetched_and_opened_there_and_then(
    page: TrustPage, app: FakeApp, qtbot: QtBot
) -> None:
    """Nothing is asked before the button; then each row stands as the relay sees it beside what it means."""
    assert app.calls == []
    page.look_button.click()
    qtbot.waitUntil(lambda: bool(page.rows))
    assert app.calls == [("held", None)]
    assert page.summary.text().replace("\u200b", "") == (
        "relay.larsen-office.example holds 1203 sealed signs, 1 sealed answer and 1 stop for you."
    )
    meanings = [means for _, means in page.rows]
    assert "the picture of “Offer” to Anna Berg was fetched" in meanings[4]
    assert "the link larsen-office.example/pricing of “Offer” to Anna Berg was used" in meanings[5]
    assert meanings[6].endswith("Lena Hoch wants what is recorded deleted")
    assert meanings[7] == "Petr Novák"


def test_19_what_the_relay_sees_names_nobody(page: TrustPage, qtbot: QtBot) -> None:
    """The left side holds keys, days, sizes and octets; no name, address, subject or destination."""
    page.look()
    qtbot.waitUntil(lambda: bool(page.rows))
    seen = "\n".join(seen for seen, _ in page.rows)
    assert "2026-05-06 · key" in seen
    assert HELD.hits[0].sealed[:12].hex() in seen
    assert not [word for word in ("Anna", "Lena", "Petr", "@", "Offer", "pricing") if word in seen]


def test_looking_leaves_the_keyboard_on_looking(page: TrustPage, qtbot: QtBot) -> None:
    """While the relay is asked the keyboard waits in what is said, never on the button that deletes."""
    behind = QWidget()
    qtbot.addWidget(behind)
    page.setParent(behind)
    behind.show()
    page.look_button.setFocus()
    QTest.keyClick(page.look_button, Qt.Key.Key_Space)
    assert page.message.has_keyboard
    qtbot.waitUntil(lambda: bool(page.rows))
    assert behind.focusWidget() is page.look_button


def test_nothing_of_a_look_is_kept(page: TrustPage, qtbot: QtBot) -> None:
    """Whoever leaves the page finds it empty again."""
    page.look()
    qtbot.waitUntil(lambda: bool(page.rows))
    page.forget()
    assert (page.rows, page.summary.isHidden()) == ([], True)


def test_a_relay_that_does_not_answer_is_said(page: TrustPage, app: FakeApp, qtbot: QtBot) -> None:
    """A failure is said in its own words, and can be tried again."""
    app.refuses = Unreachable("The relay does not answer.", "Try again later.")
    page.look()
    qtbot.waitUntil(lambda: "does not answer" in page.message.text())
    assert page.look_button.isEnabled()


def test_without_a_relay_there_is_nothing_to_look_at(page: TrustPage) -> None:
    """The page says that none is connected, and offers neither button."""
    page.show_stations(replace(STATIONS, relay=RelayState.NONE))
    assert page.message.text() == trust_words.NO_RELAY
    assert [page.look_button.isEnabled(), page.delete_button.isEnabled()] == [False, False]


def test_deleting_the_channel_says_what_stays_and_asks_first(page: TrustPage, app: FakeApp, qtbot: QtBot) -> None:
    """Keeping deletes nothing; deleting does, and says that links and stop pages live on."""
    behind = QWidget()
    qtbot.addWidget(behind)
    page.setParent(behind)
    behind.show()
    for verb in ("&Keep", "&Delete"):
        assert app.calls == []
        page.delete_button.click()
        box = next(each for each in behind.findChildren(QMessageBox) if each.isVisible())
        assert "stop pages go on working" in box.informativeText()
        next(button for button in box.buttons() if button.text() == verb).click()
    qtbot.waitUntil(lambda: page.message.text() == trust_words.DELETED)
    assert app.calls == [("delete_channel", None)]
    assert not page.look_button.isEnabled()


def test_what_is_not_known_here_is_not_guessed(filled: Store) -> None:
    """A row of another key, and one of a mail that this store does not know, are said to be that."""
    strange = HELD.hits[0].opened
    assert strange is not None
    closed: HeldRow[Answer] = HeldRow(key=b"12345678", day="2026-05-06", sealed=b"x", opened=None)
    assert trust_words.answer_means(closed, {}, {}).startswith("Sealed to another key")
    hit = HeldRow(key=b"12345678", day="2026-05-06", sealed=b"x", opened=strange)
    assert trust_words.hit_means(hit, {}).endswith("a request for a mail that this computer does not know")
    assert trust_words.stop_means(b"12345678", {}) == "Somebody this computer does not know"


@pytest.mark.parametrize(
    ("kind", "purposes", "said"),
    [
        (AnswerKind.CONSENT, {Purpose.OPENS}, "said yes to opens"),
        (AnswerKind.CONSENT, (), "said no"),
        (AnswerKind.CONFIRM, (), "pressed “I have read it” in “Offer”"),
        (AnswerKind.DELETE, (), "wants what is recorded deleted"),
    ],
)
def test_each_answer_has_words(filled: Store, kind: AnswerKind, purposes: set[Purpose], said: str) -> None:
    """What was pressed is said with the person's name."""
    token_id = octets("8anna.berg@fjord.exampleopen", 12)
    answer = Answer(id=bytes(16), kind=kind, token_id=token_id, tag=bytes(8), at_ms=0, purposes=frozenset(purposes))
    row = HeldRow(key=b"12345678", day="1970-01-01", sealed=b"x", opened=answer)
    known = known_tokens(filled, [token_id, bytes(12)])
    assert trust_words.answer_means(row, known, {}).endswith(f"Anna Berg {said}")


def test_tags_are_known_by_their_people(filled: Store) -> None:
    """A tag leads to the person's name, and one of nobody here to nothing."""
    tag = octets("tagp.novak@novak-sons.example", 8)
    assert known_tags(filled, [tag, bytes(8)]) == {tag: "Petr Novák"}
