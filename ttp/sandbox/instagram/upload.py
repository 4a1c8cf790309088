"""Instagram on Facebook Login: the bytes of a video, sent to the address that its container named."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttp.sandbox.instagram.containers import MOST_VIDEO, measure_video, status_code
from ttp.sandbox.instagram.records import Container
from ttp.sandbox.instagram.requests import authenticate
from ttp.sandbox.request_checks import RequestRefused
from ttp.sandbox.state import State


def routes(state: State) -> list[Route]:
    """Return the upload route."""
    return [Route("/ig-api-upload/{version}/{container}", partial(_receive_bytes, state), methods=["POST"])]


async def _receive_bytes(state: State, request: Request) -> Response:
    """`POST uri`: bytes from `offset` on. What arrived before a cut stays."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    account = authenticate(state, token if scheme == "OAuth" else None)
    container = state.table(Container).get(request.path_params["container"])
    if container is None or container.account != account.id or not is_open(state, container):
        raise _upload_error("NotFoundError", "No open upload session has this id.")
    offset, size = _read_number(request, "offset"), _read_number(request, "file_size")
    if not 0 < size <= MOST_VIDEO[container.kind]:
        raise _upload_error("ProcessingFailedError", "Request processing failed: the file is too large.")
    if container.size not in (0, size) or offset != received_bytes(state, container):
        raise _upload_error("OffsetInvalidError", "Request starting offset is invalid.")
    state.save(replace(container, size=size))
    pieces = state.pieces.setdefault(container.id, {})
    data = bytearray()
    try:
        async for chunk in request.stream():
            data += chunk
    except ClientDisconnect:
        pieces[offset] = bytes(data[: size - offset])
        return Response(status_code=400)
    if len(data) > size - offset:
        raise _upload_error("ProcessingFailedError", "Request processing failed: more bytes than file_size.")
    pieces[offset] = bytes(data)
    if offset + len(data) < size:
        raise _upload_error("PartialRequestError", "Partial request: not all bytes were received.", retriable=True)
    return _complete_upload(state, replace(container, size=size), b"".join(pieces[at] for at in sorted(pieces)))


def is_open(state: State, container: Container) -> bool:
    """Return whether bytes of a resumable upload are still missing."""
    return container.ready_ms is None and status_code(state, container) == "IN_PROGRESS"


def received_bytes(state: State, container: Container) -> int:
    """Return how many bytes of a resumable upload have arrived."""
    if container.ready_ms is not None:
        return container.size
    return sum(map(len, state.pieces.get(container.id, {}).values()))


def video_status(state: State, container: Container) -> dict[str, Any] | None:
    """Return the field `video_status` of a container that was uploaded; None for any other."""
    if container.ready_ms is not None and not container.size:
        return None
    whole = container.ready_ms is not None
    have = received_bytes(state, container)
    uploading = "complete" if whole else "in_progress" if have else "not_started"
    code = status_code(state, container)
    processing = {"IN_PROGRESS": "in_progress" if whole else "not_started", "ERROR": "error"}.get(code, "complete")
    return {
        "uploading_phase": {"status": uploading, "bytes_transferred": have},
        "processing_phase": {"status": processing},
    }


def _complete_upload(state: State, container: Container, data: bytes) -> Response:
    video = measure_video(data, container.kind)
    state.pieces.pop(container.id, None)
    done = replace(
        container,
        size=len(data),
        media=(video.sha256,),
        error=video.error,
        duration_s=video.duration_s,
        ready_ms=state.now_ms() + int(state.processing_s * 1000),
    )
    state.save(done)
    return JSONResponse({"success": True, "message": "Upload successful. The file is being processed."})


def _read_number(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not text.isdecimal():
        raise _upload_error("ProcessingFailedError", f"Request processing failed: the header {name} is not a number.")
    return int(text)


def _upload_error(kind: str, message: str, retriable: bool = False) -> RequestRefused:
    return RequestRefused(JSONResponse({"debug_info": {"retriable": retriable, "type": kind, "message": message}}, 400))
