"""What people changed of posts, and how it is taken back. What was changed before cannot be."""

from alembic import op

revision = "0007"
down_revision = "0006"

_SCHEMA = """
CREATE TABLE change (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    command TEXT NOT NULL,
    at INTEGER NOT NULL
);
CREATE TABLE change_post (
    change_id INTEGER NOT NULL REFERENCES change (id),
    post_id INTEGER NOT NULL REFERENCES post (id),
    image TEXT,
    digest TEXT NOT NULL,
    media TEXT,
    undone INTEGER,
    PRIMARY KEY (change_id, post_id)
);
CREATE INDEX change_post_by_post ON change_post (post_id, change_id);
CREATE INDEX change_post_open ON change_post (change_id) WHERE undone IS NULL;
CREATE INDEX change_post_undone ON change_post (undone) WHERE undone IS NOT NULL;
CREATE INDEX change_post_media ON change_post (media) WHERE media IS NOT NULL;
"""


def upgrade() -> None:
    for statement in _SCHEMA.strip().removesuffix(";").split(";\n"):
        op.execute(statement)
