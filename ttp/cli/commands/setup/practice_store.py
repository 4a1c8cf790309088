"""`ttp sandbox --env` and `--stop`: a practice store whose accounts are connected to a sandbox in the background."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from ttp.cli import settings
from ttp.cli.context import Context
from ttp.cli.terminal import print_out, wrap_for, write_text
from ttp.domain.errors import Busy, Hint, TtpError, UsageError

_ADDRESS = "address"
"""The file of the practice store that has the address of its sandbox."""
DEFAULT_PORT = 8700
_LONGEST_S = 5.0


def sandbox_variables(context: Context, home: Path, url: str, media: Path | None) -> dict[str, str]:
    """Return the variables with which ttp publishes at a sandbox. `media`: the folder that it serves."""
    # Where a handle names its server, the address of an account of the sandbox is in its name.
    platforms = [name for name in context.platforms.names() if context.platforms.facts(name).server != "in_handle"]
    settings_of = [f"platforms.{name}.base_url" for name in platforms]
    by_setting = {name: url for name in settings_of if name in context.keys}
    if media is not None:
        by_setting |= {
            "media_host.kind": "folder",
            "media_host.path": str(media),
            "media_host.base_url": f"{url}/_sandbox/media/",
        }
    return {"TTP_HOME": str(home)} | {settings.variable(name): value for name, value in by_setting.items()}


def call_sandbox(url: str, path: str, body: Mapping[str, object] | None = None) -> Any:
    """Call a control path of the sandbox, POST if there is a body, and return the JSON. OSError, ValueError."""
    import urllib.request

    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 (our own loopback address)
        f"{url}/_sandbox/{path}", data, {"Content-Type": "application/json"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=_LONGEST_S) as answer:
        return json.load(answer)


@contextmanager
def environment(variables: Mapping[str, str], kept: Callable[[str], bool] = lambda name: False) -> Iterator[None]:
    """Set variables for the length of a block, and none of ttp's but those that are `kept`, and TTP_TZ."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("TTP_") and name != "TTP_TZ" and not kept(name):
            del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in {*os.environ} - {*before}:
            del os.environ[name]
        os.environ.update(before)


def call_json(context: Context, words: Sequence[str], task: str) -> Any:
    """Run a command, and return its JSON. `task` is what failed if it fails."""
    from ttp.cli.main import main

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = main([*words, "--json", "--quiet"], context.clock)
    if code != 0:
        raise TtpError(f"{task} failed at: ttp {shlex.join(words)}")
    return json.loads(printed.getvalue())


def print_environment(
    context: Context, port: int, folder: Path | None, switches: Mapping[str, object], connect: Callable[[str], None]
) -> None:
    """Print the variables of the practice store in `folder`, its accounts connected to the sandbox at `port`, which is
    started if none runs there. `connect` adds the accounts of the sandbox at an address."""
    if folder is None:
        from platformdirs import user_data_path

        folder = user_data_path("ttp-sandbox", appauthor=False)
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    address = folder / _ADDRESS
    if port == 0 and address.is_file():  # the free port that an earlier one got
        port = int(address.read_text().rpartition(":")[2])
    url, media = (port and _find(port)) or _start(port, folder)
    address.write_text(url)
    if switches:
        _switch(url, switches)
    variables = sandbox_variables(context, folder / "home", url, media)
    with environment(variables, kept=lambda name: name == "TTP_CAPABILITY"):
        connect(url)
    # Empty is not set, and `unset` is another word in fish.
    others = {
        name: ""
        for name in ("TTP_CONFIG", *(name for name, _ in settings.setting_variables(os.environ)))
        if os.environ.get(name)
    }
    print_out("".join(f"export {name}={shlex.quote(value)};\n" for name, value in {**others, **variables}.items()))
    at_port = "" if port == DEFAULT_PORT else f" --port {url.rpartition(':')[2]}"
    _note(f"The sandbox runs at {url}. To end it: ttp sandbox --stop{at_port}")
    if sys.stdout.isatty():
        command = f"ttp sandbox --env{at_port}"
        _note(f'Type this to use it here:  eval "$({command})"    In fish:  {command} | source')
    else:
        _note("Until this terminal is closed, ttp uses the practice store here, not your own.")


def stop_sandbox(port: int) -> None:
    """End the sandbox at a port, if one runs there."""
    place = _find(port)
    if place is not None:
        call_sandbox(place[0], "stop", {})
    print_out(f"Stopped the sandbox at {place[0]}.\n" if place else f"No sandbox runs on port {port}.\n")
    if f"http://127.0.0.1:{port}" in os.environ.values():
        _note("This terminal still uses the practice store. Open another one for your own.")


def _find(port: int) -> tuple[str, Path | None] | None:
    """Return the address of the sandbox at a port and the folder it serves; None if nothing is there. Busy."""
    url = f"http://127.0.0.1:{port}"
    try:
        media = call_sandbox(url, "about")["media"]
    except (OSError, ValueError, TypeError, KeyError, HTTPException) as error:
        if isinstance(getattr(error, "reason", None), ConnectionRefusedError):
            return None
        raise Busy(f"another program uses port {port}", Hint("try", 'eval "$(ttp sandbox --env --port 0)"')) from error
    return url, None if media is None else Path(media)


def _start(port: int, folder: Path) -> tuple[str, Path | None]:
    """Start a sandbox in the background, and return its address and the folder it serves."""
    media, log = folder / "web", folder / "sandbox.log"
    words = [sys.executable, "-P", "-m", "ttp", "sandbox", "--port", str(port)]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*words, "--state", str(folder / "platforms"), "--media", str(media)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,  # `$( )` waits until all have closed the one of this process
            stderr=errors,
            text=True,
            cwd=folder,
            start_new_session=True,
        )
    assert process.stdout is not None
    with process.stdout as ready:
        url = ready.readline().strip()
    if url:
        process.returncode = 0  # it goes on
        return url, media
    process.wait()
    if place := port and _find(port):  # another one was faster
        return place
    message = log.read_text().partition("\n")[0].removeprefix("ttp: error: ")
    raise Busy(message or "the sandbox did not start", Hint("try", 'eval "$(ttp sandbox --env --state NEW_FOLDER)"'))


def _switch(url: str, switches: Mapping[str, object]) -> None:
    try:
        call_sandbox(url, "settings", switches)
    except HTTPError as refused:
        raise UsageError(f"--set {json.load(refused)['error']}", Hint("see", "ttp sandbox --help")) from None


@contextmanager
def as_stdin(text: str) -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(text.encode()))
    try:
        yield
    finally:
        sys.stdin = before


def _note(line: str) -> None:
    write_text(sys.stderr, "".join(f"{one}\n" for one in wrap_for(sys.stderr, f"note: {line}")), flush=True)
