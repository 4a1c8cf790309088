"""The budget of a month on a platform that charges: refuse posts that would pass it with what is planned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from ttp.domain.config import Config
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Problem
from ttp.domain.platform import Facts
from ttp.domain.post import Post
from ttp.domain.pricing import budget_action, budget_of, dollars, month_of, price_of
from ttp.domain.time.clock import EPOCH, Clock
from ttp.platforms.registry import Registry
from ttp.store import spending
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.spending import texts_to_charge

Months = Mapping[tuple[str, datetime], int]
"""Amounts by platform and beginning of the month."""


class BudgetCheck:
    """Budget check of one command. Like the duplicate check, it remembers what it read through an open transaction."""

    def __init__(self, database: Database, config: Config, platforms: Registry, clock: Clock) -> None:
        self._database, self._config, self._platforms, self._clock = database, config, platforms, clock
        self._stored: dict[tuple[str, datetime], dict[int, int]] = {}
        self._pending: dict[int, Months] = {}
        self._unstored: list[Months] = []

    def problems(self, post: Post, db: Connection | None = None) -> Iterator[Problem]:
        """Yield the budgets that a post would pass. `db`: an open connection to read through."""
        for (name, month), price in self._prices(post).items():
            facts = self._platforms.facts(name)
            budget = budget_of(facts, self._config)
            if budget is None:
                continue
            by_post = dict(self._read(facts, month, db))
            spent = by_post.pop(0, 0)
            by_post |= {post_id: months.get((name, month), 0) for post_id, months in self._pending.items()}
            by_post.pop(post.id or 0, None)
            planned = sum(by_post.values()) + sum(months.get((name, month), 0) for months in self._unstored)
            total = spent + planned + price
            if total > budget:
                message = (
                    f"{facts.title} would cost {dollars(total)} in {month:%B %Y}, and its budget is {dollars(budget)}:"
                    f" {dollars(spent)} are spent, {dollars(planned)} planned, and this is {dollars(price)}; raise the"
                    " budget, or choose a time in another month (UTC)"
                )
                account = next(d.account for d in post.active if d.platform == name)
                yield Problem("scheduledAt", "budget", message, account, budget_action(facts, total))

    def add_pending(self, post: Post) -> None:
        prices = self._prices(post)
        if post.id is not None:
            self._pending[post.id] = prices
        elif prices:
            self._unstored.append(prices)

    def _prices(self, post: Post) -> Months:
        """Return what a post will cost in each month, where there is a budget."""
        prices: dict[tuple[str, datetime], int] = {}
        for delivery in post.active:
            if self._counts(delivery) and (price := price_of(post, delivery, self._platforms)):
                assert delivery.due_at is not None
                month, _ = month_of(max(delivery.due_at, self._clock.now()))
                prices[delivery.platform, month] = prices.get((delivery.platform, month), 0) + price
        return prices

    def _counts(self, delivery: Delivery) -> bool:
        is_planned = delivery.state is DeliveryState.PENDING and delivery.due_at is not None
        return is_planned and budget_of(self._platforms.facts(delivery.platform), self._config) is not None

    def _read(self, facts: Facts, month: datetime, db: Connection | None) -> Mapping[int, int]:
        """Return what is planned in a month by post, and under 0 what is spent."""
        amounts = {} if db is None else self._stored.setdefault((facts.name, month), {})
        pricing = self._platforms.pricing(facts.name)
        if not amounts and pricing is not None:
            start, end = month_of(month)
            with self._database.reading(db) as own:
                if own is None:
                    return amounts
                amounts[0] = spending.committed_cost(own, facts.name, start, end)
                since = EPOCH if start <= self._clock.now() else start
                ids = spending.planned_deliveries(own, facts.name, since, end)
                for texts, alts, post_id in texts_to_charge(own, ids, facts):
                    amounts[post_id] = amounts.get(post_id, 0) + pricing.publish(texts, alts)
        return amounts
