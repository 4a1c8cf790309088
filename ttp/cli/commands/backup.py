"""`ttp backup` and `ttp restore`."""

from __future__ import annotations

from typing import Annotated

import typer

from ttp.cli.context import Context
from ttp.cli.errors import quote_command
from ttp.cli.options import with_output
from ttp.cli.render import spec

BACKUP = spec.name_value_spec(("file", "bytes", "posts", "media"))
RESTORE = spec.name_value_spec(("file", "posts", "kept", "missingMedia"))


@with_output()
def backup(
    context: Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Where to write it.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Read a backup from its beginning to its end instead, and write nothing.")
    ] = False,
) -> None:
    """Back up the store to a file, also while the publisher runs.

    The backup has posts, accounts, attempts and metrics, but neither media nor credentials: copy those yourself. It
    replaces an older backup of the same store, and no other file. A store in PostgreSQL is backed up by pg_dump, and
    --verify reads that, too.

    Examples:
      ttp backup ~/backups/ttp.db
      ttp backup --verify ~/backups/ttp.db
    """
    context.out.check_fields(BACKUP)
    from ttp.store.home.files import expand_user

    made = context.backups.verify(expand_user(file)) if verify else context.backups.back_up(expand_user(file))
    shape: dict[str, object] = {"file": file, "bytes": made.bytes, "posts": made.posts, "media": made.media}
    if verify:
        context.out.write_one(BACKUP, shape, say=[f"{file} is whole: {_count(made.posts, 'post')}."])
        return
    context.out.write_one(BACKUP, shape, say=[f"Backed up {_count(made.posts, 'post')} to {file}."])
    files = f"{_count(made.media, 'media file')} in {context.media.place}, and " if made.media else ""
    is_inside = context.config.text("credentials.backend") == "store"
    context.out.note(f"not in the backup: {files}{'the key of its credentials' if is_inside else 'credentials'}")


@with_output()
def restore(
    context: Context, file: Annotated[str, typer.Argument(metavar="FILE", help="A backup of a store.")]
) -> None:
    """Restore a backup; the store it replaces is kept next to it.

    The backup does not know what was published after it was made, so nothing is published before ttp run --take-over.

    Examples:
      ttp restore ~/backups/ttp.db
    """
    context.out.check_fields(RESTORE)
    from ttp.store.home.files import expand_user

    now = context.backups.restore(expand_user(file))
    kept = now.kept and str(now.kept)
    shape: dict[str, object] = {"file": file, "posts": now.posts, "kept": kept, "missingMedia": now.missing}
    said = [f"Restored {_count(now.posts, 'post')} from {file}."]
    if kept:
        said.append(f"The replaced store is kept:  {kept}")
    context.out.write_one(RESTORE, shape, say=said)
    if now.missing:
        are = "is" if now.missing == 1 else "are"
        context.out.note(
            f"{_count(now.missing, 'media file')} of unpublished posts {are} missing in {context.media.place}"
        )
    context.out.note(
        "due posts may be published already; check that and continue:  " + quote_command("ttp", "run", "--take-over")
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
