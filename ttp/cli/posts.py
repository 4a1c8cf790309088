"""`ttp create`, `edit`, `delete`: what is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from ttp.cli import views
from ttp.cli.ask import confirmed
from ttp.cli.context import context
from ttp.cli.declared import Option
from ttp.cli.exit_codes import DONE
from ttp.cli.output import Output
from ttp.cli.params import (
    Alts,
    DryRun,
    First,
    Instead,
    MaxLate,
    MaybeAt,
    MaybePostId,
    MediaPaths,
    NoInput,
    Options,
    PostIds,
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
    ids_of,
    printing,
    read_duration,
    read_options,
    read_pairs,
    read_text,
    split_list,
)
from ttp.cli.times import Times, note_if_nothing_runs, note_if_unapproved, quoted, scheduled, typed, waiting
from ttp.domain.errors import ContentRefused, Hint, Problem, UsageError

if TYPE_CHECKING:
    from ttp.services.book import Saved
    from ttp.services.drafting import Typed


@printing
def create(
    out: Output,
    text: Text = None,
    to: To = None,
    at: MaybeAt = None,
    first: First = False,
    tz: Tz = None,
    media: MediaPaths = None,
    alt: Alts = None,
    thread: Threads = None,
    text_for: Variants = None,
    tag: Tags = None,
    set_: Options = None,
    key: Annotated[str | None, Option("--key", metavar="KEY", help="The same key again makes no second post.")] = None,
    max_late: MaxLate = None,
    file: Annotated[
        str | None, Option("--file", metavar="F.md", help="A Markdown file with front matter; options win.")
    ] = None,
    strict: Strict = False,
) -> None:
    """Write a post: a draft without a time, scheduled with one.

    Example: ttp create "Hello" --to x/me,ig/shop --media photo.jpg --at 'tomorrow 9am'
    """
    guarded(strict)
    posts = context().posts
    words, piped = read_text(text)
    given = _given(to=to, media=media, alt=alt, thread=thread, text_for=text_for, tag=tag, set_=set_, max_late=max_late)
    if first and at is None:
        at = "next-slot"
    with posts.rescuing(words if piped else None):
        out.expect(views.changed())
        wish = replace(_typed(words, given, piped=piped, at=at, tz=tz, key=key), first=first)
        if file is not None:
            from ttp.cli.content_given import with_file

            wish = with_file(file, wish)
    times = Times(["ttp", "create", *typed({"--file": file, "--key": key})], wish.tz, text, typed(given), first)
    with offering():
        saved = posts.create(wish, times.read)
    _answer(out, saved, times, *_created(out, saved, times))


@printing
def edit(
    out: Output,
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
    strict: Strict = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    no_input: NoInput = False,
) -> None:
    """Change a post that is not published yet, or many at once.

    --to, --media, --alt, --thread and --tag replace the whole field ('' empties it); --text and --set replace the named
    key (KEY= takes it away).

    --where takes the filters of ttp list instead of an ID, for --replace-link, --shift and --account: it shows what
    would change, asks (elsewhere --yes or --dry-run is needed), and changes all of it or nothing.

    Example: ttp edit --where 'status=scheduled tag=launch' --shift +1d
    """
    given = _given(to=to, media=media, alt=alt, thread=thread, text_for=text_for, tag=tag, set_=set_, max_late=max_late)
    guarded(strict)
    many = {"--replace-link": replace_link, "--shift": shift, "--account": account, "--dry-run": dry_run or None}
    if _for_many(post_id, where, many, [text, at, tz, *given.values()]):
        from ttp.cli.bulk_editing import edit_many

        edit_many(
            out,
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
    posts = context().posts
    words, piped = read_text(text)
    if words is None and at is None and not any(value is not None for value in given.values()):
        raise UsageError("nothing to change", Hint("usage", "ttp edit --help"))
    times = Times(["ttp", "edit", str(post_id)], tz, text, typed(given))
    with offering(), posts.rescuing(words if piped else None):
        out.expect(views.changed())
        saved = posts.edit(post_id, _typed(words, given, at=at, tz=tz, may_empty=True), times.read)
    said = f"Changed post {post_id}." if at is None else scheduled(saved.post, times)
    _answer(out, saved, times, said, timed=at is not None)


@printing
def delete(
    out: Output,
    post_ids: PostIds,
    remote: Annotated[
        bool, Option("--remote", help="Also remove what is published: from X, and Instagram by Facebook Login.")
    ] = False,
    yes: Yes = False,
    no_input: NoInput = False,
) -> int:
    """Take posts off the lists.

    Before they fire, or after they have ended; what was published stays published, unless --remote removes it from the
    platforms too. That asks first, or needs --yes.

    Example: ttp delete 41 42 --yes
    """
    if remote:
        from ttp.cli.removal import remove

        return remove(out, post_ids, yes=yes, no_input=no_input)
    out.expect(views.DELETED)
    ids = ids_of(post_ids)
    several = f"{len(ids)} posts would be deleted"
    if not confirmed(
        out,
        f"Delete {_few(ids)}?",
        yes=yes or len(ids) == 1,
        ask_anyway=not yes,
        no_input=no_input,
        refusal=several,
        again=quoted("ttp", "delete", *post_ids, "--yes"),
    ):
        return DONE
    posts = context().posts.delete(ids)
    gone = [post.id or 0 for post in posts]
    out.records(views.DELETED, gone, say=[f"Deleted {_few(gone)}."])
    for post in posts:
        for url in post.live:
            out.note(f"post {post.id} stays published: {url}")
    return DONE


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


def _given(**values: list[str] | str | None) -> dict[str, list[str] | str | None]:
    """Options by their flag, as typed."""
    flags = {"text_for": "--text", "set_": "--set", "max_late": "--max-late"}
    return {flags.get(name, f"--{name}"): value for name, value in values.items()}


def _typed(
    text: str | None,
    given: Mapping[str, list[str] | str | None],
    *,
    at: str | None,
    tz: str | None,
    piped: bool = False,
    key: str | None = None,
    may_empty: bool = False,
) -> Typed:
    """What was typed, read. UsageError for what cannot be. `may_empty`: an option may be taken away."""
    from ttp.services.drafting import Typed

    def several(flag: str) -> list[str] | None:
        value = given[flag]
        return value if isinstance(value, list) else None

    late = given["--max-late"]
    lateness = read_duration(late if isinstance(late, str) else None)
    media, alts, thread = several("--media"), several("--alt"), several("--thread")
    return Typed(
        text=text,
        kept=piped,
        to=split_list(several("--to")),
        at=at,
        tz=tz,
        media=None if media is None else tuple(media),
        alts=None if alts is None else tuple(alts),
        thread=None if thread is None else () if thread == [""] else tuple(thread),
        tags=split_list(several("--tag")),
        variants=read_pairs(several("--text"), "--text"),
        options=read_options(several("--set"), may_empty=may_empty),
        max_lateness_s=None if lateness is None else lateness.total_seconds(),
        key=key,
    )


@contextmanager
def offering() -> Iterator[None]:
    """A refusal of the block names what the platform offers the account now, where that can be asked."""
    try:
        yield
    except ContentRefused as refused:
        raise context().offers.told(refused) from None


def _answer(out: Output, saved: Saved, times: Times, *said: str, timed: bool = True) -> None:
    """Print a post that was written, after what there is to say of it."""
    times.notes(out)
    warnings = [*warn(out, saved.warnings), *times.made_room(out, saved.moved)]
    if timed and saved.post.scheduled_at is not None and not saved.replayed:
        warnings += note_if_nothing_runs(out)
    warnings += note_if_unapproved(out, waiting([saved.post]))
    out.record(views.changed(warnings, replayed=saved.replayed), saved.post, say=said)


def warn(out: Output, problems: Sequence[Problem]) -> list[str]:
    """Notes on stderr for what does not refuse; the same for JSON's `warnings`."""
    said = [problem.message for problem in problems]
    for problem in problems:
        out.note(problem.message + (f"\n{problem.hint}" if problem.hint else ""))
    return said


def _created(out: Output, saved: Saved, times: Times) -> list[str]:
    """What was made, and of a draft how it gets a time: at its accounts' best free slot, where one is known."""
    post = saved.post
    if saved.replayed:
        return [f"Post {post.id} was made before with this key."]
    if post.scheduled_at is not None:
        return [scheduled(post, times)]
    slot = times.suggested(post.accounts) if out.for_people else None
    if slot is None:
        return [f"Saved draft {post.id}.  Give it a time:  ttp schedule {post.id} --at 'tomorrow 9am'"]
    return [f"Saved draft {post.id}.", f"Best free slot: {slot}.  Take it:  ttp schedule {post.id} --at optimal"]


def _few(ids: Sequence[int]) -> str:
    if len(ids) == 1:
        return f"post {ids[0]}"
    return "posts " + " ".join(str(i) for i in ids[:8]) + (" …" if len(ids) > 8 else "")
