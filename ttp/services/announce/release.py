"""A release: its tag in the repository of the working folder, and what the job that runs on it knows of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import quote, urlsplit

from ttp.domain.action import other_options
from ttp.domain.errors import Hint, NotFound, UsageError
from ttp.store.home.files import read_text

_TIMEOUT_S = 30
_LONGEST = 100_000
"""Characters of notes."""
_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_SSH_REMOTE = re.compile(r"(?:[^:/]*@)?([^:/@]{2,}):([^:].*)")
_NO_PROJECT = re.compile(r"[\s\x00-\x1f@:?#\\]")
"""Not in the name of a project. Addresses, which may have secrets, have it; so do tags."""


@dataclass(frozen=True, slots=True)
class Release:
    """`at`: when the commit of the tag was made, the same for every checkout of it; `link`: its page; empty if it is
    not known."""

    project: str
    tag: str
    at: datetime
    notes: str = ""
    link: str = ""

    @property
    def version(self) -> str:
        """The tag without a folder in front and without the `v`: `2.1.0`."""
        last = self.tag.rpartition("/")[2]
        return last[1:] if re.match(r"v\d", last) else last

    @property
    def key(self) -> str:
        """The key of its post: the same tag of another project is another post. Forges ignore case in names of
        projects."""
        return f"{self.project.lower()}@{self.tag}"

    @property
    def variables(self) -> dict[str, object]:
        """What templates have as `vars`."""
        return {
            "project": self.project.rpartition("/")[2],
            "repository": self.project,
            "tag": self.tag,
            "version": self.version,
            "date": f"{self.at:%Y-%m-%d}",
            "notes": self.notes,
            "link": self.link,
        }


def read_release(
    tag: str,
    project: str | None,
    changelog: str,
    environ: Mapping[str, str],
    *,
    unless_there: datetime | None = None,
) -> Release:
    """Return the release of a tag. `unless_there`: the date of a tag that is still to come. Raise NotFound, UsageError,
    Busy."""
    at = _date_of(tag, unless_there)
    where = _Job(environ, *_remote())
    project = (project or where.project).strip().strip("/")
    if not project:
        raise UsageError("the project has no name: no CI names it, and no remote", Hint("try", _PROJECT))
    if _NO_PROJECT.search(project) or "/" not in project:
        raise UsageError("the name of the project is not OWNER/NAME", Hint("try", _PROJECT))
    event = where.release(tag)
    release = Release(project, tag, at)
    notes = str(event.get("body") or "") or _changes(Path(changelog), {tag, release.version}) or _message(tag)
    link = str(event.get("html_url") or "") or where.page(tag)
    return Release(project, tag, at, notes.replace("\r\n", "\n").strip()[:_LONGEST], link)


_PROJECT = other_options(project="OWNER/NAME")


def _date_of(tag: str, unless_there: datetime | None) -> datetime:
    """Return when the commit of a tag was made. An annotated tag has its own date, which a shallow checkout does
    not fetch: two jobs would see two dates."""
    is_name = _git("check-ref-format", f"refs/tags/{tag}") is not None
    commit = f"refs/tags/{tag}^{{commit}}"
    seconds = _git("log", "-1", "--no-show-signature", "--format=%ct", commit) if is_name else None
    if seconds:
        return datetime.fromtimestamp(int(seconds), UTC)
    if unless_there is not None and is_name:
        return unless_there
    tags = (_git("tag", "--list") or "").split()
    if tag in tags:
        raise NotFound(f'the tag "{tag}" is not the tag of a commit')
    near = [Hint("try", one, (tag, one)) for one in get_close_matches(tag, tags, 1)]
    if _git("rev-parse", "--git-dir") is None:
        raise NotFound("git finds no repository here that it may read", Hint("see", "git status"))
    raise NotFound(f'no tag "{tag}" in this repository', *near or [Hint("fix", "git fetch --tags")])


def _message(tag: str) -> str:
    """Return the message of an annotated tag without its signature, unless it only repeats the tag."""
    shown = _git("for-each-ref", "--format=%(objecttype)%00%(contents:subject)%00%(contents:body)", f"refs/tags/{tag}")
    kind, _, rest = (shown or "").partition("\0")
    subject, _, body = rest.partition("\0")
    if kind != "tag":
        return ""
    repeats = re.sub(r"(?i)^(release|version)\s+", "", subject.strip()).lstrip("v") == tag.lstrip("v")
    return (body if repeats else f"{subject}\n\n{body}").strip()


def _changes(path: Path, names: set[str]) -> str:
    """Return the section of a version in a file of changes, without its heading; empty without one."""
    try:
        lines = read_text(path).splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    section: list[str] | None = None
    depth = 0
    for line in lines:
        heading = _HEADING.fullmatch(line.strip())
        if heading and section is not None and len(heading[1]) <= depth:
            break
        if section is not None:
            section.append(line)
        elif heading and names & {*re.findall(r"[^\s\[\](),:]+", heading[2])}:
            section, depth = [], len(heading[1])
    return "\n".join(section or ()).strip()


class _Job:
    """What the variables of a CI job say, else the remote of the repository."""

    def __init__(self, environ: Mapping[str, str], host: str, path: str) -> None:
        self._environ, self._host, self._path = environ, host, path

    @property
    def project(self) -> str:
        return self._environ.get("GITHUB_REPOSITORY") or self._environ.get("CI_PROJECT_PATH") or self._path

    def release(self, tag: str) -> Mapping[str, object]:
        """Return the release that GitHub runs the job for, if it is of this tag."""
        try:
            event = json.loads(read_text(Path(self._environ.get("GITHUB_EVENT_PATH") or "")))
            release = event["release"]
            return release if isinstance(release, dict) and release.get("tag_name") == tag else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def page(self, tag: str) -> str:
        """Return the address of the release's page; empty where its host is not known."""
        name = quote(tag, safe="/")
        if gitlab := self._environ.get("CI_PROJECT_URL"):
            return f"{gitlab}/-/releases/{quote(tag, safe='')}"
        if self._environ.get("GITHUB_REPOSITORY"):
            server = self._environ.get("GITHUB_SERVER_URL") or "https://github.com"
            return f"{server}/{self._environ['GITHUB_REPOSITORY']}/releases/tag/{name}"
        if self._host in ("github.com", "codeberg.org"):
            return f"https://{self._host}/{self._path}/releases/tag/{name}"
        return f"https://gitlab.com/{self._path}/-/releases/{quote(tag, safe='')}" if self._host == "gitlab.com" else ""


def _remote() -> tuple[str, str]:
    """Return the host of the remote and the path of the project there, without a user or a password."""
    remote = (_git("config", "--get", "remote.origin.url") or "").strip()
    try:
        address = urlsplit(remote)
        match = _SSH_REMOTE.fullmatch(remote)
    except ValueError:
        return "", ""
    if address.hostname:
        host, path = address.hostname, address.path
    elif match and "://" not in remote:
        host, path = match[1].lower(), match[2]
    else:
        return "", ""
    return host, path.strip("/").removesuffix(".git")


def _git(*args: str) -> str | None:
    """Return what Git prints; None if it fails. UsageError without Git."""
    if (program := shutil.which("git")) is None:
        raise UsageError("a tag is read with git, which is not installed")
    try:
        done = subprocess.run(
            [program, *args], capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.rstrip("\n") if done.returncode == 0 else None
