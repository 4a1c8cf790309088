"""Every switch of the sandbox: what it does, and what it is when nobody touches it. Reads no request."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def _switch(value: Any, about: str) -> Any:
    """A setting with its help."""
    return field(default=value, metadata={"about": about})


@dataclass(slots=True, kw_only=True)
class Settings:
    """The switches; the sandbox's `State` is one of these."""

    processing_s: float = _switch(1.0, "how long a video is worked on, in seconds; an Instagram image a fifth of it")
    moderation_s: float = _switch(2.0, "TikTok: how long after its publication a public post's id is named")
    lag_s: float = _switch(0.0, "how long a new post stays out of the platforms' own lists")
    insights_lag_s: float = _switch(5.0, "Instagram: how long insights stay empty, and how far they lag behind")
    growth: float = _switch(1.0, "how fast likes and views grow; 0 keeps all numbers at 0")
    auto_approve: bool = _switch(False, "log in without asking, instead of showing the consent page")
    flat_tokens: bool = _switch(True, "Instagram Login answers flat, as in practice; false: as documented, under data")
    verified_prefixes: tuple[str, ...] = _switch(
        ("http://127.0.0.1:", "http://localhost:"), "TikTok: beginnings of the URLs it may pull media from"
    )
    limits: dict[str, int] = field(
        default_factory=dict,
        metadata={"about": "name -> most calls, over the platforms' own limits (GET /_sandbox/limits)"},
    )
    trouble: dict[str, str] = field(
        default_factory=dict, metadata={"about": "platform -> name of a refusal that holds for all its accounts"}
    )
    x_credit: float | None = _switch(None, "X: dollars left; every call costs its price, then comes 402. null: no end")
    x_video_s: int = _switch(1200, "X: longest video of an account without Premium, in seconds")
    ignore_unknown_fields: bool = _switch(
        False, "X: leave out fields and expansions that are not in its specification, instead of answering 400"
    )
    access_s: float | None = _switch(
        None, "how long access tokens live, in seconds. null: as long as the platform's own"
    )
    clock_slack_s: float = _switch(300.0, "X: how far the time in an OAuth 1.0a signature may be off, in seconds")


SWITCHES = tuple(switch.name for switch in fields(Settings))


def settings_help() -> str:
    """One line for each switch: its name, its value at the start, what it does."""
    shown = Settings()
    rows = [(switch.name, repr(getattr(shown, switch.name)), switch.metadata["about"]) for switch in fields(Settings)]
    return "\n".join(f"  {name:18} {about} ({value})" for name, value, about in rows)


def is_open(name: str) -> bool:
    """Whether a switch may be null."""
    return getattr(Settings(), name) is None


def kind_of(name: str) -> type:
    """The JSON type that a switch takes; numbers count as float."""
    match getattr(Settings(), name):
        case bool():
            return bool
        case int() | float() | None:
            return float
        case tuple():
            return list
        case _:
            return dict
