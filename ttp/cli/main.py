"""The entry point: takes the arguments, returns the exit code.

Answers `--version`, bare `ttp`, `ttp help` and completion before Typer is imported.
"""

from __future__ import annotations

import gc
import os
import sys

from ttp import __version__

TYPE_CHECKING = False  # importing `typing` would double the time of `ttp --version`
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttp.domain.time.clock import Clock

CREDENTIALS_KEY = "TTP_CREDENTIALS_KEY"


def run() -> None:
    """Run the console script, with fewer garbage collections: most commands end before one is worth it."""
    gc.set_threshold(50_000)
    code = main(sys.argv[1:])
    gc.freeze()  # skips the collection at exit, which takes as long as `ttp --version`
    sys.exit(code)


def main(argv: Sequence[str], clock: Clock | None = None) -> int:
    """Run one command and return its exit code. Never raises, never exits."""
    if os.name == "nt":  # locks, signals and file modes are those of POSIX
        sys.stderr.write("ttp: error: ttp runs on Linux and macOS, and on Windows inside WSL\n  fix: wsl --install\n")
        return 2
    key = take_credentials_key()
    try:
        match list(argv):
            case ["--version" | "-V"]:
                return _print(f"ttp {__version__}\n")
            case [] | ["--help" | "-h" | "help"] | ["help", "--all"] as words:
                from ttp.cli.command_table import help_page, terminal_width

                return _print(help_page(terminal_width(), all="--all" in words))
            case ["__complete", *asked]:
                from ttp.cli.complete import complete

                return _print(complete(asked))
            case words:
                from ttp.cli import app
                from ttp.cli.context import Context

                if words[0] in ("--help", "-h"):  # of the command that it names
                    words = ["help", *words[1:]]
                return app.run(words, Context(clock, key))
    except KeyboardInterrupt:
        return 130
    except MemoryError:
        from ttp.cli.output import report_out_of_memory
        from ttp.cli.typed_command import TypedCommand

        return report_out_of_memory(TypedCommand(argv))
    finally:
        if key is not None:
            os.environ[CREDENTIALS_KEY] = key


def take_credentials_key() -> str | None:
    """Return TTP_CREDENTIALS_KEY, and remove it from the environment: no program that ttp starts inherits it, and no
    platform from another package finds it."""
    return os.environ.pop(CREDENTIALS_KEY, None)


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
        from ttp.cli.output import report_write_error
        from ttp.cli.typed_command import TypedCommand

        return report_write_error(full, TypedCommand())
    return 0
