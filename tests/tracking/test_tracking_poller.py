"""Hits come home through a real relay: once each, stored before they are acknowledged, whatever goes away meanwhile."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.accounts.channel import save
from desktop.accounts.vault import FileVault
from desktop.core.errors import StoreTrouble
from desktop.core.notice import NoticeKind
from desktop.core.permission import Standing
from desktop.core.status import Rung
from desktop.core.verdict import Verdict
from desktop.store import settings
from desktop.store.change import Change
from desktop.store.hits import gaps, record_hits
from desktop.store.mail import cards
from desktop.store.people import all_stop_tags, permission_of, record_stops
from desktop.tracking.client import RelayClient, SealedRow
from desktop.tracking.poller import Link, back_off_s
from desktop.tracking.requesting import LeaseHeld
from relay.wire.hit import Hit
from relay.wire.labels import Label
from tests.fakes.relay_process import ROOT, RelayProcess
from tests.fakes.samples import hit
from tests.tracking.desktop_side import DesktopSide, fetch, now, press_stop
from tests.tracking.scripted import batch, run_scripted, sealed

ANNA = "anna@becker.example"


@pytest.fixture
def own_relay(tmp_path: Path) -> Iterator[RelayProcess]:
    """Serve a relay that the test may kill."""
    with RelayProcess(tmp_path / "relay") as relay:
        yield relay


def waiting_rows(desk: DesktopSide) -> int:
    """Return how many rows the relay still holds, asked with the lease of the test's pollers."""
    client = RelayClient(relay_url=desk.channel.relay_url, bearer=desk.channel.bearer)
    batch = client.poll(desk.lease, wait_s=0)
    client.close()
    assert batch is not None
    return len(batch.rows)


def test_a_hit_comes_home_and_moves_the_status(desk: DesktopSide) -> None:
    """A recipient loads the picture; the waiting poller brings it, the card says opened, the user is told."""
    picture = desk.send()
    poller = desk.listening()
    assert fetch(picture) == 200
    desk.wait_until(desk.is_opened)
    assert desk.verdicts() == [Verdict.PERSON]
    notices = [notice.kind for change in desk.changes for notice in change.notices]
    assert notices == [NoticeKind.OPENED]
    poller.stop()
    assert waiting_rows(desk) == 0


def test_hits_wait_at_the_relay_until_the_desktop_listens(desk: DesktopSide) -> None:
    """What happened while the desktop was off is there when it starts."""
    picture = desk.send()
    fetch(picture)
    fetch(picture)
    desk.listening()
    desk.wait_until(lambda: len(desk.verdicts()) == 2)


def test_own_network_and_mark_are_learnt(desk: DesktopSide) -> None:
    """A fetch from the poller's own address is not called a person's; the state names the network."""
    picture = desk.send()
    desk.listening()
    desk.wait_for_state(lambda state: state.network == "127.0.0.0/24")
    fetch(picture, network="127.0.0.1")
    desk.wait_until(lambda: desk.verdicts() == [Verdict.UNKNOWN])


KILLED_AT_ACKNOWLEDGEMENT = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from desktop.accounts.channel import load
from desktop.accounts.vault import FileVault
from desktop.store.database import Store
from desktop.tracking.client import RelayClient
from desktop.tracking.poller import Poller
RelayClient.acknowledge = lambda self, keys: os.kill(os.getpid(), signal.SIGKILL)
clock = lambda: datetime.now(UTC)
channel = load(FileVault(Path(sys.argv[2])))
poller = Poller(store=Store(Path(sys.argv[1]), clock=clock), channel=channel, clock=clock, on_state=print)
poller._lease = bytes.fromhex(sys.argv[3])
poller.start()
poller._thread.join()
"""


def test_a_desktop_killed_between_commit_and_acknowledgement_shows_the_hit_once(
    desk: DesktopSide, tmp_path: Path
) -> None:
    """The hit is in the store though the program died, the relay gives it out again, and it is shown once."""
    fetch(desk.send())
    save(FileVault(tmp_path / "vault"), desk.channel)
    desk.store.close()
    script = [sys.executable, "-c", KILLED_AT_ACKNOWLEDGEMENT, str(desk.path), str(tmp_path / "vault")]
    script.append(desk.lease.hex())
    killed = subprocess.run(script, cwd=ROOT, timeout=30, check=False)
    assert killed.returncode == -signal.SIGKILL
    desk.reopen()
    assert desk.verdicts() == [Verdict.PERSON]
    assert waiting_rows(desk) == 1
    desk.fetch_all()
    assert desk.verdicts() == [Verdict.PERSON]
    assert waiting_rows(desk) == 0


def test_nothing_is_acknowledged_that_was_not_stored(desk: DesktopSide, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store is in trouble the hit waits at the relay; once it works the hit comes, once."""
    picture = desk.send()
    is_broken = threading.Event()
    is_broken.set()

    def fails(*arguments: object, **options: object) -> Change:
        if is_broken.is_set():
            raise StoreTrouble("The disk is full.", "Free some space.")
        return record_hits(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("desktop.tracking.poller.record_hits", fails)
    fetch(picture)
    poller = desk.poller()
    poller.start()
    away = desk.wait_for_state(lambda state: state.link is Link.AWAY)
    assert isinstance(away.trouble, StoreTrouble)
    assert desk.verdicts() == []
    is_broken.clear()
    desk.wait_until(desk.is_opened)
    assert desk.verdicts() == [Verdict.PERSON]


def test_a_relay_that_goes_and_comes_back_loses_nothing(own_relay: RelayProcess, tmp_path: Path) -> None:
    """Killed and started again, the relay is found again and gives out what it had and what comes."""
    desk = DesktopSide(own_relay.url, tmp_path / "s.sqlite")
    picture = desk.send()
    desk.listening()
    own_relay.stop(is_kill=True)
    away = desk.wait_for_state(lambda state: state.link is Link.AWAY)
    assert away.trouble is not None
    assert away.trouble.sentence == "The relay does not answer."
    own_relay.start()
    fetch(picture)
    desk.wait_until(desk.is_opened)
    desk.wait_for_state(lambda state: state.link is Link.LISTENING and state.trouble is None)
    desk.close()


@contextmanager
def lease_held(desk: DesktopSide) -> Iterator[None]:
    """Hold the channel's lease by a poll that waits at the relay, and give it up at once on leaving."""
    holder = RelayClient(relay_url=desk.channel.relay_url, bearer=desk.channel.bearer)
    lease, is_waiting = os.urandom(16), threading.Event()
    holder.poll(lease, wait_s=0)
    thread = threading.Thread(target=lambda: holder.poll(lease, wait_s=30, on_admitted=is_waiting.set))
    thread.start()
    assert is_waiting.wait(10)
    yield
    holder.wake()
    thread.join(10)
    holder.close()


def test_a_second_poller_is_told_and_takes_over_when_the_first_ends(desk: DesktopSide) -> None:
    """One lease a channel: the second says so in plain words and waits its turn."""
    with lease_held(desk):
        desk.poller().start()
        away = desk.wait_for_state(lambda state: state.link is Link.AWAY)
        assert isinstance(away.trouble, LeaseHeld)
    desk.wait_for_state(lambda state: state.link is Link.LISTENING)


def test_a_start_soon_after_quitting_only_waits_for_the_lease(desk: DesktopSide) -> None:
    """The relay holds the lease of the Readback before for some seconds: that is no trouble to show."""
    was_refused = threading.Event()

    def back_off(_: int) -> float:
        was_refused.set()
        return 0.05

    with lease_held(desk):
        desk.poller(patience_s=30.0, back_off=back_off).start()
        assert was_refused.wait(10)
    assert desk.states.get(timeout=20).link is Link.LISTENING


def test_a_stop_at_the_relay_wakes_the_desktop(desk: DesktopSide) -> None:
    """The person presses stop; the waiting desktop learns it, says so, and the open afterwards leaves nothing."""
    picture = desk.send()
    poller = desk.listening()
    assert press_stop(desk.stop_url()) == 200
    desk.wait_until(lambda: permission_of(desk.store, ANNA).standing is Standing.STOPPED)
    assert [notice.kind for change in desk.changes for notice in change.notices] == [NoticeKind.STOPPED]
    assert fetch(picture) == 200
    other = desk.send("erik@lund.example")
    fetch(other)
    desk.wait_until(desk.is_opened)
    poller.stop()
    assert desk.verdicts() == [Verdict.PERSON]  # Erik's alone


def test_a_stop_known_here_reaches_a_relay_that_lost_it(own_relay: RelayProcess, tmp_path: Path) -> None:
    """A relay restored from before the stop learns it at the next connect, and stores nothing from then on."""
    desk = DesktopSide(own_relay.url, tmp_path / "s.sqlite")
    picture = desk.send()
    record_stops(desk.store, [desk.tag(ANNA)], now())
    desk.listening().stop()
    fetch(picture)
    assert waiting_rows(desk) == 0
    fetch(desk.send("erik@lund.example"))
    assert waiting_rows(desk) == 1
    desk.close()


def test_what_a_restored_relay_stored_after_a_stop_is_not_shown(desk: DesktopSide) -> None:
    """The relay did not know of the stop yet: its row is fetched, acknowledged and dropped."""
    picture = desk.send()
    record_stops(desk.store, [desk.tag(ANNA)], now())
    fetch(picture)
    desk.fetch_all()
    assert desk.verdicts() == []
    assert waiting_rows(desk) == 0


def test_a_restored_store_learns_the_stops_again(desk: DesktopSide, tmp_path: Path) -> None:
    """A store from before the stop takes it from the relay at connect, before any mail can be wrong."""
    press_stop(desk.stop_url())
    desk.listening().stop()
    desk.path = tmp_path / "restored.sqlite"
    desk.reopen()
    assert all_stop_tags(desk.store) == frozenset()
    desk.listening().stop()
    assert all_stop_tags(desk.store) == frozenset({desk.tag(ANNA)})


def test_quitting_does_not_wait_for_a_poll(desk: DesktopSide) -> None:
    """Stopping wakes the poll that waits for 25 s; afterwards the state is stopped and another may listen."""
    poller = desk.listening()
    begun = time.monotonic()
    poller.stop()
    assert time.monotonic() - begun < 0.8
    desk.wait_for_state(lambda state: state.link is Link.STOPPED)
    desk.listening()


def test_a_bearer_the_relay_does_not_know_is_told(desk: DesktopSide) -> None:
    """After a relay lost its database the user hears what to do."""
    desk.channel = replace(desk.channel, bearer="x" * 43)
    desk.poller().start()
    away = desk.wait_for_state(lambda state: state.link is Link.AWAY)
    assert away.trouble is not None
    assert away.trouble.cure == "Connect to the relay anew, in Settings."


def odd(**fields: object) -> Hit:
    return replace(hit(), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "one",
    [
        odd(at_ms=-1),
        odd(at_ms=10**18),
        odd(at_ms=1.5),
        odd(at_ms=True),
        odd(agent="\ud800"),
        odd(labels=(Label("a number", "2026-01-01"),)),
        odd(headers={"via": "\udfff"}),
        odd(token_id=b"short"),
        odd(id=b"short"),
        odd(same_source=b""),
    ],
)
def test_a_hit_that_cannot_be_is_counted_acknowledged_and_blocks_nothing(desk: DesktopSide, one: Hit) -> None:
    """A relay that lies about a hit's fields does not stop what comes behind it."""
    client = run_scripted(desk, batch(sealed(desk, one, key=b"bad"), sealed(desk, hit(), key=b"good")))
    assert client.acknowledged == [b"bad", b"good"]
    assert desk.pollers[0].state.bad_seals == 1
    with desk.store.read() as connection:
        assert connection.execute("SELECT count(*) FROM hit").fetchone() == (1,)


@pytest.mark.parametrize("octets", [b"", b"\x00" * 100, b"\x01" + bytes(1_088)])
def test_a_seal_that_does_not_open_is_counted_acknowledged_and_blocks_nothing(desk: DesktopSide, octets: bytes) -> None:
    """What was not sealed to this desktop is shown as a count."""
    rows = (SealedRow(key=b"bad", sealed=octets), sealed(desk, hit(), key=b"good"))
    client = run_scripted(desk, batch(*rows), batch(SealedRow(key=b"bad2", sealed=octets)))
    assert client.acknowledged == [b"bad", b"good", b"bad2"]
    assert desk.pollers[0].state.bad_seals == 2
    assert desk.pollers[0].state.link is Link.LISTENING


def test_gaps_are_kept_once(desk: DesktopSide) -> None:
    """The relay names its gaps in every answer; they are written when they change."""
    told: list[Change] = []
    desk.store.subscribe(told.append)
    run_scripted(desk, *(batch(gaps_={"2026-05-01": 2}) for _ in range(3)))
    assert gaps(desk.store) == (("2026-05-01", 2),)
    assert told.count(Change(settings=True)) == 1


def test_a_relay_that_answers_nothing_at_once_is_not_asked_in_a_rush(desk: DesktopSide) -> None:
    """Empty answers without waiting are spaced out."""
    begun = time.monotonic()
    run_scripted(desk, batch(), batch(), batch())
    assert time.monotonic() - begun > 0.5


def test_stops_are_exchanged_at_connect_and_when_the_digest_differs(desk: DesktopSide) -> None:
    """An equal digest costs no exchange."""
    assert run_scripted(desk, batch(), batch(digest="00"), batch()).exchanges == 2


def test_waiting_grows_to_a_minute() -> None:
    """A relay that stays away is asked ever more rarely."""
    assert [back_off_s(failures) for failures in (1, 2, 3, 7, 10_000)] == [1, 2, 4, 60, 60]


def test_a_window_setting_reaches_the_judging(desk: DesktopSide) -> None:
    """The poller hands on its window, or lets the stored setting stand."""
    settings.put(desk.store, settings.WINDOW, 10_000)
    picture = desk.send()
    fetch(picture)
    desk.fetch_all()
    assert desk.verdicts() == [Verdict.UNKNOWN]
    fetch(picture)
    desk.fetch_all(window_s=1.0)
    assert desk.verdicts() == [Verdict.PERSON] * 2
    assert cards(desk.store)[0].rung is Rung.OPENED
