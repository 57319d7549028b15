"""What the banner says is wrong: of a station as long as it lasts, of the user's own doing until it is dismissed.

A trouble of a station that was dismissed stays dismissed while it lasts; the next one is said again.
"""

from collections.abc import Callable

from desktop.core.errors import NoKeyring, Trouble
from desktop.store.ledger import broken_ledger
from desktop.ui import consent_words, words
from desktop.ui.actions import ListenerState, MailState, Stations
from desktop.ui.head import Banner


class Troubles:
    """Decides what stands in a banner; `open_account` leads to an account's settings, 0 to those of all.

    `repair` asks whether the ledger is to be repaired.
    """

    def __init__(self, banner: Banner, open_account: Callable[[int], None], repair: Callable[[], None]) -> None:
        """Start with nothing wrong."""
        self._banner, self._open_account, self._repair = banner, open_account, repair
        self._is_of_station = self._is_of_ledger = False
        self._told: tuple[str, str] | None = None

    def show_stations(self, stations: Stations) -> None:
        """Say what only the user can mend, and nothing of what is tried again by itself."""
        refused = next((each for each in stations.mail if each.state is MailState.SIGN_IN and each.trouble), None)
        if refused is not None and refused.trouble is not None:
            chosen = _Opening(self._open_account, refused.account_id)
            self._tell_once(refused.trouble, button="Sign in again", chosen=chosen)
        elif stations.trouble is None:
            self._told = None
            if self._is_of_station:
                self._banner.hide()
        elif stations.listener is ListenerState.FAILED:
            self._tell_once(stations.trouble)

    def _tell_once(self, trouble: Trouble, *, button: str = "", chosen: Callable[[], None] | None = None) -> None:
        if self._told != words.trouble_texts(trouble):
            self._told = words.trouble_texts(trouble)
            self._show_station(trouble, button=button, chosen=chosen)

    def show_station(self, trouble: Trouble) -> None:
        """Say what is wrong with a station, until it is well again or this is dismissed."""
        self._told = words.trouble_texts(trouble)
        self._show_station(trouble)

    def _show_station(self, trouble: Trouble, *, button: str = "", chosen: Callable[[], None] | None = None) -> None:
        self._is_of_station = True
        if isinstance(trouble, NoKeyring) and not button:
            button, chosen = "Choose another place", _Opening(self._open_account, 0)
        self._show(trouble, button=button, chosen=chosen)

    def show_own(self, trouble: Trouble) -> None:
        """Say what of the user's own doing or looking went wrong, until it is dismissed."""
        self._is_of_station = False
        self._show(trouble)

    def _show(self, trouble: Trouble, *, button: str = "", chosen: Callable[[], None] | None = None) -> None:
        self._is_of_ledger = is_of_ledger(trouble)
        if self._is_of_ledger:
            button, chosen = consent_words.REPAIR, self._repair
        self._banner.show_trouble(trouble, button=button, chosen=chosen)

    def show_ledger(self, trouble: Trouble | None) -> None:
        """Say that the ledger does not hold, or no longer that it did not."""
        if trouble is not None:
            self.show_own(trouble)
        elif self._is_of_ledger:
            self._is_of_ledger = False
            self._banner.hide()


def is_of_ledger(trouble: Trouble) -> bool:
    """Say whether a trouble is that the ledger does not hold, whoever met it."""
    return trouble.sentence == broken_ledger().sentence


class _Opening:
    def __init__(self, opens: Callable[[int], None], key: int) -> None:
        self._opens, self._key = opens, key

    def __call__(self) -> None:
        self._opens(self._key)
