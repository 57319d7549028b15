"""`lists update` and `lists show`, against real web servers under the publishers' names."""

import datetime as dt
import ipaddress
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from relay import __main__ as command
from relay import publishers, renewal
from relay.download import Web
from relay.publishers import PUBLISHERS
from relay.wire.labels import Label, Network, PublishedList, built_in, parse_list, spell_list
from tests.fakes.webhosts import Answer, WebHosts
from tests.relay.desk import Clock, Desk, served, soon_labelled

TODAY = dt.date(2026, 11, 22)
NAME = "google-fetchers"
[URL] = PUBLISHERS[NAME].urls
BUILT_IN = {each.label.name: each for each in built_in()}
NETWORKS = BUILT_IN[NAME].networks
ADDED = ipaddress.ip_network("66.249.64.0/27")


def google(networks: tuple[Network, ...], date: str = "2026-11-16") -> bytes:
    entries = [{f"ipv{each.version}Prefix": str(each)} for each in networks]
    return json.dumps({"creationTime": f"{date}T08:04:15.387826", "prefixes": entries}).encode()


GOOD = google((*NETWORKS, ADDED))


@pytest.fixture(autouse=True)
def _read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare each test to read the built-in lists anew; they never change."""
    monkeypatch.setattr("relay.lists.built_in", lambda: tuple(BUILT_IN.values()))


class Updating:
    """A data folder, the web as its answers make it, and what an update said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.complained: list[str] = []

    def run(
        self, files: Mapping[str, Answer], *names: str, within_s: float = 10, without_certificate: tuple[str, ...] = ()
    ) -> bool:
        """Update these lists (one, if none is named) and return whether all went well."""
        with WebHosts(files, without_certificate=without_certificate) as hosts:
            web = Web(context=hosts.context, open_socket=hosts.open_socket, idle_s=within_s, within_s=within_s)
            return renewal.update(
                self.folder,
                names or (NAME,),
                web,
                today=TODAY,
                say=self.said.append,
                complain=self.complained.append,
            )

    def kept(self, name: str = NAME) -> PublishedList | None:
        """Return the list in the folder."""
        path = self.folder / f"{name}.txt"
        return parse_list(path.read_text()) if path.exists() else None


@pytest.fixture
def updating(tmp_path: Path) -> Updating:
    """Give an empty folder."""
    return Updating(tmp_path / "lists")


def five_times(each: Network) -> list[Network]:
    """Return a network and four far from it and from each other."""
    far = 1 << (20 if each.version == 4 else 84)
    return [each, *(type(each)((int(each.network_address) + step * far, each.prefixlen)) for step in (2, 4, 6, 8))]


PLAIN = f"http{URL.removeprefix('https')}"
MANY = tuple(each for network in NETWORKS for each in five_times(network))
WIDE = (ipaddress.ip_network("216.239.0.0/18"), ipaddress.ip_network("216.58.192.0/18"))
HTML = b"<!doctype html><html><title>Sign in to the hotel's network</title></html>"
DOUBTFUL: dict[str, tuple[Answer, str]] = {
    "too big": (Answer(body=b" " * 8_000_001), "larger than 8,000,000 octets"),
    "slow head": (Answer(trickles="head"), "took more than 0.5 s in all"),
    "silence": (Answer(is_silent=True), "took more than 0.5 s in all"),
    "endless body": (Answer(trickles="body"), "does not say where its answer ends"),
    "redirect to http": (Answer(status=302, headers={"Location": PLAIN}), "not followed"),
    "not found": (Answer(status=404, body=GOOD), "answered 404 instead of the list"),
    "HTML": (Answer(body=HTML, headers={"Content-Type": "application/json"}), "The answer is no JSON."),
    "nothing": (Answer(body=b""), "The answer is no JSON."),
    "empty list": (Answer(body=google(())), "The publisher's list is empty."),
    "cut off": (Answer(body=GOOD[:-300], is_cut_off=True), "failed or broke off"),
    "cut off unnoticed": (Answer(body=GOOD[:-300]), "The answer is no JSON."),
    "fewer than half": (Answer(body=google(NETWORKS[: len(NETWORKS) // 5])), "less than half or more than 4 times"),
    "one family gone": (
        Answer(body=google(tuple(each for each in NETWORKS if each.version == 4))), "0 IPv6 ranges where there were 21",
    ),
    "five times as many": (Answer(body=google(MANY)), "less than half or more than 4 times"),
    "far wider": (Answer(body=google((*NETWORKS, *WIDE))), "IPv4 addresses where there were 7,904"),
    "private": (Answer(body=google((*NETWORKS, ipaddress.ip_network("10.1.0.0/24")))), "private or kept for special"),
    "loopback": (Answer(body=google((*NETWORKS, ipaddress.ip_network("127.0.0.1/32")))), "private or kept for special"),
    "everything": (Answer(body=google((ipaddress.ip_network("0.0.0.0/0"),))), "private or kept for special"),
    "all of IPv6": (Answer(body=google((*NETWORKS, ipaddress.ip_network("::/0")))), "private or kept for special"),
    "too wide": (Answer(body=google((*NETWORKS, ipaddress.ip_network("8.0.0.0/9")))), "wider than an IPv4 /18"),
    "to come": (Answer(body=google(NETWORKS, "2026-12-24")), "of 2026-12-24, which is yet to come"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("what", "is_updated_before"),
    [*((what, False) for what in DOUBTFUL), ("HTML", True), ("cut off", True), ("five times as many", True)],
)
def test_any_doubt_keeps_the_old_list_and_says_why(updating: Updating, what: str, is_updated_before: bool) -> None:
    """The folder stays as it was, octet for octet; one sentence names the list, its day and the reason."""
    if is_updated_before:
        assert updating.run({URL: Answer(body=google(NETWORKS, "2026-10-01"))})
    before = {path: path.read_bytes() for path in updating.folder.glob("*")}
    answer, reason = DOUBTFUL[what]
    assert not updating.run({URL: answer, PLAIN: Answer(body=GOOD)}, within_s=0.5 if "0.5" in reason else 10)
    [sentence] = updating.complained
    assert sentence.startswith(f"{NAME}: kept as it was, of {'2026-10-01' if is_updated_before else '2026-08-22'}. ")
    assert reason in sentence
    assert {path: path.read_bytes() for path in updating.folder.glob("*")} == before


def test_a_wrong_certificate_keeps_the_old_list(updating: Updating) -> None:
    """A server under the publisher's name that cannot prove it is not believed."""
    assert not updating.run({URL: Answer(body=GOOD)}, without_certificate=("developers.google.com",))
    assert updating.complained == [
        f"{NAME}: kept as it was, of 2026-08-22. The certificate of developers.google.com is not good."
    ]
    assert updating.kept() is None


def test_without_a_way_out_the_old_lists_stay(updating: Updating) -> None:
    """Every list is tried, and each says that its publisher could not be found."""
    assert not updating.run({"https://other.example/": Answer()}, *PUBLISHERS)
    assert len(updating.complained) == len(PUBLISHERS)
    assert all("could not be looked up" in sentence for sentence in updating.complained)


def test_a_good_list_is_taken(updating: Updating) -> None:
    """It is written with its own day and source, and nothing else is left behind."""
    assert updating.run({URL: Answer(body=GOOD)})
    kept = updating.kept()
    assert kept is not None
    assert (kept.label.date, kept.source) == ("2026-11-16", URL)
    assert set(kept.networks) == {*NETWORKS, ADDED}
    before = "18 ranges of IPv4, 21 of IPv6, of 2026-08-22"
    assert updating.said == [f"{NAME}: taken, of 2026-11-16: 19 ranges of IPv4, 21 of IPv6; before: {before}."]
    assert [path.name for path in updating.folder.iterdir()] == [f"{NAME}.txt"]


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in (folder.parent, folder, *folder.iterdir())}


def test_all_may_read_the_lists_whoever_fetched_them(tmp_path: Path, hosts: WebHosts) -> None:
    """What root fetches a relay of another user can read; the data folder stays its owner's."""
    data = tmp_path / "relay"
    with hosts:
        assert command.main(["lists", "update", "--only", NAME, "--data", str(data)]) == 0
    assert modes(data / "lists") == {"relay": 0o700, "lists": 0o755, f"{NAME}.txt": 0o644}


def test_lists_that_were_kept_from_others_are_opened_to_them(updating: Updating) -> None:
    """An update mends the modes of an earlier one, be a list fetched anew or not; a file of another kind stays shut."""
    updating.folder.mkdir(mode=0o700)
    for name, text in ((NAME, spell_list(BUILT_IN[NAME])), ("mimecast", spell_list(BUILT_IN["mimecast"])), ("x", "")):
        path = updating.folder / f"{name}.txt"
        path.write_text(text)
        path.chmod(0o600)
    assert updating.run({URL: Answer(body=google(NETWORKS, "2026-08-22"))})
    assert updating.said == [f"{NAME}: unchanged, of 2026-08-22."]
    found = modes(updating.folder)
    assert found.pop(updating.folder.parent.name) is not None
    assert found == {updating.folder.name: 0o755, f"{NAME}.txt": 0o644, "mimecast.txt": 0o644, "x.txt": 0o600}


def test_wider_modes_are_left_as_they_are(updating: Updating) -> None:
    """An operator who lets a group write the lists is not overruled."""
    updating.folder.mkdir()
    updating.folder.chmod(0o775)
    path = updating.folder / "mimecast.txt"
    path.write_text(spell_list(BUILT_IN["mimecast"]))
    path.chmod(0o664)
    assert updating.run({URL: Answer(body=google(NETWORKS, "2026-08-22"))})
    assert (updating.folder.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o775, 0o664)


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("2026-08-22", "unchanged, of 2026-08-22."),
        ("2026-08-21", "nothing newer; the publisher's is of 2026-08-21, the one in force of 2026-08-22."),
    ],
)
def test_what_is_no_newer_is_not_written_and_no_trouble(updating: Updating, date: str, said: str) -> None:
    """The same list, or an older one, leaves the folder empty and is not complained of."""
    assert updating.run({URL: Answer(body=google(NETWORKS, date))})
    assert (updating.said, updating.complained, updating.kept()) == ([f"{NAME}: {said}"], [], None)


def test_one_doubtful_list_does_not_hold_up_the_others(updating: Updating) -> None:
    """Good lists of all publishers are taken although one of them sent nonsense."""
    files = good_files() | {URL: Answer(body=HTML)}
    assert not updating.run(files, *PUBLISHERS)
    assert [sentence.partition(":")[0] for sentence in updating.complained] == [NAME]
    taken = {sentence.partition(":")[0] for sentence in updating.said}
    assert taken == set(PUBLISHERS) - {NAME}
    assert {path.stem for path in updating.folder.iterdir()} == taken


def good_files() -> dict[str, Answer]:
    """Return what the publishers would answer, were their lists of a day in November and otherwise as built in."""

    def networks(name: str) -> tuple[Network, ...]:
        return BUILT_IN[name].networks

    def amazon() -> bytes:
        entries = [{f"ip{'v6' * (each.version == 6)}_prefix": str(each)} for each in networks("amazon-cloud")]
        of_four = [each for each in entries if "ip_prefix" in each]
        of_six = [each for each in entries if "ipv6_prefix" in each]
        fields = {"createDate": "2026-11-20-16-13-09", "prefixes": of_four, "ipv6_prefixes": of_six}
        return json.dumps(fields).encode()

    sets = [{"urls": ["*.protection.outlook.com"], "ips": [str(each) for each in networks("exchange-protection")]}]
    bodies: dict[str, Callable[[], list[bytes]]] = {
        "apple-egress": lambda: ["".join(f"{each},GB,GB-EN,London,\n" for each in networks("apple-egress")).encode()],
        "google-fetchers": lambda: [GOOD],
        "exchange-protection": lambda: [b'{"latest": "2026110100"}', json.dumps(sets).encode()],
        "google-cloud": lambda: [google(networks("google-cloud"))] * 2,
        "amazon-cloud": lambda: [amazon()],
    }  # fmt: skip
    return {
        url: Answer(body=body)
        for name, publisher in PUBLISHERS.items()
        for url, body in zip(publisher.urls, bodies[name](), strict=True)
    }


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> WebHosts:
    """Have the command reach the publishers' names on loopback."""
    hosts = WebHosts(good_files())
    monkeypatch.setattr(command, "Web", lambda: Web(context=hosts.context, open_socket=hosts.open_socket))
    return hosts


def test_the_command_updates_and_shows(tmp_path: Path, hosts: WebHosts, capsys: pytest.CaptureFixture[str]) -> None:
    """`lists update` ends with 0, `lists show` names each list's day and where it is from."""
    data = ["--data", str(tmp_path / "relay")]
    with hosts:
        assert command.main(["lists", "update", *data]) == 0
    assert capsys.readouterr().err == ""
    assert command.main(["lists", "show", *data]) == 0
    shown = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "2026-11-20  " in shown["amazon-cloud"]
    assert "from the data folder: https://ip-ranges.amazonaws.com/ip-ranges.json" in shown["amazon-cloud"]
    assert "2026-06-17" in shown["proofpoint"]
    assert "came with this version" in shown["proofpoint"]
    assert set(shown) == set(BUILT_IN)


def test_a_running_relay_labels_by_a_fetched_list(
    tmp_path: Path, hosts: WebHosts, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network that Google added bears its label after `lists update`, with the new day and without a restart."""
    monkeypatch.setattr("relay.lists.LOOK_AGAIN_S", 0)
    loopback = ipaddress.ip_network("127.0.0.0/8")
    with hosts, served(tmp_path, clock, trusted_proxies=(loopback,)) as base:
        desk = Desk(base, clock)
        desk.get(desk.open_url(), X_Forwarded_For=str(ADDED[7]))
        assert [hit.labels for hit in desk.hits()] == [()]
        assert command.main(["lists", "update", "--only", NAME, "--data", str(tmp_path)]) == 0
        assert soon_labelled(desk, str(ADDED[7])) == (Label(NAME, "2026-11-16"),)
        desk.close()


def test_the_command_updates_one_list_alone(tmp_path: Path, hosts: WebHosts) -> None:
    """`--only` asks no other publisher."""
    with hosts:
        assert command.main(["lists", "update", "--only", NAME, "--data", str(tmp_path)]) == 0
    assert hosts.urls == [URL]


def test_the_command_says_what_was_doubted_and_ends_with_1(
    tmp_path: Path, hosts: WebHosts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence is on standard error, where a timer's mail or journal has it."""
    monkeypatch.setattr(hosts, "answer", lambda _url: Answer(body=HTML))
    with hosts:
        assert command.main(["lists", "update", "--only", "amazon-cloud", "--data", str(tmp_path)]) == 1
    expected = "readback-relay: amazon-cloud: kept as it was, of 2026-10-05. The answer is no JSON.\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["update", "--only", "proofpoint"], "--only 'proofpoint' cannot be updated; give one of apple-egress, "),
        (["update", "--only", "nonsense"], "--only 'nonsense' cannot be updated; give one of apple-egress, "),
    ],
)
def test_a_list_without_a_publisher_is_named(
    tmp_path: Path, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be updated ends with 2 and says what can."""
    assert command.main(["lists", *arguments, "--data", str(tmp_path)]) == 2
    assert sentence in capsys.readouterr().err


def test_show_offers_the_update(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Built-in lists that have a publisher say so, the others do not; a folder that is not there is no trouble."""
    assert command.main(["lists", "show", "--data", str(tmp_path / "none")]) == 0
    shown = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert {name for name, line in shown.items() if "`lists update`" in line} == set(PUBLISHERS)
    assert not (tmp_path / "none").exists()


def test_a_disk_that_fails_keeps_the_old_list(
    tmp_path: Path, hosts: WebHosts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The new list's octets never reach the old one's place, nothing is left behind, and the end is 1."""
    data = ["--data", str(tmp_path)]
    path = tmp_path / "lists" / f"{NAME}.txt"
    path.parent.mkdir()
    path.write_text(spell_list(BUILT_IN[NAME]))
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with hosts:
        assert command.main(["lists", "update", "--only", NAME, *data]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert ([each.name for each in path.parent.iterdir()], path.read_bytes()) == ([path.name], before)


def test_a_file_spoilt_by_hand_is_named_and_replaced(updating: Updating) -> None:
    """What lies in the folder and cannot be used is said, and a good list takes its place."""
    updating.folder.mkdir()
    (updating.folder / f"{NAME}.txt").write_text("nonsense")
    assert updating.run({URL: Answer(body=GOOD)})
    assert updating.complained == [f"{updating.folder / NAME}.txt is not used: Line 1 is no network."]
    assert updating.kept() is not None


def test_the_date_of_microsofts_list_is_its_versions(updating: Updating) -> None:
    """Two answers make one list: the version's day and the endpoint sets' networks."""
    assert updating.run(good_files(), "exchange-protection")
    kept = updating.kept("exchange-protection")
    assert kept is not None
    assert (kept.label.date, kept.ipv4) == ("2026-11-01", BUILT_IN["exchange-protection"].ipv4)
    assert publishers.request_of(kept.source.split()[0]).startswith("https://endpoints.office.com/version/worldwide?")
