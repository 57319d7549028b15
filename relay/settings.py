"""What an operator may set, from flags and the environment, checked once at start.

Flags win over `READBACK_RELAY_*`; whatever is wrong is a BadSettingError whose text says how to mend it.
"""

import argparse
import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from relay.wire.labels import Network

ENVIRONMENT_PREFIX: Final = "READBACK_RELAY_"
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_PUBLIC_URL: Final = re.compile(rf"https?://(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:]+\])(?::[0-9]{{1,5}})?\Z")
_NAMELESS: Final = re.compile(r"\s*(https?:/*)?\s*\Z")
_ADDRESS: Final = re.compile(r"[\x21-\x7e]+@[A-Za-z0-9.-]+\Z")
_CONTACT: Final = re.compile(r"mailto:[\x21-\x7e]+@[A-Za-z0-9.-]+\Z|https://[a-z0-9.-]+[\x21-\x7e]*\Z")
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"", "0", "false", "no", "off"})


class BadSettingError(ValueError):
    """A setting cannot be used; the text is a plain sentence for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One relay's settings.

    `public_url` is scheme and host that a mail's links will carry, with no slash at its end, and `picture_url` the same
    of its picture, where that is another; `contact` is a URI; `metrics` is address and port of a listener of its own.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8_025
    public_url: str | None = None
    picture_url: str | None = None
    contact: str | None = None
    metrics: tuple[str, int] | None = None
    open_registration: bool = False
    trusted_proxies: tuple[Network, ...] = ()
    practice_clock: Path | None = None

    @property
    def link_base(self) -> str:
        """Scheme and host of links and pages; what is listened on where nothing else was said."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{shown}:{self.port}"

    @property
    def picture_base(self) -> str:
        """Scheme and host of pictures: a host of their own can be blocked without breaking a link."""
        return self.picture_url or self.link_base

    @property
    def database(self) -> Path:
        """Where sealed hits, channels and invites are."""
        return self.data / "relay.sqlite3"

    @property
    def address(self) -> Path:
        """Where the relay notes the address that it serves under, for the invites that are made beside it."""
        return self.data / "address.txt"

    @property
    def lock(self) -> Path:
        """What a serving relay holds, so that no other takes the folder."""
        return self.data / "lock"

    @property
    def secrets(self) -> Path:
        """Where the masters are that every token is derived from; outside the database on purpose."""
        return self.data / "secrets.json"

    @property
    def stops(self) -> Path:
        """Where stops are kept a second time, apart from the database."""
        return self.data / "stops.txt"

    @property
    def blocks(self) -> Path:
        """Where the operator lists channels and destination hosts that are blocked."""
        return self.data / "blocked.txt"

    @property
    def lists(self) -> Path:
        """Where lists of networks are that are newer than the ones that came with this version."""
        return self.data / "lists"


def settings_from(arguments: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """Return the settings that flags and environment give; raise BadSettingError with a plain sentence."""

    def given(name: str) -> str | None:
        flag: str | None = getattr(arguments, name, None)
        return flag if flag is not None else environment.get(ENVIRONMENT_PREFIX + name.upper())

    data, clock = given("data"), given("practice_clock")
    if not data:
        raise BadSettingError("--data is missing: name the folder that the relay keeps its files in.")
    proxies = getattr(arguments, "trusted_proxy", None) or environment.get(
        f"{ENVIRONMENT_PREFIX}TRUSTED_PROXY", ""
    ).split(",")
    settings = Settings(
        data=Path(data),
        host=given("host") or "127.0.0.1",
        port=_port(given("port") or "8025", "--port"),
        public_url=_public_url(given("public_url"), "--public-url"),
        picture_url=_public_url(given("picture_url"), "--picture-url"),
        contact=_contact(given("contact")),
        metrics=_listener(given("metrics")),
        open_registration=_switch(given("open_registration") or ""),
        trusted_proxies=_networks(proxies),
        practice_clock=Path(clock) if clock else None,
    )
    if getattr(arguments, "command", "serve") == "serve":
        _check_host(settings)
    return settings


def _port(text: str, flag: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65_535:
        raise BadSettingError(f"{flag} {text!r} is no port: give a number from 0 to 65535 (0 takes a free one).")
    return int(text)


def _public_url(text: str | None, flag: str) -> str | None:
    if text is None:
        return None
    if _NAMELESS.match(text):
        raise BadSettingError(
            f"{flag} {text!r} names nobody: put your own name into it, such as https://t.example.com, "
            "or leave the setting out."
        )
    if not _PUBLIC_URL.match(text):
        raise BadSettingError(
            f"{flag} {text!r} cannot stand in a mail: give scheme and host in small letters, "
            "such as https://t.example.com, with no slash at the end."
        )
    return text


def _contact(text: str | None) -> str | None:
    """Return the URI that security.txt names (RFC 9116 2.5.3); a bare mail address is one of mailto."""
    if not text:
        return None
    contact = f"mailto:{text}" if _ADDRESS.match(text) else text
    if not _CONTACT.match(contact):
        raise BadSettingError(f"--contact {text!r} reaches nobody: give a mail address or an https address.")
    return contact


def _listener(text: str | None) -> tuple[str, int] | None:
    """Return address and port of `PORT`, which is loopback's, or `HOST:PORT`."""
    if not text:
        return None
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    try:
        ipaddress.ip_address(host)
    except ValueError as error:
        raise BadSettingError(
            f"--metrics {text!r} is no place to listen: give a port, or an address and a port such as 10.0.0.1:9025."
        ) from error
    return host, _port(port, "--metrics")


def _switch(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise BadSettingError(f"{ENVIRONMENT_PREFIX}OPEN_REGISTRATION is {text!r}: give 1 or 0.")


def _networks(texts: Sequence[str]) -> tuple[Network, ...]:
    networks = []
    for text in (part.strip() for part in texts):
        if not text:
            continue
        try:
            networks.append(ipaddress.ip_network(text))
        except ValueError as error:
            raise BadSettingError(
                f"--trusted-proxy {text!r} is no network: give an address or a range such as 10.0.0.0/8."
            ) from error
    return tuple(networks)


def _check_host(settings: Settings) -> None:
    try:
        address = ipaddress.ip_address(settings.host)
    except ValueError as error:
        raise BadSettingError(f"--host {settings.host!r} is no address: give one such as 127.0.0.1 or ::.") from error
    if not address.is_loopback and settings.public_url is None:
        raise BadSettingError(
            "--public-url is missing: a relay that others can reach must know the address that mails will carry."
        )


def prepare_folder(settings: Settings) -> None:
    """Make the data folder, readable by its owner alone, if it is missing; raise BadSettingError if that fails."""
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = settings.data / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise BadSettingError(f"the folder {settings.data} cannot be written: {error.strerror}.") from error
