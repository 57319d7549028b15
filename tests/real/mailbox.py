"""A mailbox at the provider, read as a mail program reads it: by IMAP FETCH over TLS."""

import imaplib
import ssl
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.real.waiting import until


class ImapMailbox:
    """One IMAP session of one user; close it by leaving its `with` block."""

    def __init__(self, *, host: str, port: int, ca_file: Path, user: str, password: str) -> None:
        """Connect and log in."""
        context = ssl.create_default_context(cafile=str(ca_file))
        self._imap = imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=10)
        try:
            self._imap.login(user, password)
        except BaseException:
            self._imap.shutdown()
            raise

    def messages(self, folder: str = "INBOX") -> tuple[bytes, ...]:
        """Return every message of `folder` byte for byte, oldest first, without marking any as seen."""
        status, _ = self._imap.select(folder, readonly=True)
        assert status == "OK", folder
        _, found = self._imap.uid("SEARCH", "ALL")
        return tuple(self._fetch(number) for number in found[0].split())

    def _fetch(self, number: bytes) -> bytes:
        _, parts = self._imap.uid("FETCH", number.decode("ascii"), "(BODY.PEEK[])")
        whole = parts[0]
        assert isinstance(whole, tuple), parts
        return bytes(whole[1])

    def append(self, message: bytes, *, folder: str) -> None:
        """Put a mail into `folder` as seen, as the provider itself may do."""
        status, answer = self._imap.append(folder, r"(\Seen)", "", message)
        assert status == "OK", answer

    def wait_for(self, mark: str, *, folder: str = "INBOX", within_s: float = 15) -> tuple[bytes, ...]:
        """Return all messages that hold `mark`, once there is one; raise TimeoutError."""
        marked = mark.encode()

        def found() -> tuple[bytes, ...]:
            return tuple(message for message in self.messages(folder) if marked in message)

        return until(found, what=f"a message with {mark!r} in {folder}", within_s=within_s)

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Log out."""
        self._imap.logout()
