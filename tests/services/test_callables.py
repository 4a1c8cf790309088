"""Services never call back into an interface: what they are given to call is listed here, each with its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import ttp.services as services

FOLDER = Path(services.__file__).parent
CALLED = {
    # Makers of a platform's parts; they come from the registry of platforms.
    "account_check.AccountCheck.__init__(checkers)",
    "account_check.OptionChoices.__init__(checkers)",
    "metrics.sync.MetricsFetcher.__init__(readers)",
    "remote_delete.RemoteDelete.__init__(deleters)",
    # Other services, made only where they are needed: their settings may be wrong.
    "account_check.OptionChoices.__init__(tokens)",
    "doctor.Doctor.__init__(credentials)",
    "doctor.Doctor.__init__(tokens)",
    "installation.uninstall.Uninstall.__init__(credentials)",
    "doctor.run_check(look)",
    # Progress and a wish to stop: told and asked, outside transactions; nothing is decided by the answer but the end.
    "files.importer.Importer.run(report)",
    "metrics.imports.Metrics.import_file(report)",
    "metrics.sync.MetricsFetcher.history(report)",
    "metrics.sync.MetricsFetcher.posts(stopping)",
    "metrics.sync.MetricsFetcher.posts(report)",
    "metrics.sync.MetricsSync.pull(report)",
    "metrics.sync.MetricsSync.pull_due(stopping)",
    "tokens.Tokens.refresh_due(stopping)",
    "server.webhooks.Webhooks.send_due(stopping)",
    # From one service to another.
    "posts.Posts.change(change)",
    "slots.ComingSlots.first(is_taken)",
    "files.export.Export.csv(name)",
    # The JSON form of an action, which is a command on the command line; no decision.
    "files.json_file.json_lines(default)",
}


def callables() -> Iterator[str]:
    """The parameters of public functions of services that are to be called."""
    for path in FOLDER.rglob("*.py"):
        module = ".".join(path.relative_to(FOLDER).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {"Callable"} | {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign) and "Callable[" in ast.unparse(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                yield from _of_function(node, module, names)
            elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef):
                        yield from _of_function(inner, f"{module}.{node.name}", names)


def _of_function(function: ast.FunctionDef, where: str, names: set[str]) -> Iterator[str]:
    if function.name.startswith("_") and function.name != "__init__":
        return
    for one in (*function.args.args, *function.args.kwonlyargs):
        used = {node.id for node in ast.walk(one.annotation or one) if isinstance(node, ast.Name)}
        if used & names:
            yield f"{where}.{function.name}({one.arg})"


def test_services_are_given_nothing_to_call_but_what_is_listed() -> None:
    assert set(callables()) == CALLED
