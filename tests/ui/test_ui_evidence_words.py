"""Each line of a timeline says who did what in the product's words, and what the user said of it stands as theirs."""

import ipaddress
from dataclasses import replace
from datetime import timedelta

import pytest

from desktop.core.correction import Correction, Who
from desktop.core.forwarding import Forwarding
from desktop.core.status import Evidence, EvidenceKind
from desktop.core.verdict import Confidence, Judgement, Verdict
from desktop.ui.evidence_list import glyph_of_evidence
from desktop.ui.evidence_words import details_text, evidence_words
from desktop.ui.glyphs import Glyph
from desktop.ui.timeline import rows_of
from relay.wire.hit import Hit, HitKind
from relay.wire.labels import Label
from tests.ui.sample_data import GMAIL, NOW, THUNDERBIRD

SENT = Evidence(at=NOW, kind=EvidenceKind.SENT, detail="250 ok", counted=True)


def hit_line(
    verdict: Verdict, kind: HitKind, *, agent: str = THUNDERBIRD, seconds: float = 0, hit_id: bytes = bytes(16)
) -> Evidence:
    """Return one line of a timeline about a hit."""
    at = NOW + timedelta(seconds=seconds)
    hit = Hit(
        id=hit_id,
        kind=kind,
        token_id=bytes(12),
        at_ms=int(at.timestamp() * 1000),
        labels=(),
        network=ipaddress.ip_network("203.0.113.0/24"),
        same_source=bytes(8),
        agent=agent,
    )
    judgement = Judgement(verdict=verdict, rule="rule", confidence=Confidence.HIGH, reason="known mail client")
    counted = verdict in (Verdict.PERSON, Verdict.IMAGE_PROXY)
    return Evidence(at=at, kind=EvidenceKind.HIT, judgement=judgement, hit=hit, counted=counted)


def from_list(line: Evidence, name: str) -> Evidence:
    """Return the line as if its address were on a published list."""
    assert line.hit is not None
    return replace(line, hit=replace(line.hit, labels=(Label(name, "2026-05-01"),)))


def said(line: Evidence, who: Who, hit_id: bytes | None = None) -> Evidence:
    """Return the line as a correction decides it, of its own hit or of another one."""
    assert line.hit is not None
    return replace(line, correction=Correction(id=1, hit_id=hit_id or line.hit.id, who=who, at=NOW))


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("kind", HitKind)
def test_every_verdict_has_a_sentence(verdict: Verdict, kind: HitKind) -> None:
    """Each verdict on each kind of hit says who did what, and only a person's says "a person"."""
    said = evidence_words(hit_line(verdict, kind))
    assert said.sentence.endswith(".")
    assert ("A person" in said.sentence) == (verdict is Verdict.PERSON)


@pytest.mark.parametrize("verdict", Verdict)
def test_only_what_moved_the_ladder_counts(verdict: Verdict) -> None:
    """A machine's or an unknown's fetch is called "not counted", a person's is not."""
    said = evidence_words(hit_line(verdict, HitKind.OPEN))
    assert (said.counted == "") == (verdict in (Verdict.PERSON, Verdict.IMAGE_PROXY))


@pytest.mark.parametrize("kind", [kind for kind in EvidenceKind if kind is not EvidenceKind.HIT])
def test_every_station_has_a_sentence(kind: EvidenceKind) -> None:
    """Each line that is no hit has its sentence."""
    assert evidence_words(Evidence(at=NOW, kind=kind)).sentence.endswith(".")


def test_a_person_is_named_with_their_client() -> None:
    """The timeline names the mail program and the reason."""
    said = evidence_words(hit_line(Verdict.PERSON, HitKind.OPEN))
    assert said.joined() == "A person opened it in Thunderbird. Known mail client."


def test_a_reason_that_says_the_same_is_said_once() -> None:
    """A rule whose reason is the sentence itself does not make the line repeat itself."""
    line = hit_line(Verdict.PREFETCH, HitKind.OPEN, agent="")
    whole = evidence_words(line).sentence
    judgement = Judgement(verdict=Verdict.PREFETCH, rule="r", confidence=Confidence.HIGH, reason=whole.lower())
    assert evidence_words(replace(line, judgement=judgement)).joined() == f"{whole} Not counted."


def test_gmail_is_named_as_the_fetcher() -> None:
    """A proxy's line names the provider, not a person."""
    said = evidence_words(hit_line(Verdict.IMAGE_PROXY, HitKind.OPEN, agent=GMAIL))
    assert said.sentence == "Gmail fetched the picture, as it usually does on opening."


def test_a_prefetch_is_told_in_the_product_s_words() -> None:
    """Apple's preloading is no open, and its sentence is all that is said of it."""
    line = from_list(hit_line(Verdict.PREFETCH, HitKind.OPEN, agent="Mozilla/5.0"), "apple-egress")
    wanted = "Apple preloaded it; the person may or may not have opened it. Not counted."
    assert evidence_words(line).joined() == wanted


def test_a_scanner_s_fold_is_told_in_the_product_s_words() -> None:
    """Four links in two seconds from Microsoft are one line."""
    lines = [
        hit_line(Verdict.SCANNER, HitKind.CLICK, seconds=-each / 2, hit_id=bytes([each] * 16)) for each in range(5)
    ]
    rows = rows_of([from_list(line, "exchange-protection") for line in lines[:4]])
    assert [row.says.joined() for row in rows] == ["A Microsoft scanner followed 4 links in 2 s. Not counted."]


def test_what_came_too_early_says_after_how_long() -> None:
    """The seconds are counted from when it left; a link is named."""
    judgement = Judgement(
        verdict=Verdict.UNKNOWN,
        rule="too-early",
        confidence=Confidence.LOW,
        reason="it came 8 s after sending: too early to tell",
    )
    line = replace(hit_line(Verdict.UNKNOWN, HitKind.OPEN, seconds=8), judgement=judgement)
    assert evidence_words(line, sent_at=NOW).joined() == "Fetched after 8 s: too early to tell. Not counted."
    assert next(row.says.sentence for row in rows_of([line, SENT])) == "Fetched after 8 s: too early to tell."
    click = replace(hit_line(Verdict.UNKNOWN, HitKind.CLICK, seconds=8), judgement=judgement)
    assert evidence_words(click, sent_at=NOW).sentence == "A link was followed after 8 s: too early to tell."


def test_without_the_instant_of_sending_the_rule_s_own_words_stand() -> None:
    """Nothing is counted from an instant that nobody knows."""
    judgement = Judgement(
        verdict=Verdict.UNKNOWN, rule="r", confidence=Confidence.LOW, reason="it came at once: too early to tell"
    )
    line = replace(hit_line(Verdict.UNKNOWN, HitKind.OPEN), judgement=judgement)
    assert evidence_words(line).sentence == "It came at once: too early to tell."


@pytest.mark.parametrize("kind", HitKind)
@pytest.mark.parametrize("who", Who)
def test_a_corrected_line_says_so(who: Who, kind: HitKind) -> None:
    """What the user said stands in place of the rule's reason, and nobody else is named."""
    told = evidence_words(said(hit_line(Verdict.SELF, kind), who))
    assert told.why.startswith("You said: ")
    assert "A person" not in told.sentence
    subject = {Who.ME: "You", Who.COLLEAGUE: "A colleague", Who.MACHINE: "A machine", Who.RECIPIENT: "The recipient"}
    assert told.sentence.startswith(subject[who])


def test_a_line_that_follows_says_of_what() -> None:
    """A line decided by a word about another hit does not claim that the user spoke of it."""
    told = evidence_words(said(hit_line(Verdict.SELF, HitKind.OPEN), Who.ME, hit_id=bytes([9] * 16)))
    assert (
        told.joined() == "You looked at it yourself in Thunderbird. You said of one like it: that was me. Not counted."
    )


def test_what_the_user_said_is_a_machine_stays_where_they_said_it() -> None:
    """Their own word is not folded away among other machines; what follows from it folds by itself."""
    lines = [hit_line(Verdict.SCANNER, HitKind.OPEN, seconds=-each, hit_id=bytes([each] * 16)) for each in range(6)]
    mine = said(lines[0], Who.MACHINE)
    following = [said(line, Who.MACHINE, hit_id=bytes(16)) for line in lines[1:3]]
    rows = rows_of([mine, *following, *lines[3:]])
    assert [len(row.lines) for row in rows] == [1, 2, 3]
    assert rows[1].says.sentence == "A machine made 2 requests in 1 s."


def test_a_possible_forwarding_is_said_as_a_possibility() -> None:
    """It names the first program and day, and says "possibly"; without a known program it names none."""
    line = hit_line(Verdict.PERSON, HitKind.OPEN)
    first = Forwarding(earlier_at=NOW - timedelta(days=3), earlier_client="Outlook")
    wanted = (
        "Possibly forwarded, or read on another device: first opened in Outlook on 3 May, this one came from another "
        "network and program."
    )
    assert evidence_words(replace(line, forwarding=first)).possibly == wanted
    nameless = evidence_words(replace(line, forwarding=replace(first, earlier_client=""))).possibly
    assert "first opened on 3 May" in nameless


def test_one_s_own_view_has_a_shape_of_its_own() -> None:
    """Neither you nor a colleague is drawn as a machine."""
    assert glyph_of_evidence(hit_line(Verdict.SELF, HitKind.OPEN)) is Glyph.OWN
    assert glyph_of_evidence(hit_line(Verdict.SCANNER, HitKind.OPEN)) is Glyph.MACHINE


def test_the_details_name_what_the_verdict_rests_on() -> None:
    """Network, list, program and rule are told as they came; a line that is no hit has none."""
    line = from_list(hit_line(Verdict.PERSON, HitKind.OPEN, agent="Mail\u202e/1\n2"), "apple-egress")
    wanted = "Network 203.0.113.0/24, on the lists apple-egress of 2026-05-01\nProgram Mail/1 2\nRule rule, sure"
    assert details_text(line) == wanted
    assert details_text(SENT) == ""


def test_who_rents_a_machine_in_a_cloud_is_not_the_cloud() -> None:
    """A scanner on somebody's rented machine is nobody's by name; on Microsoft's own filter it is Microsoft's."""
    scanner = hit_line(Verdict.SCANNER, HitKind.CLICK)
    rented, own = from_list(scanner, "microsoft-cloud"), from_list(scanner, "exchange-protection")
    assert evidence_words(rented).sentence.startswith("A security scanner followed")
    assert evidence_words(own).sentence.startswith("A Microsoft scanner followed")
