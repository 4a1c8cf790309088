"""MediaLimits of one media item as plain data, and the problems of an item with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ttp.domain.errors import Problem
from ttp.domain.media.image_fit import Aspects, ImageFit, crop_box
from ttp.domain.media.item import NAMES, MediaItem
from ttp.domain.platform_post import PlatformPost

_CODECS = {"h264": "H.264", "hevc": "HEVC", "vp8": "VP8", "vp9": "VP9", "av1": "AV1"}
_FPS_SLACK = 0.5
"""A phone's 60 frames a second are 60.02 on average."""


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """What an item may be; None: anything. `sides` and `widths` in pixels (least, most), `box` is the longer and the
    shorter side, `aspects` are width:height (lowest, highest) as numbers to multiply with, durations in ms.
    `most_mbit`: megabits a second, on average."""

    mimes: tuple[str, ...] | None = None
    most_bytes: int | None = None
    least_ms: int = 0
    most_ms: int | None = None
    sides: tuple[int, int | None] = (0, None)
    widths: tuple[int, int | None] = (0, None)
    box: tuple[int, int] | None = None
    aspects: Aspects | None = None
    codecs: tuple[str, ...] | None = None
    fps: tuple[int, int] | None = None
    most_mbit: int | None = None
    moov_first: bool = False


def item_problems(
    case: PlatformPost, item: MediaItem, accepted: MediaLimits, advised: MediaLimits
) -> Iterator[Problem]:
    """Yield the problems of one item: breaking `accepted` refuses it, breaking `advised` warns. None: unknown."""
    fit = case.fit(item)
    refused = dict(_breaches(item, accepted, fit.shown))
    must = fit.misfit.must if fit.misfit is not None else ()
    if must and not refused:
        refused["media_colours"] = must[0]
    for code, what in refused.items():
        mended = code != "media_aspect" or bool(item.focus)  # by converting
        why = f"; it cannot be converted: {fit.failed}" if fit.failed and mended else ""
        hint = fit.hint if mended else case.focus_hint if item.is_image else None
        yield case.breach("media", code, f" cannot take {item.name}: {what}{why}", hint)
    if "media_kind" in refused:
        return  # what is advised is of another kind of file
    for code, what in _breaches(item, advised, fit.shown):
        if code not in refused:
            yield case.warning("media", code, f" may refuse {item.name}: {what}")
    yield from _differences(case, item, fit)


def _differences(case: PlatformPost, item: MediaItem, fit: ImageFit) -> Iterator[Problem]:
    """Yield a warning if an image may look different on the platform and was not converted."""
    if fit.misfit is not None and fit.misfit.may:
        message = f" may show {item.name} otherwise than you mean it: {_and(fit.misfit.may)}"
        why = f" (it cannot be converted: {fit.failed})" if fit.failed else ""
        yield case.warning("media", "media_look", f"{message}{why}", fit.hint)


def same_shape(one: MediaItem, other: MediaItem) -> bool:
    """Return whether two items have the same shape, to a hundredth. Unknown sizes count as the same."""
    if not (one.width and one.height and other.width and other.height):
        return True
    mine, theirs = one.width * other.height, other.width * one.height
    return abs(mine - theirs) * 100 <= max(mine, theirs)


def shape_text(item: MediaItem) -> str:
    """Return `1080x1350`, or `unknown`."""
    return f"{item.width}x{item.height}" if item.width and item.height else "unknown"


def _breaches(item: MediaItem, limits: MediaLimits, shown: tuple[int, int] | None) -> Iterator[tuple[str, str]]:
    """Yield code and description for every limit that the item breaks. `shown`: an image's size as seen."""
    if limits.mimes is not None and item.mime not in limits.mimes:
        names = _and(NAMES[mime] for mime in limits.mimes)
        yield "media_kind", f"it is {NAMES[item.mime]}, and only {names} can be sent"
        return  # the other limits are of another kind of file
    if limits.most_bytes is not None and item.bytes > limits.most_bytes:
        yield "media_size", f"it is {size_text(item.bytes)}, and {size_text(limits.most_bytes, up=False)} is the most"
    yield from _duration(item.duration_ms, limits)
    if item.width is not None and item.height is not None:
        yield from _pixels(item.width, item.height, limits)
        yield from _shape(*(shown or (item.width, item.height)), item, limits)
    if limits.codecs is not None and item.codec is not None and item.codec not in limits.codecs:
        names = _and(_CODECS[codec] for codec in limits.codecs)
        yield "media_codec", f"its pictures are {_CODECS.get(item.codec, item.codec)}, and only {names} can be sent"
    if limits.fps is not None and item.fps is not None:
        least, most = limits.fps
        if not least - _FPS_SLACK <= item.fps <= most + _FPS_SLACK:
            yield "media_frame_rate", f"it has {item.fps:g} frames a second, and {least} to {most} are accepted"
    if (
        limits.most_mbit is not None
        and item.duration_ms
        and item.bytes * 8 > limits.most_mbit * 1000 * item.duration_ms
    ):
        yield "media_bit_rate", f"it has more than {limits.most_mbit} Mbit/s"
    if limits.moov_first and item.moov_first is False:
        yield "media_layout", "its index comes after its data (ffmpeg's -movflags +faststart moves it to the front)"


def _duration(ms: int | None, limits: MediaLimits) -> Iterator[tuple[str, str]]:
    if ms is not None and ms < limits.least_ms:
        yield "media_duration", f"it lasts {_time(ms // 100)}, and {_time(limits.least_ms // 100)} is the least"
    if ms is not None and limits.most_ms is not None and ms > limits.most_ms:
        yield "media_duration", f"it lasts {_time(-(-ms // 100))}, and {_time(limits.most_ms // 100)} is the most"


def _pixels(width: int, height: int, limits: MediaLimits) -> Iterator[tuple[str, str]]:
    size = f"it is {width}x{height} pixels"
    wrong = None
    if min(width, height) < limits.sides[0]:
        wrong = f"{limits.sides[0]} is the least for a side"
    elif limits.sides[1] is not None and max(width, height) > limits.sides[1]:
        wrong = f"{limits.sides[1]} is the most for a side"
    elif width < limits.widths[0]:
        wrong = f"a width of {limits.widths[0]} is the least"
    elif limits.widths[1] is not None and width > limits.widths[1]:
        wrong = f"a width of {limits.widths[1]} is the most"
    elif limits.box is not None and (max(width, height) > limits.box[0] or min(width, height) > limits.box[1]):
        wrong = f"{limits.box[0]}x{limits.box[1]} is the most, lying or standing"
    if wrong is not None:
        yield "media_dimensions", f"{size}, and {wrong}"


def _shape(width: int, height: int, item: MediaItem, limits: MediaLimits) -> Iterator[tuple[str, str]]:
    if limits.aspects is None:
        return
    (low_w, low_h), (high_w, high_h) = limits.aspects
    if width * low_h < height * low_w or width * high_h > height * high_w:
        what = f"it is {width}x{height} pixels, and the shape must be between {low_w}:{low_h} and {high_w / high_h:g}:1"
        if item.is_image:
            wide, high, left, top = crop_box(width, height, limits.aspects)
            focus = "" if item.focus else "give it a focus, or "
            what += f"; {focus}crop it to {wide}x{high}, for example to the box {wide}x{high}+{left}+{top}"
        yield "media_aspect", what


def _and(names: Iterable[str]) -> str:
    """`MP4, MOV and WebM`."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def size_text(size: int, *, up: bool = True) -> str:
    """`6.1 MB` or `9 kB`; sizes rounded up and limits down, so that the one that is too large looks it."""
    unit, name = (1_000_000, "MB") if size >= 1_000_000 else (1000, "kB")
    tenths = -(-size * 10 // unit) if up else size * 10 // unit
    return f"{_tenths(tenths)} {name}"


def _time(tenths: int) -> str:
    """`2 min 20 s` or `0.5 s` of tenths of a second."""
    minutes, rest = divmod(tenths, 600)
    parts = [f"{minutes} min"] if minutes else []
    if rest or not minutes:
        parts.append(f"{_tenths(rest)} s")
    return " ".join(parts)


def _tenths(number: int) -> str:
    return f"{number / 10:.1f}".removesuffix(".0")
