"""`ttp uninstall`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ttp.cli import settings
from ttp.cli.commands.setup.doctor import own_completions, start_files_with_completion
from ttp.cli.commands.setup.service import system_service
from ttp.cli.context import Context
from ttp.cli.errors import DONE, FAILED, PARTIAL, package_command
from ttp.cli.options import DryRun, with_output
from ttp.cli.parameters import flag
from ttp.cli.render.spec import OutputSpec
from ttp.cli.terminal import escape_line
from ttp.domain.errors import Hint, TtpError, UsageError
from ttp.services.installation import background_service
from ttp.views.installation import REMOVAL_FIELDS, removal_json

if TYPE_CHECKING:
    from ttp.cli.render.page import Page
    from ttp.services.installation.uninstall import Removal, Uninstall

_STOP_MORE_S = 10.0
"""Seconds that a service may need to end beyond `publish.drain_s`."""


def _render(removals: Sequence[Removal], page: Page) -> Iterable[str]:
    """Draw what was removed, then what stays, then what a person must do."""
    from ttp.cli.render.width import wrap_sentence

    for title, deeds in (("Removed", ("remove", "revoke")), ("Kept", ("keep",)), ("Do by hand", ("by_hand",))):
        some = [one for one in removals if one.deed in deeds]
        if title == "Removed" and not any(one.done for one in some):
            title = "Would be removed"
        if some:
            yield f"{title}:"
        for one in some:
            yield f"  {one.kind:<10} {escape_line(one.name)}"
            if one.note:
                yield from (f"    {line}" for line in wrap_sentence(escape_line(one.note), page.width - 4))


SPEC: OutputSpec[Removal] = OutputSpec(REMOVAL_FIELDS, REMOVAL_FIELDS, removal_json, _render)


@with_output(SPEC, verbose=True, asks=True)
def uninstall(
    context: Context,
    keep: Annotated[bool, flag("--keep", "Keep the store, tokens, media and settings.")] = False,
    purge: Annotated[bool, flag("--purge", "Delete the store, too, and revoke its tokens.")] = False,
    dry_run: DryRun = False,
) -> int:
    """Remove the service and completions, and with --purge the store and its tokens.

    It removes only what ttp has made, and lists everything else: other files in the folder, what to do on a platform
    that does not revoke tokens, and the command that removes ttp itself. A store in PostgreSQL stays. Refused while a
    publisher runs that is not the service. Exit code 6 if something could not be removed.

    Examples:
      ttp uninstall --keep
      ttp uninstall --purge --dry-run
      ttp uninstall --purge
    """
    if keep == purge:
        ways = (
            Hint("try", f"ttp uninstall --keep{' --dry-run' if dry_run else ''}"),
            Hint("try", "ttp uninstall --purge --dry-run"),
        )
        raise UsageError("choose --keep (leave the store) or --purge (delete it)", *ways)
    removal = _removal(context)
    if not dry_run:
        removal.refuse_while_running()
        if purge and not context.confirm(_question(context), refusal="Deleting the store"):
            return FAILED
    removals = [*removal.run(purge=purge, dry_run=dry_run), *_by_hand()]
    context.out.write_list(SPEC, removals)
    context.store_in_use = None  # whose names for completion would be written into the home again
    return PARTIAL if not dry_run and any(one.has_failed for one in removals) else DONE


def _question(context: Context) -> str:
    if not context.database.has_files:
        return f"Delete {context.home} with its tokens, media and settings? The store {context.database.name} stays."
    try:
        waiting = context.status.queue().waiting
    except TtpError:  # damaged or of a newer version: it can be deleted all the same
        waiting = 0
    posts = f" {waiting} scheduled posts will not be published." if waiting else ""
    return f"Delete the store {context.home} with its posts, metrics and tokens?{posts} This cannot be undone."


def _removal(context: Context) -> Uninstall:
    from ttp.services.installation.uninstall import Uninstall

    service = system_service()
    home = service.home()
    return Uninstall(
        context.database,
        lambda: context.installation.credentials,
        context.installation.login,
        context.config,
        context.platforms,
        service,
        service_home=Path(home) if home else settings.home({}),
        completions=list(own_completions()),
        config_files=list(_config_files(context)),
        stop_s=context.config.seconds("publish.drain_s") + _STOP_MORE_S,
    )


def _config_files(context: Context) -> Iterator[Path]:
    """Yield the config file and an unfinished edit of it, if they are in ttp's own folders and hold nothing else."""
    folders, _ = settings.own_places()
    path = settings.config_path()
    for one in (path, path.with_name(f"{path.name}.edit")):
        if one.parent in folders and one.is_file() and not one.is_symlink() and _is_ours(context, one):
            yield one


def _is_ours(context: Context, path: Path) -> bool:
    """Return whether all that a config file sets are settings of ttp."""
    try:
        return all(context.keys.find(name) is not None for name in settings.read_config_file(path))
    except UsageError:
        return False


def _by_hand() -> Iterator[Removal]:
    """Yield what ttp cannot remove itself."""
    from ttp.services.installation.uninstall import Removal

    for path in start_files_with_completion():
        yield Removal("completion", str(path), "by_hand", note="remove the line with ttp completion")
    listed = background_service.run_command(("crontab", "-l"))
    for line in listed.out.splitlines() if listed.code == 0 else ():
        if "ttp" in line and " run" in line and not line.lstrip().startswith("#"):
            yield Removal("cron", line.strip(), "by_hand", note="remove the line:  crontab -e")
    yield Removal("package", "ttp-cli", "by_hand", note=package_command("uninstall"))
