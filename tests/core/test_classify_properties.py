"""What holds for judging whatever the hits are."""

import ipaddress
import re
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from desktop.core.agents import program_shape
from desktop.core.circumstances import HitContext, Telltale
from desktop.core.classify import judge, ruled
from desktop.core.correction import Correction, Shape, Who
from desktop.core.notice import CopyNames, hit_notices
from desktop.core.status import CopyFacts, CopyState, JudgedHit, Rung, copy_status
from desktop.core.verdict import MACHINES, Verdict
from relay.wire.hit import KEPT_HEADERS, Hit, HitKind
from relay.wire.labels import Label
from tests.core.judging import judge_copy
from tests.fakes.samples import (
    CHROME,
    FIREFOX,
    GMAIL_PREFETCH,
    GMAIL_PROXY,
    OUTLOOK,
    SAFARI,
    SENT_AT,
    THUNDERBIRD,
    click,
)

SENT_MS = round(SENT_AT.timestamp() * 1000)
AGENTS = st.sampled_from(
    [
        "",
        "Mozilla/5.0",
        CHROME,
        FIREFOX,
        SAFARI,
        OUTLOOK,
        THUNDERBIRD,
        GMAIL_PROXY,
        GMAIL_PREFETCH,
        "curl/8",
        "WhatsApp/2",
    ]
)
LABELS = st.sampled_from(
    ["apple-egress", "google-fetchers", "exchange-protection", "proofpoint", "microsoft-cloud", "x"]
)


@st.composite
def hits(draw: st.DrawFn) -> Hit:
    """Draw a hit near the sending or far from it, with agents and networks that rules look at, and any others."""
    return Hit(
        id=draw(st.binary(min_size=16, max_size=16)),
        kind=draw(st.sampled_from(HitKind)),
        token_id=bytes([draw(st.integers(0, 2))]) * 12,
        at_ms=SENT_MS + draw(st.one_of(st.integers(-5_000, 60_000), st.integers(-(10**9), 10**10))),
        labels=tuple(Label(name, "2026-01-01") for name in draw(st.lists(LABELS, max_size=2, unique=True))),
        network=ipaddress.ip_network("198.51.100.0/24"),
        same_source=bytes([draw(st.integers(0, 1))]) * 8,
        agent=draw(st.one_of(AGENTS, st.text(max_size=40))),
        headers=draw(st.dictionaries(st.sampled_from(KEPT_HEADERS), st.sampled_from(["image", "document", "?"]))),
    )


CORRECTIONS = st.builds(
    Correction,
    id=st.integers(1, 9),
    hit_id=st.binary(min_size=16, max_size=16),
    who=st.sampled_from(Who),
    at=st.sampled_from([SENT_AT, SENT_AT + timedelta(days=1)]),
    shape=st.builds(
        Shape,
        kind=st.sampled_from(HitKind),
        program=AGENTS.map(program_shape),
        network=st.just("198.51.100.0/24"),
        address=st.sampled_from(["", "anna@becker.example"]),
    ),
)
DAYS = st.sampled_from([SENT_MS // 86_400_000, SENT_MS // 86_400_000 - 1])
CONTEXTS = st.builds(
    HitContext,
    sent_at=st.sampled_from([None, SENT_AT, SENT_AT + timedelta(seconds=30)]),
    known=st.sampled_from([True, True, False]),
    link_count=st.integers(0, 3),
    own_sources=st.frozensets(st.just(bytes(8)), max_size=1),
    own_programs=st.frozensets(AGENTS.map(program_shape), max_size=1),
    own_seen=st.frozensets(st.tuples(st.just("198.51.100.0/24"), DAYS), max_size=2),
    own_proxies=st.frozensets(st.sampled_from(["Gmail", "Microsoft"]), max_size=2),
    sent_clean_at_ms=st.sampled_from([None, SENT_MS + 10_000, SENT_MS + 10**9]),
    replied_at_ms=st.sampled_from([None, SENT_MS + 50_000, SENT_MS + 10**9]),
    address=st.just("anna@becker.example"),
    corrections=st.lists(CORRECTIONS, max_size=2).map(tuple),
    window_s=st.sampled_from([0.0, 1.0, 40.0]),
)
COPIES = st.lists(hits(), max_size=6, unique_by=lambda each: each.id)


@given(COPIES, CONTEXTS, st.randoms(use_true_random=False))
def test_the_order_of_the_evidence_does_not_matter(copy: list[Hit], context: HitContext, random: object) -> None:
    """Hits that come in another order get the same verdicts, rules and reasons."""
    shuffled = list(copy)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    expected = dict(zip([each.id for each in copy], judge_copy(copy, context), strict=True))
    assert dict(zip([each.id for each in shuffled], judge_copy(shuffled, context), strict=True)) == expected


@given(COPIES, CONTEXTS)
def test_judging_near_siblings_equals_judging_among_all(copy: list[Hit], context: HitContext) -> None:
    """What judge_copy leaves out for speed never alters a verdict."""
    alone = tuple(
        judge(each, replace(context, siblings=tuple(other for other in copy if other.id != each.id))) for each in copy
    )
    assert judge_copy(copy, context) == alone


@given(hits(), CONTEXTS)
def test_judging_never_fails_and_always_gives_its_reason(one: Hit, context: HitContext) -> None:
    """Any hit gets a verdict with a named rule and a clause."""
    judgement = judge(one, context)
    assert judgement.rule != ""
    assert judgement.reason != ""
    assert not judgement.reason.endswith(".")


@given(COPIES, CONTEXTS)
def test_no_reason_keeps_an_exact_time(copy: list[Hit], context: HitContext) -> None:
    """Times are cut to the minute after two days, and a reason must not outlive them with a number of seconds."""
    reasons = [each.reason for each in judge_copy(copy, context)]
    assert [each for each in reasons if re.search(r"\d\s*(?:s\b|m?sec|min)", each)] == []


@given(COPIES, CONTEXTS)
def test_an_own_mark_leaves_nothing_that_counts(copy: list[Hit], context: HitContext) -> None:
    """Whatever the looks, what comes from where the sender is proves nobody and rings for nobody."""
    at_home = replace(context, own_sources=frozenset(each.same_source for each in copy), corrections=())
    assert [each for each in judge_copy(copy, at_home) if each.notifies] == []


@given(COPIES, CONTEXTS)
def test_machines_never_notify_nor_raise_the_ladder(copy: list[Hit], context: HitContext) -> None:
    """Prefetches, scanners, previews, own views and the unknown leave the user alone and the copy where it stands."""
    judged = [
        JudgedHit(hit=each, judgement=judgement)
        for each, judgement in zip(copy, judge_copy(copy, context), strict=True)
    ]
    quiet = [each for each in judged if each.judgement.verdict in MACHINES | {Verdict.SELF, Verdict.UNKNOWN}]
    names = CopyNames(conversation_id=1, copy_id=1, person="A", address="a@b.example", subject="S")
    assert hit_notices(names, quiet, ()) == ()
    sent = CopyFacts(state=CopyState.SENT, prepared_at=SENT_AT, state_at=SENT_AT)
    status = copy_status(sent, quiet)
    assert status.rung is Rung.SENT
    assert (status.opened_at, status.clicked_at) == (None, None)
    assert not any(line.counted for line in status.evidence if line.hit is not None)


@given(hits(), CONTEXTS)
def test_apples_egress_with_the_bare_agent_is_never_a_person(one: Hit, context: HitContext) -> None:
    """A preload can never become a person's open, whatever surrounds it."""
    preload = replace(one, agent="Mozilla/5.0", labels=(Label("apple-egress", "2026-08-22"),))
    assert ruled(preload, context).verdict not in {Verdict.PERSON, Verdict.IMAGE_PROXY}


HEADERS = st.dictionaries(st.sampled_from(KEPT_HEADERS), st.one_of(st.sampled_from(["image", "document"]), st.text()))


@given(hits(), CONTEXTS, HEADERS)
def test_no_header_makes_a_person_of_a_machine(one: Hit, context: HitContext, headers: dict[str, str]) -> None:
    """Headers are easily written: what is a machine without them is no person with them."""
    if ruled(replace(one, headers={}), context).verdict in MACHINES:
        assert ruled(replace(one, headers=headers), context).verdict is not Verdict.PERSON


NEVER_PERSONS = {
    Telltale.OWN_MARK,
    Telltale.PREFETCH,
    Telltale.HEAD,
    Telltale.OTHER_METHOD,
    Telltale.ALTERED_TOKEN,
    Telltale.HIDDEN_LINK,
    Telltale.NETWORK_NOT_KNOWN,
}


@given(hits(), CONTEXTS, st.sets(st.sampled_from(Telltale), min_size=1))
def test_a_telltale_never_makes_a_person(one: Hit, context: HitContext, telltales: set[Telltale]) -> None:
    """What is known beside a hit only takes from its being a person's."""
    judged = ruled(one, replace(context, telltales={one.id: frozenset(telltales)}))
    assert judged.verdict is not Verdict.PERSON or ruled(one, context).verdict is Verdict.PERSON
    assert judged.verdict is not Verdict.PERSON or not telltales & NEVER_PERSONS


@given(COPIES, CONTEXTS)
def test_a_reply_only_takes_from_what_is_known(copy: list[Hit], context: HitContext) -> None:
    """A reply may make a person's or a proxy's hit unknown; it makes no other hit anything."""
    without = [each.verdict for each in judge_copy(copy, replace(context, replied_at_ms=None, corrections=()))]
    with_reply = [each.verdict for each in judge_copy(copy, replace(context, corrections=()))]
    changed = {(old, new) for old, new in zip(without, with_reply, strict=True) if old is not new}
    assert changed <= {(Verdict.PERSON, Verdict.UNKNOWN), (Verdict.IMAGE_PROXY, Verdict.UNKNOWN)}


MOMENTS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), max_size=9)


@given(MOMENTS, st.integers(2, 4))
def test_a_click_is_of_a_burst_where_some_three_seconds_saw_every_link(
    moments: list[tuple[int, int]], link_count: int
) -> None:
    """Said without any cleverness: a stretch of 3 s from some click holds this click and clicks on every link."""
    clicks = [
        click(after_s=600 + half_seconds / 2, token_id=bytes([link]) * 12, agent=CHROME)
        for half_seconds, link in moments
    ]
    judged = judge_copy(clicks, HitContext(sent_at=SENT_AT, known=True, link_count=link_count))
    stretches = [[each for each in clicks if 0 <= each.at_ms - first.at_ms <= 3_000] for first in clicks]
    full = [stretch for stretch in stretches if len({each.token_id for each in stretch}) >= link_count]
    expected = [any(one in stretch for stretch in full) for one in clicks]
    assert [each.rule == "burst" for each in judged] == expected
