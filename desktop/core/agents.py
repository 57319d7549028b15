"""What a user agent says of itself: its family, which a rule may ask for, and a name to show.

A user agent is a claim, never a proof: rules pair it with a network.  The names themselves stand in core.programs; here
is the order in which kinds are asked for, and what counts as a browser: the whole of its name, with nothing beside it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from desktop.core import programs


class Family(StrEnum):
    """What kind of program an agent claims to be."""

    IN_APP = "in_app"
    PREVIEW = "preview"
    SCANNER = "scanner"
    LIBRARY = "library"
    APP_LIBRARY = "app_library"
    ROBOT = "robot"
    PICTURE_ROBOT = "picture_robot"
    BARE = "bare"
    GMAIL_PREFETCH = "gmail_prefetch"
    GMAIL_PROXY = "gmail_proxy"
    OTHER_PROXY = "other_proxy"
    MAIL_CLIENT = "mail_client"
    BROWSER = "browser"
    BLANK = "blank"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Agent:
    """A family, and the program's short name, empty where it gives none that is known."""

    family: Family
    name: str = ""


# The first family with a mark in the agent decides.  What names itself a machine comes before mail programs and
# browsers, for it often carries one of their names beside its own; people's apps come before all.
_FINDERS: Final = tuple(
    (family, marks.finder())
    for family, marks in (
        (Family.IN_APP, programs.IN_APP),
        (Family.PREVIEW, programs.PREVIEW),
        (Family.GMAIL_PREFETCH, programs.GMAIL_PREFETCH),
        (Family.GMAIL_PROXY, programs.GMAIL_PROXY),
        (Family.OTHER_PROXY, programs.OTHER_PROXY),
        (Family.PICTURE_ROBOT, programs.PICTURE_ROBOT),
        (Family.SCANNER, programs.SCANNER),
        (Family.APP_LIBRARY, programs.APP_LIBRARY),
        (Family.LIBRARY, programs.LIBRARY),
        (Family.ROBOT, programs.ROBOT),
        (Family.MAIL_CLIENT, programs.MAIL_CLIENT),
    )
)
_BROWSERS: Final = programs.BROWSER.finder()
_PEOPLES: Final = frozenset({Family.IN_APP, Family.MAIL_CLIENT})
# Programs of people give no page that explains them, and do not call themselves what robots do, whatever else they
# name.  The makers of a phone are called Cubot.
_ROBOTIC: Final = re.compile(r"://|(?<!cu)bots?(?![a-z])|\b(?:url|link)[ _-]?preview|crawl|spider")
_BARE: Final = "mozilla/5.0"
# What changes when a program is updated: all after a slash, and words that begin with a digit; what is left names the
# program, the system and the device.
_VERSIONS: Final = re.compile(r"/[^\s;,()\[\]]*|(?<![\w.-])v?\d[\w.]*")
_GAPS: Final = re.compile(r"\s+")
MAX_SHAPE: Final = 200


@lru_cache(maxsize=4_096)
def program_shape(agent: str) -> str:
    """Return what stays the same of an agent when its program is updated, lower case, at most 200 characters."""
    return _GAPS.sub(" ", _VERSIONS.sub("", agent.lower())).strip()[:MAX_SHAPE].rstrip()


@lru_cache(maxsize=4_096)
def read_agent(agent: str) -> Agent:
    """Return what the agent claims to be; `Family.BLANK` when it is empty, `Family.NONE` when it fits no table."""
    lowered = agent.strip().lower()
    if not lowered:
        return Agent(Family.BLANK)
    if lowered == _BARE:
        return Agent(Family.BARE)
    is_robotic = _ROBOTIC.search(lowered) is not None
    for family, finder in _FINDERS:
        if is_robotic and family in _PEOPLES:
            continue
        name = finder.name_in(lowered)
        if name is not None:
            return Agent(family, name)
    browser = _BROWSERS.name_in(lowered)
    if browser is not None and not is_robotic and programs.WHOLE_BROWSER.fullmatch(lowered):
        return Agent(Family.BROWSER, browser)
    return Agent(Family.NONE)


def client_name(agent: str) -> str:
    """Return the program's short name, empty when it gives none that is known."""
    return read_agent(agent).name


def fetcher_name(agent: str, labels: Iterable[str]) -> str:
    """Return whose image proxy fetched a picture, by its own name or by the labels it came from; empty if unknown."""
    read = read_agent(agent)
    if read.family in (Family.GMAIL_PROXY, Family.OTHER_PROXY):
        return read.name
    return "Microsoft" if "microsoft-cloud" in labels else ""


def proxy_of_host(host: str) -> str:
    """Return whose image proxy shows mail at the provider of a mail server, as `fetcher_name` gives it; empty if none.

    A name of one's own for a provider's server hides whose it is.
    """
    lowered = host.strip().lower().rstrip(".")
    for domain, proxy in programs.PROXY_OF_DOMAIN.items():
        if lowered == domain or lowered.endswith(f".{domain}"):
            return proxy
    return ""


def is_full_safari(agent: str) -> bool:
    """Return whether the agent is the browser Safari's whole form, which Apple's mail prefetch never sends."""
    return read_agent(agent) == Agent(Family.BROWSER, "Safari")
