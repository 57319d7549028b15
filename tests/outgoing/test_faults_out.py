"""The provider's bad days: the client hears the truth, the journal knows it, and nothing is sent twice."""

import threading
from dataclasses import replace

import pytest

from desktop.core.status import Aside
from desktop.outgoing.journal import State
from desktop.outgoing.upstream import Timeouts
from desktop.store.accounts import AccountRow, Security, save_account
from tests.fakes.faultproxy import FaultProxy
from tests.fakes.provider import USER, Provider
from tests.outgoing.conftest import Bench

MAIL = b"From: Alice <alice@example.test>\r\nTo: bob@x.test\r\nSubject: Offer\r\n\r\nHello\r\n.\r\n"


def states(bench: Bench) -> list[list[State]]:
    assert bench.listener is not None
    return [[part.state for part in entry.parts] for entry in bench.listener._means.journal().entries()]


def change(bench: Bench, account: AccountRow) -> None:
    save_account(bench.store, account)


@pytest.mark.parametrize(
    ("stage", "reply"),
    [
        ("mail", "550 5.1.8 no such sender"),
        ("mail", "452 4.3.1 full"),
        ("rcpt", "550 5.1.1 no such user"),
        ("rcpt", "450 4.2.0 greylisted"),
        ("data", "554 5.7.1 no"),
        ("dot", "554 5.7.1 spam"),
        ("dot", "452 4.2.2 full"),
    ],
)
def test_a_refusal_reaches_the_client_in_the_providers_words(bench: Bench, stage: str, reply: str) -> None:
    """Whatever the provider refuses, at whichever stage, the client hears that very reply; then all is well again."""
    bench.start()
    bench.provider.faults.replies[stage] = reply
    assert bench.send(MAIL, "bob@x.test") == reply
    assert bench.provider.messages == []
    bench.provider.faults.clear()
    assert bench.send(MAIL, "bob@x.test").startswith("250")
    assert len(bench.provider.messages) == 1


@pytest.mark.parametrize("stage", ["connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "dot"])
def test_a_connection_that_breaks_is_told_and_the_retry_arrives_once(bench: Bench, stage: str) -> None:
    """A drop at any stage gives the client a 4xx or the truth of an unknown end, and never a second copy."""
    bench.start()
    bench.provider.faults.drops.add(stage)
    assert bench.send(MAIL, "bob@x.test").startswith("451")
    bench.provider.faults.clear()
    again = bench.send(MAIL, "bob@x.test")
    if stage == "dot":
        assert again.startswith("554 5.4.0")
        assert bench.provider.messages == []
    else:
        assert again.startswith("250")
        assert len(bench.provider.messages) == 1


def test_an_answer_that_is_lost_is_unknown_and_not_sent_again(bench: Bench) -> None:
    """The provider took it and its answer was lost: 451, UNKNOWN, the user told, and a retry is not sent."""
    bench.start()
    bench.provider.faults.swallow_answer = True
    assert "may or may not have been sent" in bench.send(MAIL, "bob@x.test")
    bench.provider.faults.clear()
    assert states(bench) == [[State.UNKNOWN]]
    assert bench.send(MAIL, "bob@x.test").startswith("554 5.4.0")
    assert len(bench.provider.messages) == 1
    assert Aside.UNCERTAIN in bench.copies()[0].status.asides
    assert bench.send(MAIL.replace(b"Hello", b"Hello you"), "bob@x.test").startswith("250")


def test_a_421_ends_the_connection_and_the_next_mail_gets_a_new_one(bench: Bench) -> None:
    """After 421 the client hears it; its next mail goes over a new connection."""
    bench.start()
    with bench.client() as client:
        bench.provider.faults.replies["rcpt"] = "421 4.3.2 shutting down"
        assert client.start(USER, "bob@x.test")[1].startswith("421")
        bench.provider.faults.clear()
        client.say("RSET")
        assert client.start(USER, "bob@x.test")[1].startswith("250")
        assert client.content(MAIL).startswith("250")


@pytest.mark.parametrize("how", ["421", "drop"])
def test_an_idle_connection_that_was_closed_is_opened_anew(bench: Bench, how: str) -> None:
    """A provider that hangs up between two mails is called again, and the client notices nothing."""
    bench.start()
    with bench.client() as client:
        client.start(USER, "bob@x.test")
        assert client.content(MAIL).startswith("250")
        first = bench.provider.connections
        if how == "421":
            bench.provider.faults.replies["mail"] = "421 4.4.2 idle"
        else:
            bench.provider.faults.drops.add("mail")
        bench.provider.faults.waits["connect"] = threading.Event()
        answer = threading.Thread(target=lambda: replies.append(client.start(USER, "bob@x.test")[1]))
        replies: list[str] = []
        answer.start()
        bench.provider.reached.setdefault("connect", threading.Event()).wait(10)
        bench.provider.faults.replies.clear()
        bench.provider.faults.drops.clear()
        bench.provider.faults.waits["connect"].set()
        answer.join()
        assert replies[0].startswith("250")
        assert bench.provider.connections == first + 1


def test_a_provider_that_is_down(bench: Bench) -> None:
    """Nothing listens there: 451 in words."""
    bench.provider.stop()
    bench.start()
    reply = bench.send(MAIL, "bob@x.test")
    assert reply.startswith("451 4.4.1 Nothing answers on this computer at port ")


def test_a_provider_that_is_slow(bench: Bench) -> None:
    """An answer that comes late is still the provider's answer."""
    slow = bench.provider.faults.waits["dot"] = threading.Event()
    bench.start()
    with bench.client() as client:
        client.start(USER, "bob@x.test")
        client.say("DATA")
        client.send(MAIL)
        bench.provider.await_command("DOT")
        assert states(bench) == [[State.COMMITTING]]
        slow.set()
        assert client.reply().startswith("250")


def test_a_provider_that_never_answers(bench: Bench) -> None:
    """A provider silent for longer than the limit is told as such: before the dot 451, after it unknown."""
    bench.timeouts = Timeouts(connect_s=0.3, command_s=0.3, final_s=0.3)
    bench.start()
    hang = bench.provider.faults.waits["rcpt"] = threading.Event()
    assert bench.send(MAIL, "bob@x.test").startswith("451 4.4.1")
    hang.set()
    bench.provider.faults.clear()
    hang = bench.provider.faults.waits["dot"] = threading.Event()
    assert "may or may not" in bench.send(MAIL, "bob@x.test")
    hang.set()


@pytest.mark.parametrize(("name", "words"), [("wrong.test", "another"), ("expired", "expired"), ("", "not known here")])
def test_a_bad_certificate_stops_everything(bench: Bench, name: str, words: str) -> None:
    """A certificate for another name, an expired one, one of an unknown authority: no user name leaves the machine."""
    certificates = bench.certificates
    context = (
        certificates.context("127.0.0.1", expired=True)
        if name == "expired"
        else certificates.context(name or "127.0.0.1")
    )
    with Provider(context) as bad:
        change(bench, replace(bench.account, port=bad.port, ca_file=bench.account.ca_file if name else None))
        bench.start()
        reply = bench.send(MAIL, "bob@x.test")
        assert reply.startswith("451 4.4.1 The certificate of 127.0.0.1 is not good")
        assert words in reply
        assert bad.count("AUTH") == 0


def test_a_stripped_starttls_stops_everything(bench: Bench) -> None:
    """A server that offers no STARTTLS gets neither password nor mail."""
    bench.provider.offers_starttls = False
    bench.start()
    assert "offers no encryption" in bench.send(MAIL, "bob@x.test")
    assert bench.provider.count("AUTH") == 0
    assert bench.provider.count("MAIL") == 0


def test_tls_from_the_first_octet(bench: Bench) -> None:
    """A provider on port 465's terms works; and one that speaks plain there is told as such."""
    with Provider(bench.certificates.context(), implicit_tls=True) as provider:
        change(bench, replace(bench.account, port=provider.port, security=Security.TLS))
        bench.start()
        assert bench.send(MAIL, "bob@x.test").startswith("250")
        assert len(provider.messages) == 1
    change(bench, replace(bench.account, security=Security.TLS))
    assert "does not speak TLS" in bench.send(MAIL, "carol@x.test")


def test_a_wrong_password_is_told_for_good(bench: Bench) -> None:
    """A password the provider refuses gives 550, so that no client tries it again and again."""
    bench.provider.faults.replies["auth"] = "535 5.7.8 no"
    bench.start()
    assert bench.send(MAIL, "bob@x.test").startswith("550 5.7.8")


def test_a_missing_password_is_told(bench: Bench) -> None:
    """An account whose password is not kept says so."""
    bench.vault.delete(f"account:{bench.account.id}")
    bench.start()
    assert "has no password" in bench.send(MAIL, "bob@x.test")


def test_a_transport_that_goes_mute_after_the_dot(bench: Bench) -> None:
    """The provider's 250 is swallowed on the way and the line cut: unknown, and a retry is not sent."""
    with FaultProxy(bench.provider.port) as proxy:
        change(bench, replace(bench.account, port=proxy.port))
        bench.start()
        answer = bench.provider.faults.waits["dot"] = threading.Event()
        with bench.client() as client:
            client.start(USER, "bob@x.test")
            client.say("DATA")
            client.send(MAIL)
            bench.provider.await_command("DOT")
            proxy.is_mute = True
            answer.set()
            bench.provider.await_messages(1)
            proxy.cut()
            assert "may or may not" in client.reply()
        proxy.is_mute = False
        assert bench.send(MAIL, "bob@x.test").startswith("554 5.4.0")
    assert len(bench.provider.messages) == 1


def test_a_provider_that_makes_no_sense(bench: Bench) -> None:
    """A 250 to DATA or a 354 to RCPT never becomes a success for the client."""
    bench.start()
    bench.provider.faults.replies["data"] = "250 2.0.0 fine"
    assert bench.send(MAIL, "bob@x.test").startswith("451 4.5.0")
    bench.provider.faults.clear()
    bench.provider.faults.replies["rcpt"] = "354 go on"
    assert bench.send(MAIL, "bob@x.test").startswith("451 4.5.0")
    bench.provider.faults.clear()
    bench.provider.faults.replies["dot"] = "354 more"
    assert "may or may not" in bench.send(MAIL, "bob@x.test")
