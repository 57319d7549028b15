"""Folders get their roles from the server's marks, else from their names."""

import pytest

from desktop.incoming.mailbox import Folder
from desktop.incoming.roles import roles
from desktop.store.folders import FolderRole


def folder(name: str, *attributes: str, separator: str = "/") -> Folder:
    return Folder(name=name, attributes=frozenset(attributes), separator=separator)


def test_marks_decide_and_sent_is_read_first() -> None:
    """What the server marks is read, the sent mail before the inbox; a folder called Sent without a mark is not."""
    listed = [
        folder("INBOX"),
        folder("[Gmail]/All Mail", "\\all"),
        folder("[Gmail]/Sent Mail", "\\sent"),
        folder("[Gmail]/Spam", "\\junk"),
        folder("Sent"),
        folder("Travel"),
    ]
    assert roles(listed) == (
        ("[Gmail]/Sent Mail", FolderRole.SENT),
        ("INBOX", FolderRole.INBOX),
        ("[Gmail]/All Mail", FolderRole.ALL),
        ("[Gmail]/Spam", FolderRole.JUNK),
    )


@pytest.mark.parametrize(
    ("name", "separator", "prefixes"),
    [
        ("Sent", "/", ("",)),
        ("INBOX.Sent", ".", ("", "INBOX.")),
        ("Gesendete Elemente", "/", ("",)),
        ("INBOX/E\u0301le\u0301ments envoye\u0301s", "/", ("", "INBOX/")),
        ("[Google Mail]/Gesendet", "/", ("",)),
        ("送信済みトレイ", "", ("",)),
    ],
)
def test_without_marks_names_decide_in_many_languages(name: str, separator: str, prefixes: tuple[str, ...]) -> None:
    """A name known for sent mail is found below the namespace's prefix, in any case and composition of letters."""
    assert roles([folder(name.swapcase(), separator=separator)], [each.swapcase() for each in prefixes]) == (
        (name.swapcase(), FolderRole.SENT),
    )


def test_a_folder_of_that_name_deeper_down_is_the_users_own_affair() -> None:
    """Customers/Sent is no folder of sent mail, and Inbox in any case is the inbox."""
    assert roles([folder("Customers/Sent"), folder("Inbox")]) == (("Inbox", FolderRole.INBOX),)
