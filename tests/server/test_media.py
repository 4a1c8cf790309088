"""Media over HTTP: one file of a form, stored by its digest, named by a post."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.server.conftest import Api
from ttp.sandbox.files import PHOTO
from ttp.server import guard

DATA = PHOTO.read_bytes()
SHA256 = hashlib.sha256(DATA).hexdigest()


def form(name: str = "photo.jpg", data: bytes = DATA, field: str = "file") -> Any:
    return {"files": {field: (name, data, "image/jpeg")}}


def stored(api: Api) -> list[str]:
    folder = api.ttp.home / "media"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_file_is_stored_and_named_by_a_post(api: Api) -> None:
    answer = api("POST", "/v1/media", **form())
    assert answer.status_code == 201
    item = answer.json()
    assert (item["sha256"], item["bytes"], item["name"], item["mime"]) == (SHA256, len(DATA), "photo.jpg", "image/jpeg")
    assert stored(api) == [SHA256]
    given = {"sha256": SHA256, "name": "mug.jpg", "alt": "A red mug"}
    post = api.ok("POST", "/v1/posts", {"content": "Hello", "accounts": ["x/me"], "media": [given]})
    assert post["media"] == [{**item, "name": "mug.jpg", "alt": "A red mug"}]
    assert api("POST", "/v1/media", **form()).json() == item
    assert stored(api) == [SHA256]


def test_media_of_a_post_can_be_changed_and_removed(api: Api) -> None:
    api("POST", "/v1/media", **form())
    api.ok("POST", "/v1/posts", {"content": "Hello", "media": [{"sha256": SHA256}]})
    found = api.ok("PATCH", "/v1/posts/1", {"media": [{"sha256": SHA256, "alt": "A red mug"}]})
    assert [one["alt"] for one in found["media"]] == ["A red mug"]
    assert api.ok("PATCH", "/v1/posts/1", {"media": []})["media"] == []


def test_media_of_a_post_say_where_they_go(api: Api) -> None:
    api("POST", "/v1/media", **form())
    one = {"sha256": SHA256}
    media = [{**one, "part": "last", "only": "x"}, {**one, "part": 2}, one]
    post = api.ok("POST", "/v1/posts", {"content": "One", "thread": ["Two"], "media": media})
    places = [(1, None), (2, None), ("last", "x")]
    assert [(item["part"], item["only"]) for item in post["media"]] == places
    again = [{name: item[name] for name in ("sha256", "part", "only")} for item in post["media"]]
    changed = api.ok("PATCH", "/v1/posts/1", {"media": again, "content": "Other"})
    assert [(item["part"], item["only"]) for item in changed["media"]] == places
    api.refused("PATCH", "/v1/posts/1", 400, "usage", {"thread": []})
    api.refused("PATCH", "/v1/posts/1", 400, "usage", {"media": [{**one, "part": 0}]})


@pytest.mark.parametrize("name", ["../../etc/passwd.jpg", "/etc/passwd.jpg", "C:\\passwd.jpg", "a/../passwd.jpg"])
def test_the_name_of_a_file_is_never_a_path(api: Api, name: str) -> None:
    assert api("POST", "/v1/media", **form(name)).json()["name"] == "passwd.jpg"
    assert stored(api) == [SHA256]
    post = api.ok("POST", "/v1/posts", {"content": "Hello", "media": [{"sha256": SHA256, "name": name}]})
    assert [one["name"] for one in post["media"]] == ["passwd.jpg"]


@pytest.mark.parametrize("name", ["..", ".", "a/..", "\n"])
def test_an_unusable_name_is_replaced(api: Api, name: str) -> None:
    given = {"sha256": api("POST", "/v1/media", **form()).json()["sha256"], "name": name}
    assert api.ok("POST", "/v1/posts", {"content": "Hello", "media": [given]})["media"][0]["name"] == "media"


def test_a_dry_run_stores_nothing(api: Api) -> None:
    answer = api("POST", "/v1/media?dryRun=true", **form())
    assert (answer.status_code, answer.json()["sha256"]) == (200, SHA256)
    assert stored(api) == []


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (form(data=b"text"), 400, "usage"),
        (form(data=b""), 400, "usage"),
        (form(field="other"), 400, "usage"),
        ({"files": [("file", ("a.jpg", DATA)), ("file", ("b.jpg", DATA))]}, 400, "usage"),
        ({"data": {"file": "text"}, "files": {}}, 415, "media_type"),
        ({"json": {}}, 415, "media_type"),
        ({"content": DATA, "headers": {"Content-Type": "image/jpeg"}}, 415, "media_type"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=a"}}, 400, "usage"),
        ({"content": b"", "headers": {"Content-Type": "multipart/form-data; boundary=a"}}, 400, "usage"),
        ({"content": b"", "headers": {"Content-Type": f"multipart/form-data; boundary={'a' * 999}"}}, 400, "usage"),
    ],
)
def test_a_form_without_one_image_or_video_is_refused(api: Api, request_: Any, status: int, code: str) -> None:
    api.refused("POST", "/v1/media", status, code, **request_)
    assert stored(api) == []


def test_a_digest_of_nothing_is_refused(api: Api) -> None:
    unknown = {"content": "Hello", "media": [{"sha256": 64 * "0"}]}
    api.refused("POST", "/v1/posts", 404, "not_found", unknown)
    api.refused("POST", "/v1/posts", 400, "usage", {"content": "Hello", "media": [{"sha256": "../../etc/passwd"}]})


def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MOST_UPLOAD_BYTES", len(DATA) - 10)
    api.refused("POST", "/v1/media", 413, "too_large", **form())

    async def parts() -> AsyncIterator[bytes]:
        yield b'--a\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        for at in range(0, len(DATA), 1000):
            yield DATA[at : at + 1000]

    typed = {"Content-Type": "multipart/form-data; boundary=a"}
    api.refused("POST", "/v1/media", 413, "too_large", content=parts(), headers=typed)
    assert stored(api) == []
