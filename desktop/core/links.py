"""Which links of a mail may lead by way of the relay, and which are left alone.

Left alone is whatever a detour could break or betray: one-time and security links, opt-outs, links that carry a secret,
links whose text shows another address than theirs, and our own.
"""

import re
from typing import Final

from relay.wire.urls import BadUrlError, check_destination

# Words that name a one-time step or an opt-out, as whole words of a path, a query name or the link's own text.
_STEPS: Final = (
    r"unsubscribe|unsub|opt[-_]?out|abmelden|abbestellen|d[ée]sabonn\w*|desinscri\w*|baja|cancell\w*iscrizion\w*"
    r"|reset|recover\w*|verif\w*|confirm\w*|validat\w*|activat\w*|magic\w*|passw\w*|passwd|pwd|passcode|otp|2fa|mfa"
    r"|sign[-_]?in|log[-_]?in|signin|login|logon|sso|auth|oauth\w*|authori[sz]e|callback|invite|invitation|accept"
)
_STEP_IN_URL: Final = re.compile(rf"(?:^|[/?&#=._~-])(?:{_STEPS})(?:$|[/?&#=._~-])", re.IGNORECASE)
_STEP_IN_TEXT: Final = re.compile(
    r"\b(?:unsubscribe|opt[- ]out|abmelden|abbestellen|d[ée]sabonn\w*"
    r"|reset|verify|confirm|activate|password|sign in|log in)\b",
    re.IGNORECASE,
)
# Query names that carry a secret: the relay must never see one, and a one-time link is spent by whoever follows it.
_SECRET_NAME: Final = re.compile(
    r"[?&;#](?:[\w.-]*[-_.])?(?:token|access_?token|id_?token|auth\w*|api_?key|key|code|otp|pin|secret|sig|signature|hmac"
    r"|hash|jwt|nonce|ticket|session\w*|sid|sas|expires|x-amz-\w[\w-]*|x-goog-\w[\w-]*)=",
    re.IGNORECASE,
)
_HAS_USER: Final = re.compile(r"https?://[^/?#]*@", re.IGNORECASE)
_SHOWN_URL: Final = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
_SHOWN_DOMAIN: Final = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+([a-z]{2,24})(?::\d+)?(?:[/?#]\S*)?\Z", re.IGNORECASE
)
_SPLIT_URL: Final = re.compile(r"(?:https?://)?(?:www\.)?([^/?#]*)(.*)\Z", re.IGNORECASE | re.DOTALL)
# "Pricing.pdf" names a file, although .zip and some others have become domains as well.
_FILE_ENDING: Final = re.compile(
    r"(?:pdf|docx?|xlsx?|pptx?|od[pst]|csv|txt|rtf|zip|png|jpe?g|gif|svg|mp4|mov|html?|ics|vcf)\Z", re.IGNORECASE
)


def is_trackable(destination: bytes, shown: str, own_bases: frozenset[str]) -> bool:
    """Return whether a link to `destination`, whose text reads `shown`, may lead by way of the relay."""
    try:
        check_destination(destination)
    except BadUrlError:
        return False
    url = destination.decode("ascii")
    return not (
        is_own(url, own_bases)
        or _HAS_USER.match(url)
        or _SECRET_NAME.search(url)
        or _STEP_IN_URL.search(url.split("://", 1)[1])
        or _STEP_IN_TEXT.search(shown)
        or shows_another(url, shown)
    )


def is_own(url: str, own_bases: frozenset[str]) -> bool:
    """Return whether the URL lies under one of our own bases."""
    return any(url.startswith(base) and url[len(base) : len(base) + 1] in ("", "/") for base in own_bases)


def shows_another(url: str, shown: str) -> bool:
    """Return whether the link's text reads as an address other than `url`, but for scheme, www and a last slash."""
    text = " ".join(shown.split())
    found = _SHOWN_URL.search(text)
    domain = _SHOWN_DOMAIN.match(text)
    if found is not None:
        claimed = found[0].rstrip(".,;:!?)")
    elif domain is not None and not _FILE_ENDING.match(domain[1]):
        claimed = text
    else:
        return False
    host, rest = _host_and_rest(claimed)
    true_host, true_rest = _host_and_rest(url)
    return host != true_host or (bool(rest) and rest != true_rest)


def _host_and_rest(url: str) -> tuple[str, str]:
    match = _SPLIT_URL.match(url)
    assert match is not None  # every text matches
    return match[1].lower(), match[2].rstrip("/")
