"""Why it is not known whether a copy was read: every reason, its twin, its cures, and never none."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.arrival import FailureReason
from desktop.core.circumstances import HitContext
from desktop.core.classify import ruled_copy
from desktop.core.policy import WhyNot
from desktop.core.status import (
    CopyFacts,
    CopyState,
    CopyStatus,
    EvidenceKind,
    JudgedHit,
    MailSign,
    Rung,
    copy_status,
)
from desktop.core.unknown import SOON, Carried, Cure, Pictures, Unknown, WhyUnknown, why_unknown
from desktop.core.verdict import Confidence, Judgement, Verdict
from relay.wire.hit import Hit
from relay.wire.purpose import Purpose
from tests.fakes.samples import (
    CHROME,
    FIREFOX,
    GMAIL_PREFETCH,
    GMAIL_PROXY,
    HOME,
    SENT_AT,
    THUNDERBIRD,
    click,
    hit,
)

BOTH = frozenset({Purpose.OPENS, Purpose.CLICKS})
WITH_LINK = Carried(sent_at=SENT_AT, purposes=BOTH, link_count=1)
NO_LINK = Carried(sent_at=SENT_AT, purposes=BOTH)
SOON_AFTER = SENT_AT + timedelta(hours=1)
LONG_AFTER = SENT_AT + SOON


def facts(state: CopyState = CopyState.SENT, *, why_not: WhyNot | None = None, stopped: bool = False) -> CopyFacts:
    return CopyFacts(
        state=state, prepared_at=SENT_AT, state_at=SENT_AT, why_not=why_not, stopped_at=SOON_AFTER if stopped else None
    )


def judged(*hits: Hit, own: bool = False, replied_after_s: int | None = None) -> list[JudgedHit]:
    """Judge hits by the rules, at the user's own address or elsewhere."""
    context = HitContext(
        sent_at=SENT_AT,
        known=True,
        link_count=1,
        own_sources=frozenset({HOME}) if own else frozenset(),
        replied_at_ms=None if replied_after_s is None else round((SENT_AT.timestamp() + replied_after_s) * 1000),
    )
    return [
        JudgedHit(hit=one, judgement=judgement) for one, judgement in zip(hits, ruled_copy(hits, context), strict=True)
    ]


def sign(kind: EvidenceKind, reason: FailureReason | None = None) -> MailSign:
    return MailSign(kind=kind, at=SOON_AFTER, arrival_id=1, reason=reason)


def reasons(
    status: CopyStatus, carried: Carried = WITH_LINK, *, is_long_after: bool = False
) -> dict[WhyUnknown, tuple[Cure, ...]]:
    """Return the reasons in their order, with the cures of each."""
    found = why_unknown(status, carried, LONG_AFTER if is_long_after else SOON_AFTER)
    return {each.why: each.cures for each in found}


GOOGLE = ("google-fetchers",)
PROXIED = hit(agent=GMAIL_PROXY, labels=GOOGLE)
PRELOADED = hit(agent=GMAIL_PREFETCH, labels=GOOGLE)
SCANNED = hit(agent="curl/8.0")


@pytest.mark.parametrize(
    ("hits", "signs"),
    [
        ([hit(agent=THUNDERBIRD)], []),
        ([click(agent=FIREFOX)], []),
        ([], [sign(EvidenceKind.REPLY)]),
        ([], [sign(EvidenceKind.RECEIPT)]),
        ([PRELOADED, PROXIED, hit(agent=THUNDERBIRD)], []),
    ],
)
def test_where_a_persons_sign_stands_nothing_is_asked(hits: list[Hit], signs: list[MailSign]) -> None:
    """An open, a click, a reply, a receipt: it is known."""
    status = copy_status(facts(), judged(*hits), signs)
    assert status.rung >= Rung.OPENED
    assert why_unknown(status, WITH_LINK, LONG_AFTER) == ()


def test_what_has_not_left_cannot_have_been_read() -> None:
    """Until the provider took it there is nothing else to say; where its answer was lost, it may well be there."""
    assert reasons(copy_status(facts(CopyState.PREPARED), [])) == {WhyUnknown.NOT_SENT: (Cure.WAIT,)}
    assert list(reasons(copy_status(facts(CopyState.UNCERTAIN), []))) == [WhyUnknown.NOT_YET]


@pytest.mark.parametrize(
    ("reason", "cures"),
    [
        (FailureReason.UNKNOWN_USER, (Cure.CORRECT_ADDRESS,)),
        (FailureReason.NO_SUCH_HOST, (Cure.CORRECT_ADDRESS,)),
        (FailureReason.FULL, (Cure.WAIT, Cure.CORRECT_ADDRESS)),
        (FailureReason.GAVE_UP, (Cure.WAIT, Cure.CORRECT_ADDRESS)),
        (FailureReason.BLOCKED, ()),
    ],
)
def test_what_was_not_delivered_has_that_reason_alone(reason: FailureReason, cures: tuple[Cure, ...]) -> None:
    """Whatever else may be said of it, it is not there; the cure is that of the failure."""
    status = copy_status(facts(why_not=WhyNot.NO_PERMISSION), [], [sign(EvidenceKind.NOT_DELIVERED, reason)])
    assert why_unknown(status, WITH_LINK, LONG_AFTER) == (Unknown(why=WhyUnknown.NOT_DELIVERED, cures=cures),)
    refused = copy_status(facts(CopyState.REFUSED), [])
    assert why_unknown(refused, WITH_LINK, LONG_AFTER) == (Unknown(why=WhyUnknown.NOT_DELIVERED),)


@pytest.mark.parametrize(
    ("why_not", "why", "cures"),
    [
        (WhyNot.STOPPED, WhyUnknown.STOPPED, (Cure.ASK_FOR_REPLY,)),
        (WhyNot.WITHDRAWN, WhyUnknown.STOPPED, (Cure.ASK_FOR_REPLY,)),
        (WhyNot.DENIED, WhyUnknown.STOPPED, (Cure.ASK_FOR_REPLY,)),
        (WhyNot.NO_PERMISSION, WhyUnknown.NO_PERMISSION, (Cure.ASK_PERMISSION, Cure.ASK_FOR_REPLY)),
        (WhyNot.FIXED_LAYOUT, WhyUnknown.TEXT_MAIL, (Cure.SEND_HTML, Cure.ASK_FOR_REPLY)),
        (WhyNot.UNDECODABLE_TEXT, WhyUnknown.TEXT_MAIL, (Cure.SEND_HTML, Cure.ASK_FOR_REPLY)),
        (WhyNot.NOTHING_TO_TRACK, WhyUnknown.ONLY_CLICKS, (Cure.ADD_LINK, Cure.ASK_PERMISSION)),
        (WhyNot.NO_RELAY, WhyUnknown.NOT_TRACKED, (Cure.CONNECT_RELAY, Cure.ASK_FOR_REPLY)),
        (WhyNot.SIGNED, WhyUnknown.NOT_TRACKED, (Cure.ASK_FOR_REPLY,)),
        (WhyNot.ELSEWHERE, WhyUnknown.NOT_TRACKED, (Cure.ASK_FOR_REPLY,)),
    ],
)
def test_an_untracked_copy_has_its_own_reason(why_not: WhyNot, why: WhyUnknown, cures: tuple[Cure, ...]) -> None:
    """Nothing in it could tell, however long it is ago."""
    status = copy_status(facts(why_not=why_not), [])
    assert reasons(status, Carried(sent_at=SENT_AT), is_long_after=True) == {why: cures}


def test_after_a_stop_nothing_comes_and_what_came_before_is_still_said() -> None:
    """The stop is the firmest reason, for mail already sent too; a proxy's fetch before it stands behind."""
    assert reasons(copy_status(facts(stopped=True), [])) == {WhyUnknown.STOPPED: (Cure.ASK_FOR_REPLY,)}
    assert list(reasons(copy_status(facts(stopped=True), judged(PROXIED)))) == [WhyUnknown.STOPPED, WhyUnknown.PROXY]


@pytest.mark.parametrize(
    ("links", "cures"), [(0, (Cure.ADD_LINK, Cure.ASK_PERMISSION)), (2, (Cure.WAIT, Cure.ASK_PERMISSION))]
)
def test_who_allowed_links_alone_shows_no_opening(links: int, cures: tuple[Cure, ...]) -> None:
    """Without a picture an opening leaves no sign; a link that stands in it may still be used."""
    carried = Carried(sent_at=SENT_AT, purposes=frozenset({Purpose.CLICKS}), link_count=links)
    assert reasons(copy_status(facts(), []), carried, is_long_after=True) == {WhyUnknown.ONLY_CLICKS: cures}


@pytest.mark.parametrize(
    ("carried", "cures"),
    [
        (WITH_LINK, (Cure.WAIT, Cure.ASK_FOR_REPLY)),
        (NO_LINK, (Cure.ADD_LINK, Cure.ASK_FOR_REPLY)),
        (Carried(sent_at=SENT_AT, purposes=frozenset({Purpose.OPENS})), (Cure.ASK_FOR_REPLY,)),
    ],
)
@pytest.mark.parametrize(("fetched", "why"), [(PRELOADED, WhyUnknown.PRELOADED), (PROXIED, WhyUnknown.PROXY)])
def test_what_was_fetched_for_them_shows_nobody(
    fetched: Hit, why: WhyUnknown, carried: Carried, cures: tuple[Cure, ...]
) -> None:
    """A preload and a proxy: a link would tell, one in the mail or in the next."""
    assert reasons(copy_status(facts(), judged(fetched)), carried, is_long_after=True) == {why: cures}


SAY = (Cure.SAY_WHO, Cure.ASK_FOR_REPLY)


@pytest.mark.parametrize(
    ("hits", "why", "cures"),
    [
        (judged(hit(after_s=5)), WhyUnknown.TOO_EARLY, (Cure.WAIT, Cure.SAY_WHO)),
        (judged(hit(after_s=5, agent=GMAIL_PROXY, labels=GOOGLE)), WhyUnknown.TOO_EARLY, (Cure.WAIT, Cure.SAY_WHO)),
        (
            judged(hit(after_s=5, agent=CHROME, labels=("microsoft-cloud",))),
            WhyUnknown.TOO_EARLY,
            (Cure.WAIT, Cure.SAY_WHO),
        ),
        (judged(hit(), own=True), WhyUnknown.MAYBE_YOU, SAY),
        (judged(hit(), replied_after_s=60), WhyUnknown.MAYBE_YOU, SAY),
        (judged(hit(agent=GMAIL_PROXY)), WhyUnknown.UNCLEAR, SAY),
        (judged(hit(agent="Mozilla/5.0")), WhyUnknown.UNCLEAR, SAY),
        (judged(hit(agent="")), WhyUnknown.UNCLEAR, SAY),
    ],
)
def test_what_no_rule_could_decide_says_why(hits: list[JudgedHit], why: WhyUnknown, cures: tuple[Cure, ...]) -> None:
    """By the rules as they judge: too early, perhaps the user, or just unclear."""
    assert [each.judgement.verdict for each in hits] == [Verdict.UNKNOWN]
    assert reasons(copy_status(facts(), hits), is_long_after=True) == {why: cures}


def by_rule(rule: str, *, after_s: float = 3600.0) -> JudgedHit:
    """Return an open that a rule left unknown."""
    judgement = Judgement(verdict=Verdict.UNKNOWN, rule=rule, confidence=Confidence.LOW, reason="")
    return JudgedHit(hit=hit(after_s=after_s), judgement=judgement)


@pytest.mark.parametrize("is_first", [False, True])
def test_what_a_proxy_may_have_fetched_for_the_user_is_cured_by_a_clean_sent(is_first: bool) -> None:
    """The cure comes first, whatever else may have been the user; it is none where Sent is kept clean already."""
    hits = [by_rule("own-proxy", after_s=60 if is_first else 9_000), by_rule("own-site")]
    status = copy_status(facts(), hits)
    assert reasons(status) == {WhyUnknown.MAYBE_YOU: (Cure.KEEP_SENT_CLEAN, *SAY)}
    kept = Carried(sent_at=SENT_AT, purposes=BOTH, keeps_sent_clean=True)
    assert reasons(status, kept) == {WhyUnknown.MAYBE_YOU: SAY}


def test_what_the_user_fetched_otherwise_is_not_cured_by_a_clean_sent() -> None:
    """At the user's own site the way there was not the proxy's, and the folder is not to blame."""
    assert reasons(copy_status(facts(), [by_rule("own-site")])) == {WhyUnknown.MAYBE_YOU: SAY}


def test_silence_is_first_of_all_not_yet_and_later_perhaps_blocked_pictures() -> None:
    """Within a day there is nothing to suspect; after it pictures may be blocked, unless they came before."""
    silent = copy_status(facts(), [])
    assert reasons(silent) == {WhyUnknown.NOT_YET: (Cure.WAIT, Cure.ASK_FOR_REPLY)}
    assert reasons(silent, NO_LINK, is_long_after=True) == {
        WhyUnknown.IMAGES_MAYBE_BLOCKED: (Cure.ADD_LINK, Cure.ASK_FOR_REPLY),
        WhyUnknown.NOT_YET: (Cure.WAIT, Cure.ASK_FOR_REPLY),
    }
    seen = Carried(sent_at=SENT_AT, purposes=BOTH, pictures=Pictures.FETCHED)
    assert list(reasons(silent, seen, is_long_after=True)) == [WhyUnknown.NOT_YET]


def test_who_used_links_without_ever_fetching_pictures_blocks_them() -> None:
    """That is known at once and firmer than waiting; a picture that came for this copy says otherwise."""
    carried = Carried(sent_at=SENT_AT, purposes=BOTH, pictures=Pictures.BLOCKED)
    assert list(reasons(copy_status(facts(), []), carried)) == [WhyUnknown.IMAGES_BLOCKED, WhyUnknown.NOT_YET]
    assert list(reasons(copy_status(facts(), judged(hit(after_s=5))), carried)) == [WhyUnknown.TOO_EARLY]
    used = judged(click(agent=FIREFOX, labels=("amazon-cloud",)))
    assert list(reasons(copy_status(facts(), used), carried)) == [WhyUnknown.UNCLEAR, WhyUnknown.IMAGES_BLOCKED]


def test_a_scanner_and_the_user_say_nothing_either_way() -> None:
    """What looks at every mail, and what was the user, leaves it at "not yet"."""
    mine = JudgedHit(
        hit=hit(), judgement=Judgement(verdict=Verdict.SELF, rule="r", confidence=Confidence.HIGH, reason="")
    )
    assert list(reasons(copy_status(facts(), [*judged(SCANNED), mine]))) == [WhyUnknown.NOT_YET]


def test_several_reasons_stand_from_the_firmest_to_the_vaguest_each_once() -> None:
    """What came last or first makes no difference."""
    hits = judged(hit(after_s=5), hit(after_s=9), hit(agent="Mozilla/5.0", after_s=7_000), PROXIED, PRELOADED)
    expected = [WhyUnknown.PRELOADED, WhyUnknown.PROXY, WhyUnknown.TOO_EARLY, WhyUnknown.UNCLEAR]
    assert list(reasons(copy_status(facts(), hits))) == expected
    assert list(reasons(copy_status(facts(), hits[::-1]))) == expected


def _statuses() -> Iterable[st.SearchStrategy[object]]:
    judgement = st.builds(
        Judgement,
        verdict=st.sampled_from(Verdict),
        rule=st.sampled_from(("too-early", "after-reply", "nothing-fits")),
        confidence=st.just(Confidence.LOW),
        reason=st.just("r"),
    )
    one = st.builds(JudgedHit, hit=st.sampled_from((hit(), click())), judgement=judgement)
    kinds = [
        kind for kind in EvidenceKind if list(EvidenceKind).index(kind) > list(EvidenceKind).index(EvidenceKind.STOP)
    ]
    yield st.builds(
        facts, st.sampled_from(CopyState), why_not=st.none() | st.sampled_from(WhyNot), stopped=st.booleans()
    )
    yield st.lists(one, max_size=3)
    yield st.lists(st.builds(sign, st.sampled_from(kinds)), max_size=2)


@given(
    st.builds(copy_status, *_statuses()),
    st.builds(
        Carried,
        sent_at=st.just(SENT_AT),
        purposes=st.frozensets(st.sampled_from(Purpose)),
        link_count=st.integers(0, 1),
        pictures=st.sampled_from(Pictures),
    ),
    st.booleans(),
)
def test_every_copy_has_a_reason_until_a_person_is_proven(
    status: CopyStatus, carried: Carried, is_long_after: bool
) -> None:
    """Never none without a person's sign, never one with it, none twice."""
    found = why_unknown(status, carried, LONG_AFTER if is_long_after else SOON_AFTER)
    assert bool(found) == (status.rung < Rung.OPENED)
    assert len({each.why for each in found}) == len(found)
