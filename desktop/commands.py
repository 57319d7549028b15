"""What the command line offers, and each exit status (sysexits.h): thin calls into the parts that do the work."""

import argparse
import errno
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, NoReturn

from desktop import explain, ledger_command, listing, logs, person_command, rates
from desktop.core.address import normalised
from desktop.core.errors import Malformed, NoKeyring, NotAuthorised, Refused, StoreTrouble, Trouble, Unreachable
from desktop.core.keep import Keep
from desktop.engine import Engine, utc_now
from desktop.listing import Listing
from desktop.places import Places
from desktop.ui import words

EX_OK: Final = 0
EX_USAGE: Final = 64
EX_DATAERR: Final = 65
EX_NOINPUT: Final = 66
EX_UNAVAILABLE: Final = 69
EX_IOERR: Final = 74
EX_TEMPFAIL: Final = 75
EX_NOPERM: Final = 77
EX_CONFIG: Final = 78
_STATUS_OF: Final[tuple[tuple[type[Trouble], int], ...]] = (
    (NotAuthorised, EX_NOPERM),
    (Refused, EX_UNAVAILABLE),
    (Unreachable, EX_UNAVAILABLE),
    (Malformed, EX_DATAERR),
    (StoreTrouble, EX_TEMPFAIL),
    (Trouble, EX_CONFIG),
)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; a Trouble is told in words, a bug is raised."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        status = command(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # A reader that leaves early, as `head`, is no failure.
        _let_go_of_output()
        return EX_OK
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        _let_go_of_output()
        print(f"Cannot write: {os.strerror(error.errno)}.", file=sys.stderr)
        return EX_IOERR
    except Trouble as trouble:
        sentence, cure = words.trouble_texts(trouble)
        print("\n".join(filter(None, [sentence, cure])), file=sys.stderr)
        return next(status for kind, status in _STATUS_OF if isinstance(trouble, kind))
    return status


# What a full disk, a quota, a limit of size and a failing device say.
_UNWRITABLE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def _let_go_of_output() -> None:
    """Have what is still in the buffer go nowhere: it would be written, and fail, once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """A parser that leaves with EX_USAGE instead of argparse's 2."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the call, and how it goes."""
        self.print_usage(sys.stderr)
        self.exit(EX_USAGE, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="readback", description="Read status for one-to-one mail that tells the truth.")
    parser.set_defaults(command=_window)
    parser.add_argument("--version", action="version", version=f"readback {_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    listen = commands.add_parser("listen", help="take mail without a window")
    listen.add_argument("--port", type=_port, help="listen there this time (default: as in the settings, else 4190)")
    _add_secrets(listen, tuple(Keep), "keyring, file (0600, not encrypted) or session")
    listen.set_defaults(command=_listen)
    practice = commands.add_parser("practice", help="play a whole round on this machine, without an account")
    practice.add_argument(
        "--terminal", action="store_true", help="play in the terminal even where a window could be shown"
    )
    practice.add_argument("--pictures", type=Path, metavar="DIR", help="save a picture of every screen and exit")
    practice.set_defaults(command=_practice)
    _add_listings(commands)
    inspect = commands.add_parser("inspect", help="show what would be added to a message, and what not")
    inspect.add_argument("file", metavar="FILE.eml", help="the message as it would be sent; - for standard input")
    inspect.add_argument("--to", action="append", required=True, metavar="ADDR", help="a recipient; may be repeated")
    inspect.add_argument(
        "--permit", action="append", default=[], metavar="ADDR", help="a recipient who gave permission"
    )
    inspect.add_argument("--ask", action="append", default=[], metavar="ADDR", help="a recipient who is to be asked")
    inspect.add_argument("--got-it", action="store_true", help="turn a line that reads [got it] into its link")
    inspect.add_argument("--out", type=Path, metavar="DIR", help="write each recipient's copy to this folder")
    inspect.set_defaults(command=_inspect)
    _add_explain(commands)
    connect = commands.add_parser("connect", help="connect to a relay without a window")
    connect.add_argument("line", metavar="LINE", help="the whole line that the relay's operator gave")
    _add_secrets(connect, _LASTING, "keyring or file (0600, not encrypted)")
    connect.set_defaults(command=_connect)
    ledger_command.add_to(commands)
    person_command.add_to(commands, _person)
    doctor = commands.add_parser("doctor", help="check keyring, listener, provider and relay, and say how to mend each")
    _add_secrets(doctor, _LASTING, "keyring or file")
    doctor.set_defaults(command=_doctor)
    return parser


_LASTING: Final = (Keep.KEYRING, Keep.FILE)


def _add_secrets(command: argparse.ArgumentParser, places: tuple[Keep, ...], named: str) -> None:
    command.add_argument(
        "--secrets",
        type=Keep,
        choices=places,
        metavar="PLACE",
        help=f"where passwords are kept this time: {named} (default: as set)",
    )


def _version() -> str:
    """Return the version, as far as the program was installed."""
    try:
        return version("readback-mail")
    except PackageNotFoundError:
        return "(not installed)"


def _add_listings(commands: "argparse._SubParsersAction[_Parser]") -> None:
    status = commands.add_parser(
        "status",
        help="list the newest conversations and how each stands",
        description=_STATUS_DESCRIPTION,
        epilog=listing.STATUS_KEYS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    status.add_argument("words", nargs="*", metavar="WORD", help="only with each of these in subject, name or address")
    status.add_argument(
        "--limit",
        type=_count,
        default=listing.DEFAULT_LIMIT,
        metavar="N",
        help="at most so many (default: %(default)s)",
    )
    status.add_argument("--json", action="store_true", help="print JSON; its keys stay the same")
    status.set_defaults(command=_status)
    followups = commands.add_parser(
        "followups",
        help="list who to follow up with, when and why",
        description=_FOLLOW_UPS_DESCRIPTION,
        epilog=listing.FOLLOW_UPS_KEYS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    followups.add_argument(
        "--all", action="store_true", help="also what is snoozed, and every conversation with the same person"
    )
    followups.add_argument("--json", action="store_true", help="print JSON; its keys stay the same")
    followups.set_defaults(command=_follow_ups)
    _add_rates(commands)


def _add_rates(commands: "argparse._SubParsersAction[_Parser]") -> None:
    told = commands.add_parser(
        "rates",
        help="tell how much was opened, clicked and answered, as ranges",
        description=_RATES_DESCRIPTION,
        epilog=rates.RATES_KEYS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    told.add_argument(
        "--days", type=_days, default=rates.DEFAULT_DAYS, metavar="N", help="of the last N days (default: %(default)s)"
    )
    told.add_argument("--json", action="store_true", help="print JSON; its keys stay the same")
    told.set_defaults(command=_rates)


def _add_explain(commands: "argparse._SubParsersAction[_Parser]") -> None:
    explaining = commands.add_parser(
        "explain",
        help="say what the app would make of requests listed in a file, and why",
        description="Judge each request in the file as the app does, and print one line of JSON for it.",
        epilog=explain.KEYS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    explaining.add_argument("file", metavar="FILE.jsonl", help="one JSON object a line; - for standard input")
    explaining.set_defaults(command=_explain)


_STATUS_DESCRIPTION: Final = """\
List accounts and how far their mail was read, then conversations, the newest
first: what was proven of each, and what stands beside it. Works while the
window is open and while it is not."""
_FOLLOW_UPS_DESCRIPTION: Final = """\
List who to follow up with: what is overdue, what is due today and what comes
next, each with its reason. Works while the window is open and while it is not."""


_RATES_DESCRIPTION: Final = """\
Tell how much of your mail was opened, clicked and answered: from what is proven
to what is possible, with the counts behind both. Works while the window is
open and while it is not."""


def _days(text: str) -> int:
    """Return a number of days, from one to a hundred years."""
    return _number(text, 1, rates.MAX_DAYS)


def _count(text: str) -> int:
    """Return a number of lines, at least one."""
    return _number(text, 1, _MOST_LINES)


def _port(text: str) -> int:
    """Return a port number, 0 for any free one."""
    return _number(text, 0, 65_535)


_MOST_LINES: Final = 1_000_000


def _number(text: str, least: int, most: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} to {most}")
    return number


def _has_display() -> bool:
    if sys.platform != "linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _window(_options: argparse.Namespace) -> int:
    if not _has_display():
        print("There is no display here. `readback listen` takes mail without a window.", file=sys.stderr)
        return EX_UNAVAILABLE
    from desktop import app

    return app.run_window(Places.of_user())


def _practice(options: argparse.Namespace) -> int:
    from desktop import rounds

    if options.pictures is not None:
        return rounds.save_pictures(options.pictures)
    if options.terminal or not _has_display():
        return rounds.play_in_terminal()
    return rounds.play_in_window()


def _listen(options: argparse.Namespace) -> int:
    places = Places.of_user()
    logs.start(places.log)
    ended = threading.Event()
    engine = Engine(places, keep=options.secrets, on_trouble=_tell)
    try:
        engine.start(options.port)
        if not engine.port:
            return EX_UNAVAILABLE
        print(f"Taking mail on 127.0.0.1:{engine.port}. Ctrl+C ends.", flush=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: ended.set())
        ended.wait()
    finally:
        engine.close()
    return EX_OK


def _tell(trouble: Trouble) -> None:
    """Say what went wrong as it happens; called on any thread."""
    print(" ".join(words.trouble_texts(trouble)), file=sys.stderr, flush=True)
    if isinstance(trouble, NoKeyring):
        print("Without a window: `readback listen --secrets file`.", file=sys.stderr, flush=True)


def _inspect(options: argparse.Namespace) -> int:
    from desktop import inspection

    if options.file == "-":
        raw = sys.stdin.buffer.read()
    else:
        try:
            raw = Path(options.file).read_bytes()
        except OSError as error:
            print(f"{options.file} cannot be read: {error.strerror}.", file=sys.stderr)
            return EX_NOINPUT
    named = {normalised(each) for each in (*options.permit, *options.ask)}
    stray = sorted(named - {normalised(each) for each in options.to})
    if stray:
        print(
            f"No recipient of this mail: {', '.join(stray)}. Name whoever gave permission in --to too.", file=sys.stderr
        )
        return EX_USAGE
    supposed = inspection.Supposed(permit=options.permit, ask=options.ask, adds_confirm=options.got_it)
    for line in inspection.report(raw, to=options.to, supposed=supposed, out=options.out, now=utc_now()):
        print(line)
    return EX_OK


def _explain(options: argparse.Namespace) -> int:
    if options.file == "-":
        return _show_explained(sys.stdin.buffer)
    try:
        with Path(options.file).open("rb") as lines:
            return _show_explained(lines)
    except OSError as error:
        if error.filename != options.file:
            raise
        print(f"{options.file} cannot be read: {error.strerror}.", file=sys.stderr)
        return EX_NOINPUT


def _show_explained(lines: Iterable[bytes]) -> int:
    """Print each answer, and each complaint beside it; one complaint is enough for EX_DATAERR."""
    status, number = EX_OK, 0
    for number, each in enumerate(explain.explain(lines), start=1):  # noqa: B007 - asked for after the last
        if each.complaint:
            print(f"Line {each.number}: {each.complaint}.", file=sys.stderr)
            status = EX_DATAERR
        else:
            print(each.answer)
    if not number:
        print("There is no hit in it.", file=sys.stderr)
    return status


def _status(options: argparse.Namespace) -> int:
    search = " ".join(options.words)
    return _show(
        listing.status(Places.of_user(), now=utc_now(), search=search, limit=options.limit, as_json=options.json)
    )


def _follow_ups(options: argparse.Namespace) -> int:
    return _show(listing.follow_ups(Places.of_user(), now=utc_now(), everything=options.all, as_json=options.json))


def _rates(options: argparse.Namespace) -> int:
    return _show(rates.rates(Places.of_user(), now=utc_now(), days=options.days, as_json=options.json))


def _show(found: Listing) -> int:
    """Print a listing in whatever letters the terminal has."""
    for line in found.lines:
        print(_writable(line))
    sys.stdout.flush()
    if found.aside:
        print(_writable(found.aside), file=sys.stderr)
    return EX_OK


_PLAIN: Final = str.maketrans({"·": "-", "“": '"', "”": '"', "’": "'", "…": "..."})


def _writable(line: str) -> str:
    encoding = sys.stdout.encoding or "utf-8"
    try:
        line.encode(encoding)
    except UnicodeEncodeError:
        return line.translate(_PLAIN).encode(encoding, "replace").decode(encoding)
    return line


def _person(options: argparse.Namespace) -> int:
    """Print the answer of a command on people; one that something was wrong with is EX_DATAERR."""
    try:
        reply: person_command.Reply = options.answering(options, Places.of_user(), utc_now())
    except OSError as error:
        if error.filename is None or error.errno in _UNWRITABLE:
            raise
        print(f"{error.filename} cannot be opened: {error.strerror}.", file=sys.stderr)
        return EX_NOINPUT
    _show(Listing(lines=reply.lines, aside="\n".join(reply.aside)))
    return EX_OK if reply.is_clean else EX_DATAERR


def _connect(options: argparse.Namespace) -> int:
    from desktop.connect_command import connect

    for line in connect(Places.of_user(), options.line, options.secrets):
        print(line)
    return EX_OK


def _doctor(options: argparse.Namespace) -> int:
    from desktop import doctor

    ill = 0
    for finding in doctor.findings(Places.of_user(), options.secrets):
        print(f"{'ok' if finding.is_well else '!!'}  {finding.part:<9} {finding.seen}", flush=True)
        if not finding.is_well:
            ill += 1
            print(f"    {'':<9} -> {finding.cure}", flush=True)
    print("All is well." if not ill else f"{words.count(ill, 'thing needs', 'things need')} your attention.")
    return EX_UNAVAILABLE if ill else EX_OK
