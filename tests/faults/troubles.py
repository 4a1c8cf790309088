"""Faults of one request by name: each is a `Fault` of the proxy for a bench and a kind of post."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from email.utils import format_datetime
from types import MappingProxyType
from typing import TypeAlias

from tests.faults.bench import Bench
from tests.faults.posts import JSON, MADE_UP, made_up
from tests.faults.proxy import Asked, Fault, made
from tests.platforms.case import Kind
from tests.platforms.factories import PLATFORMS

Trouble: TypeAlias = Callable[[Bench, Kind], Fault]

READ_TIMEOUT_S = 0.8
LATER_S = 0.5
"""How much later than the time-out a late request or answer comes, on a machine that has time."""
IMPATIENT = MappingProxyType(
    {
        **{f"HTTP__{name}_TIMEOUT_S": str(READ_TIMEOUT_S) for name in ("READ", "UPLOAD")},
        **{f"PLATFORMS__{name.upper()}__SETTLE_S": "6" for name in MADE_UP if PLATFORMS.facts(name).settle_s},
    }
)
"""Of runs in which something comes late: short time-outs, and a settle window in which it comes on any machine."""
HTML = b"<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>"
A_MINUTE_S = 65.0


def dated(bench: Bench, headers: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    return {"Date": format_datetime(bench.platform(), usegmt=True), **headers}


def _answers(
    name: str, status: str, body: bytes, headers: Mapping[str, str], *, forward: bool
) -> Callable[[Bench, Kind], Fault]:
    def trouble(bench: Bench, kind: Kind) -> Fault:
        return Fault(name, forward, answer=lambda real: made(status, body, dated(bench, headers)))

    return trouble


def _cut(name: str, *, forward: bool) -> Trouble:
    return lambda bench, kind: Fault(name, forward, answer=lambda real: None)


def _killed(name: str, *, forward: bool) -> Trouble:
    return lambda bench, kind: Fault(name, forward, answer=lambda real: None, act=bench.kill)


def _halved(real: bytes) -> bytes:
    head, mark, body = real.partition(b"\r\n\r\n")
    return head + mark + body[: len(body) // 2] if body else head


def _truncated(real: bytes) -> bytes:
    """Half the body, in an answer that is whole otherwise."""
    head, _, body = real.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    half = body[: len(body) // 2]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(half)]) + b"\r\n\r\n" + half


def _too_many(bench: Bench, kind: Kind) -> Fault:
    """429 in the platform's own words; its reset comes soon, as time passes a minute later."""

    def refuse(real: bytes) -> bytes:
        # Only now: the run before may have left the clock hours ahead when the plan was made.
        headers, body = made_up(kind).refusal(bench.platform() + timedelta(seconds=2))
        return made("429 Too Many Requests", json.dumps(body).encode(), dated(bench, {**JSON, **headers}))

    return Fault("429", False, answer=refuse, act=lambda: bench.slip_later(A_MINUTE_S))


def _late_answer(bench: Bench, kind: Kind) -> Fault:
    return Fault("answer comes late", True, wait_s=READ_TIMEOUT_S + LATER_S)


def _late_request(bench: Bench, kind: Kind) -> Fault:
    return Fault("request arrives late", True, after_s=READ_TIMEOUT_S + LATER_S)


_ELSEWHERE = {"Location": "https://login.example/sorry"}
TROUBLES: Mapping[str, Trouble] = MappingProxyType(
    {
        "cut before": _cut("cut before", forward=False),
        "cut after": _cut("cut after", forward=True),
        "cut in the answer": lambda bench, kind: Fault("cut in the answer", True, answer=_halved, cut=True),
        "killed before": _killed("killed before", forward=False),
        "killed after": _killed("killed after", forward=True),
        "answer comes late": _late_answer,
        "request arrives late": _late_request,
        "500 though done": _answers(
            "500 though done", "500 Oops", b'{"title":"Oops","status":500}', JSON, forward=True
        ),
        "503": _answers("503", "503 Service Unavailable", HTML, {"Content-Type": "text/html"}, forward=False),
        "429": _too_many,
        "truncated JSON": lambda bench, kind: Fault("truncated JSON", True, answer=_truncated),
        "an answer twice": lambda bench, kind: Fault("an answer twice", True, answer=lambda real: real + real),
        "HTML": _answers("HTML", "200 OK", HTML, {"Content-Type": "text/html"}, forward=False),
        "HTML though done": _answers("HTML though done", "200 OK", HTML, {"Content-Type": "text/html"}, forward=True),
        "redirect": _answers("redirect", "302 Found", b"", _ELSEWHERE, forward=False),
        "redirect though done": _answers("redirect though done", "307 Moved", b"", _ELSEWHERE, forward=True),
        "an empty object though done": _answers("an empty object though done", "200 OK", b"{}", JSON, forward=True),
    }
)


DONE = frozenset(
    {
        "cut after",
        "cut in the answer",
        "killed after",
        "answer comes late",
        "request arrives late",
        "500 though done",
        "truncated JSON",
        "an answer twice",
        "HTML though done",
        "redirect though done",
        "an empty object though done",
    }
)
"""Troubles after which the platform has done what it was asked: a publishing call must not be made again."""


def is_late(name: str) -> bool:
    """Whether runs with this trouble need short time-outs."""
    return name.endswith("late")


def looks(kind: Kind, asked: Asked) -> bool:
    """Whether a request asks where a post is, and the answer can be behind."""
    found = made_up(kind).looks
    return found is not None and bool(found.search(asked.line))


def unseen(bench: Bench, kind: Kind, real: bytes) -> bytes:
    """The answer of a look-up as it was before the post was published: a clean one that does not have it."""
    _, _, body = real.partition(b"\r\n\r\n")
    return made("200 OK", made_up(kind).unseen(body), dated(bench, JSON))
