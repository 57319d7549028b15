"""The names that programs give themselves in a user agent, by kind: plain facts, looked up by core.agents.

Lists of agents find few scanners, for most look like Chrome; what these tables are for is to know mail programs, the
browsers inside people's apps and what says openly that it is a machine.  What stands in none of them is unknown.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What tells one kind of program, all lower case, each with the program's short name, empty where many share it.

    An agent fits that begins with one of `begins`, holds one of `holds`, or is found by one of `forms`.
    """

    begins: tuple[tuple[str, str], ...] = ()
    holds: tuple[tuple[str, str], ...] = ()
    forms: tuple[tuple[str, str], ...] = ()

    def finder(self) -> "Finder":
        """Return the marks made ready to search with; text within text is found at a tenth of a pattern's price."""
        return Finder(
            begins=self.begins,
            beginnings=tuple(mark for mark, _ in self.begins),
            holds=self.holds,
            forms=tuple((re.compile(form), name) for form, name in self.forms),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Marks made ready: forms compiled, and all `beginnings` asked for at once."""

    begins: tuple[tuple[str, str], ...]
    beginnings: tuple[str, ...]
    holds: tuple[tuple[str, str], ...]
    forms: tuple[tuple[re.Pattern[str], str], ...]

    def name_in(self, agent: str) -> str | None:
        """Return the name that goes with the first mark found in a lower-case agent, None where there is none."""
        if agent.startswith(self.beginnings):
            return next(name for mark, name in self.begins if agent.startswith(mark))
        for mark, name in self.holds:
            if mark in agent:
                return name
        for form, name in self.forms:
            if form.search(agent):
                return name
        return None


def _named(marks: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return pairs of mark and name; `marks` holds, by name, the marks with bars between them."""
    return tuple((mark, name) for name, several in marks.items() for mark in several.split("|"))


def _nameless(*marks: str) -> tuple[tuple[str, str], ...]:
    return tuple((mark, "") for mark in marks)


# Names that many programs share.
AN_APP: Final = "an app"
_A_MAIL_PROGRAM: Final = "a mail program"

# People's apps that show a page inside themselves.
IN_APP: Final = Marks(
    holds=_named(
        {
            "LinkedIn": "[linkedinapp]",
            "Outlook": "outlook-ios|outlook-android",
            "Teams": "teamsmobile",
            "Facebook": "metaiab|[fban/|[fbav/|;fbav/|fb_iab/",
            "Pinterest": "[pinterest/",
            "Snapchat": "snapchat/",
            "TikTok": "musical_ly|bytedancewebview",
            "WeChat": "micromessenger/",
            "Naver": "naver(inapp",
            "Daum": "daumapps/",
            "VK": "vkandroidapp",
            "X": "twitter for |twitterandroid",
            "Slack": "slack_ssb/",
            "Yammer": "yammer/",
        }
    ),
    forms=(
        (r"\bteams/\d", "Teams"),
        (r"\binstagram \d", "Instagram"),
        (r"\bbarcelona \d", "Threads"),
        (r"\bkakaotalk[ /]\d", "KakaoTalk"),
        (r"\bline/\d+\.\d", "LINE"),
        (r"\bgsa/\d", "Google"),
        (r" slack/\d\S* .*electron/", "Slack"),
        (r" discord/\d\S* .*electron/", "Discord"),
    ),
)

# What fetches a page to show a preview of a link that somebody pasted.
PREVIEW: Final = Marks(
    begins=_named(
        {
            "WhatsApp": "whatsapp",
            "Viber": "viber",
            "Notion": "notion/|notionembedder",
            "LINE": "line-poker",
            "Matrix": "synapse",
            "Bluesky": "cardyb/",
            "Zulip": "zulipurlpreview",
            "Nextcloud": "nextcloud server crawler",
            "Trello": "trello",
            "Asana": "asana/",
            "Hatena": "hatena",
            "Friendica": "friendica",
        }
    ),
    holds=_named(
        {
            "Slack": "slackbot|slack-imgproxy",
            "Facebook": "facebookexternal|facebot|facebookcatalog|meta-externalfetcher|meta-externalhit",
            "X": "twitterbot",
            "Skype": "skype-url-preview|skypeuripreview",
            "Microsoft": "microsoftpreview|bingpreview",
            "Discord": "discordbot",
            "Telegram": "telegrambot",
            "LinkedIn": "linkedinbot",
            "Reddit": "redditbot",
            "Pinterest": "pinterestbot|pinterest/0.",
            "Tumblr": "tumblr/",
            "VK": "vkshare",
            "OK": "odklbot",
            "XING": "xing-contenttabreceiver",
            "Flipboard": "flipboardproxy",
            "KakaoTalk": "kakaotalk-scrap",
            "Naver": "yeti-scrap",
            "Apple": "applebot",
            "Google": "google-pagerenderer|google.com/+/web/snippet|google web preview",
            "Google Chat": "googlechat",
            "Mattermost": "mattermost-bot",
            "Rocket.Chat": "rocket.chat",
            "Bluesky": "bluesky",
            "Mastodon": "mastodon",
            "Pleroma": "pleroma",
            "Akkoma": "akkoma",
            "Misskey": "misskey",
            "Lemmy": "lemmy/",
            "Zoom": "zoombot",
            "Webex": "webexbot",
            "Wire": "wireapp",
            "Embedly": "embedly",
            "Iframely": "iframely",
            "": "opengraph|open-graph|oembed|onebox|unfurl|richlinkbot|urllookup|metainspector",
            "GitHub": "github-camo",
            "Bitly": "bitlybot",
        }
    ),
    forms=_nameless(
        r"(?:link|url|uri|page|site|web)[ _-]?preview",
        r"preview(?:bot|er|generator|service)\b",
        r"(?:link|url)[ _-]?(?:expand|unfurl|thumb|summar)",
        # A robot named after a messenger, a network or a place where people paste links.
        r"\b(?:slack|whatsapp|facebook|twitter|tweet|telegram|discord|linkedin|skype|teams|snap|pinterest|reddit|tumblr"
        r"|vk|xing|line|kakao|naver|viber|wechat|dingtalk|groupme|keybase|mattermost|zulip|matrix|element|threema|wire"
        r"|bluesky|quora|medium|notion|evernote|trello|asana|coda|basecamp|clickup|airtable|zoom|webex|discourse"
        r"|goodreads|summaly|everyonesocial|hootsuite|buffer|loomly|gg peek)[\w-]*?[ _-]?(?:bot|robot|spider)\b",
    ),
)

GMAIL_PREFETCH: Final = Marks(
    forms=((r"chrome/42\.0\.2311\.135 safari/537\.36 edge/12\.246(?: mozilla/5\.0)?$", "Gmail"),)
)
# ggpht.com is where Google serves other people's pictures from.
GMAIL_PROXY: Final = Marks(holds=(("googleimageproxy", "Gmail"), ("via ggpht.com", "Gmail")))

# Image proxies of other mail services, which publish no list of their addresses.
OTHER_PROXY: Final = Marks(
    begins=_named(
        {
            "Fastmail": "fastmailua",
        }
    ),
    holds=_named(
        {
            "Yahoo": "yahoomailproxy",
            "HEY": "hey.com/imageproxy",
            "Seznam": "seznamemailproxy",
            "Rambler": "ramblermail",
            "Shortwave": "shortwave image",
        }
    ),
    forms=_nameless(r"mail[\w.]{0,30}[ _-]?(?:image[ _-]?)?prox(?:y|ies)\b"),
)
# Whose image proxy shows mail at providers that file what was sent through them; their mail servers' domains.
PROXY_OF_DOMAIN: Final = {
    "gmail.com": "Gmail",
    "googlemail.com": "Gmail",
    "google.com": "Gmail",
    "office365.com": "Microsoft",
    "office365.us": "Microsoft",
    "office.com": "Microsoft",
    "outlook.com": "Microsoft",
    "outlook.cn": "Microsoft",
    "hotmail.com": "Microsoft",
    "live.com": "Microsoft",
    "yahoo.com": "Yahoo",
    "yahoodns.net": "Yahoo",
    "ymail.com": "Yahoo",
    "aol.com": "Yahoo",
    "att.net": "Yahoo",
}
# A robot for pictures, of which it is not known whether it works for anybody's mail.
PICTURE_ROBOT: Final = Marks(
    forms=_nameless(
        r"(?:image|img|picture|media)[ _-]?(?:prox(?:y|ies)|resizer?|sizer|cacher?|loader|fetcher|downloader)\b",
        r"bot/(?:img|image)s?\b",
    )
)

# Security products, and whatever else says that it looks for danger.
SCANNER: Final = Marks(
    begins=_named(
        {
            "Cortex": "cortex/",
            "Palo Alto": "expanse",
        }
    ),
    holds=_named(
        {
            "Barracuda": "barracuda",
            "Proofpoint": "proofpoint",
            "Mimecast": "mimecast",
            "IronPort": "ironport",
            "Trend Micro": "trend micro|trendmicro",
            "Kaspersky": "kaspersky",
            "Bitdefender": "bitdefender",
            "Sophos": "sophos",
            "Symantec": "symantec|messagelabs",
            "Norton": "norton-safeweb|norton safe web",
            "McAfee": "mcafee",
            "Trellix": "trellix",
            "FireEye": "fireeye",
            "Fortinet": "fortinet|fortiguard|fortisandbox",
            "Palo Alto": "palo alto networks|paloaltonetworks|wildfire",
            "Check Point": "checkpoint|check point|avanan",
            "Forcepoint": "websense",
            "Webroot": "brightcloud",
            "Cyren": "cyren",
            "Dr.Web": "drweb",
            "ClamAV": "clamav",
            "Rspamd": "rspamd",
            "SpamAssassin": "spamassassin",
            "SpamExperts": "spamexperts",
            "SpamTitan": "spamtitan",
            "Vade": "vadesecure",
            "Hornetsecurity": "hornetsecurity",
            "Libraesva": "libraesva",
            "Microsoft": "safelinks|safe links",
            "Google Safety": "google-safety|safebrowsing",
            "VirusTotal": "virustotal",
            "SafeDNS": "safedns",
            "urlscan": "urlscan",
            "Netcraft": "netcraft",
            "PhishTank": "phishtank",
            "Sucuri": "sucuri",
            "SiteLock": "sitelock",
            "Lightspeed": "lightspeedsystems",
            "Censys": "censys",
            "Shodan": "shodan",
            "BitSight": "bitsight",
            "a link checker": "checklink",
            "": (
                "twinwave|scmguard|malware|phish|antispam|anti-spam|spamhaus|virus|sandbox|threat|urlcheck"
                "|url-check|zgrab|masscan|nuclei|nikto|sqlmap|nessus|openvas|acunetix|wpscan|nmap"
                "|internet-measurement|internetmeasurement"
            ),
        }
    ),
    forms=(
        (r"link[ _-]?(?:check|valid|sleuth|walker|alarm|examin)", "a link checker"),
        # CamScanner is an app that people read documents with.
        (r"scan(?:s|ning)?\b|(?<!cam)scanner", ""),
        (r"\b(?:url|link|web|mail|email)[ _-]?(?:scan|inspect|defen[cs]e|protect|filter|guard|analy[sz])", ""),
        (r"\bsecur(?:e|ity)[ _-]?(?:mail|email|scan|check|bot|crawler|gateway|inspect|analy)", ""),
    ),
)

# What programmers fetch pages with, browsers without a person in front of them, and services that run others' scripts.
LIBRARY: Final = Marks(
    begins=_named(
        {
            "Python": "python|aiohttp/|httpx/|newspaper/",
            "curl": "curl|libcurl|pycurl",
            "Wget": "wget",
            "Go": "go-http-client/|go-resty/|fasthttp|colly",
            "Java": "java/|java-http-client|apache-http|jakarta|reactornetty/|asynchttpclient|ahc/|jetty/|jersey/",
            "Kotlin": "ktor",
            "Scala": "akka-http",
            "Perl": "libwww-perl/|lwp::|lwp-|www-mechanize",
            "Node.js": "node|axios/|undici|got/|got (|superagent|needle/",
            "Deno": "deno/",
            "Bun": "bun/",
            "PHP": "php|guzzlehttp/|symfony|wordpress/|zend",
            "Ruby": "ruby|faraday|typhoeus|rest-client/",
            "Rust": "reqwest/|ureq/|hyper/",
            "Erlang": "hackney/",
            ".NET": "restsharp|winhttp|microsoft winhttp|microsoft url control|microsoft bits",
            "Windows": "microsoft-cryptoapi",
            "PowerShell": "powershell",
            "Postman": "postmanruntime/",
            "Insomnia": "insomnia/",
            "Microsoft 365": "office 365 connectors|azure-logic-apps/",
            "Google": "appengine-google",
            "Amazon": "amazon cloudfront|amazon-route53",
            "HubSpot": "hubspot ",
            "Zapier": "zapier",
            "Salesforce": "salesforce",
            "Lua": "lua-resty",
            "C++": "cpprestsdk|cpp-httplib",
            "C": "libfetch",
            "aria2": "aria2/",
        }
    ),
    holds=_named(
        {
            "Node.js": "sindresorhus/got",
            "PowerShell": "windowspowershell/",
            "Google": "google-apps-script",
            "an automated browser": (
                "headless|phantomjs|puppeteer|playwright|selenium|webdriver|htmlunit|cypress/|chrome-lighthouse"
            ),
            "Python": "scrapy",
            "HTTrack": "httrack",
            "": "mechanize|httpunit",
        }
    ),
    forms=(
        (r"\bjava/\d", "Java"),
        (r"^\W*(?:perl|rust|elixir|erlang|haskell|scala|kotlin|julia|swift|lua|tcl|dotnet|\.net)[ /_-]", ""),
        # One product alone whose name says what it is.
        (r"^[\w.+-]*http[\w.+-]*(?:/[\w.+-]*)?(?: \([^)]*\))?$", ""),
        (r"^[\w.+-]*(?:requests|fetch|urllib|curl)/[\w.+-]*$", ""),
        (r"http[ _-]?(?:async)?(?:client|request)", ""),
    ),
)
# What apps on people's phones fetch with, and scripts too.
APP_LIBRARY: Final = Marks(
    begins=_named(
        {
            AN_APP: "okhttp|alamofire|dart/",
        }
    ),
)

# Whatever else says that it is a machine.
ROBOT: Final = Marks(
    holds=_nameless(
        "+http",
        "crawl",
        "spider",
        "slurp",
        "scraper",
        "heritrix",
        "archive.org",
        "archiver",
        "validator",
        "pingdom",
        "uptime",
        "statuscake",
        "monitoring",
        "feedfetcher",
        "mediapartners",
        "adsbot",
        "meta-externalagent",
        "scraping",
        "synthetics",
        "favicon",
        "gtmetrix",
        "inspection",
        "ptst/",
    ),
    forms=_nameless(
        # The makers of a phone are called Cubot.
        r"(?<!cu)bots?(?![a-z])",
        # "compatible" is what robots say where a browser names its system; old Explorers and Konqueror did too.
        r"^mozilla/5\.0 \(compatible; (?!msie|konqueror)[a-z]",
        r"like gecko[;,] ?compatible",
    ),
)

# WebKit with neither "Version/" nor "Safari/" is a mail program's own view: Apple Mail's form.
_APPLE_MAIL: Final = (
    r"^mozilla/5\.0 \((?:macintosh|iphone|ipad|ipod)[^)]*\) applewebkit/[\d.]+"
    r"(?: \(khtml, like gecko\))?(?: mobile/\w+)?$"
)
# The same with an app's name behind it, and still no "Safari/": the app's own view.
_IOS_APP: Final = (
    r"^mozilla/5\.0 \((?:iphone|ipad|ipod)[^)]*\) applewebkit/[\d.]+ \(khtml, like gecko\) mobile/\w+"
    r" (?!.*safari/)[\w.%-]+"
)
MAIL_CLIENT: Final = Marks(
    begins=_named(
        {
            "Outlook": "outlook/|windowsmail/",
            "Postbox": "postbox",
            "Airmail": "airmail",
            "Spark": "spark/|sparkdesktop/",
            "Superhuman": "superhuman",
            "Yahoo Mail": "yahoo%20mail|yahoo mail|yahoomobilemail",
            "Naver Mail": "navermailapp/",
            "Apple Mail": "mobilemail/",
            "Gmail": "android-gmail/",
            _A_MAIL_PROGRAM: "android-mail/",
            "Barca": "barca",
            "MailBar": "mailbar/",
            "Eudora": "eudora",
            "Becky!": "becky!",
            "Canary": "canary/",
            "MailMate": "mailmate/",
            "Edison Mail": "edison mail|edisonmail",
            "Sparrow": "sparrow/",
            "Proton Mail": "protonmail|proton mail",
        }
    ),
    holds=_named(
        {
            "Outlook": "microsoft outlook|macoutlook|outlook-express|ms-office|oneoutlook/",
            "The Bat!": "the bat!",
            "Mimestream": "mimestream",
            "Thunderbird": "thunderbird/|icedove/|betterbird/|spicebird/",
            "Postbox": "postbox/",
            "eM Client": "emclient/|em client/",
            "Mailbird": "mailbird",
            "Mailspring": "mailspring/",
            "BlueMail": "bluemail/",
            "Foxmail": "foxmail",
            "Mail Master": "mailmaster",
            "Yahoo Mail": "jp.co.yahoo.ymail",
            "QQ Mail": "qqmail",
            "Notes": "lotus-notes|hcl notes",
            "GroupWise": "groupwise",
            "Zimbra": "zimbra",
            # Named for what they are: their own names would tell the system they run on.
            _A_MAIL_PROGRAM: (
                "evolution/|kmail|kontact/|geary/|claws mail|claws-mail|sylpheed|trojita"
                "|k-9 mail|k-9/|k9mail|fairemail|aquamail|samsung email|samsungemail"
            ),
            # Android's WebView inside an app: the phone's own mail app, when it loads a picture.
            AN_APP: "; wv) applewebkit/|franz/|ferdi|rambox|wavebox",
        }
    ),
    forms=(
        (r"^microsoft office/\S* \([^)]*(?:outlook|mapi)", "Outlook"),
        (_APPLE_MAIL, "Apple Mail"),
        (r"^mail/[\d.]+ cfnetwork/", "Apple Mail"),
        (_IOS_APP, AN_APP),
    ),
)

BROWSER: Final = Marks(
    forms=(
        (r"\bedg(?:e|a|ios)?/", "Edge"),
        (r"\bop(?:r|rgx|t|x)/|\bopera\b", "Opera"),
        (r"samsungbrowser/", "Samsung Internet"),
        (r"vivaldi/", "Vivaldi"),
        (r"yabrowser/", "Yandex Browser"),
        (r"duckduckgo/|\bddg/", "DuckDuckGo"),
        (r"u(?:c|c_)?browser/", "UC Browser"),
        (r"firefox/|fxios/", "Firefox"),
        (r"chrome/|crios/|chromium/", "Chrome"),
        (r"version/[\d.]+.* safari/", "Safari"),
        (r"trident/|\bmsie ", "Internet Explorer"),
    ),
)
_BROWSER_PRODUCTS: Final = (
    "applewebkit|gecko|version|mobile|safari|chrome|chromium|crios|crmo|firefox|fxios|focus|klar|edg|edga|edge|edgios"
    "|opr|oprgx|opt|opx|opera|presto|samsungbrowser|vivaldi|yabrowser|yowser|yaapp_android|ucbrowser|ubrowser"
    "|duckduckgo|ddg|brave|ecosia|whale|m?qqbrowser|miuibrowser|huaweibrowser|heytapbrowser|vivobrowser|quark|silk"
    "|puffin|maxthon|sleipnir|iron|coc_coc_browser|seamonkey|palemoon|waterfox|librewolf|basilisk|goanna|iceweasel"
    "|iceape|icecat|ubuntu|fedora|debian|epiphany|falkon|qutebrowser|qtwebengine|konqueror|midori|otter|avast|avg"
    "|ccleaner|norton|avira|aol|kiwi|dolphin|mint browser|phoenix|sogoumobilebrowser|2345explorer|lbbrowser|gls|arc"
    "|yasearchbrowser|bropp|sa"
)
_DESKTOP: Final = (
    r"windows[^;()]*|win64|wow64|x64|x11|macintosh|wayland|linux[^;()]*|ubuntu|fedora|cros [^;()]*|[a-z]+bsd[^;()]*"
    r"|intel mac os x[^;()]*|ppc[^;()]*|arm(?:64)?|aarch64|rv:[\d.a-z]+|trident/[\d.]+|touch|[uni]"
    r"|[a-z]{2}(?:-[a-z]{2})?"
)
# Phones and other things name themselves as they like.
_THING: Final = "linux|iphone|ipad|ipod|android|mobile|tablet|playstation|web0s|smart|compatible; msie"
# The whole of what a browser calls itself: robots often put a name of their own beside it.
WHOLE_BROWSER: Final = re.compile(
    rf"mozilla/[45]\.0 \((?:(?:{_DESKTOP})(?:; ?(?:{_DESKTOP}))*|(?:{_THING})(?:[^()@]|\([^()@]*\))*)\)"
    r"(?: (?:\(khtml,? ?like gecko\)|like gecko|mobile|brave|\(ecosia [a-z]+@[\d.]+\)"
    rf"|(?:like )?(?:{_BROWSER_PRODUCTS})/[\w.+-]+))*"
)
