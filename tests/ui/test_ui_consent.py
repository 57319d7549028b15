"""A person's card: where they stand and how that is known, what holds for them alone, and what can be done."""

import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from desktop.core.donottrack import parse_line
from desktop.core.errors import StoreTrouble, Trouble
from desktop.core.grounds import AskWhen, Policy
from desktop.core.ledger import Event
from desktop.core.permission import Method, Standing
from desktop.store.database import Store
from desktop.store.do_not_track import add, entries
from desktop.store.ledger import history
from desktop.store.people import PersonRow, people, permission_of
from desktop.ui import consent_words, person_words
from desktop.ui.grant_dialog import GrantDialog
from desktop.ui.main_window import MainWindow
from desktop.ui.ops import Ops
from desktop.ui.person_choices import PersonChoice, PersonChoices
from desktop.ui.person_deeds import PersonDeeds, write_private
from desktop.ui.person_history import PersonHistory
from desktop.ui.person_view import Deed, PersonView
from desktop.ui.theme import Themes
from relay.wire.purpose import Purpose
from relay.wire.wording import asked_text
from tests.ui.sample_asks import ASKED_AT, CLAIMS, ask, press
from tests.ui.sample_data import NOW, FakeApp

Open = Callable[[], MainWindow]
ANNA, BEN, CLARA = "anna@fjord.example", "ben@fjord.example", "clara@fjord.example"


@pytest.fixture
def asked(store: Store) -> Store:
    """Return a store in which Anna agreed to opens, Ben said no, and Clara has not answered."""
    for address, name in ((ANNA, "Anna Berg"), (BEN, "Ben Berg"), (CLARA, "Clara Berg")):
        ask(store, address, name)
    press(store, ANNA, {Purpose.OPENS})
    press(store, BEN, ())
    return store


def person(store: Store, address: str) -> PersonRow:
    """Return a person as the page reads them."""
    return next(row for row in people(store) if row.address == address)


@pytest.mark.parametrize(
    ("address", "said", "offered"),
    [
        (ANNA, "Agreed on the page on 5 May", {Deed.RECORD, Deed.WITHDRAW, Deed.LIST}),
        (BEN, "Said no when asked", {Deed.ASK, Deed.LIST}),
        (CLARA, "Asked on 4 May; no answer yet", {Deed.RECORD, Deed.WITHDRAW, Deed.ASK, Deed.LIST}),
    ],
)
def test_a_card_says_where_a_person_stands_and_offers_what_fits(
    asked: Store, themes: Themes, address: str, said: str, offered: set[Deed]
) -> None:
    """A yes and a no on the page and an open question are told apart; nobody who said no can be recorded."""
    view = PersonView(themes)
    view.show_person(person(asked, address))
    always = {Deed.EXPORT, Deed.ERASE}
    assert view._standing.text() == said
    assert {deed for deed, button in view.buttons.items() if not button.isHidden()} == offered | always


def test_6_the_card_shows_method_language_and_the_wording_in_full(asked: Store) -> None:
    """The ledger's row of a yes says what was agreed to and unfolds the exact text that was shown."""
    shown = PersonHistory()
    shown.show_entries(history(asked, ANNA))
    sentences = [row.sentence.text() for row in shown.rows]
    assert sentences[0] == "They agreed on the page: you may see opens."
    button = shown.rows[0].button
    assert button is not None
    button.click()
    assert shown.rows[0].wording.text().replace("\u200b", "") == f"English:\n{asked_text(CLAIMS)}"
    assert not shown.rows[0].wording.isHidden()
    button.click()
    assert shown.rows[0].wording.isHidden()


def test_6_what_the_user_recorded_is_shown_as_theirs(filled: Store) -> None:
    """A permission that the user recorded is never shown as one of the page."""
    (entry,) = history(filled, "anna.berg@fjord.example")
    assert person_words.entry_sentence(entry) == "You recorded that you may see opens and clicks."
    assert person_words.entry_detail(entry) == "They told me: On the phone after the demo, 3 May"
    assert person_words.wording_text(entry) == ""
    facts = dict(person_words.facts_of(person(filled, "anna.berg@fjord.example")))
    assert facts["How"] == "You recorded: they told you."


def test_every_event_of_the_ledger_has_words() -> None:
    """No row of the ledger can be shown without a sentence."""
    assert set(person_words.EVENTS) == set(Event)


def test_a_listed_person_is_let_alone_whatever_stands(asked: Store, themes: Themes) -> None:
    """Somebody on the do-not-track list is shown so, is not to be asked, and can be taken off again."""
    add(asked, parse_line("fjord.example"), "", NOW)
    row = person(asked, CLARA)
    assert person_words.person_card(row).status.startswith("On your do-not-track list")
    view = PersonView(themes)
    view.show_person(row)
    assert view._meaning.text() == consent_words.LISTED
    hidden = [view.buttons[deed].isHidden() for deed in (Deed.ASK, Deed.LIST, Deed.UNLIST)]
    assert hidden == [True, True, False]


class Heard:
    """What the deeds say, in order."""

    def __init__(self, deeds: PersonDeeds) -> None:
        """Listen."""
        self.told: list[str] = []
        self.undo: Callable[[], None] | None = None
        self.troubles: list[Trouble] = []
        deeds.told.connect(self.told.append)
        deeds.undoable.connect(self._on_undoable)
        deeds.failed.connect(self.troubles.append)

    def _on_undoable(self, said: str, undo: Callable[[], None]) -> None:
        self.told.append(said)
        self.undo = undo


@pytest.fixture
def view(themes: Themes) -> PersonView:
    """Return a view for boxes to open over."""
    return PersonView(themes)


@pytest.fixture
def deeds(asked: Store, ops: Ops, view: PersonView, app: FakeApp) -> PersonDeeds:
    """Return what does things for people."""
    later = NOW + timedelta(days=1)
    return PersonDeeds(view, asked, ops, app.actions().erase_person, lambda: later)


def box_of(view: PersonView) -> QMessageBox:
    """Return the box that asks."""
    return next(each for each in view.findChildren(QMessageBox) if each.isVisible())


def answer(view: PersonView, verb: str) -> None:
    """Press a button of the box that asks."""
    next(button for button in box_of(view).buttons() if button.text() == verb).click()


def test_never_tracking_somebody_can_be_taken_back(asked: Store, deeds: PersonDeeds, ops: Ops, qtbot: QtBot) -> None:
    """A person is put on the list by address, and taken off by what was offered with it."""
    heard = Heard(deeds)
    deeds.do(Deed.LIST, person(asked, CLARA))
    qtbot.waitUntil(lambda: heard.undo is not None)
    assert [row.entry.value for row in entries(asked)] == [CLARA]
    assert person(asked, CLARA).is_listed
    assert heard.undo is not None
    heard.undo()
    qtbot.waitUntil(lambda: not entries(asked))
    assert not person(asked, CLARA).is_listed


def test_an_entry_for_more_than_one_person_is_not_taken_off_from_one_card(
    asked: Store, deeds: PersonDeeds, qtbot: QtBot
) -> None:
    """Where a domain names a person the card says where to change that, and the entry stays."""
    add(asked, parse_line("fjord.example"), "", NOW)
    heard = Heard(deeds)
    deeds.do(Deed.UNLIST, person(asked, CLARA))
    qtbot.waitUntil(lambda: bool(heard.troubles))
    assert "Settings, Do not track" in heard.troubles[0].cure
    assert len(entries(asked)) == 1


def test_5_asking_by_hand_waits_180_days(asked: Store, deeds: PersonDeeds, qtbot: QtBot) -> None:
    """Who was asked two days ago is not asked again; the reason is said."""
    heard = Heard(deeds)
    deeds.do(Deed.ASK, person(asked, CLARA))
    qtbot.waitUntil(lambda: bool(heard.troubles))
    assert not person(asked, CLARA).is_asking_wanted


def test_5_after_180_days_the_next_mail_asks_where_the_user_says_so(
    store: Store, ops: Ops, view: PersonView, app: FakeApp, qtbot: QtBot
) -> None:
    """Half a year after a question that nobody answered it may be put once more, and that can be taken back."""
    ask(store, CLARA, "Clara Berg")
    later = ASKED_AT + timedelta(days=181)
    deeds = PersonDeeds(view, store, ops, app.actions().erase_person, lambda: later)
    heard = Heard(deeds)
    deeds.do(Deed.ASK, person(store, CLARA))
    qtbot.waitUntil(lambda: heard.undo is not None)
    assert person(store, CLARA).is_asking_wanted
    view.show_person(person(store, CLARA))
    assert (view._wanted.text(), view.buttons[Deed.ASK].isHidden()) == (consent_words.ASK_WANTED, True)
    deeds.do(Deed.DO_NOT_ASK, person(store, CLARA))
    qtbot.waitUntil(lambda: not person(store, CLARA).is_asking_wanted)


def test_after_a_no_asking_again_is_asked_about_first(
    store: Store, ops: Ops, view: PersonView, app: FakeApp, qtbot: QtBot
) -> None:
    """The question goes into a mail to somebody who refused only once the user says that they asked for it."""
    ask(store, BEN, "Ben Berg")
    press(store, BEN, ())
    later = ASKED_AT + timedelta(days=181)
    deeds = PersonDeeds(view, store, ops, app.actions().erase_person, lambda: later)
    view.show()
    for verb, is_wanted in (("&Keep", False), ("&Ask them", True)):
        deeds.do(Deed.ASK, person(store, BEN))
        assert "because they asked you" in box_of(view).informativeText()
        answer(view, verb)
        qtbot.waitUntil(lambda: ops.is_idle)
        assert person(store, BEN).is_asking_wanted is is_wanted
    assert permission_of(store, BEN).standing is Standing.DENIED


def test_16_erasing_says_what_it_does_and_asks_first(
    asked: Store, deeds: PersonDeeds, view: PersonView, app: FakeApp, qtbot: QtBot
) -> None:
    """What is deleted and what mark stays is said before; keeping erases nobody."""
    view.show()
    heard = Heard(deeds)
    for verb in ("&Keep", "&Erase"):
        assert app.calls == []
        deeds.do(Deed.ERASE, person(asked, ANNA))
        assert "a mark made with a secret key" in box_of(view).informativeText()
        answer(view, verb)
    qtbot.waitUntil(lambda: bool(heard.told))
    assert app.calls == [("erase_person", ANNA)]


def test_16_an_export_holds_everything_and_is_the_user_s_alone(
    asked: Store, deeds: PersonDeeds, qtbot: QtBot, tmp_path: Path
) -> None:
    """The file names what was agreed and shown, and only the user may read it."""
    heard, path = Heard(deeds), tmp_path / "anna.json"
    deeds.export_to(person(asked, ANNA), path)
    qtbot.waitUntil(lambda: bool(heard.told))
    assert json.loads(path.read_text("utf-8"))["held"]["wording"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(StoreTrouble):
        write_private(tmp_path / "no" / "anna.json", {})


def test_a_person_s_own_policy_is_kept(asked: Store, ops: Ops, deeds: PersonDeeds, qtbot: QtBot) -> None:
    """What is chosen for one person stands beside what the account says."""
    choices = PersonChoices()
    choices.show_person(person(asked, CLARA))
    chosen: list[PersonChoice] = []
    choices.chosen.connect(chosen.append)
    choices.policy.setCurrentIndex(choices.policy.findText(consent_words.POLICIES[Policy.OFF]))
    choices.ask_when.setCurrentIndex(choices.ask_when.findText(consent_words.ASK_WHEN[AskWhen.NEVER]))
    choices.country.setCurrentIndex(choices.country.findData("US"))
    choices.policy.activated.emit(choices.policy.currentIndex())
    deeds.choose(person(asked, CLARA), chosen[-1])
    qtbot.waitUntil(lambda: person(asked, CLARA).policy is Policy.OFF)
    row = person(asked, CLARA)
    assert (row.policy, row.ask_when, row.country) == (Policy.OFF, AskWhen.NEVER, "US")


@pytest.mark.parametrize(("country", "is_taken"), [("DE", False), ("GB", False), ("CH", False), ("US", True)])
def test_telling_is_not_offered_where_people_must_be_asked(asked: Store, country: str, is_taken: bool) -> None:
    """For somebody in Germany, the United Kingdom or Switzerland telling is refused in words, and nothing changes."""
    choices = PersonChoices()
    choices.show_person(person(asked, CLARA))
    chosen: list[PersonChoice] = []
    choices.chosen.connect(chosen.append)
    choices.country.setCurrentIndex(choices.country.findData(country))
    choices.policy.setCurrentIndex(choices.policy.findText(consent_words.POLICIES[Policy.TELL]))
    choices.policy.activated.emit(choices.policy.currentIndex())
    assert bool(chosen) is is_taken
    assert ("not offered" in choices.message.text()) is not is_taken
    if not is_taken:
        assert choices.policy.currentData() is None


def test_a_page_s_permission_is_no_method_the_user_can_record(asked: Store, view: PersonView) -> None:
    """The form offers what people told or wrote, never that they pressed; nor is the page's evidence taken for it."""
    form = GrantDialog(view, address=ANNA, name="Anna Berg", standing=permission_of(asked, ANNA))
    methods = [form._method.itemData(at) for at in range(form._method.count())]
    assert methods == [method for method in Method if method is not Method.PAGE]
    assert (form._opens.isChecked(), form._evidence.toPlainText()) == (True, "")


def test_reading_time_is_offered_beside_opens_and_links_alone(view: PersonView) -> None:
    """Its box opens with both of the others, and goes with either."""
    form = GrantDialog(view)
    found = []
    for opens, links in ((False, False), (True, False), (False, True), (True, True)):
        form._opens.setChecked(opens)
        form._clicks.setChecked(links)
        found.append(form._reading.isEnabled())
    assert found == [False, False, False, True]
    form._reading.setChecked(True)
    QTest.keyClick(form._clicks, Qt.Key.Key_Space)
    assert not form._reading.isChecked()


def test_the_place_of_people_shows_who_was_asked_and_their_history(
    asked: Store, open_window: Open, qtbot: QtBot
) -> None:
    """The list and the card say what each answered, and the ledger's rows come with the person."""
    window = open_window()
    window.show_people()
    statuses = {window.people.model.card_at(row).title: window.people.model.card_at(row).status for row in range(3)}
    assert {name: status.split(" · ")[0] for name, status in statuses.items()} == {
        "Anna Berg": "Opens",
        "Ben Berg": "Said no when asked",
        "Clara Berg": "Asked; no answer yet",
    }
    window.people.list.select_key(BEN)
    told = [
        "They said no on the page.",
        "You asked whether you may see opens and clicks with reading time, place and device.",
    ]
    qtbot.waitUntil(lambda: [row.sentence.text() for row in window.people.view.history.rows] == told)
