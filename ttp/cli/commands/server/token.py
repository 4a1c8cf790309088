"""`ttp token …`."""

from __future__ import annotations

from typing import Annotated

import typer

from ttp.cli.context import Context
from ttp.cli.options import named_accounts, parse_optional_duration, subcommand
from ttp.cli.parameters import argument, option
from ttp.cli.render import server as render_tokens
from ttp.domain.errors import Hint, UsageError
from ttp.domain.server.api_token import TokenCapability
from ttp.domain.time.formatting import format_instant

token = typer.Typer()


@subcommand(token, "create", render_tokens.NEW_TOKEN_SPEC)
def create(
    context: Context,
    name: Annotated[str, argument("NAME", "The person or program that gets the token.")],
    capability: Annotated[str, option("--capability", "WHAT", "What it may do: read, draft, publish or approve.")],
    account: Annotated[list[str] | None, option("--account", "A,B", "The only accounts it may use; else all.")] = None,
    expires: Annotated[
        str | None, option("--expires", "DURATION", "How long it works, such as 90d; default: without end.")
    ] = None,
    tz: Annotated[str | None, option("--tz", "ZONE", "Timezone of its times; else the setting timezone.")] = None,
) -> None:
    """Create a token of the HTTP API, and print it once.

    Each of read, draft and publish may do what those before it may. approve may read and approve, but not write.
    Send the token with each request to ttp serve:  Authorization: Bearer TOKEN

    Examples:
      ttp token create ann --capability publish
      ttp token create agent --capability draft --account x/me --expires 90d
    """
    lifetime = parse_optional_duration(expires)
    accounts = named_accounts(context, account)
    made = context.installation.api_tokens.create(name, parse_capability(capability), accounts, lifetime, tz)
    ends = made.token.expires_at
    until = f"works until {format_instant(ends, context.zone)}" if ends else "works until you revoke it"
    lines = [f"This token of {name} {until}. It is not shown again:", made.secret or ""]
    context.out.write_one(render_tokens.NEW_TOKEN_SPEC, made, say=lines)


@subcommand(token, "list", render_tokens.TOKENS_SPEC)
def list_(context: Context) -> None:
    """List the tokens, without their secrets.

    Examples:
      ttp token list
      ttp token list --json
    """
    tokens = context.installation.api_tokens.all()
    context.out.write_list(
        render_tokens.TOKENS_SPEC, tokens, none="No tokens yet.  Create one:  ttp token create NAME --capability draft"
    )


@subcommand(token, "revoke", render_tokens.TOKENS_SPEC)
def revoke(context: Context, name: Annotated[str, argument("ID|NAME", "The id or the name of a token.")]) -> None:
    """Revoke a token: from now on it is refused.

    Examples:
      ttp token revoke ann
      ttp token revoke 3
    """
    gone = context.installation.api_tokens.revoke(name)
    context.out.write_one(render_tokens.TOKENS_SPEC, gone, say=[f"Revoked token {gone.token.id} of {gone.token.name}."])


@subcommand(token, "release", render_tokens.TOKENS_SPEC)
def release(
    context: Context,
    name: Annotated[str, argument("ID|NAME", "The id or the name of a token.")],
    key: Annotated[str, argument("KEY", "The idempotency key.")],
) -> None:
    """Free the idempotency key of a request whose outcome is unknown.

    It ended without an answer, as when the server is killed. Look first whether it was done: the next request with the
    key is done again.

    Examples:
      ttp token release ann night-7
    """
    named_token = context.installation.api_tokens.release_key(name, key)
    message = f'Freed the key "{key}" of {named_token.token.name}: the next request with it is done.'
    context.out.write_one(render_tokens.TOKENS_SPEC, named_token, say=[message])


def parse_capability(text: str) -> TokenCapability:
    try:
        return TokenCapability(text)
    except ValueError:
        from difflib import get_close_matches

        names = list(TokenCapability)
        near = get_close_matches(text, names, 1) or names
        ways = (Hint("try", f"--capability {one}", (text, one)) for one in near)
        raise UsageError(f'"{text}" is not one of {", ".join(names)}', *ways) from None
