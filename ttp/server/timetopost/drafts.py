"""The routes of drafts that a person approves or rejects, at TimeToPost's paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Query, Request

from ttp.domain import permissions
from ttp.domain.errors import NotAllowed
from ttp.domain.post import PostStatus
from ttp.domain.server.api_token import TokenCapability
from ttp.domain.time.clock import format_json_instant
from ttp.server.answers import JsonAnswer
from ttp.server.inputs import NewPostInput, ShortText, new_post
from ttp.server.requests import Services
from ttp.server.timetopost.inputs import (
    ApprovedDraft,
    DraftBatch,
    RejectedDraft,
    TheirPostId,
    VariantInput,
    as_id,
    media_inputs,
)
from ttp.server.timetopost.platforms import account_name, provider_of
from ttp.server.timetopost.posts import post_shape
from ttp.services.server.submitted_drafts import DraftView, SubmittedDrafts, Variant, is_pending
from ttp.views import Json

if TYPE_CHECKING:
    from ttp.server.services import RequestServices

PENDING, APPROVED, REJECTED, POSTED = "PENDING", "APPROVED", "REJECTED", "POSTED"
_STATES = {PENDING: "pending_approval", APPROVED: "approved", REJECTED: "rejected", POSTED: "posted"}
_SOURCES = ("posts", "trends", "build-in-public", "dms")
_TITLE, _PREVIEW = 80, 280
Status = Annotated[Literal["PENDING", "APPROVED", "REJECTED", "POSTED"] | None, Query()]
Source = Annotated[Literal["posts", "trends", "build-in-public", "dms"] | None, Query()]


def submit_drafts(body: DraftBatch, request: Request, services: Services) -> JsonAnswer:
    """Store a batch of drafts. The same `externalRef` changes those that wait for approval, and no others."""
    variants = [_variant(one, body.brand, services) for one in body.variants]
    found = _drafts(services).submit(body.externalRef, variants)
    shape = {"externalRef": body.externalRef, "drafts": [_shape(request, one, services) for one in found]}
    return JsonAnswer({"success": True, "status": _STATES[PENDING], **shape}, 201)


def list_drafts(
    request: Request, services: Services, status: Status = None, brand: ShortText | None = None
) -> JsonAnswer:
    """List drafts, newest first: those that wait for a person, and what came of submitted ones."""
    found = [one for one in _drafts(services).all() if not brand or brand in one.post.tags]
    wanted = [one for one in found if status in (None, _status(one, services))]
    return JsonAnswer({"success": True, "drafts": [_shape(request, one, services) for one in wanted]})


def approve_draft(
    post_id: TheirPostId, request: Request, services: Services, body: ApprovedDraft | None = None
) -> JsonAnswer:
    """Approve a draft and schedule it. Where approval is required, another person than its author must do it."""
    needed = permissions.is_approval_needed(services.config)
    if needed and services.token.capability is not TokenCapability.APPROVE:
        raise NotAllowed(f"posts need approval here, and the token has the capability {services.token.capability}")
    given = body or ApprovedDraft(segments=None, scheduledFor=None)
    at = given.scheduledFor or None
    done = _drafts(services).approve(as_id(post_id), given.segments, at, by=services.token.name)
    return _decided(request, done, services)


def reject_draft(
    post_id: TheirPostId, request: Request, services: Services, body: RejectedDraft | None = None
) -> JsonAnswer:
    """Reject a draft, or one that is scheduled, which makes it a draft again. The reason is stored."""
    done = _drafts(services).reject(as_id(post_id), (body and body.reason) or None)
    return _decided(request, done, services)


def list_approvals(services: Services, source: Source = None, status: Status = None) -> JsonAnswer:
    """List what waits for a person's approval. ttp has posts only; the other sources are empty."""
    found = _drafts(services).all()
    wanted = [one for one in found if _status(one, services) == (status or PENDING)]
    counts: Json = dict.fromkeys(_SOURCES, 0)
    counts["posts"] = sum(_status(one, services) == PENDING for one in found)
    items = [_item(one, services) for one in wanted] if source in (None, "posts") else []
    return JsonAnswer({"success": True, "items": items, "counts": counts})


def _drafts(services: RequestServices) -> SubmittedDrafts:
    return SubmittedDrafts(services.posts, services.queries, services.times)


def _variant(one: VariantInput, brand: str | None, services: RequestServices) -> Variant:
    media = media_inputs([item.url for item in one.media or ()], services.installation.media)
    named = [item.model_copy(update={"alt": of.alt}) for item, of in zip(media, one.media or (), strict=True)]
    given: dict[str, Any] = {
        "content": one.segments[0],
        "thread": one.segments[1:],
        "media": named,
        "tags": [brand] if brand else [],
    }
    wanted = new_post(NewPostInput.model_validate(given), None, services.platforms)
    platform = services.platforms.find(account_name(one.platform)).name
    return Variant(platform, wanted, one.link or None, one.scheduleHint or None)


def _status(one: DraftView, services: RequestServices) -> str:
    post = one.post
    if is_pending(post, needed=permissions.is_approval_needed(services.config)):
        return PENDING
    if post.rejection is not None:
        return REJECTED
    return POSTED if post.status is PostStatus.PUBLISHED else APPROVED


def _shape(request: Request, one: DraftView, services: RequestServices) -> Json:
    post, submitted, status = one.post, one.submitted, _status(one, services)
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
        "media": [{"url": url, "alt": item.alt} for url, item in zip(_media(request, one), post.media, strict=True)],
        "scheduleHint": submitted and submitted.hint,
        "scheduledFor": format_json_instant(post.scheduled_at),
        "brand": post.tags[0] if post.tags else None,
        "postId": str(post.id) if status in (APPROVED, POSTED) else None,
        "reason": post.rejection and post.rejection.why,
        "createdAt": format_json_instant(post.created_at),
        "updatedAt": format_json_instant(post.updated_at),
    }


def _media(request: Request, one: DraftView) -> list[str]:
    found = post_shape(request, one.post)["mediaUrls"]
    assert isinstance(found, list)
    return found


def _decided(request: Request, done: DraftView, services: RequestServices) -> JsonAnswer:
    post = post_shape(request, done.post)
    shape = {"draft": _shape(request, done, services), "post": post, "postId": post["id"]}
    return JsonAnswer({"success": True, **shape, "scheduledAt": post["scheduledAt"]})


def _item(one: DraftView, services: RequestServices) -> Json:
    post, status = one.post, _status(one, services)
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
