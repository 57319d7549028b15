"""Two mails to one person that leave at once: one of them asks, and both arrive."""

import pytest

from desktop.core.grounds import AskWhen
from desktop.core.ledger import Event
from desktop.core.policy import WhyNot
from desktop.store.ledger import history
from desktop.store.mail import record_message
from tests.outgoing.conftest import Bench, make_channel
from tests.outgoing.test_consent_out import choose, mail


@pytest.fixture
def asking(bench: Bench) -> Bench:
    """Lend a bench whose account asks in the first mail."""
    bench.channel = make_channel()
    choose(bench, ask_when=AskWhen.FIRST)
    return bench.start()


def asked_between(monkeypatch: pytest.MonkeyPatch, bench: Bench) -> None:
    """Let another mail put its question after the next one was decided on, and before that is recorded."""
    turns = iter([True])

    def other_first(store: object, **named: object) -> object:
        if next(turns, False):
            bench.send(mail(1) + b".\r\n", "bob@x.test")
        return record_message(store, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("desktop.outgoing.delivery.record_message", other_first)


def test_5_of_two_mails_that_leave_at_once_one_asks(asking: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The later one finds the question when it is recorded, and goes out without one, to everybody in it."""
    asked_between(monkeypatch, asking)
    reply = asking.send(mail(2) + b".\r\n", "bob@x.test", "eve@x.test")
    assert reply.startswith("250")
    assert [(each.rcpts[0].split()[1], b"/consent/" in each.content) for each in asking.provider.messages] == [
        ("TO:<bob@x.test>", True),
        ("TO:<bob@x.test>", False),
        ("TO:<eve@x.test>", True),
    ]
    assert [entry.event for entry in history(asking.store, "bob@x.test")] == [Event.ASKED]
    assert asking.troubles == []


def test_5_the_twin_mails_one_after_the_other(asking: Bench) -> None:
    """The second is decided on when the question stands, and both are in the list with their reasons."""
    for number in (1, 2):
        assert asking.send(mail(number) + b".\r\n", "bob@x.test").startswith("250")
    assert [b"/consent/" in each.content for each in asking.provider.messages] == [True, False]


def test_a_mail_that_did_not_ask_after_all_is_in_the_list(asking: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row says why it is untracked, and that it was sent."""
    asked_between(monkeypatch, asking)
    asking.send(mail(2) + b".\r\n", "bob@x.test")
    rows = [copy for copy in asking.copies() if copy.address == "bob@x.test"]
    assert [row.status.why_not for row in rows] == [WhyNot.ASKED, WhyNot.ASKED]
