"""What a process has imported once it has answered: start-up is as fast as these lists are short. Nothing is timed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import Program
from ttp.platforms import BUILT_IN

STANDARD = set(sys.stdlib_module_names)
SLOW = {"asyncio", "concurrent", "email", "http", "multiprocessing", "socket", "sqlite3", "ssl", "tomllib", "zoneinfo"}
"""Of the standard library: what takes long, and is often imported for little."""


pytestmark = pytest.mark.sqlite("what is imported for a store in a file")


@pytest.fixture
def environ(ttp: Program) -> dict[str, str]:
    ttp.account("x/me")
    ttp.post("hi", "--to", "x/me", "--at", "2098-01-01T09:00Z", "--tag", "launch")
    return {"PATH": os.environ["PATH"], "TTP_HOME": str(ttp.home), "TTP_TZ": "UTC", "LANG": "C.UTF-8"}


def imported(environ: dict[str, str], *lines: str) -> set[str]:
    """The modules that one process imports to run all these commands, without those of a bare Python."""
    code = (
        "import sys; bare = set(sys.modules)\n"
        "import io; from ttp.cli.main import main; said, sys.stdout = sys.stdout, io.StringIO()\n"
        f"codes = {{main(line.split()) for line in {lines!r}}}; print(codes, *set(sys.modules) - bare, file=said)"
    )
    ran = subprocess.run([sys.executable, "-c", code], env=environ, text=True, capture_output=True, check=True)
    ended, *modules = ran.stdout.split()
    assert ended == "{0}", ran.stderr
    return set(modules)


def foreign(modules: set[str]) -> set[str]:
    """The packages that are neither ours nor the standard library's."""
    packages = {name.partition(".")[0] for name in modules} - STANDARD - {"ttp"}
    return {name for name in packages if not name.startswith("_sysconfigdata")}


def ours(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith("ttp.")}


def test_the_version_imports_nothing(environ: dict[str, str]) -> None:
    assert imported(environ, "--version") <= {"ttp", "ttp.cli", "ttp.cli.main", "__future__", "gc"}


def test_the_start_page_imports_the_table_of_commands(environ: dict[str, str]) -> None:
    modules = imported(environ, "--help", "help", "help --all", "")
    assert ours(modules) == {"ttp.cli", "ttp.cli.main", "ttp.cli.command_table", "ttp.platforms"}
    assert not foreign(modules)
    assert not modules & {"typing", "sqlite3", "json", "datetime"}


def test_tab_imports_nothing_but_sqlite(environ: dict[str, str]) -> None:
    kinds = ("post", "post 1 draft", "account", "tag", "slot", "repeat", "nothing")
    modules = imported(environ, *(f"__complete {kind}" for kind in kinds))
    assert ours(modules) == {"ttp.cli", "ttp.cli.main", "ttp.cli.complete", "ttp.store", "ttp.store.completion_queries"}
    assert not foreign(modules)
    assert not modules & {"typing", "re", "dataclasses", "enum", "inspect", "json", "pathlib", "contextlib"}


TYPER = {"typer", "annotated_doc", "shellingham"}
"""What reads the command line, and what that imports itself."""
FACTS = {
    *("ttp.platforms.registry", "ttp.platforms.platform", "ttp.platforms.text_library"),
    *(f"ttp.platforms.{name}{part}" for name in BUILT_IN for part in ("", ".facts", ".pricing", ".text_length")),
}
"""What is known of platforms and their prices without importing their clients."""
QUESTIONS = ["list", "show 1", "log 1", "status", "account list", "account show x/me", "list --json", "status --json"]


def test_a_question_imports_no_library_but_typer(environ: dict[str, str]) -> None:
    modules = imported(environ, *QUESTIONS, "list --status draft --tag launch --ids")
    assert foreign(modules) <= TYPER
    assert not modules & (SLOW - {"sqlite3"} | {"tempfile", "hashlib", "hmac", "random"})
    extra = {one for one in modules if one.startswith(("ttp.platforms.", "ttp.publisher"))} - FACTS
    assert not extra
    assert not modules & {
        "ttp.domain.time.resolve",
        "ttp.domain.post_edit",
        "ttp.domain.recurrence",
        "ttp.domain.server.api_token",
        "ttp.store.change_log",
        "ttp.store.models",
        "ttp.store.server.webhooks",
    }


def test_a_calendar_imports_no_library_but_typer_and_a_month_no_model(environ: dict[str, str]) -> None:
    week = imported(environ, "calendar --week --json", "calendar --week next --format table")
    assert foreign(week) <= TYPER
    month = imported(environ, "calendar", "calendar next --format table", "calendar prev --json")
    assert foreign(month) <= TYPER
    assert not month & (SLOW - {"sqlite3", "zoneinfo"} | {"random", "ttp.services.optimal"})


def test_help_of_a_command_imports_typer_and_neither_pydantic_nor_a_store(environ: dict[str, str]) -> None:
    modules = imported(
        environ, "list --help", "create --help", "publish -h", "import -h", "plan -h", "optimal -h", "help list"
    )
    assert foreign(modules) <= TYPER
    assert not modules & (SLOW - {"zoneinfo"})
    reached = {one for one in modules if one.startswith(("ttp.store.", "ttp.services.", "ttp.platforms."))}
    assert not reached - FACTS - {"ttp.store.home", "ttp.store.home.files", "ttp.services.application"}


CHANGES = [
    *(
        "create hello",
        "edit 1 changed",
        "schedule 1 --at 2099-12-01T09:00Z",
        "unschedule 1",
        "account set x/me --tz UTC",
    ),
    *("account add tiktok/me", "config set guard.strict false", "pause", "resume", "delete 1 --yes"),
]


def test_a_change_imports_no_library_but_typer_and_the_one_that_writes_settings(environ: dict[str, str]) -> None:
    modules = imported(environ, *CHANGES)
    assert foreign(modules) <= TYPER | {"tomlkit"}
    assert not modules & {"asyncio", "http.client", "ssl", "ttp.store.models"}
    modules = imported(environ, *CHANGES[:1], "create hi --to x/me --at 2099-12-01T09:00Z")
    assert not modules & {"ttp.domain.media.probe", "ttp.store.claims", "ttp.store.events", "ttp.store.rate_limits"}


def test_an_unknown_version_of_typer_reads_values_by_itself(environ: dict[str, str]) -> None:
    """The patch that keeps pydantic out is for the versions that it was written for."""
    code = (
        "import typer, sys; typer.__version__ = sys.argv.pop(1)\n"
        "from ttp.cli.main import main; code = main(sys.argv[1:]); print('pydantic' in sys.modules, code)"
    )

    def run(version: str, *argv: str) -> list[str]:
        ran = subprocess.run(
            [sys.executable, "-c", code, version, *argv], env=environ, text=True, capture_output=True, check=True
        )
        return ran.stdout.splitlines()

    import typer

    for argv in (["list", "--limit", "1", "--tag", "launch"], ["list", "--limit", "-1"]):
        *rows, plain = run(typer.__version__, *argv)
        *others, unpatched = run("9.0.0", *argv)
        assert (plain, unpatched) == (f"False {plain[-1]}", f"True {plain[-1]}")
        assert rows == others
