"""The story's third part: Sent is read, somebody replies, somebody is away, a mail comes back, and who is left waiting.

None of it needs anything in a mail or any relay: all is read from the user's own mailbox, which stays as it was.
"""

import imaplib
import smtplib
import ssl
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from email.utils import make_msgid
from typing import Final

from desktop.core.arrival import FailureReason
from desktop.core.followup import Due, FollowUp, FollowUpKind
from desktop.core.policy import WhyNot
from desktop.core.status import Aside, Evidence, EvidenceKind, Rung
from desktop.practice import cast
from desktop.practice.correspondence import day_of_return, spelled_day
from desktop.practice.desk import CopyView
from desktop.practice.mails import ALL, OAK, SAMPLES, SHELVES, VISIT, SampleMail, compose
from desktop.practice.reading import message_id_of
from desktop.practice.stage import MismatchError, Sent, Stage, must_equal

_ANSWER_TIMEOUT_S: Final = 30.0
_MINUTE_S: Final = 60.0
_MORNING: Final = time(9)


def read_sent(stage: Stage) -> Iterator[str]:
    """Let the mail client keep its copies in Sent, and a phone send a mail past the listener; both are read there."""
    try:
        _send_from_phone(stage)
        for mail in (*ALL, VISIT):
            _keep_in_sent(stage, mail)
    except (smtplib.SMTPException, imaplib.IMAP4.error, OSError) as error:
        raise MismatchError("the provider to take mail and copies", f"{type(error).__name__}: {error}") from error
    kept = len(ALL) + 1
    stage.desk.check_mail()
    if not stage.desk.wait_until(lambda: stage.desk.sent_read() == kept, stage.patience_s):
        raise MismatchError(f"{kept} mails read in Sent", stage.desk.sent_read())
    view = stage.copy(cast.LENA.address, VISIT)
    must_equal(WhyNot.ELSEWHERE, view.status.why_not, f"as why the copy of {view.name} is untracked")
    rows = Counter((row.address.lower(), row.subject) for row in stage.desk.copies())
    must_equal(
        {(who.lower(), m.subject): 1 for m in (*ALL, VISIT) for who in m.recipients}, dict(rows), "as the copies"
    )
    yield f"From a phone, past the listener: “{VISIT.subject}” to {view.name}: {stage.describe(view.status)}"
    yield stage.why(WhyNot.ELSEWHERE)
    yield f"Sent holds {kept} mails; the {len(ALL)} that went through the listener are not counted again"


def _send_from_phone(stage: Stage) -> None:
    at = stage.control.access.provider
    message_id = make_msgid(domain="larsen-office.example").strip("<>")
    raw = compose(VISIT, sent_at=_now(stage), message_id=message_id)
    trust = ssl.create_default_context(cafile=at.ca_file)
    with smtplib.SMTP_SSL(at.host, at.tls_port, context=trust, timeout=_ANSWER_TIMEOUT_S) as client:
        client.login(at.user, at.password)
        client.sendmail(cast.SENDER.address, VISIT.recipients, raw, ["BODY=8BITMIME"])
    stage.sent[VISIT.subject] = Sent(raw=raw, message_id=message_id, refused={})


def _keep_in_sent(stage: Stage, mail: SampleMail) -> None:
    """Append a mail as it was written, without what the listener added to the copies, as mail clients do."""
    at = stage.control.access.provider
    trust = ssl.create_default_context(cafile=at.ca_file)
    with imaplib.IMAP4_SSL(at.host, at.imap_port, ssl_context=trust, timeout=_ANSWER_TIMEOUT_S) as client:
        client.login(at.user, at.password)
        stamp = imaplib.Time2Internaldate(_now(stage))
        answer, _ = client.append("Sent", r"(\Seen)", stamp, stage.sent[mail.subject].raw)
        must_equal("OK", answer, "as the answer to a copy kept in Sent")


def reply_as_person(stage: Stage) -> Iterator[str]:
    """Let the person behind the scanner reply; their line of the follow-up list goes."""
    before = _line(stage, SHELVES)
    must_equal(FollowUpKind.NO_ANSWER, before.kind, f"as why “{SHELVES.subject}” is on the list")
    yield f"On the list for {spelled_day(before.due_on)}: {stage.urge(before)}"
    stage.desk.clock.advance(30 * _MINUTE_S)
    place, _ = stage.delivered(cast.FRANCES.address, SHELVES)
    message_id = stage.control.reply(cast.FRANCES.address, place)
    view = _await(stage, cast.FRANCES, SHELVES, EvidenceKind.REPLY)
    must_equal(Rung.REPLIED, view.status.rung, f"as the rung of {view.name}")
    yield _as_it_lies(stage, message_id)
    yield from _as_told(stage, view, EvidenceKind.REPLY)
    must_equal([], _lines(stage, SHELVES), "as the lines of the list on what was answered")
    yield f"On the list about “{SHELVES.subject}”: nothing any more"


def answer_automatically(stage: Stage) -> Iterator[str]:
    """Let an out-of-office answer: it is no reply, and the follow-up waits for the return."""
    stage.desk.clock.advance(2 * _MINUTE_S)
    # Later than the day the story goes to at last, however long the holidays here are.
    back_on = day_of_return(_line(stage, OAK).due_on)
    place, _ = stage.delivered(cast.LENA.address, VISIT)
    message_id = stage.control.go_away(cast.LENA.address, place, back_on=back_on)
    view = _await(stage, cast.LENA, VISIT, EvidenceKind.AWAY)
    must_equal((Rung.SENT, back_on), (view.status.rung, view.status.returns_on), f"as rung and return of {view.name}")
    yield _as_it_lies(stage, message_id)
    yield from _as_told(stage, view, EvidenceKind.AWAY)
    line = _line(stage, VISIT)
    must_equal((FollowUpKind.AWAY, Due.NEXT), (line.kind, line.due), "as the follow-up of somebody away")
    yield f"On the list for {spelled_day(line.due_on)}: {stage.urge(line)}"


def bounce_later(stage: Stage) -> Iterator[str]:
    """Let a mail server report on a mail it took: there is no such address."""
    stage.desk.clock.advance(3 * _MINUTE_S)
    place, _ = stage.delivered(cast.MARA.address, SAMPLES)
    message_id = stage.control.bounce(cast.MARA.address, place)
    view = _await(stage, cast.MARA, SAMPLES, EvidenceKind.NOT_DELIVERED)
    must_equal(True, Aside.NOT_DELIVERED in view.status.asides, f"as whether {view.name} never got it")
    must_equal(FailureReason.UNKNOWN_USER, view.status.failure, "as the reason")
    yield _as_it_lies(stage, message_id)
    yield from _as_told(stage, view, EvidenceKind.NOT_DELIVERED)
    line = _line(stage, SAMPLES)
    must_equal((FollowUpKind.NOT_DELIVERED, Due.TODAY), (line.kind, line.due), "as the follow-up of a bounce")
    yield f"On the list for today: {stage.urge(line)}"


def list_follow_ups(stage: Stage) -> Iterator[str]:
    """Move the clock on to the day on which silence is a reason, and show the list."""
    due_on = _line(stage, OAK).due_on
    morning = datetime.combine(due_on, _MORNING).astimezone()
    days = (due_on - _today(stage)).days
    stage.desk.clock.advance(max(0.0, (morning - _now(stage)).total_seconds()))
    yield f"The clock moves on by {days} days, to {spelled_day(due_on)}"
    must_equal((FollowUpKind.NO_ANSWER, Due.TODAY), _why(stage, OAK), "as the follow-up of who never answered")
    must_equal((FollowUpKind.AWAY, Due.NEXT), _why(stage, VISIT), "as the follow-up of who is away")
    must_equal(FollowUpKind.NOT_DELIVERED, _why(stage, SAMPLES)[0], "as the follow-up of what came back")
    must_equal([], _lines(stage, SHELVES), "as the lines of the list on what was answered")
    found = stage.desk.follow_ups()
    for due in Due:
        for line in found:
            if line.due is due:
                yield f"{due.name.title():<8} {stage.urge(line)}"
    yield f"{len(found)} to follow up with; {cast.FRANCES.mailbox.name}, who replied, is not among them"


def _now(stage: Stage) -> datetime:
    return datetime.fromtimestamp(stage.desk.clock.now_ms() / 1000, UTC)


def _today(stage: Stage) -> date:
    return _now(stage).astimezone().date()


def _lines(stage: Stage, mail: SampleMail) -> list[FollowUp]:
    return [line for line in stage.desk.follow_ups() if line.subject == mail.subject]


def _line(stage: Stage, mail: SampleMail) -> FollowUp:
    lines = _lines(stage, mail)
    must_equal(1, len(lines), f"line of the list about “{mail.subject}”")
    return lines[0]


def _why(stage: Stage, mail: SampleMail) -> tuple[FollowUpKind, Due]:
    line = _line(stage, mail)
    return line.kind, line.due


def _await(stage: Stage, person: cast.Recipient, mail: SampleMail, kind: EvidenceKind) -> CopyView:
    """Wait until the store knows by a mail that came in what `kind` says of a copy."""
    return stage.await_copy(
        person.address,
        mail,
        f"a sign of the kind {kind}",
        lambda view: any(line.kind is kind for line in view.status.evidence),
    )


def _as_it_lies(stage: Stage, message_id: str) -> str:
    """Return how the mail lies in INBOX: once, and as unread as it came."""
    held = [mail for mail in stage.control.inbox() if message_id_of(mail.raw) == message_id]
    must_equal([False], [mail.is_seen for mail in held], "as whether the mail in INBOX was marked as read")
    return "It was read over IMAP; in INBOX it is as unread as it came"


def _as_told(stage: Stage, view: CopyView, kind: EvidenceKind) -> Iterator[str]:
    line = _evidence(view, kind)
    sent_at = stage.sent_at(view)
    minutes = round((line.at - sent_at) / timedelta(minutes=1))
    yield f"{minutes} min after sending: {stage.tell(line)}"
    yield f"{view.name or view.address}: {stage.describe(view.status)}"


def _evidence(view: CopyView, kind: EvidenceKind) -> Evidence:
    lines = [line for line in view.status.evidence if line.kind is kind]
    must_equal(1, len(lines), f"line of the kind {kind} on {view.name}")
    return lines[0]
