"""The table of pages, with the operation of each."""

from __future__ import annotations

from functools import partial

from starlette.routing import BaseRoute, Route

from ttp.server.guard import SHARED
from ttp.server.pages import (
    account,
    accounts,
    approvals,
    chosen,
    connect,
    login,
    media,
    moving,
    numbers,
    person,
    post_list,
    posts,
    queue,
    sources,
    start,
)
from ttp.server.pages.compose import page as compose
from ttp.server.pages.static import STATIC, show_static
from ttp.server.pages.visit import PageRoute, endpoint, redirect

POST, SOURCE = "/posts/{post_id:int}", "/sources/{source_id:int}"
PAGES = (
    PageRoute("GET", "/", lambda visit: redirect(login.HOME), "own calendar"),
    PageRoute("GET", "/login", login.show_login, "login"),
    PageRoute("GET", "/login/{secret}", login.show_link, "login"),
    PageRoute("POST", "/login/{secret}", login.log_in, "login"),
    PageRoute("POST", "/logout", login.log_out, "logout"),
    PageRoute("GET", person.PAGE, person.show_timezone, "own timezone"),
    PageRoute("POST", person.PAGE, person.set_timezone, "own timezone"),
    PageRoute("GET", "/calendar", start.show_start, "own calendar"),
    PageRoute("GET", "/queue", queue.show_queue, "list"),
    PageRoute("GET", "/posts", post_list.show_posts, "list"),
    *(
        PageRoute("POST", f"/posts/chosen/{name}", partial(chosen.change_chosen, name=name), operation)
        for name, (operation, _) in chosen.CHANGES.items()
    ),
    PageRoute("POST", "/posts/chosen/undo", chosen.undo_chosen, "undo"),
    PageRoute("GET", "/best-times", numbers.show_best_times, "optimal"),
    PageRoute("GET", "/report", numbers.show_report, "report"),
    PageRoute("GET", "/accounts", accounts.show_accounts, "account list"),
    PageRoute("GET", "/sources", sources.show_sources, "source list"),
    PageRoute("GET", SOURCE, sources.show_source, "source show"),
    PageRoute("GET", f"{SOURCE}/preview", sources.show_preview, "source preview"),
    *(
        PageRoute("POST", f"{SOURCE}/{name}", partial(sources.change_source, name=name), f"source {name}")
        for name in sources.ACTIONS
    ),
    PageRoute("GET", connect.FORM, connect.show_form, "sign-in at a platform"),
    PageRoute("POST", connect.FORM, connect.start, "sign-in at a platform"),
    PageRoute("POST", "/accounts/sign-in", connect.sign_in, "sign-in at a platform"),
    PageRoute("GET", connect.CALLBACK, connect.finish, "sign-in at a platform"),
    PageRoute("GET", account.PAGE, account.show_account, "account show"),
    PageRoute("POST", account.PAGE, account.change_account, "account set"),
    PageRoute("GET", "/approvals", approvals.show_approvals, "approvals"),
    PageRoute("POST", "/approvals/links", approvals.create_set_link, "approve-link create"),
    PageRoute("POST", "/approvals/revoke", approvals.revoke_link, "approve-link revoke"),
    PageRoute("GET", "/approve/{secret}", approvals.show_link, "decision by link"),
    PageRoute("POST", "/approve/{secret}", approvals.decide, "decision by link"),
    PageRoute("GET", "/approve/{secret}/media/{sha256}", approvals.show_link_media, "decision by link"),
    PageRoute(
        "GET",
        "/approve/{secret}/media/{sha256}/thumbnail",
        partial(approvals.show_link_media, small=True),
        "decision by link",
    ),
    PageRoute("GET", "/compose", compose.show_new, "create"),
    PageRoute("POST", "/compose", compose.submit, "create", compose.show_again),
    PageRoute("POST", SHARED, compose.show_shared, "create", compose.show_again, has_token=False),
    PageRoute("POST", "/compose/check", compose.check, "text check by a server"),
    PageRoute("POST", "/compose/time", compose.show_time, "text check by a server"),
    PageRoute("POST", "/compose/keep", compose.keep, "create"),
    PageRoute("POST", "/compose/media", compose.upload, "media upload"),
    PageRoute("GET", POST, posts.show_post, "show"),
    PageRoute("GET", f"{POST}/edit", compose.show_edit, "edit"),
    PageRoute("GET", f"{POST}/move", moving.show_move, "schedule"),
    PageRoute("GET", f"{POST}/{{action}}", posts.ask, "show"),
    *(
        PageRoute(
            "POST",
            f"{POST}/{name}",
            partial(posts.change_post, name=name),
            posts.operation_of(name),
            partial(posts.confirmation_page, name=name),
        )
        for name in posts.ACTIONS
    ),
    PageRoute("POST", f"{POST}/move", moving.move, "schedule", moving.show_move),
    PageRoute("POST", f"{POST}/approval-link", approvals.create_link, "approve-link create"),
    PageRoute("POST", f"{POST}/undo", posts.undo, "post undo"),
    PageRoute("GET", "/media/{sha256}", media.show_media, "media file"),
    PageRoute("GET", "/media/{sha256}/thumbnail", partial(media.show_media, small=True), "media file"),
)


def page_routes() -> list[BaseRoute]:
    return [
        *(Route(page.path, endpoint(page), methods=[page.method], name=page.path) for page in PAGES),
        Route(f"{STATIC}/{{name}}", show_static, methods=["GET"], name="static"),
    ]
