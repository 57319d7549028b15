"""The engine: what it opens it closes, what fails it says, and nothing it keeps is lost or told twice."""

import smtplib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keyring.backends.fail
import keyring.core
import pytest

from desktop import rounds
from desktop.account_keeping import SECRETS_SETTING
from desktop.accounts.vault import SessionVault, account_secret
from desktop.core.errors import NotAuthorised, StoreTrouble, Trouble, Unreachable
from desktop.core.keep import Keep
from desktop.core.permission import Method
from desktop.engine import RELAY_SETTING, Engine, utc_now
from desktop.layered_vault import LayeredVault
from desktop.outgoing.listener import LISTENER_USER
from desktop.outgoing.upstream import Step
from desktop.places import Places
from desktop.practice import cast
from desktop.rounds import Round
from desktop.spare import SpareStore
from desktop.store import accounts, settings
from desktop.store.accounts import AccountRow
from desktop.store.database import Store
from desktop.tracking.poller import Link
from relay.wire.purpose import Purpose


@pytest.fixture(scope="module")
def round_() -> Iterator[Round]:
    """Lend one practice round to the whole file."""
    with rounds.open_round() as opened:
        yield opened


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Lend an engine with nothing set up."""
    made = Engine(Places.in_folder(tmp_path), keep=Keep.SESSION)
    yield made
    made.close()


def test_an_engine_with_nothing_set_up_listens_and_has_no_relay(engine: Engine) -> None:
    """Without account and relay the listener listens, and no relay is no trouble."""
    engine.start(port=0)
    stations = engine.stations()
    assert stations.port > 0
    assert (stations.relay, stations.relay_url, dict(stations.troubles)) == (None, "", {})
    assert engine.listener_password != ""


def test_a_taken_port_is_a_trouble_until_another_is_chosen(engine: Engine, round_: Round) -> None:
    """A port in use is told with a cure and has no password to copy; a free one heals it and is remembered."""
    engine.start(port=round_.engine.port)
    assert (engine.port, list(engine.stations().troubles)) == (0, ["listener"])
    with pytest.raises(StoreTrouble, match="not running"):
        _ = engine.listener_password
    engine.restart_listener(0)
    assert (engine.port > 0, dict(engine.stations().troubles)) == (True, {})


def test_a_chosen_port_is_remembered(engine: Engine) -> None:
    """The port chosen in the settings is kept; one given for a single start is not."""
    engine.start(port=0)
    free = engine.port
    assert settings.get(engine.store, "listener.port", 4190) == 4190
    engine.restart_listener(0)
    engine.restart_listener(free)
    assert (engine.port, settings.get(engine.store, "listener.port", 0)) == (free, free)


def test_the_state_of_the_relay_is_told(round_: Round) -> None:
    """A round's poller comes to listen at the round's relay."""
    assert round_.stage.desk.wait_until(lambda: round_.engine.stations().relay is not None, 5)
    relay = round_.engine.stations().relay
    assert relay is not None
    assert relay.link in (Link.CONNECTING, Link.LISTENING)
    assert round_.engine.stations().relay_url == round_.session.relay_url


def test_signing_in_is_tried_with_the_stored_password_and_with_a_new_one(round_: Round) -> None:
    """An empty password means the stored one; a wrong one is refused as such."""
    row = accounts.accounts(round_.engine.store)[0]
    steps: list[Step] = []
    assert round_.engine.accounts.test_account(row, "", steps.append).eight_bit
    assert steps == list(Step)
    assert round_.engine.accounts.test_account(row, round_.session.provider.password, steps.append).eight_bit
    with pytest.raises(NotAuthorised):
        round_.engine.accounts.test_account(row, "wrong", steps.append)


def test_a_removed_account_takes_its_password_along(engine: Engine, round_: Round) -> None:
    """Password and row are there after saving and gone after removing."""
    row = accounts.accounts(round_.engine.store)[0]
    account_id = engine.accounts.save_account(replace(row, id=0), "secret", Keep.SESSION)
    assert engine.vault.get(account_secret(account_id)) == "secret"
    engine.accounts.save_account(replace(row, id=account_id), "", Keep.SESSION)
    assert engine.vault.get(account_secret(account_id)) == "secret"
    engine.accounts.delete_account(account_id)
    assert (engine.vault.get(account_secret(account_id)), accounts.accounts(engine.store)) == (None, ())


def test_a_relay_that_is_not_there_changes_nothing(engine: Engine) -> None:
    """Connecting to nothing is Unreachable and leaves no channel behind."""
    with pytest.raises(Unreachable):
        engine.connect_relay("http://127.0.0.1:9", None)
    assert engine.stations().relay_url == ""


def test_a_relay_can_be_connected_left_and_found_again(tmp_path: Path, round_: Round) -> None:
    """The channel outlives the engine where secrets last, and is gone after disconnecting."""
    places = Places.in_folder(tmp_path)
    first = Engine(places, keep=Keep.FILE)
    first.start(port=0)
    first.connect_relay(round_.session.relay_url, None)
    assert first.stations().relay_url == round_.session.relay_url
    first.close()
    second = Engine(places, keep=Keep.FILE)
    second.start(port=0)
    assert second.stations().relay_url == round_.session.relay_url
    second.disconnect_relay()
    assert (second.stations().relay_url, second.stations().relay) == ("", None)
    second.close()


def test_connecting_anew_keeps_the_tags(engine: Engine, round_: Round) -> None:
    """A new channel keeps the old one's tag key, so that a stop still names the same person."""
    engine.start(port=0)
    engine.connect_relay(round_.session.relay_url, None)
    before = engine.channel
    engine.connect_relay(round_.session.relay_url, None)
    after = engine.channel
    assert before is not None
    assert after is not None
    assert (before.channel_id == after.channel_id, before.tag_key == after.tag_key) == (False, True)


def test_damaged_secrets_are_a_trouble_and_mail_still_leaves(tmp_path: Path) -> None:
    """A secrets file that cannot be read is told of; the store opens and the engine closes all the same."""
    places = Places.in_folder(tmp_path)
    places.secrets.write_text("{")
    places.secrets.chmod(0o600)
    engine = Engine(places, keep=Keep.FILE)
    engine.start(port=0)
    assert set(engine.stations().troubles) == {"listener", "relay"}
    engine.close()


def test_secrets_move_to_the_place_that_was_chosen(tmp_path: Path, round_: Round) -> None:
    """Choosing the file takes the listener's password and the channel along, and the next start finds them there."""
    places = Places.in_folder(tmp_path)
    row = replace(accounts.accounts(round_.engine.store)[0], id=0)
    engine = Engine(places, keep=Keep.SESSION)
    engine.start(port=0)
    engine.connect_relay(round_.session.relay_url, None)
    before = engine.listener_password
    account_id = engine.accounts.save_account(row, "secret", Keep.FILE)
    assert (engine.accounts.kept_in, engine.vault.lasting.get(account_secret(account_id))) == (Keep.FILE, "secret")
    engine.close()
    again = Engine(places)
    again.start(port=0)
    assert (again.accounts.kept_in, again.listener_password, again.channel is None) == (Keep.FILE, before, False)
    again.close()


def test_without_a_keyring_the_choice_lets_the_listener_start(
    tmp_path: Path, round_: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no keyring answers the listener cannot start and says so; choosing another place heals it at once."""
    monkeypatch.setattr(keyring.core, "_keyring_backend", keyring.backends.fail.Keyring())  # type: ignore[no-untyped-call]
    row = replace(accounts.accounts(round_.engine.store)[0], id=0)
    for keep in (Keep.SESSION, Keep.FILE):
        engine = Engine(Places.in_folder(tmp_path / keep.value))
        engine.start(port=0)
        assert (engine.port, engine.accounts.keyring_works()) == (0, False)
        assert "no keyring" in engine.stations().troubles["listener"].sentence
        assert "relay" not in engine.stations().troubles
        settings.put(engine.store, "listener.port", 0)
        engine.accounts.save_account(row, "secret", keep)
        assert (engine.accounts.kept_in, engine.port > 0, dict(engine.stations().troubles)) == (keep, True, {})
        engine.close()


def test_a_relay_behind_a_closed_keyring_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one was connected, its keys are what cannot be read; where none was, there is nothing to tell."""
    monkeypatch.setattr(keyring.core, "_keyring_backend", keyring.backends.fail.Keyring())  # type: ignore[no-untyped-call]
    for url, told in (("https://relay.example", True), ("", False)):
        engine = Engine(Places.in_folder(tmp_path / str(told)))
        settings.put(engine.store, RELAY_SETTING, url)
        engine.start(port=0)
        assert ("relay" in engine.stations().troubles) is told
        engine.close()


@pytest.mark.parametrize("bad", [b"not a database at all, not a database at all", b""])
def test_with_a_store_that_cannot_be_opened_mail_still_leaves(tmp_path: Path, round_: Round, bad: bytes) -> None:
    """A damaged store is told of and left as it is; the account is still known, and its mail goes out as it came.

    The twin, an empty file, is simply a new store: nothing is told, and the account is gone with the old one.
    """
    places = Places.in_folder(tmp_path)
    row = replace(accounts.accounts(round_.engine.store)[0], id=0)
    first = Engine(places, keep=Keep.FILE)
    first.accounts.save_account(row, round_.session.provider.password, Keep.FILE)
    first.start(port=0)
    first.connect_relay(round_.session.relay_url, None)
    first.close()
    for file in places.home.glob("store.sqlite3*"):
        file.unlink()
    places.store.write_bytes(bad)
    troubles: list[Trouble] = []
    engine = Engine(places, keep=Keep.FILE, on_trouble=troubles.append)
    try:
        engine.start(port=0)
        is_known = bool(accounts.accounts(engine.store))
        assert (engine.is_makeshift, is_known, len(troubles)) == ((True, True, 1) if bad else (False, False, 0))
        if bad:
            assert "untracked" in troubles[0].cure
            assert engine.channel is None
            with pytest.raises(StoreTrouble, match="no relay can be connected"):
                engine.connect_relay(round_.session.relay_url, None)
            assert send(engine, row.identities[0].address) == 250
            (delivery,) = round_.session.control.mailbox(cast.ERIK.address)
            assert delivery.raw == MAIL
            assert places.store.read_bytes() == bad
    finally:
        engine.close()


MAIL = b"From: Kim <kim@example.test>\r\nTo: erik\r\nSubject: Offer\r\n\r\nHello\r\n"


def send(engine: Engine, sender: str) -> int:
    """Hand one mail to the listener as a mail client does; return the answer's code."""
    with smtplib.SMTP("127.0.0.1", engine.port, timeout=20) as client:
        client.login(LISTENER_USER, engine.listener_password)
        client.mail(sender)
        client.rcpt(cast.ERIK.address)
        return client.data(MAIL)[0]


def test_a_store_that_opens_but_cannot_be_read_is_replaced_for_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Damage behind the file's first page shows when the accounts are read; the program runs on a spare store."""

    def damaged(_store: Store) -> tuple[AccountRow, ...]:
        raise StoreTrouble("Readback's data file is damaged.", "")

    monkeypatch.setattr(accounts, "accounts", damaged)
    engine = Engine(Places.in_folder(tmp_path), keep=Keep.SESSION)
    engine.start(port=0)
    assert (engine.is_makeshift, engine.port > 0, list(engine.stations().troubles)) == (True, True, ["store"])
    engine.close()


def test_a_store_that_was_moved_away_begins_with_the_accounts(tmp_path: Path, round_: Round) -> None:
    """Account, its id and where secrets are come back from the copy, so the password is found; without it, nothing."""
    places = Places.in_folder(tmp_path)
    row = replace(accounts.accounts(round_.engine.store)[0], id=0)
    first = Engine(places, keep=Keep.FILE)
    first.accounts.save_account(row, "secret", Keep.FILE)
    settings.put(first.store, SECRETS_SETTING, Keep.FILE.value)
    (kept,) = accounts.accounts(first.store)
    first.close()
    for has_copy in (True, False):
        places.store.rename(tmp_path / f"damaged-{has_copy}")
        if not has_copy:
            places.spare.unlink()
        again = Engine(places)
        assert accounts.accounts(again.store) == ((kept,) if has_copy else ())
        assert again.accounts.has_password(kept.id) is has_copy
        again.close()


def test_a_damaged_store_says_once_what_to_do(tmp_path: Path) -> None:
    """The cure names the folder, what comes back and what is lost, and that mail goes untracked, each one time."""
    places = Places.in_folder(tmp_path)
    places.store.write_bytes(b"not a database at all, not a database at all")
    engine = Engine(places, keep=Keep.SESSION)
    cure = engine.stations().troubles["store"].cure
    engine.close()
    assert str(tmp_path) in cure
    assert (cure.count("untracked"), cure.count("lost"), cure.count("newest backup")) == (1, 1, 0)


def test_a_copy_that_cannot_be_saved_stops_nothing(tmp_path: Path) -> None:
    """Where the copy's place is taken by a folder, that is told; once it is free, the next change saves it."""
    places = Places.in_folder(tmp_path)
    blocked = places.spare.with_suffix(".new")
    blocked.mkdir()
    engine = Engine(places, keep=Keep.SESSION)
    assert (engine.is_makeshift, list(engine.stations().troubles)) == (False, ["copy"])
    blocked.rmdir()
    settings.put(engine.store, "listener.port", 4191)
    assert dict(engine.stations().troubles) == {}
    assert places.spare.exists()
    engine.close()


def test_a_spare_copy_that_cannot_be_read_is_no_copy(tmp_path: Path) -> None:
    """Without a readable copy the spare store is empty, and its folder is removed when it closes."""
    places = Places.in_folder(tmp_path)
    for text in ("{", "[]", '{"accounts": []}'):
        places.spare.write_text(text)
        store = SpareStore(places.spare, clock=utc_now)
        assert accounts.accounts(store) == ()
        store.close()
        assert not store.path.parent.exists()


def test_the_session_shadows_what_lasts() -> None:
    """A secret of this session is read before the lasting one, and putting a lasting one ends that."""
    vault = LayeredVault(SessionVault())
    vault.put("name", "lasting")
    vault.session.put("name", "session")
    assert vault.get("name") == "session"
    vault.put("name", "new")
    assert vault.get("name") == "new"
    vault.delete("name")
    assert vault.get("name") is None


def test_the_desk_reads_what_the_engine_keeps(round_: Round) -> None:
    """A grant recorded through the desk stands in the store, and a wait for what never comes ends in time."""
    desk = round_.stage.desk
    desk.record_grant(
        address="new@example.test",
        name="New",
        purposes=frozenset({Purpose.OPENS}),
        method=Method.SPOKEN,
        evidence="on the phone",
    )
    assert desk.permission_of("new@example.test").purposes == {Purpose.OPENS}
    assert desk.wait_until(lambda: False, 0.05) is False
    assert (desk.copies(), desk.raw_hits(), desk.window_s) == ((), (), 40.0)
