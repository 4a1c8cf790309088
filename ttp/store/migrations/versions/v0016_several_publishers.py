"""Add what several publishers on one store need: a fence for each delivery, the publishers, the server's identity,
encrypted credentials, refreshes of tokens, settings that all hosts share, and where a store was copied to."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

INSTANT = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("delivery", sa.Column("fence", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.add_column("store", sa.Column("server", TEXT))
    op.add_column("store", sa.Column("timeline", sa.Integer))
    op.add_column("store", sa.Column("credentials_key", TEXT))
    for name in ("copy_id", "moved_to", "moved_from"):
        op.add_column("store", sa.Column(name, TEXT))
    op.create_table(
        "publisher",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("host", TEXT, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("mode", TEXT, nullable=False),
        sa.Column("session_pid", sa.Integer, nullable=False),
        sa.Column("session_start", TEXT, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("last_report_at", INSTANT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "credential",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("key_id", TEXT, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
    )
    op.create_table(
        "token_refresh",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("token", TEXT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
    )
    op.create_table(
        "setting",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("value", TEXT, nullable=False),
    )
