"""How one of Meta's platforms names what all of them have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ttp.domain.config import Config
from ttp.domain.publishing.outcome import NotDone
from ttp.platforms.meta.errors import ErrorTable


@dataclass(frozen=True, slots=True)
class GraphApi:
    """Paths below an account: where it can `create` and `publish` containers, and its `quota`. Fields of answers: the
    `state` of a container, the `reason` of its failure, the `text` of a post in a list.

    `container_failure`: why a container failed, from its reason. `name`: in messages; `platform`: in settings. `node`:
    what paths call the token's own account; empty: by its id. `listed`: the lists of posts, and their queries.
    `version`: of the API; empty: the setting.
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
    listed: Mapping[str, Mapping[str, str]]
    node: str = ""
    version: str = ""
    uploads: bool = False
    """It takes bytes, at the host of the setting `upload_url`."""
    lists_since: bool = False
    """Its lists of posts may begin at an instant, and do not say whether there are more."""
    rests: bool = False
    """A container is published a while after its creation: the setting `ready_s`."""

    def root(self, config: Config) -> str:
        """Return the beginning of paths."""
        return f"/{self.version or config.text(f'platforms.{self.platform}.version')}"
