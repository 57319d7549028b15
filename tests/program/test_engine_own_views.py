"""What the engine learns of the user's own views: the browser signed in with, and every channel ever connected."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.accounts.clients import client_id_setting
from desktop.accounts.oauth_providers import Client
from desktop.accounts.own_channels import remembered
from desktop.core.agents import program_shape
from desktop.core.errors import StoreTrouble
from desktop.core.keep import Keep
from desktop.engine import Engine
from desktop.places import Places
from desktop.store import settings
from tests.fakes.idp import CLIENT_ID, IdentityProvider, User
from tests.fakes.provider import USER
from tests.fakes.relay_process import RelayProcess

NEVER = threading.Event()
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    running = Engine(Places.in_folder(tmp_path / "home"), keep=Keep.FILE)
    yield running
    running.close()


def own_programs(engine: Engine) -> list[tuple[str, str]]:
    with engine.store.read() as connection:
        return connection.execute("SELECT program, how FROM own_program").fetchall()


def sign_in(engine: Engine, idp: IdentityProvider, agent: str) -> None:
    """Sign in with a browser of that name."""
    engine.clients.save_provider(idp.provider())
    engine.clients.save_client(idp.provider(), Client(client_id=CLIENT_ID))
    assert settings.get(engine.store, client_id_setting("company"), "") == CLIENT_ID
    user = User(agent)
    try:
        engine.accounts.sign_in("company", USER, user.open, NEVER)
    finally:
        user.done()


def test_the_browser_signed_in_with_is_the_users(engine: Engine) -> None:
    """Its shape is kept, without the version that changes; a program that is no browser is not."""
    with IdentityProvider() as idp:
        sign_in(engine, idp, "Python-urllib/3.11")
        assert own_programs(engine) == []
        sign_in(engine, idp, FIREFOX)
    assert own_programs(engine) == [(program_shape(FIREFOX), "browser")]


def test_a_browser_that_cannot_be_kept_spoils_no_sign_in(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store fails: the user is signed in all the same."""

    def fail(*_arguments: object, **_fields: object) -> None:
        raise StoreTrouble("The disk is full.")

    monkeypatch.setattr("desktop.account_keeping.record_own_program", fail)
    with IdentityProvider() as idp:
        sign_in(engine, idp, FIREFOX)
    assert own_programs(engine) == []


def test_every_channel_ever_connected_stays_known(tmp_path: Path) -> None:
    """Replaced, disconnected, and in a store that stands in for a damaged one: its marks are still recognised."""
    places = Places.in_folder(tmp_path / "home")
    engine = Engine(places, keep=Keep.FILE)
    with RelayProcess(tmp_path / "relay") as relay:
        ids = []
        for _ in range(2):
            engine.connect_relay(relay.url, None)
            assert engine.channel is not None
            ids.append(engine.channel.channel_id)
        engine.disconnect_relay()
        assert remembered(engine.store).channel_ids == frozenset(ids)
        assert len(remembered(engine.store).bases) == 1
        engine.close()
    for file in places.home.glob("store.sqlite3*"):
        file.unlink()
    places.store.write_bytes(b"no database at all" * 1_000)
    makeshift = Engine(places, keep=Keep.FILE)
    assert makeshift.is_makeshift
    assert remembered(makeshift.store).channel_ids == frozenset(ids)
    makeshift.close()
