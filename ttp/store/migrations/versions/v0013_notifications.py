"""Add the notifications that were sent, or are to be sent."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

INSTANT = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "notification",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("event", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("post_id", sa.Integer, sa.ForeignKey("post.id")),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id")),
        sa.Column("message", TEXT),
        sa.Column("hint", TEXT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", INSTANT),
        sa.Column("sent_at", INSTANT),
        sa.Column("error", TEXT),
        sa.Column("ended_at", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "notification_open",
        "notification",
        ["kind", "event", "subject"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "notification_due",
        "notification",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
