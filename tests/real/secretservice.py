"""A headless session with GNOME Keyring: a D-Bus of its own and an unlocked login keyring, below one folder."""

import os
import subprocess
from pathlib import Path
from typing import Final

from tests.real.waiting import end, until

PASSWORD: Final = "open sesame"
# A bus that starts nothing by itself: else the first question could start a second, locked keyring before ours.
_BUS: Final = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir={folder}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
"""


class SecretService:
    """Started at once; `environment` is what a program of this session sees."""

    def __init__(self, folder: Path) -> None:
        """Start D-Bus and the keyring below `folder`, which only its owner may read."""
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")},
            "HOME": str(folder),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_RUNTIME_DIR": str(folder),
        }
        conf = folder / "bus.conf"
        conf.write_text(_BUS.format(folder=folder), "utf-8")
        self._log = (folder / "session.log").open("wb")
        self._bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={conf}", "--nofork", "--print-address"],
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=self.environment,
        )
        assert self._bus.stdout is not None
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self._bus.stdout.readline().decode().strip()
        self._keyring = self._start_keyring()

    def _start_keyring(self) -> subprocess.Popen[bytes]:
        started = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            env=self.environment,
        )
        assert started.stdin is not None
        started.stdin.write(PASSWORD.encode())
        started.stdin.close()
        try:
            until(lambda: self._answers(started), what="GNOME Keyring to open")
        except BaseException:
            end(started)
            end(self._bus)
            raise
        return started

    def _answers(self, started: subprocess.Popen[bytes]) -> bool:
        """Say whether the login keyring is there; not yet while the daemon opens it."""
        assert started.poll() is None
        said = self._dbus_send(
            "/org/freedesktop/secrets/aliases/default",
            "org.freedesktop.DBus.Properties.Get",
            "string:org.freedesktop.Secret.Collection",
            "string:Locked",
        )
        return "boolean false" in said.stdout

    def look_up(self, name: str) -> str | None:
        """Return what libsecret's own tool finds under Readback's `name`, None for nothing."""
        found = self._run("secret-tool", "lookup", "service", "Readback", "username", name)
        return found.stdout if found.returncode == 0 else None

    def lock(self) -> None:
        """Lock every keyring, as a screen lock may."""
        # secret-tool 0.20.5 ends with a segmentation fault here.
        self._dbus_send(
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.Lock",
            "array:objpath:/org/freedesktop/secrets/collection/login",
        ).check_returncode()

    def _dbus_send(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self._run("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets", *arguments)

    def _run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=20)

    def end_keyring(self) -> None:
        """End the keyring alone, as a crash would."""
        end(self._keyring)

    def close(self) -> None:
        """End all of it."""
        end(self._keyring)
        end(self._bus)
        if self._bus.stdout is not None:
            self._bus.stdout.close()
        self._log.close()
