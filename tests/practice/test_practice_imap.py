"""The practice provider's IMAP server, reached as any mail program reaches one."""

import base64
import imaplib
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from imapclient import SEEN, IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from desktop.practice.provider import HOST, Provider

NOW = datetime(2026, 5, 3, 9, 0, tzinfo=UTC)
WAIT_S = 5.0
REPLY = (
    b"From: Anna <a@x.example>\r\nSubject: Re: Offer,\r\n folded\r\nIn-Reply-To: <1@office.example>\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\ngr\xc3\xbcn\r\n"
)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(user="kim@office.example", refused=frozenset(), clock=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def trust(provider: Provider, tmp_path: Path) -> ssl.SSLContext:
    provider.write_ca(tmp_path / "ca.pem")
    return ssl.create_default_context(cafile=tmp_path / "ca.pem")


@pytest.fixture
def client(provider: Provider, trust: ssl.SSLContext) -> Iterator[IMAPClient]:
    with IMAPClient(HOST, provider.imap_port, ssl_context=trust, timeout=WAIT_S) as opened:
        opened.login(provider.user, provider.password)
        yield opened


def arrive(provider: Provider, raw: bytes = REPLY, sender: str = "a@x.example") -> None:
    with smtplib.SMTP(HOST, provider.entrance_port) as server:
        server.sendmail(sender, [provider.user], raw, ["BODY=8BITMIME"])


def test_a_reply_from_elsewhere_lies_in_the_inbox_byte_for_byte(provider: Provider, client: IMAPClient) -> None:
    """What the other server sent follows the two lines that delivery adds; fetching by PEEK leaves it unread."""
    arrive(provider)
    assert {b"EXISTS": 1, b"UIDNEXT": 2}.items() <= client.select_folder("INBOX").items()
    fetched = client.fetch([1], ["BODY.PEEK[]", "INTERNALDATE", "FLAGS", "RFC822.SIZE"])[1]
    trace, arrived = fetched[b"BODY[]"][: -len(REPLY)], fetched[b"BODY[]"][-len(REPLY) :]
    assert arrived == REPLY
    assert re.fullmatch(rb"Return-Path: <a@x.example>\r\nReceived: by \S+ for \S+; [^\r]+\r\n", trace)
    assert (len(fetched[b"BODY[]"]), ()) == (fetched[b"RFC822.SIZE"], fetched[b"FLAGS"])
    assert fetched[b"INTERNALDATE"].timestamp() == NOW.timestamp()
    assert [mail.is_seen for mail in provider.inbox()] == [False]


def test_a_mail_read_without_peek_is_seen(provider: Provider, client: IMAPClient) -> None:
    """BODY[] sets the flag where the folder was selected, and nothing where it was only examined."""
    arrive(provider)
    client.select_folder("INBOX", readonly=True)
    client.fetch([1], ["BODY[]"])
    assert not provider.inbox()[0].is_seen
    client.select_folder("INBOX")
    client.fetch([1], ["BODY[]"])
    assert provider.inbox()[0].is_seen


def test_nobody_else_gets_mail_through_it(provider: Provider) -> None:
    """The port for other servers takes mail for the user alone."""
    with pytest.raises(smtplib.SMTPRecipientsRefused), smtplib.SMTP(HOST, provider.entrance_port) as server:
        server.sendmail("a@x.example", ["b@x.example"], REPLY)
    assert provider.inbox() == ()


def test_chosen_header_fields_and_cut_bodies_are_fetched(provider: Provider, client: IMAPClient) -> None:
    """Fields come folded as they stand, in the order of the mail; a partial fetch is cut where it says."""
    arrive(provider)
    client.select_folder("INBOX", readonly=True)
    names = "BODY.PEEK[HEADER.FIELDS (IN-REPLY-TO SUBJECT)]"
    fetched = client.fetch([1], [names, f"{names}<0.10>", "BODY.PEEK[TEXT]<2.4>", "BODY.PEEK[HEADER.FIELDS (CC)]"])[1]
    fields = b"Subject: Re: Offer,\r\n folded\r\nIn-Reply-To: <1@office.example>\r\n\r\n"
    assert fetched[b"BODY[HEADER.FIELDS (IN-REPLY-TO SUBJECT)]"] == fields
    assert fetched[b"BODY[HEADER.FIELDS (IN-REPLY-TO SUBJECT)]<0>"] == fields[:10]
    assert fetched[b"BODY[TEXT]<2>"] == b"\xc3\xbcn\r"
    assert fetched[b"BODY[HEADER.FIELDS (CC)]"] == b"\r\n"


def test_the_folders_name_their_use(client: IMAPClient) -> None:
    """INBOX and the special folders are listed with their attributes."""
    listed = {name: flags for flags, _, name in client.list_folders()}
    assert {name: flags[1:] for name, flags in listed.items()} == {
        "INBOX": (),
        "Sent": (b"\\Sent",),
        "Junk": (b"\\Junk",),
        "Trash": (b"\\Trash",),
    }
    assert client.find_special_folder(b"\\Sent") == "Sent"
    with pytest.raises(IMAPClientError, match="No such folder"):
        client.select_folder("Drafts")


def test_a_copy_is_appended_to_sent(client: IMAPClient) -> None:
    """A mail program's own copy stands there with its flags and its date."""
    at = datetime(2026, 4, 30, 8, 15, 1, tzinfo=UTC)
    assert b"APPENDUID" in client.append("Sent", REPLY, (SEEN,), at)
    client.select_folder("Sent", readonly=True)
    fetched = client.fetch([1], ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"])[1]
    assert (fetched[b"BODY[]"], fetched[b"FLAGS"]) == (REPLY, (SEEN,))
    assert fetched[b"INTERNALDATE"].timestamp() == at.timestamp()


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        (["ALL"], [1, 2, 3]),
        (["SINCE", date(2026, 5, 2)], [2, 3]),
        (["BEFORE", date(2026, 5, 2)], [1]),
        (["SINCE", date(2026, 5, 2), "UID", "1:2"], [2]),
        (["UID", "3:*"], [3]),
        (["UID", "9:*"], [3]),  # RFC 3501 6.4.8: the largest is in the set though it is below 9
        (["UNSEEN"], [1, 3]),
        (["SEEN", "UNDRAFT"], [2]),
        (["DRAFT"], []),
        (["HEADER", "In-Reply-To", "1@OFFICE"], [1, 2, 3]),
        (["HEADER", "In-Reply-To", "2@office"], []),
    ],
)
def test_a_search_finds_by_date_and_uid(client: IMAPClient, criteria: list[object], found: list[int]) -> None:
    """Criteria hold together; days are those of arrival."""
    for day in (1, 2, 3):
        flags = (SEEN,) if day == 2 else ()
        client.append("Sent", REPLY, flags, datetime(2026, 5, day, tzinfo=UTC))
    client.select_folder("Sent", readonly=True)
    assert found == client.search(criteria)


def test_an_idle_client_is_told_of_a_reply(provider: Provider, client: IMAPClient) -> None:
    """The mail comes in while the client waits, and the server says so without being asked."""
    client.select_folder("INBOX", readonly=True)
    client.idle()
    arriving = threading.Thread(target=arrive, args=(provider,))
    arriving.start()
    assert client.idle_check(timeout=WAIT_S) == [(1, b"EXISTS")]
    arriving.join()
    assert client.idle_done()[0] == b"Done"
    assert client.search(["ALL"]) == [1]


def test_a_client_that_does_not_idle_is_told_at_its_next_command(provider: Provider, client: IMAPClient) -> None:
    """NOOP brings the news."""
    client.select_folder("INBOX", readonly=True)
    arrive(provider)
    assert client.noop()[1] == [(1, b"EXISTS")]
    assert client.folder_status("INBOX", ["MESSAGES", "UIDNEXT", "UNSEEN"]) == {
        b"MESSAGES": 1,
        b"UIDNEXT": 2,
        b"UNSEEN": 1,
    }


def test_a_wrong_password_is_refused(provider: Provider, trust: ssl.SSLContext) -> None:
    """LOGIN and AUTHENTICATE refuse it; before a sign-in nothing is shown; the right one then lets in."""
    with IMAPClient(HOST, provider.imap_port, ssl_context=trust, timeout=WAIT_S) as stranger:
        with pytest.raises(LoginError):
            stranger.login(provider.user, provider.password + "x")
        with pytest.raises(LoginError):
            stranger.plain_login(provider.user, provider.password + "x")
        with pytest.raises(imaplib.IMAP4.error):
            stranger.select_folder("INBOX")
        assert stranger.plain_login(provider.user, provider.password)


@pytest.fixture
def speak(provider: Provider, trust: ssl.SSLContext) -> Iterator[Callable[[bytes], bytes]]:
    """Return what says octets on a signed-in connection and returns the next line the server says."""
    with (
        socket.create_connection((HOST, provider.imap_port), WAIT_S) as plain,
        trust.wrap_socket(plain, server_hostname=HOST) as connection,
        connection.makefile("rb") as lines,
    ):

        def say(octets: bytes) -> bytes:
            connection.sendall(octets)
            return lines.readline().rstrip()

        assert lines.readline().startswith(b"* OK")
        assert say(f'0 LOGIN {provider.user} "{provider.password}"\r\n'.encode()).startswith(b"0 OK")
        yield say


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (b"1 NOOP\r\n", b"1 OK"),
        (b"1 HAVE A NICE DAY\r\n", b"1 BAD"),
        (b"gibberish\r\n", b"* BAD"),
        (b"1 LIST (\r\n", b"* BAD"),
        (b"1 LIST )\r\n", b"* BAD"),
        (b'1 LIST "x\r\n', b"* BAD"),
        (b"1 STATUS INBOX (COLOUR)\r\n", b"1 BAD"),
        (b"1 UID FETCH 1 FLAGS\r\n", b"1 BAD"),
        (b"1 APPEND Sent text\r\n", b"1 BAD"),
        (b'1 APPEND Sent "some day" {1+}\r\nx\r\n', b"1 BAD"),
        (b"1 APPEND Nowhere {1+}\r\nx\r\n", b"1 NO"),
        (b"1 APPEND Sent {1}\r\n", b"+ Ready"),
        (b"1 APPEND Sent {99999999}\r\n", b"* BAD literal too large"),
        (b"1 AUTHENTICATE GSSAPI\r\n", b"1 NO"),
        (b"1 AUTHENTICATE PLAIN !!\r\n", b"1 BAD"),
        (b'1 LIST "" ""\r\n', b"* LIST (\\Noselect)"),
        (b"1 ID NIL\r\n", b'* ID ("name" "Practice")'),
        (b"1 NAMESPACE\r\n", b'* NAMESPACE (("" "/")) NIL NIL'),
        (b"1 CHECK\r\n", b"1 BAD"),
        (b"1 LIST INBOX\r\n", b"1 BAD"),
        (b'1 LIST (SPECIAL-USE) "" "*"\r\n', b'* LIST (\\HasNoChildren \\Sent) "/" "Sent"'),
    ],
)
def test_what_is_not_understood_is_answered(speak: Callable[[bytes], bytes], said: bytes, heard: bytes) -> None:
    """Bad input gets BAD or NO and never ends the server; good input beside it is taken."""
    assert speak(said).startswith(heard)


@pytest.mark.parametrize(
    "said",
    [
        b"2 UID FETCH 1:x FLAGS\r\n",
        b"2 UID FETCH 1 ENVELOPE\r\n",
        b"2 UID FETCH 1 BODY[1]\r\n",
        b"2 SEARCH SINCE yesterday\r\n",
        b"2 SEARCH UID\r\n",
        b"2 SEARCH (1)\r\n",
        b"2 STORE 1 +FLAGS (\\Seen)\r\n",
        b"2 IDLE\r\nWHAT\r\n",
    ],
)
def test_what_cannot_be_asked_of_mails_is_answered(
    provider: Provider, speak: Callable[[bytes], bytes], said: bytes
) -> None:
    """Commands on an open folder that the server does not know get BAD, and the connection lives on."""
    arrive(provider)
    line = speak(b"1 EXAMINE INBOX\r\n")
    while not line.startswith(b"1 "):
        line = speak(b"")
    line = speak(said)
    assert (line == b"+ idling") == (b"IDLE" in said)
    while not line.startswith(b"2 "):
        line = speak(b"")
    assert line.startswith(b"2 BAD")
    assert speak(b"3 NOOP\r\n") == b"3 OK Done"


@pytest.mark.parametrize("is_idle", [False, True])
def test_a_provider_that_closes_waits_for_nobody(
    provider: Provider, client: IMAPClient, caplog: pytest.LogCaptureFixture, is_idle: bool
) -> None:
    """With a client signed in, or waiting in IDLE, closing ends its connection and logs nothing."""
    client.select_folder("INBOX", readonly=True)
    if is_idle:
        client.idle()
    provider.close()
    with pytest.raises((OSError, imaplib.IMAP4.abort)):
        client.idle_done() if is_idle else client.noop()
    assert caplog.records == []


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (
            b"2 FETCH 1 FAST\r\n",
            rb'\* 1 FETCH \(FLAGS \(\) INTERNALDATE " 3-May-2026 09:00:00 \+0000" RFC822.SIZE \d+\)',
        ),
        (b"2 FETCH 1 BODY.PEEK[HEADER]<0.11>\r\n", rb"\* 1 FETCH \(BODY\[HEADER\]<0> \{11\}"),
        (
            b"2 FETCH 1 BODY.PEEK[HEADER.FIELDS.NOT (From)]<0.3>\r\n",
            rb"\* 1 FETCH \(BODY\[HEADER.FIELDS.NOT \(From\)\].*",
        ),
        (b"2 UID FETCH 1 (FLAGS)\r\n", rb"\* 1 FETCH \(UID 1 FLAGS \(\)\)"),
        (b"2 SEARCH CHARSET UTF-8 1:*\r\n", rb"\* SEARCH 1"),
        (b"2 CHECK\r\n", rb"2 OK Done"),
        (b"2 CLOSE\r\n", rb"2 OK Done"),
    ],
)
def test_what_can_be_asked_of_mails_is_answered(
    provider: Provider, speak: Callable[[bytes], bytes], said: bytes, heard: bytes
) -> None:
    """The first line of each answer is what RFC 3501 wants."""
    arrive(provider)
    line = speak(b"1 EXAMINE INBOX\r\n")
    while not line.startswith(b"1 "):
        line = speak(b"")
    assert re.fullmatch(heard, speak(said))


def test_a_sign_in_may_be_asked_for_its_words(provider: Provider, trust: ssl.SSLContext) -> None:
    """AUTHENTICATE without words is asked for them; before, nothing else is done."""
    with socket.create_connection((HOST, provider.imap_port), WAIT_S) as plain:
        connection = trust.wrap_socket(plain, server_hostname=HOST)
        with connection, connection.makefile("rb") as lines:
            assert lines.readline().startswith(b"* OK")
            connection.sendall(b"1 LOGIN\r\n2 AUTHENTICATE PLAIN\r\n")
            assert lines.readline().startswith(b"1 BAD")
            assert lines.readline() == b"+ \r\n"
            words = f"\0{provider.user}\0{provider.password}".encode()
            connection.sendall(base64.b64encode(words) + b"\r\n")
            assert lines.readline().startswith(b"2 OK")


def test_a_stopped_server_drops_its_clients_and_takes_no_more(provider: Provider, client: IMAPClient) -> None:
    """With IMAP stopped, an open connection ends, no new one begins, and mail still comes in."""
    port = provider.imap_port
    provider.stop_imap()
    with pytest.raises((OSError, imaplib.IMAP4.abort)):
        client.noop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, port), WAIT_S)
    arrive(provider)
    assert len(provider.inbox()) == 1
