"""How a command ends: its exit code, and the one place where errors become text."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from ttp.cli.exit_codes import FAILED, INTERRUPTED, exit_code
from ttp.cli.output import write_error
from ttp.cli.streams import put, willing
from ttp.domain.errors import Hint, TtpError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_MEMORY = b"ttp: error: there is not enough memory for this\n"


def ended(command: Callable[[], Any], argv: Sequence[str]) -> int:
    """Run a command that was typed as `argv`; its exit code."""
    try:
        code = command()
    except TtpError as error:
        return _told(error, argv)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # Typer makes an exit of a pipe that nobody reads
        if sys.stdout is not None:
            put(sys.stdout, "", flush=True)
        return 0
    except MemoryError:
        return out_of_memory(argv)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            return unwritten(error, argv)
        if os.environ.get("TTP_DEBUG"):
            raise
        write_error(willing(sys.stderr), _bug(error, argv), json=wants_json(argv))
        return FAILED
    return code if isinstance(code, int) else 0


def out_of_memory(argv: Sequence[str]) -> int:
    """Report that there is not enough memory; the exit code. What the command held is free again by now."""
    try:
        return _told(TtpError("there is not enough memory for this"), argv)
    except MemoryError:
        with suppress(OSError):
            os.write(2, _NO_MEMORY)
    return FAILED


def unwritten(error: OSError, argv: Sequence[str]) -> int:
    """Tell that there is no room for what was to be written; the exit code."""
    if sys.stdout is not None:
        put(sys.stdout, "", flush=True)  # what is in its buffer must not fail again when all ends
    return _told(TtpError(f"cannot write the output: {error.strerror}"), argv)


def _told(error: TtpError, argv: Sequence[str]) -> int:
    from ttp.cli.retyping import whole

    write_error(willing(sys.stderr), whole(error, argv), json=wants_json(argv))
    return exit_code(error)


def wants_json(argv: Sequence[str]) -> bool:
    """Errors follow the format that was asked for, even where the command could not be read."""
    words = list(argv[: argv.index("--")] if "--" in argv else argv)
    pairs = list(zip(words, [*words[1:], ""], strict=False))
    return any(
        word in ("--json", "--jsonl", "--format=json", "--format=jsonl")
        or (word == "--format" and then in ("json", "jsonl"))
        for word, then in pairs
    )


def _bug(error: Exception, argv: Sequence[str]) -> TtpError:
    import shlex

    return TtpError(
        f"this is a bug in ttp: {type(error).__name__}: {error}",
        Hint("see where", "TTP_DEBUG=1 ttp " + " ".join(shlex.quote(word) for word in argv)),
    )
