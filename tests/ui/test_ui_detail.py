"""Where and on what somebody read is told only while they allow it, in the lines and in what stands behind them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop.core.where import Place
from desktop.store.accounts import save_account
from desktop.store.database import Store
from desktop.store.mail import cards
from desktop.store.people import record_stops, withdraw
from desktop.ui.detail import read_detail
from desktop.ui.main_window import MainWindow
from desktop.ui.where_words import reading_text
from relay.wire.labels import Network
from relay.wire.purpose import Purpose
from tests.ui.sample_data import ACCOUNT, BOTH, NOW, THUNDERBIRD, FakeApp, Sample, To, octets

Open = Callable[[], MainWindow]
ANNA = "anna.berg@fjord.example"
PLACED = BOTH | {Purpose.PLACE}
BAVARIA = Place(country="Germany", region="Bavaria")
SAID = "on Linux, about Bavaria, Germany"


def opened(store: Store, *, sent_for: frozenset[Purpose], allowed: frozenset[Purpose] | None) -> None:
    """Let a mail that was sent for some purposes be opened by somebody who allows some now, or nothing at all."""
    save_account(store, ACCOUNT)
    sample, at = Sample(store), NOW - timedelta(minutes=50)
    if allowed is not None:
        sample.grant(ANNA, "Anna Berg", allowed)
    sample.message("Offer", [To(ANNA, "Anna Berg", purposes=sent_for)], at)
    sample.hit(ANNA, at + timedelta(minutes=3), agent=THUNDERBIRD)


def told(store: Store) -> tuple[list[str], list[str]]:
    """Return what is read of who and where, and which networks were looked up for it."""
    looked_up: list[str] = []

    def place_of(network: Network) -> Place:
        looked_up.append(str(network))
        return BAVARIA

    detail = read_detail(store, cards(store)[0].id, place_of)
    assert detail is not None
    return [reading_text(each) for each in detail.readings.values()], looked_up


def test_place_is_told_where_the_mail_and_the_person_allow_it(store: Store) -> None:
    """Sent with that permission, which still stands, a hit has a device and a place."""
    opened(store, sent_for=PLACED, allowed=PLACED)
    assert told(store) == ([SAID], ["203.0.113.0/24"])


@pytest.mark.parametrize(
    ("sent_for", "allowed"),
    [(BOTH, PLACED), (PLACED, BOTH), (PLACED, None)],
    ids=["mail of before", "less is allowed now", "nothing is allowed now"],
)
def test_without_both_nothing_is_even_looked_up(
    store: Store, sent_for: frozenset[Purpose], allowed: frozenset[Purpose] | None
) -> None:
    """A permission that came later opens no earlier mail, and one that is over closes what was sent under it."""
    opened(store, sent_for=sent_for, allowed=allowed)
    assert told(store) == ([], [])


@pytest.mark.parametrize("has_stopped", [True, False], ids=["stopped", "withdrew"])
def test_after_a_no_nothing_is_told_of_earlier_mail(store: Store, *, has_stopped: bool) -> None:
    """Who pressed Stop, or told the user no, is not told of any more, though the mail was sent with that permission."""
    opened(store, sent_for=PLACED, allowed=PLACED)
    assert told(store)[0] == [SAID]
    if has_stopped:
        record_stops(store, [octets(f"tag{ANNA}", 8)], NOW)
    else:
        withdraw(store, ANNA, NOW)
    assert told(store) == ([], [])


def lines(window: MainWindow) -> list[str]:
    """Return the sentences of the conversation."""
    return [each.text().replace("\u200b", "") for each in window.view.findChildren(QLabel)]


def behind(window: MainWindow) -> str:
    """Return what the button at the hit's line says of its evidence."""
    found = window.view.findChildren(QPushButton)
    return next(each.accessibleDescription() for each in found if each.objectName().startswith("hit-"))


def test_a_reading_stands_under_its_line(store: Store, app: FakeApp, open_window: Open, qtbot: QtBot) -> None:
    """Who and where is a sentence of its own under its line; network and program stand behind it."""
    opened(store, sent_for=PLACED, allowed=PLACED)
    app.places["203.0.113.0/24"] = BAVARIA
    window = open_window()
    window.show_conversations()
    qtbot.waitUntil(lambda: "On Linux, about Bavaria, Germany." in lines(window))
    assert behind(window).startswith("Network 203.0.113.0/24, on no published list\nProgram Mozilla/5.0")


def test_without_place_lists_and_rule_are_all(store: Store, open_window: Open, qtbot: QtBot) -> None:
    """Whose place may not be known, of them neither network nor program stands behind a line; the rule does."""
    opened(store, sent_for=BOTH, allowed=BOTH)
    window = open_window()
    window.show_conversations()
    qtbot.waitUntil(lambda: "A person opened it in Thunderbird." in lines(window))
    assert behind(window) == "On no published list\nRule mail-client, sure"
