"""Whatever the octets: reading never raises, sees one mail in header and whole, and lets no unfit character through."""

import unicodedata
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.core.returning import return_date
from desktop.core.triage import (
    HEADER_FIELDS,
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    asks_receipt,
    is_own_automatic,
    read_arrival,
    read_header,
)

RECEIVED_AT: Final = datetime(2026, 4, 29, 10, 0, tzinfo=UTC)
SAMPLES: Final = sorted((Path(__file__).parent.parent / "data" / "arrivals").glob("*.eml"))
CONTENTS: Final = [path.read_bytes() for path in SAMPLES]
VALUES: Final = st.sampled_from(
    [
        *[
            "",
            "auto-replied",
            "no",
            "<>",
            "<a@b.example>",
            "bulk",
            "All",
            "=?utf-8?q?=1b=00x?=",
            "\u202eabc",
            "a" * 300,
        ],
        *['multipart/report; report-type=delivery-status; boundary="b"', 'multipart/mixed; boundary="b"', "text/html"],
        *[
            "text/calendar; method=REPLY",
            "multipart/report",
            "message/delivery-status",
            "Out of office",
            "Undeliverable: x",
        ],
        *[
            "MAILER-DAEMON@x.example",
            "((((((((((((((((((((((((((((((((((",
            "Thu, 99 Foo 0000 99:99:99 +9999",
            "=?x?b?=?=",
        ],
    ]
)
FIELDS: Final = st.lists(st.tuples(st.sampled_from(HEADER_FIELDS), VALUES), max_size=8)
BODIES: Final = st.lists(
    st.sampled_from(
        [
            *[
                b"--b\r\n",
                b"--b--\r\n",
                b"Content-Type: message/delivery-status\r\n",
                b"\r\n",
                b"Final-Recipient: rfc822; b@c.example\r\n",
            ],
            *[
                b"Action: failed\r\n",
                b"Status: 5.1.1\r\n",
                b"Diagnostic-Code: smtp; \x1b\x00 \xe2\x80\xae<b>\r\n",
                b"\xff\xfe\x00",
            ],
            *[
                b"Content-Type: multipart/mixed; boundary=c\r\n",
                b"--c\r\n",
                b"Content-Transfer-Encoding: base64\r\n",
                b"YWJj=Z\r\n",
            ],
            *[
                b"I am out of office until 4 May\r\n",
                b"back on 05/05/2026 ",
                b"<html><p>",
                b"Disposition: a/b; displayed\r\n",
                b"b@c.example\r\n",
            ],
            *[
                b"could not be delivered\r\n",
                b"Message-ID: <a\x01@b>\r\n",
                b"Content-Type: message/disposition-notification\r\n",
            ],
        ]
    ),
    max_size=25,
).map(b"".join)


def message(fields: list[tuple[str, str]], body: bytes) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode() + b"\r\n" + body


def check(raw: bytes) -> None:
    """Assert what holds for every mail."""
    arrival = read_arrival(raw, received_at=RECEIVED_AT)
    assert arrival.at == RECEIVED_AT
    names = [box.name for box in (*arrival.facts.to, *arrival.facts.cc, *filter(None, [arrival.facts.from_]))]
    diagnostics = [report.diagnostic for report in arrival.deliveries]
    for text in (arrival.facts.subject, *names, *diagnostics, *arrival.about_ids, *arrival.clues):
        assert {"Cc", "Cs"}.isdisjoint(map(unicodedata.category, text))
        assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")
    assert all(len(text) <= 300 for text in diagnostics)
    if arrival.returns_on is not None:
        assert RECEIVED_AT.date() <= arrival.returns_on <= RECEIVED_AT.date() + timedelta(days=365)


@given(st.binary(max_size=400))
def test_octets_are_read_without_raising(raw: bytes) -> None:
    """No octets whatever make reading raise or let a control character through."""
    check(raw)
    assert read_header(raw, received_at=RECEIVED_AT)[1] in {True, False}
    assert is_own_automatic(raw) in {True, False}
    assert asks_receipt(raw) in {True, False}


@settings(max_examples=300)
@given(FIELDS, BODIES)
def test_odd_mail_is_read_without_raising(fields: list[tuple[str, str]], body: bytes) -> None:
    """Fields and parts in any order make no reading raise."""
    check(message(fields, body))


@settings(max_examples=300)
@given(st.sampled_from(CONTENTS), st.data())
def test_a_cut_sample_is_read_without_raising(raw: bytes, data: st.DataObject) -> None:
    """A sample cut anywhere, with octets thrown in anywhere, is read."""
    end = data.draw(st.integers(0, len(raw)))
    at = data.draw(st.integers(0, end))
    check(raw[:at] + data.draw(st.binary(max_size=6)) + raw[at:end])


@given(FIELDS, BODIES)
def test_a_mail_whose_body_is_not_needed_reads_the_same_without(fields: list[tuple[str, str]], body: bytes) -> None:
    """Where no body is needed, header and whole give one reading."""
    header, whole = message(fields, b""), message(fields, body)
    if not read_header(header, received_at=RECEIVED_AT)[1]:
        assert read_arrival(header, received_at=RECEIVED_AT) == read_arrival(whole, received_at=RECEIVED_AT)


@given(st.sampled_from(CONTENTS))
def test_fields_that_are_not_fetched_change_nothing(raw: bytes) -> None:
    """A field that the sync does not fetch has no say."""
    more = b"X-Spam-Flag: YES\r\nX-Vacation-Note: x\r\nReceived: from a\r\n by b\r\n" + raw
    assert read_arrival(raw, received_at=RECEIVED_AT) == read_arrival(more, received_at=RECEIVED_AT)


@given(st.sampled_from(CONTENTS), st.booleans())
def test_line_ends_do_not_matter(raw: bytes, is_cut: bool) -> None:
    """A sample reads the same with bare line feeds, as some servers give it."""
    assert read_arrival(raw, received_at=RECEIVED_AT) == read_arrival(
        raw.replace(b"\r\n", b"\n"), received_at=RECEIVED_AT
    )


@given(
    st.text(alphabet="0123456789./- may4back on until to from bis mai ", max_size=80),
    st.dates(date(1990, 1, 1), date(9000, 1, 1)),
)
def test_a_day_of_return_is_within_a_year(text: str, received_on: date) -> None:
    """No words state a day past, or more than a year ahead."""
    found = return_date("", text, received_on=received_on)
    assert found is None or received_on <= found <= received_on + timedelta(days=365)


def test_a_header_of_thirty_megabytes_is_read_to_its_limit() -> None:
    """What stands behind the limit of the header is not read, and the body after it still is."""
    head = b"From: a@b.example\r\nAuto-Submitted: auto-replied\r\nSubject: Out of office\r\n"
    filler = b"X-Filler: " + b"a" * 30_000_000 + b"\r\nPrecedence: bulk\r\n\r\n"
    arrival = read_arrival(head + filler + b"I am out of office and back on 4 May 2026.\r\n", received_at=RECEIVED_AT)
    assert (arrival.is_away, str(arrival.returns_on)) == (True, "2026-05-04")
    assert (MAX_HEAD_BYTES, MAX_BODY_BYTES) == (65_536, 131_072)
