"""A person's editor, opened on a file: `TTP_EDITOR`, else `VISUAL`, `EDITOR`, else what the system has."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ttp.cli.prompt import can_ask
from ttp.domain.errors import Hint, TtpError, UsageError

_USUAL = ("sensible-editor", "nano", "vim", "vi")


def edit(path: Path, environ: Mapping[str, str] = os.environ, lock: int | None = None) -> None:
    """Open the file, and come back when the editor has ended. It holds the open file `lock` as long as it runs.

    UsageError where there is none, or nobody to use it; TtpError where it cannot be started or ends with a failure.
    """
    argv = editor(environ)
    try:
        with _deaf():
            ended = subprocess.run(
                [*argv, str(path)], check=False, stdout=_screen(), pass_fds=[] if lock is None else [lock]
            ).returncode
    except OSError as error:
        raise TtpError(
            f"the editor {argv[0]} cannot be started: {error.strerror}", Hint("name another", "export TTP_EDITOR=nano")
        ) from None
    if ended:
        how = f"ended with {ended}" if ended > 0 else f"was ended by signal {-ended}"
        raise TtpError(f"the editor {argv[0]} {how}", Hint("name another", "export TTP_EDITOR=nano"))


def editor(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The editor's program and arguments. Without a terminal it is TTP_EDITOR or none: the others want one.
    UsageError."""
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


@contextmanager
def _deaf() -> Iterator[None]:
    """Ctrl-C is the editor's alone: what it makes of it is its answer."""
    before = signal.signal(signal.SIGINT, lambda *_: None)  # no SIG_IGN: programs that are started would inherit it
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _screen() -> int | None:
    """Where an editor draws: stdout, or stderr where stdout is for the answer."""
    if sys.stdout is not None and sys.stdout.isatty():
        return None
    try:
        os.fstat(2)
    except OSError:
        return subprocess.DEVNULL
    return 2
