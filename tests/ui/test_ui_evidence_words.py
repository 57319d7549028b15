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
from desktop.ui.evidence_words import details_text, evidence_words, folded_sentence
from desktop.ui.glyphs import Glyph
from desktop.ui.timeline import rows_of
from relay.wire.hit import Hit, HitKind
from relay.wire.labels import Label
from tests.ui.sample_data import FIREFOX, GMAIL, NOW, THUNDERBIRD

SENT_AT = NOW + timedelta(seconds=20)
SENT = Evidence(at=SENT_AT, kind=EvidenceKind.SENT, detail="250 ok", counted=True)
EARLY = Judgement(
    verdict=Verdict.UNKNOWN, rule="too-early", confidence=Confidence.LOW, reason="it came at once: too early to tell"
)


def hit_line(
    verdict: Verdict,
    kind: HitKind,
    *,
    agent: str = THUNDERBIRD,
    seconds: float = 0,
    hit_id: bytes = bytes(16),
    link: int = 0,
    rule: str = "rule",
) -> Evidence:
    """Return one line of a timeline about a hit, whose time is exact unless it falls on a whole minute."""
    at = SENT_AT + timedelta(seconds=seconds)
    hit = Hit(
        id=hit_id,
        kind=kind,
        token_id=bytes([link] * 12),
        at_ms=int(at.timestamp() * 1000),
        labels=(),
        network=ipaddress.ip_network("203.0.113.0/24"),
        same_source=bytes(8),
        agent=agent,
    )
    judgement = Judgement(verdict=verdict, rule=rule, confidence=Confidence.HIGH, reason="known mail client")
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
    line = hit_line(Verdict.PREFETCH, HitKind.OPEN, agent="Mozilla/5.0", rule="apple-prefetch")
    wanted = "Apple preloaded it; the person may or may not have opened it. Not counted."
    assert evidence_words(line).joined() == wanted


def test_a_scanner_s_fold_is_told_in_the_product_s_words() -> None:
    """Four links in two seconds from Microsoft are one line."""
    lines = [
        hit_line(Verdict.SCANNER, HitKind.CLICK, seconds=-each / 2, link=each, rule="exchange-protection")
        for each in range(4)
    ]
    rows = rows_of(lines)
    assert [row.says.joined() for row in rows] == ["A Microsoft scanner followed 4 links in 2 s. Not counted."]


def test_what_came_too_early_says_after_how_long() -> None:
    """The seconds are counted from when it left; a link is named."""
    line = replace(hit_line(Verdict.UNKNOWN, HitKind.OPEN, seconds=8), judgement=EARLY)
    assert evidence_words(line, sent_at=SENT_AT).joined() == "Fetched after 8 s: too early to tell. Not counted."
    assert next(row.says.sentence for row in rows_of([line, SENT])) == "Fetched after 8 s: too early to tell."
    click = replace(hit_line(Verdict.UNKNOWN, HitKind.CLICK, seconds=8), judgement=EARLY)
    assert evidence_words(click, sent_at=SENT_AT).sentence == "A link was followed after 8 s: too early to tell."


def test_without_the_instant_of_sending_the_rule_s_own_words_stand() -> None:
    """Nothing is counted from an instant that nobody knows."""
    line = replace(hit_line(Verdict.UNKNOWN, HitKind.OPEN), judgement=EARLY)
    assert evidence_words(line).sentence == "It came at once: too early to tell."
    before = replace(hit_line(Verdict.UNKNOWN, HitKind.OPEN, seconds=-8), judgement=EARLY)
    assert evidence_words(before, sent_at=SENT_AT).sentence == "It came at once: too early to tell."


@pytest.mark.parametrize(
    ("minutes", "when"), [(0, "moments after sending"), (1, "moments after sending"), (4, "about 3 min after sending")]
)
def test_of_a_time_that_was_cut_no_seconds_are_made_up(minutes: int, when: str) -> None:
    """What is left of a hit's time after two days is its minute: no second is told, and nothing from before sending."""
    cut = hit_line(Verdict.UNKNOWN, HitKind.OPEN, seconds=60 * minutes - 20)
    rows = rows_of(sorted([SENT, replace(cut, judgement=EARLY)], key=lambda line: line.at, reverse=True))
    assert [row.says.sentence for row in rows] == [f"Fetched {when}: too early to tell.", "The provider took it."]


def test_what_came_before_the_sending_stands_before_it() -> None:
    """An exact time before the provider's answer is one, and so is an earlier minute than the sending's."""
    for seconds in (-8, -80):
        line = hit_line(Verdict.SCANNER, HitKind.OPEN, seconds=seconds)
        assert [row.lines[0] for row in rows_of([SENT, line])] == [SENT, line]


def test_folded_times_that_were_cut_tell_no_seconds() -> None:
    """A burst whose times are cut came within a minute, or two; an exact one says its seconds."""
    cut = [hit_line(Verdict.SCANNER, HitKind.CLICK, seconds=-20, link=each) for each in range(3)]
    later = hit_line(Verdict.SCANNER, HitKind.CLICK, seconds=40, link=3)
    assert folded_sentence(cut) == "A security scanner followed 3 links within a minute."
    assert folded_sentence([later, *cut]) == "A security scanner followed 4 links within 2 min."


def test_a_fold_counts_different_links() -> None:
    """A link followed again is no further link."""
    lines = [hit_line(Verdict.SCANNER, HitKind.CLICK, seconds=1 - each / 2, link=each % 2) for each in range(3)]
    assert folded_sentence(lines) == "A security scanner followed 2 links, 3 times in all, in 1 s."
    assert folded_sentence(lines[::2]) == "A security scanner followed a link twice in 1 s."


def test_several_preloads_are_one_line() -> None:
    """The person may have opened it or not, however often it was preloaded."""
    lines = [hit_line(Verdict.PREFETCH, HitKind.OPEN, seconds=-each, rule="apple-prefetch") for each in range(3)]
    assert folded_sentence(lines) == "Apple preloaded it 3 times; the person may or may not have opened it."


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
        "Possibly forwarded, or read on another device: first read in Outlook on 3 May, this one came from another "
        "network and program."
    )
    assert evidence_words(replace(line, forwarding=first)).possibly == wanted
    nameless = evidence_words(replace(line, forwarding=replace(first, earlier_client=""))).possibly
    assert "first read on 3 May" in nameless


def test_one_s_own_view_has_a_shape_of_its_own() -> None:
    """Neither you nor a colleague is drawn as a machine."""
    assert glyph_of_evidence(hit_line(Verdict.SELF, HitKind.OPEN)) is Glyph.OWN
    assert glyph_of_evidence(hit_line(Verdict.SCANNER, HitKind.OPEN)) is Glyph.MACHINE


def test_the_details_name_what_the_verdict_rests_on() -> None:
    """Network, list, program and rule as they came, network and program of whom place may be known alone."""
    line = from_list(hit_line(Verdict.PERSON, HitKind.OPEN, agent="Mail\u202e/1\n2"), "apple-egress")
    wanted = "Network 203.0.113.0/24, on the lists apple-egress of 2026-05-01\nProgram Mail/1 2\nRule rule, sure"
    assert details_text(line, is_placed=True) == wanted
    assert details_text(line, is_placed=False) == "On the lists apple-egress of 2026-05-01\nRule rule, sure"
    assert details_text(replace(line, hit=unlisted(line)), is_placed=False) == "On no published list\nRule rule, sure"
    assert details_text(SENT, is_placed=True) == ""


def unlisted(line: Evidence) -> Hit:
    """Return the line's hit without its labels."""
    assert line.hit is not None
    return replace(line.hit, labels=())


@pytest.mark.parametrize("label", ["microsoft-cloud", "apple-egress", "google-fetchers", "exchange-protection"])
def test_a_network_alone_names_no_maker(label: str) -> None:
    """Where another rule decided, the list an address is on makes nobody the scanner's owner."""
    scanner = from_list(hit_line(Verdict.SCANNER, HitKind.CLICK, rule="burst"), label)
    assert evidence_words(scanner).sentence == "A security scanner followed a link."
    preload = from_list(hit_line(Verdict.PREFETCH, HitKind.OPEN), label)
    assert evidence_words(preload).sentence.startswith("A mail program preloaded it;")


@pytest.mark.parametrize(
    ("rule", "agent", "who"),
    [
        ("exchange-protection", FIREFOX, "A Microsoft scanner"),
        ("ironport", FIREFOX, "An IronPort scanner"),
        ("trend-micro", FIREFOX, "A Trend Micro scanner"),
        ("named-scanner", "Kaspersky/1", "A Kaspersky scanner"),
        ("named-scanner", "W3C-checklink/4.5", "A link checker"),
        ("named-scanner", "some virus thing", "A security scanner"),
        ("http-library", "curl/8.5.0", "A script"),
        ("named-robot", "robot", "A robot"),
        ("burst", "Kaspersky/1", "A security scanner"),
    ],
)
def test_the_rule_that_decided_names_the_maker(rule: str, agent: str, who: str) -> None:
    """Who owns the network, or what the program calls itself, is named where that was what decided."""
    line = hit_line(Verdict.SCANNER, HitKind.CLICK, agent=agent, rule=rule)
    assert evidence_words(line).sentence == f"{who} followed a link."


def test_a_no_is_told_whoever_wrote_it_down() -> None:
    """They pressed the link or told the user: the line says what both are."""
    line = Evidence(at=NOW, kind=EvidenceKind.STOP)
    assert evidence_words(line).sentence == "They said no to tracking. Nothing is recorded from here on."
