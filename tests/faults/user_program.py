"""A program of the user's that publishes to the sandbox's Mastodon, as a network that ignores keys."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

PROGRAM = """
import json, os, pathlib, sys, urllib.request

order, here = json.load(sys.stdin), pathlib.Path(__file__)
known = json.loads(here.with_suffix(".json").read_text())
here.with_suffix(".pid").write_text(str(os.getpid()))


def call(method, path, body=None):
    headers = {"Authorization": "Bearer " + known["token"], "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(known["url"] + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=known["timeout"]) as answer:
        return json.load(answer)


def published():
    listed = call("GET", f"/api/v1/accounts/{known['user']}/statuses?limit=40")
    found = {one["spoiler_text"]: one["id"] for one in listed}
    return [found.get(name) for name in names]


texts = [order["text"], *order.get("thread", [])]
names = [f"{order['key']} {number}" for number in range(len(texts))]
if order["verb"] == "lookup":
    ids = published()
    answer = {"found": True, "id": ids[0], "parts": ids} if all(ids) else {"found": False}
else:
    ids = published() if len(texts) > 1 else [None]  # a thread that was begun is gone on with
    for number, (name, text) in enumerate(zip(names, texts)):
        if ids[number] is None:
            reply = {"in_reply_to_id": ids[number - 1]} if number else {}
            ids[number] = call("POST", "/api/v1/statuses", {"status": text, "spoiler_text": name, **reply})["id"]
    answer = {"id": ids[0], "parts": ids}
print(json.dumps(answer))
"""
RULES = 'verbs = ["publish", "lookup"]\nthread_parts = 3\ntimeout_s = 3\nsettle_s = 6\n'
"""A call that arrives late arrives in the settle window on any machine."""


def write_program(folder: Path, name: str, url: str, held: Mapping[str, str], timeout_s: float) -> Path:
    """Write a program, its rules, and what it knows of the network. Its path."""
    program = folder / f"{name}.py"
    program.write_text(f"#!{sys.executable} -IS\n{PROGRAM}")
    program.chmod(0o700)
    program.with_suffix(".toml").write_text(RULES)
    known = {"url": url, "user": held["userId"], "token": held["accessToken"], "timeout": timeout_s}
    program.with_suffix(".json").write_text(json.dumps(known))
    return program


def program_pid(program: Path) -> int:
    """Return the process id of the program's newest run."""
    return int(program.with_suffix(".pid").read_text())
