"""The one entry: an argv in, an exit code out, and the one place where errors become text.

`--version`, bare `ttp`, `--help` and what a shell asks at TAB are answered before Typer is imported.
"""

from __future__ import annotations

import gc
import os
import sys

from ttp import __version__

TYPE_CHECKING = False  # to import it from `typing` would take as long as all the rest of `ttp --version`
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttp.domain.time.clock import Clock


def run() -> None:
    """Run the console script. Most of what it runs is over before there is any garbage worth a look."""
    gc.set_threshold(50_000)
    code = main(sys.argv[1:])
    gc.freeze()  # else Python looks for garbage in all of it once more at exit, for as long as `ttp --version` takes
    sys.exit(code)


def main(argv: Sequence[str], clock: Clock | None = None) -> int:
    """Run one command. Never raises, and never exits."""
    try:
        match list(argv):
            case ["--version" | "-V"]:
                return _print(f"ttp {__version__}\n")
            case [] | ["--help" | "-h"]:
                from ttp.cli.command_table import start_page, terminal_width

                return _print(start_page(terminal_width()))
            case ["__complete", *asked]:
                from ttp.cli.complete import complete

                return _print(complete(asked))
            case words:
                from ttp.cli import app
                from ttp.cli.context import Context

                return app.run(words, Context(clock))
    except KeyboardInterrupt:
        return 130
    except MemoryError:
        from ttp.cli.errors import report_out_of_memory

        return report_out_of_memory(argv)


def _print(text: str) -> int:
    try:
        if sys.stdout is not None:
            sys.stdout.write(text)
            sys.stdout.flush()
    except UnicodeEncodeError:
        sys.stdout.write(text.encode("ascii", "replace").decode())
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as full:
        from ttp.cli.errors import report_write_error

        return report_write_error(full, [])
    return 0
