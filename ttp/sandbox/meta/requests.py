"""Meta's Graph API: how every request is checked and refused. Errors, parameters, fields, tokens, usage headers."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.meta.records import DEAD, MetaAccount
from ttp.sandbox.records import SandboxPost
from ttp.sandbox.request_checks import RequestRefused, bearer, content_type, json_body
from ttp.sandbox.stand_in import platform_of
from ttp.sandbox.state import State

A = TypeVar("A", bound=MetaAccount)
Params: TypeAlias = Mapping[str, str]
Work: TypeAlias = Callable[[State, A, Request, Params], Awaitable[Response]]
REGAIN_MINUTES = 60
"""How long a throttled account is asked to wait."""
_TYPE_NAMES = {str: "a string", bool: "a boolean", int: "an integer", list: "an array", dict: "an object"}
_FIELD = re.compile(r"([a-z_0-9]+)((?:\.[a-z_]+\([^)]*\))*)")
_VERSION = re.compile(r"v([1-9]\d?)\.0")


def graph_error(code: int, message: str, subcode: int | None = None, transient: bool = False) -> RequestRefused:
    """400 in the Graph API's error shape."""
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code}
    if subcode is not None:
        error |= {"error_subcode": subcode, "is_transient": transient, "error_user_title": message}
        error["error_user_msg"] = message
    error["fbtrace_id"] = "A" + secrets.token_urlsafe(16)
    return RequestRefused(JSONResponse({"error": error}, 400))


def no_such_node(node: str) -> RequestRefused:
    """100/33: the id names nothing that this token may see."""
    return graph_error(
        100,
        f"Unsupported request. Object with ID '{node}' does not exist, cannot be loaded due to missing permissions,"
        " or does not support this operation.",
        33,
    )


def own_post(state: State, account: MetaAccount, request: Request) -> SandboxPost:
    """Return the post that the path names. 100/33 unless it is one of the token's account, and no comment."""
    post = state.posts.get(request.path_params["node"])
    if post is None or post.account != account.id or post.deleted or post.parent:
        raise no_such_node(request.path_params["node"])
    return post


@dataclass(frozen=True)
class SandboxGraph(Generic[A]):
    """One platform on the Graph API. `permissions`: for each login, the names of what routes need. `calls`: the name of
    the limit of an account's calls, and how many it has a day. `json_types`: of parameters that are not strings; lists
    and objects may also be sent as text."""

    name: str
    title: str
    account: type[A]
    permissions: Mapping[str, Mapping[str, str]]
    calls: tuple[str, int]
    newest_version: int
    json_types: Mapping[str, type]
    throttled: int = 80002
    """The code of an answer to too many calls."""

    def authenticated_route(
        self, state: State, path: str, method: str, work: Work[A], scope: str | None = None
    ) -> Route:
        """Return a route that needs a live token with `scope`. `work` gets the parameters without the token. `scope` is
        a name of `permissions`, or a permission by its own name."""

        async def endpoint(request: Request) -> Response:
            version = request.path_params.get("version")
            if version is not None and not ((m := _VERSION.fullmatch(version)) and int(m[1]) <= self.newest_version):
                if (other := platform_of(request.url.path)) and other.name != self.name:
                    raise HTTPException(404)  # its unknown paths end here too, since any version may come first
                raise graph_error(2500, f"Unknown path components: {request.url.path}")
            params = await self.read_params(request)
            token = params.pop("access_token", None)
            account = self.authenticate(state, token := bearer(request.headers) or token)
            self._check_proof(state, token or "", params.pop("appsecret_proof", None))
            used, _ = state.count_calls(account.id, "calls", 86_400)
            percent = 100 * used // state.limit(*self.calls, account)
            try:
                if percent >= 100 or state.trouble_of(account) == "throttled":
                    percent = 100
                    raise graph_error(
                        self.throttled,
                        f"(#{self.throttled}) There have been too many calls to this {self.title} account.",
                    )
                self.check_permission(account, scope)
                answer = await work(state, account, request, params)
            except RequestRefused as refused:
                answer = refused.response
            usage = {"call_count": percent, "total_cputime": percent // 2, "total_time": percent // 2}
            answer.headers["x-app-usage"] = json.dumps(usage)
            regain = REGAIN_MINUTES if percent >= 100 else 0
            entry = {"type": self.name, **usage, "estimated_time_to_regain_access": regain}
            answer.headers["x-business-use-case-usage"] = json.dumps({account.user_id: [entry]})
            return answer

        return Route(path, endpoint, methods=[method])

    def _check_proof(self, state: State, token: str, proof: str | None) -> None:
        """Code 100 for an `appsecret_proof` that is not the HMAC-SHA256 of the token with the secret of an app."""
        if proof is None:
            return
        secrets_known = [app.secret for app in state.apps.values() if app.platform == self.name and app.secret]
        proofs = [hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest() for secret in secrets_known]
        if proof not in proofs:
            raise graph_error(100, "Invalid appsecret_proof provided in the API argument")

    def check_permission(self, account: A, scope: str | None) -> None:
        """Code 10 for a permission that the user did not grant."""
        if scope is None:
            return
        needed = self.permissions[account.login].get(scope, scope)
        if needed not in account.scopes:
            raise graph_error(10, f"(#10) Application does not have permission for this action: {needed} is needed.")

    def authenticate(self, state: State, token: str | None) -> A:
        """Return the account of a token. Code 2500 for none, 190 for an unknown, ended or dead one."""
        if not token:
            raise graph_error(2500, "An active access token must be used to query information about the current user.")
        account = state.find_by_token(self.account, token)
        if account is None:
            raise graph_error(190, "Error validating access token: the token is not valid.", 467)
        if account.dead:
            raise graph_error(190, f"Error validating access token: {DEAD[account.dead]}", account.dead)
        if account.has_ended(token, state.now_ms()):
            raise graph_error(190, "Error validating access token: Session has expired.", 463)
        return account

    async def read_params(self, request: Request) -> dict[str, str]:
        """Return query, form and JSON parameters in one mapping, as text; lists and objects as JSON text."""
        params = dict(request.query_params)
        match content_type(request):
            case "application/x-www-form-urlencoded" | "multipart/form-data":
                params |= {
                    name: value for name, value in (await request.form()).multi_items() if isinstance(value, str)
                }
            case "application/json":
                body = await json_body(request, lambda message: graph_error(100, f"(#100) {message}"))
                params |= {name: self._json_param(name, value) for name, value in body.items()}
        return params

    def _json_param(self, name: str, value: object) -> str:
        """Return a parameter of a JSON body as text. Code 100 for a value of another type than documented."""
        kind = self.json_types.get(name, str)
        if type(value) is not kind and not (isinstance(value, str) and kind in (list, dict)):
            raise graph_error(100, f"(#100) Param {name} must be {_TYPE_NAMES[kind]}.")
        return value if isinstance(value, str) else json.dumps(value)


def allow_only(params: Params, allowed: Collection[str]) -> None:
    """Code 100 for a parameter that is neither `allowed` nor one that Meta's own SDK adds to every list."""
    for name in params:
        if name not in allowed and name != "summary":
            raise graph_error(100, f"(#100) Unknown parameter {name}")


def split_list(text: str) -> list[str]:
    """Return the entries of a list parameter. Code 100 for text that is neither a comma list nor a JSON array."""
    if not text.lstrip().startswith("["):
        return [entry.strip() for entry in _split_at_commas(text)] if text.strip() else []
    try:
        entries = json.loads(text)
    except ValueError:
        raise graph_error(100, "(#100) Param must be an array.") from None
    if not isinstance(entries, list) or not all(isinstance(entry, str | int) for entry in entries):
        raise graph_error(100, "(#100) Param must be an array.")
    return [str(entry).strip() for entry in entries]


def select_fields(params: Params, fields: Mapping[str, Any], default: Collection[str] = ("id",)) -> dict[str, Any]:
    """Return those of `fields` that a request asks for. None marks a missing field; `id` is always there."""
    names = split_list(params["fields"]) if params.get("fields") else list(default)
    return _select(names, fields)


def _select(names: list[str], fields: Mapping[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for field in names:
        match = _FIELD.match(field)
        rest = field[match.end() :] if match else field
        if match is None or match[1] not in fields or (rest and not (rest[0] == "{" and rest[-1] == "}")):
            raise graph_error(100, f"(#100) Tried accessing nonexisting field ({field})")
        if (value := fields[match[1]]) is not None:
            answer[match[1]] = _select_inside(value, _split_at_commas(rest[1:-1]) if rest else ["id"])
    if "id" in fields:
        answer["id"] = fields["id"]
    return answer


def _select_inside(value: Any, names: list[str]) -> Any:
    """Return what is asked of a field that is a node, or an edge of nodes; its id when nothing is."""
    match value:
        case {"id": _}:
            return _select(names, value)
        case {"data": [{"id": _}, *_] as nodes}:
            return {"data": [_select(names, node) for node in nodes]}
        case _:
            return value


def _split_at_commas(text: str) -> list[str]:
    """Split at the commas outside brackets."""
    entries, depth = [""], 0
    for sign in text:
        depth += (sign in "{(") - (sign in "})")
        if sign == "," and depth == 0:
            entries.append("")
        else:
            entries[-1] += sign
    return [entry.strip() for entry in entries]
