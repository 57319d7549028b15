"""A connection left by one session serves the next, and none that should not."""

import contextlib
import socket
from collections.abc import Callable
from dataclasses import replace
from threading import Event

import pytest

from desktop.outgoing.parking import Parking
from desktop.outgoing.upstream import Upstream
from desktop.store.accounts import save_account
from tests.fakes.provider import USER
from tests.outgoing.conftest import Bench

MAIL = b"From: Alice <alice@example.test>\r\nTo: bob@x.test\r\nSubject: Offer\r\n\r\nHello %d\r\n.\r\n"
Parked = Callable[[], None]


@pytest.fixture
def parked(monkeypatch: pytest.MonkeyPatch) -> Parked:
    """Return what waits until a session that ended has left its connection, or given it up."""
    left = Event()
    park = Parking.park

    def noted(self: Parking, upstream: Upstream) -> None:
        park(self, upstream)
        left.set()

    def wait() -> None:
        assert left.wait(10)
        left.clear()

    monkeypatch.setattr(Parking, "park", noted)
    return wait


def start(bench: Bench, parked_s: float = 60.0) -> Bench:
    bench.timeouts = replace(bench.timeouts, parked_s=parked_s)
    return bench.start()


def connections(bench: Bench) -> list[int]:
    return [message.connection for message in bench.provider.messages]


@pytest.mark.parametrize("parked_s", [60.0, 0.0])
def test_the_next_session_takes_the_connection_over(bench: Bench, parked: Parked, parked_s: float) -> None:
    """Two sessions, one after the other, share a connection where connections are kept, and do not where none is."""
    start(bench, parked_s)
    for number in range(3):
        assert bench.send(MAIL % number, "bob@x.test").startswith("250")
        parked()
    assert len(set(connections(bench))) == (1 if parked_s else 3)
    assert len(bench.provider.messages) == 3


def test_a_connection_that_the_provider_closed_meanwhile_is_opened_anew(bench: Bench, parked: Parked) -> None:
    """The mail goes out once, over a new connection, and the client notices nothing."""
    start(bench)
    assert bench.send(MAIL % 1, "bob@x.test").startswith("250")
    parked()
    for each in tuple(bench.provider._sockets):
        with contextlib.suppress(OSError):
            socket.socket.shutdown(each, socket.SHUT_RDWR)
    assert bench.send(MAIL % 2, "bob@x.test").startswith("250")
    first, second = connections(bench)
    assert first != second


def test_a_connection_that_the_provider_bids_farewell_on_is_opened_anew(bench: Bench, parked: Parked) -> None:
    """A 421 to the first command costs the client nothing either."""
    start(bench)
    assert bench.send(MAIL % 1, "bob@x.test").startswith("250")
    parked()
    (used,) = set(connections(bench))
    bench.provider.faults.replies[f"mail #{used}"] = "421 4.4.2 Too long idle"
    assert bench.send(MAIL % 2, "bob@x.test").startswith("250")
    assert len(set(connections(bench))) == 2


def test_a_changed_account_gets_a_connection_of_its_own(bench: Bench, parked: Parked) -> None:
    """After the account was saved again, its password perhaps another, no earlier sign-in is used."""
    start(bench)
    assert bench.send(MAIL % 1, "bob@x.test").startswith("250")
    parked()
    save_account(bench.store, replace(bench.account, label="Renamed"))
    assert bench.send(MAIL % 2, "bob@x.test").startswith("250")
    first, second = connections(bench)
    assert first != second


def test_a_transaction_left_open_is_not_handed_on(bench: Bench, parked: Parked) -> None:
    """A client that left after RCPT leaves no recipient behind for the next one's mail."""
    start(bench)
    with bench.client() as client:
        client.start(USER, "carol@x.test")
    bench.provider.await_command("QUIT")
    assert bench.send(MAIL % 1, "bob@x.test").startswith("250")
    assert [message.rcpts for message in bench.provider.messages] == [("RCPT TO:<bob@x.test> NOTIFY=FAILURE,DELAY",)]


def test_a_connection_nobody_takes_is_left_in_time(bench: Bench, parked: Parked) -> None:
    """After its stay the provider hears QUIT."""
    start(bench, parked_s=0.05)
    assert bench.send(MAIL % 1, "bob@x.test").startswith("250")
    parked()
    bench.provider.await_command("QUIT", bench.provider.count("QUIT") or 1)
    assert bench.provider.count("QUIT") >= 1


def test_stopping_lets_go_of_it(bench: Bench, parked: Parked) -> None:
    """Nothing stays connected once the listener has stopped."""
    start(bench)
    assert bench.send(MAIL % 1, "bob@x.test").startswith("250")
    parked()
    assert bench.listener is not None
    parking = bench.listener._means._parking
    (kept,) = (upstream for upstream, _ in parking._parked.values())
    bench.stop()
    assert (kept.is_usable, parking._parked) == (False, {})
