"""One post as it would go to one account, and how its problems are worded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ttp.domain.account import Platform
from ttp.domain.errors import Problem
from ttp.domain.image_fit import Fit
from ttp.domain.media import MediaHostProblem, MediaItem
from ttp.domain.options import OPTIONS, Chosen


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules of a platform look at.

    `options` are the account's with the post's over them, by full name; `own` are the names of the post's.
    `media` are as they are sent; `fits`, by their SHA-256, are how the images among them came about.
    `no_host`: why local files get no public URL (None: they do); `video_upload`: Instagram takes the bytes of videos.
    `thread`: the parts that follow `text` on X; `out`: how many parts, `text` included, are published already.
    """

    account: str
    text: str
    media: tuple[MediaItem, ...]
    options: Mapping[str, str]
    no_host: MediaHostProblem | None = None
    video_upload: bool = False
    own: frozenset[str] = frozenset()
    post_id: int | None = None
    thread: tuple[str, ...] = ()
    out: int = 0
    fits: Mapping[str, Fit] = field(default_factory=dict)

    @property
    def platform(self) -> Platform:
        return Platform(self.account.partition("/")[0])

    def chosen(self, name: str) -> str | None:
        """An option of the platform; None where it is not set, or set to what it cannot be (told by itself)."""
        try:
            return Chosen(self.platform, self._short()).word(name)
        except ValueError:
            return None

    def _short(self) -> dict[str, str]:
        prefix = f"{self.platform}."
        return {name.removeprefix(prefix): value for name, value in self.options.items() if name.startswith(prefix)}

    def fit(self, item: MediaItem) -> Fit:
        """How one of the items came about: as it is, where nobody looked."""
        return self.fits.get(item.sha256) or Fit()

    @property
    def media_hint(self) -> str:
        """What to type to give the post other media."""
        return "--media FILE" if self.post_id is None else f"ttp edit {self.post_id} --media FILE"

    @property
    def text_hint(self) -> str | None:
        """What to type to give a saved post another text, from standard input."""
        return None if self.post_id is None else f"ttp edit {self.post_id} -"

    @property
    def thread_hint(self) -> str | None:
        """What to type to give a saved post another thread."""
        return None if self.post_id is None else f"ttp edit {self.post_id} --thread TEXT"

    def breach(self, field: str, code: str, message: str, hint: str | None = None) -> Problem:
        """A problem for which the platform would refuse the post. `message` goes on from the account's name."""
        return Problem(field, code, f"{self.account}{message}", self.account, hint)

    def warning(self, field: str, code: str, message: str, hint: str | None = None) -> Problem:
        """A problem that the platform may or may not refuse the post for."""
        return Problem(field, code, f"{self.account}{message}", self.account, hint, warning=True)

    def too_long(self, length: int, limit: int) -> Problem:
        return self.breach("content", "text_too_long", f": text is {length} of {limit}", self.text_hint)

    def wrong_options(self) -> Iterator[Problem]:
        """A breach for every option of the platform that is set to what it cannot be."""
        chosen = Chosen(self.platform, self._short())
        for name in self.options:
            if name in OPTIONS and OPTIONS[name].platform is self.platform:
                try:
                    chosen.word(OPTIONS[name].short)
                except ValueError as error:
                    yield self.breach("options", "option_value", f": {error}")

    def idle_options(self, kind: str) -> Iterator[Problem]:
        """A warning for every option of the post's own that says nothing of this kind of post."""
        for name in sorted(self.own):
            option = OPTIONS.get(name)
            if option is not None and option.platform is self.platform and not option.says_something_of(kind):
                only = " and ".join(option.kinds)
                yield self.warning(
                    "options", "option_idle", f": {name} is for {only}, and is not sent with this {kind}"
                )

    def without_address(self, items: Iterable[MediaItem]) -> Iterator[Problem]:
        """A breach where items that the platform fetches itself have no public URL and cannot be given one."""
        local = [item.name for item in items if item.url is None]
        if local and self.no_host is not None:
            message = f" fetches media from a public URL, and {', '.join(local)} has none: {self.no_host.message}"
            yield self.breach("media", "media_host", message, self.no_host.hint)
