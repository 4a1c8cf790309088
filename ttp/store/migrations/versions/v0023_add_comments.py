"""Add comments."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

NUMBER = sa.Integer().with_variant(sa.BigInteger, "postgresql")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COLUMNS = (
    "id, post_id, account_id, state, due_at, next_at, remote_id, url, published_at, tries, attempts, waiting_for,"
    " waiting_until, error_kind, error_code, error_message, error_hint, handle, note, taken_down_at, approved_at, fence,"
    " planned_parts, parts_frozen, part_starts, langs"
)
TABLE = """
CREATE TABLE delivery_with_comments (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    post_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    due_at INTEGER,
    next_at INTEGER,
    remote_id TEXT,
    url TEXT,
    published_at INTEGER,
    tries INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    waiting_for TEXT,
    waiting_until INTEGER,
    error_kind TEXT,
    error_code TEXT,
    error_message TEXT,
    error_hint TEXT,
    handle TEXT NOT NULL,
    note TEXT,
    taken_down_at INTEGER,
    approved_at INTEGER,
    fence INTEGER DEFAULT 0 NOT NULL,
    planned_parts TEXT DEFAULT '[]' NOT NULL,
    parts_frozen BOOLEAN,
    part_starts TEXT DEFAULT '[]' NOT NULL,
    langs TEXT,
    parent_id INTEGER,
    FOREIGN KEY(post_id) REFERENCES post (id),
    FOREIGN KEY(account_id) REFERENCES account (id),
    FOREIGN KEY(parent_id) REFERENCES delivery (id)
)
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_delivery()
    else:
        op.add_column("delivery", sa.Column("parent_id", NUMBER, nullable=True))
        op.create_foreign_key(None, "delivery", "delivery", ["parent_id"], ["id"])
        op.drop_constraint("delivery_post_id_account_id_key", "delivery")
    op.execute(
        "CREATE UNIQUE INDEX delivery_of_post ON delivery (post_id, account_id, coalesce(parent_id, 0))",
    )
    op.create_index(
        "delivery_comment",
        "delivery",
        ["parent_id"],
        unique=True,
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
        postgresql_ops={},
    )
    ready = sa.text("parent_id IS NOT NULL AND state IN ('pending', 'retrying') AND next_at IS NOT NULL")
    op.create_index(
        "delivery_comment_ready",
        "delivery",
        ["next_at"],
        unique=False,
        sqlite_where=ready,
        postgresql_where=ready,
        postgresql_ops={},
    )
    op.add_column("post", sa.Column("comment", TEXT, nullable=True))
    op.add_column("post", sa.Column("comment_after_s", sa.Float(), nullable=True))


def _rebuild_delivery() -> None:
    """Make the table again without its unique pair of post and account, which SQLite cannot drop."""
    indexes = op.get_bind().exec_driver_sql(
        "SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'delivery' AND sql IS NOT NULL"
    )
    statements = [row[0] for row in indexes]
    op.execute(TABLE)
    op.execute(f"INSERT INTO delivery_with_comments ({COLUMNS}) SELECT {COLUMNS} FROM delivery")
    # The highest id that was given stays known: none is given twice.
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'delivery_with_comments'")
    op.execute("UPDATE sqlite_sequence SET name = 'delivery_with_comments' WHERE name = 'delivery'")
    op.execute("DROP TABLE delivery")
    op.execute("ALTER TABLE delivery_with_comments RENAME TO delivery")
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)
