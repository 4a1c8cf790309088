"""TimeToPost's client against `ttp serve` as a process, which publishes to the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.conftest import Program
from tests.server.test_process import Serve, Served, environ, serve, until
from tests.server.timetopost.client import TimeToPost
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.server import RunningSandbox

__all__ = ["environ", "serve"]
CHOICES = {"privacy": "SELF_ONLY", "yourBrand": False, "brandedContent": False}
CLOSED = dict.fromkeys(("allowComments", "allowDuet", "allowStitch"), False)


@pytest.fixture
def accounts(ttp: Program, sandbox: RunningSandbox, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The accounts x/demo and tiktok/demo on the sandbox."""
    held = {one["account"]: one["credentials"] for one in httpx.get(f"{sandbox.url}/_sandbox/accounts").json()}
    for name in ("x/demo", "tiktok/demo"):
        variable = f"TTP_PLATFORMS__{name.partition('/')[0].upper()}__BASE_URL"
        environ[variable] = sandbox.url
        monkeypatch.setenv(variable, sandbox.url)
        ttp.ok("account", "add", name, "--credentials", "-", stdin=json.dumps(held[name]))


@pytest.fixture
def client(serve: Serve, accounts: None) -> Iterator[TimeToPost]:
    with serve() as server:
        yield client_of(server)
        assert server.stop() == 0


def client_of(server: Served) -> TimeToPost:
    def send(method: str, path: str, content: Any, headers: dict[str, str]) -> httpx.Response:
        return httpx.request(method, f"{server.client.base_url}".rstrip("/") + path, content=content, headers=headers)

    return TimeToPost(send, server.client.headers["Authorization"].removeprefix("Bearer "))


def ended(client: TimeToPost, post_id: str) -> Callable[[], bool]:
    return lambda: client.ok("get_post", id=post_id)["post"]["status"] in ("published", "failed", "partial")


def publish_a_thread(client: TimeToPost) -> None:
    made = client.ok("schedule_post", content="one", platforms=["twitter"], thread=["two", "three"], brand="launch")
    client.ok("publish_post", id=made["post"]["id"])
    until(ended(client, "1"))
    post = client.ok("get_post", id="1")["post"]
    assert post["status"] == "published", post
    told = post["platformData"]["twitter"]
    assert told["postId"]
    assert told["url"].startswith("http")
    assert next(one["postId"] for one in told["thread"]) == told["postId"]
    assert len(told["thread"]) == 3
    assert client.ok("list_posts", status="PUBLISHED")["posts"][0]["id"] == "1"
    assert client.ok("scheduler_status")["status"] == "running"


def approve_a_draft_with_a_picture(client: TimeToPost) -> None:
    data = PHOTO.read_bytes()
    given = {"contentType": "image/jpeg", "size": len(data)}
    prepared = client.ok("prepare_media_upload", filename="cup.jpg", **given)
    assert httpx.put(prepared["uploadUrl"], content=data, headers={"Content-Type": "image/jpeg"}).is_success
    asset = client.ok("finalize_media_upload", key=prepared["key"], **given)
    media = [{"url": asset["publicUrl"], "alt": "A cup"}]
    variant = {"platform": "x", "segments": ["Hello"], "media": media, "link": "https://example.org"}
    (draft,) = client.ok("create_drafts", external_ref="digest-1", variants=[variant])["drafts"]
    assert draft["media"] == [{"url": asset["publicUrl"], "alt": "A cup"}]
    client.ok("approve_draft", draft_id=draft["id"])
    client.ok("publish_post", id=draft["id"])
    until(ended(client, draft["id"]))
    (posted,) = client.ok("list_drafts", status="POSTED")["drafts"]
    assert (posted["postId"], posted["segments"]) == (draft["id"], ["Hello\n\nhttps://example.org"])


def use_the_choices_of_a_creator(client: TimeToPost) -> None:
    found = client.ok("get_tiktok_creator_info", accountId="tiktok/demo")
    assert found == {**client.ok("get_tiktok_creator_info"), "success": True}
    assert (found["creator_username"], "SELF_ONLY" in found["privacy_level_options"]) == ("demo", True)
    assert isinstance(found["comment_disabled"], bool)
    data = CLIP.read_bytes()
    given = {"contentType": "video/mp4", "size": len(data)}
    prepared = client.ok("prepare_media_upload", filename="clip.mp4", **given)
    assert httpx.put(prepared["uploadUrl"], content=data).is_success
    choices = {"tiktok": {**CHOICES, **CLOSED}}
    made = client.ok(
        "schedule_post",
        content="Hello",
        platforms=["tiktok"],
        mediaUrls=[prepared["publicUrl"]],
        platformData=choices,
    )
    client.ok("publish_post", id=made["post"]["id"])
    until(ended(client, made["post"]["id"]))
    assert client.ok("get_post", id=made["post"]["id"])["post"]["status"] == "published"
    assert client("get_tiktok_creator_info", accountId="tiktok/nobody").data["code"] == "not_found"


def test_posts_of_their_client_are_published_and_reported(client: TimeToPost) -> None:
    publish_a_thread(client)
    approve_a_draft_with_a_picture(client)
    use_the_choices_of_a_creator(client)
