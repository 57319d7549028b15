"""Where people may be told of tracking instead of being asked: a country that is known, and not one of these.

A country domain speaks for where somebody is; .com and gmail.com do not, nor do country domains that are sold to
everybody.  What does not speak counts as unknown, and whoever is somewhere unknown is asked.
"""

from typing import Final

# The EU's members.
_EU: Final = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split()  # noqa: SIM905
)
# Parts of a member or of the United Kingdom that have a code, and often a domain, of their own.
_PARTS: Final = frozenset("AX GF GP MQ RE YT MF GI GG JE IM".split())  # noqa: SIM905
# With them the rest of the European Economic Area, the United Kingdom and Switzerland.
NOT_OFFERED: Final = _EU | _PARTS | frozenset({"IS", "LI", "NO", "GB", "CH"})

# Country domains with registrants all over the world, for their sound or their price.  .eu is no country, .su none any
# more.
_FOR_EVERYBODY: Final = frozenset(
    "ac ag ai am as bz cc cd cf cm co cx dj eu fm ga gd gg gl gq gs gy ht im io ki la lc li ly".split()  # noqa: SIM905
    + "md me mn ms mu nf nu pn pw rs sc sh si sr st su sx tc tk tl tm to tv vc vg vu ws".split()  # noqa: SIM905
)
_CODE_OF: Final = {"uk": "GB"}


def country_of(address: str) -> str:
    """Return the country that an address's country domain speaks for, as ISO 3166-1 alpha-2; empty where none does."""
    ending = address.rpartition(".")[2].lower()
    if "@" in ending or len(ending) != 2 or not (ending.isascii() and ending.isalpha()) or ending in _FOR_EVERYBODY:
        return ""
    return _CODE_OF.get(ending, ending.upper())


def is_offered(country: str) -> bool:
    """Return whether somebody in this country may be told instead of asked; nobody is where that is not known."""
    return bool(country) and country.upper() not in NOT_OFFERED
