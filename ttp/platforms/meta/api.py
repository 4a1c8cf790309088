"""How one of Meta's platforms names what all of them have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ttp.domain.outcome import NotDone
from ttp.platforms.meta.errors import ErrorTable


@dataclass(frozen=True, slots=True)
class GraphApi:
    """Paths below an account: where it can `create` and `publish` containers, and its `quota`. Fields of answers: the
    `state` of a container, the `reason` of its failure, the `text` of a post in a list.

    `container_failure`: why a container failed, from its reason. `name`: in messages; `platform`: in settings.
    """

    name: str
    platform: str
    errors: ErrorTable
    container_failure: Callable[[str], NotDone]
    create: str
    publish: str
    quota: str
    quota_fields: str
    state: str
    reason: str
    text: str
    uploads: bool = False
    """It takes bytes, at the host of the setting `upload_url`."""
