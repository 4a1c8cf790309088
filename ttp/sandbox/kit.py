"""What stand-ins declare: how often something may be done, and the order in which a call is checked and refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ttp.sandbox.records import SandboxAccount
from ttp.sandbox.request_checks import RequestRefused
from ttp.sandbox.state import State

A = TypeVar("A")
Check: TypeAlias = Callable[[State, A, Request], Mapping[str, str] | None]
"""Refuses a call, or returns headers for its answer."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How often something may be done in a window, and what is answered. `refusal`: with the seconds until the window's
    end. `headers`: of the limit, of the calls left and of the end in epoch seconds. `counted_as`: whose calls count
    together."""

    name: str
    most: int
    window_s: int
    refusal: Callable[[int], RequestRefused]
    headers: Callable[[int, int, int], Mapping[str, str]] = lambda limit, left, reset: {}
    counted_as: Callable[[SandboxAccount | None], str] = lambda account: account.id if account else ""

    def count(self, state: State, account: SandboxAccount | None, calls: int = 1) -> Mapping[str, str]:
        """Count calls, and return the headers for them. Refuses a call past the limit."""
        limit = state.limit(self.name, self.most, account)
        used, reset = state.count_calls(self.counted_as(account), self.name, self.window_s, calls)
        headers = self.headers(limit, max(0, limit - used), reset)
        if used > limit:
            refused = self.refusal(max(1, reset - state.now_ms() // 1000))
            refused.response.headers.update(headers)
            raise refused
        return headers

    def __call__(self, state: State, account: SandboxAccount | None, request: Request) -> Mapping[str, str]:
        return self.count(state, account)


def checked_route(
    state: State,
    path: str,
    method: str,
    authenticate: Callable[[State, Request], Awaitable[A]],
    work: Callable[[State, A, Request], Awaitable[Response]],
    *checks: Check[A],
) -> Route:
    """Return a route that needs an account, and passes the checks in this order. Refusals have headers, too."""

    async def endpoint(request: Request) -> Response:
        headers: dict[str, str] = {}
        try:
            account = await authenticate(state, request)
            for check in checks:
                headers |= check(state, account, request) or {}
            answer = await work(state, account, request)
        except RequestRefused as refused:
            answer = refused.response
        for name, value in headers.items():
            answer.headers.setdefault(name, value)
        return answer

    return Route(path, endpoint, methods=[method])
