"""What a recipient does at the relay, and what of it reaches the sender's desktop."""

import base64
from typing import Any

import requests

from relay.wire import urls
from relay.wire.answer import Answer, read_answer
from relay.wire.claims import Claims, spell_claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.token import TokenType
from tests.relay.desk import Desk

CLAIMS = Claims(sender="Kim Larsen", language=Language.ENGLISH, purposes=frozenset(Purpose))


def question_url(desk: Desk, claims: Claims = CLAIMS, **token: Any) -> str:
    """Return the link of a question as the desktop mints it."""
    octets = spell_claims(claims)
    return urls.consent_url(desk.base, desk.token(TokenType.CONSENT, destination=octets, **token), octets)


def confirm_url(desk: Desk, **token: Any) -> str:
    """Return the link of "tell me you've read this"."""
    return urls.confirm_url(desk.base, desk.token(TokenType.CONFIRM, **token))


def page_url(desk: Desk, **token: Any) -> str:
    """Return the address of the recipient's page, as the relay's other pages link to it."""
    return urls.page_url(desk.base, desk.token(TokenType.PAGE, **token))


def press(desk: Desk, url: str, *ticked: Purpose, headers: dict[str, str] | None = None, **button: str) -> Any:
    """Send a page's form: its boxes that are ticked, and the button pressed."""
    form = [("purpose", purpose.value) for purpose in ticked] + list(button.items())
    return desk.session.post(url, data=form, headers=headers, timeout=10, allow_redirects=False)


def rows_of(desk: Desk) -> list[dict[str, str]]:
    """Fetch the answers that wait."""
    answer = requests.get(f"{desk.base}/answers", headers=desk.bearer, timeout=10)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, str]] = answer.json()["rows"]
    return rows


def answers_of(desk: Desk) -> list[Answer]:
    """Fetch the answers that wait, and open them."""
    sealed = [base64.b64decode(row["sealed"], validate=True) for row in rows_of(desk)]
    return [read_answer(desk.opener.open(octets)) for octets in sealed]


def taken(desk: Desk) -> list[Answer]:
    """Fetch the answers that wait, and acknowledge them."""
    answers = answers_of(desk)
    assert desk.post("/answers/acknowledge", {"keys": [row["key"] for row in rows_of(desk)]}).status_code == 204
    return answers
