"""Releases of GitHub, GitLab and Forgejo (also Gitea) over REST: unlike their feeds it tells drafts, prereleases and
tags without a release from releases.

Sources: docs.github.com/rest/releases (2022-11-28), docs.gitlab.com/api/releases (17), codeberg.org/api/swagger (v1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from ttp.domain.errors import Hint, UsageError
from ttp.domain.feeds.html_text import clean_lines
from ttp.domain.feeds.item import Feed, FeedItem, NotAFeed
from ttp.domain.feeds.json_feed import load_json
from ttp.domain.feeds.make import make_feed, make_item, web_address
from ttp.domain.time.clock import parse_instant

Forge = Literal["github", "gitlab", "forgejo"]
_PLACE = re.compile(
    r"(?P<forge>github|gitlab|forgejo):(?:(?P<server>https?://[^/\s@]+)/)?"
    r"(?P<project>(?!\.)[\w.-]+(?:/(?!\.\.?(?:/|\Z))[\w.-]+)+)/?",
    re.ASCII,
)
_SERVERS = {"github": "https://github.com", "gitlab": "https://gitlab.com"}
_EXAMPLES = {
    "github": "github:owner/repo",
    "gitlab": "gitlab:group/project",
    "forgejo": "forgejo:https://codeberg.org/owner/repo",
}
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


class ReleasePlace(NamedTuple):
    """Where releases are listed. `page`: for people. `address`: of the API."""

    forge: Forge
    project: str
    page: str
    address: str


def find_releases(text: str) -> ReleasePlace | None:
    """Return the place of `github:owner/repo`, `gitlab:group/project`, `forgejo:https://host/owner/repo`; each may name
    its server. None for another address. Raises UsageError."""
    name = text.partition(":")[0]
    if name not in _EXAMPLES:
        return None
    match = _PLACE.fullmatch(text)
    if match is None or (match["server"] or _SERVERS.get(name)) is None or (name != "gitlab" and _levels(match) != 2):
        raise UsageError(f'"{text}" names no project', Hint("try", _EXAMPLES[name], (text, _EXAMPLES[name])))
    server, project = match["server"] or _SERVERS[name], match["project"]
    if name == "github":
        api = "https://api.github.com" if match["server"] is None else f"{server}/api/v3"
        return ReleasePlace("github", project, f"{server}/{project}", f"{api}/repos/{project}/releases?per_page=30")
    if name == "gitlab":
        address = f"{server}/api/v4/projects/{quote(project, safe='')}/releases?per_page=30"
        return ReleasePlace("gitlab", project, f"{server}/{project}", address)
    address = f"{server}/api/v1/repos/{project}/releases?limit=30&draft=false"
    return ReleasePlace("forgejo", project, f"{server}/{project}", address)


def _levels(match: re.Match[str]) -> int:
    return len(match["project"].split("/"))


def parse_releases(place: ReleasePlace, body: bytes, *, prereleases: bool = False) -> Feed:
    """Return the releases in an answer: never drafts and upcoming ones, `prereleases` if they are asked for. Raises
    NotAFeed."""
    data = load_json(body)
    if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
        raise NotAFeed("answers no list of releases")
    releases = [
        one
        for one in data
        if not one.get("draft") and not one.get("upcoming_release") and (prereleases or not one.get("prerelease"))
    ]
    return make_feed("releases", [_item(place, one) for one in releases], title=place.project, link=place.page)


def _item(place: ReleasePlace, release: Mapping[str, Any]) -> FeedItem:
    def text(name: str, data: Mapping[str, Any] = release) -> str:
        value = data.get(name)
        return value if isinstance(value, str) else ""

    links, author = release.get("_links"), release.get("author")
    page = text("html_url") or (text("self", links) if isinstance(links, dict) else "")
    is_prerelease = release.get("prerelease")
    notes = clean_lines(_COMMENT.sub("", text("body") or text("description")))
    return make_item(
        id=text("id") or text("tag_name"),
        link=web_address(page, place.page),
        title=text("name") or text("tag_name"),
        text=notes,
        summary=notes.partition("\n\n")[0],
        author=(text("login", author) or text("username", author)) if isinstance(author, dict) else "",
        published_at=parse_instant(release.get("published_at") or release.get("released_at")),
        version=text("tag_name"),
        prerelease=is_prerelease if isinstance(is_prerelease, bool) else None,
    )
