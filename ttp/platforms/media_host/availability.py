"""Say whether local files can get a public URL, from the settings alone. Does not test that the URL works."""

from __future__ import annotations

from collections.abc import Mapping

from ttp.domain.action import WayOut, action
from ttp.domain.config import Config
from ttp.domain.media.item import MediaHostProblem
from ttp.platforms.addresses import is_safe, split_address

_NEEDED = {
    "folder": {"media_host.path": "FOLDER", "media_host.base_url": "https://HOST/FOLDER"},
    "s3": {"media_host.s3.url": "s3://BUCKET/FOLDER"},
    "command": {"media_host.command": "PROGRAM"},
}
"""The settings of each kind, with placeholders for the command in a hint."""
NOT_SET = MediaHostProblem(
    "no media host is set (media_host.kind: folder, s3 or command)", action("help", "media-host")
)


def missing_settings(config: Config) -> MediaHostProblem | None:
    """Return what the settings lack for local files to get a public URL; None if nothing."""
    kind = config.text("media_host.kind")
    if not kind:
        return NOT_SET
    missing = {name: value for name, value in _NEEDED[kind].items() if not config[name]}
    if missing:
        first, value = next(iter(missing.items()))
        message = f"media_host.kind is {kind}, but {' and '.join(missing)} is not set"
        return MediaHostProblem(message, action("config set", first, value))
    return None


SUFFIXES: Mapping[str, str] = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
}
LONGEST_URL = 2_048


class NoPublicUrl(Exception):
    """Why a file has no public URL. `passing`: it may have one later. `hint`: a command to run."""

    def __init__(self, message: str, *, passing: bool = False, hint: WayOut | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.passing = passing
        self.hint = hint


def is_usable(url: str, *, loopback: bool) -> bool:
    """Whether a platform can use a URL: https, or on this machine if the platform is too."""
    parts = split_address(url)
    return parts is not None and len(url) <= LONGEST_URL and is_safe(parts, loopback=loopback)


S3_EXTRA = "pip install 'ttp-cli[s3]'"


def media_host_problem(config: Config) -> MediaHostProblem | None:
    """Return why local files get no public URL; None if they do. Checks settings and installed packages only."""
    if (lacking := missing_settings(config)) is not None:
        return lacking
    if config.text("media_host.kind") == "s3" and not s3_is_installed():
        return MediaHostProblem("media_host.kind is s3, which needs an extra", S3_EXTRA)
    return None


def s3_is_installed() -> bool:
    from importlib.util import find_spec

    return find_spec("obstore") is not None
