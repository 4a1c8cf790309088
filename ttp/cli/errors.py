"""Exit codes, and errors as a person reads them: the actions of their hints become commands to type."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ttp.cli.settings import variable_in_use
from ttp.cli.terminal import escape_text
from ttp.cli.typed_command import TypedCommand, flag_words
from ttp.domain.action import Action, OtherOptions, WayOut, way_without_values
from ttp.domain.errors import Hint, TtpError
from ttp.views.errors import CODES

DONE = 0
FAILED = 1
USAGE = 2
NOT_FOUND = 3
RECONNECT = 4
STORE = 5
PARTIAL = 6
NOT_ALLOWED = 7
INTERRUPTED = 130
TERMINATED = 143
BY_CODE: Mapping[str, int] = MappingProxyType({code: exit_code for code, (exit_code, _) in CODES.items()})
"""The exit code of every error code."""


def exit_code(error: TtpError) -> int:
    return BY_CODE.get(error.code, FAILED)


def command_text(way: WayOut, line: TypedCommand | None = None) -> str:
    """Return what to type: an action as a command of ttp, other options in the command that was typed (without it, or
    with a long text, the options alone), other words unchanged."""
    if isinstance(way, str):
        return way
    if isinstance(way, OtherOptions):
        if line is not None and not line.has_long_text:
            return retype(line, way)
        words = [word for name, value in way.options for word in flag_words(name, value)]
        return quote_command(*words) if words else way_without_values(way, "--")
    options = [word for name, value in way.options for word in (f"--{name}", value) if word is not None]
    dashed = any(arg.startswith("-") and arg != "-" for arg in way.args)
    words = [*options, "--", *way.args] if dashed else [*way.args, *options]
    return quote_command("ttp", *way.name.split(), *words)


def error_lines(error: TtpError, render: Callable[[WayOut], str] = command_text) -> Iterator[str]:
    """The sentence, the problems that it does not mention, its details, and the hints."""
    yield f"ttp: error: {escape_text(error.message)}"
    hints = list(error.hints)
    for problem in error.problems:
        if problem.warning:  # what is refused has to be fixed first
            continue
        if not any(problem.message in text for text in (error.message, *error.details)):
            whose = f"{problem.account}: " if problem.account and problem.account not in problem.message else ""
            yield f"  {escape_text(whose + problem.message)}"
        if problem.hint and all(problem.hint != hint.way for hint in hints):
            hints.append(Hint("try", problem.hint))
    for detail in error.details:
        yield f"  {escape_text(detail)}"
    for hint in hints:
        yield f"  {hint.label}: {escape_text(render(hint.way))}"


def quote_command(*words: str) -> str:
    """Quote words for a shell; characters that do not print become escapes in $'…'."""
    return " ".join(shlex.quote(word) if word.isprintable() else _escaped(word) for word in words)


def _escaped(word: str) -> str:
    signs = {"\\": r"\\", "'": r"\'", "\n": r"\n", "\t": r"\t"}
    return "$'" + "".join(signs.get(c) or (c if c.isprintable() else _code(c)) for c in word) + "'"


def _code(sign: str) -> str:
    return f"\\x{ord(sign):02x}" if ord(sign) < 0x80 else f"\\U{ord(sign):08x}"


def retype(line: TypedCommand, other: OtherOptions) -> str:
    """Return the command that was typed with other options, each in its old place or at the end."""
    return quote_command("ttp", *line.with_options(other))


def option_words(options: Mapping[str, Sequence[str] | str | None]) -> list[str]:
    """Options as they were typed, for a command that is to be typed again."""
    by_flag = {flag: [value] if isinstance(value, str) else value or () for flag, value in options.items()}
    return [word for flag, values in by_flag.items() for value in values for word in (flag, value)]


def with_whole_commands(error: TtpError, line: TypedCommand) -> TtpError:
    """Return the error; its hints that change what was typed become whole commands, unless its text is too long."""
    error.hints = tuple(_as_command(hint, line) for hint in error.hints)
    error.problems = tuple(
        replace(one, hint=command_text(one.hint, line)) if isinstance(one.hint, OtherOptions) else one
        for one in error.problems
    )
    return error


def _as_command(hint: Hint, line: TypedCommand) -> Hint:
    if isinstance(hint.way, OtherOptions):
        return replace(hint, way=command_text(hint.way, line), sure=hint.sure and not line.has_long_text)
    if isinstance(hint.way, Action) and hint.way.name == "config set":
        key, *values = hint.way.args
        if variable := variable_in_use(key):  # it overrides the config file
            value = values[0] if len(values) == 1 else shlex.join(values)
            return replace(hint, way=f"export {variable}={shlex.quote(value)}")
    if hint.replaces is None or line.has_long_text:
        return hint
    option = re.match("--[a-z-]+", hint.way) if isinstance(hint.way, str) else None
    words = line.replace_word(*hint.replaces, option=option[0] if option else "")
    return hint if words is None else replace(hint, way=quote_command("ttp", *words), replaces=None)


UPGRADE = "pip install --upgrade ttp-cli"
_INSTALL = re.compile(r"pip install 'ttp-cli\[(\w+)\]'")


def _install_command(extra: str) -> str:
    """Return the command that installs the packages of an extra into the environment of this ttp."""
    packages = shlex.join(_packages(extra))
    prefix = Path(sys.prefix)
    if _is_by_pipx(prefix):
        return f"pipx inject {shlex.quote(prefix.name)} {packages}"
    if clone := _clone():
        packages = clone.requirement(extra)
    from importlib.util import find_spec

    if find_spec("pip") is None:  # made by uv
        return f"uv pip install --python {shlex.quote(sys.executable)} {packages}"
    if os.environ.get("VIRTUAL_ENV") == sys.prefix:
        return f"pip install {packages}"
    return f"{shlex.quote(sys.executable)} -m pip install {packages}"


def _is_by_pipx(prefix: Path) -> bool:
    return "pipx" in prefix.parts or (prefix / "pipx_metadata.json").exists()


def package_command(verb: str) -> str:
    """Return the command that upgrades or removes ttp itself, as it was installed. `verb`: upgrade or uninstall."""
    prefix, clone = Path(sys.prefix), _clone() if verb == "upgrade" else None
    pull = f"git -C {shlex.quote(clone.folder)} pull && " if clone else ""
    if _is_by_pipx(prefix):
        return f"{pull}pipx {verb} {shlex.quote(prefix.name)}"
    if (prefix / "uv-receipt.toml").exists():
        return f"{pull}uv tool {verb} {shlex.quote(prefix.name)}"
    from importlib.util import find_spec

    words = (
        f"install {clone.requirement()}" if clone else f"{'install --upgrade' if verb == 'upgrade' else verb} ttp-cli"
    )
    if find_spec("pip") is None:  # made by uv
        return f"{pull}uv pip {words} --python {shlex.quote(sys.executable)}"
    return f"{pull}{shlex.quote(sys.executable)} -m pip {words}"


class _Clone(NamedTuple):
    """The folder of a clone that ttp was installed from. `is_editable`: its code is what runs."""

    folder: str
    is_editable: bool

    def requirement(self, extra: str = "") -> str:
        """Return what pip is to install."""
        return ("-e " if self.is_editable else "") + shlex.quote(self.folder + (f"[{extra}]" if extra else ""))


def _clone() -> _Clone | None:
    """Return where ttp was installed from; None if that is no folder that is still there."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution
    from urllib.parse import unquote, urlsplit

    try:
        source = json.loads(distribution("ttp-cli").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError, OSError):
        return None
    folder = unquote(urlsplit(source.get("url", "")).path)
    if "dir_info" not in source or not Path(folder).is_dir():
        return None
    return _Clone(folder, bool(source["dir_info"].get("editable")))


def fit_install_commands(text: str) -> str:
    """Replace `pip install 'ttp-cli[EXTRA]'` and UPGRADE in a text by the commands for this environment."""
    if UPGRADE in text:
        text = text.replace(UPGRADE, package_command("upgrade"))
    return _INSTALL.sub(lambda match: _install_command(match[1]), text)


def _packages(extra: str) -> list[str]:
    from importlib.metadata import PackageNotFoundError, requires

    try:
        every = requires("ttp-cli") or []
    except PackageNotFoundError:
        every = []
    pattern = re.compile(rf"""extra == ["']{extra}["']""")
    return [one.partition(";")[0].strip() for one in every if pattern.search(one)] or [f"ttp-cli[{extra}]"]
