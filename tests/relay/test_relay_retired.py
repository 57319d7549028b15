"""After its end a channel's bearer is good for one thing: its desktop learns who stopped, and who wants deletion."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from relay.wire import urls
from relay.wire.token import TokenType
from tests.relay.desk import OTHER_TAG, TAG, Clock, Desk, served
from tests.relay.recipients import confirm_url, page_url, press, question_url


@pytest.fixture
def retired(desk: Desk) -> Iterator[Desk]:
    """Give a desktop whose channel was deleted, after its mail was sent."""
    one = Desk(desk.base, desk.clock)
    assert requests.delete(f"{one.base}/channel", headers=one.bearer, timeout=10).status_code == 204
    yield one
    one.close()


def told(desk: Desk, **body: Any) -> dict[str, Any]:
    answer = desk.post("/stops", {"tags": [], **body})
    assert answer.status_code == 200, answer.text
    fields: dict[str, Any] = answer.json()
    return fields


def test_a_stop_on_mail_of_a_deleted_channel_reaches_its_desktop(retired: Desk) -> None:
    """Pressed after the end, it is told in the exchange, and the page says truly that the sender hears of it."""
    assert told(retired)["tags"] == []
    page = press(retired, retired.stop_url())
    assert (page.status_code, "The sender is told that you stopped" in page.text) == (200, True)
    assert retired.exchange([OTHER_TAG]) == sorted([TAG, OTHER_TAG])
    assert "<h1>You have stopped</h1>" in retired.get(retired.stop_url()).text


def test_its_bearer_is_good_for_nothing_else(retired: Desk, desk: Desk) -> None:
    """Feed, source, answers, what is held and a second deletion refuse it; the exchange of stops does not."""
    gets, posts = ("/feed", "/source", "/answers", "/held"), ("/feed/acknowledge", "/answers/acknowledge")
    query = {"lease": retired.lease, "wait_s": "0"}
    refused = [requests.get(f"{desk.base}{path}", params=query, headers=retired.bearer, timeout=10) for path in gets]
    refused += [retired.post(path, {"keys": []}) for path in posts]
    refused.append(requests.delete(f"{desk.base}/channel", headers=retired.bearer, timeout=10))
    assert [answer.status_code for answer in refused] == [401] * 7
    assert (told(retired)["retired"], told(desk)["retired"]) == (True, False)
    made_up = {"Authorization": "Bearer made-up"}
    assert requests.post(f"{desk.base}/stops", json={"tags": []}, headers=made_up, timeout=10).status_code == 401


def test_nothing_is_stored_for_it_and_nobody_is_asked_in_its_name(retired: Desk) -> None:
    """Hits go nowhere; a question and a thank-you say that nothing reaches the sender, and stop nothing."""
    retired.get(retired.open_url())
    for url in (question_url(retired), confirm_url(retired)):
        assert (retired.get(url).status_code, press(retired, url, answer="no").status_code) == (410, 410)
    assert told(retired) == {"tags": [], "wishes": [], "retired": True}


def test_a_wish_to_delete_is_told_until_it_was_carried_out(retired: Desk) -> None:
    """The page says that the program follows, and it can: the wish comes with the stops, again until it was done."""
    url = page_url(retired)
    assert "when it next connects" in retired.get(url).text
    for _ in range(2):
        assert "<h1>Deleted here; the sender" in press(retired, url, wish="delete").text
    (wish,) = told(retired)["wishes"]
    assert wish["tag"] == TAG.hex()
    assert told(retired, done=["00" * 16])["wishes"] == [wish]
    assert told(retired, done=[wish["key"]])["wishes"] == []
    assert retired.post("/stops", {"tags": [], "done": "all"}).status_code == 400
    press(retired, url, wish="delete")
    assert told(retired)["wishes"] != [wish]


def test_a_channel_that_was_deleted_is_known_after_a_start(tmp_path: Path) -> None:
    """Neither a restart nor the loss of nothing but time lets a stop go unheard."""
    clock = Clock()
    with served(tmp_path, clock) as base:
        desk = Desk(base, clock)
        requests.delete(f"{base}/channel", headers=desk.bearer, timeout=10)
    with served(tmp_path, clock) as base:
        desk.base = base
        stop = urls.stop_url(base, desk.token(TokenType.STOP))
        assert press(desk, stop).status_code == 200
        assert desk.exchange([]) == [TAG]
        desk.close()
