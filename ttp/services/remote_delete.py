"""Delete published posts from their platforms, and then from ttp. Only on request. Deliveries are independent, and each
result is stored at once, so a second run continues. No intent is stored before a call: deleting twice is harmless."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime

from ttp.domain.action import WayOut
from ttp.domain.delivery import Delivery
from ttp.domain.errors import TtpError
from ttp.domain.post_edit import refuse_in_flight, with_delivery
from ttp.domain.publishing.outcome import Attempt, Kind, NotDone, Phase
from ttp.platforms.client import NO_DELETION, Deleted, Deleter, PublishRequest
from ttp.services.connecting.tokens import TokenRevoked, Tokens
from ttp.services.posts import Posts
from ttp.store import attempts, queries
from ttp.store import posts as store


@dataclass(frozen=True, slots=True)
class DeleteTarget:
    """A live delivery: the ids to delete, in order, or why it cannot be deleted."""

    delivery: Delivery
    ids: tuple[str, ...] = ()
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class DeletePlan:
    """Posts, and what of each is live on a platform."""

    targets: dict[int, tuple[DeleteTarget, ...]]
    prices: Mapping[str, int] = field(default_factory=dict)
    """What platforms charge, by platform title, in thousandths of a US dollar."""

    @property
    def possible(self) -> list[DeleteTarget]:
        return [target for targets in self.targets.values() for target in targets if target.why_not is None]

    @property
    def impossible(self) -> list[DeleteTarget]:
        return [target for targets in self.targets.values() for target in targets if target.why_not is not None]


@dataclass(frozen=True, slots=True)
class DeleteResult:
    """Result of one delivery. `message` None: deleted. `final`: no retry helps. `reconnect`: the token was refused.
    `unsupported`: the account's server lets no app delete posts."""

    delivery: Delivery
    message: str | None = None
    hint: WayOut | None = None
    final: bool = False
    reconnect: bool = False
    unsupported: bool = False


@dataclass(frozen=True, slots=True)
class DeletedPost:
    """Result of one post: whether it is deleted, and the result of each live delivery."""

    post_id: int
    deleted: bool
    fates: tuple[DeleteResult, ...]
    error: TtpError | None = None
    """Why the post was not deleted although all its deliveries were."""


class RemoteDelete:
    """`deleters` creates a platform's client for deletion, which is closed at the end."""

    def __init__(self, posts: Posts, tokens: Tokens, deleters: Callable[[str], Deleter | str]) -> None:
        self._posts = posts
        self._tokens = tokens
        self._deleters = deleters

    def plan(self, ids: Iterable[int]) -> DeletePlan:
        """Return what of the posts is live and can be deleted. Raise NotFound, or StateRefused for a post in flight."""
        by_post: dict[int, tuple[DeleteTarget, ...]] = {}
        for post_id in dict.fromkeys(ids):
            post = self._posts.post(post_id)
            refuse_in_flight(post, "be deleted")
            rows = (*post.comments, *post.deliveries)  # a comment goes before the post that it is on
            by_post[post_id] = tuple(_target(d, self.why_impossible(d.platform)) for d in rows if d.is_live)
        return DeletePlan(by_post, self._prices(by_post))

    def _prices(self, by_post: Mapping[int, Sequence[DeleteTarget]]) -> dict[str, int]:
        counts = Counter[str]()
        for target in (one for targets in by_post.values() for one in targets if one.why_not is None):
            counts[target.delivery.platform] += len(target.ids)
        platforms = self._posts.platforms
        return {
            platforms.facts(name).title: pricing.delete(count)
            for name, count in counts.items()
            if (pricing := platforms.pricing(name)) is not None
        }

    def why_impossible(self, platform: str) -> str | None:
        """Return why apps cannot delete posts on the platform, or None."""
        deleter = self._deleters(platform)
        if isinstance(deleter, str):
            return deleter
        deleter.close()
        return None

    def run(self, plan: DeletePlan) -> list[DeletedPost]:
        """Delete the possible deliveries, then each post with nothing left on a platform."""
        done = []
        with ExitStack() as open_deleters:
            deleters: dict[str, Deleter] = {}
            for platform in {target.delivery.platform for target in plan.possible}:
                deleter = self._deleters(platform)
                if not isinstance(deleter, str):
                    deleters[platform] = open_deleters.enter_context(closing(deleter))
            for post_id, targets in plan.targets.items():
                fates = tuple(self._delete_target(target, deleters) for target in targets)
                done.append(self._finish(post_id, fates))
        return done

    def _finish(self, post_id: int, fates: tuple[DeleteResult, ...]) -> DeletedPost:
        if any(fate.message is not None for fate in fates):
            return DeletedPost(post_id, False, fates)
        try:
            self._posts.delete([post_id], unless_live=True)
        except TtpError as error:
            return DeletedPost(post_id, False, fates, error)
        return DeletedPost(post_id, True, fates)

    def _delete_target(self, target: DeleteTarget, deleters: dict[str, Deleter]) -> DeleteResult:
        delivery = target.delivery
        if target.why_not is not None:
            return DeleteResult(delivery, target.why_not, final=True)
        try:
            return self._delete_parts(target, deleters[delivery.platform])
        except TokenRevoked as dead:
            return DeleteResult(delivery, dead.message, dead.outcome.hint, reconnect=True)
        except TtpError as error:
            return DeleteResult(delivery, error.message, error.hints[0].way if error.hints else None)

    def _delete_parts(self, target: DeleteTarget, deleter: Deleter) -> DeleteResult:
        """Delete one delivery's remote posts, last first. A refused token is refreshed once."""
        delivery = target.delivery
        account = next((a for a in self._posts.accounts() if a.id == delivery.account_id), None)
        credentials = self._tokens.fresh(delivery.account)
        assert account is not None  # a removed account has no token either
        renewed = False
        for remote_id in target.ids:
            while True:
                began = self._posts.clock.now()
                answer = deleter.delete(PublishRequest(delivery.id or 0, account, credentials, ""), remote_id)
                delivery = self._record(delivery, remote_id, answer, began)
                if renewed or not self._tokens.may_replace(account.name, credentials, answer):
                    break
                credentials, renewed = self._tokens.replace_refused(account.name, credentials), True
            if isinstance(answer, NotDone):
                reconnect, unsupported = answer.kind is Kind.AUTH, answer.code == NO_DELETION
                final = not answer.passing and not reconnect
                return DeleteResult(delivery, answer.message, answer.hint, final, reconnect, unsupported)
        return DeleteResult(delivery)

    def _record(self, delivery: Delivery, remote_id: str, answer: Deleted | NotDone, began: datetime) -> Delivery:
        """Store the result of one call, and the delivery it leads to."""
        now = self._posts.clock.now()
        row = Attempt(
            account=delivery.account,
            number=delivery.attempts,
            step="take down",
            phase=Phase.TAKE_DOWN,
            at=began,
            ended_at=now,
            outcome="done",
            http_status=answer.http_status,
            message=remote_id,
            delivery_id=delivery.id,
        )
        match answer:
            case Deleted(note=note):
                row = row._replace(message=f"{remote_id}: {note}" if note else remote_id)
            case NotDone(kind, message, code):
                row = row._replace(outcome="not_done", kind=kind, code=code, message=f"{remote_id}: {message}")
        with self._posts.database.writing() as db:
            db.lock_posts([delivery.post_id or 0])
            attempts.add_attempt(db, row)
            post = queries.post_even_deleted(db, delivery.post_id or 0)
            before = next(d for d in (*post.deliveries, *post.comments) if d.id == delivery.id)
            if isinstance(answer, NotDone):
                return before
            after = before.taken_down(remote_id, now)
            store.update(db, with_delivery(post, before, after), None)
            return after


def _target(delivery: Delivery, never: str | None) -> DeleteTarget:
    ids = tuple(reversed(delivery.parts)) or ((delivery.remote_id,) if delivery.remote_id else ())
    if never is None and not ids:
        never = f"its id on {delivery.platform} is not known"
    return DeleteTarget(delivery, ids, never)
