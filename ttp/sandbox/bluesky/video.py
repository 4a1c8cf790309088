"""Bluesky: the video service, which processes a video and keeps the result at the account's server."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from ttp.sandbox.bluesky.records import Blob, BlueskySwitches, VideoJob, account_of
from ttp.sandbox.bluesky.repo import describe_blob, keep_blob
from ttp.sandbox.bluesky.requests import invalid, open_route, read_query, refusal
from ttp.sandbox.media import read_facts
from ttp.sandbox.request_checks import bearer, content_type
from ttp.sandbox.state import State


def routes(state: State) -> list[BaseRoute]:
    route = partial(open_route, state)
    return [
        route("app.bsky.video.uploadVideo", "POST", upload),
        route("app.bsky.video.getJobStatus", "GET", job_status),
    ]


async def upload(state: State, request: Request) -> Response:
    """Take a video with a token of the account's server, and begin to process it."""
    did, _ = read_query(request, "did", "name")
    account = account_of(state, did)
    if not state.part(BlueskySwitches).video_service:
        raise refusal(502, "UpstreamFailure", "Upstream service unreachable")
    if account is None or bearer(request.headers) is None:
        raise refusal(401, "AuthMissing", "Authentication Required")
    if account.unconfirmed:
        raise refusal(400, "unconfirmed_email", "Please confirm your e-mail address")
    data = await request.body()
    if content_type(request) != "video/mp4" or not read_facts(data).complete:
        raise invalid("Expected video/mp4")
    blob = keep_blob(state, account, data, "video/mp4")
    job = VideoJob(secrets.token_hex(8), blob.id, state.now_ms() + int(state.processing_s * 1000))
    state.save(job)
    return JSONResponse({"jobStatus": _render(state, job)})


async def job_status(state: State, request: Request) -> Response:
    (wanted,) = read_query(request, "jobId")
    job = state.table(VideoJob).get(wanted)
    if job is None:
        raise invalid("Job not found")
    return JSONResponse({"jobStatus": _render(state, job)})


def _render(state: State, job: VideoJob) -> dict[str, Any]:
    blob = state.table(Blob)[job.blob]
    shown = {"jobId": job.id, "did": job.blob.partition("/")[0]}
    if state.now_ms() < job.done_ms:
        return {**shown, "state": "JOB_STATE_ENCODING", "progress": 50}
    return {**shown, "state": "JOB_STATE_COMPLETED", "blob": describe_blob(blob)}
