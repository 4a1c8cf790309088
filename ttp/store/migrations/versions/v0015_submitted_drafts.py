"""Add what programs submit with drafts."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "submitted_draft",
        sa.Column("post_id", sa.Integer, sa.ForeignKey("post.id"), primary_key=True),
        sa.Column("external_ref", TEXT, nullable=False),
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("link", TEXT),
        sa.Column("hint", TEXT),
    )
