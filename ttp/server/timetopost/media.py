"""Routes at TimeToPost's paths: uploads.

An upload is prepared, sent to a signed address without a token, and confirmed; or it is one request, as base64. A file
is found by the key of its upload for a day, and by its digest for as long as a post needs it.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
import secrets
import tempfile
from dataclasses import asdict, astuple, dataclass
from datetime import timedelta
from hmac import compare_digest
from typing import Annotated, BinaryIO
from urllib.parse import quote, unquote, urlencode, urlsplit

from fastapi import Path, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse

from ttp.domain.errors import NotAllowed, NotFound
from ttp.domain.media.item import NAMES, VIDEOS, MediaItem
from ttp.domain.time.clock import from_ms, to_ms
from ttp.server.answers import JsonAnswer
from ttp.server.guard import MOST_UPLOAD_BYTES, SIGNED_UPLOADS, too_large
from ttp.server.inputs import MediaInput, RequestBody, ShortText, Text
from ttp.server.problems import InvalidRequest
from ttp.server.requests import Services
from ttp.server.timetopost.answers import success
from ttp.services.application import Installation
from ttp.services.attachments.media import add_upload
from ttp.store.home.media import MediaStore

FILES = "/api/media/files/"
SIGNED_FOR = timedelta(minutes=15)
"""How long an upload may begin after it was prepared."""
_FILE = re.compile(rf"{FILES}([0-9a-f]{{64}}|[0-9a-f]{{32}})(?:/([^/]*))?")
_ATTACHED = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}
UPLOAD_BODY = {
    "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}
}
Key = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="The key of an upload.")]
Size = Annotated[int, Field(ge=1, le=MOST_UPLOAD_BYTES, description="Bytes.")]


class PreparedUpload(RequestBody):
    filename: ShortText
    contentType: ShortText
    size: Size


class ConfirmedUpload(RequestBody):
    key: ShortText
    contentType: ShortText
    size: Size


class InlineUpload(RequestBody):
    filename: ShortText
    contentType: ShortText
    dataBase64: Text


@dataclass(frozen=True, slots=True)
class SignedUpload:
    """What the address of an upload says. `token`: the id of the token that prepared it."""

    key: str
    name: str
    type: str
    size: int
    expires: int
    token: int

    def signature(self, installation: Installation) -> str | None:
        """Return the signature by the token; None if that does not work any more."""
        return installation.api_tokens.sign(self.token, json.dumps(astuple(self)))


def presign_upload(request: Request, body: PreparedUpload, services: Services) -> JsonAnswer:
    """Prepare an upload: PUT the bytes to `uploadUrl`, without a token, within 15 minutes; then confirm it."""
    _refuse_type(body.contentType)
    installation, token = services.installation, services.token
    expires = to_ms(services.clock.now() + SIGNED_FOR)
    upload = SignedUpload(secrets.token_hex(16), body.filename, body.contentType, body.size, expires, token.id)
    described = {name: value for name, value in asdict(upload).items() if name != "key"}
    query = urlencode({**described, "signature": upload.signature(installation) or ""})
    return success(
        key=upload.key,
        uploadUrl=f"{_address(request)}{SIGNED_UPLOADS}{upload.key}?{query}",
        publicUrl=file_address(request, upload.key, upload.name),
        expiresAt=from_ms(expires),
    )


async def receive_upload(
    key: Key,
    request: Request,
    name: ShortText,
    type: ShortText,  # the name of the parameter
    size: Annotated[int, Query(ge=1, le=MOST_UPLOAD_BYTES)],
    expires: Annotated[int, Query(ge=0, le=10**15)],
    token: Annotated[int, Query(ge=1, le=10**15)],
    signature: ShortText,
) -> JsonAnswer:
    """Receive the bytes of a prepared upload. Its address is the permission: it works for one file."""
    installation: Installation = request.app.state.installation
    upload = SignedUpload(key, name, type, size, expires, token)
    await run_in_threadpool(_refuse_forged, installation, upload, signature)
    folder = await run_in_threadpool(installation.media.ready_folder)
    with tempfile.TemporaryFile(dir=folder) as file:
        received = 0
        async for chunk in request.stream():
            received += len(chunk)
            if received > size:
                raise too_large(size)
            await run_in_threadpool(file.write, chunk)
        if received != size:
            raise InvalidRequest(f"the upload has {received} bytes, and {size} were announced")
        file.seek(0)
        item = await run_in_threadpool(_store, installation.media, file, name, type, key)
    return success(key=key, publicUrl=file_address(request, item.sha256, item.name))


def confirm_upload(request: Request, body: ConfirmedUpload, services: Services) -> JsonAnswer:
    """Return the file that was sent for a key, with the address to use in `mediaUrls`."""
    item = services.installation.media.upload(body.key)
    if item is None:
        raise NotFound("no file was sent for this key; PUT it to the uploadUrl first")
    _refuse_other_type(item, body.contentType)
    if item.bytes != body.size:
        raise InvalidRequest(f"the file has {item.bytes} bytes, not {body.size}")
    return _asset_answer(request, item, body.key)


def upload_inline(request: Request, body: InlineUpload, services: Services) -> JsonAnswer:
    """Store a small file that is sent as base64."""
    _refuse_type(body.contentType)
    try:
        data = base64.b64decode(body.dataBase64, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest("dataBase64 is not base64") from None
    key = secrets.token_hex(16)
    item = _store(services.installation.media, io.BytesIO(data), body.filename, body.contentType, key)
    return _asset_answer(request, item, key, 201)


def get_file(
    name: Annotated[str, Path(max_length=1000, description="A digest or key, and a file name.")], services: Services
) -> FileResponse:
    """Return the bytes of a file that the store has."""
    store = services.installation.media
    file = stored_media(f"{FILES}{name}", store)
    item = file and file.sha256 and store.find_stored(file.sha256, file.name or "file")
    if not item:
        raise NotFound("there is no such file")
    return FileResponse(store.path(item.sha256), media_type=item.mime, filename=item.name, headers=_ATTACHED)


def stored_media(address: str, store: MediaStore) -> MediaInput | None:
    """Return a file of the store by its address; None if the address has another form. Raise NotFound if nothing was
    sent for its key. Digests and keys cannot be guessed, so that the host need not be compared."""
    match = _FILE.fullmatch(urlsplit(address).path)
    if match is None:
        return None
    name = unquote(match[2] or "") or None
    if len(match[1]) == 64:
        return MediaInput(sha256=match[1], name=name)
    item = store.upload(match[1])
    if item is None:
        raise NotFound("nothing was uploaded to this address")
    return MediaInput(sha256=item.sha256, name=item.name)


def file_address(request: Request, known_by: str, name: str) -> str:
    """Return the address of a file by its digest or by the key of its upload."""
    return f"{_address(request)}{FILES}{known_by}/{quote(name, safe='')}"


def media_address(request: Request, item: MediaItem) -> str:
    """Return where a media item of a post came from, else its address here."""
    return item.url or file_address(request, item.sha256, item.name)


def _address(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _refuse_forged(installation: Installation, upload: SignedUpload, signature: str) -> None:
    own = upload.signature(installation)
    if own is None or not compare_digest(own.encode(), signature.encode("utf-8", "replace")):
        raise NotAllowed("the address of this upload is not one that this server gave, or its token was revoked")
    if installation.clock.now() > from_ms(upload.expires):
        raise NotAllowed("the address of this upload has expired; prepare it again")


def _store(store: MediaStore, file: BinaryIO, name: str, mime: str, key: str) -> MediaItem:
    item = add_upload(file, name, store)
    _refuse_other_type(item, mime)
    store.keep_upload(key, item)
    return item


def _refuse_type(mime: str) -> None:
    if mime not in NAMES:
        raise InvalidRequest(f"contentType is one of {', '.join(NAMES)}")


def _refuse_other_type(item: MediaItem, mime: str) -> None:
    """Raise InvalidRequest for another type than was announced. Videos are often named as one another."""
    if item.mime != mime and not (item.mime in VIDEOS and mime in VIDEOS):
        raise InvalidRequest(f"{item.name} is {item.mime}, not {mime}")


def _asset_answer(request: Request, item: MediaItem, key: str, status: int = 200) -> JsonAnswer:
    address = file_address(request, item.sha256, item.name)
    asset = {
        "id": item.sha256,
        "key": key,
        "filename": item.name,
        "contentType": item.mime,
        "size": item.bytes,
        "width": item.width,
        "height": item.height,
        "durationMs": item.duration_ms,
        "publicUrl": address,
    }
    return success(status, asset=asset, publicUrl=address)
