"""What is known of a request beside its hit, and programs that hide or share their names."""

from dataclasses import replace

import pytest

from desktop.core.circumstances import HitContext, Telltale
from desktop.core.classify import judge
from desktop.core.verdict import Confidence, Verdict
from relay.wire.hit import Hit
from tests.fakes.samples import CHROME, SENT_AT, click, hit

SENT = HitContext(sent_at=SENT_AT, known=True)
OTHER = b"\x02" * 8
LOW, MEDIUM, HIGH = Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH


def telling(one: Hit, *telltales: Telltale, context: HitContext = SENT) -> HitContext:
    return replace(context, telltales={one.id: frozenset(telltales)})


@pytest.mark.parametrize(
    ("telltale", "verdict", "rule", "confidence", "reason"),
    [
        (Telltale.OWN_MARK, Verdict.SELF, "own-mark", HIGH, "the request bore your own mark"),
        (
            Telltale.PREFETCH,
            Verdict.PREVIEW,
            "link-prefetch",
            HIGH,
            "a browser fetched it ahead, in case somebody should want it",
        ),
        (
            Telltale.HEAD,
            Verdict.SCANNER,
            "head-request",
            HIGH,
            "it asked only whether there is something, and did not want to see it",
        ),
        (
            Telltale.ALTERED_TOKEN,
            Verdict.SCANNER,
            "altered-token",
            HIGH,
            "it asked for an altered address, as no reader does",
        ),
        (Telltale.HIDDEN_LINK, Verdict.SCANNER, "hidden-link", HIGH, "a link that nobody can see was followed"),
        (
            Telltale.OTHER_METHOD,
            Verdict.UNKNOWN,
            "other-method",
            LOW,
            "it did not ask as pictures and links are asked for",
        ),
        (
            Telltale.NETWORK_NOT_KNOWN,
            Verdict.UNKNOWN,
            "network-not-known",
            LOW,
            "from which network it came is not known",
        ),
    ],
)
def test_each_telltale_has_its_verdict(
    telltale: Telltale, verdict: Verdict, rule: str, confidence: Confidence, reason: str
) -> None:
    """A late click in a browser is a person's, and with the telltale it is none; another hit's telltale is not its."""
    one = click()
    judged = judge(one, telling(one, telltale))
    assert (judged.verdict, judged.rule, judged.confidence, judged.reason) == (verdict, rule, confidence, reason)
    assert judge(one, telling(click(), telltale)).verdict is Verdict.PERSON


def test_what_a_program_says_of_itself_comes_before_how_it_asked() -> None:
    """A preview bot that asks with HEAD is a preview bot, and a scanner's name is its rule."""
    bot, scanner = click(agent="Slackbot 1.0"), click(agent="Mimecast")
    assert judge(bot, telling(bot, Telltale.HEAD)).rule == "preview-bot"
    assert judge(scanner, telling(scanner, Telltale.HEAD)).rule == "named-scanner"


def test_the_stop_link_alone_late_is_a_persons() -> None:
    """People stop tracking too; a scanner follows the stop link at once, or with other links."""
    stop = click(token_id=b"s" * 12)
    assert judge(stop, telling(stop, Telltale.STOP_LINK)).verdict is Verdict.PERSON
    early = replace(stop, at_ms=stop.at_ms - 3_561_000)
    judged = judge(early, telling(early, Telltale.STOP_LINK))
    assert (judged.verdict, judged.rule, judged.confidence) == (Verdict.SCANNER, "stop-link", HIGH)
    assert judged.reason == "the link that stops tracking was followed with it"


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        (click(after_s=3603), Verdict.SCANNER),
        (click(after_s=3597), Verdict.SCANNER),
        (click(after_s=3603.001), Verdict.PERSON),
        (click(after_s=3601, same_source=OTHER), Verdict.PERSON),
        (click(after_s=3601, token_id=b"s" * 12), Verdict.PERSON),
        (hit(after_s=3601), Verdict.PERSON),
    ],
)
def test_the_stop_link_with_another_link_is_a_scanners(other: Hit, verdict: Verdict) -> None:
    """It must be another link, from the same address, within 3 s."""
    stop = click(token_id=b"s" * 12)
    context = telling(stop, Telltale.STOP_LINK, context=replace(SENT, siblings=(other,)))
    assert judge(stop, context).verdict is verdict


@pytest.mark.parametrize("one", [hit, click])
def test_a_request_without_a_name_is_a_machines_only_early(one: type) -> None:
    """No mail program or browser hides its name; late, that alone condemns nobody."""
    judged = judge(one(agent="", after_s=5), SENT)
    assert (judged.verdict, judged.rule, judged.confidence) == (Verdict.SCANNER, "no-name", MEDIUM)
    assert (
        judged.reason == "the program gives no name, unlike mail programs and browsers, and it came soon after sending"
    )
    late = judge(one(agent=" ", after_s=40), SENT)
    assert (late.verdict, late.rule, late.reason) == (Verdict.UNKNOWN, "no-name-late", "the program gives no name")


def test_a_name_that_is_not_known_is_no_missing_name() -> None:
    """Where nobody wrote down the name, it neither condemns nor makes a person; the network still may."""
    early = hit(agent="", after_s=5)
    assert judge(early, telling(early, Telltale.AGENT_NOT_KNOWN)).rule == "too-early"
    late = hit(agent="")
    assert judge(late, telling(late, Telltale.AGENT_NOT_KNOWN)).rule == "nothing-fits"
    filtered = hit(agent="", labels=("barracuda",))
    assert judge(filtered, telling(filtered, Telltale.AGENT_NOT_KNOWN)).rule == "barracuda"
    azure = hit(agent="", labels=("microsoft-cloud",))
    assert judge(azure, telling(azure, Telltale.AGENT_NOT_KNOWN)).rule == "nothing-fits"
    assert judge(azure, SENT).rule == "no-name-late"
    assert judge(replace(azure, agent=CHROME), SENT).rule == "microsoft-webmail"


def test_an_apps_library_reads_no_links_and_late_pictures_perhaps() -> None:
    """Scripts and phones' apps share it: a link is never opened with it, a picture may be shown by an app."""
    agent = "okhttp/4.12.0"
    shared = "scripts and apps share the program's name"
    for one, why in (
        (click(agent=agent), "people follow links in browsers"),
        (click(agent=agent, after_s=5), "it came soon after sending"),
        (hit(agent=agent, after_s=5), "it came soon after sending"),
    ):
        judged = judge(one, SENT)
        assert (judged.verdict, judged.rule, judged.confidence) == (Verdict.SCANNER, "app-library", MEDIUM)
        assert judged.reason == f"{shared}, and {why}"
    late = judge(hit(agent=agent, after_s=40), SENT)
    assert (late.verdict, late.rule) == (Verdict.UNKNOWN, "app-library-late")
    assert late.reason == f"{shared}; somebody may read in the app"


@pytest.mark.parametrize(
    ("agent", "whose"),
    [("FastmailUA/1.0", "Fastmail's image proxy"), ("Example MailProxy/1", "a mail service's image proxy")],
)
def test_a_proxy_without_a_published_network_is_believed_by_its_name(agent: str, whose: str) -> None:
    """Less surely than Gmail's; in the first seconds and at Google's or Apple's own network not at all."""
    judged = judge(hit(agent=agent, after_s=40), SENT)
    assert (judged.verdict, judged.rule, judged.confidence) == (Verdict.IMAGE_PROXY, "image-proxy", LOW)
    assert judged.reason == f"{whose} by its own name, past the first seconds"
    assert judge(hit(agent=agent, after_s=39), SENT).rule == "proxy-early"
    assert judge(hit(agent=agent, labels=("amazon-cloud",)), SENT).rule == "image-proxy"
    for label in ("google-fetchers", "apple-egress"):
        assert judge(hit(agent=agent, labels=(label,)), SENT).rule == "proxy-unproven"


def test_a_robot_for_pictures_is_unknown() -> None:
    """Whether it works for a webmail that somebody reads in is not known."""
    judged = judge(hit(agent="Example ImageResizer/2.0"), SENT)
    assert (judged.verdict, judged.rule) == (Verdict.UNKNOWN, "picture-robot")
    assert judged.reason == "a robot for pictures; whether somebody looked is not known"


def test_a_robot_that_says_so_is_a_machine() -> None:
    """It is said to be a robot, not a scanner."""
    judged = judge(click(agent="Examplebot/1.0"), SENT)
    assert (judged.verdict, judged.rule, judged.confidence) == (Verdict.SCANNER, "named-robot", HIGH)
    assert judged.reason == "the program names itself as robots do"


def test_a_click_from_any_hosting_network_is_judged_as_from_a_cloud() -> None:
    """Smaller hosters are clouds as the large ones are."""
    assert judge(click(labels=("other-cloud",), after_s=5), SENT).rule == "cloud-click"
    assert judge(click(labels=("other-cloud",)), SENT).rule == "cloud-click-late"
