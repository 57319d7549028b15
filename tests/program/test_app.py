"""The window program around its window: what it maps, who may knock, how the practice round plays in it."""

import contextlib
import gc
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop import app, rounds, set_up
from desktop.accounts.servers import Found, Look, LookState, Source
from desktop.controls import RoundControls
from desktop.core.address import Mailbox
from desktop.core.correction import Who
from desktop.core.errors import NotAuthorised, StoreTrouble, Trouble, Unreachable
from desktop.core.keep import Keep
from desktop.engine import Engine
from desktop.engine import Stations as EngineStations
from desktop.incoming.state import Link as MailLink
from desktop.incoming.state import SyncState
from desktop.places import Places
from desktop.practice.story import STORY
from desktop.rounds import Round
from desktop.store import accounts, mail
from desktop.store.accounts import AccountRow, Security
from desktop.store.arrivals import Batch, record_batch
from desktop.store.folders import FolderRole, FolderRow
from desktop.tracking.poller import Link, PollerState
from desktop.ui.actions import AccountDraft, CheckLine, CheckState, ListenerState, RelayState, StepState
from desktop.ui.main_window import MainWindow
from desktop.where import PlaceLookup
from tests.ui.sample_data import ACCOUNT, NOW, THUNDERBIRD, Sample, To


@pytest.fixture(autouse=True, scope="module")
def _collected_on_the_main_thread() -> Iterator[None]:
    """Let no worker collect what a window left behind, as the program does; what is left goes here."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(scope="module")
def round_() -> Iterator[Round]:
    """Lend one practice round to the whole file."""
    with rounds.open_round() as opened:
        yield opened


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Lend an engine with nothing set up."""
    made = Engine(Places.in_folder(tmp_path), keep=Keep.SESSION)
    made.start(port=0)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("relay", "shown"),
    [
        (None, RelayState.NONE),
        (PollerState(link=Link.CONNECTING), RelayState.CONNECTING),
        (PollerState(link=Link.LISTENING), RelayState.CONNECTED),
        (PollerState(link=Link.AWAY, trouble=Unreachable("No answer.", "")), RelayState.WAITING),
        (PollerState(link=Link.AWAY, trouble=NotAuthorised("Not known.", "")), RelayState.FAILED),
    ],
)
def test_the_relay_is_shown_as_it_stands(relay: PollerState | None, shown: RelayState) -> None:
    """Each state of the poller has its own state in the window, and a relay that is away names its trouble."""
    stations = app.stations_of(EngineStations(port=4190, relay=relay, relay_url="https://relay.example"))
    assert (stations.listener, stations.relay, stations.relay_host) == (
        ListenerState.LISTENING,
        shown,
        "relay.example",
    )
    assert stations.trouble is (relay.trouble if relay else None)


@pytest.mark.parametrize("link", MailLink)
def test_incoming_mail_is_shown_as_it_stands(engine: Engine, link: MailLink) -> None:
    """Each state of a sync has its own state in the window, and the folder is called by what it is for."""
    row = AccountRow(
        id=0,
        label="Desk",
        host="smtp.x.example",
        port=465,
        security=Security.TLS,
        user="kim@x.example",
        identities=(Mailbox("Kim", "kim@x.example"),),
    )
    _, account_id = accounts.save_account(engine.store, row)
    folder = FolderRow(account_id=account_id, name="Gesendet", role=FolderRole.SENT, uid_validity=1, next_uid=1)
    record_batch(engine.store, Batch(account_id=account_id, folder=folder), now=engine.clock())
    state = SyncState(link=link, folder="Gesendet", done=3, total=9)
    shown = app.mail_of(engine.store, {account_id: state})
    assert [(each.address, each.folder, each.done, each.total) for each in shown] == [("kim@x.example", "sent", 3, 9)]
    assert app.mail_of(engine.store, {}) == ()


def test_a_listener_that_failed_is_shown_with_its_trouble() -> None:
    """Without a port the listener has failed, and its trouble comes before the relay's."""
    taken, damaged = StoreTrouble("The port is taken.", ""), StoreTrouble("Damaged.", "")
    troubles = {"relay": damaged, "listener": taken}
    stations = app.stations_of(EngineStations(port=0, relay=None, relay_url="", troubles=troubles))
    assert (stations.listener, stations.relay, stations.trouble) == (ListenerState.FAILED, RelayState.UNREADABLE, taken)


@pytest.mark.parametrize(
    ("ends", "is_offline"), [([LookState.FAILED] * 2, True), ([LookState.FAILED, LookState.NOTHING], False)]
)
def test_where_no_source_answers_the_user_is_told_to_be_offline(
    round_: Round, monkeypatch: pytest.MonkeyPatch, ends: list[LookState], *, is_offline: bool
) -> None:
    """Only where every source failed is it the network; where one answered that it knows nothing, it is not."""

    def looked(_address: str, *, on_progress: Callable[[Look], None], **_named: object) -> tuple[Found, ...]:
        on_progress(Look(source=Source.TABLE, state=LookState.NOTHING))
        for source, state in zip((Source.ISPDB, Source.MX), ends, strict=True):
            on_progress(Look(source=source, state=state))
        return ()

    monkeypatch.setattr(set_up, "discover", looked)
    raised = pytest.raises(Unreachable, match="offline") if is_offline else contextlib.nullcontext()
    with raised:
        assert set_up.found(round_.engine, "kim@x.example", False, lambda _line: None, threading.Event()) == ()


def test_testing_an_account_tells_each_line(round_: Round) -> None:
    """A good password passes every step of both sides; a wrong one fails at signing in, in words, and is raised."""
    row = accounts.accounts(round_.engine.store)[0]
    told: list[CheckLine] = []
    set_up.test_account(round_.engine, AccountDraft(row=row, password="", keep=Keep.SESSION), told.append)
    assert [line.state for line in told] == [CheckState.RUNNING, CheckState.PASSED] * 6
    assert told[-1].what == f"Reading (IMAP): find inbox and Sent at {row.imap_host}:{row.imap_port}"
    told.clear()
    with pytest.raises(NotAuthorised):
        set_up.test_account(round_.engine, AccountDraft(row=row, password="wrong", keep=Keep.SESSION), told.append)
    assert [line.state for line in told[-2:]] == [CheckState.RUNNING, CheckState.FAILED]
    assert told[-1] == CheckLine(
        what=f"Sending (SMTP): sign in at {row.host}:{row.port}",
        state=CheckState.FAILED,
        detail=f"127.0.0.1 did not accept the user name and password of {row.address}.",
    )


def test_what_is_said_of_a_hit_is_kept_and_taken_back(engine: Engine) -> None:
    """The window's corrections are the store's; of a line that is gone it is said that nothing was changed."""
    sample = Sample(engine.store)
    accounts.save_account(engine.store, ACCOUNT)
    sample.message("Offer", [To("anna@fjord.example", "Anna")], NOW)
    sample.hit("anna@fjord.example", NOW + timedelta(minutes=5), agent=THUNDERBIRD)
    shown = mail.conversation(engine.store, mail.cards(engine.store)[0].id)
    assert shown is not None
    (message,) = shown.messages
    (hit,) = [line.hit for line in message.copies[0].status.evidence if line.hit is not None]
    with contextlib.closing(PlaceLookup(str)) as lookup:
        said = app.actions_of(engine, lookup, None).corrections
        row = said.say(hit.id, Who.ME)
        assert row is not None
        assert (said.standing(), row.decides, row.person) == ((row,), 1, "Anna")
        said.take_back(row.correction.id)
        said.take_back(row.correction.id)
        assert said.standing() == ()
        with pytest.raises(Trouble, match="no longer kept"):
            said.say(bytes(16), Who.ME)


def test_a_second_start_brings_up_the_first_window(qtbot: QtBot, engine: Engine) -> None:
    """Nobody answers before there is a window; afterwards a knock shows it."""
    places = engine.places
    assert app.bring_up_running(places) is False
    crossing = app.Crossing()
    window = app.build_window(engine, crossing, practice=None)
    door = app.Door(places, window)
    assert app.bring_up_running(places) is True
    qtbot.waitUntil(window.isVisible)
    door.close()
    assert app.bring_up_running(places) is False
    app.dismiss(window, crossing)


def test_the_story_plays_in_the_window(qtbot: QtBot, round_: Round) -> None:
    """The story plays to its end by itself, the window lists its conversations, and recipients can be made to act.

    Its first two steps bring what there is to act on; all of it plays where its pictures are saved.
    """
    crossing = app.Crossing()
    controls = RoundControls(round_.session, round_.stage, steps=STORY[:2], pace_s=0.05)
    told: list[int] = []
    controls.subscribe(lambda: told.append(1))
    window = app.build_window(round_.engine, crossing, practice=controls)
    window.show()
    controls.start()
    assert controls.is_playing()
    assert app.wait_in_loop(lambda: controls.wait(0), 50)
    assert controls.failed_step == ""
    assert {step.state for step in controls.steps()} == {StepState.DONE}
    assert len(told) > len(controls.steps())
    qtbot.waitUntil(lambda: window.threads.list.model().rowCount() >= 4)
    reader = next(each for each in controls.recipients() if each.has_picture and each.has_links)
    before = controls.now()
    controls.advance(timedelta(minutes=5))
    assert (controls.now() - before).total_seconds() >= 300
    controls.open(reader.address)
    controls.click(reader.address)
    assert "See or stop" in controls.mail_html_of(reader.address)
    assert "<form" in controls.stop_page_html(reader.address)
    controls.stop(reader.address)
    controls.close()
    app.dismiss(window, crossing)


def test_the_story_can_be_held_stepped_and_taken_over(round_: Round) -> None:
    """A held story plays a step when asked to; once taken over it plays no more."""
    controls = RoundControls(round_.session, round_.stage)
    controls.start()
    controls.pause()
    controls.resume()
    controls.pause()
    controls.step()
    controls.take_over()
    assert controls.wait(30)
    assert controls.is_playing() is False
    controls.close()


def test_pictures_are_saved_of_the_story_once_it_is_told(
    qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`readback practice --pictures DIR` plays the story, saves its screens in light and dark, and leaves with 0.

    That there is one of every screen is held of a window alone; here one stands for all.
    """
    assert qtbot is not None

    def first_screen(window: MainWindow, folder: Path, theme: str) -> list[Path]:
        window.show_conversations()
        path = folder / f"conversations-{theme}.png"
        assert window.grab().save(str(path))
        return [path]

    monkeypatch.setattr("desktop.ui.pictures._screens", first_screen)
    assert rounds.save_pictures(tmp_path / "pictures") == 0
    saved = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert saved == ["conversations-dark.png", "conversations-light.png"]
    assert len(capsys.readouterr().out.splitlines()) == 2
