"""Chromium as whoever inspects a page: in both sizes and schemes, by keyboard alone, with all that it asks and says."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

from tests.real.added_line import LOOK, SeenLine
from tests.real.axe import violations
from tests.real.browser import Browser
from tests.real.screen import Screen
from tests.real.waiting import until

_KEYS: Final = {
    "Tab": {"code": "Tab", "windowsVirtualKeyCode": 9},
    "Enter": {"code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    " ": {"code": "Space", "windowsVirtualKeyCode": 32, "text": " "},
}
_MAX_TABS: Final = 20
_WIDTHS: Final = {"phone": 390, "desk": 1280}
# WCAG 2.2, 1.4.10 (reflow): a desk's window magnified four times; axe does not look at it.
_NARROWEST: Final = 320
# WCAG 2.2 is content with 24; a thumb is not.
_SMALLEST_PX: Final = 44
# A phone's innerWidth grows with what is too wide.
_IS_WIDER: Final = "return document.documentElement.scrollWidth > arguments[0]"
_SMALL: Final = """
return [...document.querySelectorAll("button, label")]
  .filter(each => each.getBoundingClientRect().height < arguments[0]).map(each => each.outerHTML);
"""
_IS_FOCUSED: Final = "return document.activeElement.matches(arguments[0])"
_HAS_RING: Final = "return getComputedStyle(document.activeElement).outlineStyle != 'none'"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A way to look at a page."""

    device: str
    scheme: str


VIEWS: Final = tuple(View(device=device, scheme=scheme) for device, scheme in product(_WIDTHS, ("light", "dark")))


class Inspected(Browser):
    """A headless Chromium that runs no page's script unless `has_scripts`, and prefers one language."""

    def __init__(
        self,
        folder: Path,
        screen: Screen,
        *,
        language: str = "en",
        has_scripts: bool = True,
        http_proxy: tuple[str, int] | None = None,
    ) -> None:
        """Start it with a profile in `folder`, behind a proxy where there is one."""
        more = ("--headless", "--hide-scrollbars", f"--accept-lang={language}")
        super().__init__(folder, screen, http_proxy=http_proxy, more=more)
        self._has_scripts = has_scripts
        for domain in ("Page", "Network", "Log", "Runtime"):
            self._say(f"{domain}.enable")
        self._say("Emulation.setFocusEmulationEnabled", enabled=True)
        self._allow_scripts(has_scripts)

    def _allow_scripts(self, is_allowed: bool) -> None:
        self._say("Emulation.setScriptExecutionDisabled", value=not is_allowed)

    def go(self, url: str) -> None:
        """Open a page and return once it is loaded; what was told of the page before is forgotten."""
        self._told.clear()
        self.open(url)
        self._wait_loaded()

    def press_key(self, key: str) -> None:
        """Press and let go one of Tab, Enter and the space bar."""
        self._say("Input.dispatchKeyEvent", type="keyDown", key=key, **_KEYS[key])
        self._say("Input.dispatchKeyEvent", type="keyUp", key=key, **_KEYS[key])

    def reach(self, selector: str) -> None:
        """Go by Tab to what fits, which must then show that it is reached."""
        for _ in range(_MAX_TABS):
            self.press_key("Tab")
            if self.run(_IS_FOCUSED, selector):
                assert self.run(_HAS_RING), f"{selector} does not show that it has the keyboard"
                return
        raise AssertionError(f"{selector} is not to be had by keyboard")

    def tick(self, selector: str) -> None:
        """Tick a box by keyboard."""
        self.reach(selector)
        self.press_key(" ")

    def press_button(self, selector: str) -> None:
        """Press a button or link by keyboard, and return once the page that it leads to is loaded."""
        self.reach(selector)
        self._told.clear()
        self.press_key("Enter")
        self._wait_loaded()

    def _wait_loaded(self) -> None:
        until(lambda: self.run("return true") and self._heard("Page.loadEventFired"), what="a page to be loaded")

    def _heard(self, method: str) -> list[dict[str, Any]]:
        return [message["params"] for message in self._told if message.get("method") == method]

    def added_line(self, part: str) -> SeenLine:
        """Return how a mail that is shown as a page shows the line whose link holds `part`."""
        return SeenLine(**self.run(f"{LOOK} return look(document, arguments[0]);", part))

    def heading(self) -> str:
        """Return the page's first heading."""
        return str(self.run("return document.querySelector('h1')?.textContent"))

    def asked(self) -> tuple[str, ...]:
        """Return every URL that was asked for since the page was gone to."""
        return tuple(each["request"]["url"] for each in self._heard("Network.requestWillBeSent"))

    def complaints(self) -> tuple[str, ...]:
        """Return what stands in the console; that a page came with a status of 400 or more is no complaint of it."""
        here = self.run("return location.href")
        entries = [each["entry"] for each in self._heard("Log.entryAdded")]
        said = [entry["text"] for entry in entries if (entry["source"], entry.get("url")) != ("network", here)]
        said += [str(each["args"]) for each in self._heard("Runtime.consoleAPICalled")]
        return (*said, *(str(each["exceptionDetails"]) for each in self._heard("Runtime.exceptionThrown")))

    def cookies(self) -> tuple[str, ...]:
        """Return the names of all that pages left in the browser."""
        return tuple(each["name"] for each in self._say("Storage.getCookies")["cookies"])

    def forget_cookies(self) -> None:
        """Remove all that pages left."""
        self._say("Storage.clearCookies")

    def views(self) -> Iterator[View]:
        """Show the page in every view, one after the other."""
        for view in VIEWS:
            self._say("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": view.scheme}])
            self._resize(_WIDTHS[view.device], is_phone=view.device == "phone")
            yield view

    def _resize(self, width: int, *, is_phone: bool) -> None:
        size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": is_phone}
        self._say("Emulation.setDeviceMetricsOverride", **size)

    def faults(self, *, origin: str, language: str) -> tuple[str, ...]:
        """Return all that is wrong with the page: what it asks whom and leaves behind, and where it is unfit."""
        found = [f"asks {url}" for url in self.asked() if not url.startswith(f"{origin}/")]
        found += [f"leaves {name}" for name in self.cookies()]
        found += [f"console: {text}" for text in self.complaints()]
        spoken = self.run("return document.documentElement.lang")
        found += [] if spoken == language else [f"speaks {spoken!r}"]
        for view in self.views():
            unfit = [*self._judged(), *(f"small: {each}" for each in self.run(_SMALL, _SMALLEST_PX))]
            unfit += ["wider than the screen"] if self.run(_IS_WIDER, _WIDTHS[view.device]) else []
            found += [f"{view.device}, {view.scheme}: {each}" for each in unfit]
        self._resize(_NARROWEST, is_phone=True)
        found += [f"at {_NARROWEST} px: wider than the screen"] if self.run(_IS_WIDER, _NARROWEST) else []
        return tuple(found)

    def _judged(self) -> tuple[str, ...]:
        """Let axe judge the page; where scripts are off it is the page as it came without them, and axe alone runs."""
        self._allow_scripts(True)
        found = violations(self)
        self._allow_scripts(self._has_scripts)
        return found

    def keep_pictures(self, folder: Path, name: str) -> None:
        """Save the whole page as it looks in each view."""
        for view in self.views():
            size = self._say("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
            self.keep_picture(folder / f"{name}.{view.device}.{view.scheme}.png", clip=clip)
