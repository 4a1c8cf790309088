"""Status and checks as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp import views
from ttp.domain.action import action
from ttp.domain.time import clock
from ttp.views import Json

if TYPE_CHECKING:
    from ttp.domain.diagnostics import Check, Checkup
    from ttp.domain.health import Health


CHECK_FIELDS = ("name", "status", "message", "hint")
AUDIT_FIELDS = ("checks", "ok")


def check_json(item: Check) -> Json:
    return {"name": item.name, "status": item.status, "message": item.message, "hint": item.hint}


def checkup_json(found: Checkup, rows: list[Json]) -> Json:
    """Return checks, given as `rows`, with the number of each grade."""
    from ttp.domain.diagnostics import Grade

    ok, warnings, failures = (found.count(status) for status in Grade)
    return {"checks": rows, "ok": ok, "warnings": warnings, "failures": failures}


STATUS_FIELDS = (
    "publisher",
    "nextDueAt",
    "overdue",
    "waiting",
    "needs",
    "holds",
    "limits",
    "costs",
    "media",
    "blocked",
    "webhooks",
    "publishers",
)


def status_json(health: Health) -> views.Json:
    """Return the status. `needs` are counts; the ids are in `ttp list --needs-you`. `costs`: what platforms will charge
    for scheduled posts, `more`: for further posts not counted. `blocked`: why nothing, or one post, is published.
    `webhooks`: the events that wait to be sent, and those that were given up. The publisher's `version` is that of the
    program that it still runs. `publishers`: every one that publishes from the store, with the number of accounts
    that it has in hand."""
    publisher, needs, costs = health.publisher, health.needs, health.costs
    return {
        "publisher": {
            "running": publisher.running,
            "pid": publisher.pid,
            "mode": publisher.mode,
            "since": clock.format_json_instant(publisher.since),
            "lastRunAt": clock.format_json_instant(publisher.last_run_at),
            "version": publisher.version,
        },
        "nextDueAt": clock.format_json_instant(health.next_due_at),
        "overdue": health.overdue,
        "waiting": health.waiting,
        "needs": {
            "review": len(needs.review),
            "reconnect": len(needs.reconnect),
            "retry": len(needs.retry),
            **({} if needs.approve is None else {"approve": len(needs.approve)}),
        },
        "holds": [
            {"account": hold.account, "until": clock.format_json_instant(hold.until), "reason": hold.reason}
            for hold in health.holds
        ],
        "limits": [
            {
                "account": limit.account,
                "name": limit.label,
                "left": limit.left,
                "limit": limit.limit,
                "resetsAt": clock.format_json_instant(limit.resets_at),
            }
            for limit in health.limits
        ],
        "costs": {one.platform: {"posts": one.posts, "usd": one.thousandths / 1000, "more": one.more} for one in costs},
        "media": {"files": health.media.files, "bytes": health.media.bytes},
        "blocked": [
            *(
                {"by": by, "message": why.message, "hint": why.hints[0].way}
                for by, why in (("clock", health.clock), ("machine", health.elsewhere))
                if why is not None
            ),
            *({"by": "row", "message": why, "hint": action("doctor")} for why in health.unreadable),
        ],
        "webhooks": [
            {"id": one.id, "host": one.host, "waiting": one.waiting, "givenUp": one.given_up} for one in health.webhooks
        ],
        "publishers": [
            {
                "host": one.host,
                "pid": one.pid,
                "mode": one.mode,
                "since": clock.format_json_instant(one.since),
                "lastReportAt": clock.format_json_instant(one.last_report_at),
                "accounts": one.accounts,
            }
            for one in health.publishers
        ],
    }
