"""The JSON that commands answer, from one store with everything in it: `python -m tests.compat.commands` stores it.

Run it for a release: what is stored is what the next version is compared with.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.clock import FakeClock
from tests.compat.json_forms import Schema, form_of
from tests.conftest import Program, Ran, program
from tests.pictures import picture
from ttp.views.errors import CODES

STORED = Path(__file__).with_name("commands.json")

READING: dict[str, tuple[str, ...]] = {
    "list": ("list",),
    "show": ("show", "2"),
    "show failed": ("show", "4"),
    "status": ("status",),
    "init": ("init",),
    "account list": ("account", "list"),
    "account show": ("account", "show", "x/me"),
    "doctor": ("doctor",),
    "audit": ("audit",),
    "calendar": ("calendar", "2026-12"),
    "config show": ("config", "show"),
    "config get": ("config", "get", "publish.retry_max"),
    "slots list": ("slots", "list"),
    "slots preview": ("slots", "preview"),
    "repeat list": ("repeat", "list"),
    "metrics list": ("metrics", "list"),
    "metrics summary": ("metrics", "summary"),
    "report": ("report", "--by", "account,tag"),
    "optimal": ("optimal", "--all"),
    "optimal next": ("optimal", "next", "--count", "2"),
    "optimal week": ("optimal", "week"),
    "optimal heatmap": ("optimal", "heatmap"),
    "optimal explain": ("optimal", "explain", "18"),
    "optimal backtest": ("optimal", "backtest"),
    "export": ("export", "--format", "json"),
    "log": ("log", "4"),
    "history": ("history",),
    "webhook list": ("webhook", "list"),
    "webhook log": ("webhook", "log", "1"),
    "notify list": ("notify", "list"),
    "run --once": ("run", "--once"),
    "create --dry-run": ("create", "Text", "--to", "x/me", "--dry-run"),
    "plan --dry-run": ("plan", "--drafts", "--days", "3", "--dry-run"),
}
"""Commands that change no post, each run on the whole store."""

WRITING: dict[str, tuple[str, ...]] = {
    "create": ("create", "New", "--to", "x/me", "--key", "k"),
    "create again": ("create", "New", "--to", "x/me", "--key", "k"),
    "edit": ("edit", "1", "Changed"),
    "edit --where": ("edit", "--where", "tag=launch", "--add-tag", "more", "--yes"),
    "schedule": ("schedule", "1", "--at", "2026-12-24 09:00"),
    "unschedule": ("unschedule", "1"),
    "copy": ("copy", "1"),
    "undo": ("undo", "--yes"),
    "redo": ("redo", "--yes"),
    "resolve": ("resolve", "5", "--account", "x/me", "--not-published"),
    "retry": ("retry", "4", "--no-wait", "--yes"),
    "pause": ("pause",),
    "resume": ("resume",),
    "plan": ("plan", "1", "--days", "3", "--yes"),
    "import": ("import", "-"),
    "metrics import": ("metrics", "import", "-"),
    "delete": ("delete", "1", "--yes"),
    "backup": ("backup", "FOLDER/backup.zip"),
    "account add": ("account", "add", "x/new"),
    "account check": ("account", "check", "x/new"),
    "account set": ("account", "set", "x/new", "--tz", "Europe/Berlin"),
    "account disable": ("account", "disable", "x/new"),
    "account enable": ("account", "enable", "x/new"),
    "account remove": ("account", "remove", "x/new", "--yes"),
    "pause --account": ("pause", "--account", "x/shop"),
    "approve": ("approve", "2"),
    "reject": ("reject", "2", "--reason", "Too long"),
    "publish": ("publish", "2", "--no-wait", "--yes"),
    "retry --failed": ("retry", "--failed", "--no-wait", "--yes"),
    "token create": ("token", "create", "ann", "--capability", "read", "--account", "x/me", "--expires", "90d"),
    "token list": ("token", "list"),
    "token revoke": ("token", "revoke", "ann"),
    "slots add": ("slots", "add", "tue 10:00", "--account", "x/me"),
    "slots remove": ("slots", "remove", "1"),
    "repeat add": ("repeat", "add", "3", "--cron", "0 9 2 * *"),
    "repeat skip": ("repeat", "skip", "2"),
    "repeat pause": ("repeat", "pause", "2"),
    "repeat resume": ("repeat", "resume", "2"),
    "repeat stop": ("repeat", "stop", "2"),
    "config set": ("config", "set", "publish.retry_max", "5"),
    "sync": ("sync", "FOLDER/content", "--yes"),
    "lint": ("lint", "FOLDER/content"),
    "undo --list": ("undo", "--list"),
    "edit --dry-run": ("edit", "--where", "tag=launch", "--add-tag", "most", "--dry-run"),
    "import --dry-run": ("import", "-", "--dry-run"),
    "import --spread": ("import", "-", "--spread", "even", "--days", "3"),
    "metrics import --dry-run": ("metrics", "import", "-", "--dry-run"),
    "calendar --week": ("calendar", "--week", "2026-W52"),
    "list --needs-you": ("list", "--needs-you"),
    "service status": ("service", "status"),
    "restore": ("restore", "FOLDER/backup.zip"),
}
"""Commands that change the store, in this order. `FOLDER` is the test's own."""

REFUSED: dict[str, tuple[str, ...]] = {
    "not found": ("show", "999"),
    "usage": ("list", "--limit", "many"),
    "time": ("create", "Text", "--to", "x/me", "--at", "tomorrow"),
    "content": ("create", "x" * 300, "--to", "x/me", "--at", "2026-12-24 09:00"),
}
"""Commands that are refused: the JSON of errors, on stderr."""

NUMBERS = "account,remoteId,publishedAt,likes,comments,shares,views\n"
GIVEN = {
    "import": "text,to,at\nFrom a sheet,x/me,2026-12-26 09:00\n",
    "import --dry-run": "text,to,at\nFrom another,x/me,2026-12-27 09:00\n",
    "import --spread": "text,to\nWithout a time,x/me\n",
    "metrics import --dry-run": f"{NUMBERS}x/me,10,2026-11-01T10:00:00Z,1,2,3,4\n",
    "metrics import": f"{NUMBERS}x/me,9,2026-11-01T10:00:00Z,1,2,3,4\n",
}


def fill(ttp: Program) -> None:
    """Fill a store: accounts, posts in each state, media, slots, a repeat, and measured posts."""
    for name in ("x/me", "x/shop"):
        ttp.account(name)
    ttp.ok("webhook", "add", "http://127.0.0.1:9/", "--allow-private")
    file = ttp.home.parent / "picture.jpg"
    file.write_bytes(picture("JPEG"))
    media = ("--media", str(file), "--alt", "A cup")
    at = ("--at", "2026-12-20 09:00")
    ttp.post("A draft", "--to", "x/me", "--thread", "Second", "--tag", "launch", "--text", "x=A draft for X")
    ttp.post("Scheduled", "--to", "x/me,x/shop", *media, *at)
    for state in ("published", "failed", "needs_review"):
        post = ttp.post(f"Now {state}", "--to", "x/me", *at)
        if state == "published":
            ttp.bring(post, state, remote_id="73", published_at=ttp.clock.now())
        else:
            ttp.bring(post, state, error=("network", "no answer"))
    ttp.sql(
        "INSERT INTO attempt (delivery_id, number, step, phase, at, ended_at, outcome, kind, http_status, message)"
        " SELECT id, 1, 'create post', 'publish', 0, 1, 'not_done', 'network', 503, 'no answer' FROM delivery"
        " WHERE post_id = 4"
    )
    ttp.ok("slots", "add", "mon 09:00", "--account", "x/me")
    ttp.ok("repeat", "add", "2", "--cron", "0 9 1 * *")
    rows = []
    for number in range(1, 61):
        published_at = ttp.clock.now() - timedelta(days=number, hours=number % 5)
        rows.append(f"x/me,{number},{published_at:%Y-%m-%dT%H:%M:%SZ},{number % 7},1,1,90")
    ttp.ok("metrics", "import", "-", stdin=NUMBERS + "\n".join(rows) + "\n")
    content = ttp.home.parent / "content"
    content.mkdir()
    (content / "a.md").write_text("---\nto: x/me\n---\n\nFrom a folder\n")


def answers(ttp: Program) -> dict[str, Schema]:
    """Return the form of each command's JSON. Raises AssertionError if one answers none."""
    fill(ttp)
    runs: dict[str, Callable[[Ran], str]] = dict.fromkeys([*READING, *WRITING], lambda ran: ran.out)
    runs |= dict.fromkeys(REFUSED, lambda ran: ran.err.splitlines()[-1])
    found = {}
    for name, argv in (READING | WRITING | REFUSED).items():
        argv = tuple(word.replace("FOLDER", str(ttp.home.parent)) for word in argv)
        ran = ttp(*argv, *(() if name == "export" else ("--json",)), stdin=GIVEN.get(name, ""))
        try:
            found[name] = form_of([json.loads(runs[name](ran))])
        except (ValueError, IndexError):
            raise AssertionError((name, argv, ran)) from None
    codes = {f"{code}: exit code {ends}, status {status}": 0 for code, (ends, status) in CODES.items()}
    return found | {"codes of errors": form_of([codes])}


def stored() -> Mapping[str, Any]:
    """Return the forms of the last release."""
    forms: Mapping[str, Any] = json.loads(STORED.read_text(encoding="utf-8"))
    return forms


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, program(Path(folder), FakeClock()) as ttp:
        forms = answers(ttp)
    lines = [f"{json.dumps(name)}: {json.dumps(forms[name], sort_keys=True)}" for name in sorted(forms)]
    STORED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
