"""Sweeps of clocks: the platform's is wrong, this machine's jumps, and times of zones whose clocks change."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from tests.faults.bench import FINAL, PATIENCE_S, RUNS_MOST, Bench
from tests.faults.judge import Verdict
from tests.faults.posts import KINDS
from tests.faults.proxy import Asked, Fault
from tests.faults.sweeps import Run, Where, calls_of, ends_of, late, most_calls, requests_of, spoiling
from tests.faults.troubles import TROUBLES, unseen
from tests.platforms.case import Kind

HOUR_S, DAY_S = 3600.0, 86_400.0
WRONG_FOR_S = 1.0
"""How long the clock of a host stays wrong in mid-run."""
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
                    yield Run(
                        f"the platform's clock is {name}",
                        place,
                        go,
                        ends_of(kind, unsure=True),
                        calls_most=most_calls(kind, lost),
                        covers=(kind.name, name, lost),
                        at_call=True,
                    )


def jumping() -> Iterator[Run]:
    """This machine's clock jumps while a request is under way; the platform's does not, but in a sleep."""
    for name, by in JUMPS.items():
        for lost in (None, "cut before", "cut after"):
            for kind in (KINDS["x text"], KINDS["instagram photo"], KINDS["tiktok video"], KINDS["x thread"]):
                for where in [w for w, _ in requests_of(kind)] if lost is None else calls_of(kind):

                    def go(
                        bench: Bench,
                        kind: Kind = kind,
                        where: Where = where,
                        lost: str | None = lost,
                        by: tuple[float, float] = by,
                    ) -> Verdict:
                        return _jumped(bench, kind, where, lost, by)

                    place = f"{kind.name}, {where} {lost or 'answered'}"
                    # If the machine slept in the call, the time of its request is unknown: a person is asked.
                    # Where it seems to be later than the lateness allows, it is missed and says so.
                    asked = (
                        ("published", "needs_review")
                        if lost == "cut before"
                        else ends_of(kind, unsure=lost is not None)
                    )
                    ends = (*asked, "failed") if by[0] >= DAY_S and lost != "cut after" else asked
                    yield Run(
                        f"the clock goes {name}",
                        place,
                        go,
                        ends,
                        covers=(kind.name, name, str(lost)),
                        at_call=where.is_call,
                    )


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


def host_alone() -> Iterator[Run]:
    """The clock of this host jumps while a request is under way, and the one of the store's server does not: what is in
    flight ends as it must, nothing begins until the clock is set right, and nothing is late."""
    for name, (by_s, slept_s) in JUMPS.items():
        if slept_s:  # every clock goes on in a sleep
            continue
        for kind in KINDS.values():

            def wait(bench: Bench, kind: Kind = kind, by: float = by_s) -> Verdict:
                return bench.case(kind, lambda asked: None, lambda bench: _wait_for_clock(bench, kind, by))

            row, place = f"the clock of a host alone goes {name}", f"{kind.name}, before it begins"
            yield Run(row, place, wait, calls_most=kind.call_count, covers=(kind.name, name, "not begun"))
        for lost in (None, "cut before", "cut after", "killed after"):
            for kind in KINDS.values():
                for where in calls_of(kind):

                    def go(
                        bench: Bench, kind: Kind = kind, where: Where = where, lost: str | None = lost, by: float = by_s
                    ) -> Verdict:
                        return _jumped_alone(bench, kind, where, lost, by)

                    yield Run(
                        f"the clock of a host alone goes {name}",
                        f"{kind.name}, {where} {lost or 'answered'}",
                        go,
                        ends_of(kind, unsure=lost is not None),
                        calls_most=most_calls(kind, lost),
                        covers=(kind.name, name, str(lost)),
                        at_call=True,
                    )


def _wait_for_clock(bench: Bench, kind: Kind, by_s: float) -> None:
    bench.server_keeps_time = True
    bench.shift(by_s, 0.0)
    bench.run(*bench.until_idle, "--max-time", "3s").wait(PATIENCE_S)
    if any(map(kind.publishes, bench.proxy.asked)):
        bench.amiss.append("it is published by a host whose clock is wrong")
    bench.set_right()
    bench.settle()


def _jumped_alone(bench: Bench, kind: Kind, where: Where, lost: str | None, by_s: float) -> Verdict:
    trouble = None if lost is None else TROUBLES[lost](bench, kind)
    jumped = threading.Event()

    def jump() -> None:
        bench.server_keeps_time = True
        bench.shift(by_s, 0.0)
        if trouble is not None and trouble.act is not None:
            trouble.act()
        jumped.set()

    def go(bench: Bench) -> None:
        for _ in range(RUNS_MOST):  # on a crowded machine one of them may not come to the call in its time
            bench.victims = [run := bench.run(*bench.until_idle)]
            while not jumped.wait(0.02) and run.wait(0.0) is None:
                pass
            if jumped.is_set():
                break
        if run.wait(WRONG_FOR_S) is not None:
            bench.run(*bench.until_idle, "--max-time", "3s").wait(PATIENCE_S)
        bench.set_right()
        run.wait(PATIENCE_S)
        bench.settle()

    forward = trouble is None or trouble.forward
    answer = None if trouble is None else trouble.answer
    return bench.case(kind, spoiling(kind, where, Fault("a host's clock jumps", forward, answer=answer, act=jump)), go)


def jumping_late() -> Iterator[Run]:
    """The answer of a publishing call is lost, what it published shows up late, and this machine's clock jumps
    meanwhile: by that clock the settle window seems over."""
    for name, by in JUMPS.items():
        if by[1]:  # in a sleep the platform's time passes too
            continue
        for kind in KINDS.values():
            if kind.platform == "tiktok":  # its status is never behind
                continue
            for where in calls_of(kind):

                def go(bench: Bench, kind: Kind = kind, where: Where = where, by: tuple[float, float] = by) -> Verdict:
                    jump = Fault(
                        "the clock jumps",
                        True,
                        answer=lambda real: unseen(bench, kind, real),
                        act=lambda: bench.shift(*by),
                    )
                    spoilt = spoiling(kind, where, TROUBLES["cut after"](bench, kind), jump)
                    return bench.case(kind, late(bench, kind, spoilt), _set_right)

                yield Run(
                    f"shows up late, and the clock goes {name}",
                    f"{kind.name}, {where}",
                    go,
                    # What is left of a thread may be later than the lateness allows, and is missed then.
                    (*ends_of(kind, unsure=True), *(("failed",) if by[0] >= DAY_S and len(kind.texts) > 1 else ())),
                    calls_most=len(kind.texts),
                    covers=(kind.name, name),
                    at_call=True,
                )


def _set_right(bench: Bench) -> None:
    bench.settle()
    bench.set_right()
    bench.settle()


def suspended() -> Iterator[Run]:
    """The machine sleeps for an hour between the intent and the call; then the answer of the call may be lost."""
    for lost in (None, "cut before", "cut after", "killed after"):
        for kind in KINDS.values():
            for where in calls_of(kind):

                def go(bench: Bench, kind: Kind = kind, where: Where = where, lost: str | None = lost) -> Verdict:
                    faults = () if lost is None else (TROUBLES[lost](bench, kind),)
                    return bench.case(kind, spoiling(kind, where, *faults), lambda bench: _asleep(bench, where))

                yield Run(
                    "the machine sleeps at the intent",
                    f"{kind.name}, {where} {lost or 'answered'}",
                    go,
                    ends_of(kind, unsure=lost is not None),
                    calls_most=most_calls(kind, lost),
                    covers=(kind.name, str(lost)),
                    at_call=lost is not None,
                )


def _asleep(bench: Bench, where: Where) -> None:
    fork = bench.run_to_intent((where.call or 0) + 1, *bench.until_idle)
    bench.victims = [fork]
    while not fork.is_stopped and fork.wait(0.0) is None:
        time.sleep(0.01)
    if fork.code is not None:
        bench.amiss.append("it never came to its intent")
    bench.pass_time(HOUR_S)
    fork.signal(signal.SIGCONT)
    fork.wait(PATIENCE_S)
    if bench.state() not in FINAL:  # TikTok's upload address has to end first
        bench.pass_time(2 * HOUR_S + 600.0)
    bench.settle()


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
    """A post is scheduled at a local time and published at that instant: not a second before, and once."""
    from zoneinfo import ZoneInfo

    for zone, times in ZONES.items():
        for text in times:
            due = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
            for moved in ("Asia/Tokyo", "America/Los_Angeles"):
                place = f"{text} {zone}, then in {moved}"
                yield Run("a zone's own time", place, _at(text, zone, due, moved), covers=("x text", zone))


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
        bench.run("run", "--once", "--trust-clock").wait()  # the store was made today, which may be later
        stand(due - timedelta(seconds=8))
        bench.run("run", "--once", TZ=moved).wait()
        # A machine that needs more than these seconds may publish in time.
        if early := [post["at"] for post in bench.seen(kind) if datetime.fromisoformat(post["at"]) < due]:
            bench.amiss.append(f"it is due at {due}, and there at {early}")
        for after_s in (0.5, 3600.5, 7200.5):
            stand(due + timedelta(seconds=after_s))
            bench.run("run", "--once", TZ=moved).wait()
            if len(bench.seen(kind)) != 1:
                bench.amiss.append(f"{after_s} s after its time it is there {len(bench.seen(kind))} times")

    return lambda bench: bench.case(kind, lambda asked: None, go)
