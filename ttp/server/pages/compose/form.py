"""The page with the form of a post: what it shows of the typed fields, what is wrong with them, and what repairs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any, TypeAlias

from starlette.responses import Response

from ttp.domain.account import Account
from ttp.domain.action import OtherOptions, WayOut, other_options
from ttp.domain.comments import takes_comments
from ttp.domain.errors import Hint, Problem, Stale, TimeRefused, TtpError, UsageError
from ttp.domain.recurrence import Recurrence, end_of_day
from ttp.domain.time.resolve import ResolvedTime
from ttp.domain.time.slot_parser import parse_rule
from ttp.server.guard import MOST_UPLOAD_BYTES
from ttp.server.pages.compose.composition import Composition, composition_of
from ttp.server.pages.compose.text import TextUse, count_text, empty_use
from ttp.server.pages.compose.times import NOW, SUGGESTED, TimeChoice, short_time, time_choice
from ttp.server.pages.visit import Visit
from ttp.server.services import RequestServices
from ttp.services.preview import PostPreview, preview_post, with_factors
from ttp.views.factors import factor_words

FIELDS = {
    "content": ("Text", "content"),
    "thread": ("Thread", "part2"),
    "variants": ("Own text", "own1"),
    "media": ("Pictures and videos", "files"),
    "accounts": ("Where", "accounts"),
    "at": ("When", "at"),
    "repeat": ("Repeat", "repeat"),
    "template": ("Template", "template"),
    "options": ("Options", "options"),
    "comment": ("First comment", "comment"),
}
"""The fields that errors name, in the order of the form: the label, and the id of the element that a link leads to."""
_NOT_SENT = {"schedule": "Not scheduled yet", "save": "Not saved yet"}
_NOT_DONE = {
    **_NOT_SENT,
    "draft": "Not saved",
    "optimal": "No hour was found",
    "next-slot": "No slot was found",
    "fill": "Not filled in",
    "split": "Not split",
}
MOST_ALIKE = 3
"""Up to this many accounts of a network have a line of their own for the same problem."""
_Proposals: TypeAlias = tuple[Problem, Sequence[WayOut]]
"""What is wrong, and what the refusal proposes."""
_TOO_LONG = ("text_too_long", "text_unsplittable")


@dataclass(frozen=True, slots=True)
class FormRepair:
    """A button that repairs a refusal. `action`: of the form, such as `at:tomorrow 9am`."""

    label: str
    action: str


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with a field, in words, and what repairs it."""

    message: str
    repairs: tuple[FormRepair, ...] = ()

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class AccountToggle:
    """An account to choose. `why`: what keeps it from publishing, in words."""

    account: Account
    why: str


@dataclass(frozen=True, slots=True)
class AccountGroup:
    """The accounts of a network; without a title, those of networks with one account."""

    title: str
    choices: tuple[AccountToggle, ...]


@dataclass(frozen=True, slots=True)
class TextCheck:
    """The preview of what is typed; None without text and media, or where it is `refused`."""

    preview: PostPreview | None = None
    refused: TtpError | None = None
    problems: Sequence[Problem] = ()
    use: TextUse = field(default_factory=TextUse)

    @property
    def values(self) -> dict[str, Any]:
        """The values for templates."""
        versions = self.preview.versions if self.preview else ()
        lines = {one.account: list(map(factor_words, one.factors)) for one in versions}
        names = ("preview", "refused", "problems", "use")
        return {**{name: getattr(self, name) for name in names}, "lines": lines}


def writing_services(visit: Visit, *, expected: int | None = None) -> RequestServices:
    return visit.services("schedule" if visit.may("schedule") else "create", expected=expected)


def check_text(visit: Visit, typed: Composition) -> TextCheck:
    platforms = visit.installation.platforms
    if typed.is_empty:
        accounts = [one for one in visit.accounts if one.name in typed.accounts]
        return TextCheck(use=empty_use(accounts, platforms))
    try:
        services = writing_services(visit)
        preview = preview_post(services.posts, typed.as_input(platforms), None, with_cards=False)
        preview = with_factors(preview, services.posts, services.optimal, services.times)
        problems = preview.refused.problems if preview.refused else preview.warnings
        return TextCheck(preview, None, problems, count_text(typed, preview, services, platforms))
    except TtpError as error:
        return TextCheck(refused=error)


def time_of(services: RequestServices, accounts: Sequence[Account], typed: Composition) -> ResolvedTime:
    """Return the time of a form. Raise TimeRefused, or UsageError if no slot or hour is free."""
    if not typed.at:
        raise TimeRefused("give a time, or save it as a draft")
    if typed.other_at:
        ways = (Hint("try", other_options(at=at)) for at in (typed.at, typed.other_at))
        raise TimeRefused(f"two times are given, {typed.at} and {typed.other_at}: choose one", *ways)
    return services.times.resolve(typed.at, tuple(accounts), None, post=typed.post_id or None)


def repeat_of(
    services: RequestServices, accounts: Sequence[Account], typed: Composition, post_id: int | None = None
) -> Recurrence:
    """Return the repeat of a form. Raise TimeRefused, about its field, if it cannot be read or a time is given too."""
    try:
        if typed.at:
            raise UsageError("a repeated post has the times of its repeat: remove the time, or the repeat")
        return read_repeat(services, accounts, typed.repeat, typed.repeat_until, post_id)
    except UsageError as error:
        raise about_repeat(error) from None


def read_repeat(
    services: RequestServices, accounts: Sequence[Account], times: str, until: str, post_id: int | None = None
) -> Recurrence:
    """Return the repeat of a post for these accounts. `times`: such as `mon,wed 09:00`; `until`: a date, or empty.
    Raise UsageError for times or a day that cannot be read."""
    when, zone = parse_rule(times), services.times.weekly_zone(accounts)
    end = end_of_day(until, zone) if until else None
    return Recurrence(when.cron, zone.key, rule=when.rule, anchor=when.anchor, post_id=post_id, until=end)


def about_repeat(error: UsageError) -> TtpError:
    """Return an error of a repeat as one of its field."""
    return error if error.problems else TimeRefused(error.message, problems=[Problem("repeat", "", error.message)])


def choose_time(visit: Visit, typed: Composition) -> TimeChoice | None:
    """Return the choice of a time; None for who may not schedule."""
    if not visit.may("schedule"):
        return None
    accounts = [one for one in visit.accounts if one.name in typed.accounts]
    services = writing_services(visit)
    choice = time_choice(typed.at, accounts, services, zone=visit.zone, now=visit.now, post=typed.post_id or None)
    return replace(choice, repeats=_repeat_times(visit, services, accounts, typed)) if typed.repeat else choice


def _repeat_times(
    visit: Visit, services: RequestServices, accounts: Sequence[Account], typed: Composition
) -> tuple[str, ...]:
    try:
        repeat = read_repeat(services, accounts, typed.repeat, typed.repeat_until)
        return tuple(short_time(at, visit.zone, visit.now) for at in services.repeats.next_times(repeat, 3))
    except TtpError:  # the field says why when the form is sent
        return ()


def form_page(
    visit: Visit,
    typed: Composition,
    error: TtpError | None = None,
    place: str = "",
    note: str = "",
    kept_at: datetime | None = None,
    button: str = "",
    repaired: bool = False,
    focus: int = 0,
) -> Response:
    """Show the form. `place`: the field that an error is about; `button`: the action that it was sent with; `repaired`:
    it was refused with that action before, and shows what is left to repair; `focus`: the number of the part where one
    goes on."""
    other = visit.reading.queries.post(typed.post_id) if isinstance(error, Stale) else None
    if other is not None:
        stored = composition_of(other, visit.zone)
        # As an edit of the post that has changed: its time is the typed one, where one is typed.
        typed = replace(typed, is_draft=stored.is_draft, at=typed.at or stored.at, at_before=stored.at)
        button = "save" if button == "draft" and not typed.is_draft else button
    if button != "part":
        typed = typed.without_empty_parts
    check, time = check_text(visit, typed), choose_time(visit, typed)
    problems = [] if other is not None else _problems(visit, typed, check, error, place, button, repaired=repaired)
    troubles = _troubles(visit, typed, check, time, problems)
    accounts = [one for one in visit.accounts if one.enabled or one.name in typed.accounts]
    platforms = visit.installation.platforms
    names = sorted({account.platform for account in accounts})
    chosen = dict.fromkeys(name.partition("/")[0] for name in typed.accounts)
    return visit.page(
        "compose.html",
        200 if visit.request.method == "GET" else None,
        error=error,
        typed=typed,
        groups=list(_groups(visit, accounts)),
        titles={name: platforms.facts(name).title for name in names if name in platforms.names()},
        commented=[platforms.facts(name).title for name in names if takes_comments(name, platforms)],
        options={
            name: {f"{name}.{key}": option for key, option in platforms.options(name).items()}
            for name in names
            if platforms.options(name)
        },
        networks=list(chosen) or names,
        errors=troubles,
        fields={"": ("", ""), **FIELDS},
        not_done=_NOT_DONE.get(button, "Not done"),
        repaired=repaired,
        refused_action=button if troubles and button in _NOT_SENT else "",
        other=other,
        other_actor=visit.last_actor(typed.post_id) if other else None,
        button=button,
        focus=focus,
        tab=visit.field("do").partition(":")[2] if button == "own" else visit.field("tab"),
        time=time,
        suggested=SUGGESTED,
        most_bytes=MOST_UPLOAD_BYTES,
        templates=[one for one in visit.reading.templates.files.all() if not one.is_snippet and not one.problem],
        note=note,
        kept_at=kept_at,
        may_schedule=visit.may("schedule"),
        **check.values,
    )


def _groups(visit: Visit, accounts: Iterable[Account]) -> Iterator[AccountGroup]:
    platforms = visit.installation.platforms
    by_name = sorted((AccountToggle(one, _why(visit, one)) for one in accounts), key=lambda one: one.account.name)
    groups = [(name, tuple(group)) for name, group in groupby(by_name, key=lambda one: one.account.platform)]
    if single := tuple(one for _, group in groups if len(group) == 1 for one in group):
        yield AccountGroup("", single)
    for name, group in groups:
        if len(group) > 1:
            yield AccountGroup(platforms.facts(name).title if name in platforms.names() else name, group)


def _why(visit: Visit, account: Account) -> str:
    """Return what keeps an account from publishing."""
    if not account.enabled:
        return "off"
    if not account.connected:
        return "not connected"
    if account.needs_reconnect:
        return "login ended"
    if account.is_paused:
        return "paused"
    return "on hold" if account.hold_until is not None and account.hold_until > visit.now else ""


def _problems(
    visit: Visit,
    typed: Composition,
    check: TextCheck,
    error: TtpError | None,
    place: str,
    button: str,
    *,
    repaired: bool,
) -> list[_Proposals]:
    """Return what is wrong with a form that was refused, and what the refusal proposes."""
    problems: list[_Proposals] = []
    if error is not None:
        whole = Problem(place or field_of(error), "", error.message)
        problems = [(one, ()) for one in error.problems] or [(whole, [hint.way for hint in error.hints])]
    if button in _NOT_SENT and (error is not None or repaired):
        problems += [(one, ()) for one in check.problems]
        refusals = [check.refused] if repaired and check.refused is not None else []
        if not isinstance(error, TimeRefused) and (button == "schedule" or typed.at != typed.at_before):
            refusals += _refusals_of_time(visit, typed)
        for one in refusals:
            whole = one.problems[0] if one.problems else Problem(field_of(one), "", one.message)
            problems.append((whole, [hint.way for hint in one.hints]))
    return problems


def _troubles(
    visit: Visit,
    typed: Composition,
    check: TextCheck,
    time: TimeChoice | None,
    problems: Iterable[_Proposals],
) -> dict[str, list[FieldProblem]]:
    """Return what is wrong, by the field at which it is shown."""
    troubles: dict[str, list[FieldProblem]] = {}
    offered: set[FormRepair] = set()
    for problem, ways in _merged(problems):
        name = {"scheduledAt": "at", "alt": "media"}.get(problem.field, problem.field)
        there = troubles.setdefault(name if name in FIELDS or not name else "content", [])
        if not problem.warning and problem.message not in [one.message for one in there]:
            repairs = [
                *_proposed_times((*ways, *((problem.hint,) if problem.hint else ()))),
                *_text_repairs(visit, typed, check, problem),
            ]
            if name == "repeat" and typed.at:
                repairs = [FormRepair("Without the time", "at:")]
            if name == "at" and not repairs and time is not None:
                chips = [chip for chip in time.chips if chip.at and chip.at != NOW][:2]
                repairs = [FormRepair(f"{chip.name}: {chip.words}", f"at:{chip.at}") for chip in chips]
            there.append(FieldProblem(problem.message, tuple(one for one in repairs if one not in offered)))
            offered.update(repairs)
    return {name: there for name, there in troubles.items() if there}


def _merged(problems: Iterable[_Proposals]) -> Iterator[_Proposals]:
    """Yield the problems. One that many accounts of a network have is one line."""
    alike: dict[tuple[str, str, str], list[_Proposals]] = {}
    for problem, ways in problems:
        account = problem.account or ""
        key = (problem.field, account.partition("/")[0], problem.message.removeprefix(account))
        alike.setdefault(key, []).append((problem, ways))
    for (_, platform, words), same in alike.items():
        if not platform or len(same) <= MOST_ALIKE:
            yield from same
            continue
        problem, ways = same[0]
        message = f"{problem.account} and {len(same) - 1} more{words}"
        yield replace(problem, message=message, account=f"{platform}/"), ways


def _refusals_of_time(visit: Visit, typed: Composition) -> Iterator[TtpError]:
    """Yield what is wrong with the accounts, and with the time for those that exist."""
    services = writing_services(visit)
    accounts: tuple[Account, ...] = ()
    try:
        accounts = services.posts.accounts_of_new(typed.as_input(visit.installation.platforms))
    except TtpError as refused:
        yield refused
    try:
        if typed.repeat:
            repeat_of(services, accounts, typed)
        else:
            time_of(services, accounts, typed)
    except TimeRefused as refused:
        yield refused
    except TtpError:  # no slot or hour of these accounts is free, which is said when it is chosen
        return


def _proposed_times(ways: Iterable[WayOut]) -> Iterator[FormRepair]:
    """Yield the times that hints propose."""
    for way in ways:
        at = dict(way.options).get("at") if isinstance(way, OtherOptions) else None
        if isinstance(at, str):
            yield FormRepair(f"Use {at}", f"at:{at}")


def _text_repairs(visit: Visit, typed: Composition, check: TextCheck, problem: Problem) -> Iterator[FormRepair]:
    """Yield what repairs a problem of one account."""
    if not problem.account:
        return
    platform = problem.account.partition("/")[0]
    if problem.code in _TOO_LONG:
        if check.use.split is not None:
            yield FormRepair(f"Split into {check.use.split.count} parts", "split")
        if not typed.variant(platform):
            yield FormRepair(
                f"Shorter text for {visit.installation.platforms.facts(platform).title}", f"own:{platform}"
            )
    if len(typed.accounts) > 1 and problem.account in typed.accounts:
        yield FormRepair(f"Leave {problem.account} out", f"without:{problem.account}")


def field_of(error: TtpError) -> str:
    return "at" if isinstance(error, TimeRefused) else "accounts" if "account" in error.message else "content"
