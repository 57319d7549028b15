"""A mail provider of one domain: Debian's Postfix for submission, Debian's Dovecot for IMAP and passwords.

Both run on free ports of loopback, below one folder.  Postfix's master wants root, and its workers must be able to
walk down to the folder.
"""

import os
import shutil
import smtplib
import ssl
import subprocess
from dataclasses import fields
from pathlib import Path

from tests.real.certificates import Certificates, make_certificates
from tests.real.faults import Faults
from tests.real.mailbox import ImapMailbox
from tests.real.provider_config import DOMAIN, MAIL_UID, MAILBOXES, Ports, dovecot_conf, main_cf, master_cf, oauth2_conf
from tests.real.waiting import end, free_ports, until, until_listening


def address_of(name: str) -> str:
    """Return the address of one of the provider's people."""
    return f"{name}@{DOMAIN}"


def password_of(name: str) -> str:
    """Return the password with which Dovecot and Postfix know the owner of the maildir `name`."""
    return f"{name}-secret"


class Provider:
    """The running provider; its people are the keys of `MAILBOXES`."""

    def __init__(self, root: Path, *, introspection_url: str = "") -> None:
        """Write everything below `root`, an existing empty folder that all may enter, and start nothing yet.

        With an `introspection_url` access tokens are taken besides passwords.
        """
        self.root = root
        self._introspection_url = introspection_url
        self.faults = Faults()
        self.certificates: Certificates = make_certificates(root / "tls")
        doors = [field.name for field in fields(Ports) if field.name != "policy"]
        self.ports = Ports(**dict(zip(doors, free_ports(len(doors)), strict=True)), policy=self.faults.port)
        self._dovecot: subprocess.Popen[bytes] | None = None
        self._lay_out()

    def _lay_out(self) -> None:
        postfix, dovecot = self.root / "postfix", self.root / "dovecot"
        for name in ("etc", "data", "spool/private"):
            (postfix / name).mkdir(parents=True)
        for folder in (dovecot / "run", dovecot / "state", self.root / "log", self.root / "home"):
            folder.mkdir(parents=True)
        shutil.chown(postfix / "data", "postfix")
        shutil.chown(postfix / "spool/private", "postfix")
        (postfix / "spool/private").chmod(0o700)
        os.chown(self.root / "home", MAIL_UID, MAIL_UID)
        boxes = "".join(f"{address_of(name)} {folder}/Maildir/\n" for name, folder in MAILBOXES.items())
        users = "".join(f"{address_of(name)}:{{PLAIN}}{password_of(name)}::::::\n" for name in MAILBOXES.values())
        _write(postfix / "etc/main.cf", main_cf(self.root, self.ports, self.certificates))
        _write(postfix / "etc/master.cf", master_cf(self.ports, self.certificates))
        _write(postfix / "etc/mailboxes", boxes)
        _write(self.root / "users", users)
        takes_tokens = bool(self._introspection_url)
        conf = dovecot_conf(self.root, self.ports, self.certificates, takes_tokens=takes_tokens)
        _write(dovecot / "dovecot.conf", conf)
        _write(dovecot / "oauth2.conf", oauth2_conf(self._introspection_url))

    def start(self) -> None:
        """Start both servers and return when every door accepts connections."""
        self._start_dovecot()
        subprocess.run(self._postfix("start"), check=True, capture_output=True, timeout=30)
        for field in fields(Ports):
            until_listening("127.0.0.1", getattr(self.ports, field.name), log=str(self.root / "log/postfix.log"))

    def _postfix(self, command: str) -> list[str]:
        return ["postfix", "-c", str(self.root / "postfix/etc"), command]

    def _start_dovecot(self) -> None:
        command = ["dovecot", "-F", "-c", str(self.root / "dovecot/dovecot.conf")]
        log = self.root / "log/dovecot.out"
        with log.open("wb") as output:
            self._dovecot = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        until_listening("127.0.0.1", self.ports.imaps, process=self._dovecot, log=str(log))
        until((self.root / "postfix/spool/private/auth").exists, what="Dovecot's socket for Postfix")

    def stop(self) -> None:
        """Stop both servers and the fault service; Postfix first, since its workers hold Dovecot's open."""
        subprocess.run(self._postfix("stop"), check=False, capture_output=True, timeout=30)
        if self._dovecot is not None:
            end(self._dovecot)
        self.faults.close()

    def mailbox(self, name: str) -> ImapMailbox:
        """Open an IMAP session on the maildir `name`, to be used in a `with` block."""
        return ImapMailbox(
            host="localhost",
            port=self.ports.imaps,
            ca_file=self.certificates.ca_file,
            user=address_of(name),
            password=password_of(name),
        )

    def submit(self, message: bytes, *, sender: str, recipients: tuple[str, ...]) -> None:
        """Hand a mail to Postfix as `sender` (a local part), without Readback; raise SMTPException."""
        context = ssl.create_default_context(cafile=str(self.certificates.ca_file))
        with smtplib.SMTP("localhost", self.ports.submission, timeout=10) as client:
            client.starttls(context=context)
            client.login(address_of(sender), password_of(sender))
            client.sendmail(address_of(sender), [address_of(name) for name in recipients], message)

    def deliver(self, message: bytes, *, to: str) -> None:
        """Put a mail into a person's mailbox by LMTP, past all limits of Postfix, with the Sieve script run."""
        with smtplib.LMTP("127.0.0.1", self.ports.lmtp, timeout=60) as client:
            client.sendmail(f"somebody@elsewhere.{DOMAIN}", [address_of(to)], message)

    def doveadm(self, *words: str, check: bool = True) -> str:
        """Run a command of Dovecot's administrator and return what it printed; raise CalledProcessError."""
        command = ["doveadm", "-c", str(self.root / "dovecot/dovecot.conf"), *words]
        done = subprocess.run(command, check=check, capture_output=True, timeout=20)
        return done.stdout.decode("utf-8", "replace")

    def maildir(self, name: str) -> Path:
        """Return a person's maildir, with a Sent folder, made where there is none yet."""
        home = self.root / "home" / name
        for folder in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Sent/tmp"):
            (home / "Maildir" / folder).mkdir(parents=True, exist_ok=True)
        subprocess.run(["chown", "-R", f"{MAIL_UID}:{MAIL_UID}", str(home)], check=True, timeout=30)
        return home / "Maildir"

    def log(self) -> str:
        """Return what Postfix has logged so far."""
        return (self.root / "log/postfix.log").read_text("utf-8", "replace")


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    path.chmod(0o644)
