"""`ttp import --spread`: what is asked of the plan of the rows without a time, how it looks, and why it is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ttp.cli import plan_view
from ttp.cli.context import context
from ttp.cli.pictures.marks import plural
from ttp.cli.plan import DAYS, starting
from ttp.cli.recommending import zone_for
from ttp.cli.shapes import Json, instant
from ttp.cli.views import View
from ttp.cli.words import Words
from ttp.domain.errors import Hint, UsageError

if TYPE_CHECKING:
    from ttp.cli.pictures.page import Page
    from ttp.domain.plan import Assignment, PlanMethod
    from ttp.services.planning import Asked
    from ttp.services.spreading import Spread, Spreading

SHOWN = 100
"""Posts of a plan that a person is shown; a program gets them all."""
_NAMED = 20
"""Rows that an error names."""
LIMITS = ("--from", "--days", "--per-day")


def spreading(words: Words) -> Spreading | None:
    """The plan that was asked for; None where none was. UsageError."""
    from ttp.domain.plan import PlanMethod
    from ttp.services.spreading import Spreading

    way = words.text("--spread")
    if way is None:
        for name in LIMITS:
            if words.text(name) is not None:
                raise UsageError(
                    f"{name} is for --spread", Hint("add it", words.again(spread=PlanMethod.OPTIMAL.value))
                )
        return None
    if way not in list(PlanMethod):
        raise UsageError(
            f'--spread is optimal, slots or even, not "{way}"',
            Hint("write", words.again(spread=PlanMethod.OPTIMAL.value)),
        )
    here, tz = context(), words.text("--tz")
    return Spreading(
        here.book, here.planning, _asked(PlanMethod(way), words, tz), lambda account: zone_for(account, tz)
    )


def _asked(way: PlanMethod, words: Words, tz: str | None) -> Asked:
    """What was typed, and the limits that are set."""
    from ttp.domain.time.quiet_hours import QuietHours, parse_blackout, parse_quiet_hours
    from ttp.services.planning import Asked

    config, per_day = context().config, words.text("--per-day")
    return Asked(
        days=int(words.text("--days") or DAYS),
        start=starting(words, tz),
        per_day=None if per_day is None else int(per_day),
        gap_s=config.seconds("plan.min_gap_s"),
        quiet=QuietHours(
            parse_quiet_hours(config.text("plan.quiet_hours")), parse_blackout(config.texts("plan.blackout"))
        ),
        way=way,
    )


def no_room(found: Spread, words: Words) -> UsageError:
    """Why not all rows fit, and what to change."""
    left, days = found.left_out, words.text("--days") or str(DAYS)
    enough, per_day = found.proposal.enough_days, words.text("--per-day")
    hints = [Hint("in more days", words.again(days=str(enough)))] if enough else []
    if per_day is not None:
        hints.append(Hint("more of them on a day", words.again(per_day=str(int(per_day) + 1))))
    return UsageError(
        f"{len(left)} of {len(found.rows)} rows without a time do not fit into {plural(int(days), 'day')},"
        " so none was taken",
        *hints,
        Hint("keep those that do not fit as drafts", words.again("--partial")),
        details=[
            "without room: " + " ".join(left[:_NAMED]) + (" …" if len(left) > _NAMED else ""),
            *plan_view.how(found.proposal),
            *plan_view.limits(found.proposal),
        ],
    )


def left_over(found: Spread) -> str:
    """That rows are drafts because there was no room for them."""
    left = found.left_out
    rows = " ".join(left[:_NAMED]) + (" …" if len(left) > _NAMED else "")
    return f"{len(left)} of {len(found.rows)} rows found no room, and are drafts: {rows}"


def planned(found: Spread | None) -> list[Json]:
    """The rows that a plan gave a time, by time."""
    return [] if found is None else [_one(found, one) for one in found.assignments]


def _one(found: Spread, one: Assignment) -> Json:
    return {
        "row": found.rows[one.id],
        "id": found.ids.get(one.id),
        "at": instant(one.at),
        "score": round(one.score, 4),
        "accounts": list(found.proposal.posts[one.id].accounts),
    }


def whole(found: Spread | None) -> Json | None:
    """What is said of the whole plan, and the rows without room."""
    if found is None:
        return None
    return {"way": found.proposal.way.value, **plan_view.whole(found.proposal), "leftOut": found.left_out}


def view(found: Spread) -> View[Assignment]:
    """The plan as a person sees it."""

    def picture(rows: Sequence[Assignment], page: Page) -> Iterable[str]:
        from ttp.cli.pictures.plan import plan_picture

        notes = [*plan_view.how(found.proposal), *plan_view.limits(found.proposal)]
        if len(rows) > SHOWN:
            notes = [f"{len(rows) - SHOWN} more posts; see them all with --json", *notes]
        yield from plan_picture(rows[:SHOWN], found.proposal, notes, page, found.rows)
        yield ""

    return View((), (), lambda one: _one(found, one), picture)
