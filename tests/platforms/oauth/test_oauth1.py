"""The signature of OAuth 1.0a against RFC 5849: its own example, and an independent reading of its text."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import httpx
from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.factories import PLATFORMS
from tests.platforms.stubs import Script, Stub, order
from tests.settings import Config
from ttp.domain.account import Credentials
from ttp.platforms.platform import Runtime
from ttp.platforms.testing import NOON, StandingClock
from ttp.platforms.x.auth import signature

KEYS = Credentials("the-token", client_id="the-key", client_secret="key-secret", token_secret="token-secret")


def parts(header: str) -> dict[str, str]:
    """The parameters of an Authorization header."""
    assert header.startswith("OAuth ")
    return {unquote(name): unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header)}


def by_hand(header: str, method: str, url: str, keys: Credentials) -> str:
    """The signature as sections 3.4.1 and 3.4.2 describe it."""

    def enc(text: str) -> str:
        return quote(text, safe="-._~")

    split = urlsplit(url)
    given = {name: value for name, value in parts(header).items() if name != "oauth_signature"}
    pairs = [*given.items(), *parse_qsl(split.query, keep_blank_values=True)]
    normal = "&".join(f"{name}={value}" for name, value in sorted((enc(n), enc(v)) for n, v in pairs))
    base = "&".join([method, enc(f"{split.scheme}://{split.netloc}{split.path}"), enc(normal)])
    key = f"{enc(keys.client_secret or '')}&{enc(keys.token_secret or '')}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


def test_the_example_of_rfc_5849() -> None:
    keys = Credentials(
        "nnch734d00sl2jdk",
        client_id="dpf43f3p2l4k3l03",
        client_secret="kd94hf93k423kf44",
        token_secret="pfkkdhi9sl3r4s00",
    )
    header = signature(
        keys,
        "GET",
        "http://photos.example.net/photos?file=vacation.jpg&size=original",
        now=datetime.fromtimestamp(137131202, UTC),
        nonce="chapoH",
    )
    # The RFC's example leaves out oauth_version, which is optional and part of what is signed.
    assert parts(header)["oauth_version"] == "1.0"
    url = "http://photos.example.net/photos?file=vacation.jpg&size=original"
    assert parts(header)["oauth_signature"] == by_hand(header, "GET", url, keys)
    without = re.sub(r'oauth_version="1.0",\s*', "", header)
    assert by_hand(without, "GET", url, keys) == "MdpQcU8iPSUjWoN/UDMsK2sui9I="


@given(
    st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=10), max_size=4), st.sampled_from(["GET", "POST"])
)
def test_any_query_is_signed_as_the_rfc_says(query: dict[str, str], method: str) -> None:
    encoded = "&".join(f"{quote(n.encode(), safe='')}={quote(v.encode(), safe='')}" for n, v in query.items())
    url = "https://api.x.com/2/users/me" + (f"?{encoded}" if encoded else "")
    header = signature(KEYS, method, url, now=NOON)
    assert parts(header)["oauth_signature"] == by_hand(header, method, url, KEYS)


def test_no_nonce_comes_twice_and_no_secret_is_sent() -> None:
    headers = [signature(KEYS, "GET", "https://api.x.com/2/users/me", now=NOON) for _ in range(50)]
    assert len({parts(header)["oauth_nonce"] for header in headers}) == 50
    assert not any("secret" in header for header in headers)
    assert parts(headers[0])["oauth_timestamp"] == str(int(NOON.timestamp()))


def test_a_client_with_user_keys_signs_what_it_sends_with_its_query() -> None:
    seen: list[httpx.Request] = []

    class Signed(Stub):
        def check(self, request: httpx.Request) -> None:
            seen.append(request)

    script = Script(Signed("GET", "", answer={"data": {}}))
    http = Runtime(Config(), StandingClock(), transport=script).http(PLATFORMS.facts("x"))
    http.request_for(order("x", credentials=KEYS), "GET", "/2/tweets", query={"ids": "1,2", "a b": "ü"})
    (request,) = seen
    header = request.headers["authorization"]
    assert parts(header)["oauth_token"] == "the-token"
    assert parts(header)["oauth_signature"] == by_hand(header, "GET", str(request.url), KEYS)


def test_the_secrets_of_user_keys_are_never_part_of_their_repr() -> None:
    assert "secret" not in repr(KEYS).replace("client_secret", "").replace("token_secret", "")
