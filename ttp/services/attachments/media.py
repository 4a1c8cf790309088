"""Add media to the store: local files, and web addresses, which are fetched once. Convert and clean them up."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote, urlsplit

from ttp.domain.account import Account, is_loopback
from ttp.domain.action import action, other_options
from ttp.domain.config import Config
from ttp.domain.errors import Hint, NotFound, Problem, StateRefused, TtpError, UsageError
from ttp.domain.media.details import MOST_CAPTION_BYTES, check_captions, is_captions, parse_focus
from ttp.domain.media.image_fit import EXTRA, ImageFit, ImageFits, ImageForm, crop_box, find_misfit
from ttp.domain.media.item import KEPT, MediaItem, is_web_address
from ttp.domain.media.place import PlacedName, split_name
from ttp.domain.media.probe import UnusableMedia
from ttp.domain.media.probe.images import ImageAppearance, has_location, read_appearance
from ttp.domain.platform import PlatformFacts
from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput, check_variant_key, replace_media
from ttp.domain.text import clean_text
from ttp.domain.time.clock import Clock
from ttp.platforms import uploads
from ttp.platforms.gif_conversion import INSTALL, FfmpegMissing, convert_gif
from ttp.platforms.image_conversion import Animated, CannotConvert, PillowMissing, convert_to_jpeg
from ttp.platforms.media_host.availability import NoPublicUrl
from ttp.platforms.registry import Registry
from ttp.store import queries
from ttp.store.database import Database
from ttp.store.home.files import open_regular
from ttp.store.home.media import (
    MediaStore,
    did_you_mean,
    is_digest,
    meant_files,
    open_source,
    path_text,
    temporary_media,
)
from ttp.store.media_cleanup import clean_bucket, needed_digests, remove_unneeded, shrink_cache

if TYPE_CHECKING:
    from ttp.platforms.client import MediaFile


_LONGEST_NAME = 100
FETCHED_AHEAD = timedelta(minutes=10)
"""How long before its time the media of a post are fetched from a bucket."""


def loopback_platforms(config: Config, platforms: Registry, accounts: Iterable[Account]) -> frozenset[str]:
    """Return the platforms whose API runs on this machine: where there are many servers, those of all `accounts`."""
    servers: dict[str, set[str | None]] = {name: set() for name in platforms.names()}
    for one in accounts:
        if one.platform in servers:
            servers[one.platform].add(one.server)
    return frozenset(
        name
        for name, some in servers.items()
        if all(is_loopback(platforms.facts(name).host(config, server)) for server in some or {None})
    )


def add_from_web(
    url: str,
    names: Collection[str],
    accounts: Iterable[Account],
    media: MediaStore,
    config: Config,
    platforms: Registry,
) -> MediaItem:
    """Fetch the file at a web address and add it. `names`: the platforms of the post, else of all `accounts`. Raise
    NotFound, UsageError, Busy."""
    from ttp.platforms.download import DownloadTimeouts, fetch, parse_download_url

    accounts = list(accounts)
    at_home = loopback_platforms(config, platforms, accounts)
    names = names or {one.platform for one in accounts}
    loopback = set(names) <= at_home if names else bool(at_home)
    patience = DownloadTimeouts(config.seconds("http.connect_timeout_s"), config.seconds("http.read_timeout_s"))

    def write(file: BinaryIO) -> None:
        fetch(url, file, patience, loopback=loopback)

    with _download_errors(url) as shown:
        parse_download_url(url, loopback=loopback)
        return replace(media.add_written(_name_from_url(url), shown, write), url=url)


def check_web_address(url: str, *, loopback: bool) -> None:
    """Raise UsageError for an address that is never fetched. Fetches nothing."""
    from ttp.platforms.download import parse_download_url

    with _download_errors(url):
        parse_download_url(url, loopback=loopback)


@contextmanager
def _download_errors(url: str) -> Iterator[str]:
    """Yield the address as it may be shown; turn failures of the block into NotFound and UsageError that name it."""
    from ttp.platforms.download import DownloadFailed

    shown = clean_text(re.sub(r"//[^/?#]*@", "//", url, count=1))  # never show a password in a message
    try:
        yield shown
    except DownloadFailed as error:
        kind = NotFound if error.missing else UsageError
        raise kind(f"{shown} {error.message}", Hint("try", "--media FILE", (url, "FILE"))) from error


def add_upload(file: BinaryIO, name: str, media: MediaStore) -> MediaItem:
    """Add an open file under its sender's name for it. Raise UsageError unless it is an image or video, Busy."""
    shown = upload_name(name)
    return media.add_written(shown, shown, lambda target: shutil.copyfileobj(file, target))


def check_upload(file: BinaryIO, name: str, media: MediaStore) -> MediaItem:
    """Return what `add_upload` would, and add nothing."""
    with temporary_media(media) as folder:
        return add_upload(file, name, folder)


def upload_name(name: str) -> str:
    """Return the last part of a path of any system, without characters that do not print."""
    last = clean_text(re.split(r"[/\\]", name)[-1])[-_LONGEST_NAME:]
    return last if last.strip(". ") else "media"


def _name_from_url(url: str) -> str:
    """Return the file name at the end of a URL, else the host."""
    parts = urlsplit(url)
    last = clean_text(unquote(parts.path, errors="replace").rstrip("/").rpartition("/")[2])
    return last[-_LONGEST_NAME:] or parts.hostname or "media"


class MediaConversion:
    """Converts images of one media folder as platforms need. Safe to use from several threads."""

    def __init__(self, media: MediaStore, config: Config) -> None:
        self._media = media
        self._converts = config.text("media.convert") != "never"

    def fits(self, media: Iterable[MediaItem], forms: Collection[ImageForm], *, only_made: bool = False) -> ImageFits:
        """Return how each image is sent in each form. Converts those that need it, unless `only_made`. Raise Busy."""
        return {
            (form, item): self._fit(item, form, only_made=only_made, reuses=self._converts)
            for item in media
            for form in forms
            if item.is_image and item.mime not in form.as_is
        }

    def file(self, item: MediaItem, form: ImageForm | None) -> MediaFile:
        """Return an item as sent where images must have a form. Raise CannotConvert if it cannot get it, PillowMissing
        without the media extra, FileNotFoundError if the copy is gone, Busy."""
        from ttp.platforms.client import MediaFile

        if not self._media.has(item):
            raise FileNotFoundError(item.name)
        form = form if form and item.is_image and item.mime not in form.as_is else None
        fit = ImageFit() if form is None else self._fit(item, form)
        if fit.made is not None and form is not None:
            return MediaFile(fit.sent_item(item), self._media.path(item.sha256, form.copy_name(item)), item.sha256)
        if fit.misfit is not None and fit.misfit.must:
            if fit.hint == EXTRA:
                raise PillowMissing(fit.misfit.must[0])
            raise CannotConvert(f"{fit.misfit.must[0]}, and it cannot be converted: {fit.failed}")
        return MediaFile(item, self._media.path(item.sha256))

    def find_missing(self, post: Post) -> list[MediaItem]:
        """Return the media of a post whose copies are missing."""
        return self._media.find_missing(post.media)

    def _fit(self, item: MediaItem, form: ImageForm, *, only_made: bool = False, reuses: bool = True) -> ImageFit:
        """Return how an image is sent. `only_made`: none is made; `reuses`: one that is there is used."""
        there = only_made or self._media.has(item)
        look, name = self._appearance(item), form.copy_name(item)
        shown = (look.width, look.height) if look is not None else _size(item)
        made = self._media.find_converted(item, name) if reuses else None
        if made is not None:
            return _as_made(made, item, form, shown)
        wrong = find_misfit(item, look, form)
        if wrong is None or not there:
            return ImageFit(shown)
        if only_made or not self._converts:
            failed = "the setting media.convert is never"
            return ImageFit(shown, misfit=wrong, failed=failed, hint=action("config set", "media.convert", "auto"))
        try:
            with uploads.report_converting(item.name):
                data = _convert(self._media.path(item.sha256), item, form)
        except PillowMissing:
            return ImageFit(shown, misfit=wrong, hint=EXTRA)
        except FfmpegMissing as error:
            return ImageFit(shown, misfit=wrong, failed=str(error), hint=INSTALL)
        except CannotConvert as error:
            return ImageFit(shown, misfit=wrong, failed=str(error))
        self._media.store_converted(item.sha256, name, data)
        made = self._media.find_converted(item, name)
        return ImageFit(shown) if made is None else _as_made(made, item, form, shown)

    def _appearance(self, item: MediaItem) -> ImageAppearance | None:
        """Return how an image is shown; None for types without EXIF data and for a missing copy."""
        if item.mime not in ("image/jpeg", "image/png", "image/webp"):
            return None
        try:
            file = os.open(self._media.path(item.sha256), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:

            def read_at(at: int, length: int) -> bytes:
                return os.pread(file, length, at)

            if item.mime == "image/jpeg":
                return read_appearance(read_at, item.bytes)
            located = has_location(read_at, item.bytes, item.mime)
            return ImageAppearance(item.width or 0, item.height or 0, located=True) if located else None
        except (OSError, UnusableMedia):
            return None
        finally:
            os.close(file)


def missing_media_problems(post: Post, missing: Iterable[MediaItem]) -> tuple[Problem, ...]:
    names = [item.name for item in missing]
    hint = None if post.id is None else replace_media(post, names)
    return tuple(Problem("media", "media_gone", f"the stored copy of {name} is missing", hint=hint) for name in names)


def refuse_missing_media(post: Post, missing: Iterable[MediaItem]) -> None:
    """Raise StateRefused if media of a post are missing."""
    names = [item.name for item in missing]
    if names:
        gone = ", ".join(names)
        raise StateRefused(
            f"post {post.id} cannot be published again: its copy of {gone} was removed after media.keep_s seconds",
            Hint("fix", replace_media(post, names)),
        )


def _size(item: MediaItem) -> tuple[int, int] | None:
    return (item.width, item.height) if item.width and item.height else None


def _convert(file: Path, item: MediaItem, form: ImageForm) -> bytes:
    try:
        return convert_to_jpeg(file, item, form)
    except Animated:
        if not form.moves or item.mime != "image/gif":
            raise
        return convert_gif(file)


def _as_made(made: MediaItem, item: MediaItem, form: ImageForm, shown: tuple[int, int] | None) -> ImageFit:
    size = _displayed_size(made, shown)
    if size and form.aspects and item.focus and (cut := crop_box(*size, form.aspects)[:2]) != size:
        return ImageFit(cut, made, cropped=True)
    return ImageFit(size, made)


def _displayed_size(made: MediaItem, shown: tuple[int, int] | None) -> tuple[int, int] | None:
    """Return the original's displayed size, rotated if the converter rotated the image."""
    if shown is None or not made.width or not made.height:
        return shown
    made_wide, shown_wide = made.width > made.height, shown[0] > shown[1]
    made_tall, shown_tall = made.width < made.height, shown[0] < shown[1]
    return (shown[1], shown[0]) if (made_wide and shown_tall) or (made_tall and shown_wide) else shown


@dataclass(frozen=True, slots=True)
class MediaCleanup:
    """Cleans up one home's media. Each method returns what failed, as sentences."""

    database: Database
    media: MediaStore
    config: Config
    clock: Clock

    def is_needed(self) -> bool:
        """Return whether any media could be removed."""
        from ttp.platforms.media_host import s3

        folders = self.media.folder, self.database.home / s3.LENT
        return self.media.bucket is not None or any(folder.is_dir() for folder in folders)

    def delete_unneeded_objects(self) -> list[str]:
        """Delete objects from the bucket that no post needs any more."""
        from ttp.platforms.media_host import s3

        with s3.IN_HAND:
            lent = list(s3.list_objects(self.database.home / "lent"))
            if not lent:
                return []
            with self.database.reading() as db:
                digests = {one.attached_sha256 for one in lent}
                kept = digests if db is None else needed_digests(db, digests, ended_by=self.clock.now())
            wrong = []
            for one in lent:
                if one.attached_sha256 not in kept:
                    try:
                        s3.delete_object(self.config, one)
                    except NoPublicUrl as error:
                        wrong.append(error.message)
            return wrong

    def delete_unneeded_copies(self) -> list[str]:
        """Delete copies that no post has needed for `media.keep_s`."""
        keep = timedelta(seconds=self.config.seconds("media.keep_s"))
        try:
            remove_unneeded(self.media.folder, self.database, now=self.clock.now(), keep=keep)
            if self.media.bucket is not None:
                shrink_cache(self.media, self.database.home, self.config.count("media.cache_mb") * 1_000_000)
        except TtpError as error:
            return [f"unneeded media could not be removed: {error.message}"]
        return []

    def clean_bucket(self) -> list[str]:
        """Delete objects of the store's media that no post has needed for `media.keep_s`."""
        if self.media.bucket is None:
            return []
        keep = timedelta(seconds=self.config.seconds("media.keep_s"))
        try:
            clean_bucket(self.media, self.database, now=self.clock.now(), keep=keep)
        except TtpError as error:
            return [f"unneeded media could not be removed from the bucket: {error.message}"]
        return []

    def fetch_coming(self) -> list[str]:
        """Fetch the media of posts that are due soon from the bucket, if they are only there."""
        if self.media.bucket is None:
            return []
        with self.database.reading() as db:
            coming = [] if db is None else queries.media_due(db, self.clock.now() + FETCHED_AHEAD)
        try:
            for _, item in coming:
                self.media.has(item)
        except TtpError as error:
            return [f"media of coming posts could not be fetched: {error.message}"]
        return []


def file_digest(name: str) -> str:
    """Return the SHA-256 of a file. A web address is returned as is: it is fetched once, when the post is created. So
    are captions."""
    if is_web_address(name) or is_captions(name):
        return name
    try:
        with os.fdopen(open_regular(Path(name)), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "unreadable"


def with_digests(wanted: PostInput, platforms: PlatformFacts) -> tuple[PostInput, list[str]]:
    """Return an input with digests in place of the names of its files, and those of its media."""
    digests: dict[str, Any] = {
        name: tuple(map(file_digest, getattr(wanted, name)))
        for name in ("captions", "thumbnails")
        if getattr(wanted, name)
    }
    names = [split_name(typed, platforms) for typed in wanted.media or ()]
    return replace(wanted, **digests), [name.prefix + file_digest(name.name) for name in names]


class RowMedia:
    """Adds the media of a file's rows. `folder`: relative paths stay in it; None: paths as a person typed them."""

    def __init__(
        self, database: Database, media: MediaStore, config: Config, registry: Registry, folder: Path | None
    ) -> None:
        self._database = database
        self._media = media
        self._config = config
        self._registry = registry
        self._folder = folder and folder.resolve()
        self._taken: dict[str, MediaItem] = {}

    def items(
        self, names: Sequence[str], before: Post | None, platforms: Collection[str], accounts: Sequence[Account]
    ) -> list[MediaItem]:
        """Return the media of these names, which say where each goes; a web address that the post already has is not
        fetched again. Raise NotFound, UsageError, Busy."""
        by_url = {item.url: item for item in before.media if item.url} if before else {}
        items = []
        for typed in names:
            name = split_name(typed, self._registry)
            self._refuse_unknown_place(name.name)
            try:
                item = by_url.get(name.name) or self._item(name.name, platforms, accounts)
            except TtpError as error:
                error.hints = _placed_hints(error.hints, name, typed)
                raise
            only = name.only and check_variant_key(name.only, accounts, self._registry)
            items.append(replace(item.without_said(), part=name.part, only=only))
        return items

    def with_texts(self, typed: PostInput, platforms: Collection[str], accounts: Sequence[Account]) -> PostInput:
        """Return an input with what is said of its media as posts have it: the texts of captions, the digests of
        thumbnails, which are added. Raise NotFound, UsageError, Busy."""
        typed = read_texts(typed, self._folder)
        if not typed.thumbnails:
            return typed
        return replace(
            typed, thumbnails=tuple(name and self._thumbnail(name, platforms, accounts) for name in typed.thumbnails)
        )

    def _thumbnail(self, name: str, platforms: Collection[str], accounts: Sequence[Account]) -> str:
        item = self._item(name, platforms, accounts)
        if not item.is_image or item.mime == "image/heic":
            why = "HEIC" if item.is_image else "no image"
            raise UsageError(
                f"{item.name} is {why}, and a thumbnail is JPEG, PNG, GIF or WebP",
                Hint("try", other_options(thumbnail="FILE")),
                flaw="thumbnail",
            )
        return item.sha256

    def _refuse_unknown_place(self, name: str) -> None:
        """Raise UsageError for a place that is not known, in front of a name that is not a file of this machine. It
        may come from a client, and must not be read as a path."""
        word, _, rest = name.partition("=")
        if is_web_address(name) or name.startswith(KEPT) or not (is_web_address(rest) or rest.startswith(KEPT)):
            return
        self._registry.find(word.partition("/")[0])
        raise UsageError(f"{name} names a second platform or account", Hint("try", f"--media {shlex.quote(rest)}"))

    def _item(self, name: str, platforms: Collection[str], accounts: Sequence[Account]) -> MediaItem:
        if name.startswith(KEPT):
            return self._stored_item(name.removeprefix(KEPT))
        if is_web_address(name):
            return add_from_web(name, platforms, accounts, self._media, self._config, self._registry)
        path = resolve_in_folder(self._folder, name) if self._folder else Path(name)
        if name not in self._taken:
            try:
                self._taken[name] = self._media.add(path)
            except NotFound as error:
                if self._folder is None:
                    raise
                folder = self._folder.resolve()
                meant = [str(one.relative_to(folder)) for one in meant_files(path) if one.is_relative_to(folder)]
                ways = [Hint("try", other) for other in meant]
                raise NotFound(f"no file {name}{did_you_mean(path)}", *ways) from error
        return self._taken[name]

    def _stored_item(self, text: str) -> MediaItem:
        digest, _, name = text.partition("/")
        if not is_digest(digest):
            raise UsageError(
                f"{KEPT}{digest} is not the name of a stored file, which has 64 hex digits",
                Hint("see", action("show", "ID", json=True)),
            )
        with self._database.reading() as db:
            item = queries.media_item(db, digest) if db else None
        item = item or self._media.find_stored(digest, upload_name(name))
        if item is None or not self._media.has(item):
            raise NotFound(
                f"{name or digest} is not in this store", Hint("try", action("export", "FILE", with_="media"))
            )
        # Whoever names a stored file may be a client: its name is used in addresses and for files of exports.
        return replace(item, name=item.name if name in ("", item.name) else upload_name(name), url=None)


def read_texts(typed: PostInput, folder: Path | None) -> PostInput:
    """Return an input whose focus has its one form, and whose captions are texts. `folder`: relative paths stay in it;
    None: paths as a person typed them. Raise NotFound, UsageError."""
    focus = typed.focus and tuple(map(parse_focus, typed.focus))
    captions = typed.captions and tuple(name and _captions(name, folder) for name in typed.captions)
    return replace(typed, focus=focus, captions=captions)


def _captions(name: str, folder: Path | None) -> str:
    if is_captions(name):
        return check_captions(name, "the text of the captions")
    if "\n" in name:
        return check_captions(name, "the text")
    path = resolve_in_folder(folder, name) if folder else Path(name)
    with open_source(path) as source:
        data = source.read_at(0, MOST_CAPTION_BYTES + 1)
    try:
        return check_captions(data.decode("utf-8"), path_text(path))
    except UnicodeDecodeError:
        raise UsageError(
            f"{path_text(path)} is not UTF-8 text", Hint("fix", "save it as UTF-8"), flaw="captions"
        ) from None


def _placed_hints(hints: Iterable[Hint], name: PlacedName, typed: str) -> tuple[Hint, ...]:
    """Return the hints about a file with what was typed in front of its name; one that is really called so comes
    alone."""
    if typed != name.name and Path(typed).is_file():
        return (_media_hint(typed, f"./{typed}"),)
    placed = []
    for hint in hints:
        if hint.replaces is not None:
            hint = _media_hint(typed, *(str(name._replace(name=meant)) for meant in hint.replaces[1:]))
        placed.append(hint)
    return tuple(placed)


def _media_hint(typed: str, *meant: str) -> Hint:
    return Hint("try", " ".join(f"--media {shlex.quote(one)}" for one in meant), (typed, *meant))


def resolve_in_folder(folder: Path, name: str) -> Path:
    """Return the path of a name within a folder. Raise UsageError if it is outside."""
    folder = folder.resolve()
    path = (folder / name).resolve() if "\0" not in name else folder
    if not path.is_relative_to(folder) or path == folder:
        raise UsageError(
            f"{name} is outside the folder of the file",
            Hint("fix", f"move it there and use the name {Path(name).name or name}"),
        )
    return path
