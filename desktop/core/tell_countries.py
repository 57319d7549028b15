"""Where people may be told of tracking instead of being asked: a country that is known, and not one of these.

A country domain speaks for where somebody is; .com and gmail.com do not, nor do country domains that are sold to
everybody.  What does not speak counts as unknown, and whoever is somewhere unknown is asked.  What the user enters does
not outweigh a domain that speaks: where either of the two is not offered, nobody is told.
"""

from typing import Final

from desktop.core.errors import Malformed


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


# ISO 3166-1 alpha-2 as assigned, and XK, which everybody uses for Kosovo.
COUNTRIES: Final = _codes(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ"
    " CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO"
    " FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE"
    " JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO"
    " MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW"
    " PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM"
    " TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
)
# How some are often written instead: reserved codes, as the EU and their domains spell them.
_INSTEAD: Final = {"UK": "GB", "EL": "GR"}
_EU: Final = _codes("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE")
# Parts and territories of a member, of Norway or of the United Kingdom that have a code of their own.
_TERRITORIES: Final = (
    _codes("BL GF GP MF MQ NC PF PM RE TF WF YT")
    | _codes("AW BQ CW SX AX FO GL BV SJ")
    | _codes("AI BM FK GG GI GS IM IO JE KY MS PN SH TC VG")
)
# With them the rest of the European Economic Area, the United Kingdom and Switzerland.
NOT_OFFERED: Final = _EU | _TERRITORIES | _codes("IS LI NO GB CH")

# Country domains with registrants all over the world, for their sound or their price.
_FOR_EVERYBODY: Final = frozenset(
    "ac ag ai am as bz cc cd cf cm co cx dj fm ga gd gg gl gq gs gy ht im io ki la lc li ly".split()  # noqa: SIM905
    + "md me mn ms mu nf nu pn pw rs sc sh si sr st sx tc tk tl tm to tv vc vg vu ws".split()  # noqa: SIM905
)
# The EU's own domain in its three scripts, and those of members in theirs.
_OF_THE_EU: Final = frozenset({"eu", "xn--e1a4c", "xn--qxa6a", "xn--90ae", "xn--qxam"})


def country_code(text: str) -> str:
    """Return a country as ISO 3166-1 alpha-2 spells it; raise Malformed for none."""
    code = _INSTEAD.get(text.upper(), text.upper())
    if code not in COUNTRIES:
        raise Malformed("That is no country.", "Write its two letters, such as DE or US.")
    return code


def country_of(address: str) -> str:
    """Return the country that an address's country domain speaks for, as ISO 3166-1 alpha-2; empty where none does."""
    ending = _ending_of(address)
    code = _INSTEAD.get(ending.upper(), ending.upper())
    return code if code in COUNTRIES and ending not in _FOR_EVERYBODY else ""


def _ending_of(address: str) -> str:
    """Return the last label of an address's domain, empty where it is the only one."""
    _, dot, ending = address.rpartition("@")[2].rpartition(".")
    return ending.lower() if dot else ""


def is_offered(country: str) -> bool:
    """Return whether somebody in this country may be told instead of asked; nobody is where that is not known."""
    code = _INSTEAD.get(country.upper(), country.upper())
    return code in COUNTRIES and code not in NOT_OFFERED


def is_offered_at(address: str) -> bool:
    """Return whether a normalised address leaves that open: its domain speaks for no country where nobody is told."""
    return country_of(address) not in NOT_OFFERED and _ending_of(address) not in _OF_THE_EU
