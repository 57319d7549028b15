"""The screen without Readback: a notification that any program sends is displayed and remembered."""

from tests.real.screen import Notification, Screen


def test_dunst_displays_and_remembers(screen: Screen) -> None:
    """A notification is displayed by dunst, changes the picture of the screen, and stands in its history."""
    screen.forget_notifications()
    before = screen.colours()
    screen.run("dunstify", "-a", "tester", "Bob opened “Offer”", "11:42, Thunderbird, first time")
    assert screen.displayed_count() == 1
    assert screen.colours() > before
    assert screen.notifications() == (Notification("Bob opened “Offer”", "11:42, Thunderbird, first time", "tester"),)
