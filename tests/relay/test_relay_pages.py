"""What holds for every page: four languages, the same content, no script, no third party, colours that can be read."""

import base64
import hashlib
import re
from importlib.resources import files
from pathlib import Path

import pytest
from starlette.responses import Response

from relay.pages import Page, Pages, language_of
from relay.wire.claims import Claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.wording import asked_text
from tests.relay.desk import Clock, Desk, served
from tests.relay.recipients import question_url

FOLDER = files("relay").joinpath("pages")
PAGES = Pages()
PARTS = ("stop-button", "stop-done", "stop-gone-button", "stop-gone-done", "duty", "duty-gone")
CLAIMS = Claims(sender="Kim Larsen", language=Language.ENGLISH, purposes=frozenset(Purpose))


def text_of(language: Language) -> str:
    return FOLDER.joinpath(f"{language}.html").read_text("utf-8")


def body(response: Response) -> str:
    return bytes(response.body).decode()


def every_page() -> list[tuple[Language, str]]:
    """Return every page in every language, as it is sent."""
    shown = [
        (language, body(PAGES.show(page, language, link="/page/x/me", chosen=frozenset({Purpose.OPENS}))))
        for page in Page
        for language in Language
        if page not in {Page.RECIPIENT, Page.DELETED, Page.DELETED_HERE, Page.BLOCKED}
    ]
    asked = [
        (language, body(PAGES.question(Claims(sender="Kim", language=language, purposes=frozenset(Purpose)))))
        for language in Language
    ]
    return shown + asked


def preferred(accepted: str) -> Language:
    return language_of({"headers": [(b"accept-language", accepted.encode())]})


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", "en"),
        ("nl-NL,nl", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("nl, fr;q=0.3, es;q=0.7", "es"),
        ("en;q=0.5, FR-ca", "fr"),
        ("es;q=0", "en"),
        ("de;q=x, fr;q=0.1", "fr"),
        ("*;q=0.5, es;q=0.4", "es"),
        ("fr;q=0.5, de;q=0.5", "fr"),
        (",;;=,q", "en"),
        ("de" * 5_000, "en"),
    ],
)
def test_the_language_is_the_one_the_browser_would_rather_have(accepted: str, expected: str) -> None:
    """The weightiest of the four that is named, the first of equals, and English for anything else."""
    assert preferred(accepted) == expected


def test_pages_come_in_the_language_asked_for(desk: Desk) -> None:
    """Stop, blocked or not: the header chooses; caches are told."""
    page = desk.get(desk.stop_url(), Accept_Language="fr-FR,fr;q=0.9")
    assert '<html lang="fr">' in page.text
    assert (page.headers["content-language"], page.headers["vary"]) == ("fr", "Accept-Language")
    assert '<html lang="en">' in desk.get(desk.stop_url(), Accept_Language="nl").text


@pytest.mark.parametrize("language", [each for each in Language if each is not Language.ENGLISH])
def test_every_language_has_every_page_with_the_same_parts(language: Language) -> None:
    """Names, elements and places to fill in follow each other as in English; only words differ, and all of them do."""
    english, other = text_of(Language.ENGLISH), text_of(language)
    parts = re.compile(r"<[^>]+>|\{[a-z]+\}")
    assert parts.findall(other) == parts.findall(english)
    lines = [
        line for line in english.splitlines() if len(line) > 30 and not line.startswith(("<!--", "{", "<p><code>"))
    ]
    assert [line for line in lines if line in other] == []


def test_every_page_named_is_there_and_none_else() -> None:
    """The file holds the pages of the code, and the parts that pages are made of."""
    names = re.findall(r"^<!-- ([a-z-]+) -->$", text_of(Language.ENGLISH), re.MULTILINE)
    assert sorted(names) == sorted([*Page, "operator", "unticked", *PARTS])


def test_no_page_has_a_script_a_cookie_or_a_third_party() -> None:
    """Item 8: without login, JavaScript, cookies or third parties; language, title, one heading, room on a phone."""
    for language, page in every_page():
        assert not re.search(r"<script|<img|<link|<iframe|https?:|@import|url\(|\son\w+=|style=", page)
        assert page.count("<h1>") == 1
        assert f'<html lang="{language}">' in page
        assert re.findall("<title>(.*)</title>", page) == re.findall("<h1>(.*)</h1>", page)
        assert 'name="viewport" content="width=device-width, initial-scale=1"' in page
        assert not re.search(r"\{[a-z]+\}", page.partition("</style>")[2])


def test_every_field_has_a_label_and_no_id_stands_twice() -> None:
    """Item 8: passes WCAG AA; what an automated checker asks of forms is held here too."""
    for language in Language:
        page = body(PAGES.question(Claims(sender="Kim", language=language, purposes=frozenset(Purpose))))
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        assert re.findall(r'<label for="([^"]+)"', page) == re.findall(r'<input [^>]*id="([^"]+)"', page)
        assert set(re.findall(r'aria-describedby="([^"]+)"', page)) <= set(ids)
        assert page.count("<fieldset") == page.count("<legend") == 1


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return WCAG 2's ratio of two colours."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_and_buttons_can_be_read_in_light_and_dark(scheme: int) -> None:
    """WCAG 1.4.3: at least 4.5:1 for every text, 3:1 for what marks an edge."""
    style = FOLDER.joinpath("style.css").read_text("utf-8")
    colours = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{6})", style.splitlines()[scheme]))
    for ink, ground in (("ink", "ground"), ("quiet", "ground"), ("press", "ground"), ("on-press", "press")):
        assert contrast(colours[ink], colours[ground]) >= 4.5
    assert contrast(colours["edge"], colours["ground"]) >= 3
    assert contrast("#777777", "#ffffff") < 4.5


def test_the_policy_forbids_all_but_the_own_style_and_the_own_forms() -> None:
    """Nothing is loaded, framed or sent elsewhere; the style is the one whose hash the policy names."""
    response = PAGES.question(CLAIMS)
    [style] = re.findall(r"<style>(.*?)</style>", body(response), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert response.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert response.headers["referrer-policy"] == "same-origin"
    assert "set-cookie" not in response.headers


def test_a_name_cannot_be_more_than_text() -> None:
    """A sender called like a part of the page is shown as called, and fills in nothing else."""
    claims = Claims(sender="{notes}</h1><script>", language=Language.ENGLISH, purposes=frozenset({Purpose.OPENS}))
    page = body(PAGES.question(claims))
    assert "<h1>A question from {notes}&lt;/h1&gt;&lt;script&gt;</h1>" in page


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            ("lists of mail services and data centres", "which language it prefers", "for a day", "how far each mail"),
        ),
        ("de", ("von Maildiensten und Rechenzentren", "welche Sprache dort", "einen Tag lang", "wie weit jede E-Mail")),
        (
            "fr",
            ("messagerie et de centres de données", "la langue qu’il préfère", "pendant un jour", "jusqu’où chaque"),
        ),
        ("es", ("de correo y centros de datos", "qué idioma prefiere", "durante un día", "hasta dónde llegó cada")),
    ],
)
def test_the_question_says_all_that_the_recipient_s_page_says_is_recorded(language: str, told: tuple[str, ...]) -> None:
    """Lists, language, the mark that lasts a day and what stays of each mail: nobody agrees to less than is done."""
    asked = asked_text(Claims(sender="Kim", language=Language(language), purposes=frozenset(Purpose)))
    page = text_of(Language(language)).partition("<!-- page -->")[2].partition("<!-- stop-button -->")[0]
    assert [words for words in told if words not in asked or words not in page] == []


@pytest.mark.parametrize(
    ("contact", "line"),
    [
        ("mailto:a&b@example.org", '<a href="mailto:a&amp;b@example.org">a&amp;b@example.org</a>'),
        ('https://example.org/"<b>{page}', '<a href="https://example.org/&quot;&lt;b&gt;{page}">https://example.org/'),
    ],
)
def test_each_page_says_who_runs_the_server_where_the_operator_said_it(contact: str, line: str) -> None:
    """The contact of the settings stands on it once, as text and link; without one nothing is said."""
    with_contact, claims = Pages(contact), CLAIMS
    for language in Language:
        for page in Page:
            shown = body(with_contact.show(page, language, link="/page/x/me"))
            assert (shown.count(line), "{contact}" in shown) == (1, False)
            assert "example.org" not in body(PAGES.show(page, language))
    assert f"Who runs this server: {line}" in body(with_contact.question(claims))
    assert "Who runs" not in body(PAGES.question(claims))


def test_no_page_has_any_text_of_the_request(desk: Desk) -> None:
    """Marks in path, query, form and headers come back in no page; what the sender's token vouches for does."""
    marks = {"User-Agent": "mark-echo", "Accept-Language": "mark-echo", "Referer": "http://mark-echo/"}
    asked = question_url(desk)
    for path in ("stop", "consent", "confirm", "page"):
        for url in (f"{desk.base}/{path}/mark-echo/me?by=mark-echo.me", f"{asked}&mark-echo"):
            for answer in (
                desk.session.get(url, headers=marks, timeout=10),
                desk.session.post(url, headers=marks, data={"mark-echo": "mark-echo"}, timeout=10),
            ):
                assert (answer.status_code, "mark-echo" in answer.text.lower()) == (404, False)
    page = desk.session.post(asked, headers=marks, data={"answer": "mark-echo", "purpose": "mark-echo"}, timeout=10)
    assert ("mark-echo" in page.text, "Kim Larsen" in page.text) == (False, True)


def test_a_blocked_link_is_shown_as_text_in_the_browser_s_language(tmp_path: Path) -> None:
    """What the sender's token vouches for is text and nothing else."""
    (tmp_path / "blocked.txt").write_text("host example.org\n")
    with served(tmp_path, Clock(), contact="mailto:desk@example.org") as base:
        desk = Desk(base)
        link = desk.get(desk.click_url(b"https://example.org/<b>?a&b"), Accept_Language="de")
        desk.close()
    assert "<h1>Dieser Link wurde gesperrt</h1>" in link.text
    assert "<code>https://example.org/&lt;b&gt;?a&amp;b</code>" in link.text
    assert 'Wer diesen Server betreibt: <a href="mailto:desk@example.org">desk@example.org</a>' in link.text
