"""tests/drift/messages.txt: the wording of every message with a code, remark of a check and note, read from the source.

The only place that pins wording. It is written by `python -m tests.drift.write_docs`; other tests assert codes, fields
and states. `…` stands for what a message is about.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from ttp.domain import errors
from ttp.domain.publishing.attempt import Kind

ROOT = Path(__file__).parents[2]
SNAPSHOT = "tests/drift/messages.txt"
HOLE = "…"
PROBLEMS = {"Problem": (0, 1, 2), "breach": (0, 1, 2), "warning": (0, 1, 2), "_problem": (3, 4, 5)}
"""What makes a problem of a post, and the places of field, code and message among its arguments."""
OUTCOMES = {"NotDone": (0, 1), "Unknown": (0, 1), "DeliveryError": (0, 1), "Unsent": (1, 0)}
"""What tells why a delivery failed or waits, and the places of its kind and message."""


REMARKS = {"ok_remark": "check ok", "warning_remark": "check warn", "failure_remark": "check fail", "note": "note"}
"""What makes a remark of a check, or prints a note: its heading."""
FLAWS = {"DownloadFailed": ("download", 1, 0), "_unreadable": ("time", 1, 2)}
"""What names a flaw: a heading, and the places of the flaw and the message among its arguments."""


def snapshot() -> Iterator[str]:
    """The lines of the file: each code, and what is said under it."""
    found = messages()
    for code in sorted(found):
        yield from (f"[{code}]", *sorted(found[code], key=str.lower), "")


@cache
def messages() -> Mapping[str, set[str]]:
    """Return the messages by code (`usage`), problem (`content/empty`), kind (`delivery auth`) and remark (`note`)."""
    found: dict[str, set[str]] = defaultdict(set)
    modules = [
        ast.parse(path.read_text()) for path in sorted((ROOT / "ttp").rglob("*.py")) if "sandbox" not in path.parts
    ]
    codes = _codes(modules)
    for module in modules:
        for scope, call in _calls(module):
            given, place = _given(call, scope, codes)
            for code in given if len(call.args) > place else ():
                found[code] |= {text for text in _texts(call.args[place], scope) if re.search(r"[a-z]{3}", text)}
    return {code: texts for code, texts in found.items() if texts}


def _given(call: ast.Call, scope: ast.AST, codes: Mapping[str, str]) -> tuple[list[str], int]:
    """The codes that a call can give its message, and the message's place among the arguments."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    method = call.func.attr if isinstance(call.func, ast.Attribute) else name
    if name in codes:
        kinds = (codes.get(ast.unparse(keyword.value)) for keyword in call.keywords if keyword.arg == "kind")
        return [next(kinds, None) or codes[name]], 0
    if method in PROBLEMS and len(call.args) > PROBLEMS[method][-1]:
        field, code, place = PROBLEMS[method]
        fields, problems = ([*_texts(call.args[at], scope)] or [HOLE] for at in (field, code))
        return [f"{one}/{other}" for one in fields for other in problems], place
    if name in OUTCOMES:
        kind, place = OUTCOMES[name]
        return [f"delivery {_kind(call.args, kind)}"], place
    if method == "not_done":  # of a row of a platform's table of refusals
        return [f"delivery {HOLE}"], 0
    if method in REMARKS:
        return [REMARKS[method]], 0
    if name in FLAWS:
        heading, flaw, place = FLAWS[name]
        return [f"{heading} {word}" for word in _texts(call.args[flaw], scope)] if len(call.args) > flaw else [], place
    return [], 0


def _kind(arguments: list[ast.expr], place: int) -> str:
    match arguments[place : place + 1]:
        case [ast.Attribute(attr=name)] if name in Kind.__members__:
            return Kind[name]
    return HOLE


def _codes(modules: list[ast.Module]) -> dict[str, str]:
    """The code of each class of errors, by the class's name: the domain's, and those that other modules derive."""
    known = {
        name: one.code
        for name, one in vars(errors).items()
        if isinstance(one, type) and issubclass(one, errors.TtpError)
    }
    known["TimeProblem"] = errors.TimeRefused.code
    known["RangeProblem"] = errors.UsageError.code
    for module in modules:
        for one in module.body:
            if isinstance(one, ast.ClassDef) and one.bases and (code := known.get(ast.unparse(one.bases[0]))):
                known.setdefault(one.name, code)
    return known


def _calls(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.Call]]:
    """Every call, with the function or module that it is in."""
    left: list[tuple[ast.AST, ast.AST]] = [(tree, tree)]
    while left:
        scope, node = left.pop()
        if isinstance(node, ast.Call):
            yield scope, node
        inner = node if isinstance(node, ast.FunctionDef) else scope
        left += [(inner, child) for child in ast.iter_child_nodes(node)]


def _texts(node: ast.AST, scope: ast.AST) -> Iterator[str]:
    """Each text that an expression can be, as far as the source shows it."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from (one + more for one in _texts(left, scope) for more in _texts(right, scope) or (HOLE,))
        case ast.IfExp(body=body, orelse=other):
            yield from (*_texts(body, scope), *_texts(other, scope))
        case ast.Name(id=name):
            for assigned in ast.walk(scope):
                match assigned:
                    case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                        yield from _texts(value, ast.Module([], []))
