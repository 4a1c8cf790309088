"""The images of posts as platforms get them: looked at, converted once where that is needed, and found again.

A converted copy is kept beside its original, so that rules, retries and fingerprints see the same bytes, and publishing
needs no converter. Decides nothing about a post; the rules do.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from ttp.domain.account import Platform
from ttp.domain.errors import Hint, Problem, StateRefused
from ttp.domain.media import MediaItem
from ttp.domain.media_facts import Unreadable
from ttp.domain.media_facts.jpegs import Look, read_look
from ttp.domain.media_fit import FORMS, Fit, Fits, Form, misfit
from ttp.domain.post import Post
from ttp.platforms import watch
from ttp.platforms.convert import CannotConvert, NoPillow, converted
from ttp.store.media import MediaStore
from ttp.store.media_sweep import gone

if TYPE_CHECKING:
    from ttp.platforms.client import MediaFile


class Fitting:
    """Fits the images of one media folder. Safe to use from several threads."""

    def __init__(self, media: MediaStore) -> None:
        self._media = media

    def fits(self, media: Iterable[MediaItem], platforms: Collection[Platform]) -> Fits:
        """How each of the platforms gets each of the images; those that need it are converted now. Busy."""
        found = {}
        for item in media:
            for platform in platforms:
                if item.is_image and platform in FORMS and (platform, item.sha256) not in found:
                    found[platform, item.sha256] = self._fit(item, FORMS[platform])
        return found

    def file(self, item: MediaItem, platform: Platform) -> MediaFile:
        """An item as a platform gets it, with its bytes. CannotConvert where it takes it in no form that can be had;
        NoPillow where the extra is missing. FileNotFoundError where the copy is gone. Busy."""
        from ttp.platforms.client import MediaFile

        if not self._media.has(item):
            raise FileNotFoundError(item.name)
        form = FORMS.get(platform)
        fit = Fit() if form is None or not item.is_image else self._fit(item, form)
        if fit.made is not None and form is not None:
            return MediaFile(fit.sent(item), self._media.path(item.sha256, form.name), item.sha256)
        if fit.misfit is not None and fit.misfit.must:
            if fit.lacks:
                raise NoPillow(fit.misfit.must[0])
            raise CannotConvert(f"{fit.misfit.must[0]}, and it cannot be converted: {fit.failed}")
        return MediaFile(item, self._media.path(item.sha256))

    def gone(self, post: Post) -> list[MediaItem]:
        """The media of a post whose copies are not there any more."""
        return gone(self._media.folder, post.media)

    def _fit(self, item: MediaItem, form: Form) -> Fit:
        look = self._look(item)
        shown = (look.width, look.height) if look is not None else _size(item)
        made = self._media.made(item, form.name)
        if made is not None:
            return Fit(_as(made, shown), made)
        wrong = misfit(item, look, form)
        if wrong is None or not self._media.has(item):
            return Fit(shown)
        try:
            with watch.converting(item.name):
                data = converted(self._media.path(item.sha256), item, form)
        except NoPillow:
            return Fit(shown, misfit=wrong, lacks=True)
        except CannotConvert as error:
            return Fit(shown, misfit=wrong, failed=str(error))
        self._media.keep(item.sha256, form.name, data)
        made = self._media.made(item, form.name)
        return Fit(_as(made, shown), made)

    def _look(self, item: MediaItem) -> Look | None:
        """How a JPEG is shown; None of another kind, or where its copy is gone."""
        if item.mime != "image/jpeg":
            return None
        try:
            file = os.open(self._media.path(item.sha256), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            return read_look(lambda at, length: os.pread(file, length, at), item.bytes)
        except (OSError, Unreadable):
            return None
        finally:
            os.close(file)


def gone_problems(post: Post, gone: Iterable[MediaItem]) -> tuple[Problem, ...]:
    """That media of a post are gone: it cannot be published with them."""
    hint = None if post.id is None else f"ttp edit {post.id} --media FILE"
    return tuple(
        Problem("media", "media_gone", f"the copy of {item.name} is not there any more", hint=hint) for item in gone
    )


def refuse_gone(post: Post, gone: Iterable[MediaItem]) -> None:
    """StateRefused where media of a post are gone."""
    names = ", ".join(item.name for item in gone)
    if names:
        raise StateRefused(
            f"post {post.id} cannot be published again: the copy of {names} was removed after it had ended",
            Hint("give the file again", f"ttp edit {post.id} --media FILE"),
            Hint("copies are kept for", "media.keep_s seconds after a post has ended"),
        )


def _size(item: MediaItem) -> tuple[int, int] | None:
    return (item.width, item.height) if item.width and item.height else None


def _as(made: MediaItem | None, shown: tuple[int, int] | None) -> tuple[int, int] | None:
    """The pixels of the original as they are seen: turned, if the converter turned what only it can tell."""
    if made is None or shown is None or not made.width or not made.height:
        return shown
    lies, lay = made.width > made.height, shown[0] > shown[1]
    stands, stood = made.width < made.height, shown[0] < shown[1]
    return (shown[1], shown[0]) if (lies and stood) or (stands and lay) else shown
