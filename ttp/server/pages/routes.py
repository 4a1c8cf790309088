"""The table of pages, with the capability that each needs."""

from __future__ import annotations

from functools import partial

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from ttp.domain.server.api_token import TokenCapability
from ttp.server.guard import STATIC
from ttp.server.pages import accounts, approvals, calendar, compose, connect, login, numbers, posts, queue
from ttp.server.pages.rendering import FOLDER
from ttp.server.pages.visit import Page, endpoint, redirect

READ, DRAFT, PUBLISH, APPROVE = TokenCapability


POST = "/posts/{post_id:int}"
PAGES = (
    Page("GET", "/", lambda visit: redirect(login.HOME)),
    Page("GET", "/login", login.show_login, None),
    Page("GET", "/login/{secret}", login.show_link, None),
    Page("POST", "/login/{secret}", login.log_in, None),
    Page("POST", "/logout", login.log_out),
    Page("GET", "/calendar", calendar.show_calendar),
    Page("GET", "/queue", queue.show_queue),
    Page("GET", "/best-times", numbers.show_best_times),
    Page("GET", "/report", numbers.show_report),
    Page("GET", "/accounts", accounts.show_accounts),
    Page("GET", connect.FORM, connect.show_form, PUBLISH),
    Page("POST", connect.FORM, connect.start, PUBLISH),
    Page("POST", "/accounts/sign-in", connect.sign_in, PUBLISH),
    Page("GET", connect.CALLBACK, connect.finish, PUBLISH),
    Page("GET", "/approvals", approvals.show_approvals),
    Page("GET", "/approve/{secret}", approvals.show_link, None),
    Page("POST", "/approve/{secret}", approvals.decide, None),
    Page("GET", "/approve/{secret}/media/{sha256}", approvals.show_link_media, None),
    Page("GET", "/compose", compose.show_new, DRAFT),
    Page("POST", "/compose", compose.submit, DRAFT),
    Page("POST", "/compose/check", compose.check, DRAFT),
    Page("POST", "/compose/keep", compose.keep, DRAFT),
    Page("POST", "/compose/media", compose.upload, DRAFT),
    Page("GET", POST, posts.show_post),
    Page("GET", f"{POST}/edit", compose.show_edit, DRAFT),
    Page("GET", f"{POST}/{{action}}", posts.ask),
    *(
        Page("POST", f"{POST}/{name}", partial(posts.change_post, name=name), action.needs)
        for name, action in posts.ACTIONS.items()
    ),
    Page("POST", f"{POST}/move", calendar.move, PUBLISH),
    Page("POST", f"{POST}/approval-link", approvals.create_link, APPROVE),
    Page("POST", f"{POST}/undo", posts.undo, DRAFT),
    Page("GET", "/media/{sha256}", posts.show_media),
)


def page_routes() -> list[BaseRoute]:
    return [
        *(Route(page.path, endpoint(page), methods=[page.method], name=page.path) for page in PAGES),
        Mount(STATIC, StaticFiles(directory=FOLDER / "static"), name="static"),
    ]
