"""How long from a recipient's request to a status the windows can read: `python tests/bench/hit_to_status.py [COUNT]`.

A real relay process, a real poller and store on this disk; one picture at a time, kept alive.
Two figures each: until the picture was answered (after the commit at the relay), and until the card says "opened".
"""

import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import requests

from desktop.core.status import Rung
from desktop.store.mail import cards
from desktop.tracking.poller import Link
from tests.fakes.relay_process import RelayProcess
from tests.fakes.samples import THUNDERBIRD
from tests.tracking.desktop_side import DesktopSide

WAIT_S = 10.0


def measure(desk: DesktopSide, count: int) -> tuple[list[float], list[float]]:
    """Return the seconds to the picture and the seconds to the opened card, for `count` copies."""
    pictures, cards_s = [], []
    told = threading.Event()
    desk.store.subscribe(lambda change: told.set() if change.notices else None)
    headers = {"User-Agent": THUNDERBIRD, "X-Forwarded-For": "198.51.100.23"}
    with requests.Session() as session:
        for number in range(count):
            url = desk.send(f"person{number}@recipients.example")
            told.clear()
            begun_s = time.perf_counter()
            session.get(url, headers=headers, timeout=WAIT_S)
            pictures.append(time.perf_counter() - begun_s)
            assert told.wait(WAIT_S)
            (card,) = cards(desk.store, limit=1, search=f"person{number}@")
            cards_s.append(time.perf_counter() - begun_s)
            assert card.rung is Rung.OPENED
    return pictures, cards_s


def figures(name: str, seconds: list[float]) -> str:
    """Return one line of median and 95th percentile in milliseconds."""
    p95 = statistics.quantiles(seconds, n=20)[-1]
    return f"{name:<32} p50 {statistics.median(seconds) * 1000:6.2f} ms   p95 {p95 * 1000:6.2f} ms"


def main() -> None:
    """Run the measurement and print its figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder, RelayProcess(Path(folder) / "relay") as relay:
        desk = DesktopSide(relay.url, Path(folder) / "store.sqlite")
        desk.poller().start()
        desk.wait_for_state(lambda state: state.link is Link.LISTENING and state.network != "")
        pictures, cards_s = measure(desk, count)
        desk.close()
    sys.stdout.write(f"{count} hits, one at a time\n")
    sys.stdout.write(figures("picture answered (durable)", pictures) + "\n")
    sys.stdout.write(figures("status readable (durable)", cards_s) + "\n")
    after = [late - early for early, late in zip(pictures, cards_s, strict=True)]
    sys.stdout.write(figures("from answer to status", after) + "\n")


if __name__ == "__main__":
    main()
