"""Which files stay in the media folder, which are deleted, and that no file is deleted while it is being added."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests import media_bytes as made
from tests.clock import START, files_now
from ttp.domain.account import Account
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Busy
from ttp.domain.media.item import MediaItem, MediaUse
from ttp.domain.post import Post, PostStatus
from ttp.domain.time.clock import to_ms
from ttp.services.attachments import thumbnails
from ttp.store import accounts, posts
from ttp.store.change_log import ChangeRecorder
from ttp.store.database import Database
from ttp.store.home.locks import media_adding_lock
from ttp.store.home.media import MediaStore
from ttp.store.media_cleanup import media_use, missing_media, needed_digests, remove_unneeded

KEEP = timedelta(days=30)
How = tuple[PostStatus, DeliveryState]
DRAFT = (PostStatus.DRAFT, DeliveryState.PENDING)
SCHEDULED = (PostStatus.SCHEDULED, DeliveryState.PENDING)
PUBLISHING = (PostStatus.PUBLISHING, DeliveryState.RETRYING)
REVIEW = (PostStatus.PARTIAL, DeliveryState.NEEDS_REVIEW)
PUBLISHED = (PostStatus.PUBLISHED, DeliveryState.PUBLISHED)
FAILED = (PostStatus.FAILED, DeliveryState.FAILED)


class Home:
    """A store with one account, and its media folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Database(folder / "home")
        self.media = MediaStore(folder / "home" / "media")
        with self.database.writing() as db:
            self.account = accounts.save(db, Account("x", "me"), now=START)
        self.files = 0

    def copy(self) -> MediaItem:
        """Another file, taken in."""
        self.files += 1
        path = self.folder / f"{self.files}.jpg"
        path.write_bytes(made.jpeg(100 + self.files, 100))
        return self.media.add(path)

    def post(self, how: How, *items: MediaItem, ended_for: timedelta = KEEP) -> Post:
        """A post in a status, its one delivery in a state, and nothing has happened to it for so long."""
        status, state = how
        delivery = Delivery("x/me", "x", state=state, account_id=self.account)
        post = Post("Hello", (delivery,), status, media=items, created_at=START, updated_at=START)
        with self.database.writing() as db:
            stored = posts.insert(db, post, None)
        self.sql("UPDATE post SET updated_at = ? WHERE id = ?", to_ms(START - ended_for), stored.id)
        return stored

    def sql(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.database.path, isolation_level=None)) as db:
            db.execute(statement, values)

    def sweep(self, keep: timedelta = KEEP) -> int:
        return remove_unneeded(self.media.folder, self.database, now=START, keep=keep)

    def names(self) -> set[str]:
        return {path.name for path in self.media.folder.iterdir()}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.mark.parametrize("ended", [PUBLISHED, FAILED], ids=["published", "failed"])
def test_a_copy_and_what_was_made_of_it_go_that_long_after_the_post_has_ended(home: Home, ended: How) -> None:
    old, young = home.copy(), home.copy()
    for form in ("instagram", thumbnails.FORM):
        home.media.store_converted(old.sha256, form, made.jpeg(1, 1))
    home.post(ended, old, ended_for=KEEP)
    home.post(ended, young, ended_for=KEEP - timedelta(seconds=1))
    assert home.sweep() == 3
    assert home.names() == {young.sha256}
    assert home.sweep() == 0
    assert home.sweep(timedelta(0)) == 1


@pytest.mark.parametrize(
    "how", [DRAFT, SCHEDULED, PUBLISHING, REVIEW], ids=["draft", "scheduled", "publishing", "review"]
)
def test_a_post_that_may_still_be_published_keeps_its_copies(home: Home, how: How) -> None:
    item = replace(home.copy(), thumbnail=home.copy().sha256)
    post = home.post(how, item, ended_for=timedelta(days=900))
    home.post(PUBLISHED, item, ended_for=timedelta(days=900))
    assert home.sweep() == 0
    home.sql("UPDATE post SET deleted_at = 1 WHERE id = ?", post.id)
    assert home.sweep() == 2


def test_the_last_post_with_the_bytes_counts(home: Home) -> None:
    item = home.copy()
    home.post(PUBLISHED, item, ended_for=timedelta(days=90))
    home.post(FAILED, item, ended_for=timedelta(days=3))
    assert home.sweep() == 0


def test_what_no_post_ever_named_goes_after_a_day_and_so_does_half_a_copy(home: Home) -> None:
    home.post(PUBLISHED)
    fresh, left = home.copy(), home.copy()
    half = home.media.folder / f".{left.sha256}-123"
    half.write_bytes(b"half")
    for path in (home.media.path(left.sha256), half):
        os.utime(path, (files_now(home.folder).timestamp() - 86_500,) * 2)
    assert home.sweep() == 2
    assert home.names() == {fresh.sha256}


def test_nothing_is_removed_while_somebody_adds(home: Home) -> None:
    item = home.copy()
    home.post(PUBLISHED, item)
    with home.media.holding():
        home.media.add(home.folder / "1.jpg")
        assert home.sweep() == 0
        home.post(DRAFT, item)
    assert home.sweep() == 0
    assert home.names() == {item.sha256}


def test_who_adds_waits_for_who_removes(home: Home) -> None:
    begun, over = threading.Event(), threading.Event()

    def remove() -> None:
        from ttp.store.home.locks import media_removing_lock

        with media_removing_lock(home.database.home) as lock:
            assert lock is not None
            begun.set()
            over.wait(60)

    thread = threading.Thread(target=remove)
    thread.start()
    begun.wait(60)
    waited = threading.Timer(0.1, over.set)
    waited.start()
    with media_adding_lock(home.database.home):
        assert over.is_set()
    thread.join()


def test_without_a_store_or_a_folder_nothing_is_made(tmp_path: Path) -> None:
    assert remove_unneeded(tmp_path / "home" / "media", Database(tmp_path / "home"), now=START, keep=KEEP) == 0
    assert media_use(tmp_path / "home" / "media") == MediaUse()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_removed_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.post(PUBLISHED, home.copy())

    def stuck(path: Path, missing_ok: bool = False) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "unlink", stuck)
    with pytest.raises(Busy, match="Input/output error"):
        home.sweep()


def test_the_use_of_the_folder_counts_copies_alone(home: Home) -> None:
    one, other = home.copy(), home.copy()
    home.media.store_converted(one.sha256, "instagram", b"made")
    (home.media.folder / ".half").write_bytes(b"half")
    assert media_use(home.media.folder) == MediaUse(3, one.bytes + other.bytes + 4)


def test_media_whose_copies_are_gone_or_cut_are_named(home: Home) -> None:
    there, cut, lost = home.copy(), home.copy(), home.copy()
    home.media.path(cut.sha256).write_bytes(b"cut")
    home.media.path(lost.sha256).unlink()
    assert missing_media(home.media.folder, [there, cut, lost]) == [cut, lost]


def test_what_is_needed_is_what_a_post_names_that_has_not_ended_by_then(home: Home) -> None:
    coming, ended, unnamed = home.copy(), home.copy(), home.copy()
    home.post(SCHEDULED, coming)
    home.post(PUBLISHED, ended, ended_for=timedelta(days=1))
    digests = [coming.sha256, ended.sha256, unnamed.sha256]
    with closing(home.database.connect()) as db:
        assert needed_digests(db, digests, ended_by=START) == {coming.sha256}
        assert needed_digests(db, digests, ended_by=START - timedelta(days=2)) == {coming.sha256, ended.sha256}


def test_a_copy_stays_while_a_change_can_be_taken_back_that_needs_it(home: Home) -> None:
    item = home.copy()
    post = home.post(DRAFT, item)
    age = files_now(home.folder).timestamp() - 2 * 86400
    for path in home.media.folder.iterdir():
        os.utime(path, (age, age))
    with home.database.writing() as db:
        posts.update(db, replace(post, media=(), updated_at=START), ChangeRecorder("edit", START))
    assert home.sweep(timedelta(0)) == 0
    assert remove_unneeded(home.media.folder, home.database, now=START + KEEP, keep=timedelta(0)) == 1
