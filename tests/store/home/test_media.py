"""The media folder: what may come in, and that it is copied once, whole, and for its owner only."""

from __future__ import annotations

import hashlib
import os
import shlex
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from tests import media_bytes as made
from tests.store.process_limits import files_at_most
from ttp.domain.errors import Bug, Busy, NotFound, TtpError, UsageError
from ttp.domain.media.probe.reader import Flaw
from ttp.store.home import media
from ttp.store.home.media import MediaStore, OpenMedia, hash_source, temporary_media


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> MediaStore:
    return MediaStore(home / "media", forbidden=(home,))


def file(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def refused(store: MediaStore, path: Path) -> TtpError:
    with pytest.raises(TtpError) as caught:
        store.add(path)
    assert not store.folder.exists() or not list(store.folder.iterdir())
    return caught.value


def test_a_file_is_copied_under_its_digest_for_its_owner_only(store: MediaStore, tmp_path: Path) -> None:
    data = made.jpeg(1080, 1350, tail=bytes(3_000_000) + b"\xff\xd9")
    item = store.add(file(tmp_path, "launch.jpg", data))
    assert item.sha256 == hashlib.sha256(data).hexdigest()
    assert (item.name, item.mime, item.bytes) == ("launch.jpg", "image/jpeg", len(data))
    assert (item.width, item.height, item.duration_ms) == (1080, 1350, None)
    kept = store.path(item.sha256)
    assert kept.read_bytes() == data
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(store.folder.parent.stat().st_mode) == 0o700
    assert list(store.folder.iterdir()) == [kept]


def test_a_video_brings_all_that_the_rules_want_to_know(store: MediaStore, tmp_path: Path) -> None:
    item = store.add(file(tmp_path, "clip.mp4", made.movie()))
    assert (item.mime, item.width, item.height, item.duration_ms) == ("video/mp4", 720, 1280, 4_000)
    assert (item.codec, item.fps, item.moov_first) == ("h264", 30.0, True)


def test_the_same_bytes_a_second_time_write_nothing(store: MediaStore, tmp_path: Path) -> None:
    first = store.add(file(tmp_path, "one.jpg", made.jpeg()))
    before = (store.path(first.sha256).stat(), store.folder.stat().st_mtime_ns)
    second = store.add(file(tmp_path, "two.jpeg", made.jpeg()))
    after = (store.path(first.sha256).stat(), store.folder.stat().st_mtime_ns)
    assert (second.sha256, second.name) == (first.sha256, "two.jpeg")
    assert before == after


def test_a_copy_that_lost_bytes_is_made_anew(store: MediaStore, tmp_path: Path) -> None:
    source = file(tmp_path, "one.jpg", made.jpeg())
    kept = store.path(store.add(source).sha256)
    kept.write_bytes(b"half")
    store.add(source)
    assert kept.read_bytes() == made.jpeg()


def test_a_link_to_a_file_is_followed(store: MediaStore, tmp_path: Path) -> None:
    file(tmp_path, "real.jpg", made.jpeg())
    link = tmp_path / "link.jpg"
    link.symlink_to("real.jpg")
    assert store.add(link).name == "link.jpg"


def test_a_missing_file_is_not_found_and_a_near_name_is_a_question_and_no_command(
    store: MediaStore, tmp_path: Path
) -> None:
    file(tmp_path, "launch day.jpg", made.jpeg())
    error = refused(store, tmp_path / "lunch day.jpg")
    assert isinstance(error, NotFound)
    assert f"{tmp_path}/lunch day.jpg" in error.message
    assert "launch day.jpg" in error.message
    assert error.hints[0].label == "see"
    assert "launch" not in refused(store, tmp_path / "shop.jpg").message
    (hint,) = refused(store, tmp_path / "Launch Day.JPG").hints
    assert hint.way == f"--media '{tmp_path}/launch day.jpg'"


@pytest.mark.parametrize("name", ["no/such/photo.jpg", "plain.txt/photo.jpg"])
def test_a_file_in_a_folder_that_is_none_is_not_found(store: MediaStore, tmp_path: Path, name: str) -> None:
    file(tmp_path, "plain.txt", b"")
    error = refused(store, tmp_path / name)
    assert isinstance(error, NotFound)
    assert [hint.way for hint in error.hints] == [f"ls -la {shlex.quote(str(tmp_path))}"]


def test_folders_pipes_sockets_and_devices_are_refused_at_once(
    store: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    os.mkfifo("pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.jpg")
        assert refused(store, Path("socket.jpg")).flaw == "not_a_file"
    for other in (tmp_path, Path("pipe.jpg"), Path("/dev/null")):
        assert refused(store, other).flaw == "not_a_file"


def test_an_empty_file_and_a_file_of_another_kind_are_refused_with_the_reason(
    store: MediaStore, tmp_path: Path
) -> None:
    empty = refused(store, file(tmp_path, "a.jpg", b""))
    assert f"{tmp_path}/a.jpg" in empty.message
    assert (empty.code, empty.flaw) == ("usage", Flaw.EMPTY)
    text = refused(store, file(tmp_path, "b.jpg", b"not a picture"))
    assert all(kind in text.message for kind in ("b.jpg", "JPEG", "PNG", "GIF", "WebP", "MP4", "MOV", "WebM"))
    assert refused(store, file(tmp_path, "c.mp4", made.movie()[:-1])).flaw == Flaw.CUT_OFF


def test_a_name_that_says_another_kind_than_the_bytes_is_refused_naming_both(store: MediaStore, tmp_path: Path) -> None:
    error = refused(store, file(tmp_path, "my photo.PNG", made.jpeg()))
    assert all(said in error.message for said in (f"{tmp_path}/my photo.PNG", "PNG", "JPEG"))
    assert error.hints[0].way == f"mv '{tmp_path}/my photo.PNG' '{tmp_path}/my photo.jpg'"
    other = refused(store, file(tmp_path, "clip.mp4", made.webm()))
    assert (error.flaw, other.flaw) == ("other_kind", "other_kind")
    assert ("MP4" in other.message, "WebM" in other.message) == (True, True)


@pytest.mark.parametrize(
    ("name", "data", "mime"),
    [
        ("clip.mov", made.movie(), "video/mp4"),
        ("clip.mp4", made.movie(brand=b"qt  "), "video/quicktime"),
        ("photo", made.jpeg(), "image/jpeg"),
        ("photo.backup", made.png(), "image/png"),
    ],
)
def test_a_name_that_says_no_kind_or_the_sister_kind_is_no_matter(
    store: MediaStore, tmp_path: Path, name: str, data: bytes, mime: str
) -> None:
    assert store.add(file(tmp_path, name, data)).mime == mime


def test_nothing_in_ttps_own_folder_is_taken_in_whatever_it_is_called(
    store: MediaStore, tmp_path: Path, home: Path
) -> None:
    home.mkdir(mode=0o700)
    inside = file(home, "credentials.json", made.jpeg())
    link = tmp_path / "photo.jpg"
    link.symlink_to(inside)
    for path in (inside, link, tmp_path / "home" / ".." / "home" / "credentials.json"):
        assert refused(store, path).flaw == "own_folder"


def test_a_long_name_and_a_name_with_a_zero_byte_are_refused_plainly(store: MediaStore) -> None:
    assert refused(store, Path("a" * 300 + ".jpg")).flaw == "unreadable"
    assert refused(store, Path("a\0b.jpg")).flaw == "unreadable"


def test_a_name_that_is_no_utf8_can_be_stored(store: MediaStore, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    path.write_bytes(made.jpeg())
    assert store.add(path).name == "caf\ufffd.jpg"


def test_a_file_that_changes_while_it_is_read_is_refused_and_nothing_is_left(
    store: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = file(tmp_path, "a.jpg", made.jpeg())
    digest = hash_source

    def then_changed(opened: OpenMedia) -> str:
        found = digest(opened)
        source.write_bytes(made.jpeg(1, 1))
        return found

    monkeypatch.setattr(media, "hash_source", then_changed)
    error = refused(store, source)
    assert (error.flaw, str(source) in error.message) == ("changed", True)


def test_a_disk_that_cannot_give_the_bytes_is_the_files_problem(
    store: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = file(tmp_path, "a.jpg", made.jpeg())

    def broken(file: int, length: int, offset: int) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "pread", broken)
    error = refused(store, source)
    assert (error.code, error.flaw) == ("usage", "unreadable")
    assert all(named in error.message for named in (str(source), "Input/output error"))


def test_a_full_disk_is_said_to_be_full_and_nothing_half_is_left(store: MediaStore, tmp_path: Path) -> None:
    source = file(tmp_path, "a.jpg", made.jpeg(tail=bytes(200_000) + b"\xff\xd9"))
    with files_at_most(100_000):
        error = refused(store, source)
    assert isinstance(error, Busy)
    assert (str(source) in error.message, str(store.folder) in error.message) == (True, True)
    assert error.hints[0].way == f"df -h {store.folder.parent}"
    assert store.add(source).bytes == source.stat().st_size


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "media").write_bytes(b"")
    with pytest.raises(Busy):
        MediaStore(home / "media").add(file(tmp_path, "a.jpg", made.jpeg()))


def test_only_a_digest_is_a_path(store: MediaStore) -> None:
    assert store.path("0" * 64) == store.folder / ("0" * 64)
    for name in ("../credentials.json", "A" * 64, ""):
        with pytest.raises(Bug):
            store.path(name)


# What was fetched, and what was made


def writing(data: bytes) -> Callable[[BinaryIO], None]:
    """A fetch of `data`."""

    def fetch(file: BinaryIO) -> None:
        file.write(data)

    return fetch


def test_what_is_fetched_is_looked_at_and_kept_under_its_digest(store: MediaStore) -> None:
    data = made.movie()
    item = store.add_written("clip.mp4", "https://a.example/clip.mp4", writing(data))
    assert (item.name, item.mime, item.bytes) == ("clip.mp4", "video/mp4", len(data))
    assert item.sha256 == hashlib.sha256(data).hexdigest()
    kept = store.path(item.sha256)
    assert kept.read_bytes() == data
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert list(store.folder.iterdir()) == [kept]
    assert store.has(item)
    kept.write_bytes(b"half")
    assert not store.has(item)


def test_what_is_fetched_and_is_no_media_is_refused_by_its_address_and_leaves_nothing(store: MediaStore) -> None:
    with pytest.raises(UsageError):
        store.add_written("x", "https://a.example/x", writing(b"hello"))

    def broken(file: BinaryIO) -> None:
        file.write(b"half")
        raise NotFound("gone")

    with pytest.raises(NotFound, match="gone"):
        store.add_written("x", "https://a.example/x", broken)
    assert list(store.folder.iterdir()) == []


def test_a_full_disk_is_told_while_something_is_fetched(store: MediaStore) -> None:
    with files_at_most(100_000), pytest.raises(Busy):
        store.add_written("x", "https://a.example/x", writing(bytes(200_000)))
    assert list(store.folder.iterdir()) == []


def test_a_converted_copy_is_beside_its_original_and_tells_its_own_facts(store: MediaStore, tmp_path: Path) -> None:
    item = store.add(file(tmp_path, "a.png", made.png()))
    assert store.find_converted(item, "instagram") is None
    data = made.jpeg(320, 400)
    store.store_converted(item.sha256, "instagram", data)
    copy = store.find_converted(item, "instagram")
    assert copy is not None
    assert (copy.name, copy.mime, copy.bytes) == ("a.png", "image/jpeg", len(data))
    assert (copy.width, copy.height, copy.sha256) == (320, 400, hashlib.sha256(data).hexdigest())
    assert stat.S_IMODE(store.path(item.sha256, "instagram").stat().st_mode) == 0o600
    store.path(item.sha256, "instagram").write_bytes(data[:10])
    assert store.find_converted(item, "instagram") is None


def test_a_preview_keeps_conversions_of_stored_files_only(store: MediaStore, tmp_path: Path) -> None:
    stored, data = store.add(file(tmp_path, "a.png", made.png(640, 480))), made.jpeg(64, 48)
    with temporary_media(store) as preview:
        other = preview.add(file(tmp_path, "b.png", made.png(64, 480)))
        for item in (stored, other):
            preview.store_converted(item.sha256, "instagram", data)
            assert preview.find_converted(item, "instagram") is not None
    assert {one.name for one in store.folder.iterdir()} == {stored.sha256, f"{stored.sha256}.instagram"}
    with temporary_media(store) as preview:
        assert preview.find_converted(stored, "instagram") == store.find_converted(stored, "instagram") is not None
