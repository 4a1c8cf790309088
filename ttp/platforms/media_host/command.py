"""Media host `command`: a program of the user's that gets a file's path and prints its public URL. Never a shell."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from ttp.domain.config import Config
from ttp.domain.media import MediaItem
from ttp.domain.text import clean_text
from ttp.platforms.media_host.availability import SUFFIXES, NoPublicUrl, is_usable

LONGEST_S = 300.0
"""Seconds that the program may take."""
_MOST_OUTPUT = 65_536


def put(config: Config, item: MediaItem, path: Path, *, loopback: bool) -> str:
    """Run the program with the file's path after its arguments; the URL that it prints. Raises NoPublicUrl.

    The path is a link with the suffix of the file's kind: many programs tell a file's type by it.
    """
    program, *arguments = config.texts("media_host.command")
    with tempfile.TemporaryDirectory(prefix="ttp-") as folder:
        link = Path(folder) / (item.sha256 + SUFFIXES.get(item.mime, ""))
        link.symlink_to(path.resolve())
        out, code, said = _run([program, *arguments, str(link)])
    if code != 0:
        why = clean_text(said) or "it says nothing"
        raise NoPublicUrl(f"media_host.command ended with {code} for {item.name}: {why}", passing=True)
    url = out.decode("utf-8", "replace").strip()
    if not is_usable(url, loopback=loopback):
        shown = clean_text(url) or "nothing"
        raise NoPublicUrl(f"media_host.command must print one https address for {item.name}, and printed {shown}")
    return url


def _run(argv: list[str]) -> tuple[bytes, int, str]:
    """What a program printed, its exit code, and the end of what it complained of. Raises NoPublicUrl.

    In a session of its own, so that what it started ends with it when its time is over.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise NoPublicUrl(f"media_host.command cannot be started: {clean_text(argv[0])}: {why}") from error
        try:
            code = process.wait(LONGEST_S)
        except subprocess.TimeoutExpired:
            raise NoPublicUrl(f"media_host.command took longer than {LONGEST_S:g} s", passing=True) from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        out.seek(0)
        err.seek(max(0, err.seek(0, os.SEEK_END) - 2_000))
        return out.read(_MOST_OUTPUT), code, err.read().decode("utf-8", "replace")
