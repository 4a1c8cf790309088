"""Services never call back into an interface: what they are given to call is listed here, each with its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import ttp.services as services

FOLDER = Path(services.__file__).parent
CALLED = {
    # Makers of a platform's parts; they come from the registry of platforms.
    "connecting.account_check.AccountCheck.__init__(checkers)",
    "connecting.account_check.OptionChoices.__init__(checkers)",
    "metrics.sync.MetricsSync.__init__(readers)",
    "remote_delete.RemoteDelete.__init__(deleters)",
    # Other services, made only where they are needed: their settings may be wrong.
    "connecting.account_check.OptionChoices.__init__(tokens)",
    "doctor.Doctor.__init__(credentials)",
    "doctor.Doctor.__init__(tokens)",
    "status.Status.__init__(notified_names)",
    "installation.uninstall.Uninstall.__init__(credentials)",
    "doctor.run_check(look)",
    # What only the command line finds out about this machine, where a service needs it; how ways out are written, and
    # how posts are published.
    "application.Application.__init__(publish)",
    "application.Installation.__init__(system_zone)",
    "application.Installation.__init__(own_files)",
    "application.Installation.__init__(render_way_out)",
    "status.Status.claim_note(is_so)",
    # What asks a system program or reads a feed, what sends to a webhook, and chance: for tests.
    "sources.polling.Polling.__init__(read)",
    "sources.polling.Polling.__init__(jitter)",
    "installation.background_service.Launchd.__init__(run)",
    "installation.background_service.Systemd.__init__(run)",
    "server.webhooks.Webhooks.__init__(send)",
    # Progress and a wish to stop: told and asked, outside transactions; nothing is decided by the answer but the end.
    "files.importer.Importer.run(report)",
    "metrics.imports.StoredMetrics.import_file(report)",
    "metrics.sync.MetricsSync.pull(report)",
    "metrics.sync.MetricsSync.pull_due(stopping)",
    "connecting.tokens.Tokens.refresh_due(stopping)",
    "server.webhooks.Webhooks.send_due(stopping)",
    # From one service to another.
    "post_changes.PostChanges.change(change)",
    "slots.ComingSlots.first(is_taken)",
    "time_resolver.TimeResolver.resolve_any(accounts)",
    "slots.ComingSlots.__init__(_no_slot_error)",
    "files.fields.fields_of(name)",
    "attachments.post_media.with_media(rows)",
    # The time in the zone of the user, which only a template asks for.
    "templates.files.TemplateFiles.__init__(now)",
    "templates.filling.Templates.__init__(now)",
    # Which files of an archive are read, by name.
    "files.archive.extract_archive(only)",
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
                where = f"{module}.{node.name}"
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef):
                        yield from _of_function(inner, where, names)
                    elif isinstance(inner, ast.AnnAssign) and _is_called(inner.annotation, names):
                        yield f"{where}.__init__({ast.unparse(inner.target)})"


def _of_function(function: ast.FunctionDef, where: str, names: set[str]) -> Iterator[str]:
    if function.name.startswith("_") and function.name != "__init__":
        return
    for one in (*function.args.args, *function.args.kwonlyargs):
        if _is_called(one.annotation or one, names):
            yield f"{where}.{function.name}({one.arg})"


def _is_called(annotation: ast.AST, names: set[str]) -> bool:
    return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(annotation))


def test_services_are_given_nothing_to_call_but_what_is_listed() -> None:
    assert set(callables()) == CALLED
