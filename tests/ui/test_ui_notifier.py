"""Notifications over a real bus: shown, replaced, pressed; and what nobody shows falls to the toast."""

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from desktop.ui.notifier import Bubble, Notifier
from tests.ui.fake_daemon import FakeDaemon, private_bus

OPENED = Bubble(key=7, title="Anna opened “Offer”", line="11:42, Outlook, first time")
WAIT_MS = 5_000


@pytest.fixture(scope="module")
def bus() -> Iterator[str]:
    """One private bus for the module; each test brings its own daemon."""
    with private_bus() as address:
        yield address


@pytest.fixture
def open_notifier(bus: str) -> Iterator["Opener"]:
    """Open notifiers that leave the bus with the test."""
    opener = Opener(bus)
    yield opener
    for notifier in opener.opened:
        notifier.close()


class Opener:
    """Opens notifiers on a bus."""

    def __init__(self, bus: str) -> None:
        """Start with none."""
        self.bus = bus
        self.opened: list[Notifier] = []

    def __call__(self, *, wait_ms: int = WAIT_MS) -> Notifier:
        """Open one."""
        notifier = Notifier(bus=self.bus, wait_ms=wait_ms)
        self.opened.append(notifier)
        return notifier


def test_a_bubble_is_shown(bus: str, open_notifier: Opener, qtbot: QtBot) -> None:
    """Title, line and the default action reach the daemon as they are meant."""
    with FakeDaemon(bus) as daemon:
        open_notifier().show(OPENED)
        qtbot.waitUntil(lambda: not daemon.shown.empty())
        _, body = daemon.shown.get()
    assert body[0] == "Readback"
    assert body[3:6] == ("Anna opened “Offer”", "11:42, Outlook, first time", ["default", "Show"])


def test_one_conversation_has_one_bubble(bus: str, open_notifier: Opener, qtbot: QtBot) -> None:
    """A second notice of a conversation replaces the first; another conversation's stands beside it."""
    with FakeDaemon(bus) as daemon:
        notifier = open_notifier()
        for bubble in (OPENED, Bubble(key=7, title="Clicked", line=""), Bubble(key=8, title="Other", line="")):
            before = daemon.shown.qsize()
            notifier.show(bubble)
            qtbot.waitUntil(lambda before=before: daemon.shown.qsize() > before)  # type: ignore[misc]
            qtbot.waitUntil(lambda: not notifier.is_asking)
        shown = [daemon.shown.get() for _ in range(3)]
    assert [number for number, _ in shown] == [1, 1, 2]
    assert [body[1] for _, body in shown] == [0, 1, 0]


def test_notices_in_one_go_collapse_too(bus: str, open_notifier: Opener, qtbot: QtBot) -> None:
    """Notices of one conversation that come before the daemon's first answer end in one bubble."""
    with FakeDaemon(bus) as daemon:
        notifier = open_notifier()
        for number in range(3):
            notifier.show(Bubble(key=7, title=f"Notice {number}", line=""))
        qtbot.waitUntil(lambda: not notifier.is_asking and not daemon.shown.empty())
        shown = [daemon.shown.get() for _ in range(daemon.shown.qsize())]
    assert {number for number, _ in shown} == {1}
    assert shown[-1][1][3] == "Notice 2"


def test_pressing_opens_the_conversation(bus: str, open_notifier: Opener, qtbot: QtBot) -> None:
    """The default action hands back the bubble's key."""
    with FakeDaemon(bus) as daemon:
        notifier = open_notifier()
        notifier.show(OPENED)
        qtbot.waitUntil(lambda: not daemon.shown.empty() and not notifier.is_asking)
        with qtbot.waitSignal(notifier.chosen) as chosen:
            daemon.press(1)
    assert chosen.args == [7]


def test_a_closed_bubble_is_not_replaced(bus: str, open_notifier: Opener, qtbot: QtBot) -> None:
    """After the user put a bubble away, the next notice is a new one."""
    with FakeDaemon(bus) as daemon:
        notifier = open_notifier()
        notifier.show(OPENED)
        qtbot.waitUntil(lambda: not daemon.shown.empty() and not notifier.is_asking)
        daemon.close(daemon.shown.get()[0])
        qtbot.waitUntil(lambda: not notifier.has_bubble(7))
        notifier.show(OPENED)
        qtbot.waitUntil(lambda: not daemon.shown.empty())
        assert daemon.shown.get()[1][1] == 0


@pytest.mark.parametrize(
    ("capabilities", "line"),
    [(("body", "body-markup"), "&lt;b&gt;A&lt;/b&gt; &amp; “B”"), (("body",), "<b>A</b> & “B”")],
)
def test_a_subject_is_no_markup(
    bus: str, open_notifier: Opener, qtbot: QtBot, capabilities: tuple[str, ...], line: str
) -> None:
    """A daemon that renders markup gets the line escaped, another gets it as it is."""
    with FakeDaemon(bus, capabilities=capabilities) as daemon:
        open_notifier().show(Bubble(key=1, title="T", line="<b>A</b> & “B”"))
        qtbot.waitUntil(lambda: not daemon.shown.empty())
        assert daemon.shown.get()[1][4] == line


def test_without_a_bus_it_falls(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine without a session bus the bubble is handed to the toast at once."""
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    notifier = Notifier()
    assert not notifier.is_connected
    with qtbot.waitSignal(notifier.fell) as fell:
        notifier.show(OPENED)
    assert fell.args == [OPENED]


def test_without_a_daemon_it_falls(open_notifier: Opener, qtbot: QtBot) -> None:
    """A bus on which nobody shows notifications loses none."""
    notifier = open_notifier()
    with qtbot.waitSignal(notifier.fell) as fell:
        notifier.show(OPENED)
    assert fell.args == [OPENED]


@pytest.mark.parametrize("trait", ["fails", "is_mute"])
def test_a_refusing_or_mute_daemon_makes_it_fall(bus: str, open_notifier: Opener, qtbot: QtBot, trait: str) -> None:
    """An error, or no answer in time, hands the bubble to the toast."""
    with FakeDaemon(bus, fails=trait == "fails", is_mute=trait == "is_mute"):
        notifier = open_notifier(wait_ms=200)
        with qtbot.waitSignal(notifier.fell) as fell:
            notifier.show(OPENED)
    assert fell.args == [OPENED]


def test_a_bus_that_dies_makes_it_fall(qtbot: QtBot) -> None:
    """When the session's bus goes away, later bubbles fall and nothing raises."""
    with private_bus() as address, FakeDaemon(address) as daemon:
        notifier = Notifier(bus=address, wait_ms=WAIT_MS)
        notifier.show(OPENED)
        qtbot.waitUntil(lambda: not daemon.shown.empty() and not notifier.is_asking)
    qtbot.waitUntil(lambda: not notifier.is_connected)
    with qtbot.waitSignal(notifier.fell):
        notifier.show(OPENED)


def test_a_daemon_that_starts_later_is_used(bus: str, open_notifier: Opener, qtbot: QtBot) -> None:
    """A notice that fell for want of a daemon does not keep later ones from one that has started."""
    notifier = open_notifier()
    with qtbot.waitSignal(notifier.fell):
        notifier.show(OPENED)
    with FakeDaemon(bus) as daemon:
        notifier.show(OPENED)
        qtbot.waitUntil(lambda: not daemon.shown.empty())
