"""Add how many followers of an account are online at each hour."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "online_followers",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("ends", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), primary_key=True),
        sa.Column("hours", sa.Text, nullable=False),
        sa.Column("read_at", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
    )
