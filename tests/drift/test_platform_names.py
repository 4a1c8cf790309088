"""Only a platform's own folder knows it by name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from ttp.platforms import BUILT_IN
from ttp.platforms.registry import Registry

ROOT = Path(__file__).parents[2]
FACTS = [Registry().facts(name) for name in BUILT_IN]
WORDS = {"command", "threads"}
"""Names that are ordinary words too, so that other modules may say them."""
_LONG = "|".join(word for one in FACTS for word in (one.name, *one.aliases) if len(word) > 3 and word not in WORDS)
NAMES = re.compile(f"(?!twitter_text)(?:{_LONG})", re.IGNORECASE)
"""Names and aliases, but not the name of a library. Short ones are parts of other words."""
ELSEWHERE = {
    "ttp/platforms/__init__.py": "the list of platforms: a line for each",
    "ttp/cli/commands/setup/sandbox.py": "the demo plays on three accounts of the sandbox",
    "ttp/server/timetopost/platforms.py": "what the API of TimeToPost calls them, and its fields for one of them",
    "ttp/cli/options.py": "an example of --set that can be typed",
    "ttp/services/files/editor_form.py": "an example of an option that can be typed",
}
"""Modules outside the platforms' folders that name one in code, and why."""


def modules() -> Iterator[Path]:
    """Every module that is not in a platform's folder."""
    for path in sorted((ROOT / "ttp").rglob("*.py")):
        parts = path.relative_to(ROOT).parts
        if not (parts[1] in ("platforms", "sandbox") and parts[2] in BUILT_IN):
            yield path


def is_named(path: Path) -> bool:
    """Whether code names a platform: in a name or a text, but not in a comment, and not in a docstring unless that is
    the help of a command."""
    source = path.read_text(encoding="utf-8")
    if not NAMES.search(source):
        return False
    tree = ast.parse(source)
    is_help = "commands" in path.parts
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and not is_help}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in said:
                found = text
            case ast.Name(id=name) | ast.alias(name=name):
                found = name
            case ast.Attribute(attr=name) | ast.arg(arg=name):
                found = name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found = name
            case _:
                continue
        if NAMES.search(found):
            return True
    return False


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, also inside of functions; none for a file that names no platform's folder."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)) if "platforms" in source or "sandbox" in source else ():
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{one.name}" for one in node.names)


def test_only_a_platforms_own_folder_imports_from_it() -> None:
    """Neither shared modules nor other platforms do: the registry names each module as a text."""
    foreign = [
        (path.relative_to(ROOT).as_posix(), module)
        for path in (ROOT / "ttp").rglob("*.py")
        for module in imports(path)
        for layer, name in [(*module.split(".")[1:3], "", "")[:2]]
        if layer in ("platforms", "sandbox") and name in BUILT_IN
        if path.relative_to(ROOT).parts[1:3] != (layer, name)
    ]
    assert foreign == []


def test_no_module_names_a_platform_but_those_with_a_reason() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in modules() if is_named(path)}
    assert found == set(ELSEWHERE)
    assert len(ELSEWHERE) <= 5
