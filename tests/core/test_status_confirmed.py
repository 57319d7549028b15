"""Confirmed by the recipient's own press: what it does to the ladder, and what tells of it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from desktop.core.notice import CopyNames, NoticeKind, Sign, confirmation_notice
from desktop.core.policy import WhyNot
from desktop.core.status import Aside, CopyFacts, CopyState, EvidenceKind, MailSign, Rung, copy_status
from tests.fakes.samples import SENT_AT

SENT = CopyFacts(state=CopyState.SENT, prepared_at=SENT_AT, state_at=SENT_AT)
PRESSED_AT = SENT_AT + timedelta(hours=2)
CONFIRMED = replace(SENT, confirmed_at=PRESSED_AT)
NAMES = CopyNames(conversation_id=1, copy_id=2, person="Anna", address="anna@becker.example", subject="Offer")


def sign(kind: EvidenceKind, at: datetime) -> MailSign:
    return MailSign(kind=kind, at=at, arrival_id=1)


def test_a_press_of_the_button_is_a_rung_of_its_own() -> None:
    """A confirmed copy stands on Confirmed, was read by that word, and has its line; without it there is no sign."""
    status = copy_status(CONFIRMED, [])
    assert (status.rung, status.asides) == (Rung.CONFIRMED, ())
    assert (status.opened_at, status.is_open_inferred, status.clicked_at) == (PRESSED_AT, True, None)
    assert next((line.kind, line.at, line.counted) for line in status.evidence) == (
        EvidenceKind.CONFIRMATION,
        PRESSED_AT,
        True,
    )
    assert (copy_status(SENT, []).rung, copy_status(SENT, []).asides) == (Rung.SENT, (Aside.NO_SIGN_YET,))


def test_an_untracked_copy_can_be_confirmed() -> None:
    """The link needs no permission: such a copy stands on Confirmed and is still not tracked."""
    status = copy_status(replace(CONFIRMED, why_not=WhyNot.NO_PERMISSION), [])
    assert (status.rung, status.asides) == (Rung.CONFIRMED, (Aside.NOT_TRACKED,))


@pytest.mark.parametrize("state", [CopyState.REFUSED, CopyState.UNCERTAIN])
def test_who_confirms_has_it(state: CopyState) -> None:
    """What the provider said to have refused, or said nothing of, arrived if the button in it was pressed."""
    status = copy_status(replace(CONFIRMED, state=state), [])
    assert (status.rung, status.asides) == (Rung.CONFIRMED, ())


def test_a_reply_stands_above_a_confirmation() -> None:
    """A reply is more than a press; the earlier of the two says when it was read."""
    replied = sign(EvidenceKind.REPLY, PRESSED_AT + timedelta(hours=1))
    status = copy_status(CONFIRMED, [], [replied])
    assert (status.rung, status.opened_at) == (Rung.REPLIED, PRESSED_AT)


def test_a_confirmation_is_told_once() -> None:
    """It rings as a read receipt does, and not where either, or a reply, was told before."""
    notice = confirmation_notice(NAMES, at=PRESSED_AT, told=frozenset())
    assert notice is not None
    assert (notice.kind, notice.sign, notice.at, notice.person) == (
        NoticeKind.CONFIRMED,
        Sign.RECEIPT,
        PRESSED_AT,
        "Anna",
    )
    for told in (Sign.RECEIPT, Sign.REPLY):
        assert confirmation_notice(NAMES, at=PRESSED_AT, told=frozenset({told})) is None
