"""`readback status` and `readback followups`: what is printed, whatever the terminal, the window and the mail."""

import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from desktop import commands, listing
from desktop.core.address import Mailbox
from desktop.core.arrival import Arrival, ArrivalKind
from desktop.core.policy import WhyNot
from desktop.core.status import CopyState
from desktop.places import Places
from desktop.settings import COUNTRY_SETTING, SystemZone, country_of, local_now, system_country
from desktop.store import settings
from desktop.store.accounts import AccountRow, Security, save_account
from desktop.store.arrivals import Batch, record_batch
from desktop.store.database import Store
from desktop.store.folders import FolderRole, FolderRow, note_look
from desktop.store.mail import NewCopy, cards, record_message, record_outcome
from desktop.store.reminders import snooze
from tests.fakes.samples import SENT_AT, facts

ROOT = Path(__file__).resolve().parents[2]
# A Monday, a week after the mail.
NOW = SENT_AT + timedelta(days=7)
HOSTILE = "\u202eOffer\x1b[31m\r\nSubject: \x07<b>now</b> 見積もり " + "very " * 30


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """Return the user's places in a folder of their own, in a country without holidays."""
    monkeypatch.setenv("READBACK_HOME", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setattr(commands, "utc_now", lambda: NOW)
    return Places.of_user()


@pytest.fixture
def store(places: Places) -> Iterator[Store]:
    """Return the store as a running window holds it open."""
    opened = Store(places.store, clock=lambda: NOW)
    yield opened
    opened.close()


def send(store: Store, address: str, name: str = "", *, subject: str = "Offer", at: datetime = SENT_AT) -> str:
    """Record a mail that the provider took; return its Message-ID."""
    name_ = f"<{os.urandom(8).hex()}@sender.example>"
    copy = NewCopy(address=address, name=name, why_not=WhyNot.NO_PERMISSION)
    message = facts(subject=subject, message_id=name_)
    _, (copy_id,) = record_message(store, account_id=1, facts=message, at=at, copies=(copy,))
    record_outcome(store, copy_id, CopyState.SENT, at=at)
    return name_


def a_week(store: Store) -> None:
    """Let four mails stand as they do after a week: silence, an absence, one snoozed, one just sent."""
    account = AccountRow(
        id=0,
        label="Work",
        host="smtp.sender.example",
        port=465,
        security=Security.TLS,
        user="kim@sender.example",
        identities=(Mailbox("Kim", "kim@sender.example"),),
        imap_host="imap.sender.example",
    )
    save_account(store, account)
    send(store, "anna@becker.example", "Anna Becker")
    send(store, "anna@becker.example", "Anna Becker", subject="Earlier offer", at=SENT_AT - timedelta(days=3))
    away = send(store, "ben@lund.example", "Ben Lund", subject="Invoice", at=NOW - timedelta(days=1))
    answer = Arrival(
        kind=ArrivalKind.AUTO_REPLY,
        facts=replace(
            facts(subject="Re: Invoice", message_id="<away@lund.example>", in_reply_to=away),
            from_=Mailbox("Ben Lund", "ben@lund.example"),
        ),
        at=NOW - timedelta(hours=23),
        is_away=True,
        returns_on=date(2026, 5, 18),
        about_ids=(away,),
    )
    inbox = FolderRow(account_id=1, name="INBOX", role=FolderRole.INBOX, uid_validity=1, next_uid=2)
    record_batch(store, Batch(account_id=1, folder=inbox, arrivals=(answer,)), now=NOW)
    send(store, "carl@mill.example", subject="Snoozed")
    snooze(store, cards(store, search="snoozed")[0].id, NOW + timedelta(days=2), NOW)


def printed(capsys: pytest.CaptureFixture[str], *call: str) -> list[str]:
    """Run a command that must succeed and return what it printed; nothing may stand on the other stream."""
    assert commands.run(call) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines()


def test_follow_ups_are_grouped_with_their_reasons(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Overdue first, with the warning and what is folded, then what comes next; all while a window has it open."""
    a_week(store)
    assert printed(capsys, "followups") == [
        "Overdue",
        "  Anna Becker             Offer                             since Thursday 7 May",
        "    No answer for 5 working days",
        "    Your last two messages to them went unanswered",
        "    1 more conversation with them",
        "",
        "Next",
        "  Ben Lund                Invoice                           on Monday 18 May",
        "    Back on Monday 18 May",
    ]


def test_all_shows_what_is_folded_and_snoozed(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Each conversation has its line, and what is snoozed says until when."""
    a_week(store)
    lines = printed(capsys, "followups", "--all")
    assert [line.split("  ")[1] for line in lines if line.startswith("  ") and line[2] != " "] == [
        "Anna Becker",
        "Anna Becker",
        "Ben Lund",
        "carl@mill.example",
    ]
    until = (NOW + timedelta(days=2)).astimezone()
    assert lines[-1] == f"    Snoozed until {until:%Y-%m-%d %H:%M}"


def test_follow_ups_as_json_have_stable_keys(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Kind, group, days, people and instants with their offset stand under the documented keys."""
    a_week(store)
    value = json.loads("\n".join(printed(capsys, "followups", "--json")))
    assert (list(value), value["country"]) == (["now", "country", "accounts", "follow_ups"], "")
    assert datetime.fromisoformat(value["now"]) == NOW
    first = value["follow_ups"][0]
    assert datetime.fromisoformat(first.pop("sent_at")) == SENT_AT
    assert first == {
        "conversation_id": 1,
        "account_id": 1,
        "kind": "no_answer",
        "due": "overdue",
        "due_on": "2026-05-07",
        "subject": "Offer",
        "people": [
            {
                "name": "Anna Becker",
                "address": "anna@becker.example",
                "rung": "sent",
                "opens": 0,
                "last_open_at": None,
                "failure": None,
                "returns_on": None,
            }
        ],
        "waited_days": 5,
        "is_insistent": True,
        "folded": 1,
        "snoozed_until": None,
        "reason": "No answer for 5 working days",
    }
    assert [each["kind"] for each in value["follow_ups"]] == ["no_answer", "away"]


def test_status_lists_accounts_and_conversations(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """How far an account's mail was read, then the newest conversations with all that stands beside them."""
    a_week(store)
    lines = printed(capsys, "status")
    assert (lines[0].split()[:3], lines[1]) == (["Work", "last", "read"], "")
    assert lines[2].split()[-3:] == ["Ben", "Lund", "Invoice"]
    assert lines[3].strip() == "Sent · Away · Not tracked · back on Monday 18 May"
    assert len(lines) == 2 + 2 * 4


def test_status_finds_words_and_stops_at_its_limit(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Each word must stand in subject, name or address; nothing found is said on the other stream."""
    a_week(store)
    found = json.loads("\n".join(printed(capsys, "status", "--json", "becker", "earlier")))
    assert [each["subject"] for each in found["conversations"]] == ["Earlier offer"]
    assert found["total"] == 1
    limited = json.loads("\n".join(printed(capsys, "status", "--json", "--limit", "2")))
    assert [each["subject"] for each in limited["conversations"]] == ["Invoice", "Snoozed"]
    assert limited["total"] == 4
    assert commands.run(["status", "--limit", "2"]) == 0
    assert capsys.readouterr().err == "2 of 4; --limit shows more\n"
    assert commands.run(["status", "--limit", "4"]) == 0
    assert capsys.readouterr().err == ""
    assert commands.run(["status", "nobody"]) == 0
    assert capsys.readouterr().err == "No conversation holds these words.\n"


def test_status_as_json_has_stable_keys(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Rung, asides and the day of return stand under the documented keys."""
    a_week(store)
    value = json.loads("\n".join(printed(capsys, "status", "--json", "invoice")))
    assert value["accounts"] == [
        {
            "id": 1,
            "label": "Work",
            "addresses": ["kim@sender.example"],
            "incoming": "read",
            "read_at": NOW.astimezone().isoformat(timespec="seconds"),
        }
    ]
    (card,) = value["conversations"]
    assert datetime.fromisoformat(card.pop("at")) == NOW - timedelta(hours=23)
    assert card == {
        "id": 3,
        "subject": "Invoice",
        "people": ["Ben Lund"],
        "copies": 1,
        "rung": "sent",
        "asides": ["away", "not_tracked"],
        "returns_on": "2026-05-18",
        "has_question": False,
        "waits": True,
    }


@pytest.mark.parametrize(
    ("imap_host", "place", "expected"),
    [
        ("", None, "no incoming mail is read"),
        ("imap.sender.example", None, "mail not read yet"),
        ("imap.sender.example", (FolderRole.JUNK, None), "mail not read yet"),
        ("imap.sender.example", (FolderRole.SENT, None), "mail not read yet"),
        ("imap.sender.example", (FolderRole.INBOX, None), "last read"),
        ("imap.sender.example", (FolderRole.INBOX, 7), "older mail still to be read"),
    ],
)
def test_an_account_says_how_far_it_was_read(
    store: Store,
    imap_host: str,
    place: tuple[FolderRole, int | None] | None,
    expected: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No incoming mail, nothing read, some, and all are told apart; a junk folder alone is nothing."""
    a_week(store)
    account = AccountRow(
        id=0,
        label="",
        host="h",
        port=465,
        security=Security.TLS,
        user="second@sender.example",
        identities=(),
        imap_host=imap_host,
    )
    _, id_ = save_account(store, account)
    if place is not None:
        role, backlog = place
        folder = FolderRow(account_id=id_, name="X", role=role, uid_validity=1, next_uid=9, backlog_uid=backlog)
        record_batch(store, Batch(account_id=id_, folder=folder), now=NOW)
    assert printed(capsys, "status")[1].startswith(f"{'second@sender.example':<40} {expected}")


@pytest.mark.parametrize("call", [["status"], ["followups"], ["followups", "--all"]])
def test_hostile_mail_stays_on_its_line(store: Store, call: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever a subject or a name holds, no line is wider than 80 columns and none has a control character."""
    a_week(store)
    send(store, "anna@becker.example", HOSTILE, subject=HOSTILE, at=SENT_AT + timedelta(hours=1))
    lines = printed(capsys, *call)
    assert [line for line in lines if not line.isprintable()] == []
    assert [line for line in lines if sum(map(listing._columns, line)) > 80] == []
    assert any("<b>now</b>" in line or "Offer" in line for line in lines)


@pytest.mark.parametrize("call", [["status"], ["followups"]])
def test_without_a_store_there_is_nothing_yet(
    places: Places, call: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The list is empty, the other stream says what to do, it is no failure, and no store is made."""
    assert commands.run(call) == 0
    out, err = capsys.readouterr()
    assert (out, err.startswith("Nothing is known yet. Open `readback`")) == ("", True)
    assert commands.run([*call, "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert [each for each in value.values() if isinstance(each, list)] in ([[]], [[], []])
    assert not places.store.exists()


def test_an_empty_store_has_nobody_to_follow_up(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """A new store prints nothing and says where to start."""
    assert commands.run(["followups"]) == 0
    assert capsys.readouterr().err.startswith("Nothing is known yet.")
    assert commands.run(["status"]) == 0
    assert capsys.readouterr().err.startswith("Nothing is known yet.")


@pytest.mark.parametrize(
    ("imap_host", "backlog", "said"),
    [
        ("", None, "kim@sender.example: no incoming mail is read, so no silence is listed for it.\n"),
        ("h", None, "kim@sender.example: mail not read yet, so nobody is listed for it.\n"),
        ("h", 7, "kim@sender.example: older mail is still to be read, so no silence is listed for it.\n"),
        ("h", 0, "Nobody to follow up with.\n"),
    ],
)
def test_an_empty_list_says_whether_it_means_anything(
    store: Store, imap_host: str, backlog: int | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only where the mail was read nobody is to be followed up; and an account that was entered is not asked for."""
    account = AccountRow(
        id=0,
        label="",
        host="h",
        port=465,
        security=Security.TLS,
        user="kim@sender.example",
        identities=(),
        imap_host=imap_host,
    )
    save_account(store, account)
    if backlog is not None:
        inbox = FolderRow(account_id=1, name="INBOX", role=FolderRole.INBOX, uid_validity=1, next_uid=9)
        record_batch(store, Batch(account_id=1, folder=replace(inbox, backlog_uid=backlog or None)), now=NOW)
    assert commands.run(["followups"]) == 0
    assert capsys.readouterr() == ("", said)
    assert commands.run(["status"]) == 0
    assert capsys.readouterr().err == "No mail is known yet.\n"


@pytest.mark.parametrize("call", [["followups"], ["status"], ["doctor"]])
def test_a_full_disk_is_said_in_words(store: Store, places: Places, call: list[str]) -> None:
    """It leaves with 74 and one line, without a traceback."""
    a_week(store)
    with Path("/dev/full").open("wb") as full:
        left = subprocess.run(
            [sys.executable, "-m", "desktop", *call],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            env=os.environ | {"READBACK_HOME": str(places.home)},
            check=False,
        )
    assert (left.returncode, left.stderr) == (74, b"Cannot write: No space left on device.\n")


def test_when_mail_was_last_read_is_said(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """A look at the folders in which nothing was new counts too."""
    a_week(store)
    note_look(store, 1, NOW - timedelta(days=3))
    assert printed(capsys, "status")[0].startswith(f"{'Work':<40} last read ")
    value = json.loads("\n".join(printed(capsys, "followups", "--json")))
    (account,) = value["accounts"]
    assert (account["address"], account["incoming"]) == ("kim@sender.example", "read")
    assert datetime.fromisoformat(account["read_at"]) == NOW - timedelta(days=3)


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """One line with the program's name before it."""
    with pytest.raises(SystemExit) as left:
        commands.run(["--version"])
    assert (left.value.code, capsys.readouterr().out.split()[0]) == (0, "readback")


@pytest.mark.parametrize("call", [["status"], ["followups", "--json"]])
def test_a_damaged_store_is_a_trouble_in_words(
    places: Places, call: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its exit status is 75, and the cure is named."""
    places.store.write_bytes(b"this is no database" * 100)
    assert commands.run(call) == 75
    assert "damaged" in capsys.readouterr().err


def test_a_locked_store_is_a_trouble_in_words(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Another program's lock is said with 75; once it is gone the list is there."""
    store.close()
    holder = sqlite3.connect(store.path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    holder.execute("CREATE TABLE held (x)")
    assert commands.run(["followups"]) == 75
    assert "locked by another program" in capsys.readouterr().err
    holder.execute("ROLLBACK")
    holder.close()
    assert commands.run(["followups"]) == 0


@pytest.mark.parametrize("command", ["status", "followups"])
def test_the_help_names_every_key(store: Store, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever stands in the JSON is said in the command's help, in 80 columns."""
    a_week(store)
    value = json.loads("\n".join(printed(capsys, command, "--json")))
    lists = [each for each in value.values() if isinstance(each, list)]
    keys = {*value, *(key for each in lists for key in each[0])}
    keys |= {key for each in value.get("follow_ups", []) for person in each["people"] for key in person}
    with pytest.raises(SystemExit):
        commands.run([command, "--help"])
    help_ = capsys.readouterr().out
    words = {word.strip(".,;:()") for word in help_.split()}
    assert keys - words == set()
    assert max(map(len, help_.splitlines())) <= 80


@pytest.mark.parametrize("wrong", [["--limit", "0"], ["--limit", "some"], ["--jsn"]])
def test_a_wrong_call_is_a_usage_error(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """It leaves with 64 and a line on how the call goes."""
    with pytest.raises(SystemExit) as left:
        commands.run(["status", *wrong])
    assert left.value.code == 64
    assert "usage: readback" in capsys.readouterr().err


def test_a_terminal_without_the_letters_gets_plain_ones(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a plain ASCII locale dots become dashes and foreign letters question marks, and nothing breaks."""
    a_week(store)
    send(store, "zoe@becker.example", "Zoë", subject="見積", at=NOW)
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    assert commands.run(["status"]) == 0
    text = written.getvalue().decode("ascii")
    assert ("Sent - Away" in text, "Zo?" in text, "??" in text) == (True, True, True)


def test_a_reader_that_leaves_early_is_no_failure(store: Store, places: Places) -> None:
    """`readback status | head -1` ends with 0 and says nothing, though most of it was never read."""
    for number in range(40):
        send(store, f"person{number}@becker.example", subject=f"Offer {number}")
    reader, writer = os.pipe()
    os.close(reader)
    left = subprocess.run(
        [sys.executable, "-m", "desktop", "status"],
        cwd=ROOT,
        stdout=writer,
        stderr=subprocess.PIPE,
        env=os.environ | {"READBACK_HOME": str(places.home)},
        check=False,
    )
    os.close(writer)
    assert (left.returncode, left.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("Offer", 8, "Offer   "),
        ("Offer", 5, "Offer"),
        ("Offered", 6, "Off..."),
        ("見積もり", 8, "見積もり"),
        ("見積もり", 7, "見積..."),
        ("見積もり", 6, "見... "),
        ("Zoe\u0308", 4, "Zoe\u0308 "),
    ],
)
def test_a_column_is_as_wide_as_it_says(text: str, width: int, expected: str) -> None:
    """Wide letters take two columns and marks on a letter none; what does not fit is cut and says so."""
    assert listing.fit(text, width) == expected


@pytest.mark.parametrize(
    ("environment", "country"),
    [
        ({"LANG": "de_DE.UTF-8"}, "DE"),
        ({"LANG": "en_US.UTF-8", "LC_TIME": "de_AT.UTF-8"}, "AT"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "fr_CH"}, "CH"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": ""}, "US"),
        ({"LANG": "sr_Latn_RS@latin"}, "RS"),
        ({"LANG": "C.UTF-8"}, ""),
        ({"LANG": "de"}, ""),
        ({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, ""),
    ],
)
def test_the_country_is_that_of_the_systems_locale(environment: dict[str, str], country: str) -> None:
    """What stands before counts, as the system has it; a locale without a country has none."""
    assert system_country(environment) == country


def test_without_variables_the_locale_is_asked() -> None:
    """Where no variable says anything, what the system says is taken, be it nothing."""
    assert system_country({}) == system_country({}).upper()


def test_a_chosen_country_comes_before_the_systems(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The setting decides, with a part of the country; empty is a choice too."""
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert country_of(store) == "FR"
    settings.put(store, COUNTRY_SETTING, "DE-BY")
    value: dict[str, Any] = json.loads("\n".join(printed(capsys, "followups", "--json")))
    assert value["country"] == "DE-BY"
    settings.put(store, COUNTRY_SETTING, "")
    assert country_of(store) == ""


def test_the_systems_zone_follows_its_clock() -> None:
    """An instant keeps its moment, its wall clock is the system's, and both of an hour that comes twice come back."""
    zone = SystemZone()
    for instant in (SENT_AT, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)):
        here = local_now(instant)
        assert here == instant
        assert here.replace(tzinfo=None) == instant.astimezone().replace(tzinfo=None)
        assert here.astimezone(ZoneInfo("Asia/Tokyo")) == instant
    assert (zone.utcoffset(None), zone.tzname(None), SENT_AT.astimezone(zone).dst()) == (None, None, None)
    assert local_now(SENT_AT).tzname() == SENT_AT.astimezone().tzname()
