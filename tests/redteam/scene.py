"""Mails with planted marks on their way through everything: listener, provider, recipients, a leaky front, a relay.

The recipients' programs tell more than they should, as some webmails do: their Referer and cookies name the recipient,
the subject and the sender.  What the relay kept, logged and backed up, and what the desktop wrote beside its store, is
the evidence.
"""

import base64
import html
import json
import os
import re
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import requests

from desktop import logs
from desktop.accounts.channel import Channel
from desktop.core.address import Mailbox
from desktop.core.keep import Keep
from desktop.core.permission import Method
from desktop.engine import Engine
from desktop.outgoing.listener import LISTENER_USER
from desktop.places import Places
from desktop.store.accounts import AccountRow, Security
from desktop.store.people import record_grant
from relay.wire import urls
from relay.wire.claims import Claims, spell_claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.token import RANDOM_ID_BYTES, SECONDS_PER_DAY, Token, TokenType, mint, recipient_tag
from tests.fakes.leaky_relay import LeakyRelay
from tests.fakes.provider import PASSWORD, USER, Provider, make_certificates

ROOT: Final = Path(__file__).resolve().parents[2]
MARKS: Final[Mapping[str, str]] = {
    "recipient": "wilhelmina.quastel@empfang-7f3a.example",
    "recipient_name": "Wilhelmina-Quastel",
    "subject": "Quartalsangebot-5b9e21",
    "sender": USER,
    "sender_name": "Theodora-Absender-44",
    "IPv4 address": "203.0.113.177",
    "IPv4 network": "203.0.113.0",
    "IPv6 address": "2001:db8:5f0e:1d7c::77",
    "agent": "PlantedAgent-7.31-ungewohnt",
    "destination": "preisliste-c81d44.example",
}
_PRESSED: Final = {"consent": {"answer": "yes", "purpose": "opens"}, "confirm": {}, "stop": {}}
_LINK: Final = re.compile(rb'(?:href|src)="(http://127\.0\.0\.1:[0-9]+/[a-z]+/[^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a thief of the relay's machine has; what the leaky front wrote, by form; the desktop's own files."""

    of_relay: tuple[Path, ...]
    leaks: Mapping[str, Path]
    of_desktop: tuple[Path, ...]
    stored: int


@contextmanager
def _relay(data: Path, log: Path, public_url: str) -> Iterator[str]:
    command = [sys.executable, "-m", "relay", "serve", "--data", str(data), "--port", "0", "--open-registration"]
    options = ["--public-url", public_url, "--trusted-proxy", "127.0.0.0/8"]
    with log.open("wb") as errors:
        process = subprocess.Popen([*command, *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _mail() -> bytes:
    head = (
        f"From: {MARKS['sender_name']} <{MARKS['sender']}>\r\n"
        f"To: {MARKS['recipient_name']} <{MARKS['recipient']}>\r\nSubject: {MARKS['subject']}\r\n"
        "Message-ID: <planted@sender.example>\r\nDate: Sat, 21 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/html; charset=utf-8\r\n\r\n"
    )
    body = f'<p>Hello, <a href="https://{MARKS["destination"]}/x">our prices</a> are there now.</p>\r\n'
    return (head + body).encode()


def _pages(channel: Channel | None) -> list[str]:
    """Return the question that this desktop would ask, which bears the sender's name, and a link to say `read`."""
    assert channel is not None
    claims = spell_claims(
        Claims(sender=MARKS["sender_name"], language=Language.GERMAN, purposes=frozenset({Purpose.OPENS}))
    )

    def minted(kind: TokenType, bound: bytes = b"") -> str:
        tag = recipient_tag(channel.tag_key, MARKS["recipient"], int(kind))
        today = int(time.time()) // SECONDS_PER_DAY
        token = Token(
            type=kind,
            key_id=channel.key_id,
            channel_id=channel.channel_id,
            recipient_tag=tag,
            issue_day=today,
            random_id=os.urandom(RANDOM_ID_BYTES),
        )
        return mint(channel.minting_keys[kind], token, bound=bound)

    return [
        urls.consent_url(channel.link_base, minted(TokenType.CONSENT, claims), claims),
        urls.confirm_url(channel.link_base, minted(TokenType.CONFIRM)),
    ]


def _read(links: list[str]) -> None:
    """Ask for everything in the mail as recipients' programs do, and press the stop page's button in the end."""
    referer = f"https://webmail.example/{MARKS['recipient']}/{MARKS['subject']}?from={MARKS['sender']}"
    cookies = f"name={MARKS['recipient_name']}; by={MARKS['sender_name']}; to={MARKS['destination']}"
    for number, address in enumerate((MARKS["IPv4 address"], MARKS["IPv6 address"], MARKS["IPv4 network"])):
        for link in links:
            headers = {
                "User-Agent": MARKS["agent"],
                "Referer": f"{referer}&{number}",
                "Cookie": cookies,
                "X-Forwarded-For": address,
                "Accept-Language": "de",
            }
            answer = requests.get(link, headers=headers, allow_redirects=False, timeout=20)
            assert answer.status_code in {200, 302}, link
    for kind, form in _PRESSED.items():
        link = next(link for link in links if f"/{kind}/" in link)
        assert requests.post(link, headers=headers, data=form, timeout=20).status_code == 200, kind


def play(folder: Path) -> Evidence:
    """Let a planted mail go out, be read and be stopped; return what is left of it."""
    certificates = make_certificates(folder)
    data, log, backup = folder / "relay", folder / "relay.log", folder / "backup.tar"
    with ExitStack() as opened:
        front = opened.enter_context(LeakyRelay(folder / "leaks"))
        front.behind = opened.enter_context(_relay(data, log, front.url))
        front.secret = base64.urlsafe_b64decode(json.loads((data / "secrets.json").read_bytes())["masters"]["1"])
        provider = opened.enter_context(Provider(certificates.context()))
        places = Places.in_folder(folder / "desktop")
        logs.start(places.log)
        engine = Engine(places, keep=Keep.FILE)
        at_work = opened.enter_context(ExitStack())
        at_work.callback(engine.close)
        _connect(engine, provider, str(certificates.ca_file), front.url)
        links = [*_send(engine, provider), *_pages(engine.channel)]
        at_work.close()  # What comes now stays at the relay, unread.
        _read(links)
        subprocess.run(
            [sys.executable, "-m", "relay", "backup", "--data", str(data), str(backup)],
            cwd=ROOT,
            check=True,
            timeout=60,
        )
        relay_files = (*(path for path in data.rglob("*") if path.is_file()), backup)
        kept = {path: path.read_bytes() for path in relay_files}
    for path, octets in kept.items():  # As they were while it served, the log of the database among them.
        path.write_bytes(octets)
    return Evidence(
        of_relay=(*kept, log),
        leaks={path.name: path for path in (folder / "leaks").iterdir()},
        of_desktop=tuple(
            path for path in places.home.rglob("*") if path.is_file() and not path.name.startswith("store.sqlite3")
        ),
        stored=len(links),
    )


def _connect(engine: Engine, provider: Provider, ca_file: str, relay_url: str) -> None:
    account = AccountRow(
        id=0,
        label="Work",
        host="127.0.0.1",
        port=provider.port,
        security=Security.STARTTLS,
        user=USER,
        identities=(Mailbox(MARKS["sender_name"], USER),),
        ca_file=ca_file,
    )
    engine.accounts.save_account(account, PASSWORD, Keep.FILE)
    engine.start(port=0)
    engine.connect_relay(relay_url, None)
    record_grant(
        engine.store,
        address=MARKS["recipient"],
        name=MARKS["recipient_name"],
        purposes=frozenset({Purpose.OPENS, Purpose.CLICKS}),
        method=Method.SPOKEN,
        evidence="told me",
        at=engine.clock(),
    )


def _send(engine: Engine, provider: Provider) -> list[str]:
    with smtplib.SMTP("127.0.0.1", engine.port, timeout=20) as client:
        client.login(LISTENER_USER, engine.listener_password)
        client.sendmail(MARKS["sender"], [MARKS["recipient"]], _mail())
    octets = provider.await_messages(1)[0].content.replace(b"\r\n", b" ")
    links = [html.unescape(link.decode("ascii")) for link in _LINK.findall(octets)]
    kinds = sorted({link.split("/")[3] for link in links})
    assert kinds == ["click", "open", "stop"], kinds
    return links
