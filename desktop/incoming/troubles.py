"""What went wrong between us and an IMAP server, in plain words and with what helps."""

import contextlib
import imaplib
import socket
import ssl
from collections.abc import Iterator
from typing import Final

from desktop.accounts.tls import BRIDGE_CURE, certificate_fault, is_on_this_computer
from desktop.core.errors import Malformed, NotAuthorised, Refused, Trouble, Unreachable
from desktop.store.accounts import AccountRow

_PORTS: Final = "993 for TLS, 143 for STARTTLS"
_SENDING_PORTS: Final = frozenset({25, 465, 587, 2525})
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
    if isinstance(error, ConnectionRefusedError) and is_on_this_computer(host):
        return Unreachable(f"Nothing answers on this computer at port {port}.", BRIDGE_CURE)
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(
            f"Nothing answers at {host} on port {port}.",
            f"If it worked before, the provider may be down: try again later. Else check the port: {_PORTS}.",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        fault, cure = certificate_fault(error)
        return Unreachable(f"The certificate of {host} is not good: {fault}.", cure)
    if isinstance(error, ssl.SSLError):
        return Unreachable(
            f"{host} does not speak TLS on port {port}.",
            _sending_cure(port) or "Choose STARTTLS for port 143, TLS for port 993.",
        )
    if isinstance(error, TimeoutError):
        cure = _sending_cure(port) or "Check the port and try again later."
        return Unreachable(f"{host} did not answer in time on port {port}.", cure)
    if isinstance(error, UnicodeError):
        return Unreachable(f"“{host}” cannot be a server's name.", "Check the server's name.")
    if isinstance(error, imaplib.IMAP4.abort | OSError):
        return Unreachable(f"The connection to {host} was closed.", "Try again later.")
    return no_mailbox_there(account)


def _sending_cure(port: int) -> str:
    return f"Port {port} is for sending (SMTP); for reading (IMAP) it is {_PORTS}." if port in _SENDING_PORTS else ""


def sending_there(account: AccountRow) -> Unreachable:
    """Return the trouble of a server that greets as one for sending."""
    return Unreachable(
        f"{account.imap_host} on port {account.imap_port} is a server for sending (SMTP), not for reading.",
        f"Enter the server for reading (IMAP) here; its port is {_PORTS}.",
    )


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
        return NotAuthorised(f"{host} no longer accepts the sign-in of {account.address}.", "Sign in again.")
    if "application-specific" in said or "app password" in said or "app-specific" in said:
        return NotAuthorised(
            f"{host} wants an app password for {account.address}.", "Make one at the provider and enter it."
        )
    return NotAuthorised(
        f"{host} did not accept the user name and password of {account.address}.",
        "Enter them again; some providers want an app password.",
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


_SWITCH: Final = "“Keep my Sent folder clean”"


class CannotClean(Refused):
    """A server's nature, and not its mood, keeps Sent from being cleaned: nothing is tried until it is asked anew."""


def no_single_mails(host: str) -> CannotClean:
    """Return the trouble of a server that takes all deleted mail out of a folder or none."""
    return CannotClean(
        f"{host} cannot delete single mails, so tracked copies stay in Sent.",
        f"Switch {_SWITCH} off for this account, and do not open your sent mail with pictures on.",
    )


def no_trash(host: str) -> CannotClean:
    """Return the trouble of a Gmail whose Trash is hidden from mail programs."""
    return CannotClean(
        f"{host} shows mail programs no Trash, so tracked copies stay in Sent.",
        "Let mail programs see Trash, in your webmail's settings for labels or folders.",
    )


def sent_altered(host: str) -> CannotClean:
    """Return the trouble of a server that keeps something else than it was given."""
    return CannotClean(
        f"{host} alters the mail that it is given, so tracked copies stay in Sent.",
        f"Switch {_SWITCH} off for this account; switched off and on again, it is tried once more.",
    )


def first_kept(host: str) -> CannotClean:
    """Return the trouble of a server that keeps the first copy of a mail and drops later ones."""
    return CannotClean(
        f"{host} keeps the first copy it has of a mail, so tracked copies stay in Sent.",
        f"Switch {_SWITCH} off for this account; switched off and on again, it is tried once more.",
    )


def sent_read_only(host: str) -> Refused:
    """Return the trouble of a Sent folder that nobody may write to."""
    return Refused(f"{host} lets nobody alter Sent, so tracked copies stay there.", "Ask the provider.")


def mailbox_full(host: str) -> Refused:
    """Return the trouble of a mailbox that takes no more."""
    return Refused(
        f"Your mailbox at {host} is full, so tracked copies stay in Sent.",
        "Make room there; Readback tries again by itself.",
    )


def not_replaced(host: str) -> Refused:
    """Return the trouble of a server that refused a step; nothing is lost by that."""
    return Refused(f"{host} did not let a tracked copy in Sent be replaced.", "Readback tries again by itself.")
