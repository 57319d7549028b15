"""The test of an account, the offers, the replies and the look into a message before it is sent."""

import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desktop.accounts.credentials import Password
from desktop.core.errors import Malformed, NotAuthorised, Refused, StoreTrouble, Trouble, Unreachable
from desktop.core.policy import WhyNot
from desktop.outgoing.inspect import inspect, permitted, sample_channel
from desktop.outgoing.offers import Offer, intersection
from desktop.outgoing.probe import probe
from desktop.outgoing.replies import Fate, Outcome, Reply, answer_to
from desktop.outgoing.upstream import Step, Timeouts
from desktop.store.accounts import Security
from tests.fakes.faultproxy import FaultProxy
from tests.fakes.provider import PASSWORD, USER, Provider
from tests.outgoing.conftest import Bench

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SECRET = Password(user=USER, secret=PASSWORD)
SHORT = Timeouts(connect_s=2, command_s=0.5, final_s=1)


def test_a_good_account_passes_every_step(bench: Bench) -> None:
    """Connect, encrypt, sign in, in this order, and what the server offers is returned."""
    steps: list[Step] = []
    offer = probe(bench.account, SECRET, on_step=steps.append)
    assert steps == [Step.CONNECT, Step.ENCRYPT, Step.SIGN_IN]
    assert offer == Offer(size_bytes=26_214_400, eight_bit=True, smtputf8=True, dsn=True)
    assert bench.provider.count("MAIL") == 0


def test_each_failure_has_its_own_words(bench: Bench, tmp_path: Path) -> None:
    """A name that does not exist, a closed port, a wrong password, a missing CA file: each says what it is."""
    account = bench.account
    cases: list[tuple[type[Trouble], str, dict[str, object], Password]] = [
        (Unreachable, "no server named", {"host": "nowhere.invalid"}, SECRET),
        (Unreachable, "Nothing answers", {"port": 1}, SECRET),
        (NotAuthorised, "did not accept the user name", {}, Password(user=USER, secret="wrong")),
        (Unreachable, "does not speak TLS", {"security": Security.TLS}, SECRET),
        (StoreTrouble, "cannot be read", {"ca_file": str(tmp_path / "none.pem")}, SECRET),
    ]
    for kind, words, changes, password in cases:
        with pytest.raises(kind, match=words):
            probe(replace(account, **changes), password, timeouts=SHORT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stage", "reply", "words"),
    [
        ("connect", "554 5.3.2 closed", "turned the connection away"),
        ("ehlo", "550 5.7.1 no", "did not accept the greeting"),
        ("starttls", "454 4.7.0 no", "refused to encrypt"),
        ("auth", "454 4.7.0 later", "refused to sign in"),
        ("connect", "HTTP/1.1 400 Bad Request", "turned the connection away"),
    ],
)
def test_a_server_that_refuses_is_told_by_stage(bench: Bench, stage: str, reply: str, words: str) -> None:
    """A refusal at each stage names the stage."""
    bench.provider.faults.replies[stage] = reply
    with pytest.raises(Refused, match=words):
        probe(bench.account, SECRET, timeouts=SHORT)


def test_a_server_for_reading_is_told_as_one(bench: Bench) -> None:
    """Where the port is that of an IMAP server, which greets with a star, the trouble says which port is meant."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet() -> None:
            talk, _ = listening.accept()
            with talk:
                talk.sendall(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
                talk.recv(1)

        thread = threading.Thread(target=greet)
        thread.start()
        account = replace(bench.account, port=listening.getsockname()[1])
        with pytest.raises(Unreachable, match=r"server for reading \(IMAP\), not for sending") as caught:
            probe(account, SECRET, timeouts=SHORT)
        thread.join()
    assert "465" in caught.value.cure


def test_sign_in_with_login_only(bench: Bench) -> None:
    """A server with AUTH LOGIN alone works, one with neither PLAIN nor LOGIN is told."""
    bench.provider.auth = "LOGIN"
    assert probe(bench.account, SECRET).eight_bit
    bench.provider.auth = "GSSAPI"
    with pytest.raises(Refused, match="no way to sign in"):
        probe(bench.account, SECRET)


def test_a_connection_that_is_cut(bench: Bench) -> None:
    """A reset at once is a closed connection."""
    with FaultProxy(bench.provider.port) as proxy:
        proxy.refuses = True
        with pytest.raises(Unreachable, match="was closed"):
            probe(replace(bench.account, port=proxy.port), SECRET, timeouts=SHORT)


def test_a_server_that_says_nothing(bench: Bench) -> None:
    """A server silent beyond the limit did not answer in time."""
    with FaultProxy(bench.provider.port) as proxy:
        proxy.is_mute = True
        with pytest.raises(Unreachable, match="in time"):
            probe(replace(bench.account, port=proxy.port), SECRET, timeouts=Timeouts(connect_s=0.3))


def test_the_intersection_promises_no_more_than_each() -> None:
    """The smaller limit, the flags both have; a server without SIZE takes SIZE away, 0 is no limit."""
    one = Offer(size_bytes=10, eight_bit=True, smtputf8=True)
    other = Offer(size_bytes=0, eight_bit=True, dsn=True)
    assert intersection([one, other]) == Offer(size_bytes=10, eight_bit=True)
    assert intersection([one, Offer()]) == Offer()
    assert intersection([]) == Offer()
    assert Offer(size_bytes=0).fits(10**9)
    assert not one.fits(11)


def test_a_reply_is_ascii_lines() -> None:
    """Control characters, other letters and long lines of a provider cannot leave their place."""
    spelled = Reply(550, "5.1.1 ü \x1b[31m\nsecond “line” " + "word " * 200).spell()
    lines = spelled.split(b"\r\n")
    assert spelled.isascii()
    assert b"\x1b" not in spelled
    assert all(len(line) <= 510 for line in lines)
    assert [b"550-"] * (len(lines) - 2) + [b"550 "] == [line[:4] for line in lines[:-1]]
    assert Reply(250, "").spell() == b"250 \r\n"


def test_a_2xx_only_when_everybody_has_it() -> None:
    """One missing among two is never a 2xx; all there is."""
    there = Outcome(address="a@x", fate=Fate.SENT, reply=Reply(250, "2.0.0 ok"))
    missing = Outcome(address="b@x", fate=Fate.UNKNOWN, reply=Reply(451, "4.4.2 lost"))
    assert answer_to([there, missing]).code == 451
    assert answer_to([there, there]).code == 250


def test_inspecting_sends_nothing_and_decides_the_same() -> None:
    """A permitted recipient's copy carries the additions, another's is the message; a signed one is named as such."""
    raw = (
        b"From: Alice <alice@example.test>\r\nTo: bob@x.test\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: text/html; charset=utf-8\r\n\r\n<p><a href="https://example.com/">x</a></p>\r\n'
    )
    grounds = {"bob@x.test": permitted("Bob@x.test", NOW)}
    people = ["bob@x.test", "carol@x.test"]
    bob, carol = inspect(raw, recipients=people, grounds=grounds, channel=sample_channel(), now=NOW)
    assert (bob.links, bob.why_not) == (("https://example.com/",), None)
    assert b"https://picture.example/open/" in bob.octets
    assert (carol.octets, carol.why_not) == (raw, WhyNot.NO_PERMISSION)
    signed = b"DKIM-Signature: v=1\r\n" + raw
    (refused,) = inspect(signed, recipients=people[:1], grounds=grounds, channel=sample_channel(), now=NOW)
    assert (refused.octets, refused.why_not) == (signed, WhyNot.DKIM)
    assert refused.detail
    with pytest.raises(Malformed):
        inspect(raw, recipients=["no address"], grounds={}, channel=sample_channel(), now=NOW)


def test_a_second_account_is_used_for_its_identity(bench: Bench) -> None:
    """The envelope sender picks the account; the offer is what both servers keep."""
    from desktop.core.address import Mailbox

    with Provider(bench.certificates.context(), extensions=("8BITMIME",)) as second:
        bench.save(replace(bench.account, id=0, port=second.port, identities=(Mailbox("Work", "work@example.test"),)))
        bench.start()
        with bench.client() as client:
            assert "SIZE" not in client.say("EHLO x")
            assert client.start("work@example.test", "bob@x.test")[1].startswith("250")
            assert client.content(b"Subject: x\r\n\r\nx\r\n.\r\n").startswith("250")
            assert client.start("alice@example.test", "bob@x.test")[1].startswith("250")
            assert client.content(b"Subject: x\r\n\r\nx\r\n.\r\n").startswith("250")
            client.say("QUIT")
        assert len(second.messages) == 1
        assert len(bench.provider.messages) == 1
