"""Sets everything up and passes the tests: `python3 packaging/test.py`.

`--real` installs real servers and programs and runs the checks against them; other arguments go to pytest.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

import environment

# Floors of branch coverage, in per cent: name, files, files left out, floor.
FLOORS: Final = (
    ("relay/wire and desktop/core", "relay/wire/*,desktop/core/*", "", 100),
    ("relay", "relay/*", "relay/wire/*", 90),
    ("desktop but core and ui", "desktop/*", "desktop/core/*,desktop/ui/*", 90),
)
# Programs that tests start, and the Debian packages that bring them.
TEST_PROGRAMS: Final = {"dbus-run-session": "dbus-daemon", "strace": "strace", "openssl": "openssl", "git": "git"}


def run(title: str, command: Sequence[str]) -> None:
    """Run one step in the .venv; end with its name when it fails."""
    environment.say(f"== {title}")
    started_at = time.monotonic()
    folder = environment.PYTHON.parent
    settings = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    settings.pop("DISPLAY", None)
    done = subprocess.run(command, cwd=environment.ROOT, env=settings, check=False)
    if done.returncode != 0:
        environment.fail(f"{title} failed.")
    environment.say(f"   {title}: {time.monotonic() - started_at:.0f} s")


def module(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of the .venv."""
    return [str(environment.PYTHON), "-m", name, *arguments]


def check_coverage() -> None:
    """Hold branch coverage at its floors."""
    for name, files, left_out, floor in FLOORS:
        report = ["report", f"--include={files}", f"--fail-under={floor}", "--skip-covered", "--show-missing"]
        report += [f"--omit={left_out}"] if left_out else []
        run(f"coverage of {name}, at least {floor} %", module("coverage", *report))


def main(arguments: Sequence[str]) -> None:
    """Set up, check style and types, run the tests, hold coverage."""
    is_real = "--real" in arguments
    environment.ensure_venv(["desktop", "relay", "dev", *(["real"] if is_real else [])])
    missing = environment.ensure_libraries(environment.OFFSCREEN_LIBRARIES, programs=TEST_PROGRAMS)
    if missing:
        environment.fail("The tests need system packages that are missing.", environment.apt_line(missing))
    if is_real:
        rest = [argument for argument in arguments if argument != "--real"]
        packages = (environment.ROOT / "tests/real/packages.txt").read_text().split()
        if not environment.can_install_packages():
            environment.fail("The checks against real servers need root and apt.", environment.apt_line(packages))
        environment.install_packages(packages)
        options = ["--override-ini=addopts=--import-mode=importlib -p no:cacheprovider", "--timeout=300"]
        run("checks against real software", module("pytest", *options, "tests/real", *rest))
        return
    run("ruff", module("ruff", "check", "."))
    run("ruff format", module("ruff", "format", "--check", "--quiet", "."))
    run("mypy", module("mypy"))
    for data in environment.ROOT.glob(".coverage*"):
        data.unlink()
    whole = not arguments
    run("tests", tests_command(whole, arguments))
    if whole:
        check_coverage()


def tests_command(whole: bool, arguments: Sequence[str]) -> list[str]:
    """Return the pytest call: the whole suite on three workers with coverage, or what was asked for.

    A third of the time of two would be waiting: for processes to start, for a wait to be over.
    """
    if not whole:
        return module("pytest", *arguments)
    return module("pytest", "--quiet", "--numprocesses=3", "--dist=worksteal", "--cov", "--cov-report=")


if __name__ == "__main__":
    main(sys.argv[1:])
