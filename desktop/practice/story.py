"""The story of one practice round: named steps, each of which acts, waits for the store and checks what it finds.

A step yields the lines it read back.  Whoever plays it, a terminal or the window, decides only how they are shown.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from desktop.core.errors import Trouble
from desktop.practice import answers, arriving, consenting, proving, sending
from desktop.practice.stage import MismatchError, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: a stable name, a title to be read, and what it does."""

    name: str
    title: str
    play: Callable[[Stage], Iterator[str]]


class StepState(StrEnum):
    """How far a step is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One thing the story has to say: a step begun, a line read back (`line` not empty), a step done or failed."""

    index: int
    name: str
    title: str
    state: StepState
    line: str = ""


class StepFailed(Exception):  # noqa: N818 - it is a finding, not a fault of the program
    """A step did not find what it expected."""

    def __init__(self, name: str, expected: str, found: str) -> None:
        """Keep the step's name and both texts."""
        super().__init__(f"step {name}: expected {expected}; found {found}")
        self.name = name
        self.expected = expected
        self.found = found


STORY: Final = (
    Step(name="permissions", title="People give permission", play=sending.record_permissions),
    Step(name="send", title="Mails leave through the listener", play=sending.send_mails),
    Step(name="refusal", title="The provider refuses an address", play=sending.hear_refusal),
    Step(name="copy", title="What one recipient got", play=sending.show_copy),
    Step(name="bcc", title="Bcc stays hidden", play=sending.hide_bcc),
    Step(name="signed", title="A signed mail is not touched", play=sending.keep_signed),
    Step(name="untracked", title="Without permission nothing is added", play=sending.keep_without_permission),
    Step(name="scanner", title="A scanner takes all links", play=arriving.scan_links),
    Step(name="early", title="A picture is loaded too early to tell", play=arriving.open_too_early),
    Step(name="apple", title="Apple preloads a picture", play=arriving.preload_at_apple),
    Step(name="gmail", title="Gmail's proxy fetches a picture", play=arriving.fetch_at_gmail),
    Step(name="own", title="The sender looks at the own Sent mail", play=arriving.view_own),
    Step(name="correct", title="The user corrects a verdict, and takes it back", play=arriving.correct_and_undo),
    Step(name="open", title="A person opens the mail much later", play=arriving.open_as_person),
    Step(name="click", title="The same person uses a link", play=arriving.click_as_person),
    Step(name="stop", title="A person presses stop and opens again", play=arriving.stop_and_open_again),
    Step(name="sent", title="Sent is read, a phone's mail too", play=answers.read_sent),
    Step(name="reply", title="Somebody replies: the follow-up ends", play=answers.reply_as_person),
    Step(name="away", title="An out-of-office: not a reply", play=answers.answer_automatically),
    Step(name="bounce", title="A mail comes back: no such address", play=answers.bounce_later),
    Step(name="followups", title="Who to follow up with", play=answers.list_follow_ups),
    Step(name="figures", title="What an ordinary tracker would have said", play=proving.compare_figures),
    Step(name="asked", title="Somebody who answered is asked", play=consenting.ask_who_answered),
    Step(name="crawler", title="A crawler opens the question: nobody agreed", play=consenting.crawl_question),
    Step(name="agreed", title="The person says yes, to opens alone", play=consenting.agree_to_opens),
    Step(name="next", title="The next mail carries what was agreed to", play=consenting.send_as_agreed),
    Step(name="confirmed", title="Somebody says that they have read it", play=consenting.confirm_reading),
    Step(name="deleted", title="A recipient has deleted what was recorded", play=consenting.have_deleted),
    Step(name="relay", title="What the relay knows", play=proving.search_relay),
    Step(name="ladder", title="Where everybody stands", play=proving.show_ladder),
)


def tell(stage: Stage, steps: Sequence[Step] = STORY) -> Iterator[Progress]:
    """Play the steps one after the other as they are asked for; raise StepFailed at the first that fails.

    A known failure, such as a relay that does not answer, fails the step it happened in; a bug propagates as it is.
    """
    for index, step in enumerate(steps):
        yield _progress(index, step, StepState.RUNNING)
        lines = step.play(stage)
        while (line := _next_line(step, lines)) is not None:
            yield _progress(index, step, StepState.RUNNING, line)
        yield _progress(index, step, StepState.DONE)


def _next_line(step: Step, lines: Iterator[str]) -> str | None:
    try:
        return next(lines, None)
    except MismatchError as mismatch:
        raise StepFailed(step.name, mismatch.expected, mismatch.found) from mismatch
    except Trouble as trouble:
        raise StepFailed(step.name, "no failure on the way", f"{trouble.sentence} {trouble.cure}".strip()) from trouble


def _progress(index: int, step: Step, state: StepState, line: str = "") -> Progress:
    return Progress(index=index, name=step.name, title=step.title, state=state, line=line)
