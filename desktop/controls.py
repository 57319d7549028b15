"""The practice story and its recipients as the window holds them: player and playground behind one set of buttons."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from desktop.practice.player import StoryPlayer
from desktop.practice.playground import Playground
from desktop.practice.session import Session
from desktop.practice.stage import Stage
from desktop.practice.story import STORY, Progress
from desktop.practice.story import Step as StoryStep
from desktop.ui.actions import PracticeRecipient, Step, StepState


class RoundControls:
    """A `ui.actions.PracticeControls` over an open round."""

    def __init__(
        self, session: Session, stage: Stage, *, steps: Sequence[StoryStep] = STORY, pace_s: float | None = None
    ) -> None:
        """Be ready to play; nothing moves before `start`; `pace_s` are the seconds a step stands, None to be read."""
        self._gate = threading.Lock()
        self._subscribers: list[Callable[[], None]] = []
        self._player = StoryPlayer(stage, on_progress=self._on_progress, steps=steps, pace_s=pace_s)
        self._playground = Playground(session)

    def _on_progress(self, _progress: Progress) -> None:
        self._tell()

    def _tell(self) -> None:
        with self._gate:
            subscribers = tuple(self._subscribers)
        for changed in subscribers:
            changed()

    def subscribe(self, changed: Callable[[], None]) -> None:
        """Have `changed` called, on any thread, whenever steps or recipients changed."""
        with self._gate:
            self._subscribers.append(changed)

    def start(self) -> None:
        """Let the story play by itself; called once."""
        self._player.start()

    def wait(self, timeout_s: float) -> bool:
        """Return whether the story ended in time."""
        return self._player.wait(timeout_s)

    @property
    def failed_step(self) -> str:
        """The name of the step that failed, empty while none did."""
        failed = self._player.failed
        return failed.name if failed is not None else ""

    def close(self) -> None:
        """End the story."""
        self._player.close()

    def steps(self) -> tuple[Step, ...]:
        """Return the story's steps."""
        return tuple(
            Step(title=view.title, state=StepState(view.state.value), detail=view.detail)
            for view in self._player.steps()
        )

    def is_playing(self) -> bool:
        """Say whether the story goes on by itself."""
        return self._player.is_playing

    def pause(self) -> None:
        """Hold the story before its next step."""
        self._player.pause()
        self._tell()

    def resume(self) -> None:
        """Let the story play on."""
        self._player.resume()
        self._tell()

    def step(self) -> None:
        """Play the next step."""
        self._player.step()
        self._tell()

    def take_over(self) -> None:
        """End the story; the recipients are the user's from now on."""
        self._player.take_over()
        self._tell()

    def recipients(self) -> tuple[PracticeRecipient, ...]:
        """Return the recipients who hold a copy so far."""
        return tuple(
            PracticeRecipient(
                address=view.address,
                name=view.name,
                client=view.client,
                has_picture=view.has_picture,
                has_links=view.has_links,
                has_stop=view.has_stop,
            )
            for view in self._playground.recipients()
        )

    def open(self, address: str) -> None:
        """Let a recipient open their copy."""
        self._playground.open(address)

    def click(self, address: str) -> None:
        """Let a recipient use a link."""
        self._playground.click(address)

    def stop(self, address: str) -> None:
        """Let a recipient press stop."""
        self._playground.stop(address)

    def reply(self, address: str) -> None:
        """Let a recipient reply."""
        self._playground.reply(address)

    def go_away(self, address: str) -> None:
        """Let a recipient's out-of-office answer."""
        self._playground.go_away(address)

    def bounce(self, address: str) -> None:
        """Let a recipient's server report that it has no such mailbox."""
        self._playground.bounce(address)

    def advance(self, by: timedelta) -> None:
        """Move the round's clock on."""
        self._playground.advance(by)
        self._tell()

    def now(self) -> datetime:
        """Return the round's time."""
        return self._playground.now()

    def mail_html_of(self, address: str) -> str:
        """Return the HTML a recipient holds."""
        return self._playground.mail_html_of(address)

    def stop_page_html(self, address: str) -> str:
        """Return the stop page behind a recipient's copy."""
        return self._playground.stop_page_html(address)
