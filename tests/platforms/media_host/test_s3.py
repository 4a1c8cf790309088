"""Media in a bucket, against a real server that speaks S3: put up, lent out, taken back."""

from __future__ import annotations

import re
import stat
import urllib.request
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from tests.free_port import free_port
from tests.platforms.s3_server import SECRET, create_bucket, set_credentials, with_server
from tests.platforms.stubs import media
from tests.settings import Config
from ttp.domain.config import Value
from ttp.platforms.bucket import error_line
from ttp.platforms.client import MediaFile
from ttp.platforms.instagram.facts import PLATFORM as INSTAGRAM
from ttp.platforms.media_host import s3
from ttp.platforms.media_host.availability import NoPublicUrl
from ttp.platforms.media_host.host import MediaHost
from ttp.platforms.media_host.s3 import delete_object, list_objects


@pytest.fixture
def config(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Settings for a fresh bucket, with the credentials in the environment."""
    bucket = f"bucket-{abs(hash(tmp_path)):x}"
    create_bucket(endpoint, bucket)
    return settings(endpoint, f"s3://{bucket}/some/folder", monkeypatch)


def settings(endpoint: str, url: str, monkeypatch: pytest.MonkeyPatch) -> Config:
    set_credentials(monkeypatch)
    values: dict[str, Value] = {
        "media_host.kind": "s3",
        "media_host.s3.url": url,
        "media_host.s3.endpoint": endpoint,
        "media_host.s3.region": "us-east-1",
        "platforms.instagram.base_url": "http://127.0.0.1:8700",
    }
    return Config(values)


@pytest.fixture
def file(tmp_path: Path) -> MediaFile:
    made = media(tmp_path / "launch.jpg", b"jpeg bytes" * 1_000, "image/jpeg")
    return replace(made, origin="ab" * 32)


@pytest.fixture
def lent(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home" / s3.LENT


def keys(config: Config) -> list[str]:
    """What is in the bucket."""
    bucket = urlsplit(config.text("media_host.s3.url")).netloc
    with urllib.request.urlopen(f"{config.text('media_host.s3.endpoint')}/{bucket}", timeout=60) as answer:
        tree = ElementTree.fromstring(answer.read())  # noqa: S314 (our own server's)
    return [str(each.text) for each in tree.iter() if each.tag.endswith("Key")]


def host(config: Config, lent: Path) -> MediaHost:
    return MediaHost(config, lent, loopback=INSTAGRAM.is_local(config))


@with_server
def test_a_file_is_lent_out_for_at_least_a_day_under_a_key_that_nobody_can_guess(
    config: Config, lent: Path, file: MediaFile
) -> None:
    url = host(config, lent).url(file)
    (key,) = keys(config)
    name = key.removeprefix("some/folder/").removesuffix(".jpg")
    assert len(bytes.fromhex(name)) == 16
    assert file.item.sha256 not in key
    assert int(parse_qs(urlsplit(url).query)["X-Amz-Expires"][0]) >= 24 * 3600
    with urllib.request.urlopen(url, timeout=60) as answer:
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.read() == file.path.read_bytes()


@with_server
def test_an_uploaded_object_is_reused_until_it_is_deleted(config: Config, lent: Path, file: MediaFile) -> None:
    first = host(config, lent).url(file)
    second = host(config, lent).url(file)
    assert urlsplit(first).path == urlsplit(second).path
    (one,) = list_objects(lent)
    assert (one.sha256, one.attached_sha256, one.is_uploaded) == (file.item.sha256, "ab" * 32, True)
    assert stat.S_IMODE(one.file.stat().st_mode) == 0o600
    assert SECRET not in one.file.read_text()
    delete_object(config, one)
    assert keys(config) == []
    assert list(lent.iterdir()) == []
    delete_object(config, one)  # deleting it again is not an error


@with_server
def test_a_try_that_broke_off_leaves_a_key_that_the_next_one_uses(
    config: Config, lent: Path, file: MediaFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("obstore.put", lambda *_, **__: (_ for _ in ()).throw(OSError(5, "Input/output error")))
        with pytest.raises(NoPublicUrl, match="Input/output error") as caught:
            host(config, lent).url(file)
    assert caught.value.passing
    (one,) = list_objects(lent)
    assert not one.is_uploaded
    host(config, lent).url(file)
    assert keys(config) == [f"some/folder/{one.key}"]


@with_server
def test_a_missing_bucket_is_reported_without_the_credentials(
    endpoint: str, lent: Path, file: MediaFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(endpoint, "s3://there-is-none", monkeypatch)
    with pytest.raises(NoPublicUrl) as caught:
        host(config, lent).url(file)
    assert "launch.jpg" in caught.value.message
    assert caught.value.passing
    for hidden in (SECRET, "AKIATHEKEYID", "\n"):
        assert hidden not in caught.value.message


@with_server
def test_an_address_that_the_platform_cannot_reach_is_not_given_to_it(
    config: Config, lent: Path, file: MediaFile
) -> None:
    elsewhere = Config({name: config[name] for name in config if name != "platforms.instagram.base_url"})
    with pytest.raises(NoPublicUrl, match=r"media_host\.s3\.endpoint"):
        host(elsewhere, lent).url(file)


def test_a_server_that_is_not_there_is_a_passing_trouble(
    lent: Path, file: MediaFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(f"http://127.0.0.1:{free_port()}", "s3://bucket", monkeypatch)
    with pytest.raises(NoPublicUrl) as caught:
        host(config, lent).url(file)
    assert caught.value.passing
    (one,) = list_objects(lent)
    with pytest.raises(NoPublicUrl):
        delete_object(config, one)
    assert one.file.exists()


def test_missing_credentials_are_named() -> None:
    error = Exception("Error performing PUT http://169.254.169.254/latest/api/token in 1 ms\n\nDebug source:\nmore")
    assert re.findall(r"[A-Z_]{9,}", error_line(error)) == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]


def test_an_object_missing_from_the_bucket_is_forgotten(lent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lent.mkdir()
    one = s3.BucketObject("key.jpg", "s3://bucket", "", "ab" * 32, "cd" * 32, True, lent / "key.jpg")
    one.remember()

    def none_there(*_: object) -> None:
        raise FileNotFoundError("Object at location key.jpg not found")

    monkeypatch.setattr("obstore.delete", none_there)
    delete_object(settings("", "s3://bucket", monkeypatch), one)
    assert list(list_objects(lent)) == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("bucket/folder", "s3://BUCKET/FOLDER"),
        ("https://bucket.example/", "media_host.s3.url"),
        ("s3://", "s3://"),
    ],
)
def test_an_invalid_bucket_setting_is_refused(lent: Path, file: MediaFile, url: str, why: str) -> None:
    with pytest.raises(NoPublicUrl, match=why) as caught:
        host(Config({"media_host.kind": "s3", "media_host.s3.url": url}), lent).url(file)
    assert not caught.value.passing


def test_objects_of_another_bucket_are_kept(lent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lent.mkdir()
    one = s3.BucketObject("key.jpg", "s3://old", "", "ab" * 32, "cd" * 32, True, lent / "key.jpg")
    one.remember()
    (lent / "damaged").write_text("{")
    assert list(list_objects(lent)) == [one]
    assert list(list_objects(lent / "none")) == []
    with pytest.raises(NoPublicUrl):
        delete_object(settings("", "s3://new", monkeypatch), one)


def test_a_missing_extra_is_named_with_its_command(
    lent: Path, file: MediaFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    import builtins
    from typing import Any

    usual = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("obstore"):
            raise ImportError(name)
        return usual(name, *rest)

    config = settings("", "s3://bucket", monkeypatch)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(NoPublicUrl) as caught:
        host(config, lent).url(file)
    assert caught.value.hint == "pip install 'ttp-cli[s3]'"
