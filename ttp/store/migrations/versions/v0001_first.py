"""The first schema. `schema.sql` creates it, so a store is at this revision before any migration runs."""

revision = "0007"
down_revision = None


def upgrade() -> None:
    """Do nothing: no store is older than this revision."""
