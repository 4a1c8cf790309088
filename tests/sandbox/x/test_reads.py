"""X: reading posts back."""

from __future__ import annotations

import html
from typing import Any

import pytest

from tests.sandbox.conftest import Web
from tests.sandbox.x.uploads import uploaded

START = "2026-11-24T12:00:00Z"


def timeline(x: Web, **params: Any) -> Any:
    return x.get(f"/2/users/{x.user_id}/tweets", params=params).json()


def texts(answer: Any) -> list[str]:
    return [post["text"] for post in answer.get("data", [])]


def posted(x: Web, count: int) -> list[str]:
    ids = []
    for number in range(count):
        ids.append(x.post("/2/tweets", json={"text": f"post {number}"}).json()["data"]["id"])
        x.clock.tick(seconds=60)
    return ids


def test_without_a_post_there_is_no_data_key(x: Web) -> None:
    assert timeline(x) == {"meta": {"result_count": 0}}


def test_the_timeline_is_newest_first_and_paged(x: Web) -> None:
    ids = posted(x, 12)
    first = timeline(x, max_results=5)
    assert [p["id"] for p in first["data"]] == ids[:-6:-1]
    assert (first["meta"]["newest_id"], first["meta"]["oldest_id"]) == (ids[11], ids[7])
    second = timeline(x, max_results=5, pagination_token=first["meta"]["next_token"])
    third = timeline(x, max_results=5, pagination_token=second["meta"]["next_token"])
    assert texts(third) == ["post 1", "post 0"]
    assert "next_token" not in third["meta"]


def test_start_and_end_time_are_half_open(x: Web) -> None:
    posted(x, 4)
    assert texts(timeline(x, start_time="2026-11-24T12:01:00Z", end_time="2026-11-24T12:03:00Z")) == [
        "post 2",
        "post 1",
    ]
    assert texts(timeline(x, start_time="2026-11-24T12:03:00.001Z")) == []


@pytest.mark.parametrize(
    "params",
    [
        {"max_results": "4"},
        {"max_results": "101"},
        {"max_results": "many"},
        {"start_time": "2026-11-24T12:00:00+00:00"},
        {"start_time": "2026-11-24"},
        {"end_time": "2026-13-24T12:00:00Z"},
        {"pagination_token": "!!"},
        {"expansions": "everything"},
        {"expansions": "referenced_posts.id"},
        {"post.fields": "created_at,nonsense"},
        {"post.fields": "created_at,referenced_posts"},
        {"tweet.fields": "created_at,nonsense"},
        {"tweet.fields": "note_post"},
        {"tweet.fields": "id", "expansions": "everything"},
        {"user.fields": "handle"},
        {"media.fields": "size"},
        {"poll.fields": "votes"},
        {"place.fields": "nonsense"},
        {"fields": "id"},
    ],
)
def test_an_invalid_parameter_is_refused(x: Web, params: dict[str, str]) -> None:
    posted(x, 1)
    assert x.get(f"/2/users/{x.user_id}/tweets", params=params).status_code == 400


@pytest.mark.parametrize("name", ["post.fields", "tweet.fields", "user.fields", "expansions"])
def test_an_unknown_field_of_the_own_user_is_refused(x: Web, name: str) -> None:
    assert x.get("/2/users/me", params={name: "nonsense"}).status_code == 400


def test_unknown_fields_are_ignored_with_the_switch(x: Web) -> None:
    (parent,) = posted(x, 1)
    x.post("/2/tweets", json={"text": "more", "reply": {"in_reply_to_tweet_id": parent}})
    x.set(ignore_unknown_fields=True)
    answer = timeline(x, **{"post.fields": "created_at,referenced_posts,nonsense", "expansions": "everything"})
    assert "created_at" in answer["data"][0]
    assert "referenced_posts" not in answer["data"][0]
    assert x.get("/2/users/me", params={"user.fields": "nonsense"}).status_code == 200


def test_posts_and_their_parents_have_the_requested_fields(x: Web) -> None:
    (parent,) = posted(x, 1)
    x.post("/2/tweets", json={"text": "more", "reply": {"in_reply_to_tweet_id": parent}})
    answer = timeline(x, **{"post.fields": "created_at,public_metrics", "expansions": "referenced_posts"})
    assert answer["data"][0]["referenced_posts"] == [{"type": "replied_to", "id": parent}]
    assert answer["data"][0]["created_at"] == "2026-11-24T12:01:00.000Z"
    assert "edit_history_post_ids" in answer["data"][0]
    assert "repost_count" in answer["data"][0]["public_metrics"]
    assert answer["includes"]["posts"][0]["id"] == parent
    assert answer["includes"]["posts"][0]["public_metrics"]["reply_count"] == 1
    assert set(timeline(x)["data"][0]) == {"id", "text", "edit_history_tweet_ids"}


def test_a_client_with_the_older_names_is_answered_in_them(x: Web) -> None:
    """As tweepy has them; X's own client has the new ones."""
    (parent,) = posted(x, 1)
    x.post("/2/tweets", json={"text": "more", "reply": {"in_reply_to_tweet_id": parent}})
    names = "author_id,created_at,public_metrics,referenced_tweets,edit_history_tweet_ids"
    answer = timeline(x, **{"tweet.fields": names, "expansions": "referenced_tweets.id"})
    assert answer["data"][0]["referenced_tweets"] == [{"type": "replied_to", "id": parent}]
    assert answer["data"][0]["author_id"] == x.user_id
    assert "edit_history_tweet_ids" in answer["data"][0]
    assert "retweet_count" in answer["data"][0]["public_metrics"]
    assert answer["includes"]["tweets"][0]["id"] == parent


def test_the_sent_text_can_be_restored_from_entities(x: Web) -> None:
    sent = "Tea & cake: https://example.com/a?b=1 <new> example.org"
    media = uploaded(x)
    x.post("/2/tweets", json={"text": sent, "media": {"media_ids": [media]}})
    query = {"post.fields": "entities,attachments", "expansions": "attachments.media_keys"}
    answer = timeline(x, **query)
    post = answer["data"][0]
    assert post["attachments"] == {"media_keys": [f"3_{media}"]}
    assert answer["includes"]["media"] == [{"media_key": f"3_{media}", "type": "photo"}]
    urls = post["entities"]["urls"]
    text = post["text"]
    for url in reversed(urls):
        assert text[url["start"] : url["end"]] == url["url"]
        text = text[: url["start"]] + ("" if "media_key" in url else url["expanded_url"]) + text[url["end"] :]
    assert html.unescape(text).strip() == sent.replace("example.org", "http://example.org")


def test_lag_hides_a_post_from_the_timeline_and_not_from_followers(x: Web) -> None:
    x.state.lag_s = 30
    x.post("/2/tweets", json={"text": "slow"})
    assert "data" not in timeline(x)
    assert len(x.posts()) == 1
    x.clock.tick(seconds=30)
    assert texts(timeline(x)) == ["slow"]


def test_posts_are_found_by_id_and_missing_ids_are_listed(x: Web) -> None:
    ids = posted(x, 2)
    answer = x.get("/2/tweets", params={"ids": f"{ids[1]},42"})
    assert answer.status_code == 200
    assert texts(answer.json()) == ["post 1"]
    assert answer.json()["errors"][0]["type"].endswith("/resource-not-found")
    assert x.get("/2/tweets", params={"ids": "a"}).status_code == 400
    assert x.get("/2/tweets").status_code == 400
    assert "data" not in x.get("/2/tweets?ids=42").json()


def test_replies_can_be_left_out(x: Web) -> None:
    (parent,) = posted(x, 1)
    x.post("/2/tweets", json={"text": "reply", "reply": {"in_reply_to_tweet_id": parent}})
    assert texts(timeline(x, exclude="replies")) == ["post 0"]


def test_users_are_known_by_id_and_authors_expanded(x: Web) -> None:
    posted(x, 1)
    answer = timeline(x, expansions="author_id")
    assert answer["data"][0]["author_id"] == x.user_id
    assert answer["includes"]["users"] == [{"id": x.user_id, "name": "demo", "username": "demo"}]
    assert x.get("/2/users/42/tweets").json()["errors"][0]["resource_type"] == "user"
    assert x.get("/2/users/me/tweets").status_code == 400
