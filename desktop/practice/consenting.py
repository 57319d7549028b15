"""The story's fourth part: somebody who answered is asked, says yes to a part of it; what was recorded is deleted.

Nothing on these pages happens by looking: a machine looks at them first, and the relay's files stand still over that.
"""

from collections.abc import Iterator
from typing import Final

from desktop.core.permission import Method, Standing
from desktop.core.policy import WhyNot
from desktop.core.status import EvidenceKind, Rung
from desktop.practice import cast
from desktop.practice.desk import CopyView
from desktop.practice.mails import DATES, MEASURES, OFFER, PLAN, SampleMail
from desktop.practice.reading import (
    anchors_in,
    bodies_of,
    is_click,
    is_confirm,
    is_picture,
    is_question,
    is_stop,
    pictures_in,
)
from desktop.practice.sending import submit
from desktop.practice.stage import MismatchError, Stage, must_equal
from desktop.practice.stillness import stands_still
from relay.wire.purpose import Purpose

_HOUR_S: Final = 3_600.0
_MINUTE_S: Final = 60.0
_ERIK: Final = cast.ERIK.mailbox.name
_KINDS: Final = (
    ("picture", is_picture),
    ("tracked link", is_click),
    ("stop link", is_stop),
    ("question", is_question),
    ("confirm link", is_confirm),
)


def ask_who_answered(stage: Stage) -> Iterator[str]:
    """Let somebody reply who was never asked; the next mail to them asks, with one link and nothing else added."""
    place, _ = stage.delivered(cast.ERIK.address, OFFER)
    stage.control.reply(cast.ERIK.address, place)
    _await_kind(stage, cast.ERIK, OFFER, EvidenceKind.REPLY)
    _send(stage, PLAN)
    raw = stage.delivered(cast.ERIK.address, PLAN)[1].raw
    must_equal(["question"], _added(stage, raw, PLAN), "as what was added to the mail that asks")
    question = next(anchor.reads for anchor in anchors_in(bodies_of(raw).html) if is_question(anchor.leads_to))
    standing = stage.desk.permission_of(cast.ERIK.address).standing
    must_equal(Standing.ASKED, standing, f"as the standing of {_ERIK}")
    view = stage.copy(cast.ERIK.address, PLAN)
    must_equal(WhyNot.ASKED, view.status.why_not, "as why the mail that asks is untracked")
    yield f"{_ERIK} replied to “{OFFER.subject}”; the next mail asks: “{question}”"
    yield "It carries one link to the question's page, no picture and no tracked link"
    yield stage.why(WhyNot.ASKED)


def crawl_question(stage: Stage) -> Iterator[str]:
    """Let a crawler open every link of the mail that asks: the relay keeps nothing, and nobody agreed."""
    place, _ = stage.delivered(cast.ERIK.address, PLAN)
    files, octets = stands_still(
        stage, lambda: _looked_at(stage, cast.ERIK.address, place), "nothing stored by looking at the question"
    )
    standing = stage.desk.permission_of(cast.ERIK.address).standing
    must_equal(Standing.ASKED, standing, f"as the standing of {_ERIK}, whose question was looked at")
    yield f"A crawler followed each link, the question's too; the relay's {files} files ({octets:,} octets) stood still"
    yield f"{_ERIK} still stands as asked; only a pressed button answers"


def agree_to_opens(stage: Stage) -> Iterator[str]:
    """Let the person tick one box of four on the page and press yes."""
    stage.desk.clock.advance(_HOUR_S)
    place, _ = stage.delivered(cast.ERIK.address, PLAN)
    page = stage.control.choose(cast.ERIK.address, place, purposes=[Purpose.OPENS])
    must_equal(200, page.status, "as the answer to the button")

    def has_agreed() -> bool:
        return stage.desk.permission_of(cast.ERIK.address).standing is Standing.GRANTED

    if not stage.desk.wait_until(has_agreed, stage.patience_s):
        raise MismatchError(f"a permission of {_ERIK}", stage.desk.permission_of(cast.ERIK.address).standing)
    permission = stage.desk.permission_of(cast.ERIK.address)
    must_equal({Purpose.OPENS}, set(permission.purposes), "as what they agreed to")
    must_equal((Method.PAGE, 32), (permission.method, len(permission.wording)), "as how, and the wording's hash")
    yield f"{_ERIK} ticked opens, left links, reading time and place, and pressed yes"
    yield f"In the ledger: {', '.join(permission.purposes)}, by the page, its wording {permission.wording.hex()[:16]}.."


def send_as_agreed(stage: Stage) -> Iterator[str]:
    """Send the next mail: it carries a picture and no tracked link, and says so; an opening is known from then on."""
    _send(stage, DATES)
    raw = stage.delivered(cast.ERIK.address, DATES)[1].raw
    must_equal(["picture", "stop link"], _added(stage, raw, DATES), "as what was added to mail for who allows opens")
    line = f"I ({cast.SENDER.name}) can see when you open this mail, to time my follow-up."
    said = " ".join(bodies_of(raw).text.split())
    must_equal(1, said.count(line), "line that names opens alone")
    stage.advance_to(_HOUR_S, DATES, cast.ERIK.address)
    place, _ = stage.delivered(cast.ERIK.address, DATES)
    answers = stage.control.load_pictures(cast.ERIK.address, place)
    must_equal([200], [answer.status for answer in answers], "as the relay's answers to one picture")
    view = stage.await_copy(cast.ERIK.address, DATES, "an opening", lambda copy: copy.status.rung >= Rung.OPENED)
    yield f"The next mail carries a picture and no tracked link; its line: “…{line}”"
    yield f"{_ERIK} opened it an hour later: {stage.describe(view.status)}"


def confirm_reading(stage: Stage) -> Iterator[str]:
    """Send a mail with a "got it" line to somebody untracked; a crawler's look is nothing, their press is a rung."""
    _send(stage, MEASURES)
    place, delivery = stage.delivered(cast.LENA.address, MEASURES)
    must_equal(["confirm link"], _added(stage, delivery.raw, MEASURES), "as what stands for the “got it” line")
    stands_still(
        stage, lambda: _looked_at(stage, cast.LENA.address, place), "nothing stored by looking at the page to confirm"
    )
    stage.desk.clock.advance(10 * _MINUTE_S)
    pressed_s = stage.desk.clock.now_ms() / 1000
    must_equal(200, stage.control.confirm(cast.LENA.address, place).status, "as the answer to the button")
    view = _await_kind(stage, cast.LENA, MEASURES, EvidenceKind.CONFIRMATION)
    must_equal(Rung.CONFIRMED, view.status.rung, f"as the rung of {view.name}")
    (line,) = (line for line in view.status.evidence if line.kind is EvidenceKind.CONFIRMATION)
    is_by_press = line.at.timestamp() > pressed_s - _MINUTE_S
    must_equal(True, is_by_press, "as whether it was confirmed by the press, not the look")
    yield f"“{MEASURES.subject}” is untracked; its “got it” line is one link, and looking at that is nothing"
    yield f"{view.name} pressed it: {stage.describe(view.status)}"


def _looked_at(stage: Stage, address: str, place: int) -> None:
    answers = stage.control.scan(address, place)
    must_equal([200], [answer.status for answer in answers], "as the answers to a crawler")


def have_deleted(stage: Stage) -> Iterator[str]:
    """Let somebody who was seen go from the stop page to their own, and have deleted what was recorded."""
    place, _ = stage.delivered(cast.ANNA.address, OFFER)
    before = len(stage.hits(cast.ANNA.address, OFFER))
    must_equal(True, before > 0, "as whether anything was recorded before")
    page = stage.control.ask_deletion(cast.ANNA.address, place)
    must_equal(200, page.status, "as the answer to the button")
    view = stage.await_copy(cast.ANNA.address, OFFER, "a deletion", lambda copy: EvidenceKind.DELETED in _kinds(copy))
    must_equal((Rung.SENT, 0), (view.status.rung, len(stage.hits(cast.ANNA.address, OFFER))), "as rung and hits")
    yield f"{view.name} had {before} hits deleted; left of them: {len(stage.hits(cast.ANNA.address, OFFER))}"
    yield f"{view.name}: {stage.describe(view.status)}"


def _send(stage: Stage, mail: SampleMail) -> None:
    stage.desk.clock.advance(_HOUR_S)
    for _ in submit(stage, [mail]):
        pass


def _added(stage: Stage, raw: bytes, mail: SampleMail) -> list[str]:
    """Return the kinds of what points at the relay in a copy's HTML; all other links lead where they led before."""
    html = bodies_of(raw).html
    urls = [*pictures_in(html), *(anchor.leads_to for anchor in anchors_in(html))]
    ours = [url for url in urls if url.startswith(f"{stage.desk.relay_url}/")]
    if not any(is_click(url) for url in ours):
        others = [url for url in urls if url not in ours]
        must_equal([link.leads_to for link in mail.links], others, "as where the mail's own links lead")
    return [next((kind for kind, is_it in _KINDS if is_it(url)), "something else") for url in ours]


def _kinds(view: CopyView) -> set[EvidenceKind]:
    return {line.kind for line in view.status.evidence}


def _await_kind(stage: Stage, person: cast.Recipient, mail: SampleMail, kind: EvidenceKind) -> CopyView:
    return stage.await_copy(person.address, mail, f"a sign of the kind {kind}", lambda view: kind in _kinds(view))
