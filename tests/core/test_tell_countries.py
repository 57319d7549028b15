"""Countries by their domains, and where telling is offered."""

import pytest

from desktop.core.tell_countries import NOT_OFFERED, country_of, is_offered


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
