"""Which later readers may be somebody else."""

import ipaddress
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.forwarding import Forwarding, forwardings
from desktop.core.verdict import Confidence, Judgement, Verdict
from relay.wire.hit import Hit
from tests.fakes.samples import CHROME, FIREFOX, OUTLOOK, SENT_AT, THUNDERBIRD, click, hit

OFFICE = "198.51.100.0/24"
HOME = "203.0.113.0/24"
FAR = "192.0.2.0/24"


def by(
    agent: str = OUTLOOK,
    network: str = OFFICE,
    *,
    after_s: float = 3600.0,
    verdict: Verdict = Verdict.PERSON,
    rule: str = "mail-client",
    labels: tuple[str, ...] = (),
) -> tuple[Hit, Judgement]:
    """Return a judged picture fetched by a program at a network."""
    one = replace(hit(after_s=after_s, agent=agent, labels=labels), network=ipaddress.ip_network(network))
    return one, Judgement(verdict=verdict, rule=rule, confidence=Confidence.HIGH, reason="because")


FIRST = by()
OTHER = by(THUNDERBIRD, HOME, after_s=7200)
EARLIER = Forwarding(earlier_at=SENT_AT + timedelta(hours=1), earlier_client="Outlook")


def test_another_network_and_program_may_be_another_reader() -> None:
    """Both differ from the first person's hit, which is the evidence; the first itself is never another's."""
    assert forwardings([FIRST, OTHER]) == {OTHER[0].id: EARLIER}
    assert forwardings([OTHER, FIRST]) == {OTHER[0].id: EARLIER}
    assert forwardings([FIRST]) == {}
    assert forwardings([]) == {}


def test_a_click_may_be_another_readers_too() -> None:
    """A link followed elsewhere in another program is the same evidence."""
    clicked = (replace(click(agent=FIREFOX, after_s=7200), network=ipaddress.ip_network(HOME)), OTHER[1])
    assert forwardings([FIRST, clicked]) == {clicked[0].id: EARLIER}


@pytest.mark.parametrize(
    "same",
    [
        by(THUNDERBIRD, OFFICE, after_s=7200),
        by(OUTLOOK, HOME, after_s=7200),
        by(OUTLOOK.replace("16.0.17928", "16.0.18000"), HOME, after_s=7200),
    ],
)
def test_the_same_network_or_program_is_the_same_reader(same: tuple[Hit, Judgement]) -> None:
    """One thing in common is enough not to suspect anybody, and an update is no other program."""
    assert forwardings([FIRST, same]) == {}


def test_a_reader_is_known_again_by_what_they_used_meanwhile() -> None:
    """Outlook at home joins the first reader's network and program to whatever else is used at home."""
    at_home = by(OUTLOOK, HOME, after_s=7200)
    browser_at_home = by(CHROME, HOME, after_s=9000)
    browser_away = by(CHROME, FAR, after_s=9500)
    assert forwardings([FIRST, at_home, browser_at_home, browser_away]) == {}
    assert set(forwardings([FIRST, browser_at_home, browser_away])) == {browser_at_home[0].id, browser_away[0].id}


@pytest.mark.parametrize("verdict", [each for each in Verdict if each is not Verdict.PERSON])
def test_only_persons_hits_forward(verdict: Verdict) -> None:
    """A machine, a proxy, the sender and the unknown neither are another reader nor come before one."""
    assert forwardings([FIRST, by(THUNDERBIRD, HOME, after_s=7200, verdict=verdict)]) == {}
    assert forwardings([by(verdict=verdict), OTHER]) == {}


def test_the_users_own_word_is_not_doubted() -> None:
    """A hit the user gave to the recipient is none of another's, and what it shows of them counts as theirs."""
    given_to_anna = by(THUNDERBIRD, HOME, after_s=7200, rule="corrected-recipient")
    assert forwardings([FIRST, given_to_anna, by(THUNDERBIRD, FAR, after_s=9000)]) == {}


def test_a_listed_network_is_nobodys() -> None:
    """Through Private Relay the network is Apple's: it neither shows another reader nor joins two."""
    relayed = by(THUNDERBIRD, HOME, after_s=7200, labels=("apple-egress",))
    assert forwardings([FIRST, relayed]) == {}
    assert forwardings([by(OUTLOOK, HOME, labels=("apple-egress",)), OTHER]) == {}
    assert set(forwardings([FIRST, relayed, by(CHROME, HOME, after_s=9000)])) != set()


def test_an_unknown_first_program_has_no_name() -> None:
    """The evidence names only what is known."""
    assert forwardings([by("Reader/1"), OTHER])[OTHER[0].id].earlier_client == ""


JUDGED = st.lists(
    st.builds(
        by,
        st.sampled_from([OUTLOOK, THUNDERBIRD, CHROME]),
        st.sampled_from([OFFICE, HOME, FAR]),
        after_s=st.integers(0, 9).map(float),
        verdict=st.sampled_from([Verdict.PERSON, Verdict.PERSON, Verdict.SCANNER]),
        labels=st.sampled_from([(), (), ("apple-egress",)]),
    ),
    max_size=6,
)


@given(JUDGED, st.randoms(use_true_random=False))
def test_the_order_of_hits_does_not_matter(judged: list[tuple[Hit, Judgement]], random: object) -> None:
    """However they are listed, the same hits may be another's, and never all of the persons' hits."""
    shuffled = list(judged)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    found = forwardings(judged)
    assert forwardings(shuffled) == found
    people = {each.id for each, judgement in judged if judgement.verdict is Verdict.PERSON}
    assert set(found) < people or not people
