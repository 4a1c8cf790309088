"""Sweeps of look-ups: the platform's own list misses a post for a moment, or has another post with the same text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from tests.faults.bench import Bench, Plan
from tests.faults.judge import Verdict
from tests.faults.posts import KINDS, made_up
from tests.faults.proxy import Asked, Fault
from tests.faults.sweeps import Run, Where, calls_of, ends_of, spoiling
from tests.faults.troubles import TROUBLES, looks, unseen
from tests.platforms.case import Kind

AN_HOUR_S = 3600.0


def missed_looks() -> Iterator[Run]:
    """The answer of a publishing call is lost and the publisher dies before its first look-up. An hour later the
    settle window is over, and one or two look-ups miss the post, as a list read from a copy that is behind does."""
    for misses in (1, 2):
        for kind in KINDS.values():
            if made_up(kind).looks is None:
                continue
            for where in calls_of(kind):

                def go(bench: Bench, kind: Kind = kind, where: Where = where, misses: int = misses) -> Verdict:
                    return bench.case(kind, _missing(bench, kind, where, misses), _in_two_runs)

                yield Run(
                    "look-ups miss it",
                    f"{kind.name}, {where}, {misses} missed",
                    go,
                    calls_most=kind.call_count,
                    covers=(kind.name, str(misses)),
                    at_call=True,
                )


def _missing(bench: Bench, kind: Kind, where: Where, misses: int) -> Plan:
    lost, killed = TROUBLES["cut after"](bench, kind), TROUBLES["killed before"](bench, kind)
    after = where.after(kind)
    seen: list[int] = []

    def plan(asked: Asked) -> Fault | None:
        offset = after(asked)
        if offset is None or offset == 0:
            return lost if offset == 0 else None
        if not looks(kind, asked):
            return None
        seen.append(asked.index)
        if len(seen) == 1:
            return killed
        late = len(seen) - 1 <= misses
        return Fault("not shown yet", True, answer=lambda real: unseen(bench, kind, real)) if late else None

    return plan


def _in_two_runs(bench: Bench) -> None:
    first = bench.run(*bench.until_idle)
    bench.victims = [first]
    first.wait()
    bench.pass_time(AN_HOUR_S)
    bench.settle()


HIDDEN = ("cut after", "500 though done", "killed after")


def hidden() -> Iterator[Run]:
    """The answer of a publishing call is lost, and the platform's list hides the post for longer than the settle
    window. So the call is made again, and the platform itself must refuse a second post."""
    for lost in HIDDEN:
        for kind in KINDS.values():
            if made_up(kind).looks is None or (kind.platform == "x" and kind.media):  # X compares texts alone
                continue
            for where in calls_of(kind)[: 1 if kind.name == "instagram comment" else None]:  # it goes to a person

                def go(bench: Bench, kind: Kind = kind, where: Where = where, lost: str = lost) -> Verdict:
                    verdict = bench.case(kind, _hiding(bench, kind, where, lost))
                    if verdict.state == "published" and verdict.calls <= kind.call_count:
                        verdict.wrong.append("the call was not made again, and the platform refused nothing")
                    return verdict

                yield Run(
                    "the platform refuses the second post",
                    f"{kind.name}, {where} {lost}",
                    go,
                    calls_most=kind.call_count + 1,
                    covers=(kind.name, lost),
                    at_call=True,
                )


def _hiding(bench: Bench, kind: Kind, where: Where, lost: str) -> Plan:
    trouble = TROUBLES[lost](bench, kind)
    after = where.after(kind)
    calls: list[int] = []

    def plan(asked: Asked) -> Fault | None:
        if after(asked) is None:
            return None
        if kind.publishes(asked):
            calls.append(asked.index)
            return trouble if len(calls) == 1 else None
        if len(calls) > 1 or not looks(kind, asked):
            return None
        return Fault("not shown yet", True, answer=lambda real: unseen(bench, kind, real))

    return plan


TWINS: Mapping[str, tuple[str, ...]] = {
    "cut before": ("cut before",),
    "cut after": ("cut after",),
    "cut before, then 503": ("cut before", "503"),
    "cut after, then 503": ("cut after", "503"),
}


def twins() -> Iterator[Run]:
    """Another post of the account with the same text has just been published, and the answer of this one is lost."""
    for name, faults in TWINS.items():
        for kind in KINDS.values():
            if len(kind.texts) > 1:  # X refuses a second thread that begins with the same words
                continue

            def go(bench: Bench, kind: Kind = kind, faults: tuple[str, ...] = faults) -> Verdict:
                plan = spoiling(kind, Where(call=1), *(TROUBLES[fault](bench, kind) for fault in faults))
                return bench.case(kind, plan, lambda bench: _after_a_twin(bench, kind))

            yield Run(
                "a post with the same text",
                f"{kind.name}, {name}",
                go,
                ends_of(kind, unsure=True),
                covers=(kind.name, name),
                at_call=True,
            )


def _after_a_twin(bench: Bench, kind: Kind) -> None:
    """Publish a post with the text of the case's own, then that one."""
    due = bench.sql("SELECT due_at FROM delivery WHERE parent_id IS NULL")[0][0]
    later = due + 3_600_000
    bench.sql("UPDATE delivery SET due_at = ?, next_at = ? WHERE parent_id IS NULL", later, later)
    argv = kind.argv(bench.media)
    if kind.platform == "x":
        # X refuses an identical second text, and lists both of these alike.
        argv[1] = argv[1].replace("/menu/", "/menu")
    twin = json.loads(bench.ok(*argv, "--at", "now", "--json"))["id"]
    bench.ok(*bench.until_idle)
    bench.others = {post["id"] for post in bench.seen(kind)}
    if len(bench.others) != 1:
        bench.amiss.append(f"post {twin}, with the same text, was not published: {bench.others}")
    bench.sql("UPDATE delivery SET due_at = ?, next_at = ? WHERE post_id = 1 AND parent_id IS NULL", due, due)
    bench.settle()
