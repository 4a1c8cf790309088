"""`ttp credentials …`."""

from __future__ import annotations

from typing import Annotated

import typer

from ttp.cli.context import Context
from ttp.cli.options import with_output
from ttp.cli.render.credentials import NEW_KEY_SPEC, REKEY_SPEC

credentials = typer.Typer()


@credentials.command("new-key")
@with_output()
def new_key(context: Context) -> None:
    """Print a new key for credentials in the store.

    It is stored nowhere: keep it safe, and give it to every host that publishes.

    Examples:
      ttp credentials new-key
    """
    from ttp.store.credentials.keys import VARIABLE, new_key, parse_keys

    context.out.check_fields(NEW_KEY_SPEC)
    text = new_key()
    context.out.write_one(NEW_KEY_SPEC, (text, parse_keys(text, VARIABLE)[0]), say=[text])


@credentials.command("rekey")
@with_output()
def rekey(
    context: Context,
    discard: Annotated[
        bool, typer.Option("--discard-unreadable", help="Delete credentials that no key given here decrypts.")
    ] = False,
) -> None:
    """Encrypt the credentials in the store with the newest key.

    Give every host the new key, a space, and the old one in TTP_CREDENTIALS_KEY; then run this once. Afterwards the
    old key decrypts nothing: remove it. If this is interrupted, run it again: it continues.

    With --discard-unreadable a lost key can be replaced: connect the accounts again afterwards.

    Examples:
      ttp credentials rekey
      ttp credentials rekey --discard-unreadable
    """
    context.out.check_fields(REKEY_SPEC)
    from ttp.services.credentials import encrypt_again

    done = encrypt_again(context.database, context.credentials_table, discard=discard)
    said = [f"All {done.total} entries are encrypted with key {done.key_id}; {done.changed} were changed."]
    context.out.write_one(REKEY_SPEC, done, say=said)
