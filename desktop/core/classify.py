"""What a hit means: the rules in their order, the first that fits decides.

Each rule is one function that returns a judgement or None, so that the order can be read off `RULES`.  What no rule
proves is unknown: a machine called a person is the lie every other tracker tells.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from desktop.core.agents import Agent, Family, is_full_safari, program_shape, read_agent
from desktop.core.burst import BURST_MS, burst_clicks
from desktop.core.circumstances import HitContext, Telltale
from desktop.core.correction import corrected
from desktop.core.verdict import Confidence, Judgement, Verdict
from relay.wire.hit import Hit, HitKind

_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 86_400_000

_APPLE: Final = "apple-egress"
_GOOGLE: Final = "google-fetchers"
# Filtering tiers, from which nobody reads mail.
_SCANNER_NETWORKS: Final = {"exchange-protection": "Microsoft's mail filter", "barracuda": "Barracuda's mail filter"}
# Scanners at delivery, and later perhaps people in their browser isolation.
_GATEWAYS: Final = {
    "proofpoint": "Proofpoint",
    "mimecast": "Mimecast",
    "ironport": "IronPort",
    "trend-micro": "Trend Micro",
}
_MICROSOFT: Final = "microsoft-cloud"
_CLOUDS: Final = frozenset({_MICROSOFT, _GOOGLE, "google-cloud", "amazon-cloud", "other-cloud"})
# Many people and machines share these addresses, so an equal source mark proves nothing there.
_SHARED_EGRESS: Final = frozenset({_APPLE, _GOOGLE})
_OF_PEOPLE: Final = frozenset({Family.MAIL_CLIENT, Family.IN_APP, Family.GMAIL_PROXY, Family.OTHER_PROXY})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A hit with what every rule asks of it; `after_s` is negative for a hit before the sending.

    `bursting` are the ids of the copy's clicks that are part of a burst.
    """

    hit: Hit
    context: HitContext
    agent: Agent
    labels: frozenset[str]
    telltales: frozenset[Telltale]
    bursting: frozenset[bytes]
    after_s: float

    @property
    def is_click(self) -> bool:
        return self.hit.kind is HitKind.CLICK

    @property
    def is_early(self) -> bool:
        return self.after_s < self.context.window_s

    @property
    def timing(self) -> str:
        if self.after_s < 0:
            return "it came before the mail was handed over"
        return f"it came {self.after_s:.0f} s after sending"


def judge(hit: Hit, context: HitContext) -> Judgement:
    """Return the verdict on one hit: the rules', then what the user said of it or of one like it."""
    return corrected(hit, ruled(hit, context), context.address, context.corrections)


def ruled(hit: Hit, context: HitContext) -> Judgement:
    """Return the rules' verdict on one hit among its siblings, whose order does not matter."""
    return _ruled(hit, context, burst_clicks((hit, *context.siblings), context.link_count))


def _ruled(hit: Hit, context: HitContext, bursting: frozenset[bytes]) -> Judgement:
    sent_ms = hit.at_ms if context.sent_at is None else context.sent_at.timestamp() * 1000
    case = _Case(
        hit=hit,
        context=context,
        agent=read_agent(hit.agent),
        labels=frozenset(label.name for label in hit.labels),
        telltales=context.telltales.get(hit.id, frozenset()),
        bursting=bursting,
        after_s=(hit.at_ms - sent_ms) / 1000,
    )
    for rule in RULES:
        judgement = rule(case)
        if judgement is not None:
            return judgement
    return _unknown("nothing-fits", "nothing about it is proven")


def judge_copy(hits: Sequence[Hit], context: HitContext, aged: Sequence[Hit] = ()) -> tuple[Judgement, ...]:
    """Return the verdicts on all hits of one copy, in the order given; `ruled_copy` with the user's corrections."""
    return tuple(
        corrected(hit, judgement, context.address, context.corrections)
        for hit, judgement in zip(hits, ruled_copy(hits, context, aged), strict=True)
    )


def ruled_copy(hits: Sequence[Hit], context: HitContext, aged: Sequence[Hit] = ()) -> tuple[Judgement, ...]:
    """Return the rules' verdicts on all hits of one copy, in the order given; `context.siblings` is not looked at.

    Each is judged among the hits that are near enough in time to matter, so many hits on a copy stay cheap.  `aged`
    are hits of the copy whose times were cut to the minute: they only witness who had seen it before a reply came.
    """
    ordered = sorted(hits, key=lambda each: each.at_ms)
    times = [each.at_ms for each in ordered]
    witnesses = _witnesses(ordered, aged, context)
    bursting = burst_clicks(ordered, context.link_count)
    judgements = []
    for hit in hits:
        near = ordered[bisect_left(times, hit.at_ms - BURST_MS) : bisect_right(times, hit.at_ms + BURST_MS)]
        siblings = tuple(each for each in near if each.id != hit.id)
        if _is_after_reply(hit, context) and _sight(hit) in witnesses:
            siblings = (*siblings, witnesses[_sight(hit)])
        judgements.append(_ruled(hit, replace(context, siblings=siblings), bursting))
    return tuple(judgements)


def _witnesses(ordered: Sequence[Hit], aged: Sequence[Hit], context: HitContext) -> dict[tuple[str, str], Hit]:
    """Return one hit for each network and program that was seen on the copy before a reply came."""
    if context.replied_at_ms is None:
        return {}
    certain_ms = context.replied_at_ms - _MINUTE_MS
    earlier = (*(each for each in aged if each.at_ms <= certain_ms), *ordered)
    return {_sight(each): each for each in earlier if _is_witness(each, context)}


def _is_witness(hit: Hit, context: HitContext) -> bool:
    """Return whether a hit shows that its program had the copy before the reply showed it to the user."""
    return not _is_after_reply(hit, context) and hit.same_source not in context.own_sources


def _is_after_reply(hit: Hit, context: HitContext) -> bool:
    return context.replied_at_ms is not None and hit.at_ms >= context.replied_at_ms


def _sight(hit: Hit) -> tuple[str, str]:
    return str(hit.network), program_shape(hit.agent)


def _judgement(verdict: Verdict, rule: str, confidence: Confidence, reason: str) -> Judgement:
    return Judgement(verdict=verdict, rule=rule, confidence=confidence, reason=reason)


def _scanner(rule: str, confidence: Confidence, reason: str) -> Judgement:
    return _judgement(Verdict.SCANNER, rule, confidence, reason)


def _unknown(rule: str, reason: str) -> Judgement:
    return _judgement(Verdict.UNKNOWN, rule, Confidence.LOW, reason)


def _own_view(case: _Case) -> Judgement | None:
    """Rule 1: the sender's own view; a token without a record, as after a restore, is unknown."""
    if not case.context.known:
        return _unknown("unknown-token", "Readback has no record of this mail")
    if case.context.sent_at is None:
        return _judgement(Verdict.SELF, "never-sent", Confidence.HIGH, "this copy was never sent to anybody")
    if Telltale.OWN_MARK in case.telltales:
        return _judgement(Verdict.SELF, "own-mark", Confidence.HIGH, "the request bore your own mark")
    if case.hit.same_source in case.context.own_sources and _is_own_program(case):
        return _judgement(Verdict.SELF, "own-view", Confidence.MEDIUM, "it came from your own address and program")
    return None


def _preview(case: _Case) -> Judgement | None:
    """Rule 2: a program that shows a preview of a pasted link; in-app browsers of people are another family."""
    if Telltale.PREFETCH in case.telltales:
        reason = "a browser fetched it ahead, in case somebody should want it"
        return _judgement(Verdict.PREVIEW, "link-prefetch", Confidence.HIGH, reason)
    if case.agent.family is Family.PREVIEW:
        reason = "the program says that it makes link previews"
        return _judgement(Verdict.PREVIEW, "preview-bot", Confidence.HIGH, reason)
    return None


_SAYS_SO: Final = {
    Family.SCANNER: ("named-scanner", "the program says that it is a scanner"),
    Family.LIBRARY: ("http-library", "the program is a script's, not one that people read mail with"),
    Family.ROBOT: ("named-robot", "the program says that it is a robot"),
}
_GIVES_AWAY: Final = {
    Telltale.ALTERED_TOKEN: ("altered-token", "it asked for an altered address, as no reader does"),
    Telltale.HIDDEN_LINK: ("hidden-link", "a link that nobody can see was followed"),
    Telltale.HEAD: ("head-request", "it asked only whether there is something, and did not want to see it"),
}


def _says_so(case: _Case) -> Judgement | None:
    """Rule 3: a scanner that names itself, an HTTP library, or a request that no reader makes."""
    if case.agent.family in _SAYS_SO:
        return _scanner(_SAYS_SO[case.agent.family][0], Confidence.HIGH, _SAYS_SO[case.agent.family][1])
    for telltale, (rule, reason) in _GIVES_AWAY.items():
        if telltale in case.telltales:
            return _scanner(rule, Confidence.HIGH, reason)
    return None


def _scanner_network(case: _Case) -> Judgement | None:
    """Rule 4: networks of mail filters; those that may carry people later are judged by the window."""
    for label in sorted(case.labels & _SCANNER_NETWORKS.keys()):
        return _scanner(label, Confidence.HIGH, f"it came from {_SCANNER_NETWORKS[label]}")
    for label in sorted(case.labels & _GATEWAYS.keys()):
        if case.is_early:
            return _scanner(label, Confidence.MEDIUM, f"it came from {_GATEWAYS[label]}, and {case.timing}")
        return _unknown(f"{label}-late", f"it came from {_GATEWAYS[label]}, which later may carry people")
    return None


def _burst(case: _Case) -> Judgement | None:
    """Rule 5: all links of a copy within 3 s, or the stop link with others, or two user agents at one address."""
    if _is_in_burst(case):
        count = case.context.link_count
        return _scanner("burst", Confidence.HIGH, f"all {count} links of the mail were followed within 3 seconds")
    if Telltale.STOP_LINK in case.telltales and (case.is_early or _follows_another_link(case)):
        return _scanner("stop-link", Confidence.HIGH, "the link that stops tracking was followed with it")
    if _has_two_agents(case):
        return _scanner("two-agents", Confidence.MEDIUM, "one address used two different programs within 3 seconds")
    return None


def _is_in_burst(case: _Case) -> bool:
    """Return whether a click is one of a burst, or a picture was fetched from where a burst came, at its time."""
    if case.is_click:
        return case.hit.id in case.bursting
    return bool(case.bursting) and any(
        each.id in case.bursting
        and each.same_source == case.hit.same_source
        and abs(each.at_ms - case.hit.at_ms) <= BURST_MS
        for each in case.context.siblings
    )


def _follows_another_link(case: _Case) -> bool:
    """Return whether another link was followed from the same address within 3 s; a person stops, and nothing else."""
    return any(
        each.kind is HitKind.CLICK
        and each.same_source == case.hit.same_source
        and each.token_id != case.hit.token_id
        and abs(each.at_ms - case.hit.at_ms) <= BURST_MS
        for each in case.context.siblings
    )


def _has_two_agents(case: _Case) -> bool:
    """Return whether the hit's address showed another agent too; a mail client that opens a browser is no such case."""
    if case.agent.family in _OF_PEOPLE or case.labels & _SHARED_EGRESS:
        return False
    return any(
        each.same_source == case.hit.same_source
        and each.agent != case.hit.agent
        and abs(each.at_ms - case.hit.at_ms) <= BURST_MS
        and read_agent(each.agent).family not in _OF_PEOPLE
        for each in case.context.siblings
    )


def _prefetch(case: _Case) -> Judgement | None:
    """Rule 6: what Apple and Gmail load by themselves, in agents and from networks of their own."""
    if case.agent.family is Family.BARE:
        if _APPLE in case.labels and not case.is_click:
            reason = "Apple's own network, with the bare name under which its Mail preloads"
            return _judgement(Verdict.PREFETCH, "apple-prefetch", Confidence.HIGH, reason)
        return _unknown("bare-agent", "the program hides its name, and the network is not Apple's")
    if case.agent.family is Family.GMAIL_PREFETCH:
        if _GOOGLE in case.labels and not case.is_click:
            reason = "Google's own network, with the program that Gmail preloads with"
            return _judgement(Verdict.PREFETCH, "gmail-prefetch", Confidence.HIGH, reason)
        return _unknown("gmail-prefetch-elsewhere", "the program calls itself Gmail's, but the network is not Google's")
    return None


def _image_proxy(case: _Case) -> Judgement | None:
    """Rule 7: a mail provider's image proxy, which fetches when the mail is opened.

    Google publishes the addresses of its proxy, and elsewhere its name proves nothing.  Others publish none: their
    names are believed, if with less confidence, but not from the own networks of Google, Apple or a mail filter.
    """
    if case.agent.family is Family.PICTURE_ROBOT:
        return _unknown("picture-robot", "a robot that fetches pictures; whether somebody looked is not known")
    if case.agent.family not in (Family.GMAIL_PROXY, Family.OTHER_PROXY):
        return None
    is_gmails = case.agent.family is Family.GMAIL_PROXY
    if case.is_click or (_GOOGLE not in case.labels if is_gmails else case.labels & _SHARED_EGRESS):
        return _unknown("proxy-unproven", "the program calls itself an image proxy, which its network does not prove")
    if case.is_early:
        return _unknown("proxy-early", f"{case.timing}: too early to tell")
    if _follows_reply(case):
        return _after_reply()
    if is_gmails:
        reason = "Google's own network and image proxy, past the first seconds"
        return _judgement(Verdict.IMAGE_PROXY, "gmail-proxy", Confidence.MEDIUM, reason)
    whose = f"{case.agent.name}'s image proxy" if case.agent.name else "a mail service's image proxy"
    return _judgement(
        Verdict.IMAGE_PROXY, "image-proxy", Confidence.LOW, f"{whose} by its own name, past the first seconds"
    )


def _nameless(case: _Case) -> Judgement | None:
    """Between rules 7 and 8: no name, which no mail program or browser sends, or one that scripts and apps share."""
    if case.agent.family is Family.APP_LIBRARY:
        if case.is_click or case.is_early:
            return _scanner("app-library", Confidence.MEDIUM, "the program is a script's or an app's, without a reader")
        return _unknown("app-library-late", "the program may be a script's or that of an app somebody reads in")
    if case.agent.family is Family.BLANK and Telltale.AGENT_NOT_KNOWN not in case.telltales:
        if case.is_early:
            reason = f"the program gives no name, as no mail program does, and {case.timing}"
            return _scanner("no-name", Confidence.MEDIUM, reason)
        return _unknown("no-name-late", "the program gives no name")
    return None


def _cloud(case: _Case) -> Judgement | None:
    """Rule 8: clicks from clouds are machines at first; pictures from Microsoft's network may be read in webmail."""
    if case.is_click and case.labels & _CLOUDS:
        if case.is_early:
            return _scanner("cloud-click", Confidence.MEDIUM, f"it came from a data centre, and {case.timing}")
        return _unknown("cloud-click-late", "it came from a data centre, where some people have their desktops")
    if not case.is_click and _MICROSOFT in case.labels and case.agent.family is not Family.BLANK:
        if case.is_early:
            return _unknown("microsoft-early", f"{case.timing}: too early to tell")
        if _follows_reply(case):
            return _after_reply()
        reason = "Microsoft's network fetched the picture, as it does for people who read webmail"
        return _judgement(Verdict.IMAGE_PROXY, "microsoft-webmail", Confidence.LOW, reason)
    return None


def _person(case: _Case) -> Judgement | None:
    """Rule 9: a mail client, or a browser with its own headers, at a network where people are, past the window."""
    is_client = case.agent.family in (Family.MAIL_CLIENT, Family.IN_APP)
    if Telltale.OTHER_METHOD in case.telltales:
        return _unknown("other-method", "it did not ask as pictures and links are asked for")
    if not (is_client or _has_browser_headers(case) or _is_private_relay(case)):
        return None
    if case.labels and not _is_private_relay(case):
        return _unknown("listed-network", "it came from a network where machines and people are not told apart")
    if Telltale.NETWORK_NOT_KNOWN in case.telltales:
        return _unknown("network-not-known", "from which network it came is not known")
    maybe_own = _maybe_own(case)
    if maybe_own is not None:
        return maybe_own
    if case.is_early:
        return _unknown("too-early", f"{case.timing}: too early to tell")
    if is_client:
        reason = "ordinary network, known mail client"
        return _judgement(Verdict.PERSON, "mail-client", Confidence.HIGH, reason)
    reason = "ordinary network, a browser with its own headers"
    return _judgement(Verdict.PERSON, "browser", Confidence.MEDIUM, reason)


def _is_own_program(case: _Case) -> bool:
    programs = case.context.own_programs
    return program_shape(case.hit.agent) in programs or (case.agent.name != "" and case.agent.name in programs)


def _maybe_own(case: _Case) -> Judgement | None:
    """Rule 1 once more, for what is left: a hit that may be the sender's own view is nobody's."""
    hit, context = case.hit, case.context
    if hit.same_source in context.own_sources:
        return _unknown("own-network", "it came from your own address; it may have been you")
    network = str(hit.network)
    is_known_day = (network, hit.at_ms // _DAY_MS) in context.own_seen
    if not is_known_day and network in context.own_networks and _is_own_program(case):
        reason = "it came from your own network and program, while Readback was off; it may have been you"
        return _unknown("own-program", reason)
    if _follows_reply(case) and not _was_seen_before_reply(case):
        return _after_reply()
    return None


def _after_reply() -> Judgement:
    return _unknown("after-reply", "it came after the reply, which shows the mail to you too; it may have been you")


def _follows_reply(case: _Case) -> bool:
    return not case.is_click and _is_after_reply(case.hit, case.context)


def _was_seen_before_reply(case: _Case) -> bool:
    """Return whether the same program read the copy from the same network before the reply showed it to the user."""
    return any(_sight(each) == _sight(case.hit) for each in case.context.siblings if _is_witness(each, case.context))


def _has_browser_headers(case: _Case) -> bool:
    """Return whether the fetch metadata fit what was asked for (Fetch Metadata Request Headers, W3C, 2.1)."""
    fitting = ("document", "iframe") if case.is_click else ("image",)
    return case.agent.family is Family.BROWSER and case.hit.headers.get("sec-fetch-dest", "") in fitting


def _is_private_relay(case: _Case) -> bool:
    """Return whether somebody browses with Safari through Apple's Private Relay, which shares the egress list."""
    return case.labels == frozenset({_APPLE}) and is_full_safari(case.hit.agent)


RULES: Final[tuple[Callable[[_Case], Judgement | None], ...]] = (
    _own_view,
    _preview,
    _says_so,
    _scanner_network,
    _burst,
    _prefetch,
    _image_proxy,
    _nameless,
    _cloud,
    _person,
)
