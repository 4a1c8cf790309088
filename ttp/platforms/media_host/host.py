"""The media host of one platform, of the kind in the settings."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ttp.domain.config import Config
from ttp.domain.media.item import MediaItem
from ttp.domain.text import clean_text
from ttp.platforms.client import MediaFile
from ttp.platforms.media_host import s3
from ttp.platforms.media_host.availability import SUFFIXES, NoPublicUrl, is_usable, media_host_problem
from ttp.platforms.user_program import NotStarted, ProgramEnded, run


class MediaHost:
    """Gives media files public URLs for one platform. Safe to use from several threads. `lent`: the folder that records
    objects in a bucket. `loopback`: the platform is on this machine."""

    def __init__(self, config: Config, lent: Path | None = None, *, loopback: bool = False) -> None:
        self._config = config
        self._lent = lent
        self._loopback = loopback

    def url(self, file: MediaFile) -> str:
        """Return a file's public URL: its own, else from the media host. Raises NoPublicUrl."""
        item = file.item
        if item.url is not None and is_usable(item.url, loopback=self._loopback):
            return item.url
        if (lacking := media_host_problem(self._config)) is not None:
            raise NoPublicUrl(f"{item.name} needs a public URL: {lacking.message}", hint=lacking.hint)
        match self._config.text("media_host.kind"):
            case "folder":
                return copy_to_folder(self._config, item, file.path)
            case "command":
                return run_program(self._config, item, file.path, loopback=self._loopback)
            case _:
                assert self._lent is not None, "a bucket needs a folder that records its objects"
                with s3.IN_HAND:
                    return s3.put(self._config, file, self._lent, loopback=self._loopback)


def copy_to_folder(config: Config, item: MediaItem, path: Path) -> str:
    """Copy the file into the folder and return its URL. Raises NoPublicUrl. The name is the SHA-256: equal on every
    try, and impossible to guess without the file."""
    name = item.sha256 + SUFFIXES.get(item.mime, "")
    try:
        _copy(path, Path(config.text("media_host.path")).expanduser() / name, item.bytes)
    except (OSError, RuntimeError) as error:  # RuntimeError: ~NAME of an unknown user
        raise NoPublicUrl(f"cannot copy {item.name} to the media host's folder: {error}") from error
    return f"{config.text('media_host.base_url').rstrip('/')}/{name}"


def _copy(source: Path, target: Path, size: int) -> None:
    """Copy to a temporary name, then rename, so that a fetch sees the whole file. Mode 0644, for the web server."""
    if target.is_file() and target.stat().st_size == size:
        return
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".part", delete=False) as fresh:
        part = Path(fresh.name)
        try:
            with source.open("rb") as original:
                shutil.copyfileobj(original, fresh)
            part.chmod(0o644)
            part.replace(target)
        except OSError:
            part.unlink(missing_ok=True)
            raise


LONGEST_S = 300.0
"""Maximum seconds for the program."""
_MOST_OUTPUT = 65_536


def run_program(config: Config, item: MediaItem, path: Path, *, loopback: bool) -> str:
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
