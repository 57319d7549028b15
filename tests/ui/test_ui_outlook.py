"""What a card says of the next mail, why telling cannot work, and where the keyboard goes after a deed."""

from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from desktop.core.grounds import AskWhen, Policy
from desktop.core.permission import Standing
from desktop.core.policy import WhyNot
from desktop.core.status import Aside, Rung
from desktop.store.accounts import accounts, save_account
from desktop.store.database import Store
from desktop.store.erase import apply_deletion
from desktop.store.known import last_deletion
from desktop.store.ledger import evidence_file, history, repair_ledger
from desktop.store.people import PersonRow, people, permission_of
from desktop.store.policies import grounds, is_anybody_told, set_person_policy
from desktop.ui import consent_words, person_outlook, person_words, words
from desktop.ui.grant_dialog import GrantDialog
from desktop.ui.person_outlook import Outlook, outlooks_of
from desktop.ui.person_view import Deed, PersonView
from desktop.ui.settings_dialog import ACCOUNTS
from desktop.ui.theme import Themes
from relay.wire.answer import Answer, AnswerKind
from relay.wire.purpose import Purpose
from tests.ui.sample_asks import ask, press
from tests.ui.sample_data import ACCOUNT, NOW, octets
from tests.ui.test_ui_consent import ANNA, BEN, CLARA, Open, person
from tests.ui.test_ui_privacy import break_ledger

NEW = "dora@fjord.example"


@pytest.fixture
def asked(store: Store) -> Store:
    """Return a store with an account, in which Anna agreed to opens and Clara has not answered."""
    save_account(store, replace(ACCOUNT, id=0, is_policy_chosen=True))
    for address, name in ((ANNA, "Anna Berg"), (CLARA, "Clara Berg")):
        ask(store, address, name)
    press(store, ANNA, {Purpose.OPENS})
    return store


def outlook(store: Store, address: str, *, has_relay: bool = True) -> tuple[Outlook, ...]:
    """Return what mail would do to a person, by what stands in the store."""
    return outlooks_of(
        accounts(store),
        lambda to, account_id: grounds(store, to, account_id, is_suppressed=False),
        address,
        has_relay=has_relay,
        now=NOW,
    )


def said(store: Store, address: str, *, has_relay: bool = True) -> str:
    """Return what the card says of the next mail."""
    return person_outlook.meaning_of(person(store, address), outlook(store, address, has_relay=has_relay))


def account_says(store: Store, **changes: object) -> None:
    """Let the account say something else."""
    (row,) = accounts(store)
    save_account(store, replace(row, **changes))  # type: ignore[arg-type]


def test_5_a_card_says_that_the_next_mail_asks(asked: Store) -> None:
    """Whoever is due to be asked is said to be; later, and without a relay, nothing of the kind is said."""
    set_person_policy(asked, NEW, None, None, "")
    assert said(asked, NEW).endswith(consent_words.ASKED_LATER)
    account_says(asked, ask_when=AskWhen.FIRST)
    assert said(asked, NEW).startswith("Your next mail to them asks whether you may see opens and clicks")
    assert "asks" not in said(asked, NEW, has_relay=False)
    assert said(asked, CLARA) == consent_words.MEANINGS[Standing.ASKED]


def test_a_card_says_what_mail_carries_as_things_stand(asked: Store) -> None:
    """A permission is carried out with a relay, and not where the user chose that nothing is recorded."""
    assert said(asked, ANNA) == "Mail to them carries a picture, and a line that says so."
    assert said(asked, ANNA, has_relay=False) == consent_words.UNTRACKED[WhyNot.NO_RELAY]
    set_person_policy(asked, ANNA, Policy.OFF, None, "")
    assert said(asked, ANNA) == consent_words.UNTRACKED[WhyNot.POLICY_OFF]


def test_accounts_that_differ_are_told_apart(asked: Store) -> None:
    """Where one account asks and another does not, each is named with what its mail does."""
    account_says(asked, ask_when=AskWhen.FIRST, label="Work")
    save_account(asked, replace(ACCOUNT, id=0, label="Home", is_policy_chosen=True, policy=Policy.OFF))
    set_person_policy(asked, NEW, None, None, "")
    work, home = said(asked, NEW).splitlines()
    assert work.startswith("From Work: Your next mail to them asks")
    assert home == f"From Home: {consent_words.UNTRACKED[WhyNot.POLICY_OFF]}"


@pytest.mark.parametrize(
    ("address", "country", "own", "hint"),
    [
        (NEW, "", "US", "not known which country"),
        (NEW, "DE", "US", "the country they are in"),
        ("dora@fjord.de", "US", "US", "the country they are in"),
        (NEW, "US", "", "your own country is needed"),
        (NEW, "US", "FR", "senders in your country"),
        (NEW, "US", "CA", ""),
    ],
)
def test_4_a_person_who_is_not_told_is_said_why(asked: Store, address: str, country: str, own: str, hint: str) -> None:
    """What is missing or not offered is named on the card; where nothing is, they are told."""
    account_says(asked, country=own)
    set_person_policy(asked, address, Policy.TELL, None, country)
    found = outlook(asked, address)
    trouble = person_outlook.telling_trouble(person(asked, address), found)
    assert (hint in trouble.sentence) if trouble is not None else not hint
    assert bool(person_outlook.without_country(found)) is (own == "")
    assert (consent_words.TOLD in said(asked, address)) is (hint == "")


def test_4_the_country_is_entered_right_there_and_on_the_account(asked: Store, open_window: Open, qtbot: QtBot) -> None:
    """The card asks where the user is while that is missing; chosen, it is the account's, and they are told."""
    set_person_policy(asked, NEW, Policy.TELL, None, "US")
    assert is_anybody_told(asked)
    window = open_window()
    window.show_people()
    window.people.list.select_key(NEW)
    choices = window.people.view.choices
    qtbot.waitUntil(lambda: "your own country" in choices.hindrance.text())
    assert not choices._own.isHidden()
    window.settings.open_page(ACCOUNTS)
    qtbot.waitUntil(lambda: not window.settings.account.knowing._country_row.isHidden())
    choices.own_country.setCurrentIndex(choices.own_country.findData("CA"))
    choices.own_country.activated.emit(0)
    qtbot.waitUntil(lambda: accounts(asked)[0].country == "CA")
    qtbot.waitUntil(lambda: choices.hindrance.isHidden() and choices._own.isHidden())
    qtbot.waitUntil(lambda: consent_words.TOLD in window.people.view._meaning.text())


def shown(view: PersonView, store: Store, address: str) -> PersonRow:
    """Show a person with all that is known of them."""
    row = person(store, address)
    view.show_person(row)
    view.show_history(address, history(store, address), outlook(store, address))
    return row


def test_6_with_a_damaged_record_nobody_is_offered_to_be_asked(asked: Store, themes: Themes) -> None:
    """Asking and recording are not offered then, with the reason; a no can still be recorded, and both come back."""
    view = PersonView(themes)
    shown(view, asked, CLARA)
    assert not view.buttons[Deed.ASK].isHidden()
    assert view._barred.isHidden()
    break_ledger(asked)
    shown(view, asked, CLARA)
    hidden = [view.buttons[deed].isHidden() for deed in (Deed.ASK, Deed.RECORD, Deed.WITHDRAW)]
    assert hidden == [True, True, False]
    assert (view._barred.text(), view._barred.isHidden()) == (consent_words.BROKEN, False)


def test_7_after_a_repair_a_lost_answer_is_not_called_silence(asked: Store) -> None:
    """Whose answer may have been in the damaged part is said to be that, in the list, on the card and in the ledger."""
    break_ledger(asked)
    repair_ledger(asked, now=NOW, evidence=evidence_file(asked.path.parent, NOW))
    row = person(asked, ANNA)
    assert row.permission.is_uncertain
    assert "damaged part" in consent_words.standing_line(row.permission)
    assert "no answer yet" not in consent_words.standing_line(row.permission)
    assert person_words.person_card(row).status.startswith("Answer perhaps lost")
    assert person_words.meaning_of(row) == consent_words.UNCERTAIN_MEANS
    assert "damaged part" in person_words.entry_sentence(history(asked, ANNA)[0])


def test_14_a_mail_that_only_asked_was_not_stopped_but_answered() -> None:
    """The status of an untracked copy says that they said no; one that was tracked says Stopped."""
    both = (Aside.STOPPED, Aside.NOT_TRACKED)
    assert words.status_line(Rung.SENT, both) == "Sent · Said no · Not tracked"
    assert words.status_line(Rung.SENT, both, unsaid={Aside.NOT_TRACKED}) == "Sent · Said no"
    assert words.status_line(Rung.SENT, (Aside.STOPPED,)) == "Sent · Stopped"


def test_20_the_keyboard_stays_on_what_takes_a_deed_back(asked: Store, open_window: Open, qtbot: QtBot) -> None:
    """Pressing Never track them leaves the keyboard on taking them off again, and back."""
    window = open_window()
    window.show_people()
    window.people.list.select_key(CLARA)
    view = window.people.view
    qtbot.waitUntil(lambda: bool(view.history.rows))
    for pressed, then in ((Deed.LIST, Deed.UNLIST), (Deed.UNLIST, Deed.LIST)):
        view.buttons[pressed].setFocus()
        QTest.keyClick(view.buttons[pressed], Qt.Key.Key_Space)
        qtbot.waitUntil(view.buttons[pressed].isHidden)
        assert window.focusWidget() is view.buttons[then]


def test_20_after_a_no_the_keyboard_is_on_where_they_stand(asked: Store, open_window: Open, qtbot: QtBot) -> None:
    """The button that recorded it goes, and its neighbour is not what the next key presses."""
    window = open_window()
    window.show_people()
    window.people.list.select_key(CLARA)
    view = window.people.view
    qtbot.waitUntil(lambda: bool(view.history.rows))
    view.buttons[Deed.WITHDRAW].setFocus()
    window.people.deeds.withdraw(person(asked, CLARA))
    qtbot.waitUntil(view.buttons[Deed.WITHDRAW].isHidden)
    assert window.focusWidget() is view._standing


def test_20_once_a_person_is_gone_the_keyboard_is_on_nobody_else_s_deed(
    asked: Store, open_window: Open, qtbot: QtBot
) -> None:
    """Where somebody else is shown instead, the keyboard goes to the list."""
    window = open_window()
    window.show_people()
    window.people.list.select_key(CLARA)
    view = window.people.view
    qtbot.waitUntil(lambda: bool(view.history.rows))
    view.buttons[Deed.ERASE].setFocus()
    window.people._on_read(tuple(row for row in people(asked) if row.address != CLARA))
    assert window.focusWidget() is window.people.list


def test_21_tab_comes_to_the_wording_before_the_export(asked: Store, open_window: Open, qtbot: QtBot) -> None:
    """What is unfolded in the history stands before what is below it, also where it was made later."""
    window = open_window()
    window.show_people()
    window.people.list.select_key(ANNA)
    view = window.people.view
    qtbot.waitUntil(lambda: bool(view.history.rows))
    chain: list[QWidget] = [view.choices.country]
    while view.buttons[Deed.ERASE] not in chain:
        chain.append(cast("QWidget", chain[-1].nextInFocusChain()))
    wording = next(row.button for row in view.history.rows if row.button is not None)
    assert chain.index(wording) < chain.index(view.buttons[Deed.EXPORT])


def test_22_what_was_ticked_on_the_page_is_only_narrowed(asked: Store, themes: Themes) -> None:
    """Boxes that the person left empty stay shut and say why; where the user recorded it all can be ticked."""
    view = PersonView(themes)
    form = GrantDialog(view, address=ANNA, standing=permission_of(asked, ANNA))
    assert [box.isEnabled() for box in form._boxes().values()] == [True, False, False, False]
    assert form._place_hint.text() == consent_words.NOT_TICKED
    own = replace(permission_of(asked, ANNA), method=form._method.itemData(0), evidence="On the phone")
    other = GrantDialog(view, address=ANNA, standing=own)
    assert other._clicks.isEnabled()
    assert other._evidence.toPlainText() == "On the phone"
    other._clicks.click()
    assert other._evidence.toPlainText() == ""


def test_23_what_was_wrong_in_the_form_goes_as_it_is_mended(themes: Themes) -> None:
    """The sentence about a missing box goes with the tick."""
    view = PersonView(themes)
    form = GrantDialog(view, address=BEN)
    form._on_record()
    assert "at least one thing" in form._message.text()
    form._opens.click()
    assert form._message.text() == ""


def test_29_the_settings_open_at_their_top(store: Store, open_window: Open, qtbot: QtBot) -> None:
    """An account that never answered the question has a note below; the page is shown from its beginning."""
    save_account(store, replace(ACCOUNT, id=0, is_policy_chosen=False))
    window = open_window()
    window.settings.open_page(ACCOUNTS)
    qtbot.waitUntil(lambda: not window.settings.account.knowing.unanswered.isHidden() and window.ops.is_idle)
    area = window.settings.pages.widget(ACCOUNTS)
    assert isinstance(area, QScrollArea)
    assert area.verticalScrollBar().maximum() > 0
    assert area.verticalScrollBar().value() == 0


def test_28_the_card_can_be_read_in_the_smallest_window(asked: Store, open_window: Open, qtbot: QtBot) -> None:
    """Nothing of it is out of reach: buttons and choices stand below each other, and the rest scrolls."""
    window = open_window()
    window.resize(window.minimumSize())
    window.show_people()
    view = window.people.view
    qtbot.waitUntil(lambda: bool(view.history.rows) and view.verticalScrollBar().maximum() > 0)
    holder = view.widget()
    assert holder is not None
    assert holder.minimumSizeHint().width() <= view.viewport().width()
    qtbot.waitUntil(lambda: view.horizontalScrollBar().maximum() == 0)


def test_a_deletion_is_said_among_the_facts(asked: Store) -> None:
    """Whoever had deleted what was recorded has a line that says so, with the day."""
    row = person(asked, ANNA)
    assert "Deleted" not in dict(person_words.facts_of(row))
    assert last_deletion(asked, ANNA) is None
    at = NOW - timedelta(days=1)
    wish = Answer(
        id=bytes(16),
        kind=AnswerKind.DELETE,
        token_id=bytes(12),
        tag=octets(f"tag{ANNA}", 8),
        at_ms=round(at.timestamp() * 1000),
    )
    asked.write(lambda connection: (apply_deletion(connection, wish, now=NOW), None))
    assert last_deletion(asked, CLARA) is None
    facts = dict(person_words.facts_of(row, last_deletion(asked, ANNA)))
    assert facts["Deleted"].startswith("on 5 May, as they asked")


def test_an_international_domain_is_read_in_its_own_letters(asked: Store) -> None:
    """A card shows the domain as people write it, and is known by the other spelling."""
    set_person_policy(asked, "eva@bücher.example", None, None, "")
    row = person(asked, "eva@xn--bcher-kva.example")
    assert (person_words.person_card(row).title, row.address) == ("eva@bücher.example", "eva@xn--bcher-kva.example")
