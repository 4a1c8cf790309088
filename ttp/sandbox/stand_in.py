"""The stand-in of a platform. Each folder with a `stand_in.py` that names its `STAND_IN` is one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ttp.sandbox.records import SandboxAccount, SandboxApp, SandboxPost
from ttp.sandbox.request_checks import BodyField
from ttp.sandbox.state import State


def with_slashes(*routes: Route) -> list[BaseRoute]:
    """Return routes that take a slash at their end, too: some client libraries send one."""
    slashed = [Route(f"{known.path}/", known.endpoint, methods=list(known.methods or ())) for known in routes]
    return [*routes, *slashed]


class SandboxPlatform:
    """A platform as the sandbox plays it: its paths, and what the control API may order of it."""

    name: str
    title: str
    rank: int = 0
    """Routes are tried in this order. A platform whose paths match nearly anything comes last."""
    paths: re.Pattern[str]
    """Matches the beginning of its paths."""
    account: type[SandboxAccount]
    records: tuple[type, ...] = ()
    """Kinds of records it keeps in addition to accounts and posts."""
    switches: type[Any]
    """Dataclass of its switches."""
    apps: tuple[SandboxApp, ...] = ()
    logins: tuple[str, ...] = ()
    """Names of its logins if there are several; the first is the default."""
    limits: Mapping[str, int] = MappingProxyType({})
    """How often each thing may be done."""
    troubles: tuple[str, ...] = ()
    """Names of refusals that can be ordered."""
    account_fields: tuple[BodyField, ...] = ()
    """What can be ordered of its accounts."""
    post_kinds: ClassVar[Mapping[str, str]] = {}
    """Kinds that a post may have, and what the page calls them; empty for nothing."""
    help: str = ""
    """Lines for the control API's help: login pages, redirects, credentials."""

    def demo_handle(self, address: str) -> str:
        """Return the handle of its first account. `address`: host and port of the sandbox."""
        return "demo"

    def routes(self, state: State) -> list[BaseRoute]:
        """Return its routes over `state`."""
        raise NotImplementedError

    def new_account(self, state: State, name: str) -> SandboxAccount:
        """Return a new account without tokens, not yet saved."""
        raise NotImplementedError

    def choose_tokens(self, account: Any, order: Mapping[str, Any]) -> SandboxAccount:
        """Return the account with what an order says of its next tokens."""
        changed: SandboxAccount = account
        return changed

    def change_account(self, account: Any, order: Mapping[str, Any]) -> SandboxAccount:
        """Return the account with everything else that an order says of it: by default what `account_fields` set."""
        values = {one.sets: order[one.name] for one in self.account_fields if one.sets and one.name in order}
        changed: SandboxAccount = replace(
            account, **{n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}
        )
        return changed

    def new_post_id(self, state: State, at_ms: int) -> str:
        """Return the id of a post of the past."""
        raise NotImplementedError

    def credentials(self, account: Any, order: Mapping[str, Any]) -> dict[str, str]:
        found: dict[str, str] = account.credentials()
        return found

    def past_post(self, state: State, account: SandboxAccount, order: Mapping[str, Any], at_ms: int) -> SandboxPost:
        """Return a post as if it had been published at `at_ms`."""
        return SandboxPost(
            self.new_post_id(state, at_ms), account.id, order["text"], (), at_ms, parent=order.get("parent")
        )

    def no_such_path(self, request: Request, error: HTTPException) -> Response:
        """Answer a path or a method that the platform does not have."""
        raise NotImplementedError


@cache
def find_stand_ins() -> tuple[SandboxPlatform, ...]:
    """Return the stand-ins of all folders, in the order of their routes."""
    folders = sorted(path.parent.name for path in Path(__file__).parent.glob("*/stand_in.py"))
    found: list[SandboxPlatform] = [import_module(f"ttp.sandbox.{name}.stand_in").STAND_IN for name in folders]
    return tuple(sorted(found, key=lambda one: one.rank))


def stand_in(name: str) -> SandboxPlatform:
    """Return the stand-in of a platform."""
    return next(one for one in find_stand_ins() if one.name == name)


def platform_of(path: str) -> SandboxPlatform | None:
    """Return the platform that a path belongs to; None for the control paths."""
    return next((one for one in find_stand_ins() if one.paths.match(path)), None)
