"""What a hit means: the rules in their order, the first that fits decides.

Each rule is one function that returns a judgement or None, so that the order can be read off `RULES`.  What no rule
proves is unknown: a machine called a person is the lie every other tracker tells.  What the rules would count has to
stand against the doubts of core.doubts too.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from desktop.core.agents import Family, read_agent
from desktop.core.burst import BURST_MS, Pace, pace_of
from desktop.core.case import (
    APPLE,
    CLOUDS,
    GOOGLE,
    MICROSOFT,
    OF_PEOPLE,
    Case,
    judgement,
    scanner,
    unknown,
)
from desktop.core.circumstances import HitContext, Telltale
from desktop.core.correction import FOLLOWS_RECIPIENT, corrected
from desktop.core.doubts import doubt, is_after_reply, is_witness, sight
from desktop.core.programs import AN_APP
from desktop.core.verdict import Confidence, Judgement, Verdict
from relay.wire.hit import Hit, HitKind

_MINUTE_MS: Final = 60_000
_BURST_RULE: Final = "burst"

# Filtering tiers, from which nobody reads mail.
_SCANNER_NETWORKS: Final = {"exchange-protection": "Microsoft's mail filter", "barracuda": "Barracuda's mail filter"}
# Scanners at delivery, and later perhaps people in their browser isolation.
_GATEWAYS: Final = {
    "proofpoint": "Proofpoint",
    "mimecast": "Mimecast",
    "ironport": "IronPort",
    "trend-micro": "Trend Micro",
}
# Many people and machines share these addresses, so an equal source mark proves nothing there.
_SHARED_EGRESS: Final = {APPLE: "Apple", GOOGLE: "Google"}


def judge(hit: Hit, context: HitContext) -> Judgement:
    """Return the verdict on one hit: the rules', then what the user said of it or of one like it."""
    return corrected(hit, ruled(hit, context), context.address, context.corrections)


def ruled(hit: Hit, context: HitContext) -> Judgement:
    """Return the rules' verdict on one hit among its siblings, whose order does not matter."""
    return _ruled(hit, context, pace_of((hit, *context.siblings), context.link_count))


def _ruled(hit: Hit, context: HitContext, pace: Pace) -> Judgement:
    sent_ms = hit.at_ms if context.sent_at is None else context.sent_at.timestamp() * 1000
    case = Case(
        hit=hit,
        context=context,
        agent=read_agent(hit.agent),
        labels=frozenset(label.name for label in hit.labels),
        telltales=context.telltales.get(hit.id, frozenset()),
        pace=pace,
        after_s=(hit.at_ms - sent_ms) / 1000,
    )
    judged = _by_rule(case)
    return doubt(case, judged) if judged.notifies or judged.rule in FOLLOWS_RECIPIENT else judged


def _by_rule(case: Case) -> Judgement:
    for rule in RULES:
        judged = rule(case)
        if judged is not None:
            return judged
    return unknown("nothing-fits", "nothing about it is proven")


def ruled_copy(
    hits: Sequence[Hit], context: HitContext, aged: Sequence[tuple[Hit, Judgement]] = ()
) -> tuple[Judgement, ...]:
    """Return the rules' verdicts on all hits of one copy, in the order given; `context.siblings` is not looked at.

    Each is judged among the hits that are near enough in time to matter, so many hits on a copy stay cheap.  `aged`
    are hits of the copy whose times were cut to the minute, with what the rules said before: they only witness who had
    seen it before a reply came, and who had followed all links at once.
    """
    ordered = sorted(hits, key=lambda each: each.at_ms)
    times = [each.at_ms for each in ordered]
    witnesses = _witnesses(ordered, [hit for hit, _ in aged], context)
    burst = [hit for hit, judged in aged if judged.rule == _BURST_RULE and hit.kind is HitKind.CLICK]
    pace = pace_of(ordered, context.link_count, burst)
    judgements = []
    for hit in hits:
        near = ordered[bisect_left(times, hit.at_ms - BURST_MS) : bisect_right(times, hit.at_ms + BURST_MS)]
        siblings = tuple(each for each in near if each.id != hit.id)
        if is_after_reply(hit, context) and sight(hit) in witnesses:
            siblings = (*siblings, witnesses[sight(hit)])
        judgements.append(_ruled(hit, replace(context, siblings=siblings), pace))
    return tuple(judgements)


def _witnesses(ordered: Sequence[Hit], aged: Sequence[Hit], context: HitContext) -> dict[tuple[str, str], Hit]:
    """Return one hit for each network and program that was seen on the copy before a reply came."""
    if context.replied_at_ms is None:
        return {}
    certain_ms = context.replied_at_ms - _MINUTE_MS
    earlier = (*(each for each in aged if each.at_ms <= certain_ms), *ordered)
    return {sight(each): each for each in earlier if is_witness(each, context)}


def _own_view(case: Case) -> Judgement | None:
    """Rule 1: the sender's own view; a token without a record, as after a restore, is unknown."""
    if not case.context.known:
        return unknown("unknown-token", "Readback has no record of this mail")
    if case.context.sent_at is None:
        return judgement(Verdict.SELF, "never-sent", Confidence.HIGH, "this copy was never sent to anybody")
    if Telltale.OWN_MARK in case.telltales:
        return judgement(Verdict.SELF, "own-mark", Confidence.HIGH, "the request bore your own mark")
    if case.hit.same_source in case.context.own_sources and case.is_own_program:
        return judgement(Verdict.SELF, "own-view", Confidence.MEDIUM, "it came from your own address and program")
    return None


def _preview(case: Case) -> Judgement | None:
    """Rule 2: a program that shows a preview of a pasted link; in-app browsers of people are another family."""
    if Telltale.PREFETCH in case.telltales:
        reason = "a browser fetched it ahead, in case somebody should want it"
        return judgement(Verdict.PREVIEW, "link-prefetch", Confidence.HIGH, reason)
    if case.agent.family is Family.PREVIEW:
        reason = "the program has the name of one that makes link previews"
        return judgement(Verdict.PREVIEW, "preview-bot", Confidence.HIGH, reason)
    return None


_SAYS_SO: Final = {
    Family.SCANNER: ("named-scanner", "the program has the name of one that looks for danger"),
    Family.LIBRARY: ("http-library", "the program is a script's, not one that people read mail with"),
    Family.ROBOT: ("named-robot", "the program names itself as robots do"),
}
_GIVES_AWAY: Final = {
    Telltale.ALTERED_TOKEN: ("altered-token", "it asked for an altered address, as no reader does"),
    Telltale.HIDDEN_LINK: ("hidden-link", "a link that nobody can see was followed"),
    Telltale.HEAD: ("head-request", "it asked only whether there is something, and did not want to see it"),
}


def _says_so(case: Case) -> Judgement | None:
    """Rule 3: a scanner that names itself, an HTTP library, or a request that no reader makes."""
    if case.agent.family in _SAYS_SO:
        return scanner(_SAYS_SO[case.agent.family][0], Confidence.HIGH, _SAYS_SO[case.agent.family][1])
    for telltale, (rule, reason) in _GIVES_AWAY.items():
        if telltale in case.telltales:
            return scanner(rule, Confidence.HIGH, reason)
    return None


def _scanner_network(case: Case) -> Judgement | None:
    """Rule 4: networks of mail filters; those that may carry people later are judged by the window."""
    for label in sorted(case.labels & _SCANNER_NETWORKS.keys()):
        return scanner(label, Confidence.HIGH, f"it came from the network of {_SCANNER_NETWORKS[label]}")
    for label in sorted(case.labels & _GATEWAYS.keys()):
        if case.is_early:
            return scanner(label, Confidence.MEDIUM, f"it came from {_GATEWAYS[label]}'s network, and {case.timing}")
        return unknown(f"{label}-late", f"it came from {_GATEWAYS[label]}'s network, which later may carry people")
    return None


def _burst(case: Case) -> Judgement | None:
    """Rule 5: all links of a copy within 3 s, or the stop link with others, or two user agents at one address."""
    if _is_in_burst(case):
        count = case.context.link_count
        return scanner(_BURST_RULE, Confidence.HIGH, f"all {count} links of the mail were followed at once")
    if Telltale.STOP_LINK in case.telltales and (case.is_early or _follows_another_link(case)):
        return scanner("stop-link", Confidence.HIGH, "the link that stops tracking was followed with it")
    if _has_two_agents(case):
        return scanner("two-agents", Confidence.MEDIUM, "one address used two different programs at once")
    return None


def _is_in_burst(case: Case) -> bool:
    """Return whether a click is one of a burst, or a picture was fetched from where a burst came, at its time."""
    if case.is_click:
        return case.hit.id in case.pace.bursting
    return bool(case.pace.bursting) and any(each.id in case.pace.bursting for each in case.beside())


def _follows_another_link(case: Case) -> bool:
    """Return whether another link was followed from the same address within 3 s; a person stops, and nothing else."""
    return any(each.kind is HitKind.CLICK and each.token_id != case.hit.token_id for each in case.beside())


def _has_two_agents(case: Case) -> bool:
    """Return whether the hit's address showed another agent too; a mail client that opens a browser is no such case."""
    if case.agent.family in OF_PEOPLE or case.labels & _SHARED_EGRESS.keys():
        return False
    return any(
        each.agent != case.hit.agent
        and read_agent(each.agent).family not in OF_PEOPLE
        and not _is_read_and_followed(case.hit, each)
        for each in case.beside()
    )


_NOT_NAMED: Final = frozenset({Family.NONE, Family.BLANK, Family.APP_LIBRARY})


def _is_read_and_followed(one: Hit, other: Hit) -> bool:
    """Return whether the two may be a mail program that is not known, and the browser in which it opened a link."""
    picture, followed = (one, other) if other.kind is HitKind.CLICK else (other, one)
    return (
        picture.kind is not followed.kind
        and read_agent(picture.agent).family in _NOT_NAMED
        and read_agent(followed.agent).family is Family.BROWSER
    )


def _prefetch(case: Case) -> Judgement | None:
    """Rule 6: what Apple and Gmail load by themselves, in agents and from networks of their own."""
    if case.agent.family is Family.BARE:
        if APPLE not in case.labels:
            return unknown("bare-agent", "the program hides its name, and the network is not Apple's")
        if case.is_click:
            return unknown("bare-agent", "Apple's own network, but its Mail preloads pictures and follows no links")
        reason = "Apple's own network, with the bare name under which its Mail preloads"
        return judgement(Verdict.PREFETCH, "apple-prefetch", Confidence.HIGH, reason)
    if case.agent.family is Family.GMAIL_PREFETCH:
        if GOOGLE not in case.labels:
            reason = "the program has the name that Gmail preloads with, but the network is not Google's"
            return unknown("gmail-prefetch-elsewhere", reason)
        if case.is_click:
            reason = "the program has the name that Gmail preloads with, and Gmail follows no links"
            return unknown("gmail-prefetch-elsewhere", reason)
        reason = "Google's own network, with the program that Gmail preloads with"
        return judgement(Verdict.PREFETCH, "gmail-prefetch", Confidence.HIGH, reason)
    return None


def _image_proxy(case: Case) -> Judgement | None:
    """Rule 7: a mail provider's image proxy, which fetches when the mail is opened.

    Google publishes the addresses of its proxy, and elsewhere its name proves nothing.  Others publish none: their
    names are believed, if with less confidence, but not from the own networks of Google, Apple or a mail filter.
    """
    if case.agent.family is Family.PICTURE_ROBOT:
        return unknown("picture-robot", "a robot for pictures; whether somebody looked is not known")
    if case.agent.family not in (Family.GMAIL_PROXY, Family.OTHER_PROXY):
        return None
    unproven = _unproven_proxy(case)
    if unproven:
        return unknown("proxy-unproven", f"the program has the name of an image proxy, {unproven}")
    if case.is_early:
        return unknown("proxy-early", f"{case.timing}: too early to tell")
    if case.agent.family is Family.GMAIL_PROXY:
        reason = "Google's own network and image proxy, past the first seconds"
        return judgement(Verdict.IMAGE_PROXY, "gmail-proxy", Confidence.MEDIUM, reason)
    whose = f"{case.agent.name}'s image proxy" if case.agent.name else "a mail service's image proxy"
    reason = f"{whose} by its own name, past the first seconds"
    return judgement(Verdict.IMAGE_PROXY, "image-proxy", Confidence.LOW, reason)


def _unproven_proxy(case: Case) -> str:
    """Say why a proxy's name is not believed; empty where it is."""
    if case.is_click:
        return "and such follow no links"
    if case.agent.family is Family.GMAIL_PROXY:
        return "" if GOOGLE in case.labels else "but the network is not Google's"
    shared = sorted(_SHARED_EGRESS[label] for label in case.labels & _SHARED_EGRESS.keys())
    return f"but the network is {shared[0]}'s" if shared else ""


def _nameless(case: Case) -> Judgement | None:
    """Between rules 7 and 8: no name, which no mail program or browser sends, or one that scripts and apps share."""
    if case.agent.family is Family.APP_LIBRARY:
        shared = "scripts and apps share the program's name"
        if case.is_early:
            return scanner("app-library", Confidence.MEDIUM, f"{shared}, and {case.timing}")
        if case.is_click:
            return scanner("app-library", Confidence.MEDIUM, f"{shared}, and people follow links in browsers")
        return unknown("app-library-late", f"{shared}; somebody may read in the app")
    if case.agent.family is Family.BLANK and Telltale.AGENT_NOT_KNOWN not in case.telltales:
        if case.is_early:
            reason = f"the program gives no name, unlike mail programs and browsers, and {case.timing}"
            return scanner("no-name", Confidence.MEDIUM, reason)
        return unknown("no-name-late", "the program gives no name")
    return None


def _cloud(case: Case) -> Judgement | None:
    """Rule 8: clicks from clouds are machines at first; pictures from Microsoft's network may be read in webmail."""
    if case.is_click and case.labels & CLOUDS:
        if case.is_early:
            return scanner("cloud-click", Confidence.MEDIUM, f"it came from a data centre, and {case.timing}")
        if GOOGLE in case.labels:
            return unknown("cloud-click-late", "it came from a network of Google's that fetches for others")
        return unknown("cloud-click-late", "it came from a data centre, where some people have their desktops")
    if not case.is_click and MICROSOFT in case.labels and _may_read_webmail(case):
        if any(each.kind is HitKind.CLICK for each in case.beside()):
            return unknown("cloud-picture", "it came from a data centre, and so did a click at the same time")
        if case.is_early:
            return unknown("microsoft-early", f"{case.timing}: too early to tell")
        reason = "it came from Microsoft's network, which fetches pictures for people who read webmail"
        return judgement(Verdict.IMAGE_PROXY, "microsoft-webmail", Confidence.LOW, reason)
    return None


def _may_read_webmail(case: Case) -> bool:
    """Return whether a picture was fetched in a reader's name: the webmail's servers pass it on, or write one alike."""
    is_readers = case.agent.family in (Family.BROWSER, Family.MAIL_CLIENT, Family.IN_APP)
    return is_readers or case.hit.agent.strip().lower().startswith("mozilla/")


def _person(case: Case) -> Judgement | None:
    """Rule 9: a mail client, or a browser with its own headers, at a network where people are."""
    judged = _reader(case)
    if Telltale.OTHER_METHOD in case.telltales:
        return unknown("other-method", "it did not ask as pictures and links are asked for")
    if judged is None:
        return None
    if case.labels and not case.is_private_relay:
        return unknown("listed-network", "it came from a network where machines and people are not told apart")
    if Telltale.NETWORK_NOT_KNOWN in case.telltales:
        return unknown("network-not-known", "from which network it came is not known")
    return judged


def _reader(case: Case) -> Judgement | None:
    """Return whom the program would make of a hit, were it from a network where people are."""
    if case.agent.family is Family.IN_APP:
        return _people("in-app", Confidence.MEDIUM, f"ordinary network, inside the app {case.agent.name}")
    if case.agent.family is Family.MAIL_CLIENT:
        if case.agent.name == AN_APP:
            return _people("app-view", Confidence.MEDIUM, "ordinary network, an app's own view of a page")
        return _people("mail-client", Confidence.HIGH, "ordinary network, known mail client")
    if case.is_private_relay:
        return _people("private-relay", Confidence.MEDIUM, "Safari, by way of Apple's Private Relay")
    if _has_browser_headers(case):
        return _people("browser", Confidence.MEDIUM, "ordinary network, a browser with its own headers")
    return None


def _people(rule: str, confidence: Confidence, reason: str) -> Judgement:
    return judgement(Verdict.PERSON, rule, confidence, reason)


def _has_browser_headers(case: Case) -> bool:
    """Return whether the fetch metadata fit what was asked for (Fetch Metadata Request Headers, W3C, 2.1)."""
    fitting = ("document", "iframe") if case.is_click else ("image",)
    return case.agent.family is Family.BROWSER and case.hit.headers.get("sec-fetch-dest", "") in fitting


RULES: Final[tuple[Callable[[Case], Judgement | None], ...]] = (
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
