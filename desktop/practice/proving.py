"""The story's end: what an ordinary tracker would have said, what the relay knows, and where everybody stands.

Figures are counted from the store's raw hits and its statuses, each for itself.
"""

import base64
from collections.abc import Iterator
from typing import Final

from desktop.core.status import Aside, EvidenceKind, Rung
from desktop.practice import cast
from desktop.practice.mails import EVERY, OFFER
from desktop.practice.marks import search
from desktop.practice.stage import Stage, must_equal
from desktop.practice.table import table
from relay.wire.hit import HitKind

# The line of figures is quoted elsewhere: its wording stays, what comes to it is appended.
FIGURES: Final = "An ordinary tracker:"
MARKS: Final = tuple(
    dict.fromkeys(
        [
            *(text for person in cast.EVERYBODY for text in (person.mailbox.name, person.address)),
            cast.SENDER.name,
            cast.SENDER.address,
            *(mail.subject for mail in EVERY),
        ],
    ),
)


def compare_figures(stage: Stage) -> Iterator[str]:
    """Count as an ordinary tracker would, every request for a picture or link, and as Readback does."""
    kinds = [raw.hit.kind for raw in stage.desk.raw_hits()]
    opens, clicks = kinds.count(HitKind.OPEN), kinds.count(HitKind.CLICK)
    must_equal(
        (stage.requests.count(HitKind.OPEN), stage.requests.count(HitKind.CLICK)),
        (opens, clicks),
        "as the pictures and links asked for",
    )
    statuses = [view.status for view in stage.desk.copies()]
    sent = [status for status in statuses if any(line.kind is EvidenceKind.SENT for line in status.evidence)]
    opened = sum(status.opened_at is not None and not status.is_open_inferred for status in sent)
    probably = sum(status.rung is Rung.PROBABLY_OPENED for status in sent)
    clicked = sum(status.clicked_at is not None for status in sent)
    replied = sum(status.replied_at is not None for status in sent)
    away = sum(Aside.AWAY in status.asides for status in sent)
    undelivered = sum(Aside.NOT_DELIVERED in status.asides for status in sent)
    must_equal((1, 1, 1), (opened, probably, clicked), "as opened, probably opened and clicked")
    must_equal((1, 1, 1), (replied, away, undelivered), "as replied, away and not delivered")
    refused = sum(status.rung is Rung.QUEUED and Aside.NOT_DELIVERED in status.asides for status in statuses)
    must_equal(len(statuses), len(sent) + refused, "copies, sent or refused")
    yield f"Counted are the {len(sent)} copies that the provider took; {refused} it refused at once, so it never left"
    yield (
        f"{FIGURES} {opens} opens, {clicks} clicks. Readback: {opened} opened, {probably} probably, {clicked} clicked, "
        f"{replied} replied, {away} away, {undelivered} not delivered"
    )


def search_relay(stage: Stage) -> Iterator[str]:
    """Search all the relay keeps and writes for every name, address and subject; planted marks are found first."""
    stage.scratch.mkdir(exist_ok=True)
    planted = {cast.ANNA.mailbox.name, cast.DAVID.address, OFFER.subject}
    scratch = stage.scratch / "planted"
    scratch.write_bytes(_planted())
    shown = {each.mark for each in search([scratch], MARKS).found}
    must_equal(sorted(planted), sorted(shown & planted), "as the planted marks found")
    scratch.unlink()
    yield f"Planted in a scratch file, as hex, base64 and plain: {len(shown & planted)} of {len(planted)} found"
    files = sorted(path for path in stage.relay_data.rglob("*") if path.is_file())
    result = search([*files, stage.relay_log], MARKS)
    must_equal([], [(each.mark, each.spelling, each.file.name) for each in result.found], "as what names somebody")
    yield (
        f"The relay's {result.files} files, its log with them, {result.octets:,} octets, "
        f"searched for {len(MARKS)} names, addresses and subjects: {len(result.found)} found"
    )


def _planted() -> bytes:
    parts = (
        b"\x00\x17" + cast.ANNA.mailbox.name.encode().hex().upper().encode("ascii"),
        base64.b64encode(b"4" + OFFER.subject.encode() + b"77"),
        cast.DAVID.address.upper().encode(),
    )
    return b"\xff".join(parts)


def show_ladder(stage: Stage) -> Iterator[str]:
    """Show where every copy stands."""
    views = stage.desk.copies()
    left = [(mail, stage.sent[mail.subject]) for mail in EVERY if mail.subject in stage.sent]
    taken = sum(len(mail.recipients) - len(sent.refused) for mail, sent in left)
    sent = sum(view.status.rung >= Rung.SENT for view in views)
    must_equal(taken, sent, "copies sent")
    yield from table(views, stage.describe)
    yield f"{sent} copies of {len({view.subject for view in views})} mails were sent"
