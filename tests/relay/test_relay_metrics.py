"""The operator's figures: what they count, that they name nobody, and that they are told on a listener apart."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from relay.__main__ import main
from relay.app import build_app
from relay.counts import Counts
from relay.metrics import MAX_CONNECTIONS, Standing, registry_of
from relay.server import Server
from relay.settings import Settings
from tests.relay.desk import TAG, Clock, Desk, raw

ASK = b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A relay that serves, and where its figures are."""

    base: str
    figures: str


@contextmanager
def watched(data: Path, clock: Clock) -> Iterator[Watched]:
    """Serve a relay with a listener for its figures."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_server(("127.0.0.1", 0)) as apart:
        base, figures = (f"http://127.0.0.1:{each.getsockname()[1]}" for each in (listener, apart))
        ready = threading.Event()
        app = build_app(Settings(data=data, public_url=base, open_registration=True), clock, metrics_listener=apart)
        server = Server(app, ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert ready.wait(10)
            yield Watched(base=base, figures=figures)
        finally:
            server.should_exit = True
            thread.join(15)


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Give one relay with figures to all tests here."""
    with watched(tmp_path_factory.mktemp("relay"), Clock()) as one:
        yield one


def figures_of(text: str) -> dict[str, float]:
    """Return every sample by name and labels, as Prometheus itself would read them."""
    return {
        sample.name.removeprefix("readback_relay_")
        + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def asked(relay: Watched) -> requests.Response:
    return requests.get(f"{relay.figures}/metrics", timeout=10)


def test_what_happened_is_counted_by_kind_and_outcome(relay: Watched) -> None:
    """A picture stored, one after a stop, a link and a stop page are told apart; what never happened is 0."""
    before = figures_of(asked(relay).text)
    desk = Desk(relay.base)
    desk.get(desk.open_url())
    desk.get(desk.click_url())
    desk.session.post(desk.stop_url(), timeout=10)
    desk.get(desk.open_url())
    after = figures_of(asked(relay).text)
    desk.close()
    grown = {name: after[name] - before.get(name, 0) for name in after if "process" not in name}
    told = {name: count for name, count in grown.items() if count}
    assert told == {
        "requests_total 2xx desktop": 1,
        "requests_total 2xx page": 1,
        "requests_total 2xx picture": 2,
        "requests_total 3xx link": 1,
        "hits_total stored": 2,
        "hits_total stopped": 1,
        "stops_total": 1,
        "registrations_total": 1,
        "channels": 1,
        "unread_hits": 2,
        "stopped": 1,
    }
    assert (after["healthy"], after["hits_total disk_failed"]) == (1, 0)
    assert after["process_resident_memory_bytes"] > 1_000_000


def test_no_name_token_tag_or_channel_is_among_the_figures(relay: Watched) -> None:
    """Marks planted in every part of requests are in no line, nor is anything of the desktop that was asked for."""
    desk = Desk(relay.base)
    marks = ["planted-agent", "planted-path", "planted-query", "planted-host", "203.0.113.77"]
    headers = {"user_agent": marks[0], "Host": marks[3], "X_Forwarded_For": marks[4]}
    desk.get(desk.open_url(), **headers)
    desk.get(f"{relay.base}/{marks[1]}?{marks[2]}", **headers)
    desk.get(f"{relay.base}/open/{marks[1]}.gif", **headers)
    said = asked(relay).text
    desk.close()
    for mark in (*marks, desk.channel_id.hex(), TAG.hex(), TAG.decode(), desk.given["bearer"], relay.base):
        assert mark not in said
    assert "readback_relay_requests_total" in said  # The search looks where things are.


def test_figures_are_not_told_where_the_public_asks(relay: Watched) -> None:
    """The public listener knows no /metrics, and that of the figures knows nothing else."""
    assert requests.get(f"{relay.base}/metrics", timeout=10).status_code == 404
    assert requests.get(f"{relay.figures}/health", timeout=10).status_code == 404
    answer = asked(relay)
    assert (answer.status_code, answer.headers["content-type"][:10]) == (200, "text/plain")


def test_who_asks_oddly_or_too_often_at_once_does_no_harm(relay: Watched) -> None:
    """Past sixteen open connections one is hung up on; an endless head is too; when they are gone all is told again."""
    host, _, port = relay.figures.removeprefix("http://").rpartition(":")
    idle = [socket.create_connection((host, int(port)), timeout=10) for _ in range(MAX_CONNECTIONS)]
    assert raw(relay.figures, ASK) == b""
    for connection in idle:
        connection.close()
    assert raw(relay.figures, b"GET /metrics HTTP/1.1\r\n" + b"x: y\r\n" * 3_000) == b""
    assert raw(relay.figures, ASK).startswith(b"HTTP/1.1 200 OK")


def test_a_counter_that_is_new_is_told_by_itself() -> None:
    """Every field of the counts has its sample: nothing that is counted is forgotten here."""
    counts = Counts()
    for number, name in enumerate(name for name in Counts.__dataclass_fields__ if name != "answers"):
        setattr(counts, name, 1_000 + number)
    counts.answered("link", 302)
    standing = Standing(channels=1, unread=2, stopped=3, is_healthy=False)
    values = [
        sample.value
        for family in registry_of(counts, lambda: standing).collect()
        for sample in family.samples
        if sample.name.startswith("readback")
    ]
    assert sorted(values) == [0, 1, 1, 2, 3, *range(1_000, 1_000 + len(Counts.__dataclass_fields__) - 1)]


def test_a_port_for_figures_that_is_taken_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence that names the flag, and exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "--data", str(tmp_path), "--port", "0", "--metrics", port]) == 2
    assert "(--metrics)" in capsys.readouterr().err
