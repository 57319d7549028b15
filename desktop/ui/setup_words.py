"""The sentences of adding an account; pure."""

from typing import Final

from desktop.store.accounts import AccountRow, Auth, Security
from desktop.ui.actions import Finding
from desktop.ui.words import one_line

WHY: Final = (
    "Readback finds your provider's servers by the address. It then reads who answered, who is away and what was not "
    "delivered. It changes nothing in your mailbox, and your mail's text stays where it is."
)
NOTHING_FOUND: Final = (
    "No source knows this domain's servers. Your provider's help pages name them; enter them by hand."
)
BY_HAND: Final = "As your provider's help pages name them. There is no connection without encryption."
PASSWORD_HINT: Final = "Only your provider is shown it"
_SECURITIES: Final = {Security.TLS: "encrypted from the start", Security.STARTTLS: "encrypted by STARTTLS"}


def finding_title(finding: Finding) -> str:
    """Return a finding in short: whose servers, and who says so."""
    label = one_line(finding.label) or finding.row.host
    return f"{label} · {one_line(finding.source)}" if finding.source else label


def server_lines(row: AccountRow) -> tuple[str, ...]:
    """Return which servers an account uses, in plain words."""
    going = f"Mail goes out through {one_line(row.host)}, port {row.port}, {_SECURITIES[row.security]}"
    if not row.imap_host:
        return "Incoming mail is not read", going
    security = _SECURITIES[row.imap_security]
    return f"Mail is read from {one_line(row.imap_host)}, port {row.imap_port}, {security}", going


def is_app_password(note: str) -> bool:
    """Say whether a note speaks of what providers call an app password; others give out something of another name."""
    return not note or "app password" in note or "app-specific" in note


def finding_lines(finding: Finding) -> tuple[str, ...]:
    """Return what stands below a finding's title."""
    row = finding.row
    if row.auth is Auth.OAUTH2 and finding.sign_in_with:
        how = f"You sign in at {one_line(finding.sign_in_with)}, in your browser"
    elif finding.app_password_page or finding.app_password_note:
        is_app = is_app_password(finding.app_password_note)
        how = "You sign in with an app password" if is_app else "You sign in with a password for mail programs alone"
    else:
        how = f"You sign in as {one_line(row.user)}, with your password"
    doubt = ("Make sure that these servers are your provider's: this answer could be forged, or is a guess.",)
    return (*server_lines(row), how, *(doubt if finding.must_confirm else ()))
