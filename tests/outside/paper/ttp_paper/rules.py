"""What Paper accepts: lengths, options, exports, and its limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from ttp.domain.errors import Problem
from ttp.domain.media.image_fit import ImageForm
from ttp.domain.media.item import MediaItem
from ttp.domain.metrics.ingest.columns import ExportColumns
from ttp.domain.options import Option, OptionType
from ttp.domain.platform_post import PlatformPost
from ttp.domain.publishing.rate_limit import Limit, LimitKey
from ttp.domain.rules import Rules
from ttp.domain.time.clock import Clock
from ttp.platforms.client import PublishRequest
from ttp.platforms.limits import LimitMemory, parse_whole_number
from ttp.platforms.reply import Answer, add_seconds

MOST = 40
OPTIONS = (Option("ink", OptionType.CHOICE, "the colour of the ink", ("black", "blue")),)
EXPORTS = (
    ExportColumns(
        "Paper, pages",
        {"remoteId": ("page",), "publishedAt": ("printed",), "likes": ("hearts",), "views": ("readers",)},
        (("remoteId",), ("publishedAt",), ("likes",), ("views",)),
    ),
)


def most(server: Mapping[str, object]) -> int:
    """Return the longest text that the account's press takes."""
    told = server.get("most")
    return told if isinstance(told, int) else MOST


class PaperRules(Rules):
    image_form: ImageForm | None = None

    def problems(self, post: PlatformPost) -> Iterator[Problem]:
        if post.media:
            yield post.breach("media", "media_type", " prints no media", post.media_hint)
        for text in (post.text, *post.thread):
            if len(text) > most(post.server):
                yield post.too_long(len(text), most(post.server))

    def kind(self, media: Sequence[MediaItem], options: Mapping[str, str]) -> str:
        return "page"

    def text_use(self, text: str, media: Sequence[MediaItem], server: Mapping[str, object]) -> tuple[int, int]:
        return len(text), most(server)


class PaperMeter:
    """A press limits the calls of all its accounts together."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def keys(self, request: PublishRequest, method: str, path: str) -> tuple[LimitKey, ...]:
        return (LimitKey("calls", "host", urlsplit(request.account.server or "").netloc),)

    def count_call(self, request: PublishRequest, method: str, path: str, memory: LimitMemory) -> Iterable[Limit]:
        return ()

    def read_limits(self, request: PublishRequest, method: str, path: str, answer: Answer) -> Iterable[Limit]:
        left = parse_whole_number(answer.headers.get("x-calls-left"))
        if left is not None:
            (key,) = self.keys(request, method, path)
            until = add_seconds(self._clock.now(), 60)
            yield Limit(request.account.name, key.name, left, 1000, until, key.scope, key.subject)
