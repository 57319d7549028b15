"""The user's own mail programs: those that hand mail in here, by the name they give themselves in it."""

from collections.abc import Callable
from datetime import datetime

from desktop.core.mailer import mail_program
from desktop.store.database import Store
from desktop.store.own_views import record_own_program


class OwnPrograms:
    """Learns from one mail after the other; used by one thread."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime]) -> None:
        """Know none of them yet: the store is asked once for each."""
        self._store = store
        self._clock = clock
        self._learnt: set[str] = {""}

    def learn(self, raw: bytes) -> None:
        """Keep the name of the program that wrote a mail, where it is news; raise StoreTrouble."""
        program = mail_program(raw)
        if program not in self._learnt:
            record_own_program(self._store, program=program, how="submitted", now=self._clock())
            self._learnt.add(program)
