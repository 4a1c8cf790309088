"""The kinds of posts that a platform has, each as an example to make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ttp.domain.account import NO_OPTIONS


@dataclass(frozen=True, slots=True)
class PostKind:
    """A kind of post. `media`: `image` or `video`, in order; `parts`: of a thread; `options` by their names without the
    platform's."""

    name: str
    media: tuple[str, ...] = ()
    parts: int = 1
    options: Mapping[str, str] = field(default_factory=lambda: NO_OPTIONS)


USUAL = (
    PostKind("text"),
    PostKind("image", ("image",)),
    PostKind("images", ("image", "image")),
    PostKind("video", ("video",)),
    PostKind("thread", parts=3),
)
"""What most platforms have."""
