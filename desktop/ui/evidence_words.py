"""The words of a timeline: who did what, why it is thought so, and whether it counted; pure.

What a machine did is named as a machine's, and its maker by the rule that decided; what the user said of a hit stands
there as their word.  Seconds are told only of a hit whose time is exact: after two days it is cut to its minute.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from desktop.core.agents import client_name, fetcher_name
from desktop.core.correction import Correction, Who
from desktop.core.forwarding import Forwarding
from desktop.core.policy import WhyNot
from desktop.core.status import Evidence, EvidenceKind, MailSign, Rung
from desktop.core.verdict import Confidence, Judgement, Verdict
from desktop.ui import correction_words, words
from relay.wire.hit import Hit, HitKind

NOTHING_LEFT: Final = "Not counted."


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceWords:
    """A line of the timeline: who did what; why we think so, or what the user said; whether it counted.

    `possibly` is a second reading of it, said as a possibility.
    """

    sentence: str
    why: str
    counted: str
    possibly: str = ""

    def joined(self) -> str:
        """Return them as one line."""
        return " ".join(part for part in (self.sentence, self.why, self.counted, self.possibly) if part)


def evidence_words(evidence: Evidence, why_not: WhyNot | None = None, sent_at: datetime | None = None) -> EvidenceWords:
    """Return one line of a timeline in words.

    `why_not` is the copy's, which says how it is known to have left, and `sent_at` when it did, where that is known.
    """
    judgement, hit = evidence.judgement, evidence.hit
    if evidence.kind is EvidenceKind.HIT and judgement is not None and hit is not None:
        said = _hit_sentence(evidence, judgement, hit, sent_at)
        return EvidenceWords(
            sentence=said,
            why=_why(evidence, judgement, hit, said),
            counted="" if evidence.counted else NOTHING_LEFT,
            possibly="" if evidence.forwarding is None else forwarding_text(evidence.forwarding),
        )
    if evidence.kind is EvidenceKind.EARLIER:
        said = _EARLIER.get(evidence.rung or Rung.QUEUED, _STATION_SENTENCES[EvidenceKind.EARLIER])
        return EvidenceWords(sentence=said, why=_NO_MORE_KEPT, counted="")
    why = "" if evidence.sign is None else _sign_why(evidence.sign)
    is_found = evidence.kind is EvidenceKind.SENT and why_not is WhyNot.ELSEWHERE
    return EvidenceWords(
        sentence=_FOUND_IN_SENT if is_found else _STATION_SENTENCES[evidence.kind], why=why, counted=""
    )


# Of hits that are not kept any more, only the highest rung is, with the first day of it.
_EARLIER: Final = {
    Rung.PROBABLY_OPENED: "Its picture was fetched, as usually on opening.",
    Rung.OPENED: "A person opened it.",
    Rung.CLICKED: "A person used a link in it.",
}
_NO_MORE_KEPT: Final = "The details are not kept any more."


def when_text(evidence: Evidence, now: datetime) -> str:
    """Return when a line happened, as exactly as it is kept: of some no more than the day."""
    if evidence.is_day_only:
        on = evidence.at.astimezone(UTC)
        return words.day(on, UTC) if on.year == now.astimezone(UTC).year else f"{words.day(on, UTC)} {on.year}"
    return words.moment(evidence.at, now)


def details_text(evidence: Evidence, *, is_placed: bool) -> str:
    """Return what a hit's verdict rests on, as a tooltip says it: lists and rule, with `is_placed` network and program.

    Network and program tell place and device, so they are told only of whom place may be known.
    """
    judgement, hit = evidence.judgement, evidence.hit
    if judgement is None or hit is None:
        return ""
    lists = ", ".join(f"{label.name} of {label.date}" for label in hit.labels)
    listed = f"on the lists {lists}" if lists else "on no published list"
    rule = f"Rule {judgement.rule}, {words.CONFIDENCES[judgement.confidence]}"
    if not is_placed:
        return f"{words.capital(listed)}\n{rule}"
    agent = words.one_line(hit.agent)[:_LONGEST_AGENT] or "without a name"
    return f"Network {hit.network}, {listed}\nProgram {agent}\n{rule}"


def is_exact(hit: Hit) -> bool:
    """Say whether a hit's time is known to the millisecond; a whole minute is what is left of one that was cut."""
    return hit.at_ms % _MINUTE_MS != 0


_LONGEST_AGENT: Final = 160
_MINUTE_MS: Final = 60_000


def forwarding_text(forwarding: Forwarding) -> str:
    """Return that a later reader may be somebody else, with the evidence."""
    client = f" in {forwarding.earlier_client}" if forwarding.earlier_client else ""
    return (
        f"Possibly forwarded, or read on another device: first read{client} on {words.day(forwarding.earlier_at)}, "
        "this one came from another network and program."
    )


def _why(evidence: Evidence, judgement: Judgement, hit: Hit, said: str) -> str:
    if evidence.correction is not None:
        return correction_words.said_line(evidence.correction, hit.id)
    if _is_too_early(judgement) or (judgement.verdict is Verdict.PREFETCH and _maker_of(judgement, hit)):
        # Who preloads by itself is named in the sentence, which is all there is to say.
        return ""
    reason = words.sentence(judgement.reason)
    if reason == said:
        # Some rules give the whole sentence as their reason; once is enough.
        return ""
    if judgement.confidence is not Confidence.HIGH and evidence.counted:
        return f"{reason.rstrip('.')} ({words.CONFIDENCES[judgement.confidence]})."
    return reason


def _sign_why(sign: MailSign) -> str:
    if sign.returns_on is not None:
        return f"Back on {words.short_day(sign.returns_on)}."
    return words.sentence(words.FAILURES[sign.reason]) if sign.reason is not None else ""


# Nobody here saw a provider take what was sent from elsewhere.
_FOUND_IN_SENT: Final = "It is in your Sent folder."
_STATION_SENTENCES: Final = {
    EvidenceKind.PREPARED: "Made ready, before it left this machine.",
    EvidenceKind.SENT: "The provider took it.",
    EvidenceKind.REFUSED: "The provider refused it.",
    EvidenceKind.UNCERTAIN: "The connection broke before the provider answered.",
    EvidenceKind.STOP: "They said no to tracking. Nothing is recorded from here on.",
    EvidenceKind.EARLIER: "Something was seen of it earlier.",
    EvidenceKind.DELETED: "They had what was recorded of them until then deleted.",
    EvidenceKind.CONFIRMATION: "Somebody who has the mail pressed “I have read it”.",
    EvidenceKind.HIT: "The relay was asked for something.",
    EvidenceKind.DELIVERED: "Their mail server reported it delivered.",
    EvidenceKind.RELAYED: "It was passed on to a server that sends no reports.",
    EvidenceKind.DELAYED: "A mail server reported a delay and keeps trying.",
    EvidenceKind.NOT_DELIVERED: "A mail server reported that it was not delivered.",
    EvidenceKind.POSSIBLE_BOUNCE: "Something came that looks like a bounce.",
    EvidenceKind.AUTO_REPLY: "An automatic answer came.",
    EvidenceKind.AWAY: "An automatic answer says they are away.",
    EvidenceKind.RECEIPT: "Their mail program sent a read receipt.",
    EvidenceKind.RECEIPT_DENIED: "Their mail program answered that it was not read.",
    EvidenceKind.REPLY: "They replied.",
    EvidenceKind.POSSIBLE_REPLY: "A reply came from another address.",
}


def _hit_sentence(evidence: Evidence, judgement: Judgement, hit: Hit, sent_at: datetime | None) -> str:
    is_click = hit.kind is HitKind.CLICK
    link = f"the link {words.short_link(evidence.detail)}" if evidence.detail else "a link"
    if evidence.correction is not None:
        return _corrected_sentence(evidence.correction, hit, link)
    if _is_too_early(judgement):
        return _too_early_sentence(evidence, judgement, link, sent_at)
    client, verdict = client_name(hit.agent), judgement.verdict
    if verdict is Verdict.PERSON:
        place = f" in {client}" if client else ""
        return f"A person used {link}{place}." if is_click else f"A person opened it{place}."
    if verdict is Verdict.IMAGE_PROXY:
        fetcher = fetcher_name(hit.agent, (label.name for label in hit.labels))
        return f"{fetcher or 'The mail provider'} fetched the picture, as it usually does on opening."
    if verdict is Verdict.PREFETCH:
        return f"{_maker_of(judgement, hit) or 'A mail program'} preloaded it; {_MAY_HAVE_OPENED}."
    if verdict is Verdict.SCANNER:
        who = _scanner_name(judgement, hit)
        return f"{who} followed {link}." if is_click else f"{who} fetched the picture."
    if verdict is Verdict.PREVIEW:
        who = words.capital(client) or "A program"
        return f"{who} made a preview of {link}." if is_click else f"{who} fetched the picture for a preview."
    if verdict is Verdict.SELF:
        return f"You used {link} yourself." if is_click else "You looked at it yourself."
    return (
        f"Something followed {link}; who is not known."
        if is_click
        else "Something fetched the picture; who is not known."
    )


def _corrected_sentence(correction: Correction, hit: Hit, link: str) -> str:
    is_click = hit.kind is HitKind.CLICK
    client = client_name(hit.agent)
    place = f" in {client}" if client else ""
    on_picture, on_click = _CORRECTED[correction.who]
    return (on_click if is_click else on_picture).format(link=link, place=place)


_CORRECTED: Final = {
    Who.ME: ("You looked at it yourself{place}.", "You used {link} yourself{place}."),
    Who.COLLEAGUE: ("A colleague of yours looked at it{place}.", "A colleague of yours used {link}{place}."),
    Who.MACHINE: ("A machine fetched the picture.", "A machine followed {link}."),
    Who.RECIPIENT: ("The recipient opened it{place}.", "The recipient used {link}{place}."),
}
_TOO_EARLY: Final = "too early to tell"


def _is_too_early(judgement: Judgement) -> bool:
    return judgement.verdict is Verdict.UNKNOWN and judgement.reason.endswith(_TOO_EARLY)


def _too_early_sentence(evidence: Evidence, judgement: Judgement, link: str, sent_at: datetime | None) -> str:
    hit = evidence.hit
    after_s = None if sent_at is None else (evidence.at - sent_at).total_seconds()
    if hit is None or after_s is None or after_s < (0 if is_exact(hit) else -_MINUTE_S):
        return words.sentence(judgement.reason)
    what = f"{words.capital(link)} was followed" if hit.kind is HitKind.CLICK else "Fetched"
    if is_exact(hit):
        when = f"after {span_of(round(after_s))}"
    else:
        when = "moments after sending" if after_s < _MINUTE_S else f"about {span_of(round(after_s))} after sending"
    return f"{what} {when}: {_TOO_EARLY}."


_MINUTE_S: Final = 60
_MAY_HAVE_OPENED: Final = "the person may or may not have opened it"
_NAMED_SCANNER: Final = "named-scanner"
# By the rule that decided: a network alone, as a cloud's or Apple's, says nothing of who asks from there.
_MAKERS: Final = {
    "exchange-protection": "Microsoft",
    "barracuda": "Barracuda",
    "proofpoint": "Proofpoint",
    "mimecast": "Mimecast",
    "ironport": "IronPort",
    "trend-micro": "Trend Micro",
    "apple-prefetch": "Apple",
    "gmail-prefetch": "Gmail",
}
# What is a machine, and is not known to look for danger.
_OTHER_MACHINES: Final = {
    "http-library": "A script",
    "app-library": "A script or an app",
    "named-robot": "A robot",
    "no-name": "A machine",
}


def _maker_of(judgement: Judgement, hit: Hit) -> str:
    return client_name(hit.agent) if judgement.rule == _NAMED_SCANNER else _MAKERS.get(judgement.rule, "")


def _scanner_name(judgement: Judgement, hit: Hit) -> str:
    """Return who scanned, as "A Microsoft scanner", "An IronPort scanner", "A link checker", "A script"."""
    maker = _maker_of(judgement, hit)
    if maker.startswith(("a ", "an ")):
        return words.capital(maker)
    if maker:
        return f"{'An' if maker[0] in 'AEIO' else 'A'} {maker} scanner"
    return _OTHER_MACHINES.get(judgement.rule, "A security scanner")


def folded_sentence(lines: Sequence[Evidence]) -> str:
    """Return the summary of several machine fetches standing folded in a timeline, newest first."""
    judged = [(line.judgement, line.hit) for line in lines if line.judgement is not None and line.hit is not None]
    when = _within([hit for _, hit in judged])
    if all(line.correction is not None for line in lines):
        return f"A machine made {len(lines)} requests {when}."
    verdicts = {judgement.verdict for judgement, _ in judged}
    if verdicts == {Verdict.PREFETCH}:
        makers = {_maker_of(judgement, hit) for judgement, hit in judged}
        maker = makers.pop() if len(makers) == 1 else ""
        return f"{maker or 'A mail program'} preloaded it {_times(len(lines))}; {_MAY_HAVE_OPENED}."
    if verdicts != {Verdict.SCANNER}:
        return f"{len(lines)} machine fetches, no person's."
    names = {_scanner_name(judgement, hit) for judgement, hit in judged}
    who = names.pop() if len(names) == 1 else "Machines"
    links = {hit.token_id for _, hit in judged}
    if any(hit.kind is not HitKind.CLICK for _, hit in judged):
        return f"{who} made {len(lines)} requests {when}."
    if len(links) == 1:
        return f"{who} followed a link {_times(len(lines))} {when}."
    again = f", {_times(len(lines))} in all," if len(lines) > len(links) else ""
    return f"{who} followed {len(links)} links{again} {when}."


def _within(hits: Sequence[Hit]) -> str:
    """Return in what time they came: "in 2 s", and where a time was cut "within a minute", "within 2 min"."""
    times = [hit.at_ms for hit in hits]
    span_s = round((max(times) - min(times)) / 1000)
    if all(is_exact(hit) for hit in hits):
        return f"in {span_of(span_s)}"
    return "within a minute" if not span_s else f"within {span_of(span_s + _MINUTE_S)}"


def _times(number: int) -> str:
    return "twice" if number == 2 else f"{number} times"


def span_of(seconds: int) -> str:
    """Return a short span in words: "2 s", "4 min", "3 h"."""
    if seconds < 120:
        return f"{max(seconds, 1)} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
