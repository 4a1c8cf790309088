"""A client in its own context: the sandbox that it calls over real HTTP, a fixed clock, and a request."""

from __future__ import annotations

import json
import urllib.request
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

from tests.platforms.case import find_cases
from tests.platforms.factories import PLATFORMS
from tests.platforms.stubs import drive, drive_to_failure, media
from tests.settings import Config
from ttp.domain.account import Account, Credentials
from ttp.domain.config import Value
from ttp.domain.publishing.outcome import Handle
from ttp.platforms.client import MediaFile, PublishRequest, Ready, StepDone, StepFailed
from ttp.platforms.platform import Runtime
from ttp.platforms.testing import StandingClock
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.server import RunningSandbox
from ttp.sandbox.stand_in import find_stand_ins, stand_in


class Closable(Protocol):
    def close(self) -> None: ...


Made = TypeVar("Made", bound=Closable)
TEXT = 'Café & <friends>: see https://example.com/menu/ or example.org. "50% off" 👩\u200d💻'


def control(url: str, method: str, path: str, body: object = None) -> Any:
    """Ask the sandbox at an address for what its followers see, or give it an instruction."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/_sandbox/{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


class Desk:
    """A platform's parts over one sandbox, its clock, and an order for its demo account."""

    def __init__(self, platform: str, sandbox: RunningSandbox, folder: Path, text: str = TEXT) -> None:
        self.url, self.sandbox, self.clock = sandbox.url, sandbox, StandingClock()
        served = folder / "served"
        served.mkdir()
        sandbox.reset(now=self.clock.now, media_dir=served, processing_s=5.0, moderation_s=5.0)
        self.facts, self.opened = PLATFORMS.facts(platform), ExitStack()
        self.settings: dict[str, Value] = {
            f"platforms.{platform}.base_url": sandbox.url,
            "media_host.kind": "folder",
            "media_host.path": str(served),
            "media_host.base_url": f"{sandbox.url}/_sandbox/media",
        }
        self.configure()
        account = Account(platform, stand_in(platform).demo_handle(sandbox.state.address))
        (held,) = (made["credentials"] for made in self.control("GET", "accounts") if made["account"] == account.name)
        credentials = Credentials(held["accessToken"], "127.0.0.1", held.get("refreshToken"), user_id=held["userId"])
        options = find_cases()[platform].options
        self.order = PublishRequest(
            1, account, credentials, text, files(platform, folder), options=options, key_seed="store/1"
        )

    @property
    def runtime(self) -> Runtime:
        return Runtime(Config(self.settings), self.clock)

    def open(self, made: Made) -> Made:
        """Close what was made at the end of the test."""
        return self.opened.enter_context(closing(made))

    def configure(self, **settings: Value) -> None:
        """Go on with a client of other settings; `__` stands for a dot."""
        self.settings |= {name.replace("__", "."): value for name, value in settings.items()}
        self.client = self.open(self.facts.client(self.runtime))

    def control(self, method: str, path: str, body: object = None) -> Any:
        return control(self.url, method, path, body)

    def change(self, **what: object) -> None:
        """Change something about the account that the platform holds, but not its token."""
        self.control("POST", "accounts", {"account": self.order.account.name, "keepTokens": True, **what})

    def switch(self, **settings: object) -> None:
        self.control("POST", "settings", settings)

    def said_of(self, **options: str) -> None:
        self.order = replace(self.order, options=options)

    def posts(self) -> list[dict[str, Any]]:
        return list(self.control("GET", "posts"))

    def fault(self, do: str, path: str | None = None, **more: object) -> None:
        """Order a fault for a path, or else for the call that publishes."""
        path = call_path(self.order.account.platform) if path is None else path
        self.control("POST", "faults", {"path": path, "do": do, **more})

    def prepare(self, handle: Handle | None = None) -> Ready:
        """Prepare, and keep what the server said about itself, as the publisher does."""
        steps, ready = drive(self.client.prepare(self.order, handle or {}), self.clock)
        for step in steps:
            if isinstance(step, StepDone) and step.server_info is not None:
                self.order = replace(self.order, account=replace(self.order.account, server_info=step.server_info))
        return ready

    def fail(self, handle: Handle | None = None) -> StepFailed:
        """Prepare in vain; why."""
        return drive_to_failure(self.client.prepare(self.order, handle or {}), self.clock)[1]

    def look_up(self, ready: Ready) -> Any:
        assert ready.platform_at is not None
        looked = self.client.look_up(self.order, ready.handle, ready.platform_at)
        assert looked.platform_at is not None
        return looked.finding

    def publish(self, ready: Ready) -> Any:
        return self.client.publish(self.order, ready.handle)


def call_path(platform: str) -> str:
    """Return the pattern of the path of its publishing call."""
    return find_cases()[platform].kinds[0].calls.pattern.partition(" ")[2]


def files(platform: str, folder: Path) -> tuple[MediaFile, ...]:
    """Return the media of its first kind of post."""
    return tuple(
        media(folder / "clip.mp4", CLIP.read_bytes(), "video/mp4", duration_ms=4000)
        if name.endswith(".mp4")
        else media(folder / "photo.jpg", PHOTO.read_bytes(), "image/jpeg", alt="A cup")
        for name in find_cases()[platform].kinds[0].media
    )


def on(*platforms: str) -> pytest.MarkDecorator:
    known = platforms or tuple(one.name for one in find_stand_ins())
    return pytest.mark.parametrize("desk", known, indirect=True, ids=str)
