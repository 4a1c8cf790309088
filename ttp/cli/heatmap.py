"""`ttp optimal heatmap`: the week of an account as a picture, on the terminal or in a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from ttp.cli import optimal_views
from ttp.cli.context import context
from ttp.cli.declared import Option
from ttp.cli.optimal_views import Told
from ttp.cli.output import Output
from ttp.cli.params import Accounts, Platforms, Tz, printing
from ttp.cli.recommending import nothing_measured, wanted_accounts, zone_for, zone_is_known
from ttp.domain.errors import Hint, UsageError

Svg = Annotated[str | None, Option("--svg", metavar="FILE|-", help="Write it as an SVG picture; - is stdout.")]
Html = Annotated[str | None, Option("--html", metavar="FILE|-", help="Write it as a web page; - is stdout.")]
_BEGINNINGS = {"svg": b"<svg ", "html": b"<!DOCTYPE html>"}


@printing
def heatmap(
    out: Output,
    account: Accounts = None,
    platform: Platforms = None,
    tz: Tz = None,
    svg: Svg = None,
    html: Html = None,
) -> None:
    """The week of an account as a heat map: estimates of every hour of every day.

    In colour or in shades on the terminal, with --svg and --html in files that need nothing else. A file that is such
    a picture already is replaced, any other is not.

    Example: ttp optimal heatmap --account ig/shop --html week.html
    """
    out.expect(optimal_views.heatmaps())
    if svg == html == "-":
        raise UsageError("stdout takes one picture", Hint("name a file", "--svg FILE --html -"))
    accounts = wanted_accounts(account, platform)
    told = [Told(context().optimal.advise(one, zone_for(one, tz)), zone_is_known(one, tz)) for one in accounts]
    if not any(one.advice.recommendation.slots for one in told):
        nothing_measured(out, accounts)
    written = [_write(out, kind, file, told) for kind, file in (("svg", svg), ("html", html)) if file is not None]
    if "-" in written:
        return
    if out.in_json or not written:
        nothing = ["No account yet.  Connect one, or import metrics:  ttp metrics import FILE"]
        out.records(optimal_views.heatmaps(), told, say=None if told else nothing)
    else:
        out.say(f"Wrote {' and '.join(written)}.")


def _write(out: Output, kind: str, file: str, told: Sequence[Told]) -> str:
    """Draw it and put it in its place; answers that place. NotFound, UsageError."""
    from ttp.cli.pictures.heatmap_html import heatmap_html
    from ttp.cli.pictures.heatmap_svg import heatmap_svg

    recommendations = [one.advice.recommendation for one in told]
    text = heatmap_svg(recommendations) if kind == "svg" else heatmap_html(recommendations)
    if file == "-":
        out.document([text])
        return file
    from ttp.store.output_file import write
    from ttp.store.place import place

    path = place(file)
    context().own_files.refuse(path, file)
    _refuse_to_overwrite(path, kind)
    write(path, [text], context().own_files, over=True, typed=file)
    return file


def _refuse_to_overwrite(path: Path, kind: str) -> None:
    """UsageError for a file that is something else: an earlier picture may be replaced, and an empty file filled."""
    from ttp.store.output_file import fault
    from ttp.store.regular_file import NotRegular, open_regular

    try:
        with os.fdopen(open_regular(path), "rb") as there:
            beginning = there.read(len(_BEGINNINGS[kind]))
    except (FileNotFoundError, NotRegular):
        return
    except OSError as error:
        raise fault(path, error) from error
    if beginning not in (b"", _BEGINNINGS[kind]):
        raise UsageError(
            f"{path} is there already and is no {kind.upper()}", Hint("take another name", f"--{kind} FILE")
        )
