"""What a user's word does to a hit, and which other hits it reaches."""

import ipaddress
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.circumstances import HitContext
from desktop.core.classify import judge, ruled
from desktop.core.correction import Correction, Shape, Who, corrected, deciding, shape_of
from desktop.core.verdict import Confidence, Judgement, Verdict
from relay.wire.hit import Hit, HitKind
from tests.core.judging import judge_copy
from tests.fakes.samples import CHROME, GMAIL_PREFETCH, GMAIL_PROXY, SENT_AT, THUNDERBIRD, click, hit

ANNA = "anna@becker.example"
BEN = "ben@becker.example"
OPENED = hit()
SENT = HitContext(sent_at=SENT_AT, known=True, address=ANNA)


def judgement(rule: str = "mail-client", verdict: Verdict = Verdict.PERSON) -> Judgement:
    return Judgement(verdict=verdict, rule=rule, confidence=Confidence.HIGH, reason="because")


def said(who: Who, of: Hit = OPENED, *, address: str = ANNA, number: int = 1, after_s: float = 0.0) -> Correction:
    """Return what the user said of a hit, with the shape it has."""
    at = SENT_AT + timedelta(days=1, seconds=after_s)
    return Correction(id=number, hit_id=of.id, who=who, at=at, shape=shape_of(of, who, address))


@pytest.mark.parametrize(
    ("who", "verdict"),
    [
        (Who.ME, Verdict.SELF),
        (Who.COLLEAGUE, Verdict.SELF),
        (Who.MACHINE, Verdict.SCANNER),
        (Who.RECIPIENT, Verdict.PERSON),
    ],
)
def test_each_answer_has_its_verdict(who: Who, verdict: Verdict) -> None:
    """What the user says of a hit is its verdict, named as theirs, and surer than what they said of one like it."""
    expected = Judgement(
        verdict=verdict, rule=f"corrected-{who.value}", confidence=Confidence.HIGH, reason="you said so"
    )
    assert corrected(OPENED, judgement("nothing-fits", Verdict.UNKNOWN), ANNA, [said(who)]) == expected
    alike = replace(expected, confidence=Confidence.MEDIUM, reason="you said so of one like it")
    assert corrected(hit(), judgement("nothing-fits", Verdict.UNKNOWN), ANNA, [said(who)]) == alike


def test_without_a_fitting_word_the_rules_stand() -> None:
    """No correction, or one of another hit without a shape, alters nothing."""
    by_rules = judgement()
    elsewhere = replace(said(Who.ME), shape=None)
    assert corrected(hit(), by_rules, ANNA, []) is by_rules
    assert corrected(hit(), by_rules, ANNA, [elsewhere]) is by_rules
    assert corrected(OPENED, by_rules, ANNA, [elsewhere]).rule == "corrected-me"


def test_a_shape_is_program_network_and_kind_and_for_a_recipient_or_a_machine_the_address() -> None:
    """A recipient's or machine's shape is of one address; one's own side's is the same whomever the copy went to."""
    program = "mozilla (x11; linux x86_64; rv:) gecko thunderbird"
    shape = Shape(kind=HitKind.OPEN, program=program, network="198.51.100.0/24")
    of_anna = replace(shape, address=ANNA)
    assert [shape_of(OPENED, who, ANNA) for who in Who] == [shape, shape, of_anna, of_anna]


@pytest.mark.parametrize(
    "one",
    [
        hit(labels=("microsoft-cloud",)),
        hit(agent=GMAIL_PROXY),
        hit(agent=GMAIL_PREFETCH),
        hit(agent="YahooMailProxy"),
        hit(agent=""),
        hit(agent="/5.0"),
    ],
)
def test_where_all_look_the_same_a_word_holds_for_one_hit(one: Hit) -> None:
    """On a listed network, behind a proxy or without a name there is no shape to know others by."""
    assert shape_of(one, Who.ME, ANNA) is None
    assert shape_of(replace(one, labels=(), agent=THUNDERBIRD), Who.ME, ANNA) is not None


@pytest.mark.parametrize(
    "other",
    [
        hit(agent=CHROME),
        click(agent=THUNDERBIRD),
        replace(hit(), network=ipaddress.ip_network("203.0.113.0/24")),
        hit(labels=("microsoft-cloud",)),
    ],
)
def test_another_program_network_or_kind_is_another_shape(other: Hit) -> None:
    """What was said of one hit reaches no hit that could be told from it."""
    by_rules = judgement()
    assert corrected(other, by_rules, ANNA, [said(Who.MACHINE)]) is by_rules
    assert corrected(hit(), by_rules, ANNA, [said(Who.MACHINE)]).verdict is Verdict.SCANNER


def test_a_newer_version_is_the_same_program() -> None:
    """A shape outlives an update of the program."""
    updated = hit(agent=THUNDERBIRD.replace("153.7.0", "160.0").replace("153.0", "160.0"))
    assert corrected(updated, judgement(), ANNA, [said(Who.ME)]).verdict is Verdict.SELF


def test_a_recipients_shape_is_their_own() -> None:
    """That Anna reads in this program at this network says nothing of Ben's copy; that it was me says it of both."""
    by_rules = judgement("nothing-fits", Verdict.UNKNOWN)
    assert corrected(hit(), by_rules, ANNA, [said(Who.RECIPIENT)]).verdict is Verdict.PERSON
    assert corrected(hit(), by_rules, BEN, [said(Who.RECIPIENT)]) is by_rules
    assert corrected(hit(), by_rules, BEN, [said(Who.ME)]).verdict is Verdict.SELF


def test_a_machine_at_one_address_makes_none_of_anothers_reader() -> None:
    """Anna's scanner and Ben's browser may look alike from one network; the word on Anna's copy is not of Ben's."""
    by_rules = judgement()
    assert corrected(hit(), by_rules, ANNA, [said(Who.MACHINE)]).verdict is Verdict.SCANNER
    assert corrected(hit(), by_rules, BEN, [said(Who.MACHINE)]) is by_rules
    everywhere = replace(said(Who.MACHINE), shape=shape_of(OPENED, Who.ME, ANNA))
    assert corrected(hit(), by_rules, BEN, [everywhere]) is by_rules


def test_the_newest_word_of_a_shape_decides_whatever_the_order() -> None:
    """Of two words on one shape the later one holds; of two at once the one written last."""
    first, second = said(Who.ME, hit(), number=1), said(Who.MACHINE, hit(), number=2, after_s=1)
    by_rules = judgement()
    assert deciding(hit(), by_rules, ANNA, [first, second]) == second
    assert deciding(hit(), by_rules, ANNA, [second, first]) == second
    at_once = replace(first, at=second.at)
    assert deciding(hit(), by_rules, ANNA, [at_once, second]) == second
    assert deciding(hit(), by_rules, ANNA, [second, at_once]) == second


def test_a_word_on_this_very_hit_outlives_a_newer_one_on_its_like() -> None:
    """What the user said of one hit is not undone by what they say of another."""
    own, newer = said(Who.RECIPIENT, OPENED, number=1), said(Who.ME, hit(), number=2, after_s=60)
    assert deciding(OPENED, judgement(), ANNA, [own, newer]) == own
    assert deciding(hit(), judgement(), ANNA, [own, newer]) == newer


@pytest.mark.parametrize(
    "rule",
    [
        "unknown-token",
        "never-sent",
        "own-mark",
        "own-view",
        "link-prefetch",
        "head-request",
        "altered-token",
        "hidden-link",
        "stop-link",
        "burst",
        "two-agents",
        "too-early",
        "own-network",
        "own-site",
        "own-program",
        "own-proxy",
        "after-burst",
        "after-reply",
        "haste",
        "no-name",
        "app-library",
        "http-library",
        "named-scanner",
        "a rule that comes later",
    ],
)
def test_a_word_on_another_hit_makes_no_person_of_what_is_its_own(rule: str) -> None:
    """What time or method show of one hit its shape does not hold; the user's word on that very hit still does."""
    by_rules = judgement(rule, Verdict.SCANNER)
    assert corrected(hit(), by_rules, ANNA, [said(Who.RECIPIENT)]) is by_rules
    assert corrected(OPENED, by_rules, ANNA, [said(Who.RECIPIENT)]).verdict is Verdict.PERSON
    assert corrected(hit(), by_rules, ANNA, [said(Who.ME)]).verdict is Verdict.SELF


@pytest.mark.parametrize(
    "rule",
    ["nothing-fits", "app-library-late", "mail-client", "in-app", "app-view", "private-relay", "browser"],
)
def test_a_word_on_another_hit_reaches_what_its_looks_alone_judged(rule: str) -> None:
    """Program and network are what the shape holds, so there the user knows better."""
    judged = corrected(hit(), judgement(rule, Verdict.UNKNOWN), ANNA, [said(Who.RECIPIENT)])
    assert (judged.verdict, judged.rule) == (Verdict.PERSON, "corrected-recipient")


def test_a_program_that_is_not_known_is_learnt() -> None:
    """Where the rules know no such program, the user's word holds for later hits of it too, but never early ones."""
    strange = hit(agent="Strange Reader/8.5.0")
    context = replace(SENT, corrections=(said(Who.RECIPIENT, strange),))
    assert judge(hit(agent="Strange Reader/8.6.0"), context).rule == "corrected-recipient"
    assert ruled(hit(agent="Strange Reader/8.6.0"), context).rule == "nothing-fits"
    assert judge(hit(agent="Strange Reader/8.6.0", after_s=5), context).rule == "too-early"


def test_what_calls_itself_a_machine_is_made_a_persons_one_by_one() -> None:
    """The user may know that this fetch of a script was the recipient's; the next may be any script's."""
    strange = hit(agent="curl/8.5.0")
    context = replace(SENT, corrections=(said(Who.RECIPIENT, strange),))
    assert judge(strange, context).rule == "corrected-recipient"
    assert judge(hit(agent="curl/8.5.0"), context).rule == "http-library"


def test_judging_a_copy_heeds_what_was_said() -> None:
    """All hits of a copy follow, and without the correction the rules' verdicts are back."""
    other = hit(agent=CHROME, headers={"sec-fetch-dest": "image"})
    hits = [OPENED, hit(after_s=7200), other]
    corrections = (said(Who.COLLEAGUE),)
    assert [each.rule for each in judge_copy(hits, replace(SENT, corrections=corrections))] == [
        "corrected-colleague",
        "corrected-colleague",
        "browser",
    ]
    assert [each.rule for each in judge_copy(hits, SENT)] == ["mail-client", "mail-client", "browser"]
    of_anna = replace(SENT, corrections=(said(Who.RECIPIENT, hit(after_s=1)),))
    assert judge_copy([hit()], of_anna)[0].rule == "corrected-recipient"
    assert judge_copy([hit()], replace(of_anna, address=BEN))[0].rule == "mail-client"
    assert judge_copy([hit(after_s=5)], of_anna)[0].rule == "too-early"


WORDS = st.lists(
    st.builds(
        said,
        st.sampled_from(Who),
        st.sampled_from([OPENED, hit(), click(agent=CHROME)]),
        number=st.integers(1, 9),
        after_s=st.sampled_from([0.0, 1.0]),
    ),
    max_size=5,
    unique_by=lambda each: each.id,
)


@given(WORDS, st.randoms(use_true_random=False), st.sampled_from([OPENED, hit(), click(agent=CHROME), click()]))
def test_the_order_of_corrections_does_not_matter(words: list[Correction], random: object, one: Hit) -> None:
    """However they are listed, the same one decides; and the verdict changes exactly where one does."""
    by_rules = judgement("nothing-fits", Verdict.UNKNOWN)
    shuffled = list(words)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    expected = deciding(one, by_rules, ANNA, words)
    assert deciding(one, by_rules, ANNA, shuffled) == expected
    assert (corrected(one, by_rules, ANNA, words) is by_rules) == (expected is None)
