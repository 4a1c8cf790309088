"""A post as one platform gets it, which its rules judge."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ttp.domain.action import Action, WayOut, action, other_options
from ttp.domain.config import Config
from ttp.domain.errors import Problem
from ttp.domain.media.image_fit import ImageFit
from ttp.domain.media.item import MediaHostProblem, MediaItem
from ttp.domain.media.place import place_of, split_part
from ttp.domain.options import ChosenOptions, Option, options_of
from ttp.domain.parts.split import Unsplittable
from ttp.domain.text import clean_text, utf16_length

_SHOWN_PIECE = 40


@dataclass(frozen=True, slots=True)
class PlatformPost:
    """What the rules of a platform look at.

    `options` are the account's with the post's over them, by full name; `own` are the names of the post's. `media` are
    the first part's items as sent, `thread_media` those of each further part; `fits`, by their SHA-256, how the images
    were converted. `no_host`: why local files get no public URL (None: they do). `table`: the platform's options;
    `server`: what the account's server allows. `thread`: the parts after `text`; `published_parts`: how many, `text`
    included; `most_parts`: of a thread; `part_starts` as of the delivery. `part`: which one this is, where it is one of
    `parts_to_come`. `scopes`: of a comment, the granted permissions of its account; empty if unknown.
    """

    account: str
    text: str
    media: tuple[MediaItem, ...]
    options: Mapping[str, str]
    no_host: MediaHostProblem | None = None
    own: frozenset[str] = frozenset()
    post_id: int | None = None
    thread: tuple[str, ...] = ()
    thread_media: tuple[tuple[MediaItem, ...], ...] = ()
    part_starts: tuple[int, ...] = ()
    part: int = 1
    is_comment: bool = False
    scopes: tuple[str, ...] = ()
    published_parts: int = 0
    most_parts: int = 1
    table: Mapping[str, Option] = field(default_factory=dict)
    config: Config = field(default_factory=Config)
    server: Mapping[str, object] = field(default_factory=dict)
    fits: Mapping[str, ImageFit] = field(default_factory=dict)

    @property
    def platform(self) -> str:
        return self.account.partition("/")[0]

    @property
    def chosen_options(self) -> ChosenOptions:
        return ChosenOptions(self.platform, self.table, options_of(self.platform, self.options))

    def chosen_option(self, name: str) -> str | None:
        """Return an option of the platform; None if it is not set or invalid (reported separately)."""
        try:
            return self.chosen_options.word(name)
        except ValueError:
            return None

    def part_option(self, name: str) -> tuple[int, str] | None:
        """Return the number of the part that an option such as `2=https://…` is for, and its value. A number past the
        last part belongs to no part."""
        value = self.chosen_option(name)
        if value is None:
            return None
        part, value = split_part(value)
        return place_of(part, self.part_starts, 1 + len(self.thread)) + 1, value

    def fit(self, item: MediaItem) -> ImageFit:
        """Return how an image was converted; unchanged without a check."""
        return self.fits.get(item.sha256) or ImageFit()

    @property
    def audio(self) -> list[str]:
        """The names of its audio files."""
        return [item.name for items in (self.media, *self.thread_media) for item in items if item.is_audio]

    @property
    def media_hint(self) -> WayOut | None:
        """What to type to add media to a post without any, else to remove some of a saved post. No command drops a file
        by itself."""
        if not self.media:
            add = other_options(media="FILE")
            return add if self.post_id is None else action("edit", self.post_id, add_media="FILE")
        return None if self.post_id is None else action("edit", self.post_id, remove_media="FILE")

    @property
    def focus_hint(self) -> WayOut | None:
        """What to type to have the only one of its media cropped."""
        if len(self.media) != 1 or self.thread_media:
            return None
        return other_options(focus="X,Y") if self.post_id is None else action("edit", self.post_id, focus="X,Y")

    @property
    def text_hint(self) -> Action | None:
        """What to type to change the text of a saved post, from standard input."""
        if self.is_comment:
            return None if self.post_id is None else action("edit", self.post_id, comment="TEXT")
        return None if self.post_id is None else action("edit", self.post_id, "-")

    @property
    def thread_hint(self) -> Action | None:
        """What to type to change the thread of a saved post."""
        return None if self.post_id is None else action("edit", self.post_id, thread="TEXT")

    def breach(self, field: str, code: str, message: str, hint: WayOut | None = None) -> Problem:
        """Return a problem for which the platform would refuse the post. `message` continues the account's name."""
        return Problem(field, code, f"{self._label}{message}", self.account, hint)

    def warning(self, field: str, code: str, message: str, hint: WayOut | None = None) -> Problem:
        """A problem that the platform may or may not refuse the post for."""
        return Problem(field, code, f"{self._label}{message}", self.account, hint, warning=True)

    @property
    def _label(self) -> str:
        if self.is_comment:
            return f"{self.account}, comment"
        return self.account if self.part == 1 else f"{self.account}, part {self.part}"

    def parts_to_come(self) -> Iterator[PlatformPost]:
        """Yield each part that is not published yet as a single post, with its media."""
        for number, text in enumerate((self.text, *self.thread), 1):
            if number > self.published_parts:
                media = self.media_of(number)
                yield replace(self, text=text, media=media, thread=(), thread_media=(), part=number)

    def media_of(self, number: int) -> tuple[MediaItem, ...]:
        """Return the media of a part, by its number from 1 on."""
        every = (self.media, *self.thread_media)
        return every[number - 1] if number <= len(every) else ()

    def unsplittable(self, why: Unsplittable, most_parts: int) -> Problem:
        """Return why the text cannot become parts."""
        if why.why == "count":
            message = f": the text needs more than {most_parts} parts, and a thread has at most {most_parts}"
            return self.breach("content", "thread_count", message, self.text_hint)
        piece = why.piece if len(why.piece) <= _SHOWN_PIECE else f"{why.piece[:_SHOWN_PIECE]}…"
        message = f': "{clean_text(piece)}" cannot be split, and is {why.length} of {why.limit}'
        return self.breach("content", "text_unsplittable", message, self.text_hint)

    def too_long(self, length: int, limit: int) -> Problem:
        return self.breach("content", "text_too_long", f": text is {length} of {limit}", self.text_hint)

    def thread_problems(self, check: Callable[[int, str], Iterable[Problem]]) -> Iterator[Problem]:
        """Yield a breach if the thread is too long, and the problems of its further parts that are not published.
        `check`: the platform's problems of a part, by its number and text."""
        if (count := 1 + len(self.thread)) > self.most_parts:
            message = f" cannot take a thread of {count} parts: {self.most_parts} at most"
            yield self.breach("thread", "thread_count", message, self.thread_hint)
        for number, text in enumerate(self.thread, 2):
            if number > self.published_parts:
                if not text.strip() and not self.media_of(number):
                    message = f": part {number} of the thread is empty"
                    yield self.breach("thread", "text_missing", message, self.thread_hint)
                yield from check(number, text)

    def invalid_option_problems(self) -> Iterator[Problem]:
        """Yield a breach for every option of the platform that is set to what it cannot be."""
        if not self.options:
            return
        chosen = self.chosen_options
        for name in filter(self.table.__contains__, chosen.values):
            try:
                chosen.word(name)
            except ValueError as error:
                yield self.breach("options", "option_value", f": {error}")

    def idle_media_warnings(self, taken: Collection[str]) -> Iterator[Problem]:
        """Yield a warning for the captions and thumbnails that the platform does not take."""
        for name in ("captions", "thumbnail"):
            for item in (one for items in (self.media, *self.thread_media) for one in items):
                if name not in taken and getattr(item, name):
                    yield self.warning("media", "media_idle", f": the {name} of {item.name} will not be sent there")

    def unused_option_warnings(self, kind: str) -> Iterator[Problem]:
        """Yield a warning for each of the post's options that does not matter for this kind of post."""
        for name in sorted(self.own):
            platform, _, short = name.partition(".")
            option = self.table.get(short) if platform == self.platform else None
            if option is not None and not option.applies_to(kind):
                only = " and ".join(option.kinds)
                yield self.warning(
                    "options", "option_idle", f": {name} is for {only}, and is not sent with this {kind}"
                )

    def alt_problems(self, most: int, count: Callable[[str], int] = utf16_length) -> Iterator[Problem]:
        """Yield a breach for each alt text longer than the platform takes."""
        for item in self.media:
            if item.alt and (length := count(item.alt)) > most:
                yield self.breach("media", "alt_too_long", f": the alt text of {item.name} is {length} of {most}")

    def quote_problems(self, conflict: Callable[[int, str], Iterable[Problem]]) -> Iterator[Problem]:
        """Yield a breach for a quote of a part that is not there, else what is wrong with it (`conflict`: by the number
        of its part and its value)."""
        number, value = self.part_option("quote") or (0, "")
        if number > 1 + len(self.thread):
            yield self.breach("options", "option_value", f": {self.platform}.quote names a part that is not there")
        elif number > self.published_parts:
            yield from conflict(number, value)

    def public_url_problems(self, items: Iterable[MediaItem]) -> Iterator[Problem]:
        """Yield a breach if items need a public URL and cannot get one."""
        local = [item.name for item in items if item.url is None]
        if local and self.no_host is not None:
            message = f" fetches media from a public URL, and {', '.join(local)} has none: {self.no_host.message}"
            yield self.breach("media", "media_host", message, self.no_host.hint)
