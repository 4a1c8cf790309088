from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.platforms.logins import APP, CODE, GRAPH, META, OLD, REDIRECT, VERIFIER, Played
from tests.platforms.stubs import Stub
from tests.rows import each
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.platforms.login import Grant, Identity
from ttp.platforms.testing import NOON

CODES = "https://api.instagram.com/oauth/access_token"
FORM = {
    "client_id": "the-client",
    "client_secret": "the-secret",
    "grant_type": "authorization_code",
    "redirect_uri": REDIRECT,
    "code": CODE,
}
LONG = {"access_token": "new-access", "token_type": "bearer", "expires_in": 5183944}
SCOPES = ("instagram_business_basic", "instagram_business_content_publish")
FLAT = {"access_token": "short-access", "user_id": 17841400000000001, "permissions": list(SCOPES)}
LISTED = {"data": [{"access_token": "short-access", "user_id": "1784", "permissions": ",".join(SCOPES)}]}
TRADE = {"grant_type": "ig_exchange_token", "client_secret": "the-secret", "access_token": "short-access"}
AGAIN = {"grant_type": "ig_refresh_token", "access_token": "old-access"}
END = NOON + timedelta(seconds=5183944)
GRANT = Grant("new-access", issued_at=NOON, expires_at=END, scopes=SCOPES)
DEAD = {
    "error": {
        "message": "Error validating access token: Session has expired.",
        "type": "OAuthException",
        "code": 190,
        "error_subcode": 463,
    }
}


def played(*stubs: Stub) -> Played:
    return Played("instagram", *stubs)


def refreshing(**more: Any) -> Played:
    return played(Stub("GET", f"{GRAPH}/refresh_access_token", query=AGAIN, headers={"authorization": None}, **more))


def test_the_address_has_commas_and_no_challenge() -> None:
    instagram = played()
    assert instagram.login.challenge(VERIFIER, REDIRECT) is None
    url = instagram.login.authorize_url(APP, state="s", redirect_uri=REDIRECT, scopes=SCOPES, challenge=None)
    assert url.startswith("https://www.instagram.com/oauth/authorize?")
    assert parse_qs(urlsplit(url).query, strict_parsing=True) == {
        "client_id": ["the-client"],
        "redirect_uri": [REDIRECT],
        "response_type": ["code"],
        "scope": [",".join(SCOPES)],
        "state": ["s"],
    }


@pytest.mark.parametrize("short", [FLAT, LISTED])
def test_a_code_becomes_a_short_token_in_either_shape_and_that_a_long_one(short: object) -> None:
    code = Stub("POST", CODES, form=FORM, headers={"authorization": None}, answer=short)
    assert played(code, Stub("GET", f"{GRAPH}/access_token", query=TRADE, answer=LONG)).exchange() == GRANT


def test_a_used_code_is_refused_in_instagrams_other_shape() -> None:
    answer = {
        "error_type": "OAuthException",
        "code": 400,
        "error_message": "Matching code was not found or was already used",
    }
    refusal = played(Stub("POST", CODES, form=FORM, status=400, answer=answer)).exchange()
    assert (refusal.kind, refusal.passing) == (Kind.AUTH, False)
    assert answer["error_message"] in refusal.message


def test_a_short_token_that_cannot_be_traded_is_not_used() -> None:
    code = Stub("POST", CODES, form=FORM, answer=FLAT)
    trade = Stub("GET", f"{GRAPH}/access_token", query=TRADE, status=400, answer=DEAD)
    refusal = played(code, trade).exchange()
    assert (refusal.kind, refusal.code) == (Kind.AUTH, "190/463")


def test_a_living_token_renews_itself() -> None:
    assert refreshing(answer={**LONG, "permissions": ",".join(SCOPES)}).refresh() == GRANT


@each("code", [190, 102, 10, 200, 3])
def test_a_dead_token_or_a_withdrawn_permission_is_final(code: int) -> None:
    refusal = refreshing(status=400, answer={"error": {**DEAD["error"], "code": code, "error_subcode": None}}).refresh()
    assert (refusal.kind, refusal.passing) == (Kind.AUTH, False)
    assert "Error validating access token: Session has expired." in refusal.message


@each("code", [1, 2, 4, 17, 100, 613, 424242])
def test_any_other_refusal_of_a_living_token_may_pass(code: int) -> None:
    answer = {"error": {"message": "Not now.", "type": "OAuthException", "code": code}}
    refusal = refreshing(status=400, answer=answer).refresh()
    assert isinstance(refusal, NotDone)
    assert refusal.passing
    assert "Not now." in refusal.message


@pytest.mark.parametrize(
    "answer",
    [
        {"id": "2", "user_id": "17841400000000001", "username": "me.too", "account_type": "BUSINESS"},
        {"data": [{"id": "2", "user_id": 17841400000000001, "username": "me.too"}]},
    ],
)
def test_the_person_is_told_by_the_id_for_paths_in_either_shape(answer: object) -> None:
    stub = Stub(
        "GET",
        f"{GRAPH}/v25.0/me",
        query={"fields": "user_id,username,account_type"},
        headers={"authorization": "Bearer new-access"},
        answer=answer,
    )
    grant = Grant("new-access", issued_at=NOON)
    assert played(stub).who() == (Identity("17841400000000001", "me.too", grant),)


def test_instagram_has_no_way_to_give_access_back() -> None:
    assert played().revoke().kind is Kind.ACCOUNT


def by_facebook(*stubs: Stub) -> Played:
    return Played("instagram", *stubs, **{"platforms.instagram.login": "facebook"})


def pages(*lines: object, after: str = "", paging: object = None) -> Stub:
    query = {"fields": "id,name,access_token,instagram_business_account", "limit": "100"}
    answer = {"data": list(lines), "paging": paging}
    headers = {"authorization": "Bearer new-access"}
    asked = {**query, "after": after} if after else query
    return Stub("GET", f"{META}/me/accounts", query=asked, headers=headers, answer=answer)


def page(number: int, *, linked: bool = True) -> dict[str, object]:
    account = {"instagram_business_account": {"id": f"1784{number}"}} if linked else {}
    return {"id": str(number), "name": "A page", "access_token": f"page-token-{number}", **account}


def username(number: int, handle: str) -> Stub:
    headers = {"authorization": f"Bearer page-token-{number}"}
    query = {"fields": "username"}
    return Stub("GET", f"{META}/1784{number}", query=query, headers=headers, answer={"username": handle})


def test_facebooks_dialog_carries_the_version() -> None:
    facebook = by_facebook()
    url = facebook.login.authorize_url(
        APP, state="s", redirect_uri=REDIRECT, scopes=facebook.login.scopes, challenge=None
    )
    assert url.startswith("https://www.facebook.com/v25.0/dialog/oauth?")
    assert "instagram_content_publish%2C" in url


def test_a_code_of_facebook_becomes_a_long_token_with_the_granted_permissions() -> None:
    token = f"{META}/oauth/access_token"
    named = {"client_id": "the-client", "client_secret": "the-secret"}
    granted = [
        {"permission": "instagram_basic", "status": "granted"},
        {"permission": "pages_show_list", "status": "declined"},
    ]
    facebook = by_facebook(
        Stub(
            "GET",
            token,
            query={**named, "redirect_uri": REDIRECT, "code": CODE},
            answer={"access_token": "short-access", "expires_in": 3600},
        ),
        Stub(
            "GET",
            token,
            query={"grant_type": "fb_exchange_token", **named, "fb_exchange_token": "short-access"},
            answer={"access_token": "new-access", "expires_in": 5184000},
        ),
        Stub("GET", f"{META}/me/permissions", headers={"authorization": "Bearer new-access"}, answer={"data": granted}),
    )
    end = NOON + timedelta(days=60)
    assert facebook.exchange() == Grant("new-access", issued_at=NOON, expires_at=end, scopes=("instagram_basic",))


def test_every_page_with_an_account_is_found_with_its_own_token_that_does_not_end() -> None:
    more = {"cursors": {"after": "AAA"}, "next": "https://graph.facebook.com/…"}
    facebook = by_facebook(
        pages(page(1), page(2, linked=False), paging=more),
        username(1, "one"),
        pages(page(3), after="AAA", paging={"cursors": {"after": "BBB"}}),
        username(3, "three"),
    )
    people = facebook.who()
    assert [(p.user_id, p.handle, p.grant.access_token) for p in people] == [
        ("17841", "one", "page-token-1"),
        ("17843", "three", "page-token-3"),
    ]
    assert all(person.grant.expires_at is None for person in people)


def test_pages_without_an_account_are_refused() -> None:
    refusal = by_facebook(pages(page(2, linked=False))).who()
    assert (refusal.kind, refusal.passing) == (Kind.ACCOUNT, False)


def test_a_page_that_does_not_tell_its_name_is_a_refusal() -> None:
    silent = Stub("GET", f"{META}/17841", query={"fields": "username"}, status=400, answer=DEAD)
    assert DEAD["error"]["message"] in by_facebook(pages(page(1)), silent).who().message


def test_tokens_of_facebook_login_are_not_renewed() -> None:
    facebook = by_facebook()
    assert not facebook.login.renews(OLD)
    assert facebook.refresh().kind is Kind.AUTH


def revocation(**answer: Any) -> Stub:
    return Stub("DELETE", f"{META}/me/permissions", headers={"authorization": "Bearer old-access"}, **answer)


def test_facebook_takes_access_back_by_its_permissions() -> None:
    assert by_facebook(revocation(answer={"success": True})).revoke() is None


@each(
    ("status", "answer", "named"),
    [
        (400, {"error": {"message": "(#100) no page", "code": 100}}, "(#100) no page (100)"),
        (200, {"success": False}, "200"),
        (200, None, "200"),
    ],
)
def test_a_failed_revocation_on_facebook_is_reported(status: int, answer: object, named: str) -> None:
    assert named in by_facebook(revocation(status=status, answer=answer)).revoke().message
