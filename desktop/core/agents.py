"""What a user agent says of itself: its family, which a rule may ask for, and a name to show.

A user agent is a claim, never a proof: rules pair it with a network.  Lists of agents do not find scanners: most
look like Chrome.  They name preview bots and HTTP libraries, after the in-app browsers of people.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Family(StrEnum):
    """What kind of program an agent claims to be."""

    IN_APP = "in_app"
    PREVIEW = "preview"
    SCANNER = "scanner"
    LIBRARY = "library"
    BARE = "bare"
    GMAIL_PREFETCH = "gmail_prefetch"
    GMAIL_PROXY = "gmail_proxy"
    OTHER_PROXY = "other_proxy"
    MAIL_CLIENT = "mail_client"
    BROWSER = "browser"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Agent:
    """A family, and the program's short name, empty where it gives none that is known."""

    family: Family
    name: str = ""


# The first pattern that is found decides; all are matched in lower case.
_IN_APP: Final = (
    (r"\[linkedinapp\]", "LinkedIn"),
    (r"outlook-ios", "Outlook for iOS"),
    (r"outlook-android", "Outlook for Android"),
    (r"\bteams/", "Teams"),
    (r"metaiab|\[fban/|\[fbav/|;fbav/", "Facebook"),
    (r"\binstagram \d", "Instagram"),
    (r"\[pinterest/", "Pinterest"),
)
_PREVIEW: Final = (
    (r"slackbot|slack-imgproxy", "Slack"),
    (r"^whatsapp/", "WhatsApp"),
    (r"facebookexternal|facebot|meta-externalfetcher", "Facebook"),
    (r"twitterbot", "X"),
    (r"skypeuripreview|skype-url-preview", "Skype"),
    (r"microsoftpreview|bingpreview", "Microsoft"),
    (r"discordbot", "Discord"),
    (r"telegrambot", "Telegram"),
    (r"linkedinbot", "LinkedIn"),
    (r"^viber(?:urldownloader)?\b", "Viber"),
    (r"embedly|iframely", "Embedly"),
    (r"link ?preview|urllookup|onebox|richlinkbot", ""),
    (r"^notion/", "Notion"),
    (r"github-camo", "GitHub"),
    (r"redditbot|pinterestbot|applebot|google-pagerenderer|mattermost-bot", ""),
)
_SCANNER: Final = (
    (r"barracuda", "Barracuda"),
    (r"proofpoint", "Proofpoint"),
    (r"mimecast", "Mimecast"),
    (r"ironport", "IronPort"),
    (r"trend ?micro", "Trend Micro"),
    (r"kaspersky", "Kaspersky"),
    (r"bitdefender", "Bitdefender"),
    (r"sophos", "Sophos"),
    (r"google-safety", "Google Safety"),
    (r"virustotal", "VirusTotal"),
    (r"safedns", "SafeDNS"),
    (r"urlscan", "urlscan"),
    (r"twinwave|scmguard|spamexperts|^cortex/", ""),
    (r"malware|phish|virus|\bscan(?:ner)?\b", ""),
)
_LIBRARY: Final = (
    (r"^python|^aiohttp/|^httpx/", "Python"),
    (r"^curl/|^wget/|^libcurl", "curl"),
    (r"^go-http-client/|^fasthttp", "Go"),
    (r"^java/|^apache-httpclient/|^jakarta|^reactornetty/", "Java"),
    (r"^libwww-perl/|^lwp::", "Perl"),
    (r"^node(?:-fetch|\.js)?\b|^axios/|^undici|^got[ /]", "Node.js"),
    (r"^php/|^guzzlehttp/", "PHP"),
    (r"^ruby|^faraday|^reqwest/|^winhttp|^powershell|windowspowershell/", ""),
    (r"headlesschrome|phantomjs|puppeteer|playwright|selenium|scrapy", "an automated browser"),
)
_GMAIL_PREFETCH: Final = ((r"chrome/42\.0\.2311\.135 safari/537\.36 edge/12\.246(?: mozilla/5\.0)?$", "Gmail"),)
_OTHER_PROXY: Final = (
    (r"yahoomailproxy", "Yahoo"),
    (r"hey\.com/imageproxy", "HEY"),
    (r"^fastmailua", "Fastmail"),
    (r"seznamemailproxy", "Seznam"),
    (r"ramblermail", "Rambler"),
    (r"shortwave image fetcher", "Shortwave"),
    (r"imageproxy|mailproxy|image fetcher", ""),
)
# WebKit with neither "Version/" nor "Safari/" is a mail program's own view: Apple Mail's form.
_APPLE_MAIL: Final = (
    r"^mozilla/5\.0 \((?:macintosh|iphone|ipad)[^)]*\) applewebkit/[\d.]+(?: \(khtml, like gecko\))?(?: mobile/\w+)?$"
)
_MAIL_CLIENT: Final = (
    (r"microsoft outlook|macoutlook|outlook-express|ms-office|microsoft office/|windowsmail/", "Outlook"),
    (r"thunderbird/", "Thunderbird"),
    (r"icedove/|betterbird/", "Thunderbird"),
    (r"postbox/", "Postbox"),
    (r"^emclient/|emclient/", "eM Client"),
    (r"mailbird", "Mailbird"),
    (r"^airmail\b", "Airmail"),
    (r"^spark(?:desktop)?/", "Spark"),
    (r"^superhuman", "Superhuman"),
    (r"^the bat!", "The Bat!"),
    (r"^yahoo(?:%20| )?mail", "Yahoo Mail"),
    (r"^navermailapp/", "Naver Mail"),
    (r"foxmail", "Foxmail"),
    (r"mailmaster", "Mail Master"),
    (r"evolution/|kmail/|geary/|k-9|k9mail", "a Linux or Android mail program"),
    (_APPLE_MAIL, "Apple Mail"),
    # Android's WebView inside an app ("; wv"): the phone's own mail app, when it loads a picture.
    (r"; wv\) applewebkit/", "an Android app"),
)
_BROWSER: Final = (
    (r"\bedga?/|\bedgios/", "Edge"),
    (r"\bopr/|\bopera\b", "Opera"),
    (r"firefox/|fxios/", "Firefox"),
    (r"chrome/|crios/", "Chrome"),
    (r"version/[\d.]+.* safari/", "Safari"),
)
_TABLES: Final = tuple(
    (family, tuple((re.compile(pattern), name) for pattern, name in table))
    for family, table in (
        (Family.IN_APP, _IN_APP),
        (Family.PREVIEW, _PREVIEW),
        (Family.SCANNER, _SCANNER),
        (Family.LIBRARY, _LIBRARY),
        (Family.BARE, ((r"^mozilla/5\.0$", ""),)),
        (Family.GMAIL_PREFETCH, _GMAIL_PREFETCH),
        (Family.GMAIL_PROXY, ((r"googleimageproxy", "Gmail"),)),
        (Family.OTHER_PROXY, _OTHER_PROXY),
        (Family.MAIL_CLIENT, _MAIL_CLIENT),
        (Family.BROWSER, _BROWSER),
    )
)


# What changes when a program is updated: all after a slash, and words that begin with a digit; what is left names the
# program, the system and the device.
_VERSIONS: Final = re.compile(r"/[^\s;,()\[\]]*|(?<![\w.-])v?\d[\w.]*")
_GAPS: Final = re.compile(r"\s+")
MAX_SHAPE: Final = 200


@lru_cache(maxsize=4_096)
def program_shape(agent: str) -> str:
    """Return what stays the same of an agent when its program is updated, lower case, at most 200 characters."""
    return _GAPS.sub(" ", _VERSIONS.sub("", agent.lower())).strip()[:MAX_SHAPE].rstrip()


@lru_cache(maxsize=4_096)
def read_agent(agent: str) -> Agent:
    """Return what the agent claims to be; `Family.NONE` when it is blank or fits no table."""
    lowered = agent.strip().lower()
    for family, table in _TABLES:
        for pattern, name in table:
            if pattern.search(lowered):
                return Agent(family, name)
    return Agent(Family.NONE)


def client_name(agent: str) -> str:
    """Return the program's short name, empty when it gives none that is known."""
    return read_agent(agent).name


def is_full_safari(agent: str) -> bool:
    """Return whether the agent is the browser Safari's whole form, which Apple's mail prefetch never sends."""
    return read_agent(agent) == Agent(Family.BROWSER, "Safari")
