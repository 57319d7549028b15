"""What may be the sender's own view, and what another's: own marks, own networks, the reply that shows the mail."""

import ipaddress
from dataclasses import replace

import pytest

from desktop.core.agents import program_shape
from desktop.core.circumstances import HitContext
from desktop.core.classify import judge, ruled_copy
from desktop.core.verdict import Confidence, Judgement, Verdict
from relay.wire.hit import Hit
from tests.core.judging import judge_copy
from tests.fakes.samples import (
    CHROME,
    FIREFOX,
    GMAIL_PROXY,
    HOME,
    OUTLOOK,
    SENT_AT,
    THUNDERBIRD,
    click,
    hit,
)

NETWORK = "198.51.100.0/24"
OTHER_MARK = b"\x02" * 8
SENT_MS = round(SENT_AT.timestamp() * 1000)
TODAY = SENT_MS // 86_400_000
IMAGE = {"sec-fetch-dest": "image"}
SENT = HitContext(sent_at=SENT_AT, known=True)
OFF = replace(SENT, own_seen=frozenset({(NETWORK, TODAY - 9)}), own_programs=frozenset({"Thunderbird"}))
REPLIED = replace(SENT, replied_at_ms=SENT_MS + 7_200_000)


def aged(one: Hit) -> list[tuple[Hit, Judgement]]:
    """Return a hit whose time was cut, with what the rules said of it."""
    return [(one, judge(one, SENT))]


def verdict(one: Hit, context: HitContext) -> tuple[Verdict, str]:
    judged = judge(one, context)
    return judged.verdict, judged.rule


@pytest.mark.parametrize("program", ["Thunderbird", program_shape(THUNDERBIRD)])
def test_an_own_program_is_known_by_its_name_or_its_shape(program: str) -> None:
    """A name learnt from a submitted mail and a shape learnt from a browser both make an own view of an own mark."""
    context = replace(SENT, own_sources=frozenset({HOME}), own_programs=frozenset({program}))
    assert verdict(hit(), context) == (Verdict.SELF, "own-view")
    assert verdict(hit(agent=THUNDERBIRD.replace("153", "160")), context) == (Verdict.SELF, "own-view")
    assert verdict(hit(same_source=OTHER_MARK), context) == (Verdict.PERSON, "mail-client")


def test_a_program_without_a_name_is_nobodys_own() -> None:
    """An empty name among the own programs makes no nameless program an own one."""
    context = replace(SENT, own_sources=frozenset({HOME}), own_programs=frozenset({""}))
    assert verdict(hit(agent="Reader/1"), context) == (Verdict.UNKNOWN, "own-network")
    named = replace(context, own_programs=frozenset({program_shape("Reader/1")}))
    assert verdict(hit(agent="Reader/1"), named) == (Verdict.SELF, "own-view")


def test_own_network_and_program_of_a_day_without_a_mark_may_be_the_sender() -> None:
    """The desktop was off that day, so nothing tells the sender from a neighbour in the same program."""
    judged = judge(hit(), OFF)
    assert (judged.verdict, judged.rule, judged.confidence) == (Verdict.UNKNOWN, "own-program", Confidence.LOW)
    reason = "it came from your own network and program, on a day when Readback was not seen there"
    assert judged.reason == f"{reason}; it may have been you"
    clicking = replace(OFF, own_programs=frozenset({"Firefox"}))
    assert verdict(click(), clicking) == (Verdict.UNKNOWN, "own-program")


@pytest.mark.parametrize(
    "context",
    [
        replace(OFF, own_seen=frozenset({(NETWORK, TODAY)}), own_sources=frozenset({OTHER_MARK})),
        replace(OFF, own_seen=frozenset({("203.0.113.0/24", TODAY - 9)})),
        replace(OFF, own_programs=frozenset({"Outlook"})),
    ],
)
def test_another_mark_that_day_network_or_program_is_another_person(context: HitContext) -> None:
    """Where the own mark of that day is known and is another, or a half is missing, it was not the sender."""
    assert verdict(hit(), context) == (Verdict.PERSON, "mail-client")


def test_a_mark_of_another_day_proves_nothing() -> None:
    """Marks change daily: yesterday's and tomorrow's say nothing of today."""
    context = replace(OFF, own_seen=frozenset({(NETWORK, TODAY - 1), (NETWORK, TODAY + 1)}))
    assert verdict(hit(), context) == (Verdict.UNKNOWN, "own-program")


def test_a_mark_of_that_day_at_another_network_proves_nothing() -> None:
    """Seen at the office that day, the desktop's mark at home is still not known."""
    elsewhere = ("203.0.113.0/24", TODAY)
    context = replace(OFF, own_seen=frozenset({(NETWORK, TODAY - 1), elsewhere}), own_sources=frozenset({OTHER_MARK}))
    assert verdict(hit(), context) == (Verdict.UNKNOWN, "own-program")
    at_home = replace(context, own_seen=context.own_seen | {(NETWORK, TODAY)})
    assert verdict(hit(), at_home) == (Verdict.PERSON, "mail-client")


def test_an_own_network_makes_nobody_of_a_machine() -> None:
    """What is a machine by the rules stays one at the sender's network."""
    context = replace(OFF, own_programs=frozenset({"curl"}))
    assert verdict(click(agent="curl/8"), context) == (Verdict.SCANNER, "http-library")


def test_a_picture_after_the_reply_may_be_the_sender_reading_it() -> None:
    """The reply quotes the mail and shows it to the sender: a reader not met before the reply is nobody for sure."""
    judged = judge(hit(after_s=7200), REPLIED)
    assert (judged.verdict, judged.rule, judged.confidence) == (Verdict.UNKNOWN, "after-reply", Confidence.LOW)
    assert judged.reason == "it came after an answer, which shows the mail to you too; it may have been you"
    assert verdict(hit(after_s=7199.999), REPLIED) == (Verdict.PERSON, "mail-client")
    assert verdict(hit(after_s=7200), SENT) == (Verdict.PERSON, "mail-client")


def test_a_click_after_the_reply_is_as_any_other() -> None:
    """Showing a mail loads its pictures and follows none of its links."""
    assert verdict(click(after_s=9000), REPLIED) == (Verdict.PERSON, "browser")


@pytest.mark.parametrize(
    "one",
    [
        hit(after_s=9000, agent=GMAIL_PROXY, labels=("google-fetchers",)),
        hit(after_s=9000, agent="YahooMailProxy"),
        hit(after_s=9000, labels=("microsoft-cloud",)),
    ],
)
def test_an_image_proxy_after_the_reply_is_nobody_for_sure(one: Hit) -> None:
    """Behind a proxy the sender looks like the recipient, even where the proxy was met before."""
    assert verdict(one, REPLIED) == (Verdict.UNKNOWN, "after-reply")
    early = replace(one, id=bytes(16), at_ms=SENT_MS + 600_000)
    assert [each.rule for each in judge_copy([early, one], REPLIED)][1] == "after-reply"
    assert verdict(one, SENT)[0] is Verdict.IMAGE_PROXY


def test_a_reader_met_before_the_reply_is_met_again() -> None:
    """The same program at the same network had the mail before the sender could see it in a reply."""
    first, again = hit(after_s=600), hit(after_s=90_000, agent=THUNDERBIRD.replace("153.7.0", "154.0"))
    assert [each.rule for each in judge_copy([again, first], REPLIED)] == ["mail-client"] * 2


@pytest.mark.parametrize(
    "first",
    [
        hit(after_s=600, agent=OUTLOOK),
        replace(hit(after_s=600), network=ipaddress.ip_network("203.0.113.0/24")),
        hit(after_s=7200),
        hit(after_s=600, same_source=OTHER_MARK),
    ],
)
def test_another_program_or_network_or_an_own_view_is_no_earlier_meeting(first: Hit) -> None:
    """Only a stranger's hit before the reply, with the same program at the same network, vouches for a later one."""
    context = replace(REPLIED, own_sources=frozenset({OTHER_MARK}))
    assert judge_copy([first, hit(after_s=90_000)], context)[1].rule == "after-reply"


def test_hits_cut_to_the_minute_vouch_for_later_ones() -> None:
    """Aged hits are judged no more, but still tell who had the mail before the reply, if by a minute or more."""
    later = hit(after_s=90_000)
    assert ruled_copy([later], REPLIED)[0].rule == "after-reply"
    assert ruled_copy([later], REPLIED, aged(hit(after_s=7140)))[0].rule == "mail-client"
    assert ruled_copy([later], REPLIED, aged(hit(after_s=7140.001)))[0].rule == "after-reply"
    assert ruled_copy([later], REPLIED, aged(hit(after_s=600, agent=OUTLOOK)))[0].rule == "after-reply"


def test_early_and_listed_hits_keep_their_reasons_after_a_reply() -> None:
    """A network that tells nobody apart is still said first."""
    assert verdict(hit(after_s=9000, labels=("amazon-cloud",)), REPLIED) == (Verdict.UNKNOWN, "listed-network")
    early = replace(REPLIED, replied_at_ms=SENT_MS + 5_000)
    assert verdict(hit(after_s=4), early) == (Verdict.UNKNOWN, "too-early")


def test_a_browser_after_the_reply_needs_to_have_been_met_too() -> None:
    """Webmail that shows the reply is a browser's picture; met before, it is the reader's."""
    late = hit(after_s=9000, agent=CHROME, headers=IMAGE)
    assert verdict(late, REPLIED) == (Verdict.UNKNOWN, "after-reply")
    seen = hit(after_s=600, agent=CHROME, headers=IMAGE)
    assert judge_copy([seen, late], REPLIED)[1].rule == "browser"
    assert judge_copy([hit(after_s=600, agent=FIREFOX, headers=IMAGE), late], REPLIED)[1].rule == "after-reply"
