"""The link to tell that a mail was read: a press tells the sender, once, and nothing else does."""

import os
from collections.abc import Iterator

import pytest

from relay.database import Database, StorageError
from relay.wire.answer import AnswerKind
from relay.wire.token import TokenType
from relay.wire.urls import confirm_url as confirm_url_of
from relay.wire.urls import page_url
from tests.relay.desk import Clock, Desk, served
from tests.relay.recipients import answers_of, confirm_url, press, taken


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give one desktop for all tests; each has a recipient of its own."""
    clock = Clock()
    with served(tmp_path_factory.mktemp("relay"), clock) as base:
        one = Desk(base, clock)
        yield one
        one.close()


@pytest.fixture
def tag(desk: Desk) -> bytes:
    """Give a recipient, with nothing waiting for the desktop."""
    taken(desk)
    return os.urandom(8)


def test_who_is_asked_reads_what_a_press_does_before_they_press(desk: Desk, tag: bytes) -> None:
    """Whom it tells, what of, how long it is kept, and the way to the recipient's page stand above the button."""
    before = desk.get(confirm_url(desk, tag=tag, random_id=b"confirm-read")).text.partition("<button")[0]
    expected = page_url("", desk.token(TokenType.PAGE, tag=tag, random_id=b"confirm-read"))
    for words in ("in which you found this link", "is told that you did, and when", "a year at most", "to be deleted"):
        assert words in before
    assert f'href="{expected}"' in before


def test_looking_records_nothing_and_a_press_tells_the_sender(desk: Desk, tag: bytes) -> None:
    """GET and HEAD show one button and leave no answer; POST thanks and gives one, with nothing of who pressed."""
    url = confirm_url(desk, tag=tag, random_id=b"confirm-one-")
    page = desk.get(url)
    assert (page.status_code, page.text.count("<button"), page.text.count('<form method="post">')) == (200, 1, 1)
    desk.session.head(url, timeout=10)
    assert answers_of(desk) == []
    thanks = press(desk, url)
    [answer] = taken(desk)
    assert (thanks.status_code, "<h1>Thank you</h1>" in thanks.text) == (200, True)
    assert (answer.kind, answer.token_id, answer.tag) == (AnswerKind.CONFIRM, b"confirm-one-", tag)
    assert (answer.at_ms, answer.purposes, answer.language, answer.wording) == (desk.clock.ms, frozenset(), None, b"")


def test_pressing_again_thanks_again_and_tells_once(desk: Desk, tag: bytes) -> None:
    """The desktop gets one answer of a link, even after it has taken the first; another mail's link is another."""
    url = confirm_url(desk, tag=tag)
    assert press(desk, url).text == press(desk, url).text
    assert len(taken(desk)) == 1
    assert press(desk, url).status_code == 200
    assert answers_of(desk) == []
    press(desk, confirm_url(desk, tag=tag))
    assert len(taken(desk)) == 1


def test_after_a_stop_nothing_is_told_and_the_page_says_so(desk: Desk, tag: bytes) -> None:
    """No token of a stopped pair stores anything, a press on this page included."""
    url = confirm_url(desk, tag=tag)
    press(desk, desk.stop_url(tag=tag))
    for page in (desk.get(url), press(desk, url)):
        assert (page.status_code, "The sender is not told" in page.text, "<form" in page.text) == (409, True, False)
    assert answers_of(desk) == []


def test_a_link_works_for_90_days(desk: Desk, tag: bytes) -> None:
    """On the 90th day a press counts; a day later it does not, and the page says why."""
    late = confirm_url(desk, tag=tag, days_ago=91)
    for page in (desk.get(late), press(desk, late)):
        assert (page.status_code, "too old" in page.text) == (410, True)
    assert answers_of(desk) == []
    assert press(desk, confirm_url(desk, tag=tag, days_ago=90)).status_code == 200
    assert len(taken(desk)) == 1


def test_a_link_that_is_none_of_ours_tells_nobody(desk: Desk, tag: bytes) -> None:
    """Another token, a damaged link and one with a query get the 404 page, on GET and POST."""
    other = confirm_url_of(desk.base, desk.token(TokenType.STOP, tag=tag))
    for bad in (other, confirm_url(desk, tag=tag) + "?x=1", confirm_url(desk, tag=tag)[:-1]):
        assert (desk.get(bad).status_code, press(desk, bad).status_code) == (404, 404)
    assert answers_of(desk) == []


@pytest.mark.parametrize("header", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://example.org"}])
def test_no_other_site_s_page_presses_for_a_person(desk: Desk, tag: bytes, header: dict[str, str]) -> None:
    """A form sent from elsewhere shows the button again."""
    page = press(desk, confirm_url(desk, tag=tag), headers=header)
    assert ("<button" in page.text, answers_of(desk)) == (True, [])


def test_without_a_desktop_to_tell_nobody_is_thanked(desk: Desk) -> None:
    """Once the channel is deleted the page says so."""
    gone = Desk(desk.base, desk.clock)
    url = confirm_url(gone)
    gone.session.delete(f"{desk.base}/channel", headers=gone.bearer, timeout=10)
    for page in (desk.get(url), press(desk, url)):
        assert (page.status_code, "can no longer be told" in page.text) == (410, True)
    gone.close()


def test_a_full_disk_says_later(
    desk: Desk, tag: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The page does not thank for what was not kept; pressed again, it tells."""

    def full(*_arguments: object) -> None:
        raise StorageError("disk full")

    url = confirm_url(desk, tag=tag)
    with monkeypatch.context() as broken:
        broken.setattr(Database, "add_answer", full)
        page = press(desk, url)
    caplog.clear()
    assert (page.status_code, "not told yet" in page.text, answers_of(desk)) == (503, True, [])
    assert press(desk, url).status_code == 200
    assert len(taken(desk)) == 1
