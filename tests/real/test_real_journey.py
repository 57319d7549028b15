"""One mail all the way: from Thunderbird through the listener and Postfix to recipients' programs, and back.

The desktop shows who opened it, and a real notification daemon displays it.  The tests follow one another: the first
send two mails, the later ones open them.
"""

import dataclasses
import re
import time
from datetime import timedelta
from pathlib import Path

import pytest

from desktop.core.status import Aside, Rung
from desktop.core.verdict import Verdict
from tests.real.chromium import html_part, show, window
from tests.real.copies import Received, taken_apart
from tests.real.desktop import WINDOW_S, Desktop, now
from tests.real.provider import Provider, address_of
from tests.real.proxy import RecipientNetwork
from tests.real.relay import RelayProcess
from tests.real.screen import Notification, Screen
from tests.real.thunderbird import Draft, SendFailed, Thunderbird
from tests.real.waiting import until

pytestmark = pytest.mark.timeout(240)

OFFER = "Our offer for May"
MINUTES = "Minutes of Monday"
NAMES = ("bob", "carol", "dave")
# What "within 2 s" allows between a hit and what the user sees of it.
SOON_S = 2.0
# The light palette's green, in which a filled disc stands for Opened; the status line's thin ticks have it too.
OPENED_GREEN = "#1a7f37"
A_GLYPH = 60


@pytest.fixture(scope="module")
def offer(alices_thunderbird: Thunderbird, provider: Provider) -> dict[str, Received]:
    """Send an HTML mail to bob and carol, with dave in Bcc; return what each mailbox and Sent hold."""
    draft = Draft(
        to="Bob <bob@example.test>, Carol <carol@example.test>",
        bcc="dave@example.test",
        subject=OFFER,
        body="<p>Dear both,</p><p>the <a href='https://example.test/offer'>offer</a> and the"
        " <a href='https://example.test/terms'>terms</a>, <b>as promised</b>.</p><p>Alice</p>",
    )
    alices_thunderbird.send(draft)
    return _everywhere(provider, OFFER)


@pytest.fixture(scope="module")
def minutes(alices_thunderbird: Thunderbird, provider: Provider) -> dict[str, Received]:
    """Send a plain flowed mail to the same three; return what each mailbox and Sent hold."""
    draft = Draft(
        to="Bob <bob@example.test>, Carol <carol@example.test>",
        bcc="dave@example.test",
        subject=MINUTES,
        body="Dear both,\n\nthe minutes are at https://example.test/minutes for you to read.\n\nAlice\n",
        is_plain=True,
    )
    alices_thunderbird.send(draft)
    return _everywhere(provider, MINUTES)


def _everywhere(provider: Provider, subject: str) -> dict[str, Received]:
    return {name: _only(provider, name, "INBOX", subject) for name in NAMES} | {
        "sent": _only(provider, "alice", "Sent", subject)
    }


def _only(provider: Provider, name: str, folder: str, subject: str) -> Received:
    """Return the one mail with that subject in a folder."""
    with provider.mailbox(name) as mailbox:
        (raw,) = mailbox.wait_for(f"Subject: {subject}\r\n", folder=folder)
    return taken_apart(raw)


def test_every_mailbox_holds_one_copy_of_one_mail(offer: dict[str, Received]) -> None:
    """All copies have the header lines of the Sent copy, Message-ID included; the tracked ones say so in one more."""
    assert offer["bob"].message_id == offer["sent"].message_id
    assert {offer[name].headers for name in NAMES} == {_without_bcc(offer["sent"].headers)}
    assert [offer[name].tracking.partition(b"\r\n")[0] for name in (*NAMES, "sent")] == [
        b"Readback-Tracking: opens, clicks;",
        b"Readback-Tracking: opens, clicks;",
        b"",
        b"",
    ]


def test_each_copy_has_a_picture_and_links_of_its_own(offer: dict[str, Received]) -> None:
    """Bob's and carol's copies bear one picture and two links each, none of them shared."""
    bob, carol = offer["bob"], offer["carol"]
    assert [(len(copy.pictures), len(set(copy.links))) for copy in (bob, carol)] == [(1, 2), (1, 2)]
    assert not set(bob.pictures + bob.links) & set(carol.pictures + carol.links)
    for copy in (bob, carol):
        assert b"I (Alice) can see when you open this mail or use its links" in _unfolded(copy.raw)


def test_nobody_learns_of_the_blind_copy(offer: dict[str, Received]) -> None:
    """Dave stands nowhere in bob's and carol's copies; in his own, Postfix's trace lines alone name him."""
    assert [b"dave" in offer[name].raw for name in ("bob", "carol")] == [False, False]
    assert b"dave" not in offer["dave"].headers + offer["dave"].body


def test_without_permission_a_copy_is_what_thunderbird_wrote(offer: dict[str, Received], relay: RelayProcess) -> None:
    """Dave's copy has the very body that Thunderbird stored in Sent, and nothing in it points at the relay."""
    assert offer["dave"].body == offer["sent"].body
    assert relay.public_host.encode() not in offer["dave"].raw


def test_the_sent_copy_carries_no_picture(offer: dict[str, Received], relay: RelayProcess) -> None:
    """Alice's Sent folder holds the mail as she wrote it, while bob's copy does bear a picture."""
    assert relay.public_host.encode() not in offer["sent"].raw
    assert offer["bob"].pictures


def test_flowed_text_gets_an_html_part_for_those_who_agreed(minutes: dict[str, Received]) -> None:
    """A plain mail reaches bob as text and HTML with a picture and a tracked link, and dave as the plain text it is."""
    assert b"format=flowed" in minutes["sent"].headers
    assert b"multipart/alternative" in minutes["bob"].headers
    assert (len(minutes["bob"].pictures), len(set(minutes["bob"].links))) == (1, 1)
    assert minutes["dave"].headers == _without_bcc(minutes["sent"].headers)
    assert minutes["dave"].body == minutes["sent"].body
    assert minutes["bob"].message_id == minutes["carol"].message_id == minutes["dave"].message_id


def test_the_desktop_knows_all_copies_and_no_sign_yet(
    offer: dict[str, Received], minutes: dict[str, Received], alices_desktop: Desktop
) -> None:
    """Of each mail the desktop lists three copies as sent: two with no sign yet, and dave's as not tracked."""
    for subject in (OFFER, MINUTES):
        copies = alices_desktop.wait_for_copies(subject, 3)
        rungs = {address: copy.status.rung for address, copy in copies.items()}
        assert rungs == dict.fromkeys(map(address_of, NAMES), Rung.SENT)
        assert Aside.NO_SIGN_YET in copies[address_of("bob")].status.asides
        assert Aside.NOT_TRACKED in copies[address_of("dave")].status.asides


def test_a_mail_opened_without_pictures_gives_no_sign(
    offer: dict[str, Received],
    alices_desktop: Desktop,
    bobs_thunderbird: Thunderbird,
    bobs_network: RecipientNetwork,
    screen: Screen,
) -> None:
    """While Thunderbird blocks pictures nothing is fetched, bob's status stays, and no notification appears."""
    screen.forget_notifications()
    bobs_thunderbird.open_message(OFFER)
    assert bobs_thunderbird.blocks_pictures()
    assert [request for request in bobs_network.passed if request.path in offer["bob"].pictures[0]] == []
    assert Aside.NO_SIGN_YET in alices_desktop.copies(OFFER)[address_of("bob")].status.asides
    assert screen.displayed_count() == 0


def test_a_person_who_opens_it_is_shown_as_having_opened_it(  # noqa: PLR0917 - fixtures are given by name
    offer: dict[str, Received],
    alices_desktop: Desktop,
    bobs_thunderbird: Thunderbird,
    bobs_network: RecipientNetwork,
    screen: Screen,
    pictures: Path,
) -> None:
    """Within 2 s of bob's Thunderbird fetching the picture bob has opened it, carol has not, and dunst displays it."""
    screen.forget_notifications()
    screen.raise_window("Readback")
    # Today is the first page; this key goes to the conversations.
    screen.run("xdotool", "key", "alt+c")
    shown = pictures / "bob-opened.png"
    green_before = screen.pixels_of(OPENED_GREEN, screen.picture(shown))
    _wait_for_the_window(alices_desktop, OFFER)
    bobs_thunderbird.open_message(OFFER)
    bobs_thunderbird.load_pictures()
    bobs_network.wait_for(lambda passed: offer["bob"].pictures[0].endswith(passed.path))
    fetched_at = time.monotonic()
    until(lambda: screen.displayed_count() == 1, what="dunst")
    notified_after_s = time.monotonic() - fetched_at

    def seen_after_s() -> float | None:
        """Return when a picture was complete that shows a green glyph; counting its pixels takes a while."""
        taken = screen.picture(shown)
        after_s = time.monotonic() - fetched_at
        return after_s if screen.pixels_of(OPENED_GREEN, taken) > green_before + A_GLYPH else None

    seen_after = until(seen_after_s, what="a green glyph in the window")
    (pictures / "figures.txt").write_text(f"notified {notified_after_s:.2f} s, seen {seen_after:.2f} s\n", "utf-8")
    assert max(notified_after_s, seen_after) <= SOON_S
    assert _rung(alices_desktop, OFFER, "bob") is Rung.OPENED
    assert _rung(alices_desktop, OFFER, "carol") is Rung.SENT
    (notification,) = screen.notifications()
    assert notification.summary == f"Bob opened “{OFFER}”"
    assert re.fullmatch(r"\d\d:\d\d, Thunderbird, first time", notification.body)
    assert notification.program == "Readback"


def test_a_headless_browser_is_seen_and_not_counted(  # noqa: PLR0917 - fixtures are given by name
    minutes: dict[str, Received],
    alices_desktop: Desktop,
    bobs_network: RecipientNetwork,
    bobs_screen: Screen,
    screen: Screen,
    ground: Path,
    pictures: Path,
) -> None:
    """Headless Chromium fetches bob's picture, which his timeline shows as a machine's: he has not opened the mail."""
    screen.forget_notifications()
    _wait_for_the_window(alices_desktop, MINUTES)
    page = html_part(minutes["bob"].raw)
    shown = show(page, ground / "headless", bobs_screen, http_proxy=bobs_network.host_and_port)
    (pictures / "headless-chromium.png").write_bytes(shown.read_bytes())
    bobs_network.wait_for(lambda passed: minutes["bob"].pictures[0].endswith(passed.path))
    verdict = until(lambda: _verdict(alices_desktop, MINUTES, "bob"), what="the hit", within_s=SOON_S)
    assert verdict is Verdict.SCANNER
    assert _rung(alices_desktop, MINUTES, "bob") is Rung.SENT
    assert screen.displayed_count() == 0


def test_a_person_in_webmail_opens_and_follows_a_link(  # noqa: PLR0917 - fixtures are given by name
    minutes: dict[str, Received],
    alices_desktop: Desktop,
    carols_network: RecipientNetwork,
    bobs_screen: Screen,
    screen: Screen,
    ground: Path,
    pictures: Path,
) -> None:
    """Carol's Chromium window fetches her picture and, on Return, her link: opened, then clicked, one notice each."""
    screen.forget_notifications()
    page = html_part(minutes["carol"].raw)
    with window(page, ground / "carols-chromium", bobs_screen, http_proxy=carols_network.host_and_port):
        carols_network.wait_for(lambda passed: minutes["carol"].pictures[0].endswith(passed.path))
        until(lambda: _rung(alices_desktop, MINUTES, "carol") is Rung.OPENED, what="opened", within_s=SOON_S)
        bobs_screen.raise_window("mail.html")
        bobs_screen.picture(pictures / "carols-chromium.png")
        bobs_screen.run("xdotool", "key", "Tab", "Return")
        click = carols_network.wait_for(lambda passed: minutes["carol"].links[0].endswith(passed.path))
        until(lambda: _rung(alices_desktop, MINUTES, "carol") is Rung.CLICKED, what="clicked", within_s=SOON_S)
    assert click.status == 302
    used = Notification("Carol used a link", f"“example.test/minutes” in “{MINUTES}”", "Readback")
    until(lambda: used in screen.notifications(), what="dunst", within_s=SOON_S)
    screen.raise_window("Readback")
    screen.picture(pictures / "carol-clicked.png")
    assert _rung(alices_desktop, MINUTES, "bob") is Rung.SENT


def test_a_person_who_stops_is_not_seen_any_more(  # noqa: PLR0917 - fixtures are given by name
    minutes: dict[str, Received],
    alices_desktop: Desktop,
    bobs_network: RecipientNetwork,
    carols_network: RecipientNetwork,
    bobs_screen: Screen,
    screen: Screen,
    ground: Path,
    pictures: Path,
) -> None:
    """Bob follows "See or stop" and presses the button: alice is told, and his later fetches leave no trace."""
    screen.forget_notifications()
    fetched = len(bobs_network.passed)
    with window(html_part(minutes["bob"].raw), ground / "stop", bobs_screen, http_proxy=bobs_network.host_and_port):
        bobs_network.wait_for(lambda passed: passed.path.startswith("/open/"), since=fetched)
        bobs_screen.raise_window("mail.html")
        bobs_screen.run("xdotool", "key", "Tab", "Tab", "Return")
        bobs_network.wait_for(lambda passed: passed.method == "GET" and passed.path.startswith("/stop/"))
        bobs_screen.raise_window("Stop")
        bobs_screen.picture(pictures / "stop-page.png")
        bobs_screen.run("xdotool", "key", "Tab", "Return")
        stop = bobs_network.wait_for(lambda passed: passed.method == "POST")
        until(lambda: Aside.STOPPED in _asides(alices_desktop, MINUTES, "bob"), what="the stop", within_s=SOON_S)
    assert stop.status == 200
    told = Notification("Bob stopped tracking", "Mail to them now goes untracked; links still work", "Readback")
    until(lambda: told in screen.notifications(), what="dunst", within_s=SOON_S)
    before = alices_desktop.copies(MINUTES)[address_of("bob")].status.evidence
    fetched = len(bobs_network.passed)
    show(html_part(minutes["bob"].raw), ground / "stopped", bobs_screen, http_proxy=bobs_network.host_and_port)
    assert len(bobs_network.passed) > fetched
    # What the relay stores comes home in order: once carol's later fetch is here, one of bob's would be.
    heard = len(alices_desktop.copies(MINUTES)[address_of("carol")].status.evidence)
    show(html_part(minutes["carol"].raw), ground / "later", bobs_screen, http_proxy=carols_network.host_and_port)
    until(
        lambda: len(alices_desktop.copies(MINUTES)[address_of("carol")].status.evidence) > heard,
        what="carol's later fetch",
        within_s=SOON_S,
    )
    assert alices_desktop.copies(MINUTES)[address_of("bob")].status.evidence == before


def test_thunderbird_shows_why_the_provider_refused_a_recipient(
    alices_thunderbird: Thunderbird, provider: Provider
) -> None:
    """Sent through the listener, a mail to nobody ends in an alert with Postfix's words, and bob gets none of it."""
    draft = Draft(to="bob@example.test, nobody@example.test", subject="For nobody", body="<p>x</p>")
    with pytest.raises(SendFailed, match="User unknown in virtual mailbox table"):
        alices_thunderbird.send(draft)
    alices_thunderbird.send(dataclasses.replace(draft, to="bob@example.test", subject="For somebody"))
    with provider.mailbox("bob") as mailbox:
        mailbox.wait_for("Subject: For somebody\r\n")
        assert not [message for message in mailbox.messages() if b"Subject: For nobody\r\n" in message]


def test_neither_the_relay_nor_any_log_names_anybody(
    offer: dict[str, Received], alices_desktop: Desktop, relay: RelayProcess
) -> None:
    """Addresses, subjects, networks and programs stand in no file of the relay and no log, but in the store."""
    marks = [address_of(name).encode() for name in ("alice", *NAMES)]
    marks += [OFFER.encode(), MINUTES.encode(), b"203.0.113.", b"198.51.100.", b"Thunderbird/"]
    files = [*relay.files(), *alices_desktop.logs()]
    assert [(path.name, mark) for path in files for mark in marks if mark in path.read_bytes()] == []
    kept = b"".join(path.read_bytes() for path in alices_desktop.store.path.parent.glob("store.sqlite3*"))
    assert [mark in kept for mark in marks[1:6]] == [True] * 5


def _wait_for_the_window(desktop: Desktop, subject: str) -> None:
    """Return once the window is past in which a fetch could be a scanner's."""
    newest = max(copy.status.evidence[0].at for copy in desktop.copies(subject).values())
    ends_at = newest + timedelta(seconds=WINDOW_S + 0.1)
    until(lambda: now() > ends_at, what="the window to pass")


def _rung(desktop: Desktop, subject: str, name: str) -> Rung:
    return desktop.copies(subject)[address_of(name)].status.rung


def _asides(desktop: Desktop, subject: str, name: str) -> tuple[Aside, ...]:
    return desktop.copies(subject)[address_of(name)].status.asides


def _verdict(desktop: Desktop, subject: str, name: str) -> Verdict | None:
    evidence = desktop.copies(subject)[address_of(name)].status.evidence
    return next((each.judgement.verdict for each in evidence if each.judgement is not None), None)


def _without_bcc(headers: bytes) -> bytes:
    """Return header lines without Bcc, which Thunderbird keeps in its own Sent copy alone."""
    return re.sub(rb"(?im)^bcc:[^\r\n]*(\r\n[ \t][^\r\n]*)*\r\n", b"", headers)


def _unfolded(raw: bytes) -> bytes:
    """Return a mail with the soft line ends of quoted-printable and line breaks taken out."""
    return re.sub(rb"=?\r\n\s*", b" ", raw)
