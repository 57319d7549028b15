"""Olga looks at her own mails, with pictures on, in Thunderbird and in webmail: nobody has opened anything.

What her programs fetch does reach the relay, from the address that her desktop polls from; nginx's log proves it.  As
a twin the people she wrote to open the same mails in the same two programs.  The window is one second here.
"""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from desktop.core.notice import SETTLING_S
from desktop.core.report import Report
from desktop.core.status import Aside, CopyStatus, Evidence, Rung
from desktop.core.verdict import Verdict
from tests.real.browser import Browser
from tests.real.client import hand_in, signed_in
from tests.real.copies import Received, taken_apart
from tests.real.desktop import WINDOW_S, Desktop, now
from tests.real.provider import Provider, address_of
from tests.real.proxy import RecipientNetwork
from tests.real.relay import RelayProcess
from tests.real.roundcube import Roundcube, Webmail
from tests.real.screen import Notification, Screen
from tests.real.sender_network import SenderNetwork
from tests.real.thunderbird import Draft, Thunderbird
from tests.real.waiting import until

pytestmark = pytest.mark.timeout(240)
PLAN = "Plan for the harbour"
REPORT = "Report on the bridge"
QUESTION = "A question about the ferry"
# What "within 2 s" allows between a hit and what the desktop makes of it.
SOON_S = 2.0


def html_mail(subject: str) -> bytes:
    """Return a mail of olga's to bob and carol, as a program hands it in that leaves Sent to the provider."""
    return (
        "From: Olga <olga@example.test>\r\nTo: Bob <bob@example.test>, Carol <carol@example.test>\r\n"
        f"Subject: {subject}\r\nMessage-ID: <{subject.replace(' ', '-').lower()}@example.test>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/html; charset=UTF-8\r\n\r\n"
        "<p>Dear both,</p>\r\n<p>this is <a href='https://example.test/paper'>the paper</a>.</p>\r\n<p>Olga</p>\r\n"
    ).encode()


def received(provider: Provider, name: str, subject: str, *, folder: str = "INBOX") -> Received:
    """Return the one mail with that subject in a person's folder, once it is there."""
    with provider.mailbox(name) as mailbox:
        (raw,) = mailbox.wait_for(f"Subject: {subject}\r\n", folder=folder)
    return taken_apart(raw)


@pytest.fixture(scope="module")
def plan(
    olgas_thunderbird: Thunderbird, olgas_desktop: Desktop, olgas_screen: Screen, provider: Provider
) -> dict[str, Received]:
    """Send the plan from Thunderbird, which files it in Sent itself; return what bob, carol and Sent hold."""
    olgas_screen.forget_notifications()
    body = "<p>Dear both,</p><p>the <a href='https://example.test/plan'>plan</a>, <b>as promised</b>.</p><p>Olga</p>"
    to = "Bob <bob@example.test>, Carol <carol@example.test>"
    olgas_thunderbird.send(Draft(to=to, subject=PLAN, body=body))
    olgas_desktop.wait_for_copies(PLAN, 2)
    found = {name: received(provider, name, PLAN) for name in ("bob", "carol")}
    return found | {"sent": received(provider, "olga", PLAN, folder="Sent")}


@pytest.fixture(scope="module")
def report(plan: dict[str, Received], olgas_desktop: Desktop, provider: Provider) -> dict[str, Received]:
    """Send the report by a program that stores nothing; the provider files what was submitted, which is bob's copy."""
    return _sent_without_sent_copy(REPORT, olgas_desktop, provider, files="bob")


def _sent_without_sent_copy(
    subject: str, desktop: Desktop, provider: Provider, *, files: str = ""
) -> dict[str, Received]:
    with signed_in(desktop) as client:
        recipients = (address_of("bob"), address_of("carol"))
        code, text = hand_in(client, html_mail(subject), sender=address_of("olga"), recipients=recipients)
    assert code == 250, text
    desktop.wait_for_copies(subject, 2)
    found = {name: received(provider, name, subject) for name in ("bob", "carol")}
    if files:
        with provider.mailbox("olga") as mailbox:
            mailbox.append(found[files].raw, folder="Sent")
    return found


def status(desktop: Desktop, subject: str, name: str) -> CopyStatus:
    """Return the status of a person's copy."""
    return desktop.copies(subject)[address_of(name)].status


def hits_from(network: object, of: CopyStatus) -> tuple[Evidence, ...]:
    """Return the hits in a copy's timeline that came from one network, newest first."""
    return tuple(each for each in of.evidence if each.hit is not None and each.hit.network == network)


def standing(of: CopyStatus) -> tuple[Rung, tuple[Aside, ...], datetime | None, datetime | None, int]:
    """Return what must not move when the sender looks: rung, asides, when opened and clicked, hits that count."""
    counted = [each for each in of.evidence if each.hit is not None and each.counted]
    return of.rung, of.asides, of.opened_at, of.clicked_at, len(counted)


def wait_for_the_window(desktop: Desktop, subject: str) -> None:
    """Return once the window is past in which a fetch could be a scanner's."""
    newest = max(copy.status.evidence[-1].at for copy in desktop.copies(subject).values())
    ends_at = newest + timedelta(seconds=WINDOW_S + 0.1)
    until(lambda: now() > ends_at, what="the window to pass")


def _proven(rates: Report) -> tuple[int, int, int]:
    return rates.opened.proven, rates.clicked.proven, rates.replied.proven


class Looking:
    """Olga looks at a mail with the marks of a person's copy, its picture or a link, and nothing comes of it."""

    def __init__(self, desktop: Desktop, network: SenderNetwork, screen: Screen) -> None:
        """Take what sees it."""
        self.desktop = desktop
        self._network = network
        self._screen = screen

    def comes_to_nothing(
        self,
        subject: str,
        name: str,
        mark: str,
        look: Callable[[], None],
        *,
        agent: str,
        within_s: float = SOON_S,
    ) -> Evidence:
        """Have her look; prove that the mark was fetched, and return the hit, which altered and told nothing."""
        wait_for_the_window(self.desktop, subject)
        told = self._screen.notifications()
        before, rates = status(self.desktop, subject, name), self.desktop.rates()
        known = len(hits_from(self._network.network, before))
        since = len(self._network.asked())
        look()
        asked = self._network.wait_for(lambda each: mark.endswith(each.path), since=since)
        assert (asked.method, asked.status < 400, agent in asked.agent) == ("GET", True, True)
        until(
            lambda: len(hits_from(self._network.network, status(self.desktop, subject, name))) > known,
            what="the hit in the desktop",
            within_s=within_s,
        )
        after = status(self.desktop, subject, name)
        newest = hits_from(self._network.network, after)[0]
        assert newest.judgement is not None
        assert newest.judgement.verdict in (Verdict.SELF, Verdict.UNKNOWN), newest.judgement
        assert not newest.counted
        assert standing(after) == standing(before)
        # What may have been somebody else moves the possible end; her own view neither.
        is_own = newest.judgement.verdict is Verdict.SELF
        assert self.desktop.rates() == rates if is_own else _proven(self.desktop.rates()) == _proven(rates)
        assert self._screen.notifications() == told
        return newest


@pytest.fixture
def olga_looks(olgas_desktop: Desktop, olgas_network: SenderNetwork, olgas_screen: Screen) -> Looking:
    """Give olga as she looks at her own mail."""
    return Looking(olgas_desktop, olgas_network, olgas_screen)


def test_the_sent_copy_that_thunderbird_files_fetches_nothing(
    plan: dict[str, Received],
    olgas_thunderbird: Thunderbird,
    olgas_webmail: Webmail,
    olgas_network: SenderNetwork,
) -> None:
    """Thunderbird files the plan clean: opened in both programs it asks for nothing, while bob's copy has a picture."""
    since = len(olgas_network.asked())
    olgas_thunderbird.open_message(PLAN, in_sent=True)
    olgas_webmail.open_message(PLAN, folder="Sent")
    assert not olgas_thunderbird.blocks_pictures()
    assert not olgas_webmail.blocks_pictures()
    assert [each for each in olgas_network.asked()[since:] if each.path.startswith("/open/")] == []
    assert (plan["sent"].pictures, len(plan["bob"].pictures)) == ((), 1)


def test_a_tracked_sent_copy_opened_in_thunderbird_is_the_senders_own_view(
    report: dict[str, Received], olgas_thunderbird: Thunderbird, olga_looks: Looking
) -> None:
    """What the provider filed is bob's copy: olga's Thunderbird fetches its picture, and it is her own view."""
    hit = olga_looks.comes_to_nothing(
        REPORT,
        "bob",
        report["bob"].pictures[0],
        lambda: olgas_thunderbird.open_message(REPORT, in_sent=True),
        agent="Thunderbird/",
    )
    assert hit.judgement is not None
    assert hit.judgement.verdict is Verdict.SELF


def test_a_tracked_sent_copy_opened_in_webmail_is_nobodys_open(
    report: dict[str, Received], olgas_webmail: Webmail, olga_looks: Looking
) -> None:
    """Opened in webmail with pictures allowed, olga's Chromium fetches the picture, and bob has opened nothing."""

    def look() -> None:
        olgas_webmail.open_message(REPORT, folder="Sent")
        assert olgas_webmail.blocks_pictures()
        olgas_webmail.load_pictures()

    olga_looks.comes_to_nothing(REPORT, "bob", report["bob"].pictures[0], look, agent="Chrome/")


def test_a_link_of_a_tracked_sent_copy_that_the_sender_uses_is_nobodys_click(
    report: dict[str, Received], olgas_webmail: Webmail, olga_looks: Looking
) -> None:
    """In webmail olga clicks the tracked link of what the provider filed, and bob has clicked nothing."""
    (link,) = set(report["bob"].links)

    def use() -> None:
        olgas_webmail.open_message(REPORT, folder="Sent")
        olgas_webmail.press_link(link)

    olga_looks.comes_to_nothing(REPORT, "bob", link, use, agent="Chrome/")


def test_a_view_while_readback_is_off_is_the_senders_own_view(  # noqa: PLR0917 - fixtures are given by name
    report: dict[str, Received],
    olgas_thunderbird: Thunderbird,
    olgas_desktop: Desktop,
    olgas_network: SenderNetwork,
    olgas_screen: Screen,
    olga_looks: Looking,
) -> None:
    """Olga looks at the filed copy again while Readback is not running: when it is, it knows whose view that was."""
    picture = report["bob"].pictures[0]

    def look() -> None:
        olgas_desktop.stop()
        since = len(olgas_network.asked())
        olgas_thunderbird.open_message(PLAN, in_sent=True)
        olgas_thunderbird.open_message(REPORT, in_sent=True)
        olgas_network.wait_for(lambda each: picture.endswith(each.path), since=since)
        olgas_desktop.start(environment=olgas_screen.environment)

    # The relay may hold the lease of the Readback that was quit for some seconds more.
    hit = olga_looks.comes_to_nothing(REPORT, "bob", picture, look, agent="Thunderbird/", within_s=20)
    assert hit.judgement is not None
    assert hit.judgement.verdict is Verdict.SELF


def test_the_recipient_who_opens_it_in_thunderbird_is_told_once(
    report: dict[str, Received],
    olgas_desktop: Desktop,
    olgas_screen: Screen,
    bobs_thunderbird: Thunderbird,
    bobs_network: RecipientNetwork,
) -> None:
    """The same copy, opened by bob in his own network: one notification, which names Thunderbird, and it is Opened."""
    before, rates = olgas_screen.notifications(), olgas_desktop.rates()
    wait_for_the_window(olgas_desktop, REPORT)
    bobs_thunderbird.open_message(REPORT)
    bobs_thunderbird.load_pictures()
    bobs_network.wait_for(lambda passed: report["bob"].pictures[0].endswith(passed.path))
    told = _the_one_notification(olgas_desktop, olgas_screen, REPORT, "bob", before)
    assert olgas_desktop.rates().opened.proven == rates.opened.proven + 1
    assert (told.summary, told.body.endswith(", Thunderbird, first time")) == (f"Bob opened “{REPORT}”", True)


def test_the_recipient_who_opens_it_in_webmail_is_told_once(
    report: dict[str, Received],
    olgas_desktop: Desktop,
    olgas_screen: Screen,
    carols_webmail: Webmail,
    carols_network: RecipientNetwork,
) -> None:
    """Carol's copy, opened in webmail in her network: one notification, which names Chrome, and it is Opened."""
    before, rates = olgas_screen.notifications(), olgas_desktop.rates()
    wait_for_the_window(olgas_desktop, REPORT)
    carols_webmail.open_message(REPORT)
    carols_webmail.load_pictures()
    carols_network.wait_for(lambda passed: report["carol"].pictures[0].endswith(passed.path))
    told = _the_one_notification(olgas_desktop, olgas_screen, REPORT, "carol", before)
    assert olgas_desktop.rates().opened.proven == rates.opened.proven + 1
    assert (told.summary, told.body.endswith(", Chrome, first time")) == (f"Carol opened “{REPORT}”", True)


def _the_one_notification(
    desktop: Desktop, screen: Screen, subject: str, name: str, before: tuple[Notification, ...]
) -> Notification:
    """Return what was displayed once the copy is Opened, in addition to what had been; it must be one."""
    until(lambda: status(desktop, subject, name).rung is Rung.OPENED, what=f"{name} to have opened", within_s=SOON_S)
    # What a browser opened is told only once it is certain that it does not go on to follow every link.
    until(lambda: screen.displayed_count() > 0, what="dunst", within_s=SOON_S + SETTLING_S)
    now_told = screen.notifications()
    assert now_told[: len(before)] == before
    (told,) = now_told[len(before) :]
    return told


@pytest.fixture(scope="module")
def question(  # noqa: PLR0917 - fixtures are given by name
    report: dict[str, Received],
    olgas_desktop: Desktop,
    olgas_screen: Screen,
    provider: Provider,
    bobs_thunderbird: Thunderbird,
    carols_webmail: Webmail,
) -> dict[str, Received]:
    """Send a question that both answer, quoting it: bob blocks pictures all the while, carol allows them; return all.

    "bob's reply" and "carol's reply" are what reaches olga.
    """
    copies = _sent_without_sent_copy(QUESTION, olgas_desktop, provider)
    wait_for_the_window(olgas_desktop, QUESTION)
    bobs_thunderbird.reply(QUESTION, "At noon.")
    carols_webmail.open_message(QUESTION)
    carols_webmail.load_pictures()
    carols_webmail.reply("In the evening.")
    until(
        lambda: {status(olgas_desktop, QUESTION, name).rung for name in ("bob", "carol")} == {Rung.REPLIED},
        what="both replies in the desktop",
    )
    # Carol's own opening in a browser is told a few seconds after it; later tests look for what comes besides.
    until(
        lambda: f"Carol opened “{QUESTION}”" in {told.summary for told in olgas_screen.notifications()},
        what="carol's opening to be told",
        within_s=SOON_S + SETTLING_S,
    )
    with provider.mailbox("olga") as mailbox:
        replies = [taken_apart(raw) for raw in mailbox.wait_for(f"Subject: Re: {QUESTION}\r\n")]
    return copies | {
        f"{name}'s reply": next(each for each in replies if f"{name}@".encode() in _from_line(each.headers))
        for name in ("bob", "carol")
    }


def _from_line(headers: bytes) -> bytes:
    return next(line for line in headers.splitlines() if line.startswith(b"From:"))


@pytest.mark.parametrize("name", ["bob", "carol"])
def test_a_reply_that_quotes_the_picture_is_nobodys_open(
    question: dict[str, Received],
    olgas_thunderbird: Thunderbird,
    olgas_webmail: Webmail,
    olga_looks: Looking,
    name: str,
) -> None:
    """Olga reads a reply, from Thunderbird and from webmail, in both programs: its picture is fetched for nothing."""
    reply = question[f"{name}'s reply"]
    picture = question[name].pictures[0]
    assert picture in reply.pictures

    def look_in_webmail() -> None:
        olgas_webmail.open_message(f"Re: {QUESTION}", sender=name)
        olgas_webmail.load_pictures()

    def look_in_thunderbird() -> None:
        olgas_thunderbird.open_message(QUESTION, sender=name)

    olga_looks.comes_to_nothing(QUESTION, name, picture, look_in_thunderbird, agent="Thunderbird/")
    olga_looks.comes_to_nothing(QUESTION, name, picture, look_in_webmail, agent="Chrome/")
    assert status(olga_looks.desktop, QUESTION, name).rung is Rung.REPLIED


def test_a_reply_read_on_the_way_is_nobodys_open(  # noqa: PLR0917 - fixtures are given by name
    question: dict[str, Received],
    olgas_desktop: Desktop,
    olgas_screen: Screen,
    ground: Path,
    roundcube: Roundcube,
    relay: RelayProcess,
) -> None:
    """From a network that nobody knows, the picture that bob's reply quotes is fetched after the reply: not counted."""
    before, told = status(olgas_desktop, QUESTION, "bob"), olgas_screen.notifications()
    hotel = RecipientNetwork(address="2001:db8:77::5", public_host=relay.public_host, relay_port=relay.port)
    laptop = Browser(
        ground / "olgas-laptop", olgas_screen, http_proxy=hotel.host_and_port, without_proxy=roundcube.host_and_port
    )
    with closing(hotel), closing(laptop):
        webmail = Webmail(roundcube, laptop, "olga")
        webmail.open_message(f"Re: {QUESTION}", sender="bob")
        webmail.load_pictures()
        hotel.wait_for(lambda passed: question["bob"].pictures[0].endswith(passed.path))
        until(
            lambda: hits_from(ip_network("2001:db8:77::/48"), status(olgas_desktop, QUESTION, "bob")),
            what="the hit in the desktop",
            within_s=SOON_S,
        )
    after = status(olgas_desktop, QUESTION, "bob")
    (hit,) = hits_from(ip_network("2001:db8:77::/48"), after)
    assert hit.judgement is not None
    assert (hit.judgement.verdict, standing(after)) == (Verdict.UNKNOWN, standing(before))
    assert olgas_screen.notifications() == told


def test_an_answer_takes_no_old_picture_along(
    question: dict[str, Received], olgas_thunderbird: Thunderbird, olgas_desktop: Desktop, provider: Provider
) -> None:
    """Olga answers bob's reply: what he gets bears a picture of its own, and neither picture nor link of the first."""
    old = question["bob"]
    olgas_thunderbird.reply(QUESTION, "At noon then.", sender="bob")
    with provider.mailbox("bob") as mailbox:
        answer = taken_apart(mailbox.wait_for(f"Subject: Re: {QUESTION}\r\n")[0])
    assert len(answer.pictures) == 1
    assert not {*old.pictures, *old.links} & {*answer.pictures, *answer.links}
    assert b"https://example.test/paper" in answer.raw or answer.links


def test_only_the_recipients_own_openings_were_told(question: dict[str, Received], olgas_screen: Screen) -> None:
    """After all that three openings were notified of: bob's and carol's of the report, carol's of the question."""
    assert question
    assert [told.summary for told in olgas_screen.notifications()] == [
        f"Bob opened “{REPORT}”",
        f"Carol opened “{REPORT}”",
        f"Carol opened “{QUESTION}”",
    ]
