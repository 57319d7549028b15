"""The hit's 1,024 octets: pinned, padded, free of addresses, one spelling each."""

import hashlib
import ipaddress
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.wire.hit import (
    HIT_BYTES,
    KEPT_HEADERS,
    MAX_AGENT_BYTES,
    MAX_LABELS,
    BadHitError,
    Hit,
    HitKind,
    cut,
    decode,
    encode,
    same_source_mark,
)
from relay.wire.labels import Address, Label, truncated

HIT = Hit(
    id=bytes(16),
    kind=HitKind.CLICK,
    token_id=b"random-id-12",
    at_ms=1_790_000_000_123,
    labels=(Label("google-fetchers", "2026-08-22"),),
    network=ipaddress.ip_network("66.249.84.0/24"),
    same_source=b"samesrc!",
    agent="Mozilla/5.0 “x”",
    headers={"via": "1.1 x"},
)
GOLDEN = (
    '{"v":1,"id":"00000000000000000000000000000000","k":"click","t":"72616e646f6d2d69642d3132","at":1790000000123,'
    '"l":[["google-fetchers","2026-08-22"]],"n":"66.249.84.0/24","s":"73616d6573726321",'
    '"a":"Mozilla/5.0 \\u201cx\\u201d","h":{"via":"1.1 x"}}'
)
addresses: st.SearchStrategy[Address] = st.ip_addresses()
hits = st.builds(
    Hit,
    id=st.binary(min_size=16, max_size=16),
    kind=st.sampled_from(HitKind),
    token_id=st.binary(min_size=12, max_size=12),
    at_ms=st.integers(0, 2**42),
    labels=st.lists(
        st.builds(Label, st.sampled_from(["apple-egress", "google-fetchers"]), st.just("2026-08-22")), max_size=2
    ).map(tuple),
    network=addresses.map(truncated),
    same_source=st.binary(min_size=8, max_size=8),
    agent=st.text(max_size=700),
    headers=st.dictionaries(st.sampled_from(KEPT_HEADERS), st.text(max_size=40)),
)


def test_the_format_is_pinned() -> None:
    """The golden hit is spelled exactly so and padded with spaces; a change here needs a new version."""
    assert encode(HIT) == GOLDEN.encode().ljust(1_024, b" ")
    digest = "1bb68412bfa80a8f742bfe5d92b628501d04551636b3248cc8620b25cdd8e717"
    assert hashlib.sha256(encode(HIT)).hexdigest() == digest
    assert decode(encode(HIT)) == HIT


@given(hits)
def test_every_hit_is_1024_octets_and_comes_back(hit: Hit) -> None:
    """Agent and headers may be cut, nothing else changes, and what came back is spelled the same again."""
    octets = encode(hit)
    back = decode(octets)
    assert len(octets) == HIT_BYTES
    assert replace(back, agent=hit.agent, headers=hit.headers) == hit
    assert hit.agent.startswith(back.agent)
    assert all(hit.headers[name].startswith(text) for name, text in back.headers.items())
    assert set(back.headers) == set(hit.headers)
    assert encode(back) == octets


@given(hits)
def test_a_hit_is_spelled_as_a_json_library_spells_it(hit: Hit) -> None:
    """Loaded and dumped again in its order and without spaces it is the same text."""
    text = encode(hit).decode("ascii").rstrip(" ")
    assert text == json.dumps(json.loads(text), separators=(",", ":"))


@given(hits)
def test_an_agent_loses_no_more_than_it_must(hit: Hit) -> None:
    """An agent is whole, or fills 512 octets, or fills the hit, each to within one escaped character."""
    octets = encode(hit)
    agent = decode(octets).agent
    if agent != hit.agent:
        longer = hit.agent[: len(agent) + 1]
        is_cut_at_512 = len(json.dumps(longer)) - 2 > MAX_AGENT_BYTES
        assert is_cut_at_512 or len(octets.rstrip()) > HIT_BYTES - 12


@given(st.text(max_size=60), st.integers(0, 60))
def test_cut_keeps_the_longest_head_that_fits(text: str, size: int) -> None:
    """What is kept fits; one more character would not."""
    kept = cut(text, size)
    assert text.startswith(kept)
    assert len(json.dumps(kept)) - 2 <= size
    if kept != text:
        assert len(json.dumps(text[: len(kept) + 1])) - 2 > size


def test_other_headers_and_labels_past_the_eighth_are_dropped() -> None:
    """Only the few headers that a verdict needs travel, each cut at 24 octets."""
    many = tuple(Label("list", f"2026-01-{day:02}") for day in range(1, 11))
    back = decode(encode(replace(HIT, labels=many, headers={"cookie": "secret", "via": "v" * 30})))
    assert back.labels == many[:MAX_LABELS]
    assert back.headers == {"via": "v" * 24}


def test_a_hit_that_cannot_fit_is_refused() -> None:
    """Labels of absurd length are an error, not a longer hit."""
    with pytest.raises(ValueError, match=r"a hit \d+ octets too long"):
        encode(replace(HIT, labels=(Label("x" * 1_000, "2026-01-01"),)))


@given(st.binary(max_size=1_100) | st.binary(min_size=HIT_BYTES, max_size=HIT_BYTES))
def test_no_octets_make_decoding_fail_in_another_way(octets: bytes) -> None:
    """Anything that is not a hit raises BadHitError."""
    with pytest.raises(BadHitError):
        decode(octets)


def altered(change: Callable[[dict[str, Any]], object]) -> bytes:
    fields = json.loads(GOLDEN)
    change(fields)
    return json.dumps(fields, separators=(",", ":")).encode().ljust(HIT_BYTES, b" ")


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields.update(v=2),
        lambda fields: fields.update(extra=1),
        lambda fields: fields.pop("n"),
        lambda fields: fields.update(n="66.249.84.1/24"),
        lambda fields: fields.update(k="other"),
        lambda fields: fields.update(id="zz"),
        lambda fields: fields.update(l=[["one"]]),
        lambda fields: fields.update(l=7),
        lambda fields: fields.update(h=None),
        lambda fields: fields.update(h={"cookie": "x"}),
        lambda fields: fields.update(id="0" * 31 + " 0"),
        lambda fields: fields.update(a=None),
        lambda fields: fields.update(h={"via": 7}),
        lambda fields: fields.update(l=[["one", 7]]),
        lambda fields: fields.update(l=[[7, "2026-01-01"]]),
        lambda fields: fields.update(at=1.5),
        lambda fields: fields.update(at=True),
        lambda fields: fields.update(at="1"),
        lambda fields: fields.update(id="00" * 15),
        lambda fields: fields.update(t="00" * 11),
        lambda fields: fields.update(s="00" * 9),
        lambda fields: fields.update(n="66.249.84.7/32"),
        lambda fields: fields.update(n="2001:db8::/32"),
        lambda fields: fields.update(a="x" * 513),
    ],
)
def test_a_hit_altered_in_one_field_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    """Unknown formats, missing and extra fields and other types are no hit."""
    with pytest.raises(BadHitError):
        decode(altered(change))


def test_an_unaltered_hit_passes() -> None:
    """The same spelling without a change is a hit."""
    assert decode(altered(lambda fields: fields)) == HIT


@pytest.mark.parametrize("octets", [GOLDEN.encode(), b"[]".ljust(HIT_BYTES), b"7".ljust(HIT_BYTES), b" " * HIT_BYTES])
def test_other_shapes_are_refused(octets: bytes) -> None:
    """Another length, a list, a number and nothing are no hit."""
    with pytest.raises(BadHitError):
        decode(octets)


def test_the_same_source_mark_is_pinned() -> None:
    """Sixty-four bits of an HMAC that day, address and channel each change."""
    channel = bytes(range(12))
    mark = same_source_mark(b"d" * 32, ipaddress.ip_address("203.0.113.9"), channel)
    others = {
        same_source_mark(b"e" * 32, ipaddress.ip_address("203.0.113.9"), channel),
        same_source_mark(b"d" * 32, ipaddress.ip_address("203.0.113.10"), channel),
        same_source_mark(b"d" * 32, ipaddress.ip_address("203.0.113.9"), channel[::-1]),
    }
    assert mark.hex() == "e00591a6d2f9894a"
    assert len(others | {mark}) == 4
