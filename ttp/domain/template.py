"""The texts of a template: which language they may use, and what fills them. Pure.

The language is a subset of Jinja's: `{{ }}`, `if`, `for`, `set`, `raw`, comments, and the filters of ALL_FILTERS. The
check of a text refuses the rest, also in branches that are not used: functions, which could reach the methods of
values, and `+` and `*`, which make lists whose size no engine limits.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from ttp.domain.action import WayOut
from ttp.domain.errors import Hint, UsageError
from ttp.domain.template_text import FILTERS, Value

LONGEST_SOURCE = 8_000
"""Characters of a template."""
ITEM = ("author", "link", "project", "published", "release", "source", "summary", "tags", "text", "title", "updated")
"""The variables of an item of a source."""
VARIABLES = tuple(sorted({"account", "limit", "now", "snippets", "tags", "text", "today", "vars", *ITEM}))
_BUILT_IN = (
    *("capitalize", "default", "first", "join", "last", "length", "lower", "replace", "split", "title", "trim"),
    "upper",
)
ALL_FILTERS = sorted((*_BUILT_IN, *FILTERS, "fit"))
_STATEMENTS = ("if", "elif", "else", "endif", "for", "endfor", "set", "endset")
_KEYWORDS = ("and", "else", "if", "in", "is", "not", "or")
_CALL = re.compile(r"(?P<filter>\|\s*)?(?:\b(?P<name>\w+)|[\])])\s*\(")
_CODE = r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^"'])*?"""
_BLOCK = re.compile(
    r"\{#.*?#\}|\{%[-+]?\s*raw\s*[-+]?%\}.*?\{%[-+]?\s*endraw\s*[-+]?%\}"
    rf"|\{{\{{(?P<shown>{_CODE})\}}\}}|\{{%[-+]?\s*(?P<word>\w*)(?P<rest>{_CODE})[-+]?%\}}",
    re.DOTALL,
)
_STRING = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", re.DOTALL)


class TemplateText(NamedTuple):
    """A text of a template. `line`: the one of the file in which it begins."""

    template: str
    text: str
    line: int = 1

    def refusal(self, place: int, message: str, *ways: WayOut) -> UsageError:
        """Return the error about a place of the text, in characters."""
        before = self.text[:place]
        where = f"line {self.line + before.count(chr(10))}, column {place - before.rfind(chr(10))}"
        hints = [Hint("try", way) for way in ways]
        return UsageError(f"template {self.template}, {where}: {message}", *hints, flaw="template")

    def names(self, name: str) -> bool:
        """Return whether the code of the text has a name."""
        return any(True for _, code in _code(self) for _ in _uses(name, code))

    @property
    def variables(self) -> set[str]:
        """The names of `vars` in its code."""
        return {name for _, code in _code(self) for name in re.findall(r"(?<![\w.])vars\.(\w+)", code)}

    @property
    def uses_any(self) -> bool:
        """Whether its code names `vars` as a whole, so that no value is certainly unused."""
        return any(re.search(r"(?<![\w.])vars\b(?!\.\w)", code) for _, code in _code(self))


class MissingVariable(UsageError):
    """A template uses a variable that it does not get. Nothing was done."""

    def __init__(self, refused: UsageError, name: str) -> None:
        super().__init__(refused.message, *refused.hints, flaw=refused.flaw)
        self.name = name


def check(source: TemplateText) -> None:
    """Raise UsageError for what templates do not have."""
    if len(source.text) > LONGEST_SOURCE:
        raise source.refusal(0, f"it has {len(source.text):,} characters, at most {LONGEST_SOURCE:,}")
    for block in _BLOCK.finditer(source.text):
        if block["word"] is not None and block["word"] not in _STATEMENTS:
            words = ", ".join(word for word in _STATEMENTS if not word.startswith("end"))
            raise source.refusal(block.start("word"), f'no statement "{block["word"]}". There are: {words}')
    for start, code in _code(source):
        for match in _CALL.finditer(code):
            if not match["filter"] and match["name"] not in _KEYWORDS:
                raise source.refusal(start + match.start(), "there are no functions, only filters: VALUE | FILTER")
        for match in re.finditer(r"[+*]|(?<!\|)\|\s*(\w+)", code):
            if not match[1]:
                raise source.refusal(start + match.start(), f'"{match[0]}" is not part of templates; ~ joins texts')
            if match[1] not in ALL_FILTERS:
                near = get_close_matches(match[1], ALL_FILTERS, 1)
                what = f'unknown filter "{match[1]}". There are: {", ".join(ALL_FILTERS)}'
                raise source.refusal(start + match.start(1), what, *near)


def _code(source: TemplateText) -> list[tuple[int, str]]:
    """Return the code in a text with where it begins, and spaces in place of its strings."""
    return [
        (block.start(name), _STRING.sub(lambda text: " " * len(text[0]), block[name]))
        for block in _BLOCK.finditer(source.text)
        for name in ("shown", "rest")
        if block[name] is not None
    ]


def _uses(name: str, code: str) -> Iterator[re.Match[str]]:
    return re.finditer(rf"(?<![\w.]){name}\b", code)


def refuse_other_names(source: TemplateText, names: Collection[str]) -> None:
    """Raise UsageError if a text uses another variable than there are. `names`: those that it uses."""
    for name in sorted({*names}.difference(VARIABLES)):
        places = (start + one.start() for start, code in _code(source) for one in _uses(name, code))
        what = f'no variable "{name}". There are: {", ".join(VARIABLES)}'
        raise source.refusal(next(places, 0), what, f"vars.{name}")


@dataclass(frozen=True, slots=True)
class Filling:
    """A template with what fills it, for one post. `variants`: by platform or account, as the template has them;
    `origin`: as the post keeps it."""

    origin: Mapping[str, Value]
    content: TemplateText
    variants: Mapping[str, TemplateText]
    thread: tuple[TemplateText, ...]
    comment: TemplateText
    """Empty without one."""
    values: Mapping[str, Value]
