"""The first day: an account on a real mailbox of ninety days, and the true list that its first reading gives."""

import os
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.real import ninety_days
from tests.real.desktop import Desktop, Door
from tests.real.ninety_days import Expected
from tests.real.provider import Provider, address_of
from tests.real.provider_config import MAIL_UID

pytestmark = pytest.mark.timeout(240)
NAME = "heidi"
# "Within five minutes" is the promise; the reading itself must take but a small part of it.
SOON_S = 60.0


@pytest.fixture(scope="module")
def desktop(ground: Path, provider: Provider) -> Iterator[Desktop]:
    """Give a new Readback with one account, as it is before its first start."""
    door = Door(sender=NAME, port=provider.ports.submission, login=NAME, reads_mail=True)
    running = Desktop(ground / "first-day", provider, [door])
    running.put_setting("followup.country", "")
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def today(desktop: Desktop) -> date:
    """Return what day it is for Readback."""
    return date.fromisoformat(desktop.told("status")["now"][:10])


@pytest.fixture(scope="module")
def expected(desktop: Desktop, provider: Provider, today: date, pictures: Path) -> list[Expected]:
    """Fill the mailbox, read it once, and return what must be listed."""
    letters, wanted = ninety_days.mailbox(address_of(NAME), today)
    box = provider.maildir(NAME)
    for number, letter in enumerate(letters):
        path = (box / ".Sent" if letter.is_sent else box) / "cur" / f"{int(letter.at.timestamp())}.M{number}P1.test:2,S"
        path.write_bytes(letter.octets)
        os.utime(path, (letter.at.timestamp(),) * 2)
        os.chown(path, MAIL_UID, MAIL_UID)
    begun_s = time.monotonic()
    desktop.start("listen")
    desktop.wait_read(within_s=SOON_S)
    took_s = time.monotonic() - begun_s
    (pictures / "first-day.txt").write_text(f"{len(letters)} mails read in {took_s:.1f} s\n", "utf-8")
    return wanted


def test_the_status_of_every_conversation_is_true(desktop: Desktop, expected: list[Expected]) -> None:
    """`readback status` lists each conversation once: replied, not delivered, delayed or away as it is; no other."""
    told = desktop.told("status", "--limit", "10000")
    assert [account["incoming"] for account in told["accounts"]] == ["read"]
    rungs = {each.subject: each.rung for each in expected}
    found = sorted(
        (
            each["subject"],
            None if rungs.get(each["subject"]) is None else each["rung"],
            each["waits"],
            *(aside in each["asides"] for aside in ("away", "not_delivered", "delayed")),
            each["returns_on"],
        )
        for each in told["conversations"]
    )
    assert sorted(map(status_of, expected)) == found


def status_of(each: Expected) -> tuple[object, ...]:
    back_on = None if each.returns_on is None else each.returns_on.isoformat()
    return each.subject, each.rung, each.waits, each.is_away, each.is_undelivered, each.is_delayed, back_on


def test_the_follow_ups_are_those_who_wait_and_no_others(
    desktop: Desktop, expected: list[Expected], today: date
) -> None:
    """`readback followups` lists who waits, who never got it and who is back when, each due on its day."""
    told = desktop.told("followups", "--all")["follow_ups"]
    found = sorted(
        (
            # The newest mail's subject.
            each["subject"].removeprefix("Re: "),
            each["kind"],
            each["due_on"],
            each["due"],
            *(person["address"] for person in each["people"]),
        )
        for each in told
    )
    assert sorted(follow_ups_of(expected, today)) == found
    assert {each["kind"] for each in told} == {"no_answer", "away", "not_delivered"}


def follow_ups_of(expected: list[Expected], today: date) -> Iterator[tuple[str, ...]]:
    for each in expected:
        if each.follow_up is not None:
            kind, due_on = each.follow_up
            yield each.subject, kind, due_on.isoformat(), ninety_days.group(due_on, today), each.address


def test_a_second_start_changes_nothing(desktop: Desktop, expected: list[Expected]) -> None:
    """After an end and another start the lists are the same, though the mailbox was looked at again."""
    assert expected
    before = [desktop.told("status", "--limit", "10000")["conversations"], desktop.told("followups", "--all")]
    desktop.stop()
    desktop.start("listen")
    desktop.wait_read()
    after = [desktop.told("status", "--limit", "10000")["conversations"], desktop.told("followups", "--all")]
    assert [before[0], before[1]["follow_ups"]] == [after[0], after[1]["follow_ups"]]
