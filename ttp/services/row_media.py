"""The media that rows of a file name: files beside it, addresses, and what is in the store already.

A path never leaves the folder of its file, not by `..`, not by a link and not from the root: a sheet that somebody sent
must not be able to publish a picture of yours. What a person types is not bound so.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from ttp.domain.account import Platform
from ttp.domain.config import Config
from ttp.domain.errors import Hint, NotFound, UsageError
from ttp.domain.media import MediaItem, is_web_address
from ttp.domain.post import Post
from ttp.services.files.fields import KEPT
from ttp.services.media_taking import taken
from ttp.store import keyed
from ttp.store.database import Database
from ttp.store.media import MediaStore
from ttp.store.media_source import names_like


class RowMedia:
    """`folder`: where relative paths begin, and what they stay under; None: they are as a person typed them."""

    def __init__(self, database: Database, media: MediaStore, config: Config, folder: Path | None) -> None:
        self._database = database
        self._media = media
        self._config = config
        self._folder = folder and folder.resolve()
        self._taken: dict[str, MediaItem] = {}

    def items(self, names: Sequence[str], before: Post | None, platforms: Collection[Platform]) -> list[MediaItem]:
        """The media of these names; an address that the post has already is not fetched again. NotFound, UsageError,
        Busy."""
        held = {item.url: item for item in before.media if item.url} if before else {}
        return [replace(held.get(name) or self._item(name, platforms), alt=None) for name in names]

    def _item(self, name: str, platforms: Collection[Platform]) -> MediaItem:
        if name.startswith(KEPT):
            return self._kept(name.removeprefix(KEPT))
        if is_web_address(name):
            return taken([name], platforms, self._media, self._config)[0]
        path = beside(self._folder, name) if self._folder else Path(name)
        if name not in self._taken:
            try:
                self._taken[name] = self._media.add(path)
            except NotFound as error:
                if self._folder is None:
                    raise
                near = [str(path.with_name(other).relative_to(self._folder)) for other in names_like(path)]
                raise NotFound(f"no file {name}", *(Hint("did you mean", other) for other in near)) from error
        return self._taken[name]

    def _kept(self, text: str) -> MediaItem:
        digest, _, name = text.partition("/")
        with self._database.reading() as db:
            item = keyed.media_item(db, digest) if db else None
        if item is None or not self._media.has(item):
            raise NotFound(
                f"the bytes of {name or digest} are not in this store",
                Hint("export them too", "ttp export FILE --with media"),
            )
        return replace(item, name=name or item.name, url=None)


def beside(folder: Path, name: str) -> Path:
    """The file of that name in the folder of the file that names it. UsageError for one that is not in there."""
    folder = folder.resolve()
    path = (folder / name).resolve() if "\0" not in name else folder
    if not path.is_relative_to(folder) or path == folder:
        raise UsageError(
            f"{name} is not in the folder of the file", Hint("do", f"put it there, and write {Path(name).name or name}")
        )
    return path
