"""The pages a recipient may see, in four languages: what can be pressed, what came of it, and the plain refusals.

No script, no cookie, no third party, and no word of the request in any page, with two exceptions that the sender's own
token vouches for: the sender's name on the page that asks, and a blocked link's destination, both shown as text.  Each
page says who runs the server where its operator gave a contact: that is of the settings, like all else.
`pages/LANGUAGE.html` holds a language's pages, each under its name, title first.
"""

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from relay.wire.claims import Claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.wording import Choice, label_of, question_of

_SECTION: Final = re.compile(r"^<!-- ([a-z-]+) -->\n", re.MULTILINE)
_PREFERENCE: Final = re.compile(
    r"\s*([a-z]{2})(?:-[a-z0-9-]*)?\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?\Z", re.IGNORECASE
)


class Page(StrEnum):
    """The pages by name."""

    STOP = "stop"
    STOPPED = "stopped"
    STOP_GONE = "stop-gone"
    STOPPED_GONE = "stopped-gone"
    STOP_LATER = "stop-later"
    INCOMPLETE = "incomplete"
    BLOCKED = "blocked"
    AGREED = "agreed"
    REFUSED = "refused"
    ANSWERED = "answered"
    QUESTION_STOPPED = "question-stopped"
    QUESTION_EXPIRED = "question-expired"
    QUESTION_LATER = "question-later"
    GONE = "gone"
    CONFIRM = "confirm"
    THANKED = "thanked"
    CONFIRM_STOPPED = "confirm-stopped"
    CONFIRM_EXPIRED = "confirm-expired"
    CONFIRM_LATER = "confirm-later"
    RECIPIENT = "page"
    DELETED = "deleted"
    DELETED_HERE = "deleted-here"
    DELETE_LATER = "delete-later"


_STATUS: Final = {
    Page.INCOMPLETE: 404,
    Page.ANSWERED: 409,
    Page.QUESTION_STOPPED: 409,
    Page.CONFIRM_STOPPED: 409,
    Page.QUESTION_EXPIRED: 410,
    Page.CONFIRM_EXPIRED: 410,
    Page.GONE: 410,
    Page.STOP_LATER: 503,
    Page.QUESTION_LATER: 503,
    Page.CONFIRM_LATER: 503,
    Page.DELETE_LATER: 503,
}
_UNTICKED: Final = 422


def language_of(scope: Scope) -> Language:
    """Return which of the four languages a request would rather have (RFC 9110 12.5.4), English where it names none."""
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept-language").decode("latin-1")
    best, best_weight = Language.ENGLISH, 0.0
    for part in accepted.split(","):
        match = _PREFERENCE.match(part)
        if match is None or match[1].lower() not in set(Language):
            continue
        weight = float(match[2] or 1)
        if weight > best_weight:
            best, best_weight = Language(match[1].lower()), weight
    return best


class Pages:
    """Every page, read once; their style is inline and named by hash in the policy that comes with them."""

    def __init__(self, contact: str | None = None) -> None:
        """Read the pages beside this module; `contact` is the operator's URI, of mailto or https."""
        folder = files("relay").joinpath("pages")
        style = folder.joinpath("style.css").read_text("utf-8")
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
        self._headers: Mapping[str, str] = {
            "Cache-Control": "no-store, no-cache, must-revalidate, private",
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; "
                "frame-ancestors 'none'"
            ),
            # Under no-referrer a form's Origin would be "null" (Fetch 3.2), and nobody's: see `pressing`.
            "Referrer-Policy": "same-origin",
            "Vary": "Accept-Language",
            "X-Content-Type-Options": "nosniff",
            "X-Robots-Tag": "noindex, nofollow",
        }
        self._frame = folder.joinpath("frame.html").read_text("utf-8").replace("{style}", style)
        self._question = folder.joinpath("question.html").read_text("utf-8")
        self._choice = folder.joinpath("choice.html").read_text("utf-8")
        self._texts = {
            (language, name): text
            for language in Language
            for name, text in _sections(folder.joinpath(f"{language}.html").read_text("utf-8"))
        }
        self._contact = contact
        self.not_found = PlainTextResponse("Not found.\n", status_code=404, headers={"Cache-Control": "no-store"})
        self.not_allowed = PlainTextResponse("Not allowed.\n", status_code=405, headers={"Allow": "GET, HEAD"})

    def answer(self, request: Request, page: Page, *, link: str = "") -> Response:
        """Return a page in the language the request prefers; `link` is the path of the recipient's page."""
        return self.show(page, language_of(request.scope), link=link)

    def show(self, page: Page, language: Language, *, link: str = "", chosen: Iterable[Purpose] = ()) -> Response:
        """Return a page in a language; `chosen` are the purposes agreed to, on the page that says so."""
        labels = "".join(f"<li>{html.escape(label_of(each, language))}</li>\n" for each in Purpose if each in chosen)
        filled = {"page": html.escape(link), "chosen": f"<ul>\n{labels}</ul>"}
        return self._shown(page, language, filled)

    def recipient(self, request: Request, page: Page, *, is_stopped: bool, is_told: bool) -> Response:
        """Return a page that offers to stop, or says that it was done; `is_told`: the sender's program hears of it."""
        language = language_of(request.scope)
        gone = "" if is_told else "-gone"
        stopping = self._texts[language, f"stop{gone}-done" if is_stopped else f"stop{gone}-button"][1]
        duty = self._texts[language, f"duty{gone}"][1]
        return self._shown(page, language, {"stopping": stopping, "duty": duty})

    def question(self, claims: Claims, *, is_unticked: bool = False) -> Response:
        """Return the page that asks, in the claims' language and with their name; `is_unticked`: a yes to nothing."""
        asked = question_of(claims)
        unticked = self._texts[claims.language, "unticked"][1]
        filled = {name: html.escape(getattr(asked, name)) for name in ("why", "asked", "invitation", "yes", "no")}
        content = _fill(
            self._question,
            {
                **filled,
                "meaning": html.escape(asked.meaning),
                "notice": f'<p class="notice" role="alert">{unticked}</p>\n' if is_unticked else "",
                "choices": "".join(self._box(choice) for choice in asked.choices),
                "notes": "\n".join(f"<li>{html.escape(note)}</li>" for note in asked.notes),
            },
        )
        return self._framed(html.escape(asked.title), content, claims.language, _UNTICKED if is_unticked else 200)

    def blocked(self, destination: bytes) -> ASGIApp:
        """Return what answers the page that shows a blocked link's destination as text."""
        shown = html.escape(destination.decode("ascii"))

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            page = self._shown(Page.BLOCKED, language_of(scope), {"destination": shown})
            await page(scope, receive, send)

        return answer

    def _box(self, choice: Choice) -> str:
        label, hint = html.escape(choice.label), html.escape(choice.hint)
        return _fill(self._choice, {"purpose": choice.purpose.value, "label": label, "hint": hint})

    def _shown(self, page: Page, language: Language, filled: Mapping[str, str]) -> Response:
        title, content = self._texts[language, page]
        return self._framed(title, _fill(content, filled), language, _STATUS.get(page, 200))

    def _operator(self, language: Language) -> str:
        """Return the line that says who runs the server, empty where nobody may be named."""
        if self._contact is None:
            return ""
        filled = {"contact": html.escape(self._contact), "shown": html.escape(self._contact.removeprefix("mailto:"))}
        return _fill(self._texts[language, "operator"][1], filled) + "\n"

    def _framed(self, title: str, content: str, language: Language, status: int) -> Response:
        filled = {"language": language.value, "title": title, "content": content, "operator": self._operator(language)}
        page = _fill(self._frame, filled)
        headers = {**self._headers, "Content-Language": language.value}
        return Response(page, status_code=status, headers=headers, media_type="text/html")


def _sections(text: str) -> list[tuple[str, tuple[str, str]]]:
    """Return (name, (title, content)) of each page in a language's file."""
    _, *parts = _SECTION.split(text)
    found = []
    for name, part in zip(parts[::2], parts[1::2], strict=True):
        title, _, content = part.partition("\n")
        found.append((name, (title, content.strip())))
    return found


def _fill(text: str, filled: Mapping[str, str]) -> str:
    """Put each value where its name stands in braces, in one pass: a value's own braces stay as they are."""
    return re.sub(r"\{([a-z]+)\}", lambda match: filled.get(match[1], match[0]), text)
