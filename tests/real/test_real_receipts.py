"""Read receipts (RFC 8098) between two Thunderbirds: asked for by erin, given by bob or not."""

import html
from collections.abc import Callable
from email.message import Message
from email.parser import BytesParser

import pytest

from desktop.core.status import EvidenceKind, Rung
from desktop.store.mail import CopyRow
from desktop.ui.copy_card import inferred_words
from tests.real.desktop import Desktop
from tests.real.provider import Provider, address_of
from tests.real.screen import Screen
from tests.real.thunderbird import Draft, Receipts, Thunderbird
from tests.real.waiting import until

pytestmark = pytest.mark.timeout(240)
BOB = address_of("bob")
ALWAYS = "The <b>contract</b> & <img src=x>"
ASKED, IGNORED, NEVER, AFTER, DENIED = (
    f"The contract, {how}" for how in ("asked", "ignored", "never", "after", "denied")
)


def the_copy(desktop: Desktop, subject: str) -> CopyRow:
    """Return bob's copy of the mail with that subject."""
    return desktop.wait_for_copies(subject, 1)[BOB]


def until_copy(desktop: Desktop, subject: str, wanted: Callable[[CopyRow], bool]) -> CopyRow:
    until(lambda: wanted(the_copy(desktop, subject)), what=f"the status of “{subject}”")
    return the_copy(desktop, subject)


def asks(erins_thunderbird: Thunderbird, subject: str) -> None:
    """Send bob a mail with "Return Receipt" ticked."""
    erins_thunderbird.send(Draft(to=f"Bob <{BOB}>", subject=subject, body="<p>Please read.</p>", asks_receipt=True))


def kinds(copy: CopyRow) -> list[EvidenceKind]:
    """Return what the timeline tells beside the sending, the newest first."""
    return [each.kind for each in copy.status.evidence if each.kind not in (EvidenceKind.PREPARED, EvidenceKind.SENT)]


def disposition(provider: Provider, subject: str) -> str:
    """Return what the receipt says that came to erin for a mail."""
    with provider.mailbox("erin") as mailbox:
        mails = [BytesParser().parsebytes(raw) for raw in mailbox.wait_for("message/disposition-notification")]
    (found,) = (each for each in mails if subject in str(each["Subject"]))
    told = next(part for part in found.walk() if part.get_content_type() == "message/disposition-notification")
    return str(BytesParser().parsebytes(told.as_bytes().partition(b"\n\n")[2])["Disposition"])


def test_a_receipt_sent_without_asking_confirms(
    erins_thunderbird: Thunderbird,
    bobs_thunderbird: Thunderbird,
    erins_desktop: Desktop,
    erins_screen: Screen,
    provider: Provider,
) -> None:
    """Bob's Thunderbird answers by itself: his copy is confirmed, so opened, and dunst says so without any markup."""
    erins_screen.forget_notifications()
    asks(erins_thunderbird, ALWAYS)
    bobs_thunderbird.answer_receipts(Receipts.ALWAYS)
    bobs_thunderbird.open_message(ALWAYS)
    copy = until_copy(erins_desktop, ALWAYS, lambda copy: copy.status.rung is Rung.CONFIRMED)
    assert kinds(copy) == [EvidenceKind.RECEIPT]
    assert inferred_words(copy.status) == "Opened, inferred from the read receipt."
    assert disposition(provider, ALWAYS) == "manual-action/MDN-sent-automatically; displayed"
    until(lambda: erins_screen.displayed_count() == 1, what="dunst")
    (told,) = erins_screen.notifications()
    assert told.summary == "Bob confirmed that they read it"
    assert told.body.endswith(f"“{html.escape(ALWAYS, quote=False)}”")


def test_a_receipt_that_bob_agreed_to_confirms(
    erins_thunderbird: Thunderbird, bobs_thunderbird: Thunderbird, erins_desktop: Desktop, provider: Provider
) -> None:
    """Asked by his Thunderbird, bob presses Send: his copy is confirmed, and was not while the bar stood."""
    asks(erins_thunderbird, ASKED)
    bobs_thunderbird.answer_receipts(Receipts.ASK)
    bobs_thunderbird.open_message(ASKED)
    until(bobs_thunderbird.is_asked_for_receipt, what="the bar")
    assert the_copy(erins_desktop, ASKED).status.rung is Rung.SENT
    bobs_thunderbird.press_receipt_button(sends=True)
    copy = until_copy(erins_desktop, ASKED, lambda copy: copy.status.rung is Rung.CONFIRMED)
    assert kinds(copy) == [EvidenceKind.RECEIPT]
    assert disposition(provider, ASKED) == "manual-action/MDN-sent-manually; displayed"


def test_no_receipt_is_no_sign(
    erins_thunderbird: Thunderbird, bobs_thunderbird: Thunderbird, erins_desktop: Desktop
) -> None:
    """Where bob ignores the bar, or his Thunderbird never answers, his copies stay as sent though he read them."""
    for subject in (IGNORED, NEVER):
        asks(erins_thunderbird, subject)
    bobs_thunderbird.answer_receipts(Receipts.ASK)
    bobs_thunderbird.open_message(IGNORED)
    until(bobs_thunderbird.is_asked_for_receipt, what="the bar")
    bobs_thunderbird.press_receipt_button(sends=False)
    bobs_thunderbird.answer_receipts(Receipts.NEVER)
    bobs_thunderbird.open_message(NEVER)
    # Mail comes in order: what bob sends after these would come after any receipt for them.
    asks(erins_thunderbird, AFTER)
    bobs_thunderbird.answer_receipts(Receipts.ALWAYS)
    bobs_thunderbird.open_message(AFTER)
    until_copy(erins_desktop, AFTER, lambda copy: copy.status.rung is Rung.CONFIRMED)
    for subject in (IGNORED, NEVER):
        copy = the_copy(erins_desktop, subject)
        assert (copy.status.rung, kinds(copy), copy.status.opened_at) == (Rung.SENT, [], None)


def test_a_denied_receipt_is_told_and_is_no_rung(
    erins_thunderbird: Thunderbird, erins_desktop: Desktop, provider: Provider
) -> None:
    """A receipt that says “deleted unread” stands in the timeline, and neither as opened nor as confirmed."""
    asks(erins_thunderbird, DENIED)
    with provider.mailbox("bob") as mailbox:
        (arrived,) = mailbox.wait_for(f"Subject: {DENIED}\r\n")
    provider.submit(denial(BytesParser().parsebytes(arrived)), sender="bob", recipients=("erin",))
    copy = until_copy(erins_desktop, DENIED, lambda copy: EvidenceKind.RECEIPT_DENIED in kinds(copy))
    assert (copy.status.rung, copy.status.opened_at, copy.status.is_open_inferred) == (Rung.SENT, None, False)


def denial(mail: Message) -> bytes:
    """Return a receipt in RFC 8098's own words, by a program that says when a mail is deleted unread."""
    return (
        f"From: {BOB}\r\nTo: {address_of('erin')}\r\nSubject: Disposition notification\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n"
        "--b\r\n\r\nThe message was deleted.\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
        f"Reporting-UA: bobs.example; Mailer\r\nFinal-Recipient: rfc822;{BOB}\r\n"
        f"Original-Message-ID: {mail['Message-ID']}\r\n"
        "Disposition: manual-action/MDN-sent-manually; deleted\r\n--b--\r\n"
    ).encode()
