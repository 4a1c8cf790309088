"""Add what several publishers on one store need: a fence for each delivery, the publishers, the server's identity,
encrypted credentials, refreshes of tokens, settings that all hosts share, and where a store was copied to."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

NUMBER = sa.Integer().with_variant(sa.BigInteger, "postgresql")
INSTANT = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("delivery", sa.Column("fence", NUMBER, nullable=False, server_default=sa.text("0")))
    op.add_column("store", sa.Column("server", TEXT))
    op.add_column("store", sa.Column("timeline", NUMBER))
    op.add_column("store", sa.Column("credentials_key", TEXT))
    for name in ("copy_id", "moved_to", "moved_from"):
        op.add_column("store", sa.Column(name, TEXT))
    op.create_table(
        "publisher",
        sa.Column("id", NUMBER, sa.Identity(), primary_key=True),
        sa.Column("host", TEXT, nullable=False),
        sa.Column("pid", NUMBER, nullable=False),
        sa.Column("mode", TEXT, nullable=False),
        sa.Column("session_pid", NUMBER, nullable=False),
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
