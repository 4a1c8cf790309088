"""A file in a bucket is deleted once no post needs it: published, failed for good, deleted, or left by a crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Program
from tests.settings import Config
from tests.store.stores import store_at
from ttp.platforms.media_host import s3
from ttp.platforms.media_host.availability import NoPublicUrl
from ttp.sandbox.files import PHOTO
from ttp.services.attachments.media import MediaCleanup
from ttp.store.home.media import MediaStore


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that a bucket was asked to give back. It refuses those that begin with `stuck`."""
    keys: list[str] = []

    def give(config: Config, lent: s3.BucketObject) -> None:
        keys.append(lent.key)
        if lent.key.startswith("stuck"):
            raise NoPublicUrl(f"{lent.key} stays")
        lent.file.unlink()

    monkeypatch.setattr(s3, "delete_object", give)
    return keys


def care(ttp: Program) -> MediaCleanup:
    home = ttp.home
    return MediaCleanup(store_at(home), MediaStore(home / "media"), Config(), ttp.clock)


def lend(ttp: Program, key: str, given: str) -> None:
    folder = ttp.home / s3.LENT
    folder.mkdir(exist_ok=True)
    s3.BucketObject(key, "s3://bucket", "", "ab" * 32, given, True, folder / key).remember()


def test_an_object_is_taken_back_when_the_last_post_with_the_bytes_has_ended(ttp: Program, asked: list[str]) -> None:
    ttp.account("x/me")
    ttp.post("Hi", "--to", "x", "--media", str(PHOTO), "--at", "in 1h")
    digest = ttp.shown()["media"][0]["sha256"]
    lend(ttp, "one.jpg", digest)
    assert care(ttp).delete_unneeded_objects() == []
    assert asked == []
    ttp.bring(1, "failed", error=("network", "cut"))
    assert care(ttp).delete_unneeded_objects() == []
    assert asked == ["one.jpg"]


@pytest.mark.sqlite("it begins without a store")
def test_what_no_post_names_is_taken_back_and_what_cannot_be_is_told_and_kept_in_mind(
    ttp: Program, asked: list[str]
) -> None:
    ttp.post("Hi")
    for key in ("left.jpg", "stuck.jpg"):
        lend(ttp, key, "cd" * 32)
    for _ in range(2):
        assert care(ttp).delete_unneeded_objects() == ["stuck.jpg stays"]
    assert asked == ["left.jpg", "stuck.jpg", "stuck.jpg"]


@pytest.mark.sqlite("the store does not exist yet")
def test_without_a_store_nothing_is_asked(ttp: Program, asked: list[str], tmp_path: Path) -> None:
    assert care(ttp).delete_unneeded_objects() == []
    ttp.home.mkdir(mode=0o700)
    lend(ttp, "one.jpg", "cd" * 32)
    assert care(ttp).delete_unneeded_objects() == []
    assert (care(ttp).delete_unneeded_copies(), asked) == ([], [])


def test_a_sweep_that_fails_is_told(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    from ttp.domain.errors import Busy
    from ttp.services.attachments import media

    def busy(*_: object, **__: object) -> int:
        raise Busy("the store stays locked")

    monkeypatch.setattr(media, "remove_unneeded", busy)
    assert care(ttp).delete_unneeded_copies() == ["unneeded media could not be removed: the store stays locked"]
