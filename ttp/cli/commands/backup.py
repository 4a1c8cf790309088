"""`ttp backup` and `ttp restore`: the store in one file, and back."""

from __future__ import annotations

from typing import Annotated

import typer

from ttp.cli.context import Context
from ttp.cli.hints import quote_command
from ttp.cli.options import with_output
from ttp.cli.render import spec

BACKUP = spec.name_value_spec(("file", "bytes", "posts", "media"))
RESTORE = spec.name_value_spec(("file", "posts", "kept", "missingMedia"))


@with_output()
def backup(context: Context, file: Annotated[str, typer.Argument(metavar="FILE", help="Where to write it.")]) -> None:
    """Copy the store to a file, also while something publishes.

    It holds posts, accounts, attempts and metrics. Media and credentials are not in it: keep those folders and files
    yourself. An older backup of the same store is replaced, any other file is not.

    Example: ttp backup ~/backups/ttp.db
    """
    context.out.check_fields(BACKUP)
    here = context
    from ttp.store.home.paths import expand_user

    made = here.copies.back_up(expand_user(file))
    shape: dict[str, object] = {"file": file, "bytes": made.bytes, "posts": made.posts, "media": made.media}
    context.out.write_one(BACKUP, shape, say=[f"Backed up {_count(made.posts, 'post')} to {file}."])
    files = f"{_count(made.media, 'media file')} in {here.media.folder}, and " if made.media else ""
    context.out.note(f"not in it: {files}credentials")


@with_output()
def restore(
    context: Context, file: Annotated[str, typer.Argument(metavar="FILE", help="A backup of a store.")]
) -> None:
    """Put a backup in the place of the store, which is kept beside it.

    What was published since the backup was made is not in it, so nothing is sent before ttp run --take-over.

    Example: ttp restore ~/backups/ttp.db
    """
    context.out.check_fields(RESTORE)
    here = context
    from ttp.store.home.paths import expand_user

    now = here.copies.restore(expand_user(file))
    kept = now.kept and str(now.kept)
    shape: dict[str, object] = {"file": file, "posts": now.posts, "kept": kept, "missingMedia": now.missing}
    said = [f"Restored {_count(now.posts, 'post')} from {file}."]
    if kept:
        said.append(f"The store before it is kept:  {kept}")
    context.out.write_one(RESTORE, shape, say=said)
    if now.missing:
        are = "is" if now.missing == 1 else "are"
        context.out.note(f"{_count(now.missing, 'media file')} of unpublished posts {are} not in {here.media.folder}")
    context.out.note(
        "what is due may be published already; look that up, and go on:  " + quote_command("ttp", "run", "--take-over")
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
