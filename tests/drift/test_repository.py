"""What holds for every file of the repository."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pytest

from tests.drift.write_docs import ROOT
from ttp import __version__
from ttp.platforms import BUILT_IN

NOT_OURS = {".git", ".venv", "build", "dist", "__pycache__", ".hypothesis"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
# Written so that this file does not hold what it looks for.
REGISTRIES = re.compile("|".join(["py" + "pi.org", "python" + "hosted.org", "regis" + "try.npm", "proxy." + "golang"]))
WORKPLACES = re.compile("|".join(["/" + "work/", "/" + "tmp/w/", "/" + "root/", "/" + "Users/"]))
LONGEST_MODULE = 600
"""Lines. A module is one noun; a folder of small pieces is harder to read than one file that holds them together."""

MOST_SCRIPT_LINES = 400
"""Of all pages together: what the server, HTML and htmx can do needs no script."""


def ours() -> list[Path]:
    """The files of the project, without what tools leave behind."""
    paths = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = {one for one in folders if not one.endswith(("_cache", ".egg-info"))} - NOT_OURS
        paths += [Path(folder, name).relative_to(ROOT) for name in names if name not in NOT_OURS]
    return sorted(paths)


FILES = ours()
TEXTS = {
    path: (ROOT / path).read_text()
    for path in FILES
    if path.suffix in {".py", ".md", ".toml", ".lock", ".bash", ".fish", ".csv", ".json"}
    or path.name in {"_ttp", "run"}
}
PAGES = [path for path in FILES if path.suffix == ".md"]


class Module(NamedTuple):
    """What the tests here ask of a module. Its 2,000 nodes are not kept."""

    imports: set[str]
    """The names that it imports from a module, each after it and a dot."""
    classes: list[str]
    functions: list[str]
    """Of the module and its classes."""
    own: set[str]
    used: set[str]


@pytest.fixture(scope="module")
def modules() -> dict[Path, Module]:
    """Each module of the program, parsed once for all tests here."""
    texts = {path: text for path, text in TEXTS.items() if path.parts[0] == "ttp" and path.suffix == ".py"}
    return {path: _module(list(ast.walk(ast.parse(text)))) for path, text in texts.items()}


def _module(nodes: list[ast.AST]) -> Module:
    bodies = (node.body for node in nodes if isinstance(node, ast.Module | ast.ClassDef))
    return Module(
        {f"{node.module}.{one.name}" for node in nodes if isinstance(node, ast.ImportFrom) for one in node.names},
        [node.name for node in nodes if isinstance(node, ast.ClassDef)],
        [node.name for body in bodies for node in body if isinstance(node, ast.FunctionDef)],
        *_private_names(nodes),
    )


def test_no_file_names_a_package_registry() -> None:
    assert [str(path) for path, text in TEXTS.items() if REGISTRIES.search(text)] == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert [str(path) for path, text in TEXTS.items() if WORKPLACES.search(text)] == []


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    assert [str(path) for path in FILES if FORBIDDEN_NAMES & {Path(part).stem for part in path.parts}] == []


def test_modules_of_the_program_stay_small() -> None:
    sizes = {str(path): text.count("\n") for path, text in TEXTS.items() if path.parts[0] == "ttp"}

    assert {name: lines for name, lines in sizes.items() if lines > LONGEST_MODULE} == {}


def test_the_scripts_of_the_pages_stay_few_and_readable() -> None:
    folder = ROOT / "ttp" / "server" / "static"
    lines = [
        line
        for path in folder.glob("*.js")
        if path.name not in ("htmx.min.js", "api.js")  # The latter is of the API's page only.
        for line in path.read_text().splitlines()
    ]
    assert len(lines) <= MOST_SCRIPT_LINES
    assert [line for line in lines if len(line) > 120] == []


def test_every_module_of_the_program_says_what_it_owns() -> None:
    modules = [path for path in TEXTS if path.parts[0] == "ttp" and path.suffix == ".py"]

    assert [str(path) for path in modules if TEXTS[path] and not TEXTS[path].startswith(('"""', 'r"""'))] == []


def test_the_changelog_tells_of_this_version() -> None:
    assert re.search(rf"^## \[{re.escape(__version__)}\]", TEXTS[Path("CHANGELOG.md")], re.MULTILINE)


def test_the_licence_is_the_one_that_the_package_names() -> None:
    project = tomllib.loads(TEXTS[Path("pyproject.toml")])["project"]

    assert project["license"] == "MIT AND 0BSD", "ttp, and htmx in ttp/server/static"
    assert (ROOT / "LICENSE").read_text().startswith("MIT License\n")


def test_the_readme_has_the_two_lines_that_set_everything_up() -> None:
    lines = TEXTS[Path("README.md")].splitlines()

    assert "    python3 -m venv .venv && .venv/bin/pip install -q '.[sandbox]' && .venv/bin/ttp demo" in lines
    assert (
        "    python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/python -m pytest -q" in lines
    )


def test_every_link_between_pages_leads_somewhere() -> None:
    wrong = []
    links = [(page, it) for page in PAGES for it in re.findall(r"\]\(([^)\s]+)\)", TEXTS[page])]
    for page, target in links:
        name, _, anchor = unquote(target).partition("#")
        if "://" in name:
            continue
        to = (page.parent / name) if name else page
        there = (ROOT / to).resolve()
        if not there.exists() or (anchor and anchor not in anchors(there)):
            wrong.append((page, target))

    assert wrong == []


def test_the_readme_shows_every_picture_of_the_pages_and_their_version() -> None:
    folder = Path("docs/how-to/pages")
    pictures = {str(path.relative_to(ROOT)) for path in (ROOT / folder).iterdir()}
    assert pictures == set(re.findall(rf"{folder}/[\w-]+\.webp", TEXTS[Path("README.md")]))
    versions = [
        re.findall(r"version (\d+\.\d+\.\d+)", TEXTS[path]) for path in (Path("README.md"), folder.with_suffix(".md"))
    ]
    assert versions[0] == versions[1] != []


@cache
def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, todo = set(), [Path("README.md")]
    while todo:
        page = todo.pop()
        seen.add(page)
        for target in re.findall(r"\]\(([^)#\s]+)", TEXTS[page]):
            to = Path(*(ROOT / page.parent / target).resolve().relative_to(ROOT).parts) if "://" not in target else page
            if to.suffix == ".md" and to not in seen:
                todo.append(to)

    assert {path for path in PAGES if path.parts[0] == "docs"} <= seen


def test_the_index_of_the_documentation_has_every_page_or_the_index_of_its_folder() -> None:
    index = Path("docs/README.md")
    linked = {index.parent / target for target in re.findall(r"\]\(([^)#\s]+)", TEXTS[index])}
    pages = {path for path in PAGES if path.parts[0] == "docs"} - {index}

    assert {str(path) for path in pages if path not in linked and path.parent / "README.md" not in linked} == set()


def test_guides_tutorials_and_explanations_stay_short() -> None:
    """Words outside of code blocks: what the reference says is linked, and each thing is said once."""
    prose = {
        path: re.sub(r"^ *```.*?^ *```$", "", TEXTS[path], flags=re.MULTILINE | re.DOTALL)
        for path in PAGES
        if path.parts[:2] in {("docs", "how-to"), ("docs", "tutorial"), ("docs", "explanation")}
    }

    assert sum(len(text.split()) for text in prose.values()) <= 40_000


MAPS = [Path("ARCHITECTURE.md"), Path("CONTRIBUTING.md")]


@pytest.mark.parametrize("page", MAPS, ids=str)
def test_the_pages_for_contributors_name_only_files_that_exist(page: Path) -> None:
    """A path with a folder is one from the root or from `ttp/`; a name alone is that of some file."""
    names = re.findall(r"`([\w./]+(?:\.py|\.md|\.toml|\.json|\.txt|\.sql|/))`", TEXTS[page])
    known = {path.as_posix() for path in FILES} | {f"{up.as_posix()}/" for path in FILES for up in path.parents}
    wrong = [name for name in names if not any(f"/{one}".endswith(f"/{name}") for one in known)]

    assert wrong == []


def test_the_map_has_every_folder() -> None:
    """A platform's folders are named by the rule of one folder per platform."""
    folders = {up for path in FILES if path.parts[0] in ("ttp", "tests") for up in path.parents if len(up.parts) > 1}
    program = {up for up in folders if up.parts[0] == "ttp" and up.name not in (*BUILT_IN, "versions")}
    tests = {up for up in folders if len(up.parts) == 2 and not (ROOT / "ttp" / up.name).is_dir()} - program
    page = TEXTS[MAPS[0]]

    assert {str(up) for up in program | tests if f"{up.name}/`" not in page} == set()


@pytest.mark.skipif(importlib.util.find_spec("importlinter") is None, reason="import-linter is not installed")
def test_imports_go_in_one_direction() -> None:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    run = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr


def test_no_modules_import_each_other(modules: dict[Path, Module]) -> None:
    """Neither in a circle, nor late or only for types: what is read together is one module."""
    by_name = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): modules[path] for path in modules}
    graph = {
        name: {one if one in by_name else one.rpartition(".")[0] for one in module.imports} & by_name.keys() - {name}
        for name, module in by_name.items()
    }
    TopologicalSorter(graph).prepare()


def test_only_the_wiring_of_the_publisher_knows_whether_several_publish() -> None:
    texts = {path.name: text for path, text in TEXTS.items() if path.parts[:2] == ("ttp", "publisher")}

    assert [name for name, text in texts.items() if "is_shared" in text] == ["wiring.py"]
    assert [name for name, text in texts.items() if "shared_coordination import" in text] == ["wiring.py"]


def test_no_class_name_stands_for_two_things(modules: dict[Path, Module]) -> None:
    where: dict[str, list[str]] = {}
    for path, module in modules.items():
        for name in module.classes:
            if not name.startswith("_"):
                where.setdefault(name, []).append(str(path))

    assert {name: paths for name, paths in where.items() if len(paths) > 1} == {}


PARTICIPLES = re.compile("[a-z]+ed|begun|chosen|given|held|kept|known|made|sent|shown|taken|told|written")


def test_no_public_function_is_named_by_a_participle_alone(modules: dict[Path, Module]) -> None:
    """Functions of modules and classes; not what pytest calls, such as a fixture."""
    named = [(path, name) for path, module in modules.items() for name in module.functions]
    assert [it for it in named if PARTICIPLES.fullmatch(it[1]) and it[0].name != "testing.py"] == []


def test_the_lock_pins_coverage_with_its_extra() -> None:
    """pytest-cov asks for `coverage[toml]`: with hashes, pip refuses a lock that pins `coverage` alone."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "\ncoverage[toml]==" in lock


PRIVATE_PARTS = {
    "ttp/cli/app.py": "tests/cli/test_imports.py",
    "ttp/platforms/transport.py": "tests/platforms/test_stale_connections.py",
}
"""The files that use private parts of libraries, and the test of each that fails when the library changes."""
OF_NAMED_TUPLES = {"_fields", "_replace", "_make", "_asdict", "_field_defaults", "_exit"}
"""Documented, in spite of their names; `_exit` is of `os`."""


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _private_names(nodes: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """The private names that a module defines, and those that it reads of something else or imports from a library."""
    own, used = set(), set()
    for node in nodes:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                own.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                own.add(name)
            case ast.Attribute(attr=name, value=ast.Name(id="self" | "cls"), ctx=ast.Store()):
                own.add(name)
            case ast.Attribute(attr=name):
                used.add(name)
            case ast.Call(
                func=ast.Name(id="getattr" | "setattr" | "hasattr"), args=[_, ast.Constant(value=str(name)), *_]
            ):
                used.add(name)
            case ast.ImportFrom(module=str(module), names=names) if module.split(".")[0] not in ("ttp", "__future__"):
                used |= {*module.split("."), *(alias.name for alias in names)}
            case ast.Import(names=names):
                used |= {part for alias in names for part in alias.name.split(".")}
    return own, {name for name in used if _is_private(name)}


def test_private_parts_of_libraries_are_used_in_two_files_only(modules: dict[Path, Module]) -> None:
    """Of a name that ttp has too, a use is not seen."""
    own = {name for module in modules.values() for name in module.own} | OF_NAMED_TUPLES
    assert {str(path) for path, module in modules.items() if module.used - own} == set(PRIVATE_PARTS)
    assert [path for path in PRIVATE_PARTS.values() if Path(path) not in FILES] == []
