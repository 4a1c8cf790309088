"""Options and arguments that several commands share, and how their values are parsed."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, NamedTuple, TypeVar, get_type_hints

import typer

from ttp.cli.context import Context
from ttp.cli.parameters import argument, flag, option
from ttp.domain.account import Account
from ttp.domain.action import other_options
from ttp.domain.errors import Hint, NotFound, UsageError

if TYPE_CHECKING:
    from ttp.cli.render.spec import OutputSpec
    from ttp.domain.post import PostStatus
    from ttp.domain.post_fields import PostField
    from ttp.store.queries import PostFilter


MOST = 1_000_000_000
"""Upper bound of counts and ids."""
_FILES = ("media", "add_media", "credentials", "file")
_MOST_BYTES = "input.max_bytes"
_CHUNK = 1 << 16
_SECRETS = ("credentials", "client secret", "address of notifications", "access token of notifications")
_LONGEST_SECRET = 1 << 16
"""Bytes. Credentials are a few hundred, so the setting does not apply to them."""
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def parse_id(text: str) -> int:
    """Parse the id of one post. UsageError."""
    ranges = parse_ids([text])
    first, last = ranges[0]
    if len(ranges) > 1 or first != last:
        raise UsageError(f'"{text}" is more than one post, and this takes one', Hint("see", "ttp list"))
    return first


def parse_id_or_times(text: str) -> str:
    """Return the id of one post as it is, and other words, which may be times. UsageError for several ids."""
    return f"{parse_id(text)}" if re.fullmatch(r"[\d,-]+", text) else text


def parse_ids(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Parse `41 42 50-55` or `41,42` into ranges, both ends included. UsageError."""
    ranges = []
    for text in [part for word in texts for part in (word.split(",") if re.fullmatch(r"[\d,-]+", word) else [word])]:
        match = re.fullmatch(r"(\d{1,18})(?:-(\d{1,18}))?", text, re.ASCII)
        if match is None or not int(match[1]):
            raise UsageError(f'"{text}" is not a post id', Hint("see", "ttp list"))
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            turned = f"{last or 1}-{first}"
            raise UsageError(f'"{text}" is not a range of posts', Hint("try", turned, (text, turned)))
        ranges.append((first, last))
    return ranges


def parse_date_order(text: str) -> str:
    """Return `dmy` or `mdy`. UsageError for anything else."""
    from ttp.domain.metrics.ingest.dates import ORDERS

    if text not in ORDERS:
        ways = (Hint("try", f"--dates {one}") for one in ORDERS)
        raise UsageError(f'--dates is {" or ".join(ORDERS)}, not "{text}"', *ways)
    return text


DateOrder = Annotated[
    str | None, option("--dates", "ORDER", "dmy or mdy: how to read dates like 03/04/2026.", parser=parse_date_order)
]
PostId = Annotated[int, argument("ID", "A post id.", parser=parse_id)]
MaybePostId = Annotated[int | None, argument("ID", "A post id.", parser=parse_id)]
AccountName = Annotated[str, argument("PLATFORM/HANDLE", "An account: x/me, or ig if you have only one there.")]
PostIds = Annotated[list[str], argument("ID...", "Post ids and ranges: 41 42 50-55.")]
Text = Annotated[str | None, argument("TEXT|-", "The text; - reads it from stdin.")]
To = Annotated[list[str] | None, option("--to", "A,B", "Accounts: x/me, or ig if you have only one there.")]
MaybeAt = Annotated[str | None, option("--at", "TIME", "When: 'tomorrow 9am', 'in 2h', next-slot, optimal.")]
Within = Annotated[str | None, option("--within", "DURATION", "With --at optimal: how long you can wait: 24h.")]
BeforeOthers = Annotated[bool, flag("--first", "Take the next slot and move later posts back by one.")]
Tz = Annotated[str | None, option("--tz", "ZONE", "Timezone to use, such as Europe/Berlin.")]
TimeZone = Annotated[str | None, option("--tz", "ZONE", "Timezone, else yours; account: that of the account.")]
MediaPaths = Annotated[
    list[str] | None,
    option(
        "--media",
        "PATH|URL",
        "An image or a video. 2=FILE is for part 2, last=FILE for the last part, x=FILE for X alone.",
    ),
]
AddMedia = Annotated[
    list[str] | None, option("--add-media", "PATH|URL", "Media to add, as --media; --alt is then for these.")
]
RemoveMedia = Annotated[
    list[str] | None, option("--remove-media", "MEDIA", "Media to remove, by name or number (the first is 1).")
]
Alts = Annotated[list[str] | None, option("--alt", "TEXT", "Alt texts of --media in order; 'none': decorative.")]
Variants = Annotated[
    list[str] | None, option("--text", "KEY=TEXT", "A different text for a platform or an account: x=Hi.")
]
Threads = Annotated[list[str] | None, option("--thread", "TEXT", "The next part of a thread, where there are threads.")]
Tags = Annotated[list[str] | None, option("--tag", "A,B", "Tags to find the post by.")]
Options = Annotated[
    list[str] | None, option("--set", "NAME=VALUE", "A platform option: tiktok.privacy_level=SELF_ONLY.")
]
NoCard = Annotated[bool, flag("--no-card", "Show no card of a link.")]
TemplateName = Annotated[
    str | None, option("--template", "NAME|FILE", "Make the texts with a template: its name or file.")
]
Variables = Annotated[list[str] | None, option("--var", "NAME=VALUE", "The value of {{ vars.NAME }} in the template.")]
Snippets = Annotated[list[str] | None, option("--snippet", "NAME", "A stored text to append to the post.")]
UseEditor = Annotated[bool, flag("--edit", "Write in your editor; a refused text stays in its file.", short="-e")]
Where = Annotated[str | None, option("--where", "FILTERS", "Change all posts that match (filters of ttp list).")]
ReplaceLink = Annotated[
    tuple[str, str] | None, option("--replace-link", "OLD NEW", "With --where: replace a link in all texts.")
]
Shift = Annotated[
    str | None, option("--shift", "STEP", "Move the time, or with --where the times: +1d, or -2h (earlier).")
]
ReplaceAccount = Annotated[str | None, option("--account", "OLD=NEW", "With --where: replace an account: x/old=x/new.")]
Strict = Annotated[bool, flag("--strict", "Treat duplicate texts and clashing times as errors.")]
From = Annotated[str | None, option("--from", "TIME", "Plan from this time on; else from now.")]
Days = Annotated[int | None, option("--days", "N", "Days to plan for (14).", min=1, max=366)]
PerDay = Annotated[
    int | None, option("--per-day", "N", "At most N per account and day (default: the fewest).", min=1, max=MOST)
]
DryRun = Annotated[bool, flag("--dry-run", "Show what would change, and change nothing.")]
Yes = Annotated[bool, flag("--yes", "Do not ask for confirmation.")]
NoInput = Annotated[bool, flag("--no-input", "Never ask; fail if confirmation is needed.")]
Accounts = Annotated[list[str] | None, option("--account", "A,B", "Only these accounts.")]
Platforms = Annotated[list[str] | None, option("--platform", "A,B", "Only these platforms.")]
Format = Annotated[
    str | None, option("--format", "FORMAT", "table, tsv, json or jsonl. Default: a table on a terminal, else tsv.")
]
Json = Annotated[bool, flag("--json", "Same as --format json.")]
JsonLines = Annotated[bool, flag("--jsonl", "Same as --format jsonl.")]
Fields = Annotated[str | None, option("--fields", "A,B", "Only these fields, in this order.")]
Header = Annotated[bool, flag("--header", "Print the names of the TSV columns first.")]
Color = Annotated[str, option("--color", "WHEN", "auto, always or never.")]
Ascii = Annotated[bool, flag("--ascii", "Use ASCII characters only.")]
Quiet = Annotated[bool, flag("--quiet", "Print no notes.", short="-q")]
Verbose = Annotated[bool, flag("--verbose", "Print each request to a platform on stderr.", short="-v")]


def asking_options(yes: Yes = False, no_input: NoInput = False) -> None:
    """Declare the options of commands that ask; `app` adds them to commands, and gives them to the context."""


def output_options(
    format: Format = None,
    json: Json = False,
    jsonl: JsonLines = False,
    fields: Fields = None,
    header: Header = False,
    color: Color = "auto",
    ascii: Ascii = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Declare the shared output options; `app` adds them to commands and opens the output from them."""


OUTPUT_OPTIONS = ("format", "json", "jsonl", "fields", "header", "color", "ascii", "quiet")


def with_output(
    spec: OutputSpec[Any] | None = None,
    *,
    asks: bool = False,
    check: bool = True,
    verbose: bool = False,
    only: str | None = None,
) -> Callable[[F], F]:
    """Give a command the shared output options, and say what it answers, for completion and --fields.

    Unknown fields are refused before the command runs. `asks`: also the options of `Context.confirm`. `check`: False if
    the command does that itself, because its options decide what it answers. `verbose`: also `--verbose`, for commands
    that call platforms. `only`: just this option, for commands that write files in formats of their own.
    """
    options = (only,) if only is not None else (*OUTPUT_OPTIONS, "verbose") if verbose else OUTPUT_OPTIONS
    options = ("yes", "no_input", *options) if asks else options

    def mark(command: F) -> F:
        command.shared_options = options  # type: ignore[attr-defined]  # read by `app`
        command.output_spec = spec  # type: ignore[attr-defined]  # read by `app` and `completion`
        command.checks_fields = not check  # type: ignore[attr-defined]  # read by `app`
        return command

    return mark


def subcommand(
    group: typer.Typer, name: str, spec: OutputSpec[Any] | None = None, *, asks: bool = False, verbose: bool = False
) -> Callable[[F], F]:
    """Make a function a subcommand, with the shared options as `with_output` gives them."""
    return lambda command: group.command(name)(with_output(spec, asks=asks, verbose=verbose)(command))


def refuse_bad_bytes(values: Mapping[str, Any]) -> None:
    """Raise UsageError for arguments that are not UTF-8, which Python passes as lone surrogates. File names may be."""
    for name, value in values.items():
        for text in value if isinstance(value, list | tuple) else [value]:
            if isinstance(text, str) and name not in _FILES and any("\ud800" <= sign <= "\udfff" for sign in text):
                raise UsageError(f"the value of {name.rstrip('_')} is not UTF-8")


def enable_strict_checks(context: Context, *, strict: bool) -> None:
    """Refuse duplicates and conflicts instead of warning, if `strict`; show a person the progress of conversions."""
    if not context.out.quiet and sys.stderr is not None and sys.stderr.isatty():
        from ttp.cli.progress import watch_uploads

        watch_uploads(quiet=False)
    if strict:
        context.posts.strict = True


def existing_ids(context: Context, texts: Sequence[str]) -> list[int]:
    """Return the ids of the named posts. NotFound for a single id that does not exist."""
    return context.queries.ids(parse_ids(texts))


def read_text(context: Context, text: str | None) -> tuple[str | None, bool]:
    """Return the text, and whether it came from stdin (`-`). Line breaks at the end of stdin are dropped."""
    if text != "-":
        return text, False
    return read_stdin(context, "text").rstrip("\n"), True


def read_stdin(context: Context, what: str) -> str:
    """Read stdin as UTF-8 without a byte order mark, with \\n line ends. UsageError, also if it is too long."""
    if sys.stdin is None:
        raise UsageError(f"cannot read the {what}: stdin is closed")
    try:
        return (
            _read_limited(context, sys.stdin.buffer, f"the {what} on stdin", what)
            .decode("utf-8-sig")
            .replace("\r\n", "\n")
        )
    except UnicodeDecodeError:
        raise UsageError(f"the {what} on stdin is not UTF-8") from None
    except OSError as error:
        raise UsageError(f"the {what} on stdin cannot be read: {error.strerror}") from None


def _read_limited(context: Context, stream: BinaryIO, named: str, what: str) -> bytes:
    """Read a stream to its end. UsageError if it is longer than `input.max_bytes`; never holds more than that."""
    most = context.config.count(_MOST_BYTES)
    if what in _SECRETS:
        most = min(most, _LONGEST_SECRET)
    read = bytearray()
    while chunk := stream.read(min(_CHUNK, most + 1 - len(read))):
        read += chunk
        if len(read) > most:
            ways = () if what in _SECRETS else (Hint("fix", f"ttp config set {_MOST_BYTES} {most * 10}"),)
            raise UsageError(f"{named} is longer than {most} bytes", *ways)
    return bytes(read)


def parse_pairs(texts: Sequence[str] | None, option: str) -> dict[str, str]:
    """Parse `KEY=TEXT` options. UsageError without `=`."""
    pairs = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise UsageError(f'{option} "{text}" has no "="', Hint("see", f"{option} KEY=TEXT"))
        pairs[key.strip()] = value
    return pairs


def parse_platform_options(
    context: Context, texts: Sequence[str] | None, *, accounts: Sequence[str] = (), may_empty: bool = False
) -> dict[str, str]:
    """Parse and check `--set` options of posts to these accounts. `may_empty`: `NAME=` removes an option."""
    if not texts:
        return {}
    from ttp.domain.options import parse_option

    return dict(parse_option(text, context.platforms, accounts=accounts, may_empty=may_empty) for text in texts)


def with_no_card(context: Context, texts: list[str] | None, *, no_card: bool) -> list[str] | None:
    """Return the `--set` options with those that `--no-card` stands for. UsageError for one that says otherwise."""
    if not no_card:
        return texts
    names = [f"{name}.card" for name in context.platforms.names() if "card" in context.platforms.options(name)]
    for name, value in parse_platform_options(context, texts, may_empty=True).items():
        if name in names and value not in ("none", ""):
            raise UsageError(f"--no-card contradicts --set {name}={value}", Hint("try", other_options(no_card=False)))
    return [*(f"{name}=none" for name in names), *(texts or ())]


def split_list(texts: Sequence[str] | None) -> tuple[str, ...] | None:
    """Split repeated and comma-separated values; None if the option was not given."""
    if texts is None:
        return None
    return tuple(part.strip() for text in texts for part in text.split(",") if part.strip())


def parse_optional_duration(text: str | None) -> timedelta | None:
    if text is None:
        return None
    from ttp.domain.time.durations import parse_duration

    return parse_duration(text)


def read_file(context: Context, path: str, what: str) -> str:
    """Read a text file, or stdin for `-`. NotFound, UsageError."""
    if path == "-":
        return read_stdin(context, what)
    from pathlib import Path

    from ttp.store.home.files import open_input

    try:
        with open_input(Path(path)) as file:
            whole = _read_limited(context, file, f"the {what} file {path}", what).decode("utf-8-sig")
        return whole.replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError:
        from ttp.store.home.files import nearest_folder

        way = Hint("see", f"ls -la {nearest_folder(Path(path))}")
        raise NotFound(f"no {what} file {path}", way) from None
    except UnicodeDecodeError:
        raise UsageError(f"the {what} file {path} is not UTF-8") from None
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the {what} file {path} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None


Statuses = Annotated[list[str] | None, option("--status", "A,B", "Only these statuses: draft, scheduled, failed, ….")]
WithTags = Annotated[list[str] | None, option("--tag", "A,B", "Only posts with one of these tags.")]
Since = Annotated[str | None, option("--since", "TIME", "Only posts due from this time on: 7d (days ago), a date.")]
Until = Annotated[str | None, option("--until", "TIME", "Only posts due before this time.")]
Search = Annotated[str | None, option("--search", "TEXT", "Only posts with this in their text.")]
OfKey = Annotated[str | None, option("--key", "KEY", "Only the post with this key.")]
NeedsYou = Annotated[bool, flag("--needs-you", "Only posts that need your action.")]
NoAlt = Annotated[bool, flag("--no-alt", "Only posts with a picture or video without alt text.")]


class PostOptions(NamedTuple):
    """The options that filter posts, as they were typed."""

    status: Statuses = None
    platform: Platforms = None
    account: Accounts = None
    tag: WithTags = None
    since: Since = None
    until: Until = None
    search: Search = None
    key: OfKey = None
    needs_you: NeedsYou = False
    no_alt: NoAlt = False

    def parse(self, context: Context, *, limit: int | None = None, after: int | None = None) -> PostFilter:
        """Return the filter. UsageError, NotFound."""
        return context.post_filter(
            statuses=tuple(_status(name) for name in split_list(self.status) or ()),
            platforms=split_list(self.platform) or (),
            accounts=split_list(self.account) or (),
            tags=split_list(self.tag) or (),
            since=self.since,
            until=self.until,
            search=self.search,
            key=self.key,
            needs_you=self.needs_you,
            no_alt=self.no_alt,
            limit=limit,
            after=after,
        )


def with_group(place: str, group: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options of a NamedTuple in the place of a parameter, which gets all of them."""
    hints = get_type_hints(group, include_extras=True)
    declared = {name: (hints[name], group._field_defaults[name]) for name in group._fields}
    return lambda command: _with_options(command, place, declared, lambda typed: group(**typed))


FieldValues = Mapping[str, Any]
"""What was typed for the fields of a post that have no code of their own, by the name of the option."""
NO_FIELDS: FieldValues = {}


def with_field_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each plain field of a post and of its media, in the place of its parameter
    `typed`, which gets all of them."""
    from ttp.domain.post_fields import MEDIA, PLAIN

    made = [one for one in (*MEDIA, *PLAIN) if one.help]
    return _with_options(command, "typed", {one.argument: (_field_option(one), None) for one in made}, _fields_typed)


def _fields_typed(typed: dict[str, Any]) -> FieldValues:
    if typed["split"] is False and typed["number_parts"]:
        raise UsageError("--number-parts splits long texts, and --no-split refuses them: use one of them")
    return typed


def _field_option(one: PostField) -> Any:
    if one.kind == "flag":
        return Annotated[bool | None, flag(f"--{one.word}/--no-{one.word}", one.help)]
    if one.kind == "media":
        metavar = {"focus": "X,Y", "captions": "FILE.vtt"}.get(one.word, "PATH|URL")
        return Annotated[list[str] | None, option(f"--{one.word}", metavar, one.help)]
    metavar = "DURATION" if one.kind == "seconds" else "TEXT"
    return Annotated[str | None, option(f"--{one.word}", metavar, one.help)]


def _with_options(
    command: Callable[..., Any],
    place: str,
    declared: Mapping[str, tuple[Any, Any]],
    gather: Callable[[dict[str, Any]], Any],
) -> Callable[..., Any]:
    """Give a command options (annotation and default by name) in the place of a parameter, which gets what `gather`
    makes of their values."""
    from inspect import Parameter, Signature, signature

    kind = Parameter.POSITIONAL_OR_KEYWORD
    own = [Parameter(name, kind, default=default, annotation=hint) for name, (hint, default) in declared.items()]
    before = signature(command, eval_str=True).parameters
    params = [one for name, param in before.items() for one in (own if name == place else [param])]

    @wraps(command)
    def gathered(context: Context, **typed: Any) -> Any:
        return command(context, **{place: gather({name: typed.pop(name) for name in declared})}, **typed)

    gathered.__signature__ = Signature(params)  # type: ignore[attr-defined]  # read by Typer, as are the annotations
    gathered.__annotations__ = {param.name: param.annotation for param in params}
    return gathered


def _status(name: str) -> PostStatus:
    from ttp.domain.post import PostStatus

    try:
        return PostStatus(name.lower())
    except ValueError:
        from difflib import get_close_matches

        matches = get_close_matches(name.lower(), list(PostStatus), 1)
        near = [Hint("try", f"--status {one}", (name, str(one))) for one in matches]
        raise UsageError(f'no status "{name}"', *near, Hint("see", ", ".join(PostStatus))) from None


Cron = Annotated[str | None, option("--cron", "CRON", "A cron expression: '0 9 * * 1,3,5'.")]
CronZone = Annotated[str | None, option("--tz", "ZONE", "Timezone, such as Europe/Berlin; else that of the account.")]


def named_accounts(context: Context, names: Sequence[str] | None) -> tuple[Account, ...]:
    """Return the accounts that an option names; none without it. NotFound, Ambiguous."""
    return context.queries.find_accounts(split_list(names) or ()) if names else ()


def select_accounts(
    context: Context, names: Sequence[str] | None, platforms: Sequence[str] | None
) -> tuple[Account, ...]:
    """Return the named accounts, else all of the platforms, else all."""
    return context.queries.select_accounts(split_list(names), split_list(platforms))
