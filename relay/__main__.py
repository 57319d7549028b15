"""`python -m relay serve`, `invite`, `backup`, `restore` and `lists`: the relay's commands."""

import argparse
import dataclasses
import datetime as dt
import gc
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from relay import logs, renewal
from relay.app import build_app, opened
from relay.backup import back_up, restore
from relay.database import StorageError
from relay.download import Web
from relay.invites import new_invite
from relay.owner import acting_as_owner
from relay.publishers import PUBLISHERS
from relay.server import Server
from relay.settings import BadSettingError, Settings, prepare_folder, settings_from
from relay.wire.clock import PracticeClock

_BACKLOG: Final = 1_024
_GARBAGE_THRESHOLD: Final = 50_000


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="readback-relay", description="Runs a relay, makes invites to it, keeps it safe."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="answer requests until told to stop")
    serve.add_argument("--host", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", help="port to listen on (8025; 0 takes a free one)")
    serve.add_argument("--public-url", help="scheme and host that mails will carry (http://HOST:PORT)")
    serve.add_argument("--picture-url", help="the same of the picture alone, where that is another host")
    serve.add_argument("--contact", help="whom security.txt names: a mail address or an https address")
    serve.add_argument("--metrics", metavar="[HOST:]PORT", help="figures for Prometheus, on a listener of their own")
    serve.add_argument("--open-registration", action="store_const", const="1", help="register without an invite")
    serve.add_argument("--trusted-proxy", action="append", metavar="CIDR", help="believe its X-Forwarded-For")
    serve.add_argument("--practice-clock", metavar="FILE", help="a clock that a practice round moves on")
    invite = commands.add_parser("invite", help="print a line that admits one desktop, once")
    invite.add_argument("--public-url", help="the relay's address, before it has ever served")
    lists = commands.add_parser("lists", help="the published lists of networks that requests are labelled by")
    actions = lists.add_subparsers(dest="action", required=True)
    show = actions.add_parser("show", help="say of when each list is, and where from")
    update = actions.add_parser("update", help="fetch newer lists from their publishers")
    update.add_argument("--only", action="append", metavar="NAME", help="this list alone; may be repeated")
    backup = commands.add_parser("backup", help="write everything to one file; the relay may serve meanwhile")
    restore_ = commands.add_parser("restore", help="make the folder from such a file; stops that are there stay")
    for command in (backup, restore_):
        command.add_argument("file", type=Path, metavar="FILE")
    for command in (serve, invite, backup, restore_, show, update):
        command.add_argument("--data", help="folder for the database, the secrets and the stops")
    return parser


def _real_ms() -> int:
    return time.time_ns() // 1_000_000


def _listening(host: str, port: int, flag: str) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise BadSettingError(f"cannot listen on {host}, port {port} ({flag}): {why}; choose another.") from error


def _address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if listener.family is socket.AF_INET6 else f"http://{host}:{port}"


def _serve(settings: Settings) -> None:
    with opened(settings):
        clock: Callable[[], int] = _real_ms  # What is wrong with the files is said before anything listens.
    if settings.practice_clock is not None:
        clock = PracticeClock(settings.practice_clock).now_ms
    with ExitStack() as stack:
        listener = stack.enter_context(_listening(settings.host, settings.port, "--port"))
        figures = None
        if settings.metrics is not None:
            figures = stack.enter_context(_listening(*settings.metrics, "--metrics"))
        settings = dataclasses.replace(settings, port=listener.getsockname()[1])
        gc.freeze()  # What is made by now stays; what a request makes is freed by counting.
        gc.set_threshold(_GARBAGE_THRESHOLD, 50, 50)
        app = build_app(settings, clock, metrics_listener=figures)
        Server(app, lambda: _announce(settings, listener, figures)).run(sockets=[listener])


def _announce(settings: Settings, listener: socket.socket, figures: socket.socket | None) -> None:
    if settings.contact is None:
        _complain("no --contact is set: there is no security.txt, and no page says who runs this server")
    if figures is not None:
        print(f"figures on {_address_of(figures)}/metrics")
    print(f"listening on {_address_of(listener)}", flush=True)


def _back_up(settings: Settings, path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise BadSettingError(f"{path} exists already: name a file that does not.") from error
    with os.fdopen(descriptor, "wb") as target, ExitStack() as undoing:
        undoing.callback(path.unlink)
        with acting_as_owner(settings.data):
            back_up(settings, target)
        target.flush()
        os.fsync(descriptor)
        undoing.pop_all()
    print(f"wrote {path}; it holds the relay's secrets: keep it where nobody else can read it")


def _restore(settings: Settings, path: Path) -> None:
    with path.open("rb") as source, acting_as_owner(settings.data):
        done = restore(settings, source)
    print(f"restored {done.channels} channels; {done.stops} stops hold, {done.stops_kept} of them were here before")


def _lists(settings: Settings, parsed: argparse.Namespace) -> int:
    if parsed.action == "show":
        renewal.show(settings.lists, say=print, complain=_complain)
        return 0
    names = list(dict.fromkeys(parsed.only or PUBLISHERS))
    unknown = [name for name in names if name not in PUBLISHERS]
    if unknown:
        raise BadSettingError(f"--only {unknown[0]!r} cannot be updated; give one of {', '.join(PUBLISHERS)}.")
    prepare_folder(settings)
    today = dt.datetime.now(dt.UTC).date()
    return 0 if renewal.update(settings.lists, names, Web(), today=today, say=print, complain=_complain) else 1


def _complain(sentence: str) -> None:
    print(f"readback-relay: {sentence}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 2 with a plain sentence on standard error when a setting or file cannot be used.

    1 when a disk fails, or when a list was doubted and the old one kept.
    """
    logs.set_up()
    os.umask(0o077)
    parsed = _parser().parse_args(arguments)
    try:
        settings = settings_from(parsed, os.environ)
        if parsed.command == "serve":
            _serve(settings)
        elif parsed.command == "backup":
            _back_up(settings, parsed.file)
        elif parsed.command == "restore":
            _restore(settings, parsed.file)
        else:
            with acting_as_owner(settings.data):
                if parsed.command == "lists":
                    return _lists(settings, parsed)
                print(new_invite(settings))
    except KeyboardInterrupt:
        return 0
    except BadSettingError as error:
        _complain(str(error))
        return 2
    except (OSError, StorageError) as error:
        _complain(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
