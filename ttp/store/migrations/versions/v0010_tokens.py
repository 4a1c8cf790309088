"""Add the tokens of the HTTP API, the revisions of posts and who made a change."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

INSTANT = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("post", sa.Column("revision", sa.Integer, nullable=False, server_default=sa.text("1")))
    op.add_column("change", sa.Column("actor", sa.Text))
    op.create_table(
        "token",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False, unique=True),
        sa.Column("capability", sa.Text, nullable=False),
        sa.Column("accounts", sa.Text),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.Column("last_used_at", INSTANT),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "idempotency_key",
        sa.Column("token_id", sa.Integer, sa.ForeignKey("token.id"), primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("answer", sa.Text),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_index("idempotency_key_by_age", "idempotency_key", ["created_at"])
