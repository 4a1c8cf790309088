"""The log `ttp.http`: one line per request at INFO, its content at DEBUG.

No token, secret, code or upload address is logged: neither known secrets, nor values under names that usually hold
them. Every line is safe to print (`clean_text`).
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping

import httpx

from ttp.domain.text import clean_text
from ttp.platforms.reply import Answer, Reply

log = logging.getLogger("ttp.http")
HIDDEN = "[secret]"
_NAMES = re.compile(
    r"token|jwt|secret|verifier|signature|password|proof|cookie|upload_url|authorization", re.IGNORECASE
)
_ASKED = frozenset({"code", "state", "assertion"})
"""Names of secrets in requests; in an answer `code` is an error code."""
_PLAIN = frozenset({"token_type", "grant_type"})
_TOLD = ("application/json", "application/x-www-form-urlencoded")


def log_request(request: httpx.Request, account: str, secrets: tuple[str, ...]) -> None:
    """Log a request before it is sent, at DEBUG, so that a request that hangs can be found."""
    if log.isEnabledFor(logging.DEBUG):
        told = (clean_text(line, secrets) for line in _request(request))
        log.debug(
            "%s\n%s",
            f"{_what(request.method, str(request.url))}{_whose(account)}",
            "\n".join(f"  > {line}" for line in told),
        )


def log_answer(method: str, url: str, reply: Reply, seconds: float, account: str, secrets: tuple[str, ...]) -> None:
    """Log the result of a request, and how many seconds it took."""
    if not log.isEnabledFor(logging.INFO):
        return
    result = str(reply.status) if isinstance(reply, Answer) else clean_text(reply.message, secrets)
    line = f"{_what(method, url)} {result} {seconds:.3f} s{_whose(account)}"
    if log.isEnabledFor(logging.DEBUG) and isinstance(reply, Answer):
        line = "\n".join((line, *(f"  < {clean_text(told, secrets)}" for told in _answer(reply))))
    log.info("%s", line)


def _whose(account: str) -> str:
    return f"  ({account})" if account else ""


def _what(method: str, url: str) -> str:
    """Return method and address without the query, which may hold secrets."""
    return clean_text(f"{method} {url.partition('://')[2].partition('?')[0] or url}")


def _request(request: httpx.Request) -> Iterator[str]:
    if query := request.url.params:
        yield "?" + "&".join(f"{name}={_hidden(name, value, _ASKED)}" for name, value in query.multi_items())
    for name, value in request.headers.items():
        yield f"{name}: {_scheme(value)} {HIDDEN}" if name == "authorization" else f"{name}: {_hidden(name, value)}"
    kind = request.headers.get("content-type", "").partition(";")[0]
    length = request.headers.get("content-length", "?")
    if kind not in _TOLD:
        if length not in ("0", "?"):
            yield f"({length} bytes)"
        return
    body = request.content.decode("utf-8", "replace")
    if kind == _TOLD[0]:
        yield _of_json(body, _ASKED)
    else:
        yield "&".join(f"{n}={_hidden(n, v, _ASKED)}" for n, v in httpx.QueryParams(body).multi_items())


def _answer(reply: Answer) -> Iterator[str]:
    for name, value in reply.headers.items():
        yield f"{name}: {_hidden(name, value)}"
    if reply.data is not None:
        yield json.dumps(_masked(reply.data), ensure_ascii=False)
    elif reply.body:
        yield f"({len(reply.body)} characters that are not JSON)"


def _of_json(body: str, more: frozenset[str]) -> str:
    try:
        return json.dumps(_masked(json.loads(body), more), ensure_ascii=False)
    except ValueError:
        return "(not JSON)"


def _masked(data: object, more: frozenset[str] = frozenset()) -> object:
    if isinstance(data, Mapping):
        return {name: HIDDEN if _is_secret(str(name), more) else _masked(value, more) for name, value in data.items()}
    if isinstance(data, list):
        return [_masked(value, more) for value in data]
    return data


def _hidden(name: str, value: str, more: frozenset[str] = frozenset()) -> str:
    return HIDDEN if _is_secret(name, more) else value


def _is_secret(name: str, more: frozenset[str]) -> bool:
    return name not in _PLAIN and (name in more or _NAMES.search(name) is not None)


def _scheme(header: str) -> str:
    return header.partition(" ")[0]
