"""Routes at TimeToPost's paths: posts."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from fastapi import Request

from ttp.domain.delivery import IN_FLIGHT, DeliveryState
from ttp.domain.errors import Ambiguous, ContentRefused, NotFound, TtpError, UsageError
from ttp.domain.time.clock import format_json_instant
from ttp.server.answers import JsonAnswer
from ttp.server.inputs import Empty, NewPostInput, new_post
from ttp.server.requests import Services
from ttp.server.timetopost.answers import success
from ttp.server.timetopost.inputs import NewPost, TheirPostId, as_id, media_inputs
from ttp.server.timetopost.media import media_address
from ttp.server.timetopost.platforms import account_name, options_of, platform_data, provider_of
from ttp.store.queries import PostFilter
from ttp.views import Json
from ttp.views.posts import delivery_json

if TYPE_CHECKING:
    from ttp.domain.delivery import Delivery
    from ttp.domain.post import PostFields
    from ttp.server.services import RequestServices

MOST_LISTED = 10_000


def list_all_posts(request: Request, services: Services) -> JsonAnswer:
    """List the posts, newest first."""
    newest = heapq.nlargest(MOST_LISTED, services.queries.views(PostFilter()), key=attrgetter("id"))
    return success(posts=[post_shape(request, post) for post in newest])


def show_post(post_id: TheirPostId, request: Request, services: Services) -> JsonAnswer:
    """Return a post with its result on each account."""
    return success(post=post_shape(request, services.queries.post(as_id(post_id))))


def submit_post(body: NewPost, request: Request, services: Services) -> JsonAnswer:
    """Create a post: scheduled with `scheduledAt`, else a draft."""
    fields = {
        "content": body.content,
        "accounts": [account_name(name) for name in body.accountIds or body.platforms],
        "scheduledAt": body.scheduledAt or None,
        "media": media_inputs(body.mediaUrls or (), services.installation.media),
        "thread": body.thread,
        "tags": [body.brand] if body.brand else [],
        "options": options_of(body.platformData),
    }
    key = request.headers.get("idempotency-key")
    wanted = new_post(NewPostInput.model_validate(fields), key, services.platforms)
    try:
        saved = services.posts.create_once(wanted, services.times)
    except (Ambiguous, ContentRefused, NotFound, UsageError) as error:
        raise _refused_for_all(error, body) from None
    warnings = [problem.message for problem in saved.warnings]
    return success(201, post=post_shape(request, saved.post, warnings))


def _refused_for_all(error: TtpError, body: NewPost) -> TtpError:
    """Return the error of a post that one of several accounts refuses: TimeToPost would schedule it for the others."""
    names = body.accountIds or body.platforms
    if len(names) < 2:
        return error
    done = "scheduled" if body.scheduledAt else "saved"
    message = f"nothing was {done} for {', '.join(names[:-1])} or {names[-1]}: {error.message}"
    return type(error)(message, *error.hints, problems=error.problems, details=error.details)


def queue_post(post_id: TheirPostId, request: Request, services: Services, body: Empty = None) -> JsonAnswer:
    """Make a post due now; of a failed one, its failed deliveries. The running publisher publishes it."""
    number = as_id(post_id)
    states = {delivery.state for delivery in services.queries.post(number).active}
    if DeliveryState.FAILED in states and not states & {DeliveryState.PENDING, *IN_FLIGHT}:
        services.publishing.retry([number])
    else:
        services.publishing.publish([number])
    return success(post=post_shape(request, services.queries.post(number)))


def cancel_post(post_id: TheirPostId, services: Services, body: Empty = None) -> JsonAnswer:
    """Delete a post before it is published, or after it has ended."""
    services.posts.delete([as_id(post_id)])
    return success(id=post_id, deleted=True)


def answer_again(request: Request, services: RequestServices, post_id: int, status: int) -> JsonAnswer:
    """Answer a request that was done before, with its current post."""
    return success(status, post=post_shape(request, services.queries.post(post_id)))


def post_shape(request: Request, post: PostFields, warnings: Sequence[str] = ()) -> Json:
    """Return a post as TimeToPost has it, with more fields."""
    return {
        "id": str(post.id),
        "content": post.content,
        "platforms": [provider_of(platform) for platform in post.platforms],
        "accountIds": list(post.accounts),
        "status": post.status,
        "scheduledAt": format_json_instant(post.scheduled_at),
        "publishedAt": format_json_instant(post.published_at),
        "createdAt": format_json_instant(post.created_at),
        "updatedAt": format_json_instant(post.updated_at),
        "mediaUrls": [media_address(request, item) for item in post.media],
        "thread": list(post.thread),
        "brand": post.tags[0] if post.tags else None,
        "tags": list(post.tags),
        "platformData": {provider_of(platform): _platform_data(post, platform) for platform in post.platforms},
        "results": [_result(delivery) for delivery in post.active],
        "needs": list(post.needs()),
        "warnings": list(warnings),
    }


def _platform_data(post: PostFields, platform: str) -> Json:
    """Return the fields of a platform: its options, and the ids and addresses of the published post."""
    shape = platform_data(platform, post.options)
    published = next((one for one in post.active if one.platform == platform and one.remote_id), None)
    if published is None:
        return shape
    return {**shape, **_publication(published)}


def _result(delivery: Delivery) -> Json:
    return {
        "accountId": delivery.account,
        "platform": provider_of(delivery.platform),
        "status": delivery.state,
        "publishedAt": format_json_instant(delivery.published_at),
        "error": delivery.error and delivery.error.message,
        **_publication(delivery),
    }


def _publication(delivery: Delivery) -> Json:
    """Return the ids and addresses of a published post and of the parts of its thread."""
    shape = delivery_json(delivery)
    thread = [{"postId": part["remoteId"], "url": part["url"]} for part in shape["parts"]]
    return {"postId": shape["remoteId"], "url": shape["url"], "thread": thread}
