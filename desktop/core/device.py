"""What was read on, as a user agent claims it: phone, tablet or computer, the system, and the program's short name.

A claim, and modest: never a model, never a version.  Mail clients are known by `core.agents` first, then the library is
asked; of its answers only those listed here pass, since it quotes what strangers wrote.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from desktop.core.agents import Family, read_agent
from desktop.core.programs import AN_APP
from relay.wire.hit import MAX_AGENT_BYTES


class Kind(StrEnum):
    """What is held in the hand; UNTOLD where the agent does not say."""

    PHONE = "phone"
    TABLET = "tablet"
    COMPUTER = "computer"
    UNTOLD = ""


class System(StrEnum):
    """The system it runs, without a version; UNTOLD where the agent does not say."""

    WINDOWS = "Windows"
    WINDOWS_PHONE = "Windows Phone"
    MACOS = "macOS"
    # Since iPadOS 13 an iPad's own browser and mail call it a Macintosh.
    MACOS_OR_IPADOS = "macOS or iPadOS"
    IOS = "iOS"
    ANDROID = "Android"
    LINUX = "Linux"
    CHROMEOS = "ChromeOS"
    UNTOLD = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What an agent claims, each part empty where it does not say."""

    kind: Kind = Kind.UNTOLD
    system: System = System.UNTOLD
    client: str = ""


NOTHING: Final = Device()
# What people read mail with, or might: all else is a machine, a proxy, or hides its name.
READ_WITH: Final = frozenset({Family.MAIL_CLIENT, Family.IN_APP, Family.BROWSER, Family.NONE})
# The library's families, as users know them; "Android" is what it says of any program there that it does not know.
_BROWSERS: Final = {
    "Amazon Silk": "Silk",
    "Android": AN_APP,
    "Brave": "Brave",
    "Chrome": "Chrome",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile WebView": AN_APP,
    "Chrome Mobile iOS": "Chrome",
    "Chromium": "Chromium",
    "DuckDuckGo": "DuckDuckGo",
    "DuckDuckGo Mobile": "DuckDuckGo",
    "Ecosia iOS": "Ecosia",
    "Edge": "Edge",
    "Edge Mobile": "Edge",
    "Epiphany": "GNOME Web",
    "Firefox": "Firefox",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Google": "Google's app",
    "Huawei Browser": "Huawei Browser",
    "IE": "Internet Explorer",
    "IE Mobile": "Internet Explorer",
    "Konqueror": "Konqueror",
    "MiuiBrowser": "Mi Browser",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": AN_APP,
    "Opera": "Opera",
    "Opera Mini": "Opera Mini",
    "Opera Mobile": "Opera",
    "Safari": "Safari",
    "Samsung Internet": "Samsung Internet",
    "SeaMonkey": "SeaMonkey",
    "UC Browser": "UC Browser",
    "Vivaldi": "Vivaldi",
    "Whale": "Whale",
    "Yandex Browser": "Yandex Browser",
}
_SYSTEMS: Final = {
    "Windows": System.WINDOWS,
    "Windows Phone": System.WINDOWS_PHONE,
    "Mac OS X": System.MACOS,
    "iOS": System.IOS,
    "Android": System.ANDROID,
    "Chrome OS": System.CHROMEOS,
    **dict.fromkeys(
        ("Linux", "Ubuntu", "Kubuntu", "Debian", "Fedora", "Linux Mint", "openSUSE", "SUSE", "Red Hat", "Arch Linux"),
        System.LINUX,
    ),
}
_COMPUTERS: Final = frozenset({System.WINDOWS, System.MACOS, System.LINUX, System.CHROMEOS})
# Television sets, consoles, watches and headsets borrow the names of systems and programs that they are not.
_ODD: Final = re.compile(
    r"tv(?![a-z])|tvbrowser|crkey|tizen|web0s|webos|xbox|playstation|nintendo|\bwatch|oculus|quest \d"
)
_ANDROID_BROWSER: Final = re.compile(r"^mozilla/5\.0 \(linux; .*applewebkit/")


@lru_cache(maxsize=4_096)
def device_of(agent: str) -> Device:
    """Return what the agent claims; nothing at all for proxies, machines, and what nobody reads mail with."""
    known = read_agent(agent)
    lowered = agent.lower()
    if known.family not in READ_WITH or _ODD.search(lowered):
        return NOTHING
    # Loaded with the first agent that may be read: it takes a sixth of a second, and mostly nobody asks.
    import ua_parser

    found = ua_parser.parse(agent[:MAX_AGENT_BYTES]).with_defaults()
    if found.device.family == "Spider":
        return NOTHING
    if known.family in (Family.MAIL_CLIENT, Family.IN_APP):
        client = known.name
    else:
        client = _BROWSERS.get(found.user_agent.family, known.name)
    system = _system(lowered, found.os.family, client)
    return Device(kind=_kind(lowered, system), system=system, client=client)


def _system(lowered: str, family: str, client: str) -> System:
    # The numbers of Darwin, all that such an agent says, do not tell a Mac from a phone.
    if "cfnetwork/" in lowered and not re.search(r"mac ?os|iphone|ipad", lowered):
        return System.UNTOLD
    system = _SYSTEMS.get(family, System.UNTOLD)
    # A phone or iPad that asks for pages as a computer does keeps these marks; no Mac has them.
    if system is System.MACOS and ("fxios/" in lowered or " mobile/" in lowered):
        return System.IOS
    if system is System.MACOS and client in ("Safari", "Apple Mail", AN_APP):
        return System.MACOS_OR_IPADOS
    return system


def _kind(lowered: str, system: System) -> Kind:
    if system in _COMPUTERS:
        return Kind.COMPUTER
    if system is System.WINDOWS_PHONE:
        return Kind.PHONE
    if system is System.IOS:
        return Kind.TABLET if "ipad" in lowered else Kind.PHONE if re.search(r"iphone|ipod", lowered) else Kind.UNTOLD
    if system is System.ANDROID:
        return _android_kind(lowered)
    return Kind.UNTOLD


def _android_kind(lowered: str) -> Kind:
    """Return phone or tablet: a browser says "Mobile" on a phone alone, other programs say nothing."""
    if "tablet" in lowered:
        return Kind.TABLET
    if re.search(r"\bmobile\b", lowered):
        return Kind.PHONE
    return Kind.TABLET if _ANDROID_BROWSER.search(lowered) else Kind.UNTOLD
