"""What went wrong between us and an IMAP server, in plain words and with what helps."""

import contextlib
import imaplib
import socket
import ssl
from collections.abc import Iterator
from typing import Final

from desktop.core.errors import Malformed, NotAuthorised, Refused, Trouble, Unreachable
from desktop.store.accounts import AccountRow

_WRONG_NAME: Final = "Check the server's name; the provider's help page has the right one."
_UNKNOWN_AUTHORITY: Final = (
    "Check the server's name. If it is right, ask whoever runs it for a certificate that is known."
)
# OpenSSL's verify codes (x509_vfy.h): what is wrong, and what helps.
_CERTIFICATE_FAULTS: Final = {
    10: ("it has expired", "Check this computer's clock; if it is right, the provider has to renew the certificate."),
    18: ("it is signed by nobody but itself", _UNKNOWN_AUTHORITY),
    19: ("its authority is not known here", _UNKNOWN_AUTHORITY),
    20: ("its authority is not known here", _UNKNOWN_AUTHORITY),
    62: ("it is for another name", _WRONG_NAME),
    64: ("it is for another address", _WRONG_NAME),
}
_PORTS: Final = "993 for TLS, 143 for STARTTLS"
# What imapclient's parsers raise on answers that are no IMAP.
_NONSENSE: Final = (ValueError, LookupError, TypeError, RecursionError)


class Broken(Unreachable):
    """A connection that was signed in broke while an answer was awaited."""


class NoSense(Malformed):
    """The server's answer is not what the protocol says."""


class NoFolder(Refused):
    """The server lists a folder and does not open it."""


def unreachable(account: AccountRow, error: Exception) -> Unreachable:
    """Return the trouble that a failure to connect means."""
    host, port = account.imap_host, account.imap_port
    if isinstance(error, socket.gaierror):
        return Unreachable(f"There is no server named {host}.", "Check the server's name and your connection.")
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(
            f"Nothing answers at {host} on port {port}.",
            f"If it worked before, the provider may be down: try again later. Else check the port: {_PORTS}.",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        fault, cure = _CERTIFICATE_FAULTS.get(error.verify_code, ("it cannot be verified", _WRONG_NAME))
        return Unreachable(f"The certificate of {host} is not good: {fault}.", cure)
    if isinstance(error, ssl.SSLError):
        return Unreachable(
            f"{host} does not speak TLS on port {port}.", "Choose STARTTLS for port 143, TLS for port 993."
        )
    if isinstance(error, TimeoutError):
        return Unreachable(f"{host} did not answer in time on port {port}.", "Check the port and try again later.")
    if isinstance(error, UnicodeError):
        return Unreachable(f"“{host}” cannot be a server's name.", "Check the server's name.")
    if isinstance(error, imaplib.IMAP4.abort | OSError):
        return Unreachable(f"The connection to {host} was closed.", "Try again later.")
    return no_mailbox_there(account)


def no_mailbox_there(account: AccountRow) -> Unreachable:
    """Return the trouble of a server that speaks another protocol."""
    return Unreachable(
        f"There is no mailbox server at {account.imap_host} on port {account.imap_port}.",
        f"Check the server's name and the port: {_PORTS}. Some providers have no IMAP, or not for all.",
    )


def turned_away(account: AccountRow) -> Refused:
    """Return the trouble that a BYE for a greeting means."""
    return Refused(f"{account.imap_host} turned the connection away.", "Try again later, or ask the provider.")


def without_encryption(account: AccountRow) -> Unreachable:
    """Return the trouble of a server that offers no STARTTLS."""
    # Never on in plain text: an absent STARTTLS may be one that somebody took out on the way.
    return Unreachable(
        f"{account.imap_host} offers no encryption on port {account.imap_port}.",
        "Choose TLS with port 993; if this worked before, somebody may be tampering with your connection.",
    )


def sign_in_refused(account: AccountRow, text: str, *, with_token: bool) -> Trouble:
    """Return the trouble that a NO to signing in means; `text` is the server's, of which only known marks are read."""
    host, said = account.imap_host, text.casefold()
    # RFC 5530 3: the server itself cannot tell now.
    if any(code in said for code in ("[unavailable]", "[inuse]", "[limit]", "[serverbug]", "[contactadmin]")):
        return Refused(f"{host} cannot sign you in at the moment.", "Try again later, or ask the provider.")
    if "imap" in said and any(word in said for word in ("not enabled", "disabled", "turned off", "switched off")):
        return Refused(f"{host} says that IMAP is switched off.", "Switch IMAP on in the settings of your webmail.")
    if with_token:
        return NotAuthorised(f"{host} no longer accepts your sign-in.", "Sign in again in Readback's settings.")
    if "application-specific" in said or "app password" in said or "app-specific" in said:
        return NotAuthorised(f"{host} wants an app password.", "Make one at the provider and enter it in the settings.")
    return NotAuthorised(
        f"{host} did not accept the user name and password.",
        "Enter them again in Readback's settings; some providers want an app password.",
    )


def no_way_in(account: AccountRow, *, with_token: bool) -> Refused:
    """Return the trouble of a server without a mechanism that fits the credential."""
    if with_token:
        return Refused(
            f"{account.imap_host} takes no sign-in by the provider's own page.",
            "Use a password, or the provider's server for mail programs.",
        )
    return Refused(
        f"{account.imap_host} offers no way to sign in with a password.",
        "Sign in by the provider's own page, or ask the provider for its server for mail programs.",
    )


@contextlib.contextmanager
def told_as_trouble(account: AccountRow) -> Iterator[None]:
    """Turn what a signed-in connection raises into Broken, Refused or NoSense."""
    host = account.imap_host
    try:
        yield
    except (OSError, EOFError, imaplib.IMAP4.abort) as error:
        if isinstance(error, TimeoutError):
            raise Broken(f"{host} did not answer in time.", "Readback tries again by itself.") from error
        raise Broken(f"The connection to {host} broke.", "Readback tries again by itself.") from error
    except imaplib.IMAP4.error as error:
        raise Refused(f"{host} refused a question.", "Readback tries again by itself.") from error
    except _NONSENSE as error:
        raise NoSense(f"{host} gave an answer that makes no sense.", "Readback tries again by itself.") from error
