"""The recipients in the user's hands: each opens, clicks, stops, replies or goes away when the user says so.

They act on the latest copy that has something to act on; a signed mail that came later does not stand in the way.
A minute passes before each act: who opens in a mail program and has a browser ask within the same seconds is a machine.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from desktop.core.errors import Malformed, Refused
from desktop.practice import cast
from desktop.practice.correspondence import day_of_return
from desktop.practice.delivery import Answer, Delivery
from desktop.practice.reading import anchors_in, bodies_of, is_click, is_picture, is_stop, pictures_in
from desktop.practice.session import Session

_BETWEEN_ACTS: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientView:
    """A recipient who holds a copy, and what their copy lets them do."""

    address: str
    name: str
    client: str
    has_picture: bool
    has_links: bool
    has_stop: bool


class Playground:
    """What the user may let recipients do; every method blocks and raises Trouble when it cannot be done."""

    def __init__(self, session: Session) -> None:
        """Play in an open session."""
        self._session = session
        self._control = session.control

    def recipients(self) -> tuple[RecipientView, ...]:
        """Return the recipients who hold a copy so far, in the order of the cast."""
        held = ((person, self._control.mailbox(person.address)) for person in cast.EVERYBODY)
        return tuple(_view(person, mailbox[_latest(mailbox)].raw) for person, mailbox in held if mailbox)

    def open(self, address: str) -> None:
        """Let a recipient's mail program load the pictures of their copy, a minute from now."""
        self.advance(_BETWEEN_ACTS)
        answers = self._control.load_pictures(address, self._place(address))
        if not answers:
            raise Refused("This copy carries no picture: opening it shows nothing to the sender.")
        _must_be_good(answers)

    def click(self, address: str) -> None:
        """Let a recipient use the first link of their copy, a minute from now."""
        self.advance(_BETWEEN_ACTS)
        _must_be_good((self._control.follow_link(address, self._place(address)),))

    def stop(self, address: str) -> None:
        """Let a recipient open their stop page and press its button, a minute from now."""
        self.advance(_BETWEEN_ACTS)
        _must_be_good((self._control.press_stop(address, self._place(address)),))

    def reply(self, address: str) -> None:
        """Let a recipient reply to their copy, a minute from now."""
        self.advance(_BETWEEN_ACTS)
        self._control.reply(address, self._place(address))

    def go_away(self, address: str) -> None:
        """Let a recipient's out-of-office answer their copy, a minute from now."""
        self.advance(_BETWEEN_ACTS)
        back_on = day_of_return(self.now().date())
        self._control.go_away(address, self._place(address), back_on=back_on)

    def bounce(self, address: str) -> None:
        """Let a recipient's server report that it has no such mailbox, a minute from now."""
        self.advance(_BETWEEN_ACTS)
        self._control.bounce(address, self._place(address))

    def advance(self, by: timedelta) -> None:
        """Move the round's clock on."""
        self._session.clock.advance(by.total_seconds())

    def now(self) -> datetime:
        """Return the round's time, aware UTC."""
        return datetime.fromtimestamp(self._session.clock.now_ms() / 1000, UTC)

    def mail_html_of(self, address: str) -> str:
        """Return the HTML of a recipient's copy, empty where it has none."""
        return bodies_of(self._control.mailbox(address)[self._place(address)].raw).html

    def stop_page_html(self, address: str) -> str:
        """Return the stop page of a recipient's copy as the relay serves it; nothing is stopped by it."""
        return self._control.stop_page(address, self._place(address)).body.decode("utf-8", "replace")

    def _place(self, address: str) -> int:
        mailbox = self._control.mailbox(address)
        if not mailbox:
            raise Malformed("No mail has reached this recipient yet.", "Let the story send its mails first.")
        return _latest(mailbox)


def _latest(mailbox: tuple[Delivery, ...]) -> int:
    """Return the place of the latest copy with a stop link, or of the latest."""
    return max((place for place, held in enumerate(mailbox) if _has_stop(held.raw)), default=len(mailbox) - 1)


def _view(person: cast.Recipient, raw: bytes) -> RecipientView:
    return RecipientView(
        address=person.address,
        name=person.mailbox.name,
        client=person.client,
        has_picture=any(is_picture(url) for url in pictures_in(bodies_of(raw).html)),
        has_links=any(is_click(url) for url in _links(raw)),
        has_stop=_has_stop(raw),
    )


def _has_stop(raw: bytes) -> bool:
    return any(is_stop(url) for url in _links(raw))


def _links(raw: bytes) -> list[str]:
    return [anchor.leads_to for anchor in anchors_in(bodies_of(raw).html)]


def _must_be_good(answers: tuple[Answer, ...]) -> None:
    for answer in answers:
        if answer.status not in (200, 302):
            raise Refused(f"The relay answered {answer.status}.", "Start the practice round anew.")
