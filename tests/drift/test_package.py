"""The packages: what they contain, how large they are, and that the same source gives the same bytes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest

from tests.conftest import Program
from ttp import __version__

ROOT = Path(__file__).parents[2]
MOST_WHEEL, MOST_INSTALLED = 2_200_000, 60_000_000
"""Bytes of the wheel, and of everything that an installation without extras brings besides ttp."""
SHARED = (
    "share/bash-completion/completions/ttp",
    "share/zsh/site-functions/_ttp",
    "share/fish/vendor_completions.d/ttp.fish",
    "share/man/man1/ttp.1",
)


def build(source: Path, to: Path) -> dict[str, Path]:
    """Build both packages; the files by their last suffix."""
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(to)], cwd=source, check=True, timeout=300)
    return {path.suffix: path for path in to.iterdir()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def wheel(built: dict[str, Path]) -> dict[str, bytes]:
    with zipfile.ZipFile(built[".whl"]) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def metadata(wheel: dict[str, bytes]) -> Message:
    return Parser().parsestr(wheel[f"ttp_cli-{__version__}.dist-info/METADATA"].decode())


def test_the_version_has_one_place(ttp: Program, wheel: dict[str, bytes]) -> None:
    assert ttp.ok("--version").out == f"ttp {__version__}\n"
    assert metadata(wheel)["Version"] == __version__
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "version" in project["dynamic"]
    assert "version" not in project


def test_the_wheel_has_completions_the_man_page_and_the_program(wheel: dict[str, bytes]) -> None:
    data = f"ttp_cli-{__version__}.data"
    assert {f"{data}/data/{name}" for name in SHARED} | {f"{data}/scripts/ttp"} <= set(wheel)
    assert wheel[f"{data}/data/{SHARED[0]}"] == (ROOT / "completions/ttp.bash").read_bytes()
    assert wheel[f"{data}/scripts/ttp"].startswith(b"#!python"), "or installers do not set the interpreter"


def test_the_wheel_has_every_file_of_the_program_and_nothing_else(wheel: dict[str, bytes]) -> None:
    tracked = subprocess.run(["git", "ls-files", "ttp"], cwd=ROOT, check=True, text=True, capture_output=True).stdout
    code = {name for name in wheel if not name.startswith("ttp_cli-")}
    assert {name for name in tracked.split() if (ROOT / name).exists()} <= code
    assert {
        name for name in code if re.search(r"__pycache__|\.pyc$|\.db$|credentials\.(json|lock)|\.lock$|uv\.lock", name)
    } <= {name for name in code if name.startswith("ttp/store/credentials/")}


def test_every_licence_goes_with_the_package(wheel: dict[str, bytes]) -> None:
    licences = {path.relative_to(ROOT).as_posix() for path in (ROOT / "ttp").rglob("*LICENSE*")} | {"LICENSE"}
    assert set(metadata(wheel).get_all("License-File") or ()) == licences
    assert {f"ttp_cli-{__version__}.dist-info/licenses/{name}" for name in licences} <= set(wheel)


def test_vendored_files_have_a_licence_beside_them() -> None:
    for path in (ROOT / "ttp").rglob("*.min.*"):
        assert path.with_name(f"{path.name.partition('.')[0]}.LICENSE.txt").is_file(), path


def test_the_wheel_is_small(built: dict[str, Path]) -> None:
    assert built[".whl"].stat().st_size < MOST_WHEEL


def test_the_source_has_what_tests_and_docs_need_and_no_private_file(built: dict[str, Path]) -> None:
    with tarfile.open(built[".gz"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "bin/ttp", "completions/_ttp", "tests/conftest.py"} <= names
    private = re.compile(r"(^|/)(\.venv|dist|__pycache__|credentials\.json|uv\.lock)(/|$)")
    assert [name for name in names if private.search(name)] == []


def installed_with(package: str, known: dict[str, Distribution]) -> dict[str, Distribution]:
    """Add a package and what it needs, without extras, to the distributions found so far."""
    from packaging.requirements import Requirement

    found = distribution(package)
    known[package.lower()] = found
    for text in found.requires or ():
        needed = Requirement(text)
        if needed.name.lower() not in known and (needed.marker is None or needed.marker.evaluate({"extra": ""})):
            installed_with(needed.name, known)
    return known


def test_the_dependencies_without_extras_are_small() -> None:
    found = installed_with("ttp-cli", {})
    del found["ttp-cli"]
    sizes = {
        name: sum(file.size or 0 for file in one.files or () if not file.name.endswith(".pyc"))
        for name, one in found.items()
    }
    assert min(sizes.values()) > 0
    assert sum(sizes.values()) < MOST_INSTALLED, sizes


@pytest.mark.slow
def test_the_same_source_gives_the_same_bytes(built: dict[str, Path], tmp_path: Path) -> None:
    again = build(ROOT, tmp_path / "again")
    assert {path.name: path.read_bytes() for path in again.values()} == {
        path.name: path.read_bytes() for path in built.values()
    }


@pytest.mark.slow
def test_the_wheel_of_the_source_package_is_the_same(built: dict[str, Path], tmp_path: Path) -> None:
    subprocess.run(["tar", "-xf", built[".gz"], "-C", tmp_path], check=True)
    (source,) = tmp_path.iterdir()
    assert build(source, tmp_path / "dist")[".whl"].read_bytes() == built[".whl"].read_bytes()


@pytest.mark.parametrize(
    ("licences", "code"),
    [
        ([{"license": {"id": "MIT"}}], 0),
        ([{"expression": "GPL-3.0-only OR (MIT AND 0BSD)"}], 0),
        ([{"license": {"name": "License :: OSI Approved :: BSD License"}}], 0),
        ([{"expression": "MIT AND GPL-3.0-only"}], 1),
        ([{"license": {"name": "Proprietary"}}], 1),
        ([], 1),
    ],
)
def test_a_licence_that_is_not_allowed_is_found(tmp_path: Path, licences: list[object], code: int) -> None:
    (tmp_path / "list.json").write_text(
        json.dumps({"components": [{"name": "a", "version": "1", "licenses": licences}]})
    )
    ran = subprocess.run(
        [sys.executable, str(ROOT / ".ci/licences.py"), str(tmp_path / "list.json")], timeout=60, check=False
    )
    assert ran.returncode == code


def test_the_list_of_what_the_wheel_brings_has_the_files_of_others_in_it(tmp_path: Path) -> None:
    document = {
        "metadata": {"component": {"bom-ref": "root", "name": "ttp-cli"}},
        "components": [],
        "dependencies": [{"ref": "root", "dependsOn": ["typer==1"]}],
    }
    path = tmp_path / "list.json"
    path.write_text(json.dumps(document))
    for name, *more in (["sbom.py", __version__], ["licences.py"]):
        subprocess.run([sys.executable, str(ROOT / ".ci" / name), str(path), *more], timeout=60, check=True)
    found = json.loads(path.read_text())
    vendored = sorted(file.name.partition(".")[0] for file in (ROOT / "ttp").rglob("*.min.*"))
    assert [one["name"] for one in found["components"]] == vendored
    assert len(found["dependencies"][0]["dependsOn"]) == 1 + len(vendored)
    assert found["metadata"]["component"]["version"] == __version__
