"""Weekly posting times of accounts, and posts that come again and again."""

from alembic import op

revision = "0005"
down_revision = "0004"

_SCHEMA = """
CREATE TABLE slot (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,
    cron TEXT NOT NULL,
    timezone TEXT NOT NULL,
    name TEXT,
    created_at INTEGER NOT NULL,
    UNIQUE (account_id, cron, timezone),
    FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE TABLE recurrence (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    post_id INTEGER,
    pool TEXT,
    cool_down_s FLOAT,
    cron TEXT NOT NULL,
    timezone TEXT NOT NULL,
    until INTEGER,
    count INTEGER,
    texts TEXT NOT NULL,
    next_at INTEGER,
    made_until INTEGER,
    created_at INTEGER NOT NULL,
    paused_at INTEGER,
    ended_at INTEGER,
    FOREIGN KEY(post_id) REFERENCES post (id)
);
CREATE INDEX recurrence_going ON recurrence (next_at) WHERE paused_at IS NULL AND ended_at IS NULL;
CREATE TABLE occurrence (
    recurrence_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    post_id INTEGER,
    source_id INTEGER,
    PRIMARY KEY (recurrence_id, at),
    FOREIGN KEY(recurrence_id) REFERENCES recurrence (id),
    FOREIGN KEY(post_id) REFERENCES post (id),
    FOREIGN KEY(source_id) REFERENCES post (id)
);
CREATE INDEX occurrence_by_post ON occurrence (post_id);
CREATE INDEX occurrence_by_source ON occurrence (source_id, at);
"""


def upgrade() -> None:
    for statement in _SCHEMA.strip().removesuffix(";").split(";\n"):
        op.execute(statement)
