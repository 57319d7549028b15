"""What was read on: mail clients first, then browsers; a claim, and never finer than needed."""

import pytest
import ua_parser

from desktop.core.device import NOTHING, Device, Kind, System, device_of
from desktop.core.programs import AN_APP
from relay.wire.hit import MAX_AGENT_BYTES

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {WEBKIT}"
IPAD = f"Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) {WEBKIT}"
MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT}"
ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {BLINK}"
WEBVIEW = f"Mozilla/5.0 (Linux; Android 13; SM-S911B; wv) {BLINK}"
OUTLOOK = "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Microsoft Outlook 16.0.17531; ms-office)"
THUNDERBIRD = "Gecko/20100101 Thunderbird/128.3.1"
OFFICE = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17531; Pro)"
ON_NT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
LUMIA = "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS, LINUX = (Kind.COMPUTER, System.WINDOWS), (Kind.COMPUTER, System.LINUX)
MAC_ALONE, CHROMEOS = (Kind.COMPUTER, System.MACOS), (Kind.COMPUTER, System.CHROMEOS)
MAC_OR_IPAD = (Kind.UNTOLD, System.MACOS_OR_IPADOS)
IOS, AN_IPHONE, AN_IPAD = (Kind.UNTOLD, System.IOS), (Kind.PHONE, System.IOS), (Kind.TABLET, System.IOS)
ON_ANDROID, A_PHONE = (Kind.UNTOLD, System.ANDROID), (Kind.PHONE, System.ANDROID)
A_TABLET, A_WINDOWS_PHONE = (Kind.TABLET, System.ANDROID), (Kind.PHONE, System.WINDOWS_PHONE)


@pytest.mark.parametrize(
    ("agent", "what", "client"),
    [
        (OUTLOOK, WINDOWS, "Outlook"),
        (OFFICE, WINDOWS, "Outlook"),
        ("MacOutlook/16.78 (Intelx64 Mac OS X Version 13.6 (Build 22G120))", MAC_ALONE, "Outlook"),
        ("Outlook-iOS/2.0", IOS, "Outlook"),
        (f"{IPHONE} Mobile/15E148 Outlook-iOS/4.2412", AN_IPHONE, "Outlook"),
        ("Outlook-Android/2.0", ON_ANDROID, "Outlook"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) {THUNDERBIRD}", WINDOWS, "Thunderbird"),
        (f"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) {THUNDERBIRD}", LINUX, "Thunderbird"),
        (f"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) {THUNDERBIRD}", LINUX, "Thunderbird"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:128.0) {THUNDERBIRD}", MAC_ALONE, "Thunderbird"),
        (f"{IPHONE} Mobile/15E148", AN_IPHONE, "Apple Mail"),
        (f"{IPAD} Mobile/15E148", AN_IPAD, "Apple Mail"),
        (MAC, MAC_OR_IPAD, "Apple Mail"),
        (f"{WEBVIEW} Version/4.0 Chrome/124.0 Mobile Safari/537.36", A_PHONE, AN_APP),
        (f"{IPHONE} Mobile/21E236 [LinkedInApp]/9.29.2680", AN_IPHONE, "LinkedIn"),
        (f"{ON_NT} {BLINK} Teams/1.5 Chrome/85 Electron/10 Safari/537.36", WINDOWS, "Teams"),
    ],
)
def test_mail_clients_and_apps(agent: str, what: tuple[Kind, System], client: str) -> None:
    """Each program that shows mail has its system, and a kind where the agent gives one away."""
    assert Device(kind=what[0], system=what[1], client=client) == device_of(agent)


@pytest.mark.parametrize(
    ("agent", "what", "client"),
    [
        (f"{ON_NT} {BLINK} Chrome/124.0.0.0 Safari/537.36", WINDOWS, "Chrome"),
        (f"{ON_NT} {BLINK} Chrome/124.0.0.0 Safari/537.36 Edg/124.0", WINDOWS, "Edge"),
        ("Mozilla/5.0 (Windows NT 10.0; rv:125.0) Gecko/20100101 Firefox/125.0", WINDOWS, "Firefox"),
        ("Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko", WINDOWS, "Internet Explorer"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {BLINK} Chrome/124.0 Safari/537.36", CHROMEOS, "Chrome"),
        (f"{MAC} Version/17.5 Safari/605.1.15", MAC_OR_IPAD, "Safari"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {BLINK} Chrome/124.0 Safari/537.36", MAC_ALONE, "Chrome"),
        (f"{MAC} FxiOS/125.0 Safari/605.1.15", IOS, "Firefox"),
        (f"{MAC} Mobile/15E148 DuckDuckGo/7", IOS, "DuckDuckGo"),
        ("Mozilla/5.0 (Linux; U; Android 2.2) AppleWebKit/533.1 Version/4.0 Mobile Safari/533.1", A_PHONE, AN_APP),
        (f"{MAC} CriOS/124 Version/11.1.1 Safari/605.1.15", IOS, "Chrome"),
        (f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1", AN_IPHONE, "Safari"),
        (f"{IPAD} CriOS/124.0 Mobile/15E148 Safari/604.1", AN_IPAD, "Chrome"),
        (f"{ANDROID} Chrome/124.0.0.0 Mobile Safari/537.36", A_PHONE, "Chrome"),
        (f"{ANDROID} Chrome/124.0.0.0 Safari/537.36", A_TABLET, "Chrome"),
        ("Mozilla/5.0 (Android 14; Mobile; rv:125.0) Gecko/125.0 Firefox/125.0", A_PHONE, "Firefox"),
        ("Mozilla/5.0 (Android 14; Tablet; rv:125.0) Gecko/125.0 Firefox/125.0", A_TABLET, "Firefox"),
        (f"{ANDROID} SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36", A_PHONE, "Samsung Internet"),
        (f"{LUMIA} Chrome/52.0 Mobile Safari/537.36 Edge/15.15063", A_WINDOWS_PHONE, "Edge"),
    ],
)
def test_browsers(agent: str, what: tuple[Kind, System], client: str) -> None:
    """Each browser's system and kind, with what its own system cannot be told from left open."""
    assert Device(kind=what[0], system=what[1], client=client) == device_of(agent)


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "Mozilla/5.0",
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        "curl/8.5.0",
        "A6-Indexer",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Opera/9.80 (Linux mips; U; InettvBrowser/2.2 (00014A;SonyDTV115;0002) CC/XLA; en) Presto/2.7.61 Version/11.00",
        "someTV/4.75.0 (Linux;Android 9; AFTDCT31 Build/PS7664.3772N)",
        f"Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) {BLINK} Chrome/76 TV Safari/537.36",
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) {BLINK} Chrome/51 Safari/537.36 Edge/18",
    ],
)
def test_machines_proxies_and_odd_things_are_nothing(agent: str) -> None:
    """What nobody reads mail with has neither kind, system nor client."""
    assert device_of(agent) == NOTHING


@pytest.mark.parametrize(
    ("agent", "what"),
    [
        ("Mail/3774.500.171.1.1 CFNetwork/1494.0.7 Darwin/23.4.0", (Kind.UNTOLD, System.UNTOLD)),
        ("Mail/3774.500 (iPhone) CFNetwork/1494.0.7 Darwin/23.4.0", AN_IPHONE),
    ],
)
def test_a_kernels_number_tells_no_system(agent: str, what: tuple[Kind, System]) -> None:
    """Darwin runs on Macs and phones alike, so it names neither; an agent that says which is believed."""
    assert what == (device_of(agent).kind, device_of(agent).system)


def test_a_program_without_a_name_of_its_own_is_a_mail_program() -> None:
    """A client that is known by a description gives neither a system it may not run on nor an empty name."""
    assert Device(client="a mail program") == device_of("Evolution/3.50")


def test_a_strangers_words_never_reach_the_name() -> None:
    """The library quotes unknown names out of the agent; only listed ones pass."""
    agent = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) VisitEvilShopNow/66.6 Safari/537.36"
    assert "Evil" not in device_of(agent).client


def test_only_the_wires_share_of_an_agent_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long an agent is, the library sees 512 octets at most, and sees each agent once."""
    seen: list[str] = []
    parse = ua_parser.parse

    def counted(agent: str) -> object:
        seen.append(agent)
        return parse(agent)

    monkeypatch.setattr(ua_parser, "parse", counted)
    long = f"Mozilla/5.0 (Windows NT 10.0; rv:125.0) Gecko/20100101 Firefox/125.0 {'x' * 9_000}"
    assert device_of(long) == device_of(long)
    assert [len(agent) for agent in seen] == [MAX_AGENT_BYTES]
