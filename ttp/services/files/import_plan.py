"""Plan an import: compare the rows of files with the store. Writes no post.

A row is matched by key and replaces its draft or scheduled post completely. A post whose publishing has begun, here or
elsewhere, is never changed or created again.

The key of a post from a Markdown file begins with the file's folder; a file of rows has no folder. A row without a post
of its key is matched by the name that follows the folders:

- A name that ttp made, such as `12@3f2a9c1b`, is one post's everywhere.
- Other names may be of two posts. They count only where everything else is the same too: texts, media, accounts, time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from itertools import islice

from ttp.domain.account import Account, resolve_accounts
from ttp.domain.action import action
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import ContentRefused, Hint, Problem, StateRefused, TtpError, UsageError
from ttp.domain.media.item import MediaItem
from ttp.domain.parts.frozen_parts import keep_frozen_parts
from ttp.domain.post import Post, PostStatus
from ttp.domain.post_edit import (
    PostInput,
    apply_input,
    check_variants,
    new_delivery,
    with_accounts,
    with_derived_status,
    with_media_texts,
    with_time,
)
from ttp.domain.post_fields import content_of
from ttp.domain.row_reader import FieldError, to_field_error
from ttp.domain.template import MissingVariable
from ttp.services.attachments.media import RowMedia
from ttp.services.bulk_edit import BATCH, ChangeKind, PlannedChange, content_errors
from ttp.services.files.fields import Entry, is_own_key, key_name, parse_own_key
from ttp.services.posts import Posts
from ttp.services.templates.filling import fill_texts
from ttp.services.time_resolver import SlotAllocator, TimeResolver
from ttp.store import queries
from ttp.store.dialect import Connection
from ttp.store.machine import ownership
from ttp.store.row_mapper import split_batches

_IN_FILE = {"media": "name a picture or a video in media", "alt": "one alt text for each of the media, in order"}
"""Advice for files, where a command would suggest options."""


@dataclass
class ImportRules:
    """Rules of an import. `scope`: prefix of its keys. `accounts`: for rows without any. `revive`: restore deleted
    posts."""

    scope: str = ""
    accounts: tuple[str, ...] = ()
    tz: str | None = None
    revive: bool = False
    template: str | None = None
    vars: Mapping[str, object] = field(default_factory=dict)
    """For rows without a template of their own; and values of all rows."""
    spread: bool = False
    """A plan gives times to posts without one."""
    origin: str = ""
    """Prefix of keys generated for rows without one."""
    lost: dict[tuple[datetime, frozenset[str]], Post] = field(default_factory=dict)
    """Posts of earlier such rows whose text is no longer in the file, by time and accounts."""
    named: set[str] = field(default_factory=set)
    """The keys seen so far."""


class ImportPlanner:
    def __init__(
        self, posts: Posts, media: RowMedia, resolver: TimeResolver, allocator: SlotAllocator, rules: ImportRules
    ) -> None:
        self._posts = posts
        self._media = media
        self._resolver = resolver
        self._allocator = allocator
        self._rules = rules
        self._known: tuple[Account, ...] = posts.accounts()
        self._folder_keys: dict[str, list[str]] | None = None
        """The store's keys that begin with another folder than this one, by name."""
        self._matched: set[int | None] = set()
        """The posts that rows were matched with so far."""

    def plan(self, entries: Iterable[Entry]) -> Iterator[PlannedChange]:
        """Yield the planned change of each row, in order. Copies media into the store."""
        rows = iter(entries)
        while batch := list(islice(rows, BATCH)):
            with self._posts.database.reading() as db:
                by_key = self._find_posts(db, batch) if db else {}
                others = self._find_namesakes(db, batch, by_key) if db else {}
                steps = []
                for one in batch:
                    key = one.typed.key or ""
                    before = by_key.get(key) or self._namesake(one, others.get(key, []))
                    self._matched |= {before.id} if before else set()
                    steps.append(self._plan_row(db, one, before))
            yield from steps

    def as_rename(self, step: PlannedChange, before: Post) -> PlannedChange:
        """Turn a step that adds a post into one that updates `before`, whose file was renamed."""
        assert step.post is not None
        now = self._posts.clock.now()
        after = self._posts.plan_parts(_with_content_of(before, step.post, now), self._known)
        post = replace(with_derived_status(after, now, before), key=step.post.key)
        try:
            frozen = keep_frozen_parts(before, post)
        except StateRefused as refused:
            return PlannedChange(step.where, ChangeKind.LEFT, faults=(to_field_error("content", refused),))
        what = _change_kind(before, post)
        warnings = (*(one for one in step.warnings if one.hint != action("show", before.id)), *frozen)
        return replace(
            step, what=ChangeKind.MOVE if what is ChangeKind.SAME else what, post=post, before=before, warnings=warnings
        )

    def _find_posts(self, db: Connection, batch: Sequence[Entry]) -> dict[str, Post]:
        """Return the posts of these rows, by the rows' keys."""
        keys = [one.typed.key for one in batch if one.typed.key]
        scope = self._rules.scope
        by_key = {
            key.removeprefix(scope): post for key, post in queries.posts_by_key(db, [scope + k for k in keys]).items()
        }
        missing = [key for key in keys if key not in by_key]
        if scope:
            by_key |= queries.posts_by_key(db, missing)
        store = ownership.store_id(db)
        numbers = {number: key for key in missing if (number := parse_own_key(key, store)) is not None}
        return by_key | {numbers[post.id or 0]: post for post in queries.posts_by_id(db, numbers)}

    def _find_namesakes(
        self, db: Connection, batch: Sequence[Entry], by_key: Mapping[str, Post]
    ) -> dict[str, list[Post]]:
        """Return the posts whose key has the same name after other folders, by the keys of the rows without a post."""
        names = {key: key_name(key) for row in batch if (key := row.typed.key) and key not in by_key}
        if not names:
            return {}
        self._matched |= {post.id for post in by_key.values()}
        if self._folder_keys is None:
            self._folder_keys = {}
            for key in queries.keys_in_folders(db):
                if not (self._rules.scope and key.startswith(self._rules.scope)):
                    self._folder_keys.setdefault(key_name(key), []).append(key)
        candidates = {key: [name, *self._folder_keys.get(name, ())] for key, name in names.items()}
        posts: dict[str, Post] = {}
        for some in split_batches(sorted({key for keys in candidates.values() for key in keys})):
            posts |= queries.posts_by_key(db, some)
        store = ownership.store_id(db)
        numbers = {name: number for name in names.values() if (number := parse_own_key(name, store)) is not None}
        unkeyed = {post.id: post for post in queries.posts_by_id(db, numbers.values()) if post.key is None}
        posts |= {name: unkeyed[number] for name, number in numbers.items() if number in unkeyed}
        return {row: [posts[key] for key in keys if key in posts] for row, keys in candidates.items()}

    def _namesake(self, row: Entry, posts: Sequence[Post]) -> Post | None:
        """Return the one of these posts that is the row's, under a key with other folders."""
        is_one = is_own_key(key_name(row.typed.key or ""))
        free = (post for post in posts if post.id not in self._matched)
        return next((post for post in free if is_one or self._is_same(row, post)), None)

    def _is_same(self, row: Entry, post: Post) -> bool:
        """Return whether a row says exactly what a post does."""
        typed = row.typed
        if (typed.text or "").strip() != post.content.strip():  # the rest takes longer
            return False
        with suppress(TtpError):
            accounts = resolve_accounts(typed.to or self._rules.accounts, self._known, self._posts.platforms)
            at = self._resolver.resolve_row(typed.at, typed.tz or self._rules.tz, accounts).at if typed.at else None
            if at == post.scheduled_at and {account.name for account in accounts} == set(post.accounts):
                made, faults = self._build_post(row, post)
                return made is not None and not faults and _contents(made) == _contents(post)
        return False

    def _plan_row(self, db: Connection | None, row: Entry, before: Post | None) -> PlannedChange:
        faults = list(row.faults)
        key = row.typed.key
        if key and key in self._rules.named:
            faults.append(FieldError("key", f'another row has the same key "{key}"'))
        self._rules.named |= {key} if key else set()
        if before is None and self._rules.lost and not faults:
            before = self._edited_post(row)
        if not faults and (skip := self._skip_reason(row, before)) is not None:
            return skip
        with _noting(faults, "template"):
            wanted = self._templated(row.typed)
            spare = wanted.vars if row.typed.template else row.typed.vars
            row = replace(row, typed=self._posts.templates.fill_in(wanted, spare=spare))
        if any(not fault.field for fault in faults):  # the whole row is invalid, so it has no fields to check
            return PlannedChange(row.where, ChangeKind.LEFT, faults=tuple(faults))
        made, more = self._build_post(replace(row, faults=tuple(faults)), before)
        faults += more
        if made is None or faults:
            return PlannedChange(row.where, ChangeKind.LEFT, faults=tuple(faults))
        newer = []
        if before is not None and self._differs_by_template(row.typed, made, before):
            texts = {name: getattr(before, name) for name in ("content", "variants", "thread", "comment", "origin")}
            made, newer = replace(made, **texts), [_template_changed(before)]
        now = self._posts.clock.now()
        post = (
            self._posts.as_new(self._posts.plan_new(made, self._known))
            if before is None
            else with_derived_status(
                self._posts.plan_new(_with_content_of(before, made, now), self._known), now, before
            )
        )
        post = replace(post, key=self._key(key, before))
        what, waits = _change_kind(before, post), self._rules.spread and post.scheduled_at is None
        if what is ChangeKind.SAME and not waits:
            return PlannedChange(row.where, what, post, before, tuple(newer))
        try:
            frozen = () if before is None else keep_frozen_parts(before, post)
            timed = waits or post.scheduled_at is not None
            warnings = self._posts.check_post(post, self._known, timed=timed, db=db, may_add=True)
        except ContentRefused as refused:
            errors = tuple(map(in_file, content_errors(refused))) or (to_field_error("content", refused),)
            return PlannedChange(row.where, ChangeKind.LEFT, faults=errors)
        except StateRefused as refused:
            return PlannedChange(row.where, ChangeKind.LEFT, faults=(to_field_error("content", refused),))
        self._posts.duplicates.add_pending(post)
        return PlannedChange(row.where, what, post, before, (*newer, *warnings, *frozen), waits=waits)

    def _templated(self, typed: PostInput) -> PostInput:
        """Return the input of a row with the template of the import, if it has none."""
        name = typed.template or self._rules.template
        return replace(typed, template=name, vars={**self._rules.vars, **typed.vars})

    def _differs_by_template(self, typed: PostInput, made: Post, before: Post) -> bool:
        """Return whether the texts of a row differ from those of its post only because its template has changed."""
        if typed.asked is None or before.deleted_at is not None:
            return False
        own = check_variants(typed.asked.variants, self._known, self._posts.platforms)
        return (
            {**before.origin, "version": made.origin.get("version")} == made.origin != before.origin
            and {*made.accounts} == {*before.accounts}
            and made.tags == before.tags
            and all(before.variants.get(name, "") == text for name, text in own.items())
            and (not typed.asked.thread or typed.asked.thread == before.thread)
            and typed.asked.comment in (None, before.comment)
        )

    def _edited_post(self, row: Entry) -> Post | None:
        """Return the post of a row without a key whose text was edited: same time and accounts."""
        typed = row.typed
        if typed.at is None or not (typed.key or "").startswith(self._rules.origin):
            return None
        with suppress(TtpError):
            accounts = resolve_accounts(typed.to or self._rules.accounts, self._known, self._posts.platforms)
            at = self._resolver.resolve_row(typed.at, typed.tz or self._rules.tz, accounts).at
            if at is not None:
                return self._rules.lost.pop((at, frozenset(account.name for account in accounts)), None)
        return None

    def _key(self, key: str | None, before: Post | None) -> str | None:
        """Return the post's key. A generated key follows the text; a post without a key gets one in a folder."""
        if before is None or (before.key or "").startswith(self._rules.origin or "\0"):
            return None if key is None else self._rules.scope + key
        return self._rules.scope + key if before.key is None and key and self._rules.scope else before.key

    def _skip_reason(self, row: Entry, before: Post | None) -> PlannedChange | None:
        """Return the step of a row that is skipped or refused without further checks, else None."""

        def left(why: str) -> PlannedChange:
            return PlannedChange(row.where, ChangeKind.LEFT, before=before, why=why)

        if before is None:
            return left("another store has begun to publish it") if row.ended else None
        if before.deleted_at is not None and (before.status.has_begun or not self._rules.revive):
            return left(f"post {before.id} was deleted")
        if before.status.has_begun:
            is_text = not row.faults and not row.typed.template and not self._rules.template
            texts = ((row.typed.text, before.content), (row.typed.comment, before.comment))
            differs = is_text and any((new or "").strip() != (old or "").strip() for new, old in texts)
            return replace(left(f"post {before.id} is {before.status}"), differs=differs)
        if row.ended:
            conflict = f"the file says publishing has begun, but post {before.id} is {before.status}"
            return PlannedChange(
                row.where, ChangeKind.LEFT, faults=(FieldError("status", conflict, action("delete", before.id)),)
            )
        return None

    def _build_post(self, row: Entry, before: Post | None) -> tuple[Post | None, list[FieldError]]:
        """Build the post of a row as if it were new, or return its errors."""
        typed, faults = row.typed, list[FieldError]()
        accounts: tuple[Account, ...] = ()
        variants: Mapping[str, str] = {}
        media: tuple[MediaItem, ...] = ()
        at: datetime | None = None
        with _noting(faults, "accounts"):
            accounts = resolve_accounts(typed.to or self._rules.accounts, self._known, self._posts.platforms)
        if self._rules.spread and not (accounts or typed.at or faults):
            faults.append(FieldError("accounts", "no account to plan it for", "--to PLATFORM/HANDLE"))
        with _noting(faults, "scheduledAt"):
            at = self._time(row, accounts, before) if not faults else None
        with _noting(faults, "variants"):
            variants = check_variants(typed.variants, self._known, self._posts.platforms)
        with _noting(faults, "media"):
            platforms = {account.platform for account in accounts}
            typed = self._media.with_texts(typed, platforms, self._known)
            items = self._media.items(typed.media or (), before, platforms, self._known)
            media = with_media_texts(items, typed)
        if not faults and not row.faults and not (typed.text or "").strip() and not media and not typed.filling:
            faults.append(FieldError("content", "the post has neither text nor media"))
        if faults:
            return None, faults
        empty = Post("", tuple(new_delivery(account, at) for account in accounts), scheduled_at=at)
        post: Post | None = None
        with _noting(faults, "media"):
            post = apply_input(empty, typed, variants, media)
        with _noting(faults, "template"), _naming_columns(typed.vars):
            post = post and fill_texts(
                post, typed, variants, self._known, self._posts.platforms, self._posts.links.plain_rules
            )
        return (None if faults else post), faults

    def _time(self, row: Entry, accounts: Sequence[Account], before: Post | None) -> datetime | None:
        """Return the row's time. A post's present time may have passed, and a time that ttp chose stays."""
        text, tz = row.typed.at, row.typed.tz or self._rules.tz
        scheduled_at = before.scheduled_at if before is not None and before.deleted_at is None else None
        if text is None or not text.strip():
            return scheduled_at if before is not None and (before.chosen_by or self._rules.spread) else None
        if not accounts:
            raise UsageError(
                "a post with a time needs an account", Hint("try", "a column accounts, or --to PLATFORM/HANDLE")
            )
        time = self._resolver.resolve_row(text, tz, accounts)
        if scheduled_at is not None and time.at in (None, scheduled_at):
            return scheduled_at
        return self._resolver.assign_row(time, accounts, self._allocator)


@contextmanager
def _noting(faults: list[FieldError], field: str) -> Iterator[None]:
    """Add an error of the block to the faults of a row."""
    try:
        yield
    except TtpError as error:
        faults.append(in_file(to_field_error(field, error)))


@contextmanager
def _naming_columns(names: Iterable[str]) -> Iterator[None]:
    """Say of a variable that a template lacks which column has its name mistyped."""
    try:
        yield
    except MissingVariable as missing:
        near = get_close_matches(missing.name, names, 1)
        if not near:
            raise
        message = f"the template needs vars.{missing.name}, and the row has vars.{near[0]}"
        raise UsageError(message, Hint("try", f"vars.{missing.name}")) from None


def in_file(error: FieldError) -> FieldError:
    """Return the error with its fix in terms of the file's fields."""
    forms = {name: (f"{name}: ", f"leave out {name}", f"--{name} ") for name in _IN_FILE}
    fixes = (advice for name, advice in _IN_FILE.items() if str(error.fix).startswith(forms[name]))
    return error._replace(fix=next(fixes, error.fix))


def _template_changed(post: Post) -> Problem:
    name = post.origin["template"]
    message = f"template {name} has changed: posts that it made keep their texts"
    return Problem("template", "template", message, hint=action("edit", post.id, template=name), warning=True)


def _with_content_of(before: Post, made: Post, now: datetime) -> Post:
    """Return the present post with the content of the other one."""
    by_digest = {item.sha256: item for item in before.media}
    items = [replace(by_digest.get(item.sha256, item), **item.said) for item in made.media]
    origin = made.origin or before.origin
    after = replace(before, **{**content_of(made), "media": tuple(items)}, origin=origin, deleted_at=None)
    accounts = [Account(d.platform, d.account.partition("/")[2], id=d.account_id) for d in made.deliveries]
    after = with_accounts(after, accounts, now)
    if made.scheduled_at is not None:
        chosen_by = before.chosen_by if made.scheduled_at == before.scheduled_at else None
        return with_time(after, made.scheduled_at, chosen_by)
    waiting = [d.schedule(None) if d.state is DeliveryState.PENDING else d for d in after.deliveries]
    return replace(after, deliveries=tuple(waiting), scheduled_at=None, chosen_by=None)


def _change_kind(before: Post | None, post: Post) -> ChangeKind:
    if before is None or before.deleted_at is not None:
        return ChangeKind.ADD
    pair = [replace(one, updated_at=None, deliveries=(), key=None, status=PostStatus.DRAFT) for one in (before, post)]
    if replace(pair[0], scheduled_at=None) != replace(pair[1], scheduled_at=None) or set(before.accounts) != set(
        post.accounts
    ):
        return ChangeKind.CHANGE
    return ChangeKind.SAME if before.scheduled_at == post.scheduled_at else ChangeKind.MOVE


def _contents(post: Post) -> dict[str, object]:
    return {**content_of(post), "media": [(item.sha256, item.said) for item in post.media]}
