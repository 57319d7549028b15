"""Which messages belong together."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.address import Mailbox
from desktop.core.thread import (
    MAX_REFERENCES,
    SKEW_MS,
    Came,
    Candidate,
    Loose,
    Sent,
    ancestor_ids,
    followed,
    groups,
    has_prefix,
    loose_subject,
    made_name,
    name_key,
    subject_base,
    twin_of,
)
from tests.fakes.samples import SENT_AT, facts

LATER = SENT_AT + timedelta(hours=1)


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


def test_the_parent_stands_first_and_ancestors_from_the_nearest() -> None:
    """In-Reply-To, then References from their end; each once."""
    message = facts(message_id="<c>", in_reply_to="<b>", references=("<a>", "<b>"))
    assert ancestor_ids(message) == ("<b>", "<a>")


def test_a_message_without_ids_follows_nothing() -> None:
    """Missing ids are no ids."""
    assert ancestor_ids(facts(message_id="")) == ()


def test_only_the_nearest_ancestors_count() -> None:
    """A message that names thousands of ancestors costs no thousands of rows."""
    message = facts(message_id="<own>", references=tuple(f"<{number}>" for number in range(1_000)))
    ancestors = ancestor_ids(message)
    assert (len(ancestors), ancestors[0], ancestors[-1]) == (MAX_REFERENCES, "<999>", "<950>")


@pytest.mark.parametrize(
    ("subject", "expected"), [("Re: Offer", True), ("AW:Offer", True), ("Offer", False), ("Regarding: x", False)]
)
def test_a_prefix_makes_an_answers_subject(subject: str, expected: bool) -> None:
    """Only a whole prefix with its colon does."""
    assert has_prefix(subject) is expected


def test_a_message_does_not_follow_itself() -> None:
    """Its own id among its references is no ancestor."""
    message = facts(message_id="<c>", in_reply_to="<c>", references=("<a>", "<c>", "<b>"))
    assert ancestor_ids(message) == ("<b>", "<a>")


def test_a_key_is_a_positive_number_of_63_bits_that_stays() -> None:
    """The store keeps keys: the same name has the same one in every version, and names differ in theirs."""
    assert name_key("<first@sender.example>") == 8006704414455766593
    names = [f"<{number}@x>" for number in range(1_000)]
    assert len({name_key(name) for name in names}) == 1_000
    assert all(0 <= name_key(name) < 2**63 for name in names)


def test_a_made_name_is_of_the_header_fields_alone() -> None:
    """Read in another folder at another time it is the same; another date, subject, sender or parent makes another."""
    one = facts(message_id="")
    assert made_name(one, SENT_AT) == made_name(one, LATER)
    others = (
        replace(one, date=LATER),
        replace(one, subject="Other"),
        replace(one, from_=None),
        replace(one, to=()),
        replace(one, in_reply_to="<x>"),
        replace(one, references=("<x>",)),
    )
    assert len({made_name(each, SENT_AT) for each in (one, *others)}) == 7
    undated = replace(one, date=None)
    assert made_name(undated, SENT_AT) != made_name(undated, LATER)


def test_made_names_and_twins_stay_what_they_are() -> None:
    """The store keeps them: another version must make the same ones."""
    one = facts(message_id="", in_reply_to="<a>", references=("<b>",))
    assert made_name(one, SENT_AT) == "made:8ebe19445499872136fb55d4fa8d276b"
    assert twin_of(one) == bytes.fromhex("621cda0131746428e2d4df7dfadb9525")


def test_a_name_in_no_known_characters_has_a_key_too() -> None:
    """A stranger's charset can give lone surrogates."""
    assert name_key("<\ud800@x>") == 7991499377244896777
    assert made_name(facts(subject="\ud800", message_id=""), SENT_AT).startswith("made:")


def test_a_twin_has_the_same_sender_subject_and_recipients() -> None:
    """In any case and order, whatever Message-ID, Date and parents; without a Date or a sender there is none."""
    one = facts(message_id="<1>")
    anna, bob = Mailbox("Anna", "Anna@Becker.example"), Mailbox("", "bob@lund.example")
    same = replace(one, message_id="<2>", to=(anna,), date=LATER, in_reply_to="<x>", subject=" Offer ")
    assert twin_of(one) == twin_of(same)
    assert twin_of(replace(one, to=(anna, bob))) == twin_of(replace(one, to=(bob,), cc=(anna,)))
    assert twin_of(one) != twin_of(replace(one, to=(bob,)))
    assert twin_of(one) != twin_of(replace(one, subject="Offer 2"))
    assert (twin_of(replace(one, date=None)), twin_of(replace(one, from_=None))) == (None, None)


def our(id_: int, own: int, *mentions: int) -> Sent:
    return Sent(id=id_, own=frozenset({own}), mentions=mentions)


def came(id_: int, key: int, *mentions: int, joining: bool = True, follows: int | None = None) -> Came:
    return Came(id=id_, key=key, mentions=mentions, joining=joining, follows=follows)


def members(sent: Sequence[Sent], arrived: Sequence[Came]) -> list[tuple[list[int], list[int], list[int]]]:
    found = groups(sent, arrived)
    return sorted((sorted(each.sent), sorted(each.came), sorted(each.keys)) for each in found)


def test_mails_that_name_one_another_or_a_third_are_one_conversation() -> None:
    """A parent, a common ancestor nobody has, and a chain of arrivals between two of ours."""
    assert members([our(1, 11), our(2, 12, 11)], []) == [([1, 2], [], [11, 12])]
    assert members([our(1, 11, 99), our(2, 12, 99)], []) == [([1, 2], [], [11, 12, 99])]
    assert members([our(1, 11), our(2, 12, 22)], [came(1, 21, 11), came(2, 22, 21)]) == [
        ([1, 2], [1, 2], [11, 12, 21, 22])
    ]


def test_an_arrival_under_the_name_of_ours_counts_for_nothing() -> None:
    """It unites nothing and belongs nowhere, whatever it mentions."""
    assert members([our(1, 11), our(2, 12)], [came(1, 12, 11)]) == [([1], [], [11]), ([2], [], [12])]


def test_messages_without_any_name_are_conversations_of_their_own() -> None:
    """Two of them have nothing in common."""
    nameless = [Sent(id=each, own=frozenset(), mentions=()) for each in (1, 2)]
    assert members(nameless, []) == [([1], [], []), ([2], [], [])]


def test_arrivals_alone_are_no_conversation() -> None:
    """However they refer to each other."""
    assert members([our(1, 11)], [came(1, 21, 22), came(2, 22)]) == [([1], [], [11])]


def test_what_does_not_join_belongs_to_the_nearest_and_unites_nothing() -> None:
    """A report names two of ours: it is the first one's; named by us itself, it is there; unknown, nowhere."""
    both = [our(1, 11), our(2, 12)]
    assert members(both, [came(1, 21, 12, 11, joining=False)]) == [([1], [], [11]), ([2], [1], [12, 21])]
    assert members([our(1, 11, 21), our(2, 12)], [came(1, 21, 12, joining=False)]) == [
        ([1], [1], [11, 21]),
        ([2], [], [12]),
    ]
    assert members(both, [came(1, 21, 99, joining=False)]) == [([1], [], [11]), ([2], [], [12])]


def test_what_follows_by_its_subject_stands_with_that_message() -> None:
    """A person's mail joins what names it to that message; a report only goes there."""
    both = [our(1, 11), our(2, 12, 21)]
    assert members(both, [came(1, 21, follows=1)]) == [([1, 2], [1], [11, 12, 21])]
    assert members([our(1, 11)], [came(1, 21, joining=False, follows=1)]) == [([1], [1], [11, 21])]


small = st.integers(10, 22)
sent_nodes = st.lists(
    st.builds(lambda own, mentions: (own, mentions), st.frozensets(small, max_size=2), st.lists(small, max_size=2)),
    max_size=5,
)
came_nodes = st.lists(st.tuples(small, st.lists(small, max_size=2), st.booleans()), max_size=5)


@given(st.data(), sent_nodes, came_nodes)
def test_groups_are_a_partition_that_no_order_changes(
    data: st.DataObject,
    ours: list[tuple[frozenset[int], list[int]]],
    theirs: list[tuple[int, list[int], bool]],
) -> None:
    """Every message is in one group, no name in two, and a shuffle gives the same groups."""
    sent = [Sent(id=number, own=own, mentions=tuple(each)) for number, (own, each) in enumerate(ours, start=1)]
    arrived = [
        came(number, key, *each, joining=joining, follows=data.draw(st.sampled_from([None, *range(1, len(sent) + 1)])))
        for number, (key, each, joining) in enumerate(theirs, start=1)
    ]
    found = members(sent, arrived)
    assert sorted(id_ for group, _, _ in found for id_ in group) == [each.id for each in sent]
    for place in (1, 2):
        listed = [each for group in found for each in group[place]]
        assert len(set(listed)) == len(listed)
    assert found == members(data.draw(st.permutations(sent)), data.draw(st.permutations(arrived)))


DAY_MS = 86_400_000


def loose(subject: str = "offer", *, at_ms: int = DAY_MS, is_report: bool = False) -> Loose:
    return Loose(subject=subject, parties=frozenset({"anna"}), at_ms=at_ms, is_report=is_report)


def candidate(id_: int = 1, *, base: str = "offer", address: str = "anna", at_ms: int = 0, name: str = "") -> Candidate:
    return Candidate(id=id_, base=base, address=address, at_ms=at_ms, name=name)


@pytest.mark.parametrize(
    ("arrival", "mail", "expected"),
    [
        (loose(), candidate(), 1),
        (loose("offers"), candidate(), None),
        (loose("re offer"), candidate(), None),
        (loose(), candidate(address="bob"), None),
        (loose(at_ms=0), candidate(at_ms=SKEW_MS), 1),
        (loose(at_ms=0), candidate(at_ms=SKEW_MS + 1), None),
        (loose(at_ms=90 * DAY_MS), candidate(), 1),
        (loose(at_ms=90 * DAY_MS + 1), candidate(), None),
        (loose("automatic reply: offer", is_report=True), candidate(), 1),
        (loose("officer away", is_report=True), candidate(base="office"), None),
        (loose("re: 50% off (now)", is_report=True), candidate(base="50% off (now)"), 1),
        (loose("automatic reply: offer", is_report=True), candidate(base=""), None),
        (loose("x offer", at_ms=14 * DAY_MS, is_report=True), candidate(), 1),
        (loose("x offer", at_ms=14 * DAY_MS + 1, is_report=True), candidate(), None),
    ],
)
def test_a_loose_arrival_follows_mail_to_its_people_under_its_subject(
    arrival: Loose, mail: Candidate, expected: int | None
) -> None:
    """A reply needs the same subject, a report the whole of it in words; both a time that fits."""
    assert followed(arrival, [mail]) == expected


def test_of_several_mails_the_newest_is_followed() -> None:
    """Of one instant the name decides, which is the same whatever was recorded first."""
    older, newer = candidate(2), candidate(1, at_ms=1)
    assert followed(loose(), [older, newer]) == followed(loose(), [newer, older]) == 1
    one, other = candidate(1, name="<b>"), candidate(2, name="<a>")
    assert followed(loose(), [one, other]) == followed(loose(), [other, one]) == 1
    assert followed(loose(), []) is None


@pytest.mark.parametrize(
    ("subject", "is_report", "expected"),
    [
        ("Re: Offer", False, "offer"),
        ("Offer", False, None),
        ("Re:", False, None),
        ("Automatic  Reply: OFFER", True, "automatic reply: offer"),
        ("  ", True, None),
    ],
)
def test_only_some_subjects_can_join(subject: str, is_report: bool, expected: str | None) -> None:
    """A person's needs a prefix and something after it, a report's anything at all."""
    assert loose_subject(subject, is_report=is_report) == expected
