"""Roughly where and on what a mail was read, in words: always "about", and behind a proxy only that.

The program is not named here: it is evidence of who opened the mail, and stands with the open itself.
"""

from datetime import UTC
from typing import Final

from desktop.core.device import Device, Kind, System
from desktop.core.where import PRIVATE_RELAY, PlaceDatabase, Reading
from desktop.ui import words

ABOUT_PLACES: Final = (
    "Where somebody allowed it, Readback says on what kind of device and system they read your mail, and, with a "
    "database of places, roughly where: country and region. It is looked up on this computer, from a shortened network "
    "address."
)
PLACE_ALLOWED: Final = "Country and region, kind of device and system; never an address."
PLACE_NEEDS: Final = "Beside opens or links only."
NO_DATABASE: Final = "No database, and none is needed: then the device is said and the place is not."
FREE_DATABASES: Final = (
    "Free databases that fit: DB-IP Lite (City or Country), or GeoLite2 with an account at MaxMind; each as an MMDB "
    "file, under its own licence. Readback brings none and fetches none."
)
_LONGEST: Final = 80
_THINGS: Final = {
    (System.IOS, Kind.PHONE): "an iPhone",
    (System.IOS, Kind.TABLET): "an iPad",
    (System.IOS, Kind.UNTOLD): "an iPhone or iPad",
    (System.ANDROID, Kind.PHONE): "an Android phone",
    (System.ANDROID, Kind.TABLET): "an Android tablet",
    (System.MACOS, Kind.COMPUTER): "a Mac",
    (System.MACOS_OR_IPADOS, Kind.UNTOLD): "a Mac or an iPad",
    (System.WINDOWS_PHONE, Kind.PHONE): "a Windows phone",
}


def reading_text(reading: Reading) -> str:
    """Return a reading as a clause: "on Windows, about Bavaria, Germany"; empty where there is nothing to say."""
    if reading.behind:
        hidden = "where" if reading.behind == PRIVATE_RELAY else "where and on what"
        return f"behind {reading.behind}, so {hidden} is not known"
    place = f"about {words.one_line(reading.place)[:_LONGEST]}" if reading.place else ""
    return ", ".join(part for part in (_device_text(reading.device), place) if part)


def _device_text(device: Device | None) -> str:
    if device is None:
        return ""
    thing = _THINGS.get((device.system, device.kind), device.system.value)
    return f"on {thing}" if thing else ""


def database_text(database: PlaceDatabase) -> str:
    """Return what a database of places is, and how fine it is."""
    kind = words.one_line(database.kind)[:_LONGEST] or "A database"
    built = f"{words.day(database.built_at, UTC)} {database.built_at.year}"
    return f"{kind} of {built}: {'countries and regions' if database.has_regions else 'countries only'}."
