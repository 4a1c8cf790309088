"""Faults on order: which requests go wrong, and how. Counts requests; does nothing to them itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ttp.sandbox.answers import Key, breaches

PLATFORM_PATHS = {
    "x": re.compile(r"/2/|/i/oauth2/"),
    "tiktok": re.compile(r"/v2/|/video/"),
    "instagram": re.compile(
        r"/v\d+\.\d+/|/me(/|$)|/(refresh_)?access_token$|/(oauth|dialog|ig-api-upload)/|/debug_token$"
    ),
}
DOES = ("status", "cut_before", "cut_after", "hang", "body")


def platform_of(path: str) -> str | None:
    """The platform that a path belongs to; None for the control paths."""
    return next((name for name, pattern in PLATFORM_PATHS.items() if pattern.match(path)), None)


@dataclass(slots=True)
class Fault:
    """What goes wrong with the `nth` matching request and the `times - 1` after it.

    `status` answers without effect; `cut_before` and `cut_after` close the connection before or after the effect;
    `hang` never answers; `body` lets the request have its effect and answers something else. `effect` decides for
    `status` and `hang` whether the request has its effect first.
    """

    do: str
    path: re.Pattern[str]
    platform: str | None = None
    method: str | None = None
    nth: int = 1
    times: int = 1
    status: int | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    """Headers of the answer; None leaves one out (`Date` is sent otherwise)."""
    body: str | None = None
    effect: bool = False
    seen: int = 0

    def counts(self, method: str, path: str, query: str) -> bool:
        """Whether this request is to go wrong; counts it if it matches. `path` is searched with and without query."""
        platform = platform_of(path)
        if platform is None or self.platform not in (None, platform) or self.method not in (None, method):
            return False
        if not (self.path.search(path) or (query and self.path.search(f"{path}?{query}"))):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


def fault_from(order: object) -> Fault:
    """The fault that a control request orders. ValueError with every breach of its shape."""
    found = breaches(order, _KEYS)
    if found or not isinstance(order, dict):
        raise ValueError("; ".join(found))
    if order["do"] == "status" and "status" not in order:
        raise ValueError("status: is required for do=status")
    if order["do"] in ("cut_before", "cut_after", "body") and "effect" in order:
        raise ValueError(f"effect: is fixed for do={order['do']}")
    fields: dict[str, Any] = dict(order)
    fields["path"] = re.compile(order.get("path", ""))
    fields["effect"] = order.get("effect", order["do"] in ("cut_after", "body"))
    return Fault(**fields)


def due(faults: list[Fault], method: str, path: str, query: str) -> Fault | None:
    """The first fault that this request falls under. Every matching fault counts it."""
    hit = [fault for fault in faults if fault.counts(method, path, query)]
    return hit[0] if hit else None


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _are_headers(headers: dict[str, object]) -> bool:
    return all(value is None or isinstance(value, str) for value in headers.values())


_KEYS = (
    Key("do", str, required=True, fits=DOES.__contains__),
    Key("path", str, fits=_is_pattern),
    Key("platform", str, fits=PLATFORM_PATHS.__contains__),
    Key("method", str, fits=str.isupper),
    Key("nth", int, fits=lambda n: n >= 1),
    Key("times", int, fits=lambda n: n >= 1),
    Key("status", int, fits=lambda n: 200 <= n <= 599),
    Key("headers", dict, fits=_are_headers),
    Key("body", str),
    Key("effect", bool),
)
