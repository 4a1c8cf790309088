"""What client libraries send that ttp does not: atproto and @atproto/api, Mastodon.py."""

from __future__ import annotations

import re

import pytest

from tests.sandbox.conftest import Web


def test_bluesky_creates_one_record_and_names_the_commit(web: Web) -> None:
    me = web.account("bluesky/demo.test")
    did = me.credentials["userId"]
    record = {"$type": "app.bsky.feed.post", "text": "Hi", "createdAt": "2026-11-24T12:00:00.000Z"}
    body = {"repo": did, "collection": "app.bsky.feed.post", "record": record}
    made = [me.post("/xrpc/com.atproto.repo.createRecord", json=body).json() for _ in range(2)]
    assert all(re.fullmatch(r"[2-7a-z]{13}", one["commit"]["rev"]) for one in made)
    assert made[0]["commit"]["rev"] < made[1]["commit"]["rev"]
    listed = me.get("/xrpc/com.atproto.repo.listRecords", params={"repo": did, "collection": "app.bsky.feed.post"})
    assert {one["uri"] for one in listed.json()["records"]} == {one["uri"] for one in made}
    assert me.post("/xrpc/com.atproto.repo.createRecord", json={**body, "rkey": "short"}).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"status": "Hi", "sensitive": "True", "language": "de"}},
        {"json": {"status": "Hi", "sensitive": "true", "language": "de", "in_reply_to_id": None}},
    ],
)
def test_mastodon_takes_forms_and_empty_values(web: Web, body: dict[str, dict[str, object]]) -> None:
    me = web.account("mastodon/demo@127.0.0.1:8700")
    made = me.post("/api/v1/statuses", **body)
    assert made.status_code == 200, made.text
    assert [made.json()[name] for name in ("sensitive", "language", "in_reply_to_id")] == [True, "de", None]


def test_mastodon_takes_a_list_in_a_form_and_refuses_an_unknown_field(web: Web) -> None:
    me = web.account("mastodon/demo@127.0.0.1:8700")
    assert me.post("/api/v1/statuses", data={"status": "Hi", "media_ids[]": ["1"]}).status_code == 422
    assert me.post("/api/v1/statuses", data={"status": "Hi", "mediaids": "1"}).status_code == 422
    named = me.get("/api/v2/instance/").json()["configuration"]["media_attachments"]["supported_mime_types"]
    assert {"image/jpeg", "audio/mpeg"} <= set(named)
