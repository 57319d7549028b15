"""Read receipts: what a disposition says and what it does not."""

import pytest

from desktop.core.receipt import is_told_receipt, read_receipt
from desktop.core.skim import Leaf


def answer(fields: str) -> tuple[str, str, bool] | None:
    leaf = Leaf(media_type="message/disposition-notification", parameters={}, content=fields.encode())
    found = read_receipt([leaf], sender="ada@firm.example").receipt
    return None if found is None else (found.recipient, found.answer.value, found.is_automatic)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            "Final-Recipient: rfc822; A@b.example\nDisposition: manual-action/MDN-sent-manually; displayed",
            ("a@b.example", "displayed", False),
        ),
        ("Disposition: automatic-action/MDN-sent-automatically; displayed", ("ada@firm.example", "displayed", True)),
        (
            (
                "Original-Recipient: rfc822; o@b.example\nFinal-Recipient: rfc822; a@b.example\n"
                "Disposition: manual-action/MDN-sent-manually;deleted"
            ),
            ("o@b.example", "denied", False),
        ),
        ("Disposition: manual-action/MDN-sent-manually; denied", ("ada@firm.example", "denied", False)),
        ("Disposition: manual-action/MDN-sent-manually; processed", None),
        ("Disposition: manual-action/MDN-sent-manually; failed", None),
        ("Disposition: manual-action/MDN-sent-manually; displayed/error", None),
        ("Disposition: displayed", None),
        ("Final-Recipient: rfc822; a@b.example", None),
        ("", None),
    ],
)
def test_a_disposition_says_what_it_says(fields: str, expected: tuple[str, str, bool] | None) -> None:
    """Displayed confirms, deleted and denied deny, all else answers neither way."""
    assert expected == answer(fields)


def test_the_mail_it_is_about_is_named_or_returned() -> None:
    """The Message-ID comes from the notification first and from the returned header after it, each once."""
    parts = [
        Leaf(media_type="message/disposition-notification", parameters={}, content=b"Original-Message-ID: <a@b>\n"),
        Leaf(
            media_type="text/rfc822-headers",
            parameters={},
            content=b"Message-ID: <a@b>\nX-Microsoft-Original-Message-ID: <c@d>\n",
        ),
        Leaf(media_type="text/plain", parameters={}, content=b"Message-ID: <e@f>\n"),
    ]
    assert read_receipt(parts, sender="").about_ids == ("<a@b>", "<c@d>")


def test_a_receipt_in_words_needs_title_and_sentence() -> None:
    """Old Exchange's words are a receipt; a person's "Read:" is none, nor the sentence under another title."""
    assert is_told_receipt("Read: Offer", "Your message was read on 29.04.2026")
    assert not is_told_receipt("Read: Offer", "I read it")
    assert not is_told_receipt("Offer", "Your message was read on 29.04.2026")
