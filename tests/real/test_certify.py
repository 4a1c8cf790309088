"""`ttp certify` against servers of other projects: every kind of post is there once, and found."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.real.fediverse import Fediverse
from tests.real.pds import Pds
from tests.real.program import Program

QUICK = {"PUBLISH__LOOKUP_GAP_S": "0.5", "PLATFORMS__MASTODON__SETTLE_S": "1"}
_numbers = count()


def certified(ttp: Program, account: str) -> dict[str, Any]:
    """Certify an account; the results by kind."""
    ran = ttp("certify", account, "--yes", "--json", "--report", str(ttp.folder / f"{next(_numbers)}.md"))
    assert ran.code == 0, ran
    return {one["kind"]: one for one in ran.json["results"]}


def test_each_kind_on_bluesky_s_own_server(pds: Pds, tmp_path: Path) -> None:
    person, ttp = pds.new_person(f"certify{next(_numbers)}"), Program(tmp_path, QUICK)
    account = f"bluesky/{person.handle}"
    ttp.ok(
        *("account", "connect", account, "--server", person.server.url, "--password-file", "-"),
        stdin=person.app_password,
    )
    results = certified(ttp, account)
    assert {kind: (one["outcome"], one["deleted"]) for kind, one in results.items()} == dict.fromkeys(
        ("text", "image", "images", "video", "thread", "gallery", "gates"), ("verified", True)
    )
    assert len(results["thread"]["remoteIds"]) == 3
    assert person.records() == []
    ttp.ok("audit")


def test_each_kind_on_servers_with_mastodon_s_api(fediverse: Fediverse, tmp_path: Path) -> None:
    person, ttp = fediverse.new_person(f"c{next(_numbers)}"), Program(tmp_path, QUICK)
    account = f"mastodon/{person.name}@{urlsplit(fediverse.url).netloc}"
    token = f'{{"accessToken": "{person.token}"}}'
    ttp.ok("account", "add", account, "--server", fediverse.url, "--credentials", "-", stdin=token)
    ttp.ok("account", "check", account)
    deletes = fediverse.kind != "snac"  # snac cannot delete, and knows no polls
    results = certified(ttp, account)
    assert {kind: one["outcome"] for kind, one in results.items() if kind != "poll" or deletes} == dict.fromkeys(
        ("text", "image", "images", "video", "thread", *(["poll"] if deletes else [])), "verified"
    )
    assert len(results["thread"]["remoteIds"]) == 3
    if deletes:
        assert person.statuses() == []
    else:
        published = [one for one in results.values() if one["outcome"] in ("verified", "published")]
        assert {one["deleted"] for one in published} == {None}
        assert len(person.statuses()) == sum(len(one["remoteIds"]) for one in published)
    ttp.ok("audit")
