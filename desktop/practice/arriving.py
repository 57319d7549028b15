"""The story's second half: what scanners, prefetchers, proxies and people do, and what the desktop takes it for.

Times are counted from the moment the store says a copy was sent; the clock is moved on instead of waiting.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from desktop.core.correction import Who
from desktop.core.status import Aside, Rung
from desktop.core.verdict import Verdict
from desktop.practice import cast
from desktop.practice.delivery import Answer
from desktop.practice.desk import CopyView
from desktop.practice.mails import OAK, OFFER, SHELVES, SampleMail
from desktop.practice.stage import Stage, must_equal
from desktop.practice.stillness import stands_still
from relay.wire.hit import HitKind

_MINUTE_S: Final = 60.0


def scan_links(stage: Stage) -> Iterator[str]:
    """Let the scanner before one mailbox take all links of the mail at once, the stop link with them."""
    place, _ = stage.delivered(cast.FRANCES.address, SHELVES)
    answers = stage.control.scan(cast.FRANCES.address, place)
    followed = [answer for answer in answers if answer.location]
    must_equal([link.leads_to for link in SHELVES.links], [a.location for a in followed], "as where the links led")
    stage.requests.extend(HitKind.CLICK for _ in followed)
    _await_hits(stage, cast.FRANCES.address, SHELVES, Verdict.SCANNER, len(followed))
    view = stage.copy(cast.FRANCES.address, SHELVES)
    must_equal(Rung.SENT, view.status.rung, f"as the rung of {view.name}")
    must_equal(False, Aside.STOPPED in view.status.asides, "as whether a GET of the stop page stopped anything")
    times = [line.at for line in stage.hits(cast.FRANCES.address, SHELVES)]
    span_ms = round((times[-1] - times[0]).total_seconds() * 1000)
    yield f"The scanner asked for {len(answers)} links, the stop link too; {len(times)} hits within {span_ms} ms"
    yield from _as_told(stage, cast.FRANCES.address, SHELVES)


def open_too_early(stage: Stage) -> Iterator[str]:
    """Let somebody's mail program load the picture so soon that it may be a machine."""
    stage.advance_to(stage.desk.window_s / 5, OAK, cast.JONAS.address)
    _load(stage, cast.JONAS, OAK)
    _await_hits(stage, cast.JONAS.address, OAK, Verdict.UNKNOWN, 1)
    must_equal(Rung.SENT, stage.copy(cast.JONAS.address, OAK).status.rung, "as the rung of a copy opened too early")
    yield from _as_told(stage, cast.JONAS.address, OAK)


def preload_at_apple(stage: Stage) -> Iterator[str]:
    """Let Apple Mail preload the picture three minutes after sending."""
    stage.advance_to(3 * _MINUTE_S, OFFER, cast.TOMAS.address)
    _load(stage, cast.TOMAS, OFFER)
    _await_hits(stage, cast.TOMAS.address, OFFER, Verdict.PREFETCH, 1)
    must_equal(Rung.SENT, stage.copy(cast.TOMAS.address, OFFER).status.rung, "as the rung of a preloaded copy")
    yield from _as_told(stage, cast.TOMAS.address, OFFER)


def fetch_at_gmail(stage: Stage) -> Iterator[str]:
    """Let Gmail's proxy fetch the picture ten minutes after sending."""
    stage.advance_to(10 * _MINUTE_S, OFFER, cast.DAVID.address)
    _load(stage, cast.DAVID, OFFER)
    _await_hits(stage, cast.DAVID.address, OFFER, Verdict.IMAGE_PROXY, 1)
    must_equal(Rung.PROBABLY_OPENED, stage.copy(cast.DAVID.address, OFFER).status.rung, "as the rung behind Gmail")
    yield from _as_told(stage, cast.DAVID.address, OFFER)


def view_own(stage: Stage) -> Iterator[str]:
    """Let the sender look at the own Sent mail with pictures on: from the own address, in the own mail program."""
    stage.desk.clock.advance(_MINUTE_S)
    place, _ = stage.delivered(cast.TOMAS.address, OFFER)
    answers = stage.control.load_own(cast.TOMAS.address, place)
    _all_loaded(answers)
    stage.requests.extend(HitKind.OPEN for _ in answers)
    _await_verdicts(stage, cast.TOMAS.address, OFFER, [Verdict.PREFETCH, Verdict.SELF])
    must_equal(Rung.SENT, stage.copy(cast.TOMAS.address, OFFER).status.rung, "as the rung of a copy seen by its sender")
    yield from _as_told(stage, cast.TOMAS.address, OFFER, newest=1)


def correct_and_undo(stage: Stage) -> Iterator[str]:
    """Let the user say that the proxy's fetch was their own, and take that back."""
    address = cast.DAVID.address
    (fetched,) = stage.hits(address, OFFER)
    assert fetched.hit is not None
    correction_id = stage.desk.correct(fetched.hit.id, Who.ME)
    _await_verdicts(stage, address, OFFER, [Verdict.SELF])
    must_equal(Rung.SENT, stage.copy(address, OFFER).status.rung, "as the rung once the user said “that was me”")
    yield from _as_told(stage, address, OFFER)
    stage.desk.undo_correction(correction_id)
    _await_verdicts(stage, address, OFFER, [Verdict.IMAGE_PROXY])
    must_equal(Rung.PROBABLY_OPENED, stage.copy(address, OFFER).status.rung, "as the rung once that was undone")
    yield f"Undone. {cast.DAVID.mailbox.name}: {stage.describe(stage.copy(address, OFFER).status)}"


def open_as_person(stage: Stage) -> Iterator[str]:
    """Let a person open the mail in Thunderbird forty minutes after it was sent."""
    stage.advance_to(40 * _MINUTE_S, OFFER, cast.ANNA.address)
    _load(stage, cast.ANNA, OFFER)
    _await_hits(stage, cast.ANNA.address, OFFER, Verdict.PERSON, 1)
    must_equal(Rung.OPENED, stage.copy(cast.ANNA.address, OFFER).status.rung, "as the rung of an opened copy")
    yield from _as_told(stage, cast.ANNA.address, OFFER)


def click_as_person(stage: Stage) -> Iterator[str]:
    """Let the same person use the second link, a minute and a half later, in a browser."""
    stage.desk.clock.advance(1.5 * _MINUTE_S)
    place, _ = stage.delivered(cast.ANNA.address, OFFER)
    answer = stage.control.follow_link(cast.ANNA.address, place, link=1)
    must_equal((302, OFFER.links[1].leads_to), (answer.status, answer.location), "as where the link led")
    stage.requests.append(HitKind.CLICK)
    _await_hits(stage, cast.ANNA.address, OFFER, Verdict.PERSON, 2)
    must_equal(Rung.CLICKED, stage.copy(cast.ANNA.address, OFFER).status.rung, "as the rung of a used link")
    yield from _as_told(stage, cast.ANNA.address, OFFER, newest=1)


def stop_and_open_again(stage: Stage) -> Iterator[str]:
    """Let somebody press stop and open again: the relay answers as ever, and its files stay as they are."""
    stage.desk.clock.advance(20 * _MINUTE_S)
    place, _ = stage.delivered(cast.JONAS.address, OAK)
    page = stage.control.press_stop(cast.JONAS.address, place)
    must_equal(200, page.status, "as the answer to the button")
    stage.await_copy(cast.JONAS.address, OAK, "a stop", lambda view: Aside.STOPPED in view.status.asides)
    before = len(stage.hits(cast.JONAS.address, OAK))
    stage.desk.clock.advance(_MINUTE_S)
    files, octets = stands_still(
        stage,
        lambda: _all_loaded(stage.control.load_pictures(cast.JONAS.address, place)),
        "nothing stored after the stop",
    )
    # Hits come home in order: once a later one is here, an earlier one would be.
    _load(stage, cast.DAVID, OFFER)
    _await_hits(stage, cast.DAVID.address, OFFER, Verdict.IMAGE_PROXY, 2)
    after = len(stage.hits(cast.JONAS.address, OAK))
    must_equal(before, after, f"hits of {cast.JONAS.mailbox.name}")
    yield f"{cast.JONAS.mailbox.name} pressed stop: {stage.describe(stage.copy(cast.JONAS.address, OAK).status)}"
    yield f"Opened again: the relay's {files} files ({octets:,} octets) did not change by one octet"
    yield f"Gmail fetched the picture of {cast.DAVID.mailbox.name} once more, which did come home"
    yield f"Hits on that copy before {before}, after {after}"


def _load(stage: Stage, recipient: cast.Recipient, mail: SampleMail) -> None:
    place, _ = stage.delivered(recipient.address, mail)
    answers = stage.control.load_pictures(recipient.address, place)
    _all_loaded(answers)
    stage.requests.extend(HitKind.OPEN for _ in answers)


def _all_loaded(answers: tuple[Answer, ...]) -> None:
    must_equal([200], [answer.status for answer in answers], "as the relay's answers to one picture")


def _await_hits(stage: Stage, address: str, mail: SampleMail, verdict: Verdict, count: int) -> None:
    """Wait until the copy has exactly `count` hits, all judged as `verdict`."""
    _await_verdicts(stage, address, mail, [verdict] * count)


def _await_verdicts(stage: Stage, address: str, mail: SampleMail, expected: Sequence[Verdict]) -> None:
    """Wait until the copy has exactly these verdicts on its hits, oldest first."""

    def holds(view: CopyView) -> bool:
        found = [line.judgement.verdict for line in reversed(view.status.evidence) if line.judgement is not None]
        return found == list(expected)

    stage.await_copy(address, mail, f"hits taken for {', '.join(expected)}", holds)


def _as_told(stage: Stage, address: str, mail: SampleMail, newest: int = 0) -> Iterator[str]:
    """Yield what the store says of a copy: its status, and each hit with its reason; the `newest` ones alone if set."""
    view = stage.copy(address, mail)
    sent_at = stage.sent_at(view)
    for line in stage.hits(address, mail)[-newest:]:
        assert line.hit is not None
        yield f"{_spoken(line.at - sent_at)} after sending, from {line.hit.network}: {stage.tell(line)}"
    yield f"{view.name or view.address}: {stage.describe(view.status)}"


def _spoken(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    return f"{seconds} s" if seconds < _MINUTE_S else f"{seconds // 60} min"
