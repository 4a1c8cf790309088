"""Publish one post of each kind to a throw-away account, look each up, and delete it: evidence that a platform works.

The posts are ordinary posts of the store. The publisher publishes them with its protocol; what is added is one look-up
of each, with what the publishing call knew.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from ttp.domain.account import Account, connect_action
from ttp.domain.action import action
from ttp.domain.delivery import IN_FLIGHT, Delivery, DeliveryState
from ttp.domain.errors import ContentRefused, Hint, ReconnectNeeded, StateRefused, TtpError, UsageError
from ttp.domain.event import Sink
from ttp.domain.media.place import PlacedName
from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput
from ttp.domain.post_kind import PostKind
from ttp.domain.publishing.outcome import (
    Absent,
    Attempt,
    Done,
    Finding,
    Found,
    Handle,
    Outcome,
    Phase,
    Unclear,
    Working,
)
from ttp.domain.time.resolve import ResolvedTime
from ttp.platforms.client import Client, LookupResult, PublishRequest, Ready, Step
from ttp.publisher.outcomes import earliest_publish_time
from ttp.publisher.process import PublisherProcess
from ttp.services.posts import Posts
from ttp.services.preview import preview_post
from ttp.services.publishing import Publishing
from ttp.services.remote_delete import RemoteDelete
from ttp.store import attempts

LOOKS_MOST = 4
_BOUND_SINCE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class CertificationPost:
    """A post to publish. `price`: what the platform charges for it and its deletion, in thousandths of a US dollar;
    None: nothing. `refused`: why the account cannot publish it."""

    kind: PostKind
    post_input: PostInput
    price: int | None = None
    refused: ContentRefused | None = None


@dataclass(frozen=True, slots=True)
class CertificationPlan:
    """The posts for one account. `cannot_delete`: why ttp cannot delete there."""

    account: Account
    posts: tuple[CertificationPost, ...]
    cannot_delete: str | None = None

    @property
    def possible(self) -> tuple[CertificationPost, ...]:
        return tuple(post for post in self.posts if post.refused is None)

    @property
    def price(self) -> int | None:
        """What the platform charges for all of it; None: nothing."""
        prices = [post.price for post in self.possible if post.price is not None]
        return sum(prices) if prices else None


@dataclass(frozen=True, slots=True)
class CertifiedPost:
    """How one kind went.

    `outcome`: `verified` (published, and found by its look-up), `published` (not found), `failed`, `needs_review`,
    `waiting` (not published now) or `skipped` (the account cannot publish it). `look_up`: what it found; `none` where
    there is no look-up. `deleted`: whether the platform deleted it; None if that was not tried, or its server has no
    deletion. `message`: what went wrong.
    """

    kind: str
    outcome: str
    post_id: int | None = None
    remote_ids: tuple[str, ...] = ()
    url: str | None = None
    look_up: str | None = None
    deleted: bool | None = None
    took: timedelta | None = None
    message: str | None = None


@dataclass
class Certification:
    posts: Posts
    publishing: Publishing
    remote_delete: RemoteDelete
    runner: PublisherProcess

    def plan(self, account: Account, photo: Path, clip: Path, only: Sequence[str] = ()) -> CertificationPlan:
        """Return the posts of all kinds, or of some. `photo` and `clip` are their media.

        Raise UsageError for an unknown kind, ReconnectNeeded or StateRefused if nothing is published to the account
        now, ContentRefused if it can publish none of the posts.
        """
        _refuse_idle(account)
        kinds = self.posts.platforms.facts(account.platform).post_kinds()
        if unknown := [name for name in only if name not in {kind.name for kind in kinds}]:
            names = ", ".join(kind.name for kind in kinds)
            raise UsageError(f"{account.platform} has no kind {unknown[0]}: it has {names}", Hint("try", kinds[0].name))
        files = {"image": str(PlacedName(str(photo))), "video": str(PlacedName(str(clip)))}
        now = self.posts.clock.now()
        posts = tuple(self._planned(account, kind, files, now) for kind in kinds if not only or kind.name in only)
        refused = [post.refused for post in posts if post.refused is not None]
        if len(refused) == len(posts):
            fixes = [hint for hint in refused[0].hints if hint.label == "fix"]
            raise ContentRefused(refused[0].message, *fixes, problems=refused[0].problems)
        return CertificationPlan(account, posts, self.remote_delete.why_impossible(account.platform))

    def _planned(self, account: Account, kind: PostKind, files: Mapping[str, str], now: datetime) -> CertificationPost:
        words = f"A test by ttp: {kind.name}, {now:%Y-%m-%d %H:%M:%S} UTC"
        more = tuple(f"{words}, part {number} of {kind.parts}" for number in range(2, kind.parts + 1))
        post_input = PostInput(
            words,
            to=(account.name,),
            media=tuple(files[medium] for medium in kind.media),
            alts=tuple(f"A test {medium}" for medium in kind.media),
            thread=more,
            options={f"{account.platform}.{name}": value for name, value in kind.options.items()},
        )
        preview = preview_post(self.posts, post_input, ResolvedTime(now, UTC, "now"))
        pricing = self.posts.platforms.pricing(account.platform)
        price = None
        if pricing is not None:
            price = sum(version.price or 0 for version in preview.versions) + pricing.delete(kind.parts)
        return CertificationPost(kind, post_input, price, preview.refused)

    def run(self, plan: CertificationPlan, emit: Sink, *, keep: bool = False) -> tuple[list[CertifiedPost], int | None]:
        """Publish the posts, look them up, and delete them unless `keep`. Return how each kind went, in the plan's
        order, and the signal that ended it early."""
        self.runner.refuse_elsewhere()
        made = self._create(plan)
        calls: _Calls = {}
        remembering = replace(self.runner, wrap_client=lambda client: _RememberingClient(client, calls))
        ended = remembering.publish(frozenset(made.values()), emit)
        results = {kind: self._result(kind, self.posts.post(post_id)) for kind, post_id in made.items()}
        self._withdraw(results.values())
        if ended.clean and ended.signal is None:
            with closing(self.runner.installation.client(plan.account.platform)) as client:
                results = {kind: self._looked_up(one, client, plan.account, calls) for kind, one in results.items()}
            if not keep and plan.cannot_delete is None:
                results = self._deleted(results)
        skipped = {
            post.kind.name: CertifiedPost(post.kind.name, "skipped", message=post.refused.message)
            for post in plan.posts
            if post.refused is not None
        }
        both = {**results, **skipped}
        return [both[post.kind.name] for post in plan.posts], ended.signal

    def _create(self, plan: CertificationPlan) -> dict[str, int]:
        """Store the posts, due now. Return their ids by kind. Nothing is left of them if they are refused."""
        made: dict[str, int] = {}
        try:
            for post in plan.possible:
                made[post.kind.name] = self.posts.create(post.post_input, None).post.id or 0
            queued = self.publishing.publish(made.values())
            if queued.refused:
                raise queued.refused[0]
        except TtpError:
            with suppress(TtpError):
                self.posts.unschedule(list(made.values()))
                self.posts.delete(list(made.values()))
            raise
        return made

    def _result(self, kind: str, post: Post) -> CertifiedPost:
        delivery = post.active[0]
        ids = delivery.parts or ((delivery.remote_id,) if delivery.remote_id else ())
        result = CertifiedPost(kind, "published", post.id, ids, delivery.url)
        if delivery.published_at is not None and delivery.due_at is not None:
            result = replace(result, took=delivery.published_at - delivery.due_at)
        match delivery.state:
            case DeliveryState.PUBLISHED:
                return result
            case DeliveryState.FAILED | DeliveryState.NEEDS_REVIEW:
                why = delivery.error.message if delivery.error else None
                return replace(result, outcome=str(delivery.state), message=why)
            case _:
                why = delivery.waiting_for or (delivery.error.message if delivery.error else None)
                return replace(result, outcome="waiting", message=why)

    def _looked_up(self, one: CertifiedPost, client: Client, account: Account, calls: _Calls) -> CertifiedPost:
        """Return the result with what a look-up finds; a post may take a while to appear."""
        if one.outcome != "published" or one.post_id is None:
            return one
        if self.posts.platforms.facts(account.platform).proof_for(account) == "none":
            return replace(one, look_up="none")
        delivery = self.posts.post(one.post_id).active[0]
        request, handle = calls.get(delivery.id or 0, (None, delivery.kept_handle))
        if request is None:
            return replace(one, look_up="unknown", message="another publisher published it")
        gap = self.posts.config.seconds("publish.lookup_gap_s")
        for number in range(LOOKS_MOST):
            if number:
                self.runner.sleep(gap)
            finding = self._look_up(client, account, delivery, request, handle)
            match finding:
                case Found(remote_id=remote_id) if remote_id is None or remote_id in (one.remote_ids or [remote_id]):
                    return replace(one, outcome="verified", look_up="found")
                case Found(remote_id=remote_id):
                    return replace(one, look_up="another", message=f"the look-up found {remote_id}")
                case Unclear(final=True):
                    break
        return replace(one, look_up=type(finding).__name__.lower(), message=_why(finding))

    def _look_up(
        self, client: Client, account: Account, delivery: Delivery, request: PublishRequest, handle: Handle
    ) -> Finding:
        """Look a delivery up once, and record that."""
        began, delivery_id = self.posts.clock.now(), delivery.id or 0
        with self.posts.database.reading() as db:
            assert db is not None
            intent = attempts.last_intent(db, delivery_id)
            bound = attempts.bound_remote_ids(db, account.id or 0, delivery_id, began - _BOUND_SINCE)
        since = earliest_publish_time(intent) if intent else delivery.due_at or began
        credentials = self.runner.installation.tokens.fresh(account.name)
        looked = client.look_up(replace(request, bound=bound, credentials=credentials), handle, since)
        row = Attempt(
            account=account.name,
            number=delivery.attempts,
            step="look up",
            phase=Phase.LOOK_UP,
            at=began,
            ended_at=self.posts.clock.now(),
            outcome=type(looked.finding).__name__.lower(),
            message=_why(looked.finding),
            platform_at=looked.platform_at,
            delivery_id=delivery_id,
        )
        with self.posts.database.writing() as db:
            attempts.add_attempt(db, row)
        return looked.finding

    def _withdraw(self, results: Iterable[CertifiedPost]) -> None:
        """Unschedule and delete what is not published now, so that it is not published later."""
        for one in results:
            if one.outcome != "waiting" or one.post_id is None:
                continue
            if not any(delivery.state in IN_FLIGHT for delivery in self.posts.post(one.post_id).deliveries):
                self.posts.unschedule([one.post_id])
                self.posts.delete([one.post_id])

    def _deleted(self, results: Mapping[str, CertifiedPost]) -> dict[str, CertifiedPost]:
        """Return the results after each published post was deleted from the platform and from the store."""
        live = {one.post_id: kind for kind, one in results.items() if one.outcome in ("verified", "published")}
        plan = self.remote_delete.plan([post_id for post_id in live if post_id is not None])
        done = dict(results)
        for post in self.remote_delete.run(plan):
            kind = live[post.post_id]
            why = next((fate.message for fate in post.fates if fate.message is not None), None)
            deleted = None if any(fate.unsupported for fate in post.fates) else why is None
            done[kind] = replace(results[kind], deleted=deleted, message=why or results[kind].message)
        return done


_Calls: TypeAlias = dict[int, tuple[PublishRequest, Handle]]
"""What the last publishing call of each delivery was made with."""


class _RememberingClient:
    def __init__(self, client: Client, calls: _Calls) -> None:
        self._client, self._calls = client, calls

    def prepare(self, request: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        return self._client.prepare(request, handle)

    def publish(self, request: PublishRequest, handle: Handle) -> Outcome:
        outcome = self._client.publish(request, handle)
        later = outcome.handle if isinstance(outcome, Done) and not request.thread else None
        self._calls[request.delivery_id] = (request, later or handle)
        return outcome

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        return self._client.look_up(request, handle, since)

    def close(self) -> None:
        self._client.close()


def _refuse_idle(account: Account) -> None:
    """Raise ReconnectNeeded or StateRefused for an account to which nothing is published now."""
    if not account.connected or account.needs_reconnect:
        raise ReconnectNeeded(f"{account.name} is not connected", Hint("fix", connect_action(account.name)))
    if not account.enabled:
        raise StateRefused(f"{account.name} is disabled", Hint("fix", action("account enable", account.name)))
    if account.is_paused:
        raise StateRefused(f"{account.name} is paused", Hint("fix", action("resume", account=account.name)))


def _why(finding: Finding) -> str | None:
    match finding:
        case Working(what=what):
            return what
        case Absent():
            return "the look-up did not find it"
        case Found(note=note):
            return note
    return getattr(finding, "message", None)
