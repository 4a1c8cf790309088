"""`ttp export`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ttp.cli import options
from ttp.cli.context import Context
from ttp.cli.output import Output, json_value
from ttp.cli.parameters import argument, flag, option
from ttp.cli.render import spec
from ttp.cli.render.labels import plural
from ttp.domain.action import other_options
from ttp.domain.errors import Hint, UsageError
from ttp.domain.media.item import MediaItem
from ttp.views import Json, metrics
from ttp.views import posts as posts_module
from ttp.views.files import EXPORT_FIELDS, export_json

if TYPE_CHECKING:
    from ttp.services.files.export import ExportedMedia, ExportedPost

FORMATS = ("csv", "json", "jsonl", "md", "ics")
MORE = ("metrics", "media")
EXPORTED = spec.name_value_spec(EXPORT_FIELDS)


@options.with_output(only="quiet")
@options.with_group("filters", options.PostOptions)
def export(
    context: Context,
    target: Annotated[
        str | None, argument("FILE|DIR|-", "The file, or the folder for --format md; else stdout.")
    ] = None,
    format: Annotated[
        str | None, option("--format", "FORMAT", "csv, json, jsonl, md or ics; else by the name of FILE.")
    ] = None,
    with_: Annotated[
        list[str] | None,
        option("--with", "WHAT", "metrics: add results and newest metrics; media: copy them next to FILE."),
    ] = None,
    force: Annotated[bool, flag("--force", "Replace FILE if it exists.")] = False,
    *,
    filters: options.PostOptions,
    limit: Annotated[int | None, option("--limit", "N", "Export at most N posts.", min=0, max=options.MOST)] = None,
) -> None:
    """Export posts to a file, a folder of Markdown files or stdout.

    It takes the filters of ttp list. ttp import reads csv, json, jsonl and md.

    Examples:
      ttp export month.csv --status scheduled,draft
      ttp export content --format md
      ttp export --format json --with metrics --since 30d
    """
    post_filter = filters.parse(context, limit=limit)
    from ttp.store.home.files import expand_user

    path = None if target in (None, "-") else expand_user(str(target))
    chosen = _format(format, path)
    more = _more(with_)
    counted = _Counted(context.export.posts(post_filter, numbers="metrics" in more))
    if chosen == "md":
        _folder(context, path, counted)
        return
    beside = _beside(context, path, chosen) if "media" in more else None
    parts = _parts(context, chosen, counted, beside, numbers="metrics" in more)
    if path is None:
        context.out.document(parts)
        if format is None and (other := _name_of_stdout().rpartition(".")[2]) in FORMATS[1:]:
            context.out.note(f"this is CSV\ntry: ttp export --format {other}")
        return
    from ttp.store.home.output_file import write

    write(path, parts, context.own_files, over=force, typed=target)
    _answer(context.out, path, chosen, counted.count, beside)


class _Counted:
    """Posts, counted while they are read."""

    def __init__(self, posts: Iterable[ExportedPost]) -> None:
        self._told = posts
        self.count = 0

    def __iter__(self) -> Iterator[ExportedPost]:
        for one in self._told:
            self.count += 1
            yield one


def _parts(
    context: Context, chosen: str, posts: Iterable[ExportedPost], beside: ExportedMedia | None, *, numbers: bool
) -> Iterable[str]:
    """Return the file in pieces."""
    from ttp.services.files import json_file
    from ttp.services.files.fields import media_name

    export = context.export
    name = media_name if beside is None else beside.name
    match chosen:
        case "csv":
            return export.csv(posts, name, numbers=numbers)
        case "ics":
            return export.calendar(one.post for one in posts)
        case _:
            shaped = (_object(one, None if beside is None else name, numbers=numbers) for one in posts)
            return json_file.json_lines(shaped, lines=chosen == "jsonl", default=json_value)


def _object(exported: ExportedPost, name: Callable[[MediaItem], str] | None, *, numbers: bool) -> Json:
    """Return a post as `ttp list --json` has it, with the file names of its media and its metrics by delivery."""
    shape: dict[str, object] = {**posts_module.post_json(exported.post)}
    if name is not None:
        shape["media"] = [
            {**posts_module.media_json(item), "file": name(item), **_thumbnail(item, name)}
            for item in exported.post.media
        ]
    if numbers:
        samples = {account: metrics.sample_json(sample) for account, sample in exported.samples.items()}
        shape["deliveries"] = [
            {**posts_module.delivery_json(row, None, exported.post), "metrics": samples.get(row.account)}
            for row in exported.post.deliveries
        ]
    return shape


def _thumbnail(item: MediaItem, name: Callable[[MediaItem], str]) -> Json:
    return {"thumbnail": name(one)} if (one := item.thumbnail_item) else {}


def _folder(context: Context, path: Path | None, counted: _Counted) -> None:
    if path is None:
        raise UsageError("--format md needs a folder", Hint("try", "ttp export --format md DIR"))
    done, beside = context.export.folder(counted, path, context.times)
    _answer(context.out, path, "md", counted.count, beside, done.unchanged)


def _answer(out: Output, path: Path, chosen: str, posts: int, beside: ExportedMedia | None, unchanged: int = 0) -> None:
    for name in beside.missing if beside else ():
        out.note(f"the stored copy of {name} is missing and was not exported")
    shape = export_json(path, chosen, posts=posts, media=beside.count if beside else 0, unchanged=unchanged)
    same = f", {unchanged} of them unchanged" if unchanged else ""
    out.write_one(EXPORTED, shape, say=[f"Exported {plural(posts, 'post')} to {path}{same}."])


def _format(name: str | None, path: Path | None) -> str:
    """Return the format that was asked for, else the one of the file name; csv on stdout. UsageError."""
    if name is not None:
        if name not in FORMATS:
            raise UsageError(f'no format "{name}"', Hint("see", ", ".join(FORMATS)))
        return name
    if path is None:
        return "csv"
    ending = path.suffix.lower().removeprefix(".")
    if ending in FORMATS and ending != "md":
        return ending
    try:
        is_folder = path.is_dir()
    except OSError as error:  # a name that is too long, or a folder that may not be read
        from ttp.store.home.output_file import output_error

        raise output_error(path, error) from error
    if is_folder:
        return "md"
    if path.name[:4].isdecimal() and not ending:  # `export 2026` and `export 2026-12` mean a time, not a folder
        raise UsageError(f"{path} is not a file to export to", Hint("see", "--since TIME and --until TIME"))
    ways = ["md"] if ending in ("", "md") else []  # a folder, which is made
    raise UsageError(
        f"unknown file type: {path}",
        *(Hint("try", other_options(format=one)) for one in ways),
        Hint("see", f"--format with one of {', '.join(FORMATS)}"),
    )


def _name_of_stdout() -> str:
    """Return the name of the file that stdout writes to, as in `ttp export > all.json`; "" if stdout is not a file or
    its name is unknown."""
    with suppress(OSError, ValueError, AttributeError):
        return Path(f"/proc/self/fd/{sys.stdout.fileno()}").readlink().name
    return ""


def _more(texts: list[str] | None) -> tuple[str, ...]:
    """Parse `--with`. UsageError."""
    more = options.split_list(texts) or ()
    for what in more:
        if what not in MORE:
            raise UsageError(f'--with is {" or ".join(MORE)}, not "{what}"', Hint("see", "ttp export --help"))
    return more


def _beside(context: Context, path: Path | None, chosen: str) -> ExportedMedia:
    if path is None:
        raise UsageError("--with media needs a file", Hint("try", f"ttp export posts.{chosen} --with media"))
    return context.export.media_folder(path.parent)
