"""Hints are actions: nothing below the command line spells one of its commands, and each action is one that exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.drift.test_commands import TREE
from ttp.cli.command_table import COMMANDS, TOPICS

ROOT = Path(__file__).parents[2]
BELOW = ("domain", "services", "store", "publisher", "platforms")
COMMAND = re.compile(rf"\bttp ({'|'.join(command.name for command in COMMANDS)})\b")


def modules(pattern: re.Pattern[str]) -> Iterator[tuple[str, ast.Module]]:
    """The modules whose file has the pattern."""
    for path in [path for layer in BELOW for path in sorted((ROOT / "ttp" / layer).rglob("*.py"))]:
        if pattern.search(text := path.read_text(encoding="utf-8")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(text)


def texts(module: ast.Module) -> Iterator[str]:
    """Every text of a module but docstrings."""
    said = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def actions() -> Iterator[tuple[str, ast.Call]]:
    for path, module in modules(re.compile(r"\baction\(")):
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "action":
                yield f"{path}:{node.lineno}", node


def test_no_text_below_the_command_line_spells_a_command() -> None:
    spelled = modules(re.compile(rf"{COMMAND.pattern}|\\bttp\W*\n"))
    assert [(path, text) for path, module in spelled for text in texts(module) if COMMAND.search(text)] == []


def test_every_action_is_a_command_with_these_options() -> None:
    wrong = []
    for where, call in actions():
        for name in [str(node.value) for node in ast.walk(call.args[0]) if isinstance(node, ast.Constant)]:
            if name == "help":
                known = {*TREE, *TOPICS}
                wanted = {str(topic.value) for topic in call.args[1:] if isinstance(topic, ast.Constant)}
            else:
                known = {option for param in TREE[name].params for option in param.opts} if name in TREE else set()
                wanted = {f"--{given.arg.rstrip('_').replace('_', '-')}" for given in call.keywords if given.arg}
            if name not in (*TREE, "help") or not wanted <= known:
                wrong.append((where, name, sorted(wanted - known)))
    assert wrong == []
