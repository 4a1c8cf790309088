"""`ttp doctor` and `ttp audit`."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from ttp.cli import settings
from ttp.cli.completion import SHELLS, tree
from ttp.cli.completion_scripts import script
from ttp.cli.context import Context
from ttp.cli.errors import DONE, FAILED, RECONNECT
from ttp.cli.options import with_output
from ttp.cli.output import Output
from ttp.cli.parameters import flag
from ttp.cli.render import spec
from ttp.cli.render.doctor import CHECKS_SPEC
from ttp.cli.system_zone import system_zone
from ttp.domain.action import action
from ttp.domain.config import Config, KeyTable
from ttp.domain.diagnostics import (
    Check,
    Checkup,
    Grade,
    Remark,
    combine_remarks,
    failure_remark,
    ok_remark,
    warning_remark,
)
from ttp.domain.errors import TtpError, UsageError
from ttp.domain.notification import NOBODY
from ttp.domain.time.zones import parse_configured_zone, parse_zone
from ttp.views import Json
from ttp.views.status import AUDIT_FIELDS, audit_json, checkup_json

if TYPE_CHECKING:
    from ttp.cli.render.page import Page
    from ttp.platforms.registry import Registry
    from ttp.services.audit import PromiseCheck


COLUMNS = ("status", "name", "message")


def _audit_rows(checks: list[PromiseCheck]) -> Iterable[Json]:
    for one in checks:
        status = "fail" if one.wrong else "ok"
        yield {"status": status, "name": one.name, "message": f"{one.checked - one.wrong} of {one.checked} {one.what}"}
        for breach in one.breaches:
            yield {"status": "fail", "name": one.name, "message": breach}


def _render_audit(groups: Sequence[list[PromiseCheck]], page: Page) -> Iterable[str]:
    """Draw every row in full, wrapped and never cut."""
    from ttp.cli.render.page import Cell, Column, table
    from ttp.cli.terminal import escape_line

    rows = [row for checks in groups for row in _audit_rows(checks)]
    if not rows:
        return ["No posts yet."]
    cells = [[Cell(escape_line(str(row[name]))) for name in COLUMNS] for row in rows]
    return table([Column(name) for name in COLUMNS], cells, page, wrapped=True)


AUDIT: spec.OutputSpec[list[PromiseCheck]] = spec.OutputSpec(
    AUDIT_FIELDS, COLUMNS, audit_json, _render_audit, rows=_audit_rows
)


@with_output(AUDIT)
def audit(context: Context) -> int:
    """Check from the records that nothing was published twice.

    It replays every recorded publishing call and look-up: no delivery was published twice, every outcome has an
    intent, every state and status follows from them, and every remote id belongs to one delivery. It also checks that
    the store is not a copy. Exit code 1 if something is wrong.

    Examples:
      ttp audit
      ttp audit --json
    """
    from ttp.services.audit import audit

    checks = audit(context.database, context.platforms)
    context.out.write_one(AUDIT, checks)
    return FAILED if any(one.wrong for one in checks) else DONE


@with_output(CHECKS_SPEC, verbose=True)
def doctor(
    context: Context, online: Annotated[bool, flag("--online", "Check each account on its platform too.")] = False
) -> int:
    """Check that everything publishing needs is set up.

    It checks the settings, the store, the clock, the publisher, the credentials and each account, and names the command
    that fixes a problem. It is read-only and works offline; with --online it also asks the platforms, as ttp account
    check does, and compares their clocks with this one.

    Exit code 1 if something failed, 4 if accounts only need reconnecting; 0 for warnings.

    Examples:
      ttp doctor
      ttp doctor --online
    """
    return finish_checks(context.out, Checkup(tuple(_checks(context, online=online))))


def finish_checks(out: Output, checkup: Checkup) -> int:
    """Print the checks; return the exit code."""
    if out.for_people and not out.fields and not checkup.checks:
        out.write_message("No accounts yet.  Connect one:  ttp account connect x")
    else:
        out.write_list(replace(CHECKS_SPEC, to_document=partial(checkup_json, checkup)), checkup.checks)
    if not checkup.count(Grade.FAIL):
        return DONE
    return RECONNECT if checkup.only_reconnects else FAILED


def _checks(context: Context, *, online: bool) -> Iterator[Check]:
    from ttp.services.doctor import ACCOUNT_PREFIX

    # Goes on with the settings that can be read, so that the other checks still run.
    context.own_config, wrong = settings.load_with_problems(keys=context.keys)
    try:
        _ = context.config
    except TtpError as refused:
        if isinstance(refused, UsageError):
            wrong.append(refused)
        context.config = context.own_config
    zone, context.zone = zone_check(context.config)
    yield context.doctor.program()
    yield config_check(context.config, wrong, settings.config_path())
    yield from host_checks(context.config, context.keys, context.platforms)
    yield zone
    yield from context.doctor.here()
    yield from notification_checks(context)
    if online:
        yield from context.installation.account_check.with_clocks(context.doctor.accounts, ACCOUNT_PREFIX)
    else:
        yield from context.doctor.account_states()
    yield from shell_checks()


EXAMPLE = 'timezone = "Europe/Berlin"'


def config_check(config: Config, wrong: Sequence[UsageError], path: Path) -> Check:
    """Check the config file and the variables."""
    changed = sum(config.is_set(name) for name in config)
    number = "1 setting differs from its default" if changed == 1 else f"{changed} settings differ from their defaults"
    remarks = [
        warning_remark(error.sentence, error.fix)
        if isinstance(error, settings.UnknownSetting)
        else failure_remark(error.message, next((hint.way for hint in error.hints), None))
        for error in wrong
    ]
    return combine_remarks(
        "config", remarks or [ok_remark(f"{path}{'' if path.exists() else ' (none there)'}, {number}")]
    )


def host_checks(
    config: Config, keys: KeyTable, platforms: Registry, environ: Mapping[str, str] = os.environ
) -> Iterator[Check]:
    """List platform addresses that differ from the defaults; one line if none does."""
    changed = [key for key in keys.values() if settings.is_platform_address(key) and config[key.name] != key.default]
    for key in changed:
        url, where = config.text(key.name), settings.source(key.name, environ)
        message = f"{url} instead of {key.default or 'the server of each account'} (set in {where})"
        yield combine_remarks(f"host.{key.name.removeprefix('platforms.')}", [warning_remark(message)])
    if not changed:
        yield combine_remarks("host", [ok_remark("the default addresses of the platforms")])
    names = [name for name in platforms.names() if platforms.facts(name).server != "program"]
    rehearsed = [name for name in names if platforms.facts(name).is_local(config)]
    if rehearsed and len(rehearsed) < len(names):
        real = ", ".join(name for name in names if name not in rehearsed)
        yield combine_remarks("host", [warning_remark(f"{', '.join(rehearsed)}: on this machine; {real}: real")])


def notification_checks(context: Context) -> Iterator[Check]:
    """Check each name in `notify.to`, without sending anything."""
    if not context.config.texts("notify.to"):
        yield combine_remarks("notify", [warning_remark(NOBODY, action("notify add", "desktop"))])
        return
    from ttp.platforms.notifiers import SendingFailed

    for kind in context.notifications.kinds:
        try:
            remark = ok_remark(context.notifications.check(kind))
        except SendingFailed as error:
            remark = failure_remark(error.message, error.fix or action("notify test", kind))
        yield combine_remarks(f"notify.{kind}", [remark])


def zone_check(config: Config) -> tuple[Check, ZoneInfo]:
    """Check the timezone and where it is set; return it, or UTC if it does not exist."""
    return combine_remarks("zone", list(_zone(config))), _usable(config)


def _zone(config: Config) -> Iterator[Remark]:
    name = config.text("timezone")
    if name:
        try:
            parse_configured_zone(name)
        except TtpError as error:
            yield failure_remark(error.message, error.hints[0].way)
        else:
            yield ok_remark(f"{name} (from {settings.source('timezone')})")
        return
    zone = system_zone()
    if zone.source == "default":
        yield warning_remark("UTC, because the system sets no timezone; set yours in the config file", EXAMPLE)
    else:
        yield ok_remark(f"{zone.zone.key} (from {zone.source})")


def _usable(config: Config) -> ZoneInfo:
    try:
        name = config.text("timezone")
        return parse_zone(name) if name else system_zone().zone
    except TtpError:
        return ZoneInfo("UTC")


_START_FILES: Mapping[str, tuple[str, ...]] = {
    "bash": ("~/.bashrc", "~/.bash_profile", "~/.profile", "~/.bash_completion"),
    "zsh": ("~/.zshenv", "~/.zprofile", "~/.zshrc"),
    "fish": ("~/.config/fish/config.fish",),
}
_ZSH_FOLDERS = (
    *("~/.zfunc", "~/.zsh/completions", "~/.zsh/completion", "~/.config/zsh/completions", "~/.oh-my-zsh/completions"),
    *("~/.oh-my-zsh/custom/completions", "/usr/local/share/zsh/site-functions", "/usr/share/zsh/site-functions"),
    *("/usr/share/zsh/vendor-completions", "/opt/homebrew/share/zsh/site-functions"),
)
_BASH_COMPLETION = ("/usr/share", "/usr/local/share", "/opt/homebrew/share")
_VERSION = re.compile(r"BASH_COMPLETION_VERSINFO=\((\d+) (\d+)")
_BESIDE_PROGRAMS = (2, 12)
"""The first bash-completion that also looks into `share` next to the program's folder."""
_MOST_READ = 200_000


def shell_checks(environ: Mapping[str, str] = os.environ) -> Iterator[Check]:
    """Check the completion of the user's shell, if it is known."""
    shell = Path(environ.get("SHELL", "")).name
    if shell not in SHELLS or not at_terminal():
        return
    yield combine_remarks("shell", [_completion_remark(shell, environ)])


def _completion_remark(shell: str, environ: Mapping[str, str]) -> Remark:
    current_script = script(shell, tuple(tree()))
    start = "\n".join(_text(Path(name).expanduser()) or "" for name in _start_files(shell, environ))
    if f"ttp completion {shell}" in start:
        return ok_remark(f"completion for {shell} is generated at each start")
    by_path = {path: text for path in _places(shell, start, environ) if (text := _text(path)) is not None}
    current = next((path for path, text in by_path.items() if text == current_script), None)
    own = _own_place(shell, environ)
    if current is not None and (shell, current) == ("zsh", own) and own.parent.name not in start:
        path = f"fpath=({quote_home_path(own.parent)} $fpath)"
        hint = f"printf '%s\\n' {shlex.quote(path)} 'autoload -Uz compinit && compinit' >> ~/.zshrc"
        return warning_remark(f"{current} is not found by zsh: its folder is not in fpath", hint)
    if current is not None:
        return ok_remark(f"completion for {shell}: {current}")
    if by_path:
        old = next(iter(by_path))
        to = old if os.access(old, os.W_OK) else own
        return warning_remark(f"{old} is from another version of ttp", _command(shell, to))
    return warning_remark(f"completion for {shell} is not installed", _command(shell, own))


def own_completions(environ: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """Yield the completion scripts that the user has put below their home folder. Links are left out."""
    for shell in SHELLS:
        mark = f"completion for ttp, printed by `ttp completion {shell}`"
        start = "\n".join(_text(Path(name).expanduser()) or "" for name in _start_files(shell, environ))
        for path in dict.fromkeys(_places(shell, start, environ)):
            mine = path.is_relative_to(Path.home()) and not path.is_relative_to(sys.prefix) and not path.is_symlink()
            if mine and mark in (_text(path) or "")[:200]:
                yield path


def start_files_with_completion(environ: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """Yield the start files of shells in which `ttp completion` is called."""
    for shell in SHELLS:
        for path in (Path(name).expanduser() for name in _start_files(shell, environ)):
            if f"ttp completion {shell}" in (_text(path) or ""):
                yield path


def at_terminal() -> bool:
    """Return whether a person could press TAB: not in cron, in a pipe or in a service."""
    return any(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def quote_home_path(path: Path) -> str:
    """Quote a path for any shell, with `~` for the home folder."""
    if path.is_relative_to(Path.home()):
        return f"~/{shlex.quote(str(path.relative_to(Path.home())))}"
    return shlex.quote(str(path))


def _command(shell: str, to: Path) -> str:
    make = "" if to.parent.is_dir() else f"mkdir -p {quote_home_path(to.parent)} && "
    return f"{make}ttp completion {shell} > {quote_home_path(to)}"


def _start_files(shell: str, environ: Mapping[str, str]) -> Iterator[str]:
    for name in _START_FILES[shell]:
        yield name
        if shell == "zsh" and (folder := environ.get("ZDOTDIR")):
            yield name.replace("~", folder)


def _own_place(shell: str, environ: Mapping[str, str]) -> Path:
    """Return where the user's own completion script belongs."""
    match shell:
        case "bash":
            own = environ.get("BASH_COMPLETION_USER_DIR") or f"{_data_home(environ)}/bash-completion"
            return Path(own).expanduser() / "completions" / "ttp"
        case "zsh":
            return Path("~/.zfunc/_ttp").expanduser()
    return Path(environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "fish/completions/ttp.fish"


def _data_home(environ: Mapping[str, str]) -> str:
    return environ.get("XDG_DATA_HOME") or "~/.local/share"


def _places(shell: str, start: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield where the shell looks for scripts, the user's own first. `start`: the text of its start files."""
    yield _own_place(shell, environ)
    shared = [_data_home(environ), *(environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")]
    match shell:
        case "bash":
            names = [f"{folder}/bash-completion/completions/ttp" for folder in [*shared, *_beside_programs()]]
            names += re.findall(r"^\s*(?:source|\.)\s+[\"']?([^\s\"';&]*ttp[^\s\"';&]*)", start, re.MULTILINE)
        case "zsh":
            folders = [
                word for line in start.splitlines() if "fpath" in line for word in re.findall(r"[~$/][^\s()]+", line)
            ]
            names = [f"{folder}/_ttp" for folder in (*folders, *_ZSH_FOLDERS)]
        case _:
            names = [f"{folder}/fish/vendor_completions.d/ttp.fish" for folder in shared]
            names.append("/etc/fish/completions/ttp.fish")
    for name in names:
        yield Path(os.path.expandvars(name)).expanduser()


def _beside_programs() -> Iterator[str]:
    """Yield the folder that a newer bash-completion finds next to the program."""
    for share in _BASH_COMPLETION:
        version = _VERSION.search(_text(Path(share) / "bash-completion/bash_completion") or "")
        if version and tuple(map(int, version.groups())) >= _BESIDE_PROGRAMS:
            yield f"{sys.prefix}/share"


def _text(path: Path) -> str | None:
    """Return the text of a file; None if it cannot be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_MOST_READ)
    except (OSError, ValueError):
        return None
