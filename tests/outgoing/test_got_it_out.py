"""The "got it" link on its way out: in each own copy its own, and taken out where nobody could be told apart."""

import re
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from desktop.core.donottrack import parse_line
from desktop.core.permission import Standing
from desktop.core.policy import WhyNot
from desktop.core.status import Rung
from desktop.store.accounts import save_account
from desktop.store.do_not_track import add
from desktop.store.people import permission_of, record_stops, withdraw
from relay.wire.token import SECONDS_PER_DAY, Token, TokenType, minting_key, recipient_tag, verify
from tests.outgoing.conftest import Bench, make_channel

PERSON = "bob@x.test"
HEAD = b"From: Alice Example <alice@example.test>\r\nTo: Bob <bob@x.test>\r\nSubject: Offer\r\nMIME-Version: 1.0\r\n"
MAIL = (
    HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n"
    b'<html><body><p>Hello, see <a href="https://example.com/a">this</a>.</p><p>[got it]</p></body></html>\r\n'
)
PLAIN = HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n  a layout\r\n[Got it]\r\n  of its own\r\n"
WITHOUT = MAIL.replace(b"[got it]", b"")
CONFIRM = re.compile(rb"https://link\.test/confirm/([\w-]{72})/read")


@pytest.fixture
def confirming(bench: Bench) -> Bench:
    """Return a bench with a channel whose account has the switch on."""
    bench.channel = make_channel()
    bench.account = replace(bench.account, adds_confirm=True)
    save_account(bench.store, bench.account)
    return bench.start()


def send(bench: Bench, raw: bytes = MAIL, *recipients: str) -> bytes:
    """Send a mail and return what arrived last."""
    assert bench.send(raw + b".\r\n", *(recipients or (PERSON,))).startswith("250")
    return bench.provider.messages[-1].content


def confirm_in(content: bytes) -> Token:
    """Return the one link's token, verified as the relay does it."""
    (text,) = set(CONFIRM.findall(content))
    return verify(text.decode(), TokenType.CONFIRM, lambda each: minting_key(b"m" * 32, each.channel_id, each.type))


def why(bench: Bench) -> set[WhyNot | None]:
    """Return why copies are untracked."""
    return {copy.status.why_not for copy in bench.copies()}


@pytest.mark.parametrize("raw", [MAIL, PLAIN], ids=["html", "a fixed layout"])
def test_an_own_copy_gets_its_link_and_nothing_else(confirming: Bench, raw: bytes) -> None:
    """Item 1: without permission the link is all that is added; its row is kept, with the day it left."""
    content = send(confirming, raw)
    token = confirm_in(content)
    assert token.recipient_tag == recipient_tag(make_channel().tag_key, PERSON, 0)
    assert token.issue_day == int(confirming.clock().timestamp()) // SECONDS_PER_DAY
    assert not re.search(rb"/(?:open|click|stop|consent)/|Readback-Tracking|<img", content)
    assert b"No reply needed:" in content
    assert content.startswith(HEAD)
    with confirming.store.read() as connection:
        rows = connection.execute("SELECT random_id, type FROM token").fetchall()
    assert rows == [(token.random_id, TokenType.CONFIRM)]
    assert why(confirming) == {WhyNot.NO_PERMISSION}
    assert [copy.status.rung for copy in confirming.copies()] == [Rung.SENT]


def test_the_same_mail_without_the_switch_is_untouched(bench: Bench) -> None:
    """Where the switch is off bytes in are bytes out, brackets and all."""
    bench.channel = make_channel()
    bench.start()
    assert send(bench) == MAIL


def test_a_tracked_copy_has_both(confirming: Bench) -> None:
    """With a permission the copy has its picture and links beside the link, which itself is not tracked."""
    confirming.permit(PERSON)
    content = send(confirming)
    confirm_in(content)
    assert (content.count(b"/open/"), content.count(b"/click/"), why(confirming)) == (1, 1, {None})
    with confirming.store.read() as connection:
        kinds = sorted(kind for (kind,) in connection.execute("SELECT type FROM token"))
    assert kinds == [TokenType.OPEN, TokenType.CLICK, TokenType.STOP, TokenType.CONFIRM]


def test_each_recipient_has_a_link_of_their_own(confirming: Bench) -> None:
    """Two own copies have two tokens, with two tags."""
    send(confirming, MAIL, PERSON, "carol@x.test")
    tokens = [confirm_in(each.content) for each in confirming.provider.messages]
    assert len({token.random_id for token in tokens}) == len({token.recipient_tag for token in tokens}) == 2


def test_a_shared_copy_has_none_and_says_why(confirming: Bench) -> None:
    """Six recipients get the mail without the marker, and that is the reason."""
    people = [f"p{number}@x.test" for number in range(6)]
    assert send(confirming, MAIL, *people) == WITHOUT
    assert why(confirming) == {WhyNot.NO_GOT_IT}
    assert all(copy.shared for copy in confirming.copies())


def test_without_a_relay_it_is_taken_out(confirming: Bench) -> None:
    """There is nobody who could be told, so the mail says nothing of it."""
    confirming.channel = None
    assert send(confirming) == WITHOUT
    assert why(confirming) == {WhyNot.NO_GOT_IT}


def withdrawn(bench: Bench) -> None:
    """Record a yes, and that it was taken back."""
    bench.permit(PERSON)
    withdraw(bench.store, PERSON, bench.clock())


def listed(bench: Bench) -> None:
    """Put the person on a do-not-track list."""
    add(bench.store, parse_line(PERSON), "", bench.clock())


@pytest.mark.parametrize(("before", "reason"), [(withdrawn, WhyNot.WITHDRAWN), (listed, WhyNot.LISTED)])
def test_whoever_is_let_alone_gets_none(confirming: Bench, before: Callable[[Bench], None], reason: WhyNot) -> None:
    """Item 11: nothing is minted for whoever said no or is listed; the reason is that."""
    before(confirming)
    assert send(confirming) == WITHOUT
    assert why(confirming) == {reason}


def test_a_stop_that_only_the_tag_shows_counts(confirming: Bench) -> None:
    """After a restore the tag is stopped and the person not: no link, whose press nobody would hear of."""
    record_stops(confirming.store, [recipient_tag(make_channel().tag_key, PERSON, 0)], confirming.clock())
    assert permission_of(confirming.store, PERSON).standing is Standing.UNKNOWN
    assert send(confirming) == WITHOUT


def test_mail_that_may_not_be_touched_keeps_it(confirming: Bench) -> None:
    """A signed mail arrives byte for byte."""
    signed = b"DKIM-Signature: v=1; a=b\r\n" + MAIL
    assert send(confirming, signed) == signed


def test_where_the_link_does_not_fit_it_is_taken_out(confirming: Bench) -> None:
    """A provider's limit is kept, and the marker does not stand there without its link."""
    confirming.provider.extensions = (f"SIZE {len(MAIL) + 10}", "8BITMIME")
    assert send(confirming) == WITHOUT
    assert why(confirming) == {WhyNot.NO_GOT_IT}


def test_a_bug_in_it_stops_no_mail(confirming: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever fails sends the mail as it came, and the crash handler hears of it."""
    seen: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: seen.append(args.exc_value))

    def broken(_raw: bytes) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("desktop.outgoing.making.find_marker", broken)
    assert send(confirming) == MAIL
    assert [ZeroDivisionError] == [type(each) for each in seen]
