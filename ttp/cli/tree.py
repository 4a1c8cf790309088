"""The Typer tree, loaded one command at a time, and what becomes of the errors that a command raises."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from ttp.cli.commands import BY_NAME, COMMANDS
from ttp.cli.context import begin
from ttp.cli.exit_codes import FAILED, INTERRUPTED, exit_code
from ttp.cli.output import write_error
from ttp.cli.streams import willing
from ttp.domain.errors import Hint, TtpError, UsageError

if TYPE_CHECKING:
    from ttp.domain.clock import Clock

SETTINGS = {"help_option_names": ["--help", "-h"], "max_content_width": 100}


class Tree(TyperGroup):
    """The root group: knows every command's name, and imports the one that is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [command.name for command in COMMANDS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in BY_NAME:
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = load(cmd_name)
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in BY_NAME and not args[0].startswith("-"):
            raise no_command(args[0], list(BY_NAME))
        return super().resolve_command(ctx, args)


def new_app(**more: Any) -> typer.Typer:
    """A Typer app in the house's manner: plain help, no completion machinery, no drawn boxes."""
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=SETTINGS,
        **more,
    )


def load(name: str) -> Any:
    """The Click command of that name."""
    module = importlib.import_module(f"ttp.cli.{BY_NAME[name].module}")
    found = getattr(module, f"{name}_", None) or getattr(module, name)
    if isinstance(found, typer.Typer):
        return get_command(found)
    app = new_app()
    app.command(name, context_settings=SETTINGS)(found)
    return get_command(app)


def no_command(typed: str, names: Sequence[str], parent: str = "") -> UsageError:
    """`no command "shedule"; did you mean "schedule"?`"""
    near = get_close_matches(typed, names, n=1)
    asked = f'; did you mean "{near[0]}"?' if near else ""
    hint = Hint("did you mean", f"ttp {parent}{near[0]}") if near else Hint("see them", f"ttp {parent}--help")
    return UsageError(f'no command "{parent}{typed}"{asked}', hint)


def root() -> Tree:
    return Tree(name="ttp", context_settings=SETTINGS, rich_markup_mode=None)


def invoke(argv: Sequence[str], clock: Clock | None) -> int:
    """Run a command of the tree; its exit code. Every error becomes text here, and nowhere else."""
    begin(clock)
    try:
        code = root().main(args=list(argv), prog_name="ttp", standalone_mode=False)
    except TtpError as error:
        return _fail(error, argv)
    except typer.Exit as ended:
        return ended.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        return 0
    except Exception as error:
        wrong = _misused(error, argv)
        if wrong is None:
            if os.environ.get("TTP_DEBUG"):
                raise
            return _bug(error, argv)
        return _fail(wrong, argv)
    return code if isinstance(code, int) else 0


def _fail(error: TtpError, argv: Sequence[str]) -> int:
    write_error(willing(sys.stderr), error, json=_wants_json(argv))
    return exit_code(error)


def _wants_json(argv: Sequence[str]) -> bool:
    """Errors follow the format that was asked for, even where the command could not be read."""
    words = list(argv[: argv.index("--")] if "--" in argv else argv)
    pairs = list(zip(words, [*words[1:], ""], strict=True))
    return any(
        word in ("--json", "--jsonl", "--format=json", "--format=jsonl")
        or (word == "--format" and then in ("json", "jsonl"))
        for word, then in pairs
    )


def _misused(error: Exception, argv: Sequence[str]) -> UsageError | None:
    """What Typer says of the words that were typed, in our words; None if it is not about those."""
    from typer._click.exceptions import ClickException, MissingParameter, NoSuchOption

    if not isinstance(error, ClickException):
        return None
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "ttp"
    usage = Hint("usage", f"{path} --help")
    if isinstance(error, NoSuchOption):
        text = _texts_like(error.option_name, argv)
        if text is not None:
            return UsageError(
                f'"{text}" begins with a dash, so it is read as an option',
                Hint("write it after --", f"{path} -- {_quote(text)}"),
            )
        near = [Hint("did you mean", name) for name in (error.possibilities or ())[:1]]
        return UsageError(f"no option {error.option_name}", *near, usage)
    if isinstance(error, MissingParameter):
        return UsageError(f"{_first_lower(error.format_message()).rstrip('.')}", usage)
    return UsageError(_first_lower(error.format_message()).rstrip("."), usage)


def _texts_like(option: str, argv: Sequence[str]) -> str | None:
    """The word that was meant as a text: it has what no option has, a space or a sign that is none of theirs."""
    for word in argv:
        if word.startswith(option[:2]) and len(word) > 2 and not word[1:].replace("-", "").replace("=", "").isalnum():
            return word
    return None


def _quote(text: str) -> str:
    import shlex

    return shlex.quote(text)


def _first_lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _bug(error: Exception, argv: Sequence[str]) -> int:
    wrong = TtpError(
        f"this is a bug in ttp: {type(error).__name__}: {error}",
        Hint("see where", "TTP_DEBUG=1 ttp " + " ".join(_quote(word) for word in argv)),
    )
    write_error(willing(sys.stderr), wrong, json=_wants_json(argv))
    return FAILED
