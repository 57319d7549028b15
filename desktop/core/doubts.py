"""What takes from a hit that it is somebody's for sure: the sender may have looked, or a machine's pace was seen.

The rules judge a hit by its looks.  What they would count, or what the user's word on one like it would, has to stand
against each of these; the first that holds makes it unknown.
"""

from collections.abc import Callable
from typing import Final

from desktop.core.agents import fetcher_name, program_shape
from desktop.core.case import Case, unknown
from desktop.core.circumstances import HitContext
from desktop.core.verdict import Judgement, Verdict
from relay.wire.hit import Hit

_DAY_MS: Final = 86_400_000


def is_after_reply(hit: Hit, context: HitContext) -> bool:
    """Return whether a hit came when the reply could show the mail to the user."""
    return context.replied_at_ms is not None and hit.at_ms >= context.replied_at_ms


def is_witness(hit: Hit, context: HitContext) -> bool:
    """Return whether a hit shows that its program had the copy before the reply showed it to the user."""
    return not is_after_reply(hit, context) and hit.same_source not in context.own_sources


def sight(hit: Hit) -> tuple[str, str]:
    """Return what a reader is met again by: the network and the program."""
    return str(hit.network), program_shape(hit.agent)


def doubt(case: Case, judged: Judgement) -> Judgement:
    """Return the first doubt that holds against what the rules say, else what they say."""
    for each in DOUBTS:
        found = each(case, judged.verdict)
        if found is not None:
            return found
    return judged


def _own_network(case: Case, _: Verdict) -> Judgement | None:
    if case.hit.same_source in case.context.own_sources:
        return unknown("own-network", "it came from your own address; it may have been you")
    return None


def _own_site(case: Case, _: Verdict) -> Judgement | None:
    """In IPv6 each device has addresses of its own, which change by the day: an own /48 is all that is known."""
    network = case.hit.network
    if network.version == 6 and str(network) in case.context.own_networks:
        return unknown("own-site", "it came from your own network, where addresses change; it may have been you")
    return None


def _own_program(case: Case, _: Verdict) -> Judgement | None:
    """Apple's relay hides whose a request is, and so does a day on which the own mark at that network is not known."""
    if not case.is_own_program:
        return None
    if case.is_private_relay:
        reason = "it came from a program of yours through Apple's Private Relay, which hides from where"
        return unknown("own-program", f"{reason}; it may have been you")
    network = str(case.hit.network)
    is_known_day = (network, case.hit.at_ms // _DAY_MS) in case.context.own_seen
    if network in case.context.own_networks and not is_known_day:
        reason = "it came from your own network and program, on a day when Readback was not seen there"
        return unknown("own-program", f"{reason}; it may have been you")
    return None


def _too_early(case: Case, _: Verdict) -> Judgement | None:
    return unknown("too-early", f"{case.timing}: too early to tell") if case.is_early else None


def _after_burst(case: Case, _: Verdict) -> Judgement | None:
    begun_ms = case.pace.burst_at_ms.get((case.hit.same_source, case.hit.agent))
    if begun_ms is not None and begun_ms <= case.hit.at_ms:
        return unknown("after-burst", "the same program at the same address had followed all links at once")
    return None


def _haste(case: Case, _: Verdict) -> Judgement | None:
    """Two links at once from one address; a picture beside them, in the same program, is as doubtful."""
    ids = {case.hit.id} | {each.id for each in case.beside() if not case.is_click and each.agent == case.hit.agent}
    if ids & case.pace.hasty:
        return unknown("haste", "two different links were followed from this address at once")
    return None


def _after_reply(case: Case, verdict: Verdict) -> Judgement | None:
    """Doubt after a reply, which quotes the mail: whoever had it before is met again, but not behind a proxy."""
    if case.is_click or not is_after_reply(case.hit, case.context):
        return None
    if verdict is not Verdict.IMAGE_PROXY and _was_seen_before_reply(case):
        return None
    return unknown("after-reply", "it came after an answer, which shows the mail to you too; it may have been you")


def _was_seen_before_reply(case: Case) -> bool:
    return any(sight(each) == sight(case.hit) for each in case.context.siblings if is_witness(each, case.context))


def _own_proxy(case: Case, verdict: Verdict) -> Judgement | None:
    """Doubt where the provider that files what was sent shows it through the proxy that recipients have too."""
    proxy, clean_at_ms = fetcher_name(case.hit.agent, case.labels), case.context.sent_clean_at_ms
    is_clean = clean_at_ms is not None and case.hit.at_ms >= clean_at_ms
    if verdict is not Verdict.IMAGE_PROXY or proxy not in case.context.own_proxies or is_clean:
        return None
    reason = f"your own Sent folder held this mail too, and {proxy} fetches pictures for you both"
    return unknown("own-proxy", f"{reason}; it may have been you")


DOUBTS: Final[tuple[Callable[[Case, Verdict], Judgement | None], ...]] = (
    _own_network,
    _own_site,
    _own_program,
    _too_early,
    _after_burst,
    _haste,
    _after_reply,
    _own_proxy,
)
