"""What holds for each stand-in: what it must say of itself, and that a platform is known in its own folder only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import ttp.sandbox
from ttp.sandbox.stand_in import StandIn, find_stand_ins, platform_of

ROOT = Path(ttp.sandbox.__file__).parent
FOLDERS = sorted(path.parent.name for path in ROOT.glob("*/stand_in.py"))
SHARED = sorted(ROOT.glob("*.py"))


def imported(path: Path) -> set[str]:
    """The names of the modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def named(path: Path) -> set[str]:
    """The platforms whose names are texts or names in a file's code."""
    names = {one.name for one in find_stand_ins()} | {one.title for one in find_stand_ins()}
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        text = node.value if isinstance(node, ast.Constant) else node.id if isinstance(node, ast.Name) else None
        if isinstance(text, str):
            found |= {text} & names
            found |= {name for name in names if len(name) > 1 and name.lower() in text.lower()}
    return found


def test_every_folder_with_a_stand_in_is_found_and_instagrams_paths_come_last() -> None:
    assert sorted(one.name for one in find_stand_ins()) == FOLDERS
    assert find_stand_ins()[-1].name == "instagram"


@pytest.mark.parametrize("one", find_stand_ins(), ids=lambda one: one.name)
def test_what_a_stand_in_keeps_and_offers_is_its_own(one: StandIn) -> None:
    assert {app.platform for app in one.apps} <= {one.name}
    assert {app.login for app in one.apps} == (set(one.logins) or {""} if one.apps else set())
    others = [other for other in find_stand_ins() if other is not one]
    for other in others:
        assert not {kind.__name__ for kind in one.records} & {kind.__name__ for kind in other.records}
        assert not {field.name for field in one.account_fields} & {field.name for field in other.account_fields}
        assert not set(one.limits) & set(other.limits)


def test_a_path_belongs_to_one_platform_and_control_paths_to_none() -> None:
    paths = {"/2/tweets": "x", "/v2/post/publish/video/init/": "tiktok", "/v25.0/me": "instagram", "/video/": "tiktok"}
    for path, name in paths.items():
        assert (one := platform_of(path)) is not None
        assert one.name == name
    assert platform_of("/_sandbox/posts") is None


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_stand_in_imports_another(folder: str) -> None:
    others = tuple(f"ttp.sandbox.{other}." for other in FOLDERS if other != folder)
    found = {name for path in (ROOT / folder).glob("*.py") for name in imported(path)}
    assert [name for name in found if f"{name}.".startswith(others)] == []


@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.name)
def test_shared_code_names_no_platform(path: Path) -> None:
    assert named(path) == set()
