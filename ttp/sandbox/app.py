"""The one Starlette application of the three platforms, their control paths and ordered faults."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from ttp.sandbox import control
from ttp.sandbox.accounts import APPS, DEFAULT_ACCOUNTS, new_account
from ttp.sandbox.faults import Edge, Fault, platform_of
from ttp.sandbox.instagram import stand_in as instagram_stand_in
from ttp.sandbox.instagram.front import graph_error
from ttp.sandbox.request_checks import Refused
from ttp.sandbox.state import State
from ttp.sandbox.tiktok import stand_in as tiktok_stand_in
from ttp.sandbox.x import stand_in as x_stand_in
from ttp.sandbox.x.front import problem


def build_app(state: State, release: asyncio.Event | None = None, media_dir: Path | None = None) -> ASGIApp:
    """The sandbox as an ASGI application over `state`, which gets the default apps and accounts it lacks.

    `release` ends hanging requests when it is set. `media_dir` is a folder to serve under `/_sandbox/media/`, for
    platforms that fetch media from a URL.
    """
    state.apps = {app.id: app for app in APPS} | state.apps
    for name in DEFAULT_ACCOUNTS:
        if name not in state.accounts:
            state.keep(new_account(state, name))
    faults: list[Fault] = []
    served: list[BaseRoute] = [] if media_dir is None else [Mount("/_sandbox/media", StaticFiles(directory=media_dir))]
    # Instagram comes last: its paths begin with any version.
    routes = [
        *served,
        *control.routes(state, faults),
        *x_stand_in.routes(state),
        *tiktok_stand_in.routes(state),
        *instagram_stand_in.routes(state),
    ]
    app = Starlette(routes=routes, exception_handlers={Refused: _refused, HTTPException: _no_such_path})
    app.router.redirect_slashes = False
    return Edge(app, state.now, faults, release or asyncio.Event(), state.answered)


async def _refused(request: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refused)
    return refused.response


async def _no_such_path(request: Request, error: Exception) -> Response:
    """Each platform's own words for a path or a method it does not have."""
    assert isinstance(error, HTTPException)
    match platform_of(request.url.path):
        case "x":
            return problem(error.status_code, error.detail, error.detail).response
        case "instagram":
            return graph_error(2500, f"Unknown path components: {request.url.path}").response
        case "tiktok":
            return PlainTextResponse("Unsupported path", error.status_code)
        case _:
            return JSONResponse({"error": error.detail}, error.status_code)
