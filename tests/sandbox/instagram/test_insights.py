"""Instagram: insights, and the numbers on the posts themselves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Host, Web
from tests.sandbox.instagram.test_containers import V, code_of, created, image, published, reel
from ttp.sandbox.instagram.reads import METRICS, WITHDRAWN

ALL = "views,reach,likes,comments,shares,saved,total_interactions"


def insights(web: Web, media: str, metric: str = ALL, **more: str) -> Any:
    return web.get(f"{V}/{media}/insights", params={"metric": metric, **more})


def values(answer: Any) -> dict[str, int]:
    return {entry["name"]: entry["values"][0]["value"] for entry in answer.json()["data"]}


@pytest.fixture
def media(instagram: Web, host: Host) -> str:
    made: str = published(instagram, image(instagram, host)).json()["id"]
    return made


@pytest.fixture
def posted_reel(instagram: Web, host: Host) -> str:
    container = reel(instagram, host).json()["id"]
    instagram.clock.tick(seconds=1)
    made: str = published(instagram, container).json()["id"]
    return made


def test_insights_are_empty_first_and_lag_behind(instagram: Web, media: str) -> None:
    instagram.account("instagram/demo", keepTokens=True, followers=100_000)
    assert insights(instagram, media).json() == {"data": []}
    instagram.set(insights_lag_s=3600)
    instagram.clock.tick(minutes=59)
    assert insights(instagram, media).json() == {"data": []}
    instagram.clock.tick(minutes=1)
    assert values(insights(instagram, media))["views"] == 0
    instagram.clock.tick(hours=10)
    now = values(insights(instagram, media))
    assert now["views"] > now["reach"] > now["likes"] > 0
    assert now["total_interactions"] == now["likes"] + now["comments"] + now["shares"] + now["saved"]
    fresh = instagram.get(f"{V}/{media}?fields=like_count").json()["like_count"]
    assert fresh > now["likes"]


def test_an_entry_has_the_documented_shape(instagram: Web, media: str) -> None:
    instagram.clock.tick(hours=1)
    (entry,) = insights(instagram, media, '["views"]').json()["data"]
    assert set(entry) == {"name", "period", "values", "title", "description", "id"}
    assert (entry["period"], entry["id"]) == ("lifetime", f"{media}/insights/views/lifetime")


@pytest.mark.parametrize("kind", ["FEED", "REELS"])
def test_every_kind_answers_its_own_metrics_all_at_once(
    instagram: Web, media: str, posted_reel: str, kind: str
) -> None:
    instagram.clock.tick(hours=1)
    wanted = media if kind == "FEED" else posted_reel
    assert set(values(insights(instagram, wanted, ",".join(METRICS[kind])))) == METRICS[kind]


@pytest.mark.parametrize("metric", ["ig_reels_avg_watch_time", "navigation", *sorted(WITHDRAWN), "hearts", ""])
def test_one_unsupported_metric_fails_the_whole_call(instagram: Web, media: str, metric: str) -> None:
    instagram.clock.tick(hours=1)
    assert code_of(insights(instagram, media, f"views,{metric}")) == (400, 100, None)


def test_profile_metrics_are_not_for_reels(instagram: Web, posted_reel: str) -> None:
    instagram.clock.tick(hours=1)
    assert code_of(insights(instagram, posted_reel, "views,follows")) == (400, 100, None)


def test_insights_of_a_story_need_viewers_and_last_a_day(instagram: Web, host: Host) -> None:
    story = created(instagram, media_type="STORIES", image_url=f"{host.url}/photo.jpg").json()["id"]
    instagram.clock.tick(seconds=1)
    made = published(instagram, story).json()["id"]
    instagram.clock.tick(seconds=10)
    assert code_of(insights(instagram, made, "views")) == (400, 10, None)
    instagram.clock.tick(hours=2)
    assert set(values(insights(instagram, made, ",".join(METRICS["STORY"])))) == METRICS["STORY"]
    assert code_of(insights(instagram, made, "likes")) == (400, 100, None)
    instagram.clock.tick(hours=22)
    assert code_of(insights(instagram, made, "views")) == (400, 10, None)


def test_insights_need_their_permission_a_metric_and_an_own_post(instagram: Web, media: str) -> None:
    assert code_of(insights(instagram.account("instagram/other"), media)) == (400, 100, 33)
    assert code_of(instagram.get(f"{V}/{media}/insights")) == (400, 100, None)
    assert code_of(insights(instagram, media, period="day")) == (400, 100, None)
    weak = instagram.account("instagram/demo", scopes=["instagram_business_basic"])
    assert code_of(insights(weak, media)) == (400, 10, None)


def test_hidden_likes_are_missing_instead_of_zero(instagram: Web, media: str) -> None:
    instagram.clock.tick(hours=3)
    path = f"{V}/{media}?fields=like_count,comments_count"
    assert instagram.get(path).json()["like_count"] > 0
    instagram.account("instagram/demo", keepTokens=True, hidesLikes=True)
    assert set(instagram.get(path).json()) == {"id", "comments_count"}
    listed = instagram.get(f"{V}/me/media?fields=like_count").json()["data"]
    assert "like_count" not in listed[0]


def test_facebook_login_reads_more_numbers(web: Web, host: Host) -> None:
    shop = web.account("instagram/shop", login="facebook", followers=100_000)
    media = published(shop, image(shop, host)).json()["id"]
    shop.clock.tick(hours=5)
    answer = shop.get(f"{V}/{media}?fields=shares_count,saved_count,total_like_count,like_count").json()
    assert answer["total_like_count"] == answer["like_count"] > 0
    assert answer["saved_count"] > 0


def online(web: Web, *span: int, **more: str) -> Any:
    node = web.state.accounts["instagram/demo"].user_id
    days = dict(zip(("since", "until"), map(str, span), strict=False))
    return web.get(f"{V}/{node}/insights", params={"metric": "online_followers", "period": "lifetime", **days, **more})


def test_online_followers_are_counted_by_hour_and_day_two_days_late(instagram: Web) -> None:
    now = instagram.state.now_ms() // 1000
    (entry,) = online(instagram, now - 7 * 86400, now).json()["data"]
    assert (entry["name"], entry["period"], len(entry["values"])) == ("online_followers", "lifetime", 7)
    assert [len(day["value"]) for day in entry["values"]] == [24] * 5 + [0] * 2
    assert {day["end_time"][10:] for day in entry["values"]} == {"T07:00:00+0000"}
    first = entry["values"][0]["value"]
    assert max(first, key=first.get) == "11"  # 18:00 UTC
    assert [day["value"] for day in online(instagram).json()["data"][0]["values"]] == [{}]


def test_online_followers_need_a_hundred_followers_and_a_month_at_most(instagram: Web) -> None:
    instagram.account("instagram/demo", keepTokens=True, followers=99)
    assert online(instagram).json() == {"data": []}
    instagram.account("instagram/demo", keepTokens=True, followers=100)
    assert online(instagram).json()["data"] != []
    now = instagram.state.now_ms() // 1000
    for refused in (
        online(instagram, now - 31 * 86400, now),
        online(instagram, now, now - 1),
        online(instagram, since="soon"),
        online(instagram, period="day"),
        online(instagram, metric="reach"),
    ):
        assert code_of(refused) == (400, 100, None)
