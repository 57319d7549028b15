"""Item 17: who holds the relay's database, secrets and logs recovers nothing of planted mails.

The attack first recovers every mark from a deliberately leaky relay, in every form that one leaks in.
"""

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.wire.token import TokenType
from tests.fakes.leaky_relay import FORMS
from tests.redteam import scene
from tests.redteam.attack import contents_of, opened_with, recovered, sealed_rows, secrets_in
from tests.redteam.scene import MARKS, Evidence


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    """Play the scene once, with the desktop's own log written as the program writes it."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook)
    try:
        yield scene.play(tmp_path_factory.mktemp("scene"))
    finally:
        for handler in set(root.handlers) - set(before[0]):
            handler.close()
        root.handlers[:], level, sys.excepthook, threading.excepthook = before
        root.setLevel(level)


@pytest.mark.parametrize("form", [*FORMS, "a table"])
def test_every_mark_is_recovered_from_a_leaky_relay(evidence: Evidence, form: str) -> None:
    """'it first recovers every mark from a deliberately leaky relay': in each form alone, with the secrets beside."""
    secrets = [path for path in evidence.of_relay if path.name == "secrets.json"]
    assert set(recovered([evidence.leaks[form], *secrets], MARKS)) == set(MARKS)


def test_the_relay_betrays_no_mark(evidence: Evidence) -> None:
    """'recovers no recipient, subject, sender address, network or agent of planted mails', though it saw them all."""
    names = {path.name for path in evidence.of_relay}
    assert {"relay.sqlite3", "secrets.json", "stops.txt", "relay.log", "backup.tar"} <= names
    assert recovered(evidence.of_relay, MARKS) == {}


def test_no_secret_of_the_relay_opens_a_row(evidence: Evidence) -> None:
    """There are rows and there are secrets, and none of the one opens any of the other."""
    contents = contents_of(evidence.of_relay)
    secrets = secrets_in(contents)
    assert len(secrets) > len(TokenType)
    assert len([row for octets in contents for row in sealed_rows(octets)]) >= evidence.stored
    assert opened_with(secrets, contents) == []


def test_the_desktop_names_nobody_outside_its_store(evidence: Evidence) -> None:
    """'The same for the desktop's logs': log, journal and secrets name no one, the account's spare copy its owner."""
    named = {path.name: set(recovered([path], MARKS)) for path in evidence.of_desktop}
    assert {"readback.log", "secrets.json"} <= set(named)
    assert named.pop("spare.json") == {"sender", "sender_name"}
    assert named == {name: set() for name in named}


def test_the_store_itself_does_name_them(evidence: Evidence) -> None:
    """The same search finds who was written to where it is kept on purpose."""
    home = next(path.parent for path in evidence.of_desktop if path.name == "readback.log")
    store = [path for path in home.iterdir() if path.name.startswith("store.sqlite3")]
    assert {"recipient", "subject", "sender"} <= set(recovered(store, MARKS))


def test_a_plain_file_betrays_what_is_planted_in_it(tmp_path: Path) -> None:
    """A note of one mark betrays that mark and no other."""
    note = tmp_path / "note"
    note.write_text(f"to {MARKS['recipient']}")
    assert set(recovered([note], MARKS)) == {"recipient"}
