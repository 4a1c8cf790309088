"""Add sources."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

NUMBER = sa.Integer().with_variant(sa.BigInteger, "postgresql")
INSTANT = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "source",
        sa.Column("id", NUMBER, sa.Identity(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("format", TEXT, nullable=True),
        sa.Column("accounts", sa.Text(), nullable=False),
        sa.Column("template", TEXT, nullable=True),
        sa.Column("schedule", TEXT, nullable=True),
        sa.Column("max_new", NUMBER, nullable=False),
        sa.Column("every_s", NUMBER, nullable=False),
        sa.Column("max_age_s", NUMBER, nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("excluded", sa.Text(), nullable=False),
        sa.Column("prereleases", sa.Boolean(), nullable=False),
        sa.Column("with_media", sa.Boolean(), nullable=False),
        sa.Column("key_mode", TEXT, nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("etag", TEXT, nullable=True),
        sa.Column("last_modified", TEXT, nullable=True),
        sa.Column("sha256", TEXT, nullable=True),
        sa.Column("moved_to", TEXT, nullable=True),
        sa.Column("moved_at", INSTANT, nullable=True),
        sa.Column("moves", NUMBER, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("next_poll_at", INSTANT, nullable=True),
        sa.Column("polls", NUMBER, nullable=False),
        sa.Column("ok_at", INSTANT, nullable=True),
        sa.Column("failures", NUMBER, nullable=False),
        sa.Column("failing_at", INSTANT, nullable=True),
        sa.Column("error", TEXT, nullable=True),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.Column("renames", NUMBER, nullable=False),
        sa.Column("paused_at", INSTANT, nullable=True),
        sa.Column("gone_at", INSTANT, nullable=True),
        sa.Column("removed_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "source_to_poll",
        "source",
        ["next_poll_at"],
        unique=False,
        sqlite_where=sa.text("next_poll_at IS NOT NULL"),
        postgresql_where=sa.text("next_poll_at IS NOT NULL"),
        postgresql_ops={},
    )
    op.create_table(
        "source_item",
        sa.Column("id", NUMBER, sa.Identity(), nullable=False),
        sa.Column("source_id", NUMBER, nullable=False),
        sa.Column("k1", TEXT, nullable=False),
        sa.Column("k2", TEXT, nullable=True),
        sa.Column("k3", TEXT, nullable=True),
        sa.Column("k4", TEXT, nullable=True),
        sa.Column("link", TEXT, nullable=True),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("published_at", INSTANT, nullable=True),
        sa.Column("updated_at", INSTANT, nullable=True),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("post_id", NUMBER, nullable=True),
        sa.Column("posted_at", INSTANT, nullable=True),
        sa.Column("problem", TEXT, nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["post.id"],
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source_id", "k1"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "source_item_by_post",
        "source_item",
        ["post_id"],
        unique=False,
        sqlite_where=sa.text("post_id IS NOT NULL"),
        postgresql_where=sa.text("post_id IS NOT NULL"),
        postgresql_ops={},
    )
    op.create_index("source_item_by_seen", "source_item", ["source_id", "seen_at"], unique=False)
    op.create_index(
        "source_item_held",
        "source_item",
        ["source_id"],
        unique=False,
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
        postgresql_ops={},
    )
