"""A recipient who goes through every page of the relay by keyboard, in one language, the relay's full disk included."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final

from relay.pages import Page
from relay.wire.claims import Claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from tests.real.inspected import Inspected
from tests.relay.desk import Desk
from tests.relay.recipients import confirm_url, page_url, question_url

# What the walk adds to the pages that have a name.
QUESTION: Final = "question"
UNTICKED: Final = "unticked"
RECIPIENT_STOPPED: Final = "page-stopped"
EVERY: Final = frozenset({*map(str, Page), QUESTION, UNTICKED, RECIPIENT_STOPPED})
BLOCKED_HOST: Final = "blocked.example"
# Names that would break a page that let them.
SENDERS: Final = {
    Language.ENGLISH: "Kim <b>Larsen</b> & Sons",
    Language.GERMAN: "Jürgen Groß-Möller, Donaudampfschifffahrtsgesellschaft mbH",
    Language.FRENCH: "Anaïs Lefèvre",
    Language.SPANISH: "Íñigo Núñez",
}
_YES: Final = "button[value=yes]"
_NO: Final = "button[value=no]"


class Walk:
    """One recipient's walk; tags are the language's own, so that walks share a relay."""

    def __init__(
        self,
        browser: Inspected,
        base: str,
        language: Language,
        full_disk: Callable[[], AbstractContextManager[None]],
        stranger: Desk,
    ) -> None:
        """Register a desktop that asks; inside `full_disk()` the relay can keep nothing, and it lost `stranger`."""
        self._browser = browser
        self._desk = Desk(base)
        self._leaving = Desk(base)
        self._stranger = stranger
        self._stranger.base = base
        self._claims = Claims(sender=SENDERS[language], language=language, purposes=frozenset(Purpose))
        self._full_disk = full_disk
        self._people = 0

    def close(self) -> None:
        """Close the desktops' connections."""
        self._desk.close()
        self._leaving.close()
        self._stranger.close()

    def _somebody(self) -> bytes:
        self._people += 1
        return f"person{self._people:02d}".encode()

    def pages(self) -> Iterator[str]:
        """Go to every page and give its name; the browser shows it meanwhile."""
        for part in (self._question, self._stop, self._confirm, self._recipient, self._others, self._later):
            yield from part()

    def _question(self) -> Iterator[str]:
        browser, url = self._browser, question_url(self._desk, self._claims, tag=self._somebody())
        browser.go(url)
        yield QUESTION
        browser.press_button(_YES)
        yield UNTICKED
        browser.tick("#opens")
        browser.tick("#place")
        browser.press_button(_YES)
        yield Page.AGREED
        browser.go(url)
        yield Page.ANSWERED
        refusing = self._somebody()
        browser.go(question_url(self._desk, self._claims, tag=refusing))
        browser.press_button(_NO)
        yield Page.REFUSED
        browser.go(question_url(self._desk, self._claims, tag=refusing))
        yield Page.QUESTION_STOPPED
        browser.go(question_url(self._desk, self._claims, tag=self._somebody(), days_ago=366))
        yield Page.QUESTION_EXPIRED

    def _stop(self) -> Iterator[str]:
        stopping = self._somebody()
        self._browser.go(self._desk.stop_url(tag=stopping))
        yield Page.STOP
        self._browser.press_button("button")
        yield Page.STOPPED
        self._browser.go(confirm_url(self._desk, tag=stopping))
        yield Page.CONFIRM_STOPPED

    def _confirm(self) -> Iterator[str]:
        self._browser.go(confirm_url(self._desk, tag=self._somebody()))
        yield Page.CONFIRM
        self._browser.press_button("button")
        yield Page.THANKED
        self._browser.go(confirm_url(self._desk, tag=self._somebody(), days_ago=91))
        yield Page.CONFIRM_EXPIRED

    def _recipient(self) -> Iterator[str]:
        # As people come to it: by the link on the page with the stop button.
        self._browser.go(self._desk.stop_url(tag=self._somebody()))
        self._browser.press_button("a[href^='/page/']")
        yield Page.RECIPIENT
        self._browser.press_button("button[value=delete]")
        yield Page.DELETED
        self._browser.press_button("button[value=stop]")
        self._browser.press_button("a[href^='/page/']")
        yield RECIPIENT_STOPPED

    def _others(self) -> Iterator[str]:
        self._browser.go(f"{self._desk.base}/stop/no-token/me")
        yield Page.INCOMPLETE
        self._browser.go(self._desk.click_url(f"https://{BLOCKED_HOST}/{'a-long-path/' * 20}".encode()))
        yield Page.BLOCKED
        gone, deleting = confirm_url(self._leaving), page_url(self._leaving)
        answer = self._leaving.session.delete(f"{self._leaving.base}/channel", headers=self._leaving.bearer, timeout=10)
        assert answer.ok, answer.text
        self._browser.go(gone)
        yield Page.GONE
        self._browser.go(deleting)
        self._browser.press_button("button[value=delete]")
        yield Page.DELETED_HERE
        self._browser.go(self._stranger.stop_url())
        yield Page.STOP_GONE
        self._browser.press_button("button")
        yield Page.STOPPED_GONE

    def _later(self) -> Iterator[str]:
        browser = self._browser
        browser.go(question_url(self._desk, self._claims, tag=self._somebody()))
        browser.tick("#clicks")
        with self._full_disk():
            browser.press_button(_YES)
        yield Page.QUESTION_LATER
        for name, url, button in (
            (Page.STOP_LATER, self._desk.stop_url(tag=self._somebody()), "button"),
            (Page.CONFIRM_LATER, confirm_url(self._desk, tag=self._somebody()), "button"),
            (Page.DELETE_LATER, page_url(self._desk, tag=self._somebody()), "button[value=delete]"),
        ):
            browser.go(url)
            with self._full_disk():
                browser.press_button(button)
            yield name
