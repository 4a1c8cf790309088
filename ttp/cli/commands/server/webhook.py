"""`ttp webhook …`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from ttp.cli.context import Context
from ttp.cli.errors import DONE, FAILED
from ttp.cli.options import named_accounts, parse_optional_duration, split_list, subcommand
from ttp.cli.parameters import argument, flag, option
from ttp.cli.render import server as render_webhooks
from ttp.cli.render.labels import plural
from ttp.domain.action import action
from ttp.domain.errors import Hint, NotAllowed, UsageError
from ttp.domain.time.formatting import format_instant
from ttp.views import server as views_server

webhook = typer.Typer()
WebhookId = Annotated[int, argument("WEBHOOK", "The id of a webhook.")]
OVERLAP = timedelta(hours=24)
USUAL_CALLS = 50


@subcommand(webhook, "add", render_webhooks.NEW_WEBHOOK_SPEC)
def add(
    context: Context,
    url: Annotated[str, argument("URL", "The https address that gets the events.")],
    events: Annotated[list[str] | None, option("--events", "A,B", "The only events it gets; else all.")] = None,
    accounts: Annotated[
        list[str] | None, option("--accounts", "A,B", "The only accounts it is about; else all.")
    ] = None,
    allow_private: Annotated[
        bool, flag("--allow-private", "Allow addresses that are not on the public internet, also by http.")
    ] = False,
) -> None:
    """Add a webhook, which gets what happens to posts, and print its secret once.

    While ttp serve runs, it sends each event as a signed POST (Standard Webhooks), and repeats it for 24 hours until
    the answer is 2xx.

    Examples:
      ttp webhook add https://example.org/hook
      ttp webhook add https://example.org/hook --events delivery.failed
      ttp webhook add http://127.0.0.1:9000/ --allow-private
    """
    chosen = named_accounts(context, accounts)
    made = context.installation.webhooks.add(url, split_list(events) or (), chosen, private=allow_private)
    lines = [
        f"Webhook {made.webhook.id} sends to {made.webhook.host}. Its secret is not shown again:",
        made.secret or "",
    ]
    context.out.write_one(render_webhooks.NEW_WEBHOOK_SPEC, made, say=lines)


@subcommand(webhook, "list", render_webhooks.WEBHOOKS_SPEC)
def list_(context: Context) -> None:
    """List the webhooks, without their secrets.

    Examples:
      ttp webhook list
      ttp webhook list --json
    """
    webhooks = context.installation.webhooks.all()
    context.out.write_list(
        render_webhooks.WEBHOOKS_SPEC, webhooks, none="No webhooks yet.  Add one:  ttp webhook add URL"
    )


@subcommand(webhook, "rotate", render_webhooks.NEW_WEBHOOK_SPEC)
def rotate(
    context: Context,
    webhook_id: WebhookId,
    overlap: Annotated[
        str | None, option("--overlap", "DURATION", "How long the old secret stays valid (24h).")
    ] = None,
) -> None:
    """Create a new secret, and print it once. The old one stays valid for a day.

    Examples:
      ttp webhook rotate 1
      ttp webhook rotate 1 --overlap 1h
    """
    span = parse_optional_duration(overlap)
    made = context.installation.webhooks.rotate(webhook_id, OVERLAP if span is None else span)
    until = format_instant(made.webhook.rotated_until, context.zone) if made.webhook.rotated_until else ""
    lines = [f"The old secret of webhook {webhook_id} stays valid until {until}. The new one:", made.secret or ""]
    context.out.write_one(render_webhooks.NEW_WEBHOOK_SPEC, made, say=lines)


@subcommand(webhook, "remove", render_webhooks.WEBHOOKS_SPEC)
def remove(context: Context, webhook_id: WebhookId) -> None:
    """Remove a webhook and drop its pending events.

    Examples:
      ttp webhook remove 1
    """
    gone = context.installation.webhooks.remove(webhook_id)
    context.out.write_one(
        render_webhooks.WEBHOOKS_SPEC, gone, say=[f"Removed webhook {webhook_id} to {gone.webhook.host}."]
    )


@subcommand(webhook, "test", render_webhooks.TEST_SPEC)
def test(context: Context, webhook_id: WebhookId) -> int:
    """Send a test event now. Exit code 1 if it is not accepted.

    Examples:
      ttp webhook test 1
    """
    try:
        result = context.installation.webhooks.test(webhook_id)
    except ImportError:
        raise NotAllowed(
            "signing needs a package that is not installed", Hint("fix", "pip install 'ttp-cli[server]'")
        ) from None
    message = (
        f"Webhook {webhook_id} accepted it." if result.message is None else f"Webhook {webhook_id} {result.message}."
    )
    context.out.write_one(render_webhooks.TEST_SPEC, views_server.test_json(webhook_id, result), say=[message])
    return DONE if result.message is None else FAILED


@subcommand(webhook, "replay", render_webhooks.REPLAY_SPEC)
def replay(
    context: Context,
    webhook_id: WebhookId,
    events: Annotated[list[str] | None, argument("[EVENT...]", "Ids of events; else those that were not sent.")] = None,
) -> None:
    """Resend failed and waiting events, or the ones you name.

    Examples:
      ttp webhook replay 1
      ttp webhook replay 1 17 18
    """
    event_ids = context.installation.webhooks.replay(webhook_id, [_event_id(one) for one in events or ()])
    message = f"ttp serve sends {plural(len(event_ids), 'event')} again." if event_ids else "Nothing to send again."
    context.out.write_one(render_webhooks.REPLAY_SPEC, views_server.replay_json(webhook_id, event_ids), say=[message])


def _event_id(text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f'"{text}" is not the id of an event', Hint("see", action("webhook log", "WEBHOOK")))
    return int(text)


@subcommand(webhook, "log", render_webhooks.CALLS_SPEC)
def log(
    context: Context,
    webhook_id: WebhookId,
    limit: Annotated[
        int, option("--limit", "N", f"List at most N events ({USUAL_CALLS}).", short="-n", min=1, max=10_000)
    ] = USUAL_CALLS,
) -> None:
    """List the events of a webhook, newest first, with the result of each.

    Examples:
      ttp webhook log 1
      ttp webhook log 1 --json
    """
    calls = context.installation.webhooks.log(webhook_id, limit)
    context.out.write_list(render_webhooks.CALLS_SPEC, calls, none="No events yet.")
