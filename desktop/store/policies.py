"""What is decided from: permission, policies, lists and the ledger's own state, as one transaction sees them.

What the user chose for a person goes before what the account says.  Before the user has answered what they would like
to know, nobody is asked by itself: what is put into mail is switched on by the user.
"""

import sqlite3
from typing import Final

from desktop.core.address import normalised
from desktop.core.arrival import ArrivalKind
from desktop.core.grounds import AskWhen, Grounds, Policy
from desktop.core.noreply import expects_answer
from desktop.core.tell_countries import country_code, country_of
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.do_not_track import is_listed
from desktop.store.ledger import checked_standing, is_sound_in
from desktop.store.proving import own_addresses
from relay.wire.language import Language

_OF_ACCOUNT: Final = "SELECT policy, ask_when, language, country, is_policy_chosen FROM account WHERE id = ?"
_OF_NO_ACCOUNT: Final = (Policy.ASK, AskWhen.NEVER, Language.ENGLISH, "", 0)
_OF_PERSON: Final = "SELECT policy, ask_when, country, asking_wanted_at_ms FROM person WHERE address = ?"
_OF_NOBODY: Final = (None, None, "", None)
_ANSWERED: Final = "SELECT 1 FROM arrival WHERE from_address = ? AND kind = ? AND NOT is_away LIMIT 1"


def grounds(store: Store, address: str, account_id: int, *, is_suppressed: bool) -> Grounds:
    """Return what holds for mail from an account to an address; `is_suppressed` where that person was erased.

    Raises Malformed for no address, StoreTrouble where the file cannot be read.
    """
    person = normalised(address)
    with store.read() as connection:
        permission, is_intact = checked_standing(connection, person)
        own = connection.execute(_OF_PERSON, (person,)).fetchone() or _OF_NOBODY
        policy, ask_when, country, wanted_at_ms = own
        account = connection.execute(_OF_ACCOUNT, (account_id,)).fetchone() or _OF_NO_ACCOUNT
        by_default, when_by_default, language, own_country, is_chosen = account
        return Grounds(
            permission=permission,
            policy=Policy(policy or (by_default if is_chosen else Policy.ASK)),
            ask_when=AskWhen(ask_when or (when_by_default if is_chosen else AskWhen.NEVER)),
            country=country or country_of(person),
            own_country=own_country,
            is_listed=is_suppressed or is_listed(connection, person),
            is_ledger_sound=is_sound_in(store, connection) and is_intact,
            can_answer=expects_answer(person, own_addresses(connection)),
            has_answered=connection.execute(_ANSWERED, (person, ArrivalKind.MAIL)).fetchone() is not None,
            is_asking_wanted=wanted_at_ms is not None,
            asked_at=permission.asked_at,
            language=Language(language),
        )


def is_anybody_told(store: Store) -> bool:
    """Return whether the user chose for some person that they be told instead of asked."""
    with store.read() as connection:
        row = connection.execute("SELECT 1 FROM person WHERE policy = ? LIMIT 1", (Policy.TELL,)).fetchone()
    return row is not None


def set_person_policy(
    store: Store, address: str, policy: Policy | None, ask_when: AskWhen | None, country: str
) -> Change:
    """Keep what holds for one person instead of what the account says; None and an empty country leave that be.

    Raises Malformed for no address, and for a country that ISO 3166-1 does not know.
    """
    person = normalised(address)
    code = country and country_code(country)

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.execute("INSERT OR IGNORE INTO person (address, name) VALUES (?, '')", (person,))
        connection.execute(
            "UPDATE person SET policy = ?, ask_when = ?, country = ? WHERE address = ?",
            (policy, ask_when, code, person),
        )
        return Change(people=frozenset({person})), None

    return store.write(work)[0]
