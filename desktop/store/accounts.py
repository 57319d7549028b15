"""The user's accounts at providers: where mail is handed in and as whom; passwords are in the vault, never here."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from desktop.core.address import Mailbox
from desktop.store.change import Change
from desktop.store.columns import from_json, to_json
from desktop.store.database import Store

_COLUMNS = "id, label, host, port, security, user, identities, shared_copy_only, convert_flowed, ca_file"


class Security(StrEnum):
    """How the connection to the provider is protected; there is no plain one."""

    TLS = "tls"
    STARTTLS = "starttls"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One account; `id` is 0 until it is saved, `ca_file` an authority to trust besides the system's."""

    id: int
    label: str
    host: str
    port: int
    security: Security
    user: str
    identities: tuple[Mailbox, ...]
    shared_copy_only: bool = False
    convert_flowed: bool = True
    ca_file: str | None = None


def accounts(store: Store) -> tuple[AccountRow, ...]:
    """Return all accounts in the order they were made."""
    with store.read() as connection:
        rows = connection.execute(f"SELECT {_COLUMNS} FROM account ORDER BY id").fetchall()  # noqa: S608 - a constant
    return tuple(_row(*row) for row in rows)


def _row(id_: int, *values: Any) -> AccountRow:
    label, host, port, security, user, identities, shared, flowed, ca_file = values
    return AccountRow(
        id=id_,
        label=label,
        host=host,
        port=port,
        security=Security(security),
        user=user,
        identities=tuple(Mailbox(name, address) for name, address in from_json(identities)),
        shared_copy_only=bool(shared),
        convert_flowed=bool(flowed),
        ca_file=ca_file,
    )


def save_account(store: Store, account: AccountRow) -> tuple[Change, int]:
    """Keep an account, a new one where its id is 0; return its id."""

    def work(connection: sqlite3.Connection) -> tuple[Change, int]:
        identities = to_json([[each.name, each.address] for each in account.identities])
        cursor = connection.execute(
            f"INSERT OR REPLACE INTO account ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
            (
                account.id or None,
                account.label,
                account.host,
                account.port,
                account.security.value,
                account.user,
                identities,
                account.shared_copy_only,
                account.convert_flowed,
                account.ca_file,
            ),
        )
        return Change(accounts=True), account.id or int(cursor.lastrowid or 0)

    return store.write(work)


def delete_account(store: Store, account_id: int) -> Change:
    """Forget an account; mail sent through it stays."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        gone = connection.execute("DELETE FROM account WHERE id = ?", (account_id,)).rowcount
        return Change(accounts=gone > 0), None

    return store.write(work)[0]
