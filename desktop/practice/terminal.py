"""The story in a terminal: what happens, as it happens, and an exit code that says whether all of it was true."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final, TextIO

from desktop.core.errors import Trouble
from desktop.practice.proving import FIGURES
from desktop.practice.screen import Screen, shows_unicode
from desktop.practice.stage import Stage
from desktop.practice.story import STORY, Progress, Step, StepFailed, StepState, tell

NEXT: Final = (
    ("readback", "open the window"),
    ("readback listen", "take mail without a window"),
    ("readback practice", "play this story again"),
    ("readback followups", "say who to follow up with, and why"),
    ("readback status", "list conversations and how each stands"),
    ("readback rates", "say how many were opened and answered"),
    ("readback inspect FILE.eml --to ADDRESS", "show what a mail would be given"),
    ("readback doctor", "check every part, say how to mend it"),
)


def play(
    opened: Callable[[], AbstractContextManager[Stage]],
    *,
    out: TextIO | None = None,
    steps: Sequence[Step] = STORY,
) -> int:
    """Open a round and play the story in it; return 0 when every step found what it expected, 1 otherwise.

    The first line is printed before the round is opened.  When nobody reads the output any more, the story ends; after
    Ctrl-C the answer is 130.
    """
    out = out or sys.stdout
    screen = Screen(out, is_unicode=shows_unicode(getattr(out, "encoding", None) or "ascii"))
    try:
        return _play(opened, screen, steps)
    except BrokenPipeError:
        # The interpreter flushes standard output once more on its way out, and must not fail at it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _play(opened: Callable[[], AbstractContextManager[Stage]], screen: Screen, steps: Sequence[Step]) -> int:
    screen.say("Readback practice: a mail provider, a relay and sample recipients, all on this")
    screen.say("machine. Every figure below is read back from the store or the provider.")
    screen.say()
    screen.say("Starting ...")
    done = 0
    try:
        with opened() as stage:
            for progress in tell(stage, steps):
                _show(screen, progress, len(steps))
                done += progress.state is StepState.DONE
    except StepFailed as failed:
        screen.say()
        screen.say(f"FAILED at step {failed.name}")
        screen.say(f"expected: {failed.expected}", indent="  ")
        screen.say(f"found:    {failed.found}", indent="  ")
        return 1
    except Trouble as trouble:
        screen.say()
        screen.say("FAILED at step start")
        screen.say(f"{trouble.sentence} {trouble.cure}".strip(), indent="  ")
        return 1
    screen.say()
    screen.say(f"{done} of {len(steps)} steps found what they expected. What next, from .venv/bin:")
    for command, does in NEXT:
        screen.say(f"{command:<40}{does}", indent="  ")
    return 0


def _show(screen: Screen, progress: Progress, count: int) -> None:
    if progress.line.startswith(FIGURES):
        screen.say_whole(progress.line)
    elif progress.line:
        screen.say(progress.line, indent="  ")
    elif progress.state is StepState.RUNNING:
        screen.say()
        screen.say(f"[{progress.index + 1}/{count}] {progress.title}")
