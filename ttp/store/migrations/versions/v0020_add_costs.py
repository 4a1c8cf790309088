"""Add costs."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

NUMBER = sa.Integer().with_variant(sa.BigInteger, "postgresql")


def upgrade() -> None:
    op.add_column("attempt", sa.Column("cost", NUMBER, nullable=True))
    op.add_column("attempt", sa.Column("cost_after", NUMBER, nullable=True))
    op.create_index(
        "attempt_charged",
        "attempt",
        ["at"],
        unique=False,
        sqlite_where=sa.text("cost IS NOT NULL"),
        postgresql_where=sa.text("cost IS NOT NULL"),
        postgresql_ops={},
    )
