"""Add split."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("account", sa.Column("split", sa.Boolean(), nullable=True))
    op.add_column("delivery", sa.Column("planned_parts", sa.Text(), server_default="[]", nullable=False))
    op.add_column("delivery", sa.Column("parts_frozen", sa.Boolean(), nullable=True))
    op.add_column("post", sa.Column("split", sa.Boolean(), nullable=True))
    op.add_column("post", sa.Column("number_parts", sa.Boolean(), nullable=True))
