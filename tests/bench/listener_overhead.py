"""How much longer a mail takes through the listener than straight to the same provider, in one run.

    python tests/bench/listener_overhead.py --port 11587 --user alice@example.test --password alicepw --ca ca.pem \
        --to bob@example.test

Direct: STARTTLS and AUTH to the provider.  Through: AUTH to the listener, a process of its own, which submits to the
same provider.  The two take turns, message by message, each first in every other turn, so that both meet the same
machine; the verdict is the median of the turns' ratios.  New connections are timed from connect to the answer to QUIT,
reused ones from MAIL to the answer to the dot.

With `--rtt-ms 20` both ways reach the provider through a proxy that holds every packet for half of that, as a network
does; without it the provider is on this machine, which no mail provider is.  What one fdatasync costs on this disk is
printed, since provider and listener each wait for some.
"""

import argparse
import asyncio
import base64
import contextlib
import os
import secrets
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Run the comparison, or, when started by it, the listener."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--user", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--to", required=True)
    parser.add_argument("-n", type=int, default=60, help="messages of each kind")
    parser.add_argument("--size", type=int, default=5_120)
    parser.add_argument("--tracked", action="store_true", help="the recipient gave permission")
    parser.add_argument("--rtt-ms", type=float, default=0.0, help="the way to the provider and back")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--delay", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options)
    elif options.delay:
        asyncio.run(delay(options))
    else:
        compare(options)


def serve(options: argparse.Namespace) -> None:
    """Run a listener over a store in `options.serve` until standard input ends."""
    sys.path.insert(0, str(ROOT))
    from desktop.accounts.channel import Channel
    from desktop.accounts.clients import Clients
    from desktop.accounts.credentials import Credentials
    from desktop.accounts.vault import SessionVault, account_secret
    from desktop.core.address import Mailbox
    from desktop.core.errors import Trouble
    from desktop.core.permission import Method
    from desktop.outgoing.listener import Listener
    from desktop.store.accounts import AccountRow, Security, save_account
    from desktop.store.database import Store
    from desktop.store.people import record_grant
    from relay.wire.purpose import Purpose
    from relay.wire.token import TokenType

    def clock() -> datetime:
        return datetime.now(tz=UTC)

    def tell(trouble: Trouble) -> None:
        sys.stderr.write(trouble.sentence + "\n")

    store = Store(Path(options.serve) / "store.sqlite", clock=clock)
    vault = SessionVault()
    row = AccountRow(
        id=0,
        label="bench",
        host=options.host,
        port=options.port,
        security=Security.STARTTLS,
        user=options.user,
        identities=(Mailbox("Bench", options.user),),
        ca_file=options.ca,
    )
    _, account_id = save_account(store, row)
    vault.put(account_secret(account_id), options.password)
    if options.tracked:
        both = frozenset({Purpose.OPENS, Purpose.CLICKS})
        record_grant(
            store, address=options.to, name="", purposes=both, method=Method.SPOKEN, evidence="bench", at=clock()
        )
    channel = Channel(
        picture_base="https://picture.test",
        link_base="https://link.test",
        relay_url="https://relay.test",
        channel_id=b"c" * 12,
        bearer="",
        private_key=b"p" * 32,
        tag_key=b"t" * 32,
        key_id=1,
        minting_keys={kind: bytes([kind]) * 32 for kind in TokenType},
    )
    listener = Listener(
        port=0,
        store=store,
        vault=vault,
        credentials=Credentials(vault, clock=clock, clients=Clients(store, vault, environment={})),
        channel=lambda: channel,
        journal_path=Path(options.serve) / "journal",
        clock=clock,
        on_trouble=tell,
    )
    print(listener.start(), listener.password, flush=True)  # noqa: T201 - read by the comparison
    sys.stdin.read()
    listener.stop()
    store.close()


async def delay(options: argparse.Namespace) -> None:
    """Pass connections on to the provider, every packet late by half of `--rtt-ms`, until killed."""
    loop = asyncio.get_running_loop()
    half_s = options.rtt_ms / 2000

    async def move(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Either side may end a connection by a reset.
        with contextlib.suppress(ConnectionError):
            while octets := await reader.read(65_536):
                loop.call_later(half_s, writer.write, octets)
        loop.call_later(half_s, writer.close)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(options.host, options.port)
        await asyncio.gather(move(reader, far_writer), move(far_reader, writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - read by the comparison
    await server.serve_forever()


class Client:
    """A mail client with nothing in it but the protocol."""

    def __init__(self, port: int, *, user: str, password: str, context: ssl.SSLContext | None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = cast("BinaryIO", self._socket.makefile("rb"))
        self.read("2")
        self.say("EHLO [127.0.0.1]", "2")
        if context is not None:
            self.say("STARTTLS", "2")
            self._file.close()
            self._socket = context.wrap_socket(self._socket, server_hostname="localhost")
            self._file = cast("BinaryIO", self._socket.makefile("rb"))
            self.say("EHLO [127.0.0.1]", "2")
        self.say("AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode(), "2")

    def read(self, good: str) -> None:
        """Read one reply, which must begin with `good`."""
        while True:
            line = self._file.readline().decode()
            if line[3:4] != "-":
                break
        if not line.startswith(good):
            raise RuntimeError(line)

    def say(self, line: str, good: str) -> None:
        """Say a command and read its reply."""
        self._socket.sendall(line.encode() + b"\r\n")
        self.read(good)

    def send(self, sender: str, to: str, content: bytes) -> None:
        """Send one message."""
        self.say(f"MAIL FROM:<{sender}> BODY=8BITMIME SIZE={len(content)}", "2")
        self.say(f"RCPT TO:<{to}>", "2")
        self.say("DATA", "3")
        self._socket.sendall(content + b".\r\n")
        self.read("2")

    def quit(self) -> None:
        """Say goodbye and close."""
        self.say("QUIT", "2")
        self._file.close()
        self._socket.close()


def message(options: argparse.Namespace) -> bytes:
    """Return a message as no earlier one was."""
    head = f"From: <{options.user}>\r\nTo: <{options.to}>\r\nSubject: bench {secrets.token_hex(4)}\r\n"
    head += f"Message-ID: <{secrets.token_hex(8)}@bench.test>\r\nMIME-Version: 1.0\r\n"
    head += "Content-Type: text/html; charset=utf-8\r\n\r\n<html><body>"
    paragraph = '<p>A paragraph with <a href="https://example.com/">a link</a>.</p>\r\n'
    lines = paragraph + f"<p>{'x' * 60}</p>\r\n" * 4
    size: int = options.size
    body = lines * max(1, size // len(lines))
    return (head + body + "</body></html>\r\n").encode()


def compare(options: argparse.Namespace) -> None:
    """Print the medians of both ways and their ratios."""
    context = ssl.create_default_context(cafile=options.ca)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        print(f"one fdatasync: p50 {fdatasync_ms(Path(folder)):.2f} ms")  # noqa: T201 - the output is the terminal
        if options.rtt_ms:
            proxy = stack.enter_context(_started("--delay"))
            stack.callback(proxy.kill)
            assert proxy.stdout is not None
            options.host, options.port = "127.0.0.1", int(proxy.stdout.readline())
        process = stack.enter_context(_started("--port", str(options.port), "--serve", folder))
        assert process.stdout is not None
        assert process.stdin is not None
        port, listener_password = process.stdout.readline().split()

        def direct() -> Client:
            return Client(options.port, user=options.user, password=options.password, context=context)

        def through() -> Client:
            return Client(int(port), user="readback", password=listener_password, context=None)

        report("new connections", options, direct, through, is_reused=False, at_most=1.10)
        report("reused connections", options, direct, through, is_reused=True, at_most=1.5)
        process.stdin.close()


def _started(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, *sys.argv[1:], *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def fdatasync_ms(folder: Path) -> float:
    """Return the median time that a line appended to a file takes to be on the disk."""
    times = []
    with (folder / "appended").open("ab", buffering=0) as file:
        for _ in range(50):
            began = time.perf_counter()
            file.write(b"x" * 120)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def report(
    name: str,
    options: argparse.Namespace,
    direct: Callable[[], Client],
    through: Callable[[], Client],
    *,
    is_reused: bool,
    at_most: float,
) -> None:
    """Time both ways in turns and print what came out."""
    ways = {"direct": direct, "through": through}
    kept = {way: connect() for way, connect in ways.items()} if is_reused else {}
    times: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(options.n + 5):
        for way in sorted(ways, reverse=turn % 2 == 0):
            content = message(options)
            began = time.perf_counter()
            client = kept[way] if is_reused else ways[way]()
            client.send(options.user, options.to, content)
            if not is_reused:
                client.quit()
            if turn >= 5:
                times[way].append((time.perf_counter() - began) * 1000)
    for client in kept.values():
        client.quit()
    medians = {way: statistics.median(each) for way, each in times.items()}
    ratio = statistics.median(late / early for late, early in zip(times["through"], times["direct"], strict=True))
    slowest = {way: statistics.quantiles(each, n=20)[-1] for way, each in times.items()}
    print(  # noqa: T201 - the output is the terminal
        f"{name}: direct p50 {medians['direct']:.2f} ms p95 {slowest['direct']:.2f} ms, "
        f"through p50 {medians['through']:.2f} ms p95 {slowest['through']:.2f} ms, "
        f"ratio {ratio:.2f} (at most {at_most:.2f}) {'met' if ratio <= at_most else 'MISSED'}"
    )


if __name__ == "__main__":
    main()
