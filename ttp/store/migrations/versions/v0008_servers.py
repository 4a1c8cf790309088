"""Add the servers of accounts, and the scopes of limits. Stored limits are dropped: none lives longer than a day."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("account", sa.Column("server", sa.Text))
    op.add_column("account", sa.Column("server_info", sa.Text, nullable=False, server_default="{}"))
    op.drop_table("rate_limit")
    op.create_table(
        "rate_limit",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("endpoint", sa.Text, primary_key=True),
        sa.Column("most", sa.Integer),
        sa.Column("remaining", sa.Integer, nullable=False),
        sa.Column("reset_at", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("seen_at", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
    )
