"""The token endpoints of Instagram and Threads: a token of an hour for a code, one of sixty days for that, refresh.

Both platforms have the same paths, so the app's id or the token decides whose endpoint answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from ttp.sandbox.meta.records import A, renew
from ttp.sandbox.meta.requests import Params, SandboxGraph, allow_only, graph_error
from ttp.sandbox.records import DAY_MS, LoginCode
from ttp.sandbox.request_checks import RequestRefused, bearer, content_type, form_body
from ttp.sandbox.state import State


@dataclass(frozen=True)
class TokenEndpoints(Generic[A]):
    """`login`: that of the apps and accounts. `grants`: with which its kinds of grant begin. `approve`: the account
    after a person approved. `is_flat`: whether the first token is answered flat, or under `data`."""

    api: SandboxGraph[A]
    login: str
    grants: str
    approve: Callable[[A, LoginCode], A]
    is_flat: Callable[[State], bool]
    names_permissions: bool = True
    may_have_version: bool = True
    """Whether a version may come before the paths of the two exchanges."""

    def routes(self, state: State) -> list[Route]:
        """Return the routes."""
        logins = state.part(_Logins).by_app
        logins[self.api.name, self.login] = self
        front = ("", "/{version}") if self.may_have_version else ("",)
        return [
            Route("/oauth/access_token", partial(_token, state), methods=["POST"]),
            *(self._route(state, f"{version}/access_token", self.exchange) for version in front),
            *(self._route(state, f"{version}/refresh_access_token", self.refresh) for version in front),
        ]

    def _route(self, state: State, path: str, work: Any) -> Route:
        return _TokenRoute(state, self, self.api.authenticated_route(state, path, "GET", work, "basic"))

    def answer_first(self, state: State, login_code: LoginCode) -> Response:
        """Answer a code with a token of an hour."""
        account = renew(
            state, self.approve(state.account(self.api.account, login_code.account), login_code), short=True
        )
        state.save(account)
        number, granted = account.user_id, list(account.scopes)
        flat: dict[str, Any] = {"access_token": account.access_token, "user_id": int(number)}
        flat |= {"permissions": granted} if self.names_permissions else {}
        documented = {**flat, "user_id": number, "permissions": ",".join(granted)}
        return JSONResponse(flat if self.is_flat(state) else {"data": [documented]})

    async def exchange(self, state: State, account: A, request: Request, params: Params) -> Response:
        """`GET /access_token`: a token of sixty days for one of an hour, with the app's secret."""
        allow_only(params, {"grant_type", "client_secret"})
        if params.get("grant_type") != f"{self.grants}_exchange_token":
            raise graph_error(100, f"(#100) Param grant_type must be {self.grants}_exchange_token")
        apps = [app for app in state.apps.values() if app.belongs_to(self.api.name, self.login)]
        if params.get("client_secret") not in {app.secret for app in apps}:
            raise graph_error(1, "Error validating client secret.")
        if account.login != self.login or not account.short:
            raise graph_error(100, "(#100) Unsupported token: only a short-lived one can be exchanged")
        return self._answer_long_token(state, account)

    async def refresh(self, state: State, account: A, request: Request, params: Params) -> Response:
        """`GET /refresh_access_token`: a new token for one that lives and is at least a day old. The old one ends."""
        allow_only(params, {"grant_type"})
        if params.get("grant_type") != f"{self.grants}_refresh_token":
            raise graph_error(100, f"(#100) Param grant_type must be {self.grants}_refresh_token")
        if account.login != self.login or account.short:
            text = f"(#100) Unsupported token: only a long-lived one of {self.api.title} Login can be refreshed"
            raise graph_error(100, text)
        if state.now_ms() - account.issued_ms < DAY_MS:
            raise graph_error(100, "(#100) The access token must be at least 24 hours old to be refreshed")
        more = {"permissions": ",".join(account.scopes)} if self.names_permissions else {}
        return self._answer_long_token(state, account, **more)

    def _answer_long_token(self, state: State, account: A, **more: str) -> Response:
        account = renew(state, account)
        state.save(account)
        return JSONResponse(
            {"access_token": account.access_token, "token_type": "bearer", "expires_in": account.life_s, **more}
        )


@dataclass(slots=True)
class _Logins:
    """The logins by the platform and the login of their apps."""

    by_app: dict[tuple[str, str], TokenEndpoints[Any]] = field(default_factory=dict)


class _TokenRoute(Route):
    """Leaves a token of another platform to that platform's route at the same path."""

    def __init__(self, state: State, login: TokenEndpoints[Any], route: Route) -> None:
        super().__init__(route.path, route.endpoint, methods=["GET"])
        self._state, self._login = state, login

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = super().matches(scope)
        if match is not Match.NONE:
            request = Request(scope)
            token = bearer(request.headers) or request.query_params.get("access_token", "")
            others = [one for one in self._state.part(_Logins).by_app.values() if one is not self._login]
            if any(self._state.find_by_token(one.api.account, token) for one in others):
                return Match.NONE, {}
        return match, child_scope


async def _token(state: State, request: Request) -> Response:
    """`POST /oauth/access_token`: a token of an hour for a code."""
    if content_type(request) not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise _error("Missing required field client_id")
    form = await form_body(request)
    for name in ("client_id", "client_secret", "grant_type", "redirect_uri", "code"):
        if not form.get(name):
            raise _error(f"Missing required field {name}")
    app = state.apps.get(form["client_id"])
    login = None if app is None else state.part(_Logins).by_app.get((app.platform, app.login))
    if app is None or login is None:
        raise _error("Invalid platform app")
    if app.secret != form["client_secret"]:
        raise _error("Error validating client secret.")
    if form["grant_type"] != "authorization_code":
        raise _error("Invalid grant_type")
    login_code = state.login_codes.get(form["code"])
    if login_code is None or login_code.app != app.id or login_code.ends_ms <= state.now_ms():
        raise _error("Matching code was not found or was already used")
    if form["redirect_uri"] != login_code.redirect_uri:
        raise _error("Error validating verification code. Please make sure your redirect_uri is identical.")
    del state.login_codes[login_code.code]
    return login.answer_first(state, login_code)


def _error(message: str) -> RequestRefused:
    """400 in the shape of this endpoint, which differs from Graph errors."""
    return RequestRefused(JSONResponse({"error_type": "OAuthException", "code": 400, "error_message": message}, 400))
