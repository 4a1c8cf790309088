"""The application: the platforms, the control paths and the layer that carries out faults."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from ttp.sandbox import control
from ttp.sandbox.faults import Fault, FaultMiddleware
from ttp.sandbox.request_checks import RequestRefused
from ttp.sandbox.stand_in import find_stand_ins, platform_of
from ttp.sandbox.state import State, renew_tokens


def build_app(state: State, release: asyncio.Event | None = None, media_dir: Path | None = None) -> ASGIApp:
    """Return the sandbox as an ASGI application over `state`, which gets the default apps and accounts it lacks.

    Setting `release` ends hanging requests. `media_dir` is served under `/_sandbox/media/`, for platforms that fetch
    media from a URL.
    """
    stand_ins = find_stand_ins()
    state.apps = {app.id: app for one in stand_ins for app in one.apps} | state.apps
    for one in sorted(stand_ins, key=lambda one: one.name):
        if (name := f"{one.name}/{one.demo_handle(state.address)}") not in state.accounts:
            state.save(renew_tokens(state, one.new_account(state, name)))
    faults: list[Fault] = []
    routes: list[BaseRoute] = [] if media_dir is None else [Mount("/_sandbox/media", StaticFiles(directory=media_dir))]
    routes += control.routes(state, faults)
    for one in stand_ins:
        routes += one.routes(state)
    app = Starlette(routes=routes, exception_handlers={RequestRefused: _refused, HTTPException: _no_such_path})
    app.router.redirect_slashes = False
    return FaultMiddleware(app, state.now, faults, release or asyncio.Event(), state.answered)


async def _refused(request: Request, refused: Exception) -> Response:
    assert isinstance(refused, RequestRefused)
    return refused.response


async def _no_such_path(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if platform := platform_of(request.url.path):
        return platform.no_such_path(request, error)
    return JSONResponse({"error": error.detail}, error.status_code)
