"""Why it is not known whether a copy was read, and what could be done, each in one sentence; pure.

No sentence says that it was not read: what is missing is a sign.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from desktop.core.policy import WhyNot
from desktop.core.unknown import Cure, Unknown, WhyUnknown
from desktop.ui import words

QUESTION: Final = "Why is this not known?"
HIDE: Final = "Hide why it is not known"
_THEIRS: Final = "Whether they look at your mail is theirs to tell."
REASONS: Final = {
    WhyUnknown.NOT_SENT: "It has not left yet, so nobody can have read it.",
    WhyUnknown.NOT_DELIVERED: "It was not delivered, so nothing can come from there.",
    WhyUnknown.STOPPED: f"They said no to tracking. {_THEIRS}",
    WhyUnknown.NO_PERMISSION: "They have not given permission, so nothing was added to this mail that could tell.",
    WhyUnknown.TEXT_MAIL: "It is plain text, which can carry no picture; only a used link could have told.",
    WhyUnknown.NOT_TRACKED: "Readback added nothing to it that could tell.",
    WhyUnknown.ONLY_CLICKS: "They allowed links only, so opening it leaves no sign; using a link does.",
    WhyUnknown.PRELOADED: "Their mail program loads every picture by itself, whether or not anybody looks.",
    WhyUnknown.PROXY: "Their mail provider fetches pictures for them, which does not show who looked, or when.",
    WhyUnknown.TOO_EARLY: "Its picture was fetched or a link followed moments after sending, when machines and people "
    "look alike.",
    WhyUnknown.MAYBE_YOU: "What came may have been you yourself.",
    WhyUnknown.UNCLEAR: "Something was fetched, and whether by a person or a machine cannot be told.",
    WhyUnknown.IMAGES_BLOCKED: "They have used links in your mail without its picture being loaded: their mail program "
    "probably blocks pictures, and then opening it leaves no sign.",
    WhyUnknown.IMAGES_MAYBE_BLOCKED: "Their mail program may block pictures. Then opening it leaves no sign.",
    WhyUnknown.NOT_YET: "Nothing has come yet. They may not have looked, or may have looked without loading pictures.",
}
CURES: Final = {
    Cure.WAIT: "Wait: a sign may still come.",
    Cure.ASK_PERMISSION: "Ask them whether you may see it, and record it once they agree; it holds for later mail.",
    Cure.ASK_FOR_REPLY: "Ask for a short answer: a reply is the surest sign, and needs no picture.",
    Cure.ADD_LINK: "Put a link into your next mail: using it is a sign that needs no picture.",
    Cure.KEEP_SENT_CLEAN: "Let Readback keep your Sent folder clean: then looking at later mail there fetches nothing.",
    Cure.SEND_HTML: "Let your mail program write formatted mail (HTML) to them; plain text carries no picture.",
    Cure.CONNECT_RELAY: "Connect a relay; mail sent after that can tell.",
    Cure.CORRECT_ADDRESS: "Check the address, and send it again.",
    Cure.SAY_WHO: "If you know who it was, say so with “Wrong?” at its line below.",
}
# What the window can do itself; the other cures are words only.
BUTTONS: Final = {
    Cure.ASK_PERMISSION: "Record permission…",
    Cure.CONNECT_RELAY: "Connect a relay…",
    Cure.KEEP_SENT_CLEAN: "Keep Sent clean…",
}
# What waiting is for, where it is not for any sign.
_WAITING: Final = {
    WhyUnknown.NOT_SENT: "Wait until it has left.",
    WhyUnknown.NOT_DELIVERED: "Wait a while, and send it again.",
}
# There a picture tells nothing more, be it fetched or not.
_LINK_ONLY: Final = frozenset(
    {WhyUnknown.PRELOADED, WhyUnknown.PROXY, WhyUnknown.ONLY_CLICKS, WhyUnknown.IMAGES_BLOCKED}
)
_WAIT_FOR_LINK: Final = "Wait: a used link can still tell."
# After a no nothing is added to mail any more, and nothing recorded of it.
_AFTER_A_NO: Final = frozenset({Cure.ASK_FOR_REPLY, Cure.SAY_WHO, Cure.KEEP_SENT_CLEAN})


def cures_told(unknowns: Sequence[Unknown]) -> Iterator[tuple[Unknown, tuple[tuple[Cure, str], ...]]]:
    """Yield each reason with what could be done, in words; each of these stands once, at the first it helps with."""
    whys = {each.why for each in unknowns}
    said: set[Cure] = set()
    for unknown in unknowns:
        fresh = [cure for cure in unknown.cures if cure not in said and _helps(cure, unknown.why, whys)]
        said.update(fresh)
        yield unknown, tuple((cure, cure_text(cure, unknown.why)) for cure in fresh)


def _helps(cure: Cure, why: WhyUnknown, whys: Collection[WhyUnknown]) -> bool:
    """Say whether something can be done though these other reasons stand beside it."""
    if WhyUnknown.STOPPED in whys:
        return cure in _AFTER_A_NO
    # What loads every picture by itself hides every opening; whether a link may tell is said with that.
    return cure is not Cure.WAIT or WhyUnknown.PRELOADED not in whys or why in _LINK_ONLY


def cure_text(cure: Cure, why: WhyUnknown) -> str:
    """Return what could be done about a reason."""
    if cure is not Cure.WAIT:
        return CURES[cure]
    return _WAITING.get(why, _WAIT_FOR_LINK if why in _LINK_ONLY else CURES[cure])


def reason_text(unknown: Unknown, why_not: WhyNot | None) -> str:
    """Return a reason; of a copy that nothing was added to it names the very cause."""
    if unknown.why is WhyUnknown.STOPPED and why_not is WhyNot.WITHDRAWN:
        return f"{words.WHY_NOT[why_not]} {_THEIRS}"
    if unknown.why is WhyUnknown.NOT_TRACKED and why_not is WhyNot.ELSEWHERE:
        return words.WHY_NOT[why_not]
    said = REASONS[unknown.why]
    if unknown.why is WhyUnknown.NOT_TRACKED and why_not is not None:
        return f"{said} {words.WHY_NOT[why_not]}"
    return said
