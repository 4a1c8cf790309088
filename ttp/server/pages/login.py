"""Log in by a link, and log out. A mail scanner opens links too: only the button on the page uses one up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from starlette.responses import Response

from ttp.server.pages.visit import COOKIE, LOGIN_PAGE, NEXT, SAFE_COOKIE, Visit, is_secure, next_path, redirect
from ttp.services.server.people import SESSION_LASTS_FOR

HOME = "/calendar"
FREE_FAILURES = 5
"""Failed logins of an address before it must wait."""
LONGEST_WAIT_S = 60.0
_MOST_ADDRESSES = 10_000


class Backoff:
    """Makes an address wait after wrong links: a second, doubled with each further failure."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failed: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def wait_s(self, address: str) -> float:
        """Return the seconds until this address may try again."""
        with self._lock:
            count, last = self._failed.get(address, (0, 0.0))
        if count < FREE_FAILURES:
            return 0.0
        return max(0.0, last + min(2.0 ** (count - FREE_FAILURES), LONGEST_WAIT_S) - self._now())

    def record_failure(self, address: str) -> None:
        with self._lock:
            if len(self._failed) >= _MOST_ADDRESSES:
                self._failed.clear()
            count, last = self._failed.get(address, (0, 0.0))
            if self._now() - last > 10 * LONGEST_WAIT_S:
                count = 0
            self._failed[address] = count + 1, self._now()

    def forget(self, address: str) -> None:
        with self._lock:
            self._failed.pop(address, None)


def wait_of(visit: Visit, backoff: Backoff) -> float:
    """Return the seconds that the visitor must wait. A visitor who need not has failed once more now."""
    address = visit.request.client.host if visit.request.client else ""
    wait_s = backoff.wait_s(address)
    if not wait_s:
        backoff.record_failure(address)
    return wait_s


def with_wait(answer: Response, wait_s: float) -> Response:
    """Return an answer that says when to try again, if that is not now."""
    if wait_s:
        answer.headers["Retry-After"] = str(round(wait_s) + 1)
    return answer


def show_login(visit: Visit) -> Response:
    """Say how to get a login link."""
    if visit.session is not None:
        return redirect(next_path(visit) or HOME)
    return visit.page("login.html", link=None, failed=False, wait_s=0)


def show_link(visit: Visit) -> Response:
    link = visit.installation.people.link(str(visit.request.path_params["secret"]))
    return visit.page("login.html", 200 if link else 404, link=link, failed=link is None, wait_s=0)


def log_in(visit: Visit) -> Response:
    """Use up a login link. The session is new, whatever cookie the browser had."""
    backoff: Backoff = visit.request.app.state.backoff
    address = visit.request.client.host if visit.request.client else ""
    wait_s = backoff.wait_s(address)
    if wait_s:
        return with_wait(visit.page("login.html", 429, link=None, failed=True, wait_s=wait_s), wait_s)
    found = visit.installation.people.log_in(str(visit.request.path_params["secret"]))
    if found is None:
        backoff.record_failure(address)
        return visit.page("login.html", 404, link=None, failed=True, wait_s=0)
    backoff.forget(address)
    if visit.session is not None:
        visit.installation.people.log_out(visit.session)
    answer = _with_cookie(visit, redirect(next_path(visit) or HOME), found[1])
    answer.delete_cookie(NEXT, path=LOGIN_PAGE)
    return answer


def log_out(visit: Visit) -> Response:
    assert visit.session is not None
    visit.installation.people.log_out(visit.session, everywhere=visit.field("everywhere") == "yes")
    return _with_cookie(visit, redirect(LOGIN_PAGE), "")


def _with_cookie(visit: Visit, answer: Response, secret: str) -> Response:
    secure = is_secure(visit.request)
    answer.set_cookie(
        SAFE_COOKIE if secure else COOKIE,
        secret,
        max_age=int(SESSION_LASTS_FOR.total_seconds()) if secret else 0,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    return answer
