"""`ttp config …`: the settings in force, where each comes from, and changing the config file."""

from __future__ import annotations

import os
import shlex
from collections.abc import Container, Iterable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ttp.cli import settings
from ttp.cli.context import Context
from ttp.cli.escape import escape_line
from ttp.cli.options import with_output
from ttp.cli.output import cell
from ttp.cli.render.spec import OutputSpec
from ttp.domain.config import Key, KeyTable, Value
from ttp.domain.errors import Busy, Conflict, Hint, TtpError, UsageError
from ttp.store.home import atomic_file, locks, regular_file
from ttp.views import Json

if TYPE_CHECKING:
    from ttp.cli.render.page import Page


config = typer.Typer()


def _origins(shown: Sequence[Json], page: Page) -> Iterable[str]:
    """Where each is set stands before the values, which are cut where the terminal is narrow."""
    from ttp.cli.render.page import Cell, Column, table

    columns = [Column("KEY"), Column("ORIGIN", most=max(20, page.width // 4)), Column("VALUE")]
    file = settings.config_path()
    rows = []
    for one in shown:
        origin = file.name if one["origin"] == str(file) else str(one["origin"])
        rows.append([Cell(escape_line(text)) for text in (str(one["key"]), origin, _plain(one["value"]))])
    return table(columns, rows, page)


VIEW: OutputSpec[Json] = OutputSpec(("key", "value", "origin", "default", "help"), ("key", "value"), dict)


_VALUE = replace(VIEW, columns=("value",))


_WITH_ORIGIN = replace(VIEW, columns=("key", "value", "origin"), render=_origins)


Name = Annotated[str, typer.Argument(metavar="KEY", help="A setting: publish.retry_max.")]


@config.command("show")
@with_output()
def show(
    context: Context,
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY...]", help="Only these, or those below.")] = None,
    origin: Annotated[bool, typer.Option("--origin", help="Where each is set: a variable, the file, default.")] = False,
    changed: Annotated[bool, typer.Option("--changed", help="Only what is not at its default.")] = False,
) -> None:
    """Every setting and its value.

    Example: ttp config show publish --origin
    """
    view = _WITH_ORIGIN if origin else VIEW
    context.out.check_fields(view)
    written = settings.written(settings.config_path())
    shown = [_shape(context, key, written) for key in (_below(context, keys) if keys else context.keys.values())]
    context.out.write_list(view, [one for one in shown if not changed or one["value"] != one["default"]])


@config.command("get")
@with_output()
def get(context: Context, key: Name) -> None:
    """The value of one setting; an empty line where it has none.

    Example: ttp config get timezone
    """
    context.out.check_fields(_VALUE)
    shape = _shape(context, settings.key_named(key, context.keys), settings.written(settings.config_path()))
    context.out.write_one(_VALUE, shape, say=[_plain(shape["value"])])


@config.command("set")
@with_output()
def set_(
    context: Context,
    key: Name,
    value: Annotated[list[str], typer.Argument(metavar="VALUE...", help="Its value; of a list each member.")],
) -> None:
    """Write a setting to the config file.

    Comments, order and everything else in it stay.

    Example: ttp config set timezone Europe/Berlin
    """
    context.out.check_fields(VIEW)
    wanted = settings.key_named(key, context.keys)
    _write(context, wanted, settings.parse_value(wanted, value))


@config.command("unset")
@with_output()
def unset(context: Context, key: Name) -> None:
    """Take a setting out of the config file.

    It is at its default again then.

    Example: ttp config unset timezone
    """
    context.out.check_fields(VIEW)
    _write(context, settings.key_named(key, context.keys), None)


@config.command("edit")
@with_output()
def edit_(context: Context) -> None:
    """Change the config file in your editor.

    It is checked before it takes its place; what is refused is there when you edit again. Without a file it opens one
    in which every setting stands behind a # with its default.

    Example: ttp config edit
    """
    from ttp.cli.editor import edit
    from ttp.domain.time.zones import parse_zone

    path = settings.config_path()
    there = text_of(path)
    before = template(context.keys) if there is None else there
    draft = path.with_name(path.name + ".edit")
    if draft.exists():
        context.out.note(
            f"this goes on with what was not taken the last time; to begin anew:  rm {shlex.quote(str(draft))}"
        )
    else:
        replace_file(draft, None, before)
    go_on = Hint("what you wrote is kept, go on with it", "ttp config edit")
    try:
        edit(draft)
    except TtpError as failed:
        if text_of(draft) in (None, before):
            draft.unlink(missing_ok=True)
            raise
        raise type(failed)(failed.message, *failed.hints, go_on) from None
    after = text_of(draft)
    if after is None:
        raise Conflict(
            f"{draft}, which your editor had open, was taken by another `ttp config edit` or deleted",
            Hint("see what is set", "ttp config show --changed"),
        )
    found, wrong = settings.survey({"TTP_CONFIG": str(draft)}, context.keys)
    if found.text("timezone"):
        try:
            parse_zone(found.text("timezone"), where="timezone: ", retype='timezone = "{}"'.format)
        except TtpError as no_zone:
            wrong.append(UsageError(no_zone.message))
    for error in wrong:
        said = error.message.replace(str(draft), str(path))
        if not isinstance(error, settings.NoSetting):
            raise UsageError(said, go_on)
        context.out.note(said)
    if after != before and not replace_file(path, there, after):
        raise Conflict(
            f"{path} was changed by something else meanwhile, and what you wrote is not taken yet",
            Hint("see the difference", shlex.join(["diff", str(path), str(draft)])),
            go_on,
        )
    draft.unlink(missing_ok=True)
    context.out.write_message(f"{path} is {'as it was' if after == before else 'changed'}.")
    if after != before:
        _tell_who_publishes(context)


@config.command("path")
@with_output()
def path_(context: Context) -> None:
    """Where the config file is, or would be.

    Example: ttp config path
    """
    context.out.line(str(settings.config_path()))


def _below(context: Context, names: list[str]) -> list[Key]:
    """The settings of those names, and those in tables of those names. NoSetting."""
    found = [key for key in context.keys.values() if any(key.name == n or key.name.startswith(f"{n}.") for n in names)]
    for name in names:
        if not any(key.name == name or key.name.startswith(f"{name}.") for key in found):
            settings.key_named(name, context.keys)
    return found


def _shape(context: Context, key: Key, written: Container[str]) -> Json:
    """A setting; `written`: the names in the config file."""
    value = context.config[key.name]
    given = value != key.default or key.name in written or key.formerly in written
    origin = settings.source(key.name) if given or os.environ.get(settings.variable(key.name)) else "default"
    if key.formerly and os.environ.get(settings.variable(key.formerly)) and origin != settings.variable(key.name):
        origin = settings.variable(key.formerly)
    return {"key": key.name, "value": _json(value), "origin": origin, "default": _json(key.default), "help": key.help}


def _json(value: Value) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return list(value) if isinstance(value, tuple) else value


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else cell(value)


def _write(context: Context, key: Key, value: Value) -> None:
    path = settings.config_path()
    put(path, key, value)
    context.config = settings.load(warn=context.out.note, keys=context.keys)
    shape = _shape(context, key, settings.written(path))
    said = f"{key.name} is {_plain(shape['value']) or 'not set'}"
    context.out.write_one(VIEW, shape, say=[f"{said}, in {path}." if value is not None else f"{said}, its default."])
    if (where := settings.source(key.name)) != str(path):
        context.out.note(f"{where} goes before the file here")
    _tell_who_publishes(context)


def _tell_who_publishes(context: Context) -> None:
    """Say it where something publishes on as before: approval that is needed now is not needed there."""
    from ttp.store.home import locks

    home = context.home
    holder = locks.read_holder(home)
    if holder is not None and holder.mode == "loop" and locks.is_publisher_running(home):
        context.out.note(
            f"the publisher that runs goes by the settings as they were when it began\n"
            f"end it, and start it again:  kill {holder.pid}"
        )


def put(path: Path, key: Key, value: Value) -> None:
    """Write one setting; None takes it out. UsageError where the file cannot be read, Busy where it cannot be
    written."""
    path = path.resolve()  # one that is a link stays a link
    with _changing(path):
        atomic_file.write(path, _with(path, key, value))


def replace_file(path: Path, before: str | None, after: str) -> bool:
    """Put a file in the place of one that still says `before` (None: there was none); whether it did so. Busy."""
    path = path.resolve()
    with _changing(path):
        still = text_of(path) == before
        if still:
            atomic_file.write(path, after)
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
    if key.formerly:
        *before, old = key.formerly.split(".")
        _take_out(document, before, old)
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
        with locks.lock_folder(path.parent):
            yield
    except OSError as error:
        raise Busy(f"the config file {path} cannot be written: {error.strerror}") from None


def template(keys: KeyTable) -> str:
    """A file that sets nothing: every setting with its default, behind a `#`."""
    return "\n".join(_template(keys)) + "\n"


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


def _template(known: KeyTable) -> Iterator[str]:
    import tomlkit

    yield "# Settings of ttp. Those with a # are at their default.  ttp help config tells more."
    # Settings without a table come first: behind one they would be its own.
    for table, keys in groupby(known.values(), key=lambda key: key.name.rpartition(".")[0]):
        yield from ["", *([f"[{table}]"] if table else [])]
        for key in keys:
            value = list(key.default) if isinstance(key.default, tuple) else "" if key.default is None else key.default
            yield f"# {key.help}"
            yield f"# {key.name.rpartition('.')[2]} = {tomlkit.item(value).as_string()}"
