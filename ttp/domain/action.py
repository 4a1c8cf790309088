"""Actions: what a hint proposes, as data. Each interface renders it in its own form: a command, a tool call, a link."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

LONGEST_TEXT = 80
"""Characters of a text that a hint repeats. Whoever wrote a longer one has it, or it is kept."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to ask of ttp: a command, its arguments and options; None is the value of a switch."""

    name: str
    args: tuple[str, ...] = ()
    options: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class OtherOptions:
    """The same request with other options: a value, several of them, or True for a switch; None leaves an option out,
    and False a switch. Without options it is the same request once more. `other_options` makes one."""

    options: tuple[tuple[str, str | bool | tuple[str, ...] | None], ...]


WayOut: TypeAlias = Action | OtherOptions | str
"""An action, other options for the same request, or words for another place: a system command, a line of a file."""


def other_options(**options: str | bool | tuple[str, ...] | None) -> OtherOptions:
    """Return the same request with other options: `other_options(at="tomorrow 9am", tz=None)`."""
    return OtherOptions(tuple((name.rstrip("_").replace("_", "-"), value) for name, value in options.items()))


def action(name: str, *args: object, **options: object) -> Action:
    """Return an action: `action("retry", 5, account="x/me")`. An option is a switch for True, comes once for each item
    of a sequence, and is left out for None and False. A final `_` of its name is dropped: `with_="media"`."""
    pairs: list[tuple[str, str | None]] = []
    for key, value in options.items():
        option = key.rstrip("_").replace("_", "-")
        if value is True:
            pairs.append((option, None))
        elif isinstance(value, Sequence) and not isinstance(value, str):
            pairs += [(option, str(one)) for one in value]
        elif value is not None and value is not False:
            pairs.append((option, str(value)))
    return Action(name, tuple(map(str, args)), tuple(pairs))


def drop_comment(post_id: int | None) -> Action:
    """Return the action that takes the comment of a post away: what is left where none can be sent."""
    return action("edit", post_id, comment="")


def as_fields(way: WayOut | None) -> Action | str | None:
    """Return a way out for a file that has the options as fields: `at: tomorrow 9am, tz: UTC`."""
    if not isinstance(way, OtherOptions):
        return way
    words = {name: "true" if value is True else value for name, value in way.options if value}
    fields = [f"{name}: {' | '.join(word) if isinstance(word, tuple) else word}" for name, word in words.items()]
    return ", ".join(fields) or way_without_values(way)


_EXAMPLE = (
    r"(?:^|[\s/=])(?:ACCOUNT|CLIENT_ID|COLUMN|DATE|DIR|FILE|HANDLE|HOST|ID|KEY|"
    r"NAME|PATH|PROGRAM|TAG|TEXT|TIME|URL|WORD|X,Y|…)(?=$|[\s=/])"
)
"""A pattern; compiled where it is needed, as others in modules that every command imports."""


def has_example(way: WayOut) -> bool:
    """Return whether a way out has a word that stands for another one, such as FILE, so that it does not work as it
    is."""
    if isinstance(way, str):
        return re.search(_EXAMPLE, way) is not None
    values = [one for _, value in way.options for one in (value if isinstance(value, tuple) else (value,))]
    words = [*values, *(way.args if isinstance(way, Action) else ())]
    return any(isinstance(word, str) and re.search(_EXAMPLE, word) for word in words)


def way_without_values(way: OtherOptions, dashes: str = "") -> str:
    """Return what to do where no option gets a value, in words."""
    return f"leave out {dashes}{way.options[0][0]}" if way.options else "the same again"


def way_out_to_text(way: WayOut | None) -> str | None:
    if isinstance(way, Action):
        return json.dumps([way.name, way.args, way.options])
    return way if isinstance(way, str) else None  # other options are of a request, and the store has none


def way_out_from_text(text: str | None) -> WayOut | None:
    """Return the way out of a stored text; a text that is not an action, as in older stores, unchanged."""
    if text is not None and text.startswith('["'):
        with suppress(ValueError):
            name, args, options = json.loads(text)
            return Action(name, tuple(args), tuple((option, value) for option, value in options))
    return text
