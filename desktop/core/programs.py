"""The names that programs give themselves in a user agent, by kind: plain facts, looked up by core.agents.

Lists of agents find few scanners, for most look like Chrome; what these tables are for is to know mail programs, the
browsers inside people's apps and what says openly that it is a machine.  What stands in none of them is unknown.
"""

import re
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


def _nameless(*marks: str) -> tuple[tuple[str, str], ...]:
    return tuple((mark, "") for mark in marks)


# People's apps that show a page inside themselves.
IN_APP: Final = Marks(
    holds=(
        ("[linkedinapp]", "LinkedIn"),
        ("outlook-ios", "Outlook for iOS"),
        ("outlook-android", "Outlook for Android"),
        ("teamsmobile", "Teams"),
        ("metaiab", "Facebook"),
        ("[fban/", "Facebook"),
        ("[fbav/", "Facebook"),
        (";fbav/", "Facebook"),
        ("fb_iab/", "Facebook"),
        ("[pinterest/", "Pinterest"),
        ("snapchat/", "Snapchat"),
        ("musical_ly", "TikTok"),
        ("bytedancewebview", "TikTok"),
        ("micromessenger/", "WeChat"),
        ("naver(inapp", "Naver"),
        ("daumapps/", "Daum"),
        ("vkandroidapp", "VK"),
        ("twitter for ", "X"),
        ("twitterandroid", "X"),
        ("slack_ssb/", "Slack"),
        ("yammer/", "Yammer"),
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
    begins=(
        ("whatsapp", "WhatsApp"),
        ("viber", "Viber"),
        ("notion/", "Notion"),
        ("notionembedder", "Notion"),
        ("line-poker", "LINE"),
        ("synapse", "Matrix"),
        ("cardyb/", "Bluesky"),
        ("zulipurlpreview", "Zulip"),
        ("nextcloud server crawler", "Nextcloud"),
        ("trello", "Trello"),
        ("asana/", "Asana"),
        ("hatena", "Hatena"),
        ("friendica", "Friendica"),
    ),
    holds=(
        ("slackbot", "Slack"),
        ("slack-imgproxy", "Slack"),
        ("facebookexternal", "Facebook"),
        ("facebot", "Facebook"),
        ("facebookcatalog", "Facebook"),
        ("meta-externalfetcher", "Facebook"),
        ("meta-externalhit", "Facebook"),
        ("twitterbot", "X"),
        ("skype-url-preview", "Skype"),
        ("skypeuripreview", "Skype"),
        ("microsoftpreview", "Microsoft"),
        ("bingpreview", "Microsoft"),
        ("discordbot", "Discord"),
        ("telegrambot", "Telegram"),
        ("linkedinbot", "LinkedIn"),
        ("redditbot", "Reddit"),
        ("pinterestbot", "Pinterest"),
        ("pinterest/0.", "Pinterest"),
        ("tumblr/", "Tumblr"),
        ("vkshare", "VK"),
        ("odklbot", "OK"),
        ("xing-contenttabreceiver", "XING"),
        ("flipboardproxy", "Flipboard"),
        ("kakaotalk-scrap", "KakaoTalk"),
        ("yeti-scrap", "Naver"),
        ("applebot", "Apple"),
        ("google-pagerenderer", "Google"),
        ("google.com/+/web/snippet", "Google"),
        ("googlechat", "Google Chat"),
        ("google web preview", "Google"),
        ("mattermost-bot", "Mattermost"),
        ("rocket.chat", "Rocket.Chat"),
        ("bluesky", "Bluesky"),
        ("mastodon", "Mastodon"),
        ("pleroma", "Pleroma"),
        ("akkoma", "Akkoma"),
        ("misskey", "Misskey"),
        ("lemmy/", "Lemmy"),
        ("zoombot", "Zoom"),
        ("webexbot", "Webex"),
        ("wireapp", "Wire"),
        ("embedly", "Embedly"),
        ("iframely", "Iframely"),
        ("opengraph", ""),
        ("open-graph", ""),
        ("oembed", ""),
        ("onebox", ""),
        ("unfurl", ""),
        ("richlinkbot", ""),
        ("urllookup", ""),
        ("metainspector", ""),
        ("github-camo", "GitHub"),
        ("bitlybot", "Bitly"),
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
    begins=(("fastmailua", "Fastmail"),),
    holds=(
        ("yahoomailproxy", "Yahoo"),
        ("hey.com/imageproxy", "HEY"),
        ("seznamemailproxy", "Seznam"),
        ("ramblermail", "Rambler"),
        ("shortwave image", "Shortwave"),
    ),
    forms=_nameless(r"mail[\w.]{0,30}[ _-]?(?:image[ _-]?)?prox(?:y|ies)\b"),
)
# A robot for pictures, of which it is not known whether it works for anybody's mail.
PICTURE_ROBOT: Final = Marks(
    forms=_nameless(
        r"(?:image|img|picture|media)[ _-]?(?:prox(?:y|ies)|resizer?|sizer|cacher?|loader|fetcher|downloader)\b",
        r"bot/(?:img|image)s?\b",
    )
)

# Security products, and whatever else says that it looks for danger.
SCANNER: Final = Marks(
    begins=(("cortex/", "Cortex"), ("expanse", "Palo Alto")),
    holds=(
        ("barracuda", "Barracuda"),
        ("proofpoint", "Proofpoint"),
        ("mimecast", "Mimecast"),
        ("ironport", "IronPort"),
        ("trend micro", "Trend Micro"),
        ("trendmicro", "Trend Micro"),
        ("kaspersky", "Kaspersky"),
        ("bitdefender", "Bitdefender"),
        ("sophos", "Sophos"),
        ("symantec", "Symantec"),
        ("messagelabs", "Symantec"),
        ("norton-safeweb", "Norton"),
        ("norton safe web", "Norton"),
        ("mcafee", "McAfee"),
        ("trellix", "Trellix"),
        ("fireeye", "FireEye"),
        ("fortinet", "Fortinet"),
        ("fortiguard", "Fortinet"),
        ("fortisandbox", "Fortinet"),
        ("palo alto networks", "Palo Alto"),
        ("paloaltonetworks", "Palo Alto"),
        ("wildfire", "Palo Alto"),
        ("checkpoint", "Check Point"),
        ("check point", "Check Point"),
        ("avanan", "Check Point"),
        ("websense", "Forcepoint"),
        ("brightcloud", "Webroot"),
        ("cyren", "Cyren"),
        ("drweb", "Dr.Web"),
        ("clamav", "ClamAV"),
        ("rspamd", "Rspamd"),
        ("spamassassin", "SpamAssassin"),
        ("spamexperts", "SpamExperts"),
        ("spamtitan", "SpamTitan"),
        ("vadesecure", "Vade"),
        ("hornetsecurity", "Hornetsecurity"),
        ("libraesva", "Libraesva"),
        ("safelinks", "Microsoft"),
        ("safe links", "Microsoft"),
        ("google-safety", "Google Safety"),
        ("safebrowsing", "Google Safety"),
        ("virustotal", "VirusTotal"),
        ("safedns", "SafeDNS"),
        ("urlscan", "urlscan"),
        ("netcraft", "Netcraft"),
        ("phishtank", "PhishTank"),
        ("sucuri", "Sucuri"),
        ("sitelock", "SiteLock"),
        ("lightspeedsystems", "Lightspeed"),
        ("censys", "Censys"),
        ("shodan", "Shodan"),
        ("bitsight", "BitSight"),
        ("checklink", "a link checker"),
        ("twinwave", ""),
        ("scmguard", ""),
        ("malware", ""),
        ("phish", ""),
        ("antispam", ""),
        ("anti-spam", ""),
        ("spamhaus", ""),
        ("virus", ""),
        ("sandbox", ""),
        ("threat", ""),
        ("urlcheck", ""),
        ("url-check", ""),
        ("zgrab", ""),
        ("masscan", ""),
        ("nuclei", ""),
        ("nikto", ""),
        ("sqlmap", ""),
        ("nessus", ""),
        ("openvas", ""),
        ("acunetix", ""),
        ("wpscan", ""),
        ("nmap", ""),
        ("internet-measurement", ""),
        ("internetmeasurement", ""),
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
    begins=(
        ("python", "Python"),
        ("aiohttp/", "Python"),
        ("httpx/", "Python"),
        ("newspaper/", "Python"),
        ("curl", "curl"),
        ("libcurl", "curl"),
        ("pycurl", "curl"),
        ("wget", "Wget"),
        ("go-http-client/", "Go"),
        ("go-resty/", "Go"),
        ("fasthttp", "Go"),
        ("colly", "Go"),
        ("java/", "Java"),
        ("java-http-client", "Java"),
        ("apache-http", "Java"),
        ("jakarta", "Java"),
        ("reactornetty/", "Java"),
        ("asynchttpclient", "Java"),
        ("ahc/", "Java"),
        ("jetty/", "Java"),
        ("jersey/", "Java"),
        ("ktor", "Kotlin"),
        ("akka-http", "Scala"),
        ("libwww-perl/", "Perl"),
        ("lwp::", "Perl"),
        ("lwp-", "Perl"),
        ("www-mechanize", "Perl"),
        ("node", "Node.js"),
        ("axios/", "Node.js"),
        ("undici", "Node.js"),
        ("got/", "Node.js"),
        ("got (", "Node.js"),
        ("superagent", "Node.js"),
        ("needle/", "Node.js"),
        ("deno/", "Deno"),
        ("bun/", "Bun"),
        ("php", "PHP"),
        ("guzzlehttp/", "PHP"),
        ("symfony", "PHP"),
        ("wordpress/", "PHP"),
        ("zend", "PHP"),
        ("ruby", "Ruby"),
        ("faraday", "Ruby"),
        ("typhoeus", "Ruby"),
        ("rest-client/", "Ruby"),
        ("reqwest/", "Rust"),
        ("ureq/", "Rust"),
        ("hyper/", "Rust"),
        ("hackney/", "Erlang"),
        ("restsharp", ".NET"),
        ("winhttp", ".NET"),
        ("microsoft winhttp", ".NET"),
        ("microsoft url control", ".NET"),
        ("microsoft bits", ".NET"),
        ("microsoft-cryptoapi", "Windows"),
        ("powershell", "PowerShell"),
        ("postmanruntime/", "Postman"),
        ("insomnia/", "Insomnia"),
        ("office 365 connectors", "Microsoft 365"),
        ("azure-logic-apps/", "Microsoft 365"),
        ("appengine-google", "Google"),
        ("amazon cloudfront", "Amazon"),
        ("amazon-route53", "Amazon"),
        ("hubspot ", "HubSpot"),
        ("zapier", "Zapier"),
        ("salesforce", "Salesforce"),
        ("lua-resty", "Lua"),
        ("cpprestsdk", "C++"),
        ("cpp-httplib", "C++"),
        ("libfetch", "C"),
        ("aria2/", "aria2"),
    ),
    holds=(
        ("sindresorhus/got", "Node.js"),
        ("windowspowershell/", "PowerShell"),
        ("google-apps-script", "Google"),
        ("headless", "an automated browser"),
        ("phantomjs", "an automated browser"),
        ("puppeteer", "an automated browser"),
        ("playwright", "an automated browser"),
        ("selenium", "an automated browser"),
        ("webdriver", "an automated browser"),
        ("htmlunit", "an automated browser"),
        ("cypress/", "an automated browser"),
        ("chrome-lighthouse", "an automated browser"),
        ("scrapy", "Python"),
        ("httrack", "HTTrack"),
        ("mechanize", ""),
        ("httpunit", ""),
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
    begins=(("okhttp", "an Android app"), ("alamofire", "an iOS app"), ("dart/", "an app")),
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
    begins=(
        ("outlook/", "Outlook"),
        ("windowsmail/", "Outlook"),
        ("postbox", "Postbox"),
        ("airmail", "Airmail"),
        ("spark/", "Spark"),
        ("sparkdesktop/", "Spark"),
        ("superhuman", "Superhuman"),
        ("the bat!", "The Bat!"),
        ("yahoo%20mail", "Yahoo Mail"),
        ("yahoo mail", "Yahoo Mail"),
        ("yahoomobilemail", "Yahoo Mail"),
        ("navermailapp/", "Naver Mail"),
        ("mobilemail/", "Apple Mail"),
        ("android-gmail/", "Gmail for Android"),
        ("android-mail/", "an Android mail program"),
        ("barca", "Barca"),
        ("mailbar/", "MailBar"),
        ("eudora", "Eudora"),
        ("becky!", "Becky!"),
        ("mimestream", "Mimestream"),
        ("protonmail", "Proton Mail"),
        ("proton mail", "Proton Mail"),
    ),
    holds=(
        ("microsoft outlook", "Outlook"),
        ("macoutlook", "Outlook"),
        ("outlook-express", "Outlook"),
        ("ms-office", "Outlook"),
        ("thunderbird/", "Thunderbird"),
        ("icedove/", "Thunderbird"),
        ("betterbird/", "Thunderbird"),
        ("spicebird/", "Thunderbird"),
        ("postbox/", "Postbox"),
        ("emclient/", "eM Client"),
        ("em client/", "eM Client"),
        ("mailbird", "Mailbird"),
        ("mailspring/", "Mailspring"),
        ("bluemail/", "BlueMail"),
        ("foxmail", "Foxmail"),
        ("mailmaster", "Mail Master"),
        ("jp.co.yahoo.ymail", "Yahoo Mail"),
        ("qqmail", "QQ Mail"),
        ("lotus-notes", "Notes"),
        ("hcl notes", "Notes"),
        ("groupwise", "GroupWise"),
        ("zimbra", "Zimbra"),
        ("evolution/", "a Linux mail program"),
        ("kmail", "a Linux mail program"),
        ("kontact/", "a Linux mail program"),
        ("geary/", "a Linux mail program"),
        ("claws mail", "a Linux mail program"),
        ("claws-mail", "a Linux mail program"),
        ("sylpheed", "a Linux mail program"),
        ("trojita", "a Linux mail program"),
        ("k-9 mail", "an Android mail program"),
        ("k-9/", "an Android mail program"),
        ("k9mail", "an Android mail program"),
        ("fairemail", "an Android mail program"),
        ("aquamail", "an Android mail program"),
        ("samsung email", "an Android mail program"),
        ("samsungemail", "an Android mail program"),
        # Android's WebView inside an app: the phone's own mail app, when it loads a picture.
        ("; wv) applewebkit/", "an Android app"),
        ("franz/", "a desktop app"),
        ("ferdi", "a desktop app"),
        ("rambox", "a desktop app"),
        ("wavebox", "a desktop app"),
    ),
    forms=(
        (r"^microsoft office/\S* \([^)]*(?:outlook|mapi)", "Outlook"),
        (_APPLE_MAIL, "Apple Mail"),
        (r"^mail/[\d.]+ cfnetwork/", "Apple Mail"),
        (_IOS_APP, "an iOS app"),
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
    "|ccleaner|norton|avira|aol|kiwi|dolphin|mint browser|phoenix|sogoumobilebrowser|2345explorer|lbbrowser|gls|arc|yasearchbrowser|bropp|sa"
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
    rf"(?: (?:\(khtml,? ?like gecko\)|like gecko|mobile|brave|\(ecosia [a-z]+@[\d.]+\)|(?:like )?(?:{_BROWSER_PRODUCTS})/[\w.+-]+))*"
)
