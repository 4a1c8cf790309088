"""`ttp notify …`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ttp.cli.context import Context
from ttp.cli.errors import DONE, FAILED, command_text
from ttp.cli.options import MOST, read_stdin, with_output
from ttp.cli.render.page import Cell, Column, Page, Style, table
from ttp.cli.render.spec import OutputSpec
from ttp.cli.terminal import escape_line, is_interactive, read_secret
from ttp.domain.errors import Hint, UsageError
from ttp.domain.notification import SECRETS
from ttp.views import notifications as views

if TYPE_CHECKING:
    from ttp.domain.notification import Notification
    from ttp.publisher.notifications import Sent


_STYLES: dict[str, Style] = {"sent": "green", "failed": "red", "waiting": "magenta", "over": "dim"}


def _render_notifications(notifications: Sequence[Notification], page: Page) -> Iterator[str]:
    columns = [
        Column("WHEN"),
        Column("KIND"),
        Column("STATE"),
        Column("WHAT"),
        Column("POST", right=True, drop=1),
        Column("ACCOUNT", drop=2, most=page.width // 4),
        Column("DETAIL"),
    ]
    rows = [
        [
            Cell(page.when(one.sent_at or one.created_at)),
            Cell(one.kind),
            Cell(one.state, _STYLES[one.state]),
            Cell(one.event.partition(".")[2].replace("_", " ")),
            Cell("-" if one.post_id is None else str(one.post_id)),
            Cell(escape_line(one.account or "-")),
            Cell(escape_line(one.error or one.message or "")),
        ]
        for one in notifications
    ]
    yield from table(columns, rows, page, least=12)
    yield ""
    yield page.footer()


def _render_sent(results: Sequence[Sent], page: Page) -> Iterator[str]:
    for one in results:
        if one.error is None:
            yield f"{one.kind}: {page.paint('sent', 'green')}"
            continue
        yield f"{one.kind}: {page.paint('not sent', 'red')}: {escape_line(one.error)}"
        if one.hint is not None:
            yield f"  fix:  {command_text(one.hint)}"


NOTIFICATIONS_SPEC: OutputSpec[Notification] = OutputSpec(
    views.NOTIFICATION_FIELDS,
    ("createdAt", "kind", "event", "state", "post", "account", "error"),
    views.notification_json,
    _render_notifications,
)
"""`ttp notify list`."""
SENT_SPEC: OutputSpec[Sent] = OutputSpec(views.SENT_FIELDS, ("kind", "sent", "error"), views.sent_json, _render_sent)
"""`ttp notify test`."""


notify = typer.Typer()
SHOWN = 50
"""Notifications that are listed without `--limit`."""


@notify.command("test")
@with_output(SENT_SPEC)
def send_test(
    context: Context,
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="desktop, ntfy, email, webhook or command; else all you use.")
    ] = None,
) -> int:
    """Send a test notification.

    Exit code 1 if one was not sent.

    Examples:
      ttp notify test
      ttp notify test email
    """
    sent = context.notifications.test(kind)
    context.out.write_list(SENT_SPEC, sent)
    return FAILED if any(one.error is not None for one in sent) else DONE


@notify.command("list")
@with_output(NOTIFICATIONS_SPEC)
def list_(
    context: Context,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", help=f"Print at most N ({SHOWN}).", min=1, max=MOST)
    ] = SHOWN,
) -> None:
    """List what was sent and what failed in the last days, newest first.

    Examples:
      ttp notify list
      ttp notify list --limit 5 --json
    """
    notifications = context.notifications.newest(limit)
    none = ["No notifications yet.  Send a test:  ttp notify test"]
    context.out.write_list(NOTIFICATIONS_SPEC, notifications, say=None if notifications else none)


@notify.command("secret")
@with_output()
def secret(
    context: Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="ntfy, email or webhook.")],
    source: Annotated[str | None, typer.Argument(metavar="[-]", help="- reads the secret from stdin.")] = None,
    new: Annotated[
        bool, typer.Option("--new", help="webhook: create a new signing secret, and print it once.")
    ] = False,
) -> None:
    """Store the secret of a kind of notification, where tokens are stored.

    ntfy has an access token, email a password, webhook a signing secret. ttp asks for it, hidden, or reads it from
    stdin, and sends it only to the host that is set now. The environment may have it instead: TTP_NTFY_TOKEN,
    TTP_SMTP_PASSWORD, TTP_WEBHOOK_SECRET.

    Examples:
      ttp notify secret ntfy
      ttp notify secret email - < password.txt
      ttp notify secret webhook --new
    """
    if source not in (None, "-"):
        raise UsageError("a secret is not typed on the command line", Hint("try", f"ttp notify secret {kind}"))
    if new and kind != "webhook":
        raise UsageError("--new is for webhook", Hint("try", "ttp notify secret webhook --new"))
    context.notifications.secret_host(kind)  # what is typed after it must not be lost
    if new:
        from ttp.services.server.webhooks import new_secret

        value = new_secret()
    elif source == "-":
        value = read_stdin(context, "secret of the notification").strip()
    elif is_interactive():
        value = read_secret(f"{kind}, {SECRETS[kind]} (hidden): ") or ""
    else:
        raise UsageError("asking for the secret needs a terminal", Hint("try", f"ttp notify secret {kind} -"))
    host = context.notifications.store_secret(kind, value)
    lines = [f"Stored the secret of {kind} for {host}.", f"Check it:  ttp notify test {kind}"]
    if new:
        context.out.line(value)
    context.out.write_message(*lines)
