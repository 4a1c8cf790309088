"""The one schema, as SQLModel classes: columns, keys and indexes of both databases. No methods, no rules.

`schema.sql` and `columns.py` are generated from it by `python -m tests.drift.store_schema`. At run time only
`table_copy` imports this module: it costs 0.3 s. Instants are milliseconds since 1970 UTC; JSON has sorted keys.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Text, TypeDecorator, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as milliseconds."""

    impl = Integer().with_variant(BigInteger, "postgresql")
    cache_ok = True


def _instant(*, required: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Instant, nullable=not required))


# In order and in ranges texts compare by their bytes in both databases.
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_HANDLE = _TEXT.with_variant(Text(collation="NOCASE"), "sqlite")


def _text(*, required: bool = True, form: Any = _TEXT) -> Any:
    return Field(default=None, sa_column=Column(form, nullable=not required))


def _json(shape: str, default: str | None = None) -> Any:
    """JSON as text. `shape`: `texts` (object of texts), `list` (of texts) or `object`. `default`: of a later column."""
    column = Column(Text, nullable=False, server_default=default, info={"json": shape})
    return Field(default=default, sa_column=column)


def _parent(target: str, *, primary: bool = False, required: bool = True) -> Any:
    return Field(default=None, sa_column=Column(ForeignKey(target), nullable=not required, primary_key=primary))


def _index(name: str, *columns: Any, where: str, unique: bool = False, first: str = "") -> Index:
    """Return a partial index, with one condition for both databases. `first`: a column whose NULLs come first."""
    options: Any = {"sqlite_where": text(where), "postgresql_where": text(where)}
    return Index(name, *columns, unique=unique, **options, postgresql_ops={first: "NULLS FIRST"} if first else {})


class StoreRow(SQLModel, table=True):
    """One row: who this store is, which machine publishes from it (see `ownership`), and where it was copied to or is
    being copied from (see `seal`). On PostgreSQL `server` is the system identifier and the oid of the database, and
    `timeline` the one on which a publisher last ran."""

    __tablename__ = "store"
    id: int | None = Field(default=None, primary_key=True)
    store_id: str = _text()
    host: str | None = _text(required=False)
    created_at: datetime = _instant(required=True)
    checked_at: datetime | None = _instant()
    host_name: str | None = _text(required=False)
    mark: str | None = _text(required=False)
    ran_at: datetime | None = _instant()
    server: str | None = _text(required=False)
    timeline: int | None = None
    credentials_key: str | None = _text(required=False)
    copy_id: str | None = _text(required=False)
    moved_to: str | None = _text(required=False)
    moved_from: str | None = _text(required=False)


class StoreMarkRow(SQLModel, table=True):
    """On PostgreSQL one row: which transaction wrote it. In a store that was restored from a dump another one did."""

    __tablename__ = "store_mark"
    xid: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))


class AccountRow(SQLModel, table=True):
    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("platform", "handle").ddl_if("sqlite"),
        Index("account_name", "platform", text("lower(handle)"), unique=True).ddl_if("postgresql"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, primary_key=True)
    platform: str = _text()
    handle: str = _text(form=_HANDLE)
    user_id: str | None = _text(required=False)
    connected: bool = False
    needs_reconnect: bool = False
    enabled: bool = True
    timezone: str | None = _text(required=False)
    expires_at: datetime | None = _instant()
    scopes: str = _json("list")
    hold_until: datetime | None = _instant()
    hold_reason: str | None = _text(required=False)
    options: str = _json("texts")
    created_at: datetime = _instant(required=True)
    removed_at: datetime | None = _instant()
    late_claim_at: datetime | None = _instant()
    server: str | None = _text(required=False)
    server_info: str = _json("object", "{}")
    split: bool | None = None
    utm: bool | None = None


class PostRow(SQLModel, table=True):
    __tablename__ = "post"
    __table_args__ = (
        _index("post_by_status", "status", "scheduled_at", "id", where="deleted_at IS NULL", first="scheduled_at"),
        UniqueConstraint("key"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, primary_key=True)
    content: str = _text()
    status: str = _text()
    scheduled_at: datetime | None = _instant()
    published_at: datetime | None = _instant()
    created_at: datetime = _instant(required=True)
    updated_at: datetime = _instant(required=True)
    deleted_at: datetime | None = _instant()
    max_lateness_s: float | None = None
    variants: str = _json("texts")
    thread: str = _json("list")
    options: str = _json("texts")
    key: str | None = _text(required=False)
    key_digest: str | None = _text(required=False)
    chosen_by: str | None = _text(required=False)
    rejected_at: datetime | None = _instant()
    rejected_why: str | None = _text(required=False)
    revision: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default=text("1")))
    split: bool | None = None
    number_parts: bool | None = None
    utm: bool | None = None
    cards: str = _json("object", "{}")
    origin: str = _json("object", "{}")


class CardPictureRow(SQLModel, table=True):
    """The picture of a link card of a post, so that its file is kept for as long as the post may need it."""

    __tablename__ = "card_picture"
    __table_args__ = (Index("card_picture_by_sha256", "sha256"),)
    post_id: int = _parent("post.id", primary=True)
    sha256: str = Field(sa_column=Column(_TEXT, primary_key=True))


class TagRow(SQLModel, table=True):
    __tablename__ = "post_tag"
    __table_args__ = (Index("post_tag_by_tag", "tag", "post_id"),)
    post_id: int = _parent("post.id", primary=True)
    position: int = Field(primary_key=True)
    tag: str = _text()


class MediaRow(SQLModel, table=True):
    __tablename__ = "post_media"
    __table_args__ = (Index("post_media_by_sha256", "sha256"),)
    post_id: int = _parent("post.id", primary=True)
    position: int = Field(primary_key=True)
    sha256: str = _text()
    name: str = _text()
    mime: str = _text()
    bytes: int
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    codec: str | None = _text(required=False)
    fps: float | None = None
    moov_first: bool | None = None
    alt: str | None = _text(required=False)
    url: str | None = _text(required=False)
    part: int | None = None
    only: str | None = _text(required=False)


READY = "state IN ('pending', 'retrying') AND next_at IS NOT NULL"
LOOKING = "state IN ('processing', 'reconciling', 'published') AND next_at IS NOT NULL"
APPROVED = f"{READY} AND approved_at IS NOT NULL"
BUSY = "state IN ('claimed', 'sending')"
MEASURABLE = "state = 'published' AND remote_id IS NOT NULL"


class DeliveryRow(SQLModel, table=True):
    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("post_id", "account_id"),
        Index("delivery_of_account", "account_id", "due_at"),
        _index("delivery_remote", "account_id", "remote_id", unique=True, where="remote_id IS NOT NULL"),
        _index("delivery_ready", "account_id", "next_at", "id", where=READY),
        _index("delivery_next", "next_at", where=READY),
        _index("delivery_approved", "account_id", "next_at", "id", where=APPROVED),
        _index("delivery_approved_next", "next_at", where=APPROVED),
        _index("delivery_looking", "next_at", where=LOOKING),
        _index("delivery_busy", "account_id", where=BUSY),
        _index("delivery_needs", "state", "post_id", where="state IN ('failed', 'needs_review')"),
        _index("delivery_published", "published_at", where=MEASURABLE),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, primary_key=True)
    post_id: int = _parent("post.id")
    account_id: int = _parent("account.id")
    state: str = _text()
    due_at: datetime | None = _instant()
    next_at: datetime | None = _instant()
    remote_id: str | None = _text(required=False)
    url: str | None = _text(required=False)
    published_at: datetime | None = _instant()
    tries: int = 0
    attempts: int = 0
    waiting_for: str | None = _text(required=False)
    waiting_until: datetime | None = _instant()
    error_kind: str | None = _text(required=False)
    error_code: str | None = _text(required=False)
    error_message: str | None = _text(required=False)
    error_hint: str | None = _text(required=False)
    handle: str = _json("object")
    note: str | None = _text(required=False)
    taken_down_at: datetime | None = _instant()
    approved_at: datetime | None = _instant()
    fence: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    planned_parts: str = _json("list", "[]")
    parts_frozen: bool | None = None
    part_starts: str = _json("numbers", "[]")
    langs: str | None = _text(required=False)


class PublisherRow(SQLModel, table=True):
    """One registered publisher on PostgreSQL. `session_pid` and `session_start` (seconds since 1970)
    name its session on the server; `since` and `last_report_at` are by the server's clock. `longest_call_s`: how long
    one of its publishing calls may take by the settings of its host."""

    __tablename__ = "publisher"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = Field(default=None, primary_key=True)
    host: str = _text()
    pid: int
    mode: str = _text()
    session_pid: int
    session_start: str = _text()
    since: datetime = _instant(required=True)
    last_report_at: datetime = _instant(required=True)
    longest_call_s: float | None = None


class RateLimitRow(SQLModel, table=True):
    """What may still be called, as the platform told an account last: `remaining` of `most` calls until `reset_at`.
    `scope` and `subject` say who shares the limit (see `LimitKey`)."""

    __tablename__ = "rate_limit"
    account_id: int = _parent("account.id", primary=True)
    scope: str = Field(sa_column=Column(Text, primary_key=True))
    subject: str = Field(sa_column=Column(Text, primary_key=True))
    endpoint: str = Field(sa_column=Column(Text, primary_key=True))
    most: int | None = None
    remaining: int
    reset_at: datetime = _instant(required=True)
    seen_at: datetime = _instant(required=True)


class ReadingRow(SQLModel, table=True):
    """When a published post's numbers were read last, and are read next (NULL: not again). No row: never read."""

    __tablename__ = "reading"
    delivery_id: int = _parent("delivery.id", primary=True)
    read_at: datetime = _instant(required=True)
    next_at: datetime | None = _instant()


class AttemptRow(SQLModel, table=True):
    __tablename__ = "attempt"
    __table_args__ = (
        Index("attempt_by_delivery", "delivery_id", "id"),
        _index("attempt_open", "delivery_id", where="phase = 'publish' AND outcome IS NULL"),
        _index("attempt_charged", "at", where="cost IS NOT NULL"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, primary_key=True)
    delivery_id: int = _parent("delivery.id")
    number: int
    step: str = _text()
    phase: str = _text()
    at: datetime = _instant(required=True)
    ended_at: datetime | None = _instant()
    outcome: str | None = _text(required=False)
    kind: str | None = _text(required=False)
    code: str | None = _text(required=False)
    http_status: int | None = None
    message: str | None = _text(required=False)
    fingerprint: str | None = _text(required=False)
    platform_at: datetime | None = _instant()
    boot_s: float | None = None
    cost: int | None = None
    cost_after: int | None = None


class ShortLinkRow(SQLModel, table=True):
    __tablename__ = "short_link"  # what the program in `links.shorten` made of a link
    link: str = Field(sa_column=Column(_TEXT, primary_key=True))
    short: str = _text()


class SampleRow(SQLModel, table=True):
    __tablename__ = "sample"
    __table_args__ = (
        UniqueConstraint("account_id", "remote_id", "observed_at"),
        Index("sample_newest", "account_id", text("published_at DESC")),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, primary_key=True)
    account_id: int = _parent("account.id")
    remote_id: str = _text()
    published_at: datetime = _instant(required=True)
    observed_at: datetime = _instant(required=True)
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    views: int | None = None
    saves: int | None = None
    reach: int | None = None
    kind: str | None = _text(required=False)
    text: str | None = _text(required=False)


class OnlineFollowersRow(SQLModel, table=True):
    """Followers of an account who were online at each hour of a day. `ends`, hours: the platform's own text."""

    __tablename__ = "online_followers"
    account_id: int = _parent("account.id", primary=True)
    ends: str = Field(sa_column=Column(_TEXT, primary_key=True))
    hours: str = _json("object")
    read_at: datetime = _instant(required=True)


class SlotRow(SQLModel, table=True):
    __tablename__ = "slot"
    __table_args__ = (UniqueConstraint("account_id", "cron", "timezone"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True)
    account_id: int = _parent("account.id")
    cron: str = _text()
    timezone: str = _text()
    name: str | None = _text(required=False)
    created_at: datetime = _instant(required=True)


GOING = "paused_at IS NULL AND ended_at IS NULL"


class RecurrenceRow(SQLModel, table=True):
    """A repeat of a post or of the posts of a tag (`pool`). `next_at`: the first instant not handled yet; `made_until`:
    the last one handled."""

    __tablename__ = "recurrence"
    __table_args__ = (_index("recurrence_going", "next_at", where=GOING), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True)
    post_id: int | None = _parent("post.id", required=False)
    pool: str | None = _text(required=False)
    cool_down_s: float | None = None
    cron: str = _text()
    timezone: str = _text()
    until: datetime | None = _instant()
    count: int | None = None
    texts: str = _json("list")
    next_at: datetime | None = _instant()
    made_until: datetime | None = _instant()
    created_at: datetime = _instant(required=True)
    paused_at: datetime | None = _instant()
    ended_at: datetime | None = _instant()


class OccurrenceRow(SQLModel, table=True):
    """One instant of a repeat and its result. `source_id`: the post that `post_id` was copied from."""

    __tablename__ = "occurrence"
    __table_args__ = (Index("occurrence_by_post", "post_id"), Index("occurrence_by_source", "source_id", "at"))
    recurrence_id: int = _parent("recurrence.id", primary=True)
    at: datetime = Field(sa_column=Column(Instant, nullable=False, primary_key=True))
    state: str = _text()
    post_id: int | None = _parent("post.id", required=False)
    source_id: int | None = _parent("post.id", required=False)


class ChangeRow(SQLModel, table=True):
    """One command's changes of posts. `token_id`, `key`: the idempotency key of the request that made them."""

    __tablename__ = "change"
    __table_args__ = (
        _index("change_by_key", "token_id", "key", where="key IS NOT NULL"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, primary_key=True)
    command: str = _text()
    at: datetime = _instant(required=True)
    actor: str | None = _text(required=False)
    token_id: int | None = None
    key: str | None = _text(required=False)


class ChangedPostRow(SQLModel, table=True):
    __tablename__ = "change_post"
    __table_args__ = (
        Index("change_post_by_post", "post_id", "change_id"),
        _index("change_post_open", "change_id", where="undone IS NULL"),
        _index("change_post_undone", "undone", where="undone IS NOT NULL"),
        _index("change_post_media", "media", where="media IS NOT NULL"),
    )
    change_id: int = _parent("change.id", primary=True)
    post_id: int = _parent("post.id", primary=True)
    image: str | None = _text(required=False)
    digest: str = _text()
    media: str | None = _text(required=False)
    undone: int | None = None


class TokenRow(SQLModel, table=True):
    """A token of the HTTP API. `accounts`: the ids of the only accounts it may use, as JSON; NULL: all."""

    __tablename__ = "token"
    __table_args__ = (UniqueConstraint("sha256"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True)
    name: str = _text()
    sha256: str = _text()
    capability: str = _text()
    accounts: str | None = _text(required=False)
    created_at: datetime = _instant(required=True)
    expires_at: datetime | None = _instant()
    revoked_at: datetime | None = _instant()
    last_used_at: datetime | None = _instant()
    timezone: str | None = _text(required=False)


class PersonRow(SQLModel, table=True):
    """What a person who logs in has set for themselves, by the name of their login links."""

    __tablename__ = "person"
    name: str = Field(sa_column=Column(_TEXT, primary_key=True))
    timezone: str | None = _text(required=False)


class IdempotencyKeyRow(SQLModel, table=True):
    """A key that a request of a token had: `digest` is of the request; without `status` it has not been answered.
    `holder`: the lock of the process that does the work, and where it is; `begun`: something may have been done, as the
    transactions of the work note."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("idempotency_key_by_age", "created_at"),)
    token_id: int = _parent("token.id", primary=True)
    key: str = Field(sa_column=Column(_TEXT, primary_key=True))
    digest: str = _text()
    status: int | None = None
    answer: str | None = _text(required=False)
    created_at: datetime = _instant(required=True)
    holder: str | None = _text(required=False)
    begun: bool | None = None


class LoginLinkRow(SQLModel, table=True):
    """A link by which a person logs in once. `capabilities`: separated by commas; `accounts`: as those of a token."""

    __tablename__ = "login_link"
    __table_args__ = (UniqueConstraint("sha256"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True)
    sha256: str = _text()
    name: str = _text()
    capabilities: str = _text()
    accounts: str | None = _text(required=False)
    expires_at: datetime = _instant(required=True)


class SessionRow(SQLModel, table=True):
    __tablename__ = "session"  # a person who is logged in, in one browser, with the fields of the login link
    __table_args__ = (UniqueConstraint("sha256"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True)
    sha256: str = _text()
    name: str = _text()
    capabilities: str = _text()
    accounts: str | None = _text(required=False)
    created_at: datetime = _instant(required=True)
    expires_at: datetime = _instant(required=True)


class ApprovalLinkRow(SQLModel, table=True):
    """A link by which a person without a login decides about one revision of a post, once. `name`: who gets it;
    `created_by`: who made it, whose right to approve it lends."""

    __tablename__ = "approval_link"
    __table_args__ = (UniqueConstraint("sha256"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True)
    sha256: str = _text()
    post_id: int = _parent("post.id")
    revision: int
    name: str = _text()
    created_by: str = _text()
    expires_at: datetime = _instant(required=True)


class EventRow(SQLModel, table=True):
    """What happened to a post, for readers of events. `data`: the event as a JSON object."""

    __tablename__ = "event"
    __table_args__ = (Index("event_by_age", "at"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = _instant(required=True)
    event: str = _text()
    post_id: int = _parent("post.id")
    account_id: int | None = _parent("account.id", required=False)
    data: str = _text()


class NotificationRow(SQLModel, table=True):
    """One notification of one kind, sent once; its cause lasts until `ended_at`. `next_at`: the next try (or NULL)."""

    __tablename__ = "notification"
    __table_args__ = (
        _index("notification_open", "kind", "event", "subject", where="ended_at IS NULL", unique=True),
        _index("notification_due", "next_at", where="next_at IS NOT NULL"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, primary_key=True)
    kind: str = _text()
    event: str = _text()
    subject: str = _text()
    post_id: int | None = _parent("post.id", required=False)
    account_id: int | None = _parent("account.id", required=False)
    message: str | None = _text(required=False)
    hint: str | None = _text(required=False)
    created_at: datetime = _instant(required=True)
    tries: int = 0
    next_at: datetime | None = _instant()
    sent_at: datetime | None = _instant()
    error: str | None = _text(required=False)
    ended_at: datetime | None = _instant()


class WebhookRow(SQLModel, table=True):
    """An address to which events are sent. `events` and `accounts` (ids): JSON lists of the only ones; NULL: all."""

    __tablename__ = "webhook"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = Field(default=None, primary_key=True)
    url: str = _text()
    events: str | None = _text(required=False)
    accounts: str | None = _text(required=False)
    private: bool = False
    created_at: datetime = _instant(required=True)
    rotated_until: datetime | None = _instant()


class WebhookCallRow(SQLModel, table=True):
    """One event to one webhook: sent, given up, or tried at `next_at`. `status`: of the last answer."""

    __tablename__ = "webhook_call"
    __table_args__ = (
        _index("webhook_call_waiting", "webhook_id", "post_id", "event_id", where="state = 'waiting'"),
        _index("webhook_call_given_up", "webhook_id", where="state = 'given_up'"),
        Index("webhook_call_by_event", "event_id"),
    )
    webhook_id: int = _parent("webhook.id", primary=True)
    event_id: int = _parent("event.id", primary=True)
    post_id: int = _parent("post.id")
    state: str = _text()
    tries: int = 0
    next_at: datetime | None = _instant()
    first_tried_at: datetime | None = _instant()
    ended_at: datetime | None = _instant()
    status: int | None = None
    message: str | None = _text(required=False)


class SubmittedDraftRow(SQLModel, table=True):
    """What a program submitted with a draft, and its approval uses: the platform, a link for the end of the text, and
    a time (a TIME of the command line)."""

    __tablename__ = "submitted_draft"
    post_id: int = _parent("post.id", primary=True)
    external_ref: str = _text()
    platform: str = _text()
    link: str | None = _text(required=False)
    hint: str | None = _text(required=False)


class CredentialRow(SQLModel, table=True):
    """Encrypted credentials of an account, a webhook or a kind of notification (see `credentials.table`). `fields`: an
    object of encrypted texts; `key_id`: of the key that decrypts them."""

    __tablename__ = "credential"
    name: str = Field(sa_column=Column(_TEXT, primary_key=True))
    key_id: str = _text()
    fields: str = _json("texts")


class TokenRefreshRow(SQLModel, table=True):
    """A refresh whose answer is not stored yet, on a store that several hosts share. `token`: a hash of it."""

    __tablename__ = "token_refresh"
    name: str = Field(sa_column=Column(_TEXT, primary_key=True))
    token: str = _text()
    started_at: datetime = _instant(required=True)


class SettingRow(SQLModel, table=True):
    __tablename__ = "setting"  # what all hosts share (see `shared_settings`): the value as JSON
    name: str = Field(sa_column=Column(_TEXT, primary_key=True))
    value: str = _text()
