"""What to tell of incoming mail: what came while we watched, proves something new, and still stands beside all else."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final

from desktop.core.notice import Notice, mail_notice
from desktop.core.status import Aside, EvidenceKind, MailSign
from desktop.store.columns import from_json, to_json
from desktop.store.copies import COPIES_BY_ID, CopyRecord, copy_records, names_of
from desktop.store.joining import values
from desktop.store.settle import keep_signs_told, told_signs

Proof = tuple[int, MailSign]
# What these say may be outweighed: a bounce by a reply, an absence by a later one.
_MUST_STAND: Final = {EvidenceKind.NOT_DELIVERED: Aside.NOT_DELIVERED, EvidenceKind.AWAY: Aside.AWAY}


def mail_notices(connection: sqlite3.Connection, new: Iterable[Proof]) -> Iterator[Notice]:
    """Yield what to tell of new signs: once an arrival and person, of the newest copy it speaks of.

    The other copies count as told with it.
    """
    proofs = list(_of_news(connection, new))
    wanted = to_json(sorted({copy_id for copy_id, _ in proofs}))
    records = {each.id: each for each in copy_records(connection, COPIES_BY_ID, (wanted,))}
    asides = dict(connection.execute(f"SELECT id, asides FROM copy WHERE {COPIES_BY_ID}", (wanted,)))  # noqa: S608
    together: dict[tuple[int, EvidenceKind, str], list[Proof]] = {}
    for copy_id, sign in proofs:
        must_stand = _MUST_STAND.get(sign.kind)
        if must_stand is None or must_stand in from_json(asides[copy_id]):
            together.setdefault((sign.arrival_id, sign.kind, records[copy_id].address), []).append((copy_id, sign))
    for theirs in together.values():
        yield from _told(connection, records, theirs)


def _of_news(connection: sqlite3.Connection, new: Iterable[Proof]) -> Iterator[Proof]:
    proofs = list(new)
    rows = values(
        connection,
        "SELECT id FROM arrival WHERE is_news = 1 AND id IN (SELECT value FROM json_each(?))",
        {sign.arrival_id for _, sign in proofs},
    )
    news = {each for (each,) in rows}
    return (proof for proof in proofs if proof[1].arrival_id in news)


def _told(connection: sqlite3.Connection, records: dict[int, CopyRecord], proofs: list[Proof]) -> Iterator[Notice]:
    copy_id, sign = max(proofs, key=lambda each: (records[each[0]].facts.state_at, each[0]))
    notice = mail_notice(names_of(connection, records[copy_id]), sign, told_signs(connection, copy_id))
    if notice is not None and notice.sign is not None:
        keep_signs_told(connection, [(each, notice.sign) for each, _ in proofs])
        yield notice
