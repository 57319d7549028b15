"""The whole story over real parts, from a mail client to the verdict; and each part taken out, named by its step.

What is taken out is taken out for one step, in a round that is shared with others: what a step needs before it is
played as it is and must hold, and what was found instead shows that it was the sabotage, not the time.
"""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

import pytest

from desktop import rounds
from desktop.core.arrival import Arrival, ArrivalKind
from desktop.core.classify import ruled_copy
from desktop.core.permission import SEEING
from desktop.core.rewrite import Additions, Survey, splice
from desktop.core.triage import read_arrival, read_header
from desktop.core.verdict import Judgement, Verdict
from desktop.practice import cast, terminal
from desktop.practice.session import Session
from desktop.practice.stage import Stage
from desktop.practice.story import STORY, StepFailed, tell
from desktop.store.change import Change
from relay.wire.hit import HitKind

# A step that cannot succeed is given up after this time; the others wait longer.
SHORT_S: Final = 0.5
LONG_S: Final = 20.0
STEPS: Final = {step.name: step for step in STORY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sabotage:
    """What is taken out for one step: names that stand for something else, or what is done before it."""

    step: str
    names: tuple[tuple[str, Any], ...] = ()
    before: Callable[[Stage], None] = lambda _stage: None


@contextmanager
def opened(relay_command: Sequence[str] | None = None) -> Iterator[Stage]:
    with pytest.MonkeyPatch.context() as patch:
        if relay_command is not None:
            patch.setattr(rounds, "Session", partial(Session, relay_command=relay_command))
        with rounds.open_round() as round_:
            yield replace(round_.stage, patience_s=LONG_S)


def holds(stage: Stage, *names: str) -> None:
    """Play steps that a sabotaged one needs; they find what they expect."""
    for _ in tell(stage, [STEPS[name] for name in names]):
        pass


def found(stage: Stage, sabotage: Sabotage) -> str:
    """Return what a sabotaged step found instead of what it expected."""
    with pytest.MonkeyPatch.context() as patch:
        for name, instead in sabotage.names:
            patch.setattr(name, instead)
        sabotage.before(stage)
        with pytest.raises(StepFailed) as failed:
            holds(replace(stage, patience_s=SHORT_S), sabotage.step)
    assert sabotage.step == failed.value.name
    return failed.value.found


def relay_with(sabotage: str) -> tuple[str, ...]:
    """Return a command that runs the real relay after `sabotage` has altered it."""
    return sys.executable, "-c", f"import runpy\n{sabotage}\nrunpy.run_module('relay', run_name='__main__')"


def swapped(one: Verdict, other: Verdict) -> tuple[tuple[str, Any], ...]:
    """Return what makes two verdicts be taken for each other."""
    instead = {one: other, other: one}

    def misjudge(*arguments: Any) -> tuple[Judgement, ...]:
        judged = ruled_copy(*arguments)
        return tuple(replace(each, verdict=instead.get(each.verdict, each.verdict)) for each in judged)

    return (("desktop.store.settle.ruled_copy", misjudge),)


def misread(kind: ArrivalKind, instead: Callable[[Arrival], Arrival]) -> tuple[tuple[str, Any], ...]:
    """Return what makes others' mails of a kind be read as something else."""

    def taken(arrival: Arrival) -> Arrival:
        is_ours = arrival.facts.from_ == cast.SENDER
        return instead(arrival) if arrival.kind is kind and not is_ours else arrival

    def read(raw: bytes, *, received_at: datetime) -> Arrival:
        return taken(read_arrival(raw, received_at=received_at))

    def read_first(header: bytes, *, received_at: datetime) -> tuple[Arrival, bool]:
        arrival, needs_body = read_header(header, received_at=received_at)
        return taken(arrival), needs_body

    return ("desktop.core.triage.read_arrival", read), ("desktop.core.triage.read_header", read_first)


def nameless(arrival: Arrival) -> Arrival:
    facts = replace(arrival.facts, in_reply_to="", references=(), subject="Hello")
    return replace(arrival, facts=facts)


def nothing(*_arguments: Any, **_options: Any) -> Change:
    return Change()


def test_the_story_is_true_over_real_parts(caplog: pytest.LogCaptureFixture) -> None:
    """Every step finds what it expects, the figures are those of the hits that were made, and what is wrong is named.

    A list that forgets who waits and a mailbox that is gone each fail their step, though the same step has just held.
    """
    out = io.StringIO()
    with opened() as stage:
        code = terminal.play(lambda: nullcontext(stage), out=out)
        text = out.getvalue()
        assert "FAILED" not in text
        assert code == 0
        assert (
            "An ordinary tracker: 6 opens, 4 clicks. Readback: 1 opened, 1 probably, 1 clicked, 1 replied, 1 away, "
            "1 not delivered\n"
        ) in text
        assert "0 found" in text
        assert "The mail client heard: 550 5.1.1" in text
        assert "=  Lena Hofmann" in text
        forgotten = Sabotage(step="followups", names=(("desktop.store.reminders.follow_ups", lambda *_, **__: ()),))
        assert found(stage, forgotten) == "0"
        unread = found(stage, Sabotage(step="sent", before=lambda stage: stage.control.stop_imap()))
        assert "Error: " in unread
    caplog.clear()


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
    """When the pipe's reader goes away after the first line, the story ends without a traceback, and not with 0."""
    endless = (
        "import sys\n"
        "from contextlib import nullcontext\n"
        "from itertools import repeat\n"
        "from desktop.practice import terminal\n"
        "from desktop.practice.story import Step\n"
        "steps = [Step(name='talk', title='Talk', play=lambda _stage: repeat('on and on'))]\n"
        "sys.exit(terminal.play(nullcontext, steps=steps))"
    )
    with subprocess.Popen([sys.executable, "-c", endless], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"Readback practice")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_a_relay_that_never_starts_is_named() -> None:
    """Without a relay the story does not begin, and says why."""
    out = io.StringIO()
    broken = (sys.executable, "-c", "raise SystemExit('broken')")
    assert terminal.play(partial(opened, broken), out=out) == 1
    assert "FAILED at step start\n" in out.getvalue()
    assert "broken" in out.getvalue()


def test_what_judges_and_reads_is_missed_by_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hits that are not stored, verdicts swapped, a stop ignored, mails misread: each fails the step that meets it.

    The relay of this round confirms and passes on a stop, and stores the next hit all the same; the sender's own
    programs are never learnt in it.
    """
    deaf = (
        "import relay.eventlog\n"
        "make = relay.eventlog.EventLog.__init__\n"
        "class Deaf:\n"
        "    def tags(self, channel_id): return frozenset()\n"
        "relay.eventlog.EventLog.__init__ = lambda self, path, stops, **rest: make(self, path, Deaf(), **rest)"
    )
    monkeypatch.setattr("desktop.outgoing.own_programs.record_own_program", nothing)
    as_reply, no_report = partial(replace, kind=ArrivalKind.MAIL), partial(replace, deliveries=())
    with opened(relay_with(deaf)) as stage:
        holds(stage, "permissions", "send")
        lost = Sabotage(step="scanner", names=(("desktop.tracking.poller.record_hits", lambda *_, **__: None),))
        assert "click by" not in found(stage, lost)
        for step, one, other in (
            ("scanner", Verdict.PERSON, Verdict.SCANNER),
            ("apple", Verdict.PREFETCH, Verdict.IMAGE_PROXY),
            ("gmail", Verdict.PERSON, Verdict.IMAGE_PROXY),
        ):
            seen = found(stage, Sabotage(step=step, names=swapped(one, other)))
            assert any(f"by {verdict} " in seen for verdict in (one, other)), seen
        assert "open by self" not in found(stage, Sabotage(step="own"))
        kept = Sabotage(step="correct", names=(("desktop.store.corrections.undo_correction", nothing),))
        assert "open by self" in found(stage, kept)
        assert "the relay wrote to" in found(stage, Sabotage(step="stop"))
        holds(stage, "sent", "open", "asked", "agreed")
        all_of_them = (("desktop.core.policy.usable", lambda _purposes: SEEING),)
        assert "tracked link" in found(stage, Sabotage(step="next", names=all_of_them))
        undone = Sabotage(step="deleted", names=(("desktop.store.answers.apply_deletion", nothing),))
        assert "Opened" in found(stage, undone)
        for step, kind, instead, shown in (
            ("away", ArrivalKind.AUTO_REPLY, as_reply, "Replied"),
            ("bounce", ArrivalKind.BOUNCE, no_report, "Sent"),
        ):
            assert shown in found(stage, Sabotage(step=step, names=misread(kind, instead)))


def test_what_is_gone_is_missed_by_its_step(caplog: pytest.LogCaptureFixture) -> None:
    """A stop page that stops nothing, no day of return, a reply that names nothing, a dead relay fail their steps."""
    forgetful = (
        "import relay.stopping\n"
        "async def forget(self, channel_id, tags): return frozenset()\n"
        "relay.stopping.Stopping._stop = forget"
    )
    with opened(relay_with(forgetful)) as stage:
        holds(stage, "permissions", "send")
        assert "Stopped" not in found(stage, Sabotage(step="stop"))
        holds(stage, "sent", "asked")
        lost = Sabotage(step="agreed", names=(("desktop.tracking.poller.record_answers", nothing),))
        assert found(stage, lost) == "asked"
        endless = misread(ArrivalKind.AUTO_REPLY, partial(replace, returns_on=None))
        assert "None" in found(stage, Sabotage(step="away", names=endless))
        adrift = Sabotage(step="reply", names=misread(ArrivalKind.MAIL, nameless))
        assert "Replied" not in found(stage, adrift)
        dead = Sabotage(step="scanner", before=lambda stage: stage.control.kill_relay())
        assert found(stage, dead).startswith("The relay did not answer a recipient.")
    caplog.clear()


def test_what_looking_gives_is_missed_by_its_step() -> None:
    """A relay that takes looking at a question for a yes, and at the page to confirm for a press, fails each step."""
    hasty = (
        "import relay.confirming, relay.consent\n"
        "from relay.wire.purpose import Purpose\n"
        "async def grant(self, request): return await self._take(self._asked(request), frozenset(Purpose))\n"
        "relay.consent.Consent.page = grant\n"
        "relay.confirming.Confirming.page = relay.confirming.Confirming.press\n"
        "relay.confirming.is_own_press = lambda *_: True"
    )
    with opened(relay_with(hasty)) as stage:
        holds(stage, "permissions", "send", "asked")
        # The first look answered it, which the relay wrote down; to the second one it is answered already.
        assert found(stage, Sabotage(step="crawler")) == "[409]"
        assert "nothing to press" in found(stage, Sabotage(step="confirmed"))


def test_what_is_left_out_is_missed_by_its_step(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A copy without its picture, a hit too few, a question not asked or with a picture, mail not read: all named."""

    def without_picture(survey: Survey, additions: Additions) -> bytes:
        return splice(survey, replace(additions, picture_url=None))

    monkeypatch.setattr("desktop.outgoing.copies.splice", without_picture)
    with opened() as stage:
        holds(stage, "permissions", "send")
        assert found(stage, Sabotage(step="copy")) == "0"
        holds(stage, "scanner")
        extra = Sabotage(step="figures", before=lambda stage: stage.requests.append(HitKind.OPEN))
        assert found(stage, extra) == "(0, 3)"
        never = Sabotage(step="asked", names=(("desktop.core.policy.is_to_be_asked", lambda *_, **__: False),))
        assert found(stage, never) == "[]"

        passed_over = Sabotage(step="sent", names=(("desktop.core.triage.is_own_automatic", lambda _header: True),))
        assert found(stage, passed_over) == "0"
        unread = Sabotage(step="reply", before=lambda stage: stage.control.stop_imap())
        assert "Replied" not in found(stage, unread)
    with opened() as stage:  # The step sends its mail once a round.
        holds(stage, "permissions", "send")

        def with_picture(survey: Survey, additions: Additions) -> bytes:
            picture = f"{stage.desk.relay_url}/open/{'A' * 72}.gif"
            return splice(survey, replace(additions, picture_url=picture, purposes=SEEING))

        nosy = Sabotage(step="asked", names=(("desktop.outgoing.copies.splice", with_picture),))
        assert found(stage, nosy) == "['picture', 'question']"
    caplog.clear()
