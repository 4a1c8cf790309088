"""Add who does the work of an idempotency key and which change it made, zones of people and tokens, how long the
publishing calls of a publisher may take, and what shows that a store on PostgreSQL was restored."""

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
    op.add_column("idempotency_key", sa.Column("reads", sa.Boolean))
    op.add_column("publisher", sa.Column("longest_call_s", sa.Float))
    op.add_column("token", sa.Column("timezone", TEXT))
    op.create_table("person", sa.Column("name", TEXT, primary_key=True), sa.Column("timezone", TEXT))
    op.create_table("store_mark", sa.Column("xid", NUMBER, primary_key=True, autoincrement=False))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("INSERT INTO store_mark (xid) VALUES (pg_current_xact_id()::text::bigint)")
