"""The schema of the first release. `schema.sql` creates it, so no store is older when a migration runs."""

revision = "0018"
down_revision = None


def upgrade() -> None:
    """Do nothing: a new store has this schema."""
