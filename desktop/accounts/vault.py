"""Secrets: account passwords and sign-ins, the listener's own password and the relay channel, by name.

Three places, and the user picks one: the system keyring, this session's memory, or a file only the user can read.
Nothing falls back by itself: a machine without a keyring is told of, never answered with plain text on disk.
"""

import contextlib
import json
import os
import stat
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol, TypeVar

from desktop.core.errors import NoKeyring, StoreTrouble
from desktop.core.keep import Keep

Value = TypeVar("Value")

SERVICE: Final = "Readback"
LISTENER_SECRET: Final = "listener"
PROBE_SECRET: Final = "probe"
_WITHOUT_KEYRING: Final = (
    "Set up a keyring such as GNOME Keyring or KWallet, or choose another place under Settings → Accounts → Keep "
    "passwords in."
)


class Vault(Protocol):
    """Secrets by name; every method may block and raises StoreTrouble."""

    @property
    def where(self) -> Keep:
        """Where secrets are kept."""
        ...

    def get(self, name: str) -> str | None:
        """Return the secret, or None when there is none."""
        ...

    def put(self, name: str, secret: str) -> None:
        """Keep `secret` under `name`, in place of an earlier one."""
        ...

    def renew(self, name: str, secret: str) -> None:
        """Replace a secret in the very place where it is kept now."""
        ...

    def delete(self, name: str) -> None:
        """Forget the secret; one that is not there is forgotten already."""
        ...


def account_secret(account_id: int) -> str:
    """Return the name under which an account's password is kept."""
    return f"account:{account_id}"


def open_vault(choice: Keep, *, path: Path | None = None) -> Vault:
    """Return the vault of the user's choice; a file vault needs its `path`."""
    if choice is Keep.KEYRING:
        return KeyringVault()
    if choice is Keep.SESSION:
        return SessionVault()
    if path is None:
        raise ValueError("a file vault needs a path")
    return FileVault(path)


def check_keeps(vault: Vault) -> None:
    """Put a secret, read it back and take it away again; raise StoreTrouble where none would last."""
    if vault.where is Keep.SESSION:
        raise StoreTrouble(
            "Passwords are kept for one session only.",
            "Choose the keyring under Settings → Accounts to keep them.",
        )
    vault.put(PROBE_SECRET, "well")
    found = vault.get(PROBE_SECRET)
    vault.delete(PROBE_SECRET)
    if found != "well":
        raise StoreTrouble("The keyring forgets what it is given.", "Look at the system's keyring program.")


class SessionVault:
    """Secrets in memory only, gone when the program ends."""

    where = Keep.SESSION

    def __init__(self) -> None:
        """Start empty."""
        self._secrets: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        """Return the secret, or None."""
        return self._secrets.get(name)

    def put(self, name: str, secret: str) -> None:
        """Keep the secret until the program ends."""
        self._secrets[name] = secret

    renew = put

    def delete(self, name: str) -> None:
        """Forget the secret."""
        self._secrets.pop(name, None)


class KeyringVault:
    """Secrets in the system keyring, asked on a thread of its own.

    A locked collection waits for the user's prompt, so no event loop may call in; the calling thread waits.
    """

    where = Keep.KEYRING

    def __init__(self) -> None:
        """Start the thread; the keyring itself is loaded at the first call (it costs 50 ms)."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="keyring")

    def get(self, name: str) -> str | None:
        """Return the secret, or None; raise StoreTrouble when there is no keyring or it stays locked."""
        return self._thread.submit(_keyring_get, name).result()

    def put(self, name: str, secret: str) -> None:
        """Keep the secret in the keyring."""
        self._thread.submit(_keyring_put, name, secret).result()

    renew = put

    def delete(self, name: str) -> None:
        """Remove the secret from the keyring."""
        self._thread.submit(_keyring_delete, name).result()


def _keyring_get(name: str) -> str | None:
    import keyring

    return _told(lambda: keyring.get_password(SERVICE, name))


def _keyring_put(name: str, secret: str) -> None:
    import keyring

    _told(lambda: keyring.set_password(SERVICE, name, secret))


def _keyring_delete(name: str) -> None:
    import keyring
    from keyring.errors import PasswordDeleteError

    with contextlib.suppress(PasswordDeleteError):
        _told(lambda: keyring.delete_password(SERVICE, name))


def _told(call: Callable[[], Value]) -> Value:
    """Run a keyring call; raise StoreTrouble in words for each way a keyring can be absent or closed."""
    import keyring
    from keyring.errors import NoKeyringError, PasswordDeleteError

    # keyrings.alt, where some other program installed it, is chosen silently and keeps plain text.
    if type(keyring.get_keyring()).__module__.startswith("keyrings.alt"):
        raise NoKeyring("The keyring of this system keeps passwords as plain text.", _WITHOUT_KEYRING)
    try:
        return call()
    except PasswordDeleteError:
        raise
    except NoKeyringError as error:
        raise NoKeyring("This system has no keyring.", _WITHOUT_KEYRING) from error
    # The backend lets a D-Bus that is gone through as it is, and what SecretStorage met after the first question.
    except _failures() as error:
        raise NoKeyring("The system keyring is locked or does not answer.", "Unlock it and try again.") from error


def _failures() -> tuple[type[Exception], ...]:
    """Return what a keyring that is closed or gone raises; the Secret Service's own where this system has one."""
    from keyring.errors import KeyringError

    try:
        from secretstorage.exceptions import SecretStorageException
    except ImportError:
        return (KeyringError, OSError)
    return (KeyringError, OSError, SecretStorageException)


class FileVault:
    """Secrets as JSON in a file of mode 0600: chosen by the user in so many words, never by default."""

    where = Keep.FILE

    def __init__(self, path: Path) -> None:
        """Take the file's path; it is made at the first `put`."""
        self._path = path
        self._lock = threading.Lock()

    def get(self, name: str) -> str | None:
        """Return the secret, or None; raise StoreTrouble when others may read the file."""
        with self._lock:
            return self._read().get(name)

    def put(self, name: str, secret: str) -> None:
        """Write the secret; the file is replaced as a whole."""
        with self._lock:
            self._write({**self._read(), name: secret})

    renew = put

    def delete(self, name: str) -> None:
        """Write the file without the secret."""
        with self._lock:
            secrets = self._read()
            if secrets.pop(name, None) is not None:
                self._write(secrets)

    def _read(self) -> dict[str, str]:
        try:
            text = self._path.read_text(encoding="utf-8")
            mode = stat.S_IMODE(self._path.stat().st_mode)
            loaded = json.loads(text)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise StoreTrouble("The file of passwords cannot be read.", f"Look at {self._path}.") from error
        if mode & 0o077 or not isinstance(loaded, dict):
            raise StoreTrouble("Others can read the file of passwords.", f"Run: chmod 600 {self._path}")
        return {str(name): str(secret) for name, secret in loaded.items()}

    def _write(self, secrets: dict[str, str]) -> None:
        try:
            # mkstemp makes the file with mode 0600 from its first moment.
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(secrets, file)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except OSError as error:
            raise StoreTrouble("The file of passwords cannot be written.", f"Look at {self._path}.") from error
