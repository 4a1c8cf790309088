"""The completion scripts themselves. They read words and offer words and evaluate nothing, so no text of a post ever
reaches a shell as more than text: what `ttp __complete` answers is split into lines, compared, and quoted."""

from __future__ import annotations

from collections.abc import Sequence

from ttp.cli.completion import Node
from ttp.cli.completion_scripts.bash import bash
from ttp.cli.completion_scripts.fish import fish
from ttp.cli.completion_scripts.zsh import zsh


def script(shell: str, nodes: Sequence[Node]) -> str:
    """The whole script, ending in a newline."""
    return {"bash": bash, "zsh": zsh, "fish": fish}[shell](nodes)
