"""Add rules of repeats."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("recurrence", sa.Column("rule", TEXT, nullable=True))
    op.add_column("recurrence", sa.Column("anchor", TEXT, nullable=True))
