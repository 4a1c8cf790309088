"""A client in its own context: the sandbox that it calls over real HTTP, a fixed clock, and a request."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.platforms.factories import client_for
from tests.platforms.stubs import drive, media
from tests.settings import Config
from ttp.domain.config import Value
from ttp.domain.outcome import Handle, Outcome
from ttp.platforms.client import Client, MediaFile, PublishRequest, Ready
from ttp.platforms.testing import StandingClock
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.stand_in import find_stand_ins

TEXT = 'Café & <friends>: see https://example.com/menu/ or example.org. "50% off" 👩\u200d💻'


def control(url: str, method: str, path: str, body: object = None) -> Any:
    """Ask the sandbox at an address for what its followers see, or give it an instruction."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/_sandbox/{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@dataclass
class Desk:
    """One client, the sandbox it speaks to, and an order for its demo account."""

    url: str
    clock: StandingClock
    client: Client
    order: PublishRequest
    settings: dict[str, Value]

    def control(self, method: str, path: str, body: object = None) -> Any:
        return control(self.url, method, path, body)

    def configure(self, **settings: Value) -> None:
        """Go on with a client of other settings; `__` stands for a dot."""
        self.settings |= {name.replace("__", "."): value for name, value in settings.items()}
        self.client.close()
        client = client_for(self.order.account.platform, Config(self.settings), self.clock)
        self.client = client

    def change(self, **what: object) -> None:
        """Change something about the account that the platform holds, but not its token."""
        self.control("POST", "accounts", {"account": self.order.account.name, "keepTokens": True, **what})

    def said_of(self, **options: str) -> None:
        self.order = replace(self.order, options=options)

    def posts(self) -> list[dict[str, Any]]:
        return list(self.control("GET", "posts"))

    def fault(self, method: str, path: str, do: str, **more: object) -> None:
        self.control("POST", "faults", {"method": method, "path": path, "do": do, **more})

    def prepare(self, handle: Handle | None = None) -> Ready:
        return drive(self.client.prepare(self.order, handle or {}), self.clock)[1]

    def look_up(self, ready: Ready) -> object:
        assert ready.platform_at is not None
        looked = self.client.look_up(self.order, ready.handle, ready.platform_at)
        assert looked.platform_at is not None
        return looked.finding

    def publish(self, ready: Ready) -> Outcome:
        return self.client.publish(self.order, ready.handle)


def files(platform: str, folder: Path) -> tuple[MediaFile, ...]:
    match platform:
        case "x" | "bluesky" | "mastodon":
            return ()
        case "instagram":
            return (media(folder / "photo.jpg", PHOTO.read_bytes(), "image/jpeg", alt="A cup"),)
        case _:
            return (media(folder / "clip.mp4", CLIP.read_bytes(), "video/mp4", duration_ms=4000),)


def on(*platforms: str) -> pytest.MarkDecorator:
    known = platforms or tuple(one.name for one in find_stand_ins())
    return pytest.mark.parametrize("desk", known, indirect=True, ids=str)


PUBLIC = {
    "privacy_level": "PUBLIC_TO_EVERYONE",
    "disable_comment": "false",
    "disable_duet": "true",
    "disable_stitch": "true",
    "brand_content_toggle": "false",
    "brand_organic_toggle": "false",
}
CALL = {
    "x": ("POST", "/2/tweets$"),
    "instagram": ("POST", "/media_publish$"),
    "tiktok": ("PUT", "/video/"),
    "bluesky": ("POST", "applyWrites$"),
    "mastodon": ("POST", "/api/v1/statuses$"),
}
