"""Each door names an operation of the table, each operation has a door, and each door lets in whom the table says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.drift.operations_page import INCLUDED, TOKENS, doors, leaves, lets_in
from ttp.cli.command_table import BY_NAME
from ttp.cli.context import Context
from ttp.cli.remote.child import CallerFiles, TokenContext
from ttp.domain.errors import NotAllowed
from ttp.domain.operations import OPERATIONS
from ttp.domain.permissions import VARIABLE, Capability

DOORS = list(doors())


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
