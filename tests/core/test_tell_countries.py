"""Countries by their domains, and where telling is offered."""

import pytest

from desktop.core.errors import Malformed
from desktop.core.tell_countries import COUNTRIES, NOT_OFFERED, country_code, country_of, is_offered, is_offered_at


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("bob@firm.de", "DE"),
        ("bob@firm.co.uk", "GB"),
        ("bob@FIRM.COM.BR", "BR"),
        ("bob@mail.firm.us", "US"),
        ("bob@gmail.com", ""),
        ("bob@firm.eu", ""),
        ("bob@firm.io", ""),
        ("bob@firm.ai", ""),
        ("bob@firm.me", ""),
        ("bob@firm.el", "GR"),
        ("bob@firm.tf", "TF"),
        ("bob@firm.su", ""),
        ("bob@firm.zz", ""),
        ("bob@localhost", ""),
        ("bob@de", ""),
        ("bob@firm.berlin", ""),
        ("bob@firm.рф", ""),
        ("bob@firm.x1", ""),
    ],
)
def test_only_a_country_domain_tells(address: str, country: str) -> None:
    """A country's own domain tells where somebody is; what is sold to everybody, and what is none, does not."""
    assert country == country_of(address)


def test_telling_is_not_offered_in_the_eea_the_uk_and_switzerland() -> None:
    """27 members, the three others of the EEA, the United Kingdom and Switzerland are all out; nowhere known is too."""
    members = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split()  # noqa: SIM905 - legible
    assert len(members) == 27
    assert not any(map(is_offered, [*members, "IS", "LI", "NO", "GB", "CH", "de", ""]))
    assert set(members) < NOT_OFFERED


def test_telling_is_offered_elsewhere() -> None:
    """The United States and New Zealand are not among them."""
    assert is_offered("US")
    assert is_offered("nz")


@pytest.mark.parametrize(
    "country",
    "BL GF GP MF MQ NC PF PM RE TF WF YT AW BQ CW SX AX FO GL SJ GG GI IM JE BM".split(),  # noqa: SIM905 - legible
)
def test_telling_is_not_offered_in_their_territories(country: str) -> None:
    """What belongs to France, the Netherlands, Finland, Denmark, Norway or the United Kingdom counts as they do."""
    assert country in COUNTRIES
    assert not is_offered(country)


@pytest.mark.parametrize("country", ["UK", "EL", "EU", "XX", "SU", "AN"])
def test_telling_is_not_offered_where_there_is_no_such_country(country: str) -> None:
    """A code that is assigned to nobody is nowhere known; UK and EL are Great Britain and Greece."""
    assert not is_offered(country)


@pytest.mark.parametrize(("text", "code"), [("UK", "GB"), ("el", "GR"), ("us", "US"), ("XK", "XK")])
def test_a_country_is_spelled_as_iso_3166_does(text: str, code: str) -> None:
    """What is often written for one is taken for it."""
    assert code == country_code(text)


@pytest.mark.parametrize("text", ["", "XX", "EU", "SU", "USA"])
def test_what_is_no_country_is_refused(text: str) -> None:
    """It would count as somewhere that telling is offered."""
    with pytest.raises(Malformed, match="no country"):
        country_code(text)


@pytest.mark.parametrize(
    ("address", "offered"),
    [
        ("bob@firm.us", True),
        ("bob@gmail.com", True),
        ("bob@firm.io", True),
        ("bob@firm.de", False),
        ("bob@firm.yt", False),
        ("bob@firm.eu", False),
        ("bob@firm.xn--qxam", False),
    ],
)
def test_a_domain_may_speak_against_telling(address: str, offered: bool) -> None:
    """The domains of where it is not offered do, in whatever script; one that is everybody's says nothing."""
    assert offered is is_offered_at(address)
