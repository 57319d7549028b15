"""Answers come home: fetched when the feed tells of them, stored before they are acknowledged, dated by this clock."""

import json
import os
from dataclasses import replace

import pytest
import requests

from desktop.core.errors import Malformed, StoreTrouble
from desktop.core.notice import NoticeKind
from desktop.core.status import Rung
from desktop.store.answers import record_answers
from desktop.store.change import Change
from desktop.store.mail import cards
from desktop.tracking.client import RelayClient, SealedRow
from desktop.tracking.poller import Link
from relay.wire import token as tokens
from relay.wire.answer import Answer, AnswerKind
from relay.wire.hit import HIT_ID_BYTES
from relay.wire.urls import read_confirm_path
from tests.fakes.http_answers import HttpAnswers
from tests.fakes.samples import hit
from tests.tracking.desktop_side import WAIT_S, DesktopSide, now
from tests.tracking.scripted import batch, run_scripted, sealed, sealed_answer


def confirmation(desk: DesktopSide) -> Answer:
    """Return what pressing the button of a link that was just sent gives."""
    url = desk.send_confirmable()
    token = tokens.read(read_confirm_path(url.removeprefix(desk.channel.link_base)))
    return Answer(
        id=os.urandom(HIT_ID_BYTES),
        kind=AnswerKind.CONFIRM,
        token_id=token.random_id,
        tag=token.recipient_tag,
        at_ms=round(now().timestamp() * 1000),
    )


def rungs(desk: DesktopSide) -> list[Rung]:
    return [card.rung for card in cards(desk.store)]


def test_an_answer_comes_home(desk: DesktopSide) -> None:
    """What the feed tells of is fetched, taken in, told and then acknowledged."""
    row = sealed_answer(desk, confirmation(desk), key=b"one")
    client = run_scripted(desk, batch(), batch(answers=1), answers=[(row,)])
    assert rungs(desk) == [Rung.CONFIRMED]
    assert client.acknowledged_answers == [b"one"]
    assert [notice.kind for change in desk.changes for notice in change.notices] == [NoticeKind.CONFIRMED]


def test_answers_are_asked_for_only_where_the_feed_tells_of_some(desk: DesktopSide) -> None:
    """Without a word of the feed nothing is fetched, though something would be there."""
    row = sealed_answer(desk, confirmation(desk), key=b"one")
    client = run_scripted(desk, batch(), answers=[(row,)])
    assert (rungs(desk), client.acknowledged_answers) == ([Rung.SENT], [])


def test_no_answer_is_acknowledged_that_was_not_stored(desk: DesktopSide, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store is in trouble an answer waits at the relay; once it works the answer is taken in, once."""
    row = sealed_answer(desk, confirmation(desk), key=b"one")
    troubles = [StoreTrouble("The disk is full.", "Free some space.")]

    def fails_once(*arguments: object, **options: object) -> Change:
        if troubles:
            raise troubles.pop()
        return record_answers(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("desktop.tracking.poller.record_answers", fails_once)
    client = run_scripted(desk, batch(answers=1), batch(answers=1), answers=[(row,), (row,)])
    away = desk.wait_for_state(lambda state: state.link is Link.AWAY)
    assert isinstance(away.trouble, StoreTrouble)
    assert (rungs(desk), client.acknowledged_answers) == ([Rung.CONFIRMED], [b"one"])


@pytest.mark.parametrize("spoilt", ["unspelled", "unsealed", "a hit", "the year 9999"])
def test_what_is_no_answer_is_counted_acknowledged_and_blocks_nothing(desk: DesktopSide, spoilt: str) -> None:
    """A row that cannot be opened, or is no answer, is shown as a count; the one behind it is taken in."""
    answer = confirmation(desk)
    spoilt_rows = {
        "unspelled": SealedRow(key=b"bad", sealed=b""),
        "unsealed": SealedRow(key=b"bad", sealed=b"no seal at all"),
        "a hit": sealed(desk, hit(), key=b"bad"),
        "the year 9999": sealed_answer(desk, replace(answer, at_ms=253_370_764_800_000), key=b"bad"),
    }
    rows = (spoilt_rows[spoilt], sealed_answer(desk, answer, key=b"good"))
    client = run_scripted(desk, batch(answers=2), answers=[rows])
    assert desk.wait_for_state(lambda state: state.bad_seals > 0).bad_seals == 1
    assert (rungs(desk), client.acknowledged_answers) == ([Rung.CONFIRMED], [b"bad", b"good"])


def test_an_answer_is_dated_by_this_clock(desk: DesktopSide) -> None:
    """Where the relay's clock is an hour ahead, a press is dated back, so that it is not after a later stop."""
    hour_ms = 3_600_000
    answer = confirmation(desk)
    row = sealed_answer(desk, replace(answer, at_ms=answer.at_ms + hour_ms), key=b"one")
    run_scripted(desk, batch(answers=1, now_ms=answer.at_ms + hour_ms), answers=[(row,)])
    (notice,) = [notice for change in desk.changes for notice in change.notices]
    assert abs(round(notice.at.timestamp() * 1000) - answer.at_ms) < 60_000


def test_a_press_at_a_real_relay_comes_home(desk: DesktopSide) -> None:
    """Item 4, of a confirmation: looking at the page gives nothing; pressing its button wakes the waiting desktop."""
    url = desk.send_confirmable()
    desk.listening()
    assert requests.get(url, timeout=WAIT_S).status_code == 200
    assert rungs(desk) == [Rung.SENT]
    assert requests.post(url, timeout=WAIT_S).status_code == 200
    desk.wait_until(lambda: rungs(desk) == [Rung.CONFIRMED])
    # Whoever presses again is thanked again, and counts once.
    assert requests.post(url, timeout=WAIT_S).status_code == 200
    assert [notice.kind for change in desk.changes for notice in change.notices] == [NoticeKind.CONFIRMED]


@pytest.mark.parametrize("body", [b"", [], {}, {"rows": 7}, {"rows": [{"key": "zz", "sealed": ""}]}])
def test_answers_of_another_kind_are_malformed(body: object) -> None:
    """A page of some other server, or fields of another type, are one plain trouble."""
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    with HttpAnswers((200, octets)) as server:
        client = RelayClient(relay_url=server.url, bearer="secret")
        with pytest.raises(Malformed, match="cannot be read"):
            client.answers()
        client.close()
