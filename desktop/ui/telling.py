"""Notifications: which are told, when, and in what words; and what pressing one opens.

Kinds can be switched off one by one; replies and automatic answers are off until they are switched on, since the mail
program rings for them already.
"""

from collections.abc import Callable, Hashable
from datetime import UTC, datetime

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop.core.errors import Trouble
from desktop.core.notice import Notice, NoticeKind
from desktop.store import settings
from desktop.store.database import Store
from desktop.store.hits import still_stands
from desktop.ui import notice_words
from desktop.ui.notifier import Bubble, Notifier
from desktop.ui.ops import Ops
from desktop.ui.toast import Toast


def notice_key(kind: NoticeKind) -> str:
    """Return the setting under which a kind of notification is switched."""
    return f"notify.{kind.value}"


def is_switched_on(store: Store, kind: NoticeKind) -> bool:
    """Say whether a kind is told: as the user chose, else as it is by default."""
    return bool(settings.get(store, notice_key(kind), kind.is_on_by_default))


class Telling(QObject):
    """Tells notices by the desktop's own means, or by the toast; `chosen` carries what was pressed."""

    chosen = Signal(object)
    failed = Signal(object)

    def __init__(self, store: Store, ops: Ops, toast: Toast, parent: QObject) -> None:
        """Tell nothing until `reload` has read what is switched off."""
        super().__init__(parent)
        self._store, self._ops, self._toast = store, ops, toast
        self.switched_off: frozenset[NoticeKind] = frozenset(NoticeKind)
        self.notifier = Notifier(self)
        self.notifier.chosen.connect(self.chosen)
        self.notifier.fell.connect(self._on_fell)

    def reload(self) -> None:
        """Read anew which kinds are switched off."""

        def work() -> frozenset[NoticeKind]:
            return frozenset(kind for kind in NoticeKind if not is_switched_on(self._store, kind))

        def done(off: frozenset[NoticeKind]) -> None:
            self.switched_off = off

        self._ops.run(self, work, done, self._on_failed)

    def _on_failed(self, trouble: Trouble) -> None:
        self.failed.emit(trouble)

    def tell_when_settled(self, notice: Notice) -> None:
        """Tell a notice; one that the next seconds may belie waits for them, and is then told only if it stands."""
        if not notice.settles_after_s:
            self.tell(notice)
            return

        def told(stands: bool) -> None:
            if stands:
                self.tell(notice)

        def look() -> None:
            self._ops.run(self, lambda: still_stands(self._store, notice), told, self._on_failed)

        QTimer.singleShot(int(notice.settles_after_s * 1000), self, look)

    def tell(self, notice: Notice) -> None:
        """Show a notification unless its kind is switched off."""
        if notice.kind not in self.switched_off:
            title, line = notice_words.notice_texts(notice)
            key = notice.conversation_id if notice.conversation_id is not None else notice.address
            self.notifier.show(Bubble(key=key, title=title, line=line))

    def tell_sample(self, at: datetime) -> None:
        """Show what a notification looks like; it leads nowhere."""
        sample = Notice(
            kind=NoticeKind.OPENED,
            conversation_id=None,
            copy_id=None,
            person="Somebody",
            address="",
            subject="A sample",
            at=at.astimezone(UTC),
            agent_name="Outlook",
        )
        title, line = notice_words.notice_texts(sample)
        self.notifier.show(Bubble(key=None, title=title, line=line))

    @Slot(object)
    def _on_fell(self, bubble: Bubble) -> None:
        self._toast.show_notice(bubble.title, bubble.line, button="Show", chosen=_Opening(self.chosen.emit, bubble.key))

    def close(self) -> None:
        """Let go of the bus."""
        self.notifier.close()


class _Opening:
    def __init__(self, choose: Callable[[Hashable], None], key: Hashable) -> None:
        self._choose, self._key = choose, key

    def __call__(self) -> None:
        self._choose(self._key)
