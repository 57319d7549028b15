"""Roughly where and on what: only with that permission, only for people, and behind a proxy only that."""

from collections.abc import Iterator

import pytest
import ua_parser

from desktop.core.agents import read_agent
from desktop.core.device import Device, Kind, System, device_of
from desktop.core.verdict import Confidence, Judgement, Verdict
from desktop.core.where import PRIVATE_RELAY, Place, Reading, reading_of
from relay.wire.hit import Hit, HitKind
from relay.wire.labels import Network
from relay.wire.purpose import Purpose
from tests.fakes import samples

OPENS, CLICKS = frozenset({Purpose.OPENS}), frozenset({Purpose.CLICKS})
PLACE = frozenset({Purpose.PLACE})
ALL = OPENS | CLICKS | PLACE
OUTLOOK = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17531; Pro)"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
OPERA_MINI = "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; id) Presto/2.12.423 Version/12.16"
ON_WINDOWS = Device(kind=Kind.COMPUTER, system=System.WINDOWS, client="Outlook")
BAVARIA = Place(country="Germany", region="Bavaria")


def judged(verdict: Verdict) -> Judgement:
    return Judgement(verdict=verdict, rule="rule", confidence=Confidence.HIGH, reason="because")


def opened(agent: str, *labels: str) -> Hit:
    return samples.hit(agent=agent, labels=labels)


def in_bavaria(network: Network) -> Place:
    del network
    return BAVARIA


def unasked(network: Network) -> Place:
    raise AssertionError(f"the database was asked about {network}")


@pytest.fixture
def _library_unasked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail whoever asks the library; what was read before counts as asking too."""

    def asked(agent: str) -> None:
        raise AssertionError(f"the library was asked about {agent}")

    device_of.cache_clear()
    monkeypatch.setattr(ua_parser, "parse", asked)
    yield
    assert device_of.cache_info().currsize == 0


@pytest.mark.parametrize("purposes", [OPENS, CLICKS, OPENS | CLICKS, PLACE, frozenset()])
@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.usefixtures("_library_unasked")
def test_without_the_permission_nothing_is_derived(purposes: frozenset[Purpose], verdict: Verdict) -> None:
    """Neither the agent nor the database is asked, whatever the verdict; place alone permits nothing either."""
    assert reading_of(opened(OUTLOOK), judged(verdict), purposes, place_of=unasked) is None


@pytest.mark.parametrize("purposes", [OPENS | PLACE, CLICKS | PLACE, ALL])
def test_with_the_permission_both_are(purposes: frozenset[Purpose]) -> None:
    """A person's hit on a copy sent with place has its device and its place."""
    found = reading_of(opened(OUTLOOK), judged(Verdict.PERSON), purposes, place_of=in_bavaria)
    assert Reading(device=ON_WINDOWS, place="Bavaria, Germany") == found


def test_the_truncated_network_is_what_is_looked_up() -> None:
    """The database is asked once, about the network that the hit carries."""
    asked: list[Network] = []

    def place_of(network: Network) -> Place | None:
        asked.append(network)
        return Place(country="Norway")

    hit = opened(OUTLOOK)
    found = reading_of(hit, judged(Verdict.PERSON), ALL, place_of=place_of)
    assert (Reading(device=ON_WINDOWS, place="Norway"), [hit.network]) == (found, asked)


@pytest.mark.parametrize("verdict", [Verdict.SCANNER, Verdict.PREVIEW, Verdict.PREFETCH, Verdict.SELF, Verdict.UNKNOWN])
@pytest.mark.usefixtures("_library_unasked")
def test_of_machines_oneself_and_the_unknown_nothing_is_said(verdict: Verdict) -> None:
    """Only a person is somewhere."""
    assert reading_of(opened(OUTLOOK), judged(verdict), ALL, place_of=unasked) is None


@pytest.mark.parametrize(
    ("agent", "labels", "verdict", "behind"),
    [
        (GMAIL, ("google-fetchers",), Verdict.IMAGE_PROXY, "Gmail's proxy"),
        (GMAIL, ("google-fetchers",), Verdict.UNKNOWN, "Gmail's proxy"),
        (GMAIL, ("google-fetchers",), Verdict.PERSON, "Gmail's proxy"),
        ("YahooMailProxy; https://help.yahoo.com/kb/", (), Verdict.PERSON, "Yahoo's proxy"),
        ("AcmeMailProxy/1", (), Verdict.PERSON, "an image proxy"),
        (OUTLOOK, ("microsoft-cloud",), Verdict.IMAGE_PROXY, "Microsoft's proxy"),
        (OUTLOOK, (), Verdict.IMAGE_PROXY, "an image proxy"),
        (SAFARI, ("apple-egress",), Verdict.PERSON, PRIVATE_RELAY),
        ("Mozilla/5.0", ("apple-egress",), Verdict.PERSON, "Apple's proxy"),
        (OUTLOOK, ("proofpoint",), Verdict.PERSON, "Proofpoint's gateway"),
        (OUTLOOK, ("amazon-cloud",), Verdict.PERSON, "a data centre's network"),
    ],
)
@pytest.mark.usefixtures("_library_unasked")
def test_behind_a_proxy_only_that_is_said(agent: str, labels: tuple[str, ...], verdict: Verdict, behind: str) -> None:
    """Whatever hides the person is named, and neither the agent nor the database is asked."""
    assert Reading(behind=behind) == reading_of(opened(agent, *labels), judged(verdict), ALL, place_of=unasked)


@pytest.mark.parametrize(
    ("label", "behind"), [("apple-egress", PRIVATE_RELAY), ("microsoft-cloud", "a data centre's network")]
)
def test_a_click_comes_through_no_image_proxy(label: str, behind: str) -> None:
    """The networks that fetch pictures carry a person's click otherwise."""
    click = samples.click(labels=(label,))
    assert click.kind is HitKind.CLICK
    assert Reading(behind=behind) == reading_of(click, judged(Verdict.PERSON), ALL, place_of=unasked)


@pytest.mark.parametrize("labels", [(), ("apple-egress",)])
def test_an_unproven_proxy_is_not_claimed(labels: tuple[str, ...]) -> None:
    """What only calls itself Gmail's, from another network, is unknown, and so is what it hides."""
    assert read_agent(GMAIL).name == "Gmail"
    assert reading_of(opened(GMAIL, *labels), judged(Verdict.UNKNOWN), ALL, place_of=unasked) is None


def test_opera_mini_is_a_proxy_of_its_own() -> None:
    """Its pages are fetched by Opera's servers, wherever the phone is."""
    found = reading_of(opened(OPERA_MINI), judged(Verdict.PERSON), ALL, place_of=in_bavaria)
    assert Reading(behind="Opera Mini's proxy") == found


def test_half_of_it_may_be_known() -> None:
    """A device without a place, a place without a device; with neither there is nothing to show."""
    person = judged(Verdict.PERSON)
    assert Reading(device=ON_WINDOWS) == reading_of(opened(OUTLOOK), person, ALL, place_of=lambda _: None)
    assert Reading(place="Bavaria, Germany") == reading_of(opened("Xyzzy/1"), person, ALL, place_of=in_bavaria)
    assert reading_of(opened("Xyzzy/1"), person, ALL, place_of=lambda _: None) is None


@pytest.mark.parametrize("agent", ["curl/8.5.0", "Mozilla/5.0", "Slackbot-LinkExpanding 1.0", "Barracuda/1"])
@pytest.mark.usefixtures("_library_unasked")
def test_a_machine_stays_one_whoever_is_said_to_stand_behind_it(agent: str) -> None:
    """Where the user said that a machine's hit was the recipient's, its place is still not theirs."""
    assert reading_of(opened(agent), judged(Verdict.PERSON), ALL, place_of=unasked) is None
