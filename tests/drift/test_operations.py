"""Each door names an operation of the table, each operation has a door, and each door lets in whom the table says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.drift.operations_page import TOKENS, doors, leaves
from ttp.cli.command_table import BY_NAME
from ttp.cli.context import Context
from ttp.cli.remote.child import CallerFiles, TokenContext
from ttp.domain.errors import NotAllowed
from ttp.domain.operations import MACHINE, OPERATIONS, OWN, Operation
from ttp.domain.permissions import VARIABLE, Capability
from ttp.domain.server.api_token import ApiToken
from ttp.mcp.server import may_call
from ttp.mcp.tools import TOOLS
from ttp.server.agents import tools_of

DOORS = list(doors())
INCLUDED = {
    "read": {"read"},
    "draft": {"read", "draft"},
    "publish": {"read", "draft", "publish"},
    "approve": {"read", "approve"},
}


def lets_in(operation: Operation, token: ApiToken) -> bool:
    is_able = bool({operation.needs, operation.or_needs} & INCLUDED[token.capability])
    return is_able and operation.scope != MACHINE and (token.accounts is None or operation.scope == OWN)


def test_every_door_names_an_operation_and_every_operation_has_a_door() -> None:
    assert {door.operation for door in DOORS} == {*OPERATIONS}
    commands = {door.operation for door in DOORS if door.kind == "command"}
    assert [name for name in OPERATIONS if name.split()[0] in BY_NAME and name not in commands] == []


def test_a_command_lets_in_whom_the_table_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here by TTP_CAPABILITY, and on a server by a token."""
    for door in DOORS:
        if door.kind != "command":
            continue
        operation = OPERATIONS[door.operation]
        path = max((path for path in leaves() if f"{door.name} ".startswith(f"{path} ")), key=len)
        names = door.name.removeprefix(path).split()
        for capability in Capability:
            monkeypatch.setenv(VARIABLE, capability)
            needed = "publish" if operation.needs == "approve" else operation.needs
            is_allowed = needed in INCLUDED[capability]
            assert is_let(Context().admit, path, names, {}) == is_allowed, (door.name, capability)
        for token in TOKENS:
            context = TokenContext(token, CallerFiles("/", "/", {}))
            is_run = is_let(context.admit, path, names, {"once": True})
            assert is_run == lets_in(operation, token), (door.name, token)


def is_let(check: Callable[..., object], *values: object) -> bool:
    try:
        check(*values)
    except NotAllowed:
        return False
    return True


def test_a_tool_lets_in_whom_the_table_says() -> None:
    """On stdin and stdout, where nobody is limited to accounts, and at /mcp."""
    for token in TOKENS:
        at_server = tools_of(token)
        for name, tool in TOOLS.items():
            anybody = replace(token, accounts=None)
            assert may_call(tool, [token.capability]) == lets_in(OPERATIONS[tool.operation], anybody), (name, token)
            operation = OPERATIONS[tools_of(anybody)[name].operation]
            is_called = name in at_server and may_call(at_server[name], [token.capability])
            assert is_called == lets_in(operation, token), (name, token)


def test_a_page_is_open_to_people_who_are_limited_to_accounts() -> None:
    assert {OPERATIONS[door.operation].scope for door in DOORS if door.kind == "page"} == {OWN}
