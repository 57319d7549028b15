"""What Sent is to hold instead of a tracked copy: kept with its rows, only where the user wants Sent clean."""

import sqlite3
import threading
from dataclasses import replace

import pytest

from desktop.accounts.own_channels import marks_of
from desktop.core.grounds import AskWhen
from desktop.core.policy import WhyNot
from desktop.incoming.sent_clean_copy import Kind, kind_of
from desktop.store.accounts import save_account
from desktop.store.originals import original_octets, originals
from tests.outgoing.conftest import Bench
from tests.outgoing.test_own_marks_out import CHANNEL, CLEAN, QUOTING
from tests.outgoing.test_tracking_out import MAIL, WIRE


@pytest.fixture
def keeping(bench: Bench) -> Bench:
    """Return a running bench with a channel, Bob's permission, and an account that keeps Sent clean."""
    bench.channel = CHANNEL
    bench.permit("bob@x.test")
    save_account(bench.store, replace(bench.account, keeps_sent_clean=True))
    return bench.start()


def kept(bench: Bench) -> list[bytes]:
    """Return the originals that are kept once nothing is left to be recorded."""
    bench.copies()
    return [original_octets(bench.store, row.message_id) for row in originals(bench.store, bench.account.id)]


def test_the_message_is_kept_as_it_was_handed_in(keeping: Bench) -> None:
    """One original for all its copies, with the random ids of every token in them."""
    keeping.permit("carol@x.test")
    keeping.send(WIRE, "bob@x.test", "carol@x.test", "dave@x.test")
    assert kept(keeping) == [MAIL]
    (row,) = originals(keeping.store, keeping.account.id)
    with keeping.store.read() as connection:
        tokens = {random_id for (random_id,) in connection.execute("SELECT random_id FROM token")}
    assert row.names == ("<one@example.test>",)
    assert row.random_ids == tokens
    assert len(tokens) == 6


def test_nothing_is_kept_of_untracked_mail(keeping: Bench) -> None:
    """What leaves as it came is in Sent as it came: there is nothing to replace."""
    keeping.send(WIRE, "stranger@x.test")
    assert kept(keeping) == []


def test_a_question_alone_is_kept_out_of_sent(keeping: Bench) -> None:
    """What would answer for its recipient is replaced too, known by its token; in Sent it is the message's own copy."""
    save_account(
        keeping.store,
        replace(keeping.account, keeps_sent_clean=True, is_policy_chosen=True, ask_when=AskWhen.FIRST),
    )
    keeping.send(WIRE, "stranger@x.test")
    assert [copy.status.why_not for copy in keeping.copies()] == [WhyNot.ASKED]
    assert kept(keeping) == [MAIL]
    (row,) = originals(keeping.store, keeping.account.id)
    (message,) = keeping.provider.messages
    assert kind_of(message.content, MAIL, row.random_ids, marks_of(CHANNEL)) is Kind.TRACKED


def test_a_got_it_alone_is_kept_out_of_sent(keeping: Bench) -> None:
    """The link in the marker's place is a mark like any other; without the marker nothing is kept."""
    save_account(keeping.store, replace(keeping.account, keeps_sent_clean=True, adds_confirm=True))
    keeping.send(WIRE.replace(b"</body>", b"<p>[got it]</p></body>"), "stranger@x.test")
    (octets,) = kept(keeping)
    assert b"[got it]" in octets
    (row,) = originals(keeping.store, keeping.account.id)
    (message,) = keeping.provider.messages
    assert kind_of(message.content, octets, row.random_ids, marks_of(CHANNEL)) is Kind.TRACKED
    keeping.send(WIRE.replace(b"one@", b"two@"), "stranger@x.test")
    assert kept(keeping) == [octets]


def test_nothing_is_kept_where_the_user_did_not_ask(keeping: Bench) -> None:
    """Off, which is how an account begins, tracked mail leaves no words in the store."""
    save_account(keeping.store, keeping.account)
    keeping.send(WIRE, "bob@x.test")
    assert [copy.status.why_not for copy in keeping.copies()] == [None]
    assert kept(keeping) == []


def test_what_is_kept_holds_no_older_mark(keeping: Bench) -> None:
    """A quoted mark of an earlier copy would be loaded from Sent: it is out of the original too."""
    keeping.send(QUOTING + b".\r\n", "bob@x.test")
    assert kept(keeping) == [CLEAN]


def test_it_is_on_disk_before_the_dot(keeping: Bench) -> None:
    """While the provider waits for the dot's answer another process can read the original."""
    answer = keeping.provider.faults.waits["dot"] = threading.Event()
    with keeping.client() as client:
        client.start("alice@example.test", "bob@x.test")
        client.say("DATA")
        client.send(WIRE)
        keeping.provider.await_command("DOT")
        connection = sqlite3.connect(keeping.folder / "store.sqlite")
        assert connection.execute("SELECT octets FROM original").fetchall() == [(MAIL,)]
        connection.close()
        answer.set()
        assert client.reply().startswith("250")
