"""Check files of posts as an import does, without a store, accounts or a network.

The checks are those of an import into a store that does not exist. The accounts that the files name count as connected.
What only a store, a server or the settings of another machine decide is left out.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from ttp.domain.account import Account, parse_account_name
from ttp.domain.action import Action, WayOut, action, as_fields
from ttp.domain.config import Config
from ttp.domain.delivery import Delivery
from ttp.domain.errors import Hint, NotFound, PastTime, Problem, TtpError, UsageError
from ttp.domain.media.item import KEPT, MediaItem, is_web_address
from ttp.domain.media.place import split_name
from ttp.domain.permissions import Caller, Capability
from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput
from ttp.domain.row_reader import FieldError
from ttp.domain.time.clock import Clock
from ttp.domain.time.grammar import WallTime, parse_time
from ttp.platforms.registry import Registry
from ttp.services.attachments.media import RowMedia, check_web_address
from ttp.services.bulk_edit import PlannedChange
from ttp.services.duplicate_check import normalize_text
from ttp.services.files.fields import Entry
from ttp.services.files.import_plan import ImportPlanner, ImportRules, in_file
from ttp.services.files.import_source import ImportSource, open_source
from ttp.services.files.markdown import SUFFIX, find_lines
from ttp.services.posts import Posts
from ttp.services.queries import accounts_of
from ttp.services.templates.filling import Templates
from ttp.services.time_resolver import RowTime, SlotAllocator, TimeResolver
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.home.files import expand_user, read_bytes
from ttp.store.home.media import SUFFIXES, MediaStore, temporary_media

ANY = "any"
"""The handle of the account that stands for a network, where only the network is named."""
Severity: TypeAlias = Literal["error", "warning", "notice"]
_ELSEWHERE = frozenset({"links_own", "media_gone", "media_host", "server_unknown"})
"""Problems of a machine or a server, not of a file."""
_BY_ACCOUNT = frozenset({"option_missing"})
"""Problems that the account of a post may solve: it may have the option."""
_YAML_LINE = re.compile(r" in line ([0-9]+):")
_QUOTED = re.compile(r'"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of a file; of all files without one. `line` counts from 1. `row`: of a sheet or of JSON."""

    severity: Severity
    code: str
    message: str
    field: str = ""
    file: str | None = None
    line: int | None = None
    row: str | None = None
    account: str | None = None
    fix: WayOut | None = None


@dataclass(frozen=True, slots=True)
class TextLimit:
    """How long a text may be on a network. `is_default`: its servers differ, and none was given for this one."""

    network: str
    limit: int
    is_default: bool


@dataclass
class LintResult:
    """`posts`: how many were checked; `skipped`: those whose file says that publishing has begun."""

    posts: int = 0
    skipped: int = 0
    findings: list[Finding] = field(default_factory=list)
    limits: list[TextLimit] = field(default_factory=list)

    def count(self, severity: Severity) -> int:
        return sum(one.severity == severity for one in self.findings)


def parse_networks(words: Iterable[str], platforms: Registry) -> dict[str, int | None]:
    """Return networks, each with the length of texts that its server allows (`mastodon=1000`). Raise UsageError."""
    networks: dict[str, int | None] = {}
    for word in words:
        name, equals, text = word.partition("=")
        facts = platforms.find(name)
        if equals and not facts.limit_key:
            raise UsageError(
                f"{word}: the limit of {facts.title} is fixed", Hint("try", facts.name, (word, facts.name))
            )
        limit = int(text) if re.fullmatch("[0-9]{1,7}", text) else 0
        if equals and not limit:
            raise UsageError(f'"{text}" is not a length of texts', Hint("try", f"{name}=1000", (word, f"{name}=1000")))
        networks[facts.name] = limit or networks.get(facts.name)
    return networks


class Lint:
    def __init__(
        self,
        config: Config,
        clock: Clock,
        platforms: Registry,
        *,
        system: ZoneInfo,
        home: Path,
        own: Sequence[Path] = (),
    ) -> None:
        """`system`: the zone of this machine; `home`, `own`: the folder of ttp, and all of its folders."""
        self._config, self._clock, self._platforms = config, clock, platforms
        self._system, self._home, self._own = system, home, tuple(own)

    def run(self, names: Sequence[str], networks: Mapping[str, int | None]) -> LintResult:
        """Check files and folders of posts, for the accounts that they name and for `networks`. Raise NotFound,
        UsageError."""
        result = LintResult()
        with ExitStack() as opened:
            folder = Path(opened.enter_context(TemporaryDirectory(prefix="ttp-lint-")))
            media = opened.enter_context(temporary_media(MediaStore(self._home / "media", self._own)))
            times = _RowTimes(Database(folder / "none"), self._clock, self._config, self._system)
            posts = self._posts(Database(folder / "none"), media, times)
            for name in names:
                if not os.path.lexists(expand_user(name)):
                    raise NotFound(f"no file or folder {name}", Hint("see", action("help", "lint")))
            files = []
            for name in names:
                with open_source(name, None, {}, self._platforms) as source:
                    files.append(_File(name, source))
                    result.findings += files[-1].read(posts.templates)
            _drop_repeats(files)
            posts.assumed = self._accounts([entry for one in files for entry in one.entries], networks)
            check = _Check(posts, times, self._platforms)
            for one in files:
                one.entries = [self._for_networks(entry, networks, posts.assumed) for entry in one.entries]
                result.findings += check.findings(one)
        result.posts, result.skipped = check.posts, check.skipped
        if not (result.posts or result.skipped or result.count("error")):
            raise UsageError(f"no posts in {', '.join(names)}", Hint("see", action("help", "lint")))
        result.findings += check.notices()
        result.limits = list(self._limits(posts.assumed, networks))
        return result

    def _posts(self, database: Database, media: MediaStore, times: TimeResolver) -> _Posts:
        templates = Templates(
            self._home,
            self._platforms,
            lambda: self._clock.now().astimezone(times.home_zone),
            is_command_line=True,
            root=Path(),  # whoever proposes a post may not read files elsewhere by it
        )
        caller = Caller("", Capability.PUBLISH, sees_private=True)
        config, platforms = self._config, self._platforms
        return _Posts(database, media, self._clock, config, platforms, caller, templates, shortens=False)

    def _accounts(self, entries: Iterable[Entry], networks: Mapping[str, int | None]) -> tuple[Account, ...]:
        """Return the accounts that files name, and one of each network that is named without an account."""
        names: dict[tuple[str, str], str] = {}
        bare = list(networks)
        for typed in (entry.typed for entry in entries):
            others = (name for name in (*typed.variants, *self._places(typed)) if "/" in name)
            for name in (*(typed.to or ()), *others):
                with suppress(TtpError):  # which the check of its post reports
                    if "/" in name:
                        platform, handle = parse_account_name(name, self._platforms)
                        names.setdefault((platform, handle.lower()), handle)
                    elif name:
                        bare.append(self._platforms.find(name).name)
        platforms = {platform for platform, _ in names}
        names |= {(platform, ANY): ANY for platform in bare if platform not in platforms}
        return tuple(
            Account(platform, handle, number, connected=True, server_info=self._server_info(platform, networks))
            for number, ((platform, _), handle) in enumerate(names.items(), 1)
        )

    def _places(self, typed: PostInput) -> Iterator[str]:
        """Yield the platforms and accounts that media of a post are for alone."""
        for name in typed.media or ():
            with suppress(TtpError):
                yield split_name(name, self._platforms).only or ""

    def _server_info(self, platform: str, networks: Mapping[str, int | None]) -> dict[str, object]:
        limit = networks.get(platform)
        return {self._platforms.facts(platform).limit_key: limit} if limit else {}

    def _for_networks(self, entry: Entry, networks: Collection[str], accounts: Sequence[Account]) -> Entry:
        """Return the entry with an account of each network that its post does not go to."""
        named = set()
        for name in entry.typed.to or ():
            with suppress(TtpError):
                named.add(self._platforms.find(name.partition("/")[0]).name)
        more = (next(one.name for one in accounts if one.platform == name) for name in networks if name not in named)
        return replace(entry, typed=replace(entry.typed, to=(*(entry.typed.to or ()), *more)))

    def _limits(self, accounts: Iterable[Account], networks: Mapping[str, int | None]) -> Iterator[TextLimit]:
        for name, account in {one.platform: one for one in accounts}.items():
            _, limit = self._platforms.rules(name).text_use("", (), account.server_info)
            facts = self._platforms.facts(name)
            if facts.server != "program":
                yield TextLimit(name, limit, is_default=bool(facts.limit_key) and not networks.get(name))


class _Posts(Posts):
    """The rules of posts for accounts that are assumed. Nothing is refused: what would be is a problem like others."""

    assumed: tuple[Account, ...] = ()

    def accounts(self) -> tuple[Account, ...]:
        return self.assumed

    def check_post(
        self,
        post: Post,
        accounts: Iterable[Account],
        *,
        timed: bool,
        db: Connection | None = None,
        may_add: bool = False,
    ) -> tuple[Problem, ...]:
        problems = super().check_post(post, accounts, timed=False, db=db, may_add=may_add)
        repeated = self.duplicates.problems(post, db) if timed else ()
        return tuple(one for one in (*repeated, *problems) if one.code not in _ELSEWHERE and not self._of_program(one))

    def _of_program(self, problem: Problem) -> bool:
        """Return whether a problem is by the rules of a user's program, which are not in the files."""
        name = (problem.account or "").partition("/")[0]
        return bool(name) and self.platforms.facts(name).server == "program"


class _RowTimes(TimeResolver):
    """Times of rows as written. Accepts a time that has passed, and chooses none."""

    def assign_row(self, row: RowTime, accounts: Sequence[Account], allocator: SlotAllocator) -> datetime | None:
        return row.at

    def past(self, text: str, tz: str | None, accounts: Sequence[Account]) -> PastTime | None:
        """Return why a post can no longer get a time; None if it can."""
        try:
            self.resolve(text, accounts, tz)
        except PastTime as error:
            return error
        return None


class _Media(RowMedia):
    """Media of rows. Fetches nothing: the kind of what is not a file here follows from its name."""

    def __init__(self, posts: _Posts, folder: Path) -> None:
        super().__init__(posts.database, posts.media, posts.config, posts.platforms, folder)
        self.unseen: set[str] = set()

    def _item(self, name: str, platforms: Collection[str], accounts: Sequence[Account]) -> MediaItem:
        if is_web_address(name):
            check_web_address(name, loopback=False)
        elif not name.startswith(KEPT):
            return super()._item(name, platforms, accounts)
        self.unseen.add(name)
        path = urlsplit(name).path
        suffix = PurePosixPath(path).suffix.lower()
        mime = next((mime for mime, suffixes in SUFFIXES.items() if suffix in suffixes), "image/jpeg")
        digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
        return MediaItem(
            path.rpartition("/")[2] or name, mime, 100_000, digest, url=name, **_USUAL[mime.partition("/")[0]]
        )


_MOVING: dict[str, Any] = {"duration_ms": 10_000, "codec": "h264", "fps": 30.0, "moov_first": True}
_USUAL: Mapping[str, dict[str, Any]] = {
    "image": {"width": 1080, "height": 1080},
    "video": {"width": 1080, "height": 1920, **_MOVING},
    "audio": {"duration_ms": 10_000},
}
"""Facts of media that no network refuses."""


class _File:
    """A file or a folder that is checked. `entries`: its posts, as read."""

    def __init__(self, name: str, source: ImportSource) -> None:
        self.source = source
        self.entries: list[Entry] = []
        self._texts: dict[str, str] = {}
        path = Path(name)
        with suppress(ValueError, OSError):
            path = path.relative_to(Path.cwd()) if path.is_absolute() else path
        self._path = str(path)

    def read(self, templates: Templates) -> Iterator[Finding]:
        """Read the posts, with what their templates say. Yield findings about whole files."""
        try:
            for entry in self.source.entries():
                with suppress(TtpError):  # which the check reports
                    entry = replace(entry, typed=templates.fill_in(entry.typed))
                self.entries.append(entry)
        except UsageError as error:
            yield self.place(self.source.name, Finding("error", "row", error.message, fix=as_fields(error.way)))
        for name in self.source.other_files:
            yield self.place(name, Finding("notice", "no_post", "no front matter, so this is not a post"))
        if self.source.binary is not None:
            for note in self.source.notes:
                yield self.place(self.source.name, Finding("notice", "note", note))

    def path_of(self, where: str) -> Path:
        """Return the path of the file that has a post."""
        return self.source.folder / (where if self.source.binary is None else self.source.name)

    def place(
        self, where: str, finding: Finding, typed: PostInput | None = None, headings: Sequence[str] = ()
    ) -> Finding:
        """Return a finding about the post at `where` with its file and line. `headings`: of the texts of its
        account."""
        if self.source.binary is None:
            file, row = os.path.join(self._path, where), None  # noqa: PTH118 (of a path as it was typed)
        else:
            is_markdown = self.path_of(where).suffix.lower() == SUFFIX
            file, row = self._path, None if is_markdown or where == self.source.name else where
        line = None if row else self._line(where, finding, typed, headings)
        return replace(finding, file=file, row=row, line=line)

    def _line(self, where: str, finding: Finding, typed: PostInput | None, headings: Sequence[str]) -> int:
        if (yaml := _YAML_LINE.search(finding.message)) is not None:
            return int(yaml[1])
        if where not in self._texts:
            self._texts[where] = ""
            with suppress(OSError):
                self._texts[where] = read_bytes(self.path_of(where)).decode("utf-8", "replace")
        text = self._texts[where]
        lines = find_lines(text)
        names = [finding.field] if finding.field else _QUOTED.findall(finding.message)
        if finding.field == "content":
            names = [*headings, *names, "template"]
        elif finding.field == "media" and typed is not None:
            media = [name.rpartition("=")[2] for name in typed.media or ()]
            for number, row in enumerate(text.split("\n"), 1):
                if any(name in row and name in finding.message for name in media):
                    return number
        return next((lines[name] for name in names if name in lines), 1)


def _drop_repeats(files: Iterable[_File]) -> None:
    """Leave each file once: a folder and one of its files may be named."""
    paths: set[Path] = set()
    for one in files:
        if one.source.binary is None or one.source.scope:
            one.entries = [entry for entry in one.entries if one.path_of(entry.where).resolve() not in paths]
            paths |= {one.path_of(entry.where).resolve() for entry in one.entries}


class _Check:
    """Checks the posts of files, one after the other."""

    def __init__(self, posts: _Posts, times: _RowTimes, platforms: Registry) -> None:
        self._posts, self._times, self._platforms = posts, times, platforms
        self._texts: dict[tuple[str, str], str] = {}
        """The file of each text, by account and text."""
        self._unseen: set[str] = set()
        self._without_zone = 0
        self.posts = self.skipped = 0

    def findings(self, file: _File) -> Iterator[Finding]:
        """Check the posts of a file or folder."""
        media = _Media(self._posts, file.source.folder)
        rules = ImportRules(scope=file.source.scope, origin=file.source.origin)
        planner = ImportPlanner(self._posts, media, self._times, self._times.allocator(), rules)
        for entry, step in zip(file.entries, planner.plan(file.entries), strict=True):
            if step.why is not None:
                self.skipped += 1
                continue
            self.posts += 1
            for one in self._of_post(entry, step):
                yield file.place(entry.where, one, entry.typed, self._headings(one.account))
            if step.post is not None:
                place = file.place(entry.where, Finding("notice", "", "")).file or ""
                self._texts |= {(d.account, _text(step.post, d)): place for d in step.post.active if d.due_at}
        self._unseen |= media.unseen

    def notices(self) -> Iterator[Finding]:
        """Yield what the check assumed."""
        if self._unseen:
            message = f"media that are not files here: {len(self._unseen)}. Only their number and kind were checked."
            yield Finding("notice", "media_unseen", message)
        if self._without_zone and not self._posts.config.text("timezone"):
            zone = self._times.home_zone.key
            message = f"times without a zone: {self._without_zone}. They were read in {zone}, the zone of this machine."
            yield Finding("notice", "zone_assumed", message, "timezone", fix="tz: Europe/Berlin")

    def _of_post(self, entry: Entry, step: PlannedChange) -> Iterator[Finding]:
        for fault in step.faults:
            name, equals, value = str(fault.fix).removeprefix("--var ").partition("=")
            fix = fault.fix
            if str(fix).startswith("--"):  # an option of an import
                fix = f"vars: {{{name}: {value}}}" if equals else None
            yield Finding("error", "row", fault.problem, fault.field, fix=fix)
        if step.post is None:
            return
        offer = next((one for one in step.warnings if one.code == "text_splittable"), None)
        for problem in step.warnings:
            if problem.code == "text_splittable":
                continue  # said with the first text that is too long
            error = in_file(FieldError(problem.field, problem.message, as_fields(problem.hint)))
            message, fix = error.problem, error.fix
            if problem.code == "text_too_long" and offer is not None:
                message, fix, offer = f"{message}. {offer.message}", as_fields(offer.hint), None
            elif problem.code == "same_text":
                others = (self._texts.get((d.account, _text(step.post, d))) for d in step.post.active)
                message += "".join(f" ({other})" for other in dict.fromkeys(others) if other)
            if problem.account and problem.account.endswith(f"/{ANY}") and isinstance(fix, Action):
                fix = None  # there is no such account
            severity: Severity = "warning" if problem.warning or problem.code in _BY_ACCOUNT else "error"
            yield Finding(severity, problem.code, message, problem.field, account=problem.account, fix=fix)
        if step.post.scheduled_at is not None and entry.typed.at is not None:
            yield from self._of_time(entry.typed.at, entry.typed.tz, step.post)

    def _of_time(self, text: str, tz: str | None, post: Post) -> Iterator[Finding]:
        accounts, time = accounts_of(post, self._posts.assumed), parse_time(text)
        self._without_zone += tz is None and isinstance(time, WallTime) and time.zone is None
        if (past := self._times.past(text, tz, accounts)) is not None:
            yield Finding("warning", "past", past.message, "scheduledAt")
        elif (note := self._times.resolve_row(text, tz, accounts).note) is not None:
            message, _, fix = note.partition("\ntry: ")
            yield Finding("warning", "time_note", message, "scheduledAt", fix=fix or None)

    def _headings(self, account: str | None) -> list[str]:
        if account is None:
            return []
        name = account.partition("/")[0]
        return [f"## {one}" for one in (account, name, *self._platforms.facts(name).aliases)]


def _text(post: Post, delivery: Delivery) -> str:
    return normalize_text(post.text_for(delivery.account, delivery.platform))
