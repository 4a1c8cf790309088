"""Add parts, cards, costs and origins."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

NUMBER = sa.Integer().with_variant(sa.BigInteger, "postgresql")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "short_link",
        sa.Column("link", TEXT, nullable=False),
        sa.Column("short", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("link"),
    )
    op.create_table(
        "card_picture",
        sa.Column("post_id", NUMBER, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["post.id"],
        ),
        sa.PrimaryKeyConstraint("post_id", "sha256"),
    )
    op.create_index("card_picture_by_sha256", "card_picture", ["sha256"], unique=False)
    op.add_column("account", sa.Column("split", sa.Boolean(), nullable=True))
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
    op.add_column("delivery", sa.Column("planned_parts", sa.Text(), server_default="[]", nullable=False))
    op.add_column("delivery", sa.Column("parts_frozen", sa.Boolean(), nullable=True))
    op.add_column("delivery", sa.Column("part_starts", sa.Text(), server_default="[]", nullable=False))
    op.add_column("delivery", sa.Column("langs", TEXT, nullable=True))
    op.add_column("post", sa.Column("split", sa.Boolean(), nullable=True))
    op.add_column("post", sa.Column("number_parts", sa.Boolean(), nullable=True))
    op.add_column("post", sa.Column("utm", sa.Boolean(), nullable=True))
    op.add_column("post", sa.Column("cards", sa.Text(), server_default="{}", nullable=False))
    op.add_column("post", sa.Column("origin", sa.Text(), server_default="{}", nullable=False))
    op.add_column("post_media", sa.Column("focus", TEXT, nullable=True))
    op.add_column("post_media", sa.Column("captions", TEXT, nullable=True))
    op.add_column("post_media", sa.Column("thumbnail", TEXT, nullable=True))
    op.add_column("post_media", sa.Column("part", NUMBER, nullable=True))
    op.add_column("post_media", sa.Column("only", TEXT, nullable=True))
    op.create_index(
        "post_media_by_thumbnail",
        "post_media",
        ["thumbnail"],
        unique=False,
        sqlite_where=sa.text("thumbnail IS NOT NULL"),
        postgresql_where=sa.text("thumbnail IS NOT NULL"),
        postgresql_ops={},
    )
