"""A person's editor, opened on a file: `TTP_EDITOR`, else `VISUAL`, `EDITOR`, else what the system has."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from ttp.cli.ask import can_ask
from ttp.domain.errors import Hint, TtpError, UsageError

_USUAL = ("sensible-editor", "nano", "vim", "vi")


def edit(path: Path, environ: Mapping[str, str] = os.environ) -> None:
    """Open the file, and come back when the editor has ended. UsageError where there is none, or nobody to use it;
    TtpError where it cannot be started or ends with a failure."""
    argv = _editor(environ)
    try:
        ended = subprocess.run([*argv, str(path)], check=False).returncode
    except OSError as error:
        raise TtpError(
            f"the editor {argv[0]} cannot be started: {error.strerror}", Hint("name another", "export TTP_EDITOR=nano")
        ) from None
    if ended:
        raise TtpError(f"the editor {argv[0]} ended with {ended}; what it saved is in {path}")


def _editor(environ: Mapping[str, str]) -> list[str]:
    """The editor's program and arguments. Without a terminal it is TTP_EDITOR or none: the others want one."""
    names = ("TTP_EDITOR", "VISUAL", "EDITOR") if can_ask() else ("TTP_EDITOR",)
    for name in names:
        try:
            argv = shlex.split(environ.get(name) or "")
        except ValueError as error:
            raise UsageError(f"{name} cannot be read: {error}", Hint("name an editor", f"export {name}=nano")) from None
        if argv:
            return argv
    usual = next((program for program in _USUAL if shutil.which(program)), None) if can_ask() else None
    if usual is None:
        why = "there is no editor here" if can_ask() else "there is no terminal for an editor"
        raise UsageError(why, Hint("name one that needs none", "export TTP_EDITOR=PROGRAM"))
    return [usual]
