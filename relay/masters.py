"""The secrets that every minting key is derived from, in a file of their own, and the check of a token against them.

They are outside the database so that tokens verify and links redirect with an empty one; a master once used is kept
under its id for ever, since mail already sent bears it.
"""

import base64
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from relay import durable
from relay.settings import BadSettingError
from relay.wire.token import KEY_BYTES, Token, TokenType, mint, minting_key, verify

_CACHED_KEYS: Final = 16_384


class Masters:
    """Masters by key id; `current` is the one new channels are given keys from."""

    def __init__(self, masters: Mapping[int, bytes], current: int) -> None:
        """Take the masters; `current` must be one of them."""
        self._masters = dict(masters)
        self.current = current
        self._derived = lru_cache(maxsize=_CACHED_KEYS)(self._derive)

    def _derive(self, key_id: int, channel_id: bytes, token_type: TokenType) -> bytes | None:
        master = self._masters.get(key_id)
        return None if master is None else minting_key(master, channel_id, token_type)

    def _key_of(self, token: Token) -> bytes | None:
        return self._derived(token.key_id, token.channel_id, token.type)

    def verify(self, text: str, token_type: TokenType, *, bound: bytes = b"") -> Token:
        """Return the token when a master of ours made it; raise BadTokenError otherwise."""
        return verify(text, token_type, self._key_of, bound=bound)

    @property
    def oldest(self) -> bytes:
        """The first master, which is never removed: what must outlive a change of masters is derived from it."""
        return self._masters[min(self._masters)]

    def page_token(self, token: Token) -> str:
        """Return the token of the recipient's page that belongs to another token of theirs; always the same one."""
        of_page = replace(token, type=TokenType.PAGE)
        key = self._key_of(of_page)
        assert key is not None  # It verified the other one.
        return mint(key, of_page)

    def minting_keys(self, channel_id: bytes) -> dict[TokenType, bytes]:
        """Return the keys that one channel mints with, by token type, under the current key id."""
        master = self._masters[self.current]
        return {token_type: minting_key(master, channel_id, token_type) for token_type in TokenType}


def load(path: Path) -> Masters:
    """Read the secrets file; raise BadSettingError when it is damaged or others may read it; OSError."""
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise BadSettingError(f"{path} can be read by others: run chmod 600 on it.")
    try:
        fields = json.loads(path.read_bytes())
        masters = {int(key_id): base64.urlsafe_b64decode(text) for key_id, text in fields["masters"].items()}
        current = fields["current"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadSettingError(f"{path} is damaged: restore it from a backup.") from error
    if (
        current not in masters
        or any(len(master) != KEY_BYTES for master in masters.values())
        or any(not 0 <= key_id <= 0xFFFF for key_id in masters)
    ):
        raise BadSettingError(f"{path} is damaged: restore it from a backup.")
    return Masters(masters, current)


def create(path: Path) -> None:
    """Write a secrets file with one fresh master, readable by its owner alone."""
    master = base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode("ascii")
    durable.create(path, json.dumps({"current": 1, "masters": {"1": master}}).encode("ascii"), mode=0o600)
