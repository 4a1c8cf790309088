"""Template origin."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("post", sa.Column("origin", sa.Text(), server_default="{}", nullable=False))
