"""Add media details."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("post_media", sa.Column("focus", TEXT, nullable=True))
    op.add_column("post_media", sa.Column("captions", TEXT, nullable=True))
    op.add_column("post_media", sa.Column("thumbnail", TEXT, nullable=True))
    op.create_index(
        "post_media_by_thumbnail",
        "post_media",
        ["thumbnail"],
        unique=False,
        sqlite_where=sa.text("thumbnail IS NOT NULL"),
        postgresql_where=sa.text("thumbnail IS NOT NULL"),
        postgresql_ops={},
    )
