"""Prices of platforms, and the budget of a month. Amounts in thousandths of a US dollar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from ttp.domain.action import Action, action
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Problem
from ttp.domain.platform import Facts, PlatformFacts
from ttp.domain.post import PostFields

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.config import Config


class Pricing(Protocol):
    """What one platform charges."""

    @property
    def per_read(self) -> int:
        """For the numbers of one post."""

    def read(self, posts: int, *, listed: bool, account: Account, config: Config) -> int:
        """Return the highest price for the numbers of posts. `listed`: of the newest ones, not of known ones."""

    def publish(self, texts: Sequence[str], alt_texts: int) -> int:
        """Return the price of posts with these texts and this number of alt texts."""

    def delete(self, posts: int) -> int: ...

    def explain(self, threads: Sequence[Sequence[str]], alt_texts: int) -> str:
        """Explain an unusual price of posts with these texts; empty for the usual one."""


class PriceLists(PlatformFacts, Protocol):
    """The enabled platforms, with what they charge."""

    def pricing(self, name: str) -> Pricing | None:
        """Return what a platform charges; None where it charges nothing."""


def price_of(post: PostFields, delivery: Delivery, platforms: PriceLists) -> int | None:
    """Return what a platform will charge for the unpublished rest of a post on one account, and for its comment; None:
    never anything."""
    pricing = platforms.pricing(delivery.platform)
    if pricing is None:
        return None
    facts = platforms.facts(delivery.platform)
    return pricing.publish(_to_come(post, delivery, facts), _alts(post, delivery, facts))


def price_of_call(post: PostFields, delivery: Delivery, platforms: PriceLists) -> tuple[int, int] | tuple[None, None]:
    """Return what the next publishing call of a delivery costs, and those after it; None where calls are free."""
    pricing, facts = platforms.pricing(delivery.platform), platforms.facts(delivery.platform)
    if pricing is None:
        return None, None
    *media, _ = post.media_for(delivery, facts)
    texts, alts = _left(post, delivery, facts), [sum(bool(item.alt) for item in items) for items in media]
    alts = alts[len(delivery.parts) :]
    now = len(texts) if facts.thread_is_atomic else 1
    return pricing.publish(texts[:now], sum(alts[:now])), pricing.publish(texts[now:], sum(alts[now:]))


def budget_of(platform: Facts, config: Config) -> int | None:
    """Return what the posts of a month may cost on a platform; None for any amount."""
    if not any(key.name == "budget_usd" for key in platform.keys):
        return None
    usd = config.seconds(f"platforms.{platform.name}.budget_usd")
    return round(1000 * usd) if usd else None


def month_of(at: datetime) -> tuple[datetime, datetime]:
    """Return when the month (UTC) of an instant begins, and when the next one does."""
    start = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return start, (start + timedelta(days=32)).replace(day=1)


def budget_action(platform: Facts, total: int) -> Action:
    """Return the command that raises a budget to the next whole dollar above a total."""
    return action("config set", f"platforms.{platform.name}.budget_usd", str(-(-total // 1000)))


def price_notes(post: PostFields, platforms: PriceLists) -> Iterator[Problem]:
    """Yield why a post costs more than usual, before it gets a time."""
    coming = [d for d in post.active if d.state is not DeliveryState.PUBLISHED]
    for name in dict.fromkeys(d.platform for d in coming):
        pricing, facts = platforms.pricing(name), platforms.facts(name)
        if pricing is None:
            continue
        charged = [d for d in coming if d.platform == name]
        threads = [_to_come(post, d, facts) for d in charged]
        why = pricing.explain(threads, max(_alts(post, d, facts) for d in charged))
        if why:
            total = dollars(sum(pricing.publish(_to_come(post, d, facts), _alts(post, d, facts)) for d in charged))
            names = ", ".join(d.account for d in charged)
            message = f"{facts.title} will charge {total} for this ({names}): {why}"
            account = charged[0].account if len(charged) == 1 else None
            yield Problem("content", "price", message, account, warning=True)


def dollars(thousandths: int) -> str:
    """`$0.20`, `$0.015`."""
    text = f"${thousandths // 1000}.{thousandths % 1000:03}"
    return text[:-1] if text.endswith("0") else text


def _alts(post: PostFields, delivery: Delivery, facts: Facts) -> int:
    """Return how many media of the unpublished rest have an alt text."""
    *parts, _ = post.media_for(delivery, facts)
    return sum(bool(item.alt) for items in parts[len(delivery.parts) :] for item in items)


def _left(post: PostFields, delivery: Delivery, facts: Facts) -> Sequence[str]:
    return post.parts_for(delivery, facts)[len(delivery.parts) :]


def _to_come(post: PostFields, delivery: Delivery, facts: Facts) -> Sequence[str]:
    """Return the texts that will still be charged: what is left of a post, and its comment."""
    comment = delivery.comment
    is_sent = comment is None or comment.state in (DeliveryState.PUBLISHED, DeliveryState.CANCELLED)
    return (*_left(post, delivery, facts), *(() if is_sent or comment is None else comment.planned_parts))
