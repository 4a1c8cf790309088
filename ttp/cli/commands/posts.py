"""`ttp create`, `ttp edit`, `ttp copy` and `ttp delete`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from ttp.cli import options
from ttp.cli.context import Context
from ttp.cli.errors import DONE, FAILED, quote_command, retype
from ttp.cli.notices import (
    name_posts,
    print_saved_post,
    print_warnings,
    saved_post_message,
    saved_posts_spec,
    scheduled_text,
    time_text,
)
from ttp.cli.options import parse_pairs, parse_platform_options, split_list
from ttp.cli.parameters import flag, option
from ttp.cli.render import post as render_post
from ttp.cli.render import posts as render_posts
from ttp.cli.terminal import is_attended, is_interactive
from ttp.cli.time_options import time_within
from ttp.cli.typed_command import MEDIA_SUFFIXES, names_every_account
from ttp.domain.action import other_options
from ttp.domain.errors import Hint, TtpError, UsageError
from ttp.domain.media.item import is_web_address

if TYPE_CHECKING:
    from ttp.domain.post import Post
    from ttp.domain.post_edit import PostInput
    from ttp.domain.time.resolve import ResolvedTime
    from ttp.services.post_changes import SavedPost
    from ttp.services.preview import PostPreview


@options.with_output(saved_posts_spec(), check=False)
@options.with_field_options
def create(
    context: Context,
    text: options.Text = None,
    to: options.To = None,
    at: options.MaybeAt = None,
    within: options.Within = None,
    media: options.MediaPaths = None,
    alt: options.Alts = None,
    dry_run: Annotated[bool, flag("--dry-run", "Show what each account would get; store nothing.")] = False,
    in_editor: options.UseEditor = False,
    thread: options.Threads = None,
    text_for: options.Variants = None,
    tag: options.Tags = None,
    first: options.BeforeOthers = False,
    tz: options.TimeZone = None,
    set_: options.Options = None,
    no_card: options.NoCard = False,
    key: Annotated[str | None, option("--key", "KEY", "Never create a second post with this key.")] = None,
    template: options.TemplateName = None,
    var: options.Variables = None,
    snippet: options.Snippets = None,
    typed: options.FieldValues = options.NO_FIELDS,
    file: Annotated[str | None, option("--file", "F.md", "Markdown with front matter; options override it.")] = None,
    strict: options.Strict = False,
) -> None:
    """Create a post: a draft without a time, scheduled with one.

    Alone on a terminal it asks for all it needs.

    Examples:
      ttp create "Hello" --to x/me,ig/shop --at 'tomorrow 9am'
      ttp create "New in" --to ig --media photo.jpg --alt 'A red mug' --at optimal
      ttp create - --to x --at next-slot < post.txt
      ttp create --template release --var version=2.1 --to x/me
    """
    if list(context.argv) == ["create"] and context.out.for_people and is_interactive():
        from ttp.cli.post_questions import create_by_questions

        create_by_questions(context)
        return
    if list(context.argv) == ["create", "help"]:
        ways = ("ttp create --help", "ttp create -- help")
        raise UsageError('"help" can be a text or a question', *(Hint("try", way) for way in ways))
    options.enable_strict_checks(context, strict=strict)
    _refuse_contradictions(text, file, in_editor=in_editor, dry_run=dry_run)
    _refuse_misplaced_text(context, text, at, thread)
    at = time_within(at, within)
    words, piped = options.read_text(context, text)
    set_ = options.with_no_card(context, set_, no_card=no_card)
    by_option = {"to": to, "media": media, "alt": alt, "thread": thread, "text": text_for, "tag": tag, "set": set_}
    at = "next-slot" if first and at is None else at
    source = options.read_stdin(context, "content") if file == "-" else None
    with _keeping_text(context, None if dry_run else words if piped else source):
        context.out.check_fields(render_post.preview_spec(()) if dry_run else saved_posts_spec())
        if thread == [""] and file is None:  # over a file it empties the thread
            raise UsageError("--thread has no text")
        post_input = _parse_post_input(context, words, by_option, typed, at=at, tz=tz, piped=piped, dry_run=dry_run)
        post_input = replace(post_input, key=key, first=first, **_template_input(template, var, snippet))
        if file is not None:
            post_input = _merge_content_file(context, file, source, post_input)
    if names_every_account(to):
        _refuse_every_account(context, post_input)
    if in_editor:
        from ttp.cli.editor import create_in_editor

        _refuse_template_in_editor(post_input)

        create_in_editor(context, post_input)
        return
    if dry_run:
        preview(context, post_input)
        return
    texts, (saved, draft) = tuple(post_input.variants), (context.posts.find_by_key(post_input), None)
    if saved is None:
        text = source if (source or "").strip() else words if piped else None
        with context.naming_choices(), _keeping_post(context, text, post_input) as kept:
            draft = kept.id if kept else None
            post_input = context.templates.fill_in(post_input, spare=())
            saved = context.posts.create(post_input, _time_of_new(context, post_input, draft), kept)
    accounts = saved.post.accounts
    for name in texts if accounts else ():
        if not any(name in (account, account.partition("/")[0]) for account in accounts):
            context.out.note(f"the post does not go to {name}: the text for it is kept and not used")
    print_saved_post(context, saved, *saved_post_message(context, saved, post_input.tz))


def _refuse_misplaced_text(context: Context, text: str | None, at: str | None, thread: Sequence[str] | None) -> None:
    """Raise UsageError for a text that is a part of the time or of the thread before it."""
    if text is not None and at is not None:
        from ttp.domain.time.grammar import parse_time

        if parse_time(at) is None:
            from ttp.cli.value_checks import refuse_unquoted_time

            refuse_unquoted_time(context.line, text, at)
    words = list(context.argv)
    is_after = text in words and any(word.startswith("--thread") for word in words[: words.index(text)])
    if thread and text != "-" and is_after and is_attended():  # a script's order is what its options say
        from ttp.cli.follow_ups import refuse_reversed_thread

        refuse_reversed_thread(context.line, text)


def _refuse_contradictions(text: str | None, file: str | None, *, in_editor: bool, dry_run: bool) -> None:
    """Raise UsageError for options of `ttp create` that do not go together."""
    if in_editor and dry_run:
        raise UsageError(
            "--dry-run stores nothing, and a text from the editor is always kept", Hint("try", "ttp create -e")
        )
    if text == file == "-":
        raise UsageError("stdin cannot be both the text and the file", Hint("try", "ttp create --file -"))
    if file is not None and file.lower().endswith(MEDIA_SUFFIXES):
        raise UsageError(
            f"--file takes a Markdown file, and {file} is an image or a video",
            Hint("try", "--media", ("--file", "--media")),
        )


def _refuse_every_account(context: Context, post_input: PostInput) -> None:
    """Raise UsageError for all accounts, with those that take the post."""
    from ttp.cli.value_checks import refuse_every_account
    from ttp.domain.post_edit import content_refusal
    from ttp.services.preview import preview_post

    def takes(name: str) -> bool:
        try:
            shown = preview_post(context.posts, replace(post_input, to=(name,)), None)
        except TtpError:
            return False
        return (shown.refused or content_refusal(shown.warnings)) is None

    refuse_every_account(context, post_input.to, takes)


def preview(context: Context, post_input: PostInput) -> None:
    """Show what `ttp create` would store, and store nothing. Raises what `ttp create` would raise, and ContentRefused
    for a draft that could not be scheduled."""
    from ttp.domain.post_edit import content_refusal
    from ttp.services.preview import preview_post, with_factors

    time = None
    if context.posts.find_by_key(post_input) is None:
        post_input = context.templates.fill_in(post_input, spare=())
        time = _time_of_new(context, post_input)
    post_preview = preview_post(context.posts, post_input, time)
    if (refused := post_preview.refused or content_refusal(post_preview.warnings)) is not None:
        if context.out.for_people:
            _print_preview(context, replace(post_preview, refused=refused), time, ())
        raise refused  # does not ask platforms what they offer: that would be recorded
    if time is not None and time.note:
        context.out.note(time.note)
    post_preview = with_factors(post_preview, context.posts, context.optimal, context.times)
    _print_preview(context, post_preview, time, print_warnings(context.out, post_preview.warnings))


def _print_preview(
    context: Context, post_preview: PostPreview, time: ResolvedTime | None, warnings: Sequence[str]
) -> None:
    context.out.write_one(
        render_post.preview_spec(warnings), post_preview, foot=_preview_summary(context, post_preview, time)
    )


def _preview_summary(context: Context, post_preview: PostPreview, time: ResolvedTime | None) -> list[str]:
    post = post_preview.post
    if post_preview.replayed:
        return [f"Post {post.id} was created before with this key."]
    if post_preview.refused is not None:
        return ["This post would be refused."]
    if post.scheduled_at is None:
        return ["This would be a draft. Nothing was stored."]
    return [f"This would be scheduled for {time_text(context, post, time)}.", "Nothing was stored."]


@options.with_output(saved_posts_spec(), check=False, asks=True)
@options.with_field_options
def edit(
    context: Context,
    post_id: options.MaybePostId = None,
    text: options.Text = None,
    to: options.To = None,
    at: options.MaybeAt = None,
    within: options.Within = None,
    tz: options.TimeZone = None,
    media: options.MediaPaths = None,
    add_media: options.AddMedia = None,
    remove_media: options.RemoveMedia = None,
    alt: options.Alts = None,
    thread: options.Threads = None,
    text_for: options.Variants = None,
    tag: options.Tags = None,
    add_tag: Annotated[list[str] | None, option("--add-tag", "A,B", "Tags to add.")] = None,
    remove_tag: Annotated[list[str] | None, option("--remove-tag", "A,B", "Tags to remove.")] = None,
    set_: options.Options = None,
    no_card: options.NoCard = False,
    template: options.TemplateName = None,
    var: options.Variables = None,
    snippet: options.Snippets = None,
    typed: options.FieldValues = options.NO_FIELDS,
    where: options.Where = None,
    replace_link: options.ReplaceLink = None,
    shift: options.Shift = None,
    account: options.ReplaceAccount = None,
    delete: Annotated[bool, flag("--delete", "With --where: delete the posts.")] = False,
    in_editor: options.UseEditor = False,
    strict: options.Strict = False,
    dry_run: options.DryRun = False,
) -> int:
    """Change a post that is not published yet, or many at once.

    Without changes, or with -e, it opens your editor. An option replaces its whole field ('' empties it); --text and
    --set one key (KEY= removes it).

    Examples:
      ttp edit 3
      ttp edit 3 "A better text" --add-tag launch
      ttp edit 3 --shift +2h
      ttp edit --where 'status=scheduled tag=launch' --shift +1d
    """
    at = time_within(at, within)
    set_ = options.with_no_card(context, set_, no_card=no_card)
    by_option = {"to": to, "media": media, "alt": alt, "thread": thread, "text": text_for, "tag": tag, "set": set_}
    if names_every_account(to):
        from ttp.cli.value_checks import refuse_every_account

        refuse_every_account(context, split_list(to))
    options.enable_strict_checks(context, strict=strict)
    many = {
        "--replace-link": replace_link,
        "--shift": shift if where is not None else None,
        "--account": account,
        "--delete": delete or None,
        "--dry-run": dry_run or None,
    }
    tags = options.split_list(add_tag) or (), options.split_list(remove_tag) or ()
    others = [add_media, remove_media, template, var, snippet, *typed.values(), *by_option.values()]
    if _for_many(context, post_id, where, many, [text, at, tz, in_editor or None, *others]):
        from ttp.cli.commands.bulk_edit import BulkOptions, edit_many

        change = BulkOptions(replace_link, shift, account, *tags, delete=delete)
        return edit_many(context, where or "", change, dry_run=dry_run)
    assert post_id is not None
    _refuse_misplaced_text(context, text, at, thread)
    words, piped = options.read_text(context, text)
    if not any(tags) and all(value is None for value in (words, at, shift, *others)):
        in_editor = in_editor or _may_ask_for_changes(context, post_id)
    texts = words if piped else "\n\n".join(context.line.long_texts) if _is_kept(context) else None
    with context.naming_choices(), context.drafts.keep_text_on_error(texts, edits=True):
        context.out.check_fields(saved_posts_spec())
        if shift is not None:
            from ttp.cli.commands.bulk_edit import shifted_time

            at, tz = shifted_time(context, post_id, shift, at, tz), None
        post_input = _parse_post_input(
            context, words, by_option, typed, at=at, tz=tz, piped=piped and in_editor, may_empty=True
        )
        post_input = replace(post_input, add_tags=tags[0], remove_tags=tags[1])
        post_input = replace(post_input, add_media=tuple(add_media or ()), remove_media=tuple(remove_media or ()))
        post_input = replace(post_input, **_template_input(template, var, snippet))
        if in_editor:
            _refuse_template_in_editor(post_input)
        saved = None if in_editor else _edit_now(context, post_id, post_input)
    if saved is None:
        from ttp.cli.editor import edit_in_editor

        edit_in_editor(context, post_id, post_input)
    else:
        message = f"Changed post {post_id}." if at is None else scheduled_text(context, saved.post, saved.time)
        print_saved_post(context, saved, message, timed=at is not None)
    return DONE


def _may_ask_for_changes(context: Context, post_id: int) -> bool:
    """Return True if an edit without changes can open the editor. UsageError if not."""
    if context.no_input or not is_interactive():
        raise UsageError(
            "nothing to change", Hint("try", f"ttp edit {post_id} 'A better text'"), Hint("see", "ttp edit --help")
        )
    return True


def _edit_now(context: Context, post_id: int, post_input: PostInput) -> SavedPost:
    """Change a post, and import what times need only if it gets one."""
    time = (
        None
        if post_input.at is post_input.tz is None
        else context.posts.time_of_edit(context.times, post_id, post_input)
    )
    return context.posts.edit(post_id, post_input, time)


def _template_input(
    template: str | None, variables: Sequence[str] | None, snippets: Sequence[str] | None
) -> dict[str, Any]:
    """Return the fields of a `PostInput` for a template, its variables, and snippets. UsageError."""
    return {"template": template, "vars": parse_pairs(variables, "--var"), "snippets": tuple(snippets or ())}


def _refuse_template_in_editor(post_input: PostInput) -> None:
    if post_input.template or post_input.vars or post_input.snippets:
        raise UsageError("a template makes the texts, and so does the editor: create the post first, then edit it")


def _for_many(
    context: Context, post_id: int | None, where: str | None, many: Mapping[str, object], one: Sequence[object]
) -> bool:
    """Return whether an edit is for the posts that --where names. UsageError for options that do not fit."""
    if where is None:
        if post_id is None:
            raise UsageError(
                "name the post to change, or several with --where",
                Hint("try", "ttp edit ID"),
                Hint("try", "ttp edit --where status=scheduled --shift +1d"),
            )
        for option, value in many.items():
            if value is not None:
                from ttp.cli.commands.bulk_edit import need_of_where

                raise need_of_where(post_id, option, str(value))
        return False
    if post_id is not None or any(value is not None for value in one):
        raise UsageError(
            "--where takes only --replace-link, --shift, --account, --add-tag, --remove-tag and --delete",
            Hint("see", "ttp edit --help"),
        )
    return True


@options.with_output(saved_posts_spec())
def copy(context: Context, post_id: options.PostId) -> None:
    """Copy a post to a new draft.

    The draft has its text, accounts, media, tags and options, and no time.

    Examples:
      ttp copy 38
      ttp copy 38 -q | xargs ttp edit -e
    """
    from ttp.services.new_posts import copy_post

    saved = copy_post(context.posts, post_id)
    message = f"Copied post {post_id} to draft {saved.post.id}.  Change it:  ttp edit {saved.post.id}"
    context.out.write_one(saved_posts_spec(), saved.post, say=[message])


@options.with_output(render_posts.DELETED_SPEC, check=False, verbose=True, asks=True)
def delete(
    context: Context,
    post_ids: options.PostIds,
    remote: Annotated[bool, flag("--remote", "Also delete it from the platforms that allow this.")] = False,
) -> int:
    """Delete posts.

    Published posts stay published, unless --remote deletes them from the platforms too. That asks first, or needs
    --yes. ttp undo brings back what was deleted in ttp. Many posts: ttp edit --where status=draft --delete.

    Examples:
      ttp delete 41
      ttp delete 41 42 50-55 --yes
      ttp delete 41 --remote
    """
    if remote:
        from ttp.cli.commands.remote_delete import delete_remote

        return delete_remote(context, post_ids)
    context.out.check_fields(render_posts.DELETED_SPEC)
    ids = options.existing_ids(context, post_ids)
    several = f"deleting {len(ids)} posts" if len(ids) != 1 else ""
    if not context.confirm(f"Delete {name_posts(ids)}?", refusal=several):
        return FAILED
    posts = context.posts.delete(ids)
    gone = [post.id or 0 for post in posts]
    context.out.write_list(render_posts.DELETED_SPEC, gone, say=[f"Deleted {name_posts(gone)}.  Undo:  ttp undo"])
    for post in posts:
        for url in post.live:
            context.out.note(f"post {post.id} stays published: {url}")
    for repeat_id, post_id in context.queries.repeats_of(gone):
        context.out.note(
            f"repeat {repeat_id} creates no more posts, because it repeated post {post_id}; its other posts are kept"
        )
    return DONE


def _time_of_new(context: Context, post_input: PostInput, draft: int | None = None) -> ResolvedTime | None:
    """Return the time of a new post, and import what times need only if it has one."""
    is_timeless = post_input.at is post_input.tz is None
    return None if is_timeless else context.posts.time_of_new(context.times, post_input, draft)


def _merge_content_file(context: Context, path: str, text: str | None, typed: PostInput) -> PostInput:
    """Return the input of a content file, or of its `text` on stdin, overridden by what was typed. UsageError."""
    file_input = _file_input(context, path, options.read_file(context, path, "content") if text is None else text)
    merged = {name: {**getattr(file_input, name), **getattr(typed, name)} for name in ("variants", "options", "vars")}
    return replace(file_input, **typed.given_fields() | merged)


def _file_input(context: Context, path: str, text: str) -> PostInput:
    from ttp.cli.render.changes import refused_rows_error
    from ttp.domain.media.item import KEPT
    from ttp.domain.media.place import split_name
    from ttp.services.attachments.media import read_texts, resolve_in_folder
    from ttp.services.files import markdown
    from ttp.services.files.fields import parse_entry

    entry = parse_entry(
        path, markdown.parse_file(text, context.platforms) or {"content": text.strip("\n")}, context.platforms
    )
    if entry.faults:
        raise refused_rows_error(
            f"{path} is not a valid post", [(path, fault) for fault in entry.faults], in_json=False
        )
    if entry.ended:
        raise UsageError(f"{path} is a post that was already published", Hint("see", "ttp list"))
    typed = entry.typed
    folder = Path(path).parent

    def inside(typed: str) -> str:
        name = split_name(typed, context.platforms)
        is_elsewhere = is_web_address(name.name) or name.name.startswith(KEPT)
        return str(name if is_elsewhere else name._replace(name=str(resolve_in_folder(folder, name.name))))

    media = [inside(name) for name in typed.media or ()]
    # Fields that the file lacks are not given: an empty list would mean to empty them.
    return replace(
        typed,
        media=tuple(media) or None,
        captions=read_texts(typed, folder).captions or None,
        thumbnails=tuple(name and inside(name) for name in typed.thumbnails or ()) or None,
        alts=typed.alts or None,
        focus=typed.focus or None,
        tags=typed.tags or None,
        to=typed.to or None,
    )


def _parse_post_input(
    context: Context,
    text: str | None,
    by_option: Mapping[str, list[str] | None],
    typed: options.FieldValues,
    *,
    at: str | None,
    tz: str | None,
    piped: bool = False,
    may_empty: bool = False,
    dry_run: bool = False,
) -> PostInput:
    """Parse what was typed; `by_option`: options by name. UsageError. `may_empty`: `--set NAME=` removes an option.
    `dry_run`: nothing is asked for and stored."""
    from ttp.domain.post_edit import PostInput, parse_plain

    plain = parse_plain(typed)
    media, alts, thread = by_option["media"], by_option["alt"], by_option["thread"]
    to = split_list(by_option["to"])
    if plain["utm"] and not dry_run:
        from ttp.cli.own_hosts import ask_own_hosts

        ask_own_hosts(context, text or "")
    return PostInput(
        text=text,
        kept=piped and not dry_run,
        to=to,
        at=at,
        tz=tz,
        media=None if media is None else tuple(media),
        alts=None if alts is None else tuple(alts),
        thread=None if thread is None else () if thread == [""] else tuple(thread),
        tags=split_list(by_option["tag"]),
        variants=_parse_variants(context, by_option["text"], text),
        options=parse_platform_options(context, by_option["set"], accounts=to or (), may_empty=may_empty),
        **plain,
    )


def _parse_variants(context: Context, texts: Sequence[str] | None, text: str | None) -> dict[str, str]:
    if texts and len(texts) == 1 and texts[0] and text is None and "=" not in texts[0] and not texts[0].startswith("-"):
        # Most likely the post's text, which has no option.
        words = retype(context.line, other_options(text=None)), quote_command(texts[0])
        ways = [] if context.line.has_long_text else [Hint("try", " ".join(words))]
        raise UsageError(f'--text "{texts[0]}" has no "="', *ways, Hint("see", "--text KEY=TEXT"))
    return parse_pairs(texts, "--text")


def _keeping_post(context: Context, text: str | None, post_input: PostInput) -> AbstractContextManager[Post | None]:
    """Keep a post as a draft if the block fails: of a `text` from stdin always, of a long one that was typed for a
    person on a terminal. A program has its text."""
    if text:
        return context.drafts.save_first(text, post_input)
    return context.drafts.keep_on_error(post_input) if _is_kept(context) else nullcontext()


def _is_kept(context: Context) -> bool:
    """Return whether what was typed is kept if it is refused: a person would have to type a long text again."""
    return context.line.has_long_text and context.out.for_people and is_attended()


def _keeping_text(context: Context, text: str | None) -> AbstractContextManager[None]:
    """Save a text, if any, as a draft if the block fails."""
    return context.drafts.keep_text_on_error(text) if text else nullcontext()
