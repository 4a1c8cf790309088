"""`ttp status` as a JSON object. Pure; keys are only ever added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.cli import shapes

if TYPE_CHECKING:
    from ttp.domain.health import Health

HEALTH = ("publisher", "nextDueAt", "overdue", "waiting", "needs", "holds", "limits", "costs", "media", "blocked")


def status(health: Health) -> shapes.Json:
    """What `ttp status` knows. `needs` counts; the ids are in `ttp list --needs-you`. `costs`: what X will charge for
    so many posts that wait; `more`: for further ones it was not summed up. `blocked`: why nothing is sent,
    or not what one row belongs to."""
    publisher, needs, costs = health.publisher, health.needs, health.costs
    return {
        "publisher": {
            "running": publisher.running,
            "pid": publisher.pid,
            "mode": publisher.mode,
            "since": shapes.instant(publisher.since),
            "lastRunAt": shapes.instant(publisher.last_run_at),
        },
        "nextDueAt": shapes.instant(health.next_due_at),
        "overdue": health.overdue,
        "waiting": health.waiting,
        "needs": {
            "review": len(needs.review),
            "reconnect": len(needs.reconnect),
            "retry": len(needs.retry),
            **({} if needs.approve is None else {"approve": len(needs.approve)}),
        },
        "holds": [
            {"account": hold.account, "until": shapes.instant(hold.until), "reason": hold.reason}
            for hold in health.holds
        ],
        "limits": [
            {
                "account": limit.account,
                "name": limit.name,
                "left": limit.left,
                "limit": limit.limit,
                "resetsAt": shapes.instant(limit.resets_at),
            }
            for limit in health.limits
        ],
        "costs": {"x": {"posts": costs.posts, "usd": costs.thousandths / 1000, "more": costs.more}},
        "media": {"files": health.media.files, "bytes": health.media.bytes},
        "blocked": [
            *(
                {"by": by, "message": why.message, "hint": why.hints[0].type}
                for by, why in (("clock", health.clock), ("machine", health.elsewhere))
                if why is not None
            ),
            *({"by": "row", "message": why, "hint": "ttp doctor"} for why in health.unreadable),
        ],
    }
