"""The practice process: provider, relay and recipients, told what to do by JSON lines on standard input.

It ends when its input does, so that no round outlives the program that asked for it, however that one died.
"""

import json
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

from desktop.core.errors import Malformed, Refused, Trouble
from desktop.practice import cast
from desktop.practice.correspondence import Correspondence
from desktop.practice.delivery import Answer
from desktop.practice.provider import HOST, Provider
from desktop.practice.recipients import Recipients
from desktop.practice.relay_process import RelayProcess
from relay.wire.clock import PracticeClock


class Round:
    """An open round in this process; `close` ends all that it started."""

    def __init__(self, *, root: Path, relay_command: Sequence[str]) -> None:
        """Start the provider, then the relay, in `root`; raises Unreachable when one of them does not start."""
        with ExitStack() as opened:
            clock = PracticeClock(root / "clock")
            opened.callback(clock.close)

            def now() -> datetime:
                return datetime.fromtimestamp(clock.now_ms() / 1000, UTC)

            self.provider = Provider(user=cast.SENDER.address, refused=frozenset({cast.PAUL.address}), clock=now)
            opened.callback(self.provider.close)
            self.provider.write_ca(root / "ca.pem")
            self.relay = RelayProcess(
                data=root / "relay",
                log=root / "relay.log",
                clock=root / "clock",
                command=relay_command,
            )
            opened.callback(self.relay.close)
            self.recipients = Recipients(self.relay.url)
            self.correspondence = Correspondence(host=HOST, port=self.provider.entrance_port, clock=now)
            self.ca_file = str(root / "ca.pem")
            self._opened = opened.pop_all()

    def close(self) -> None:
        """End everything, the relay first."""
        self._opened.close()

    def access(self) -> dict[str, Any]:
        """Return where all is found, as RoundAccess spells it."""
        provider = {
            "host": HOST,
            "starttls_port": self.provider.starttls_port,
            "tls_port": self.provider.tls_port,
            "imap_port": self.provider.imap_port,
            "user": self.provider.user,
            "password": self.provider.password,
            "ca_file": self.ca_file,
        }
        return {"relay_url": self.relay.url, "provider": provider}


def perform(stage: Round, request: Mapping[str, Any]) -> Any:
    """Do what one request asks and return its value; raise Trouble when it cannot be done."""
    match request["do"]:
        case "mailbox":
            return [delivery.fields() for delivery in stage.provider.mailbox(request["address"])]
        case "refusals":
            return list(stage.provider.refusals())
        case "inbox":
            return [mail.fields() for mail in stage.provider.inbox()]
        case "kill_relay":
            return stage.relay.kill()
        case "stop_imap":
            return stage.provider.stop_imap()
        case "reply" | "go_away" | "bounce" as act:
            return _write(stage, act, request)
        case act:
            return [answer.fields() for answer in _act(stage, act, request)]


def _held(stage: Round, request: Mapping[str, Any]) -> tuple[cast.Recipient, bytes]:
    """Return who is to act, and the copy they act on."""
    recipient = cast.recipient_of(request["address"])
    mailbox = stage.provider.mailbox(recipient.address)
    if not -len(mailbox) <= request["copy"] < len(mailbox):
        raise Malformed("No such mail is in this mailbox.", "Let the story send its mails first.")
    return recipient, mailbox[request["copy"]].raw


def _write(stage: Round, act: str, request: Mapping[str, Any]) -> str:
    """Let a recipient, or the server before their mailbox, write to the user; return the mail's Message-ID."""
    recipient, raw = _held(stage, request)
    if act == "go_away":
        return stage.correspondence.go_away(raw, recipient, date.fromisoformat(request["back_on"]))
    if act == "bounce":
        return stage.correspondence.bounce(raw, recipient)
    return stage.correspondence.reply(raw, recipient)


def _act(stage: Round, act: str, request: Mapping[str, Any]) -> tuple[Answer, ...]:
    recipient, raw = _held(stage, request)
    acts: dict[str, Callable[[], tuple[Answer, ...]]] = {
        "load_pictures": lambda: stage.recipients.load_pictures(raw, recipient),
        "load_own": lambda: stage.recipients.load_own(raw),
        "follow_link": lambda: (stage.recipients.follow_link(raw, recipient, request["link"]),),
        "scan": lambda: stage.recipients.scan(raw),
        "stop_page": lambda: (stage.recipients.stop_page(raw, recipient),),
        "press_stop": lambda: (stage.recipients.press_stop(raw, recipient),),
        "choose": lambda: (stage.recipients.choose(raw, recipient, request["purposes"]),),
        "confirm": lambda: (stage.recipients.confirm(raw, recipient),),
        "ask_deletion": lambda: (stage.recipients.ask_deletion(raw, recipient),),
    }
    if act not in acts:
        raise Refused("The practice round does not know this act.")
    return acts[act]()


def answer_of(work: Callable[[], Any]) -> dict[str, Any]:
    """Return the line that answers a request: its value, or the known failure it met."""
    try:
        return {"value": work()}
    except Trouble as trouble:
        return {"trouble": type(trouble).__name__, "sentence": trouble.sentence, "cure": trouble.cure}


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Open a round as the first line says and answer each further line, until there are no more."""
    opening = json.loads(requests.readline())
    stage: list[Round] = []

    def open_round() -> dict[str, Any]:
        stage.append(Round(root=Path(opening["root"]), relay_command=opening["relay_command"]))
        return stage[0].access()

    _put(answers, answer_of(open_round))
    if not stage:
        return
    try:
        for line in requests:
            request = json.loads(line)
            _put(answers, answer_of(lambda: perform(stage[0], request)))  # noqa: B023 - called at once
    finally:
        stage[0].close()


def _put(answers: IO[str], fields: Mapping[str, Any]) -> None:
    answers.write(json.dumps(fields) + "\n")
    answers.flush()


def _end(_number: int, _frame: object) -> None:
    sys.exit(0)


def main() -> int:
    """Run the practice process; SIGTERM ends it as the end of its input does."""
    signal.signal(signal.SIGTERM, _end)
    serve(sys.stdin, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
