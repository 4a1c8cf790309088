"""`ttp config …`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Container, Iterable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ttp.cli import settings
from ttp.cli.context import Context
from ttp.cli.options import subcommand
from ttp.cli.output import cell
from ttp.cli.parameters import argument, flag
from ttp.cli.render.spec import OutputSpec
from ttp.cli.retired_settings import IgnoredSetting, retired_keys
from ttp.cli.terminal import escape_line
from ttp.domain.config import Key, KeyTable, Value, is_shared
from ttp.domain.errors import Busy, Conflict, Hint, TtpError, UsageError
from ttp.store.home import files, locks
from ttp.views import Json
from ttp.views.installation import SETTING_FIELDS, setting_json

if TYPE_CHECKING:
    from ttp.cli.render.page import Page


config = typer.Typer()


def _origins(shown: Sequence[Json], page: Page) -> Iterable[str]:
    """Draw settings with their origin before the value, which is cut on a narrow terminal."""
    from ttp.cli.render.page import Cell, Column, table

    columns = [Column("KEY"), Column("ORIGIN", most=max(20, page.width // 4)), Column("VALUE")]
    file = settings.config_path()
    rows = []
    for one in shown:
        origin = file.name if one["origin"] == str(file) else str(one["origin"])
        rows.append([Cell(escape_line(text)) for text in (str(one["key"]), origin, _plain(one["value"]))])
    return table(columns, rows, page)


VIEW: OutputSpec[Json] = OutputSpec(SETTING_FIELDS, ("key", "value"), dict)
_VALUE = replace(VIEW, columns=("value",))
_WITH_ORIGIN = replace(VIEW, columns=("key", "value", "origin"), render=_origins)
_EDIT_AGAIN = Hint("fix", "ttp config edit")
Name = Annotated[str, argument("KEY", "A setting: publish.retry_max.")]


@subcommand(config, "show", VIEW)
def show(
    context: Context,
    keys: Annotated[list[str] | None, argument("[KEY...]", "Only these settings, or a group: publish.")] = None,
    origin: Annotated[bool, flag("--origin", "Show where each is set: a variable, the file, or default.")] = False,
    changed: Annotated[bool, flag("--changed", "Only settings that differ from their defaults.")] = False,
) -> None:
    """Show settings and their values.

    Examples:
      ttp config show
      ttp config show publish --origin
      ttp config show --changed
    """
    written = settings.read_config_file(settings.config_path())
    shown = [_shape(context, key, written) for key in (_below(context, keys) if keys else context.keys.values())]
    context.out.write_list(
        _WITH_ORIGIN if origin else VIEW, [one for one in shown if not changed or one["value"] != one["default"]]
    )


@subcommand(config, "get", _VALUE)
def get(context: Context, key: Name) -> None:
    """Print the value of one setting; an empty line if it has none.

    Examples:
      ttp config get timezone
    """
    shape = _shape(context, settings.key_named(key, context.keys), settings.read_config_file(settings.config_path()))
    context.out.write_one(_VALUE, shape, say=[_plain(shape["value"])])


@subcommand(config, "set", VIEW)
def set_(
    context: Context, key: Name, value: Annotated[list[str], argument("VALUE...", "The value; several for a list.")]
) -> None:
    """Change a setting in the config file.

    Comments, order and everything else in the file stay. With a store in PostgreSQL the settings that decide what may
    be published, and when, are in the store, for all hosts.

    Examples:
      ttp config set timezone Europe/Berlin
      ttp config set publish.max_lateness_s 7200
      ttp config set notify.to desktop ntfy
      ttp config set links.shorten -- ~/bin/shorten --domain go.example.com
    """
    setting = settings.key_named(key, context.keys)
    parsed = settings.parse_value(setting, value)
    if setting.name == "notify.to" and isinstance(parsed, tuple):
        context.notifications.refuse_unknown(parsed)
    _write(context, setting, parsed)


@subcommand(config, "unset", VIEW)
def unset(context: Context, key: Name) -> None:
    """Remove a setting from the config file, which resets it to its default.

    Examples:
      ttp config unset timezone
    """
    if retired := retired_keys(below=key):
        change_settings(context, [(one, None) for one in retired])
        context.out.write_message(f"{key} is not in {settings.config_path()} any more.")
        return
    _write(context, settings.key_named(key, context.keys), None)


@subcommand(config, "edit")
def edit_(context: Context) -> None:
    """Edit the config file in your editor.

    The file is checked before it is used; if it has errors, your text is kept for the next edit. Without a config file
    it opens one with every setting commented out.

    Examples:
      ttp config edit
    """
    path = settings.config_path()
    there = settings.text_of(path)
    before = "\n".join([*template(context.keys), ""]) if there is None else there
    draft = path.with_name(path.name + ".edit")
    if draft.exists():
        context.out.note(
            f"continuing with the text that had errors last time; to start over:  rm {shlex.quote(str(draft))}"
        )
    else:
        replace_file(draft, None, before)
    after = _edited(draft, before)
    _check_draft(context, draft, path)
    if after != before and not replace_file(path, there, after):
        raise Conflict(
            f"{path} was changed while you edited; your text is not used yet",
            Hint("see", shlex.join(["diff", str(path), str(draft)])),
            _EDIT_AGAIN,
        )
    draft.unlink(missing_ok=True)
    context.out.write_message(f"{path} is {'unchanged' if after == before else 'changed'}.")
    if after != before:
        _note_running_publisher(context)


def _edited(draft: Path, before: str) -> str:
    """Return the text of the draft after the user's editor. A draft that an editor's failure left as it was is removed.
    Conflict."""
    from ttp.cli.editor import edit

    try:
        edit(draft)
    except TtpError as failed:
        if settings.text_of(draft) in (None, before):
            draft.unlink(missing_ok=True)
            raise
        raise type(failed)(failed.message, *failed.hints, _EDIT_AGAIN) from None
    after = settings.text_of(draft)
    if after is None:
        raise Conflict(
            f"{draft}, which your editor had open, was used by another `ttp config edit` or deleted",
            Hint("see", "ttp config show --changed"),
        )
    return after


def _check_draft(context: Context, draft: Path, path: Path) -> None:
    """Refuse a text with errors, named as the config file's; settings that ttp does not know are noted. UsageError."""
    from ttp.domain.time.zones import parse_configured_zone

    config, wrong = settings.load_with_problems({"TTP_CONFIG": str(draft)}, context.keys)
    if config.text("timezone"):
        try:
            parse_configured_zone(config.text("timezone"))
        except TtpError as no_zone:
            wrong.append(UsageError(no_zone.message))
    for error in wrong:
        message = error.message.replace(str(draft), str(path))
        if not isinstance(error, IgnoredSetting):
            raise UsageError(message, _EDIT_AGAIN)
        context.out.note(message)


@subcommand(config, "path")
def path_(context: Context) -> None:
    """Print the path of the config file, whether it exists or not.

    Examples:
      ttp config path
    """
    context.out.line(str(settings.config_path()))


def _below(context: Context, names: list[str]) -> list[Key]:
    """Return the settings with these names, or in groups with these names. UnknownSetting."""
    keys = [key for key in context.keys.values() if any(key.name == n or key.name.startswith(f"{n}.") for n in names)]
    for name in names:
        if not any(key.name == name or key.name.startswith(f"{name}.") for key in keys):
            settings.key_named(name, context.keys)
    return keys


def _shape(context: Context, key: Key, written: Container[str]) -> Json:
    """Return a setting as JSON. `written`: the names in the config file."""
    if _is_in_store(key):
        shared = _shared(context)
        value, origin = shared.get(key.name, key.default), context.database.name if key.name in shared else "default"
    else:
        value, origin = context.own_config[key.name], _origin(context.own_config[key.name], key, written)
    return setting_json(key, value, origin)


def _origin(value: Value, key: Key, written: Container[str]) -> str:
    """Return where a setting of this host is set."""
    now, before = settings.variable(key.name), settings.variable(key.formerly) if key.formerly else ""
    is_set = value != key.default or key.name in written or key.formerly in written
    origin = settings.source(key.name) if is_set or os.environ.get(now) else "default"
    return before if os.environ.get(before) and origin != now else origin


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else cell(value)


def _is_in_store(key: Key) -> bool:
    """Return whether a setting is in the store: one that several hosts share."""
    return is_shared(key.name) and settings.names_database()


def _shared(context: Context) -> dict[str, Value]:
    """Return the settings in the store."""
    from ttp.store import shared_settings

    with context.database.reading() as db:
        return {} if db is None else shared_settings.read(db)


def _write_shared(context: Context, key: Key, value: Value) -> None:
    """Change a setting in the store. One in the config file, where it is refused, is removed there, and only there
    where nothing else was asked for."""
    from ttp.store import shared_settings

    path = settings.config_path()
    names = settings.read_config_file(path)
    is_in_file = key.name in names or key.formerly in names
    if is_in_file:
        change_settings(context, [(key, None)])
    if value is not None or not is_in_file:
        with context.database.writing() as db:
            shared_settings.write(db, {key.name: value})
    shape = _shape(context, key, ())
    where = f"in the store {context.database.name}, for all hosts" if shape["origin"] != "default" else "its default"
    context.out.write_one(VIEW, shape, say=[f"{key.name} is {_plain(shape['value']) or 'not set'}, {where}."])
    context.out.note("publishers keep their old settings until they are restarted, on every host")


def _write(context: Context, key: Key, value: Value) -> None:
    if _is_in_store(key):
        _write_shared(context, key, value)
        return
    path = settings.config_path()
    change_settings(context, [(key, value), *((one, None) for one in retired_keys(by=key.name))])
    shape = _shape(context, key, settings.read_config_file(path))
    written = setting_json(key, key.default if value is None else value, "")["value"]  # a variable may override it
    message = f"{key.name} is {_plain(written) or 'not set'}"
    context.out.write_one(
        VIEW, shape, say=[f"{message}, in {path}." if value is not None else f"{message}, its default."]
    )
    note_overrides(context, [key])


def change_settings(context: Context, changes: Sequence[tuple[Key, Value]]) -> None:
    """Write settings to the config file, all or none, and read it again. None removes one. UsageError, Busy."""
    write_settings(settings.config_path(), changes)
    context.reload_settings()


def note_overrides(context: Context, changed: Sequence[Key]) -> None:
    """Print notes about what keeps changed settings from being used: a variable, a running publisher."""
    path = settings.config_path()
    for where in dict.fromkeys(settings.source(key.name) for key in changed):
        if where != str(path):
            context.out.note(f"{where} overrides the file here")
    _note_running_publisher(context)


def _note_running_publisher(context: Context) -> None:
    """Print a note if a publisher runs: it keeps the settings that it started with."""
    home = context.home
    holder = locks.read_holder(home)
    if holder is not None and holder.mode == "loop" and context.database.is_publisher_running():
        context.out.note(
            f"the running publisher keeps its old settings until it is restarted\nstop it:  kill {holder.pid}"
        )


def write_settings(path: Path, changes: Sequence[tuple[Key, Value]]) -> None:
    """Write settings, all or none; None removes one. UsageError if the file cannot be read, Busy if not written."""
    path = path.resolve()  # keeps a symbolic link
    with _changing(path):
        files.write_whole(path, _with(path, changes))


def replace_file(path: Path, before: str | None, after: str) -> bool:
    """Replace a file if its text is still `before` (None: no file); return whether it was replaced. Busy."""
    path = path.resolve()
    with _changing(path):
        still = settings.text_of(path) == before
        if still:
            files.write_whole(path, after)
        return still


def _with(path: Path, changes: Sequence[tuple[Key, Value]]) -> str:
    """Return the text of the file with settings changed."""
    import tomlkit

    settings.read_config_file(path)  # refuses what is not TOML
    document = tomlkit.parse(settings.text_of(path) or "")
    for key, value in changes:
        _put(document, path, key, value)
    return tomlkit.dumps(document)


def _put(document: MutableMapping[str, Any], path: Path, key: Key, value: Value) -> None:
    """Change one setting of a document, or remove it."""
    import tomlkit

    if key.formerly:
        *before, old = key.formerly.split(".")
        _remove_setting(document, before, old)
    *tables, name = key.name.split(".")
    if value is None:
        _remove_setting(document, tables, name)
        return
    table = document
    for depth, part in enumerate(tables, 1):
        if part not in table:
            table[part] = tomlkit.table(is_super_table=depth < len(tables))
        if not isinstance(table[part], MutableMapping):
            raise UsageError(f'{path} cannot be changed: its "{part}" is a setting, not a table')
        table = table[part]
    table[name] = list(value) if isinstance(value, tuple) else value


@contextmanager
def _changing(path: Path) -> Iterator[None]:
    try:
        files.make_folder(path.parent, 0o700)
        with locks.lock_folder(path.parent):
            yield
    except OSError as error:
        raise Busy(f"the config file {path} cannot be written: {error.strerror}") from None


def _remove_setting(table: Any, tables: list[str], name: str) -> None:
    """Remove a setting from its tables, and tables that are then empty."""
    if not isinstance(table, MutableMapping):
        return
    if not tables:
        table.pop(name, None)
        return
    first, *rest = tables
    inner = table.get(first)
    _remove_setting(inner, rest, name)
    if inner is not None and not inner.as_string().strip():
        table.pop(first)


def template(key_table: KeyTable) -> Iterator[str]:
    """Yield the lines of a config file with every setting commented out at its default."""
    import tomlkit

    yield "# Settings of ttp. Lines with a # show defaults.  See: ttp help config"
    tables: dict[str, list[Key]] = {}
    for key in key_table.values():
        tables.setdefault(key.name.rpartition(".")[0], []).append(key)
    # Settings without a table come first: after one they would belong to it. TOML has each table once.
    for table, keys in tables.items():
        yield from ["", *([f"[{table}]"] if table else [])]
        for key in keys:
            value = list(key.default) if isinstance(key.default, tuple) else "" if key.default is None else key.default
            yield f"# {key.help}"
            yield f"# {key.name.rpartition('.')[2]} = {tomlkit.item(value).as_string()}"
