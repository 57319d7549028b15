"""Where secrets are kept, and what happens where they cannot be."""

import threading
from dataclasses import replace
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from desktop.accounts.channel import CHANNEL_SECRET, Channel, kept_tag_key, load, save
from desktop.accounts.retired import load_retired, retired_of, save_retired
from desktop.accounts.vault import FileVault, KeyringVault, SessionVault, Vault, account_secret, open_vault
from desktop.core.errors import StoreTrouble
from desktop.core.keep import Keep
from relay.wire.token import TokenType


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A keyring as a desktop has one, in memory; it knows which thread asked."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.secrets: dict[tuple[str, str], str] = {}
        self.failure: Exception | None = None
        self.threads: set[str] = set()

    def get_password(self, service: str, username: str) -> str | None:
        """Return what was set."""
        self.threads.add(threading.current_thread().name)
        if self.failure is not None:
            raise self.failure
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        if self.failure is not None:
            raise self.failure
        self.secrets[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget it."""
        if (service, username) not in self.secrets:
            raise keyring.errors.PasswordDeleteError("none")
        del self.secrets[service, username]


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    backend = MemoryKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    monkeypatch.setattr("keyring.core.get_keyring", lambda: backend)
    return backend


@pytest.mark.parametrize("keep", list(Keep))
def test_a_secret_is_kept_replaced_and_forgotten(tmp_path: Path, memory: MemoryKeyring, keep: Keep) -> None:
    """In each of the three places a secret comes back as it was, and is gone once deleted, twice if need be."""
    vault: Vault = open_vault(keep, path=tmp_path / "secrets")
    assert vault.where is keep
    name = account_secret(7)
    assert vault.get(name) is None
    vault.put(name, "first")
    vault.put(name, "sëcond")
    vault.put("other", "x")
    assert vault.get(name) == "sëcond"
    vault.delete(name)
    vault.delete(name)
    assert vault.get(name) is None
    assert vault.get("other") == "x"


def test_the_keyring_is_asked_on_its_own_thread(memory: MemoryKeyring) -> None:
    """No caller's thread waits inside the keyring."""
    KeyringVault().get("x")
    assert {"keyring_0"} == memory.threads


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (keyring.errors.NoKeyringError("none"), "has no keyring"),
        (keyring.errors.KeyringLocked("locked"), "is locked"),
    ],
)
def test_an_absent_or_locked_keyring_is_told(memory: MemoryKeyring, failure: Exception, words: str) -> None:
    """Each failure is StoreTrouble with a cure, and nothing is written anywhere else."""
    memory.failure = failure
    vault = KeyringVault()
    with pytest.raises(StoreTrouble, match=words) as caught:
        vault.put("x", "secret")
    assert caught.value.cure
    with pytest.raises(StoreTrouble):
        vault.get("x")


def test_a_plain_text_keyring_is_not_used(memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend of keyrings.alt keeps plain text: it is refused, not chosen in silence."""
    monkeypatch.setattr(MemoryKeyring, "__module__", "keyrings.alt.file")
    with pytest.raises(StoreTrouble, match="plain text"):
        KeyringVault().put("x", "secret")
    assert memory.secrets == {}


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """The file has mode 0600 from the start, and one that others may read is refused until it is mended."""
    path = tmp_path / "secrets"
    vault = FileVault(path)
    vault.put("x", "secret")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(StoreTrouble, match="Others can read"):
        vault.get("x")
    path.chmod(0o600)
    assert vault.get("x") == "secret"
    assert [path] == list(tmp_path.iterdir())


def test_a_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """A damaged file and a missing folder are StoreTrouble."""
    (tmp_path / "bad").write_text("{")
    (tmp_path / "bad").chmod(0o600)
    with pytest.raises(StoreTrouble, match="cannot be read"):
        FileVault(tmp_path / "bad").get("x")
    with pytest.raises(StoreTrouble, match="cannot be written"):
        FileVault(tmp_path / "none" / "file").put("x", "y")
    with pytest.raises(ValueError, match="path"):
        open_vault(Keep.FILE)


def channel() -> Channel:
    return Channel(
        picture_base="https://p.test",
        link_base="https://l.test",
        relay_url="https://r.test",
        channel_id=b"c" * 12,
        bearer="bearer-secret",
        private_key=b"\x00\xff" * 16,
        tag_key=b"t" * 32,
        key_id=3,
        minting_keys={kind: bytes([kind]) * 32 for kind in TokenType},
    )


def test_a_channel_comes_back_from_the_vault() -> None:
    """All of a channel is kept, none is None, and its repr tells no secret."""
    vault = SessionVault()
    assert load(vault) is None
    save(vault, channel())
    assert load(vault) == channel()
    assert "secret" not in repr(channel())


def test_the_key_of_the_tags_outlives_its_channel_and_is_never_replaced() -> None:
    """The first that was kept stays when the channel goes and another comes; without one there is none."""
    vault = SessionVault()
    assert kept_tag_key(vault) is None
    save(vault, channel())
    vault.delete(CHANNEL_SECRET)
    save(vault, replace(channel(), tag_key=b"u" * 32))
    assert kept_tag_key(vault) == channel().tag_key


def test_retired_channels_come_back_from_the_vault() -> None:
    """Whole ones and what is left of them; none is none, and their repr tells no secret."""
    vault = SessionVault()
    assert load_retired(vault) == ()
    whole = retired_of(channel())
    both = (whole, replace(whole, channel_id=b"d" * 12, channel=None))
    save_retired(vault, both)
    assert load_retired(vault) == both
    assert "secret" not in repr(both)


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"picture_base": "x", "minting_keys": {"NONE": ""}}'])
def test_a_damaged_channel_is_told(text: str) -> None:
    """Whatever is not a whole channel is StoreTrouble."""
    vault = SessionVault()
    vault.put(CHANNEL_SECRET, text)
    with pytest.raises(StoreTrouble, match="damaged"):
        load(vault)
