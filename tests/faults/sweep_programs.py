"""The sweep of programs: random commands, faults and kills, with a small model of what followers must see."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.faults.bench import PATIENCE_S, Bench
from tests.faults.judge import ENDINGS, Verdict, leaks, our_faults, story
from tests.faults.posts import KINDS
from tests.faults.proxy import Asked, Fault
from tests.faults.sweeps import Run
from tests.faults.troubles import TROUBLES
from tests.platforms.case import WORDS

KIND = KINDS["x text"]
REFUSALS = frozenset({2, 3})
STEPS = 10
SPOILT = 0.15
"""The share of requests that go wrong."""
AMONG = tuple(name for name in TROUBLES if name != "429" and not name.endswith("late"))
COMMANDS = ("create", "create", "edit", "unschedule", "schedule", "delete", "retry", "publish", "run", "run", "run")


@dataclass
class Model:
    """What was said to each post, and accepted. `texts`: every text that it ever had, the one that holds last."""

    texts: dict[int, list[str]] = field(default_factory=lambda: {1: [WORDS]})
    deleted: set[int] = field(default_factory=set)

    def breaches(self, shown: dict[int, str], seen: list[str]) -> Iterator[str]:
        """Where the list, the platform and the model differ."""
        for post, texts in self.texts.items():
            out = [text for text in seen if text in texts]
            status = shown.get(post, "deleted")
            if len(out) > 1:
                yield f"post {post} is out {len(out)} times: {out}"
            elif (status == "deleted") is not (post in self.deleted):
                yield f"post {post} is {status}"
            elif status == "published" and out != texts[-1:]:
                yield f"post {post} is published with {texts[-1]!r}, and {out} is out"
            elif status in ("draft", "scheduled", "failed") and out:
                yield f"post {post} is {status}, and it is out"
            elif status in ("scheduled", "publishing"):
                yield f"post {post} is {status} for ever"
        if strange := [text for text in seen if not any(text in texts for texts in self.texts.values())]:
            yield f"nobody wrote {strange}"


def programs(count: int) -> Iterator[Run]:
    """Programs of ten commands; the number of each is the seed of its dice."""
    for seed in range(count):

        def go(bench: Bench, seed: int = seed) -> Verdict:
            return _program(bench, random.Random(seed))

        yield Run("programs of commands and crashes", f"program {seed}", go, covers=(KIND.name,))


def _program(bench: Bench, dice: random.Random) -> Verdict:
    secrets = bench.prepare(KIND)
    began = time.monotonic()

    def plan(asked: Asked) -> Fault | None:
        return TROUBLES[dice.choice(AMONG)](bench, KIND) if dice.random() < SPOILT else None

    bench.proxy.begin(plan)
    model, said = Model(), list[str]()
    for _ in range(STEPS):
        said.append(_step(bench, dice, model))
    bench.proxy.plan = lambda asked: None
    for _ in range(3):
        bench.run(*bench.until_idle).wait(PATIENCE_S)
    bench.proxy.rest()
    shown = {post["id"]: post["status"] for post in json.loads(bench.ok("list", "--json"))}
    seen = [post["text"] for post in bench.seen(KIND)]
    verdict = Verdict("published", seconds=time.monotonic() - began)
    verdict.duplicates = sum(max(0, sum(text in texts for text in seen) - 1) for texts in model.texts.values())
    verdict.needs_review = list(shown.values()).count("partial")
    verdict.wrong = [*model.breaches(shown, seen), *our_faults(bench, ENDINGS | REFUSALS), *leaks(bench, secrets)]
    audit = bench.run("audit")
    if audit.wait() != 0:
        verdict.wrong.append(f"the audit: {audit.said[:300]}")
    verdict.story = [*said, str(shown), str(seen), *story(bench)]
    return verdict


def _step(bench: Bench, dice: random.Random, model: Model) -> str:
    """One command, now and then while a publisher runs. What was done."""
    command = dice.choice(COMMANDS)
    post = dice.choice(sorted(model.texts))
    beside = None
    if command != "run" and dice.random() < 0.4:
        beside = bench.run("run", "--once", "--jsonl")
        bench.victims = [beside]
        time.sleep(dice.uniform(0.0, 0.15))
    told = _command(bench, dice, model, command, post)
    if beside is not None:
        if dice.random() < 0.4:
            beside.signal(signal.SIGKILL)
        beside.wait(PATIENCE_S)
    return f"{told}{' beside a run' if beside else ''}"


def _command(bench: Bench, dice: random.Random, model: Model, command: str, post: int) -> str:
    match command:
        case "run":
            fork = bench.run("run", "--once", "--jsonl")
            bench.victims = [fork]
            if dice.random() < 0.5:
                time.sleep(dice.uniform(0.0, 0.3))
                fork.signal(signal.SIGKILL)
            return f"run: {fork.wait(PATIENCE_S)}"
        case "create":
            text = f"Post {max(model.texts) + 1}, first text"
            time_of_it = ("--at", "now") if dice.random() < 0.7 else ()
            new = int(bench.ok("create", text, "--to", KIND.account, *time_of_it, "-q"))
            model.texts[new] = [text]
            return f"create {new} {time_of_it}"
        case "edit":
            text = f"Post {post}, text {len(model.texts[post]) + 1}"
            code = bench.run("edit", str(post), text).wait()
            if code == 0:
                model.texts[post].append(text)
        case "delete":
            code = bench.run("delete", str(post), "--yes").wait()
            if code == 0:
                model.deleted.add(post)
        case "schedule":
            code = bench.run("schedule", str(post), "--at", "now").wait()
        case "publish":
            code = bench.run("publish", str(post), "--no-wait", "--yes").wait()
        case "retry":
            code = bench.run("retry", str(post), "--no-wait").wait()
        case _:
            code = bench.run("unschedule", str(post)).wait()
    return f"{command} {post}: {code}"
