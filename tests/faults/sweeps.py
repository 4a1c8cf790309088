"""The sweeps: their runs, and the result that each must have.

A `Run` is one post published under one plan of faults. Runs are made from what a post asks for when nothing goes wrong
(`ASKS`), so that every process enumerates the same ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from tests.faults.bench import Bench, Plan
from tests.faults.fixed_cases import FixedCase
from tests.faults.judge import Verdict
from tests.faults.posts import ASKS, KINDS, MADE_UP
from tests.faults.proxy import Asked, Fault
from tests.faults.troubles import DONE, IMPATIENT, TROUBLES, Trouble, is_late, looks, unseen
from tests.platforms.case import Kind
from tests.platforms.factories import PLATFORMS


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `ends`: the states that are right; `calls_most`: publishing calls that may be made at most.

    `covers`: the kind of post first, then what else a sample must spread evenly. `at_call`: it spoils a publishing call
    or its answer.
    """

    row: str
    place: str
    go: Callable[[Bench], Verdict]
    ends: tuple[str, ...] = ("published",)
    calls_most: int | None = None
    covers: tuple[str, ...] = ()
    at_call: bool = False

    @property
    def platform(self) -> str:
        """The platform of its kind of post, whose name begins with it."""
        return self.covers[0].partition(" ")[0]

    def breaches(self, verdict: Verdict) -> list[str]:
        """What is not as it must be; empty where the run is right."""
        found = list(verdict.wrong)
        if verdict.duplicates:
            found.append(f"{verdict.duplicates} duplicates")
        if verdict.state not in self.ends:
            found.append(f"ended {verdict.state}, not {' or '.join(self.ends)}")
        if verdict.state == "published" and verdict.lost:
            found.append("called published, and it is not there")
        if self.calls_most is not None and verdict.calls > self.calls_most:
            found.append(f"{verdict.calls} publishing calls")
        if self.at_call and not verdict.spoiled_call:
            found.append("the fault did not reach a publishing call")
        return [f"{self.row}, {self.place}: {one}" for one in found]

    def fixed_case(self, sweep: str) -> FixedCase:
        """This run of a sweep, to be put into the list of those that every sample makes."""
        return FixedCase(sweep, self.row, self.place)


@dataclass(frozen=True, slots=True)
class Where:
    """One request of a post: its n-th publishing call, or another one by its index. The index of a call is not known
    in advance: it depends on how often a status was asked for."""

    index: int | None = None
    call: int | None = None

    def __str__(self) -> str:
        return f"request {self.index}" if self.call is None else f"call {self.call + 1}"

    @property
    def is_call(self) -> bool:
        """Whether it is a publishing call."""
        return self.call is not None

    def after(self, kind: Kind) -> Callable[[Asked], int | None]:
        """For one case: how many requests after it a request is; None before it. Where the status was asked for less
        often, a publishing call may have the index: then it is the request after that."""
        begin: list[int] = []
        calls = count()

        def offset(asked: Asked) -> int | None:
            is_call = kind.publishes(asked)
            hit = next(calls) == self.call if is_call else self.index is not None and asked.index >= self.index
            if hit and not begin:
                begin.append(asked.index)
            return asked.index - begin[0] if begin else None

        return offset


def requests_of(kind: Kind) -> list[tuple[Where, str]]:
    """Every request, with its method and path. Of a file in several pieces the last piece is the publishing call."""
    assert kind.name in ASKS, f"no requests of {kind.name}: python -m tests.faults --record --platform {kind.platform}"
    asked = ASKS[kind.name]
    calls = [index for index, line in enumerate(asked) if kind.calls.search(line)][-kind.call_count :]
    return [
        (Where(call=calls.index(index)) if index in calls else Where(index), line) for index, line in enumerate(asked)
    ]


def calls_of(kind: Kind) -> list[Where]:
    """Every publishing call."""
    return [Where(call=number) for number in range(kind.call_count)]


def spoiling(kind: Kind, where: Where, *faults: Fault | None) -> Plan:
    """Faults of one request and of those right after it."""
    after = where.after(kind)

    def plan(asked: Asked) -> Fault | None:
        offset = after(asked)
        return faults[offset] if offset is not None and offset < len(faults) else None

    return plan


def ends_of(kind: Kind, *, unsure: bool) -> tuple[str, ...]:
    """How a post may end. `unsure`: the answer of a publishing call is lost, so that some can say nothing of it."""
    return ("published", "needs_review") if kind.silent and unsure else ("published",)


def most_calls(kind: Kind, trouble: str | None) -> int | None:
    """How many publishing calls may be made when this befalls one; None for any number.

    One for each part, where the platform has done what it was asked. The last piece of a TikTok video is an exception
    where it comes late: sent again, to the same address, it is the same piece. So is a call under its own keys.
    """
    if trouble not in DONE or ((kind.keyed or kind.resumed) and is_late(trouble)):
        return None
    return kind.call_count


def most_calls_of_two(kind: Kind, first: str, second: str) -> int | None:
    """The same when the first befalls a publishing call, and the second a later request: another call of a thread may
    be it, and is made again where the platform has not done it."""
    most = most_calls(kind, first)
    if most is None or kind.call_count == 1:
        return most
    if second not in DONE:
        return most + 1
    return most if most_calls(kind, second) is not None else None


def one_trouble() -> Iterator[Run]:
    """Every request of every kind of post, with every trouble."""
    for name, trouble in TROUBLES.items():
        for kind in KINDS.values():
            for where, line in requests_of(kind):

                def go(
                    bench: Bench, kind: Kind = kind, name: str = name, trouble: Trouble = trouble, where: Where = where
                ) -> Verdict:
                    env = IMPATIENT if is_late(name) else {}
                    return bench.case(kind, spoiling(kind, where, trouble(bench, kind)), env=env)

                yield Run(
                    name,
                    f"{kind.name}, {where} {line}",
                    go,
                    ends_of(kind, unsure=where.is_call),
                    calls_most=most_calls(kind, name if where.is_call else None),
                    covers=(kind.name, name),
                    at_call=where.is_call,
                )


FIRST = ("cut before", "cut after")
AFTER_MOST = 6


def two_troubles() -> Iterator[Run]:
    """The answer of a publishing call is lost, and one of the requests after it goes wrong too."""
    for first in FIRST:
        for name in TROUBLES:
            for kind in KINDS.values():
                for where in calls_of(kind):
                    for more in range(1, AFTER_MOST):

                        def go(
                            bench: Bench,
                            kind: Kind = kind,
                            names: tuple[str, str] = (first, name),
                            where: Where = where,
                            more: int = more,
                        ) -> Verdict:
                            one, other = (TROUBLES[name](bench, kind) for name in names)
                            env = IMPATIENT if is_late(names[1]) else {}
                            return bench.case(kind, spoiling(kind, where, one, *[None] * (more - 1), other), env=env)

                        place = f"{kind.name}, {where}, and {name} {more} later"
                        yield Run(
                            f"{first}, and one more fault",
                            place,
                            go,
                            ends_of(kind, unsure=True),
                            calls_most=most_calls_of_two(kind, first, name),
                            covers=(kind.name, first, name),
                            at_call=True,
                        )


LAG_S = 0.8
"""How late the platforms show a post: less than the settle window."""


def late(bench: Bench, kind: Kind, plan: Plan, seconds: float = LAG_S) -> Plan:
    """The plan, on a platform that shows a post only so long after its publishing call."""
    called: list[float] = []

    def is_behind() -> bool:  # also asked at the answer, whose time counts
        return time.monotonic() - called[-1] < seconds

    def lagged(asked: Asked) -> Fault | None:
        bench.sandbox.state.lag_s = seconds
        if kind.publishes(asked):
            called.append(asked.at)
        fault = plan(asked)
        if fault is None and called and is_behind() and looks(kind, asked):
            return Fault("not shown yet", True, answer=lambda real: unseen(bench, kind, real) if is_behind() else real)
        return fault

    return lagged


def lagging() -> Iterator[Run]:
    """The answer of a publishing call is lost, and what it published is in no list yet."""
    for lost in ("cut after", "killed after", "500 though done", "answer comes late"):
        for kind in KINDS.values():
            for where in calls_of(kind):

                def go(bench: Bench, kind: Kind = kind, lost: str = lost, where: Where = where) -> Verdict:
                    plan = late(bench, kind, spoiling(kind, where, TROUBLES[lost](bench, kind)))
                    return bench.case(kind, plan, env=IMPATIENT if is_late(lost) else {})

                yield Run(
                    "a post shows up late",
                    f"{kind.name}, {where} {lost}",
                    go,
                    ends_of(kind, unsure=True),
                    calls_most=most_calls(kind, lost),
                    covers=(kind.name, lost),
                    at_call=True,
                )


def no_look_ups() -> Iterator[Run]:
    """The answer of a publishing call is lost, and nothing that could tell is answered any more."""
    for first in ("cut before", "cut after", "killed after"):
        for name in ("503", "cut before", "HTML", "redirect"):
            for kind in KINDS.values():
                for where in calls_of(kind):

                    def go(
                        bench: Bench, kind: Kind = kind, first: str = first, name: str = name, where: Where = where
                    ) -> Verdict:
                        lost, closed = TROUBLES[first](bench, kind), TROUBLES[name](bench, kind)
                        # Patience is counted in windows for Instagram and in gaps for TikTok, whose forty gaps must be
                        # over before the thirty look-ups that a minute allows are spent.
                        brief = {"PUBLISH__LOOKUP_GAP_S": "0.002"} | {
                            f"PLATFORMS__{name.upper()}__SETTLE_S": "0.3"
                            for name in MADE_UP
                            if PLATFORMS.facts(name).settle_s and PLATFORMS.facts(name).patience > 1
                        }
                        return bench.case(kind, spoiling(kind, where, lost, *[closed] * 10_000), env=brief)

                    place = f"{kind.name}, {where} {first}"
                    calls = (where.call or 0) + 1
                    yield Run(
                        f"look-ups unavailable for ever: {name}",
                        place,
                        go,
                        ("needs_review",),
                        calls,
                        covers=(kind.name, first, name),
                        at_call=True,
                    )
