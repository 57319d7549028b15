"""What user agents are taken for."""

import pytest

from desktop.core import programs
from desktop.core.agents import (
    Agent,
    Family,
    client_name,
    fetcher_name,
    is_full_safari,
    program_shape,
    proxy_of_host,
    read_agent,
)
from tests.fakes.samples import CHROME, FIREFOX, GMAIL_PREFETCH, GMAIL_PROXY, OUTLOOK, SAFARI, THUNDERBIRD

APPLE_MAIL = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE_MAIL = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
)


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (THUNDERBIRD, Agent(Family.MAIL_CLIENT, "Thunderbird")),
        (OUTLOOK, Agent(Family.MAIL_CLIENT, "Outlook")),
        (APPLE_MAIL, Agent(Family.MAIL_CLIENT, "Apple Mail")),
        (IPHONE_MAIL, Agent(Family.MAIL_CLIENT, "Apple Mail")),
        (SAFARI, Agent(Family.BROWSER, "Safari")),
        (FIREFOX, Agent(Family.BROWSER, "Firefox")),
        (CHROME, Agent(Family.BROWSER, "Chrome")),
        (f"{CHROME} Edg/146.0.0.0", Agent(Family.BROWSER, "Edge")),
        (f"{CHROME} OPR/120.0.0.0", Agent(Family.BROWSER, "Opera")),
        (f"{SAFARI} [Pinterest/iOS]", Agent(Family.IN_APP, "Pinterest")),
        (f"{CHROME} Teams/26106.2110", Agent(Family.IN_APP, "Teams")),
        ("Outlook-iOS/2.0", Agent(Family.IN_APP, "Outlook")),
        ("WhatsApp/2.23.20.0", Agent(Family.PREVIEW, "WhatsApp")),
        ("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", Agent(Family.PREVIEW, "Discord")),
        ("Mozilla/5.0 (compatible; Proofpoint)", Agent(Family.SCANNER, "Proofpoint")),
        (f"{CHROME} (compatible; Google-Safety)", Agent(Family.SCANNER, "Google Safety")),
        ("curl/8.5.0", Agent(Family.LIBRARY, "curl")),
        ("Go-http-client/2.0", Agent(Family.LIBRARY, "Go")),
        ("Mozilla/5.0", Agent(Family.BARE)),
        (" Mozilla/5.0 ", Agent(Family.BARE)),
        (GMAIL_PREFETCH, Agent(Family.GMAIL_PREFETCH, "Gmail")),
        (GMAIL_PROXY, Agent(Family.GMAIL_PROXY, "Gmail")),
        ("YahooMailProxy", Agent(Family.OTHER_PROXY, "Yahoo")),
        ("", Agent(Family.BLANK)),
        ("  ", Agent(Family.BLANK)),
        ("Something/1.0", Agent(Family.NONE)),
    ],
)
def test_agents_have_a_family_and_a_name(agent: str, expected: Agent) -> None:
    """Each kind of program is told from the others, whatever tokens it carries for compatibility."""
    assert read_agent(agent) == expected
    assert client_name(agent) == expected.name


@pytest.mark.parametrize(
    "agent",
    [
        f"{APPLE_MAIL} Something/1",
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/605.1.15 (KHTML, like Gecko)",
        "Javascript/1",
        "My curl/8",
    ],
)
def test_near_misses_are_no_known_program(agent: str) -> None:
    """A form is taken whole or not at all."""
    assert read_agent(agent).family is Family.NONE


def test_only_the_browser_safari_is_full_safari() -> None:
    """Apple Mail's form and other browsers that name Safari for compatibility are not Safari."""
    assert [is_full_safari(agent) for agent in (SAFARI, APPLE_MAIL, CHROME)] == [True, False, False]


@pytest.mark.parametrize(
    ("agent", "shape"),
    [
        (THUNDERBIRD, "mozilla (x11; linux x86_64; rv:) gecko thunderbird"),
        (OUTLOOK, "microsoft office (windows nt ; microsoft outlook ; pro)"),
        (CHROME, "mozilla (windows nt ; win64; x64) applewebkit (khtml, like gecko) chrome safari"),
        (IPHONE_MAIL, "mozilla (iphone; cpu iphone os like mac os x) applewebkit (khtml, like gecko) mobile"),
        (
            "Dalvik/2.1.0 (Linux; U; Android 12; SM-G970U Build/SP1A.210812.016)",
            "dalvik (linux; u; android ; sm-g970u build)",
        ),
        ("  Superhuman\t", "superhuman"),
        ("", ""),
        ("/1", ""),
    ],
)
def test_a_shape_is_what_an_update_leaves(agent: str, shape: str) -> None:
    """Versions go; the program, the system and the device stay."""
    assert program_shape(agent) == shape


def test_an_update_keeps_the_shape_and_another_program_has_another() -> None:
    """Chrome 146 and 147 are one program, Chrome and Edge two."""
    assert program_shape(CHROME.replace("146", "147")) == program_shape(CHROME)
    assert program_shape(f"{CHROME} Edg/146.0.0.0") != program_shape(CHROME)


def test_a_shape_is_at_most_200_characters() -> None:
    """A long agent is cut, without a blank at its end."""
    assert program_shape("a" * 199 + " b") == "a" * 199
    assert program_shape("a" * 512) == "a" * 200


@pytest.mark.parametrize(
    ("agent", "labels", "name"),
    [
        (GMAIL_PROXY, ("google-fetchers",), "Gmail"),
        ("YahooMailProxy; https://help.yahoo.com/", (), "Yahoo"),
        (CHROME, ("microsoft-cloud",), "Microsoft"),
        (CHROME, (), ""),
    ],
)
def test_a_picture_is_fetched_by_a_proxy_or_a_network_and_by_no_browser(
    agent: str, labels: tuple[str, ...], name: str
) -> None:
    """Webmail's fetches bear a browser's name, which is not who fetched."""
    assert fetcher_name(agent, labels) == name


@pytest.mark.parametrize(
    ("robot", "app", "family"),
    [
        ("Snapchat/10 Snap URL Preview Service; bot; snapchat", "Snapchat/12.80 (iPhone; iOS 17.5)", Family.IN_APP),
        ("Mozilla/5.0 Thunderbird/128.0 SomeCrawler", "Mozilla/5.0 Thunderbird/128.0", Family.MAIL_CLIENT),
        ("eM Client/9 MailBot/1.0", "eM Client/9", Family.MAIL_CLIENT),
    ],
)
def test_a_program_that_calls_itself_a_robot_is_nobody_s_app(robot: str, app: str, family: Family) -> None:
    """Whatever app it names beside."""
    assert read_agent(app).family is family
    assert read_agent(robot).family not in (Family.IN_APP, Family.MAIL_CLIENT, Family.BROWSER)


@pytest.mark.parametrize(
    ("host", "proxy"),
    [
        ("smtp.gmail.com", "Gmail"),
        ("SMTP.GoogleMail.com", "Gmail"),
        ("smtp-relay.gmail.com.", "Gmail"),
        ("smtp.office365.com", "Microsoft"),
        ("smtp-mail.outlook.com", "Microsoft"),
        ("smtp.live.com", "Microsoft"),
        ("smtp.mail.yahoo.com", "Yahoo"),
        ("plus.smtp.mail.yahoo.com", "Yahoo"),
        ("smtp.aol.com", "Yahoo"),
        (" smtp.aol.com ", "Yahoo"),
        ("gmail.com", "Gmail"),
        ("mail.becker.example", ""),
        ("notgmail.com", ""),
        ("gmail.com.becker.example", ""),
        ("", ""),
    ],
)
def test_a_providers_server_tells_whose_proxy_shows_its_mail(host: str, proxy: str) -> None:
    """By its domain, and by nothing that only looks like it; a name of one's own tells nothing."""
    assert proxy_of_host(host) == proxy


@pytest.mark.parametrize(
    ("agent", "labels", "host"),
    [
        (GMAIL_PROXY, ("google-fetchers",), "smtp.gmail.com"),
        (CHROME, ("microsoft-cloud",), "smtp.office365.com"),
        ("YahooMailProxy", (), "smtp.mail.yahoo.com"),
    ],
)
def test_a_host_and_a_fetch_name_the_same_proxy(agent: str, labels: tuple[str, ...], host: str) -> None:
    """What an account is taken for and what a hit is taken for can be compared."""
    assert proxy_of_host(host) == fetcher_name(agent, labels)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Outlook-iOS/2.0", "Outlook"),
        ("Outlook-Android/2.0", "Outlook"),
        ("Android-Gmail/2024", "Gmail"),
        ("Android-Mail/7.1", "a mail program"),
        ("Mozilla/5.0 (X11; Linux x86_64) KMail/5.2", "a mail program"),
        ("K-9 Mail for Android", "a mail program"),
        ("okhttp/4.12.0", "an app"),
        ("Alamofire/5.9", "an app"),
        (f"{IPHONE_MAIL} Someapp/3", "an app"),
        ("Mozilla/5.0 (Linux; Android 13; Pixel 7; wv) AppleWebKit/537.36 Chrome/120.0 Mobile", "an app"),
        (f"{APPLE_MAIL} Franz/5", "an app"),
    ],
)
def test_a_name_does_not_tell_the_system(agent: str, name: str) -> None:
    """On what somebody reads is shown only where they allowed it, so a name that always may be must not say it."""
    assert client_name(agent) == name


def test_no_name_of_a_program_tells_a_phones_or_a_computers_system() -> None:
    """Whatever table it stands in."""
    tables = [each for each in vars(programs).values() if isinstance(each, programs.Marks)]
    names = {name for table in tables for _, name in (*table.begins, *table.holds, *table.forms)}
    telling = {name for name in names for system in ("iOS", "Android", "Linux", "desktop") if system in name}
    assert telling == set()
    assert {"Outlook", "Gmail", "an app"} <= names
