"""Media host `s3`: the user's bucket (see `bucket`). Every object has a key that cannot be guessed, recorded in a file
before the upload, so that it can always be deleted."""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ttp.domain.config import Config
from ttp.domain.text import clean_text
from ttp.platforms.bucket import UnusableBucket, error_line, open_bucket
from ttp.platforms.client import MediaFile
from ttp.platforms.media_host.availability import SUFFIXES, NoPublicUrl, is_usable

if TYPE_CHECKING:
    from ttp.platforms.bucket import Bucket

LENT = "lent"
"""The folder of TTP_HOME that records the objects in a bucket."""
IN_HAND = threading.Lock()
"""Held during uploads and deletions, so that an object that was just lent is not deleted."""
LASTS = timedelta(hours=36)
"""Life of a presigned URL: a platform may fetch late, and an Instagram container lives for 24 hours."""


@dataclass(frozen=True, slots=True)
class BucketObject:
    """An object in the bucket, as its file records it. `attached_sha256`: of the file before conversion.
    `is_uploaded`: all of it is there."""

    key: str
    bucket: str
    endpoint: str
    sha256: str
    attached_sha256: str
    is_uploaded: bool
    file: Path

    def remember(self) -> None:
        """Record it in its file, with fsync."""
        record = {
            "bucket": self.bucket,
            "endpoint": self.endpoint,
            "sha256": self.sha256,
            "given": self.attached_sha256,
            "whole": self.is_uploaded,
        }
        fresh = self.file.with_name(f".{self.key}-{secrets.token_hex(4)}")
        handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(record, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.file)


def put(config: Config, file: MediaFile, folder: Path, *, loopback: bool) -> str:
    """Upload the file unless it is there, and return a presigned URL. Raises NoPublicUrl."""
    bucket, item = _bucket(config), file.item
    place = config.text("media_host.s3.url"), config.text("media_host.s3.endpoint")
    there = (one for one in list_objects(folder) if one.sha256 == item.sha256)
    lent = next((one for one in there if (one.bucket, one.endpoint) == place), None)
    try:
        if lent is None or not lent.is_uploaded:
            lent = _lend(bucket, place, file, folder, lent)
        import obstore

        url = obstore.sign(bucket, "GET", lent.key, LASTS)
    except Exception as error:  # obstore's errors share no base class; some are OSErrors
        raise NoPublicUrl(f"{item.name} cannot be uploaded to the bucket: {error_line(error)}", passing=True) from error
    if not is_usable(url, loopback=loopback):
        raise NoPublicUrl(f"the bucket's URL for {item.name} is not https: set media_host.s3.endpoint")
    return url


def list_objects(folder: Path) -> Iterator[BucketObject]:
    """Yield every recorded object."""
    try:
        files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return
    for file in files:
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
            yield BucketObject(
                file.name,
                record["bucket"],
                record["endpoint"],
                record["sha256"],
                record["given"],
                record["whole"],
                file,
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue  # another process removed it just now


def delete_object(config: Config, lent: BucketObject) -> None:
    """Delete an object from its bucket, and its record. Raises NoPublicUrl if the bucket refuses."""
    if (lent.bucket, lent.endpoint) != (config.text("media_host.s3.url"), config.text("media_host.s3.endpoint")):
        raise NoPublicUrl(f"{lent.key} is in {clean_text(lent.bucket)}, which is not the configured bucket any more")
    bucket = _bucket(config)
    try:
        import obstore

        obstore.delete(bucket, lent.key)
    except FileNotFoundError:
        pass  # never uploaded, or already deleted
    except Exception as error:
        raise NoPublicUrl(f"{lent.key} cannot be deleted from the bucket: {error_line(error)}", passing=True) from error
    lent.file.unlink(missing_ok=True)


def _lend(
    bucket: Bucket, place: tuple[str, str], file: MediaFile, folder: Path, lent: BucketObject | None
) -> BucketObject:
    """Upload a file under the recorded key of an earlier try, or under a new one."""
    import obstore

    if lent is None:
        folder.mkdir(mode=0o700, exist_ok=True)
        key = secrets.token_hex(16) + SUFFIXES.get(file.item.mime, "")
        lent = BucketObject(key, *place, file.item.sha256, file.original_sha256, False, folder / key)
        lent.remember()
    obstore.put(bucket, lent.key, file.path, attributes={"Content-Type": file.item.mime})
    lent = replace(lent, is_uploaded=True)
    lent.remember()
    return lent


def _bucket(config: Config) -> Bucket:
    """Return the configured bucket. Raises NoPublicUrl."""
    try:
        return open_bucket(config, "media_host.s3")
    except UnusableBucket as wrong:
        raise NoPublicUrl(wrong.message, hint=wrong.hint) from None
