"""Sweeps of clocks: the platform's is wrong, this machine's jumps, and times of zones whose clocks change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from tests.faults.bench import FINAL, Bench
from tests.faults.judge import Verdict
from tests.faults.posts import KINDS, Kind
from tests.faults.proxy import Asked, Fault
from tests.faults.sweeps import Asks, Run, Where, calls_of, ends_of, requests_of, spoiling
from tests.faults.troubles import TROUBLES

HOUR_S, DAY_S = 3600.0, 86_400.0
SKEWS = {"an hour ahead": HOUR_S, "an hour behind": -HOUR_S, "10 min ahead": 600.0, "10 min behind": -600.0}
LOST = ("cut before", "cut after", "killed before", "killed after", "500 though done")
JUMPS = {
    "forward an hour": (HOUR_S, 0.0),
    "forward a day": (DAY_S, 0.0),
    "forward ten years": (3650 * DAY_S, 0.0),
    "back an hour": (-HOUR_S, 0.0),
    "back a day": (-DAY_S, 0.0),
    "asleep for an hour": (HOUR_S, HOUR_S),
}


def skewed() -> Iterator[Run]:
    """The platform's clock is wrong, and the answer of a publishing call is lost."""
    for name, seconds in SKEWS.items():
        for lost in LOST:
            for kind in KINDS.values():
                for where in calls_of(kind):

                    def go(
                        bench: Bench,
                        kind: Kind = kind,
                        lost: str = lost,
                        where: Where = where,
                        by: float = seconds,
                    ) -> Verdict:
                        spoilt = spoiling(kind, where, TROUBLES[lost](bench, kind))

                        def plan(asked: Asked) -> Fault | None:
                            bench.platform.skew_s = by
                            return spoilt(asked)

                        return bench.case(kind, plan)

                    place = f"{kind.name}, {where} {lost}"
                    yield Run(f"the platform's clock is {name}", place, go, ends_of(kind, unsure=True))


def jumping(asks: Asks) -> Iterator[Run]:
    """This machine's clock jumps while a request is under way; the platform's does not, but in a sleep."""
    for name, by in JUMPS.items():
        for lost in (None, "cut before", "cut after"):
            for kind in (KINDS["x text"], KINDS["instagram photo"], KINDS["tiktok video"], KINDS["x thread"]):
                for where in requests_of(asks[kind.name]) if lost is None else calls_of(kind):

                    def go(
                        bench: Bench,
                        kind: Kind = kind,
                        where: Where = where,
                        lost: str | None = lost,
                        by: tuple[float, float] = by,
                    ) -> Verdict:
                        return _jumped(bench, kind, where, lost, by)

                    place = f"{kind.name}, {where} {lost or 'answered'}"
                    # Where the machine slept in the call, nobody knows when its request left: a person is asked.
                    # Where it seems to be later than the lateness allows, it is missed and says so.
                    asked = ("published", "needs_review") if lost == "cut before" else ("published",)
                    ends = (*asked, "failed") if by[0] >= DAY_S and lost != "cut after" else asked
                    yield Run(f"the clock goes {name}", place, go, ends)


def _jumped(bench: Bench, kind: Kind, where: Where, lost: str | None, by: tuple[float, float]) -> Verdict:
    trouble = None if lost is None else TROUBLES[lost](bench, kind)
    wall_s, boot_s = by

    def jump() -> None:
        bench.shift(wall_s, boot_s)
        bench.platform.ahead_s = boot_s

    def go(bench: Bench) -> None:
        bench.settle()
        bench.shift(boot_s, boot_s)  # the clock is set right, and what was held goes on
        bench.settle()
        if bench.state() not in FINAL:  # TikTok's upload address has to end first, for it seemed an hour older
            bench.pass_time(HOUR_S + 600.0)
            bench.settle()

    forward = trouble is None or trouble.forward
    answer = None if trouble is None else trouble.answer
    return bench.case(kind, spoiling(kind, where, Fault("the clock jumps", forward, answer=answer, act=jump)), go)


ZONES = {
    "Europe/Berlin": ("2027-03-28 03:30", "2027-10-31 02:30"),
    "America/New_York": ("2027-03-14 03:30", "2027-11-07 01:30"),
    "America/St_Johns": ("2027-03-14 03:00", "2027-11-07 01:15"),
    "America/Santiago": ("2027-09-05 01:30", "2027-04-03 23:30"),
    "Australia/Lord_Howe": ("2027-10-03 02:45", "2027-04-04 01:45"),
    "Australia/Sydney": ("2027-10-03 03:30", "2027-04-04 02:30"),
    "Pacific/Auckland": ("2027-09-26 03:30", "2027-04-04 02:30"),
    "Asia/Tokyo": ("2028-02-29 09:00", "2027-12-31 23:59"),
    "Asia/Kathmandu": ("2028-02-29 00:15", "2027-12-31 23:45"),
    "Africa/Cairo": ("2027-04-30 01:30", "2027-10-28 23:30"),
    "America/Sao_Paulo": ("2028-02-29 23:59", "2027-06-30 12:00"),
    "Pacific/Chatham": ("2027-09-26 03:50", "2027-04-04 03:10"),
}
"""Where clocks change, or a leap day comes: a time right after the gap, and one in the hour that comes twice."""


def zones() -> Iterator[Run]:
    """A post is scheduled at a local time and goes out at that instant: not a second before, and once."""
    from zoneinfo import ZoneInfo

    for zone, times in ZONES.items():
        for text in times:
            due = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
            for moved in ("Asia/Tokyo", "America/Los_Angeles"):
                yield Run("a zone's own time", f"{text} {zone}, then in {moved}", _at(text, zone, due, moved))


def _at(text: str, zone: str, due: datetime, moved: str) -> Callable[[Bench], Verdict]:
    kind = KINDS["x text"]

    def go(bench: Bench) -> None:
        def stand(instant: datetime) -> None:
            ahead = (instant - datetime.now(UTC)).total_seconds()
            bench.shift(ahead, ahead)
            bench.platform.ahead_s = ahead

        stand(due - timedelta(hours=30))
        held = bench.run("schedule", "1", "--at", text, "--tz", zone)
        if held.wait() != 0:
            bench.amiss.append(f"it cannot be scheduled: {held.said[:200]}")
        stand(due - timedelta(seconds=8))
        for at_s, most in ((0, 0), (8, 1), (3608, 1), (7208, 1)):
            if at_s:
                stand(due + timedelta(seconds=at_s - 8 + 0.5))
            bench.run("run", "--once", TZ=moved).wait()
            if len(bench.seen(kind)) != most:
                bench.amiss.append(f"{at_s - 8} s after its time it is there {len(bench.seen(kind))} times")

    return lambda bench: bench.case(kind, lambda asked: None, go)
