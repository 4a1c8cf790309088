"""X: metrics that grow."""

from __future__ import annotations

from typing import Any

from tests.sandbox.conftest import Web
from tests.sandbox.x.uploads import uploaded


def posted(x: Web, **body: Any) -> str:
    made: str = x.post("/2/tweets", json={"text": "a", **body}).json()["data"]["id"]
    return made


def test_metrics_start_at_zero_and_grow(x: Web) -> None:
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


def test_only_a_video_has_views_of_its_media(x: Web) -> None:
    photo, video = uploaded(x), uploaded(x, "clip.mp4")
    x.clock.tick(seconds=1)
    ids = [posted(x, media={"media_ids": [one]}) for one in (photo, video)]
    x.clock.tick(hours=1, minutes=50)
    params = {
        "ids": ",".join(ids),
        "expansions": "attachments.media_keys",
        "media.fields": "public_metrics,duration_ms,url,preview_image_url",
    }
    first, second = x.get("/2/tweets", params=params).json()["includes"]["media"]
    assert set(first) == {"media_key", "type", "url"}
    assert second["public_metrics"]["view_count"] > 0
    assert second["duration_ms"] == 4024


def test_users_have_the_requested_fields(x: Web) -> None:
    posted(x)
    answer = x.get("/2/users/me?user.fields=public_metrics,verified_type").json()["data"]
    assert answer["public_metrics"]["post_count"] == 1
    assert answer["public_metrics"]["followers_count"] == 1200
    assert x.get("/2/users/me?expansions=everything").status_code == 400
    posts = x.get(f"/2/users/{x.user_id}/tweets?expansions=author_id&user.fields=public_metrics").json()
    assert "post_count" in posts["includes"]["users"][0]["public_metrics"]


def test_one_post_is_found_by_its_id(x: Web) -> None:
    made = posted(x)
    assert x.get(f"/2/tweets/{made}").json()["data"]["text"] == "a"
    assert "data" not in x.get("/2/tweets/42").json()
    assert x.get("/2/tweets/abc").status_code == 400


def test_an_unknown_exclusion_is_refused(x: Web) -> None:
    assert x.get(f"/2/users/{x.user_id}/tweets?exclude=quotes").status_code == 400
    assert x.get(f"/2/users/{x.user_id}/tweets?max_results=5&max_results=6").status_code == 400
