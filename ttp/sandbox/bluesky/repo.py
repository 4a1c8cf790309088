"""Bluesky: repositories and the video service. Files, what a record may contain, writing records, reading them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import struct
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import regex
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from ttp.sandbox.bluesky import records, requests
from ttp.sandbox.bluesky.records import (
    POSTGATES,
    POSTS,
    THREADGATES,
    Blob,
    BlueskyAccount,
    BlueskySwitches,
    VideoJob,
    account_of,
)
from ttp.sandbox.bluesky.requests import invalid, open_route, read_query, refusal
from ttp.sandbox.media import read_facts
from ttp.sandbox.records import SandboxPost
from ttp.sandbox.request_checks import bearer, content_type
from ttp.sandbox.state import State

RAW, DAG_CBOR = 0x55, 0x71


MOST_WRITES = 200


_CREATE = "com.atproto.repo.applyWrites#create"
_REV = str.maketrans("0123456789", records.DIGITS[:10])


def routes(state: State) -> list[BaseRoute]:
    opened, closed = partial(requests.open_route, state), partial(requests.authenticated_route, state)
    return [
        closed("com.atproto.repo.uploadBlob", "POST", upload),
        closed("com.atproto.repo.applyWrites", "POST", apply_writes, points=records.CREATE_POINTS),
        closed("com.atproto.repo.createRecord", "POST", create_record, points=records.CREATE_POINTS),
        closed("com.atproto.repo.deleteRecord", "POST", delete_record, points=records.DELETE_POINTS),
        opened("com.atproto.repo.getRecord", "GET", get_record),
        opened("com.atproto.repo.listRecords", "GET", list_records),
        opened("com.atproto.sync.getLatestCommit", "GET", latest_commit),
    ]


async def upload(state: State, account: records.BlueskyAccount, request: Request) -> Response:
    """Keep a file. Its type is what its bytes say."""
    data = await request.body()
    if len(data) > state.part(records.BlueskySwitches).blob_limit:
        raise requests.refusal(413, "PayloadTooLarge", "request entity too large")
    if not data or not content_type(request):
        raise requests.invalid("Request encoding (Content-Type) required but not provided")
    return JSONResponse({"blob": describe_blob(keep_blob(state, account, data, content_type(request)))})


def keep_blob(state: State, account: records.BlueskyAccount, data: bytes, mime: str) -> records.Blob:
    """Keep the bytes of an account's file."""
    facts, sha256 = read_facts(data), hashlib.sha256(data).hexdigest()
    state.pictures.keep(sha256, data)
    name = f"{account.user_id}/{cid_of(data, RAW)}"
    blob = records.Blob(name, sha256, facts.mime or mime, len(data), facts.duration_s or 0)
    state.save(blob)
    return blob


def describe_blob(blob: records.Blob) -> dict[str, Any]:
    return {"$type": "blob", "ref": {"$link": blob.cid}, "mimeType": blob.mime, "size": blob.size}


async def apply_writes(state: State, account: records.BlueskyAccount, request: Request) -> Response:
    """Create several records, all or none. An existing key is an error of the server's own."""
    return JSONResponse(_write(state, account, await requests.read_body(request)))


async def create_record(state: State, account: records.BlueskyAccount, request: Request) -> Response:
    """Create one record, as client libraries do."""
    body = await requests.read_body(request)
    named = {"collection": body.get("collection"), "rkey": body.get("rkey", records.new_key(state.now_ms()))}
    write = {"$type": _CREATE, **named, "value": body.get("record")}
    made = _write(state, account, {"repo": body.get("repo"), "writes": [write]})
    (result,) = made.pop("results")
    return JSONResponse(made | {name: result[name] for name in ("uri", "cid", "validationStatus")})


def _write(state: State, account: records.BlueskyAccount, body: dict[str, Any]) -> dict[str, Any]:
    writes = body.get("writes")
    if records.account_of(state, str(body.get("repo"))) != account:
        raise requests.invalid("Invalid did")
    if not isinstance(writes, list) or not writes:
        raise requests.invalid('Missing required key "writes"')
    if len(writes) > MOST_WRITES:
        raise requests.invalid("Too many writes. Max: 200")
    made: list[records.StoredRecord] = []
    files: list[list[records.Blob]] = []
    for write in writes:
        if not isinstance(write, dict) or write.get("$type") != _CREATE:
            raise requests.invalid("the sandbox takes creations only")
        collection, key, value = str(write.get("collection")), write.get("rkey"), write.get("value")
        files.append(check_record(state, account, collection, key, value))
        name = f"{account.user_id}/{collection}/{key}"
        if name in state.table(records.StoredRecord) or name in {one.id for one in made}:
            if state.part(records.BlueskySwitches).name_existing_keys:
                raise requests.refusal(400, "RecordAlreadyExists", f"Record already exists: {key}")
            raise requests.internal_error()
        assert isinstance(value, dict)
        made.append(records.StoredRecord(name, record_cid(value), json.dumps(value), state.now_ms()))
    if len(writes) > 1:
        requests.count_points(state, account, records.CREATE_POINTS * (len(writes) - 1))
    state.save(*made, *_seen_posts(account, made, files, state.now_ms()))
    state.part(records.BlueskyMemory).commits += 1
    results = [
        {"$type": "com.atproto.repo.applyWrites#createResult", "uri": f"at://{one.id}", "cid": one.cid}
        | {"validationStatus": "valid"}
        for one in made
    ]
    return {"commit": _commit(state, account), "results": results}


def _seen_posts(
    account: records.BlueskyAccount, made: list[records.StoredRecord], files: list[list[records.Blob]], at_ms: int
) -> list[SandboxPost]:
    """Return what followers see of new records."""
    seen = []
    for record, blobs in zip(made, files, strict=True):
        if f"/{records.POSTS}/" not in record.id:
            continue
        value = json.loads(record.value)
        embed = value.get("embed") or {}
        media = embed.get("media") or embed
        items = media.get("images") or media.get("items") or ([media] if "video" in media else [])
        shown = [blob for blob in blobs if blob.mime != "text/vtt"] if items else []
        seen.append(
            SandboxPost(
                record.key,
                account.id,
                value["text"],
                tuple(blob.sha256 for blob in shown),
                at_ms,
                parent=value["reply"]["parent"]["uri"].rpartition("/")[2] if value.get("reply") else None,
                alts=tuple(item.get("alt") or None for item in items),
                shapes=tuple("video" if blob.mime.startswith("video/") else "image" for blob in shown),
                labels=tuple(one["val"] for one in (value.get("labels") or {}).get("values", [])),
            )
        )
    return seen


async def delete_record(state: State, account: records.BlueskyAccount, request: Request) -> Response:
    """Delete a record; one that is not there is not an error."""
    body = await requests.read_body(request)
    name = f"{account.user_id}/{body.get('collection')}/{body.get('rkey')}"
    if records.account_of(state, str(body.get("repo"))) != account:
        raise requests.invalid("Invalid did")
    found = state.table(records.StoredRecord).get(name)
    if found is None or not found.value:
        return JSONResponse({})
    state.save(replace(found, value=""))
    post = state.posts.get(found.key)
    if post is not None and f"/{records.POSTS}/" in name:
        state.save(replace(post, deleted=True))
    del state.table(records.StoredRecord)[name]
    state.part(records.BlueskyMemory).commits += 1
    return JSONResponse({"commit": _commit(state, account)})


async def get_record(state: State, request: Request) -> Response:
    """Return one record. A server reads its own writes at once."""
    repo, collection, key = requests.read_query(request, "repo", "collection", "rkey")
    account = records.account_of(state, repo)
    if account is None or account.moved:
        raise requests.refusal(502, "UpstreamFailure", "Upstream service unreachable")
    found = state.table(records.StoredRecord).get(f"{account.user_id}/{collection}/{key}")
    if found is None or not found.value:
        raise requests.refusal(
            400, "RecordNotFound", f"Could not locate record: at://{account.user_id}/{collection}/{key}"
        )
    return JSONResponse(_render(found))


async def list_records(state: State, request: Request) -> Response:
    """List records of a collection, newest key first unless reversed."""
    repo, collection = requests.read_query(request, "repo", "collection")
    account = records.account_of(state, repo)
    if account is None or account.moved:
        raise requests.invalid(f"Could not find repo: {repo}")
    limit, cursor = int(request.query_params.get("limit", "50")), request.query_params.get("cursor")
    prefix, backward = f"{account.user_id}/{collection}/", request.query_params.get("reverse") != "true"
    found = sorted(
        (one for one in state.table(records.StoredRecord).values() if one.id.startswith(prefix)), key=lambda r: r.id
    )
    found = [one for one in (found[::-1] if backward else found) if one.value]
    if cursor:
        found = [one for one in found if (one.key < cursor if backward else one.key > cursor)]
    page = found[:limit]
    more = {"cursor": page[-1].key} if page else {}
    return JSONResponse({"records": [_render(one) for one in page], **more})


async def latest_commit(state: State, request: Request) -> Response:
    (did,) = requests.read_query(request, "did")
    account = records.account_of(state, did)
    if account is None or account.moved:
        raise requests.refusal(400, "RepoNotFound", f"Could not find repo for DID: {did}")
    if state.trouble_of(account) in ("takedown", "deactivated"):
        raise requests.refusal(
            400, f"Repo{'Takendown' if state.trouble_of(account) == 'takedown' else 'Deactivated'}", did
        )
    return JSONResponse(_commit(state, account))


def _commit(state: State, account: records.BlueskyAccount) -> dict[str, Any]:
    number = state.part(records.BlueskyMemory).commits
    return {"cid": cid_of(f"{account.user_id} {number}".encode(), DAG_CBOR), "rev": f"{number:013}".translate(_REV)}


def _render(record: records.StoredRecord) -> dict[str, Any]:
    return {"uri": f"at://{record.id}", "cid": record.cid, "value": json.loads(record.value)}


# Content ids: CIDv1 of SHA-256. Written apart from the client's, so that one checks the other.


def cid_of(data: bytes, codec: int) -> str:
    """Return the content id of bytes."""
    raw = bytes([1, codec, 0x12, 0x20]) + hashlib.sha256(data).digest()
    return "b" + base64.b32encode(raw).decode().lower().strip("=")


def record_cid(record: dict[str, Any]) -> str:
    """Return the content id of a record."""
    return cid_of(dump(record), DAG_CBOR)


def dump(value: Any) -> bytes:
    """Return the dag-cbor of a JSON value. ValueError for what it has not."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, int):
        return _item(0, value) if value >= 0 else _item(1, -value - 1)
    if isinstance(value, str):
        return _item(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _item(4, len(value)) + b"".join(dump(one) for one in value)
    if isinstance(value, dict):
        if set(value) == {"$link"}:
            text = str(value["$link"])[1:].upper()
            raw = b"\0" + base64.b32decode(text + "=" * (-len(text) % 8))
            return b"\xd8\x2a" + _item(2, len(raw)) + raw
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return _item(5, len(keys)) + b"".join(dump(key) + dump(value[key]) for key in keys)
    raise ValueError(f"a record cannot hold {value!r}")


def _item(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([(major << 5) + number])
    for code, form, most in ((24, ">B", 8), (25, ">H", 16), (26, ">I", 32), (27, ">Q", 64)):
        if number < 2**most:
            return bytes([(major << 5) + code]) + struct.pack(form, number)
    raise ValueError("a number has 64 bits at most")


KEY = re.compile(r"[234567a-j][234567a-z]{12}")


_URI = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)


_AT_URI = re.compile(r"at://[^/\s]+/[a-zA-Z0-9.]+/[A-Za-z0-9._~:-]+")


_CLUSTER = regex.compile(r"\X")


_LANG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


MOST_IMAGE, MOST_VIDEO, MOST_THUMB, MOST_CAPTIONS = 2_000_000, 300_000_000, 1_000_000, 20_000


def check_record(state: State, account: BlueskyAccount, collection: str, key: object, record: object) -> list[Blob]:
    """Return the files that a record names. 400 for a record or key that the server refuses."""
    if collection not in (POSTS, THREADGATES, POSTGATES):
        raise invalid(f"Unvalidated write: {collection}")
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise invalid(f"Invalid record key for {collection}: expected a TID")
    if not isinstance(record, dict) or record.get("$type") != collection:
        raise invalid(f"Invalid $type: expected {collection}")
    _check_instant(record.get("createdAt"))
    if collection != POSTS:
        if not _is(record.get("post"), _AT_URI):
            raise invalid("Invalid at-uri at post")
        return []
    _check_text(record.get("text"), "text", 300, 3000)
    langs = record.get("langs", [])
    if not isinstance(langs, list) or len(langs) > 3:
        raise invalid(f"array too big (maximum 3, got {len(langs) if isinstance(langs, list) else 0}) at langs")
    if not all(_is(lang, _LANG) for lang in langs):
        raise invalid("Invalid language at langs")
    for facet in record.get("facets", []):
        for feature in facet.get("features", []):
            if str(feature.get("$type")).endswith("#link") and not _is(feature.get("uri"), _URI):
                raise invalid("Invalid uri at facets.features.uri")
            if str(feature.get("$type")).endswith("#tag"):
                _check_text(feature.get("tag"), "tag", 64, 640)
    for ref in (record.get("reply") or {}).values():
        _check_ref(ref)
    return _check_embed(state, account, record.get("embed"))


def _check_embed(state: State, account: BlueskyAccount, embed: Any) -> list[Blob]:
    if embed is None:
        return []
    match embed.get("$type"):
        case "app.bsky.embed.images":
            images = embed.get("images", [])
            if not 1 <= len(images) <= 4:
                raise invalid(f"array too big (maximum 4, got {len(images)}) at embed.images")
            return [_image(state, account, one) for one in images]
        case "app.bsky.embed.gallery":
            items = embed.get("items", [])
            if not 1 <= len(items) <= 20:
                raise invalid(f"array too big (maximum 20, got {len(items)}) at embed.items")
            if any("aspectRatio" not in one for one in items):
                raise invalid('Missing required key "aspectRatio" at embed.items')
            return [_image(state, account, one) for one in items]
        case "app.bsky.embed.video":
            captions = embed.get("captions", [])
            if len(captions) > 20 or not all(isinstance(one.get("lang"), str) for one in captions):
                raise invalid("Invalid captions at embed.captions")
            files = [_blob(state, account, one.get("file"), MOST_CAPTIONS, "text/vtt") for one in captions]
            return [_blob(state, account, embed.get("video"), MOST_VIDEO, "video/mp4"), *files]
        case "app.bsky.embed.external":
            external = embed.get("external") or {}
            if not _is(external.get("uri"), _URI) or not all(
                isinstance(external.get(name), str) for name in ("title", "description")
            ):
                raise invalid('Missing required key "title" at embed.external')
            thumb = external.get("thumb")
            return [] if thumb is None else [_blob(state, account, thumb, MOST_THUMB, "image/")]
        case "app.bsky.embed.record":
            _check_ref(embed.get("record"))
            return []
        case "app.bsky.embed.recordWithMedia":
            _check_ref((embed.get("record") or {}).get("record"))
            return _check_embed(state, account, embed.get("media"))
        case other:
            raise invalid(f"Unknown embed {other}")


def _image(state: State, account: BlueskyAccount, item: dict[str, Any]) -> Blob:
    if not isinstance(item.get("alt"), str):
        raise invalid('Missing required key "alt" at embed.images')
    return _blob(state, account, item.get("image"), MOST_IMAGE, "image/")


def _blob(state: State, account: BlueskyAccount, value: Any, most: int, mime: str) -> Blob:
    """Return an uploaded file that a record names as it was answered."""
    cid = (value.get("ref") or {}).get("$link") if isinstance(value, dict) else None
    found = state.table(Blob).get(f"{account.user_id}/{cid}")
    if not isinstance(value, dict) or value.get("$type") != "blob" or not isinstance(value.get("mimeType"), str):
        raise invalid("Expected a blob")
    if not value["mimeType"].startswith(mime):
        raise invalid(f"blob type {value['mimeType']} is not accepted")
    if found is None:
        raise refusal(400, "BlobNotFound", f"Could not find blob: {cid}")
    if found.mime != value["mimeType"]:
        raise refusal(400, "InvalidMimeType", "Referenced Mimetype does not match stored blob")
    if found.size > most or value.get("size") != found.size:
        raise invalid(f"blob too big (maximum {most}, got {found.size})")
    return found


def _check_ref(ref: Any) -> None:
    if not isinstance(ref, dict) or not _is(ref.get("uri"), _AT_URI) or not isinstance(ref.get("cid"), str):
        raise invalid("Invalid strong reference")


def _check_text(text: object, where: str, most_graphemes: int, most_bytes: int) -> None:
    if not isinstance(text, str):
        raise invalid(f'Missing required key "{where}"')
    if (size := len(text.encode())) > most_bytes:
        raise invalid(f"string too big (maximum {most_bytes}, got {size}) at {where}")
    if (length := len(_CLUSTER.findall(text))) > most_graphemes:
        raise invalid(f"grapheme too big (maximum {most_graphemes}, got {length}) at {where}")


def _check_instant(text: object) -> None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise invalid("Invalid datetime at createdAt")


def _is(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def video_routes(state: State) -> list[BaseRoute]:
    route = partial(open_route, state)
    return [
        route("app.bsky.video.uploadVideo", "POST", upload_video),
        route("app.bsky.video.getJobStatus", "GET", job_status),
    ]


async def upload_video(state: State, request: Request) -> Response:
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
    return JSONResponse({"jobStatus": _render_job(state, job)})


async def job_status(state: State, request: Request) -> Response:
    (wanted,) = read_query(request, "jobId")
    job = state.table(VideoJob).get(wanted)
    if job is None:
        raise invalid("Job not found")
    return JSONResponse({"jobStatus": _render_job(state, job)})


def _render_job(state: State, job: VideoJob) -> dict[str, Any]:
    blob = state.table(Blob)[job.blob]
    shown = {"jobId": job.id, "did": job.blob.partition("/")[0]}
    if state.now_ms() < job.done_ms:
        return {**shown, "state": "JOB_STATE_ENCODING", "progress": 50}
    return {**shown, "state": "JOB_STATE_COMPLETED", "blob": describe_blob(blob)}
