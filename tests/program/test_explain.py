"""`readback explain`: hits from a file are judged as the app judges them, and what cannot be read is named."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from desktop import commands
from desktop.explain import explain
from tests.fakes.samples import CHROME, FIREFOX, GMAIL_PROXY, OUTLOOK, THUNDERBIRD

ROOT = Path(__file__).resolve().parents[2]
NAVIGATION = {"Sec-Fetch-Dest": "document", "accept": "text/html"}
GOOGLE = "66.249.84.1"
FILTER = "52.100.1.1"
HOME = "198.51.100.23"


def line(**fields: Any) -> dict[str, Any]:
    """Return a line's fields; by default a person's late open in Outlook at an ordinary network."""
    usual = {
        "id": "x1",
        "kind": "pixel",
        "method": "GET",
        "ua": OUTLOOK,
        "ip": HOME,
        "headers": {},
        "signals": {},
        "seconds_after_send": 3600,
    }
    return usual | fields


def clicked(**fields: Any) -> dict[str, Any]:
    """Return a line's fields; by default a person's late click in Firefox."""
    return line(**({"kind": "click", "ua": FIREFOX, "headers": NAVIGATION} | fields))


def answers(*lines: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(explain(json.dumps(each).encode() for each in lines))
    assert [each.complaint for each in found] == [""] * len(lines)
    return [json.loads(each.answer) for each in found]


def rule(fields: dict[str, Any]) -> str:
    (answer,) = answers(fields)
    return str(answer["rule"])


def complaint(text: bytes) -> str:
    (found,) = explain([text])
    assert found.answer == ""
    return found.complaint


def test_an_answer_has_these_keys_and_no_others() -> None:
    """A person's open notifies and counts; its rule, confidence and reason are the classifier's."""
    assert answers(line()) == [
        {
            "id": "x1",
            "verdict": "person",
            "rule": "mail-client",
            "confidence": "high",
            "reason": "ordinary network, known mail client",
            "notifies": True,
            "counts": True,
        }
    ]


@pytest.mark.parametrize(
    ("fields", "verdict", "notifies", "counts"),
    [
        (line(ua=GMAIL_PROXY, ip=GOOGLE), "image_proxy", True, False),
        (line(ip=FILTER), "scanner", False, False),
        (line(ua="WhatsApp/2.0"), "preview", False, False),
        (line(ua="Mozilla/5.0", ip="172.225.10.9"), "prefetch", False, False),
        (line(signals={"token_sent": False}), "self", False, False),
        (line(seconds_after_send=3), "unknown", False, False),
        (clicked(), "person", True, True),
    ],
)
def test_every_verdict_says_what_follows_from_it(
    fields: dict[str, Any], verdict: str, notifies: bool, counts: bool
) -> None:
    """Addresses are labelled as by the relay; only a person counts, and only a person or a proxy notifies."""
    (answer,) = answers(fields)
    assert (answer["verdict"], answer["notifies"], answer["counts"]) == (verdict, notifies, counts)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (line(kind="open"), "mail-client"),
        (line(ip="::ffff:198.51.100.23"), "mail-client"),
        (line(ip="2a01:111:f403::1"), "exchange-protection"),
        (line(ua=""), "no-name-late"),
        (line(ua="", seconds_after_send=5), "no-name"),
        (line(ua=None, seconds_after_send=5), "too-early"),
        (line(ua=None), "nothing-fits"),
        (line(ua=None, ip=FILTER), "exchange-protection"),
        (line(ip=None), "network-not-known"),
        (line(ip=None, ua="curl/8"), "http-library"),
        (line(method="HEAD"), "head-request"),
        (line(method="head"), "head-request"),
        (line(method="POST"), "other-method"),
        (line(method=None), "mail-client"),
        (clicked(headers=NAVIGATION | {"Sec-Purpose": "prefetch;prerender"}), "link-prefetch"),
        (clicked(headers=NAVIGATION | {"purpose": "preview"}), "link-prefetch"),
        (clicked(headers=NAVIGATION | {"X-Moz": "prefetch"}), "link-prefetch"),
        (clicked(headers=NAVIGATION | {"cookie": "prefetch", "x-number": 3}), "browser"),
        (clicked(headers={}), "nothing-fits"),
        (clicked(headers=None, signals=None), "nothing-fits"),
        (line(seconds_after_send=-4), "too-early"),
        (line(seconds_after_send=39.999), "too-early"),
        (line(seconds_after_send=40), "mail-client"),
        (line(ua="x" * 600 + " Thunderbird/153.0"), "nothing-fits"),
        (line(ua="x" * 400 + " Thunderbird/153.0"), "mail-client"),
    ],
)
def test_fields_are_read_as_the_relay_and_the_app_read_a_request(fields: dict[str, Any], expected: str) -> None:
    """Names of headers in any case, a method, a time, an agent cut at 512 octets, an address or none."""
    assert rule(fields) == expected


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        ({}, "browser"),
        ({"token_known": False}, "unknown-token"),
        ({"token_known": True, "token_sent": True}, "browser"),
        ({"token_sent": False}, "never-sent"),
        ({"sender_cookie_valid": True}, "own-mark"),
        ({"sender_cookie_valid": False}, "browser"),
        ({"ip_ua_equal_sender": True}, "own-view"),
        ({"ip_ua_equal_sender": False}, "browser"),
        ({"token_altered": True}, "altered-token"),
        ({"honeypot_hit": True}, "hidden-link"),
        ({"same_ip_honeypot_ms": 3000}, "hidden-link"),
        ({"same_ip_honeypot_ms": -3000}, "hidden-link"),
        ({"same_ip_honeypot_ms": 3001}, "browser"),
        ({"links_hit": 5, "links_total": 5, "span_ms": 3000}, "burst"),
        ({"links_hit": 5, "links_total": 5, "span_ms": 3001}, "browser"),
        ({"links_hit": 4, "links_total": 5, "span_ms": 100}, "haste"),
        ({"links_hit": 4, "links_total": 5, "span_ms": 2000}, "browser"),
        ({"links_hit": 5, "links_total": 5}, "browser"),
        ({"links_hit": 1, "links_total": 1, "span_ms": 0}, "browser"),
        ({"links_hit": 2, "links_total": 5, "span_ms": 3000, "unsubscribe_hit": True}, "stop-link"),
        ({"links_hit": 1, "links_total": 5, "span_ms": 0, "unsubscribe_hit": True}, "browser"),
        ({"same_ip_pixel_before_ms": 4000}, "browser"),
        ({"same_ip_other_ua_ms": 3000}, "two-agents"),
        ({"same_ip_other_ua_ms": 3001}, "browser"),
        ({"previous_hits": 7, "anything": {"else": []}}, "browser"),
        ({"token_sent": None, "links_hit": None}, "browser"),
    ],
)
def test_signals_are_told_to_the_classifier(signals: dict[str, Any], expected: str) -> None:
    """What a file knows beyond the request becomes siblings, own marks or telltales; what is not known is ignored."""
    assert rule(clicked(signals=signals)) == expected


def test_a_picture_belongs_to_a_burst_of_its_address() -> None:
    """For a picture the signals tell of the clicks around it."""
    burst = {"links_hit": 3, "links_total": 3, "span_ms": 900}
    assert rule(line(ua=CHROME, signals=burst)) == "burst"
    assert rule(line(ua=CHROME, signals=burst | {"links_hit": 2})) == "nothing-fits"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (line(ua="curl/8"), "http-library"),
        (line(ua=THUNDERBIRD), "time-not-known"),
        (line(ua="Reader/1"), "nothing-fits"),
        (line(ip=FILTER), "exchange-protection"),
        (line(ua=GMAIL_PROXY, ip=GOOGLE), "time-not-known"),
    ],
)
def test_without_a_time_only_what_always_holds_is_said(fields: dict[str, Any], expected: str) -> None:
    """Where early and late would be judged apart it is unknown; where not, the time does not matter."""
    fields["seconds_after_send"] = None
    assert rule(fields) == expected
    (answer,) = answers(fields)
    if expected == "time-not-known":
        assert (answer["verdict"], answer["confidence"]) == ("unknown", "low")
        assert answer["reason"] == "when it came is not known, and that would decide"


def test_unknown_fields_are_ignored_and_missing_ones_are_not_known() -> None:
    """A line needs its kind alone; without an id its number stands for it."""
    assert answers({"kind": "click", "label": "human", "why": ["?"]}) == [
        {
            "id": 1,
            "verdict": "unknown",
            "rule": "nothing-fits",
            "confidence": "low",
            "reason": "nothing about it is proven",
            "notifies": False,
            "counts": False,
        }
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"{", "it is not JSON: Expecting property name enclosed in double quotes at column 2"),
        (b"\xff", "it is not UTF-8"),
        (b"[1]", "it is not a JSON object"),
        (b'{"kind": "click", "seconds_after_send": NaN}', "it is not JSON that can be read"),
        (b"[" * 100_000, "it is not JSON that can be read"),
        (b'{"kind": "glance"}', "its kind is neither pixel nor click"),
        (b"{}", "its kind is neither pixel nor click"),
        (b'{"kind": 1}', "its kind is not text"),
        (b'{"kind": "click", "ip": "300.1.2.3"}', "'300.1.2.3' is not an IP address"),
        (b'{"kind": "click", "ip": ""}', "'' is not an IP address"),
        (b'{"kind": "click", "ip": 7}', "its ip is not text"),
        (b'{"kind": "click", "ua": ["x"]}', "its ua is not text"),
        (b'{"kind": "click", "headers": []}', "its headers are not an object"),
        (b'{"kind": "click", "signals": 1}', "its signals are not an object"),
        (b'{"kind": "click", "seconds_after_send": "9"}', "its seconds_after_send is not a number that can be"),
        (b'{"kind": "click", "seconds_after_send": true}', "its seconds_after_send is not a number that can be"),
        (b'{"kind": "click", "seconds_after_send": 1e12}', "its seconds_after_send is not a number that can be"),
        (b'{"kind": "click", "signals": {"links_hit": 501}}', "its links_hit is not a number that can be"),
        (b'{"kind": "click", "signals": {"token_sent": "no"}}', "its token_sent is neither true nor false"),
    ],
)
def test_a_line_that_cannot_be_read_is_said_so(text: bytes, expected: str) -> None:
    """Each kind of bad line has words of its own, and none breaks the program."""
    assert complaint(text) == expected


def test_empty_lines_and_a_mark_of_byte_order_are_passed_over() -> None:
    """Lines are numbered as an editor numbers them."""
    lines = [b"\xef\xbb\xbf" + json.dumps(line()).encode(), b"\n", b"  \r\n", b"?"]
    assert [(each.number, each.complaint != "") for each in explain(lines)] == [(1, False), (4, True)]


@pytest.fixture
def run_on(tmp_path: Path) -> Callable[[bytes], int]:
    """Return a function that runs the command on a file with these octets."""

    def run(octets: bytes) -> int:
        path = tmp_path / "hits.jsonl"
        path.write_bytes(octets)
        return commands.run(["explain", str(path)])

    return run


def test_a_bad_line_is_named_and_the_others_are_judged(
    run_on: Callable[[bytes], int], capsys: pytest.CaptureFixture[str]
) -> None:
    """The answers stand in order on standard output, the complaint on standard error, and the exit status is 65."""
    good = json.dumps(line()).encode()
    assert run_on(good + b"\nnonsense\n" + good) == 65
    told = capsys.readouterr()
    assert [json.loads(each)["verdict"] for each in told.out.splitlines()] == ["person"] * 2
    assert told.err == "Line 2: it is not JSON: Expecting value at column 1.\n"


def test_good_lines_and_no_lines_leave_with_0(
    run_on: Callable[[bytes], int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is said on standard error where nothing is wrong, and of an empty file that it holds none."""
    assert run_on(json.dumps(clicked()).encode()) == 0
    told = capsys.readouterr()
    assert (len(told.out.splitlines()), told.err) == (1, "")
    assert run_on(b"") == 0
    assert capsys.readouterr() == ("", "There is no hit in it.\n")


def test_a_file_that_is_not_there_leaves_with_66(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing file and a folder are named with the system's reason."""
    missing = tmp_path / "none.jsonl"
    assert commands.run(["explain", str(missing)]) == 66
    assert commands.run(["explain", str(tmp_path)]) == 66
    told = capsys.readouterr().err.splitlines()
    assert told == [
        f"{missing} cannot be read: No such file or directory.",
        f"{tmp_path} cannot be read: Is a directory.",
    ]


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`readback explain -` judges what is piped in."""
    octets = io.BytesIO(json.dumps(line(id=7)).encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(octets))
    assert commands.run(["explain", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == 7


def test_a_reader_that_leaves_early_is_no_failure(tmp_path: Path) -> None:
    """As with `head`: the program ends quietly."""
    path = tmp_path / "many.jsonl"
    path.write_bytes((json.dumps(line()).encode() + b"\n") * 3000)
    with subprocess.Popen(
        [sys.executable, "-m", "desktop", "explain", str(path)],
        cwd=ROOT,
        env=os.environ | {"READBACK_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert json.loads(running.stdout.readline())["verdict"] == "person"
        running.stdout.close()
        assert running.wait(20) == 0
        assert running.stderr.read() == b""


def test_the_help_names_fields_and_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    """What a line may hold and what is printed is said where one asks for it."""
    with pytest.raises(SystemExit):
        commands.run(["explain", "--help"])
    told = capsys.readouterr().out
    assert all(word in told for word in ("seconds_after_send", "image_proxy", "notifies", "same_ip_honeypot_ms", "65"))
