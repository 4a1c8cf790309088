"""Add sets of approvals."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("approval_link", sa.Column("posts", TEXT, nullable=True))
    op.add_column("approval_link", sa.Column("accounts", TEXT, nullable=True))
    op.add_column("approval_link", sa.Column("by_owner", sa.Boolean(), nullable=True))
