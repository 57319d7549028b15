"""CPU per stored picture, relay against nginx `empty_gif`, in the same run, on this machine.

`python tests/bench/relay_cpu.py [seconds] [--behind-proxy]` needs nginx and wrk.  The relay verifies, seals and stores
each hit over 1,000 channels before it answers; nginx stores nothing.  CPU is what /proc/PID/stat says of the server's
processes.  Nothing in the relay is kept by address, so that all requests come from one does not flatter it; behind a
proxy each comes with another address and a browser's headers, for both servers: that figure is shown, not judged.
"""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from relay.wire import seal, urls
from relay.wire.token import Token, TokenType, mint
from tests.relay.desk import spell

ROOT = Path(__file__).resolve().parents[2]
CHANNELS = 1_000
NEEDED_RATIO = 0.08
CONNECTIONS = 64
HZ = os.sysconf("SC_CLK_TCK")
NGINX = """
daemon off; worker_processes 1; error_log stderr crit; pid {folder}/pid;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ empty_gif; }} }} }}
"""
SCRIPT = """
local paths = {}
for line in io.lines("%s") do paths[#paths + 1] = line end
local next = math.random(#paths)
local behind_proxy = %s
local headers = nil
request = function()
  next = next %% #paths + 1
  if behind_proxy then
    headers = {
      ["X-Forwarded-For"] = math.random(1, 223) .. "." .. next %% 256 .. "." .. math.random(0, 255) .. ".7",
      ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.5.0",
      ["Accept"] = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
      ["Accept-Language"] = "en-US,en;q=0.5",
      ["Accept-Encoding"] = "gzip, deflate, br, zstd",
      ["Sec-Fetch-Dest"] = "image",
      ["Sec-Fetch-Mode"] = "no-cors",
      ["Sec-Fetch-Site"] = "cross-site",
    }
  end
  return wrk.format("GET", paths[next], headers)
end
"""


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def cpu_s(pid: int) -> float:
    """Return user and system seconds of a process and its children, threads included."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / HZ + sum(cpu_s(int(child)) for child in children)


def load(url: str, script: Path, seconds: int) -> tuple[int, str]:
    """Run wrk and return how many requests were answered, and its latency lines."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script), url]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in out, out
    found = re.search(r"(\d+) requests in", out)
    assert found is not None
    return int(found[1]), " ".join(re.findall(r"(?:50|99)%\s+\S+", out))


def paths_of(base: str) -> list[str]:
    """Register the channels and mint ten pictures of each."""
    paths = []
    session = requests.Session()
    day = int(time.time()) // 86_400
    for _ in range(CHANNELS):
        public = spell(seal.public_key_of(seal.new_private_key()))
        given = session.post(f"{base}/channels", json={"invite": None, "public_key": public}, timeout=10).json()
        key = base64.urlsafe_b64decode(given["minting_keys"]["open"] + "=")
        for _ in range(10):
            token = Token(
                type=TokenType.OPEN,
                key_id=given["key_id"],
                channel_id=bytes.fromhex(given["channel_id"]),
                recipient_tag=os.urandom(8),
                issue_day=day,
                random_id=os.urandom(12),
            )
            paths.append(urls.open_url("", mint(key, token)))
    return sorted(paths, key=lambda path: path[40:])


def measure(pid: int, url: str, script: Path, seconds: int) -> float:
    """Return microseconds of CPU per request."""
    load(url, script, 1)
    before = cpu_s(pid)
    count, latency = load(url, script, seconds)
    cost_us = (cpu_s(pid) - before) / count * 1e6
    say(f"  {count} requests, {cost_us:.1f} us CPU each, {count / seconds:.0f}/s, latency {latency}")
    return cost_us


def resident_mb(pid: int) -> float:
    """Return a process's resident memory."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def main() -> int:
    """Measure both, three rounds alternating, and judge the medians' ratio."""
    numbers = [argument for argument in sys.argv[1:] if argument.isdigit()]
    seconds = int(numbers[0]) if numbers else 4
    is_behind_proxy = "--behind-proxy" in sys.argv
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        port = 20_000 + os.getpid() % 20_000
        (here / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
        nginx = subprocess.Popen(["/usr/sbin/nginx", "-c", f"{folder}/nginx.conf", "-p", folder])
        command = [sys.executable, "-m", "relay", "serve", "--data", f"{folder}/relay", "--port", "0"]
        command += ["--open-registration", *(["--trusted-proxy", "127.0.0.0/8"] if is_behind_proxy else [])]
        relay = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert relay.stdout is not None
            base = relay.stdout.readline().split()[-1]
            say(f"relay at rest: {resident_mb(relay.pid):.1f} MB resident")
            (here / "paths").write_text("\n".join(paths_of(base)) + "\n")
            script = here / "script.lua"
            script.write_text(SCRIPT % (here / "paths", str(is_behind_proxy).lower()))
            costs: dict[str, list[float]] = {"nginx": [], "relay": []}
            for _ in range(3):
                for name, pid, url in (("nginx", nginx.pid, f"http://127.0.0.1:{port}"), ("relay", relay.pid, base)):
                    say(name)
                    costs[name].append(measure(pid, url, script, seconds))
            say(f"relay after the load: {resident_mb(relay.pid):.1f} MB resident")
        finally:
            for process in (nginx, relay):
                process.terminate()
                process.wait(20)
    nginx_us, relay_us = (sorted(costs[name])[1] for name in ("nginx", "relay"))
    ratio = nginx_us / relay_us
    say(json.dumps({"nginx_us": round(nginx_us, 1), "relay_us": round(relay_us, 1), "ratio": round(ratio, 3)}))
    verdict = "met" if ratio >= NEEDED_RATIO else "NOT met"
    say("shown only" if is_behind_proxy else f"{verdict}: nginx/relay {ratio:.3f}, at least {NEEDED_RATIO} needed")
    return 0 if is_behind_proxy or ratio >= NEEDED_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
