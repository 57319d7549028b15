"""The recipients at work: they ask the relay for what their copy names, from networks and with agents of their own.

Requests go to the relay alone and come from loopback, which the practice relay trusts to name the network it speaks
for; nobody in a practice round ever reaches past this machine.  A redirect is looked at and not followed.
"""

import http.client
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode, urlsplit

from desktop.core.errors import Malformed, Refused, Unreachable
from desktop.practice.cast import SCANNER, SENDERS_READER, Recipient, Visitor
from desktop.practice.delivery import Answer
from desktop.practice.reading import (
    Form,
    anchors_in,
    bodies_of,
    forms_in,
    is_click,
    is_confirm,
    is_own_page,
    is_question,
    is_stop,
    pictures_in,
)

ANSWER_TIMEOUT_S: Final = 5.0
_MAX_BODY_BYTES: Final = 1_048_576


class Recipients:
    """What recipients do with a copy; every method raises Unreachable when the relay does not answer."""

    def __init__(self, relay_url: str) -> None:
        """Know the one place that may be asked; `relay_url` has no slash at its end."""
        parts = urlsplit(relay_url)
        self._host, self._port = parts.hostname or "", parts.port or 80

    def load_pictures(self, raw: bytes, recipient: Recipient) -> tuple[Answer, ...]:
        """Load every picture in the copy the way the recipient's mail program does."""
        return self._load(raw, recipient.reader)

    def load_own(self, raw: bytes) -> tuple[Answer, ...]:
        """Load every picture in a copy the way the sender's own mail program does, on the sender's own machine."""
        return self._load(raw, SENDERS_READER)

    def _load(self, raw: bytes, visitor: Visitor) -> tuple[Answer, ...]:
        pictures = pictures_in(bodies_of(raw).html)
        return tuple(self._ask("GET", url, visitor) for url in pictures if self._is_ours(url))

    def follow_link(self, raw: bytes, recipient: Recipient, index: int = 0) -> Answer:
        """Use the tracked link at `index`, counted from the top; raise Malformed when the copy has none there."""
        links = [url for url in self._links_in(raw) if is_click(url)]
        if index >= len(links):
            raise Malformed(f"This copy has {len(links)} tracked links.", "Press one that it has.")
        return self._ask("GET", links[index], recipient.browser)

    def scan(self, raw: bytes) -> tuple[Answer, ...]:
        """Take every link of the copy at once, the stop link with them, as a security scanner does."""
        return tuple(self._ask("GET", url, SCANNER) for url in self._links_in(raw))

    def stop_page(self, raw: bytes, recipient: Recipient) -> Answer:
        """Open the page behind "See or stop"; opening it changes nothing."""
        return self._page(raw, recipient, is_stop, "This copy has no stop link.", "Only tracked copies have one.")

    def press_stop(self, raw: bytes, recipient: Recipient) -> Answer:
        """Open the stop page and press its one button; raise Refused when the page offers none."""
        page = self.stop_page(raw, recipient)
        if page.status != 200:
            raise Refused(f"The stop page answered {page.status}.")
        forms = _forms_of(page)
        if not forms:
            raise Refused("They have stopped already.", "Their stop page says so, and nothing more is recorded.")
        return self._press(forms[0], recipient)

    def choose(self, raw: bytes, recipient: Recipient, purposes: Collection[str]) -> Answer:
        """Open the page that asks, tick the boxes of these purposes and press yes; without any press no."""
        page = self._page(raw, recipient, is_question, "This copy asks nothing.", "Only one that asks has a question.")
        return self._press(_form_with(page, "yes"), recipient, "yes" if purposes else "no", purposes)

    def confirm(self, raw: bytes, recipient: Recipient) -> Answer:
        """Open the page behind "tell me you've read this" and press its one button."""
        page = self._page(raw, recipient, is_confirm, "This copy has no such link.", "Send one with a “got it” line.")
        return self._press(_form_with(page, ""), recipient)

    def ask_deletion(self, raw: bytes, recipient: Recipient) -> Answer:
        """Open the stop page, from there the page that says what is recorded, and have it deleted."""
        stop_page = self.stop_page(raw, recipient)
        links = anchors_in(stop_page.body.decode("utf-8", "replace"), stop_page.url)
        own = [anchor.leads_to for anchor in links if self._is_ours(anchor.leads_to) and is_own_page(anchor.leads_to)]
        if not own:
            raise Refused("The stop page leads to no page that says what is recorded.")
        return self._press(_form_with(self._ask("GET", own[0], recipient.browser), "delete"), recipient, "delete")

    def _page(self, raw: bytes, recipient: Recipient, is_it: Callable[[str], bool], sentence: str, cure: str) -> Answer:
        for url in self._links_in(raw):
            if is_it(url):
                return self._ask("GET", url, recipient.browser)
        raise Malformed(sentence, cure)

    def _press(self, form: Form, recipient: Recipient, button: str = "", ticked: Collection[str] = ()) -> Answer:
        # A form's request comes from its own site, which browsers say.
        browser = replace(recipient.browser, headers={**recipient.browser.headers, "Sec-Fetch-Site": "same-origin"})
        return self._ask("POST", form.action, browser, urlencode(form.pressed(button, ticked)).encode("ascii"))

    def _links_in(self, raw: bytes) -> list[str]:
        return [a.leads_to for a in anchors_in(bodies_of(raw).html) if self._is_ours(a.leads_to)]

    def _is_ours(self, url: str) -> bool:
        parts = urlsplit(url)
        return (parts.scheme, parts.hostname, parts.port) == ("http", self._host, self._port)

    def _ask(self, method: str, url: str, visitor: Visitor, body: bytes | None = None) -> Answer:
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection = http.client.HTTPConnection(self._host, self._port, timeout=ANSWER_TIMEOUT_S)
        try:
            connection.request(method, path, body=body, headers=_headers_of(visitor, body))
            response = connection.getresponse()
            return Answer(
                url=url,
                status=response.status,
                location=response.getheader("Location") or "",
                body=response.read(_MAX_BODY_BYTES),
            )
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable("The relay did not answer a recipient.", "Start the practice round anew.") from error
        finally:
            connection.close()


def _forms_of(page: Answer) -> tuple[Form, ...]:
    return forms_in(page.body.decode("utf-8", "replace"), page.url)


def _form_with(page: Answer, button: str) -> Form:
    """Return the page's form with a button of this value, any where it is empty; raise Refused when it has none."""
    for form in _forms_of(page):
        if not button or button in {value for _, value in form.buttons}:
            return form
    raise Refused(f"There is nothing to press on this page, which answered {page.status}.")


def _headers_of(visitor: Visitor, body: bytes | None) -> Mapping[str, str]:
    headers = {"User-Agent": visitor.agent, **visitor.headers}
    if visitor.network:
        headers["X-Forwarded-For"] = visitor.network
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    return headers
