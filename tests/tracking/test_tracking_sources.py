"""How this desktop is seen over each address family: learnt beside the poll, and never in its way."""

import json
import queue
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from desktop.core.errors import Malformed, NotAuthorised, Refused, Trouble, Unreachable
from desktop.core.verdict import Verdict
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.own_views import record_own_program, record_own_source
from desktop.tracking import sources as sources_module
from desktop.tracking.client import Batch, Family, Source, ask_source
from desktop.tracking.poller import Link
from desktop.tracking.sources import EVERY_S, Sources
from tests.fakes.family_proxy import FamilyProxy, both_families
from tests.fakes.http_answers import HttpAnswers
from tests.tracking.desktop_side import DesktopSide, fetch, now

HOME = "2001:db8:1:2::77"
HOME_NETWORK = "2001:db8:1::/48"
LOOPBACK_NETWORK = "127.0.0.0/24"
WAIT_S = 10


class Learnt:
    """The networks that were learnt, in order, as soon as they are in the store."""

    def __init__(self) -> None:
        self._networks: queue.Queue[str] = queue.Queue()

    def record(self, store: Store, *, mark: bytes, network: str, now: datetime) -> Change:
        """Do what the real one does, and say so."""
        change = record_own_source(store, mark=mark, network=network, now=now)
        self._networks.put(network)
        return change

    def wait_for(self, network: str) -> None:
        """Return once a network was learnt."""
        while self._networks.get(timeout=WAIT_S) != network:
            continue


@pytest.fixture
def learnt(monkeypatch: pytest.MonkeyPatch) -> Learnt:
    """Watch what is learnt."""
    watch = Learnt()
    monkeypatch.setattr(sources_module, "record_own_source", watch.record)
    return watch


def known(desk: DesktopSide) -> set[str]:
    """Return the networks from which this desktop knows that it asked."""
    with desk.store.read() as connection:
        return {network for (network,) in connection.execute("SELECT network FROM own_source")}


@pytest.fixture
def both(desk: DesktopSide, monkeypatch: pytest.MonkeyPatch) -> DesktopSide:
    """Return a desktop whose relay has a name with an address of each family; IPv4 comes first."""
    monkeypatch.setattr(socket, "getaddrinfo", both_families)
    port = desk.channel.relay_url.rpartition(":")[2]
    desk.channel = replace(desk.channel, relay_url=f"http://localhost:{port}")
    return desk


@pytest.fixture
def home(both: DesktopSide) -> Iterator[FamilyProxy]:
    """Serve the relay over IPv6 too, where this desktop is seen at an address of its own."""
    with FamilyProxy(both.channel.relay_url, HOME) as proxy:
        yield proxy


def test_each_family_is_asked_over_its_own_connection(both: DesktopSide, home: FamilyProxy) -> None:
    """The relay tells one mark and network over IPv4 and another over IPv6, and the same again when asked again."""
    assert home.port
    told = [
        ask_source(relay_url=both.channel.relay_url, bearer=both.channel.bearer, family=family)
        for family in (Family.IPV4, Family.IPV6, Family.IPV4)
    ]
    assert [source.network for source in told] == [LOOPBACK_NETWORK, HOME_NETWORK, LOOPBACK_NETWORK]
    assert told[0] == told[2]
    assert told[0].same_source != told[1].same_source


@pytest.mark.usefixtures("home")
def test_an_own_view_over_the_other_family_is_recognised(both: DesktopSide, learnt: Learnt) -> None:
    """The poll goes over IPv4; the user's own program, seen at the desktop's IPv6 address, is the user all the same."""
    picture = both.send()
    record_own_program(both.store, program="Thunderbird", how="submitted", now=now())
    both.listening()
    learnt.wait_for(HOME_NETWORK)
    fetch(picture, network=HOME)
    both.wait_until(lambda: both.verdicts() == [Verdict.SELF])


def test_without_the_other_family_the_same_view_is_a_persons(both: DesktopSide, learnt: Learnt) -> None:
    """The twin: where the relay is not reachable over IPv6, nothing tells that address from a recipient's."""
    picture = both.send()
    record_own_program(both.store, program="Thunderbird", how="submitted", now=now())
    both.listening()
    learnt.wait_for(LOOPBACK_NETWORK)
    fetch(picture, network=HOME)
    both.wait_until(lambda: both.verdicts() == [Verdict.PERSON])


def test_a_hit_that_was_there_first_is_judged_anew(both: DesktopSide) -> None:
    """What the other family's mark proves is applied back to a hit that came before the mark was known."""
    picture = both.send()
    record_own_program(both.store, program="Thunderbird", how="submitted", now=now())
    both.listening()
    fetch(picture, network=HOME)
    both.wait_until(lambda: both.verdicts() == [Verdict.PERSON])
    with FamilyProxy(both.channel.relay_url, HOME):
        both.pollers[0]._sources.ask()
        both.wait_until(lambda: both.verdicts() == [Verdict.SELF])


def test_a_missing_family_is_no_trouble(desk: DesktopSide, learnt: Learnt) -> None:
    """A relay with an IPv4 address alone: no word of it, and the one family is known."""
    desk.listening()
    learnt.wait_for(LOOPBACK_NETWORK)
    with pytest.raises(Unreachable):
        ask_source(relay_url=desk.channel.relay_url, bearer=desk.channel.bearer, family=Family.IPV6)
    assert [state for state in desk.states.queue if state.link is Link.AWAY or state.trouble is not None] == []


def test_a_mute_family_delays_no_hit_and_no_end(both: DesktopSide) -> None:
    """While the question over IPv6 hangs, a hit comes home, and stopping does not wait for the answer."""
    with FamilyProxy(both.channel.relay_url, HOME, is_mute=True) as mute:
        picture = both.send()
        poller = both.listening()
        assert mute.asked.acquire(timeout=WAIT_S)
        fetch(picture)
        both.wait_until(both.is_opened)
        begun = now()
        poller.stop()
        assert now() - begun < timedelta(seconds=0.8)


def answered(*answers: tuple[int, object]) -> HttpAnswers:
    return HttpAnswers(*((status, json.dumps(body).encode()) for status, body in answers))


TOLD = {"network": "192.0.2.0/24", "same_source": "0102030405060708"}


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (404, {}, Refused),
        (401, {}, NotAuthorised),
        (500, {}, Unreachable),
        (200, [], Malformed),
        (200, {}, Malformed),
        (200, {**TOLD, "same_source": "01"}, Malformed),
        (200, {**TOLD, "same_source": 1}, Malformed),
        (200, {**TOLD, "network": "192.0.2.7/24"}, Malformed),
        (200, {**TOLD, "network": "here"}, Malformed),
    ],
)
def test_what_a_relay_may_answer_is_told_as_trouble(status: int, body: object, trouble: type[Trouble]) -> None:
    """An older relay, a refusal and answers that are none each have their kind of trouble; a good one is read."""
    with answered((status, body), (200, TOLD)) as relay:
        with pytest.raises(trouble):
            ask_source(relay_url=relay.url, bearer="secret", family=Family.IPV4)
        told = ask_source(relay_url=relay.url + "/", bearer="secret", family=Family.IPV4)
        assert told == Source(network="192.0.2.0/24", same_source=bytes(range(1, 9)))
        assert {(verb, path, headers["Authorization"]) for verb, path, headers, _ in relay.requests} == {
            ("GET", "/source", "Bearer secret")
        }


def asking(desk: DesktopSide, url: str, *, every_s: float = EVERY_S) -> Sources:
    """Return a started thread that asks another relay."""
    running = Sources(store=desk.store, channel=replace(desk.channel, relay_url=url), clock=now, every_s=every_s)
    running.start()
    return running


def test_it_asks_when_told_and_again_by_itself(desk: DesktopSide, learnt: Learnt) -> None:
    """Nothing before it is told to; from then on again and again, though the relay did not know the question."""
    with answered((404, {}), (404, {}), (200, TOLD)) as relay:
        running = asking(desk, relay.url, every_s=0.02)
        assert relay.requests == []
        running.ask()
        learnt.wait_for("192.0.2.0/24")
        running.stop()
        assert len(relay.requests) >= 3


def test_what_is_answered_after_the_end_is_not_kept(desk: DesktopSide, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store may be closed by then."""
    is_asked, may_answer, is_over = threading.Event(), threading.Event(), threading.Event()

    def slow(**options: object) -> Source:
        if options["family"] is Family.IPV6:
            is_over.set()
            raise Unreachable("There is no such family here.")
        is_asked.set()
        assert may_answer.wait(WAIT_S)
        return Source(network="192.0.2.0/24", same_source=b"\x01" * 8)

    monkeypatch.setattr(sources_module, "ask_source", slow)
    running = asking(desk, "http://127.0.0.1:9")
    running.ask()
    assert is_asked.wait(WAIT_S)
    running.stop()
    may_answer.set()
    assert is_over.wait(WAIT_S)
    assert known(desk) == set()


def test_the_poller_asks_at_each_connect_and_for_each_new_mark(
    desk: DesktopSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it listens, again after a break, and when the relay sees it as another; else not."""
    asked: list[Link] = []
    poller = desk.poller()
    poller.start()
    desk.wait_for_state(lambda state: state.network != "")
    poller.stop()
    monkeypatch.setattr(poller._sources, "ask", lambda: asked.append(poller.state.link))
    for link in (Link.CONNECTING, Link.LISTENING, Link.AWAY):
        poller._tell(link=link)
        poller._tell_listening()
    assert asked == [Link.CONNECTING, Link.AWAY]
    asked.clear()
    for mark in (b"\x01", b"\x02", b"\x02", b"\x01"):
        batch = Batch(now_ms=0, network="192.0.2.0/24", same_source=mark * 8, stops_digest="", rows=(), gaps={})
        poller._keep(batch, [])
    assert len(asked) == 2
