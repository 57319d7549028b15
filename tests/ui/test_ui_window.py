"""The window shows what the store holds, follows every change, and can be used by keyboard alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QFont, QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QMenu,
    QMenuBar,
    QPushButton,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from desktop.core.errors import StoreTrouble, Trouble
from desktop.core.notice import Notice, NoticeKind
from desktop.store import settings
from desktop.store.accounts import save_account
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.ui import thread_list
from desktop.ui.actions import ListenerState, RelayState
from desktop.ui.going import CONVERSATIONS, FOLLOW_UPS, PEOPLE, RATES, TODAY
from desktop.ui.grant_dialog import GrantDialog
from desktop.ui.labels import Card, Page
from desktop.ui.legend import Legend
from desktop.ui.main_window import MainWindow
from desktop.ui.marks import GlyphMark
from desktop.ui.pictures import settle
from desktop.ui.setup_dialog import SetUpDialog
from desktop.ui.telling import notice_key
from tests.ui.sample_arrivals import fill_incoming
from tests.ui.sample_data import (
    ACCOUNT,
    HOSTILE,
    NOW,
    STATIONS,
    THUNDERBIRD,
    FakeApp,
    FakePractice,
    Sample,
    To,
)

Open = Callable[[], MainWindow]


@pytest.fixture
def open_window(open_window: Open, qtbot: QtBot) -> Open:
    """Open a window and go to its conversations, which most of these tests are about."""

    def opened() -> MainWindow:
        window = open_window()
        window.show_conversations()
        qtbot.waitUntil(lambda: window.ops.is_idle)
        return window

    return opened


def texts(widget: QWidget) -> list[str]:
    """Return the texts of all labels that are shown, as a reader sees them."""
    shown = [label for label in widget.findChildren(QLabel) if label.isVisible()]
    return [label.text().replace("\u200b", "") for label in shown]


def test_it_opens_on_the_newest_conversation(filled: Store, open_window: Open) -> None:
    """Every conversation has a card and the newest one's detail is shown."""
    window = open_window()
    assert window.threads.model.rowCount() == 8
    assert "Offer" in texts(window.view)
    assert "A person opened it in Thunderbird." in texts(window.view)
    assert "A Microsoft scanner followed 3 links in 1 s." in texts(window.view)


def test_cards_say_the_status_in_words(filled: Store, open_window: Open) -> None:
    """Each kind of status stands on its card in words."""
    model = open_window().threads.model
    said = {model.card_at(row).middle: model.card_at(row).status for row in range(model.rowCount())}
    assert said["Offer"] == "Clicked"
    assert said["Terms for 2027"] == "Probably opened"
    assert said["Catalogue"] == "Not delivered"
    assert said["Follow-up on our call"] == "Sent · No sign yet"
    assert said["Contract, signed"] == "Sent · Not tracked"


def test_a_refusal_shows_the_provider_s_words(filled: Store, open_window: Open, qtbot: QtBot) -> None:
    """The detail of a refused mail quotes the provider."""
    window = open_window()
    row = next(row for row in range(8) if window.threads.model.card_at(row).middle == "Catalogue")
    window.threads.list.select_key(window.threads.model.card_at(row).key)
    qtbot.waitUntil(lambda: "Catalogue" in texts(window.view))
    assert any("User unknown" in text for text in texts(window.view))


def test_a_change_reaches_list_and_detail(filled: Store, open_window: Open, qtbot: QtBot) -> None:
    """What the writer thread commits is seen without asking, and a first open is told."""
    window = open_window()
    sample = Sample(filled, number=90)
    sample.message("Fresh", [To("anna.berg@fjord.example", "Anna Berg")], NOW - timedelta(minutes=50))
    qtbot.waitUntil(lambda: window.threads.model.card_at(0).middle == "Fresh")
    window.threads.list.select_key(window.threads.model.card_at(0).key)
    qtbot.waitUntil(lambda: "Fresh" in texts(window.view))
    sample.hit("anna.berg@fjord.example", NOW - timedelta(minutes=5), agent=THUNDERBIRD)
    qtbot.waitUntil(lambda: window.threads.model.card_at(0).status == "Opened")
    qtbot.waitUntil(lambda: "A person opened it in Thunderbird." in texts(window.view))
    qtbot.waitUntil(lambda: window.toast.texts()[0] == "Anna Berg opened “Fresh”")


def test_the_toast_leads_to_the_conversation(filled: Store, open_window: Open, qtbot: QtBot) -> None:
    """Taking the notice selects its conversation, from wherever one was."""
    window = open_window()
    window.go(PEOPLE)
    sample = Sample(filled, number=90)
    sample.message("Fresh", [To("anna.berg@fjord.example", "Anna Berg")], NOW - timedelta(minutes=50))
    sample.hit("anna.berg@fjord.example", NOW - timedelta(minutes=5), agent=THUNDERBIRD)
    qtbot.waitUntil(window.toast.isVisible)
    qtbot.waitUntil(lambda: window.ops.is_idle)
    window.toast.choose()
    assert window.places.currentIndex() == CONVERSATIONS
    qtbot.waitUntil(lambda: "Fresh" in texts(window.view))


def test_what_the_next_seconds_may_belie_is_told_once_it_stands(
    filled: Store, open_window: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two notices that wait, the one that the store still bears out is told, and the other is not."""
    window = open_window()
    sample = Sample(filled, number=90)
    notices: list[Notice] = []
    filled.subscribe(lambda change: notices.extend(change.notices))
    sample.message("Fresh", [To("anna.berg@fjord.example", "Anna Berg")], NOW - timedelta(minutes=50))
    sample.hit("anna.berg@fjord.example", NOW - timedelta(minutes=5), agent=THUNDERBIRD)
    qtbot.waitUntil(window.toast.isVisible)
    told: list[Notice] = []
    monkeypatch.setattr(window.telling, "tell", told.append)
    stands = replace(notices[0], settles_after_s=0.05)
    fallen = replace(stands, copy_id=99_999, settles_after_s=0.01)
    window.on_change(Change(notices=(fallen, stands)))
    assert told == []
    qtbot.waitUntil(lambda: bool(told))
    assert told == [stands]


@pytest.mark.parametrize("is_on", [True, False])
def test_a_kind_that_is_switched_off_does_not_ring(filled: Store, open_window: Open, qtbot: QtBot, is_on: bool) -> None:
    """An open is told unless the user switched that kind off."""
    window = open_window()
    settings.put(filled, notice_key(NoticeKind.OPENED), is_on)
    qtbot.waitUntil(lambda: (NoticeKind.OPENED in window.telling.switched_off) is not is_on)
    sample = Sample(filled, number=90)
    sample.message("Fresh", [To("anna.berg@fjord.example", "Anna Berg")], NOW - timedelta(minutes=50))
    sample.hit("anna.berg@fjord.example", NOW - timedelta(minutes=5), agent=THUNDERBIRD)
    qtbot.waitUntil(lambda: window.threads.model.card_at(0).status == "Opened")
    assert window.toast.isVisible() is is_on


def test_without_an_account_it_says_where_to_start(store: Store, app: FakeApp, open_window: Open, qtbot: QtBot) -> None:
    """An empty program asks for an account; with one, for mail; with mail, it shows it."""
    window = open_window()
    assert window.mail.no_account.isVisible()
    save_account(store, ACCOUNT)
    qtbot.waitUntil(window.mail.no_mail.isVisible)
    Sample(store).message("First", [To("a@b.example")], NOW)
    qtbot.waitUntil(window.threads.list.isVisible)
    assert not window.mail.no_mail.isVisible()


def test_the_first_step_opens_the_account(open_window: Open, qtbot: QtBot) -> None:
    """The empty window's button leads to the dialog that asks for the address."""
    window = open_window()
    QTest.mouseClick(window.mail.no_account.button, Qt.MouseButton.LeftButton)
    dialog = window.findChild(SetUpDialog)
    assert isinstance(dialog, SetUpDialog)
    qtbot.waitUntil(dialog.person.address.isVisible)
    dialog.reject()


def test_a_hostile_name_stays_text(store: Store, open_window: Open, qtbot: QtBot) -> None:
    """Markup in a name and a subject is shown letter by letter, and loads nothing."""
    save_account(store, ACCOUNT)
    Sample(store).message(HOSTILE, [To("eve@x.example", HOSTILE, reply=HOSTILE)], NOW)
    window = open_window()
    qtbot.waitUntil(lambda: any("<img" in text for text in texts(window.view)))
    assert [each for each in window.findChildren(QLabel) if each.textFormat() is not Qt.TextFormat.PlainText] == []
    card = window.threads.model.card_at(0)
    assert card.title.startswith('<img src="file:///etc/passwd"><b>Ann</b>')
    assert "\u202e" not in card.title
    image = window.view.grab().toImage()
    assert image.width() > 0


def test_every_label_of_every_dialog_is_plain(filled: Store, app: FakeApp, open_window: Open) -> None:
    """No label anywhere in the program would render markup."""
    app.practice = FakePractice()
    window = open_window()
    window.settings.open_page(0)
    rich = [each.text() for each in window.findChildren(QLabel) if each.textFormat() is not Qt.TextFormat.PlainText]
    assert rich == []


def test_everything_one_can_press_has_a_name(filled: Store, app: FakeApp, open_window: Open) -> None:
    """A screen reader can name every button and field that is shown."""
    app.practice = FakePractice()
    window = open_window()
    window.settings.open_page(0)
    nameless = []
    for widget in [*window.findChildren(QPushButton), *window.findChildren(QLineEdit)]:
        interface = QAccessible.queryAccessibleInterface(widget)
        if widget.isVisible() and not interface.text(QAccessible.Text.Name):
            nameless.append(widget)
    assert nameless == []


def test_keys_go_everywhere(filled: Store, open_window: Open, qtbot: QtBot) -> None:
    """Places, search, list, detail and settings are reached without a mouse."""
    window = open_window()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert window.people.list.hasFocus()
    QTest.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert window.follow_ups.list.hasFocus()
    QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.today.list.hasFocus()
    QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.threads.list.hasFocus()
    QTest.keyClick(window.threads.list, Qt.Key.Key_Return)
    assert window.view.hasFocus()
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.threads.search.hasFocus()
    QTest.keyClick(window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    assert window.settings.isVisible()


def test_tab_leaves_no_one_stuck(filled: Store, open_window: Open, qtbot: QtBot) -> None:
    """Tab alone goes round through head, search, list, detail and foot, and comes back."""
    window = open_window()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.threads.list.setFocus()
    visited: list[QWidget] = []
    for _ in range(60):
        focused = window.focusWidget()
        assert focused is not None
        if visited and focused is visited[0]:
            break
        visited.append(focused)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert visited[0] is window.focusWidget()
    for stop in (window.threads.search, window.threads.list, window.view, window.status_line.listener):
        assert stop in visited


def test_search_narrows_and_says_when_nothing_fits(
    filled: Store, open_window: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words are looked for on a worker; nothing found is said, and the cards come back."""
    window = open_window()
    window.threads.search.setText("rossi 2027")
    qtbot.waitUntil(lambda: window.threads.model.rowCount() == 1)
    window.threads.search.setText("no such words")
    qtbot.waitUntil(lambda: "Nothing found" in texts(window))
    window.threads.search.clear()
    qtbot.waitUntil(lambda: window.threads.model.rowCount() == 8)
    assert window.threads.list.isVisible()


def test_a_late_answer_does_not_overwrite_a_newer_one(filled: Store, open_window: Open, qtbot: QtBot) -> None:
    """Of two readings under way only the one asked for last is shown."""
    window = open_window()
    window.threads.search.setText("rossi")
    window.threads.reload()
    window.threads.search.setText("novák")
    window.threads.reload()
    qtbot.waitUntil(lambda: window.ops.is_idle)
    assert [window.threads.model.card_at(row).title for row in range(window.threads.model.rowCount())] == ["Petr Novák"]


def test_a_fold_opens_and_stays_open(filled: Store, open_window: Open, qtbot: QtBot) -> None:
    """Unfolded machine fetches stay unfolded when the conversation is read anew."""
    window = open_window()
    fold = next(each for each in window.view.findChildren(QPushButton) if each.text() == "Show all 3")
    QTest.mouseClick(fold, Qt.MouseButton.LeftButton)
    links = [text for text in texts(window.view) if text.startswith("A Microsoft scanner followed the link")]
    assert len(links) == 3
    window.reload()
    qtbot.waitUntil(lambda: window.ops.is_idle)
    again = [text for text in texts(window.view) if text.startswith("A Microsoft scanner followed the link")]
    assert links == again


def test_trouble_is_said_with_its_cure(filled: Store, open_window: Open, qtbot: QtBot) -> None:
    """A store that fails is told above the list, and the banner can be dismissed."""
    window = open_window()

    def broken(*_: object, **__: object) -> None:
        raise StoreTrouble("The store is locked.", "Close the other Readback.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thread_list, "cards", broken)
        window.threads.reload()
        qtbot.waitUntil(window.banner.isVisible)
    assert window.banner.text() == "The store is locked. Close the other Readback."


@pytest.mark.parametrize(
    ("listener", "relay"), [(ListenerState.LISTENING, RelayState.NONE), (ListenerState.FAILED, RelayState.FAILED)]
)
def test_the_foot_says_how_both_sides_stand(
    filled: Store, open_window: Open, listener: ListenerState, relay: RelayState
) -> None:
    """No relay is said calmly; a listener that cannot listen raises the banner."""
    window = open_window()
    trouble = Trouble("Port 4190 is taken.", "Choose another one.")
    window.on_stations(replace(STATIONS, listener=listener, relay=relay, trouble=trouble))
    assert window.banner.isVisible() is (listener is ListenerState.FAILED)
    has_words = "No relay yet" in window.status_line.relay.text() or "any more" in window.status_line.relay.text()
    assert has_words


def test_a_station_s_trouble_goes_when_it_is_well_again(filled: Store, open_window: Open) -> None:
    """The banner on a station's trouble hides once all is well; one on something else waits to be dismissed."""
    window = open_window()
    trouble = Trouble("The provider did not answer.", "Try later.")
    window.show_trouble(trouble)
    window.on_stations(replace(STATIONS, trouble=trouble))
    assert window.banner.isVisible()
    window.on_stations(STATIONS)
    assert not window.banner.isVisible()
    window.people.failed.emit(trouble)
    window.on_stations(STATIONS)
    assert window.banner.isVisible()


def test_a_dismissed_trouble_stays_dismissed_while_it_lasts(filled: Store, open_window: Open) -> None:
    """The same trouble does not come back at each look at the stations; a later one is said."""
    window = open_window()
    failed = replace(STATIONS, listener=ListenerState.FAILED, trouble=Trouble("Port 4190 is taken.", "Choose another."))
    window.on_stations(failed)
    window.banner.hide()
    window.on_stations(failed)
    assert not window.banner.isVisible()
    window.on_stations(replace(failed, trouble=Trouble("Port 4191 is taken.", "Choose another.")))
    assert window.banner.isVisible()


def mnemonics_of(window: QWidget) -> list[str]:
    """Return each key that Alt does something with in what a window shows now, as often as something claims it."""
    shown = [each for each in window.findChildren(QWidget) if each.isVisible() and each.window() is window]
    texts = [each.text() for each in shown if isinstance(each, QAbstractButton)]
    texts += [each.text() for each in shown if isinstance(each, QLabel) and each.buddy() is not None]
    texts += [action.text() for each in shown if isinstance(each, QMenuBar) for action in each.actions()]
    texts += [each.tabText(tab) for each in shown if isinstance(each, QTabBar) for tab in range(each.count())]
    return [keys.toString() for text in texts if not (keys := QKeySequence.mnemonic(text)).isEmpty()]


@pytest.mark.parametrize("is_practice", [True, False])
def test_no_two_mnemonics_clash(
    filled: Store, app: FakeApp, open_window: Open, qtbot: QtBot, is_practice: bool
) -> None:
    """On every place and page of the window and its dialogs, and in every menu, Alt and a key mean one thing."""
    app.practice = FakePractice() if is_practice else None
    window = open_window()
    found = [mnemonics_of(window)]
    if (panel := window.practice) is not None:
        panel.play.click()
        qtbot.waitUntil(lambda: panel.play.text() == "P&lay")
    found.append(mnemonics_of(window))
    window.go(PEOPLE)
    for address in ("anna.berg@fjord.example", "office@fjord.example"):
        assert window.people.list.select_key(address)
        found.append(mnemonics_of(window))
    window.people.set_empty_shown(True)
    found.append(mnemonics_of(window))
    for place in (TODAY, FOLLOW_UPS, RATES, CONVERSATIONS):
        window.go(place)
        found.append(mnemonics_of(window))
    for page in (window.mail.no_account, window.mail.no_mail):
        window.mail.show_page(page)
        found.append(mnemonics_of(window))
    for number in range(window.settings.pages.count()):
        window.settings.open_page(number)
        found.append(mnemonics_of(window.settings))
    form, legend = GrantDialog(window), Legend(window, window.themes)
    for dialog in (form, legend):
        dialog.show()
        found.append(mnemonics_of(dialog))
    menus = window.menuBar().findChildren(QMenu)
    found += [[QKeySequence.mnemonic(action.text()).toString() for action in menu.actions()] for menu in menus]
    clashes = [sorted({key for key in keys if key and keys.count(key) > 1}) for keys in found]
    assert clashes == [[] for _ in found]
    assert [len(keys) > 1 for keys in found[:8]] == [True] * 8


def test_below_the_last_card_nothing_is_left_to_scroll(filled: Store, open_window: Open, qtbot: QtBot) -> None:
    """A conversation higher than the window ends where its last card does."""
    window = open_window()
    window.resize(700, 420)
    page = window.view.findChild(Page)
    assert isinstance(page, Page)
    qtbot.waitUntil(lambda: page.height() > window.view.viewport().height())
    last = max(card.geometry().bottom() for card in page.findChildren(Card))
    assert page.height() - last <= 30


def test_the_practice_dock_leaves_room_for_the_rest(filled: Store, app: FakeApp, open_window: Open) -> None:
    """At the smallest size list, detail and dock stand side by side; without the dock the window may be smaller."""
    app.practice = FakePractice()
    window = open_window()
    window.resize(300, 300)
    edges = [window.threads.mapTo(window, window.threads.rect().topRight()).x()]
    view = window.view.mapTo(window, window.view.rect().topLeft()).x()
    assert edges[0] < view
    assert window.view.mapTo(window, window.view.rect().topRight()).x() < window.dock.geometry().left()
    before = window.width()
    window.dock.close()
    window.resize(300, 300)
    assert window.width() < before


@pytest.mark.parametrize("points", [10, 13])
def test_no_conversation_is_cut_in_the_smallest_window(
    store: Store, app: FakeApp, open_window: Open, qapp: QApplication, points: int
) -> None:
    """Beside list and dock each is shown in its whole width, or can be scrolled where letters are large."""
    usual = qapp.font()
    font = QFont(usual)
    font.setPointSize(points)
    qapp.setFont(font)
    try:
        fill_incoming(store)
        app.practice = FakePractice()
        window = open_window()
        window.show_conversations()
        window.resize(300, 420)
        for row in range(window.threads.model.rowCount()):
            window.threads.list.selectRow(row)
            settle(window)
            page = window.view.findChild(Page)
            assert isinstance(page, Page)
            assert page.width() <= window.view.viewport().width() or (
                points > 10 and window.view.horizontalScrollBar().isVisible()
            )
    finally:
        qapp.setFont(usual)


def test_the_legend_is_as_high_as_what_it_says(open_window: Open) -> None:
    """Between the last shape and the button stands no empty half of a window."""
    window = open_window()
    legend = Legend(window, window.themes)
    legend.show()
    marks = [each.geometry().bottom() for each in legend.findChildren(GlyphMark)]
    button = next(each for each in legend.findChildren(QPushButton))
    assert button.mapTo(legend, button.rect().topLeft()).y() - max(marks) < 60
    legend.close()


def test_closing_without_a_tray_ends_the_program(filled: Store, app: FakeApp, open_window: Open) -> None:
    """Where nothing could bring the window back, closing it quits."""
    window = open_window()
    window.close()
    assert ("quit", None) in app.calls


def test_pictures_of_every_screen(filled: Store, app: FakeApp, open_window: Open, tmp_path: Path, qtbot: QtBot) -> None:
    """Every screen is saved light and dark, no two themes alike, and the window is as before."""
    app.practice = FakePractice()
    window = open_window()
    before = window.size()
    saved = window.pictures(tmp_path / "pictures")
    assert len(saved) == len(set(saved)) == 92
    pairs = {path.name.removesuffix("-light.png") for path in saved if path.name.endswith("-light.png")}
    for name in pairs:
        light, dark = (QImage(str(tmp_path / "pictures" / f"{name}-{theme}.png")) for theme in ("light", "dark"))
        assert not light.isNull()
        assert light != dark
    assert window.size() == before
