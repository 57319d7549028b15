"""Tracked mail on its way out: the row before the dot, and untracked byte for byte whenever anything is in doubt."""

import json
import re
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.core.errors import StoreTrouble
from desktop.core.permission import Standing
from desktop.core.policy import WhyNot
from desktop.core.status import Rung
from desktop.outgoing import copies, delivery, means
from desktop.store.accounts import AccountRow, accounts, save_account
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.people import permission_of, record_stops
from relay.wire.purpose import Purpose
from relay.wire.token import Token, TokenType, minting_key, recipient_tag, verify
from tests.outgoing.conftest import Bench, make_channel

MAIL = (
    b"From: Alice Example <alice@example.test>\r\nTo: Bob <bob@x.test>\r\nSubject: Offer\r\n"
    b"Message-ID: <one@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b'<html><body><p>Hello, see <a href="https://example.com/a">this</a>.</p></body></html>\r\n'
)
WIRE = MAIL + b".\r\n"


@pytest.fixture
def tracking(bench: Bench) -> Bench:
    """Return a bench with a channel, and Bob's permission for opens and clicks."""
    bench.channel = make_channel()
    bench.permit("bob@x.test")
    return bench


def _key_for(token: Token) -> bytes:
    return minting_key(b"m" * 32, token.channel_id, token.type)


def why(bench: Bench) -> list[WhyNot | None]:
    return [copy.status.why_not for copy in bench.copies()]


def test_a_permitted_copy_carries_tokens_that_verify(tracking: Bench) -> None:
    """Picture, link and stop tokens are the channel's own, and the link's destination is bound to its token."""
    tracking.start()
    assert tracking.send(WIRE, "bob@x.test").startswith("250")
    content = tracking.provider.messages[0].content
    (picture,) = re.findall(rb"https://picture\.test/open/(.{72})\.gif", content)
    (link,) = re.findall(rb"https://link\.test/click/(.{72})/", content)
    assert b"/stop/" in content
    for text, kind, destination in (
        (picture, TokenType.OPEN, b""),
        (link, TokenType.CLICK, b"https://example.com/a"),
    ):
        token = verify(text.decode(), kind, _key_for, bound=destination)
        assert (token.type, token.channel_id) == (kind, make_channel().channel_id)
    assert why(tracking) == [None]


@pytest.mark.parametrize("purposes", [(Purpose.OPENS,), (Purpose.CLICKS,)])
def test_only_what_was_allowed_is_added(tracking: Bench, purposes: tuple[Purpose, ...]) -> None:
    """Opens alone give a picture and no tracked link, clicks alone the reverse."""
    tracking.permit("dave@x.test", *purposes)
    tracking.start()
    tracking.send(WIRE, "dave@x.test")
    content = tracking.provider.messages[0].content
    assert (b"/open/" in content) == (Purpose.OPENS in purposes)
    assert (b"/click/" in content) == (Purpose.CLICKS in purposes)


@pytest.mark.parametrize("seen", [(Purpose.OPENS,), (Purpose.CLICKS,), (Purpose.OPENS, Purpose.CLICKS)])
def test_place_adds_words_and_no_mark(tracking: Bench, seen: tuple[Purpose, ...]) -> None:
    """A copy with place holds the same marks as its twin without, says so in its line, and its row keeps it."""
    tracking.permit("dave@x.test", *seen)
    tracking.permit("erin@x.test", *seen, Purpose.PLACE)
    tracking.start()
    tracking.send(WIRE, "dave@x.test")
    tracking.send(WIRE, "erin@x.test")
    plain, placed = (each.content for each in tracking.provider.messages)
    assert [part in plain for part in (b"/open/", b"/click/")] == [part in placed for part in (b"/open/", b"/click/")]
    assert (b"and roughly where" in plain, b"and roughly where" in placed) == (False, True)
    with tracking.store.read() as connection:
        kept = dict(connection.execute("SELECT address, purposes FROM copy").fetchall())
        marks = connection.execute("SELECT address, type FROM copy JOIN token ON copy_id = copy.id").fetchall()
    kinds = {address: sorted(kind for whose, kind in marks if whose == address) for address in kept}
    assert frozenset(seen) == frozenset(json.loads(kept["dave@x.test"]))
    assert frozenset({*seen, Purpose.PLACE}) == frozenset(json.loads(kept["erin@x.test"]))
    assert kinds["dave@x.test"] == kinds["erin@x.test"] != []


def test_without_permission_or_relay_it_goes_out_as_it_came(tracking: Bench) -> None:
    """No permission: byte for byte.  No relay at all: the same, with that as the reason."""
    tracking.start()
    tracking.send(WIRE, "stranger@x.test")
    tracking.channel = None
    tracking.send(WIRE, "bob@x.test")
    assert [each.content for each in tracking.provider.messages] == [MAIL, MAIL]
    assert {WhyNot.NO_PERMISSION, WhyNot.NO_RELAY} == set(why(tracking))


@pytest.mark.parametrize("is_theirs", [True, False], ids=["stopped", "twin"])
def test_a_stopped_tag_stops_though_the_store_shows_a_permission(tracking: Bench, is_theirs: bool) -> None:
    """After a restore the stop is known, the person not: untracked, stopped from now on; others are tracked."""
    whose = "bob@x.test" if is_theirs else "dave@x.test"
    record_stops(tracking.store, [recipient_tag(make_channel().tag_key, whose, 0)], tracking.clock())
    assert permission_of(tracking.store, "bob@x.test").standing is Standing.GRANTED
    tracking.start()
    assert tracking.send(WIRE, "bob@x.test").startswith("250")
    assert (tracking.provider.messages[0].content == MAIL) is is_theirs
    assert why(tracking) == [WhyNot.STOPPED if is_theirs else None]
    after = permission_of(tracking.store, "bob@x.test").standing
    assert after is (Standing.STOPPED if is_theirs else Standing.GRANTED)


def test_a_signed_mail_goes_out_as_it_came(tracking: Bench) -> None:
    """The rewriter's refusal is the reason that is kept."""
    signed = MAIL.replace(b"Subject", b"DKIM-Signature: v=1; a=b\r\nSubject")
    tracking.start()
    tracking.send(signed + b".\r\n", "bob@x.test")
    assert tracking.provider.messages[0].content == signed
    assert why(tracking) == [WhyNot.DKIM]


@pytest.mark.parametrize("place", [(), (Purpose.PLACE,)], ids=["clicks", "clicks and place"])
def test_a_mail_without_links_and_clicks_alone(tracking: Bench, place: tuple[Purpose, ...]) -> None:
    """Where only clicks are allowed, with place or without, and there is no link, nothing is added."""
    tracking.permit("dave@x.test", Purpose.CLICKS, *place)
    plain = MAIL.replace(b'<a href="https://example.com/a">this</a>', b"this")
    tracking.start()
    tracking.send(plain + b".\r\n", "dave@x.test")
    assert tracking.provider.messages[0].content == plain
    assert why(tracking) == [WhyNot.NOTHING_TO_TRACK]


def test_a_copy_over_the_providers_size_goes_untracked(tracking: Bench) -> None:
    """A message that fits and whose tracked copy would not goes out as it came."""
    tracking.provider.extensions = (f"SIZE {len(MAIL) + 10}", "8BITMIME")
    tracking.start()
    assert tracking.send(WIRE, "bob@x.test").startswith("250")
    assert tracking.provider.messages[0].content == MAIL
    assert why(tracking) == [WhyNot.TOO_LARGE]


def test_a_copy_that_grew_beyond_the_declared_size_is_declared_anew(
    tracking: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the open transaction's SIZE is too small for the copy, a new one names the true size."""
    monkeypatch.setattr("desktop.outgoing.session.GROWTH_BYTES", 0)
    tracking.start()
    with tracking.client() as client:
        client.say(f"MAIL FROM:<alice@example.test> SIZE={len(MAIL)}")
        client.say("RCPT TO:<bob@x.test>")
        assert client.content(WIRE).startswith("250")
    (received,) = tracking.provider.messages
    assert received.mail.endswith(f"SIZE={len(received.content)}")
    assert tracking.provider.count("DOT") == 1


def test_the_row_is_on_disk_before_the_dot(tracking: Bench) -> None:
    """While the provider waits for the dot's answer, another process can read every token of the copy (I6)."""
    answer = tracking.provider.faults.waits["dot"] = threading.Event()
    tracking.start()
    with tracking.client() as client:
        client.start("alice@example.test", "bob@x.test")
        client.say("DATA")
        client.send(WIRE)
        tracking.provider.await_command("DOT")
        with sqlite3.connect(tracking.folder / "store.sqlite") as connection:
            assert connection.execute("SELECT count(*) FROM token").fetchone() == (3,)
        connection.close()
        answer.set()
        assert client.reply().startswith("250")


def test_a_locked_store_lets_the_mail_out_untracked(tracking: Bench) -> None:
    """Another program holds the store: byte for byte, a 250, and the user told; once free, tracked again."""
    tracking.start()
    tracking.send(WIRE, "stranger@x.test")
    tracking.copies()
    other = sqlite3.connect(tracking.folder / "store.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert tracking.send(WIRE, "bob@x.test") == "250 2.0.0 queued as 4711"
    assert tracking.provider.messages[1].content == MAIL
    assert any("locked" in trouble.sentence for trouble in tracking.troubles)
    assert all(isinstance(trouble, StoreTrouble) for trouble in tracking.troubles)
    other.execute("ROLLBACK")
    other.close()
    tracking.send(WIRE.replace(b"Hello", b"Hullo"), "bob@x.test")
    assert b"/open/" in tracking.provider.messages[2].content


def limit_pages(bench: Bench, pages: int) -> None:
    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()
        return Change(), None

    bench.store.write(work)


def test_a_full_store_lets_the_mail_out_untracked(tracking: Bench) -> None:
    """No room for the row: byte for byte, a 250, and the user told; with room again, tracked again."""
    links = b"".join(b'<a href="https://example.com/%d">x</a>\r\n' % number for number in range(500))
    large = MAIL.replace(b"Hello", b"Hello" + links)
    tracking.start()
    tracking.send(WIRE, "stranger@x.test")
    tracking.copies()
    assert tracking.troubles == []
    limit_pages(tracking, 1)
    assert tracking.send(large + b".\r\n", "bob@x.test") == "250 2.0.0 queued as 4711"
    assert tracking.provider.messages[1].content == large
    assert any("disk is full" in trouble.sentence for trouble in tracking.troubles)
    limit_pages(tracking, 1_000_000)
    tracking.send(large.replace(b"Hello", b"Hullo") + b".\r\n", "bob@x.test")
    assert tracking.provider.messages[2].content.count(b"/click/") == 501


def test_a_hundred_tracked_mails_over_one_connection(tracking: Bench) -> None:
    """Each goes out once, in order, over one connection to the provider, with tokens no other has; all are recorded."""
    tracking.start()
    with tracking.client() as client:
        for number in range(100):
            client.start("alice@example.test", "bob@x.test")
            assert client.content(WIRE.replace(b"Hello", b"Hello %d," % number)).startswith("250")
    contents = [each.content for each in tracking.provider.messages]
    assert [f"Hello {number},".encode() in content for number, content in enumerate(contents)] == [True] * 100
    assert len({each.connection for each in tracking.provider.messages}) == 1
    tokens = [token for each in contents for token in re.findall(rb"/(?:open|click|stop)/([\w-]{72})", each)]
    assert len(set(tokens)) == 300
    copies = tracking.copies()
    assert [copy.status.rung for copy in copies] == [Rung.SENT] * 100
    assert len({copy.id for copy in copies}) == 100


@pytest.mark.parametrize("damage", ["corrupt", "closed"])
def test_a_store_that_is_gone_lets_the_mail_out_untracked(tracking: Bench, damage: str) -> None:
    """The store is damaged, or closed: the mail goes out as it came, and the user is told."""
    tracking.start()
    tracking.send(WIRE, "stranger@x.test")
    tracking.copies()
    if damage == "closed":
        tracking.store.close()
    else:
        for name in ("store.sqlite-wal", "store.sqlite"):
            path = tracking.folder / name
            path.write_bytes(b"\xff" * max(8_192, path.stat().st_size))
    assert tracking.send(WIRE, "bob@x.test").startswith("250")
    assert tracking.provider.messages[1].content == MAIL
    assert tracking.troubles


def test_a_bug_in_the_rewriter_stops_no_mail(tracking: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug while a copy is made reaches the crash handler, and the mail goes out as it came."""
    seen: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: seen.append(args.exc_value))

    def broken(*_args: object, **_options: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(copies, "survey", broken)
    tracking.start()
    assert tracking.send(WIRE, "bob@x.test").startswith("250")
    assert tracking.provider.messages[0].content == MAIL
    assert [ZeroDivisionError] == [type(each) for each in seen]


def test_a_bug_elsewhere_is_a_451_and_a_close(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug while the mail is delivered never becomes a success: 451, the crash handler, the connection closed."""
    seen: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: seen.append(args.exc_value))

    def broken(*_args: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(delivery, "answer_to", broken)
    bench.start()
    with bench.client() as client:
        client.start("alice@example.test", "bob@x.test")
        assert client.content(WIRE).startswith("451 4.3.0")
        assert client.reply() == ""
    assert [ZeroDivisionError] == [type(each) for each in seen]


def test_a_journal_that_cannot_be_written_lets_the_mail_out_once(tracking: Bench) -> None:
    """No place for the journal: one untracked transaction for all, a 250, and the user told."""
    tracking.journal_path.symlink_to(tracking.folder / "missing" / "journal")
    tracking.start()
    assert tracking.send(WIRE, "bob@x.test", "carol@x.test").startswith("250")
    (received,) = tracking.provider.messages
    assert received.content == MAIL
    assert len(received.rcpts) == 2
    assert any("journal" in trouble.sentence for trouble in tracking.troubles)
    assert {WhyNot.STORE_TROUBLE} == set(why(tracking))


def test_a_journal_that_fails_before_the_dot(tracking: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """COMMITTING cannot be made durable: nothing of the tracked copy is sent, the mail goes out as it came, once."""
    from desktop.outgoing.journal import Journal

    def fail(_self: Journal) -> None:
        raise StoreTrouble("The journal of outgoing mail cannot be written.")

    monkeypatch.setattr(Journal, "sync", fail)
    tracking.start()
    assert tracking.send(WIRE, "bob@x.test").startswith("250")
    assert [each.content for each in tracking.provider.messages] == [MAIL]
    assert [copy.status.rung for copy in tracking.copies()] == [Rung.SENT]


def test_a_pass_through_hears_the_provider_too(tracking: Bench) -> None:
    """Without a journal a refusal, a break and a lost answer are told as ever."""
    tracking.journal_path.symlink_to(tracking.folder / "missing" / "journal")
    tracking.start()
    tracking.provider.faults.replies["dot"] = "554 5.7.1 spam"
    assert tracking.send(WIRE, "bob@x.test") == "554 5.7.1 spam"
    tracking.provider.faults.clear()
    tracking.provider.faults.drops.add("data")
    assert tracking.send(WIRE, "bob@x.test").startswith("451")
    tracking.provider.faults.clear()
    tracking.provider.faults.swallow_answer = True
    assert "may or may not" in tracking.send(WIRE, "bob@x.test")


def test_plain_flowed_text_follows_the_accounts_switch(tracking: Bench) -> None:
    """A flowed plain text becomes HTML too where the account says so, and stays as it is where not."""
    flowed = (
        MAIL.partition(b"MIME-Version")[0] + b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8; "
        b"format=flowed\r\n\r\nHello Bob, \r\nhow are you?\r\n"
    )
    tracking.start()
    tracking.send(flowed + b".\r\n", "bob@x.test")
    save_account(tracking.store, replace(tracking.account, convert_flowed=False))
    tracking.send(flowed.replace(b"Hello", b"Hullo") + b".\r\n", "bob@x.test")
    first, second = tracking.provider.messages
    assert b"multipart/alternative" in first.content
    assert second.content == flowed.replace(b"Hello", b"Hullo")


def test_the_accounts_are_known_while_the_store_fails(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts that can no longer be read are still those last known."""
    bench.start()
    bench.send(WIRE, "bob@x.test")
    assert bench.listener is not None

    def fail(_store: object) -> None:
        raise StoreTrouble("The disk failed.")

    monkeypatch.setattr(means, "accounts", fail)
    bench.listener._means._accounts_changes += 1
    assert bench.send(WIRE.replace(b"Hello", b"Hullo"), "bob@x.test").startswith("250")
    assert any(trouble.sentence == "The disk failed." for trouble in bench.troubles)


def test_accounts_that_are_being_read_are_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail that comes while another thread reads the accounts is not told that there are none."""
    is_reading, may_go_on = threading.Event(), threading.Event()

    def slow(store: Store) -> tuple[AccountRow, ...]:
        if threading.current_thread().name == "slow":
            is_reading.set()
            may_go_on.wait(10)
        return accounts(store)

    monkeypatch.setattr(means, "accounts", slow)
    bench.start()
    assert bench.listener is not None
    bench.listener._means._accounts = ()
    bench.listener._means._accounts_changes += 1
    reader = threading.Thread(target=bench.listener._means.accounts, name="slow")
    reader.start()
    assert is_reading.wait(10)
    assert bench.send(WIRE, "bob@x.test").startswith("250")
    may_go_on.set()
    reader.join()


def test_nothing_of_a_tracked_mail_is_in_any_log(tracking: Bench, tmp_path: Path) -> None:
    """The journal names nobody."""
    tracking.start()
    tracking.send(WIRE, "bob@x.test")
    assert b"bob" not in tracking.journal_path.read_bytes()
