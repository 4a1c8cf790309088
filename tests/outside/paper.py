"""A platform that lives outside the package: it publishes into a file. Tests install it as a package of its own."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from ttp.domain.config import Key
from ttp.domain.errors import Problem
from ttp.domain.image_fit import ImageForm
from ttp.domain.media import MediaItem
from ttp.domain.options import Option, OptionType
from ttp.domain.outcome import Absent, Done, Found, Handle, Outcome
from ttp.domain.rules import PlatformPost
from ttp.platforms.client import LookupResult, PublishRequest, Ready, Step, fingerprint
from ttp.platforms.platform import Platform, Runtime

MOST = 40


class PaperRules:
    image_form: ImageForm | None = None

    def problems(self, post: PlatformPost) -> Iterator[Problem]:
        if len(post.text) > MOST:
            yield post.too_long(len(post.text), MOST)

    def kind(self, media: Sequence[MediaItem], options: Mapping[str, str]) -> str:
        return "page"

    def text_use(self, text: str, media: Sequence[MediaItem], server: Mapping[str, object]) -> tuple[int, int]:
        return len(text), MOST


class PaperClient:
    """Appends a line for each post to the file that PAPER names."""

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock
        self._file = Path(os.environ["PAPER"])

    def prepare(self, order: PublishRequest, handle: Handle) -> Generator[Step, None, Ready]:
        mark = fingerprint("WRITE", str(self._file), {"text": order.text})
        yield from ()  # no invisible step
        return Ready(handle, self._clock.now(), "write a line", mark)

    def publish(self, order: PublishRequest, handle: Handle) -> Outcome:
        with self._file.open("a") as file:
            file.write(f"{order.delivery_id} {order.options.get('ink', 'black')} {order.text}\n")
        return Done(str(order.delivery_id), f"https://paper.example/{order.delivery_id}")

    def look_up(self, order: PublishRequest, handle: Handle, since: datetime) -> LookupResult:
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        there = any(line.startswith(f"{order.delivery_id} ") for line in lines)
        finding = Found(str(order.delivery_id), None) if there else Absent()
        return LookupResult(finding, self._clock.now())

    def close(self) -> None:
        """There is nothing to close."""


class Paper(Platform):
    name, title, aliases, short = "paper", "Paper", ("pp",), "pp"
    proof = "look_up"
    post_url = r"https://paper\.example/(?P<id>[0-9]+)"
    keys = (Key("base_url", "https://paper.example", "where Paper is reached"),)

    def rules(self) -> PaperRules:
        return PaperRules()

    def options(self) -> tuple[Option, ...]:
        return (Option("ink", OptionType.CHOICE, "the colour of the ink", ("black", "blue")),)

    def client(self, runtime: Runtime) -> PaperClient:
        return PaperClient(runtime)


PLATFORM = Paper()
