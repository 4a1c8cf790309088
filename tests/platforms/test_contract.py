"""The built-in platforms pass the suite that every platform passes, over real HTTP against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from tests.platforms.factories import PLATFORMS
from tests.platforms.pinned import USUAL_KINDS, Pinned, PinnedFacts
from tests.platforms.sandboxed import PUBLIC, control
from ttp.domain.account import Account, Credentials
from ttp.domain.config import Value
from ttp.platforms.testing import PlatformSuite, Scenario, StandingClock
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.server import RunningSandbox
from ttp.sandbox.stand_in import find_stand_ins

AHEAD = timedelta(hours=1)
FILM = ("clip.mp4", CLIP.read_bytes(), "video/mp4", {"duration_ms": 4000})
PHOTOS = tuple((f"{n}.jpg", PHOTO.read_bytes() + bytes(n), "image/jpeg", {"alt": "A cup"}) for n in range(2))


@dataclass
class SandboxStandIn:
    """A new account in the shared sandbox, whose clock is an hour ahead."""

    url: str
    settings: Mapping[str, Value]
    account: Account
    credentials: Credentials
    ahead: timedelta = AHEAD

    def count(self) -> int:
        posts = control(self.url, "GET", "posts")
        return len([post for post in posts if post["account"] == self.account.name and not post.get("parent")])

    def refuse(self, why: str) -> None:
        self._change(trouble=why)

    def end_token(self) -> None:
        self._change(accessExpired=True)

    def _change(self, **what: object) -> None:
        control(self.url, "POST", "accounts", {"account": self.account.name, "keepTokens": True, **what})


class SandboxSuite(PinnedFacts, PlatformSuite):
    @pytest.fixture(autouse=True)
    def _sandbox(self, sandbox: RunningSandbox, tmp_path: Path) -> None:
        self.sandbox, self.served = sandbox, tmp_path / "served"
        self.served.mkdir()

    @contextmanager
    def stand_in(self, scenario: Scenario, clock: StandingClock) -> Iterator[SandboxStandIn]:
        self.sandbox.reset(now=lambda: clock.now() + AHEAD, media_dir=self.served, processing_s=5.0, moderation_s=5.0)
        url, name = self.sandbox.url, self.platform.name
        handle = "tester@example.org" if self.platform.server == "in_handle" else "tester"
        wanted: dict[str, object] = {"account": f"{name}/{handle}", "unlimited": True}
        if (login := scenario.settings.get("platforms.instagram.login")) is not None:
            wanted["login"] = login
        held = control(url, "POST", "accounts", wanted)["credentials"]
        settings: dict[str, Value] = {
            f"platforms.{name}.base_url": url,
            "media_host.kind": "folder",
            "media_host.path": str(self.served),
            "media_host.base_url": f"{url}/_sandbox/media",
        }
        credentials = Credentials(held["accessToken"], host="127.0.0.1", user_id=held["userId"])
        yield SandboxStandIn(url, settings, Account(name, handle), credentials)


class TestX(SandboxSuite):
    platform = PLATFORMS.facts("x")
    pinned = Pinned(USUAL_KINDS, "look_up", 900.0, 1, timedelta(hours=2))
    scenarios: ClassVar = {
        "text": Scenario(("POST", r"/2/tweets$"), 201, refused_by="not_permitted"),
        "images": Scenario(("POST", r"/2/tweets$"), 201, media=PHOTOS),
        "video": Scenario(("POST", r"/2/tweets$"), 201, media=(FILM,)),
        "thread": Scenario(("POST", r"/2/tweets$"), 201, thread=("Two", "Three")),
    }


class TestInstagram(SandboxSuite):
    platform = PLATFORMS.facts("instagram")
    pinned = Pinned(
        ("image", "carousel", "reel", "story", "video story"),
        "look_up",
        300.0,
        6,
        timedelta(days=60),
        (0.5, timedelta(hours=24), False),
    )
    scenarios: ClassVar = {
        "photo": Scenario(("POST", r"/media_publish$"), media=PHOTOS[:1], refused_by="spam"),
        "carousel": Scenario(("POST", r"/media_publish$"), media=PHOTOS),
        "facebook": Scenario(
            ("POST", r"/media_publish$"),
            media=(FILM,),
            settings={"platforms.instagram.login": "facebook"},
            refused_by="restricted",
        ),
    }


class TestTikTok(SandboxSuite):
    platform = PLATFORMS.facts("tiktok")
    pinned = Pinned(("video", "photos"), "look_up", 0.0, 60, timedelta(hours=2))
    scenarios: ClassVar = {
        # TikTok answers the last chunk with 201, whatever the body. It never answers 200.
        "upload": Scenario(("PUT", r"/video/"), 200, media=(FILM,), options={"privacy_level": "SELF_ONLY"}),
        # A video that TikTok fetches has no id yet to ask about: that it is not listed proves nothing.
        "pull": Scenario(
            ("POST", r"/video/init/$"),
            media=(FILM,),
            options={**PUBLIC, "source": "pull"},
            refused_by="spam_risk",
            listed=False,
        ),
    }


class TestBluesky(SandboxSuite):
    platform = PLATFORMS.facts("bluesky")
    pinned = Pinned((*USUAL_KINDS, "gallery", "gates"), "key", 120.0, 6, timedelta(hours=2))
    scenarios: ClassVar = {
        "text": Scenario(("POST", r"/xrpc/com.atproto.repo.applyWrites$"), refused_by="rejected"),
        "images": Scenario(("POST", r"/xrpc/com.atproto.repo.applyWrites$"), media=PHOTOS),
        "video": Scenario(("POST", r"/xrpc/com.atproto.repo.applyWrites$"), media=(FILM,)),
        "thread": Scenario(("POST", r"/xrpc/com.atproto.repo.applyWrites$"), thread=("Two", "Three")),
    }


class TestMastodon(SandboxSuite):
    platform = PLATFORMS.facts("mastodon")
    pinned = Pinned((*USUAL_KINDS, "poll"), "look_up", 120.0, 6, None)
    scenarios: ClassVar = {
        "text": Scenario(("POST", r"/api/v1/statuses$"), refused_by="rejected_status"),
        "images": Scenario(("POST", r"/api/v1/statuses$"), media=PHOTOS),
        "video": Scenario(("POST", r"/api/v1/statuses$"), media=(FILM,)),
        "poll": Scenario(("POST", r"/api/v1/statuses$"), options={"poll": "Yes|No"}),
        "thread": Scenario(("POST", r"/api/v1/statuses$"), thread=("Two", "Three")),
    }


def test_every_stand_in_has_a_suite() -> None:
    assert {one.platform.name for one in SandboxSuite.__subclasses__()} == {one.name for one in find_stand_ins()}
