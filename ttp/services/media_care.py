"""Giving back what posts that have ended do not need any more: objects in the user's bucket, and copies of media.

A bucket's objects go as soon as the last post with the bytes has ended; copies after `media.keep_s`. Removes nothing
that may still be published, and tells what could not be removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ttp.domain.config import Config
from ttp.domain.errors import TtpError
from ttp.domain.time.clock import Clock
from ttp.platforms.media_host import s3
from ttp.platforms.media_host.kinds import NoPublicUrl
from ttp.store.database import Database
from ttp.store.media import MediaStore
from ttp.store.media_sweep import needed, sweep


@dataclass(frozen=True, slots=True)
class MediaCare:
    """The care of one home's media. Each method answers what could not be done, as sentences."""

    database: Database
    media: MediaStore
    config: Config
    clock: Clock

    def take_back(self) -> list[str]:
        """Remove from the bucket what no post needs any more."""
        with s3.IN_HAND:
            lent = list(s3.remembered(self.database.home / s3.LENT))
            if not lent:
                return []
            with self.database.reading() as db:
                digests = {one.given for one in lent}
                kept = digests if db is None else needed(db, digests, ended_by=self.clock.now())
            return [why for one in lent if one.given not in kept and (why := self._take_back(one)) is not None]

    def _take_back(self, lent: s3.Lent) -> str | None:
        try:
            s3.take_back(self.config, lent)
        except NoPublicUrl as error:
            return error.message
        return None

    def sweep(self) -> list[str]:
        """Remove the copies that no post has needed for long enough."""
        keep = timedelta(seconds=self.config.seconds("media.keep_s"))
        try:
            sweep(self.media.folder, self.database, now=self.clock.now(), keep=keep)
        except TtpError as error:
            return [f"media that are not needed any more could not be removed: {error.message}"]
        return []
