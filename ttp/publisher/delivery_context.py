"""Connect deliveries and look-ups with the store and the platforms. Build requests and store results: one
transaction for the attempt row, the delivery, the post's status and the account's marks. Makes no decisions."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from ttp.domain.account import Account, Credentials
from ttp.domain.action import action, drop_comment
from ttp.domain.comments import NO_ID, sent_options
from ttp.domain.config import Config
from ttp.domain.delivery import BUSY, Delivery, DeliveryError, DeliveryState, parts_of
from ttp.domain.errors import Busy, UsageError
from ttp.domain.event import Event, Sink, delivery_event, post_event
from ttp.domain.media.image_fit import EXTRA
from ttp.domain.media.item import MediaDamaged, MediaItem, MediaUnavailable
from ttp.domain.options import options_of
from ttp.domain.parts.cards import shown_cards
from ttp.domain.post import Post, PostStatus
from ttp.domain.post_edit import replace_media
from ttp.domain.pricing import budget_action, budget_of, dollars, month_of
from ttp.domain.publishing.outcome import Attempt, Done, Kind, NotDone, Unknown
from ttp.domain.rules import form_for
from ttp.domain.time.clock import Clock
from ttp.platforms.client import CardFile, Client, MediaFile, PublishRequest, StepFailed
from ttp.platforms.image_conversion import CannotConvert, PillowMissing
from ttp.platforms.registry import Registry
from ttp.platforms.uploads import media_entries
from ttp.publisher.coordination import Coordination
from ttp.publisher.late_cards import LateCards
from ttp.services.application import Installation
from ttp.services.attachments.media import MediaConversion
from ttp.services.connecting.tokens import LockedToken, TokenRevoked, TokenUnavailable
from ttp.store import accounts, attempts, claims, queries, spending
from ttp.store.dialect import Conflicting, Connection, Superseded
from ttp.store.home.journal import Entry, Journal
from ttp.store.home.locks import TokenLocked
from ttp.store.home.media import MediaStore
from ttp.store.row_mapper import CorruptRow, Quarantine
from ttp.store.writer import Writer

RETRY_S = 30.0


class MediaWaits:
    """What waits, as the quarantine's `waiting`. Safe to use from several threads."""

    def __init__(self, media: MediaStore, quarantine: Quarantine, clock: Clock) -> None:
        self._media = media
        self._quarantine = quarantine
        self._clock = clock
        self._until: float | None = None

    @property
    def is_on(self) -> bool:
        return self._until is not None

    def begin(self, why: str) -> bool:
        """Wait: the bucket cannot be used. Return False if that is known."""
        is_new = not self._quarantine.waiting_for
        self._until = self._clock.boot() + RETRY_S
        self._quarantine.waiting_for = f"posts wait for media that only the bucket has: {why}"
        return is_new

    def end(self) -> None:
        """Wait no more: the bucket answered."""
        self._until = None
        self._quarantine.waiting_for = ""

    def look(self, db: Connection) -> bool:
        """Find the due posts that wait now. Return whether there may be any."""
        if self._until is None:
            self._quarantine.waiting = frozenset()
            return False
        due = queries.media_due(db, self._clock.now())
        away = dict.fromkeys(post_id for post_id, item in due if not self._media.is_cached(item))
        if self._clock.boot() >= self._until:
            self._until = self._clock.boot() + RETRY_S
            away.pop(next(iter(away), 0), None)
        self._quarantine.waiting = frozenset(away)
        return True


TAKE = "take the media"
LIVE_THOUGH_CANCELLED = "it was cancelled, and is live all the same: its publisher reported late"
ANOTHER_ANSWER = "meanwhile the answer to an earlier call came"
LIVE_BEFORE = "an earlier call had published it, and its publisher reported late: later changes are not in it"
KEY_AGAIN = timedelta(minutes=1)
"""Time until the key of the credentials is asked for again."""
T = TypeVar("T")


class OverBudget(Exception):
    """The budget of the month does not allow a call, and nothing was sent."""

    def __init__(self, outcome: NotDone) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class DeliveryTask:
    """A delivery being worked on, with its post and account as they were when it was claimed. `session`: the number of
    the writer's session on which its account was locked."""

    delivery: Delivery
    post: Post
    account: Account
    session: int = 1


class PostEnds:
    """Holds back the end of a post until all events of its deliveries are emitted: two may end at one moment, each
    reported by the worker that has it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._saving = Counter[int]()
        self._ends: dict[int, Event] = {}

    @contextmanager
    def reporting(self, post_id: int, emit: Sink) -> Iterator[Callable[[Event], None]]:
        """Save a delivery's transition and emit its event in the block; yield how to emit the end of its post."""
        with self._lock:
            self._saving[post_id] += 1
        try:
            yield lambda end: self._ends.__setitem__(post_id, end)
        finally:
            with self._lock:
                self._saving[post_id] -= 1
                end = None if self._saving[post_id] else self._ends.pop(post_id, None)
                if not self._saving[post_id]:
                    del self._saving[post_id]
            if end is not None:
                emit(end)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryContext:
    coordination: Coordination
    installation: Installation
    clients: Callable[[str], Client]
    journal: Journal
    quarantine: Quarantine = field(default_factory=Quarantine)
    """Posts and accounts with corrupt rows, skipped until the run ends."""
    media_waits: MediaWaits | None = None
    """Posts whose media cannot be read here now."""
    late_cards: LateCards | None = None
    """Fetches link cards that are not stored; None: such posts are published with bare links."""
    ends: PostEnds = field(default_factory=PostEnds)
    note_intent: Callable[[Attempt], None] = lambda intent: None
    """Called with each committed intent, before its call. Raises nothing."""

    @property
    def config(self) -> Config:
        return self.installation.config

    @property
    def platforms(self) -> Registry:
        return self.installation.platforms

    @property
    def writer(self) -> Writer:
        return self.coordination.writer

    @property
    def clock(self) -> Clock:
        return self.coordination.clock

    def emit(self, event: Event) -> None:
        self.coordination.announcements.emit(event)

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run work that reads many rows. A corrupt row's post or account is quarantined and the work is repeated."""
        while True:
            try:
                return self.writer.run(work)
            except CorruptRow as row:
                if not self.quarantine.add(row):
                    raise
                self.coordination.announcements.report_quarantine(row.message)

    @contextmanager
    def quarantine_on_error(self, task: DeliveryTask) -> Iterator[None]:
        """Quarantine the task's post, and end the block, if one of its rows cannot be read."""
        try:
            yield
        except CorruptRow as row:
            if self.quarantine.add(row, task.post.id):
                self.coordination.announcements.report_quarantine(row.message)

    def client(self, task: DeliveryTask) -> Client:
        return self.clients(task.account.platform)

    def build_request(
        self, task: DeliveryTask, bound: frozenset[str] = frozenset(), *, credentials: Credentials | None = None
    ) -> PublishRequest:
        """Return everything the client may know. `credentials`: those in use, else the current ones. Raises StepFailed
        if the account's token cannot be used."""
        delivery, account, post = task.delivery, task.account, task.post
        assert delivery.id is not None
        try:
            facts = self.platforms.facts(account.platform)
        except UsageError as why:
            raise StepFailed(TAKE, NotDone(Kind.ACCOUNT, why.message)) from None
        text, *thread = post.parts_for(delivery, facts)
        parent = next((d for d in post.deliveries if d.id == delivery.parent_id), None)
        if parent is None:
            options = delivery.sent_options(post.options, account.options, facts.language_option)
        else:
            options = sent_options(delivery, post, account.options, facts)
        sending = credentials is not None
        replies_to = () if parent is None else parent.parts or (parent.remote_id or "",)
        if sending and "" in replies_to:  # without it some platforms take the comment for a post
            raise StepFailed("reply to the post", NotDone(Kind.UNKNOWN, NO_ID, hint=drop_comment(post.id)))
        media, *thread_media = (
            tuple(self._file(item, task, sending=sending) for item in items)
            for items in post.media_for(delivery, facts)[: 1 + len(thread)]
        )
        return PublishRequest(
            delivery_id=delivery.id,
            account=account,
            credentials=credentials or self._credentials(account),
            text=text,
            media=media,
            options=options_of(account.platform, options),
            bound=bound,
            thread=tuple(thread),
            key_seed=f"{self.journal.store_id}/{delivery.id}",
            thread_media=tuple(thread_media) if any(thread_media) else (),
            part_starts=delivery.part_starts,
            cards={} if credentials is None or parent else self._cards(task),
            replies_to=replies_to,
        )

    def _cards(self, task: DeliveryTask) -> dict[int, CardFile]:
        """Return the link cards of a delivery as stored with its post. Raises StepFailed."""
        cards = {}
        for number, card in shown_cards(task.post, task.delivery, task.account, self.platforms).items():
            picture, note = None, card.note
            try:
                if card.picture is not None and self.installation.media.has(card.picture):
                    picture = MediaFile(card.picture, self.installation.media.path(card.picture.sha256))
            except MediaDamaged:
                picture = None
            except Busy as why:
                raise StepFailed(TAKE, NotDone(Kind.MEDIA, why.message, passing=True)) from None
            if card.picture is not None and picture is None:
                note = "the link card has no picture: its copy is gone"
            if card.state == "waiting":
                note = f"no link card: {card.url} did not answer"
            cards[number] = CardFile(card.url, card.title, card.description, picture, note)
        return cards

    def _file(self, item: MediaItem, task: DeliveryTask, *, sending: bool) -> MediaFile:
        """Return an item with its bytes; `sending`: in the form that the platform accepts, or as it was uploaded
        before. Raises StepFailed if it is missing, MediaUnavailable if the delivery must wait for it."""
        if not sending:
            return MediaFile(item, self.installation.media.path(item.sha256))
        platform, post = task.account.platform, task.post
        is_uploaded = any(one.get("sha256") == item.sha256 for one in media_entries(task.delivery.handle))
        waits = self.media_waits
        is_trial = waits is not None and waits.is_on and not self.installation.media.is_cached(item)
        try:
            form = None if is_uploaded else form_for(post, platform, task.account, self.installation.platforms)
            file = MediaConversion(self.installation.media, self.installation.config).file(item, form)
            if item.thumbnail_item is not None:
                file = replace(file, thumbnail=self._thumbnail(item.thumbnail_item))
            if waits is not None and is_trial:
                waits.end()
            return file
        except FileNotFoundError:
            gone = NotDone(Kind.MEDIA, f"the copy of {item.name} is gone", hint=replace_media(post, [item.name]))
            raise StepFailed(TAKE, gone) from None
        except PillowMissing as why:
            lacking = NotDone(Kind.MEDIA, f"{platform} cannot take {item.name}: {why}", hint=EXTRA)
            raise StepFailed(TAKE, lacking) from None
        except CannotConvert as why:
            raise StepFailed(TAKE, NotDone(Kind.MEDIA, f"{platform} cannot take {item.name}: {why}")) from None
        except MediaDamaged as why:
            lost = NotDone(Kind.MEDIA, why.message, hint=replace_media(post, [item.name]))
            raise StepFailed(TAKE, lost) from None
        except MediaUnavailable as why:
            if self.media_waits is None:
                raise StepFailed(TAKE, NotDone(Kind.MEDIA, why.message, passing=True)) from None
            if self.media_waits.begin(why.message):
                self.coordination.announcements.report_quarantine(self.quarantine.waiting_for)
            raise
        except Busy as why:
            raise StepFailed(TAKE, NotDone(Kind.MEDIA, why.message, passing=True)) from None

    def _thumbnail(self, item: MediaItem) -> MediaFile:
        stored = self.installation.media.find_stored(item.sha256, item.name)
        if stored is None:
            raise FileNotFoundError(item.name)
        return MediaFile(stored, self.installation.media.path(item.sha256))

    def _credentials(self, account: Account) -> Credentials:
        with self.token_errors_as_step_failure():
            return self.installation.tokens.fresh(account.name)

    def keep(self, entry: Entry) -> None:
        """Write an outcome that the store refused into the journal. Raises nothing: if the journal fails too, the
        intent is open and will be looked up."""
        with suppress(OSError):
            self.journal.keep(entry)

    @contextmanager
    def token(self, account: Account) -> Iterator[LockedToken]:
        """Hold the account's token for the block, refreshed first if due; no other process refreshes it meanwhile.
        Raises StepFailed if it cannot be used."""
        with ExitStack() as stack:
            with self.token_errors_as_step_failure():
                token = stack.enter_context(self.installation.tokens.lock_token(account.name, account))
            yield token

    @contextmanager
    def token_errors_as_step_failure(self) -> Iterator[None]:
        """Turn errors of tokens into StepFailed. Without the key of the credentials the delivery waits; no try is
        spent. Where other hosts publish too, it waits for any trouble of this host."""
        try:
            yield
        except (TokenRevoked, TokenUnavailable) as trouble:
            raise StepFailed("credentials", trouble.outcome) from None
        except TokenLocked as trouble:
            raise StepFailed("credentials", NotDone(Kind.NETWORK, trouble.message, passing=True)) from None
        except self.coordination.host_errors as trouble:
            waits = NotDone(Kind.ACCOUNT, trouble.message, passing=True, retry_at=self.clock.now() + KEY_AGAIN)
            raise StepFailed("credentials", waits) from None
        except UsageError as trouble:
            hint = trouble.hints[0].way if trouble.hints else None
            raise StepFailed("credentials", NotDone(Kind.ACCOUNT, trouble.message, hint=hint)) from None

    def save_transition(
        self,
        task: DeliveryTask,
        after: Delivery,
        *also: Callable[[Connection], object],
        quiet: bool = False,
        ms: int | None = None,
        late: Callable[[], object] | None = None,
        ask: Callable[[Connection], object] | None = None,
    ) -> DeliveryTask:
        """Store a delivery's transition and what belongs to it in one durable transaction, then emit events. `quiet`:
        emit no event. `ms`: time since the claim. `late` and `ask`: see `Writer.run`.

        Where several publish, raises Superseded if another publisher has the delivery now, and if a call is to begin
        and the session that locked the account is lost.
        """
        now = self.clock.now()
        moved = claims.Transition(task.delivery, after)

        def ask_all(db: Connection) -> None:
            moved.ask(db)
            if ask is not None:
                ask(db)

        def work(db: Connection) -> PostStatus:
            if after.state is DeliveryState.SENDING and self.writer.session != task.session:
                raise Superseded(f"the session that had delivery {task.delivery.id} in hand is lost")
            status = moved.save(db, now=now)
            if status is None:
                raise self.coordination.moved_error(task.delivery)
            for step in also:
                step(db)
            return status

        with self.ends.reporting(after.post_id or 0, self.emit) as emit_end:
            status = self.writer.run(work, late, ask_all)
            if after.state is not task.delivery.state:
                if not quiet:
                    self.emit(delivery_event(after, now, ms=ms))
                if status in queries.ENDED and not after.is_comment:
                    emit_end(Event(now, "post.finished", task.post.id, kind=status.value))
        return replace(task, delivery=after)

    def refuse_over_budget(self, db: Connection, task: DeliveryTask, intent: Attempt) -> None:
        """Raise OverBudget if a post whose intent was just inserted passes the budget of the month with all its parts.
        The first intent of a thread reserves the rest, until the thread fails."""
        facts = self.platforms.facts(task.delivery.platform)
        budget = budget_of(facts, self.config)
        if budget is None or intent.cost is None:
            return
        self.coordination.lock_spending(db, facts.name)
        total = spending.committed_cost(db, facts.name, *month_of(intent.at))
        if total > budget:
            price = intent.cost + (intent.cost_after or 0)
            message = (
                f"this costs {dollars(price)}, and would make {dollars(total)} in {intent.at:%B}; the budget of"
                f" {facts.title} is {dollars(budget)}"
            )
            raise OverBudget(NotDone(Kind.BUDGET, message, hint=budget_action(facts, total)))

    def record_evidence(self, task: DeliveryTask, intent: Attempt, outcome: Done) -> bool:
        """Record that a delivery which another publisher has now is live, or a part of it. Return False where the
        answer does not prove that, or the store knows it already."""
        now = self.clock.now()

        def work(db: Connection) -> tuple[Delivery | None, list[Event]]:
            before = queries.delivery(db, task.delivery.id or 0)
            after = record_evidence(db, intent, outcome, now)
            if before is None or after is None or after.state is before.state:
                return after, []
            events = [delivery_event(after, now)]
            end = None if after.is_comment else post_event(queries.post_even_deleted(db, after.post_id or 0), now)
            return after, [*events, *([end] if end is not None else [])]

        after, events = self.writer.run(work)
        for event in events:
            self.emit(event)
        return after is not None


def record_evidence(db: Connection, intent: Attempt, outcome: Done, now: datetime) -> Delivery | None:
    """Record what the answer to a call proves, whoever has its delivery now and whatever its state: the post is live,
    or a part of the thread. Return the delivery; None if the answer proves nothing, or changes nothing any more. Then
    the attempt alone remembers the id, and the audit reports what is live twice."""
    if outcome.processing or not outcome.remote_id or (outcome.more and outcome.handle is None):
        return None
    delivery_id = intent.delivery_id or 0
    delivery = queries.delivery(db, delivery_id)
    if delivery is None:
        return None
    db.lock_posts([delivery.post_id or 0])
    delivery = queries.delivery(db, delivery_id)
    if delivery is None or (delivery.state is DeliveryState.PUBLISHED and delivery.remote_id == outcome.remote_id):
        return None
    after = _with_evidence(delivery, outcome, now)
    try:
        with db.savepoint():
            if after is not None:
                claims.save_transition(db, delivery, after, now=now)
    except Conflicting:  # the id is another delivery's: it proves nothing
        return None
    attempts.finish_attempt(
        db, intent, at=now, outcome="done", http_status=outcome.http_status, message=outcome.remote_id
    )
    last = attempts.last_intent(db, delivery_id) if delivery.state is DeliveryState.SENDING else None
    if after is not None and last is not None and last.outcome is None:
        # Whoever sends it now cannot record what comes of that, unless it is live.
        attempts.finish_attempt(db, last, at=now, outcome="unknown", kind=Kind.UNKNOWN, message=ANOTHER_ANSWER)
    return after


def _with_evidence(delivery: Delivery, outcome: Done, now: datetime) -> Delivery | None:
    """Return the delivery once it is known that it is live, or that its next part is. None if that is known, or if
    another post took its place."""
    state, live = delivery.state, () if outcome.handle is None else parts_of(outcome.handle)
    if state is DeliveryState.PUBLISHED or live[: len(delivery.parts)] != delivery.parts:
        return None
    fenced = replace(delivery, fence=delivery.fence + 1)
    if state is DeliveryState.CANCELLED:
        fenced = replace(fenced, note=LIVE_THOUGH_CANCELLED)
    elif state in (DeliveryState.PENDING, DeliveryState.FAILED) and not outcome.more:  # it may have been edited since
        fenced = replace(fenced, note=LIVE_BEFORE)
    if outcome.handle is None:
        return fenced.mark_published(now, outcome.remote_id, outcome.url)
    if len(live) == len(delivery.parts):
        return None
    # What the store has of a thread may be older than its first part.
    url = outcome.url if len(live) == 1 else None
    longer = fenced.with_part(live[0], url, outcome.handle)
    if not outcome.more:
        return longer.mark_published(now, longer.remote_id, longer.url)
    if state in BUSY or state in (DeliveryState.RECONCILING, DeliveryState.PROCESSING):
        return longer.going_on(now)
    if state in (DeliveryState.NEEDS_REVIEW, DeliveryState.CANCELLED):
        why = LIVE_THOUGH_CANCELLED if state is DeliveryState.CANCELLED else "its publisher reported late"
        return longer.mark_failed(DeliveryError(Kind.UNKNOWN, why, hint=action("show", delivery.post_id)))
    return replace(longer, error=delivery.error)


HELD_FOR = timedelta(days=1)
"""How long an account waits that its platform has blocked without a time for the next try."""


def apply_outcome_to_account(
    account: Account, outcome: NotDone | Unknown, now: datetime
) -> Callable[[Connection], object]:
    """Return what a refusal changes of the account: it needs a new token, or it waits. An unknown outcome at a rate
    limit puts the account on hold too."""
    assert account.id is not None
    account_id = account.id

    def work(db: Connection) -> None:
        if outcome.kind is Kind.AUTH and isinstance(outcome, NotDone):
            accounts.mark_account(db, account_id, needs_reconnect=True)
        if isinstance(outcome, Unknown):
            until = outcome.look_at
        else:
            until = (outcome.retry_at or now + HELD_FOR) if outcome.hold else None
        if until is not None:
            accounts.mark_account(db, account_id, hold_until=max(until, now), hold_reason=outcome.message)

    return work
