"""Create and check the home folder; expand and quote paths."""

from __future__ import annotations

import errno
import os
import shlex
import stat
from contextlib import suppress
from pathlib import Path

from ttp.domain.errors import Busy, Hint, UsageError


def nearest_folder(path: Path) -> str:
    """Return the nearest existing folder of a missing path, quoted for a shell."""
    folder = next((one for one in path.parents if os.path.isdir(one)), Path())  # noqa: PTH112 (never raises)
    return shlex.quote(str(folder))


def expand_user(text: str, what: str = "") -> Path:
    """Return the path with `~` and `~name` expanded. Raises UsageError for an unknown user; `what`: its source."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        said = f"{what}: " if what else ""
        name = text.partition("/")[0]
        raise UsageError(f'{said}no user is called "{name[1:]}" here', Hint("try", f"./{text}")) from None


_LOOSE = stat.S_IRWXG | stat.S_IRWXO
_FULL = (errno.ENOSPC, errno.EDQUOT)


def make_home(home: Path) -> None:
    """Create the home folder, private to its owner. An empty existing folder is made private. Raises Busy."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(home.stat().st_mode) & _LOOSE and not any(p.name != "config.toml" for p in home.iterdir()):
            home.chmod(0o700)
    except OSError as error:
        if error.errno in _FULL:
            raise no_room(home) from error
        why = "a file is in its place" if isinstance(error, FileExistsError) else error.strerror or error
        raise Busy(
            f"the folder of the store, {home}, cannot be made or used: {why}",
            Hint("fix", "export TTP_HOME=FOLDER"),
        ) from error
    refuse_loose_modes(home)


def refuse_loose_modes(*paths: Path) -> None:
    """Raise Busy, with the chmod to run, for files and folders that others can access."""
    for path in paths:
        with suppress(FileNotFoundError):
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & _LOOSE:
                wanted = "700" if path.is_dir() else "600"
                raise Busy(
                    f"others can reach {path} (mode {mode:o}), and it holds what is yours alone",
                    Hint("fix", f"chmod {wanted} {quote_path(path)}"),
                )


def no_room(path: Path) -> Busy:
    return Busy(f"no room left for the store {path}", Hint("see", f"df -h {quote_path(path.parent)}"))


def quote_path(path: Path) -> str:
    """Return a path quoted for a shell."""
    import shlex

    return shlex.quote(str(path))
