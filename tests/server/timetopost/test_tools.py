"""Each tool of the social core of TimeToPost's MCP server, against `/api`."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import Program
from tests.server.conftest import Api
from tests.server.test_planning import ROWS
from tests.server.timetopost.client import TOOLS, TimeToPost
from tests.server.timetopost.conftest import client_of
from ttp.sandbox.files import PHOTO

LATER = "2098-01-01T09:00:00.000Z"
DATA = PHOTO.read_bytes()
CHOICES = {
    "privacy": "SELF_ONLY",
    "allowComments": False,
    "allowDuet": False,
    "allowStitch": False,
    "yourBrand": False,
    "brandedContent": False,
}


def test_every_tool_of_the_social_core_is_here() -> None:
    assert len(TOOLS) == 30
    assert {"schedule_post", "create_digest_drafts", "get_engagement_by_tag", "finalize_media_upload"} <= {*TOOLS}


def test_their_smoke_test(theirs: TimeToPost) -> None:
    assert "@" in theirs("whoami").text
    theirs.ok("whoami")
    theirs.ok("list_posts")
    theirs.ok("scheduler_status")


@pytest.mark.parametrize(
    ("capability", "may", "publishes"),
    [
        ("read", ["read"], False),
        ("draft", ["read", "draft"], False),
        ("publish", ["read", "draft", "publish"], True),
        ("approve", ["read"], False),
    ],
)
def test_whoami_names_the_capabilities_of_the_token(api: Api, capability: str, may: list[str], publishes: bool) -> None:
    caller = client_of(api.having(capability, name="bob@example.org")).ok("whoami")
    assert (caller["capabilities"], caller["canPublish"]) == (may, publishes)
    assert caller["user"]["email"] == "bob@example.org@localhost"


def test_whoami_names_the_server_as_people_reach_it(server: Api) -> None:
    server.set("server.base_url", "https://posts.example.org:8443/")
    caller = client_of(server.having("read", name="bob")).ok("whoami")
    assert (caller["user"]["email"], caller["organization"]["name"]) == (
        "bob@posts.example.org",
        "ttp on posts.example.org",
    )


def test_the_organisation_header_is_accepted(theirs: TimeToPost) -> None:
    theirs.org = "org-1"
    theirs.ok("whoami")


def test_a_post_is_scheduled(single: TimeToPost, ttp: Program) -> None:
    given: dict[str, Any] = {"content": "Hello", "platforms": ["twitter"], "scheduledAt": LATER, "brand": "launch"}
    post = single.ok("schedule_post", **given, thread=["and more"])["post"]
    assert (post["id"], post["status"], post["platforms"]) == ("1", "scheduled", ["twitter"])
    assert (post["scheduledAt"], post["brand"], post["accountIds"]) == ("2098-01-01T09:00:00Z", "launch", ["x/me"])
    assert post["thread"] == ["and more"]
    assert single.ok("get_post", id="1")["post"] == {**post, "warnings": []}
    assert ttp.shown(1)["tags"] == ["launch"]


def test_without_a_time_it_is_a_draft(single: TimeToPost) -> None:
    assert single.ok("schedule_post", content="Hello", platforms=["x"])["post"]["status"] == "draft"


@pytest.mark.parametrize("name", ["x/me", "x%2Fme", "twitter/me", "X/Me"])
def test_accounts_are_named_by_their_ids(theirs: TimeToPost, name: str) -> None:
    post = theirs.ok("schedule_post", content="Hello", accountIds=[name], scheduledAt=LATER)["post"]
    assert post["accountIds"] == ["x/me"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"content": "Hello", "platforms": ["twitter"], "scheduledAt": LATER}, "ambiguous"),
        ({"content": "Hello", "platforms": ["linkedin"]}, "usage"),
        ({"content": "Hello", "accountIds": ["x/me"], "scheduledAt": "2020-01-01T09:00:00.000Z"}, "past"),
        ({"content": "Hello", "accountIds": ["x/me"], "scheduledAt": "soon"}, "time"),
        ({"content": 300 * "a", "accountIds": ["x/me"], "scheduledAt": LATER}, "content"),
        ({"content": "Hello", "accountIds": ["x/nobody"]}, "not_found"),
        ({"content": "Hello", "scheduleAt": LATER}, "usage"),
        ({"content": "Hello", "brand": 61 * "b"}, "usage"),
        ({"content": "Hello", "thread": 25 * ["b"]}, "usage"),
        ({"content": "Hello", "platformData": {"tiktok": {"privacy": "SELF_ONLY"}}}, "usage"),
        ({"content": "Hello", "mediaUrls": ["/etc/passwd"]}, "usage"),
        ({"content": ""}, "usage"),
    ],
)
def test_a_wrong_post_is_refused_in_their_form(theirs: TimeToPost, ttp: Program, given: Any, code: str) -> None:
    result = theirs("schedule_post", **given)
    assert (result.is_error, result.data["success"], result.data["code"]) == (True, False, code)
    assert result.data["error"]
    assert ttp.count("post") == 0


def test_a_refusal_by_one_account_says_that_nothing_was_scheduled(single: TimeToPost, api: Api, ttp: Program) -> None:
    api.ttp.account("tiktok/shop")
    both = single("schedule_post", content="Hello", platforms=["twitter", "tiktok"], scheduledAt=LATER)
    one = single("schedule_post", content="Hello", platforms=["tiktok"], scheduledAt=LATER)
    assert both.data["code"] == one.data["code"] == "content"
    assert both.data["problems"] == one.data["problems"]
    assert "twitter" in both.data["error"].removesuffix(one.data["error"])
    assert ttp.count("post") == 0


def test_a_thread_for_the_next_minute_is_not_too_late(single: TimeToPost, ttp: Program) -> None:
    post = single.ok("publish_thread", segments=["one", "two", "three"], brand="launch")["post"]
    assert (post["content"], post["thread"], post["status"]) == ("one", ["two", "three"], "scheduled")
    assert ttp.shown(1)["scheduledAt"] == "2026-11-24T12:01:00Z"
    assert single.ok("publish_thread", segments=["alone"], schedule_at=LATER)["post"]["thread"] == []


def test_posts_are_listed_newest_first_and_filtered_by_the_client(single: TimeToPost) -> None:
    single.ok("schedule_post", content="a draft", platforms=["twitter"])
    single.ok("schedule_post", content="scheduled", platforms=["twitter"], scheduledAt=LATER)
    assert [one["content"] for one in single.ok("list_posts")["posts"]] == ["scheduled", "a draft"]
    assert [one["id"] for one in single.ok("list_posts", status="DRAFT")["posts"]] == ["1"]


@pytest.mark.parametrize("post_id", ["9", "abc", "0", "-1", "../posts", "1e3", 30 * "9"])
def test_a_wrong_post_id_is_not_found(theirs: TimeToPost, post_id: str) -> None:
    for tool in ("get_post", "publish_post", "cancel_post"):
        result = theirs(tool, id=post_id)
        assert (result.is_error, result.data["code"]) == (True, "not_found")
    (found,) = theirs.ok("get_post_metrics", post_ids=[post_id])["results"]
    assert (found["ok"], found["success"]) == (False, False)


def test_a_post_is_published_and_cancelled(single: TimeToPost, ttp: Program) -> None:
    single.ok("schedule_post", content="Hello", platforms=["twitter"])
    post = single.ok("publish_post", id="1")["post"]
    assert (post["status"], post["scheduledAt"]) == ("scheduled", "2026-11-24T12:00:00Z")
    assert single.ok("cancel_post", id="1") == {"success": True, "id": "1", "deleted": True}
    assert single("get_post", id="1").data["code"] == "not_found"


def test_a_failed_post_is_tried_again(single: TimeToPost, ttp: Program) -> None:
    single.ok("schedule_post", content="Hello", platforms=["twitter"], scheduledAt=LATER)
    ttp.bring(1, "failed", next_at=None, error=("content", "no"))
    assert single.ok("get_post", id="1")["post"]["results"][0]["error"] == "no"
    assert single.ok("publish_post", id="1")["post"]["status"] == "scheduled"
    ttp.bring(1, "published", next_at=None, remote_id="77", published_at=ttp.clock.now())
    assert single("publish_post", id="1").data["code"] == "state"
    post = single.ok("get_post", id="1")["post"]
    assert (post["status"], post["platformData"]["twitter"]["postId"]) == ("published", "77")


def test_choices_of_a_platform_become_options(api: Api, theirs: TimeToPost) -> None:
    api.ttp.account("tiktok/shop")
    given: dict[str, Any] = {"content": "Hello", "platforms": ["tiktok"], "platformData": {"tiktok": CHOICES}}
    post = theirs.ok("schedule_post", **given)["post"]
    assert post["platformData"] == {"tiktok": CHOICES}
    assert api.ttp.shown(1)["options"] == {
        "tiktok.privacy_level": "SELF_ONLY",
        "tiktok.disable_comment": "true",
        "tiktok.disable_duet": "true",
        "tiktok.disable_stitch": "true",
        "tiktok.brand_organic_toggle": "false",
        "tiktok.brand_content_toggle": "false",
    }


def test_accounts_are_integrations(theirs: TimeToPost, ttp: Program) -> None:
    ttp.ok("account", "disable", "x/other")
    found = theirs.ok("list_integrations")["integrations"]
    assert [(one["id"], one["provider"], one["status"]) for one in found] == [
        ("x/me", "twitter", "connected"),
        ("x/other", "twitter", "disabled"),
    ]
    assert theirs.ok("get_capabilities")["integrations"] == found


def test_features_that_ttp_does_not_have_answer_empty_lists(theirs: TimeToPost) -> None:
    assert theirs.ok("list_boards")["boards"] == []
    assert theirs.ok("prompt_library_list")["prompts"] == []
    assert theirs.ok("prompt_suggest", kind="POST_HOOK", niche="tea", platform="twitter")["suggestions"] == []
    moved = theirs.ok("add_to_collection", accountId="x/me", collection="shops")
    assert (moved["collections"], moved["collection"], len(moved["warnings"])) == ([], None, 1)
    assert theirs("add_to_collection", accountId="x/nobody", collection="shops").data["code"] == "not_found"
    assert not theirs("connect_account_link", provider="twitter").is_error


@pytest.mark.parametrize(
    "path",
    [
        "/api/shorts/generate-video",
        "/api/shorts/7/status",
        "/api/personas",
        "/api/build-in-public/github/status",
        "/api/autoseo/targets/1/verify",
        "/api/keywords/sets/1/add-to-plan",
        "/api/sources",
        "/api/dm-funnels/3/hits",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_products_are_answered_once(api: Api, path: str, method: str) -> None:
    answer = api(method, path, json={"anything": 1}) if method == "POST" else api(method, path)
    assert (answer.status_code, answer.json()["code"], answer.json()["success"]) == (501, "unsupported", False)


@pytest.mark.parametrize(("path", "status"), [("/api/nothing", 404), ("/api/", 404), ("/api/posts/1/nothing", 404)])
def test_an_unknown_path_is_answered_in_their_form(api: Api, path: str, status: int) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()["success"]) == (status, False)


def test_connecting_is_for_a_person(api: Api) -> None:
    answer = api.get("/api/integrations/twitter/auth")
    assert (answer.status_code, answer.json()["action"]["name"]) == (501, "account connect")
    assert api.get("/api/integrations/facebook/auth").json()["code"] == "usage"


def test_a_wrong_token_and_host_are_answered_in_their_form(api: Api) -> None:
    wrong = Api(api.ttp, api.app, "ttp_" + 48 * "0").get("/api/posts")
    assert (wrong.status_code, wrong.json()["success"], wrong.json()["code"]) == (401, False, "unauthorized")
    foreign = api.get("/api/posts", headers={"Host": "evil.example"})
    assert (foreign.status_code, foreign.json()["success"]) == (421, False)


def test_numbers_come_of_samples(single: TimeToPost, ttp: Program) -> None:
    empty = single.ok("get_optimal_times")
    assert (empty["recommendation"]["dataPoints"], empty["recommendation"]["bestHours"]) == (0, [])
    ttp.account("x/other")
    ttp.ok("metrics", "import", "-", stdin=ROWS)
    found = single.ok("get_optimal_times")
    assert (found["success"], found["recommendation"]["account"]) == (True, "x/me")
    assert [len(found["recommendation"][name]) for name in ("bestHours", "bestDays")] == [5, 3]
    assert {one["account"] for one in found["recommendations"]} == {"x/me", "x/other"}
    summary = single.ok("get_engagement_summary")
    assert (summary["posts"], summary["comments"], summary["impressions"]) == (40, 40, 3600)


def test_numbers_of_posts_and_tags(single: TimeToPost, ttp: Program) -> None:
    for number in (1, 2):
        single.ok("schedule_post", content=f"post {number}", platforms=["twitter"], brand="a b/c")
    assert single.ok("list_brands")["brands"] == [{"slug": "a b/c", "name": "a b/c", "postCount": 2}]
    ttp.bring(1, "published", next_at=None, remote_id="7", published_at=ttp.clock.now())
    head = "account,remoteId,publishedAt,observedAt,likes,comments,shares,views\n"
    rows = "x/me,7,2026-11-01T08:00Z,2026-11-02T08:00Z,1,0,0,10\nx/me,7,2026-11-01T08:00Z,2026-11-03T08:00Z,5,1,2,80\n"
    ttp.ok("metrics", "import", "-", stdin=head + rows)
    measured, unmeasured, unknown = single.ok("get_post_metrics", post_ids=["1", "2", "9"])["results"]
    assert (measured["ok"], measured["likes"], measured["impressions"], measured["engagementRate"]) == (
        True,
        5,
        80,
        0.1,
    )
    assert (unmeasured["ok"], unmeasured["likes"], unmeasured["accounts"]) == (True, None, [])
    assert (unknown["ok"], unknown["code"]) == (False, "not_found")
    total = single.ok("get_engagement_by_tag", brand="a b/c")
    assert (total["posts"], total["measured"], total["likes"], total["shares"]) == (2, 1, 5, 2)
    assert single("get_engagement_by_tag", brand="nothing").data["code"] == "not_found"


def test_a_file_is_uploaded_to_a_signed_address(api: Api, single: TimeToPost) -> None:
    given = {"contentType": "image/jpeg", "size": len(DATA)}
    prepared = single.ok("prepare_media_upload", filename="day 01.jpg", **given)
    assert single("finalize_media_upload", key=prepared["key"], **given).data["code"] == "not_found"
    anybody = Api(api.ttp, api.app)
    parts = urlsplit(prepared["uploadUrl"])
    put = anybody("PUT", f"{parts.path}?{parts.query}", content=DATA, headers={"Content-Type": "image/jpeg"})
    assert put.status_code == 200, put.text
    asset = single.ok("finalize_media_upload", key=prepared["key"], **given)
    assert single.ok("finalize_media_upload", key=prepared["key"], **given) == asset
    assert single("finalize_media_upload", key=prepared["key"], **{**given, "size": 3}).data["code"] == "usage"
    for address in (prepared["publicUrl"], asset["publicUrl"]):
        post = single.ok("schedule_post", content="Hello", platforms=["x"], mediaUrls=[address])["post"]
        assert post["mediaUrls"] == [asset["publicUrl"]]
        got = api.get(urlsplit(address).path)
        assert (got.content, got.headers["content-type"]) == (DATA, "image/jpeg")
        assert anybody.get(urlsplit(address).path).status_code == 401


def test_a_small_file_is_uploaded_inline(single: TimeToPost) -> None:
    given = {"filename": "a.jpg", "contentType": "image/jpeg"}
    asset = single.ok("upload_media", **given, dataBase64=base64.b64encode(DATA).decode())
    post = single.ok("schedule_post", content="Hello", platforms=["x"], mediaUrls=[asset["publicUrl"]])["post"]
    assert post["mediaUrls"] == [asset["asset"]["publicUrl"]]
    for wrong in ({"dataBase64": "%%"}, {"dataBase64": ""}, {"dataBase64": base64.b64encode(b"text").decode()}):
        assert single("upload_media", **given, **wrong).data["code"] == "usage"
    text = {"filename": "a.txt", "contentType": "text/plain", "dataBase64": "YQ=="}
    assert single("upload_media", **text).data["code"] == "usage"
    png = {"filename": "a.png", "contentType": "image/png", "dataBase64": base64.b64encode(DATA).decode()}
    assert single("upload_media", **png).data["code"] == "usage"


def test_a_draft_token_publishes_nothing(api: Api) -> None:
    drafts = client_of(api.having("draft"))
    given = {"content": "Hello", "accountIds": ["x/me"]}
    assert drafts.ok("schedule_post", **given)["post"]["status"] == "draft"
    for tool, args in (
        ("schedule_post", {**given, "scheduledAt": LATER}),
        ("publish_thread", {"segments": ["one"]}),
        ("publish_post", {"id": "1"}),
        ("approve_draft", {"draft_id": "1"}),
    ):
        assert drafts(tool, **args).data["code"] == "not_allowed", tool
    assert api.ttp.shown(1)["status"] == "draft"


def test_a_file_that_is_late_or_forged_is_refused(api: Api, theirs: TimeToPost) -> None:
    given = {"filename": "a.jpg", "contentType": "image/jpeg", "size": len(DATA)}
    parts = urlsplit(theirs.ok("prepare_media_upload", **given)["uploadUrl"])
    path, anybody = f"{parts.path}?{parts.query}", Api(api.ttp, api.app)
    other = theirs.ok("prepare_media_upload", **given)["key"]
    for forged in (
        path.replace(f"size={len(DATA)}", f"size={len(DATA) + 1}"),
        path.replace("name=a.jpg", "name=b.jpg"),
        path.replace("token=1", "token=2"),
        path[:-1] + ("0" if path[-1] != "0" else "1"),
        path.replace(parts.path.rpartition("/")[2], other),
    ):
        assert anybody("PUT", forged, content=DATA).json()["code"] == "not_allowed"
    assert anybody("PUT", path, content=DATA + b"more").json()["code"] == "too_large"
    assert anybody("PUT", path, content=DATA[:-1]).json()["code"] == "usage"
    assert anybody("PUT", path, content=bytes(len(DATA))).json()["code"] == "usage"
    assert anybody("PUT", parts.path, content=DATA).status_code == 400
    assert anybody("PUT", path, content=DATA).status_code == 200
    assert anybody("PUT", path, content=DATA).status_code == 200
    api.ttp.clock.advance(minutes=16)
    assert anybody("PUT", path, content=DATA).json()["code"] == "not_allowed"


def test_an_upload_ends_with_its_token_and_takes_one_file(api: Api, theirs: TimeToPost) -> None:
    given = {"filename": "a.jpg", "contentType": "image/jpeg", "size": len(DATA)}
    parts = urlsplit(theirs.ok("prepare_media_upload", **given)["uploadUrl"])
    path, anybody = f"{parts.path}?{parts.query}", Api(api.ttp, api.app)
    assert anybody("PUT", path, content=DATA).status_code == 200
    other = DATA[:-1] + bytes([DATA[-1] ^ 1])
    assert anybody("PUT", path, content=other).json()["code"] in ("conflict", "usage")
    api.ttp.ok("token", "revoke", "ann")
    assert anybody("PUT", path, content=DATA).json()["code"] == "not_allowed"


def test_a_limited_token_sees_its_accounts_only(api: Api, theirs: TimeToPost) -> None:
    theirs.ok("schedule_post", content="secret", accountIds=["x/other"])
    limited = client_of(api.having("publish", "x/me"))
    assert limited.ok("list_posts")["posts"] == []
    assert limited.ok("list_drafts")["drafts"] == []
    assert [one["id"] for one in limited.ok("list_integrations")["integrations"]] == ["x/me"]
    assert limited.ok("whoami")["accounts"] == ["x/me"]
    for tool in ("list_brands", "scheduler_status"):
        assert limited(tool).data["code"] == "not_allowed"
    (found,) = limited.ok("get_post_metrics", post_ids=["1"])["results"]
    assert found["code"] == "not_found"


def test_a_time_is_read_on_the_servers_clock(single: TimeToPost, ttp: Program) -> None:
    soon = (ttp.clock.now() + timedelta(seconds=1)).isoformat()
    assert (
        single.ok("schedule_post", content="Hello", platforms=["x"], scheduledAt=soon)["post"]["status"] == "scheduled"
    )
