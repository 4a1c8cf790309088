BEGIN TRANSACTION;
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
    UNIQUE (platform, handle)
);
INSERT INTO "account" VALUES(1,'x','me',NULL,1,0,1,NULL,NULL,'[]',NULL,NULL,'{}',1795521600000,NULL,NULL,NULL,'{}');
INSERT INTO "account" VALUES(2,'x','shop',NULL,1,0,1,NULL,NULL,'[]',NULL,NULL,'{}',1795521600000,NULL,NULL,NULL,'{}');
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO "alembic_version" VALUES('0018');
CREATE TABLE approval_link (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT NOT NULL,
    post_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    name TEXT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    UNIQUE (sha256),
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
    FOREIGN KEY(delivery_id) REFERENCES delivery (id)
);
INSERT INTO "attempt" VALUES(1,5,1,'create post','publish',0,1,'not_done','network',NULL,503,'no answer',NULL,NULL,NULL);
CREATE TABLE change (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    command TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT,
    token_id INTEGER,
    "key" TEXT
);
INSERT INTO "change" VALUES(1,'create',1795521600000,'0@vm',NULL,NULL);
INSERT INTO "change" VALUES(2,'create',1795521600000,'0@vm',NULL,NULL);
INSERT INTO "change" VALUES(3,'create',1795521600000,'0@vm',NULL,NULL);
INSERT INTO "change" VALUES(4,'create',1795521600000,'0@vm',NULL,NULL);
INSERT INTO "change" VALUES(5,'create',1795521600000,'0@vm',NULL,NULL);
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
INSERT INTO "change_post" VALUES(1,1,NULL,'e7411c4b129da2d9ecc6ad8634cd5055',NULL,NULL);
INSERT INTO "change_post" VALUES(2,2,NULL,'9e61b1c50d28552e2fa8a9c38beffb80',NULL,NULL);
INSERT INTO "change_post" VALUES(3,3,NULL,'38fc0a24e5c1f355e8cc13f329c9a3de',NULL,NULL);
INSERT INTO "change_post" VALUES(4,4,NULL,'95405f12ed305ab1c67d14a9614050fd',NULL,NULL);
INSERT INTO "change_post" VALUES(5,5,NULL,'e077327abbb170971fbadee180fe79be',NULL,NULL);
CREATE TABLE credential (
    name TEXT NOT NULL,
    key_id TEXT NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (name)
);
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
    UNIQUE (post_id, account_id),
    FOREIGN KEY(post_id) REFERENCES post (id),
    FOREIGN KEY(account_id) REFERENCES account (id)
);
INSERT INTO "delivery" VALUES(1,1,1,'pending',NULL,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0);
INSERT INTO "delivery" VALUES(2,2,1,'pending',1797757200000,1797757200000,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0);
INSERT INTO "delivery" VALUES(3,2,2,'pending',1797757200000,1797757200000,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0);
INSERT INTO "delivery" VALUES(4,3,1,'published',1797757200000,1797757200000,'73',NULL,1795521600000,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0);
INSERT INTO "delivery" VALUES(5,4,1,'failed',1797757200000,1797757200000,NULL,NULL,NULL,0,0,NULL,NULL,'network',NULL,'no answer',NULL,'{}',NULL,NULL,NULL,0);
INSERT INTO "delivery" VALUES(6,5,1,'needs_review',1797757200000,1797757200000,NULL,NULL,NULL,0,0,NULL,NULL,'network',NULL,'no answer',NULL,'{}',NULL,NULL,NULL,0);
INSERT INTO "delivery" VALUES(7,6,1,'pending',1796115600000,1796115600000,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0);
INSERT INTO "delivery" VALUES(8,6,2,'pending',1796115600000,1796115600000,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0);
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
INSERT INTO "event" VALUES(1,1795521600000,'delivery.published',3,1,'{"at": "2026-11-24T12:00:00Z", "event": "delivery.published", "post": 3, "account": "x/me", "remoteId": "73", "nextAt": "2026-12-20T09:00:00Z", "attempt": 0}');
INSERT INTO "event" VALUES(2,1795521600000,'post.finished',3,NULL,'{"at": "2026-11-24T12:00:00Z", "event": "post.finished", "post": 3, "kind": "published"}');
INSERT INTO "event" VALUES(3,1795521600000,'delivery.failed',4,1,'{"at": "2026-11-24T12:00:00Z", "event": "delivery.failed", "post": 4, "account": "x/me", "kind": "network", "message": "no answer", "nextAt": "2026-12-20T09:00:00Z", "attempt": 0}');
INSERT INTO "event" VALUES(4,1795521600000,'post.finished',4,NULL,'{"at": "2026-11-24T12:00:00Z", "event": "post.finished", "post": 4, "kind": "failed"}');
INSERT INTO "event" VALUES(5,1795521600000,'delivery.needs_review',5,1,'{"at": "2026-11-24T12:00:00Z", "event": "delivery.needs_review", "post": 5, "account": "x/me", "kind": "network", "message": "no answer", "nextAt": "2026-12-20T09:00:00Z", "attempt": 0}');
INSERT INTO "event" VALUES(6,1795521600000,'post.finished',5,NULL,'{"at": "2026-11-24T12:00:00Z", "event": "post.finished", "post": 5, "kind": "partial"}');
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
CREATE TABLE login_link (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    capabilities TEXT NOT NULL,
    accounts TEXT,
    expires_at INTEGER NOT NULL,
    UNIQUE (sha256)
);
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
INSERT INTO "occurrence" VALUES(1,1796115600000,'made',6,2);
CREATE TABLE online_followers (
    account_id INTEGER NOT NULL,
    ends TEXT NOT NULL,
    hours TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, ends),
    FOREIGN KEY(account_id) REFERENCES account (id)
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
    UNIQUE ("key")
);
INSERT INTO "post" VALUES(1,'A draft','draft',NULL,NULL,1795521600000,1795521600000,NULL,NULL,'{"x":"A draft for X"}','["Second"]','{}',NULL,NULL,NULL,NULL,NULL,1);
INSERT INTO "post" VALUES(2,'Scheduled','scheduled',1797757200000,NULL,1795521600000,1795521600000,NULL,NULL,'{}','[]','{}',NULL,NULL,NULL,NULL,NULL,1);
INSERT INTO "post" VALUES(3,'Now published','published',1797757200000,1795521600000,1795521600000,1795521600000,NULL,NULL,'{}','[]','{}',NULL,NULL,NULL,NULL,NULL,2);
INSERT INTO "post" VALUES(4,'Now failed','failed',1797757200000,NULL,1795521600000,1795521600000,NULL,NULL,'{}','[]','{}',NULL,NULL,NULL,NULL,NULL,2);
INSERT INTO "post" VALUES(5,'Now needs_review','partial',1797757200000,NULL,1795521600000,1795521600000,NULL,NULL,'{}','[]','{}',NULL,NULL,NULL,NULL,NULL,2);
INSERT INTO "post" VALUES(6,'Scheduled','scheduled',1796115600000,NULL,1795521600000,1795521600000,NULL,NULL,'{}','[]','{}',NULL,NULL,NULL,NULL,NULL,1);
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
    PRIMARY KEY (post_id, position),
    FOREIGN KEY(post_id) REFERENCES post (id)
);
INSERT INTO "post_media" VALUES(2,0,'c2f9a8abbe8e43042e8ab94d329ecdea63f7de35b9e1d027a4b5e16e96f2a9d6','picture.jpg','image/jpeg',10629,800,800,NULL,NULL,NULL,NULL,'A cup',NULL);
INSERT INTO "post_media" VALUES(6,0,'c2f9a8abbe8e43042e8ab94d329ecdea63f7de35b9e1d027a4b5e16e96f2a9d6','picture.jpg','image/jpeg',10629,800,800,NULL,NULL,NULL,NULL,'A cup',NULL);
CREATE TABLE post_tag (
    post_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (post_id, position),
    FOREIGN KEY(post_id) REFERENCES post (id)
);
INSERT INTO "post_tag" VALUES(1,0,'launch');
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
CREATE TABLE reading (
    delivery_id INTEGER NOT NULL,
    read_at INTEGER NOT NULL,
    next_at INTEGER,
    PRIMARY KEY (delivery_id),
    FOREIGN KEY(delivery_id) REFERENCES delivery (id)
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
INSERT INTO "recurrence" VALUES(1,2,NULL,NULL,'0 9 1 * *','UTC',NULL,NULL,'[]',1798794000000,1796115600000,1795521600000,NULL,NULL);
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
INSERT INTO "sample" VALUES(1,1,'1',1795431600000,1795521600000,1,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(2,1,'10',1794657600000,1795521600000,3,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(3,1,'11',1794567600000,1795521600000,4,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(4,1,'12',1794477600000,1795521600000,5,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(5,1,'13',1794387600000,1795521600000,6,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(6,1,'14',1794297600000,1795521600000,0,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(7,1,'15',1794225600000,1795521600000,1,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(8,1,'16',1794135600000,1795521600000,2,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(9,1,'17',1794045600000,1795521600000,3,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(10,1,'18',1793955600000,1795521600000,4,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(11,1,'19',1793865600000,1795521600000,5,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(12,1,'2',1795341600000,1795521600000,2,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(13,1,'20',1793793600000,1795521600000,6,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(14,1,'21',1793703600000,1795521600000,0,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(15,1,'22',1793613600000,1795521600000,1,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(16,1,'23',1793523600000,1795521600000,2,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(17,1,'24',1793433600000,1795521600000,3,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(18,1,'25',1793361600000,1795521600000,4,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(19,1,'26',1793271600000,1795521600000,5,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(20,1,'27',1793181600000,1795521600000,6,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(21,1,'28',1793091600000,1795521600000,0,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(22,1,'29',1793001600000,1795521600000,1,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(23,1,'3',1795251600000,1795521600000,3,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(24,1,'30',1792929600000,1795521600000,2,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(25,1,'31',1792839600000,1795521600000,3,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(26,1,'32',1792749600000,1795521600000,4,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(27,1,'33',1792659600000,1795521600000,5,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(28,1,'34',1792569600000,1795521600000,6,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(29,1,'35',1792497600000,1795521600000,0,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(30,1,'36',1792407600000,1795521600000,1,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(31,1,'37',1792317600000,1795521600000,2,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(32,1,'38',1792227600000,1795521600000,3,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(33,1,'39',1792137600000,1795521600000,4,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(34,1,'4',1795161600000,1795521600000,4,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(35,1,'40',1792065600000,1795521600000,5,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(36,1,'41',1791975600000,1795521600000,6,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(37,1,'42',1791885600000,1795521600000,0,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(38,1,'43',1791795600000,1795521600000,1,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(39,1,'44',1791705600000,1795521600000,2,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(40,1,'45',1791633600000,1795521600000,3,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(41,1,'46',1791543600000,1795521600000,4,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(42,1,'47',1791453600000,1795521600000,5,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(43,1,'48',1791363600000,1795521600000,6,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(44,1,'49',1791273600000,1795521600000,0,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(45,1,'5',1795089600000,1795521600000,5,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(46,1,'50',1791201600000,1795521600000,1,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(47,1,'51',1791111600000,1795521600000,2,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(48,1,'52',1791021600000,1795521600000,3,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(49,1,'53',1790931600000,1795521600000,4,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(50,1,'54',1790841600000,1795521600000,5,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(51,1,'55',1790769600000,1795521600000,6,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(52,1,'56',1790679600000,1795521600000,0,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(53,1,'57',1790589600000,1795521600000,1,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(54,1,'58',1790499600000,1795521600000,2,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(55,1,'59',1790409600000,1795521600000,3,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(56,1,'6',1794999600000,1795521600000,6,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(57,1,'60',1790337600000,1795521600000,4,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(58,1,'7',1794909600000,1795521600000,0,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(59,1,'8',1794819600000,1795521600000,1,1,1,90,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(60,1,'9',1794729600000,1795521600000,2,1,1,90,NULL,NULL,NULL,NULL);
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
INSERT INTO "slot" VALUES(1,1,'0 9 * * 1','UTC',NULL,1795521600000);
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
INSERT INTO "store" VALUES(1,'b9f0b8541133b17cdc39a4098770f55e',NULL,1796058100163,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE store_mark (
    xid INTEGER NOT NULL,
    PRIMARY KEY (xid)
);
CREATE TABLE submitted_draft (
    post_id INTEGER NOT NULL,
    external_ref TEXT NOT NULL,
    platform TEXT NOT NULL,
    link TEXT,
    hint TEXT,
    PRIMARY KEY (post_id),
    FOREIGN KEY(post_id) REFERENCES post (id)
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
INSERT INTO "token" VALUES(1,'ann','d8c128b76cb0251ba0d5252c7a7bdb581a73035044bba855d241ecd5099cfd1a','read',NULL,1795521600000,NULL,NULL,NULL,NULL);
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
INSERT INTO "webhook" VALUES(1,'http://127.0.0.1:9/',NULL,NULL,1,1795521600000,NULL);
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
INSERT INTO "webhook_call" VALUES(1,1,3,'waiting',0,1795521600000,NULL,NULL,NULL,NULL);
INSERT INTO "webhook_call" VALUES(1,2,3,'waiting',0,1795521600000,NULL,NULL,NULL,NULL);
INSERT INTO "webhook_call" VALUES(1,3,4,'waiting',0,1795521600000,NULL,NULL,NULL,NULL);
INSERT INTO "webhook_call" VALUES(1,4,4,'waiting',0,1795521600000,NULL,NULL,NULL,NULL);
INSERT INTO "webhook_call" VALUES(1,5,5,'waiting',0,1795521600000,NULL,NULL,NULL,NULL);
INSERT INTO "webhook_call" VALUES(1,6,5,'waiting',0,1795521600000,NULL,NULL,NULL,NULL);
CREATE INDEX change_by_key ON change (token_id, "key") WHERE key IS NOT NULL;
CREATE INDEX post_by_status ON post (status, scheduled_at, id) WHERE deleted_at IS NULL;
CREATE INDEX change_post_by_post ON change_post (post_id, change_id);
CREATE INDEX change_post_open ON change_post (change_id) WHERE undone IS NULL;
CREATE INDEX change_post_undone ON change_post (undone) WHERE undone IS NOT NULL;
CREATE INDEX change_post_media ON change_post (media) WHERE media IS NOT NULL;
CREATE INDEX delivery_of_account ON delivery (account_id, due_at);
CREATE UNIQUE INDEX delivery_remote ON delivery (account_id, remote_id) WHERE remote_id IS NOT NULL;
CREATE INDEX delivery_ready ON delivery (account_id, next_at, id) WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL;
CREATE INDEX delivery_next ON delivery (next_at) WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL;
CREATE INDEX delivery_approved ON delivery (account_id, next_at, id) WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL AND approved_at IS NOT NULL;
CREATE INDEX delivery_approved_next ON delivery (next_at) WHERE state IN ('pending', 'retrying') AND next_at IS NOT NULL AND approved_at IS NOT NULL;
CREATE INDEX delivery_looking ON delivery (next_at) WHERE state IN ('processing', 'reconciling', 'published') AND next_at IS NOT NULL;
CREATE INDEX delivery_busy ON delivery (account_id) WHERE state IN ('claimed', 'sending');
CREATE INDEX delivery_needs ON delivery (state, post_id) WHERE state IN ('failed', 'needs_review');
CREATE INDEX delivery_published ON delivery (published_at) WHERE state = 'published' AND remote_id IS NOT NULL;
CREATE INDEX event_by_age ON event (at);
CREATE INDEX idempotency_key_by_age ON idempotency_key (created_at);
CREATE UNIQUE INDEX notification_open ON notification (kind, event, subject) WHERE ended_at IS NULL;
CREATE INDEX notification_due ON notification (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX post_media_by_sha256 ON post_media (sha256);
CREATE INDEX post_tag_by_tag ON post_tag (tag, post_id);
CREATE INDEX recurrence_going ON recurrence (next_at) WHERE paused_at IS NULL AND ended_at IS NULL;
CREATE INDEX sample_newest ON sample (account_id, published_at DESC);
CREATE INDEX attempt_by_delivery ON attempt (delivery_id, id);
CREATE INDEX attempt_open ON attempt (delivery_id) WHERE phase = 'publish' AND outcome IS NULL;
CREATE INDEX occurrence_by_post ON occurrence (post_id);
CREATE INDEX occurrence_by_source ON occurrence (source_id, at);
CREATE INDEX webhook_call_waiting ON webhook_call (webhook_id, post_id, event_id) WHERE state = 'waiting';
CREATE INDEX webhook_call_given_up ON webhook_call (webhook_id) WHERE state = 'given_up';
CREATE INDEX webhook_call_by_event ON webhook_call (event_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('account',2);
INSERT INTO "sqlite_sequence" VALUES('webhook',1);
INSERT INTO "sqlite_sequence" VALUES('post',6);
INSERT INTO "sqlite_sequence" VALUES('delivery',8);
INSERT INTO "sqlite_sequence" VALUES('change',5);
INSERT INTO "sqlite_sequence" VALUES('event',6);
INSERT INTO "sqlite_sequence" VALUES('attempt',1);
INSERT INTO "sqlite_sequence" VALUES('slot',1);
INSERT INTO "sqlite_sequence" VALUES('recurrence',1);
INSERT INTO "sqlite_sequence" VALUES('sample',60);
INSERT INTO "sqlite_sequence" VALUES('token',1);
COMMIT;
