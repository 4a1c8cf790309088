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
    server_info TEXT DEFAULT '{}' NOT NULL, split BOOLEAN, utm BOOLEAN,
    UNIQUE (platform, handle)
);
INSERT INTO "account" VALUES(1,'instagram','demo','17841317719683113',1,0,1,NULL,1800937468691,'[]',NULL,NULL,'{}',1795753469418,NULL,NULL,NULL,'{}',NULL,NULL);
INSERT INTO "account" VALUES(2,'tiktok','demo','-00011ec54f478a7f27ad5dd15bc1c42ce68',1,1,1,'Europe/Berlin',1795760668692,'[]',NULL,NULL,'{"tiktok.privacy_level":"SELF_ONLY"}',1795753469432,NULL,NULL,NULL,'{}',NULL,NULL);
INSERT INTO "account" VALUES(3,'x','demo','2126170267204976640',1,0,1,NULL,1795760668692,'[]',NULL,NULL,'{}',1795753469438,NULL,NULL,NULL,'{}',NULL,NULL);
INSERT INTO "account" VALUES(4,'x','Gone',NULL,0,0,1,NULL,NULL,'[]',NULL,NULL,'{}',1795753469444,1795753469490,NULL,NULL,'{}',NULL,NULL);
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO "alembic_version" VALUES('0022');
CREATE TABLE approval_link (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT NOT NULL,
    post_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    name TEXT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at INTEGER NOT NULL, posts TEXT, accounts TEXT, by_owner BOOLEAN,
    UNIQUE (sha256),
    FOREIGN KEY(post_id) REFERENCES post (id)
);
INSERT INTO "approval_link" VALUES(1,'2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6',16,1,'bob','ann',1830000000000,NULL,NULL,NULL);
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
    boot_s FLOAT, cost INTEGER, cost_after INTEGER,
    FOREIGN KEY(delivery_id) REFERENCES delivery (id)
);
INSERT INTO "attempt" VALUES(1,2,1,'ask what is allowed','prepare',1795753470858,1795753470894,'done',NULL,NULL,200,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(2,2,1,'announce the post','prepare',1795753470894,1795753470951,'done',NULL,NULL,200,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(3,3,1,'upload clip.mp4','prepare',1795753470836,1795753470954,'done',NULL,NULL,200,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(4,2,1,'PUT the last chunk','publish',1795753470962,1795753470985,'done',NULL,NULL,201,'v_pub_file~v2-1.7712702428498295027','f1ed9f3f2f54e3c4402df7bea6615518acd931884c7e28261d660c8b60f8b3aa',1795753470011,4215.284536055,NULL,NULL);
INSERT INTO "attempt" VALUES(5,1,1,'ask for the quota','prepare',1795753470799,1795753470867,'done',NULL,NULL,200,'0 of 50 posts in 24 h',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(6,1,1,'create the container','prepare',1795753470867,1795753470965,'done',NULL,NULL,200,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(7,3,1,'process clip.mp4','prepare',1795753470954,1795753471980,'done',NULL,NULL,200,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(8,3,1,'alt text of clip.mp4','prepare',1795753471980,1795753471984,'done',NULL,NULL,200,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(9,1,1,'POST media_publish','publish',1795753471990,1795753472004,'done',NULL,NULL,200,'17150324385636327','9b664c6b997cbe139a3542e871b4591250db24d8295817b7070e4b1f14bf71b9',1795753471000,4216.312537487,NULL,NULL);
INSERT INTO "attempt" VALUES(10,3,1,'check the token','prepare',1795753471984,1795753471991,'done',NULL,NULL,200,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(11,3,1,'POST /2/tweets','publish',1795753471992,1795753472006,'done',NULL,NULL,201,'2126170281100705792','d02a08ce2ac4a28c6e2dd15e7ce82f3655cf32eb1f2614bc040df4eaf1e85670',1795753471001,4216.314464231,NULL,NULL);
INSERT INTO "attempt" VALUES(12,2,1,'look up','look_up',1795753471993,1795753472008,'found',NULL,NULL,NULL,NULL,NULL,1795753472000,NULL,NULL,NULL);
INSERT INTO "attempt" VALUES(13,4,1,'POST /2/tweets (part 1 of 2)','publish',1795753472014,1795753472018,'done',NULL,NULL,201,'2126170281151037440','3742ef6239650596d560fab4fc1df6996aa35c05801f3fe87495781a6d0ca29b',1795753472007,4216.336248957,NULL,NULL);
INSERT INTO "attempt" VALUES(14,4,1,'POST /2/tweets (part 2 of 2)','publish',1795753472020,1795753472025,'done',NULL,NULL,201,'2126170281172008960','ac094ceaf11b65409edf0b9c17123b35427bba4224f1cd21098dfff63aad312a',1795753472001,4216.341964906,NULL,NULL);
INSERT INTO "attempt" VALUES(15,5,1,'credentials','prepare',1795753473124,1795753473124,'not_done','auth','invalid_grant',400,'TikTok answered invalid_grant: Refresh token is invalid or expired.',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE card_picture (
	post_id INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	PRIMARY KEY (post_id, sha256), 
	FOREIGN KEY(post_id) REFERENCES post (id)
);
INSERT INTO "card_picture" VALUES(1,'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc');
CREATE TABLE change (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    command TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT,
    token_id INTEGER,
    "key" TEXT
);
INSERT INTO "change" VALUES(1,'create',1795753469640,NULL,NULL,NULL);
INSERT INTO "change" VALUES(2,'create',1795753469668,NULL,NULL,NULL);
INSERT INTO "change" VALUES(3,'create',1795753472076,NULL,NULL,NULL);
INSERT INTO "change" VALUES(4,'create',1795753473408,NULL,NULL,NULL);
INSERT INTO "change" VALUES(5,'create',1795753473454,NULL,NULL,NULL);
INSERT INTO "change" VALUES(6,'create',1795753473536,NULL,NULL,NULL);
INSERT INTO "change" VALUES(7,'edit',1795753473604,NULL,NULL,NULL);
INSERT INTO "change" VALUES(8,'create',1795753473662,NULL,NULL,NULL);
INSERT INTO "change" VALUES(9,'create',1795753473709,NULL,NULL,NULL);
INSERT INTO "change" VALUES(10,'delete',1795753473719,NULL,NULL,NULL);
INSERT INTO "change" VALUES(11,'create',1795753473790,NULL,NULL,NULL);
INSERT INTO "change" VALUES(12,'unschedule',1795753473875,NULL,NULL,NULL);
INSERT INTO "change" VALUES(13,'create',1795753474447,NULL,NULL,NULL);
INSERT INTO "change" VALUES(14,'create',1795753474466,NULL,NULL,NULL);
INSERT INTO "change" VALUES(15,'create',1795753474561,NULL,NULL,NULL);
INSERT INTO "change" VALUES(16,'create',1795753474894,NULL,NULL,NULL);
INSERT INTO "change" VALUES(17,'plan',1795753475412,NULL,NULL,NULL);
INSERT INTO "change" VALUES(18,'create',1795753475433,NULL,NULL,NULL);
INSERT INTO "change" VALUES(19,'approve',1795753475449,NULL,NULL,NULL);
INSERT INTO "change" VALUES(20,'create',1795753475466,NULL,NULL,NULL);
INSERT INTO "change" VALUES(21,'reject',1795753475477,NULL,NULL,NULL);
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
INSERT INTO "change_post" VALUES(1,1,NULL,'5951d191586994ec17f1d0cb47d5c775',NULL,NULL);
INSERT INTO "change_post" VALUES(2,2,NULL,'c96c7b3259c74d3cc5d07a5fc23d9326',NULL,NULL);
INSERT INTO "change_post" VALUES(3,3,NULL,'75c701e4b2be4bbd7f2f8a48f801ef24',NULL,NULL);
INSERT INTO "change_post" VALUES(4,4,NULL,'5510584681f579f093b05a4aef55e351',NULL,NULL);
INSERT INTO "change_post" VALUES(5,5,NULL,'b4dc565dc21f62eb97823bb664a27ffb',NULL,NULL);
INSERT INTO "change_post" VALUES(6,6,NULL,'54632f3b10a9cae9a7dadc8cdb680c8b',NULL,NULL);
INSERT INTO "change_post" VALUES(7,6,'{"deliveries":[{"account_handle":"demo","account_id":3,"attempts":0,"due_at":1893574800000,"handle":"{}","id":8,"next_at":1893574800000,"platform":"x","state":"pending","tries":0}],"media":[],"post":{"content":"Edited","created_at":1795753473528,"options":"{}","scheduled_at":1893574800000,"status":"scheduled","thread":"[]","variants":"{}"},"tags":[]}','7d4501fd071b25482a4590019e95c65a',NULL,NULL);
INSERT INTO "change_post" VALUES(8,7,NULL,'937f382ba40bc93f87b39e00e7f6cdc4',NULL,NULL);
INSERT INTO "change_post" VALUES(9,8,NULL,'17d1c7f44f2961912a8e987a50c37acf',NULL,NULL);
INSERT INTO "change_post" VALUES(10,8,'{"deliveries":[],"media":[],"post":{"content":"Goes","created_at":1795753473708,"options":"{}","status":"draft","thread":"[]","variants":"{}"},"tags":[]}','202da2960d9b165ddd4a656884ce88be',NULL,NULL);
INSERT INTO "change_post" VALUES(11,9,NULL,'59d513cdfdd2aa420ad3e5368c5a4a6f',NULL,NULL);
INSERT INTO "change_post" VALUES(12,9,'{"deliveries":[{"account_handle":"demo","account_id":3,"attempts":0,"due_at":1896253200000,"handle":"{}","id":9,"next_at":1896253200000,"platform":"x","state":"pending","tries":0}],"media":[],"post":{"content":"Unscheduled","created_at":1795753473776,"options":"{}","scheduled_at":1896253200000,"status":"scheduled","thread":"[]","variants":"{}"},"tags":[]}','69b86220f0fc52c1e7cb4c59a4c7c355',NULL,NULL);
INSERT INTO "change_post" VALUES(13,10,NULL,'797c21fb25494540a5a6f33ce61049d9',NULL,NULL);
INSERT INTO "change_post" VALUES(14,11,NULL,'7b74039bea07dd819bf33f1cc11e3d57',NULL,NULL);
INSERT INTO "change_post" VALUES(15,13,NULL,'beee9397a988993ec2c7260beda94614',NULL,NULL);
INSERT INTO "change_post" VALUES(16,15,NULL,'044a8023889f28cdeca69bc62c6231d3',NULL,NULL);
INSERT INTO "change_post" VALUES(17,15,'{"deliveries":[{"account_handle":"demo","account_id":1,"attempts":0,"handle":"{}","id":15,"platform":"instagram","state":"pending","tries":0}],"media":[{"bytes":14947,"codec":"h264","duration_ms":4024,"fps":29.827,"height":960,"mime":"video/mp4","moov_first":1,"name":"clip.mp4","sha256":"ec1ce90895391c1aa48e6efb435fa2fb208446cc1c69ed0bd30f6e55070dfbbe","width":540}],"post":{"content":"Planned","created_at":1795753474893,"options":"{}","status":"draft","thread":"[]","variants":"{}"},"tags":[]}','c802da2e728bf9cb62fe1a32778e25e6','["ec1ce90895391c1aa48e6efb435fa2fb208446cc1c69ed0bd30f6e55070dfbbe"]',NULL);
INSERT INTO "change_post" VALUES(18,16,NULL,'54e28e5a7e4c3eaffd832aff1e1b00af',NULL,NULL);
INSERT INTO "change_post" VALUES(19,16,'{"deliveries":[{"account_handle":"demo","account_id":3,"attempts":0,"due_at":1898586000000,"handle":"{}","id":16,"next_at":1898586000000,"platform":"x","state":"pending","tries":0}],"media":[],"post":{"content":"Approved","created_at":1795753475431,"options":"{}","scheduled_at":1898586000000,"status":"scheduled","thread":"[]","variants":"{}"},"tags":[]}','6404ae32ed11c69751db2574d7889852',NULL,NULL);
INSERT INTO "change_post" VALUES(20,17,NULL,'f8faca9a2cae78ea59c033e8c0e0e5a1',NULL,NULL);
INSERT INTO "change_post" VALUES(21,17,'{"deliveries":[{"account_handle":"demo","account_id":3,"attempts":0,"due_at":1898672400000,"handle":"{}","id":17,"next_at":1898672400000,"platform":"x","state":"pending","tries":0}],"media":[],"post":{"content":"Rejected","created_at":1795753475464,"options":"{}","scheduled_at":1898672400000,"status":"scheduled","thread":"[]","variants":"{}"},"tags":[]}','3fdeff51db4415843fac71e0b38e9cc9',NULL,NULL);
CREATE TABLE credential (
    name TEXT NOT NULL,
    key_id TEXT NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (name)
);
INSERT INTO "credential" VALUES('x/demo','a1','{"accessToken": "encrypted"}');
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
    fence INTEGER DEFAULT 0 NOT NULL, planned_parts TEXT DEFAULT '[]' NOT NULL, parts_frozen BOOLEAN, part_starts TEXT DEFAULT '[]' NOT NULL, langs TEXT,
    UNIQUE (post_id, account_id),
    FOREIGN KEY(post_id) REFERENCES post (id),
    FOREIGN KEY(account_id) REFERENCES account (id)
);
INSERT INTO "delivery" VALUES(1,1,1,'published',1795753470640,NULL,'17150324385636327','https://www.instagram.com/reel/1nD3QmGV0Wc/',1795753472004,0,1,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0,'[]',NULL,'[]',NULL);
INSERT INTO "delivery" VALUES(2,1,2,'published',1795753470640,NULL,'v_pub_file~v2-1.7712702428498295027',NULL,1795753472008,0,1,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0,'[]',NULL,'[]',NULL);
INSERT INTO "delivery" VALUES(3,1,3,'published',1795753470640,NULL,'2126170281100705792','https://x.com/i/status/2126170281100705792',1795753472006,0,1,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0,'[]',NULL,'[]',NULL);
INSERT INTO "delivery" VALUES(4,2,3,'published',1795753470668,NULL,'2126170281151037440','https://x.com/i/status/2126170281151037440',1795753472025,0,1,NULL,NULL,NULL,NULL,NULL,NULL,'{"of":2,"parts":["2126170281151037440","2126170281172008960"]}',NULL,NULL,NULL,0,'[]',NULL,'[]',NULL);
INSERT INTO "delivery" VALUES(5,3,2,'failed',1795753473076,NULL,NULL,NULL,NULL,0,1,NULL,NULL,'auth','invalid_grant','TikTok answered invalid_grant: Refresh token is invalid or expired.','ttp account connect tiktok/demo','{}',NULL,NULL,NULL,0,'[]',NULL,'[]',NULL);
INSERT INTO "delivery" VALUES(6,5,3,'pending',1893488400000,1893488400000,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0,'[]',NULL,'[]',NULL);
INSERT INTO "delivery" VALUES(7,5,1,'pending',1893488400000,1893488400000,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0,'[]',NULL,'[]',NULL);
INSERT INTO "delivery" VALUES(8,6,3,'pending',1893574800000,1893574800000,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0,'[]',NULL,'[]',NULL);
INSERT INTO "delivery" VALUES(9,9,3,'pending',NULL,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0,'[]',NULL,'[]',NULL);
INSERT INTO "delivery" VALUES(10,10,3,'pending',1796029200000,1796029200000,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0,'[]',NULL,'[]',NULL);
INSERT INTO "delivery" VALUES(11,11,3,'pending',NULL,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0,'[]',NULL,'[]',NULL);
INSERT INTO "delivery" VALUES(12,12,3,'pending',1798790400000,1798790400000,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0,'[]',NULL,'[]',NULL);
INSERT INTO "delivery" VALUES(13,13,1,'pending',NULL,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0,'[]',NULL,'[]',NULL);
INSERT INTO "delivery" VALUES(14,14,1,'pending',1811851200000,1811851200000,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0,'[]',NULL,'[]',NULL);
INSERT INTO "delivery" VALUES(15,15,1,'pending',1795892400000,1795892400000,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0,'[]',NULL,'[]',NULL);
INSERT INTO "delivery" VALUES(16,16,3,'pending',1898586000000,1898586000000,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,1795753475447,0,'[]',NULL,'[]',NULL);
INSERT INTO "delivery" VALUES(17,17,3,'pending',NULL,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,NULL,NULL,0,'[]',NULL,'[]',NULL);
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
INSERT INTO "event" VALUES(1,1795753472004,'delivery.published',1,1,'{}');
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
INSERT INTO "idempotency_key" VALUES(1,'one','1111111111111111111111111111111111111111111111111111111111111111',201,'[{}, "{}"]',1790000000000,NULL,NULL);
CREATE TABLE login_link (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    capabilities TEXT NOT NULL,
    accounts TEXT,
    expires_at INTEGER NOT NULL,
    UNIQUE (sha256)
);
INSERT INTO "login_link" VALUES(1,'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb','ann','publish,approve',NULL,1830000000000);
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
INSERT INTO "notification" VALUES(1,'desktop','failed','post/1',1,NULL,'failed',NULL,1795753480000,1,NULL,1795753480000,NULL,NULL);
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
INSERT INTO "occurrence" VALUES(1,1798790400000,'made',12,11);
INSERT INTO "occurrence" VALUES(2,1811851200000,'made',14,13);
CREATE TABLE online_followers (
    account_id INTEGER NOT NULL,
    ends TEXT NOT NULL,
    hours TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, ends),
    FOREIGN KEY(account_id) REFERENCES account (id)
);
INSERT INTO "online_followers" VALUES(1,'2026-11-27','[5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5]',1795753474500);
CREATE TABLE person (
    name TEXT NOT NULL,
    timezone TEXT,
    PRIMARY KEY (name)
);
INSERT INTO "person" VALUES('ann','Asia/Tokyo');
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
    revision INTEGER DEFAULT 1 NOT NULL, split BOOLEAN, number_parts BOOLEAN, utm BOOLEAN, cards TEXT DEFAULT '{}' NOT NULL, origin TEXT DEFAULT '{}' NOT NULL,
    UNIQUE ("key")
);
INSERT INTO "post" VALUES(1,'Hello','published',1795753470640,1795753472008,1795753469634,1795753472008,NULL,7200.0,'{"x":"Hello from X"}','[]','{}','first','630785f95c038156cbf60e2819e6cabe7e1075fe56b46027d0fb9772bace0238',NULL,NULL,NULL,1,NULL,NULL,NULL,'{}','{}');
INSERT INTO "post" VALUES(2,'A thread','published',1795753470668,1795753472025,1795753469664,1795753472025,NULL,NULL,'{}','["and its second part"]','{}',NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL,'{}','{}');
INSERT INTO "post" VALUES(3,'Refused','failed',1795753473076,NULL,1795753472073,1795753473125,NULL,NULL,'{}','[]','{}',NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL,'{}','{}');
INSERT INTO "post" VALUES(4,'A draft','draft',NULL,NULL,1795753473407,1795753473407,NULL,NULL,'{}','[]','{}',NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL,'{}','{}');
INSERT INTO "post" VALUES(5,'Far ahead','scheduled',1893488400000,NULL,1795753473428,1795753473428,NULL,NULL,'{}','[]','{}','far','7c7dafb29a3c91d88b13991cec11eafe28e59517939d253da87de2d2cc504530',NULL,NULL,NULL,1,NULL,NULL,NULL,'{}','{}');
INSERT INTO "post" VALUES(6,'Edited twice','scheduled',1893574800000,NULL,1795753473528,1795753473605,NULL,NULL,'{}','[]','{}',NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL,'{}','{}');
INSERT INTO "post" VALUES(7,'Deleted','draft',NULL,NULL,1795753473650,1795753473650,NULL,NULL,'{}','[]','{}','del','90554daddd6f518b2ee22471ca1c7e10c80457ca52ac74b7a1bfc0ef56a614c3',NULL,NULL,NULL,1,NULL,NULL,NULL,'{}','{}');
INSERT INTO "post" VALUES(8,'Goes','draft',NULL,NULL,1795753473708,1795753473720,1795753473719,NULL,'{}','[]','{}',NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL,'{}','{}');
INSERT INTO "post" VALUES(9,'Unscheduled','draft',NULL,NULL,1795753473776,1795753474140,NULL,NULL,'{}','[]','{}',NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL,'{}','{}');
INSERT INTO "post" VALUES(10,'In a slot','scheduled',1796029200000,NULL,1795753474440,1795753474440,NULL,NULL,'{}','[]','{}',NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL,'{}','{}');
INSERT INTO "post" VALUES(11,'Again and again','draft',NULL,NULL,1795753474465,1795753474465,NULL,NULL,'{}','[]','{}',NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL,'{}','{}');
INSERT INTO "post" VALUES(12,'Again and again','scheduled',1798790400000,NULL,1795753474511,1795753474511,NULL,NULL,'{}','[]','{}',NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL,'{}','{}');
INSERT INTO "post" VALUES(13,'Pool one','draft',NULL,NULL,1795753474560,1795753474560,NULL,NULL,'{}','[]','{}',NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL,'{}','{}');
INSERT INTO "post" VALUES(14,'Pool one','scheduled',1811851200000,NULL,1795753474831,1795753474831,NULL,NULL,'{}','[]','{}',NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL,'{}','{}');
INSERT INTO "post" VALUES(15,'Planned','scheduled',1795892400000,NULL,1795753474893,1795753475409,NULL,NULL,'{}','[]','{}',NULL,NULL,'plan',NULL,NULL,1,NULL,NULL,NULL,'{}','{}');
INSERT INTO "post" VALUES(16,'Approved','scheduled',1898586000000,NULL,1795753475431,1795753475451,NULL,NULL,'{}','[]','{}',NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL,'{}','{}');
INSERT INTO "post" VALUES(17,'Rejected','draft',NULL,NULL,1795753475464,1795753475478,NULL,NULL,'{}','[]','{}',NULL,NULL,NULL,1795753475477,'The price is wrong',1,NULL,NULL,NULL,'{}','{}');
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
    url TEXT, focus TEXT, captions TEXT, thumbnail TEXT, part INTEGER, only TEXT,
    PRIMARY KEY (post_id, position),
    FOREIGN KEY(post_id) REFERENCES post (id)
);
INSERT INTO "post_media" VALUES(1,0,'ec1ce90895391c1aa48e6efb435fa2fb208446cc1c69ed0bd30f6e55070dfbbe','clip.mp4','video/mp4',14947,540,960,4024,'h264',29.827,1,'A clip',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "post_media" VALUES(3,0,'ec1ce90895391c1aa48e6efb435fa2fb208446cc1c69ed0bd30f6e55070dfbbe','clip.mp4','video/mp4',14947,540,960,4024,'h264',29.827,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "post_media" VALUES(5,0,'ec1ce90895391c1aa48e6efb435fa2fb208446cc1c69ed0bd30f6e55070dfbbe','clip.mp4','video/mp4',14947,540,960,4024,'h264',29.827,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "post_media" VALUES(13,0,'ec1ce90895391c1aa48e6efb435fa2fb208446cc1c69ed0bd30f6e55070dfbbe','clip.mp4','video/mp4',14947,540,960,4024,'h264',29.827,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "post_media" VALUES(14,0,'ec1ce90895391c1aa48e6efb435fa2fb208446cc1c69ed0bd30f6e55070dfbbe','clip.mp4','video/mp4',14947,540,960,4024,'h264',29.827,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "post_media" VALUES(15,0,'ec1ce90895391c1aa48e6efb435fa2fb208446cc1c69ed0bd30f6e55070dfbbe','clip.mp4','video/mp4',14947,540,960,4024,'h264',29.827,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE post_tag (
    post_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (post_id, position),
    FOREIGN KEY(post_id) REFERENCES post (id)
);
INSERT INTO "post_tag" VALUES(1,0,'launch');
INSERT INTO "post_tag" VALUES(4,0,'pool');
INSERT INTO "post_tag" VALUES(13,0,'pool');
INSERT INTO "post_tag" VALUES(14,0,'pool');
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
INSERT INTO "publisher" VALUES(1,'another',1,'loop',1,'1',1795753469640,1795753469640,195.0);
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
INSERT INTO "rate_limit" VALUES(1,'account','','posts',50,40,1,1);
CREATE TABLE reading (
    delivery_id INTEGER NOT NULL,
    read_at INTEGER NOT NULL,
    next_at INTEGER,
    PRIMARY KEY (delivery_id),
    FOREIGN KEY(delivery_id) REFERENCES delivery (id)
);
INSERT INTO "reading" VALUES(1,1795753473363,1795757072004);
INSERT INTO "reading" VALUES(2,1795753472008,1795757072008);
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
    ended_at INTEGER, rule TEXT, anchor TEXT,
    FOREIGN KEY(post_id) REFERENCES post (id)
);
INSERT INTO "recurrence" VALUES(1,11,NULL,NULL,'0 9 1 1 *','Europe/Zurich',NULL,10,'[]',1830326400000,1798790400000,1795753474503,NULL,NULL,NULL,NULL);
INSERT INTO "recurrence" VALUES(2,NULL,'pool',2592000.0,'0 12 1 6 *','UTC',NULL,NULL,'[]',1843473600000,1811851200000,1795753474577,NULL,NULL,NULL,NULL);
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
INSERT INTO "sample" VALUES(1,1,'h0',1790845200000,1791018000000,10,2,1,500,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(2,1,'h1',1790935200000,1791108000000,11,2,1,501,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(3,1,'h10',1791712800000,1791885600000,20,2,1,510,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(4,1,'h11',1791802800000,1791975600000,21,2,1,511,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(5,1,'h12',1791892800000,1792065600000,22,2,1,512,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(6,1,'h13',1791982800000,1792155600000,23,2,1,513,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(7,1,'h14',1792072800000,1792245600000,24,2,1,514,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(8,1,'h15',1792162800000,1792335600000,25,2,1,515,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(9,1,'h16',1792252800000,1792425600000,26,2,1,516,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(10,1,'h17',1792342800000,1792515600000,27,2,1,517,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(11,1,'h18',1792400400000,1792573200000,28,2,1,518,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(12,1,'h19',1792490400000,1792663200000,29,2,1,519,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(13,1,'h2',1791025200000,1791198000000,12,2,1,502,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(14,1,'h20',1792580400000,1792753200000,30,2,1,520,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(15,1,'h21',1792670400000,1792843200000,31,2,1,521,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(16,1,'h22',1792760400000,1792933200000,32,2,1,522,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(17,1,'h23',1792850400000,1793023200000,33,2,1,523,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(18,1,'h24',1792940400000,1793113200000,34,2,1,524,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(19,1,'h25',1793030400000,1793203200000,35,2,1,525,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(20,1,'h26',1793120400000,1793293200000,36,2,1,526,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(21,1,'h27',1793178000000,1793350800000,37,2,1,527,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(22,1,'h28',1793268000000,1793440800000,38,2,1,528,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(23,1,'h29',1793358000000,1793530800000,39,2,1,529,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(24,1,'h3',1791115200000,1791288000000,13,2,1,503,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(25,1,'h4',1791205200000,1791378000000,14,2,1,504,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(26,1,'h5',1791295200000,1791468000000,15,2,1,505,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(27,1,'h6',1791385200000,1791558000000,16,2,1,506,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(28,1,'h7',1791475200000,1791648000000,17,2,1,507,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(29,1,'h8',1791565200000,1791738000000,18,2,1,508,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(30,1,'h9',1791622800000,1791795600000,19,2,1,509,NULL,NULL,NULL,NULL);
INSERT INTO "sample" VALUES(31,1,'17150324385636327',1795753471000,1795753473363,0,0,NULL,NULL,NULL,NULL,'video','Hello');
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
INSERT INTO "session" VALUES(1,'3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d','ann','publish,approve',NULL,1795753480000,1830000000000);
CREATE TABLE setting (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
);
INSERT INTO "setting" VALUES('plan.min_gap_s','1800');
CREATE TABLE short_link (
	link TEXT NOT NULL, 
	short TEXT NOT NULL, 
	PRIMARY KEY (link)
);
INSERT INTO "short_link" VALUES('https://example.org/a','https://s.example/1');
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
INSERT INTO "slot" VALUES(1,3,'0 9 * * 1,3','UTC','mornings',1795753474261);
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
INSERT INTO "source" VALUES(1,'blog','https://example.org/feed.xml','https://example.org/feed.xml','rss','[3]',NULL,'next-slot',5,3600,604800,'[]','[]',0,1,'link',0,'"e1"',NULL,NULL,NULL,NULL,0,1795753474300,1795757074300,1,1795753474300,0,NULL,NULL,'[]',0,NULL,NULL,NULL);
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
	FOREIGN KEY(post_id) REFERENCES post (id), 
	FOREIGN KEY(source_id) REFERENCES source (id), 
	UNIQUE (source_id, k1)
);
INSERT INTO "source_item" VALUES(1,1,'https://example.org/a',NULL,NULL,NULL,'https://example.org/a','A',1795753474300,NULL,1795753474300,1795753474300,'held',NULL,NULL,NULL,'{}');
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
INSERT INTO "store" VALUES(1,'88077a421c13fedb86c4978f3555f9d7','0123456789abcdef0123456789abcdef',1795753469387,1795753469803,'host','11535068.3269003007',1795753474855,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE store_mark (
    xid INTEGER NOT NULL,
    PRIMARY KEY (xid)
);
INSERT INTO "store_mark" VALUES(1);
CREATE TABLE submitted_draft (
    post_id INTEGER NOT NULL,
    external_ref TEXT NOT NULL,
    platform TEXT NOT NULL,
    link TEXT,
    hint TEXT,
    PRIMARY KEY (post_id),
    FOREIGN KEY(post_id) REFERENCES post (id)
);
INSERT INTO "submitted_draft" VALUES(4,'ref-1','x',NULL,'tomorrow 9:00');
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
INSERT INTO "token" VALUES(1,'ann','0000000000000000000000000000000000000000000000000000000000000000','draft','[1]',1790000000000,NULL,NULL,NULL,NULL);
CREATE TABLE token_refresh (
    name TEXT NOT NULL,
    token TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    PRIMARY KEY (name)
);
INSERT INTO "token_refresh" VALUES('x/demo','0000000000000000000000000000000000000000000000000000000000000000',1795753469640);
CREATE TABLE webhook (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    url TEXT NOT NULL,
    events TEXT,
    accounts TEXT,
    private BOOLEAN NOT NULL,
    created_at INTEGER NOT NULL,
    rotated_until INTEGER
);
INSERT INTO "webhook" VALUES(1,'https://example.org/hook',NULL,NULL,0,1795753472004,NULL);
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
INSERT INTO "webhook_call" VALUES(1,1,1,'sent',1,NULL,1795753472004,1795753472004,200,NULL);
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
CREATE INDEX card_picture_by_sha256 ON card_picture (sha256);
CREATE INDEX attempt_charged ON attempt (at) WHERE cost IS NOT NULL;
CREATE INDEX post_media_by_thumbnail ON post_media (thumbnail) WHERE thumbnail IS NOT NULL;
CREATE INDEX source_to_poll ON source (next_poll_at) WHERE next_poll_at IS NOT NULL;
CREATE INDEX source_item_by_post ON source_item (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX source_item_by_seen ON source_item (source_id, seen_at);
CREATE INDEX source_item_held ON source_item (source_id) WHERE state = 'held';
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('account',6);
INSERT INTO "sqlite_sequence" VALUES('source',1);
INSERT INTO "sqlite_sequence" VALUES('source_item',1);
INSERT INTO "sqlite_sequence" VALUES('post',17);
INSERT INTO "sqlite_sequence" VALUES('delivery',17);
INSERT INTO "sqlite_sequence" VALUES('change',21);
INSERT INTO "sqlite_sequence" VALUES('attempt',15);
INSERT INTO "sqlite_sequence" VALUES('sample',31);
INSERT INTO "sqlite_sequence" VALUES('slot',1);
INSERT INTO "sqlite_sequence" VALUES('recurrence',2);
INSERT INTO "sqlite_sequence" VALUES('token',1);
INSERT INTO "sqlite_sequence" VALUES('login_link',1);
INSERT INTO "sqlite_sequence" VALUES('session',1);
INSERT INTO "sqlite_sequence" VALUES('approval_link',1);
INSERT INTO "sqlite_sequence" VALUES('event',1);
INSERT INTO "sqlite_sequence" VALUES('notification',1);
INSERT INTO "sqlite_sequence" VALUES('webhook',1);
INSERT INTO "sqlite_sequence" VALUES('publisher',1);
COMMIT;
