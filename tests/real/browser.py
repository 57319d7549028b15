"""Chromium as a person uses it, in a window on a screen: pages are opened, looked at, and clicked with the mouse.

It is driven over its DevTools pipe (descriptors 3 and 4, a JSON text and a NUL each way), which alters none of its
requests: to a server it is the Chromium that people use.
"""

import base64
import json
import os
import select
import subprocess
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any, Final

from tests.real.chromium import PROGRAM, flags
from tests.real.screen import Screen
from tests.real.waiting import end, until

_ANSWER_S: Final = 30.0


class Gone(Exception):  # noqa: N818 - the page's state, not a failure of the browser
    """The page that a script was to run in was being replaced by another."""


class Browser:
    """A running Chromium with one page; links that open a tab of their own leave it where it is."""

    def __init__(
        self,
        folder: Path,
        screen: Screen,
        *,
        http_proxy: tuple[str, int] | None = None,
        without_proxy: str = "",
        more: tuple[str, ...] = (),
    ) -> None:
        """Start it on `screen` with a profile in `folder`; all but `without_proxy` (host:port) goes by the proxy.

        `more` are flags that a person's has not.
        """
        folder.mkdir()
        to_it, ours_out = os.pipe()
        ours_in, from_it = os.pipe()
        # Chromium looks for the pipe at 3 and 4, where a program started by Python has nothing.
        shell = ["bash", "-c", f'exec "$0" "$@" 3<&{to_it} 4>&{from_it}', PROGRAM]
        with (folder / "chromium.log").open("wb") as output:
            self._process = subprocess.Popen(
                [*shell, *flags(folder, http_proxy, without_proxy), *more, "--remote-debugging-pipe", "about:blank"],
                env=screen.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(to_it, from_it),
            )
        os.close(to_it)
        os.close(from_it)
        self._out, self._in = ours_out, ours_in
        self._unread = b""
        self._number = 0
        # What Chromium told by itself, of the domains that were enabled: as yet none.
        self._told: list[dict[str, Any]] = []
        self._session = ""
        self._session = self._say("Target.attachToTarget", targetId=self._page(), flatten=True)["sessionId"]

    def _page(self) -> str:
        def found() -> str | None:
            targets = self._say("Target.getTargets")["targetInfos"]
            return next((str(each["targetId"]) for each in targets if each["type"] == "page"), None)

        return until(found, what="a page in Chromium")

    def _say(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a command and return its result; events in between are kept."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            command["sessionId"] = self._session
        os.write(self._out, json.dumps(command).encode("ascii") + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                break
            self._told.append(answer)
        if "error" in answer:
            raise Gone(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self) -> dict[str, Any]:
        ends_at = monotonic() + _ANSWER_S
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._in], [], [], max(0.0, ends_at - monotonic()))
            read = os.read(self._in, 1 << 20) if ready else b""
            if not read:
                raise TimeoutError(f"Chromium said nothing for {_ANSWER_S:g} s, or has ended")
            self._unread += read
        text, _, self._unread = self._unread.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message

    def open(self, url: str) -> None:
        """Go to a page; return once it has taken the place of the one before."""
        answer = self._say("Page.navigate", url=url)
        assert "errorText" not in answer, answer

    def open_tab(self, url: str) -> None:
        """Begin to load a page in a tab of its own, which is left to itself."""
        self._say("Target.createTarget", url=url)

    def run(self, script: str, *arguments: object) -> Any:
        """Run a function's body in the page and return what it, or its promise, gives; raise Gone or RuntimeError."""
        answer = self._say(
            "Runtime.evaluate",
            expression=f"(function () {{ {script} }}).apply(null, {json.dumps(arguments)})",
            returnByValue=True,
            awaitPromise=True,
            userGesture=True,
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", answer))
        return answer["result"].get("value")

    def until(self, expression: str, *arguments: object, what: str, within_s: float = 20) -> None:
        """Return once an expression is true in the page, whichever page that is by then."""

        def holds() -> bool:
            try:
                return bool(self.run(f"return Boolean({expression})", *arguments))
            except Gone:
                return False

        until(holds, what=what, within_s=within_s)

    def press(self, selector: str) -> None:
        """Click the middle of the first element that fits with the mouse, once it lies still and nothing covers it."""
        self._say("Page.bringToFront")
        lay: dict[str, float] | None = None

        def lies_still() -> dict[str, float] | None:
            nonlocal lay
            before, lay = lay, self.run(_MIDDLE, selector)
            return lay if lay == before else None

        place = until(lies_still, what=f"{selector} to lie still")
        for kind in ("mousePressed", "mouseReleased"):
            self._say("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def keep_picture(self, path: Path, *, clip: Mapping[str, float] | None = None) -> None:
        """Save what the window shows, or a part of the page that may be larger."""
        more = {} if clip is None else {"clip": dict(clip), "captureBeyondViewport": True}
        path.write_bytes(base64.b64decode(self._say("Page.captureScreenshot", **more)["data"]))

    def close(self) -> None:
        """End it."""
        end(self._process)
        os.close(self._out)
        os.close(self._in)


_MIDDLE: Final = """
const element = document.querySelector(arguments[0]);
element?.scrollIntoView({ block: "center" });
const box = element?.getClientRects()[0];
if (!box) {
  return null;
}
const place = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
return element.contains(document.elementFromPoint(place.x, place.y)) ? place : null;
"""
