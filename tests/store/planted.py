"""A person planted in every table that can name one, beside another person who stays."""

import base64
import functools
import ipaddress
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from desktop.core.address import Mailbox
from desktop.core.arrival import ArrivalKind, DeliveryAction, DeliveryReport, Receipt, ReceiptAnswer
from desktop.core.correction import Who
from desktop.core.donottrack import parse_line
from desktop.core.permission import Method
from desktop.core.status import CopyState
from desktop.store.accounts import AccountRow, Security, save_account
from desktop.store.asks import record_ask
from desktop.store.change import Change
from desktop.store.corrections import correct_hit
from desktop.store.database import Store
from desktop.store.do_not_track import add
from desktop.store.hits import record_hits
from desktop.store.mail import NewCopy, record_message, record_outcome
from desktop.store.people import record_grant
from desktop.store.questions import answer_question, questions
from desktop.store.reminders import snooze
from relay.wire.claims import Claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from tests.fakes.mailbox_world import arrival, record, sent
from tests.fakes.samples import SENT_AT, click, facts, hit, tracked_copy

GONE: Final = "planted.person@erased.example"
GONE_NAME: Final = "Plantina Markova"
OTHER_ADDRESS: Final = "plantina@private.example"
STAYS: Final = "bob@lund.example"
GONE_TAG: Final = b"gone-tag"
GONE_TOKEN: Final = b"gone-token-1"
NOW: Final = SENT_AT + timedelta(days=3)
LINKED: Final = GONE.replace("@", "%40")
OCTETS: Final = "plantedoctets"
# What of them stands nowhere but in their own rows.
MARKS: Final = (
    GONE,
    GONE_NAME,
    OTHER_ADDRESS,
    "plantedsubject",
    "plantedagent",
    "plantedevidence",
    "plantedlink",
    "plantedreply",
    "planteddiagnostic",
    "plantednote",
    OCTETS,
    "203.0.113.0/24",
    LINKED,
)
ACCOUNT: Final = AccountRow(
    id=0,
    label="Work",
    host="smtp.sender.example",
    port=465,
    security=Security.TLS,
    user="kim",
    identities=(Mailbox("Kim", "kim@sender.example"),),
)


@functools.cache
def planted_file() -> Path:
    """Return a file that is planted once, to be copied."""
    path = Path(tempfile.mkdtemp()) / "store.sqlite3"
    store = Store(path, clock=lambda: NOW)
    store._writer.submit(store._connection.execute, "PRAGMA synchronous = OFF").result()
    plant(store)
    store.rewrite()
    store.close()
    return path


@contextmanager
def planted(folder: Path) -> Iterator[Store]:
    """Lend a store with both people in it, in a file of the folder."""
    path = folder / "store.sqlite3"
    shutil.copy(planted_file(), path)
    store = Store(path, clock=lambda: NOW)
    # What is durable is shown elsewhere.
    store._writer.submit(store._connection.execute, "PRAGMA synchronous = OFF").result()
    try:
        yield store
    finally:
        store.close()


def plant(store: Store) -> None:
    """Fill a store."""
    save_account(store, ACCOUNT)
    for address, name in ((GONE, GONE_NAME), (STAYS, "Bob")):
        record_grant(
            store,
            address=address,
            name=name,
            purposes=frozenset({Purpose.OPENS, Purpose.CLICKS}),
            method=Method.SPOKEN,
            evidence="plantedevidence" if address == GONE else "at the fair",
            at=SENT_AT,
        )
    _mail_to_them_alone(store)
    _mail_to_both(store)
    _mail_that_came(store)
    store.write(_list_as_before)
    add(store, parse_line("spam.example"), f"as {GONE} said", NOW)


def _list_as_before(connection: sqlite3.Connection) -> tuple[Change, None]:
    """Put them on the do-not-track list as the versions did for which that was no answer of theirs."""
    connection.execute(
        "INSERT INTO do_not_track (kind, value, note, at_ms) VALUES ('address', ?, 'plantednote', 1)", (GONE,)
    )
    return Change(settings=True), None


def _mail_to_them_alone(store: Store) -> None:
    copy = tracked_copy(GONE, name=GONE_NAME, tag=GONE_TAG)
    picture, link = copy.tokens
    tokens = (replace(picture, random_id=GONE_TOKEN), replace(link, destination="https://x.example/plantedlink"))
    _, (copy_id,) = record_message(
        store,
        account_id=1,
        facts=facts(subject="plantedsubject", message_id="<alone@sender.example>"),
        at=SENT_AT,
        copies=(replace(copy, tokens=tokens),),
        original=f"To: {OCTETS}\r\n\r\n".encode(),
    )
    record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT, reply="250 plantedreply")
    network = ipaddress.ip_network("203.0.113.0/24")
    opened = replace(hit(token_id=GONE_TOKEN, agent="plantedagent"), network=network)
    record_hits(store, [opened, replace(click(token_id=link.random_id), network=network)], now=NOW)
    correct_hit(store, opened.id, Who.MACHINE, now=NOW)
    claims = Claims(sender="Kim", language=Language.ENGLISH, purposes=frozenset({Purpose.OPENS}))

    def ask(connection: sqlite3.Connection) -> tuple[Change, None]:
        record_ask(
            connection,
            copy_id=copy_id,
            address=GONE,
            token_id=b"gone-asked-1",
            tag=b"gone-ask",
            generation=1,
            claims=claims,
            at=SENT_AT,
        )
        return Change(), None

    store.write(ask)
    (card,) = _conversations(store)
    snooze(store, card, NOW + timedelta(days=5), NOW)


def _conversations(store: Store) -> list[int]:
    with store.read() as connection:
        return [id_ for (id_,) in connection.execute("SELECT id FROM conversation")]


def _mail_to_both(store: Store) -> None:
    """Record a mail to both, and one to the other that speaks of the first; only the other opens."""
    stays = tracked_copy(STAYS, name=f"Bob ({GONE})", tag=b"stay-tag")
    picture, link = stays.tokens
    stays = replace(stays, tokens=(picture, replace(link, destination=f"https://x.example/?to%3D{LINKED}&x=1")))
    _, ids = record_message(
        store,
        account_id=1,
        facts=facts(subject=f"For {GONE.title()} and you", message_id="<both@sender.example>"),
        at=SENT_AT,
        copies=(tracked_copy(GONE, name=GONE_NAME, tag=GONE_TAG), stays),
        original=f"To: {GONE}\r\n\r\n".encode(),
    )
    for copy_id in ids:
        record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT, reply=f"250 ok for {GONE}")
    record_hits(store, [hit(token_id=stays.tokens[0].random_id)], now=NOW)
    third = NewCopy(address=STAYS, name="Bob")
    record_message(
        store,
        account_id=1,
        facts=facts(subject="Bob's", message_id="<bobs@sender.example>"),
        at=SENT_AT,
        copies=(third,),
    )


def _mail_that_came(store: Store) -> None:
    failed = DeliveryReport(recipient=GONE, action=DeliveryAction.FAILED, diagnostic="550 planteddiagnostic")
    delayed = DeliveryReport(recipient=STAYS, action=DeliveryAction.DELAYED, diagnostic=f"like <{GONE}>")
    kept = DeliveryReport(recipient=STAYS, action=DeliveryAction.DELAYED, diagnostic="451 later")
    record(
        store,
        arrival("<r1@a>", "<alone@sender.example>", sender=GONE, name=GONE_NAME, subject="Re: plantedsubject"),
        arrival("<r2@a>", "<both@sender.example>", sender=GONE, name=GONE_NAME),
        arrival("<r3@b>", "<both@sender.example>", sender=STAYS, name="Bob", subject=f"Re: as <{GONE}> said"),
        arrival("<r6@b>", sender=STAYS, name="Bob", subject=f"Re: {GONE.upper()}"),
        arrival("<r7@c>", "<both@sender.example>", sender="docs@x.example", name=f"{GONE} (by Docs)", subject="Shared"),
        arrival("<r8@c>", "<alone@sender.example>", sender="desk@x.example", name="A desk", subject="plantedsubject!"),
        arrival("<r4@a>", "<synced@s>", sender=OTHER_ADDRESS, name=GONE_NAME, subject="Re: x"),
        arrival("<r5@a>", "<elsewhere@x>", sender=OTHER_ADDRESS, name=GONE_NAME, subject="Something else"),
        arrival(
            "<d@x>",
            "<both@sender.example>",
            kind=ArrivalKind.BOUNCE,
            sender="mailer-daemon@x.example",
            subject="Undelivered",
            deliveries=(failed, delayed, kept),
        ),
        arrival("<loose@x>", sender="mailer-daemon@x.example", kind=ArrivalKind.BOUNCE, deliveries=(failed,)),
        arrival(
            "<seen@x>",
            "<both@sender.example>",
            sender="phone@x.example",
            kind=ArrivalKind.RECEIPT,
            receipt=Receipt(recipient=GONE, answer=ReceiptAnswer.DISPLAYED, is_automatic=False),
        ),
        sent("<synced@s>", to=(GONE,), subject="plantedsubject found in Sent"),
    )
    asked = next(each for each in questions(store) if each.sender.address == OTHER_ADDRESS)
    answer_question(store, asked.arrival_id, asked.candidates[0].copy_id)


def found_in(folder: Path, marks: tuple[str, ...] = MARKS) -> dict[str, set[str]]:
    """Return in which files of a folder each mark stands, in letters of any case, base64 or hex."""
    texts = {path.name: path.read_bytes().lower() for path in folder.rglob("*") if path.is_file()}
    return {
        mark: {name for name, text in texts.items() if any(each.lower() in text for each in _spellings(mark))}
        for mark in marks
    }


def _spellings(mark: str) -> list[bytes]:
    octets = mark.encode()
    coded = [base64.b64encode(b"\0" * skipped + octets).rstrip(b"=") for skipped in range(3)]
    inner = [each[(0, 2, 3)[skipped] : -1] for skipped, each in enumerate(coded)]
    return [octets, octets.hex().encode(), *inner]
