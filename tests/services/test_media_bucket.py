"""The store's media in a bucket, against a real server that speaks S3: added, fetched, cleaned up, and failures."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from tests import media_bytes as made
from tests.platforms.s3_server import SECRET, create_bucket, set_credentials, with_server
from tests.settings import Config
from tests.store.stores import add_account, add_post, new_store, to
from ttp.domain.errors import Busy, Conflict
from ttp.domain.media.item import MediaDamaged, MediaItem, MediaUnavailable
from ttp.platforms.bucket import MediaBucket
from ttp.services.attachments.media import MediaCleanup
from ttp.store.database import Database
from ttp.store.home.media import MediaStore, temporary_media
from ttp.store.media_cleanup import clean_bucket, shrink_cache

KEEP = timedelta(days=30)
LATER = timedelta(days=2)


@pytest.fixture
def bucket(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MediaBucket:
    """A fresh bucket."""
    name = f"media-{abs(hash(tmp_path)):x}"
    create_bucket(endpoint, name)
    return settings(endpoint, f"s3://{name}/some/folder", monkeypatch)


def settings(endpoint: str, url: str, monkeypatch: pytest.MonkeyPatch, **http: float) -> MediaBucket:
    set_credentials(monkeypatch)
    waits = {f"http.{name}": seconds for name, seconds in http.items()}
    region = "us-east-1"
    return MediaBucket(
        Config(
            {
                "media.backend": "s3",
                "media.s3.url": url,
                "media.s3.endpoint": endpoint,
                "media.s3.region": region,
                **waits,
            }
        )
    )


class Host:
    """One host of a team: its own media folder, and the bucket that all share."""

    def __init__(self, folder: Path, bucket: MediaBucket, database: Database | None = None) -> None:
        self.folder = folder
        self.database = database or new_store(folder)
        self.media = MediaStore(folder / "media", bucket=bucket)
        self.bucket = bucket

    def add(self, width: int = 100) -> MediaItem:
        path = self.folder.parent / f"{width}.jpg"
        path.write_bytes(made.jpeg(width, 100))
        return self.media.add(path)

    def post(self, *items: MediaItem) -> None:
        account = add_account(self.database, f"x/me{len(self.names())}")
        add_post(self.database, to(account), media=items)

    def names(self) -> set[str]:
        return {one.sha256 for one in self.bucket.objects()}

    def clean(self, after: timedelta = LATER) -> int:
        return clean_bucket(self.media, self.database, now=datetime.now(UTC) + after, keep=KEEP)


@pytest.fixture
def host(tmp_path: Path, bucket: MediaBucket) -> Host:
    return Host(tmp_path / "one", bucket)


@pytest.fixture
def other(tmp_path: Path, host: Host) -> Host:
    """Another host on the same store, which has no file yet."""
    (tmp_path / "two").mkdir(0o700)
    return Host(tmp_path / "two", host.bucket, host.database)


@with_server
def test_a_file_is_in_the_bucket_before_anyone_can_name_it_and_another_host_reads_it(host: Host, other: Host) -> None:
    item = host.add()
    assert host.names() == {item.sha256}
    assert not other.media.is_cached(item)
    assert other.media.find_missing([item]) == []
    assert other.media.exists(item.sha256)
    assert other.media.has(item)
    assert other.media.path(item.sha256).read_bytes() == host.media.path(item.sha256).read_bytes()
    shutil.rmtree(other.media.folder)
    found = other.media.find_stored(item.sha256, "name.jpg")
    assert found is not None
    assert (found.sha256, found.bytes, found.name) == (item.sha256, item.bytes, "name.jpg")


@with_server
def test_what_was_fetched_from_an_address_is_uploaded_too(host: Host) -> None:
    def fetch(file: BinaryIO) -> None:
        file.write(made.jpeg(300, 300))

    item = host.media.add_written("a.jpg", "https://example.org/a.jpg", fetch)
    assert host.names() == {item.sha256}


@with_server
def test_a_preview_reads_what_only_the_bucket_has(host: Host, other: Host) -> None:
    item = host.add()
    with temporary_media(other.media) as preview:
        assert preview.has(item)


@with_server
def test_what_nobody_ever_added_is_missing(host: Host, other: Host) -> None:
    item = host.add()
    host.bucket.delete(item.sha256)
    host.bucket.delete(item.sha256)  # deleting it again is not an error
    assert not other.media.has(item)
    assert other.media.find_missing([item]) == [item]
    assert other.media.find_stored(item.sha256, "a.jpg") is None
    assert not other.media.exists(item.sha256)
    assert host.media.find_missing([item]) == [], "it is still here"
    assert [path.name for path in other.media.folder.iterdir()] == []


@with_server
def test_an_object_with_other_bytes_is_never_used(host: Host, other: Host, tmp_path: Path) -> None:
    item = host.add()
    wrong = tmp_path / "wrong"
    wrong.write_bytes(made.jpeg(7, 7))
    host.bucket.put(item.sha256, wrong)
    with pytest.raises(MediaDamaged, match=item.sha256):
        other.media.has(item)
    assert list(other.media.folder.iterdir()) == []


@with_server
def test_a_bucket_that_does_not_exist_is_said_and_no_post_can_name_the_file(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(tmp_path / "one", settings(endpoint, "s3://there-is-none/folder", monkeypatch))
    for ask in (host.add, host.bucket.check, lambda: host.media.exists("0" * 64)):
        with pytest.raises(MediaUnavailable) as refused:
            ask()
        assert "\n" not in refused.value.message
        assert SECRET not in refused.value.message


@pytest.mark.parametrize(
    "status", ["403 Forbidden", "500 Internal Server Error", ""], ids=["refused", "fails", "silent"]
)
def test_a_server_that_refuses_fails_or_says_nothing_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                stack.callback(connection.close)
                with suppress(OSError):  # a client that has waited long enough is gone
                    connection.recv(65_536)
                    if status:
                        body = f"<Error><Code>No</Code><Message>{SECRET}</Message></Error>"
                        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n"
                        connection.sendall(f"{head}{body}".encode())
                        connection.close()

        threading.Thread(target=serve, daemon=True).start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        bucket = settings(address, "s3://bucket", monkeypatch, connect_timeout_s=0.3, upload_timeout_s=0.3)
        host = Host(tmp_path / "one", bucket)
        for ask in (host.add, bucket.check, lambda: bucket.delete("0" * 64), lambda: host.media.exists("0" * 64)):
            with pytest.raises(MediaUnavailable) as refused:
                ask()
            assert SECRET not in refused.value.message
        server.shutdown(socket.SHUT_RDWR)
    assert MediaStore(host.media.folder, bucket=bucket).find_missing([MediaItem("a", "image/jpeg", 1, "0" * 64)]) == []


@pytest.mark.parametrize(("url", "why"), [("bucket", "media.s3.url"), ("https://bucket.example/", "media.s3")])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, url: str, why: str) -> None:
    with pytest.raises(MediaUnavailable, match=why):
        settings("", url, monkeypatch).check()


@with_server
def test_a_full_disk_is_not_blamed_on_the_bucket(host: Host, other: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    item = host.add()

    def no_room(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(Busy):
        other.media.has(item)
    assert list(other.media.folder.iterdir()) == []


@with_server
def test_a_cleanup_deletes_what_no_post_needs_and_nothing_that_was_just_added(host: Host, other: Host) -> None:
    kept, left = host.add(100), host.add(200)
    host.post(kept)
    assert other.clean(timedelta(hours=1)) == 0, "a host may be about to name it"
    assert host.names() == {kept.sha256, left.sha256}
    assert other.clean() == 1
    assert host.names() == {kept.sha256}


@with_server
def test_an_old_object_that_a_new_post_uses_is_uploaded_again(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    put: list[str] = []
    upload = host.bucket.put

    def noting(sha256: str, path: Path) -> None:
        put.append(sha256)
        upload(sha256, path)

    monkeypatch.setattr(host.bucket, "put", noting)
    host.add()
    host.add()
    assert len(put) == 1
    monkeypatch.setattr("ttp.store.home.media.UPLOADED_AGAIN_AFTER", timedelta(0))
    host.add()
    assert len(put) == 2


@with_server
def test_nothing_is_deleted_while_a_host_adds(host: Host) -> None:
    host.add()
    with host.media.holding():
        host.media.add(host.folder.parent / "100.jpg")
        assert host.clean() == 0
    assert host.clean() == 1


@with_server
def test_media_of_a_store_that_had_a_folder_are_uploaded_if_a_post_needs_them(host: Host) -> None:
    before = MediaStore(host.media.folder)
    path = host.folder.parent / "old.jpg"
    path.write_bytes(made.jpeg(400, 100))
    needed = before.add(path)
    path.write_bytes(made.jpeg(401, 100))
    before.add(path)
    host.post(needed)
    assert host.names() == set()
    host.clean()
    assert host.names() == {needed.sha256}


@with_server
def test_the_cache_shrinks_to_its_size_and_keeps_what_is_in_use_or_nowhere_else(host: Host) -> None:
    items = [host.add(width) for width in (100, 200, 300)]
    host.media.store_converted(items[0].sha256, "instagram", made.jpeg(1, 1))
    alone = MediaStore(host.media.folder)
    path = host.folder.parent / "alone.jpg"
    path.write_bytes(made.jpeg(500, 100))
    only_here = alone.add(path)
    assert shrink_cache(host.media, host.folder, 0) == 0, "all of it was used within the hour"
    for number, name in enumerate([*(item.sha256 for item in items), f"{items[0].sha256}.instagram", only_here.sha256]):
        os.utime(host.media.folder / name, (1_000_000 + number,) * 2)
    assert shrink_cache(host.media, host.folder, 1_000_000) == 0
    assert host.media.has(items[2])
    assert shrink_cache(host.media, host.folder, 0) == 3
    assert {path.name for path in host.media.folder.iterdir()} == {items[2].sha256, only_here.sha256}
    assert host.media.has(items[0]), "it is fetched again"


@with_server
def test_the_publisher_fetches_ahead_and_reports_what_it_cannot(
    host: Host, other: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.clock import START, FakeClock

    item = host.add()
    soon = add_account(host.database, "x/soon")
    add_post(host.database, to(soon, START + timedelta(minutes=5)), media=(item,))
    care = MediaCleanup(host.database, other.media, Config({"media.cache_mb": 1}), FakeClock())
    assert care.fetch_coming() == []
    assert other.media.is_cached(item)
    shutil.rmtree(other.media.folder)
    monkeypatch.setattr(other.bucket, "fetch", lambda *_: (_ for _ in ()).throw(MediaUnavailable("the bucket is away")))
    (why,) = care.fetch_coming()
    assert "the bucket is away" in why
    assert care.is_needed()
    assert care.delete_unneeded_copies() == []


@with_server
def test_a_key_of_an_upload_still_names_one_file(host: Host) -> None:
    first, second = host.add(100), host.add(200)
    host.media.keep_upload("ab" * 16, first)
    with pytest.raises(Conflict):
        host.media.keep_upload("ab" * 16, second)
