"""The whole story over real parts, from a mail client to the verdict; and each part taken out, named by its step."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final

import pytest

from desktop import rounds
from desktop.core.arrival import Arrival, ArrivalKind
from desktop.core.classify import ruled_copy
from desktop.core.rewrite import Additions, Survey, splice
from desktop.core.triage import read_arrival, read_header
from desktop.core.verdict import Judgement, Verdict
from desktop.practice import cast, terminal
from desktop.practice.session import Session
from desktop.practice.stage import Stage
from desktop.practice.story import STORY, Step
from desktop.store.change import Change
from relay.wire.hit import HitKind

# A step that cannot succeed is given up after this time; the others wait longer.
SHORT_S: Final = 1.0
LONG_S: Final = 20.0


def played(
    *,
    fails: str = "",
    relay_command: Sequence[str] | None = None,
    before: Callable[[Stage], None] = lambda _stage: None,
) -> tuple[int, str]:
    """Return the exit code and the text of the story; to the step that `fails` something may be done before."""
    out = io.StringIO()
    steps = tuple(replace(step, play=partial(_hurried, step, before)) if step.name == fails else step for step in STORY)
    return terminal.play(partial(_opened, relay_command), out=out, steps=steps), out.getvalue()


def _hurried(step: Step, before: Callable[[Stage], None], stage: Stage) -> Iterator[str]:
    before(stage)
    yield from step.play(replace(stage, patience_s=SHORT_S))


def _opened(relay_command: Sequence[str] | None) -> AbstractContextManager[Stage]:
    @contextmanager
    def stage() -> Iterator[Stage]:
        with pytest.MonkeyPatch.context() as patch:
            if relay_command is not None:
                patch.setattr(rounds, "Session", partial(Session, relay_command=relay_command))
            with rounds.open_round() as opened:
                yield replace(opened.stage, patience_s=LONG_S)

    return stage()


def relay_with(sabotage: str) -> tuple[str, ...]:
    """Return a command that runs the real relay after `sabotage` has altered it."""
    return sys.executable, "-c", f"import runpy\n{sabotage}\nrunpy.run_module('relay', run_name='__main__')"


def failed_step(text: str) -> str:
    found = re.search(r"^FAILED at step (\w+)$", text, re.MULTILINE)
    return found[1] if found else ""


def test_the_story_is_true_over_real_parts() -> None:
    """Every step finds what it expects, and the figures are those of the hits that were made."""
    code, text = played()
    assert failed_step(text) == ""
    assert code == 0
    assert (
        "An ordinary tracker: 6 opens, 4 clicks. Readback: 1 opened, 1 probably, 1 clicked, 1 replied, 1 away, "
        "1 not delivered\n"
    ) in text
    assert "0 found" in text
    assert "The mail client heard: 550 5.1.1" in text


def test_the_command_plays_it_in_a_pipe_in_ascii() -> None:
    """Under LANG=C, without a display, into a pipe: ASCII, 80 columns but for the line of figures, exit 0."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "DISPLAY", "WAYLAND"))}
    result = subprocess.run(
        [sys.executable, "-m", "desktop", "practice"],
        env={**kept, "LANG": "C"},
        capture_output=True,
        check=False,
        timeout=50,
    )
    lines = result.stdout.decode("ascii").splitlines()
    assert result.returncode == 0, result.stderr.decode()
    assert result.stderr == b""
    assert [line for line in lines if len(line) > 80 and not line.startswith("An ordinary tracker: ")] == []


def test_a_reader_who_leaves_ends_the_story() -> None:
    """When the pipe's reader goes away after the first line, the command ends without a traceback, and not with 0."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DISPLAY", "WAYLAND"))}
    command = [sys.executable, "-m", "desktop", "practice"]
    with subprocess.Popen(command, env=kept, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"Readback practice")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_a_killed_relay_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """With the relay killed before the recipients act, the first of their steps fails."""
    code, text = played(fails="scanner", before=lambda stage: stage.control.kill_relay())
    caplog.clear()
    assert (code, failed_step(text)) == (1, "scanner")


def test_a_relay_that_never_starts_is_named() -> None:
    """Without a relay the story does not begin, and says why."""
    code, text = played(relay_command=(sys.executable, "-c", "raise SystemExit('broken')"))
    assert (code, failed_step(text)) == (1, "start")
    assert "broken" in text


def test_a_missing_picture_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the picture taken out of every copy, the step that shows a copy fails."""

    def without_picture(survey: Survey, additions: Additions) -> bytes:
        return splice(survey, replace(additions, picture_url=None))

    monkeypatch.setattr("desktop.outgoing.copies.splice", without_picture)
    code, text = played(fails="copy")
    assert (code, failed_step(text)) == (1, "copy")
    assert "picture" in text.partition("FAILED")[2]


def test_a_stopped_feed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With hits that come from the relay and are not stored, the first step that waits for one fails."""
    monkeypatch.setattr("desktop.tracking.poller.record_hits", lambda *_arguments, **_options: None)
    code, text = played(fails="scanner")
    assert (code, failed_step(text)) == (1, "scanner")


def test_an_ignored_stop_is_named() -> None:
    """A relay that confirms and passes on a stop, and stores the next hit all the same, fails the step."""
    deaf = (
        "import relay.eventlog\n"
        "make = relay.eventlog.EventLog.__init__\n"
        "class Deaf:\n"
        "    def tags(self, channel_id): return frozenset()\n"
        "relay.eventlog.EventLog.__init__ = lambda self, path, stops, **rest: make(self, path, Deaf(), **rest)"
    )
    code, text = played(fails="stop", relay_command=relay_with(deaf))
    assert (code, failed_step(text)) == (1, "stop")
    assert "the relay wrote to" in text


def test_a_stop_that_is_answered_and_forgotten_is_named() -> None:
    """A stop page that answers 200 and stops nothing fails the step."""
    forgetful = (
        "import relay.stopping\n"
        "async def forget(self, channel_id, tags): return frozenset()\n"
        "relay.stopping.Stopping._stop = forget"
    )
    code, text = played(fails="stop", relay_command=relay_with(forgetful))
    assert (code, failed_step(text)) == (1, "stop")


@pytest.mark.parametrize(
    ("one", "other", "step"),
    [
        (Verdict.PREFETCH, Verdict.IMAGE_PROXY, "apple"),
        (Verdict.PERSON, Verdict.SCANNER, "scanner"),
        (Verdict.PERSON, Verdict.IMAGE_PROXY, "gmail"),
    ],
)
def test_swapped_verdicts_are_named(monkeypatch: pytest.MonkeyPatch, one: Verdict, other: Verdict, step: str) -> None:
    """With two verdicts taken for each other, the first step that meets either fails."""
    swapped = {one: other, other: one}

    def misjudge(*arguments: Any) -> tuple[Judgement, ...]:
        judged = ruled_copy(*arguments)
        return tuple(replace(each, verdict=swapped.get(each.verdict, each.verdict)) for each in judged)

    monkeypatch.setattr("desktop.store.settle.ruled_copy", misjudge)
    code, text = played(fails=step)
    assert (1, step) == (code, failed_step(text))


def test_an_own_view_taken_for_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the sender's own programs never learnt, the step in which the sender looks at own mail fails."""
    monkeypatch.setattr("desktop.outgoing.own_programs.record_own_program", lambda *_arguments, **_options: Change())
    code, text = played(fails="own")
    assert (code, failed_step(text)) == (1, "own")


def test_a_correction_that_stands_after_its_undo_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an undo that does nothing, the step in which the user corrects a verdict fails."""
    monkeypatch.setattr("desktop.store.corrections.undo_correction", lambda *_arguments: Change())
    code, text = played(fails="correct")
    assert (code, failed_step(text)) == (1, "correct")


@pytest.mark.parametrize("step", ["sent", "reply"])
def test_a_stopped_mailbox_is_named(step: str, caplog: pytest.LogCaptureFixture) -> None:
    """With the provider's IMAP server gone, the step that needs it fails."""
    code, text = played(fails=step, before=lambda stage: stage.control.stop_imap())
    caplog.clear()
    assert (1, step) == (code, failed_step(text))
    assert "Traceback" not in text


def _nameless(arrival: Arrival) -> Arrival:
    facts = replace(arrival.facts, in_reply_to="", references=(), subject="Hello")
    return replace(arrival, facts=facts)


@pytest.mark.parametrize(
    ("kind", "misread", "step"),
    [
        (ArrivalKind.MAIL, _nameless, "reply"),
        (ArrivalKind.AUTO_REPLY, partial(replace, kind=ArrivalKind.MAIL), "away"),
        (ArrivalKind.AUTO_REPLY, partial(replace, returns_on=None), "away"),
        (ArrivalKind.BOUNCE, partial(replace, deliveries=()), "bounce"),
    ],
    ids=["reply-without-thread", "automatic-as-reply", "no-return", "bounce-lost"],
)
def test_a_misread_mail_is_named(
    monkeypatch: pytest.MonkeyPatch, kind: ArrivalKind, misread: Callable[[Arrival], Arrival], step: str
) -> None:
    """With replies that name nothing, automatic answers taken for replies or reports lost, their step fails."""

    def taken(arrival: Arrival) -> Arrival:
        is_ours = arrival.facts.from_ == cast.SENDER
        return misread(arrival) if arrival.kind is kind and not is_ours else arrival

    def read(raw: bytes, *, received_at: datetime) -> Arrival:
        return taken(read_arrival(raw, received_at=received_at))

    def read_first(header: bytes, *, received_at: datetime) -> tuple[Arrival, bool]:
        arrival, needs_body = read_header(header, received_at=received_at)
        return taken(arrival), needs_body

    monkeypatch.setattr("desktop.core.triage.read_arrival", read)
    monkeypatch.setattr("desktop.core.triage.read_header", read_first)
    code, text = played(fails=step)
    assert (1, step) == (code, failed_step(text))


def test_a_mail_missed_in_sent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the mail of a phone passed over in Sent, the step that reads it fails."""
    monkeypatch.setattr("desktop.core.triage.is_own_automatic", lambda _header: True)
    code, text = played(fails="sent")
    assert (code, failed_step(text)) == (1, "sent")


def test_an_empty_list_of_follow_ups_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nobody to follow up with, though somebody waits, the list's step fails."""

    def forget(_stage: Stage) -> None:
        monkeypatch.setattr("desktop.store.reminders.follow_ups", lambda *_arguments, **_options: ())

    code, text = played(fails="followups", before=forget)
    assert (code, failed_step(text)) == (1, "followups")


def test_a_wrong_figure_is_named() -> None:
    """A request that nobody made fails the step of figures."""
    code, text = played(fails="figures", before=lambda stage: stage.requests.append(HitKind.OPEN))
    assert (code, failed_step(text)) == (1, "figures")
