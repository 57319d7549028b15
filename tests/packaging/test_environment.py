"""The set-up of both commands: what it finds missing, what it says, when it has nothing to do."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "packaging"))
    import environment as module

    return module


def test_a_missing_library_names_its_package(environment: ModuleType) -> None:
    """Only the library that the loader does not find is reported, by the package that brings it."""
    libraries = {"libc.so.6": "libc6", "libreadback-none.so.9": "libnone9"}
    assert environment.missing_libraries(libraries) == ["libnone9"]


def test_without_root_the_exact_line_is_given(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may not be installed is returned, and the line to run names it."""
    monkeypatch.setattr(environment, "can_install_packages", lambda: False)
    monkeypatch.setattr(environment, "FONTS", {})
    missing = environment.ensure_libraries({"libreadback-none.so.9": "libnone9"}, programs={"no-such-program": "nsp"})
    assert environment.apt_line(missing) == "sudo apt-get install libnone9 nsp"


def test_with_root_what_is_missing_is_installed(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where apt may be used, nothing is left missing and only the missing package is asked for."""
    asked: list[list[str]] = []
    monkeypatch.setattr(environment, "can_install_packages", lambda: True)
    monkeypatch.setattr(environment, "FONTS", {})
    monkeypatch.setattr(environment, "install_packages", lambda packages: asked.append(list(packages)))
    assert environment.ensure_libraries({"libc.so.6": "libc6", "libreadback-none.so.9": "libnone9"}) == []
    assert asked == [["libnone9"]]


def test_an_old_python_is_refused_in_words(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python 3.10 ends with a sentence that names what is needed and what is there."""
    monkeypatch.setattr(sys, "version_info", (3, 10, 9))
    with pytest.raises(SystemExit):
        environment.check_python()
    assert "needs Python 3.11 or newer; this is 3.10.9" in capsys.readouterr().out


def test_a_changed_lock_is_noticed(environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The stamp stays while the locks stay and differs once one of them does."""
    lock = tmp_path / "lock.txt"
    lock.write_text("a==1")
    monkeypatch.setattr(environment, "lock_file", lambda _extra: lock)
    first = environment._stamp(["relay"])
    assert environment._stamp(["relay"]) == first
    lock.write_text("a==2")
    assert environment._stamp(["relay"]) != first


def test_every_dependency_is_locked_with_a_hash_and_has_a_reason() -> None:
    """Each extra's lock pins each of its packages with hashes, and pyproject.toml says why each is there."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    for extra, wanted in project["optional-dependencies"].items():
        lock = (ROOT / "packaging" / f"requirements-{extra}.txt").read_text(encoding="utf-8")
        for requirement in [*wanted, *project["dependencies"]]:
            name = requirement.split(">=")[0]
            pin = re.search(rf"^{name}==[^\n]+\\\n    --hash=sha256:[0-9a-f]{{64}}", lock, re.MULTILINE)
            assert pin is not None, name
    lines = text.partition("dependencies = [")[2].partition("[project.scripts]")[0].splitlines()
    for number, line in enumerate(lines):
        if line.strip().startswith('"'):
            assert "  # " in line or lines[number - 1].strip().startswith("#"), line


@pytest.mark.parametrize("command", ["run.py", "test.py"])
def test_neither_command_needs_anything_installed(command: str) -> None:
    """Both scripts load with nothing but the standard library."""
    probe = f"import runpy; runpy.run_path({command!r}, run_name='probe')"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {probe}"],
        cwd=ROOT / "packaging",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_file_that_the_programs_read_is_packaged() -> None:
    """Each file under the packages that is neither code nor documentation matches a package-data pattern."""
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"][
        "package-data"
    ]
    packaged = {
        path
        for package, globs in patterns.items()
        for glob in globs
        for path in (ROOT / package.replace(".", "/")).glob(glob)
    }
    read = {
        path
        for top in ("desktop", "relay")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and path.suffix not in {".py", ".md", ".pyc"}
    }
    assert len(read) > 5
    assert read - packaged == set()
