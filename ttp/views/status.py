"""Status and checks as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ttp.domain.action import action
from ttp.domain.time.clock import format_json_instant
from ttp.views import Json, attributes_json

if TYPE_CHECKING:
    from ttp.domain.diagnostics import Check, Checkup
    from ttp.domain.health import Health
    from ttp.services.audit import PromiseCheck
    from ttp.views.status_answers import BlockedAnswer, CheckAnswer, CheckupAnswer, NeedsAnswer, StatusAnswer


AUDIT_FIELDS = ("checks", "ok")
LIMIT_FIELDS = ("account", "name", "left", "limit", "resetsAt")
SOURCE_FIELDS = ("id", "name", "state", "held", "problem")
PUBLISHER_FIELDS = ("host", "pid", "mode", "since", "lastReportAt", "accounts")


def check_json(item: Check) -> CheckAnswer:
    return {"name": item.name, "status": item.status, "message": item.message, "hint": item.hint}


def audit_json(checks: list[PromiseCheck]) -> Json:
    return {
        "checks": [
            {"name": one.name, "what": one.what, "checked": one.checked, "wrong": one.wrong, "breaches": one.breaches}
            for one in checks
        ],
        "ok": not any(one.wrong for one in checks),
    }


def checkup_json(checkup: Checkup, rows: list[CheckAnswer]) -> CheckupAnswer:
    """Return checks, given as `rows`, with the number of each grade."""
    from ttp.domain.diagnostics import Grade

    ok, warnings, failures = (checkup.count(status) for status in Grade)
    return {"checks": rows, "ok": ok, "warnings": warnings, "failures": failures}


def status_json(health: Health) -> StatusAnswer:
    """Return the status. `needs` are counts; the ids are in `ttp list --needs-you`. `costs`: what platforms will charge
    for scheduled posts, `more`: for further posts not counted. `blocked`: why nothing, or one post, is published.
    `webhooks`: the events that wait to be sent, and those that were given up. The publisher's `version` is that of the
    program that it still runs. `publishers`: every one that publishes from the store, with the number of accounts
    that it has in hand. `logins`: those that end soon, or before the `posts`, of which at most five are named.
    `notify`: the names in `notify.to` that are set up."""
    publisher, needs = health.publisher, health.needs
    counts: NeedsAnswer = {"review": len(needs.review), "reconnect": len(needs.reconnect), "retry": len(needs.retry)}
    if needs.approve is not None:
        counts["approve"] = len(needs.approve)
    reasons = (("clock", health.clock), ("machine", health.elsewhere))
    blocked: list[BlockedAnswer] = [
        {"by": by, "message": why.message, "hint": why.hints[0].way} for by, why in reasons if why is not None
    ]
    blocked += [{"by": "row", "message": why, "hint": action("doctor")} for why in health.unreadable]
    costs = {
        one.platform: {"posts": one.posts, "usd": one.thousandths / 1000, "more": one.more} for one in health.costs
    }
    return cast(
        "StatusAnswer",
        {
            "publisher": attributes_json(publisher, ("running", "pid", "mode", "since", "lastRunAt", "version")),
            "nextDueAt": format_json_instant(health.next_due_at),
            "overdue": health.overdue,
            "waiting": health.waiting,
            "needs": counts,
            "holds": [attributes_json(one, ("account", "until", "reason")) for one in health.holds],
            "limits": [attributes_json(one, LIMIT_FIELDS, name=one.label) for one in health.limits],
            "costs": costs,
            "media": {"files": health.media.files, "bytes": health.media.bytes},
            "blocked": blocked,
            "webhooks": [attributes_json(one, ("id", "host", "waiting", "givenUp")) for one in health.webhooks],
            "sources": [attributes_json(one, SOURCE_FIELDS, problem=one.message) for one in health.sources],
            "publishers": [attributes_json(one, PUBLISHER_FIELDS) for one in health.publishers],
            "notify": list(health.notify),
            "logins": [attributes_json(one, ("account", "endsAt", "posts"), endsAt=one.at) for one in health.logins],
        },
    )
