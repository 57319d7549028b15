"""The line that Readback adds to a mail, as a program displays it: where it stands, how large, in what colours."""

import re
from dataclasses import dataclass
from typing import Final

_CHANNELS: Final = re.compile(r"[0-9.]+")
# JavaScript that defines `look(document, part)`: the paragraph around the link whose address holds `part`.
LOOK: Final = """
function look(shown, part) {
  const css = element => shown.defaultView.getComputedStyle(element);
  const link = [...shown.querySelectorAll("a")].find(each => each.href.includes(part));
  const line = link.closest("p, div");
  const quote = shown.querySelector("blockquote");
  let ground = link;
  while (ground && css(ground).backgroundColor.endsWith(", 0)")) {
    ground = ground.parentElement;
  }
  const box = line.getBoundingClientRect();
  return {
    text: line.textContent.replace(/\\s+/g, " ").trim(),
    link: link.href,
    size: css(line).fontSize,
    colour: css(line).color,
    link_colour: css(link).color,
    own_link_colour: css(shown.querySelector("a[href^='https://example.test/']")).color,
    body_colour: css(shown.querySelector("p")).color,
    ground: ground ? css(ground).backgroundColor : "rgb(255, 255, 255)",
    is_before_quote: Boolean(line.compareDocumentPosition(quote) & 4),
    is_displayed: box.width > 0 && box.height > 0,
  };
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLine:
    """What a program displays of the line; colours as CSS computes them, `own_link_colour` that of the mail's links."""

    text: str
    link: str
    size: str
    colour: str
    link_colour: str
    own_link_colour: str
    body_colour: str
    ground: str
    is_before_quote: bool
    is_displayed: bool

    def contrasts(self) -> tuple[float, float]:
        """Return how the words and the link stand out against what is behind them (WCAG 2.2, contrast ratio)."""
        return _contrast(self.colour, self.ground), _contrast(self.link_colour, self.ground)


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(float(channel) / 255) for channel in _CHANNELS.findall(colour)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
