"""How a plan looks: its JSON object, its TSV columns, its picture, and its limits in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from ttp.cli.shapes import Json, instant
from ttp.cli.views import View
from ttp.domain.time.formatting import format_duration

if TYPE_CHECKING:
    from ttp.cli.pictures.page import Page
    from ttp.domain.plan import Assignment, Basis, PlanMethod
    from ttp.services.planning import Proposal

ASSIGNMENT = ("id", "at", "score", "accounts", "explored")


def plan(found: Proposal | None = None, *, scheduled: bool = False, warnings: Sequence[str] = ()) -> View[Assignment]:
    """`ttp plan`; None: there was nothing to plan. `scheduled`: it was done, not only shown."""

    def shape(one: Assignment) -> Json:
        accounts = list(found.posts[one.id].accounts) if found else []
        score = round(one.score, 4)
        return {"id": one.id, "at": instant(one.at), "score": score, "accounts": accounts, "explored": one.explored}

    def wrap(rows: list[Json]) -> Json:
        told = (
            {"score": 0.0, "evenScore": 0.0}
            if found is None
            else {**whole(found), "leftOut": list(found.plan.left_out)}
        )
        return {"assignments": rows, **told, "scheduled": scheduled, "warnings": list(warnings)}

    def picture(rows: Sequence[Assignment], page: Page) -> Iterable[str]:
        from ttp.cli.pictures.plan import plan_picture

        assert found is not None
        return plan_picture(rows, found, [*how(found), *limits(found)], page)

    return View(ASSIGNMENT, ("id", "at", "score"), shape, picture, wrap=wrap)


def whole(found: Proposal) -> Json:
    """What is said of the whole plan. `bound`: no plan has a higher score."""
    plan = found.plan
    return {
        "score": round(plan.score, 4),
        "evenScore": round(plan.even_score, 4),
        "bound": round(plan.bound, 4),
        "from": instant(found.limits.start),
        "to": instant(found.limits.end),
        "perDay": plan.per_day,
        "minGapS": found.limits.gap_s,
        "timezones": {name: zone.key for name, zone in found.zones.items()},
        "withoutData": found.unknown,
        "placedBy": [{"accounts": list(accounts), "by": basis.value} for accounts, basis in plan.basis.items()],
    }


def how(found: Proposal) -> list[str]:
    """By what posts were placed whose scores do not say it, in words."""
    from ttp.domain.plan import Basis, PlanMethod

    said = []
    for basis in Basis:
        sets = [accounts for accounts, one in found.plan.basis.items() if one is basis]
        names = list(dict.fromkeys(name for accounts in sets for name in accounts))
        if names and basis is not Basis.SCORES:
            own = [name for name in names if found.schedules[name].slots]
            names = own if basis is not Basis.HOURS and found.way is not PlanMethod.OPTIMAL else names
            said.append(_how(found.way, basis, " and ".join(names), single=len(names) == 1, apart=bool(own)))
    return said


def _how(way: PlanMethod, basis: Basis, names: str, *, single: bool, apart: bool) -> str:
    """`apart`: accounts have slots, but none in common."""
    from ttp.domain.plan import Basis, PlanMethod

    match way, basis:
        case PlanMethod.OPTIMAL, Basis.SLOTS:
            return f"no data of {names}: spread evenly over {'its' if single else 'their'} slots"
        case PlanMethod.OPTIMAL, _:
            return f"no data of {names}: spread evenly over waking hours"
        case _, Basis.HOURS:
            return f"no slots {'in common ' if apart else ''}of {names}: spread evenly over waking hours"
        case _, Basis.SLOTS:
            return f"slots of {names}: spread evenly over them"
        case _:
            return f"slots of {names}: each post on the next free one"


def zones(found: Proposal) -> str:
    """`hours in Europe/Berlin`, with the accounts where they differ."""
    keys = {zone.key for zone in found.zones.values()}
    if len(keys) == 1:
        return f"hours in {keys.pop()}"
    return "hours of " + ", ".join(f"{name} in {zone.key}" for name, zone in found.zones.items())


def limits(found: Proposal) -> list[str]:
    """The limits that a plan keeps, in words."""
    asked, said = found.limits, []
    if found.plan.per_day is not None:
        said.append(f"at most {found.plan.per_day} a day on an account")
    said.append(f"at least {format_duration(timedelta(seconds=asked.gap_s))} apart")
    if asked.quiet.hours:
        said.append("none " + ", ".join(f"{_clock(start)} to {_clock(end)}" for start, end in asked.quiet.hours))
    said += [
        f"none on {first}" if first == last else f"none from {first} to {last}" for first, last in asked.quiet.dates
    ]
    busy = sum(at >= asked.start for schedule in found.schedules.values() for at in schedule.busy if at < asked.end)
    if busy:
        said.append(f"beside {busy} that {'is' if busy == 1 else 'are'} scheduled")
    return ["limits: " + ", ".join(said)]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
