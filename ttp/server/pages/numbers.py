"""The pages of the best times and of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import Response

from ttp.domain.errors import TtpError
from ttp.domain.metrics.report import Group, Report, change
from ttp.domain.metrics.sample import MAIN_COUNTS
from ttp.domain.optimal.recommendation import FEWEST_POSTS, Rating, signed_percent
from ttp.domain.time.formatting import DAYS, DAYS_IN_FULL
from ttp.server.pages.filters import read_filters
from ttp.server.pages.visit import Visit
from ttp.views.charts import bar_chart, engagement_by_day, join_bars
from ttp.views.factors import factor_words, silence_words
from ttp.views.heatmap import scale_of, week_cells
from ttp.views.report import measured_post_json, period_words, totals_json

GROUPS = ("account", "kind", "hour", "day", "tag")
SHOWN = ("engagement", "posts", *MAIN_COUNTS)
_PHONE_BARS = 6
_RANGE_WIDTH = 200
_NOTABLE = 0.05


@dataclass(frozen=True, slots=True)
class RangeBar:
    """A rating as a bar from the average to the uplift, with a line over the range. In units of 200 across."""

    name: str
    rating: Rating
    zero: float
    x: float
    width: float
    low: float
    high: float


def show_best_times(visit: Visit) -> Response:
    """Show the week of one account: the asked one, else the first with numbers."""
    services = visit.reading
    accounts = services.queries.accounts()
    name = visit.query("account")
    candidates = [services.queries.account(name)] if name else accounts
    advices = (
        (account, services.optimal.advise(account, services.times.account_zone(account)), account is candidates[-1])
        for account in candidates
    )
    account, advice = next(
        ((account, advice) for account, advice, is_last in advices if advice.recommendation.data_points or is_last),
        (None, None),
    )
    if account is None or advice is None:
        return visit.page("best_times.html", account=None)
    one = advice.recommendation
    scale = scale_of(one.slots) if one.slots else None
    hours = [(f"{rating.hour:02}:00", rating) for rating in one.best_hours]
    days = [(DAYS_IN_FULL[rating.day or 0], rating) for rating in one.best_days]
    return visit.page(
        "best_times.html",
        accounts=accounts,
        account=account,
        one=one,
        advice=advice,
        week=list(zip(DAYS, DAYS_IN_FULL, week_cells(one, scale), strict=True)) if scale else [],
        levels=scale.words() if scale else [],
        bars=[("Days", _range_bars(days)), ("Hours", _range_bars(hours))][:: 1 if one.days_first else -1],
        missing=max(0, FEWEST_POSTS - one.data_points),
        factors=[factor_words(factor) for factor in advice.factors.lines],
        silence=list(silence_words(advice.factors.silence)),
        percent=signed_percent,
    )


def _range_bars(ratings: Sequence[tuple[str, Rating]]) -> list[RangeBar]:
    if not ratings:
        return []
    least = min(0.0, *(rating.low for _, rating in ratings))
    most = max(0.0, *(rating.high for _, rating in ratings))
    scale = _RANGE_WIDTH / ((most - least) or 1)

    def x(share: float) -> float:
        return round((share - least) * scale, 1)

    return [
        RangeBar(
            name,
            rating,
            x(0),
            x(min(0.0, rating.uplift)),
            max(1.0, round(abs(rating.uplift) * scale, 1)),
            x(rating.low),
            x(rating.high),
        )
        for name, rating in ratings
    ]


def show_report(visit: Visit) -> Response:
    try:
        return _report_page(visit, visit.query("when"), None)
    except TtpError as error:
        return _report_page(visit, "", error)


def _report_page(visit: Visit, when: str, error: TtpError | None) -> Response:
    services = visit.reading
    filters = read_filters(visit)
    criteria = filters.post_filter
    is_free = criteria.since is not None or criteria.until is not None
    span = services.days(when, begun=True) if when and not is_free else None
    report = services.reports.report(
        filters.chosen_accounts, span, criteria.since, criteria.until, by=GROUPS, tags=criteria.tags
    )
    month, week = services.days(None, month=True), services.days(None, week=True)
    shown = span or month
    days = engagement_by_day(report, visit.zone)
    title = "Engagement per day"
    now, before = report.totals.numbers(), report.before.numbers()
    changes = {name: change(value, before[name]) for name, value in now.items()}
    grown = max(MAIN_COUNTS, key=lambda name: changes[name] or 0)
    return visit.page(
        "report.html",
        filters=filters,
        report=report,
        period=period_words(report.period, visit.zone),
        totals=totals_json(report.totals),
        before=totals_json(report.before),
        changes=changes,
        grown=grown if (changes[grown] or 0) >= _NOTABLE else None,
        chart=Markup(bar_chart(title, days, kind="chart large")),  # noqa: S704 (the writer escapes)
        small_chart=Markup(  # noqa: S704
            bar_chart(title, join_bars(days, _PHONE_BARS), width=340, height=220, kind="chart small")
        ),
        top_day=max(days, key=lambda bar: bar.value),
        groups=[(by, groups) for by in GROUPS if len(groups := _groups(report, by)) > 1],
        factors=[(account, factor_words(one)) for account, one in report.factors],
        best=[measured_post_json(post) for post in report.best],
        worst=[measured_post_json(post) for post in report.worst],
        span=span,
        is_free=is_free,
        shown=SHOWN,
        month=month.name,
        week=week.name,
        earlier=shown.shift(-1).name,
        later=shown.shift(1).name if span is not None and span.end <= visit.now else "",
        error=error,
    )


def _groups(report: Report, by: str) -> list[tuple[Group, int]]:
    """Return groups with how much their median post brought, in percent of the best group's."""
    groups = [group for group in report.groups if group.by == by]
    most = max((group.totals.median_engagement or 0 for group in groups), default=0) or 1
    return [(group, round(100 * (group.totals.median_engagement or 0) / most)) for group in groups]
