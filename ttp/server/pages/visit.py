"""One request for a page: the person, the fields of the form, and the answer."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit
from zoneinfo import ZoneInfo

from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ttp.domain.account import Account
from ttp.domain.errors import NotAllowed, NotFound, TtpError
from ttp.domain.health import Overview
from ttp.domain.operations import OPERATIONS, OWN
from ttp.domain.server.api_token import Person, Session
from ttp.domain.time.formatting import Clocks
from ttp.server.guard import has_foreign_origin, has_own_origin, is_shared
from ttp.server.pages.compose.open_forms import OpenForms
from ttp.server.pages.compose.returned_form import receive_returned_form
from ttp.server.pages.rendering import HEADERS, error_lines, page_answer
from ttp.server.problems import InvalidRequest, Unauthorized, hide_home, status_of
from ttp.server.services import RequestServices
from ttp.services.application import Installation
from ttp.services.queries import PostView

SAFE_COOKIE, COOKIE = "__Host-ttp_session", "ttp_session"
"""Browsers accept the first over TLS only, and from no other host than this."""
NEXT = "ttp_next"
"""The cookie that has the page that was requested before the login."""
LOGIN_PAGE = "/login"
DONE = {
    "saved": "Saved.",
    "draft": "Saved as a draft.",
    "scheduled": "Scheduled.",
    "awaits-approval": "Scheduled. It waits for approval.",
    "moved": "Moved.",
    "publish": "Queued: the publisher sends it now.",
    "retry": "Queued: the publisher tries again now.",
    "resolve": "Noted.",
    "approve": "Approved.",
    "reject": "Rejected: it is a draft again.",
    "sent-back": "It goes back to its author, with your reason.",
    "revoked": "The link is revoked.",
    "account-unapproved": "Saved. Posts that this changes wait for approval again.",
    "paused": "Paused.",
    "resumed": "Resumed.",
    "unschedule": "It is a draft again.",
    "delete": "Deleted.",
    "undo": "Undone.",
    "back": "It is back.",
    "copy": "This is a copy.",
    "leave-out": "The post no longer goes to that account.",
    "comment": "The first comment was changed.",
    "comment-now": "Queued: the publisher sends it now.",
    "delete-remote": "Deleted, also on the platforms.",
    "chosen-schedule": "The chosen posts are scheduled.",
    "chosen-tag": "The tags are changed.",
    "chosen-publish": "Queued: the publisher sends them now.",
    "chosen-delete": "The chosen posts are deleted.",
    "repeat": "The repeat has started.",
    "repeat-skip": "The next time is skipped.",
    "repeat-stop": "The repeat has ended.",
    "timezone": "Your timezone is saved.",
    "source-poll": "The source was read.",
    "source-pause": "Paused.",
    "source-resume": "Resumed.",
    "source-post": "The item is a post now.",
    "source-skip": "Skipped.",
}
"""The message after a change, by the word in the address: an address cannot show any other message."""
DONE_TO = {
    "approve": "Approved: post {}.",
    "reject": "Sent back: post {}. It is a draft again.",
}
"""The message that names the post, on a page of several."""
SAVED = ("saved", "draft", "scheduled", "awaits-approval", "repeat")
"""The words after which a browser needs no copy of the form any more."""
MENU = (
    ("/calendar", "Calendar", "calendar", "own calendar"),
    ("/queue", "Queue", "queue", "list"),
    ("/posts", "Posts", "posts", "list"),
    ("/approvals", "Approvals", "approve", "approvals"),
    ("/best-times", "Best times", "clock", "optimal"),
    ("/report", "Report", "chart", "report"),
    ("/sources", "Sources", "feed", "source list"),
    ("/accounts", "Accounts", "accounts", "account list"),
)
MESSAGE = ("done", "post", "undo", "change", "refused", "at", "tz", "revision")
"""Words of an address that tell about a change; without them it shows the same page."""
_MOST_FIELDS, _MOST_FILES = 500, 20
_NEXT_FOR_S = 600
_LOCAL_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,500}")
ZONE_LATER = "ttp-zone-later"
"""The cookie of a browser that was offered its zone, and whose person wants those of the settings."""
_QUIET = ("check", "clocks")
"""Parts of a page that keep what they show when the login has ended: another part says so."""
_MOST_ID = 10**15
Handle = Callable[["Visit"], Response]


@dataclass(frozen=True, slots=True)
class UndoButton:
    """What the button of a message sends to take back a change. `way`: `undo` or `redo` of a post that was just deleted
    or undone; `back_to`: the calendar where a move leads back to."""

    action: str
    change_id: int
    way: str = ""
    back_to: str = ""


@dataclass(frozen=True, slots=True)
class PageRoute:
    """A page or a form. `show_again`: shows a filled form, and does nothing; `has_token`: the form has the token of a
    session, which only one that a phone shares has not."""

    method: str
    path: str
    handle: Handle
    operation: str
    show_again: Callable[[Visit, TtpError], Response] | None = None
    has_token: bool = True

    @property
    def needs(self) -> str:
        """The capability that a person needs; empty: no login."""
        return OPERATIONS[self.operation].needs


class Visit:
    def __init__(
        self, request: Request, installation: Installation, session: Session | None, secret: str, form: FormData | None
    ) -> None:
        self.request = request
        self.installation = installation
        self.session = session
        self.secret = secret
        self.form = form if form is not None else FormData()

    @property
    def person(self) -> Person:
        assert self.session is not None
        return self.session.person

    def may(self, operation: str) -> bool:
        is_for_them = self.person.accounts is None or OPERATIONS[operation].scope == OWN
        return is_for_them and self.person.may(OPERATIONS[operation].needs)

    def services(self, operation: str, *, expected: int | None = None, dry_run: bool = False) -> RequestServices:
        """Return the services for an operation of the person. Raise NotAllowed if they may not do it."""
        needed = OPERATIONS[operation].needs
        caller = self.person.caller_for(needed)
        if caller is None:
            names = ", ".join(self.person.capabilities)
            raise NotAllowed(f"this needs the capability {needed}, and {self.person.name} has {names}")
        if self.person.accounts is not None and OPERATIONS[operation].scope != OWN:
            raise NotAllowed(f"this is about all accounts, and {self.person.name} is limited to some")
        return RequestServices(self.installation, caller, expected=expected, dry_run=dry_run)

    @property
    def menu(self) -> list[tuple[str, str, str]]:
        """Return the addresses, names and icons of the pages that the person may open."""
        return [(address, name, icon) for address, name, icon, operation in MENU if self.may(operation)]

    @property
    def next_name(self) -> str:
        """Return the name of the page that was requested before the login, if it is one of the menu."""
        path = urlsplit(next_path(self) or "").path
        return next((name for address, name, *_ in MENU if path == address or path.startswith(f"{address}/")), "")

    @cached_property
    def overview(self) -> Overview | None:
        """Return what each page shows beside the menu; None if the store cannot be read, which the page itself says."""
        try:
            return self.installation.status.overview(self.person.accounts)
        except TtpError:
            return None

    @property
    def address_without_message(self) -> str:
        """Return the address of this page without the message after a change."""
        words = [(name, value) for name, value in self.request.query_params.multi_items() if name not in MESSAGE]
        return f"{self.request.url.path}?{urlencode(words)}" if words else self.request.url.path

    @property
    def _message(self) -> str:
        done, post_id = self.query("done"), parse_number(self.query("post"))
        return DONE_TO[done].format(post_id) if post_id and done in DONE_TO else DONE.get(done, "")

    def card_actions(self, post: PostView) -> list[str]:
        actions = {"resolve": "review", "retry": "retry", "approve": "approve", "reject": "approve"}
        needs = post.needs()
        return [name for name, need in actions.items() if need in needs and self.may(name)]

    @property
    def open_forms(self) -> OpenForms:
        forms: OpenForms = self.request.app.state.open_forms
        return forms

    @cached_property
    def reading(self) -> RequestServices:
        return self.services("list")

    @cached_property
    def accounts(self) -> list[Account]:
        """The accounts that the person may use, as they were at the start of the request."""
        return self.reading.queries.accounts()

    @property
    def only_account(self) -> tuple[str, ...]:
        """The name of the only account that is enabled; none if there are several."""
        names = [account.name for account in self.accounts if account.enabled]
        return tuple(names) if len(names) == 1 else ()

    def last_actor(self, post_id: int) -> str | None:
        changes = self.reading.queries.changes(1, post_id, undos=True)
        return changes[0].change.actor if changes else None

    @property
    def csrf(self) -> str:
        """The token in the forms of this session, which no other site knows."""
        return csrf_token(self.secret) if self.secret else ""

    @property
    def zone(self) -> ZoneInfo:
        return self.reading.zone

    def clocks(self, post: PostView) -> Clocks:
        """Return the zones of the post's accounts that have their own."""
        return [(name, zone) for name, zone in self._clocks if name in post.accounts]

    @cached_property
    def _clocks(self) -> Clocks:
        return self.reading.queries.account_clocks()

    @property
    def now(self) -> datetime:
        return self.installation.clock.now()

    @property
    def is_fragment(self) -> bool:
        """Whether a script asks for a part of a page."""
        headers = self.request.headers
        return headers.get("hx-request") == "true" and headers.get("hx-boosted") != "true"

    @property
    def post_id(self) -> int:
        return self._id("post")

    @property
    def source_id(self) -> int:
        return self._id("source")

    def _id(self, kind: str) -> int:
        number = int(self.request.path_params[f"{kind}_id"])
        if number > _MOST_ID:
            raise NotFound(f"no {kind} {number}")
        return number

    def field(self, name: str) -> str:
        """Return a field of the form with the line ends of this system; an absent one is empty."""
        return (self.fields(name) or [""])[-1]

    def fields(self, name: str) -> list[str]:
        texts = [value for value in self.form.getlist(name) if isinstance(value, str)]
        return [text.replace("\r\n", "\n").replace("\0", "") for text in texts]

    def files(self, name: str) -> list[UploadFile]:
        return [file for file in self.form.getlist(name) if isinstance(file, UploadFile) and file.filename]

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "").replace("\0", "")

    def revision(self) -> int | None:
        """Return the revision of the post that the form was made from."""
        return parse_number(self.field("revision"))

    def page(
        self, template: str, status: int | None = None, *, error: TtpError | None = None, **values: Any
    ) -> Response:
        """Render a page. `error`: a refusal that it shows; the status is that of the error unless given."""
        if error is not None:
            hide_home(error, self.installation.database.home)
        shown = {
            "visit": self,
            "person": self.session.person if self.session else None,
            "csrf": self.csrf,
            "ZONE_LATER": ZONE_LATER,
            "path": self.request.url.path,
            "done": self._message,
            "is_saved": self.query("done") in SAVED,
            "error": error,
            "lines": error_lines(error) if error else [],
            **values,
        }
        if self.session is not None:
            shown |= {"zone": self.zone, "now": self.now}
        status = status or (status_of(error) if error else 200)
        return page_answer(self.request, template, shown, status)

    def go(self, path: str, **query: object) -> Response:
        """Send the browser to another page of this site, after a change."""
        address, anchor, part = path.partition("#")
        words = f"{'&' if '?' in address else '?'}{urlencode(query)}" if query else ""
        return redirect(f"{address}{words}{anchor}{part}")

    def error(self, error: TtpError) -> Response:
        answer = self.page("error_part.html" if self.is_fragment else "error.html", error=error)
        if answer.status_code in (401, 403) and self.request.headers.get("hx-target") in _QUIET:
            answer.headers["HX-Reswap"] = "none"
        return answer


def parse_number(text: str) -> int | None:
    """Return an id or a revision of a form; None if the text is neither."""
    return int(text) if text.isdecimal() and len(text) < 16 else None


def redirect(path: str) -> Response:
    return RedirectResponse(path, 303, headers=HEADERS)


def csrf_token(secret: str) -> str:
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def is_secure(request: Request) -> bool:
    """Whether people reach this server over TLS."""
    installation: Installation = request.app.state.installation
    return request.url.scheme == "https" or installation.config.text("server.base_url").startswith("https://")


def endpoint(page: PageRoute) -> Callable[[Request], Any]:
    """Return the function that answers requests of a page."""

    async def answer(request: Request) -> Response:
        visit = await _begin(request)
        try:
            is_foreign = has_foreign_origin(request.scope["headers"]) and not is_shared(request.scope)
            if request.method == "POST" and is_foreign:
                raise NotAllowed("a page of another site may not send this form")
            if page.needs and visit.session is None:
                return await _ask_to_log_in(page, visit)
            if request.method == "POST":
                visit.form = await _form(request)
                if page.needs and page.has_token and not _has_token(visit):
                    return await run_in_threadpool(_show_again, page, visit)
            return await run_in_threadpool(_handled, page, visit)
        except TtpError as error:
            return await run_in_threadpool(visit.error, error)
        finally:
            await visit.form.close()

    return answer


async def _ask_to_log_in(page: PageRoute, visit: Visit) -> Response:
    """Lead to the login, from where the person comes back. A filled form is given back with all that it sent."""
    request = visit.request
    if request.method == "GET" and not visit.is_fragment:
        url = request.url
        return _with_next(visit, redirect(LOGIN_PAGE), f"{url.path}?{url.query}" if url.query else url.path)
    ended = Unauthorized("you are not logged in any more: log in in another tab, then go on here")
    if page.show_again is None or visit.is_fragment:
        raise ended
    returned = await receive_returned_form(request)
    answer = await run_in_threadpool(visit.page, "returned_form.html", error=ended, form=returned)
    before = urlsplit(request.headers.get("referer", ""))
    return _with_next(visit, answer, f"{before.path}?{before.query}" if before.query else before.path)


def _with_next(visit: Visit, answer: Response, path: str) -> Response:
    """Remember the page to which a login leads. Not that of a picture or of a program's request."""
    if local_path(path) and "text/html" in visit.request.headers.get("accept", ""):
        value, secure = quote(path, safe="/?&="), is_secure(visit.request)
        answer.set_cookie(
            NEXT, value, max_age=_NEXT_FOR_S, path=LOGIN_PAGE, secure=secure, httponly=True, samesite="lax"
        )
    return answer


def next_path(visit: Visit) -> str | None:
    """Return the page that was requested before the login."""
    return local_path(unquote(visit.request.cookies.get(NEXT, "")))


def local_path(path: str) -> str | None:
    """Return a path if it is one of this site, with or without a query; else None."""
    return path if _LOCAL_PATH.fullmatch(path) else None


def _show_again(page: PageRoute, visit: Visit) -> Response:
    """Show a form that has no token of this session. Only a form of this site is shown; raise NotAllowed for others."""
    is_own = has_own_origin(visit.request.scope["headers"])
    whose = f"the form is from an earlier login, and you are logged in as {visit.person.name} now"
    if is_own and visit.is_fragment:
        raise NotAllowed(f"{whose}: press one of its buttons, and it comes back unchanged")
    if page.show_again is None or not is_own:
        raise NotAllowed("the form is out of date: go back, reload the page and send it again")
    _refuse_unable(page, visit)
    return page.show_again(visit, NotAllowed(f"{whose}: look at it, then send it again"))


async def _begin(request: Request) -> Visit:
    """Return the visit of a request, without its form."""
    installation: Installation = request.app.state.installation
    secret = request.cookies.get(SAFE_COOKIE if is_secure(request) else COOKIE, "")
    session = await run_in_threadpool(installation.people.session, secret) if secret else None
    return Visit(request, installation, session, secret if session else "", None)


def is_for_browser(request: Request) -> bool:
    """Return whether an address that has no route is answered with a page."""
    wants = "text/html" in request.headers.get("accept", "")
    return wants and not request.url.path.startswith(("/v1/", "/api/"))


async def error_page(request: Request, error: TtpError) -> Response:
    """Return the page about an error at an address without a page."""
    visit = await _begin(request)
    return await run_in_threadpool(visit.error, error)


def _handled(page: PageRoute, visit: Visit) -> Response:
    _refuse_unable(page, visit)
    return page.handle(visit)


def _refuse_unable(page: PageRoute, visit: Visit) -> None:
    if page.needs and not visit.may(page.operation):
        visit.services(page.operation)  # raises


async def _form(request: Request) -> FormData:
    _, options = parse_options_header(request.headers.get("content-type"))
    if options.get(b"charset", b"utf-8").lower() != b"utf-8":  # of the many that Python knows, some make no text
        raise InvalidRequest("the form cannot be read: it is not UTF-8")
    try:
        return await request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=1_000_000)
    except HTTPException as error:
        raise InvalidRequest(f"the form cannot be read: {error.detail}") from None


def _has_token(visit: Visit) -> bool:
    sent = visit.request.headers.get("x-csrf-token") or visit.field("csrf")
    return hmac.compare_digest(sent.encode(), visit.csrf.encode())
