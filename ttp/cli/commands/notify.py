"""`ttp notify …`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer

from ttp.cli.context import Context
from ttp.cli.errors import DONE, FAILED, command_text, fit_install_commands
from ttp.cli.options import MOST, read_stdin, subcommand
from ttp.cli.parameters import argument, option
from ttp.cli.render.page import Cell, Column, Page, Style, table_of
from ttp.cli.render.spec import OutputSpec
from ttp.cli.render.width import wrap
from ttp.cli.terminal import escape_line, is_interactive, read_secret
from ttp.domain.action import action
from ttp.domain.errors import Hint, NotFound, UsageError
from ttp.domain.notification import OWN_WAYS, is_address_name, refuse_address
from ttp.views import Json
from ttp.views import notifications as views

if TYPE_CHECKING:
    from ttp.domain.notification import Notification
    from ttp.publisher.notifications import Sent


_STYLES: dict[str, Style] = {"sent": "green", "failed": "red", "waiting": "magenta", "over": "dim"}


def _render_notifications(notifications: Sequence[Notification], page: Page) -> Iterator[str]:
    yield from table_of(
        notifications,
        page,
        (Column("WHEN"), lambda one: page.when(one.sent_at or one.created_at)),
        (Column("TO"), lambda one: one.kind),
        (Column("STATE"), lambda one: Cell(one.state, _STYLES[one.state])),
        (Column("WHAT"), lambda one: one.event.partition(".")[2].replace("_", " ")),
        (Column("POST", right=True, drop=1), lambda one: "-" if one.post_id is None else str(one.post_id)),
        (Column("ACCOUNT", drop=2, most=page.width // 4), lambda one: escape_line(one.account or "-")),
        (Column("DETAIL"), lambda one: escape_line(one.error or one.message or "")),
        least=12,
    )
    yield ""
    yield page.footer()


def _render_sent(results: Sequence[Sent], page: Page) -> Iterator[str]:
    for one in results:
        if one.error is None:
            yield f"{one.kind}: {page.paint('sent', 'green')}"
            continue
        first, *rest = wrap(f"{one.kind}: not sent: {escape_line(one.error)}", page.width - 2)
        yield first.replace("not sent", page.paint("not sent", "red"), 1)
        yield from (f"  {line}" for line in rest)
        if one.hint is not None:
            yield f"  fix:  {fit_install_commands(command_text(one.hint))}"


NOTIFICATIONS_SPEC: OutputSpec[Notification] = OutputSpec(
    views.NOTIFICATION_FIELDS,
    ("createdAt", "kind", "event", "state", "post", "account", "error"),
    views.notification_json,
    _render_notifications,
)
"""`ttp notify list`."""
SENT_SPEC: OutputSpec[Sent] = OutputSpec(views.SENT_FIELDS, ("kind", "sent", "error"), views.sent_json, _render_sent)
"""`ttp notify test`."""
NAME_SPEC: OutputSpec[Json] = OutputSpec(("name", "to"), ("name",), dict)
"""`ttp notify add` and `remove`: the name, and what notify.to is now."""


notify = typer.Typer()
NotifyName = Annotated[str, argument("NAME", "A name in notify.to.")]
_NEAR = 0.8
"""How similar a name may be to one of OWN_WAYS, at most: `desktp` is closer."""
SHOWN = 50
"""Notifications that are listed without `--limit`."""


@subcommand(notify, "test", SENT_SPEC)
def send_test(
    context: Context, name: Annotated[str | None, argument("[NAME]", "A name in notify.to; else all of them.")] = None
) -> int:
    """Send a test notification.

    Exit code 1 if one was not sent.

    Examples:
      ttp notify test
      ttp notify test phone
    """
    sent = context.notifications.test(name)
    context.out.write_list(SENT_SPEC, sent)
    return FAILED if any(one.error is not None for one in sent) else DONE


@subcommand(notify, "list", NOTIFICATIONS_SPEC)
def list_(
    context: Context,
    limit: Annotated[int, option("--limit", "N", f"Print at most N ({SHOWN}).", min=1, max=MOST)] = SHOWN,
) -> None:
    """List what was sent and what failed in the last days, newest first.

    Examples:
      ttp notify list
      ttp notify list --limit 5 --json
    """
    notifications = context.notifications.newest(limit)
    context.out.write_list(
        NOTIFICATIONS_SPEC, notifications, none="No notifications yet.  Send a test:  ttp notify test"
    )


@subcommand(notify, "add", NAME_SPEC)
def add(
    context: Context,
    name: Annotated[str, argument("NAME", "desktop, program, ntfy, or a name of your own.")],
    source: Annotated[str | None, argument("[-]", "- reads the address from stdin.")] = None,
) -> None:
    """Add a way to be notified: the desktop, or a service that Apprise knows.

    ttp asks for the address of the service, hidden, or reads it from stdin. It is a secret, and is stored where tokens
    are. Services and their addresses: https://appriseit.com/services/. For ntfy it asks for the access token of the
    topic in notify.ntfy.url. The variable TTP_NTFY_TOKEN can have that token instead.

    Examples:
      ttp notify add desktop
      ttp notify add phone
      ttp notify add team - < address.txt
    """
    if source not in (None, "-"):
        raise UsageError(
            "an address is a secret, so it is not typed on the command line", Hint("try", action("notify add", name))
        )
    _refuse_near_name(name)
    context.notifications.check_name(name)  # what is typed after it must not be lost
    lines = [f"Notifications go to {name}.", f"Check it:  ttp notify test {name}"]
    if name == "program" and not context.config["notify.program"]:
        lines[1] = "Name the program:  ttp config set notify.program PROGRAM"
    if name not in ("desktop", "program"):
        lines[0] = f"Notifications go to {name} ({context.notifications.add(name, _secret_of(context, name, source))})."
    names = dict.fromkeys((*context.config.texts("notify.to"), name))
    _set_names(context, names, replaces=name)
    context.out.write_one(NAME_SPEC, {"name": name, "to": list(names)}, say=lines)


def _refuse_near_name(name: str) -> None:
    """Raise UsageError for a name that was probably meant as one of OWN_WAYS, and for one that no address can have."""
    refuse_address(name)
    near = get_close_matches("program" if name == "command" else name.lower(), OWN_WAYS, 1, _NEAR)
    if near and name not in OWN_WAYS:
        raise UsageError(
            f'"{name}" is too similar to {near[0]} for an address', Hint("try", action("notify add", *near))
        )
    if not near and not is_address_name(name):
        what = "at most 40 small letters, digits, - and _"
        plain = name.lower() if is_address_name(name.lower()) else "phone"
        raise UsageError(f'"{name}" is not a name for an address: {what}', Hint("try", action("notify add", plain)))


def _secret_of(context: Context, name: str, source: str | None) -> str:
    what = "access token" if name == "ntfy" else "address"
    if source == "-" or (sys.stdin is not None and not sys.stdin.isatty()):
        return read_stdin(context, f"{what} of notifications").strip()
    if is_interactive():
        return read_secret(f"{name}, {what} (hidden): ") or ""
    raise UsageError(f"asking for the {what} needs a terminal", Hint("try", action("notify add", name, "-")))


@subcommand(notify, "remove", NAME_SPEC)
def remove(context: Context, name: NotifyName) -> None:
    """Remove a name from notify.to, and delete its address.

    Examples:
      ttp notify remove phone
    """
    names = context.config.texts("notify.to")
    if not context.notifications.remove(name) and name not in names:
        raise NotFound(f'nothing is stored for "{name}"', Hint("see", action("config get", "notify.to")))
    rest = [one for one in names if one != name]
    _set_names(context, rest)
    context.out.write_one(NAME_SPEC, {"name": name, "to": rest}, say=[f"Removed {name}."])


def _set_names(context: Context, names: Iterable[str], replaces: str = "") -> None:
    """Write `notify.to` if it changes. Retired settings that the address of a name replaces are removed."""
    from ttp.cli.commands.setup.config import change_settings, note_overrides
    from ttp.cli.retired_settings import retired_keys

    key = context.keys["notify.to"]
    if tuple(names) != context.config.texts(key.name):
        change_settings(context, [(key, tuple(names) or None), *((one, None) for one in retired_keys(by=replaces))])
        note_overrides(context, [key])
