"""Compose and edit a post: check it while it is typed, keep a draft, store media, and suggest times."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, replace
from datetime import datetime

from starlette.datastructures import FormData
from starlette.responses import Response

from ttp.domain.errors import Conflict, Problem, Stale, TimeRefused, TtpError, UsageError
from ttp.domain.post import PostStatus
from ttp.domain.time.formatting import other_clocks
from ttp.server.inputs import split as split_tags
from ttp.server.pages.compose.composition import (
    AttachedMedia,
    Composition,
    composition_from_json,
    composition_of,
    size_of,
    typed_in,
)
from ttp.server.pages.compose.form import (
    about_repeat,
    check_text,
    choose_time,
    form_page,
    repeat_of,
    time_of,
    writing_services,
)
from ttp.server.pages.compose.open_forms import OpenForm
from ttp.server.pages.compose.template_form import NO_TEMPLATE, made_by_template, texts_by_account
from ttp.server.pages.compose.text import changed_text, split
from ttp.server.pages.compose.times import SUGGESTED
from ttp.server.pages.rendering import typed_time
from ttp.server.pages.visit import Visit, parse_number
from ttp.server.services import RequestServices
from ttp.services.attachments.media import add_upload, upload_name
from ttp.services.queries import PostView
from ttp.store.home.unsaved_edits import UnsavedEdit


def show_new(visit: Visit) -> Response:
    writing_services(visit)
    names = visit.only_account or _last_accounts(visit)
    return form_page(visit, Composition(at=visit.query("at")[:50], accounts=names, form=new_form()))


def _last_accounts(visit: Visit) -> tuple[str, ...]:
    """Return the accounts of the post that this person made last, which still are there and may be posted to."""
    post = visit.reading.queries.last_post_by(visit.person.name)
    enabled = {account.name for account in visit.accounts if account.enabled}
    return tuple(name for name in post.accounts if name in enabled) if post else ()


def show_edit(visit: Visit) -> Response:
    """Show the form with the post, or with what this person typed about it and did not save."""
    post = writing_services(visit).posts.editable(visit.post_id)
    stored = composition_of(visit.reading.queries.post(post.id or 0), visit.zone)
    unsaved = unsaved_edit(visit, visit.post_id)
    if unsaved is None:
        return form_page(visit, replace(stored, form=new_form()))
    typed, kept_at = unsaved
    typed = replace(typed, is_draft=stored.is_draft, form=new_form())
    if typed.revision == stored.revision:
        return form_page(visit, typed, kept_at=kept_at)
    button = "draft" if typed.is_draft else "save"
    return form_page(visit, typed, _changed_meanwhile(typed.post_id), button=button, kept_at=kept_at)


def show_again(visit: Visit, error: TtpError) -> Response:
    """Show the form as it was sent, with an error about all of it. Nothing is stored."""
    names = ", ".join(upload_name(file.filename or "") for file in visit.files("files"))
    problems = [Problem("", "", error.message), *([Problem("media", "", f"choose again: {names}")] if names else [])]
    error = type(error)(error.message, problems=problems)
    return form_page(visit, typed_in(visit), error, button=_button(visit))


def unsaved_edit(visit: Visit, post_id: int) -> tuple[Composition, datetime] | None:
    """Return what this person typed about a post and did not save, and when."""
    edit = visit.installation.unsaved_edits.find(post_id, visit.person.name)
    if edit is None:
        return None
    try:
        return replace(composition_from_json(edit.fields), seen=_stamp(edit)), edit.kept_at
    except (KeyError, TypeError):  # of another version of ttp
        return None


def submit(visit: Visit) -> Response:
    """Do the action of the pressed button. After a refusal the form comes back with all that was typed."""
    services, typed, button = writing_services(visit), typed_in(visit), _button(visit)
    if button in ("discard", "theirs"):
        _forget_own_edit(visit, typed)
        return visit.go(f"/posts/{typed.post_id}/edit")
    if button == "drop":
        return _drop(visit, typed)
    if button == "overwrite":  # the other text has been shown
        typed, button = replace(typed, revision=parse_number(visit.field("newer")) or 0), visit.field("instead")
    items, problems = _stored_files(visit, services)
    typed = replace(typed, media=(*typed.media, *items))
    if problems:
        return form_page(visit, typed, UsageError(problems[0].message, problems=problems), button=button)
    if button in SUGGESTED:
        return _suggest(visit, services, typed, button)
    if button == "fill":
        return _fill_in(visit, services, typed)
    if button not in ("draft", "schedule", "save"):
        return _change_form(visit, services, typed, button)
    try:
        if button == "schedule" and typed.repeat and typed.is_draft:
            return _start_repeat(visit, services, typed)
        timed = button == "schedule" or (button == "save" and typed.at != typed.at_before)
        post = _save(visit, typed, timed=timed, command="schedule" if button == "schedule" else "edit")
    except TtpError as error:
        typed = _with_own_changes(typed, visit.open_forms.find(visit.person.name, typed.form))
        return form_page(visit, replace(typed, zone=""), error, button=button)  # pressed again, it is in the zone now
    _forget_own_edit(visit, replace(typed, post_id=post.id or 0))
    done = {"draft": "draft", "schedule": "scheduled"}.get(button, "saved")
    done = "awaits-approval" if done == "scheduled" and "approve" in post.needs() else done
    return visit.go(f"/posts/{post.id}", done=done)


def show_shared(visit: Visit) -> Response:
    """Show the form of a new post with what the share sheet of a phone sends to the installed pages. Its files are
    stored, as those that a person chooses; no button is pressed: what comes from elsewhere has no other field here."""
    words: list[str] = []
    for name in ("title", "text", "url"):
        shared = visit.field(name).strip()
        if shared and not any(shared in one for one in words):
            words.append(shared)
    fields = [("content", "\n".join(words)), ("form", new_form())]
    fields += [("accounts", name) for name in visit.only_account]
    visit.form = FormData([*fields, *(("files", file) for file in visit.files("files"))])
    return submit(visit)


def _start_repeat(visit: Visit, services: RequestServices, typed: Composition) -> Response:
    """Store what is typed as a draft and repeat it. The draft itself is not published."""
    accounts = services.posts.accounts_of_new(typed.as_input(visit.installation.platforms))
    repeat_of(services, accounts, typed)  # refused before anything is stored
    post = _save(visit, typed, timed=False)
    repeat = repeat_of(services, accounts, typed, post.id)
    try:
        visit.services("repeat add").repeats.begin(repeat)
    except Conflict:  # it began when the form was sent before
        pass
    except UsageError as error:
        raise about_repeat(error) from None
    _forget_own_edit(visit, replace(typed, post_id=post.id or 0))
    return visit.go(f"/posts/{post.id}", done="repeat")


def _change_form(visit: Visit, services: RequestServices, typed: Composition, button: str) -> Response:
    """Show the form after an action on what is typed, such as `up:2` or `at:now`. A repair of what was refused shows
    what is left."""
    action, _, name = button.partition(":")
    refused = visit.field("refused")
    if action == "split":
        plan = check_text(visit, typed).use.split
        if plan is None:
            error = UsageError("the text cannot be split: shorten it, or leave an account out")
            return form_page(visit, typed, error, "content", button="split")
        changed = split(typed, plan)
    elif action == "at":
        changed = replace(typed, at=name[:50], other_at="", zone="")
    else:
        changed = changed_text(typed, action, name) or typed
    if refused in ("schedule", "save") and changed is not typed and action != "part":
        return form_page(visit, changed, button=refused, repaired=True)
    return form_page(visit, changed, button=action, focus=_part_to_focus(changed, action, name))


def _part_to_focus(typed: Composition, action: str, name: str) -> int:
    """Return the number of the part where a person goes on after an action on parts; 0 after any other."""
    if action in ("up", "remove") and name.isdecimal():
        return max(int(name) - 1, 1)
    return {"part": len(typed.parts), "split": 1, "join": 1}.get(action, 0)


def _drop(visit: Visit, typed: Composition) -> Response:
    """Throw away what is typed: a draft after a question, an edit or a new form at once."""
    post_id = _stored_id(visit, typed)
    if post_id and typed.is_draft:
        return visit.go(f"/posts/{post_id}/delete")
    if post_id:
        _forget_own_edit(visit, replace(typed, post_id=post_id))
    return visit.go(f"/posts/{post_id}" if post_id else "/calendar")


def _stored_id(visit: Visit, typed: Composition) -> int:
    """Return the id of the post that is typed, also where the answer with it did not reach the form; 0 without one."""
    before = visit.open_forms.find(visit.person.name, typed.form)
    return typed.post_id or (before.post_id if before else 0)


def _button(visit: Visit) -> str:
    """Return the action of the pressed button. Enter in a field presses `main`."""
    button = visit.field("do")
    if button != "main":
        return button
    if visit.field("is_draft") == "no":
        return "save"
    return "schedule" if visit.may("schedule") else "draft"


def check(visit: Visit) -> Response:
    """Return the preview for each account with its problems, and the counts of the text."""
    typed = typed_in(visit)
    return visit.page("compose_checked.html", typed=typed, errors={}, **check_text(visit, typed).values)


def show_time(visit: Visit) -> Response:
    """Return what the time of the form means, on which clocks, and what may be chosen instead."""
    typed = typed_in(visit)
    return visit.page("compose_times.html", typed=typed, time=choose_time(visit, typed), suggested=SUGGESTED)


def keep(visit: Visit) -> Response:
    """Keep what is typed, as a draft or separately: a scheduled post does not change until it is saved."""
    typed, kept = typed_in(visit), False
    if visit.query("ask"):
        return _answer_whether_kept(visit, typed)
    try:
        if not typed.is_draft:
            kept = _keep_edit(visit, typed)
        elif typed.media or typed.has_words:
            post = _save(visit, typed, timed=False, is_kept=True)
            typed, kept = replace(typed, post_id=post.id or 0, revision=post.revision), True
            if typed.at == typed.at_before and not typed.repeat:
                _forget_own_edit(visit, typed)
            else:  # a draft has no time, and no repeat yet
                _keep_own_edit(visit, typed)
    except TtpError as error:
        return visit.page("compose_kept.html", error=error, typed=typed, kept=False)
    answer = visit.page("compose_kept.html", typed=typed, kept=kept)
    if kept:
        answer.headers["HX-Replace-Url"] = f"/posts/{typed.post_id}/edit"
    return answer


def _answer_whether_kept(visit: Visit, typed: Composition) -> Response:
    """Say whether what a browser has a copy of is stored, and store nothing."""
    post_id = _stored_id(visit, typed)
    kept = unsaved_edit(visit, post_id)
    stored = [composition_of(post, visit.zone) for post in visit.reading.queries.posts_by_id([post_id])]
    if typed.has_words and _only_words(typed) not in map(_only_words, [*stored, *(kept[:1] if kept else ())]):
        raise Conflict("what this browser has is not stored")
    return visit.page("compose_kept.html", typed=typed, kept=True)


def _only_words(typed: Composition) -> Composition:
    return replace(_same_words(typed), post_id=0, revision=0, at_before="", is_draft=True)


def _keep_edit(visit: Visit, typed: Composition) -> bool:
    """Keep an edit of a post that is not a draft. Return False if it changes nothing."""
    post = writing_services(visit).posts.editable(typed.post_id)
    stored = composition_of(post, visit.zone)
    if _same_words(typed) == _same_words(replace(stored, revision=typed.revision)):
        _forget_own_edit(visit, typed)
        return False
    _keep_own_edit(visit, typed)
    return True


def _keep_own_edit(visit: Visit, typed: Composition) -> None:
    """Keep an edit. Raise Conflict if another form has kept one that this form has not shown."""
    edits, name = visit.installation.unsaved_edits, visit.person.name
    with visit.open_forms.turn(name, str(typed.post_id)):
        there = edits.find(typed.post_id, name)
        if there is not None and not _is_own(there, typed):
            raise Conflict(f"another tab has kept another edit of post {typed.post_id}; that edit stays")
        edits.keep(typed.post_id, name, UnsavedEdit(visit.now, asdict(replace(typed, seen=""))))


def _forget_own_edit(visit: Visit, typed: Composition) -> None:
    """Forget what was kept of an edit. What another form has kept, and this one has not shown, stays."""
    edits, name = visit.installation.unsaved_edits, visit.person.name
    there = edits.find(typed.post_id, name)
    if there is not None and _is_own(there, typed):
        edits.forget(typed.post_id, name)


def _is_own(edit: UnsavedEdit, typed: Composition) -> bool:
    return edit.fields.get("form", "") == typed.form or _stamp(edit) == typed.seen


def _stamp(edit: UnsavedEdit) -> str:
    return hashlib.sha256(json.dumps(edit.fields, sort_keys=True).encode()).hexdigest()[:16]


def new_form() -> str:
    return secrets.token_hex(8)


def _same_words(typed: Composition) -> Composition:
    """Return the typed fields without the empty ones."""
    return replace(
        typed,
        form="",
        seen="",
        accounts=tuple(sorted(typed.accounts)),
        thread=tuple(part for part in typed.thread if part.strip()),
        variants=tuple(sorted((name, text) for name, text in typed.variants if text)),
        options=tuple(sorted((name, value) for name, value in typed.options if value)),
        tags=", ".join(split_tags(typed.tags)),
        zone="",
        template=NO_TEMPLATE,
        other_at="",
        gaps=(),
    )


def upload(visit: Visit) -> Response:
    """Store files for the form that is open, and return their fields, and what is wrong with the others."""
    media, problems = _stored_files(visit, writing_services(visit))
    error = None if media or not problems else UsageError(problems[0].message)
    return visit.page("compose_media.html", error=error, media=media, problems=problems)


def _save(visit: Visit, typed: Composition, *, timed: bool, command: str = "edit", is_kept: bool = False) -> PostView:
    """Store what is typed and return the post. `is_kept`: while it is typed, which is one change from first to last."""
    if timed and typed.zone not in ("", visit.zone.key):
        raise TimeRefused(f"your timezone is {visit.zone.key} now, and this time was in {typed.zone}: check it")
    forms, name = visit.open_forms, visit.person.name
    with forms.turn(name, typed.form):
        before = forms.find(name, typed.form)
        typed = _with_own_changes(typed, before)
        continues = before.change_id if before is not None and is_kept else None
        last = _last_change(visit, typed.post_id) if is_kept and typed.post_id else None
        post = _store(visit, typed, timed=timed, command=command, continues=continues)
        change = _last_change(visit, post.id or 0) if is_kept else None
        change = continues if change == last else change  # never continue the change of another person
        forms.record(name, typed.form, OpenForm(post.id or 0, post.revision, change))
    return post


def _with_own_changes(typed: Composition, before: OpenForm | None) -> Composition:
    """Return what is typed as a change of what its form has stored, also where the answers did not reach it."""
    if before is None or typed.post_id not in (0, before.post_id) or typed.revision >= before.revision:
        return typed
    return replace(typed, post_id=before.post_id, revision=before.revision)


def _store(visit: Visit, typed: Composition, *, timed: bool, command: str, continues: int | None) -> PostView:
    post_input = typed.as_input(visit.installation.platforms)
    if not typed.post_id:
        services = writing_services(visit)
        time = time_of(services, services.posts.accounts_of_new(post_input), typed) if timed else None
        return services.posts.create(post_input, time).post
    services = writing_services(visit, expected=typed.revision)
    post = services.posts.post(typed.post_id)
    if typed.is_draft and not timed and post.status is not PostStatus.DRAFT:
        raise _changed_meanwhile(
            typed.post_id
        )  # also by this form: a post that waits to be published is not a draft to keep
    # Of those that the post has, an empty one is removed.
    variants = {**dict.fromkeys(post.variants, ""), **post_input.variants}
    options = {**dict.fromkeys(post.options, ""), **post_input.options}
    post_input = replace(post_input, variants=variants, options=options)
    time = time_of(services, services.posts.accounts_after_edit(typed.post_id, post_input), typed) if timed else None
    recorder = services.posts.recorder(command, continues)
    return services.posts.edit(typed.post_id, post_input, time, recorder=recorder).post


def _last_change(visit: Visit, post_id: int) -> int | None:
    """Return the last change of a post, if this person made it."""
    changes = writing_services(visit).queries.changes(1, post_id)
    return changes[0].change.id if changes and changes[0].change.actor == visit.person.name else None


def _suggest(visit: Visit, services: RequestServices, typed: Composition, word: str) -> Response:
    """Fill in a time that ttp chooses for the accounts."""
    try:
        accounts = services.queries.find_accounts(typed.accounts)
        if not accounts:
            raise UsageError("choose an account first")
        known = services.optimal.with_data(accounts) if word == "optimal" else accounts
        time = services.times.resolve(word, tuple(known or accounts), None, post=typed.post_id or None)
    except TtpError as error:
        return form_page(visit, typed, error, "at", button=word)
    unknown = [account.name for account in accounts if known and account not in known]
    beside = other_clocks(time.at, visit.zone, time.clocks)
    note = f"That is {beside}." if beside else ""
    if unknown:
        note = f"No numbers yet of {', '.join(unknown)}: this hour is for the others. {note}"
    elif time.note:
        note = time.note
    return form_page(visit, replace(typed, at=typed_time(time.at, visit.zone), zone=""), note=note, button=word)


def _fill_in(visit: Visit, services: RequestServices, typed: Composition) -> Response:
    """Fill the form with the texts that a template makes for its accounts."""
    try:
        post, wanted = made_by_template(services, typed.as_input(visit.installation.platforms), typed.template)
        takes_time = "at" in visit.form and not typed.at
        time = services.posts.time_of_new(services.times, wanted) if takes_time else None
    except TtpError as error:
        return form_page(visit, typed, error, "template", button="fill")
    filled = composition_of(post, visit.zone)
    names = ("content", "accounts", "thread", "options", "split", "tags")
    template = replace(typed.template, origin=filled.template.origin)
    typed = replace(
        typed, template=template, variants=texts_by_account(post), **{name: getattr(filled, name) for name in names}
    )
    if time is not None:
        typed = replace(typed, at=typed_time(time.at, visit.zone), zone="")
    return form_page(visit, typed, button="fill")


def _changed_meanwhile(post_id: int) -> Stale:
    return Stale(f"post {post_id} was changed since you read it")


def _stored_files(visit: Visit, services: RequestServices) -> tuple[list[AttachedMedia], list[Problem]]:
    """Store the files of the form. One that is refused keeps out no other; its problem names it."""
    media, problems = [], []
    for file in visit.files("files"):
        try:
            item = add_upload(file.file, file.filename or "", services.posts.media)
        except UsageError as error:
            problems.append(Problem("media", "", error.message))
        else:
            media.append(AttachedMedia(item.sha256, item.name, item.mime or "", size=size_of(item)))
    return media, problems
