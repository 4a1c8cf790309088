"""What people set for themselves."""

from __future__ import annotations

from starlette.responses import Response

from ttp.domain.errors import TtpError
from ttp.domain.time.zones import suggest_zone, zone_names
from ttp.server.pages.visit import ZONE_LATER, Visit, local_path

PAGE = "/timezone"
_ONE_YEAR_S = 365 * 24 * 3600


def show_timezone(visit: Visit) -> Response:
    """Show the form with the person's timezone, or with one that a link proposes."""
    return _page(visit, visit.query("timezone")[:100] or visit.person.timezone or "")


def set_timezone(visit: Visit) -> Response:
    """Store the zone in which this person's times are read and shown; without one, that of the settings."""
    before = local_path(visit.field("next")) or PAGE
    if visit.field("later"):
        answer = visit.go(before)
        answer.set_cookie(ZONE_LATER, "yes", max_age=_ONE_YEAR_S, httponly=True, samesite="lax")
        return answer
    name = visit.field("timezone").strip()
    try:
        visit.installation.people.set_timezone(visit.person.name, name)
    except TtpError as error:
        return _page(visit, name, error)
    return visit.go(before, done="timezone")


def _page(visit: Visit, name: str, error: TtpError | None = None) -> Response:
    meant = suggest_zone(name).way if error is not None else ""
    return visit.page("timezone.html", error=error, name=name, meant=meant, names=zone_names())
