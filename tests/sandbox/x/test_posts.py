"""X: creating and deleting posts as strictly as the platform does."""

from __future__ import annotations

import json
from typing import Any

from tests.rows import each
from tests.sandbox.conftest import Web
from tests.sandbox.x.uploads import uploaded


def kind_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def test_a_post_gets_201_with_a_string_id_and_old_field_names(x: Web) -> None:
    answer = x.post("/2/tweets", json={"text": "Hello"})
    data = answer.json()["data"]
    assert answer.status_code == 201
    assert data == {"id": data["id"], "text": "Hello", "edit_history_tweet_ids": [data["id"]]}
    assert x.posts() == [
        {
            "platform": "x",
            "account": "x/demo",
            "id": data["id"],
            "text": "Hello",
            "media": [],
            "at": "2026-11-24T12:00:00.000Z",
            "parent": None,
        }
    ]


def test_a_poll_is_taken(x: Web) -> None:
    poll = {"options": ["Tea", "Coffee"], "duration_minutes": 60}
    assert x.post("/2/tweets", json={"text": "Which?", "poll": poll}).status_code == 201


def test_ids_contain_their_time_and_increase(x: Web) -> None:
    first, second = (int(x.post("/2/tweets", json={"text": t}).json()["data"]["id"]) for t in "ab")
    assert (first >> 22) + 1288834974657 == x.clock().timestamp() * 1000
    assert second > first


@each(
    "body",
    [
        {"text": "a", "status": "b"},
        {"text": 5},
        {"text": None},
        {},
        {"text": ""},
        {"text": "  \n "},
        {"text": "a", "media": {}},
        {"text": "a", "media": {"media_ids": []}},
        {"text": "a", "media": {"media_ids": ["1"] * 5}},
        {"text": "a", "media": {"media_ids": [1]}},
        {"text": "a", "media": {"media_ids": ["3_1"]}},
        {"text": "a", "media": {"media_ids": ["1"], "alt": "x"}},
        {"text": "a", "reply": {}},
        {"text": "a", "reply": {"in_reply_to_tweet_id": 12}},
        {"text": "a", "reply_settings": "everyone"},
        {"text": "a", "made_with_ai": "true"},
        {"text": "a", "poll": {"options": ["Tea"], "duration_minutes": 60}},
        {"text": "a", "poll": {"options": ["Tea", "C" * 26], "duration_minutes": 60}},
        {"text": "a", "poll": {"options": ["Tea", "Coffee"], "duration_minutes": 4}},
        {"text": "a", "poll": {"options": ["Tea", "Coffee"]}},
        {"text": "a", "poll": {"options": ["Tea", "Coffee"], "duration_minutes": 60}, "media": {"media_ids": ["1"]}},
        ["a"],
    ],
)
def test_an_invalid_body_is_refused_and_nothing_is_posted(x: Web, body: object) -> None:
    assert kind_of(x.post("/2/tweets", json=body)) == (400, "invalid-request")
    assert x.posts() == []


def test_a_body_that_is_not_json_is_refused(x: Web) -> None:
    assert x.post("/2/tweets", content=b'{"text"', headers={"Content-Type": "application/json"}).status_code == 400
    assert x.post("/2/tweets", data={"text": "a"}).status_code == 400
    lone = {"content": b'{"text":"\\ud800"}', "headers": {"Content-Type": "application/json"}}
    assert x.post("/2/tweets", **lone).status_code == 400


def test_280_units_fit_and_281_do_not(x: Web) -> None:
    assert x.post("/2/tweets", json={"text": "é" * 280}).status_code == 201
    assert "too long" in x.post("/2/tweets", json={"text": "é" * 281}).text
    assert x.post("/2/tweets", json={"text": "日" * 141}).status_code == 400
    assert x.post("/2/tweets", json={"text": "a" * 256 + " https://example.com/" + "b" * 300}).status_code == 201


def test_identical_text_is_refused_also_after_deletion_and_allowed_a_day_later(x: Web) -> None:
    first = x.post("/2/tweets", json={"text": "Same"}).json()["data"]["id"]
    again = x.post("/2/tweets", json={"text": " Same\n"})
    assert again.status_code == 403
    assert again.json()["detail"] == "You are not allowed to create a Tweet with duplicate content."
    assert x.call("DELETE", f"/2/tweets/{first}").json() == {"data": {"deleted": True}}
    assert x.post("/2/tweets", json={"text": "Same"}).status_code == 403
    other = x.account("x/other")
    assert other.post("/2/tweets", json={"text": "Same"}).status_code == 201
    x = x.account("x/demo")
    x.clock.tick(hours=25)
    assert x.account("x/demo").post("/2/tweets", json={"text": "Same"}).status_code == 201


def test_the_same_text_with_media_may_be_posted_again(x: Web) -> None:
    body = {"text": "Same", "media": {"media_ids": [uploaded(x)]}}
    assert [x.post("/2/tweets", json=body).status_code for _ in range(2)] == [201, 201]
    assert len(x.posts()) == 2


def test_links_come_back_as_t_co_and_signs_escaped(x: Web) -> None:
    answer = x.post("/2/tweets", json={"text": "A & B <https://example.com/x?y=1> and example.org."})
    text = answer.json()["data"]["text"]
    assert text.startswith("A &amp; B &lt;https://t.co/")
    assert "example" not in text
    assert x.posts()[0]["text"] == "A & B <https://example.com/x?y=1> and example.org."


def test_two_cashtags_are_refused(x: Web) -> None:
    assert x.post("/2/tweets", json={"text": "only $AAPL for $5"}).status_code == 201
    assert x.post("/2/tweets", json={"text": "$AAPL and $MSFT"}).status_code == 403


def test_replies_are_allowed_to_own_posts_and_to_mentions_only(x: Web) -> None:
    other = x.account("x/other")

    def reply(web: Web, text: str, to: str) -> Any:
        return web.post("/2/tweets", json={"text": text, "reply": {"in_reply_to_tweet_id": to}})

    own = x.post("/2/tweets", json={"text": "1/2"}).json()["data"]["id"]
    assert reply(x, "2/2", own).status_code == 201
    assert x.posts()[1]["parent"] == own
    assert kind_of(reply(other, "hi", own)) == (403, "not-authorized-for-resource")
    mention = x.post("/2/tweets", json={"text": "hey @other"}).json()["data"]["id"]
    assert reply(other, "hey", mention).status_code == 201
    assert reply(x, "lost", "1").status_code == 403
    quote = x.post("/2/tweets", json={"text": "q", "quote_tweet_id": own})
    assert kind_of(quote) == (403, "not-authorized-for-resource")


def test_media_must_be_own_finalized_processed_and_not_expired(x: Web) -> None:
    def tweet(web: Web, *ids: str) -> int:
        return web.post("/2/tweets", json={"media": {"media_ids": list(ids)}}).status_code

    photo, video = uploaded(x), uploaded(x, "clip.mp4")
    open_session = uploaded(x, finalize=False)
    assert tweet(x, photo) == 201
    assert tweet(x, video) == 400
    x.clock.tick(seconds=1)
    assert tweet(x, video) == 201
    assert tweet(x, photo, video) == 400
    assert tweet(x, photo, photo) == 400
    assert tweet(x, open_session) == 400
    assert tweet(x, "1880028106020515840") == 400
    assert tweet(x.account("x/other"), photo) == 400
    assert tweet(x, *(uploaded(x) for _ in range(4))) == 201
    x.clock.tick(hours=24)
    answer = x.account("x/demo").post("/2/tweets", json={"media": {"media_ids": [photo]}})
    assert (answer.status_code, answer.json()["detail"]) == (400, "Your media IDs are invalid.")


def test_deleting_needs_the_owner_and_no_body(x: Web) -> None:
    made = x.post("/2/tweets", json={"text": "a"}).json()["data"]["id"]
    other = x.account("x/other")
    assert other.call("DELETE", f"/2/tweets/{made}").status_code == 403
    assert x.call("DELETE", f"/2/tweets/{made}", content=json.dumps({"id": made})).status_code == 400
    assert x.call("DELETE", "/2/tweets/abc").status_code == 400
    assert len(x.posts()) == 1
    for wanted in (made, made, "42"):
        assert x.call("DELETE", f"/2/tweets/{wanted}").json() == {"data": {"deleted": True}}
    assert x.posts() == []
