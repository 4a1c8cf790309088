"""Public URLs for local media."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tests.platforms.stubs import media
from ttp.domain.config import Config
from ttp.platforms.media_host import NoPublicUrl, is_configured, public_url


def folder(path: Path) -> Config:
    return Config(
        {"media_host.kind": "folder", "media_host.path": str(path), "media_host.base_url": "https://cdn.example/m/"}
    )


def test_a_file_is_copied_under_a_name_that_cannot_be_guessed_and_stays(tmp_path: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    file = media(tmp_path / "launch.jpg", b"jpeg bytes", "image/jpeg")
    url = public_url(folder(served), file.item, file.path)
    assert url == f"https://cdn.example/m/{file.item.sha256}.jpg"
    (copy,) = served.iterdir()
    assert copy.read_bytes() == b"jpeg bytes"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o644
    before = copy.stat().st_mtime_ns
    assert public_url(folder(served), file.item, file.path) == url
    assert copy.stat().st_mtime_ns == before


def test_a_copy_of_another_size_is_replaced(tmp_path: Path) -> None:
    file = media(tmp_path / "launch.jpg", b"jpeg bytes", "image/jpeg")
    served = tmp_path / "served"
    served.mkdir()
    (served / f"{file.item.sha256}.jpg").write_bytes(b"jp")
    public_url(folder(served), file.item, file.path)
    assert (served / f"{file.item.sha256}.jpg").read_bytes() == b"jpeg bytes"


def test_an_item_that_has_a_url_keeps_it(tmp_path: Path) -> None:
    file = media(tmp_path / "a.mp4", b"v", "video/mp4")
    assert (
        public_url(Config(), replace(file.item, url="https://a.example/v.mp4"), file.path) == "https://a.example/v.mp4"
    )


@pytest.mark.parametrize("missing", ["media_host.kind", "media_host.path", "media_host.base_url"])
def test_without_a_media_host_the_settings_are_named(tmp_path: Path, missing: str) -> None:
    whole = folder(tmp_path)
    config = Config({name: whole[name] for name in whole if name.startswith("media_host") and name != missing})
    file = media(tmp_path / "a.jpg", b"v", "image/jpeg")
    assert is_configured(whole)
    assert not is_configured(config)
    with pytest.raises(NoPublicUrl, match=r"media_host\.kind, media_host\.path, media_host\.base_url"):
        public_url(config, file.item, file.path)


def test_a_folder_that_is_not_there_is_named_and_leaves_nothing_behind(tmp_path: Path) -> None:
    file = media(tmp_path / "a.jpg", b"v", "image/jpeg")
    with pytest.raises(NoPublicUrl, match=r"cannot copy a\.jpg"):
        public_url(folder(tmp_path / "missing"), file.item, file.path)
    served = tmp_path / "served"
    served.mkdir()
    file.path.unlink()
    with pytest.raises(NoPublicUrl):
        public_url(folder(served), file.item, file.path)
    assert list(served.iterdir()) == []
