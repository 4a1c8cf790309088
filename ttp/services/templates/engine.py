"""Render templates with MiniJinja: only this module imports it. Values are plain data, and are never compiled."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any, NamedTuple

from ttp.domain.errors import Hint, UsageError
from ttp.domain.parts.fit import FitValue, mark, shorten
from ttp.domain.template import MissingVariable, TemplateText, check, refuse_other_names
from ttp.domain.template_text import FILTERS, Value, ago, hashtags

FUEL = 50_000
"""Steps of one rendering."""
LONGEST = 64_000
"""Characters of what it makes."""


class _Fields(dict[str, Value]):
    """An object whose methods a template does not see: the engine looks for attributes, too."""

    def __getattribute__(self, name: str) -> Any:
        return _hidden(super(), name)


class _Items(list[Value]):
    """A list whose methods a template does not see."""

    def __getattribute__(self, name: str) -> Any:
        return _hidden(super(), name)


def _hidden(value: Any, name: str) -> Any:
    if not name.startswith("_"):
        raise AttributeError(name)
    return value.__getattribute__(name)


def _guarded(value: Value) -> Value:
    if isinstance(value, Mapping):
        return _Fields({name: _guarded(one) for name, one in value.items()})
    return _Items(_guarded(one) for one in value) if isinstance(value, list | tuple) else value


class Rendered(NamedTuple):
    """A rendered text with marks, and the values that they stand for."""

    text: str
    values: Sequence[FitValue]


def render(source: TemplateText, values: Mapping[str, Value]) -> Rendered:
    """Return what a text of a template becomes with these values. Raise UsageError."""
    check(source)
    filters: dict[str, Callable[..., str]] = {**FILTERS, "ago": partial(ago, now=str(values.get("now")))}
    if not re.search(r"\|\s*hashtags\b", source.text):
        return _render(source, values, filters)
    without = _render(source, values, {**filters, "hashtags": lambda tags, *_: hashtags(tags, 0)})
    there = " ".join((without.text, *(one.text for one in without.values)))
    return _render(source, values, {**filters, "hashtags": partial(hashtags, text=there)})


def check_syntax(source: TemplateText) -> None:
    """Raise UsageError for what the engine cannot read, and for names that do not exist."""
    try:
        from minijinja import Environment, TemplateError
    except ImportError as missing:
        why = f"templates need the extra templates: {missing}"
        raise UsageError(why, Hint("fix", "pip install 'ttp-cli[templates]'")) from None
    try:
        environment = Environment(trim_blocks=True, lstrip_blocks=True)
        refuse_other_names(source, environment.undeclared_variables_in_str(source.text))
    except TemplateError as error:
        raise _refusal(source, error, {}) from None


def _render(source: TemplateText, values: Mapping[str, Value], filters: Mapping[str, Callable[..., str]]) -> Rendered:
    check_syntax(source)
    from minijinja import Environment, TemplateError

    to_fit: list[FitValue] = []
    strict: Any = "semi_strict"  # its types lack it
    environment = Environment(
        undefined_behavior=strict,
        fuel=FUEL,
        auto_escape_callback=lambda _: False,
        trim_blocks=True,
        lstrip_blocks=True,
        pycompat=False,
        filters={name: partial(_apply, source, values, name, use) for name, use in filters.items()},
    )
    for name in list(environment.globals):
        environment.remove_global(name)
    environment.add_filter("fit", partial(_apply, source, values, "fit", partial(_fit, to_fit)))
    try:
        text = environment.render_str(
            source.text, source.template, **{name: _guarded(one) for name, one in values.items()}
        )
    except TemplateError as error:
        raise _refusal(source, error, values) from None
    length = len(text) + sum(len(one.text) for one in to_fit)
    if length > LONGEST:
        raise source.refusal(0, f"the text has {length:,} characters, at most {LONGEST:,}")
    return Rendered(text, to_fit)


def _refusal(source: TemplateText, error: Any, values: Mapping[str, Value]) -> UsageError:
    """Return an error of the engine with its place, and what there is."""
    data = source.text.encode()
    place = len(data[: (error.range or (0,))[0]].decode(errors="replace"))
    if error.range is None and error.line:
        place = sum(len(line) + 1 for line in source.text.split("\n")[: error.line - 1])
    if error.kind == "OutOfFuel":
        return source.refusal(place, f"too many steps, at most {FUEL:,}")
    path = re.fullmatch(r"`(\w+)\.(\w+)` is undefined", error.detail or "")
    if path is not None:
        return _missing(source, place, path, values)
    return _missing_before(source, place, values) or source.refusal(place, error.detail or error.message)


def _missing_before(source: TemplateText, place: int, values: Mapping[str, Value]) -> UsageError | None:
    """Return the error for a missing `ROOT.NAME` in front of the filter at a place; None if it is there."""
    path = re.search(r"\b(\w+)\.(\w+)\s*\|\s*\Z", source.text[:place])
    there = values.get(path[1]) if path else None
    is_missing = path and isinstance(there, Mapping) and path[2] not in there
    return _missing(source, path.start(), path, values) if path and is_missing else None


def _missing(source: TemplateText, place: int, path: re.Match[str], values: Mapping[str, Value]) -> UsageError:
    """Return the error for `ROOT.NAME` that is not there, with what there is."""
    root, name = path[1], path[2]
    there = values.get(root)
    names = sorted(there) if isinstance(there, Mapping) else []
    near = [one for one in get_close_matches(name, names, 1) if one.isidentifier()]
    ways = [f"{root}.{near[0]}"] if near else [f"--var {name}=VALUE"] if root == "vars" else []
    refused = source.refusal(place, f'{root} has no "{name}". There are: {", ".join(names) or "none"}', *ways)
    return MissingVariable(refused, name) if root == "vars" else refused


def _apply(
    source: TemplateText,
    values: Mapping[str, Value],
    name: str,
    use: Callable[..., str],
    value: Value,
    *args: Value,
    **options: Value,
) -> str:
    """Return what a filter makes of a value. The engine passes on what it raises, without the place."""
    places = [use.start(1) for use in re.finditer(rf"\|\s*({name})\b", source.text)]
    if value is None:
        missing = (_missing_before(source, place, values) for place in places)
        raise next(filter(None, missing), None) or source.refusal(places[0], f"filter {name} got no value")
    place = places[0]
    if not isinstance(value, str | int | float) and (name != "hashtags" or not isinstance(value, list)):
        raise source.refusal(place, f"filter {name} takes a text")
    try:
        return use(value if isinstance(value, list) else str(value), *args, **options)
    except ValueError as error:
        raise source.refusal(place, f"filter {name}: {error}") from None
    except (TypeError, OverflowError):
        raise source.refusal(place, f"filter {name} does not take what is in its brackets") from None


def _fit(values: list[FitValue], text: str, most: int | None = None, end: str = "…") -> str:
    value = FitValue(text, end)
    values.append(value if most is None else value._replace(text=shorten(value, lambda one: len(one) <= most)))
    return mark(len(values) - 1)
