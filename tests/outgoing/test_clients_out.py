"""Every message that a real mail program sent, through the listener: what is tracked, and what arrives as it left.

Each goes in with the envelope its program gave it, everybody permitting opens and clicks.
"""

import email
import email.policy
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from desktop.core.address import Mailbox
from desktop.core.mime import Part, read_message
from desktop.core.rewrite import Survey, survey
from desktop.store.accounts import save_account
from tests.core.copies import DATA, client_message, expected, without_header
from tests.core.test_clients import spans_outside
from tests.fakes.provider import Received
from tests.outgoing.conftest import Bench, make_channel

ROWS = expected()
REFUSED = [row["message"] for row in ROWS if row["tracked"] == "no"]


def surveyed(raw: bytes) -> Survey:
    found = survey(raw, own_bases=frozenset({"https://picture.test", "https://link.test"}))
    assert isinstance(found, Survey)
    return found


TRACKED = [row["message"] for row in ROWS if row["tracked"] == "yes"]
CONVERTED = [name for name in TRACKED if surveyed(client_message(name)).flowed is not None]
EDITED = [name for name in TRACKED if name not in CONVERTED]
# This program took the @ for an array of Perl's.
_LOST_SIGN = {"alice.test": "alice@example.test", "bob.test": "bob@example.test"}


def envelope(name: str) -> tuple[str, list[str]]:
    """Return the MAIL and RCPT commands that the program gave; one that was composed for the test has plain ones."""
    path = (DATA / "clients" / name).with_suffix(".json")
    if not path.exists():
        return "MAIL FROM:<alice@example.test>", ["RCPT TO:<bob@example.test>"]
    seen: dict[str, Any] = json.loads(path.read_text())
    lines = [seen["mail"], *seen["rcpt"]]
    for wrong, right in _LOST_SIGN.items():
        lines = [line.replace(f"<{wrong}>", f"<{right}>") for line in lines]
    return lines[0], lines[1:]


def on_the_wire(raw: bytes) -> bytes:
    """Return a message as its program puts it, with its dots doubled and the final one."""
    whole = raw if raw.endswith(b"\r\n") else raw.removesuffix(b"\n") + b"\r\n"
    return re.sub(rb"(\A|\r\n)\.", rb"\1..", whole) + b".\r\n"


def with_whole_lines(raw: bytes) -> bytes:
    """Return what may be altered in any message: bare LF made CRLF, a last line ended."""
    whole = re.sub(rb"(?<!\r)\n", b"\r\n", raw)
    return whole if whole.endswith(b"\r\n") else whole + b"\r\n"


@pytest.fixture
def clients(bench: Bench) -> Bench:
    """Return a running bench whose account also sends as bob, with a channel and everybody's permission."""
    bench.channel = make_channel()
    people = ("alice", "bob", "carol", "dave", "secret")
    identities = tuple(Mailbox("", f"{name}@example.test") for name in people[:2])
    save_account(bench.store, replace(bench.account, identities=identities))
    for name in people:
        bench.permit(f"{name}@example.test")
    return bench.start()


def hand_in(bench: Bench, raw: bytes, mail: str, rcpts: Sequence[str]) -> list[Received]:
    """Send a message and return what the provider got, one copy for each recipient."""
    with bench.client() as client:
        assert [client.say(line)[:3] for line in (mail, *rcpts)] == ["250"] * (1 + len(rcpts))
        assert client.content(on_the_wire(raw)).startswith("250")
        client.say("QUIT")
    assert len(bench.provider.messages) == len(rcpts)
    return bench.provider.messages


def sent(bench: Bench, name: str) -> list[bytes]:
    """Send a client's message as it did; return what arrived."""
    mail, rcpts = envelope(name)
    received = hand_in(bench, client_message(name), mail, rcpts)
    named = [re.findall("<(.*)>", line) for line in rcpts]
    assert named == [re.findall("<(.*)>", each.rcpts[0]) for each in received]
    return [each.content for each in received]


@pytest.mark.parametrize("row", ROWS, ids=[row["message"][:3] for row in ROWS])
def test_what_is_tracked_is_what_the_table_says(clients: Bench, row: dict[str, str]) -> None:
    """Each copy has our picture or not, and the store the reason, as the table says."""
    contents = sent(clients, row["message"])
    reasons = {("yes", "") if copy.status.why_not is None else ("no", copy.status.why_not) for copy in clients.copies()}
    assert reasons == {(row["tracked"], row["reason"])}
    assert len(clients.copies()) == len(contents)
    assert clients.troubles == []


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_message_arrives_as_it_left(clients: Bench, name: str) -> None:
    """Every octet is the client's, but for bare LF and a last line end that the program itself had to add."""
    assert set(sent(clients, name)) == {with_whole_lines(client_message(name))}


@pytest.mark.parametrize("name", EDITED)
def test_in_a_tracked_message_only_the_two_bodies_change(clients: Bench, name: str) -> None:
    """Every octet outside the bodies of the HTML part and its text alternative is the client's."""
    raw = with_whole_lines(client_message(name))
    found = surveyed(raw)
    bodies = {pair[0].start for pair in (found.html, found.text) if pair is not None}
    parts = list(read_message(raw).walk())
    before = [part for part in parts if part.start in bodies]
    numbers = [number for number, part in enumerate(parts) if part.start in bodies]
    for content in map(without_header, sent(clients, name)):
        after: list[Part] = [part for number, part in enumerate(read_message(content).walk()) if number in numbers]
        assert spans_outside(raw, before) == spans_outside(content, after)
        assert b"/open/" in decoded(content)


@pytest.mark.parametrize("name", CONVERTED)
def test_in_a_flowed_message_only_the_text_changes(clients: Bench, name: str) -> None:
    """All headers but Content-* and all attachments are the client's; the text became an alternative with our line."""
    raw = with_whole_lines(client_message(name))
    before = email.message_from_bytes(raw, policy=email.policy.default)
    for content in map(without_header, sent(clients, name)):
        after = email.message_from_bytes(content, policy=email.policy.default)
        assert [item for item in before.raw_items() if not item[0].lower().startswith("content-")] == [
            item for item in after.raw_items() if not item[0].lower().startswith("content-")
        ]
        if before.is_multipart():
            attachments = [part.as_bytes() for part in before.iter_parts()][1:]
            assert attachments == [part.as_bytes() for part in after.iter_parts()][1:]
        assert b"/open/" in decoded(content)


def decoded(content: bytes) -> bytes:
    """Return all text of a message without its transfer encodings."""
    message = email.message_from_bytes(content)
    payloads = [part.get_payload(decode=True) for part in message.walk() if part.get_content_maintype() == "text"]
    return b"".join(payload for payload in payloads if isinstance(payload, bytes))


LONG = b"x" * 200_000


@pytest.mark.parametrize(("kind", "is_tracked"), [("html", True), ("plain", False)])
def test_lines_of_any_length_pass(clients: Bench, kind: str, is_tracked: bool) -> None:
    """A line of 200,000 octets, a hundred times what SMTP promises, arrives whole, tracked or not."""
    head = f"From: alice@example.test\r\nMIME-Version: 1.0\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n"
    raw = head.encode() + b"<p>" + LONG + b"</p>\r\n"
    (received,) = hand_in(clients, raw, "MAIL FROM:<alice@example.test>", ["RCPT TO:<bob@example.test>"])
    assert b"<p>" + LONG + b"</p>" in received.content
    assert (b"/open/" in received.content) is is_tracked
    assert is_tracked or received.content == raw
