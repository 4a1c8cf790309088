"""How a command ends: its exit code, and the one place where errors become text."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ttp.cli.exit_codes import FAILED, INTERRUPTED, exit_code
from ttp.cli.output import write_error
from ttp.cli.streams import escaping_stream, write_text
from ttp.domain.errors import Hint, TtpError

if TYPE_CHECKING:
    from ttp.cli.context import Context

_FULL = (errno.ENOSPC, errno.EDQUOT)
_JSON = ("--json", "--jsonl", "--format=json", "--format=jsonl")
_NO_MEMORY = b"ttp: error: there is not enough memory for this\n"


def run_command(command: Callable[[], Any], argv: Sequence[str], context: Context) -> int:
    """Run the command that was typed as `argv`; return its exit code. The one place where an error becomes text."""
    try:
        code = command()
    except TtpError as error:
        return report_error(error, argv, context)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # Typer makes an exit of a closed pipe
        if sys.stdout is not None:
            write_text(sys.stdout, "", flush=True)
        return 0
    except MemoryError:
        return report_out_of_memory(argv, context)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            return report_write_error(error, argv, context)
        if os.environ.get("TTP_DEBUG"):
            raise
        write_error(escaping_stream(sys.stderr), _bug(error, argv), json=_in_json(argv, context))
        return FAILED
    return code if isinstance(code, int) else 0


def report_out_of_memory(argv: Sequence[str], context: Context | None = None) -> int:
    """Report a lack of memory and return the exit code. What the command held is free again by now."""
    try:
        return report_error(TtpError("there is not enough memory for this"), argv, context)
    except MemoryError:
        with suppress(OSError):
            os.write(2, _NO_MEMORY)
    return FAILED


def report_write_error(error: OSError, argv: Sequence[str], context: Context | None = None) -> int:
    """Report that output could not be written, and return the exit code."""
    if sys.stdout is not None:
        write_text(sys.stdout, "", flush=True)  # what is in its buffer must not fail again when all ends
    return report_error(TtpError(f"cannot write the output: {error.strerror}"), argv, context)


def report_error(error: TtpError, argv: Sequence[str], context: Context | None = None) -> int:
    """Write an error to stderr, with its hints as whole commands; return its exit code."""
    from ttp.cli.hints import with_whole_commands

    write_error(escaping_stream(sys.stderr), with_whole_commands(error, argv), json=_in_json(argv, context))
    return exit_code(error)


def _in_json(argv: Sequence[str], context: Context | None) -> bool:
    """Whether the error is for a program: the command's own output says so, and before there is one the words."""
    if context is not None and context.has_output:
        return context.out.in_json
    words = list(argv[: argv.index("--")] if "--" in argv else argv)
    return any(f"{word}={then}" in _JSON or word in _JSON for word, then in zip(words, [*words[1:], ""], strict=False))


def _bug(error: Exception, argv: Sequence[str]) -> TtpError:
    import shlex

    return TtpError(
        f"this is a bug in ttp: {type(error).__name__}: {error}",
        Hint("see", "TTP_DEBUG=1 ttp " + " ".join(shlex.quote(word) for word in argv)),
    )
