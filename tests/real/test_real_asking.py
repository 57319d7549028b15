"""Permission all the way: asked in a mail, given on a page, used, taken back, given anew, and what was seen deleted.

Nora's mail leaves through the listener over Postfix; bob and carol read theirs in Thunderbird, Roundcube and Chromium,
and press the pages' buttons by keyboard in a Chromium that runs no script.  The tests follow one another.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from desktop.core.errors import Refused
from desktop.core.permission import Method, Standing
from desktop.core.status import Aside, EvidenceKind, Rung
from desktop.store import asks
from relay.wire.purpose import Purpose
from tests.real import scanners
from tests.real.added_line import SeenLine
from tests.real.chromium import html_part
from tests.real.copies import Received
from tests.real.desktop import Desktop, now
from tests.real.inspected import Inspected
from tests.real.nora import LINK, copy_of, hits_of, is_untouched, letter, sent
from tests.real.provider import Provider, address_of
from tests.real.proxy import RecipientNetwork
from tests.real.relay import RelayProcess
from tests.real.roundcube import Webmail
from tests.real.screen import Screen
from tests.real.thunderbird import Thunderbird
from tests.real.waiting import until

pytestmark = pytest.mark.timeout(240)

FIRST = "The figures you asked for"
ASKING = "More figures"
SILENT = "Even more figures"
TRACKED = "The plan for June"
GOT_IT = "Please be there at nine"
OFFER = "Our offer for June"
AFTER_STOP = "After the stop"
ANEW = "As you wished"
AGAIN = "The plan for July"
ASKED = (
    "May I see when and roughly where you open my mails or use their links, on what device, and about how long you read"
    " them, so I don't chase you needlessly? Choose here. Nothing is recorded unless you say yes."
)


def ledger(desktop: Desktop, name: str) -> list[dict[str, object]]:
    """Return a person's rows as `readback ledger export` prints them, oldest first."""
    rows = [json.loads(line) for line in desktop.ran("ledger", "export").splitlines()]
    return [row for row in rows if (row.get("detail") or {}).get("address") == address_of(name)]


@pytest.fixture(scope="module")
def reader(ground: Path, bobs_screen: Screen, bobs_network: RecipientNetwork) -> Iterator[Inspected]:
    """Give bob's Chromium, in which no script runs."""
    proxy = bobs_network.host_and_port
    with closing(Inspected(ground / "bobs-reader", bobs_screen, has_scripts=False, http_proxy=proxy)) as running:
        yield running


@pytest.fixture(scope="module")
def carols_reader(ground: Path, bobs_screen: Screen, carols_network: RecipientNetwork) -> Iterator[Inspected]:
    """Give carol's Chromium, in which no script runs."""
    proxy = carols_network.host_and_port
    with closing(Inspected(ground / "carols-reader", bobs_screen, has_scripts=False, http_proxy=proxy)) as running:
        yield running


@pytest.fixture(scope="module")
def first(noras_desktop: Desktop, provider: Provider) -> Received:
    """Send bob, who never wrote, a mail."""
    (copy,) = sent(noras_desktop, provider, letter(FIRST, "bob"), "bob")
    return copy


@pytest.fixture(scope="module")
def asked(first: Received, noras_desktop: Desktop, provider: Provider, bobs_webmail: Webmail) -> Received:
    """Have bob reply in Roundcube, and send him the next mail."""
    bobs_webmail.open_message(FIRST, sender="nora")
    bobs_webmail.reply("Thank you, they help.")
    until(lambda: copy_of(noras_desktop, FIRST, "bob").status.rung is Rung.REPLIED, what="bob's reply")
    (copy,) = sent(noras_desktop, provider, letter(ASKING, "bob"), "bob")
    return copy


@pytest.fixture(scope="module")
def agreed(asked: Received, noras_desktop: Desktop, reader: Inspected) -> Received:
    """Have bob tick opens and press yes; return the mail that asked him."""
    reader.go(asked.questions[0])
    reader.tick("#opens")
    reader.press_button("button[value=yes]")
    noras_desktop.wait_standing("bob", Standing.GRANTED)
    return asked


@pytest.fixture(scope="module")
def tracked(agreed: Received, noras_desktop: Desktop, provider: Provider) -> Received:
    """Send bob, who agreed to opens, the next mail."""
    (copy,) = sent(noras_desktop, provider, letter(TRACKED, "bob"), "bob")
    return copy


def test_who_never_answered_is_not_asked(first: Received, noras_desktop: Desktop) -> None:
    """The first mail arrives byte for byte as it was handed in, and bob stands as unknown."""
    assert is_untouched(first, letter(FIRST, "bob"))
    assert Aside.NOT_TRACKED in copy_of(noras_desktop, FIRST, "bob").status.asides


def test_the_mail_after_a_reply_asks_and_nothing_else(
    asked: Received, noras_desktop: Desktop, provider: Provider
) -> None:
    """It has the question in text and HTML with one link, no picture, no tracked link, no header; the next has none."""
    assert (len(asked.questions), asked.pictures, asked.links, asked.stops, asked.confirms) == (1, (), (), (), ())
    assert asked.tracking == b""
    assert " ".join(asked.texts.split()).count("May I see when and roughly where you open my mails") == 2
    assert LINK in asked.texts
    assert noras_desktop.wait_standing("bob", Standing.ASKED).generation == 0
    (silent,) = sent(noras_desktop, provider, letter(SILENT, "bob"), "bob")
    assert is_untouched(silent, letter(SILENT, "bob"))


def must_be_well_displayed(line: SeenLine, asked: Received) -> None:
    """Hold a displayed line to what is promised of it."""
    assert (line.text, line.link, line.size) == (ASKED, asked.questions[0], "12px")
    assert (line.is_displayed, line.is_before_quote) == (True, True)
    assert line.colour == line.body_colour
    words, link = line.contrasts()
    assert words >= 4.5, line
    # Roundcube's links are #00acff on white, whoever wrote them.
    assert link >= 4.5 or line.link_colour == line.own_link_colour, line


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_thunderbird_displays_the_question(
    asked: Received, bobs_thunderbird: Thunderbird, bobs_screen: Screen, pictures: Path, scheme: str
) -> None:
    """12 px before the quote, in the body's own colour, legible in both schemes, its link the one in the mail."""
    bobs_thunderbird.use_scheme(is_dark=scheme == "dark")
    bobs_thunderbird.open_message(FIRST, sender="nora")
    bobs_thunderbird.open_message(ASKING, sender="nora")
    bobs_screen.raise_window("Thunderbird")
    try:
        must_be_well_displayed(bobs_thunderbird.added_line("/consent/"), asked)
        assert not bobs_thunderbird.blocks_pictures()
    finally:
        bobs_screen.picture(pictures / f"question-thunderbird.{scheme}.png")
        bobs_thunderbird.use_scheme(is_dark=False)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_roundcube_displays_the_question(
    asked: Received, bobs_webmail: Webmail, bobs_network: RecipientNetwork, pictures: Path, scheme: str
) -> None:
    """The same in the webmail, where the link leads to the page that asks."""
    bobs_webmail.open_message(ASKING, sender="nora")
    bobs_webmail.use_scheme(is_dark=scheme == "dark")
    try:
        must_be_well_displayed(bobs_webmail.added_line("/consent/"), asked)
        assert not bobs_webmail.blocks_pictures()
    finally:
        bobs_webmail.picture(pictures / f"question-roundcube.{scheme}.png")
        bobs_webmail.use_scheme(is_dark=False)
    since = len(bobs_network.passed)
    bobs_webmail.press_link(asked.questions[0])
    answer = bobs_network.wait_for(lambda passed: asked.questions[0].endswith(passed.path), since=since)
    assert (answer.method, answer.status) == ("GET", 200)


def test_chromium_displays_the_question(asked: Received, reader: Inspected, ground: Path, pictures: Path) -> None:
    """The same for a page made of the mail, in either scheme, phone-wide and desk-wide."""
    page = ground / "question.html"
    page.write_text(html_part(asked.raw), "utf-8")
    reader.go(page.as_uri())
    reader.keep_pictures(pictures, "question-chromium")
    for _ in reader.views():
        must_be_well_displayed(reader.added_line("/consent/"), asked)


@pytest.fixture
def machines(relay: RelayProcess, bobs_screen: Screen, ground: Path) -> Iterator[Callable[[str], set[str]]]:
    """Give machines in a network of their own that visit a page and all that is behind it; they return what by."""
    network = RecipientNetwork(address="203.0.113.66", public_host=relay.public_host, relay_port=relay.port)
    folders = (Path(tempfile.mkdtemp(prefix="follower-", dir=ground)) for _ in count())

    def visit(url: str) -> set[str]:
        scanners.linkchecker_beyond([url], next(folders), network)
        scanners.wget_mirror([url], next(folders), network)
        scanners.driven_chromium([url], next(folders), bobs_screen, network)
        visits = [each for each in network.passed if url.endswith(each.path)]
        assert (len(visits) >= 3, {each.status for each in visits}) == (True, {200})
        return {each.method for each in network.passed}

    yield visit
    network.close()


def test_machines_that_follow_every_link_grant_nothing(
    asked: Received, noras_desktop: Desktop, machines: Callable[[str], set[str]]
) -> None:
    """LinkChecker, wget and a driven Chromium visit the page and beyond; the relay has nothing, bob stands as asked."""
    assert machines(asked.questions[0]) <= {"GET", "HEAD"}
    held = noras_desktop.held()
    assert (held.answers_count, held.hits_count, held.used_questions, held.stops) == (0, 0, 0, ())
    assert noras_desktop.wait_standing("bob", Standing.ASKED).purposes == frozenset()
    assert [row["event"] for row in ledger(noras_desktop, "bob")] == ["asked"]


def test_a_person_who_presses_yes_agrees_to_what_they_ticked(
    agreed: Received, noras_desktop: Desktop, reader: Inspected, pictures: Path
) -> None:
    """The ledger has it: opens alone, by the page, in English, in the words that were shown; the link works once."""
    reader.keep_pictures(pictures, "agreed")
    permission = noras_desktop.wait_standing("bob", Standing.GRANTED)
    assert (permission.purposes, permission.method, permission.generation) == (
        frozenset({Purpose.OPENS}),
        Method.PAGE,
        0,
    )
    rows = ledger(noras_desktop, "bob")
    purposes = [json.loads(str(row["purposes"])) for row in rows]
    assert [row["event"] for row in rows] == ["asked", "granted"]
    assert purposes == [sorted(Purpose), ["opens"]]
    granted = rows[-1]
    assert (granted["method"], granted["language"], granted["wording"]) == ("page", "en", rows[0]["wording"])
    lines = [json.loads(line) for line in noras_desktop.ran("ledger", "export").splitlines()]
    (shown,) = [each["text"] for each in lines if "text" in each and each["wording"] == granted["wording"]]
    assert hashlib.sha256(shown.encode()).hexdigest() == granted["wording"]
    assert "Nora" in shown
    noras_desktop.ran("ledger", "verify")
    reader.go(agreed.questions[0])
    assert reader.heading() == "This question was answered already"


def test_the_next_mail_has_a_picture_and_no_tracked_link(tracked: Received) -> None:
    """It is tracked for opens alone, says so in text, HTML and a header, and leaves the link as it was."""
    assert (len(tracked.pictures), tracked.links, len(tracked.stops), tracked.questions) == (1, (), 1, ())
    words = " ".join(tracked.texts.split())
    assert words.count("I (Nora) can see when you open this mail, to time my follow-up.") == 2
    assert f"<a href='{LINK}'>" in tracked.texts
    assert tracked.tracking == f"Readback-Tracking: opens;\r\n stop=<{tracked.stops[0]}>".encode()


def test_machines_that_follow_the_stop_link_stop_and_delete_nothing(
    tracked: Received, noras_desktop: Desktop, machines: Callable[[str], set[str]]
) -> None:
    """They visit the stop page and the recipient's page behind it; bob still agrees, and the relay has no answer."""
    assert machines(tracked.stops[0]) <= {"GET", "HEAD"}
    held = noras_desktop.held()
    assert (held.answers_count, held.hits_count, held.stops) == (0, 0, ())
    assert noras_desktop.wait_standing("bob", Standing.GRANTED).purposes == frozenset({Purpose.OPENS})


def test_opened_in_thunderbird_it_is_opened(
    tracked: Received, noras_desktop: Desktop, bobs_thunderbird: Thunderbird, bobs_screen: Screen, pictures: Path
) -> None:
    """Bob loads the pictures, and the desktop has him at Opened by a person in Thunderbird."""
    assert copy_of(noras_desktop, TRACKED, "bob").status.rung is Rung.SENT
    bobs_thunderbird.open_message(TRACKED, sender="nora")
    line = bobs_thunderbird.added_line("/stop/")
    bobs_screen.raise_window("Thunderbird")
    bobs_screen.picture(pictures / "tracked-thunderbird.png")
    assert (line.is_displayed, line.is_before_quote, line.link) == (True, True, tracked.stops[0])
    bobs_thunderbird.load_pictures()
    until(lambda: copy_of(noras_desktop, TRACKED, "bob").status.rung is Rung.OPENED, what="bob's opening")


def test_got_it_is_confirmed_by_the_button_alone(  # noqa: PLR0917 - fixtures are given by name
    agreed: Received,
    noras_desktop: Desktop,
    provider: Provider,
    reader: Inspected,
    bobs_network: RecipientNetwork,
    ground: Path,
    pictures: Path,
) -> None:
    """The marker became a link; curl and looking at its page confirm nothing, pressing the button does."""
    (copy,) = sent(noras_desktop, provider, letter(GOT_IT, "bob", more="[got it]"), "bob")
    assert (len(copy.confirms), "[got it]" in copy.texts) == (1, False)
    folder = ground / "confirming"
    folder.mkdir()
    scanners.curl(copy.confirms, folder, bobs_network)
    reader.go(copy.confirms[0])
    reader.keep_pictures(pictures, "confirm")
    held = noras_desktop.held()
    assert (held.answers_count, held.hits_count) == (0, 0)
    assert copy_of(noras_desktop, GOT_IT, "bob").status.rung is Rung.SENT
    reader.press_button("button")
    assert reader.heading() == "Thank you"
    until(lambda: copy_of(noras_desktop, GOT_IT, "bob").status.rung is Rung.CONFIRMED, what="bob's word")


@pytest.fixture(scope="module")
def offers(agreed: Received, noras_desktop: Desktop, provider: Provider) -> dict[str, Received]:
    """Send bob and carol, who both permit opens, a mail."""
    copies = sent(noras_desktop, provider, letter(OFFER, "bob", "carol"), "bob", "carol")
    return dict(zip(("bob", "carol"), copies, strict=True))


def test_a_stop_holds_at_once_and_is_learnt_when_the_desktop_is_back(  # noqa: PLR0917 - fixtures are given by name
    tracked: Received,
    offers: dict[str, Received],
    noras_desktop: Desktop,
    provider: Provider,
    reader: Inspected,
    bobs_network: RecipientNetwork,
    carols_network: RecipientNetwork,
    ground: Path,
) -> None:
    """With the desktop off nothing of bob's is stored any more, nor of old mail; carol's is; then the app learns."""
    before = copy_of(noras_desktop, TRACKED, "bob").status
    noras_desktop.stop()
    reader.go(offers["bob"].stops[0])
    reader.press_button("button")
    assert reader.heading() == "You have stopped"
    folder = ground / "asked-stopped"
    folder.mkdir()
    scanners.curl([*tracked.pictures, *offers["bob"].pictures], folder, bobs_network)
    assert (noras_desktop.held().hits_count, len(noras_desktop.held().stops)) == (0, 1)
    scanners.curl([*offers["carol"].pictures, offers["carol"].links[0]], folder, carols_network)
    assert noras_desktop.held().hits_count == 2
    noras_desktop.start("listen")
    noras_desktop.wait_standing("bob", Standing.STOPPED)
    until(lambda: hits_of(noras_desktop, OFFER, "carol") == 2, what="carol's requests")
    assert hits_of(noras_desktop, OFFER, "bob") == 0
    after = copy_of(noras_desktop, TRACKED, "bob").status
    assert [line for line in after.evidence if line.kind is EvidenceKind.HIT] == [
        line for line in before.evidence if line.kind is EvidenceKind.HIT
    ]
    (copy,) = sent(noras_desktop, provider, letter(AFTER_STOP, "bob"), "bob")
    assert is_untouched(copy, letter(AFTER_STOP, "bob"))


@pytest.fixture(scope="module")
def again(
    offers: dict[str, Received], noras_desktop: Desktop, provider: Provider, carols_reader: Inspected
) -> Received:
    """Have carol stop, tell nora that she wants to be asked, and agree anew; return her next mail."""
    carols_reader.go(offers["carol"].stops[0])
    carols_reader.press_button("button")
    noras_desktop.wait_standing("carol", Standing.STOPPED)
    noras_desktop.stop()
    asks.want_asking(noras_desktop.store, address_of("carol"), now())
    noras_desktop.start("listen")
    (asking,) = sent(noras_desktop, provider, letter(ANEW, "carol"), "carol")
    assert (len(asking.questions), asking.pictures, asking.links) == (1, (), ())
    carols_reader.go(asking.questions[0])
    carols_reader.tick("#opens")
    carols_reader.tick("#clicks")
    carols_reader.press_button("button[value=yes]")
    noras_desktop.wait_standing("carol", Standing.GRANTED)
    (copy,) = sent(noras_desktop, provider, letter(AGAIN, "carol"), "carol")
    return copy


def test_who_stopped_and_wants_to_be_asked_agrees_anew(  # noqa: PLR0917 - fixtures are given by name
    offers: dict[str, Received],
    again: Received,
    noras_desktop: Desktop,
    carols_webmail: Webmail,
    carols_network: RecipientNetwork,
    ground: Path,
) -> None:
    """Carol's new yes begins generation 1: new mail is tracked, old mail stays stopped; bob was asked too lately."""
    permission = noras_desktop.wait_standing("carol", Standing.GRANTED)
    assert (permission.generation, permission.method) == (1, Method.PAGE)
    assert (len(again.pictures), len(set(again.links))) == (1, 1)
    before = hits_of(noras_desktop, OFFER, "carol")
    folder = ground / "old-mail"
    folder.mkdir()
    scanners.curl(offers["carol"].pictures, folder, carols_network)
    carols_webmail.open_message(AGAIN, sender="nora")
    carols_webmail.load_pictures()
    until(lambda: copy_of(noras_desktop, AGAIN, "carol").status.rung is Rung.OPENED, what="carol's opening")
    assert hits_of(noras_desktop, OFFER, "carol") == before
    with pytest.raises(Refused, match="less than 180 days"):
        asks.want_asking(noras_desktop.store, address_of("bob"), now())


def test_what_was_recorded_is_deleted_when_the_recipient_wishes(  # noqa: PLR0917 - fixtures are given by name
    tracked: Received,
    again: Received,
    noras_desktop: Desktop,
    carols_reader: Inspected,
    carols_network: RecipientNetwork,
    bobs_network: RecipientNetwork,
    ground: Path,
    pictures: Path,
) -> None:
    """By way of the stop page: what the relay has unread goes at once, the rest from the desktop; bob's stays."""
    folder = ground / "deleting"
    folder.mkdir()
    scanners.curl(again.pictures, folder, carols_network)
    scanners.curl(tracked.pictures, folder, bobs_network)
    until(lambda: hits_of(noras_desktop, AGAIN, "carol") > 0, what="carol's opening")
    until(lambda: hits_of(noras_desktop, TRACKED, "bob") > 0, what="bob's opening")
    noras_desktop.stop()
    scanners.curl(again.pictures, folder, carols_network)
    assert noras_desktop.held().hits_count == 1
    carols_reader.go(again.stops[0])
    carols_reader.press_button("a[href^='/page/']")
    carols_reader.keep_pictures(pictures, "recipient")
    carols_reader.press_button("button[value=delete]")
    assert carols_reader.heading().startswith("Deleted here")
    held = noras_desktop.held()
    assert (held.hits, held.hits_count, held.answers_count) == ((), 0, 1)
    noras_desktop.start("listen")

    def is_deleted() -> bool:
        return EvidenceKind.DELETED in {line.kind for line in copy_of(noras_desktop, AGAIN, "carol").status.evidence}

    until(is_deleted, what="the deletion")
    assert [hits_of(noras_desktop, subject, "carol") for subject in (OFFER, AGAIN)] == [0, 0]
    assert copy_of(noras_desktop, AGAIN, "carol").status.rung is Rung.SENT
    assert hits_of(noras_desktop, TRACKED, "bob") > 0
    noras_desktop.ran("ledger", "verify")
