"""Media host `folder`: a folder that the user's own web server or tunnel serves. Never uploads, never asks whether the
URL can be reached, and never removes what it copied."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ttp.domain.config import Config
from ttp.domain.media import MediaItem
from ttp.platforms.media_host.availability import SUFFIXES, NoPublicUrl


def put(config: Config, item: MediaItem, path: Path) -> str:
    """Copy the file into the folder; its URL. The name is its SHA-256: the same for every try, and not to be guessed
    without the file. Raises NoPublicUrl."""
    name = item.sha256 + SUFFIXES.get(item.mime, "")
    try:
        _copy(path, Path(config.text("media_host.path")).expanduser() / name, item.bytes)
    except (OSError, RuntimeError) as error:  # RuntimeError: ~NAME of somebody who is not there
        raise NoPublicUrl(f"cannot copy {item.name} to the media host's folder: {error}") from error
    return f"{config.text('media_host.base_url').rstrip('/')}/{name}"


def _copy(source: Path, target: Path, size: int) -> None:
    """Copy under a temporary name, then rename: a fetch sees the whole file or none. Mode 0644, for the web server."""
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
