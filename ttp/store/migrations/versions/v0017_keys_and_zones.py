"""Add who does the work of an idempotency key and which change it made, zones of people and tokens, and how long the
publishing calls of a publisher may take."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

NUMBER = sa.Integer().with_variant(sa.BigInteger, "postgresql")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("change", sa.Column("token_id", NUMBER))
    op.add_column("change", sa.Column("key", TEXT))
    condition = sa.text("key IS NOT NULL")
    op.create_index("change_by_key", "change", ["token_id", "key"], sqlite_where=condition, postgresql_where=condition)
    op.add_column("idempotency_key", sa.Column("holder", TEXT))
    op.add_column("idempotency_key", sa.Column("begun", sa.Boolean))
    op.add_column("publisher", sa.Column("longest_call_s", sa.Float))
    op.add_column("token", sa.Column("timezone", TEXT))
    op.create_table("person", sa.Column("name", TEXT, primary_key=True), sa.Column("timezone", TEXT))
