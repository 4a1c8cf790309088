"""Compose and edit a post: check it while it is typed, keep a draft, store media, and suggest times."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, tzinfo
from itertools import zip_longest
from typing import Any

from starlette.responses import Response

from ttp.domain.account import Account
from ttp.domain.errors import Problem, Stale, TimeRefused, TtpError, UsageError
from ttp.domain.options import parse_option
from ttp.domain.post import Post, PostStatus
from ttp.domain.post_edit import KEPT, PostInput
from ttp.domain.server.api_token import TokenCapability
from ttp.domain.time.formatting import other_clocks
from ttp.domain.time.resolve import ResolvedTime
from ttp.platforms.registry import Registry
from ttp.server.pages.rendering import typed_time
from ttp.server.pages.visit import Visit, parse_number
from ttp.server.services import RequestServices
from ttp.services.media import add_upload
from ttp.services.preview import PostPreview, preview_post
from ttp.services.queries import PostView
from ttp.store.home.unsaved_edits import UnsavedEdit

DRAFT, PUBLISH = TokenCapability.DRAFT, TokenCapability.PUBLISH
SUGGESTED = {"optimal": "Best hour", "next-slot": "Next slot"}
_KEPT = re.compile(r"([0-9a-f]{64})/(.{0,300})", re.DOTALL)
_FIELDS = ("content", "accounts", "media", "at", "thread", "variants", "options")


@dataclass(frozen=True, slots=True)
class AttachedMedia:
    """A stored image or video of the form."""

    sha256: str
    name: str
    mime: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Composition:
    """What the form holds. `at_before`: the time that the post has, as text; `zone`: the one that the form named, empty
    for the person's present one; `post_id` 0: it is not stored yet."""

    post_id: int = 0
    revision: int = 0
    content: str = ""
    accounts: tuple[str, ...] = ()
    thread: tuple[str, ...] = ()
    variants: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    media: tuple[AttachedMedia, ...] = ()
    at: str = ""
    at_before: str = ""
    is_draft: bool = True
    zone: str = ""

    def variant(self, name: str) -> str:
        return dict(self.variants).get(name, "")

    def option(self, name: str) -> str:
        return dict(self.options).get(name, "")

    @property
    def is_empty(self) -> bool:
        return not self.content.strip() and not self.media

    def as_input(self, platforms: Registry) -> PostInput:
        """Return the input of a post. Raise UsageError for an option that cannot have its value."""
        return PostInput(
            text=self.content,
            to=self.accounts,
            thread=tuple(part for part in self.thread if part.strip()),
            variants=dict(self.variants),
            options=dict(parse_option(f"{name}={value}", platforms) for name, value in self.options if value),
            media=tuple(f"{KEPT}{item.sha256}/{item.name}" for item in self.media),
            alts=tuple(item.alt for item in self.media),
        )


def show_new(visit: Visit) -> Response:
    writing_services(visit)
    return _form_page(visit, Composition(at=visit.query("at")[:50], accounts=_only_account(visit)))


def show_edit(visit: Visit) -> Response:
    """Show the form with the post, or with what this person typed about it and did not save."""
    post = writing_services(visit).posts.editable(visit.post_id)
    stored = composition_of(visit.reading.queries.post(post.id or 0), visit.zone)
    unsaved = unsaved_edit(visit, visit.post_id)
    if unsaved is None:
        return _form_page(visit, stored)
    return _form_page(visit, replace(unsaved[0], is_draft=stored.is_draft), kept_at=unsaved[1])


def unsaved_edit(visit: Visit, post_id: int) -> tuple[Composition, datetime] | None:
    """Return what this person typed about a post and did not save, and when."""
    edit = visit.installation.unsaved_edits.find(post_id, visit.person.name)
    if edit is None:
        return None
    try:
        return _composition_from_json(edit.fields), edit.kept_at
    except (KeyError, TypeError):  # of another version of ttp
        return None


def _composition_from_json(fields: Mapping[str, Any]) -> Composition:
    pairs = {name: tuple((key, value) for key, value in fields[name]) for name in ("variants", "options")}
    lists = {name: tuple(fields[name]) for name in ("accounts", "thread")}
    return Composition(
        **{**fields, **lists, **pairs, "media": tuple(AttachedMedia(**item) for item in fields["media"])}
    )


def composition_of(post: PostView | Post, zone: tzinfo) -> Composition:
    at = typed_time(post.scheduled_at, zone) if post.scheduled_at else ""
    return Composition(
        post.id or 0,
        post.revision,
        post.content,
        post.accounts,
        post.thread,
        tuple(post.variants.items()),
        tuple(post.options.items()),
        tuple(AttachedMedia(item.sha256, item.name, item.mime or "", item.alt or "") for item in post.media),
        at,
        at,
        post.status is PostStatus.DRAFT,
    )


def submit(visit: Visit) -> Response:
    """Do the action of the pressed button. After a refusal the form comes back with all that was typed."""
    services, typed, button = writing_services(visit), typed_in(visit), visit.field("do")
    if button == "discard":
        visit.installation.unsaved_edits.forget(typed.post_id, visit.person.name)
        return visit.go(f"/posts/{typed.post_id}/edit")
    try:
        typed = replace(typed, media=(*typed.media, *_stored_files(visit, services)))
    except TtpError as error:
        return _form_page(visit, typed, error, "media")
    if button == "part":
        return _form_page(visit, replace(typed, thread=(*typed.thread, "")))
    if button in SUGGESTED:
        return _suggest(visit, services, typed, button)
    if button not in ("draft", "schedule", "save"):
        return _form_page(visit, typed)
    try:
        timed = button == "schedule" or (button == "save" and typed.at != typed.at_before)
        post_id = _save(visit, typed, timed=timed)
    except TtpError as error:
        return _form_page(visit, replace(typed, zone=""), error)  # pressed again, it is in the zone that is named now
    visit.installation.unsaved_edits.forget(post_id, visit.person.name)
    done = {"draft": "draft", "schedule": "scheduled"}.get(button, "saved")
    return visit.go(f"/posts/{post_id}", done=done)


def check(visit: Visit) -> Response:
    """Return the preview for each account, with its problems."""
    return visit.page("compose_check.html", **_checked(visit, typed_in(visit)))


def keep(visit: Visit) -> Response:
    """Keep what is typed, as a draft or separately: a scheduled post does not change until it is saved."""
    typed, kept = typed_in(visit), False
    try:
        if not typed.is_draft:
            kept = _keep_edit(visit, typed)
        elif not typed.is_empty:
            post_id = _save(visit, typed, timed=False)
            typed = replace(typed, post_id=post_id, revision=writing_services(visit).posts.post(post_id).revision)
            visit.installation.unsaved_edits.forget(post_id, visit.person.name)
            kept = True
    except TtpError as error:
        return visit.page("compose_kept.html", 200, error=error, typed=typed, kept=False)
    return visit.page("compose_kept.html", typed=typed, kept=kept)


def _keep_edit(visit: Visit, typed: Composition) -> bool:
    """Keep an edit of a post that is not a draft. Return False if it changes nothing."""
    post = writing_services(visit).posts.editable(typed.post_id)
    edits, name = visit.installation.unsaved_edits, visit.person.name
    stored = composition_of(post, visit.zone)
    if _same_words(typed) == _same_words(replace(stored, revision=typed.revision)):
        edits.forget(typed.post_id, name)
        return False
    edits.keep(typed.post_id, name, UnsavedEdit(visit.now, asdict(typed)))
    return True


def _same_words(typed: Composition) -> Composition:
    """Return the typed fields without the empty ones."""
    return replace(
        typed,
        accounts=tuple(sorted(typed.accounts)),
        thread=tuple(part for part in typed.thread if part.strip()),
        variants=tuple(sorted((name, text) for name, text in typed.variants if text)),
        options=tuple(sorted((name, value) for name, value in typed.options if value)),
        zone="",
    )


def upload(visit: Visit) -> Response:
    """Store files for the form that is open, and return their fields."""
    return visit.page("compose_media.html", media=_stored_files(visit, writing_services(visit)))


def writing_services(visit: Visit, *, expected: int | None = None) -> RequestServices:
    """Return the services of a person who writes."""
    return visit.services(PUBLISH if visit.person.may(PUBLISH) else DRAFT, expected=expected)


def typed_in(visit: Visit) -> Composition:
    """Return the content of the form."""
    dropped = visit.fields("drop")
    items = zip_longest(visit.fields("media"), visit.fields("mime"), visit.fields("alt"), fillvalue="")
    media = (
        AttachedMedia(match[1], match[2], mime, alt)
        for name, mime, alt in items
        if (match := _KEPT.fullmatch(name)) and match[1] not in dropped
    )
    return Composition(
        post_id=parse_number(visit.field("post_id")) or 0,
        revision=parse_number(visit.field("revision")) or 0,
        content=visit.field("content"),
        accounts=tuple(visit.fields("accounts")),
        thread=tuple(visit.fields("thread")),
        variants=_named(visit, "variant:"),
        options=tuple((name, value.strip()) for name, value in _named(visit, "option:")),
        media=tuple(media),
        at=visit.field("at").strip(),
        at_before=visit.field("at_before"),
        is_draft=visit.field("is_draft") != "no",
        zone=visit.field("zone")[:60],
    )


def _save(visit: Visit, typed: Composition, *, timed: bool) -> int:
    """Store what is typed and return the id of the post."""
    post_input = typed.as_input(visit.installation.platforms)
    if timed and not typed.at:
        raise TimeRefused("give a time, or save it as a draft")
    if timed and typed.zone not in ("", visit.zone.key):
        raise TimeRefused(f"your timezone is {visit.zone.key} now, and this time was in {typed.zone}: check it")
    if not typed.post_id:
        services = writing_services(visit)
        time = _time(services, services.posts.accounts_of_new(post_input), typed) if timed else None
        return services.posts.create(post_input, time).post.id or 0
    services = writing_services(visit, expected=typed.revision)
    post = services.posts.post(typed.post_id)
    # Of those that the post has, an empty one is removed.
    variants = {**dict.fromkeys(post.variants, ""), **post_input.variants}
    options = {**dict.fromkeys(post.options, ""), **post_input.options}
    post_input = replace(post_input, variants=variants, options=options)
    time = _time(services, services.posts.accounts_after_edit(typed.post_id, post_input), typed) if timed else None
    is_creation = _is_being_written(services, post, visit.person.name)
    return services.posts.edit(typed.post_id, post_input, time, is_creation=is_creation).post.id or 0


def _is_being_written(services: RequestServices, post: Post, name: str) -> bool:
    """Return whether a draft has only been created, by this person: then keeping it belongs to its creation."""
    changes = services.queries.changes(2, post.id)
    return len(changes) == 1 and (changes[0].change.command, changes[0].change.actor) == ("create", name)


def _time(services: RequestServices, accounts: tuple[Account, ...], typed: Composition) -> ResolvedTime:
    return services.times.resolve(typed.at, accounts, None, post=typed.post_id or None)


def _suggest(visit: Visit, services: RequestServices, typed: Composition, word: str) -> Response:
    """Fill in a time that ttp chooses for the accounts."""
    try:
        accounts = services.queries.find_accounts(typed.accounts)
        if not accounts:
            raise UsageError("choose an account first")
        known = services.optimal.with_data(accounts) if word == "optimal" else accounts
        time = services.times.resolve(word, tuple(known or accounts), None, post=typed.post_id or None)
    except TtpError as error:
        return _form_page(visit, typed, error, "at")
    unknown = [account.name for account in accounts if known and account not in known]
    beside = other_clocks(time.at, visit.zone, time.clocks)
    note = f"That is {beside}." if beside else ""
    if unknown:
        note = f"There are no numbers yet of {', '.join(unknown)}: this hour is for the others. {note}"
    elif time.note:
        note = time.note
    return _form_page(visit, replace(typed, at=typed_time(time.at, visit.zone), zone=""), note=note)


def _form_page(
    visit: Visit,
    typed: Composition,
    error: TtpError | None = None,
    field: str = "",
    note: str = "",
    kept_at: datetime | None = None,
) -> Response:
    errors: dict[str, list[str]] = {}
    if error is not None:
        for problem in error.problems or (Problem(field or _field_of(error), "", error.message),):
            if not problem.warning:
                name = {"scheduledAt": "at", "alt": "media"}.get(problem.field, problem.field)
                errors.setdefault(name if name in _FIELDS else "content", []).append(problem.message)
    if isinstance(error, Stale):  # pressed again, it is on purpose
        typed = replace(typed, revision=visit.reading.queries.post(typed.post_id).revision)
    accounts = [
        account for account in visit.reading.queries.accounts() if account.enabled or account.name in typed.accounts
    ]
    platforms = visit.installation.platforms
    return visit.page(
        "compose.html",
        error=error,
        typed=typed,
        accounts=accounts,
        options={
            platforms.facts(name).title: {f"{name}.{key}": option for key, option in platforms.options(name).items()}
            for name in sorted({account.platform for account in accounts})
            if platforms.options(name)
        },
        errors=errors,
        suggested=SUGGESTED,
        note=note,
        kept_at=kept_at,
        may_schedule=visit.person.may(PUBLISH),
        **_checked(visit, typed),
    )


def _field_of(error: TtpError) -> str:
    return "at" if isinstance(error, TimeRefused) else "accounts" if "account" in error.message else "content"


def _checked(visit: Visit, typed: Composition) -> dict[str, Any]:
    """Return the preview of what is typed; None without text and media."""
    preview: PostPreview | None = None
    refused: TtpError | None = None
    problems: Sequence[Problem] = ()
    if not typed.is_empty:
        try:
            preview = preview_post(writing_services(visit).posts, typed.as_input(visit.installation.platforms), None)
            problems = preview.refused.problems if preview.refused else preview.warnings
        except TtpError as error:
            refused = error
    return {"preview": preview, "refused": refused, "problems": problems}


def _stored_files(visit: Visit, services: RequestServices) -> list[AttachedMedia]:
    items = [add_upload(file.file, file.filename or "", services.posts.media) for file in visit.files("files")]
    return [AttachedMedia(item.sha256, item.name, item.mime or "") for item in items]


def _only_account(visit: Visit) -> tuple[str, ...]:
    names = [account.name for account in visit.reading.queries.accounts() if account.enabled]
    return tuple(names) if len(names) == 1 else ()


def _named(visit: Visit, prefix: str) -> tuple[tuple[str, str], ...]:
    """Return the fields whose name has a prefix, without it."""
    return tuple((name.removeprefix(prefix), visit.field(name)) for name in visit.form if name.startswith(prefix))
