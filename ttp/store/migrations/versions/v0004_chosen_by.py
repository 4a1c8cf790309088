"""How a post's time was chosen: by a plan, or to explore; nothing where a person named it."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("ALTER TABLE post ADD COLUMN chosen_by TEXT")
