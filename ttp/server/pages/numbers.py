"""The pages of the best times and of the report."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from ttp.domain.errors import TtpError
from ttp.domain.metrics.sample import MAIN_COUNTS
from ttp.domain.time.formatting import DAYS, DAYS_IN_FULL
from ttp.server.pages.visit import Visit
from ttp.views.factors import factor_words, silence_words
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
        recommended = recommendation_json(AccountAdvice(advice))
        silence = silence_words(advice.factors.silence)
        shown.append({"found": recommended, "heat": slots, "advice": advice, "zone": zone, "silence": silence})
    return visit.page("best_times.html", shown=shown, empty=empty, days=list(zip(DAYS, DAYS_IN_FULL, strict=True)))


def show_report(visit: Visit) -> Response:
    try:
        return _report_page(visit, visit.query("when"), None)
    except TtpError as error:
        return _report_page(visit, "", error)


def _report_page(visit: Visit, when: str, error: TtpError | None) -> Response:
    services = visit.reading
    span = services.days(when, begun=True) if when else None
    report = services.reports.report(services.queries.accounts(), span, by=GROUPS)
    shown = span or services.days(None, month=True)
    return visit.page(
        "report.html",
        report=report,
        totals=totals_json(report.totals),
        previous=totals_json(report.before),
        groups=[
            (by, [(group, totals_json(group.totals)) for group in report.groups if group.by == by]) for by in GROUPS
        ],
        factors=[(account, factor_words(one)) for account, one in report.factors],
        best=[measured_post_json(post) for post in report.best],
        worst=[measured_post_json(post) for post in report.worst],
        span=span,
        shown=SHOWN,
        earlier=shown.shift(-1).name,
        later=shown.shift(1).name if span is not None and span.end <= visit.now else "",
        error=error,
    )
