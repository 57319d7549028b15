"""The engine's duties: what the relay holds is seen and ended, a person erased, a broken ledger told and repaired."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from desktop import doctor
from desktop.accounts.suppression import is_let_alone
from desktop.core.errors import NotAuthorised, Refused, StoreTrouble, Unreachable
from desktop.core.keep import Keep
from desktop.core.permission import Method, Standing
from desktop.core.status import CopyState, EvidenceKind
from desktop.engine import Engine, utc_now
from desktop.places import Places
from desktop.store.hits import record_hits
from desktop.store.mail import cards, conversation, record_message, record_outcome
from desktop.store.people import permission_of, record_grant
from desktop.tracking import held as held_module
from relay.wire.purpose import Purpose
from relay.wire.token import recipient_tag
from tests.fakes.relay_process import RelayProcess
from tests.fakes.samples import SENT_AT, facts, hit, tracked_copy

ANNA = "anna@becker.example"


@pytest.fixture(scope="module")
def relay_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve one relay to the whole file."""
    with RelayProcess(tmp_path_factory.mktemp("relay")) as relay:
        yield relay.url


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Lend an engine with nothing set up, whose secrets last."""
    made = Engine(Places.in_folder(tmp_path), keep=Keep.FILE)
    yield made
    made.close()


def agreed(engine: Engine) -> None:
    record_grant(
        engine.store,
        address=ANNA,
        name="Anna",
        purposes=frozenset({Purpose.OPENS}),
        method=Method.WRITTEN,
        evidence="by mail",
        at=utc_now(),
    )


def ledger_is_well(places: Places) -> bool:
    """Return what the doctor finds, which looks no further for it."""
    with contextlib.closing(doctor.findings(places)) as findings:  # type: ignore[type-var]
        return next(finding.is_well for finding in findings if finding.part == "ledger")


def test_what_the_relay_holds_is_asked_of_it(engine: Engine, relay_url: str) -> None:
    """Item 19: with a relay connected its rows are fetched there and then; without one it is refused in words."""
    with pytest.raises(Refused, match="No relay is connected"):
        engine.held()
    engine.connect_relay(relay_url, None)
    assert engine.channel is not None
    assert engine.held().channel_id == engine.channel.channel_id


def test_a_channel_is_deleted_at_the_relay_and_forgotten_here(engine: Engine, relay_url: str) -> None:
    """After deleting the relay knows the channel no more, and this desktop has none."""
    engine.connect_relay(relay_url, None)
    channel = engine.channel
    assert channel is not None
    engine.delete_channel()
    assert (engine.channel, engine.stations().relay) == (None, None)
    with pytest.raises(NotAuthorised):
        held_module.held(channel)


def test_a_channel_stays_while_its_relay_does_not_answer(engine: Engine, tmp_path: Path) -> None:
    """A deletion that did not reach the relay is a trouble, and can be tried again; the poller goes on."""
    with RelayProcess(tmp_path / "own") as relay:
        engine.connect_relay(relay.url, None)
        relay.stop()
        with pytest.raises(Unreachable):
            engine.delete_channel()
        assert engine.channel is not None
        assert engine.stations().relay is not None
        relay.start()
        engine.delete_channel()
    assert engine.channel is None


def test_a_channel_that_the_relay_forgot_is_forgotten_here(engine: Engine, relay_url: str) -> None:
    """What the relay deleted already is no trouble a second time."""
    engine.connect_relay(relay_url, None)
    channel = engine.channel
    assert channel is not None
    held_module.delete_channel(channel)
    engine.delete_channel()
    assert engine.channel is None


def test_item_16_an_erased_person_is_stopped_at_the_relay_and_let_alone(engine: Engine, relay_url: str) -> None:
    """Erasing leaves a keyed hash: nobody of that address is known, the relay stores nothing more, others are not."""
    engine.connect_relay(relay_url, None)
    channel = engine.channel
    assert channel is not None
    agreed(engine)
    tag = recipient_tag(channel.tag_key, ANNA, 0)
    record_message(engine.store, account_id=1, facts=facts(), at=utc_now(), copies=(tracked_copy(ANNA, tag=tag),))
    engine.erase_person(ANNA)
    assert cards(engine.store) == ()
    assert permission_of(engine.store, ANNA).standing is not Standing.GRANTED
    assert tag in engine.held().stops
    assert is_let_alone(engine.store, engine.vault, ANNA)
    assert not is_let_alone(engine.store, engine.vault, "david@okoro.example")


def test_a_person_is_erased_without_a_relay_too(engine: Engine) -> None:
    """Where no relay is connected there is nobody to tell."""
    agreed(engine)
    engine.erase_person(ANNA)
    assert is_let_alone(engine.store, engine.vault, ANNA)


def test_whom_to_let_alone_moves_with_the_secrets(engine: Engine) -> None:
    """The key by which erased people are known goes along to where the user keeps secrets."""
    engine.erase_person(ANNA)
    engine.accounts.keep_in(Keep.SESSION)
    assert not is_let_alone(engine.store, engine.vault, "david@okoro.example")
    assert is_let_alone(engine.store, engine.vault, ANNA)


def test_item_6_a_broken_ledger_is_told_at_the_start_and_repaired(tmp_path: Path) -> None:
    """One altered row is a trouble from the start on; the repair keeps the evidence in a file and ends the trouble."""
    places = Places.in_folder(tmp_path)
    first = Engine(places, keep=Keep.FILE)
    agreed(first)
    first.start(port=0)
    assert "ledger" not in first.stations().troubles
    first.close()
    damaged = sqlite3.connect(places.store)
    for (name,) in damaged.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        damaged.execute(f"DROP TRIGGER {name}")
    damaged.execute("UPDATE ledger SET purposes = replace(purposes, 'opens', 'clicks')")
    damaged.commit()
    damaged.close()
    engine = Engine(places, keep=Keep.FILE)
    engine.start(port=0)
    assert isinstance(engine.stations().troubles["ledger"], StoreTrouble)
    assert ledger_is_well(places) is False
    repair = engine.repair_ledger()
    assert (repair.dropped, repair.evidence.exists()) == (1, True)
    assert "ledger" not in engine.stations().troubles
    assert ledger_is_well(places) is True
    engine.close()


def test_what_is_recorded_ages_while_the_program_runs_without_a_relay(tmp_path: Path) -> None:
    """Item 14: days later exact times are cut, a year later the hit is gone, in the same run and with no relay."""
    now = [SENT_AT]
    engine = Engine(Places.in_folder(tmp_path), keep=Keep.FILE, clock=lambda: now[0])
    copy = tracked_copy()
    record_message(engine.store, account_id=1, facts=facts(), at=now[0], copies=(copy,))
    record_hits(engine.store, [hit(token_id=copy.tokens[0].random_id, after_s=3_601.5)], now=now[0])
    altered = threading.Semaphore(0)
    engine.start(port=0)
    engine.store.subscribe(lambda change: altered.release() if change.copies else None)
    aged = []
    for days in (3, 400):
        now[0] = SENT_AT + timedelta(days=days)
        engine.disconnect_relay()  # Has the duties looked at before the minute is over.
        assert altered.acquire(timeout=20)
        with engine.store.read() as connection:
            aged.append(connection.execute("SELECT at_ms % 60000, to_the_minute FROM hit").fetchall())
    engine.close()
    assert aged == [[(0, 1)], []]


def test_hits_are_kept_as_long_as_the_user_wishes(tmp_path: Path) -> None:
    """Item 14: at the start what is older than that is let go of, relay or not; what it proved stays."""
    places = Places.in_folder(tmp_path)
    now = [SENT_AT]
    engine = Engine(places, keep=Keep.FILE, clock=lambda: now[0])
    copy = tracked_copy()
    _, (copy_id,) = record_message(engine.store, account_id=1, facts=facts(), at=now[0], copies=(copy,))
    record_outcome(engine.store, copy_id, CopyState.SENT, at=now[0])
    record_hits(engine.store, [hit(token_id=copy.tokens[0].random_id)], now=now[0])
    engine.close()
    now[0] += timedelta(days=800)
    again = Engine(places, keep=Keep.FILE, clock=lambda: now[0])
    again.start(port=0)
    detail = conversation(again.store, cards(again.store)[0].id)
    assert detail is not None
    kinds = [line.kind for line in detail.messages[0].copies[0].status.evidence]
    assert EvidenceKind.EARLIER in kinds
    assert EvidenceKind.HIT not in kinds
    again.close()
