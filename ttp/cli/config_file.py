"""Changing the config file: comments, order and everything else in it stay as a person wrote them."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from ttp.domain.config import KEYS, Key, Value
from ttp.domain.errors import Busy, UsageError
from ttp.store import regular_file, whole_file


def put(path: Path, key: Key, value: Value) -> None:
    """Write one setting; None takes it out. UsageError where the file cannot be read, Busy where it cannot be
    written."""
    path = path.resolve()  # one that is a link stays a link
    with _changing(path):
        whole_file.write(path, _with(path, key, value))


def replace(path: Path, before: str | None, after: str) -> bool:
    """Put a file in the place of one that still says `before` (None: there was none); whether it did so. Busy."""
    path = path.resolve()
    with _changing(path):
        still = text_of(path) == before
        if still:
            whole_file.write(path, after)
        return still


def text_of(path: Path) -> str | None:
    """The file as it is; None where there is none. UsageError."""
    try:
        return regular_file.read_text(path, null=True)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(f"the config file {path} cannot be read: {why}") from None


def _with(path: Path, key: Key, value: Value) -> str:
    """The file's text with another value of a setting."""
    import tomlkit

    document = tomlkit.parse(_text(path))
    *tables, name = key.name.split(".")
    if value is None:
        _take_out(document, tables, name)
    else:
        table: MutableMapping[str, Any] = document
        for depth, part in enumerate(tables, 1):
            if part not in table:
                table[part] = tomlkit.table(is_super_table=depth < len(tables))
            if not isinstance(table[part], MutableMapping):
                raise UsageError(f'{path} cannot be changed: its "{part}" is a setting, not a table')
            table = table[part]
        table[name] = list(value) if isinstance(value, tuple) else value
    return tomlkit.dumps(document)


@contextmanager
def _changing(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with whole_file.alone(path.parent):
            yield
    except OSError as error:
        raise Busy(f"the config file {path} cannot be written: {error.strerror}") from None


def template() -> str:
    """A file that sets nothing: every setting with its default, behind a `#`."""
    return "\n".join(_template()) + "\n"


def _text(path: Path) -> str:
    """The file as it is, once it is known to be TOML."""
    from ttp.cli import settings

    settings.written(path)
    return text_of(path) or ""


def _take_out(table: Any, tables: list[str], name: str) -> None:
    """Take a setting out of the tables that lead to it, and what is empty without it."""
    if not isinstance(table, MutableMapping):
        return
    if not tables:
        table.pop(name, None)
        return
    first, *rest = tables
    inner = table.get(first)
    _take_out(inner, rest, name)
    if inner is not None and not inner.as_string().strip():
        table.pop(first)


def _template() -> Iterator[str]:
    import tomlkit

    yield "# Settings of ttp. Those with a # are at their default.  ttp help config tells more."
    # Settings without a table come first: behind one they would be its own.
    for table, keys in groupby(KEYS.values(), key=lambda key: key.name.rpartition(".")[0]):
        yield from ["", *([f"[{table}]"] if table else [])]
        for key in keys:
            value = list(key.default) if isinstance(key.default, tuple) else "" if key.default is None else key.default
            yield f"# {key.help}"
            yield f"# {key.name.rpartition('.')[2]} = {tomlkit.item(value).as_string()}"
