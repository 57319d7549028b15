"""Addresses from which no answer is expected."""

import pytest

from desktop.core.noreply import expects_answer


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("anna@becker.example", True),
        ("noreply@shop.example", False),
        ("No-Reply@shop.example", False),
        ("no_reply+abc@shop.example", False),
        ("do.not.reply-7@shop.example", False),
        ("ne-pas-repondre@boutique.example", False),
        ("nicht-antworten@laden.example", False),
        ("notifications@github.example", False),
        ("bounce+123@mail.example", False),
        ("mailer-daemon@mail.example", False),
        ("norman.noreplyson@becker.example", True),
        ("nobodyknows@becker.example", True),
        ("replyno@becker.example", True),
        ("kim@sender.example", False),
        ("KIM@sender.example", False),
        ("kim+list@sender.example", False),
        ("dev@lists.example.org", False),
        ("dev@list.example.org", False),
        ("dev@listings.example.org", True),
        ("team@googlegroups.com", False),
        ("team@mygooglegroups.com", True),
        ("team@groups.io", False),
        ("team@acme.groups.io", False),
        ("dev-request@example.org", False),
        ("unsubscribe@example.org", False),
        ("news-unsubscribe@example.org", False),
        ("majordomo@example.org", False),
        ("requests@example.org", True),
        ("resubscribed@example.org", True),
    ],
)
def test_an_address_nobody_reads_owes_no_answer(address: str, expected: bool) -> None:
    """No-reply addresses in several languages, lists and one's own addresses are not waited for; people are."""
    assert expects_answer(address, frozenset({"kim@sender.example"})) is expected
