"""Public URLs for local media: some platforms fetch media themselves and take no bytes.

Kind `folder`: the file is copied into a folder that the user's own web server or tunnel serves. Never uploads, never
asks whether the URL can be reached, and never removes what it copied.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ttp.domain.config import Config
from ttp.domain.media import MediaItem

SETTINGS = ("media_host.kind", "media_host.path", "media_host.base_url")
_SUFFIX = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
}


class NoPublicUrl(Exception):
    """A file has no public URL: no media host is set, or its folder cannot be written."""


def is_configured(config: Config) -> bool:
    """Whether local media can be given a public URL. Looks at the settings only."""
    return config.text("media_host.kind") == "folder" and all(config.text(name) for name in SETTINGS)


def public_url(config: Config, item: MediaItem, path: Path) -> str:
    """The URL under which a platform can fetch an item; its own, or one of the media host, where it is copied first.

    The name is the file's SHA-256: the same for every try, and not to be guessed without the file. Raises NoPublicUrl.
    """
    if item.url is not None:
        return item.url
    if not is_configured(config):
        raise NoPublicUrl(f"{item.name} needs a public URL: set {', '.join(SETTINGS)}")
    name = item.sha256 + _SUFFIX.get(item.mime, "")
    try:
        _copy(path, Path(config.text("media_host.path")).expanduser() / name, item.bytes)
    except OSError as error:
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
