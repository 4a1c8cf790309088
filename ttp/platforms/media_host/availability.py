"""The media host: how local files get a public URL for platforms that fetch media themselves. What the settings say of
it, and what they lack; never looks whether it works."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from ttp.domain.account import is_loopback
from ttp.domain.action import WayOut, action
from ttp.domain.config import Config
from ttp.domain.media import MediaHostProblem

_NEEDED = {
    "folder": {"media_host.path": "FOLDER", "media_host.base_url": "https://HOST/FOLDER"},
    "s3": {"media_host.s3.url": "s3://BUCKET/FOLDER"},
    "command": {"media_host.command": "PROGRAM"},
}
"""The settings of each kind, and what stands for their values in a command to type."""


NOT_SET = MediaHostProblem(
    "no media host is set (media_host.kind: folder, s3 or command)", action("help", "media-host")
)


def missing_settings(config: Config) -> MediaHostProblem | None:
    """What the settings lack for local files to get a public URL; None where nothing is missing."""
    kind = config.text("media_host.kind")
    if not kind:
        return NOT_SET
    missing = {name: value for name, value in _NEEDED[kind].items() if not config[name]}
    if missing:
        first, value = next(iter(missing.items()))
        said = f"media_host.kind is {kind}, and {' and '.join(missing)} is not set"
        return MediaHostProblem(said, action("config set", first, value))
    return None


SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        "image/jpeg": ".jpg",
        "image/png": ".png",
        "image/gif": ".gif",
        "image/webp": ".webp",
        "video/mp4": ".mp4",
        "video/quicktime": ".mov",
        "video/webm": ".webm",
    }
)


LONGEST_URL = 2_048


class NoPublicUrl(Exception):
    """Why a file has no public URL. `passing`: it may have one later. `hint`: what to type."""

    def __init__(self, message: str, *, passing: bool = False, hint: WayOut | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.passing = passing
        self.hint = hint


def is_usable(url: str, *, loopback: bool) -> bool:
    """Whether a platform can be given a URL: https, or one of this machine while the platform is on it too."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not host or parts.username is not None:
        return False
    return parts.scheme == "https" or (loopback and parts.scheme == "http" and is_loopback(host))


S3_EXTRA = "pip install 'ttp-cli[s3]'"


def media_host_problem(config: Config) -> MediaHostProblem | None:
    """Why local files get no public URL; None where they do. Looks at the settings and at what is installed only."""
    if (lacking := missing_settings(config)) is not None:
        return lacking
    if config.text("media_host.kind") == "s3" and not s3_is_installed():
        return MediaHostProblem("media_host.kind is s3, and that needs an extra", S3_EXTRA)
    return None


def s3_is_installed() -> bool:
    """Whether the extra `s3` is installed."""
    from importlib.util import find_spec

    return find_spec("obstore") is not None
