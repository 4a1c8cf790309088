"""Add webhooks and their calls."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

INSTANT = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("events", TEXT),
        sa.Column("accounts", TEXT),
        sa.Column("private", sa.Boolean, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("rotated_until", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "webhook_call",
        sa.Column("webhook_id", sa.Integer, sa.ForeignKey("webhook.id"), primary_key=True),
        sa.Column("event_id", sa.Integer, sa.ForeignKey("event.id"), primary_key=True),
        sa.Column("post_id", sa.Integer, sa.ForeignKey("post.id"), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", INSTANT),
        sa.Column("first_tried_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("status", sa.Integer),
        sa.Column("message", TEXT),
    )
    op.create_index(
        "webhook_call_waiting",
        "webhook_call",
        ["webhook_id", "post_id", "event_id"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "webhook_call_given_up",
        "webhook_call",
        ["webhook_id"],
        sqlite_where=sa.text("state = 'given_up'"),
        postgresql_where=sa.text("state = 'given_up'"),
    )
    op.create_index("webhook_call_by_event", "webhook_call", ["event_id"])
