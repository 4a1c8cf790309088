"""A post, its deliveries and its attempts as JSON objects, and the notices after a change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, NotRequired, cast

from ttp.domain.action import WayOut, action
from ttp.domain.errors import Hint
from ttp.domain.media.item import LAST
from ttp.domain.post import EMPTY_METRICS, Metrics, Post, add_metrics
from ttp.domain.post_fields import PLAIN
from ttp.domain.time.clock import format_json_instant, utc_text
from ttp.domain.time.formatting import format_instant
from ttp.views import Json, attributes_json

if TYPE_CHECKING:
    from ttp.domain.delivery import Delivery
    from ttp.domain.media.image_fit import SentMedia
    from ttp.domain.media.item import MediaItem
    from ttp.domain.metrics.report import Totals
    from ttp.domain.metrics.sample import Sample, Total
    from ttp.domain.parts.cards import Card
    from ttp.domain.post import PostFields
    from ttp.domain.publishing.attempt import Attempt
    from ttp.domain.recurrence import Repeat
    from ttp.services.posts import SavedPost
    from ttp.services.preview import AccountVersion, PostPreview
    from ttp.services.remote_delete import DeletedPost
    from ttp.services.undo import UndoneChange
    from ttp.store.change_log import LoggedChange
    from ttp.views import answers

    class _PlainFields(answers.PlainFields):
        """As a part of a post: mypy wants each part to say whether it has the key that may be missing."""

        createdBy: NotRequired[str | None]
        changedBy: NotRequired[str | None]
        replayed: NotRequired[bool]
        sent: NotRequired[list[answers.SentAnswer]]


def media_json(item: MediaItem) -> answers.MediaAnswer:
    return {
        "name": item.name,
        "mime": item.mime,
        "bytes": item.bytes,
        "sha256": item.sha256,
        "width": item.width,
        "height": item.height,
        "durationMs": item.duration_ms,
        "alt": item.typed_alt,
        "url": item.url,
        "focus": item.focus,
        "captions": item.captions,
        "thumbnail": item.thumbnail_name,
        "part": "last" if item.part == LAST else item.part or 1,
        "only": item.only,
    }


def delivery_json(
    row: Delivery, newest: Metrics | None = None, post: PostFields | None = None
) -> answers.DeliveryAnswer:
    """Return a delivery; `newest`: its numbers; `post`: its post, for the media of its parts."""
    media = post.media_in(row, len(row.planned_parts)) if post and row.planned_parts else ()
    comment = row.comment
    return {
        "account": row.account,
        "platform": row.platform,
        **_progress_json(row),
        "parts": [{"remoteId": part, "url": _part_url(row, part)} for part in row.parts],
        "plannedParts": [
            {"text": text, "media": [item.name for items in media[number : number + 1] for item in items]}
            for number, text in enumerate(row.planned_parts)
        ],
        "langs": None if row.langs is None else [lang for lang in row.langs.split(",") if lang],
        "metrics": None
        if newest is None
        else {**main_counts(newest), "observedAt": format_json_instant(newest.observed_at)},
        "comment": None
        if comment is None or comment.state == "cancelled"
        else {"text": comment.planned_parts[0], **_progress_json(comment)},
    }


def _progress_json(row: Delivery) -> answers.ProgressAnswer:
    """Return what became of a delivery or a comment so far. `nextAttemptAt` only while retrying: a look-up is not an
    attempt."""
    error = row.error
    return {
        "state": row.state,
        "dueAt": format_json_instant(row.due_at),
        "remoteId": row.remote_id,
        "url": row.url,
        "publishedAt": format_json_instant(row.published_at),
        "attempts": row.attempts,
        "nextAttemptAt": format_json_instant(row.next_at) if row.state == "retrying" else None,
        "waitingFor": row.waiting_for,
        "waitingUntil": format_json_instant(row.waiting_until),
        "error": None
        if error is None
        else {"kind": error.kind, "code": error.code, "message": error.message, "hint": error.hint},
        "note": row.note,
        "takenDownAt": format_json_instant(row.taken_down_at),
    }


def main_counts(of: Metrics | Sample | Total | Totals) -> answers.MainCounts:
    return {"likes": of.likes, "comments": of.comments, "shares": of.shares, "views": of.views}


def _part_url(row: Delivery, part: str) -> str | None:
    """Return the URL of a thread's part: the first part's URL with another id."""
    if row.url is None or not row.remote_id or row.remote_id not in row.url:
        return None
    before, _, after = row.url.rpartition(row.remote_id)
    return f"{before}{part}{after}"


def post_json(item: PostFields, warnings: Iterable[str] = (), *, replayed: bool = False) -> answers.PostAnswer:
    """Return a post with its deliveries. `repeat`: the repeat that created it. `likes` to `views`: the newest numbers
    of all its accounts, added up. Only a PostView knows these. Some keys are present only where there is something to
    say. `replayed`: an earlier request with the key created this post; `createdBy` and `changedBy`: an agent asks;
    `sent`: media are converted."""
    no, of = item.rejection, getattr(item, "repeat", None)
    metrics: Mapping[str, Metrics] = getattr(item, "metrics", EMPTY_METRICS)
    total = add_metrics(metrics.values())
    shape: answers.PostAnswer = {
        "id": item.id,
        "status": item.status,
        "content": item.content,
        "accounts": list(item.accounts),
        "platforms": list(item.platforms),
        "scheduledAt": format_json_instant(item.scheduled_at),
        "publishedAt": format_json_instant(item.published_at),
        "createdAt": format_json_instant(item.created_at),
        "updatedAt": format_json_instant(item.updated_at),
        **cast("_PlainFields", {one.file: getattr(item, one.name) for one in PLAIN}),
        "media": [media_json(one) for one in item.media],
        "cards": _cards_json(item),
        "variants": dict(item.variants),
        "thread": list(item.thread),
        "tags": list(item.tags),
        "options": dict(item.options),
        "key": item.key,
        "origin": cast("answers.OriginAnswer", dict(item.origin)) if item.origin else None,
        "chosenBy": item.chosen_by,
        "approvedAt": format_json_instant(item.approved_at),
        "rejection": None if no is None else {"at": utc_text(no.at), "reason": no.why},
        "repeat": None if of is None else _repeat_json(of),
        "needs": list(item.needs()),
        "asksFor": getattr(item, "asks_for", None),
        "warnings": list(warnings),
        "deliveries": [delivery_json(row, metrics.get(row.account), item) for row in item.deliveries],
        "likes": total.likes,
        "comments": total.comments,
        "shares": total.shares,
        "views": total.views,
    }
    if replayed:
        shape["replayed"] = True
    if (names := getattr(item, "authors", None)) is not None:
        shape["createdBy"], shape["changedBy"] = names
    sent: Mapping[str, Sequence[SentMedia]] = getattr(item, "sent", {})
    if any(one.converted for media in sent.values() for one in media):
        shape["sent"] = [
            {"account": account, "media": [_sent_json(one) for one in media]} for account, media in sent.items()
        ]
    return shape


def _repeat_json(one: Repeat) -> answers.RepeatOfPost:
    from ttp.domain.recurrence import rule_of  # here: few posts are of repeats

    return {"id": one.id, "cron": one.cron, "rule": rule_of(one), "timezone": one.timezone}


def _cards_json(item: PostFields) -> list[answers.CardAnswer]:
    if not item.cards:
        return []
    from ttp.domain.parts.cards import cards_of  # here: most posts have no link

    return [card_json(card) for card in cards_of(item)]


def card_json(card: Card) -> answers.CardAnswer:
    return {
        "url": card.url,
        "state": card.state,
        "title": card.title,
        "description": card.description or None,
        "picture": None if card.picture is None else media_json(card.picture),
        "note": card.note,
    }


TALLY_FIELDS = ("claimed", "published", "failed", "retrying", "needsReview", "missed", "waiting", "posts")


def tally_json(claimed: int, states: Mapping[str, int], missed: int, posts: Iterable[PostFields]) -> Json:
    """Return what a run did. `states`: how many deliveries ended in each; `missed`: those of the failed that were."""
    return {
        "claimed": claimed,
        "published": states.get("published", 0),
        "failed": states.get("failed", 0) - missed,
        "retrying": states.get("retrying", 0),
        "needsReview": states.get("needs_review", 0),
        "missed": missed,
        "waiting": states.get("processing", 0) + states.get("reconciling", 0),
        "posts": [post_json(post) for post in posts],
    }


ATTEMPT_FIELDS = (
    *("at", "account", "comment", "number", "step", "phase", "outcome", "kind", "httpStatus", "message", "endedAt"),
)


def attempt_json(item: Attempt) -> answers.AttemptAnswer:
    return cast("answers.AttemptAnswer", attributes_json(item, ATTEMPT_FIELDS, comment=item.is_comment))


POST_FIELDS = tuple(post_json(Post("")))
PREVIEW_FIELDS = (*POST_FIELDS, "versions", "replayed")


def preview_json(preview: PostPreview, warnings: Iterable[str] = ()) -> answers.PreviewAnswer:
    """Return a post that `create --dry-run` checked, with what each account would get in `versions`."""
    post = post_json(preview.post, warnings, replayed=preview.replayed)
    return {**post, "versions": [_version_json(one) for one in preview.versions]}


def _version_json(one: AccountVersion) -> answers.VersionAnswer:
    from ttp.views.factors import factor_json

    return {
        "account": one.account,
        "parts": [
            {
                "text": part.text,
                "length": part.length,
                "limit": part.limit,
                "card": None if part.card is None else card_json(part.card),
            }
            for part in one.parts
        ],
        "comment": None
        if one.comment is None
        else {
            "text": one.comment.text,
            "length": one.comment.length,
            "limit": one.comment.limit,
            "lostAnswer": one.comment_proof,
        },
        "media": [
            {**_sent_json(item), "part": number} for number, part in enumerate(one.parts, 1) for item in part.media
        ],
        "costUsd": None if one.price is None else one.price / 1000,
        "taggedLinks": one.tagged,
        "unshortenedLinks": one.unshortened,
        "lostAnswer": one.proof,
        "factors": list(map(factor_json, one.factors)),
    }


def _sent_json(one: SentMedia) -> answers.SentMediaAnswer:
    return {**media_json(one.sent), "converted": one.converted, "cropped": one.cropped}


def preview_rows(preview: PostPreview) -> Iterator[Json]:
    """Yield a row for each text of each account. The price of all is in the row of its first part."""
    for one in preview.versions:
        for number, part in enumerate(one.parts, 1):
            cost = one.price / 1000 if one.price is not None and number == 1 else None
            counted: Json = {"part": number, "length": part.length, "limit": part.limit}
            yield {"account": one.account, **counted, "costUsd": cost, "text": part.text}
        if (comment := one.comment) is not None:
            counted = {"part": 1, "length": comment.length, "limit": comment.limit}
            yield {"account": f"{one.account} comment", **counted, "text": comment.text}


REMOTE_DELETE_FIELDS = ("id", "deleted", "remote")
REMOTE_FIELDS = ("account", "remoteId", "url", "takenDown", "message", "hint")


def remote_delete_json(post: DeletedPost) -> Json:
    """Return whether a post was deleted, and for each account whether the platform removed it."""
    remote = [
        attributes_json(
            fate.delivery, REMOTE_FIELDS, takenDown=fate.message is None, message=fate.message, hint=fate.hint
        )
        for fate in post.fates
    ]
    return {"id": post.post_id, "deleted": post.deleted, "remote": remote}


def deleted_json(post_id: int) -> answers.DeletedAnswer:
    return {"id": post_id, "deleted": True}


def undone_json(one: UndoneChange) -> answers.UndoneAnswer:
    """Return a post after an undo or redo. `by`: who had made the change; `lostTime`: its time, which has passed and
    was not restored."""
    return {
        "id": one.post.id or 0,
        "command": one.change.command,
        "at": utc_text(one.change.at),
        "by": one.change.actor,
        "deleted": one.post.deleted_at is not None,
        "status": one.post.status,
        "scheduledAt": format_json_instant(one.post.scheduled_at),
        "lostTime": format_json_instant(one.late),
        "content": one.post.content,
        "warnings": [problem.message for problem in one.warnings],
    }


def change_json(one: LoggedChange) -> answers.ChangeAnswer:
    """Return a change of posts. `actor`: a token's name or user@host, and what they
    used (`ann via mcp`); `content`: the present text of its only post."""
    return {
        "at": utc_text(one.change.at),
        "actor": one.change.actor,
        "command": one.change.command,
        "count": len(one.texts),
        "posts": id_ranges(list(one.texts)),
        "content": next(iter(one.texts.values())) if len(one.texts) == 1 else None,
    }


def id_ranges(ids: Sequence[int]) -> str:
    """Return ids in short: `41 42 50-55`."""
    parts = []
    for _, run in groupby(enumerate(sorted(ids)), key=lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in run]
        parts += (
            [str(numbers[0])] if len(numbers) == 1 else [f"{numbers[0]}{'-' if len(numbers) > 2 else ' '}{numbers[-1]}"]
        )
    return " ".join(parts)


MOST_NAMED = 8
"""Ids that a notice names."""


class Notice(NamedTuple):
    """A sentence and its hints."""

    message: str
    hints: tuple[Hint, ...] = ()

    def lines(self, render: Callable[[WayOut], str]) -> Iterator[str]:
        """Yield the sentence and a line for each hint."""
        yield self.message
        for hint in self.hints:
            yield f"{hint.label}: {render(hint.way)}"


NOT_RUNNING = Notice(
    "Nothing will publish this yet: no publisher runs.",
    (Hint("fix", action("run")), Hint("see", action("help", "cron"))),
)


def needs_approval(ids: Sequence[int]) -> Notice:
    """Return the notice about posts that wait for approval."""
    few = len(ids) <= MOST_NAMED
    way = Hint("fix", action("approve", *ids)) if few else Hint("see", action("list", needs_you=True))
    return Notice("This won't be published until it is approved.", (way,))


def ids_needing_approval(posts: Iterable[PostFields]) -> list[int]:
    return [post.id or 0 for post in posts if "approve" in post.needs()]


def moved_posts(saved: SavedPost, zone: tzinfo) -> list[str]:
    """Return which posts made room, in sentences. `zone`: of a post without a resolved time."""
    shown, clocks = (saved.time.zone, saved.time.clocks) if saved.time else (zone, ())
    return [
        f"post {post.id} moved to "
        f"{format_instant(post.scheduled_at, shown, [one for one in clocks if one[0] in post.accounts])}"
        for post in saved.moved
        if post.scheduled_at
    ]
