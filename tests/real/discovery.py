"""Real servers for discovery: NSD with the zones, Unbound as the resolver in front of it, nginx with the files.

The names are under .test and are nobody's; nginx plays the hosts over TLS with certificates of an authority that the
search is told to trust.
"""

import socket
import ssl
import subprocess
from pathlib import Path
from typing import Final

import dns.asyncresolver
import trustme

from desktop.accounts.reach import Reach
from tests.real.waiting import end, free_ports, until_listening

_ZONES: Final = {
    "srv.test": """
_imaps._tcp        SRV 0 1 993 imap.srv.test.
_imap._tcp         SRV 0 0 0 .
_submissions._tcp  SRV 0 1 465 smtp.srv.test.
""",
    "foreign.test": """
_imaps._tcp        SRV 0 1 993 imap.hoster.test.
_submission._tcp   SRV 10 1 587 second.hoster.test.
_submission._tcp   SRV 5 1 587 first.hoster.test.
""",
    "workspace.test": "@ MX 1 aspmx.l.google.com.\n@ MX 5 alt1.aspmx.l.google.com.\n",
    "manymx.test": "".join(f"@ MX {n} a-rather-long-name-for-a-host-{n}.in.manymx.test.\n" for n in range(2, 90))
    + "@ MX 1 in1-smtp.messagingengine.com.\n",
    "nullmx.test": "@ MX 0 .\n",
    "loop.test": "_submissions._tcp CNAME a\na CNAME b\nb CNAME a\n",
    "file.test": "",
    "nothing.test": "",
}
_NGINX: Final = """
user root;
daemon off;
worker_processes 1;
pid {root}/nginx.pid;
error_log {root}/nginx.log;
events {{ worker_connections 64; }}
http {{
    access_log {root}/access.log;
    client_body_temp_path {root}/body; proxy_temp_path {root}/proxy; fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi; scgi_temp_path {root}/scgi;
    gzip on; gzip_types text/xml; gzip_min_length 1;
    types {{ text/xml xml; }}
    ssl_certificate {root}/chain.pem;
    ssl_certificate_key {root}/key.pem;
    server {{
        listen 127.0.0.1:{https} ssl; server_name autoconfig.file.test; root {root}/www;
    }}
    server {{
        listen 127.0.0.1:{https} ssl; server_name file.test;
        location / {{ return 301 https://autoconfig.file.test/mail/config-v1.1.xml$is_args$args; }}
    }}
    server {{
        listen 127.0.0.1:{https} ssl default_server;
        location / {{ return 404; }}
    }}
    server {{
        listen 127.0.0.1:{http} default_server;
        location / {{ return 301 https://$host$request_uri; }}
    }}
}}
"""
_NSD: Final = """
server:
    ip-address: 127.0.0.1
    port: {nsd}
    username: ""
    zonesdir: "{root}"
    zonelistfile: "{root}/zone.list"
    xfrdfile: "{root}/xfrd.state"
    pidfile: "{root}/nsd.pid"
    logfile: "{root}/nsd.log"
    server-count: 1
remote-control:
    control-enable: no
"""
_UNBOUND: Final = """
server:
    interface: 127.0.0.1
    port: {unbound}
    username: ""
    chroot: ""
    directory: "{root}"
    pidfile: "{root}/unbound.pid"
    logfile: "{root}/unbound.log"
    use-syslog: no
    do-daemonize: no
    do-ip6: no
    do-not-query-localhost: no
    module-config: "iterator"
    local-zone: "test." nodefault
remote-control:
    control-enable: no
"""


class DiscoveryServers:
    """The running servers; `reach` is how a search gets to them."""

    def __init__(self, root: Path) -> None:
        """Write all files below `root` and start the three programs."""
        self._root = root
        self._https, self._http, self._nsd, self._unbound = free_ports(4)
        self._authority = trustme.CA(organization_name="Readback test web")
        self._processes: list[subprocess.Popen[bytes]] = []
        self._write()
        self._run("nsd", ["nsd", "-d", "-c", str(root / "nsd.conf")], self._nsd)
        self._run("unbound", ["unbound", "-d", "-c", str(root / "unbound.conf")], self._unbound)
        self._run("nginx", ["nginx", "-p", str(root), "-c", str(root / "nginx.conf")], self._https)

    @property
    def reach(self) -> Reach:
        """The resolver alone, trust in the web servers, and their ports in place of 443 and 80."""
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = self._unbound
        context = ssl.create_default_context()
        self._authority.configure_trust(context)
        return Reach(resolver=resolver, open_socket=self._open_socket, context=context)

    def requests(self) -> str:
        """Return nginx's log of requests."""
        return (self._root / "access.log").read_text("utf-8")

    def close(self) -> None:
        """End all programs."""
        for process in reversed(self._processes):
            end(process)

    def _open_socket(self, host: str, port: int, timeout_s: float) -> socket.socket:
        if not host.endswith("file.test"):
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return socket.create_connection(("127.0.0.1", self._https if port == 443 else self._http), timeout_s)

    def _write(self) -> None:
        root = self._root
        ports = {"root": root, "https": self._https, "http": self._http, "nsd": self._nsd, "unbound": self._unbound}
        leaf = self._authority.issue_cert("file.test", "*.file.test")
        leaf.private_key_pem.write_to_path(root / "key.pem")
        (root / "chain.pem").write_bytes(b"".join(each.bytes() for each in leaf.cert_chain_pems))
        (root / "www/mail").mkdir(parents=True)
        zones = "".join(f'zone:\n    name: "{zone}"\n    zonefile: "{zone}.zone"\n' for zone in _ZONES)
        for zone, records in _ZONES.items():
            start = f"$ORIGIN {zone}.\n$TTL 60\n@ SOA ns hostmaster 1 60 60 60 60\n@ NS ns\nns A 127.0.0.1\n"
            (root / f"{zone}.zone").write_text(start + records, "ascii")
        stubs = "".join(f'stub-zone:\n    name: "{zone}"\n    stub-addr: 127.0.0.1@{self._nsd}\n' for zone in _ZONES)
        # Nothing listens there: the resolver answers SERVFAIL, as for a domain whose name servers are down.
        (dead,) = free_ports(1)
        stubs += f'stub-zone:\n    name: "broken.test"\n    stub-addr: 127.0.0.1@{dead}\n'
        (root / "nginx.conf").write_text(_NGINX.format(**ports), "ascii")
        (root / "nsd.conf").write_text(_NSD.format(**ports) + zones, "ascii")
        (root / "unbound.conf").write_text(_UNBOUND.format(**ports) + stubs, "ascii")

    def serve(self, xml: bytes) -> None:
        """Put the file at its place below autoconfig.file.test."""
        (self._root / "www/mail/config-v1.1.xml").write_bytes(xml)

    def _run(self, name: str, command: list[str], port: int) -> None:
        log = self._root / f"{name}.out"
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        self._processes.append(process)
        until_listening("127.0.0.1", port, log=str(log), process=process)
