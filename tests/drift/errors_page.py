"""docs/reference/errors.md: every error that the program's source can tell, by the code that a script sees.

Read from the source itself, so that none is forgotten: the calls that make an error, with `…` for what is put in.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.drift.cures import CURES, PLATFORM, Cures, cure
from ttp.cli.commands.help import KINDS
from ttp.cli.exit_codes import BY_CODE
from ttp.domain import errors

ROOT = Path(__file__).parents[2]
_ROOMS = ("cli", "publisher", "services", "store", "platforms", "domain")
_REHEARSAL = ("demo.py", "sandbox.py")
"""Commands whose troubles are told by what they start."""
_HOLE = "…"
_PROBLEMS, _FAILURES = ("Problem", "FieldError"), ("NotDone", "Unsent", "DeliveryError")
_PLACE = {"Problem": 2, "FieldError": 1, "NotDone": 1, "Unsent": 0, "DeliveryError": 1}
"""Where in a call the message stands."""


@dataclass(frozen=True, order=True)
class Told:
    """A message, what is to be typed, and the module that tells it (`cli/params`)."""

    message: str
    cures: tuple[str, ...]
    module: str = field(default="", compare=False)


def page() -> Iterator[str]:
    """The document's lines."""
    told = found()
    yield from (
        "# Errors",
        "",
        "Every error that `ttp` tells, what causes it and what to type. The page is written from the program's source",
        f"by `python -m tests.drift.write_docs`; `{_HOLE}` stands for what the error is about.",
        "With `--json` an error has its code: `ttp help json`.",
    )
    for one in _classes():
        yield from ("", f"## {one.code}", "", f"Exit code {BY_CODE[one.code]}. {(one.__doc__ or '').strip()}", "")
        yield from _table(told[one.code], CURES)
    yield from ("", "## What a platform would refuse", "")
    yield "Exit code 2, code `content`, where the post has or gets a time; a warning where it is a draft. The same"
    yield from ("words name the faults of rows in a file (`ttp import`, `ttp sync`).", "")
    yield from _table(told["Problem"], CURES)
    yield from ("", "## What became of a delivery", "")
    yield "`ttp show` and `ttp log` tell these, with the platform's own words where it said any. By its kind:"
    yield from ("", "| kind | cause | cure |", "|---|---|---|")
    yield from (f"| `{kind}` | {cause} | {cure} |" for kind, (cause, cure) in KINDS.items())
    yield ""
    yield from _table(told["NotDone"], PLATFORM)


def _classes() -> Iterator[type[errors.TtpError]]:
    """The first class of each code."""
    seen = {errors.TtpError.code}
    for one in vars(errors).values():
        if isinstance(one, type) and issubclass(one, errors.TtpError) and one.code not in seen:
            seen.add(one.code)
            yield one
    yield errors.Bug


def _table(told: set[Told], usual: Cures) -> Iterator[str]:
    yield from ("| message | what to type or to do |", "|---|---|")
    for one in sorted(told, key=lambda told: (re.sub(r"^\W+", "", told.message).lower(), told)):
        cures = "<br>".join(one.cures) or cure(one.module, one.message, usual)
        assert cures, f"tests/drift/cures.py has nothing for what {one.module} tells: {one.message}"
        yield f"| {_cell(one.message)} | {_cell(cures)} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<br>", "\0").replace("<", "&lt;").split()).replace("\0", "<br>")


def found() -> Mapping[str, set[Told]]:
    told: dict[str, set[Told]] = defaultdict(set)
    paths = [path for room in _ROOMS for path in sorted((ROOT / "ttp" / room).rglob("*.py"))]
    paths = [path for path in paths if path.name not in _REHEARSAL]
    modules = [ast.parse(path.read_text()) for path in paths]
    codes = _codes(modules)
    for path, module in zip(paths, modules, strict=True):
        where = path.relative_to(ROOT / "ttp").with_suffix("").as_posix()
        for scope, call in _calls(module):
            name = call.func.id if isinstance(call.func, ast.Name) else ""
            group = codes.get(name) or ("Problem" if name in _PROBLEMS else "NotDone" if name in _FAILURES else "")
            place = _PLACE.get(name, 0)
            if not group or len(call.args) <= place:
                continue
            cures = tuple(dict.fromkeys(_cures(call, scope, module)))
            for message in _texts(call.args[place], scope):
                if re.search(r"[a-z]{3}", message) and " " in message.strip(f"{_HOLE} "):
                    told[group].add(Told(message, cures, where))
    return told


def _codes(modules: Iterable[ast.Module]) -> dict[str, str]:
    """The code of each class of errors, by the class's name: the domain's, and those that rooms make of them."""
    known = {
        name: one.code
        for name, one in vars(errors).items()
        if isinstance(one, type) and issubclass(one, errors.TtpError)
    }
    for module in modules:
        for one in module.body:
            if isinstance(one, ast.ClassDef) and one.bases and (code := known.get(ast.unparse(one.bases[0]))):
                known.setdefault(one.name, code)
    return known


def _calls(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.Call]]:
    """Every call, with the function or module that it stands in."""
    left: list[tuple[ast.AST, ast.AST]] = [(tree, tree)]
    while left:
        scope, node = left.pop()
        if isinstance(node, ast.Call):
            yield scope, node
        inner = node if isinstance(node, ast.FunctionDef) else scope
        left += [(inner, child) for child in ast.iter_child_nodes(node)]


def _texts(node: ast.AST, scope: ast.AST) -> Iterator[str]:
    """Each text that an expression can be, where the source tells it."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else _HOLE for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from (one + more for one in _texts(left, scope) for more in _texts(right, scope) or (_HOLE,))
        case ast.IfExp(body=body, orelse=other):
            yield from (*_texts(body, scope), *_texts(other, scope))
        case ast.Name(id=name):
            for assigned in ast.walk(scope):
                match assigned:
                    case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                        yield from _texts(value, ast.Module([], []))


def _cures(call: ast.Call, scope: ast.AST, module: ast.Module) -> Iterator[str]:
    """`did you mean: ttp …` of each hint in a call, also of those that have a name or a function of this module."""
    for keyword in call.keywords:
        if keyword.arg == "hint":
            yield from (f"`{text}`" for text in _texts(keyword.value, scope))
    for argument in call.args:
        yield from _hints(argument, scope, module)
        for node in ast.walk(argument):
            match node:
                case ast.Name(id=name):
                    for assigned in (*ast.walk(scope), *module.body):
                        if isinstance(assigned, ast.Assign) and ast.unparse(assigned.targets[0]) == name:
                            yield from _hints(assigned.value, scope, module)
                case ast.Call(func=ast.Name(id=name)):
                    for function in module.body:
                        if isinstance(function, ast.FunctionDef) and function.name == name:
                            yield from _hints(function, function, module)


def _hints(node: ast.AST, scope: ast.AST, module: ast.Module) -> Iterator[str]:
    for hint in ast.walk(node):
        match hint:
            case ast.Call(func=ast.Name(id="Hint"), args=[say, type_, *_]):
                label, text = (next(_texts(one, scope), _HOLE) for one in (say, type_))
                yield f"{label}: `{text}`"
