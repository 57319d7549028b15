"""The story for a window: it plays by itself on a thread of its own, can be held, stepped and taken over.

The thread waits between steps, never within one, so that what a step found is always whole.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from desktop.practice.stage import Stage
from desktop.practice.story import STORY, Progress, Step, StepFailed, StepState, tell

PACE_S: Final = 1.2
# The first steps bring what there is to look at, so nobody waits for them.
_QUICK_STEPS: Final = 3
_QUICK_S: Final = 0.4


def pause_before_s(index: int) -> float:
    """Return how long the story rests before a step, so that the one before it can be read."""
    return _QUICK_S if index < _QUICK_STEPS else PACE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A step as a window shows it; `lines` are what it read back so far."""

    name: str
    title: str
    state: StepState
    lines: tuple[str, ...] = ()

    @property
    def detail(self) -> str:
        """The latest line, empty before the first."""
        return self.lines[-1] if self.lines else ""


class _Mode(Enum):
    PLAYING = auto()
    HELD = auto()
    OVER = auto()


class StoryPlayer:
    """Plays the story; every method may be called from any thread and returns at once, but for `close`."""

    def __init__(
        self,
        stage: Stage,
        *,
        on_progress: Callable[[Progress], None],
        steps: Sequence[Step] = STORY,
        pace_s: float | None = None,
    ) -> None:
        """Be ready to play; `on_progress` is called on the player's thread.

        `pace_s` are the seconds before each next step; without it each stays long enough to be read, but the first.
        """
        self._stage = stage
        self._on_progress = on_progress
        self._steps = steps
        self._pace_s = pace_s
        self._gate = threading.Condition()
        self._mode = _Mode.HELD
        self._single = 0
        self._views = [StepView(name=step.name, title=step.title, state=StepState.WAITING) for step in steps]
        self._failed: StepFailed | None = None
        self._thread = threading.Thread(target=self._run, name="practice-story", daemon=True)

    def start(self, *, is_held: bool = False) -> None:
        """Begin to play, or to wait for the first step where it `is_held`; called once."""
        self._set(_Mode.HELD if is_held else _Mode.PLAYING)
        self._thread.start()

    def pause(self) -> None:
        """Hold the story before its next step."""
        self._set(_Mode.HELD)

    def resume(self) -> None:
        """Let the story play on by itself."""
        self._set(_Mode.PLAYING)

    def step(self) -> None:
        """Play exactly the next step, and hold the story after it."""
        with self._gate:
            if self._mode is not _Mode.OVER:
                self._mode = _Mode.HELD
                self._single += 1
                self._gate.notify_all()

    def take_over(self) -> None:
        """End the story after the step that is being played; the recipients are the user's from then on."""
        self._set(_Mode.OVER)

    def close(self) -> None:
        """End the story and wait for its thread."""
        self.take_over()
        if self._thread.is_alive():
            self._thread.join()

    def steps(self) -> tuple[StepView, ...]:
        """Return every step and how far it is."""
        with self._gate:
            return tuple(self._views)

    @property
    def is_playing(self) -> bool:
        """Whether the story goes on by itself."""
        with self._gate:
            return self._mode is _Mode.PLAYING and self._thread.is_alive()

    @property
    def is_over(self) -> bool:
        """Whether no further step will be played."""
        with self._gate:
            return self._mode is _Mode.OVER

    @property
    def failed(self) -> StepFailed | None:
        """What a step did not find, if one failed."""
        with self._gate:
            return self._failed

    def wait(self, timeout_s: float) -> bool:
        """Return whether the story's thread has ended within `timeout_s`."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _set(self, mode: _Mode) -> None:
        with self._gate:
            if self._mode is not _Mode.OVER:
                self._mode = mode
                self._gate.notify_all()

    def _run(self) -> None:
        current = 0
        try:
            for progress in tell(self._stage, self._steps):
                current = progress.index
                begins = progress.state is StepState.RUNNING and not progress.line
                if begins and not self._may_begin(current):
                    return
                self._note(progress)
        except StepFailed as failed:
            with self._gate:
                self._failed = failed
            words = f"Expected {failed.expected}; found {failed.found}."
            step = self._steps[current]
            self._note(
                Progress(index=current, name=step.name, title=step.title, state=StepState.FAILED, line=words),
            )
        finally:
            self._set(_Mode.OVER)

    def _may_begin(self, index: int) -> bool:
        """Wait until the next step may be played; return False when the story was taken over instead."""
        pause_s = pause_before_s(index) if self._pace_s is None else self._pace_s
        with self._gate:
            if index:
                self._gate.wait_for(lambda: self._mode is not _Mode.PLAYING or self._single > 0, pause_s)
            self._gate.wait_for(lambda: self._mode is not _Mode.HELD or self._single > 0)
            if self._mode is _Mode.OVER:
                return False
            self._single = max(0, self._single - 1)
            return True

    def _note(self, progress: Progress) -> None:
        with self._gate:
            view = self._views[progress.index]
            lines = (*view.lines, progress.line) if progress.line else view.lines
            self._views[progress.index] = replace(view, state=progress.state, lines=lines)
        self._on_progress(progress)
