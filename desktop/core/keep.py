"""The places where secrets may be kept: the user picks one, and both the window and the vault speak of it."""

from enum import StrEnum


class Keep(StrEnum):
    """Where secrets are kept."""

    KEYRING = "keyring"
    FILE = "file"
    SESSION = "session"
