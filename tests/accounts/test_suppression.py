"""The keyed hash of who was erased: what it is made with, and what holds where its key is gone."""

import hashlib
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desktop.accounts.suppression import SUPPRESSION_SECRET, is_let_alone, mark_of, new_mark
from desktop.accounts.vault import FileVault, SessionVault
from desktop.core.errors import Malformed, StoreTrouble
from desktop.store.database import Store
from desktop.store.erase import erase_person

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
ANNA, BOB = "anna@becker.example", "bob@lund.example"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Lend an empty store."""
    opened = Store(tmp_path / "store.sqlite3", clock=lambda: NOW)
    yield opened
    opened.close()


def lasting_vault() -> FileVault:
    return FileVault(Path(tempfile.mkdtemp()) / "secrets.json")


def erase(store: Store, vault: FileVault, address: str) -> None:
    erase_person(store, address, suppression_mark=new_mark(vault, address), now=NOW)


def test_16_who_was_erased_is_known_by_a_keyed_hash(store: Store) -> None:
    """Item 16: whoever was erased is let alone, in whatever case they are written to."""
    vault = lasting_vault()
    erase(store, vault, ANNA)
    assert is_let_alone(store, vault, "Anna@Becker.Example")


def test_16_the_twin_others_are_not_let_alone(store: Store) -> None:
    """Item 16, its twin: with the same key everybody else is as before, and with nobody erased no key is needed."""
    vault = lasting_vault()
    assert not is_let_alone(store, vault, ANNA)
    assert mark_of(vault, ANNA) is None
    erase(store, vault, ANNA)
    assert not is_let_alone(store, vault, BOB)


def test_16_every_spelling_of_whom_was_erased_is_let_alone(store: Store) -> None:
    """Item 16: the other spelling of the domain, and an address with a detail, are the same person's."""
    vault = lasting_vault()
    erase(store, vault, "anna@m\u00fcller.example")
    assert is_let_alone(store, vault, "anna@xn--mller-kva.example")
    assert is_let_alone(store, vault, "anna+offer@m\u00fcller.example")
    assert not is_let_alone(store, vault, "anna@muller.example")


def test_without_its_key_everybody_is_let_alone(store: Store) -> None:
    """A vault that is empty, damaged or out of reach, or one with another key, cannot tell anybody apart."""
    vault = lasting_vault()
    erase(store, vault, ANNA)
    assert is_let_alone(store, lasting_vault(), BOB)
    other = lasting_vault()
    new_mark(other, BOB)
    assert is_let_alone(store, other, BOB)
    vault.put(SUPPRESSION_SECRET, "no key")
    with pytest.raises(StoreTrouble, match="damaged"):
        mark_of(vault, BOB)
    assert is_let_alone(store, vault, BOB)


def test_a_vault_that_cannot_be_asked_lets_everybody_alone(store: Store, tmp_path: Path) -> None:
    """A file that others may read is not taken for a key."""
    path = tmp_path / "secrets.json"
    vault = FileVault(path)
    erase_person(store, ANNA, suppression_mark=new_mark(vault, ANNA), now=NOW)
    assert not is_let_alone(store, vault, BOB)
    path.chmod(0o644)
    assert is_let_alone(store, vault, BOB)


def test_the_mark_is_no_plain_hash_of_the_address() -> None:
    """Under each key it is another one, and no digest of the address alone is part of it."""
    first, second = lasting_vault(), lasting_vault()
    marks = {new_mark(first, ANNA), new_mark(second, ANNA)}
    assert len(marks) == 2
    assert new_mark(first, ANNA) in marks
    digests = [hashlib.new(name, ANNA.encode()).digest()[:4] for name in ("md5", "sha1", "sha256", "blake2b")]
    assert [each for each in digests for mark in marks if each in mark] == []


def test_what_is_no_address_has_no_mark() -> None:
    """A slip is told, not hashed."""
    vault = lasting_vault()
    with pytest.raises(Malformed):
        new_mark(vault, "anna")


def test_a_key_that_would_end_with_the_session_is_not_made() -> None:
    """From the next start on it would let everybody alone; the user is told where to choose another place."""
    vault = SessionVault()
    with pytest.raises(StoreTrouble, match="this session only"):
        new_mark(vault, ANNA)
    assert vault.get(SUPPRESSION_SECRET) is None
