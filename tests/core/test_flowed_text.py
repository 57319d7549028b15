"""Plain text: where the visible line stands in it, and how it is set."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.plaintext import WRAP_COLUMNS, inserted, line_index, lines_of, wrapped


def place(text: str) -> str:
    """Return the text with a bar where the visible line is to stand."""
    content = text.encode()
    lines = lines_of(content)
    index = line_index(lines)
    at = lines[index].start if index < len(lines) else len(content)
    return (content[:at] + b"|" + content[at:]).decode()


@pytest.mark.parametrize(
    "text",
    [
        "Hello\n-- \nAlice\n|",
        "Hello|",
        "|",
        "Hello\n\n|> quoted\n>\n\n",
        "Hello\n\n|On Friday, Bob wrote:\n> quoted\n",
        "Hello\n\n|On Friday,\nBob <b@example.test>\nwrote:\n\n> quoted\n\n> more\n",
        "|On Friday, Bob wrote:\n> quoted\n",
        "|> quoted",
        "Hello\nyou\nand\n|On Friday, Bob wrote:\n> quoted\n",
        "Hello\nthere\n|> quoted\n",
        "On Friday, Bob wrote:\n> quoted\n\nAnswer\n|",
        "> quoted\nAnswer\n> quoted\nAnswer\n-- \nAlice|",
        "a\n|> b\nc\n".replace("|", "") + "|",
        "Hello\n|-------- Forwarded Message --------\nSubject: x\n\n> y\n\nz\n",
        "Hello\n|-----Ursprüngliche Nachricht-----\nVon: Bob\n",
        "Hello\n|________________________________\nFrom: Bob\nSent: x\n",
        "Hello\n________________________________\nmy own rule\n|",
        "Hello\n____________________\n|",
        "---- x\n-----\n- a -\n|",
        "Hello\r\n\r\n|On Friday, Bob wrote:\r\n> quoted\r\n",
    ],
)
def test_line_stands_after_own_words_and_before_the_quote(text: str) -> None:
    """Introductions and forwarding marks belong to the quote; answers below it move the line to the end."""
    assert text == place(text.replace("|", ""))


def test_lines_are_wrapped_and_the_address_has_its_own() -> None:
    """No line of words is longer than 72; the address is never broken."""
    sentence, address = "word " * 40, "See or stop: https://example.test/" + "x" * 90
    lines = wrapped(sentence, address, soft_break=None)
    assert [*sentence.split(), *address.split()] == " ".join(lines).split()
    assert max(len(line) for line in lines[:-1]) <= WRAP_COLUMNS
    assert address == lines[-1]


@pytest.mark.parametrize("soft_break", [" ", "  "])
def test_flowed_lines_flow_on_up_to_the_sentences_end(soft_break: str) -> None:
    """Every line but the sentence's last ends in a soft break, so that the address keeps its line."""
    lines = wrapped("word " * 40, "address", soft_break=soft_break)
    assert all(line.endswith(f"word{soft_break}") for line in lines[:-2])
    assert [line.endswith(" ") for line in lines[-2:]] == [False, False]


@pytest.mark.parametrize(
    ("before", "after", "result"),
    [
        ("", "", "L\n"),
        ("", "> q\n", "L\n\n> q\n"),
        ("a", "", "a\n\nL"),
        ("a\n", "", "a\n\nL\n"),
        ("a\n\n", "", "a\n\nL\n"),
        ("a\n", "> q", "a\n\nL\n\n> q"),
        ("a\n\n", "> q", "a\n\nL\n\n> q"),
        ("a\r\n\r\n", "> q", "a\r\n\r\nL\n\n> q"),
    ],
)
def test_line_is_a_paragraph_of_its_own(before: str, after: str, result: str) -> None:
    """Blank lines are added as far as they are missing; a text without a last line end keeps none."""
    content = (before + after).encode()
    added = inserted(content, len(before), [b"L"], b"\n")
    assert result.encode() == content[: len(before)] + added + content[len(before) :]


@given(st.text(alphabet="> -_:a\r\n", max_size=80))
def test_line_never_stands_inside_a_line(text: str) -> None:
    """Its place is the start of a line or the end of the text, whatever the text is."""
    before, _, _ = place(text.replace("|", "")).partition("|")
    assert before in {"", text} or before.endswith("\n")
