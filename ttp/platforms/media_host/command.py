"""Media host `command`: the user's program gets a file's path and prints its public URL. Never run in a shell."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ttp.domain.config import Config
from ttp.domain.media import MediaItem
from ttp.domain.text import clean_text
from ttp.platforms.media_host.availability import SUFFIXES, NoPublicUrl, is_usable
from ttp.platforms.user_program import NotStarted, ProgramEnded, run

LONGEST_S = 300.0
"""Maximum seconds for the program."""
_MOST_OUTPUT = 65_536


def put(config: Config, item: MediaItem, path: Path, *, loopback: bool) -> str:
    """Run the program with the file's path as its last argument; return the URL it prints. Raises NoPublicUrl. The path
    is a link with the suffix of the file's type, because many programs look at the suffix."""
    program, *arguments = config.texts("media_host.command")
    with tempfile.TemporaryDirectory(prefix="ttp-") as folder:
        link = Path(folder) / (item.sha256 + SUFFIXES.get(item.mime, ""))
        link.symlink_to(path.resolve())
        try:
            ran = run([program, *arguments, str(link)], limit_s=LONGEST_S, cap=_MOST_OUTPUT)
        except NotStarted as error:
            raise NoPublicUrl(f"media_host.command failed to start: {clean_text(program)}: {error}") from error
        except ProgramEnded as error:
            raise NoPublicUrl(f"media_host.command {error}", passing=True) from None
    if ran.code != 0:
        why = clean_text(ran.err.decode("utf-8", "replace")) or "no error output"
        raise NoPublicUrl(f"media_host.command ended with {ran.code} for {item.name}: {why}", passing=True)
    url = ran.out.decode("utf-8", "replace").strip()
    if not is_usable(url, loopback=loopback):
        shown = clean_text(url) or "nothing"
        raise NoPublicUrl(f"media_host.command must print one https URL for {item.name}, but printed {shown}")
    return url
