"""The sweep of tokens: expired tokens, and several processes that need one at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.faults.bench import Bench
from tests.faults.judge import Verdict
from tests.faults.posts import KINDS, made_up
from tests.faults.proxy import Asked, Fault
from tests.faults.sweeps import Run, Where, ends_of, spoiling
from tests.faults.troubles import TROUBLES
from tests.platforms.case import Kind
from tests.platforms.factories import PLATFORMS

BESIDE = 3
SLOW_S = 0.3
"""How long the platform takes to renew a token: long enough for every process to ask for one, were it allowed to."""


def renewals() -> Iterator[Run]:
    """A post is due and its token has to be renewed, while other commands need the same token."""
    for lost in (None, "cut before", "cut after"):
        for kind in KINDS.values():
            if made_up(kind).renewal is None:  # its tokens do not end, or no app renews them
                continue

            def go(bench: Bench, kind: Kind = kind, lost: str | None = lost) -> Verdict:
                return _renewed(bench, kind, lost)

            yield Run(
                "a token ends, four processes at once",
                f"{kind.name}, {'answered' if lost is None else f'call 1 {lost}'}",
                go,
                ends_of(kind, unsure=lost is not None),
                covers=(kind.name, str(lost)),
                at_call=lost is not None,
            )


def _renewed(bench: Bench, kind: Kind, lost: str | None) -> Verdict:
    spoilt = spoiling(kind, Where(call=0), None if lost is None else TROUBLES[lost](bench, kind))

    def plan(asked: Asked) -> Fault | None:
        return Fault("slow", True, wait_s=SLOW_S) if _is_renewal(kind, asked) else spoilt(asked)

    def go(bench: Bench) -> None:
        _end_token(bench, kind)
        publisher = bench.run(*bench.until_idle)
        bench.victims = [publisher]
        beside = [bench.run("account", "check", kind.account) for _ in range(BESIDE)]
        for fork in [*beside, publisher]:
            fork.wait()
        bench.settle()
        renewed = sum(_is_renewal(kind, asked) for asked in bench.proxy.asked)
        if renewed != 1:
            bench.amiss.append(f"the token was renewed {renewed} times")
        if bench.sql("SELECT needs_reconnect FROM account")[0][0]:
            bench.amiss.append("the account must be connected again")

    return bench.case(kind, plan, go)


def _is_renewal(kind: Kind, asked: Asked) -> bool:
    renewal = made_up(kind).renewal
    assert renewal is not None, f"MADE_UP has no renewal of {kind.platform}"
    return bool(renewal.search(asked.line))


def _end_token(bench: Bench, kind: Kind) -> None:
    """Make the token one that is to be renewed now. Some platforms renew none that has ended, or is young."""
    path = bench.home / "credentials.json"
    held = json.loads(path.read_text())
    now = datetime.now(UTC)
    begun, left = timedelta(hours=2), timedelta()
    facts = PLATFORMS.facts(kind.platform)
    if not facts.renews_ended:
        assert facts.token_life is not None
        left = facts.token_life * (1 - facts.renew_at) / 2
        begun = facts.token_life - left
        account = bench.sandbox.state.accounts[kind.account]
        bench.sandbox.state.save(replace(account, issued_ms=int((now - begun).timestamp() * 1000)))
    held["accounts"][kind.account] |= {"issuedAt": (now - begun).isoformat(), "expiresAt": (now + left).isoformat()}
    path.write_text(json.dumps(held))
