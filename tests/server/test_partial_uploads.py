"""Uploads in parts: resumed, repeated, limited to their token."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.server.conftest import Api
from tests.server.test_media import DATA, SHA256
from ttp.store.home import partial_uploads

UPLOADS = "/v1/media/uploads"
HALF = len(DATA) // 2


def begin(api: Api, **more: Any) -> str:
    return str(api.ok("POST", UPLOADS, {"name": "photo.jpg", "bytes": len(DATA), **more})["id"])


def put(api: Api, upload: str, offset: int, data: bytes, query: str = "") -> httpx.Response:
    headers = {"Content-Type": "application/octet-stream"}
    return api("PUT", f"{UPLOADS}/{upload}?offset={offset}{query}", content=data, headers=headers)


def test_a_file_comes_in_parts_which_can_be_sent_again(api: Api) -> None:
    upload = begin(api)
    assert api.ok("GET", f"{UPLOADS}/{upload}") == {
        "id": upload,
        "name": "photo.jpg",
        "bytes": len(DATA),
        "received": 0,
        "media": None,
    }
    for _ in range(2):
        assert put(api, upload, 0, DATA[:HALF]).json()["received"] == HALF
    assert put(api, upload, 0, DATA[:HALF], "&dryRun=true").json()["received"] == HALF
    for _ in range(2):
        found = put(api, upload, HALF, DATA[HALF:]).json()
        assert (found["received"], found["media"]["sha256"]) == (len(DATA), SHA256)
    assert found == api.ok("GET", f"{UPLOADS}/{upload}")
    assert found["media"] == api("POST", "/v1/media", files={"file": ("photo.jpg", DATA)}).json()
    post = api.ok("POST", "/v1/posts", {"content": "Hi", "accounts": ["x/me"], "media": [{"sha256": SHA256}]})
    assert post["media"][0]["bytes"] == len(DATA)


def test_a_part_in_another_place_is_refused(api: Api) -> None:
    upload = begin(api)
    put(api, upload, 0, DATA[:100])
    for offset, data, code in ((200, DATA[200:300], "conflict"), (50, DATA[50:200], "conflict"), (100, DATA, "state")):
        answer = put(api, upload, offset, data)
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert api.ok("GET", f"{UPLOADS}/{upload}")["received"] == 100
    api.refused("PUT", f"{UPLOADS}/{upload}", 400, "usage", headers={"Content-Type": "application/octet-stream"})
    api.refused("PUT", f"{UPLOADS}/{upload}?offset=100", 415, "media_type", json={})


def test_a_file_of_another_type_is_refused_after_its_last_part(api: Api) -> None:
    upload = begin(api, bytes=9)
    assert put(api, upload, 0, b"text").status_code == 200
    assert put(api, upload, 4, b"more!").json()["code"] == "usage"
    api.refused("GET", f"{UPLOADS}/{upload}", 404, "not_found")
    assert [one.name for one in (api.ttp.home / "media").iterdir()] == []


def test_an_upload_belongs_to_its_token(api: Api) -> None:
    upload, other = begin(api), api.having("publish", name="bob")
    for method in ("GET", "DELETE"):
        other.refused(method, f"{UPLOADS}/{upload}", 404, "not_found")
    assert put(other, upload, 0, DATA).status_code == 404
    assert api.ok("DELETE", f"{UPLOADS}/{upload}?dryRun=true") == {"id": upload, "removed": True}
    assert api.ok("DELETE", f"{UPLOADS}/{upload}") == {"id": upload, "removed": True}
    api.refused("GET", f"{UPLOADS}/{upload}", 404, "not_found")
    assert list((api.ttp.home / "media").iterdir()) == []


@pytest.mark.parametrize("body", [{"name": "a.jpg"}, {"name": "a.jpg", "bytes": 0}, {"name": "a", "bytes": 10**12}])
def test_an_upload_that_cannot_be_is_refused(api: Api, body: Any) -> None:
    api.refused("POST", UPLOADS, 400, "usage", body)


def test_a_token_has_a_limited_number_of_open_uploads(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partial_uploads, "MOST_OPEN", 2)
    assert api.ok("POST", f"{UPLOADS}?dryRun=true", {"name": "a.jpg", "bytes": 1})["id"] is None
    first = begin(api)
    begin(api)
    api.refused("POST", UPLOADS, 409, "state", {"name": "a.jpg", "bytes": 1})
    begin(api.having("draft"))
    put(api, first, 0, DATA)
    begin(api)


def test_a_file_that_no_post_named_goes_and_its_upload_says_so(api: Api) -> None:
    upload = begin(api)
    put(api, upload, 0, DATA)
    (api.ttp.home / "media" / SHA256).unlink()
    api.refused("GET", f"{UPLOADS}/{upload}", 404, "not_found")
    api.refused("GET", f"{UPLOADS}/..%2F..%2Fttp.db", 404, "not_found")
    api.refused("GET", f"{UPLOADS}/{upload.upper()}x", 400, "usage")
