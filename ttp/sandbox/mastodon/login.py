"""Mastodon: registering an app, the authorization page, tokens, and the description of the server."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.consent import VERIFIER, LoginPage, authorization_route, refusal_page, s256
from ttp.sandbox.mastodon.media import AUDIO, MIMES
from ttp.sandbox.mastodon.records import KNOWN_SCOPES, MastodonAccount, profile_of
from ttp.sandbox.mastodon.requests import no_such_route, refusal
from ttp.sandbox.records import SandboxApp
from ttp.sandbox.request_checks import RequestRefused, content_type, form_body, json_body
from ttp.sandbox.state import State, grant_tokens

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


def routes(state: State) -> list[Route]:
    return [
        Route("/api/v1/apps", partial(register, state), methods=["POST"]),
        authorization_route(state, "/oauth/authorize", _PAGE),
        Route("/oauth/token", partial(token, state), methods=["POST"]),
        Route("/oauth/revoke", partial(revoke, state), methods=["POST"]),
        Route("/api/v2/instance", partial(instance, state, 2), methods=["GET"]),
        Route("/api/v1/instance", partial(instance, state, 1), methods=["GET"]),
        Route("/.well-known/nodeinfo", partial(nodeinfo_links, state), methods=["GET"]),
        Route("/nodeinfo/2.0", partial(nodeinfo, state), methods=["GET"]),
        Route("/.well-known/webfinger", partial(webfinger, state), methods=["GET"]),
    ]


def _read_challenge(params: Mapping[str, str]) -> tuple[str | None, str]:
    challenge = params.get("code_challenge")
    if challenge is not None and (params.get("code_challenge_method") != "S256" or not VERIFIER.fullmatch(challenge)):
        raise refusal_page("The code challenge method must be S256.")
    return challenge, "S256"


_PAGE = LoginPage(
    platform="mastodon",
    required=("response_type", "client_id", "redirect_uri", "scope"),
    optional=("state", "code_challenge", "code_challenge_method", "force_login", "lang"),
    scopes=KNOWN_SCOPES,
    separator=r"\s+",
    may_redirect=lambda parts: False,
    read_challenge=_read_challenge,
    code_ms=600_000,
    denied={
        "error": "access_denied",
        "error_description": "The resource owner or authorization server denied the request.",
    },
    shows_code=OUT_OF_BAND,
)


async def register(state: State, request: Request) -> Response:
    """`POST /api/v1/apps`"""
    body = (
        await json_body(request, lambda message: refusal(422, f"Validation failed: {message}"))
        if content_type(request) == "application/json"
        else await form_body(request)
    )
    if not body.get("client_name"):
        raise refusal(422, "Validation failed: Application name can't be blank")
    named = body.get("redirect_uris")
    addresses = named if isinstance(named, list) else str(named or "").split("\n")
    scopes = str(body.get("scopes") or "read").split()
    if not all(addresses) or not addresses:
        raise refusal(422, "Validation failed: Redirect URI must be an absolute URI.")
    if not set(scopes) <= KNOWN_SCOPES:
        raise refusal(422, "Validation failed: Scopes doesn't match configured on the server.")
    app = SandboxApp(secrets.token_urlsafe(32), "mastodon", secrets.token_urlsafe(32), redirects=tuple(addresses))
    state.save(app)
    return JSONResponse(
        {
            "id": str(len(state.apps)),
            "name": body["client_name"],
            "client_id": app.id,
            "client_secret": app.secret,
            "redirect_uri": "\n".join(addresses),
            "redirect_uris": addresses,
            "scopes": scopes,
        }
    )


async def token(state: State, request: Request) -> Response:
    """`POST /oauth/token`: a code works once, with the redirect address and the verifier that belong to it."""
    form = await form_body(request)
    app = _client(state, form)
    if form.get("grant_type") != "authorization_code":
        raise _error(400, "unsupported_grant_type", "The authorization grant type is not supported.")
    found = state.login_codes.pop(form.get("code", ""), None)
    if (
        found is None
        or (found.app, found.redirect_uri) != (app.id, form.get("redirect_uri"))
        or found.ends_ms <= state.now_ms()
        or found.challenge not in (None, s256(form.get("code_verifier", "")))
    ):
        raise _error(400, "invalid_grant", "The provided authorization grant is invalid, expired or revoked.")
    account = grant_tokens(state, MastodonAccount, found)
    state.save(account)
    return JSONResponse(
        {
            "access_token": account.access_token,
            "token_type": "Bearer",
            "scope": " ".join(account.scopes),
            "created_at": account.issued_ms // 1000,
        }
    )


async def revoke(state: State, request: Request) -> Response:
    """`POST /oauth/revoke`: may be repeated."""
    form = await form_body(request)
    app = _client(state, form)
    account = state.find_by_token(MastodonAccount, form.get("token", ""))
    if account is not None and account.client_id != app.id:
        raise _error(403, "unauthorized_client", "You are not authorized to revoke this token")
    if account is not None:
        state.save(account.without_tokens())
    return JSONResponse({})


def _client(state: State, form: Mapping[str, str]) -> SandboxApp:
    app = state.apps.get(form.get("client_id", ""))
    if app is None or app.platform != "mastodon" or app.secret != form.get("client_secret"):
        raise _error(401, "invalid_client", "Client authentication failed due to unknown client.")
    return app


def _error(status: int, error: str, description: str) -> RequestRefused:
    return RequestRefused(JSONResponse({"error": error, "error_description": description}, status))


async def instance(state: State, version: int, request: Request) -> Response:
    """What the server allows."""
    profile = profile_of(state)
    if version == 2 and not profile.instance_v2:
        raise no_such_route()
    said = f"{profile.version}" if profile.software == "mastodon" else f"4.2.0 (compatible; {profile.software})"
    media = {
        "supported_mime_types": [*MIMES, *AUDIO],
        "image_size_limit": 16_777_216,
        "image_matrix_limit": 33_177_600,
        "video_size_limit": 103_809_024,
        "video_frame_rate_limit": 120,
        "video_matrix_limit": 8_294_400,
        "description_limit": 1500,
    }
    polls = {"max_options": 4, "max_characters_per_option": 50, "min_expiration": 300, "max_expiration": 2_629_746}
    statuses = {
        "max_characters": profile.characters,
        "max_media_attachments": 4,
        "characters_reserved_per_url": 23,
    }
    body = {
        "domain" if version == 2 else "uri": "sandbox.test",
        "title": "Sandbox",
        "version": said,
        "configuration": {"statuses": statuses, "media_attachments": media, "polls": polls},
    }
    if profile.api:
        body["api_versions"] = {"mastodon": profile.api}
    return JSONResponse(body)


async def nodeinfo_links(state: State, request: Request) -> Response:
    href = f"{request.url.scheme}://{request.url.netloc}/nodeinfo/2.0"
    return JSONResponse({"links": [{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": href}]})


async def nodeinfo(state: State, request: Request) -> Response:
    profile = profile_of(state)
    software = {"name": profile.software, "version": profile.version}
    return JSONResponse({"version": "2.0", "software": software, "protocols": ["activitypub"]})


async def webfinger(state: State, request: Request) -> Response:
    name = request.query_params.get("resource", "").removeprefix("acct:").partition("@")[0]
    found = next((a for a in state.accounts_of(MastodonAccount) if a.username == name), None)
    if found is None:
        raise refusal(404, "Record not found")
    root = f"{request.url.scheme}://{request.url.netloc}"
    self_link = {"rel": "self", "type": "application/activity+json", "href": f"{root}/users/{name}"}
    return JSONResponse({"subject": request.query_params["resource"], "links": [self_link]})
