"""Place on the screen: its words, its box beside opens and links, and the file that it is looked up in."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from desktop.core.device import Device, Kind, System
from desktop.core.errors import Malformed
from desktop.core.permission import Method, Permission, Standing
from desktop.core.where import PRIVATE_RELAY, PlaceDatabase, Reading
from desktop.settings import PLACE_DATABASE_SETTING, place_database_of
from desktop.store import settings
from desktop.store.database import Store
from desktop.store.people import PersonRow
from desktop.ui import words
from desktop.ui.collecting import destroy
from desktop.ui.grant_dialog import Grant, GrantDialog
from desktop.ui.ops import Ops
from desktop.ui.person_view import PersonView
from desktop.ui.person_words import person_card
from desktop.ui.place_settings import PlaceSettings
from desktop.ui.theme import Themes
from desktop.ui.where_words import database_text, reading_text
from relay.wire.purpose import Purpose
from tests.ui.sample_data import NOW

WINDOWS = Device(kind=Kind.COMPUTER, system=System.WINDOWS, client="Outlook")
CITY = PlaceDatabase(kind="DBIP-City-Lite", built_at=NOW, has_regions=True)


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (Reading(device=WINDOWS, place="Bavaria, Germany"), "on Windows, about Bavaria, Germany"),
        (Reading(device=WINDOWS), "on Windows"),
        (Reading(place="Norway"), "about Norway"),
        (Reading(device=Device(kind=Kind.PHONE, system=System.IOS, client="Safari")), "on an iPhone"),
        (Reading(device=Device(kind=Kind.TABLET, system=System.IOS, client="Apple Mail")), "on an iPad"),
        (Reading(device=Device(system=System.IOS, client="Outlook")), "on an iPhone or iPad"),
        (Reading(device=Device(system=System.MACOS_OR_IPADOS, client="Safari")), "on a Mac or an iPad"),
        (Reading(device=Device(kind=Kind.PHONE, system=System.ANDROID, client="an app")), "on an Android phone"),
        (Reading(device=Device(system=System.ANDROID, client="Outlook")), "on Android"),
        (Reading(device=Device(kind=Kind.COMPUTER, system=System.LINUX)), "on Linux"),
        (Reading(device=Device(client="a mail program")), ""),
        (Reading(), ""),
        (Reading(behind="Gmail's proxy"), "behind Gmail's proxy, so where and on what is not known"),
        (Reading(behind=PRIVATE_RELAY), "behind Apple's Private Relay, so where is not known"),
    ],
)
def test_a_reading_in_words(reading: Reading, said: str) -> None:
    """A place is always "about", no program is named, and behind a proxy nothing else is said."""
    assert said == reading_text(reading)


def test_a_place_from_a_strange_file_stays_one_short_line() -> None:
    """Names come from a file that anybody may have made: no line breaks, no turned letters, no end without end."""
    said = reading_text(Reading(place="Ba\nva\u202eria" + "x" * 900))
    assert ("\n" in said, "\u202e" in said, len(said) < 100) == (False, False, True)


def test_every_device_has_words() -> None:
    """Whatever kind and system come together, something readable is said of them."""
    for system in System:
        for kind in Kind:
            said = reading_text(Reading(device=Device(kind=kind, system=system, client="Mail")))
            assert said == "" if system is System.UNTOLD else said.startswith("on ")


@pytest.mark.parametrize(("has_regions", "fine"), [(True, "countries and regions"), (False, "countries only")])
def test_a_database_in_words(has_regions: bool, fine: str) -> None:
    """The kind, the day and how fine it is."""
    database = PlaceDatabase(kind="DBIP-City-Lite", built_at=NOW, has_regions=has_regions)
    assert f"DBIP-City-Lite of 6 May 2026: {fine}." == database_text(database)


def test_a_database_that_does_not_say_its_kind() -> None:
    """An empty kind leaves no hole."""
    assert database_text(PlaceDatabase(kind=" \n", built_at=NOW, has_regions=True)).startswith("A database of ")


# The form of permission.


@pytest.fixture
def form(qtbot: QtBot) -> Iterator[GrantDialog]:
    """Return an open form for somebody known, whose evidence is written."""
    parent = QWidget()
    form = GrantDialog(parent, address="anna@fjord.example", name="Anna Berg")
    form._evidence.setPlainText("On the phone")
    form.show()
    yield form
    destroy(parent)


def recorded(form: GrantDialog) -> list[frozenset[Purpose]]:
    """Press Record; return the purposes that were handed over, if any were."""
    taken: list[frozenset[Purpose]] = []

    def take(grant: Grant) -> None:
        taken.append(grant.purposes)

    form.submitted.connect(take)
    QTest.keyClick(form._record, Qt.Key.Key_Space)
    return taken


def test_place_is_off_and_waits_for_what_is_seen(form: GrantDialog) -> None:
    """Its box is not ticked and cannot be before opens or links are, and goes with the last of them."""
    assert (form._place.isChecked(), form._place.isEnabled()) == (False, False)
    for seen in (form._opens, form._clicks):
        QTest.keyClick(seen, Qt.Key.Key_Space)
        assert (form._place.isChecked(), form._place.isEnabled()) == (False, True)
        QTest.keyClick(form._place, Qt.Key.Key_Space)
        assert form._place.isChecked()
        QTest.keyClick(seen, Qt.Key.Key_Space)
        assert (form._place.isChecked(), form._place.isEnabled()) == (False, False)


@pytest.mark.parametrize("is_placed", [True, False])
def test_place_is_recorded_where_it_was_ticked_alone(form: GrantDialog, is_placed: bool) -> None:
    """A grant holds place if its own box was ticked, and never by opens and links being so."""
    for box in (form._opens, form._clicks):
        QTest.keyClick(box, Qt.Key.Key_Space)
    if is_placed:
        QTest.keyClick(form._place, Qt.Key.Key_Space)
    wanted = frozenset({Purpose.OPENS, Purpose.CLICKS, *([Purpose.PLACE] if is_placed else [])})
    assert [wanted] == recorded(form)


def test_the_box_says_what_it_means(form: GrantDialog) -> None:
    """Before it can be ticked the form says what it needs, then what it tells; a screen reader hears the same."""
    assert form._place_hint.text() == form._place.accessibleDescription() == "Beside opens or links only."
    form._opens.setChecked(True)
    assert form._place_hint.text() == "Country and region, kind of device and system; never an address."
    assert form._place_hint.text() == form._place.accessibleDescription()


# The page of people.


@pytest.mark.parametrize("is_placed", [True, False])
def test_the_page_of_people_shows_place(themes: Themes, is_placed: bool) -> None:
    """Who allowed place is shown so on the card and in the view; who did not is not."""
    purposes = frozenset({Purpose.OPENS, *([Purpose.PLACE] if is_placed else [])})
    permission = Permission(
        address="anna@fjord.example",
        standing=Standing.GRANTED,
        purposes=purposes,
        method=Method.SPOKEN,
        granted_at=NOW,
    )
    row = PersonRow(address="anna@fjord.example", name="Anna Berg", permission=permission, messages=1)
    said = "opens with place and device" if is_placed else "opens"
    assert said == words.purposes_line(purposes)
    assert person_card(row).status == f"{words.capital(said)} · anna@fjord.example"
    view = PersonView(themes)
    view.show_person(row)
    texts = [label.text() for label in view.findChildren(QWidget) if hasattr(label, "text")]
    assert said in texts
    destroy(view)


# The settings of place.


class Files:
    """What the files of this test are, by path; whatever else is asked about is a Trouble."""

    def __init__(self) -> None:
        self.known = {"/places/city.mmdb": CITY}

    def __call__(self, path: str) -> PlaceDatabase:
        """Return what the file is."""
        if path not in self.known:
            raise Malformed(f"{path} is no database of places.", "Choose another.")
        return self.known[path]


@pytest.fixture
def files() -> Files:
    """Return one good file."""
    return Files()


@pytest.fixture
def open_page(
    store: Store, ops: Ops, themes: Themes, files: Files, qtbot: QtBot
) -> Iterator[Callable[[], PlaceSettings]]:
    """Open the page, with what stands in the store read."""
    pages: list[PlaceSettings] = []

    def opened() -> PlaceSettings:
        page = PlaceSettings(store, ops, files)
        pages.append(page)
        page.show()
        page.reload()
        qtbot.waitUntil(lambda: ops.is_idle)
        return page

    yield opened
    for page in pages:
        destroy(page)


Open = Callable[[], PlaceSettings]


def choose(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """Let the system's own dialog answer with a path, empty where the user cancels."""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (path, ""))


def test_none_is_a_normal_state(open_page: Open) -> None:
    """Without a database the page says that none is needed, and offers only to choose one."""
    page = open_page()
    assert "none is needed" in page.message.text()
    assert (page.path.text(), page.none_button.isVisible(), page.choose_button.isEnabled()) == ("", False, True)


def test_a_good_file_is_kept_and_can_be_let_go(
    open_page: Open, store: Store, ops: Ops, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    """A chosen file stands in the setting and is named; "Use none" empties it; both say that something changed."""
    page = open_page()
    choose(monkeypatch, "/places/city.mmdb")
    with qtbot.waitSignal(page.changed):
        QTest.keyClick(page.choose_button, Qt.Key.Key_Space)
    assert place_database_of(store) == page.path.text() == "/places/city.mmdb"
    assert page.message.text() == database_text(CITY)
    with qtbot.waitSignal(page.changed):
        QTest.keyClick(page.none_button, Qt.Key.Key_Space)
    assert place_database_of(store) == page.path.text() == ""
    assert "none is needed" in page.message.text()
    assert page.choose_button.isEnabled()


@pytest.mark.parametrize("path", ["/places/notes.txt", ""])
def test_a_bad_file_is_told_and_what_stood_stands(
    open_page: Open, store: Store, ops: Ops, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, *, path: str
) -> None:
    """A file that is no database leaves the one before in use, and so does closing the dialog."""
    settings.put(store, PLACE_DATABASE_SETTING, "/places/city.mmdb")
    page = open_page()
    changes: list[None] = []
    page.changed.connect(lambda: changes.append(None))
    choose(monkeypatch, path)
    QTest.keyClick(page.choose_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: ops.is_idle)
    assert place_database_of(store) == page.path.text() == "/places/city.mmdb"
    assert ("no database of places. Choose another." in page.message.text().replace("\u200b", "")) is bool(path)
    assert (changes, page.choose_button.isEnabled(), page.none_button.isEnabled()) == ([], True, True)


def test_a_file_that_went_bad_is_told_when_the_page_opens(open_page: Open, store: Store) -> None:
    """A chosen file that can no longer be used is named with its trouble, and can be let go."""
    settings.put(store, PLACE_DATABASE_SETTING, "/places/gone.mmdb")
    page = open_page()
    assert "is no database" in page.message.text().replace("\u200b", "")
    assert (page.path.text(), page.none_button.isVisible()) == ("/places/gone.mmdb", True)
