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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

from ttp.cli import settings
from ttp.cli.context import Context
from ttp.cli.output import color_wanted
from ttp.cli.terminal import print_out, terminal_width
from ttp.domain.errors import Busy, Hint, NotAllowed, TtpError, UsageError


def sandbox(
    context: Context,
    port: Annotated[
        int, typer.Option("--port", metavar="N", help="The port (8700); 0 picks a free one.", min=0, max=65535)
    ] = 8700,
    state: Annotated[
        str | None, typer.Option("--state", metavar="DIR", help="Keep accounts and posts in this folder.")
    ] = None,
    media: Annotated[
        str | None, typer.Option("--media", metavar="DIR", help="Serve this folder, for platforms that fetch media.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Switch something on: a name in /_sandbox/help."),
    ] = None,
) -> None:
    """Run stand-ins of the platforms on this machine, to try things out.

    Its page /_sandbox/help lists accounts, credentials and what can be switched on. With these variables ttp publishes
    there (--media web is for Instagram):

    \b
      export TTP_PLATFORMS__BLUESKY__BASE_URL=http://127.0.0.1:8700
      export TTP_PLATFORMS__X__BASE_URL=http://127.0.0.1:8700
      export TTP_PLATFORMS__INSTAGRAM__BASE_URL=http://127.0.0.1:8700
      export TTP_PLATFORMS__TIKTOK__BASE_URL=http://127.0.0.1:8700
      export TTP_MEDIA_HOST__KIND=folder TTP_MEDIA_HOST__PATH="$PWD/web"
      export TTP_MEDIA_HOST__BASE_URL=http://127.0.0.1:8700/_sandbox/media

    Examples:
      ttp sandbox --media web --set auto_approve=true
    """
    server = load_sandbox()
    from ttp.sandbox.control import NoSetting
    from ttp.sandbox.state import OldState

    folder, served = (None if name is None else Path(name) for name in (state, media))
    for path in filter(None, (state, media)):
        context.own_files.refuse(Path(path), path)
    try:
        server.serve(port, folder, lambda url: print_out(f"{url}\n"), served, dict(map(_setting, settings or ())))
    except NoSetting as wrong:
        raise UsageError(f"--set {wrong}", Hint("see", "ttp sandbox --help")) from None
    except OldState as old:
        raise UsageError(str(old), Hint("fix", "ttp sandbox --state NEW_FOLDER")) from None
    except OSError as error:
        raise Busy(
            f"the sandbox cannot start on port {port}: {error.strerror or error}",
            Hint("try", "ttp sandbox --port 0"),
        ) from None


def _setting(text: str) -> tuple[str, Any]:
    """Parse `processing_s=30` into the name and the JSON value. UsageError."""
    name, _, value = text.partition("=")
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        raise UsageError(
            f"--set {text}: the value is not JSON: true, 30, null, {{...}}",
            Hint("see", "ttp sandbox --help"),
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
        with server.running_sandbox(media_dir=scratch / "web") as sandbox, _environment(scratch, sandbox.url):
            Tour(context, scratch, sandbox.url).go()


@contextmanager
def _environment(scratch: Path, url: str) -> Iterator[None]:
    """Set the environment of the tour: a temporary home, and the sandbox as platforms and media host."""
    ours = {
        "TTP_HOME": str(scratch / "home"),
        "TTP_CONFIG": str(scratch / "config.toml"),
        **{settings.variable(f"platforms.{name}.base_url"): url for name in ("x", "bluesky", "instagram", "tiktok")},
        settings.variable("media_host.kind"): "folder",
        settings.variable("media_host.path"): str(scratch / "web"),
        settings.variable("media_host.base_url"): f"{url}/_sandbox/media/",
        "COLUMNS": str(terminal_width(sys.stdout, os.environ) - INDENT),
    }
    mine = {name for name in os.environ if name.startswith("TTP_") and name != "TTP_TZ"} | {"COLUMNS"}
    before = {name: value for name, value in os.environ.items() if name in mine}
    for name in before:
        del os.environ[name]
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)
        os.environ.update(before)


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
        by_account = {entry["account"]: entry["credentials"] for entry in self._get("/_sandbox/accounts")}
        for name, credentials in by_account.items():
            self._json("account", "add", name, "--credentials", str(self._file(name, credentials)))
            if name.startswith("mastodon/"):
                self._json("account", "check", name)  # asks the server what it allows
        self._json("account", "set", "tiktok/demo", "--set", "tiktok.privacy_level=SELF_ONLY")
        fresh = self._get("/_sandbox/accounts", {"account": "tiktok/demo"})
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
        accounts = [post["account"] for post in self._get("/_sandbox/posts")]
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
        heard = io.StringIO()
        with contextlib.redirect_stdout(heard):
            code = _call([*words, "--json", "--quiet"])
        if code != 0:
            raise TtpError(f"the tour failed at: ttp {shlex.join(words)}")
        return json.loads(heard.getvalue())

    def _get(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Call the control API of the sandbox; POST if there is a body."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        import urllib.request

        request = urllib.request.Request(self._url + path, data, headers)  # noqa: S310 (our own loopback address)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as answer:
            return json.load(answer)

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
