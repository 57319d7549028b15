"""Every message that a real mail program sent, with permission: what is tracked, and what must not change."""

import email
import email.policy
from email.message import EmailMessage

import pytest

from desktop.core.mime import Part, read_message
from desktop.core.ownmarks import without_own_marks
from desktop.core.rewrite import Survey, splice, survey
from tests.core.copies import (
    BASE,
    DATA,
    OWN,
    PICTURE,
    SENTENCE,
    STOP,
    client_message,
    copy_of,
    everything,
    expected,
    own_pictures,
    seen_in,
    surveyed,
    tracked,
    without_header,
)

ROWS = expected()
TRACKED = [row["message"] for row in ROWS if row["tracked"] == "yes"]
REFUSED = [row["message"] for row in ROWS if row["tracked"] == "no"]
CONVERTED = [name for name in TRACKED if surveyed(client_message(name)).flowed is not None]
EDITED = [name for name in TRACKED if name not in CONVERTED]


def parsed(raw: bytes) -> EmailMessage:
    """Read a message with the standard library, which shares no code with ours."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def html_of(raw: bytes) -> str:
    """Return the HTML of a message as the standard library decodes it."""
    body = parsed(raw).get_body(("html",))
    assert body is not None
    content = body.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode(body.get_content_charset("us-ascii"), "strict")


def text_of(raw: bytes) -> str | None:
    """Return the plain text of a message, or None when it has none."""
    body = parsed(raw).get_body(("plain",))
    if body is None:
        return None
    content = body.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode(body.get_content_charset("us-ascii"), "strict")


def joined(text: str) -> str:
    """Return the text on one line, as a reader takes it in."""
    return " ".join(text.split())


def spans_outside(raw: bytes, parts: list[Part]) -> list[bytes]:
    """Return the bytes between the bodies of `parts`, which are in the message's order."""
    edges = [0, *(edge for part in parts for edge in (part.body_start, part.body_end)), len(raw)]
    return [raw[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]


def test_every_client_message_is_expected_once() -> None:
    """The table names each message of the folder exactly once."""
    assert sorted(path.name for path in (DATA / "clients").glob("*.eml")) == [row["message"] for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=[row["message"][:3] for row in ROWS])
def test_client_message_is_tracked_as_the_table_says(row: dict[str, str]) -> None:
    """Tracked or not, and the reason, equal the row written beforehand."""
    found = survey(client_message(row["message"]), own_bases=frozenset({BASE}))
    verdict = ("yes", "") if isinstance(found, Survey) else ("no", found.why.value)
    assert (row["tracked"], row["reason"]) == verdict


@pytest.mark.parametrize("name", TRACKED)
def test_tracked_html_holds_one_picture_in_the_lines_own_paragraph(name: str) -> None:
    """There is one picture of ours, 1 by 1, inside a paragraph and outside every quote."""
    seen = seen_in(html_of(copy_of(client_message(name))))
    assert own_pictures(seen) == [PICTURE]
    picture = next(each for each in seen.pictures if each["src"] == PICTURE)
    assert picture == {"src": PICTURE, "width": "1", "height": "1", "alt": "", "class": "/o/"}
    assert seen.own_picture_places[0][-1] == "p"
    assert "blockquote" not in seen.own_picture_places[0]


@pytest.mark.parametrize("name", TRACKED)
def test_tracked_copy_says_so_in_both_parts(name: str) -> None:
    """The sentence and the stop link stand in the HTML and, where there is one, in the text."""
    raw = copy_of(client_message(name))
    seen = seen_in(html_of(raw))
    assert SENTENCE in joined(seen.words)
    assert (STOP, "See or stop") in seen.links
    text = text_of(raw)
    if text is not None:
        assert f"{SENTENCE} See or stop: {STOP}" in joined(text)


@pytest.mark.parametrize("name", TRACKED)
def test_every_link_found_is_tracked_and_keeps_its_text(name: str) -> None:
    """Each destination of the survey leads by way of the relay; all other links and all texts are as before."""
    raw = client_message(name)
    found = surveyed(raw)
    after = [link for link in seen_in(html_of(splice(found, everything(found)))).links if link[0] != STOP]
    if found.flowed is None:
        before = seen_in(html_of(raw)).links
        replaced = {link.decode(): tracked(link) for link in found.links}
        assert [(replaced.get(href.strip(), href), text) for href, text in before] == after
    else:
        assert [tracked(link) for link in found.links] == [href for href, _ in after]


@pytest.mark.parametrize("name", EDITED)
def test_only_the_two_bodies_change(name: str) -> None:
    """Every byte outside the bodies of the HTML and its text, and the one header before all, is the client's."""
    raw = client_message(name)
    found = surveyed(raw)
    bodies = {pair[0].start for pair in (found.html, found.text) if pair is not None}
    before = [part for part in read_message(raw).walk() if part.start in bodies]
    result = without_header(splice(found, everything(found)))
    numbers = [number for number, part in enumerate(read_message(raw).walk()) if part.start in bodies]
    after = [part for number, part in enumerate(read_message(result).walk()) if number in numbers]
    assert spans_outside(raw, before) == spans_outside(result, after)
    assert len(result) > len(raw)


@pytest.mark.parametrize("name", EDITED)
def test_words_of_the_user_stay(name: str) -> None:
    """Without the added line the text is the user's, and the HTML shows the same words."""
    raw = client_message(name)
    result = copy_of(raw)
    text = text_of(result)
    if text is not None:
        without = joined(text).replace(f"{SENTENCE} See or stop: {STOP}", "")
        assert joined(text_of(raw) or "") == joined(without)
    without = joined(seen_in(html_of(result)).words).replace(f"{SENTENCE} See or stop", "")
    assert joined(seen_in(html_of(raw)).words) == joined(without)


@pytest.mark.parametrize("name", CONVERTED)
def test_flowed_text_becomes_an_alternative_in_its_place(name: str) -> None:
    """The text keeps its own headers and words, an HTML part follows, attachments and other headers are as before."""
    raw = client_message(name)
    result = without_header(copy_of(raw))
    before, after = parsed(raw), parsed(result)
    place = after if before.get_content_type() == "text/plain" else next(iter(after.iter_parts()))
    assert place.get_content_type() == "multipart/alternative"
    inner = list(place.iter_parts())
    assert [part.get_content_type() for part in inner] == ["text/plain", "text/html"]
    assert inner[0].get_param("format") == "flowed"
    kept = [item for item in before.items() if not item[0].lower().startswith("content-")]
    assert kept == [item for item in after.items() if not item[0].lower().startswith("content-")]
    attachments = [part.as_bytes() for part in before.iter_parts()][1:]
    assert attachments == [part.as_bytes() for part in after.iter_parts()][1:] or place is after


@pytest.mark.parametrize("name", CONVERTED)
def test_flowed_text_gains_only_the_line(name: str) -> None:
    """The lines of the text are the client's, in order, with the line's own between them."""
    raw = client_message(name)
    before, after = text_of(raw), text_of(copy_of(raw))
    assert before is not None
    assert after is not None
    added = [line for line in after.split("\r\n") if line.strip()]
    for line in (line for line in before.split("\r\n") if line.strip()):
        assert line in added
        added.remove(line)
    assert f"{SENTENCE} See or stop: {STOP}" == joined(" ".join(added))


@pytest.mark.parametrize("name", CONVERTED)
def test_plain_text_stays_where_conversion_is_switched_off(name: str) -> None:
    """With conversion off a flowed text is a fixed layout, as every plain text."""
    found = survey(client_message(name), convert_flowed=False)
    assert not isinstance(found, Survey)
    assert found.why.value == "fixed_layout"


@pytest.mark.parametrize("name", TRACKED)
def test_nothing_added_is_byte_for_byte(name: str) -> None:
    """A copy with no picture and no link is the very message."""
    raw = client_message(name)
    found = surveyed(raw)
    assert raw == splice(found, everything(found, picture=False, links=False))


@pytest.mark.parametrize("name", TRACKED)
def test_own_copy_cleaned_and_rewritten_again_has_one_picture_and_the_same_links(name: str) -> None:
    """A copy that comes by a second time loses its older marks and gets new ones in their places."""
    raw = client_message(name)
    first = without_own_marks(copy_of(raw), OWN)
    assert own_pictures(seen_in(html_of(first))) == []
    found = surveyed(first)
    assert surveyed(raw).links == found.links
    assert own_pictures(seen_in(html_of(splice(found, everything(found))))) == [PICTURE]


@pytest.mark.parametrize("row", ROWS, ids=[row["message"][:3] for row in ROWS])
def test_a_message_without_own_marks_is_the_very_message(row: dict[str, str]) -> None:
    """Where nothing of ours is in it, cleaning hands back the object it was given."""
    raw = client_message(row["message"])
    assert without_own_marks(raw, OWN) is raw
