"""Makes the .venv that both commands run in, from hash-locked requirements, and finds missing system libraries.

Runs on a bare Python 3.11 with nothing but the standard library.  A stamp of all inputs makes the second run instant.
"""

import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

ROOT: Final = Path(__file__).resolve().parent.parent
VENV: Final = ROOT / ".venv"
PACKAGING: Final = ROOT / "packaging"
WINDOWS: Final = sys.platform == "win32"
PYTHON: Final = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
OLDEST: Final = (3, 11)

# What PySide6-Essentials loads, measured on a bare Debian 12: file to load → package that brings it.
OFFSCREEN_LIBRARIES: Final = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
}
# Qt names libxcb-cursor0 whichever of these is missing.
WINDOW_LIBRARIES: Final = OFFSCREEN_LIBRARIES | {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
FONTS: Final = {"/usr/share/fonts/truetype/noto": "fonts-noto-core"}


def say(text: str) -> None:
    """Print one line of progress at once, also into a pipe."""
    print(text, flush=True)


def fail(sentence: str, cure: str = "") -> NoReturn:
    """End with a sentence and, where there is one, the line to run."""
    say(f"\n{sentence}")
    if cure:
        say(f"\n    {cure}\n")
    raise SystemExit(1)


def check_python() -> None:
    """End in plain words on a Python that is too old."""
    if sys.version_info[:2] < OLDEST:
        have = ".".join(str(part) for part in sys.version_info[:3])
        fail(
            f"Readback needs Python 3.11 or newer; this is {have}.",
            "Run it with a newer one: python3.11 " + sys.argv[0],
        )


def can_install_packages() -> bool:
    """Tell whether apt is here and we may use it."""
    return not WINDOWS and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_line(packages: Iterable[str]) -> str:
    """Return the line a person would type to install `packages`."""
    return "sudo apt-get install " + " ".join(packages)


def install_packages(packages: Sequence[str]) -> None:
    """Install Debian packages; ends with the line to run when apt refuses."""
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    say(f"Installing system packages: {' '.join(packages)}")
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    for attempt in (["apt-get", "update", "-q"], command):
        done = subprocess.run(attempt, env=quiet, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            fail(f"{' '.join(attempt[:2])} failed:\n{done.stderr.strip()[-1500:]}", apt_line(packages))


def missing_libraries(libraries: Mapping[str, str]) -> list[str]:
    """Return the packages whose library the loader does not find."""
    missing = []
    for library, package in libraries.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    return missing


def ensure_libraries(libraries: Mapping[str, str], *, programs: Mapping[str, str] | None = None) -> list[str]:
    """Install what is missing where we may; return what is still missing (package names)."""
    if sys.platform != "linux":
        return []
    missing = missing_libraries(libraries)
    missing += [package for program, package in (programs or {}).items() if shutil.which(program) is None]
    missing += [package for folder, package in FONTS.items() if not Path(folder).is_dir()]
    wanted = sorted(set(missing))
    if wanted and can_install_packages():
        install_packages(wanted)
        return []
    return wanted


def pip_command() -> list[str]:
    """Return a command that runs some pip for the .venv's Python, installing one where that is allowed.

    Debian splits ensurepip off into python3-venv; any pip from 22.3 on can also work on another Python.
    """
    if importlib.util.find_spec("ensurepip") is not None:
        subprocess.run([str(PYTHON), "-m", "ensurepip", "--default-pip"], check=True, capture_output=True)
        return [str(PYTHON), "-m", "pip"]
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    wheels = Path("/usr/share/python-wheels")
    if not list(wheels.glob("pip-*.whl")):
        if not can_install_packages():
            fail("Python's own installer is missing on this machine. Please run:", apt_line(["python3-venv"]))
        install_packages(["python3-pip-whl"])
    wheel = max(wheels.glob("pip-*.whl"))
    return [sys.executable, f"{wheel}/pip", "--python", str(PYTHON)]


def _stamp(extras: Sequence[str]) -> str:
    digest = hashlib.sha256(sys.version.encode() + str(ROOT).encode())
    for name in ("pyproject.toml", "packaging/requirements-build.txt"):
        digest.update((ROOT / name).read_bytes())
    for extra in extras:
        digest.update(lock_file(extra).read_bytes())
    return digest.hexdigest()


def lock_file(extra: str) -> Path:
    """Return the hash-locked requirements of one extra."""
    return PACKAGING / f"requirements-{extra}.txt"


def _install(pip: Sequence[str], arguments: Sequence[str]) -> None:
    """Run pip, showing a line for each package it fetches; end with its own words when it fails."""
    command = [*pip, "install", "--disable-pip-version-check", "--no-input", *arguments]
    tail: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        for line in running.stdout or ():
            tail = [*tail[-30:], line.rstrip()]
            if line.startswith("Collecting "):
                say("  " + line.split()[1].split("==")[0])
    if running.returncode != 0:
        text = "\n".join(tail)
        fail(
            f"Installing failed. Is this machine on the network?\n{text}",
            f"rm -r {VENV}   # then run the same command again",
        )


def ensure_venv(extras: Sequence[str]) -> None:
    """Make the .venv hold exactly what the locks of `extras` name, and the commands of this checkout."""
    check_python()
    stamp = VENV / f"readback-{'-'.join(sorted(extras))}.stamp"
    wanted = _stamp(extras)
    if stamp.exists() and stamp.read_text() == wanted and PYTHON.exists():
        return
    say("Setting up .venv (once; a few minutes on a slow line) ...")
    if VENV.exists() and not _same_python():
        shutil.rmtree(VENV)
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(VENV)], check=True)
    pip = pip_command()
    locks = [f"--requirement={lock_file(extra)}" for extra in ("build", *extras)]
    _install(pip, ["--require-hashes", "--no-deps", *locks])
    _install(pip, ["--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT)])
    stamp.write_text(wanted)
    say("Set up.")


def _same_python() -> bool:
    """Tell whether the .venv runs and is of this Python's version."""
    if not PYTHON.exists():
        return False
    asked = [str(PYTHON), "-c", "import sys; print(sys.version)"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() == sys.version.strip()
