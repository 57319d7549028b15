"""How long labelling an address takes, beside iporigin's own look-up, and how long laying the lists takes.

Run as `python tests/bench/label_speed.py`.  The ratio is judged, as a busy machine slows both sides; the times are
printed beside their limits: 5 us an address, and half a second for all lists at a start.
"""

import ipaddress
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from iporigin import classify

from relay.wire.labels import Address, Labels, built_in

COUNT = 20_000
ROUNDS = 5
MAX_US = 5.0
MAX_RATIO = 0.25
MAX_START_S = 0.5


def sample() -> list[Address]:
    """Return addresses of both kinds, most anywhere, a third on a list."""
    chance = random.Random(1)
    found: list[Address] = []
    for _ in range(COUNT // 3):
        found.append(ipaddress.IPv4Address(chance.getrandbits(32)))
        found.append(ipaddress.IPv6Address(0x2000 << 112 | chance.getrandbits(125)))
    for each in built_in():
        for first, last in chance.sample(each.ipv4, min(len(each.ipv4), COUNT // 36)):
            found.append(ipaddress.IPv4Address(chance.randint(first, last)))
    chance.shuffle(found)
    return found


def us_each(work: Callable[[Address], object], addresses: list[Address]) -> float:
    """Return the median time of one call in microseconds."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for address in addresses:
            work(address)
        times.append((time.perf_counter() - began) / len(addresses) * 1e6)
    return statistics.median(times)


def main() -> int:
    """Print the figures and return the exit code."""
    began = time.perf_counter()
    labels = Labels(built_in())
    start_s = time.perf_counter() - began
    addresses = sample()
    ours_us, theirs_us = us_each(labels.of, addresses), us_each(classify, addresses)
    ratio = ours_us / theirs_us
    labelled = sum(bool(labels.of(address)) for address in addresses)
    report = [
        f"laying all built-in lists: {start_s * 1000:.0f} ms (limit {MAX_START_S * 1000:.0f})",
        f"{len(addresses)} addresses, {labelled} on a list: {ours_us:.2f} us each (limit {MAX_US})",
        f"iporigin's own look-up: {theirs_us:.2f} us; ratio {ratio:.3f} (limit {MAX_RATIO})",
    ]
    sys.stdout.write("\n".join(report) + "\n")
    return int(ratio > MAX_RATIO or start_s > MAX_START_S)


if __name__ == "__main__":
    sys.exit(main())
