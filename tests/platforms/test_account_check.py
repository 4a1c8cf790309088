"""Asking the platforms about an account: the exact requests, and what is made of every sort of answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from tests.platforms.factories import PLATFORMS, checker_for
from tests.platforms.stubs import BEARER, TOKEN, Script, Stub
from tests.rows import each
from tests.settings import Config
from ttp.domain.account import Account, Credentials
from ttp.domain.action import action
from ttp.domain.config import Value
from ttp.domain.diagnostics import Grade
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.domain.time.clock import to_ms
from ttp.platforms.client import AccountInfo, Checker
from ttp.platforms.testing import NOON, StandingClock

USER = "17841400000000001"
HELD = Credentials(TOKEN, user_id=USER)
FACEBOOK: dict[str, Value] = {"platforms.instagram.login": "facebook"}
X_ME, IG_ME = "https://api.x.com/2/users/me", "https://graph.instagram.com/v25.0/me"
LIMIT = f"https://graph.instagram.com/v25.0/{USER}/content_publishing_limit"
FB_NODE, FB_DEBUG = f"https://graph.facebook.com/v25.0/{USER}", "https://graph.facebook.com/v25.0/debug_token"
TT_USER = "https://open.tiktokapis.com/v2/user/info/"
TT_CREATOR = "https://open.tiktokapis.com/v2/post/publish/creator_info/query/"
QUOTA = {"fields": "quota_usage,config"}


def asked(
    platform: str,
    *stubs: Stub,
    held: Credentials = HELD,
    settings: dict[str, Value] | None = None,
    options: dict[str, str] | None = None,
) -> AccountInfo | NotDone:
    """What comes of asking about `platform`/demo; every stub must have been used."""
    script = Script(*stubs)
    checker = checker_for(platform, Config(settings or {}), StandingClock(), transport=script)
    found = checker.check(Account(platform, "demo", id=1, options=options or {}), held)
    checker.close()
    assert script.left == []
    return found


def seen(found: AccountInfo | NotDone) -> AccountInfo:
    assert isinstance(found, AccountInfo), found
    return found


def refused(found: AccountInfo | NotDone) -> NotDone:
    assert isinstance(found, NotDone), found
    return found


def said(found: AccountInfo | NotDone) -> list[tuple[str, str]]:
    return [(remark.status.value, remark.message) for remark in seen(found).remarks]


def has_facts(remark: tuple[str, str], level: str, *facts: str) -> bool:
    """Whether a remark has this level, and names these facts."""
    return remark[0] == level and all(fact in remark[1] for fact in facts)


# X


def me(**more: object) -> Stub:
    answer = {"data": {"id": "42", "name": "Demo", "username": "Demo"}}
    return Stub("GET", X_ME, headers=BEARER, **{"answer": answer, **more})  # type: ignore[arg-type]  # fields by name


def limits(left: int, name: str = "x-rate-limit") -> dict[str, str]:
    reset = to_ms(NOON) // 1000 + 600
    return {f"{name}-limit": "75", f"{name}-remaining": str(left), f"{name}-reset": str(reset)}


def test_x_is_asked_once_and_tells_its_limits_in_the_headers() -> None:
    found = asked("x", me(sent={**limits(74), **limits(9, "x-user-limit-24hour")}))
    assert (seen(found).user_id, seen(found).handle, seen(found).scopes) == ("42", "Demo", ())
    quarter, day = said(found)
    assert has_facts(quarter, "ok", "74 of 75", "15 min")
    assert has_facts(day, "ok", "9 of 75", "24 h")


def test_x_without_limit_headers_says_nothing_of_them_and_warns_of_the_last_call() -> None:
    assert said(asked("x", me())) == []
    (quarter,) = said(asked("x", me(sent=limits(0))))
    assert has_facts(quarter, "warn", "0 of 75", "15 min")


def test_keys_of_oauth_1_sign_the_question() -> None:
    keys = replace(HELD, client_id="api-key", client_secret="api-secret-1", token_secret="token-secret-1")
    proofs: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        proofs.append(request.headers["authorization"])
        return httpx.Response(200, json={"data": {"id": "42", "username": "demo"}})

    checker = checker_for("x", Config(), StandingClock(), transport=httpx.MockTransport(answer))
    assert seen(checker.check(Account("x", "demo"), keys)).user_id == "42"
    checker.close()
    assert [proof.partition(" ")[0] for proof in proofs] == ["OAuth"]


@each(
    ("status", "answer", "kind"),
    [
        (401, {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}, Kind.AUTH),
        (402, {"title": "Payment Required", "detail": "credits depleted", "status": 402}, Kind.QUOTA),
        (403, {"title": "Forbidden", "detail": "User has been suspended.", "type": "…/user-suspended"}, Kind.ACCOUNT),
        (429, {"title": "Too Many Requests", "detail": "Too Many Requests", "status": 429}, Kind.RATE_LIMIT),
        (503, None, Kind.SERVER),
        (200, {"data": {"username": "demo"}}, Kind.SERVER),
        (200, ["nonsense"], Kind.SERVER),
    ],
)
def test_a_refusal_by_x_has_its_kind(status: int, answer: object, kind: Kind) -> None:
    assert refused(asked("x", me(status=status, answer=answer))).kind is kind


# Instagram


def ig_me(answer: object, **more: object) -> Stub:
    query = {"fields": "user_id,username,account_type"}
    return Stub("GET", IG_ME, query, BEARER, answer=answer, **more)  # type: ignore[arg-type]  # fields by name


def ig_quota(used: int, url: str = LIMIT) -> Stub:
    config = {"quota_total": 50, "quota_duration": 86_400}
    return Stub("GET", url, QUOTA, BEARER, answer={"data": [{"quota_usage": used, "config": config}]})


PERSON = {"user_id": USER, "username": "demo", "account_type": "BUSINESS"}


@each("answer", [PERSON, {"data": [PERSON]}, {**PERSON, "user_id": int(USER)}])
def test_instagram_is_asked_who_it_is_and_what_is_left_of_the_day(answer: object) -> None:
    found = asked("instagram", ig_me(answer), ig_quota(2))
    assert (seen(found).user_id, seen(found).handle) == (USER, "demo")
    (quota,) = said(found)
    assert has_facts(quota, "ok", "2 of 50", "24 h")


def test_a_used_up_or_unknown_quota_is_a_warning() -> None:
    ((level, used_up),) = said(asked("instagram", ig_me(PERSON), ig_quota(50)))
    assert (level, "50 of 50 posts" in used_up) == ("warn", True)
    odd = Stub("GET", LIMIT, QUOTA, BEARER, status=500, answer={"error": {"code": 2, "message": "An error"}})
    ((level, unknown),) = said(asked("instagram", ig_me(PERSON), odd))
    assert (level, unknown.endswith(": An error (2)")) == ("warn", True)


def test_a_personal_account_cannot_publish() -> None:
    found = asked("instagram", ig_me({**PERSON, "account_type": "Personal"}), ig_quota(0))
    assert said(found)[0][0] == "fail"


def test_a_missing_permission_to_publish_shows_when_the_quota_is_asked() -> None:
    error = {"error": {"code": 10, "message": "Application does not have permission", "type": "OAuthException"}}
    found = asked("instagram", ig_me(PERSON), Stub("GET", LIMIT, QUOTA, BEARER, status=400, answer=error))
    (remark,) = seen(found).remarks
    assert (remark.status, remark.reconnect, remark.hint) == (
        Grade.FAIL,
        True,
        action("account connect", "instagram/demo"),
    )
    assert "Application does not have permission" in remark.message


def test_a_dead_instagram_token_ends_the_questions() -> None:
    error = {"error": {"code": 190, "error_subcode": 463, "message": f"Session of {TOKEN} has expired."}}
    found = refused(asked("instagram", ig_me(error, status=400)))
    assert (found.kind, found.http_status) == (Kind.AUTH, 400)
    assert TOKEN not in found.message


def test_facebook_login_asks_for_the_node_and_has_the_token_debugged() -> None:
    day = 86_400
    now = to_ms(NOON) // 1000
    held = replace(HELD, client_id="app", client_secret="app-secret-1")
    debugged = {
        "is_valid": True,
        "scopes": ["instagram_basic", "instagram_content_publish"],
        "expires_at": 0,
        "data_access_expires_at": now + 3 * day,
    }
    found = asked(
        "instagram",
        Stub("GET", FB_NODE, {"fields": "id,username"}, BEARER, answer={"id": USER, "username": "demo"}),
        Stub("GET", FB_DEBUG, {"input_token": TOKEN, "access_token": "app|app-secret-1"}, answer={"data": debugged}),
        ig_quota(1, f"{FB_NODE}/content_publishing_limit"),
        held=held,
        settings=FACEBOOK,
    )
    assert (seen(found).user_id, seen(found).scopes) == (USER, ("instagram_basic", "instagram_content_publish"))
    quota, data_access = said(found)
    assert has_facts(quota, "ok", "1 of 50", "24 h")
    assert has_facts(data_access, "warn", "27 Nov 2026 (in 3 d)")


@pytest.mark.parametrize(
    ("after", "status", "told"),
    [
        (timedelta(days=60), "ok", "end of the Facebook token: 23 Jan 2027 (in 60 d)"),
        (timedelta(hours=-3), "fail", "end of the Facebook token: 3 h ago"),
    ],
)
def test_the_expiry_of_a_facebook_token_is_reported(after: timedelta, status: str, told: str) -> None:
    data = {"expires_at": to_ms(NOON + after) // 1000, "data_access_expires_at": True}
    found = asked(
        "instagram",
        Stub("GET", FB_NODE, {"fields": "id,username"}, BEARER, answer={"id": USER}),
        Stub("GET", FB_DEBUG, {"input_token": TOKEN, "access_token": TOKEN}, answer={"data": data}),
        ig_quota(0, f"{FB_NODE}/content_publishing_limit"),
        settings=FACEBOOK,
    )
    assert seen(found).handle is None
    assert said(found)[1:] == [(status, told)]


def test_an_undebuggable_facebook_token_is_not_a_failure() -> None:
    error = {"error": {"code": 100, "message": "You must provide an app access token", "type": "OAuthException"}}
    found = asked(
        "instagram",
        Stub("GET", FB_NODE, {"fields": "id,username"}, BEARER, answer={"id": USER, "username": "demo"}),
        Stub("GET", FB_DEBUG, {"input_token": TOKEN, "access_token": TOKEN}, status=400, answer=error),
        ig_quota(0, f"{FB_NODE}/content_publishing_limit"),
        settings=FACEBOOK,
    )
    assert has_facts(said(found)[1], "ok", ": You must provide an app access token (100)")


def test_facebook_login_without_the_accounts_id_cannot_ask() -> None:
    found = refused(asked("instagram", held=Credentials(TOKEN), settings=FACEBOOK))
    assert (found.kind, found.hint) == (Kind.AUTH, action("account connect", "instagram/demo"))


# TikTok

OK = {"code": "ok", "message": "", "log_id": "1"}
CREATOR = {
    "creator_username": "demo",
    "privacy_level_options": ["SELF_ONLY", "MUTUAL_FOLLOW_FRIENDS"],
    "comment_disabled": True,
    "duet_disabled": False,
    "stitch_disabled": True,
    "max_video_post_duration_sec": 600,
}


def tt_user(fields: str = "open_id,username", code: str = "ok", status: int = 200, **user: str) -> Stub:
    error = {**OK, "code": code, "message": "" if code == "ok" else "No."}
    return Stub(
        "GET", TT_USER, {"fields": fields}, BEARER, status=status, answer={"data": {"user": user}, "error": error}
    )


def tt_creator(code: str = "ok", status: int = 200, **data: object) -> Stub:
    answer = {"data": {**CREATOR, **data}, "error": {**OK, "code": code, "message": "" if code == "ok" else "No."}}
    headers = {**BEARER, "content-type": "application/json; charset=UTF-8"}
    return Stub("POST", TT_CREATOR, headers=headers, status=status, answer=answer)


def test_tiktok_is_asked_who_it_is_and_what_its_creator_may_post() -> None:
    found = asked("tiktok", tt_user(open_id="-000a", username="demo"), tt_creator())
    assert (seen(found).user_id, seen(found).handle) == ("-000a", "demo")
    levels, off, longest = said(found)
    assert has_facts(levels, "ok", ": SELF_ONLY, MUTUAL_FOLLOW_FRIENDS")
    assert has_facts(off, "ok", ": comment, stitch")
    assert has_facts(longest, "ok", "600 s")


def test_a_privacy_level_that_is_not_offered_is_a_warning() -> None:
    options = {"tiktok.privacy_level": "PUBLIC_TO_EVERYONE"}
    found = asked("tiktok", tt_user(open_id="a", username="demo"), tt_creator(), options=options)
    remark = seen(found).remarks[0]
    assert remark.status is Grade.WARN
    assert "SELF_ONLY, MUTUAL_FOLLOW_FRIENDS" in remark.message
    assert remark.hint == action("account set", "tiktok/demo", set="tiktok.privacy_level=SELF_ONLY")
    offered = {"tiktok.privacy_level": "SELF_ONLY"}
    found = asked("tiktok", tt_user(open_id="a", username="demo"), tt_creator(), options=offered)
    assert seen(found).remarks[0].status is Grade.OK


def test_a_creator_without_privacy_levels_is_checked_by_the_rest() -> None:
    nothing = tt_creator(
        privacy_level_options=[], comment_disabled=False, stitch_disabled=False, max_video_post_duration_sec=None
    )
    found = asked("tiktok", tt_user(open_id="a"), nothing)
    assert said(found) == []
    off = said(asked("tiktok", tt_user(open_id="a"), tt_creator(privacy_level_options=None)))[0]
    assert has_facts(off, "ok", ": comment, stitch")


def test_without_the_permission_for_the_name_the_id_alone_is_asked_for() -> None:
    no = tt_user(code="scope_not_authorized", status=401)
    found = asked("tiktok", no, tt_user("open_id", open_id="-000a"), tt_creator())
    assert (seen(found).user_id, seen(found).handle) == ("-000a", "demo")
    found = asked("tiktok", no, tt_user("open_id", code="scope_not_authorized", status=401), tt_creator())
    assert (seen(found).user_id, seen(found).handle) == (None, "demo")
    assert said(found)[0][0] == "warn"


def test_a_day_of_posts_that_is_used_up_is_a_warning_although_the_status_is_200() -> None:
    found = asked("tiktok", tt_user(open_id="a"), tt_creator("spam_risk_too_many_posts"))
    (day,) = said(found)
    assert has_facts(day, "warn", ": No. (spam_risk_too_many_posts, log id 1)")


@pytest.mark.parametrize(("options", "status"), [({}, Grade.FAIL), ({"tiktok.mode": "inbox"}, Grade.WARN)])
def test_without_the_permission_to_publish_only_the_inbox_works(options: dict[str, str], status: Grade) -> None:
    no = tt_creator("scope_not_authorized", 401)
    (remark,) = seen(asked("tiktok", tt_user(open_id="a"), no, options=options)).remarks
    assert (remark.status, remark.reconnect) == (status, status is Grade.FAIL)


def test_a_dead_tiktok_token_ends_the_questions() -> None:
    found = refused(asked("tiktok", tt_user(code="access_token_invalid", status=401)))
    assert (found.kind, found.http_status) == (Kind.AUTH, 401)


# All of them


@each("platform", [name for name in PLATFORMS.names() if name != "command"])
def test_an_unreachable_platform_is_reported_and_has_no_clock(platform: str) -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to host")

    checker: Checker = checker_for(platform, Config(), StandingClock(), transport=httpx.MockTransport(down))
    account = Account(platform, "demo", id=1)
    found = refused(checker.check(account, HELD))
    assert (found.kind, found.passing) == (Kind.NETWORK, True)
    assert checker.platform_at(account) is None
    checker.close()


def test_the_platforms_clock_is_that_of_its_last_answer_moved_on() -> None:
    clock = StandingClock()
    checker = checker_for("x", Config(), clock, transport=Script(me(date=NOON + timedelta(hours=1))))
    account = Account("x", "demo", id=1)
    checker.check(account, HELD)
    clock.move(60)
    assert checker.platform_at(account) == NOON + timedelta(hours=1, minutes=1)
    checker.close()
