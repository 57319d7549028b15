"""The one tree of known failures: each carries a sentence for the user and a cure.

Whatever is not a Trouble is a bug and reaches the crash handler; nothing catches it on the way.
"""


class Trouble(Exception):  # noqa: N818 - the product's own word for a known failure
    """A failure the user can be told of: `sentence` says what happened, `cure` what to do about it."""

    def __init__(self, sentence: str, cure: str = "") -> None:
        """Keep both texts; neither may hold markup or anything a stranger wrote."""
        super().__init__(sentence)
        self.sentence = sentence
        self.cure = cure


class Unreachable(Trouble):
    """The other side did not answer: no route, no name, a time-out, a dropped connection, a bad certificate."""


class Refused(Trouble):
    """The other side answered, and the answer was no."""


class NotAuthorised(Refused):
    """The answer was no because of who asked: a wrong password, an unknown invite."""


class Malformed(Trouble):
    """What came in is not what its format says: an address, a message, a setting."""


class StoreTrouble(Trouble):
    """The store or another file of ours is locked, full, missing or damaged."""


class NoKeyring(StoreTrouble):
    """The system's keyring is missing, locked or does not answer; the user may choose another place."""
