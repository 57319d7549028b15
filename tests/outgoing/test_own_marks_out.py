"""Marks quoted from earlier copies: gone from whatever leaves, whoever gets it; all other mail leaves as it came."""

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from desktop.accounts.own_channels import marks_of, remember
from desktop.core.address import Mailbox
from desktop.core.ownmarks import tokens_in
from desktop.core.policy import WhyNot
from desktop.outgoing import delivery
from desktop.outgoing.inspect import inspect
from desktop.store.accounts import save_account
from relay.wire.token import Token, TokenType, mint
from relay.wire.urls import click_url, open_url, stop_url
from tests.core.copies import client_message, expected
from tests.outgoing.conftest import Bench, make_channel
from tests.outgoing.test_clients_out import envelope, hand_in, sent, with_whole_lines

CHANNEL = make_channel()
PLACE = b"https://example.com/a"


def token(kind: TokenType, *, channel_id: bytes = CHANNEL.channel_id, destination: bytes = b"") -> str:
    """Return a token of an earlier copy."""
    fields = Token(
        type=kind,
        key_id=1,
        channel_id=channel_id,
        recipient_tag=b"to Carol",
        issue_day=18_000,
        random_id=b"an old copy.",
    )
    return mint(CHANNEL.minting_keys[kind], fields, bound=destination)


def marks(channel_id: bytes = CHANNEL.channel_id) -> tuple[bytes, bytes]:
    """Return an older picture and tracked link."""
    picture = open_url(CHANNEL.picture_base, token(TokenType.OPEN, channel_id=channel_id))
    link = click_url(CHANNEL.link_base, token(TokenType.CLICK, channel_id=channel_id, destination=PLACE), PLACE)
    return f'<img src="{picture}" width="1" height="1" alt="">'.encode(), link.encode()


STOP = stop_url(CHANNEL.link_base, token(TokenType.STOP)).encode()
PAGE = (
    b"From: Alice Example <alice@example.test>\r\nTo: Bob <bob@x.test>\r\nSubject: Re: Offer\r\n"
    b"Message-ID: <two@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b"<p>Thank you.</p><blockquote type=cite><p>See <a href='%s'>this</a>. <a href='"
    + STOP
    + b"'>See or stop</a>%s</p>"
    b"</blockquote>\r\n"
)
IMAGE, LINK = marks()
QUOTING = PAGE % (LINK, IMAGE)
CLEAN = PAGE % (PLACE, b"")


@pytest.fixture
def quoting(bench: Bench) -> Bench:
    """Return a running bench with a channel and nobody's permission."""
    bench.channel = CHANNEL
    return bench.start()


def sent_by(bench: Bench) -> list[bytes]:
    return [each.content for each in bench.provider.messages]


def test_an_untracked_answer_carries_no_older_mark(quoting: Bench) -> None:
    """The quoted picture is gone, the quoted link leads where it always led; its stop link stays."""
    assert quoting.send(QUOTING + b".\r\n", "bob@x.test").startswith("250")
    assert sent_by(quoting) == [CLEAN]
    assert [copy.status.why_not for copy in quoting.copies()] == [WhyNot.NO_PERMISSION]


def test_a_mail_passed_on_for_somebody_else_keeps_their_marks(quoting: Bench) -> None:
    """Marks of another user of the same relay are not ours to alter: byte for byte."""
    image, link = marks(b"of another..")
    assert quoting.send(PAGE % (link, image) + b".\r\n", "bob@x.test").startswith("250")
    assert sent_by(quoting) == [PAGE % (link, image)]


def test_a_tracked_answer_carries_marks_of_its_own_alone(quoting: Bench) -> None:
    """The one open and click token in it are this copy's; the quoted link is tracked anew."""
    quoting.permit("bob@x.test")
    quoting.send(QUOTING + b".\r\n", "bob@x.test")
    (content,) = sent_by(quoting)
    bases = marks_of(CHANNEL).bases
    (copy,) = quoting.copies()
    with quoting.store.read() as connection:
        own = {row[0] for row in connection.execute("SELECT random_id FROM token WHERE copy_id = ?", (copy.id,))}
    assert content.count(b"/open/") == content.count(b"/click/") == 1
    # The quoted line's stop link is the only one left of the older copy.
    assert tokens_in(content, bases) == own | {b"an old copy."}
    assert STOP in content
    assert tokens_in(content.replace(STOP, b""), bases) == own


@pytest.mark.parametrize("shared", [False, True])
def test_every_recipient_gets_it_clean(quoting: Bench, shared: bool) -> None:
    """Several copies of their own, or one for all: none carries the older mark."""
    save_account(quoting.store, replace(quoting.account, shared_copy_only=shared))
    quoting.permit("bob@x.test")
    quoting.send(QUOTING + b".\r\n", "bob@x.test", "carol@x.test", "dave@x.test")
    found = sent_by(quoting)
    assert len(found) == (1 if shared else 3)
    assert all(IMAGE not in content and LINK not in content for content in found)
    assert found.count(CLEAN) == (1 if shared else 2)


def test_without_a_relay_the_channels_known_from_before_count(bench: Bench) -> None:
    """Disconnected or replaced, the older channel's marks are recognised; one never seen is not."""
    bench.start()
    bench.send(QUOTING + b".\r\n", "bob@x.test")
    remember(bench.store, CHANNEL)
    remember(bench.store, replace(CHANNEL, channel_id=b"the next one"))
    bench.send(QUOTING.replace(b"Thank", b"Thanks,") + b".\r\n", "bob@x.test")
    assert sent_by(bench) == [QUOTING, CLEAN.replace(b"Thank", b"Thanks,")]


def test_without_journal_or_store_it_goes_out_clean(quoting: Bench) -> None:
    """The ways that promise least take nothing from this: no journal, a locked store."""
    other = sqlite3.connect(quoting.folder / "store.sqlite", isolation_level=None)
    quoting.permit("bob@x.test")
    other.execute("BEGIN IMMEDIATE")
    quoting.send(QUOTING + b".\r\n", "bob@x.test")
    other.execute("ROLLBACK")
    other.close()
    quoting.stop()
    quoting.journal_path.unlink()
    quoting.journal_path.symlink_to(quoting.folder / "missing" / "journal")
    quoting.start()
    quoting.send(QUOTING + b".\r\n", "bob@x.test", "carol@x.test")
    assert sent_by(quoting) == [CLEAN, CLEAN]


def test_a_bug_in_the_cleaning_stops_no_mail(quoting: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reaches the crash handler, and the mail goes out as it came."""
    seen: list[object] = []

    def broken(*_args: object) -> bytes:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("threading.excepthook", seen.append)
    monkeypatch.setattr(delivery, "without_own_marks", broken)
    assert quoting.send(QUOTING + b".\r\n", "bob@x.test").startswith("250")
    assert sent_by(quoting) == [QUOTING]
    assert len(seen) == 1


def test_a_second_attempt_is_still_recognised(quoting: Bench) -> None:
    """What the client hands in, not what leaves, tells a second attempt from a new mail."""
    answer = quoting.provider.faults.waits["dot"] = threading.Event()
    client = quoting.client()
    client.start("alice@example.test", "bob@x.test")
    client.say("DATA")
    client.send(QUOTING + b".\r\n")
    quoting.provider.await_command("DOT")
    client.abort()
    assert quoting.send(QUOTING + b".\r\n", "bob@x.test").startswith("451 4.4.0")
    answer.set()


def test_inspection_shows_what_would_leave() -> None:
    """`inspect` takes quoted marks out as the listener does, and hands back the very message where there are none."""
    now = datetime(2026, 11, 21, tzinfo=UTC)
    for raw, octets in ((QUOTING, CLEAN), (CLEAN, CLEAN)):
        (found,) = inspect(raw, recipients=["bob@x.test"], grounds={}, channel=CHANNEL, now=now)
        assert found.octets == octets
        assert (found.octets is raw) is (raw is CLEAN)


@pytest.fixture
def strangers(bench: Bench) -> Bench:
    """Return a running bench that has a channel and sends as everybody in the clients' mails; nobody permitted."""
    bench.channel = CHANNEL
    identities: Sequence[Mailbox] = [Mailbox("", f"{name}@example.test") for name in ("alice", "bob")]
    save_account(bench.store, replace(bench.account, identities=tuple(identities)))
    return bench.start()


def test_every_clients_mail_without_a_mark_leaves_as_it_came(strangers: Bench) -> None:
    """Untracked, each real mail program's message arrives byte for byte, bare LF alone excepted."""
    for row in expected():
        assert set(sent(strangers, row["message"])) == {with_whole_lines(client_message(row["message"]))}
        strangers.provider.messages.clear()


def test_every_clients_page_loses_the_mark_alone(strangers: Bench) -> None:
    """The same messages with an older picture in them arrive as they were before it was put there."""
    count = 0
    for row in expected():
        raw = with_whole_lines(client_message(row["message"]))
        if row["reason"] not in {"", "fixed_layout"} or b"</body>" not in raw:
            continue
        is_quoted_printable = b"quoted-printable" in raw.lower()
        image = IMAGE.replace(b"=", b"=3D") if is_quoted_printable else IMAGE
        received = hand_in(strangers, raw.replace(b"</body>", image + b"</body>"), *envelope(row["message"]))
        # Where a soft break was put in its place, the words are the same.
        assert {each.content.replace(b"=\r\n", b"") for each in received} == {raw.replace(b"=\r\n", b"")}
        strangers.provider.messages.clear()
        count += 1
    assert count > 5
