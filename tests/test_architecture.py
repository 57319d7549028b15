"""The import rules: who may import whom, and which library is named in which place alone.

Every import statement counts, inside functions and under TYPE_CHECKING too.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent

# Longest prefix first: the place a file belongs to → what it may import of ours.
MAY_IMPORT: Final = {
    "relay.wire": {"relay.wire"},
    "relay": {"relay"},
    "desktop.core": {"desktop.core", "relay.wire"},
    "desktop.store": {"desktop.store", "desktop.core", "relay.wire"},
    "desktop.accounts": {"desktop.accounts", "desktop.store", "desktop.core", "relay.wire"},
    "desktop.outgoing": {"desktop.outgoing", "desktop.accounts", "desktop.store", "desktop.core", "relay.wire"},
    "desktop.incoming": {"desktop.incoming", "desktop.accounts", "desktop.store", "desktop.core", "relay.wire"},
    "desktop.tracking": {"desktop.tracking", "desktop.accounts", "desktop.store", "desktop.core", "relay.wire"},
    "desktop.practice": {"desktop.practice", "desktop.core", "relay.wire"},
    "desktop.ui": {"desktop.ui", "desktop.store", "desktop.core", "desktop.settings", "relay.wire"},
    "desktop.places": {"desktop.core"},
    "desktop.logs": {"desktop.places", "desktop.core"},
    "desktop.settings": {"desktop.store", "desktop.core"},
    "desktop": {"desktop", "relay.wire"},
}
# Library → the only places that may name it.
NAMED_IN: Final = {
    "cryptography": {"relay.wire"},
    "starlette": {"relay"},
    "uvicorn": {"relay"},
    "prometheus_client": {"relay.metrics"},
    "sqlite3": {"relay.database", "desktop.store"},
    "keyring": {"desktop.accounts"},
    "requests": {"desktop.accounts", "desktop.tracking"},
    "oauthlib": {"desktop.accounts"},
    "dns": {"desktop.accounts"},
    "defusedxml": {"desktop.accounts"},
    "imapclient": {"desktop.incoming"},
    "imaplib": {"desktop.incoming", "desktop.practice"},
    "idna": {"desktop.core.address"},
    "holidays": {"desktop.core.workdays"},
    "iporigin": {"relay.wire.labels"},
    "ua_parser": {"desktop.core.device"},
    "maxminddb": {"desktop.where"},
    "aiosmtpd": {"desktop.practice"},
    "smtplib": {"desktop.outgoing", "desktop.practice"},
    "trustme": {"desktop.practice"},
    "PySide6": {"desktop.ui", "desktop.app"},
    "jeepney": {"desktop.ui"},
}
IMPURE: Final = {"os", "time", "socket", "threading", "random", "secrets", "pathlib", "asyncio", "subprocess", "ssl"}


def is_in(module: str, place: str) -> bool:
    return module == place or module.startswith(place + ".")


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(source: str, module: str) -> Iterator[str]:
    package = module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join(filter(None, [package, base]))
            yield from (f"{base}.{alias.name}" for alias in node.names)


def trespasses(module: str, source: str) -> list[str]:
    """Return each import of `module` that the rules forbid."""
    place = max((known for known in MAY_IMPORT if is_in(module, known)), key=len)
    found = []
    for name in imports_of(source, module):
        ours = is_in(name, "desktop") or is_in(name, "relay")
        if ours and not any(is_in(name, allowed) for allowed in MAY_IMPORT[place]):
            found.append(f"{module} imports {name}")
        library = name.partition(".")[0]
        if library in NAMED_IN and not any(is_in(module, allowed) for allowed in NAMED_IN[library]):
            found.append(f"{module} names {library}")
        if place == "desktop.core" and library in IMPURE:
            found.append(f"{module} is not pure: {library}")
    return found


def test_every_import_keeps_the_rules() -> None:
    """No module of either program imports what the architecture forbids."""
    files = [path for top in ("desktop", "relay") for path in (ROOT / top).rglob("*.py")]
    found = [line for path in files for line in trespasses(module_name(path, ROOT), path.read_text(encoding="utf-8"))]
    assert len(files) > 20
    assert found == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("relay.feed", "from desktop.core import address"),
        ("desktop.core.parse", "def f():\n    import time"),
        ("desktop.core.parse", "if TYPE_CHECKING:\n    from desktop.store.mail import cards"),
        ("desktop.outgoing.listener", "import desktop.tracking.poller"),
        ("desktop.tracking.client", "import relay.app"),
        ("desktop.ui.words", "import keyring"),
        ("desktop.incoming.sync", "import desktop.outgoing.listener"),
        ("desktop.tracking.poller", "import imapclient"),
        ("desktop.store.mail", "import PySide6.QtCore"),
        ("relay.hits", "import sqlite3"),
        ("relay.hits", "from cryptography.hazmat.primitives import hashes"),
    ],
)
def test_a_forbidden_import_is_found(module: str, source: str) -> None:
    """Each kind of trespass is reported."""
    assert len(trespasses(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("relay.feed", "from relay.wire import token"),
        ("desktop.core.parse", "import re"),
        ("desktop.outgoing.listener", "from desktop.store import mail\nimport smtplib"),
        ("desktop.incoming.mailbox", "from desktop.core import arrival\nimport imapclient"),
        ("desktop.app", "import PySide6\nimport desktop.tracking.poller"),
        ("relay.database", "import sqlite3"),
    ],
)
def test_a_permitted_import_is_not_reported(module: str, source: str) -> None:
    """What the rules allow passes."""
    assert trespasses(module, source) == []
