"""Which lists are in force: built in, or newer and out of the data folder, changed while the relay serves."""

import datetime as dt
import ipaddress
import logging
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from relay.lists import WIDEST_BITS, Lists, check_networks, in_force
from relay.wire.labels import (
    LIST_NAMES,
    BadListError,
    Label,
    PublishedList,
    built_in,
    parse_address,
    parse_list,
    published,
)
from relay.wire.ranges import parse_network
from tests.relay.desk import Clock, Desk, served, soon_labelled

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
ADDRESS = parse_address("212.77.4.9")  # on no built-in list
GOOD = "list: barracuda\ndate: 2026-11-20\nsource: a test\n212.77.4.0/24\n2600:6666::/48\n"


BUILT_IN = built_in()


@pytest.fixture(autouse=True)
def _read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare each test to read the built-in lists anew; they never change."""
    monkeypatch.setattr("relay.lists.built_in", lambda: BUILT_IN)


class Stopwatch:
    """A monotonic clock that stands still until it is moved on."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


def at_once(work: Callable[[], None]) -> None:
    work()


def write(folder: Path, text: str, name: str = "barracuda") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.txt"
    path.write_text(text)
    return path


def labels(lists: Lists) -> list[tuple[str, str]]:
    return [(label.name, label.date) for label in lists.labels_of(ADDRESS)]


def complaints(folder: Path) -> list[str]:
    said: list[str] = []
    in_force(folder, said.append)
    return said


def test_without_a_folder_the_built_in_lists_are_in_force(tmp_path: Path) -> None:
    """Every list is there, in the labels' order, and nothing is complained of."""
    said: list[str] = []
    lists = in_force(tmp_path / "none", said.append)
    assert [each.list.label.name for each in lists] == list(LIST_NAMES)
    assert [each.list for each in lists] == list(BUILT_IN)
    assert (said, any(each.is_given for each in lists)) == ([], False)


def test_a_newer_list_takes_the_built_in_ones_place(tmp_path: Path) -> None:
    """Its addresses bear its date, the built-in one's bear nothing, other lists are as they were."""
    write(tmp_path, GOOD)
    lists = Lists(tmp_path)
    assert labels(lists) == [("barracuda", "2026-11-20")]
    assert [label.name for label in lists.labels_of(parse_address("2600:6666::1"))] == ["barracuda"]
    assert lists.labels_of(parse_address("209.222.82.1")) == ()
    [given] = [each for each in in_force(tmp_path, pytest.fail) if each.is_given]
    assert given.list.label == Label("barracuda", "2026-11-20")


def test_an_older_list_does_not(tmp_path: Path) -> None:
    """After an upgrade the built-in list may be the newer one."""
    write(tmp_path, GOOD.replace("2026-11-20", "2026-08-31"))
    lists = Lists(tmp_path)
    assert labels(lists) == []
    assert [label.name for label in lists.labels_of(parse_address("209.222.82.1"))] == ["barracuda"]


def test_a_list_of_the_built_in_ones_day_takes_its_place(tmp_path: Path) -> None:
    """Whoever mends a list by hand need not give it a later day; a day earlier it would not hold."""
    [day] = [each.label.date for each in BUILT_IN if each.label.name == "barracuda"]
    write(tmp_path, GOOD.replace("2026-11-20", day))
    assert labels(Lists(tmp_path)) == [("barracuda", day)]
    the_day_before = (dt.date.fromisoformat(day) - dt.timedelta(days=1)).isoformat()
    write(tmp_path, GOOD.replace("2026-11-20", the_day_before))
    assert labels(Lists(tmp_path)) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense", "Line 1 is no network."),
        (GOOD.replace("list: barracuda", "list: mimecast"), "It says that it is another list."),
        (GOOD + "192.168.7.0/24\n", "It names networks that are private or kept for special use."),
        (GOOD + "0.0.0.0/0\n", "It names networks that are private or kept for special use."),
        (GOOD + "16.0.0.0/8\n17.0.0.0/8\n", "It names a network wider than an IPv4 /8."),
        (GOOD + "2600::/19\n", "It names a network wider than an IPv6 /20."),
        ("list: barracuda\ndate: 2026-11-20\nsource: a test\n", "It holds no network."),
        (GOOD[:60], "Line 4 is no network."),
        (GOOD.replace("date: ", "day: "), "Line 2 is no network."),
        (GOOD.replace("date: 2026-11-20\n", ""), "It must say `list: NAME`"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_the_built_in_list_stays(
    tmp_path: Path, text: str, reason: str
) -> None:
    """The sentence says which file and why, and quotes none of it."""
    path = write(tmp_path, text)
    [sentence] = complaints(tmp_path)
    assert sentence.startswith(f"{path} is not used: {reason}")
    assert [each.list for each in in_force(tmp_path, lambda _sentence: None)] == list(BUILT_IN)


def test_octets_and_folders_are_no_lists(tmp_path: Path) -> None:
    """What is no text, or no file, is said like any other fault."""
    (tmp_path / "barracuda.txt").write_bytes(b"\xff\xfe")
    (tmp_path / "mimecast.txt").mkdir()
    assert complaints(tmp_path) == [
        f"{tmp_path / 'barracuda.txt'} is not used: It is no text.",
        f"{tmp_path / 'mimecast.txt'} is not used: It cannot be read: Is a directory.",
    ]


@pytest.mark.parametrize("text", ["16.0.0.0/8", "16.0.0.0/9", "17.0.0.0/8\n18.0.0.0/8", "2600::/20", "2600::/24"])
def test_a_network_at_the_limit_is_no_wider(text: str) -> None:
    """Just the limit, and neighbours that make no wider network together, are in order."""
    made = published(Label("x", "2026-01-01"), "a test", [parse_network(line) for line in text.split("\n")])
    check_networks(made, WIDEST_BITS)


def test_built_in_lists_pass_their_own_check() -> None:
    """What is asked of a file is true of every list that comes along."""
    for each in BUILT_IN:
        check_networks(each, WIDEST_BITS)
    with pytest.raises(BadListError, match="wider than an IPv4 /24"):
        check_networks(BUILT_IN[0], {4: 24})


def test_lists_are_looked_at_again_while_serving(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """New, changed, spoilt, mended and gone: each is seen a second later, and spoilt changes nothing."""
    watch = Stopwatch()
    lists = Lists(tmp_path / "lists", monotonic=watch, aside=at_once)

    def a_second_later() -> list[tuple[str, str]]:
        before = labels(lists)
        watch.now_s += 0.9
        assert labels(lists) == before
        watch.now_s += 0.2
        return labels(lists)

    assert labels(lists) == []
    path = write(tmp_path / "lists", GOOD)
    assert a_second_later() == [("barracuda", "2026-11-20")]
    path.write_text(GOOD.replace("11-20", "11-21"))
    assert a_second_later() == [("barracuda", "2026-11-21")]
    with caplog.at_level(logging.ERROR):
        path.write_text("spoilt")
        assert a_second_later() == [("barracuda", "2026-11-21")]
        assert a_second_later() == [("barracuda", "2026-11-21")]
    assert [record.message for record in caplog.records] == [f"{path} is not used: Line 1 is no network."]
    caplog.clear()
    fresh = path.with_name("fresh")
    fresh.write_text(GOOD.replace("11-20", "11-22"))
    fresh.replace(path)
    assert a_second_later() == [("barracuda", "2026-11-22")]
    path.unlink()
    assert a_second_later() == []


def test_what_did_not_change_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second later nothing but the files' dates is looked at."""
    watch = Stopwatch()
    write(tmp_path, GOOD)
    lists = Lists(tmp_path, monotonic=watch, aside=at_once)
    monkeypatch.setattr("relay.lists.built_in", pytest.fail)
    watch.now_s += 5
    assert labels(lists) == [("barracuda", "2026-11-20")]


def test_a_relay_labels_by_a_list_that_came_while_it_served(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and soon after the file is there, one address is labelled differently without a restart."""
    monkeypatch.setattr("relay.lists.LOOK_AGAIN_S", 0)
    with served(tmp_path / "relay", clock, trusted_proxies=(LOOPBACK,)) as base:
        desk = Desk(base, clock)
        desk.get(desk.open_url(), X_Forwarded_For=str(ADDRESS))
        assert [hit.labels for hit in desk.hits()] == [()]
        write(tmp_path / "relay" / "lists", GOOD)
        assert soon_labelled(desk, str(ADDRESS)) == (Label("barracuda", "2026-11-20"),)
        desk.close()


def test_requests_are_labelled_by_the_old_lists_while_new_ones_are_laid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that comes meanwhile waits for nothing and starts no second laying; then the new list holds."""
    lists = Lists(tmp_path, monotonic=(watch := Stopwatch()))
    has_begun, may_go_on, threads = threading.Event(), threading.Event(), []

    def slow() -> tuple[PublishedList, ...]:
        threads.append(threading.current_thread())
        has_begun.set()
        assert may_go_on.wait(10)
        return BUILT_IN

    monkeypatch.setattr("relay.lists.built_in", slow)
    path = write(tmp_path, GOOD)
    for _ in range(3):
        watch.now_s += 5
        assert labels(lists) == []
        assert has_begun.wait(10)
        path.write_text(path.read_text() + "\n")
    may_go_on.set()
    [laying] = threads
    laying.join(10)
    assert labels(lists) == [("barracuda", "2026-11-20")]


def test_a_list_that_becomes_readable_is_seen(tmp_path: Path) -> None:
    """Nothing of the file but its mode changes, and it is read again."""
    watch = Stopwatch()
    layings: list[Callable[[], None]] = []
    path = write(tmp_path, GOOD)
    path.chmod(0o600)
    lists = Lists(tmp_path, monotonic=watch, aside=layings.append)
    watch.now_s += 5
    labels(lists)
    assert layings == []
    path.chmod(0o644)
    watch.now_s += 5
    labels(lists)
    assert len(layings) == 1


def test_a_list_is_parsed_from_the_folder_as_it_is_spelled() -> None:
    """The text of these tests is a list."""
    assert parse_list(GOOD).label == Label("barracuda", "2026-11-20")
