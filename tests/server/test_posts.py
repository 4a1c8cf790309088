"""Posts over HTTP: each route does what its command does, and answers the same JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.clock import FakeClock
from tests.server.conftest import Api

LATER = "2098-01-01T09:00Z"
FAILED: dict[str, Any] = {"next_at": None, "error": ("content", "no")}


def shown(api: Api, post_id: int = 1) -> Any:
    return api.ttp.shown(post_id)


def draft(api: Api, **more: Any) -> Any:
    return api.ok("POST", "/v1/posts", {"content": "Hello", "accounts": ["x/me"], **more})


def test_a_post_is_created_as_by_the_command(api: Api) -> None:
    body = {
        "content": "Hello",
        "accounts": ["x/me", "x/other"],
        "scheduledAt": LATER,
        "tags": ["launch"],
        "variants": {"x/me": "Hello, me"},
        "options": {"x.made_with_ai": True},
        "thread": ["and more"],
        "maxLatenessS": 7200,
        "key": "one",
    }
    answer = api.post("/v1/posts", body)
    assert (answer.status_code, answer.headers["location"]) == (201, "/v1/posts/1")
    argv = ["Hello", "--to", "x/me,x/other", "--at", LATER, "--tag", "launch", "--text", "x/me=Hello, me"]
    argv += ["--set", "x.made_with_ai=true", "--thread", "and more", "--max-late", "2h", "--key", "two"]
    by_command = api.ttp.ok("create", *argv, "--json").json
    without = dict.fromkeys(("id", "key", "warnings"))
    assert {**answer.json(), **without} == {**by_command, **without}
    assert {**answer.json(), "warnings": []} == shown(api)


@pytest.mark.parametrize("body", [{"content": "Hello"}, {"content": "Hello", "accounts": [], "scheduledAt": None}])
def test_without_a_time_it_is_a_draft(api: Api, body: Any) -> None:
    assert api.ok("POST", "/v1/posts", body)["status"] == "draft"


def test_a_wrong_post_is_refused_with_its_field(api: Api) -> None:
    for body, status, code, field in [
        ({"contents": "Hello"}, 400, "usage", "contents"),
        ({"content": 5}, 400, "usage", "content"),
        ({"content": ["a"]}, 400, "usage", "content"),
        ({"content": "a\0b"}, 400, "usage", "content"),
        ({"content": "Hello", "accounts": "x/me"}, 400, "usage", "accounts"),
        ({"content": "Hello", "options": {"x.nothing": "1"}}, 400, "usage", "options"),
        ({"content": "Hello", "media": [{"url": "/etc/passwd"}]}, 400, "usage", "media.0.url"),
        ({"content": "Hello", "media": [{"file": "/etc/passwd"}]}, 400, "usage", "media.0.file"),
        ({"content": "Hello", "media": [{}]}, 400, "usage", "media.0"),
        ({"content": "Hello", "key": 201 * "k"}, 400, "usage", "key"),
        ({"content": "Hello", "maxLatenessS": -1}, 400, "usage", "maxLatenessS"),
        ({"content": " "}, 400, "usage", None),
        ({"content": "Hello", "scheduledAt": LATER}, 400, "usage", None),
        ({"content": "Hello", "accounts": ["x"]}, 400, "ambiguous", None),
        ({"content": "Hello", "accounts": ["x/nobody"]}, 404, "not_found", None),
        ({"content": "Hello", "accounts": ["x/me"], "scheduledAt": "tomorow"}, 422, "time", None),
        ({"content": "Hello", "accounts": ["x/me"], "scheduledAt": "2020-01-01"}, 422, "time", None),
        ({"content": "Hello", "accounts": ["x/me"], "scheduledAt": "2020-01-01T09:00Z"}, 422, "past", None),
        ({"content": 300 * "a", "accounts": ["x/me"], "scheduledAt": LATER}, 422, "content", "content"),
    ]:
        problem = api.refused("POST", "/v1/posts", status, code, body)
        assert [one["field"] for one in problem["problems"]][:1] == ([] if field is None else [field]), body
    assert api.ttp.count("post") == 0


def test_all_problems_of_a_body_are_reported_at_once(api: Api) -> None:
    problem = api.refused("POST", "/v1/posts", 400, "usage", {"contents": "a", "tags": 3})
    assert {one["field"] for one in problem["problems"]} == {"contents", "tags"}


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "usage"),
        (b"[" * 100_000, "application/json", 400, "usage"),
        (b'{"content": "\xff"}', "application/json", 400, "usage"),
        (b'{"content": "\\ud800"}', "application/json", 400, "usage"),
        (b"null", "application/json", 400, "usage"),
        (b"content=Hello", "application/x-www-form-urlencoded", 415, "media_type"),
        (b'{"content": "Hello"}', "text/plain", 415, "media_type"),
        (b"", "application/json", 400, "usage"),
    ],
)
def test_a_body_that_is_not_json_is_refused(
    api: Api, content: bytes, content_type: str, status: int, code: str
) -> None:
    api.refused("POST", "/v1/posts", status, code, content=content, headers={"Content-Type": content_type})


@pytest.mark.parametrize("path", ["/v1/posts/1/publish", "/v1/posts/1/unschedule", "/v1/posts/1/copy"])
def test_a_route_without_fields_refuses_any(api: Api, path: str) -> None:
    draft(api, scheduledAt=LATER)
    api.refused("POST", path, 400, "usage", {"dryRun": True})
    api.refused("POST", f"{path}?dryrun=true", 400, "usage")
    assert shown(api)["status"] == "scheduled"
    assert api.ttp.count("post") == 1


def test_a_dry_run_creates_nothing(api: Api) -> None:
    found = api.ok("POST", "/v1/posts?dryRun=true", {"content": "Hello", "accounts": ["x/me"], "scheduledAt": LATER})
    assert (found["id"], found["status"]) == (None, "scheduled")
    assert found["versions"][0]["parts"][0]["length"] == 5
    api.refused("POST", "/v1/posts?dryRun=true", 404, "not_found", {"content": "Hello", "accounts": ["x/nobody"]})
    body = {"content": 300 * "a", "accounts": ["x/me"], "scheduledAt": LATER}
    api.refused("POST", "/v1/posts?dryRun=true", 422, "content", body)
    assert api.ttp.count("post") == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PATCH", "/v1/posts/1", {"content": "Better"}, 200),
        ("DELETE", "/v1/posts/1", None, 200),
        ("POST", "/v1/posts/1/schedule", {"at": "2098-02-02T09:00Z"}, 200),
        ("POST", "/v1/posts/1/unschedule", None, 200),
        ("POST", "/v1/posts/1/publish", None, 202),
        ("POST", "/v1/posts/1/copy", None, 201),
    ],
)
def test_a_dry_run_of_a_change_changes_nothing(api: Api, method: str, path: str, body: Any, status: int) -> None:
    draft(api, scheduledAt=LATER)
    before = shown(api)
    answer = api(method, f"{path}?dryRun=true", json=body)
    assert answer.status_code == (200 if status == 201 else status), answer.text
    assert "etag" not in answer.headers
    assert (shown(api), api.ttp.count("post")) == (before, 1)
    assert api(method, path, json=body).status_code == status
    assert method == "DELETE" or (shown(api), api.ttp.count("post")) != (before, 1)


def test_fields_that_are_left_out_stay(api: Api) -> None:
    draft(api, tags=["a"], variants={"x": "Hi", "x/me": "Hey"}, options={"x.made_with_ai": True}, maxLatenessS=60)
    before = shown(api)
    found = api.ok("PATCH", "/v1/posts/1", {"content": "Better"})
    assert {**found, "updatedAt": None} == {**before, "content": "Better", "updatedAt": None, "warnings": []}
    found = api.ok("PATCH", "/v1/posts/1", {"variants": {"x": "Ho"}, "options": {}})
    assert (found["variants"], found["options"]) == ({"x": "Ho", "x/me": "Hey"}, before["options"])


def test_null_and_empty_values_empty_a_field(api: Api) -> None:
    draft(api, tags=["a"], variants={"x": "Hi"}, options={"x.made_with_ai": True}, maxLatenessS=60, thread=["b"])
    api.ok("POST", "/v1/posts/1/schedule", {"at": LATER})
    emptied: dict[str, Any] = {"tags": [], "variants": {"x": None}, "options": {"x.made_with_ai": None}, "thread": None}
    found = api.ok("PATCH", "/v1/posts/1", {**emptied, "maxLatenessS": None, "scheduledAt": None})
    assert [found[name] for name in ("tags", "variants", "options", "thread", "maxLatenessS", "scheduledAt")] == [
        *([], {}, {}, []),
        *(None, None),
    ]
    assert found["status"] == "draft"


def test_an_edit_that_changes_nothing_is_refused(api: Api) -> None:
    draft(api)
    api.refused("PATCH", "/v1/posts/1", 400, "usage", {})


def test_a_stale_edit_is_refused_and_nothing_is_lost(api: Api) -> None:
    draft(api)
    etag = api.get("/v1/posts/1").headers["etag"]
    first = api.patch("/v1/posts/1", {"content": "First"}, headers={"If-Match": etag})
    assert (first.status_code, first.headers["etag"] != etag) == (200, True)
    second = {"content": "Second"}
    api.refused("PATCH", "/v1/posts/1", 412, "stale", second, headers={"If-Match": etag})
    api.refused("DELETE", "/v1/posts/1", 412, "stale", headers={"If-Match": etag})
    api.refused("PATCH", "/v1/posts/1", 400, "usage", second, headers={"If-Match": "first"})
    assert shown(api)["content"] == "First"
    for matching in (first.headers["etag"], "*"):
        assert api.patch("/v1/posts/1", second, headers={"If-Match": matching}).status_code == 200


def test_posts_are_listed_page_by_page(api: Api) -> None:
    for number in range(7):
        draft(api, content=str(number))
    found, path = [], "/v1/posts?limit=3&status=draft"
    while path:
        answer = api.get(path)
        found += [post["content"] for post in answer.json()]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    assert found == [*"0123456"]


def test_the_filters_are_those_of_the_command(api: Api) -> None:
    draft(api, content="one", tags=["a"])
    draft(api, content="two", accounts=["x/other"], scheduledAt=LATER, key="k")
    api.ttp.post("three")
    api.ttp.post("four", "--to", "x/me")
    api.ttp.bring(4, "failed", next_at=None, error=("content", "no"))
    for query, argv in {
        "": (),
        "status=draft,failed": ("--status", "draft,failed"),
        "account=x/other": ("--account", "x/other"),
        "platform=twitter": ("--platform", "twitter"),
        "tag=a": ("--tag", "a"),
        "since=2098-01-01&until=2098-01-02": ("--since", "2098-01-01", "--until", "2098-01-02"),
        "search=our": ("--search", "our"),
        "key=k": ("--key", "k"),
        "needsYou=true": ("--needs-you",),
        "after=1": ("--after", "1"),
    }.items():
        listed = api.ok("GET", f"/v1/posts?{query}")
        assert [post["id"] for post in listed] == [p["id"] for p in api.ttp.ok("list", *argv, "--json").json], query


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("status=drafts", 400, "usage"),
        ("limit=0", 400, "usage"),
        ("limit=201", 400, "usage"),
        ("after=99", 404, "not_found"),
        ("after=x", 400, "usage"),
        ("account=x/nobody", 404, "not_found"),
        ("platform=myspace", 400, "usage"),
        ("since=soon", 422, "time"),
        ("Status=draft", 400, "usage"),
        ("search=%00", 400, "usage"),
    ],
)
def test_a_wrong_filter_is_refused(api: Api, query: str, status: int, code: str) -> None:
    api.refused("GET", f"/v1/posts?{query}", status, code)


def test_a_post_gets_a_time_and_loses_it(api: Api) -> None:
    draft(api)
    assert api.ok("POST", "/v1/posts/1/schedule", {"at": "tomorrow 9am"})["scheduledAt"] == "2026-11-25T09:00:00Z"
    zoned = {"at": "tomorrow 9am", "timezone": "Europe/Berlin"}
    assert api.ok("POST", "/v1/posts/1/schedule", zoned)["scheduledAt"] == "2026-11-25T08:00:00Z"
    assert api.ok("POST", "/v1/posts/1/unschedule")["status"] == "draft"
    api.refused("POST", "/v1/posts/1/schedule", 422, "past", {"at": "2020-01-01T09:00Z"})
    api.refused("POST", "/v1/posts/1/schedule", 400, "usage", {})


def test_a_slot_is_taken_and_made_room_in(api: Api) -> None:
    api.ttp.ok("slots", "add", "daily 09:00", "--account", "x/me")
    draft(api, scheduledAt="next-slot")
    found = draft(api, content="Urgent", scheduledAt="next-slot", first=True)
    assert found["scheduledAt"] == "2026-11-25T09:00:00Z"
    assert len(found["warnings"]) == 1
    assert shown(api)["scheduledAt"] == "2026-11-26T09:00:00Z"


def test_the_first_post_needs_no_time_but_a_slot(api: Api) -> None:
    api.refused("POST", "/v1/posts", 400, "usage", {"content": "Hello", "first": True})
    api.refused("POST", "/v1/posts", 400, "usage", {"content": "Hello", "accounts": ["x/me"], "first": True})
    api.ttp.ok("slots", "add", "daily 09:00", "--account", "x/me")
    assert draft(api, first=True)["scheduledAt"] == "2026-11-25T09:00:00Z"


def test_publish_makes_a_post_due_now(api: Api) -> None:
    draft(api, scheduledAt=LATER)
    answer = api.post("/v1/posts/1/publish?wait=0")
    assert (answer.status_code, answer.json()["scheduledAt"]) == (202, "2026-11-24T12:00:00Z")
    api.refused("POST", "/v1/posts/1/publish?wait=31", 400, "usage")
    api.refused("POST", "/v1/posts/9/publish", 404, "not_found")


def test_wait_ends_with_the_post(api: Api) -> None:
    draft(api)
    api.ttp.bring(1, "published", next_at=None, remote_id="5", published_at=api.ttp.clock.now())
    draft(api, content="Two")
    api.ttp.bring(2, "failed", **FAILED)
    assert api.post("/v1/posts/2/retry?wait=0.2", {"accounts": ["x/me"]}).status_code == 202
    api.refused("POST", "/v1/posts/1/publish?wait=30", 409, "state")


def test_only_failed_deliveries_are_retried(api: Api) -> None:
    draft(api, scheduledAt=LATER)
    api.refused("POST", "/v1/posts/1/retry", 409, "state")
    api.ttp.bring(1, "failed", **FAILED)
    api.refused("POST", "/v1/posts/1/retry", 404, "not_found", {"accounts": ["x/nobody"]})
    assert api.ok("POST", "/v1/posts/1/retry")["deliveries"][0]["state"] == "pending"


def test_a_delivery_that_needs_review_is_resolved(api: Api) -> None:
    draft(api)
    api.ttp.bring(1, "needs_review", next_at=None)
    api.refused("POST", "/v1/posts/1/resolve", 400, "usage", {"account": "x/me"})
    api.refused("POST", "/v1/posts/1/resolve", 404, "not_found", {"account": "x/other", "published": None})
    assert api.ok("POST", "/v1/posts/1/resolve", {"account": "x/me", "published": None})["status"] == "failed"
    assert [one["step"] for one in api.ok("GET", "/v1/posts/1/log")] == [
        one["step"] for one in api.ttp.ok("log", "1", "--json").json
    ]


def test_a_doubtful_comment_is_resolved_and_not_its_post(api: Api) -> None:
    api.ok("POST", "/v1/posts", {"content": "Hi", "accounts": ["x/me"], "comment": "Links", "commentAfterS": 600})
    api.ttp.bring(1, "published", next_at=None, remote_id="111", published_at=api.ttp.clock.now())
    api.ttp.bring(1, "needs_review", comment=True, next_at=None)
    api.refused("POST", "/v1/posts/1/resolve", 409, "state", {"account": "x/me", "published": None})
    body = {"account": "x/me", "published": None, "comment": True}
    post = api.ok("POST", "/v1/posts/1/resolve", body)
    assert (post["status"], post["deliveries"][0]["comment"]["state"], post["needs"]) == (
        "published",
        "failed",
        ["retry"],
    )


def test_a_post_is_copied_and_deleted(api: Api) -> None:
    draft(api, scheduledAt=LATER, tags=["a"])
    copied = api.post("/v1/posts/1/copy")
    assert (copied.status_code, copied.headers["location"], copied.json()["status"]) == (201, "/v1/posts/2", "draft")
    assert api.ok("DELETE", "/v1/posts/1") == {"id": 1, "deleted": True}
    api.refused("GET", "/v1/posts/1", 404, "not_found")
    api.refused("DELETE", "/v1/posts/1", 404, "not_found")
    assert api.ok("GET", "/v1/posts/1/log") == []


def test_an_author_cannot_approve_but_another_can(api: Api) -> None:
    api.set("publish.require_approval", "true")
    draft(api, scheduledAt=LATER)
    api.refused("POST", "/v1/posts/1/approve", 403, "not_allowed")
    author = api.having("approve", name="ann")
    author.refused("POST", "/v1/posts/1/approve", 403, "not_allowed")
    other = api.having("approve", name="bob")
    assert other.ok("POST", "/v1/posts/1/approve")["approvedAt"] is not None
    assert other.ok("POST", "/v1/posts/1/reject", {"reason": "The price is wrong"})["rejection"]["reason"]
    other.refused("POST", "/v1/posts/1/reject", 400, "usage", {"reason": " "})
    history = api.ok("GET", "/v1/posts/1/history")
    assert [(one["actor"], one["command"]) for one in history] == [
        ("bob", "reject"),
        ("bob", "approve"),
        ("ann", "create"),
    ]
    assert history == api.ttp.ok("history", "1", "--json").json
    assert api.ok("GET", "/v1/posts/1/history?limit=1") == history[:1]


def test_an_author_is_not_forgotten_while_the_post_can_be_approved(api: Api, clock: FakeClock) -> None:
    api.set("publish.require_approval", "true")
    draft(api, scheduledAt="2028-01-01T09:00Z")
    draft(api)
    assert api.ok("DELETE", "/v1/posts/2")["deleted"]
    before = api.ttp.count("change")
    clock.advance(days=40)
    for _ in range(3):
        draft(api)
    assert api.ttp.count("change") == before - 2 + 3
    api.having("approve", name="ann").refused("POST", "/v1/posts/1/approve", 403, "not_allowed")
    assert api.having("approve", name="bob").ok("POST", "/v1/posts/1/approve")["approvedAt"] is not None


def test_a_limited_token_sees_the_history_of_its_posts_only(api: Api) -> None:
    api.ttp.ok("import", "-", stdin="accounts,text\nx/me,Mine\nx/other,Another\n")
    limited = api.having("read", "x/me")
    (change,) = limited.ok("GET", "/v1/posts/1/history")
    assert (change["posts"], change["count"], change["content"]) == ("1", 1, "Mine")
    limited.refused("GET", "/v1/posts/2/history", 404, "not_found")


@pytest.mark.parametrize("post_id", ["0", "-1", "x", "1.5", "99999999999999999999", "%31%00"])
def test_a_wrong_id_is_refused(api: Api, post_id: str) -> None:
    api.refused("GET", f"/v1/posts/{post_id}", 400, "usage")


# Idempotency keys.


def test_a_repeated_request_gets_the_first_answer(api: Api) -> None:
    keyed = {"Idempotency-Key": "k1"}
    first = api.post("/v1/posts", {"content": "Hello"}, headers=keyed)
    again = api.post("/v1/posts", {"content": "Hello"}, headers=keyed)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json(), again.headers["etag"]) == (first.json(), first.headers["etag"])
    assert again.headers["idempotency-replayed"] == "true"
    assert first.json()["key"] == "k1"
    assert api.ttp.count("post") == 1
    for _ in range(2):
        assert api.post("/v1/posts/1/copy", headers={"Idempotency-Key": "k2"}).status_code == 201
    assert api.ttp.count("post") == 2


def test_a_key_with_another_request_is_refused(api: Api) -> None:
    keyed = {"Idempotency-Key": "k1"}
    api.ok("POST", "/v1/posts", {"content": "Hello"}, headers=keyed)
    api.refused("POST", "/v1/posts", 422, "key_reused", {"content": "Other"}, headers=keyed)
    api.refused("POST", "/v1/posts/1/copy", 422, "key_reused", headers=keyed)
    bob = api.having("publish", name="bob")
    assert bob.ok("PATCH", "/v1/posts/1", {"content": "Bob's"}, headers=keyed)["content"] == "Bob's"


def test_a_refused_request_leaves_its_key_free(api: Api) -> None:
    keyed = {"Idempotency-Key": "k1"}
    api.refused("POST", "/v1/posts", 400, "usage", {"content": " "}, headers=keyed)
    api.ok("POST", "/v1/posts", {"content": "Hello"}, headers=keyed)
    for wrong in ("", " ", 201 * "k"):
        api.refused("POST", "/v1/posts", 400, "usage", {"content": "Hello"}, headers={"Idempotency-Key": wrong})


def test_a_key_is_forgotten_after_a_day(api: Api) -> None:
    keyed = {"Idempotency-Key": "k1"}
    draft(api)
    for passed, expected in ((0, "Later"), (timedelta(hours=24, seconds=1).total_seconds(), "First")):
        api.ok("PATCH", "/v1/posts/1", {"content": "First"}, headers=keyed)
        api.ok("PATCH", "/v1/posts/1", {"content": "Later"})
        api.ttp.clock.advance(seconds=passed)
        api.ok("PATCH", "/v1/posts/1", {"content": "First"}, headers=keyed)
        assert api.ok("GET", "/v1/posts/1")["content"] == expected


def test_a_dry_run_uses_no_key(api: Api) -> None:
    keyed = {"Idempotency-Key": "k1"}
    api.ok("POST", "/v1/posts?dryRun=true", {"content": "Hello"}, headers=keyed)
    assert api.post("/v1/posts", {"content": "Other"}, headers=keyed).status_code == 201


def test_a_measured_post_has_its_newest_numbers(api: Api) -> None:
    post = draft(api)["id"]
    api.ttp.bring(post, "published", remote_id="1")
    head = "account,remoteId,publishedAt,observedAt,likes,comments,shares,views\n"
    row = "x/me,1,2026-11-01T10:00Z,2026-11-02T10:00Z,1,2,,40\n"
    api.ttp.ok("metrics", "import", "-", stdin=head + row)
    (listed,) = api.ok("GET", "/v1/posts")
    assert {listed[name] for name in ("likes", "comments", "shares", "views")} == {1, 2, None, 40}
    assert listed["deliveries"][0]["metrics"]["observedAt"] == "2026-11-02T10:00:00Z"
    assert listed == api.ok("GET", f"/v1/posts/{post}") == shown(api, post)


def test_a_copy_with_a_key_is_made_once_even_if_the_answer_was_lost(api: Api) -> None:
    api.ok("POST", "/v1/posts", {"content": "Hi", "accounts": ["x/me"]})
    key = {"headers": {"Idempotency-Key": "c"}}
    assert api.ok("POST", "/v1/posts/1/copy", **key)["key"] == "c"
    api.ttp.sql("DELETE FROM idempotency_key")  # the server was killed before it kept the answer
    again = api.post("/v1/posts/1/copy", **key)
    assert (again.status_code, again.json()["id"], again.json()["replayed"]) == (200, 2, True)
    assert api.ok("POST", "/v1/posts/1/copy?dryRun=true", **key)["id"] == 2
    api.ttp.sql("DELETE FROM idempotency_key")
    api.refused("POST", "/v1/posts/2/copy", 409, "conflict", **key)
    assert len(api.ok("GET", "/v1/posts")) == 2


def test_a_text_of_more_than_100000_characters_is_refused(api: Api) -> None:
    long = "a" * 100_001
    for body in ({"content": long}, {"content": "a", "thread": [long]}, {"content": "a", "variants": {"x": long}}):
        problem = api.refused("POST", "/v1/posts", 400, "usage", body)
        assert [one["field"] for one in problem["problems"]] == [list(body)[-1]]
    assert api.ok("POST", "/v1/posts", {"content": "a" * 100_000})["id"] == 1
    api.refused("PATCH", "/v1/posts/1", 400, "usage", {"content": long})


def test_an_error_lists_at_most_twenty_problems(api: Api) -> None:
    problem = api.refused("POST", "/v1/posts", 400, "usage", {f"field{number}": 1 for number in range(1000)})
    assert len(problem["problems"]) == 20
    assert "980" in problem["detail"]


def test_a_time_of_two_readings_has_no_action_to_follow_unread(api: Api) -> None:
    body = {"content": "Hi", "accounts": ["x/me"], "scheduledAt": "friday at 6"}
    problem = api.refused("POST", "/v1/posts", 422, "time", body)
    assert problem["action"] is None
    assert [way["options"]["at"] for way in problem["actions"]] == ["friday 6am", "friday 6pm"]


def test_an_action_is_not_written_as_options_of_the_command_line(api: Api) -> None:
    body = {"content": "Hi", "media": [{"url": "http://127.0.0.1:9/a.jpg"}]}
    problem = api.post("/v1/posts", body).json()
    assert problem["action"] is None  # FILE stands for another word
    assert problem["actions"] == [{"name": None, "args": [], "options": {"media": "FILE"}}]


def test_ids_of_other_accounts_are_no_ids_for_a_limited_token(api: Api) -> None:
    from ttp.domain.errors import NotFound
    from ttp.server.services import RequestServices

    for to in ("x/me", "x/other", "x/me"):
        api.ttp.post(to, "--to", to)
    installation = api.app.state.installation
    token = installation.api_tokens.find(api.having("read", "x/me").token or "")
    assert token is not None
    queries = RequestServices(installation, token).queries
    assert queries.ids([(1, 9)]) == [1, 3]
    with pytest.raises(NotFound):
        queries.ids([(2, 2)])
