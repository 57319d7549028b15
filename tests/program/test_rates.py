"""`readback rates`: what is printed, whatever was sent, and under which keys."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from desktop import commands, listing
from desktop.core.policy import WhyNot
from desktop.core.status import CopyState
from desktop.places import Places
from desktop.store.database import Store
from desktop.store.hits import record_hits
from desktop.store.mail import NewCopy, record_message, record_outcome
from tests.fakes.mailbox_world import mail_facts
from tests.fakes.samples import GMAIL_PROXY, SENT_AT, click, hit, tracked_copy

NOW = SENT_AT + timedelta(days=7)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """Return the user's places in a folder of their own."""
    monkeypatch.setenv("READBACK_HOME", str(tmp_path))
    monkeypatch.setattr(commands, "utc_now", lambda: NOW)
    return Places.of_user()


@pytest.fixture
def store(places: Places) -> Iterator[Store]:
    """Return the store as a running window holds it open."""
    opened = Store(places.store, clock=lambda: NOW)
    yield opened
    opened.close()


def fill(store: Store) -> None:
    """Let four copies be opened by a person, fetched by a proxy, silent, and untracked."""
    copies = (
        *(tracked_copy(f"{name}@x.example") for name in ("anna", "bob", "carl")),
        NewCopy(address="dora@x.example", why_not=WhyNot.NO_PERMISSION),
    )
    for number, copy in enumerate(copies):
        message = mail_facts(message_id=f"<{number}@x>", to=(copy.address,))
        _, (copy_id,) = record_message(store, account_id=1, facts=message, at=SENT_AT, copies=(copy,))
        record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT)
    used = click(token_id=copies[0].tokens[1].random_id)
    fetched = hit(token_id=copies[1].tokens[0].random_id, agent=GMAIL_PROXY, labels=("google-fetchers",))
    record_hits(store, [used, fetched], now=NOW)


def run(capsys: pytest.CaptureFixture[str], *call: str) -> tuple[str, str]:
    """Run a call that must succeed; return both streams."""
    assert commands.run(["rates", *call]) == 0
    return capsys.readouterr()


def test_each_rate_is_a_range_with_its_counts(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """What is proven, what is possible and of how many, in the window's own words, within 80 columns."""
    fill(store)
    out, err = run(capsys)
    assert (out.splitlines(), err) == (
        [
            "Last 90 days: 4 copies sent.",
            "",
            "Opened       1 to 2 of 3 opened",
            "             Out of 3 copies that could show it",
            "Used a link  1 of 3 used a link",
            "             Out of 3 copies that could show it",
            "Replied      0 of 4 replied",
            "             Out of 4 copies that did not come back",
        ],
        "",
    )
    assert all(len(line) <= listing.WIDTH for line in out.splitlines())


def test_what_could_not_be_seen_is_not_known(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Without permissions there is no rate of opens, and no nought that looks like one."""
    copy = NewCopy(address="dora@x.example", why_not=WhyNot.NO_PERMISSION)
    _, (copy_id,) = record_message(
        store, account_id=1, facts=mail_facts(message_id="<1@x>"), at=SENT_AT, copies=(copy,)
    )
    record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT)
    out, _ = run(capsys)
    assert "Opened       Not known" in out
    assert all(len(line) <= listing.WIDTH for line in out.splitlines())


def test_json_has_stable_keys(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Counts and shares stand under the documented keys; a share of nothing is null."""
    fill(store)
    out, _ = run(capsys, "--json", "--days", "7")
    found = json.loads(out)
    assert list(found) == ["now", "days", "start", "end", "sent", "not_delivered", "opened", "clicked", "replied"]
    assert (found["days"], found["sent"], found["not_delivered"]) == (7, 4, 0)
    assert found["opened"] == {"of": 3, "proven": 1, "possible": 2, "lowest": 0.3333, "highest": 0.6667}
    assert found["clicked"] == {"of": 3, "proven": 1, "possible": 1, "lowest": 0.3333, "highest": 0.3333}
    assert found["replied"] == {"of": 4, "proven": 0, "possible": 0, "lowest": 0.0, "highest": 0.0}
    out, _ = run(capsys, "--json", "--days", "6")
    assert json.loads(out)["opened"] == {"of": 0, "proven": 0, "possible": 0, "lowest": None, "highest": None}


def test_every_key_is_documented(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """What the help names is what is printed."""
    fill(store)
    found = json.loads(run(capsys, "--json")[0])
    with pytest.raises(SystemExit):
        commands.run(["rates", "--help"])
    told = capsys.readouterr().out
    for key in (*found, *found["opened"]):
        assert key in told.partition("JSON:")[2]


def test_nothing_sent_in_that_time_says_so(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """The other stream names the time; a longer one finds the mail."""
    fill(store)
    assert run(capsys, "--days", "6") == ("", "Nothing sent in the last 6 days.\n")
    assert run(capsys, "--days", "7")[0].startswith("Last 7 days: 4 copies sent.")


def test_before_there_is_a_store_there_is_a_hint_and_no_store_afterwards(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new user is told how to begin; JSON comes with its keys all the same."""
    assert run(capsys) == ("", f"{listing.NOTHING_YET}\n")
    out, err = run(capsys, "--json")
    assert (json.loads(out)["opened"]["of"], err) == (0, f"{listing.NOTHING_YET}\n")
    assert not places.store.exists()


@pytest.mark.parametrize("days", ["0", "-1", "36526", "x"])
def test_days_that_are_none_are_refused(days: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong call leaves with the status for it; a hundred years are accepted."""
    with pytest.raises(SystemExit) as left:
        commands.run(["rates", "--days", days])
    assert left.value.code == commands.EX_USAGE
    assert "--days" in capsys.readouterr().err


def test_a_hundred_years_are_accepted(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """The longest time there is finds all."""
    fill(store)
    assert run(capsys, "--days", "36525")[0].startswith("Last 36525 days: 4 copies sent.")
