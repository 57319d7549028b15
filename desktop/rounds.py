"""A practice round: an engine of its own on a provider, a relay and recipients on this machine.

Real parts throughout; only the clock can be moved on, and only the secrets are kept in memory.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from desktop.controls import RoundControls
from desktop.core.followup import FollowUp
from desktop.core.keep import Keep
from desktop.core.status import CopyStatus
from desktop.desk import EngineDesk
from desktop.engine import Engine
from desktop.places import Places
from desktop.practice import cast, terminal
from desktop.practice.session import Session
from desktop.practice.stage import Stage
from desktop.store.accounts import AccountRow, Security
from desktop.ui import evidence_words, followup_words, words

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

STORY_PATIENCE_S: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """An open practice round."""

    session: Session
    engine: Engine
    stage: Stage


@contextmanager
def open_round(on_changed: Callable[[], None] = lambda: None) -> Iterator[Round]:
    """Start provider, relay, recipients and engine, connected to each other; raises Trouble."""
    with ExitStack() as opened:
        session = opened.enter_context(Session())
        engine = Engine(
            Places.in_folder(session.root / "desktop"), clock=session.now, keep=Keep.SESSION, on_changed=on_changed
        )
        opened.callback(engine.close)
        engine.accounts.save_account(_account(session), session.provider.password, Keep.SESSION)
        engine.start(port=0)
        engine.connect_relay(session.relay_url, None)
        desk = EngineDesk(engine, relay_url=session.relay_url, clock=session.clock)
        stage = Stage.of(
            desk,
            session,
            describe,
            tell=lambda line: evidence_words.evidence_words(line).joined(),
            why=words.why_not_sentence,
            urge=lambda line: _urge(line, session.now()),
        )
        yield Round(session=session, engine=engine, stage=stage)


def _account(session: Session) -> AccountRow:
    provider = session.provider
    return AccountRow(
        id=0,
        label="Practice",
        host=provider.host,
        port=provider.starttls_port,
        security=Security.STARTTLS,
        user=provider.user,
        identities=(cast.SENDER,),
        ca_file=provider.ca_file,
        imap_host=provider.host,
        imap_port=provider.imap_port,
        imap_security=Security.TLS,
        adds_confirm=True,
        is_policy_chosen=True,
    )


def describe(status: CopyStatus) -> str:
    """Return a status in the program's own words."""
    return words.copy_line(status)


def _urge(line: FollowUp, now: datetime) -> str:
    """Return a line of the follow-up list in the program's own words."""
    return f"{followup_words.people_line(line)}: {followup_words.reason_line(line, now)}"


@contextmanager
def _stage() -> Iterator[Stage]:
    with open_round() as round_:
        yield round_.stage


def play_in_terminal() -> int:
    """Play the story as text; return 0 when every step found what it expected."""
    return terminal.play(_stage, out=sys.stdout)


def play_in_window() -> int:
    """Open the window on a round in which the story plays by itself; return the exit status."""
    from desktop import app

    program = app.application()
    with _window_on_round() as (window, controls):
        window.show()
        controls.start()
        return app.execute(program)


def save_pictures(folder: Path) -> int:
    """Play the story in the window, save every screen to `folder`; return 0 when the story held."""
    from desktop import app

    app.application()
    with _window_on_round(pace_s=0.0) as (window, controls):
        window.show()
        controls.start()
        app.wait_in_loop(lambda: controls.wait(0), STORY_PATIENCE_S)
        if controls.failed_step:
            print(f"FAILED at step {controls.failed_step}", flush=True)  # noqa: T201 - the command's output
            return 1
        app.save_pictures(window, folder)
    return 0


@contextmanager
def _window_on_round(pace_s: float | None = None) -> Iterator[tuple["MainWindow", RoundControls]]:
    from desktop import app

    with ExitStack() as opened:
        crossing = app.Crossing()
        round_ = opened.enter_context(open_round(on_changed=crossing.stations_changed.emit))
        controls = RoundControls(round_.session, round_.stage, pace_s=pace_s)
        opened.callback(controls.close)
        window = app.build_window(round_.engine, crossing, practice=controls)
        opened.callback(app.dismiss, window, crossing)
        yield window, controls
