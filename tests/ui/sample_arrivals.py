"""Mail that came in, written into a store as a sync writes it: replies, absences, bounces, receipts, and silence."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from desktop.core.address import Mailbox
from desktop.core.arrival import (
    Arrival,
    ArrivalKind,
    DeliveryAction,
    DeliveryReport,
    FailureReason,
    Receipt,
    ReceiptAnswer,
)
from desktop.core.parse import MessageFacts
from desktop.store.accounts import save_account
from desktop.store.arrivals import Batch, Recipient, SentMail, record_batch
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.folders import FolderRole, FolderRow
from tests.ui.sample_data import ACCOUNT, HOSTILE, NOW

KIM = Mailbox("Kim Larsen", "kim@larsen-office.example")
READ_ACCOUNT = replace(ACCOUNT, imap_host="imap.larsen-office.example")


@dataclass
class Mailboxes:
    """Writes what a sync finds; Message-IDs come from the subject, so a store is the same every time."""

    store: Store
    is_news: bool = True

    def sent(self, subject: str, at: datetime, *people: Mailbox, message_id: str = "", asks: bool = False) -> str:
        """Find a mail in Sent that a phone sent; return its Message-ID."""
        message_id = message_id or f"<{subject.replace(' ', '-').lower()}@phone.example>"
        facts = _facts(subject, KIM, message_id, to=people)
        to = tuple(Recipient(address=each.address, name=each.name) for each in people)
        self._record(
            FolderRole.SENT, sent=(SentMail(facts=replace(facts, date=at), at=at, recipients=to, asks_receipt=asks),)
        )
        return message_id

    def came(self, kind: ArrivalKind, subject: str, from_: Mailbox, at: datetime, about: str, **more: object) -> Change:
        """Find a mail in the inbox that is about one of ours."""
        is_mail = kind is ArrivalKind.MAIL
        name = f"<{kind}-{at:%d%H%M%S}@{from_.address.rpartition('@')[2]}>"
        facts = _facts(subject, from_, name, to=(KIM,), parents=(about,) if about and is_mail else ())
        arrival = Arrival(kind=kind, facts=facts, at=at, about_ids=() if is_mail else (about,))
        return self._record(FolderRole.INBOX, arrivals=(replace(arrival, **more),))  # type: ignore[arg-type]

    def _record(
        self, role: FolderRole, *, sent: tuple[SentMail, ...] = (), arrivals: tuple[Arrival, ...] = ()
    ) -> Change:
        folder = FolderRow(account_id=1, name=role.value.capitalize(), role=role, uid_validity=7, next_uid=9)
        batch = Batch(account_id=1, folder=folder, sent=sent, arrivals=arrivals, is_news=self.is_news)
        return record_batch(self.store, batch, now=NOW)


def _facts(
    subject: str, from_: Mailbox, message_id: str, *, to: Sequence[Mailbox], parents: Sequence[str] = ()
) -> MessageFacts:
    return MessageFacts(
        subject=subject,
        from_=from_,
        to=tuple(to),
        cc=(),
        message_id=message_id,
        in_reply_to=parents[0] if parents else "",
        references=tuple(parents),
        date=None,
    )


ANNA = Mailbox("Anna Berg", "anna.berg@fjord.example")
MARCO = Mailbox("Marco Rossi", "marco.rossi@gmail.example")
LENA = Mailbox("Lena Hoch", "lena@studio-hoch.example")
YUKI = Mailbox("Yuki Tanaka", "yuki.tanaka@umi.example")
PETR = Mailbox("Petr Novák", "p.novak@novak-sons.example")
SINEAD = Mailbox("Sinéad O'Neill", "s.oneill@harbour.example")
TOMAS = Mailbox("Tomás Alves", "tomas@alves-metal.example")
INES = Mailbox("Inês Prado", "ines.prado@prado.example")
JONAS = Mailbox("Jonas Weber", "jonas.weber@weber-bau.example")
DAEMON = Mailbox("Mail Delivery System", "mailer-daemon@mx.novak-sons.example")


def failed(address: str, reason: FailureReason) -> tuple[DeliveryReport, ...]:
    """Return a report that a mail to an address was not delivered."""
    said = f"550 5.1.1 <{address}>: Recipient address rejected: User unknown in local recipient table"
    report = DeliveryReport(
        recipient=address, action=DeliveryAction.FAILED, status="5.1.1", reason=reason, diagnostic=said
    )
    return (report,)


def fill_incoming(store: Store) -> None:
    """Write two weeks of mail from a phone, and what came back, into a store; the account is saved as well."""
    save_account(store, replace(READ_ACCOUNT, id=0))
    mail = Mailboxes(store)
    days = timedelta(days=1)
    quote = mail.sent("Quote for the office chairs", NOW - 8 * days, ANNA)
    mail.came(ArrivalKind.MAIL, "Re: Quote for the office chairs", ANNA, NOW - 7 * days, quote)
    mail.sent("Meeting room, first draft", NOW - 6 * days, MARCO)
    mail.sent("Meeting room, second draft", NOW - 8 * days, MARCO)
    mail.sent("Lamps for the reading corner", NOW - 9 * days, YUKI)
    away = mail.sent("Contract renewal", NOW - 2 * days, LENA)
    mail.came(
        ArrivalKind.AUTO_REPLY,
        "Abwesend: Contract renewal",
        LENA,
        NOW - 2 * days + timedelta(minutes=1),
        away,
        is_away=True,
        returns_on=date(2026, 5, 11),
    )
    lost = mail.sent("Delivery on Friday", NOW - days, PETR)
    mail.came(
        ArrivalKind.BOUNCE,
        "Undelivered Mail Returned to Sender",
        DAEMON,
        NOW - days + timedelta(minutes=1),
        lost,
        deliveries=failed(PETR.address, FailureReason.UNKNOWN_USER),
    )
    asked = mail.sent("Samples", NOW - 3 * days, TOMAS)
    mail.came(
        ArrivalKind.MAIL, "Re: Samples", Mailbox("T. Alves", "t.alves@home.example"), NOW - timedelta(hours=3), asked
    )
    doubtful = mail.sent("Price list", NOW - 4 * days, INES)
    mail.came(
        ArrivalKind.SUSPECTED_BOUNCE,
        "Problema com a sua mensagem",
        Mailbox("", "postmaster@prado.example"),
        NOW - timedelta(hours=5),
        doubtful,
        deliveries=(DeliveryReport(recipient=INES.address, action=DeliveryAction.FAILED),),
    )
    read = mail.sent("Terms and conditions", NOW - days, JONAS, asks=True)
    receipt = Receipt(recipient=JONAS.address, answer=ReceiptAnswer.DISPLAYED, is_automatic=False)
    mail.came(
        ArrivalKind.RECEIPT, "Gelesen: Terms and conditions", JONAS, NOW - timedelta(hours=20), read, receipt=receipt
    )
    mail.sent("Thursday", NOW - timedelta(hours=2), SINEAD)


def hostile(store: Store) -> None:
    """Write a mail and a report whose every text would be markup somewhere."""
    mail = Mailboxes(store)
    eve = Mailbox(HOSTILE, "eve@x.example")
    sent = mail.sent(HOSTILE, NOW - timedelta(days=9), eve, message_id="<hostile@phone.example>")
    report = DeliveryReport(recipient=eve.address, action=DeliveryAction.FAILED, diagnostic=HOSTILE)
    mail.came(ArrivalKind.BOUNCE, HOSTILE, eve, NOW - timedelta(days=8), sent, deliveries=(report,))
