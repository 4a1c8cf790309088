"""What a delivery on Instagram remembers between its steps. Pure.

The handle: `user_id`; `request`, a fingerprint of what the containers are made of; `children`, the containers of a
carousel's items; `creation_id`, `created` (ms) and `uri` (while its bytes are still to be sent), the container that is
published; `refetched` once a URL could not be fetched; `unsettled_since` (platform ms) once an unknown outcome was
looked for in vain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ttp.domain.attempt import Handle
from ttp.platforms.reply import number_id


@dataclass(frozen=True, slots=True)
class Made:
    """A container. `uri`: where its bytes are still to be sent; None where it has them, or fetches them itself."""

    id: str
    created: int
    uri: str | None = None

    def remembered(self) -> dict[str, object]:
        return {"id": self.id, "created": self.created, **({} if self.uri is None else {"uri": self.uri})}


def recalled(value: object) -> Made | None:
    """The container that a handle remembers; None where there is none."""
    if not isinstance(value, Mapping) or number_id(value.get("id")) is None:
        return None
    uri = value.get("uri")
    return Made(str(value["id"]), int(str(value["created"])), uri if isinstance(uri, str) else None)


def bare(handle: Handle) -> Handle:
    """The handle without any container."""
    return {name: handle[name] for name in ("user_id", "refetched") if name in handle}


def parent(handle: Handle) -> Made | None:
    """The container that is published, as the handle remembers it."""
    return recalled({**handle, "id": handle.get("creation_id")})


def children(handle: Handle) -> list[object]:
    children = handle.get("children")
    return list(children) if isinstance(children, list) else []


def with_children(handle: Handle, known: Sequence[Made | None]) -> Handle:
    return {**handle, "children": [None if child is None else child.remembered() for child in known]}


def without_parent(handle: Handle) -> Handle:
    """The handle without the container that was to be published; those of a carousel's items are kept."""
    gone = ("creation_id", "created", "uri", "unsettled_since")
    return {name: value for name, value in handle.items() if name not in gone}
