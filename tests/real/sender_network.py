"""The sender's own way to the relay: nginx at the address that mails carry, as an operator puts it before a relay.

Whatever reaches the relay here, the desktop's polls and the pictures that the sender's own programs fetch, comes from
one address.  Recipients never come here: their proxies go to the relay themselves.
"""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from tests.real.relay import RelayProcess
from tests.real.waiting import end, until, until_listening

_CONF: Final = """
user root;
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 64; }}
http {{
    log_format asked "$request_method $uri $status $http_user_agent";
    access_log {folder}/access.log asked;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen {public_host};
        location / {{
            proxy_pass http://127.0.0.1:{relay_port};
            proxy_http_version 1.1;
            proxy_buffering off;
            proxy_read_timeout 120s;
            proxy_set_header X-Forwarded-For {address};
        }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that was answered."""

    method: str
    path: str
    status: int
    agent: str


class SenderNetwork:
    """The running nginx; the address is of a range for examples (RFC 5737)."""

    address: Final = "192.0.2.33"
    network: Final = ip_network("192.0.2.0/24")

    def __init__(self, folder: Path, relay: RelayProcess) -> None:
        """Start it with its files in `folder`."""
        folder.mkdir()
        self._folder = folder
        self.url = f"http://{relay.public_host}"
        conf = _CONF.format(folder=folder, public_host=relay.public_host, relay_port=relay.port, address=self.address)
        (folder / "nginx.conf").write_text(conf, "ascii")
        log = folder / "nginx.out"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        host, _, port = relay.public_host.partition(":")
        until_listening(host, int(port), process=self._process, log=str(log))

    def asked(self) -> tuple[Asked, ...]:
        """Return every request answered so far, oldest first."""
        lines = (self._folder / "access.log").read_text("utf-8").splitlines()
        fields = [line.split(" ", 3) for line in lines]
        return tuple(Asked(method, path, int(status), agent) for method, path, status, agent in fields)

    def wait_for(self, fits: Callable[[Asked], bool], *, since: int = 0) -> Asked:
        """Return the first request that fits, the first `since` left out; raise TimeoutError."""
        return until(
            lambda: next((each for each in self.asked()[since:] if fits(each)), None),
            what="a request from the sender's own network",
        )

    def close(self) -> None:
        """End it."""
        end(self._process)
