"""Run a command on the server that TTP_SERVER names, with this machine's files, terminal and zone."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import Any, BinaryIO, cast

import httpx

from ttp.cli import terminal
from ttp.cli.context import Context
from ttp.cli.remote.address import ServerAddress, find_address, zone_variables
from ttp.cli.remote.commands import HERE, SETTINGS_HERE, FileUse, RemoteCommand, find_command, is_setting_here
from ttp.cli.remote.files import CallerUpload, collect, refuse_own_media, write_result
from ttp.domain.errors import Busy, Hint, NotAllowed, NotFound, UsageError
from ttp.domain.media.item import KEPT
from ttp.domain.server.command_protocol import FROM_CALLER, HEARTBEAT_S, MEDIA_TYPE, PATH, PROTOCOL, VERSION_HEADER
from ttp.store.home.media import open_source, read_source_facts

CONNECT_S = 10.0
AGAIN_FOR_S = 40.0
"""How long a request is sent again after its connection broke: the server then knows its key, and runs it once."""
AGAIN_EVERY_S = 1.0
_LONGEST_PROBLEM = 100_000
_CHUNK = 1 << 16
_BOUNDARY = "ttp-" + secrets.token_hex(16)
_MOST_PRINTED = 1_000_000
"""Bytes of output that are remembered, to print only what is new of an answer that comes again."""


def run_there(context: Context, path: str, values: Mapping[str, Any]) -> int | None:
    """Run a command on the server and return its exit code; None if the command belongs to this machine.

    Raise NotAllowed for a command that no server runs, and TtpError for a server that does not answer.
    """
    if path in HERE or (path in SETTINGS_HERE and is_setting_here(str(values.get("key")))):
        return None
    command = find_command(path, values)
    address = find_address(context.own_config)
    with ExitStack() as stack:
        stdin = _read_stdin(command, values)
        if stdin is not None:
            stack.enter_context(stdin)
        upload = collect(context, command, values, stdin)
        call = _Call(context, address, path, upload, stdin)
        client = stack.enter_context(connect(address))
        answers: dict[str, bool] = {}
        while True:
            ended = call.run(client, answers)
            if isinstance(ended, int):
                return ended
            answers[hashlib.sha256(ended.encode("utf-8", "surrogatepass")).hexdigest()] = terminal.ask(ended)


def connect(address: ServerAddress) -> httpx.Client:
    """Return a client for a server. It sends the token, and follows no redirects. Raise Busy without its socket."""
    if address.socket and not Path(address.socket).is_socket():
        raise Busy(f"{address.shown} cannot be reached: its socket is missing")
    return httpx.Client(
        base_url=address.url,
        transport=httpx.HTTPTransport(uds=address.socket) if address.socket else None,
        auth=_bearer(address.token),
        timeout=httpx.Timeout(4 * HEARTBEAT_S, connect=CONNECT_S),
        trust_env=address.socket is None,
    )


def check_server(address: ServerAddress) -> None:
    """Raise TtpError unless the server answers, and accepts the token."""
    with connect(address) as client:
        try:
            answer = client.get("/v1/accounts")
        except httpx.TransportError as error:
            raise _unreachable(address, error) from None
        check_answer(address.shown, answer, "application/json")


def upload_media(context: Context, address: ServerAddress, name: str) -> str:
    """Send an image or a video to the server, and return the name by which a post there names it. UsageError,
    NotFound, Busy."""
    refuse_own_media(context, Path(name), name)
    with open_source(Path(name)) as source, connect(address) as client:
        read_source_facts(source, source.size())
        try:
            with os.fdopen(os.dup(source.file), "rb") as file:
                answer = client.post("/v1/media", files={"file": (Path(name).name, file)})
        except httpx.TransportError as error:
            raise _unreachable(address, error) from None
    if answer.status_code != httpx.codes.CREATED:
        check_answer(address.shown, answer, "application/json")
    item = answer.json()
    return f"{KEPT}{item['sha256']}/{item['name']}"


def create_post(address: ServerAddress, body: Mapping[str, object]) -> dict[str, Any]:
    """Create a post with a key on the server, and return it as JSON has it. A request whose connection broke is sent
    again: the key makes it one post. Raise UsageError, NotFound, NotAllowed, Busy."""
    until = time.monotonic() + AGAIN_FOR_S
    with connect(address) as client:
        while True:
            try:
                answer = client.post("/v1/posts", json=body)
                break
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
                raise _unreachable(address, error) from None
            except httpx.TransportError as error:
                if time.monotonic() > until:
                    raise _unreachable(address, error) from None
                time.sleep(AGAIN_EVERY_S)
    if answer.status_code == httpx.codes.NOT_FOUND:  # an account
        with suppress(ValueError, TypeError, KeyError):
            raise NotFound(f"{address.shown}: {answer.json()['detail']}")
    if answer.status_code != httpx.codes.CREATED:
        check_answer(address.shown, answer, "application/json")
    with suppress(ValueError, TypeError, KeyError):
        post = answer.json()
        if post["key"] == body["key"]:
            return dict(post)
    raise UsageError(f"{address.shown} does not answer as ttp does: check the address")


def _unreachable(address: ServerAddress, error: httpx.TransportError) -> Busy:
    return Busy(f"{address.shown} cannot be reached: {_why(error)}")


def _bearer(token: str) -> Callable[[httpx.Request], httpx.Request]:
    """Return what adds the token to a request. As `auth` it is what httpx uses instead of a netrc file."""

    def add(request: httpx.Request) -> httpx.Request:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return add


def _read_stdin(command: RemoteCommand, values: Mapping[str, Any]) -> BinaryIO | None:
    """Return what is on stdin, if the command reads it: it may belong to a loop around the command."""
    inputs = [name for name, use in command.files.items() if use in (FileUse.POSTS, FileUse.TEXT)]
    if not any(values.get(name) == "-" for name in ("text", *inputs)):
        return None
    if sys.stdin is None:
        raise UsageError("cannot read stdin: it is closed")
    kept = cast("BinaryIO", SpooledTemporaryFile(1 << 20))  # noqa: SIM115 (closed by the caller)
    try:
        while data := sys.stdin.buffer.read(_CHUNK):
            kept.write(data)
    except OSError as error:
        raise UsageError(f"stdin cannot be read: {error.strerror}") from None
    return kept


def check_answer(shown: str, answer: httpx.Response, media_type: str) -> None:
    """Raise the error of an answer that is not as ttp gives it. `shown`: the address for messages."""
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if answer.status_code == httpx.codes.OK and kind == media_type:
        return
    problem: Any = {}
    if kind == "application/problem+json":
        with suppress(ValueError):
            problem = json.loads(_beginning_of(answer))
    if not isinstance(problem, dict):
        problem = {}
    detail = str(problem.get("detail") or "")
    match answer.status_code, problem.get("code"):
        case _, "key_in_use":
            raise _Broken("the server still runs the command", runs=True)
        case _, "unknown":
            raise Busy(f"{shown} was stopped in the middle of the command, which may be done or not", *_LOOK)
        case 401, "unauthorized":
            raise NotAllowed(
                f"{shown} does not accept the token: it is unknown, revoked or has expired",
                Hint("see", "docs/how-to/remote.md"),
            )
        case _, "wrong_host":
            raise NotAllowed(f"{shown} does not know itself by this name: start it with --allow-host")
        case 404, "not_found":
            raise UsageError(f"{shown} is a ttp that runs no commands: use the same version on both machines")
        case _, "busy" | "timeout" | "damaged" | "newer_store" | "older_store":
            raise Busy(f"{shown}: {detail}")
        case _, "not_allowed":
            raise NotAllowed(f"{shown}: {detail}")
        case _, str():
            raise UsageError(f"{shown}: {detail}")
        case status, _ if status >= 500:
            raise Busy(f"{shown} answered {status}")
        case status, _:
            raise UsageError(f"{shown} answered {status}, and not as ttp does: check the address")


class _Broken(Exception):
    """The connection broke after the request was sent. `runs`: the server says that it still runs the command."""

    def __init__(self, why: str, *, runs: bool = False) -> None:
        super().__init__(why)
        self.runs = runs


_LOOK = (Hint("see", "ttp history"), Hint("see", "ttp status"))


@dataclass
class _Stream:
    """One of the standard streams: prints bytes, and skips those that were printed before."""

    to: BinaryIO | None
    printed: bytearray = field(default_factory=bytearray)
    skipping: bytes = b""

    def write(self, data: bytes) -> None:
        most = min(len(data), len(self.skipping))
        if most:
            same = data[:most] == self.skipping[:most]
            self.skipping = self.skipping[most:] if same else b""
            data = data[most:] if same else data
        if not data:
            return
        if len(self.printed) <= _MOST_PRINTED:
            self.printed += data
        if self.to is not None:
            self.to.write(data)
            self.to.flush()

    def again(self) -> bool:
        """Skip what was printed, when the answer comes again. Return False if that is not known any more."""
        self.skipping = bytes(self.printed)
        return len(self.printed) <= _MOST_PRINTED


@dataclass
class _Call:
    """One command on a server."""

    context: Context
    address: ServerAddress
    path: str
    upload: CallerUpload
    stdin: BinaryIO | None

    def __post_init__(self) -> None:
        standard = {"stdout": sys.stdout, "stderr": sys.stderr}
        self._streams = {name: _Stream(None if one is None else one.buffer) for name, one in standard.items()}
        self._asks = terminal.is_interactive()

    def run(self, client: httpx.Client, answers: Mapping[str, bool]) -> int | str:
        """Run the command; return its exit code, or the question that it asks. Raise TtpError, Busy."""
        order = json.dumps(self._order(answers)).encode()
        key, ends, sent = secrets.token_hex(16), 0.0, False
        while True:
            states = [one.again() for one in self._streams.values()]
            try:
                return self._send(client, order, key, was_sent=sent)
            except _Broken as broken:
                sent, ends = True, ends or time.monotonic() + AGAIN_FOR_S
                if not all(states) or time.monotonic() > ends:
                    raise self._unknown(broken) from None
                time.sleep(AGAIN_EVERY_S)

    def _send(self, client: httpx.Client, order: bytes, key: str, *, was_sent: bool) -> int | str:
        parts = _parts(order, self.stdin, self.upload)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
            "Content-Length": str(_length(parts)),
            "Idempotency-Key": key,
        }
        try:
            with client.stream("POST", PATH, content=_bytes_of(parts), headers=headers) as answer:
                check_answer(self.address.shown, answer, MEDIA_TYPE)
                if VERSION_HEADER not in answer.headers:
                    raise UsageError(f"{self.address.shown} does not answer as ttp does: check the address")
                return self._read(answer)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            if was_sent:
                raise _Broken("the server cannot be reached any more") from None
            raise _unreachable(self.address, error) from None
        except httpx.LocalProtocolError:
            raise UsageError("a file changed while it was sent: try again when it is complete") from None
        except (httpx.TransportError, httpx.StreamError, httpx.DecodingError) as error:
            raise _Broken(_why(error)) from None

    def _order(self, answers: Mapping[str, bool]) -> dict[str, Any]:
        """Return what the server is to run, and what it cannot know of this machine."""
        environ = {name: os.environ[name] for name in FROM_CALLER if os.environ.get(name)}
        out = sys.stdout
        return {
            "protocol": PROTOCOL,
            "argv": list(self.context.argv),
            "cwd": str(Path.cwd()),
            "terminal": {
                "stdout": out is not None and out.isatty(),
                "stderr": sys.stderr is not None and sys.stderr.isatty(),
                "asks": self._asks,
                "encoding": getattr(out, "encoding", None) or "utf-8",
            },
            "environ": {
                **environ,
                "COLUMNS": str(terminal.terminal_width(out, os.environ) if out is not None else terminal.USUAL_WIDTH),
                **zone_variables(self.context.own_config),
            },
            "files": list(self.upload.files),
            "folders": sorted(self.upload.folders),
            "paths": self.upload.paths,
            "answers": dict(answers),
        }

    def _read(self, answer: httpx.Response) -> int | str:
        """Print and write what comes; return the exit code, or a question."""
        file: _ReceivedFile | None = None
        try:
            for line in answer.iter_lines():
                match _parsed(line):
                    case {"stdout": str(data)}:
                        self._streams["stdout"].write(base64.b64decode(data))
                    case {"stderr": str(data)}:
                        self._streams["stderr"].write(base64.b64decode(data))
                    case {"file": str(path)}:
                        self._write(file)
                        file = _ReceivedFile(Path(path))
                    case {"data": str(data)} if file is not None:
                        file.to.write(base64.b64decode(data))
                    case {"question": str(question)}:
                        return question
                    case {"exit": int(code), **more}:
                        self._write(file)
                        file = None
                        if why := more.get("ended"):
                            raise Busy(
                                f"{self.address.shown} ended the command: {why}. It may be done in part.", *_LOOK
                            )
                        return code
                    case _:
                        continue
        finally:
            if file is not None:
                file.to.close()
        raise _Broken("the answer is not complete")

    def _write(self, file: _ReceivedFile | None) -> None:
        if file is not None:
            with file.to:
                write_result(self.context, self.upload, file.path, file.parts())

    def _unknown(self, broken: _Broken) -> Busy:
        there = self.address.shown
        if broken.runs:
            return Busy(f"the connection to {there} broke, where ttp {self.path} still runs", *_LOOK)
        return Busy(f"the connection to {there} broke ({broken}); ttp {self.path} may be done or not", *_LOOK)


@dataclass
class _ReceivedFile:
    """A file that the command wrote, until all of it is here."""

    path: Path
    to: BinaryIO = field(default_factory=lambda: cast("BinaryIO", TemporaryFile()))  # noqa: SIM115 (`_write` closes it)

    def parts(self) -> Iterator[bytes]:
        self.to.seek(0)
        return _chunks(self.to)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while data := file.read(_CHUNK):
        yield data


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return {}


def _beginning_of(answer: httpx.Response) -> bytes:
    beginning = bytearray()
    for data in answer.iter_bytes(_CHUNK):
        beginning += data
        if len(beginning) > _LONGEST_PROBLEM:
            break
    return bytes(beginning)


def _why(error: Exception) -> str:
    """Return why a request failed, without what it sent."""
    text = str(error)
    if "CERTIFICATE" in text.upper():
        return "its TLS certificate is not valid for this address"
    if "SSL" in text.upper():
        return "it does not speak TLS as it should"
    return (text.partition("] ")[2] or text or type(error).__name__)[:200]


_Part = tuple[bytes, Path | bytes | BinaryIO, int]
"""What comes before the content of a part, the content, and its length in bytes."""


def _parts(order: bytes, stdin: BinaryIO | None, upload: CallerUpload) -> list[_Part]:
    parts: list[_Part] = [(_head("command"), order, len(order))]
    if stdin is not None:
        parts.append((_head("stdin", "stdin"), stdin, _size(stdin)))
    parts += [(_head("file", "file"), content, _size(content)) for content in upload.files.values()]
    return parts


def _head(name: str, filename: str | None = None) -> bytes:
    more = f'; filename="{filename}"' if filename else ""
    return f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode()


_TAIL = f"--{_BOUNDARY}--\r\n".encode()


def _size(content: Path | bytes | BinaryIO) -> int:
    if isinstance(content, bytes):
        return len(content)
    if isinstance(content, Path):
        try:
            return content.stat().st_size
        except OSError as error:
            raise UsageError(f"{content} cannot be read: {error.strerror}") from None
    return content.seek(0, os.SEEK_END)


def _length(parts: list[_Part]) -> int:
    return sum(len(head) + size + 2 for head, _, size in parts) + len(_TAIL)


def _bytes_of(parts: list[_Part]) -> Iterator[bytes]:
    """Yield the form. It can be asked for again."""
    for head, content, _ in parts:
        yield head
        if isinstance(content, bytes):
            yield content
        elif isinstance(content, Path):
            with content.open("rb") as file:
                yield from _chunks(file)
        else:
            content.seek(0)
            yield from _chunks(content)
        yield b"\r\n"
    yield _TAIL
