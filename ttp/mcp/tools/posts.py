"""The tools that read and change posts."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import Field, create_model

from ttp.domain.account import account_warnings
from ttp.domain.action import Action, action, other_options
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Hint, UsageError
from ttp.domain.options import parse_option
from ttp.domain.post import PostStatus
from ttp.domain.post_edit import PostInput, parse_plain
from ttp.domain.post_fields import MEDIA, PLAIN
from ttp.mcp.answers import ALL, FIELDS_OF_POSTS, PostPage, UndoAnswer
from ttp.mcp.arguments import Arguments, PostId, Write
from ttp.mcp.tool import tool
from ttp.mcp.tool_calls import offers_to_fit
from ttp.services.application import Application as Services
from ttp.services.attachments.media import add_from_web, add_upload
from ttp.services.undo import UndoRequest
from ttp.store.home.media import temporary_media
from ttp.store.queries import PostFilter
from ttp.views import Json
from ttp.views.answers import DeletedAnswer, MediaAnswer, PostAnswer, PreviewAnswer
from ttp.views.posts import (
    NOT_RUNNING,
    Notice,
    attempt_json,
    change_json,
    deleted_json,
    id_ranges,
    ids_needing_approval,
    media_json,
    moved_posts,
    needs_approval,
    post_json,
    preview_json,
    undone_json,
)

if TYPE_CHECKING:
    from ttp.services.post_changes import SavedPost
    from ttp.services.queries import PostView
    from ttp.services.time_resolver import TimeResolver
    from ttp.services.undo import UndoneChange
    from ttp.store.change_log import Change

AT = "2026-12-01 09:00, 'tomorrow 9am', 'fri 18:00', 'in 2h', 'optimal' (the best free hour) or 'next-slot'."
AT_ZONE = "Of `at`; 'account': that of the accounts."
MOST_DATA = 1_400_000
"""Characters of base64: a request to /mcp has at most 2 MB."""
Model = TypeVar("Model", bound=Arguments)
MOST_NEW = 50
LISTED = 20
"""Posts that `list_posts` answers without `limit`."""


class ChosenPosts(Arguments):
    statuses: list[PostStatus] | None = None
    platforms: list[str] | None = None
    accounts: list[str] | None = None
    tags: list[str] | None = Field(None, description="One of these.")


class ListPosts(ChosenPosts):
    since: str | None = Field(None, description="Posts due from this time on: today, 2026-12-01, 7d (days ago).")
    until: str | None = Field(None, description="Posts due before this time.")
    search: str | None = Field(None, description="A part of the text.")
    key: str | None = Field(None, description="That of create_post.")
    needs_you: bool = Field(False, description="Posts that need a person.")
    no_alt: bool = Field(False, description="Posts with media without alt text.")
    limit: int = Field(LISTED, ge=1, le=200)
    after: int | None = Field(None, ge=1, description="The last id of the page before.")
    fields: list[str] | None = Field(
        None, description="More of each post: text (whole), media, variants, deliveries, likes, … or all."
    )


@tool("list")
def list_posts(services: Services, args: ListPosts) -> PostPage:
    """List posts in short; a long text is cut. `next` is the call for the page after it."""
    if wrong := set(args.fields or ()) - {*FIELDS_OF_POSTS, ALL}:
        raise UsageError(f"a post has no field {sorted(wrong)[0]}; it has {', '.join(FIELDS_OF_POSTS)}")
    which = post_filter(
        services,
        args,
        since=args.since,
        until=args.until,
        search=args.search,
        key=args.key,
        needs_you=args.needs_you,
        no_alt=args.no_alt,
        limit=args.limit + 1,
        after=args.after,
    )
    posts = [post_json(post) for post in services.queries.views(which)]
    page: PostPage = {"posts": posts[: args.limit]}
    if len(posts) > args.limit:
        arguments = {
            **args.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "after": page["posts"][-1]["id"],
        }
        page["next"] = {"tool": list_posts.name, "arguments": arguments}
    return page


def post_filter(services: Services, args: ChosenPosts, **others: Any) -> PostFilter:
    """Return the filter of posts that these arguments choose. Raise NotFound, Ambiguous, UsageError, TimeRefused."""
    return services.post_filter(
        statuses=tuple(args.statuses or ()),
        platforms=split(args.platforms) or (),
        accounts=split(args.accounts) or (),
        tags=split(args.tags) or (),
        **others,
    )


def split(texts: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return names, also of texts that have several of them between commas; None if not given."""
    if texts is None:
        return None
    return tuple(part.strip() for text in texts for part in text.split(",") if part.strip())


class OnePost(Arguments):
    id: PostId


@tool("show", whole=True)
def get_post(services: Services, args: OnePost) -> PostAnswer:
    """Get everything about one post: its text, its accounts, and the state of each delivery."""
    from ttp.services.preview import with_sent

    post = services.queries.post(args.id)
    waiting = {one.account for one in post.deliveries if post.scheduled_at and one.state is DeliveryState.PENDING}
    accounts = [account for account in services.queries.accounts() if account.name in waiting]
    return post_json(with_sent(services.posts, post), [one.message for one in account_warnings(accounts)])


def _with_plain_fields(model: type[Model]) -> type[Model]:
    """Add the plain fields of a post, and what is said of its media, to arguments."""
    plain: dict[str, Any] = {}
    for one in (one for one in MEDIA if one.about):
        plain[one.argument] = (list[str] | None, Field(None, description=one.about))
    for one in PLAIN:
        plain[one.argument] = ((bool if one.kind == "flag" else str) | None, Field(None, description=one.about))
    return create_model(model.__name__, __base__=model, __doc__=model.__doc__, **plain)


@_with_plain_fields
class PostContent(Arguments):
    """What a new post, an edit and a check take."""

    accounts: list[str] | None = Field(
        None, description="x/me, or a platform alone where it has one account. list_accounts has them."
    )
    at: str | None = Field(None, description=AT)
    tz: str | None = Field(None, description=AT_ZONE)
    media: list[str] | None = Field(
        None,
        description="Web addresses, paths of local files (only on stdin and stdout), or sha256:DIGEST of uploaded"
        " files. In front of one, 2= puts it on part 2 of a thread, last= on the last one, x= or x/me= on that platform"
        " or account alone.",
    )
    alt: list[str] | None = Field(None, description="For each media item in order; none: it is decorative.")
    thread: list[str] | None = Field(None, description="The parts after the text.")
    variants: dict[str, str] | None = Field(
        None, description='Other texts for a platform or an account: {"x": "shorter"}.'
    )
    template: str | None = Field(
        None, description="The name of a template that makes the texts. list_templates has them."
    )
    vars: dict[str, str | bool | int | float | list[str]] | None = Field(
        None, description='Of the template: {"version": "2.1"}.'
    )
    options: dict[str, str | bool | int | float] | None = Field(
        None, description="Of platforms: PLATFORM.OPTION. A wrong name is answered with the right ones."
    )


class PostArguments(PostContent, Write):
    """What a new post and an edit take."""

    tags: list[str] | None = None


class OfOptimal(Arguments):
    """Where `at` 'optimal' looks for an hour."""

    from_: str | None = Field(None, alias="from", description="'optimal' from this time on: next monday.")
    until: str | None = Field(None, description="'optimal' before this time: 2d. The answer says why.")


class OfAt(OfOptimal):
    """What says more about `at`."""

    first: bool = Field(False, description="With at 'next-slot': take the first slot; its posts move back.")


class CreatePost(PostArguments, OfAt):
    text: str | None = None


@tool("create", rehearses=True, keeps_key=True)
def create_post(services: Services, args: CreatePost) -> PostAnswer | PreviewAnswer:
    """Create a post: a draft without `at`, scheduled with one.

    With `dryRun` the answer also has `versions`: what each account would get, with lengths and limits.
    """
    new = _post_input(services, args, args.text, key=args.key, first=args.first)
    if (args.from_ or args.until) and not args.at and not args.first:
        raise UsageError("from and until are for the time `at`: optimal", Hint("try", other_options(at="optimal")))
    times = services.times.between(args.from_, args.until, args.tz)
    if args.dry_run:
        return _preview(services, new, times)
    with services.naming_choices():
        saved = services.posts.create_once(new, times)
    return saved_post_json(services, saved)


class OneOfSeveral(PostContent, OfOptimal):
    of_text = "text"
    text: str | None = None
    tags: list[str] | None = None


class CreatePosts(OfOptimal, Write):
    like = "create_post"
    posts: list[OneOfSeveral] = Field(
        min_length=1,
        max_length=MOST_NEW,
        description=f"At most {MOST_NEW}: each a text, or an object with arguments of create_post, which override"
        " these.",
        json_schema_extra={"items": {"type": ["string", "object"]}},
    )
    accounts: list[str] | None = None
    at: str | None = Field(None, description="For all. With 'optimal' or 'next-slot' each gets its own hour.")
    one_a_day: bool = Field(
        False,
        description="One post a day at its best hour, spread evenly from `from` to `until` (a week).",
    )
    draft: bool = Field(
        False, description="Store drafts that ask for these times: the person's approval schedules them."
    )
    tz: str | None = None
    tags: list[str] | None = None


@tool("create", keeps_key=True)
def create_posts(services: Services, args: CreatePosts) -> list[PostAnswer]:
    """Create several posts, all or none, which one undo takes back: drafts, or with `at` or `oneADay` scheduled."""
    from ttp.services.new_posts import Refusals, create_all

    shared = ("accounts", "at", "tz", "tags", "from_", "until")
    refusals = Refusals(len(args.posts))
    new_posts: list[tuple[PostInput, TimeResolver]] = []
    days: Sequence[TimeResolver] = ()
    if args.one_a_day:
        if args.at not in (None, "optimal") or any(
            {"at", "from_", "until"} & one.model_fields_set for one in args.posts
        ):
            raise UsageError("oneADay chooses the times: leave out `at`, and `from` and `until` of single posts")
        args = args.model_copy(update={"at": "optimal"})
        days = services.times.days(args.from_, args.until, len(args.posts), args.tz)
    for number, post in enumerate(args.posts, 1):
        own = post.model_fields_set | ({"from_", "until"} if post.at is not None else set())
        whole = post.model_copy(update={name: getattr(args, name) for name in shared if name not in own})
        with refusals.of_post(number):
            times = days[number - 1] if days else services.times.between(whole.from_, whole.until, whole.tz)
            new_posts.append((_post_input(services, whole, whole.text), times))
    refusals.raise_any()
    with services.naming_choices():
        saved = create_all(services.posts, new_posts, args.key, asking=args.draft)
    rows = saved_posts_json(services, saved)
    return [{**row, "id": None} for row in rows] if args.dry_run else rows


class CheckText(PostContent):
    like = "create_post"
    text: str | None = None


@tool("text check")
def check_text(services: Services, args: CheckText) -> PreviewAnswer:
    """Check what each account would get, without storing anything: lengths, limits, costs and problems.

    Arguments are those of create_post. Without `at` problems are `warnings`; with it they refuse the post.
    """
    return _preview(services, _post_input(services, args, args.text), services.times)


def _preview(services: Services, new: PostInput, times: TimeResolver) -> PreviewAnswer:
    from ttp.services.preview import preview_once

    preview = preview_once(services.posts, new, times, services.optimal)
    answer = preview_json(preview, [problem.message for problem in preview.warnings])
    offers = offers_to_fit(preview.warnings)
    return cast("PreviewAnswer", {**answer, "sameCallWith": offers}) if offers else answer


def _post_input(
    services: Services,
    args: PostContent,
    text: str | None,
    *,
    key: str | None = None,
    first: bool = False,
    may_empty: bool = False,
) -> PostInput:
    options = [f"{name}={_word(value)}" for name, value in (args.options or {}).items()]
    return PostInput(
        text=text,
        to=split(args.accounts),
        at="next-slot" if first and args.at is None else args.at,
        first=first,
        tz=args.tz,
        media=None if args.media is None else tuple(args.media),
        alts=None if args.alt is None else tuple(args.alt),
        thread=None if args.thread is None else tuple(args.thread) if any(args.thread) else (),
        tags=split(getattr(args, "tags", None)),
        variants=args.variants or {},
        options=dict(parse_option(option, services.platforms, may_empty=may_empty) for option in options),
        key=key,
        template=args.template,
        vars=args.vars or {},
        **parse_plain(dict(args)),
    )


def _word(value: str | bool | int | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def saved_post_json(services: Services, saved: SavedPost, *, timed: bool = True) -> PostAnswer:
    """Return a stored post with its warnings. `timed`: the request was about its time."""
    warnings = saved_warnings(services, saved)
    if timed and saved.post.scheduled_at is not None and not saved.replayed:
        warnings += not_running(services)
    warnings += approval_warnings(services, [saved.post])
    return post_json(saved.post, warnings, replayed=saved.replayed)


def saved_posts_json(services: Services, saved: Sequence[SavedPost]) -> list[PostAnswer]:
    """Return stored posts with their warnings; the first one has those about all of them."""
    new = [one.post for one in saved if not one.replayed]
    more = not_running(services) if any(post.scheduled_at for post in new) else []
    more += approval_warnings(services, new)
    if new and not any(post.accounts for post in new):
        more.append("no account: the draft cannot be published before it has `accounts`")
    return [
        post_json(one.post, [*saved_warnings(services, one), *(() if number else more)], replayed=one.replayed)
        for number, one in enumerate(saved)
    ]


def saved_warnings(services: Services, saved: SavedPost) -> list[str]:
    """Return the warnings about the content of a stored post, why it has the hour that was chosen for it, and which
    posts made room for it."""
    chosen = [saved.time.note] if saved.time is not None and saved.time.note else []
    return [*(problem.message for problem in saved.warnings), *chosen, *moved_posts(saved, services.zone)]


def not_running(services: Services) -> list[str]:
    """Return the warning that no publisher runs, if none does."""
    return [_text(services, NOT_RUNNING)] if services.status.nothing_publishes() else []


def approval_warnings(services: Services, posts: Sequence[PostView]) -> list[str]:
    """Return the warning about posts that wait for approval, if any do."""
    ids = ids_needing_approval(posts)
    return [_text(services, needs_approval(ids))] if ids else []


def _text(services: Services, notice: Notice) -> str:
    commands = [hint.way for hint in notice.hints if isinstance(hint.way, Action) and hint.way.name != "help"]
    return f"{notice.message} For the person: {services.installation.render_way_out(commands[0])}"


class EditPost(PostArguments):
    like = "create_post"
    id: PostId
    text: str | None = None
    add_tags: list[str] | None = None
    remove_tags: list[str] | None = None
    add_media: list[str] | None = Field(None, description="At the end; `alt` is theirs then.")
    remove_media: list[str] | None = Field(None, description="Their names, or numbers from 1 on.")
    from_: str | None = Field(None, alias="from")
    until: str | None = None


@tool("edit")
def edit_post(services: Services, args: EditPost) -> PostAnswer:
    """Change a post that is not published yet.

    Arguments are those of create_post. A list replaces the whole field, and [] empties it. `variants` and `options`
    replace the named keys, and an empty text removes one. Accounts that have the post already are not changed.
    """
    (post_id,) = require_post(services, args.id)
    if not args.model_fields_set - {"id", "key", "dry_run", "tz", "from_", "until"}:
        raise UsageError("nothing to change", Hint("see", action("show", post_id)))
    changes = replace(
        _post_input(services, args, args.text, may_empty=True),
        add_tags=split(args.add_tags) or (),
        remove_tags=split(args.remove_tags) or (),
        add_media=tuple(args.add_media or ()),
        remove_media=tuple(args.remove_media or ()),
    )
    with services.naming_choices():
        times = services.times.between(args.from_, args.until, args.tz)
        saved = services.posts.edit(post_id, changes, services.posts.time_of_edit(times, post_id, changes))
    return saved_post_json(services, saved, timed=args.at is not None)


class ChangePost(Write):
    id: PostId


@tool("delete", destroys=True)
def delete_post(services: Services, args: ChangePost) -> list[DeletedAnswer]:
    """Delete a post before it is published, or after it has ended. What is published stays on the platforms.

    `undo` brings it back.
    """
    posts = services.posts.delete(require_post(services, args.id))
    return [deleted_json(post.id or 0) for post in posts]


class UndoChanges(Write):
    count: int = Field(1, ge=1, le=1000, description="Changes, newest first.")
    post: int | None = Field(None, ge=1, description="Only changes of this post.")
    anyone: bool = Field(False, description="Changes of everybody, not only yours.")
    redo: bool = Field(False, description="Redo what you undid last.")
    partial: bool = Field(False, description="Skip what cannot be undone.")


@tool("undo", rehearses=True, destroys=True)
def undo(services: Services, args: UndoChanges) -> UndoAnswer:
    """Undo your last change of posts, such as a whole plan. Publishing stays, and passed times are not restored."""
    actor = None if args.anyone else services.caller.name
    request = UndoRequest(args.count, args.post, again=args.redo, partial=args.partial, actor=actor)
    result = services.undo.revert(request, rehearse=args.dry_run)
    verb, past = ("redo", "redid") if args.redo else ("undo", "undid")
    did = f"would {verb}" if args.dry_run else past
    sentences = [
        _undone(did, change, [one for one in result.posts if one.change == change]) for change in result.changes
    ]
    return {"undone": sentences, "posts": [undone_json(post) for post in result.posts]}


def _undone(did: str, change: Change, posts: Sequence[UndoneChange]) -> str:
    """Return `undid plan of posts 41-45 by ann via mcp: now draft`."""
    ids = [one.post.id or 0 for one in posts]
    states = dict.fromkeys("deleted" if one.post.deleted_at else str(one.post.status) for one in posts)
    by = f" by {change.actor}" if change.actor else ""
    return (
        f"{did} {change.command} of post{'s' if len(ids) > 1 else ''} {id_ranges(ids)}{by}: now {' or '.join(states)}"
    )


class AddMedia(Write):
    url: str | None = Field(None, description="A web address.")
    data: str | None = Field(None, max_length=MOST_DATA, description="Or the file in base64, at most 1 MB.")
    name: str | None = Field(None, description="The name of that file.")


@tool("media upload", rehearses=True, leaves=True)
def add_media(services: Services, args: AddMedia) -> MediaAnswer:
    """Store an image or a video; name it in `media` of a post, within a day, as sha256:DIGEST."""
    if (args.url is None) == (args.data is None):
        raise UsageError("give either url or data")
    with temporary_media(services.media) if args.dry_run else nullcontext(services.media) as folder:
        if args.url is not None:
            return media_json(
                add_from_web(args.url, (), services.posts.accounts(), folder, services.config, services.platforms)
            )
        try:
            content = BytesIO(b64decode(args.data or "", validate=True))
        except ValueError:
            raise UsageError("data is not base64") from None
        return media_json(add_upload(content, args.name or "media", folder))


class ShowHistory(Arguments):
    id: int | None = Field(None, ge=1, description="The id of a post; else the changes of all.")
    attempts: bool = Field(False, description="Instead each step of publishing the post.")
    limit: int = Field(20, ge=1, le=1000)


@tool("post history")
def history(services: Services, args: ShowHistory) -> Json:
    """List who changed posts, newest first, deleted ones too."""
    if args.attempts and args.id is None:
        raise UsageError("attempts are those of one post: give its id", Hint("see", action("list")))
    if args.id is None and services.caller.accounts is not None:
        raise UsageError("this token is for some accounts: give the id of a post", Hint("see", action("list")))
    if args.attempts:
        return {"attempts": [attempt_json(one) for one in services.queries.attempts(args.id or 0)][-args.limit :]}
    changes = services.queries.changes(args.limit, args.id, undos=True)
    return {"changes": [change_json(one) for one in changes]}


def require_post(services: Services, post_id: int) -> list[int]:
    """Return the id in a list. Raise NotFound if there is no such post."""
    return services.queries.ids([(post_id, post_id)])


TOOLS = (list_posts, get_post, check_text, create_post, create_posts, edit_post, delete_post, add_media, undo, history)
