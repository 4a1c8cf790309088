"""Where a path that a person wrote leads."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from ttp.domain.errors import Hint, UsageError


def on_the_way(path: Path) -> str:
    """The nearest folder on the way to a path that leads nowhere, as a shell reads it."""
    folder = next((one for one in path.parents if os.path.isdir(one)), Path())  # noqa: PTH112 (never raises)
    return shlex.quote(str(folder))


def place(text: str, what: str = "") -> Path:
    """The path, with the folder of a person in the place of `~` and `~name`. UsageError where there is no such person;
    `what`: where it was written."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        said = f"{what}: " if what else ""
        name = text.partition("/")[0]
        raise UsageError(
            f'{said}nobody is called "{name[1:]}" here', Hint("of a file by that name", f"./{text}")
        ) from None
