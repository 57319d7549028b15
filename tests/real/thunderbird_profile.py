"""A Thunderbird profile: one IMAP account over TLS, one outgoing server, no first-run pages, no calls of its own.

Simple HTML goes out as Thunderbird's own default decides ("auto"); nothing about composing is set.
"""

import json
import subprocess
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from urllib.parse import quote

from tests.real.provider import Provider, address_of, password_of


class SmtpSecurity(IntEnum):
    """Thunderbird's numbers for how a connection to the outgoing server is protected."""

    NONE = 0
    STARTTLS = 2
    TLS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person's account; the outgoing server may know them by another name and password than IMAP does.

    With `shows_pictures` remote content is loaded in every mail, which Thunderbird does not do by itself.
    """

    name: str
    address: str
    imap_port: int
    imap_password: str
    smtp_port: int
    smtp_security: SmtpSecurity
    smtp_user: str
    smtp_password: str
    ca_file: Path
    http_proxy: tuple[str, int] | None = None
    shows_pictures: bool = False


def account_at(provider: Provider, name: str, *, http_proxy: tuple[str, int] | None = None) -> Account:
    """Return the account of one of the provider's people as it is without Readback."""
    return Account(
        name=name.capitalize(),
        address=address_of(name),
        imap_port=provider.ports.imaps,
        imap_password=password_of(name),
        smtp_port=provider.ports.submission,
        smtp_security=SmtpSecurity.STARTTLS,
        smtp_user=address_of(name),
        smtp_password=password_of(name),
        ca_file=provider.certificates.ca_file,
        http_proxy=http_proxy,
    )


def write_profile(folder: Path, account: Account, *, marionette_port: int) -> None:
    """Make `folder` a profile of `account` that trusts the provider's authority."""
    folder.mkdir()
    prefs = _account_prefs(account) | _QUIET | _proxy_prefs(account) | {"marionette.port": marionette_port}
    lines = "".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in prefs.items())
    (folder / "user.js").write_text(lines, "utf-8")
    database = f"sql:{folder}"
    add = ["certutil", "-A", "-d", database, "-n", "provider", "-t", "C,,", "-i", str(account.ca_file)]
    subprocess.run(["certutil", "-N", "-d", database, "--empty-password"], check=True, timeout=30)
    subprocess.run(add, check=True, timeout=30)


Prefs = dict[str, str | int | bool]


def _account_prefs(account: Account) -> Prefs:
    folder = f"imap://{quote(account.address)}@localhost"
    return {
        "mail.accountmanager.accounts": "account1,account2",
        "mail.accountmanager.defaultaccount": "account1",
        "mail.accountmanager.localfoldersserver": "server2",
        "mail.account.lastKey": 2,
        "mail.account.account1.identities": "id1",
        "mail.account.account1.server": "server1",
        "mail.account.account2.server": "server2",
        "mail.identity.id1.fullName": account.name,
        "mail.identity.id1.useremail": account.address,
        "mail.identity.id1.valid": True,
        "mail.identity.id1.smtpServer": "smtp1",
        "mail.identity.id1.compose_html": True,
        "mail.identity.id1.fcc_folder": f"{folder}/Sent",
        "mail.identity.id1.fcc_folder_picker_mode": "0",
        "mail.identity.id1.draft_folder": f"{folder}/Drafts",
        "mail.server.server1.type": "imap",
        "mail.server.server1.hostname": "localhost",
        "mail.server.server1.port": account.imap_port,
        "mail.server.server1.socketType": 3,
        "mail.server.server1.authMethod": 3,
        "mail.server.server1.userName": account.address,
        "mail.server.server1.name": account.address,
        "mail.server.server1.login_at_startup": False,
        "mail.server.server1.check_new_mail": False,
        "mail.server.server1.using_subscription": True,
        "mail.server.server2.type": "none",
        "mail.server.server2.hostname": "Local Folders",
        "mail.server.server2.userName": "nobody",
        "mail.server.server2.name": "Local Folders",
        "mail.smtpservers": "smtp1",
        "mail.smtp.defaultserver": "smtp1",
        "mail.smtpserver.smtp1.type": "smtp",
        "mail.smtpserver.smtp1.hostname": "localhost",
        "mail.smtpserver.smtp1.port": account.smtp_port,
        "mail.smtpserver.smtp1.try_ssl": int(account.smtp_security),
        "mail.smtpserver.smtp1.authMethod": 3,
        "mail.smtpserver.smtp1.username": account.smtp_user,
        "mailnews.message_display.disable_remote_image": not account.shows_pictures,
    }


def _proxy_prefs(account: Account) -> Prefs:
    if account.http_proxy is None:
        return {}
    host, port = account.http_proxy
    return {
        "network.proxy.type": 1,
        "network.proxy.http": host,
        "network.proxy.http_port": port,
        "network.proxy.no_proxies_on": "",
        "network.proxy.allow_hijacking_localhost": True,
    }


_QUIET: Prefs = {
    "app.donation.eoy.version.viewed": 999,
    "app.update.auto": False,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "calendar.timezone.local": "UTC",
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "intl.locale.requested": "en-US",
    "mail.biff.play_sound": False,
    "mail.biff.show_alert": False,
    "mail.chat.enabled": False,
    "mail.inappnotifications.enabled": False,
    "mail.inappnotifications.url": "",
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.rights.version": 1,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mail.ui.show.migration.on.upgrade": False,
    "mail.warn_on_send_accel_key": False,
    "mailnews.start_page.enabled": False,
    "mailnews.start_page_override.mstone": "ignore",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "remote.prefs.recommended": False,
    "services.settings.server": "http://127.0.0.1:9/v1",
    "toolkit.startup.max_resumed_crashes": -1,
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "",
}
