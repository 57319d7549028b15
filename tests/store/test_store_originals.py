"""Originals: kept with the message, found by account, let go of by every way that ends the need."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from desktop.core.address import Mailbox
from desktop.core.status import CopyState
from desktop.store.accounts import AccountRow, Security, accounts, delete_account, save_account
from desktop.store.arrivals import SentMail
from desktop.store.change import Change
from desktop.store.columns import to_ms
from desktop.store.database import Store
from desktop.store.mail import record_message, record_outcome
from desktop.store.originals import OriginalRow, expire_originals, forget_original, original_octets, originals
from tests.fakes.mailbox_world import OWN, mail_facts, record
from tests.fakes.samples import SENT_AT, facts, tracked_copy

OCTETS = b"From: kim@sender.example\r\nSubject: Offer\r\n\r\nSecret words \xff\x00\r\n"
ACCOUNT = AccountRow(
    id=0,
    label="",
    host="",
    port=1,
    security=Security.TLS,
    user="",
    identities=(Mailbox("Kim", OWN),),
    keeps_sent_clean=True,
)


def send(store: Store, *, account_id: int = 1, number: int = 1) -> frozenset[bytes]:
    """Record a message with its original; return its tokens' ids."""
    copy = tracked_copy()
    _, (copy_id,) = record_message(
        store,
        account_id=account_id,
        facts=facts(message_id=f"<{number}@sender.example>"),
        at=SENT_AT + timedelta(hours=number),
        copies=(copy,),
        original=OCTETS,
    )
    record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT)
    return frozenset(token.random_id for token in copy.tokens)


def test_an_original_is_kept_with_its_names_and_tokens(store: Store) -> None:
    """Octet by octet, with what its copies are recognised by; another account's are its own."""
    first, second = send(store, number=1), send(store, number=2)
    send(store, number=3, account_id=2)
    kept = originals(store, 1)
    assert kept == (
        OriginalRow(message_id=1, names=("<1@sender.example>",), at=SENT_AT + timedelta(hours=1), random_ids=first),
        OriginalRow(message_id=2, names=("<2@sender.example>",), at=SENT_AT + timedelta(hours=2), random_ids=second),
    )
    assert original_octets(store, 1) == OCTETS
    assert [each.message_id for each in originals(store, 2)] == [3]


def test_a_message_without_an_original_keeps_none(store: Store) -> None:
    """Unless it is handed over, nothing of the text stays."""
    record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(tracked_copy(),))
    assert originals(store, 1) == ()


def test_a_name_that_the_provider_gave_it_is_known_too(store: Store) -> None:
    """In Sent it stands under another Message-ID: both find it, its own first."""
    own = mail_facts(message_id="<own@x>", to=("anna@becker.example",))
    record_message(store, account_id=1, facts=own, at=SENT_AT, copies=(tracked_copy(),), original=OCTETS)
    given = replace(own, message_id="<a-given@x>")
    found = SentMail(facts=given, at=SENT_AT, recipients=())
    record(store, found)
    (kept,) = originals(store, 1)
    assert kept.names == ("<own@x>", "<a-given@x>")


def clean_since(store: Store) -> list[int | None]:
    """Return for each message since when Sent is known to be clean."""
    with store.read() as connection:
        rows = connection.execute("SELECT sent_clean_at_ms FROM message ORDER BY id").fetchall()
    return [at_ms for (at_ms,) in rows]


def test_an_original_that_was_forgotten_is_gone(store: Store) -> None:
    """Once, again without effect, and while another stays; since when Sent was clean is kept of that one alone."""
    send(store, number=1)
    send(store, number=2)
    assert forget_original(store, 1, clean_at=SENT_AT).copies == frozenset({1})
    assert forget_original(store, 1, clean_at=SENT_AT + timedelta(hours=1)) == Change()
    assert clean_since(store) == [to_ms(SENT_AT), None]
    assert [each.message_id for each in originals(store, 1)] == [2]
    with pytest.raises(LookupError, match="message 1"):
        original_octets(store, 1)
    assert original_octets(store, 2) == OCTETS


def test_what_is_old_expires(store: Store) -> None:
    """Before the instant, not at it; that its time was up says nothing of Sent."""
    for number in (1, 2, 3):
        send(store, number=number)
    assert expire_originals(store, SENT_AT + timedelta(hours=2)) == 1
    assert clean_since(store) == [None, None, None]
    assert [each.message_id for each in originals(store, 1)] == [2, 3]


def test_who_ends_it_or_goes_leaves_no_original(store: Store) -> None:
    """Saved on, they stay; switched off, or the account forgotten, they go, and another account's stay."""
    ids = [save_account(store, replace(ACCOUNT, label=label))[1] for label in ("one", "two", "three")]
    assert [row.keeps_sent_clean for row in accounts(store)] == [True, True, True]
    for number, account_id in enumerate(ids, start=1):
        send(store, number=number, account_id=account_id)
    kept = {row.id: row for row in accounts(store)}
    save_account(store, replace(kept[ids[0]], label="still on"))
    save_account(store, replace(kept[ids[1]], keeps_sent_clean=False))
    delete_account(store, ids[2])
    assert [len(originals(store, account_id)) for account_id in ids] == [1, 0, 0]


def test_without_its_message_no_original_is_kept(store: Store) -> None:
    """Both are one transaction: where the message cannot be recorded, its text is not on the disk."""
    twice = tracked_copy()
    with pytest.raises(sqlite3.IntegrityError):
        record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(twice, twice), original=OCTETS)
    assert originals(store, 1) == ()
