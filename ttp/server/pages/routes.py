"""The table of pages, with the capability that each needs."""

from __future__ import annotations

from functools import partial

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from ttp.domain.server.api_token import TokenCapability
from ttp.server.guard import STATIC
from ttp.server.pages import (
    accounts,
    approvals,
    calendar,
    compose,
    connect,
    login,
    numbers,
    person,
    post_list,
    posts,
    queue,
)
from ttp.server.pages.rendering import FOLDER
from ttp.server.pages.visit import PageRoute, endpoint, redirect

READ, DRAFT, PUBLISH, APPROVE = TokenCapability


POST = "/posts/{post_id:int}"
PAGES = (
    PageRoute("GET", "/", lambda visit: redirect(login.HOME)),
    PageRoute("GET", "/login", login.show_login, None),
    PageRoute("GET", "/login/{secret}", login.show_link, None),
    PageRoute("POST", "/login/{secret}", login.log_in, None),
    PageRoute("POST", "/logout", login.log_out),
    PageRoute("GET", person.PAGE, person.show_timezone),
    PageRoute("POST", person.PAGE, person.set_timezone),
    PageRoute("GET", "/calendar", calendar.show_calendar),
    PageRoute("GET", "/queue", queue.show_queue),
    PageRoute("GET", "/posts", post_list.show_posts),
    PageRoute("GET", "/best-times", numbers.show_best_times),
    PageRoute("GET", "/report", numbers.show_report),
    PageRoute("GET", "/accounts", accounts.show_accounts),
    PageRoute("GET", connect.FORM, connect.show_form, PUBLISH),
    PageRoute("POST", connect.FORM, connect.start, PUBLISH),
    PageRoute("POST", "/accounts/sign-in", connect.sign_in, PUBLISH),
    PageRoute("GET", connect.CALLBACK, connect.finish, PUBLISH),
    PageRoute("GET", "/approvals", approvals.show_approvals),
    PageRoute("GET", "/approve/{secret}", approvals.show_link, None),
    PageRoute("POST", "/approve/{secret}", approvals.decide, None),
    PageRoute("GET", "/approve/{secret}/media/{sha256}", approvals.show_link_media, None),
    PageRoute("GET", "/compose", compose.show_new, DRAFT),
    PageRoute("POST", "/compose", compose.submit, DRAFT, compose.show_again),
    PageRoute("POST", "/compose/check", compose.check, DRAFT),
    PageRoute("POST", "/compose/keep", compose.keep, DRAFT),
    PageRoute("POST", "/compose/media", compose.upload, DRAFT),
    PageRoute("GET", POST, posts.show_post),
    PageRoute("GET", f"{POST}/edit", compose.show_edit, DRAFT),
    PageRoute("GET", f"{POST}/{{action}}", posts.ask),
    *(
        PageRoute(
            "POST",
            f"{POST}/{name}",
            partial(posts.change_post, name=name),
            action.needs,
            partial(posts.ask_again, name=name),
        )
        for name, action in posts.ACTIONS.items()
    ),
    PageRoute("POST", f"{POST}/move", calendar.move, PUBLISH),
    PageRoute("POST", f"{POST}/approval-link", approvals.create_link, APPROVE),
    PageRoute("POST", f"{POST}/undo", posts.undo, DRAFT),
    PageRoute("GET", "/media/{sha256}", posts.show_media),
)


def page_routes() -> list[BaseRoute]:
    return [
        *(Route(page.path, endpoint(page), methods=[page.method], name=page.path) for page in PAGES),
        Mount(STATIC, StaticFiles(directory=FOLDER / "static"), name="static"),
    ]
