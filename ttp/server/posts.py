"""Routes: posts. Each parses its request, calls one service and answers with a view."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool

from ttp.server.answers import JsonAnswer
from ttp.server.inputs import (
    MOST_POSTS,
    USUAL_POSTS,
    AccountsInput,
    Empty,
    ListedPosts,
    NewPostInput,
    PostChangesInput,
    PostId,
    ReasonInput,
    ResolutionInput,
    Seconds,
    TimeInput,
    UndoInput,
    new_post,
    post_changes,
)
from ttp.server.requests import ChangeServices, Services
from ttp.services.preview import preview_once, with_sent
from ttp.services.undo import UndoRequest
from ttp.views import posts as views
from ttp.views.templates import template_json

if TYPE_CHECKING:
    from ttp.domain.errors import Problem
    from ttp.server.services import RequestServices
    from ttp.services.post_changes import SavedPost
    from ttp.services.queries import PostView

_LOOK_EVERY_S = 0.1


def list_posts(request: Request, services: Services, which: ListedPosts) -> JsonAnswer:
    """List posts. The header `Link` has the address of the next page."""
    limit = which.limit or 0
    posts = list(islice(services.queries.views(which._replace(limit=limit + 1)), limit + 1))
    page, headers = posts[:limit], {}
    if len(posts) > limit:
        query = urlencode({**request.query_params, "after": page[-1].id})
        headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
    return JsonAnswer([views.post_json(post) for post in page], headers=headers)


def get_post(post_id: PostId, services: Services) -> JsonAnswer:
    post = with_sent(services.posts, services.queries.post(post_id))
    missing = [f"the stored copy of {name} is missing" for name in services.queries.missing_media(post)]
    return _answer(post, missing)


def create_post(request: Request, body: NewPostInput, services: ChangeServices) -> JsonAnswer:
    """Create a post: a draft without a time, scheduled with one. The idempotency key becomes its key."""
    new = new_post(body, request.headers.get("idempotency-key"), services.platforms)
    if body.submit and not services.dry_run:
        return _saved(services.submitted_drafts.submit_post(new), created=True)
    if services.dry_run:
        new = replace(new, key=None, at=None, tz=None) if body.submit else new  # the approval gives the time
        preview = preview_once(services.posts, new, services.times, services.optimal)
        return JsonAnswer(views.preview_json(preview, _sentences(preview.warnings)))
    return _saved(services.posts.create_once(new, services.times), created=True)


def list_templates(services: Services) -> JsonAnswer:
    """List the templates and snippets of this machine."""
    return JsonAnswer([template_json(one) for one in services.templates.files.all()])


def edit_post(post_id: PostId, body: PostChangesInput, services: ChangeServices) -> JsonAnswer:
    """Change fields of a post. With `If-Match` a post that was changed since is not overwritten."""
    changes = post_changes(body, services.platforms)
    # An empty time takes the time of the post away.
    time = None if changes.at == "" else services.posts.time_of_edit(services.times, post_id, changes)
    return _saved(services.posts.edit(post_id, changes, time))


def delete_post(post_id: PostId, services: ChangeServices) -> JsonAnswer:
    """Delete a post before it is published, or after it has ended. Its log stays."""
    services.posts.delete([post_id])
    return JsonAnswer({"id": post_id, "deleted": True})


def schedule_post(post_id: PostId, body: TimeInput, services: ChangeServices) -> JsonAnswer:
    """Give a post a time, or a new one. Of a failed post only the failed deliveries move."""
    accounts = services.posts.accounts_by_post([post_id])
    times = services.times.resolve_posts(body.at, accounts, body.timezone, first=body.first)
    return _saved(services.posts.schedule(times, first=body.first)[0])


def unschedule_post(post_id: PostId, services: ChangeServices, body: Empty = None) -> JsonAnswer:
    """Make a scheduled post a draft again."""
    return _saved(services.posts.unschedule([post_id])[0])


async def publish_post(post_id: PostId, services: ChangeServices, body: Empty = None, wait: Seconds = 0) -> JsonAnswer:
    """Make a post due now. The running publisher publishes it; `wait` waits for the end."""
    await run_in_threadpool(services.publishing.publish, [post_id])
    return await _followed(services, post_id, wait)


async def retry_post(
    post_id: PostId, services: ChangeServices, body: AccountsInput | None = None, wait: Seconds = 0
) -> JsonAnswer:
    """Make the failed deliveries of a post due now. Published ones are never published again."""
    await run_in_threadpool(services.publishing.retry, [post_id], body.accounts if body else ())
    return await _followed(services, post_id, wait)


def resolve_post(post_id: PostId, body: ResolutionInput, services: ChangeServices) -> JsonAnswer:
    """Settle a delivery that needs review: was it published or not."""
    return _answer(services.publishing.resolve(post_id, body.account, body.published, comment=body.comment))


def approve_post(post_id: PostId, services: ChangeServices, body: Empty = None) -> JsonAnswer:
    """Approve a post as it is now. Who wrote or changed it cannot approve it."""
    return _answer(services.approvals.approve([post_id], by=services.token.name)[0])


def reject_post(post_id: PostId, services: ChangeServices, body: ReasonInput | None = None) -> JsonAnswer:
    """Reject a post: it becomes a draft again, with the reason."""
    return _answer(services.approvals.reject([post_id], body.reason if body else None)[0])


def copy_post(post_id: PostId, request: Request, services: ChangeServices, body: Empty = None) -> JsonAnswer:
    """Copy a post to a new draft. The idempotency key becomes its key."""
    from ttp.services.new_posts import copy_post

    saved = copy_post(services.posts, post_id, request.headers.get("idempotency-key"))
    if services.dry_run and not saved.replayed:
        saved = saved._replace(post=replace(saved.post, id=None))
    return _saved(saved, created=not services.dry_run)


def log_post(post_id: PostId, services: Services) -> JsonAnswer:
    """List every attempt to publish a post, step by step, also of a deleted post."""
    return JsonAnswer([views.attempt_json(attempt) for attempt in services.queries.attempts(post_id)])


def list_changes(
    post_id: PostId, services: Services, limit: Annotated[int, Query(ge=1, le=MOST_POSTS)] = USUAL_POSTS
) -> JsonAnswer:
    """List who changed a post, newest first, also of a deleted post."""
    return JsonAnswer([views.change_json(change) for change in services.queries.changes(limit, post_id, undos=True)])


def list_all_changes(services: Services, limit: Annotated[int, Query(ge=1, le=MOST_POSTS)] = USUAL_POSTS) -> JsonAnswer:
    """List the changes that can be undone, newest first."""
    return JsonAnswer([views.change_json(change) for change in services.queries.changes(limit)])


def undo_changes(services: ChangeServices, body: UndoInput | None = None) -> JsonAnswer:
    """Undo the last changes of posts, by anybody: look with `dryRun` first. Publishing cannot be undone, and times
    that have passed are not restored."""
    return _undo_or_redo(services, body, again=False)


def redo_changes(services: ChangeServices, body: UndoInput | None = None) -> JsonAnswer:
    """Redo the last changes that were undone."""
    return _undo_or_redo(services, body, again=True)


def _undo_or_redo(services: RequestServices, body: UndoInput | None, *, again: bool) -> JsonAnswer:
    body = body or UndoInput.model_validate({})
    request = UndoRequest(body.count, body.post, again=again, partial=body.partial)
    result = services.undo.revert(request, rehearse=services.dry_run)
    return JsonAnswer([views.undone_json(post) for post in result.posts])


def answer_again(request: Request, services: RequestServices, post_id: int, status: int) -> JsonAnswer:
    """Answer a request that was done before, with its current post. A post that it created is replayed."""
    created = status == 201
    return _answer(services.queries.post(post_id), created=created, replayed=created, status=status)


def answer_deleted_again(request: Request, services: RequestServices, post_id: int, status: int) -> JsonAnswer:
    return JsonAnswer({"id": post_id, "deleted": True}, status)


def _sentences(warnings: Iterable[Problem]) -> list[str]:
    return [problem.message for problem in warnings]


def _saved(saved: SavedPost, *, created: bool = False) -> JsonAnswer:
    moved = [f"post {post.id} made room" for post in saved.moved]
    warnings = [*_sentences(saved.warnings), *moved]
    return _answer(saved.post, warnings, created=created and not saved.replayed, replayed=saved.replayed)


def _answer(
    post: PostView, warnings: Iterable[str] = (), *, created: bool = False, replayed: bool = False, status: int = 200
) -> JsonAnswer:
    headers = {"ETag": f'"{post.revision}"'}
    if created:
        headers["Location"] = f"/v1/posts/{post.id}"
    shape = views.post_json(post, warnings, replayed=replayed)
    return JsonAnswer(shape, 201 if created else status, headers=headers)


async def _followed(services: RequestServices, post_id: int, wait: float) -> JsonAnswer:
    """Answer with a post that was queued, once it has ended or `wait` seconds have passed."""
    if wait and not services.dry_run:
        loop = asyncio.get_running_loop()
        until = loop.time() + wait
        watch = await run_in_threadpool(services.watch, frozenset({post_id}))
        while not await run_in_threadpool(watch.look) and loop.time() < until:
            await asyncio.sleep(_LOOK_EVERY_S)
    post = await run_in_threadpool(services.queries.post, post_id)
    return _answer(post, status=202)
