"""`ttp report`: tables for a terminal, Markdown, CSV, and a web page with pictures, all from the same blocks."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from html import escape
from types import MappingProxyType

from ttp.cli.output import cell
from ttp.cli.render.page import Cell, Column, Page, columns_and_rows, table
from ttp.cli.render.spec import separate, view_spec
from ttp.cli.terminal import escape_line, escape_text
from ttp.cli.texts import load_text
from ttp.domain.metrics.report import Group, MeasuredPost, Report, change
from ttp.domain.optimal.factors import ClassEffect
from ttp.domain.optimal.recommendation import signed_percent
from ttp.domain.pricing import dollars
from ttp.views import answer_keys
from ttp.views.charts import bar_chart, engagement_by_day, join_bars
from ttp.views.factors import class_words
from ttp.views.heatmap import DARK, LIGHT, Colors
from ttp.views.report import measured_post_json, period_words, report_json

NO_POSTS = "No measured posts in this time.  Get numbers:  ttp metrics pull   (or: ttp metrics import FILE)"
_USUAL = "Vs usual: compared with what posts of that kind, hour and weekday bring the account."
_SHOWN_TEXT = 200


@dataclass(frozen=True, slots=True)
class Block:
    """A table of the report, and its title."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


def _render(report: Report, page: Page) -> Iterator[str]:
    yield from page.flow(headline(report, page.zone).split(" "), " ")
    yield ""
    if not report.posts:
        yield from page.flow(NO_POSTS.split(" "), " ")
        return
    yield from separate(
        [page.paint(block.title, "bold"), *table(block.columns, block.rows, page, least=20)]
        for block in blocks(report, page.zone)
    )
    yield ""
    yield from page.flow(f"{_USUAL} {page.footer()}".split(" "), " ")


REPORT_SPEC = view_spec(
    report_json,
    ("id", "account", "remoteId", "publishedAt", "engagement", "usual", "difference", "views"),
    lambda reports, page: (line for report in reports for line in _render(report, page)),
    rows=lambda report: [measured_post_json(post) for post in report.posts],
)
"""In TSV a row for each post."""


def headline(report: Report, zone: tzinfo) -> str:
    """Return the period and the one that it is compared with, and what its posts cost, as sentences."""
    now, before = (period_words(one, zone) for one in (report.period, report.before_period))
    costs = "".join(f" Posts cost {dollars(cost)} on {platform}." for platform, cost in report.spent.items())
    return f"{now}, compared with {before}.{costs}"


def blocks(report: Report, zone: tzinfo) -> Iterator[Block]:
    """Yield the totals, the groups, the best and the worst posts."""
    yield _totals(report)
    for by in dict.fromkeys(group.by for group in report.groups):
        yield _groups(by, [group for group in report.groups if group.by == by])
    if report.factors:
        yield _factors(report.factors)
    several = len({post.sample.account for post in report.posts}) > 1
    for title, posts in (("Best posts", report.best), ("Worst posts", report.worst)):
        if posts:
            yield _posts(title, posts, zone, several=several)


def _totals(report: Report) -> Block:
    now, before = report.totals.numbers(), report.before.numbers()
    names = {"median_engagement": "engagement of the median post"}
    columns = columns_and_rows(
        now,
        (Column(""), lambda name: names.get(name, name)),
        (Column("NOW", right=True), lambda name: _number(now[name])),
        (Column("BEFORE", right=True), lambda name: Cell(_number(before[name]), "dim")),
        (Column("CHANGE", right=True), lambda name: _percent(change(now[name], before[name]))),
    )
    return Block("Totals", *columns)


def _groups(by: str, groups: Sequence[Group]) -> Block:
    columns = columns_and_rows(
        groups,
        (Column(by.upper()), lambda group: escape_line(group.value)),
        (Column("POSTS", right=True), lambda group: _number(group.totals.posts)),
        (Column("MEDIAN", right=True), lambda group: _number(group.totals.median_engagement)),
        (Column("ENGAGEMENT", right=True), lambda group: _number(group.totals.engagement)),
        (
            Column("CHANGE", right=True),
            lambda group: _percent(change(group.totals.median_engagement, group.before.median_engagement)),
        ),
    )
    return Block(f"By {by} (change of the median post)", *columns)


def _factors(factors: Sequence[tuple[str, ClassEffect]]) -> Block:
    columns = columns_and_rows(
        factors,
        (Column("ACCOUNT", most=30), lambda row: escape_line(row[0])),
        (Column("CLASS OF POSTS"), lambda row: class_words(row[1].place)),
        (Column("POSTS", right=True), lambda row: _number(row[1].data_points)),
        (Column("VS USUAL", right=True), lambda row: _percent(row[1].uplift)),
        (Column("80 % RANGE"), lambda row: f"({signed_percent(row[1].low)} to {signed_percent(row[1].high)})"),
    )
    return Block("What brought more", *columns)


def _posts(title: str, posts: Sequence[MeasuredPost], zone: tzinfo, *, several: bool) -> Block:
    """Draw posts. `several`: there are posts of several accounts, so that the account is worth its room."""
    columns = columns_and_rows(
        posts,
        (Column("PUBLISHED"), lambda post: f"{post.published_at.astimezone(zone):%a %d %b %H:%M}"),
        (
            Column("ACCOUNT", drop=0 if several else 4, most=20 if several else 30),
            lambda post: escape_line(post.sample.account),
        ),
        (Column("ENGAGEMENT", right=True), lambda post: _number(post.sample.engagement)),
        (Column("VIEWS", right=True, drop=2), lambda post: _number(post.sample.views)),
        (Column("USUAL", right=True, drop=3), _usual),
        (Column("VS USUAL", right=True), lambda post: _percent(post.difference)),
        (Column("POST"), _name),
    )
    return Block(title, *columns)


def _name(post: MeasuredPost) -> str:
    """Return the id and the beginning of the text; without a text the platform's id."""
    number = "" if post.post_id is None else f"{post.post_id}  "
    return number + escape_line((post.text or post.sample.remote_id)[:_SHOWN_TEXT])


def _usual(post: MeasuredPost) -> str:
    if post.usual is None:
        return "-"
    return f"{_number(round(post.usual))}{' views' if post.measure == 'views' else ''}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{signed_percent(share)} %"


# Files.


def report_csv(report: Report) -> str:
    """Return a row for each post, with a header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(answer_keys(measured_post_json))
    for post in report.posts:
        writer.writerow(map(cell, measured_post_json(post).values()))
    return out.getvalue()


def report_markdown(report: Report, zone: tzinfo) -> str:
    return "\n".join([*_markdown(report, zone), ""])


def _markdown(report: Report, zone: tzinfo) -> Iterator[str]:
    yield "# How posts did"
    yield ""
    yield headline(report, zone)
    if not report.posts:
        yield ""
        yield "No measured posts."
        return
    for block in blocks(report, zone):
        yield ""
        yield f"## {block.title}"
        yield ""
        yield _markdown_row(column.title.capitalize() for column in block.columns)
        yield _markdown_row("--:" if column.right else "---" for column in block.columns)
        yield from (_markdown_row(_markdown_text(one.text) for one in row) for row in block.rows)
    yield ""
    yield _USUAL


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _markdown_text(text: str) -> str:
    """Return a text without meaning to Markdown."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>#|!~" else sign for sign in text)


def _style() -> str:
    text = load_text("report.css", LIGHT=_variables(LIGHT), DARK=_variables(DARK))
    return " ".join(map(str.strip, text.splitlines()))


def _variables(colors: Colors) -> str:
    shared = f"--page: {colors.page}; --ink: {colors.ink}; --soft: {colors.soft}; --line: {colors.line};"
    return f"{shared} --bar: {colors.levels[5][0]};"


_CARDS = 6
"""Tables with so many columns become a list on a phone."""


def report_html(report: Report, zone: tzinfo) -> str:
    """Return the report as one web page that needs no other file."""
    return "\n".join([*_page(report, zone), ""])


def _page(report: Report, zone: tzinfo) -> Iterator[str]:
    text = headline(report, zone)
    yield '<!DOCTYPE html>\n<html lang="en">'
    yield '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>How posts did: {escape(text)}</title><style>{_style()}</style></head>"
    yield f"<body><main><h1>How posts did</h1><p>{escape(text)}</p>"
    if report.posts:
        days = engagement_by_day(report, zone)
        yield f"<h2>Engagement by day</h2>{bar_chart('Engagement by day', days, kind='chart large')}"
        small = bar_chart("Engagement by day", join_bars(days, 6), width=340, height=220, kind="chart small")
        yield f'{small}<p class="soft">The dashed line is the period before.</p>'
        for block in blocks(report, zone):
            yield from _html_block(block)
        yield f'<p class="soft">{escape(_USUAL)}</p>'
    else:
        yield "<p>No measured posts.</p>"
    yield "</main></body></html>"


def _html_block(block: Block) -> Iterator[str]:
    wide = " class=wide" if len(block.columns) >= _CARDS else ""
    yield f'<h2>{escape(block.title)}</h2><div class="scroll" tabindex="0"><table{wide}><thead><tr>'
    yield "".join(f"<th{_side(column)}>{escape(column.title.capitalize())}</th>" for column in block.columns)
    yield "</tr></thead><tbody>"
    for row in block.rows:
        yield f"<tr>{''.join(map(_html_cell, row, block.columns))}</tr>"
    yield "</tbody></table></div>"


def _html_cell(one: Cell, column: Column) -> str:
    name = escape(column.title.capitalize())
    return f'<td{_side(column)} data-name="{name}">{escape(escape_text(one.text))}</td>'


def _side(column: Column) -> str:
    return " class=right" if column.right else ""


FILES: Mapping[str, Callable[[Report, tzinfo], str]] = MappingProxyType(
    {"csv": lambda report, _: report_csv(report), "md": report_markdown, "html": report_html}
)
"""The file formats that the command has besides those of all commands."""
