"""What notifies, in which words' kind, and how often."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from desktop.core.arrival import FailureReason
from desktop.core.notice import (
    SETTLING_S,
    CopyNames,
    Notice,
    NoticeKind,
    Sign,
    hit_notices,
    known_signs,
    mail_notice,
    refusal_notice,
    stop_notice,
)
from desktop.core.status import CopyState, EvidenceKind, JudgedHit, MailSign
from desktop.core.verdict import MACHINES, Confidence, Judgement, Verdict
from tests.fakes.samples import CHROME, GMAIL_PROXY, OUTLOOK, SENT_AT, THUNDERBIRD, click, hit

NAMES = CopyNames(conversation_id=1, copy_id=2, person="Anna", address="anna@becker.example", subject="Offer")


def judged(verdict: Verdict, *, after_s: float = 60, is_click: bool = False) -> JudgedHit:
    judgement = Judgement(verdict=verdict, rule="r", confidence=Confidence.HIGH, reason="because")
    if is_click:
        return JudgedHit(hit=click(after_s=after_s), judgement=judgement, destination="https://example.com/")
    return JudgedHit(hit=hit(after_s=after_s, agent=OUTLOOK), judgement=judgement)


def kinds(notices: tuple[Notice, ...]) -> list[NoticeKind]:
    return [notice.kind for notice in notices]


def test_a_persons_first_open_notifies_with_time_and_program() -> None:
    """The notice carries all that its sentence needs."""
    assert hit_notices(NAMES, [judged(Verdict.PERSON)], ()) == (
        Notice(
            kind=NoticeKind.OPENED,
            conversation_id=1,
            copy_id=2,
            person="Anna",
            address="anna@becker.example",
            subject="Offer",
            at=SENT_AT + timedelta(seconds=60),
            agent_name="Outlook",
        ),
    )


def test_an_image_proxy_notifies_in_hedged_words() -> None:
    """A proxy's fetch is a probable open."""
    assert kinds(hit_notices(NAMES, [judged(Verdict.IMAGE_PROXY)], ())) == [NoticeKind.PROBABLY_OPENED]


@pytest.mark.parametrize(
    ("agent", "settles_after_s"),
    [
        (CHROME, SETTLING_S),
        ("Strange Reader/1", SETTLING_S),
        ("", SETTLING_S),
        (THUNDERBIRD, 0.0),
        ("Outlook-iOS/2.0", 0.0),
        (GMAIL_PROXY, 0.0),
        ("YahooMailProxy", 0.0),
    ],
)
@pytest.mark.parametrize("verdict", [Verdict.PERSON, Verdict.IMAGE_PROXY])
def test_an_open_waits_where_a_scanner_looks_the_same(agent: str, settles_after_s: float, verdict: Verdict) -> None:
    """In a browser it may be the first thing that a scanner fetches; a mail program's or a proxy's rings at once."""
    one = judged(verdict)
    one = replace(one, hit=replace(one.hit, agent=agent))
    assert [each.settles_after_s for each in hit_notices(NAMES, [one], ())] == [settles_after_s]


@pytest.mark.parametrize(("link_count", "settles_after_s"), [(1, 0.0), (2, SETTLING_S), (3, SETTLING_S)])
def test_a_click_waits_where_more_links_may_follow(link_count: int, settles_after_s: float) -> None:
    """The only link is no burst's; one of several may be."""
    names = replace(NAMES, link_count=link_count)
    (notice,) = hit_notices(names, [judged(Verdict.PERSON, is_click=True)], ())
    assert notice.settles_after_s == settles_after_s


@pytest.mark.parametrize("verdict", sorted(MACHINES | {Verdict.SELF, Verdict.UNKNOWN}))
def test_machines_the_sender_and_the_unknown_never_notify(verdict: Verdict) -> None:
    """Only a person or a proxy rings, on a picture as on a link."""
    assert hit_notices(NAMES, [judged(verdict), judged(verdict, is_click=True)], ()) == ()


def test_only_the_first_open_notifies() -> None:
    """Of several opens the oldest is told, and none once an open was told, be it a probable one."""
    opens = [judged(Verdict.PERSON, after_s=90), judged(Verdict.IMAGE_PROXY, after_s=60)]
    assert kinds(hit_notices(NAMES, opens, ())) == [NoticeKind.PROBABLY_OPENED]
    assert hit_notices(NAMES, opens, {Sign.OPEN}) == ()


def test_only_the_first_click_notifies_with_its_destination() -> None:
    """A second link used rings no second time."""
    clicks = [judged(Verdict.PERSON, after_s=after_s, is_click=True) for after_s in (60, 70)]
    (notice,) = hit_notices(NAMES, clicks, ())
    assert (notice.kind, notice.link, notice.at) == (NoticeKind.CLICKED, "https://example.com/", clicks[0].at)
    assert hit_notices(NAMES, clicks, {Sign.CLICK}) == ()


def test_an_open_and_then_a_click_are_two_signs() -> None:
    """Both are told when the open came first; the click is told after a told open."""
    both = [judged(Verdict.PERSON, after_s=61, is_click=True), judged(Verdict.PERSON, after_s=60)]
    assert kinds(hit_notices(NAMES, both, ())) == [NoticeKind.OPENED, NoticeKind.CLICKED]
    assert kinds(hit_notices(NAMES, both, {Sign.OPEN})) == [NoticeKind.CLICKED]


def test_an_open_after_a_told_click_says_nothing_new() -> None:
    """Who used a link has read the message."""
    after = [judged(Verdict.PERSON, after_s=60, is_click=True), judged(Verdict.PERSON, after_s=61)]
    assert kinds(hit_notices(NAMES, after, ())) == [NoticeKind.CLICKED]
    assert hit_notices(NAMES, after, {Sign.CLICK}) == ()


def test_an_open_after_the_reply_says_nothing_new() -> None:
    """Who answered has read it; a link used afterwards still is news, and without the reply the open is."""
    both = [judged(Verdict.PERSON, after_s=60), judged(Verdict.PERSON, after_s=61, is_click=True)]
    assert kinds(hit_notices(NAMES, both, (), has_replied=True)) == [NoticeKind.CLICKED]
    assert kinds(hit_notices(NAMES, both, ())) == [NoticeKind.OPENED, NoticeKind.CLICKED]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_sign_is_known_as_long_as_a_hit_bears_it_out(verdict: Verdict) -> None:
    """A person's and a proxy's are known, those of machines, of the user and of nobody are not; each kind by itself."""
    bears_out = verdict in (Verdict.PERSON, Verdict.IMAGE_PROXY)
    assert (frozenset({Sign.OPEN}) if bears_out else frozenset()) == known_signs([judged(verdict)])
    both = [judged(verdict, is_click=True), judged(Verdict.PERSON)]
    assert (frozenset({Sign.OPEN, Sign.CLICK}) if bears_out else frozenset({Sign.OPEN})) == known_signs(both)


@pytest.mark.parametrize("before", [CopyState.SENT, CopyState.UNCERTAIN])
def test_a_late_refusal_notifies_once_with_the_providers_words(before: CopyState) -> None:
    """What was thought sent and turns out refused is told, once."""
    notice = refusal_notice(NAMES, before=before, at=SENT_AT, reply="No such address", told=())
    assert notice is not None
    assert (notice.kind, notice.detail, notice.sign) == (NoticeKind.NOT_DELIVERED, "No such address", Sign.FAILURE)
    assert refusal_notice(NAMES, before=before, at=SENT_AT, reply="", told={Sign.FAILURE}) is None


@pytest.mark.parametrize("before", [CopyState.PREPARED, CopyState.REFUSED])
def test_a_refusal_the_mail_client_hears_does_not_notify(before: CopyState) -> None:
    """While the client waits, the client tells it."""
    assert refusal_notice(NAMES, before=before, at=SENT_AT, reply="No", told=()) is None


def test_a_stop_names_the_person_and_their_latest_copy() -> None:
    """With a copy known the notice leads there, without it names the person alone; the ledger keeps it single."""
    notice = stop_notice(person="Anna", address="anna@becker.example", at=SENT_AT, names=NAMES)
    assert (notice.kind, notice.conversation_id, notice.copy_id, notice.subject) == (NoticeKind.STOPPED, 1, 2, "Offer")
    assert notice.sign is None
    alone = stop_notice(person="Anna", address="anna@becker.example", at=SENT_AT)
    assert (alone.conversation_id, alone.copy_id, alone.subject) == (None, None, "")


@pytest.mark.parametrize(
    ("sign", "kind", "used"),
    [
        (EvidenceKind.REPLY, NoticeKind.REPLIED, Sign.REPLY),
        (EvidenceKind.AWAY, NoticeKind.AWAY, Sign.AWAY),
        (EvidenceKind.RECEIPT, NoticeKind.CONFIRMED, Sign.RECEIPT),
        (EvidenceKind.NOT_DELIVERED, NoticeKind.NOT_DELIVERED, Sign.FAILURE),
    ],
)
def test_incoming_mail_notifies_once_with_all_its_sentence_needs(
    sign: EvidenceKind, kind: NoticeKind, used: Sign
) -> None:
    """The first reply, absence, receipt and bounce of a copy; none that was told already."""
    back = date(2026, 5, 11)
    came = MailSign(kind=sign, at=SENT_AT, arrival_id=7, detail="full", reason=FailureReason.FULL, returns_on=back)
    notice = mail_notice(NAMES, came, set(Sign) - {used})
    assert notice == Notice(
        kind=kind,
        conversation_id=1,
        copy_id=2,
        person="Anna",
        address="anna@becker.example",
        subject="Offer",
        at=SENT_AT,
        detail="full",
        failure=FailureReason.FULL,
        returns_on=back,
    )
    assert notice.sign is used
    assert mail_notice(NAMES, came, {used}) is None


@pytest.mark.parametrize(
    "sign",
    [
        EvidenceKind.DELIVERED,
        EvidenceKind.RELAYED,
        EvidenceKind.DELAYED,
        EvidenceKind.POSSIBLE_BOUNCE,
        EvidenceKind.POSSIBLE_REPLY,
        EvidenceKind.AUTO_REPLY,
        EvidenceKind.RECEIPT_DENIED,
    ],
)
def test_what_proves_little_does_not_ring(sign: EvidenceKind) -> None:
    """Reports on the way, answers of machines and what is only possible wait in the list."""
    assert mail_notice(NAMES, MailSign(kind=sign, at=SENT_AT, arrival_id=7), ()) is None


def test_all_but_replies_and_absences_ring_unless_switched_off() -> None:
    """A reply rings in the mail program; an absence is no news by itself."""
    assert {kind for kind in NoticeKind if not kind.is_on_by_default} == {NoticeKind.REPLIED, NoticeKind.AWAY}
