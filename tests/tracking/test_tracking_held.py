"""Item 19: what the relay holds for this user, fetched and opened there and then; and the end of a channel."""

import json
from dataclasses import replace

import pytest
import requests

from desktop.accounts.channel import Channel
from desktop.core.errors import Malformed, NotAuthorised, Trouble
from desktop.tracking.held import delete_channel, held
from relay.wire import token as tokens
from relay.wire.answer import AnswerKind
from relay.wire.hit import HitKind
from relay.wire.seal import new_private_key
from relay.wire.urls import read_open_path
from tests.fakes.http_answers import HttpAnswers
from tests.fakes.samples import THUNDERBIRD
from tests.tracking.desktop_side import WAIT_S, DesktopSide, fetch, press_stop

TOLD = {
    "channel_id": "00" * 12,
    "public_key": "key",
    "hits_count": 1,
    "hits": [{"day": "2026-05-01", "key": "aa", "sealed": "AAEC"}],
    "answers_count": 0,
    "answers": [],
    "gaps": [{"day": "2026-05-01", "count": 3}],
    "stops": ["0102030405060708"],
    "used": 4,
}


def test_a_new_channel_holds_nothing(desk: DesktopSide) -> None:
    """Of a desktop that just registered the relay holds its id and key alone."""
    found = held(desk.channel)
    assert (found.relay_url, found.channel_id) == (desk.channel.relay_url, desk.channel.channel_id)
    assert found.public_key
    assert (found.hits, found.answers, found.gaps, found.stops, found.used_questions) == ((), (), {}, (), 0)


def test_every_row_is_opened_beside_what_the_relay_sees(desk: DesktopSide) -> None:
    """A hit, a confirmation and a stop stand there: the sealed octets, and what only this desktop makes of them."""
    picture, confirm = desk.send(), desk.send_confirmable("david@okoro.example")
    assert fetch(picture) == 200
    assert requests.post(confirm, timeout=WAIT_S).status_code == 200
    assert press_stop(desk.stop_url("erik@lund.example")) == 200
    found = held(desk.channel)
    (hit,), (answer,) = found.hits, found.answers
    assert hit.opened is not None
    assert answer.opened is not None
    assert hit.opened.kind is HitKind.OPEN
    assert hit.opened.agent == THUNDERBIRD
    assert hit.opened.token_id == tokens.read(read_open_path(picture.removeprefix(desk.channel.picture_base))).random_id
    assert answer.opened.kind is AnswerKind.CONFIRM
    assert THUNDERBIRD.encode() not in hit.sealed
    assert (found.hits_count, found.answers_count, found.stops) == (1, 1, (desk.tag("erik@lund.example"),))


def test_looking_takes_nothing_away(desk: DesktopSide) -> None:
    """What was looked at waits for the poller as before, and is taken in by it."""
    fetch(desk.send())
    assert held(desk.channel).hits_count == held(desk.channel).hits_count == 1
    desk.fetch_all()
    assert desk.is_opened()
    assert held(desk.channel).hits == ()


def test_what_cannot_be_opened_is_shown_as_it_is(desk: DesktopSide) -> None:
    """With another key each row stands there all the same, and means nothing."""
    fetch(desk.send())
    requests.post(desk.send_confirmable(), timeout=WAIT_S)
    found = held(replace(desk.channel, private_key=new_private_key()))
    (hit,), (answer,) = found.hits, found.answers
    assert (hit.opened, answer.opened) == (None, None)
    assert min(len(hit.sealed), len(answer.sealed)) > 1_024


def test_a_deleted_channel_is_gone_and_its_mail_lives_on(desk: DesktopSide) -> None:
    """Deleting takes the channel and what waits; pictures still load, stop pages still stop, the bearer is unknown."""
    picture, stop = desk.send(), desk.stop_url()
    fetch(picture)
    delete_channel(desk.channel)
    for ask in (held, delete_channel):
        with pytest.raises(NotAuthorised):
            ask(desk.channel)
    assert fetch(picture) == 200
    assert requests.get(stop, timeout=WAIT_S).status_code == 200
    assert press_stop(stop) == 200


def asked(status: int, body: object) -> None:
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    with HttpAnswers((status, octets)) as server:
        held(
            Channel(
                picture_base=server.url,
                link_base=server.url,
                relay_url=server.url,
                channel_id=b"c" * 12,
                bearer="secret",
                private_key=new_private_key(),
                tag_key=b"t" * 32,
                key_id=1,
                minting_keys={},
            )
        )


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        [],
        {**TOLD, "channel_id": "xx"},
        {**TOLD, "hits": [{"key": "aa", "sealed": ""}]},
        {**TOLD, "answers": 5},
        {**TOLD, "gaps": [{}]},
        {**TOLD, "stops": ["01"]},
        {name: value for name, value in TOLD.items() if name != "used"},
    ],
)
def test_an_answer_of_another_kind_is_one_trouble(body: object) -> None:
    """What cannot be read is Malformed, in words; the whole of it can be."""
    asked(200, TOLD)
    with pytest.raises(Malformed, match="cannot be read"):
        asked(200, body)


def test_a_relay_that_cannot_delete_is_told() -> None:
    """Where the relay's disk is full nothing was deleted, and it is a trouble."""
    with pytest.raises(Trouble, match="trouble of its own"):
        asked(503, b"")
