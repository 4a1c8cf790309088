"""Media host `s3`: the user's bucket (S3, R2, MinIO, GCS, Azure). The only module that imports obstore.

Every object has a key that cannot be guessed, recorded in a file before the upload, so that it can always be deleted.
Credentials come from the environment (AWS_ACCESS_KEY_ID and so on); none are stored.
"""

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
from ttp.platforms.client import MediaFile
from ttp.platforms.media_host.availability import S3_EXTRA, SUFFIXES, NoPublicUrl, is_usable

if TYPE_CHECKING:
    from obstore.store import AzureStore, GCSStore, S3Store

    Bucket = AzureStore | GCSStore | S3Store

LENT = "lent"
"""The folder of TTP_HOME that records the objects in a bucket."""
IN_HAND = threading.Lock()
"""Held during uploads and deletions, so that an object that was just lent is not deleted."""
LASTS = timedelta(hours=36)
"""Life of a presigned URL: a platform may fetch late, and an Instagram container lives for 24 hours."""
_METADATA = "http://169.254.169.254/"
"""Where cloud machines get credentials; obstore asks there last."""
_SCHEMES = ("s3://", "s3a://", "gs://", "az://", "azure://", "abfs://", "abfss://", "https://")
_SECRETS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_SAS_KEY",
)


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
        told = {
            "bucket": self.bucket,
            "endpoint": self.endpoint,
            "sha256": self.sha256,
            "given": self.attached_sha256,
            "whole": self.is_uploaded,
        }
        fresh = self.file.with_name(f".{self.key}-{secrets.token_hex(4)}")
        handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(told, file)
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
        raise NoPublicUrl(
            f"{item.name} cannot be uploaded to the bucket: {_error_line(error)}", passing=True
        ) from error
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
            told = json.loads(file.read_text(encoding="utf-8"))
            yield BucketObject(
                file.name,
                told["bucket"],
                told["endpoint"],
                told["sha256"],
                told["given"],
                told["whole"],
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
        raise NoPublicUrl(
            f"{lent.key} cannot be deleted from the bucket: {_error_line(error)}", passing=True
        ) from error
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
    url, endpoint = config.text("media_host.s3.url"), config.text("media_host.s3.endpoint")
    if not url.startswith(_SCHEMES):
        raise NoPublicUrl("media_host.s3.url must be s3://BUCKET/FOLDER, gs://BUCKET/FOLDER or az://CONTAINER/FOLDER")
    try:
        from obstore.store import AzureStore, GCSStore, S3Store, from_url
    except ImportError:
        raise NoPublicUrl("media_host.kind is s3, which needs an extra", hint=S3_EXTRA) from None
    settings = {"endpoint": endpoint, "region": config.text("media_host.s3.region")}
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
        raise NoPublicUrl(f"media_host.s3 cannot be used: {_error_line(error)}") from error
    if not isinstance(bucket, AzureStore | GCSStore | S3Store):
        raise NoPublicUrl("media_host.s3.url is not a bucket")
    return bucket


def _error_line(error: Exception) -> str:
    """Return the bucket's error in one line, without credentials, which some servers repeat."""
    said, _, _ = str(error).partition("Debug source:")
    if _METADATA in said:
        return "no credentials are in the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or your cloud's"
    return clean_text(said, [value for name in _SECRETS if len(value := os.environ.get(name, "")) > 3])
