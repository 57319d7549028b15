"""Answers on their way to the desktop: sealed like hits, told by the feed, kept until they are acknowledged."""

import base64
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from relay import answers as answers_module
from relay.wire.answer import AnswerKind
from relay.wire.purpose import Purpose
from relay.wire.seal import SEALED_BYTES
from tests.relay.desk import OTHER_TAG, TAG, Clock, Desk, served
from tests.relay.recipients import answers_of, confirm_url, page_url, press, question_url, rows_of, taken


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give one desktop for all tests that alter nothing of its relay but what waits there."""
    clock = Clock()
    with served(tmp_path_factory.mktemp("relay"), clock) as base:
        one = Desk(base, clock)
        yield one
        one.close()


@pytest.fixture
def desk(office: Desk) -> Desk:
    """Give the desktop with nothing waiting for it."""
    taken(office)
    office.acknowledge(office.poll()["rows"])
    return office


def test_the_feed_tells_how_many_answers_wait(desk: Desk) -> None:
    """None, then two, then one after an acknowledgement; hits are not among them."""
    assert desk.poll()["answers"] == 0
    press(desk, confirm_url(desk))
    press(desk, question_url(desk), Purpose.OPENS, answer="yes")
    desk.get(desk.open_url())
    assert (desk.poll()["answers"], len(desk.poll()["rows"])) == (2, 1)
    assert desk.post("/answers/acknowledge", {"keys": [rows_of(desk)[0]["key"]]}).status_code == 204
    assert desk.poll()["answers"] == 1
    assert [answer.kind for answer in answers_of(desk)] == [AnswerKind.CONSENT]


def test_an_answer_wakes_the_waiting_poller(desk: Desk) -> None:
    """A long poll ends as soon as somebody presses, also when as many wait as it was told of before."""
    for _ in range(2):
        desk.poll()
        waiting = desk.poll_raw(wait_s=20, stream=True)
        begun = time.monotonic()
        press(desk, confirm_url(desk))
        assert waiting.json()["answers"] == 1
        assert time.monotonic() - begun < 10
        taken(desk)


def test_the_oldest_come_first_and_a_few_at_a_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit into one answer comes once the first are acknowledged."""
    monkeypatch.setattr(answers_module, "MAX_ANSWERS", 2)
    for number in range(3):
        press(desk, confirm_url(desk, random_id=b"answer--%04d" % number))
    assert [answer.token_id for answer in taken(desk)] == [b"answer--0000", b"answer--0001"]
    assert [answer.token_id for answer in taken(desk)] == [b"answer--0002"]
    assert taken(desk) == []


def test_only_the_owner_reads_and_acknowledges(desk: Desk) -> None:
    """Without the bearer 401; with another's bearer nothing is told and nothing goes."""
    press(desk, confirm_url(desk))
    keys = {"keys": [rows_of(desk)[0]["key"]]}
    neighbour = Desk(desk.base, desk.clock)
    assert rows_of(neighbour) == []
    assert neighbour.post("/answers/acknowledge", keys).status_code == 204
    neighbour.bearer = {}
    assert neighbour.post("/answers/acknowledge", keys).status_code == 401
    assert requests.get(f"{desk.base}/answers", timeout=10).status_code == 401
    assert len(rows_of(desk)) == 1
    neighbour.close()


@pytest.mark.parametrize("body", [{}, {"keys": "x"}, {"keys": ["zz"]}, {"keys": ["00"]}, []])
def test_a_malformed_acknowledgement_is_400(desk: Desk, body: object) -> None:
    """What is no list of keys changes nothing; the same key twice is fine."""
    press(desk, confirm_url(desk))
    assert desk.post("/answers/acknowledge", body).status_code == 400
    [row] = rows_of(desk)
    for _ in range(2):
        assert desk.post("/answers/acknowledge", {"keys": [row["key"]]}).status_code == 204
    assert rows_of(desk) == []


def test_an_answer_is_sealed_like_a_hit_and_says_nothing_of_who_pressed(tmp_path: Path, clock: Clock) -> None:
    """The same size, the same seal; the relay's files hold neither tag nor name nor network nor agent of it."""
    with served(tmp_path, clock) as base:
        desk = Desk(base, clock)
        headers = {"User-Agent": "mark-agent", "X-Forwarded-For": "203.0.113.77", "Accept-Language": "mark-lang"}
        press(desk, question_url(desk, tag=b"mark-tag"), Purpose.OPENS, headers=headers, answer="yes")
        press(desk, page_url(desk, tag=b"mark-tag"), headers=headers, wish="delete")
        desk.get(desk.open_url())
        sizes = {len(base64.b64decode(row["sealed"])) for row in rows_of(desk) + desk.poll()["rows"]}
        assert sizes == {SEALED_BYTES}
        assert [answer.tag for answer in answers_of(desk)] == [b"mark-tag"] * 2
        desk.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    marks = (b"mark-", b"Kim Larsen", b"203.0.113", b"mark-tag".hex().encode())
    assert [mark for mark in marks if mark in kept] == []


def test_answers_wait_a_year_a_wish_to_delete_until_it_is_taken(tmp_path: Path, clock: Clock) -> None:
    """Item 14: after 365 days an unread answer goes, what is kept of its used link too; the duty stays, over a restart.

    A hit goes after 14 days.
    """
    with served(tmp_path, clock) as base:
        desk = Desk(base, clock)
        press(desk, question_url(desk), Purpose.OPENS, answer="yes")
        press(desk, page_url(desk, tag=OTHER_TAG), wish="delete")
        clock.pass_days(365)
        desk.exchange([])
        assert [answer.kind for answer in answers_of(desk)] == [AnswerKind.CONSENT, AnswerKind.DELETE]
        assert used(tmp_path) == 1
    clock.pass_days(1)
    with served(tmp_path, clock) as base:
        desk.base = base
        desk.exchange([])
        assert [answer.kind for answer in answers_of(desk)] == [AnswerKind.DELETE]
        assert used(tmp_path) == 0
        desk.close()


def used(folder: Path) -> int:
    with sqlite3.connect(folder / "relay.sqlite3") as connection:
        count: int = connection.execute("SELECT count(*) FROM used").fetchone()[0]
    connection.close()
    return count


def test_an_acknowledgement_on_a_full_disk_is_503(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What could not be deleted is told again, and goes once there is room."""

    def full(*_arguments: object) -> None:
        raise OSError("disk full")

    press(desk, confirm_url(desk, tag=TAG))
    keys = {"keys": [row["key"] for row in rows_of(desk)]}
    with monkeypatch.context() as broken:
        broken.setattr("relay.database.Database.remove_answers", full)
        assert desk.post("/answers/acknowledge", keys).status_code == 503
    caplog.clear()
    assert len(taken(desk)) == 1
    assert rows_of(desk) == []
