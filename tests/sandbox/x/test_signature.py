"""X: requests signed with OAuth 1.0a."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest
from starlette.requests import Request

from tests.sandbox.conftest import START, Web
from ttp.sandbox.x.requests import base_string, signature

HOST = "http://127.0.0.1:8700"


def test_the_example_of_rfc_5849_is_signed_as_it_says() -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "server": ("photos.example.net", 80),
        "path": "/photos",
        "query_string": b"file=vacation.jpg&size=original",
        "headers": [(b"host", b"photos.example.net")],
    }
    oauth = {
        "oauth_consumer_key": "dpf43f3p2l4k3l03",
        "oauth_token": "nnch734d00sl2jdk",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131202",
        "oauth_nonce": "chapoH",
        "oauth_signature": "left out",
        "realm": "Photos",
    }
    base = asyncio.run(base_string(Request(scope), oauth))
    assert signature(base, "kd94hf93k423kf44", "pfkkdhi9sl3r4s00") == unquote("MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D")


@pytest.fixture
def signed(web: Web) -> Web:
    return web.account("x/signed", signed=True)


def header(keys: dict[str, str], method: str, target: str, form: str = "", **changes: str) -> str:
    """An Authorization header of a request, signed here by its own few lines."""
    oauth = {
        "oauth_consumer_key": keys["apiKey"],
        "oauth_token": keys["accessToken"],
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(START.timestamp())),
        "oauth_nonce": "n-1",
        "oauth_version": "1.0",
        **changes,
    }

    def encoded(text: str) -> str:
        return quote(text, safe="-._~")

    parts = urlsplit(HOST + target)
    pairs = [*oauth.items(), *parse_qsl(parts.query, True), *parse_qsl(form, True)]
    joined = "&".join(f"{k}={v}" for k, v in sorted((encoded(k), encoded(v)) for k, v in pairs))
    base = "&".join(map(encoded, (method, f"{HOST}{parts.path}", joined))).encode()
    key = f"{encoded(keys['apiSecret'])}&{encoded(keys['accessTokenSecret'])}".encode()
    oauth["oauth_signature"] = base64.b64encode(hmac.new(key, base, hashlib.sha1).digest()).decode()
    return "OAuth " + ", ".join(f'{k}="{encoded(v)}"' for k, v in oauth.items())


def call(web: Web, method: str, target: str, authorization: str, **request: Any) -> int:
    answer = web.call(method, target, headers={"Authorization": authorization}, **request)
    return answer.status_code


def test_oauth_1_credentials_have_four_keys(signed: Web) -> None:
    assert set(signed.credentials) == {"apiKey", "apiSecret", "accessToken", "accessTokenSecret", "userId"}


def test_a_signed_request_acts_as_the_user_and_its_keys_do_not_expire(signed: Web) -> None:
    target = "/2/users/me?user.fields=created_at%2Cname"
    assert call(signed, "GET", target, header(signed.credentials, "GET", target)) == 200
    signed.clock.tick(days=400)
    later = str(int(signed.clock().timestamp()))
    posted = header(signed.credentials, "POST", "/2/tweets", oauth_timestamp=later)
    assert call(signed, "POST", "/2/tweets", posted, json={"text": "signed"}) == 201
    assert signed.posts()[0]["account"] == "x/signed"


@pytest.mark.parametrize(
    "changes",
    [
        {"oauth_timestamp": str(int(START.timestamp()) - 301)},
        {"oauth_timestamp": str(int(START.timestamp()) + 301)},
        {"oauth_timestamp": "now"},
        {"oauth_signature_method": "PLAINTEXT"},
        {"oauth_version": "2.0"},
        {"oauth_consumer_key": "other"},
        {"oauth_token": "other"},
        {"oauth_nonce": ""},
    ],
)
def test_an_invalid_signature_gets_401(signed: Web, changes: dict[str, str]) -> None:
    assert call(signed, "GET", "/2/users/me", header(signed.credentials, "GET", "/2/users/me", **changes)) == 401


def test_a_signature_for_another_request_gets_401(signed: Web) -> None:
    good = header(signed.credentials, "GET", "/2/users/me")
    assert call(signed, "GET", "/2/users/me?user.fields=name", good) == 401
    assert call(signed, "GET", "/2/tweets?ids=1", good) == 401
    assert call(signed, "GET", "/2/users/me", good.replace("oauth_nonce", "oauth_once")) == 401
    assert call(signed, "GET", "/2/users/me", good + ', oauth_nonce="n-2"') == 401
    assert call(signed, "GET", "/2/users/me", good) == 200


def test_a_nonce_works_once(signed: Web) -> None:
    once = header(signed.credentials, "GET", "/2/users/me")
    assert [call(signed, "GET", "/2/users/me", once) for _ in range(2)] == [200, 401]
    again = header(signed.credentials, "GET", "/2/users/me", oauth_nonce="n-2")
    assert call(signed, "GET", "/2/users/me", again) == 200


def test_a_form_is_signed_with_the_request_and_other_bodies_are_not(signed: Web) -> None:
    form = header(signed.credentials, "POST", "/2/tweets", form="text=a+b%26c", oauth_nonce="n-3")
    assert call(signed, "POST", "/2/tweets", form, data={"text": "a b&c"}) == 400  # signed well, but no JSON
    assert call(signed, "POST", "/2/tweets", form.replace("n-3", "n-4"), data={"text": "a b&c"}) == 401
    files = header(signed.credentials, "POST", "/2/media/upload", oauth_nonce="n-5")
    upload = {"files": {"media": ("a", b"GIF89a" + bytes(10))}, "data": {"media_category": "tweet_gif"}}
    assert call(signed, "POST", "/2/media/upload", files, **upload) == 200
