"""The visible line names ground and date, the sender, and only the purposes that are on."""

from datetime import UTC, datetime
from itertools import combinations

import pytest

from desktop.core.disclosure import DisclosureLine, visible_line
from desktop.core.permission import SEEING, Permission, Standing
from relay.wire.purpose import Purpose

OPENS, CLICKS, PLACE = (frozenset({purpose}) for purpose in (Purpose.OPENS, Purpose.CLICKS, Purpose.PLACE))


def all_purposes() -> list[frozenset[Purpose]]:
    """Return every set of purposes there is, the empty one too."""
    return [frozenset(each) for count in range(len(Purpose) + 1) for each in combinations(Purpose, count)]


def granted(month: int = 5, day: int = 3) -> Permission:
    """Return a permission of one day."""
    return Permission(
        address="bob@example.test",
        standing=Standing.GRANTED,
        purposes=OPENS | CLICKS,
        granted_at=datetime(2026, month, day, 9, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("purposes", "seen"),
    [
        (OPENS | CLICKS, "when you open this mail or use its links"),
        (OPENS, "when you open this mail"),
        (CLICKS, "when you use this mail's links"),
        (OPENS | CLICKS | PLACE, "when and roughly where you open this mail or use its links, and on what device"),
        (OPENS | PLACE, "when and roughly where you open this mail, and on what device"),
        (CLICKS | PLACE, "when and roughly where you use this mail's links, and on what device"),
    ],
)
def test_line_names_the_purposes_that_are_on(purposes: frozenset[Purpose], seen: str) -> None:
    """Each of the six combinations has its own words."""
    sentence = f"As agreed on 3 May, I (Alice) can see {seen}, to time my follow-up."
    assert sentence == visible_line(granted(), sender="Alice", purposes=purposes)


@pytest.mark.parametrize("purposes", all_purposes())
def test_every_combination_has_a_line_or_none(purposes: frozenset[Purpose]) -> None:
    """Place is named exactly where it is on, and whatever lets nothing be seen has no line."""
    if not purposes & SEEING:
        with pytest.raises(ValueError, match="a line needs a purpose"):
            visible_line(granted(), sender="Alice", purposes=purposes)
        return
    line = visible_line(granted(), sender="Alice", purposes=purposes)
    assert ("open this mail" in line) is (Purpose.OPENS in purposes)
    assert ("links" in line) is (Purpose.CLICKS in purposes)
    assert ("where" in line, "device" in line) == (Purpose.PLACE in purposes,) * 2


@pytest.mark.parametrize(("month", "name"), [(1, "January"), (6, "June"), (7, "July"), (12, "December")])
def test_line_spells_the_month_in_english(month: int, name: str) -> None:
    """The date is English whatever the sender's locale is."""
    assert f"As agreed on 28 {name}," in visible_line(granted(month, 28), sender="A", purposes=OPENS)


@pytest.mark.parametrize(
    ("sender", "named"),
    [
        ("Alice Müller", "I (Alice Müller) can"),
        ("  Alice \r\n\t M.  ", "I (Alice M.) can"),
        ("Al\u202eice\x00", "I (Al ice) can"),
        ("", "I can"),
        ("\n", "I can"),
    ],
)
def test_senders_name_cannot_break_the_line(sender: str, named: str) -> None:
    """Line ends, controls and direction marks in a name become spaces; without a name there are no brackets."""
    assert named in visible_line(granted(), sender=sender, purposes=OPENS)


def test_no_purpose_has_no_line() -> None:
    """A line for nothing is a caller's mistake."""
    with pytest.raises(ValueError, match=r"^a line needs a purpose$"):
        visible_line(granted(), sender="Alice", purposes=frozenset())


def test_no_agreement_has_no_line() -> None:
    """Without a day of agreement nothing may be said to be agreed."""
    unknown = Permission(address="bob@example.test", standing=Standing.UNKNOWN)
    with pytest.raises(ValueError, match=r"^a line that says"):
        visible_line(unknown, sender="Alice", purposes=OPENS)


def test_link_says_see_or_stop() -> None:
    """The link's words are the product's."""
    assert DisclosureLine(sentence="s", stop_url="u").link_text == "See or stop"
