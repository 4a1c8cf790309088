"""The numbers of a platform's contract (docs/reference/platforms/), which its facts must have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from ttp.domain.account import Account
from ttp.domain.platform import Proof
from ttp.domain.post_kind import USUAL
from ttp.platforms.platform import Platform

USUAL_KINDS = tuple(kind.name for kind in USUAL)


@dataclass(frozen=True, slots=True)
class Pinned:
    """`kinds`: of posts, as `ttp certify` tries them. `renewal`: `renew_at`, `renew_after` and `renews_ended`."""

    kinds: tuple[str, ...]
    proof: Proof
    settle_s: float
    patience: int
    token_life: timedelta | None
    renewal: tuple[float, timedelta, bool] = (0.8, timedelta(0), True)


class PinnedFacts:
    """Adds a test to the suite of a platform."""

    platform: ClassVar[Platform]
    pinned: ClassVar[Pinned]

    def test_its_facts_have_the_numbers_of_the_contract(self) -> None:
        facts = self.platform
        renewal = (facts.renew_at, facts.renew_after, facts.renews_ended)
        kinds = tuple(kind.name for kind in facts.post_kinds())
        found = Pinned(
            kinds, facts.proof_for(Account(facts.name, "me")), facts.settle_s, facts.patience, facts.token_life, renewal
        )
        assert found == self.pinned
