"""What the suites need to know of a platform with a stand-in: its file `tests/platforms/<name>/case.py` has a `CASE`.

The contract suite, the tests against the sandbox and the fault sweeps collect these files by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from tests.faults.proxy import Asked
from tests.platforms.factories import PLATFORMS
from tests.platforms.pinned import Pinned
from ttp.platforms.platform import Platform
from ttp.platforms.testing import Scenario
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.stand_in import find_stand_ins

WORDS = 'Fresh beans & <tea>: see https://example.com/menu/ "50% off"'
PARTS = ("One of three", "Two of three", "Three of three")
LONG = tuple(f"{part}: {'word ' * 50}".strip() for part in PARTS)
"""Paragraphs of which no two fit into one post on X, Bluesky or Mastodon."""
FILM = ("clip.mp4", CLIP.read_bytes(), "video/mp4", {"duration_ms": 4000})
PHOTOS = tuple((f"{n}.jpg", PHOTO.read_bytes() + bytes(n), "image/jpeg", {"alt": "A cup"}) for n in range(2))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of post. `calls`: its publishing calls, as method and path; `silent`: where the answer of one of them is
    lost, the platform cannot say whether it has the post, so a person is asked. `atomic`: one call publishes all parts
    of a thread; `keyed`: a call may be repeated under the keys that were chosen before it. `resumed`: the last piece of
    a file, sent again to the same address, is the same piece."""

    name: str
    platform: str
    calls: re.Pattern[str]
    media: tuple[str, ...] = ()
    texts: tuple[str, ...] = (WORDS,)
    options: tuple[str, ...] = ()
    silent: bool = False
    atomic: bool = False
    keyed: bool = False
    resumed: bool = False
    is_split: bool = False
    """It is written as one text, which becomes `texts`."""
    media_counts: tuple[int, ...] = ()
    """How many of the media each part has; empty where all are on the first. Their names say where they go."""
    has_comment: bool = False
    """The last of `texts` is the comment on the others."""
    has_card: bool = False
    """The publisher fetches a page, and the post shows it as a card."""

    @property
    def call_count(self) -> int:
        """How many publishing calls it takes when all goes well."""
        return 1 if self.atomic else len(self.texts)

    @property
    def account(self) -> str:
        server = "@example.org" if PLATFORMS.facts(self.platform).server == "in_handle" else ""
        return f"{self.platform}/{self.name.replace(' ', '')}{server}"

    @property
    def seen_as(self) -> str:
        """The account that followers see its posts on: a program publishes to Mastodon."""
        return self.account.replace("command/", "mastodon/") + "@example.org" * (self.platform == "command")

    def publishes(self, asked: Asked) -> bool:
        """Whether this request is one of its publishing calls."""
        return asked.last and bool(self.calls.search(asked.line))

    def argv(self, media: Path) -> list[str]:
        """`ttp create` for it. `media`: the folder of `put_media`."""
        words = ["create", self.texts[0], "--to", self.account]
        if self.is_split:
            words[1:2] = ["\n\n".join(self.texts), "--split"]
        for text in self.texts[1 : -1 if self.has_comment else None] if not self.is_split else ():
            words += ["--thread", text]
        if self.has_comment:
            words += ["--comment", self.texts[-1]]
        for name in self.media:
            place, equals, file = name.rpartition("=")
            words += ["--media", f"{place}{equals}{media / file}"]
        for option in self.options:
            words += ["--set", option]
        return words


Refusal: TypeAlias = tuple[Mapping[str, str], object]
"""Headers and JSON of an answer with status 429."""


@dataclass(frozen=True, slots=True)
class MadeUp:
    """Answers that the sweeps give in a platform's name. `refusal`: of a call past a limit, until its reset;
    the client must try again within a minute. `looks`:
    the requests that ask where a post is, if their answers can be behind; `unseen`: the body of one, as it was before
    the post was published. `renewal`: the request that renews a token, where tokens end."""

    refusal: Callable[[datetime], Refusal]
    looks: re.Pattern[str] | None = None
    unseen: Callable[[bytes], bytes] = bytes
    renewal: re.Pattern[str] | None = None


@dataclass(frozen=True)
class PlatformCase:
    """`scenarios`: of the contract suite. `kinds`: of posts in the fault sweeps, the usual one first.

    `charges`: it charges for reading the numbers of posts. `options`: what its accounts must choose before they
    publish. `settings`: with which the sweeps run. `sandbox_fields`: settings that the stand-in's accounts have too,
    and what its control API calls them.
    """

    name: str
    pinned: Pinned
    scenarios: Mapping[str, Scenario]
    kinds: tuple[Kind, ...]
    made_up: MadeUp
    charges: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    sandbox_fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def platform(self) -> Platform:
        return PLATFORMS.facts(self.name)

    @property
    def record(self) -> Path:
        """The requests of each kind of post, as a sandbox gets them: `python -m tests.faults --record` writes them."""
        return Path(__file__).parent / self.name / "requests.json"

    def requests(self) -> dict[str, list[str]]:
        """Return the recorded requests of each kind, as method and path; ids are `ID`."""
        recorded: dict[str, list[str]] = json.loads(self.record.read_text()) if self.record.exists() else {}
        return recorded


@cache
def find_cases() -> Mapping[str, PlatformCase]:
    """Return the cases of all platforms with a stand-in, by name."""
    names = sorted(one.name for one in find_stand_ins())
    return {name: import_module(f"tests.platforms.{name}.case").CASE for name in names}
