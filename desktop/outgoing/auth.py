"""Signing in at a provider's SMTP server with what the account has: a password, or a token from the browser."""

import base64
import smtplib
import ssl
from typing import Final

from desktop.accounts.credentials import Bearer, Credential, Password
from desktop.core.errors import NotAuthorised, Refused
from desktop.outgoing.replies import RefusedByProvider, reply_of
from desktop.store.accounts import AccountRow

_COMMAND_BYTES: Final = 512


def sign_in(smtp: smtplib.SMTP, account: AccountRow, credential: Credential) -> None:
    """Sign in over an encrypted connection; raise NotAuthorised or Refused in plain words."""
    # Whoever calls has encrypted by now; a mistake there must not give a secret away.
    assert isinstance(smtp.sock, ssl.SSLSocket)
    mechanisms = smtp.esmtp_features.get("auth", "").upper().split()
    if isinstance(credential, Bearer):
        code, text = with_bearer(smtp, account, credential, mechanisms)
    else:
        code, text = _with_password(smtp, account, credential, mechanisms)
    if code == 235:
        return
    if b"5.7.139" in text and b"SmtpClientAuthentication is disabled" in text:
        # Exchange Online's switch, per organisation and per mailbox; no password and no new token helps.
        raise RefusedByProvider(
            f"{account.host} does not let mail programs send from this mailbox: its SMTP AUTH is switched off.",
            "Ask your administrator to switch on “Authenticated SMTP” for this mailbox.",
            reply_of(code, text),
        )
    if code in (534, 535) and isinstance(credential, Bearer):
        raise NotAuthorised(
            f"{account.host} did not accept the sign-in for {account.address}.",
            "Sign in again, as the user of this very mailbox.",
        )
    if code in (534, 535):
        raise NotAuthorised(
            f"{account.host} did not accept the user name and password of {account.address}.",
            "Enter them again; some providers want an app password.",
        )
    raise RefusedByProvider(f"{account.host} refused to sign in.", "Try again later.", reply_of(code, text))


def _with_password(
    smtp: smtplib.SMTP, account: AccountRow, password: Password, mechanisms: list[str]
) -> tuple[int, bytes]:
    if "PLAIN" in mechanisms:
        return smtp.docmd("AUTH", "PLAIN " + _base64(f"\0{password.user}\0{password.secret}"))
    if "LOGIN" not in mechanisms:
        raise Refused(
            f"{account.host} offers no way to sign in with a password.",
            "Ask the provider for an app password, or for its server for mail programs.",
        )
    code, text = smtp.docmd("AUTH", "LOGIN " + _base64(password.user))
    return smtp.docmd(_base64(password.secret)) if code == 334 else (code, text)


def with_bearer(smtp: smtplib.SMTP, account: AccountRow, bearer: Bearer, mechanisms: list[str]) -> tuple[int, bytes]:
    """Put the token to XOAUTH2, else to OAUTHBEARER (RFC 7628); return the last answer.

    XOAUTH2 first: it is what Google and Microsoft describe, and Microsoft offers nothing else.
    """
    if "XOAUTH2" in mechanisms:
        mechanism, first, after_error = "XOAUTH2", f"user={bearer.user}\1auth=Bearer {bearer.token}\1\1", ""
    elif "OAUTHBEARER" in mechanisms:
        # RFC 5801 4: in the name, a comma and an equals sign are spelled out.  RFC 7628 3.2.3: an error is met with ^A.
        name = bearer.user.replace("=", "=3D").replace(",", "=2C")
        where = f"host={account.host}\1port={account.port}"
        first, after_error = f"n,a={name},\1{where}\1auth=Bearer {bearer.token}\1\1", _base64("\1")
        mechanism = "OAUTHBEARER"
    else:
        raise Refused(
            f"{account.host} takes no sign-in from the browser.", "Use a password or an app password for this account."
        )
    code, text = _begin_auth(smtp, mechanism, _base64(first))
    # The error as JSON; the refusal itself comes once it was answered.
    return smtp.docmd(after_error) if code == 334 else (code, text)


def _begin_auth(smtp: smtplib.SMTP, mechanism: str, response: str) -> tuple[int, bytes]:
    # RFC 4954 4: an initial response must fit a command line (RFC 5321 4.5.3.1.4: 512 octets); tokens often do not.
    if len(f"AUTH {mechanism} {response}\r\n") <= _COMMAND_BYTES:
        return smtp.docmd("AUTH", f"{mechanism} {response}")
    code, text = smtp.docmd("AUTH", mechanism)
    if code in (500, 501, 504):
        # Some of Outlook's servers know XOAUTH2 with an initial response only (seen by libetpan in 2017).
        return smtp.docmd("AUTH", f"{mechanism} {response}")
    return smtp.docmd(response) if code == 334 else (code, text)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
