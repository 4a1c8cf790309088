"""A month in one sitting, while daylight saving ends: sixty posts from a sheet or a folder, spread over slots or the
best hours, and published by the real publisher to the sandbox, on a clock that is passed in."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.clock import FakeClock
from tests.conftest import Ran
from tests.publisher.world import World, open_world
from ttp.publisher.loop import Mode
from ttp.sandbox.files import PHOTO
from ttp.sandbox.server import RunningSandbox

LONG_S = 1e8
"""How long a token lives: renewing them is another test's."""
POSTS, FIXED = 60, 20
"""All of them, and those that the file gives a time."""
DAILY = (time(9, 0), time(12, 30))
"""Slots of every day, and one on Sundays in the hour that comes twice when the clocks go back."""


def entries(first: datetime, doubled: datetime | None) -> list[dict[str, str]]:
    """What the files say: every third post has a time, in the evening of every other day from `first` on; the first of
    them that of the night in which it comes twice."""
    rows = []
    for n in range(POSTS):
        at = first + timedelta(days=2 * (n // 3)) if n % 3 == 0 else None
        at = doubled if n == 0 and doubled else at
        rows.append(
            {
                "key": f"post-{n:02}",
                "at": f"{at:%Y-%m-%d %H:%M}" if at else "",
                "text": f"Post number {n} of the month",
                "media": "photo.jpg" if n % 10 == 0 else "",
            }
        )
    return rows


def written(folder: Path, rows: list[dict[str, str]], form: str) -> Path:
    """The file or the folder."""
    (folder / "content").mkdir()
    (folder / "content" / "photo.jpg").write_bytes(PHOTO.read_bytes())
    if form == "csv":
        path = folder / "content" / "month.csv"
        with path.open("w", newline="") as file:
            sheet = csv.DictWriter(file, ["key", "at", "text", "media"])
            sheet.writeheader()
            sheet.writerows(rows)
        return path
    for row in rows:
        front = [f"{name}: {row[name]}" for name in ("key", "at", "media") if row[name]]
        text = "\n".join(["---", "to: x/shop", *front, "---", "", row["text"], ""])
        (folder / "content" / f"{row['key']}.md").write_text(text)
    return folder / "content"


def wall_clock_slots(start: datetime, zone: ZoneInfo, sunday: time) -> Iterator[datetime]:
    """The instants of the slots, by the calendar alone: each wall time once a day, the first where it comes twice."""
    day = start.astimezone(zone).date()
    while True:
        for clock in (sunday, *DAILY) if day.weekday() == 6 else DAILY:
            at = datetime.combine(day, clock, zone).astimezone(UTC)
            if at >= start:
                yield at
        day += timedelta(days=1)


def evenings(zone: ZoneInfo, until: datetime) -> str:
    """Numbers of eight weeks in which posts at six and seven in the evening did far better than the others."""
    lines = ["account,remoteId,publishedAt,likes,comments,shares,views"]
    for n in range(56):
        day = (until - timedelta(days=n + 1)).astimezone(zone).date()
        for hour in (8, 18, 19):
            at = datetime(day.year, day.month, day.day, hour, tzinfo=zone).astimezone(UTC)
            lines.append(f"x/shop,{100 * n + hour},{at:%Y-%m-%dT%H:%M:%SZ},{900 if hour > 12 else 20},1,1,1000")
    return "\n".join(lines) + "\n"


ZURICH = datetime(2026, 10, 12, 6, tzinfo=UTC)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "way", "zone", "start", "twice"),
    [
        ("csv", "slots", "Europe/Zurich", ZURICH, datetime(2026, 10, 25, 2, 30)),  # noqa: DTZ001
        ("md", "optimal", "Europe/Zurich", ZURICH, datetime(2026, 10, 25, 2, 30)),  # noqa: DTZ001
        ("md", "slots", "America/New_York", datetime(2026, 10, 19, 15, tzinfo=UTC), datetime(2026, 11, 1, 1, 30)),  # noqa: DTZ001
    ],
)
def test_each_post_of_a_month_goes_out_once_at_its_wall_time(
    tmp_path: Path,
    shared_sandbox: RunningSandbox,
    form: str,
    way: str,
    zone: str,
    start: datetime,
    twice: datetime,
) -> None:
    clock, there = FakeClock(start), ZoneInfo(zone)
    rows = entries(start.replace(hour=19, minute=15) + timedelta(days=1), twice if way == "optimal" else None)
    path = written(tmp_path, rows, form)
    with open_world(shared_sandbox, tmp_path, clock, access_s=LONG_S) as world:
        world.account("x/shop")
        world.ttp.ok("account", "set", "x/shop", "--tz", zone)
        for words in ("daily 9:00,12:30", f"sun {twice:%H:%M}"):
            world.ttp.ok("slots", "add", words, "--account", "x/shop")
        world.ttp.ok("metrics", "import", "-", stdin=evenings(there, start))

        done = imported(world, path, way)

        due = {post["content"]: instant(post["scheduledAt"]) for post in world.ttp.ok("list", "--json").json}
        assert (done.json["added"], len(done.json["planned"]), len(due)) == (POSTS, POSTS - FIXED, POSTS)
        fixed = {row["text"]: row["at"] for row in rows if row["at"]}
        assert {text: f"{due[text].astimezone(there):%Y-%m-%d %H:%M}" for text in fixed} == fixed
        chosen = [due[row["text"]] for row in rows if not row["at"]]
        if way == "slots":
            busy = [due[text] for text in fixed]
            free = (at for at in wall_clock_slots(start, there, twice.time()) if not near(at, busy))
            assert chosen == list(islice(free, len(chosen)))
            assert twice.replace(tzinfo=there).astimezone(UTC) in chosen
        else:
            assert {at.astimezone(there).hour for at in chosen} <= {18, 19, 20}
            assert not any(near(one, [*chosen[:n], *(due[t] for t in fixed)]) for n, one in enumerate(chosen))
        assert {at.astimezone(there).utcoffset() for at in chosen} == {
            offset(there, start),
            offset(there, start + timedelta(days=30)),
        }

        published(world, due, path, way)


def imported(world: World, path: Path, way: str) -> Ran:
    return world.ttp.ok(
        "import", str(path), "--spread", way, "--days", "31", "--to", "x/shop", "--tz", "account", "--json"
    )


def published(world: World, due: dict[str, datetime], path: Path, way: str) -> None:
    """Let the month pass, and hold what followers saw equal to what was due. Halfway the file is imported once more."""
    for number, at in enumerate(sorted(due.values())):
        world.clock.set(at)
        world.run(Mode.ONCE)
        if number == POSTS // 2:
            again = imported(world, path, way).json
            assert (again["unchanged"] + len(again["left"]), again["planned"]) == (POSTS, [])
    seen = world.posts("x/shop")
    assert sorted(post["text"] for post in seen) == sorted(due)
    for post in seen:
        assert timedelta(0) <= instant(post["at"]) - due[post["text"]] < timedelta(seconds=10)
    assert sum(bool(post["media"]) for post in seen) == POSTS // 10
    assert world.states() == ["published"] * POSTS
    assert world.ttp("audit", "--json").code == 0


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def near(at: datetime, others: list[datetime]) -> bool:
    """Less than the least gap of a plan away."""
    return any(abs(at - other) < timedelta(hours=1) for other in others)


def offset(zone: ZoneInfo, at: datetime) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
