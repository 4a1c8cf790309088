"""Changing the config file: comments, order and everything else in it stay as a person wrote them."""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableMapping
from itertools import groupby
from pathlib import Path
from typing import Any

from ttp.domain.config import KEYS, Key, Value
from ttp.domain.errors import TtpError, UsageError


def put(path: Path, key: Key, value: Value) -> None:
    """Write one setting; None takes it out. UsageError where the file cannot be read, TtpError where it cannot be
    written."""
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
    save(path, tomlkit.dumps(document))


def save(path: Path, text: str) -> None:
    """Put a whole file in the place of the config file, for its owner alone. TtpError."""
    path = path.resolve()  # one that is a link stays a link
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(path.name + ".new")
        descriptor = os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise TtpError(f"the config file {path} cannot be written: {error.strerror}") from None


def template() -> str:
    """A file that sets nothing: every setting with its default, behind a `#`."""
    return "\n".join(_template()) + "\n"


def _text(path: Path) -> str:
    """The file as it is, once it is known to be TOML."""
    from ttp.cli import settings

    settings.written(path)
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _take_out(table: Any, tables: list[str], name: str) -> None:
    for part in tables:
        table = table.get(part) if isinstance(table, MutableMapping) else None
    if isinstance(table, MutableMapping):
        table.pop(name, None)


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
