"""What the listener lets in, and what reaches the provider of it."""

import base64
import smtplib
import threading

import pytest

from desktop.accounts.vault import LISTENER_SECRET
from desktop.outgoing import listener
from tests.fakes.provider import USER
from tests.fakes.rawclient import RawClient
from tests.outgoing.conftest import Bench

MAIL = b"From: Alice <alice@example.test>\r\nTo: bob@x.test\r\nSubject: Offer\r\nMessage-ID: <1@x>\r\n\r\nHello\r\n"


def test_a_mail_reaches_the_provider_byte_for_byte(bench: Bench) -> None:
    """Bytes in are bytes out where nobody allowed anything, and the client hears the provider's own 250."""
    bench.start()
    assert bench.send(MAIL + b".\r\n", "bob@x.test") == "250 2.0.0 queued as 4711"
    (received,) = bench.provider.messages
    assert received.content == MAIL
    assert received.rcpts == ("RCPT TO:<bob@x.test> NOTIFY=FAILURE,DELAY",)


def test_without_signing_in_nothing_is_taken(bench: Bench) -> None:
    """MAIL, RCPT and DATA get 530 before AUTH, and the provider hears nothing of them."""
    bench.start()
    with RawClient(bench.port) as client:
        client.reply()
        client.say("EHLO x")
        replies = [client.say(line)[:3] for line in (f"MAIL FROM:<{USER}>", "RCPT TO:<bob@x.test>", "DATA")]
    assert replies == ["530"] * 3
    assert bench.provider.count("MAIL") == 0


@pytest.mark.parametrize("user", ["readback", USER, "ALICE@other.test"])
def test_the_listeners_own_password_opens_it(bench: Bench, user: str) -> None:
    """The listener's password is accepted with its own name and with each identity, in any case."""
    bench.start()
    with bench.client(user) as client:
        assert client.say(f"MAIL FROM:<{USER}>").startswith("250")


@pytest.mark.parametrize(("user", "password"), [("readback", "wrong"), ("stranger@x.test", None), ("readback", "")])
def test_a_wrong_name_or_password_is_refused(bench: Bench, user: str, password: str | None) -> None:
    """A wrong password, or the right one with a name of nobody, gets 535 and MAIL stays closed."""
    bench.start()
    assert bench.listener is not None
    with RawClient(bench.port) as client:
        reply = client.sign_in(bench.listener.password if password is None else password, user)
        assert reply.startswith("535")
        assert client.say(f"MAIL FROM:<{USER}>").startswith("530")


def test_guessing_ends_the_connection(bench: Bench) -> None:
    """The fourth wrong password is the last on a connection."""
    bench.start()
    with RawClient(bench.port) as client:
        assert client.sign_in("wrong").startswith("535")
        replies = [client.say("AUTH PLAIN " + base64.b64encode(b"\0readback\0no").decode())[:3] for _ in range(3)]
        assert replies == ["535"] * 3
        assert client.reply() == ""


def test_the_listeners_password_is_kept_and_not_the_mailboxs(bench: Bench) -> None:
    """The password is random, stays the same over restarts and is not the account's."""
    bench.start()
    assert bench.listener is not None
    first = bench.listener.password
    bench.stop()
    bench.start()
    assert bench.listener.password == first == bench.vault.get(LISTENER_SECRET)
    assert len(first) >= 24


def test_sign_in_with_login(bench: Bench) -> None:
    """AUTH LOGIN works in steps, in lower case too, and a cancelled or unreadable one is 501."""
    bench.start()
    assert bench.listener is not None
    with RawClient(bench.port) as client:
        client.reply()
        assert client.say("AUTH PLAIN").startswith("503")
        client.say("EHLO x")
        assert client.say("auth login") == "334 VXNlcm5hbWU6"
        assert client.say("*").startswith("501")
        assert client.say("AUTH PLAIN !!!").startswith("501")
        assert client.say("AUTH PLAIN " + base64.b64encode(b"no nul").decode()).startswith("501")
        assert client.say("AUTH CRAM-MD5").startswith("504")
        client.say("auth login")
        assert client.say(base64.b64encode(b"readback").decode()) == "334 UGFzc3dvcmQ6"
        assert client.say(base64.b64encode(bench.listener.password.encode()).decode()).startswith("235")
        assert client.say("AUTH PLAIN").startswith("503")


@pytest.mark.parametrize("line", [b"GET / HTTP/1.1\r\n", b"POST /x HTTP/1.1\r\n", b"PRI * HTTP/2.0\r\n", b"get /\r\n"])
def test_a_browser_is_sent_away(bench: Bench, line: bytes) -> None:
    """An HTTP request gets one 5xx and a close; the SMTP in its body is not read."""
    bench.start()
    with RawClient(bench.port) as client:
        client.reply()
        client.send(line + b"Host: localhost\r\n\r\nEHLO x\r\nQUIT\r\n")
        assert client.reply().startswith("554")
        assert client.reply() == ""


def test_an_unknown_sender_is_refused_in_words(bench: Bench) -> None:
    """A sender that is no identity gets 550 and the provider hears nothing; each identity passes."""
    bench.start()
    with bench.client() as client:
        reply = client.say("MAIL FROM:<mallory@example.test>")
        assert reply.startswith("550 5.7.1")
        assert "mallory@example.test" in reply
        assert client.start("Alice@Other.test", "bob@x.test")[1].startswith("250")
    assert bench.provider.count("MAIL") == 1


def test_a_receipt_without_sender_passes(bench: Bench) -> None:
    """`MAIL FROM:<>` goes to the provider as it is (RFC 8098 3)."""
    bench.start()
    assert bench.send(MAIL + b".\r\n", "bob@x.test", sender="").startswith("250")
    assert bench.provider.messages[0].mail == "MAIL FROM:<>"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ('MAIL FROM:<"alice b"@example.test>', "553"),
        ("MAIL FROM:<alice@[127.0.0.1]>", "553"),
        ("MAIL FROM:<no address>", "553"),
        ("MAIL FROM:alice@example.test", "501"),
        ("MAIL TO:<alice@example.test>", "501"),
        ("MAIL FROM:<alice@example.test> SIZE=x", "501"),
        ("MAIL FROM:<alice@example.test> SIZE=1 SIZE=1", "501"),
        ("MAIL FROM:<alice@example.test> FUTURE=1", "555"),
        ("MAIL FROM:<alice@example.test> SIZE=99999999999", "552"),
        ("RCPT TO:<bob@x.test>", "503"),
        ("DATA", "503"),
        ("RCPT TO:<>", "553"),
        ("VRFY bob", "502"),
        ("STARTTLS", "502"),
        ("x" * 20_000, "500"),
        ("NOOP", "250"),
        ("RSET", "250"),
        ("HELO x", "250"),
        ("MAIL FROM:<alice@example.test> SIZE=10 BODY=8BITMIME RET=HDRS ENVID=a AUTH=<>", "250"),
    ],
)
def test_commands_and_their_answers(bench: Bench, command: str, code: str) -> None:
    """What cannot be taken is refused with the code that names why; well-formed commands pass."""
    bench.start()
    with bench.client() as client:
        assert client.say(command)[:3] == code


def test_too_many_mistakes_end_the_connection(bench: Bench) -> None:
    """Ten commands that make no sense are enough."""
    bench.start()
    with RawClient(bench.port) as client:
        client.reply()
        assert [client.say("WHAT")[:3] for _ in range(10)] == ["502"] * 9 + ["421"]
        assert client.reply() == ""


@pytest.mark.parametrize("recipient", ["bob\r@x.test", "bob\x00@x.test", "bob@x.test> X=\ry", "bob @x.test"])
def test_no_recipient_carries_a_second_command(bench: Bench, recipient: str) -> None:
    """A CR, LF or NUL in an address never reaches the provider's command line."""
    bench.start()
    with bench.client() as client:
        client.say(f"MAIL FROM:<{USER}>")
        assert client.say(f"RCPT TO:<{recipient}>")[0] == "5"
    assert bench.provider.count("RCPT") == 0


def test_the_offer_is_what_all_servers_keep(bench: Bench) -> None:
    """EHLO offers the intersection of the accounts' servers, and PLAIN and LOGIN alone."""
    bench.provider.extensions = ("SIZE 5000000", "8BITMIME", "CHUNKING", "DSN")
    bench.start()
    with RawClient(bench.port) as client:
        client.reply()
        lines = [line[4:] for line in client.say("EHLO x").splitlines()]
    assert lines == ["Readback", "SIZE 5000000", "8BITMIME", "DSN", "AUTH PLAIN LOGIN"]


def test_parameters_reach_the_provider(bench: Bench) -> None:
    """DSN parameters as Thunderbird writes them, BODY and SMTPUTF8 go upstream; SIZE is our own."""
    bench.start()
    with bench.client() as client:
        client.say(f"MAIL FROM:<{USER}> BODY=8BITMIME SMTPUTF8 SIZE=952 RET=FULL ENVID=<bb15@example.test>")
        assert client.say("RCPT TO:<büro@x.test> NOTIFY=SUCCESS,FAILURE,DELAY").startswith("250")
        assert client.content(MAIL + b".\r\n").startswith("250")
    (received,) = bench.provider.messages
    assert received.mail == f"MAIL FROM:<{USER}> BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=<bb15@example.test> SIZE=33720"
    assert received.rcpts == ("RCPT TO:<büro@x.test> NOTIFY=SUCCESS,FAILURE,DELAY",)


def test_parameters_the_provider_lost_are_left_out(bench: Bench) -> None:
    """What this server does not offer is not sent to it; letters it cannot carry are refused in words."""
    bench.provider.extensions = ()
    bench.start()
    with bench.client() as client:
        client.say(f"MAIL FROM:<{USER}> BODY=8BITMIME SIZE=952 RET=FULL")
        assert client.say("RCPT TO:<bob@x.test> NOTIFY=NEVER").startswith("250")
        assert client.content(MAIL + b".\r\n").startswith("250")
        client.say(f"MAIL FROM:<{USER}> SMTPUTF8")
        assert client.say("RCPT TO:<büro@x.test>").startswith("550 5.6.7")
        client.say("RSET")
        assert client.start(USER, "bob@x.test", "büro@x.test")[2].startswith("553 5.6.7")
        client.say("RSET")
        assert client.start(USER, "büro@x.test")[1].startswith("553 5.6.7")
    assert bench.provider.messages[0].mail == f"MAIL FROM:<{USER}>"
    assert bench.provider.messages[0].rcpts == ("RCPT TO:<bob@x.test>",)


def test_long_lines_pass(bench: Bench) -> None:
    """A line of 100,000 octets passes whole."""
    bench.start()
    mail = MAIL + b"x" * 100_000 + b"\r\n"
    assert bench.send(mail + b".\r\n", "bob@x.test").startswith("250")
    assert bench.provider.messages[0].content == mail


def test_what_is_too_large_is_refused_after_it_came(bench: Bench) -> None:
    """Content over the provider's SIZE gets 552 and nothing is sent; the next mail on the connection is."""
    bench.provider.extensions = ("SIZE 50000",)
    bench.start()
    with bench.client() as client:
        client.start(USER, "bob@x.test")
        assert client.content(b"x" * 3_000_000 + b"\r\n.\r\n").startswith("552")
        client.start(USER, "bob@x.test")
        assert client.content(MAIL + b".\r\n").startswith("250")
    assert [each.content for each in bench.provider.messages] == [MAIL]


def test_a_client_that_pipelines(bench: Bench) -> None:
    """Commands sent at once are answered in order (RFC 2920), and octets after the dot are the next command."""
    bench.start()
    with bench.client() as client:
        client.send(f"MAIL FROM:<{USER}>\r\nRCPT TO:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\n".encode())
        assert [client.reply()[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        client.send(MAIL + b".\r\nNOOP\r\nQUIT\r\n")
        assert [client.reply()[:3] for _ in range(4)] == ["250", "250", "221", ""]
    assert len(bench.provider.messages) == 2


def test_a_hundred_mails_over_one_connection(bench: Bench) -> None:
    """One client connection and one connection to the provider carry a hundred mails."""
    bench.start()
    with bench.client() as client:
        bench.provider.connections = 0
        for number in range(100):
            client.start(USER, "bob@x.test")
            assert client.content(MAIL + b"%d\r\n.\r\n" % number).startswith("250")
    assert len(bench.provider.messages) == 100
    assert len({each.connection for each in bench.provider.messages}) == 1


def test_smtplib_can_send(bench: Bench) -> None:
    """Python's own client signs in and sends."""
    bench.start()
    assert bench.listener is not None
    with smtplib.SMTP("127.0.0.1", bench.port) as client:
        client.login("readback", bench.listener.password)
        assert client.sendmail(USER, ["bob@x.test"], MAIL) == {}
    assert bench.provider.messages[0].content == MAIL


def test_an_empty_mail_passes(bench: Bench) -> None:
    """A mail of no octets is a mail."""
    bench.start()
    assert bench.send(b".\r\n", "bob@x.test").startswith("250")
    assert bench.provider.messages[0].content == b""


def test_the_same_recipient_twice_gets_one_copy(bench: Bench) -> None:
    """A recipient named twice, in two cases, gets one copy."""
    bench.start()
    assert bench.send(MAIL + b".\r\n", "bob@x.test", "BOB@x.test").startswith("250")
    assert [each.rcpts for each in bench.provider.messages] == [("RCPT TO:<bob@x.test> NOTIFY=FAILURE,DELAY",)]


def test_a_reset_ends_the_transaction_at_both_sides(bench: Bench) -> None:
    """After RSET neither the client nor the provider has a recipient."""
    bench.start()
    with bench.client() as client:
        client.start(USER, "bob@x.test")
        assert client.say(f"MAIL FROM:<{USER}>").startswith("503")
        assert client.say("RSET").startswith("250")
        assert client.say("DATA").startswith("503")
    assert bench.provider.count("RSET") == 1


def test_a_taken_port_is_told(bench: Bench) -> None:
    """A second listener on the port is refused in words, and the first goes on."""
    from desktop.core.errors import StoreTrouble
    from desktop.outgoing.listener import Listener

    bench.start()
    second = Listener(
        port=bench.port,
        store=bench.store,
        vault=bench.vault,
        credentials=bench.credentials,
        channel=lambda: None,
        journal_path=bench.folder / "second",
        clock=bench.clock,
        on_trouble=bench.troubles.append,
    )
    with pytest.raises(StoreTrouble, match="is taken"):
        second.start()
    assert bench.send(MAIL + b".\r\n", "bob@x.test").startswith("250")


def test_without_an_account_the_client_is_told(bench: Bench) -> None:
    """With no account at all the refusal says what to do."""
    from desktop.store.accounts import delete_account

    bench.start()
    delete_account(bench.store, bench.account.id)
    with bench.client() as client:
        assert "Add one in its settings" in client.say(f"MAIL FROM:<{USER}>")
        assert "Add one in its settings" in client.say("MAIL FROM:<>")


def test_too_many_connections_are_told_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One beyond the bound hears 421 and a close; after another has left there is room again."""
    monkeypatch.setattr(listener, "MAX_CONNECTIONS", 1)
    bench.start()
    with bench.client() as first:
        with RawClient(bench.port) as second:
            assert second.reply().startswith("421 4.7.0")
            assert second.reply() == ""
        assert first.say("QUIT").startswith("221")
        assert first.reply() == ""
    gate = threading.Event()
    while not _greeting(bench).startswith("220"):
        gate.wait(0.01)


def _greeting(bench: Bench) -> str:
    with RawClient(bench.port) as client:
        return client.reply()
