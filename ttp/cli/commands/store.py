"""`ttp backup`, `ttp restore`, `ttp store …`, and `ttp credentials …` about credentials in the store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from ttp.cli.context import Context, open_database
from ttp.cli.errors import quote_command
from ttp.cli.options import subcommand, with_output
from ttp.cli.parameters import argument, flag, option
from ttp.cli.progress import progress
from ttp.cli.render import spec
from ttp.cli.render.labels import plural
from ttp.cli.render.spec import OutputSpec
from ttp.domain.config import is_shared
from ttp.domain.errors import Hint, UsageError
from ttp.views import store as views

if TYPE_CHECKING:
    from ttp.store.credentials.keys import CredentialsKey
    from ttp.store.credentials.table import RekeyResult
    from ttp.store.database import Database


NEW_KEY_SPEC: OutputSpec[tuple[str, CredentialsKey]] = OutputSpec(views.NEW_KEY_FIELDS, ("key",), views.new_key_json)
REKEY_SPEC: OutputSpec[RekeyResult] = OutputSpec(views.REKEY_FIELDS, views.REKEY_FIELDS, views.rekey_json)


BACKUP = spec.name_value_spec(views.BACKUP_FIELDS)
RESTORE = spec.name_value_spec(views.RESTORE_FIELDS)


@with_output(BACKUP)
def backup(
    context: Context,
    file: Annotated[str, argument("FILE", "Where to write it.")],
    verify: Annotated[
        bool, flag("--verify", "Read a backup from its beginning to its end instead, and write nothing.")
    ] = False,
) -> None:
    """Back up the store to a file, also while the publisher runs.

    The backup has posts, accounts, attempts and metrics, but no media, templates or credentials: copy those yourself.
    It replaces an older backup of the same store, and no other file. A store in PostgreSQL is backed up by pg_dump, and
    --verify reads that, too.

    Examples:
      ttp backup ~/backups/ttp.db
      ttp backup --verify ~/backups/ttp.db
    """
    from ttp.store.home.files import expand_user

    made = context.backups.verify(expand_user(file)) if verify else context.backups.back_up(expand_user(file))
    shape = views.backup_json(file, made)
    if verify:
        context.out.write_one(BACKUP, shape, say=[f"{file} is whole: {plural(made.posts, 'post')}."])
        return
    context.out.write_one(BACKUP, shape, say=[f"Backed up {plural(made.posts, 'post')} to {file}."])
    templates = context.home / "templates"
    counts = ((made.media, "media file", context.media.place), (len([*templates.glob("*.md")]), "template", templates))
    files = "".join(f"{plural(count, what)} in {place}, and " for count, what, place in counts if count)
    is_inside = context.config.text("credentials.backend") == "store"
    context.out.note(f"not in the backup: {files}{'the key of its credentials' if is_inside else 'credentials'}")


@with_output(RESTORE)
def restore(context: Context, file: Annotated[str, argument("FILE", "A backup of a store.")]) -> None:
    """Restore a backup; the store it replaces is kept next to it.

    The backup does not know what was published after it was made, so nothing is published before ttp run --take-over.

    Examples:
      ttp restore ~/backups/ttp.db
    """
    from ttp.store.home.files import expand_user

    now = context.backups.restore(expand_user(file))
    lines = [f"Restored {plural(now.posts, 'post')} from {file}."]
    if now.kept:
        lines.append(f"The replaced store is kept:  {now.kept}")
    context.out.write_one(RESTORE, views.restore_json(file, now), say=lines)
    if now.missing:
        are = "is" if now.missing == 1 else "are"
        context.out.note(
            f"{plural(now.missing, 'media file')} of unpublished posts {are} missing in {context.media.place}"
        )
    context.out.note(
        "due posts may be published already; check that and continue:  " + quote_command("ttp", "run", "--take-over")
    )


store = typer.Typer()

COPY = spec.name_value_spec(views.COPY_FIELDS)
UNSEAL = spec.name_value_spec(views.UNSEAL_FIELDS)
_FORMS = "a folder, sqlite:///FOLDER/ttp.db, or postgresql://USER@HOST/DATABASE"


@subcommand(store, "copy", COPY)
def copy(
    context: Context,
    source: Annotated[str, option("--from", "URL", f"The store to copy: {_FORMS}.")],
    target: Annotated[str, option("--to", "URL", f"An empty place for it: {_FORMS}.")],
) -> None:
    """Move the store to another place, such as from a file to PostgreSQL, or back.

    The copy takes the place of the store: ids, keys and history stay, and the old store publishes and changes nothing
    any more. No publisher may run meanwhile, and no delivery may be in flight. If this is interrupted neither of the
    two publishes: run it again, and it continues. To give an incomplete copy up: ttp store unseal.

    Examples:
      ttp store copy --from ~/ttp --to postgresql://ttp@db.example.org/ttp
      ttp store copy --from postgresql://ttp@db.example.org/ttp --to ~/ttp
    """
    from ttp.services.store_copy import StoreCopy

    source_store, there = _open(context, source), _open(context, target)
    # What a store in a server has of these settings is copied with it.
    shared = {name: context.own_config[name] for name in _shared_here(context)} if source_store.has_files else {}
    any_machine = context.own_config["publish.any_machine"] is True
    copied = tables = rows = 0
    with progress(context.out, "copying rows", None) as show:
        for step in StoreCopy(source_store, there, shared, any_machine=any_machine).run():
            if step.is_compared:
                tables, rows = tables + 1, rows + step.rows
            else:
                copied += step.rows
                show(copied)
    message = f"Copied {rows} rows of {tables} tables to {there.name}." if tables else "The copy was complete already."
    context.out.write_one(COPY, views.copy_json(source_store.name, there.name, tables=tables, rows=rows), say=[message])
    context.out.note(*_left_to_do(context, source_store, there))


@subcommand(store, "unseal", UNSEAL)
def unseal(
    context: Context,
    place: Annotated[str | None, argument("[URL]", "The sealed store; by default the one in use.")] = None,
    without_copy: Annotated[
        bool, flag("--without-copy", "The copy is lost, and publishes nowhere: do not ask it.")
    ] = False,
) -> None:
    """Abandon an unfinished copy, and unlock the original store.

    The copy never publishes then. A complete copy has replaced the store, and cannot be abandoned; copy it back.
    With --without-copy nothing is published before ttp run --take-over, which looks up what is due.

    Examples:
      ttp store unseal
      ttp store unseal --without-copy
    """
    from ttp.services.store_copy import StoreCopy, copy_of, unseal_without_copy

    database = context.database if place is None else _open(context, place)
    copied = copy_of(database)
    if copied is not None and not without_copy:
        StoreCopy(database, _open(context, copied)).give_up()
    else:
        unseal_without_copy(database)
    message = f"{database.name} is not sealed any more." if copied else f"{database.name} is not sealed."
    context.out.write_one(UNSEAL, views.unseal_json(database.name, copied), say=[message])


def _open(context: Context, text: str) -> Database:
    """Return the store at an address. UsageError."""
    from ttp.domain.store_url import is_store_url, passwords_in
    from ttp.store.home.files import expand_user

    if is_store_url(text):
        if passwords_in(text):
            raise UsageError(
                "every user of this machine can read a password on a command line: put it into ~/.pgpass, or"
                " let store.password_command print it"
            )
        return open_database(context.home, text, context.own_config.texts("store.password_command"))
    path = expand_user(text.removeprefix("sqlite://"))
    home = path.parent if path.name == "ttp.db" else path
    if "://" in text.removeprefix("sqlite://") or (home.exists() and not home.is_dir()):
        raise UsageError(f"{text} is not the address of a store", Hint("try", _FORMS))
    return open_database(home.absolute())


def _shared_here(context: Context) -> list[str]:
    """Return the settings of this host that all hosts of a store in a server share."""
    return [name for name in context.keys if is_shared(name) and context.own_config.is_set(name)]


def _left_to_do(context: Context, source: Database, target: Database) -> Iterator[str]:
    """Yield what has to be moved by hand, and what to set."""
    shared = _shared_here(context)
    if not target.has_files and source.has_files and shared:
        yield f"these settings are in the store now, and no longer in the config file of a host: {', '.join(shared)}"
        yield from (f"remove it here:  ttp config unset {name}" for name in shared)
    homes = source.home, target.home
    if target.has_files:
        yield f"use it from now on:  {quote_command('export', f'TTP_HOME={target.home}')}"
        if context.own_config.text("store.url"):
            yield "stop using the old one:  ttp config unset store.url"
    elif context.own_config.text("store.url") != target.name:
        yield f"use it from now on, on every host:  {quote_command('ttp', 'config', 'set', 'store.url', target.name)}"
    if homes[0] != homes[1]:
        names = ("media", "credentials.json", "config.toml")
        there = [str(path) for path in (homes[0] / name for name in names) if path.exists()]
        if there:
            yield f"copy what is not in the store:  {quote_command('cp', '-a', *there, f'{homes[1]}/')}"
    elif not target.has_files:
        yield f"media stay in {homes[0] / 'media'}: other hosts read them from a bucket (media.backend)"
    backend = context.own_config.text("credentials.backend")
    if backend != "store":
        yield f"credentials stay where they are (credentials.backend = {backend})"


credentials = typer.Typer()


@subcommand(credentials, "new-key", NEW_KEY_SPEC)
def new_key(context: Context) -> None:
    """Print a new key for credentials in the store.

    It is stored nowhere: keep it safe, and give it to every host that publishes.

    Examples:
      ttp credentials new-key
    """
    from ttp.store.credentials.keys import VARIABLE, new_key, parse_keys

    text = new_key()
    context.out.write_one(NEW_KEY_SPEC, (text, parse_keys(text, VARIABLE)[0]), say=[text])


@subcommand(credentials, "rekey", REKEY_SPEC)
def rekey(
    context: Context,
    discard: Annotated[
        bool, flag("--discard-unreadable", "Delete credentials that no key given here decrypts.")
    ] = False,
) -> None:
    """Encrypt the credentials in the store with the newest key.

    Give every host the new key, a space, and the old one in TTP_CREDENTIALS_KEY; then run this once. The old key is
    then useless; remove it. You can safely run this again after an interruption.

    With --discard-unreadable a lost key can be replaced: connect the accounts again afterwards.

    Examples:
      ttp credentials rekey
      ttp credentials rekey --discard-unreadable
    """
    from ttp.services.connecting.credentials import encrypt_again

    done = encrypt_again(context.database, context.installation.credentials_table, discard=discard)
    lines = [f"All {done.total} entries are encrypted with key {done.key_id}; {done.changed} were changed."]
    context.out.write_one(REKEY_SPEC, done, say=lines)
