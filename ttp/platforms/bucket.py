"""A bucket of the user (S3, R2, MinIO, GCS, Azure), through obstore, which is imported late.

Credentials come from the environment (AWS_ACCESS_KEY_ID and so on); none are stored. `media_host.s3` lends single
objects to platforms, `media.s3` keeps the store's media by their SHA-256.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ttp.domain.action import WayOut, action
from ttp.domain.config import Config
from ttp.domain.errors import Hint
from ttp.domain.media.item import MediaDamaged, MediaUnavailable, StoredObject
from ttp.domain.text import clean_text
from ttp.platforms.media_host.availability import S3_EXTRA

if TYPE_CHECKING:
    from obstore.store import AzureStore, GCSStore, S3Store

    Bucket = AzureStore | GCSStore | S3Store

_SCHEMES = ("s3://", "s3a://", "gs://", "az://", "azure://", "abfs://", "abfss://", "https://")
_METADATA = "http://169.254.169.254/"
"""Where cloud machines get credentials; obstore asks there last."""
_SECRETS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_SAS_KEY",
)
_SHA256 = re.compile(r"[0-9a-f]{64}")


class UnusableBucket(Exception):
    """The settings of a bucket are wrong, or the package is missing. `hint`: the fix, if it is a command."""

    def __init__(self, message: str, hint: WayOut | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def open_bucket(config: Config, table: str) -> Bucket:
    """Return the bucket of the settings below `table`, such as `media_host.s3`. Makes no request. Raises
    UnusableBucket."""
    url, endpoint = config.text(f"{table}.url"), config.text(f"{table}.endpoint")
    if not url.startswith(_SCHEMES):
        raise UnusableBucket(f"{table}.url must be s3://BUCKET/FOLDER, gs://BUCKET/FOLDER or az://CONTAINER/FOLDER")
    try:
        from obstore.store import AzureStore, GCSStore, S3Store, from_url
    except ImportError:
        raise UnusableBucket(f"{table.removesuffix('.s3')} uses s3, which needs an extra", S3_EXTRA) from None
    settings = {"endpoint": endpoint, "region": config.text(f"{table}.region")}
    timeout = timedelta(seconds=config.seconds("http.upload_timeout_s"))
    try:
        bucket = from_url(
            url,
            config={name: value for name, value in settings.items() if value},  # type: ignore[call-overload]
            client_options={
                "allow_http": endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=config.seconds("http.connect_timeout_s")),
                "timeout": timeout,
            },
            retry_config={"max_retries": 2, "retry_timeout": timeout},
        )
    except Exception as error:
        raise UnusableBucket(f"{table} cannot be used: {error_line(error)}") from error
    if not isinstance(bucket, AzureStore | GCSStore | S3Store):
        raise UnusableBucket(f"{table}.url is not a bucket")
    return bucket


def error_line(error: Exception) -> str:
    """Return a bucket's error in one line, without credentials, which some servers repeat."""
    message, _, _ = str(error).partition("Debug source:")
    if _METADATA in message:
        return "no credentials are in the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or your cloud's"
    return clean_text(message, [value for name in _SECRETS if len(value := os.environ.get(name, "")) > 3])


class MediaBucket:
    """The store's media in the bucket of `media.s3`, each under its SHA-256. Safe to use from several threads. Every
    method raises MediaUnavailable if the bucket does not answer or refuses."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._opened: Bucket | None = None
        self._is_known = False

    @property
    def name(self) -> str:
        return clean_text(self._config.text("media.s3.url"))

    def find(self, sha256: str) -> StoredObject | None:
        """Return what is known of an object; None if it is missing."""
        import obstore

        with self._asking() as bucket:
            try:
                head = obstore.head(bucket, sha256)
            except FileNotFoundError:
                self._require_bucket()
                return None
            return StoredObject(sha256, head["size"], head["last_modified"])

    def put(self, sha256: str, path: Path) -> None:
        import obstore

        with self._asking() as bucket:
            obstore.put(bucket, sha256, path)

    def fetch(self, sha256: str, target: BinaryIO) -> None:
        """Write an object's bytes to `target`. Raises FileNotFoundError if it is missing, MediaDamaged if its bytes are
        not those of the digest."""
        import obstore

        digest = hashlib.sha256()
        with self._asking() as bucket:
            chunks = iter(obstore.get(bucket, sha256).stream())
        while True:
            with self._asking():
                chunk = next(chunks, None)
            if chunk is None:
                break
            digest.update(chunk)
            target.write(chunk)  # an error of the disk is not one of the bucket
        if digest.hexdigest() != sha256:
            raise MediaDamaged(f"{sha256} in the bucket {self.name} is damaged: its bytes are not those of its name")

    def delete(self, sha256: str) -> None:
        import obstore

        with self._asking() as bucket:
            try:
                obstore.delete(bucket, sha256)
            except FileNotFoundError:
                return

    def objects(self) -> Iterator[StoredObject]:
        """Yield every object whose name is a SHA-256."""
        import obstore

        with self._asking() as bucket:
            batches = iter(obstore.list(bucket))
        while True:
            with self._asking():
                batch = next(batches, None)
            if batch is None:
                return
            for one in batch:
                name = one["path"].rpartition("/")[2]
                if _SHA256.fullmatch(name):
                    yield StoredObject(name, one["size"], one["last_modified"])

    def check(self) -> None:
        """Find out whether the bucket answers and may be listed."""
        next(self.objects(), None)

    def _require_bucket(self) -> None:
        """Raise MediaUnavailable if the bucket does not exist: a question about an object does not tell."""
        if not self._is_known:
            self.check()
            self._is_known = True

    @contextmanager
    def _asking(self) -> Iterator[Bucket]:
        """Yield the bucket; turn its errors into MediaUnavailable, except a missing object."""
        see = Hint("see", action("doctor"))
        try:
            if self._opened is None:
                self._opened = open_bucket(self._config, "media.s3")
            yield self._opened
        except UnusableBucket as wrong:
            fix = see if wrong.hint is None else Hint("fix", wrong.hint)
            raise MediaUnavailable(wrong.message, fix) from None
        except FileNotFoundError as gone:
            if "NoSuchBucket" in str(gone):
                raise MediaUnavailable(f"the bucket {self.name} does not exist", see) from None
            raise
        except (MediaUnavailable, OSError) as error:
            if isinstance(error, MediaUnavailable):
                raise
            raise MediaUnavailable(f"the bucket {self.name} cannot be used: {error_line(error)}", see) from None
        except Exception as error:  # noqa: BLE001 (obstore's errors share no base class)
            raise MediaUnavailable(f"the bucket {self.name} cannot be used: {error_line(error)}", see) from None
