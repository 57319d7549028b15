"""Each doubt that makes nobody's of a hit which by its looks is somebody's, with the twin that stays."""

import ipaddress
from dataclasses import replace

import pytest

from desktop.core.agents import program_shape
from desktop.core.circumstances import HitContext
from desktop.core.correction import Correction, Who, shape_of
from desktop.core.verdict import Confidence, Judgement, Verdict
from relay.wire.hit import Hit
from tests.core.judging import judge_copy
from tests.fakes.samples import (
    CHROME,
    FIREFOX,
    GMAIL_PROXY,
    HOME,
    OUTLOOK,
    SAFARI,
    SENT_AT,
    THUNDERBIRD,
    click,
    hit,
)

SENT_MS = round(SENT_AT.timestamp() * 1000)
TODAY = SENT_MS // 86_400_000
SENT = HitContext(sent_at=SENT_AT, known=True, address="anna@becker.example")
SITE = ipaddress.ip_network("2001:db8:5::/48")
IMAGE = {"sec-fetch-dest": "image"}
AZURE = ("microsoft-cloud",)
OTHER = b"\x02" * 8
YOU = "it may have been you"


def judged(one: Hit, context: HitContext = SENT, *others: Hit) -> Judgement:
    return judge_copy([one, *others], context)[0]


def unknown(rule: str, reason: str) -> Judgement:
    return Judgement(verdict=Verdict.UNKNOWN, rule=rule, confidence=Confidence.LOW, reason=reason)


def links(count: int, *, after_s: float, apart_s: float, agent: str = CHROME) -> list[Hit]:
    return [
        click(after_s=after_s + number * apart_s, token_id=bytes([number]) * 12, agent=agent) for number in range(count)
    ]


# The sender's own looks


@pytest.mark.parametrize(
    "one",
    [
        hit(),
        hit(agent="Strange Reader/1"),
        hit(agent=CHROME, headers=IMAGE, labels=AZURE),
        click(),
        hit(agent="YahooMailProxy"),
        hit(agent="okhttp/4.12.0"),
    ],
)
def test_the_own_mark_is_asked_of_whatever_may_count(one: Hit) -> None:
    """A person's hit, a proxy's, and one that a word on its like could count: from the own address it is nobody's."""
    at_home = replace(SENT, own_sources=frozenset({HOME}))
    assert judged(one, at_home) == unknown("own-network", f"it came from your own address; {YOU}")
    assert judged(replace(one, same_source=OTHER), at_home).rule != "own-network"
    corrections = (Correction(id=1, hit_id=bytes(16), who=Who.RECIPIENT, at=SENT_AT, shape=shape_of(one, *ANNA)),)
    assert judged(one, replace(at_home, corrections=corrections)).verdict is Verdict.UNKNOWN


ANNA = (Who.RECIPIENT, "anna@becker.example")


@pytest.mark.parametrize("one", [hit(), hit(agent=OUTLOOK), click(), hit(agent="Strange Reader/1")])
@pytest.mark.parametrize("day", [TODAY, TODAY - 30])
def test_in_an_own_ipv6_site_every_address_may_be_ones_own(one: Hit, day: int) -> None:
    """There a phone has another address than the desktop, and a new one tomorrow; in IPv4 the mark tells them apart."""
    context = replace(SENT, own_seen=frozenset({(str(SITE), day)}), own_sources=frozenset({OTHER}))
    inside = replace(one, network=SITE)
    reason = f"it came from your own network, where addresses change; {YOU}"
    assert judged(inside, context) == unknown("own-site", reason)
    assert judged(replace(one, network=ipaddress.ip_network("2001:db8:6::/48")), context).rule != "own-site"
    in_v4 = replace(SENT, own_seen=frozenset({(str(one.network), day)}), own_sources=frozenset({OTHER}))
    assert judged(one, in_v4).rule != "own-site"


def test_a_machine_in_an_own_site_stays_one() -> None:
    """What names itself a script is no look of anybody's, wherever it comes from."""
    context = replace(SENT, own_seen=frozenset({(str(SITE), TODAY)}))
    assert judged(replace(click(agent="curl/8"), network=SITE), context).rule == "http-library"


def test_the_own_browser_through_private_relay_may_be_the_sender() -> None:
    """Apple's relay hides the own address, so that only the program tells; another's stays a person's."""
    through = hit(agent=SAFARI, labels=("apple-egress",))
    context = replace(SENT, own_programs=frozenset({program_shape(SAFARI)}))
    reason = f"it came from a program of yours through Apple's Private Relay, which hides from where; {YOU}"
    assert judged(through, context) == unknown("own-program", reason)
    others = replace(SENT, own_programs=frozenset({program_shape(FIREFOX)}))
    assert (judged(through, others).verdict, judged(through, others).rule) == (Verdict.PERSON, "private-relay")
    assert judged(hit(agent=SAFARI, headers=IMAGE), context).rule == "browser"


PROXIED = [
    ("Gmail", hit(agent=GMAIL_PROXY, labels=("google-fetchers", "google-cloud"))),
    ("Microsoft", hit(agent=CHROME, headers=IMAGE, labels=AZURE)),
    ("Yahoo", hit(agent="YahooMailProxy")),
]


@pytest.mark.parametrize(("proxy", "one"), PROXIED)
def test_the_proxy_of_the_own_provider_may_fetch_for_the_own_sent_folder(proxy: str, one: Hit) -> None:
    """Sent through the provider that the recipient has too, a fetch is nobody's for sure; through another it counts."""
    context = replace(SENT, own_proxies=frozenset({proxy}))
    whose = f"your own Sent folder held this mail too, and {proxy} fetches pictures for you both"
    assert judged(one, context) == unknown("own-proxy", f"{whose}; {YOU}")
    assert judged(one, SENT).verdict is Verdict.IMAGE_PROXY
    others = frozenset({"Gmail", "Microsoft", "Yahoo"} - {proxy})
    assert judged(one, replace(SENT, own_proxies=others)).verdict is Verdict.IMAGE_PROXY


@pytest.mark.parametrize(("proxy", "one"), PROXIED)
def test_from_when_sent_is_clean_the_proxy_is_the_recipients(proxy: str, one: Hit) -> None:
    """What was fetched when Sent held the clean mail was not fetched for it; before that, it may have been."""
    context = replace(SENT, own_proxies=frozenset({proxy}))
    assert judged(one, replace(context, sent_clean_at_ms=one.at_ms)).verdict is Verdict.IMAGE_PROXY
    assert judged(one, replace(context, sent_clean_at_ms=one.at_ms + 1)).rule == "own-proxy"


def test_an_own_provider_takes_no_person_away() -> None:
    """A mail client fetches by itself, whoever the provider is; and a proxy's preload stays a preload."""
    context = replace(SENT, own_proxies=frozenset({"Gmail", "Microsoft", "Yahoo"}))
    assert judged(hit(), context).verdict is Verdict.PERSON
    assert judged(click(), context).verdict is Verdict.PERSON
    preload = hit(agent="Mozilla/5.0", labels=("apple-egress",))
    assert judged(preload, context).rule == "apple-prefetch"


# A machine's pace


@pytest.mark.parametrize(
    "later",
    [
        hit(after_s=604, agent=CHROME, headers=IMAGE),
        click(after_s=610, agent=CHROME),
        hit(after_s=80_000, agent=CHROME, headers=IMAGE, labels=AZURE),
        hit(after_s=610, agent=CHROME),
    ],
)
def test_what_followed_all_links_at_once_is_nobody_later(later: Hit) -> None:
    """The scanner comes again; another program or address after the burst is another's, and so is one before it."""
    context = replace(SENT, link_count=3)
    burst = links(3, after_s=600, apart_s=0.1)
    reason = "the same program at the same address had followed all links at once"
    assert judged(later, context, *burst) == unknown("after-burst", reason)
    for other in (
        replace(later, same_source=OTHER),
        replace(later, agent=f"{CHROME} Edg/146.0.0.0"),
        replace(later, at_ms=SENT_MS + 500_000),
    ):
        assert judged(other, context, *burst).rule == judged(other, context).rule


def test_the_first_of_two_bursts_is_what_comes_before() -> None:
    """Between two bursts of one program is after the first, also where that one's times were cut to the same moment."""
    context = replace(SENT, link_count=3)
    first, second = links(3, after_s=600, apart_s=0.1), links(3, after_s=900, apart_s=0.1)
    between = click(after_s=700, agent=CHROME)
    assert judged(between, context, *first, *second).rule == "after-burst"
    assert judged(between, context, *second).rule == "browser"
    said = judged(first[0], context, *first[1:])
    cut = [(replace(first[0], at_ms=between.at_ms), said)]
    assert judge_copy([between, *second], context, cut)[0].rule == "after-burst"


def test_a_burst_whose_times_were_cut_still_tells_of_later_hits() -> None:
    """After two days the clicks are no burst to the eye any more; what the rules said of them stands."""
    context = replace(SENT, link_count=3)
    burst = links(3, after_s=600, apart_s=0.1)
    later = click(after_s=40_000, agent=CHROME)
    said = judge_copy(burst, context)
    aged = [(replace(one, at_ms=one.at_ms // 60_000 * 60_000), by) for one, by in zip(burst, said, strict=True)]
    assert judge_copy([later], context, aged)[0].rule == "after-burst"
    pictures = [(replace(one, kind=hit().kind), by) for one, by in aged]
    assert judge_copy([later], context, pictures)[0].rule == "browser"
    persons = [(one, replace(by, rule="browser", verdict=Verdict.PERSON)) for one, by in aged]
    assert judge_copy([later], context, persons)[0].rule == "browser"


@pytest.mark.parametrize(("apart_s", "expected"), [(0.0, "haste"), (0.5, "haste"), (0.501, "browser")])
def test_two_links_at_once_are_nobodys(apart_s: float, expected: str) -> None:
    """Nobody follows two links within half a second, if not all of them; a little later somebody may."""
    pair = links(2, after_s=600, apart_s=apart_s)
    assert [each.rule for each in judge_copy(pair, replace(SENT, link_count=3))] == [expected] * 2


def test_two_links_at_once_say_what_was_seen() -> None:
    """The clause names the links and the address, and the picture fetched beside them is as doubtful."""
    context = replace(SENT, link_count=3)
    pair = links(2, after_s=600, apart_s=0.2)
    haste = unknown("haste", "two different links were followed from this address at once")
    beside = hit(after_s=599.8, agent=CHROME, headers=IMAGE)
    assert judged(pair[0], context, pair[1]) == haste
    assert judged(beside, context, *pair) == haste
    assert judged(replace(beside, same_source=OTHER), context, *pair).rule == "browser"
    assert judged(hit(after_s=599.8), context, *pair).rule == "mail-client"


@pytest.mark.parametrize(
    "other",
    [
        click(after_s=600.2, agent=CHROME, token_id=bytes(12)),
        click(after_s=600.2, agent=CHROME, token_id=b"\x01" * 12, same_source=OTHER),
        hit(after_s=600.2, agent=CHROME, token_id=b"\x01" * 12, headers=IMAGE),
    ],
)
def test_a_double_click_or_two_people_are_no_haste(other: Hit) -> None:
    """One link twice, a link here and one there, a picture and a link: none is two links at once."""
    one = click(after_s=600, agent=CHROME, token_id=bytes(12))
    assert judged(one, replace(SENT, link_count=3), other).rule == "browser"


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({"same_source": OTHER, "agent": FIREFOX}, "browser"),
        ({"same_source": OTHER, "agent": CHROME}, "burst"),
        ({"same_source": HOME, "agent": f"{CHROME} Edg/146.0.0.0"}, "burst"),
    ],
)
def test_two_people_who_follow_one_of_two_links_each_are_no_burst(second: dict[str, str], expected: str) -> None:
    """With two links the clicks must share their address or their program; with three, somebody else helps."""
    pair = [
        click(after_s=600, agent=CHROME, token_id=bytes(12)),
        replace(click(after_s=602.5, token_id=b"\x01" * 12), **second),  # type: ignore[arg-type]
    ]
    assert [each.rule for each in judge_copy(pair, replace(SENT, link_count=2))] == [expected] * 2
    third = replace(pair[1], id=bytes(16), token_id=b"\x03" * 12)
    assert [each.rule for each in judge_copy([*pair, third], replace(SENT, link_count=3))] == ["burst"] * 3


def test_a_word_on_one_like_it_does_not_undo_a_machines_pace() -> None:
    """That Anna reads in this browser at this network makes no person of the burst's own program."""
    context = replace(SENT, link_count=3)
    later, burst = click(after_s=610, agent=CHROME), links(3, after_s=600, apart_s=0.1)
    said = Correction(id=1, hit_id=bytes(16), who=Who.RECIPIENT, at=SENT_AT, shape=shape_of(later, *ANNA))
    with_word = replace(context, corrections=(said,))
    assert judged(later, with_word, *burst).rule == "after-burst"
    assert judged(later, with_word).rule == "corrected-recipient"


# A mail program that is not known, and its browser


@pytest.mark.parametrize("reader", ["Strange Reader/1", "", "okhttp/4.12.0"])
def test_an_unknown_reader_that_opens_a_browser_is_no_two_agents(reader: str) -> None:
    """A picture in a program that is not known and a click in a browser, at once, are one person's perhaps."""
    pair = [hit(after_s=600, agent=reader), click(after_s=602)]
    assert "two-agents" not in [each.rule for each in judge_copy(pair, SENT)]
    assert judge_copy(pair, SENT)[1].verdict is Verdict.PERSON
    turned = [click(after_s=600, agent=reader), hit(after_s=602, agent=FIREFOX, headers=IMAGE)]
    assert [each.rule for each in judge_copy(turned, SENT)] == ["two-agents"] * 2
    both_clicks = [click(after_s=600, agent=reader), click(after_s=602)]
    assert [each.rule for each in judge_copy(both_clicks, SENT)] == ["two-agents"] * 2


def test_two_browsers_are_two_agents_whichever_follows() -> None:
    """A picture in one browser and a click in another are no mail program's."""
    pair = [hit(after_s=600, agent=CHROME, headers=IMAGE), click(after_s=602)]
    assert [each.rule for each in judge_copy(pair, SENT)] == ["two-agents"] * 2


# Microsoft's network


@pytest.mark.parametrize("agent", [CHROME, THUNDERBIRD, OUTLOOK, "Outlook-iOS/2.0", "Mozilla/4.0 (strange)", SAFARI])
def test_a_picture_fetched_in_a_readers_name_may_be_webmails(agent: str) -> None:
    """A browser's, a mail client's, an app's name, or one made like a browser's."""
    assert judged(hit(agent=agent, labels=AZURE)).rule == "microsoft-webmail"


@pytest.mark.parametrize("agent", ["FooFetcher 3", "Strange Mozilla/5.0"])
def test_any_other_program_on_a_rented_machine_is_nobodys(agent: str) -> None:
    """Who rents a machine from Microsoft is not Microsoft's webmail."""
    assert judged(hit(agent=agent, labels=AZURE)).rule == "nothing-fits"


def test_a_picture_with_a_click_from_the_same_cloud_machine_is_no_webmails() -> None:
    """A webmail's servers follow no links; seconds later, or from another address, the click is another's."""
    picture = hit(after_s=60, agent=CHROME, headers=IMAGE, labels=AZURE)
    beside = click(after_s=62, agent=CHROME, labels=AZURE)
    reason = "it came from a data centre, and so did a click at the same time"
    assert judged(picture, SENT, beside) == unknown("cloud-picture", reason)
    for other in (
        replace(beside, at_ms=beside.at_ms + 1_001),
        replace(beside, same_source=OTHER),
        replace(beside, kind=picture.kind),
    ):
        assert judged(picture, SENT, other).rule == "microsoft-webmail"
