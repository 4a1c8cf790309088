"""The Typer tree, loaded one command at a time, and what it says of words that it cannot read, in our words."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer
from typer._click.exceptions import ClickException, NoSuchOption
from typer.core import TyperGroup
from typer.main import get_command

from ttp.cli.as_typer import App
from ttp.cli.capabilities import guarded
from ttp.cli.command_table import BY_NAME, COMMANDS
from ttp.cli.context import begin
from ttp.cli.declared import Group
from ttp.cli.errors import ended
from ttp.cli.exit_codes import INTERRUPTED
from ttp.domain.errors import Hint, UsageError

if TYPE_CHECKING:
    from ttp.domain.time.clock import Clock

BEHIND = "ttp.behind"
"""The key of what was typed behind a subcommand's name, in the meta data of its group's context."""
_TAKE_TEXT = ("ttp create", "ttp edit", "ttp config set")
SETTINGS: dict[str, Any] = {"help_option_names": ["--help", "-h"], "max_content_width": 100}


class Branch(TyperGroup):
    """A group that says in the house's words which command it lacks."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        names = self.list_commands(ctx)
        if args and args[0] not in names and not args[0].startswith("-"):
            raise no_command(args, names, ctx.command_path.removeprefix("ttp").strip())
        ctx.meta[BEHIND] = args[1:]
        return super().resolve_command(ctx, args)


class FirstImplied(Branch):
    """A group whose first command may be left out: what is no command's name is for it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        names = self.list_commands(ctx)
        if args and args[0] not in (*names, *SETTINGS["help_option_names"]) and not args[0].isalpha():
            args = [names[0], *args]
        return super().parse_args(ctx, args)


class Tree(Branch):
    """The root group: knows every command's name, and imports the one that is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [command.name for command in COMMANDS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in BY_NAME:
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = load(cmd_name)
        return self.commands[cmd_name]


def new_app(group: type[Branch] = Branch, **more: Any) -> App:
    """A Typer app in the house's manner: plain help, no completion machinery, no drawn boxes."""
    return App(
        cls=group,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=SETTINGS,
        **more,
    )


def load(name: str) -> Any:
    """The Click command of that name."""
    found = BY_NAME[name].load()
    if isinstance(found, Group):
        return guarded(name, get_command(_group(found, BY_NAME[name].help)))
    app = new_app()
    app.command(name, context_settings=SETTINGS)(found)
    return guarded(name, get_command(app))


def _group(group: Group, help: str) -> App:
    kind = FirstImplied if group.first_implied else Branch
    if group.alone is None:
        app = new_app(kind, help=help)
    else:  # whose help is the group's
        app = new_app(kind, invoke_without_command=True)
        app.callback(invoke_without_command=True)(_alone(group.alone))
    for name, command in group.commands.items():
        app.command(name)(command)
    return app


def _alone(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a group does where none of its commands is named."""

    @functools.wraps(command)
    def run(*, ctx: typer.Context, **given: Any) -> Any:
        if ctx.invoked_subcommand is None:
            return command(**given)
        return _refuse_options_before(ctx)

    asked = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    run.added = (asked, *getattr(command, "added", ()))  # type: ignore[attr-defined]  # read by `declared.parameters`
    return run


def _refuse_options_before(ctx: Any) -> None:
    """Options before the subcommand's name would be dropped silently: say the order that works, where one does."""
    path, name = ctx.command_path, ctx.invoked_subcommand
    given: dict[str, list[str]] = {}
    for option in ctx.command.params:
        value = ctx.params.get(option.name)
        if value and (option.name, value) != ("color", "auto"):
            flag = next((one for one in option.opts if one.startswith("--")), option.opts[0])
            values = value if isinstance(value, list | tuple) else [value]
            given[flag] = [word for one in values for word in ([flag] if one is True else [flag, str(one)])]
    known = {flag for option in ctx.command.commands[name].params for flag in option.opts}
    if strange := sorted(given.keys() - known):
        raise UsageError(f"{path} takes {strange[0]} or a subcommand, not both", Hint("usage", f"{path} {name} --help"))
    if given:
        from ttp.cli.hints import quote_command

        words = [*path.split(), name, *ctx.meta.get(BEHIND, ()), *(word for words in given.values() for word in words)]
        raise UsageError("options come after the subcommand's name", Hint("type", quote_command(*words)))


def no_command(typed: Sequence[str], names: Sequence[str], parent: str = "") -> UsageError:
    """`no command "shedule"; did you mean "schedule"?`, and what was `typed` with that in its place."""
    from difflib import get_close_matches

    wrong, *rest = typed
    near = get_close_matches(wrong.lower(), names, n=1)
    path = f"{parent} " if parent else ""
    asked = f'; did you mean "{near[0]}"?' if near else ""
    meant = f"ttp {path}{' '.join([*near, *map(_quote, rest)])}"
    hint = Hint("did you mean", meant) if near else Hint("see them", f"ttp {path}--help")
    return UsageError(f'no command "{path}{wrong}"{asked}', hint)


def root() -> Tree:
    return Tree(name="ttp", context_settings=SETTINGS, rich_markup_mode=None)


def invoke(argv: Sequence[str], clock: Clock | None) -> int:
    """Run a command of the tree; its exit code."""
    begin(clock)
    return ended(lambda: _run(argv), argv)


def _run(argv: Sequence[str]) -> Any:
    try:
        return root().main(args=list(argv), prog_name="ttp", standalone_mode=False)
    except typer.Exit as exited:
        return exited.exit_code
    except typer.Abort:
        return INTERRUPTED
    except ClickException as error:
        raise _misused(error, argv) from None


def _misused(error: ClickException, argv: Sequence[str]) -> UsageError:
    """What Typer says of the words that were typed, in our words."""
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "ttp"
    if path == "ttp" and argv[:1] and argv[0] in BY_NAME:
        path = f"ttp {argv[0]}"  # an option without its value is told before there is a context
    usage = Hint("usage", f"{path} --help")
    if isinstance(error, NoSuchOption):
        return _no_option(error, list(argv), path, usage)
    said = error.format_message()
    if ctx is not None and said == "Missing command.":
        names = ", ".join(ctx.command.list_commands(ctx))
        return UsageError(f"{path} needs a command: {names}", usage)
    if extra := re.fullmatch(r"Got unexpected extra argument\(s\) \((.*)\)", said, re.DOTALL):
        quotes = [Hint("put a text in quotes", f'{path} "Hello world"')] if path in _TAKE_TEXT else []
        return UsageError(f"too many words: {extra[1]}", *quotes, usage)
    return UsageError((said[:1].lower() + said[1:]).rstrip("."), usage)


def _no_option(error: Any, argv: list[str], path: str, usage: Hint) -> UsageError:
    """An option that does not exist. Where a text could stand: how to write one that begins with a dash."""
    name = error.option_name
    word = next((w for w in argv if w.partition("=")[0] == name or (name[1:2] != "-" and _bundles(w, name))), name)
    rest = argv[len(path.split()) - 1 :]
    hints = [Hint("did you mean", near, (name, near)) for near in _near(name, error.possibilities or ())]
    if path not in _TAKE_TEXT or word not in rest:
        return UsageError(f"no option {name}", *hints, usage)
    rest.remove(word)
    typed = f"{path} {' '.join(map(_quote, [*rest, '--', word]))}"
    if re.fullmatch(r"--?[A-Za-z][A-Za-z-]*(=.*)?", word):
        return UsageError(f"no option {word.partition('=')[0]}", *hints, usage, Hint("if it is a text", typed))
    return UsageError(f'"{word}" begins with a dash, so it is read as an option', Hint("write it after --", typed))


def _near(name: str, options: Iterable[str]) -> list[str]:
    """The option that was probably meant; the dashes, which all have, make none near."""
    from difflib import get_close_matches

    bare = {option.lstrip("-"): option for option in options}
    return [bare[one] for one in get_close_matches(name.lstrip("-"), bare, n=1)]


def _bundles(word: str, option: str) -> bool:
    """Whether `word` was read as short options, `option` among them: `-5% off` for `-5`, `-hello` for `-e`."""
    return word.startswith("-") and not word.startswith("--") and option[1:] in word


def _quote(text: str) -> str:
    import shlex

    return shlex.quote(text)
