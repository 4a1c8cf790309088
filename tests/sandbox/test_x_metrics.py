"""X: numbers that grow, who may see them, analytics over time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Web
from tests.sandbox.x_uploads import uploaded

FIELDS = "public_metrics,non_public_metrics,organic_metrics"


def posted(x: Web, **body: Any) -> str:
    made: str = x.post("/2/tweets", json={"text": "a", **body}).json()["data"]["id"]
    return made


def test_numbers_start_at_nothing_and_grow(x: Web) -> None:
    made = posted(x)

    def views() -> int:
        answer = x.account("x/demo").get(f"/2/tweets/{made}", params={"post.fields": "public_metrics"}).json()
        return int(answer["data"]["public_metrics"]["impression_count"])

    seen = [views()]
    for _ in range(5):
        x.clock.tick(hours=4)
        seen.append(views())
    assert seen[0] == 0
    assert seen == sorted(seen)
    assert seen[-1] > 100
    x.state.growth = 0
    assert views() == 0


def test_both_dialects_name_the_same_numbers(x: Web) -> None:
    made = posted(x)
    x.clock.tick(hours=1)
    new = x.get(f"/2/tweets/{made}", params={"post.fields": FIELDS}).json()["data"]
    old = x.get(f"/2/tweets/{made}", params={"tweet.fields": FIELDS}).json()["data"]
    assert new["public_metrics"]["repost_count"] == old["public_metrics"]["retweet_count"]
    assert new["organic_metrics"]["repost_count"] == old["organic_metrics"]["retweet_count"]
    assert set(new["public_metrics"]) == {
        "repost_count",
        "reply_count",
        "like_count",
        "quote_count",
        "bookmark_count",
        "impression_count",
    }
    assert {"url_link_clicks", "user_profile_clicks", "engagements"} <= set(new["non_public_metrics"])


def test_private_numbers_are_for_the_author_and_thirty_days(x: Web) -> None:
    made = posted(x)
    other = x.account("x/other").get("/2/tweets", params={"ids": made, "post.fields": FIELDS}).json()
    assert set(other["data"][0]) & {"non_public_metrics", "organic_metrics"} == set()
    assert [e["field"] for e in other["errors"]] == ["non_public_metrics", "organic_metrics"]
    assert other["errors"][0]["type"].endswith("/not-authorized-for-field")
    x.clock.tick(days=30, seconds=1)
    late = x.account("x/demo").get("/2/tweets", params={"ids": made, "post.fields": FIELDS}).json()
    assert "public_metrics" in late["data"][0]
    assert "organic_metrics" not in late["data"][0]


def test_a_video_tells_its_views_and_a_photo_none(x: Web) -> None:
    photo, video = uploaded(x), uploaded(x, "clip.mp4")
    x.clock.tick(seconds=1)
    ids = [posted(x, media={"media_ids": [one]}) for one in (photo, video)]
    x.clock.tick(hours=1, minutes=50)
    params = {
        "ids": ",".join(ids),
        "expansions": "attachments.media_keys",
        "media.fields": "public_metrics,non_public_metrics,duration_ms,url,preview_image_url",
    }
    first, second = x.get("/2/tweets", params=params).json()["includes"]["media"]
    assert set(first) == {"media_key", "type", "url"}
    assert second["public_metrics"]["view_count"] > 0
    assert second["duration_ms"] == 4024
    assert second["non_public_metrics"]["playback_0_count"] >= second["non_public_metrics"]["playback_100_count"]


def test_users_tell_what_is_asked(x: Web) -> None:
    posted(x)
    answer = x.get("/2/users/me?user.fields=public_metrics,verified_type").json()["data"]
    assert answer["public_metrics"]["post_count"] == 1
    assert answer["public_metrics"]["followers_count"] == 1200
    assert x.get("/2/users/me?expansions=everything").status_code == 400
    posts = x.get(f"/2/users/{x.user_id}/tweets?expansions=author_id&user.fields=public_metrics").json()
    assert "tweet_count" in posts["includes"]["users"][0]["public_metrics"]


def analytics(x: Web, ids: str, **changes: str) -> Any:
    params = {"ids": ids, "start_time": "2026-11-24T00:00:00Z", "end_time": "2026-11-26T00:00:00Z", **changes}
    return x.get("/2/tweets/analytics", params=params)


def test_analytics_add_up_to_the_whole(x: Web) -> None:
    made = posted(x)
    x.clock.tick(days=2)
    x = x.account("x/demo")

    def likes(granularity: str) -> list[int]:
        answer = analytics(x, made, granularity=granularity, **{"analytics.fields": "likes,timestamped_metrics"})
        (data,) = answer.json()["data"]
        assert data["id"] == made
        return [bucket["metrics"]["likes"] for bucket in data["timestamped_metrics"]]

    assert len(likes("hourly")) == 48
    assert len(likes("daily")) == 2
    assert sum(likes("hourly")) == sum(likes("daily")) == likes("total")[0] > 0
    assert likes("hourly")[:12] == [0] * 12


def test_analytics_are_of_own_posts(x: Web) -> None:
    made = posted(x)
    answer = analytics(x.account("x/other"), made).json()
    assert "data" not in answer
    assert answer["errors"][0]["resource_id"] == made


@pytest.mark.parametrize(
    "change",
    [
        {"ids": "a"},
        {"granularity": "monthly"},
        {"start_time": "yesterday"},
        {"end_time": "2026-11-24T00:00:00Z"},
        {"end_time": "2029-11-24T00:00:00Z", "granularity": "hourly"},
        {"analytics.fields": "love"},
        {"max_results": "5"},
    ],
)
def test_analytics_asked_for_wrongly_are_refused(x: Web, change: dict[str, str]) -> None:
    assert analytics(x, **{"ids": "1", **change}).status_code == 400


def test_analytics_need_both_times(x: Web) -> None:
    assert x.get("/2/tweets/analytics?ids=1").status_code == 400


def test_one_post_by_its_id(x: Web) -> None:
    made = posted(x)
    assert x.get(f"/2/tweets/{made}").json()["data"]["text"] == "a"
    assert "data" not in x.get("/2/tweets/42").json()
    assert x.get("/2/tweets/abc").status_code == 400


def test_a_timeline_asked_for_with_an_unknown_exclusion_is_refused(x: Web) -> None:
    assert x.get(f"/2/users/{x.user_id}/tweets?exclude=quotes").status_code == 400
    assert x.get(f"/2/users/{x.user_id}/tweets?max_results=5&max_results=6").status_code == 400
