"""What was typed after a command's name, to be typed again with something else in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ttp.cli.hints import option_words, quote_command


@dataclass(frozen=True, slots=True)
class Words:
    """`command`: `ttp plan`; `plain`: arguments and options without a value; `options`: those with one."""

    command: Sequence[str]
    plain: Sequence[str]
    options: Mapping[str, Sequence[str] | str | None]

    def text(self, name: str) -> str | None:
        """The value of an option that comes once."""
        value = self.options[name]
        return value if isinstance(value, str) else None

    def again(self, *more: str, **instead: str) -> str:
        """The whole command; `days="21"` is another `--days`."""
        other = {f"--{name.replace('_', '-')}": value for name, value in instead.items()}
        return quote_command(*self.command, *self.plain, *option_words({**self.options, **other}), *more)


def text_of(number: float | None) -> str | None:
    """A number as it is typed."""
    return None if number is None else f"{number:g}"
