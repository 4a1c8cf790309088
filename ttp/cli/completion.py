"""What can be typed where, for the completion scripts of bash, zsh and fish (`completion_scripts`).

Names, options and values that are known are in the scripts: no process is started for them. Ids, accounts and tags are
asked of `ttp __complete` (`at_tab`). The files in `completions/` are what `ttp completion` prints; a test holds them
equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from ttp.cli.commands import COMMANDS, TOPICS
from ttp.cli.declared import SEVERAL, Argument, Group, Option, declaration, parameters
from ttp.cli.streams import print_out
from ttp.domain.errors import Hint, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SHELLS = ("bash", "zsh", "fish")

Word = tuple[str, str]
"""What can be typed, and its help."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the words of one place come from: `words` that are known, what the program is asked, files. `many`: several
    can be joined by commas."""

    words: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    """`post`, `account`, `tag`, `slot` or `repeat`, and of posts which statuses."""
    files: bool = False
    many: bool = False


NOTHING = Source()


@dataclass(frozen=True, slots=True)
class Node:
    """One command and what can follow it. `path` is `account add`; the root's is empty."""

    path: str
    words: tuple[Word, ...] = ()
    options: tuple[Word, ...] = ()
    values: tuple[tuple[str, Source], ...] = ()
    """The options that take a value."""
    place: Source = NOTHING
    """Its argument."""
    again: bool = False
    """It takes several."""


def completion(shell: Annotated[str, Argument(metavar="SHELL", help="bash, zsh or fish.")]) -> None:
    """The completion script of a shell.

    Example: ttp completion bash > ~/.local/share/bash-completion/completions/ttp
    """
    if shell not in SHELLS:
        raise UsageError(f'no completion for "{shell}"', *(Hint("write", f"ttp completion {name}") for name in SHELLS))
    from ttp.cli.completion_scripts import script

    print_out(script(shell, tuple(tree())))


def tree() -> Iterator[Node]:
    """The root and every command below it, parents first."""
    commands = tuple((command.name, command.help) for command in COMMANDS)
    yield Node("", commands, (("--help", "Show help."), ("--version", "Show the version.")))
    groups: list[Node] = []
    for command in COMMANDS:
        for node in _nodes(command.name, command.load()):
            match node.path:
                case "completion":
                    yield Node(node.path, tuple((shell, "") for shell in SHELLS), node.options)
                case "help":
                    yield Node(node.path, (*((topic, "") for topic in TOPICS), *commands), node.options)
                    yield from groups  # the last command: those that have commands of their own are known
                case _:
                    yield node
                    if node.words:
                        groups.append(Node(f"help {node.path}", node.words, node.options[-1:]))


def _nodes(path: str, found: Callable[..., Any] | Group) -> Iterator[Node]:
    if not isinstance(found, Group):
        yield _node(path, found)
        return
    children = found.commands.items()
    yield _node(path, found.alone, tuple((name, first_line(child.__doc__)) for name, child in children))
    for name, child in children:
        yield from _nodes(f"{path} {name}", child)


def _node(path: str, command: Callable[..., Any] | None, words: tuple[Word, ...] = ()) -> Node:
    from ttp.cli.completion_words import source_of_argument, source_of_option

    taken = [] if command is None else [declaration(one) for one in parameters(command)]
    options = [(kind, one) for kind, one in taken if isinstance(one, Option)]
    kind, place = next(((kind, one) for kind, one in taken if isinstance(one, Argument)), (None, None))
    return Node(
        path,
        words,
        (*((name, first_line(one.help)) for _, one in options for name in one.names), ("--help", "Show help.")),
        tuple((name, source_of_option(path, name)) for kind, one in options if kind is not bool for name in one.names),
        NOTHING if place is None else source_of_argument(path, str(place.metavar)),
        kind in SEVERAL,
    )


def first_line(text: str | None) -> str:
    """The first line of a help text."""
    return (text or "").strip().partition("\n")[0]
