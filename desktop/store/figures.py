"""The figures of a stretch of time, read for all its copies at once and counted by `core.report`.

Copies that are alike are counted as one kind: among 100,000 there are but a few dozen.
"""

from collections import Counter
from datetime import datetime
from typing import Final

from desktop.core.report import CopyFigures, Report, report
from desktop.core.status import Aside, Rung
from desktop.core.verdict import Verdict
from desktop.store.columns import from_json, to_ms
from desktop.store.copies import read_earlier
from desktop.store.database import Store
from relay.wire.hit import HitKind
from relay.wire.purpose import Purpose

_KINDS: Final = (
    "WITH asked AS MATERIALIZED (SELECT id FROM message WHERE at_ms >= ?1 AND at_ms < ?2"
    " AND (?3 IS NULL OR account_id = ?3))"
    " SELECT copy.rung, copy.asides, copy.purposes, copy.links > 0,"
    " (SELECT group_concat(kind || ' ' || verdict) FROM hit WHERE hit.copy_id = copy.id), copy.earlier_hits,"
    " EXISTS (SELECT 1 FROM sign WHERE sign.copy_id = copy.id AND sign.kind = 'possible_reply')"
    " FROM asked JOIN copy ON copy.message_id = asked.id"
)


def report_between(store: Store, start: datetime, end: datetime, account_id: int | None = None) -> Report:
    """Return the figures of what was sent from `start` until before `end`, of one account or of all."""
    with store.read() as connection:
        kinds = Counter(connection.execute(_KINDS, (to_ms(start), to_ms(end), account_id)))
    return report(
        CopyFigures(
            count=count,
            rung=Rung(rung),
            asides=frozenset(Aside(each) for each in from_json(asides)),
            purposes=frozenset(Purpose(each) for each in from_json(purposes)),
            has_links=bool(has_links),
            hits=_hits(hits or "") | read_earlier(earlier_hits),
            may_be_answered=bool(may_be_answered),
        )
        for (rung, asides, purposes, has_links, hits, earlier_hits, may_be_answered), count in kinds.items()
    )


def _hits(text: str) -> frozenset[tuple[HitKind, Verdict]]:
    """Return what "open person,click unknown" says."""
    pairs = (each.split() for each in text.split(",") if each)
    return frozenset((HitKind(kind), Verdict(verdict)) for kind, verdict in pairs)
