"""Routes at TimeToPost's paths: drafts that a program submits and a person approves or rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Query, Request

from ttp.domain.errors import NotAllowed
from ttp.domain.post import PostStatus
from ttp.domain.server.api_token import TokenCapability
from ttp.domain.time.clock import format_json_instant
from ttp.server.answers import JsonAnswer
from ttp.server.inputs import NewPostInput, ShortText, new_post
from ttp.server.requests import Services
from ttp.server.timetopost.answers import success
from ttp.server.timetopost.inputs import (
    ApprovedDraft,
    DraftBatch,
    RejectedDraft,
    TheirPostId,
    VariantInput,
    as_id,
    media_inputs,
)
from ttp.server.timetopost.media import media_address
from ttp.server.timetopost.platforms import account_name, provider_of
from ttp.server.timetopost.posts import post_shape
from ttp.services.server.submitted_drafts import DraftView, Variant, is_pending
from ttp.views import Json

if TYPE_CHECKING:
    from ttp.server.services import RequestServices

PENDING, APPROVED, REJECTED, POSTED = "PENDING", "APPROVED", "REJECTED", "POSTED"
_STATES = {PENDING: "pending_approval", REJECTED: "rejected", APPROVED: "approved", POSTED: "posted"}
"""The least far first."""
_SOURCES = ("posts", "trends", "build-in-public", "dms")
_TITLE, _PREVIEW = 80, 280
Status = Annotated[Literal["PENDING", "APPROVED", "REJECTED", "POSTED"] | None, Query()]
Source = Annotated[Literal["posts", "trends", "build-in-public", "dms"] | None, Query()]


def submit_drafts(body: DraftBatch, request: Request, services: Services) -> JsonAnswer:
    """Store a batch of drafts. The same `externalRef` changes those that wait for approval, and no others."""
    variants = [_variant(variant, body.brand, services) for variant in body.variants]
    drafts = services.submitted_drafts.submit(body.externalRef, variants)
    shapes = [_shape(request, draft, services) for draft in drafts]
    states = {shape["state"] for shape in shapes}
    status = next((state for state in _STATES.values() if state in states), _STATES[REJECTED])  # all were deleted
    return success(201, status=status, externalRef=body.externalRef, drafts=shapes)


def list_drafts(
    request: Request, services: Services, status: Status = None, brand: ShortText | None = None
) -> JsonAnswer:
    """List drafts, newest first: those that wait for a person, and what came of submitted ones."""
    drafts = [draft for draft in services.submitted_drafts.all() if not brand or brand in draft.post.tags]
    drafts = [draft for draft in drafts if status in (None, _status(draft, services))]
    return success(drafts=[_shape(request, draft, services) for draft in drafts])


def approve_draft(
    post_id: TheirPostId, request: Request, services: Services, body: ApprovedDraft | None = None
) -> JsonAnswer:
    """Approve a draft and schedule it. Where approval is required, another person than its author must do it."""
    needed = services.config.requires_approval
    if needed and services.token.capability is not TokenCapability.APPROVE:
        raise NotAllowed(f"posts need approval here, and the token has the capability {services.token.capability}")
    body = body or ApprovedDraft()
    at = body.scheduledFor or None
    draft = services.submitted_drafts.approve(as_id(post_id), body.segments, at, by=services.token.name)
    return _decided(request, draft, services)


def reject_draft(
    post_id: TheirPostId, request: Request, services: Services, body: RejectedDraft | None = None
) -> JsonAnswer:
    """Reject a draft, or one that is scheduled, which makes it a draft again. The reason is stored."""
    draft = services.submitted_drafts.reject(as_id(post_id), (body and body.reason) or None)
    return _decided(request, draft, services)


def list_approvals(services: Services, source: Source = None, status: Status = None) -> JsonAnswer:
    """List what waits for a person's approval. ttp has posts only; the other sources are empty."""
    drafts = services.submitted_drafts.all()
    statuses = [_status(draft, services) for draft in drafts]
    counts = {**dict.fromkeys(_SOURCES, 0), "posts": statuses.count(PENDING)}
    shown = status or PENDING if source in (None, "posts") else None
    items = [_item(draft, services) for draft, one in zip(drafts, statuses, strict=True) if one == shown]
    return success(items=items, counts=counts)


def _variant(body: VariantInput, brand: str | None, services: RequestServices) -> Variant:
    media = media_inputs([item.url for item in body.media or ()], services.installation.media)
    described = [item.model_copy(update={"alt": of.alt}) for item, of in zip(media, body.media or (), strict=True)]
    fields: dict[str, Any] = {
        "content": body.segments[0],
        "thread": body.segments[1:],
        "media": described,
        "tags": [brand] if brand else [],
    }
    post = new_post(NewPostInput.model_validate(fields), None, services.platforms)
    platform = services.platforms.find(account_name(body.platform)).name
    return Variant(platform, post, body.link or None, body.scheduleHint or None)


def _status(draft: DraftView, services: RequestServices) -> str:
    post = draft.post
    if is_pending(post, needed=services.config.requires_approval):
        return PENDING
    if post.rejection is not None:
        return REJECTED
    return POSTED if post.status is PostStatus.PUBLISHED else APPROVED


def _shape(request: Request, draft: DraftView, services: RequestServices) -> Json:
    post, submitted, status = draft.post, draft.submitted, _status(draft, services)
    platform = submitted.platform if submitted else next(iter(post.platforms), None)
    return {
        "id": str(post.id),
        "externalRef": submitted and submitted.external_ref,
        "platform": platform and provider_of(platform),
        "accountIds": list(post.accounts),
        "status": status,
        "state": _STATES[status],
        "segments": [post.content, *post.thread],
        "link": submitted and submitted.link,
        "media": [{"url": media_address(request, item), "alt": item.typed_alt} for item in post.media],
        "scheduleHint": submitted and submitted.hint,
        "scheduledFor": format_json_instant(post.scheduled_at),
        "brand": post.tags[0] if post.tags else None,
        "postId": str(post.id) if status in (APPROVED, POSTED) else None,
        "reason": post.rejection and post.rejection.why,
        "createdAt": format_json_instant(post.created_at),
        "updatedAt": format_json_instant(post.updated_at),
    }


def _decided(request: Request, draft: DraftView, services: RequestServices) -> JsonAnswer:
    post = post_shape(request, draft.post)
    shape = _shape(request, draft, services)
    return success(draft=shape, post=post, postId=post["id"], scheduledAt=post["scheduledAt"])


def _item(draft: DraftView, services: RequestServices) -> Json:
    post, status = draft.post, _status(draft, services)
    path = f"/api/drafts/{post.id}"
    actions = [{"method": "POST", "path": f"{path}/{what}"} for what in ("approve", "reject")]
    return {
        "id": str(post.id),
        "source": "posts",
        "status": status,
        "title": next(iter(post.content.strip().splitlines()), "")[:_TITLE],
        "preview": post.content[:_PREVIEW],
        "createdAt": format_json_instant(post.created_at),
        "actions": actions if status == PENDING else [],
    }
