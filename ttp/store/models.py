"""The one schema, as SQLModel classes: columns, keys and indexes of both databases. No methods, no rules.

`schema.sql` and `columns.py` are generated from it by `python -m tests.drift.store_schema`. At run time only
`table_copy` imports this module: it costs 0.3 s. Instants are milliseconds since 1970 UTC; JSON has sorted keys.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, Integer, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from ttp.store.model_fields import (
    HANDLE,
    TEXT,
    Instant,
    NumberedRow,
    instant_field,
    json_field,
    parent_field,
    partial_index,
    text_field,
)
from ttp.store.server import models as server_models

__all__ = ["server_models"]


class StoreRow(SQLModel, table=True):
    """One row: who this store is, which machine publishes from it (see `ownership`), and where it was copied to or is
    being copied from (see `seal`). On PostgreSQL `server` is the system identifier and the oid of the database, and
    `timeline` the one on which a publisher last ran."""

    __tablename__ = "store"
    id: int | None = Field(default=None, primary_key=True)
    store_id: str = text_field()
    host: str | None = text_field(required=False)
    created_at: datetime = instant_field(required=True)
    checked_at: datetime | None = instant_field()
    host_name: str | None = text_field(required=False)
    mark: str | None = text_field(required=False)
    ran_at: datetime | None = instant_field()
    server: str | None = text_field(required=False)
    timeline: int | None = None
    credentials_key: str | None = text_field(required=False)
    copy_id: str | None = text_field(required=False)
    moved_to: str | None = text_field(required=False)
    moved_from: str | None = text_field(required=False)


class StoreMarkRow(SQLModel, table=True):
    """On PostgreSQL one row: which transaction wrote it. In a store that was restored from a dump another one did."""

    __tablename__ = "store_mark"
    xid: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))


class AccountRow(NumberedRow, table=True):
    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("platform", "handle").ddl_if("sqlite"),
        Index("account_name", "platform", text("lower(handle)"), unique=True).ddl_if("postgresql"),
        {"sqlite_autoincrement": True},
    )
    platform: str = text_field()
    handle: str = text_field(form=HANDLE)
    user_id: str | None = text_field(required=False)
    connected: bool = False
    needs_reconnect: bool = False
    enabled: bool = True
    timezone: str | None = text_field(required=False)
    expires_at: datetime | None = instant_field()
    scopes: str = json_field("list")
    hold_until: datetime | None = instant_field()
    hold_reason: str | None = text_field(required=False)
    options: str = json_field("texts")
    created_at: datetime = instant_field(required=True)
    removed_at: datetime | None = instant_field()
    late_claim_at: datetime | None = instant_field()
    server: str | None = text_field(required=False)
    server_info: str = json_field("object", "{}")
    split: bool | None = None
    utm: bool | None = None


class PostRow(NumberedRow, table=True):
    __tablename__ = "post"
    __table_args__ = (
        partial_index(
            "post_by_status", "status", "scheduled_at", "id", where="deleted_at IS NULL", first="scheduled_at"
        ),
        UniqueConstraint("key"),
        {"sqlite_autoincrement": True},
    )
    content: str = text_field()
    status: str = text_field()
    scheduled_at: datetime | None = instant_field()
    published_at: datetime | None = instant_field()
    created_at: datetime = instant_field(required=True)
    updated_at: datetime = instant_field(required=True)
    deleted_at: datetime | None = instant_field()
    max_lateness_s: float | None = None
    variants: str = json_field("texts")
    thread: str = json_field("list")
    options: str = json_field("texts")
    key: str | None = text_field(required=False)
    key_digest: str | None = text_field(required=False)
    chosen_by: str | None = text_field(required=False)
    rejected_at: datetime | None = instant_field()
    rejected_why: str | None = text_field(required=False)
    revision: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default=text("1")))
    split: bool | None = None
    number_parts: bool | None = None
    utm: bool | None = None
    cards: str = json_field("object", "{}")
    origin: str = json_field("object", "{}")
    comment: str | None = text_field(required=False)
    comment_after_s: float | None = None


class CardPictureRow(SQLModel, table=True):
    """The picture of a link card of a post, so that its file is kept for as long as the post may need it."""

    __tablename__ = "card_picture"
    __table_args__ = (Index("card_picture_by_sha256", "sha256"),)
    post_id: int = parent_field("post.id", primary=True)
    sha256: str = Field(sa_column=Column(TEXT, primary_key=True))


class TagRow(SQLModel, table=True):
    __tablename__ = "post_tag"
    __table_args__ = (Index("post_tag_by_tag", "tag", "post_id"),)
    post_id: int = parent_field("post.id", primary=True)
    position: int = Field(primary_key=True)
    tag: str = text_field()


class MediaRow(SQLModel, table=True):
    __tablename__ = "post_media"
    __table_args__ = (Index("post_media_by_sha256", "sha256"), partial_index("post_media_by_thumbnail", "thumbnail"))
    post_id: int = parent_field("post.id", primary=True)
    position: int = Field(primary_key=True)
    sha256: str = text_field()
    name: str = text_field()
    mime: str = text_field()
    bytes: int
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    codec: str | None = text_field(required=False)
    fps: float | None = None
    moov_first: bool | None = None
    alt: str | None = text_field(required=False)
    url: str | None = text_field(required=False)
    focus: str | None = text_field(required=False)
    captions: str | None = text_field(required=False)
    thumbnail: str | None = text_field(required=False)
    part: int | None = None
    only: str | None = text_field(required=False)


READY = "state IN ('pending', 'retrying') AND next_at IS NOT NULL"
LOOKING = "state IN ('processing', 'reconciling', 'published') AND next_at IS NOT NULL"
APPROVED = f"{READY} AND approved_at IS NOT NULL"
BUSY = "state IN ('claimed', 'sending')"
MEASURABLE = "state = 'published' AND remote_id IS NOT NULL"


class DeliveryRow(NumberedRow, table=True):
    """A post on an account, or (`parent_id`) the comment on one that is published there."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("delivery_of_post", "post_id", "account_id", text("coalesce(parent_id, 0)"), unique=True),
        partial_index("delivery_comment", "parent_id", unique=True),
        Index("delivery_of_account", "account_id", "due_at"),
        partial_index("delivery_remote", "account_id", "remote_id", unique=True, where="remote_id IS NOT NULL"),
        partial_index("delivery_ready", "account_id", "next_at", "id", where=READY),
        partial_index("delivery_next", "next_at", where=READY),
        partial_index("delivery_approved", "account_id", "next_at", "id", where=APPROVED),
        partial_index("delivery_approved_next", "next_at", where=APPROVED),
        partial_index("delivery_comment_ready", "next_at", where=f"parent_id IS NOT NULL AND {READY}"),
        partial_index("delivery_looking", "next_at", where=LOOKING),
        partial_index("delivery_busy", "account_id", where=BUSY),
        partial_index("delivery_needs", "state", "post_id", where="state IN ('failed', 'needs_review')"),
        partial_index("delivery_published", "published_at", where=MEASURABLE),
        {"sqlite_autoincrement": True},
    )
    post_id: int = parent_field("post.id")
    account_id: int = parent_field("account.id")
    state: str = text_field()
    due_at: datetime | None = instant_field()
    next_at: datetime | None = instant_field()
    remote_id: str | None = text_field(required=False)
    url: str | None = text_field(required=False)
    published_at: datetime | None = instant_field()
    tries: int = 0
    attempts: int = 0
    waiting_for: str | None = text_field(required=False)
    waiting_until: datetime | None = instant_field()
    error_kind: str | None = text_field(required=False)
    error_code: str | None = text_field(required=False)
    error_message: str | None = text_field(required=False)
    error_hint: str | None = text_field(required=False)
    handle: str = json_field("object")
    note: str | None = text_field(required=False)
    taken_down_at: datetime | None = instant_field()
    approved_at: datetime | None = instant_field()
    fence: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    planned_parts: str = json_field("list", "[]")
    parts_frozen: bool | None = None
    part_starts: str = json_field("numbers", "[]")
    langs: str | None = text_field(required=False)
    parent_id: int | None = parent_field("delivery.id", required=False)


class PublisherRow(NumberedRow, table=True):
    """One registered publisher on PostgreSQL. `session_pid` and `session_start` (seconds since 1970)
    name its session on the server; `since` and `last_report_at` are by the server's clock. `longest_call_s`: how long
    one of its publishing calls may take by the settings of its host."""

    __tablename__ = "publisher"
    host: str = text_field()
    pid: int
    mode: str = text_field()
    session_pid: int
    session_start: str = text_field()
    since: datetime = instant_field(required=True)
    last_report_at: datetime = instant_field(required=True)
    longest_call_s: float | None = None


class RateLimitRow(SQLModel, table=True):
    """What may still be called, as the platform told an account last: `remaining` of `most` calls until `reset_at`.
    `scope` and `subject` say who shares the limit (see `LimitKey`)."""

    __tablename__ = "rate_limit"
    account_id: int = parent_field("account.id", primary=True)
    scope: str = Field(sa_column=Column(Text, primary_key=True))
    subject: str = Field(sa_column=Column(Text, primary_key=True))
    endpoint: str = Field(sa_column=Column(Text, primary_key=True))
    most: int | None = None
    remaining: int
    reset_at: datetime = instant_field(required=True)
    seen_at: datetime = instant_field(required=True)


class ReadingRow(SQLModel, table=True):
    """When a published post's numbers were read last, and are read next (NULL: not again). No row: never read."""

    __tablename__ = "reading"
    delivery_id: int = parent_field("delivery.id", primary=True)
    read_at: datetime = instant_field(required=True)
    next_at: datetime | None = instant_field()


class AttemptRow(NumberedRow, table=True):
    __tablename__ = "attempt"
    __table_args__ = (
        Index("attempt_by_delivery", "delivery_id", "id"),
        partial_index("attempt_open", "delivery_id", where="phase = 'publish' AND outcome IS NULL"),
        partial_index("attempt_charged", "at", where="cost IS NOT NULL"),
        {"sqlite_autoincrement": True},
    )
    delivery_id: int = parent_field("delivery.id")
    number: int
    step: str = text_field()
    phase: str = text_field()
    at: datetime = instant_field(required=True)
    ended_at: datetime | None = instant_field()
    outcome: str | None = text_field(required=False)
    kind: str | None = text_field(required=False)
    code: str | None = text_field(required=False)
    http_status: int | None = None
    message: str | None = text_field(required=False)
    fingerprint: str | None = text_field(required=False)
    platform_at: datetime | None = instant_field()
    boot_s: float | None = None
    cost: int | None = None
    cost_after: int | None = None


class ShortLinkRow(SQLModel, table=True):
    __tablename__ = "short_link"  # what the program in `links.shorten` made of a link
    link: str = Field(sa_column=Column(TEXT, primary_key=True))
    short: str = text_field()


class SampleRow(NumberedRow, table=True):
    __tablename__ = "sample"
    __table_args__ = (
        UniqueConstraint("account_id", "remote_id", "observed_at"),
        Index("sample_newest", "account_id", text("published_at DESC")),
        {"sqlite_autoincrement": True},
    )
    account_id: int = parent_field("account.id")
    remote_id: str = text_field()
    published_at: datetime = instant_field(required=True)
    observed_at: datetime = instant_field(required=True)
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    views: int | None = None
    saves: int | None = None
    reach: int | None = None
    kind: str | None = text_field(required=False)
    text: str | None = text_field(required=False)


class OnlineFollowersRow(SQLModel, table=True):
    """Followers of an account who were online at each hour of a day. `ends`, hours: the platform's own text."""

    __tablename__ = "online_followers"
    account_id: int = parent_field("account.id", primary=True)
    ends: str = Field(sa_column=Column(TEXT, primary_key=True))
    hours: str = json_field("object")
    read_at: datetime = instant_field(required=True)


class SlotRow(NumberedRow, table=True):
    __tablename__ = "slot"
    __table_args__ = (UniqueConstraint("account_id", "cron", "timezone"), {"sqlite_autoincrement": True})
    account_id: int = parent_field("account.id")
    cron: str = text_field()
    timezone: str = text_field()
    name: str | None = text_field(required=False)
    created_at: datetime = instant_field(required=True)


GOING = "paused_at IS NULL AND ended_at IS NULL"


class RecurrenceRow(NumberedRow, table=True):
    """A repeat of a post or of the posts of a tag (`pool`). `rule`: an RRULE from the day `anchor` on, where `cron` is
    empty; `next_at`: the first instant not handled yet; `made_until`: the last one handled."""

    __tablename__ = "recurrence"
    __table_args__ = (partial_index("recurrence_going", "next_at", where=GOING), {"sqlite_autoincrement": True})
    post_id: int | None = parent_field("post.id", required=False)
    pool: str | None = text_field(required=False)
    cool_down_s: float | None = None
    cron: str = text_field()
    rule: str | None = text_field(required=False)
    anchor: str | None = text_field(required=False)
    timezone: str = text_field()
    until: datetime | None = instant_field()
    count: int | None = None
    texts: str = json_field("list")
    next_at: datetime | None = instant_field()
    made_until: datetime | None = instant_field()
    created_at: datetime = instant_field(required=True)
    paused_at: datetime | None = instant_field()
    ended_at: datetime | None = instant_field()


class OccurrenceRow(SQLModel, table=True):
    """One instant of a repeat and its result. `source_id`: the post that `post_id` was copied from."""

    __tablename__ = "occurrence"
    __table_args__ = (Index("occurrence_by_post", "post_id"), Index("occurrence_by_source", "source_id", "at"))
    recurrence_id: int = parent_field("recurrence.id", primary=True)
    at: datetime = Field(sa_column=Column(Instant, nullable=False, primary_key=True))
    state: str = text_field()
    post_id: int | None = parent_field("post.id", required=False)
    source_id: int | None = parent_field("post.id", required=False)


class SourceRow(NumberedRow, table=True):
    """A feed whose items become posts. `address`: where it is read, which a lasting redirect changes. `ok_at` is NULL
    until its first items are stored, and from a take-over to its next poll. A removed one keeps its items for a while:
    they are never posted again."""

    __tablename__ = "source"
    __table_args__ = (
        partial_index("source_to_poll", "next_poll_at", where="next_poll_at IS NOT NULL"),
        {"sqlite_autoincrement": True},
    )
    name: str = text_field()
    url: str = text_field()
    address: str = text_field()
    format: str | None = text_field(required=False)
    accounts: str = json_field("numbers")
    template: str | None = text_field(required=False)
    schedule: str | None = text_field(required=False)
    max_new: int
    every_s: int
    max_age_s: int
    categories: str = json_field("list")
    excluded: str = json_field("list")
    prereleases: bool = False
    with_media: bool = False
    key_mode: str = text_field()
    private: bool = False
    etag: str | None = text_field(required=False)
    last_modified: str | None = text_field(required=False)
    sha256: str | None = text_field(required=False)
    moved_to: str | None = text_field(required=False)
    moved_at: datetime | None = instant_field()
    moves: int = 0
    created_at: datetime = instant_field(required=True)
    next_poll_at: datetime | None = instant_field()
    polls: int = 0
    ok_at: datetime | None = instant_field()
    failures: int = 0
    failing_at: datetime | None = instant_field()
    error: str | None = text_field(required=False)
    warnings: str = json_field("list")
    renames: int = 0
    paused_at: datetime | None = instant_field()
    gone_at: datetime | None = instant_field()
    removed_at: datetime | None = instant_field()


class SourceItemRow(NumberedRow, table=True):
    """An item of a source by its keys. `seen_at`: when the feed had it last; `content`: the
    item, until it is a post or gone from the feed."""

    __tablename__ = "source_item"
    __table_args__ = (
        UniqueConstraint("source_id", "k1"),
        Index("source_item_by_seen", "source_id", "seen_at"),
        partial_index("source_item_by_post", "post_id"),
        partial_index("source_item_held", "source_id", where="state = 'held'"),
        {"sqlite_autoincrement": True},
    )
    source_id: int = parent_field("source.id")
    k1: str = text_field()
    k2: str | None = text_field(required=False)
    k3: str | None = text_field(required=False)
    k4: str | None = text_field(required=False)
    link: str | None = text_field(required=False)
    title: str = text_field()
    published_at: datetime | None = instant_field()
    updated_at: datetime | None = instant_field()
    first_seen_at: datetime = instant_field(required=True)
    seen_at: datetime = instant_field(required=True)
    state: str = text_field()
    post_id: int | None = parent_field("post.id", required=False)
    posted_at: datetime | None = instant_field()
    problem: str | None = text_field(required=False)
    content: str = json_field("object")


class ChangeRow(NumberedRow, table=True):
    """One command's changes of posts. `token_id`, `key`: the idempotency key of the request that made them."""

    __tablename__ = "change"
    __table_args__ = (
        partial_index("change_by_key", "token_id", "key", where="key IS NOT NULL"),
        {"sqlite_autoincrement": True},
    )
    command: str = text_field()
    at: datetime = instant_field(required=True)
    actor: str | None = text_field(required=False)
    token_id: int | None = None
    key: str | None = text_field(required=False)


class ChangedPostRow(SQLModel, table=True):
    __tablename__ = "change_post"
    __table_args__ = (
        Index("change_post_by_post", "post_id", "change_id"),
        partial_index("change_post_open", "change_id", where="undone IS NULL"),
        partial_index("change_post_undone", "undone", where="undone IS NOT NULL"),
        partial_index("change_post_media", "media", where="media IS NOT NULL"),
    )
    change_id: int = parent_field("change.id", primary=True)
    post_id: int = parent_field("post.id", primary=True)
    image: str | None = text_field(required=False)
    digest: str = text_field()
    media: str | None = text_field(required=False)
    undone: int | None = None


class CredentialRow(SQLModel, table=True):
    """Encrypted credentials of an account, a webhook or a kind of notification (see `credentials.table`). `fields`: an
    object of encrypted texts; `key_id`: of the key that decrypts them."""

    __tablename__ = "credential"
    name: str = Field(sa_column=Column(TEXT, primary_key=True))
    key_id: str = text_field()
    fields: str = json_field("texts")


class TokenRefreshRow(SQLModel, table=True):
    """A refresh whose answer is not stored yet, on a store that several hosts share. `token`: a hash of it."""

    __tablename__ = "token_refresh"
    name: str = Field(sa_column=Column(TEXT, primary_key=True))
    token: str = text_field()
    started_at: datetime = instant_field(required=True)


class SettingRow(SQLModel, table=True):
    __tablename__ = "setting"  # what all hosts share (see `shared_settings`): the value as JSON
    name: str = Field(sa_column=Column(TEXT, primary_key=True))
    value: str = text_field()
