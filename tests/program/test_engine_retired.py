"""A stop holds whatever became of the channel its link was made with: replaced, disconnected or deleted."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from desktop.accounts.channel import Channel
from desktop.accounts.retired import load_retired, retired_of, save_retired
from desktop.core.errors import NotAuthorised, StoreTrouble, Unreachable
from desktop.core.keep import Keep
from desktop.core.permission import Method, Standing
from desktop.core.status import CopyState
from desktop.duties import Duties
from desktop.engine import Engine, utc_now
from desktop.outgoing.minting import Marks, mint_marks, tag_of
from desktop.places import Places
from desktop.store.mail import NewCopy, record_message, record_outcome
from desktop.store.people import all_stop_tags, permission_of, record_grant
from desktop.tracking import held as held_module
from desktop.tracking import retired as retired_module
from desktop.tracking.poller import Link, PollerState
from relay.wire.purpose import Purpose
from tests.fakes.relay_process import RelayProcess
from tests.fakes.samples import facts

OPENS = frozenset({Purpose.OPENS})
ANNA = "anna@becker.example"
DAVID = "david@okoro.example"
TIMEOUT_S = 20


@pytest.fixture(scope="module")
def relay_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve one relay to the whole file."""
    with RelayProcess(tmp_path_factory.mktemp("relay")) as relay:
        yield relay.url


def opened(folder: Path) -> "closing[Engine]":
    """Return an engine that is not started, so that nothing happens but what a test asks for."""
    return closing(Engine(Places.in_folder(folder), keep=Keep.FILE))


@pytest.fixture
def engine(tmp_path: Path, relay_url: str) -> Iterator[Engine]:
    """Lend an engine that is connected."""
    with opened(tmp_path) as made:
        made.connect_relay(relay_url, None)
        yield made


def channel_of(engine: Engine) -> Channel:
    assert engine.channel is not None
    return engine.channel


def send(engine: Engine, address: str) -> Marks:
    """Record a mail that was sent, to somebody who agreed; return what it bears."""
    record_grant(
        engine.store, address=address, name="", purposes=OPENS, method=Method.SPOKEN, evidence="said so", at=utc_now()
    )
    tag = tag_of(channel_of(engine), address, permission_of(engine.store, address).generation)
    marks = mint_marks(channel_of(engine), tag=tag, purposes=OPENS, links=(), now=utc_now(), sunset_days=90)
    copy = NewCopy(address=address, purposes=OPENS, tag=tag, tokens=marks.tokens)
    message = facts(message_id=f"<{marks.tokens[0].random_id.hex()}@s>")
    _, (copy_id,) = record_message(engine.store, account_id=1, facts=message, at=utc_now(), copies=(copy,))
    record_outcome(engine.store, copy_id, CopyState.SENT, at=utc_now())
    return marks


def read(marks: Marks) -> None:
    assert marks.picture_url is not None
    assert requests.get(marks.picture_url, timeout=TIMEOUT_S).status_code == 200


def stop(marks: Marks) -> str:
    answer = requests.post(marks.stop_url, timeout=TIMEOUT_S)
    assert answer.status_code == 200
    return answer.text


def hits_in(engine: Engine) -> int:
    with engine.store.read() as connection:
        count: int = connection.execute("SELECT count(*) FROM hit").fetchone()[0]
    return count


def connect_anew(engine: Engine, url: str) -> None:
    engine.connect_relay(url, None)


def disconnect_and_connect(engine: Engine, url: str) -> None:
    engine.disconnect_relay()
    engine.connect_relay(url, None)


def delete_and_connect(engine: Engine, url: str) -> None:
    engine.delete_channel()
    engine.connect_relay(url, None)


@pytest.mark.parametrize("part", [connect_anew, disconnect_and_connect, delete_and_connect])
def test_a_stop_on_old_mail_holds_at_the_present_channel(
    engine: Engine, relay_url: str, part: Callable[[Engine, str], None]
) -> None:
    """Items 9, 10: the page says that the sender is told, and they are; by the new channel no other is stopped."""
    old, marks, _ = channel_of(engine), send(engine, ANNA), send(engine, DAVID)
    part(engine, relay_url)
    engine.ask_earlier_relays()
    assert "The sender is told that you stopped" in stop(marks)
    assert permission_of(engine.store, ANNA).standing is Standing.GRANTED
    engine.ask_earlier_relays()
    assert permission_of(engine.store, ANNA).standing is Standing.STOPPED
    tag = tag_of(channel_of(engine), ANNA, 0)
    assert (channel_of(engine).channel_id == old.channel_id, tag) == (False, tag_of(old, ANNA, 0))
    assert engine.held().stops == (tag,)
    assert permission_of(engine.store, DAVID).standing is Standing.GRANTED


def test_without_a_present_channel_stops_are_learnt_too(tmp_path: Path, relay_url: str) -> None:
    """After disconnecting for good, what is pressed on old mail is heard of, after the next start as well."""
    with opened(tmp_path) as engine:
        engine.connect_relay(relay_url, None)
        first, second = send(engine, ANNA), send(engine, DAVID)
        engine.disconnect_relay()
        stop(first)
        engine.ask_earlier_relays()
        assert permission_of(engine.store, ANNA).standing is Standing.STOPPED
    with opened(tmp_path) as again:
        stop(second)
        again.ask_earlier_relays()
        assert permission_of(again.store, DAVID).standing is Standing.STOPPED


def test_what_was_unread_comes_home_before_the_old_channel_is_deleted(engine: Engine) -> None:
    """A hit that waited when the user disconnected is kept; then the relay has nothing left, and does not know it."""
    old, marks = channel_of(engine), send(engine, ANNA)
    engine.disconnect_relay()  # Whose poller has stopped, so that the hit waits.
    read(marks)
    engine.ask_earlier_relays()
    with pytest.raises(NotAuthorised):
        held_module.held(old)
    assert hits_in(engine) == 1
    assert [each.channel for each in load_retired(engine.vault)] == [None]


def test_a_relay_that_does_not_answer_is_asked_until_it_does(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is away nothing is given up and nothing is a trouble; then its channel goes, and a stop is learnt."""
    old, marks = channel_of(engine), send(engine, ANNA)
    engine.disconnect_relay()

    def be_away(*_: object) -> None:
        raise Unreachable("The relay does not answer.")

    with monkeypatch.context() as away:
        away.setattr(retired_module, "exchange_stops", be_away)
        engine.ask_earlier_relays()
    (waiting,) = load_retired(engine.vault)
    assert waiting.channel == old
    stop(marks)
    engine.ask_earlier_relays()
    assert tag_of(old, ANNA, 0) in all_stop_tags(engine.store)
    assert [each.channel for each in load_retired(engine.vault)] == [None]
    with pytest.raises(NotAuthorised):
        held_module.held(old)


def test_a_wish_to_delete_on_old_mail_is_carried_out(engine: Engine) -> None:
    """The page says that the program follows: what was recorded goes at the next look, and the wish is done with."""
    marks = send(engine, ANNA)
    read(marks)
    engine.delete_channel()
    assert hits_in(engine) == 1
    old = load_retired(engine.vault)
    page = requests.get(marks.stop_url, timeout=TIMEOUT_S).text.partition('href="/page/')[2].partition('"')[0]
    base = marks.stop_url.partition("/stop/")[0]
    answer = requests.post(f"{base}/page/{page}", data={"wish": "delete"}, timeout=TIMEOUT_S)
    assert "Deleted here; the sender" in answer.text
    engine.ask_earlier_relays()
    assert hits_in(engine) == 0
    bearer = {"Authorization": f"Bearer {old[0].bearer}"}
    assert requests.post(f"{base}/stops", json={"tags": []}, headers=bearer, timeout=TIMEOUT_S).json()["wishes"] == []


def test_keys_and_earlier_channels_move_with_the_secrets(engine: Engine, relay_url: str) -> None:
    """Where the user keeps secrets is where the key of the tags is, so that a stopped tag is known again."""
    before, marks = channel_of(engine), send(engine, ANNA)
    engine.disconnect_relay()
    engine.accounts.keep_in(Keep.SESSION)
    stop(marks)
    engine.ask_earlier_relays()
    assert permission_of(engine.store, ANNA).standing is Standing.STOPPED
    engine.connect_relay(relay_url, None)
    assert channel_of(engine).tag_key == before.tag_key


def test_a_key_that_is_damaged_is_not_replaced_in_silence(engine: Engine, relay_url: str) -> None:
    """With another key stopped people would be taken for others, so nothing is connected until it is put back."""
    engine.disconnect_relay()
    kept = engine.vault.get("tag_key")
    assert kept is not None
    engine.vault.put("tag_key", "AAAA")
    with pytest.raises(StoreTrouble, match="stops are known again"):
        engine.connect_relay(relay_url, None)
    engine.vault.put("tag_key", kept)
    engine.connect_relay(relay_url, None)
    engine.vault.put("retired_channels", "[5]")
    with pytest.raises(StoreTrouble, match="earlier relays"):
        load_retired(engine.vault)


def test_a_relay_restored_from_before_the_end_is_told_of_it_again(tmp_path: Path, relay_url: str) -> None:
    """A channel that was deleted and is there once more is deleted once more; the one at work is left alone."""
    with opened(tmp_path) as engine:
        engine.connect_relay(relay_url, None)
        back = channel_of(engine)
        engine.connect_relay(relay_url, None)
        present = channel_of(engine)
        save_retired(engine.vault, tuple(replace(retired_of(each), channel=None) for each in (back, present)))
    with opened(tmp_path) as again:
        again.start(port=0)
        again.ask_earlier_relays()
        with pytest.raises(NotAuthorised):
            held_module.held(back)
        assert held_module.held(present).channel_id == present.channel_id


def test_the_command_retires_what_was_connected(tmp_path: Path, relay_url: str) -> None:
    """`readback connect` a second time keeps the earlier channel among the retired, and the key of the tags."""
    with opened(tmp_path) as engine:
        engine.connect_relay(relay_url, None)
        old = channel_of(engine)
    with opened(tmp_path) as again:
        again.connect_relay(relay_url, None)
        assert [each.channel_id for each in load_retired(again.vault)] == [old.channel_id]
        assert channel_of(again).tag_key == old.tag_key


def test_earlier_relays_are_asked_after_a_change_of_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Back from being away, or in another network, one may answer that did not; other news of the poller asks none."""
    home = PollerState(link=Link.LISTENING, network="192.0.2.0/24")
    elsewhere = replace(home, network="198.51.100.0/24")
    states = [replace(home, network=""), home, replace(home, bad_seals=1), elsewhere]
    states += [replace(elsewhere, link=Link.AWAY), replace(elsewhere, bad_seals=2)]
    asked: list[int] = []
    with opened(tmp_path) as engine:
        for number, state in enumerate(states):
            with monkeypatch.context() as watched:
                watched.setattr(Duties, "ask", lambda _, number=number: asked.append(number))
                engine._on_poller_state(state)
    assert asked == [3, 5]
