"""A system-call trace that shows a picture's hit on the disk before its answer leaves: needs strace.

The relay runs under `strace -f`; one picture is asked for; between the read of the request and the write of the
answer there must be a completed fdatasync (or fsync) of the database's log.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.relay_wake import Now  # noqa: E402 - run as a script, the tree is not yet on the path
from tests.relay.desk import Desk  # noqa: E402

CALLS = "trace=fdatasync,fsync,read,recvfrom,write,sendto,writev,sendmsg"
RESUMED = re.compile(r"<\.\.\. (?:fdatasync|fsync) resumed>")


def kind_of(line: str) -> str | None:
    """Return what a traced call means here."""
    if "GET /open/" in line:
        return "request read"
    if "image/gif" in line:
        return "answer written"
    if re.search(r"\b(?:fdatasync|fsync)\(\d+\)\s+= 0", line) or RESUMED.search(line):
        return "on the disk"
    return None


def main() -> int:
    """Trace one picture and print the calls that matter, in order."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace"
        command = [sys.executable, "-m", "relay", "serve", "--data", f"{folder}/relay", "--port", "0"]
        command = ["strace", "-f", "-tt", "-s", "400", "-e", CALLS, "-o", str(trace), *command, "--open-registration"]
        relay = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert relay.stdout is not None
        desk = Desk(relay.stdout.readline().split()[-1], Now())
        assert desk.get(desk.open_url()).status_code == 200
        desk.close()
        traced = Path(f"/proc/{relay.pid}/task/{relay.pid}/children").read_text().split()
        os.kill(int(traced[0]), signal.SIGTERM)  # strace itself keeps signals from its child.
        relay.wait(20)
        lines = trace.read_text(errors="replace").splitlines()
    kinds = [(kind, line) for line in lines if (kind := kind_of(line))]
    start = next(index for index, (kind, _) in enumerate(kinds) if kind == "request read")
    shown = kinds[start : start + 1 + [kind for kind, _ in kinds[start:]].index("answer written")]
    for kind, line in shown:
        sys.stdout.write(f"{kind:15} {re.sub('/open/[^ ]*', '/open/…', line)[:110]}\n")
    is_durable_first = "on the disk" in [kind for kind, _ in shown[:-1]]
    sys.stdout.write(f"on the disk before the answer: {is_durable_first}\n")
    return 0 if is_durable_first else 1


if __name__ == "__main__":
    sys.exit(main())
