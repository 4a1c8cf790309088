"""`ttp edit`: one post, from the command line, stdin or an editor; or many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ttp.cli.context import Context
from ttp.cli.hints import option_words
from ttp.cli.notices import print_saved_post
from ttp.cli.options import (
    Alts,
    DryRun,
    InEditor,
    Instead,
    MaxLate,
    MaybeAt,
    MaybePostId,
    MediaPaths,
    NoInput,
    Options,
    ReplaceLink,
    Shift,
    Strict,
    Tags,
    Text,
    Threads,
    To,
    Tz,
    Variants,
    Where,
    Yes,
    guarded,
    read_text,
    with_output,
)
from ttp.cli.post_input import given_options, offering, read_typed
from ttp.cli.render import posts as posts_module
from ttp.cli.times import TimeCommand, scheduled_text
from ttp.domain.errors import Hint, UsageError


@with_output()
def edit(
    context: Context,
    post_id: MaybePostId = None,
    text: Text = None,
    to: To = None,
    at: MaybeAt = None,
    tz: Tz = None,
    media: MediaPaths = None,
    alt: Alts = None,
    thread: Threads = None,
    text_for: Variants = None,
    tag: Tags = None,
    set_: Options = None,
    max_late: MaxLate = None,
    where: Where = None,
    replace_link: ReplaceLink = None,
    shift: Shift = None,
    account: Instead = None,
    in_editor: InEditor = False,
    strict: Strict = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    no_input: NoInput = False,
) -> None:
    """Change a post that is not published yet, or many at once.

    --to, --media, --alt, --thread and --tag replace the whole field ('' empties it); --text and --set replace the named
    key (KEY= takes it away).

    -e opens your editor on a file with the post as it is.

    --where takes the filters of ttp list instead of an ID, for --replace-link, --shift and --account: it shows what
    would change, asks (elsewhere --yes or --dry-run is needed), and changes all of it or nothing.

    Example: ttp edit --where 'status=scheduled tag=launch' --shift +1d
    """
    given = given_options(
        to=to, media=media, alt=alt, thread=thread, text_for=text_for, tag=tag, set_=set_, max_late=max_late
    )
    guarded(context, strict=strict)
    many = {"--replace-link": replace_link, "--shift": shift, "--account": account, "--dry-run": dry_run or None}
    if _for_many(post_id, where, many, [text, at, tz, in_editor or None, *given.values()]):
        from ttp.cli.commands.bulk_edit import edit_many

        edit_many(
            context,
            where or "",
            replace_link=replace_link,
            shift=shift,
            account=account,
            dry_run=dry_run,
            yes=yes,
            no_input=no_input,
        )
        return
    assert post_id is not None
    words, piped = read_text(context, text)
    if in_editor:
        from ttp.cli.editor import edit_in_editor

        with context.drafts.keep_text_on_error(words if piped else None):
            context.out.expect(posts_module.saved_posts_spec())
            wish = read_typed(context, words, given, at=at, tz=tz, piped=piped, may_empty=True)
        edit_in_editor(context, post_id, wish)
        return
    if words is None and at is None and not any(value is not None for value in given.values()):
        raise UsageError("nothing to change", Hint("usage", "ttp edit --help"))
    command = TimeCommand(context, ["ttp", "edit", str(post_id)], tz, text, option_words(given))
    with offering(context), context.drafts.keep_text_on_error(words if piped else None):
        context.out.expect(posts_module.saved_posts_spec())
        wanted = read_typed(context, words, given, at=at, tz=tz, may_empty=True)
        saved = context.posts.edit(post_id, wanted, command.time_of_edit(post_id, wanted))
    said = f"Changed post {post_id}." if at is None else scheduled_text(context, saved.post, saved.time)
    print_saved_post(context, saved, command, said, timed=at is not None)


def _for_many(post_id: int | None, where: str | None, many: Mapping[str, object], one: Sequence[object]) -> bool:
    """Whether an edit is for all posts that --where names. UsageError where it is neither that nor for one post."""
    if where is None:
        if post_id is None:
            raise UsageError(
                "which post is to change is not said",
                Hint("name it", "ttp edit ID"),
                Hint("or many", "ttp edit --where status=scheduled --shift +1d"),
            )
        for option in (name for name, value in many.items() if value is not None):
            raise UsageError(f"{option} is for many posts", Hint("name them", f"ttp edit --where 'key=…' {option} …"))
        return False
    if post_id is not None or any(value is not None for value in one):
        raise UsageError(
            "--where goes with --replace-link, --shift and --account alone", Hint("usage", "ttp edit --help")
        )
    return True
