"""Style sheets as mails hold them, read as far as they can hide something: which rules meet an element.

What a rule's condition, attribute or state would decide elsewhere counts as met here: where it matters, a rule that may
hold holds.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|([^\n]))")
_DECLARATION: Final = re.compile(
    r"([-\w]+)\s*:\s*((?:[^;\"'(){}]|\"[^\"]*\"|'[^']*'|\((?:[^()\"']|\"[^\"]*\"|'[^']*'|\([^()]*\))*\))*+)"
)
_IMPORTANT: Final = re.compile(r"!\s*important\s*\Z")
_BRACES: Final = re.compile(r"[{};]")
_BLOCK: Final = re.compile(r"[{}]")
# Nobody nests deeper; what does is not read, and taken for the worst.
_MAX_DEPTH: Final = 8
_INSIDE: Final = re.compile(r"\([^()]*\)|\[[^\]]*\]")
_STEPS: Final = re.compile(r"\s*([>+~])\s*|\s+")
_COMPOUND: Final = re.compile(r"[#.]?[-\w*]+|::?[-\w]+")
_PSEUDO_ELEMENT: Final = re.compile(r"::[-\w]+|:(?:before|after|first-line|first-letter)\b")
# What is met at any time: no condition that another program, screen or scheme may not fulfil.
_ALWAYS: Final = frozenset({"", "all", "screen", "only screen"})
_NEVER_MET: Final = frozenset({"print", "only print", "speech"})
_GROUPS: Final = frozenset({"media", "supports", "layer", "container", "scope", "document", "-moz-document"})
_GROUP: Final = re.compile(r"@([-\w]+)\s*(.*)\Z", re.DOTALL)


class Declaration(NamedTuple):
    """A property and its value, both in lower case."""

    name: str
    value: str
    is_important: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """An element as selectors look at it, with what its own `style` says.

    `marks` are what a selector can name it by: `name`, `*`, `#id` and `.class`.
    """

    name: str
    marks: frozenset[str]
    style: tuple[Declaration, ...] = ()


def element(name: str, *, id_: str = "", classes: str = "", style: str = "") -> Element:
    """Return the element with these attributes, as the page spells them."""
    named = {f".{each}" for each in classes.lower().split()} | {f"#{id_.lower()}"}
    return Element(name=name, marks=frozenset({name, "*", *named}), style=read_style(style))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A selector with its declarations; `is_conditional` where another program or screen may not follow it.

    `subject` is what the element itself has to be named by, `around` what elements around it have to be.  `part` is the
    piece of it that the rule is for, as `first-line`; empty for the whole.
    """

    subject: frozenset[str]
    around: tuple[frozenset[str], ...]
    part: str
    declarations: tuple[Declaration, ...]
    is_conditional: bool = False

    def meets(self, chain: Sequence[Element]) -> bool:
        """Return whether the rule may be for the last element of a chain of elements, the outermost first."""
        if not self.subject <= chain[-1].marks:
            return False
        return all(any(compound <= each.marks for each in chain[:-1]) for compound in self.around)


def _rule(selector: str, declarations: tuple[Declaration, ...], *, is_conditional: bool) -> Rule:
    parts = _PSEUDO_ELEMENT.findall(selector)
    bare = _PSEUDO_ELEMENT.sub("", selector)
    for _ in range(_MAX_DEPTH):
        bare = _INSIDE.sub("", bare)
    steps = _STEPS.split(bare.strip())
    compounds, combinators = [_compound(each) for each in steps[0::2]], steps[1::2]
    return Rule(
        subject=compounds[-1],
        # What stands beside an element is not looked at.
        around=tuple(each for each, by in zip(compounds[:-1], combinators, strict=True) if by not in {"+", "~"}),
        part=parts[-1].lstrip(":") if parts else "",
        declarations=declarations,
        is_conditional=is_conditional,
    )


def _compound(text: str) -> frozenset[str]:
    return frozenset(match[0] for match in _COMPOUND.finditer(text) if not match[0].startswith(":"))


def read_style(attribute: str) -> tuple[Declaration, ...]:
    """Return the declarations of a `style` attribute as the page spells it."""
    return _declarations(_plain(html.unescape(attribute)))


def read_sheet(text: str) -> Iterator[Rule]:
    """Yield the rules of a style sheet, a rule for each of its selectors."""
    yield from _rules(_plain(text), is_conditional=False, depth=0)


def _plain(text: str) -> str:
    return _ESCAPE.sub(_unescaped, _COMMENT.sub(" ", text)).lower()


def _unescaped(match: re.Match[str]) -> str:
    if match[1] is None:
        # A sign that is escaped means itself and never begins or ends anything.
        return match[2] if match[2].isalnum() else "_"
    number = int(match[1], 16)
    return chr(number) if number < 0x110000 and chr(number).isalnum() else "_"


def _declarations(text: str) -> tuple[Declaration, ...]:
    return tuple(
        Declaration(match[1], _IMPORTANT.sub("", match[2]).strip(), bool(_IMPORTANT.search(match[2])))
        for match in _DECLARATION.finditer(text)
    )


def _rules(text: str, *, is_conditional: bool, depth: int) -> Iterator[Rule]:
    if depth > _MAX_DEPTH:
        yield _rule("*", (Declaration("display", "none"),), is_conditional=is_conditional)
        return
    position = 0
    while (found := _BRACES.search(text, position)) is not None:
        prelude, position = text[position : found.start()].strip(), found.end()
        if found[0] != "{":
            continue
        end = _block_end(text, position)
        block, position = text[position:end], end + 1
        if prelude.startswith("@"):
            yield from _group(prelude, block, is_conditional=is_conditional, depth=depth + 1)
            continue
        declarations = _declarations(block)
        for selector in _selectors(prelude):
            yield _rule(selector, declarations, is_conditional=is_conditional)
        if "{" in block:
            yield from _rules(block.replace("&", "*"), is_conditional=is_conditional, depth=depth + 1)


def _group(prelude: str, block: str, *, is_conditional: bool, depth: int) -> Iterator[Rule]:
    found = _GROUP.match(prelude)
    if found is None or found[1] not in _GROUPS or found[2] in _NEVER_MET:
        return
    is_always = found[1] != "media" or found[2] in _ALWAYS
    yield from _rules(block, is_conditional=is_conditional or not is_always, depth=depth)


def _block_end(text: str, position: int) -> int:
    depth = 1
    for found in _BLOCK.finditer(text, position):
        depth += 1 if found[0] == "{" else -1
        if depth == 0:
            return found.start()
    return len(text)


def _selectors(prelude: str) -> Iterator[str]:
    for each in re.split(r",(?![^(\[]*[)\]])", prelude):
        if each.strip():
            yield each.strip()


def met(rules: Sequence[Rule], chain: Sequence[Element], part: str = "") -> Iterator[Declaration]:
    """Yield what rules may say of the last element of a chain, or of a part of it such as `first-line`."""
    for rule in rules:
        if rule.part == part and rule.meets(chain):
            yield from rule.declarations
