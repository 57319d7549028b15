"""What the relay's answers mean to the desktop, and that a poll can be ended from outside."""

import json
import os
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
import trustme

from desktop.core.errors import Malformed, NotAuthorised, Refused, Trouble, Unreachable
from desktop.tracking import client as client_module
from desktop.tracking.client import Batch, Exchanged, RelayClient, SealedRow, Wish
from desktop.tracking.register import register
from desktop.tracking.requesting import LeaseHeld, new_session
from relay.wire.token import TokenType
from tests.fakes.http_answers import HttpAnswers

LEASE = b"\x01" * 16
POLLED = {
    "now_ms": 1_790_000_000_000,
    "network": "192.0.2.0/24",
    "same_source": "0102030405060708",
    "stops_digest": "ab",
    "rows": [{"key": "aa", "sealed": "AAEC"}, {"key": "bb", "sealed": "not base64!"}],
    "gaps": [{"day": "2026-05-01", "count": 3}],
    "answers": 2,
}


def client_of(url: str, **options: object) -> RelayClient:
    return RelayClient(relay_url=url, bearer="secret", **options)  # type: ignore[arg-type]


def poll(status: int, body: object) -> Batch | None:
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    with HttpAnswers((status, octets)) as answers:
        client = client_of(answers.url)
        try:
            return client.poll(LEASE, wait_s=0)
        finally:
            client.close()


def test_a_poll_is_read_and_a_row_that_cannot_be_comes_out_empty() -> None:
    """Everything the relay says is taken over; a misspelled row keeps its key, so that it can be acknowledged."""
    assert poll(200, POLLED) == Batch(
        now_ms=1_790_000_000_000,
        network="192.0.2.0/24",
        same_source=bytes(range(1, 9)),
        stops_digest="ab",
        rows=(SealedRow(key=b"\xaa", sealed=b"\x00\x01\x02"), SealedRow(key=b"\xbb", sealed=b"")),
        gaps={"2026-05-01": 3},
        answers=2,
    )


def test_a_poll_says_when_it_is_admitted_and_when_its_answer_begins_to_come() -> None:
    """Each once and in this order, however many parts the answer comes in."""
    said: list[str] = []
    long = {**POLLED, "gaps": [{"day": "2026-05-01", "count": number} for number in range(10_000)]}
    with HttpAnswers((200, json.dumps(long).encode())) as answers:
        client = client_of(answers.url)
        client.poll(
            LEASE, wait_s=0, on_admitted=lambda: said.append("admitted"), on_arriving=lambda: said.append("arriving")
        )
        client.close()
    assert said == ["admitted", "arriving"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff",
        [],
        {},
        {**POLLED, "network": "not a network"},
        {**POLLED, "same_source": "01"},
        {**POLLED, "same_source": 5},
        {name: value for name, value in POLLED.items() if name != "now_ms"},
        {**POLLED, "now_ms": "1790000000000"},
        {**POLLED, "now_ms": True},
        {**POLLED, "now_ms": 1.5},
        {**POLLED, "now_ms": -1},
        {**POLLED, "now_ms": 253_370_764_800_000},
        {**POLLED, "rows": [{"key": "zz", "sealed": ""}]},
        {**POLLED, "rows": [{"key": "aa", "sealed": 5}]},
        {**POLLED, "rows": 7},
        {**POLLED, "gaps": [{}]},
        {**POLLED, "answers": "many"},
    ],
)
def test_an_answer_of_another_kind_is_malformed(body: object) -> None:
    """A page of some other server, or fields of another type, are one plain trouble."""
    with pytest.raises(Malformed, match="cannot be read"):
        poll(200, body)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, NotAuthorised),
        (403, NotAuthorised),
        (409, LeaseHeld),
        (404, Refused),
        (302, Refused),
        (204, Refused),
        (500, Unreachable),
        (503, Unreachable),
    ],
)
def test_every_status_has_its_words(status: int, kind: type[Trouble]) -> None:
    """Each refusal is of its kind and has a cure; a redirect is not followed."""
    with pytest.raises(kind) as caught:
        poll(status, b"http://127.0.0.1:9/")
    assert type(caught.value) is kind
    assert caught.value.cure != ""


def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is larger than any true answer is not held."""
    monkeypatch.setattr(client_module, "MAX_POLL_BYTES", 1_000)
    with pytest.raises(Malformed):
        poll(200, {**POLLED, "more": "x" * 1_000})


def test_the_bearer_travels_in_a_header_and_the_lease_in_the_query(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A .netrc file for the host does not replace the bearer."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password eve\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with HttpAnswers((200, json.dumps(POLLED).encode())) as answers:
        client = client_of(answers.url + "/")
        client.poll(LEASE, wait_s=2)
        client.close()
    ((method, path, headers, _),) = answers.requests
    assert (method, path) == ("GET", f"/feed?lease={LEASE.hex()}&wait_s=2")
    assert headers["Authorization"] == "Bearer secret"


def test_acknowledging_names_the_rows() -> None:
    """Keys go out in hex."""
    with HttpAnswers((204, b"")) as answers:
        client = client_of(answers.url)
        client.acknowledge([b"\xaa", b"\xbb"])
        client.close()
    ((method, path, _, body),) = answers.requests
    assert (method, path, json.loads(body)) == ("POST", "/feed/acknowledge", {"keys": ["aa", "bb"]})


def test_stops_are_given_sorted_and_the_union_is_taken() -> None:
    """Both sides' tags come back."""
    with HttpAnswers((200, b'{"tags": ["0101010101010101", "0202020202020202"]}')) as answers:
        client = client_of(answers.url)
        found = client.exchange_stops([b"\x02" * 8, b"\x01" * 8])
        client.close()
    assert found == Exchanged(tags=frozenset({b"\x01" * 8, b"\x02" * 8}))
    assert json.loads(answers.requests[0][3]) == {"tags": ["01" * 8, "02" * 8]}


def test_wishes_come_with_the_stops_and_go_once_they_are_done() -> None:
    """A retired channel's wishes are read; what was carried out is named, and nothing is where nothing was."""
    told = b'{"tags": [], "wishes": [{"key": "aa", "tag": "0101010101010101"}], "retired": true}'
    with HttpAnswers((200, told), (200, told)) as answers:
        client = client_of(answers.url)
        found = client.exchange_stops([])
        client.exchange_stops([], done=[b"\xaa"])
        client.close()
    wish = Wish(key=b"\xaa", tag=b"\x01" * 8)
    assert found == Exchanged(tags=frozenset(), wishes=(wish,), is_retired=True)
    assert [json.loads(each[3]) for each in answers.requests] == [{"tags": []}, {"tags": [], "done": ["aa"]}]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"tags": ["zz"]}',
        b'{"tags": [5]}',
        b'{"tags": ["01"]}',
        b'{"tags": 5}',
        b'{"tags": [], "wishes": [{"key": "aa", "tag": "01"}]}',
        b'{"tags": [], "wishes": [5]}',
    ],
)
def test_stops_of_another_kind_are_malformed(body: bytes) -> None:
    """A stop that cannot be read is not dropped in silence."""
    with HttpAnswers((200, body)) as answers:
        client = client_of(answers.url)
        with pytest.raises(Malformed):
            client.exchange_stops([])
        client.close()


def test_nobody_there_is_unreachable() -> None:
    """A closed port, an unknown name and a server that says nothing are all "does not answer"."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}"
    for url in (closed, "http://relay.invalid"):
        client = client_of(url)
        with pytest.raises(Unreachable, match="does not answer"):
            client.poll(LEASE, wait_s=0)
        client.close()


def test_a_silent_relay_is_unreachable() -> None:
    """A connection that is taken and never answered ends at the time-out."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = client_of(f"http://127.0.0.1:{server.getsockname()[1]}", answer_s=0.1)
        with pytest.raises(Unreachable):
            client.acknowledge([])
        client.close()


@pytest.fixture
def authority() -> trustme.CA:
    """Make a certificate authority nobody knows."""
    return trustme.CA()


def server_context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_a_relays_certificate_must_hold(authority: trustme.CA, tmp_path: Path) -> None:
    """Signed by nobody known, or for another name, it is refused; with its authority's file it is good."""
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    with HttpAnswers((204, b""), context=server_context(authority, "127.0.0.1")) as answers:
        known = client_of(answers.url, ca_file=ca_file)
        known.acknowledge([])
        known.close()
        unknown = client_of(answers.url)
        with pytest.raises(Unreachable, match="certificate does not hold"):
            unknown.acknowledge([])
        unknown.close()
    with HttpAnswers((204, b""), context=server_context(authority, "other.example")) as answers:
        wrong = client_of(answers.url, ca_file=ca_file)
        with pytest.raises(Unreachable, match="certificate does not hold"):
            wrong.acknowledge([])
        wrong.close()


@pytest.mark.parametrize(("url", "uses_proxies"), [("http://localhost:1", False), ("https://relay.example", True)])
def test_a_relay_on_this_machine_is_asked_without_a_proxy(url: str, uses_proxies: bool) -> None:
    """The environment's proxies serve far relays only."""
    with new_session(url, None) as session:
        assert session.trust_env is uses_proxies
        assert session.verify is True


def test_waking_ends_a_poll_that_waits_and_every_later_one(relay_url: str) -> None:
    """Another thread ends a poll of 25 s at once; a poll begun afterwards ends as soon as it is admitted."""
    channel = register(relay_url, None)
    client = RelayClient(relay_url=relay_url, bearer=channel.bearer)
    client.poll(LEASE, wait_s=0)
    is_waiting = threading.Event()
    ended: list[Batch | None] = []
    thread = threading.Thread(
        target=lambda: ended.append(client.poll(LEASE, wait_s=25, on_admitted=is_waiting.set)),
    )
    thread.start()
    assert is_waiting.wait(10)
    begun = time.monotonic()
    client.wake()
    thread.join(10)
    assert ended == [None]
    assert client.poll(LEASE, wait_s=25) is None
    assert time.monotonic() - begun < 2
    client.wake()
    client.close()


@pytest.fixture
def registered() -> dict[str, object]:
    """Give what a relay answers to a registration."""
    key = "A" * 43
    return {
        "channel_id": "00" * 12,
        "bearer": "b",
        "key_id": 1,
        "minting_keys": {kind.name.lower(): key for kind in TokenType},
        "picture_base": "https://pictures.example",
        "link_base": "https://links.example/",
    }


def test_registering_gives_a_channel_with_keys_of_its_own(relay_url: str) -> None:
    """Two registrations share nothing, unless an older tag key is handed in."""
    first, second = register(f" {relay_url}/ ", None), register(relay_url, "", tag_key=b"k" * 32)
    assert first.relay_url == relay_url
    assert set(first.minting_keys) == set(TokenType)
    assert first.private_key != second.private_key
    assert len(first.tag_key) == 32
    assert second.tag_key == b"k" * 32
    assert first.bearer not in repr(first)


def test_a_bad_invite_is_refused_in_plain_words() -> None:
    """The relay's 403 becomes the sentence the user reads."""
    with HttpAnswers((403, b"{}")) as answers, pytest.raises(NotAuthorised, match="does not accept this invite"):
        register(answers.url, "wrong")
    assert json.loads(answers.requests[0][3])["invite"] == "wrong"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "relay.example",
        "ftp://relay.example",
        "https://",
        "https://relay.example/path",
        "https://a.example?q",
        "https://[::1",
    ],
)
def test_what_is_no_relays_address_is_malformed(url: str) -> None:
    """Nothing is asked of an address that cannot be a relay's."""
    with pytest.raises(Malformed, match="not a relay's address"):
        register(url, None)


@pytest.mark.parametrize("url", ["http://relay..example", "http://relay.example:99999", "http://relay.example:x"])
def test_an_address_that_cannot_be_asked_is_malformed(url: str) -> None:
    """What only the HTTP library finds wrong has the same words."""
    with pytest.raises(Malformed, match="not a relay's address"):
        register(url, None)


@pytest.mark.parametrize(
    "change",
    [
        {"channel_id": "00"},
        {"channel_id": 5},
        {"key_id": "x"},
        {"minting_keys": {}},
        {"minting_keys": {kind.name.lower(): "!" for kind in TokenType}},
        {"minting_keys": {kind.name.lower(): "AA" for kind in TokenType}},
        {"minting_keys": 5},
    ],
)
def test_a_registration_of_another_kind_is_malformed(registered: dict[str, object], change: dict[str, object]) -> None:
    """A half channel is none; a whole one is taken."""
    with HttpAnswers((201, json.dumps(registered).encode())) as answers:
        assert register(answers.url, None).link_base == "https://links.example"
    altered = json.dumps({**registered, **change}).encode()
    with HttpAnswers((201, altered)) as answers, pytest.raises(Malformed, match="cannot be read"):
        register(answers.url, os.urandom(4).hex())
