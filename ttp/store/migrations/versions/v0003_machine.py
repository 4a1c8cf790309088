"""Which machine published from the store last, and when: what a copied or restored store is told by."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for column in ("host_name TEXT", "mark TEXT", "ran_at INTEGER"):
        op.execute(f"ALTER TABLE store ADD COLUMN {column}")
