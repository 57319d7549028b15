"""Which messages belong together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.thread import MAX_REFERENCES, related_ids, subject_base
from tests.fakes.samples import facts


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Offer", "Offer"),
        ("Re: Offer", "Offer"),
        ("RE: AW: Fwd: Offer", "Offer"),
        ("Re[2]: Offer", "Offer"),
        ("Re : Offer", "Offer"),
        ("SV:Offer", "Offer"),
        ("  Re:\t Offer   for  May ", "Offer for May"),
        ("Regarding: Offer", "Regarding: Offer"),
        ("Re Offer", "Re Offer"),
        ("Re：提案", "提案"),
        ("Re:", ""),
        ("", ""),
    ],
)
def test_prefixes_of_replies_and_forwards_fall_away(subject: str, expected: str) -> None:
    """Only whole prefixes with their colon are taken off, as often as they stand there."""
    assert subject_base(subject) == expected


@given(st.text(max_size=60))
def test_a_base_has_no_further_base(subject: str) -> None:
    """Taking the base twice changes nothing."""
    assert subject_base(subject_base(subject)) == subject_base(subject)


def test_the_parent_is_asked_first_and_the_message_itself_last() -> None:
    """In-Reply-To, then References from the nearest, then the own id; each once."""
    message = facts(message_id="<c>", in_reply_to="<b>", references=("<a>", "<b>"))
    assert related_ids(message) == ("<b>", "<a>", "<c>")


def test_a_message_without_ids_is_related_to_nothing() -> None:
    """Missing ids are no ids."""
    assert related_ids(facts(message_id="")) == ()


def test_only_the_nearest_ancestors_are_asked() -> None:
    """A message that names thousands of ancestors costs no thousands of questions."""
    message = facts(message_id="<own>", references=tuple(f"<{number}>" for number in range(1_000)))
    related = related_ids(message)
    assert len(related) == MAX_REFERENCES + 1
    assert related[0] == "<999>"
    assert related[-2:] == ("<950>", "<own>")
