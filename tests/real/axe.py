"""What axe finds wrong with a page that a browser shows: axe-core's own file, run in the page.

It comes from a package of which nothing else is used or even imported (`packaging/requirements-real.txt`).
"""

from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

from tests.real.browser import Browser

_PACKAGE: Final = "axe-playwright-python"
_FILE: Final = "axe_playwright_python/axe.min.js"
# WCAG 2.2 on the levels A and AA holds all of 2.0 and 2.1.
_TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
# What axe cannot judge, such as text on a picture, is no pass.
_RUN: Final = """
return axe.run(document, { runOnly: { type: "tag", values: arguments[0] }, resultTypes: ["violations", "incomplete"] })
  .then(found => [
    found.passes.length,
    [...found.violations, ...found.incomplete].flatMap(each => each.nodes.map(node => `${each.id}: ${node.html}`)),
  ]);
"""


@cache
def _source() -> str:
    return Path(str(distribution(_PACKAGE).locate_file(_FILE))).read_text("utf-8")


def violations(browser: Browser) -> tuple[str, ...]:
    """Return each violation as rule and element; the page may forbid every script, since this one is the browser's."""
    if not browser.run("return Boolean(window.axe)"):
        browser.run(_source())
    passed, found = browser.run(_RUN, _TAGS)
    assert passed, "axe judged nothing"
    return tuple(found)
