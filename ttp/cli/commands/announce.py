"""`ttp announce`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

from ttp.cli import settings
from ttp.cli.context import Context
from ttp.cli.notices import print_warnings, warn_not_running
from ttp.cli.options import with_output
from ttp.cli.parameters import argument, flag, option
from ttp.cli.render import post as render_post
from ttp.cli.render.spec import name_value_spec
from ttp.cli.system_zone import system_zone
from ttp.cli.texts import load_text
from ttp.domain.action import OtherOptions
from ttp.domain.errors import Hint, NotAllowed, NotFound, TimeRefused, TtpError, UsageError
from ttp.domain.permissions import Capability
from ttp.services.application import Application, Installation
from ttp.views import Json
from ttp.views.announcements import KEYS, announcement_json

if TYPE_CHECKING:
    from ttp.services.announce.file import AnnounceFile
    from ttp.services.announce.release import Release

SPEC = name_value_spec(KEYS)


@with_output(SPEC, check=False)
def announce(
    context: Context,
    tag: Annotated[str | None, argument("TAG", "The tag of the release.")] = None,
    project: Annotated[
        str | None, option("--project", "OWNER/NAME", "Its project, else as the CI or the Git remote has it.")
    ] = None,
    dry_run: Annotated[
        bool, flag("--dry-run", "Show what would be published, also of a tag to come; store nothing.")
    ] = False,
    init: Annotated[bool, flag("--init", "Write .ttp/announce.toml and a workflow for GitHub.")] = False,
) -> None:
    """Make a post of a release, once, also when the job runs again.

    The accounts and texts are in .ttp/announce.toml. With a draft token of TTP_SERVER, or where TTP_CAPABILITY is
    draft, the post waits for approval, which schedules it. Without a store it publishes only to networks that find a
    post by its key, with an app password in TTP_NETWORK_PASSWORD (NETWORK: its name).

    Examples:
      ttp announce --init
      ttp announce v2.1.0 --dry-run
      ttp announce v2.1.0
    """
    from ttp.services.announce.file import PATH, read_file
    from ttp.services.announce.release import read_release

    context.out.check_fields(render_post.preview_spec(()) if dry_run else SPEC)
    if init:
        if tag is not None or project is not None or dry_run:
            raise UsageError("--init takes no tag and no other option", Hint("try", "ttp announce --init"))
        _write_files(context)
        return
    if not tag:
        raise UsageError("name the tag of the release", Hint("try", "ttp announce TAG"))
    context.caller_root = Path()  # whoever proposes a file may not read others elsewhere by it
    with _naming(PATH):
        file = read_file()
    release = read_release(
        tag, project, file.changelog, os.environ, unless_there=context.clock.now() if dry_run else None
    )
    if dry_run:
        _preview(context, file, release)
    elif settings.names_server():
        _submit_there(context, file, release)
    elif context.database.exists():
        _submit_here(context, file, release)
    else:
        _publish_without_store(context, file, release)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Add the file to a refusal of the block: it holds what has to be changed, and not what was typed."""
    try:
        yield
    except TtpError as error:
        hints = tuple(hint for hint in error.hints if not _is_of_options(hint))
        is_named = str(path) in error.message
        if hints != error.hints or (isinstance(error, UsageError | TimeRefused) and not is_named):
            is_elsewhere = error.flaw == "template"
            error.hints = hints if is_elsewhere else (*hints, Hint("fix", f"$EDITOR {path}"))
            error.message = error.message if is_named else f"{path}: {error.message}"
        raise


def _is_of_options(hint: Hint) -> bool:
    return isinstance(hint.way, OtherOptions) or str(hint.way).startswith("--")


@contextmanager
def _empty_store(context: Context, file: AnnounceFile | None = None) -> Iterator[Application]:
    """Yield an application on an empty store, which goes at the end. `file`: its accounts are there, not connected."""
    from ttp.cli.errors import command_text
    from ttp.store.database import Database

    with TemporaryDirectory(prefix="ttp-announce-") as folder:
        installation = Installation(
            Database(Path(folder)),
            context.clock,
            context.own_config.with_values({"credentials.backend": "file", "media.backend": "folder"}),
            context.platforms,
            system_zone=lambda: system_zone().zone,
            own_files=lambda: context.own_files,
            render_way_out=command_text,
        )
        app = Application(installation, context.caller)
        app.is_command_line, app.caller_root = True, context.caller_root
        for name in file.to if file else ():
            app.accounts.add(name, None)
        yield app


def _preview(context: Context, file: AnnounceFile, release: Release) -> None:
    """Show what each account would get. Raise ContentRefused for what one would refuse."""
    from dataclasses import replace

    from ttp.domain.post_edit import content_refusal
    from ttp.services.announce.file import PATH
    from ttp.services.preview import preview_post

    with _naming(PATH), _empty_store(context, file) as app:
        post_input = replace(file.post_input(release, app.templates), key=None)
        app.submitted_drafts.checked_time(file.at, (), file.timezone)
        preview = preview_post(app.posts, post_input, None, with_cards=False)
        refused = preview.refused or content_refusal(preview.warnings)
        warnings = [replace(one, hint=None) for one in preview.warnings]  # no account of a store to change
        shown = [] if refused else print_warnings(context.out, warnings)
        foot = [f"Time: {file.at}. Nothing was stored."]
        if refused is None or context.out.for_people:
            context.out.write_one(render_post.preview_spec(shown), preview, foot=foot)
        if refused is not None:
            raise refused


def _submit_there(context: Context, file: AnnounceFile, release: Release) -> None:
    """Submit the post to the server that TTP_SERVER names: its texts are made here."""
    from ttp.cli.remote.address import find_address
    from ttp.cli.remote.client import create_post
    from ttp.domain.post_fields import PLAIN
    from ttp.services.announce.file import PATH

    address = find_address(context.own_config)
    with _naming(PATH), _empty_store(context, file) as app:
        post_input = file.post_input(release, app.templates)
        post, _ = app.posts.build_post(post_input, None)
        body = {
            "content": post.content,
            "variants": dict(post.variants),
            "thread": list(post.thread),
            "accounts": list(file.to),
            "tags": list(post.tags),
            "options": dict(post.options),
            **{one.file: getattr(post, one.name) for one in PLAIN},
            "scheduledAt": post_input.at,
            "timezone": post_input.tz,
            "key": release.key,
            "submit": True,
        }
    try:
        stored = create_post(address, {name: value for name, value in body.items() if value not in (None, "", [], {})})
    except NotFound as absent:
        absent.hints = (Hint("fix", f"$EDITOR {PATH}"),)
        raise
    for warning in stored.get("warnings", ()):
        context.out.note(str(warning))
    _report(context, release, announcement_json(release.key, stored))


def _submit_here(context: Context, file: AnnounceFile, release: Release) -> None:
    from ttp.services.announce.file import PATH
    from ttp.views.posts import post_json

    with _naming(PATH):
        saved = context.submitted_drafts.submit_post(file.post_input(release, context.templates))
    shape = post_json(saved.post, print_warnings(context.out, saved.warnings), replayed=saved.replayed)
    if saved.post.scheduled_at is not None and not saved.replayed:
        warn_not_running(context)
    _report(context, release, announcement_json(release.key, dict(shape)))


def _publish_without_store(context: Context, file: AnnounceFile, release: Release) -> None:
    """Publish the post now, under a key that a second run finds. Raise UsageError for networks without such keys."""
    from ttp.services.announce.file import PATH
    from ttp.services.announce.without_store import GUIDE, announce_once, refuse_networks

    caller = context.caller
    if caller.capability is not Capability.PUBLISH:
        raise NotAllowed(
            f"{caller.capability_source} is {caller.capability}, and without a store a release is published at once",
            Hint("see", GUIDE),
        )
    with _naming(PATH):
        refuse_networks(context, file.to)
    variable = f"TTP_{context.platforms.find(file.to[0].partition('/')[0]).name.upper()}_PASSWORD"
    password = os.environ.get(variable, "").strip()
    if not password:
        raise NotAllowed(f"without a store, {variable} must have an app password", Hint("see", GUIDE))
    if file.at != "now":
        context.out.note(f"without a store it is published at once, and not at the time {file.at}")
    with _naming(PATH), _empty_store(context) as app:
        done = announce_once(app, release, file.post_input(release, app.templates), password)
    post = {"status": "published", "accounts": [done.account], "needs": [], "url": done.url, "replayed": done.replayed}
    _report(context, release, announcement_json(release.key, post))


def _report(context: Context, release: Release, done: Json) -> None:
    name = f"{release.tag} of {release.project}"
    where = done["url"] or f"post {done['id']}"
    if done["replayed"]:
        line = f"{name} was announced before: {where}, {done['status']}. Nothing was changed."
    elif done["id"] is None:
        line = f"Announced {name}: {where}"
    elif done["scheduledAt"] is not None:
        line = f"Scheduled {where} for {_time_text(context, done['scheduledAt'])}: {name}."
    else:
        line = f"Submitted {name} as {where}. Its approval gives it the time {_time_text(context, done['asksFor'])}."
    waits = done["scheduledAt"] is not None and done["needs"] == ["approve"]
    context.out.write_one(SPEC, done, say=[line, *(["It waits for approval."] if waits else [])])


def _time_text(context: Context, time: object) -> str:
    """Return an instant for a person, or the word that it is, such as `next-slot`."""
    from datetime import datetime

    from ttp.domain.time.formatting import format_instant

    try:
        return format_instant(datetime.fromisoformat(str(time)), context.zone)
    except ValueError:
        return str(time)


def _write_files(context: Context) -> None:
    """Write the file of the repository and a workflow. UsageError for one that is there."""
    from ttp.services.announce.file import PATH
    from ttp.store.home.files import disk_error

    here = [one.name for one in context.queries.accounts() if one.enabled] if not settings.names_server() else []
    names = ", ".join(f'"{name}"' for name in here or ["PLATFORM/HANDLE"])
    texts = {
        PATH: load_text("announce.toml", ACCOUNTS=names),
        Path(".github/workflows/announce.yml"): load_text("announce.yml"),
    }
    for path in texts:
        if path.exists():
            raise UsageError(f"{path} is there already", Hint("see", str(path)))
    for path, text in texts.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise disk_error(path, error) from None
    file, workflow = map(str, texts)
    context.out.write_message(
        f"Wrote {file}.  Look:  ttp announce v1.0.0 --dry-run",
        f"Wrote {workflow}. In it, put the owner of your copy of ttp in place of OWNER.",
    )
