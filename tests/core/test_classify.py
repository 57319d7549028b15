"""Each rule of judging, in order, with the twin that shows where it ends."""

from dataclasses import replace
from datetime import timedelta

import pytest

from desktop.core.agents import program_shape
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
    OUTLOOK,
    SAFARI,
    SENT_AT,
    THUNDERBIRD,
    click,
    hit,
)

SENT = HitContext(sent_at=SENT_AT, known=True)
IMAGE = {"sec-fetch-dest": "image"}
OTHER = b"\x02" * 8
WEBVIEW = (
    "Mozilla/5.0 (Linux; Android 13; Pixel 7 Build/X; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/120.0 Mobile Safari/537.36"
)


def verdict(one: Hit, context: HitContext = SENT) -> tuple[Verdict, str]:
    judgement = judge(one, context)
    return judgement.verdict, judgement.rule


def links(count: int, *, after_s: float, apart_s: float, same_source: bytes = HOME, agent: str = CHROME) -> list[Hit]:
    return [
        click(
            after_s=after_s + number * apart_s,
            token_id=bytes([number]) * 12,
            same_source=same_source,
            agent=agent,
        )
        for number in range(count)
    ]


# Rule 1


def test_a_copy_never_sent_is_the_senders_own_view() -> None:
    """A hit on a recorded copy that was never sent is the sender's own."""
    assert verdict(hit(), replace(SENT, sent_at=None)) == (Verdict.SELF, "never-sent")


def test_a_token_without_record_is_unknown_and_not_self() -> None:
    """After a restore a token may be unknown: that proves nothing, sent or not."""
    assert verdict(hit(), HitContext(sent_at=None, known=False)) == (Verdict.UNKNOWN, "unknown-token")


def test_own_address_and_own_program_are_the_senders_own_view() -> None:
    """The sender's source mark with the sender's agent is self."""
    context = replace(SENT, own_sources=frozenset({HOME}), own_programs=frozenset({"Thunderbird"}))
    judged = judge(hit(), context)
    assert (judged.verdict, judged.rule, judged.confidence) == (Verdict.SELF, "own-view", Confidence.MEDIUM)


@pytest.mark.parametrize(
    ("sources", "agents", "expected"),
    [
        ({HOME}, {OUTLOOK}, (Verdict.UNKNOWN, "own-network")),
        ({OTHER}, {THUNDERBIRD}, (Verdict.PERSON, "mail-client")),
    ],
)
def test_half_of_an_own_view_is_no_own_view(
    sources: set[bytes], agents: set[str], expected: tuple[Verdict, str]
) -> None:
    """Own address alone may be a colleague, so unknown; own program alone is anybody's."""
    context = replace(SENT, own_sources=frozenset(sources), own_programs=frozenset(map(program_shape, agents)))
    assert verdict(hit(), context) == expected


# Rules 2 and 3


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("Slack-ImgProxy (+https://api.slack.com/robots)", (Verdict.PREVIEW, "preview-bot")),
        ("Barracuda Sentinel (EE)", (Verdict.SCANNER, "named-scanner")),
        ("python-requests/2.26.0", (Verdict.SCANNER, "http-library")),
    ],
)
def test_programs_that_name_themselves_are_taken_at_their_word(agent: str, expected: tuple[Verdict, str]) -> None:
    """A preview bot, a scanner and a library are machines at any time."""
    assert verdict(click(agent=agent)) == expected
    assert judge(click(agent=agent), SENT).confidence is Confidence.HIGH


@pytest.mark.parametrize(
    ("agent", "rule", "confidence", "reason"),
    [
        (THUNDERBIRD, "mail-client", Confidence.HIGH, "ordinary network, known mail client"),
        ("KMail/5", "mail-client", Confidence.HIGH, "ordinary network, known mail client"),
        (f"{SAFARI} [LinkedInApp]/9.1", "in-app", Confidence.MEDIUM, "ordinary network, inside the app LinkedIn"),
        (WEBVIEW, "app-view", Confidence.MEDIUM, "ordinary network, an app's own view of a page"),
    ],
)
def test_a_mail_client_is_surer_than_an_app_that_shows_a_page(
    agent: str, rule: str, confidence: Confidence, reason: str
) -> None:
    """All are a person's; only what is a mail client by its name is called one."""
    expected = Judgement(verdict=Verdict.PERSON, rule=rule, confidence=confidence, reason=reason)
    assert judge(hit(agent=agent), SENT) == expected


# Rule 4


@pytest.mark.parametrize("label", ["exchange-protection", "barracuda"])
@pytest.mark.parametrize("one", [hit, click])
def test_a_filters_network_is_a_scanner_at_any_time(label: str, one: type) -> None:
    """Nobody reads mail from a filtering tier, so pictures and clicks from there are a scanner's, late ones too."""
    assert verdict(one(labels=(label,), after_s=86_400)) == (Verdict.SCANNER, label)
    assert verdict(one(after_s=86_400))[0] is Verdict.PERSON


@pytest.mark.parametrize("label", ["proofpoint", "mimecast", "ironport", "trend-micro"])
def test_a_gateways_network_is_a_scanner_only_inside_the_window(label: str) -> None:
    """Later, people come through the gateway's browser isolation: unknown."""
    judged = judge(click(labels=(label,), after_s=39.9), SENT)
    assert (judged.verdict, judged.rule, judged.confidence) == (Verdict.SCANNER, label, Confidence.MEDIUM)
    assert verdict(click(labels=(label,), after_s=40)) == (Verdict.UNKNOWN, f"{label}-late")


# Rule 5


def test_all_links_within_three_seconds_are_a_scanner_and_that_is_applied_back() -> None:
    """The first click of a burst was a person's by itself; the burst takes it back."""
    burst = links(3, after_s=600, apart_s=1.5)
    context = replace(SENT, link_count=3)
    assert [judged.rule for judged in judge_copy(burst[:1], context)] == ["browser"]
    judged = judge_copy(burst, context)
    assert [(each.verdict, each.rule) for each in judged] == [(Verdict.SCANNER, "burst")] * 3
    assert judged[0].reason == "all 3 links of the mail were followed at once"
    assert judged[0].confidence is Confidence.HIGH


@pytest.mark.parametrize(("apart_s", "expected"), [(1.5, "burst"), (1.501, "browser")])
def test_a_burst_ends_at_three_seconds(apart_s: float, expected: str) -> None:
    """Three links over exactly 3 s are a burst, over a millisecond more they are not."""
    judged = judge_copy(links(3, after_s=600, apart_s=apart_s), replace(SENT, link_count=3))
    assert [each.rule for each in judged] == [expected] * 3


def test_only_the_clicks_of_the_burst_are_taken_back() -> None:
    """Clicks before it, between two bursts and after it stay a person's, if from another address."""
    context = replace(SENT, link_count=2)
    lone = [click(after_s=after_s, token_id=bytes(12), same_source=OTHER) for after_s in (600, 700, 800)]
    hits = [
        lone[0],
        *links(2, after_s=650, apart_s=1),
        lone[1],
        *links(2, after_s=750, apart_s=1),
        lone[2],
    ]
    person, machine = Verdict.PERSON, Verdict.SCANNER
    expected = [person, machine, machine, person, machine, machine, person]
    assert [each.verdict for each in judge_copy(hits, context)] == expected


def test_a_link_followed_twice_still_belongs_to_a_burst() -> None:
    """The second click on one link starts a stretch that sees the other one too, and ends one that does not."""
    context = replace(SENT, link_count=2)
    twice = [click(after_s=after_s, token_id=bytes(12)) for after_s in (600, 602)]
    other = click(after_s=604.5, token_id=b"\x01" * 12)
    assert [each.rule for each in judge_copy([*twice, other], context)] == ["browser", "burst", "burst"]
    near = replace(other, at_ms=other.at_ms - 500, token_id=b"\x02" * 12)
    triple = [*twice, click(after_s=602.5, token_id=bytes(12)), near]
    assert [each.rule for each in judge_copy(triple, context)] == ["browser", "burst", "burst", "burst"]


def test_a_hit_judged_alone_sees_the_burst_in_its_siblings() -> None:
    """What belongs to a burst among all of a copy belongs to it when one hit is judged."""
    first, *others = links(3, after_s=600, apart_s=1)
    assert judge(first, replace(SENT, link_count=3, siblings=tuple(others))).rule == "burst"
    assert judge(first, replace(SENT, link_count=3, siblings=tuple(others[:1]))).rule == "browser"


def test_one_link_left_out_is_no_burst() -> None:
    """A person may follow two of three links quickly."""
    judged = judge_copy(links(2, after_s=600, apart_s=0.501), replace(SENT, link_count=3))
    assert [each.verdict for each in judged] == [Verdict.PERSON] * 2


def test_the_same_link_twice_is_no_burst_of_two() -> None:
    """A double click follows one link, not both."""
    twice = [click(after_s=600), click(after_s=600.2)]
    judged = judge_copy(twice, replace(SENT, link_count=2))
    assert [each.verdict for each in judged] == [Verdict.PERSON] * 2


def test_the_only_link_is_no_burst() -> None:
    """Whoever follows the only link follows all links: that is no burst."""
    assert judge_copy([click()], replace(SENT, link_count=1))[0].verdict is Verdict.PERSON


@pytest.mark.parametrize("agent", [THUNDERBIRD, OUTLOOK])
def test_a_picture_from_where_a_burst_came_belongs_to_it(agent: str) -> None:
    """The scanner that follows every link also loads the picture; somebody else at that moment does not."""
    context = replace(SENT, link_count=2)
    burst = links(2, after_s=600, apart_s=1)
    assert judge_copy([hit(after_s=598, agent=agent), *burst], context)[0].rule == "burst"
    assert judge_copy([hit(after_s=596.9, agent=agent), *burst], context)[0].rule == "mail-client"
    assert judge_copy([hit(after_s=598, agent=agent, same_source=OTHER), *burst], context)[0].rule == "mail-client"


def test_a_picture_near_a_single_click_is_no_burst() -> None:
    """An open and a click milliseconds apart are no proof of a machine."""
    context = replace(SENT, link_count=2)
    judged = judge_copy([hit(after_s=600), *links(1, after_s=600.005, apart_s=0)], context)
    assert [each.rule for each in judged] == ["mail-client", "browser"]


def test_a_person_after_a_burst_is_still_a_person() -> None:
    """A scanner at delivery does not silence the reader an hour later."""
    context = replace(SENT, link_count=2)
    judged = judge_copy([*links(2, after_s=5, apart_s=0.1, same_source=OTHER), click(after_s=3600)], context)
    assert [each.verdict for each in judged] == [Verdict.SCANNER, Verdict.SCANNER, Verdict.PERSON]


def test_two_browsers_at_one_address_within_seconds_are_a_scanner() -> None:
    """One full address that changes its browser within 3 s is a machine in disguise."""
    pair = [
        hit(after_s=600, agent=FIREFOX, headers=IMAGE),
        hit(after_s=603, agent=CHROME, headers=IMAGE),
    ]
    judged = judge_copy(pair, SENT)
    assert [(each.verdict, each.rule) for each in judged] == [(Verdict.SCANNER, "two-agents")] * 2
    assert judged[0].confidence is Confidence.MEDIUM


@pytest.mark.parametrize(
    "other",
    [
        hit(after_s=603.001, agent=CHROME, headers=IMAGE),
        hit(after_s=600, agent=FIREFOX, headers=IMAGE),
        hit(after_s=600, agent=CHROME, headers=IMAGE, same_source=OTHER),
    ],
)
def test_two_hits_are_no_two_agents_without_address_agent_and_haste(other: Hit) -> None:
    """Later, or with the same browser, or from another address, two hits are two hits."""
    judged = judge_copy([hit(after_s=600, agent=FIREFOX, headers=IMAGE), other], SENT)
    assert [each.verdict for each in judged] == [Verdict.PERSON] * 2


@pytest.mark.parametrize("reader", [OUTLOOK, THUNDERBIRD, "Outlook-iOS/2.0"])
def test_a_mail_client_that_opens_a_browser_is_no_two_agents(reader: str) -> None:
    """A person reads in one program and the link opens in another, at the same address, at once."""
    judged = judge_copy([hit(after_s=600, agent=reader), click(after_s=600.5)], SENT)
    assert [each.verdict for each in judged] == [Verdict.PERSON] * 2


def test_shared_egress_addresses_show_many_agents() -> None:
    """Apple's egress address serves strangers: another agent there proves nothing."""
    pair = [
        hit(after_s=600, agent="Mozilla/5.0", labels=("apple-egress",)),
        click(after_s=601, agent=SAFARI, labels=("apple-egress",)),
    ]
    assert [each.verdict for each in judge_copy(pair, SENT)] == [Verdict.PREFETCH, Verdict.PERSON]


# Rule 6


@pytest.mark.parametrize("after_s", [3, 21_600])
def test_apples_prefetch_is_never_an_open(after_s: float) -> None:
    """Exactly Mozilla/5.0 from Apple's egress is a prefetch, early or late."""
    judged = judge(hit(agent="Mozilla/5.0", labels=("apple-egress",), after_s=after_s), SENT)
    assert (judged.verdict, judged.rule, judged.confidence) == (Verdict.PREFETCH, "apple-prefetch", Confidence.HIGH)


def test_the_bare_agent_elsewhere_or_on_a_link_is_unknown() -> None:
    """Others hide their name the same way, and Apple preloads no links."""
    assert verdict(hit(agent="Mozilla/5.0")) == (Verdict.UNKNOWN, "bare-agent")
    assert verdict(click(agent="Mozilla/5.0", labels=("apple-egress",))) == (Verdict.UNKNOWN, "bare-agent")


def test_gmails_prefetch_needs_googles_network_and_a_picture() -> None:
    """The Edge 12.246 form is a prefetch from Google, unknown from elsewhere and on a link."""
    judged = judge(hit(agent=GMAIL_PREFETCH, labels=("google-fetchers",), after_s=1), SENT)
    assert (judged.verdict, judged.rule, judged.confidence) == (Verdict.PREFETCH, "gmail-prefetch", Confidence.HIGH)
    assert verdict(hit(agent=GMAIL_PREFETCH)) == (Verdict.UNKNOWN, "gmail-prefetch-elsewhere")
    on_link = click(agent=GMAIL_PREFETCH, labels=("google-fetchers",))
    assert verdict(on_link) == (Verdict.UNKNOWN, "gmail-prefetch-elsewhere")


# Rule 7


def test_gmails_proxy_past_the_first_seconds_is_an_image_proxy() -> None:
    """Gmail's proxy fetches on opening; in the first seconds it is too early to tell."""
    judged = judge(hit(agent=GMAIL_PROXY, labels=("google-fetchers",), after_s=40), SENT)
    assert (judged.verdict, judged.rule, judged.confidence) == (Verdict.IMAGE_PROXY, "gmail-proxy", Confidence.MEDIUM)
    early = judge(hit(agent=GMAIL_PROXY, labels=("google-fetchers",), after_s=8), SENT)
    assert (early.verdict, early.rule) == (Verdict.UNKNOWN, "proxy-early")
    assert early.reason == "it came soon after sending: too early to tell"


@pytest.mark.parametrize(
    "one",
    [
        hit(agent=GMAIL_PROXY),
        hit(agent=GMAIL_PROXY, labels=("apple-egress",)),
        click(agent=GMAIL_PROXY, labels=("google-fetchers",)),
        click(agent="YahooMailProxy; https://senders.yahooinc.com/mail-proxy-servers"),
        hit(agent="YahooMailProxy", labels=("google-fetchers",)),
    ],
)
def test_a_proxys_mark_without_its_own_network_is_unknown(one: Hit) -> None:
    """Anybody can write a proxy's name; a link is never fetched by one, nor a picture from another's own network."""
    assert verdict(one) == (Verdict.UNKNOWN, "proxy-unproven")


# Rule 8


@pytest.mark.parametrize("label", ["google-fetchers", "google-cloud", "amazon-cloud", "microsoft-cloud"])
def test_a_click_from_a_cloud_is_a_scanner_only_inside_the_window(label: str) -> None:
    """Later it may be a cloud desktop: unknown."""
    judged = judge(click(labels=(label,), after_s=39), SENT)
    assert (judged.verdict, judged.rule, judged.confidence) == (Verdict.SCANNER, "cloud-click", Confidence.MEDIUM)
    assert judged.reason == "it came from a data centre, and it came soon after sending"
    assert verdict(click(labels=(label,), after_s=40)) == (Verdict.UNKNOWN, "cloud-click-late")


def test_a_picture_from_microsofts_cloud_is_a_low_image_proxy_later() -> None:
    """People read webmail there, so it is never a scanner: early unknown, late a possible open."""
    judged = judge(hit(labels=("microsoft-cloud",), after_s=40), SENT)
    expected = (Verdict.IMAGE_PROXY, "microsoft-webmail", Confidence.LOW)
    assert (judged.verdict, judged.rule, judged.confidence) == expected
    assert verdict(hit(labels=("microsoft-cloud",), after_s=39)) == (Verdict.UNKNOWN, "microsoft-early")


# Rule 9


@pytest.mark.parametrize(
    ("one", "rule", "confidence"),
    [
        (hit(after_s=40), "mail-client", Confidence.HIGH),
        (hit(agent=FIREFOX, headers=IMAGE, after_s=40), "browser", Confidence.MEDIUM),
        (click(after_s=40), "browser", Confidence.MEDIUM),
        (click(headers={"sec-fetch-dest": "iframe"}, after_s=40), "browser", Confidence.MEDIUM),
        (click(agent=OUTLOOK, headers={}, after_s=40), "mail-client", Confidence.HIGH),
        (click(agent=SAFARI, headers={}, labels=("apple-egress",), after_s=40), "private-relay", Confidence.MEDIUM),
    ],
)
def test_people_are_people_past_the_window(one: Hit, rule: str, confidence: Confidence) -> None:
    """A mail client, or a browser with its own headers, from an access network or Private Relay, past the window."""
    judged = judge(one, SENT)
    assert (judged.verdict, judged.rule, judged.confidence) == (Verdict.PERSON, rule, confidence)
    early = judge(replace(one, at_ms=one.at_ms - 1), SENT)
    assert (early.verdict, early.rule, early.confidence) == (Verdict.UNKNOWN, "too-early", Confidence.LOW)


def test_the_window_is_an_argument() -> None:
    """The same hit is early for a long window and a person for a short one."""
    assert verdict(hit(after_s=2), replace(SENT, window_s=1.0)) == (Verdict.PERSON, "mail-client")
    assert verdict(hit(after_s=2), replace(SENT, window_s=3.0)) == (Verdict.UNKNOWN, "too-early")


def test_a_hit_before_the_sending_is_early() -> None:
    """Scanners come before delivery, and clocks differ."""
    judged = judge(hit(after_s=-5), SENT)
    assert (judged.verdict, judged.rule) == (Verdict.UNKNOWN, "too-early")
    assert judged.reason == "it came before the mail was handed over: too early to tell"
    on_time = judge(hit(after_s=0), SENT)
    assert on_time.reason == "it came soon after sending: too early to tell"


@pytest.mark.parametrize(
    "one",
    [
        hit(agent=FIREFOX),
        hit(agent=FIREFOX, headers={"sec-fetch-dest": "document"}),
        click(headers={"sec-fetch-dest": "image"}),
        click(headers={}),
        hit(agent="Reader/1", headers=IMAGE),
        click(agent=SAFARI, headers={}),
    ],
)
def test_a_browsers_name_without_its_headers_proves_nobody(one: Hit) -> None:
    """Most scanners call themselves Chrome; the headers must be those of what was asked for."""
    assert verdict(one) == (Verdict.UNKNOWN, "nothing-fits")


@pytest.mark.parametrize(
    "one",
    [
        hit(labels=("apple-egress",)),
        hit(labels=("google-fetchers",)),
        hit(agent=FIREFOX, headers=IMAGE, labels=("amazon-cloud",)),
        click(agent=FIREFOX, labels=("apple-egress",)),
        click(agent=SAFARI, labels=("apple-egress", "some-other-list")),
    ],
)
def test_listed_networks_are_no_access_networks(one: Hit) -> None:
    """A known client on a listed network is unknown; only a full Safari on Apple's egress alone is a person."""
    assert verdict(one) == (Verdict.UNKNOWN, "listed-network")


def test_judging_a_copy_ignores_the_siblings_of_its_context() -> None:
    """What was handed in as siblings elsewhere does not reach a copy's judging."""
    stray = tuple(links(2, after_s=3600, apart_s=0.1))
    judged = judge_copy([click(after_s=3600)], replace(SENT, link_count=2, siblings=stray))
    assert judged[0].verdict is Verdict.PERSON


def test_judging_a_copy_keeps_the_order_given() -> None:
    """The verdicts stand in the order of the hits, not of their times."""
    late, early = hit(after_s=3600), hit(after_s=1)
    assert [each.rule for each in judge_copy([late, early], SENT)] == ["mail-client", "too-early"]
    assert timedelta(milliseconds=late.at_ms - early.at_ms) == timedelta(seconds=3599)
