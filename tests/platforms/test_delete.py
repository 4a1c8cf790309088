"""Deleting published posts: the exact requests, and what every answer says of what is there now."""

from __future__ import annotations

from typing import Any

import httpx

from tests.platforms.factories import deleter_for
from tests.platforms.sandboxed import Desk, on
from tests.platforms.stubs import BEARER, TOKEN, Script, Stub, order
from tests.rows import each
from tests.settings import Config
from ttp.domain.account import Credentials
from ttp.domain.action import Action, action
from ttp.domain.publishing.outcome import Done, Kind, NotDone
from ttp.platforms.client import Deleted, Deleter, PublishRequest
from ttp.platforms.testing import StandingClock

FACEBOOK = Config({"platforms.instagram.login": "facebook"})
MEDIA = "https://graph.facebook.com/v25.0/17900000000000001"
UNSEEN = {"error": {"message": "Object does not exist", "type": "OAuthException", "code": 100, "error_subcode": 33}}
X, INSTAGRAM = order("x"), order("instagram")


def taken(
    platform: str, *stubs: Stub, what: PublishRequest | None = None, config: Config | None = None
) -> Deleted | NotDone:
    script = Script(*stubs)
    taker = deleter_for(platform, config or FACEBOOK, StandingClock(), transport=script)
    assert not isinstance(taker, str)
    remote_id = "5" if platform == "x" else "17900000000000001"
    outcome = taker.delete(what or (X if platform == "x" else INSTAGRAM), remote_id)
    taker.close()
    assert script.left == []
    assert TOKEN not in repr(outcome)
    return outcome


def deletion(**answer: Any) -> Stub:
    return Stub("DELETE", "https://api.x.com/2/tweets/5", headers=BEARER, **answer)


def removal(**answer: Any) -> Stub:
    return Stub("DELETE", MEDIA, headers=BEARER, **answer)


def test_tiktok_and_instagram_login_let_no_app_delete() -> None:
    for platform in ("instagram", "tiktok"):
        assert isinstance(deleter_for(platform, Config(), StandingClock()), str)
    assert not isinstance(deleter_for("instagram", FACEBOOK, StandingClock()), str)


def test_x_deletes_a_post() -> None:
    assert taken("x", deletion(answer={"data": {"deleted": True}})) == Deleted(200)


def test_a_post_that_x_does_not_know_is_gone() -> None:
    problem = {"title": "Not Found Error", "detail": "Could not find tweet", "type": "https://x/resource-not-found"}
    assert taken("x", deletion(status=404, answer=problem)) == Deleted(404, "it was already gone")


@each(
    ("answer", "kind", "passing"),
    [
        ({"status": 404, "raw": b"<html>nothing here</html>"}, Kind.SERVER, True),
        ({"answer": {"data": {"deleted": False}}}, Kind.SERVER, True),
        ({"status": 403, "answer": {"title": "Forbidden", "detail": "not authorized"}}, Kind.CONTENT, False),
        ({"status": 401, "answer": {"title": "Unauthorized"}}, Kind.AUTH, False),
        ({"status": 402, "answer": {"title": "Payment Required"}}, Kind.QUOTA, True),
        ({"status": 429, "answer": {"title": "Too Many Requests"}}, Kind.RATE_LIMIT, True),
        ({"status": 503, "raw": b"over"}, Kind.SERVER, True),
        ({"fails": httpx.ReadTimeout("slow")}, Kind.NETWORK, True),
        ({"fails": httpx.ConnectError("no")}, Kind.NETWORK, True),
    ],
)
def test_anything_else_from_x_leaves_it_there(answer: dict[str, Any], kind: Kind, passing: bool) -> None:
    outcome = taken("x", deletion(**answer))
    assert isinstance(outcome, NotDone)
    assert (outcome.kind, outcome.passing) == (kind, passing)


def test_keys_of_oauth_1_sign_a_deletion_and_are_added_again_where_they_are_refused() -> None:
    keys = Credentials(TOKEN, client_id="key", client_secret="key-secret", token_secret="token-secret")
    stub = Stub("DELETE", "https://api.x.com/2/tweets/5", status=401, answer={"title": "Unauthorized"})
    outcome = taken("x", stub, what=order("x", credentials=keys))
    assert isinstance(outcome, NotDone)
    assert outcome.hint == action("account add", "x/demo", credentials="FILE")


def test_instagram_deletes_a_post_by_facebook_login() -> None:
    answer = {"success": True, "deleted_id": "17900000000000001"}
    assert taken("instagram", removal(answer=answer)) == Deleted(200)


def test_a_post_that_the_account_cannot_see_any_more_is_gone() -> None:
    seen = Stub("GET", MEDIA, query={"fields": "id"}, headers=BEARER, status=400, answer=UNSEEN)
    assert taken("instagram", removal(status=400, answer=UNSEEN), seen) == Deleted(400, "it was already gone")


@each("answer", [{"answer": {"id": "1"}}, {"answer": UNSEEN}, {"fails": httpx.ReadTimeout("slow")}])
def test_a_post_that_is_seen_or_may_be_is_not_called_gone(answer: dict[str, Any]) -> None:
    seen = Stub("GET", MEDIA, query={"fields": "id"}, **answer)
    outcome = taken("instagram", removal(status=400, answer=UNSEEN), seen)
    assert isinstance(outcome, NotDone)
    assert outcome.code == "100/33"


@each(
    ("code", "subcode", "kind", "passing"),
    [(-1, 2207073, Kind.CONTENT, False), (190, 463, Kind.AUTH, False), (4, None, Kind.RATE_LIMIT, True)],
)
def test_what_instagram_refuses_stays(code: int, subcode: int | None, kind: Kind, passing: bool) -> None:
    error = {"message": "No", "type": "OAuthException", "code": code}
    if subcode is not None:
        error["error_subcode"] = subcode
    outcome = taken("instagram", removal(status=400, answer={"error": error}))
    assert isinstance(outcome, NotDone)
    assert (outcome.kind, outcome.passing) == (kind, passing)
    assert outcome.hint in (None, action("account connect", "instagram/demo"))


def test_the_permission_that_is_missing_is_named_with_the_command_that_asks_for_it() -> None:
    error = {"message": "(#10) no permission", "type": "OAuthException", "code": 10}
    outcome = taken("instagram", removal(status=400, answer={"error": error}))
    assert isinstance(outcome, NotDone)
    assert "instagram_manage_contents is needed to delete posts" in outcome.message
    assert isinstance(outcome.hint, Action)
    assert (outcome.hint.name, outcome.hint.args) == ("account connect", ("instagram/demo",))
    ((option, scopes),) = outcome.hint.options
    assert (option, (scopes or "").split(",")[0]) == ("scopes", "instagram_basic")
    assert (scopes or "").endswith(",instagram_manage_contents")


# Against the sandbox.


def beside(desk: Desk) -> Deleter:
    """What deletes posts, with the desk's settings."""
    taker = deleter_for(desk.order.account.platform, Config(desk.settings), desk.clock)
    assert not isinstance(taker, str)
    return taker


@on("x")
def test_what_x_published_is_gone_from_its_feed_and_gone_the_second_time_too(desk: Desk) -> None:
    done = desk.publish(desk.prepare())
    assert isinstance(done, Done)
    assert done.remote_id is not None
    taker = beside(desk)
    assert taker.delete(desk.order, done.remote_id) == Deleted(200)
    assert desk.posts() == []
    assert isinstance(taker.delete(desk.order, done.remote_id), Deleted)
    taker.close()


@on("instagram")
def test_what_instagram_published_by_facebook_is_gone_and_a_story_stays(desk: Desk) -> None:
    desk.control("POST", "accounts", {"account": "instagram/demo", "login": "facebook", "keepTokens": True})
    desk.configure(platforms__instagram__login="facebook")
    done = desk.publish(desk.prepare())
    assert isinstance(done, Done)
    desk.said_of(kind="story")
    story = desk.publish(desk.prepare())
    assert isinstance(story, Done)
    taker = beside(desk)
    refused = taker.delete(desk.order, story.remote_id or "")
    assert isinstance(refused, NotDone)
    assert (refused.kind, refused.code) == (Kind.CONTENT, "-1/2207073")
    assert taker.delete(desk.order, done.remote_id or "") == Deleted(200)
    assert [post["id"] for post in desk.posts()] == [story.remote_id]
    assert taker.delete(desk.order, done.remote_id or "") == Deleted(400, "it was already gone")
    desk.change(scopes=["instagram_basic", "instagram_content_publish"])
    refused = taker.delete(desk.order, story.remote_id or "")
    assert isinstance(refused, NotDone)
    assert refused.kind is Kind.AUTH
    taker.close()
