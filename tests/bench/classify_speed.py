"""How long judging takes a hit: `python tests/bench/classify_speed.py`.

Prints microseconds of processor time for a hit, and the same as a ratio to a fixed piece of work done in the same run,
which a slower or busier machine does not alter: with programs met before, with every program new, and in a flood.
"""

import hashlib
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from desktop.core import agents
from desktop.core.circumstances import HitContext
from desktop.core.classify import ruled_copy
from desktop.core.correction import Correction, Who, corrected, shape_of
from relay.wire.hit import Hit
from tests.fakes import samples
from tests.fakes.samples import SENT_AT, click, hit

COPIES = 300
ROUNDS = 5
PROGRAMS = (
    samples.THUNDERBIRD,
    samples.OUTLOOK,
    samples.CHROME,
    samples.SAFARI,
    samples.GMAIL_PROXY,
    "Mozilla/5.0 (compatible; Somebot/1.0; +http://example.com/bot)",
    "python-requests/2.32.0",
    "",
)
LABELS = ((), (), (), ("google-fetchers",), ("microsoft-cloud",), ("proofpoint",))
HEADERS = {"sec-fetch-dest": "image"}


def copies(variant: str) -> list[list[Hit]]:
    """Return the hits of many copies: pictures over days, three links, all programs and networks; new names each."""
    return [
        [
            *(
                hit(
                    after_s=60.0 * (number + 1) ** 2,
                    agent=f"{program} {variant}{copy}".strip() if variant else program,
                    labels=LABELS[(copy + number) % len(LABELS)],
                    headers=HEADERS,
                )
                for number, program in enumerate(PROGRAMS)
            ),
            *(click(after_s=900.0 + link, token_id=bytes([link]) * 12) for link in range(3)),
        ]
        for copy in range(COPIES)
    ]


def context() -> HitContext:
    """Return what a long-used desktop knows: own networks, a reply, some corrections."""
    corrections = tuple(
        Correction(id=number, hit_id=bytes(16), who=who, at=SENT_AT, shape=shape_of(hit(), who, "ben@becker.example"))
        for number, who in enumerate([Who.RECIPIENT] * 20)
    )
    return HitContext(
        sent_at=SENT_AT,
        known=True,
        link_count=3,
        own_sources=frozenset(bytes([number]) * 8 for number in range(2, 200)),
        own_programs=frozenset({"Thunderbird", agents.program_shape(samples.FIREFOX)}),
        own_seen=frozenset({("203.0.113.0/24", 20_000)}),
        replied_at_ms=round(SENT_AT.timestamp() * 1000) + 1_800_000,
        corrections=corrections,
    )


def best_s(work: Callable[[], object]) -> float:
    """Return the best processor time of several rounds."""
    times = []
    for _ in range(ROUNDS):
        begun_s = time.process_time()
        work()
        times.append(time.process_time() - begun_s)
    return min(times)


def fixed_work() -> bytes:
    """Do the piece of work that the ratio is to: 2,000 digests of a kilobyte."""
    digest = bytes(1024)
    for _ in range(2_000):
        digest = hashlib.sha256(digest).digest() * 32
    return digest


def main() -> None:
    """Measure and print."""
    known = context()
    floods = [
        [
            click(after_s=600 + number / 100, token_id=bytes([number % 9]) * 12, agent=f"x{number % 2}")
            for number in range(300)
        ]
    ]
    unit_s = best_s(fixed_work) / 2_000
    print(f"fixed work: {unit_s * 1e6:.2f} us for a digest of a kilobyte")  # noqa: T201 - the output is the terminal
    for title, variant, settings, given in (
        ("programs met before, nothing corrected", "", replace(known, corrections=()), None),
        ("programs met before, 20 corrections", "", known, None),
        ("every program new, 20 corrections", "x", known, None),
        ("300 clicks on 9 links within 3 seconds", "", replace(known, link_count=9), floods),
    ):
        piles = given or copies(variant)

        def work(piles: list[list[Hit]] = piles, variant: str = variant, settings: HitContext = settings) -> None:
            if variant:
                agents.read_agent.cache_clear()
                agents.program_shape.cache_clear()
            for pile in piles:
                for one, judged in zip(pile, ruled_copy(pile, settings), strict=True):
                    corrected(one, judged, settings.address, settings.corrections)

        each_s = best_s(work) / sum(len(pile) for pile in piles)
        print(f"{title}: {each_s * 1e6:.1f} us a hit, {each_s / unit_s:.1f} times the fixed work")  # noqa: T201 - the output is the terminal


if __name__ == "__main__":
    main()
