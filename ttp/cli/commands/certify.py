"""`ttp certify`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ttp.cli.context import Context
from ttp.cli.errors import DONE, FAILED, PARTIAL
from ttp.cli.options import AccountName, split_list, with_output
from ttp.cli.parameters import flag, option
from ttp.cli.render.labels import plural
from ttp.cli.render.page import Cell, Column, Page, Style, table_of
from ttp.cli.render.spec import OutputSpec
from ttp.cli.terminal import escape_line
from ttp.domain.errors import Hint, NotFound, UsageError
from ttp.views.certification import CERTIFIED_FIELDS, ReportHead, certified_json

if TYPE_CHECKING:
    from ttp.publisher.certification import CertificationPlan, CertifiedPost


_STYLES: dict[str, Style] = {"verified": "green", "skipped": "dim"}


def render_results(results: Sequence[CertifiedPost], page: Page) -> Iterator[str]:
    yield from table_of(
        results,
        page,
        (Column("KIND"), lambda one: one.kind),
        (Column("OUTCOME"), lambda one: Cell(one.outcome.replace("_", " "), _STYLES.get(one.outcome, "red"))),
        (Column("LOOK-UP"), lambda one: one.look_up or "-"),
        (Column("DELETED"), _yes_or_no),
        (Column("DETAIL"), lambda one: escape_line(one.message or one.url or " ".join(one.remote_ids))),
        wrapped=True,
    )


CERTIFIED_SPEC: OutputSpec[CertifiedPost] = OutputSpec(
    CERTIFIED_FIELDS, ("kind", "outcome", "lookUp", "deleted", "remoteIds"), certified_json, render_results
)


def report_lines(head: ReportHead, results: Sequence[CertifiedPost]) -> Iterator[str]:
    """Yield the lines of the report as a Markdown page, without the account's name."""
    values = head.as_json()
    server = f" ({head.software})" if head.software else ""
    yield f"# ttp with {head.title}{server}\n\n"
    yield f"{values['date']}, ttp {values['ttp']}, Python {values['python']}, {values['system']}\n\n"
    yield "| kind | outcome | look-up | deleted | seconds | id | remark |\n|---|---|---|---|--:|---|---|\n"
    for one in results:
        row = certified_json(one)
        cells = (
            one.kind,
            one.outcome,
            one.look_up,
            _yes_or_no(one),
            row["tookS"],
            " ".join(one.remote_ids),
            one.message,
        )
        yield "| " + " | ".join(_cell(value) for value in cells) + " |\n"


def _cell(value: object) -> str:
    return "" if value is None else escape_line(str(value)).replace("|", "\\|")


def _yes_or_no(one: CertifiedPost) -> str:
    return "-" if one.deleted is None else "yes" if one.deleted else "no"


@with_output(CERTIFIED_SPEC, verbose=True, asks=True)
def certify(
    context: Context,
    name: AccountName,
    only: Annotated[list[str] | None, option("--only", "KIND,KIND", "Only these kinds.")] = None,
    keep: Annotated[bool, flag("--keep", "Keep the posts on the platform.")] = False,
    report: Annotated[str | None, option("--report", "FILE", "Write a report to share, in Markdown.")] = None,
) -> int:
    """Publish a post of each kind to a throw-away account, and report how it went.

    It publishes a text, an image, a video, a thread and what else the platform has, looks each post up, and deletes it
    where the platform lets apps delete. Followers of the account see the posts meanwhile, so use an account made for
    tests. It shows what it would do and what that costs, and asks; without a terminal it needs --yes. Exit code 6 if
    some kind is not verified.

    Examples:
      ttp certify x/test
      ttp certify x/test --only text,thread --report x.md
      ttp certify x/test --keep --yes --json
    """
    from ttp.cli.commands.run import PublishReport
    from ttp.publisher.certification import Certification
    from ttp.publisher.loop import Mode
    from ttp.sandbox.files import CLIP, PHOTO
    from ttp.store.home import output_file

    account = context.queries.account(name)
    facts = context.platforms.facts(account.platform)
    head = ReportHead(context.now(), account.name, facts.title, facts.server_software(account))
    to = None if report is None else _new_file(context, report)
    context.publisher.refuse_elsewhere()
    certification = Certification(context.posts, context.publishing, context.remote_delete, context.publisher)
    plan = certification.plan(account, PHOTO, CLIP, split_list(only) or ())
    for post in plan.posts:
        if post.refused is not None:
            context.out.note(f"{post.kind.name} is left out: {post.refused.message}")
    refusal = f"publishing {plural(len(plan.possible), 'post')} to {account.name}{_price(plan)}"
    if not context.confirm(_question(plan, keep=keep), refusal=refusal):
        return FAILED
    progress = PublishReport(context, Mode.PUBLISH)
    results, signal = certification.run(plan, progress.tell, keep=keep)
    spec = replace(CERTIFIED_SPEC, to_document=lambda rows: {**head.as_json(), "results": rows})
    context.out.write_list(spec, results)
    if to is not None:
        output_file.write(to, report_lines(head, results), context.own_files, over=False, typed=report)
    if not keep:
        _note_left(context, plan, results)
    if signal is not None:
        return 128 + signal
    good = all(
        (one.outcome in ("verified", "skipped") or one.look_up == "none") and one.deleted is not False
        for one in results
    )
    return DONE if good else PARTIAL


def _new_file(context: Context, typed: str) -> Path:
    """Return the path of a report. Raise UsageError or NotFound, before anything is published, if it cannot be one."""
    from ttp.store.home.files import expand_user

    path = expand_user(typed)
    context.own_files.refuse(path, typed)
    if path.exists():
        raise UsageError(f"{path} is there already", Hint("fix", f"rm {shlex.quote(typed)}"))
    if not path.parent.is_dir():
        raise NotFound(f"no folder {path.parent}", Hint("fix", f"mkdir -p {shlex.quote(str(path.parent))}"))
    return path


def _note_left(context: Context, plan: CertificationPlan, results: Sequence[CertifiedPost]) -> None:
    """Print a note about posts that stay on the platform, and why."""
    live = [one for one in results if one.outcome in ("verified", "published") and one.deleted is None]
    if live:
        why = plan.cannot_delete or live[0].message or "ttp was interrupted"
        context.out.note(f"{plural(len(live), 'post')} stay{'s' * (len(live) == 1)} on {plan.account.name}: {why}")


def _question(plan: CertificationPlan, *, keep: bool) -> str:
    kinds = ", ".join(post.kind.name for post in plan.possible)
    count = plural(len(plan.possible), "post")
    end = "deletes them"
    if keep:
        end = "keeps them there (--keep)"
    elif plan.cannot_delete is not None:
        end = f"leaves them there: {plan.cannot_delete}"
    return f"This publishes {count} to {plan.account.name} ({kinds}), looks them up, and {end}{_price(plan)}.\nGo on?"


def _price(plan: CertificationPlan) -> str:
    from ttp.domain.pricing import dollars

    return "" if not plan.price else f" (it costs {dollars(plan.price)})"
