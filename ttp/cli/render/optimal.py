"""`ttp optimal` on a terminal: recommendation, next hours, week and explanation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import partial
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from ttp.cli.errors import command_text
from ttp.cli.render.labels import plural
from ttp.cli.render.page import Cell, Column, Page, table_of
from ttp.cli.render.spec import OutputSpec, separate
from ttp.cli.render.width import cut, pad, wrap
from ttp.cli.terminal import escape_line, escape_text
from ttp.domain.action import WayOut
from ttp.domain.metrics.sample import OnlineFollowers
from ttp.domain.optimal.explanation import NEAR_H, Explanation, PostBehind
from ttp.domain.optimal.factors import FEWEST_EACH
from ttp.domain.optimal.free_hours import FreeHour, Week
from ttp.domain.optimal.recommendation import (
    FEWEST_POSTS,
    DaySchedule,
    Evidence,
    HourScore,
    Rating,
    Recommendation,
    Signal,
    signed_percent,
)
from ttp.domain.time.durations import compact_duration
from ttp.domain.time.formatting import DAYS_IN_FULL
from ttp.views import optimal
from ttp.views import optimal as views
from ttp.views.factors import class_words, factor_words, silence_words
from ttp.views.heatmap import interval, percent

if TYPE_CHECKING:
    from ttp.services.optimal import Advice, ExplainedRating
    from ttp.views.number_answers import NextHourAnswer, RecommendationAnswer


SHOWN = 10
_LABEL = 12
"""Columns of the label of a step."""


def render_explanation(explained: ExplainedRating, page: Page, most: int | None = None) -> Iterator[str]:
    """Draw an explanation with its `most` most influential posts (default: `SHOWN`)."""
    explanation = explained.explanation
    recommendation = explanation.recommendation
    page = page._replace(zone=recommendation.zone)
    yield from page.flow(
        [
            page.paint(f"{escape_text(recommendation.account)}   {place_name(explanation.rating)}", "bold"),
            f"of {plural(recommendation.data_points, 'post')}",
            f"hours in {escape_text(recommendation.zone.key)}",
        ]
    )
    yield ""
    yield from _posts(explained, explanation.posts[: SHOWN if most is None else most], page)
    for label, sentence in _steps(explanation):
        first, *more = wrap(sentence, page.width - _LABEL)
        yield f"  {label:<{_LABEL - 2}}{first}"
        yield from (" " * _LABEL + line for line in more)
    if recommendation.signal is not Signal.OK:
        yield from wrap_indented(signal_words(recommendation), page)
    compared = [one for one in explained.factors.effects if one.data_points >= FEWEST_EACH]
    if compared:
        yield ""
        yield from table_of(
            compared,
            page,
            (Column("CLASS OF POSTS"), lambda one: _capitalized(class_words(one.place))),
            (Column("POSTS", right=True), lambda one: f"{one.data_points:,}"),
            (Column("COUNTED", right=True), lambda one: f"{signed_percent(one.raw)} %"),
            (Column("EXPECTED", right=True), lambda one: f"{signed_percent(one.uplift)} %"),
            (Column("80 % RANGE"), lambda one: f"({signed_percent(one.low)} to {signed_percent(one.high)})"),
            least=20,
        )


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def _posts(explained: ExplainedRating, shown: Sequence[PostBehind], page: Page) -> Iterator[str]:
    """Draw the posts, and how many more there are."""
    if not shown:
        return
    yield from table_of(
        shown,
        page,
        (Column("PUBLISHED"), lambda one: _published(one.post.published_at, page)),
        (Column("COUNTED", right=True), lambda one: f"{round(math.expm1(one.post.engagement)):,}"),
        (Column("USUAL", right=True), lambda one: f"{round(math.expm1(one.parts.trend)):,}"),
        (Column("KIND", right=True, drop=2), lambda one: f"{one.post.kind} {_percent_of(one.parts.kind):>6}".strip()),
        (Column("OUTLIER", right=True, drop=1), lambda one: _percent_of(one.parts.clipped)),
        (
            Column("LEFT", right=True),
            lambda one: Cell(_percent_of(one.parts.adjusted), "green" if one.parts.adjusted > 0 else ""),
        ),
        (Column("TEXT"), lambda one: _text(one.post.remote_id, explained.texts)),
        least=8,
    )
    every = len(explained.explanation.posts)
    if every > len(shown):
        yield f"  And {every - len(shown)} more:  --limit {every}"
    yield ""


def _published(at: datetime, page: Page) -> str:
    return f"{page.weekday(at)} {page.date(at)} {page.time(at)}"


def _text(remote_id: str, texts: Mapping[str, str]) -> Cell:
    text = texts.get(remote_id)
    return Cell(escape_line(text)) if text else Cell(escape_text(remote_id), "dim")


def _percent_of(log: float) -> str:
    """Return `+12 %` for a difference of logarithms, `-` for none."""
    share = math.expm1(log)
    return f"{signed_percent(share)} %" if abs(share) >= 0.005 else "-"


def _steps(explanation: Explanation) -> Iterator[tuple[str, str]]:
    """Yield the steps from the counts to the score, each as a label and a sentence."""
    rating = explanation.rating
    name, posts = place_name(rating), plural(rating.data_points, "post")
    near = f"{plural(explanation.nearby, 'post')} within {NEAR_H} hours" if explanation.nearby else ""
    if explanation.raw is None or explanation.adjusted is None:
        yield "Counted", f"no post at {name}, {near or 'and none near it'}"
    else:
        yield "Counted", f"{_against_average(explanation.raw)}, from {posts}"
        yield "Adjusted", f"{_against_average(explanation.adjusted)}, without trend, kind and outliers"
    rests = " and ".join(filter(None, [posts if explanation.raw is not None else "", near])) or "the rest of the week"
    yield "Expected", f"{signed_percent(rating.uplift)} % {interval(rating)}: the estimate from {rests}"
    top, kind = (5, "hours") if rating.day is None else (3, "days") if rating.hour is None else (10, "slots")
    among = f"{percent(rating.score)} chance to be one of the best {top} {kind}"
    yield "Score", f"{among}; rank {explanation.rank}"


Lines: TypeAlias = Iterator[str]
Period: TypeAlias = tuple[datetime | None, datetime | None]
_BAR = 20
"""Columns of a bar for 100 %."""
_REST = 52
"""Columns of a line without its bar."""
_WIDE = 76
"""Columns of a page on which bars are whole and gaps are wide."""
_SMALL = 0.03
_EIGHTHS = " ▏▎▍▌▋▊▉"


def render_recommendation(
    advice: Advice, page: Page, *, zone_known: bool = True, tz: str | None = None, platform: str = ""
) -> Lines:
    """Draw the recommendation of an account. `zone_known`: its timezone is set; `tz`: `--tz` of this command;
    `platform`: its title."""
    recommendation = advice.recommendation
    page = page._replace(zone=recommendation.zone)
    yield from head(recommendation, page)
    if not recommendation.hours:
        yield from no_posts(advice.data_action, page)
        return
    yield from wrap_indented(_in_short(recommendation), page)
    yield ""
    charts = [_best_hours(recommendation, page), _best_days(recommendation, page)]
    for chart in reversed(charts) if recommendation.days_first else charts:
        yield from chart
        yield ""
    yield from wrap_indented(signal_words(recommendation), page)
    if recommendation.by_views:
        yield from wrap_indented("Posts are compared by views: they have few likes, comments and shares.", page)
    if left_out := recommendation.left_out:
        few = f"{plural(left_out, 'post')} without any like, comment and share {'is' if left_out == 1 else 'are'}"
        yield from wrap_indented(f"{few} left out: deleted or never counted, as your usual post has many.", page)
    if advice.online is not None:
        yield from wrap_indented(_online_words(advice.online, platform), page)
    for sentence in (*map(factor_words, advice.factors.lines), *silence_words(advice.factors.silence)):
        yield from wrap_indented(sentence, page)
    if advice.next is not None:
        yield from wrap_indented(_next_slot(advice.next, page), page)
        yield from _ways_on(advice, tz, page)
    if not zone_known:
        yield from zone_words(recommendation, page)


def _best_hours(recommendation: Recommendation, page: Page) -> Lines:
    past = "posts      gain, 80 % range" if page.width >= _WIDE else "  gain, 80 % range"
    yield from _bars("Best hours", "chance to be in your top 5", past, recommendation.best_hours, page)


def _best_days(recommendation: Recommendation, page: Page) -> Lines:
    yield from _bars("Best days", "chance to be in your top 3", "", recommendation.best_days, page)
    if all(abs(day.uplift) < _SMALL for day in recommendation.best_days):
        yield from wrap_indented("Days make little difference for this account.", page)


def head(recommendation: Recommendation, page: Page) -> Lines:
    """Draw `instagram/roastery   585 posts, 28 Aug to 23 Nov 2026   hours in Europe/Berlin`."""
    return head_of(
        recommendation.account,
        recommendation.data_points,
        (recommendation.first_at, recommendation.last_at),
        recommendation.zone,
        page,
    )


def head_of(account: str, posts: int, period: Period, zone: ZoneInfo, page: Page) -> Lines:
    """Draw that line from its parts."""
    pieces = [page.paint(escape_text(account), "bold")]
    if posts:
        pieces += [plural(posts, "post") + _span(period, page._replace(zone=zone)), f"hours in {escape_text(zone.key)}"]
    yield from page.flow(pieces)


def no_posts(way: WayOut, page: Page) -> Lines:
    """Draw an account without metrics. `way`: what gets some."""
    yield from page.flow(["  No measured posts yet.  Get some:", f"  {escape_text(command_text(way))}"], "")


def _in_short(recommendation: Recommendation) -> str:
    """Return the recommendation in one sentence."""
    best = (recommendation.best_days if recommendation.days_first else recommendation.best_hours)[0]
    posts = plural(recommendation.data_points, "post")
    more = f"about {signed_percent(best.uplift).lstrip('+')} % more than your average"
    name = place_name(best) if best.data_points else f"{place_name(best)} (not tried yet)"
    match recommendation.evidence:
        case _ if best.hour is None:
            return f"Post on {place_name(best)}: {more} is likely; no hour is clearly better ({posts})."
        case Evidence.STRONG:
            return f"Post at {name}: expect {more} ({posts})."
        case Evidence.SOME:
            return f"Post around {name}: {more} is likely, not certain ({posts})."
        case _:
            return f"Your best hours are not known yet: {name} is a first guess ({posts})."


def signal_words(recommendation: Recommendation) -> str:
    """Return the sentences about the strength of the evidence."""
    beat = f"the five hours beat your average with {percent(recommendation.confidence)} probability"
    if recommendation.evidence is Evidence.STRONG:
        return f"Strong evidence: {beat}. {_ARRIVED}"
    if recommendation.evidence is Evidence.SOME:
        return f"Some evidence: {beat}; the best one alone may not. {_ARRIVED}"
    few = ""
    if recommendation.data_points < FEWEST_POSTS:
        count = recommendation.data_points
        few = f"{plural(count, 'post')} {'is' if count == 1 else 'are'} few, and "
    return f"Thin evidence: {beat}; {few}much of this order is chance."


_ARRIVED = "On real pages, two thirds of a predicted gain arrived."
_MOST_ONLINE = 3


def _online_words(online: OnlineFollowers, platform: str) -> str:
    """Return the sentence about the hours with most followers online."""
    most = ", ".join(f"{escape_text(hour)} ({followers:,.0f})" for hour, followers in online.best[:_MOST_ONLINE])
    source = f"average of {plural(online.days, 'day')}, hours as {escape_text(platform)} counts them"
    return f"Most followers online: {most}; {source}. The recommendation does not use this yet."


def zone_words(recommendation: Recommendation, page: Page) -> Lines:
    """Draw the note that the timezone of an account is not set, and how to set it."""
    account = escape_text(recommendation.account)
    yield from wrap_indented(
        f"No zone is set for {account}: {escape_text(recommendation.zone.key)} is the zone of this machine.", page
    )
    yield f"  Set it:  ttp account set {account} --tz ZONE"


def _ways_on(advice: Advice, tz: str | None, page: Page) -> Lines:
    """Draw the commands that use the next hour, a week of them, or a later one."""
    zone = f" --tz {escape_text(tz)}" if tz else ""
    to = f"create TEXT --to {escape_text(advice.recommendation.account)}"
    use = f"ttp {f'schedule {advice.drafts[0]}' if advice.drafts else to} --at optimal"
    week = ["  A week:  ttp plan --drafts --week"] if len(advice.drafts) > 1 else []
    yield from page.flow([f"  Use it:  {use}{zone}", *week], gap=" " * 4)
    if advice.next is not None and (later := advice.next.later) is not None:
        yield f"  {_would_be(later.hour.at, later.hour.uplift, page)}:"
        yield f"  {use} --within {compact_duration(later.within)}{zone}"


def render_slots(slots: Sequence[NextHourAnswer], page: Page) -> Iterator[str]:
    """Draw the next hours, what each is expected to bring, and why it was chosen."""
    if not slots:
        yield "No metrics yet.  Import some:  ttp metrics import FILE"
    for slot in slots:
        at = _instant(slot["at"])
        when = f"{page.full_day(at)} {page.time(at)} {page.zone_name()}"
        reasons = wrap(escape_text(slot.get("why") or ""), page.width)
        pieces = [when, f"({page.utc(at)} UTC, {page.ago_long(at)})", f"{signed_percent(slot['uplift'])} %"]
        yield from page.flow([*pieces, *filter(None, reasons)])
        if later := slot.get("later"):
            yield f"{_would_be(_instant(later['at']), later['uplift'], page)}:  --within {later['within']}"


def explore_advice(accounts: Sequence[str], command: str) -> list[str]:
    """Advise accounts that post at their best hours alone to try another hour now and then."""
    if not accounts:
        return []
    return [
        f"  {', '.join(accounts)}: most newest posts are at the best hours.",
        f"  Try others now and then:  {command} --explore 0.1",
    ]


def _bars(title: str, among: str, past: str, ratings: Sequence[Rating], page: Page) -> Lines:
    """Draw a heading and a bar per rating. A narrow page has shorter bars."""
    bar = max(0, min(_BAR, page.width - _REST))
    indent = max(bar + 3, 14)
    gap = " " * (5 if page.width >= _WIDE else 1)
    yield cut(pad(pad(f"  {title}", indent) + among, bar + 33) + past, page.width).rstrip()
    for rating in ratings:
        start = f"  {place_name(rating):<5}  {_bar(rating.score, bar)} {percent(rating.score):>5}"
        posts = plural(rating.data_points, "post") if rating.data_points else "not tried"
        yield cut(
            f"{start}    {posts:<10}{gap}{signed_percent(rating.uplift) + ' %':>5}  {interval(rating)}", page.width
        )


def _bar(share: float, width: int) -> str:
    """Draw a bar of `width` columns, filled by eighths."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    return f"{'█' * (eighths // 8) + _EIGHTHS[eighths % 8].strip():<{width}}"


def place_name(rating: Rating) -> str:
    """Return `18:00`, `Tue` or `Tue 18:00`."""
    day = "" if rating.day is None else DAYS_IN_FULL[rating.day][:3]
    hour = "" if rating.hour is None else f"{rating.hour:02}:00"
    return f"{day} {hour}".strip()


def _against_average(share: float) -> str:
    """Return `38 % above your average`, `47 % below your average`."""
    number = abs(round(share * 100))
    return f"{number} % {'below' if share < 0 else 'above'} your average" if number else "at your average"


def _span(period: Period, page: Page) -> str:
    """Return `, 28 Aug to 23 Nov 2026` in the zone of the page."""
    if period[0] is None or period[1] is None:
        return ""
    first, last = map(page.local, (period[0], period[1]))
    if first.date() == last.date():
        return f", {page.month_day(last)} {last.year}"
    first_year = "" if first.year == last.year else f" {first.year}"
    return f", {page.month_day(first)}{first_year} to {page.month_day(last)} {last.year}"


def _next_slot(hour: FreeHour, page: Page) -> str:
    when = f"{page.day(hour.at)} {page.time(hour.at)} ({page.ago_long(hour.at)}, {page.utc(hour.at)} UTC)"
    return f"Next good hour: {when}, {signed_percent(hour.uplift)} %"


def _would_be(at: datetime, uplift: float, page: Page) -> str:
    """Return `Thu 19:00 would be +24 %`."""
    return f"{page.weekday(at)} {page.time(at)} would be {signed_percent(uplift)} %"


def wrap_indented(sentence: str, page: Page) -> Lines:
    for line in wrap(sentence, page.width - 2):
        yield f"  {line}"


def _instant(value: object) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


_HOUR = 15
"""Columns of an hour with its chance."""


def render_week(week: Week, page: Page) -> Iterator[str]:
    """Draw the best hours of each day, as many as fit in a line."""
    if week.zone is None:
        yield "No metrics yet.  Import some:  ttp metrics import FILE"
        return
    yield from page.flow(
        [page.paint(escape_text(", ".join(week.accounts)), "bold"), f"hours in {escape_text(week.zone.key)}"]
    )
    yield ""
    shown = max(1, min(6, (page.width - 7) // _HOUR))
    for day in week.days:
        slots = day["slots"]
        hours = "".join(f"{_hour(slot):<{_HOUR}}" for slot in slots[:shown])
        yield f"  {day['day'][:3]}  {hours}".rstrip()
    yield ""
    yield from wrap_indented("After each hour: its chance to be in the top 10 of the week.", page)
    yield from wrap_indented("All 24 of each day:  ttp optimal week --json", page)


def _hour(slot: HourScore) -> str:
    return f"{slot['hour']:02}:00 {percent(slot['score']):>5}"


def next_slots(*, counted: bool = False, zone: tzinfo | None = None) -> OutputSpec[NextHourAnswer]:
    """Return the spec of `ttp optimal next`. `counted`: with --count. `zone`: of the hours, else that of the page."""

    def render(slots: Sequence[NextHourAnswer], page: Page) -> Iterable[str]:
        return render_slots(slots, page._replace(zone=zone or page.zone))

    to_document = partial(views.next_hours_json, counted=counted)
    return OutputSpec(optimal.free_hour_json, ("at", "score"), dict, render, to_document=to_document)


def recommendations_spec(
    *, everything: bool = False, tz: str | None = None, several: bool = False
) -> OutputSpec[views.AccountAdvice]:
    """Return the spec of `ttp optimal`. `everything`: all hours, days and slots; `tz`: as typed; `several`: rows name
    the account first."""

    def render(all_told: Sequence[views.AccountAdvice], page: Page) -> Iterable[str]:
        draw = partial(render_recommendation, page=page, tz=tz)
        yield from separate(
            draw(advice.advice, zone_known=advice.zone_known, platform=advice.platform) for advice in all_told
        )

    def to_json(advice: views.AccountAdvice) -> RecommendationAnswer:
        return views.recommendation_json(advice, everything=everything)

    return OutputSpec(
        optimal.RECOMMENDATION_FIELDS,
        (*(("account",) if several else ()), "what", "value", "score", "uplift", "dataPoints"),
        to_json,
        render,
        rows=lambda advice: views.best_rows(to_json(advice)),
        to_document=views.recommendations_json,
    )


def week_spec(of: Week | None = None) -> OutputSpec[DaySchedule]:
    """Return the spec of `ttp optimal week`. `of`: the week to draw."""

    def render(_: Sequence[DaySchedule], page: Page) -> Iterable[str]:
        assert of is not None
        return render_week(of, page)

    return OutputSpec(
        ("day", "slots"), ("day", "hour", "score"), dict, render, rows=views.week_rows, to_document=views.week_json
    )


def explanations_spec(most: int | None = None, *, several: bool = False) -> OutputSpec[ExplainedRating]:
    """Return the spec of `ttp optimal explain`, with at most `most` posts."""

    def render(explained: Sequence[ExplainedRating], page: Page) -> Iterable[str]:
        yield from separate(render_explanation(one, page, most) for one in explained)

    return OutputSpec(
        views.EXPLANATION_FIELDS,
        (*(("account",) if several else ()), *(name for name in views.EXPLAINED_POST_FIELDS if name != "text")),
        partial(views.explanation_json, most=most),
        render,
        rows=lambda one: views.explanation_rows(one, most),
        to_document=views.list_with_single("explanation"),
    )
