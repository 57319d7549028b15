"""SMTP smuggling ends here: what reaches the provider ends a message once, however lenient its server reads."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.outgoing.transparency import END_OF_DATA, has_forbidden, stuffed, unstuffed, whole_lines
from tests.fakes.rawsink import early_ends
from tests.outgoing.conftest import Bench

HEAD = b"From: alice@example.test\r\nSubject: x\r\n\r\n"
SECOND = b"MAIL FROM:<eve@x.test>\r\nRCPT TO:<bob@x.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nboo\r\n"


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"a\n\n.\n\n"])
def test_bare_line_feeds_end_no_message(bench: Bench, end: bytes) -> None:
    """Each end made of bare LFs becomes ordinary lines, its dot stuffed; one message arrives, not two.

    A dot right after a true CRLF is the transparent one and goes (RFC 5321 4.5.2).
    """
    bench.start()
    assert bench.send(HEAD + b"one" + end + SECOND + b".\r\n", "bob@x.test").startswith("250")
    (received,) = bench.provider.messages
    meant = (b"one" + end).replace(b"\r\n.", b"\r\n")
    assert received.content == HEAD + meant.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + SECOND
    assert early_ends(received.wire) == []


@pytest.mark.parametrize("octets", [b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"a\rb", b"a\x00b", b"\r\n\x00.\r\n", b"\r\r\n"])
def test_a_bare_cr_or_a_nul_is_refused(bench: Bench, octets: bytes) -> None:
    """A CR without LF or a NUL anywhere gets 550 in words and nothing reaches the provider."""
    bench.start()
    reply = bench.send(HEAD + b"one" + octets + b"two\r\n" + SECOND + b".\r\n", "bob@x.test")
    assert reply.startswith("550 5.6.0")
    assert bench.provider.messages == []
    assert bench.provider.count("DOT") == 0


def test_after_a_refused_mail_the_next_one_passes(bench: Bench) -> None:
    """The refusal of one mail is the end of nothing else."""
    bench.start()
    with bench.client() as client:
        client.start("alice@example.test", "bob@x.test")
        assert client.content(HEAD + b"a\rb\r\n.\r\n").startswith("550")
        client.start("alice@example.test", "bob@x.test")
        assert client.content(HEAD + b"ab\r\n.\r\n").startswith("250")
    assert [each.content for each in bench.provider.messages] == [HEAD + b"ab\r\n"]


@pytest.mark.parametrize(
    "body",
    [b".\r\n", b"..\r\n", b".a\r\n..b\r\n...\r\n", b"\r\n.\r\n.\r\n", b"a\r\n.\r\nb\r\n", b"caf\xe9 \xff\xfe\r\n"],
)
def test_dots_and_octets_arrive_as_they_were(bench: Bench, body: bytes) -> None:
    """Whatever lines a message has, dots first among them, the provider's hash is the client's."""
    bench.start()
    assert bench.send(stuffed(HEAD + body) + b".\r\n", "bob@x.test").startswith("250")
    (received,) = bench.provider.messages
    assert hashlib.sha256(HEAD + body).digest() == hashlib.sha256(received.content).digest()
    assert early_ends(received.wire) == []


@given(st.lists(st.sampled_from([b".", b"\r\n", b"\n", b"a", b"\r", b"\x00"]), max_size=12).map(b"".join))
def test_no_octets_end_a_message_early(octets: bytes) -> None:
    """What is not refused has, on the wire, no end that any server sees before the true one."""
    content = unstuffed(octets)
    if not has_forbidden(content):
        wire = stuffed(whole_lines(content))
        assert early_ends(wire + b".\r\n") == []
        assert END_OF_DATA not in b"\r\n" + wire


@given(st.lists(st.sampled_from([b".", b"\r\n", b"a"]), max_size=12).map(lambda parts: b"".join(parts) + b"\r\n"))
def test_stuffing_is_undone_by_unstuffing(content: bytes) -> None:
    """Dots put in on one side are taken out on the other."""
    assert unstuffed(stuffed(content)) == content
