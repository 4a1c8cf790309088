"""Taking in the media of a post as they are typed: paths, and web addresses that are fetched once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from ttp.domain import hosts
from ttp.domain.account import Platform, is_loopback
from ttp.domain.config import Config
from ttp.domain.errors import Hint, NotFound, UsageError
from ttp.domain.media import MediaItem, is_web_address
from ttp.domain.wording import clean
from ttp.store.media import MediaStore

_LONGEST_NAME = 100


def taken(texts: Iterable[str], platforms: Collection[Platform], media: MediaStore, config: Config) -> list[MediaItem]:
    """The media that `texts` name; empty texts are left out. `platforms`: where the post goes.

    NotFound, UsageError, Busy.
    """
    return [_item(text, platforms, media, config) for text in texts if text]


def rehearsed(config: Config) -> frozenset[Platform]:
    """The platforms whose API is on this machine."""
    return frozenset(platform for platform in Platform if is_loopback(hosts.host(platform, config)))


def _item(text: str, platforms: Collection[Platform], media: MediaStore, config: Config) -> MediaItem:
    if not is_web_address(text):
        from pathlib import Path

        return media.add(Path(text))
    from ttp.platforms.fetch import CannotFetch, Patience, fetch, usable

    at_home = rehearsed(config)
    loopback = set(platforms) <= at_home if platforms else bool(at_home)
    patience = Patience(config.seconds("http.connect_timeout_s"), config.seconds("http.read_timeout_s"))
    shown = clean(re.sub(r"//[^/?#]*@", "//", text, count=1))  # a password is for no message

    def write(file: BinaryIO) -> None:
        fetch(text, file, patience, loopback=loopback)

    try:
        usable(text, loopback=loopback)
        return replace(media.take(_name(text), shown, write), url=text)
    except CannotFetch as error:
        kind = NotFound if error.missing else UsageError
        raise kind(f"{shown} {error.message}", Hint("or give a file", "--media FILE", (text, "FILE"))) from error


def _name(url: str) -> str:
    """What the file is called at its end; the host where that says nothing."""
    parts = urlsplit(url)
    last = clean(unquote(parts.path, errors="replace").rstrip("/").rpartition("/")[2])
    return last[-_LONGEST_NAME:] or parts.hostname or "media"
