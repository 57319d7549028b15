"""A backup taken while the relay serves, and what a folder made from it has: everything, and no stop less."""

import io
import json
import os
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from relay import durable
from relay.__main__ import main
from relay.owner import acting_as_owner
from tests.relay.desk import TAG, Clock, Desk, served

LISTED = "list: barracuda\ndate: 2030-01-01\nsource: by hand\n198.51.100.0/24\n"


def back_up(data: Path, target: Path) -> Path:
    assert main(["backup", "--data", str(data), str(target)]) == 0
    return target


def restore(data: Path, source: Path) -> int:
    return main(["restore", "--data", str(data), str(source)])


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def write(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, octets in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(octets)
            archive.addfile(member, io.BytesIO(octets))
    return path


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a backup of a small relay."""
    folder = tmp_path_factory.mktemp("taken")
    with served(folder / "relay", Clock()) as base:
        desk = Desk(base)
        desk.exchange([TAG])
        desk.close()
        return back_up(folder / "relay", folder / "one.tar")


def test_a_relay_lives_on_from_a_backup_taken_while_it_served(tmp_path: Path, clock: Clock) -> None:
    """After fire and flood: the same desktop is known, its hit waits, links redirect, the stop and the lists hold."""
    first, second, file = tmp_path / "first", tmp_path / "second", tmp_path / "relay.tar"
    with served(first, clock) as base:
        desk = Desk(base, clock)
        desk.get(desk.open_url(tag=b"another1"))
        desk.exchange([TAG])
        (first / "blocked.txt").write_text("host evil.test\n")
        (first / "lists").mkdir()
        (first / "lists" / "barracuda.txt").write_text(LISTED)
        back_up(first, file)
        link = desk.click_url().removeprefix(base)
    assert restore(second, file) == 0
    assert (second / "lists" / "barracuda.txt").read_text() == LISTED
    with served(second, clock) as base:
        desk.base = base
        assert [hit.token_id for hit in desk.hits()] != []
        assert desk.get(base + link).status_code == 302
        assert desk.exchange([]) == [TAG]
        desk.get(desk.open_url())
        assert len(desk.hits()) == 1
        assert "evil.test" in desk.get(desk.click_url(b"https://evil.test/")).text
        desk.close()
    assert {path.stat().st_mode & 0o777 for path in second.iterdir() if path.is_file()} == {0o600}


def test_a_backup_under_load_is_whole(tmp_path: Path, clock: Clock) -> None:
    """Taken while pictures are asked for and people stop, it restores, with every stop answered before it began."""
    data, over = tmp_path / "relay", threading.Event()
    with served(data, clock) as base:
        desk = Desk(base, clock)
        answered: list[bytes] = []

        def ask() -> None:
            other = Desk(base, clock)
            while not over.is_set():
                tag = os.urandom(8)
                other.get(other.open_url())
                assert other.session.post(other.stop_url(tag=tag), timeout=10).status_code == 200
                answered.append(tag)
            other.close()

        asking = threading.Thread(target=ask)
        asking.start()
        counts = []
        for number in range(3):
            before = set(answered)
            file = back_up(data, tmp_path / f"{number}.tar")
            stops = {bytes.fromhex(line.split()[1]) for line in members(file)["stops.txt"].decode().splitlines()}
            assert before - stops == set()
            assert restore(tmp_path / f"restored-{number}", file) == 0
            counts.append(len(stops))
        over.set()
        asking.join()
        desk.close()
    assert answered
    assert sorted(counts) == counts


def test_a_stop_made_after_the_backup_survives_the_restore(tmp_path: Path, clock: Clock) -> None:
    """The folder's own stops are united with the older backup's; without them the tag would be tracked again."""
    data, file = tmp_path / "relay", tmp_path / "old.tar"
    with served(data, clock) as base:
        desk = Desk(base, clock)
        desk.exchange([b"stopped1"])
        back_up(data, file)
        assert desk.session.post(desk.stop_url(), timeout=10).status_code == 200
    for lost in data.glob("relay.sqlite3*"):
        lost.unlink()
    assert restore(data, file) == 0
    assert restore(tmp_path / "elsewhere", file) == 0
    for folder, stops in ((data, [TAG, b"stopped1"]), (tmp_path / "elsewhere", [b"stopped1"])):
        with served(folder, clock) as base:
            desk.base = base
            assert desk.exchange([]) == sorted(stops)
    desk.close()


def test_a_served_folder_is_not_restored_into(
    tmp_path: Path, clock: Clock, taken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor is one that has a database; both are said, and an empty folder is taken."""
    with served(tmp_path / "relay", clock):
        assert restore(tmp_path / "relay", taken) == 2
        assert "stop it first" in capsys.readouterr().err
    assert restore(tmp_path / "relay", taken) == 2
    assert "has a database already" in capsys.readouterr().err
    assert restore(tmp_path / "fresh", taken) == 0


def without(name: str) -> Callable[[Path, Path], object]:
    return lambda taken, bad: write(bad, {key: octets for key, octets in members(taken).items() if key != name})


def changed(name: str, octets: bytes) -> Callable[[Path, Path], object]:
    return lambda taken, bad: write(bad, {**members(taken), name: octets})


def outside(taken: Path, bad: Path) -> None:
    files = members(taken)
    manifest = json.loads(files["manifest.json"])
    manifest["files"]["lists/../../../escaped.txt"] = manifest["files"]["stops.txt"]
    write(
        bad, {**files, "manifest.json": json.dumps(manifest).encode(), "lists/../../../escaped.txt": files["stops.txt"]}
    )


@pytest.mark.parametrize(
    "damage",
    [
        lambda _, bad: bad.write_bytes(b""),
        lambda _, bad: bad.write_bytes(b"no tar at all" * 100),
        lambda taken, bad: bad.write_bytes(taken.read_bytes()[:-20_000]),
        lambda taken, bad: bad.write_bytes(taken.read_bytes()[:1_000]),
        lambda taken, bad: bad.write_bytes(taken.read_bytes().replace(b"CREATE TABLE", b"CREATE TABEL")),
        without("manifest.json"),
        without("secrets.json"),
        without("relay.sqlite3"),
        changed("stops.txt", b"x" * 42),
        changed("manifest.json", b"[]"),
        changed("manifest.json", b"{"),
        changed("extra.txt", b"x"),
        outside,
    ],
    ids=range(13),
)
def test_a_damaged_backup_is_refused_and_changes_nothing(
    tmp_path: Path, taken: Path, damage: Callable[[Path, Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut, flipped, incomplete or pointing elsewhere: the folder is as it was, and the whole file is taken after it."""
    bad, data = tmp_path / "bad.tar", tmp_path / "relay"
    damage(taken, bad)
    assert restore(data, bad) == 2
    assert "no whole backup" in capsys.readouterr().err
    assert [path.name for path in data.iterdir()] == ["lock"]
    assert {path.name for path in tmp_path.iterdir()} == {"bad.tar", "relay"}
    assert restore(data, taken) == 0


def test_masters_that_mail_depends_on_are_united_and_another_relays_are_refused(
    tmp_path: Path, taken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A master that was added since the backup stays; one that contradicts it means another relay."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    kept = json.loads(members(taken)["secrets.json"])
    added = {"current": 2, "masters": {**kept["masters"], "2": "Qk" * 21 + "Q="}}
    for folder, secrets in ((ours, added), (theirs, {"current": 1, "masters": {"1": "Qk" * 21 + "Q="}})):
        folder.mkdir(mode=0o700)
        durable.create(folder / "secrets.json", json.dumps(secrets).encode(), mode=0o600)
    assert restore(ours, taken) == 0
    assert json.loads((ours / "secrets.json").read_text()) == added
    assert restore(theirs, taken) == 2
    assert "of another relay" in capsys.readouterr().err
    assert not (theirs / "relay.sqlite3").exists()


def test_an_invite_from_before_does_not_come_back(tmp_path: Path, clock: Clock) -> None:
    """An invite used since the backup would admit again: none is in it; the running relay keeps its own."""
    data, file = tmp_path / "relay", tmp_path / "relay.tar"
    with served(data, clock, open_registration=False) as base:
        assert main(["invite", "--data", str(data)]) == 0
        back_up(data, file)
        from relay.database import Database

        database = Database(data / "relay.sqlite3")
        assert database._run("SELECT count(*) FROM invites").fetchone()[0] == 1
        database.close()
        assert base
    assert restore(tmp_path / "restored", file) == 0
    database = Database(tmp_path / "restored" / "relay.sqlite3")
    assert database._run("SELECT count(*) FROM invites").fetchone()[0] == 0
    database.close()


def test_a_backup_is_its_owners_alone_and_overwrites_nothing(
    tmp_path: Path, taken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It holds the masters: 0600; a file that exists is left alone, and a folder without a relay leaves no file."""
    assert taken.stat().st_mode & 0o777 == 0o600
    octets = taken.read_bytes()
    assert main(["backup", "--data", str(taken.parent / "relay"), str(taken)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert taken.read_bytes() == octets
    assert main(["backup", "--data", str(tmp_path), str(tmp_path / "none.tar")]) == 2
    assert "holds no relay" in capsys.readouterr().err
    assert not (tmp_path / "none.tar").exists()


def test_what_a_killed_backup_left_is_removed(tmp_path: Path, clock: Clock) -> None:
    """A copy of the database would outlive its hits: it is gone at the next start or backup; a running one's is not."""
    for left in (".backup-1", ".restore-1"):
        (tmp_path / left).mkdir()
        (tmp_path / left / "relay.sqlite3").write_bytes(b"x")
    with served(tmp_path, clock):
        assert not list(tmp_path.glob(".backup-*")) + list(tmp_path.glob(".restore-*"))
    (tmp_path / ".backup-2").mkdir()
    with durable.hold(tmp_path / ".backup.lock"), served(tmp_path, clock):
        assert (tmp_path / ".backup-2").exists()
        assert main(["backup", "--data", str(tmp_path), str(tmp_path / "other.tar")]) == 2
    back_up(tmp_path, tmp_path / "one.tar")
    assert not (tmp_path / ".backup-2").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another")
def test_roots_commands_leave_no_file_of_roots(tmp_path: Path) -> None:
    """What root makes in the relay's folder belongs to the folder's owner; afterwards root is root again."""
    folder = tmp_path / "relay"
    folder.mkdir()
    for parent in (tmp_path, *list(tmp_path.parents)[:3]):
        parent.chmod(0o755)
    os.chown(folder, 65_534, 65_534)
    with acting_as_owner(folder):
        (folder / "made").write_bytes(b"")
    assert ((folder / "made").stat().st_uid, os.geteuid()) == (65_534, 0)
    os.chown(folder, 0, 0)
    with acting_as_owner(folder):
        (folder / "roots").write_bytes(b"")
    assert (folder / "roots").stat().st_uid == 0
