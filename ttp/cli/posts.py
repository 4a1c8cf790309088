"""What the commands that write posts share, and `ttp delete`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

from ttp.cli import views
from ttp.cli.ask import confirmed
from ttp.cli.context import context
from ttp.cli.declared import Option
from ttp.cli.exit_codes import DONE
from ttp.cli.output import Output
from ttp.cli.params import (
    NoInput,
    PostIds,
    Yes,
    calling,
    ids_of,
    read_duration,
    read_options,
    read_pairs,
    split_list,
)
from ttp.cli.times import Times, note_if_nothing_runs, note_if_unapproved, quoted, waiting
from ttp.domain.errors import ContentRefused, Hint, Problem, TtpError

if TYPE_CHECKING:
    from ttp.services.book import Saved
    from ttp.services.drafting import Typed


@calling
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
    out.records(views.DELETED, gone, say=[f"Deleted {_few(gone)}.  Take it back:  ttp undo"])
    for post in posts:
        for url in post.live:
            out.note(f"post {post.id} stays published: {url}")
    for repeat_id, post_id in context().posts.repeats_of(gone):
        out.note(f"repeat {repeat_id} makes no more posts, for it was of post {post_id}; those that it made stay")
    return DONE


def given_options(**values: list[str] | str | None) -> dict[str, list[str] | str | None]:
    """Options by their flag, as typed."""
    flags = {"text_for": "--text", "set_": "--set", "max_late": "--max-late"}
    return {flags.get(name, f"--{name}"): value for name, value in values.items()}


def read_typed(
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


def answer(out: Output, saved: Saved, times: Times, *said: str, timed: bool = True) -> None:
    """Print a post that was written, after what there is to say of it."""
    times.notes(out)
    warnings = [*warn(out, saved.warnings), *times.made_room(out, saved.moved)]
    if timed and saved.post.scheduled_at is not None and not saved.replayed:
        warnings += note_if_nothing_runs(out)
    warnings += note_if_unapproved(out, waiting([saved.post]))
    try:
        out.record(views.changed(warnings, replayed=saved.replayed), saved.post, say=said)
    except TtpError as error:  # a full disk behind stdout: whoever tries again must know
        raise TtpError(error.message, Hint(f"post {saved.post.id} is stored", f"ttp show {saved.post.id}")) from None


def warn(out: Output, problems: Sequence[Problem]) -> list[str]:
    """Notes on stderr for what does not refuse; the same for JSON's `warnings`."""
    said = [problem.message for problem in problems]
    for problem in problems:
        command = problem.hint if (problem.hint or "").startswith("ttp ") else None
        out.note(problem.message + (f"\n{command}" if command else ""))
    return said


def _few(ids: Sequence[int]) -> str:
    if len(ids) == 1:
        return f"post {ids[0]}"
    return "posts " + " ".join(str(i) for i in ids[:8]) + (" …" if len(ids) > 8 else "")
