"""`python -m relay serve` and `invite`: the relay's two commands."""

import argparse
import dataclasses
import gc
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

from relay import logs
from relay.app import build_app, opened
from relay.channels import hashed, new_secret
from relay.database import Database, StorageError
from relay.server import Server
from relay.settings import BadSettingError, Settings, prepare_folder, settings_from
from relay.wire.clock import PracticeClock

_BACKLOG: Final = 1_024
_GARBAGE_THRESHOLD: Final = 50_000


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="readback-relay", description="Runs a relay, or makes an invite to one.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="answer requests until told to stop")
    serve.add_argument("--host", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", help="port to listen on (8025; 0 takes a free one)")
    serve.add_argument("--public-url", help="scheme and host that mails will carry (http://HOST:PORT)")
    serve.add_argument("--open-registration", action="store_const", const="1", help="register without an invite")
    serve.add_argument("--trusted-proxy", action="append", metavar="CIDR", help="believe its X-Forwarded-For")
    serve.add_argument("--practice-clock", metavar="FILE", help="a clock that a practice round moves on")
    invite = commands.add_parser("invite", help="print an invite for one registration")
    for command in (serve, invite):
        command.add_argument("--data", help="folder for the database, the secrets and the stops")
    return parser


def _real_ms() -> int:
    return time.time_ns() // 1_000_000


def _listening(settings: Settings, family: socket.AddressFamily) -> socket.socket:
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        where = f"{settings.host}, port {settings.port}"
        raise BadSettingError(f"cannot listen on {where}: {os.strerror(error.errno or 0)}; choose another.") from error


def _serve(settings: Settings) -> None:
    with opened(settings):
        clock: Callable[[], int] = _real_ms  # What is wrong with the files is said before anything listens.
    if settings.practice_clock is not None:
        clock = PracticeClock(settings.practice_clock).now_ms
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with _listening(settings, family) as listener:
        port = listener.getsockname()[1]
        shown = f"[{settings.host}]" if family is socket.AF_INET6 else settings.host
        base = f"http://{shown}:{port}"
        settings = dataclasses.replace(settings, port=port, public_url=settings.public_url or base)
        gc.freeze()  # What is made by now stays; what a request makes is freed by counting.
        gc.set_threshold(_GARBAGE_THRESHOLD, 50, 50)
        server = Server(build_app(settings, clock), lambda: print(f"listening on {base}", flush=True))
        server.run(sockets=[listener])


def _invite(settings: Settings) -> None:
    prepare_folder(settings)
    invite = new_secret()
    database = Database(settings.database)
    database.begin()
    database.add_invite(hashed(invite))
    database.commit()
    database.close()
    print(invite)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 2 with a plain sentence on standard error when a setting or file cannot be used."""
    logs.set_up()
    os.umask(0o077)
    parsed = _parser().parse_args(arguments)
    try:
        settings = settings_from(parsed, os.environ)
        if parsed.command == "invite":
            _invite(settings)
        else:
            _serve(settings)
    except KeyboardInterrupt:
        return 0
    except BadSettingError as error:
        print(f"readback-relay: {error}", file=sys.stderr)
        return 2
    except (OSError, StorageError) as error:
        print(f"readback-relay: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
