"""The general switches of the sandbox, and the form that those of each platform have too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any


def switch(default: Any, about: str) -> Any:
    """Declare a field of a dataclass as a switch: its value at the start and its help."""
    return field(default=default, metadata={"about": about})


@dataclass(slots=True, kw_only=True)
class Settings:
    """The switches that hold for all platforms. The sandbox's `State` is one of these."""

    processing_s: float = switch(1.0, "how long a video is processed, in seconds; an image may take less")
    lag_s: float = switch(0.0, "how long a new post is missing from the platforms' own lists")
    auto_approve: bool = switch(False, "log in without asking, instead of showing the consent page")
    limits: dict[str, int] = field(
        default_factory=dict,
        metadata={"about": "name -> most calls, instead of the platforms' own limits (GET /_sandbox/limits)"},
    )
    trouble: dict[str, str] = field(
        default_factory=dict, metadata={"about": "platform -> name of a refusal that holds for all its accounts"}
    )
    access_s: float | None = switch(None, "how long access tokens live, in seconds. null: as on the platform")


def switches_of(kind: type[Any]) -> Iterator[Field[Any]]:
    """Yield the switches of a dataclass that has them."""
    return (known for known in fields(kind) if "about" in known.metadata)


def default_of(known: Field[Any]) -> Any:
    """Return the value of a switch at the start."""
    return known.default if known.default_factory is MISSING else known.default_factory()


def is_valid(known: Field[Any], value: object) -> bool:
    """Return whether a switch may have this JSON value."""
    match default_of(known):
        case bool():
            return type(value) is bool
        case None if value is None:
            return True
        case int() | float() | None:
            return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        case tuple():
            return isinstance(value, list) and all(isinstance(text, str) for text in value)
        case _:
            return isinstance(value, dict)


def describe_type(known: Field[Any]) -> str:
    """Return the name of the JSON type of a switch."""
    kinds = {bool: "bool", tuple: "a list of texts", dict: "dict"}
    return kinds.get(type(default_of(known)), "a number")
