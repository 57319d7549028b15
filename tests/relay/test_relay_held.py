"""What the relay tells a desktop it holds for it, and what is left when that desktop's channel is deleted."""

import base64
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import requests

from relay.database import Database, StorageError
from relay.wire import urls
from relay.wire.hit import HitKind, decode
from relay.wire.token import TokenType
from tests.relay.desk import DESTINATION, TAG, Clock, Desk, served
from tests.relay.recipients import page_url


def held_by(desk: Desk) -> dict[str, Any]:
    answer = requests.get(f"{desk.base}/held", headers=desk.bearer, timeout=10)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    told: dict[str, Any] = answer.json()
    return told


def confirm(desk: Desk) -> None:
    url = urls.confirm_url(desk.base, desk.token(TokenType.CONFIRM, tag=b"another1"))
    assert desk.session.post(url, timeout=10).status_code == 200


def delete(desk: Desk) -> int:
    return requests.delete(f"{desk.base}/channel", headers=desk.bearer, timeout=10).status_code


def rows_of(data: Path, channel_id: bytes) -> dict[str, int]:
    with sqlite3.connect(data / "relay.sqlite3") as connection:
        named = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%channel_id%'")
        tables = [name for (name,) in named]
        counts = {
            table: connection.execute(f"SELECT count(*) FROM {table} WHERE channel_id = ?", (channel_id,)).fetchone()[0]
            for table in tables
        }
    connection.close()
    return counts


def test_everything_that_is_held_is_told_as_it_is_kept(desk: Desk, base: str, clock: Clock) -> None:
    """Sealed rows with their days and keys, stops and gaps; another desktop's are not among them."""
    other = Desk(base, clock)
    other.get(other.open_url())
    desk.get(desk.open_url(tag=b"another1"))
    clock.pass_days(1)
    desk.get(desk.click_url(tag=b"another1"))
    desk.exchange([TAG])
    confirm(desk)
    told = held_by(desk)
    assert [row["day"] for row in told["hits"]] == ["2026-09-21", "2026-09-22"]
    opened = [decode(desk.opener.open(base64.b64decode(row["sealed"]))) for row in told["hits"]]
    assert [hit.kind for hit in opened] == [HitKind.OPEN, HitKind.CLICK]
    assert (told["hits_count"], told["stops"], told["gaps"]) == (2, [TAG.hex()], [])
    assert (told["channel_id"], told["answers_count"], told["used"]) == (desk.channel_id.hex(), 1, 1)
    assert [row["day"] for row in told["answers"]] == ["2026-09-22"]
    assert held_by(other)["hits_count"] == 1
    other.close()


def test_what_is_told_is_told_to_the_channels_bearer_alone(desk: Desk) -> None:
    """Neither without a bearer nor with a made-up one is anything told or deleted; telling takes nothing away."""
    desk.get(desk.open_url())
    for headers in ({}, {"Authorization": "Bearer made-up"}):
        assert requests.get(f"{desk.base}/held", headers=headers, timeout=10).status_code == 401
        assert requests.delete(f"{desk.base}/channel", headers=headers, timeout=10).status_code == 401
    assert held_by(desk)["hits"] == held_by(desk)["hits"]
    assert len(desk.hits()) == 1


def test_a_deleted_channel_leaves_only_its_stops_and_who_may_learn_of_them(tmp_path: Path, clock: Clock) -> None:
    """Hits, gaps and channel go at once; the other desktop's stay; links redirect and the stop page stops."""
    with served(tmp_path, clock) as base:
        desk, other = Desk(base, clock), Desk(base, clock)
        for one in (desk, other):
            one.get(one.open_url())
            one.get(one.open_url(tag=b"another1"))
            one.exchange([b"stopped1"])
            confirm(one)
        link, stop, picture = desk.click_url(), desk.stop_url(), desk.open_url()
        clock.pass_days(15)
        desk.get(desk.open_url())
        held = rows_of(tmp_path, desk.channel_id)
        assert (held["gaps"], held["answers"]) == (1, 1)
        assert delete(desk) == 204
        assert {table for table, count in rows_of(tmp_path, desk.channel_id).items() if count} == {"stops", "retired"}
        assert rows_of(tmp_path, other.channel_id)["channels"] == 1
        assert desk.poll_raw().status_code == 401
        assert desk.get(link).headers["location"] == DESTINATION.decode()
        assert desk.get(picture).headers["content-type"] == "image/gif"
        assert requests.post(stop, timeout=10).status_code == 200
        assert TAG.hex() in (tmp_path / "stops.txt").read_text()
        assert rows_of(tmp_path, desk.channel_id)["hits"] == 0
        assert delete(desk) == 401
        assert held_by(other)["gaps"] == [{"day": "2026-09-21", "count": 2}]
        desk.close()
        other.close()


def test_a_channel_that_could_not_be_deleted_is_still_there(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk that fails is said with 503, nothing is gone, and deleting works once it is mended."""
    desk.get(desk.open_url())

    def fail(*_: object) -> None:
        raise StorageError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(Database, "retire_channel", fail)
        assert delete(desk) == 503
    caplog.clear()
    assert held_by(desk)["hits_count"] == 1
    assert delete(desk) == 204


def test_a_waiting_poll_ends_with_its_channel(desk: Desk) -> None:
    """A poller that waits when its channel is deleted is answered with nothing, and refused from then on."""
    desk.poll()
    with desk.poll_raw(wait_s=50, stream=True) as waiting:
        assert delete(desk) == 204
        assert waiting.json()["rows"] == []
    assert desk.poll_raw().status_code == 401


def test_what_is_counted_is_what_is_there(desk: Desk) -> None:
    """Hits that a recipient had deleted, or that were acknowledged, are in no count; the others are."""
    for tag in (TAG, TAG, b"another1", b"another2"):
        desk.get(desk.open_url(tag=tag))
    assert desk.session.post(page_url(desk), data={"wish": "delete"}, timeout=10).status_code == 200
    told = held_by(desk)
    assert (told["hits_count"], len(told["hits"])) == (2, 2)
    desk.acknowledge(desk.poll()["rows"][:1])
    told = held_by(desk)
    assert (told["hits_count"], len(told["hits"])) == (1, 1)
