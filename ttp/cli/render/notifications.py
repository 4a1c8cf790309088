"""Notifications on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ttp.cli.errors import command_text
from ttp.cli.render.page import Cell, Column, Page, Style, table
from ttp.cli.render.spec import OutputSpec
from ttp.cli.terminal import escape_line
from ttp.views import notifications as views

if TYPE_CHECKING:
    from ttp.domain.notification import Notification
    from ttp.publisher.notifications import Sent

_STYLES: dict[str, Style] = {"sent": "green", "failed": "red", "waiting": "magenta", "over": "dim"}


def _render_notifications(found: Sequence[Notification], page: Page) -> Iterator[str]:
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
        for one in found
    ]
    yield from table(columns, rows, page, least=12)
    yield ""
    yield page.footer()


def _render_sent(found: Sequence[Sent], page: Page) -> Iterator[str]:
    for one in found:
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
