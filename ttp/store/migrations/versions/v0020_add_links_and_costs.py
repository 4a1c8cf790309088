"""Add links and costs."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

NUMBER = sa.Integer().with_variant(sa.BigInteger, "postgresql")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "short_link",
        sa.Column("link", TEXT, nullable=False),
        sa.Column("short", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("link"),
    )
    op.add_column("account", sa.Column("utm", sa.Boolean(), nullable=True))
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
    op.add_column("post", sa.Column("utm", sa.Boolean(), nullable=True))
