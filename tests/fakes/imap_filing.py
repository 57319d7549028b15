"""What the mailbox server on loopback does when a folder is written to: it takes mail, flags it, and lets it go.

Nothing is written through a folder that was opened for reading only, as RFC 3501 6.3.2 wants it.
"""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fakes.imap_server import Talk

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_APPEND = re.compile(r'APPEND "([^"]*)" (?:\(([^)]*)\) )?(?:"([^"]*)" ?)?', re.IGNORECASE)
_DATE = re.compile(r"( \d|\d\d)-(\w{3})-(\d{4}) (.{8}) ([+-]\d{4})")


def append(talk: "Talk", rest: str) -> None:
    """Take a mail; `server.keeps` says what of it is kept, or the UID of the mail that is kept instead."""
    found = _APPEND.match(rest)
    assert found, rest
    name, flags, when = found.groups()
    box = talk.server.boxes.get(name)
    if box is None:
        talk.say(f"{talk.tag} NO [TRYCREATE] no such folder")
        return
    with talk.server.changed:
        kept = talk.server.keeps(box, talk.literal)
        received_at = datetime.now(UTC) if when is None else _instant(when)
        uid = kept if isinstance(kept, int) else box.add(kept, received_at, *(flags or "").split())
    if talk.selected == name:
        talk.say(f"* {len(box.mails)} EXISTS")
    told = f"[APPENDUID {box.uid_validity} {uid}] " if talk.server.tells_uids else ""
    talk.done(f"{told}taken")


def _instant(spelled: str) -> datetime:
    match = _DATE.fullmatch(spelled)
    assert match, spelled
    day, month, year, time, zone = match.groups()
    spelled = f"{int(day):02} {_MONTHS.index(month) + 1:02} {year} {time} {zone}"
    return datetime.strptime(spelled, "%d %m %Y %H:%M:%S %z")


def is_named(uid: int, numbers: str, top: int) -> bool:
    """Return whether a set such as "1:3,7,10:*" holds a UID."""
    for part in numbers.split(","):
        low, _, high = part.replace("*", str(top)).partition(":")
        if int(low) <= uid <= int(high or low):
            return True
    return False


def _named(talk: "Talk", numbers: str) -> list[int]:
    mails = talk.server.boxes[talk.selected].mails
    return [uid for uid in sorted(mails) if is_named(uid, numbers, max(mails))]


def _may_write(talk: "Talk") -> bool:
    if talk.is_read_only:
        talk.say(f"{talk.tag} NO the folder is open for reading only")
    return not talk.is_read_only


def store(talk: "Talk", rest: str) -> None:
    """Add flags to mails."""
    if not _may_write(talk):
        return
    found = re.fullmatch(r"UID STORE (\S+) \+FLAGS\.SILENT \(([^)]*)\)", rest)
    assert found, rest
    box = talk.server.boxes[talk.selected]
    for uid in _named(talk, found[1]):
        mail = box.mails[uid]
        mail.flags = tuple(dict.fromkeys((*mail.flags, *found[2].split())))
        box.modseq += 1
    talk.done()


def expunge(talk: "Talk", rest: str) -> None:
    """Let go of mails that are marked as deleted and named (RFC 4315 2.1)."""
    if not _may_write(talk):
        return
    mails = talk.server.boxes[talk.selected].mails
    _let_go(talk, [uid for uid in _named(talk, rest.split(" ")[2]) if "\\Deleted" in mails[uid].flags])
    talk.done()


def move(talk: "Talk", rest: str) -> None:
    """Move mails to another folder (RFC 6851)."""
    if not _may_write(talk):
        return
    found = re.fullmatch(r'UID MOVE (\S+) "([^"]*)"', rest)
    assert found, rest
    target = talk.server.boxes.get(found[2])
    if target is None:
        talk.say(f"{talk.tag} NO [TRYCREATE] no such folder")
        return
    uids = _named(talk, found[1])
    for uid in uids:
        mail = talk.server.boxes[talk.selected].mails[uid]
        target.add(mail.octets, mail.received_at, *mail.flags)
    _let_go(talk, uids)
    talk.done()


def _let_go(talk: "Talk", uids: list[int]) -> None:
    box = talk.server.boxes[talk.selected]
    for uid in uids:
        talk.say(f"* {sorted(box.mails).index(uid) + 1} EXPUNGE")
        with talk.server.changed:
            del box.mails[uid]
            box.modseq += 1


def search_header(talk: "Talk", rest: str) -> None:
    """Find mails by a text in a header field."""
    found = re.fullmatch(r'UID SEARCH HEADER (\S+) "([^"]*)"', rest)
    assert found, rest
    pattern = re.compile(rb"(?im)^" + found[1].encode() + rb":.*" + re.escape(found[2].encode()))
    mails = talk.server.boxes[talk.selected].mails
    uids = [uid for uid, mail in sorted(mails.items()) if pattern.search(mail.octets.partition(b"\r\n\r\n")[0])]
    talk.say(f"* SEARCH {' '.join(map(str, uids))}".rstrip())
    talk.done()
