"""Mozilla's autoconfig files (clientConfig 1.1), from a domain's own server or the ISPDB: bytes in, a finding out.

Whoever runs the domain wrote them, and on the way anyone may have changed them: every value is checked before it is
kept, what is not understood is ignored, and servers without encryption are not taken over.
"""

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from desktop.accounts.hostnames import checked_host
from desktop.accounts.servers import POP_ONLY, Found, Server, Source, with_address
from desktop.core.errors import Malformed
from desktop.store.accounts import Auth, Security

MAX_FILE_BYTES: Final = 262_144
_MAX_USER_CHARACTERS: Final = 320
_MAX_LABEL_CHARACTERS: Final = 60
_SECURITY: Final = {"SSL": Security.TLS, "STARTTLS": Security.STARTTLS}
# What the format calls encrypted (CRAM-MD5 and such) is a password all the same, and TLS is around it anyway.
_AUTH: Final = {
    "OAuth2": Auth.OAUTH2,
    "password-cleartext": Auth.PASSWORD,
    "plain": Auth.PASSWORD,
    "password-encrypted": Auth.PASSWORD,
    "secure": Auth.PASSWORD,
}
_NO_AUTOCONFIG: Final = "The answer is no autoconfig file."


def read_autoconfig(xml: bytes, address: str, source: Source, *, must_confirm: bool = False) -> Found:
    """Return what an autoconfig file says for `address`, with placeholders filled; raise Malformed, and nothing else.

    Malformed is also raised where no outgoing server with TLS or STARTTLS is named.  Among several servers TLS goes
    before STARTTLS, then the file's own order counts.  A file with POP3 only gives a finding without `incoming`.
    """
    provider = _provider(xml)
    outgoing = _best(provider, "outgoingServer", "smtp", address)
    if outgoing is None:
        raise Malformed("The autoconfig file names no outgoing server with encryption.")
    incoming = _best(provider, "incomingServer", "imap", address)
    return Found(
        sources=(source,),
        label=_label(provider, address),
        incoming=incoming,
        outgoing=outgoing,
        note=_note(provider, incoming, outgoing),
        must_confirm=must_confirm,
    )


def _provider(xml: bytes) -> Element:
    """Return the emailProvider element; entities, external references and document types are refused unread."""
    if len(xml) > MAX_FILE_BYTES:
        raise Malformed("The autoconfig file is too large.")
    try:
        root = fromstring(xml, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        # expat raises ValueError and LookupError for encodings that it, or Python, does not know.
        raise Malformed(_NO_AUTOCONFIG) from error
    provider = root.find("emailProvider") if root.tag == "clientConfig" else None
    if provider is None:
        raise Malformed(_NO_AUTOCONFIG)
    return provider


def _best(provider: Element, tag: str, kind: str, address: str) -> Server | None:
    servers = list(_servers(provider, tag, kind, address))
    return min(servers, key=lambda server: server.security is not Security.TLS, default=None)


def _servers(provider: Element, tag: str, kind: str, address: str) -> Iterator[Server]:
    for element in provider.findall(tag):
        if element.get("type", "").strip().lower() == kind:
            server = _server(element, address)
            if server is not None:
                yield server


def _server(element: Element, address: str) -> Server | None:
    """Return the server of one element, or None where any part of it is missing, unknown or cannot be right."""
    host = checked_host(with_address(_text(element, "hostname"), address))
    port = _port(_text(element, "port"))
    security = _SECURITY.get(_text(element, "socketType"))
    user = with_address(_text(element, "username") or "%EMAILADDRESS%", address)
    auth = _auth(element)
    if host is None or port is None or security is None or not auth:
        return None
    if not user.isprintable() or len(user) > _MAX_USER_CHARACTERS:
        return None
    return Server(host=host, port=port, security=security, user=user, auth=auth)


def _text(element: Element, tag: str) -> str:
    return (element.findtext(tag) or "").strip()


def _port(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        return None
    return int(text) if 0 < int(text) < 65_536 else None


def _auth(element: Element) -> tuple[Auth, ...]:
    named = [_AUTH.get((each.text or "").strip()) for each in element.findall("authentication")]
    return tuple(dict.fromkeys(auth for auth in named if auth is not None))


def _label(provider: Element, address: str) -> str:
    label = " ".join((_text(provider, "displayShortName") or _text(provider, "displayName")).split())
    if not label or not label.isprintable():
        return address.rpartition("@")[2]
    return label[:_MAX_LABEL_CHARACTERS]


def _note(provider: Element, incoming: Server | None, outgoing: Server) -> str:
    if any(Auth.PASSWORD not in server.auth for server in (incoming, outgoing) if server is not None):
        return "The provider asks for its own sign-in page; Readback knows only those of Google and Microsoft."
    if incoming is not None:
        return ""
    kinds = {each.get("type", "").strip().lower() for each in provider.findall("incomingServer")}
    if "imap" in kinds:
        return "The provider's IMAP server is named without encryption or cannot be used. Readback only sends here."
    return POP_ONLY if "pop3" in kinds else "No server for incoming mail is named. Readback only sends here."
