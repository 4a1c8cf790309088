"""Media host `folder`: a folder that the user's web server or tunnel serves. Never uploads, never tests the URL, and
never removes copied files."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ttp.domain.config import Config
from ttp.domain.media import MediaItem
from ttp.platforms.media_host.availability import SUFFIXES, NoPublicUrl


def put(config: Config, item: MediaItem, path: Path) -> str:
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
