"""The media host: how local files get a public URL for platforms that fetch media themselves. What the settings say of
it, and what they lack; never looks whether it works."""

from __future__ import annotations

from dataclasses import dataclass

from ttp.domain.config import Config

_NEEDED = {
    "folder": ("media_host.path", "media_host.base_url"),
    "s3": ("media_host.s3.url",),
    "command": ("media_host.command",),
}
_EXAMPLES = {
    "folder": 'media_host = {kind = "folder", path = "FOLDER", base_url = "https://HOST/FOLDER"}',
    "s3": 'media_host = {kind = "s3", s3 = {url = "s3://BUCKET/FOLDER"}}',
    "command": 'media_host = {kind = "command", command = ["PROGRAM", "ARGUMENT"]}',
}


@dataclass(frozen=True, slots=True)
class Lack:
    """Why local files get no public URL, as a clause, and what to type."""

    message: str
    hint: str


NOT_SET = Lack(
    "set media_host.kind in config.toml: folder (with media_host.path and media_host.base_url), s3 (with"
    " media_host.s3.url) or command (with media_host.command)",
    _EXAMPLES["folder"],
)


def lack(config: Config) -> Lack | None:
    """What the settings lack for local files to get a public URL; None where nothing is missing."""
    kind = config.text("media_host.kind")
    if not kind:
        return NOT_SET
    missing = [name for name in _NEEDED[kind] if not config[name]]
    if missing:
        return Lack(f"media_host.kind is {kind}, and {' and '.join(missing)} is not set", _EXAMPLES[kind])
    return None
