"""Make posts of the items of a source. What an item says is text of others: a value, never a template or a command."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ttp.domain import post_edit
from ttp.domain.account import Account
from ttp.domain.errors import Problem, TtpError
from ttp.domain.feeds.item import FeedItem
from ttp.domain.parts.fit import FitValue, shorten
from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput
from ttp.domain.post_fields import content_of
from ttp.domain.source import Source
from ttp.domain.template_text import clean_value, no_mentions
from ttp.domain.time.clock import utc_text
from ttp.domain.time.resolve import ResolvedTime
from ttp.services.posts import Posts
from ttp.services.preview import PostPreview, preview_post
from ttp.services.time_resolver import TimeResolver
from ttp.store import accounts as stored_accounts
from ttp.store import change_log, events, queries
from ttp.store import posts as post_store
from ttp.store.change_log import ChangeRecorder
from ttp.store.dialect import Connection

LONGEST_TEXT, LONGEST_TITLE, MOST_TAGS, MOST_MEDIA = 20_000, 1_000, 30, 4
_LONGEST_HEAD = 200
"""Columns of the title in a text that no template makes: with a link it fits wherever a post may be short."""
_WIDE = re.compile("[\u1100-\uffff\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class DraftedItem:
    """The post of an item before it is stored. `time`: what its source chose, to be confirmed. `problem`: why it is a
    draft, or has no text of the template."""

    post: Post
    accounts: tuple[Account, ...]
    time: ResolvedTime | None = None
    problem: str | None = None


def content_of_item(item: FeedItem) -> dict[str, object]:
    """Return what is stored of an item to make a post of it: plain data, without mentions."""
    values: dict[str, Any] = {
        "title": _text(item.title, LONGEST_TITLE),
        "text": _text(item.text, LONGEST_TEXT),
        "summary": _text(item.summary, LONGEST_TEXT),
        "author": _text(item.author, LONGEST_TITLE),
        "link": item.link,
        "tags": [_text(tag, LONGEST_TITLE) for tag in item.tags[:MOST_TAGS]],
        "published": item.published_at and utc_text(item.published_at),
        "updated": item.updated_at and utc_text(item.updated_at),
        "version": item.version,
        "prerelease": item.prerelease,
        "media": [{"url": one.url, "alt": _text(one.alt, LONGEST_TITLE)} for one in item.media[:MOST_MEDIA]],
    }
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def _text(text: str, most: int) -> str:
    cleaned = clean_value(no_mentions(text))
    return str(cleaned).strip()[:most]


def template_values(source: Source, content: Mapping[str, Any]) -> dict[str, object]:
    """Return the variables of an item, as templates name them. One that it lacks is absent."""
    version = content.get("version")
    values = {name: value for name, value in content.items() if name not in ("version", "prerelease", "media")}
    values["source"] = {"id": source.id or 0, "name": source.name, "url": source.url}
    if version is not None:
        values["project"] = {"name": project_name(source)}
        values["release"] = {
            "tag": version,
            "version": re.sub(r"\Av(?=\d)", "", str(version)),
            "name": content.get("title", version),
            "url": content.get("link"),
            "notes": content.get("text"),
            "prerelease": content.get("prerelease") is True,
            "published": content.get("published"),
        }
    return values


def project_name(source: Source) -> str:
    """Return the last part of what names a repository: `github:owner/repo`."""
    return source.url.rstrip("/").rpartition("/")[2].removesuffix(".git") or source.name


def default_text(source: Source, content: Mapping[str, Any]) -> str:
    """Return the text of an item without a template: its title, else how it begins, and its link."""
    head = str(content.get("title") or content.get("summary") or content.get("text") or "")
    if content.get("version") is not None:
        head = f"{project_name(source)} {content['version']} is out."
    head = shorten(FitValue(" ".join(head.split())), lambda one: len(one) + len(_WIDE.findall(one)) <= _LONGEST_HEAD)
    return "\n\n".join(filter(None, (head, content.get("link"))))


class ItemPosts:
    """Makes the posts of one source. `recorder`: makes them undoable; None for those of the publisher."""

    def __init__(self, posts: Posts, times: TimeResolver, source: Source, recorder: ChangeRecorder | None) -> None:
        self._posts, self._times, self._source, self._recorder = posts, times, source, recorder
        self._accounts = tuple(one for one in posts.accounts() if one.id in source.accounts)
        self._taken: dict[int, list[datetime]] = {}

    def draft(self, content: Mapping[str, Any], *, timed: bool = True) -> DraftedItem:
        """Make the post of an item: slow, and outside a transaction. Never refuses: what cannot be published as its
        source wants is a draft with a problem. `timed`: at the time of its source."""
        posts, time = self._posts, None
        try:
            post_input = self._filled(content)
            if timed and self._source.schedule is not None and self._accounts:
                time = self._times.resolve(self._source.schedule, self._accounts, taken=self._taken)
            post, accounts = posts.build_post(post_input, time)
            problem = _first_problem(posts.check_new(post, accounts, first=False))
        except TtpError as refused:
            (post, accounts), time, problem = posts.build_post(self._plain(content), None), None, refused.message
        if post.cards:
            post = posts.cards.fetch(post, accounts)
        if time is not None:
            for account in accounts:
                self._taken.setdefault(account.id or 0, []).append(time.at)
        return DraftedItem(post, accounts, time, problem)

    def preview(self, content: Mapping[str, Any]) -> tuple[PostPreview, str | None]:
        """Return what each account would get of an item, and why that is not what its source wants. Stores nothing."""
        try:
            preview = preview_post(self._posts, self._filled(content), None, with_cards=False)
            return preview, _first_problem(preview.warnings)
        except TtpError as refused:
            return preview_post(self._posts, self._plain(content), None, with_cards=False), refused.message

    def _filled(self, content: Mapping[str, Any]) -> PostInput:
        """Return the item as a person would have given it. Raise UsageError, NotFound for its template."""
        source = self._source
        files: dict[str, Any] = {}
        if source.with_media and (media := content.get("media")):
            files["media"] = tuple(str(one["url"]) for one in media)
            files["alts"] = tuple(str(one.get("alt") or "none") for one in media)
        if source.template is None:
            return replace(self._plain(content), **files)
        post_input = PostInput(template=source.template, item=template_values(source, content), **files)
        # What the front matter says of accounts and times is for posts of people.
        return replace(self._posts.templates.fill_in(post_input), to=self._names, at=None)

    def _plain(self, content: Mapping[str, Any]) -> PostInput:
        return PostInput(text=default_text(self._source, content) or self._source.name, to=self._names)

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(account.name for account in self._accounts)

    def store(self, db: Connection, drafted: DraftedItem) -> tuple[Post, str | None]:
        """Store the post of an item, in the transaction that stores its keys. Return it with its problem."""
        post, problem = drafted.post, drafted.problem
        if drafted.time is not None:
            try:
                time = self._posts.confirm_time(db, drafted.time, drafted.accounts, None)
                post = post_edit.with_time(post, time.at)
            except TtpError as refused:
                post, problem = post_edit.as_draft(post, "be stored"), refused.message
        post = self._posts.as_new(post)
        self._posts.refuse_forbidden_change(db, None, post)
        post = post_store.insert(db, post, self._recorder)
        events.record_created(db, post.id or 0, self._source.name, self._posts.clock.now())
        return post, problem

    def update(self, db: Connection, post_id: int, drafted: DraftedItem) -> bool:
        """Give an untouched draft what its item says now. Return whether it was changed."""
        db.lock_posts([post_id])
        before = untouched_draft(db, post_id)
        if before is None:
            return False
        made = drafted.post
        after = replace(before, **{**content_of(made), "media": made.media}, cards=made.cards, origin=made.origin)
        after = self._posts.plan_parts(after, stored_accounts.accounts(db))
        if (after.content, after.variants, after.thread) == (before.content, before.variants, before.thread):
            return False
        now = self._posts.clock.now()
        # Not recorded: what the source changes stays an untouched draft.
        post_store.update(db, post_edit.with_derived_status(replace(after, updated_at=now), now, before), None)
        return True


def untouched_draft(db: Connection, post_id: int) -> Post | None:
    """Return a post if it is a draft that was not changed since it was created."""
    post = queries.post(db, post_id)
    if post is None or post.deleted_at is not None or post.status != "draft" or post.rejection is not None:
        return None
    return None if change_log.commands_on_post(db, post_id) else post


def _first_problem(problems: Sequence[Problem]) -> str | None:
    return next((one.message for one in problems if not one.warning), None)
