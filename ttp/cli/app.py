"""The command line as a Typer app, which imports the module of one command only.

Uses private parts of Typer, and is the only file that does. `Command` is the one base that commands and groups share;
Typer exports neither it nor the errors of Click, which it brings with it. `RuntimeParam` reads values (see
`keep_pydantic_out`).
"""

from __future__ import annotations

import errno
import functools
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from types import MethodType
from typing import Any

import typer
from typer import core
from typer._click.core import Command
from typer._click.exceptions import ClickException, NoSuchOption
from typer._coercion import RuntimeParam, TypeDescriptor
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from ttp.cli.command_table import BY_NAME, COMMANDS
from ttp.cli.context import Context
from ttp.cli.errors import DONE, INTERRUPTED, quote_command
from ttp.cli.options import MOST, asking_options, output_options, refuse_bad_bytes
from ttp.cli.output import FORMATS, report_error, report_out_of_memory, report_write_error
from ttp.cli.terminal import write_text
from ttp.domain.errors import Hint, TimeRefused, TtpError, UsageError

_SETTINGS: dict[str, Any] = {"help_option_names": ["--help", "-h"], "max_content_width": 100}
_APP: dict[str, Any] = {
    "add_completion": False,
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "context_settings": _SETTINGS,
}


class _Prepared(Command):
    """A command that adds the shared options, asks whether it may run here, and opens the output before it."""

    def __init__(self, name: str | None, *, callback: Any = None, params: Any = None, **more: Any) -> None:
        own = list(params or ())
        flags = {flag for param in own for flag in param.opts}
        names = getattr(callback, "shared_options", ())
        params_of_all = [*(_params_of(asking_options) if "yes" in names else ()), *output_params()]
        shared = [one for one in params_of_all if one.name in names and not flags & {*one.opts}]
        self._shared = [one.name for one in shared]
        self._checked = None if getattr(callback, "checks_fields", True) else callback.output_spec
        super().__init__(name, callback=callback, params=[*own, *shared], **more)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if isinstance(ctx.obj, Context):
            ctx.obj.params, ctx.obj.path = self.params, ctx.command_path.split()[1:]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        if ctx.invoked_subcommand is not None:  # a group runs its subcommand next
            return None
        values, context = ctx.params, ctx.obj
        if context.only_reads:
            if context.checks_values and self._checked is not None:
                context.open_output(**{name: values[name] for name in self._shared if name in ("fields", "format")})
                context.out.check_fields(self._checked)
            return None
        refuse_bad_bytes(values)
        path, names = _named(ctx)
        if context.admit(path, names, values):
            from ttp.cli.remote.client import run_there

            ended = run_there(context, path, values)
            if ended is not None:
                return ended
        output_options = {name: values.pop(name) for name in self._shared}
        context.yes, context.no_input = (output_options.pop(name, False) for name in ("yes", "no_input"))
        if values.get("own_format") in FORMATS:  # a --format that has more formats
            output_options["format"], values["own_format"] = values["own_format"], None
        logged = "verbose" in output_options and (
            output_options.pop("verbose") or os.environ.get("TTP_DEBUG") == "http"
        )
        context.open_output(**output_options)
        if self._checked is not None:
            context.out.check_fields(self._checked)
        if not logged:
            return super().invoke(ctx)
        from ttp.cli.progress import log_requests

        with log_requests():
            return super().invoke(ctx)


def _write_help(command: Any, ctx: Any, formatter: Any) -> None:
    from ttp.cli.help_pages import write_help

    if isinstance(ctx.obj, Context):
        ctx.obj.shows_help = True
    write_help(command, ctx, formatter)


class _Leaf(TyperCommand, _Prepared):
    """A command without subcommands."""

    format_help = _write_help


class CommandGroup(TyperGroup, _Prepared):
    """Subcommands under one name, and what the name does without one."""

    format_help = _write_help

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        names = self.list_commands(ctx)
        if args and args[0] not in names and not args[0].startswith("-"):
            from ttp.cli.usage_errors import unknown_command

            raise unknown_command(args, names, ctx.command_path.removeprefix("ttp").strip(), ctx.obj)
        name, command, rest = super().resolve_command(ctx, args)
        _refuse_options_before(ctx, command, [str(name), *rest])
        return name, command, rest


class DefaultCommandGroup(CommandGroup):
    """A group whose first command can be left out: other words are its arguments."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        names = self.list_commands(ctx)
        if args and args[0] not in (*names, *_SETTINGS["help_option_names"]) and not args[0].isalpha():
            args = [names[0], *args]
        return super().parse_args(ctx, args)


class LazyCommandGroup(CommandGroup):
    """The root group: knows the names of all commands, and imports only the one that runs."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [command.name for command in COMMANDS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in BY_NAME:
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = load_command(cmd_name, ctx.obj if ctx is not None else None)
        return self.commands[cmd_name]


def root_group() -> LazyCommandGroup:
    """Return the group of all commands, without importing any."""
    return LazyCommandGroup(name="ttp", context_settings=_SETTINGS, rich_markup_mode=None)


def load_command(name: str, context: Context | None = None) -> Any:
    """Return a command; its functions get `context` as their first argument."""
    entry, context = BY_NAME[name], context or Context()
    module, word = import_module(f"ttp.cli.commands.{entry.module}"), name.replace("-", "_")
    target = getattr(module, f"{word}_", None) or getattr(module, word)
    kind = DefaultCommandGroup if entry.first_implied else CommandGroup
    if not isinstance(target, typer.Typer):
        app = typer.Typer(**_APP)
        app.command(name, cls=_Leaf, context_settings=_SETTINGS)(MethodType(target, context))
        return get_command(app)
    alone = target.registered_callback
    if alone is None:
        app = typer.Typer(cls=kind, help=entry.help, **_APP)
    else:  # the function's docstring is the help of the group
        app = typer.Typer(cls=kind, invoke_without_command=True, **_APP)
        app.callback(invoke_without_command=True)(MethodType(_function_of(alone), context))
    for one in target.registered_commands:
        app.command(one.name, cls=_Leaf)(MethodType(_function_of(one), context))
    group = get_command(app)
    group.name = name
    return group


def _function_of(registered: Any) -> Callable[..., Any]:
    function: Callable[..., Any] = registered.callback
    return function


def output_params() -> list[Any]:
    """Return the shared output options as Typer parameters."""
    return _params_of(output_options)


@functools.cache
def _params_of(declare: Callable[..., None]) -> list[Any]:
    app = typer.Typer(**_APP)
    app.command()(declare)
    return list(get_command(app).params)


def run(argv: Sequence[str], context: Context) -> int:
    """Run a command; return its exit code. The one place where an error becomes text."""
    context.argv = argv
    try:
        code = _run(argv, context)
        if context.open_out is not None:
            context.open_out.write_below()
        if context.store_in_use is not None:
            context.store_in_use.remember_names()
    except TtpError as error:
        if isinstance(error, UsageError | TimeRefused):
            from ttp.cli.usage_errors import add_reading

            add_reading(error, context)
        return report_error(error, context.line, context.open_out)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # Typer makes an exit of a closed pipe
        if sys.stdout is not None:
            write_text(sys.stdout, "", flush=True)
        return DONE
    except MemoryError:
        return report_out_of_memory(context.line, context.open_out)
    except Exception as error:
        if _is_interruption(error):
            return INTERRUPTED
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return _report_full_disk(error, context)
        if os.environ.get("TTP_DEBUG"):
            raise
        again = Hint("see", "TTP_DEBUG=1 ttp " + " ".join(shlex.quote(word) for word in argv))
        return report_error(
            TtpError(f"this is a bug in ttp: {type(error).__name__}: {error}", again), context.line, context.open_out
        )
    return code if isinstance(code, int) else DONE


def _report_full_disk(error: OSError, context: Context) -> int:
    """Report a disk that has no room for a file; for the output if Typer was writing a help page. All other output
    reports its errors itself."""
    if context.shows_help:
        return report_write_error(error, context.line, context.open_out)
    from ttp.store.home.files import disk_error  # here: only what fails needs it

    path = Path(error.filename) if isinstance(error.filename, str) else context.home
    return report_error(disk_error(path, error), context.line, context.open_out)


def _is_interruption(error: BaseException | None) -> bool:
    """Return whether `error` came of Ctrl-C: in the middle of a wait it can leave a lock that its owner then finds
    unlocked (threading.Condition.wait)."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def print_help(argv: Sequence[str], *, all: bool = False) -> None:
    """Print the help of a command. `all`: also of the options that find no room on the terminal."""
    context = Context()
    context.shows_all_help = all
    _run([*argv, "--help"], context)


class Parser:
    """What suggestions ask of the command line."""

    def read_only(self, argv: Sequence[str], context: Context) -> None:
        """Read a command without running it. TtpError."""
        context.argv, context.only_reads = argv, True
        _run(argv, context)

    def add_reading(self, error: TtpError, context: Context) -> None:
        """Add the command that was probably meant to an error of one."""
        from ttp.cli.usage_errors import add_reading

        add_reading(error, context)

    def trial(self, context: Context) -> Context:
        """Return the context of a command that is read after one more correction."""
        trial = Context(context.clock)
        trial.steps = context.steps + 1
        return trial

    def subcommands(self, name: str) -> Sequence[str]:
        return list(getattr(load_command(name), "commands", ()))


def _run(argv: Sequence[str], context: Context) -> Any:
    context.parser = Parser()
    try:
        return root_group().main(args=list(argv), prog_name="ttp", standalone_mode=False, obj=context)
    except typer.Exit as exited:
        return exited.exit_code
    except typer.Abort:
        return INTERRUPTED
    except ClickException as error:
        from ttp.cli.usage_errors import usage_error

        raise usage_error(error, context, is_unknown_option=isinstance(error, NoSuchOption)) from None


def _named(ctx: Any) -> tuple[str, list[str]]:
    """Return a command's path, and the names of the options and arguments that it was given (`-` is stdout)."""
    params = [param for param in ctx.command.params if ctx.params.get(param.name) not in (None, False, "-")]
    names = [name for it in params for name in (it.opts if it.param_type_name == "option" else [it.name.upper()])]
    return ctx.command_path.removeprefix("ttp "), names


def _refuse_options_before(ctx: Any, command: Any, typed: Sequence[str]) -> None:
    """Raise UsageError for options before the subcommand, which Typer would drop silently; suggest the right order."""
    path = ctx.command_path
    typed_options: dict[str, list[str]] = {}
    for option in ctx.command.params:
        value = ctx.params.get(option.name)
        if value and (option.name, value) != ("color", "auto"):
            flag = next((one for one in option.opts if one.startswith("--")), option.opts[0])
            values = value if isinstance(value, list | tuple) else [value]
            typed_options[flag] = [word for one in values for word in ([flag] if one is True else [flag, str(one)])]
    flags = {flag for option in command.params for flag in option.opts}
    if strange := sorted(typed_options.keys() - flags):
        usage = Hint("see", f"{path} {typed[0]} --help")
        raise UsageError(f"{path} takes {strange[0]} or a subcommand, not both", usage)
    if typed_options:
        words = [*path.split(), *typed, *(word for words in typed_options.values() for word in words)]
        raise UsageError("options come after the subcommand's name", Hint("try", quote_command(*words)))


PATCHED_TYPER = "0.29."
"""Versions of Typer that can be patched to read values without pydantic. Others run unpatched, and start slower."""


class _PlainParam(RuntimeParam):
    """Parses the value of a parameter by its parser, as a number within bounds, or as text."""

    def _coerce_value(self, value: Any, param: Any, ctx: Any) -> Any:
        info = self.parameter_info
        if info.parser is not None:
            return info.parser(value)
        if self.annotation not in (int, float) or not isinstance(value, str):
            return list(value) if self.annotation == list[str] else value
        try:
            number = self.annotation(value)
        except ValueError:
            number = None
        least, most = info.min, info.max
        if number is None or (least is not None and number < least) or (most is not None and number > most):
            kind = "a whole number" if self.annotation is int else "a number"
            bounds = "" if least is None else f" from {least:g}"
            bounds += "" if least is None or most in (None, MOST) else f" to {most:.10g}"
            name = param.opts[0] if param.param_type_name == "option" else param.metavar.strip("[]")
            listed = param.name == "count" and any("--list" in one.opts for one in ctx.command.params)  # undo all
            ways = [Hint("try", f"{ctx.command_path} --list")] if listed else []
            raise UsageError(
                f'{name} is {kind}{bounds}, not "{value}"', *ways, Hint("see", f"{ctx.command_path} --help")
            )
        return number


def _plain_param(descriptor: TypeDescriptor) -> RuntimeParam:
    return _PlainParam(descriptor.parameter_info, descriptor.annotation)


def keep_pydantic_out() -> None:
    """Patch Typer to read values without pydantic, which takes as long to import as most commands run."""
    if typer.__version__.startswith(PATCHED_TYPER):
        core.build_runtime_param = _plain_param  # type: ignore[attr-defined]  # not part of Typer's API


keep_pydantic_out()
