"""What the platforms say beside their results: limits, later numbers, notes, and what was taken down there."""

from alembic import op

revision = "0002"
down_revision = "0001"

_SCHEMA = """
ALTER TABLE delivery ADD COLUMN note TEXT;
ALTER TABLE delivery ADD COLUMN taken_down_at INTEGER;
CREATE INDEX delivery_published ON delivery (published_at) WHERE state = 'published' AND remote_id IS NOT NULL;
CREATE TABLE rate_limit (
    account_id INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    most INTEGER,
    remaining INTEGER NOT NULL,
    reset_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, endpoint),
    FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE TABLE reading (
    delivery_id INTEGER NOT NULL,
    read_at INTEGER NOT NULL,
    next_at INTEGER,
    PRIMARY KEY (delivery_id),
    FOREIGN KEY(delivery_id) REFERENCES delivery (id)
);
"""


def upgrade() -> None:
    for statement in _SCHEMA.strip().removesuffix(";").split(";\n"):
        op.execute(statement)
