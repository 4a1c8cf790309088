"""What to do about the errors that have no command to type: in words, by the room that tells them and what they say.

The first that fits counts. A test holds that none of them fits nothing, and that no error is left without one.
"""

from __future__ import annotations

import re
from typing import TypeAlias

_ROW = "mend that row of the file, then import it again: what was taken is not taken twice"
_POSTS_FILE = "mend that place of the file, then import or sync it again: all of it or nothing is taken"
_FILE = "give the file again, once it can be read: its path, its modes, its format"
_CONFIG = "mend it with `ttp config edit`, or the variable that `ttp config show` names"
_OTHER_MEDIA = "give another file: `--media FILE`; with a saved post `ttp edit ID --media FILE`"
_A_BUG = "this is a bug; `ttp doctor` looks at the store, and `ttp log ID` at what was tried"

Cures: TypeAlias = tuple[tuple[str, str, str], ...]

CURES: Cures = (
    # (module, message, cure): both are patterns.
    ("cli/commands/bulk_edit", "quote", "close it: `--where 'search=\"two words\"'`"),
    ("cli/commands/config", "is a setting, not a table", "name the setting itself: `ttp config show` lists them"),
    (
        "cli/commands/config",
        "cannot be written",
        "make room for it, or its folder yours: `ttp config path` says where it is",
    ),
    ("cli/(commands/config|settings)", "cannot be read", _CONFIG),
    ("cli/settings", "", "give one that it names, with `ttp config set`, or in the variable; `ttp help environment`"),
    ("cli/commands/account", "nothing was typed", "type it: the same command asks again"),
    (
        "cli/commands/account",
        "redirect",
        "give the address that is registered for your app: docs/how-to/connect-x.md and its neighbours",
    ),
    ("cli/errors$", "memory", "give it less at once: a file in parts, fewer posts; or end other programs"),
    ("cli/(errors|output)$", "", "make room on the disk that stdout goes to, or send it elsewhere"),
    ("services/files/export", "written", "make room there, or the folder yours, or name another"),
    ("services/files/markdown", "UTF-8, so", "rename it: `mv OLD NEW`"),
    ("cli/in_editor", "", "write a text, or leave it: nothing was stored"),
    ("cli/options|cli/commands/metrics", "stdin", "pipe text in UTF-8 into it, or give a file in the place of `-`"),
    ("cli/(options|commands/metrics)|files/import_source", "UTF-8|cannot be read|file …", _FILE),
    ("cli/output", "at a time", "leave all but one out: `--json`, `--jsonl`, or `--format table` or `tsv`"),
    (
        "services/(post_changes|planning|undo)",
        "",
        "mend what it says of that post: `ttp show ID`, `ttp edit ID`",
    ),
    ("services/accounts", "", "write that time in UTC, as in the example, or leave it out"),
    ("services/bulk_edit", "", "move it less far, or leave it out of `--where`"),
    ("domain/post_edit", "time", "give it one: `ttp schedule ID --at TIME`"),
    ("domain/post_edit", "part", "nothing to do; to have it otherwise, `ttp delete ID --remote` takes it down"),
    ("services/connect", "secret", "give it when it asks, or with `--client-secret -` from stdin"),
    ("services/post_changes", "disabled", "`ttp account enable NAME`"),
    ("services/post_changes", "paused", "`ttp resume NAME`"),
    ("services/post_changes", "before", "connect it again before that: `ttp account connect NAME`"),
    ("services/files/import_source", "front matter", "begin the file with a line `---`, the fields, and another `---`"),
    ("services/files/(?!metrics)", "", _POSTS_FILE),
    ("cli/render/changes", "", _POSTS_FILE),
    ("domain/ingest/columns", "--map|both be", "name a column of the file and a field: `--map 'COLUMN=likes'`"),
    (
        "services/(metrics|files/metrics_rows)|domain/ingest/columns",
        "",
        "give an export of numbers by post, with its header: docs/reference/metrics-files.md",
    ),
    ("services/optimal", "", "get some: `ttp metrics pull --history 100`, or `ttp metrics import FILE`"),
    (
        "store/credentials|store/home/user_program",
        "",
        "look at the program or the keyring, then type it again: docs/how-to/credentials.md",
    ),
    ("store/ownership", "", "once nothing else publishes from it: `ttp run --take-over`"),
    ("domain/metric_schedule", "", '`ttp config set metrics.pull \'["1h", "24h", "7d"]\'`'),
    (
        "domain/ingest/(dates|own_format)|domain/sample",
        "day and month|may be|offset",
        "say so: `--dates dmy` or `--dates mdy`, `--tz ZONE`",
    ),
    ("domain/ingest/export_rows", "export it", "export it again with lifetime numbers"),
    ("domain/(ingest|sample)", "", _ROW),
    ("domain/media_probe", "", _OTHER_MEDIA),
    ("domain/options/reading", "", "`ttp help x`, `ttp help instagram` and `ttp help tiktok` have them all"),
    ("domain/price", "", "nothing to do; without the link it costs less"),
    ("domain/rules", "thread", "nothing to do, or another text for the others: `--text PLATFORM=TEXT`"),
    ("domain/rules", "alt text", "write a shorter one: `ttp edit ID --alt TEXT`"),
    ("(publisher/delivery_context|domain/(config|delivery))", "", _A_BUG),
    ("domain/errors", "", _A_BUG),
)
PLATFORM: Cures = (
    ("", "OAuth 1.0a", "take them back in X's developer portal"),
    ("", "no page of this", "link the Instagram account to a page of that user, then `ttp account connect instagram`"),
    ("", "userId", "give it: `ttp account add NAME --credentials FILE`, with userId"),
    ("", "token|connected|whose account|which app", "`ttp account connect NAME && ttp retry ID`"),
    ("", "its user do that", "log in as that user: `ttp account connect NAME`"),
    ("", "limit|quota|kept for publishing", "wait: it goes out by itself once there is room; `ttp status` says when"),
    ("", "still processing|not finished|sent again|the container", "wait: the publisher looks again by itself"),
    (
        "",
        "look-up|slept|taken over|ended before|duplicate|another delivery",
        "look at the account: `ttp show ID`, then `ttp resolve ID`",
    ),
    ("", "file it was|process|long; this|copy of", "`ttp edit ID --media FILE && ttp retry ID`"),
    ("", "", "`ttp log ID` has the platform's own words; then `ttp retry ID`"),
)


def cure(module: str, message: str, table: Cures = CURES) -> str | None:
    """What to do about a message of a module (`cli/options`), where there is no command to type."""
    by_message = sorted(table, key=lambda one: not one[1])  # what names a message before what names a module alone
    return next((how for room, said, how in by_message if re.search(room, module) and re.search(said, message)), None)
