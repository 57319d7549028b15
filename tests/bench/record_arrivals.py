"""How fast arrivals are kept, linked and unlinked, and what a quarter's mail takes on disk.

Run: python tests/bench/record_arrivals.py [arrivals]
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from desktop.core.address import Mailbox  # noqa: E402
from desktop.core.arrival import Arrival, ArrivalKind  # noqa: E402
from desktop.core.parse import MessageFacts  # noqa: E402
from desktop.store.arrivals import Batch, Recipient, SentMail, record_batch  # noqa: E402
from desktop.store.database import Store  # noqa: E402
from desktop.store.folders import FolderRole, FolderRow  # noqa: E402
from tests.fakes.samples import SENT_AT  # noqa: E402

BATCH = 1_000
NOW = SENT_AT + timedelta(days=100)
SENT = 5_000


def facts(sender: str, subject: str, message_id: str, *refs: str) -> MessageFacts:
    return MessageFacts(
        subject=subject,
        from_=Mailbox("Somebody Writing", sender),
        to=(Mailbox("", "kim@sender.example"),),
        cc=(),
        message_id=message_id,
        in_reply_to=refs[-1] if refs else "",
        references=refs,
        date=SENT_AT,
    )


def unlinked(count: int) -> Iterator[Arrival]:
    """Yield what an inbox is full of: newsletters, and threads of other people with some references each."""
    for number in range(count):
        is_mail = number % 3 == 0
        refs = tuple(f"<{number // 5}.{depth}.CAJ8x7Qk1m2n3b4v5@mail.example.com>" for depth in range(4))
        yield Arrival(
            kind=ArrivalKind.MAIL if is_mail else ArrivalKind.BULK,
            facts=facts(
                f"person{number % 700}@somewhere.example",
                f"Re: a subject of middling length, number {number}" if number % 4 else f"News {number}",
                f"<{number}.CAJ8x7Qk1m2n3b4v5c6x7z8@mail.example.com>",
                *(refs if is_mail and number % 2 else ()),
            ),
            at=SENT_AT + timedelta(minutes=number % 100_000),
        )


def sent(count: int) -> Iterator[SentMail]:
    for number in range(count):
        person = f"person{number % 700}@somewhere.example"
        refs = (f"<sent{number - 700}@sender.example>",) if number >= 700 and number % 3 else ()
        yield SentMail(
            facts=facts("kim@sender.example", f"Offer {number}", f"<sent{number}@sender.example>", *refs),
            at=SENT_AT + timedelta(minutes=number),
            recipients=(Recipient(address=person, name="Somebody Writing"),),
        )


def replies(count: int) -> Iterator[Arrival]:
    for number in range(count):
        yield Arrival(
            kind=ArrivalKind.MAIL,
            facts=facts(
                f"person{number % 700}@somewhere.example",
                f"Re: Offer {number}",
                f"<reply{number}@somewhere.example>",
                f"<sent{number}@sender.example>",
            ),
            at=SENT_AT + timedelta(minutes=number + 30),
        )


def keep(store: Store, *, sent_: list[SentMail], arrivals: list[Arrival]) -> tuple[float, float]:
    """Keep them in batches; return seconds by the clock, and seconds of this process's own work."""
    folder = FolderRow(account_id=1, name="INBOX", role=FolderRole.INBOX, uid_validity=1, next_uid=1)
    begun, worked = time.perf_counter(), time.process_time()
    for start in range(0, max(len(sent_), len(arrivals)), BATCH):
        chunk = slice(start, start + BATCH)
        batch = Batch(account_id=1, folder=folder, sent=tuple(sent_[chunk]), arrivals=tuple(arrivals[chunk]))
        record_batch(store, batch, now=NOW)
    return time.perf_counter() - begun, time.process_time() - worked


def told(what: str, count: int, took: tuple[float, float], more: str = "") -> None:
    clock_s, work_s = took
    each = f"{clock_s / count * 1e3:.3f} ms each, {work_s / count * 1e3:.3f} ms of work"
    print(f"{what:9}{count:8,}: {clock_s:6.2f} s, {each}{more}")  # noqa: T201


def size_of(path: Path) -> float:
    return sum(each.stat().st_size for each in path.parent.iterdir()) / 1e6


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.sqlite"
        store = Store(path, clock=lambda: NOW)
        took = keep(store, sent_=list(sent(SENT)), arrivals=[])
        before = size_of(path)
        told("sent", SENT, took, f", {before:.1f} MB")
        mails = list(unlinked(count))
        took = keep(store, sent_=[], arrivals=mails)
        told("unlinked", count, took, f", {size_of(path) - before:.1f} MB")
        told("again", count, keep(store, sent_=[], arrivals=mails))
        told("replies", SENT, keep(store, sent_=[], arrivals=list(replies(SENT))))
        told("one more", 1, keep(store, sent_=[], arrivals=list(replies(SENT + 1))[-1:]))
        told("one sent", 1, keep(store, sent_=list(sent(SENT + 1))[-1:], arrivals=[]))
        store.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
