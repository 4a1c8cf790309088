"""X: tokens, scopes, rate limits."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from tests.sandbox.conftest import Web


def refreshed(x: Web, token: str | None = None, **request: Any) -> Any:
    form = {"grant_type": "refresh_token", "refresh_token": token or x.credentials["refreshToken"]}
    if "headers" not in request:
        form["client_id"] = x.credentials["clientId"]
    return x.post("/2/oauth2/token", signed=False, data=form, **request)


def test_me_returns_the_user(x: Web) -> None:
    assert x.get("/2/users/me").json() == {"data": {"id": x.user_id, "name": "demo", "username": "demo"}}
    assert "created_at" in x.get("/2/users/me?user.fields=created_at").json()["data"]
    assert x.get("/2/users/me?fields=id").status_code == 400


def test_a_missing_wrong_or_expired_token_gets_401(x: Web) -> None:
    unauthorized = {"title": "Unauthorized", "detail": "Unauthorized", "type": "about:blank", "status": 401}
    answer = x.get("/2/users/me", signed=False)
    assert (answer.status_code, answer.json()) == (401, unauthorized)
    assert answer.headers["content-type"] == "application/problem+json"
    assert x.get("/2/users/me", headers={"Authorization": f"OAuth {x.token}"}).status_code == 401
    x.clock.tick(hours=2)
    assert x.get("/2/users/me").json() == unauthorized


def test_a_refresh_rotates_and_a_spent_token_is_refused(x: Web) -> None:
    spent = x.credentials["refreshToken"]
    answer = refreshed(x)
    new = answer.json()
    assert (answer.status_code, new["token_type"], new["expires_in"]) == (200, "bearer", 7200)
    assert "offline.access" in new["scope"].split()
    assert x.get("/2/users/me").status_code == 401
    assert x.get("/2/users/me", headers={"Authorization": f"Bearer {new['access_token']}"}).status_code == 200
    again = refreshed(x, spent)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")
    assert refreshed(x, new["refresh_token"]).status_code == 200


def test_a_public_client_sends_its_id_and_a_confidential_one_its_secret(x: Web) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": x.credentials["refreshToken"]}
    nameless = x.post("/2/oauth2/token", signed=False, data=form)
    assert (nameless.status_code, nameless.json()["error"]) == (401, "unauthorized_client")
    x = x.account("x/demo", confidential=True)
    assert refreshed(x).status_code == 401
    pair = f"{x.credentials['clientId']}:{x.credentials['clientSecret']}"
    assert refreshed(x, headers={"Authorization": f"Basic {b64encode(b'a:b').decode()}"}).status_code == 401
    assert refreshed(x, headers={"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}).status_code == 200


def test_the_token_path_takes_a_form_only(x: Web) -> None:
    body = {"grant_type": "refresh_token", "refresh_token": x.credentials["refreshToken"]}
    assert x.post("/2/oauth2/token", json=body).status_code == 400
    assert x.get("/2/users/me").status_code == 200


def test_media_needs_its_own_scope(x: Web) -> None:
    x = x.account("x/demo", scopes=["tweet.read", "tweet.write", "users.read"])
    assert x.post("/2/media/upload/initialize", json={}).status_code == 403
    assert x.post("/2/tweets", json={"text": "a"}).status_code == 201


def test_every_answer_has_rate_limit_headers_and_the_101st_post_gets_429(x: Web) -> None:
    answers = [x.post("/2/tweets", json={"text": str(n)}) for n in range(101)]
    first, last = answers[0], answers[-1]
    assert (first.headers["x-rate-limit-limit"], first.headers["x-rate-limit-remaining"]) == ("100", "99")
    assert int(first.headers["x-rate-limit-reset"]) == int(x.clock().timestamp()) + 900
    assert (answers[99].status_code, last.status_code, last.json()["title"]) == (201, 429, "Too Many Requests")
    assert last.headers["x-rate-limit-remaining"] == "0"
    assert x.get("/2/users/me").status_code == 200
    x.clock.tick(minutes=15)
    assert x.post("/2/tweets", json={"text": "later"}).status_code == 201


def test_an_account_may_be_unlimited(x: Web) -> None:
    x = x.account("x/demo", unlimited=True)
    answers = [x.post("/2/tweets", json={"text": str(n)}) for n in range(102)]
    assert {answer.status_code for answer in answers} == {201}
    assert int(answers[-1].headers["x-rate-limit-remaining"]) > 0


def test_an_unknown_path_is_a_problem_too(x: Web) -> None:
    assert x.get("/2/tweets/1/likes").json()["status"] == 404
