"""X: requests signed with OAuth 1.0a, checked strictly by RFC 5849. HMAC-SHA1 in the Authorization header."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from starlette.requests import Request

from ttp.sandbox.request_checks import content_type
from ttp.sandbox.state import State
from ttp.sandbox.x.records import Memory, XAccount, XSwitches

_PAIR = re.compile(r'([a-z_]+)="([^"]*)"')
_REQUIRED = {"oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_signature_method", "oauth_timestamp"}
_REQUIRED |= {"oauth_token"}


async def find_signer(state: State, request: Request) -> XAccount | None:
    """Return the account whose keys signed the request; None for any fault in it. A nonce works once a second."""
    given = _header(request)
    if given is None or given["oauth_signature_method"] != "HMAC-SHA1" or given.get("oauth_version", "1.0") != "1.0":
        return None
    account = next((a for a in state.accounts_of(XAccount) if a.signing and a.signing[2] == given["oauth_token"]), None)
    if account is None or not account.signing or account.signing[0] != given["oauth_consumer_key"]:
        return None
    now_s, slack_s, memory = state.now_ms() / 1000, state.part(XSwitches).clock_slack_s, state.part(Memory)
    stamp = given["oauth_timestamp"]
    nonce = " ".join((stamp, given["oauth_token"], given["oauth_nonce"]))
    if not stamp.isdecimal() or abs(int(stamp) - now_s) > slack_s or not given["oauth_nonce"]:
        return None
    if nonce in memory.nonces:
        return None
    _, secret, _, token_secret = account.signing
    expected = signature(await base_string(request, given), secret, token_secret)
    if not hmac.compare_digest(expected, given["oauth_signature"]):
        return None
    memory.nonces = {n: at for n, at in memory.nonces.items() if now_s - at <= 2 * slack_s}
    memory.nonces[nonce] = now_s
    return account


def signature(base: str, secret: str, token_secret: str) -> str:
    """Return the HMAC-SHA1 of the base string, in base64 (RFC 5849, 3.4.2)."""
    key = f"{_encoded(secret)}&{_encoded(token_secret)}".encode()
    return base64.b64encode(hmac.new(key, base.encode(), hashlib.sha1).digest()).decode()


async def base_string(request: Request, oauth: dict[str, str]) -> str:
    """Return method, address and every parameter of the query, the header and a form (RFC 5849, 3.4.1)."""
    parameters = [(name, value) for name, value in oauth.items() if name not in ("oauth_signature", "realm")]
    parameters += parse_qsl(request.url.query, keep_blank_values=True)
    if content_type(request) == "application/x-www-form-urlencoded":
        parameters += parse_qsl((await request.body()).decode("latin-1"), keep_blank_values=True)
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in parameters)
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join((request.method.upper(), _encoded(_address(request)), _encoded(joined)))


def _address(request: Request) -> str:
    """Return scheme, host in lower case, a port that is not the default, the path as sent (RFC 5849, 3.4.1.2)."""
    parts = urlsplit(str(request.url))
    host = (parts.hostname or "").lower()
    own = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, own) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path or '/'}"


def _header(request: Request) -> dict[str, str] | None:
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "oauth":
        return None
    pairs = [(unquote(name), unquote(value)) for name, value in _PAIR.findall(rest)]
    given = dict(pairs)
    return given if len(given) == len(pairs) and given.keys() >= _REQUIRED else None


def _encoded(text: str) -> str:
    """Percent-encode everything but unreserved characters (RFC 5849, 3.6)."""
    return quote(text, safe="-._~")
