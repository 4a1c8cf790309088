"""Route: run a command line for a token, in a child process, with the caller's files in a folder.

The child (`ttp.cli.remote.child`) gets the token, and refuses what that may not do.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, BinaryIO, cast

from fastapi import Request, Response
from pydantic import AfterValidator, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from typing_extensions import TypedDict

from ttp import __version__
from ttp.domain.server.api_token import POST_CAPABILITIES
from ttp.domain.server.command_protocol import FROM_CALLER, HEARTBEAT_S, LOOKS, MOST_FILES, PROTOCOL
from ttp.server.command_answer import CommandAnswer, done_before
from ttp.server.forms import FORM, receive_form
from ttp.server.idempotency import AnswerLost, IdempotencyKeys, Work
from ttp.server.inputs import RequestBody
from ttp.server.problems import InvalidRequest, invalid_request
from ttp.server.requests import Services, check_key, repeat_answer
from ttp.server.services import RequestServices
from ttp.store.home.files import make_folder
from ttp.store.server.idempotency_keys import KeptAnswer

CHILD = "ttp.cli.remote.child"
MOST_SECONDS = 900.0
"""How long a command may run."""
END_S = 20.0
"""How long it may take to end after SIGTERM."""
MOST_FOLDERS_DEEP = 60
MOST_COMMAND_BYTES = 4_000_000
_CHUNK = 1 << 16
_NOT_INHERITED = frozenset(
    {*LOOKS, "TZ", "TTP_NO_INPUT", "TTP_CAPABILITY", "TTP_PAGER", "TTP_EDITOR", "VISUAL", "EDITOR", "TTP_DEBUG"}
    | {"TTP_SERVER", "TTP_TOKEN", "TTP_TOKEN_FILE", "TTP_SERVER__URL", "NOTIFY_SOCKET"}
)
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")


def _check_path(path: str) -> str:
    if not path.startswith("/") or "\0" in path or os.path.normpath(path) != path or path.startswith("//"):
        raise ValueError("a path is absolute, without . and ..")
    if path.count("/") > MOST_FOLDERS_DEEP:
        raise ValueError("the path has too many folders")
    return path


def _check_variables(variables: dict[str, str]) -> dict[str, str]:
    for name, value in variables.items():
        if name not in FROM_CALLER:
            raise ValueError(f"{name} cannot be set")
        if "\0" in value or (name == "TZ" and not _ZONE.fullmatch(value)):
            raise ValueError(f"{name} has no such value")
    return variables


def _check_encoding(name: str) -> str:
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=name)
    except LookupError:
        raise ValueError("not a valid encoding") from None
    return name


def _check_words(words: list[str]) -> list[str]:
    if any("\0" in word for word in words):
        raise ValueError("a word has no null characters")
    return words


CallerPath = Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(_check_path)]


class CallerTerminal(RequestBody):
    """`stdout`, `stderr`: whether they are terminals; `asks`: whether the caller answers questions."""

    stdout: bool = False
    stderr: bool = False
    asks: bool = False
    encoding: Annotated[str, Field(max_length=40), AfterValidator(_check_encoding)] = "utf-8"


class CommandBody(RequestBody):
    """A command line, and the state of the caller's machine.

    `files`: the absolute paths of the parts `file`, in their order; `folders`: of folders that exist; `paths`: of names
    in `argv`; `answers`: to questions, by their SHA-256.
    """

    protocol: int
    argv: Annotated[list[str], Field(max_length=5000), AfterValidator(_check_words)]
    cwd: CallerPath = "/"
    terminal: CallerTerminal = CallerTerminal()
    environ: Annotated[dict[str, str], Field(max_length=40), AfterValidator(_check_variables)] = Field({})
    files: Annotated[list[CallerPath], Field(max_length=MOST_FILES)] = Field([])
    folders: Annotated[list[CallerPath], Field(max_length=1000)] = Field([])
    paths: dict[str, CallerPath] = Field({})
    answers: dict[str, bool] = Field({})


COMMAND_BODY: Mapping[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["command"],
                    "properties": {
                        "command": {"type": "string", "description": "JSON: argv, cwd, terminal, environ, files, …"},
                        "stdin": {"type": "string", "contentMediaType": "application/octet-stream"},
                        "file": {
                            "type": "array",
                            "items": {"type": "string", "contentMediaType": "application/octet-stream"},
                        },
                    },
                }
            }
        },
    }
}


class CommandLine(TypedDict, total=False):
    """A line of the answer: one of these. `stdout` and `stderr` are bytes in Base64, `exit` is the exit code and the
    last line; `question` too, which the caller answers by sending the request again with `answers`."""

    stdout: str
    stderr: str
    file: str
    data: str
    question: str
    exit: int
    ended: str


async def run_command(request: Request, services: Services) -> Response:
    """Run a command line of ttp. The answer is a stream of JSON lines: what it writes, files that it wrote, and its
    exit code. What a token may run, and with which files, is in docs/how-to/remote.md."""
    key = request.headers.get("idempotency-key")
    if key is not None:
        check_key(key)
    keys, work = IdempotencyKeys(services.installation, services.token), None
    files = await run_in_threadpool(CommandFiles.open)
    try:
        await receive_form(request, files)
        body = await run_in_threadpool(files.ready)
        if key is not None:
            work = await run_in_threadpool(keys.begin, key, files.digest.hexdigest())
    except AnswerLost as lost:
        await run_in_threadpool(files.close)
        kept = done_before(lost, body.argv)
        await run_in_threadpool(keys.keep, lost.reservation, kept)
        return repeat_answer(kept)
    except BaseException:
        await run_in_threadpool(files.close)
        raise
    if isinstance(work, KeptAnswer):
        await run_in_threadpool(files.close)
        return repeat_answer(work)
    return CommandAnswer(CommandRun(services, files, body, work), request.app.state.turns)


@dataclass
class CommandFiles:
    """The files of one request. `root` stands for `/` of the caller's machine."""

    folder: Path
    parts: dict[str, int] = field(default_factory=dict)
    digest: Any = field(default_factory=sha256)
    command_bytes: bytearray = field(default_factory=bytearray)
    command: CommandBody | None = None
    stdin: BinaryIO | None = None
    before: dict[Path, tuple[int, int, int]] = field(default_factory=dict)
    _to: BinaryIO | None = None

    @classmethod
    def open(cls) -> CommandFiles:
        files = cls(Path(os.path.realpath(tempfile.mkdtemp(prefix="ttp-"))))
        files.root.mkdir()
        return files

    @property
    def root(self) -> Path:
        return self.folder / "r"

    def begin(self, name: str, filename: str | None) -> None:
        number = self.parts.get(name, 0)
        self.parts[name] = number + 1
        self.digest.update(f"\n{name}\n".encode())
        self._end_part()
        match name:
            case "command" if not number:
                self._to = None
            case "stdin" if not number and self.parts.get("command"):
                self.stdin = self._to = cast("BinaryIO", tempfile.TemporaryFile(dir=self.folder))  # noqa: SIM115
            case "file" if number < len(self._command().files):
                self._to = self._create(self._command().files[number])
            case _:
                raise InvalidRequest(f'the form has no part "{name}" here')

    def write(self, data: bytes) -> None:
        self.digest.update(data)
        if self._to is not None:
            self._to.write(data)
            return
        self.command_bytes += data
        if len(self.command_bytes) > MOST_COMMAND_BYTES:
            raise InvalidRequest(f"the command has more than {MOST_COMMAND_BYTES} bytes")

    def ready(self) -> CommandBody:
        """Return the command, once all parts are there. Raise InvalidRequest."""
        self._end_part()
        body = self._command()
        if self.parts.get("file", 0) != len(body.files):
            raise InvalidRequest("files are missing")
        for folder in (*body.folders, body.cwd):
            self._make_folder(self._place(folder))
        self.before = {path: _mark(path) for path in self._files()}
        return body

    def changed_files(self) -> list[Path]:
        return sorted(path for path in self._files() if self.before.get(path) != _mark(path))

    def close(self) -> None:
        """Remove everything."""
        self._end_part()
        if self.stdin is not None:
            self.stdin.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _command(self) -> CommandBody:
        if self.command is None:
            try:
                self.command = CommandBody.model_validate(json.loads(self.command_bytes))
            except ValidationError as error:
                raise invalid_request([{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]) from None
            except (ValueError, RecursionError):
                raise InvalidRequest('the part "command" comes first, and is JSON') from None
            if self.command.protocol != PROTOCOL:
                raise InvalidRequest(
                    f"this is ttp {__version__} with protocol {PROTOCOL}: use the same version on both machines"
                )
        return self.command

    def _place(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def _create(self, path: str) -> BinaryIO:
        """Create a file. Nothing here is a link, as only this makes names here."""
        place = self._place(path)
        self._make_folder(place.parent)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            return os.fdopen(os.open(place, flags, 0o600), "wb")
        except OSError as error:
            raise InvalidRequest(f"a file cannot be stored: {error.strerror}") from None

    def _make_folder(self, place: Path) -> None:
        try:
            make_folder(place)
        except OSError as error:
            raise InvalidRequest(f"a folder cannot be made: {error.strerror}") from None

    def _end_part(self) -> None:
        if self._to is not None and self._to is not self.stdin:
            self._to.close()
        self._to = None

    def _files(self) -> list[Path]:
        paths = (Path(top, name) for top, _, names in os.walk(self.root) for name in names)
        return [path for path in paths if not path.is_symlink() and path.is_file()]


def _mark(path: Path) -> tuple[int, int, int]:
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


class CommandRun:
    """One command in a child process."""

    def __init__(
        self, services: RequestServices, files: CommandFiles, body: CommandBody, work: Work | None = None
    ) -> None:
        """`work`: the idempotency key, whose lock the child holds, too."""
        self.services = services
        self.files = files
        self.body = body
        self.work = work
        self._process: asyncio.subprocess.Process | None = None
        self.why_ended = ""

    def close(self) -> None:
        self.files.close()

    async def lines(self) -> AsyncGenerator[dict[str, Any]]:
        """Yield the lines of the answer. Ends the command where it takes too long."""
        with ExitStack() as files:
            order, question = (files.enter_context(tempfile.TemporaryFile(dir=self.files.folder)) for _ in range(2))
            await run_in_threadpool(self._write_order, order)
            stdin = self.files.stdin or files.enter_context(Path(os.devnull).open("rb"))
            stdin.seek(0)
            self._process = process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", CHILD, str(order.fileno()), str(question.fileno())),
                stdin=stdin,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=self._environ(),
                cwd=self.files.root,
                pass_fds=(order.fileno(), question.fileno(), *([self.work.lock_file] if self.work else [])),
                start_new_session=True,
            )
            if self.why_ended:  # the client went away meanwhile
                self.end(self.why_ended)
            queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(16)
            readers = [
                asyncio.create_task(self._read(name, stream, queue))
                for name, stream in (("stdout", process.stdout), ("stderr", process.stderr))
            ]
            limit = asyncio.get_running_loop().call_later(MOST_SECONDS, self.end, "it took too long")
            try:
                for _ in readers:
                    async for line in _until_end(queue):
                        yield line
                code = await process.wait()
            finally:
                limit.cancel()
                for task in readers:
                    task.cancel()
                await asyncio.shield(self._finish())
            question.seek(0)
            question_text = await run_in_threadpool(question.read)
            if not self.why_ended:
                async for line in self._written():
                    yield line
            if question_text and not self.why_ended:
                yield {"question": json.loads(question_text)}
            else:
                ended = {"ended": self.why_ended} if self.why_ended and code else {}
                yield {"exit": code if code >= 0 else 128 - code, **ended}

    def end(self, why: str) -> None:
        """Ask the child to end, also one that is being started; `lines` then ends."""
        if self._process is None or self._process.returncode is None:
            self.why_ended = self.why_ended or why
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)
            asyncio.get_running_loop().call_later(END_S, self._kill)

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _finish(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        self.end("the answer was not read")
        try:
            await asyncio.wait_for(process.wait(), END_S)
        except TimeoutError:
            self._kill()
            await process.wait()

    async def _read(
        self, name: str, stream: asyncio.StreamReader | None, queue: asyncio.Queue[dict[str, Any] | None]
    ) -> None:
        """Put the output of the child into the queue, with the caller's paths for those here; None at the end."""
        assert stream is not None
        root, tail = os.fsencode(self.files.root), b""
        while data := await stream.read(_CHUNK):
            tail = (tail + data).replace(root, b"")
            rest = _beginning_of(root, tail)
            ready, tail = tail[: len(tail) - rest], tail[len(tail) - rest :]
            if ready:
                await queue.put({name: base64.b64encode(ready).decode()})
        if tail:
            await queue.put({name: base64.b64encode(tail).decode()})
        await queue.put(None)

    async def _written(self) -> AsyncIterator[dict[str, Any]]:
        for path in await run_in_threadpool(self.files.changed_files):
            there = os.fsencode(path.relative_to(self.files.root)).decode("utf-8", "surrogateescape")
            yield {"file": f"/{there}"}
            with path.open("rb") as file:
                while data := await run_in_threadpool(file.read, _CHUNK):
                    yield {"data": base64.b64encode(data).decode()}

    def _write_order(self, order: Any) -> None:
        token, body = self.services.token, self.body
        fields = {
            "argv": body.argv,
            "root": str(self.files.root),
            "cwd": body.cwd,
            "paths": body.paths,
            "answers": body.answers,
            "terminal": body.terminal.model_dump(),
            "token": {
                "id": token.id,
                "name": token.name,
                "capability": token.capability.value,
                "accounts": None if token.accounts is None else sorted(token.accounts),
            },
            "request": None if self.work is None else asdict(self.work.reservation),
        }
        order.write(json.dumps(fields).encode())
        order.seek(0)

    def _environ(self) -> dict[str, str]:
        """Return the server's environment, which publishing may need, with the caller's looks and zone, and the limits
        of the token. The token's zone is before this server's, and that of the caller's settings before both."""
        environ = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
        key = self.services.installation.credentials_key
        # A relative path is one of the server's working directory.
        for name in ("TTP_HOME", "TTP_CONFIG"):
            if environ.get(name):
                environ[name] = os.path.abspath(os.path.expanduser(environ[name]))  # noqa: PTH100, PTH111
        own = self.services.token.timezone
        return {
            **environ,
            **({} if own is None else {"TTP_TZ": own}),
            **self.body.environ,
            "TTP_CAPABILITY": POST_CAPABILITIES[self.services.token.capability].value,
            "TTP_SERVER": "",
            **({} if key is None else {"TTP_CREDENTIALS_KEY": key}),
        }


async def _until_end(queue: asyncio.Queue[dict[str, Any] | None]) -> AsyncIterator[dict[str, Any]]:
    """Yield the lines of the queue up to None; an empty one if none comes for a while."""
    while True:
        try:
            line = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
        except TimeoutError:
            yield {}
            continue
        if line is None:
            return
        yield line


def _beginning_of(root: bytes, data: bytes) -> int:
    """Return how many bytes at the end of `data` may begin `root`."""
    return next((size for size in range(min(len(root) - 1, len(data)), 0, -1) if root.startswith(data[-size:])), 0)
