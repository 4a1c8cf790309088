"""`ttp sandbox` and `ttp demo`."""

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
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

from ttp.cli.commands.setup.practice_store import (
    DEFAULT_PORT,
    as_stdin,
    call_json,
    call_sandbox,
    environment,
    print_environment,
    sandbox_variables,
    stop_sandbox,
)
from ttp.cli.context import Context
from ttp.cli.output import color_wanted
from ttp.cli.parameters import flag, option
from ttp.cli.terminal import print_out, terminal_width
from ttp.domain.errors import Busy, Hint, NotAllowed, TtpError, UsageError


def sandbox(
    context: Context,
    port: Annotated[
        int, option("--port", "N", "The port (8700); 0 picks a free one.", min=0, max=65535)
    ] = DEFAULT_PORT,
    state: Annotated[str | None, option("--state", "DIR", "Keep accounts and posts in this folder.")] = None,
    media: Annotated[str | None, option("--media", "DIR", "Serve this folder, for platforms that fetch media.")] = None,
    settings: Annotated[
        list[str] | None, option("--set", "NAME=VALUE", "Switch something on: a name in /_sandbox/help.")
    ] = None,
    env: Annotated[
        bool, flag("--env", "Print variables for the shell: a practice store, its accounts connected.")
    ] = False,
    stop: Annotated[bool, flag("--stop", "End the sandbox that --env started.")] = False,
) -> None:
    """Run stand-ins of the platforms on this machine, to try things out.

    With --env it runs in the background, and the shell gets a store of its own, whose accounts are connected; your own
    store is not touched. Type it as eval "$(ttp sandbox --env)", in fish as ttp sandbox --env | source.

    The page /_sandbox/help lists accounts, credentials and what can be switched on.

    Examples:
      ttp sandbox --env
      ttp sandbox --stop
      ttp sandbox --media web --set auto_approve=true
    """
    server = load_sandbox()
    from ttp.sandbox.control import NoSetting
    from ttp.sandbox.state import OldState

    if (env or stop) and media is not None:
        raise UsageError("--media: the sandbox of --env serves a folder of its own", Hint("see", "ttp sandbox --help"))
    if stop:
        stop_sandbox(port)
        return
    folder, served = (None if name is None else Path(name) for name in (state, media))
    for path in filter(None, (state, media)):
        context.own_files.refuse(Path(path), path)
    switches = dict(map(_setting, settings or ()))
    if env:
        print_environment(context, port, folder, switches, partial(_connect, context))
        return
    try:
        server.serve(port, folder, lambda url: print_out(f"{url}\n"), served, switches)
    except NoSetting as wrong:
        raise UsageError(f"--set {wrong}", Hint("see", "ttp sandbox --help")) from None
    except OldState as old:
        raise UsageError(str(old), Hint("fix", "ttp sandbox --state NEW_FOLDER")) from None
    except OSError as error:
        raise Busy(
            f"the sandbox cannot start on port {port}: {error.strerror or error}", Hint("try", "ttp sandbox --port 0")
        ) from None


def _setting(text: str) -> tuple[str, Any]:
    """Parse `processing_s=30` into the name and the JSON value. UsageError."""
    name, _, value = text.partition("=")
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        raise UsageError(
            f"--set {text}: the value is not JSON: true, 30, null, {{...}}", Hint("see", "ttp sandbox --help")
        ) from None


def load_sandbox() -> ModuleType:
    """Import the server of the sandbox. NotAllowed if its packages are not installed."""
    try:
        from ttp.sandbox import server
    except ImportError as error:
        raise NotAllowed(
            f"the sandbox needs packages that are not installed ({error.name})",
            Hint("fix", "pip install 'ttp-cli[sandbox]'"),
        ) from None
    return server


def _connect(context: Context, url: str) -> None:
    """Add the accounts of a sandbox to the store of the environment, with the credentials that it has for them now."""
    names = {one["account"] for one in call_json(context, ["account", "list"], "the practice store")}
    for one in call_sandbox(url, "accounts"):
        _add_account(context, one["account"], one["credentials"], is_new=one["account"] not in names)


def _add_account(context: Context, name: str, credentials: object, *, is_new: bool) -> None:
    task = "the practice store"
    with as_stdin(json.dumps(credentials)):
        call_json(context, ["account", "add", name, "--credentials", "-"], task)
    if is_new and name.startswith("mastodon/"):
        call_json(context, ["account", "check", name], task)  # asks the server what it allows
    if is_new and name.startswith("tiktok/"):
        call_json(context, ["account", "set", name, "--set", "tiktok.privacy_level=SELF_ONLY"], task)


CLIP_ACCOUNTS = ("instagram/demo", "tiktok/demo", "x/demo")
PARTS = ("Four new beans from Friday.", "Two are washed, two natural.", "Come and taste them.")
POSTS = 120


def demo(context: Context) -> None:
    """Take a tour of ttp against the built-in sandbox.

    It uses a temporary folder and HTTP on this machine only, and does not touch your store. It takes a few seconds.

    Examples:
      ttp demo
    """
    server = load_sandbox()
    with tempfile.TemporaryDirectory(prefix="ttp-demo-") as folder:
        scratch = Path(folder)
        (scratch / "web").mkdir()
        variables = {"COLUMNS": str(terminal_width(sys.stdout, os.environ) - INDENT)}
        with server.running_sandbox(media_dir=scratch / "web") as sandbox:
            variables |= sandbox_variables(context, scratch / "home", sandbox.url, scratch / "web")
            with environment(variables):
                Tour(context, scratch, sandbox.url).go()


INDENT = 3
"""Columns before the lines of the tour's commands."""


class Tour:
    """One tour: runs commands and prints their results."""

    def __init__(self, context: Context, scratch: Path, url: str) -> None:
        self._context = context
        self._scratch = scratch
        self._url = url
        self._out = sys.stdout
        self._step = 0
        self._accounts_of_thread: list[str] = []

    def go(self) -> None:
        self._print(
            "A tour in a temporary folder, against the built-in stand-ins of the platforms.",
            "Nothing leaves this machine, and your own store is not touched.",
            "",
        )
        self._accounts()
        self._history()
        self._thread()
        self._clip()
        self._record()
        self._print("", "Your turn:  ttp init    ttp create 'Hello'    ttp help")

    def _thread(self) -> None:
        """Publish one post with four images and a thread to three platforms, after a look at its counts."""
        from ttp.sandbox.files import PHOTO

        first, *rest = PARTS
        words = ["create", first, "--to", "x,bluesky,mastodon"]
        for name in ("cup", "bag", "bar", "shop"):
            image = self._scratch / f"{name}.jpg"
            image.write_bytes(PHOTO.read_bytes() + name.encode())
            words += ["--media", str(image), "--alt", f"The {name}"]
        for text in rest:
            words += ["--thread", text]
        self._say(f'ttp create "{first}" --to x,bluesky,mastodon \\')
        self._print("       --media …  (4 images)  --thread …  (3 parts)  --dry-run")
        versions = self._json(*words, "--dry-run")["versions"]
        self._accounts_of_thread = [version["account"] for version in versions]
        for version in versions:
            counts = "  ".join(f"{part['length']}/{part['limit']}" for part in version["parts"])
            cost = "" if version["costUsd"] is None else f"  ${version['costUsd']:.3f}"
            self._print(f"   {version['account']:<30}  {counts}  {len(version['media'])} images{cost}")
        made = self._json(*words, "--at", "in 1s")
        self._run("ttp create … --at 'in 1s' && ttp run --until-idle", "run", "--until-idle")
        self._expect(made["id"], "published")

    def _clip(self) -> None:
        """Publish a video to three accounts, one of which must be connected again."""
        from ttp.sandbox.files import CLIP

        clip = self._scratch / "clip.mp4"
        clip.write_bytes(CLIP.read_bytes())
        names = ",".join(CLIP_ACCOUNTS)
        words = ["create", "Hello", "--to", names, "--media", str(clip), "--at", "in 1s"]
        made = self._json(*words)
        self._say(f'ttp create "Hello" --to {names} \\')
        self._print("       --media clip.mp4 --at 'in 1s'", f"   post {made['id']}, {made['status']}")
        self._run("ttp run --until-idle", "run", "--until-idle")
        self._expect(made["id"], "partial")
        renewed = self._renewed["tiktok/demo"]
        self._json("account", "add", "tiktok/demo", "--credentials", str(renewed))
        self._run(f"ttp account add tiktok/demo --credentials … && ttp retry {made['id']}", "retry", str(made["id"]))
        self._expect(made["id"], "published")

    def _accounts(self) -> None:
        """Add an account on each platform. The token of one is revoked, as happens in practice."""
        by_account = {entry["account"]: entry["credentials"] for entry in call_sandbox(self._url, "accounts")}
        for name, credentials in by_account.items():
            _add_account(self._context, name, credentials, is_new=True)
        fresh = call_sandbox(self._url, "accounts", {"account": "tiktok/demo"})
        self._renewed = {"tiktok/demo": self._file("tiktok/renewed", fresh["credentials"])}
        self._say("ttp account add …", *sorted(by_account))

    def _history(self) -> None:
        from ttp.domain.metrics.sample import MAIN_COUNTS

        history = self._scratch / "history.csv"
        with history.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("account", "remoteId", "publishedAt", "observedAt", *MAIN_COUNTS))
            writer.writerows(_made_up_history(self._context))
        done = self._json("metrics", "import", str(history))
        self._say("ttp metrics import history.csv", f"{done['inserted']} samples of {POSTS} posts (made up)")
        best = self._json("optimal", "--account", CLIP_ACCOUNTS[0])["recommendation"]["bestHours"][0]
        self._say(f"ttp optimal --account {CLIP_ACCOUNTS[0]}", f"{best['hour']:02}:00 ({_chance(best['score'])})")
        colored = color_wanted("auto", os.environ, is_terminal=self._out.isatty())
        words = ["optimal", "heatmap", "--account", CLIP_ACCOUNTS[0]]
        self._run(f"ttp {shlex.join(words)}", *words, "--color", "always" if colored else "never")

    def _expect(self, post_id: int, status: str) -> None:
        post = self._json("show", str(post_id))
        done = sum(delivery["state"] == "published" for delivery in post["deliveries"])
        self._print(
            f"   post {post_id} is {str(post['status']).upper()}: {done} of {len(post['deliveries'])} published"
        )
        if post["status"] != status:
            raise TtpError(f"the tour failed: post {post_id} is {post['status']}, not {status}")

    def _record(self) -> None:
        """Compare with what followers see: the parts of the thread on three accounts, and the video on three."""
        accounts = [post["account"] for post in call_sandbox(self._url, "posts")]
        due = [*CLIP_ACCOUNTS, *(name for name in self._accounts_of_thread for _ in PARTS)]
        counts = (f"{name.partition('/')[0]} {accounts.count(name)}" for name in sorted(set(due)))
        self._say("what the platforms have", "  ".join(counts))
        if sorted(accounts) != sorted(due):
            raise TtpError(f"the tour failed: the platforms have {', '.join(accounts) or 'nothing'}")
        self._print("   (nothing was posted twice)")

    def _run(self, shown: str, *words: str) -> None:
        """Run a command and show its lines as they come."""
        self._say(shown)
        with contextlib.redirect_stdout(_Indented(self._out)):
            _call([*words, "--format", "table"])  # as a person sees it, wherever the tour is shown

    def _json(self, *words: str) -> Any:
        """Run a command and return its JSON."""
        return call_json(self._context, words, "the tour")

    def _file(self, name: str, credentials: object) -> Path:
        path = self._scratch / f"{name.replace('/', '-')}.json"
        path.write_text(json.dumps(credentials))
        return path

    def _say(self, command: str, *results: str) -> None:
        self._step += 1
        self._print(f"{self._step}  {command}", *(f"   {result}" for result in results))

    def _print(self, *lines: str) -> None:
        for line in lines:
            self._out.write(f"{line}\n")
        self._out.flush()


def _call(words: Sequence[str]) -> int:
    from ttp.cli.main import main

    return main(words)


def _chance(score: float) -> str:
    """Return how likely an hour is one of the best, in words."""
    sure = "almost certainly" if score > 0.95 else "probably" if score > 0.7 else "possibly"
    return f"{sure} one of your best five hours"


def _made_up_history(context: Context) -> Iterator[tuple[object, ...]]:
    """Yield two samples of each of 120 posts; posts in the evening do better."""
    dice = random.Random(7)  # noqa: S311 (a demo's data)
    now, zone = context.now(), context.zone
    for number in range(POSTS):
        day = (now - timedelta(days=3 + number)).astimezone(zone)
        at = day.replace(hour=dice.choice((8, 12, 15, 18, 19, 21)), minute=dice.randrange(60), second=0, microsecond=0)
        likes = round(80 * (1.8 if at.hour in (18, 19) else 1.0) * dice.lognormvariate(0, 0.4))
        for after, share in ((timedelta(hours=1), 0.3), (timedelta(hours=48), 1.0)):
            counts = [round(likes * share * part) for part in (1.0, 0.08, 0.05, 20.0)]
            yield (CLIP_ACCOUNTS[0], f"history-{number}", at.isoformat(), (at + after).isoformat(), *counts)


class _Indented(io.TextIOBase):
    """A stream that indents every line and writes it to another stream."""

    encoding = "utf-8"

    def __init__(self, to: Any) -> None:
        self._to = to
        self._at_start = True

    def write(self, text: str) -> int:
        for line in text.splitlines(keepends=True):
            self._to.write(f"{' ' * INDENT}{line}" if self._at_start and line.strip() else line)
            self._at_start = line.endswith("\n")
        return len(text)

    def flush(self) -> None:
        self._to.flush()
