-- A new SQLite store. Generated from models.py: python -m tests.drift.store_schema
CREATE TABLE account (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    platform TEXT NOT NULL,
    handle TEXT COLLATE "NOCASE" NOT NULL,
    user_id TEXT,
    connected BOOLEAN NOT NULL,
    needs_reconnect BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    timezone TEXT,
    expires_at INTEGER,
    scopes TEXT NOT NULL,
    hold_until INTEGER,
    hold_reason TEXT,
    options TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    late_claim_at INTEGER,
    server TEXT,
    server_info TEXT DEFAULT '{}' NOT NULL,
    split BOOLEAN,
    utm BOOLEAN,
    UNIQUE (platform, handle)
);
CREATE TABLE change (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    command TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT,
    token_id INTEGER,
    "key" TEXT
);
CREATE INDEX change_by_key ON change (token_id, "key") WHERE key IS NOT NULL;
CREATE TABLE credential (
    name TEXT NOT NULL,
    key_id TEXT NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE login_link (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    capabilities TEXT NOT NULL,
    accounts TEXT,
    expires_at INTEGER NOT NULL,
    UNIQUE (sha256)
);
CREATE TABLE person (
    name TEXT NOT NULL,
    timezone TEXT,
    PRIMARY KEY (name)
);
CREATE TABLE post (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    content TEXT NOT NULL,
    status TEXT NOT NULL,
    scheduled_at INTEGER,
    published_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    max_lateness_s FLOAT,
    variants TEXT NOT NULL,
    thread TEXT NOT NULL,
    options TEXT NOT NULL,
    "key" TEXT,
    key_digest TEXT,
    chosen_by TEXT,
    rejected_at INTEGER,
    rejected_why TEXT,
    revision INTEGER DEFAULT 1 NOT NULL,
    split BOOLEAN,
    number_parts BOOLEAN,
    utm BOOLEAN,
    cards TEXT DEFAULT '{}' NOT NULL,
    origin TEXT DEFAULT '{}' NOT NULL,
    comment TEXT,
    comment_after_s FLOAT,
    UNIQUE ("key")
);
CREATE INDEX post_by_status ON post (status, scheduled_at, id) WHERE deleted_at IS NULL;
CREATE TABLE publisher (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    mode TEXT NOT NULL,
    session_pid INTEGER NOT NULL,
    session_start TEXT NOT NULL,
    since INTEGER NOT NULL,
    last_report_at INTEGER NOT NULL,
    longest_call_s FLOAT
);
CREATE TABLE session (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    capabilities TEXT NOT NULL,
    accounts TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    UNIQUE (sha256)
);
CREATE TABLE setting (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE short_link (
    link TEXT NOT NULL,
    short TEXT NOT NULL,
    PRIMARY KEY (link)
);
CREATE TABLE source (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    address TEXT NOT NULL,
    format TEXT,
    accounts TEXT NOT NULL,
    template TEXT,
    schedule TEXT,
    max_new INTEGER NOT NULL,
    every_s INTEGER NOT NULL,
    max_age_s INTEGER NOT NULL,
    categories TEXT NOT NULL,
    excluded TEXT NOT NULL,
    prereleases BOOLEAN NOT NULL,
    with_media BOOLEAN NOT NULL,
    key_mode TEXT NOT NULL,
    private BOOLEAN NOT NULL,
    etag TEXT,
    last_modified TEXT,
    sha256 TEXT,
    moved_to TEXT,
    moved_at INTEGER,
    moves INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    next_poll_at INTEGER,
    polls INTEGER NOT NULL,
    ok_at INTEGER,
    failures INTEGER NOT NULL,
    failing_at INTEGER,
    error TEXT,
    warnings TEXT NOT NULL,
    renames INTEGER NOT NULL,
    paused_at INTEGER,
    gone_at INTEGER,
    removed_at INTEGER
);
CREATE INDEX source_to_poll ON source (next_poll_at) WHERE next_poll_at IS NOT NULL;
CREATE TABLE store (
    id INTEGER NOT NULL,
    store_id TEXT NOT NULL,
    host TEXT,
    created_at INTEGER NOT NULL,
    checked_at INTEGER,
    host_name TEXT,
    mark TEXT,
    ran_at INTEGER,
    server TEXT,
    timeline INTEGER,
    credentials_key TEXT,
    copy_id TEXT,
    moved_to TEXT,
    moved_from TEXT,
    PRIMARY KEY (id)
);
CREATE TABLE store_mark (
    xid INTEGER NOT NULL,
    PRIMARY KEY (xid)
);
CREATE TABLE token (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    capability TEXT NOT NULL,
    accounts TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER,
    timezone TEXT,
    UNIQUE (sha256)
);
CREATE TABLE token_refresh (
    name TEXT NOT NULL,
    token TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE webhook (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    url TEXT NOT NULL,
    events TEXT,
    accounts TEXT,
    private BOOLEAN NOT NULL,
    created_at INTEGER NOT NULL,
    rotated_until INTEGER
);
CREATE TABLE approval_link (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT NOT NULL,
    post_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    name TEXT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    posts TEXT,
    accounts TEXT,
    by_owner BOOLEAN,
    UNIQUE (sha256),
    FOREIGN KEY(post_id) REFERENCES post (id)
);
CREATE TABLE card_picture (
    post_id INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (post_id, sha256),
    FOREIGN KEY(post_id) REFERENCES post (id)
);
CREATE INDEX card_picture_by_sha256 ON card_picture (sha256);
CREATE TABLE change_post (
    change_id INTEGER NOT NULL,
    post_id INTEGER NOT NULL,
    image TEXT,
    digest TEXT NOT NULL,
    media TEXT,
    undone INTEGER,
    PRIMARY KEY (change_id, post_id),
    FOREIGN KEY(change_id) REFERENCES change (id),
    FOREIGN KEY(post_id) REFERENCES post (id)
);
CREATE INDEX change_post_by_post ON change_post (post_id, change_id);
CREATE INDEX change_post_open ON change_post (change_id) WHERE undone IS NULL;
CREATE INDEX change_post_undone ON change_post (undone) WHERE undone IS NOT NULL;
CREATE INDEX change_post_media ON change_post (media) WHERE media IS NOT NULL;
CREATE TABLE delivery (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    post_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    due_at INTEGER,
    next_at INTEGER,
    remote_id TEXT,
    url TEXT,
    published_at INTEGER,
    tries INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    waiting_for TEXT,
    waiting_until INTEGER,
    error_kind TEXT,
    error_code TEXT,
    error_message TEXT,
    error_hint TEXT,
    handle TEXT NOT NULL,
    note TEXT,
    taken_down_at INTEGER,
    approved_at INTEGER,
    fence INTEGER DEFAULT 0 NOT NULL,
    planned_parts TEXT DEFAULT '[]' NOT NULL,
    parts_frozen BOOLEAN,
    part_starts TEXT DEFAULT '[]' NOT NULL,
    langs TEXT,
    parent_id INTEGER,
    FOREIGN KEY(post_id) REFERENCES post (id),
    FOREIGN KEY(account_id) REFERENCES account (id),
    FOREIGN KEY(parent_id) REFERENCES delivery (id)
);
CREATE UNIQUE INDEX delivery_of_post ON delivery (post_id, account_id, coalesce(parent_id, 0));
CREATE UNIQUE INDEX delivery_comment ON delivery (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX delivery_of_account ON delivery (account_id, due_at);
CREATE UNIQUE INDEX delivery_remote ON delivery (account_id, remote_id) WHERE remote_id IS NOT NULL;
CREATE INDEX delivery_ready ON delivery (account_id, next_at, id) WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL;
CREATE INDEX delivery_next ON delivery (next_at) WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL;
CREATE INDEX delivery_approved ON delivery (account_id, next_at, id) WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL AND approved_at IS NOT NULL;
CREATE INDEX delivery_approved_next ON delivery (next_at) WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL AND approved_at IS NOT NULL;
CREATE INDEX delivery_comment_ready ON delivery (next_at) WHERE parent_id IS NOT NULL AND state IN ('pending', 'retrying') AND next_at IS NOT NULL;
CREATE INDEX delivery_looking ON delivery (next_at) WHERE state IN ('processing', 'reconciling', 'published') AND next_at IS NOT NULL;
CREATE INDEX delivery_busy ON delivery (account_id) WHERE state IN ('claimed', 'sending');
CREATE INDEX delivery_needs ON delivery (state, post_id) WHERE state IN ('failed', 'needs_review');
CREATE INDEX delivery_published ON delivery (published_at) WHERE state = 'published' AND remote_id IS NOT NULL;
CREATE TABLE event (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    post_id INTEGER NOT NULL,
    account_id INTEGER,
    data TEXT NOT NULL,
    FOREIGN KEY(post_id) REFERENCES post (id),
    FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE INDEX event_by_age ON event (at);
CREATE TABLE idempotency_key (
    token_id INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    digest TEXT NOT NULL,
    status INTEGER,
    answer TEXT,
    created_at INTEGER NOT NULL,
    holder TEXT,
    begun BOOLEAN,
    PRIMARY KEY (token_id, "key"),
    FOREIGN KEY(token_id) REFERENCES token (id)
);
CREATE INDEX idempotency_key_by_age ON idempotency_key (created_at);
CREATE TABLE notification (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    event TEXT NOT NULL,
    subject TEXT NOT NULL,
    post_id INTEGER,
    account_id INTEGER,
    message TEXT,
    hint TEXT,
    created_at INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    next_at INTEGER,
    sent_at INTEGER,
    error TEXT,
    ended_at INTEGER,
    FOREIGN KEY(post_id) REFERENCES post (id),
    FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE UNIQUE INDEX notification_open ON notification (kind, event, subject) WHERE ended_at IS NULL;
CREATE INDEX notification_due ON notification (next_at) WHERE next_at IS NOT NULL;
CREATE TABLE online_followers (
    account_id INTEGER NOT NULL,
    ends TEXT NOT NULL,
    hours TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, ends),
    FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE TABLE post_media (
    post_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    mime TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    width INTEGER,
    height INTEGER,
    duration_ms INTEGER,
    codec TEXT,
    fps FLOAT,
    moov_first BOOLEAN,
    alt TEXT,
    url TEXT,
    focus TEXT,
    captions TEXT,
    thumbnail TEXT,
    part INTEGER,
    only TEXT,
    PRIMARY KEY (post_id, position),
    FOREIGN KEY(post_id) REFERENCES post (id)
);
CREATE INDEX post_media_by_sha256 ON post_media (sha256);
CREATE INDEX post_media_by_thumbnail ON post_media (thumbnail) WHERE thumbnail IS NOT NULL;
CREATE TABLE post_tag (
    post_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (post_id, position),
    FOREIGN KEY(post_id) REFERENCES post (id)
);
CREATE INDEX post_tag_by_tag ON post_tag (tag, post_id);
CREATE TABLE rate_limit (
    account_id INTEGER NOT NULL,
    scope TEXT NOT NULL,
    subject TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    most INTEGER,
    remaining INTEGER NOT NULL,
    reset_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, scope, subject, endpoint),
    FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE TABLE recurrence (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    post_id INTEGER,
    pool TEXT,
    cool_down_s FLOAT,
    cron TEXT NOT NULL,
    rule TEXT,
    anchor TEXT,
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
CREATE TABLE sample (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,
    remote_id TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    observed_at INTEGER NOT NULL,
    likes INTEGER,
    comments INTEGER,
    shares INTEGER,
    views INTEGER,
    saves INTEGER,
    reach INTEGER,
    kind TEXT,
    text TEXT,
    UNIQUE (account_id, remote_id, observed_at),
    FOREIGN KEY(account_id) REFERENCES account (id)
);
CREATE INDEX sample_newest ON sample (account_id, published_at DESC);
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
CREATE TABLE source_item (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    source_id INTEGER NOT NULL,
    k1 TEXT NOT NULL,
    k2 TEXT,
    k3 TEXT,
    k4 TEXT,
    link TEXT,
    title TEXT NOT NULL,
    published_at INTEGER,
    updated_at INTEGER,
    first_seen_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    post_id INTEGER,
    posted_at INTEGER,
    problem TEXT,
    content TEXT NOT NULL,
    UNIQUE (source_id, k1),
    FOREIGN KEY(source_id) REFERENCES source (id),
    FOREIGN KEY(post_id) REFERENCES post (id)
);
CREATE INDEX source_item_by_seen ON source_item (source_id, seen_at);
CREATE INDEX source_item_by_post ON source_item (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX source_item_held ON source_item (source_id) WHERE state = 'held';
CREATE TABLE submitted_draft (
    post_id INTEGER NOT NULL,
    external_ref TEXT NOT NULL,
    platform TEXT NOT NULL,
    link TEXT,
    hint TEXT,
    PRIMARY KEY (post_id),
    FOREIGN KEY(post_id) REFERENCES post (id)
);
CREATE TABLE attempt (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    delivery_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    step TEXT NOT NULL,
    phase TEXT NOT NULL,
    at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT,
    kind TEXT,
    code TEXT,
    http_status INTEGER,
    message TEXT,
    fingerprint TEXT,
    platform_at INTEGER,
    boot_s FLOAT,
    cost INTEGER,
    cost_after INTEGER,
    FOREIGN KEY(delivery_id) REFERENCES delivery (id)
);
CREATE INDEX attempt_by_delivery ON attempt (delivery_id, id);
CREATE INDEX attempt_open ON attempt (delivery_id) WHERE phase = 'publish' AND outcome IS NULL;
CREATE INDEX attempt_charged ON attempt (at) WHERE cost IS NOT NULL;
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
CREATE TABLE reading (
    delivery_id INTEGER NOT NULL,
    read_at INTEGER NOT NULL,
    next_at INTEGER,
    PRIMARY KEY (delivery_id),
    FOREIGN KEY(delivery_id) REFERENCES delivery (id)
);
CREATE TABLE webhook_call (
    webhook_id INTEGER NOT NULL,
    event_id INTEGER NOT NULL,
    post_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    next_at INTEGER,
    first_tried_at INTEGER,
    ended_at INTEGER,
    status INTEGER,
    message TEXT,
    PRIMARY KEY (webhook_id, event_id),
    FOREIGN KEY(webhook_id) REFERENCES webhook (id),
    FOREIGN KEY(event_id) REFERENCES event (id),
    FOREIGN KEY(post_id) REFERENCES post (id)
);
CREATE INDEX webhook_call_waiting ON webhook_call (webhook_id, post_id, event_id) WHERE state = 'waiting';
CREATE INDEX webhook_call_given_up ON webhook_call (webhook_id) WHERE state = 'given_up';
CREATE INDEX webhook_call_by_event ON webhook_call (event_id);
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version (version_num) VALUES ('0023');
INSERT INTO store (id, store_id, created_at)
VALUES (1, lower(hex(randomblob(16))), CAST(unixepoch('subsec') * 1000 AS INTEGER));
