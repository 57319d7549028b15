"""What machines make of a tracked mail, each in a recipient network: filters, link checkers, scripts, a driven browser.

They come after the window, which is one second here, so that it is not their hour that gives them away.  As twins a
person in webmail uses one link, and opens what a filter had scanned.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop.core.notice import SETTLING_S
from desktop.core.status import Aside, Rung
from desktop.core.verdict import Verdict
from relay.wire.hit import HitKind
from tests.real import scanners
from tests.real.chromium import html_part
from tests.real.client import hand_in, signed_in
from tests.real.copies import Received, taken_apart
from tests.real.desktop import WINDOW_S, Desktop, now
from tests.real.provider import Provider, address_of
from tests.real.proxy import RecipientNetwork
from tests.real.relay import RelayProcess
from tests.real.roundcube import Webmail
from tests.real.screen import Screen
from tests.real.thunderbird import Thunderbird
from tests.real.waiting import until

pytestmark = pytest.mark.timeout(240)
LINKS = 3
# What "within 2 s" allows between a hit and what the desktop makes of it.
SOON_S = 2.0
SUBJECTS = {
    name: f"Scanned by {name}"
    for name in ("curl", "wget", "LinkChecker", "SpamAssassin", "a driven browser", "those who only look")
}
USED = "Used by a person"


def a_mail(subject: str) -> bytes:
    """Return a mail of olga's to bob and carol with some links."""
    links = "".join(f"<p><a href='https://example.test/{n}'>part {n}</a></p>\r\n" for n in range(LINKS))
    return (
        "From: Olga <olga@example.test>\r\nTo: Bob <bob@example.test>, Carol <carol@example.test>\r\n"
        f"Subject: {subject}\r\nMessage-ID: <{subject.replace(' ', '-').lower()}@example.test>\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: text/html; charset=UTF-8\r\n\r\n<p>Dear both,</p>\r\n{links}<p>Olga</p>\r\n"
    ).encode()


@pytest.fixture(scope="module")
def mails(olgas_desktop: Desktop, olgas_screen: Screen, provider: Provider) -> dict[str, Received]:
    """Send all mails, and return bob's copies by subject once the window is past for the last of them."""
    olgas_screen.forget_notifications()
    recipients = (address_of("bob"), address_of("carol"))
    with signed_in(olgas_desktop) as client:
        for subject in (*SUBJECTS.values(), USED):
            code, text = hand_in(client, a_mail(subject), sender=address_of("olga"), recipients=recipients)
            assert code == 250, text
    sent_at = max(copy.status.evidence[0].at for copy in olgas_desktop.wait_for_copies(USED, 2).values())
    with provider.mailbox("bob") as mailbox:
        copies = {
            subject: taken_apart(mailbox.wait_for(f"Subject: {subject}\r\n")[0])
            for subject in (*SUBJECTS.values(), USED)
        }
    until(lambda: (now() - sent_at).total_seconds() > WINDOW_S + 0.1, what="the window to pass")
    return copies


@pytest.fixture
def folder(ground: Path, request: pytest.FixtureRequest) -> Path:
    """Give a program a folder of its own."""
    own = ground / re.sub(r"\W+", "-", request.node.name)
    own.mkdir()
    return own


@pytest.fixture
def network(relay: RelayProcess, request: pytest.FixtureRequest) -> Iterator[RecipientNetwork]:
    """Give a program a network with an address of its own among recipients'."""
    number = 100 + request.session.items.index(request.node) % 100
    running = RecipientNetwork(address=f"203.0.113.{number}", public_host=relay.public_host, relay_port=relay.port)
    yield running
    running.close()


def links_of(mail: Received) -> tuple[str, ...]:
    """Return each tracked link of a copy once."""
    return tuple(dict.fromkeys(mail.links))


class Scanning:
    """A machine at bob's copy: what it fetched is a scanner's, nobody is told, and bob has done nothing."""

    def __init__(self, desktop: Desktop, screen: Screen) -> None:
        """Take what sees it."""
        self._desktop = desktop
        self._screen = screen

    def is_seen_through(self, subject: str, scan: Callable[[], None], *, links: int = LINKS, pictures: int = 1) -> None:
        """Have it scan: as many links and pictures come home, and each is the scanner's."""
        rates = self._desktop.rates()
        scan()
        hits = until(
            lambda: found if len(found := self.hits(subject)) >= links + pictures else None,
            what="all hits in the desktop",
            within_s=SOON_S,
        )
        assert sorted(kind for kind, _, _ in hits) == [HitKind.CLICK] * links + [HitKind.OPEN] * pictures
        assert {verdict for _, verdict, _ in hits} == {Verdict.SCANNER}
        assert not any(counted for _, _, counted in hits)
        assert self._desktop.rates() == rates
        self.nothing_is_told(subject)

    def hits(self, subject: str) -> list[tuple[HitKind, Verdict, bool]]:
        """Return each hit of bob's copy: its kind, its verdict and whether it counted."""
        evidence = self._desktop.copies(subject)[address_of("bob")].status.evidence
        return [
            (each.hit.kind, each.judgement.verdict, each.counted)
            for each in evidence
            if each.hit is not None and each.judgement is not None
        ]

    def nothing_is_told(self, subject: str) -> None:
        """See that bob's copy is as it was sent, and that nothing was notified of it so far."""
        status = self._desktop.copies(subject)[address_of("bob")].status
        assert (status.rung, status.opened_at, status.clicked_at) == (Rung.SENT, None, None)
        assert Aside.STOPPED not in status.asides
        assert [told for told in self._screen.notifications() if subject in told.summary + told.body] == []


@pytest.fixture
def scanning(olgas_desktop: Desktop, olgas_screen: Screen) -> Scanning:
    """Give what a machine is seen by."""
    return Scanning(olgas_desktop, olgas_screen)


def test_curl_is_a_scanner(
    mails: dict[str, Received], scanning: Scanning, folder: Path, network: RecipientNetwork
) -> None:
    """Fetched with curl, the picture and one link are a machine's: it says so by its name, and no burst is needed."""
    subject = SUBJECTS["curl"]
    urls = (*mails[subject].pictures, links_of(mails[subject])[0])
    scanning.is_seen_through(subject, lambda: scanners.curl(urls, folder, network), links=1)


def test_wget_is_a_scanner(
    mails: dict[str, Received], scanning: Scanning, folder: Path, network: RecipientNetwork
) -> None:
    """Fetched with wget, all that the mail's HTML points at is a machine's."""
    subject = SUBJECTS["wget"]
    page = html_part(mails[subject].raw)
    scanning.is_seen_through(subject, lambda: scanners.wget(page, folder, network))


def test_linkchecker_is_a_scanner(
    mails: dict[str, Received], scanning: Scanning, folder: Path, network: RecipientNetwork
) -> None:
    """LinkChecker follows all links of the mail, and is a machine."""
    subject = SUBJECTS["LinkChecker"]
    page = html_part(mails[subject].raw)
    scanning.is_seen_through(subject, lambda: scanners.linkchecker(page, folder, network))


def test_a_mail_filter_that_calls_itself_chrome_is_a_scanner_and_stops_nothing(  # noqa: PLR0917 - fixtures by name
    mails: dict[str, Received],
    scanning: Scanning,
    folder: Path,
    network: RecipientNetwork,
    olgas_desktop: Desktop,
    bobs_thunderbird: Thunderbird,
) -> None:
    """SpamAssassin follows all links, the one to the stop page too: all are a scanner's, and bob can open it later."""
    subject = SUBJECTS["SpamAssassin"]
    scanning.is_seen_through(subject, lambda: scanners.spamassassin(mails[subject].raw, folder, network))
    stops = [passed for passed in network.passed if passed.path.startswith("/stop/")]
    assert [(passed.method, passed.status) for passed in stops] == [("GET", 200)]
    assert all("Chrome/" in passed.headers["User-Agent"] for passed in network.passed)
    bobs_thunderbird.open_message(subject)
    bobs_thunderbird.load_pictures()
    until(
        lambda: olgas_desktop.copies(subject)[address_of("bob")].status.rung is Rung.OPENED,
        what="bob to have opened",
        within_s=SOON_S + 5,
    )


def test_a_driven_browser_that_follows_all_links_at_once_is_a_scanner(
    mails: dict[str, Received], scanning: Scanning, folder: Path, network: RecipientNetwork, bobs_screen: Screen
) -> None:
    """Headless Chromium with a person's user agent and headers opens all links within 3 s: that alone gives it away."""
    subject = SUBJECTS["a driven browser"]
    urls = links_of(mails[subject])
    scanning.is_seen_through(subject, lambda: scanners.driven_chromium(urls, folder, bobs_screen, network), pictures=0)
    clicks = [passed for passed in network.passed if passed.path.startswith("/click/")]
    assert {passed.headers["Sec-Fetch-Dest"] for passed in clicks} == {"document"}
    assert not any("Headless" in passed.headers["User-Agent"] for passed in clicks)


def test_whoever_only_looks_leaves_no_hit(
    mails: dict[str, Received], scanning: Scanning, folder: Path, network: RecipientNetwork
) -> None:
    """curl, wget and SpamAssassin by HEAD leave nothing, while what curl then gets is the one hit."""
    subject = SUBJECTS["those who only look"]
    mail = mails[subject]
    scanners.curl((*mail.pictures, *links_of(mail)), folder, network, head=True)
    scanners.wget(html_part(mail.raw), folder, network, head=True)
    scanners.spamassassin(mail.raw, folder, network, head=True)
    asked = [passed.method for passed in network.passed if passed.path.startswith(("/open/", "/click/"))]
    assert asked == ["HEAD"] * 3 * (LINKS + 1)
    # What the relay stores comes home in order: once this is here, one of theirs would be.
    scanners.curl(mail.pictures, folder, network)
    until(lambda: scanning.hits(subject), what="the hit in the desktop", within_s=SOON_S)
    assert scanning.hits(subject) == [(HitKind.OPEN, Verdict.SCANNER, False)]


def test_a_person_who_uses_one_link_in_webmail_is_told_and_no_machine_was(
    mails: dict[str, Received],
    olgas_desktop: Desktop,
    olgas_screen: Screen,
    carols_webmail: Webmail,
    carols_network: RecipientNetwork,
) -> None:
    """Carol clicks one link in webmail: a person's, counted, notified once like bob's opening, and nothing else is."""
    assert mails[USED]
    since = len(carols_network.passed)
    carols_webmail.open_message(USED)
    carols_webmail.press_link(f"http://{carols_network.public_host}/click/")
    click = carols_network.wait_for(lambda passed: passed.path.startswith("/click/"), since=since)
    assert click.headers["Sec-Fetch-Dest"] == "document"
    until(
        lambda: olgas_desktop.copies(USED)[address_of("carol")].status.rung is Rung.CLICKED,
        what="carol to have clicked",
        within_s=SOON_S,
    )
    status = olgas_desktop.copies(USED)[address_of("carol")].status
    (hit,) = [each for each in status.evidence if each.hit is not None]
    assert hit.judgement is not None
    assert (hit.judgement.verdict, hit.counted) == (Verdict.PERSON, True)
    opened, used = f"Bob opened “{SUBJECTS['SpamAssassin']}”", "Carol used a link"
    # Only after 3 s is it certain that the other links were not followed at once, as a scanner would.
    until(
        lambda: used in {told.summary for told in olgas_screen.notifications()},
        what="dunst",
        within_s=SOON_S + SETTLING_S,
    )
    told = olgas_screen.notifications()
    assert [each.summary for each in told] == [opened, used]
    assert told[1].body == f"“example.test/0” in “{USED}”"
