"""What four blockers of tracking pictures look for, as facts in words of our own, and the least code that acts on them.

Read in their public sources, each at the version named with it.  Lists of named services are left out where a blocker
also has a rule for pictures of services that it does not know: Readback must be found without being on any list.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

# Trocker (trockerapp/trocker, chrome/trocker.js): a picture is a tracker's when it is tiny or its path looks like one,
# unless its address stands in the mail five times or more.  Tiny: at most three pixels in all by width times height,
# or at most three in the one that is given; or hidden.
TROCKER_MOST_PIXELS: Final = 3
TROCKER_PATHS: Final = ("/open", "=open", "/trace", "/track")
TROCKER_REPETITIONS: Final = 5

# PixelBlock (gdg/PixelBlock, scripts/main.js): of what is on no list, every picture that is 0 or 1 wide and 0 or 1
# high, by attribute or by style.
PIXELBLOCK_SIDES: Final = frozenset({0, 1})

# MailTrackerBlocker (apparition47/MailTrackerBlocker, Source/MTBBlockedMessage.m): of what is on no list, every picture
# whose tag gives a width of 0 or 1, as an attribute or in pixels in a style, unless the tag holds one of these.
MAIL_TRACKER_BLOCKER_WIDTH: Final = re.compile(
    r"""width\s*=\s*["']?\s*[01](px)?["'\s]|[^-]width:\s*[01]px""", re.IGNORECASE
)
MAIL_TRACKER_BLOCKER_SPARES: Final = (
    "spacer", "transparent.gif", "sidebar-gradient", "apple_logo_web", "fedex_collective_logo_",
    "attachments.office.net/owa/",
)  # fmt: skip

# Ugly Email (OneClickLab/ugly-email-extension, src/services/trackers.ts, and pixels3.json of its site, version 2.0.0):
# a list of expressions, each of which is looked for anywhere in a mail's HTML; no rule for size.  Of the list these are
# the ones that name no host, so that a picture of any service may bear them.
UGLY_EMAIL_EXPRESSIONS: Final = (
    r"/track/open.php\?u=", r"/wf/open\?upn=", "dripemail2", "/o/", r"/open.html\?x=", r"/ut.php\?u=", r"/trk?t=",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture's tag: its attributes, and as it is written."""

    attributes: Mapping[str, str]
    tag: str

    @property
    def source(self) -> str:
        """Its address."""
        return self.attributes.get("src", "")

    def side(self, name: str) -> int | None:
        """Return a side in pixels, by attribute or else by style, None where neither gives it."""
        styled = re.search(rf"(?:^|[;\s])(?:min-|max-)?{name}:\s*(\d+)", self.attributes.get("style", ""))
        given = self.attributes.get(name, styled[1] if styled else "")
        number = re.match(r"\d+", given)
        return int(number[0]) if number else None


class _Pictures(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Picture] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a picture."""
        if tag == "img":
            attributes = {name: value or "" for name, value in attrs}
            self.found.append(Picture(attributes, self.get_starttag_text() or ""))


def pictures_in(page: str) -> list[Picture]:
    """Return the pictures of a page."""
    parser = _Pictures()
    parser.feed(page)
    return parser.found


def trocker(page: str) -> bool:
    """Return True when Trocker would flag a mail."""
    found = pictures_in(page)
    sources = [picture.source for picture in found]
    return any(
        (_is_tiny(picture) or any(sign in urlsplit(picture.source).path for sign in TROCKER_PATHS))
        and sources.count(picture.source) < TROCKER_REPETITIONS
        for picture in found
    )


def _is_tiny(picture: Picture) -> bool:
    width, height = picture.side("width"), picture.side("height")
    style = picture.attributes.get("style", "").replace(" ", "")
    if "display:none" in style or "visibility:hidden" in style:
        return True
    if width is not None and height is not None:
        return width * height <= TROCKER_MOST_PIXELS
    return any(side is not None and side <= TROCKER_MOST_PIXELS for side in (width, height))


def pixelblock(page: str) -> bool:
    """Return True when PixelBlock would flag a mail."""
    return any({picture.side("width"), picture.side("height")} <= PIXELBLOCK_SIDES for picture in pictures_in(page))


def mail_tracker_blocker(page: str) -> bool:
    """Return True when MailTrackerBlocker would flag a mail."""
    return any(
        MAIL_TRACKER_BLOCKER_WIDTH.search(picture.tag) is not None
        and not any(spared in picture.tag for spared in MAIL_TRACKER_BLOCKER_SPARES)
        for picture in pictures_in(page)
    )


def ugly_email(page: str) -> bool:
    """Return True when Ugly Email would flag a mail."""
    return any(re.search(expression, page) for expression in UGLY_EMAIL_EXPRESSIONS)


BLOCKERS: Final[Mapping[str, Callable[[str], bool]]] = {
    "Trocker": trocker,
    "PixelBlock": pixelblock,
    "MailTrackerBlocker": mail_tracker_blocker,
    "Ugly Email": ugly_email,
}
