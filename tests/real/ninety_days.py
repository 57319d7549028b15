"""A made-up mailbox of ninety days: who was written to, what came back, and what must follow from it.

Every person has one fate, which is the number of the person modulo the number of fates.  What is to be listed follows
from the fate and the calendar by the plain rules below, and from nothing of Readback's.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Any, Final

PEOPLE: Final = 420
HISTORY_DAYS: Final = 90
WAIT_DAYS: Final = 3
_MONTHS: Final = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
}
_ABSENCES: Final = {
    "en": ("Out of office", "I am out of the office and will be back on {day} {month} {year}."),
    "de": ("Abwesenheitsnotiz", "Ich bin nicht im Büro und ab dem {day}. {month} {year} wieder erreichbar."),
    "fr": ("Absence du bureau", "Je suis absent du bureau et de retour le {day} {month} {year}."),
    "es": ("Fuera de la oficina", "Estoy fuera de la oficina y vuelvo el {day} de {month} de {year}."),
    "it": ("Fuori ufficio", "Sono fuori ufficio e sarò di nuovo in ufficio il {day} {month} {year}."),
    "nl": ("Afwezig", "Ik ben afwezig en ben op {day} {month} {year} weer terug."),
    "pt": ("Ausência temporária", "Estou ausente do escritório e estarei de volta em {day} de {month} de {year}."),
    "sv": ("Frånvaro", "Jag är inte på kontoret och är tillbaka den {day} {month} {year}."),
    "da": ("Fraværende", "Jeg er ikke på kontoret og er tilbage den {day}. {month} {year}."),
    "pl": ("Poza biurem", "Jestem poza biurem. Wracam {day} {month} {year}."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail as it lies in a folder of the mailbox since an instant."""

    at: datetime
    octets: bytes
    is_sent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the lists must say of a conversation; None where it must be on neither or is not the fate's business."""

    subject: str
    address: str
    rung: str | None
    waits: bool
    is_away: bool = False
    is_undelivered: bool = False
    is_delayed: bool = False
    returns_on: date | None = None
    follow_up: tuple[str, date] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One correspondent: what they are sent, when, and by which rules their fate plays."""

    number: int
    own: str
    today: date
    sent_on: date
    address: str = ""

    @property
    def to(self) -> str:
        """The address that is written to."""
        return self.address or f"person{self.number}@company{self.number}.example"

    @property
    def _theirs(self) -> str:
        return f"Person {self.number} <{self.to}>"

    @property
    def subject(self) -> str:
        """The subject, which nobody else's mail has."""
        return f"Matter {self.number:04}"

    @property
    def id(self) -> str:
        """The Message-ID of the first mail to them."""
        return f"<matter-{self.number}@desk.example>"

    def at(self, days: int = 0, hour: int = 12) -> datetime:
        """Return an instant so many days after the first mail was sent."""
        return datetime.combine(self.sent_on + timedelta(days=days), time(hour), UTC)

    def ours(self, *, days: int = 0, suffix: str = "", fields: str = "", program: str = "Thunderbird") -> Letter:
        """Return a mail to them, as it stands in Sent."""
        prefix = "Re: " if suffix else ""
        name = self.id.replace("@", f"{suffix}@")
        fields = f"User-Agent: {program}\r\nTo: {self._theirs}\r\n{fields}"
        at = self.at(days)
        octets = _mail(self.own, prefix + self.subject, name, at=at, fields=fields, body="Words.")
        return Letter(at=at, octets=octets, is_sent=True)

    def answer(self, *, days: int = 1, refers: bool = True) -> Letter:
        """Return a reply of theirs."""
        fields = f"To: {self.own}\r\n" + (f"In-Reply-To: {self.id}\r\nReferences: {self.id}\r\n" if refers else "")
        at = self.at(days, 15)
        octets = _mail(self._theirs, f"Re: {self.subject}", f"<a{self.id[1:]}", at=at, fields=fields, body="Yes.")
        return Letter(at=at, octets=octets)

    def absence(self, language: str, back_on: date | None) -> Letter:
        """Return an automatic answer, some minutes later; in ISO form where the language is empty."""
        subject, words = _ABSENCES[language or "en"]
        if back_on is None:
            words = "I am out of the office."
        elif not language:
            words = f"I am out of the office. Back on {back_on.isoformat()}."
        else:
            month = _MONTHS[language].split()[back_on.month - 1]
            words = words.format(day=back_on.day, month=month, year=back_on.year)
        fields = f"To: {self.own}\r\nAuto-Submitted: auto-replied (vacation)\r\nIn-Reply-To: {self.id}\r\n"
        at = self.at(0, 13)
        octets = _mail(self._theirs, subject, f"<v{self.id[1:]}", at=at, fields=fields, body=words)
        return Letter(at=at, octets=octets)

    def report(self, action: str, status: str, diagnostic: str, *, hours: int) -> Letter:
        """Return a report by a mail server (RFC 3464), with the header of the mail it is about."""
        at = self.at(0, 12 + hours)
        body = (
            f"--B\r\nContent-Type: text/plain\r\n\r\nThis is the mail system.\r\n\r\n<{self.to}>: {diagnostic}\r\n"
            "--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example\r\n\r\n"
            f"Final-Recipient: rfc822; {self.to}\r\nAction: {action}\r\nStatus: {status}\r\n"
            f"Diagnostic-Code: smtp; {diagnostic}\r\n--B\r\nContent-Type: text/rfc822-headers\r\n\r\n"
            f"Message-ID: {self.id}\r\nSubject: {self.subject}\r\n\r\n--B--"
        )
        fields = (
            f"To: {self.own}\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n'
        )
        sender = "Mail Delivery System <MAILER-DAEMON@mail.example>"
        name = f"<d{self.id[1:]}"
        octets = _mail(sender, "Undelivered Mail Returned to Sender", name, at=at, fields=fields, body=body)
        return Letter(at=at, octets=octets)

    def expected(self, **what: Any) -> Expected:
        """Return what must be listed; by default an untouched mail that waits for an answer."""
        silent_on = working_day(self.sent_on, WAIT_DAYS)
        known: dict[str, Any] = {"rung": "sent", "waits": True, "follow_up": ("no_answer", silent_on)}
        return Expected(subject=self.subject, address=self.to, **(known | what))


Fate = Callable[[Person], tuple[Sequence[Letter], Expected | None]]
_ANSWERED: Final = {"rung": "replied", "waits": False, "follow_up": None}


def silence(person: Person) -> tuple[Sequence[Letter], Expected]:
    return [person.ours()], person.expected()


def silence_from_a_phone(person: Person) -> tuple[Sequence[Letter], Expected]:
    return [person.ours(program="iPhone Mail (23A340)")], person.expected()


def reply(person: Person) -> tuple[Sequence[Letter], Expected]:
    return [person.ours(), person.answer()], person.expected(**_ANSWERED)


def reply_to_a_phone(person: Person) -> tuple[Sequence[Letter], Expected]:
    return [person.ours(program="iPhone Mail (23A340)"), person.answer()], person.expected(**_ANSWERED)


def reply_without_references(person: Person) -> tuple[Sequence[Letter], Expected]:
    return [person.ours(), person.answer(refers=False)], person.expected(**_ANSWERED)


def reply_and_another_question(person: Person) -> tuple[Sequence[Letter], Expected]:
    again = person.ours(days=2, suffix="-2", fields=f"In-Reply-To: <a{person.id[1:]}\r\nReferences: {person.id}\r\n")
    silent_on = working_day(person.sent_on + timedelta(days=2), WAIT_DAYS)
    return [person.ours(), person.answer(), again], person.expected(rung=None, follow_up=("no_answer", silent_on))


def unknown_address(person: Person) -> tuple[Sequence[Letter], Expected]:
    bounce = person.report("failed", "5.1.1", "550 5.1.1 User unknown in virtual mailbox table", hours=0)
    what = {"is_undelivered": True, "follow_up": ("not_delivered", person.sent_on)}
    return [person.ours(), bounce], person.expected(**what)


def delay(person: Person) -> tuple[Sequence[Letter], Expected]:
    late = person.report("delayed", "4.4.1", "450 4.4.1 connect to mx.example: Connection timed out", hours=4)
    return [person.ours(), late], person.expected(is_delayed=True)


def delay_and_reply(person: Person) -> tuple[Sequence[Letter], Expected]:
    late = person.report("delayed", "4.4.1", "450 4.4.1 connect to mx.example: Connection timed out", hours=4)
    return [person.ours(), late, person.answer()], person.expected(**_ANSWERED)


def absence(person: Person) -> tuple[Sequence[Letter], Expected]:
    languages = ("", *_ABSENCES)
    # Some are back by now, some are not.
    back_on = person.sent_on + timedelta(days=7 + person.number % 40)
    letters = [person.ours(), person.absence(languages[person.number // len(FATES) % len(languages)], back_on)]
    due_on = back_on if back_on.weekday() < _SATURDAY else working_day(back_on, 1)
    return letters, person.expected(is_away=True, returns_on=back_on, follow_up=("away", due_on))


def absence_without_a_day(person: Person) -> tuple[Sequence[Letter], Expected]:
    return [person.ours(), person.absence("en", None)], person.expected(is_away=True)


def absence_and_reply(person: Person) -> tuple[Sequence[Letter], Expected]:
    back_on = person.sent_on + timedelta(days=5)
    letters = [person.ours(), person.absence("de", back_on), person.answer(days=6)]
    if person.at(6, 15) > datetime.now(UTC):
        due_on = back_on if back_on.weekday() < _SATURDAY else working_day(back_on, 1)
        return letters[:2], person.expected(is_away=True, returns_on=back_on, follow_up=("away", due_on))
    return letters, person.expected(**_ANSWERED)


def nobody_answers_there(person: Person) -> tuple[Sequence[Letter], Expected]:
    machine = Person(
        number=person.number,
        own=person.own,
        today=person.today,
        sent_on=person.sent_on,
        address="no-reply@shop.example",
    )
    return [machine.ours()], machine.expected(follow_up=None)


def before_the_ninety_days(person: Person) -> tuple[Sequence[Letter], None]:
    earlier = person.today - timedelta(days=HISTORY_DAYS + 5 + person.number % 90)
    return [replace(person, sent_on=earlier).ours()], None


FATES: Final[tuple[Fate, ...]] = (
    silence,
    silence_from_a_phone,
    reply,
    reply_to_a_phone,
    reply_without_references,
    reply_and_another_question,
    unknown_address,
    delay,
    delay_and_reply,
    absence,
    absence_without_a_day,
    absence_and_reply,
    nobody_answers_there,
    before_the_ninety_days,
)
_SATURDAY: Final = 5


def mailbox(own: str, today: date) -> tuple[list[Letter], list[Expected]]:
    """Return every mail of a mailbox as it is today, and what must be listed."""
    letters, expected = list(_noise(own, today)), []
    for number in range(PEOPLE):
        # The last mail that any of them sends is six days after the first of ours, but for the newest.
        sent_on = today - timedelta(days=3 + number * (HISTORY_DAYS - 4) // PEOPLE)
        found, wanted = FATES[number % len(FATES)](Person(number=number, own=own, today=today, sent_on=sent_on))
        letters += found
        expected += [wanted] if wanted is not None else []
    return letters, expected


def _noise(own: str, today: date) -> Iterator[Letter]:
    """Yield mail that proves nothing: newsletters, strangers' mail, a report about a mail nobody here sent."""
    for number in range(100):
        at = datetime.combine(today - timedelta(days=1 + number % 85), time(9), UTC)
        fields = f"To: {own}\r\n" + ("List-Unsubscribe: <mailto:u@x.example>\r\n" if number % 2 else "")
        sender = f"Stranger <stranger{number}@elsewhere.example>"
        octets = _mail(sender, f"Re: Offer {number}", f"<n{number}@elsewhere>", at=at, fields=fields, body="Buy.")
        yield Letter(at=at, octets=octets)
    nobody = Person(number=9999, own=own, today=today, sent_on=today - timedelta(days=10))
    yield nobody.report("failed", "5.1.1", "550 5.1.1 User unknown", hours=1)


def _mail(sender: str, subject: str, name: str, *, at: datetime, fields: str, body: str) -> bytes:
    content = "" if "Content-Type" in fields else "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    return (
        f"From: {sender}\r\nSubject: {subject}\r\nMessage-ID: {name}\r\nDate: {format_datetime(at)}\r\n"
        f"{content}{fields}\r\n{body}\r\n"
    ).encode()


def working_day(day: date, number: int) -> date:
    """Return the so-manieth day after `day` that is neither Saturday nor Sunday."""
    while number:
        day += timedelta(days=1)
        number -= day.weekday() < _SATURDAY
    return day


def group(due_on: date, today: date) -> str:
    """Return under which heading a day stands: nothing is overdue before a working day has passed."""
    if due_on > today:
        return "next"
    begins_on = due_on if due_on.weekday() < _SATURDAY else working_day(due_on, 1)
    return "overdue" if today >= working_day(begins_on, 1) else "today"
