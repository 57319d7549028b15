"""What a notification says, and what the kinds of them are called in the settings; pure."""

from datetime import tzinfo
from typing import Final

from desktop.core.notice import Notice, NoticeKind
from desktop.ui.words import FAILURES, one_line, purposes_line, quoted, sentence, short_day, short_link

NOTICES: Final = {
    NoticeKind.OPENED: "When someone opens a mail for the first time",
    NoticeKind.PROBABLY_OPENED: "When someone probably opened one, as far as their provider lets it be known",
    NoticeKind.CLICKED: "When someone uses a link",
    NoticeKind.CONFIRMED: "When someone confirms that they read a mail",
    NoticeKind.NOT_DELIVERED: "When a mail is not delivered",
    NoticeKind.STOPPED: "When someone stops tracking",
    NoticeKind.AGREED: "When someone who was asked says yes",
    NoticeKind.DENIED: "When someone who was asked says no",
    NoticeKind.DELETED: "When someone has what was recorded of them deleted",
    NoticeKind.REPLIED: "When someone replies (your mail program rings too)",
    NoticeKind.AWAY: "When an automatic answer says that someone is away",
}


def notice_texts(notice: Notice, tz: tzinfo | None = None) -> tuple[str, str]:
    """Return a notification's title and line, the time in `tz` or the system's zone."""
    subject, person = quoted(notice.subject), one_line(notice.person)
    when = f"{notice.at.astimezone(tz):%H:%M}"
    if notice.kind is NoticeKind.OPENED:
        return f"{person} opened {subject}", ", ".join(part for part in (when, notice.agent_name, "first time") if part)
    if notice.kind is NoticeKind.PROBABLY_OPENED:
        who = notice.agent_name or "The mail provider"
        return f"Probably opened: {subject}", f"{who} fetched {person}'s picture, as it usually does on opening"
    if notice.kind is NoticeKind.CLICKED:
        return f"{person} used a link", f"“{short_link(notice.link)}” in {subject}"
    if notice.kind is NoticeKind.NOT_DELIVERED:
        return f"Not delivered to {one_line(notice.address)}", _failure_words(notice) or subject
    if notice.kind in _MAIL_TITLES:
        back = f"back on {short_day(notice.returns_on)}, " if notice.returns_on is not None else ""
        return _MAIL_TITLES[notice.kind].format(person=person), f"{back or f'{when}, '}{subject}"
    if notice.kind is NoticeKind.AGREED:
        return f"{person} agreed", f"From now on you may see {purposes_line(notice.purposes)}"
    if notice.kind in _REFUSED:
        title, line = _REFUSED[notice.kind]
        return title.format(person=person), line
    return f"{person} stopped tracking", "Mail to them now goes untracked; links still work"


def _failure_words(notice: Notice) -> str:
    """Return a plain reason where one is known, else the server's own words."""
    return sentence(FAILURES[notice.failure]).rstrip(".") if notice.failure else one_line(notice.detail)


_REFUSED: Final = {
    NoticeKind.DENIED: ("{person} said no", "Nothing is recorded, and they are not asked again"),
    NoticeKind.DELETED: ("{person} asked you to delete what was recorded", "It is done; it cannot be brought back"),
}
_MAIL_TITLES: Final = {
    NoticeKind.REPLIED: "{person} replied",
    NoticeKind.AWAY: "{person} is away",
    NoticeKind.CONFIRMED: "{person} confirmed that they read it",
}
