"""How long rewriting takes, beside reading and writing the same mail with Python's own email package.

Run as `python tests/bench/rewrite_speed.py`.  The ratios are judged, as a busy machine slows both sides; the times are
recorded beside their limits of 0.5 ms (median over the client messages) and 3 ms (a 5 MB attachment).
"""

import base64
import email
import email.policy
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from desktop.core.disclosure import AddedLine
from desktop.core.ownmarks import OwnMarks, without_own_marks
from desktop.core.permission import SEEING
from desktop.core.rewrite import Additions, Survey, splice, survey
from relay.wire.urls import click_url, open_url, stop_url

BASE = "https://read.example.net"
TOKEN = "A" * 72
SENTENCE = "As agreed on 3 May, I (Alice) can see when you open this mail or use its links, to time my follow-up."
MAX_MEDIAN_MS = 0.5
MAX_LARGE_MS = 3.0
MAX_RATIO = 0.5
MAX_LARGE_RATIO = 0.03
# Of what every mail costs, also where nothing is added.
MAX_CLEAN_RATIO = 0.1
REPEATS = 21


def rewritten(raw: bytes) -> bytes:
    """Survey a message and splice one copy with everything on."""
    found = survey(raw, own_bases=frozenset({BASE}))
    if not isinstance(found, Survey):
        return raw
    line = AddedLine(before=SENTENCE, link_text="See or stop", url=stop_url(BASE, TOKEN))
    links = {link: click_url(BASE, TOKEN, link) for link in found.links}
    return splice(found, Additions(picture_url=open_url(BASE, TOKEN), link_urls=links, line=line, purposes=SEEING))


def cleaned(raw: bytes) -> bytes:
    """Look for own marks in a message that holds none."""
    return without_own_marks(raw, OwnMarks(bases=frozenset({BASE}), channel_ids=frozenset({b"some channel"})))


def reserialised(raw: bytes) -> bytes:
    """Read a message into objects and write it again: what rewriting is compared with."""
    return email.message_from_bytes(raw, policy=email.policy.SMTP).as_bytes()


def large_message() -> bytes:
    """Return an alternative with a 5 MB attachment in base64."""
    content = random.Random(1).randbytes(5_000_000)
    lines = base64.encodebytes(content).replace(b"\n", b"\r\n")
    small = (Path(__file__).parents[1] / "data/clients/071-php-phpmailer.eml").read_bytes()
    return small.replace(b"YSxiCjEsMgo=\r\n", lines)


def median_ms(work: Callable[[bytes], bytes], raw: bytes, repeats: int = REPEATS) -> float:
    """Return the median time of one call in milliseconds."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work(raw)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def main() -> int:
    """Print the figures and return the exit code."""
    messages = [path.read_bytes() for path in sorted((Path(__file__).parents[1] / "data/clients").glob("*.eml"))]
    all_ms = [median_ms(rewritten, raw) for raw in messages]
    tracked = [(raw, ms) for raw, ms in zip(messages, all_ms, strict=True) if rewritten(raw) != raw]
    parser_ms = [median_ms(reserialised, raw, 3) for raw, _ in tracked]
    median = statistics.median(ms for _, ms in tracked)
    large = large_message()
    large_ms, large_parser_ms = median_ms(rewritten, large), median_ms(reserialised, large, 3)
    clean_ms = statistics.median(median_ms(cleaned, raw) for raw, _ in tracked)
    clean_ratio = clean_ms / statistics.median(parser_ms)
    ratio, large_ratio = median / statistics.median(parser_ms), large_ms / large_parser_ms
    report = [
        f"{len(messages)} client messages: median {statistics.median(all_ms):.3f} ms, slowest {max(all_ms):.3f} ms",
        (
            f"{len(tracked)} tracked ones: median {median:.3f} ms (limit {MAX_MEDIAN_MS}), {ratio:.2f} of email's"
            f" parse and serialise (limit {MAX_RATIO})"
        ),
        (
            f"looked through for own marks alone: median {clean_ms:.3f} ms, {clean_ratio:.2f} of the same (limit"
            f" {MAX_CLEAN_RATIO}); the large one {median_ms(cleaned, large):.3f} ms"
        ),
        (
            f"{len(large) / 1e6:.1f} MB message: median {large_ms:.3f} ms (limit {MAX_LARGE_MS}), {large_ratio:.4f} of"
            f" the same (limit {MAX_LARGE_RATIO})"
        ),
    ]
    sys.stdout.write("\n".join(report) + "\n")
    return int(ratio > MAX_RATIO or large_ratio > MAX_LARGE_RATIO or clean_ratio > MAX_CLEAN_RATIO)


if __name__ == "__main__":
    sys.exit(main())
