"""A screen that nobody looks at, and the desktop on it: Xvfb, openbox, a session bus and dunst.

The bus is the screen's own (dbus-daemon as dbus-run-session starts it), so no notification of the machine gets in.
Pictures of the screen are taken by ImageMagick's `import`.
"""

import json
import os
import select
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.real.waiting import end, until

_DUNSTRC: Final = """\
[global]
width = (300, 420)
height = 200
offset = 20x20
origin = top-right
font = DejaVu Sans 11
format = "<b>%s</b>\\n%b"
markup = full
icon_position = off
history_length = 50
sort = no
idle_threshold = 0
show_indicators = no
[urgency_low]
timeout = 0
[urgency_normal]
timeout = 0
background = "#1c2430"
foreground = "#ffffff"
[urgency_critical]
timeout = 0
"""
_BUS: Final = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={folder}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


@dataclass(frozen=True, slots=True)
class Notification:
    """What dunst displayed: the title, the text and the program that asked for it."""

    summary: str
    body: str
    program: str


class Screen:
    """A started screen; `environment` is what a program needs to appear on it."""

    def __init__(self, folder: Path, *, size: str = "1280x900") -> None:
        """Start everything, with files below `folder`, which must exist."""
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._last_forgotten = 0
        self.environment = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "GDK_BACKEND": "x11"}
        self.environment["QT_QPA_PLATFORM"] = "xcb"
        self.environment.pop("WAYLAND_DISPLAY", None)
        self.environment["DISPLAY"] = ":" + self._start_and_read(
            "Xvfb", "-screen", "0", f"{size}x24", "-nolisten", "tcp", "-displayfd", "{fd}"
        )
        (folder / "bus.conf").write_text(_BUS.format(folder=folder), "utf-8")
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self._start_and_read(
            "dbus-daemon", "--nofork", "--nopidfile", f"--config-file={folder / 'bus.conf'}", "--print-address={fd}"
        )
        (folder / "dunstrc").write_text(_DUNSTRC, "utf-8")
        self._start("openbox", "--sm-disable")
        self._start("dunst", "-conf", str(folder / "dunstrc"))
        until(self._dunst_answers, what="dunst to own the notification service")

    def _start(self, *command: str, pass_fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
        with (self._folder / f"{command[0]}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                pass_fds=pass_fds,
            )
        self._processes.append(process)
        return process

    def _start_and_read(self, *command: str) -> str:
        """Start a program that prints one line to a descriptor of ours when it is ready, and return that line."""
        ours, theirs = os.pipe()
        self._start(*(word.replace("{fd}", str(theirs)) for word in command), pass_fds=(theirs,))
        os.close(theirs)
        ready, _, _ = select.select([ours], [], [], 15)
        assert ready, f"{command[0]} did not get ready; see {self._folder}"
        with os.fdopen(ours, "r", encoding="utf-8") as lines:
            return lines.readline().strip()

    def run(self, *command: str) -> str:
        """Run a short program on the screen and return what it printed; raise CalledProcessError."""
        done = subprocess.run(
            command, env=self.environment, check=True, capture_output=True, timeout=15, stdin=subprocess.DEVNULL
        )
        return done.stdout.decode("utf-8", "replace")

    def _dunst_answers(self) -> bool:
        asked = subprocess.run(
            ["dunstctl", "count", "displayed"], env=self.environment, check=False, capture_output=True, timeout=15
        )
        return asked.returncode == 0 and asked.stdout.strip().isdigit()

    def displayed_count(self) -> int:
        """Return how many notifications dunst shows at this moment."""
        return int(self.run("dunstctl", "count", "displayed"))

    def _history(self) -> list[dict[str, Any]]:
        """Close what is displayed and return all that dunst remembers, oldest first."""
        self.run("dunstctl", "close-all")
        until(lambda: self.displayed_count() == 0, what="dunst to close its windows")
        entries: list[dict[str, Any]] = json.loads(self.run("dunstctl", "history"))["data"][0]
        return sorted(entries, key=lambda entry: int(entry["id"]["data"]))

    def forget_notifications(self) -> None:
        """Close what is displayed; `notifications` names later ones only (dunst 1.9 cannot empty its history)."""
        self._last_forgotten = max((int(entry["id"]["data"]) for entry in self._history()), default=0)

    def notifications(self) -> tuple[Notification, ...]:
        """Close what is displayed and return all that was displayed since they were last forgotten, oldest first."""
        return tuple(
            Notification(entry["summary"]["data"], entry["body"]["data"], entry["appname"]["data"])
            for entry in self._history()
            if int(entry["id"]["data"]) > self._last_forgotten
        )

    def picture(self, path: Path) -> Path:
        """Save what the screen shows as a PNG, and return its path."""
        self.run("import", "-window", "root", str(path))
        return path

    def raise_window(self, title: str) -> None:
        """Bring the window whose title holds `title` to the front, once there is one, and give it the keyboard."""

        def found() -> str:
            searched = subprocess.run(
                ["xdotool", "search", "--onlyvisible", "--name", title],
                env=self.environment,
                check=False,
                capture_output=True,
                timeout=15,
            )
            return searched.stdout.decode("ascii").split("\n")[0]

        window = until(found, what=f"a window titled {title!r}")
        self.run("xdotool", "windowactivate", "--sync", window)

    def colours(self) -> int:
        """Return how many different colours the screen shows: 1 or 2 when it is empty."""
        return int(self.run("identify", "-format", "%k", str(self.picture(self._folder / "now.png"))))

    def pixels_of(self, colour: str, picture: Path) -> int:
        """Return how many pixels of a picture have exactly this colour, spelled as #RRGGBB."""
        lines = self.run("convert", str(picture), "-depth", "8", "-format", "%c", "histogram:info:-").splitlines()
        return sum(int(line.partition(":")[0]) for line in lines if f" {colour.upper()} " in line)

    def close(self) -> None:
        """End everything on the screen, the screen last."""
        for process in reversed(self._processes):
            end(process)
