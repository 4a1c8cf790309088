"""The tables of `ttp serve`: tokens, people, events, notifications and webhooks. See `ttp.store.models`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from ttp.store.model_fields import TEXT, NumberedRow, instant_field, parent_field, partial_index, text_field


class TokenRow(NumberedRow, table=True):
    """A token of the HTTP API. `accounts`: the ids of the only accounts it may use, as JSON; NULL: all."""

    __tablename__ = "token"
    __table_args__ = (UniqueConstraint("sha256"), {"sqlite_autoincrement": True})
    name: str = text_field()
    sha256: str = text_field()
    capability: str = text_field()
    accounts: str | None = text_field(required=False)
    created_at: datetime = instant_field(required=True)
    expires_at: datetime | None = instant_field()
    revoked_at: datetime | None = instant_field()
    last_used_at: datetime | None = instant_field()
    timezone: str | None = text_field(required=False)


class PersonRow(SQLModel, table=True):
    """What a person who logs in has set for themselves, by the name of their login links."""

    __tablename__ = "person"
    name: str = Field(sa_column=Column(TEXT, primary_key=True))
    timezone: str | None = text_field(required=False)


class IdempotencyKeyRow(SQLModel, table=True):
    """A key that a request of a token had: `digest` is of the request; without `status` it has not been answered.
    `holder`: the lock of the process that does the work, and where it is; `begun`: something may have been done, as the
    transactions of the work note."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("idempotency_key_by_age", "created_at"),)
    token_id: int = parent_field("token.id", primary=True)
    key: str = Field(sa_column=Column(TEXT, primary_key=True))
    digest: str = text_field()
    status: int | None = None
    answer: str | None = text_field(required=False)
    created_at: datetime = instant_field(required=True)
    holder: str | None = text_field(required=False)
    begun: bool | None = None


class LoginLinkRow(NumberedRow, table=True):
    """A link by which a person logs in once. `capabilities`: separated by commas; `accounts`: as those of a token."""

    __tablename__ = "login_link"
    __table_args__ = (UniqueConstraint("sha256"), {"sqlite_autoincrement": True})
    sha256: str = text_field()
    name: str = text_field()
    capabilities: str = text_field()
    accounts: str | None = text_field(required=False)
    expires_at: datetime = instant_field(required=True)


class SessionRow(NumberedRow, table=True):
    __tablename__ = "session"  # a person who is logged in, in one browser, with the fields of the login link
    __table_args__ = (UniqueConstraint("sha256"), {"sqlite_autoincrement": True})
    sha256: str = text_field()
    name: str = text_field()
    capabilities: str = text_field()
    accounts: str | None = text_field(required=False)
    created_at: datetime = instant_field(required=True)
    expires_at: datetime = instant_field(required=True)


class ApprovalLinkRow(NumberedRow, table=True):
    """A link by which a person without a login decides about one revision of a post, once, or about a set of posts
    until it expires. `posts`: the ids of a set, as JSON, of which `post_id` is the first; `name`: who gets it;
    `created_by`: who made it, whose right to approve it lends; `accounts`: as those of a token; `by_owner`: the
    owner of the store made it."""

    __tablename__ = "approval_link"
    __table_args__ = (UniqueConstraint("sha256"), {"sqlite_autoincrement": True})
    sha256: str = text_field()
    post_id: int = parent_field("post.id")
    revision: int
    name: str = text_field()
    created_by: str = text_field()
    expires_at: datetime = instant_field(required=True)
    posts: str | None = text_field(required=False)
    accounts: str | None = text_field(required=False)
    by_owner: bool | None = None


class EventRow(NumberedRow, table=True):
    """What happened to a post, for readers of events. `data`: the event as a JSON object."""

    __tablename__ = "event"
    __table_args__ = (Index("event_by_age", "at"), {"sqlite_autoincrement": True})
    at: datetime = instant_field(required=True)
    event: str = text_field()
    post_id: int = parent_field("post.id")
    account_id: int | None = parent_field("account.id", required=False)
    data: str = text_field()


class NotificationRow(NumberedRow, table=True):
    """One notification of one kind, sent once; its cause lasts until `ended_at`. `next_at`: the next try (or NULL)."""

    __tablename__ = "notification"
    __table_args__ = (
        partial_index("notification_open", "kind", "event", "subject", where="ended_at IS NULL", unique=True),
        partial_index("notification_due", "next_at", where="next_at IS NOT NULL"),
        {"sqlite_autoincrement": True},
    )
    kind: str = text_field()
    event: str = text_field()
    subject: str = text_field()
    post_id: int | None = parent_field("post.id", required=False)
    account_id: int | None = parent_field("account.id", required=False)
    message: str | None = text_field(required=False)
    hint: str | None = text_field(required=False)
    created_at: datetime = instant_field(required=True)
    tries: int = 0
    next_at: datetime | None = instant_field()
    sent_at: datetime | None = instant_field()
    error: str | None = text_field(required=False)
    ended_at: datetime | None = instant_field()


class WebhookRow(NumberedRow, table=True):
    """An address to which events are sent. `events` and `accounts` (ids): JSON lists of the only ones; NULL: all."""

    __tablename__ = "webhook"
    url: str = text_field()
    events: str | None = text_field(required=False)
    accounts: str | None = text_field(required=False)
    private: bool = False
    created_at: datetime = instant_field(required=True)
    rotated_until: datetime | None = instant_field()


class WebhookCallRow(SQLModel, table=True):
    """One event to one webhook: sent, given up, or tried at `next_at`. `status`: of the last answer."""

    __tablename__ = "webhook_call"
    __table_args__ = (
        partial_index("webhook_call_waiting", "webhook_id", "post_id", "event_id", where="state = 'waiting'"),
        partial_index("webhook_call_given_up", "webhook_id", where="state = 'given_up'"),
        Index("webhook_call_by_event", "event_id"),
    )
    webhook_id: int = parent_field("webhook.id", primary=True)
    event_id: int = parent_field("event.id", primary=True)
    post_id: int = parent_field("post.id")
    state: str = text_field()
    tries: int = 0
    next_at: datetime | None = instant_field()
    first_tried_at: datetime | None = instant_field()
    ended_at: datetime | None = instant_field()
    status: int | None = None
    message: str | None = text_field(required=False)


class SubmittedDraftRow(SQLModel, table=True):
    """What a program submitted with a draft, and its approval uses: the platform, a link for the end of the text, and
    a time (a TIME of the command line)."""

    __tablename__ = "submitted_draft"
    post_id: int = parent_field("post.id", primary=True)
    external_ref: str = text_field()
    platform: str = text_field()
    link: str | None = text_field(required=False)
    hint: str | None = text_field(required=False)
