"""What was pressed, on its way to the desktop: pinned, one spelling, and as large as a hit."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.wire.answer import Answer, AnswerKind, BadAnswerError, read_answer, spell_answer
from relay.wire.hit import HIT_BYTES
from relay.wire.language import Language
from relay.wire.purpose import Purpose

YES = Answer(
    id=b"i" * 16,
    kind=AnswerKind.CONSENT,
    token_id=b"random-id-12",
    tag=b"recipie1",
    at_ms=1_790_000_000_000,
    purposes=frozenset({Purpose.OPENS, Purpose.CLICKS}),
    language=Language.FRENCH,
    wording=b"w" * 32,
)
READ = replace(YES, kind=AnswerKind.CONFIRM, purposes=frozenset(), language=None, wording=b"")
GOLDEN = (
    b'{"v":1,"id":"69696969696969696969696969696969","k":"consent","t":"72616e646f6d2d69642d3132",'
    b'"r":"7265636970696531","at":1790000000000,"p":["clicks","opens"],"l":"fr","w":"' + b"77" * 32 + b'"}'
)
GOLDEN_READ = (
    b'{"v":1,"id":"69696969696969696969696969696969","k":"confirm","t":"72616e646f6d2d69642d3132",'
    b'"r":"7265636970696531","at":1790000000000}'
)


def test_the_format_is_pinned() -> None:
    """A choice names purposes, language and wording; any other answer has none of them."""
    assert spell_answer(YES) == GOLDEN.ljust(HIT_BYTES)
    assert spell_answer(READ) == GOLDEN_READ.ljust(HIT_BYTES)


@given(
    st.builds(
        Answer,
        id=st.binary(min_size=16, max_size=16),
        kind=st.just(AnswerKind.CONSENT),
        token_id=st.binary(min_size=12, max_size=12),
        tag=st.binary(min_size=8, max_size=8),
        at_ms=st.integers(0, 2**53),
        purposes=st.frozensets(st.sampled_from(Purpose)),
        language=st.sampled_from(Language),
        wording=st.binary(min_size=32, max_size=32),
    )
)
def test_what_is_spelled_is_read_and_as_large_as_a_hit(answer: Answer) -> None:
    """Answers come back as they went in, a no too; their size tells nothing."""
    octets = spell_answer(answer)
    assert (read_answer(octets), len(octets)) == (answer, HIT_BYTES)


@pytest.mark.parametrize("kind", [AnswerKind.CONFIRM, AnswerKind.DELETE])
def test_an_answer_that_is_no_choice_is_read(kind: AnswerKind) -> None:
    """What says "I have read it" or "delete" comes back without a choice."""
    answer = replace(READ, kind=kind)
    assert read_answer(spell_answer(answer)) == answer


@pytest.mark.parametrize(
    "answer",
    [
        replace(YES, language=None),
        replace(YES, wording=b"w" * 31),
        replace(READ, language=Language.ENGLISH),
        replace(READ, wording=b"w" * 32),
        replace(READ, purposes=frozenset({Purpose.OPENS})),
        replace(YES, id=b"short"),
        replace(YES, token_id=b"short"),
        replace(YES, tag=b"short"),
        replace(YES, at_ms=-1),
        replace(YES, at_ms=1.5),  # type: ignore[arg-type]
    ],
    ids=range(10),
)
def test_fields_that_do_not_belong_together_are_not_spelled(answer: Answer) -> None:
    """A choice without its wording, a choice's fields elsewhere, and wrong sizes raise."""
    with pytest.raises(ValueError, match="no answer"):
        spell_answer(answer)


@pytest.mark.parametrize(
    "octets",
    [
        GOLDEN,
        GOLDEN.ljust(HIT_BYTES + 1),
        GOLDEN.replace(b'"v":1', b'"v":2').ljust(HIT_BYTES),
        GOLDEN.replace(b'"k":"consent"', b'"k":"open"').ljust(HIT_BYTES),
        GOLDEN.replace(b'["clicks","opens"]', b'["opens","clicks"]').ljust(HIT_BYTES),
        GOLDEN.replace(b'"opens"', b'"everything"').ljust(HIT_BYTES),
        GOLDEN.replace(b'{"v"', b'{ "v"').ljust(HIT_BYTES),
        GOLDEN.replace(b"}", b',"agent":"x"}').ljust(HIT_BYTES),
        b"[]".ljust(HIT_BYTES),
        b"1".ljust(HIT_BYTES),
        b"\xff" * HIT_BYTES,
        b"{}".ljust(HIT_BYTES),
    ],
    ids=range(12),
)
def test_anything_else_is_no_answer(octets: bytes) -> None:
    """Another length, version, kind, order or spelling, and what is more than an answer, are refused."""
    with pytest.raises(BadAnswerError):
        read_answer(octets)


@given(st.binary(max_size=80))
def test_no_octets_make_reading_fail_in_another_way(octets: bytes) -> None:
    """Whatever is unsealed is refused in one way."""
    with pytest.raises(BadAnswerError):
        read_answer(octets.ljust(HIT_BYTES))
