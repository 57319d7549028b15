"""How one gets from place to place in the window: by the strip at the top, by menu, by key, by what was told.

Each way puts the keyboard onto the place that it leads to, and taking something back onto what it was done on.
"""

from collections.abc import Callable, Hashable

from PySide6.QtCore import Slot

from desktop.ui.due_page import DuePage
from desktop.ui.frame import Frame
from desktop.ui.mail_place import MailPlace
from desktop.ui.people_page import PeoplePage
from desktop.ui.rates_page import RatesPage
from desktop.ui.tab_order import Held
from desktop.ui.thread_list import ThreadList
from desktop.ui.thread_view import ThreadView
from desktop.ui.today_page import TodayPage

TODAY, CONVERSATIONS, FOLLOW_UPS, PEOPLE, RATES = range(5)


class Going(Frame):
    """A window whose places stand in the order of their numbers."""

    today: TodayPage
    mail: MailPlace
    threads: ThreadList
    view: ThreadView
    follow_ups: DuePage
    people: PeoplePage
    rates: RatesPage
    _came_from = TODAY
    _done_on: Held | None = None

    @Slot(object)
    def go(self, place: int) -> None:
        """Show a place by its number: today, conversations, follow-ups, people, rates."""
        self.head.show_place(place)
        self.places.setCurrentIndex(place)

    @Slot(object)
    def show_place(self, place: int) -> None:
        """Go to a place by its number, keyboard on it."""
        places = (self.show_today, self.show_conversations, self.show_follow_ups, self.show_people, self.show_rates)
        places[place]()

    @Slot()
    def show_today(self) -> None:
        """Go to what is due now, keyboard on the list."""
        self.go(TODAY)
        self.today.focus_first()

    @Slot()
    def show_conversations(self) -> None:
        """Go to the conversations, keyboard on the list."""
        self.go(CONVERSATIONS)
        self.threads.list.setFocus()

    @Slot()
    def show_follow_ups(self) -> None:
        """Go to the whole list of what is due, keyboard on it."""
        self.go(FOLLOW_UPS)
        self.follow_ups.focus_first()

    @Slot()
    def show_people(self) -> None:
        """Go to the people, keyboard on the list."""
        self.go(PEOPLE)
        self.people.list.setFocus()

    @Slot()
    def show_rates(self) -> None:
        """Go to the rates, keyboard on the time they are of."""
        self.go(RATES)
        self.rates.focus_first()

    @Slot(object, object)
    def offer_undo(self, sentence: str, undo: Callable[[], None]) -> None:
        """Say what was done; remember what of the conversation it was done on, if it was not in the list beside it."""
        self._done_on = self.view.held()
        self.undo_bar.offer(sentence, undo)

    @Slot()
    def undo(self) -> None:
        """Take the latest deed back."""
        self.undo_bar.undo()

    @Slot()
    def give_keyboard_back(self) -> None:
        """Put the keyboard where something was done in the place that is shown, after a bar or a notice has gone."""
        if self.places.currentIndex() == CONVERSATIONS and self._done_on is not None:
            self.view.take_up(self._done_on)
        else:
            # A list that is empty yet cannot take it; it does so from here once it has lines.
            self.head.focus_place()
            self.show_place(self.places.currentIndex())

    @Slot()
    def go_back(self) -> None:
        """Go back to the list that a conversation was opened from."""
        if self.places.currentIndex() == CONVERSATIONS:
            (self.show_follow_ups if self._came_from == FOLLOW_UPS else self.show_today)()

    @Slot()
    def start_search(self) -> None:
        """Put the keyboard into the search of the place that is shown; a place without one leads to the mail."""
        if self.places.currentIndex() != PEOPLE:
            self.go(CONVERSATIONS)
        search = self.people.search if self.places.currentIndex() == PEOPLE else self.threads.search
        search.setFocus()
        search.selectAll()

    @Slot(object)
    def show_line(self, conversation_id: int) -> None:
        """Show the conversation of a line, and remember the list that it stands in."""
        self._came_from = self.places.currentIndex()
        self.go(CONVERSATIONS)
        self.mail.show_conversation(conversation_id)
        self.view.setFocus()

    @Slot(object)
    def open_conversation(self, key: Hashable) -> None:
        """Bring up the window: on a conversation by its id, on a person by address, else as it stands."""
        self.bring_up()
        if isinstance(key, int):
            self.go(CONVERSATIONS)
            self.mail.show_conversation(key)
        elif isinstance(key, str):
            self.go(PEOPLE)
            self.people.list.select_key(key)

    @Slot()
    def bring_up(self) -> None:
        """Show the window in front."""
        self.showNormal() if self.isMinimized() else self.show()
        self.raise_()
        self.activateWindow()
