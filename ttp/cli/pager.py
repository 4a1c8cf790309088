"""`TTP_PAGER`: the program through which a person reads tables on a terminal, such as `less`."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress

from ttp.domain.errors import Hint, TtpError, UsageError


def page(pager: str, parts: Iterable[str], environ: Mapping[str, str] = os.environ) -> None:
    """Show a text through the pager, and come back when it has been read. UsageError, TtpError before anything is
    shown: it cannot be read or started."""
    way_out = Hint("without one", "unset TTP_PAGER")
    try:
        argv = shlex.split(pager)
    except ValueError as error:
        raise UsageError(f"TTP_PAGER cannot be read: {error}", way_out) from None
    # less: leave at once where it fits on the screen, keep colours and what was shown.
    environ = {"LESS": "FRX", **environ}
    try:
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, env=environ, encoding="utf-8", errors="replace")
    except OSError as error:
        raise TtpError(f"the pager {argv[0]} cannot be started: {error.strerror}", way_out) from None
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        for part in parts:
            process.stdin.write(part)
    with suppress(BrokenPipeError):
        process.stdin.close()
    while True:
        with suppress(KeyboardInterrupt):  # Ctrl-C is the pager's
            process.wait()
            return
