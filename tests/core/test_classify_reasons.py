"""The clause of evidence each rule gives: what the user reads under a hit, and nothing more than was proven."""

from dataclasses import replace

import pytest

from desktop.core.circumstances import HitContext
from desktop.core.classify import judge
from desktop.core.verdict import Confidence, Judgement, Verdict
from relay.wire.hit import Hit
from tests.core.judging import judge_copy
from tests.fakes.samples import (
    CHROME,
    FIREFOX,
    GMAIL_PREFETCH,
    GMAIL_PROXY,
    HOME,
    SAFARI,
    SENT_AT,
    click,
    hit,
)

SENT = HitContext(sent_at=SENT_AT, known=True)
NEVER_SENT = replace(SENT, sent_at=None)
AT_HOME = replace(SENT, own_sources=frozenset({HOME}))
BY_MYSELF = replace(AT_HOME, own_programs=frozenset({"Thunderbird"}))
APPLE = ("apple-egress",)
GOOGLE = ("google-fetchers",)
AZURE = ("microsoft-cloud",)
LOW, MEDIUM, HIGH = Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH
NOT_APPLES = "the program hides its name, and the network is not Apple's"
NOT_GOOGLES = "the program has the name that Gmail preloads with, but the network is not Google's"
BARE_CLICK = "Apple's own network, but its Mail preloads pictures and follows no links"
GMAIL_CLICK = "the program has the name that Gmail preloads with, and Gmail follows no links"
NO_PROXY = "the program has the name of an image proxy, "
NOT_TOLD_APART = "it came from a network where machines and people are not told apart"


@pytest.mark.parametrize(
    ("one", "context", "confidence", "reason"),
    [
        (hit(), replace(SENT, known=False), LOW, "Readback has no record of this mail"),
        (hit(), NEVER_SENT, HIGH, "this copy was never sent to anybody"),
        (hit(), BY_MYSELF, MEDIUM, "it came from your own address and program"),
        (hit(), AT_HOME, LOW, "it came from your own address; it may have been you"),
        (click(agent="Twitterbot/1.0"), SENT, HIGH, "the program has the name of one that makes link previews"),
        (click(agent="Mimecast"), SENT, HIGH, "the program has the name of one that looks for danger"),
        (click(agent="curl/8"), SENT, HIGH, "the program is a script's, not one that people read mail with"),
        (hit(labels=("exchange-protection",)), SENT, HIGH, "it came from the network of Microsoft's mail filter"),
        (hit(labels=("barracuda",)), SENT, HIGH, "it came from the network of Barracuda's mail filter"),
        (
            hit(labels=("x", "exchange-protection", "barracuda")),
            SENT,
            HIGH,
            "it came from the network of Barracuda's mail filter",
        ),
        (
            click(labels=("proofpoint",), after_s=6),
            SENT,
            MEDIUM,
            "it came from Proofpoint's network, and it came soon after sending",
        ),
        (click(labels=("mimecast",)), SENT, LOW, "it came from Mimecast's network, which later may carry people"),
        (click(labels=("ironport",)), SENT, LOW, "it came from IronPort's network, which later may carry people"),
        (click(labels=("trend-micro",)), SENT, LOW, "it came from Trend Micro's network, which later may carry people"),
        (
            hit(agent="Mozilla/5.0", labels=APPLE),
            SENT,
            HIGH,
            "Apple's own network, with the bare name under which its Mail preloads",
        ),
        (hit(agent="Mozilla/5.0"), SENT, LOW, NOT_APPLES),
        (
            hit(agent=GMAIL_PREFETCH, labels=GOOGLE),
            SENT,
            HIGH,
            "Google's own network, with the program that Gmail preloads with",
        ),
        (hit(agent=GMAIL_PREFETCH), SENT, LOW, NOT_GOOGLES),
        (click(agent="Mozilla/5.0"), SENT, LOW, NOT_APPLES),
        (click(agent="Mozilla/5.0", labels=APPLE), SENT, LOW, BARE_CLICK),
        (click(agent=GMAIL_PREFETCH), SENT, LOW, NOT_GOOGLES),
        (click(agent=GMAIL_PREFETCH, labels=GOOGLE), SENT, LOW, GMAIL_CLICK),
        (hit(agent=GMAIL_PROXY), SENT, LOW, f"{NO_PROXY}but the network is not Google's"),
        (hit(agent=GMAIL_PROXY, labels=APPLE), SENT, LOW, f"{NO_PROXY}but the network is not Google's"),
        (click(agent=GMAIL_PROXY, labels=GOOGLE), SENT, LOW, f"{NO_PROXY}and such follow no links"),
        (click(agent="YahooMailProxy"), SENT, LOW, f"{NO_PROXY}and such follow no links"),
        (hit(agent="YahooMailProxy", labels=GOOGLE), SENT, LOW, f"{NO_PROXY}but the network is Google's"),
        (hit(agent="YahooMailProxy", labels=APPLE), SENT, LOW, f"{NO_PROXY}but the network is Apple's"),
        (hit(agent=GMAIL_PROXY, labels=GOOGLE, after_s=8), SENT, LOW, "it came soon after sending: too early to tell"),
        (
            hit(agent=GMAIL_PROXY, labels=GOOGLE),
            SENT,
            MEDIUM,
            "Google's own network and image proxy, past the first seconds",
        ),
        (click(labels=AZURE, after_s=9), SENT, MEDIUM, "it came from a data centre, and it came soon after sending"),
        (click(labels=AZURE), SENT, LOW, "it came from a data centre, where some people have their desktops"),
        (click(labels=GOOGLE), SENT, LOW, "it came from a network of Google's that fetches for others"),
        (hit(labels=AZURE, after_s=7.4), SENT, LOW, "it came soon after sending: too early to tell"),
        (
            hit(labels=AZURE),
            SENT,
            LOW,
            "it came from Microsoft's network, which fetches pictures for people who read webmail",
        ),
        (hit(labels=APPLE), SENT, LOW, NOT_TOLD_APART),
        (hit(after_s=39.4), SENT, LOW, "it came soon after sending: too early to tell"),
        (hit(after_s=-3), SENT, LOW, "it came before the mail was handed over: too early to tell"),
        (hit(after_s=0), SENT, LOW, "it came soon after sending: too early to tell"),
        (hit(), SENT, HIGH, "ordinary network, known mail client"),
        (hit(agent=SAFARI, labels=APPLE), SENT, MEDIUM, "Safari, by way of Apple's Private Relay"),
        (click(), SENT, MEDIUM, "ordinary network, a browser with its own headers"),
        (hit(agent="Reader/1"), SENT, LOW, "nothing about it is proven"),
    ],
)
def test_every_verdict_says_on_what_it_stands(
    one: Hit, context: HitContext, confidence: Confidence, reason: str
) -> None:
    """Rule by rule the clause and the confidence are these."""
    judgement = judge(one, context)
    assert (judgement.reason, judgement.confidence) == (reason, confidence)


def test_two_programs_at_one_address_are_named_as_the_evidence() -> None:
    """The clause says what was seen, not what was concluded."""
    image = {"sec-fetch-dest": "image"}
    pair = [hit(after_s=600, agent=agent, headers=image) for agent in (FIREFOX, CHROME)]
    assert judge_copy(pair, SENT)[0].reason == "one address used two different programs at once"


def test_a_picture_between_links_needs_a_whole_burst_near_it() -> None:
    """Clicks of a burst that ended more than 3 s away leave a picture alone, though one of its links is near."""
    context = replace(SENT, link_count=2)
    burst = [click(after_s=after_s, token_id=bytes([number]) * 12) for number, after_s in enumerate((600, 602))]
    judged = judge_copy([hit(after_s=605), *burst], context)
    assert [each.rule for each in judged] == ["burst"] * 3
    assert judge_copy([hit(after_s=605.001), *burst], context)[0].rule == "mail-client"


def test_a_judgement_is_whole() -> None:
    """One verdict in all its parts."""
    expected = Judgement(
        verdict=Verdict.PERSON,
        rule="mail-client",
        confidence=Confidence.HIGH,
        reason="ordinary network, known mail client",
    )
    assert judge(hit(), SENT) == expected
