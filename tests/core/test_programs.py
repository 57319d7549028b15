"""Programs of all kinds by their user agents: people's are taken for no machine, machines for nobody."""

import pytest

from desktop.core import programs
from desktop.core.agents import Family, read_agent
from tests.fakes.samples import CHROME, FIREFOX, SAFARI

ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/146.0"
IOS_VIEW = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
)
KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
OLD_OUTLOOK = "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Trident/8.0; Microsoft Outlook 16.0.1; ms-office)"


@pytest.mark.parametrize(
    ("family", "agents"),
    [
        (
            Family.MAIL_CLIENT,
            (
                OLD_OUTLOOK,
                "Microsoft Office/12.0 (Windows NT 6.1; Microsoft Office Outlook 12.0.6739; Pro)",
                "Microsoft Office/16.0 (Windows NT 10.0; MAPI 16.0.1; Pro)",
                "Outlook/16.90 CFNetwork/1490 Darwin/23.0",
                "Mail/3774.600 CFNetwork/1490 Darwin/23.0",
                "Android-Gmail/64562652 (sw411dp; 420dpi)",
                "Postbox 7.0 (Windows)",
                f"{CHROME} Mailbird/3.0.0/",
                f"{CHROME} eM Client/10.0.1",
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/538 (KHTML, like Gecko) kmail2/5.0 Safari/538",
                f"{ANDROID} Mobile Safari/537.36",
                f"{IOS_VIEW} SomeMail/6.5.0",
                "Claws Mail 4.2.0",
            ),
        ),
        (
            Family.IN_APP,
            (
                f"{IOS_VIEW} [FBAN/FBIOS;FBAV/480.0;FBBV/1]",
                f"{IOS_VIEW} Instagram 350.0.0.1 (iPhone14,5)",
                f"{ANDROID} MetaIAB Facebook",
                f"{ANDROID} KAKAOTALK 10.4.5",
                f"{IOS_VIEW} Safari Line/14.1.0",
                f"{IOS_VIEW} Twitter for iPhone/10.1",
                f"{IOS_VIEW} GSA/330.0 Safari/604.1",
                f"{IOS_VIEW} MicroMessenger/8.0",
                f"Mozilla/5.0 (X11; Linux) {KIT} Slack/4.40.0 Chrome/126.0 Electron/31.0",
            ),
        ),
        (
            Family.PREVIEW,
            (
                "WhatsApp",
                "SkypeUriPreview Preview/0.5",
                "Mozilla/5.0 (compatible; SnapURLPreview/1.0; +https://www.snapchat.com)",
                "http.rb/5.1.1 (Mastodon/4.2.0; +https://social.example/)",
                "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
                "Mozilla/5.0 (compatible; TelegramBot)",
                "DingTalkBot-LinkService/1.0",
                "Mozilla/5.0 (compatible; KeybaseBot; +https://keybase.io)",
                "Example Link Expander",
            ),
        ),
        (
            Family.SCANNER,
            (
                "Example Mail Scanner 2",
                "contentscan/1.0",
                "Mozilla/5.0 (compatible; PhishExample/1.0)",
                "LinkChecker/10.2",
                "W3C-checklink/4.81",
                "urlcheck-service/1",
                "Kaspersky something resolver",
                "Secure Email Gateway",
            ),
        ),
        (
            Family.LIBRARY,
            (
                "curl",
                "Wget/1.21",
                "python-requests/2.32",
                "Go-http-client/1.1",
                "okay-httpclient/1.0",
                "Something-HTTP/2.0 (linux)",
                "node-fetch",
                "Rust/1.0",
                "Mozilla/4.0 (Windows XP 5.1) Java/1.8.0_181",
                f"Mozilla/5.0 (X11; Linux x86_64) {KIT} HeadlessChrome/120.0 Safari/537.36",
                "Office 365 Connectors",
            ),
        ),
        (Family.APP_LIBRARY, ("okhttp/4.12.0", "Dart/3.5 (dart:io)", "Alamofire/5.0")),
        (
            Family.ROBOT,
            (
                "Examplebot/2.0",
                "Mozilla/5.0 (compatible; Example/1.0)",
                "Mozilla/5.0 (Linux) AppleWebKit/537.36 (KHTML, like Gecko; compatible; Example) Chrome/120.0",
                f"{CHROME} (+http://example.com/why)",
                "Example spider",
                f"{IOS_VIEW} Instagram 350.0 (+http://example.com/bot.html)",
            ),
        ),
        (
            Family.OTHER_PROXY,
            ("Mozilla/5.0 SeznamEmailProxy/3.0", "HEY.com/ImageProxy x", f"{CHROME} (via mail.example proxy)"),
        ),
        (Family.PICTURE_ROBOT, ("imgproxy/3.0", "Example Image Proxy", "PictureLoader/1", "Example_Bot/Img/2.0")),
        (
            Family.BROWSER,
            (
                FIREFOX,
                SAFARI,
                f"{CHROME} Edg/146.0.0.0",
                f"{CHROME} Avast/131.0.0.0",
                f"Mozilla/5.0 (Linux; Android 10; K) {KIT} SamsungBrowser/27.0 Chrome/125.0 Mobile Safari/537.36",
                f"Mozilla/5.0 (Linux; Android 8.0; moto g(6) play) {KIT} Chrome/125.0 Mobile Safari/537.36",
                "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
                f"Mozilla/5.0 (Linux; U; Android 9; CUBOT NOTE S) {KIT} Chrome/120.0 Mobile Safari/537.36",
            ),
        ),
        (
            Family.NONE,
            (
                f"{CHROME} Example/1.0",
                f"{CHROME} Google Something",
                CHROME.replace("Win64", "Example 3.0"),
                f"Mozilla/5.0 (Example; me@example.com) {KIT} Chrome/120.0 Safari/537.36",
                f"{CHROME} (see https://example.com)",
                "Dalvik/2.1.0 (Linux; U; Android 12; SM-G970U)",
                "iOS/16.5.1 (20F75) dataaccessd/1.0",
                "Microsoft Office Existence Discovery",
                "Example/1.0 CFNetwork/1490 Darwin/23.0",
            ),
        ),
    ],
)
def test_programs_are_told_by_their_kind(family: Family, agents: tuple[str, ...]) -> None:
    """Names written for one kind are read as that kind, whatever else they carry for compatibility."""
    assert {agent: read_agent(agent).family for agent in agents} == dict.fromkeys(agents, family)


def test_a_document_scanner_app_is_no_scanner() -> None:
    """CamScanner's own view of a page is a person's phone."""
    assert read_agent(f"{ANDROID} Mobile Safari/537.36 CamScanner/4.5.0").family is Family.MAIL_CLIENT


TABLES = [
    programs.IN_APP,
    programs.PREVIEW,
    programs.GMAIL_PREFETCH,
    programs.GMAIL_PROXY,
    programs.OTHER_PROXY,
    programs.PICTURE_ROBOT,
    programs.SCANNER,
    programs.LIBRARY,
    programs.APP_LIBRARY,
    programs.ROBOT,
    programs.MAIL_CLIENT,
    programs.BROWSER,
]


@pytest.mark.parametrize("marks", TABLES)
def test_marks_can_be_found_at_all(marks: programs.Marks) -> None:
    """Agents are searched in lower case, so a mark with a capital letter would never be found; none is there twice."""
    texts = [mark for mark, _ in (*marks.begins, *marks.holds)]
    assert [mark.lower() for mark in texts] == texts
    assert len(set(texts)) == len(texts)
    finder = marks.finder()
    assert all(finder.name_in(mark) is not None for mark in texts)
