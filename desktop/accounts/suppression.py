"""Who was erased and is to be let alone, known by a hash alone: HMAC of the address under a key in the vault.

A mark begins with a name of its key.  So the store can tell marks that were made under another key, as after a keyring
was lost: then nobody can be told apart from those who were erased, and everybody is let alone.
"""

import hmac
import secrets
from typing import Final

from desktop.accounts.vault import Vault
from desktop.core.address import normalised, shown, without_detail
from desktop.core.errors import StoreTrouble
from desktop.core.keep import Keep
from desktop.store.database import Store
from desktop.store.erase import KEY_NAME_BYTES, has_suppressed, is_suppressed

SUPPRESSION_SECRET: Final = "suppression"
_KEY_BYTES: Final = 32
_HASH_BYTES: Final = 24


def mark_of(vault: Vault, address: str) -> bytes | None:
    """Return the mark of an address; None where there is no key.  Raises StoreTrouble, and Malformed for no address."""
    key = vault.get(SUPPRESSION_SECRET)
    return None if key is None else _mark(_key_of(key), normalised(address))


def new_mark(vault: Vault, address: str) -> bytes:
    """Return the mark of an address that is to be suppressed, under a new key where there is none; raise as above.

    A key that ends with the session would let everybody alone from the next start on: StoreTrouble.
    """
    known = mark_of(vault, address)
    if known is not None:
        return known
    if vault.where is Keep.SESSION:
        raise StoreTrouble(
            "Passwords are kept for this session only, so whoever is erased could not be let alone later.",
            "Choose another place under Settings → Accounts → Keep passwords in, then erase them.",
        )
    key = secrets.token_bytes(_KEY_BYTES)
    vault.put(SUPPRESSION_SECRET, key.hex())
    return _mark(key, normalised(address))


def is_let_alone(store: Store, vault: Vault, address: str) -> bool:
    """Return whether an address was erased, or may have been: the key is gone or cannot be asked for.

    The vault is asked only where anybody was erased at all.  Raises StoreTrouble when the store cannot be read.
    """
    if not has_suppressed(store):
        return False
    try:
        key = vault.get(SUPPRESSION_SECRET)
        marks = [None] if key is None else [_mark(_key_of(key), each) for each in sorted(_spellings(address))]
    except StoreTrouble:
        return True
    return any(is_suppressed(store, mark) for mark in marks)


def _spellings(address: str) -> frozenset[str]:
    """Return under what somebody may have been erased: without a detail, and once under a domain's other spelling."""
    person = normalised(address)
    known = {person, without_detail(person)}
    return frozenset(known | {shown(each) for each in known})


def _mark(key: bytes, address: str) -> bytes:
    name = hmac.digest(key, b"readback suppression key", "sha256")[:KEY_NAME_BYTES]
    return name + hmac.digest(key, b"readback suppression\x00" + address.encode(), "sha256")[:_HASH_BYTES]


def _key_of(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise StoreTrouble(
            "The key by which erased people are known is damaged.",
            "Put back the secrets as they were; until then nobody is tracked.",
        )
    return key
