"""The long poll: waking, lease, acknowledgement, gaps."""

import threading
import time
from pathlib import Path

import pytest
import requests

from relay.eventlog import RETENTION_DAYS
from relay.wire.stops import stops_digest
from tests.relay.desk import Clock, Desk, served


def test_the_first_poll_of_a_lease_is_answered_at_once_and_the_next_waits(desk: Desk) -> None:
    """A fresh poller learns its network, its mark and the digest without waiting; then nothing is news."""
    begun = time.monotonic()
    body = desk.poll(wait_s=20)
    assert time.monotonic() - begun < 10
    assert (body["network"], body["rows"], body["gaps"]) == ("127.0.0.0/24", [], [])
    assert body["stops_digest"] == stops_digest([])
    assert len(bytes.fromhex(body["same_source"])) == 8
    begun = time.monotonic()
    assert desk.poll(wait_s=0.3)["rows"] == []
    assert time.monotonic() - begun >= 0.3


def test_headers_come_at_once_and_a_hit_wakes_the_poll(desk: Desk) -> None:
    """A client holds the response before there is anything, and gets the hit long before the wait is over."""
    desk.poll()
    begun = time.monotonic()
    waiting = desk.poll_raw(wait_s=20, stream=True)
    assert waiting.status_code == 200
    desk.get(desk.open_url())
    assert len(waiting.json()["rows"]) == 1
    assert time.monotonic() - begun < 10


def test_the_time_told_is_that_of_the_answer_and_dates_hits_too(desk: Desk, clock: Clock) -> None:
    """A poll that waited tells when it was answered, by the clock that the hit in it is dated by."""
    desk.poll()
    waiting = desk.poll_raw(wait_s=20, stream=True)
    clock.ms += 7_000
    desk.get(desk.open_url())
    body = waiting.json()
    [hit] = desk.opened(body["rows"])
    assert (body["now_ms"], hit.at_ms) == (clock.ms, clock.ms)


def test_rows_are_fed_again_until_they_are_acknowledged(desk: Desk) -> None:
    """A lost answer costs nothing; an acknowledged row is gone; acknowledging again is fine."""
    desk.get(desk.open_url())
    first, again = desk.poll()["rows"], desk.poll()["rows"]
    assert first == again
    assert len(first) == 1
    assert (desk.acknowledge(first), desk.acknowledge(first)) == (204, 204)
    assert desk.poll()["rows"] == []


def test_one_desktop_cannot_acknowledge_the_rows_of_another(base: str, clock: Clock) -> None:
    """A foreign key is passed over in silence and the row stays."""
    one, other = Desk(base, clock), Desk(base, clock)
    one.get(one.open_url())
    rows = one.poll()["rows"]
    assert other.acknowledge(rows) == 204
    assert one.poll()["rows"] == rows
    one.close()
    other.close()


def test_the_oldest_rows_come_first_and_at_most_256(desk: Desk) -> None:
    """Three hundred hits come in two answers, in the order they were stored."""
    ids = [number.to_bytes(12, "big") for number in range(300)]
    for random_id in ids:
        desk.get(desk.open_url(random_id=random_id))
    first = desk.poll()["rows"]
    desk.acknowledge(first)
    second = desk.poll()["rows"]
    assert (len(first), len(second)) == (256, 44)
    assert ids == [hit.token_id for hit in desk.opened(first + second)]


def test_a_second_poller_gets_409_while_the_first_waits_and_may_take_over_once_it_hung_up(desk: Desk) -> None:
    """The lease holds while a poll waits; a poller that hangs up gives it free at once."""
    desk.poll()
    waiting = desk.poll_raw(wait_s=30, stream=True)
    assert desk.poll_raw(lease="f" * 32).status_code == 409
    waiting.close()
    deadline = time.monotonic() + 10
    while desk.poll_raw(lease="f" * 32).status_code == 409:
        assert time.monotonic() < deadline
    assert desk.poll_raw(lease=desk.lease).status_code == 409


def test_the_same_lease_may_poll_anew_and_ends_its_older_poll(desk: Desk) -> None:
    """A poller whose connection died comes back at once; the older poll ends empty."""
    desk.poll()
    older = desk.poll_raw(wait_s=30, stream=True)
    begun = time.monotonic()
    assert desk.poll(wait_s=0)["rows"] == []
    assert older.json()["rows"] == []
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"lease": "f" * 31},
        {"lease": "F" * 32},
        {"lease": "f" * 32, "wait_s": "61"},
        {"lease": "f" * 32, "wait_s": "-1"},
        {"lease": "f" * 32, "wait_s": "nan"},
        {"lease": "f" * 32, "wait_s": "x"},
    ],
)
def test_a_malformed_poll_is_400(desk: Desk, query: dict[str, str]) -> None:
    """Lease and wait are as the contract says or the poll is refused."""
    answer = requests.get(f"{desk.base}/feed", params=query, headers=desk.bearer, timeout=10)
    assert answer.status_code == 400


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer x", "Basic eDp4", "bearer "])
def test_a_poll_without_the_bearer_is_401(desk: Desk, value: str) -> None:
    """An unknown bearer learns nothing and acknowledges nothing."""
    desk.get(desk.open_url())
    headers = {"Authorization": value}
    poll = requests.get(f"{desk.base}/feed", params={"lease": "f" * 32}, headers=headers, timeout=10)
    tell = requests.post(f"{desk.base}/feed/acknowledge", json={"keys": []}, headers=headers, timeout=10)
    assert (poll.status_code, tell.status_code) == (401, 401)
    assert poll.headers["www-authenticate"] == "Bearer"
    assert len(desk.hits()) == 1


@pytest.mark.parametrize("body", [{}, {"keys": "x"}, {"keys": ["zz"]}, {"keys": ["00"]}, 7])
def test_a_malformed_acknowledgement_is_400(desk: Desk, body: object) -> None:
    """What is no list of keys deletes nothing."""
    desk.get(desk.open_url())
    assert desk.post("/feed/acknowledge", body).status_code == 400
    assert len(desk.hits()) == 1


def test_hits_unread_for_14_days_leave_a_day_only_gap(desk: Desk, clock: Clock) -> None:
    """On the fourteenth day a hit is still there; on the fifteenth it is a count of a day."""
    desk.get(desk.open_url())
    desk.get(desk.open_url())
    clock.pass_days(RETENTION_DAYS)
    desk.get(desk.open_url())
    assert len(desk.poll()["rows"]) == 3
    clock.pass_days(1)
    desk.get(desk.open_url())
    body = desk.poll()
    assert len(body["rows"]) == 2
    assert body["gaps"] == [{"day": "2026-09-21", "count": 2}]


def test_a_gap_is_told_for_90_days_and_news_only_once(desk: Desk, clock: Clock) -> None:
    """A gap wakes one poll of a lease, stands in every answer, and is forgotten in the end."""
    desk.get(desk.open_url())
    clock.pass_days(RETENTION_DAYS + 1)
    desk.exchange([])  # Any write makes the worker look at the day.
    assert len(desk.poll(wait_s=20)["gaps"]) == 1
    begun = time.monotonic()
    assert len(desk.poll(wait_s=0.3)["gaps"]) == 1
    assert time.monotonic() - begun >= 0.3
    clock.pass_days(90)
    desk.exchange([])
    assert desk.poll()["gaps"] == []


def test_waiting_polls_end_when_the_relay_goes_down(tmp_path: Path, clock: Clock) -> None:
    """Shutting down answers the poll instead of cutting it off or waiting for it."""
    with served(tmp_path, clock) as base:
        desk = Desk(base, clock)
        desk.poll()
        waiting = desk.poll_raw(wait_s=50, stream=True)
        got: list[object] = []
        reader = threading.Thread(target=lambda: got.append(waiting.json()["rows"]))
        reader.start()
        desk.close()
    reader.join(10)
    assert got == [[]]
