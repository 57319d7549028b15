"""The command line: each command's words and exit status."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from desktop import commands
from desktop.core.errors import Malformed, NotAuthorised, Refused, StoreTrouble, Trouble, Unreachable

ROOT = Path(__file__).resolve().parents[2]


def test_without_a_display_the_window_command_says_what_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`readback` on a machine without a display names the command that needs none and leaves with 69."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert commands.run([]) == 69
    assert "readback listen" in capsys.readouterr().err


def test_a_wrong_call_leaves_with_ex_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown option is a usage error, with a line on how the call goes."""
    with pytest.raises(SystemExit) as left:
        commands.run(["listen", "--prot", "4190"])
    assert left.value.code == 64
    assert "usage: readback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (NotAuthorised("A", "B"), 77),
        (Refused("A", "B"), 69),
        (Unreachable("A", "B"), 69),
        (Malformed("A", "B"), 65),
        (StoreTrouble("A", "B"), 75),
        (Trouble("A", "B"), 78),
    ],
)
def test_a_trouble_is_told_in_two_lines(
    trouble: Trouble, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each kind of trouble prints its sentence and its cure and has its exit status."""

    def fail(_options: object) -> int:
        raise trouble

    monkeypatch.setattr(commands, "_doctor", fail)
    assert commands.run(["doctor"]) == status
    assert capsys.readouterr().err == "A\nB\n"


def listening(home: Path) -> "subprocess.Popen[str]":
    """Start `readback listen` on any free port; it is ready once its first line came."""
    return subprocess.Popen(
        [sys.executable, "-m", "desktop", "listen", "--port", "0", "--secrets", "file"],
        cwd=ROOT,
        env=os.environ | {"READBACK_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_listen_takes_mail_until_it_is_told_to_end(tmp_path: Path) -> None:
    """`readback listen` names its port, holds the folder alone, and leaves with 0 on SIGTERM."""
    with listening(tmp_path) as first:
        assert first.stdout is not None
        line = first.stdout.readline()
        with listening(tmp_path) as second:
            _, told = second.communicate(timeout=20)
        first.send_signal(signal.SIGTERM)
        _, complaint = first.communicate(timeout=20)
    assert line.startswith("Taking mail on 127.0.0.1:")
    assert (second.returncode, "already running" in told) == (75, True)
    assert (first.returncode, complaint) == (0, "")


@pytest.mark.parametrize("command", ["status", "followups"])
def test_the_lists_are_there_while_another_holds_the_folder(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside a running `readback listen` a list is printed, and neither disturbs the other."""
    monkeypatch.setenv("READBACK_HOME", str(tmp_path))
    with listening(tmp_path) as first:
        assert first.stdout is not None
        first.stdout.readline()
        assert commands.run([command, "--json"]) == 0
        first.send_signal(signal.SIGTERM)
        _, complaint = first.communicate(timeout=20)
    assert (first.returncode, complaint) == (0, "")
    assert '"now"' in capsys.readouterr().out


def test_inspect_says_when_there_is_no_such_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is EX_NOINPUT, in words."""
    assert commands.run(["inspect", str(tmp_path / "no.eml"), "--to", "anna@example.test"]) == 66
    assert "cannot be read: No such file" in capsys.readouterr().err


def test_doctor_says_what_is_not_well_and_how_to_mend_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a fresh folder each line that is not well is followed by what to do; no relay is no fault."""
    monkeypatch.setenv("READBACK_HOME", str(tmp_path))
    assert commands.run(["doctor"]) == 69
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert "!!  provider  No account yet." in lines
    assert "    " + " " * 9 + " -> Open `readback` and enter one under Settings → Accounts." in lines
    assert printed.count("!! ") == printed.count(" -> ")


def test_doctor_finds_a_round_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Store, listener, provider and relay of a running engine are well; only secrets of one session are pointed at."""
    from desktop import doctor, rounds
    from desktop.core.keep import Keep
    from desktop.store import settings

    with rounds.open_round() as round_:
        vault = round_.engine.vault
        monkeypatch.setattr(doctor, "open_vault", lambda *_args, **_named: vault)
        settings.put(round_.engine.store, "listener.port", round_.engine.port)
        found = {finding.part: finding for finding in doctor.findings(round_.engine.places)}
    assert Keep(vault.where) is Keep.SESSION
    assert {part: finding.is_well for part, finding in found.items()} == {
        "store": True,
        "ledger": True,
        "secrets": False,
        "listener": True,
        "provider": True,
        "mailbox": True,
        "relay": True,
    }
    assert found["relay"].seen.endswith("answers (no TLS)")


def test_doctor_tells_whose_the_listener_is_and_what_a_window_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another folder's listener is not called ours; a password of the session is missing only where nobody runs."""
    from desktop import doctor, rounds
    from desktop.accounts.vault import LISTENER_SECRET, FileVault
    from desktop.core.keep import Keep
    from desktop.engine import Engine
    from desktop.places import Places
    from desktop.store import accounts, settings

    monkeypatch.setattr(doctor, "open_vault", lambda *_args, **_named: FileVault(Places.in_folder(tmp_path).secrets))
    with rounds.open_round() as round_:
        ours = Engine(Places.in_folder(tmp_path), keep=Keep.FILE)
        row = replace(accounts.accounts(round_.engine.store)[0], id=0)
        accounts.save_account(ours.store, row)
        ours.vault.put(LISTENER_SECRET, "ours")
        settings.put(ours.store, "listener.port", round_.engine.port)
        running = {finding.part: finding for finding in doctor.findings(ours.places)}
        ours.close()
        alone = {finding.part: finding for finding in doctor.findings(ours.places)}
    assert running["listener"].seen.startswith("Another Readback, not that of this folder")
    assert running["sign-in"].seen.endswith("kept for the session of the running window; not checked here")
    assert "provider" not in running
    assert alone["provider"].seen.startswith("Readback has no password for")


def sample(folder: Path) -> Path:
    """Write a mail with a link and return its file."""
    path = folder / "offer.eml"
    path.write_bytes(
        b"From: Kim <kim@example.test>\r\nTo: anna@example.test, ben@example.test\r\nSubject: Offer\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        b'<p>Hello</p><p><a href="https://shop.example/offer">The offer</a></p>\r\n'
    )
    return path


def test_inspect_shows_what_would_be_added_for_whom(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only the recipient who is permitted gets a tracked copy; the other's is written byte for byte as it came."""
    path = sample(tmp_path)
    to = ["--to", "anna@example.test", "--to", "ben@example.test"]
    call = ["inspect", str(path), *to, "--permit", "Anna@example.test", "--out", str(tmp_path / "out")]
    assert commands.run(call) == 0
    printed = capsys.readouterr().out
    assert "tracked for opens and clicks," in printed
    assert "added: the visible line with a stop link, a picture" in printed
    assert "tracked link: https://shop.example/offer" in printed
    assert "untracked, byte for byte as it came\n  rule no_permission: --permit does not name them, and" in printed
    anna, ben = (
        (tmp_path / "out" / name).read_bytes() for name in ("1-anna@example.test.eml", "2-ben@example.test.eml")
    )
    assert (ben == path.read_bytes(), b"/open/" in anna, b"/stop/" in anna) == (True, True, True)


def test_inspect_shows_the_question_the_header_and_the_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who is to be asked gets one link and no picture; who is permitted the header; a marker becomes its link."""
    path = sample(tmp_path)
    path.write_bytes(path.read_bytes() + b"<p>[got it]</p>\r\n")
    call = ["inspect", str(path), "--to", "anna@example.test", "--permit", "anna@example.test"]
    call += ["--to", "ben@example.test", "--ask", "ben@example.test", "--out", str(tmp_path / "out"), "--got-it"]
    assert commands.run(call) == 0
    anna, ben = capsys.readouterr().out.partition("ben@example.test\n")[::2]
    assert "added: the header Readback-Tracking, before all others" in anna
    assert "added: the question, for" not in anna
    assert "added: the question, for" in ben
    assert "rule asked:" in ben
    assert "Readback-Tracking" not in ben
    assert ben.count("added: the link by which they say that they have read it") == 1
    assert "language of what was added: en" in ben
    octets = (tmp_path / "out" / "2-ben@example.test.eml").read_bytes()
    assert [part in octets for part in (b"/consent/", b"/confirm/", b"/open/", b"/click/")] == [
        True,
        True,
        False,
        False,
    ]
    assert commands.run([*call[:4], "--ask", "nobody@example.test"]) == 64


def test_inspect_says_that_fixed_plain_text_takes_no_question(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who was to be asked is not, with the rule that says why; who was not, reads that nothing is looked up here."""
    path = tmp_path / "plain.eml"
    path.write_bytes(b"From: me@sender.test\r\nTo: ben@example.test\r\nSubject: x\r\n\r\nHello\r\n")
    call = ["inspect", str(path), "--to", "ben@example.test"]
    assert commands.run([*call, "--ask", "ben@example.test"]) == 0
    asked = capsys.readouterr().out
    assert "  untracked, byte for byte as it came\n" in asked
    assert "not asked, rule fixed_layout: It is plain text with a layout of its own, which takes no question" in asked
    assert commands.run(call) == 0
    plain = capsys.readouterr().out
    assert "what you recorded of them is not looked up here" in plain
    assert "not asked" not in plain


def test_inspect_reads_standard_input_and_refuses_a_bad_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`-` is standard input; an address that is none leaves with 65 and says so."""
    with sample(tmp_path).open("rb") as file:
        monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": file}))
        assert commands.run(["inspect", "-", "--to", "anna@example.test"]) == 0
    assert "rule no_permission" in capsys.readouterr().out
    assert commands.run(["inspect", str(tmp_path / "offer.eml"), "--to", "anna@@example.test"]) == 65
    assert "not a mail address" in capsys.readouterr().err


def test_inspect_says_when_it_cannot_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that cannot be made is a trouble in words."""
    path = sample(tmp_path)
    assert commands.run(["inspect", str(path), "--to", "anna@example.test", "--out", str(path / "sub")]) == 75
    assert "cannot be written" in capsys.readouterr().err


def test_inspect_says_when_a_file_is_hardly_a_mail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file without a header field is pointed at; a mail is not."""
    path = tmp_path / "notes"
    path.write_bytes(b"root:x:0:0\n")
    assert commands.run(["inspect", str(path), "--to", "anna@example.test"]) == 0
    assert "hardly a mail" in capsys.readouterr().out
    assert commands.run(["inspect", str(sample(tmp_path)), "--to", "anna@example.test"]) == 0
    assert "hardly a mail" not in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [["--port", "70000"], ["--port", "many"], ["--secrets", "drawer"]])
def test_listen_refuses_what_it_cannot_do(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A port that is none and a place that is none are usage errors that name the option."""
    with pytest.raises(SystemExit) as left:
        commands.run(["listen", *wrong])
    assert left.value.code == 64
    assert wrong[0] in capsys.readouterr().err


def test_inspect_says_what_the_listener_would_refuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bare CR is pointed at, since no mail may hold one; a mail without one is not."""
    path = tmp_path / "cr.eml"
    path.write_bytes(b"From: kim@example.test\r\n\r\na\rb\r\n")
    assert commands.run(["inspect", str(path), "--to", "anna@example.test"]) == 0
    assert "would refuse it: it holds a bare CR" in capsys.readouterr().out
    assert commands.run(["inspect", str(sample(tmp_path)), "--to", "anna@example.test"]) == 0
    assert "would refuse" not in capsys.readouterr().out


def test_inspect_names_a_permission_of_nobody_who_gets_the_mail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A slip in an address does not look like a missing permission; written right it is one."""
    call = ["inspect", str(sample(tmp_path)), "--to", "anna@example.test", "--permit"]
    assert commands.run([*call, "ana@example.test"]) == commands.EX_USAGE
    assert "No recipient of this mail: ana@example.test." in capsys.readouterr().err
    assert commands.run([*call, "ANNA@example.test"]) == 0


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["rates", "--days", "0"], "'0' is no whole number from 1 to 36525"),
        (["status", "--limit", "many"], "'many' is no whole number from 1 to 1000000"),
        (["listen", "--port", "99999"], "'99999' is no whole number from 0 to 65535"),
    ],
)
def test_a_number_out_of_range_is_told_with_the_range(
    call: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In words, with nothing of the program's own names in them."""
    with pytest.raises(SystemExit) as left:
        commands.run(call)
    assert left.value.code == commands.EX_USAGE
    assert said in capsys.readouterr().err
