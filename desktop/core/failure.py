"""Why a mail was not delivered: by the status code where it is plain, else by the diagnostic, else by the code's class.

Servers use one code for many things: 5.7.1 is a block list, a policy or an unknown user, and 5.1.0 a refused sender.
So only codes that all servers mean alike come before the words.
"""

import re
from typing import Final

from desktop.core.arrival import FailureReason

# RFC 3463 3, and Microsoft's own numbers in it.
ENHANCED: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_PLAIN_CODES: Final = {
    "1.1": FailureReason.UNKNOWN_USER,
    "1.10": FailureReason.UNKNOWN_USER,
    "1.2": FailureReason.NO_SUCH_HOST,
    "2.2": FailureReason.FULL,
    "2.3": FailureReason.TOO_LARGE,
    "3.4": FailureReason.TOO_LARGE,
    "4.4": FailureReason.NO_SUCH_HOST,
    "4.310": FailureReason.NO_SUCH_HOST,
    "4.7": FailureReason.GAVE_UP,
    "4.300": FailureReason.GAVE_UP,
    "7.26": FailureReason.POLICY,
    "7.23": FailureReason.POLICY,
    "7.511": FailureReason.BLOCKED,
}
_WORDS: Final = (
    (
        FailureReason.FULL,
        (
            r"over ?quota|quota (?:exceeded|exceed|is full|limit)|exceed\w{0,5} (?:\w{1,20} )?(?:storage|quota)"
            r"|mailbox (?:is |was )?(?:too )?full"
            r"|mailbox for \S{1,254} is full|insufficient (?:system )?storage|not enough (?:disk )?space"
            r"|out of (?:storage )?space|inbox is (?:full|out)"
            r"|storage limit|mailbox size limit"
        ),
    ),
    (
        FailureReason.TOO_LARGE,
        (
            r"(?:message|mail|size|it)\S{0,80} (?:is |was )?(?:too (?:large|big|long)|exceeds?|larger than)"
            r"|exceed\w{0,5} \S{0,80} ?(?:\S{1,254} )?(?:message )?size"
            r"|message size|maximum (?:message )?size|too large"
        ),
    ),
    (
        FailureReason.BLOCKED,
        (
            r"spamhaus|spamcop|sorbs|barracudacentral|block(?:ed|ing|s)? ?(?:list|using|by|for|because|from)"
            r"|blocklist"
            r"|block list|\bblocked\b"
            r"|black ?list|deny ?list|\b(?:dns|r)bl\b|(?:bad|poor|low) reputation|reputation of|\bbanned\b"
            r"|banned sending"
            r"|as spam|likely spam|is spam"
            r"|spam (?:content|message|detected)|listed (?:at|in|by|on)|unsolicited"
        ),
    ),
    (
        FailureReason.POLICY,
        (
            r"\bdmarc\b|\bspf\b|\bdkim\b|unauthenticated|sender (?:denied|rejected|not allowed)"
            r"|relay(?:ing)? (?:access )?(?:denied|not|prohibited)"
            r"|unable to relay|not permitted to (?:send|relay)|authentication required|not authori[sz]ed"
            r"|not allowed to send|only accepts? (?:mail|messages)"
        ),
    ),
    (
        FailureReason.UNKNOWN_USER,
        (
            r"(?:user|recipient|mailbox|account|address|alias)\S{0,80} (?:is |was )?(?:unknown|not found|unavailable"
            r"|disabled"
            r"|inactive|invalid|suspended)"
            r"|unknown (?:user|recipient|mailbox|address|local)|no such (?:user|recipient|mailbox|account|address"
            r"|person"
            r"|local)|recipientnotfound"
            r"|invalid (?:recipient|mailbox|address|user)|no mailbox|not (?:a )?(?:known|valid|our) (?:user|recipient"
            r"|mailbox|customer)"
            r"|(?:account|user|mailbox|recipient|address)[^.]{0,60}(?:does not|doesn't|did not) exist"
            r"|address couldn't be found|isn't a valid|not listed in"
            r"|couldn't be found|wasn't found|recipient name is not recogni[sz]ed|address rejected: access denied"
            r"|no longer (?:available|valid|active)"
            r"|doesn't have an? \S{1,254} account|mailbox not|user doesn't|not our customer"
        ),
    ),
    (
        FailureReason.NO_SUCH_HOST,
        (
            r"host (?:or domain name )?(?:not found|unknown)"
            r"|domain (?:name )?(?:\S{1,254} )?(?:not found|does not exist"
            r"|couldn't be found|doesn't exist)"
            r"|no such (?:domain|host)|nxdomain|name service error|couldn't find any host|non-existent (?:host"
            r"|domain)"
            r"|bad destination (?:host|system)"
            r"|no (?:mx|relevant)|nullmx|does not accept mail"
        ),
    ),
    (
        FailureReason.GAVE_UP,
        (
            r"retry time|retry timeout|timed out|time-?out|expired|too long|giv(?:e|en|ing) up|gave up"
            r"|connection refused"
            r"|no route to host"
            r"|not (?:been )?able to deliver (?:it |your message )?(?:for|within|in) |queue too long|unreachable"
            r"|maximum (?:time|retries)"
        ),
    ),
    (
        FailureReason.POLICY,
        (
            r"\bpolicy\b|policies|access denied|prohibited|not permitted|administrative|restricted|rejected (?:by"
            r"|for)"
            r"|permission|content"
        ),
    ),
)
_PATTERNS: Final = tuple((reason, re.compile(words)) for reason, words in _WORDS)
_MICROSOFT_BLOCKS: Final = range(606, 650)


def failure_reason(status: str, diagnostic: str, *, is_final: bool = True) -> FailureReason | None:
    """Return the reason; what nothing names is OTHER for a failure and None for a delay."""
    words = diagnostic.lower()
    codes = [status, *ENHANCED.findall(words)]
    for code in codes:
        reason = _PLAIN_CODES.get(code[2:])
        if reason is not None and (is_final or reason is not FailureReason.GAVE_UP):
            return reason
    if any(code.startswith("5.7.") and int(code[4:]) in _MICROSOFT_BLOCKS for code in codes):
        return FailureReason.BLOCKED
    for reason, pattern in _PATTERNS:
        if (is_final or reason is not FailureReason.GAVE_UP) and pattern.search(words):
            return reason
    return _by_class(codes) if is_final else None


def _by_class(codes: list[str]) -> FailureReason:
    for code in codes:
        if code.startswith("5.7."):
            return FailureReason.POLICY
        if code.startswith("4.4."):
            return FailureReason.GAVE_UP
        if code in {"5.1.0", "5.1.3", "5.1.6", "5.2.1", "5.4.1"}:
            return FailureReason.UNKNOWN_USER
    return FailureReason.OTHER
