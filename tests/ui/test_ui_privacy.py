"""The settings that concern recipients: what is kept, whom to let alone, how lines read, whether the ledger holds."""

import sqlite3
from datetime import UTC
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from desktop.core.donottrack import Kind
from desktop.core.wordings import WordingKind, default_wording, setting_of
from desktop.store import settings
from desktop.store.database import Store
from desktop.store.do_not_track import entries
from desktop.store.hits import STRICT
from desktop.store.ledger import is_sound, verify_ledger
from desktop.store.retention import KEEP_CHOICES, KEEP_DAYS
from desktop.ui import consent_words, privacy_words
from desktop.ui.do_not_track_page import DoNotTrackPage
from desktop.ui.main_window import MainWindow
from desktop.ui.ops import Ops
from desktop.ui.privacy_page import PrivacyPage
from desktop.ui.settings_dialog import PRIVACY
from desktop.ui.theme import DARK, LIGHT, Theme, Themes
from desktop.ui.wording_page import WordingPage
from relay.wire.language import Language
from tests.ui.sample_data import NOW
from tests.ui.test_ui_consent import Open


def test_14_how_long_and_how_exactly_hold_at_once(store: Store, ops: Ops, themes: Themes, qtbot: QtBot) -> None:
    """A year and exact times stand until another choice is made; each is kept as it is made."""
    page = PrivacyPage(store, ops)
    page.reload()
    qtbot.waitUntil(lambda: page.keep_days.currentData() == 365)
    assert not page.strict.isChecked()
    assert [page.keep_days.itemData(at) for at in range(page.keep_days.count())] == list(KEEP_CHOICES)
    page.keep_days.setCurrentIndex(0)
    page.keep_days.activated.emit(0)
    QTest.keyClick(page.strict, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: (settings.get(store, KEEP_DAYS, 0), settings.get(store, STRICT, False)) == (30, True))
    other = PrivacyPage(store, ops)
    other.reload()
    qtbot.waitUntil(lambda: other.strict.isChecked() and other.keep_days.currentText() == "30 days")


@pytest.fixture
def listing(store: Store, ops: Ops, themes: Themes) -> DoNotTrackPage:
    """Return the page of the do-not-track list."""
    return DoNotTrackPage(store, ops, lambda: NOW)


def test_11_an_import_takes_the_good_lines_and_shows_the_bad(
    listing: DoNotTrackPage, store: Store, qtbot: QtBot, tmp_path: Path
) -> None:
    """Addresses, domains and patterns are kept; each line that names nobody stands there with what is wrong."""
    path = tmp_path / "list.txt"
    path.write_text("anna@fjord.example\nfjord.example # rival\n\nno such thing\n*@*.umi.example\n*\n", "utf-8")
    listing.import_from(path)
    qtbot.waitUntil(lambda: listing.list.count() == 3)
    assert {row.entry.kind for row in entries(store)} == set(Kind)
    assert listing.message.text() == "3 entries added, 2 lines were not taken."
    assert [line.split(":")[0] for line in listing.bad.toPlainText().splitlines()] == [
        "Line 4, “no such thing”",
        "Line 6, “*”",
    ]
    assert not listing.bad.isHidden()


def test_a_list_that_is_not_there_is_said(listing: DoNotTrackPage, store: Store, qtbot: QtBot, tmp_path: Path) -> None:
    """A file that is not there alters nothing and is said."""
    listing.import_from(tmp_path / "none.txt")
    qtbot.waitUntil(lambda: "could not be read" in listing.message.text())
    assert entries(store) == ()


def test_an_entry_is_typed_taken_off_and_put_back(listing: DoNotTrackPage, store: Store, qtbot: QtBot) -> None:
    """By keyboard alone: Enter adds, what is chosen is taken off, Undo brings it back."""
    QTest.keyClicks(listing.field, "nothing at all")
    QTest.keyClick(listing.field, Qt.Key.Key_Return)
    assert "no address and no domain" in listing.message.text()
    listing.field.clear()
    QTest.keyClicks(listing.field, "Fjord.example")
    assert listing.message.text() == ""
    QTest.keyClick(listing.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: listing.list.count() == 1)
    assert (listing.field.text(), listing.list.item(0).text()) == (
        "",
        "fjord.example · this domain, and all below it",
    )
    listing.list.item(0).setSelected(True)
    QTest.keyClick(listing.remove_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not entries(store) and not listing.undo_button.isHidden())
    qtbot.waitUntil(lambda: listing.list.count() == 0)
    QTest.keyClick(listing.undo_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: listing.list.count() == 1)
    assert entries(store)[0].at.astimezone(UTC) == NOW


def test_a_domain_is_shown_as_people_write_it(listing: DoNotTrackPage, store: Store, qtbot: QtBot) -> None:
    """An international domain is kept in ASCII and read in its own letters."""
    QTest.keyClicks(listing.field, "xn--bcher-kva.example")
    QTest.keyClick(listing.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: listing.list.count() == 1)
    assert entries(store)[0].entry.value == "xn--bcher-kva.example"
    assert listing.list.item(0).text().startswith("bücher.example · ")


def test_nobody_listed_says_so(listing: DoNotTrackPage, qtbot: QtBot) -> None:
    """An empty list is a sentence, not an empty box."""
    listing.reload()
    qtbot.waitUntil(listing.list.isHidden)
    assert not listing._none.isHidden()


@pytest.fixture
def wording(filled: Store, ops: Ops, themes: Themes, qtbot: QtBot) -> WordingPage:
    """Return the page of wordings, showing the line of mail that is tracked as agreed, in English."""
    page = WordingPage(filled, ops, lambda: NOW)
    page.reload()
    qtbot.waitUntil(lambda: bool(page.preview.text()))
    return page


def test_the_preview_reads_as_mail_will(wording: WordingPage) -> None:
    """Day, name and purposes stand in their places, and the brackets are a link."""
    assert wording.preview.text() == (
        "As agreed on 6 May, I (Kim Larsen) can see when you open this mail or use its links, to time my follow-up. "
        "See or stop"
    )
    wording.text.setPlainText("{date}: {sender} sees {purposes}. <b>Why?</b> [Stop]")
    assert wording.preview.text().endswith("<b>Why?</b> Stop")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("As agreed on {date}, I ({sender}) can see {purposes}.", "The link is missing"),
        ("As agreed on {date}, I can see {purposes}. [Stop]", "has to say your name"),
        ("As agreed on {date}, I ({sender}) can see. [Stop]", "has to say what you can see"),
    ],
)
def test_3_wording_without_link_name_or_purposes_cannot_be_saved(
    wording: WordingPage, filled: Store, text: str, said: str
) -> None:
    """What is missing is said as it is typed, the button stays shut, and nothing is kept."""
    wording.text.setPlainText(text)
    assert said in wording.wrong.text()
    assert (wording.save_button.isEnabled(), wording.preview.text()) == (False, "")
    wording._on_save()
    assert settings.get(filled, setting_of(WordingKind.AGREED, Language.ENGLISH), "") == ""
    wording.text.setPlainText(default_wording(*wording.chosen).text)
    assert wording.save_button.isEnabled()


def test_own_words_are_kept_by_kind_and_language_and_can_be_given_up(
    wording: WordingPage, filled: Store, qtbot: QtBot
) -> None:
    """A German question in own words leaves the others as they were; Readback's own come back by a button."""
    wording.kind.setCurrentIndex(wording.kind.findData(WordingKind.ASK))
    wording.language.setCurrentIndex(wording.language.findData(Language.GERMAN))
    wording.kind.activated.emit(0)
    qtbot.waitUntil(lambda: "Hier wählen" in wording.text.toPlainText())
    wording.text.setPlainText("Darf ich sehen, {purposes}? [Hier]")
    wording.save_button.click()
    qtbot.waitUntil(lambda: wording.whose.text() == privacy_words.READS_AS_OWN)
    name = setting_of(WordingKind.ASK, Language.GERMAN)
    assert settings.get(filled, name, "") == "Darf ich sehen, {purposes}? [Hier]"
    assert settings.get(filled, setting_of(WordingKind.ASK, Language.ENGLISH), "") == ""
    wording.own_button.click()
    qtbot.waitUntil(lambda: "Hier wählen" in wording.text.toPlainText())
    assert wording.whose.text() == privacy_words.READS_AS_BUILT_IN


def test_what_is_typed_waits_while_another_line_is_shown(wording: WordingPage, filled: Store, qtbot: QtBot) -> None:
    """It is said to be unsaved, comes back as it was typed, and Readback's own words let it go."""
    begun = "On {date} you agreed that {sender} sees {purposes}. [Stop it]"
    built_in = default_wording(*wording.chosen).text
    assert not wording.own_button.isEnabled()
    wording.text.setPlainText(begun)
    assert (wording.whose.text(), wording.own_button.isEnabled()) == (privacy_words.READS_AS_TYPED, True)
    for kind in (WordingKind.ASK, WordingKind.AGREED):
        wording.kind.setCurrentIndex(wording.kind.findData(kind))
        wording.kind.activated.emit(0)
        qtbot.waitUntil(lambda: wording._shown_as == wording.chosen)
    assert wording.text.toPlainText() == begun
    assert settings.get(filled, setting_of(*wording.chosen), "") == ""
    wording.own_button.click()
    qtbot.waitUntil(lambda: wording.text.toPlainText() == built_in)
    assert (wording.whose.text(), wording.own_button.isEnabled()) == (privacy_words.READS_AS_BUILT_IN, False)


def test_the_link_of_a_preview_takes_the_colour_of_the_theme(wording: WordingPage, themes: Themes) -> None:
    """In the dark the link has the dark theme's colour, also where it was put there in the light."""
    for theme, colours in ((Theme.DARK, DARK), (Theme.LIGHT, LIGHT)):
        themes.choose(theme)
        cursor = wording.preview.textCursor()
        cursor.setPosition(wording.preview.text().index("See or stop") + 1)
        assert cursor.charFormat().foreground().color().name() == colours.blue


def test_own_words_that_mail_does_not_say_any_more_are_not_shown_as_such(
    wording: WordingPage, filled: Store, qtbot: QtBot
) -> None:
    """A question kept from when it had to name nothing: the page shows the words that mail really has."""
    settings.put(filled, setting_of(WordingKind.ASK, Language.ENGLISH), "May I? [Choose]")
    wording.kind.setCurrentIndex(wording.kind.findData(WordingKind.ASK))
    wording.kind.activated.emit(0)
    qtbot.waitUntil(lambda: "{purposes}" in wording.text.toPlainText() and "May I" in wording.text.toPlainText())
    assert wording.text.toPlainText() == default_wording(WordingKind.ASK, Language.ENGLISH).text
    assert wording.whose.text() == privacy_words.READS_AS_BUILT_IN


def test_every_kind_of_line_can_be_previewed(wording: WordingPage, qtbot: QtBot) -> None:
    """All four sentences in all four languages are shown with their link."""
    for kind in WordingKind:
        for language in Language:
            wording.kind.setCurrentIndex(wording.kind.findData(kind))
            wording.language.setCurrentIndex(wording.language.findData(language))
            wording.text.setPlainText(default_wording(kind, language).text)
            line = wording.preview.line
            assert line is not None
            assert line.link_text in wording.preview.text()


def break_ledger(store: Store) -> None:
    """Alter one row of the file behind the program's back."""
    with sqlite3.connect(store.path) as connection:
        connection.execute("DROP TRIGGER ledger_is_not_changed")
        connection.execute("UPDATE ledger SET at_ms = at_ms + 1 WHERE id = 1")
    connection.close()
    assert verify_ledger(store) is not None


def test_6_a_broken_ledger_is_said_and_repaired_once_the_user_agrees(
    filled: Store, open_window: Open, qtbot: QtBot
) -> None:
    """The warning stands above whatever is shown and among the settings; its button says what a repair does."""
    break_ledger(filled)
    window: MainWindow = open_window()
    qtbot.waitUntil(lambda: "was altered outside Readback" in window.banner.text())
    assert window.banner.button.text() == consent_words.REPAIR
    window.settings.open_page(PRIVACY)
    qtbot.waitUntil(lambda: not window.settings.privacy.repair_button.isHidden())
    for verb in ("&Not now", "&Repair"):
        window.settings.privacy.repair_button.click()
        box = next(each for each in window.findChildren(QMessageBox) if each.isVisible())
        assert box.informativeText() == consent_words.REPAIR_MEANS
        next(button for button in box.buttons() if button.text() == verb).click()
    qtbot.waitUntil(lambda: is_sound(filled))
    qtbot.waitUntil(lambda: window.banner.isHidden() and window.settings.privacy.repair_button.isHidden())
    said = next(each for each in window.findChildren(QMessageBox) if each.isVisible())
    (evidence,) = filled.path.parent.glob("ledger-broken-*.jsonl")
    assert said.informativeText().endswith(str(evidence))
    assert said.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByKeyboard
    next(button for button in said.buttons() if button.text() == "&Copy the path").click()
    assert QGuiApplication.clipboard().text() == str(evidence)


def test_a_ledger_that_holds_is_said_among_the_settings_alone(
    filled: Store, ops: Ops, themes: Themes, qtbot: QtBot
) -> None:
    """Nothing is to be repaired then, and the page says that the record is whole."""
    page = PrivacyPage(filled, ops)
    page.reload()
    qtbot.waitUntil(lambda: page.ledger.text() == consent_words.LEDGER_HOLDS)
    assert page.repair_button.isHidden()


def test_words_of_every_kind() -> None:
    """No kind of entry or wording can be shown without words."""
    assert set(privacy_words.KINDS) == set(Kind)
    assert set(privacy_words.WORDING_KINDS) == set(WordingKind)
