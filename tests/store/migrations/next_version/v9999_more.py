"""Add what a next version could: columns in what publishers read and write, an index, a table that refers to posts."""

import sqlalchemy as sa
from alembic import op

from ttp.store.columns import REVISIONS

revision = "9999"
down_revision = REVISIONS[-1]


def upgrade() -> None:
    for table in ("account", "post", "delivery", "attempt", "publisher", "store"):
        op.add_column(table, sa.Column("more", sa.Text))
        op.add_column(table, sa.Column("more_counted", sa.BigInteger, nullable=False, server_default=sa.text("0")))
    op.create_index("delivery_more", "delivery", ["more", "state"])
    op.create_table(
        "more",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("post_id", sa.BigInteger, sa.ForeignKey("post.id", ondelete="CASCADE"), nullable=False),
    )
