"""What is set for the window and the command line alike: the user's country, its zone, a database of places.

The country is a setting, "DE" or with a part of it "DE-BY"; until one is chosen it is the system's.  The zone is the
system's, asked anew for every instant, so that summer time and a journey are followed without a restart.
"""

import locale
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from desktop.core.workdays import WorkCalendar
from desktop.store import settings
from desktop.store.database import Store

COUNTRY_SETTING: Final = "followup.country"
PLACE_DATABASE_SETTING: Final = "place.database"
_VARIABLES: Final = ("LC_ALL", "LC_TIME", "LANG")
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(?:[_-][A-Za-z]{4})?[_-]([A-Za-z]{2})(?:[.@]|\Z)")


def calendar_of(store: Store) -> WorkCalendar:
    """Return the working days of the user's country; make one per reading, it remembers years and nothing else."""
    country, _, subdivision = country_of(store).partition("-")
    return WorkCalendar(country, subdivision)


def country_of(store: Store) -> str:
    """Return the country that was chosen, else the system's; empty for weekends alone."""
    chosen = settings.get(store, COUNTRY_SETTING, None)
    return system_country(os.environ) if chosen is None else str(chosen)


def place_database_of(store: Store) -> str:
    """Return the path of the database of places that the user chose; empty for none, which is the normal state."""
    return str(settings.get(store, PLACE_DATABASE_SETTING, ""))


def system_country(environment: Mapping[str, str]) -> str:
    """Return the country of the system's locale as two letters, empty where it names none, as "C" does."""
    said = next((environment[name] for name in _VARIABLES if environment.get(name)), None)
    found = _LOCALE.match(said if said is not None else locale.getlocale()[0] or "")
    return found.group(1).upper() if found else ""


def local_now(now: datetime) -> datetime:
    """Return an aware instant in the user's zone, as `core.followup` wants it."""
    return now.astimezone(SystemZone())


class SystemZone(tzinfo):
    """The zone this system is set to, with its summer time; every instant has its own offset."""

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """Return the offset of a wall clock time here; `fold` tells apart those that come twice."""
        return None if dt is None else dt.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, dt: datetime | None) -> None:
        """Return None: not known apart from the offset."""
        del dt

    def tzname(self, dt: datetime | None) -> str | None:
        """Return the zone's short name at a wall clock time."""
        return None if dt is None else dt.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, dt: datetime) -> datetime:
        """Return the wall clock time here of an instant in UTC."""
        return dt.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)
