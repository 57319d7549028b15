"""The story's mails: well-formed, honest about their recipients, and one of them truly signed."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest

from desktop.practice import cast
from desktop.practice.mails import ALL, OFFER, PKCS7_SIGNATURE, PRICES, SIGNED_PART, SampleMail, compose
from desktop.practice.reading import anchors_in, bodies_of, headers_of, message_id_of
from relay.wire.labels import labels_of, parse_address

AT = datetime(2026, 5, 3, 9, 30, tzinfo=UTC)


def made(mail: SampleMail) -> bytes:
    return compose(mail, sent_at=AT, message_id="1@larsen-office.example")


@pytest.mark.parametrize("mail", ALL, ids=lambda mail: mail.subject)
def test_lines_end_in_crlf_and_none_is_too_long(mail: SampleMail) -> None:
    """No bare CR or LF, no line over 998 octets."""
    lines = made(mail).split(b"\r\n")
    assert not [line for line in lines if b"\r" in line or b"\n" in line or len(line) > 998]


def test_bcc_stands_in_the_envelope_alone() -> None:
    """The recipient in Bcc is among the envelope's addresses and nowhere in the mail."""
    assert cast.DAVID.address in OFFER.recipients
    assert cast.DAVID.address.encode() not in made(OFFER)
    assert cast.TOMAS.address.encode() in made(OFFER)


def test_headers_read_back_as_written() -> None:
    """Names outside ASCII survive the header."""
    headers = dict(headers_of(made(OFFER)))
    assert headers["Cc"] == "Tomás Vidal <tomas@vidal-estudio.example>, Erik Lund <erik.lund@lund-bygg.example>"
    assert headers["Subject"] == OFFER.subject
    assert message_id_of(made(OFFER)) == "1@larsen-office.example"


def test_text_and_html_have_the_same_links() -> None:
    """Each of the three links stands in both bodies."""
    bodies = bodies_of(made(OFFER))
    leads_to = [link.leads_to for link in OFFER.links]
    assert leads_to == [anchor.leads_to for anchor in anchors_in(bodies.html)]
    assert [url in bodies.text for url in leads_to] == [True] * 3


def test_the_signature_covers_the_signed_part() -> None:
    """The PKCS #7 signature holds the SHA-256 of the part that goes out, line ends included."""
    part = SIGNED_PART.replace("\n", "\r\n").encode()
    assert b"\r\n" + part + b"\r\n--" in made(PRICES)
    assert hashlib.sha256(part).digest() in base64.b64decode(PKCS7_SIGNATURE)


@pytest.mark.parametrize(
    ("visitor", "name"),
    [
        (cast.TOMAS.reader, "apple-egress"),
        (cast.DAVID.reader, "google-fetchers"),
        (cast.SCANNER, "exchange-protection"),
    ],
)
def test_machines_come_from_the_networks_they_are_published_on(visitor: cast.Visitor, name: str) -> None:
    """Apple's, Google's and Microsoft's machines of the cast bear the label of their list first."""
    assert name == labels_of(parse_address(visitor.network))[0].name


def test_people_come_from_networks_on_no_list() -> None:
    """No browser of the cast is on a published list."""
    assert {()} == {labels_of(parse_address(person.browser.network)) for person in cast.EVERYBODY}
