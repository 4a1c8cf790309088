"""`ttp completion`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ttp.cli.completion_tree import SHELLS, tree
from ttp.cli.context import Context
from ttp.cli.streams import print_out
from ttp.domain.errors import Hint, UsageError

if TYPE_CHECKING:
    pass


def completion(
    context: Context, shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]
) -> None:
    """The completion script of a shell.

    Example: ttp completion bash > ~/.local/share/bash-completion/completions/ttp
    """
    if shell not in SHELLS:
        raise UsageError(f'no completion for "{shell}"', *(Hint("write", f"ttp completion {name}") for name in SHELLS))
    from ttp.cli.completion_scripts import script

    print_out(script(shell, tuple(tree())))
