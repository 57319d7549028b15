"""The story's first half: permissions, four mails through the listener, and what became of them on their way.

The mail client here is smtplib speaking as Thunderbird does; the copies are read from the provider's mailboxes.
"""

import hashlib
import smtplib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import make_msgid
from typing import Final

from desktop.core.permission import SEEING, Method, Standing
from desktop.core.policy import WhyNot
from desktop.core.status import Aside, Rung
from desktop.core.trackingheader import NAME as TRACKING_FIELD
from desktop.practice import cast
from desktop.practice.difference import difference, shortened
from desktop.practice.mails import ALL, OFFER, PRICES, SampleMail, compose
from desktop.practice.reading import (
    anchors_in,
    bodies_of,
    destination_of,
    headers_of,
    is_click,
    is_picture,
    is_stop,
    pictures_in,
)
from desktop.practice.stage import MismatchError, Sent, Stage, must_equal
from relay.wire.purpose import Purpose

_ANSWER_TIMEOUT_S: Final = 30.0
_VISIBLE: Final = f"I ({cast.SENDER.name}) can see"


def record_permissions(stage: Stage) -> Iterator[str]:
    """Record who agreed to opens and links, and read back where everybody stands."""
    for person in cast.WITH_PERMISSION:
        stage.desk.record_grant(
            address=person.address,
            name=person.mailbox.name,
            purposes=SEEING | {Purpose.PLACE} if person is cast.ANNA else SEEING,
            method=Method.WRITTEN,
            evidence="Practice: said yes by mail",
        )
    granted = 0
    for person in cast.EVERYBODY:
        standing = stage.desk.permission_of(person.address).standing
        expected = Standing.GRANTED if person in cast.WITH_PERMISSION else Standing.UNKNOWN
        must_equal(expected, standing, f"as the standing of {person.mailbox.name}")
        granted += standing is Standing.GRANTED
        yield f"{person.mailbox.name} <{person.address}>: {standing}"
    also = f"{cast.ANNA.mailbox.name} for place and device too"
    yield f"{granted} of {len(cast.EVERYBODY)} gave permission for opens and links, {also}"


def send_mails(stage: Stage) -> Iterator[str]:
    """Hand every mail to the listener, and wait until the store knows that the provider took each copy."""
    named = took = 0
    for mail, taken in submit(stage, ALL):
        named, took = named + len(mail.recipients), took + len(taken)
        yield f"“{mail.subject}”: {len(taken)} of {len(mail.recipients)} copies"
    yield f"The provider took {took} of {named} copies"


def submit(stage: Stage, mails: Sequence[SampleMail]) -> Iterator[tuple[SampleMail, list[str]]]:
    """Hand mails to the listener; yield each with whom the store knows the provider to have taken it for."""
    try:
        _hand_in(stage, mails)
    except (smtplib.SMTPException, OSError) as error:
        raise MismatchError("the listener to take the mails", f"{type(error).__name__}: {error}") from error
    for mail in mails:
        taken = [address for address in mail.recipients if address not in stage.sent[mail.subject].refused]
        for address in taken:
            stage.await_copy(address, mail, "a copy that was sent", lambda view: view.status.rung >= Rung.SENT)
        yield mail, taken


def _hand_in(stage: Stage, mails: Sequence[SampleMail]) -> None:
    at = stage.desk.listener
    with smtplib.SMTP(at.host, at.port, local_hostname="[127.0.0.1]", timeout=_ANSWER_TIMEOUT_S) as client:
        client.login(at.user, at.password)
        for mail in mails:
            message_id = make_msgid(domain="larsen-office.example").strip("<>")
            now = datetime.fromtimestamp(stage.desk.clock.now_ms() / 1000, UTC)
            raw = compose(mail, sent_at=now, message_id=message_id)
            refused = client.sendmail(cast.SENDER.address, mail.recipients, raw, ["BODY=8BITMIME"])
            heard = {address: (code, words.decode("utf-8", "replace")) for address, (code, words) in refused.items()}
            stage.sent[mail.subject] = Sent(raw=raw, message_id=message_id, refused=heard)


def hear_refusal(stage: Stage) -> Iterator[str]:
    """Compare what the client heard of the wrong address with the provider's own list of refusals."""
    heard = stage.sent[OFFER.subject].refused
    must_equal([cast.PAUL.address], sorted(heard), "as the addresses the client was told of")
    must_equal([cast.PAUL.address], sorted(set(stage.control.refusals())), "as the addresses the provider refused")
    code, words = heard[cast.PAUL.address]
    if code != 550 or not words.startswith("5.1.1"):
        raise MismatchError("550 5.1.1 at the client", f"{code} {words}")
    must_equal(0, len(stage.control.mailbox(cast.PAUL.address)), "mails in the mailbox that does not exist")
    yield f"The mail client heard: {code} {words}"
    rows = [view for view in stage.desk.copies() if view.address.lower() == cast.PAUL.address]
    for view in rows:
        if Aside.NOT_DELIVERED not in view.status.asides:
            raise MismatchError("not delivered in the store", stage.describe(view.status))
        yield f"The store says of {view.address}: {stage.describe(view.status)}"


def show_copy(stage: Stage) -> Iterator[str]:
    """Show one recipient's copy against what was sent: the visible line, one picture, every link, the header's line."""
    sent = stage.sent[OFFER.subject].raw
    received = stage.delivered(cast.ANNA.address, OFFER)[1].raw
    must_equal(headers_of(sent), _others_of(received), "as the header of the copy")
    added = _check_additions(received, OFFER)
    own = [f"{name}: {value}" for name, value in headers_of(received) if name == TRACKING_FIELD]
    must_equal(1, len(own), "line of the header that says it is tracked")
    yield f"The copy of {cast.ANNA.mailbox.name}, “{OFFER.subject}”:"
    yield from difference(sent, received)
    yield f"For programs, in the header: {shortened(own[0])}"
    yield f"Added: {added}"


def _others_of(received: bytes) -> tuple[tuple[str, str], ...]:
    """Return the header of a copy but for the line that says it is tracked."""
    return tuple(each for each in headers_of(received) if each[0] != TRACKING_FIELD)


def _check_additions(received: bytes, mail: SampleMail) -> str:
    """Check what was added to a copy, in number and meaning; return it in words."""
    bodies = bodies_of(received)
    pictures = [url for url in pictures_in(bodies.html) if is_picture(url)]
    must_equal(1, len(pictures), "picture in the copy")
    links = [anchor.leads_to for anchor in anchors_in(bodies.html)]
    tracked = [destination_of(url) for url in links if is_click(url)]
    must_equal([link.leads_to for link in mail.links], tracked, "as where the tracked links lead")
    stops = [url for url in links if is_stop(url)]
    must_equal(1, len(stops), "link that stops in the copy")
    lines = [" ".join(body.split()).count(_VISIBLE) for body in (bodies.text, bodies.html)]
    must_equal([1, 1], lines, "visible lines in text and HTML")
    return f"{len(pictures)} picture, {len(tracked)} tracked links, {len(stops)} stop link, {len(lines)} visible lines"


def hide_bcc(stage: Stage) -> Iterator[str]:
    """Search every copy of the mail for whoever stands in Bcc; headers are alike, each picture is its copy's own."""
    sent = stage.sent[OFFER.subject]
    taken = [address for address in OFFER.recipients if address not in sent.refused]
    copies = {address: stage.delivered(address, OFFER)[1].raw for address in taken}
    for raw in copies.values():
        must_equal(headers_of(sent.raw), _others_of(raw), "as the header of every copy")
    for hidden in OFFER.bcc:
        telling = [who for who, raw in copies.items() if hidden.address.encode() in raw or hidden.name.encode() in raw]
        must_equal([], telling, f"as the copies that name {hidden.address}")
        yield f"{hidden.address}, in Bcc, holds a copy; {len(telling)} of {len(copies)} copies name it"
    pictures = [url for raw in copies.values() for url in pictures_in(bodies_of(raw).html)]
    must_equal(len(pictures), len(set(pictures)), "different pictures")
    yield f"{len(copies)} copies bear {len(set(pictures))} pictures, no two the same"


def keep_signed(stage: Stage) -> Iterator[str]:
    """Compare the SHA-256 of the signed mail as sent and as the provider holds it."""
    yield from _must_be_untouched(stage, cast.ANNA.address, PRICES, WhyNot.SIGNED)


def keep_without_permission(stage: Stage) -> Iterator[str]:
    """Compare the SHA-256 of the copy of somebody who was never asked."""
    yield from _must_be_untouched(stage, cast.ERIK.address, OFFER, WhyNot.NO_PERMISSION)


def _must_be_untouched(stage: Stage, address: str, mail: SampleMail, why_not: WhyNot) -> Iterator[str]:
    sent = hashlib.sha256(stage.sent[mail.subject].raw).hexdigest()
    received = hashlib.sha256(stage.delivered(address, mail)[1].raw).hexdigest()
    must_equal(sent, received, f"as the SHA-256 of the copy of {address}")
    must_equal(why_not, stage.copy(address, mail).status.why_not, f"as why the copy of {address} is untracked")
    yield f"  sent     {sent}"
    yield f"  received {received}"
    yield f"SHA-256 of “{mail.subject}” to {cast.recipient_of(address).mailbox.name} is equal: {stage.why(why_not)}"
