"""What the user would like to know: the question of the first run, on the account's page too, and its limits."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from desktop.core.errors import Malformed
from desktop.core.grounds import AskWhen, Policy
from desktop.store.accounts import accounts
from desktop.store.database import Store
from desktop.ui import consent_words
from desktop.ui.collecting import destroy
from desktop.ui.knowing_choice import KnowingChoice, check_telling
from desktop.ui.ops import Ops
from desktop.ui.setup_dialog import SetUpDialog
from desktop.ui.theme import Themes
from relay.wire.language import Language
from tests.ui.sample_data import ACCOUNT, FakeApp


def test_words_of_every_choice() -> None:
    """No policy, moment of asking or language can be shown without words."""
    assert set(consent_words.POLICIES) == set(Policy)
    assert set(consent_words.ASKING) == set(consent_words.ASK_WHEN) == set(AskWhen)
    assert set(consent_words.LANGUAGES) == set(Language)


def test_ask_first_is_what_is_proposed(themes: Themes) -> None:
    """A new account's form proposes to ask once, after an answer, and is no answer until something is pressed."""
    choice = KnowingChoice(is_first=False)
    choice.fill(ACCOUNT)
    assert choice.asking[AskWhen.ANSWERED].isChecked()
    assert choice.unanswered.text() == consent_words.UNANSWERED
    assert choice.applied(ACCOUNT) == ACCOUNT


@pytest.mark.parametrize(
    ("pressed", "policy", "ask_when"),
    [
        (AskWhen.ANSWERED, Policy.ASK, AskWhen.ANSWERED),
        (AskWhen.FIRST, Policy.ASK, AskWhen.FIRST),
        (AskWhen.NEVER, Policy.ASK, AskWhen.NEVER),
        (None, Policy.OFF, AskWhen.ANSWERED),
    ],
)
def test_each_answer_is_kept_as_what_it_says(
    themes: Themes, pressed: AskWhen | None, policy: Policy, ask_when: AskWhen
) -> None:
    """Pressing an answer, the proposed one too, is choosing it."""
    choice = KnowingChoice(is_first=False)
    choice.fill(ACCOUNT)
    (choice.nothing if pressed is None else choice.asking[pressed]).click()
    choice.language.setCurrentIndex(choice.language.findData(Language.FRENCH))
    choice.confirms.setChecked(True)
    choice.sunset_days.set_value(14)
    row = choice.applied(ACCOUNT)
    assert (row.policy, row.ask_when, row.is_policy_chosen) == (policy, ask_when, True)
    assert (row.language, row.adds_confirm, row.sunset_days) == (Language.FRENCH, True, 14)
    choice.fill(row)
    assert choice.unanswered.isHidden()
    assert choice.applied(row) == row


def test_where_no_mail_is_read_nobody_is_known_to_have_answered(themes: Themes) -> None:
    """The first run says so and offers the first mail or never; where mail is read all three can be chosen."""
    deaf = replace(ACCOUNT, imap_host="", is_policy_chosen=False)
    for row, can_wait in ((deaf, False), (replace(deaf, imap_host="imap.example"), True)):
        choice = KnowingChoice(is_first=True)
        choice.fill(row)
        assert [button.isEnabled() for button in choice.asking.values()] == [can_wait, True, True]
        assert (choice.unheard.text() == "") is can_wait
        assert choice.asking[AskWhen.ANSWERED].isChecked() is can_wait


def test_the_country_is_asked_for_while_one_person_is_told(themes: Themes) -> None:
    """An account that asks shows its country too where somebody else is told."""
    choice = KnowingChoice(is_first=False)
    choice.fill(ACCOUNT)
    assert choice._country_row.isHidden()
    choice.show_telling(is_anybody_told=True)
    assert not choice._country_row.isHidden()


def test_telling_needs_a_country_in_which_it_is_offered(themes: Themes) -> None:
    """Telling asks for the sender's country, is refused in words without one or in France, and taken in Canada."""
    choice = KnowingChoice(is_first=False)
    choice.fill(ACCOUNT)
    assert choice._country_row.isHidden()
    choice.telling.click()
    assert not choice._country_row.isHidden()
    with pytest.raises(Malformed, match="needs your country"):
        choice.applied(ACCOUNT)
    choice.country.setCurrentIndex(choice.country.findData("FR"))
    with pytest.raises(Malformed, match="not offered for senders in France"):
        choice.applied(ACCOUNT)
    choice.country.setCurrentIndex(choice.country.findData("CA"))
    row = choice.applied(ACCOUNT)
    assert (row.policy, row.country) == (Policy.TELL, "CA")
    assert choice.applied(replace(row, country="")) == row
    for code in ("DE", "IS", "LI", "NO", "CH", "GB"):
        with pytest.raises(Malformed):
            check_telling(code, code)


@pytest.fixture
def dialog(qtbot: QtBot, store: Store, ops: Ops, themes: Themes, app: FakeApp) -> Iterator[SetUpDialog]:
    """Return the dialog with an account just saved."""
    behind = QWidget()
    dialog = SetUpDialog(behind, store, ops, themes, app.actions())
    dialog.show()
    dialog.person.name.setText("Kim Larsen")
    dialog.person.address.setText("kim@larsen-office.example")
    dialog._on_next()
    qtbot.waitUntil(lambda: dialog.found.chosen is not None)
    dialog._on_next()
    dialog.connect_page.sign_in.password.setText("right")
    dialog._on_next()
    qtbot.waitUntil(lambda: dialog.step == 4)
    yield dialog
    destroy(behind)


def test_the_first_run_asks_once_the_account_is_saved(dialog: SetUpDialog, store: Store, qtbot: QtBot) -> None:
    """After the test the account stands, the question is shown with its words, and Done answers it by keyboard."""
    (row,) = accounts(store)
    assert (row.policy, row.is_policy_chosen) == (Policy.ASK, False)
    assert dialog.knowing.choice.asking[AskWhen.ANSWERED].text().replace("&", "") == (
        "ask once, after they have answered me"
    )
    assert (dialog.back_button.isVisible(), dialog.next_button.text()) == (False, "&Done")
    QTest.keyClick(dialog.knowing.choice.confirms, Qt.Key.Key_Space)
    QTest.keyClick(dialog.next_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: accounts(store)[0].is_policy_chosen)
    assert accounts(store)[0].adds_confirm
    qtbot.waitUntil(lambda: not dialog.isVisible())


def test_leaving_the_question_open_is_no_answer(dialog: SetUpDialog, store: Store) -> None:
    """Whoever closes the dialog has an account, and has chosen nothing."""
    dialog.close()
    (row,) = accounts(store)
    assert not row.is_policy_chosen


def test_telling_in_europe_is_refused_in_the_first_run_too(dialog: SetUpDialog, store: Store) -> None:
    """The step says why and stays; nothing is kept."""
    choice = dialog.knowing.choice
    choice.telling.click()
    choice.country.setCurrentIndex(choice.country.findData("ES"))
    dialog._on_next()
    assert "not offered for senders in Spain" in dialog.knowing.message.text()
    assert not accounts(store)[0].is_policy_chosen
