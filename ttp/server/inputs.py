"""Bodies and parameters of requests, and the input of services that is made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from fastapi import Body, Depends, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, create_model

from ttp.domain.account import Account
from ttp.domain.errors import Problem, UsageError
from ttp.domain.media.details import is_captions
from ttp.domain.media.item import KEPT, LAST, is_web_address
from ttp.domain.media.place import PlacedName
from ttp.domain.post import PostStatus
from ttp.domain.post_edit import PostInput
from ttp.domain.post_fields import MEDIA, PLAIN, Kind
from ttp.domain.row_reader import FieldError
from ttp.server.guard import MOST_UPLOAD_BYTES
from ttp.server.problems import InvalidRequest
from ttp.server.requests import Services
from ttp.services.files.fields import parse_changes, parse_entry
from ttp.store.queries import PostFilter

if TYPE_CHECKING:
    from ttp.platforms.registry import Registry

TIME_ZONE = "The zone of a time without an offset, else that of the token; `account`: that of the accounts."
MOST_POSTS, USUAL_POSTS = 200, 50
"""Posts of one page."""
_MOST_ID = 10**15
FIRST_TIME = "next-slot"
"""The time of a post with `first` and no time."""


def _refuse_null(text: str) -> str:
    if "\0" in text:
        raise ValueError("a text has no null characters")
    return text


def _refuse_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("this is empty")
    return text


Text = Annotated[str, AfterValidator(_refuse_null)]
ShortText = Annotated[Text, StringConstraints(max_length=500)]
PostId = Annotated[int, Path(ge=1, le=_MOST_ID, description="The id of a post.")]
AccountName = Annotated[str, Path(max_length=300, description="`PLATFORM/HANDLE`.")]
Zone = Annotated[ShortText | None, Query(alias="timezone", description="The zone of hours and days.")]
Words = Annotated[ShortText | None, Query(description="One or several, separated by commas.")]
Seconds = Annotated[float, Query(ge=0, le=30, description="Wait at most this many seconds for the end.")]


class RequestBody(BaseModel):
    """A body in JSON: it has no other fields, and values have their own types."""

    model_config = ConfigDict(extra="forbid", strict=True)


Variable = Text | bool | int | float | list[Text | bool | int | float] | None


class NoFields(RequestBody):
    """An empty object, or no body at all."""


Empty = Annotated[NoFields | None, Body()]


class MediaInput(RequestBody):
    """A web address, which is fetched once, or media of this store, by `sha256`. `part`: of a thread, the text is 1."""

    url: Text | None = None
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] | None = None
    name: ShortText | None = None
    alt: Annotated[Text | None, Field(description="`none`: it is decorative.")] = None
    focus: Annotated[ShortText | None, Field(description="What stays visible when it is cropped: `0.5,0.3`.")] = None
    captions: Annotated[Text | None, Field(description="Of a video: WebVTT.")] = None
    thumbnail: Annotated[
        ShortText | None,
        Field(description="Of a video or audio: a web address, or `sha256:DIGEST` of an image of this store."),
    ] = None
    part: Annotated[int, Field(ge=1, le=100)] | Literal["last"] | None = None
    only: Annotated[ShortText | None, Field(description="The platform or account that alone gets it.")] = None


class UploadInput(RequestBody):
    """A file that will come in parts."""

    name: ShortText
    bytes: Annotated[int, Field(ge=1, le=MOST_UPLOAD_BYTES, description="The size of the whole file.")]


Model = TypeVar("Model", bound=RequestBody)
_TYPES: Mapping[Kind, Any] = {"text": Text, "flag": bool, "seconds": Annotated[float, Field(ge=0, strict=False)]}


def _with_plain_fields(model: type[Model]) -> type[Model]:
    """Add the plain fields of a post to a body."""
    plain: dict[str, Any] = {}
    for one in PLAIN:
        about = None if one.kind == "seconds" else one.about  # which shows a duration
        plain[one.file] = (_TYPES[one.kind] | None, Field(None, description=about))
    return create_model(model.__name__, __base__=model, **plain)


@_with_plain_fields
class PostFieldsInput(RequestBody):
    content: Text | None = None
    accounts: list[ShortText] | None = Field(None, description="`PLATFORM/HANDLE`, or a platform with one account.")
    scheduledAt: ShortText | None = Field(
        None, description="An instant, or any TIME of the command line: `tomorrow 9am`, `next-slot`, `optimal`."
    )
    timezone: ShortText | None = Field(None, description=TIME_ZONE)
    media: list[MediaInput] | None = None
    thread: list[Text] | None = None
    tags: list[ShortText] | None = None
    variants: dict[ShortText, Text | None] | None = Field(
        None, description="Other texts, by platform or account; an empty one is removed."
    )
    options: dict[ShortText, Text | bool | int | float | None] | None = Field(
        None, description="Options of platforms, by `PLATFORM.NAME`; an empty one is removed."
    )

    template: ShortText | None = Field(None, description="A template that makes the texts: its name.")
    vars: dict[ShortText, Variable] | None = Field(None, description="Values for the template, there `vars.NAME`.")


class NewPostInput(PostFieldsInput):
    """A new post: a draft without a time."""

    key: ShortText | None = Field(None, description="A second post with this key is never created.")
    first: bool = Field(False, description="Take the first slot; later posts move back by one.")
    submit: bool = Field(
        False,
        description="A token that gives posts no time makes a draft that asks for the time: its approval gives it. It"
        " needs a key; the post that has it is not changed.",
    )


class PostChangesInput(PostFieldsInput):
    """Changes of a post: a field that is left out stays, a list is replaced, null or an empty value empties it."""


class TimeInput(RequestBody):
    at: ShortText
    timezone: ShortText | None = Field(None, description=TIME_ZONE)
    first: bool = False


class SlotInput(RequestBody):
    """Weekly times of accounts: in words (`mon,wed 09:00`) or as a cron expression."""

    accounts: Annotated[list[ShortText], Field(min_length=1)]
    times: ShortText | None = None
    cron: ShortText | None = None
    timezone: ShortText | None = Field(None, description="Else the zone of the account.")
    name: ShortText | None = None


class PlanInput(RequestBody):
    """Which drafts to plan, and within which limits; else those of the settings."""

    ids: list[Annotated[int, Field(ge=1, le=_MOST_ID)]] | None = Field(
        None, description="The ids of drafts; without ids and tags, all drafts."
    )
    tags: list[ShortText] | None = Field(None, description="All drafts with one of these tags.")
    from_: ShortText | None = Field(None, alias="from", description="Plan from this time on; else from now.")
    days: Annotated[int, Field(ge=1, le=366)] = 14
    perDay: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None, description="At most this many posts per account and day; default: as few as possible."
    )
    minGapS: Annotated[float, Field(ge=0, le=366 * 86_400, strict=False)] | None = Field(
        None, description="Least seconds between two posts of an account."
    )
    quietHours: ShortText | None = Field(None, description="Hours without posts: `22:00-07:00`; empty for none.")
    blackout: list[ShortText] | None = Field(None, description="Days without posts: `2026-12-24..2026-12-26`.")
    timezone: ShortText | None = Field(None, description="Else the zone of each account.")
    partly: bool = Field(False, description="If not all fit, plan those that do.")


class RepeatInput(RequestBody):
    """A repeat of a post, or of the posts of a tag (`pool`), which take turns."""

    post: Annotated[int, Field(ge=1, le=_MOST_ID)] | None = None
    pool: ShortText | None = None
    times: ShortText | None = Field(
        None, description="Days and times, such as `mon,thu 9:00` or `last friday of the month 17:00`."
    )
    cron: ShortText | None = Field(None, description="Or a cron expression, such as `0 9 * * 1`.")
    rule: ShortText | None = Field(None, description="Or an RRULE, such as `FREQ=DAILY;BYHOUR=9;BYMINUTE=0`.")
    timezone: ShortText | None = Field(None, description="Else the zone of the post's accounts.")
    until: ShortText | None = Field(None, description="The last day: `2027-06-30`.")
    count: Annotated[int, Field(ge=1, le=10**6)] | None = Field(None, description="How many times in all.")
    texts: list[Annotated[Text, AfterValidator(_refuse_blank)]] | None = Field(
        None, description="Texts to use in turn instead of the post's own; at least two."
    )
    coolDownS: Annotated[float, Field(ge=0, le=10**10, strict=False)] | None = Field(
        None, description="With `pool`: seconds for which a post rests; 30 days if left out."
    )


class SourceInput(RequestBody):
    url: ShortText = Field(description="A feed, a page that names one, or `github:owner/repo`.")
    accounts: list[ShortText]
    as_: ShortText = Field("draft", alias="as", description="`draft`, `next-slot`, `optimal` or such as `in 10m`.")
    template: ShortText | None = None
    intervalS: Annotated[int, Field(ge=900, le=604_800)] | None = Field(None, description="3600 if left out.")
    maxNew: Annotated[int, Field(ge=1, le=100)] | None = Field(None, description="5 if left out.")
    prereleases: bool = False


class SourceItemsInput(RequestBody):
    items: list[Annotated[int, Field(ge=1, le=_MOST_ID)]] = Field([], description="Ids; without any, all held items.")


class UndoInput(RequestBody):
    count: Annotated[int, Field(ge=1, le=1000)] = Field(1, description="How many changes, newest first.")
    post: Annotated[int, Field(ge=1, le=_MOST_ID)] | None = Field(None, description="Only changes of this post.")
    partial: bool = Field(False, description="Undo what can be undone, and skip the rest.")


class AccountsInput(RequestBody):
    accounts: list[ShortText] = Field([], description="Only these accounts; without any, all.")


class ResolutionInput(RequestBody):
    account: ShortText
    published: ShortText | None = Field(description="The address or id of the post; null if it was not published.")
    comment: bool = Field(False, description="The first comment of the delivery, not its post.")


class ReasonInput(RequestBody):
    reason: Annotated[Text, AfterValidator(_refuse_blank)] | None = None


def new_post(body: NewPostInput, key: str | None, platforms: Registry) -> PostInput:
    """Return the input of a new post. `key`: its key where the body has none. Raise UsageError with all problems."""
    row = _row(body, {"first", "submit"})
    entry = parse_entry(
        "", {"key": key, **{name: value for name, value in row.items() if value is not None}}, platforms
    )
    _refuse_faults(entry.faults)
    return replace(entry.typed, first=body.first, at=entry.typed.at or (FIRST_TIME if body.first else None))


def post_changes(body: PostChangesInput, platforms: Registry) -> PostInput:
    """Return the input of an edit. Raise UsageError with all problems, or if nothing is to change."""
    row = _row(body, set())
    if not row.keys() - {"timezone"}:
        raise InvalidRequest("nothing to change")
    changes, faults = parse_changes(row, platforms)
    _refuse_faults(faults)
    return changes


def post_filter(
    services: Services, status: Words = None, platform: Words = None, account: Words = None, tag: Words = None
) -> PostFilter:
    """Return the filter of the posts that a request is about. Raise UsageError, NotFound."""
    statuses = tuple(_status(name) for name in split(status))
    return services.post_filter(statuses=statuses, platforms=split(platform), accounts=split(account), tags=split(tag))


FilteredPosts = Annotated[PostFilter, Depends(post_filter)]


def list_filter(
    services: Services,
    which: FilteredPosts,
    since: Annotated[ShortText | None, Query(description="A TIME, a date, or `7d` for days ago.")] = None,
    until: ShortText | None = None,
    search: ShortText | None = None,
    key: ShortText | None = None,
    needs_you: Annotated[bool, Query(alias="needsYou")] = False,
    no_alt: Annotated[bool, Query(alias="noAlt", description="Only posts with media without alt text.")] = False,
    after: Annotated[int | None, Query(ge=1, le=_MOST_ID, description="The last post of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_POSTS)] = USUAL_POSTS,
) -> PostFilter:
    """Return the filter of a page of a list. Raise UsageError, NotFound, TimeRefused."""
    return which._replace(
        since=services.bound("since", since),
        until=services.bound("until", until),
        search=search,
        key=key,
        needs_you=needs_you,
        no_alt=no_alt,
        after=after,
        limit=limit,
    )


ListedPosts = Annotated[PostFilter, Depends(list_filter)]


@dataclass(frozen=True, slots=True)
class AccountChoice:
    """Accounts with the zones of their hours and days."""

    accounts: tuple[Account, ...]
    zones: list[ZoneInfo]


def choose_accounts(
    services: Services, account: Words = None, platform: Words = None, timezone: Zone = None
) -> AccountChoice:
    """Return the named accounts, else all of the platforms, else all that the token may use."""
    accounts = services.queries.select_accounts(split(account) or None, split(platform) or None)
    return AccountChoice(accounts, services.times.account_zones(accounts, timezone))


ChosenAccounts = Annotated[AccountChoice, Depends(choose_accounts)]


def _row(body: PostFieldsInput, without: set[str]) -> dict[str, Any]:
    """Return the fields of a body in the form of a row of a file."""
    row = body.model_dump(exclude_unset=True, exclude=without)
    if body.media is not None:
        row["media"] = [_media_name(item, number) for number, item in enumerate(body.media)]
        for one in MEDIA:
            texts = [getattr(item, one.word) or "" for item in body.media]
            if any(texts):
                row[one.file] = texts
    if body.variants is not None:
        row["variants"] = {name: text or "" for name, text in body.variants.items()}
    return row


def _media_name(item: MediaInput, number: int) -> str:
    """Return the name of a media item in a row. A path is refused: it would be one of this machine."""
    if item.captions and not is_captions(item.captions):
        raise _invalid(f"media.{number}.captions", "this is not WebVTT: its first line is not WEBVTT")
    if item.thumbnail and not (is_web_address(item.thumbnail) or item.thumbnail.startswith(KEPT)):
        raise _invalid(f"media.{number}.thumbnail", "this is neither a web address nor sha256:DIGEST")
    if (item.url is None) == (item.sha256 is None):
        raise _invalid(f"media.{number}", "give either url or sha256")
    if item.url is not None and not is_web_address(item.url):
        raise _invalid(f"media.{number}.url", "this is not a web address")
    name = item.url or f"{KEPT}{item.sha256}/{item.name or ''}"
    return str(PlacedName(name, LAST if item.part == "last" else item.part, item.only))


def _refuse_faults(faults: Iterable[FieldError]) -> None:
    problems = [Problem(fault.field, "usage", fault.problem, hint=fault.fix) for fault in faults]
    if problems:
        raise InvalidRequest(f"{problems[0].field}: {problems[0].message}", problems=problems)


def _invalid(field: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{field}: {message}", problems=(Problem(field, "usage", message),))


def split(text: str | None) -> tuple[str, ...]:
    """Return the words of a parameter that are separated by commas."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _status(name: str) -> PostStatus:
    try:
        return PostStatus(name.lower())
    except ValueError:
        raise UsageError(f'no status "{name}": {", ".join(PostStatus)}') from None
