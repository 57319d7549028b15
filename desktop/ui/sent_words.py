"""The sentences on keeping the Sent folder clean: what it does, what is deleted, what it does not; pure."""

from typing import Final

SWITCH: Final = "K&eep my Sent folder clean"
ABOUT: Final = (
    "Some providers file in Sent what was handed in: the tracked copy, with the picture that tells of an opening. If "
    "you look at it there, that can be taken for the recipient's opening. Mail programs that file their own Sent copy "
    "file the clean one; for them this changes nothing."
)
DOES: Final = (
    "If it is on, Readback puts the mail as you wrote it into Sent, checks that it arrived whole, and only then "
    "deletes the tracked copies of that mail. It deletes nothing else. Until then it keeps the mail as you wrote it "
    "on this computer, for 14 days at most. Mail sent before you switch it on stays as it is."
)
NEEDS_IMAP: Final = "It needs the incoming server, which is not set up for this account."


def cleaned_text(number: int) -> str:
    """Return how much was done so far; empty where nothing was."""
    if not number:
        return ""
    return f"{number:,} {'mail' if number == 1 else 'mails'} in Sent replaced so far."
