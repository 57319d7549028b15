"""Several recipients: each gets a copy of their own, every refusal is heard, nobody gets two."""

import re

import pytest

from desktop.core.policy import WhyNot
from desktop.core.status import Aside, Rung
from tests.core.copies import without_header
from tests.fakes.provider import USER
from tests.outgoing.conftest import Bench, make_channel

MAIL = (
    b"From: Alice Example <alice@example.test>\r\nTo: Bob <bob@x.test>\r\nCc: carol@x.test\r\nSubject: Offer\r\n"
    b"Message-ID: <one@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b'<html><body><p>Hello, see <a href="https://example.com/a">this</a>.</p></body></html>\r\n'
)
WIRE = MAIL + b".\r\n"
PEOPLE = ("bob@x.test", "carol@x.test", "dave@x.test")


def to(bench: Bench) -> list[tuple[str, ...]]:
    return [tuple(re.findall("<(.*?)>", line)[0] for line in each.rcpts) for each in bench.provider.messages]


def test_each_recipient_gets_one_copy_with_the_same_headers(bench: Bench) -> None:
    """Three recipients, one of them Bcc: three copies over one connection, equal headers, nobody disclosed."""
    bench.channel = make_channel()
    for person in PEOPLE:
        bench.permit(person)
    bench.start()
    assert bench.send(WIRE, *PEOPLE).startswith("250 2.0.0 Sent to 3 recipients.")
    assert to(bench) == [("bob@x.test",), ("carol@x.test",), ("dave@x.test",)]
    heads = {without_header(each.content).partition(b"\r\n\r\n")[0] for each in bench.provider.messages}
    assert {MAIL.partition(b"\r\n\r\n")[0]} == heads
    assert all(b"dave" not in each.content for each in bench.provider.messages)
    assert len({each.connection for each in bench.provider.messages}) == 1
    tokens = {token for each in bench.provider.messages for token in re.findall(rb"/open/(.{72})\.gif", each.content)}
    assert len(tokens) == 3


def test_one_recipient_is_one_transaction(bench: Bench) -> None:
    """With one recipient nothing is asked twice and nothing is reset."""
    bench.start()
    bench.send(WIRE, "bob@x.test")
    assert (bench.provider.count("MAIL"), bench.provider.count("RCPT"), bench.provider.count("RSET")) == (1, 1, 0)


def test_a_refused_recipient_is_heard_where_it_is_named(bench: Bench) -> None:
    """The provider's refusal answers that RCPT; a client that goes on reaches the others."""
    bench.provider.faults.replies["rcpt nobody"] = "550 5.1.1 no such user"
    bench.start()
    with bench.client() as client:
        replies = client.start(USER, "bob@x.test", "nobody@x.test", "carol@x.test")
        assert [each[:3] for each in replies] == ["250", "250", "550", "250"]
        assert client.content(WIRE).startswith("250")
    assert to(bench) == [("bob@x.test",), ("carol@x.test",)]


@pytest.mark.parametrize(("reply", "code"), [("550 5.1.1 gone", "554"), ("450 4.2.0 later", "451")])
def test_a_partial_failure_names_both_and_the_resend_reaches_the_rest(bench: Bench, reply: str, code: str) -> None:
    """One copy refused: 5xx for good or 451, both groups named; the same mail again reaches only who is missing."""
    bench.start()
    with bench.client() as client:
        client.start(USER, *PEOPLE)
        # Refused only when their own copy is sent.
        bench.provider.faults.replies["rcpt carol"] = reply
        answer = client.content(WIRE)
        client.say("QUIT")
    assert answer.startswith(code)
    assert f"Not sent to carol@x.test: {reply}" in answer
    assert "Sent already to bob@x.test, dave@x.test." in answer
    bench.provider.faults.clear()
    again = WIRE.replace(b"<one@", b"<two@")
    assert bench.send(again, *PEOPLE).startswith("250")
    assert to(bench) == [("bob@x.test",), ("dave@x.test",), ("carol@x.test",)]
    assert bench.send(again, "bob@x.test").startswith("250")
    assert len(bench.provider.messages) == 4


@pytest.mark.parametrize("keeps", [True, False], ids=["as Postfix", "as the RFC"])
def test_after_a_refusal_at_the_dot_the_next_copy_and_the_resend_go_out(bench: Bench, keeps: bool) -> None:
    """A provider that keeps the transaction it refused is told to reset before the next; one that ends it, no harm."""
    bench.start()
    bench.provider.faults.keeps_refused = keeps
    bench.provider.faults.replies["dot carol"] = "451 4.3.0 later"
    with bench.client() as client:
        client.start(USER, *PEOPLE)
        answer = client.content(WIRE)
        assert answer.startswith("451")
        assert "Sent already to bob@x.test, dave@x.test." in answer
        del bench.provider.faults.replies["dot carol"]
        assert [reply[:3] for reply in client.start(USER, *PEOPLE)] == ["250"] * 4
        assert client.content(WIRE).startswith("250")
    assert to(bench) == [("bob@x.test",), ("dave@x.test",), ("carol@x.test",)]
    assert bench.provider.connections == 2


@pytest.mark.parametrize("keeps", [True, False], ids=["as Postfix", "as the RFC"])
def test_after_a_refusal_at_the_dot_the_same_connection_carries_on(bench: Bench, keeps: bool) -> None:
    """One recipient refused at the dot: the client's next mail over its connection goes out all the same."""
    bench.start()
    bench.provider.faults.keeps_refused = keeps
    with bench.client() as client:
        client.start(USER, "bob@x.test")
        bench.provider.faults.replies["dot"] = "550 5.7.1 spam"
        assert client.content(WIRE) == "550 5.7.1 spam"
        bench.provider.faults.replies.clear()
        assert [reply[:3] for reply in client.start(USER, "carol@x.test")] == ["250", "250"]
        assert client.content(WIRE).startswith("250")
    assert to(bench) == [("carol@x.test",)]


def test_all_refused_alike_is_the_providers_reply(bench: Bench) -> None:
    """Where nobody got it and the reason is one, the client hears the provider itself."""
    bench.start()
    bench.provider.faults.replies["dot"] = "554 5.7.1 spam"
    assert bench.send(WIRE, *PEOPLE) == "554 5.7.1 spam"
    assert bench.provider.messages == []


def test_a_sender_refused_later_is_a_refusal_of_the_rest(bench: Bench) -> None:
    """A provider that takes no more mail between two copies: the first is there, the rest are named as missing."""
    bench.start()
    with bench.client() as client:
        client.start(USER, *PEOPLE)
        bench.provider.faults.replies["mail"] = "452 4.5.3 enough"
        answer = client.content(WIRE)
    assert answer.startswith("452 4.5.3 enough")
    assert bench.provider.messages == []


def test_a_break_between_copies_leaves_the_rest_to_the_resend(bench: Bench) -> None:
    """The connection breaks at the second copy: 451, and the resend reaches the second and third only."""
    bench.start()
    with bench.client() as client:
        client.start(USER, *PEOPLE)
        bench.provider.faults.drops.add("rcpt carol")
        assert client.content(WIRE).startswith("451")
        client.say("QUIT")
    bench.provider.faults.clear()
    assert bench.send(WIRE, *PEOPLE).startswith("250")
    assert to(bench) == [("bob@x.test",), ("carol@x.test",), ("dave@x.test",)]


@pytest.mark.parametrize("why", ["account", "many", "large"])
def test_one_shared_copy_where_copies_would_be_too_much(bench: Bench, why: str) -> None:
    """More than five recipients, more than 5 MB in all, or an account set so: one copy for all, as it came."""
    from dataclasses import replace

    from desktop.store.accounts import save_account

    bench.channel = make_channel()
    people = [f"p{number}@x.test" for number in range(6 if why == "many" else 2)]
    for person in people:
        bench.permit(person)
    save_account(bench.store, replace(bench.account, shared_copy_only=why == "account"))
    mail = MAIL + (b"<!-- " + b"x" * 70 + b" -->\r\n") * (40_000 if why == "large" else 1)
    bench.start()
    assert bench.send(mail + b".\r\n", *people).startswith("250")
    assert to(bench) == [tuple(people)]
    assert bench.provider.messages[0].content == mail
    assert {copy.status.why_not for copy in bench.copies()} == {WhyNot.SHARED}
    assert all(copy.shared for copy in bench.copies())


def test_five_recipients_get_copies(bench: Bench) -> None:
    """Five are not too many."""
    bench.start()
    people = [f"p{number}@x.test" for number in range(5)]
    assert bench.send(WIRE, *people).startswith("250")
    assert len(bench.provider.messages) == 5


def test_a_hundred_and_one_recipients_are_one_too_many(bench: Bench) -> None:
    """The hundred and first RCPT gets 452."""
    bench.start()
    with bench.client() as client:
        replies = client.start(USER, *(f"p{number}@x.test" for number in range(101)))
    assert [each[:3] for each in replies[-2:]] == ["250", "452"]


def test_the_store_knows_each_recipients_end(bench: Bench) -> None:
    """One refused, two sent: each copy has its own status with the provider's words, and its role."""
    bench.start()
    with bench.client() as client:
        client.start(USER, *PEOPLE)
        bench.provider.faults.replies["rcpt carol"] = "550 5.1.1 gone"
        client.content(WIRE)
    copies = {copy.address: copy for copy in bench.copies()}
    assert {address: copy.role for address, copy in copies.items()} == {
        "bob@x.test": "to",
        "carol@x.test": "cc",
        "dave@x.test": "bcc",
    }
    assert Aside.NOT_DELIVERED in copies["carol@x.test"].status.asides
    assert any("5.1.1 gone" in each.detail for each in copies["carol@x.test"].status.evidence)
    assert Aside.NOT_DELIVERED not in copies["bob@x.test"].status.asides


@pytest.mark.parametrize(
    ("reply", "is_shown"), [("550 5.1.1 No such user", True), ("450 4.2.0 Greylisted, try later", False)]
)
def test_a_recipient_refused_for_good_is_shown_as_not_delivered(bench: Bench, reply: str, is_shown: bool) -> None:
    """Who was refused for good is shown, where the client goes on; who may be tried again is not."""
    bench.start()
    bench.provider.faults.replies["rcpt paul@x.test"] = reply
    with bench.client() as client:
        answers = client.start(USER, "bob@x.test", "paul@x.test")
        assert answers[-1].startswith(reply[:3])
        assert client.content(WIRE).startswith("250")
    found = {copy.address: copy.status for copy in bench.copies()}
    assert found["bob@x.test"].rung is Rung.SENT
    assert ("paul@x.test" in found) is is_shown
    if is_shown:
        assert found["paul@x.test"].asides == (Aside.NOT_DELIVERED,)
        assert found["paul@x.test"].evidence[0].detail == reply
