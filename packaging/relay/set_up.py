"""Installs the relay alone, from hash-locked requirements: `python3 packaging/relay/set_up.py`.

Runs on a bare Python 3.11 and fills the .venv of this checkout.  Everything is compiled now, since a service that may
not write cannot do so later.
"""

import compileall
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import environment

if __name__ == "__main__":
    environment.ensure_venv(["relay"])
    compileall.compile_dir(environment.ROOT / "relay", quiet=1)
    environment.say(f"The relay is {environment.PYTHON.parent / 'readback-relay'}.")
