"""Writes the hash-locked requirements from the ranges in pyproject.toml.

Run by a maintainer with uv on the path, never by a user: `python3 packaging/lock.py`.
One resolution covers every extra, and each extra's file is cut from it, so no two files can ask for different versions.
"""

import subprocess
import tomllib
from pathlib import Path

PACKAGING = Path(__file__).resolve().parent
PYPROJECT = PACKAGING.parent / "pyproject.toml"
EXTRAS = ("desktop", "relay", "dev")


def compile_lock(target: Path, source: Path, *arguments: str) -> None:
    """Resolve for every Python from 3.11 on and every system, with a hash for each file."""
    subprocess.run(
        [
            "uv",
            "pip",
            "compile",
            "--quiet",
            "--universal",
            "--python-version=3.11",
            "--generate-hashes",
            "--no-annotate",
            "--no-header",
            *arguments,
            str(source),
            f"--output-file={target}",
        ],
        check=True,
    )


def main() -> None:
    """Resolve all extras together, then cut one file for each; the build backend has a file of its own."""
    together = PACKAGING / "requirements-all.tmp"
    compile_lock(together, PYPROJECT, *(f"--extra={extra}" for extra in EXTRAS))
    for extra in EXTRAS:
        compile_lock(PACKAGING / f"requirements-{extra}.txt", PYPROJECT, f"--extra={extra}", f"--constraint={together}")
    backend = PACKAGING / "build-system.tmp.in"
    backend.write_text("\n".join(tomllib.loads(PYPROJECT.read_text())["build-system"]["requires"]))
    compile_lock(PACKAGING / "requirements-build.txt", backend)
    together.unlink()
    backend.unlink()


if __name__ == "__main__":
    main()
