"""The media host: how local files get a public URL for platforms that fetch media themselves. What the settings say of
it, and what they lack; never looks whether it works."""

from __future__ import annotations

from dataclasses import dataclass

from ttp.domain.config import Config

_NEEDED = {
    "folder": {"media_host.path": "FOLDER", "media_host.base_url": "https://HOST/FOLDER"},
    "s3": {"media_host.s3.url": "s3://BUCKET/FOLDER"},
    "command": {"media_host.command": "PROGRAM"},
}
"""The settings of each kind, and what stands for their values in a command to type."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Why local files get no public URL, as a clause, and what to type."""

    message: str
    hint: str


NOT_SET = Lack("no media host is set (media_host.kind: folder, s3 or command)", "ttp help media-host")


def lack(config: Config) -> Lack | None:
    """What the settings lack for local files to get a public URL; None where nothing is missing."""
    kind = config.text("media_host.kind")
    if not kind:
        return NOT_SET
    missing = {name: value for name, value in _NEEDED[kind].items() if not config[name]}
    if missing:
        first, value = next(iter(missing.items()))
        said = f"media_host.kind is {kind}, and {' and '.join(missing)} is not set"
        return Lack(said, f"ttp config set {first} {value}")
    return None
