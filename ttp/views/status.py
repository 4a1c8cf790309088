"""Status and checks as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.domain.action import action
from ttp.domain.health import Health
from ttp.views import Json, attributes_json

if TYPE_CHECKING:
    from ttp.domain.diagnostics import Check, Checkup
    from ttp.services.audit import PromiseCheck


CHECK_FIELDS = ("name", "status", "message", "hint")
AUDIT_FIELDS = ("checks", "ok")


def check_json(item: Check) -> Json:
    return attributes_json(item, CHECK_FIELDS)


def audit_json(checks: list[PromiseCheck]) -> Json:
    return {
        "checks": [
            {"name": one.name, "what": one.what, "checked": one.checked, "wrong": one.wrong, "breaches": one.breaches}
            for one in checks
        ],
        "ok": not any(one.wrong for one in checks),
    }


def checkup_json(found: Checkup, rows: list[Json]) -> Json:
    """Return checks, given as `rows`, with the number of each grade."""
    from ttp.domain.diagnostics import Grade

    ok, warnings, failures = (found.count(status) for status in Grade)
    return {"checks": rows, "ok": ok, "warnings": warnings, "failures": failures}


def status_json(health: Health) -> Json:
    """Return the status. `needs` are counts; the ids are in `ttp list --needs-you`. `costs`: what platforms will charge
    for scheduled posts, `more`: for further posts not counted. `blocked`: why nothing, or one post, is published.
    `webhooks`: the events that wait to be sent, and those that were given up. The publisher's `version` is that of the
    program that it still runs. `publishers`: every one that publishes from the store, with the number of accounts
    that it has in hand."""
    needs, costs = health.needs, health.costs
    return {
        "publisher": attributes_json(health.publisher, ("running", "pid", "mode", "since", "lastRunAt", "version")),
        **attributes_json(health, ("nextDueAt", "overdue", "waiting")),
        "needs": {
            "review": len(needs.review),
            "reconnect": len(needs.reconnect),
            "retry": len(needs.retry),
            **({} if needs.approve is None else {"approve": len(needs.approve)}),
        },
        "holds": [attributes_json(one, ("account", "until", "reason")) for one in health.holds],
        "limits": [
            attributes_json(one, ("account", "name", "left", "limit", "resetsAt"), name=one.label)
            for one in health.limits
        ],
        "costs": {one.platform: {"posts": one.posts, "usd": one.thousandths / 1000, "more": one.more} for one in costs},
        "media": attributes_json(health.media, ("files", "bytes")),
        "blocked": [
            *(
                {"by": by, "message": why.message, "hint": why.hints[0].way}
                for by, why in (("clock", health.clock), ("machine", health.elsewhere))
                if why is not None
            ),
            *({"by": "row", "message": why, "hint": action("doctor")} for why in health.unreadable),
        ],
        "webhooks": [attributes_json(one, ("id", "host", "waiting", "givenUp")) for one in health.webhooks],
        "publishers": [
            attributes_json(one, ("host", "pid", "mode", "since", "lastReportAt", "accounts"))
            for one in health.publishers
        ],
    }


STATUS_FIELDS = tuple(status_json(Health()))
