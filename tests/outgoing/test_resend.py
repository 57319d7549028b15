"""The client's retry after each way a reply can be lost: never a second copy, never a mail withheld for nothing."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from desktop.core.status import Aside, Rung
from desktop.outgoing.journal import Answer, Journal, State
from tests.fakes.provider import PASSWORD, USER
from tests.fakes.rawclient import RawClient
from tests.outgoing.conftest import Bench

MAIL = b"From: Alice <alice@example.test>\r\nTo: bob@x.test\r\nSubject: Offer\r\n\r\nHello\r\n.\r\n"


def journal_of(bench: Bench) -> Journal:
    assert bench.listener is not None
    return bench.listener._means.journal()


def leave_while_the_provider_thinks(bench: Bench, *, cleanly: bool) -> None:
    """Have a client hand in the mail and go away before the provider answers."""
    answer = bench.provider.faults.waits["dot"] = threading.Event()
    client = bench.client()
    client.start(USER, "bob@x.test")
    client.say("DATA")
    client.send(MAIL)
    bench.provider.await_command("DOT")
    (client.close if cleanly else client.abort)()
    answer.set()
    bench.provider.faults.clear()


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait for a condition that another thread makes true."""
    gate = threading.Event()
    for _ in range(1_000):
        if condition():
            return
        gate.wait(0.01)
    raise AssertionError("it never came")


@pytest.mark.parametrize("cleanly", [True, False])
def test_a_client_that_gave_up_waiting_gets_one_copy(bench: Bench, cleanly: bool) -> None:
    """The provider took it after the client left: the retry is answered 250 and sent to nobody."""
    bench.start()
    leave_while_the_provider_thinks(bench, cleanly=cleanly)
    wait_for(lambda: journal_of(bench).entries()[-1].parts[0].state is State.ACCEPTED)
    assert "not sent a second time" in bench.send(MAIL.replace(b"Hello", b"Hello"), "bob@x.test")
    assert len(bench.provider.messages) == 1
    wait_for(lambda: journal_of(bench).entries()[-1].answer is Answer.CONFIRMED)
    assert bench.send(MAIL, "bob@x.test") == "250 2.0.0 queued as 4711"
    assert len(bench.provider.messages) == 2


def test_a_retry_while_the_first_is_under_way(bench: Bench) -> None:
    """A retry that comes before the provider's answer is told to wait, and sent to nobody."""
    bench.start()
    answer = threading.Event()
    bench.provider.faults.waits["dot"] = answer
    client = bench.client()
    client.start(USER, "bob@x.test")
    client.say("DATA")
    client.send(MAIL)
    bench.provider.await_command("DOT")
    client.abort()
    assert bench.send(MAIL, "bob@x.test").startswith("451 4.4.0")
    answer.set()
    wait_for(lambda: journal_of(bench).entries()[0].parts[0].state is State.ACCEPTED)
    assert bench.send(MAIL, "bob@x.test").startswith("250")
    assert len(bench.provider.messages) == 1


def test_a_client_that_left_before_the_dot_sends_nothing(bench: Bench) -> None:
    """Gone before the final dot: nothing is sent, and the retry goes out as new."""
    bench.start()
    body = bench.provider.faults.waits["data"] = threading.Event()
    client = bench.client()
    client.start(USER, "bob@x.test")
    client.say("DATA")
    client.send(MAIL)
    bench.provider.await_command("DATA")
    wait_for(lambda: bool(journal_of(bench).entries()))
    client.abort()
    bench.provider.faults.waits.clear()
    body.set()
    wait_for(lambda: journal_of(bench).entries()[-1].answer is Answer.FAILURE)
    assert bench.provider.messages == []
    assert bench.send(MAIL, "bob@x.test").startswith("250")
    assert len(bench.provider.messages) == 1


def test_the_same_mail_on_purpose_is_sent_again(bench: Bench) -> None:
    """A client that read its 250 and sends the same again means it, on the same connection and on a new one."""
    bench.start()
    with bench.client() as client:
        for _ in range(2):
            client.start(USER, "bob@x.test")
            assert client.content(MAIL) == "250 2.0.0 queued as 4711"
    assert bench.send(MAIL, "bob@x.test") == "250 2.0.0 queued as 4711"
    assert len(bench.provider.messages) == 3


def test_a_clean_close_after_the_answer_confirms_it(bench: Bench) -> None:
    """A client that reads the 250 and closes without QUIT has read it."""
    bench.start()
    client = bench.client()
    client.start(USER, "bob@x.test")
    assert client.content(MAIL).startswith("250")
    client.close()
    wait_for(lambda: journal_of(bench).entries()[-1].answer is Answer.CONFIRMED)


def test_half_an_hour_later_it_is_a_new_mail(bench: Bench) -> None:
    """After thirty minutes a retry is sent, whatever became of the first."""
    bench.start()
    leave_while_the_provider_thinks(bench, cleanly=False)
    wait_for(lambda: journal_of(bench).entries()[-1].parts[0].state is State.ACCEPTED)
    bench.clock.advance(timedelta(minutes=31))
    assert bench.send(MAIL, "bob@x.test") == "250 2.0.0 queued as 4711"
    assert len(bench.provider.messages) == 2


SCRIPT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from desktop.accounts.clients import Clients
from desktop.accounts.credentials import Credentials
from desktop.accounts.vault import SessionVault, account_secret
from desktop.outgoing.listener import Listener
from desktop.store.accounts import accounts
from desktop.store.database import Store
def clock(): return datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
folder = Path(sys.argv[1])
store = Store(folder / "store.sqlite", clock=clock)
vault = SessionVault()
vault.put(account_secret(accounts(store)[0].id), sys.argv[2])
credentials = Credentials(vault, clock=clock, clients=Clients(store, vault, environment={}))
listener = Listener(port=0, store=store, vault=vault, credentials=credentials, channel=lambda: None,
                    journal_path=folder / "journal", clock=clock, on_trouble=lambda trouble: None)
print(listener.start(), listener.password, flush=True)
sys.stdin.read()
"""


def has_a_line(path: Path) -> bool:
    return path.exists() and path.read_bytes().endswith(b"\n")


@pytest.mark.parametrize(
    ("stage", "found", "retry"),
    [
        ("data", State.PREPARED, "250 2.0.0 queued"),
        ("dot", State.UNKNOWN, "554 5.4.0"),
        ("answered", State.ACCEPTED, "250 2.0.0 The provider took this mail a moment ago"),
    ],
)
def test_after_kill_9_at_each_stage(bench: Bench, stage: str, found: State, retry: str) -> None:
    """Killed before the dot, after it, and after the provider's answer: the next run knows, and sends nothing twice."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(bench.folder), PASSWORD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with process:
        assert process.stdout is not None
        port, password = process.stdout.readline().split()
        client = RawClient(int(port))
        client.sign_in(password)
        client.start(USER, "bob@x.test")
        if stage != "answered":
            bench.provider.faults.waits[stage] = threading.Event()
        client.say("DATA")
        client.send(MAIL)
        if stage == "answered":
            assert client.reply().startswith("250")
        else:
            bench.provider.await_command(stage.upper())
            # The provider is asked for the content before anything is on disk, and may have it before the row is.
            wait_for(lambda: bench.details() != [] if stage == "dot" else has_a_line(bench.journal_path))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    client.close()
    for event in bench.provider.faults.waits.values():
        event.set()
    bench.provider.faults.clear()
    before = 0 if found is State.PREPARED else len(bench.provider.await_messages(1))
    bench.start()
    assert journal_of(bench).entries()[0].parts[0].state is found
    # Killed early, the row may not be there yet; where it is, it says what became of the copy.
    for copy in bench.copies():
        assert (Aside.UNCERTAIN in copy.status.asides) == (found is State.UNKNOWN)
        assert (Aside.NOT_DELIVERED in copy.status.asides) == (found is State.PREPARED)
        assert (copy.status.rung is Rung.SENT) == (found is State.ACCEPTED)
    assert len(bench.copies()) == 1 or found is State.PREPARED
    assert len(bench.troubles) == (1 if found is State.UNKNOWN else 0)
    assert bench.send(MAIL, "bob@x.test").startswith(retry)
    assert len(bench.provider.messages) == (before + 1 if found is State.PREPARED else before)


def test_stopping_lets_what_is_committed_end(bench: Bench) -> None:
    """A mail at the provider when the listener is stopped gets its answer, and the client hears it."""
    answer = bench.provider.faults.waits["dot"] = threading.Event()
    bench.start()
    with bench.client() as client, bench.client() as idle:
        client.start(USER, "bob@x.test")
        client.say("DATA")
        client.send(MAIL)
        bench.provider.await_command("DOT")
        stopping = threading.Thread(target=bench.stop)
        stopping.start()
        assert idle.reply() == ""
        answer.set()
        assert client.reply().startswith("250")
        stopping.join()


def test_stopping_does_not_wait_for_ever(bench: Bench) -> None:
    """A provider that stays silent is given up after the grace, as an unknown end."""
    bench.provider.faults.waits["dot"] = threading.Event()
    bench.start(grace_s=0.2)
    with bench.client() as client:
        client.start(USER, "bob@x.test")
        client.say("DATA")
        client.send(MAIL)
        bench.provider.await_command("DOT")
        bench.stop()
        assert "may or may not" in client.reply()
