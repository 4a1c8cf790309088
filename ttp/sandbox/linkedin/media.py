"""LinkedIn: uploads of images in one PUT, of videos in parts, and their processing."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ttp.sandbox.linkedin.records import LinkedInAccount, LinkedInAsset, LinkedInMemory, new_number
from ttp.sandbox.linkedin.requests import authenticate, denial, invalid, refusal
from ttp.sandbox.media import read_facts
from ttp.sandbox.records import DAY_MS
from ttp.sandbox.request_checks import BodyField, RequestRefused, are_texts, check_object, json_body
from ttp.sandbox.state import State

PART = 4_194_304
MOST_BYTES = {"image": 8_000_000, "video": 500_000_000}
LEAST_VIDEO_BYTES = 75_000
_OWNER = BodyField("owner", str, required=True)
_FIELDS = {
    "image": (_OWNER,),
    "video": (
        _OWNER,
        BodyField("fileSizeBytes", int, required=True, fits=lambda n: 0 < n <= MOST_BYTES["video"]),
        BodyField("uploadCaptions", bool, required=True),
        BodyField("uploadThumbnail", bool, required=True),
    ),
}
_FINALIZE = (
    BodyField("video", str, required=True),
    BodyField("uploadToken", str, required=True),
    BodyField("uploadedPartIds", list, required=True, fits=are_texts),
)


async def images(state: State, account: LinkedInAccount, request: Request) -> Response:
    """`POST /rest/images?action=initializeUpload`."""
    return await _begin(state, account, request, "image")


async def videos(state: State, account: LinkedInAccount, request: Request) -> Response:
    """`POST /rest/videos?action=initializeUpload` or `finalizeUpload`."""
    if request.query_params.get("action") == "finalizeUpload":
        return await _finalize(state, account, request)
    return await _begin(state, account, request, "video")


async def _begin(state: State, account: LinkedInAccount, request: Request, kind: str) -> Response:
    if dict(request.query_params) != {"action": "initializeUpload"}:
        raise invalid("The action is not known")
    body = await json_body(request, invalid, (BodyField("initializeUploadRequest", dict, required=True),))
    order = body["initializeUploadRequest"]
    check_object(order, _FIELDS[kind], invalid, "initializeUploadRequest.")
    if order["owner"] != account.urn:
        raise denial(f"{kind}s.initializeUpload for {order['owner']}")
    number, token = new_number(state), secrets.token_urlsafe(16)
    asset = LinkedInAsset(f"urn:li:{kind}:C5{number}", account.id, kind, order.get("fileSizeBytes", 0), token)
    state.save(asset)
    ends, url = state.now_ms() + DAY_MS, f"http://{state.address}/dms-uploads/{asset.id}"
    if kind == "image":
        return JSONResponse({"value": {"uploadUrl": f"{url}/0", "uploadUrlExpiresAt": ends, "image": asset.id}})
    starts = range(0, asset.size, PART)
    parts = [
        {"uploadUrl": f"{url}/{n}", "firstByte": at, "lastByte": min(at + PART, asset.size) - 1}
        for n, at in enumerate(starts)
    ]
    value = {"video": asset.id, "uploadToken": token, "uploadInstructions": parts, "uploadUrlsExpireAt": ends}
    return JSONResponse({"value": value})


async def put(state: State, request: Request) -> Response:
    """`PUT /dms-uploads/{urn}/{part}`: the bytes of an image, for which a token is needed, or a part of a video."""
    asset, part = state.table(LinkedInAsset).get(request.path_params["urn"]), int(request.path_params["part"])
    if asset is None or asset.sha256 is not None:
        return Response("no such upload", 404)
    data = await request.body()
    if asset.kind == "image":
        if (await authenticate(state, request)).id != asset.account:
            raise denial("the upload")
        _complete(state, asset, data)
        return Response(status_code=201)
    if not 0 <= part * PART < asset.size or len(data) != min(PART, asset.size - part * PART):
        return Response("wrong size", 400)
    etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
    state.pieces.setdefault(asset.id, {})[part] = data
    state.part(LinkedInMemory).etags[asset.id, part] = etag
    return Response(status_code=200, headers={"etag": f'"{etag}"'})


async def _finalize(state: State, account: LinkedInAccount, request: Request) -> Response:
    body = await json_body(request, invalid, (BodyField("finalizeUploadRequest", dict, required=True),))
    order = body["finalizeUploadRequest"]
    check_object(order, _FINALIZE, invalid, "finalizeUploadRequest.")
    asset = find_asset(state, account, order["video"])
    if order["uploadToken"] != asset.token:
        raise invalid("finalizeUploadRequest.uploadToken: is not the upload's")
    if asset.sha256 is not None:
        return Response(status_code=200)  # repeatable
    pieces, etags = state.pieces.get(asset.id, {}), state.part(LinkedInMemory).etags
    numbers = range(-(-asset.size // PART))
    if order["uploadedPartIds"] != [etags.get((asset.id, part)) for part in numbers]:
        raise invalid("finalizeUploadRequest.uploadedPartIds: are not the parts in order")
    _complete(state, asset, b"".join(pieces[part] for part in numbers))
    state.pieces.pop(asset.id, None)
    return Response(status_code=200)


async def video(state: State, account: LinkedInAccount, request: Request) -> Response:
    """`GET /rest/videos/{urn}`: how far it is. Every token may ask."""
    asset = find_asset(state, account, unquote(request.path_params["urn"]))
    answer: dict[str, Any] = {"id": asset.id, "owner": account.urn, "status": status_of(state, asset)}
    return JSONResponse(answer | ({"processingFailureReason": asset.error} if asset.error else {}))


def find_asset(state: State, account: LinkedInAccount, urn: str) -> LinkedInAsset:
    asset = state.table(LinkedInAsset).get(urn)
    if asset is None or asset.account != account.id:
        raise refusal(404, "RESOURCE_NOT_FOUND", f"{urn} does not exist")
    return asset


def status_of(state: State, asset: LinkedInAsset) -> str:
    if asset.ready_ms is None:
        return "WAITING_UPLOAD"
    if state.now_ms() < asset.ready_ms:
        return "PROCESSING"
    return "PROCESSING_FAILED" if asset.error else "AVAILABLE"


def _complete(state: State, asset: LinkedInAsset, data: bytes) -> None:
    """Save an asset with its bytes. Those that LinkedIn cannot use fail in processing."""
    facts = read_facts(data)
    mimes = ("video/mp4",) if asset.kind == "video" else ("image/jpeg", "image/png", "image/gif")
    fits = facts.mime in mimes and facts.complete and len(data) <= MOST_BYTES[asset.kind]
    if asset.kind == "video":
        fits = fits and 3 <= (facts.duration_s or 0) <= 1800 and len(data) >= LEAST_VIDEO_BYTES
    elif facts.width and facts.height:
        fits = fits and facts.width * facts.height < 36_152_320
    wait_s = state.processing_s if asset.kind == "video" else min(state.processing_s, 1.0)
    digest = hashlib.sha256(data).hexdigest()
    state.save(
        replace(
            asset,
            size=len(data),
            sha256=digest,
            ready_ms=state.now_ms() + int(wait_s * 1000),
            error=None if fits else "the file is not supported",
            duration_s=facts.duration_s or 0,
        )
    )
    state.pictures.keep(digest, data)


def upload_route(state: State) -> Any:
    """Return the endpoint of the upload addresses."""

    async def endpoint(request: Request) -> Response:
        try:
            return await put(state, request)
        except RequestRefused as refused:
            return refused.response

    return endpoint
