"""The pages of the best times and of the report."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from ttp.domain.errors import TtpError
from ttp.domain.metrics.sample import MAIN_COUNTS
from ttp.domain.time.calendar_range import parse_calendar_range
from ttp.domain.time.formatting import DAYS, DAYS_IN_FULL
from ttp.server.pages.visit import Visit
from ttp.services.metrics.report import report_periods
from ttp.views.optimal import AccountAdvice, heatmap_json, recommendation_json
from ttp.views.report import measured_post_json, totals_json

GROUPS = ("account", "kind", "hour", "day", "tag")
SHOWN = ("posts", *MAIN_COUNTS, "medianEngagement")


def show_best_times(visit: Visit) -> Response:
    services = visit.reading
    shown: list[dict[str, Any]] = []
    empty: list[str] = []
    for account in services.queries.accounts():
        zone = services.times.account_zone(account)
        advice = services.optimal.advise(account, zone)
        if not advice.recommendation.data_points:
            empty.append(account.name)
            continue
        heat: Any = heatmap_json(AccountAdvice(advice))
        slots = {(slot["day"], slot["hour"]): slot for slot in heat["slots"]}
        found = recommendation_json(AccountAdvice(advice))
        shown.append({"found": found, "heat": slots, "advice": advice, "zone": zone})
    return visit.page("best_times.html", shown=shown, empty=empty, days=list(zip(DAYS, DAYS_IN_FULL, strict=True)))


def show_report(visit: Visit) -> Response:
    try:
        return _report_page(visit, visit.query("when"), None)
    except TtpError as error:
        return _report_page(visit, "", error)


def _report_page(visit: Visit, when: str, error: TtpError | None) -> Response:
    services, zone = visit.reading, visit.zone
    today = visit.now.astimezone(zone).date()
    span = None
    if when:
        span = parse_calendar_range(when, month=False, week=False, today=today, zone=zone, begun=True)
    period, before = report_periods(visit.now, span, None, None)
    accounts = services.queries.accounts()
    zones = services.times.account_zones(accounts)
    report = services.reports.report(accounts, zones, period, before, GROUPS)
    shown = span or parse_calendar_range(None, month=True, week=False, today=today, zone=zone)
    return visit.page(
        "report.html",
        report=report,
        totals=totals_json(report.totals),
        previous=totals_json(report.before),
        groups=[
            (by, [(group, totals_json(group.totals)) for group in report.groups if group.by == by]) for by in GROUPS
        ],
        best=[measured_post_json(post) for post in report.best],
        worst=[measured_post_json(post) for post in report.worst],
        span=span,
        shown=SHOWN,
        earlier=shown.shift(-1).name,
        later=shown.shift(1).name if span is not None and span.end <= visit.now else "",
        error=error,
    )
