"""The mail program that hands mail in becomes known as the user's own, off the way of the mail."""

import threading

import pytest

from desktop.core.errors import StoreTrouble
from desktop.outgoing import own_programs
from desktop.store.change import Change
from desktop.store.own_views import record_own_program
from tests.outgoing.conftest import Bench

MAIL = b"From: alice@example.test\r\nTo: bob@x.test\r\nSubject: s\r\n%s\r\nHello\r\n.\r\n"
THUNDERBIRD = MAIL % b"User-Agent: Mozilla Thunderbird\r\n"
PROGRAMS = "SELECT program, how FROM own_program ORDER BY program"


def learnt(bench: Bench) -> list[tuple[str, str]]:
    """Return the programs that are known once nothing is left to be recorded."""
    assert bench.listener is not None
    bench.listener._means.record_later(lambda: None).result()
    with bench.store.read() as connection:
        return connection.execute(PROGRAMS).fetchall()


def test_the_mail_client_is_learnt_from_what_it_hands_in(bench: Bench) -> None:
    """Its name is kept; webmail's, and that of a mail that names none, are not."""
    bench.start()
    for field in (b"User-Agent: Roundcube Webmail/1.6.5\r\n", b""):
        assert bench.send(MAIL % field, "bob@x.test").startswith("250")
    assert learnt(bench) == []
    assert bench.send(THUNDERBIRD, "bob@x.test").startswith("250")
    assert learnt(bench) == [("Thunderbird", "submitted")]


def test_learning_is_never_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client has its 250 while the name is still being kept."""
    may_go_on, is_keeping = threading.Event(), threading.Event()

    def slow(*arguments: object, **fields: object) -> Change:
        is_keeping.set()
        assert may_go_on.wait(10)
        return record_own_program(*arguments, **fields)  # type: ignore[arg-type]

    monkeypatch.setattr(own_programs, "record_own_program", slow)
    bench.start()
    assert bench.send(THUNDERBIRD, "bob@x.test").startswith("250")
    assert is_keeping.wait(10)
    assert bench.send(THUNDERBIRD, "carol@x.test").startswith("250")
    may_go_on.set()
    assert learnt(bench) == [("Thunderbird", "submitted")]


def test_the_store_is_asked_once_for_each_program(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known is not written again; a failure is told, the mail is out, and the next mail teaches it."""
    asked: list[object] = []
    is_broken = threading.Event()
    is_broken.set()

    def watched(*arguments: object, **fields: object) -> Change:
        asked.append(fields["program"])
        if is_broken.is_set():
            raise StoreTrouble("The disk is full.")
        return record_own_program(*arguments, **fields)  # type: ignore[arg-type]

    monkeypatch.setattr(own_programs, "record_own_program", watched)
    bench.start()
    assert bench.send(THUNDERBIRD, "bob@x.test").startswith("250")
    assert learnt(bench) == []
    assert [trouble.sentence for trouble in bench.troubles] == ["The disk is full."]
    is_broken.clear()
    for name in ("carol", "dave", "erik"):
        bench.send(THUNDERBIRD, f"{name}@x.test")
    assert learnt(bench) == [("Thunderbird", "submitted")]
    assert asked == ["Thunderbird"] * 2
