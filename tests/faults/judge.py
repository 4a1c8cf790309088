"""Check the result of a run: on the platform, in the store, in every file and in all output."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.faults.forks import MEMORY
from tests.platforms.case import Kind
from tests.platforms.factories import PLATFORMS
from ttp.domain.delivery import DeliveryState
from ttp.sandbox.bluesky.records import StoredRecord
from ttp.services.audit import audit

if TYPE_CHECKING:
    from tests.faults.bench import Bench


ENDINGS = frozenset({0, 4, 5, 6, -9, -15, 130, 143})
"""Exit codes that a run may have; -9 is a kill, -15 the end of one that still waited for its turn."""


@dataclass
class Verdict:
    """What one run left. `wrong`: everything that must not be, in words; empty is right."""

    state: str
    duplicates: int = 0
    lost: int = 0
    stuck: int = 0
    needs_review: int = 0
    calls: int = 0
    spoiled_call: bool = False
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)


def judge(bench: Bench, kind: Kind, secrets: tuple[str, ...]) -> Verdict:
    """What is left of the case: counted, and everything that must not be, said."""
    verdict = Verdict(bench.state())
    seen = bench.seen(kind)
    texts = [post["text"] for post in seen]
    verdict.calls = sum(map(kind.publishes, bench.proxy.asked))
    verdict.spoiled_call = any(kind.publishes(bench.proxy.asked[index]) for index, _ in bench.proxy.spoiled)
    verdict.duplicates = max(0, len(seen) - len(kind.texts))
    if verdict.duplicates:
        verdict.wrong.append(f"on the platform: {texts}")
    match verdict.state:
        case "published":
            verdict.lost = len(kind.texts) - len(seen) if len(seen) < len(kind.texts) else 0
            if kind.platform != "tiktok" and seen and seen[0]["id"] != _remote_id(bench):
                verdict.wrong.append(f"bound to {_remote_id(bench)}, and it is {seen[0]['id']}")
            if len(kind.texts) > 1 and [p["parent"] for p in seen] != [None, *(p["id"] for p in seen[:-1])]:
                verdict.wrong.append("the parts are not a chain")
            if kind.has_card and not verdict.lost and not _shows_card(bench):
                verdict.wrong.append("its card is missing")
            counts = list(kind.media_counts) or [len(kind.media), *[0] * (len(kind.texts) - 1)]
            if not verdict.lost and [len(post["media"]) for post in seen] != counts:
                verdict.wrong.append(f"media of the parts: {[post['media'] for post in seen]}")
        case "needs_review":
            verdict.needs_review = 1
        case DeliveryState.FAILED | DeliveryState.CANCELLED:
            verdict.lost = 1
        case _:
            verdict.stuck = 1
    verdict.wrong += bench.amiss + our_faults(bench) + leaks(bench, secrets) + _audit(bench)
    verdict.story = story(bench)
    return verdict


def _shows_card(bench: Bench) -> bool:
    if any("article Menu" in post.labels for post in bench.sandbox.state.posts.values()):
        return True
    records = bench.sandbox.state.table(StoredRecord).values()
    return any('"title": "Menu"' in record.value or '"title":"Menu"' in record.value for record in records)


def _remote_id(bench: Bench) -> Any:
    return bench.sql("SELECT remote_id FROM delivery ORDER BY id")[0][0]


def our_faults(bench: Bench, codes: frozenset[int] = ENDINGS) -> list[str]:
    """Tracebacks, exit codes that none of these runs may have, and too much memory."""
    found = []
    for fork in bench.ran:
        if "Traceback (most" in fork.said or "a fault of ttp" in fork.said:
            found.append(f"a traceback: {fork.said[-600:]}")
        if fork.code is not None and fork.code not in codes:
            found.append(f"exit {fork.code}: {fork.said[-300:]}")
        if fork.peak_kb * 1024 > MEMORY:
            found.append(f"{fork.peak_kb // 1024} MB of memory")
    rows = bench.sql("SELECT message FROM attempt WHERE message LIKE '%a fault of ttp%'")
    return found + [f"an internal error: {row[0]}" for row in rows]


def leaks(bench: Bench, secrets: tuple[str, ...]) -> list[str]:
    """Where a token is that should not be there, and files that others can read."""
    wanted = [secret.encode() for secret in secrets]
    found = []
    for path in bench.home.rglob("*"):
        if stat.S_IMODE(path.lstat().st_mode) & 0o077:
            found.append(f"{path.name} is open to others")
        if path.is_file() and path.name != "credentials.json" and path.parent.name != "media":
            data = path.read_bytes()
            found += [f"a token is in {path.name}" for secret in wanted if secret in data]
    content = bench.store.content()
    found += ["a token is in the database" for secret in secrets if secret in content]
    found += [f"a token was said: {fork.said[:200]}" for fork in bench.ran for s in secrets if s in fork.said]
    return found


def _audit(bench: Bench) -> list[str]:
    return [said for check in audit(bench.store.open(), PLATFORMS) for said in check.breaches]


def story(bench: Bench) -> list[str]:
    """What happened, for whoever looks into a run that is wrong."""
    rows = bench.sql(
        "SELECT step, phase, outcome, kind, http_status, at, ended_at, platform_at, boot_s, message FROM attempt"
        " ORDER BY id"
    )
    asked = [f"{a.index} {a.method} {a.path[:60]}" for a in bench.proxy.asked]
    error = bench.sql("SELECT state, error_kind, error_message FROM delivery ORDER BY id")
    return [*(" | ".join(map(str, row)) for row in [*rows, *error]), *asked, f"spoiled {bench.proxy.spoiled}"]
