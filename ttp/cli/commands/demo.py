"""`ttp demo`: a guided tour of the real commands, in a scratch folder, against the built-in sandbox.

Every line of it is what a command printed or what the sandbox keeps on record; nothing is acted. It ends with an error
if the tour did not go as it is told.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import random
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from ttp.cli import settings
from ttp.cli.commands.sandbox import load_sandbox
from ttp.cli.context import Context
from ttp.cli.output import color_wanted
from ttp.domain.errors import TtpError

ACCOUNTS = ("instagram/demo", "tiktok/demo", "x/demo")
POSTS = 120


def demo(context: Context) -> None:
    """A tour of ttp against the built-in sandbox.

    In a scratch folder and over HTTP on this machine only; your own store is not touched. Takes a few seconds.

    Example: ttp demo
    """
    server = load_sandbox()
    with tempfile.TemporaryDirectory(prefix="ttp-demo-") as folder:
        scratch = Path(folder)
        (scratch / "web").mkdir()
        with server.running_sandbox(media_dir=scratch / "web") as sandbox, _environment(scratch, sandbox.url):
            Tour(context, scratch, sandbox.url).go()


@contextmanager
def _environment(scratch: Path, url: str) -> Iterator[None]:
    """The settings of the tour: a home of its own, the sandbox as all three platforms and as media host."""
    ours = {
        "TTP_HOME": str(scratch / "home"),
        "TTP_CONFIG": str(scratch / "config.toml"),
        **{settings.variable(f"platforms.{name}.base_url"): url for name in ("x", "instagram", "tiktok")},
        settings.variable("media_host.kind"): "folder",
        settings.variable("media_host.path"): str(scratch / "web"),
        settings.variable("media_host.base_url"): f"{url}/_sandbox/media/",
    }
    before = {name: value for name, value in os.environ.items() if name.startswith("TTP_") and name != "TTP_TZ"}
    for name in before:
        del os.environ[name]
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)
        os.environ.update(before)


class Tour:
    """One tour: runs commands, and says what they gave."""

    def __init__(self, context: Context, scratch: Path, url: str) -> None:
        self._context = context
        self._scratch = scratch
        self._url = url
        self._out = sys.stdout
        self._step = 0

    def go(self) -> None:
        from ttp.sandbox.files import CLIP

        self._print(
            "A tour in a scratch folder against the built-in sandbox of the three platforms,",
            "over real HTTP on this machine. Nothing leaves it; your own store is untouched.",
            "",
        )
        self._accounts()
        self._history()
        clip = self._scratch / "clip.mp4"
        clip.write_bytes(CLIP.read_bytes())
        names = ",".join(ACCOUNTS)
        words = ["create", "Hello", "--to", names, "--media", str(clip), "--at", "in 1s"]
        made = self._json(*words)
        self._say(f'ttp create "Hello" --to {names}', "")
        self._print(f"              --media clip.mp4 --at 'in 1s'             post {made['id']}, {made['status']}")
        self._run("ttp run --until-idle", "run", "--until-idle")
        self._expect(made["id"], "partial")
        renewed = self._renewed["tiktok/demo"]
        self._json("account", "add", "tiktok/demo", "--credentials", str(renewed))
        self._run(f"ttp account add tiktok/demo --credentials … && ttp retry {made['id']}", "retry", str(made["id"]))
        self._expect(made["id"], "published")
        self._record()
        self._print("", "Your turn:  ttp account connect     ttp create     ttp help")

    def _accounts(self) -> None:
        """Add the three accounts. TikTok's token is ended behind its back, as happens in life."""
        given = {entry["account"]: entry["credentials"] for entry in self._get("/_sandbox/accounts")}
        for name in ACCOUNTS:
            self._json("account", "add", name, "--credentials", str(self._file(name, given[name])))
        self._json("account", "set", "tiktok/demo", "--set", "tiktok.privacy_level=SELF_ONLY")
        fresh = self._get("/_sandbox/accounts", {"account": "tiktok/demo"})
        self._renewed = {"tiktok/demo": self._file("tiktok/renewed", fresh["credentials"])}
        self._say("ttp account add …", "  ".join(ACCOUNTS))

    def _history(self) -> None:
        history = self._scratch / "history.csv"
        with history.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(
                ("account", "remoteId", "publishedAt", "observedAt", "likes", "comments", "shares", "views")
            )
            writer.writerows(_made_up_history(self._context))
        done = self._json("metrics", "import", str(history))
        self._say("ttp metrics import history.csv", f"{done['inserted']} samples of {POSTS} posts (made up)")
        best = self._json("optimal", "--account", ACCOUNTS[0])["recommendation"]["bestHours"][0]
        share = f"{best['score']:.0%}".replace("%", " %")
        self._say(f"ttp optimal --account {ACCOUNTS[0]}", f"{best['hour']:02}:00 ({share} among your best five)")
        colored = color_wanted("auto", os.environ, is_terminal=self._out.isatty())
        words = ["optimal", "heatmap", "--account", ACCOUNTS[0]]
        self._run(f"ttp {shlex.join(words)}", *words, "--color", "always" if colored else "never")

    def _expect(self, post_id: int, status: str) -> None:
        post = self._json("show", str(post_id))
        done = sum(delivery["state"] == "published" for delivery in post["deliveries"])
        self._print(
            f"   post {post_id} is {str(post['status']).upper()}: {done} of {len(post['deliveries'])} published"
        )
        if post["status"] != status:
            raise TtpError(f"the tour went wrong: post {post_id} is {post['status']}, not {status}")

    def _record(self) -> None:
        """What the platforms' followers see: every account exactly one post."""
        seen = [post["account"] for post in self._get("/_sandbox/posts")]
        self._say("the sandbox's own record", ", ".join(f"{name} {seen.count(name)}" for name in ACCOUNTS))
        if sorted(seen) != sorted(ACCOUNTS):
            raise TtpError(f"the tour went wrong: the platforms have {', '.join(seen) or 'nothing'}")
        self._print("   (nothing was posted twice)")

    def _run(self, shown: str, *words: str) -> None:
        """Run a command whose lines are shown as they come."""
        self._say(shown, "")
        with contextlib.redirect_stdout(_Indented(self._out)):
            _call([*words, "--format", "table"])  # as a person sees it, wherever the tour is shown

    def _json(self, *words: str) -> Any:
        """Run a command, and answer what it prints as JSON."""
        heard = io.StringIO()
        with contextlib.redirect_stdout(heard):
            code = _call([*words, "--json", "--quiet"])
        if code != 0:
            raise TtpError(f"the tour went wrong at: ttp {shlex.join(words)}")
        return json.loads(heard.getvalue())

    def _get(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Ask the sandbox's control API; a POST where there is a body."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        import urllib.request

        request = urllib.request.Request(self._url + path, data, headers)  # noqa: S310 (a loopback address of ours)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as answer:
            return json.load(answer)

    def _file(self, name: str, credentials: object) -> Path:
        path = self._scratch / f"{name.replace('/', '-')}.json"
        path.write_text(json.dumps(credentials))
        return path

    def _say(self, command: str, result: str) -> None:
        self._step += 1
        self._print(f"{self._step}  {command:<45} {result}".rstrip())

    def _print(self, *lines: str) -> None:
        for line in lines:
            self._out.write(f"{line}\n")
        self._out.flush()


def _call(words: Sequence[str]) -> int:
    from ttp.cli.main import main

    return main(words)


def _made_up_history(context: Context) -> Iterator[tuple[object, ...]]:
    """Two samples of each of 120 posts, whose evenings do better; the same on every day of a zone."""
    dice = random.Random(7)  # noqa: S311 (a demo's data)
    now, zone = context.now(), context.zone
    for number in range(POSTS):
        day = (now - timedelta(days=3 + number)).astimezone(zone)
        at = day.replace(hour=dice.choice((8, 12, 15, 18, 19, 21)), minute=dice.randrange(60), second=0, microsecond=0)
        likes = round(80 * (1.8 if at.hour in (18, 19) else 1.0) * dice.lognormvariate(0, 0.4))
        for after, share in ((timedelta(hours=1), 0.3), (timedelta(hours=48), 1.0)):
            counts = [round(likes * share * part) for part in (1.0, 0.08, 0.05, 20.0)]
            yield (ACCOUNTS[0], f"history-{number}", at.isoformat(), (at + after).isoformat(), *counts)


class _Indented(io.TextIOBase):
    """A stream that writes to another, every line moved in."""

    encoding = "utf-8"

    def __init__(self, to: Any) -> None:
        self._to = to
        self._at_start = True

    def write(self, text: str) -> int:
        for line in text.splitlines(keepends=True):
            self._to.write(f"   {line}" if self._at_start and line.strip() else line)
            self._at_start = line.endswith("\n")
        return len(text)

    def flush(self) -> None:
        self._to.flush()
