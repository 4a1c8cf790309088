"""Receive the answer of a login: on a loopback address (one answer, five minutes at most), or pasted by a person.

Anything on this machine can reach the port, including web pages open in the browser. Only an answer with this login's
state counts; all others get a fixed text and change nothing. No part of a request is echoed.
"""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

from ttp.domain.action import action
from ttp.domain.errors import Busy, Hint, TtpError
from ttp.domain.text import clean_text
from ttp.platforms.addresses import is_plain

PATIENCE_S = 300.0
"""Seconds to wait for a login."""
_REQUEST_S = 10.0
"""Seconds to wait for one request; browsers open connections that they never use."""
_LONGEST = 4096
_TURN_S = 0.5


@dataclass(frozen=True, slots=True)
class Code:
    """The person approved. The code works once, on X for thirty seconds."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Denied:
    """The person or the platform declined: its error code, and its text, safe to print."""

    error: str
    words: str


@dataclass(frozen=True, slots=True)
class NotThisLogin:
    """Not an answer to this login, and `why`."""

    why: str


Answered: TypeAlias = Code | Denied | NotThisLogin


@dataclass(frozen=True, slots=True)
class CallbackPage:
    """The page for a request: a status and a fixed text."""

    status: int
    text: str


_THANKS = CallbackPage(200, "ttp has the answer. You can close this page and go back to the terminal.")
_FOREIGN = CallbackPage(400, "This answer belongs to another login. Start again from the terminal.")
_AGAIN = CallbackPage(410, "This login is already done. You can close this page.")
_NOTHING = CallbackPage(404, "There is nothing here.")
_NOT_SO = CallbackPage(405, "Bad request.")


def read_answer(query: str, state: str) -> Answered:
    """Read the query of a callback. Repeated parameters make it foreign: no platform sends them."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return NotThisLogin("it has too many parameters")
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        return NotThisLogin("a parameter is repeated")
    sent_state = parameters.get("state", "")
    if not sent_state:
        return NotThisLogin("it has no state")
    if not hmac.compare_digest(sent_state.encode("utf-8", "replace"), state.encode()):
        return NotThisLogin("its state is another login's")
    if parameters.get("error"):
        words = parameters.get("error_description") or parameters.get("error_reason") or ""
        return Denied(clean_text(parameters["error"])[:80], clean_text(words))
    return _code(parameters.get("code", "")) or NotThisLogin("it has no usable code")


def read_pasted(text: str, state: str) -> Answered:
    """Read what a person pasted: the final address in the browser, its query, or the code alone. A code alone has no
    state to compare: the person vouches that it belongs to this login."""
    text = text.strip().removesuffix("#_")
    if "://" in text:
        try:
            return read_answer(urlsplit(text).query, state)
        except ValueError:
            return NotThisLogin("it is not an address")
    if "&state=" in text and "=" not in text.partition("&")[0]:
        text = f"code={text}"  # as snac's page shows it
    if "code=" in text or "error=" in text or "state=" in text:
        return read_answer(text.removeprefix("?"), state)
    return _code(text) or NotThisLogin("it is neither an address nor a code")


class CallbackState:
    """Decides the answer to one login: the first with its state counts, and no other."""

    def __init__(self, path: str, state: str) -> None:
        self._path = path
        self._state = state
        self._lock = threading.Lock()
        self.answer: Code | Denied | None = None
        self.foreign = ""
        """Why the last answer was ignored."""

    def visit(self, method: str, target: str) -> CallbackPage:
        """Return the page for a request of `target`. Safe to call from several threads."""
        path, _, query = target.partition("?")
        if method != "GET":
            return _NOT_SO
        if path != self._path:
            return _NOTHING
        with self._lock:
            if self.answer is not None:
                return _AGAIN
            match read_answer(query, self._state):
                case NotThisLogin(why):
                    self.foreign = why
                    return _FOREIGN
                case answer:
                    self.answer = answer
                    return _THANKS


class Listener:
    """Listens on 127.0.0.1 from creation to `close`. `redirect_uri` has the actual port."""

    def __init__(self, redirect_uri: str, name: str) -> None:
        """`redirect_uri`: http, on this machine; port 0 picks a free one. `name`: the account or platform, for hints.
        Raises Busy if the port is in use."""
        self._command = action("account connect", name)
        self._paste = action("account connect", name, paste=True)
        address = urlsplit(redirect_uri)
        self._path = address.path or "/"
        try:
            self._server = _Server(("127.0.0.1", address.port or 0), _Visit)
        except OSError as error:
            raise Busy(
                f"port {address.port} is in use: {error.strerror or error} (is another login still open?)",
                Hint("try", self._paste),
            ) from None
        self.redirect_uri = address._replace(netloc=f"{address.hostname}:{self._server.server_address[1]}").geturl()

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.server_close()

    def wait(
        self, state: str, seconds: float = PATIENCE_S, *, ready: Callable[[], object] = lambda: None
    ) -> Code | Denied:
        """Return the answer to the login with `state`. Calls `ready` once it is listening. TtpError after `seconds`."""
        landing = self._server.landing = CallbackState(self._path, state)
        thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="ttp-callback", daemon=True
        )
        thread.start()
        end = time.monotonic() + seconds
        try:
            ready()
            # In turns: a Ctrl-C just before a wait begins does not end that wait, only the next one.
            while not self._server.came.wait(min(_TURN_S, max(0.0, end - time.monotonic()))):
                if time.monotonic() >= end:
                    strange = f" (ignored one of another login: {landing.foreign})" if landing.foreign else ""
                    raise TtpError(
                        f"no answer within {seconds:.0f} s{strange}",
                        Hint("try", self._command),
                        Hint("try", self._paste),
                    )
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()
        assert landing.answer is not None
        return landing.answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    landing: CallbackState

    def __init__(self, *arguments: object) -> None:
        self.came = threading.Event()
        super().__init__(*arguments)  # type: ignore[arg-type]  # an address and a handler, as they come

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore connections that break off."""


class _Visit(BaseHTTPRequestHandler):
    server: _Server
    timeout = _REQUEST_S
    server_version = "ttp"
    sys_version = ""

    def handle_one_request(self) -> None:
        """Read one request line and its headers, and answer with a page."""
        self.raw_requestline = self.rfile.readline(65_537)
        if not self.raw_requestline or len(self.raw_requestline) > 65_536 or not self.parse_request():
            return
        page = self.server.landing.visit(self.command, self.path)
        try:
            self._send(page)
        finally:
            if page is _THANKS:
                self.server.came.set()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer an unreadable request with a fixed text; the default one echoes the request."""
        self._send(CallbackPage(code, "Bad request."))

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the address contains the code."""

    def _send(self, page: CallbackPage) -> None:
        body = page.text.encode()
        self.close_connection = True
        self.send_response_only(page.status)
        for name, value in (
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("Connection", "close"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _code(text: str) -> Code | None:
    text = text.removesuffix("#_")
    return Code(text) if len(text) <= _LONGEST and is_plain(text) else None
