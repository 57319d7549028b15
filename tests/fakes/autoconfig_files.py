"""Autoconfig files as providers write them, and their parts."""

from collections.abc import Sequence


def server(
    kind: str,
    host: str,
    port: int | str,
    security: str,
    *,
    user: str = "%EMAILADDRESS%",
    auth: Sequence[str] = ("password-cleartext",),
) -> str:
    """Return the element of one server; smtp is an outgoing one, all else incoming."""
    tag = "outgoingServer" if kind == "smtp" else "incomingServer"
    ways = "".join(f"<authentication>{each}</authentication>" for each in auth)
    return (
        f"<{tag} type='{kind}'><hostname>{host}</hostname><port>{port}</port><socketType>{security}</socketType>"
        f"<username>{user}</username>{ways}</{tag}>"
    )


def config(*servers: str, label: str = "Example") -> str:
    """Return a whole file."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<clientConfig version="1.1"><emailProvider id="example.test">'
        f"<domain>example.test</domain><displayName>Example Mail</displayName>"
        f"<displayShortName>{label}</displayShortName>{''.join(servers)}"
        '</emailProvider><webMail><loginPage url="https://example.test/"/></webMail></clientConfig>'
    )


def file_for(domain: str, *, label: str = "Example") -> bytes:
    """Return a file that names imap and smtp below `domain`."""
    servers = (server("imap", f"imap.{domain}", 993, "SSL"), server("smtp", f"smtp.{domain}", 465, "SSL"))
    return config(*servers, label=label).encode()


IMAP = server("imap", "imap.example.test", 993, "SSL")
SMTP = server("smtp", "smtp.example.test", 465, "SSL")
