"""The words of a timeline: who did what, why it is thought so, and whether it counted; pure.

What a machine did is named as a machine's; what the user said of a hit stands there as their word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from desktop.core.agents import client_name, fetcher_name
from desktop.core.correction import Correction, Who
from desktop.core.forwarding import Forwarding
from desktop.core.policy import WhyNot
from desktop.core.status import Evidence, EvidenceKind, MailSign
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
    why = "" if evidence.sign is None else _sign_why(evidence.sign)
    is_found = evidence.kind is EvidenceKind.SENT and why_not is WhyNot.ELSEWHERE
    return EvidenceWords(
        sentence=_FOUND_IN_SENT if is_found else _STATION_SENTENCES[evidence.kind], why=why, counted=""
    )


def details_text(evidence: Evidence) -> str:
    """Return what a hit's verdict rests on, as a tooltip says it: network, lists, program, rule."""
    judgement, hit = evidence.judgement, evidence.hit
    if judgement is None or hit is None:
        return ""
    lists = ", ".join(f"{label.name} of {label.date}" for label in hit.labels)
    agent = words.one_line(hit.agent)
    return "\n".join(
        (
            f"Network {hit.network}, {f'on the lists {lists}' if lists else 'on no published list'}",
            f"Program {agent[:_LONGEST_AGENT] or 'without a name'}",
            f"Rule {judgement.rule}, {words.CONFIDENCES[judgement.confidence]}",
        )
    )


_LONGEST_AGENT: Final = 160


def forwarding_text(forwarding: Forwarding) -> str:
    """Return that a later reader may be somebody else, with the evidence."""
    client = f" in {forwarding.earlier_client}" if forwarding.earlier_client else ""
    return (
        f"Possibly forwarded, or read on another device: first opened{client} on {words.day(forwarding.earlier_at)}, "
        "this one came from another network and program."
    )


def _why(evidence: Evidence, judgement: Judgement, hit: Hit, said: str) -> str:
    if evidence.correction is not None:
        return correction_words.said_line(evidence.correction, hit.id)
    if _is_too_early(judgement) or (judgement.verdict is Verdict.PREFETCH and _maker_of(hit)):
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
    EvidenceKind.STOP: "They pressed Stop. Nothing is recorded from here on.",
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
    client, maker, verdict = client_name(hit.agent), _maker_of(hit), judgement.verdict
    if verdict is Verdict.PERSON:
        place = f" in {client}" if client else ""
        return f"A person used {link}{place}." if is_click else f"A person opened it{place}."
    if verdict is Verdict.IMAGE_PROXY:
        fetcher = fetcher_name(hit.agent, (label.name for label in hit.labels))
        return f"{fetcher or 'The mail provider'} fetched the picture, as it usually does on opening."
    if verdict is Verdict.PREFETCH:
        return f"{maker or client or 'A mail program'} preloaded it; the person may or may not have opened it."
    if verdict is Verdict.SCANNER:
        who = f"A {maker} scanner" if maker else "A security scanner"
        return f"{who} followed {link}." if is_click else f"{who} fetched the picture."
    if verdict is Verdict.PREVIEW:
        return f"{client or 'A program'} made a preview of {link}." if is_click else "A preview fetched the picture."
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
    after_s = -1 if sent_at is None else round((evidence.at - sent_at).total_seconds())
    if after_s < 0:
        return words.sentence(judgement.reason)
    is_click = evidence.hit is not None and evidence.hit.kind is HitKind.CLICK
    what = f"{words.capital(link)} was followed" if is_click else "Fetched"
    return f"{what} after {span_of(after_s)}: {_TOO_EARLY}."


# Whose own machines stand there; a cloud's networks are rented out, and say nothing of who asks.
_MAKERS: Final = {
    "apple-egress": "Apple",
    "google-fetchers": "Google",
    "exchange-protection": "Microsoft",
    "barracuda": "Barracuda",
    "proofpoint": "Proofpoint",
    "mimecast": "Mimecast",
}


def _maker_of(hit: Hit) -> str:
    return next((_MAKERS[label.name] for label in hit.labels if label.name in _MAKERS), "")


def folded_sentence(lines: Sequence[Evidence]) -> str:
    """Return the summary of several machine fetches standing folded in a timeline, newest first."""
    first, last = lines[-1], lines[0]
    span_s = round((last.at - first.at).total_seconds())
    if all(line.correction is not None for line in lines):
        return f"A machine made {len(lines)} requests in {span_of(span_s)}."
    makers = {_maker_of(line.hit) for line in lines if line.hit is not None}
    maker = makers.pop() if len(makers) == 1 else ""
    clicks = sum(1 for line in lines if line.hit is not None and line.hit.kind is HitKind.CLICK)
    verdicts = {line.judgement.verdict for line in lines if line.judgement is not None}
    if verdicts == {Verdict.SCANNER} and clicks == len(lines):
        who = f"A {maker} scanner" if maker else "A security scanner"
        return f"{who} followed {clicks} links in {span_of(span_s)}."
    if verdicts == {Verdict.SCANNER}:
        return f"{f'A {maker}' if maker else 'A security'} scanner made {len(lines)} requests in {span_of(span_s)}."
    return f"{len(lines)} machine fetches, no person's."


def span_of(seconds: int) -> str:
    """Return a short span in words: "2 s", "4 min", "3 h"."""
    if seconds < 120:
        return f"{max(seconds, 1)} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
