"""What a client gets of an answer: few tokens, and the texts of others marked.

A tool answers a whole view, as `--json` prints it. This is the one place that shortens it:

- A field that is null or empty is left out.
- A post has the fields that an agent needs to go on. `more` names the others that it has; `fields` asks for them, and
  get_post has all.
- `untrusted` names the fields that hold texts of others: of feeds, platforms, files and people.
- Instants are on the person's clock, with their offset: a client that reads out the hour of one reads a true one.

Answers are text alone. A tool with an output schema must answer the same again as an object, and a client shows its
model one of the two, or both (MCP 2025-11-25, "Structured content").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NotRequired, TypeAlias, get_args, get_origin

from typing_extensions import TypedDict, is_typeddict

from ttp.domain.post_fields import PLAIN
from ttp.domain.time.formatting import format_iso
from ttp.views import answers as answer_shapes
from ttp.views import number_answers, source_answers, status_answers
from ttp.views.answers import (
    AccountAnswer,
    AttemptAnswer,
    CalendarAnswer,
    ChangeAnswer,
    DeletedAnswer,
    Instant,
    PlanAnswer,
    PostAnswer,
    PreviewAnswer,
    SlotAnswer,
    TemplateAnswer,
    UndoneAnswer,
)
from ttp.views.errors import error_fields, shown_problems
from ttp.views.number_answers import NextHoursAnswer, OptimalAnswer, ReportAnswer
from ttp.views.source_answers import ItemPreviewAnswer, SourceAnswer
from ttp.views.status_answers import StatusAnswer

if TYPE_CHECKING:
    from ttp.domain.errors import TtpError

Fields: TypeAlias = dict[str, Any]


class PostPage(TypedDict):
    """Posts, and the tool call that answers those after them, if there are more."""

    posts: list[PostAnswer]
    next: NotRequired[dict[str, Any]]


class UndoAnswer(TypedDict):
    """What was undone, a sentence for each change, and the posts after it."""

    undone: list[str]
    posts: list[UndoneAnswer]


class StatusNowAnswer(StatusAnswer):
    """The status, and the time. `timezone`: that of times without one."""

    now: Instant
    weekday: str
    timezone: str


LONGEST_TEXT = 200
"""Characters of the text of a post in short."""
LONGEST_MESSAGE = 2_000
"""Characters of the message of an error, which may quote what was sent."""
LONGEST_GLANCE = 80
"""Characters of a text in a calendar and in a report."""
NEARLY_NONE = 0.2
"""Share of a limit below which the status tells what is left."""
USUAL_LIMIT = 50
"""Of a platform that tells only what is left."""
ALL = "all"
UNTRUSTED = frozenset(
    {
        *(
            "text",
            "thread",
            "comment",
            "variants",
            "vars",
            "tags",
            "title",
            "description",
            "alt",
            "name",
            "link",
            "url",
        ),
        *("message", "note", "reason", "holdReason", "waitingFor", "problem", "value", "options"),
    }
)
"""The fields that hold texts of others, in any answer."""
POST_FIELDS = (
    *(
        "id",
        "status",
        "text",
        "accounts",
        "scheduledAt",
        "asksFor",
        "publishedAt",
        "createdBy",
        "changedBy",
        "tags",
        "needs",
    ),
    *("rejection", "warnings", "replayed", "deliveries", "versions", "sameCallWith"),
)
"""The fields of a post in short."""
_OF_CONTENT = (*(one.file for one in PLAIN), "media", "thread", "variants", "options", "cards", "repeat")
"""Fields that `more` names in a post in short, if it has them."""
_DELIVERY_FIELDS = ("account", "state", "url", "error", "note", "waitingFor", "waitingUntil", "nextAttemptAt")
_ORDINARY = ("pending", "published")
"""States of deliveries that the status of the post tells."""
_NAMES: Mapping[str, str] = MappingProxyType({"content": "text", "to": "accounts"})
"""Fields of views that have the name of the argument here."""
_OWN_KEYS = ("vars", "variants", "options", "arguments", "sameCallWith")
"""Fields whose keys somebody chose."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_INSTANTS = {
    *("now", "from", "to", "asksFor"),
    *(
        name
        for module in (answer_shapes, number_answers, source_answers, status_answers)
        for shape in vars(module).values()
        if is_typeddict(shape)
        for name, kind in shape.__annotations__.items()
        if "Instant" in str(kind)
    ),
}
"""The fields that hold instants."""
_POSTS = {PostAnswer, PreviewAnswer, PostPage}
_PLURALS: Mapping[Any, str] = {
    AccountAnswer: "accounts",
    AttemptAnswer: "attempts",
    ChangeAnswer: "changes",
    DeletedAnswer: "posts",
    ItemPreviewAnswer: "items",
    PostAnswer: "posts",
    SlotAnswer: "slots",
    SourceAnswer: "sources",
    TemplateAnswer: "templates",
}
"""The name of a list in an answer, which is an object always, by the type of its items."""
FIELDS_OF_POSTS = tuple(_NAMES.get(name, name) for name in PostAnswer.__annotations__)


def present(answer: Any, shape: Any, fields: Sequence[str] = (), *, zone: tzinfo = UTC, single: bool = False) -> Fields:
    """Return the plain JSON of a tool as a client gets it. `shape`: the type of what the tool answers; `fields`: those
    of a post beside POST_FIELDS, or ALL; `zone`: of the clock that instants are on; `single`: a list is of one post,
    which is the answer."""
    kinds, whole = {shape, *get_args(shape)}, _named(answer)
    if get_origin(shape) is list:
        name = _PLURALS.get(get_args(shape)[0], "result")
        whole = whole[0] if single and name == "posts" else {name: whole}
    if kinds & _POSTS:
        several = "posts" in whole
        posts = [_short_post(post, fields, listed=several) for post in (whole["posts"] if several else [whole])]
        whole = {**whole, "posts": posts} if several else posts[0]
    else:
        whole = next((_SHORT[kind](whole) for kind in kinds if kind in _SHORT), whole)
    shown = {name: _filled(value) for name, value in _on_clock(whole, zone).items()}
    kept = {name: value for name, value in shown.items() if _is_full(value) or (value == [] and len(whole) == 1)}
    names = list(dict.fromkeys(name for name in _field_names(kept) if name in UNTRUSTED))
    return {**kept, "untrusted": names} if names else kept


def short_error(error: TtpError, more: str = "") -> Fields:
    """Return the code, the message and the problems of an error, without hints. `more`: of the message."""
    message = _cut(str(error_fields(error)["message"]), LONGEST_MESSAGE) or ""
    problems = [
        {
            "field": ".".join(_NAMES.get(part, part) for part in one.field.split(".")),
            "account": one.account,
            "code": one.code,
            "message": None if message.startswith(text) else text,
        }
        for one in shown_problems(error)
        for text in (_cut(one.message, LONGEST_MESSAGE) or "",)
    ]
    return {"code": error.code, "message": f"{message}{more}", **_filled({"problems": problems})}


def _named(value: Any) -> Any:
    """Return JSON with the names of arguments for those of views."""
    if isinstance(value, list):
        return [_named(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        _NAMES[name] if name == "content" or (name == "to" and isinstance(one, list)) else name: (
            one if name in _OWN_KEYS else _named(one)
        )
        for name, one in value.items()
    }


def _short_post(post: Fields, fields: Sequence[str], *, listed: bool) -> Fields:
    if ALL in fields:
        return _without_repetition(post)
    short = _short_versions({name: post[name] for name in (*POST_FIELDS, *fields) if name in post})
    short["more"] = [name for name in _OF_CONTENT if post[name] and name not in fields]
    if "text" not in fields and len(short["text"]) > LONGEST_TEXT:
        short["text"] = _cut(short["text"], LONGEST_TEXT)
        short["more"].insert(0, "text")
    if "deliveries" not in fields:
        short["deliveries"] = [
            {name: one[name] for name in _DELIVERY_FIELDS} | ({"comment": comment} if comment else {})
            for one in post["deliveries"]
            for comment in (_short_comment(one, listed=listed),)
            if comment or _is_news(one, listed=listed)
        ]
    return short


def _is_news(row: Fields, *, listed: bool) -> bool:
    """Whether a delivery or a comment has more to say than the status of the post."""
    return (
        row["state"] not in _ORDINARY
        or bool(row["error"])
        or (bool(row["url"]) and not listed)
        or row["waitingFor"] not in (None, "approval")
    )


def _short_comment(delivery: Fields, *, listed: bool) -> Fields | None:
    row = delivery["comment"]
    is_news = row is not None and _is_news(row, listed=listed)
    return {name: row[name] for name in _DELIVERY_FIELDS if name in row} if is_news else None


def _without_repetition(post: Fields) -> Fields:
    """Return a whole post without what other fields of it tell."""
    deliveries = [
        {
            **one,
            "platform": None,
            "plannedParts": one["plannedParts"] if len(one["plannedParts"]) > 1 else None,
            "metrics": one["metrics"] if len(post["deliveries"]) > 1 else None,
        }
        for one in post["deliveries"]
    ]
    return _short_versions({**post, "platforms": None, "deliveries": deliveries})


def _short_versions(post: Fields) -> Fields:
    """Return a post, or an item of a feed, with each text once."""
    texts = (post["text"], *post.get("variants", {}).values())
    versions = [
        {
            **one,
            "parts": [
                {name: value for name, value in part.items() if name != "card" and value not in texts}
                for part in one["parts"]
            ],
            "comment": _without(one["comment"], "text"),
            "media": [item for item in one["media"] if item["converted"] or item["cropped"]],
            "taggedLinks": one["taggedLinks"] or None,
            "unshortenedLinks": one["unshortenedLinks"] or None,
        }
        for one in post.get("versions", ())
    ]
    return {**post, "versions": versions}


def _short_accounts(answer: Fields) -> Fields:
    """Return accounts; one is `connected` if its login works."""
    without = {"platform": None, "handle": None, "scopes": None}
    return {
        "accounts": [
            {**one, "connected": one["connected"] and not one["needsReconnect"], **without}
            for one in answer["accounts"]
        ]
    }


def _short_status(status: Fields) -> Fields:
    """Return the status, with the limits that are nearly used up."""
    limits = [one for one in status["limits"] if one["left"] < NEARLY_NONE * (one["limit"] or USUAL_LIMIT)]
    several = status["publishers"][1:] and status["publishers"]
    return {**status, "limits": limits, "media": None, "notify": None, "publishers": several}


def _short_times(answer: Fields) -> Fields:
    """Return the recommendations once, with the expected gains alone."""
    return {"recommendations": _without(answer["recommendations"], "score", "platform", "from", "to")}


def _short_slots(answer: Fields) -> Fields:
    slot = answer["slot"]
    return {"slots": answer.get("slots", [slot] if slot else [])}


def _short_plan(plan: Fields) -> Fields:
    rows = [
        {**one, "explored": one["explored"] or None, "score": round(one["score"], 2)} for one in plan["assignments"]
    ]
    return {**_without(plan, "bound", "timezones", "placedBy"), "assignments": rows}


def _glances(answer: Fields) -> Fields:
    """Return changes of posts with the beginnings of their texts."""
    return {name: [{**one, "text": _cut(one["text"], LONGEST_GLANCE)} for one in rows] for name, rows in answer.items()}


def _short_calendar(calendar: Fields) -> Fields:
    """Return a calendar, whose dates and times are in its zone, with the beginnings of texts."""
    posts = _without(calendar["posts"], "scheduledAt", "publishedAt")
    return {
        **calendar,
        "posts": [{**one, "text": _cut(one["text"], LONGEST_GLANCE)} for one in posts],
        "freeSlots": _without(calendar["freeSlots"] or [], "at", "score"),
    }


def _short_report(report: Fields) -> Fields:
    """Return a report: of the sums of the period before only how far they are from it."""
    shown = dict(_without(report, "remoteId", "observedAt", "url"))
    for name in ("best", "worst", "posts"):
        shown[name] = [{**post, "text": _cut(post["text"], LONGEST_GLANCE)} for post in shown[name]]
    groups = [{**one, "change": one["change"]["medianEngagement"]} for one in shown["groups"]]
    return {**shown, "before": {name: report["before"][name] for name in ("from", "to", "posts")}, "groups": groups}


_SHORT: Mapping[Any, Callable[[Fields], Fields]] = {
    AccountAnswer: _short_accounts,
    CalendarAnswer: _short_calendar,
    ChangeAnswer: _glances,
    ItemPreviewAnswer: lambda answer: {"items": [_short_versions(one) for one in answer["items"]]},
    NextHoursAnswer: _short_slots,
    OptimalAnswer: _short_times,
    PlanAnswer: _short_plan,
    ReportAnswer: _short_report,
    StatusNowAnswer: _short_status,
    UndoAnswer: lambda answer: {**answer, **_glances({"posts": answer["posts"]})},
}


def _on_clock(value: Any, zone: tzinfo, name: str = "") -> Any:
    """Return JSON with its instants on the clock of a zone: `2026-12-01T20:00+01:00`."""
    if isinstance(value, list):
        return [_on_clock(one, zone, name) for one in value]
    if isinstance(value, dict):
        return {key: one if key in _OWN_KEYS else _on_clock(one, zone, key) for key, one in value.items()}
    if name in _INSTANTS and isinstance(value, str) and _INSTANT.fullmatch(value):
        local = format_iso(datetime.fromisoformat(value), zone)
        return value if local.endswith("Z") else local
    return value


def _cut(text: str | None, most: int) -> str | None:
    return text if text is None or len(text) <= most else f"{text[:most]}…"


def _without(value: Any, *names: str) -> Any:
    """Return JSON without fields, also of what is inside."""
    if isinstance(value, list):
        return [_without(one, *names) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: _without(one, *names) for name, one in value.items() if name not in names}


def _filled(value: Any) -> Any:
    """Return JSON without what is null or empty."""
    if isinstance(value, list):
        return [_filled(one) for one in value]
    if not isinstance(value, dict):
        return value
    filled = {name: one if name == "arguments" else _filled(one) for name, one in value.items()}
    return {name: one for name, one in filled.items() if name == "arguments" or _is_full(one)}


def _is_full(value: Any) -> bool:
    return value not in (None, "", [], {})


def _field_names(value: Any) -> Iterator[str]:
    """Yield the name of each field, also of those inside; not of the arguments of calls."""
    for one in value if isinstance(value, list) else ():
        yield from _field_names(one)
    for name, one in value.items() if isinstance(value, dict) else ():
        yield name
        if name not in _OWN_KEYS:
            yield from _field_names(one)
