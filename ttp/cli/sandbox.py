"""`ttp sandbox`: the three platforms on this machine."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from ttp.domain.errors import Busy, Hint, NotAllowed


def sandbox(
    port: Annotated[int, typer.Option("--port", metavar="N", help="0 takes a free one and prints it.", min=0)] = 8700,
    state: Annotated[
        str | None, typer.Option("--state", metavar="DIR", help="Keep what was posted in this folder.")
    ] = None,
) -> None:
    """The three platforms on this machine, for rehearsals.

    Prints its address, and runs until Ctrl-C. Its accounts: GET /_sandbox/accounts; what was posted:
    GET /_sandbox/posts.
    Accounts that are added while these are set are published there:

      TTP_PLATFORMS__X__BASE_URL, TTP_PLATFORMS__INSTAGRAM__BASE_URL, TTP_PLATFORMS__TIKTOK__BASE_URL

    Example: ttp sandbox --port 8700
    """
    server = load_sandbox()
    folder = None if state is None else Path(state)
    try:
        server.serve(port, folder, _say)
    except OSError as error:
        raise Busy(
            f"the sandbox cannot start on port {port}: {error.strerror or error}",
            Hint("take a free port", "ttp sandbox --port 0"),
        ) from None


def _say(url: str) -> None:
    import sys

    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


def load_sandbox() -> ModuleType:
    """The sandbox's server module. NotAllowed where its packages are not installed."""
    try:
        from ttp.sandbox import server
    except ImportError as error:
        raise NotAllowed(
            f"the sandbox needs packages that are not installed ({error.name})",
            Hint("install them", "pip install 'ttp-cli[sandbox]'"),
        ) from None
    return server
