"""Add media places."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

NUMBER = sa.Integer().with_variant(sa.BigInteger, "postgresql")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("delivery", sa.Column("part_starts", sa.Text(), server_default="[]", nullable=False))
    op.add_column("post_media", sa.Column("part", NUMBER, nullable=True))
    op.add_column("post_media", sa.Column("only", TEXT, nullable=True))
