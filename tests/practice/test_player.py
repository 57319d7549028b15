"""The player: the story by itself, held, stepped, taken over and failed."""

import threading
from collections.abc import Callable, Iterator
from typing import cast as assume

import pytest

from desktop.core.errors import Unreachable
from desktop.practice.player import StoryPlayer, pause_before_s
from desktop.practice.stage import MismatchError, Stage
from desktop.practice.story import Progress, Step, StepFailed, StepState, tell

STAGE = assume("Stage", None)
WAIT_S = 10.0


def step_of(name: str, *lines: str, fails: Exception | None = None) -> Step:
    def play(_stage: Stage) -> Iterator[str]:
        yield from lines
        if fails is not None:
            raise fails

    return Step(name=name, title=name.title(), play=play)


class Watch:
    """Keeps what was said and lets a test wait for it."""

    def __init__(self) -> None:
        self._said: list[Progress] = []
        self._heard = threading.Condition()

    def __call__(self, progress: Progress) -> None:
        """Keep what was said."""
        with self._heard:
            self._said.append(progress)
            self._heard.notify_all()

    def wait_for(self, condition: Callable[[list[Progress]], bool]) -> bool:
        """Return whether what was said so far meets `condition` in time."""
        with self._heard:
            return self._heard.wait_for(lambda: condition(self._said), WAIT_S)

    def names_done(self) -> list[str]:
        """Return the steps that are done, in order."""
        with self._heard:
            return [said.name for said in self._said if said.state is StepState.DONE]


@pytest.fixture
def watch() -> Watch:
    return Watch()


STEPS = (step_of("one", "1"), step_of("two", "2", "3"), step_of("three"))


def test_the_story_plays_to_its_end_by_itself() -> None:
    """Every step is done, with the lines it read back, each told in its turn on a thread of the player's own."""
    told: list[tuple[str, str]] = []
    threads: set[str] = set()

    def hear(progress: Progress) -> None:
        told.append((progress.name, progress.line))
        threads.add(threading.current_thread().name)

    player = StoryPlayer(STAGE, on_progress=hear, steps=STEPS, pace_s=0)
    player.start()
    assert player.wait(WAIT_S)
    assert [view.lines for view in player.steps()] == [("1",), ("2", "3"), ()]
    assert {StepState.DONE} == {view.state for view in player.steps()}
    assert player.is_over
    assert not player.is_playing
    assert [line for line in told if line[1]] == [("one", "1"), ("two", "2"), ("two", "3")]
    assert threads == {"practice-story"}


def test_a_held_story_goes_one_step_at_a_time(watch: Watch) -> None:
    """While held nothing plays; each request for a step plays one; resuming plays the rest."""
    player = StoryPlayer(STAGE, on_progress=watch, steps=STEPS, pace_s=0)
    player.start(is_held=True)
    player.step()
    assert watch.wait_for(lambda said: said[-1:] != [] and said[-1].state is StepState.DONE)
    assert watch.names_done() == ["one"]
    assert not player.is_playing
    player.step()
    assert watch.wait_for(lambda said: [each.name for each in said if each.state is StepState.DONE][-1:] == ["two"])
    assert StepState.WAITING is player.steps()[2].state
    player.resume()
    assert player.wait(WAIT_S)
    assert watch.names_done() == ["one", "two", "three"]


def test_a_story_taken_over_plays_no_further_step(watch: Watch) -> None:
    """Taking over ends the wait between steps and leaves the rest unplayed."""
    player = StoryPlayer(STAGE, on_progress=watch, steps=STEPS, pace_s=3_600)
    player.start()
    assert watch.wait_for(lambda said: said[-1:] != [] and said[-1].state is StepState.DONE)
    player.take_over()
    assert player.wait(WAIT_S)
    player.resume()
    assert watch.names_done() == ["one"]
    assert player.is_over


def test_each_step_can_be_read_and_data_comes_soon() -> None:
    """Before a later step there are seconds to read the last one; the first three are there within two."""
    assert sum(pause_before_s(index) for index in (1, 2)) <= 2
    assert {pause_before_s(index) >= 1 for index in range(3, 17)} == {True}


def test_a_failed_step_ends_the_story_and_is_named(watch: Watch) -> None:
    """The step that did not find what it expected is shown as failed, with both texts."""
    steps = (STEPS[0], step_of("two", fails=MismatchError("a picture", "none")), STEPS[2])
    player = StoryPlayer(STAGE, on_progress=watch, steps=steps, pace_s=0)
    player.start()
    assert player.wait(WAIT_S)
    assert player.failed is not None
    assert (player.failed.name, player.failed.expected, player.failed.found) == ("two", "a picture", "none")
    assert [view.state for view in player.steps()] == [StepState.DONE, StepState.FAILED, StepState.WAITING]
    assert player.steps()[1].detail == "Expected a picture; found none."


def test_a_known_failure_fails_its_step() -> None:
    """A Trouble in a step, such as a relay that is gone, names the step it happened in."""
    with pytest.raises(StepFailed) as failed:
        list(tell(STAGE, (step_of("one", fails=Unreachable("The relay did not answer.", "Start it.")),)))
    assert (failed.value.name, failed.value.found) == ("one", "The relay did not answer. Start it.")


def test_a_bug_in_a_step_is_no_finding() -> None:
    """What is not a known failure propagates as it is."""
    with pytest.raises(ZeroDivisionError):
        list(tell(STAGE, (step_of("one", fails=ZeroDivisionError()),)))
