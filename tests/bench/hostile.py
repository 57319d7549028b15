"""A relay of its own process under hostile requests: what it answers, and what that costs it in memory.

`python tests/bench/hostile.py [requests] [seed]`, a million and 1 unless told.  Sixteen connections at a time, each
with forty requests from the grammar of `tests.fakes.hostile`, pipelined behind one another.  It fails on an answer of
the 5xx, an answer that holds the planted mark, a file of the relay that does, a relay that ends or writes to its log,
and on memory that grows by much, or still grows in the last fifth.
"""

import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import requests

from relay.wire import seal, urls
from relay.wire.claims import Claims, spell_claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.token import TokenType
from tests.fakes.hostile import Hostile
from tests.relay.desk import Desk, spell

ROOT: Final = Path(__file__).resolve().parents[2]
MARK: Final = "mark-5f0e1d7c"
CONNECTIONS: Final = 16
A_CONNECTION: Final = 40
# Caches that have a bound fill first, keys of forged channels slowest of all; they end near 12 MB more than at rest.
MAY_GROW_MB: Final = 24.0
MAY_GROW_LATE_MB: Final = 2.0
PARTS: Final = 10
LATE: Final = 8
_STATUS: Final = re.compile(rb"HTTP/1\.1 ([1-5]\d\d) ")


@dataclass(kw_only=True)
class Outcome:
    """What came of the requests so far."""

    sent: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    echoes: int = 0
    first_bad: bytes = b""


def good_paths(desk: Desk) -> list[str]:
    """Return paths that the relay knows: pictures, links and pages of a few recipients."""
    claims = spell_claims(Claims(sender="Kim", language=Language.FRENCH, purposes=frozenset(Purpose)))
    paths = []
    for number in range(20):
        tag = number.to_bytes(8, "big")
        consent = desk.token(TokenType.CONSENT, tag=tag, destination=claims)
        paths += [
            urls.open_url("", desk.token(TokenType.OPEN, tag=tag)),
            desk.click_url(tag=tag).removeprefix(desk.base),
            desk.stop_url(tag=tag).removeprefix(desk.base),
            urls.consent_url("", consent, claims),
            urls.confirm_url("", desk.token(TokenType.CONFIRM, tag=tag)),
            urls.page_url("", desk.token(TokenType.PAGE, tag=tag)),
        ]
    return paths


async def attack(port: int, hostile: Hostile, outcome: Outcome, requests_wanted: int) -> None:
    """Send batches on one connection after another until enough was sent."""
    while outcome.sent < requests_wanted:
        batch = hostile.batch(A_CONNECTION)
        outcome.sent += batch.requests
        answer = await _said_to(port, batch.octets)
        outcome.statuses.update(f"{status[:1].decode()}xx" for status in _STATUS.findall(answer))
        if MARK.encode() in answer:
            outcome.echoes += 1
        if not outcome.first_bad and (MARK.encode() in answer or b"HTTP/1.1 5" in answer):
            outcome.first_bad = batch.octets + b"\n=====\n" + answer


async def _said_to(port: int, octets: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    try:
        writer.write(octets)
        if writer.can_write_eof():
            await writer.drain()
        async with asyncio.timeout(40):
            answer = await reader.read(-1)
    except (ConnectionResetError, BrokenPipeError):
        return answer
    finally:
        writer.transport.abort()
    return answer


def resident_mb(pid: int) -> float:
    """Return a process's resident memory."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


async def _attack_all(port: int, outcome: Outcome, wanted: int, seed: int, good: Sequence[str]) -> None:
    key = spell(seal.public_key_of(seal.new_private_key()))
    async with asyncio.TaskGroup() as group:
        for number in range(CONNECTIONS):
            hostile = Hostile(seed * 1_000 + number, mark=MARK, good=good, key=key)
            group.create_task(attack(port, hostile, outcome, wanted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of a run; memory is at the start and after each tenth, `marked` names files that hold the mark."""

    requests: int
    seconds: float
    resident_mb: tuple[float, ...]
    statuses: dict[str, int]
    echoes: int
    marked: tuple[str, ...]
    log: str
    is_serving: bool

    @property
    def faults(self) -> list[str]:
        """What must not be."""
        begin, late, end = self.resident_mb[0], self.resident_mb[LATE], self.resident_mb[-1]
        found = {
            "an answer of the 5xx": self.statuses.get("5xx", 0) > 0,
            "an answer with the mark": self.echoes > 0,
            "a file with the mark": bool(self.marked),
            "a log that is not empty": bool(self.log),
            "a relay that serves no more": not self.is_serving,
            "memory that grows much": end - begin > MAY_GROW_MB,
            "memory that goes on growing": end - late > MAY_GROW_LATE_MB,
        }
        return [what for what, is_so in found.items() if is_so]


async def run(wanted: int, seed: int, folder: Path) -> Report:
    """Run a relay, attack it, and say what came of it."""
    command = [sys.executable, "-m", "relay", "serve", "--data", str(folder / "relay"), "--port", "0"]
    options = ["--open-registration", "--trusted-proxy", "127.0.0.0/8", "--contact", "mailto:relay@example.org"]
    log = folder / "log"
    with log.open("wb") as errors:
        relay = await asyncio.create_subprocess_exec(
            *command, *options, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=errors, env=os.environ
        )
    try:
        assert relay.stdout is not None
        base = (await relay.stdout.readline()).split()[-1].decode()
        port = int(base.rpartition(":")[2])
        desk = await asyncio.to_thread(Desk, base, None)
        desk.clock.ms = int(time.time() * 1_000)
        good = good_paths(desk)
        outcome = Outcome()
        memory_mb = [resident_mb(relay.pid)]
        begun_s = time.monotonic()
        for part in range(1, PARTS + 1):
            await _attack_all(port, outcome, wanted * part // PARTS, seed + part, good)
            memory_mb.append(resident_mb(relay.pid))
        seconds = time.monotonic() - begun_s
        health = await asyncio.to_thread(requests.get, f"{base}/health", timeout=10)
        desk.close()
    finally:
        relay.terminate()
        await relay.wait()
    (folder / "first-bad").write_bytes(outcome.first_bad)
    return Report(
        requests=outcome.sent,
        seconds=seconds,
        resident_mb=tuple(round(each, 1) for each in memory_mb),
        statuses=dict(outcome.statuses),
        echoes=outcome.echoes,
        marked=tuple(path.name for path in (folder / "relay").rglob("*") if MARK.encode() in _octets(path)),
        log=log.read_text(errors="replace"),
        is_serving=health.status_code == 200,
    )


def _octets(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def main() -> int:
    """Run, print the figures, and judge them."""
    numbers = [int(argument) for argument in sys.argv[1:]]
    wanted, seed = (*numbers, *(1_000_000, 1)[len(numbers) :])
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(run(wanted, seed, Path(folder)))
        if report.faults:
            Path(tempfile.gettempdir(), "hostile-first-bad").write_bytes(Path(folder, "first-bad").read_bytes())
    figures = {
        "requests": report.requests,
        "seconds": round(report.seconds, 1),
        "resident_mb": report.resident_mb,
        "answers": dict(sorted(report.statuses.items())),
    }
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.write("".join(f"NOT met: {fault}\n" for fault in report.faults) or "met\n")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
