"""Approval: what may go out where somebody must say so, and what somebody said no to. Nothing is approved yet."""

from alembic import op

revision = "0006"
down_revision = "0005"

_SCHEMA = """
ALTER TABLE post ADD COLUMN rejected_at INTEGER;
ALTER TABLE post ADD COLUMN rejected_why TEXT;
ALTER TABLE delivery ADD COLUMN approved_at INTEGER;
CREATE INDEX delivery_approved ON delivery (account_id, next_at, id) WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL AND approved_at IS NOT NULL;
CREATE INDEX delivery_approved_next ON delivery (next_at) WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL AND approved_at IS NOT NULL;
"""


def upgrade() -> None:
    for statement in _SCHEMA.strip().removesuffix(";").split(";\n"):
        op.execute(statement)
