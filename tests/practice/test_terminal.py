"""The story in a terminal: what a step that fails says, and with which code it ends."""

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import cast as assume

from desktop.core.errors import Unreachable
from desktop.practice import terminal
from desktop.practice.stage import MismatchError, Stage
from desktop.practice.story import Step

STAGE = assume("Stage", None)


def opened() -> AbstractContextManager[Stage]:
    return nullcontext(STAGE)


def step_of(name: str, fails: BaseException | None = None) -> Step:
    def play(_stage: Stage) -> Iterator[str]:
        yield f"{name} looked"
        if fails is not None:
            raise fails

    return Step(name=name, title=name.title(), play=play)


def played(*steps: Step) -> tuple[int, str]:
    out = io.StringIO()
    return terminal.play(opened, out=out, steps=steps), out.getvalue()


def test_a_step_that_fails_is_named_with_both_texts() -> None:
    """What was expected and what was found stand under the step's name; no later step is played, and the code is 1."""
    code, text = played(step_of("one"), step_of("two", MismatchError("a picture", "none")), step_of("three"))
    assert code == 1
    assert "FAILED at step two\n  expected: a picture\n  found:    none\n" in text
    assert "three looked" not in text


def test_a_story_that_holds_says_what_to_do_next() -> None:
    """Every step done is counted, the next commands are named, and the code is 0."""
    code, text = played(step_of("one"), step_of("two"))
    assert code == 0
    assert "2 of 2 steps found what they expected." in text
    assert "FAILED" not in text


def test_a_round_that_does_not_open_fails_at_the_start() -> None:
    """A known failure before the first step has a name of its own."""

    def broken() -> AbstractContextManager[Stage]:
        raise Unreachable("The practice relay did not start.", "It said nothing.")

    out = io.StringIO()
    assert terminal.play(broken, out=out) == 1
    assert "FAILED at step start\n  The practice relay did not start. It said nothing.\n" in out.getvalue()


def test_ctrl_c_ends_it_as_programs_end() -> None:
    """An interrupted story answers 130, without a traceback."""
    assert played(step_of("one", KeyboardInterrupt()))[0] == 130
