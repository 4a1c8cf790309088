"""The media host of one platform, of the kind in the settings."""

from __future__ import annotations

from pathlib import Path

from ttp.domain.config import Config
from ttp.platforms.client import MediaFile
from ttp.platforms.media_host import command, folder, s3
from ttp.platforms.media_host.availability import NoPublicUrl, is_usable, media_host_problem


class MediaHost:
    """Gives media files public URLs for one platform. Safe to use from several threads. `lent`: the folder that records
    objects in a bucket. `loopback`: the platform is on this machine."""

    def __init__(self, config: Config, lent: Path | None = None, *, loopback: bool = False) -> None:
        self._config = config
        self._lent = lent
        self._loopback = loopback

    def url(self, file: MediaFile) -> str:
        """Return the URL from which the platform can fetch a file: its own, else from the media host. Raises
        NoPublicUrl."""
        item = file.item
        if item.url is not None and is_usable(item.url, loopback=self._loopback):
            return item.url
        if (lacking := media_host_problem(self._config)) is not None:
            raise NoPublicUrl(f"{item.name} needs a public URL: {lacking.message}", hint=lacking.hint)
        match self._config.text("media_host.kind"):
            case "folder":
                return folder.put(self._config, item, file.path)
            case "command":
                return command.put(self._config, item, file.path, loopback=self._loopback)
            case _:
                assert self._lent is not None, "a bucket needs a folder that records its objects"
                with s3.IN_HAND:
                    return s3.put(self._config, file, self._lent, loopback=self._loopback)
