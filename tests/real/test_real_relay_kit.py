"""What an operator puts a relay up with, as far as one machine can check it: the web server's file, the units, backups.

nginx runs with the very file that is shipped, its ports and the places of its files replaced; names lead to loopback.
"""

import dataclasses
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import requests
import trustme

from desktop.tracking.health import health
from desktop.tracking.register import register
from relay.wire import seal, urls
from relay.wire.token import TokenType
from tests.real.desktop import now
from tests.real.waiting import end, free_ports, until, until_listening
from tests.relay.desk import DESTINATION, Clock, Desk, spell

pytestmark = pytest.mark.timeout(120)
PACKAGING: Final = Path(__file__).resolve().parents[2] / "packaging" / "relay"
HOST, PICTURES = "t.localhost", "p.localhost"
CLAIMED: Final = "203.0.113.77"
_NGINX: Final = """
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
worker_processes 1;
daemon off;
events {{}}
http {{
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    access_log {folder}/access.log;
    include {folder}/readback-relay.conf;
}}
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A relay behind nginx as the world sees it, and where its operator finds things."""

    folder: Path
    base: str
    pictures: str
    figures: str
    ca_file: Path

    @property
    def data(self) -> Path:
        """The relay's folder."""
        return self.folder / "data"


def relay_command(*arguments: str) -> str:
    """Run one of the relay's commands and return what it printed."""
    command = [sys.executable, "-m", "relay", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def lay_nginx(folder: Path, *, plain: int, secure: int, relay: int) -> Path:
    """Write the shipped file for these ports and files, and the least around it that nginx needs."""
    shipped = (PACKAGING / "nginx.conf").read_text("utf-8")
    places = {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{secure} ssl http2;",
        "127.0.0.1:8025": f"127.0.0.1:{relay}",
        "t.example.com p.example.com": f"{HOST} {PICTURES}",
        "/etc/ssl/readback-relay.pem": str(folder / "chain.pem"),
        "/etc/ssl/readback-relay.key": str(folder / "key.pem"),
    }
    for written, here in places.items():
        assert written in shipped
        shipped = shipped.replace(written, here)
    (folder / "readback-relay.conf").write_text(re.sub(r"\n *listen \[::\].*", "", shipped), "utf-8")
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder), "ascii")
    return folder / "nginx.conf"


@pytest.fixture(scope="module")
def names() -> Iterator[None]:
    """Have the site's names lead to loopback in this process, whatever the system's resolver makes of them."""
    original = socket.getaddrinfo

    def looked_up(host: Any, *arguments: Any, **options: Any) -> Any:
        return original("127.0.0.1" if host in {HOST, PICTURES} else host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", looked_up)
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            patch.delenv(name, raising=False)  # They would overrule the authority that a session is given.
        yield


@pytest.fixture(scope="module")
def site(ground: Path, names: None) -> Iterator[Site]:
    """Give a running relay behind nginx, with TLS of an authority of its own and hosts apart for links and pictures."""
    folder = ground / "kit"
    folder.mkdir(mode=0o755)
    authority = trustme.CA(organization_name="The operator's own")
    leaf = authority.issue_cert(HOST, PICTURES)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "chain.pem").write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(folder / "key.pem")
    relay, plain, secure, figures = free_ports(4)
    one = Site(
        folder=folder,
        base=f"https://{HOST}:{secure}",
        pictures=f"https://{PICTURES}:{secure}",
        figures=f"http://127.0.0.1:{figures}/metrics",
        ca_file=folder / "ca.pem",
    )
    command = [sys.executable, "-m", "relay", "serve", "--data", str(one.data), "--port", str(relay)]
    command += ["--public-url", one.base, "--picture-url", one.pictures]
    command += ["--trusted-proxy", "127.0.0.1", "--metrics", str(figures)]
    nginx = ["nginx", "-p", str(folder), "-c", str(lay_nginx(folder, plain=plain, secure=secure, relay=relay))]
    running = []
    try:
        for name, line, port in (("relay", command, relay), ("nginx", nginx, secure)):
            with (folder / f"{name}.out").open("wb") as output:
                running.append(
                    subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
                )
            until_listening("127.0.0.1", port, process=running[-1], log=str(folder / f"{name}.out"))
        yield one
    finally:
        for process in running:
            end(process)


class TlsDesk(Desk):
    """The desktop of the relay's own tests, registered by the printed line and speaking TLS."""

    def __init__(self, site: Site) -> None:
        """Register by an invite."""
        line = relay_command("invite", "--data", str(site.data)).strip()
        self.channel = register(line, None, ca_file=site.ca_file)
        self.base, self.ca_file = self.channel.relay_url, str(site.ca_file)
        self.clock = Clock()
        self.clock.ms = round(now().timestamp() * 1_000)
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = self.ca_file
        self.channel_id = self.channel.channel_id
        self.bearer = {"Authorization": f"Bearer {self.channel.bearer}"}
        self.lease = "e" * 32
        self.opener = seal.Opener(self.channel.private_key, self.channel_id)
        keys = {kind.name.lower(): spell(key) for kind, key in self.channel.minting_keys.items()}
        self.given = {"minting_keys": keys, "key_id": self.channel.key_id}

    def poll_raw(self, *, wait_s: float = 0, lease: str | None = None, stream: bool = False) -> requests.Response:
        """Poll through TLS."""
        query = {"lease": lease or self.lease, "wait_s": f"{wait_s:g}"}
        return self.session.get(f"{self.base}/feed", params=query, headers=self.bearer, timeout=30, stream=stream)


@pytest.fixture(scope="module")
def desk(site: Site) -> Iterator[TlsDesk]:
    """Give a desktop that took the invite's line."""
    one = TlsDesk(site)
    yield one
    one.close()


def test_the_printed_line_registers_through_tls_and_the_doctor_finds_both_hosts_well(site: Site, desk: TlsDesk) -> None:
    """The line leads to nginx, its certificate holds by the operator's own authority alone, and clocks agree."""
    assert (desk.channel.link_base, desk.channel.picture_base) == (site.base, site.pictures)
    found = health(desk.channel, clock=now, ca_file=site.ca_file)
    assert [each.address for each in found] == [site.base, site.pictures]
    assert all(each.certificate_days is not None and each.certificate_days > 14 for each in found)
    assert all(abs(each.ahead.total_seconds()) < 3 for each in found)
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{site.base}/health", timeout=10, verify=True)


def test_a_picture_and_a_link_of_hosts_apart_are_recorded_as_from_whoever_asked(site: Site, desk: TlsDesk) -> None:
    """The web server says who asked, in place of what the requester claims; the two hosts' requests reach one relay."""
    desk.get(urls.open_url(site.pictures, desk.token(TokenType.OPEN)), X_Forwarded_For=CLAIMED)
    assert desk.get(desk.click_url(), X_Forwarded_For=CLAIMED).headers["location"] == DESTINATION.decode()
    polled = desk.poll()
    networks = {str(hit.network) for hit in desk.opened(polled["rows"])}
    assert networks == {"127.0.0.0/24"} == {polled["network"]}
    assert desk.acknowledge(polled["rows"]) == 204


def test_a_waiting_poll_is_woken_through_nginx(site: Site, desk: TlsDesk) -> None:
    """The head comes at once, the hit as soon as it is there, long before the wait is over."""
    desk.poll()
    with desk.poll_raw(wait_s=25, stream=True) as waiting:
        assert waiting.status_code == 200
        desk.get(desk.open_url())
        rows = waiting.json()["rows"]
    assert len(rows) == 1
    desk.acknowledge(rows)


def test_neither_nginx_nor_the_relay_wrote_down_who_asked_for_what(site: Site, desk: TlsDesk) -> None:
    """Tokens and claimed addresses are in no log of nginx's and no file of the relay's, and nginx's is empty."""
    token = desk.token(TokenType.OPEN)
    desk.get(urls.open_url(site.pictures, token), X_Forwarded_For=CLAIMED, user_agent="PlantedAgent/1.0")
    desk.session.get(f"{site.base}/{'x' * 9_000}", timeout=10)
    kept = b"".join(path.read_bytes() for path in site.folder.rglob("*") if path.is_file())
    assert desk.channel_id in kept  # The search looks where things are.
    for mark in (token, CLAIMED, "PlantedAgent", "x" * 100):
        assert mark.encode() not in kept
    assert (site.folder / "access.log").read_bytes() == b""


def test_figures_are_scraped_beside_and_not_through_nginx(site: Site, desk: TlsDesk) -> None:
    """Prometheus' own parser reads them; the public address knows no such page."""
    from prometheus_client.parser import text_string_to_metric_families

    said = requests.get(site.figures, timeout=10).text
    names = {family.name for family in text_string_to_metric_families(said)}
    assert {"readback_relay_requests", "readback_relay_hits", "readback_relay_healthy"} <= names
    assert desk.channel_id.hex() not in said
    assert desk.session.get(f"{site.base}/metrics", timeout=10).status_code == 404


def test_a_backup_while_serving_becomes_a_relay_elsewhere(site: Site, desk: TlsDesk, ground: Path) -> None:
    """The restored folder serves the same desktop, its waiting hit and its stop, on another port, without nginx."""
    desk.get(desk.open_url(tag=b"waiting1"))
    desk.session.post(desk.stop_url(tag=b"stopped1"), timeout=10)
    file, data = ground / "kit.tar", ground / "kit-restored"
    relay_command("backup", "--data", str(site.data), str(file))
    relay_command("restore", "--data", str(data), str(file))
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "relay", "serve", "--data", str(data), "--port", str(port)]
    with (ground / "kit-restored.out").open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    elsewhere = f"http://127.0.0.1:{port}"
    try:
        until_listening("127.0.0.1", port, process=process, log=str(ground / "kit-restored.out"))
        query = {"lease": "f" * 32, "wait_s": "0"}
        rows = until(
            lambda: requests.get(f"{elsewhere}/feed", params=query, headers=desk.bearer, timeout=10).json()["rows"],
            what="the hit that waited when the backup was taken",
        )
        assert len(desk.opened(rows)) >= 1
        told = requests.post(f"{elsewhere}/stops", json={"tags": []}, headers=desk.bearer, timeout=10)
        assert b"stopped1".hex() in told.json()["tags"]
    finally:
        end(process)


def test_plain_http_is_sent_to_https(site: Site) -> None:
    """A stop link typed without its s still arrives; nothing is answered in the clear."""
    conf = (site.folder / "readback-relay.conf").read_text("utf-8")
    found = re.search(r"listen 127\.0\.0\.1:(\d+);", conf)
    assert found is not None
    answer = requests.get(f"http://{HOST}:{found[1]}/stop/x/me", timeout=10, allow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (301, f"https://{HOST}/stop/x/me")


@pytest.mark.parametrize("unit", ["readback-relay.service", "readback-relay-lists.service"])
def test_a_unit_is_confined(unit: str) -> None:
    """By systemd's own judgement a unit's exposure is 1.5 of 10 at most."""
    assert exposure(PACKAGING / unit) <= 1.5


def test_a_unit_without_its_confinement_is_told_apart(ground: Path) -> None:
    """The judgement is not the same for all: the relay's command alone, without the rest, is judged unsafe."""
    bare = ground / "bare.service"
    bare.write_text("[Service]\nExecStart=/bin/true\n", "ascii")
    assert exposure(bare) > 9


def exposure(unit: Path) -> float:
    """Return what `systemd-analyze security` says of a unit's file."""
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", str(unit)]
    said = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    found = re.search(r"exposure level for \S+: ([0-9.]+)", said)
    assert found is not None, said
    return float(found[1])


def test_the_relays_unit_may_not_go_out_and_the_lists_unit_may() -> None:
    """Nothing but loopback for the relay, which may not even name sockets of other kinds; the lists' unit may."""
    relay = (PACKAGING / "readback-relay.service").read_text("ascii").splitlines()
    lists = (PACKAGING / "readback-relay-lists.service").read_text("ascii").splitlines()
    assert {"IPAddressDeny=any", "IPAddressAllow=localhost", "RestrictAddressFamilies=AF_INET AF_INET6"} <= set(relay)
    assert not [line for line in lists if line.startswith("IPAddress")]
