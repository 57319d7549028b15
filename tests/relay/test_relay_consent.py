"""The page that asks: what grants, what does not, and that the person is told which."""

import base64
import html
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from urllib.parse import urljoin

import pytest
import requests

from relay.answers import Answers
from relay.database import Database, StorageError
from relay.wire.answer import AnswerKind
from relay.wire.claims import Claims, spell_claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.token import TokenType
from relay.wire.urls import consent_url, page_url
from relay.wire.wording import asked_text, question_of, wording_hash
from tests.relay.desk import Clock, Desk, served
from tests.relay.recipients import CLAIMS, answers_of, confirm_url, press, question_url, taken

OPENS, CLICKS, READING, PLACE = Purpose.OPENS, Purpose.CLICKS, Purpose.READING, Purpose.PLACE


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give one desktop for all tests; each has a recipient of its own."""
    clock = Clock()
    with served(tmp_path_factory.mktemp("relay"), clock) as base:
        one = Desk(base, clock)
        yield one
        one.close()


@pytest.fixture
def tag(desk: Desk) -> bytes:
    """Give a recipient, with nothing waiting for the desktop."""
    taken(desk)
    return os.urandom(8)


def crawl(desk: Desk, url: str) -> int:
    """Ask for a page and all that it links to, as a scanner does; return how many pages there were."""
    seen: set[str] = set()
    found = [url]
    while found:
        each = found.pop()
        seen.add(each)
        desk.session.head(each, timeout=10)
        links = re.findall(r'(?:href|src|action)="([^"]+)"', desk.get(each).text)
        found += [full for link in links if (full := urljoin(each, link).partition("#")[0]) not in seen]
    return len(seen)


def test_consent_is_given_only_by_post_from_a_page_with_an_explicit_button(desk: Desk, tag: bytes) -> None:
    """Item 4: a crawler that follows every link and submits no form grants nothing; a press on the button does."""
    url = question_url(desk, tag=tag)
    assert crawl(desk, url) >= 1
    assert crawl(desk, desk.stop_url(tag=tag)) >= 2
    assert answers_of(desk) == []
    assert press(desk, url, OPENS, answer="yes").status_code == 200
    assert [answer.purposes for answer in answers_of(desk)] == [{OPENS}]


def test_a_yes_tells_the_desktop_what_was_chosen_and_shown(desk: Desk, tag: bytes) -> None:
    """Item 6: purpose, exact wording, language and time reach the desktop, sealed; the page repeats what was chosen."""
    german = replace(CLAIMS, language=Language.GERMAN)
    page = press(desk, question_url(desk, german, tag=tag, random_id=b"question-one"), OPENS, PLACE, answer="yes")
    [answer] = taken(desk)
    assert (answer.kind, answer.purposes, answer.language) == (
        AnswerKind.CONSENT,
        frozenset({OPENS, PLACE}),
        Language.GERMAN,
    )
    assert (answer.token_id, answer.tag, answer.at_ms) == (b"question-one", tag, desk.clock.ms)
    assert answer.wording == wording_hash(asked_text(german))
    assert "<h1>Danke für Ihre Antwort</h1>" in page.text
    assert page.text.count("<li>") == 2
    desk.get(desk.open_url(tag=tag))
    assert len(desk.hits()) == 1
    desk.acknowledge(desk.poll()["rows"])


@pytest.mark.parametrize(("opens", "clicks"), list(product([False, True], repeat=2)))
def test_opens_and_clicks_are_consented_to_separately(desk: Desk, tag: bytes, opens: bool, clicks: bool) -> None:
    """Item 2, the four cells: what is granted is what was ticked; nothing ticked grants nothing and asks again."""
    ticked = [purpose for purpose, is_ticked in ((OPENS, opens), (CLICKS, clicks)) if is_ticked]
    page = press(desk, question_url(desk, tag=tag), *ticked, answer="yes")
    assert [answer.purposes for answer in taken(desk)] == ([set(ticked)] if ticked else [])
    assert page.status_code == (200 if ticked else 422)


@pytest.mark.parametrize("alone", [READING, PLACE])
def test_reading_time_and_place_say_nothing_by_themselves(desk: Desk, tag: bytes, alone: Purpose) -> None:
    """Item 2: they have boxes of their own, but without opens or clicks the page says why, and the link still works."""
    url = question_url(desk, tag=tag)
    page = press(desk, url, alone, answer="yes")
    assert (page.status_code, 'role="alert"' in page.text, taken(desk)) == (422, True, [])
    press(desk, url, alone, CLICKS, answer="yes")
    assert [answer.purposes for answer in taken(desk)] == [{alone, CLICKS}]


def test_what_was_not_offered_cannot_be_granted(desk: Desk, tag: bytes) -> None:
    """A form that ticks more than the question has boxes grants what was asked for."""
    only_opens = replace(CLAIMS, purposes=frozenset({OPENS}))
    url = question_url(desk, only_opens, tag=tag)
    assert re.findall(r'name="purpose" value="(\w+)"', desk.get(url).text) == ["opens"]
    press(desk, url, OPENS, CLICKS, PLACE, answer="yes")
    assert [answer.purposes for answer in taken(desk)] == [{OPENS}]


def test_no_box_is_ticked_and_both_answers_are_buttons_alike(desk: Desk, tag: bytes) -> None:
    """A box for each purpose, none ticked, each labelled; a yes is as easy as a no."""
    page = desk.get(question_url(desk, tag=tag)).text
    assert re.findall(r'<input type="checkbox" name="purpose" value="(\w+)"', page) == [each.value for each in Purpose]
    assert not re.search(r"<input[^>]*checked", page)
    assert all(f'<label for="{each}">' in page for each in Purpose)
    assert re.findall(r"<button ([^>]*)>", page) == [
        f'type="submit" name="answer" value="{value}"' for value in ("yes", "no")
    ]


def test_a_no_is_told_and_stops_like_the_stop_page(desk: Desk, tag: bytes) -> None:
    """Afterwards no token of the pair stores anything, mail sent earlier included, and the desktop learns both."""
    earlier, url = desk.open_url(tag=tag), question_url(desk, tag=tag)
    page = press(desk, url, OPENS, answer="no")
    assert (page.status_code, "<h1>You said no</h1>" in page.text) == (200, True)
    assert "Only your no is kept" in page.text
    assert [(answer.kind, answer.purposes) for answer in taken(desk)] == [(AnswerKind.CONSENT, frozenset())]
    desk.get(earlier)
    assert desk.hits() == []
    assert tag in desk.exchange([])


@pytest.mark.parametrize("first", ["yes", "no"])
def test_a_replayed_link_grants_nothing_and_says_why(desk: Desk, tag: bytes, first: str) -> None:
    """A question is answered once: a second press says that it was, and how to stop; so does looking."""
    url = question_url(desk, tag=tag)
    press(desk, url, OPENS, answer=first)
    taken(desk)
    for page in (press(desk, url, CLICKS, answer="yes"), desk.get(url)):
        assert (page.status_code, "<h1>This question was answered already</h1>" in page.text) == (409, True)
        [link] = re.findall(r'href="([^"]+)"', page.text)
        assert "Stop" in desk.get(urljoin(desk.base, link)).text
    assert answers_of(desk) == []


def test_consent_tokens_cannot_be_derived_from_other_tokens(desk: Desk, tag: bytes) -> None:
    """Item 4: no other token of the same recipient, as it is or with its type written over, makes a question."""
    claims = spell_claims(CLAIMS)
    for other in (TokenType.OPEN, TokenType.CLICK, TokenType.STOP, TokenType.CONFIRM, TokenType.PAGE):
        text = desk.token(other, tag=tag, destination=claims if other is TokenType.CLICK else b"")
        octets = bytearray(base64.urlsafe_b64decode(text))
        octets[1] = TokenType.CONSENT
        for token in (text, base64.urlsafe_b64encode(octets).decode()):
            url = consent_url(desk.base, token, claims)
            assert desk.get(url).status_code == press(desk, url, OPENS, answer="yes").status_code == 404
    assert answers_of(desk) == []


@pytest.mark.parametrize(
    "claims",
    [
        replace(CLAIMS, sender="Lena Hofmann"),
        replace(CLAIMS, language=Language.FRENCH),
        replace(CLAIMS, purposes=frozenset({OPENS})),
    ],
    ids=["name", "language", "purposes"],
)
def test_the_name_in_a_link_cannot_be_forged(desk: Desk, tag: bytes, claims: Claims) -> None:
    """A question with claims other than the sender's is none: nobody is asked in another's name, nor for more."""
    url = question_url(desk, tag=tag)
    forged = consent_url(desk.base, url.split("/")[4], spell_claims(claims))
    page = desk.get(forged)
    assert (page.status_code, claims.sender in page.text) == (404, False)
    assert press(desk, forged, OPENS, answer="yes").status_code == 404
    assert press(desk, url.partition("?")[0], OPENS, answer="yes").status_code == 404
    assert press(desk, url + "&x=1", OPENS, answer="yes").status_code == 404
    assert answers_of(desk) == []


def test_a_token_over_octets_that_are_no_claims_asks_nothing(desk: Desk, tag: bytes) -> None:
    """Even the owner of the channel cannot put into a page what the page could not show."""
    octets = b"\x01en\x0f<b>\nx"
    url = consent_url(desk.base, desk.token(TokenType.CONSENT, tag=tag, destination=octets), octets)
    assert desk.get(url).status_code == 404


def test_after_a_stop_the_question_grants_nothing_and_says_why(desk: Desk, tag: bytes) -> None:
    """A stopped tag stays stopped; a question that bears the next generation's tag is answered as ever."""
    press(desk, desk.stop_url(tag=tag))
    url = question_url(desk, tag=tag)
    for page in (desk.get(url), press(desk, url, OPENS, answer="yes")):
        assert (page.status_code, "<h1>Recording was stopped</h1>" in page.text, "<form" in page.text) == (
            409,
            True,
            False,
        )
    assert answers_of(desk) == []
    press(desk, question_url(desk, tag=os.urandom(8)), OPENS, answer="yes")
    assert len(taken(desk)) == 1


def test_a_question_can_be_answered_for_a_year(desk: Desk, tag: bytes) -> None:
    """On the 365th day after its issue it counts, a day later it grants nothing and says why."""
    late = question_url(desk, tag=tag, days_ago=366)
    for page in (desk.get(late), press(desk, late, OPENS, answer="yes")):
        assert (page.status_code, "too old" in page.text) == (410, True)
    assert answers_of(desk) == []
    assert press(desk, question_url(desk, tag=tag, days_ago=365), OPENS, answer="yes").status_code == 200
    assert len(taken(desk)) == 1


def test_without_a_desktop_to_tell_nothing_is_granted(desk: Desk) -> None:
    """Once the channel is deleted its questions say so; stopping works all the same."""
    gone = Desk(desk.base, desk.clock)
    url = question_url(gone)
    assert desk.get(url).status_code == 200
    gone.session.delete(f"{desk.base}/channel", headers=gone.bearer, timeout=10)
    for page in (desk.get(url), press(desk, url, OPENS, answer="yes")):
        assert (page.status_code, "can no longer be told" in page.text) == (410, True)
    assert press(desk, gone.stop_url()).status_code == 200
    gone.close()


@pytest.mark.parametrize("form", [{}, {"answer": "perhaps"}, {"purpose": "opens"}, {"x": "y" * 4_000}])
def test_a_form_without_one_of_the_buttons_shows_the_question_again(
    desk: Desk, tag: bytes, form: dict[str, str]
) -> None:
    """What was sent by no button of the page answers nothing."""
    page = desk.session.post(question_url(desk, tag=tag), data=form, timeout=10)
    assert (page.status_code, "<h1>A question from Kim Larsen</h1>" in page.text) == (200, True)
    assert answers_of(desk) == []


@pytest.mark.parametrize(("site", "count"), [("cross-site", 0), ("same-site", 0), ("same-origin", 1), ("none", 1)])
def test_no_other_site_s_page_presses_for_a_person(desk: Desk, tag: bytes, site: str, count: int) -> None:
    """A form that the browser says was sent from elsewhere shows the question; from the page itself it answers."""
    press(desk, question_url(desk, tag=tag), OPENS, headers={"Sec-Fetch-Site": site}, answer="yes")
    assert len(answers_of(desk)) == count


@pytest.mark.parametrize(
    ("origin", "host", "count"),
    [
        ("{base}", "{host}", 1),
        ("{base}", "behind.a.proxy:1", 1),
        ("https://{host}", "{host}", 1),
        ("https://example.org", "{host}", 0),
        ("null", "{host}", 0),
        ("{base}.example.org", "{host}", 0),
    ],
    ids=["own", "public", "behind TLS", "other", "kept secret", "longer"],
)
def test_the_origin_of_a_form_counts_where_the_browser_says_nothing_more(
    desk: Desk, tag: bytes, origin: str, host: str, count: int
) -> None:
    """Without Fetch Metadata a form from another origin shows the question; from the page's own it answers."""
    own = {"base": desk.base, "host": desk.base.partition("://")[2]}
    headers = {"Origin": origin.format(**own), "Host": host.format(**own)}
    press(desk, question_url(desk, tag=tag), OPENS, headers=headers, answer="yes")
    assert len(answers_of(desk)) == count


@pytest.mark.parametrize("signal", ["Sec-GPC", "DNT"])
def test_a_signal_does_not_void_an_explicit_press(desk: Desk, tag: bytes, signal: str) -> None:
    """The answer counts, the page says what such programs get, and of the press nothing but the choice is kept."""
    url = question_url(desk, tag=tag)
    assert "“Do Not Track”, nothing is recorded" in desk.get(url, **{signal: "1"}).text
    press(desk, url, OPENS, headers={signal: "1", "User-Agent": "mark-agent"}, answer="yes")
    [answer] = answers_of(desk)
    assert answer.purposes == {OPENS}
    desk.get(desk.open_url(tag=tag), **{signal: "1"})
    assert desk.hits() == []


@pytest.mark.parametrize("language", Language)
def test_the_page_shows_the_text_that_is_hashed(desk: Desk, tag: bytes, language: Language) -> None:
    """Item 6: all of the wording stands on the page in the claims' language, whatever the browser prefers."""
    claims = replace(CLAIMS, language=language, sender="Zoë <b>O’Neill</b> & Co")
    page = desk.get(question_url(desk, claims, tag=tag), Accept_Language="nl, fr;q=0.5").text
    question = question_of(claims)
    escaped = html.escape(asked_text(claims)).split("\n")
    buttons = f"[{question.yes}] [{question.no}]"
    assert [line for line in escaped if line.removeprefix("[ ] ") not in page and line != buttons] == []
    assert f">{question.yes}</button>" in page
    assert f">{question.no}</button>" in page
    assert f'<html lang="{language}">' in page
    assert "<b>" not in page


def test_a_full_disk_says_later_and_grants_nothing(
    desk: Desk, tag: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The page says that the answer was not kept; pressed again, the link answers as if for the first time."""

    def full(*_arguments: object) -> None:
        raise StorageError("disk full")

    url = question_url(desk, tag=tag)
    with monkeypatch.context() as broken:
        broken.setattr(Database, "use", full)
        for button in ("yes", "no"):
            page = press(desk, url, OPENS, answer=button)
            assert (page.status_code, "nothing was allowed" in page.text) == (503, True)
    caplog.clear()
    assert answers_of(desk) == []
    assert tag not in desk.exchange([])
    assert press(desk, url, OPENS, answer="yes").status_code == 200
    assert len(taken(desk)) == 1


def test_presses_at_one_moment_give_one_answer(desk: Desk, tag: bytes) -> None:
    """Of four that come at once one is thanked, and the others read that the question was answered."""
    url = question_url(desk, tag=tag)

    def yes(_number: int) -> int:
        return requests.post(url, data={"answer": "yes", "purpose": "opens"}, timeout=10).status_code

    with ThreadPoolExecutor(4) as presses:
        assert sorted(presses.map(yes, range(4))) == [200, 409, 409, 409]
    assert len(taken(desk)) == 1


@pytest.mark.parametrize("link", [question_url, confirm_url])
def test_nobody_is_thanked_for_what_nobody_hears(
    desk: Desk, tag: bytes, link: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A channel that is deleted while somebody presses gets no answer, and the page says so."""
    monkeypatch.setattr(Answers, "put", lambda *_arguments: False)
    page = press(desk, link(desk, tag=tag), OPENS, answer="yes")
    assert (page.status_code, "can no longer be told" in page.text) == (410, True)


def test_the_thanks_lead_to_the_recipient_s_page(desk: Desk, tag: bytes) -> None:
    """The link on it is the recipient's own page, the same as the stop page's of that recipient and question."""
    page = press(desk, question_url(desk, tag=tag, random_id=b"question-two"), OPENS, answer="yes")
    expected = page_url("", desk.token(TokenType.PAGE, tag=tag, random_id=b"question-two"))
    assert f'href="{expected}"' in page.text
    taken(desk)
