"""The user's accounts at providers: where mail is handed in and fetched, and as whom; secrets are in the vault."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from desktop.core.address import Mailbox
from desktop.core.grounds import AskWhen, Policy
from desktop.store.change import Change
from desktop.store.columns import from_json, to_json
from desktop.store.database import Store
from relay.wire.language import Language

_COLUMNS = (
    "id, label, host, port, security, user, identities, shared_copy_only, convert_flowed, ca_file, imap_host,"
    " imap_port, imap_security, imap_user, auth, oauth_provider, wait_days, history_days, keeps_sent_clean, policy,"
    " ask_when, language, country, adds_confirm, sunset_days, is_policy_chosen"
)
_FORGET_ORIGINALS = "DELETE FROM original WHERE message_id IN (SELECT id FROM message WHERE account_id = ?)"
DEFAULT_WAIT_DAYS = 3
DEFAULT_HISTORY_DAYS = 90
DEFAULT_SUNSET_DAYS = 90


class Security(StrEnum):
    """How the connection to the provider is protected; there is no plain one."""

    TLS = "tls"
    STARTTLS = "starttls"


class Auth(StrEnum):
    """How the user signs in: with a password, or at the provider's own page (OAuth 2.0)."""

    PASSWORD = "password"
    OAUTH2 = "oauth2"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One account; `id` is 0 until it is saved, `ca_file` an authority to trust besides the system's.

    An empty `imap_host` means that no incoming mail is read, an empty `imap_user` that it is `user` there too.
    `oauth_provider` is the key of a provider in `accounts.oauth`; it is empty where a password is used.  `wait_days`
    are working days until silence is a reason to follow up, `history_days` calendar days of Sent that are read.
    `keeps_sent_clean` allows tracked copies that the provider filed in Sent to be replaced by the untouched message.

    `policy`, `ask_when`, `language` and `country` (the sender's own, ISO 3166-1 alpha-2, empty where not known) are
    what grounds begin from.  Until `is_policy_chosen`, when the user has answered what they would like to know, nobody
    is asked by itself.  `adds_confirm` switches the "Got it" marker on.  After `sunset_days` mail is tracked no more.
    """

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
    imap_host: str = ""
    imap_port: int = 993
    imap_security: Security = Security.TLS
    imap_user: str = ""
    auth: Auth = Auth.PASSWORD
    oauth_provider: str = ""
    wait_days: int = DEFAULT_WAIT_DAYS
    history_days: int = DEFAULT_HISTORY_DAYS
    keeps_sent_clean: bool = False
    policy: Policy = Policy.ASK
    ask_when: AskWhen = AskWhen.ANSWERED
    language: Language = Language.ENGLISH
    country: str = ""
    adds_confirm: bool = False
    sunset_days: int = DEFAULT_SUNSET_DAYS
    is_policy_chosen: bool = False

    @property
    def address(self) -> str:
        """The address by which the user knows the account: several may share a server."""
        return self.identities[0].address if self.identities else self.user


def accounts(store: Store) -> tuple[AccountRow, ...]:
    """Return all accounts in the order they were made."""
    with store.read() as connection:
        rows = connection.execute(f"SELECT {_COLUMNS} FROM account ORDER BY id").fetchall()  # noqa: S608 - a constant
    return tuple(_row(*row) for row in rows)


def _row(id_: int, *values: Any) -> AccountRow:
    label, host, port, security, user, identities, shared, flowed, ca_file, *incoming = values
    imap_host, imap_port, imap_security, imap_user, auth, oauth_provider, wait_days, history_days, clean, *asking = (
        incoming
    )
    policy, ask_when, language, country, adds_confirm, sunset_days, is_policy_chosen = asking
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
        imap_host=imap_host,
        imap_port=imap_port,
        imap_security=Security(imap_security),
        imap_user=imap_user,
        auth=Auth(auth),
        oauth_provider=oauth_provider,
        wait_days=wait_days,
        history_days=history_days,
        keeps_sent_clean=bool(clean),
        policy=Policy(policy),
        ask_when=AskWhen(ask_when),
        language=Language(language),
        country=country,
        adds_confirm=bool(adds_confirm),
        sunset_days=sunset_days,
        is_policy_chosen=bool(is_policy_chosen),
    )


def save_account(store: Store, account: AccountRow) -> tuple[Change, int]:
    """Keep an account, a new one where its id is 0; return its id.

    Where Sent is not kept clean (any more), no original stays.
    """

    def work(connection: sqlite3.Connection) -> tuple[Change, int]:
        identities = to_json([[each.name, each.address] for each in account.identities])
        cursor = connection.execute(
            f"INSERT OR REPLACE INTO account ({_COLUMNS}) VALUES ({', '.join('?' * 26)})",  # noqa: S608 - a constant
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
                account.imap_host,
                account.imap_port,
                account.imap_security.value,
                account.imap_user,
                account.auth.value,
                account.oauth_provider,
                account.wait_days,
                account.history_days,
                account.keeps_sent_clean,
                account.policy,
                account.ask_when,
                account.language,
                account.country,
                account.adds_confirm,
                account.sunset_days,
                account.is_policy_chosen,
            ),
        )
        if not account.keeps_sent_clean:
            connection.execute(_FORGET_ORIGINALS, (account.id,))
        return Change(accounts=True), account.id or int(cursor.lastrowid or 0)

    return store.write(work)


def delete_account(store: Store, account_id: int) -> Change:
    """Forget an account, how far its folders were read, and originals; what is known of its mail stays."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.execute(_FORGET_ORIGINALS, (account_id,))
        connection.execute("DELETE FROM folder WHERE account_id = ?", (account_id,))
        gone = connection.execute("DELETE FROM account WHERE id = ?", (account_id,)).rowcount
        return Change(accounts=gone > 0), None

    return store.write(work)[0]
