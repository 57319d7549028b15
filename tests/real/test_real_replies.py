"""Erin's mails through the listener, and what comes back of them: a person's reply, a report, an absence.

The whole desktop reads her mailbox over IMAP, with no relay and no picture in any mail.
"""

import os
import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from desktop.core.status import Aside, EvidenceKind, Rung
from desktop.store import mail
from desktop.store.mail import CopyRow
from tests.real.desktop import Desktop
from tests.real.provider import Provider, address_of
from tests.real.provider_config import GONE, MAIL_UID
from tests.real.screen import Notification, Screen
from tests.real.thunderbird import Draft, Thunderbird
from tests.real.waiting import until

pytestmark = pytest.mark.timeout(240)
BOB = address_of("bob")
# What "within 2 s" allows from the provider having a mail until the desktop has it.
SOON_S = 2.0
QUIET = "Lunch on Thursday"
LOUD = "Lunch on Friday"


def the_copy(desktop: Desktop, subject: str) -> CopyRow:
    """Return the one copy of the mail with that subject."""
    (copy,) = desktop.wait_for_copies(subject, 1).values()
    return copy


def until_copy(desktop: Desktop, subject: str, wanted: Callable[[CopyRow], bool]) -> CopyRow:
    """Return the copy once it is as wanted."""
    until(lambda: wanted(the_copy(desktop, subject)), what=f"the status of “{subject}”")
    return the_copy(desktop, subject)


def follow_up(desktop: Desktop, subject: str) -> dict[str, object] | None:
    """Return the line that `readback followups` has for a mail, run beside the window."""
    found = [each for each in desktop.told("followups", "--all")["follow_ups"] if each["subject"] == subject]
    assert len(found) <= 1
    return found[0] if found else None


def seconds_until(provider: Provider, desktop: Desktop, subject: str, send: Callable[[], None], rung: Rung) -> float:
    """Return how long after what `send` sends stood in erin's maildir the desktop had her mail at that rung."""
    known = {path.name.partition(":")[0] for path in letters(provider)}
    seen_at_s: list[float] = []

    def watch() -> None:
        until(lambda: the_copy(desktop, subject).status.rung is rung, what=f"{rung} in the desktop", within_s=60)
        seen_at_s.append(time.time())

    watching = threading.Thread(target=watch)
    watching.start()
    send()
    watching.join()
    (letter,) = (path for path in letters(provider) if path.name.partition(":")[0] not in known)
    return seen_at_s[0] - letter.stat().st_mtime


def letters(provider: Provider) -> list[Path]:
    """Return the files in erin's inbox."""
    box = provider.maildir("erin")
    return [*(box / "new").iterdir(), *(box / "cur").iterdir()]


def test_a_reply_from_thunderbird_is_known_at_once_and_ends_the_follow_up(  # noqa: PLR0917 - fixtures by name
    erins_thunderbird: Thunderbird,
    bobs_thunderbird: Thunderbird,
    erins_desktop: Desktop,
    erins_screen: Screen,
    provider: Provider,
    pictures: Path,
) -> None:
    """Bob's reply makes the copy Replied within 2 s, ends the follow-up and, as delivered, rings nothing."""
    erins_screen.forget_notifications()
    erins_thunderbird.send(Draft(to=f"Bob <{BOB}>", subject=QUIET, body="<p>Shall we?</p>"))
    waiting = until(lambda: follow_up(erins_desktop, QUIET), what="the follow-up")
    assert (waiting["kind"], waiting["due"]) == ("no_answer", "next")
    after_s = seconds_until(
        provider, erins_desktop, QUIET, lambda: bobs_thunderbird.reply(QUIET, "Yes, gladly."), Rung.REPLIED
    )
    (pictures / "reply.txt").write_text(f"replied {after_s:.2f} s after the provider had it\n", "utf-8")
    assert after_s <= SOON_S
    copy = the_copy(erins_desktop, QUIET)
    assert (copy.address, copy.status.is_open_inferred) == (BOB, True)
    assert follow_up(erins_desktop, QUIET) is None
    erins_screen.raise_window("Readback")
    erins_screen.picture(pictures / "erin-replied.png")
    assert erins_screen.displayed_count() == 0


def test_a_mail_and_its_copy_in_sent_are_one(erins_desktop: Desktop, provider: Provider) -> None:
    """Once Thunderbird's own copy in Sent was read, there is still one conversation with one mail and one arrival."""
    with provider.mailbox("erin") as mailbox:
        (stored,) = mailbox.wait_for(f"Subject: {QUIET}\r\n", folder="Sent")
    until(lambda: erins_desktop.read_to()["Sent"] >= 2, what="Sent to be read")
    (card,) = (card for card in mail.cards(erins_desktop.store) if card.subject == QUIET)
    detail = mail.conversation(erins_desktop.store, card.id)
    assert detail is not None
    (message,) = detail.messages
    assert message.message_id.encode() in stored
    assert len(message.copies) == 1
    assert [arrival.kind for arrival in detail.arrivals] == ["mail"]


def test_a_real_report_of_an_unknown_person_is_told(
    erins_thunderbird: Thunderbird, erins_desktop: Desktop, erins_screen: Screen, provider: Provider, pictures: Path
) -> None:
    """The listener asks Postfix for reports of failure and delay, and its report is told; bob's reply was not."""
    ghost = address_of(GONE)
    erins_thunderbird.send(Draft(to=ghost, subject="To a ghost", body="<p>Boo</p>"))
    copy = until_copy(erins_desktop, "To a ghost", lambda copy: Aside.NOT_DELIVERED in copy.status.asides)
    assert (copy.address, copy.status.rung, copy.status.failure) == (ghost, Rung.SENT, "unknown_user")
    assert f"RCPT TO:<{ghost}> NOTIFY=FAILURE,DELAY" in provider.log()
    until(lambda: erins_screen.displayed_count() == 1, what="dunst")
    erins_screen.picture(pictures / "erin-not-delivered.png")
    told = Notification(f"Not delivered to {ghost}", "No such address", "Readback")
    assert erins_screen.notifications() == (told,)
    line = follow_up(erins_desktop, "To a ghost")
    assert line is not None
    assert (line["kind"], line["due"]) == ("not_delivered", "today")


def test_a_reply_rings_where_the_user_wants_it(
    erins_thunderbird: Thunderbird,
    bobs_thunderbird: Thunderbird,
    erins_desktop: Desktop,
    erins_screen: Screen,
    provider: Provider,
) -> None:
    """After a restart with replies switched on nothing old rings, and bob's new reply does, once."""
    erins_desktop.stop()
    erins_desktop.put_setting("notify.replied", value=True)
    erins_screen.forget_notifications()
    erins_desktop.start(environment=erins_screen.environment)
    erins_thunderbird.send(Draft(to=f"Bob <{BOB}>", subject=LOUD, body="<p>Or rather on Friday?</p>"))
    erins_desktop.wait_for_copies(LOUD, 1)
    after_s = seconds_until(
        provider, erins_desktop, LOUD, lambda: bobs_thunderbird.reply(LOUD, "All right."), Rung.REPLIED
    )
    assert after_s <= SOON_S
    until(lambda: erins_screen.displayed_count() == 1, what="dunst", within_s=SOON_S)
    (told,) = erins_screen.notifications()
    assert told.summary == "Bob replied"
    assert told.body.endswith(f"“{LOUD}”")


ABSENCES = {
    "frank": "Guten Tag,\r\n\r\nich bin im Urlaub und ab dem {day}. Dezember {year} wieder da.\r\n",
    "greta": "Bonjour,\r\n\r\nje suis absente et de retour le {day} décembre {year}.\r\n",
}
SUBJECTS = {"frank": "Abwesenheitsnotiz", "greta": "Absence du bureau"}


@pytest.mark.parametrize("name", ABSENCES)
def test_an_absence_in_another_language_is_due_on_the_first_working_day(
    erins_thunderbird: Thunderbird, erins_desktop: Desktop, erins_screen: Screen, provider: Provider, name: str
) -> None:
    """Sieve's answer in German and in French: away, no reply, and due on the first working day from Christmas on."""
    erins_screen.forget_notifications()
    back_on = next_christmas(erins_desktop)
    words = ABSENCES[name].format(day=back_on.day, year=back_on.year)
    is_away(provider, name, SUBJECTS[name], words)
    subject = f"A question for {name}"
    erins_thunderbird.send(Draft(to=address_of(name), subject=subject, body="<p>How much is it?</p>"))
    copy = until_copy(erins_desktop, subject, lambda copy: Aside.AWAY in copy.status.asides)
    assert (copy.status.rung, copy.status.returns_on, copy.status.opened_at) == (Rung.SENT, back_on, None)
    assert EvidenceKind.REPLY not in {each.kind for each in copy.status.evidence}
    line = follow_up(erins_desktop, subject)
    assert line is not None
    assert (line["kind"], line["due"], line["due_on"]) == ("away", "next", first_working_day(back_on).isoformat())
    assert erins_screen.displayed_count() == 0


def next_christmas(desktop: Desktop) -> date:
    """Return the next 25 December, which is a holiday in Germany as the day after it is."""
    today = date.fromisoformat(desktop.told("followups")["now"][:10])
    this_year = date(today.year, 12, 25)
    return this_year if this_year > today else date(today.year + 1, 12, 25)


def first_working_day(christmas: date) -> date:
    """Return the first day after both holidays that is neither Saturday nor Sunday."""
    day = christmas + timedelta(days=2)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day


def is_away(provider: Provider, name: str, subject: str, words: str) -> None:
    """Have Dovecot answer for a person from now on."""
    script = provider.maildir(name).parent / ".dovecot.sieve"
    script.write_text(f'require "vacation";\nvacation :days 1 :subject "{subject}" text:\n{words}.\n;\n', "utf-8")
    os.chown(script, MAIL_UID, MAIL_UID)
