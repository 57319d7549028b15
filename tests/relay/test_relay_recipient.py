"""The recipient's page: what it says, and that a wish to delete is carried out, for that recipient alone."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest

from relay import recipient
from relay.database import ROW_KEY_BYTES, Database, StorageError
from relay.marks import MARK_BYTES, Marks
from relay.masters import Masters
from relay.wire.answer import AnswerKind
from relay.wire.seal import SEALED_BYTES
from relay.wire.token import TokenType
from relay.wire.urls import page_url as page_url_of
from tests.relay.desk import Clock, Desk, served
from tests.relay.recipients import answers_of, page_url, press, rows_of, taken


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give one desktop for all tests; each has recipients of its own."""
    clock = Clock()
    with served(tmp_path_factory.mktemp("relay"), clock) as base:
        one = Desk(base, clock)
        yield one
        one.close()


@pytest.fixture
def tag(desk: Desk) -> bytes:
    """Give a recipient, with nothing waiting for the desktop."""
    taken(desk)
    desk.acknowledge(desk.poll()["rows"])
    return os.urandom(8)


def test_the_page_is_linked_from_the_stop_pages_and_is_always_the_same(desk: Desk, tag: bytes) -> None:
    """The relay mints its link from the stop link's token: before and after the stop, today and tomorrow."""
    stop = desk.stop_url(tag=tag, random_id=b"stop-link-01")
    expected = page_url_of("", desk.token(TokenType.PAGE, tag=tag, random_id=b"stop-link-01"))
    assert f'href="{expected}"' in desk.get(stop).text
    assert f'href="{expected}"' in press(desk, stop).text
    assert desk.get(urljoin(desk.base, expected)).status_code == 200


def test_the_page_says_what_is_recorded_what_cannot_be_known_and_how_long(desk: Desk, tag: bytes) -> None:
    """Item 15: what is recorded about such a mail, what the relay cannot know, how long it is kept."""
    page = desk.get(page_url(desk, tag=tag)).text
    for heading in ("What is recorded", "What this server cannot know", "How long it is kept", "Stop", "Delete"):
        assert f">{heading}</h2>" in page
    for fact in ("Your network, shortened", "your mail address", "14 days", "90 days", "for good", "sealed"):
        assert fact in page


def test_deletion_takes_the_unread_of_that_recipient_at_once_and_tells_the_desktop(desk: Desk, tag: bytes) -> None:
    """Item 15: the relay deletes what it holds unread, whichever mail it is of, and the rest is the desktop's duty."""
    other = os.urandom(8)
    for number in range(3):
        desk.get(desk.open_url(tag=tag, random_id=b"deleted-%04d" % number))
        desk.get(desk.click_url(tag=other, random_id=b"kept----%04d" % number))
    page = press(desk, page_url(desk, tag=tag, random_id=b"page-token-1"), wish="delete")
    assert (page.status_code, "<h1>Deleted here" in page.text) == (200, True)
    assert [hit.token_id for hit in desk.hits()] == [b"kept----%04d" % number for number in range(3)]
    [answer] = taken(desk)
    assert (answer.kind, answer.tag, answer.token_id) == (AnswerKind.DELETE, tag, b"page-token-1")


def test_deletion_leaves_the_same_tag_of_another_channel_alone(desk: Desk, tag: bytes) -> None:
    """A wish names channel and tag, not the tag alone."""
    neighbour = Desk(desk.base, desk.clock)
    neighbour.get(neighbour.open_url(tag=tag))
    press(desk, page_url(desk, tag=tag), wish="delete")
    assert (len(neighbour.hits()), answers_of(neighbour)) == (1, [])
    neighbour.close()


def test_many_rows_are_looked_through_in_parts(desk: Desk, tag: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows beyond the first part are deleted too."""
    monkeypatch.setattr(recipient, "_PART", 2)
    for _ in range(5):
        desk.get(desk.open_url(tag=tag))
    press(desk, page_url(desk, tag=tag), wish="delete")
    assert desk.hits() == []


def test_looking_deletes_and_stops_nothing(desk: Desk, tag: bytes) -> None:
    """GET, HEAD and a form without one of the buttons leave everything as it was."""
    desk.get(desk.open_url(tag=tag))
    url = page_url(desk, tag=tag)
    desk.session.head(url, timeout=10)
    for page in (desk.get(url), press(desk, url), press(desk, url, wish="everything")):
        assert (page.status_code, page.text.count("<button")) == (200, 2)
    assert (len(desk.hits()), answers_of(desk), tag in desk.exchange([])) == (1, [], False)


@pytest.mark.parametrize("header", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://example.org"}])
def test_no_other_site_s_page_deletes_for_a_person(desk: Desk, tag: bytes, header: dict[str, str]) -> None:
    """A form sent from elsewhere shows the page again."""
    page = press(desk, page_url(desk, tag=tag), headers=header, wish="delete")
    assert (page.text.count("<button"), answers_of(desk)) == (2, [])


def test_a_wish_repeated_takes_the_place_of_the_one_that_waits(desk: Desk, tag: bytes) -> None:
    """What nobody fetches does not pile up; once it was fetched, a new wish is told anew; others' wishes stay."""
    press(desk, page_url(desk, tag=os.urandom(8)), wish="delete")
    for _ in range(3):
        press(desk, page_url(desk, tag=tag), wish="delete")
    assert len(answers_of(desk)) == 2
    before = {row["key"] for row in rows_of(desk)}
    press(desk, page_url(desk, tag=tag), wish="delete")
    assert len(before & {row["key"] for row in rows_of(desk)}) == 1
    taken(desk)
    press(desk, page_url(desk, tag=tag), wish="delete")
    assert len(taken(desk)) == 1


def test_the_page_stops_too_and_then_says_so(desk: Desk, tag: bytes) -> None:
    """Its button stops like the stop page's; deleting is possible afterwards."""
    url = page_url(desk, tag=tag)
    assert "<h1>You have stopped</h1>" in press(desk, url, wish="stop").text
    assert tag in desk.exchange([])
    page = desk.get(url).text
    assert (page.count("<button"), "Recording was stopped." in page) == (1, True)
    assert "<h1>Deleted here" in press(desk, url, wish="delete").text
    assert len(taken(desk)) == 1


def test_a_page_link_is_no_other_link(desk: Desk, tag: bytes) -> None:
    """A forged page, and a page's token on the stop page, are 404 and do nothing."""
    token = desk.token(TokenType.PAGE, tag=tag)
    stop = desk.token(TokenType.STOP, tag=tag)
    for bad in (f"{desk.base}/stop/{token}/me", f"{desk.base}/page/{stop}/me", f"{desk.base}/page/{token}/me?x"):
        assert (desk.get(bad).status_code, press(desk, bad, wish="stop").status_code) == (404, 404)
    assert tag not in desk.exchange([])


def test_a_stranger_to_the_relay_is_told_nothing_and_the_pages_say_so(tmp_path: Path) -> None:
    """With the database lost, links still stop and delete here, and no page says that the sender hears of it."""
    clock = Clock()
    with served(tmp_path, clock) as base:
        lost = Desk(base, clock)
    for file in tmp_path.glob("relay.sqlite3*"):
        file.unlink()
    with served(tmp_path, clock) as base:
        lost.base = base
        url = page_url(lost)
        assert "it cannot tell it" in lost.get(url).text
        assert "so it could not be told" in press(lost, url, wish="delete").text
        stop = lost.stop_url()
        pages = [lost.get(stop), press(lost, stop), lost.get(stop), press(lost, url, wish="stop"), lost.get(url)]
        assert [page.text.count("The sender is told") for page in pages] == [0] * 5
        heading = "<h1>You have stopped on this server</h1>"
        assert [heading in page.text for page in pages] == [False, True, True, True, False]
        assert [page.text.count("<button") for page in pages] == [1, 0, 0, 0, 1]
        lost.close()


@pytest.mark.parametrize("broken_at", ["remove_at", "add_answer"])
def test_a_full_disk_says_later(
    desk: Desk, tag: bytes, broken_at: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The page does not say "deleted" for what was not, and the button works once there is room."""

    def full(*_arguments: object) -> None:
        raise StorageError("disk full")

    desk.get(desk.open_url(tag=tag))
    url = page_url(desk, tag=tag)
    with monkeypatch.context() as broken:
        broken.setattr(Database, broken_at, full)
        page = press(desk, url, wish="delete")
    caplog.clear()
    assert (page.status_code, "Not deleted yet" in page.text) == (503, True)
    press(desk, url, wish="delete")
    assert (desk.hits(), len(taken(desk))) == ([], 1)


def test_rows_of_one_recipient_cannot_be_told_by_their_marks(tmp_path: Path) -> None:
    """Each row's mark is another, none bears the tag, and no key but the secrets' finds them; that key does."""
    with served(tmp_path, Clock()) as base:
        desk = Desk(base)
        for _ in range(4):
            desk.get(desk.open_url())
        press(desk, page_url(desk, tag=b"another!"), wish="delete")
        with sqlite3.connect(tmp_path / "relay.sqlite3") as connection:
            rows = connection.execute("SELECT row_key, mark FROM hits").fetchall()
        connection.close()
        desk.close()
    assert len({mark for _, mark in rows}) == 4
    assert {len(mark) for _, mark in rows} == {MARK_BYTES}
    stranger = Marks(Masters({1: bytes(32)}, 1))
    assert [mark for row_key, mark in rows if mark == stranger.of_row(b"recipie1", row_key)] == []
    assert not any(b"recipie1" in path.read_bytes() for path in tmp_path.glob("relay.sqlite3*"))


def test_a_mark_outlives_a_new_master() -> None:
    """A row written before the operator added a master is found after it; without the first master it is not."""
    old, new = bytes(range(32)), bytes(32)
    before, after = Marks(Masters({1: old}, 1)), Marks(Masters({1: old, 2: new}, 2))
    row_key = bytes(16)
    assert before.of_row(b"recipie1", row_key) == after.of_row(b"recipie1", row_key)
    assert before.of_row(b"recipie1", row_key) != Marks(Masters({2: new}, 2)).of_row(b"recipie1", row_key)


def test_a_database_of_an_earlier_version_gets_what_it_lacks(tmp_path: Path) -> None:
    """Hits without marks stay as they are and are fed; new ones bear marks."""
    path = tmp_path / "relay.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE hits (position INTEGER PRIMARY KEY AUTOINCREMENT, row_key BLOB NOT NULL, "
            "channel_id BLOB NOT NULL, day INTEGER NOT NULL, sealed BLOB NOT NULL)"
        )
        connection.execute("INSERT INTO hits VALUES (1, x'00', x'01', 7, x'02')")
    connection.close()
    Database(path).close()
    database = Database(path)
    database.begin()
    channel_id = b"channel-id-1"
    database.add_hits([bytes(ROW_KEY_BYTES) + channel_id + b"marktext" + bytes(SEALED_BYTES)], 7)
    database.commit()
    assert database.hits_at(b"\x01", [1]) == [(1, b"\x00", b"\x02")]
    assert database.marks_at(b"\x01", [1]) == [(1, b"\x00", None)]
    assert database.marks_at(channel_id, [1, 2]) == [(2, bytes(ROW_KEY_BYTES), b"marktext")]
    database.close()
