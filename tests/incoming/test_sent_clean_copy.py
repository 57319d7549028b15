"""What a mail in Sent is to a message of ours: told from its octets alone."""

import pytest

from desktop.core.ownmarks import OwnMarks, tokens_in
from desktop.incoming.sent_clean_copy import Kind, kind_of
from tests.core.copies import OWN as READ_OWN
from tests.core.copies import client_message, copy_of, expected
from tests.incoming.sent_cleaning import BASE, picture, tracked, written

OFFER = written()
OWN = OwnMarks(bases=frozenset({BASE}), channel_ids=frozenset({b"our channel."}))
QUOTING = OFFER.replace(b"</p>", b"</p>" + picture(b"an older id."))
PLAIN = (
    b"From: Alice <alice@example.test>\r\nSubject: About offer\r\nDate: Mon, 01 Jun 2026 11:55:00 +0000\r\n"
    b"Content-Type: text/plain; charset=utf-8; format=flowed\r\n\r\nAn offer.\r\n"
)


def kind(octets: bytes, original: bytes = OFFER) -> Kind:
    """Return what a mail is to an original that one tracked copy was made of."""
    return kind_of(octets, original, frozenset({b"a random id."}), OWN)


def converted(text: bytes) -> bytes:
    """Return a plain mail as it leaves with a picture: with an HTML rendering beside it."""
    head, _, words = text.partition(b"Content-Type: ")
    return (
        head + b'Content-Type: multipart/alternative; boundary="x"\r\n\r\n--x\r\nContent-Type: ' + words + b"--x\r\n"
        b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>An offer.</p>" + picture(b"a random id.") + b"\r\n--x--\r\n"
    )


@pytest.mark.parametrize(
    ("octets", "original", "expected"),
    [
        (OFFER, OFFER, Kind.EXACT),
        (b"X-Mozilla-Status: 0001\r\n" + OFFER, OFFER, Kind.CLEAN),
        (tracked(OFFER), OFFER, Kind.TRACKED),
        (converted(PLAIN), PLAIN, Kind.TRACKED),
        (tracked(QUOTING), QUOTING, Kind.TRACKED),
        (QUOTING, OFFER, Kind.CLEAN),
        (QUOTING.replace(b"An offer.", b"An other."), OFFER, Kind.OTHER),
        (tracked(OFFER, b"an older id."), OFFER, Kind.CLEAN),
        (tracked(written(attachment=b"")), OFFER, Kind.MARKED),
        (tracked(OFFER).replace(b"About offer", b"About this"), OFFER, Kind.MARKED),
        (tracked(OFFER).replace(b"About offer", b"About this").replace(b"a@", b"b@"), OFFER, Kind.MARKED),
        (written(words="Another."), OFFER, Kind.OTHER),
        (b"", OFFER, Kind.OTHER),
    ],
)
def test_kinds(octets: bytes, original: bytes, expected: Kind) -> None:
    """A mail is exact, clean, tracked, marked or something else, and whatever cannot be told is something else."""
    assert kind(octets, original) is expected


@pytest.mark.parametrize("name", [row["message"] for row in expected() if row["tracked"] == "yes"])
def test_what_rewriting_makes_is_known_by_its_token(name: str) -> None:
    """The tracked copy of a message of a real mail program is taken for one, and the message itself for exact."""
    original = client_message(name)
    ids = tokens_in(copy_of(original), READ_OWN.bases)
    assert ids
    found = kind_of(copy_of(original), original, ids, READ_OWN)
    assert found is Kind.TRACKED


def test_a_tracked_copy_of_what_cannot_be_read_is_none() -> None:
    """Where the original has no single reading, a mail with its token is not taken for its tracked copy."""
    unreadable = OFFER.replace(b"Content-Type: application/pdf", b"Content-Type: x/y\r\nContent-Type: application/pdf")
    assert kind(tracked(OFFER), unreadable) is Kind.MARKED
